"""A module whose annotations are not evaluated."""

from __future__ import annotations

import math


def annotated(x: Undefined) -> Undefined:  # noqa: F821
    def inner(t: AlsoUndefined) -> None:  # noqa: F821
        return math.sin(t)

    return inner(x)

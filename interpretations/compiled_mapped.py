"""Partials of vectorized functions by forward mode: one native run with a direction for each varying operand."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from interp import level as levels
from interp.compile.mapped import Mapped
from interp.value import shape_of
from interpretations.dual import Dual, make, real_payload


def forward(run: Callable[..., Any], positions: Sequence[int], operands: Sequence[Any]) -> tuple[Any, list[Any]]:
    """``run(*operands)`` and its partials with respect to the operands at ``positions``.

    Payloads are numbers, arrays and values that have native structs; partials have the shape of the result.
    """
    level, lifted, count = levels.fresh(), list(operands), len(positions)
    for direction, i in enumerate(positions):
        x = real_payload(operands[i])
        tangent = np.zeros((count, *shape_of(x)))
        tangent[direction] = 1.0
        lifted[i] = make(x, tangent if count > 1 else tangent[0][()], level)
    out = run(*lifted)
    if not (isinstance(out, Dual) and out.level == level):
        return out, [0.0] * count
    return out.value, [out.tangent] if count == 1 else [out.tangent[direction] for direction in range(count)]


Mapped.forward = staticmethod(forward)

"""Levels order nested interpretations: the value of higher level wraps, the lower is a constant to it.

Every activation (one ``grad``, one stage of ``interpret``) draws a fresh level, higher than all
drawn before, so an inner derivative never confuses its perturbations with an outer one's. Fresh
levels are multiples of ``STRIDE``; the gaps belong to values that a user builds by hand around a
payload, which sit just above it.
"""

import itertools
from typing import Any

PLAIN = -1
"""Level of what is no value: numbers and arrays."""
INTERVAL = 0
"""All intervals: always innermost."""
MEASUREMENT = 1
"""Measurements over plain payloads; all measurements are correlated through their sources."""
STRIDE = 1 << 16

_fresh = itertools.count(STRIDE, STRIDE)


def fresh() -> int:
    """A level above every level drawn so far (safe in threads: one C call)."""
    return next(_fresh)


def of(payload: Any) -> int:
    """Level of a value, ``PLAIN`` for everything else."""
    level = getattr(payload, "level", PLAIN)
    return level if type(level) is int else PLAIN


def above(*payloads: Any) -> int:
    """Level of a value built by hand around these payloads."""
    return max(MEASUREMENT, *map(of, payloads)) + 1

"""Every program of the list in every number type: compiled as eager.

By default each program runs in one or two of the types, in turn; with ``--every`` in all of them.

Numbers are equal if they differ by less than ``RTOL`` of the greatest of their part: a component of one result, all
elements together. Enclosures besides hold what the program computes on floats at corners of the box, and what is
undecided in one tier is undecided in the other.
"""

import warnings
from dataclasses import dataclass
from collections.abc import Callable

import numpy as np
import pytest
from agreement import close
from eagerly import eager
from jet import Jet
from programs import PROGRAMS

import interp
from interp import tree
from interp.errors import CompileError, UndecidedError
from interp.value import Value
from interpretations import Dual, Interval, Measurement

RTOL = 1e-13
RADIUS = 1e-10
"""Half the width of a box, relative to its middle: far more than the rounding of floats, far less than a branch."""


def along(x, rng):
    """A direction for ``x``, of its size."""
    return rng.normal(size=np.shape(x)) if np.ndim(x) else float(rng.normal())


def box(x, rng=None):
    return Interval(x - RADIUS * np.abs(x), x + RADIUS * np.abs(x))


TYPES = {
    "Dual": lambda x, rng: Dual(x, along(x, rng)),
    "Dual, 4 directions": lambda x, rng: Dual(x, rng.normal(size=(4, *np.shape(x)))),
    "Dual of Dual": lambda x, rng: Dual(Dual(x, along(x, rng)), Dual(along(x, rng), along(x, rng))),
    "Interval": box,
    "Measurement": lambda x, rng: Measurement(x, 0.01 * np.abs(x)),
    "Dual of Interval": lambda x, rng: Dual(box(x), along(x, rng)),
    "Measurement of Dual": lambda x, rng: Measurement(Dual(x, along(x, rng)), 0.01 * np.abs(x)),
    "Jet": lambda x, rng: Jet(x, along(x, rng), along(x, rng)),
}

"""What reversal knows of operations: all of it from the primitives' own table of partials."""

import ast
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from interp.compile.adjoint.operations import OUT_OF_PLACE, Attribute, Let, make_tuple, move
from interp.compile.calls import OPERATORS
from interp.compile.scalars import MATH
from interp.linear import ZERO
from interp.primitive import COUNTERPARTS, Elementwise, Partial, Predicate, Primitive
from interp.value import primal

ALLOCATIONS: frozenset[Any] = frozenset({np.zeros, np.empty, np.ones, np.zeros_like, np.empty_like, np.ones_like})
"""Calls that make a fresh array, whose elements depend on nothing."""

VIEWS = frozenset({np.transpose, np.reshape})
"""Calls whose result shares its first operand's memory: native code reshapes nothing that would have to be copied."""

SHAPES = frozenset({*VIEWS, move, len, make_tuple})
"""Calls that look at the shape of an array, or show its memory, whatever its elements are."""

SAME = frozenset({move, float, np.float64})
"""Calls that hand their one operand on."""


def draws(function: Any) -> bool:
    """True of random numbers, which another call does not give again."""
    return isinstance(getattr(function, "__self__", None), random.Random | np.random.RandomState)


def primitive_of(function: Any) -> Primitive | None:
    """The primitive that a function of Python, NumPy or SciPy means."""
    if isinstance(function, Primitive):
        return function
    function = OUT_OF_PLACE.get(function, function)
    found = OPERATORS.get(function)
    if found is None and function in MATH:
        found = MATH[function]
    if found is None:
        found = COUNTERPARTS.get(function)
    return found if isinstance(found, Primitive) else None


def is_inactive(s: Let, is_active: Callable[[Any], bool]) -> bool:
    """True if the result has no derivative although operands vary: comparisons, floor, lengths."""
    if isinstance(s.function, Attribute) or s.function in ALLOCATIONS or s.function in (len, int, bool, round, primal):
        return True
    primitive = primitive_of(s.function)
    if isinstance(primitive, Predicate):
        return True
    if not isinstance(primitive, Elementwise) or len(primitive.partials) != len(s.operands):
        return False
    return all(p is ZERO for p, a in zip(primitive.partials, s.operands, strict=True) if is_active(a))


def elementwise_of(s: Let) -> Elementwise | None:
    """The elementwise primitive of an operation, if its operands fit."""
    primitive = primitive_of(s.function)
    fits = isinstance(primitive, Elementwise) and len(primitive.partials) == len(s.operands) and not s.keywords
    return primitive if fits else None  # type: ignore[return-value]


def partials_of(s: Let, is_active: Callable[[Any], bool]) -> Iterator[tuple[tuple[str, ...] | None, ast.expr]]:
    """For each active operand the names (``out, x, y, z``) that its partial reads; None for a constant partial."""
    primitive = elementwise_of(s)
    if primitive is None:
        return
    for partial, operand in zip(primitive.partials, s.operands, strict=True):
        if is_active(operand):
            yield (partial.needs if isinstance(partial, Partial) else None), operand

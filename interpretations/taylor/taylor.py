"""`Taylor`: a truncated power series of one variable t. One run of a program gives all derivatives along a curve.

A Taylor of order K stands for x(t) = value + higher[0] t + ... + higher[K-1] t**K. The coefficients are normalised,
c_k = x^(k)(0) / k!: sums of products need no binomials then, k! does not overflow, and of Interval payloads they are
what a proven remainder is made of. `Taylor.derivatives` multiplies by k!.
"""

import math
from typing import Any, ClassVar, Self

import numpy as np

from interp import level as levels
from interp.errors import ShapeError
from interp.linear import broadcast
from interp.rules import compiling
from interp.value import Value, shape_of
from interp.vocabulary import stack, zeros, zeros_like
from interp.vocabulary.creation import held, owned, zeros_beside
from interpretations.dual import beside, laid_out, real_payload

_new = object.__new__


class Taylor(Value):
    """A number or array as a power series in t, to the order K.

    Parameters
    ----------
    value: number, array or value of shape s; integers become floats.
    higher: the coefficients of t, t**2, ..., t**K, of shape (K, *s) with K > 0; or a list of K numbers, arrays or
        values of shape s.

    A Taylor made by hand sits just above its payload's level. Raises `ShapeError` for other shapes, and where
    Taylors of different order meet (see `truncated`).
    """

    __slots__ = ("higher", "level", "value")
    components = ("value", "higher")
    strong_zeros = True
    series: ClassVar[tuple[str, ...]] = ("higher",)

    def __init__(self, value: Any, higher: Any) -> None:
        value = np.asarray(value) if isinstance(value, list | tuple) else value
        if isinstance(higher, list | tuple):
            higher = stack(higher) if any(isinstance(c, Value) for c in higher) else np.asarray(higher)
        shape, got = shape_of(value), shape_of(higher)
        if len(got) != len(shape) + 1 or got[1:] != shape or got[0] == 0:
            raise ShapeError(
                f"higher coefficients of shape {got} for a value of shape {shape}: "
                f"give {('K', *shape)} with one entry for each of t, t**2, ..., t**K"
            )
        self.level = levels.above(value, higher)
        lifted = lift(real_payload(value), real_payload(higher), self.level)
        self.value, self.higher = lifted.value, lifted.higher

    @property
    def order(self) -> int:
        """The highest power of t that is kept."""
        return len(self.higher)

    @property
    def coefficients(self) -> Any:
        """All coefficients of the powers of t, of shape (K + 1, *s)."""
        return stack([self.value, *self.higher])

    @property
    def derivatives(self) -> Any:
        """The value and its derivatives by t at t = 0, of shape (K + 1, *s): entry k is k! times coefficient k."""
        scaled = [c if k < 2 else c * float(math.factorial(k)) for k, c in enumerate(self.higher, start=1)]
        return stack([self.value, *scaled])

    def truncated(self, order: int) -> Self:
        """The same series to a lower order, at least 1; it shares memory with this one."""
        if not 0 < order <= self.order:
            raise ShapeError(f"truncated({order}) of a Taylor of order {self.order}: give 1 to {self.order}")
        return self.rebuild(self.value, self.higher[:order])

    def rebuild(self, value: Any, higher: Any) -> Self:  # type: ignore[override]
        return make(value, higher, self.level)  # type: ignore[return-value]

    def constant(self, payload: Any) -> Self:
        if compiling:
            return self.rebuild(payload, zeros_like(self.higher))
        like = payload if isinstance(payload, Value) else self.higher
        return make(payload, zeros_beside(payload, self.order, like), self.level)  # type: ignore[return-value]


def make(value: Any, higher: Any, level: int) -> Taylor:
    """A Taylor without checks: what rules return."""
    taylor = _new(Taylor)
    taylor.value = value
    taylor.higher = higher
    taylor.level = level
    return taylor


def lift(value: Any, higher: Any, level: int) -> Taylor:
    """A Taylor in storage of its own, so that no store reaches the caller's arrays."""
    return make(owned(value), held(beside(value, higher), value), level)


def variable(value: Any, direction: Any, order: int, level: int) -> Taylor:
    """value + direction t."""
    higher = held(zeros((order, *shape_of(value)), like=value), direction)
    higher[0] = direction
    return lift(value, higher, level)


def common_order(taylors: list[Taylor]) -> int:
    """The order that all of ``taylors`` have."""
    order = taylors[0].order
    for other in taylors[1:]:
        if other.order != order:
            raise ShapeError(
                f"Taylors of orders {order} and {other.order} meet: make both of one order, "
                "or cut the longer one with x.truncated(order)"
            )
    return order


def from_coefficients(coefficients: list[Any], like: Taylor) -> Taylor:
    """A Taylor of these coefficients, None for zero, at the level and of the order of ``like``."""
    value = coefficients[0]
    joined = getattr(like.higher, "joined", None)
    if joined is not None:  # in native code, which has a type of its own for what is stacked
        return make(value, joined(coefficients[1:], value), like.level)
    shape = shape_of(value)
    full = [_full(c, shape, value) for c in coefficients[1:]]
    if not any(isinstance(c, Value) for c in full) and (not shape or type(value) is np.ndarray):
        return make(value, held(laid_out(np.array(full), value), value), like.level)
    return make(value, held(laid_out(stack([held(c, value) for c in full]), value), value), like.level)


def _full(c: Any, shape: tuple[int, ...], like: Any) -> Any:
    return zeros(shape, like=like) if c is None else broadcast(c, shape)

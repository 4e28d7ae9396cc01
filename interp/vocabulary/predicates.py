"""Comparisons, tests and positions: what they answer carries no derivative."""

from typing import Any

import numpy as np

from interp.errors import UnsupportedArgument
from interp.primitive import Predicate, negative_axes, negative_axis
from interp.value import ndim_of, operand
from interp.vocabulary.catalogue import call, enter

Canonical = tuple[tuple[Any, ...], dict[str, Any]]


def _elementwise(ufunc: np.ufunc) -> Predicate:
    return Predicate(ufunc.__name__, ufunc, counterparts=(ufunc,))


equal = _elementwise(np.equal)
not_equal = _elementwise(np.not_equal)
less = _elementwise(np.less)
less_equal = _elementwise(np.less_equal)
greater = _elementwise(np.greater)
greater_equal = _elementwise(np.greater_equal)
logical_and = _elementwise(np.logical_and)
logical_or = _elementwise(np.logical_or)
logical_xor = _elementwise(np.logical_xor)
logical_not = _elementwise(np.logical_not)
isnan = _elementwise(np.isnan)
isfinite = _elementwise(np.isfinite)
isinf = _elementwise(np.isinf)
signbit = _elementwise(np.signbit)
isposinf = Predicate("isposinf", np.isposinf, counterparts=(np.isposinf,))
isneginf = Predicate("isneginf", np.isneginf, counterparts=(np.isneginf,))
isreal = Predicate("isreal", np.isreal, counterparts=(np.isreal,))
iscomplex = Predicate("iscomplex", np.iscomplex, counterparts=(np.iscomplex,))

# -- of integers and booleans: of other numbers NumPy's TypeError

bitwise_count = _elementwise(np.bitwise_count)
gcd = _elementwise(np.gcd)
lcm = _elementwise(np.lcm)


def of_number(axis: Any) -> Any:
    """The axis of a reduction of a number: NumPy takes it for a vector of one."""
    return None if axis in (0, -1) else axis


def _without_out(out: Any) -> None:
    if out is not None:
        raise UnsupportedArgument("a test of values takes no out=: use the result")


def _any(x: Any, axis: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = True) -> Canonical:
    _without_out(out)
    x = operand(x)
    x = x if where is True else logical_and(x, where)
    return _reduced(x, axis, keepdims)


def _all(x: Any, axis: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = True) -> Canonical:
    _without_out(out)
    x = operand(x)
    x = x if where is True else logical_or(x, logical_not(where))
    return _reduced(x, axis, keepdims)


def _reduced(x: Any, axis: Any, keepdims: bool) -> Canonical:
    ndim = ndim_of(x)
    return (x,), {"axis": negative_axes(axis if ndim else of_number(axis), ndim), "keepdims": keepdims}


def _position(x: Any, axis: Any = None, out: Any = None, *, keepdims: bool = False) -> Canonical:
    _without_out(out)
    x = operand(x)
    axis = axis if ndim_of(x) else of_number(axis)
    return (x,), {"axis": None if axis is None else negative_axis(axis, ndim_of(x)), "keepdims": keepdims}


any = Predicate("any", np.any, counterparts=(np.any,), canonical=_any)
all = Predicate("all", np.all, counterparts=(np.all,), canonical=_all)
argmax = Predicate("argmax", np.argmax, counterparts=(np.argmax,), canonical=_position)
argmin = Predicate("argmin", np.argmin, counterparts=(np.argmin,), canonical=_position)

for _comparison in (equal, not_equal, less, less_equal, greater, greater_equal):
    enter(_comparison, _comparison.implementation, calls=[call((3,), (2, 3)), call((), (2,)), call((2, 1), (1, 2))])
for _connective in (logical_and, logical_or, logical_xor):
    enter(_connective, _connective.implementation, calls=[call((3,), (2, 3)), call((), (2,))])
for _test in (logical_not, isnan, isfinite, isinf, isposinf, isneginf, isreal, iscomplex, signbit):
    enter(_test, _test.implementation, calls=[call((2, 3), between=(-0.5, 0.85)), call(())])
for _of_integers in (bitwise_count, gcd, lcm):
    enter(_of_integers, _of_integers.implementation, differentiable=False)
for _over_axes in (any, all):
    enter(
        _over_axes,
        _over_axes.implementation,
        calls=[call((2, 3)), call((2, 3, 2), axis=(0, -1), keepdims=True), call((2, 3), axis=0, where=[False] * 3)],
    )
for _place in (argmax, argmin):
    enter(
        _place,
        _place.implementation,
        calls=[call((2, 3)), call((2, 3, 2), axis=1), call((2, 3, 2), axis=-1, keepdims=True)],
    )

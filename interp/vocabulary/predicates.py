"""Comparisons, tests and positions: what they answer carries no derivative."""

from typing import Any

import numpy as np

from interp.primitive import Predicate, negative_axes, negative_axis
from interp.value import ndim_of, operand


def _over_axes(x: Any, axis: Any = None, *, keepdims: bool = False) -> tuple[tuple[Any, ...], dict[str, Any]]:
    x = operand(x)
    return (x,), {"axis": negative_axes(axis, ndim_of(x)), "keepdims": keepdims}


def _over_one_axis(x: Any, axis: Any = None, *, keepdims: bool = False) -> tuple[tuple[Any, ...], dict[str, Any]]:
    x = operand(x)
    return (x,), {"axis": None if axis is None else negative_axis(axis, ndim_of(x)), "keepdims": keepdims}


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

any = Predicate("any", np.any, counterparts=(np.any,), canonical=_over_axes)
all = Predicate("all", np.all, counterparts=(np.all,), canonical=_over_axes)
argmax = Predicate("argmax", np.argmax, counterparts=(np.argmax,), canonical=_over_one_axis)
argmin = Predicate("argmin", np.argmin, counterparts=(np.argmin,), canonical=_over_one_axis)

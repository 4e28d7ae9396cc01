"""Arrays made like others, and constants. ``zeros_like(x)`` of a value can hold values."""

from typing import Any

import numpy as np

from interp import backends, level
from interp.primitive import Creation, Structural
from interp.value import Holder, Value, innermost, is_array, primal, shape_of
from interp.vocabulary.catalogue import call, enter


def _copy(x: Any, order: str = "K") -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (x,), {"order": order}


copy = Structural(
    "copy",
    lambda x, order: x.copy(order) if hasattr(x, "copy") else x,
    canonical=_copy,
    adjoint=lambda ct, position, operands, params, batch: ct,
    counterparts=(np.copy,),
)
"""A copy in the memory order of ``x`` (the method ``x.copy()``: in C order), which decides what a reshape shares."""


def owned(x: Any) -> Any:
    """``x`` apart from what it shares memory with: a copy of an array, the number in an array without axes."""
    return copy(x) if shape_of(x) else x[()] if is_array(x) else x


def _like(fill: Any) -> Any:
    def implementation(x: Any) -> Any:
        return fill(x) if shape_of(x) else fill(x)[()]

    return implementation


zeros_like = Creation("zeros_like", _like(np.zeros_like), counterparts=(np.zeros_like, np.empty_like))
ones_like = Creation("ones_like", _like(np.ones_like), counterparts=(np.ones_like,))


def full_like(x: Any, fill_value: Any) -> Any:
    """An array of the shape and type of ``x`` filled with ``fill_value``, a number or a scalar value.

    Of an integer array filled with a fraction NumPy truncates; here the fraction is kept.
    """
    if isinstance(fill_value, Value) or isinstance(x, Value):
        return zeros_like(x) + fill_value
    return np.full_like(x, fill_value, dtype=np.result_type(x, fill_value))


def held(x: Any, like: Any) -> Any:
    """``x`` as an array that can hold in place what ``like`` is: constants of the levels of ``like``."""
    if not isinstance(like, Value) or level.of(x) >= like.level:
        return x
    return like.constant(held(x, like.payload))


def zeros(shape: Any, *, like: Any = None, dtype: Any = None) -> Any:
    """Zeros of the real or complex type of ``like``, on its device, that can hold in place what it is."""
    innermost = primal(like)
    if dtype is None:
        dtype = getattr(innermost, "dtype", np.dtype(float))
        dtype = dtype if dtype.kind in "fc" else np.dtype(float)
    made = backends.namespace(innermost).zeros(shape, dtype=dtype)
    return held(made if shape != () else made[()], like)


def asarray(x: Any) -> Any:
    """``x`` itself if it is an array or value; a (nested) list as an array, of values if it holds any."""
    from interp.vocabulary.shape import stack

    if isinstance(x, Holder):
        return x.held
    if not isinstance(x, list | tuple):
        return x
    parts = [asarray(part) for part in x]
    return stack(parts) if any(isinstance(part, Value) for part in parts) else np.asarray(x)


def zeros_beside(array: Any, batch: int | None, like: Any) -> Any:
    """Zeros of the shape of ``array`` (behind a ``batch`` axis) in its memory order: they share what it shares.

    Of two arrays of different memory order NumPy's reshape copies one and shows a view of the other.
    """
    from interp.vocabulary.shape import transpose

    shape, front = shape_of(array), () if batch is None else (batch,)
    strides = getattr(innermost(array), "strides", ())
    order = sorted(range(len(strides)), key=lambda axis: -abs(strides[axis]))
    if order == list(range(len(shape))) or len(order) != len(shape):
        return zeros(front + shape, like=like)
    made = zeros(front + tuple(shape[axis] for axis in order), like=like)
    axes = (*range(len(front)), *(len(front) + order.index(axis) for axis in range(len(shape))))
    return transpose(made, axes)


enter(copy, np.copy, calls=[call((2, 3)), call((2, 3, 2), order="F"), call(())])
enter(zeros_like, np.zeros_like, np.empty_like, calls=[call((2, 3)), call(())])
enter(ones_like, np.ones_like, calls=[call((2, 3)), call(())])
enter(full_like, np.full_like, calls=[call((2, 3), ()), call((2, 3), (3,)), call((), fill_value=2.5)])
enter(asarray, calls=[call((2, 3)), call((), (2,), through=lambda f, x, y: f([[x, 1.0], [y[0], y[1]]]))])

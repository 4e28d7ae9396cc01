"""Arrays made like others, and constants. ``zeros_like(x)`` of a value can hold values."""

import functools
import operator
from typing import Any

import numpy as np

from interp import backends, level
from interp.errors import UnsupportedArgument
from interp.primitive import Creation, Structural
from interp.value import Holder, Value, innermost, is_array, primal, shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.inspection import on_device


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
    if x.__class__ is np.ndarray and x.shape:
        return x.copy("K")
    return copy(x) if shape_of(x) else x[()] if is_array(x) else x


class Like(Creation):
    """Makes an array of one number in the shape and type of another; of a value one that can hold what it is."""

    def __init__(self, name: str, fill: Any, number: float, **options: Any) -> None:
        super().__init__(name, lambda x: fill(x) if shape_of(x) else fill(x)[()], **options)
        self.number = number

    def __call__(self, x: Any, dtype: Any = None, order: str = "K", *, shape: Any = None, device: Any = None) -> Any:
        """``dtype`` of integers or booleans makes a plain array: those carry nothing."""
        if dtype is None and shape is None and device is None and order == "K":
            return self.dispatch(x)
        x = on_device(as_operand(x), device)
        if isinstance(x, Value) and order != "K":
            raise UnsupportedArgument(f"{self.name}(order={order!r}) of a {type(x).__name__}: only order='K'")
        if not isinstance(x, Value):
            given = {"order": order} if shape is None else {"order": order, "shape": shape}
            return getattr(backends.namespace(x), self.name)(x, dtype=dtype, **given)
        made = backends.namespace(primal(x)).full(
            x.shape if shape is None else shape, self.number, dtype=x.dtype if dtype is None else dtype
        )
        return held(made, x) if made.dtype.kind in "fc" else made


zeros_like = Like("zeros_like", np.zeros_like, 0, counterparts=(np.zeros_like, np.empty_like))
ones_like = Like("ones_like", np.ones_like, 1, counterparts=(np.ones_like,))


def full_like(
    x: Any, fill_value: Any, dtype: Any = None, order: str = "K", *, shape: Any = None, device: Any = None
) -> Any:
    """An array of the shape and type of ``x`` filled with ``fill_value``, a number or a scalar value.

    If either is a value so is the result; of an integer array filled with a value the fraction is kept, where NumPy
    would truncate it.
    """
    x = as_operand(x)
    if not isinstance(x, Value) and not isinstance(fill_value, Value):
        given = {"shape": shape, "device": device}
        given = {name: said for name, said in given.items() if said is not None}
        return backends.namespace(x).full_like(x, fill_value, dtype=dtype, order=order, **given)
    made = zeros_like(x, dtype, order, shape=shape, device=device)
    if isinstance(fill_value, Value):
        return made + fill_value
    return made + made.dtype.type(fill_value) if isinstance(made, Value) else full_like(made, fill_value)


def held(x: Any, like: Any) -> Any:
    """``x`` as an array that can hold in place what ``like`` is: constants of the levels of ``like``."""
    if not isinstance(like, Value) or level.of(x) >= like.level:
        return x
    return like.constant(held(x, like.payload))


def zeros(shape: Any, dtype: Any = None, *, device: Any = None, like: Any = None) -> Any:
    """Zeros, of float64 unless ``dtype`` is said: NumPy's.

    With ``like``, zeros of its real or complex type, on its device, that can hold in place what it is.
    """
    if like is None:
        return np.zeros(shape, dtype, device=device)
    if like.__class__ is np.ndarray and dtype is device is None and like.dtype.kind in "fc" and shape != ():
        return np.zeros(shape, like.dtype)
    innermost = primal(like)
    if dtype is None:
        dtype = getattr(innermost, "dtype", np.dtype(float))
        dtype = dtype if dtype.kind in "fc" else np.dtype(float)
    made = backends.namespace(innermost).zeros(shape, dtype=dtype)
    return held(made if shape != () else made[()], on_device(like, device))


def full(shape: Any, fill_value: Any, dtype: Any = None, *, device: Any = None) -> Any:
    """An array filled with a number: NumPy's; or with a scalar value: a value, which cannot take another type."""
    if not isinstance(fill_value, Value):
        return np.full(shape, fill_value, dtype, device=device)
    return zeros(shape, device=device, like=fill_value) + astype_of_value(fill_value, dtype)


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    """``num`` evenly spaced numbers from ``start`` to ``stop``, which may be arrays or values, on a new axis.

    Of plain numbers NumPy's. Values keep their type, and raise `UnsupportedArgument` for another.
    """
    from interp.vocabulary.shape import broadcast_to, concatenate, expand_dims, moveaxis, reshape

    start, stop = as_operand(start), as_operand(stop)
    if not isinstance(start, Value) and not isinstance(stop, Value):
        plainly: Any = np.linspace  # whose overloads are by type
        return plainly(start, stop, num, endpoint, retstep, dtype, axis, device=device)
    if operator.index(num) < 0:
        raise ValueError(f"Number of samples, {num}, must be non-negative.")
    run = stop - start
    intervals = num - 1 if endpoint else num
    step = run / intervals if intervals > 0 else run * np.nan
    positions = reshape(np.arange(num, dtype=run.dtype), (-1,) + (1,) * len(run.shape))
    points = positions * (step if intervals > 0 else run) + start
    if endpoint and num > 1:  # not start + run, which rounding may leave beside it
        points = concatenate([points[:-1], expand_dims(broadcast_to(stop, run.shape), 0)], axis=0)
    points = astype_of_value(moveaxis(points, 0, axis), dtype)
    return (on_device(points, device), step) if retstep else on_device(points, device)


def astype_of_value(x: Any, dtype: Any) -> Any:
    """A value as it is, after a check that ``dtype`` is None or its own."""
    return x if dtype is None else x.astype(dtype, copy=False)


def as_operand(x: Any) -> Any:
    """``x`` itself if it is a number, array or value; a (nested) list as an array, of values if it holds any."""
    if isinstance(x, Holder):
        return x.held
    if not isinstance(x, (list, tuple)):
        return x
    from interp.vocabulary.shape import stack

    return stack([as_operand(part) for part in x]) if _holds_value(x) else np.asarray(x)


def _holds_value(x: Any) -> bool:
    if isinstance(x, list | tuple):
        return any(map(_holds_value, x))
    return isinstance(x, Value | Holder)


def asarray(
    x: Any, dtype: Any = None, order: str | None = None, *, device: Any = None, copy: bool | None = None
) -> Any:
    """``x`` as an array: NumPy's; a value as it is, and a (nested) list that holds values as one value.

    ``copy``: True for one always, False for never (ValueError where there has to be one). A value keeps its type, and
    raises `UnsupportedArgument` for another.
    """
    given = x
    x = as_operand(x) if isinstance(x, Holder) or _holds_value(x) else x
    if not isinstance(x, Value):
        names = {"dtype": dtype, "order": order, "device": device, "copy": copy}
        return backends.namespace(x).asarray(x, **{name: said for name, said in names.items() if said is not None})
    if order not in (None, "K"):
        raise UnsupportedArgument(f"asarray(order={order!r}) of a {type(x).__name__}: only order=None")
    if copy is False and x is not given:
        raise ValueError("asarray(copy=False) of a list of values: joining them makes a new array")
    x = astype_of_value(on_device(x, device), dtype)
    return x.copy("K") if copy and x is given else x


def zeros_beside(array: Any, batch: int | None, like: Any) -> Any:
    """Zeros of the shape of ``array`` (behind a ``batch`` axis) in its memory order: they share what it shares.

    Of two arrays of different memory order NumPy's reshape copies one and shows a view of the other.
    """
    from interp.vocabulary.shape import transpose

    shape, front = shape_of(array), () if batch is None else (batch,)
    strides = getattr(innermost(array), "strides", ())
    order = axes_in_memory(strides, shape) if len(strides) == len(shape) else ()
    if order in ((), tuple(range(len(shape)))):
        return zeros(front + shape, like=like)
    made = zeros(front + tuple(shape[axis] for axis in order), like=like)
    axes = (*range(len(front)), *(len(front) + order.index(axis) for axis in range(len(shape))))
    return transpose(made, axes)


@functools.lru_cache(maxsize=4096)
def axes_in_memory(strides: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The axes from the slowest in memory to the fastest, as NumPy's order K has them.

    An axis along which an array is broadcast, or of length one, decides nothing: it stays where C order has it.
    """
    steps = [abs(stride) if n != 1 else 0 for stride, n in zip(strides, shape, strict=True)]
    fastest_first: list[int] = []
    for axis in reversed(range(len(steps))):
        place = len(fastest_first)
        for i in reversed(range(len(fastest_first))):
            other = steps[fastest_first[i]]
            if other and steps[axis]:
                if other <= steps[axis]:
                    break
                place = i
        fastest_first.insert(place, axis)
    return tuple(reversed(fastest_first))


enter(copy, np.copy, calls=[call((2, 3)), call((2, 3), order="F")])
enter(zeros_like, np.zeros_like, calls=[call((2, 3)), call((2, 3), dtype=float), call((2, 3), shape=(3, 1))])
enter(ones_like, np.ones_like, calls=[call((2, 3)), call((2, 3), dtype=int), call((2, 3), shape=(3, 1))])
enter(
    full_like,
    np.full_like,
    calls=[call((2, 3), ()), call((2, 3), 3.0), call((2, 3), 3, dtype=int), call((2, 3), (), shape=(3, 1))],
)
enter(full, calls=[call((), through=lambda full, x: full((2, 3), x))])
enter(
    linspace,
    np.linspace,
    calls=[
        call((), (), 5),
        call((2, 1), (3,), 4, endpoint=False, axis=-1),
        call((2, 3), (), num=2, axis=1),
        call((), (), 1),
    ],
)
for _maker in (zeros, asarray):
    enter(_maker, differentiable=False)

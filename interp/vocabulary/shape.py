"""Rearrangements of shape: structural primitives with their transposes, and what moves and inserts axes."""

import functools
import inspect
import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from interp.errors import UnsupportedArgument
from interp.linear import lead, unbroadcast
from interp.primitive import COUNTERPARTS, Structural, negative_axes, negative_axis
from interp.value import Value, innermost, is_array, ndim_of, operand, shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.composites import composite, no_out
from interp.vocabulary.creation import as_operand, axes_in_memory, copy

Canonical = tuple[tuple[Any, ...], dict[str, Any]]


def _array_reshape(x: Any, shape: tuple[int, ...]) -> Any:
    return x.reshape(shape) if hasattr(x, "reshape") else np.reshape(x, shape)


def _reshape(a: Any, shape: Any) -> Canonical:
    x = operand(a)
    given = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
    size = math.prod(shape_of(x))
    known = math.prod(n for n in given if n != -1)
    full = tuple(int(size // known if known else 0) if n == -1 else int(n) for n in given)
    if math.prod(full) != size or list(given).count(-1) > 1:
        raise ValueError(f"cannot reshape array of size {size} into shape {given}")
    return (x,), {"shape": full}


class Reshape(Structural):
    """Of the primitive, in C order, NumPy's function is made here: another order reads transposed, and writes so."""

    def __call__(self, a: Any, /, shape: Any, order: str = "C", *, copy: bool | None = None) -> Any:
        if order not in ("C", "F", "A"):
            raise ValueError(f"order of reshape is 'C', 'F' or 'A', not {order!r}")
        (x,), params = _reshape(a, shape)
        if order == "F" or (order == "A" and memory_order(x) == "F"):
            out = transpose(self.dispatch(transpose(x), shape=params["shape"][::-1]))
        else:
            out = self.dispatch(x, **params)
        return out if copy is None else _copied(out, x, copy)


def _copied(out: Any, x: Any, wanted: bool) -> Any:
    """``out``, which came of ``x``, as a copy; or, if none is wanted, an error where there is one."""
    shares = not is_array(x) or 0 in shape_of(x) or np.may_share_memory(innermost(x), innermost(out))
    if not (shares or wanted):
        raise ValueError("Unable to avoid creating a copy while reshaping.")
    return copy(out) if shares and wanted else out


def memory_order(x: Any) -> str:
    """ "F" of an array that lies in memory in Fortran order, and not in C's; else "C"."""
    flags = getattr(innermost(x), "flags", None)
    return "F" if flags is not None and flags.f_contiguous and not flags.c_contiguous else "C"


def in_memory_order(x: Any, order: str) -> Any:
    """``x`` in C or Fortran order, copied only where it lies otherwise: it decides what a later reshape shares."""
    flags = getattr(innermost(x), "flags", None)
    return x if flags is None or (flags.c_contiguous if order == "C" else flags.f_contiguous) else copy(x, order)


reshape: Structural = Reshape(
    "reshape",
    _array_reshape,
    canonical=_reshape,
    counterparts=(np.reshape,),
    adjoint=lambda ct, position, operands, params, batch: reshape(ct, lead(batch) + operands[0]),
    batched=lambda params, batch, shape: {"shape": (batch, *params["shape"])},
)


def _transpose(a: Any, axes: Any = None) -> Canonical:
    x = operand(a)
    ndim = ndim_of(x)
    if axes is None:
        order = tuple(range(-1, -ndim - 1, -1))
    else:
        order = tuple(negative_axis(a, ndim) for a in axes)
        if sorted(order) != list(range(-ndim, 0)):
            raise ValueError(f"axes {tuple(axes)} are no permutation of an array of {ndim} dimensions")
    return (x,), {"axes": order}


@functools.lru_cache(maxsize=4096)
def _inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(i) - len(axes) for i in np.argsort(axes))


transpose: Structural = Structural(
    "permute_dims",
    lambda x, axes: np.transpose(x, axes),
    canonical=_transpose,
    counterparts=(np.transpose, np.permute_dims),
    adjoint=lambda ct, position, operands, params, batch: transpose.dispatch(
        ct, **transpose.with_batch({"axes": _inverse(params["axes"])}, batch, operands[0])
    ),
    batched=lambda params, batch, shape: {"axes": (-len(params["axes"]) - 1, *params["axes"])},
)


def _concatenate(
    arrays: Any, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: Any = "same_kind"
) -> Canonical:
    no_out(out)
    parts = tuple(as_operand(x) for x in arrays)
    if not parts:
        raise ValueError("need at least one array to concatenate")
    if dtype is not None:
        parts = tuple(_of_type(x, np.dtype(dtype), casting) for x in parts)
    if axis is None:
        parts, axis = tuple(reshape(x, -1) for x in parts), 0
    axis = negative_axis(axis, ndim_of(parts[0]))
    lengths = [shape_of(x)[axis] for x in parts if ndim_of(x) >= -axis]  # of other ranks NumPy complains
    starts = tuple(accumulate(lengths, initial=0))
    return parts, {"axis": axis, "starts": starts}


def _of_type(x: Any, dtype: Any, casting: Any) -> Any:
    """A plain array converted; a value keeps its type, and another is refused."""
    if not isinstance(x, Value):
        return (x if hasattr(x, "astype") else np.asarray(x)).astype(dtype, casting=casting)
    if x.dtype != dtype:
        raise UnsupportedArgument(
            f"dtype={dtype} where a {type(x).__name__} of {x.dtype} is joined: a value keeps its type. "
            "Leave dtype out, or convert the plain input before it is lifted"
        )
    return x


def _slice_of_part(ct: Any, position: int, operands: Any, params: dict[str, Any], batch: int | None) -> Any:
    axis, start = params["axis"], params["starts"][position]
    index = (..., slice(start, start + operands[position][axis]), *(slice(None),) * (-axis - 1))
    return ct[index]


concatenate = Structural(
    "concat",
    lambda *parts, axis, starts: np.concatenate(parts, axis=axis),
    canonical=_concatenate,
    counterparts=(np.concatenate, np.concat),
    adjoint=_slice_of_part,
)


def _broadcast_to(array: Any, shape: Any) -> Canonical:
    target = (shape,) if isinstance(shape, int | np.integer) else tuple(int(n) for n in shape)
    return (operand(array),), {"shape": target}


def _lift_rank(params: dict[str, Any], batch: int, shape: tuple[int, ...]) -> dict[str, Any]:
    return {"shape": (batch, *params["shape"])}


def _array_broadcast_to(x: Any, shape: tuple[int, ...]) -> Any:
    """NumPy's; of a number to no axes the number, which an array without axes is not."""
    return np.broadcast_to(x, shape) if shape or shape_of(x) else x


broadcast_to = Structural(
    "broadcast_to",
    _array_broadcast_to,
    canonical=_broadcast_to,
    counterparts=(np.broadcast_to,),
    broadcasts=True,
    adjoint=lambda ct, position, operands, params, batch: unbroadcast(ct, operands[0], batch),
    batched=_lift_rank,
)


diagonal = Structural(
    "diagonal",
    lambda x, behind: np.einsum("...zz{0}->...z{0}".format("abcdefghijklmnopqrstuvwxy"[:behind]), x),
)
"""The common diagonal of the two axes before the last ``behind``: a view that takes stores, as einsum's in NumPy."""


def _flip(m: Any, axis: Any = None) -> Canonical:
    x = operand(m)
    return (x,), {"axis": negative_axes(axis, ndim_of(x))}


flip: Structural = Structural(
    "flip",
    lambda x, axis: np.flip(x, axis),
    canonical=_flip,
    counterparts=(np.flip,),
    adjoint=lambda ct, position, operands, params, batch: flip.dispatch(ct, **params),
)


class Where(Structural):
    """The primitive takes a condition and two sides; NumPy's function of a condition alone gives positions."""

    def signature(self) -> inspect.Signature:
        return inspect.signature(self.implementation)

    def __call__(self, condition: Any, *sides: Any) -> Any:
        from interp.vocabulary.selecting import nonzero

        if len(sides) == 1 or len(sides) > 2 or any(side is None for side in sides):
            raise ValueError("either both or neither of x and y should be given")
        return self.dispatch(condition, *sides) if sides else nonzero(condition)


def _select_adjoint(ct: Any, position: int, operands: Any, params: dict[str, Any], batch: int | None) -> Any:
    condition = operands[0]
    chosen = where(condition, ct, 0.0) if position == 1 else where(condition, 0.0, ct)
    return unbroadcast(chosen, operands[position], batch)


def _array_where(condition: Any, x: Any, y: Any) -> Any:
    """``x`` where the condition holds, else ``y``; of numbers a number."""
    return np.where(condition, x, y)[()]


where = Where(
    "where",
    _array_where,
    counterparts=(np.where,),
    broadcasts=True,
    selectors=(0,),
    adjoint=_select_adjoint,
)

# -- NumPy's names, made of the above


def prefixed(x: Any, ndim: int) -> Any:
    """``x`` with axes of length one in front, up to ``ndim``."""
    missing = ndim - ndim_of(x)
    return reshape(x, (1,) * missing + shape_of(x)) if missing > 0 else x


def stack(arrays: Any, axis: int = 0, out: Any = None, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """Join arrays or scalars of one shape along a new axis."""
    no_out(out)
    parts = [as_operand(x) for x in arrays]
    if not parts:
        raise ValueError("need at least one array to stack")
    shapes = {shape_of(x) for x in parts}
    if len(shapes) != 1:
        raise ValueError(f"all input arrays must have the same shape, not {sorted(shapes)}")
    axis = negative_axis(axis, len(shapes.pop()) + 1)
    return concatenate([expand_dims(x, axis) for x in parts], axis=axis, dtype=dtype, casting=casting)


def expand_dims(a: Any, axis: Any = 0) -> Any:
    """Insert axes of length one, at these places of the result."""
    x = operand(a)
    axes = tuple(axis) if isinstance(axis, tuple | list) else (axis,)
    ndim = ndim_of(x) + len(axes)
    new = set(_distinct([negative_axis(a, ndim) for a in axes], "axis"))
    old = iter(shape_of(x))
    return reshape(x, tuple(1 if i - ndim in new else next(old) for i in range(ndim)))


@composite(np.squeeze)
def squeeze(a: Any, axis: Any = None) -> Any:
    """Drop axes of length one: all of them, or these."""
    shape = shape_of(a)
    ndim = len(shape)
    if axis is None:
        drop = {i - ndim for i, n in enumerate(shape) if n == 1}
    else:
        drop = set(_distinct(_axis_list(axis, ndim), "axis"))
    if any(shape[i] != 1 for i in drop):
        raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    return reshape(a, tuple(n for i, n in enumerate(shape) if i - ndim not in drop))


@composite(np.ravel)
def ravel(a: Any, order: str = "C") -> Any:
    """All elements in ``order`` as one axis; a view where NumPy's is one: contiguous, which a reshape need not be."""
    flat = reshape(_read_in(a, order), (-1,))
    layout = getattr(innermost(flat), "flags", None)
    return flat if layout is None or layout.c_contiguous else copy(flat)


def _read_in(x: Any, order: str) -> Any:
    """``x`` transposed such that C order reads its elements in ``order``."""
    if order not in ("C", "F", "A", "K"):
        raise ValueError(f"order is 'C', 'F', 'A' or 'K', not {order!r}")
    if order == "F" or (order == "A" and memory_order(x) == "F"):
        return transpose(x)
    if order == "K":
        strides = getattr(innermost(x), "strides", ())
        return transpose(x, axes_in_memory(strides, shape_of(x))) if strides else x
    return x


@composite(np.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    """Exchange the last two axes."""
    if ndim_of(x) < 2:
        raise ValueError(f"Input array must be at least 2-dimensional, but it is {ndim_of(x)}")
    return swapaxes(x, -1, -2)


@composite(np.swapaxes)
def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """Exchange two axes."""
    axes = list(range(ndim_of(a)))
    first, second = negative_axis(axis1, len(axes)), negative_axis(axis2, len(axes))
    axes[first], axes[second] = axes[second], axes[first]
    return transpose(a, axes)


@composite(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """Move axes to new positions; the others keep their order."""
    ndim = ndim_of(a)
    sources = [i + ndim for i in _distinct(_axis_list(source, ndim), "source")]
    targets = [i + ndim for i in _distinct(_axis_list(destination, ndim), "destination")]
    if len(sources) != len(targets):
        raise ValueError("`source` and `destination` arguments must have the same number of elements")
    order = [i for i in range(ndim) if i not in sources]
    for target, axis in sorted(zip(targets, sources, strict=True)):
        order.insert(target, axis)
    return transpose(a, order)


@composite(np.rollaxis)
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """Move one axis to before the one at ``start``."""
    ndim = ndim_of(a)
    axis = negative_axis(axis, ndim) + ndim
    if not -ndim <= start <= ndim:
        raise np.exceptions.AxisError(f"'start' arg requires {-ndim} <= start < {ndim + 1}, but {start} was passed in")
    before = start + ndim if start < 0 else start
    return moveaxis(a, axis, before - 1 if axis < before else before)


def _axis_list(axis: Any, ndim: int) -> Sequence[int]:
    return [negative_axis(a, ndim) for a in (axis if isinstance(axis, tuple | list) else (axis,))]


def _distinct(axes: Sequence[int], name: str) -> Sequence[int]:
    if len(set(axes)) < len(axes):
        raise ValueError(f"repeated axis in `{name}` argument")
    return axes


@composite(np.fliplr)
def fliplr(m: Any) -> Any:
    """Reverse the second axis."""
    if ndim_of(m) < 2:
        raise ValueError("Input must be >= 2-d.")
    return flip(m, 1)


@composite(np.flipud)
def flipud(m: Any) -> Any:
    """Reverse the first axis."""
    if ndim_of(m) < 1:
        raise ValueError("Input must be >= 1-d.")
    return flip(m, 0)


@composite(np.rot90)
def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """Turn by ``k`` right angles in the plane of two axes, from the first towards the second."""
    first, second = axes = _axis_list(tuple(axes), ndim_of(m))
    if first == second:
        raise ValueError("Axes must be different.")
    turns = k % 4
    if turns in (0, 2):
        return flip(m, tuple(axes)) if turns else m[...]
    return swapaxes(flip(m, second), first, second) if turns == 1 else flip(swapaxes(m, first, second), second)


@composite(np.broadcast_arrays)
def broadcast_arrays(*args: Any) -> tuple[Any, ...]:
    """Views of all arrays in the one shape that they broadcast to."""
    parts = tuple(operand(x) for x in args)
    shape = np.broadcast_shapes(*map(shape_of, parts))
    return tuple(x if shape_of(x) == shape else broadcast_to(x, shape) for x in parts)


def _each(arrays: tuple[Any, ...], change: Any) -> Any:
    """What came of one array; of several a tuple."""
    changed = tuple(change(operand(x)) for x in arrays)
    return changed[0] if len(changed) == 1 else changed


@composite(np.atleast_1d)
def atleast_1d(*arys: Any) -> Any:
    """Scalars become arrays of one element."""
    return _each(arys, lambda x: prefixed(x, 1))


@composite(np.atleast_2d)
def atleast_2d(*arys: Any) -> Any:
    """Vectors become matrices of one row."""
    return _each(arys, lambda x: prefixed(x, 2))


@composite(np.atleast_3d)
def atleast_3d(*arys: Any) -> Any:
    """Matrices get a last axis of length one, vectors a first one too."""
    return _each(arys, lambda x: x if ndim_of(x) > 2 else expand_dims(prefixed(x, 2), -1))


COUNTERPARTS[np.shape] = shape_of
COUNTERPARTS[np.ndim] = ndim_of
COUNTERPARTS[np.size] = lambda a, axis=None: math.prod(
    shape_of(operand(a)) if axis is None else [shape_of(operand(a))[i] for i in _axis_list(axis, ndim_of(a))]
)

enter(
    reshape,
    np.reshape,
    calls=[
        call((2, 3), shape=(3, 2)),
        call((2, 3, 2), shape=(-1, 2)),
        call((2, 3), shape=(3, -1), order="F"),
        call((3, 2), shape=6, order="A", copy=True),
        call((), shape=(1, 1)),
    ],
)
enter(transpose, np.transpose, np.permute_dims, calls=[call((2, 3)), call((2, 3, 2), axes=(1, -1, 0))])
enter(matrix_transpose, np.matrix_transpose, calls=[call((2, 3)), call((2, 3, 2))])
enter(swapaxes, np.swapaxes, calls=[call((2, 3, 2), axis1=0, axis2=-2)])
enter(moveaxis, np.moveaxis, calls=[call((2, 3, 2), 0, -1), call((2, 3, 2), source=[0, 1], destination=[-1, 0])])
enter(rollaxis, np.rollaxis, calls=[call((2, 3, 2), 2), call((2, 3, 2), 0, 2), call((2, 3, 2), -1, start=-2)])
enter(flip, np.flip, calls=[call((2, 3)), call((2, 3, 2), axis=(0, -1)), call((2, 3), axis=1)])
enter(fliplr, np.fliplr, calls=[call((2, 3, 2))])
enter(flipud, np.flipud, calls=[call((3,)), call((2, 3))])
enter(rot90, np.rot90, calls=[*(call((2, 3, 2), k, axes=(1, -1)) for k in (0, 2, -1)), call((2, 3))])
enter(expand_dims, np.expand_dims, calls=[call((2, 3), axis=1), call((2, 3), axis=(0, -2)), call((), axis=0)])
enter(squeeze, np.squeeze, calls=[call((1, 2, 1)), call((1, 2, 1), axis=(-1,)), call((1, 2, 1), axis=0)])
enter(ravel, np.ravel, calls=[call((2, 3)), *(call((2, 3, 2), order=order) for order in "FAK"), call(())])
enter(broadcast_to, np.broadcast_to, calls=[call((3, 1), shape=(2, 3, 2)), call((), shape=(2,))])
enter(broadcast_arrays, np.broadcast_arrays, calls=[call((3, 1), (), (2,)), call((2,), (2,))])
enter(atleast_1d, np.atleast_1d, calls=[call(()), call((2, 3)), call((), (2,))])
enter(atleast_2d, np.atleast_2d, calls=[call(()), call((3,)), call((2,), (2, 3))])
enter(atleast_3d, np.atleast_3d, calls=[call(()), call((3,)), call((2, 3)), call((2, 3, 2))])
enter(
    concatenate,
    np.concatenate,
    np.concat,
    calls=[
        call([(2, 3), (1, 3)]),
        call([(2, 3, 2), (2, 1, 2), (2, 2, 2)], axis=-2, dtype=float),
        call([(2, 3), ()], axis=None),
    ],
)
enter(stack, np.stack, calls=[call([(2, 3), (2, 3)], axis=-2), call([(), ()]), call([(2,), (2,), (2,)], 1)])
enter(
    where,
    np.where,
    calls=[
        call((3,), (2, 1), through=lambda f, x, y: f([[True, False, True], [False, False, True]], x, y)),
        call((3,), (3,), through=lambda f, x, y: f(x > 0.5, x, y)),
    ],
)

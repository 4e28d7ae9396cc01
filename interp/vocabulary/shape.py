"""Rearrangements of shape: structural primitives with their transposes, and NumPy's names made of them."""

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from interp.linear import lead, unbroadcast
from interp.primitive import COUNTERPARTS, Structural, negative_axes, negative_axis
from interp.value import innermost, ndim_of, operand, shape_of

Canonical = tuple[tuple[Any, ...], dict[str, Any]]


def _array_reshape(x: Any, shape: tuple[int, ...]) -> Any:
    return x.reshape(shape) if hasattr(x, "reshape") else np.reshape(x, shape)


def _reshape(x: Any, shape: Any, order: str = "C", *, copy: bool | None = None) -> Canonical:
    if order != "C":
        raise TypeError(f"order={order!r}: only C order")
    x = operand(x)
    given = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
    size = math.prod(shape_of(x))
    known = math.prod(n for n in given if n != -1)
    full = tuple(int(size // known if known else 0) if n == -1 else int(n) for n in given)
    if math.prod(full) != size or list(given).count(-1) > 1:
        raise ValueError(f"cannot reshape array of size {size} into shape {given}")
    return (x,), {"shape": full}


reshape: Structural = Structural(
    "reshape",
    _array_reshape,
    canonical=_reshape,
    counterparts=(np.reshape,),
    adjoint=lambda ct, position, operands, params, batch: reshape(ct, lead(batch) + operands[0]),
    batched=lambda params, batch, shape: {"shape": (batch, *params["shape"])},
)


def _transpose(x: Any, axes: Any = None) -> Canonical:
    x = operand(x)
    ndim = ndim_of(x)
    if axes is None:
        order = tuple(range(-1, -ndim - 1, -1))
    else:
        order = tuple(negative_axis(a, ndim) for a in axes)
        if sorted(order) != list(range(-ndim, 0)):
            raise ValueError(f"axes {tuple(axes)} are no permutation of an array of {ndim} dimensions")
    return (x,), {"axes": order}


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


def _concatenate(arrays: Any, axis: Any = 0) -> Canonical:
    parts = tuple(operand(x) for x in arrays)
    if not parts:
        raise ValueError("need at least one array to concatenate")
    if axis is None:
        parts, axis = tuple(reshape(x, -1) for x in parts), 0
    axis = negative_axis(axis, ndim_of(parts[0]))
    lengths = [shape_of(x)[axis] for x in parts if ndim_of(x) >= -axis]  # of other ranks NumPy complains
    starts = tuple(accumulate(lengths, initial=0))
    return parts, {"axis": axis, "starts": starts}


def _slice_of_part(ct: Any, position: int, operands: Any, params: dict[str, Any], batch: int | None) -> Any:
    axis, start = params["axis"], params["starts"][position]
    index = (..., slice(start, start + operands[position][axis]), *(slice(None),) * (-axis - 1))
    return ct[index]


concatenate = Structural(
    "concat",
    lambda *parts, axis, starts: np.concatenate(parts, axis=axis),
    canonical=_concatenate,
    counterparts=(np.concatenate,),
    adjoint=_slice_of_part,
)


def _broadcast_to(x: Any, shape: Any) -> Canonical:
    target = (shape,) if isinstance(shape, int | np.integer) else tuple(int(n) for n in shape)
    return (operand(x),), {"shape": target}


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


def _flip(x: Any, axis: Any = None) -> Canonical:
    x = operand(x)
    return (x,), {"axis": negative_axes(axis, ndim_of(x))}


flip: Structural = Structural(
    "flip",
    lambda x, axis: np.flip(x, axis),
    canonical=_flip,
    counterparts=(np.flip,),
    adjoint=lambda ct, position, operands, params, batch: flip.dispatch(ct, **params),
)


def _where(condition: Any, x: Any, y: Any) -> Canonical:
    return (condition, x, y), {}


def _select_adjoint(ct: Any, position: int, operands: Any, params: dict[str, Any], batch: int | None) -> Any:
    condition = operands[0]
    chosen = where(condition, ct, 0.0) if position == 1 else where(condition, 0.0, ct)
    return unbroadcast(chosen, operands[position], batch)


def _array_where(condition: Any, x: Any, y: Any) -> Any:
    """``x`` where the condition holds, else ``y``; of numbers a number."""
    return np.where(condition, x, y)[()]


where = Structural(
    "where",
    _array_where,
    canonical=_where,
    counterparts=(np.where,),
    broadcasts=True,
    selectors=(0,),
    adjoint=_select_adjoint,
)

# -- NumPy's names, made of the above


def stack(arrays: Any, axis: int = 0) -> Any:
    """Join arrays or scalars of one shape along a new axis."""
    parts = [operand(x) for x in arrays]
    if not parts:
        raise ValueError("need at least one array to stack")
    shapes = {shape_of(x) for x in parts}
    if len(shapes) != 1:
        raise ValueError(f"all input arrays must have the same shape, not {sorted(shapes)}")
    ndim = len(shapes.pop()) + 1
    return concatenate([expand_dims(x, negative_axis(axis, ndim)) for x in parts], axis=axis)


def expand_dims(x: Any, axis: Any) -> Any:
    """Insert axes of length one."""
    x = operand(x)
    axes = axis if isinstance(axis, tuple) else (axis,)
    ndim = ndim_of(x) + len(axes)
    new = {negative_axis(a, ndim) for a in axes}
    old = iter(shape_of(x))
    return reshape(x, tuple(1 if i - ndim in new else next(old) for i in range(ndim)))


def squeeze(x: Any, axis: Any = None) -> Any:
    """Drop axes of length one."""
    x = operand(x)
    shape = shape_of(x)
    ndim = len(shape)
    drop = {i - ndim for i, n in enumerate(shape) if n == 1} if axis is None else set(negative_axes(axis, ndim))
    if any(shape[a] != 1 for a in drop):
        raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    return reshape(x, tuple(n for i, n in enumerate(shape) if i - ndim not in drop))


def ravel(x: Any) -> Any:
    """All elements in C order as one axis; a view where NumPy's is one: contiguous, which a reshape need not be."""
    from interp.vocabulary.creation import copy

    flat = reshape(x, (-1,))
    layout = getattr(innermost(flat), "flags", None)
    return flat if layout is None or layout.c_contiguous else copy(flat)


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Exchange two axes."""
    x = operand(x)
    axes = list(range(ndim_of(x)))
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return transpose(x, axes)


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Move axes to new positions."""
    x = operand(x)
    ndim = ndim_of(x)
    sources = [a + ndim for a in _axis_list(source, ndim)]
    targets = [a + ndim for a in _axis_list(destination, ndim)]
    order = [a for a in range(ndim) if a not in sources]
    for target, axis in sorted(zip(targets, sources, strict=True)):
        order.insert(target, axis)
    return transpose(x, order)


def _axis_list(axis: Any, ndim: int) -> Sequence[int]:
    return [negative_axis(a, ndim) for a in (axis if isinstance(axis, tuple | list) else (axis,))]


def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """Move elements by ``shift`` places along axes (None: in C order); what leaves at one end enters at the other."""
    x = operand(x)
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), shape_of(x))
    for places, along in np.broadcast(shift, axis):
        behind = -negative_axis(along, ndim_of(x)) - 1
        cut = -places % max(shape_of(x)[along], 1)
        parts = [x[(..., part, *(slice(None),) * behind)] for part in (slice(cut, None), slice(cut))]
        x = concatenate(parts, axis=along)
    return x


def atleast_1d(x: Any) -> Any:
    """Scalars become arrays of one element."""
    x = operand(x)
    return reshape(x, (1,)) if ndim_of(x) == 0 else x


def vstack(arrays: Any) -> Any:
    """Stack rows."""
    return concatenate([x if ndim_of(x) > 1 else reshape(x, (1, -1)) for x in map(operand, arrays)], axis=0)


def hstack(arrays: Any) -> Any:
    """Stack columns; vectors are joined end to end."""
    parts = [atleast_1d(x) for x in arrays]
    return concatenate(parts, axis=0 if ndim_of(parts[0]) == 1 else 1)


def column_stack(arrays: Any) -> Any:
    """Vectors become the columns of a matrix."""
    return concatenate([x if ndim_of(x) > 1 else reshape(x, (-1, 1)) for x in map(operand, arrays)], axis=1)


COUNTERPARTS.update(
    {
        np.shape: shape_of,
        np.ndim: ndim_of,
        np.size: lambda x, axis=None: int(np.prod(shape_of(x), dtype=int)) if axis is None else shape_of(x)[axis],
        np.stack: stack,
        np.expand_dims: expand_dims,
        np.squeeze: squeeze,
        np.ravel: ravel,
        np.swapaxes: swapaxes,
        np.moveaxis: moveaxis,
        np.roll: roll,
        np.atleast_1d: atleast_1d,
        np.vstack: vstack,
        np.hstack: hstack,
        np.column_stack: column_stack,
    }
)

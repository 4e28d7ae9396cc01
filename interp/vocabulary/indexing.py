"""Reading and writing elements: basic, advanced and boolean indices."""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from interp import backends
from interp.errors import StripError, UndecidedError
from interp.linear import ONE, Diagonal, Gather, lead
from interp.primitive import Assignment, Contraction, Structural, negative_axis
from interp.value import Holder, Value, carries_joining, ndim_of, operand, shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.composites import composite, no_out
from interp.vocabulary.creation import zeros
from interp.vocabulary.predicates import not_equal
from interp.vocabulary.shape import in_memory_order, reshape

Index = tuple[Any, ...]


def plain_index(index: Any) -> Index:
    """``index`` as a tuple of plain parts; lists become arrays. A value among them raises."""
    parts = index if isinstance(index, tuple) else (index,)
    for part in parts:
        if part.__class__ not in PARTS or (part.__class__ is slice and not _has_plain_bounds(part)):
            return tuple([_plain_part(part) for part in parts])
    return parts


def _has_plain_bounds(part: slice) -> bool:
    return part.start.__class__ in PARTS and part.stop.__class__ in PARTS and part.step.__class__ in PARTS


PARTS = frozenset({int, slice, type(None), type(Ellipsis)})
"""Classes of the parts of a basic index, but for subclasses of int."""


def _plain_part(part: Any) -> Any:
    if isinstance(part, Holder):
        part = part.held
    if isinstance(part, Value):
        if part.dtype.kind == "b":
            raise UndecidedError(
                f"a mask that is a {type(part).__name__} is undecided: the shape of x[mask] would depend on it. "
                "Use np.where(mask, x, 0), whose shape does not"
            )
        raise StripError(
            f"a {type(part).__name__} as an index would be stripped of what it carries; "
            "index with int(interp.primal(i)) if nothing is to flow through the position"
        )
    if isinstance(part, list):
        return np.asarray(part, dtype=int) if not part else np.asarray(part)
    if part.__class__ is slice and not _has_plain_bounds(part):
        return slice(*map(_own_bound, (part.start, part.stop, part.step)))
    return part


def _own_bound(bound: Any) -> Any:
    """A bound of a slice, apart from an array without axes that the caller may change."""
    bound = bound.held if isinstance(bound, Holder) else bound
    return operator.index(bound) if isinstance(bound, np.ndarray) else bound


def plain_mask(condition: Any) -> Any:
    """Where ``condition`` is true, as plain booleans. Raises `UndecidedError` of a value that leaves that open."""
    mask = operand(condition)
    if isinstance(mask, Value) and mask.dtype.kind != "b":
        mask = not_equal(mask, 0)
    return _plain_part(mask)


def positions(indices: Any, n: int, mode: str = "raise") -> Any:
    """Plain positions on an axis of length ``n``, truncated to integers; beyond its ends as ``mode`` says.

    In mode "raise" they stay as they are: indexing raises.
    """
    index = _plain_part(indices)
    index = index if hasattr(index, "dtype") else np.asarray(indices)
    if index.dtype.kind not in "biuf":
        raise TypeError(f"positions are integers, not {index.dtype}")
    index = index.astype(np.intp)
    if mode == "raise":
        return index
    if mode not in ("wrap", "clip"):
        raise ValueError(f"mode is 'raise', 'wrap' or 'clip', not {mode!r}")
    if n == 0 and index.size:
        raise IndexError("cannot do a non-empty take from an empty axes.")
    return index % max(n, 1) if mode == "wrap" else index.clip(0, max(n - 1, 0))


def are_open(indices: Any) -> bool:
    """True of positions that an input decides, which other inputs have elsewhere: of ``argmax`` of a tracer."""
    return isinstance(indices, Value) and indices.dtype.kind in "iu" and carries_joining(indices)


def owned_index(index: Index) -> Index:
    """``index`` with arrays of its own, which the caller cannot change."""
    return tuple(part.copy() if isinstance(part, np.ndarray) else part for part in index)


def is_basic(index: Index) -> bool:
    """True if NumPy answers with a view or a scalar: integers, slices, None and ellipsis alone."""
    for part in index:
        if part.__class__ not in PARTS and (not isinstance(part, (int, np.integer)) or isinstance(part, bool)):
            return False
    return True


def is_element(index: Index, ndim: int) -> bool:
    """True if a basic index picks one element."""
    return len(index) == ndim and all(isinstance(part, int | np.integer) for part in index)


def _batched(params: dict[str, Any], batch: int, shape: tuple[int, ...]) -> dict[str, Any]:
    """The same elements behind a leading axis.

    Advanced parts that are not side by side (x[i, :, j]) send their axis to the front, before the
    directions: those are rewritten as one group of index arrays, which stays in place.
    """
    index = params["index"]
    advanced = [i for i, part in enumerate(index) if not (part is None or part is Ellipsis or isinstance(part, slice))]
    contiguous = not advanced or advanced[-1] - advanced[0] + 1 == len(advanced)
    if is_basic(index) or contiguous:
        return {"index": (slice(None), *index)}
    flat = np.arange(int(np.prod(shape, dtype=int))).reshape(shape)[index]
    return {"index": (slice(None), *np.unravel_index(flat, shape))}


def _getitem_adjoint(ct: Any, position: int, operands: Any, params: dict[str, Any], batch: int | None) -> Any:
    if not operands[0]:  # a number, read as x[()] or x[None]
        return reshape(ct, lead(batch))
    target = zeros(lead(batch) + operands[0], like=ct)
    if type(target) is np.ndarray:
        _getitem_accumulate(target, ct, operands, params, batch)
        return target
    return index_add(target, ct, getitem.with_batch(params, batch, operands[0])["index"])


def _getitem_accumulate(total: Any, ct: Any, operands: Any, params: dict[str, Any], batch: int | None) -> bool:
    if not operands[0]:
        return False
    index = getitem.with_batch(params, batch, operands[0])["index"]
    if is_basic(index):
        total[index] += ct
        return True
    beside_slices = not all(isinstance(part, int | np.integer | np.ndarray) for part in index)
    if beside_slices and total.flags.c_contiguous and 4 * np.size(ct) >= total.size:
        # NumPy adds at one array of integers ten times as fast as at arrays beside slices.
        flat = np.arange(total.size).reshape(total.shape)[index].reshape(-1)
        np.add.at(total.reshape(-1), flat, np.reshape(ct, -1))
    else:
        np.add.at(total, index, ct)
    return True


def _array_getitem(x: Any, index: Index) -> Any:
    """``x[index]`` by NumPy's rules: a view for basic indices, a copy for advanced and boolean ones."""
    return x[index] if hasattr(x, "shape") else np.asarray(x)[index]  # Python's numbers know no x[None]


getitem = Structural(
    "getitem",
    _array_getitem,
    canonical=lambda x, index: ((x,), {"index": plain_index(index)}),
    adjoint=_getitem_adjoint,
    accumulate=_getitem_accumulate,
    batched=_batched,
)


def _array_index_add(x: Any, y: Any, index: Index) -> Any:
    """A copy of ``x`` with ``y``, of the shape of x[index], added there; repeated indices add up.

    The transpose of ``getitem``; instead of ``np.add.at``, which changes a plain array.
    """
    out = x.astype(np.result_type(x, y))
    if is_basic(index):
        out[index] += y
    elif type(out) is np.ndarray and out.ndim > 1 and out.dtype in COUNTED and np.size(y) * FEW > out.size:
        at = np.arange(out.size).reshape(out.shape)[index]
        out += _totals(at.reshape(-1), np.broadcast_to(y, at.shape).reshape(-1), out.size).reshape(out.shape)
    else:
        backends.namespace(out).add.at(out, index, y)
    return out


COUNTED = frozenset(map(np.dtype, (np.float32, np.float64, np.complex64, np.complex128)))
FEW = 64
"""Where fewer elements than one in so many are added to, numbering all of them costs more than NumPy's ``add.at``."""


def _totals(at: Any, y: Any, size: int) -> Any:
    """Sums of ``y`` by position, in double precision: many times faster than ``np.add.at`` of several axes."""
    if y.dtype.kind == "c":
        return _totals(at, y.real, size) + 1j * _totals(at, y.imag, size)
    return np.bincount(at, y, size)


def _index_add_maps(out: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> Sequence[Any]:
    x, y = operands
    read = Gather(getitem, 0, (shape_of(x),), params, shape_of(y))
    return [Diagonal(ONE, shape_of(x), shape_of(x)), read.adjoint()]


index_add = Contraction(
    "index_add",
    _array_index_add,
    canonical=lambda x, y, index: ((x, y), {"index": plain_index(index)}),
    derivative=_index_add_maps,
)


def _array_setitem(x: Any, y: Any, index: Index) -> None:
    """``x[index] = y``: changes ``x``, as its views see. ``y`` broadcasts to x[index]."""
    # NumPy guards against overlap except along one axis with unequal strides, as in a[::2] = a[:3].
    x[index] = y.copy() if isinstance(y, np.ndarray) and np.may_share_memory(x, y) else y


setitem = Assignment("setitem", _array_setitem, canonical=lambda x, y, index: ((x, y), {"index": plain_index(index)}))


def along(x: Any, axis: int, part: Any) -> Index:
    """The index with ``part`` on a negative axis."""
    return (*(slice(None),) * (axis + ndim_of(x)), part)


@composite(np.take)
def take(a: Any, indices: Any, axis: int | None = None, out: Any = None, mode: str = "raise") -> Any:
    """Elements along an axis (None: of all in C order), at plain integer positions."""
    no_out(out)
    x = operand(a)
    if axis is None:
        x, axis = reshape(x, (-1,)), -1
    axis = negative_axis(axis, ndim_of(x))
    if are_open(indices) and mode == "raise":
        from interp.vocabulary.selecting import taken_anywhere

        return taken_anywhere(x, indices, axis)
    index = positions(indices, shape_of(x)[axis], mode)
    if index.ndim == 0 and ndim_of(x) == 1:
        return getitem(x, (int(index),))
    return in_memory_order(getitem(x, along(x, axis, index)), "C")


enter(
    take,
    np.take,
    calls=[
        call((2, 3), indices=[[4, 0], [-1, 4]]),
        call((2, 3, 2), indices=[2, 0, 2], axis=1),
        call((2, 3, 2), indices=[[1, 0]], axis=-1),
        call((2, 3), indices=1, axis=0),
        call((3,), indices=-1),
        call((2, 3), indices=[5, -7, 2], axis=1, mode="wrap"),
        call((2, 3), indices=[5, -7, 2], mode="clip"),
        call((), indices=[0, 0]),
    ],
)

"""Reading and writing elements: basic, advanced and boolean indices."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from interp import backends
from interp.errors import StripError, UndecidedError
from interp.linear import ONE, Diagonal, Gather
from interp.primitive import COUNTERPARTS, Assignment, Contraction, Structural, negative_axis
from interp.value import Holder, Value, ndim_of, operand, shape_of

Index = tuple[Any, ...]


def plain_index(index: Any) -> Index:
    """``index`` as a tuple of plain parts; lists become arrays. A value among them raises."""
    parts = index if isinstance(index, tuple) else (index,)
    return tuple(_plain_part(part) for part in parts)


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
    return part


def owned_index(index: Index) -> Index:
    """``index`` with arrays of its own, which the caller cannot change."""
    return tuple(part.copy() if isinstance(part, np.ndarray) else part for part in index)


def is_basic(index: Index) -> bool:
    """True if NumPy answers with a view or a scalar: integers, slices, None and ellipsis alone."""
    return all(
        part is None or part is Ellipsis or (isinstance(part, slice | int | np.integer) and not isinstance(part, bool))
        for part in index
    )


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
    from interp.linear import lead
    from interp.vocabulary.creation import zeros
    from interp.vocabulary.shape import reshape

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
    else:
        backends.namespace(out).add.at(out, index, y)
    return out


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


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Elements along an axis, at plain integer positions."""
    x = operand(x)
    if axis is None:
        return getitem(x.reshape(-1), indices)
    behind = -negative_axis(axis, ndim_of(x)) - 1
    return getitem(x, (..., np.asarray(indices), *(slice(None),) * behind))


COUNTERPARTS[np.take] = take

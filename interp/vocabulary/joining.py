"""Arrays joined into one: side by side, in blocks, and one inserted into another."""

from typing import Any

import numpy as np

from interp.errors import UnsupportedArgument
from interp.primitive import negative_axis
from interp.value import Value, ndim_of, shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.composites import composite
from interp.vocabulary.creation import as_operand, copy
from interp.vocabulary.indexing import plain_index, take
from interp.vocabulary.shape import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    broadcast_to,
    concatenate,
    in_memory_order,
    memory_order,
    moveaxis,
    prefixed,
    ravel,
    transpose,
)


@composite(np.vstack)
def vstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """Join along the first axis; vectors are rows."""
    return concatenate([atleast_2d(as_operand(x)) for x in tup], axis=0, dtype=dtype, casting=casting)


@composite(np.hstack)
def hstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """Join along the second axis; vectors end to end."""
    parts = [atleast_1d(as_operand(x)) for x in tup]
    return concatenate(parts, axis=0 if ndim_of(parts[0]) == 1 else 1, dtype=dtype, casting=casting)


@composite(np.dstack)
def dstack(tup: Any) -> Any:
    """Join along the third axis, which matrices and vectors get."""
    return concatenate([atleast_3d(as_operand(x)) for x in tup], axis=2)


@composite(np.column_stack)
def column_stack(tup: Any) -> Any:
    """Join along the second axis; vectors are columns."""
    parts = map(as_operand, tup)
    return concatenate([x if ndim_of(x) > 1 else transpose(atleast_2d(x)) for x in parts], axis=1)


@composite(np.block)
def block(arrays: Any) -> Any:
    """Join nested lists of blocks: the innermost along the last axis, those around along the axes before."""
    depth = _depth(arrays)
    return _blocks(arrays, depth, max(depth, _rank(arrays))) if depth else copy(arrays)


def _depth(arrays: Any) -> int:
    """How deep lists are nested, everywhere the same."""
    if isinstance(arrays, tuple):
        raise TypeError("block takes nested lists of arrays, not tuples")
    if not isinstance(arrays, list):
        return 0
    if not arrays:
        raise ValueError("block: a list of blocks cannot be empty")
    depths = set(map(_depth, arrays))
    if len(depths) > 1:
        raise ValueError(f"block: list depths are mismatched, {sorted(depths)} stand side by side")
    return 1 + depths.pop()


def _rank(arrays: Any) -> int:
    return max(map(_rank, arrays)) if isinstance(arrays, list) else ndim_of(arrays)


def _blocks(arrays: Any, depth: int, ndim: int) -> Any:
    if not depth:
        return prefixed(arrays, ndim)
    return concatenate([_blocks(part, depth - 1, ndim) for part in arrays], axis=-depth)


@composite(np.append)
def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """``values`` behind ``arr`` along an axis (None: both as vectors)."""
    arr, values = as_operand(arr), as_operand(values)
    if axis is None:
        return concatenate([ravel(arr), ravel(values)])
    return concatenate([arr, values], axis=axis)


@composite(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """``values`` before the positions ``obj``, an integer, slice, list or mask, along an axis (None: of the vector).

    NumPy converts them to the type of ``arr``; of a value another type is refused.
    """
    x, values = as_operand(arr), as_operand(values)
    x, axis = (ravel(x), -1) if axis is None else (x, negative_axis(axis, ndim_of(x)))
    values = _as_inserted(values, x)
    shape = list(shape_of(x))
    n = shape[axis]
    (obj,) = plain_index((obj,))
    shape[axis] = np.insert(np.arange(n), obj, 0).size - n
    if shape[axis] == 1:  # one position takes any number of slices
        values = prefixed(values, len(shape))
        values = values if isinstance(obj, slice) or np.ndim(obj) else moveaxis(values, 0, axis)
        shape[axis] = shape_of(values)[axis]
    order = np.insert(np.arange(n), obj, np.arange(n, n + shape[axis]))
    return in_memory_order(take(concatenate([x, broadcast_to(values, shape)], axis=axis), order, axis), memory_order(x))


def _as_inserted(values: Any, x: Any) -> Any:
    if not isinstance(values, Value):
        return np.asarray(values, dtype=x.dtype)
    if values.dtype != x.dtype:
        raise UnsupportedArgument(
            f"insert: a {type(values).__name__} of {values.dtype} would be converted to {x.dtype}, the type of the "
            "array: convert the array before"
        )
    return values


enter(vstack, np.vstack, calls=[call([(3,), (2, 3)]), call([(), ()]), call([(2, 2), (1, 2)], dtype=float)])
enter(hstack, np.hstack, calls=[call([(3,), (2,), ()]), call([(2, 3), (2, 1)])])
enter(dstack, np.dstack, calls=[call([(3,), (3,)]), call([(2, 3), (2, 3, 2)])])
enter(column_stack, np.column_stack, calls=[call([(2,), (2, 3)]), call([(), ()])])
enter(
    block,
    np.block,
    calls=[
        call((2, 3)),
        call((2,), (), through=lambda f, x, y: f([x, y, x])),
        call((2, 2), (2, 1), (3,), through=lambda f, x, y, z: f([[x, y], [z]])),
        call((2,), (2, 1, 2), through=lambda f, x, y: f([[[x], [x]], [[y[:1]], [y[1:]]]])),
    ],
)
enter(append, np.append, calls=[call((2, 3), (2,)), call((2, 3), (1, 3), axis=0), call((), ())])
enter(
    insert,
    np.insert,
    calls=[
        call((2, 3), (), through=lambda f, x, y: f(x, 1, y)),
        call((2, 3), (2,), through=lambda f, x, y: f(x, -1, y, axis=1)),
        call((2, 3), (2, 2), through=lambda f, x, y: f(x, 3, y, axis=-1)),
        call((2, 3), (2, 1), through=lambda f, x, y: f(x, [1], y, axis=1)),
        call((2, 3), (3,), through=lambda f, x, y: f(x, [0, 2, 2], y, axis=0)),
        call((4,), (2,), through=lambda f, x, y: f(x, slice(1, 4, 2), y)),
        call((3,), (2,), through=lambda f, x, y: f(x, np.array([True, False, True]), y)),
        call((3,), (), through=lambda f, x, y: f(x, [], y)),
    ],
)

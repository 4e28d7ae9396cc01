"""Elements selected by positions, conditions and choices, one by one; and stores into those.

Positions and shapes are plain. Where only a value knows them (a traced comparison, an interval that contains zero),
`UndecidedError` is raised; what is chosen, element by element, by such a condition comes of all sides (`where`).
"""

from typing import Any

import numpy as np

from interp import backends
from interp.errors import UndecidedError, UnsupportedArgument
from interp.primitive import negative_axis
from interp.value import Value, ndim_of, operand, primal, shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.composites import companion, composite, no_out
from interp.vocabulary.creation import as_operand, copy
from interp.vocabulary.indexing import are_open, getitem, plain_mask, positions, setitem, take
from interp.vocabulary.predicates import equal, logical_or
from interp.vocabulary.reductions import sum
from interp.vocabulary.repeating import resize
from interp.vocabulary.shape import broadcast_to, expand_dims, in_memory_order, moveaxis, ravel, reshape, where

# -- positions


@composite(np.nonzero)
def nonzero(a: Any) -> tuple[np.ndarray, ...]:
    """Positions of the elements that are not 0, an array an axis."""
    return np.nonzero(plain_mask(a))


@composite(np.argwhere)
def argwhere(a: Any) -> np.ndarray:
    """Positions of the elements that are not 0, a row each."""
    return np.argwhere(plain_mask(a))


@composite(np.flatnonzero)
def flatnonzero(a: Any) -> np.ndarray:
    """Positions of the elements that are not 0, in C order."""
    return np.flatnonzero(plain_mask(a))


# -- taking


def _along_axis(x: Any, indices: Any, axis: int) -> tuple[Any, ...]:
    """Index of the elements at ``indices`` along an axis, each in its own line."""
    axis = negative_axis(axis, ndim_of(x))
    index = _integers(indices)
    if index.ndim != ndim_of(x):
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    lines = [companion(i, x) for i in np.indices(shape_of(x), sparse=True)]
    lines[axis] = companion(index, x)
    return tuple(lines)


def _integers(indices: Any) -> Any:
    index = positions(indices, 0) if isinstance(indices, Value) else as_operand(indices)
    if index.dtype.kind not in "iu":
        raise IndexError("`indices` must be an integer array")
    return index


@composite(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    """Elements at ``indices``, which have as many axes as ``arr``, along an axis (None: of the vector)."""
    if axis is None:
        arr, axis = ravel(arr), 0
    if are_open(indices):
        return _taken_anywhere_along(arr, indices, axis)
    return getitem(arr, _along_axis(arr, indices, axis))


def taken_anywhere(x: Any, indices: Any, axis: int) -> Any:
    """`take` at positions that may be any, along a negative axis."""
    ndim = ndim_of(indices)
    lines = expand_dims(moveaxis(x, axis, -1), tuple(range(-ndim - 1, -1))) if ndim else moveaxis(x, axis, -1)
    places = tuple(range(ndim_of(x) - 1, ndim_of(x) - 1 + ndim))
    return moveaxis(_chosen(lines, indices), places, tuple(axis + ndim_of(x) + i for i in range(ndim)))


def _taken_anywhere_along(x: Any, indices: Any, axis: int) -> Any:
    """`take_along_axis` at positions that may be any."""
    axis = negative_axis(axis, ndim_of(x))
    if ndim_of(indices) != ndim_of(x):
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    return _chosen(expand_dims(moveaxis(x, axis, -1), axis - 1), indices)


def _chosen(lines: Any, indices: Any) -> Any:
    """Of the last axis the element at each position, all of them brought face to face."""
    n = shape_of(lines)[-1]
    wanted = expand_dims(indices, -1) if ndim_of(indices) else indices
    if int(np.prod(np.broadcast_shapes(shape_of(lines), shape_of(wanted)), dtype=int)) > LARGEST:
        raise UndecidedError(
            f"{int(np.prod(shape_of(indices)))} positions that the input decides, among {n} elements, would be brought "
            f"face to face, which is done up to {LARGEST} pairs: use np.sort, np.max or np.where instead of positions"
        )
    there = companion(np.arange(n), primal(lines))
    return sum(where(logical_or(equal(wanted, there), equal(wanted, there - n)), lines, lines.dtype.type(0)), axis=-1)


LARGEST = 1 << 24
"""Number of pairs of a position and an element that are compared where positions are open."""


@composite(np.compress)
def compress(condition: Any, a: Any, axis: int | None = None, out: Any = None) -> Any:
    """The slices along an axis (None: elements of the vector) where a condition holds."""
    no_out(out)
    mask = plain_mask(condition)
    if ndim_of(mask) != 1:
        raise ValueError("condition must be a 1-d array")
    return take(a, np.flatnonzero(mask), axis)


@composite(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    """The elements where a condition holds, in C order."""
    return take(ravel(operand(arr)), np.flatnonzero(plain_mask(condition)))


# -- choosing


@composite(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Of the choices the first whose condition holds, element by element; ``default`` where none does."""
    conditions, choices = [as_operand(condition) for condition in condlist], list(choicelist)
    if len(conditions) != len(choices):
        raise ValueError("list of cases must be same length as list of conditions")
    if not conditions:
        raise ValueError("select with an empty condition list is not possible")
    for i, condition in enumerate(conditions):
        if not isinstance(condition, bool) and getattr(condition, "dtype", None) != np.bool_:
            raise TypeError(f"invalid entry {i} in condlist: should be boolean ndarray")
    out = default
    for condition, choice in zip(reversed(conditions), reversed(choices), strict=True):
        out = where(condition, as_operand(choice), out)
    return in_memory_order(out, "C")


@composite(np.choose)
def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """Of the choices the one whose number ``a`` has, element by element; numbers beyond as ``mode`` says."""
    no_out(out)
    options = [as_operand(choice) for choice in choices]
    numbers = as_operand(a)
    if getattr(numbers, "dtype", np.dtype(type(numbers))).kind not in "biu":
        raise TypeError("choose: the numbers of the choices are integers")
    if not isinstance(a, Value):
        numbers = positions(a, len(options), mode)
    elif mode != "raise":
        raise UnsupportedArgument(
            f"choose: mode={mode!r} of a {type(a).__name__} as the choice: use np.clip or % on it"
        )
    at = np.asarray(backends.to_host(primal(numbers)))
    if mode == "raise" and ((at < 0) | (at >= len(options))).any():
        raise ValueError("invalid entry in choice array")
    chosen = copy(broadcast_to(options[-1], np.broadcast_shapes(at.shape, shape_of(options[-1]))))
    for i in reversed(range(len(options) - 1)):
        chosen = where(equal(numbers, i), options[i], chosen)
    return in_memory_order(chosen, "C")


# -- storing


@composite(np.put_along_axis)
def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    """Store ``values`` at ``indices``, which have as many axes as ``arr``, along an axis (None: of all in C order)."""
    if axis is None:
        put(arr, _integers(indices), values)
    else:
        setitem(arr, as_operand(values), _along_axis(arr, indices, axis))


@composite(np.put)
def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    """Store ``v``, from its first element again where it is short, at positions in C order."""
    size = int(np.prod(shape_of(a), dtype=int))
    flat = ravel(positions(ind, size, mode))
    if ((flat < -size) | (flat >= size)).any():
        raise IndexError(f"a position of {flat} is out of bounds for an array of size {size}")
    v = ravel(as_operand(v))
    if shape_of(v)[0] and flat.size:
        setitem(a, resize(v, flat.size), np.unravel_index(flat % size, shape_of(a)))


@composite(np.putmask)
def putmask(a: Any, /, mask: Any, values: Any) -> None:
    """Store where ``mask`` holds the element of ``values`` at that place, which start again where they are short."""
    mask, values = as_operand(mask), as_operand(values)
    if np.prod(shape_of(mask)) != np.prod(shape_of(a)):
        raise ValueError("putmask: mask and data must be the same size")
    setitem(a, where(reshape(mask, shape_of(a)), resize(values, shape_of(a)), a), ...)


@composite(np.place)
def place(arr: Any, mask: Any, vals: Any) -> None:
    """Store ``vals``, one after the other and again from the first, where ``mask`` holds."""
    flat, vals = np.flatnonzero(plain_mask(mask)), ravel(as_operand(vals))
    if not flat.size:
        return
    if not shape_of(vals)[0]:
        raise ValueError("Cannot insert from an empty array!")
    put(arr, flat, vals)


def _after(*before: Any, behind: tuple[Any, ...] = ()) -> Any:
    """How examples store: into a copy, which is the result. ``before`` and ``behind`` are passed around the values."""

    def changed(function: Any, x: Any, values: Any) -> Any:
        x = x.copy()
        function(x, *before, values, *behind)
        return x

    return changed


CHOICES = [[0, 2, 1], [1, 0, 2]]

enter(nonzero, np.nonzero, calls=[call((2, 3))], differentiable=False)
enter(argwhere, np.argwhere, calls=[call((2, 3))], differentiable=False)
enter(flatnonzero, np.flatnonzero, calls=[call((2, 3))], differentiable=False)
enter(
    take_along_axis,
    np.take_along_axis,
    calls=[
        call((2, 3), indices=np.array(CHOICES)),
        call((2, 3), indices=np.array([[0, 1, -1]]), axis=0),
        call((2, 3, 2), indices=np.array([[[0, 2]]]), axis=-2),
        call((2, 3), indices=np.array([5, 0, 5]), axis=None),
    ],
)
enter(
    compress,
    np.compress,
    calls=[
        call((2, 3), through=lambda f, x: f([True, False, True], x, axis=-1)),
        call((2, 3), through=lambda f, x: f([0, 1, 1, 0, 1], x)),
        call((2, 3), through=lambda f, x: f(x[0] > 0.5, x, 1)),
    ],
)
enter(extract, np.extract, calls=[call((2, 3), through=lambda f, x: f(x > 0.5, x))])
enter(
    select,
    np.select,
    calls=[
        call((2, 3), (3,), through=lambda f, x, y: f([x > 0.6, x > 0.4], [x * x, y])),
        call((3,), (), through=lambda f, x, y: f([np.array([True, False, False]), x > y], [y, x], default=x**3)),
    ],
)
enter(
    choose,
    np.choose,
    calls=[
        call((3,), (2, 3), (), through=lambda f, x, y, z: f(CHOICES, [x, y, z])),
        call((3, 3), through=lambda f, x: f([2, 0, 1], x)),
        call((3,), (3,), through=lambda f, x, y: f([-1, 5, 0], (x, y), mode="wrap")),
        call((3,), (3,), through=lambda f, x, y: f([-1, 5, 0], (x, y), mode="clip")),
    ],
)
enter(
    put_along_axis,
    np.put_along_axis,
    calls=[
        call((2, 3), (2, 2), through=_after(np.array([[0, 2], [1, 0]]), behind=(1,))),
        call((2, 3), (), through=_after(np.array([[0, 1, 1]]), behind=(0,))),
        call((2, 3), (2,), through=_after(np.array([4, 0]), behind=(None,))),
    ],
)
enter(
    put,
    np.put,
    calls=[
        call((2, 3), (2,), through=_after([0, -1, 3])),
        call((2, 3), (), through=_after([7, -8], behind=("wrap",))),
        call((2, 3), (2,), through=_after([7, -8], behind=("clip",))),
    ],
)
enter(
    putmask,
    np.putmask,
    calls=[
        call((2, 3), (4,), through=_after([[True, False, True], [False, True, True]])),
        call((3,), (), through=_after([1, 0, 1])),
    ],
)
enter(place, np.place, calls=[call((2, 3), (2,), through=_after([[True, False, True], [False, True, True]]))])

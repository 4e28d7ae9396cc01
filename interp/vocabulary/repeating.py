"""Elements repeated: tiles, grids, blocks of a Kronecker product, and rolls.

What repeats everything alike is a broadcast, copied: its transpose is a sum, much cheaper than that of a gather.
"""

import operator
from typing import Any

import numpy as np

from interp.primitive import negative_axis
from interp.value import ndim_of, operand, primal, shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.composites import composite
from interp.vocabulary.creation import copy, zeros
from interp.vocabulary.elementwise import multiply
from interp.vocabulary.indexing import along, plain_index, take
from interp.vocabulary.shape import broadcast_arrays, broadcast_to, concatenate, expand_dims, prefixed, ravel, reshape


def _repeated(x: Any, before: tuple[int, ...], after: tuple[int, ...]) -> Any:
    """Each axis as a whole ``before`` times, and each of its elements ``after`` times; a copy."""
    shape = shape_of(x)
    alone = tuple(m for n in shape for m in (1, n, 1))
    full = tuple(m for n, r, s in zip(shape, before, after, strict=True) for m in (r, n, s))
    spread = copy(broadcast_to(reshape(x, alone), full), "C")
    return reshape(spread, tuple(r * n * s for n, r, s in zip(shape, before, after, strict=True)))


@composite(np.tile)
def tile(A: Any, reps: Any) -> Any:
    """Copies of an array side by side, ``reps`` along each axis; axes are added in front where there are too few."""
    counts = tuple(map(operator.index, reps if np.ndim(reps) else (reps,)))
    x = prefixed(A, len(counts))
    counts = (1,) * (ndim_of(x) - len(counts)) + counts
    return _repeated(x, counts, (1,) * ndim_of(x)) if any(n != 1 for n in counts) else copy(x)


@composite(np.repeat)
def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element along an axis (None: of all in C order) ``repeats`` times: one number, or one an element."""
    x = operand(a)
    if axis is None:
        x, axis = ravel(x), -1
    axis = negative_axis(axis, ndim_of(x))
    (counts,) = plain_index((repeats,))
    if np.size(counts) != 1:
        return take(x, np.repeat(np.arange(shape_of(x)[axis]), counts), axis)
    (count,) = np.repeat(np.ones(1, int), counts).shape
    once = [1] * ndim_of(x)
    times = list(once)
    times[axis] = count
    return _repeated(x, tuple(once), tuple(times))


@composite(np.resize)
def resize(a: Any, new_shape: Any) -> Any:
    """Elements in C order, again from the first as often as it takes to fill ``new_shape``."""
    shape = tuple(new_shape) if np.ndim(new_shape) else (int(new_shape),)
    if any(n < 0 for n in shape):
        raise ValueError("all elements of `new_shape` must be non-negative")
    flat, size = ravel(a), int(np.prod(shape, dtype=int))
    (n,) = shape_of(flat)
    if n == 0:
        return zeros(shape, like=primal(a), dtype=a.dtype)
    return reshape(tile(flat, -(-size // n))[:size], shape)


@composite(np.meshgrid)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    """Coordinates of a grid from those of its axes; ``sparse`` leaves axes of length one, for broadcasting."""
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    places = list(range(len(xi)))
    if indexing == "xy":
        places[:2] = reversed(places[:2])
    lines = [reshape(operand(x), (1,) * i + (-1,) + (1,) * (len(xi) - 1 - i)) for i, x in zip(places, xi, strict=True)]
    grids = tuple(lines) if sparse else broadcast_arrays(*lines)
    return tuple(x.copy() for x in grids) if copy else grids


@composite(np.kron)
def kron(a: Any, b: Any) -> Any:
    """Kronecker product: a block ``a[i, j] * b`` for each element of ``a``, in any number of dimensions."""
    a, b = operand(a), operand(b)
    ndim = max(ndim_of(a), ndim_of(b))
    if 0 in (ndim_of(a), ndim_of(b)):
        return multiply(a, b)
    a, b = prefixed(a, ndim), prefixed(b, ndim)
    product = multiply(expand_dims(a, tuple(range(1, 2 * ndim, 2))), expand_dims(b, tuple(range(0, 2 * ndim, 2))))
    return reshape(product, tuple(n * m for n, m in zip(shape_of(a), shape_of(b), strict=True)))


@composite(np.roll)
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """Move elements by ``shift`` places along axes (None: in C order); what leaves at one end enters at the other."""
    x = operand(a)
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), shape_of(x))
    shifts = np.broadcast(shift, axis)
    if shifts.ndim > 1:
        raise ValueError("'shift' and 'axis' should be scalars or 1D sequences")
    for places, place in shifts:
        place = negative_axis(place, ndim_of(x))
        cut = -int(places) % max(shape_of(x)[place], 1)
        x = concatenate([x[along(x, place, part)] for part in (slice(cut, None), slice(cut))], axis=place)
    return x


enter(tile, np.tile, calls=[call((2, 3), 2), call((2,), reps=(2, 1, 3)), call((2, 3, 2), reps=(1, 2)), call((), 3)])
enter(
    repeat,
    np.repeat,
    calls=[
        call((2, 3), 2),
        call((2, 3, 2), 3, axis=-2),
        call((2, 3), repeats=[2, 0, 1], axis=1),
        call((2, 2), repeats=[1, 2, 0, 3]),
        call((2, 3), repeats=[2], axis=0),
        call((), 2),
    ],
)
enter(resize, np.resize, calls=[call((2, 3), new_shape=(2, 5)), call((2, 3), 4), call((), new_shape=(1, 2))])
enter(
    meshgrid,
    np.meshgrid,
    calls=[
        call((2,), (3,)),
        call((2,), (3,), (2,), indexing="ij"),
        call((2,), (), (3,), sparse=True),
        call((2,), (2,), copy=False),
        call((3,)),
    ],
)
enter(kron, np.kron, calls=[call((2, 3), (3, 2)), call((2,), (2, 2)), call((2, 1, 2), (3,)), call((), (2,))])
enter(
    roll,
    np.roll,
    calls=[
        call((2, 3), -4),
        call((2, 3, 2), 1, axis=-2),
        call((2, 3), shift=(1, -1), axis=(0, 1)),
        call((2, 3), shift=(1, 1), axis=1),
        call((2, 3), shift=2, axis=(1, 1)),
    ],
)

"""Differences of neighbours, and derivatives of what is known at points."""

from typing import Any

import numpy as np

from interp.primitive import negative_axis
from interp.value import Value, ndim_of, shape_of
from interp.vocabulary.arguments import exactly
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.composites import composite
from interp.vocabulary.creation import as_operand
from interp.vocabulary.predicates import not_equal
from interp.vocabulary.reductions import REPEATED
from interp.vocabulary.shape import broadcast_to, concatenate, moveaxis, reshape


@composite(np.diff)
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours along an axis, ``n`` times; of what is put before and after ``a`` as well.

    ``prepend``, ``append``: arrays that fit at the ends, or numbers.
    """
    if n == 0:
        return a
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n!r}")
    a = as_operand(a)
    if not ndim_of(a):
        raise ValueError("diff requires input that is at least one dimensional")
    axis = negative_axis(axis, ndim_of(a))
    parts = [_at_end(prepend, a, axis), [a], _at_end(append, a, axis)]
    if prepend is not None or append is not None:
        a = concatenate([part for some in parts for part in some], axis=axis)
    behind = (slice(None),) * (-axis - 1)
    for _ in range(n):
        later, earlier = a[(..., slice(1, None), *behind)], a[(..., slice(None, -1), *behind)]
        a = not_equal(later, earlier) if a.dtype == bool else later - earlier
    return a


def _at_end(part: Any, a: Any, axis: int) -> list[Any]:
    if part is None:
        return []
    part = as_operand(part)
    if ndim_of(part):
        return [part]
    shape = shape_of(a)
    return [broadcast_to(part, tuple(1 if i - len(shape) == axis else n for i, n in enumerate(shape)))]


@composite(np.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Differences of neighbours of all elements in C order, between ``to_begin`` and ``to_end``."""
    flat = reshape(as_operand(ary), (-1,))
    begin, end = (_of_type(part, flat.dtype) for part in (to_begin, to_end))
    return concatenate([*begin, flat[1:] - flat[:-1], *end])


def _of_type(end: Any, dtype: Any) -> list[Any]:
    """What is put at an end, as a vector of this type."""
    if end is None:
        return []
    end = as_operand(end)
    if not isinstance(end, Value):
        if not np.can_cast(np.asarray(end), dtype, casting="same_kind"):
            raise TypeError(f"ediff1d: to_begin and to_end must fit the type of the input, {dtype}")
        end = np.asarray(end, dtype=dtype)
    return [reshape(end, (-1,))]


@composite(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Derivatives along axes of what is known on a grid, to second order inside, to ``edge_order`` at the edges.

    ``varargs``: nothing for a spacing of 1, one spacing for all axes, or for each axis a spacing or the coordinates of
    its points, which may be values. Returns one array, or a tuple with one for each axis.
    """
    f = as_operand(f)
    shape = shape_of(f)
    every = range(len(shape)) if axis is None else axis
    axes = np.lib.array_utils.normalize_axis_tuple(tuple(every) if axis is None else every, len(shape))
    if not varargs:
        spacings: list[Any] = [1.0] * len(axes)
    elif len(varargs) == 1 and not ndim_of(as_operand(varargs[0])):
        spacings = list(varargs) * len(axes)
    elif len(varargs) == len(axes):
        spacings = [_steps(as_operand(given), shape[a], f) for given, a in zip(varargs, axes, strict=True)]
    else:
        raise TypeError("invalid number of arguments")
    if edge_order > 2:
        raise ValueError("'edge_order' greater than 2 not supported")
    if any(shape[a] < edge_order + 1 for a in axes):
        raise ValueError(
            "Shape of array too small to calculate a numerical gradient, "
            "at least (edge_order + 1) elements are required."
        )
    found = [_slopes(f, h, a, edge_order) for h, a in zip(spacings, axes, strict=True)]
    return found[0] if len(found) == 1 else tuple(found)


def _steps(given: Any, n: int, f: Any) -> Any:
    """A spacing, or the distances between coordinates."""
    if not ndim_of(given):
        return given
    if ndim_of(given) != 1:
        raise ValueError("distances must be either scalars or 1d")
    if shape_of(given)[0] != n:
        raise ValueError("when 1d, distances must match the length of the corresponding dimension")
    given = exactly(given * 1.0, f)
    return given[1:] - given[:-1]


def _slopes(f: Any, h: Any, axis: int, edge_order: int) -> Any:
    f = moveaxis(f, axis, 0)
    if getattr(f, "dtype", np.dtype(float)).kind in "iub":
        f = f * 1.0
    even = not ndim_of(h)
    if not even and not isinstance(h, Value):
        h = h.astype(f.dtype)
    if even:
        first = last = h
        inner = (f[2:] - f[:-2]) / (2.0 * h)
    else:
        first, last = h[0], h[-1]
        h1, h2 = (reshape(part, (-1,) + (1,) * (ndim_of(f) - 1)) for part in (h[:-1], h[1:]))
        slopes = (f[1:-1] - f[:-2]) / h1, (f[2:] - f[1:-1]) / h2
        inner = (h2 * slopes[0] + h1 * slopes[1]) / (h1 + h2)
    if edge_order == 1:
        ends = (f[1:2] - f[:1]) / first, (f[-1:] - f[-2:-1]) / last
    else:
        second, before = (h, h) if even else (h[1], h[-2])
        ends = _edge(f[:1], f[1:2], f[2:3], first, second), _edge(f[-1:], f[-2:-1], f[-3:-2], -last, -before)
    return moveaxis(concatenate([ends[0], inner, ends[1]], axis=0), 0, axis)


def _edge(f0: Any, f1: Any, f2: Any, h1: Any, h2: Any) -> Any:
    """The slope in the first of three points of the parabola through them."""
    chord = (f1 - f0) / h1
    return chord - ((f2 - f1) / h2 - chord) * (h1 / (h1 + h2))


enter(
    diff,
    np.diff,
    calls=[
        call((2, 3)),
        call(REPEATED, n=2, axis=1),
        call((2, 3), axis=0, prepend=0.5),
        call((2, 3), (2, 1), through=lambda f, x, end: f(x, axis=-1, prepend=end, append=end)),
        call((2, 3), n=0),
    ],
)
enter(
    ediff1d,
    np.ediff1d,
    calls=[call((2, 3)), call((4,), 0.3, 0.7), call((4,), (2,), through=lambda f, x, end: f(x, end, to_begin=end))],
)
_PLACES = np.array([0.0, 0.7, 1.0, 2.5])
enter(
    gradient,
    np.gradient,
    calls=[
        call((4,)),
        call((2, 3), 0.5),
        call((4,), (4,), edge_order=2, between=((0.0, 1.0), (0.0, 4.0)), through=None),
        call((4, 3), through=lambda f, y: f(y, _PLACES, 0.5, edge_order=2)),
        call((3, 4, 3), through=lambda f, y: f(y, 0.3, 2.0, axis=(0, -1))),
        call((2, 4), (4,), through=lambda f, y, x: f(y, x, axis=1)),
        call((4,), (), through=lambda f, y, h: f(y, h, edge_order=2)),
    ],
)

"""Diagonals and triangles of matrices: taken, cleared, made and filled."""

from typing import Any

import numpy as np

from interp.primitive import COUNTERPARTS, negative_axis
from interp.value import ndim_of, shape_of
from interp.vocabulary import shape
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.composites import companion, composite
from interp.vocabulary.creation import as_operand
from interp.vocabulary.indexing import setitem
from interp.vocabulary.padding import pad
from interp.vocabulary.repeating import resize
from interp.vocabulary.shape import moveaxis, ravel, reshape, where


def _below(m: Any, k: int) -> Any:
    """Mask of what lies on and below the ``k``-th diagonal of the last two axes."""
    last = shape_of(m)[-2:]
    return companion(np.tri(last[0], last[-1], k, bool), m)


@composite(np.tril)
def tril(m: Any, k: int = 0) -> Any:
    """Zeros above the ``k``-th diagonal of the last two axes, whatever stood there."""
    return where(_below(m, k), m, m.dtype.type(0))


@composite(np.triu)
def triu(m: Any, k: int = 0) -> Any:
    """Zeros below the ``k``-th diagonal of the last two axes, whatever stood there."""
    return where(_below(m, k - 1), m.dtype.type(0), m)


@composite(np.diagonal)
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The elements ``a[i, i + offset]`` of two axes, along a new last axis; a view, here one that takes stores."""
    ndim = ndim_of(a)
    if ndim < 2:
        raise ValueError("diag requires an array of at least two dimensions")
    axes = negative_axis(axis1, ndim), negative_axis(axis2, ndim)
    if axes[0] == axes[1]:
        raise ValueError("axis1 and axis2 cannot be the same")
    matrices = moveaxis(a, axes, (-2, -1))
    rows, columns = shape_of(matrices)[-2:]
    first = max(-offset, 0), max(offset, 0)
    n = max(min(rows - first[0], columns - first[1]), 0)
    square = matrices[(..., *(slice(start, start + n) for start in first))]
    return shape.diagonal.dispatch(square, behind=0)


@composite(np.diag)
def diag(v: Any, k: int = 0) -> Any:
    """The ``k``-th diagonal of a matrix, a view; of a vector the matrix that has it there, and zeros elsewhere."""
    if ndim_of(v) == 2:
        return diagonal(v, k)
    if ndim_of(v) != 1:
        raise ValueError("Input must be 1- or 2-d.")
    (n,) = shape_of(v)
    square = where(companion(np.eye(n, dtype=bool), v), reshape(v, (n, 1)), v.dtype.type(0))
    above, below = max(k, 0), max(-k, 0)
    return pad(square, ((below, above), (above, below))) if k else square


@composite(np.diagflat)
def diagflat(v: Any, k: int = 0) -> Any:
    """The matrix with all elements of ``v``, in C order, on its ``k``-th diagonal."""
    return diag(ravel(as_operand(v)), k)


@composite(np.fill_diagonal)
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """Store ``val``, from its first element again where it is short, into the elements ``a[i, i, ...]``.

    ``wrap``: of a tall matrix also into those below, one row left out between two diagonals.
    """
    lengths = shape_of(a)
    if len(lengths) < 2:
        raise ValueError("array must be at least 2-d")
    if len(lengths) > 2 and len(set(lengths)) > 1:
        raise ValueError("All dimensions of input must be of equal length")
    n = lengths[1]
    step = n + 1 if len(lengths) == 2 else sum(n**i for i in range(len(lengths)))
    end = n * n if len(lengths) == 2 and not wrap else None
    places = np.unravel_index(np.arange(int(np.prod(lengths)))[:end:step], lengths)
    val = as_operand(val)
    setitem(a, resize(val, places[0].size) if ndim_of(val) else val, places)


def _of_shape(positions: Any) -> Any:
    """A function of NumPy's that asks only the shape of its array."""
    return lambda arr, *args, **kwargs: positions(np.broadcast_to(False, shape_of(arr)), *args, **kwargs)


for _function in (np.tril_indices_from, np.triu_indices_from, np.diag_indices_from):
    COUNTERPARTS[_function] = _of_shape(_function)


def _filled(function: Any, x: Any, *args: Any) -> Any:
    """A copy of ``x`` after `fill_diagonal`."""
    x = x.copy()
    function(x, *args)
    return x


enter(tril, np.tril, calls=[call((3, 3)), call((2, 3, 2), k=-1), call((2, 3), 1), call((3,))])
enter(triu, np.triu, calls=[call((3, 3)), call((2, 3, 2), k=-1), call((2, 3), 1)])
enter(
    diagonal,
    np.diagonal,
    calls=[
        call((3, 3)),
        call((2, 3), offset=1),
        call((2, 3, 2), -1, 1, -1),
        call((2, 3, 2), axis1=2, axis2=0),
        call((2, 3), 5),
    ],
)
enter(diag, np.diag, calls=[call((3,)), call((2,), -1), call((2,), 2), call((3, 2), k=-1)])
enter(diagflat, np.diagflat, calls=[call((2, 2)), call((2,), 1), call((), k=-1)])
enter(
    fill_diagonal,
    np.fill_diagonal,
    calls=[
        call((3, 3), (), through=_filled),
        call((3, 3), (2,), through=_filled),
        call((2, 3), (2,), through=_filled),
        call((5, 2), (3,), through=lambda f, x, y: _filled(f, x, y, True)),
        call((2, 2, 2), (2,), through=_filled),
    ],
)

"""What the Array API and numpy.linalg say of stacks of matrices: the last two axes are the matrix."""

from typing import Any

import numpy as np

from interp.errors import UnsupportedArgument
from interp.primitive import COUNTERPARTS
from interp.value import shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.composites import composite
from interp.vocabulary.creation import as_operand
from interp.vocabulary.linalg import products


@composite(np.linalg.diagonal)
def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """The diagonal of each matrix ``offset`` above its main one, as `numpy.linalg.diagonal`."""
    from interp.vocabulary.triangles import diagonal

    return diagonal(x, offset, -2, -1)


@composite(np.linalg.trace)
def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """Sum of each matrix's diagonal, as `numpy.linalg.trace`. A value keeps its type."""
    if dtype is not None and np.dtype(dtype) != x.dtype:
        raise UnsupportedArgument(f"linalg.trace(dtype={np.dtype(dtype)}) of a {type(x).__name__} of {x.dtype}")
    return products.trace(x, offset, -2, -1)


@composite(np.linalg.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    """The last two axes exchanged, as `numpy.linalg.matrix_transpose`."""
    from interp.vocabulary.shape import matrix_transpose

    return matrix_transpose(x)


@composite(np.linalg.cross)
def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Vector product of vectors of three elements, as `numpy.linalg.cross`."""
    from interp.vocabulary.vectors import cross

    x1, x2 = as_operand(x1), as_operand(x2)
    if shape_of(x1)[axis] != 3 or shape_of(x2)[axis] != 3:
        raise ValueError(f"linalg.cross takes vectors of 3 elements, not of {shape_of(x1)[axis]}, {shape_of(x2)[axis]}")
    return cross(x1, x2, axis=axis)


@composite(np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Sums of conj(x1) * x2 along an axis, as `numpy.linalg.vecdot`."""
    from interp.vocabulary.vectors import vecdot

    return vecdot(x1, x2, axis=axis)


_SHOWN = {
    diagonal: (np.linalg.diagonal, [call((2, 3)), call((2, 3, 3), offset=1)]),
    trace: (np.linalg.trace, [call((2, 3)), call((2, 3, 3), offset=-1)]),
    matrix_transpose: (np.linalg.matrix_transpose, [call((2, 3, 2))]),
    cross: (np.linalg.cross, [call((3,), (3,)), call((3, 2), (3, 2), axis=0)]),
    vecdot: (np.linalg.vecdot, [call((3,), (2, 3)), call((3, 2), (3, 2), axis=0)]),
}
for _function, (_numpys, _calls) in _SHOWN.items():
    enter(_function, _numpys, calls=_calls, name=f"linalg.{_function.__name__}")
    COUNTERPARTS[_numpys] = _function

"""Products of vectors along an axis."""

from typing import Any

import numpy as np

from interp.primitive import negative_axis
from interp.value import is_complex, ndim_of, primal, shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.composites import composite
from interp.vocabulary.creation import as_operand, zeros
from interp.vocabulary.elementwise import conj
from interp.vocabulary.linalg import einsum
from interp.vocabulary.shape import concatenate, moveaxis


@composite(np.cross)
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """Vector product of vectors of 3 elements along ``axis``, or along one axis of each; other axes broadcast.

    Vectors of 2 elements have none along the third direction; of two of them the third element alone is returned.
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = as_operand(a), as_operand(b)
    if not ndim_of(a) or not ndim_of(b):
        raise ValueError("At least one array has zero dimension")
    a, b = moveaxis(a, axisa, -1), moveaxis(b, axisb, -1)
    sizes = shape_of(a)[-1], shape_of(b)[-1]
    if not set(sizes) <= {2, 3}:
        raise ValueError(f"cross takes vectors of 3 elements, or of 2, not of {sizes[0]} and {sizes[1]}")
    if sizes == (2, 2):
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    a, b = _in_space(a), _in_space(b)
    next_, last = np.array([1, 2, 0]), np.array([2, 0, 1])
    product = a[..., next_] * b[..., last] - a[..., last] * b[..., next_]
    return moveaxis(product, -1, negative_axis(axisc, ndim_of(product)))


def _in_space(a: Any) -> Any:
    if shape_of(a)[-1] == 3:
        return a
    return concatenate([a, zeros((*shape_of(a)[:-1], 1), like=primal(a))], axis=-1)


@composite(np.vecdot)
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Sums of conj(x1) * x2 along ``axis`` of both; other axes broadcast."""
    x1, x2 = as_operand(x1), as_operand(x2)
    if not ndim_of(x1) or not ndim_of(x2):
        raise ValueError("vecdot takes vectors, not numbers")
    if axis >= 0 and ndim_of(x1) != ndim_of(x2):
        raise ValueError("vecdot: of operands of different rank the axis is counted from the end")
    x1, x2 = moveaxis(x1, axis, -1), moveaxis(x2, axis, -1)
    if shape_of(x1)[-1] != shape_of(x2)[-1]:
        raise ValueError(f"vecdot: vectors of {shape_of(x1)[-1]} and {shape_of(x2)[-1]} elements")
    x1 = conj(x1) if is_complex(x1) else x1
    return einsum("...i,...i->...", x1, x2)


enter(
    cross,
    np.cross,
    calls=[
        call((3,), (3,)),
        call((2, 3), (3,)),
        call((3, 2), (2, 3), axisa=0, axisc=0),
        call((3, 2, 3), (3, 2, 3), axis=0),
        call((2, 3, 4), (3, 4), axisa=1, axisb=0, axisc=1),
        call((2,), (3,)),
        call((2, 2), (2,)),
    ],
)
enter(vecdot, np.vecdot, calls=[call((3,), (3,)), call((2, 3), (3,)), call((3, 2), (3, 2), axis=0)])

"""Norms of vectors and matrices of every order, and what is told by singular values: rank and condition.

At 0 the gradient of a norm is 0. Where the greatest entries or singular values are equal they share the derivative.
"""

from typing import Any

import numpy as np

from interp.primitive import negative_axes, negative_axis
from interp.value import Value, is_complex, ndim_of, operand, primal, shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.complex_numbers import imag, real
from interp.vocabulary.elementwise import absolute, sqrt, square
from interp.vocabulary.linalg.factorisations import svdvals
from interp.vocabulary.linalg.systems import A3, STACK, inv
from interp.vocabulary.predicates import greater, not_equal
from interp.vocabulary.reductions import max, min, sum
from interp.vocabulary.shape import moveaxis, reshape


def _squares(x: Any) -> Any:
    return square(real(x)) + square(imag(x)) if is_complex(x) else square(x)


def _sizes(x: Any) -> Any:
    return absolute(operand(x))


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Any:
    """The ``ord``-norm over ``axis`` (all elements if None), ``ord`` any real number, inf or -inf, or 0: a count."""
    x = operand(x)
    if not isinstance(x, Value):
        return np.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)
    if ord == 2:
        return sqrt(sum(_squares(x), axis=axis, keepdims=keepdims))
    sizes = _sizes(x)
    if ord in (np.inf, -np.inf):
        return (max if ord > 0 else min)(sizes, axis=axis, keepdims=keepdims)
    if ord == 0:
        return sum(not_equal(x, 0) * 1.0, axis=axis, keepdims=keepdims)
    if ord == 1:
        return sum(sizes, axis=axis, keepdims=keepdims)
    return sum(sizes**ord, axis=axis, keepdims=keepdims) ** (1.0 / ord)


_BY_SUMS = {1: (-2, max), -1: (-2, min), np.inf: (-1, max), -np.inf: (-1, min)}
"""Orders of matrix norms that are extrema of sums: the axis that is summed, and the extremum over the other."""
_BY_SINGULAR_VALUES = {2: max, -2: min, "nuc": sum}


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """Norm of the matrices of the last two axes: 'fro', 'nuc', 1, -1, 2, -2, inf, -inf."""
    x = operand(x)
    if not isinstance(x, Value):
        return np.linalg.matrix_norm(x, keepdims=keepdims, ord=ord)
    if ord in ("fro", "f", None):
        return sqrt(sum(_squares(x), axis=(-2, -1), keepdims=keepdims))
    if ord in _BY_SUMS:
        summed, extremum = _BY_SUMS[ord]
        out = extremum(sum(_sizes(x), axis=summed, keepdims=True), axis=-3 - summed, keepdims=True)
    elif ord in _BY_SINGULAR_VALUES:
        out = _BY_SINGULAR_VALUES[ord](svdvals(x), axis=-1, keepdims=True)
    else:
        raise ValueError("Invalid norm order for matrices.")
    outer = shape_of(x)[:-2]
    return reshape(out, (*outer, 1, 1) if keepdims else outer)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """As `numpy.linalg.norm`: of vectors or matrices by ``axis``, or by the number of axes; else of all elements."""
    x = operand(x)
    if not isinstance(x, Value):
        return np.linalg.norm(x, ord, axis, keepdims)
    ndim = ndim_of(x)
    if axis is None and (ord is None or (ndim == 1 and ord == 2) or (ndim == 2 and ord in ("f", "fro"))):
        return vector_norm(x, keepdims=keepdims)
    axes = negative_axes(None, ndim) if axis is None else axis if isinstance(axis, tuple | list) else (axis,)
    if len(axes) == 1:
        if isinstance(ord, str):
            raise ValueError(f"Invalid norm order '{ord}' for vectors")
        return vector_norm(x, axis=axes[0], keepdims=keepdims, ord=2 if ord is None else ord)
    if len(axes) != 2:
        raise ValueError("Improper number of dimensions to norm.")
    rows, columns = (negative_axis(a, ndim) for a in axes)
    if rows == columns:
        raise ValueError("Duplicate axes given.")
    out = matrix_norm(moveaxis(x, (rows, columns), (-2, -1)), ord="fro" if ord is None else ord)
    kept = tuple(1 if i - ndim in (rows, columns) else n for i, n in enumerate(shape_of(x)))
    return reshape(out, kept) if keepdims else out


def cond(x: Any, p: Any = None) -> Any:
    """Condition number of the matrices of the last two axes, in the norm ``p`` (None or 2: of singular values)."""
    x = operand(x)
    if not isinstance(x, Value):
        return np.linalg.cond(x, p)
    if p in (None, 2, -2):
        s = svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return matrix_norm(x, ord=p) * matrix_norm(inv(x), ord=p)


def matrix_rank(a: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """Number of singular values above ``tol``, or ``rtol`` times the greatest (default max(m, n) eps)."""
    a = operand(a)
    if not isinstance(a, Value):
        return np.linalg.matrix_rank(a, tol, hermitian, rtol=rtol)
    if ndim_of(a) < 2:
        return np.any(primal(a) != 0).astype(int)
    s = svdvals(a)
    if tol is None:
        m, n = shape_of(a)[-2:]
        precision = np.finfo(primal(s).dtype).eps
        tol = max(s, axis=-1, keepdims=True) * ((m if m > n else n) * precision if rtol is None else rtol)
    return sum(greater(s, tol), axis=-1)


enter(
    vector_norm,
    np.linalg.vector_norm,
    calls=[call((2, 3)), call((2, 3), axis=1, ord=3), call((2, 3), axis=0, ord=-np.inf, keepdims=True)],
)
enter(
    matrix_norm,
    np.linalg.matrix_norm,
    calls=[call(STACK, ord=k) for k in ("fro", "nuc", 1, -1, 2, -2, np.inf)] + [call(STACK, ord=2, keepdims=True)],
)
enter(
    norm,
    np.linalg.norm,
    calls=[
        call((3,)),
        call((2, 3)),
        call((2, 3), ord=1),
        call((2, 3), ord=2, keepdims=True),
        call((2, 3, 2), ord="fro", axis=(-1, 0)),
        call((2, 3), ord=-1.5, axis=-1),
        call((3,), ord=np.inf),
    ],
)
enter(cond, np.linalg.cond, calls=[call(A3), call(STACK, p=-2), call(STACK, p=1)])
enter(matrix_rank, np.linalg.matrix_rank, calls=[call(A3), call(STACK)], differentiable=False)

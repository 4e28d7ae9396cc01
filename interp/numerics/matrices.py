"""Matrix functions written in the vocabulary: Cholesky, LU, exponential, symmetric eigenpairs, norms, special matrices.

Sources: Golub and Van Loan 2013, *Matrix Computations*, sections 3.2, 4.2 (LU, Cholesky); Higham 2005, SIAM J. Matrix
Anal. Appl. 26, 1179-1193 (scaling and squaring with the approximant [13/13] of Padé).
"""

import math
from typing import Any

import numpy as np

from interp.numerics import implicit
from interp.value import ndim_of, primal, shape_of
from interp.vocabulary import absolute, concatenate, linalg, matmul, max, reshape, sqrt, square, stack, sum, where
from interp.vocabulary.creation import asarray
from interp.vocabulary.shape import swapaxes


def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """The triangular L with L L' = ``a`` of shape (n, n), by its lower triangle; or U with U'U, by the upper."""
    a = asarray(a)
    return swapaxes(linalg.cholesky(swapaxes(a, -1, -2)), -1, -2) if upper else linalg.cholesky(a)


def lu(a: Any) -> tuple[Any, np.ndarray]:
    """L and U in one matrix, without the unit diagonal of L, and the order of rows, by the plain numbers."""
    a = asarray(a)
    n = shape_of(a)[-1]
    plain = np.array(primal(a), dtype=float)
    order = np.arange(n)
    for k in range(n):
        best = k + int(np.argmax(np.abs(plain[k:, k])))
        order[[k, best]], plain[[k, best]] = order[[best, k]], plain[[best, k]]
        if plain[k, k] != 0.0:
            plain[k + 1 :, k] /= plain[k, k]
            plain[k + 1 :, k + 1 :] -= np.outer(plain[k + 1 :, k], plain[k, k + 1 :])
    rest, rows, columns = a[order], [], []
    while shape_of(rest)[0]:
        rows.append(rest[0])
        column = rest[1:, 0] / rest[0, 0]
        columns.append(column)
        rest = rest[1:, 1:] - column[:, None] * rest[0, None, 1:]
    upper = [row if k == 0 else concatenate([np.zeros(k), row]) for k, row in enumerate(rows)]
    lower = [concatenate([np.zeros(k + 1), column]) for k, column in enumerate(columns)]
    return stack(upper) + stack(lower, axis=-1), order


PADE = tuple(
    math.factorial(26 - j) * math.factorial(13) / (math.factorial(26) * math.factorial(j) * math.factorial(13 - j))
    for j in range(14)
)
RADIUS = 2.1
"""Norm below which the approximant and its derivatives are exact to rounding (Higham 2005 has 5.4 for itself alone)."""


def expm(a: Any) -> Any:
    """The exponential of a square matrix."""
    a = asarray(a) * 1.0
    n = shape_of(a)[-1]
    size = float(np.linalg.norm(np.asarray(primal(a)), 1)) if n else 0.0
    halvings = int(np.ceil(np.log2(size / RADIUS))) if size > RADIUS else 0
    a = a / 2.0**halvings
    powers, even, odd = np.eye(n), PADE[0] * np.eye(n), PADE[1] * np.eye(n)
    squared = matmul(a, a)
    for j in range(2, 14, 2):
        powers = matmul(powers, squared) if j > 2 else squared
        even, odd = even + PADE[j] * powers, odd + PADE[j + 1] * powers
    odd = matmul(a, odd)
    out = linalg.solve(even - odd, even + odd)
    for _ in range(halvings):
        out = matmul(out, out)
    return out


def eigenpairs(a: Any, values: Any, vectors: Any, call: str) -> tuple[Any, Any]:
    """Eigenvalues and eigenvectors (in columns) of a symmetric matrix, from those of its plain numbers.

    Each pair solves A v = lambda v, v'v = 1, and follows by the implicit function theorem; raises `NotDifferentiable`
    where eigenvalues coincide.
    """
    pairs = []
    for value, vector in zip(values, vectors.T, strict=True):

        def equations(x: Any) -> Any:
            v, eigenvalue = x[:-1], x[-1]
            return concatenate([matmul(a, v) - eigenvalue * v, reshape(0.5 * sum(square(v)) - 0.5, (1,))])

        pairs.append(implicit.root(equations, np.append(vector, value), call))
    return stack([pair[-1] for pair in pairs]), stack([pair[:-1] for pair in pairs], axis=-1)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """NumPy's ``linalg.norm``, of vectors (ord None, 1, 2, inf, or any p) and matrices (Frobenius, 1, inf)."""
    x = asarray(x)
    if axis is None:
        if ord is None:
            return _kept(sqrt(sum(square(absolute(x)))), ndim_of(x), keepdims)
        axis = tuple(range(ndim_of(x)))
        if len(axis) > 2:
            raise ValueError("Improper number of dimensions to norm.")
    axes = axis if isinstance(axis, tuple) else (axis,)
    if len(axes) == 2:
        return _matrix_norm(x, ord, axes, keepdims)
    if ord in (None, 2):
        return sqrt(sum(square(absolute(x)), axis=axes, keepdims=keepdims))
    if ord == np.inf:
        return max(absolute(x), axis=axes, keepdims=keepdims)
    if ord == 1:
        return sum(absolute(x), axis=axes, keepdims=keepdims)
    if isinstance(ord, str) or ord <= 0:
        raise ValueError(f"norm of order {ord!r} of a vector of values: use 1, 2, another p > 0, or inf")
    return sum(absolute(x) ** ord, axis=axes, keepdims=keepdims) ** (1.0 / ord)


def _matrix_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    rows, columns = (axis % ndim_of(x) for axis in axes)
    if ord in (None, "fro"):
        return sqrt(sum(square(absolute(x)), axis=axes, keepdims=keepdims))
    if ord not in (1, np.inf):
        raise ValueError(f"norm of order {ord!r} of a matrix of values: use 'fro', 1 or inf")
    summed, greatest = (rows, columns) if ord == 1 else (columns, rows)
    out = max(sum(absolute(x), axis=summed, keepdims=True), axis=greatest, keepdims=True)
    return out if keepdims else reshape(out, tuple(k for i, k in enumerate(shape_of(out)) if i not in (rows, columns)))


def _kept(x: Any, ndim: int, keepdims: bool) -> Any:
    return reshape(x, (1,) * ndim) if keepdims else x


def toeplitz(c: Any, r: Any = None) -> Any:
    """The matrix with first column ``c`` and first row ``r`` (default ``c``), constant along diagonals."""
    c = reshape(asarray(c), (-1,))
    r = c if r is None else reshape(asarray(r), (-1,))
    n, m = shape_of(c)[0], shape_of(r)[0]
    along = concatenate([c[::-1], r[1:]])
    return along[n - 1 - np.arange(n)[:, None] + np.arange(m)[None, :]]


def block_diag(*blocks: Any) -> Any:
    """The matrices along the diagonal of a matrix of zeros; vectors are rows."""
    made = [reshape(block, (1, -1)) if ndim_of(block) < 2 else block for block in map(asarray, blocks)]
    widths = [shape_of(block)[1] for block in made]
    rows, start = [], 0
    for block, width in zip(made, widths, strict=True):
        height = shape_of(block)[0]
        left, right = np.zeros((height, start)), np.zeros((height, int(np.sum(widths)) - start - width))
        rows.append(concatenate([left, block, right], axis=1))
        start += width
    return concatenate(rows)


def from_bands(below: int, above: int, bands: Any) -> Any:
    """The square matrix with these diagonals: ``bands[above + i - j, j]`` is its element (i, j)."""
    bands = asarray(bands)
    n = shape_of(bands)[1]
    i, j = np.indices((n, n))
    row = above + i - j
    present = (row >= 0) & (row <= below + above)
    return where(present, bands[np.where(present, row, 0), j], 0.0)

"""Systems by SciPy's factors and by bands: lu_factor and lu_solve, cho_factor and cho_solve, solve_banded; and matrices
made of vectors.

Source of the elimination: Golub and Van Loan 2013, *Matrix Computations*, section 3.2.
"""

from typing import Any

import numpy as np
import scipy.linalg

from interp.errors import UnsupportedArgument
from interp.value import ndim_of, operand, primal, shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.creation import as_operand
from interp.vocabulary.linalg.factorisations import POSITIVE, SYMMETRIC, cholesky
from interp.vocabulary.linalg.systems import A3, adjoint_of, solve, solve_triangular, square, triangle
from interp.vocabulary.shape import concatenate, reshape, stack, swapaxes, where


def cho_factor(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Any, bool]:
    """The triangular factor of a positive definite matrix, for `cho_solve`; zeros stand in the other triangle."""
    return cholesky(a, upper=not lower), bool(lower)


def cho_solve(c_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    """x with a x = b, by what `cho_factor` gave for ``a``."""
    factor, lower = c_and_lower
    low = operand(factor) if lower else adjoint_of(operand(factor))
    return solve_triangular(low, solve_triangular(low, b, lower=True), trans="C", lower=True)


def lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Any, np.ndarray]:
    """L and U in one matrix, without the unit diagonal of L, and with which row each was exchanged.

    Rows are chosen by the plain numbers.
    """
    a = square("lu_factor", as_operand(a))
    if ndim_of(a) != 2:
        raise UnsupportedArgument(f"lu_factor of values takes one matrix, not shape {shape_of(a)}")
    exchanged = scipy.linalg.lu_factor(primal(a))[1]
    rest, rows, columns = a[_order(exchanged)], [], []
    while shape_of(rest)[0]:
        rows.append(rest[0])
        column = rest[1:, 0] / rest[0, 0]
        columns.append(column)
        rest = rest[1:, 1:] - column[:, None] * rest[0, None, 1:]
    upper = [row if k == 0 else concatenate([np.zeros(k), row]) for k, row in enumerate(rows)]
    lower = [concatenate([np.zeros(k + 1), column]) for k, column in enumerate(columns)]
    return stack(upper) + stack(lower, axis=-1), exchanged


def _order(exchanged: np.ndarray) -> np.ndarray:
    """Which row stands where after the exchanges, one after the other."""
    order = np.arange(len(exchanged))
    for k, at in enumerate(exchanged):
        order[[k, at]] = order[[at, k]]
    return order


def lu_solve(lu_and_piv: Any, b: Any, trans: int = 0, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    """x with a x = b (``trans`` 1: a^T x = b, 2: a^H x = b), by what `lu_factor` gave for ``a``."""
    packed, exchanged = lu_and_piv
    order = _order(np.asarray(exchanged))
    b = operand(b)
    if trans == 0:
        inner = solve_triangular(packed, b[order], lower=True, unit_diagonal=True)
        return solve_triangular(packed, inner)
    inner = solve_triangular(packed, b, trans=trans)
    return solve_triangular(packed, inner, trans=trans, lower=True, unit_diagonal=True)[np.argsort(order)]


def from_bands(below: int, above: int, bands: Any) -> Any:
    """The square matrix with these diagonals: ``bands[above + i - j, j]`` is its element (i, j)."""
    bands = as_operand(bands)
    n = shape_of(bands)[1]
    i, j = np.indices((n, n))
    row = above + i - j
    present = (row >= 0) & (row <= below + above)
    return where(present, bands[np.where(present, row, 0), j], 0.0)


def solve_banded(
    l_and_u: Any, ab: Any, b: Any, overwrite_ab: bool = False, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    """x with a x = b for the matrix with the diagonals ``ab``: ``ab[u + i - j, j]`` is its element (i, j)."""
    below, above = l_and_u
    return solve(from_bands(below, above, ab), b)


def solveh_banded(
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    lower: bool = False,
    check_finite: bool = True,
) -> Any:
    """x with a x = b for a symmetric matrix, of which the diagonals of one triangle are given."""
    width = shape_of(as_operand(ab))[0] - 1
    half = from_bands(width, 0, ab) if lower else from_bands(0, width, ab)
    return solve(mirrored(half, lower), b)


def mirrored(a: Any, lower: bool) -> Any:
    """The symmetric matrix of which one triangle is read."""
    read = triangle(a, lower)
    return read + swapaxes(triangle(a, lower, strictly=True), -1, -2)


def toeplitz(c: Any, r: Any = None) -> Any:
    """The matrix with first column ``c`` and first row ``r`` (default ``c``), constant along diagonals."""
    c = reshape(as_operand(c), (-1,))
    r = c if r is None else reshape(as_operand(r), (-1,))
    n, m = shape_of(c)[0], shape_of(r)[0]
    along = concatenate([c[::-1], r[1:]])
    return along[n - 1 - np.arange(n)[:, None] + np.arange(m)[None, :]]


def block_diag(*blocks: Any) -> Any:
    """The matrices along the diagonal of a matrix of zeros; vectors are rows."""
    made = [reshape(block, (1, -1)) if ndim_of(block) < 2 else block for block in map(as_operand, blocks)]
    widths = [shape_of(block)[1] for block in made]
    rows, start = [], 0
    for block, width in zip(made, widths, strict=True):
        height = shape_of(block)[0]
        left, right = np.zeros((height, start)), np.zeros((height, int(np.sum(widths)) - start - width))
        rows.append(concatenate([left, block, right], axis=1))
        start += width
    return concatenate(rows)


enter(
    cho_factor,
    calls=[call(SYMMETRIC, lower=True), call(POSITIVE, through=lambda f, a: f(a)[0])],
)
enter(
    cho_solve,
    scipy.linalg.cho_solve,
    calls=[
        call(np.linalg.cholesky(SYMMETRIC), (3,), through=lambda f, c, b: f((c, True), b)),
        call(np.linalg.cholesky(SYMMETRIC), (3, 2), through=lambda f, c, b: f((c.T, False), b)),
    ],
)
enter(lu_factor, scipy.linalg.lu_factor, calls=[call(A3, through=lambda f, a: f(a)[0])])
_PACKED, _EXCHANGED = scipy.linalg.lu_factor(A3)
enter(
    lu_solve,
    scipy.linalg.lu_solve,
    calls=[
        call(_PACKED, (3,), through=lambda f, lu, b: f((lu, _EXCHANGED), b)),
        call(_PACKED, (3, 2), through=lambda f, lu, b: f((lu, _EXCHANGED), b, 1)),
    ],
)
_BANDS = np.array([[0.0, 0.4, 0.3], [2.0, 1.5, 1.8], [0.2, 0.5, 0.0]])
enter(solve_banded, scipy.linalg.solve_banded, calls=[call(_BANDS, (3,), through=lambda f, ab, b: f((1, 1), ab, b))])
enter(solveh_banded, scipy.linalg.solveh_banded, calls=[call(_BANDS[:2], (3,)), call(_BANDS[1:], (3, 2), lower=True)])
enter(toeplitz, scipy.linalg.toeplitz, calls=[call((3,)), call((3,), (2,))])
enter(block_diag, scipy.linalg.block_diag, calls=[call((2, 3), (2,), (2, 2))])

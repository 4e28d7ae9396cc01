"""`scipy.linalg` on values, in terms of the vocabulary's solve, inv and det, and of `interp.numerics.matrices`.

Options that tell SciPy how to compute (``overwrite_a``, ``check_finite``, ``assume_a`` of a general matrix, drivers)
change nothing here.
"""

from typing import Any

import numpy as np
import scipy.linalg as sl

from interp.control.foreign import refuse, register
from interp.control.science.arguments import refuse_enclosures
from interp.errors import ForeignCall
from interp.numerics import matrices
from interp.numerics.implicit import moving
from interp.value import ndim_of, primal, shape_of
from interp.vocabulary import linalg, matmul, square, sum, swapaxes, where
from interp.vocabulary.creation import as_operand


def _refuse(call: str, **options: Any) -> None:
    given = [f"{name}={value!r}" for name, value in options.items() if value]
    if given:
        raise ForeignCall(f"scipy.linalg.{call} with {', '.join(given)} on values: no rule; call it without")


@register(sl.solve)
def _solve(
    a: Any, b: Any, lower: bool = False, *args: Any, assume_a: Any = None, transposed: bool = False, **options: Any
) -> Any:
    a = as_operand(a)
    if assume_a in ("sym", "her", "pos", "symmetric", "hermitian", "positive definite"):
        a = _mirrored(a, lower)
    elif assume_a in ("upper triangular", "lower triangular"):
        a = _triangle(a, assume_a.startswith("lower"))
    elif assume_a not in (None, "gen", "general", "diagonal", "tridiagonal", "banded"):
        _refuse("solve", assume_a=assume_a)
    return _solved(swapaxes(a, -1, -2) if transposed else a, as_operand(b))


def _solved(a: Any, b: Any) -> Any:
    return linalg.solve(a, b)


def _triangle(a: Any, lower: bool, unit_diagonal: bool = False) -> Any:
    n = shape_of(a)[-1]
    a = where(np.tri(n, dtype=bool) if lower else np.tri(n, dtype=bool).T, a, 0.0)
    return where(np.eye(n, dtype=bool), 1.0, a) if unit_diagonal else a


def _mirrored(a: Any, lower: bool) -> Any:
    """The symmetric matrix of which one triangle is read."""
    read = np.tri(shape_of(a)[-1], dtype=bool)
    return where(read if lower else read.T, a, swapaxes(a, -1, -2))


@register(sl.inv)
def _inv(a: Any, *args: Any, **options: Any) -> Any:
    return linalg.inv(as_operand(a))


@register(sl.det)
def _det(a: Any, *args: Any, **options: Any) -> Any:
    return linalg.det(as_operand(a))


@register(sl.cholesky)
def _cholesky(a: Any, lower: bool = False, *args: Any, **options: Any) -> Any:
    return matrices.cholesky(a, upper=not lower)


@register(sl.cho_factor)
def _cho_factor(a: Any, lower: bool = False, *args: Any, **options: Any) -> Any:
    return _cholesky(a, lower), lower


@register(sl.cho_solve)
def _cho_solve(c_and_lower: Any, b: Any, *args: Any, **options: Any) -> Any:
    factor, lower = c_and_lower
    low = _triangle(factor if lower else swapaxes(factor, -1, -2), True)
    return _solved(swapaxes(low, -1, -2), _solved(low, as_operand(b)))


@register(sl.lu_factor)
def _lu_factor(a: Any, *args: Any, **options: Any) -> Any:
    packed, order = matrices.lu(a)
    rows = list(range(len(order)))
    swaps = []
    for k, row in enumerate(order):  # LAPACK's form: at step k row k was exchanged with row swaps[k]
        at = rows.index(row)
        rows[k], rows[at] = rows[at], rows[k]
        swaps.append(at)
    return packed, np.array(swaps)


@register(sl.lu_solve)
def _lu_solve(lu_and_piv: Any, b: Any, trans: int = 0, *args: Any, **options: Any) -> Any:
    _refuse("lu_solve", trans=trans)
    packed, swaps = lu_and_piv
    rows = list(range(len(swaps)))
    for k, at in enumerate(swaps):
        rows[k], rows[at] = rows[at], rows[k]
    lower, upper = _triangle(packed, True, True), _triangle(packed, False)
    return _solved(upper, _solved(lower, as_operand(b)[np.array(rows, dtype=int)]))


@register(sl.solve_triangular)
def _solve_triangular(
    a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False, *args: Any, **options: Any
) -> Any:
    a = _triangle(as_operand(a), lower, unit_diagonal)
    return _solved(swapaxes(a, -1, -2) if trans in (1, 2, "T", "C") else a, as_operand(b))


@register(sl.solve_banded)
def _solve_banded(l_and_u: Any, ab: Any, b: Any, *args: Any, **options: Any) -> Any:
    return _solved(matrices.from_bands(*l_and_u, ab), as_operand(b))


@register(sl.solveh_banded)
def _solveh_banded(ab: Any, b: Any, overwrite_ab: bool = False, overwrite_b: bool = False, lower: bool = False) -> Any:
    width = shape_of(as_operand(ab))[0] - 1
    half = matrices.from_bands(width, 0, ab) if lower else matrices.from_bands(0, width, ab)
    return _solved(_mirrored(half, lower), as_operand(b))


@register(sl.expm)
def _expm(a: Any) -> Any:
    refuse_enclosures("scipy.linalg.expm", "Sum the series with a bound of its remainder", a)
    return matrices.expm(a)


@register(sl.toeplitz)
def _toeplitz(c: Any, r: Any = None) -> Any:
    return matrices.toeplitz(c, r)


@register(sl.solve_toeplitz)
def _solve_toeplitz(c_or_cr: Any, b: Any, *args: Any, **options: Any) -> Any:
    c, r = c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr, None)
    return _solved(matrices.toeplitz(c, r), as_operand(b))


@register(sl.block_diag)
def _block_diag(*blocks: Any) -> Any:
    return matrices.block_diag(*blocks)


@register(sl.norm)
def _norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True) -> Any:
    return matrices.norm(a, ord, axis, keepdims)


@register(sl.eigh)
def _eigh(a: Any, b: Any = None, *, lower: bool = True, eigvals_only: bool = False, **options: Any) -> Any:
    _refuse("eigh", b=b is not None, **{name: value for name, value in options.items() if name.startswith("subset")})
    refuse_enclosures("scipy.linalg.eigh", "Enclose eigenvalues by Gershgorin's discs", a)
    a = _mirrored(as_operand(a) * 1.0, lower)
    values, vectors = matrices.eigenpairs(a, *sl.eigh(primal(a)), "scipy.linalg.eigh")
    return values if eigvals_only else (values, vectors)


@register(sl.eigvalsh)
def _eigvalsh(a: Any, b: Any = None, *, lower: bool = True, **options: Any) -> Any:
    return _eigh(a, b, lower=lower, eigvals_only=True, **options)


@register(sl.lstsq)
def _lstsq(a: Any, b: Any, *args: Any, **options: Any) -> Any:
    """``(x, residues, rank, None)`` of a matrix of full column rank; singular values carry nothing and are left out."""
    refuse_enclosures("scipy.linalg.lstsq", "Solve the normal equations with intervals", a, b)
    a, b = as_operand(a) * 1.0, as_operand(b) * 1.0
    plain = sl.lstsq(primal(a), primal(b), *args, **options)
    if plain[2] < shape_of(a)[1] or ndim_of(a) != 2:
        raise ForeignCall(
            "scipy.linalg.lstsq of a matrix without full column rank, on values: the solution of least norm has no "
            "rule. Add a small multiple of the identity, or drop columns"
        )
    transposed = swapaxes(a, -1, -2)
    x = linalg.solve(matmul(transposed, a), matmul(transposed, b))
    return moving(plain[0], x), sum(square(b - matmul(a, x)), axis=0), plain[2], None


refuse(
    sl,
    "eig eig_banded eigh_tridiagonal eigvals eigvals_banded eigvalsh_tridiagonal fractional_matrix_power hessenberg "
    "ldl logm lu null_space orth pinv polar qr qz schur signm sqrtm svd svdvals",
    "solve, inv, det, cholesky, lu_factor, expm, eigh of symmetric matrices and lstsq have rules",
)

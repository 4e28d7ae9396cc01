"""`scipy.linalg` on values, where its functions differ from the vocabulary's, which have the others' names.

Options that tell SciPy how to compute (``overwrite_a``, ``check_finite``, ``assume_a`` of a general matrix, drivers)
change nothing here.
"""

from typing import Any

import numpy as np
import scipy.linalg as sl

from interp.control.foreign import refuse, register
from interp.errors import ForeignCall
from interp.value import is_complex, ndim_of, primal, shape_of
from interp.vocabulary import linalg, swapaxes
from interp.vocabulary.creation import as_operand
from interp.vocabulary.linalg.factored import mirrored


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
        a = mirrored(a, lower)
    elif assume_a in ("upper triangular", "lower triangular"):
        return linalg.solve_triangular(a, b, trans=int(transposed), lower=assume_a.startswith("lower"))
    elif assume_a not in (None, "gen", "general", "diagonal", "tridiagonal", "banded"):
        _refuse("solve", assume_a=assume_a)
    return linalg.solve(swapaxes(a, -1, -2) if transposed else a, as_operand(b))


register(sl.cho_factor)(linalg.cho_factor)


@register(sl.inv)
def _inv(a: Any, *args: Any, **options: Any) -> Any:
    return linalg.inv(a)


@register(sl.det)
def _det(a: Any, *args: Any, **options: Any) -> Any:
    return linalg.det(a)


@register(sl.solve_toeplitz)
def _solve_toeplitz(c_or_cr: Any, b: Any, *args: Any, **options: Any) -> Any:
    c, r = c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr, None)
    return linalg.solve(linalg.toeplitz(c, r), as_operand(b))


@register(sl.eigh)
def _eigh(a: Any, b: Any = None, *, lower: bool = True, eigvals_only: bool = False, **options: Any) -> Any:
    _refuse("eigh", b=b is not None, **{name: value for name, value in options.items() if name.startswith("subset")})
    uplo = "L" if lower else "U"
    return linalg.eigvalsh(a, uplo) if eigvals_only else tuple(linalg.eigh(a, uplo))


@register(sl.eigvalsh)
def _eigvalsh(a: Any, b: Any = None, *, lower: bool = True, **options: Any) -> Any:
    return _eigh(a, b, lower=lower, eigvals_only=True, **options)


@register(sl.eig)
def _eig(a: Any, b: Any = None, left: bool = False, right: bool = True, *args: Any, **options: Any) -> Any:
    _refuse("eig", b=b is not None, left=left, **options)
    w, v = linalg.eig(a) if right else (linalg.eigvals(a), None)
    w = w if is_complex(w) else w + 0j
    return (w, v) if right else w


@register(sl.eigvals)
def _eigvals(a: Any, b: Any = None, *args: Any, **options: Any) -> Any:
    return _eig(a, b, right=False)


@register(sl.svd)
def _svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, *args: Any, **options: Any) -> Any:
    out = linalg.svd(a, full_matrices, compute_uv)
    return tuple(out) if compute_uv else out


@register(sl.qr)
def _qr(
    a: Any, overwrite_a: bool = False, lwork: Any = None, mode: str = "full", pivoting: bool = False, *args: Any
) -> Any:
    _refuse("qr", pivoting=pivoting)
    names = {"full": "complete", "economic": "reduced", "r": "r"}
    if mode not in names:
        _refuse("qr", mode=mode)
    out = linalg.qr(a, names[mode])
    return (out,) if mode == "r" else tuple(out)


@register(sl.cholesky)
def _cholesky(a: Any, lower: bool = False, *args: Any, **options: Any) -> Any:
    return linalg.cholesky(a, upper=not lower)


@register(sl.norm)
def _norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True) -> Any:
    return linalg.norm(a, ord, axis, keepdims)


@register(sl.pinv)
def _pinv(a: Any, *, atol: Any = None, rtol: Any = None, return_rank: bool = False, check_finite: bool = True) -> Any:
    _refuse("pinv", atol=atol)
    rtol = max(shape_of(a)) * np.finfo(primal(a).dtype).eps if rtol is None else rtol
    out = linalg.pinv(a, rtol=rtol)
    return (out, linalg.matrix_rank(a, rtol=rtol)) if return_rank else out


@register(sl.lstsq)
def _lstsq(a: Any, b: Any, cond: Any = None, *args: Any, **options: Any) -> Any:
    """``(x, residues, rank, s)``, as SciPy has it."""
    x, residues, rank, s = linalg.lstsq(a, b, cond)
    return x, residues if ndim_of(b) == 2 or not shape_of(residues)[0] else residues[0], rank, s


refuse(
    sl,
    "eig_banded eigh_tridiagonal eigvals_banded eigvalsh_tridiagonal fractional_matrix_power hessenberg "
    "ldl lu null_space orth polar qz schur signm",
    "solve, inv, det, cholesky, lu_factor, qr, svd, eig, eigh, expm, logm, sqrtm, pinv and lstsq have rules",
)

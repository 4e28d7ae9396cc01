"""Linear algebra: products, systems of equations, factorisations, functions of matrices, of stacks of matrices."""

from interp.vocabulary.linalg.factored import (
    block_diag,
    cho_factor,
    cho_solve,
    lu_factor,
    lu_solve,
    solve_banded,
    solveh_banded,
    toeplitz,
)
from interp.vocabulary.linalg.factorisations import (
    cholesky,
    eig,
    eigh,
    eigvals,
    eigvalsh,
    qr,
    slogdet,
    svd,
    svdvals,
)
from interp.vocabulary.linalg.least_squares import lstsq, pinv
from interp.vocabulary.linalg.matrix_functions import expm, logm, matrix_power, multi_dot, sqrtm
from interp.vocabulary.linalg.norms import cond, matrix_norm, matrix_rank, norm, vector_norm
from interp.vocabulary.linalg.of_last_axes import cross, diagonal, matrix_transpose, trace, vecdot
from interp.vocabulary.linalg.products import dot, einsum, inner, matmul, outer, tensordot, vdot
from interp.vocabulary.linalg.systems import det, inv, solve, solve_sylvester, solve_triangular

__all__ = [name for name, thing in list(globals().items()) if callable(thing)]

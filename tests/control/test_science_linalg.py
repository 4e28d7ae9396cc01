"""`scipy.linalg` and Python-written `scipy.special` on values, against SciPy by differences and known differentials."""

import numpy as np
import pytest
import scipy.linalg as sl
import scipy.special as sp
from foreign_calls import call, slope

from interp.errors import NoRule
from interpretations import Dual, Interval, Measurement, grad, hessian, jacfwd, jacobian_sparsity

RNG = np.random.default_rng(2)
A = RNG.normal(size=(4, 4)) + 4.0 * np.eye(4)
B, W = RNG.normal(size=4), RNG.normal(size=(4, 4))
SYMMETRIC = A @ A.T
BANDED = np.array([[0.1, 0.2, 0.3, 0.4], [3.0, 4.0, 5.0, 6.0], [0.3, 0.2, 0.1, 0.5], [0.2, 0.1, 0.3, 0.2]])

CALLS = {
    # name: (the call by `g`, which looks functions up, at which matrix)
    "solve": (lambda g, a: B @ g(sl.solve)(a, B), A),
    "solve sym": (lambda g, a: B @ g(sl.solve)(a, B, assume_a="sym"), A),
    "solve lower": (lambda g, a: B @ g(sl.solve)(a, B, lower=True, assume_a="pos"), SYMMETRIC),
    "solve transposed": (lambda g, a: B @ g(sl.solve)(a, B, transposed=True), A),
    "solve columns": (lambda g, a: np.sum(W * g(sl.solve)(a, W)), A),
    "inv": (lambda g, a: np.sum(W * g(sl.inv)(a)), A),
    "det": (lambda g, a: g(sl.det)(a) / 100.0, A),
    "cholesky": (lambda g, a: np.sum(W * g(sl.cholesky)(a)), SYMMETRIC),
    "cholesky lower": (lambda g, a: np.sum(W * g(sl.cholesky)(a, lower=True)), SYMMETRIC),
    "cho_solve": (lambda g, a: B @ g(sl.cho_solve)(g(sl.cho_factor)(a), B), SYMMETRIC),
    "cho_solve lower": (lambda g, a: B @ g(sl.cho_solve)(g(sl.cho_factor)(a, lower=True), B), SYMMETRIC),
    "lu_solve": (lambda g, a: B @ g(sl.lu_solve)(g(sl.lu_factor)(a), B), A[[2, 0, 3, 1]]),
    "lu_factor": (lambda g, a: np.sum(W * g(sl.lu_factor)(a)[0]), A[[2, 0, 3, 1]]),
    "solve_triangular": (lambda g, a: B @ g(sl.solve_triangular)(a, B), A),
    "solve_triangular lower": (lambda g, a: B @ g(sl.solve_triangular)(a, B, lower=True, trans=1), A),
    "solve_triangular unit": (lambda g, a: B @ g(sl.solve_triangular)(a, B, unit_diagonal=True), A),
    "solve_banded": (lambda g, a: B @ g(sl.solve_banded)((2, 1), a, B), BANDED),
    "solveh_banded": (lambda g, a: B @ g(sl.solveh_banded)(a[:2], B), BANDED),
    "solveh_banded lower": (lambda g, a: B @ g(sl.solveh_banded)(a[1:3], B, lower=True), BANDED),
    "expm": (lambda g, a: np.sum(W * g(sl.expm)(a)), A / 8.0),
    "expm large": (lambda g, a: np.sum(W * g(sl.expm)(a)) / 1e3, A),
    "toeplitz": (lambda g, a: np.sum(W * g(sl.toeplitz)(a[0], a[1])), A),
    "solve_toeplitz": (lambda g, a: B @ g(sl.solve_toeplitz)((a[0], a[1]), B), A),
    "block_diag": (lambda g, a: np.sum(g(sl.block_diag)(a[:2, :3], a[3]) ** 2), A),
    "norm": (lambda g, a: g(sl.norm)(a) + g(sl.norm)(a[0], 1) + g(sl.norm)(a, np.inf) + g(sl.norm)(a, 1), A),
    "lstsq": (lambda g, a: B[:2] @ g(sl.lstsq)(a[:, :2], B)[0] + g(sl.lstsq)(a[:, :2], B)[1], A),
    "eigvalsh": (lambda g, a: B @ g(sl.eigvalsh)(a), SYMMETRIC),
    "eigvalsh upper": (lambda g, a: B @ g(sl.eigvalsh)(a, lower=False), SYMMETRIC),
    "softmax": (lambda g, a: np.sum(W * g(sp.softmax)(a, axis=1)), A),
    "log_softmax": (lambda g, a: np.sum(W * g(sp.log_softmax)(a)), A),
    "logsumexp": (
        lambda g, a: np.sum(B * g(sp.logsumexp)(a, axis=0)) + g(sp.logsumexp)(a[0], b=[1.0, 2.0, 0.0, 3.0]),
        A,
    ),
    "multigammaln": (lambda g, a: g(sp.multigammaln)(a[0, 0] + 3.0, 3), A),
}


@pytest.mark.parametrize("name", CALLS)
def test_matrix_functions(name):
    f, at = CALLS[name]
    expected = slope(lambda a: f(lambda function: function, a), at, 1e-3)
    with np.errstate(all="ignore"):
        for derivative in (grad(lambda a: f(call, a))(at), jacfwd(lambda a: f(call, a))(at)):
            np.testing.assert_allclose(derivative, expected, rtol=1e-6, atol=1e-9)
    assert f(call, Dual(at, at)).value == pytest.approx(f(lambda function: function, at), rel=1e-12)


def test_eigenvectors_have_the_differential_of_perturbation_theory():
    values, vectors = sl.eigh(SYMMETRIC)
    change = W + W.T
    out, moved = call(sl.eigh)(Dual(SYMMETRIC, change))
    coupling = vectors.T @ change @ vectors
    gaps = values[None, :] - values[:, None] + np.eye(4)
    np.testing.assert_allclose(out.tangent, np.diag(coupling), rtol=1e-10)
    np.testing.assert_allclose(moved.tangent, vectors @ (coupling * (1.0 - np.eye(4)) / gaps), atol=1e-11)
    np.testing.assert_allclose(moved.value, vectors, atol=1e-14)


def test_second_derivatives_of_eigenvalues():
    """Of the 2 x 2 matrix [[a, b], [b, d]] in closed form."""

    def least(m):
        return call(sl.eigvalsh)(np.stack([np.stack([m[0], m[1]]), np.stack([m[1], m[2]])]))[0]

    def exact(m):
        return 0.5 * (m[0] + m[2]) - np.sqrt(0.25 * (m[0] - m[2]) ** 2 + m[1] ** 2)

    at = np.array([1.0, 0.3, 2.0])
    np.testing.assert_allclose(hessian(least)(at), hessian(exact)(at), atol=1e-12)


def test_equal_eigenvalues():
    """Symmetric functions of them have derivatives; eigenvectors have none."""
    np.testing.assert_array_equal(grad(lambda a: np.sum(call(sl.eigvalsh)(a)))(np.eye(3)), np.eye(3))
    np.testing.assert_allclose(grad(lambda a: np.prod(call(sl.eigvalsh)(a)))(2.0 * np.eye(3)), 4.0 * np.eye(3))
    with np.errstate(invalid="ignore"):
        assert np.isnan(jacfwd(lambda a: call(sl.eigh)(a)[1])(np.eye(3))).any()


def test_the_exponential_of_a_rotation():
    for angle in (0.3, 40.0):
        turned = call(sl.expm)(np.array([[0.0, -1.0], [1.0, 0.0]]) * Dual(angle, 1.0))
        expected = [[-np.sin(angle), -np.cos(angle)], [np.cos(angle), -np.sin(angle)]]
        np.testing.assert_allclose(turned.tangent, expected, atol=1e-12)
    with pytest.raises(NoRule):
        call(sl.expm)(Interval(A, A))


def test_numpys_norm_and_cholesky():
    at = np.array([3.0, 4.0])
    np.testing.assert_allclose(grad(np.linalg.norm)(at), [0.6, 0.8], rtol=1e-15)
    np.testing.assert_allclose(grad(np.linalg.norm)(np.zeros(2)), [0.0, 0.0])
    expected = slope(lambda a: np.sum(W * np.linalg.cholesky(a)), SYMMETRIC)
    np.testing.assert_allclose(grad(lambda a: np.sum(W * np.linalg.cholesky(a)))(SYMMETRIC), expected, atol=1e-9)
    with pytest.raises(np.linalg.LinAlgError):
        grad(lambda a: np.linalg.cholesky(a)[0, 0])(-SYMMETRIC)


def test_other_types():
    out = call(sl.solve)(Measurement(A, 0.1 * np.ones((4, 4))), B)[0]
    gradient = slope(lambda a: sl.solve(a, B)[0], A)
    assert out.std_dev == pytest.approx(0.1 * np.linalg.norm(gradient), rel=1e-8)
    box = call(sl.cholesky)(Interval(SYMMETRIC - 1e-3, SYMMETRIC + 1e-3), lower=True)
    exact = sl.cholesky(SYMMETRIC, lower=True)
    assert (box.lo <= exact).all() and (exact <= box.hi).all()
    pattern = jacobian_sparsity(lambda a: call(sl.block_diag)(a[:1], a[1:])[0], np.ones((2, 2))).toarray()
    assert pattern.sum() == 2 and pattern[0, 0] and pattern[1, 1]


def test_a_rank_that_is_not_full():
    """The solution of least norm, for changes that leave the rank as it is: scaled by 1 + t it is divided by that."""
    x = call(sl.lstsq)(Dual(np.ones((4, 2)), np.ones((4, 2))), B)[0]
    np.testing.assert_allclose(x.value, sl.lstsq(np.ones((4, 2)), B)[0], atol=1e-14)
    np.testing.assert_allclose(x.tangent, -x.value, atol=1e-14)

"""Error bars through complex numbers, as in a spectrum, to real ones: against the Jacobian of each function."""

import numpy as np
import pytest
from truth import assert_same

from interp import interpret
from interp.errors import UnsupportedInput
from interp.interpretation import call
from interpretations import hessian, jacfwd
from interpretations.measurements import Measurement, correlation_matrix, covariance_matrix, uncertainty
from interpretations.stages import gradient

X, S = np.array([0.3, -1.2, 0.7, 2.0, 0.1]), np.array([0.1, 0.2, 0.05, 0.3, 0.02])
W = np.array([1j, 2.0, 0.5, 1 - 1j, 3j])
EYE = np.eye(5)


def stored(x):
    a = np.zeros(3, complex)
    a[0], a[1:3] = x[0] * 1j, x[1:3] * (1 + 2j)
    return np.abs(a * 2 + x[3])


FUNCTIONS = {
    "power spectrum": lambda x: np.abs(np.fft.fft(x)) ** 2,
    "filtered": lambda x: np.fft.irfft(np.fft.rfft(x) * np.exp(0.3j), 5),
    "two axes": lambda x: np.abs(np.fft.fft2(np.outer(x, x))),
    "parts": lambda x: np.real(x * W) - np.imag(np.conj(x + 1j * x[::-1]) ** 2),
    "angle": lambda x: np.sum(np.angle(1j + np.fft.fft(x)[1:3])),
    "a number": lambda x: abs(x[0] * 1j + x[1]),
    "stores": stored,
    "joined": lambda x: np.abs(np.concatenate([x[:2], x[2:] * 1j]) + x[0]),
    "where": lambda x: np.abs(np.where(x > 0, x * 1j, x) + x[::-1]),
    "running": lambda x: np.abs(np.cumsum(x * W) + np.cumprod(x * W + 1)),
    "mean and product": lambda x: np.abs(np.mean(x * W)) + np.abs(np.prod(x * W + 1)),
    "products": lambda x: np.abs((x * W) @ np.outer(W, W)) + np.real(np.vdot(x * W, x + 1j)),
    "einsum": lambda x: np.abs(np.einsum("i,i,j->j", x, W, W * x)),
    "fewer rows than inputs": lambda x: np.abs(np.dot(np.stack([W, W[::-1]]), x)),
    "functions": lambda x: np.imag(np.log(x * W + 1) * np.sqrt(x * W)) + np.abs((x * W + 1) ** 2.5),
    "convolution": lambda x: np.abs(np.convolve(x * W, x)),
    "order": lambda x: np.imag(np.sort(x * W)),
    "solve and inverse": lambda x: np.abs(np.linalg.solve(np.diag(x * W) + 0.1, np.linalg.inv(np.diag(x * W) + 0.1))),
    "determinants": lambda x: np.abs(np.linalg.det(np.diag(x * W) + 0.1)) + np.linalg.slogdet(np.diag(x * W) + 0.1)[1],
    "phase": lambda x: np.angle(np.linalg.slogdet(np.diag(x * W) + 0.1)[0]),
    "eigenvalues": lambda x: np.linalg.eigvalsh(np.outer(x * W, np.conj(x * W)) + np.diag([1.0, 2, 3, 4, 5])),
    "singular values": lambda x: np.linalg.svd(np.outer(W, x) + np.diag(x * W), compute_uv=False),
    "pseudo-inverse": lambda x: np.abs(np.linalg.pinv(np.outer(W, x)[:, :2] + EYE[:, :2])),
    "factors": lambda x: np.abs(np.linalg.cholesky(np.outer(x * W, np.conj(x * W)) + 3 * EYE)),
}


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
def test_standard_deviations(f):
    assert_same(call(f, Measurement(X, S)).std_dev, np.sqrt(jacfwd(f)(X) ** 2 @ S**2), 1e-9, 1e-12)


def test_a_gradient_through_a_spectrum_has_an_error_bar():
    def power(x):
        return np.sum(np.abs(np.fft.fft(x)) ** 2 * np.arange(5))

    result = interpret(power, gradient(), uncertainty(S))(X)
    assert_same(result.reading("gradient").std, np.sqrt(hessian(power)(X) ** 2 @ S**2))


def test_covariances_of_real_and_imaginary_parts():
    z = np.fft.fft(Measurement(X, S))
    jacobian = jacfwd(lambda x: np.concatenate([np.fft.fft(x).real, np.fft.fft(x).imag]))(X)
    assert_same(covariance_matrix([z.real, z.imag]), jacobian @ np.diag(S**2) @ jacobian.T, 1e-9, 1e-12)


def test_a_complex_number_has_no_standard_deviation():
    z = Measurement(np.array([1.0, 2.0]), 0.1) * (1.0 + 2.0j)
    for of in (lambda z: z.std_dev, covariance_matrix, correlation_matrix):
        with pytest.raises(UnsupportedInput, match=r"x\.real"):
            of(z)
    with pytest.raises(UnsupportedInput, match="real"):
        Measurement(1j, 0.1)
    assert str(z[0]) == "(1.00+/-0.10) + 1j * (2.00+/-0.20)"


def test_a_store_into_a_part_is_refused_and_into_a_conjugate_is_not():
    x = Measurement(np.array([1.0, 2.0]), 0.1)
    with pytest.raises(ValueError, match="read-only"):
        (x * 1j).imag[0] = 3.0  # would have to change the whole, error bar included
    conjugate = np.conj(x)
    conjugate[0] = 3.0
    assert conjugate[0].std_dev == 0.0 and x[0].nominal_value == 1.0

"""Complex numbers in both modes, in JAX's convention: against its definition, df/dx - i df/dy, by differences."""

import numpy as np
import pytest
import truth
from truth import assert_same

from interp import interpret
from interp.errors import UnsupportedInput
from interp.testing import check_derivatives
from interpretations import Dual, grad, gradient, hessian, jacfwd, jacrev, jvp, linearize, value_and_grad, vjp

Z = np.array([0.3 + 0.4j, -0.5 - 0.2j, 0.7 - 0.6j])
M = np.array([[1 + 2j, 0.3, 0.1j], [0.2, 2 - 1j, 0.4], [0.5j, 0.1, 1.5]])
HERMITIAN = np.diag([1.0, 2.0, 3.0])

REAL = {
    # real functions of complex numbers
    "abs squared": lambda z: np.sum(np.abs(z) ** 2),
    "real part": lambda z: np.real(np.sum(np.sin(z) * z[0])),
    "imaginary part and angle": lambda z: np.imag(np.prod(np.exp(z))) + np.sum(np.angle(z)),
    "vdot": lambda z: np.real(np.vdot(z, M @ z)),
    "conjugate": lambda z: np.sum(np.imag(np.conj(z) * z[::-1] ** 2)),
    "attributes": lambda z: np.sum(z.real * z.imag) + np.sum(z.conj().imag ** 3),
    "mixed with real numbers": lambda z: np.sum(np.real(z) * np.abs(z * (2.0 + np.imag(z)))),
    "power": lambda z: np.abs(np.sum(z**3 / (1 + z))),
    "square root and logarithm": lambda z: np.real(np.sum(np.sqrt(z) * np.log(z))),
    "sign": lambda z: np.real(np.sum(np.sign(z) * z[0])),
    "where": lambda z: np.sum(np.real(np.where(np.abs(z) > 0.6, z * z, 2j * z))),
    "norm": lambda z: np.linalg.norm(z * z),
    "solve": lambda z: np.sum(np.abs(np.linalg.solve(M, z))),
    "det": lambda z: np.abs(np.linalg.det(M * z)),
    "slogdet": lambda z: np.linalg.slogdet(M * z)[1] + np.imag(np.linalg.slogdet(M * z)[0]),
    "inv": lambda z: np.sum(np.abs(np.linalg.inv(M * z))),
    "pinv": lambda z: np.sum(np.abs(np.linalg.pinv((M * z)[:, :2]))),
    "cholesky": lambda z: np.real(np.sum(np.linalg.cholesky(np.outer(z, np.conj(z)) + 3 * np.eye(3)) ** 2 * M)),
    "eigvalsh": lambda z: np.sum(np.linalg.eigvalsh(np.outer(z, np.conj(z)) + HERMITIAN) ** 3),
    "eigh": lambda z: np.sum(np.abs(np.linalg.eigh(np.outer(z, np.conj(z)) + HERMITIAN)[1] ** 2 * M)),
    "eigvals": lambda z: np.sum(np.abs(np.linalg.eigvals(M * z)) ** 3),
    "svd": lambda z: np.sum(np.linalg.svd(M * z, compute_uv=False) ** 3),
    "svd, rebuilt": lambda z: (lambda u, s, vh: np.real(np.sum((u * s**3) @ vh * M)),)[0](
        *np.linalg.svd(M * z, full_matrices=False)
    ),
    "qr": lambda z: np.real(np.sum(np.linalg.qr(M * z)[1] ** 3 * M)),
    "fft": lambda z: np.sum(np.abs(np.fft.fft(z)) ** 3),
    "irfft": lambda z: np.sum(np.fft.irfft(z) ** 3),
    "variance": lambda z: np.var(z) + np.std(z),
    "cumsum": lambda z: np.sum(np.abs(np.cumsum(z)) * np.arange(3)),
    "einsum": lambda z: np.abs(np.einsum("i,ij,j", z, M, z)),
    "in place": lambda z: _filled(z),
}


def _filled(z):
    a = np.zeros(3, complex)
    a[0], a[1], a[2] = z[0] * 2, 1j * z[1], np.real(z[2])
    a[1:] *= z[0]
    return np.sum(np.abs(a) ** 2)


every = pytest.mark.parametrize("f", [pytest.param(f, id=name) for name, f in REAL.items()])


def by_parts(f, z):
    """df/dx - i df/dy by central differences."""
    along = lambda unit: truth.jacobian(lambda t: f(z + unit * t), (np.zeros(z.shape),), 0)  # noqa: E731
    return along(1.0) - 1j * along(1j)


@every
def test_the_gradient_is_df_dx_minus_i_df_dy(f):
    value, found = value_and_grad(f)(Z)
    assert found.dtype == complex and not np.iscomplexobj(value)
    assert_same(found, by_parts(f, Z), 1e-7, 1e-7)
    assert_same(jacrev(f)(Z), found)


@every
def test_both_modes_and_second_order(f):
    phases = f in (REAL["eigvalsh"], REAL["eigh"], REAL["svd"], REAL["svd, rebuilt"])  # free, and turned by LAPACK
    check_derivatives(f, Z, rtol=1e-5, primitives=not phases)


@every
def test_of_real_numbers_made_complex(f):
    g = lambda x: f(x[:3] + 1j * x[3:])  # noqa: E731
    x = np.concatenate([Z.real, Z.imag])
    found = grad(g)(x)
    assert found.dtype == float
    expected = grad(f)(Z)
    assert_same(found, np.concatenate([expected.real, -expected.imag]), 1e-12, 1e-12)
    assert_same(jacfwd(g)(x), found, 1e-12, 1e-12)


HOLOMORPHIC = {
    # function, derivative, second derivative, of each element
    "sin squared": (lambda z: np.sin(z) ** 2, lambda z: np.sin(2 * z), lambda z: 2 * np.cos(2 * z)),
    "exponential": (lambda z: np.exp(z) * z, lambda z: np.exp(z) * (1 + z), lambda z: np.exp(z) * (2 + z)),
    "logarithm": (lambda z: np.log(z), lambda z: 1 / z, lambda z: -1 / z**2),
    "arctangent": (lambda z: np.arctan(z), lambda z: 1 / (1 + z * z), lambda z: -2 * z / (1 + z * z) ** 2),
}


@pytest.mark.parametrize("name", HOLOMORPHIC)
def test_holomorphic_functions(name):
    f, first, second = HOLOMORPHIC[name]
    total = lambda z: np.sum(f(z))  # noqa: E731
    assert_same(grad(total, holomorphic=True)(Z), first(Z), 1e-13, 1e-13)
    assert_same(hessian(total, holomorphic=True)(Z), np.diag(second(Z)), 1e-12, 1e-12)
    for transform in (jacfwd, jacrev):
        assert_same(transform(f, holomorphic=True)(Z), np.diag(first(Z)), 1e-13, 1e-13)
    assert grad(f, holomorphic=True)(complex(Z[0])) == pytest.approx(first(Z[0]))


def test_cotangents_are_transposed_not_conjugated():
    """As JAX has it: the pullback of z -> M z takes c to M^T c."""
    out, pullback = vjp(lambda z: M @ z, Z)
    assert_same(out, M @ Z)
    c = np.array([1 + 2j, 3j, 1.0])
    assert_same(pullback(c)[0], M.T @ c, 1e-14, 1e-14)
    assert_same(jvp(lambda z: M @ z, (Z,), (c,))[1], M @ c, 1e-14, 1e-14)
    x = np.array([0.1, 0.2, 0.3])
    assert_same(vjp(lambda x: M @ x, x)[1](c)[0], (M.T @ c).real, 1e-14, 1e-14)


def test_complex_outputs_of_real_inputs():
    x = np.array([0.3, 0.7])
    c = np.array([[1j, 2.0], [3.0, 4 + 1j]])
    assert jvp(lambda x: x * (3 + 4j), (2.0,), (1.0,))[1] == 3 + 4j
    assert_same(jacfwd(lambda x: np.exp(1j * x))(x), np.diag(1j * np.exp(1j * x)))
    assert_same(jacfwd(lambda x: c @ x)(x), c)


@pytest.mark.parametrize(
    "refused",
    [
        lambda: jacrev(lambda x: x * 1j)(np.ones(2)),
        lambda: grad(lambda x: x * 1j)(2.0),
        lambda: grad(lambda z: z * z)(1j),
        lambda: grad(lambda z: abs(z), holomorphic=True)(1j),
        lambda: grad(lambda x: x * x, holomorphic=True)(1.0),
        lambda: jacfwd(lambda z: z * z)(np.array([1j])),
        lambda: hessian(lambda z: abs(z) ** 2)(np.array([1j])),
        lambda: interpret(lambda x: x * 1j, gradient("reverse"))(2.0).gradient,
        lambda: interpret(lambda z: abs(z), gradient())(2.0j),
        lambda: jvp(lambda x: x * x, (1.0,), (1j,)),
        lambda: vjp(lambda x: x * x, 1.0)[1](1j),
    ],
)
def test_what_does_not_fit_says_so(refused):
    with pytest.raises(UnsupportedInput, match=r"real|complex"):
        refused()


def test_at_zero():
    """|z| and the norm have gradient 0 at 0; the sign is 0 there."""
    assert grad(abs)(0j) == 0 and grad(np.abs)(np.complex64(0)) == 0
    assert_same(grad(lambda z: np.linalg.norm(z))(np.zeros(2, complex)), np.zeros(2))
    assert_same(grad(lambda z: np.sum(np.abs(z)))(np.array([0j, 3 + 4j])), np.array([0, 0.6 - 0.8j]))


def test_single_precision_is_kept():
    z = Z.astype(np.complex64)
    assert grad(lambda z: np.sum(np.abs(z) ** 2))(z).dtype == np.complex64
    assert jacfwd(lambda z: z * z, holomorphic=True)(z).dtype == np.complex64


def test_the_derivative_of_a_number_is_a_number():
    assert type(jacfwd(lambda x: x * 1j)(1.0)) is np.complex128


def test_cotangents_of_real_half_spectra_are_real():
    for f in (np.fft.irfft, lambda x: np.fft.hfft(x, 5), lambda x: np.fft.irfft2(np.outer(x, x))):
        rows = jacrev(f)(np.array([0.3, -0.5, 0.7]))
        assert rows.dtype == float
        assert_same(rows, jacfwd(f)(np.array([0.3, -0.5, 0.7])))


X = np.array([0.3, 0.5, 0.7, 0.2, 0.9])


def filled_buffer(x):
    c = np.zeros(5, complex)
    c[:] = x
    c[1] = 1j * x[0]
    return (c * c).real + c.imag


def parts_assigned(x):
    c = np.zeros(5, complex)
    c.real = x
    c.imag = x**2
    return np.abs(c) ** 2


def turned_in_place(x):
    c = x + 0j
    c[1:] *= 1j
    c -= x
    c /= x + 1j
    return c.real * c.imag


def views_of_parts(x):
    c = x + 0j
    c.imag[:] = x**2
    d = c.real
    d *= 2
    return (c * c).real


def real_input_of_irfft(x):
    return np.fft.irfft(x)


def branches_of_inverses(x):
    return np.real(np.arccosh(x - 0.8 + 0.6j)) + np.imag(np.arcsinh(x + 0.6j)) + np.real(np.arcsin(x + 0.4j))


@pytest.mark.parametrize(
    "f",
    [filled_buffer, parts_assigned, turned_in_place, views_of_parts, real_input_of_irfft, branches_of_inverses],
)
def test_programs_of_real_inputs_through_complex_storage(f):
    expected = truth.jacobian(f, (X,), 0)
    assert_same(jacfwd(f)(X), expected, 1e-8, 1e-8)
    assert_same(jacrev(f)(X), expected, 1e-8, 1e-8)
    columns = [linearize(f, X)[1](t) for t in np.eye(5)]
    assert_same(np.stack(columns, axis=-1), expected, 1e-8, 1e-8)


def test_parts_of_a_value_are_assigned():
    def f(x):
        c = x + 1j * x**2
        c.real = x**3
        c.imag = np.sin(x)
        return np.abs(c) ** 2 + c.imag

    expected = np.diag(6 * X**5 + 2 * np.sin(X) * np.cos(X) + np.cos(X))
    assert_same(jacfwd(f)(X), expected)
    assert_same(jacrev(f)(X), expected)
    with pytest.raises(TypeError, match="imaginary"):
        Dual(X, X).imag = 1.0

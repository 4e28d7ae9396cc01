"""Derivatives that native code takes with respect to arrays, and stores of the functions differentiated.

Each program also runs as plain Python.
"""

import numpy as np
import pytest

import interp
from interpretations import grad, hessian, hvp, jacfwd, jacrev, jvp, value_and_grad


def valley(x):
    """Rosenbrock's function: its derivatives in closed form are below."""
    total = 0.0
    for i in range(len(x) - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


def slope_of_valley(x):
    made = np.zeros_like(x)
    gap = x[1:] - x[:-1] ** 2
    made[:-1] += -400.0 * gap * x[:-1] - 2.0 * (1.0 - x[:-1])
    made[1:] += 200.0 * gap
    return made


def bend_of_valley(x):
    made = np.zeros((x.size, x.size))
    for i in range(x.size - 1):
        made[i, i] += 1200.0 * x[i] ** 2 - 400.0 * x[i + 1] + 2.0
        made[i + 1, i + 1] += 200.0
        made[i, i + 1] -= 400.0 * x[i]
        made[i + 1, i] -= 400.0 * x[i]
    return made


POINT = np.array([0.5, 0.2, 0.9, -0.3])


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: grad(valley)(x), slope_of_valley(POINT)),
        (lambda x: value_and_grad(valley)(x)[1], slope_of_valley(POINT)),
        (lambda x: jacfwd(valley)(x), slope_of_valley(POINT)),
        (lambda x: hessian(valley)(x), bend_of_valley(POINT)),
        (lambda x: jacrev(grad(valley))(x), bend_of_valley(POINT)),
        (lambda x: hvp(valley, x, x * x), bend_of_valley(POINT) @ POINT**2),
        (lambda x: jvp(valley, (x,), (x,))[1], slope_of_valley(POINT) @ POINT),
        (lambda x: jvp(lambda x: x * x, (x,), (x,))[1], 2.0 * POINT**2),
        (lambda x: jacfwd(lambda x: np.sin(x) * 2.0)(x), np.diag(2.0 * np.cos(POINT))),
        (lambda x: grad(lambda x, k: np.sum(x * x) * k, (0, 1))(x, 3.0)[0], 6.0 * POINT),
        (lambda x: grad(lambda x, k: np.sum(x * x) * k, (0, 1))(x, 3.0)[1], np.sum(POINT**2)),
        (lambda x: grad(lambda x: x[0, 1] * x[1, 0])(x.reshape((2, 2))), [[0.0, 0.9], [0.2, 0.0]]),
        (lambda x: grad(lambda x: np.sum(x))(x[:0]), []),
    ],
)
def test_with_respect_to_arrays(f, expected):
    native = interp.compile(f)
    np.testing.assert_allclose(native(POINT), expected, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(f(POINT), expected, rtol=1e-13, atol=1e-13)


def test_a_descent_over_an_array_and_its_own_derivative():
    """x <- x - r f'(x) three times: the Jacobian is the product of 1 - r f''."""

    def descent(x, rate):
        for _ in range(3):
            x = x - rate * grad(valley)(x)
        return x

    native, x, jacobian = interp.compile(descent), POINT, np.eye(4)
    for _ in range(3):
        x, jacobian = x - 1e-3 * slope_of_valley(x), (np.eye(4) - 1e-3 * bend_of_valley(x)) @ jacobian
    np.testing.assert_allclose(native(POINT, 1e-3), x, rtol=1e-13)
    np.testing.assert_allclose(jacfwd(native)(POINT, 1e-3), jacobian, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(jacrev(native)(POINT, 1e-3), jacobian, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(grad(lambda x: np.sum(native(x, 1e-3)))(POINT), jacobian.sum(axis=0), rtol=1e-12)


def test_stores_of_the_function_happen_once():
    def counted(x, calls):
        calls[0] += 1.0
        y = x * 1.0
        y[0] = y[0] * calls[0]
        return np.sum(y * y)

    for f in (lambda x, calls: grad(counted)(x, calls), lambda x, calls: value_and_grad(counted)(x, calls)[1]):
        calls = np.array([1.0, 0.0])
        np.testing.assert_allclose(interp.compile(f)(POINT, calls), 2.0 * POINT * [4.0, 1.0, 1.0, 1.0], rtol=1e-14)
        assert calls[0] == 2.0
    x = POINT.copy()

    def spoiling(x):
        x[0] = x[0] * x[1]
        return x[0]

    np.testing.assert_allclose(interp.compile(lambda x: jvp(spoiling, (x,), (x,)))(x), (0.1, 0.2), rtol=1e-14)
    np.testing.assert_array_equal(x, POINT)


def test_stores_happen_once_whatever_is_asked_for():
    def counted(x, y, calls):
        calls[0] += 1.0
        return np.sum(x * x) * calls[0] + np.sum(y * y) * calls[0]

    x, y = POINT.copy(), np.array([3.0])
    for slopes, expected in (
        (lambda x, y, calls: grad(counted, (0, 1))(x, y, calls), (2.0 * x, 2.0 * y)),
        (lambda x, y, calls: grad(counted, (1, 0))(x, y, calls), (2.0 * y, 2.0 * x)),
    ):
        calls = np.zeros(1)
        found = interp.compile(slopes)(x, y, calls)
        assert all(map(np.array_equal, found, expected)) and calls[0] == 1.0


def test_stores_into_captured_arrays_happen_once():
    @interp.compile
    def within(x):
        calls = np.zeros(1)

        def counted(v):
            calls[0] += 1.0
            return np.sum(v * v) * calls[0]

        return grad(counted)(x), jacfwd(counted)(x), hessian(counted)(x), calls[0]

    by_grad, by_jacfwd, bend, calls = within(POINT)
    np.testing.assert_allclose(by_grad, 2.0 * POINT, rtol=1e-14)
    np.testing.assert_allclose(by_jacfwd, 4.0 * POINT, rtol=1e-14)
    np.testing.assert_allclose(bend, 6.0 * np.eye(len(POINT)), rtol=1e-14)
    assert calls == 3.0


def test_an_array_that_is_differentiated_is_left_alone():
    def spoiling(x):
        x[0] = x[0] * x[1]
        return x[0] * x[0]

    x = np.array([2.0, 3.0])
    np.testing.assert_allclose(interp.compile(lambda x: grad(spoiling)(x))(x), [36.0, 24.0], rtol=1e-14)
    assert np.array_equal(x, [2.0, 3.0])

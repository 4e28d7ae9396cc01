"""Functions called for what they do to their arguments: their adjoint, against differences of plain Python."""

import numpy as np
import pytest

import interp
from interpretations import grad, hvp

X = np.array([1.0, 2.0, 3.0])


def slope(x, y, k):
    for i in range(len(y)):
        k[i] = x[i] * y[i]


def step(y, k, h):
    """Returns early in several ways, one of them with a value that nobody asked for."""
    if h < 0.0:
        return
    for i in range(len(y)):
        if k[i] > 1e3:
            y[i] = 1e3
            return None
        y[i] = y[i] + h * k[i]
    return y


def swap(u):
    u[0], u[1] = u[1], u[0]


def put(buffer, i, v):
    buffer[i] = v


def euler(x):
    y, k = np.ones(len(x)), np.zeros(len(x))
    for _ in range(3):
        slope(x, y, k)
        step(y, k, 0.1)
        step(y, k, -1.0)
    step(y, x * 400.0, 0.5)
    return np.sum(y * y)


def stored_by_a_callee(x):
    buffer = np.zeros(4)
    for i in range(3):
        put(buffer, i, x[i] * x[(i + 1) % 3])
    put(buffer, 3, buffer[0] * buffer[1])
    return buffer[3] * buffer[2] + buffer[0]


def views_of_one_array(x):
    y = x.copy()
    swap(y)
    swap(y[1:])
    return y[0] + 10.0 * y[1] + 100.0 * y[2] * y[0]


def closures_that_store(x):
    total = np.zeros(2)

    def add(v):
        def deeper(w):
            total[1] = total[1] + w * w

        total[0] = total[0] + v
        deeper(v)

    for i in range(3):
        add(x[i] ** 2)
    return total[0] * total[1]


PROGRAMS = [euler, stored_by_a_callee, views_of_one_array, closures_that_store]


@pytest.mark.parametrize("function", PROGRAMS)
def test_gradients(function):
    compiled = interp.compile(function, boundscheck=True)
    h = 1e-4
    differences = [
        (8.0 * (function(X + h * e) - function(X - h * e)) - function(X + 2 * h * e) + function(X - 2 * h * e))
        / (12 * h)
        for e in np.eye(3)
    ]
    np.testing.assert_allclose(grad(compiled)(X), differences, rtol=1e-8, atol=1e-6)
    assert compiled.reverse == "adjoint"


def test_the_hessian_of_stores_by_a_callee():
    """f = x0 x1**2 x2**2 x0 + x0 x1"""
    x0, x1, x2 = X
    v = np.array([0.5, -1.0, 2.0])
    hessian = np.array(
        [
            [2 * x1**2 * x2**2, 4 * x0 * x1 * x2**2 + 1, 4 * x0 * x1**2 * x2],
            [4 * x0 * x1 * x2**2 + 1, 2 * x0**2 * x2**2, 4 * x0**2 * x1 * x2],
            [4 * x0 * x1**2 * x2, 4 * x0**2 * x1 * x2, 2 * x0**2 * x1**2],
        ]
    )
    np.testing.assert_allclose(hvp(interp.compile(stored_by_a_callee), X, v), hessian @ v, rtol=1e-13)

"""Plain Python programs in the native tier: each right in forward, reverse and nested modes, and run once."""

import inspect
import traceback

import numpy as np
import pytest
import truth
from control import native_programs
from control.native_programs import PROGRAMS

from interp import interpret
from interpretations import grad, gradient, hessian, jacfwd, jvp, tangent, uncertainty

X = np.array([0.7, 1.3, 0.4])
programs = pytest.mark.parametrize("f", PROGRAMS.values(), ids=PROGRAMS)


def _gradient(f):
    return truth.jacobian(f, (X,), 0)


@programs
def test_gradient(f):
    expected = _gradient(f)
    for transform in (grad, jacfwd):
        np.testing.assert_allclose(transform(f)(X), expected, rtol=2e-7, atol=1e-8)


@programs
def test_value_and_one_direction(f):
    direction = np.array([0.3, -1.0, 0.5])
    value, slope = jvp(f, (X,), (direction,))
    np.testing.assert_allclose(value, f(X.copy()), rtol=1e-13)
    np.testing.assert_allclose(slope, _gradient(f) @ direction, rtol=2e-7, atol=1e-8)


@programs
def test_second_derivatives(f):
    expected = truth.jacobian(grad(f), (X,), 0)
    np.testing.assert_allclose(hessian(f)(X), expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(jacfwd(jacfwd(f))(X), expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(jacfwd(grad(f))(X), jacfwd(jacfwd(f))(X), rtol=1e-9, atol=1e-10)


@programs
def test_error_bar(f):
    std = np.array([0.1, 0.2, 0.05])
    got = interpret(f, uncertainty(std=std))(X).std
    np.testing.assert_allclose(got, np.linalg.norm(_gradient(f) * std), rtol=2e-7, atol=1e-9)

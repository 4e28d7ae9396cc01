"""Gradients of functions that draw random numbers belong to the numbers that were drawn.

The functions are linear in x, so that value and gradient of one run agree: f(x) = f'(x) x (half that of squares).
"""

import random

import numpy as np
import pytest

import interp
from interpretations import Dual, grad, jacrev, value_and_grad, vjp

X = np.array([1.0, 2.0, 3.0])


def uniform(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i] * np.random.rand()
    return total


def of_the_library(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i] * random.random()
    return total


def normal_used_twice(x):
    total = 0.0
    for i in range(len(x)):
        noise = np.random.normal(0.0, 1.0)
        if noise > 0.0:
            total += x[i] * noise
        else:
            total += x[i] * noise * np.cos(noise)
    return total


def an_array(x):
    weights = np.random.rand(3)
    return np.sum(x * weights) + x[0] * weights[1]


def a_position(x):
    return 3.0 * x[np.random.randint(0, 3)]


@pytest.mark.parametrize(
    "f", [uniform, of_the_library, normal_used_twice, an_array, a_position], ids=lambda f: f.__name__
)
def test_the_gradient_is_of_the_run(f):
    compiled = interp.compile(f)
    for _ in range(5):
        value, gradient = value_and_grad(compiled)(X)
        assert compiled.reverse == "adjoint"
        assert value == pytest.approx(gradient @ X, rel=1e-14)


def rows(x):
    made = np.zeros(3)
    for i in range(3):
        made[i] = x[i] * np.random.rand()
    return made


def test_several_results_are_of_one_run():
    compiled = interp.compile(rows)
    value, pullback = vjp(compiled, X)
    (first,), (second,) = pullback(np.ones(3)), pullback(np.ones(3))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(value, first * X, rtol=1e-14)
    assert jacrev(compiled)(X).shape == (3, 3)


def test_through_values():
    slope = grad(interp.compile(uniform))
    along = slope(Dual(X, np.ones(3)))
    assert np.array_equal(along.tangent, np.zeros(3)) and np.all(along.value != 0.0)

"""Transforms of compiled functions and compiled transforms: one thing, at any depth, with functions of math."""

import math

import numpy as np
import pytest

import interp
from interp.errors import CompileError
from interpretations import (
    dual,
    grad,
    gradient,
    hessian,
    higher_derivatives,
    hvp,
    jacfwd,
    jacrev,
    jvp,
    value_and_grad,
    vjp,
)


def wave(x):
    """sin(x0) x1**2 + sum of x, by a loop that stops."""
    total = math.sin(x[0]) * x[1] ** 2
    i = 0
    while i < len(x):
        total += x[i]
        i += 1
    return total


X = np.array([1.0, 2.0, 3.0])
GRADIENT = np.array([4.0 * np.cos(1.0) + 1.0, 4.0 * np.sin(1.0) + 1.0, 1.0])
HESSIAN = np.array(
    [[-4.0 * np.sin(1.0), 4.0 * np.cos(1.0), 0.0], [4.0 * np.cos(1.0), 2.0 * np.sin(1.0), 0.0], [0.0, 0.0, 0.0]]
)
V = np.array([0.5, -1.0, 2.0])

TRANSFORMS = [
    (lambda f: grad(f)(X), GRADIENT),
    (lambda f: value_and_grad(f)(X)[1], GRADIENT),
    (lambda f: jacrev(f)(X), GRADIENT),
    (lambda f: jacfwd(f)(X), GRADIENT),
    (lambda f: vjp(f, X)[1](1.0)[0], GRADIENT),
    (lambda f: jvp(f, (X,), (V,))[1], GRADIENT @ V),
    (lambda f: hessian(f)(X), HESSIAN),
    (lambda f: hvp(f, X, V), HESSIAN @ V),
    (lambda f: jacrev(grad(f))(X), HESSIAN),
    (lambda f: jacfwd(jacfwd(f))(X), HESSIAN),
    (lambda f: grad(lambda x: jvp(f, (x,), (V,))[1])(X), HESSIAN @ V),
    (lambda f: jacrev(jacfwd(f))(X), HESSIAN),
    (lambda f: grad(lambda x: grad(f)(x) @ V)(X), HESSIAN @ V),
    (lambda f: higher_derivatives(f, 2, V)(X)[1:], [GRADIENT @ V, V @ HESSIAN @ V]),
    (lambda f: interp.interpret(f, gradient())(X).gradient, GRADIENT),
]


@pytest.mark.parametrize(("transform", "expected"), TRANSFORMS)
def test_every_transform_takes_a_compiled_function(transform, expected):
    np.testing.assert_allclose(transform(_compiled), expected, rtol=1e-14, atol=1e-14)


_compiled = interp.compile(wave)


@pytest.mark.parametrize("transform", [grad, jacrev, jacfwd])
def test_compile_of_a_transform_is_the_transform_of_the_compiled(transform):
    g = interp.compile(transform(wave), boundscheck=True)
    np.testing.assert_allclose(g(X), GRADIENT, rtol=1e-14)
    assert type(g.original) is type(_compiled) and g.original.options["boundscheck"]
    compiled_once = g.original.compile_seconds
    for _ in range(100):
        g(X)
    assert g.original.compile_seconds == compiled_once


def test_it_nests():
    second = interp.compile(higher_derivatives(wave, 2, V))(X)[2]
    np.testing.assert_allclose(second, V @ HESSIAN @ V, rtol=1e-14)
    np.testing.assert_allclose(interp.compile(hessian(wave))(X), HESSIAN, rtol=1e-14, atol=1e-14)
    third = interp.compile(grad(grad(grad(lambda x: math.exp(2.0 * x)))))
    assert abs(third(0.3) - 8.0 * math.exp(0.6)) < 1e-12


def test_arguments_of_a_transform_are_kept():
    def f(x, y):
        return x * math.sin(y)

    first, second = interp.compile(grad(f, argnums=(0, 1)))(2.0, 0.5)
    assert abs(first - math.sin(0.5)) < 1e-15 and abs(second - 2.0 * math.cos(0.5)) < 1e-15


series_of_wave = higher_derivatives(wave, 2)


def test_a_transform_that_has_no_native_body_says_where_it_belongs():
    series = higher_derivatives(wave, 2)
    for function, named in [
        (lambda x: higher_derivatives(wave, 2)(x), "higher_derivatives"),
        (lambda x: series_of_wave(x), "series_of_wave"),
        (lambda x: series(x), "series"),
        (lambda x: vjp(wave, x)[0], "vjp"),
    ]:
        with pytest.raises(CompileError, match=f"`{named}` makes a function at run time: take it of the compiled"):
            interp.compile(function)(X)


def test_gradients_nest_to_any_depth():
    """d^n exp(2x) = 2**n exp(2x), by Tapes of Tapes of Tapes: a level mistaken for another would show."""
    f = interp.compile(lambda x: math.exp(2.0 * x))
    for order in range(1, 5):
        f = grad(f)
        assert abs(f(0.3) / (2.0**order * math.exp(0.6)) - 1.0) < 1e-13


def test_mixed_nests():
    """x**3 sin(y) with modes in all orders of three."""

    def product(x, y):
        return x**3 * math.sin(y)

    expected = 6.0 * 0.7 * math.cos(0.4)
    compiled = interp.compile(product)
    for first in (grad, jacfwd, jacrev):
        for second in (grad, jacfwd, jacrev):
            for third in (grad, jacfwd):
                mixed = third(second(first(compiled, 0), 1), 0)
                assert abs(mixed(0.7, 0.4) / expected - 1.0) < 1e-13, (first, second, third)


def test_a_tangent_that_is_what_varies():
    """d/dt of f(x + t e) at every x: perturbations of one call must not mix with those of another."""
    compiled = interp.compile(lambda x, y: x * math.sin(y))

    def outer(x):
        return x * grad(lambda y: compiled(x, y))(2.0)  # x**2 cos 2

    assert abs(grad(outer)(3.0) - 6.0 * math.cos(2.0)) < 1e-14
    assert abs(jacfwd(outer)(3.0) - 6.0 * math.cos(2.0)) < 1e-14


@pytest.mark.parametrize("sizes", [(3, 3), (1, 1), (2, 5)])
def test_directions_of_two_levels_do_not_meet(sizes):
    """x of one level and y of another, each with several tangents: every pair has its mixed derivative."""
    compiled = interp.compile(lambda x, y: x**2 * math.sin(y))
    inner, outer = (np.linspace(0.5, 2.0, n) for n in sizes)
    for levels in ((1, 2), (2, 1)):
        x, y = dual.make(0.7, inner, levels[0]), dual.make(0.4, outer, levels[1])
        mixed = compiled(x, y).tangent.tangent
        expected = 1.4 * math.cos(0.4) * np.multiply.outer(inner, outer)
        np.testing.assert_allclose(mixed, expected if levels == (1, 2) else expected.T, rtol=1e-14)

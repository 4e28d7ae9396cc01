"""Python that Numba does not take as it stands: generators in sums, `reversed`, keyword-only arguments.

Expected values are those of plain Python on floats, and derivatives by hand.
"""

import re

import numpy as np
import pytest

import interp
from interp.errors import CompileError
from interpretations import Dual, grad

X = np.array([0.5, -1.0, 2.0])


def squares(x):
    return sum(v * v for v in x)


def pairs(x):
    return sum(a * b for a, b in zip(x, x[::-1], strict=False) if a > -0.5)


def nested(x):
    return sum(sum(a * b for a in x) for b in x)


def closed_over(x):
    scale = 3.0

    def inner(y):
        return max(scale * v for v in y)

    return inner(x)


def judged(x):
    return x[0] if any(v < 0.0 for v in x) and all(v < 5.0 for v in x) else x[1]


def backwards(x):
    total = 0.0
    for v in reversed(x):
        total = 0.5 * total + v
    return total


def ranges_backwards(x):
    total = 0.0
    for i in reversed(range(3)):
        total = 0.5 * total + x[i]
    for i in reversed(range(1, 3)):
        total = total * x[i]
    return total


FUNCTIONS = {
    squares: 2.0 * X,
    pairs: [4.0, 0.0, 1.0],
    nested: [3.0, 3.0, 3.0],
    closed_over: [0.0, 0.0, 3.0],
    judged: [1.0, 0.0, 0.0],
    backwards: [1.0, 0.5, 0.25],
    ranges_backwards: np.array([1.0, 0.5, 0.25]) * X[1] * X[2] + 0.5 * np.array([0.0, X[2], X[1]]),
}


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_values_and_derivatives(f):
    slopes = np.array(FUNCTIONS[f])
    compiled = interp.compile(f)
    assert compiled(X) == f(X)
    assert compiled(Dual(X, np.array([1.0, 2.0, 3.0]))).tangent == pytest.approx(slopes @ [1.0, 2.0, 3.0], rel=1e-15)
    np.testing.assert_allclose(grad(compiled)(X), slopes, rtol=1e-15)


def scaled(x, shift=0.0, *, factor, power=2):
    return factor * x**power + shift


def optional(x, *, factor=2.0, power=2):
    return factor * x**power


def test_keyword_only_arguments_of_callees():
    f = interp.compile(lambda x: optional(x) + optional(x, power=3) + optional(x, power=1, factor=5.0))
    assert f(2.0) == 8.0 + 16.0 + 10.0
    assert f(Dual(2.0, 1.0)).tangent == 8.0 + 24.0 + 5.0
    assert grad(f)(2.0) == 37.0
    g = interp.compile(scaled)
    assert g(3.0, factor=2.0) == 18.0 and g(3.0, 1.0, factor=2.0, power=3) == 55.0
    assert grad(g)(3.0, factor=2.0) == 12.0


def wrong(x):
    total = sum(v for v in x)
    return total + np.polyval(x, 2.0)


def test_an_error_still_tells_the_line():
    line = wrong.__code__.co_firstlineno + 2
    with pytest.raises(CompileError, match=re.escape(f"test_dialect.py:{line}")):
        interp.compile(wrong)(X)


def doubled_at(x):
    a = x.copy()
    a[np.array([0, 2])] *= 2.0
    return np.sum(a * a)


def exchanged(x):
    a = x.copy()
    a[np.array([0, 2])] = a[np.array([2, 0])]
    return np.sum(a * np.array([1.0, 10.0, 100.0]))


def masked(x):
    a = x.copy()
    a[a > 0.0] = a[a > 0.0] ** 2
    return np.sum(a)


def filled(x):
    a = x.copy()
    a.fill(x[1])
    return np.sum(a * x)


STORES = {
    doubled_at: 2.0 * X * [4.0, 1.0, 4.0],
    exchanged: [100.0, 10.0, 1.0],
    masked: [1.0, 1.0, 4.0],
    filled: [-1.0, 0.5, -1.0],
}


@pytest.mark.parametrize("f", STORES, ids=lambda f: f.__name__)
def test_stores_at_positions(f):
    compiled = interp.compile(f)
    assert compiled(X) == f(X)
    np.testing.assert_allclose(grad(compiled)(X), STORES[f], rtol=1e-15)
    np.testing.assert_allclose(compiled(Dual(X, np.ones(3))).tangent, np.sum(STORES[f]), rtol=1e-15)


def test_a_store_of_another_length():
    def store(x):
        a = x.copy()
        a[np.array([0, 1, 2])] = x[:2]
        return np.sum(a)

    with pytest.raises(ValueError, match="broadcast"):
        interp.compile(store)(Dual(X, X))


def test_round():
    f = interp.compile(lambda x: round(x) * x + round(x, 1))
    made = f(Dual(2.26, 1.0))
    assert made.value == pytest.approx(2.0 * 2.26 + 2.3, rel=1e-15) and made.tangent == 2.0


def min_of_own(x, sum, reversed):
    return sum(v * v for v in [x]) + reversed(x)


def test_names_of_ones_own_are_left_alone():
    with pytest.raises(CompileError):
        interp.compile(min_of_own)(2.0, cube_of_first, cube_of_first)
    assert interp.compile(lambda x, reversed: reversed(x))(2.0, cube_of_first) == 8.0


def cube_of_first(x):
    return x * x * x


def weighed(a, *rest, scale=2.0):
    total = a * scale
    for x in rest:
        total += x
    return total


def test_keyword_only_arguments_after_any_number_of_others():
    """Numba would take the last argument for it."""
    with pytest.raises(CompileError, match="keyword-only arguments after any number"):
        interp.compile(lambda x: weighed(x, x * x, 7.0))(3.0)

"""Functions without source: every way through their branches is run; `if_` and `while_` by hand."""

import bisect
import heapq

import numpy as np
import pytest
from control.patterns import raised, rows

from interp import control, interpret
from interp.errors import PathError
from interpretations import Interval, bounds, grad, hessian, jacobian_sparsity, sparsity

X = np.array([0.5, 0.3, 0.7, 0.2, 0.9])
SOURCE = """
def two_sides(x):
    s = 0.0
    if x[0] > 0:
        s = s + x[1]
    else:
        s = s - x[2]
    return s * 2.0

def bounded_loop(x):
    s, i = x[0], 0
    while s < 1.0 and i < 4:
        s = s + x[1]
        i += 1
    return s + x[i]

def endless(x):
    s = x[0]
    while s > 0.0:
        s = s - 1.0
    return s

def store(a, x):
    if x[0] > 0:
        a[0] = x[1]
    else:
        a.append(x[2])

def asks_twice(x):
    return (1.0 if x[0] > 0 else 2.0) * (x[1] if x[0] > x[2] else x[3])

def by_hand(x):
    s = while_(lambda s: s < 2.0, lambda s: s + x[1] * x[1] + 0.1, x[0])
    return if_(x[3] > 0, lambda s: s * x[4], lambda s: s + x[2], s)
"""
MADE: dict = {"if_": control.if_, "while_": control.while_}
exec(SOURCE, MADE)


def stored(x):
    a = [x[3]]
    MADE["store"](a, x)
    return a[0] * 1.0 + sum(a)


def within_a_branch(x):
    return MADE["two_sides"](x) if x[3] > 0 else x[4]


def smallest_of_a_heap(x):
    heap: list = []
    for i in range(3):
        heapq.heappush(heap, x[i])
    return heapq.heappop(heap)


def place_among(x):
    return x[bisect.bisect([0.1, 0.4, 0.6], x[0])]


def calls_back(x):
    return MADE["two_sides"](np.array([x[0] - 0.1, abs(x[1]) if x[1] > x[2] else x[3], x[4]]))


@pytest.mark.parametrize(
    "f, expected",
    [
        (MADE["two_sides"], {1, 2}),
        (MADE["bounded_loop"], {0, 1, 2, 3, 4}),
        (MADE["asks_twice"], {1, 3}),
        (stored, {1, 2, 3}),
        (within_a_branch, {1, 2, 4}),
        (smallest_of_a_heap, {0, 1, 2}),
        (place_among, {0, 1, 2, 3}),
        (calls_back, {1, 3, 4}),
        (MADE["by_hand"], {0, 1, 2, 4}),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_patterns_and_enclosures(f, expected):
    found = rows(f, X)
    assert len(found) == 1 and expected >= found[0], found
    assert interpret(f, sparsity())(X).value == f(X)
    for radius in (0.01, 0.3, 1.0):
        box = interpret(f, bounds(radius))(X)
        for point in X + np.random.default_rng(0).uniform(-radius, radius, (200, 5)):
            assert box.bounds[0] <= f(point) <= box.bounds[1]
    seen = {
        j for point in X + np.random.default_rng(1).uniform(-1.5, 1.5, (300, 5)) for j in np.flatnonzero(grad(f)(point))
    }
    assert seen <= found[0]


def test_more_paths_than_the_budget_is_an_error_that_names_the_remedy():
    error = raised(MADE["endless"], X)
    assert isinstance(error, PathError) and "256" in str(error) and "control.options(paths=...)" in str(error)
    with control.options(paths=4), pytest.raises(PathError, match="more than 4"):
        jacobian_sparsity(MADE["bounded_loop"], X)
    assert interpret(MADE["endless"], bounds(0.1))(X).bounds == pytest.approx((-0.6, -0.4))


def test_outcomes_are_asked_for_within_such_a_function_only():
    rows(MADE["two_sides"], X)
    with pytest.raises(Exception, match="undecided"):
        bool(Interval(-1.0, 1.0) > 0.0)


# -- by hand


def test_if_and_while_on_plain_numbers_are_python_s():
    assert control.if_(True, lambda x: x + 1, lambda x: x - 1, 5) == 6
    assert control.while_(lambda x, n: x > 1.0, lambda x, n: (x / 2.0, n + 1), 20.0, 0) == (0.625, 5)
    assert control.while_(lambda x: False, lambda x: x / 0, 3.0) == 3.0


def test_derivatives_follow_the_primal():
    x = np.array([0.4, 1.1])

    def f(x):
        s = control.while_(lambda s: s < 3.0, lambda s: s * x[1] + 0.5, x[0])
        return control.if_(x[0] > 0, lambda s: s * s, lambda s: s, s)

    def plain(x):
        s = x[0]
        while s < 3.0:
            s = s * x[1] + 0.5
        return s * s

    np.testing.assert_allclose(grad(f)(x), grad(plain)(x), rtol=1e-14)
    np.testing.assert_allclose(hessian(f)(x), hessian(plain)(x), rtol=1e-13)


def test_what_a_side_changes_is_joined():
    def f(x):
        seen = [x[0]]
        control.if_(x[1] > 0, lambda: seen.append(x[2]), lambda: seen.__setitem__(0, x[3]))
        return sum(seen)

    assert rows(f, X) == [{0, 2, 3}]
    lo, hi = interpret(f, bounds(0.5))(X).bounds
    for point in X + np.random.default_rng(0).uniform(-0.5, 0.5, (50, 5)):
        assert lo <= f(point) <= hi


def test_an_error_of_a_side_is_its_own():
    with pytest.raises(ZeroDivisionError):
        control.if_(True, lambda: 1 / 0, lambda: 0)

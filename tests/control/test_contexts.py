"""``with`` along all branches: managers that take an error are handlers, all others are left once on each path."""

import contextlib
import math

import numpy as np
import pytest
from control.patterns import rows

from interp import interpret
from interp.errors import PathError
from interpretations import bounds, hessian, jacobian_sparsity, sparse_hessian, sparsity


class Undo:
    """Takes arithmetic errors."""

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        return kind is ArithmeticError


class Rollback:
    """Restores a list where an error leaves it, and takes that."""

    def __init__(self, items):
        self.items = items

    def __enter__(self):
        self.before = list(self.items)

    def __exit__(self, kind, value, trace):
        if kind is not None:
            self.items[:] = self.before
        return True


class Counting:
    left = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.left += 1


@contextlib.contextmanager
def swallowing():
    try:  # noqa: SIM105 - this is what is tested
        yield
    except ArithmeticError:
        pass


@contextlib.contextmanager
def offering(number):
    yield number


def undone(x):
    t = x[0]
    with Undo():
        if x[0] > 2:
            raise ArithmeticError
        t = t * x[1]
    return t


def a_partial_operation(x):
    items = [x[0], x[2]]
    with Rollback(items):
        items[0] = 5.0 * x[1]
        items[1] = math.sqrt(x[0] - 1.5)
    return items[0] + items[1]


def counted(x):
    manager, t = Counting(), x[0]
    with manager:
        if x[0] > 1:
            t = t * x[1]
        if x[1] > 50:
            raise ValueError("out of range")
        t = t + math.sqrt(abs(x[2]))
    return t * manager.left


def in_a_loop(x):
    t = x[0]
    for _ in range(3):
        with Undo():
            if t > 1:
                raise ArithmeticError
            if x[1] > 1:
                break
            t = t * x[2]
    return t


def on_a_stack(x):
    t = x[0]
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.suppress(ArithmeticError))
        if x[0] > 2:
            raise ArithmeticError
        t = t * x[1]
    return t


def returned_within(x):
    with offering(3.0) as c:
        if x[0] > 2:
            return c * x[0]
        t = c * x[1]
    return t


def within_a_handler(x):
    try:
        with Counting():
            if x[0] > 2:
                raise KeyError("on its way")
            return x[1]
    except KeyError:
        return x[2]


PROGRAMS = {
    undone: {0, 1},
    a_partial_operation: {0, 1, 2},
    counted: {0, 1, 2},
    in_a_loop: {0, 2},
    on_a_stack: {0, 1},
    returned_within: {0, 1},
    within_a_handler: {1, 2},
}
POINTS = [np.array(p) for p in ([2.3, 0.4, 0.5], [1.5, 0.4, 0.5], [1.2, 1.4, 0.5])]


@pytest.mark.parametrize("f", PROGRAMS)
def test_every_path_leaves_its_context(f):
    for x in POINTS:
        assert rows(f, x) == [PROGRAMS[f]]
        assert interpret(f, sparsity())(x).value == f(x)
        lo, hi = interpret(f, bounds(0.5))(x).bounds
        for point in x + np.random.default_rng(0).uniform(-0.5, 0.5, (100, 3)):
            assert lo - 1e-12 <= f(point) <= hi + 1e-12


def test_a_pattern_found_where_the_error_is_raised_serves_everywhere():
    second = sparse_hessian(undone)
    second(np.array([2.3, 0.4]))
    np.testing.assert_allclose(second(np.array([1.0, 1.0])).toarray(), hessian(undone)(np.array([1.0, 1.0])))


def test_a_generator_that_takes_an_error_goes_on_once_only():
    def f(x):
        t = x[0]
        with swallowing():
            if x[0] > 2:
                raise ArithmeticError
            t = t * x[1]
        return t

    for x in POINTS:
        with pytest.raises(PathError, match="__exit__"):
            jacobian_sparsity(f, x)

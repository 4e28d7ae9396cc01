"""Taylor through native code: as eager, and against closed forms of programs that only loops can express."""

import math

import numpy as np
import pytest
from agreement import assert_same
from eagerly import eager
from scalar_programs import PROGRAMS, elementary, logistic, newton, pendulum, piecewise, powers

import interp
from interp.errors import CompileError, ShapeError
from interpretations import Dual, Interval, Taylor, grad, higher_derivatives

HIGHER = np.array([0.7, 0.3, -0.2, 0.1, 0.05, -0.3, 0.2, 0.4])


def curve(x, i, order=4):
    return Taylor(x, HIGHER[:order] + 0.1 * i)


@pytest.mark.parametrize(("program", "varying", "others"), PROGRAMS[::3], ids=lambda x: getattr(x, "__name__", ""))
def test_program(program, varying, others):
    values = [curve(x, i) for i, x in enumerate(varying)]
    assert_same(interp.compile(program)(*values, *others), eager(program)(*values, *others))


@pytest.mark.parametrize("order", [1, 2, 7, 8])
@pytest.mark.parametrize("program", [logistic, newton, pendulum])
def test_orders(program, order):
    args = {logistic: (3.2,), newton: (2.0,), pendulum: (0.4, 1.0)}[program]
    values = [curve(x, i, order) for i, x in enumerate(args)]
    assert_same(interp.compile(program)(*values), eager(program)(*values))


STACKS = {
    "Taylor of Dual": lambda x, i: Taylor(Dual(x, 1.0 + i), Dual(HIGHER[:3], HIGHER[3:6])),
    "Dual of Taylor": lambda x, i: Dual(Taylor(x, HIGHER[:3] + i), Taylor(1.0, HIGHER[3:6])),
    "Taylor of three": lambda x, i: Taylor(Dual(x, np.arange(3.0)), Dual(HIGHER[:2], HIGHER[:6].reshape(3, 2))),
    "three of Taylor": lambda x, i: Dual(Taylor(x, HIGHER[:2]), Taylor(np.arange(3.0), HIGHER[:6].reshape(2, 3))),
}


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize(("program", "args"), [(newton, (2.0,)), (powers, (1.7,)), (piecewise, (1.2, 0.4))])
def test_stacks(stack, program, args):
    values = [STACKS[stack](x, i) for i, x in enumerate(args)]
    assert_same(interp.compile(program)(*values), eager(program)(*values), 1e-12)


# -- closed forms


def root(a):
    """Newton's iteration until the value and every derivative stand: some steps past the value's own end."""
    x, extra = a, 0
    while extra < 5:
        if abs(x * x - a) <= 1e-14 * a:
            extra += 1
        x = 0.5 * (x + a / x)
    return x


def test_derivatives_of_a_while_loop():
    found = higher_derivatives(interp.compile(root), 8)(2.0)
    expected, factor = [], 1.0
    for k in range(9):
        expected.append(factor * 2.0 ** (0.5 - k))
        factor *= 0.5 - k
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def exponential(x):
    total, term, k = 0.0, 1.0, 0
    while abs(term) > 1e-18 or k < 30:
        if k % 2 == 0:
            total = total + term
        else:
            total += 1.0 * term
        k += 1
        term = term * x / k
    return total


def test_derivatives_of_a_series_with_branches():
    found = higher_derivatives(interp.compile(exponential), 12)(0.5)
    np.testing.assert_allclose(found, np.full(13, math.exp(0.5)), rtol=1e-13)


def test_sixteen_orders_and_forty():
    for order in (16, 40):
        found = higher_derivatives(interp.compile(lambda x: x * np.exp(x)), order)(0.5)
        np.testing.assert_allclose(found, (0.5 + np.arange(order + 1)) * math.exp(0.5), rtol=1e-12)


# -- singular points


def at_zero(x):
    return np.sqrt(0.0 * x) + np.sqrt(x * x), x**3, x**2.0, x**0, np.hypot(x, 0.0), abs(x), np.maximum(x, -x)


def test_zeros_that_meet_infinities():
    x = Taylor(0.0, [1.0, 0.0, 0.0])
    with np.errstate(all="ignore"):
        assert_same(interp.compile(at_zero)(x), at_zero(x))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 6, -2, 2.0, 3.0, 2.5])
def test_powers_near_zero(n):
    x = Taylor(1e-7, [1.0, 1.0, 0.5, 0.0])
    assert_same(interp.compile(lambda x, n: x**n)(x, n), x**n)


# -- arrays


def recurrence(x):
    a = np.zeros_like(x)
    a[0] = x[0]
    for i in range(1, len(x)):
        a[i] = np.sin(a[i - 1]) + x[i] * a[i - 1]
    return a


def stored(x):
    a = np.zeros(3)
    for i in range(3):
        a[i] = x * i
    return a


def expressions(x):
    u = x.copy()
    u[1:-1] = u[1:-1] + 0.1 * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return u * u[::-1], np.dot(u, u), u.max()


@pytest.mark.parametrize("program", [recurrence, expressions])
def test_arrays(program):
    rng = np.random.default_rng(0)
    x = Taylor(rng.uniform(0.5, 1.5, 6), rng.normal(size=(3, 6)))
    assert_same(interp.compile(program)(x), program(x), 1e-12)


def test_arrays_of_duals():
    x = Taylor(Dual(np.linspace(0.5, 1.0, 4), np.arange(4.0)), Dual(np.ones((2, 4)), np.full((2, 4), 0.5)))
    assert_same(interp.compile(recurrence)(x), recurrence(x), 1e-12)


def test_values_in_a_fresh_array():
    found = interp.compile(stored)(Taylor(2.0, [1.0, 3.0]))
    assert found.value.tolist() == [0.0, 2.0, 4.0] and found.higher.tolist() == [[0.0, 1.0, 2.0], [0.0, 3.0, 6.0]]


def test_matrices():
    rng = np.random.default_rng(1)
    a, b = Taylor(rng.normal(size=(2, 2)), rng.normal(size=(2, 2, 2))), Taylor(np.ones(2), rng.normal(size=(2, 2)))
    assert_same(interp.compile(np_solve)(a, b), np_solve(a, b), 1e-11)


def np_solve(a, b):
    return np.linalg.solve(a, b), a @ b


# -- what is around


def test_through_the_gradient_of_a_compiled_function():
    f = interp.compile(lambda x: np.sin(x) * x)
    found, expected = higher_derivatives(grad(f), 4)(0.3), higher_derivatives(f.function, 5)(0.3)[1:]
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_one_version_an_order():
    f = interp.compile(elementary)
    for _ in range(3):
        higher_derivatives(f, 3)(0.8)
    assert len(f.signatures) == 1
    higher_derivatives(f, 2)(0.8)
    assert len(f.signatures) == 2


def test_orders_that_differ_are_refused_as_in_eager_code():
    with pytest.raises(ShapeError, match="truncated"):
        interp.compile(lambda x, y: x * y)(Taylor(1.0, [1.0]), Taylor(1.0, [1.0, 0.0]))


def test_series_within_series_have_no_native_code():
    """Nor do intervals in a series: both say so, and run as plain Python where that is allowed."""
    inner = Taylor(Taylor(1.5, [1.0, 0.0]), Taylor(np.ones(3), np.zeros((2, 3))))
    boxes = Taylor(Interval(1.0, 1.1), Interval(np.ones(2), np.ones(2)))
    for x in (inner, boxes):
        with pytest.raises(CompileError, match="no native code"):
            interp.compile(lambda x: x * x)(x)
        with pytest.warns(UserWarning, match="plain Python"):
            assert_same(interp.compile(lambda x: x * x, fallback=True)(x), x * x)

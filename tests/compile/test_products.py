"""Products of slopes and tangents: plain in native code, and made again strongly where a NaN comes out."""

import math

import numpy as np
import pytest

import interp
from interpretations import Dual, grad, hvp, jvp


def norm(x):
    return np.sqrt(x * x)


def late_root(x):
    """An infinite slope meets a zero tangent within, and what comes back is an array."""
    a = np.zeros(3)
    a[0] = x
    a[1] = np.sqrt(a[2] * x)
    return a


def quotient(x, y):
    return np.divide(x, y), x * np.sqrt(y)


@pytest.mark.parametrize("tangent", [1.0, 0.0, np.array([0.0, 1.0, -2.0])], ids=["one", "zero", "several"])
@pytest.mark.parametrize("f", [norm, late_root])
def test_zero_meets_infinite_slope(f, tangent):
    """The slope of sqrt is infinite at 0 and that of its square 0: nothing moves."""
    got = interp.compile(f)(Dual(0.0, tangent)).tangent
    if f is late_root:
        np.testing.assert_array_equal(got[..., 0], tangent)
        got = got[..., 1]
    np.testing.assert_array_equal(got, np.zeros(np.shape(tangent)))


def test_two_levels_and_two_results():
    x = Dual(Dual(0.0, 1.0), 1.0)
    got, want = interp.compile(norm)(x), norm(x)
    assert (got.tangent.value, got.tangent.tangent) == (want.tangent.value, want.tangent.tangent)
    y = Dual(0.0, 0.0)
    got, want = interp.compile(quotient)(Dual(2.0, 1.0), y), quotient(Dual(2.0, 1.0), y)
    assert [r.value for r in got] == [math.inf, 0.0]
    np.testing.assert_array_equal([r.tangent for r in got], [r.tangent for r in want])


def test_nan_stays_nan():
    f = interp.compile(lambda x: x * math.nan + 1.0)
    assert math.isnan(f(Dual(1.0, 1.0)).tangent) and math.isnan(grad(f)(1.0))


def test_arrays_among_the_arguments_are_changed_once():
    """A call that stores into its arguments is not made twice: its products are strong from the start."""

    def f(a, x):
        a[0] += 1.0
        return np.sqrt(x * x) + a[0]

    a = np.zeros(2)
    result = interp.compile(f)(a, Dual(0.0, 1.0))
    assert a[0] == 1.0 and result.value == 1.0 and result.tangent == 0.0


def lengths(x):
    total = 0.0
    for i in range(len(x)):
        total += np.sqrt(x[i] * x[i]) + x[i] ** 3
    return total


def test_gradients_and_products_with_the_hessian():
    x, v = np.array([0.0, 2.0, -1.0]), np.array([1.0, 0.5, 2.0])
    f = interp.compile(lengths)
    np.testing.assert_array_equal(grad(f)(x), [0.0, 13.0, 2.0])
    assert f.reverse == "adjoint"
    np.testing.assert_allclose(hvp(f, x, v), hvp(lengths, x, v), rtol=1e-14)
    np.testing.assert_allclose(hvp(f, x[1:], v[1:]), 6 * x[1:] * v[1:], rtol=1e-14)
    np.testing.assert_array_equal(jvp(f, (x,), (v,))[1], 13.0 * 0.5 + 2.0 * 2.0)


def test_rules_of_one_strength_do_not_serve_another():
    """One function in all three ways, one after the other: what NumPy's bodies compile is kept apart."""

    def spread(x):
        return np.sqrt(np.sum(x * x))

    def of_number(x):
        a = np.zeros(2)
        a[0] = x
        return np.sqrt(np.sum(a * a))

    assert interp.compile(of_number)(Dual(3.0, 1.0)).tangent == 1.0  # plain products
    x = Dual(np.zeros(2), np.array([1.0, 0.0]))
    assert interp.compile(spread)(x).tangent == 0.0  # strong where singular
    assert interp.compile(of_number)(Dual(0.0, 1.0)).tangent == 0.0  # all strong

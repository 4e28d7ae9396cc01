"""Every differentiable primitive: the covariance of its results is J diag(std^2) J', with J not ours."""

import mpmath
import numpy as np
import pytest
import truth
from scenarios import SCENARIOS
from truth import assert_same

from interp import primal
from interp import vocabulary as v
from interp.testing import check_composition
from interpretations import grad
from interpretations.measurements import Measurement, covariance_matrix, uncertainty

every = pytest.mark.parametrize("scenario", SCENARIOS, ids=repr)


def jacobian(scenario, position):
    """Shape (outputs, elements of that input)."""
    method = truth.complex_step if scenario.analytic else truth.jacobian
    found = method(scenario.f, scenario.inputs, position)
    return found.reshape(-1, np.size(scenario.inputs[position]))


def std_of(x, seed):
    return np.random.default_rng(seed).uniform(0.1, 0.5, np.shape(x))[()]


@every
def test_covariance_of_independent_inputs(scenario):
    stds = [std_of(x, i) for i, x in enumerate(scenario.inputs)]
    out = scenario.f(*(Measurement(x, s) for x, s in zip(scenario.inputs, stds, strict=True)))
    nominal = scenario.f(*scenario.inputs)
    variances = [jacobian(scenario, i) * np.reshape(s, -1) for i, s in enumerate(stds)]
    expected = sum(j @ j.T for j in variances)
    assert_same(primal(out), nominal)
    tolerance = 1e-11 if scenario.analytic else 1e-8
    assert_same(covariance_matrix([out]), expected, tolerance, tolerance)
    std = out.std_dev if isinstance(out, Measurement) else np.zeros(np.shape(out))
    assert_same(std, np.sqrt(np.diagonal(expected)).reshape(np.shape(nominal)), 1e-6, 1e-6)


@every
def test_one_uncertain_operand_at_a_time(scenario):
    for i, x in enumerate(scenario.inputs):
        if scenario.primitive == "setitem" and i == 0:
            continue
        s = std_of(x, i)
        inputs = [Measurement(x, s) if k == i else y for k, y in enumerate(scenario.inputs)]
        j = jacobian(scenario, i) * np.reshape(s, -1)
        tolerance = 1e-11 if scenario.analytic else 1e-8
        assert_same(covariance_matrix([scenario.f(*inputs)]), j @ j.T, tolerance, tolerance)


@every
def test_inputs_that_share_one_number(scenario):
    """A scalar source moves every element; the standard deviation is that of the directional derivative."""
    shared = Measurement(1.0, 0.3)
    out = scenario.f(*(x * shared for x in scenario.inputs))
    j = sum(jacobian(scenario, i) @ np.reshape(x, -1) for i, x in enumerate(scenario.inputs)) * 0.3
    tolerance = 1e-11 if scenario.analytic else 1e-8
    assert_same(covariance_matrix([out]), np.outer(j, j), tolerance, tolerance)


@every
def test_inputs_with_general_coefficients(scenario):
    """Inputs that already mix many sources, so that no coefficients are aligned."""

    def mixed(x, seed):
        w = np.random.default_rng(seed).normal(size=(np.size(x), 4))
        return w, v.reshape(np.reshape(x, -1) + v.matmul(w, source - source.nominal_value), np.shape(x))

    source = Measurement(np.arange(4.0), [0.1, 0.2, 0.3, 0.4])
    weights, inputs = zip(*(mixed(x, i) for i, x in enumerate(scenario.inputs)), strict=True)
    j = sum(jacobian(scenario, i) @ w for i, w in enumerate(weights)) * [0.1, 0.2, 0.3, 0.4]
    tolerance = 1e-10 if scenario.analytic else 1e-7
    assert_same(covariance_matrix([scenario.f(*inputs)]), j @ j.T, tolerance, tolerance)


def test_composition():
    check_composition(Measurement, uncertainty(std=0.1))


def test_monte_carlo():
    rng = np.random.default_rng(0)
    mean, std = np.array([1.0, 2.0, 0.5]), np.array([0.01, 0.02, 0.005])

    def f(x):
        return np.exp(-x[..., 0]) * np.sin(x[..., 1]) + np.log(x[..., 2]) / x[..., 0]

    sampled = np.std(f(rng.normal(mean, std, size=(400_000, 3))))
    assert np.isclose(f(Measurement(mean, std)).std_dev, sampled, rtol=5e-3)


def test_against_many_digits():
    mpmath.mp.dps = 40

    def f(x, y):
        return mpmath.erf(x) * mpmath.gamma(y) / mpmath.sqrt(x * x + y)

    dx = mpmath.diff(lambda x: f(x, mpmath.mpf("1.5")), mpmath.mpf("0.75"))
    dy = mpmath.diff(lambda y: f(mpmath.mpf("0.75"), y), mpmath.mpf("1.5"))
    expected = float(mpmath.sqrt((dx * mpmath.mpf(0.25)) ** 2 + (dy * mpmath.mpf(0.125)) ** 2))
    x, y = Measurement(0.75, 0.25), Measurement(1.5, 0.125)
    ours = v.erf(x) * np.exp(v.gammaln(y)) / np.sqrt(x * x + y)
    assert np.isclose(ours.std_dev, expected, rtol=1e-14)


# -- correlations through shared sources


def test_a_difference_with_itself_is_exact():
    x = Measurement(np.linspace(0.1, 1.0, 7), 0.3)
    for zero in (x - x, x * 2 - x - x, v.flip(v.flip(x)) - x, x[::-1][::-1] - x, x.sum() - x.sum()):
        assert np.all(zero.std_dev == 0)


def test_sum_of_many_independent_elements_is_sparse():
    n = 10_000
    x = Measurement(np.ones(n), 0.5)
    total = v.sum(x) + v.mean(x) - v.dot(np.ones(n), x) + v.matmul(np.ones((2, n)), x)[0]
    assert np.isclose(total.std_dev, (1 + 1 / n) * 0.5 * np.sqrt(n))
    partial = v.sum(v.reshape(x * x, (100, 100)), axis=0)
    ((_, rows),) = partial.coefficients.items()
    assert rows.keys.size == n
    assert np.allclose(partial.std_dev, 10.0)


def test_running_sum_and_determinant_of_many_elements():
    x = Measurement(np.ones(2000), 0.5)
    assert np.allclose(v.cumsum(x).std_dev, 0.5 * np.sqrt(np.arange(1, 2001)))
    a = Measurement(np.eye(60) * 2.0, 0.1)
    assert np.isclose(v.linalg.det(a / 2.0).std_dev, 0.05 * np.sqrt(60))


def test_broadcasting_keeps_correlations():
    x, y = Measurement(np.array([1.0, 2.0, 3.0]), 0.1), Measurement(np.ones((2, 3)), 0.2)
    out = x * y
    assert_same(out.std_dev, np.hypot(0.1, 0.2 * np.array([[1.0, 2.0, 3.0]] * 2)))
    assert np.isclose(covariance_matrix(out)[0, 3], 0.01)
    assert np.all((out / y - x).std_dev < 1e-15)


# -- singular points, special numbers


def test_strong_zeros():
    x = Measurement(0.0, 0.1)
    root = np.sqrt(x**2)
    assert (root.nominal_value, root.std_dev) == (0.0, 0.0)
    assert np.sqrt(x).std_dev == np.inf
    assert np.sqrt(Measurement(0.0, 0.0)).std_dev == 0.0
    mixed = np.sqrt(Measurement(np.array([0.0, 1.0, 4.0]), np.array([0.0, 0.1, 0.1])))
    assert_same(mixed.std_dev, np.array([0.0, 0.05, 0.025]))


def test_nan_stays_where_it_is():
    x = Measurement(np.array([np.nan, 1.0, 2.0]), 0.1)
    out = x * x + v.exp(x)
    assert_same(np.isnan(out.std_dev), np.array([True, False, False]))
    assert_same(np.isnan(out.nominal_value), np.array([True, False, False]))
    assert np.isnan(v.sum(x).nominal_value)


def test_piecewise_constant_functions_have_no_uncertainty():
    x = Measurement(np.array([1.2, -0.7]), 0.1)
    for f in (np.floor, np.sign, np.rint, np.ceil, np.trunc):
        assert_same(f(x).std_dev, np.zeros(2))
    assert not (x // 2.0).coefficients


def test_large_and_small_numbers_do_not_overflow():
    for unit in (1e200, 1e-200):
        x, y = Measurement(1.0 * unit, 3.0 * unit), Measurement(1.0 * unit, 4.0 * unit)
        assert np.isclose((x + y).std_dev / unit, 5.0, rtol=1e-15)
        many = Measurement(np.ones(4) * unit, unit)
        assert np.isclose(v.sum(many).std_dev / unit, 2.0, rtol=1e-15)
        several = v.stack([v.sum(many), 1e-3 * v.sum(many)])
        assert_same(several.std_dev / unit, np.array([2.0, 2e-3]))


def test_empty_arrays():
    x = Measurement(np.zeros(0), 0.1)
    assert (x * x).std_dev.shape == (0,)
    assert v.sum(x).std_dev == 0.0
    assert v.concatenate([x, Measurement(np.ones(2), 0.1)]).std_dev.shape == (2,)
    assert covariance_matrix(x).shape == (0, 0)
    assert v.cumsum(x).std_dev.shape == (0,)
    assert v.matmul(Measurement(np.zeros((2, 0)), 0.1), np.zeros((0, 3))).std_dev.shape == (2, 3)


def test_float32_stays_float32():
    x = Measurement(np.ones(3, np.float32), 0.1)
    assert (x * x + 1.0).std_dev.dtype == np.float32
    assert v.sum(x).std_dev.dtype == np.float32
    assert np.dot(x, x).nominal_value.dtype == np.float32


def test_integers_are_promoted():
    x = Measurement(3, 1)
    assert isinstance(x.nominal_value, float) and (x / 2).nominal_value == 1.5
    assert Measurement([1, 2], 1).dtype == np.float64
    assert Measurement(np.array([True, False]), 0.1).dtype == np.float64


def test_comparisons_follow_the_nominal_value():
    x, y = Measurement(1.0, 10.0), Measurement(2.0, 0.1)
    assert x < y and x != y and x == 1.0 and bool(x)
    a = Measurement(np.array([3.0, 1.0]), 1.0)
    assert np.argmax(a) == 0 and np.array_equal(a > 2.0, [True, False])
    assert [float(m.nominal_value) for m in sorted(a)] == [1.0, 3.0]


def test_gradient_with_error_bar():
    g = grad(lambda x: x**3)(Measurement(2.0, 0.1))
    assert g.nominal_value == 12.0 and np.isclose(g.std_dev, 12.0 * 0.1)

"""Measurements inside and around other number types, and the stage `uncertainty`."""

from fractions import Fraction

import numpy as np
import pytest
from truth import assert_same

from interp import interpret
from interp.errors import InterpError, RefusedStack, ShapeError
from interp.testing import check_composition
from interpretations import Dual, grad, gradient, hessian, jacfwd, jacrev
from interpretations.intervals import Interval, bounds
from interpretations.measurements import Measurement, correlated_measurements, covariance_matrix, uncertainty
from interpretations.sparsity.stage import sparsity


def model(x):
    return np.sum(np.exp(x[:2]) * x[1:]) / x[0] + np.sqrt(np.sum(x * x))


X, S = np.array([0.5, 1.5, 2.5]), np.array([0.1, 0.2, 0.3])


def norm(x):
    return np.sqrt(np.sum(x * x, axis=-1))


@pytest.mark.parametrize("derivative", [grad, jacrev, jacfwd])
def test_gradient_with_error_bar(derivative):
    found = derivative(model)(Measurement(X, S))
    assert_same(found.nominal_value, grad(model)(X))
    assert_same(found.std_dev, norm(hessian(model)(X) * S))


def test_hessian_with_error_bar():
    found = hessian(lambda x: x**4)(Measurement(2.0, 0.1))
    assert_same((found.nominal_value, found.std_dev), (48.0, 4.8))


@pytest.mark.parametrize("derivative", [grad, jacrev, jacfwd])
def test_sensitivity_of_the_error_bar(derivative):
    def bar(x):
        return model(Measurement(x, S)).std_dev

    g, h = grad(model)(X), hessian(model)(X)
    assert_same(derivative(bar)(X), (h @ (g * S**2)) / norm(g * S))


def test_enclosed_error_bars_hold_the_exact_ones():
    """Of plain uncertainties and factors too: every product and root is rounded outward."""
    x = Measurement(Interval(1.0, 2.0), 0.1)
    y = Measurement(Interval(np.array([1.0, 2.0])), np.array([0.1, 0.2]))
    tenth, fifth = Fraction(0.1), Fraction(0.2)
    for found, square in (
        (x - Measurement(Interval(1.0), 0.1), 2 * tenth**2),
        (0.1 * x - 0.2 * Measurement(Interval(1.0), 0.2), tenth**4 + fifth**4),
        (y.sum(), tenth**2 + fifth**2),
    ):
        std = found.std_dev
        assert Fraction(float(std.lo)) ** 2 <= square <= Fraction(float(std.hi)) ** 2
        assert std.width <= 4 * np.spacing(std.hi)
    assert (2 * x).derivatives[x].lo == 2.0 and y.sum().derivatives[y].hi.tolist() == [1.0, 1.0]


def test_sensitivity_to_the_input_uncertainty():
    g = grad(model)(X)
    assert_same(grad(lambda s: model(Measurement(X, s)).std_dev)(S), g**2 * S / norm(g * S))
    assert_same(grad(lambda s: (Measurement(3.0, s) ** 2).std_dev)(0.1), 6.0)


def test_sensitivity_where_there_is_no_uncertainty():
    """The norm's gradient at 0 is 0."""
    for derivative in (grad, jacfwd):
        assert derivative(lambda x: (Measurement(x, 0.1) ** 2).std_dev)(0.0) == 0.0
        assert derivative(lambda x: (Measurement(x, 0.0) ** 2 + Measurement(x, 0.0)).std_dev)(3.0) == 0.0
        assert derivative(lambda x: np.sum(Measurement(x, 0.1) * np.zeros(3)).std_dev)(np.ones(3)).tolist() == [0, 0, 0]


def test_second_derivative_of_an_error_bar():
    assert_same(hessian(lambda x: (Measurement(x, 0.1) ** 3).std_dev)(2.0), 0.1 * 6.0)


def test_stacked_by_hand():
    m = Measurement(Dual(3.0, 1.0), 0.1)
    out = m**2
    assert (out.nominal_value.value, out.nominal_value.tangent) == (9.0, 6.0)
    assert_same((out.std_dev.value, out.std_dev.tangent), (0.6, 0.2))
    around = Dual(Measurement(3.0, 0.1), 1.0) ** 2
    assert_same((around.tangent.nominal_value, around.tangent.std_dev), (6.0, 0.2))


def test_composition_with_derivatives():
    others = [gradient(mode="forward"), gradient(mode="reverse")]
    check_composition(Measurement, uncertainty(std=0.1), others=others)


# -- intervals and tracers inside


def test_enclosed_error_bar():
    x = Measurement(Interval(np.array([1.0, 2.0]), np.array([1.5, 2.5])), 0.1)
    out = (np.exp(x) * x[::-1]).sum() / np.sqrt(x @ x)
    for point in np.random.default_rng(0).uniform([1.0, 2.0], [1.5, 2.5], size=(50, 2)):
        m = Measurement(point, 0.1)
        plain = (np.exp(m) * m[::-1]).sum() / np.sqrt(m @ m)
        assert plain.nominal_value in out.nominal_value and plain.std_dev in out.std_dev
    assert (x - x).std_dev.hi.tolist() == [0.0, 0.0]


def test_enclosed_error_bar_of_an_undecided_choice():
    x = Measurement(Interval(-1.0, 1.0), 0.1)
    std = np.where(x > 0, 3.0 * x, -2.0 * x).std_dev
    assert 0.3 in std and 0.2 in std


def test_stages_around_bounds():
    result = interpret(model, uncertainty(std=S), bounds(0.01))(X)
    lo, hi = result.reading("std").bounds
    assert lo < norm(grad(model)(X) * S) < hi < lo * 1.5
    assert result.bounds[0] < model(X) < result.bounds[1]


def test_an_interval_goes_inside():
    with pytest.raises(RefusedStack, match="innermost"):
        Interval(Measurement(1.0, 0.1), Measurement(2.0, 0.1))


def pairs(x):
    return np.stack([x[0] * x[1], np.where(X[1] > 0, x[2], x[0]), np.sum(x * x), np.sin(x[0]), 5.0 * x[0]])


PATTERN = np.array([[1, 1, 0], [0, 0, 1], [1, 1, 1], [1, 0, 0], [1, 0, 0]])
PATTERN_OF_STD = np.array([[1, 1, 0], [0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 0, 0]])


def test_pattern_inside_and_around():
    inside = interpret(pairs, uncertainty(std=S), sparsity())(X)
    around = interpret(pairs, sparsity(), uncertainty(std=S))(X)
    expected = interpret(pairs, uncertainty(std=S))(X).std
    assert_same((inside.std, around.std), (expected, expected))
    assert_same(inside.sparsity.toarray() * 1, PATTERN)
    assert_same(around.sparsity.toarray() * 1, PATTERN)
    assert_same(inside.reading("std").sparsity.toarray() * 1, PATTERN_OF_STD)


def test_pattern_of_linear_algebra():
    def f(x):
        a = np.reshape(x, (2, 2))
        return np.concatenate([np.linalg.solve(a, np.ones(2)), np.cumsum(x) ** 2])

    x = np.array([2.0, 1.0, 0.0, 3.0])
    result = interpret(f, uncertainty(std=0.1), sparsity())(x)
    assert_same(result.std, interpret(f, uncertainty(std=0.1))(x).std)
    assert result.reading("std").sparsity.toarray()[:2].all()
    assert_same(result.reading("std").sparsity.toarray()[2:] * 1, np.tril(np.ones((4, 4), int)))


# -- one level


def test_a_measurement_from_outside_still_counts():
    c = Measurement(2.0, 0.1)
    result = interpret(lambda x: c * x - x * c + c * x, uncertainty(std=0.3))(4.0)
    assert_same(result.std, np.hypot(2.0 * 0.3, 4.0 * 0.1))
    taken = interpret(lambda x: x * c, uncertainty())(c)
    assert_same(taken.std, 0.4)
    assert_same(interpret(lambda x: x - c, uncertainty())(c).std, 0.0)


def test_closed_over_measurement_in_a_gradient():
    c = Measurement(2.0, 0.1)
    g = grad(lambda x: c * x * x)(3.0)
    assert_same((g.nominal_value, g.std_dev), (12.0, 0.6))
    assert (g - 6.0 * c).std_dev < 1e-15


def test_payloads_of_different_depth_stay_correlated():
    c = Measurement(2.0, 0.1)

    def bar(x):
        m = Measurement(x, 0.3)
        return (m * c).std_dev

    assert_same(grad(bar)(4.0), 0.1**2 * 4.0 / np.hypot(0.1 * 4.0, 2.0 * 0.3))


def test_uncertainty_inside_a_gradient_of_what_it_closes_over():
    def bar(a):
        return interpret(lambda x: a * a * x, uncertainty(std=0.1))(3.0).raw.std_dev

    assert_same(grad(bar)(2.0), 0.4)


def test_measurements_do_not_nest():
    m = Measurement(1.0, 0.1)
    for value, std in ((m, 0.1), (1.0, m), (Dual(m, 1.0), 0.1)):
        with pytest.raises(RefusedStack, match="one level"):
            Measurement(value, std)
    with pytest.raises(RefusedStack, match="one level"):
        grad(lambda x: (Measurement(x, 0.1) * (x * m)).std_dev)(2.0)


# -- the stage


def test_stage_with_standard_deviations():
    result = interpret(model, uncertainty(std=S))(X)
    assert result.names() == ["value", "std"]
    assert_same(result.std, norm(grad(model)(X) * S))
    assert_same(interpret(lambda x: x * 2, uncertainty(0.1))([1, 2]).std, np.array([0.2, 0.2]))


def test_stage_with_a_covariance():
    c = np.array([[0.04, 0.01, 0.0], [0.01, 0.09, -0.02], [0.0, -0.02, 0.01]])
    g = grad(model)(X)
    result = interpret(model, uncertainty(covariance=c))(X)
    assert_same(result.std, np.sqrt(g @ c @ g))
    stacked = interpret(model, gradient(), uncertainty(covariance=c))(X)
    h = hessian(model)(X)
    assert_same(stacked.reading("gradient").std, np.sqrt(np.diagonal(h @ c @ h.T)))


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_stages_in_either_order(mode):
    result = interpret(model, gradient(mode), uncertainty(std=S))(X)
    assert_same((result.value, result.gradient), (model(X), grad(model)(X)))
    assert_same(result.std, norm(grad(model)(X) * S))
    assert_same(result.reading("gradient").std, norm(hessian(model)(X) * S))
    other = interpret(model, uncertainty(std=S), gradient(mode))(X)
    assert_same((other.value, other.std, other.gradient), (result.value, result.std, result.gradient))
    g, h = grad(model)(X), hessian(model)(X)
    assert_same(other.reading("std").gradient, (h @ (g * S**2)) / norm(g * S))


def test_input_that_is_a_measurement_is_taken_as_it_is():
    p = correlated_measurements(X, np.outer(S, S))
    result = interpret(model, gradient(), uncertainty())(p)
    assert_same(result.std, abs(grad(model)(X) @ S))


def test_outputs_that_do_not_depend():
    assert interpret(lambda x: 5.0, uncertainty(0.1))(1.0).std == 0.0
    assert_same(interpret(lambda x: np.ones(3), uncertainty(0.1))(1.0).std, np.zeros(3))
    assert_same(interpret(lambda x: np.floor(x), uncertainty(0.1))(X).std, np.zeros(3))


def test_stage_leaves_the_input_alone():
    def f(x):
        x[0] = 7.0
        return x * 1.0

    m, plain = Measurement(X, S), X.copy()
    interpret(f, uncertainty())(m)
    interpret(f, uncertainty(0.1))(plain)
    interpret(f, uncertainty(covariance=np.eye(3)))(plain)
    assert_same(m.std_dev, S)
    assert_same(plain, X)


def test_stage_errors():
    with pytest.raises(InterpError, match="give one of them"):
        uncertainty(std=0.1, covariance=np.eye(2))
    with pytest.raises(InterpError, match="needs std"):
        interpret(model, uncertainty())(X)
    with pytest.raises(ShapeError):
        interpret(model, uncertainty(std=np.ones(2)))(X)
    with pytest.raises(ShapeError):
        interpret(model, uncertainty(covariance=np.eye(2)))(X)


def test_covariances_of_derivatives():
    g = grad(model)(Measurement(X, S))
    h = hessian(model)(X) * S
    assert_same(covariance_matrix(g), h @ h.T)

"""Roots, minima and fits on parameters that are values, against closed forms."""

import math

import numpy as np
import pytest
import scipy.optimize as so
import scipy.special
from foreign_calls import call

from interp import interpret, primal
from interp.errors import ForeignCall, NotDifferentiable
from interpretations import (
    Dual,
    Interval,
    Measurement,
    grad,
    hessian,
    higher_derivatives,
    jacfwd,
    jacobian_sparsity,
    jacrev,
    sparsity,
)

ECCENTRICITY, ANOMALY = 0.4, 1.2
BRACKETING = [so.brentq, so.brenth, so.ridder, so.bisect, so.toms748]


def kepler(solver, mean_anomaly, *where, **options):
    return call(solver)(lambda e, m: e - ECCENTRICITY * np.sin(e) - m, *where, args=(mean_anomaly,), **options)


def kepler_derivatives():
    """E and its first three derivatives by M: E' = 1/(1 - e cos E), and on by the chain rule."""
    e = ANOMALY
    for _ in range(60):
        e = e - (e - ECCENTRICITY * math.sin(e) - ANOMALY) / (1.0 - ECCENTRICITY * math.cos(e))
    s, c = ECCENTRICITY * math.sin(e), ECCENTRICITY * math.cos(e)
    first = 1.0 / (1.0 - c)
    second = -s * first**3
    third = -c * first**4 - 3.0 * s * first**2 * second
    return e, first, second, third


@pytest.mark.parametrize("solver", BRACKETING, ids=lambda f: f.__name__)
def test_keplers_equation(solver):
    value, first, second, third = kepler_derivatives()

    def solved(m):
        return kepler(solver, m, 0.0, 4.0)

    assert grad(solved)(ANOMALY) == pytest.approx(first, rel=1e-12)
    for derivative in (hessian(solved)(ANOMALY), grad(grad(solved))(ANOMALY), jacfwd(jacfwd(solved))(ANOMALY)):
        assert derivative == pytest.approx(second, rel=1e-12)
    assert grad(grad(grad(solved)))(ANOMALY) == pytest.approx(third, rel=1e-11)
    np.testing.assert_allclose(higher_derivatives(solved, 3)(ANOMALY), [value, first, second, third], rtol=1e-11)
    assert solved(Measurement(ANOMALY, 0.1)).std_dev == pytest.approx(0.1 * first, rel=1e-12)


def test_the_number_is_the_solvers_own_and_the_derivative_the_roots():
    def rough(m):
        return kepler(so.newton, m, 1.0, tol=1e-3)

    plain = so.newton(lambda e: e - ECCENTRICITY * np.sin(e) - ANOMALY, 1.0, tol=1e-3)
    out = rough(Dual(ANOMALY, 1.0))
    assert out.value == plain and plain != kepler_derivatives()[0]
    assert out.tangent == pytest.approx(kepler_derivatives()[1], rel=1e-13)


def test_other_solvers_of_one_equation():
    first = kepler_derivatives()[1]

    def f(e, m):
        return e - ECCENTRICITY * np.sin(e) - m

    def slope(e, m):
        return 1.0 - ECCENTRICITY * np.cos(e)

    for solved in (
        lambda m: call(so.root_scalar)(f, (m,), bracket=(0.0, 4.0)).root,
        lambda m: call(so.root_scalar)(f, (m,), method="newton", x0=1.0, fprime=slope).root,
        lambda m: call(so.root_scalar)(lambda e: (f(e, m), slope(e, m)), method="newton", x0=1.0, fprime=True).root,
        lambda m: call(so.newton)(f, 1.0, slope, (m,)),
        lambda m: call(so.brentq)(f, 0.0, 4.0, (m,), full_output=True)[1].root,
        lambda m: call(so.fixed_point)(lambda e: ECCENTRICITY * np.sin(e) + m, 1.0),
        lambda m: call(so.fsolve)(f, [1.0], m)[0],
    ):
        assert grad(solved)(ANOMALY) == pytest.approx(first, rel=1e-12)


def test_newton_on_an_array_of_problems():
    m = np.array([0.3, 1.2, 2.0])
    jacobian = jacrev(lambda m: call(so.newton)(lambda e: e - ECCENTRICITY * np.sin(e) - m, m))(m)
    e = so.newton(lambda e: e - ECCENTRICITY * np.sin(e) - m, m)
    np.testing.assert_allclose(jacobian, np.diag(1.0 / (1.0 - ECCENTRICITY * np.cos(e))), atol=1e-12)


def test_implied_volatility_has_one_over_vega():
    spot, strike, rate, years = 100.0, 110.0, 0.02, 0.5

    def black_scholes(sigma):
        d1 = (np.log(spot / strike) + (rate + 0.5 * sigma**2) * years) / (sigma * years**0.5)
        discounted = strike * np.exp(-rate * years)
        return spot * scipy.special.ndtr(d1) - discounted * scipy.special.ndtr(d1 - sigma * years**0.5)

    def implied(price):
        return call(so.brentq)(lambda sigma: black_scholes(sigma) - price, 1e-3, 3.0)

    sigma = 0.23
    d1 = (math.log(spot / strike) + (rate + 0.5 * sigma**2) * years) / (sigma * years**0.5)
    vega = spot * years**0.5 * math.exp(-0.5 * d1**2) / math.sqrt(2.0 * math.pi)
    volga = vega * d1 * (d1 - sigma * years**0.5) / sigma
    price = black_scholes(sigma)
    assert grad(implied)(price) == pytest.approx(1.0 / vega, rel=1e-11)
    assert hessian(implied)(price) == pytest.approx(-volga / vega**3, rel=1e-9)


def test_van_der_waals_volume():
    a, b, gas = 1.355, 0.03201, 0.0820574

    def volume(p):
        return call(so.brentq)(lambda v: (p[0] + a / v**2) * (v - b) - gas * p[1], 0.5, 500.0)

    at = np.array([2.0, 300.0])
    v = so.brentq(lambda v: (at[0] + a / v**2) * (v - b) - gas * at[1], 0.5, 500.0, xtol=1e-14)
    slope = at[0] + a / v**2 - 2.0 * a * (v - b) / v**3
    np.testing.assert_allclose(grad(volume)(at), [-(v - b) / slope, gas / slope], rtol=1e-12)


def intersection(p):
    """x² + y² = p0, x = p1 y in closed form."""
    y = (p[0] / (1.0 + p[1] ** 2)) ** 0.5
    return p[1] * y + 3.0 * y


@pytest.mark.parametrize("solve", [lambda f: call(so.root)(f, [1.0, 1.0]).x, lambda f: call(so.fsolve)(f, [1.0, 1.0])])
def test_a_system(solve):
    def solved(p):
        x = solve(lambda x: [x[0] ** 2 + x[1] ** 2 - p[0], x[0] - p[1] * x[1]])
        return x[0] + 3.0 * x[1]

    p = np.array([2.0, 0.5])
    np.testing.assert_allclose(grad(solved)(p), grad(intersection)(p), rtol=1e-12)
    np.testing.assert_allclose(hessian(solved)(p), hessian(intersection)(p), rtol=1e-11)
    np.testing.assert_allclose(jacfwd(jacfwd(solved))(p), hessian(intersection)(p), rtol=1e-11)
    pair = Measurement(p, np.array([0.1, 0.2]))
    assert solved(pair).std_dev == pytest.approx(intersection(pair).std_dev, rel=1e-11)


def test_a_system_with_its_own_jacobian():
    def solved(p):
        def both(x):
            return np.stack([x[0] ** 2 - p, x[1] - x[0]]), [[2.0 * float(primal(x[0])), 0.0], [-1.0, 1.0]]

        return call(so.root)(both, [1.0, 1.0], jac=True).x[1]

    assert grad(solved)(2.0) == pytest.approx(0.5 / math.sqrt(2.0), rel=1e-12)


def test_patterns_hold_everything_the_equation_depends_on():
    at = np.array([1.2, 0.3, 5.0])
    pattern = jacobian_sparsity(lambda p: call(so.brentq)(lambda x: x + p[1] * np.sin(x) - p[0], 0.0, 4.0), at)
    assert pattern.toarray().tolist() == [[True, True, False]]
    # The root is 0 at this p[0], and a plain 0 would hide p[1].
    at_zero = interpret(lambda p: call(so.brentq)(lambda x: x * p[1] + x - p[0], -1.0, 1.5), sparsity())(
        np.array([0.0, 2.0])
    )
    assert at_zero.sparsity.toarray().tolist() == [[True, True]]


# -- what has no derivative says so

MULTIPLE = {
    "double": (lambda x, p: (x - p) ** 2, 1.5),
    "double, expanded": (lambda x, p: x * x - 2.0 * p * x + p * p, 1.5),
    "triple, expanded": (lambda x, p: x**3 - 3.0 * p * x * x + 3.0 * p * p * x - p**3, 1.3),
}


@pytest.mark.parametrize("name", MULTIPLE)
def test_multiple_roots_are_refused(name):
    f, start = MULTIPLE[name]
    with pytest.raises((NotDifferentiable, RuntimeError)):
        grad(lambda p: call(so.newton)(f, start, args=(p,), maxiter=200))(1.0)


def test_a_triple_root_in_a_bracket_is_refused():
    with pytest.raises(NotDifferentiable, match="multiple root"):
        grad(lambda p: call(so.brentq)(MULTIPLE["triple, expanded"][0], 0.0, 2.3, (p,)))(1.1)


def test_a_root_far_from_zero_is_no_multiple_one():
    assert grad(lambda p: call(so.brentq)(lambda x: np.sin(x - p), 1e6 - 1.0, 1e6 + 1.2))(1e6) == pytest.approx(1.0)


def test_singular_systems_are_refused():
    with pytest.raises(NotDifferentiable, match=r"singular|multiple"):
        grad(lambda p: call(so.root)(lambda x: [x[0] - p, (x[1] - p) ** 2], [1.0, 1.5], tol=1e-14).x[0])(1.0)


def test_solvers_that_fail_are_refused():
    with pytest.raises(NotDifferentiable, match="did not converge"):
        grad(lambda p: call(so.fsolve)(lambda x: x**2 + p, [1.0])[0])(1.0)
    with pytest.raises(NotDifferentiable, match="did not converge"):
        grad(lambda p: call(so.root)(lambda x: x**2 + p, [1.0]).x[0])(1.0)


@pytest.mark.parametrize(
    "solve",
    [
        lambda p: call(so.brentq)(lambda x: x - p, 0.0, 3.0),
        lambda p: call(so.root)(lambda x: x - p, [0.0]),
        lambda p: call(so.minimize)(lambda x: (x[0] - p) ** 2, [0.0]),
        lambda p: call(so.least_squares)(lambda x: x - p, [0.0]),
    ],
)
def test_intervals_are_refused_with_what_encloses(solve):
    with pytest.raises(ForeignCall, match="no enclosure"):
        solve(Interval(1.0, 1.1))


# -- minima


def test_an_unconstrained_minimum():
    def found(p):
        return call(so.minimize)(lambda x: (1 - x[0]) ** 2 + p * (x[1] - x[0] ** 2) ** 2 + x[0] * p, [0.0, 0.0])

    p = 3.0  # x0 = 1 - p/2, x1 = x0²; the minimum is p²/4 + p - p²/2
    for transform in (jacfwd, jacrev):
        np.testing.assert_allclose(transform(lambda p: found(p).x)(p), [-0.5, 0.5], rtol=1e-10)
    assert hessian(lambda p: found(p).x[1])(p) == pytest.approx(0.5, rel=1e-9)
    assert grad(lambda p: found(p).fun)(p) == pytest.approx(1.0 - 0.5 * p, rel=1e-12)
    assert hessian(lambda p: found(p).fun)(p) == pytest.approx(-0.5, rel=1e-10)
    assert found(Measurement(p, 0.1)).x[0].std_dev == pytest.approx(0.05, rel=1e-10)
    plain = so.minimize(lambda x: (1 - x[0]) ** 2 + p * (x[1] - x[0] ** 2) ** 2 + x[0] * p, [0.0, 0.0])
    assert primal(found(Dual(p, 1.0)).x).tolist() == plain.x.tolist()


def test_bounds_that_hold_are_held():
    def found(p):
        objective = lambda x: (x[0] - p[0]) ** 2 + (x[1] - p[1]) ** 2 + x[0] * x[1]  # noqa: E731
        return call(so.minimize)(objective, [0.2, 0.2], bounds=[(0.0, p[2]), (0.0, None)]).x

    at = np.array([2.0, 1.0, 0.5])  # x0 = p2 (held), x1 = p1 - x0/2
    expected = [[0.0, 0.0, 1.0], [0.0, 1.0, -0.5]]
    np.testing.assert_allclose(jacfwd(found)(at), expected, atol=1e-10)
    np.testing.assert_allclose(jacrev(found)(at), expected, atol=1e-10)


def test_a_bound_that_only_touches_is_refused():
    with pytest.raises(NotDifferentiable, match="bound"):
        grad(lambda p: call(so.minimize)(lambda x: (x[0] - p) ** 2, [0.3], bounds=[(0.0, 1.0)]).x[0])(1.0)


def test_constraints_are_refused():
    constraint = {"type": "eq", "fun": lambda x: x[0] - 1.0}
    with pytest.raises(ForeignCall, match="constraints"):
        grad(lambda p: call(so.minimize)(lambda x: (x[0] - p) ** 2, [0.0], constraints=constraint).x[0])(1.0)


@pytest.mark.parametrize("options", [{}, {"bounds": (0.0, 2.0), "method": "bounded"}, {"bracket": (0.0, 1.0)}])
def test_a_minimum_of_one_variable(options):
    def found(p):
        return call(so.minimize_scalar)(lambda x: np.cosh(x - p) + 0.1 * x * p, **options)

    p = 0.7  # sinh(x - p) = -p/10
    assert grad(lambda p: found(p).x)(p) == pytest.approx(1.0 - 0.1 / math.cosh(math.asinh(0.07)), rel=1e-10)
    assert grad(lambda p: found(p).fun)(p) == pytest.approx(0.1 * (2 * p - math.asinh(0.07)), rel=1e-9)


# -- fits

TIMES = np.linspace(0.0, 1.0, 9)
DATA = np.exp(-1.3 * TIMES) + 0.01 * np.sin(20.0 * TIMES)


def gauss_newton(y):
    """Parameters and scaled inverse normal matrix of a exp(-b t) through ``y``, by full Newton steps."""
    p = np.array([1.0, 1.0])
    for _ in range(60):
        a, b = p
        e = np.exp(-b * TIMES)
        r, slope = a * e - y, np.stack([e, -a * TIMES * e], axis=1)
        curvature = np.array([[0.0, -TIMES @ (r * e)], [-TIMES @ (r * e), a * TIMES**2 @ (r * e)]])
        p = p - np.linalg.solve(slope.T @ slope + curvature, slope.T @ r)
    hess = slope.T @ slope + curvature
    return p, np.linalg.solve(hess, slope.T), np.linalg.inv(slope.T @ slope) * (r @ r) / (len(y) - 2)


@pytest.mark.parametrize("transform", [jacfwd, jacrev])
def test_least_squares_and_curve_fit(transform):
    _, expected, _ = gauss_newton(DATA)
    fitted = transform(lambda y: call(so.least_squares)(lambda q: q[0] * np.exp(-q[1] * TIMES) - y, [1.0, 1.0]).x)(DATA)
    np.testing.assert_allclose(fitted, expected, rtol=1e-9, atol=1e-12)

    def model(t, a, b):
        return a * np.exp(-b * t)

    fitted = transform(lambda y: call(so.curve_fit)(model, TIMES, y, [1.0, 1.0])[0])(DATA)
    np.testing.assert_allclose(fitted, expected, rtol=1e-9, atol=1e-12)
    covariance = transform(lambda y: call(so.curve_fit)(model, TIMES, y, [1.0, 1.0])[1][0, 1])(DATA)
    h = 1e-3
    by_differences = [
        (gauss_newton(DATA + h * e)[2][0, 1] - gauss_newton(DATA - h * e)[2][0, 1]) / (2 * h) for e in np.eye(9)
    ]
    np.testing.assert_allclose(covariance, by_differences, rtol=1e-3, atol=1e-8)


def test_error_bars_of_a_fit_are_those_of_the_normal_equations():
    std = np.full(9, 0.02)
    out = call(so.least_squares)(lambda q: q[0] * np.exp(-q[1] * TIMES) - Measurement(DATA, std), [1.0, 1.0]).x
    _, slope, _ = gauss_newton(DATA)
    np.testing.assert_allclose(out.std_dev, 0.02 * np.linalg.norm(slope, axis=1), rtol=1e-9)


def test_weights_of_a_fit():
    def slope(sigma):
        return call(so.curve_fit)(lambda t, a: a * t, TIMES, DATA, [1.0], sigma)[0][0]

    sigma = np.linspace(1.0, 2.0, 9)

    def exact(s):
        return np.sum(TIMES * DATA / s**2) / np.sum(TIMES**2 / s**2)

    np.testing.assert_allclose(grad(slope)(sigma), grad(exact)(sigma), rtol=1e-8, atol=1e-12)


def test_a_tape_holds_cotangents_of_several_levels():
    def inner(p):
        return lambda x: jacfwd(grad(lambda y: p * y[0] * y[1] + x[0] * y[0]))(x)

    out = jacfwd(lambda p: inner(p)(np.array([1.0, 2.0])))(3.0)
    np.testing.assert_allclose(out, [[0.0, 1.0], [1.0, 0.0]], atol=1e-15)


def test_a_number_read_with_a_new_axis_keeps_its_gradient():
    assert grad(lambda a: a[None][0])(2.0) == grad(lambda a: a[..., None][0])(2.0) == 1.0


def test_what_results_hold_besides():
    def fitted(p):
        return call(so.least_squares)(lambda q: np.stack([q[0] - p, q[0] ** 2 - p]), [1.0])

    exact = fitted(Dual(1.3, 1.0))
    residuals = exact.fun
    moved = [exact.x[0].tangent - 1.0, 2 * exact.x[0].value * exact.x[0].tangent - 1.0]
    np.testing.assert_allclose(residuals.tangent, moved, rtol=1e-5)
    assert exact.cost.tangent == pytest.approx(residuals.value @ residuals.tangent, rel=1e-5)
    np.testing.assert_allclose(exact.jac.tangent[:, 0], [0.0, 2.0 * exact.x[0].tangent], rtol=1e-5, atol=1e-15)
    assert "hess_inv" not in call(so.minimize)(lambda x: (x[0] - Dual(1.0, 1.0)) ** 2, [0.0])


def test_options_by_position_and_guesses_left_out():
    found = grad(lambda p: call(so.brentq)(lambda x, p: x - p, 0.0, 3.0, (p,), 1e-10, 1e-10, 50))(1.0)
    assert found == pytest.approx(1.0, rel=1e-12)
    found = grad(lambda y: call(so.curve_fit)(lambda t, a: a * t, TIMES, y)[0][0])(DATA)
    np.testing.assert_allclose(found, TIMES / (TIMES @ TIMES), rtol=1e-9, atol=1e-12)

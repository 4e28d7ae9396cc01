"""Integrals and initial value problems whose limits, parameters and states are values, against closed forms."""

import math

import numpy as np
import pytest
import scipy.integrate as si
from foreign_calls import call, slope

from interp import primal
from interp.errors import ForeignCall, NotDifferentiable
from interp.numerics.quadrature import RULE
from interpretations import Dual, Interval, Measurement, grad, hessian, jacfwd, jacobian_sparsity, jacrev

P = 1.3

INTEGRALS = {
    # name: (integral of p by quad, its closed form)
    "half line": (lambda p: call(si.quad)(lambda x: np.exp(-p * x), 0.0, np.inf)[0], lambda p: 1.0 / p),
    "half line below": (lambda p: call(si.quad)(lambda x: np.exp(p * x), -np.inf, 0.0)[0], lambda p: 1.0 / p),
    "line": (
        lambda p: call(si.quad)(lambda x, p: np.exp(-p * x * x), -np.inf, np.inf, args=(p,))[0],
        lambda p: (math.pi / p) ** 0.5,
    ),
    "moving limits": (
        lambda p: call(si.quad)(lambda x: np.sin(p * x), p, p * p)[0],
        lambda p: (np.cos(p * p) - np.cos(p**3)) / p,
    ),
    "reversed": (lambda p: call(si.quad)(lambda x: x * x * p, p, 0.0)[0], lambda p: -(p**4) / 3.0),
    "half line from a value": (
        lambda p: call(si.quad)(lambda x: np.exp(-x * x * p) * x, p, np.inf)[0],
        lambda p: 0.5 * np.exp(-(p**3)) / p,
    ),
    "singular end": (lambda p: call(si.quad)(lambda x: x ** (p - 1.0), 0.0, 1.0)[0], lambda p: 1.0 / p),
    "break": (
        lambda p: call(si.quad)(lambda x: abs(x - 0.3) * p, 0.0, 1.0, points=[0.3])[0],
        lambda p: p * 0.29,
    ),
    "no range": (lambda p: call(si.quad)(lambda x: np.exp(x), 1.0, 1.0 + 0.0 * p)[0] + p, lambda p: p),
    "within": (
        lambda p: call(si.dblquad)(lambda y, x: x * y * p, 0.0, 1.0, 0.0, lambda x: p * x)[0],
        lambda p: p**3 / 8.0,
    ),
    "gauss": (
        lambda p: call(si.fixed_quad)(lambda x: np.exp(p * x), 0.0, p, n=20)[0],
        lambda p: (np.exp(p * p) - 1) / p,
    ),
}


@pytest.mark.parametrize("name", INTEGRALS)
def test_integrals(name):
    integral, exact = INTEGRALS[name]
    accuracy = 1e-8 if name == "singular end" else 1e-11
    for derivative in (grad(integral)(P), jacfwd(integral)(P)):
        assert derivative == pytest.approx(grad(exact)(P), rel=accuracy)
    if name != "within":
        assert hessian(integral)(P) == pytest.approx(hessian(exact)(P), rel=100 * accuracy, abs=1e-12)
        assert grad(grad(integral))(P) == pytest.approx(hessian(exact)(P), rel=100 * accuracy, abs=1e-12)
    out = integral(Measurement(P, 0.1))
    assert out.std_dev == pytest.approx(abs(0.1 * grad(exact)(P)), rel=accuracy)


def test_the_number_is_scipys():
    plain = si.quad(lambda x: np.exp(-P * x * x), 0.0, 2.0)
    found = call(si.quad)(lambda x: np.exp(-Dual(P, 1.0) * x * x), 0.0, 2.0)
    assert found[0].value == plain[0] and found[1] == plain[1]
    assert len(call(si.quad)(lambda x: x * Dual(P, 1.0), 0.0, 2.0, full_output=1)) == 3


def test_a_jump_at_a_fixed_place_does_not_move_with_the_limits():
    assert grad(lambda b: call(si.quad)(lambda x: 1.0 * (x > 0.3), 0.0, b)[0])(1.0) == pytest.approx(1.0, abs=1e-12)


def test_a_singularity_in_a_derivative_alone_is_followed():
    # d/dp of x**p is log(x) x**p: the integrand is smooth enough for one piece at p = 3, its tangent is not.
    found = jacfwd(lambda p: call(si.quad)(lambda x: x**p, 0.0, 1.0)[0])(0.2)
    assert found == pytest.approx(-1.0 / 1.44, rel=1e-9)


def test_what_does_not_converge_is_refused():
    with pytest.raises(NotDifferentiable, match="singular"), np.errstate(all="ignore"):
        jacfwd(lambda p: call(si.quad)(lambda x: (x + p) ** -0.98, 0.0, 1.0)[0])(0.0)


def test_the_rule_is_exact_for_polynomials():
    for degree in range(32):
        exact = (1 + (-1) ** degree) / (degree + 1)
        assert sum(w * x**degree for x, w, _ in RULE) == pytest.approx(exact, abs=1e-15)
        if degree < 20:
            assert sum(w * x**degree for x, _, w in RULE) == pytest.approx(exact, abs=1e-15)


def test_a_triple_integral():
    def f(p):
        return call(si.tplquad)(lambda z, y, x: p * x, 0.0, 1.0, 0.0, lambda x: x, 0.0, lambda x, y: p * x * y)[0]

    assert jacfwd(f)(1.5) == pytest.approx(2.0 * 1.5 / 10.0, rel=1e-12)  # p²/10


def test_patterns_of_integrals():
    def f(p):
        first = call(si.quad)(lambda x: p[0] * x, 0.0, 1.0)[0]
        return np.stack([first, call(si.quad)(lambda x: p[1] * x, p[2], 1.0)[0]])

    assert jacobian_sparsity(f, np.ones(3)).toarray().tolist() == [[True, False, False], [False, True, True]]


def test_intervals_are_refused():
    with pytest.raises(ForeignCall, match="no enclosure"):
        call(si.quad)(lambda x: x * Interval(1.0, 2.0), 0.0, 1.0)
    with pytest.raises(ForeignCall, match="no enclosure"):
        call(si.solve_ivp)(lambda t, y: -y, (0.0, 1.0), Interval(np.ones(1), np.ones(1)))
    with pytest.raises(ForeignCall, match="weight"):
        call(si.quad)(lambda x: x * Dual(1.0, 1.0), 0.0, 1.0, weight="cos", wvar=1.0)


# -- sampled functions

X = np.array([0.0, 0.3, 0.9, 1.1, 1.8, 2.0])
Y = np.random.default_rng(3).normal(size=(2, 6))
RULES = {
    "trapezoid": si.trapezoid,
    "simpson": si.simpson,
    "cumulative_trapezoid": si.cumulative_trapezoid,
    "cumulative_simpson": si.cumulative_simpson,
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("options", [{"x": X}, {"dx": 0.5}, {"x": X, "axis": 1}])
def test_sampled_functions(name, options):
    rule = RULES[name]
    units = np.eye(12).reshape(12, 2, 6)
    expected = np.stack([rule(unit, **options) for unit in units], axis=-1).reshape(*rule(Y, **options).shape, 2, 6)
    for transform in (jacfwd, jacrev):
        np.testing.assert_allclose(transform(lambda y: call(rule)(y, **options))(Y), expected, atol=1e-13)


def test_positions_that_are_values():
    np.testing.assert_allclose(
        grad(lambda x: np.trapezoid(Y[0], x))(X), slope(lambda x: np.trapezoid(Y[0], x), X), atol=1e-11
    )
    with pytest.raises(ForeignCall, match="positions"):
        grad(lambda x: call(si.simpson)(Y[0], x=x))(X)
    box = np.trapezoid(Interval(Y[0] - 0.1, Y[0] + 0.1), X)
    assert box.lo <= np.trapezoid(Y[0], X) - 0.19 and box.hi >= np.trapezoid(Y[0], X) + 0.19


# -- initial value problems

TIMES = np.linspace(0.0, 2.0, 5)


def oscillator(k, method="DOP853", t_eval=None, end=2.0, start=0.0, y0=(1.0, 0.0), **options):
    return call(si.solve_ivp)(
        lambda t, y: [y[1], -k * y[0]],
        (start, end),
        list(y0),
        method=method,
        t_eval=t_eval,
        rtol=1e-10,
        atol=1e-12,
        **options,
    )


@pytest.mark.parametrize("method", ["RK23", "RK45", "DOP853"])
@pytest.mark.parametrize("t_eval", [None, TIMES], ids=["steps", "times"])
def test_the_numbers_are_scipys_and_the_derivatives_theirs(method, t_eval):
    rtol = 1e-6 if method == "RK23" else 1e-10
    k = 1.7

    def solved(k):
        return call(si.solve_ivp)(
            lambda t, y: [y[1], -k * y[0]], (0.0, 2.0), [1.0, 0.0], method, t_eval, rtol=rtol, atol=rtol
        )

    out = solved(Dual(k, 1.0))
    plain = si.solve_ivp(lambda t, y: [y[1], -k * y[0]], (0.0, 2.0), [1.0, 0.0], method, t_eval, rtol=rtol, atol=rtol)
    np.testing.assert_allclose(out.y.value, plain.y, atol=1e-13)
    np.testing.assert_allclose(out.t, plain.t)
    w = k**0.5
    np.testing.assert_allclose(out.y.tangent[0], -np.sin(w * out.t) * out.t / (2.0 * w), atol=100 * rtol)
    np.testing.assert_allclose(jacrev(lambda k: solved(k).y[0])(k), out.y.tangent[0], atol=1e-12)


def test_derivatives_of_solutions():
    k, w = 1.7, 1.7**0.5
    assert hessian(lambda k: oscillator(k).y[0, -1])(k) == pytest.approx(
        hessian(lambda k: np.cos(2.0 * np.sqrt(k)))(k), rel=1e-9
    )
    assert grad(lambda end: oscillator(k, end=end).y[0, -1])(2.0) == pytest.approx(-w * math.sin(2 * w), rel=1e-9)
    assert grad(lambda t0: oscillator(k, start=t0).y[0, -1])(0.0) == pytest.approx(w * math.sin(2 * w), rel=1e-9)
    assert grad(lambda y: oscillator(k, y0=(1.0, y)).y[0, -1])(0.0) == pytest.approx(math.sin(2 * w) / w, rel=1e-9)
    out = oscillator(Measurement(k, 0.1)).y[0, -1]
    assert out.std_dev == pytest.approx(0.1 * math.sin(2 * w) / w, rel=1e-9)
    back = oscillator(Dual(k, 1.0), start=2.0, end=0.0, t_eval=TIMES[::-1])
    np.testing.assert_allclose(back.y.value[0], np.cos(w * (TIMES[::-1] - 2.0)), atol=1e-8)


def test_dense_output_at_a_time_that_is_a_value():
    def position(t):
        return oscillator(1.7 + 0.0 * t, dense_output=True).sol(t)[0]

    w = 1.7**0.5
    assert grad(position)(1.1) == pytest.approx(-w * math.sin(1.1 * w), rel=1e-7)
    sol = oscillator(Dual(1.7, 1.0), dense_output=True).sol(TIMES)
    assert sol.shape == (2, 5)


def test_arguments_and_vectorized():
    def f(t, y, k):
        return np.stack([y[1], -k * y[0]])

    found = grad(lambda k: call(si.solve_ivp)(f, (0.0, 1.0), [1.0, 0.0], args=(k,), vectorized=True).y[0, -1])(1.7)
    assert found == pytest.approx(-math.sin(1.7**0.5) / (2 * 1.7**0.5), rel=1e-3)


def test_the_pattern_of_a_chain():
    def end(y0):
        return call(si.solve_ivp)(lambda t, y: np.stack([-y[0], y[0], y[2] * 1.0]), (0.0, 1.0), y0).y[:, -1]

    found = jacobian_sparsity(end, np.array([1.0, 2.0, 3.0])).toarray()
    assert found.tolist() == [[True, False, False], [True, True, False], [False, False, True]]


def test_what_has_no_rule_says_what_works():
    with pytest.raises(ForeignCall, match="DOP853"):
        oscillator(Dual(1.7, 1.0), method="BDF")
    with pytest.raises(ForeignCall, match="dense_output"):
        oscillator(Dual(1.7, 1.0), events=lambda t, y: y[0])


def test_odeint():
    def end(k):
        return call(si.odeint)(lambda y, t: [y[1], -k * y[0]], [1.0, 0.0], TIMES)[-1, 0]

    w = 1.7**0.5
    plain = si.odeint(lambda y, t: [y[1], -1.7 * y[0]], [1.0, 0.0], TIMES)[-1, 0]
    assert primal(end(Dual(1.7, 1.0))) == plain
    assert grad(end)(1.7) == pytest.approx(-math.sin(2 * w) / w, rel=1e-6)

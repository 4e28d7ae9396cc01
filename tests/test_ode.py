"""The Runge-Kutta stepper: closed forms, SciPy's steps, order, derivatives in every mode, number types, errors."""

import importlib.util
import math
from itertools import pairwise

import numpy as np
import pytest
import scipy.integrate
import truth

import interp.vocabulary as v
from interp import compile, primal
from interp.errors import IntegrationError, ShapeError
from interp.numerics.ode import rms_of_components, solve, solve_at
from interpretations import Dual, Measurement, grad, hessian, hvp, jacfwd, jacrev, jvp

# State and sensitivities at t = 10: another program's variational equations at a tolerance of 1e-13
LOTKA_VOLTERRA = {
    "p": [1.5, 1.0, 3.0, 1.0],
    "state": [1.0263447675750945, 0.9096910781360374],
    "jacobian": [
        [2.160557523562913, 0.18856877707799435, 0.5631827941682465, 0.9396512871531629],
        [-6.256770517220691, -0.6979775889893023, -1.709017680597939, -2.7439791559200453],
    ],
}
P = np.array(LOTKA_VOLTERRA["p"])
ONES = np.ones(2)


def lotka_volterra(t, y, p):
    return p[0] * y[0] - p[1] * y[0] * y[1], -p[2] * y[1] + p[3] * y[0] * y[1]


def lorenz(t, y, p):
    return p[0] * (y[1] - y[0]), y[0] * (p[1] - y[2]) - y[1], y[0] * y[1] - p[2] * y[2]


def decay(t, y, p):
    return -p * y


def forced(t, y, p):
    """y = exp(sin t)."""
    return np.cos(t) * y


def oscillator(t, y, p):
    return y[1], -(p**2) * y[0]


def turning(t):
    return [math.cos(2 * t), -2 * math.sin(2 * t)]


CLOSED = {
    "exponential": (decay, [1.0, -2.0], 0.0, 3.0, 0.7, lambda t: np.array([1.0, -2.0]) * math.exp(-0.7 * t)),
    "oscillator": (oscillator, [1.0, 0.0], 0.0, 5.0, 2.0, turning),
    "time in the slope": (forced, [1.0], 0.0, 4.0, (), lambda t: [math.exp(math.sin(t))]),
    "backwards": (forced, [1.0], 0.0, -4.0, (), lambda t: [math.exp(math.sin(t))]),
    "backwards from later": (
        oscillator,
        turning(3.0),
        3.0,
        0.0,
        2.0,
        turning,
    ),
    "constant": (lambda t, y, p: (0.0, 0.0), [1.0, 2.0], 0.0, 1e6, (), lambda t: [1.0, 2.0]),
    "at rest in zero": (decay, [0.0], 0.0, 10.0, 1.0, lambda t: [0.0]),
    "no time": (decay, [3.0], 2.0, 2.0, 1.0, lambda t: [3.0]),
    "no state": (decay, [], 0.0, 1.0, 1.0, lambda t: np.zeros(0)),
}
closed = pytest.mark.parametrize(("f", "y0", "t0", "t1", "p", "exact"), CLOSED.values(), ids=CLOSED.keys())


# -- values


@closed
@pytest.mark.parametrize("tolerance", [1e-4, 1e-8, 1e-11])
def test_closed_forms(f, y0, t0, t1, p, exact, tolerance):
    found = solve(f, y0, t0, t1, p, tolerance, tolerance)
    np.testing.assert_allclose(found, exact(t1), rtol=50 * tolerance, atol=50 * tolerance)


@closed
def test_times_on_the_way(f, y0, t0, t1, p, exact):
    ts = np.linspace(t0, t1, 7)
    found = solve_at(f, y0, t0, ts, p, 1e-9, 1e-9)
    np.testing.assert_allclose(found, [exact(t) if t != t0 else y0 for t in ts], rtol=1e-7, atol=1e-7)
    np.testing.assert_array_equal(found[0], y0)
    end = solve(f, y0, t0, t1, p, 1e-9, 1e-9)  # by the same steps
    np.testing.assert_allclose(found[-1], end, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("tolerance", [1e-4, 1e-7, 1e-10])
@pytest.mark.parametrize(
    ("f", "y0", "p", "end"), [(lotka_volterra, ONES, P, 10.0), (lorenz, [1.0, 1, 1], [10, 28, 8 / 3], 2)]
)
def test_the_steps_are_scipys(f, y0, p, end, tolerance):
    ts = np.linspace(0.0, end, 11)
    theirs = scipy.integrate.solve_ivp(
        lambda t, y: f(t, y, p), (0.0, end), y0, method="RK45", rtol=tolerance, atol=tolerance, t_eval=ts
    )
    np.testing.assert_allclose(solve_at(f, y0, 0.0, ts, p, tolerance, tolerance), theirs.y.T, rtol=1e-9, atol=1e-9)


def test_reference_states():
    np.testing.assert_allclose(solve(lotka_volterra, ONES, 0, 10, P, 1e-11, 1e-11), LOTKA_VOLTERRA["state"], rtol=1e-9)
    chaotic = [-9.40845056705622, -9.096199071186879, 28.581627624392315]
    found = solve(lorenz, [1.0, 0.0, 0.0], 0.0, 1.0, [10.0, 28.0, 8 / 3], 1e-11, 1e-11)
    np.testing.assert_allclose(found, chaotic, rtol=1e-8)


@pytest.mark.parametrize(("part", "order"), [(1.0, 6), (0.5, 5), (0.3, 5)])
def test_order_of_one_step(part, order):
    """The new state errs by O(h^6) in one step, states within it by O(h^5)."""

    def f(t, y, p):
        return y[1] * np.cos(t), -y[0] * y[1] + t

    errors = []
    for h in (0.2, 0.1, 0.05):
        (found,) = solve_at(f, [1.0, 0.5], 0.3, [0.3 + part * h, 0.3 + h], (), 1e9, 1e9, 1, 1.0)[:1]
        exact = solve(f, [1.0, 0.5], 0.3, 0.3 + part * h, (), 1e-14, 1e-14)
        errors.append(np.abs(found - exact).max())
    found = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(found > order - 0.3), found


def test_error_falls_with_the_tolerance():
    errors = [abs(solve(decay, [1.0], 0.0, 2.0, 1.0, tol, tol)[0] - math.exp(-2)) for tol in (1e-3, 1e-5, 1e-7, 1e-9)]
    assert all(b < a / 20 for a, b in pairwise(errors)), errors


# -- derivatives


def final(p, tolerance=1e-10, **options):
    return solve(lotka_volterra, ONES, 0.0, 10.0, p, tolerance, tolerance, **options)


@pytest.mark.parametrize("jacobian", [jacfwd, jacrev], ids=["jacfwd", "jacrev"])
def test_reference_sensitivities(jacobian):
    np.testing.assert_allclose(jacobian(final)(P), LOTKA_VOLTERRA["jacobian"], rtol=1e-7)


def test_gradient():
    expected = np.sum(LOTKA_VOLTERRA["jacobian"], axis=0)
    np.testing.assert_allclose(grad(lambda p: final(p).sum())(P), expected, rtol=1e-7)


def test_derivatives_do_not_change_the_steps():
    plain = final(P, 1e-4)
    np.testing.assert_array_equal(primal(final(Dual(P, np.eye(4)), 1e-4)), plain)
    np.testing.assert_array_equal(jvp(lambda p: final(p, 1e-4), (P,), (P,))[0], plain)


def test_tangents_in_the_error_norm():
    """Sensitivities grow along the orbit: held to the tolerance, they are as exact as the state."""
    loose, held = (jacfwd(lambda p, n=norm: final(p, 1e-4, norm=n))(P) for norm in (None, rms_of_components))
    exact = np.array(LOTKA_VOLTERRA["jacobian"])
    assert np.abs(held - exact).max() < 0.2 * np.abs(loose - exact).max()
    np.testing.assert_array_equal(final(P, 1e-4, norm=rms_of_components), final(P, 1e-4))


@pytest.mark.parametrize("jacobian", [jacfwd, jacrev], ids=["jacfwd", "jacrev"])
@pytest.mark.parametrize("t1", [3.0, 0.5, -1.0])
def test_derivatives_in_the_times(jacobian, t1):
    """d y(t1)/d t1 is the slope there; moving both times of an autonomous problem moves nothing."""
    slope = lotka_volterra(t1, solve(lotka_volterra, ONES, 0.5, t1, P, 1e-10, 1e-10), P)
    by_end = jacobian(lambda t: solve(lotka_volterra, ONES, 0.5, t, P, 1e-10, 1e-10))(t1)
    by_both = jacobian(lambda t: solve(lotka_volterra, ONES, 0.5 + t, t1 + t, P, 1e-10, 1e-10))(0.0)
    np.testing.assert_allclose(by_end, slope, rtol=1e-6)
    np.testing.assert_allclose(by_both, 0.0, atol=1e-12)

    def both(t):
        return solve_at(lotka_volterra, ONES, 0.5, v.stack([0.25 + 0.5 * t, 1.0 * t]), P, 1e-10, 1e-10)

    halfway = jacobian(both)(t1)
    np.testing.assert_allclose(halfway[1], slope, rtol=1e-6)
    middle = 0.25 + 0.5 * t1
    state = solve(lotka_volterra, ONES, 0.5, middle, P, 1e-10, 1e-10)
    np.testing.assert_allclose(halfway[0], 0.5 * np.array(lotka_volterra(middle, state, P)), rtol=1e-5)


def test_no_time_is_the_identity():
    np.testing.assert_array_equal(jacfwd(lambda y: solve(lotka_volterra, y, 1.0, 1.0, P))(ONES), np.eye(2))
    np.testing.assert_array_equal(jacrev(lambda y: solve(lotka_volterra, y, 1.0, 1.0, P))(ONES), np.eye(2))
    np.testing.assert_array_equal(jacfwd(lambda p: solve(lotka_volterra, ONES, 1.0, 1.0, p))(P), np.zeros((2, 4)))


def test_higher_order():
    """y = exp(-p t): the second derivative in p is t² y."""

    def f(p):
        return solve(decay, [1.0], 0.0, 2.0, p, 1e-9, 1e-9)[0]

    assert hessian(f)(0.7) == pytest.approx(4 * math.exp(-1.4), rel=1e-6)
    assert hvp(f, 0.7, 1.0) == pytest.approx(4 * math.exp(-1.4), rel=1e-6)
    assert jacfwd(jacfwd(f))(0.7) == pytest.approx(4 * math.exp(-1.4), rel=1e-6)


@pytest.mark.parametrize("d", [jacfwd, jacrev], ids=["jacfwd", "jacrev"])
def test_against_differences(d):
    """Where nothing is adaptive about it: at a tight tolerance the derivative of the flow."""

    def f(y0):
        return solve_at(lorenz, y0, 0.0, [0.2, 0.5], [10.0, 28.0, 8 / 3], 1e-12, 1e-12)

    y0 = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(d(f)(y0), truth.jacobian(f, (y0,), 0), rtol=1e-6, atol=1e-6)


# -- numbers and containers of every kind

buffer = np.zeros(2)


def into_a_buffer(t, y, p):
    buffer[0], buffer[1] = y[1], -(p**2) * y[0]
    return buffer


SLOPES = {
    "tuple": oscillator,
    "list": lambda t, y, p: [y[1], -(p**2) * y[0]],
    "array": lambda t, y, p: np.stack([y[1], -(p**2) * y[0]]),
    "the same array": into_a_buffer,
    "matrix product": lambda t, y, p: np.array([[0.0, 1.0], [-(p**2), 0.0]]) @ y,
}


@pytest.mark.parametrize("f", SLOPES.values(), ids=SLOPES.keys())
def test_forms_of_the_slope(f):
    np.testing.assert_allclose(solve(f, [1, 0], 0, 5, 2.0, 1e-9, 1e-9), [math.cos(10), -2 * math.sin(10)], rtol=1e-7)


def test_a_state_that_is_its_own_slope():
    np.testing.assert_allclose(
        solve(lambda t, y, p: y, [1.0, 2.0], 0.0, 1.0), np.exp(1.0) * np.array([1, 2]), rtol=1e-5
    )


def test_the_initial_state_is_not_changed():
    y0 = np.array([1.0, 2.0])
    result = solve(decay, y0, 0.0, 0.0, 1.0)
    result[0] = 5.0
    np.testing.assert_array_equal(y0, [1.0, 2.0])


def test_complex_and_single_precision():
    found = solve(lambda t, y, p: 1j * y, np.array([1.0 + 0j]), 0.0, 3.0, (), 1e-10, 1e-10)
    assert found[0] == pytest.approx(np.exp(3j), rel=1e-8)
    single = solve(decay, np.ones(1, np.float32), 0.0, 1.0, 1.0, 1e-4, 1e-4)
    assert single.dtype == np.float32 and single[0] == pytest.approx(math.exp(-1), rel=1e-4)


def test_a_parameter_that_matters_later():
    """The state is of plain numbers until t = 1, and of values from then on."""

    def f(p):
        return solve(lambda t, y, _: (-y[0] if t < 1.0 else -p * y[0],), [1.0], 0.0, 2.0, (), 1e-8, 1e-8)[0]

    assert jacfwd(f)(0.5) == pytest.approx(-math.exp(-1.5), rel=1e-5)
    assert grad(f)(0.5) == pytest.approx(-math.exp(-1.5), rel=1e-5)


def test_containers_of_parameters():
    def f(t, y, p):
        return (-p["rate"] * y[0] + p["inflow"][1],)

    def end(p):  # 0.5 / rate + (1 - 0.5 / rate) exp(-rate)
        return solve(f, [1.0], 0.0, 1.0, p, 1e-9, 1e-9)[0]

    found = grad(end)({"rate": 1.0, "inflow": (0.0, 0.5)})
    assert found["rate"] == pytest.approx(-0.5, rel=1e-7)
    assert found["inflow"][0] == 0.0 and found["inflow"][1] == pytest.approx(1 - math.exp(-1), rel=1e-7)


def test_error_bars():
    found = solve(decay, [1.0], 0.0, 2.0, Measurement(0.7, 0.01), 1e-9, 1e-9)[0]
    assert found.nominal_value == pytest.approx(math.exp(-1.4), rel=1e-7)
    assert found.std_dev == pytest.approx(2.0 * math.exp(-1.4) * 0.01, rel=1e-6)


# -- errors


REFUSED = {
    "steps": (lambda: solve(decay, [1.0], 0.0, 1.0, 1.0, 1e-9, 1e-9, 5), IntegrationError, "max_steps"),
    "singularity": (
        lambda: solve(lambda t, y, p: (y[0] ** 2,), [1.0], 0.0, 2.0),
        IntegrationError,
        "t = 1: steps became too small",
    ),
    "NaN": (
        lambda: solve(lambda t, y, p: (np.sqrt(0.5 - t),), [1.0], 0.0, 1.0),
        IntegrationError,
        "t = 0.5: steps became too small",
    ),
    "NaN at once": (lambda: solve(decay, [1.0], 0.0, 1.0, np.nan), IntegrationError, "initial state or its slope"),
    "state not finite": (lambda: solve(decay, [np.inf], 0.0, 1.0, 1.0), IntegrationError, "initial state"),
    "number as state": (lambda: solve(decay, 1.0, 0.0, 1.0, 1.0), ShapeError, "one axis"),
    "matrix as state": (lambda: solve(decay, np.eye(2), 0.0, 1.0, 1.0), ShapeError, r"shape \(2, 2\)"),
    "short slope": (lambda: solve(lambda t, y, p: (y[0],), [1.0, 2.0], 0.0, 1.0), ShapeError, r"\(1,\).*\(2,\)"),
    "slope of a number": (lambda: solve(lambda t, y, p: y[0], [1.0], 0.0, 1.0), ShapeError, r"shape \(\)"),
    "atol": (lambda: solve(decay, [1.0], 0.0, 1.0, 1.0, 1e-3, 0.0), ValueError, "atol"),
    "rtol": (lambda: solve(decay, [1.0], 0.0, 1.0, 1.0, np.nan), ValueError, "rtol"),
    "t1": (lambda: solve(decay, [1.0], 0.0, np.inf, 1.0), ValueError, "finite"),
    "first step": (lambda: solve(decay, [1.0], 0.0, 1.0, 1.0, first_step=-1.0), ValueError, "first_step"),
    "no times": (lambda: solve_at(decay, [1.0], 0.0, [], 1.0), ValueError, "one time"),
    "times to and fro": (lambda: solve_at(decay, [1.0], 0.0, [0.5, 0.2, 1.0], 1.0), ValueError, "one way"),
    "times before": (lambda: solve_at(decay, [1.0], 0.0, [-0.5, 1.0], 1.0), ValueError, "one way"),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("call", "error", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


# -- compiled

numba = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="needs Numba")


def compiled_final(p, tolerance):
    return solve(lotka_volterra, np.ones(2), 0.0, 10.0, p, tolerance, tolerance)


def compiled_path(p, ts):
    return solve_at(lotka_volterra, np.ones(2), 0.0, ts, p, 1e-8, 1e-8)


def few_steps(p, count):
    return solve(lotka_volterra, np.ones(2), 0.0, 10.0, p, 1e-8, 1e-8, count)


@numba
def test_compiled_on_numbers_is_the_eager_run():
    g = compile(compiled_final)
    for tolerance in (1e-4, 1e-10):
        np.testing.assert_allclose(g(P, tolerance), compiled_final(P, tolerance), rtol=1e-13)
    ts = np.linspace(0.0, 10.0, 5)
    np.testing.assert_allclose(compile(compiled_path)(P, ts), compiled_path(P, ts), rtol=1e-13)


@numba
def test_compiled_errors():
    g = compile(few_steps)
    with pytest.raises(IntegrationError, match="max_steps"):
        g(P, 5)
    with pytest.raises(IntegrationError, match="t = 0: the initial state or its slope"):
        g(P * np.nan, 5)


@numba
def test_compiled_derivatives():
    ts = np.linspace(0.0, 10.0, 5)
    np.testing.assert_allclose(
        jacfwd(compile(compiled_path))(P, ts), jacfwd(compiled_path)(P, ts), rtol=1e-9, atol=1e-12
    )

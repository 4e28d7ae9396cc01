"""Plain user code that calls SciPy: what a gradient through the conversion gives, against differences."""

import math
import statistics

import numpy as np
import pytest
import scipy.integrate
import scipy.interpolate as si
import scipy.linalg
import scipy.optimize
import scipy.special
import scipy.stats
from foreign_calls import slope
from scipy.optimize import brentq

from interp.errors import ForeignCall
from interpretations import grad, hessian, jacfwd

X = np.linspace(0.0, 3.0, 7)
SPLINE = si.CubicSpline(X, np.cos(X))


def kepler(m):
    return brentq(lambda e: e - 0.4 * math.sin(e) - m, 0.0, 4.0)


def excess(e, m):
    return e - 0.4 * math.sin(e) - m


def kepler_with_arguments(m):
    return scipy.optimize.newton(excess, 1.0, args=(m,), tol=1e-13)


class Orbit:
    def __init__(self, m):
        self.m = m

    def excess(self, e):
        return e - 0.4 * math.sin(e) - self.m


def kepler_by_a_method(m):
    return brentq(Orbit(m).excess, 0.0, 4.0)


def spline_at(x):
    return float(SPLINE(x)) * 2.0 + SPLINE(x, 1)


def spline_through(p):
    y = np.zeros(7)
    for i in range(7):
        y[i] = math.cos(p * X[i])
    spline = si.CubicSpline(X, y)
    return float(spline(1.1)) + spline.integrate(0.0, 1.0)


def interpolated(p):
    return si.interp1d([0.0, 1.0], [p, 2.0 * p])(0.3) * np.interp(p, X, X**2)


def laplace(p):
    value, _ = scipy.integrate.quad(lambda x: math.exp(-p * x), 0.0, math.inf)
    return value


def pendulum(k):
    def rhs(t, y):
        slopes = np.empty(2)
        slopes[0] = y[1]
        slopes[1] = -k * math.sin(y[0])
        return slopes

    return scipy.integrate.solve_ivp(rhs, (0.0, 1.0), [1.0, 0.0], rtol=1e-11, atol=1e-12).y[0, -1]


def minimum(p):
    found = scipy.optimize.minimize_scalar(lambda x: math.cosh(x - p) + 0.1 * x)
    if not found.success:
        raise RuntimeError
    return found.x


def crossing(p):
    def equations(v):
        x, y = v
        return [x * x + y * y - p, x - 0.5 * math.exp(-y)]

    solution = scipy.optimize.root(equations, [1.0, 1.0], tol=1e-12)
    assert solution.success
    return solution.x[0]


def fitted(p):
    def model(t, a):
        return a * t

    return scipy.optimize.curve_fit(model, X, p * X + p * p, [1.0])[0][0]


def residuals(p):
    def of(q):
        out = np.empty(3)
        for i in range(3):
            out[i] = q[0] * i + q[1] - p * math.exp(i)
        return out

    return scipy.optimize.least_squares(of, [0.0, 0.0]).x[0]


def spread(p):
    return statistics.stdev([p, p * p, 3.0]) + statistics.median([p, 2.0 * p, 0.1])


def likelihood(p):
    return scipy.stats.norm.logpdf(0.3, loc=p) + scipy.stats.norm(p, 2.0).cdf(0.1)


def solved(p):
    a = np.eye(2)
    a[0, 1] = p
    return scipy.linalg.solve(a, [1.0, p])[0] + scipy.linalg.expm(a)[0, 1]


def special(p):
    return scipy.special.logsumexp([p, 1.0]) + scipy.special.gamma(p)


PROGRAMS = [
    kepler,
    kepler_with_arguments,
    kepler_by_a_method,
    spline_at,
    spline_through,
    interpolated,
    laplace,
    pendulum,
    minimum,
    crossing,
    fitted,
    residuals,
    spread,
    likelihood,
    solved,
    special,
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradients_of_plain_code(f):
    at, accuracy = 1.3, 1e-4 if f in (minimum, residuals) else 1e-8
    expected = float(slope(lambda x: f(float(x)), at))
    assert grad(f)(at) == pytest.approx(expected, rel=accuracy)
    assert jacfwd(f)(at) == pytest.approx(grad(f)(at), rel=1e-12)
    assert hessian(f)(at) == pytest.approx(grad(grad(f))(at), rel=1e-10, abs=1e-12)


def test_draws():
    def drawn(p):
        return np.random.default_rng(0).normal(p, 2.0) + np.random.default_rng(1).uniform(0.0, p)

    assert grad(drawn)(1.3) == 1.0 + np.random.default_rng(1).uniform()


def test_what_has_no_rule_names_the_call():
    with pytest.raises(ForeignCall, match=r"linprog would strip a Tape.*register\(scipy\.optimize\.linprog\)"):
        grad(lambda p: scipy.optimize.linprog([p, 1.0], bounds=[(0.0, 1.0)] * 2).fun)(1.0)

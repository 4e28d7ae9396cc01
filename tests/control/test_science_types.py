"""One call of each kind in every type, two and three levels deep: they must agree with one another."""

import statistics

import numpy as np
import pytest
import scipy.integrate as sg
import scipy.interpolate as si
import scipy.linalg as sl
import scipy.optimize as so
import scipy.stats as st
from foreign_calls import call

from interp import interpret
from interpretations import (
    grad,
    gradient,
    hessian,
    hessian_sparsity,
    jacfwd,
    jacrev,
    sparsity,
    taylor,
    uncertainty,
)

X = np.linspace(0.0, 3.0, 7)
M = np.array([[1.0, 0.3], [0.3, 2.0]])
AT = 1.2

PROGRAMS = {
    "spline": lambda p: call(si.CubicSpline)(X, np.sin(X * p))(p),
    "pchip": lambda p: call(si.PchipInterpolator)(X, np.sin(X * p))(X * 0.9).sum() * p,
    "interp": lambda p: np.interp(p, X, np.cos(X * p)),
    "brentq": lambda p: call(so.brentq)(lambda x: x - 0.4 * np.sin(x) - p, 0.0, 4.0),
    "root": lambda p: call(so.root)(lambda x: [x[0] ** 2 + x[1] - p, x[1] - x[0] * p], [1.0, 1.0]).x[1],
    "minimize": lambda p: call(so.minimize)(lambda x: (x[0] - p * p) ** 2 + np.cosh(x[1] * p), [0.0, 0.2]).x[0],
    "curve_fit": lambda p: call(so.curve_fit)(
        lambda t, a, b: a * np.exp(b * t), X, np.exp(-p * X) + 0.01 * X, [1.0, -1.0]
    )[0][1],
    "quad": lambda p: call(sg.quad)(lambda x: np.exp(-p * x * x), 0.0, p)[0],
    "solve_ivp": lambda p: call(sg.solve_ivp)(
        lambda t, y: [y[1], -p * y[0]], (0.0, 1.0), [1.0, p], "DOP853", rtol=1e-9, atol=1e-9
    ).y[0, -1],
    "trapezoid": lambda p: np.trapezoid(np.sin(X * p), X * p),
    "eigvalsh": lambda p: call(sl.eigvalsh)(M * p + np.array([[0.0, 1.0], [1.0, 0.0]]) * p * p)[0],
    "expm": lambda p: call(sl.expm)(M * p)[0, 1],
    "cholesky": lambda p: call(sl.cholesky)(M * p)[0, 1],
    "stats": lambda p: call(st.norm.logpdf)(0.3, p, p) + call(st.gamma.pdf)(p, p) + call(st.norm.ppf)(0.3, p, p),
    "median": lambda p: call(statistics.median)([p, p**3, 0.1]),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", PROGRAMS)
def test_all_types_agree(name):
    f = PROGRAMS[name]
    first, second = grad(f)(AT), hessian(f)(AT)
    assert jacfwd(f)(AT) == pytest.approx(first, rel=1e-12)
    assert grad(grad(f))(AT) == pytest.approx(second, rel=1e-11)
    series = interpret(f, taylor(order=3))(AT).raw.derivatives
    np.testing.assert_allclose(series[1:3], [first, second], rtol=1e-11)
    assert grad(jacfwd(grad(f)))(AT) == pytest.approx(series[3], rel=1e-10)
    assert interpret(f, uncertainty(std=0.1))(AT).std == pytest.approx(abs(0.1 * first), rel=1e-12)
    of_gradient = interpret(f, gradient(), uncertainty(std=0.1))(AT).reading("gradient").std
    assert of_gradient == pytest.approx(abs(0.1 * second), rel=1e-11)
    assert interpret(f, uncertainty(std=0.1), gradient())(AT).std == pytest.approx(abs(0.1 * first), rel=1e-12)
    for local in (False, True):
        assert interpret(f, sparsity(local=local))(AT).sparsity.toarray().tolist() == [[True]]
    pattern = hessian_sparsity(lambda v: f(v[0]) * v[1], np.array([AT, 2.0])).toarray()
    assert pattern.tolist() == [[True, True], [True, False]]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", PROGRAMS)
def test_as_many_directions_as_the_data_have_elements(name):
    f = PROGRAMS[name]

    def several(v):
        return f(v[0]) * v[1:]

    at = np.full(7, AT)
    np.testing.assert_allclose(jacfwd(several)(at), jacrev(several)(at), rtol=1e-11, atol=1e-13)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", PROGRAMS)
def test_single_precision(name):
    f = PROGRAMS[name]
    assert grad(f)(np.float32(AT)) == pytest.approx(grad(f)(AT), rel=1e-4)

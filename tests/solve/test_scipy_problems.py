"""Arguments for SciPy's solvers: each method gets what it takes, no warning is raised, and answers are known ones."""

import warnings

import numpy as np
import pytest
import scipy.sparse
from scipy.integrate import solve_ivp
from scipy.optimize import Bounds, LinearConstraint, least_squares, minimize, root

from interp.errors import InterpError
from interpretations import Interval, jacfwd
from interpretations.solve import for_least_squares, for_minimize, for_root, for_solve_ivp
from interpretations.solve.optimise import TAKES


@pytest.fixture(autouse=True)
def no_warnings():
    """SciPy warns of arguments that a method does not use."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


# -- minimize


@pytest.mark.parametrize("method", [None, "CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP", *list(TAKES)[5:]])
def test_every_method_of_minimize(method):
    limit = {"maxfun": 2000} if method == "TNC" else {}
    found = minimize(**for_minimize(rosenbrock, np.full(6, 1.2), method=method, options=limit))
    np.testing.assert_allclose(found.x, 1.0, atol=2e-3)


@pytest.mark.parametrize(("method", "form"), [(m, f) for m, forms in TAKES.items() for f in forms if f != "gradient"])
def test_every_form_of_a_hessian(method, form):
    found = minimize(**for_minimize(rosenbrock, np.full(6, 1.2), method=method, hessian=form))
    np.testing.assert_allclose(found.x, 1.0, atol=2e-3)


def test_value_and_gradient_come_from_one_run():
    runs = 0

    def f(x):
        nonlocal runs
        runs += 1
        return rosenbrock(x)

    found = minimize(**for_minimize(f, np.zeros(4), method="L-BFGS-B"))
    assert runs == found.nfev


def test_a_hessian_is_evaluated_once_a_point_for_all_its_products():
    arguments = for_minimize(rosenbrock, np.full(50, 0.7), method="trust-krylov")
    found = minimize(**arguments)
    assert arguments["hessp"].hessian.n_evaluations <= 1 + found.nit
    assert found.nhev > found.nit


@pytest.mark.parametrize("bounds", [Bounds([-1.0, -1.0], [0.5, 2.0]), [(-1.0, 0.5), (-1.0, 2.0)]])
@pytest.mark.parametrize("method", ["L-BFGS-B", "trust-constr"])
def test_bounds(bounds, method):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # trust-constr tells of its quasi-Newton update of a linear bound
        found = minimize(**for_minimize(rosenbrock, [0.0, 0.0], method=method, bounds=bounds))
    np.testing.assert_allclose(found.x, [0.5, 0.25], atol=1e-3)


def test_bounds_as_an_interval():
    box = Interval(np.array([-1.0, -1.0]), np.array([0.5, 2.0]))
    found = minimize(**for_minimize(rosenbrock, [0.0, 0.0], bounds=box))
    np.testing.assert_allclose(found.x, [0.5, 0.25], atol=1e-4)
    found = least_squares(**for_least_squares(lambda x: [10.0 * (x[1] - x[0] ** 2), 1.0 - x[0]], [0, 0], bounds=box))
    np.testing.assert_allclose(found.x, [0.5, 0.25], atol=1e-6)


def test_constraints_go_to_scipy():
    on_a_line = LinearConstraint(np.ones((1, 3)), 1.0, 1.0)
    found = minimize(**for_minimize(lambda x: np.sum(x**2), [3.0, 0.0, 0.0], method="SLSQP", constraints=on_a_line))
    np.testing.assert_allclose(found.x, 1 / 3, atol=1e-6)


def test_starting_points_are_copied_and_integers_become_floats():
    x0 = np.zeros(3, dtype=int)
    arguments = for_minimize(rosenbrock, x0)
    assert arguments["x0"].dtype == float
    x0 = np.zeros(3)
    assert for_root(lambda x: x, x0)["x0"] is not x0


@pytest.mark.parametrize("n", [1000])
def test_truncated_newton_in_many_dimensions(n):
    """Each unknown starts near the minimiser's valley; sparse products make an iteration cheap."""
    found = minimize(**for_minimize(rosenbrock, np.full(n, 2.0), method="trust-krylov", options={"gtol": 1e-8}))
    np.testing.assert_allclose(found.x, 1.0, atol=1e-6)


# -- least_squares


def chain(x):
    """Residuals of the chained Rosenbrock function, which has one minimiser, at ones, of value 0."""
    return np.concatenate([10.0 * (x[1:] - x[:-1] ** 2), 1.0 - x[:-1]])


def test_sparse_jacobians_where_they_pay():
    assert isinstance(for_least_squares(chain, np.zeros(5))["jac"](np.zeros(5)), np.ndarray)
    assert scipy.sparse.issparse(for_least_squares(chain, np.zeros(50))["jac"](np.zeros(50)))
    assert isinstance(for_least_squares(lambda x: np.cumsum(x), np.zeros(50))["jac"](np.zeros(50)), np.ndarray)
    assert isinstance(for_least_squares(chain, np.zeros(50), method="lm")["jac"](np.zeros(50)), np.ndarray)


@pytest.mark.parametrize("jacobian", [None, "sparse", "dense", "pattern"])
@pytest.mark.parametrize("method", ["trf", "dogbox"])
def test_ways_to_a_least_squares_solution(method, jacobian):
    x0 = np.full(40, 1.3)
    found = least_squares(**for_least_squares(chain, x0, method=method, jacobian=jacobian))
    np.testing.assert_allclose(found.x, 1.0, atol=1e-5)


def test_arguments_and_losses_go_to_scipy():
    t = np.linspace(0.0, 2.0, 30)
    y = 2.0 * np.exp(-1.3 * t)
    y[7] += 5.0  # an outlier, which soft_l1 bears
    model = lambda x, t, y: x[0] * np.exp(-x[1] * t) - y  # noqa: E731
    found = least_squares(**for_least_squares(model, [1.0, 1.0], args=(t, y), loss="soft_l1", f_scale=1e-3))
    np.testing.assert_allclose(found.x, [2.0, 1.3], atol=1e-3)
    found = least_squares(**for_least_squares(model, [1.0, 1.0], method="lm", args=(t, y), jacobian="dense"))
    assert found.success


def test_residuals_as_a_list():
    found = least_squares(**for_least_squares(lambda x: [x[0] - 3.0, x[1] * x[0] - 6.0], [1.0, 1.0]))
    np.testing.assert_allclose(found.x, [3.0, 2.0])


# -- root


@pytest.mark.parametrize("method", ["hybr", "lm"])
def test_roots_with_exact_jacobians(method):
    found = root(**for_root(lambda x, a: [x[0] + x[1] - 3.0, x[0] * x[1] - a], [0.0, 5.0], method=method, args=(2.0,)))
    np.testing.assert_allclose(found.x, [1.0, 2.0])


def test_krylov_gets_a_preconditioner():
    n = 2000
    steep = 10.0 ** np.linspace(0, 5, n)

    def f(x):
        y = np.concatenate([np.zeros(1), x, np.zeros(1)])
        return steep * (3.0 * x - y[:-2] - y[2:] + 0.1 * x**3 - 1.0)

    found = root(**for_root(f, np.zeros(n), method="krylov", options={"maxiter": 20}))
    assert found.success and np.abs(f(found.x) / steep).max() < 1e-5
    assert found.nit <= 10
    with pytest.raises(InterpError, match="singular"):
        for_root(lambda x: x**2, np.zeros(3), method="krylov")


# -- solve_ivp


def robertson(t, y):
    """Stiff chemistry; the three concentrations sum to 1."""
    fast = 3e7 * y[1] ** 2
    flow = -0.04 * y[0] + 1e4 * y[1] * y[2]
    return [flow, -flow - fast, fast]


@pytest.mark.parametrize("method", ["Radau", "BDF", "LSODA"])
def test_stiff_methods(method):
    """Reference at t = 40 from Hairer and Wanner, Solving Ordinary Differential Equations II, test problem ROBER."""
    found = solve_ivp(**for_solve_ivp(robertson, (0.0, 40.0), [1.0, 0.0, 0.0], method=method, rtol=1e-8, atol=1e-12))
    np.testing.assert_allclose(found.y[:, -1], [0.7158271, 9.185535e-6, 0.2841637], rtol=1e-5)


def test_the_jacobian_belongs_to_the_time_it_is_asked_for():
    fun = lambda t, y, a: np.cos(t) * a * y**2 + t * y[::-1]  # noqa: E731
    y0 = np.linspace(0.1, 1.0, 40)
    jac = for_solve_ivp(fun, (0.0, 1.0), y0, args=(3.0,))["jac"]
    for t in (0.0, 0.7):
        found = jac(t, y0, 3.0)
        assert scipy.sparse.issparse(found)
        np.testing.assert_allclose(found.toarray(), jacfwd(lambda y, t=t: fun(t, y, 3.0))(y0), rtol=1e-14)


def test_the_pattern_holds_at_every_time():
    """At t = 0 the coupling is a zero, and stays in the pattern."""
    coupled = lambda t, y: t * y[::-1]  # noqa: E731
    given = for_solve_ivp(coupled, (0.0, 1.0), np.ones(40), jacobian="pattern")
    assert (given["jac_sparsity"].toarray() == np.eye(40)[::-1]).all()
    found = solve_ivp(**given, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(found.y[:, -1], np.exp(0.5), rtol=1e-6)


# -- errors


def test_what_a_method_cannot_use_is_an_error():
    with pytest.raises(InterpError, match="uses no derivatives"):
        for_minimize(rosenbrock, [0.0, 0.0], method="Nelder-Mead")
    with pytest.raises(InterpError, match="no second derivatives"):
        for_minimize(rosenbrock, [0.0, 0.0], method="BFGS", hessian="sparse")
    with pytest.raises(InterpError, match="'dense', 'sparse' or None"):
        for_minimize(rosenbrock, [0.0, 0.0], method="trust-exact", hessian="products")
    with pytest.raises(InterpError, match="takes a dense Jacobian"):
        for_least_squares(chain, np.zeros(3), method="lm", jacobian="sparse")
    with pytest.raises(InterpError, match="'sparse', 'dense', 'pattern', None"):
        for_least_squares(chain, np.zeros(3), jacobian="full")
    with pytest.raises(InterpError, match="uses no derivatives"):
        for_root(lambda x: x, [0.0], method="broyden1")
    with pytest.raises(InterpError, match="implicit methods use derivatives"):
        for_solve_ivp(robertson, (0.0, 1.0), [1.0, 0.0, 0.0], method="RK45")
    with pytest.raises(InterpError, match="takes a dense Jacobian"):
        for_solve_ivp(robertson, (0.0, 1.0), [1.0, 0.0, 0.0], method="LSODA", jacobian="sparse")

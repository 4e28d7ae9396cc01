"""The set of Moré, Garbow and Hillstrom: SciPy's solvers, given our derivatives, find the published minima."""

import numpy as np
import pytest
import truth
from more_garbow_hillstrom import PROBLEMS, SQUARE
from scipy.optimize import least_squares, minimize, root

from interpretations import grad, hessian, sparse_hessian, sparse_jacobian
from interpretations.solve import for_least_squares, for_minimize, for_root


def near_start(problem):
    """The starting point; of the helical valley, where it lies on the cut of arctan2, a point beside it."""
    return problem.x0 + 0.3 if problem.number == 7 else problem.x0


def is_a_minimum(problem, value):
    """One of the published minima, to their six digits; a zero to what double precision reaches slowly."""
    return any(abs(value - m) <= max(1e-5 * m, 1e-12 if m == 0.0 else 0.0) for m in problem.minima)


@pytest.mark.parametrize("problem", PROBLEMS, ids=str)
def test_jacobian_at_the_start_against_complex_steps(problem):
    x = near_start(problem)
    found = sparse_jacobian(problem.f)(x).toarray()
    if problem.number == 7:  # arctan2 and hypot take no complex numbers
        np.testing.assert_allclose(found, truth.jacobian(problem.f, (x,), 0), atol=1e-7)
    else:
        expected = truth.complex_step(problem.f, (x,), 0)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("problem", PROBLEMS, ids=str)
def test_hessian_at_the_start(problem):
    x = near_start(problem)
    found = sparse_hessian(problem.sum_of_squares)(x).toarray()
    dense = hessian(problem.sum_of_squares)(x)
    scale = np.abs(dense).max()
    np.testing.assert_allclose(found, dense, atol=1e-13 * scale)
    differences = truth.jacobian(grad(problem.sum_of_squares), (x,), 0, step=1e-4)
    np.testing.assert_allclose(found, differences, atol=1e-5 * scale)


@pytest.mark.parametrize("problem", PROBLEMS, ids=str)
def test_least_squares(problem):
    tight = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15, "max_nfev": 2000}
    method = "lm" if problem.number in (3, 4, 10, 17) else "trf"
    scaled = {"x_scale": "jac"} if problem.number != 16 else {}
    found = least_squares(**for_least_squares(problem.f, problem.x0, method=method, **tight, **scaled))
    assert is_a_minimum(problem, 2.0 * found.cost), (2.0 * found.cost, found.message)
    if problem.at is not None:
        np.testing.assert_allclose(found.x, problem.at, rtol=1e-3, atol=1e-6)


BADLY_SCALED = (3, 4, 10)
"""SciPy's trust regions, which do not scale the unknowns, do not get there."""


@pytest.mark.parametrize("problem", [p for p in PROBLEMS if p.number not in BADLY_SCALED], ids=str)
def test_minimize_with_an_exact_hessian(problem):
    arguments = for_minimize(problem.sum_of_squares, problem.x0, method="trust-exact", options={"gtol": 1e-9})
    found = minimize(**arguments)
    assert is_a_minimum(problem, found.fun), (found.fun, found.message)


@pytest.mark.parametrize("problem", SQUARE, ids=str)
def test_root(problem):
    found = root(**for_root(problem.f, problem.x0, tol=1e-12))
    if problem.name == "Freudenstein and Roth" or "Powell singular" in problem.name:
        return  # stops in the local minimum; and stalls where the Jacobian is singular
    assert found.success, found.message
    assert np.abs(problem.f(found.x)).max() < 1e-8

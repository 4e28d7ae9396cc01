"""Thousands of unknowns: a chain, a grid of reactions and a bundle of cameras, each with a known answer."""

import numpy as np
import pytest
import scipy.sparse
from scipy.integrate import solve_ivp
from scipy.optimize import least_squares, minimize
from scipy.sparse.linalg import splu

from interpretations import sparse_hessian, sparse_jacobian, value_and_grad
from interpretations.solve import for_least_squares, for_minimize, for_solve_ivp

# -- the chained Rosenbrock function of 10,000 variables, whose minimiser is (1, ..., 1)

N = 10_000


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def newton(f, x, tolerance=1e-8, steps=50):
    """Newton's method, each step damped until it descends; the Hessian is factored by SuperLU."""
    hessian, both = sparse_hessian(f), value_and_grad(f)
    identity = scipy.sparse.eye_array(x.size, format="csc")
    value, gradient = both(x)
    damping = 0.0
    for step in range(steps):
        if np.abs(gradient).max() < tolerance:
            return x, step, hessian
        curvature = hessian(x).tocsc()
        while True:
            new = x - splu(curvature + damping * identity).solve(gradient)
            new_value, new_gradient = both(new)
            if new_value < value:
                break
            damping = max(4.0 * damping, 1e-3)
        x, value, gradient, damping = new, new_value, new_gradient, damping / 10.0
    raise AssertionError(f"no convergence: |gradient| is {np.abs(gradient).max()}")


@pytest.mark.parametrize("x0", [np.full(N, 2.0), np.linspace(0.5, 1.5, N)], ids=["twos", "ramp"])
def test_sparse_newton_on_the_chained_rosenbrock_function(x0):
    x, steps, hessian = newton(rosenbrock, x0)
    np.testing.assert_allclose(x, 1.0, atol=1e-9)
    assert steps <= 30
    assert hessian.n_evaluations == 1 + steps  # all three colours in one run


def test_truncated_newton_of_scipy_on_the_chained_rosenbrock_function():
    found = minimize(**for_minimize(rosenbrock, np.full(N, 2.0), method="Newton-CG", options={"xtol": 1e-10}))
    np.testing.assert_allclose(found.x, 1.0, atol=1e-6)


# -- the Brusselator on a 64 x 64 grid with periodic edges

K, ALPHA = 64, 0.1


def neighbours_sum(u):
    """Sum over the four neighbours on the torus."""
    rows = np.concatenate([u[1:], u[:1]]) + np.concatenate([u[-1:], u[:-1]])
    columns = np.concatenate([u[:, 1:], u[:, :1]], axis=1) + np.concatenate([u[:, -1:], u[:, :-1]], axis=1)
    return rows + columns


def brusselator(t, y):
    """Reaction and diffusion of two substances; Hairer and Wanner II, section IV.10, with periodic edges."""
    u, v = y[: K * K].reshape(K, K), y[K * K :].reshape(K, K)
    diffusion = ALPHA * (K - 1) ** 2
    du = 1.0 + u**2 * v - 4.4 * u + diffusion * (neighbours_sum(u) - 4.0 * u)
    dv = 3.4 * u - u**2 * v + diffusion * (neighbours_sum(v) - 4.0 * v)
    return np.concatenate([du.reshape(K * K), dv.reshape(K * K)])


def brusselator_jacobian(y):
    """By hand."""
    u, v = y[: K * K], y[K * K :]
    ring = scipy.sparse.diags_array([np.ones(K - 1), np.ones(K - 1)], offsets=[1, -1], format="lil")
    ring[0, K - 1] = ring[K - 1, 0] = 1.0
    line = scipy.sparse.csr_array(ring) - 2.0 * scipy.sparse.eye_array(K)
    one = scipy.sparse.eye_array(K)
    laplace = ALPHA * (K - 1) ** 2 * (scipy.sparse.kron(one, line) + scipy.sparse.kron(line, one))
    d = scipy.sparse.diags_array
    return scipy.sparse.block_array(
        [[d(2.0 * u * v - 4.4) + laplace, d(u**2)], [d(3.4 - 2.0 * u * v), d(-(u**2)) + laplace]]
    )


def grid_state():
    x, y = np.meshgrid(np.arange(K) / K, np.arange(K) / K)
    return np.concatenate([(22.0 * y * (1.0 - y) ** 1.5).reshape(-1), (27.0 * x * (1.0 - x) ** 1.5).reshape(-1)])


def test_jacobian_of_the_brusselator():
    y = grid_state()
    jacobian = sparse_jacobian(lambda y: brusselator(0.0, y))
    expected = brusselator_jacobian(y)
    assert abs(jacobian(y) - expected).max() < 1e-10
    assert jacobian.pattern.nnz == 6 * 2 * K * K
    assert jacobian.colours <= 12


def test_stiff_integration_of_the_brusselator():
    """Against SciPy with the Jacobian by hand: the same steps, so the same solution."""
    y0 = grid_state()
    found = solve_ivp(**for_solve_ivp(brusselator, (0.0, 0.05), y0))
    expected = solve_ivp(brusselator, (0.0, 0.05), y0, method="BDF", jac=lambda t, y: brusselator_jacobian(y).tocsc())
    assert found.nfev == expected.nfev and found.njev == expected.njev
    np.testing.assert_allclose(found.y[:, -1], expected.y[:, -1], rtol=1e-10)


# -- bundle adjustment: cameras and points from where the points are seen

CAMERAS, POINTS = 20, 400


def rotated(angles, points):
    """Each point turned by the small rotation vector of its camera (Rodrigues' formula)."""
    theta = np.sqrt(np.sum(angles**2, axis=1))[:, None]
    axis = angles / theta
    along = np.sum(axis * points, axis=1)[:, None] * axis
    crossed = np.stack(
        [
            axis[:, 1] * points[:, 2] - axis[:, 2] * points[:, 1],
            axis[:, 2] * points[:, 0] - axis[:, 0] * points[:, 2],
            axis[:, 0] * points[:, 1] - axis[:, 1] * points[:, 0],
        ],
        axis=1,
    )
    return np.cos(theta) * points + np.sin(theta) * crossed + (1.0 - np.cos(theta)) * along


def projected(x, camera_of, point_of):
    """Image coordinates: rotate, shift, divide by the depth, scale by the focal length. Shape (observations, 2)."""
    cameras, points = x[: 7 * CAMERAS].reshape(CAMERAS, 7), x[7 * CAMERAS :].reshape(POINTS, 3)
    camera, point = cameras[camera_of], points[point_of]
    seen = rotated(camera[:, :3], point) + camera[:, 3:6]
    return camera[:, 6:] * seen[:, :2] / seen[:, 2:]


def scene():
    rng = np.random.default_rng(0)
    cameras = np.concatenate(
        [
            rng.normal(size=(CAMERAS, 3)) * 0.2,
            rng.normal(size=(CAMERAS, 3)) * 0.3 + [0.0, 0.0, 6.0],
            1.0 + 0.1 * rng.random((CAMERAS, 1)),
        ],
        axis=1,
    )
    truth = np.concatenate([cameras.reshape(-1), rng.normal(size=3 * POINTS)])
    seen = rng.random((CAMERAS, POINTS)) < 0.5
    return truth, *np.nonzero(seen), rng


def test_bundle_adjustment():
    truth, camera_of, point_of, rng = scene()
    measured = projected(truth, camera_of, point_of)

    def residuals(x):
        return (projected(x, camera_of, point_of) - measured).reshape(-1)

    x0 = truth + 0.02 * rng.normal(size=truth.size)
    arguments = for_least_squares(residuals, x0, x_scale="jac", ftol=1e-15, xtol=1e-15, gtol=1e-12, max_nfev=60)
    jacobian = arguments["jac"](x0)
    assert jacobian.nnz == 9 * residuals(x0).size  # seven of a camera and three of a point, less one shift
    found = least_squares(**arguments)
    assert np.abs(residuals(x0)).max() > 1e-3
    assert np.abs(found.fun).max() < 1e-7

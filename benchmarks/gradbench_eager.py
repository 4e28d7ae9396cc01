"""GradBench's evals as array programs in plain NumPy, run eagerly: ``python -m benchmarks.gradbench_eager``.

Nothing is compiled: each derivative is `grad` or `jacfwd` of the function as it stands. The functions use `np` by
its global name, so that `eager` can run them with JAX's and autograd's NumPy in its place. The optimisers of
particle and saddle are those of `gradbench`.
"""

from typing import Any

import numpy as np

from benchmarks.gradbench import (
    PARAMETERS,
    Row,
    by_parameter,
    constant_of_mixture,
    inputs_of,
    listed,
    particle,
    saddle,
    serve,
    square,
)
from interpretations import grad, hvp, jvp


def determinant(a: Any, n: int) -> Any:
    """The expansion in minors, all minors of one size side by side. ``a`` has the rows end to end."""
    return _expanded(np.reshape(a, (1, n, n)), n)[0]


def _expanded(minors: Any, n: int) -> Any:
    """Determinants of (batch, n, n)."""
    if n == 1:
        return minors[:, 0, 0]
    kept = np.array([[k for k in range(n) if k != j] for j in range(n)])
    smaller = np.transpose(minors[:, 1:][:, :, kept], (0, 2, 1, 3))
    cofactors = (-1.0) ** np.arange(n) * np.reshape(_expanded(np.reshape(smaller, (-1, n - 1, n - 1)), n - 1), (-1, n))
    return np.sum(minors[:, 0] * cofactors, axis=1)


def squares(x: Any, n: int) -> Any:
    t = -1.0 + np.arange(n) * 2.0 / (n - 1.0)
    residual = np.sign(t) - np.vander(t, len(x), increasing=True) @ x
    return 0.5 * np.sum(residual * residual)


def log_sum_exp(x: Any) -> Any:
    top = np.max(x)
    return np.log(np.sum(np.exp(x - top))) + top


def cost(centroids: Any, points: Any) -> Any:
    distances = (
        np.sum(points * points, axis=1)[:, None] - 2.0 * (points @ centroids.T) + np.sum(centroids * centroids, axis=1)
    )
    return np.sum(np.min(distances, axis=1))


def direction(centroids: Any, points: Any) -> Any:
    """Gradient of `cost` over the diagonal of the Hessian, which has no other entries."""

    def of_centroids(c: Any) -> Any:
        return cost(c, points)

    return grad(of_centroids)(centroids) / hvp(of_centroids, centroids, np.ones_like(centroids))


def runge_kutta(x: Any, s: int) -> Any:
    """y(2) of y[i]' = x[i] y[i - 1], y[-1] = 1, y(0) = 0, by s steps."""
    h = 2.0 / s

    def slope(y: Any) -> Any:
        return np.concatenate([x[:1], x[1:] * y[:-1]])

    y = np.zeros_like(x)
    for _ in range(s):
        k1 = slope(y)
        k2 = slope(y + h / 2.0 * k1)
        k3 = slope(y + h / 2.0 * k2)
        k4 = slope(y + h * k3)
        y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return y


def last_of_runge_kutta(x: Any, s: int) -> Any:
    return runge_kutta(x, s)[-1]


# -- gmm: the posterior of a mixture of Gaussians, with a Wishart prior


def mixture(alpha: Any, mu: Any, q: Any, lower: Any, x: Any, m: int, gamma: float) -> Any:
    """alpha (k), mu (k, d), q (k, d) the logarithms of diagonals, lower (k, d (d - 1) / 2) by column, x (n, d)."""
    (n, d), k = x.shape, alpha.shape[0]
    factors = np.concatenate([np.exp(q), lower], axis=1)[:, places_in_triangle(d)] * np.tri(d)
    whitened = np.matmul(x - mu[:, None], np.swapaxes(factors, 1, 2))
    beta = (alpha + np.sum(q, axis=1))[:, None] - 0.5 * np.sum(whitened * whitened, axis=2)
    top = np.max(beta, axis=0)
    likelihood = np.sum(np.log(np.sum(np.exp(beta - top), axis=0)) + top) - n * log_sum_exp(alpha)
    prior = -0.5 * gamma**2 * (np.sum(np.exp(q) * np.exp(q)) + np.sum(lower * lower)) + m * np.sum(q)
    return likelihood + prior + constant_of_mixture(n, d, k, m, gamma)


def places_in_triangle(d: int) -> Any:
    """(d, d): where a lower triangular matrix finds its entries in diagonal and columns below it; anywhere above it."""
    i, j = np.arange(d)[:, None], np.arange(d)
    below = d + j * (2 * d - j - 1) // 2 + i - j - 1
    return np.where(i > j, below, j)


def forward(f: Any, argnums: int | tuple[int, ...] = 0) -> Any:
    """The derivatives by a few numbers, a run for each: all stay numbers, which directions side by side do not."""

    def derivative(i: int, args: tuple[Any, ...]) -> Any:
        def of_one(x: Any) -> Any:
            return f(*args[:i], x, *args[i + 1 :])

        return jvp(of_one, (args[i],), (1.0,))[1]

    if isinstance(argnums, int):
        return lambda *args: derivative(argnums, args)
    return lambda *args: tuple(derivative(i, args) for i in argnums)


MODES = {"f": forward, "r": grad}
"""Derivatives by GradBench's letters."""


def inputs_of_mixture(given: Any) -> tuple[Any, ...]:
    """As `mixture` takes them."""
    alpha, mu, q, lower, *rest = inputs_of(*PARAMETERS, "x", "m", "gamma")(given)
    return alpha, mu, q, lower.reshape((given["k"], -1)), *rest


def table_of_eager() -> dict[tuple[str, str], Row]:
    """As `benchmarks.gradbench.table_of_ours`."""
    table: dict[tuple[str, str], Row] = {
        ("hello", "square"): (lambda x: (x,), square, float),
        ("hello", "double"): (lambda x: (x,), grad(square), float),
        ("ode", "primal"): (inputs_of("x", "s"), runge_kutta, listed),
        ("ode", "gradient"): (inputs_of("x", "s"), grad(last_of_runge_kutta), listed),
        ("kmeans", "cost"): (inputs_of("centroids", "points"), cost, float),
        ("kmeans", "dir"): (inputs_of("centroids", "points"), direction, listed),
        ("gmm", "objective"): (inputs_of_mixture, mixture, float),
        ("gmm", "jacobian"): (
            inputs_of_mixture,
            grad(mixture, (0, 1, 2, 3)),
            by_parameter,
        ),
    }
    for name, f, inputs in (
        ("det", determinant, inputs_of("A", "ell")),
        ("llsq", squares, inputs_of("x", "n")),
        ("lse", log_sum_exp, inputs_of("x")),
    ):
        table[name, "primal"] = inputs, f, float
        table[name, "gradient"] = inputs, grad(f), listed
    for letters in ("rr", "ff", "fr", "rf"):
        modes = tuple(MODES[letter] for letter in letters)
        table["particle", letters] = lambda given, modes=modes: (given["w"], *modes), particle, float
        table["saddle", letters] = lambda given, modes=modes: (tuple(given["start"]), *modes), saddle, list
    return table


if __name__ == "__main__":
    serve(table_of_eager(), "interp, eager")

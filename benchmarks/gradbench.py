"""GradBench's evals run through us: ``python -m benchmarks.gradbench`` answers its JSON lines on standard input.

Each eval's function is written as its description asks, in plain Python; the derivatives are `grad` of the
compiled function. Input is parsed and results are listed outside the clock. GradBench: https://github.com/gradbench/gradbench
"""

import json
import math
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

import interp
from interpretations import grad, hvp, jacfwd

# -- hello


def square(x: float) -> float:
    return x * x


# -- det: expansion in minors


def determinant(a: Any, n: int) -> Any:
    """Row by row: ``total[row]`` is the determinant of the rows from there on, in the columns that are free.

    Columns go from right to left: a row's total so far, subtracted from the next term, gives the signs.
    """
    total = np.zeros(n + 1)
    total[n] = 1.0
    column, free = np.full(n, n), np.ones(n + 1)
    row = 0
    while row >= 0:
        j = column[row]
        if j < n:  # the minor without row and column j is done
            total[row] = a[row * n + j] * total[row + 1] - total[row]
            free[j] = 1.0
        j -= 1
        while free[j] == 0.0:
            j -= 1
        if j < 0:
            column[row] = n
            row -= 1
        else:
            column[row], free[j] = j, 0.0
            if row + 1 < n:
                row += 1
                total[row] = 0.0
    return total[0]


# -- llsq: fit of a polynomial to a sign


def squares(x: Any, n: int) -> Any:
    total = 0.0
    for i in range(n):
        t = -1.0 + i * 2.0 / (n - 1.0)
        value, power = np.sign(t), 1.0
        for j in range(len(x)):
            value = value - x[j] * power
            power = power * t
        total = total + value * value
    return 0.5 * total


# -- lse


def log_sum_exp(x: Any) -> Any:
    top = np.max(x)
    total = 0.0
    for i in range(len(x)):
        total = total + np.exp(x[i] - top)
    return np.log(total) + top


# -- ode: Runge-Kutta 4


def runge_kutta(x: Any, s: int) -> Any:
    """y(2) of y[i]' = x[i] y[i - 1], y(0) = 0, by s steps. Entry 0 below is the y[-1] = 1 before the first."""
    n, h = len(x) + 1, 2.0 / s
    y, z2, z3, z4 = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    k1, k2, k3 = np.zeros(n), np.zeros(n), np.zeros(n)
    y[0], z2[0], z3[0], z4[0] = 1.0, 1.0, 1.0, 1.0
    for _ in range(s):
        for i in range(1, n):
            k1[i] = x[i - 1] * y[i - 1]
            z2[i] = y[i] + h / 2.0 * k1[i]
        for i in range(1, n):
            k2[i] = x[i - 1] * z2[i - 1]
            z3[i] = y[i] + h / 2.0 * k2[i]
        for i in range(1, n):
            k3[i] = x[i - 1] * z3[i - 1]
            z4[i] = y[i] + h * k3[i]
        for i in range(1, n):
            y[i] = y[i] + h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + x[i - 1] * z4[i - 1])
    return y[1:]


def last_of_runge_kutta(x: Any, s: int) -> Any:
    return runge_kutta(x, s)[len(x) - 1]


# -- kmeans: points to their nearest centroid


def cost(centroids: Any, points: Any) -> Any:
    total = 0.0
    for i in range(points.shape[0]):
        nearest = np.inf
        for j in range(centroids.shape[0]):
            square = 0.0
            for k in range(points.shape[1]):
                gap = points[i, k] - centroids[j, k]
                square = square + gap * gap
            if square < nearest:
                nearest = square
        total = total + nearest
    return total


# -- gmm: the posterior of a mixture of Gaussians, with a Wishart prior


def mixture(alpha: Any, mu: Any, q: Any, lower: Any, x: Any, m: int, gamma: float, constant: float) -> Any:
    """alpha (k), mu (k, d), q (k, d) the logarithms of diagonals, lower (k, d (d - 1) / 2) by column, x (n, d)."""
    n, d, k = x.shape[0], x.shape[1], len(alpha)
    scale, weight, gap, terms = np.exp(q), np.zeros(k), np.zeros(d), np.zeros(k)
    total = constant - n * log_sum_exp(alpha)
    for c in range(k):
        logarithms = 0.0
        for i in range(d):
            logarithms = logarithms + q[c, i]
            total = total - 0.5 * gamma * gamma * scale[c, i] * scale[c, i]
        for i in range(lower.shape[1]):
            total = total - 0.5 * gamma * gamma * lower[c, i] * lower[c, i]
        total = total + m * logarithms
        weight[c] = alpha[c] + logarithms
    for point in range(n):
        for c in range(k):
            square = 0.0
            for i in range(d):
                gap[i] = x[point, i] - mu[c, i]
                whitened = scale[c, i] * gap[i]
                for j in range(i):
                    whitened = whitened + lower[c, j * (2 * d - j - 1) // 2 + i - j - 1] * gap[j]
                square = square + whitened * whitened
            terms[c] = weight[c] - 0.5 * square
        total = total + log_sum_exp(terms)
    return total


def constant_of_mixture(n: int, d: int, k: int, m: int, gamma: float) -> float:
    """What does not depend on the parameters."""
    dof = d + m + 1
    log_gamma = 0.25 * d * (d - 1) * math.log(math.pi) + sum(math.lgamma(0.5 * (dof + 1 - j)) for j in range(1, d + 1))
    return k * (dof * d * math.log(gamma / math.sqrt(2.0)) - log_gamma) - 0.5 * n * d * math.log(2.0 * math.pi)


PARAMETERS = ("alpha", "mu", "q", "l")


def inputs_of_mixture(given: Any) -> tuple[Any, ...]:
    """As `mixture` takes them."""
    alpha, mu, q, lower, x, m, gamma = inputs_of(*PARAMETERS, "x", "m", "gamma")(given)
    (n, d), k = x.shape, len(alpha)
    constant = constant_of_mixture(n, d, k, m, gamma)
    return alpha, mu, q, lower.reshape((k, -1)), x, m, float(gamma), constant


def by_parameter(gradients: Any) -> dict[str, Any]:
    return dict(zip(PARAMETERS, map(listed, gradients), strict=True))


# -- particle and saddle: an optimiser over a function that takes derivatives itself, all of it one native function


def least(f: Callable[..., Any], derivative: Callable[..., Any], x: Any, y: Any) -> tuple[Any, Any]:
    """Where ``f(x, y)`` is least, by GradBench's gradient descent from there."""
    slope = derivative(f, (0, 1))
    value, (a, b) = f(x, y), slope(x, y)
    rate, good = 1e-5, 0
    while True:
        if np.sqrt(a * a + b * b) <= 1e-5:
            return x, y
        if good == 10:
            rate, good = 2.0 * rate, 0
            continue
        u, v = x - rate * a, y - rate * b
        if np.sqrt((x - u) * (x - u) + (y - v) * (y - v)) <= 1e-5:
            return x, y
        there = f(u, v)
        if there < value:
            x, y, value, (a, b), good = u, v, there, slope(u, v), good + 1
        else:
            rate, good = rate / 2.0, 0


def potential(x: float, y: float, w: float) -> float:
    """Of two charges at (10, 10 - w) and (10, 0)."""
    lower = np.sqrt((10.0 - x) * (10.0 - x) + y * y)
    upper = np.sqrt((10.0 - x) * (10.0 - x) + (10.0 - w - y) * (10.0 - w - y))
    return 1.0 / lower + 1.0 / upper


def crossing(w: Any, inner: Callable[..., Any]) -> Any:
    """Square of where the particle crosses the x axis."""
    field = inner(potential, (0, 1))
    x, y, u, v = 0.0, 8.0, 0.75, 0.0
    while y + 0.1 * v >= 0.0:
        a, b = field(x, y, w)
        x, y, u, v = x + 0.1 * u, y + 0.1 * v, u - 0.1 * a, v - 0.1 * b
    end = x - y / v * u
    return end * end


def particle(w: float, outer: Callable[..., Any], inner: Callable[..., Any]) -> float:
    """The w of the least crossing. `least` is of two numbers: nothing depends on the second."""
    return least(lambda w, unused: crossing(w, inner), outer, w, 0.0)[0]


def height(a: float, b: float, c: float, d: float) -> float:
    return (a * a + b * b) - (c * c + d * d)


def highest(a: Any, b: Any, start: tuple[float, float], inner: Callable[..., Any]) -> tuple[Any, Any]:
    """The (c, d) where `height` is greatest."""
    return least(lambda c, d: -height(a, b, c, d), inner, start[0], start[1])


def saddle(start: tuple[float, float], outer: Callable[..., Any], inner: Callable[..., Any]) -> tuple[float, ...]:
    """The point (a, b, c, d) where `height` is least in (a, b) and greatest in (c, d)."""

    def ridge(a: Any, b: Any) -> Any:
        c, d = highest(a, b, start, inner)
        return height(a, b, c, d)

    a, b = least(ridge, outer, start[0], start[1])
    c, d = highest(a, b, start, inner)
    return a, b, c, d


MODES = {"f": jacfwd, "r": grad}
"""Derivatives by GradBench's letters, outer and inner. Of numbers within native code both go forward."""


# -- the table: (eval, function) -> input as ours, what is timed, result as JSON

Row = tuple[Callable[[Any], tuple[Any, ...]], Callable[..., Any], Callable[[Any], Any]]


def inputs_of(*names: str) -> Callable[[Any], tuple[Any, ...]]:
    """The named parts of an input, lists as arrays."""
    return lambda given: tuple(np.array(given[n]) if isinstance(given[n], list) else given[n] for n in names)


def listed(x: Any) -> Any:
    return np.asarray(x).tolist()


def table_of_ours() -> dict[tuple[str, str], Row]:
    whole_cost, last = interp.compile(cost), interp.compile(last_of_runge_kutta)
    slope_of_cost = grad(whole_cost)
    posterior = interp.compile(mixture)

    def direction(centroids: Any, points: Any) -> Any:
        """Gradient over the diagonal of the Hessian, which has no other entries."""
        bend = hvp(lambda c: whole_cost(c, points), centroids, np.ones_like(centroids))
        return slope_of_cost(centroids, points) / bend

    table: dict[tuple[str, str], Row] = {
        ("hello", "square"): (lambda x: (x,), square, float),
        ("hello", "double"): (lambda x: (x,), grad(square), float),
        ("ode", "primal"): (inputs_of("x", "s"), interp.compile(runge_kutta), listed),
        ("ode", "gradient"): (inputs_of("x", "s"), grad(last), listed),
        ("kmeans", "cost"): (inputs_of("centroids", "points"), whole_cost, float),
        ("kmeans", "dir"): (inputs_of("centroids", "points"), direction, listed),
        ("gmm", "objective"): (inputs_of_mixture, posterior, float),
        ("gmm", "jacobian"): (inputs_of_mixture, grad(posterior, (0, 1, 2, 3)), by_parameter),
    }
    for name, f, inputs in (
        ("det", determinant, inputs_of("A", "ell")),
        ("llsq", squares, inputs_of("x", "n")),
        ("lse", log_sum_exp, inputs_of("x")),
    ):
        compiled = interp.compile(f)
        table[name, "primal"] = inputs, compiled, float
        table[name, "gradient"] = inputs, grad(compiled), listed
    whole_particle, whole_saddle = interp.compile(particle), interp.compile(saddle)
    for letters in ("rr", "ff", "fr", "rf"):
        outer, inner = (MODES[letter] for letter in letters)
        table["particle", letters] = (
            lambda given, modes=(outer, inner): (given["w"], *modes),
            whole_particle,
            float,
        )
        table["saddle", letters] = (
            lambda given, modes=(outer, inner): (tuple(given["start"]), *modes),
            whole_saddle,
            list,
        )
    return table


# -- the protocol


def evaluated(row: Row, given: Any) -> dict[str, Any]:
    """The response to one evaluate message: the output, and the time of each run."""
    inputs, compute, as_json = row
    args = inputs(given)
    limits = given if isinstance(given, dict) else {}
    least_runs, least_time = limits.get("min_runs", 1), limits.get("min_seconds", 0.0) * 1e9
    timings: list[dict[str, Any]] = []
    spent = 0
    while len(timings) < least_runs or spent < least_time:
        start = time.perf_counter_ns()
        output = compute(*args)
        taken = time.perf_counter_ns() - start
        timings.append({"name": "evaluate", "nanoseconds": taken})
        spent += taken
    return {"success": True, "output": as_json(output), "timings": timings}


def responses(lines: Iterable[str], table: dict[tuple[str, str], Row], tool: str) -> Iterator[str]:
    """One line of JSON for each."""
    for line in lines:
        message = json.loads(line)
        response: dict[str, Any] = {}
        if message["kind"] == "start":
            response["tool"] = tool
        elif message["kind"] == "define":
            response["success"] = any(name == message["module"] for name, _ in table)
        elif message["kind"] == "evaluate":
            try:
                response = evaluated(table[message["module"], message["function"]], message["input"])
            except Exception:
                response = {"success": False, "error": traceback.format_exc()}
        yield json.dumps({"id": message["id"], **response})


def serve(table: dict[tuple[str, str], Row], tool: str) -> None:
    """Answer standard input on standard output."""
    for line in responses(sys.stdin, table, tool):
        print(line, flush=True)


if __name__ == "__main__":
    serve(table_of_ours(), "interp")

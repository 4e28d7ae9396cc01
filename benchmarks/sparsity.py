"""Sparse derivatives: what one costs after the first call, and what colouring costs.

An evaluation is compared with one of the function itself, or with the same derivative without a pattern. A
colouring is compared with one sparse product of its pattern with itself, which visits the same neighbours; that of
an arrow would be full, so a band stands in for it.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse

import interp
from benchmarks.measure import Line
from interpretations import colour, grad, hvp, jacfwd, sparse_hessian, sparse_jacobian


def rosenbrock(x: Any) -> Any:
    """The chained Rosenbrock function on whole arrays."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def rosenbrock_loop(x: Any) -> Any:
    """The same, element by element."""
    total = 0.0
    for i in range(len(x) - 1):
        rise, run = x[i + 1] - x[i] * x[i], 1.0 - x[i]
        total += 100.0 * rise * rise + run * run
    return total


def diffusion(x: Any) -> Any:
    """A nonlinear equation on a line, one a point."""
    inner = x[2:] - 2.0 * x[1:-1] + x[:-2] - np.exp(-(x[1:-1] ** 2))
    return np.concatenate([x[:1], inner, x[-1:]])


def banded(n: int) -> scipy.sparse.csr_array:
    return scipy.sparse.diags_array([np.ones(n - 1), np.ones(n), np.ones(n - 1)], offsets=[-1, 0, 1], format="csr")


def five_points(k: int) -> scipy.sparse.csr_array:
    line, one = banded(k), scipy.sparse.eye_array(k)
    return scipy.sparse.csr_array(scipy.sparse.kron(one, line) + scipy.sparse.kron(line, one))


def arrow(n: int) -> scipy.sparse.csr_array:
    tail = np.arange(1, n)
    rows, columns = np.concatenate([np.arange(n), 0 * tail, tail]), np.concatenate([np.arange(n), tail, 0 * tail])
    return scipy.sparse.csr_array((np.ones(3 * n - 2), (rows, columns)), shape=(n, n))


def measurements() -> Iterator[Line]:
    """Lines of this benchmark."""
    n = 10_000
    np.ones(1 << 21)  # glibc hands memory back after every call until something large was freed, as in any long run
    x = np.sin(np.arange(float(n)))
    yield from _evaluations(x)
    pattern = banded(n)
    compiled = sparse_hessian(interp.compile(rosenbrock_loop), pattern=pattern)
    yield Line(
        "the same as a loop, 10,000: compiled Hessian / plain loop",
        lambda: compiled(x),
        lambda: rosenbrock_loop(x),
        30.0,
    )
    few = x[:300]
    small = sparse_jacobian(diffusion).prepare(few)
    yield Line("Jacobian of a stencil, 300: sparse / dense", lambda: small(few), lambda: jacfwd(diffusion)(few), 1.0)
    for name, pattern in (
        ("tridiagonal, 100,000", banded(100_000)),
        ("five points, 316 x 316", five_points(316)),
    ):
        yield from _colourings(name, pattern, ("column", "star", "acyclic"))
    yield from _colourings("arrow, 100,000", arrow(100_000), ("bidirectional", "star", "acyclic"), banded(100_000))


def _evaluations(x: np.ndarray) -> Iterator[Line]:
    def function() -> Any:
        return rosenbrock(x)

    for mode, budget in (("star", 30.0), ("acyclic", None)):
        hessian = sparse_hessian(rosenbrock, mode=mode).prepare(x)
        yield Line(f"chained Rosenbrock, 10,000: {mode} Hessian / function", lambda h=hessian: h(x), function, budget)
    hessian = sparse_hessian(rosenbrock).prepare(x)
    yield Line("the same / gradient", lambda: hessian(x), lambda: grad(rosenbrock)(x), None)
    v = np.ones_like(x)
    yield Line(
        "the same, 3 colours / one Hessian-vector product", lambda: hessian(x), lambda: hvp(rosenbrock, x, v), 3.0
    )
    jacobian = sparse_jacobian(diffusion).prepare(x)
    yield Line("Jacobian of a stencil, 10,000 / function", lambda: jacobian(x), lambda: diffusion(x), None)


def _colourings(
    name: str, pattern: scipy.sparse.csr_array, modes: tuple[str, ...], beside: scipy.sparse.csr_array | None = None
) -> Iterator[Line]:
    graph = pattern if beside is None else beside
    for mode in modes:
        count = colour(pattern, mode).count
        name_of_line = f"{name}: {mode}, {count} colours / product"
        yield Line(name_of_line, lambda mode=mode: colour(pattern, mode), lambda: graph @ graph, None)

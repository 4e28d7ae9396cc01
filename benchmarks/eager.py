"""Eager gradients of `gradbench_eager`'s programs against the reverse sweep written by hand in NumPy, autograd and JAX.

By hand means the same program and its reverse sweep, value included, as one would write them without a tool: the
same intermediate results, cotangents in place where that saves an array. autograd and JAX run the same functions
with their own NumPy in place of `np`; JAX is not jitted, has 64-bit floats and is waited for. Every gradient is
compared before it is timed.
"""

import functools
import importlib.util
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

import numpy as np

from benchmarks import gradbench
from benchmarks.gradbench_eager import cost, determinant, last_of_runge_kutta, log_sum_exp, mixture, squares
from benchmarks.measure import Line, Missing, Once
from interpretations import grad, value_and_grad

# -- by hand


def squares_by_hand(x: np.ndarray, n: int) -> tuple[Any, ...]:
    t = -1.0 + np.arange(n) * 2.0 / (n - 1.0)
    powers = np.vander(t, len(x), increasing=True)
    residual = np.sign(t) - powers @ x
    return 0.5 * np.sum(residual * residual), -(residual @ powers)


def log_sum_exp_by_hand(x: np.ndarray) -> tuple[Any, ...]:
    top = np.max(x)
    weights = np.exp(x - top)
    total = np.sum(weights)
    value = np.log(total) + top
    weights *= 1.0 / total
    weights[np.argmax(x)] += 1.0 - np.sum(weights)  # what flows through the largest element
    return value, weights


def cost_by_hand(centroids: np.ndarray, points: np.ndarray) -> tuple[Any, ...]:
    distances = (
        np.sum(points * points, axis=1)[:, None] - 2.0 * (points @ centroids.T) + np.sum(centroids * centroids, axis=1)
    )
    nearest = (np.arange(len(points)), np.argmin(distances, axis=1))
    value = np.sum(distances[nearest])
    chosen = np.zeros_like(distances)
    chosen[nearest] = 1.0
    return value, 2.0 * (np.sum(chosen, axis=0)[:, None] * centroids - chosen.T @ points)


def mixture_by_hand(
    alpha: np.ndarray, mu: np.ndarray, q: np.ndarray, lower: np.ndarray, x: np.ndarray, m: int, gamma: float
) -> tuple[Any, ...]:
    (n, d), k = x.shape, alpha.shape[0]
    columns, rows = np.triu_indices(d, 1)
    diagonal = np.exp(q)
    factors = np.zeros((k, d, d))
    factors[:, rows, columns] = lower
    factors[:, np.arange(d), np.arange(d)] = diagonal
    centred = x - mu[:, None]
    whitened = np.matmul(centred, np.swapaxes(factors, 1, 2))
    beta = (alpha + np.sum(q, axis=1))[:, None] - 0.5 * np.sum(whitened * whitened, axis=2)
    top = np.max(beta, axis=0)
    weights = np.exp(beta - top)
    total = np.sum(weights, axis=0)
    log_total, weights_of_alpha = log_sum_exp_by_hand(alpha)
    value = np.sum(np.log(total) + top) - n * log_total + m * np.sum(q)
    value -= 0.5 * gamma**2 * (np.sum(diagonal * diagonal) + np.sum(lower * lower))

    weights /= total
    g_sums = np.sum(weights, axis=1)
    whitened *= weights[:, :, None]
    g_centred = np.matmul(whitened, factors)
    g_factors = np.matmul(np.swapaxes(whitened, 1, 2), centred)
    g_q = g_sums[:, None] + m - diagonal * np.diagonal(g_factors, axis1=1, axis2=2) - gamma**2 * diagonal * diagonal
    g_lower = -g_factors[:, rows, columns] - gamma**2 * lower
    value += gradbench.constant_of_mixture(n, d, k, m, gamma)
    return value, g_sums - n * weights_of_alpha, np.sum(g_centred, axis=1), g_q, g_lower


# -- the programs at their sizes


def mixture_inputs(d: int, k: int, n: int = 1000) -> tuple[Any, ...]:
    rng = np.random.default_rng(d)
    parameters = rng.normal(size=k), rng.uniform(size=(k, d)), rng.normal(size=(k, d))
    return *parameters, rng.normal(size=(k, d * (d - 1) // 2)), rng.normal(size=(n, d)), 0, 1.0


def programs() -> Iterator[tuple[str, Any, Any, tuple[Any, ...], tuple[int, ...], float | None]]:
    """(name, function, the sweep by hand or None, arguments, which of them are differentiated, budget)"""
    rng = np.random.default_rng(1)
    points = rng.random((10000, 8))
    four = (0, 1, 2, 3)
    yield "llsq 1024", squares, squares_by_hand, (rng.random(128), 1024), (0,), 2.0
    yield "lse 40000", log_sum_exp, log_sum_exp_by_hand, (rng.random(40000),), (0,), 1.5
    yield "kmeans (100, 10000, 8)", cost, cost_by_hand, (points[-100:] + 0.01, points), (0,), 1.5
    yield "gmm (10, 25)", mixture, mixture_by_hand, mixture_inputs(10, 25), four, 1.5
    yield "gmm (64, 50)", mixture, mixture_by_hand, mixture_inputs(64, 50), four, 1.5
    yield "det 7", determinant, None, (rng.random(49), 7), (0,), None
    yield "ode (20, 10)", last_of_runge_kutta, None, (8.0 * rng.random(20), 10), (0,), None
    yield "ode (1000, 100)", last_of_runge_kutta, None, (rng.random(1000), 100), (0,), None


def measurements() -> Iterator[Line]:
    """The lines of this benchmark, those of peers as far as they are installed."""
    peers = {}
    for package, made in (("autograd", _autograd), ("jax", _jax)):
        if importlib.util.find_spec(package) is None:
            yield Missing(f"not installed: {package} (pip install interp[bench])")
        else:
            peers["autograd" if package == "autograd" else "JAX, not jitted"] = made()
    for name, f, by_hand, args, argnums, budget in programs():
        ours = functools.partial(value_and_grad(f, argnums), *args)
        slopes = ours()[1]
        if by_hand is not None:
            reference = functools.partial(by_hand, *args)
            value, *expected = reference()
            _agree(name, (ours()[0], *slopes), (value, *expected))
            yield Line(f"{name}: value and gradient / by hand", ours, reference, budget)
        gradient = functools.partial(grad(f, argnums), *args)
        for peer, differentiated in peers.items():
            theirs = functools.partial(differentiated(f, argnums), *args)
            _agree(name, slopes, theirs())
            yield Line(f"{name}: gradient / {peer}", gradient, theirs, 1.0)
    for peer, differentiated in peers.items():
        yield from _optimisers(peer, differentiated)


def _optimisers(peer: str, differentiated: Any) -> Iterator[Line]:
    """particle and saddle: one run each, reverse over reverse; the peer takes a minute and more."""
    yield Once(
        f"one crossing of particle and its slope / {peer}",
        lambda: grad(gradbench.crossing)(0.2, grad),
        lambda: differentiated(gradbench.crossing, (0,))(0.2, differentiated),
        1.0,
    )


def _agree(name: str, ours: Any, theirs: Any) -> None:
    for x, y in zip(ours, theirs, strict=True):
        if not np.allclose(x, y, rtol=1e-9, atol=1e-10 * float(np.max(np.abs(y), initial=0.0))):
            raise ArithmeticError(f"{name}: {x} and {y}")


def _with(xp: Any, f: Any) -> Any:
    """The function with another NumPy, and so the functions of this package that it calls."""
    names = {
        name: xp if value is np else _with(xp, value) if isinstance(value, FunctionType) else value
        for name, value in ((name, f.__globals__[name]) for name in _names(f.__code__) if name in f.__globals__)
    }
    changed = FunctionType(f.__code__, f.__globals__ | names, f.__name__, f.__defaults__, f.__closure__)
    changed.__globals__[f.__name__] = changed
    return changed


def _names(code: Any) -> Iterator[str]:
    yield from (name for name in code.co_names if name != code.co_name)
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            yield from _names(constant)


def _autograd() -> Callable[[Any, Any], Any]:
    import autograd
    import autograd.numpy as xp

    return lambda f, argnums: autograd.grad(_with(xp, f), argnums)


def _jax() -> Callable[[Any, Any], Any]:
    from benchmarks.jax_programs import jax, jnp

    def differentiated(f: Any, argnums: Any) -> Any:
        gradient = jax.grad(_with(jnp, f), argnums)
        return lambda *args: jax.block_until_ready(gradient(*args))

    return differentiated

"""The programs of `compiled` as an expert writes them in JAX, in 64-bit floats and on one thread. JAX is needed.

Loops are ``lax.fori_loop`` of a fixed number of rounds, which reverse mode runs as a scan, and ``lax.while_loop``,
which reverse mode refuses: with ``rounds`` it is a scan of that many, in which a state that is finished stays as it
is, the usual way out. ``unroll`` is how many rounds XLA compiles as one: of 1, 4, 10 and 20, 4 is best for values and
tangents, 1 for reverse mode. Whole arrays replace loops over their elements. ``..._lanes`` is what one gets by giving
up the program's own order: the terms of its sum side by side, as a batch.
"""

import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax
import jax.numpy as jnp
from jax import lax

jax.config.update("jax_enable_x64", True)


def _while(condition: Any, body: Any, state: Any, rounds: int | None, unroll: int) -> Any:
    """``while condition(state): state = body(state)``; of at most ``rounds`` rounds, one that reverse mode runs."""
    if rounds is None:
        return lax.while_loop(condition, body, state)

    def step(_: Any, state: Any) -> Any:
        going = condition(state)
        return jax.tree.map(lambda new, old: jnp.where(going, new, old), body(state), state)

    return lax.fori_loop(0, rounds, step, state, unroll=unroll)


def logistic_map(r: Any, x: Any, unroll: int = 1) -> Any:
    def outer(k: Any, total: Any) -> Any:
        return total + lax.fori_loop(0, 100, lambda _, y: r * y * (1.0 - y), x / k, unroll=unroll)

    return lax.fori_loop(1, 20, outer, 0.0)


def logistic_lanes(r: Any, x: Any, unroll: int = 1) -> Any:
    starts = x / jnp.arange(1.0, 20.0)
    return lax.fori_loop(0, 100, lambda _, y: r * y * (1.0 - y), starts, unroll=unroll).sum()


def _root(c: Any, rounds: int | None, unroll: int) -> Any:
    return _while(lambda x: jnp.abs(x * x - c) > 1e-12 * c, lambda x: 0.5 * (x + c / x), c, rounds, unroll)


def square_roots(a: Any, rounds: int | None = None, unroll: int = 1) -> Any:
    return lax.fori_loop(1, 1000, lambda k, total: total + _root(a * k, rounds, unroll), 0.0)


def square_roots_lanes(a: Any, rounds: int | None = None, unroll: int = 1) -> Any:
    return jax.vmap(lambda c: _root(c, rounds, unroll))(a * jnp.arange(1.0, 1000.0)).sum()


def _escape(a: Any, b: Any, rounds: int | None, unroll: int) -> Any:
    def going(state: Any) -> Any:
        x, y, n = state
        return (x * x + y * y < 4.0) & (n < 200)

    def body(state: Any) -> Any:
        x, y, n = state
        return x * x - y * y + a, 2.0 * x * y + b, n + 1

    x, y, n = _while(going, body, (0.0 * a, 0.0 * b, 0), rounds, unroll)
    return x * x + y * y + n


def mandelbrot(u: Any, v: Any, rounds: int | None = None, unroll: int = 1) -> Any:
    return lax.fori_loop(0, 200, lambda k, total: total + _escape(u + 0.001 * k, v, rounds, unroll), 0.0)


def mandelbrot_lanes(u: Any, v: Any, rounds: int | None = None, unroll: int = 1) -> Any:
    return jax.vmap(lambda a: _escape(a, v, rounds, unroll))(u + 0.001 * jnp.arange(200)).sum()


def _mean(x: Any, y: Any, rounds: int | None, unroll: int) -> Any:
    def body(pair: Any) -> Any:
        x, y = pair
        return 0.5 * (x + y), jnp.sqrt(x * y)

    return _while(lambda pair: jnp.abs(pair[0] - pair[1]) > 1e-12 * pair[0], body, (x, y), rounds, unroll)[0]


def means(a: Any, b: Any, rounds: int | None = None, unroll: int = 1) -> Any:
    return lax.fori_loop(1, 1000, lambda k, total: total + _mean(a * k, b, rounds, unroll), 0.0)


def means_lanes(a: Any, b: Any, rounds: int | None = None, unroll: int = 1) -> Any:
    return jax.vmap(lambda x: _mean(x, b, rounds, unroll))(a * jnp.arange(1.0, 1000.0)).sum()


def lorenz(sigma: Any, rho: Any, beta: Any, unroll: int = 1) -> Any:
    def step(_: Any, state: Any) -> Any:
        x, y, z = state
        dx, dy, dz = sigma * (y - x), x * (rho - z) - y, x * y - beta * z
        return x + 1e-5 * dx, y + 1e-5 * dy, z + 1e-5 * dz

    x, y, z = lax.fori_loop(0, 100_000, step, (1.0, 1.0, 1.0), unroll=unroll)
    return x + y + z


def three_bodies(p: Any, q: Any, r: Any, unroll: int = 1) -> Any:
    def pull(x: Any, y: Any, u: Any, v: Any, m: Any) -> Any:
        dx, dy = u - x, v - y
        square = dx * dx + dy * dy + 1e-3
        cube = square * jnp.sqrt(square)
        return m * dx / cube, m * dy / cube

    def step(_: Any, state: Any) -> Any:
        x1, y1, x2, y2, x3, y3, u1, v1, u2, v2, u3, v3 = state
        (ax, ay), (bx, by) = pull(x1, y1, x2, y2, q), pull(x1, y1, x3, y3, r)
        (cx, cy), (dx, dy) = pull(x2, y2, x1, y1, p), pull(x2, y2, x3, y3, r)
        (ex, ey), (fx, fy) = pull(x3, y3, x1, y1, p), pull(x3, y3, x2, y2, q)
        u1, v1, u2, v2 = u1 + 1e-4 * (ax + bx), v1 + 1e-4 * (ay + by), u2 + 1e-4 * (cx + dx), v2 + 1e-4 * (cy + dy)
        u3, v3 = u3 + 1e-4 * (ex + fx), v3 + 1e-4 * (ey + fy)
        x1, y1, x2, y2 = x1 + 1e-4 * u1, y1 + 1e-4 * v1, x2 + 1e-4 * u2, y2 + 1e-4 * v2
        return x1, y1, x2, y2, x3 + 1e-4 * u3, y3 + 1e-4 * v3, u1, v1, u2, v2, u3, v3

    start = (1.0, 3.0, -2.0, -1.0, 1.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    x1, _, _, y2, x3, *_ = lax.fori_loop(0, 5000, step, start, unroll=unroll)
    return x1 * y2 + x3


def rosenbrock(x: Any, unroll: int = 1) -> Any:
    return jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def recurrence(x: Any, unroll: int = 1) -> Any:
    last, _ = lax.scan(lambda before, a: (jnp.sin(before) + a * before, None), x[0], x[1:], unroll=unroll)
    return last


def heat(u: Any, unroll: int = 1) -> Any:
    def step(_: Any, u: Any) -> Any:
        return u.at[1:-1].add(0.1 * (u[2:] - 2.0 * u[1:-1] + u[:-2]))

    u = lax.fori_loop(0, 100, step, u, unroll=unroll)
    return jnp.dot(u, u)


ROUNDS: dict[Callable[..., Any], int] = {
    square_roots: 20,
    square_roots_lanes: 20,
    mandelbrot: 200,
    mandelbrot_lanes: 200,
    means: 10,
    means_lanes: 10,
}
"""Rounds that are enough for each program with a ``while``, at the arguments of `compiled`."""

LANES: dict[Callable[..., Any], Callable[..., Any]] = {
    logistic_map: logistic_lanes,
    square_roots: square_roots_lanes,
    mandelbrot: mandelbrot_lanes,
    means: means_lanes,
}
"""The same sums with all terms side by side."""


def primal(f: Callable[..., Any], args: tuple[Any, ...]) -> Callable[[], Any]:
    """The program itself, compiled, called and waited for."""
    return _called(lambda *xs: f(*xs, unroll=4), args)


def forward(f: Callable[..., Any], args: tuple[Any, ...]) -> Callable[[], Any]:
    """Value and derivative along the first argument."""

    def along_first(x: Any, *rest: Any) -> Any:
        return jax.jvp(lambda x: f(x, *rest, unroll=4), (x,), (jnp.ones_like(x),))

    return _called(along_first, args)


def reverse(f: Callable[..., Any], args: tuple[Any, ...]) -> Callable[[], Any]:
    """Value and derivatives in all arguments."""
    rounds = {"rounds": ROUNDS[f]} if f in ROUNDS else {}
    return _called(jax.value_and_grad(lambda *xs: f(*xs, **rounds), argnums=tuple(range(len(args)))), args)


def _called(f: Callable[..., Any], args: tuple[Any, ...]) -> Callable[[], Any]:
    compiled = jax.jit(f)
    given = tuple(map(jnp.asarray, args))
    return lambda: jax.block_until_ready(compiled(*given))

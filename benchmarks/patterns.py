"""Sparsity patterns beside CasADi's and asdex's, growth with the number of inputs, and memory.

The same program is traced by all: CasADi builds its graph of SX scalars (or MX arrays) and asks for the pattern,
asdex traces a JAX program. Each pattern is checked to have as many entries as ours before anything is timed.
"""

import functools
import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.measure import FirstCall, Line, Missing, fresh_process, once
from interpretations.sparsity import hessian_sparsity, jacobian_sparsity

PEERS = [name for name in ("casadi", "asdex") if importlib.util.find_spec(name)]


def five_point(u: Any) -> Any:
    """Interior of the five-point stencil, by slices."""
    return u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * u[1:-1, 1:-1]


def five_point_by_elements(u: Any, out: Any) -> Any:
    """The stencil with its edges, one element after the other."""
    n = u.shape[0]
    for i in range(n):
        for j in range(n):
            s = 4.0 * u[i, j]
            if i > 0:
                s = s - u[i - 1, j]
            if i < n - 1:
                s = s - u[i + 1, j]
            if j > 0:
                s = s - u[i, j - 1]
            if j < n - 1:
                s = s - u[i, j + 1]
            out[i, j] = s
    return out


def banded(x: Any, xp: Any = np) -> Any:
    """Three neighbours, elementwise."""
    y = xp.sin(x)
    return xp.tanh(y[2:] * y[1:-1] + xp.exp(y[:-2])) / (1.0 + x[1:-1] ** 2)


def rosenbrock_terms(x: Any) -> Any:
    return 100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2


def brusselator(w: Any, xp: Any = np) -> Any:
    """Right-hand side on a periodic grid; ``w`` of shape (2, n, n)."""

    def spread(a: Any) -> Any:
        return xp.roll(a, 1, 0) + xp.roll(a, -1, 0) + xp.roll(a, 1, 1) + xp.roll(a, -1, 1) - 4.0 * a

    u, v = w[0], w[1]
    return xp.stack([1.0 + u * u * v - 4.4 * u + spread(u), 3.4 * u - u * u * v + spread(v)])


WEIGHTS = [np.random.default_rng(i).standard_normal((500, 500)) for i in range(4)]


def layers(x: Any, xp: Any = np) -> Any:
    """Dense layers that add what came before."""
    z = x
    for w in WEIGHTS:
        z = xp.tanh(w @ z) + z * x
    return z


# -- the peers


def _casadi_matrix(f: Callable[[Any], Any], shape: tuple[int, int], kind: str = "SX") -> Callable[[], Any]:
    import casadi

    def run() -> Any:
        u = getattr(casadi, kind).sym("u", *shape)
        return casadi.jacobian_sparsity(casadi.vec(f(u)), casadi.vec(u))

    return run


def _casadi_rosenbrock(n: int) -> Any:
    import casadi

    x = casadi.SX.sym("x", n)
    gradient = casadi.gradient(casadi.sum1(rosenbrock_terms(x)), x)
    return casadi.jacobian_sparsity(gradient, x)


def _casadi_elements(shape: tuple[int, int]) -> Callable[[], Any]:
    import casadi

    return _casadi_matrix(lambda u: five_point_by_elements(u, casadi.SX(*shape)), shape)


def _asdex(f: Callable[..., Any], x: np.ndarray, which: str = "jacobian_sparsity") -> Callable[[], Any]:
    import asdex
    import jax

    jax.config.update("jax_enable_x64", True)
    return functools.partial(getattr(asdex, which), f, jax.numpy.asarray(x))


def _entries(pattern: Any) -> int:
    return int(pattern.nnz() if callable(pattern.nnz) else pattern.nnz)


def _beside(name: str, ours: Callable[[], Any], theirs: dict[str, Any], budgets: dict[str, float]) -> Iterator[Line]:
    """Lines of one program; ``theirs`` makes by the peer's name (its first word) what to run."""
    for peer, make in theirs.items():
        if peer.split()[0] not in PEERS:
            yield Missing(f"{name}: no {peer} here")
            continue
        run = make()
        if _entries(run()) != _entries(ours()):
            raise AssertionError(f"{name}: {peer} finds {_entries(run())} entries, we {_entries(ours())}")
        yield Line(f"{name} / {peer}", ours, run, budgets.get(peer))


def measurements() -> Iterator[Line]:
    """Lines of this benchmark."""
    grid, grids, vector = np.ones((100, 100)), np.ones((2, 64, 64)), np.ones(10_000)
    yield from _beside(
        "five-point stencil 100x100",
        lambda: jacobian_sparsity(five_point, grid),
        {
            "casadi (SX)": lambda: _casadi_matrix(five_point, grid.shape),
            "casadi (MX)": lambda: _casadi_matrix(five_point, grid.shape, "MX"),
            "asdex": lambda: _asdex(five_point, grid),
        },
        {"casadi (SX)": 1.0, "casadi (MX)": 1.0, "asdex": 1 / 3},
    )
    yield from _beside(
        "the same with edges, element by element",
        lambda: jacobian_sparsity(lambda u: five_point_by_elements(u, np.zeros_like(u)), grid),
        {"casadi (SX)": lambda: _casadi_elements(grid.shape)},
        {"casadi (SX)": 1.0},
    )
    yield from _beside(
        "Brusselator 64x64",
        lambda: jacobian_sparsity(brusselator, grids),
        {"asdex": lambda: _asdex(functools.partial(brusselator, xp=_jax_numpy()), grids)},
        {"asdex": 1 / 3},
    )
    yield from _beside(
        "Hessian of chained Rosenbrock, 10,000",
        lambda: hessian_sparsity(lambda x: np.sum(rosenbrock_terms(x)), vector),
        {
            "casadi (SX)": lambda: functools.partial(_casadi_rosenbrock, 10_000),
            "asdex": lambda: _asdex(lambda x: rosenbrock_terms(x).sum(), vector, "hessian_sparsity"),
        },
        {"casadi (SX)": 1.0, "asdex": 1 / 3},
    )
    yield from _beside(
        "dense layers, 500",
        lambda: jacobian_sparsity(layers, vector[:500]),
        {"asdex": lambda: _asdex(functools.partial(layers, xp=_jax_numpy()), vector[:500])},
        {},
    )
    yield from _growth()
    million = np.ones(10**6)
    yield FirstCall("banded, 1,000,000 inputs", lambda: once(lambda: jacobian_sparsity(banded, million)), 2.0)
    yield Memory("banded, 1,000,000 inputs: memory", "jacobian_sparsity(banded, np.ones(10**6))", 1e9)


def _jax_numpy() -> Any:
    import jax

    return jax.numpy


def _growth() -> Iterator[Line]:
    """Ten times the inputs and entries."""
    for n in (10**4, 10**5):
        small, large = np.ones(n), np.ones(10 * n)
        yield Line(
            f"banded, {10 * n:,} inputs / {n:,}",
            lambda x=large: jacobian_sparsity(banded, x),
            lambda x=small: jacobian_sparsity(banded, x),
            15.0,
        )
        yield Line(
            f"Hessian of chained Rosenbrock, {10 * n:,} inputs / {n:,}",
            lambda x=large: hessian_sparsity(lambda x: np.sum(rosenbrock_terms(x)), x),
            lambda x=small: hessian_sparsity(lambda x: np.sum(rosenbrock_terms(x)), x),
            15.0,
        )

    def running_sum(n: int) -> Any:
        return jacobian_sparsity(lambda x: sum(x[i] * x[i - 1] for i in range(n)), np.ones(n))

    yield Line(
        "sum of products, element by element, 10,000 / 1,000",
        lambda: running_sum(10**4),
        lambda: running_sum(1000),
        12.0,
    )


class Memory(Line):
    """Bytes that a statement takes at its peak, in a process of its own, against an absolute budget."""

    SETUP = (
        "import tracemalloc, numpy as np\nfrom benchmarks.patterns import *\njacobian_sparsity(banded, np.ones(100))\n"
        "tracemalloc.start()\npeak = lambda: tracemalloc.get_traced_memory()[1]"
    )

    def __init__(self, name: str, statement: str, budget: float) -> None:
        super().__init__(name, lambda: None, lambda: None, budget)
        self._statement = statement

    def row(self) -> tuple[str, str, str, str, str, str]:
        taken = fresh_process(self.SETUP, self._statement, "peak")
        budget = self.budget or 1.0
        verdict = "ok" if taken <= budget else "OVER"
        return self.name, f"{taken / 1e6:.0f} MB", f"{budget / 1e6:.0f} MB", f"{taken / budget:.3f}", "1", verdict

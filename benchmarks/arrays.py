"""Gradients of array programs against the same reverse sweep written by hand in NumPy; single elements.

The chain mixes arithmetic with sin, exp, log1p, sqrt, a division and a sum; the hand-written sweep
keeps the same intermediate results and adds cotangents in place.
"""

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.measure import Amount, Line
from interp.level import fresh
from interpretations import value_and_grad
from interpretations.sweep import pull_back
from interpretations.tape import Recording, lift

BUDGETS = {10**2: None, 10**3: None, 10**4: 1.5, 10**5: 1.5, 10**6: 2.0}


def chain(x: Any, c: Any) -> Any:
    y = np.sin(x) * c
    y = np.exp(-y * y) + x
    y = np.log1p(y * y) * np.sqrt(y * y + 1.0)
    return np.sum(y / (1.0 + x * x))


def chain_by_hand(x: np.ndarray, c: np.ndarray) -> tuple[float, np.ndarray]:
    """Value and gradient of `chain`, as one would write them without a tool."""
    sine = np.sin(x)
    y1 = sine * c
    bell = np.exp(-(y1 * y1))
    y2 = bell + x
    q = y2 * y2
    logarithm, root = np.log1p(q), np.sqrt(q + 1.0)
    y3 = logarithm * root
    d = 1.0 + x * x
    ratio = y3 / d

    g_y3 = 1.0 / d
    g_d = -ratio * g_y3
    g_x = g_d * x
    g_x += g_d * x
    g_q = g_y3 * root / (1.0 + q)
    g_q += g_y3 * logarithm * (0.5 / root)
    g_y2 = g_q * y2
    g_y2 += g_q * y2
    g_x += g_y2
    g_s = -(g_y2 * bell)
    g_y1 = g_s * y1
    g_y1 += g_s * y1
    g_x += g_y1 * c * np.cos(x)
    return float(np.sum(ratio)), g_x


def _elements(n: int, count: int = 2000) -> Callable[[], None]:
    """Read and write ``count`` single elements of a recorded array of ``n``, and sweep back."""

    def run() -> None:
        recording = Recording(fresh())
        x = lift(np.ones(n), recording)
        for i in range(1, count):
            j = i % n
            x[j] = x[j - 1] * 0.5
        pull_back(recording, [(x[1], 1.0)], [x])

    return run


LENGTH = 50


def nonlinear_and_linear(x: Any) -> Any:
    """Fifty nonlinear operations, which need an array of partials each, and fifty linear ones, which need none."""
    for _ in range(LENGTH // 5):
        x = -np.sin(x)
        x = np.exp(x) - 0.5
        x = 3.0 * np.tanh(x)
        x = np.cos(x)[::-1]
        x = x + np.arctan(x)
    return np.sum(x)


def _peak(program: Callable[[], Any]) -> float:
    """The most bytes that are allocated at a time, beyond those before."""
    program()
    tracemalloc.start()
    program()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return float(peak)


def measurements() -> Iterator[Line]:
    """The lines of this benchmark."""
    gradient = value_and_grad(chain)
    for n, budget in BUDGETS.items():
        rng = np.random.default_rng(0)
        x, c = rng.uniform(0.5, 1.0, n), rng.uniform(0.5, 1.0, n)
        assert np.allclose(gradient(x, c)[1], chain_by_hand(x, c)[1], rtol=1e-12)
        yield Line(
            f"gradient of a chain, {n:>9,} elements / by hand",
            lambda x=x, c=c: gradient(x, c),
            lambda x=x, c=c: chain_by_hand(x, c),
            budget,
        )
    yield Line("one element read and written, Tape of 1e5 / of 1e3", _elements(10**5), _elements(10**3), 1.5)
    whole = np.linspace(0.1, 0.9, 10**5)
    yield Amount(
        f"memory of {LENGTH} nonlinear and {LENGTH} linear operations / {LENGTH} arrays and 4",
        lambda: _peak(lambda: value_and_grad(nonlinear_and_linear)(whole)),
        (LENGTH + 4.0) * whole.nbytes,
        1.05,
    )

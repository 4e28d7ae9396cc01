"""Recordings of many small operations: time in Python's cyclic collector, memory that stays, against a bare dual.

A recording is one flat list of tuples of numbers, which the collector stops tracking: a gradient should take as long
with it as without it. The dual number class of `dispatch` is the reference for one operation.
"""

import gc
import math
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks import dispatch
from benchmarks.measure import Amount, Line
from interpretations import grad

STEPS = 100_000
UNITS, TIMES = 8, 400


def product(x: Any) -> Any:
    y = x
    for _ in range(STEPS):
        y = y * x
    return y


def recurrence(x: Any) -> Any:
    """Five operations a step."""
    y = x
    for _ in range(STEPS):
        y = np.sin(y) * x + 0.5 * y
    return y


def _lstm(weights: Any, inputs: np.ndarray) -> Any:
    """A cell of an LSTM network over ``inputs`` (times, units): weights (4, 2 units, units)."""
    h = c = np.zeros(UNITS)
    for x in inputs:
        seen = np.concatenate([x, h])
        forget, enter, leave = (1.0 / (1.0 + np.exp(-(seen @ weights[i]))) for i in range(3))
        c = forget * c + enter * np.tanh(seen @ weights[3])
        h = leave * np.tanh(c)
    return np.sum(h * h)


def _lstm_of_numbers(w: Any) -> Any:
    """The same of one unit, of numbers alone: weights (8 numbers in a list), fed with a sine."""
    h = c = 0.0
    for t in range(10 * TIMES):
        x = math.sin(t)
        forget, enter, leave = (1.0 / (1.0 + np.exp(-(w[i] * x + w[i + 4] * h))) for i in range(3))
        c = forget * c + enter * np.tanh(w[3] * x + w[7] * h)
        h = leave * np.tanh(c)
    return h


def _uncollected(program: Callable[[], Any]) -> Callable[[], Any]:
    """The program with the cyclic collector off."""

    def run() -> None:
        gc.disable()
        try:
            program()
        finally:
            gc.enable()

    return run


def _kept(program: Callable[[], Any], times: int) -> float:
    """Bytes that are still allocated after so many runs more, the collector's own work done."""
    for _ in range(10):
        program()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(times):
        program()
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return float(after - before)


def _bare() -> None:
    p = q = dispatch.Bare(1.000001, 1.0)  # a class of its own module: here `product` would be converted for it
    for _ in range(STEPS):
        q = q * p


def measurements() -> Iterator[Line]:
    """The lines of this benchmark."""
    rng = np.random.default_rng(0)
    weights, inputs = 0.1 * rng.standard_normal((4, 2 * UNITS, UNITS)), rng.standard_normal((TIMES, UNITS))
    numbers = rng.standard_normal(8).tolist()

    def multiply() -> Any:
        return grad(product)(1.000001)

    programs = {
        f"{STEPS:,} products": multiply,
        f"{5 * STEPS:,} operations": lambda: grad(recurrence)(0.7),
        f"LSTM of numbers, {10 * TIMES:,} times": lambda: grad(_lstm_of_numbers)(numbers),
        f"LSTM of {UNITS} units, {TIMES} times": lambda: grad(_lstm)(weights, inputs),
    }
    yield Line(f"gradient of {STEPS:,} products / bare dual class", multiply, _bare, 6.0)
    for name, program in programs.items():
        yield Line(f"gradient of {name} / with the collector off", program, _uncollected(program), 1.2)
    slope = grad(lambda x: np.sum(np.sin(x) * x))
    yield Amount(
        "memory kept after 1,000 gradients more",
        lambda: _kept(lambda: slope(np.ones(100)), 1000),
        100_000.0,
        1.0,
    )

"""Conversion in the native tier: what converted code costs beside the same code run directly.

The programs of the first lines run directly on a Dual as well as converted, so the ratio is the cost of conversion
alone; those on plain floats have nothing to carry. `math` and stores into fresh arrays have no direct run: they are
measured beside the same program written for values (`np.sin`, ``np.zeros_like`` of a value). Conversion itself is
measured once, on functions of fifty lines never seen before.
"""

import linecache
import math
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.measure import FirstCall, Line
from interp.control.native import Native, tier
from interpretations import Dual


def _helper(t: Any, k: float = 2.0) -> Any:
    return t * k - t * t


class _Model:
    def __init__(self, rate: Any) -> None:
        self.rate = rate

    def step(self, t: Any) -> Any:
        return t + self.rate * (1.0 - t)


def _loops(x: Any, f: Callable[[Any], Any] = _helper) -> Any:
    """Branches, a callee that is only known at run time, a method, an object: all rewritten."""
    model, t, seen = _Model(x), x, []
    for i in range(50):
        t = model.step(t)
        if t > 0.5 and i % 2:
            t = f(t)
        seen.append(t)
    return sum(seen) + max(seen)


def _with_math(x: Any) -> Any:
    s = x
    for _ in range(50):
        s = s + math.sin(s) * math.exp(-x)
    return s


def _with_numpy(x: Any) -> Any:
    s = x
    for _ in range(50):
        s = s + np.sin(s) * np.exp(-x)
    return s


def _fresh(x: Any) -> Any:
    a = np.zeros(50)
    for i in range(50):
        a[i] = x * i
    return a.sum()


def _of_a_value(x: Any) -> Any:
    a = np.zeros(50) * x
    for i in range(50):
        a[i] = x * i
    return a.sum()


def _converting() -> float:
    """Seconds to look at and convert one function of fifty lines, the best of five that were never seen."""
    best = float("inf")
    for k in range(5):
        lines = [
            f"    a[{i % 10}] = math.sin(x * {i}) + helper(a[{i % 7}]) if x > {i} else a[{i % 3}] ** 2"
            for i in range(48)
        ]
        text = "\n".join(["def f(x, helper):", "    a = np.zeros(10)", *lines, "    return a.sum()"]) + "\n"
        name = f"<fifty lines, {k}>"
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
        space: dict[str, Any] = {"np": np, "math": math}
        exec(compile(text, name, "exec"), space)
        fresh_tier = Native()
        start = perf_counter()
        converted = fresh_tier.function(space["f"])
        best = min(best, perf_counter() - start)
        assert converted is not space["f"]
    return best


def measurements() -> Iterator[Line]:
    """What a call of converted code costs, and conversion."""
    x, loops = Dual(0.3, 1.0), tier.resolve(_loops)
    yield Line("native: loop with callees on a Dual / run directly", lambda: loops(x), lambda: _loops(x), 1.3)
    yield Line("native: loop with callees on a float / run directly", lambda: loops(0.3), lambda: _loops(0.3), None)
    with_math, fresh = tier.resolve(_with_math), tier.resolve(_fresh)
    yield Line("native: math on a Dual / NumPy's functions directly", lambda: with_math(x), lambda: _with_numpy(x), 1.3)
    yield Line("native: stores in a fresh array / in a value directly", lambda: fresh(x), lambda: _of_a_value(x), 1.3)
    yield FirstCall("native: converting a function of 50 lines", _converting, 0.030)

"""Conversion: what converted code costs beside the same code run directly.

*Native tier.* The programs of the first lines run directly on a Dual as well as converted, so the ratio is the cost
of conversion alone; those on plain floats have nothing to carry. `math` and stores into fresh arrays have no direct
run: they are measured beside the same program written for values (`np.sin`, ``np.zeros_like`` of a value). Conversion
itself is measured once, on functions of fifty lines never seen before.

*Joined tier.* Plain floats within a traced program, beside the same program run directly; what an undecided branch
costs beyond the operations on both of its sides; and loops that store to an array or filter into a list, four times
as long: linear is a ratio of 4.
"""

import linecache
import math
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.measure import FirstCall, Line, once
from interp import interpret
from interp.control.joined import converted
from interp.control.native import Native, tier
from interpretations import Dual, bounds, sparsity


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


ROUNDS = 400
POINT = np.array([0.5, 0.3, 0.7])
EDGE, STEP = 0.3, 1e-4
"""What `POINT[0]` is compared with: undecided in every round over a box of radius 0.3, too."""


def _traced(f: Callable[[Any], Any]) -> Any:
    return interpret(f, sparsity())(POINT)


def _boxed(f: Callable[[Any], Any]) -> Any:
    return interpret(f, bounds(0.3))(POINT)


def _plain_floats(x: Any) -> Any:
    """Nothing but plain numbers, and one value."""
    t, model, seen = 0.3, _Model(0.1), []
    for i in range(1000):
        t = model.step(t)
        if t > 0.5 and i % 2:
            t = _helper(t)
        seen.append(t)
    return x[0] * (sum(seen) + max(seen))


def _branching(x: Any) -> Any:
    s = 0.0
    for i in range(ROUNDS):
        if x[0] > EDGE + STEP * i:  # noqa: SIM108 - the statement is what is measured
            s = s + x[1]
        else:
            s = s - x[2]
    return s


def _both_sides(x: Any) -> Any:
    """What `_branching` computes on either side, without the branch."""
    s = 0.0
    for i in range(ROUNDS):
        _ = x[0] > EDGE + STEP * i, s + x[1]
        s = s - x[2]
    return s


def _per_branch(run: Callable[[Any], Any]) -> Callable[[], float]:
    """Seconds of an undecided branch beyond those of its two sides."""

    def seconds() -> float:
        branching = min(once(lambda: run(_branching)) for _ in range(7))
        return (branching - min(once(lambda: run(_both_sides)) for _ in range(7))) / ROUNDS

    return seconds


def _storing(n: int) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        a = np.zeros(n)
        for i in range(n):
            if x[0] > EDGE + STEP * i:
                a[i] = x[1]
        return a.sum()

    return f


def _filtering(n: int) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        kept, s = [], 0.0
        for i in range(n):
            if x[0] > EDGE + STEP * i:
                kept.append(x[1])
        for v in kept:
            s = s + v
        return s

    return f


def _converting_joined() -> float:
    """The same for the joined form."""
    return _converting(converted)


def _converting(convert: Callable[[Any], Any] | None = None) -> float:
    """Seconds to look at and convert one function of fifty lines, the best of five that were never seen."""
    best = float("inf")
    for k in range(5):
        lines = [
            f"    a[{i % 10}] = math.sin(x * {i}.{k}) + helper(a[{i % 7}]) if x > {i} else a[{i % 3}] ** 2"
            for i in range(48)
        ]
        text = "\n".join(["def f(x, helper):", "    a = np.zeros(10)", *lines, "    return a.sum()"]) + "\n"
        name = f"fifty_lines_{'native' if convert is None else 'joined'}_{k}.py"
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
        space: dict[str, Any] = {"np": np, "math": math}
        exec(compile(text, name, "exec"), space)
        change = convert or Native().function
        start = perf_counter()
        made = change(space["f"])
        best = min(best, perf_counter() - start)
        assert made is not None and made is not space["f"]
    return best


def _directly() -> Any:
    return _plain_floats(POINT)


def measurements() -> Iterator[Line]:
    """What a call of converted code costs, and conversion."""
    x, loops = Dual(0.3, 1.0), tier.resolve(_loops)
    yield Line("native: loop with callees on a Dual / run directly", lambda: loops(x), lambda: _loops(x), 1.3)
    yield Line("native: loop with callees on a float / run directly", lambda: loops(0.3), lambda: _loops(0.3), None)
    with_math, fresh = tier.resolve(_with_math), tier.resolve(_fresh)
    yield Line("native: math on a Dual / NumPy's functions directly", lambda: with_math(x), lambda: _with_numpy(x), 1.3)
    yield Line("native: stores in a fresh array / in a value directly", lambda: fresh(x), lambda: _of_a_value(x), 1.3)
    yield FirstCall("native: converting a function of 50 lines", _converting, 0.030)
    yield Line("joined: plain floats within a trace / run directly", lambda: _traced(_plain_floats), _directly, 30.0)
    for name, run in (("a tracer", _traced), ("an Interval", _boxed)):
        yield FirstCall(f"joined: an undecided branch on {name}", _per_branch(run), 50e-6)
        for what, loop in (("stores to an array", _storing), ("filters into a list", _filtering)):
            one, four = loop(ROUNDS), loop(4 * ROUNDS)
            yield Line(
                f"joined: a loop that {what} on {name}, four times / once",
                lambda run=run, four=four: run(four),
                lambda run=run, one=one: run(one),
                5.0,
            )
    yield FirstCall("joined: converting a function of 50 lines", _converting_joined, 0.030)

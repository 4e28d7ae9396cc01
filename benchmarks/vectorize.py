"""Vectorized functions: floats against ``numba.vectorize``, Dual arrays against the float loop, threads against one.

The references are Numba's own ufuncs with NumPy's division; ``escape`` takes another number of steps at every element.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numba
import numpy as np

import interp
from benchmarks.measure import Line
from interpretations import Dual, grad

SIZE = 100_000


def polynomial(x: Any, y: Any) -> Any:
    return ((0.5 * x + y) * x - 1.5) * x + y


def hypotenuse(x: Any, y: Any) -> Any:
    if x < y:
        return np.sqrt(x * x + y * y)
    return x * np.exp(-y)


def escape(x: Any, y: Any) -> Any:
    u, v, steps = 0.0 * x, 0.0 * y, 0
    while u * u + v * v < 4.0 and steps < 50:
        u, v = u * u - v * v + x, 2.0 * u * v + y
        steps += 1
    return u * u + v * v + steps


PROGRAMS: list[tuple[Callable[..., Any], float]] = [(polynomial, 3.0), (hypotenuse, 2.2), (escape, 2.2)]
"""Programs, and the budget of one direction against floats: three arrays are read and written for one."""


def measurements() -> Iterator[Line]:
    """The lines of this benchmark."""
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-0.6, 0.6, SIZE), rng.uniform(-0.6, 0.6, SIZE)
    one, eight = np.ones(SIZE), np.ones((8, SIZE))
    for f, budget in PROGRAMS:
        ours, threads = interp.vectorize(f), interp.vectorize(f, parallel=True)
        ufunc = numba.vectorize(["float64(float64, float64)"])(f)
        assert np.allclose(ours(x, y), ufunc(x, y)) and np.array_equal(threads(x, y), ours(x, y))
        on_floats = functools.partial(ours, x, y)
        name = f"{f.__name__}, {SIZE:,} elements"
        yield Line(f"{name}: floats / numba.vectorize", on_floats, functools.partial(ufunc, x, y), 1.1)
        yield Line(f"{name}: Dual / floats", functools.partial(ours, Dual(x, one), y), on_floats, budget)
        yield Line(f"{name}: eight directions / floats", functools.partial(ours, Dual(x, eight), y), on_floats, None)
        gradient = grad(lambda x, ours=ours: np.sum(ours(x, y)))
        yield Line(f"{name}: grad of the sum / floats", functools.partial(gradient, x), on_floats, None)
        large = rng.uniform(-0.6, 0.6, (2, 20 * SIZE))
        yield Line(
            f"{f.__name__}, {20 * SIZE:,} elements: threads / one thread",
            functools.partial(threads, *large),
            functools.partial(ours, *large),
            None,
        )
    table, row = rng.uniform(-0.6, 0.6, (1000, 1)), rng.uniform(-0.6, 0.6, 100)
    ours, ufunc = interp.vectorize(polynomial), numba.vectorize(["float64(float64, float64)"])(polynomial)
    yield Line(
        "broadcast, (1000, 1) and (100,) / numba.vectorize", lambda: ours(table, row), lambda: ufunc(table, row), 1.5
    )
    few = x[:10]
    yield Line("ten elements / numba.vectorize", lambda: ours(few, few), lambda: ufunc(few, few), None)

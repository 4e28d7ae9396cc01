"""Compiled programs on values against the same program on floats, compiled by Numba alone; gradients against it too.

Every reference is plain ``@njit`` (with NumPy's division), the limit that no derivative can beat.
"""

import functools
import math
import threading
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import numba
import numpy as np

import interp
from benchmarks.measure import Line
from interp.compile.reverse import pullback, taped
from interp.compile.tape.nodes import operations as recorded_operations
from interpretations import Dual, grad, hvp

POINTS, LORENZ_STEPS, BODY_STEPS = 200, 100_000, 5000
"""Rounds of the longest programs."""


def logistic_map(r: float, x: float) -> float:
    total = 0.0
    for k in range(1, 20):
        y = x / k
        for _ in range(100):
            y = r * y * (1.0 - y)
        total += y
    return total


def square_roots(a: float) -> float:
    total = 0.0
    for k in range(1, 1000):
        c = a * k
        x = c
        while abs(x * x - c) > 1e-12 * c:
            x = 0.5 * (x + c / x)
        total += x
    return total


def mandelbrot(u: float, v: float) -> float:
    total = 0.0
    for k in range(POINTS):
        a, b = u + 0.001 * k, v
        x, y, n = 0.0, 0.0, 0
        while x * x + y * y < 4.0 and n < 200:
            x, y = x * x - y * y + a, 2.0 * x * y + b
            n += 1
        total += x * x + y * y + n
    return total


def means(a: float, b: float) -> float:
    total = 0.0
    for k in range(1, 1000):
        x, y = a * k, b
        while abs(x - y) > 1e-12 * x:
            x, y = 0.5 * (x + y), math.sqrt(x * y)
        total += x
    return total


def lorenz(sigma: float, rho: float, beta: float) -> float:
    x, y, z = 1.0, 1.0, 1.0
    for _ in range(LORENZ_STEPS):
        dx, dy, dz = sigma * (y - x), x * (rho - z) - y, x * y - beta * z
        x, y, z = x + 1e-5 * dx, y + 1e-5 * dy, z + 1e-5 * dz
    return x + y + z


def pull(x: float, y: float, u: float, v: float, m: float) -> tuple[float, float]:
    dx, dy = u - x, v - y
    square = dx * dx + dy * dy + 1e-3
    cube = square * math.sqrt(square)
    return m * dx / cube, m * dy / cube


def three_bodies(p: float, q: float, r: float) -> float:
    x1, y1, x2, y2, x3, y3 = 1.0, 3.0, -2.0, -1.0, 1.0, -1.0
    u1, v1, u2, v2, u3, v3 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for _ in range(BODY_STEPS):
        ax, ay = pull(x1, y1, x2, y2, q)
        bx, by = pull(x1, y1, x3, y3, r)
        cx, cy = pull(x2, y2, x1, y1, p)
        dx, dy = pull(x2, y2, x3, y3, r)
        ex, ey = pull(x3, y3, x1, y1, p)
        fx, fy = pull(x3, y3, x2, y2, q)
        u1, v1, u2, v2 = u1 + 1e-4 * (ax + bx), v1 + 1e-4 * (ay + by), u2 + 1e-4 * (cx + dx), v2 + 1e-4 * (cy + dy)
        u3, v3 = u3 + 1e-4 * (ex + fx), v3 + 1e-4 * (ey + fy)
        x1, y1, x2, y2 = x1 + 1e-4 * u1, y1 + 1e-4 * v1, x2 + 1e-4 * u2, y2 + 1e-4 * v2
        x3, y3 = x3 + 1e-4 * u3, y3 + 1e-4 * v3
    return x1 * y2 + x3


def rosenbrock(x: Any) -> float:
    total = 0.0
    for i in range(len(x) - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


def recurrence(x: Any) -> Any:
    a = x.copy()
    for i in range(1, len(a)):
        a[i] = np.sin(a[i - 1]) + a[i] * a[i - 1]
    return a[-1]


def heat(u: Any) -> Any:
    u = u.copy()
    for _ in range(100):
        u[1:-1] = u[1:-1] + 0.1 * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return np.dot(u, u)


SCALAR: list[tuple[Callable[..., float], tuple[float, ...], float, float]] = [
    # program, arguments, budget of one direction, budget of the gradient
    (logistic_map, (3.9, 0.5), 2.2, 3.0),
    (square_roots, (2.0,), 3.0, 3.0),
    (mandelbrot, (-0.4, 0.6), 2.2, 3.0),
    (means, (1.0, 2.0), 3.0, 3.0),
    (lorenz, (10.0, 28.0, 8.0 / 3.0), 2.2, 3.0),
    (three_bodies, (3.0, 4.0, 5.0), 3.0, 5.0),
]
ARRAY: list[tuple[Callable[..., float], float]] = [(rosenbrock, 6.0), (recurrence, 4.0), (heat, 6.0)]


def _plain(f: Callable[..., Any]) -> Any:
    global pull
    source = pull
    try:
        pull = numba.njit(error_model="numpy")(source)
        compiled = numba.njit(error_model="numpy")(f)
        if f is three_bodies:
            compiled(3.0, 4.0, 5.0)
        return compiled
    finally:
        pull = source


def _lifted(args: tuple[float, ...], tangent: Any) -> tuple[Any, ...]:
    return (Dual(args[0], tangent), *args[1:])


def measurements() -> Iterator[Line]:
    """Lines of this benchmark."""
    for f, args, one, reverse in SCALAR:
        plain, ours = _plain(f), interp.compile(f)
        name = f.__name__.replace("_", " ")

        def on(lifted: tuple[Any, ...], ours: Any = ours) -> Callable[[], Any]:
            return lambda: ours(*lifted)

        def reference(plain: Any = plain, args: Any = args) -> Any:
            return plain(*args)

        yield Line(f"{name}: floats / @njit", on(args), reference, 1.05)
        yield Line(f"{name}: Dual / floats", on(_lifted(args, 1.0)), reference, one)
        yield Line(f"{name}: eight directions", on(_lifted(args, np.ones(8))), reference, 3.5)
        yield Line(f"{name}: Dual of Dual", on((Dual(Dual(args[0], 1.0), 1.0), *args[1:])), reference, 5.0)
        native = pullback(ours, args, lambda _: True)
        yield Line(
            f"{name}: gradient by the adjoint",
            lambda native=native, args=args: native(args, (1.0,)),
            reference,
            reverse,
        )
        lifted = _lifted(args, 1.0)
        yield Line(
            f"{name}: Hessian times a vector, Dual through the adjoint",
            lambda native=native, lifted=lifted: native(lifted, (1.0,)),
            reference,
            6.0,
        )
    x = np.linspace(0.1, 0.9, 1000)
    for f, budget in ARRAY:
        plain, ours = _plain(f), interp.compile(f)
        name = f.__name__.replace("_", " ")
        native = pullback(ours, (x,), lambda _: True)
        reference = functools.partial(plain, x)
        yield Line(f"{name}: gradient by the adjoint", functools.partial(native, (x,), (1.0,)), reference, budget)
        yield Line(
            f"{name}: Hessian times a vector, Dual through the adjoint",
            functools.partial(native, (Dual(x, x),), (1.0,)),
            reference,
            6.0,
        )
        yield Line(f"{name}: grad(compile(f)), the call included", functools.partial(grad(ours), x), reference, None)
        yield Line(
            f"{name}: hvp(compile(f), x, v), the call included", functools.partial(hvp, ours, x, x), reference, None
        )
    yield from _tape()
    square = interp.compile(lambda x: x * x)
    dual = Dual(2.0, 1.0)

    def thousand_calls() -> None:
        for _ in range(1000):
            square(dual)

    yield Line("1,000 calls with a scalar Dual / 1.5 ms", thousand_calls, _lasting(1.5e-3), 1.0)


def fibonacci(x: float, n: int) -> float:
    if n < 2:
        return x * x
    return 0.5 * fibonacci(x, n - 1) + x * fibonacci(x, n - 2)


def _tape() -> Iterator[Line]:
    """Recording and sweeping of a recursive program, in nanoseconds an operation: against as many nanoseconds."""
    ours, args, varying = interp.compile(fibonacci), (0.7, 24), (True, False)
    waiting = iter(varying)
    native = taped(ours, args, lambda _: next(waiting))

    def gradient() -> None:
        native.run(ours, args, args)

    def in_a_new_thread() -> None:
        thread = threading.Thread(target=gradient)
        thread.start()
        thread.join()

    gradient()
    operations = recorded_operations()
    reference = _lasting(operations * 1e-9)
    yield Line(f"fibonacci by the tape: ns an operation, {operations:,} of them", gradient, reference, 10.0)
    yield Line("fibonacci by the tape, on fresh memory: ns an operation", in_a_new_thread, reference, 25.0)
    yield Line("fibonacci by the tape / @njit", gradient, lambda: ours(*args), None)


def _lasting(seconds: float) -> Callable[[], None]:
    """A reference that takes so long by the clock: a budget in absolute time."""

    def pause() -> None:
        end = perf_counter() + seconds
        while perf_counter() < end:
            pass

    return pause

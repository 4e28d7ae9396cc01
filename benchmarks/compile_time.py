"""Seconds that a function of thirty lines takes to compile, against plain ``@njit`` on floats, in fresh processes.

"Cold" is the first thing after the imports: every rule that the function needs is compiled with it. "Warm" comes after
another function that uses the same operations, on the same types: rules are made once a process. Both sides are
treated alike.
"""

import math
from collections.abc import Iterator

from benchmarks.measure import FreshProcesses, Line


def pendulum(angle: float, length: float) -> float:
    """Thirty lines: a damped pendulum that is pushed, its period and its energy."""
    speed, time, push = 0.0, 0.0, 0.5 * length
    period, crossings = 0.0, 0
    lowest, highest = angle, angle
    total = 0.0
    for step in range(200):
        pull = -9.81 / length * math.sin(angle)
        drag = 0.1 * speed * abs(speed)
        kick = push * math.exp(-time) if step % 10 == 0 else 0.0
        before = angle
        speed = speed + 0.01 * (pull - drag + kick)
        angle = angle + 0.01 * speed
        time = time + 0.01
        if before > 0.0 and angle <= 0.0:
            crossings += 1
            period = time / crossings
        if angle < lowest:
            lowest = angle
        elif angle > highest:
            highest = angle
        kinetic = 0.5 * length * length * speed**2
        potential = 9.81 * length * (1.0 - math.cos(angle))
        energy = kinetic + potential
        if energy < 1e-12:
            break
        total += math.sqrt(energy)
    guess = 1.0 + total
    while abs(guess * guess - total) > 1e-12 * total:
        guess = 0.5 * (guess + total / guess)
    return guess + period + math.log(highest - lowest + 1.0)


def others(x: float, y: float) -> float:
    """Another program of the same operations."""
    total = -x
    for k in range(10):
        total = total + math.sin(x) * math.cos(y) - math.exp(-x) / (1.0 + abs(total))
        total += math.sqrt(abs(total) + 1.0)
        total = total - 0.5 * x + x * total**2 - (1.0 - y)
        if total > 1.0 and x <= 3.0 and x > y:
            total = x * 2.0 if k % 3 == 0 else total / 2.0 / k
        elif total < -1.0 or total < x:
            total = 1.0 / total + x / total + math.log(total * total + 1.0) - 1.0 + -9.81 / y * x
    return total * y * total / x


_OPERANDS = {
    "floats": ("2.0", "1.5"),
    "Dual": ("Dual(2.0, 1.0)", "Dual(1.5, 0.5)"),
    "Dual of Dual": ("Dual(Dual(2.0, 1.0), 1.0)", "Dual(Dual(1.5, 0.5), 0.5)"),
}

BUDGETS = (
    # what, cold, warm
    ("floats", None, None),
    ("Dual", 4.0, 2.5),
    ("Dual of Dual", 9.0, 3.0),
    ("gradient", 10.0, 10.0),
)

_IMPORTS = "import numba\nfrom benchmarks.compile_time import pendulum, others\n"
_OURS = _IMPORTS + (
    "import interp\nfrom interp.compile.reverse import pullback\nfrom interpretations import Dual\n"
    "def gradient(f): return pullback(interp.compile(f), (2.0, 1.5), lambda _: True)((2.0, 1.5), (1.0,))\n"
)


def _ours(what: str, f: str) -> str:
    """Source that compiles ``f`` with us and runs it once."""
    return f"gradient({f})" if what == "gradient" else f"interp.compile({f})({', '.join(_OPERANDS[what])})"


def measurements() -> Iterator[Line]:
    """The lines of this benchmark."""
    for what, cold, warm in BUDGETS:
        plain, other = (f"numba.njit(error_model='numpy')({f})(2.0, 1.5)" for f in ("pendulum", "others"))
        yield FreshProcesses(
            f"compile time, {what} / @njit on floats, cold",
            (_OURS, _ours(what, "pendulum")),
            (_IMPORTS, plain),
            cold,
        )
        yield FreshProcesses(
            f"compile time, {what} / @njit on floats, rules warm",
            (_OURS + _ours(what, "others"), _ours(what, "pendulum")),
            (_IMPORTS + other, plain),
            warm,
        )

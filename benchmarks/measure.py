"""Timing for noisy machines: two programs in turns, and the ratio of their best times.

The minimum over many short repeats estimates what the program costs undisturbed; taking turns lets a
slow spell of the machine hit both. A third of a second each is enough for a stable ratio.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

SECONDS = 0.8
"""Time spent on each line."""


class Line:
    """One measurement: what is compared, and its budget (None: reported only)."""

    def __init__(self, name: str, ours: Callable[[], Any], reference: Callable[[], Any], budget: float | None) -> None:
        self.name, self.budget = name, budget
        self._programs = (ours, reference)

    def measure(self) -> tuple[float, float]:
        """Best seconds of one call of ours and of the reference."""
        ours, reference = self._programs
        ours(), reference()  # first calls resolve rules and warm caches
        best_ours = best_reference = float("inf")
        stop = perf_counter() + SECONDS
        rounds = 0
        while rounds < 5 or perf_counter() < stop:
            best_ours = min(best_ours, once(ours))
            best_reference = min(best_reference, once(reference))
            rounds += 1
        return best_ours, best_reference

    def row(self) -> tuple[str, str, str, str, str, str]:
        """Name, ours, reference, ratio, budget, verdict."""
        ours, reference = self.measure()
        ratio = ours / reference
        return self.name, _duration(ours), _duration(reference), f"{ratio:.3g}", *self._verdict(ratio)

    def _verdict(self, figure: float) -> tuple[str, str]:
        if self.budget is None:
            return "-", "-"
        return f"{self.budget:g}", "ok" if figure <= self.budget else "OVER"


class FirstCall(Line):
    """Seconds that something takes the first time, against an absolute budget."""

    def __init__(self, name: str, seconds: Callable[[], float], budget: float) -> None:
        super().__init__(name, seconds, seconds, budget)
        self._seconds = seconds

    def row(self) -> tuple[str, str, str, str, str, str]:
        taken = self._seconds()
        return (
            self.name,
            _duration(taken),
            _duration(self.budget or 0.0),
            f"{taken / (self.budget or 1.0):.3f}",
            "1",
            ("ok" if taken <= (self.budget or 0.0) else "OVER"),
        )


class Amount(Line):
    """Bytes that something takes, against those that it should."""

    def __init__(self, name: str, taken: Callable[[], float], needed: float, budget: float | None) -> None:
        super().__init__(name, taken, lambda: needed, budget)

    def row(self) -> tuple[str, str, str, str, str, str]:
        """As `Line.row`, in megabytes."""
        taken, needed = (program() for program in self._programs)
        ratio = taken / needed
        return self.name, f"{taken / 1e6:.4g} MB", f"{needed / 1e6:.4g} MB", f"{ratio:.3g}", *self._verdict(ratio)


class Once(Line):
    """A reference that may take seconds: run once."""

    def measure(self) -> tuple[float, float]:
        """Best seconds of one call of ours; those of the one call of the reference."""
        ours, reference = self._programs
        ours()
        return min(once(ours) for _ in range(5)), once(reference)


class FreshProcesses(Line):
    """Seconds of a statement in a process of its own, after its imports: compilation, with nothing compiled before.

    Each of ``ours`` and ``reference`` is a pair of Python sources, what is not timed and what is. ``clock``:
    "process_time", the processor's, which other programs disturb least, or "perf_counter", where threads help.
    """

    def __init__(
        self,
        name: str,
        ours: tuple[str, str],
        reference: tuple[str, str],
        budget: float | None,
        clock: str = "process_time",
    ) -> None:
        super().__init__(name, lambda: None, lambda: None, budget)
        self._sources, self._clock = (ours, reference), clock

    def measure(self) -> tuple[float, float]:
        """Best of three processes each, in turns."""
        (ours, reference), clock = self._sources, f"time.{self._clock}"
        pairs = [(fresh_process(*ours, clock), fresh_process(*reference, clock)) for _ in range(3)]
        return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)


def fresh_process(setup: str, timed: str, clock: str) -> float:
    """What ``timed`` adds to ``clock`` after ``setup``, in a process of its own: seconds, of the clocks of `time`.

    Modules may keep their bytecode, as they do once installed.
    """
    source = f"import time\n{setup}\nstart = {clock}()\n{timed}\nprint({clock}() - start)"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    run = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, env=environment)
    if run.returncode:
        raise RuntimeError(f"the process that was to be timed failed:\n{run.stderr}")
    return float(run.stdout.split()[-1])


class Missing(Line):
    """A line in place of measurements that cannot be made here."""

    def __init__(self, name: str) -> None:
        super().__init__(name, lambda: None, lambda: None, None)

    def row(self) -> tuple[str, str, str, str, str, str]:
        return self.name, "-", "-", "-", "-", "-"


def once(program: Callable[[], Any]) -> float:
    """Seconds of one call."""
    start = perf_counter()
    program()
    return perf_counter() - start


def _duration(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.4g} {unit}"
    return f"{seconds / 1e-9:.4g} ns"

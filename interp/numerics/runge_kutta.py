"""Explicit Runge-Kutta methods along steps that were chosen before, for every number type.

A solver of plain numbers chooses the steps; the same formulas in the arithmetic of values give the exact derivative of
the numbers that it returns, its steps held. Tableaux and interpolants are read from SciPy's classes: A, B, C and P of
RK23 and RK45, and the extra stages of DOP853 (Hairer, Nørsett and Wanner 1993, *Solving Ordinary Differential
Equations I*, section II.5 and the code DOP853).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from interp.value import primal
from interp.vocabulary import stack

Slope = Callable[[Any, Any], Any]


class Step:
    """One step from (t, y): the state after it, and between."""

    def __init__(self, method: Any, f: Slope, t: Any, y: Any, slope: Any, h: Any) -> None:
        self.method, self.f, self.t, self.y, self.h = method, f, t, y, h
        self.slopes = [slope]
        for weights, node in zip(method.A[1:], method.C[1:], strict=True):
            self._stage(weights, node)
        self.after = y + h * _weighted(method.B, self.slopes)
        self.slopes.append(f(t + h, self.after))
        self._dense: list[Any] | None = None

    def _stage(self, weights: Any, node: float) -> None:
        self.slopes.append(self.f(self.t + node * self.h, self.y + self.h * _weighted(weights, self.slopes)))

    def at(self, t: Any) -> Any:
        """The state at a time within the step."""
        x = (t - self.t) / self.h
        if hasattr(self.method, "A_EXTRA"):
            return self._between_of_dop853(x)
        polynomial = [_weighted(column, self.slopes) for column in self.method.P.T]
        total = polynomial[-1] * x
        for part in polynomial[-2::-1]:
            total = (total + part) * x
        return self.y + self.h * total

    def _between_of_dop853(self, x: Any) -> Any:
        if self._dense is None:
            after = self.slopes[-1]
            for weights, node in zip(self.method.A_EXTRA, self.method.C_EXTRA, strict=True):
                self._stage(weights, node)
            run = self.after - self.y
            first = self.h * self.slopes[0] - run
            last = 2.0 * run - self.h * (after + self.slopes[0])
            rest = [self.h * _weighted(row, self.slopes) for row in self.method.D]
            self._dense = [run, first, last, *rest]
        total = self._dense[-1] * 0.0
        for i, part in enumerate(reversed(self._dense)):
            total = (total + part) * (x if i % 2 == 0 else 1.0 - x)
        return self.y + total


def _weighted(weights: Any, slopes: Sequence[Any]) -> Any:
    total = slopes[0] * weights[0]
    for weight, slope in zip(weights[1:], slopes[1:], strict=False):
        if weight != 0.0:
            total = total + weight * slope
    return total


class Trajectory:
    """The steps from ``t0`` through the plain ``times``, the last of them to ``t1``; t0, t1 and y0 may be values."""

    def __init__(self, method: Any, f: Slope, y0: Any, t0: Any, t1: Any, times: Any) -> None:
        self.times = times
        self.steps: list[Step] = []
        self.y0 = y = y0
        t, slope = t0, f(t0, y0)
        for i in range(1, len(times)):
            h = t1 - t if i == len(times) - 1 else times[i] - times[i - 1]
            step = Step(method, f, t, y, slope, h)
            self.steps.append(step)
            t, y, slope = t + h, step.after, step.slopes[-1]

    def states(self) -> Any:
        """The states at all step times, of shape (n, len(times))."""
        return stack([self.y0, *(step.after for step in self.steps)], axis=-1)

    def __call__(self, t: Any) -> Any:
        """The state at time ``t``, of shape (n,), or at an array of times, (n, len(t))."""
        if np.ndim(primal(t)):
            return stack([self(one) for one in t], axis=-1)
        ascending = self.times[-1] >= self.times[0]
        ordered = self.times if ascending else -self.times
        now = primal(t) if ascending else -primal(t)
        i = int(np.clip(np.searchsorted(ordered, now, side="left") - 1, 0, len(self.steps) - 1))
        return self.steps[i].at(t)

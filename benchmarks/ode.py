"""Lotka-Volterra to t = 10, gradient in four parameters: `interp.numerics.ode` against variational equations by hand.

The hand-written solver is what one would write for this one problem under Numba: state and sensitivities as one
array of ten equations, the stages of Dormand and Prince written out, the same starting step and step control (the
error of the two states alone). Both do the same steps. Ours is `solve`, compiled, on a Dual of four directions,
the call from Python included. Numba is needed.
"""

import math
from collections.abc import Iterator
from typing import Any

import numba
import numpy as np

from benchmarks.measure import Line
from interp import compile
from interp.numerics.ode import solve
from interpretations import Dual, jacfwd

TOLERANCES = (1e-4, 1e-7, 1e-10)
PARAMS = np.array([1.5, 1.0, 3.0, 1.0])
START = np.array([1.0, 1.0])
END = 10.0


def lotka_volterra(t: Any, y: Any, p: Any) -> Any:
    return p[0] * y[0] - p[1] * y[0] * y[1], -p[2] * y[1] + p[3] * y[0] * y[1]


@numba.njit(error_model="numpy")
def _slope(y: Any, p: Any, dy: Any) -> None:
    """State, and sensitivities to each parameter: s' = (df/dy) s + df/dp."""
    a, b, c, d = p
    u, v = y[0], y[1]
    dy[0] = a * u - b * u * v
    dy[1] = -c * v + d * u * v
    uu, uv, vu, vv = a - b * v, -b * u, d * v, -c + d * u
    for j in range(4):
        su, sv = y[2 + 2 * j], y[3 + 2 * j]
        dy[2 + 2 * j] = uu * su + uv * sv
        dy[3 + 2 * j] = vu * su + vv * sv
    dy[2] += u
    dy[4] -= u * v
    dy[7] -= v
    dy[9] += u * v


@numba.njit(error_model="numpy")
def _scaled(e0: float, e1: float, y: Any, z: Any, rtol: float, atol: float) -> float:
    first = abs(e0) / (atol + rtol * max(abs(y[0]), abs(z[0])))
    second = abs(e1) / (atol + rtol * max(abs(y[1]), abs(z[1])))
    return math.sqrt((first * first + second * second) / 2)


@numba.njit(error_model="numpy")
def by_hand(y0: Any, t1: float, p: Any, rtol: float, atol: float) -> Any:
    """State and sensitivities at t1, from 0, as an array of 10."""
    n = 10
    parameters = (p[0], p[1], p[2], p[3])
    y, z = np.zeros(n), np.zeros(n)
    k1, k2, k3, k4 = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    k5, k6, k7 = np.zeros(n), np.zeros(n), np.zeros(n)
    y[0], y[1] = y0[0], y0[1]
    _slope(y, parameters, k1)

    d0, d1 = _scaled(y[0], y[1], y, y, rtol, atol), _scaled(k1[0], k1[1], y, y, rtol, atol)
    trial = min(1e-6 if d0 < 1e-5 or d1 < 1e-5 else 0.01 * d0 / d1, t1)
    for i in range(n):
        z[i] = y[i] + trial * k1[i]
    _slope(z, parameters, k2)
    d2 = max(d1, _scaled(k2[0] - k1[0], k2[1] - k1[1], y, y, rtol, atol) / trial)
    wanted = max(1e-6, 1e-3 * trial) if d2 <= 1e-15 else (0.01 / d2) ** 0.2
    h = min(wanted, 100.0 * trial)

    t, refused = 0.0, False
    while True:
        last = 1.01 * h >= t1 - t
        if last:
            h = t1 - t
        elif h <= 1e-15 * t:
            raise ArithmeticError("the step is too small")
        for i in range(n):
            z[i] = y[i] + h * (1 / 5 * k1[i])
        _slope(z, parameters, k2)
        for i in range(n):
            z[i] = y[i] + h * (3 / 40 * k1[i] + 9 / 40 * k2[i])
        _slope(z, parameters, k3)
        for i in range(n):
            z[i] = y[i] + h * (44 / 45 * k1[i] - 56 / 15 * k2[i] + 32 / 9 * k3[i])
        _slope(z, parameters, k4)
        for i in range(n):
            z[i] = y[i] + h * (19372 / 6561 * k1[i] - 25360 / 2187 * k2[i] + 64448 / 6561 * k3[i] - 212 / 729 * k4[i])
        _slope(z, parameters, k5)
        for i in range(n):
            z[i] = y[i] + h * (
                9017 / 3168 * k1[i] - 355 / 33 * k2[i] + 46732 / 5247 * k3[i] + 49 / 176 * k4[i] - 5103 / 18656 * k5[i]
            )
        _slope(z, parameters, k6)
        for i in range(n):
            z[i] = y[i] + h * (
                35 / 384 * k1[i] + 500 / 1113 * k3[i] + 125 / 192 * k4[i] - 2187 / 6784 * k5[i] + 11 / 84 * k6[i]
            )
        _slope(z, parameters, k7)
        e0 = h * _error(k1[0], k3[0], k4[0], k5[0], k6[0], k7[0])
        e1 = h * _error(k1[1], k3[1], k4[1], k5[1], k6[1], k7[1])
        off = _scaled(e0, e1, y, z, rtol, atol)
        if off <= 1.0:
            y, z = z, y
            if last:
                return y
            t += h
            k1, k7 = k7, k1
            most = 1.0 if refused else 10.0
            h *= most if off == 0.0 else min(most, max(0.2, 0.9 * off**-0.2))
            refused = False
        else:
            h *= max(0.2, 0.9 * off**-0.2) if off < math.inf else 0.2
            refused = True


@numba.njit(error_model="numpy")
def _error(k1: float, k3: float, k4: float, k5: float, k6: float, k7: float) -> float:
    return 71 / 57600 * k1 - 71 / 16695 * k3 + 71 / 1920 * k4 - 17253 / 339200 * k5 + 22 / 525 * k6 - 1 / 40 * k7


def ours(p: Any, tolerance: float) -> Any:
    """The state at the end, by the generic stepper."""
    return solve(lotka_volterra, np.ones(2), 0.0, END, p, tolerance, tolerance)


def measurements() -> Iterator[Line]:
    """The lines of this benchmark."""
    compiled = compile(ours)
    array = Dual(PARAMS, np.eye(4))
    several = tuple(Dual(x, direction) for x, direction in zip(PARAMS.tolist(), np.eye(4), strict=True))
    whole = jacfwd(compiled)
    for tolerance in TOLERANCES:
        by_hands = by_hand(START, END, PARAMS, tolerance, tolerance)
        assert np.allclose(compiled(array, tolerance).tangent, by_hands[2:].reshape(4, 2), rtol=1e-9, atol=1e-9)
        for name, function, p, budget in (
            ("floats", compiled, PARAMS, None),
            ("a Dual of an array", compiled, array, 3.0),
            ("a tuple of Duals", compiled, several, 3.0),
            ("jacfwd", whole, PARAMS, None),
        ):
            yield Line(
                f"Lotka-Volterra at {tolerance:g}, {name} / gradient by hand",
                lambda function=function, p=p, tolerance=tolerance: function(p, tolerance),
                lambda tolerance=tolerance: by_hand(START, END, PARAMS, tolerance, tolerance),
                budget,
            )

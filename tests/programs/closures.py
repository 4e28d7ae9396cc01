"""Functions inside functions, constants closed over, defaults, keywords, and arrays made from lists."""

import math

import numpy as np

from programs.program import Program, traits


def _rule_with(pairs):
    """Gauss's rule over panels, closed over a tuple of nodes with weights."""

    def panels_with_rule(a, b, steepness, panels):
        total = 0.0
        width = (b - a) / panels
        for k in range(panels):
            centre = a + (k + 0.5) * width
            for node, weight in pairs:
                t = centre + 0.5 * width * node
                value = 1.0
                if t < 0.0:
                    value = math.exp(steepness * t)
                elif t > 0.0:
                    value /= 1.0 + steepness * t
                total += 0.5 * width * weight * value
        return total

    return panels_with_rule


def inner_functions(x, y, n):
    """Two functions that see the arguments of the one around them."""

    def slope(t):
        return math.exp(-x * t) * y

    shift = 0.3 * y
    bend = lambda t: (t + shift) * (t + shift) / (1.0 + x)  # noqa: E731
    t = 0.0
    for k in range(n):
        if k % 2 == 0:
            t += 0.1 * slope(t)
        else:
            t -= 0.05 * bend(t)
    return t * slope(0.5) + bend(1.0)


def _damped(x, rate=0.5, steps=3, floor=0.0):
    for _ in range(steps):
        x -= rate * (x - floor)
    return x


def defaults_and_keywords(x, y):
    # the same helper by four kinds of call
    total = _damped(x)
    total += _damped(x, 0.25 * y)
    total *= _damped(y, steps=2, floor=x)
    if total > 0.0:
        total -= _damped(x * y, rate=0.1, floor=0.2)
    rate = 0.5
    for steps in range(3):
        rate *= 0.8
        total += _damped(total, rate, steps)
    return total


def rotations_from_lists(angle, x, n):
    """Small arrays written as lists of numbers that depend on the arguments."""
    c, s = math.cos(angle), math.sin(angle)
    p = np.array([x, 1.0])
    turn = np.array([[c, -s], [s, c]])
    total = 0.0
    for _ in range(n):
        p = np.dot(turn, p)
        q = np.array([p[0] * p[0], p[1], c])
        total += np.sum(q) * q[2]
        if p[0] < 0.0 and abs(p[1]) > 0.2:
            p = p / (1.0 + abs(p[1]))
    return total, p[0]


PROGRAMS = [
    Program(
        _rule_with(((-0.7745966692414834, 5.0 / 9.0), (0.0, 8.0 / 9.0), (0.7745966692414834, 5.0 / 9.0))),
        (-0.9, 1.6, 1.2, 4),
        traits("scalar, closure, math, data-dependent, integer argument"),
        "Abramowitz & Stegun 25.4.30: Gauss's rule",
    ),
    Program(inner_functions, (0.7, 1.2, 9), traits("scalar, closure, math, integer argument")),
    Program(defaults_and_keywords, (1.3, 0.8), traits("scalar, helpers, data-dependent")),
    Program(rotations_from_lists, (0.6, 0.9, 8), traits("scalar, math, fresh, data-dependent, integer argument")),
]

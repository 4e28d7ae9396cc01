"""Interpolation: searches for the interval, and tables in arrays."""

import math

import numpy as np

from programs.program import Program, traits


def barycentric(nodes, values, x):
    """A node hit exactly returns from within the loop."""
    n = len(nodes)
    above = 0.0
    below = 0.0
    for i in range(n):
        if x == nodes[i]:
            return values[i]
        weight = 1.0
        for j in range(n):
            if j == i:
                continue
            weight /= nodes[i] - nodes[j]
        share = weight / (x - nodes[i])
        above += share * values[i]
        below += share
    return above / below


def neville(nodes, values, x):
    """One column, overwritten upwards at each order; the last correction is the error estimate."""
    n = len(nodes)
    p = values.copy()
    correction = 0.0
    for order in range(1, n):
        top = p[0]
        for i in range(n - order):
            far = nodes[i + order]
            p[i] = ((x - far) * p[i] + (nodes[i] - x) * p[i + 1]) / (nodes[i] - far)
        correction = p[0] - top
        if abs(correction) < 1e-14:
            break
    return p[0], correction


def natural_cubic_spline(knots, values, x):
    """Second derivatives by a tridiagonal solve in place, then a bisection for the interval."""
    n = len(knots)
    bend = np.zeros(n)
    u = np.zeros(n)
    for i in range(1, n - 1):
        ratio = (knots[i] - knots[i - 1]) / (knots[i + 1] - knots[i - 1])
        p = ratio * bend[i - 1] + 2.0
        right = (values[i + 1] - values[i]) / (knots[i + 1] - knots[i])
        left = (values[i] - values[i - 1]) / (knots[i] - knots[i - 1])
        bend[i] = (ratio - 1.0) / p
        u[i] = (6.0 * (right - left) / (knots[i + 1] - knots[i - 1]) - ratio * u[i - 1]) / p
    for i in range(n - 2, -1, -1):
        bend[i] = bend[i] * bend[i + 1] + u[i]
    lo, hi = 0, n - 1
    while hi - lo > 1:
        middle = (lo + hi) // 2
        if knots[middle] > x:
            hi = middle
        else:
            lo = middle
    h = knots[hi] - knots[lo]
    a, b = (knots[hi] - x) / h, (x - knots[lo]) / h
    return a * values[lo] + b * values[hi] + ((a**3 - a) * bend[lo] + (b**3 - b) * bend[hi]) * h * h / 6.0


def newton_divided_differences(nodes, values, x):
    # in place from the end, so that each entry still finds the old one before it
    n = len(nodes)
    c = values.copy()
    for order in range(1, n):
        for i in range(n - 1, order - 1, -1):
            c[i] = (c[i] - c[i - 1]) / (nodes[i] - nodes[i - order])
    result = c[n - 1]
    slope = 0.0
    for i in range(n - 2, -1, -1):
        slope = slope * (x - nodes[i]) + result
        result = result * (x - nodes[i]) + c[i]
    return result, slope


def bilinear_table(table, x, y):
    """The cell from the integer part of the coordinates, held within the table."""
    rows, columns = table.shape
    i = int(x)
    j = math.floor(y)
    if i > rows - 2:
        i = rows - 2
    if j < 0:
        j = 0
    elif j > columns - 2:
        j = columns - 2
    s, t = x - i, y - j
    low = (1.0 - s) * table[i, j] + s * table[i + 1, j]
    high = (1.0 - s) * table[i, j + 1] + s * table[i + 1, j + 1]
    return (1.0 - t) * low + t * high


def piecewise_linear(knots, values, points):
    """A search by for and else for each point; beyond the last knot, constant."""
    total = 0.0
    outside = 0
    for x in points:
        if x < knots[0]:
            total += values[0]
            outside += 1
            continue
        for i in range(1, len(knots)):
            if knots[i - 1] <= x < knots[i]:
                t = (x - knots[i - 1]) / (knots[i] - knots[i - 1])
                total += values[i - 1] + t * (values[i] - values[i - 1])
                break
        else:
            total += values[-1]
            outside += 1
    return total, outside


def de_casteljau(controls, t):
    """The curve's point and its split: the left half's controls are kept as they pass."""
    n = controls.shape[0]
    work = controls.copy()
    left = np.zeros((n, 2))
    left[0] = work[0]
    for level in range(1, n):
        for i in range(n - level):
            work[i] = (1.0 - t) * work[i] + t * work[i + 1]
        left[level] = work[0]
    length = 0.0
    for i in range(1, n):
        dx = left[i, 0] - left[i - 1, 0]
        dy = left[i, 1] - left[i - 1, 1]
        length += np.sqrt(dx * dx + dy * dy)
    return work[0, 0], work[0, 1], length


def monotone_cubic(knots, values, x):
    """Slopes by harmonic means where the data are monotone, zero elsewhere."""
    n = len(knots)
    h = knots[1:] - knots[:-1]
    secant = (values[1:] - values[:-1]) / h
    slope = np.zeros(n)
    slope[0] = secant[0]
    slope[-1] = secant[-1]
    for i in range(1, n - 1):
        if secant[i - 1] * secant[i] > 0.0:
            w1 = 2.0 * h[i] + h[i - 1]
            w2 = h[i] + 2.0 * h[i - 1]
            slope[i] = (w1 + w2) / (w1 / secant[i - 1] + w2 / secant[i])
        else:
            slope[i] = 0
    k = 0
    while k < n - 2 and x >= knots[k + 1]:
        k += 1
    t = (x - knots[k]) / h[k]
    rise = values[k] * (1.0 + 2.0 * t) * (1.0 - t) ** 2 + values[k + 1] * t * t * (3.0 - 2.0 * t)
    return rise + h[k] * (slope[k] * t * (1.0 - t) ** 2 - slope[k + 1] * t * t * (1.0 - t))


def _basis(knots, i, degree, x):
    if degree == 0:
        return 1.0 if knots[i] <= x < knots[i + 1] else 0.0
    value = 0.0
    width = knots[i + degree] - knots[i]
    if width > 0.0:
        value += (x - knots[i]) / width * _basis(knots, i, degree - 1, x)
    width = knots[i + degree + 1] - knots[i + 1]
    if width > 0.0:
        value += (knots[i + degree + 1] - x) / width * _basis(knots, i + 1, degree - 1, x)
    return value


def b_spline(knots, coefficients, x, degree):
    """The basis by its recursion, whose ends return a constant."""
    total = 0.0
    used = 0
    weight = 0.0
    for i in range(len(coefficients)):
        b = _basis(knots, i, degree, x)
        if b == 0.0:
            continue
        total += b * coefficients[i]
        weight += b
        used += 1
    return total / weight, used


NODES = np.array([0.0, 0.7, 1.5, 2.1, 3.0])
VALUES = np.array([1.0, 1.6, 0.9, 1.2, 2.5])

PROGRAMS = [
    Program(
        barycentric,
        (NODES, VALUES, 1.1),
        traits("array, data-dependent, divides"),
        "Berrut & Trefethen 2004: barycentric formula",
    ),
    Program(
        neville,
        (NODES, VALUES, 1.1),
        traits("array, stores, data-dependent, divides"),
        "Press et al., Numerical Recipes 3.2: Neville",
    ),
    Program(
        natural_cubic_spline,
        (NODES, VALUES, 1.7),
        traits("array, fresh, stores, data-dependent, divides"),
        "Press et al., Numerical Recipes 3.3: cubic spline",
    ),
    Program(
        newton_divided_differences,
        (NODES, VALUES, 1.1),
        traits("array, stores, divides"),
        "Conte & de Boor, Elementary Numerical Analysis 2.2: divided differences",
    ),
    Program(
        bilinear_table,
        (np.array([[1.0, 2.0, 0.5], [1.4, 0.3, 0.8], [2.2, 1.9, 1.1]]), 1.3, 0.6),
        traits("array, math, data-dependent"),
    ),
    Program(
        piecewise_linear,
        (NODES, VALUES, np.array([-0.4, 0.3, 2.4, 3.5, 1.0])),
        traits("array, data-dependent, divides, integer result"),
    ),
    Program(
        de_casteljau,
        (np.array([[0.0, 0.0], [0.5, 1.2], [1.6, 1.0], [2.0, -0.3]]), 0.35),
        traits("array, fresh, stores, slices"),
        "Farin, Curves and Surfaces for CAGD 4: de Casteljau",
    ),
    Program(
        monotone_cubic,
        (NODES, VALUES, 2.5),
        traits("array, fresh, stores, slices, data-dependent, divides"),
        "Fritsch & Butland 1984: monotone interpolation",
    ),
    Program(
        b_spline,
        (np.array([0.0, 0.5, 1.1, 1.8, 2.4, 3.1, 3.7, 4.5]), np.array([1.0, -0.4, 0.8, 1.5]), 2.0, 3),
        traits("array, recursive, helpers, data-dependent, divides, integer argument, integer result"),
        "de Boor, A Practical Guide to Splines IX: recurrence of B-splines",
    ),
]

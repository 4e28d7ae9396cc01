"""Objectives of the optimisers' test lists, and three small optimisers."""

import math

import numpy as np

from programs.program import Program, traits


def rosenbrock_chain(x):
    n = len(x)
    total = 0.0
    steepest = 0.0
    for i in range(n - 1):
        valley = x[i + 1] - x[i] * x[i]
        away = 1.0 - x[i]
        term = 100.0 * valley * valley + away * away
        total += term
        if term > steepest:
            steepest = term
    return total + 0.01 * steepest


def powell_singular(x):
    """Groups of four; evaluated away from the point that gives it its name."""
    total = 0.0
    for i in range(0, len(x) - 3, 4):
        a, b, c, d = x[i], x[i + 1], x[i + 2], x[i + 3]
        f1 = a + 10.0 * b
        f2 = math.sqrt(5.0) * (c - d)
        f3 = (b - 2.0 * c) ** 2
        f4 = math.sqrt(10.0) * (a - d) ** 2
        total += f1 * f1
        total += f2 * f2
        total += f3 * f3
        total += f4 * f4
    return total


def helical_valley(x, y, z):
    if x > 0.0:
        theta = math.atan(y / x) / (2.0 * math.pi)
    elif x < 0.0:
        theta = math.atan(y / x) / (2.0 * math.pi) + 0.5
    else:
        theta = 0.25 if y > 0.0 else -0.25
    radius = math.sqrt(x * x + y * y)
    f1 = 10.0 * (z - 10.0 * theta)
    f2 = 10.0 * (radius - 1.0)
    f3 = z
    return f1 * f1 + f2 * f2 + f3 * f3


def wood(x):
    a = x[1] - x[0] * x[0]
    b = x[3] - x[2] * x[2]
    residuals = np.zeros(6)
    residuals[0] = 10.0 * a
    residuals[1] = 1.0 - x[0]
    residuals[2] = math.sqrt(90.0) * b
    residuals[3] = 1.0 - x[2]
    residuals[4] = math.sqrt(10.0) * (x[1] + x[3] - 2.0)
    residuals[5] = (x[1] - x[3]) / math.sqrt(10.0)
    total = 0.0
    for r in residuals:
        total += r * r
    return total


def beale(x, y):
    targets = (1.5, 2.25, 2.625)
    total = 0.0
    power = 1.0
    last = 0.0
    for target in targets:
        power *= y
        residual = target - x * (1.0 - power)
        total += residual * residual
        # what the last trip leaves is used below
        last = residual
    return total, last * power


def trigonometric(x):
    n = len(x)
    cosines = 0.0
    for i in range(n):
        cosines += np.cos(x[i])
    total = 0.0
    i = 0
    while i < n:
        residual = n - cosines + (i + 1) * (1.0 - np.cos(x[i])) - np.sin(x[i])
        total += residual**2
        i += 1
    return total


def broyden_tridiagonal(x):
    n = len(x)
    residuals = np.zeros(n)
    for i in range(n):
        r = (3.0 - 2.0 * x[i]) * x[i] + 1.0
        if i > 0:
            r -= x[i - 1]
        if i < n - 1:
            r -= 2.0 * x[i + 1]
        residuals[i] = r
    norm = np.dot(residuals, residuals)
    return norm


def watson(x):
    """Sums of powers in three nested loops, and the two odd residuals."""
    n = len(x)
    total = x[0] ** 2 + (x[1] - x[0] ** 2 - 1.0) ** 2
    for i in range(1, 30):
        t = i / 29.0
        derivative = 0.0
        value = 0.0
        power = 1.0
        for j in range(n):
            if j > 0:
                derivative += j * x[j] * power
                power *= t
            value += x[j] * power
        total += (derivative - value * value - 1.0) ** 2
    return total


def chebyquad(x):
    """Averages of Chebyshev polynomials of the points against their integrals."""
    n = len(x)
    averages = np.zeros(n)
    for j in range(n):
        before, now = 1.0, 2.0 * x[j] - 1.0
        twice = 2.0 * now
        for i in range(n):
            averages[i] += now
            before, now = now, twice * now - before
    total = 0.0
    for i in range(n):
        integral = 0.0 if i % 2 == 0 else -1.0 / ((i + 1) ** 2 - 1)
        total += (averages[i] / n - integral) ** 2
    return total


def discrete_boundary_value(x):
    # slices of a padded copy instead of tests for the ends
    n = len(x)
    h = 1.0 / (n + 1)
    padded = np.zeros(n + 2)
    padded[1:-1] = x
    t = np.arange(1.0, n + 1.0) * h
    force = 0.5 * h * h * (x + t + 1.0) ** 3
    residuals = 2.0 * padded[1:-1] - padded[:-2] - padded[2:] + force
    total = 0.0
    for r in residuals:
        if abs(r) < 1e-12:
            continue
        total += r * r
    return total


def brown_almost_linear(x):
    n = len(x)
    total = 0.0
    product = 1.0
    residuals = np.zeros(n)
    for i in range(n):
        total += x[i]
        product *= x[i]
    for i in range(n - 1):
        residuals[i] = x[i] + total - (n + 1.0)
    residuals[-1] = product - 1.0
    return np.sum(residuals**2)


def biggs_exp6(x, m):
    total = 0.0
    largest = -1.0
    where = -1
    for i in range(1, m + 1):
        t = 0.1 * i
        y = math.exp(-t) - 5.0 * math.exp(-10.0 * t) + 3.0 * math.exp(-4.0 * t)
        model = x[2] * np.exp(-t * x[0]) - x[3] * np.exp(-t * x[1]) + x[5] * np.exp(-t * x[4])
        residual = model - y
        total += residual * residual
        if residual * residual > largest:
            largest = residual * residual
            where = i
    return total, where


def least_squares_of_signs(x, n):
    """A polynomial through the signs of equidistant points."""
    total = 0.0
    for i in range(n):
        t = -1.0 + 2.0 * i / (n - 1)
        if t > 0.0:
            residual = 1.0
        elif t < 0.0:
            residual = -1.0
        else:
            residual = 0
        power = 1.0
        for c in x:
            residual = residual - c * power
            power *= t
        total += 0.5 * residual * residual
    return total


def arrow_head(x):
    """Every variable meets the last one: the Hessian is an arrow."""
    n = len(x)
    last = x[n - 1]
    total = 0.0
    for i in range(n - 1):
        square = x[i] * x[i] + last * last
        total += square * square
        if total > 1e8:
            return 1e8 + math.log(total)
        total -= 4.0 * x[i]
        total += 3.0
    return total


def engval_with_bounds(x, lower):
    # outside the bound a quadratic penalty, whose two sides agree to first order
    total = 0.0
    penalty = 0.0
    n = len(x)
    for i in range(n - 1):
        square = x[i] ** 2 + x[i + 1] ** 2
        total += square * square - 4.0 * x[i] + 3.0
    for i in range(n):
        if x[i] < lower:
            penalty += 50.0 * (lower - x[i]) ** 2
        elif i == 0 or (x[i] > 2.0 * lower and not x[i - 1] <= lower):
            penalty += 0.1 * x[i]
    return total + penalty


def _quartic(x, y, a):
    return (x - a) ** 4 + (x - 2.0 * y) ** 2 + 0.1 * x


def backtracking_descent(a, x, y):
    """Armijo's rule: the inner loop's length differs from step to step."""
    steps = 0
    while steps < 25:
        gx = 4.0 * (x - a) ** 3 + 2.0 * (x - 2.0 * y) + 0.1
        gy = -4.0 * (x - 2.0 * y)
        square = gx * gx + gy * gy
        if square < 1e-8:
            break
        here = _quartic(x, y, a)
        t = 1.0
        while _quartic(x - t * gx, y - t * gy, a) > here - 0.3 * t * square:
            t *= 0.5
            if t < 1e-9:
                return x, y
        x, y = x - t * gx, y - t * gy
        steps += 1
    return x, y


def _ascend(x, start, rate):
    y = start
    for _ in range(200):
        step = rate * (x - 2.0 * y - 0.4 * y * y * y)
        y += step
        if abs(step) < 1e-9:
            return y
    return y


def saddle_by_descent(start_x, start_y, rate):
    """min over x of max over y, each inner maximum from the same start; the envelope gives the outer slope."""
    x = start_x
    y = start_y
    trips = 0
    while trips < 60:
        y = _ascend(x, start_y, rate)
        slope = 2.0 * x - 1.0 + y
        if abs(slope) < 1e-7:
            break
        x -= rate * slope
        trips += 1
    return x, y, x * x - x + x * y - y * y - 0.1 * y**4


def golden_section(a, b, shift):
    """The minimum value by golden sections: where it lies is found without derivatives, one Newton step gives them."""
    ratio = 0.5 * (math.sqrt(5.0) - 1.0)
    lo, hi = a, b
    p, q = hi - ratio * (hi - lo), lo + ratio * (hi - lo)
    fp, fq = math.cosh(p - shift) + 0.1 * p, math.cosh(q - shift) + 0.1 * q
    while hi - lo > 1e-4:
        if fp < fq:
            hi, q, fq = q, p, fp
            p = hi - ratio * (hi - lo)
            fp = math.cosh(p - shift) + 0.1 * p
        else:
            lo, p, fp = p, q, fq
            q = lo + ratio * (hi - lo)
            fq = math.cosh(q - shift) + 0.1 * q
    x = 0.5 * (lo + hi)
    for _ in range(2):
        x -= (math.sinh(x - shift) + 0.1) / math.cosh(x - shift)
    return x, math.cosh(x - shift) + 0.1 * x


MGH = "Moré, Garbow & Hillstrom 1981, no. "

PROGRAMS = [
    Program(
        rosenbrock_chain,
        (np.array([-1.2, 1.0, 0.7, -0.4, 1.3]),),
        traits("array, data-dependent"),
        MGH + "1 and 21: Rosenbrock",
    ),
    Program(
        powell_singular,
        (np.array([3.0, -1.0, 0.5, 1.0, 0.2, 0.4, -0.8, 1.1]),),
        traits("array, math"),
        MGH + "13 and 22: Powell singular",
    ),
    Program(
        helical_valley, (-1.0, 0.3, 0.2), traits("scalar, math, data-dependent, divides"), MGH + "7: helical valley"
    ),
    Program(wood, (np.array([-3.0, -1.0, -2.5, -0.8]),), traits("array, math, fresh, stores"), MGH + "14: Wood"),
    Program(beale, (1.0, 0.8), traits("scalar"), MGH + "5: Beale"),
    Program(trigonometric, (np.array([0.2, 0.35, 0.15, 0.5]),), traits("array"), MGH + "26: trigonometric"),
    Program(
        broyden_tridiagonal,
        (np.array([-1.0, -0.7, -1.2, -0.4, 0.3]),),
        traits("array, fresh, stores"),
        MGH + "30: Broyden tridiagonal",
    ),
    Program(watson, (np.array([0.1, 0.9, -0.3, 0.4, -0.2]),), traits("array"), MGH + "20: Watson"),
    Program(chebyquad, (np.array([0.15, 0.4, 0.55, 0.9]),), traits("array, fresh, stores"), MGH + "35: Chebyquad"),
    Program(
        discrete_boundary_value,
        (np.array([-0.1, -0.2, -0.15, -0.05]),),
        traits("array, fresh, stores, slices, data-dependent"),
        MGH + "28: discrete boundary value",
    ),
    Program(
        brown_almost_linear,
        (np.array([0.5, 0.7, 1.2, 0.9]),),
        traits("array, fresh, stores"),
        MGH + "27: Brown almost-linear",
    ),
    Program(
        biggs_exp6,
        (np.array([1.0, 2.0, 1.0, 1.2, 1.5, 0.8]), 13),
        traits("array, math, data-dependent, integer argument, integer result"),
        MGH + "18: Biggs EXP6",
    ),
    Program(
        least_squares_of_signs,
        (np.array([0.1, 1.2, -0.3, -0.4]), 11),
        traits("array, integer argument"),
        "GradBench: llsq (from cmpad)",
    ),
    Program(
        arrow_head, (np.array([1.0, 0.8, 1.2, -0.5, 0.7]),), traits("array, math, data-dependent"), "CUTEst: ARWHEAD"
    ),
    Program(
        engval_with_bounds,
        (np.array([0.9, 1.4, 0.2, 2.0]), 0.5),
        traits("array, data-dependent"),
        "CUTEst: ENGVAL1, with a penalty",
    ),
    Program(
        backtracking_descent,
        (1.4, 0.3, 0.9),
        traits("scalar, helpers, data-dependent"),
        "Nocedal & Wright, Numerical Optimization, algorithm 3.1: backtracking",
    ),
    Program(
        saddle_by_descent,
        (1.0, 0.6, 0.3),
        traits("scalar, helpers, data-dependent"),
        "GradBench: saddle (Pearlmutter & Siskind 2008), with another objective",
    ),
    Program(
        golden_section,
        (-2.0, 3.0, 0.7),
        traits("scalar, math, data-dependent"),
        "Press et al., Numerical Recipes 10.2: golden section",
    ),
]

"""From textbooks: roots, quadrature, interpolation, optimisation and iterations whose length values decide."""

import math

import numpy as np
from control.program import Case


def newton_with_bisection(x):
    """The root of u**3 + x[0] u - x[1] in [0, 3]: Newton, halved where a step leaves the bracket."""
    lo, hi = 0.0, 3.0
    u = 1.5
    for _ in range(60):
        value = u * u * u + x[0] * u - x[1]
        if value > 0.0:
            hi = u
        else:
            lo = u
        slope = 3.0 * u * u + x[0]
        step = value / slope if slope != 0.0 else 10.0
        if lo < u - step < hi:
            new = u - step
        else:
            new = 0.5 * (lo + hi)
        if abs(new - u) < 1e-13:
            break
        u = new
    return u - (u * u * u + x[0] * u - x[1]) / (3.0 * u * u + x[0])


def golden_section(x):
    """The least value of (u - x[0])**2 + x[1] u on [-1, 2], by golden sections."""
    ratio = 0.5 * (math.sqrt(5.0) - 1.0)

    def height(u):
        return (u - x[0]) ** 2 + x[1] * u

    a, b = -1.0, 2.0
    c, d = b - ratio * (b - a), a + ratio * (b - a)
    for _ in range(12):
        if height(c) < height(d):
            b, d = d, c
            c = b - ratio * (b - a)
        else:
            a, c = c, d
            d = a + ratio * (b - a)
    return height(0.5 * (a + b))


def adaptive_simpson(x):
    """The integral of exp(x[0] t) / (1 + x[1] t**2) from 0 to 1, halved where two estimates differ."""

    def value(t):
        return math.exp(x[0] * t) / (1.0 + x[1] * t * t)

    def rule(a, b):
        return (b - a) / 6.0 * (value(a) + 4.0 * value(0.5 * (a + b)) + value(b))

    def integral(a, b, whole, depth):
        middle = 0.5 * (a + b)
        left, right = rule(a, middle), rule(middle, b)
        if depth == 0 or abs(left + right - whole) < 1e-6:
            return left + right + (left + right - whole) / 15.0
        return integral(a, middle, left, depth - 1) + integral(middle, b, right, depth - 1)

    return integral(0.0, 1.0, rule(0.0, 1.0), 4)


def neville(x):
    """The polynomial through (0, x[1]), (1, x[2]), (3, x[3]) at x[0], by Neville's triangle."""
    knots = (0.0, 1.0, 3.0)
    row = [x[1], x[2], x[3]]
    for width in range(1, 3):
        for i in range(3 - width):
            a, b = knots[i], knots[i + width]
            left = (x[0] - b) * row[i]
            right = (x[0] - a) * row[i + 1]
            row[i] = (left - right) / (a - b)
    if x[0] > 3.0:
        return x[3]
    if x[0] < 0.0:
        return x[1]
    return row[0]


def monotone_slopes(x):
    """Fritsch and Carlson: slopes at knots, zero at an extremum and the harmonic mean elsewhere."""
    n = len(x)
    secants = [x[i + 1] - x[i] for i in range(n - 1)]
    slopes = np.zeros(n)
    slopes[0] = secants[0]
    slopes[n - 1] = secants[n - 2]
    for i in range(1, n - 1):
        a, b = secants[i - 1], secants[i]
        if a * b <= 0.0:
            slopes[i] = 0.0
        else:
            slopes[i] = 2.0 * a * b / (a + b)
    return slopes


def collatz_like(x):
    """Halve above one, else triple and add: weights along the way."""
    u = x[0]
    total = 0.0
    weight = 1.0
    for _ in range(8):
        if u > 1.0:
            u = 0.5 * u
            weight = weight * 0.8
        else:
            u = 3.0 * u + x[1]
            weight = weight * 0.6
        total = total + weight * u
        if total > 6.0:
            break
    return total


def secant_or_given_up(x):
    f0, f1 = x[0] - 2.0, x[0] * x[1] - 2.0
    a, b = 1.0, x[1]
    for _ in range(8):
        if f1 == f0:
            break
        a, b = b, b - f1 * (b - a) / (f1 - f0)
        f0, f1 = f1, x[0] * b - 2.0
        if abs(f1) < 1e-12:
            return b
    return x[2]


def backtracking_descent(x):
    """Gradient steps on u**2 + x[0] v**2 from (x[1], x[2]); a step is halved until the height falls enough."""
    u, v = x[1], x[2]
    for _ in range(3):
        du, dv = 2.0 * u, 2.0 * x[0] * v
        height = u * u + x[0] * v * v
        step = 0.8
        for _ in range(6):
            a, b = u - step * du, v - step * dv
            if a * a + x[0] * b * b <= height - 0.3 * step * (du * du + dv * dv):
                break
            step = 0.5 * step
        u, v = a, b
    return np.array([u, v])


def exponential_integral(x):
    """E1 by its series for small arguments, and its continued fraction beyond."""
    u = x[0]
    if u <= 0.0:
        return x[1]
    if u < 1.0:
        total = -math.log(u) - 0.57721566490153286
        term = 1.0
        for n in range(1, 20):
            term = -term * u / n
            total = total - term / n
            if abs(term) < 1e-17:
                break
        return total
    fraction = 0.0
    for n in range(20, 0, -1):
        fraction = n / (1.0 + n / (u + fraction))
    return math.exp(-u) / (u + fraction)


def wrapped_angle(x):
    """An angle brought to (-pi, pi], then the sine by its series with argument reduction."""
    angle = x[0]
    while angle > math.pi:
        angle = angle - 2.0 * math.pi
    while angle <= -math.pi:
        angle = angle + 2.0 * math.pi
    flipped = False
    if angle < 0.0:
        angle = -angle
        flipped = True
    term = angle
    total = angle
    n = 1
    while abs(term) > 1e-8 and n < 40:
        term = -term * angle * angle / ((n + 1) * (n + 2))
        total = total + term
        n += 2
    return -x[1] * total if flipped else x[1] * total


def huber_location(x):
    """Huber's estimate of location by reweighting: outliers count by their distance."""
    centre = (x[0] + x[1] + x[2] + x[3]) / 4.0
    for _ in range(4):
        weights = 0.0
        total = 0.0
        for v in x:
            distance = abs(v - centre)
            weight = 1.0 if distance <= 0.5 else 0.5 / distance
            weights = weights + weight
            total = total + weight * v
        new = total / weights
        if abs(new - centre) < 1e-12:
            break
        centre = new
    return centre


def projected_on_a_simplex(x):
    """The nearest point with entries that are not negative and sum to one (Duchi et al.)."""
    ordered = sorted(x, reverse=True)
    running = 0.0
    shift = 0.0
    for i in range(len(ordered)):
        running = running + ordered[i]
        candidate = (running - 1.0) / (i + 1)
        if ordered[i] - candidate > 0.0:
            shift = candidate
    out = np.zeros(len(x))
    for i in range(len(x)):
        out[i] = max(x[i] - shift, 0.0)
    return out


def black_box_option(x):
    """An American put on a binomial lattice of four steps: hold or exercise at every node."""
    spot, strike, rate, up = x[0], x[1], 0.02, math.exp(x[2])
    down = 1.0 / up
    p = (1.0 + rate - down) / (up - down)
    values = []
    for k in range(5):
        payoff = strike - spot * up**k * down ** (4 - k)
        values.append(payoff if payoff > 0.0 else 0.0)
    for step in range(3, -1, -1):
        for k in range(step + 1):
            hold = (p * values[k + 1] + (1.0 - p) * values[k]) / (1.0 + rate)
            exercise = strike - spot * up**k * down ** (step - k)
            values[k] = exercise if exercise > hold else hold
    return values[0]


FOUR = (0.7, 1.2, -0.6, 0.9)
ALL4 = {0, 1, 2, 3}
PROGRAMS = [
    Case(newton_with_bisection, (0.7, 1.2), [{0, 1}], 0.01, "Press et al., Numerical Recipes, 9.4: rtsafe"),
    Case(golden_section, (0.7, 0.4), [{0, 1}], 0.01, "Kiefer 1953"),
    Case(adaptive_simpson, (0.7, 1.2), [{0, 1}], 0.01, "Kuncir, Algorithm 103"),
    Case(neville, FOUR, [ALL4], 0.1, "Press et al., Numerical Recipes, 3.2: polint"),
    Case(
        monotone_slopes,
        (0.7, 1.2, 1.5, 0.9),
        [{0, 1}, {0, 1, 2}, {1, 2, 3}, {2, 3}],
        0.1,
        "Fritsch and Carlson 1980",
    ),
    Case(collatz_like, (0.7, 1.2), [{0, 1}], 0.1, "Lagarias 1985, with weights"),
    Case(secant_or_given_up, (0.7, 1.2, -0.6), [{0, 1, 2}], 0.001, "Ralston and Rabinowitz, 8.3"),
    Case(backtracking_descent, (0.7, 1.2, -0.6), [{1}, {0, 2}], 0.01, "Nocedal and Wright, algorithm 3.1"),
    Case(exponential_integral, (0.7, 1.2), [{0, 1}], 0.01, "Abramowitz and Stegun 5.1.11, 5.1.22"),
    Case(wrapped_angle, (4.0, 1.2), [{0, 1}], 0.01, "Cody and Waite, chapter 8"),
    Case(huber_location, FOUR, [ALL4], 0.01, "Huber, Robust Statistics, 6.7"),
    Case(projected_on_a_simplex, (0.7, 0.5, -0.6), [{0, 1, 2}] * 3, 0.05, "Duchi et al. 2008, figure 1"),
    Case(black_box_option, (1.0, 1.1, 0.2), [{0, 1, 2}], 0.01, "Cox, Ross and Rubinstein 1979"),
]

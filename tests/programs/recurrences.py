"""Recurrences of fixed length, in scalars and in place in arrays."""

import math

import numpy as np

from programs.program import Program, traits


def fibonacci_polynomial(x, y, n):
    a, b = y, x
    total = a
    for k in range(n):
        a, b = b, x * b + a
        if k % 2:
            total += b / (k + 1)
        else:
            total -= a / (k + 1)
        if abs(total) > 1e6:
            break
    return total, a, b


def legendre_polynomial(x, n):
    """Pₙ(x) and its derivative by Bonnet's recurrence; two early returns."""
    if n == 0:
        return 1.0, 0.0
    if n == 1:
        return x, 1.0
    before = 1.0
    now = x
    for k in range(1, n):
        before, now = now, ((2 * k + 1) * x * now - k * before) / (k + 1)
    slope = n * (x * now - before) / (x * x - 1.0)
    return now, slope


def chebyshev_sum(coefficients, x):
    """Clenshaw's recurrence, from the last coefficient down to the second."""
    d = 0.0
    dd = 0.0
    twice = 2.0 * x
    for j in range(len(coefficients) - 1, 0, -1):
        saved = d
        d = twice * d - dd + coefficients[j]
        dd = saved
    result = x * d - dd
    result += 0.5 * coefficients[0]
    return result


def lambert_tangent(x, depth):
    # from the innermost fraction outwards, odd denominators alone
    if x == 0.0:
        return x, 0.0
    square = x * x
    deepest = 2 * depth + 1
    value = 1.0 * deepest
    for k in range(deepest - 2, 0, -2):
        value = k - square / value
    tangent = x / value
    sine_squared = tangent * tangent / (1.0 + tangent * tangent)
    return tangent, sine_squared


def lentz_exponential_integral(x):
    """E₁(x) by the modified Lentz method, with its break."""
    tiny = 1e-30
    b = x + 1.0
    c = 1.0 / tiny
    d = 1.0 / b
    h = d
    for i in range(1, 200):
        a = -1.0 * i * i
        b += 2.0
        d = 1.0 / (a * d + b)
        c = b + a / c
        factor = c * d
        h *= factor
        if abs(factor - 1.0) < 1e-10:
            break
    return h * math.exp(-x)


def _horner_with(coefficients):
    """A polynomial, its slope and its curvature, closed over a tuple of constants."""

    def horner_with_derivatives(x):
        value = 0.0
        slope = 0.0
        bend = 0.0
        for c in coefficients:
            bend = bend * x + slope
            slope = slope * x + value
            value = value * x + c
        bend *= 2.0
        side = 1.0
        if bend < 0.0:
            side = -1.0
        return value, slope, side * bend

    return horner_with_derivatives


def in_place_recurrence(x, n):
    a = np.zeros(n)
    a[0] = x
    a[1] = math.cos(x)
    for i in range(2, n):
        a[i] = 0.5 * a[i - 1] * (1.0 - a[i - 2]) + x
        if a[i] > 1.0:
            a[i] -= 0.25
    for i in range(n - 2, -1, -1):
        a[i] = a[i] + 0.1 * a[i + 1]
    return a


def speelpenning_product(x):
    """The product, and its gradient from prefix and suffix products, so that a gradient of it is a Hessian's."""
    n = len(x)
    prefix = np.ones(n + 1)
    for i in range(n):
        prefix[i + 1] = prefix[i] * x[i]
    gradient = np.empty(n)
    suffix = 1.0
    for i in range(n - 1, -1, -1):
        gradient[i] = prefix[i] * suffix
        suffix *= x[i]
    total = prefix[n]
    for i in range(0, n, 2):
        total += gradient[i]
    return total


def miller_bessel(x, order, start):
    """J of an integer order by downward recurrence, scaled at the end by the sum of the even orders."""
    above = 0.0
    here = 1e-20
    norm = 0.0
    answer = 0.0
    for k in range(start, 0, -1):
        above, here = here, 2.0 * k / x * here - above
        if (k - 1) % 2 == 0:
            norm += here if k == 1 else 2.0 * here
        if k - 1 == order:
            answer = here
    return answer / norm


def henon_map(a, b, n):
    x = 0.1
    y = 0.1
    energy = 0.0
    for k in range(0, 2 * n, 2):
        x, y = 1.0 - a * x * x + y, b * x
        # k counts in steps of two
        energy += x * y / (k + 1.0)
        if not -10.0 < x < 10.0:
            return math.inf, energy
        if k % 4 == 2:
            energy *= 0.9
    return x, energy


def integer_walk(x, y, n):
    # a congruential generator decides which way; its integers carry no derivative
    state = 12345
    position = x
    highest = x
    for _ in range(n):
        state = (state * 1103 + 12347) % 65536
        choice = state % 4
        if choice == 0:
            position += y
        elif choice == 1:
            position -= y * position
        elif choice == 2:
            position *= 1.0 + 0.1 * y
        if position > highest:
            highest = position
    return position, highest


def _logistic_step(state, rate):
    return state + rate * state * (1.0 - state)


def _twice(step, state, rate):
    return step(step(state, rate), rate)


def composed_steps(state, rate, n):
    # a function that applies a function: the same code at three depths
    total = 0.0
    for k in range(n):
        if k % 3 == 0:
            state = _logistic_step(state, rate)
        elif k % 3 == 1:
            state = _twice(_logistic_step, state, rate)
        else:
            state = _logistic_step(_twice(_logistic_step, state, 0.5 * rate), rate)
        total += state
    return total


def sine_series(x):
    """Terms until they no longer matter, after the argument is brought into one period."""
    turns = 0
    while x > math.pi:
        x -= 2.0 * math.pi
        turns += 1
    while x < -math.pi:
        x += 2.0 * math.pi
        turns -= 1
    term = x
    total = x
    k = 1
    while abs(term) > 1e-12 * abs(total):
        term *= -x * x / ((2 * k) * (2 * k + 1))
        total += term
        k += 1
    return total, turns


def _ackermann_like(x, m, n):
    if m == 0:
        return x + n
    if n == 0:
        return _ackermann_like(x * 0.5, m - 1, 1)
    inner = _ackermann_like(x, m, n - 1)
    return inner * 0.25 + _ackermann_like(x, m - 1, n)


def recursive_pair(x, y, m, n):
    first = _ackermann_like(x, m, n)
    second = _ackermann_like(y, n, m)
    if first > second:
        first, second = second, first
    gap = second - first
    total = 0.0
    for k in range(m + n):
        total += gap / (1.0 + k)
        if k > 2 and total > 100.0:
            break
    return total


PROGRAMS = [
    Program(fibonacci_polynomial, (1.1, 0.3, 9), traits("scalar, data-dependent, integer argument")),
    Program(
        legendre_polynomial,
        (0.37, 7),
        traits("scalar, integer argument"),
        "Abramowitz & Stegun 8.5.3: Legendre polynomials",
    ),
    Program(
        chebyshev_sum,
        (np.array([0.8, -0.3, 0.25, 0.1, -0.05]), 0.3),
        traits("array"),
        "Press et al., Numerical Recipes 5.8: Clenshaw's recurrence",
    ),
    Program(
        lambert_tangent,
        (0.9, 9),
        traits("scalar, data-dependent, divides, integer argument"),
        "Abramowitz & Stegun 4.3.94: continued fraction of the tangent",
    ),
    Program(
        lentz_exponential_integral,
        (1.4,),
        traits("scalar, math, data-dependent, divides"),
        "Press et al., Numerical Recipes 5.2 and 6.3: Lentz's method",
    ),
    Program(
        _horner_with((1.0, -2.0, 0.5, 3.0, -1.0)),
        (1.7,),
        traits("scalar, closure, data-dependent"),
        "Knuth, The Art of Computer Programming 4.6.4: Horner's rule",
    ),
    Program(in_place_recurrence, (0.4, 12), traits("scalar, math, fresh, stores, data-dependent, integer argument")),
    Program(
        speelpenning_product,
        (np.array([1.2, 0.8, -1.5, 0.4, 2.2, 1.1]),),
        traits("array, fresh, stores"),
        "Griewank & Walther, Evaluating Derivatives: Speelpenning's product",
    ),
    Program(
        miller_bessel,
        (2.3, 3, 24),
        traits("scalar, divides, integer argument"),
        "Abramowitz & Stegun 9.12: Miller's recurrence for Bessel functions",
    ),
    Program(
        henon_map,
        (1.2, 0.25, 8),
        traits("scalar, data-dependent, integer argument"),
        "Strogatz, Nonlinear Dynamics and Chaos 12.2: Hénon map",
    ),
    Program(integer_walk, (0.7, 0.3, 40), traits("scalar, data-dependent, integer argument")),
    Program(composed_steps, (0.3, 0.8, 7), traits("scalar, helpers, function argument, integer argument")),
    Program(sine_series, (8.2,), traits("scalar, data-dependent, integer result")),
    Program(recursive_pair, (1.3, 0.4, 2, 3), traits("scalar, recursive, helpers, data-dependent, integer argument")),
]

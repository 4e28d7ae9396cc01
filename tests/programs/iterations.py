"""Iterations to convergence: the number of trips depends on the data."""

import math

from programs.program import Program, traits


def newton_square_root(a):
    # the derivative of the last trip alone is the derivative at convergence; the earlier trips' die out
    x = a
    if a < 1.0:
        x = 1.0
    trips = 0
    while True:
        better = 0.5 * (x + a / x)
        trips += 1
        if abs(better - x) <= 1e-9 * better:
            break
        x = better
    return better, trips


def arithmetic_geometric_mean(a, b):
    if a < b:
        a, b = b, a
    total = 0.0
    power = 1.0
    while a - b > 1e-9 * a:
        c = 0.5 * (a - b)
        # both sides are of the old values
        a, b = 0.5 * (a + b), math.sqrt(a * b)
        power *= 2.0
        total += power * c * c
    return math.pi / (a + b), total


def kepler_equation(mean_anomaly, eccentricity):
    # for with break and else: the else runs where the loop was not broken off
    E = mean_anomaly + 0.85 * eccentricity
    slope = 1.0
    for _ in range(20):
        residual = E - eccentricity * math.sin(E) - mean_anomaly
        slope = 1.0 - eccentricity * math.cos(E)
        step = residual / slope
        E = E - step
        if -1e-9 < step < 1e-9:
            break
    else:
        return math.nan, math.nan
    radius = 1.0 - eccentricity * math.cos(E)
    return (math.cos(E) - eccentricity) / radius, math.sqrt(1.0 - eccentricity**2) * math.sin(E) / radius


def bisection_then_newton(a, b, c):
    """The root of x³ + a x² + b x + c in [0, 3]: halving has no derivative, the Newton step after it has."""
    lo, hi = 0.0, 3.0
    while hi - lo > 1e-7:
        mid = 0.5 * (lo + hi)
        value = ((mid + a) * mid + b) * mid + c
        if value == 0.0:
            return mid
        if value < 0.0:
            lo = mid
        else:
            hi = mid
    x = lo
    for _ in range(2):
        x -= (((x + a) * x + b) * x + c) / ((3.0 * x + 2.0 * a) * x + b)
    return x


def _secant(f, x0, x1, parameter):
    f0 = f(x0, parameter)
    f1 = f(x1, parameter)
    while abs(x1 - x0) > 1e-8:
        x0, x1 = x1, x1 - f1 * (x1 - x0) / (f1 - f0)
        f0, f1 = f1, f(x1, parameter)
    return x1


def _cosine_minus_line(x, slope):
    return math.cos(x) - slope * x


def _log_plus_line(x, slope):
    return math.log(x) + slope * x - 1.0


def secant_two_roots(slope, weight):
    first = _secant(_cosine_minus_line, 0.5, 1.0, slope)
    second = _secant(_log_plus_line, 0.6, 1.1, slope)
    if first < second:
        ratio = first / second
    elif second > 0.0:
        ratio = second / first
    else:
        ratio = 0.0
    total = weight * first
    total += (1.0 - weight) * second
    return total, ratio


def mandelbrot_escape(cx, cy, limit):
    # the smooth count: an integer and a float that both leave the loop
    x = 0.0
    y = 0.0
    count = 0
    while count < limit:
        x, y = x * x - y * y + cx, 2.0 * x * y + cy
        if x * x + y * y > 100.0:
            break
        count += 1
    else:
        return count, 0.0
    return count, count + 1.0 - math.log(0.5 * math.log(x * x + y * y)) / math.log(2.0)


def lyapunov_exponent(r, x, transient, steps):
    for _ in range(transient):
        x = r * x * (1.0 - x)
    total = 0.0
    count = 0
    for i in range(steps):
        x = r * x * (1.0 - x)
        if i % 3 == 1:
            continue
        total += math.log(abs(r * (1.0 - 2.0 * x)))
        count += 1
    return total / count


def gauss_map(x, depth):
    # the expansion into a continued fraction: the integer parts are constants, nearly everywhere
    orbit = 0.0
    weight = 1.0
    trips = 0
    while x > 1e-6 and trips < depth:
        inverse = 1.0 / x
        digit = math.floor(inverse)
        x = inverse - digit
        orbit += weight * x
        weight *= 0.5
        trips += 1
    return orbit


def collatz_weights(x, y, n):
    # control flow of integers alone: how often each branch is taken is hidden in n
    value = 1.0
    length = 0
    while n != 1:
        if n % 2 == 0:
            n //= 2
            value = value * x + y
        else:
            n = 3 * n + 1
            value -= x * y
        length += 1
    return value / (1.0 + length)


def halley_cube_root(a):
    # while with else, and a sign that is an integer in one branch and a float in the other
    if a < 0.0:
        sign = -1.0
        a = -a
    else:
        sign = 1
    x = a if a > 1.0 else 1.0
    error = 1.0
    while error > 1e-5:
        cube = x * x * x
        better = x * (cube + 2.0 * a) / (2.0 * cube + a)
        error = abs(better - x) / better
        x = better
    else:
        x = x * (x * x * x + 2.0 * a) / (2.0 * x * x * x + a)
    return sign * x


def steffensen_fixed_point(a):
    # Aitken's step at each trip; the guard is evaluated before the division
    x = 0.5
    previous = 2.0
    while abs(x - previous) > 1e-7:
        previous = x
        y = math.exp(-a * x)
        z = math.exp(-a * y)
        bend = z - 2.0 * y + x
        if bend == 0.0 or not (abs(bend) > 1e-14):
            return z
        x = x - (y - x) ** 2 / bend
    return math.exp(-a * math.exp(-a * x))


def nested_while_sums(x, y):
    """An inner loop whose trip count depends on the outer one's data, and which also runs zero times."""
    total = 0.0
    outer = x
    while outer < 20.0:
        inner = outer
        while inner > y:
            inner = inner / 2.0 - 0.1
            total += inner * y
            if total > 500.0:
                return total
        outer = outer * 1.5 + inner
    return total - outer


def zero_trips(x, n):
    """No loop below runs: what the loop would assign keeps the value from before it."""
    y = x * x
    last = 3.0 * x
    for i in range(n, n):
        last = y * i
        y = 0.0
    while y < 0.0:
        y += last
        last = 0.0
    for i in range(5, 5 + n, -1):
        y = i * last
    else:
        last = last + math.sin(y)
    return y * last


def last_trip(x, n):
    """Names that only the last trip gives their value, read after the loop, with the loop's variable."""
    previous = x
    current = x
    kept = 0.0
    i = 0
    for i in range(n):
        previous = current
        current = math.sin(current) + x / (1.0 + i)
        if i % 4 == 2:
            kept = current * previous
    difference = current - previous
    return difference * i + kept * current


def assigned_in_one_branch(x, y):
    # `scale` exists only where the second condition, which implies the first, is true
    flag = x > 0.5 and y < 3.0
    result = x * y
    if flag:
        scale = math.exp(-y)
        result += scale
    for k in range(3):
        if flag and not (k > 0 and y < 2.0):
            result = result * scale + k
        elif k == 1 or flag:
            result -= x if k > 0 else y
    if flag:
        result /= scale
    return result


def search_in_triangle(x, limit):
    # a return out of the inner of two loops
    total = 0.0
    for i in range(1, limit):
        term = 1.0
        for j in range(i, 0, -1):
            term *= x / j
            total += term
            if total > 40.0:
                return total * i - j * term
            if term < 1e-3:
                break
        total -= 0.01 * term
    return total


PROGRAMS = [
    Program(
        newton_square_root, (7.3,), traits("scalar, data-dependent, divides, integer result"), "Heron of Alexandria"
    ),
    Program(
        arithmetic_geometric_mean,
        (1.0, 0.4),
        traits("scalar, math, data-dependent"),
        "Abramowitz & Stegun 17.6: the process of the arithmetic-geometric mean",
    ),
    Program(
        kepler_equation,
        (1.3, 0.45),
        traits("scalar, math, data-dependent, divides"),
        "Danby, Fundamentals of Celestial Mechanics 6.6: Kepler's equation",
    ),
    Program(
        bisection_then_newton,
        (-1.0, 0.5, -2.5),
        traits("scalar, data-dependent"),
        "Press et al., Numerical Recipes 9.1 and 9.4: bisection, then polishing",
    ),
    Program(
        secant_two_roots,
        (0.8, 0.3),
        traits("scalar, math, data-dependent, divides, helpers, function argument"),
        "Press et al., Numerical Recipes 9.2: secant method",
    ),
    Program(
        mandelbrot_escape,
        (-0.75, 0.4, 200),
        traits("scalar, math, data-dependent, integer argument, integer result"),
        "Peitgen & Richter, The Beauty of Fractals: smooth escape count",
    ),
    Program(
        lyapunov_exponent,
        (3.2, 0.3, 20, 60),
        traits("scalar, math, integer argument"),
        "Strogatz, Nonlinear Dynamics and Chaos 10.5: exponent of the logistic map",
    ),
    Program(
        gauss_map,
        (0.38196, 5),
        traits("scalar, math, data-dependent, divides, integer argument"),
        "Khinchin, Continued Fractions: the Gauss map",
    ),
    Program(collatz_weights, (0.9, 0.2, 27), traits("scalar, integer argument")),
    Program(halley_cube_root, (-4.2,), traits("scalar, data-dependent, divides"), "Halley 1694"),
    Program(
        steffensen_fixed_point,
        (0.9,),
        traits("scalar, math, data-dependent"),
        "Stoer & Bulirsch, Introduction to Numerical Analysis 5.10: Steffensen",
    ),
    Program(nested_while_sums, (1.3, 0.7), traits("scalar, data-dependent")),
    Program(zero_trips, (1.2, 4), traits("scalar, math, data-dependent, integer argument")),
    Program(last_trip, (0.8, 11), traits("scalar, math, integer argument")),
    Program(assigned_in_one_branch, (1.1, 0.6), traits("scalar, math, data-dependent")),
    Program(search_in_triangle, (4.0, 12), traits("scalar, data-dependent, integer argument")),
]

"""Special functions by their formulas, and kinks on purpose at the end."""

import math

import numpy as np
import scipy.special

from programs.program import Program, traits


def error_function(x):
    """The rational approximation, odd by a branch."""
    if x < 0.0:
        sign = -1
        x = -x
    else:
        sign = 1
    t = 1.0 / (1.0 + 0.3275911 * x)
    poly = 1.061405429
    for c in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        poly = poly * t + c
    value = 1.0 - poly * t * math.exp(-x * x)
    return sign * value


def stirling_log_gamma(x):
    """Shifted upwards until the asymptotic series holds; below a half by reflection."""
    reflected = x < 0.5
    z = 1.0 - x if reflected else x
    shift = 0.0
    while z < 8.0:
        shift += math.log(z)
        z += 1.0
    square = z * z
    series = 1.0 / (12.0 * z) * (1.0 - 1.0 / (30.0 * square) * (1.0 - 2.0 / (7.0 * square)))
    value = (z - 0.5) * math.log(z) - z + 0.5 * math.log(2.0 * math.pi) + series - shift
    if reflected:
        return math.log(math.pi / abs(math.sin(math.pi * x))) - value
    return value


def digamma(x):
    result = 0.0
    while x < 6.0:
        result -= 1.0 / x
        x += 1.0
    inverse = 1.0 / (x * x)
    tail = 0.0
    for bernoulli in (1.0 / 252.0, -1.0 / 120.0, 1.0 / 12.0):
        tail = (tail + bernoulli) * inverse
    result += math.log(x) - 0.5 / x
    result -= tail
    return result


def _lower_series(a, x):
    term = 1.0 / a
    total = term
    while abs(term) > 1e-12 * abs(total):
        a += 1.0
        term *= x / a
        total += term
    return total


def _upper_fraction(a, x):
    b = x + 1.0 - a
    c = 1e30
    d = 1.0 / b
    h = d
    for i in range(1, 300):
        an = -i * (i - a)
        b += 2.0
        d = 1.0 / (an * d + b)
        c = b + an / c
        h *= c * d
        if abs(c * d - 1.0) < 1e-11:
            return h
    return math.nan


def _incomplete_gamma(a, x):
    if x < 0.0 or a <= 0.0:
        return math.nan
    front = math.exp(a * math.log(x) - x)
    if x < a + 1.0:
        return front * _lower_series(a, x) / math.gamma(a)
    return 1.0 - front * _upper_fraction(a, x) / math.gamma(a)


def incomplete_gamma_pair(a, x):
    # a helper with three returns that calls two others: both of its ways are taken
    near = _incomplete_gamma(a, x)
    far = _incomplete_gamma(a, 3.0 * x)
    middle = _incomplete_gamma(a, 2.0 * x)
    if not 0.0 < near < middle < far < 1.0:
        return math.nan, math.nan
    odds = near / (1.0 - near)
    score = 0.0
    for p in (near, middle, far):
        score -= p * math.log(p)
        score -= (1.0 - p) * math.log1p(-p)
    return odds, score


def bessel_j0(x):
    """Series for small arguments, the asymptotic form for large."""
    if abs(x) < 8.0:
        quarter = 0.25 * x * x
        term = 1.0
        total = 1.0
        k = 0
        while abs(term) > 1e-14:
            k += 1
            term *= -quarter / (k * k)
            total += term
        return total
    phase = x - 0.25 * math.pi - 1.0 / (8.0 * x)
    return math.sqrt(2.0 / (math.pi * x)) * (1.0 - 1.0 / (16.0 * x * x)) * math.cos(phase)


def lambert_w(z):
    """Halley's steps from a start that depends on where z is."""
    if z < -1.0 / math.e:
        return math.nan
    if z < 0.5:
        w = z * (1.0 - z)
    elif z < 3.0:
        w = 0.6 * z**0.6
    else:
        w = math.log(z) - math.log(math.log(z))
    while True:
        e = math.exp(w)
        residual = w * e - z
        step = residual / (e * (w + 1.0) - (w + 2.0) * residual / (2.0 * w + 2.0))
        w -= step
        if abs(step) < 1e-6 * (1.0 + abs(w)):
            return w


def carlson_rf(x, y, z):
    """Duplication until the three are close, then Taylor."""
    count = 0
    while True:
        mean = (x + y + z) / 3.0
        dx, dy, dz = 1.0 - x / mean, 1.0 - y / mean, 1.0 - z / mean
        if max(abs(dx), max(abs(dy), abs(dz))) < 0.002:
            break
        rx, ry, rz = math.sqrt(x), math.sqrt(y), math.sqrt(z)
        shift = rx * ry + ry * rz + rz * rx
        x, y, z = 0.25 * (x + shift), 0.25 * (y + shift), 0.25 * (z + shift)
        count += 1
    e2 = dx * dy - dz * dz
    e3 = dx * dy * dz
    return (1.0 - e2 / 10.0 + e3 / 14.0 + e2 * e2 / 24.0 - 3.0 * e2 * e3 / 44.0) / math.sqrt(mean), count


def riemann_zeta(s, n):
    """Euler and Maclaurin: a sum, and a tail of which each term comes from the last."""
    total = 0.0
    for k in range(1, n):
        total += k**-s
    total += n ** (1.0 - s) / (s - 1.0) + 0.5 * n**-s
    rising = s
    power = n ** (-s - 1.0)
    factorial = 2.0
    j = 1
    for bernoulli in (1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0):
        total += bernoulli * rising / factorial * power
        rising *= (s + 2 * j - 1) * (s + 2 * j)
        factorial *= (2 * j + 1) * (2 * j + 2)
        power /= n * n
        j += 1
    return total


def _dilogarithm_series(x):
    total = 0.0
    power = x
    k = 1
    while abs(power) > 1e-13:
        total += power / (k * k)
        power *= x
        k += 1
    return total


def _dilogarithm_in_unit(x):
    if x > 0.5:
        return math.pi**2 / 6.0 - math.log(x) * math.log1p(-x) - _dilogarithm_series(1.0 - x)
    return _dilogarithm_series(x)


def _dilogarithm(x):
    if x < -1.0:
        return -(math.pi**2) / 6.0 - 0.5 * math.log(-x) ** 2 - _dilogarithm_in_unit(1.0 / x)
    if x == 1.0:
        return math.pi**2 / 6.0
    return _dilogarithm_in_unit(x)


def dilogarithms(x, scale):
    """Helpers nested three deep, by three of their returns."""
    total = 0.0
    largest = 0.0
    for k in range(3):
        argument = x - scale * k
        value = _dilogarithm(argument)
        if abs(value) > largest:
            largest = abs(value)
            total = total + value
        else:
            total = total * value
    return total, largest


def spherical_harmonic_energy(theta, degree):
    # associated Legendre functions in a triangle of a 2-D array
    n = degree + 1
    p = np.zeros((n, n))
    c, s = math.cos(theta), math.sin(theta)
    p[0, 0] = 1.0
    for m in range(1, n):
        p[m, m] = -(2.0 * m - 1.0) * s * p[m - 1, m - 1]
    for m in range(n - 1):
        p[m + 1, m] = (2.0 * m + 1.0) * c * p[m, m]
        for k in range(m + 2, n):
            p[k, m] = ((2.0 * k - 1.0) * c * p[k - 1, m] - (k + m - 1.0) * p[k - 2, m]) / (k - m)
    energy = 0.0
    for k in range(n):
        for m in range(k + 1):
            energy += p[k, m] ** 2 / (1.0 + k + m) ** 4
    return energy


def skew_normal_mixture(x, shapes):
    """scipy.special on arrays and on numbers."""
    n = len(shapes)
    density = np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi)
    total = np.zeros(len(x))
    for k in range(n):
        skewed = 2.0 * density * scipy.special.ndtr(shapes[k] * x)
        total += skewed / n
    score = 0.0
    for i in range(len(x)):
        if total[i] > 1e-10:
            score += np.log(total[i])
    score -= scipy.special.gammaln(shapes[0] + 2.0)
    return score + scipy.special.expit(shapes[n - 1])


def probit_ladder(centre, width, n):
    """Differences of a distribution function between fixed steps, skipping the first."""
    total = 0.0
    previous = 0.0
    for k in range(n):
        z = (k - centre) / width
        value = scipy.special.ndtr(z) - 0.1 * scipy.special.erf(2.0 * z)
        if k == 0:
            previous = value
            continue
        total += (value - previous) ** 2
        previous = value
    return total + scipy.special.gammaln(width + 1.0)


def distance_through_origin(x, y):
    """sqrt(x**2) at 0, and a hypotenuse whose two sides vanish together."""
    near = math.sqrt(x**2)
    total = 0.0
    for k in range(3):
        step = math.sqrt((x * k) ** 2 + x**2)
        if k == 1:
            total += y * step
        else:
            total -= 0.5 * step
    total += near * y
    return total + y * y


def tied_maximum(x):
    # the largest two are equal: ties are split
    top = np.max(x)
    bottom = np.min(x)
    spread = top - bottom
    total = 0.0
    for i in range(len(x)):
        if x[i] == top:
            total += 2.0 * x[i]
        elif x[i] == bottom:
            total -= x[i]
        total += np.maximum(x[i], x[0])
    return total * spread


def powers_at_zero(x, y):
    """x**0 and 0**y in one sum, an absolute value at 0, and a hypotenuse of one side."""
    total = y
    for k in range(4):
        term = x**k
        total += term * y
        if k == 2:
            total += abs(x) * y
    if x == 0.0:
        total += math.sqrt(x * x + y * y)
    else:
        total = total / x
    total *= 1.0 + x**y
    return total


PROGRAMS = [
    Program(
        error_function, (-0.7,), traits("scalar, math, data-dependent"), "Abramowitz & Stegun 7.1.26: error function"
    ),
    Program(
        stirling_log_gamma,
        (-1.3,),
        traits("scalar, math, data-dependent, divides"),
        "Abramowitz & Stegun 6.1.17 and 6.1.41: gamma function",
    ),
    Program(
        digamma, (1.7,), traits("scalar, math, data-dependent, divides"), "Abramowitz & Stegun 6.3.5 and 6.3.18: psi"
    ),
    Program(
        incomplete_gamma_pair,
        (2.4, 1.5),
        traits("scalar, math, helpers, data-dependent, divides"),
        "Press et al., Numerical Recipes 6.2: incomplete gamma function",
    ),
    Program(
        bessel_j0,
        (3.1,),
        traits("scalar, math, data-dependent"),
        "Abramowitz & Stegun 9.1.12 and 9.2.5: Bessel function",
    ),
    Program(lambert_w, (2.2,), traits("scalar, math, data-dependent, divides"), "Corless et al. 1996: Lambert's W"),
    Program(
        carlson_rf,
        (1.2, 0.5, 2.0),
        traits("scalar, math, data-dependent, divides, integer result"),
        "Carlson 1979: elliptic integral by duplication",
    ),
    Program(
        riemann_zeta,
        (2.7, 8),
        traits("scalar, integer argument"),
        "Edwards, Riemann's Zeta Function 6.4: Euler-Maclaurin",
    ),
    Program(
        dilogarithms,
        (0.8, 1.1),
        traits("scalar, math, helpers, data-dependent"),
        "Lewin, Polylogarithms and Associated Functions 1: dilogarithm",
    ),
    Program(
        spherical_harmonic_energy,
        (0.9, 4),
        traits("scalar, math, fresh, stores, integer argument"),
        "Press et al., Numerical Recipes 6.7: associated Legendre functions",
    ),
    Program(
        skew_normal_mixture,
        (np.array([-0.8, 0.2, 1.4]), np.array([1.5, -0.6])),
        traits("array, fresh, stores, special, data-dependent"),
        "Azzalini 1985: skew normal",
    ),
    Program(probit_ladder, (1.3, 0.9, 5), traits("scalar, special, divides, integer argument")),
    Program(distance_through_origin, (0.0, 1.3), traits("scalar, math, singular")),
    Program(tied_maximum, (np.array([0.4, 1.7, -0.3, 1.7]),), traits("array, singular, data-dependent")),
    Program(powers_at_zero, (0.0, 1.6), traits("scalar, math, singular, data-dependent")),
]

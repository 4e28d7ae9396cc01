"""Integrals: fixed, adaptive, recursive, and by integers."""

import math

import numpy as np

from programs.program import Program, traits


def _bump(x, sharpness):
    return 1.0 / (1.0 + sharpness * x * x)


def _wave(x, frequency):
    return math.sin(frequency * x) * math.exp(-x)


def simpson_of(a, b, parameter, n, f):
    """Takes the integrand as an argument."""
    h = (b - a) / n
    total = f(a, parameter) + f(b, parameter)
    for i in range(1, n, 2):
        total += 4.0 * f(a + i * h, parameter)
    for i in range(2, n, 2):
        total += 2.0 * f(a + i * h, parameter)
    result = total * h / 3.0
    if b < a:
        result = -result
    elif b == a:
        return 0.0
    return result


def _simpson_or_split(f, a, b, fa, fm, fb, whole, parameter, tolerance, depth):
    m = 0.5 * (a + b)
    h = b - a
    fl = f(0.5 * (a + m), parameter)
    fr = f(0.5 * (m + b), parameter)
    left = h / 12.0 * (fa + 4.0 * fl + fm)
    right = h / 12.0 * (fm + 4.0 * fr + fb)
    error = left + right - whole
    if depth == 0 or abs(error) < 15.0 * tolerance:
        return left + right + error / 15.0
    below = _simpson_or_split(f, a, m, fa, fl, fm, left, parameter, 0.5 * tolerance, depth - 1)
    above = _simpson_or_split(f, m, b, fm, fr, fb, right, parameter, 0.5 * tolerance, depth - 1)
    return below + above


def adaptive_simpson(a, b, sharpness):
    """Splits where the estimate is not good enough, by recursion, of two integrands."""
    total = 0.0
    weight = 1.0
    for k in range(2):
        lo, hi = a - k, b + k
        fa, fm, fb = _bump(lo, sharpness), _bump(0.5 * (lo + hi), sharpness), _bump(hi, sharpness)
        whole = (hi - lo) / 6.0 * (fa + 4.0 * fm + fb)
        part = _simpson_or_split(_bump, lo, hi, fa, fm, fb, whole, sharpness, 1e-6, 12)
        if part < 0.0:
            break
        total += weight * part
        weight *= 0.5
    return total


def stacked_quadrature(a, b, frequency):
    """The same by a stack kept in arrays: pushed to and popped from as the data say."""
    left = np.zeros(64)
    right = np.zeros(64)
    left[0] = a
    right[0] = b
    size = 1
    total = 0.0
    pieces = 0
    while size > 0:
        size -= 1
        lo = left[size]
        hi = right[size]
        mid = 0.5 * (lo + hi)
        f0, f1, f2 = _wave(lo, frequency), _wave(mid, frequency), _wave(hi, frequency)
        q1, q3 = _wave(0.5 * (lo + mid), frequency), _wave(0.5 * (mid + hi), frequency)
        coarse = (hi - lo) / 6.0 * (f0 + 4.0 * f1 + f2)
        fine = (hi - lo) / 12.0 * (f0 + 4.0 * q1 + 2.0 * f1 + 4.0 * q3 + f2)
        if abs(fine - coarse) > 1e-5 and size < 60:
            # the slot just popped is written again
            left[size] = lo
            right[size] = mid
            left[size + 1] = mid
            right[size + 1] = hi
            size += 2
            continue
        total += fine
        pieces += 1
    return total, pieces


def romberg(a, b, n):
    """One row of the triangle, refined in place from its end."""
    row = np.zeros(n)
    h = b - a
    row[0] = 0.5 * h * (math.exp(-a * a) + math.exp(-b * b))
    for k in range(1, n):
        h *= 0.5
        fresh = 0.0
        for i in range(1, 2**k, 2):
            x = a + i * h
            fresh += math.exp(-x * x)
        old = row[0]
        row[0] = 0.5 * old + h * fresh
        for j in range(1, k + 1):
            older = row[j]
            row[j] = row[j - 1] + (row[j - 1] - old) / (4.0**j - 1.0)
            old = older
    return row[n - 1]


def gauss_legendre(a, b, n):
    """The nodes by Newton in a loop for each pair of roots: constants, found by iteration."""
    total = 0.0
    half = 0.5 * (b - a)
    centre = 0.5 * (a + b)
    for i in range((n + 1) // 2):
        z = math.cos(math.pi * (i + 0.75) / (n + 0.5))
        step = 1.0
        slope = 1.0
        while abs(step) > 1e-9:
            before, now = 0.0, 1.0
            for j in range(n):
                before, now = now, ((2 * j + 1) * z * now - j * before) / (j + 1)
            slope = n * (z * now - before) / (z * z - 1.0)
            step = now / slope
            z -= step
        weight = 2.0 * half / ((1.0 - z * z) * slope * slope)
        if 2 * i + 1 == n:
            total += weight * math.log(centre)
            break
        total += weight * (math.log(centre + half * z) + math.log(centre - half * z))
    return total


def tanh_sinh(power, h):
    """An integrand with a singular end; terms in both directions until they are small."""
    total = 0.0
    for side in (1.0, -1.0):
        k = 0 if side > 0.0 else 1
        while True:
            t = side * k * h
            u = 0.5 * math.pi * math.sinh(t)
            if abs(u) > 40.0:
                break
            # 1 - x at the right, x at the left, so that neither cancels
            x = 1.0 / (1.0 + math.exp(-2.0 * u))
            weight = 0.25 * math.pi * math.cosh(t) / math.cosh(u) ** 2
            term = weight * x**power
            total += term
            if k > 3 and term < 1e-13 * total:
                break
            k += 1
    return total * h


def halton_average(x, y, n):
    """A low-discrepancy sum: the digits of integers in bases 2 and 3, in a nested while."""
    total = 0.0
    for i in range(1, n + 1):
        coordinates = 0.0
        for base in (2, 3):
            k = i
            fraction = 1.0
            point = 0.0
            while k > 0:
                fraction /= base
                point += fraction * (k % base)
                k //= base
            coordinates += point * (x if base == 2 else y)
        total += math.exp(-coordinates * coordinates)
    return total / n


PROGRAMS = [
    Program(
        simpson_of,
        (0.2, 2.1, 1.7, 10, _wave),
        traits("scalar, math, function argument, data-dependent, integer argument"),
        "Abramowitz & Stegun 25.4.6: Simpson's rule",
    ),
    Program(
        adaptive_simpson,
        (-1.0, 2.0, 9.0),
        traits("scalar, recursive, helpers, function argument, data-dependent"),
        "Lyness 1969: adaptive Simpson",
    ),
    Program(
        stacked_quadrature,
        (0.0, 3.0, 4.3),
        traits("scalar, math, fresh, stores, helpers, data-dependent, integer result"),
        "Davis & Rabinowitz, Methods of Numerical Integration 6: adaptive integration",
    ),
    Program(
        romberg,
        (0.1, 1.4, 5),
        traits("scalar, math, fresh, stores, integer argument"),
        "Press et al., Numerical Recipes 4.3: Romberg",
    ),
    Program(
        gauss_legendre,
        (0.8, 2.5, 7),
        traits("scalar, math, integer argument"),
        "Press et al., Numerical Recipes 4.6: Gauss-Legendre nodes",
    ),
    Program(tanh_sinh, (-0.4, 0.2), traits("scalar, math, data-dependent"), "Takahasi & Mori 1974: double exponential"),
    Program(halton_average, (0.9, 1.4, 20), traits("scalar, math, integer argument"), "Halton 1960"),
]

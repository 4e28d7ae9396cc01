"""Programs of numbers, each with arguments of which the first ones vary. Written as users write them."""

import math

import numpy as np
import scipy.special as sp

GRAVITY = 9.81
COEFFICIENTS = (1.0, -0.5, 0.25)


def logistic(r, n=50):
    x = 0.5
    for _ in range(n):
        x = r * x * (1 - x)
    return x


def newton(a):
    x = a
    while abs(x * x - a) > 1e-12 * a:
        x = 0.5 * (x + a / x)
    return x


def escape(x, y):
    zx, zy, n = 0.0, 0.0, 0
    while zx * zx + zy * zy < 4.0 and n < 40:
        zx, zy = zx * zx - zy * zy + x, 2 * zx * zy + y
        n += 1
    return zx, zy, n


def agm(x, y):
    for _ in range(6):
        x, y = 0.5 * (x + y), math.sqrt(x * y)
    return x


def lorenz(s, r):
    x, y, z = 1.0, 1.0, 1.0
    for _ in range(100):
        dx, dy, dz = s * (y - x), x * (r - z) - y, x * y - 8.0 / 3.0 * z
        x, y, z = x + 0.001 * dx, y + 0.001 * dy, z + 0.001 * dz
    return x, y, z


def branches(x):
    if x > 1.0:
        return x * x
    elif x > 0.0:
        return 3.0 * x - 1.0
    return -x


def unstable(x, flag):
    y = 1.0
    if flag > 0:
        y = x * 2.0
    return y + 1.0 + 0.0 * x


def early(x):
    total = 0.0
    for i in range(100):
        total += x / (i + 1)
        if total > 3.0:
            return total
        if i % 2:
            continue
        total *= 1.01
    return total


def broken(x):
    i, y = 0, x
    while True:
        y = y * 0.7 + math.sin(y)
        i += 1
        if i > 7 or y < 0.1:
            break
    return y, i


def horner(x):
    total = 0.0
    for c in COEFFICIENTS:
        total = total * x + c
    return total


def elementary(x):
    y = math.exp(-x) + math.log(1 + x) * math.cos(x) - math.tan(0.3 * x) ** 2
    return np.tanh(y) + np.arctan(x) + np.sinh(0.1 * x) * np.cosh(x / 3) + np.log1p(x) - np.expm1(0.1 * x)


def special(x):
    return sp.erf(x) + sp.gammaln(x + 1.0) + sp.expit(x) * sp.ndtr(x) + sp.digamma(x) + sp.xlogy(x, x) + math.erfc(x)


def powers(x):
    return x**2, x**3, x**-1, x**0.5, 2.0**x, x**x, pow(x, 2.5), x**0


def piecewise(x, y):
    return (
        np.maximum(x, y),
        np.minimum(x, 1.0),
        abs(-x),
        np.where(x > y, x, y * y),
        np.floor(x),
        np.sign(y),
        np.minimum(np.maximum(x, 0.0), 1.0),
    )


def divided(x, y):
    return x // y, x % y, np.hypot(x, y), np.arctan2(x, y), math.atan2(y, x), x / y


def square(x):
    return x * x


def twice(f, x):
    return f(f(x))


def calls(x):
    return square(x) + twice(square, x) + helper(x, scale=0.5) + helper(x, 0.25)


def helper(x, scale=2.0, shift=1.0):
    return scale * x + shift + GRAVITY


def defaults(x, n=3, *, scale=2.0):
    y = x
    for _ in range(n):
        y = y * scale
    return y


def pendulum(angle, length):
    omega, t = 0.0, 0.0
    while t < 0.5:
        omega -= GRAVITY / length * math.sin(angle) * 0.01
        angle += omega * 0.01
        t += 0.01
    return angle, omega


def factorial_like(x, n=4):
    if n == 0:
        return x * 0.0 + 1.0
    return x * factorial_like(x, n - 1)


def collatz(x):
    n, steps = 27, 0
    while n != 1 and steps < 20:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return x * n + steps


def tuples(x, y):
    pair = (x, y)
    a, b = pair
    swapped = b, a
    return swapped[0] - swapped[1], (pair, a * b)


def comparisons(x, y):
    n = 0
    if x < y <= 2.0:
        n += 1
    if not x == y and (x != 0.0 or y >= 1.0):  # noqa: SIM201
        n += 2
    return n, x > y, max(x, y), min(x, y, 1.0)


def simpson(a, b):
    def f(t):
        return math.exp(-t * t)

    n = 20
    h = (b - a) / n
    total = f(a) + f(b)
    for i in range(1, n):
        total += (4.0 if i % 2 else 2.0) * f(a + i * h)
    return total * h / 3.0


def bisect(c):
    lo, hi = 0.0, 3.0
    while hi - lo > 1e-6:
        mid = 0.5 * (lo + hi)
        if mid**3 - c > 0.0:
            hi = mid
        else:
            lo = mid
    return lo - (lo**3 - c) / (3.0 * lo**2)


def integers(x):
    y = 1
    for i in range(5):
        y = y * x + i
    return y


def listed(x):
    terms = []
    for i in range(5):
        terms.append(x**i)
    held = [0.0] * 5
    for i, term in enumerate(terms):
        held[i] = term * 2.0
    total = 0.0
    for term in held:
        total += term
    return total


PROGRAMS = [
    # (program, the varying arguments, the others)
    (logistic, (3.2,), ()),
    (logistic, (3.2,), (20,)),
    (newton, (2.0,), ()),
    (escape, (0.3, 0.4), ()),
    (agm, (1.0, 2.5), ()),
    (lorenz, (10.0, 28.0), ()),
    (branches, (1.5,), ()),
    (branches, (0.5,), ()),
    (branches, (-0.5,), ()),
    (unstable, (1.5,), (1,)),
    (unstable, (1.5,), (0,)),
    (early, (1.3,), ()),
    (broken, (1.3,), ()),
    (horner, (0.7,), ()),
    (elementary, (0.8,), ()),
    (special, (0.8,), ()),
    (powers, (1.7,), ()),
    (piecewise, (1.2, 0.4), ()),
    (piecewise, (0.6, 0.6), ()),
    (divided, (5.5, 2.2), ()),
    (calls, (1.1,), ()),
    (defaults, (1.1,), ()),
    (pendulum, (0.4, 1.0), ()),
    (factorial_like, (1.3,), ()),
    (collatz, (1.3,), ()),
    (tuples, (1.3, 0.2), ()),
    (comparisons, (0.5, 1.5), ()),
    (simpson, (0.0, 1.0), ()),
    (bisect, (2.0,), ()),
    (integers, (1.1,), ()),
    (listed, (1.1,), ()),
]

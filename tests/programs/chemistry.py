"""Equations of state, equilibria and kinetics."""

import math

import numpy as np

from programs.program import Program, traits


def _cubic_root(b, c, d, largest):
    """A real root of z³ + b z² + c z + d: the only one, or an outer one of three."""
    p = c - b * b / 3.0
    q = 2.0 * b**3 / 27.0 - b * c / 3.0 + d
    discriminant = q * q / 4.0 + p**3 / 27.0
    if discriminant > 0.0:
        root = math.sqrt(discriminant)
        u = -0.5 * q + root
        v = -0.5 * q - root
        u = u ** (1.0 / 3.0) if u > 0.0 else -((-u) ** (1.0 / 3.0))
        v = v ** (1.0 / 3.0) if v > 0.0 else -((-v) ** (1.0 / 3.0))
        return u + v - b / 3.0
    angle = math.acos(-0.5 * q / math.sqrt(-(p**3) / 27.0)) / 3.0
    if not largest:
        angle += 2.0 * math.pi / 3.0
    return 2.0 * math.sqrt(-p / 3.0) * math.cos(angle) - b / 3.0


def peng_robinson(temperature, pressure):
    """Compressibility and fugacity of carbon dioxide, as liquid and as vapour, by Cardano's formulas."""
    tr = temperature / 304.2
    kappa = 0.37464 + 1.54226 * 0.225 - 0.26992 * 0.225**2
    alpha = (1.0 + kappa * (1.0 - math.sqrt(tr))) ** 2
    A = 0.45724 * alpha * pressure / 73.8 / tr**2
    B = 0.0778 * pressure / 73.8 / tr
    total = 0.0
    for phase in range(2):
        z = _cubic_root(B - 1.0, A - 3.0 * B * B - 2.0 * B, B**3 + B * B - A * B, phase == 1)
        if z <= B:
            continue
        tail = math.log((z + 2.41421356 * B) / (z - 0.41421356 * B))
        fugacity = z - 1.0 - math.log(z - B) - A / (2.82842712 * B) * tail
        total = total - fugacity if phase == 0 else total + fugacity
    return total


def robertson(k1, k2, k3, n):
    """Implicit Euler with growing steps on the stiff reaction; Newton on the two free concentrations."""
    a, b = 1.0, 0.0
    h = 1e-3
    for _ in range(n):
        x, y = a, b
        change = 1.0
        while change > 1e-9:
            c = 1.0 - x - y
            f = x - a - h * (-k1 * x + k3 * y * c)
            g = y - b - h * (k1 * x - k3 * y * c - k2 * y * y)
            fx = 1.0 + h * (k1 + k3 * y)
            fy = -h * k3 * (c - y)
            gx = -h * (k1 + k3 * y)
            gy = 1.0 + h * (k3 * (c - y) + 2.0 * k2 * y)
            determinant = fx * gy - fy * gx
            dx = (gy * f - fy * g) / determinant
            dy = (fx * g - gx * f) / determinant
            x -= dx
            y -= dy
            change = abs(dx) + abs(dy)
        a, b = x, y
        h *= 1.5
    return a, 1e4 * b


def buffer_ph(acid, base, pka):
    """The charge balance of a weak acid and its salt: bracketed by halves, then Newton."""
    k = 10.0**-pka
    lo, hi = 0.0, 14.0
    while hi - lo > 1e-3:
        ph = 0.5 * (lo + hi)
        h = 10.0**-ph
        charge = h + base - 1e-14 / h - (acid + base) * k / (k + h)
        if charge > 0.0:
            lo = ph
        else:
            hi = ph
    h = 10.0 ** (-0.5 * (lo + hi))
    for _ in range(5):
        charge = h + base - 1e-14 / h - (acid + base) * k / (k + h)
        h -= charge / (1.0 + 1e-14 / (h * h) + (acid + base) * k / (k + h) ** 2)
    return -math.log10(h)


def rachford_rice(feed, ratios):
    """The vapour share of a flash, kept within its bounds; nothing to do outside the two-phase region."""
    bubble = 0.0
    dew = 0.0
    for i in range(len(feed)):
        bubble += feed[i] * ratios[i]
        dew += feed[i] / ratios[i]
    if bubble <= 1.0:
        return 0.0 * bubble
    if dew <= 1.0:
        return 1.0 + 0.0 * dew
    share = 0.5
    step = 1.0
    while abs(step) > 1e-8:
        value = 0.0
        slope = 0.0
        for i in range(len(feed)):
            term = (ratios[i] - 1.0) / (1.0 + share * (ratios[i] - 1.0))
            value += feed[i] * term
            slope -= feed[i] * term * term
        step = value / slope
        share -= step
        if share < 0.0 or share > 1.0:
            share = 0.5 * (share + step)
    return share


def lennard_jones(positions, cutoff):
    """Energy of a cluster: pairs beyond the cut are skipped, the others shifted."""
    n = positions.shape[0]
    inverse = 1.0 / cutoff**6
    shift = 4.0 * (inverse * inverse - inverse)
    energy = 0.0
    pairs = 0
    for i in range(n):
        for j in range(i):
            square = 0.0
            for k in range(3):
                difference = positions[i, k] - positions[j, k]
                square += difference * difference
            if square >= cutoff * cutoff:
                continue
            inverse = 1.0 / (square * square * square)
            energy += 4.0 * (inverse * inverse - inverse) - shift
            pairs += 1
    return energy, pairs


def brusselator(a, b, n):
    """Runge's midpoint on the oscillating reaction, with a count of the turns that it makes."""
    x, y = 1.5, 3.0
    h = 0.05
    rising = True
    turns = 0
    for _ in range(n):
        xm = x + 0.5 * h * (a + x * x * y - (b + 1.0) * x)
        ym = y + 0.5 * h * (b * x - x * x * y)
        dx = a + xm * xm * ym - (b + 1.0) * xm
        dy = b * xm - xm * xm * ym
        if (dx > 0.0) != rising:
            rising = not rising
            turns += 1
        x += h * dx
        y += h * dy
    return x, y, turns


def bubble_temperature(x, pressure):
    """Three components by Antoine's equation, Raoult's law and Newton."""
    A = (4.42448, 4.01814, 4.07827)
    B = (1312.253, 1203.835, 1343.943)
    C = (-32.445, -53.226, -53.773)
    temperature = 350.0
    residual = 1.0
    while abs(residual) > 1e-8:
        residual = -pressure
        slope = 0.0
        for i in range(3):
            reduced = temperature + C[i]
            partial = x[i] * 10.0 ** (A[i] - B[i] / reduced)
            residual += partial
            slope += partial * B[i] * math.log(10.0) / reduced**2
        temperature -= residual / slope
    return temperature


PROGRAMS = [
    Program(
        peng_robinson,
        (270.0, 30.0),
        traits("scalar, math, helpers, data-dependent, divides"),
        "Peng & Robinson 1976; roots by Cardano 1545",
    ),
    Program(
        robertson,
        (0.04, 3e7, 1e4, 16),
        traits("scalar, data-dependent, integer argument"),
        "Hairer & Wanner, Solving Ordinary Differential Equations II, IV.1: Robertson's reaction",
    ),
    Program(
        buffer_ph,
        (0.1, 0.06, 4.76),
        traits("scalar, math, data-dependent, divides"),
        "Butler, Ionic Equilibrium 4: weak acids and buffers",
    ),
    Program(
        rachford_rice,
        (np.array([0.3, 0.45, 0.25]), np.array([2.6, 1.1, 0.35])),
        traits("array, data-dependent, divides"),
        "Rachford & Rice 1952: flash",
    ),
    Program(
        lennard_jones,
        (np.array([[0.0, 0.1, 0.0], [1.1, 0.0, 0.2], [0.4, 1.2, -0.1], [0.5, 0.4, 1.3], [2.9, 2.0, 0.3]]), 2.5),
        traits("array, data-dependent, divides, integer result"),
        "Allen & Tildesley, Computer Simulation of Liquids 1: Lennard-Jones",
    ),
    Program(
        brusselator,
        (1.0, 3.0, 90),
        traits("scalar, data-dependent, integer argument, integer result"),
        "Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I, I.16: Brusselator",
    ),
    Program(
        bubble_temperature,
        (np.array([0.3, 0.4, 0.3]), 1.01325),
        traits("array, math, data-dependent, divides"),
        "Reid, Prausnitz & Poling, The Properties of Gases and Liquids 7: Antoine",
    ),
]

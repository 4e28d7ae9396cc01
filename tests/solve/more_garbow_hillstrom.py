"""Problems of Moré, Garbow and Hillstrom, "Testing unconstrained optimization software", ACM TOMS 7 (1981).

Residuals, standard starting points and minima of their sums of squares, as printed there; numbers are theirs.
"""

import numpy as np


class Problem:
    """Residuals ``f`` of an array, where to start, and the minimum of the sum of their squares."""

    def __init__(self, number, name, f, x0, minima, at=None):
        self.number, self.name, self.f, self.x0 = number, name, f, np.array(x0, float)
        self.minima = (minima,) if isinstance(minima, float) else minima
        self.at = None if at is None else np.array(at)

    def sum_of_squares(self, x):
        return np.sum(self.f(x) ** 2)

    def __repr__(self):
        return f"{self.number} {self.name}"


def rosenbrock(x):
    return np.stack([10.0 * (x[1] - x[0] ** 2), 1.0 - x[0]])


def freudenstein_roth(x):
    return np.stack(
        [-13.0 + x[0] + ((5.0 - x[1]) * x[1] - 2.0) * x[1], -29.0 + x[0] + ((x[1] + 1.0) * x[1] - 14.0) * x[1]]
    )


def powell_badly_scaled(x):
    return np.stack([1e4 * x[0] * x[1] - 1.0, np.exp(-x[0]) + np.exp(-x[1]) - 1.0001])


def brown_badly_scaled(x):
    return np.stack([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2.0])


def beale(x):
    i = np.arange(1, 4)
    return np.array([1.5, 2.25, 2.625]) - x[0] * (1.0 - x[1] ** i)


def jennrich_sampson(x):
    i = np.arange(1, 11)
    return 2.0 + 2.0 * i - (np.exp(i * x[0]) + np.exp(i * x[1]))


def helical_valley(x):
    turns = np.arctan2(x[1], x[0]) / (2.0 * np.pi)
    return np.stack([10.0 * (x[2] - 10.0 * turns), 10.0 * (np.hypot(x[0], x[1]) - 1.0), x[2]])


BARD = np.array([0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39])


def bard(x):
    u = np.arange(1.0, 16.0)
    v = 16.0 - u
    return BARD - (x[0] + u / (v * x[1] + np.minimum(u, v) * x[2]))


GAUSS = np.array([0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989])


def gaussian(x):
    t = (8.0 - np.arange(1, 16)) / 2.0
    return x[0] * np.exp(-x[1] * (t - x[2]) ** 2 / 2.0) - np.concatenate([GAUSS, GAUSS[-2::-1]])


MEYER = np.array(
    [34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872], float
)


def meyer(x):
    t = 45.0 + 5.0 * np.arange(1, 17)
    return x[0] * np.exp(x[1] / (t + x[2])) - MEYER


def box(x):
    t = 0.1 * np.arange(1, 11)
    return np.exp(-t * x[0]) - np.exp(-t * x[1]) - x[2] * (np.exp(-t) - np.exp(-10.0 * t))


def powell_singular(x):
    return np.stack(
        [
            x[0] + 10.0 * x[1],
            np.sqrt(5.0) * (x[2] - x[3]),
            (x[1] - 2.0 * x[2]) ** 2,
            np.sqrt(10.0) * (x[0] - x[3]) ** 2,
        ]
    )


def wood(x):
    return np.stack(
        [
            10.0 * (x[1] - x[0] ** 2),
            1.0 - x[0],
            np.sqrt(90.0) * (x[3] - x[2] ** 2),
            1.0 - x[2],
            np.sqrt(10.0) * (x[1] + x[3] - 2.0),
            (x[1] - x[3]) / np.sqrt(10.0),
        ]
    )


KOWALIK = np.array([0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246])
OSBORNE_U = np.array([4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625])


def kowalik_osborne(x):
    u = OSBORNE_U
    return KOWALIK - x[0] * (u**2 + u * x[1]) / (u**2 + u * x[2] + x[3])


def brown_dennis(x):
    t = np.arange(1, 21) / 5.0
    return (x[0] + t * x[1] - np.exp(t)) ** 2 + (x[2] + x[3] * np.sin(t) - np.cos(t)) ** 2


OSBORNE = np.array(
    [
        0.844,
        0.908,
        0.932,
        0.936,
        0.925,
        0.908,
        0.881,
        0.850,
        0.818,
        0.784,
        0.751,
        0.718,
        0.685,
        0.658,
        0.628,
        0.603,
        0.580,
        0.558,
        0.538,
        0.522,
        0.506,
        0.490,
        0.478,
        0.467,
        0.457,
        0.448,
        0.438,
        0.431,
        0.424,
        0.420,
        0.414,
        0.411,
        0.406,
    ]
)


def osborne_1(x):
    t = 10.0 * np.arange(33)
    return OSBORNE - (x[0] + x[1] * np.exp(-t * x[3]) + x[2] * np.exp(-t * x[4]))


def biggs_exp6(x):
    t = 0.1 * np.arange(1, 14)
    y = np.exp(-t) - 5.0 * np.exp(-10.0 * t) + 3.0 * np.exp(-4.0 * t)
    return x[2] * np.exp(-t * x[0]) - x[3] * np.exp(-t * x[1]) + x[5] * np.exp(-t * x[4]) - y


def watson(x):
    n = x.size
    t = np.arange(1, 30)[:, None] / 29.0
    j = np.arange(1, n + 1)
    slopes = (j - 1) * t ** np.maximum(j - 2, 0)
    inner = slopes @ x - (t ** (j - 1) @ x) ** 2 - 1.0
    return np.concatenate([inner, np.stack([x[0], x[1] - x[0] ** 2 - 1.0])])


def extended_rosenbrock(x):
    return np.concatenate([10.0 * (x[1::2] - x[::2] ** 2), 1.0 - x[::2]])


def extended_powell_singular(x):
    a, b, c, d = x[::4], x[1::4], x[2::4], x[3::4]
    return np.concatenate([a + 10.0 * b, np.sqrt(5.0) * (c - d), (b - 2.0 * c) ** 2, np.sqrt(10.0) * (a - d) ** 2])


def penalty_1(x):
    return np.concatenate([np.sqrt(1e-5) * (x - 1.0), np.stack([np.sum(x**2) - 0.25])])


def penalty_2(x):
    n, a = x.size, np.sqrt(1e-5)
    i = np.arange(2, n + 1)
    y = np.exp(i / 10.0) + np.exp((i - 1) / 10.0)
    weights = n - np.arange(n)
    return np.concatenate(
        [
            np.stack([x[0] - 0.2]),
            a * (np.exp(x[1:] / 10.0) + np.exp(x[:-1] / 10.0) - y),
            a * (np.exp(x[1:] / 10.0) - np.exp(-0.1)),
            np.stack([np.sum(weights * x**2) - 1.0]),
        ]
    )


def variably_dimensioned(x):
    weighted = np.sum(np.arange(1, x.size + 1) * (x - 1.0))
    return np.concatenate([x - 1.0, np.stack([weighted, weighted**2])])


def trigonometric(x):
    n = x.size
    return n - np.sum(np.cos(x)) + np.arange(1, n + 1) * (1.0 - np.cos(x)) - np.sin(x)


def brown_almost_linear(x):
    n = x.size
    return np.concatenate([x[:-1] + np.sum(x) - (n + 1.0), np.stack([np.prod(x) - 1.0])])


def with_zero_ends(x):
    return np.concatenate([np.zeros(1), x, np.zeros(1)])


def discrete_boundary_value(x):
    n = x.size
    h, y = 1.0 / (n + 1), with_zero_ends(x)
    t = h * np.arange(1, n + 1)
    return 2.0 * x - y[:-2] - y[2:] + h**2 * (x + t + 1.0) ** 3 / 2.0


def discrete_integral_equation(x):
    n = x.size
    h = 1.0 / (n + 1)
    t = h * np.arange(1, n + 1)
    cubes = (x + t + 1.0) ** 3
    lower = np.cumsum(t * cubes)
    from_above = np.sum((1.0 - t) * cubes) - np.cumsum((1.0 - t) * cubes)
    return x + h * ((1.0 - t) * lower + t * from_above) / 2.0


def broyden_tridiagonal(x):
    y = with_zero_ends(x)
    return (3.0 - 2.0 * x) * x - y[:-2] - 2.0 * y[2:] + 1.0


def broyden_banded(x):
    n = x.size
    i, j = np.arange(n)[:, None], np.arange(n)
    band = ((j != i) & (j >= i - 5) & (j <= i + 1)).astype(float)
    return x * (2.0 + 5.0 * x**2) + 1.0 - band @ (x * (1.0 + x))


GRID = np.arange(1, 11) / 11.0

PROBLEMS = [
    Problem(1, "Rosenbrock", rosenbrock, [-1.2, 1.0], 0.0, [1.0, 1.0]),
    Problem(2, "Freudenstein and Roth", freudenstein_roth, [0.5, -2.0], (0.0, 48.9842)),
    Problem(3, "Powell badly scaled", powell_badly_scaled, [0.0, 1.0], 0.0, [1.098e-5, 9.106]),
    Problem(4, "Brown badly scaled", brown_badly_scaled, [1.0, 1.0], 0.0, [1e6, 2e-6]),
    Problem(5, "Beale", beale, [1.0, 1.0], 0.0, [3.0, 0.5]),
    Problem(6, "Jennrich and Sampson", jennrich_sampson, [0.3, 0.4], 124.362, [0.2578, 0.2578]),
    Problem(7, "helical valley", helical_valley, [-1.0, 0.0, 0.0], 0.0, [1.0, 0.0, 0.0]),
    Problem(8, "Bard", bard, [1.0, 1.0, 1.0], 8.21487e-3),
    Problem(9, "Gaussian", gaussian, [0.4, 1.0, 0.0], 1.12793e-8),
    Problem(10, "Meyer", meyer, [0.02, 4000.0, 250.0], 87.9458),
    Problem(12, "Box", box, [0.0, 10.0, 20.0], 0.0),
    Problem(13, "Powell singular", powell_singular, [3.0, -1.0, 0.0, 1.0], 0.0),
    Problem(14, "Wood", wood, [-3.0, -1.0, -3.0, -1.0], 0.0, [1.0] * 4),
    Problem(15, "Kowalik and Osborne", kowalik_osborne, [0.25, 0.39, 0.415, 0.39], 3.07505e-4),
    Problem(16, "Brown and Dennis", brown_dennis, [25.0, 5.0, -5.0, -1.0], 85822.2),
    Problem(17, "Osborne 1", osborne_1, [0.5, 1.5, -1.0, 0.01, 0.02], 5.46489e-5),
    Problem(18, "Biggs EXP6", biggs_exp6, [1.0, 2.0, 1.0, 1.0, 1.0, 1.0], (0.0, 5.65565e-3)),
    Problem(20, "Watson, 6", watson, np.zeros(6), 2.28767e-3),
    Problem(20, "Watson, 9", watson, np.zeros(9), 1.39976e-6),
    Problem(21, "extended Rosenbrock", extended_rosenbrock, [-1.2, 1.0] * 50, 0.0, [1.0] * 100),
    Problem(22, "extended Powell singular", extended_powell_singular, [3.0, -1.0, 0.0, 1.0] * 15, 0.0),
    Problem(23, "penalty I", penalty_1, [1.0, 2.0, 3.0, 4.0], 2.24997e-5),
    Problem(23, "penalty I, 10", penalty_1, np.arange(1.0, 11.0), 7.08765e-5),
    Problem(24, "penalty II", penalty_2, [0.5] * 4, 9.37629e-6),
    Problem(25, "variably dimensioned", variably_dimensioned, 1.0 - np.arange(1, 11) / 10.0, 0.0, [1.0] * 10),
    Problem(26, "trigonometric", trigonometric, [0.1] * 10, (0.0, 2.79506e-5)),
    Problem(27, "Brown almost-linear", brown_almost_linear, [0.5] * 10, (0.0, 1.0)),
    Problem(28, "discrete boundary value", discrete_boundary_value, GRID * (GRID - 1.0), 0.0),
    Problem(29, "discrete integral equation", discrete_integral_equation, GRID * (GRID - 1.0), 0.0),
    Problem(30, "Broyden tridiagonal", broyden_tridiagonal, [-1.0] * 200, 0.0),
    Problem(31, "Broyden banded", broyden_banded, [-1.0] * 60, 0.0),
]
SQUARE = [
    p for p in PROBLEMS if p.number in (1, 2, 7, 12, 13, 21, 22, 27, 28, 29, 30, 31) and p.f(p.x0).size == p.x0.size
]

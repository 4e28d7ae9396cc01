"""Special functions at points, where SciPy's values are too far off to enclose: the far tails of the normal
distribution and of erfc, expit where it underflows, gammaln near its zeros 1 and 2. All within 3 ulp.
"""

import functools
import importlib
import math
from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from types import ModuleType
from typing import Any

import numpy as np
import scipy.special

from interpretations.intervals import rounding
from interpretations.intervals.rounding import Reals, two_product


def namespace(*operands: Reals) -> ModuleType:
    """`numpy` for scalars too: the functions below need ``where`` and its kin."""
    return np if (found := rounding.namespace(*operands)) is rounding.math else found


def special(name: str) -> Callable[..., Reals]:
    """SciPy's special function of that name, on CuPy arrays cupyx's."""
    on_numpy = getattr(scipy.special, name)

    def function(*operands: Reals) -> Reals:
        xp = namespace(*operands)
        if xp is np:
            return on_numpy(*operands)
        return getattr(importlib.import_module(f"{xp.__name__}x.scipy.special"), name)(*operands)

    return function


# erfcx(x) = exp(x**2) erfc(x), to little more than half an ulp for x >= 1/2: SciPy's has up to 8. It solves
# y' = 2 x y - 2 / sqrt(pi), which gives Taylor's coefficients around each point of a grid.

_GRID = (0.5, 10.0, 8)
"""First and last point, points a unit."""
_DEGREE = 14
_PI_100 = Decimal(
    "3.1415926535897932384626433832795028841971693993751058209749445923078164062862089986280348253421170680"
)


@functools.cache
def _erfcx_table() -> Any:
    """Rows: coefficients 0 to _DEGREE, then what coefficient 0 lost in rounding; a column a point of the grid."""
    first, last, density = _GRID
    with localcontext(prec=100):
        slope = 2 / _PI_100.sqrt()
        columns = []
        for k in range(round((last - first) * density) + 1):
            x = Decimal(first) + Decimal(k) / density
            term = total = x  # sum of 2**n x**(2n + 1) / (2n + 1)!!, DLMF 7.6.2
            n = 0
            while term > total.scaleb(-100):
                n += 1
                term *= 2 * x * x / (2 * n + 1)
                total += term
            a = [(x * x).exp() - slope * total]
            a.append(2 * x * a[0] - slope)
            for n in range(1, _DEGREE):
                a.append((2 * x * a[n] + 2 * a[n - 1]) / (n + 1))
            columns.append([*map(float, a), float(a[0] - Decimal(float(a[0])))])
    return np.array(columns).T.copy()


def _erfcx(x: Reals, low: Reals, correction: Reals) -> Reals:
    """erfcx(x + low) * (1 - correction), both small, for x >= 1/2."""
    xp = namespace(x)
    first, last, density = _GRID
    table = xp.asarray(_erfcx_table())
    near = xp.fmin(xp.fmax(x, first), last)  # a NaN finds its way through `low`
    index = xp.rint((near - first) * density).astype(np.int64)
    h = (near - (first + index / density)) + low
    tail = table[_DEGREE][index]
    for k in range(_DEGREE - 1, 0, -1):
        tail = tail * h + table[k][index]
    head = table[0][index]
    value = head + ((tail * h + table[_DEGREE + 1][index]) - correction * head)
    far = xp.maximum(x, last)
    if (x > last).any():  # DLMF 7.12.1
        step = -0.5 / (far * far)
        series = 0.0 * far
        for n in range(31, 0, -2):
            series = (series + 1.0) * n * step
        leading = 0.5641895835477563 / far
        value = xp.where(x > last, leading + leading * (series - correction - low / far + 1.3591e-17), value)
    return value


def _gaussian_tail(t: Reals, low: Reals, square: tuple[Reals, Reals]) -> Reals:
    """exp(-(p + e)) erfcx(t + low) for t >= 1/2, with (p, e) the exact square of t + low."""
    p, e = square
    return np.exp(-p) * _erfcx(t, low, e)


def erfc(x: Reals) -> Reals:
    xp = namespace(x)
    t = xp.clip(x, 0.5, 30.0)
    return xp.where(x > 0.5, _gaussian_tail(t, 0.0 * t, two_product(t, t)), special("erfc")(x))


_SQRT_HALF = (0.7071067811865476, -4.833646656726457e-17)
_TAIL = -0.7072  # from here down, -x / sqrt(2) > 1/2


def _turned(x: Reals) -> tuple[Reals, Reals]:
    """-x / sqrt(2) in two parts."""
    p, e = two_product(-x, _SQRT_HALF[0])
    return p, e - x * _SQRT_HALF[1]


def ndtr(x: Reals) -> Reals:
    xp = namespace(x)
    t = xp.clip(x, -40.0, _TAIL)
    p, e = two_product(t, t)
    tail = 0.5 * _gaussian_tail(*_turned(t), (0.5 * p, 0.5 * e))
    return xp.where(x < _TAIL, tail, special("ndtr")(x))


def log_ndtr(x: Reals) -> Reals:
    xp = namespace(x)
    t = xp.minimum(x, _TAIL)
    tail = -0.5 * x * x + np.log(0.5 * _erfcx(*_turned(xp.maximum(t, -1e150)), 0.0))
    return xp.where(x < _TAIL, tail, xp.where(x > 0, np.log1p(-ndtr(-x)), np.log(ndtr(x))))


def expit(x: Reals) -> Reals:
    e = np.exp(-abs(x))
    return namespace(x).where(x < 0, e, 1.0) / (1.0 + e)


GAMMA_LEAST = (1.4616321449683622, 1.4616321449683625)
"""Floats around the positive zero of digamma, where gammaln is least."""
GAMMALN_LEAST = -0.12148629053584961
_GAMMA_LEAST_REST, _GAMMALN_LEAST_REST = 9.549995429965697e-17, 3.364991468473138e-18
_ONE_MINUS_EULER = (0.42278433509846713, 4.942915152430645e-18)
_ZETAS = [scipy.special.zetac(k) / k * (-1.0) ** k for k in range(64, 1, -1)]
_CURVATURES = [scipy.special.polygamma(k - 1, GAMMA_LEAST[0]) / math.factorial(k) for k in range(26, 1, -1)]


def _gammaln_near_two(t: Reals) -> Reals:
    """lgamma(2 + t) = (1 - euler) t + sum (zeta(k) - 1) (-t)**k / k (DLMF 5.7.3), the first term exact."""
    head, error = two_product(_ONE_MINUS_EULER[0], t)
    return head + (_horner(_ZETAS, t) * t * t + (error + _ONE_MINUS_EULER[1] * t))


def _gammaln_near_least(t: Reals) -> Reals:
    """Taylor's series around the place of the least value."""
    return GAMMALN_LEAST + (_horner(_CURVATURES, t) * t * t + _GAMMALN_LEAST_REST)


def _horner(coefficients: Sequence[float], t: Reals) -> Reals:
    total = 0.0 * t
    for coefficient in coefficients:
        total = total * t + coefficient
    return total


_GAMMALN_PIECES: tuple[tuple[float, float, Callable[[Reals], Reals]], ...] = (
    (0.5, 1.25, lambda x: _gammaln_near_two(x - 1.0) - np.log1p(x - 1.0)),
    (1.25, 1.75, lambda x: _gammaln_near_least((x - GAMMA_LEAST[0]) - _GAMMA_LEAST_REST)),
    (1.75, 3.0, lambda x: _gammaln_near_two(x - 2.0)),
)


def gammaln(x: Reals) -> Reals:
    """For x > 0, also relatively accurate near its zeros 1 and 2, where SciPy's is not."""
    xp = namespace(x)
    value = xp.where(x < 1e-200, -np.log(x), special("gammaln")(x))  # SciPy's is inf for subnormal numbers
    for first, last, f in _GAMMALN_PIECES:
        here = (x >= first) & (x <= last)
        if here.any():
            value = xp.where(here, f(xp.clip(x, first, last)), value)
    return value

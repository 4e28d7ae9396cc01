"""Enclosures of gammaln and digamma, on both sides of their poles."""

import numpy as np

from interpretations.intervals import points
from interpretations.intervals.enclosures import (
    LOG_PI,
    MONOTONE,
    PI,
    TABLE,
    Enclosure,
    Monotone,
    absolute,
    bounded,
    cos,
    divide,
    emptied,
    enclosure,
    graded,
    multiply,
    sin,
    subtract,
)
from interpretations.intervals.points import GAMMA_LEAST, GAMMALN_LEAST, namespace, special
from interpretations.intervals.rounding import INF, Reals, next_down, next_up, sub_down, sub_up

_GAMMA_ULPS = 4


def _gammaln_positive(lo: Reals, hi: Reals) -> tuple[Reals, Reals]:
    """Ends of gammaln over the part x > 0: it falls to its least value, then rises."""
    xp = namespace(lo, hi)
    a, b = xp.maximum(lo, 0.0), xp.maximum(hi, 0.0)
    at_a, at_b = points.gammaln(a), points.gammaln(b)
    low = xp.where((a < GAMMA_LEAST[1]) & (b > GAMMA_LEAST[0]), GAMMALN_LEAST, xp.minimum(at_a, at_b))
    return next_down(low, _GAMMA_ULPS), next_up(xp.maximum(at_a, at_b), _GAMMA_ULPS)


def _half_turn(x: Reals) -> tuple[Reals, Reals]:
    """Enclosure of pi * (x - the nearest integer)."""
    return multiply(*[x - namespace(x).rint(x)] * 2, np.float64(PI[0]), np.float64(PI[1]))[:2]


def _gammaln_reflected(x: Reals) -> tuple[Reals, Reals]:
    """Enclosure of log|gamma(x)| = log pi - log|sin(pi x)| - lgamma(1 - x) at points x < 0 (DLMF 5.5.3)."""
    sine = MONOTONE["log"](*absolute(*sin(*_half_turn(x))[:2])[:2])[:2]
    mirrored = _gammaln_positive(sub_down(1.0, x), sub_up(1.0, x))
    return subtract(*subtract(*map(np.float64, LOG_PI), *sine)[:2], *mirrored)[:2]


def _digamma_reflected(x: Reals) -> tuple[Reals, Reals]:
    """Enclosure of digamma(1 - x) - pi cot(pi x) at points x < 0 (DLMF 5.5.4)."""
    turn = _half_turn(x)
    cotangent = divide(*cos(*turn)[:2], *sin(*turn)[:2])[:2]
    mirrored = _DIGAMMA(sub_down(1.0, x), sub_up(1.0, x))[:2]
    return subtract(*mirrored, *multiply(*map(np.float64, PI), *cotangent)[:2])[:2]


def _poles(lo: Reals, hi: Reals) -> tuple[Reals, Reals, Reals]:
    """Whether gamma's poles 0, -1, -2 ... are at the lower end, at the upper end, strictly between them."""
    xp = namespace(lo, hi)
    at_lo, at_hi = (lo <= 0) & (lo == xp.floor(lo)), (hi <= 0) & (hi == xp.floor(hi))
    between = xp.floor(lo) + 1.0 <= xp.minimum(xp.ceil(hi) - 1.0, 0.0)
    return at_lo, at_hi, between | (lo == -INF)


_DIGAMMA = Monotone(special("digamma"), ulps=4, domain=(0.0, INF), open=True)  # 2.9 ulp


@enclosure()
def digamma(lo: Reals, hi: Reals) -> Enclosure:
    """digamma rises from -inf to inf between its poles. Below 0, near its zeros, wider than 4 floats."""
    xp = namespace(lo, hi)
    low, high, _ = _DIGAMMA(lo, hi)
    at_lo, at_hi, between = _poles(lo, hi)
    if (lo <= 0).any():
        low = xp.where(between | at_lo, -INF, xp.where(lo < 0, _digamma_reflected(xp.minimum(lo, -0.0))[0], low))
        high = xp.where(between | at_hi, INF, xp.where(hi < 0, _digamma_reflected(xp.minimum(hi, -0.0))[1], high))
        low, high = emptied((lo != lo) | at_lo & (lo == hi), low, high)
    return low, high, graded(low, high, defined=~(between | at_lo | at_hi), common=bounded(lo, hi))


@enclosure()
def gammaln(lo: Reals, hi: Reals) -> Enclosure:
    """log|gamma|, convex between its poles. Below 0, wider than 4 floats near its zeros and over its least values."""
    xp = namespace(lo, hi)
    at_lo, at_hi, between = _poles(lo, hi)
    low, high = _gammaln_positive(lo, hi)
    if (lo <= 0).any():
        left, right = xp.minimum(lo, -0.0), xp.minimum(hi, -0.0)
        at_left, at_right = _gammaln_reflected(left), _gammaln_reflected(right)
        slope, _, _ = digamma(left, left)
        _, slope_right, _ = digamma(right, right)
        # log pi - lgamma(1 - x), from |sin| <= 1, greatest where 1 - x is least or greatest.
        floor = sub_down(LOG_PI[0], _gammaln_positive(sub_down(1.0, right), sub_up(1.0, left))[1])
        smooth = ~(between | at_lo | at_hi)
        below = xp.where(smooth & (slope >= 0), at_left[0], xp.where(smooth & (slope_right <= 0), at_right[0], floor))
        low = xp.where(hi <= 0, below, xp.where(lo < 0, xp.minimum(low, below), low))
        ends = xp.maximum(xp.where(lo < 0, at_left[1], -INF), xp.where(hi < 0, at_right[1], high))
        high = xp.where(between | at_lo | at_hi, INF, ends)
        low, high = emptied((lo != lo) | at_lo & (lo == hi), low, high)
    return low, high, graded(low, high, defined=~(between | at_lo | at_hi), common=bounded(lo, hi))


TABLE["psi"] = digamma

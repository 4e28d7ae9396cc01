"""Enclosures of special functions whose error is SciPy's, measured against mpmath.

Most are monotone, between places that are stated. Each is granted at least twice the largest error found at a thousand
points over its domain (tests/intervals/test_special_enclosures.py draws others): relative errors in floats, absolute
ones in `ABSOLUTE`. Where parameters go beyond what was measured, the answer is all that the function can be. `GAPS`
says of which functions there is no enclosure, and why.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.special

from interp.errors import NoRule
from interpretations.intervals.decoration import Decoration
from interpretations.intervals.enclosures import (
    MONOTONE,
    PI,
    TABLE,
    ZERO,
    Enclosure,
    Monotone,
    absolute,
    add,
    bounded,
    corners,
    divide,
    emptied,
    enclosure,
    graded,
    hull,
    magnitudes,
    multiply,
    negative,
    padded,
    power,
    reciprocal,
    sin,
    sqrt,
    square,
    subtract,
)
from interpretations.intervals.points import GAMMA_LEAST, namespace, special
from interpretations.intervals.rounding import (
    INF,
    Reals,
    add_up,
    div_up,
    mul_up,
    next_down,
    next_up,
    sub_down,
    sub_up,
)

GAPS = {
    **dict.fromkeys(("y0", "y1", "yv", "yve"), "it oscillates, with a slope that nothing bounds near 0"),
    **dict.fromkeys(("hyp0f1", "hyp1f1", "hyp2f1"), "SciPy's error depends on the parameters, and has no known bound"),
    **dict.fromkeys(
        ("gammaincinv", "gammainccinv", "betaincinv", "betainccinv"),
        "SciPy's error depends on the shape, and has no known bound",
    ),
}
"""Functions without an enclosure, and the reason."""

ABSOLUTE = 2e-15
"""Granted where a function has zeros near which the error is not relative, of terms of size 1."""

_POSITIVE = (0.0, INF)


def _around(x: float) -> tuple[float, float]:
    """An enclosure of the real number whose nearest float is ``x``."""
    return float(np.nextafter(x, -INF)), float(np.nextafter(x, INF))


# -- monotone on the domain

MONOTONE_OF_ONE = {
    "erfinv": Monotone(special("erfinv"), ulps=6, domain=(-1.0, 1.0), open=True, fixed=ZERO),  # 2.3
    "erfcinv": Monotone(
        special("erfcinv"), ulps=10, domain=(0.0, 2.0), open=True, fixed=((1.0, 0.0),), decreasing=True
    ),  # 4.3
    "ndtri": Monotone(special("ndtri"), ulps=8, domain=(0.0, 1.0), open=True, fixed=((0.5, 0.0),)),  # 2.9
    "exp1": Monotone(special("exp1"), ulps=30, domain=_POSITIVE, open=True, image=_POSITIVE, decreasing=True),  # 10.9
    "ellipk": Monotone(special("ellipk"), ulps=8, domain=(-INF, 1.0), open=True, image=_POSITIVE),  # 2.6
    "ellipe": Monotone(special("ellipe"), ulps=8, domain=(-INF, 1.0), image=(1.0, INF), decreasing=True),  # 3.4
    "spence": Monotone(special("spence"), ulps=40, domain=_POSITIVE, fixed=((1.0, 0.0),), decreasing=True),  # 16.2
    "exprel": Monotone(special("exprel"), ulps=4, image=_POSITIVE, fixed=((0.0, 1.0),)),  # 1.2
    "i1": Monotone(special("i1"), ulps=32, fixed=ZERO),  # 10.6
    "k0": Monotone(special("k0"), ulps=24, domain=_POSITIVE, open=True, image=_POSITIVE, decreasing=True),  # 8.0
    "k1": Monotone(special("k1"), ulps=16, domain=_POSITIVE, open=True, image=_POSITIVE, decreasing=True),  # 5.1
    "k0e": Monotone(special("k0e"), ulps=24, domain=_POSITIVE, open=True, image=_POSITIVE, decreasing=True),  # 8.7
    "k1e": Monotone(special("k1e"), ulps=16, domain=_POSITIVE, open=True, image=_POSITIVE, decreasing=True),  # 4.0
    "spacing": Monotone(np.spacing, ulps=0),
}
for _name, _function in MONOTONE_OF_ONE.items():
    enclosure(_name)(_function)

_I0 = Monotone(special("i0"), ulps=12, image=(1.0, INF), fixed=((0.0, 1.0),))  # 3.6
_I0E = Monotone(special("i0e"), ulps=20, image=(0.0, 1.0), fixed=((0.0, 1.0),), decreasing=True)  # 6.8


@enclosure()
def i0(lo: Reals, hi: Reals) -> Enclosure:
    """i0 increases with the magnitude."""
    return _I0(*magnitudes(lo, hi))


@enclosure()
def i0e(lo: Reals, hi: Reals) -> Enclosure:
    """i0e decreases with the magnitude."""
    return _I0E(*magnitudes(lo, hi))


@enclosure()
def erfcx(lo: Reals, hi: Reals) -> Enclosure:
    """erfcx decreases. Below 0, where it is 2 exp(x**2), SciPy's error grows with x**2: 470 floats at -23."""
    xp = namespace(lo, hi)
    at_hi, at_lo = special("erfcx")(hi), special("erfcx")(lo)
    low = xp.where(hi < 0, next_down(at_hi, 2000), next_down(at_hi, 4))
    high = xp.where(lo < 0, next_up(at_lo, 2000), next_up(at_lo, 4))
    low, high = xp.maximum(low, 0.0), high
    return low, high, graded(low, high, common=bounded(lo, hi))


@enclosure()
def ndtri_exp(lo: Reals, hi: Reals) -> Enclosure:
    """ndtri_exp increases; its zero is at log(1/2)."""
    xp = namespace(lo, hi)
    low, high = special("ndtri_exp")(xp.minimum(lo, 0.0)), special("ndtri_exp")(xp.minimum(hi, 0.0))
    low, high = sub_down(next_down(low, 20), ABSOLUTE), add_up(next_up(high, 20), ABSOLUTE)
    low, high = emptied(lo >= 0, low, high)
    return low, high, graded(low, high, defined=hi < 0, common=bounded(lo, hi))


@enclosure()
def expi(lo: Reals, hi: Reals) -> Enclosure:
    """expi falls to its pole at 0 and rises from it. 121 floats were found at 41."""
    xp = namespace(lo, hi)
    at_lo, at_hi = special("expi")(lo), special("expi")(hi)
    pole = (lo <= 0) & (hi >= 0)
    low = xp.where(pole, -INF, sub_down(next_down(xp.minimum(at_lo, at_hi), 400), ABSOLUTE))
    high = add_up(next_up(xp.maximum(at_lo, at_hi), 400), ABSOLUTE)
    low, high = emptied((lo != lo) | (lo == 0) & (hi == 0), low, high)
    return low, high, graded(low, high, defined=~pole, common=bounded(lo, hi))


# -- monotone between turning points


@dataclass(frozen=True, slots=True)
class Turning:
    """A function with extremes at known ``places``: ``(first, last, least, greatest)``, floats around place and value.

    function: accurate to ``ulps`` floats. domain: its closure. image: hull of the values.
    """

    function: Callable[[Reals], Reals]
    ulps: int
    places: tuple[tuple[float, float, float, float], ...]
    domain: tuple[float, float] = (-INF, INF)
    image: tuple[float, float] = (-INF, INF)

    def __call__(self, lo: Reals, hi: Reals) -> Enclosure:
        xp = namespace(lo, hi)
        first, last = self.domain
        a, b = xp.maximum(lo, first) + 0.0, xp.minimum(hi, last)
        at_a, at_b = self.function(a), self.function(b)
        low, high = padded(xp.minimum(at_a, at_b), xp.maximum(at_a, at_b), self.ulps)
        for before, after, least, greatest in self.places:
            inside = (a <= after) & (b >= before)
            low, high = (
                xp.where(inside, xp.minimum(low, least), low),
                xp.where(inside, xp.maximum(high, greatest), high),
            )
        low, high = xp.maximum(low, self.image[0]), xp.minimum(high, self.image[1])
        low, high = emptied((hi < first) | (lo > last) | (lo != lo), low, high)
        return low, high, graded(low, high, defined=(lo >= first) & (hi <= last), common=bounded(lo, hi))


def _extreme(x: float, y: float) -> tuple[float, float, float, float]:
    return (*_around(x), *_around(y))


_DAWSON, _I1E = (0.9241388730045917, 0.541044224635182), (1.5451272579925427, 0.21909197495053097)
TURNING = {
    "dawsn": Turning(
        special("dawsn"), 300, (_extreme(*_DAWSON), _extreme(-_DAWSON[0], -_DAWSON[1]))
    ),  # 106 floats at 0.012
    "i1e": Turning(special("i1e"), 24, (_extreme(*_I1E), _extreme(-_I1E[0], -_I1E[1]))),  # 8.1
    "entr": Turning(special("entr"), 4, (_extreme(0.36787944117144233, 0.36787944117144233),), domain=_POSITIVE),  # 1.4
}
for _name, _turning in TURNING.items():
    enclosure(_name)(_turning)

_GAMMA_UP = Turning(special("gamma"), 12, (_extreme(GAMMA_LEAST[0], 0.8856031944108887),), image=_POSITIVE)  # 4.7
_RGAMMA_UP = Turning(special("rgamma"), 12, (_extreme(GAMMA_LEAST[0], 1.1291738854549014),), domain=_POSITIVE)  # 4.5


@enclosure()
def rgamma(lo: Reals, hi: Reals) -> Enclosure:
    """1 / gamma; below 0 it is gamma(1 - x) sin(pi x) / pi (DLMF 5.5.3)."""
    xp = namespace(lo, hi)
    low, high, _ = _RGAMMA_UP(xp.maximum(lo, 0.0), xp.maximum(hi, 0.0))
    if (lo < 0).any():
        left, right = xp.minimum(lo, 0.0), xp.minimum(hi, 0.0)
        pi = np.float64(PI[0]), np.float64(PI[1])
        sine = sin(*multiply(left, right, *pi)[:2])[:2]
        mirrored = _GAMMA_UP(sub_down(1.0, right), sub_up(1.0, left))[:2]
        below = divide(*multiply(*sine, *mirrored)[:2], *pi)[:2]
        low = xp.where(lo < 0, xp.where(hi <= 0, below[0], xp.minimum(below[0], low)), low)
        high = xp.where(lo < 0, xp.where(hi <= 0, below[1], xp.maximum(below[1], high)), high)
    low, high = emptied(lo != lo, low, high)
    return low, high, graded(low, high, common=bounded(lo, hi))


@enclosure()
def gamma(lo: Reals, hi: Reals) -> Enclosure:
    """gamma falls to its least value and rises; below 0 it is the reciprocal of `rgamma`."""
    xp = namespace(lo, hi)
    low, high, _ = _GAMMA_UP(xp.maximum(lo, 0.0), xp.maximum(hi, 0.0))
    defined = lo > 0
    if not defined.all():
        below = reciprocal(*rgamma(lo, hi)[:2])
        low, high = xp.where(defined, low, below[0]), xp.where(defined, high, below[1])
        defined = defined | (below[2] > Decoration.TRV)
    low, high = emptied(lo != lo, low, high)
    return low, high, graded(low, high, defined=defined, common=bounded(lo, hi))


# -- with parameters: (name, ulps, domain, ...), monotone in the last operand


def _parametrised(
    name: str, *, where: Callable[..., Any] | None = None, otherwise: tuple[float, float] = (-INF, INF), **options: Any
) -> None:
    """Enter a monotone function of its last operand; elsewhere than ``where`` of the parameters it is ``otherwise``."""
    function = special(name)

    @enclosure(name)
    def enclosed(*ends: Reals) -> Enclosure:
        *given, lo, hi = ends
        parameters = given[::2]
        low, high, kind = Monotone(lambda x: function(*parameters, x), **options)(lo, hi)
        if where is not None and not (known := where(*parameters)).all():
            xp = namespace(lo, hi)
            empty = low != low
            low, high = xp.where(known | empty, low, otherwise[0]), xp.where(known | empty, high, otherwise[1])
            kind = xp.where(known, kind, np.int8(Decoration.TRV))
        return low, high, kind


def _within(*limits: tuple[float, float]) -> Callable[..., Any]:
    def known(*parameters: Any) -> Any:
        found: Any = np.bool_(True)
        for x, (first, last) in zip(parameters, limits, strict=True):
            found = found & (x >= first) & (x <= last)
        return found

    return known


_UNIT = (0.0, 1.0)
_SHAPE = (0.01, 100.0)
_parametrised("gammainc", ulps=2000, domain=_POSITIVE, image=_UNIT, where=_within(_SHAPE), otherwise=_UNIT)  # 828
_parametrised("betainc", ulps=1000, domain=_UNIT, image=_UNIT, where=_within(_SHAPE, _SHAPE), otherwise=_UNIT)  # 183
_falling: dict[str, Any] = {"domain": _POSITIVE, "open": True, "image": _POSITIVE, "decreasing": True}
_parametrised("kv", ulps=64, where=_within((-10.0, 10.0)), otherwise=_POSITIVE, **_falling)  # 23
_parametrised("kve", ulps=64, where=_within((-10.0, 10.0)), otherwise=_POSITIVE, **_falling)  # 22
_parametrised("expn", ulps=40, where=_within((1.0, 50.0)), otherwise=_POSITIVE, **_falling)  # 15
_parametrised("iv", ulps=40, domain=_POSITIVE, where=_within((0.0, 10.0)), image=_POSITIVE)  # 14


def _complement(name: str, of: str) -> None:
    """1 - f, of an absolute error: SciPy's own has none relative to its far tail."""

    @enclosure(name)
    def enclosed(*ends: Reals) -> Enclosure:
        low, high, kind = TABLE[of](*ends)
        return sub_down(1.0, high), sub_up(1.0, low), kind


_complement("gammaincc", "gammainc")
_complement("betaincc", "betainc")


@enclosure()
def hurwitz_zeta(s: Reals, _: Reals, lo: Reals, hi: Reals) -> Enclosure:
    """zeta(s, q) falls with q > 0, for s > 1. 3.9 floats."""
    return Monotone(lambda q: scipy.special.zeta(s, q), ulps=12, **_falling)(lo, hi)


@enclosure()
def ierfcx(n: Reals, _: Reals, lo: Reals, hi: Reals) -> Enclosure:
    """exp(x**2) times integrals of erfc: falling, by a recurrence that loses some 6**n floats below 1."""
    from interp.vocabulary.error_functions import ierfcx as primitive

    order = n.reshape(-1)[0]
    falls = Monotone(
        lambda x: primitive.implementation(order, x), 40 + 16 * int(6**order), decreasing=True, image=_POSITIVE
    )
    if order > 6:
        falls = Monotone(lambda x: np.zeros_like(x), image=_POSITIVE)
    low, high, kind = falls(lo, hi)
    return low, namespace(lo).where(lo < -5.0, INF, high), kind


@enclosure()
def polygamma(n: Reals, _: Reals, lo: Reals, hi: Reals) -> Enclosure:
    """Of x > 0, of orders above 0 odd ones fall to 0 and even ones rise to it. 6.9 floats."""
    order = n.reshape(-1)[0] if n.size else 1.0
    if order == 0:
        return TABLE["digamma"](lo, hi)
    odd = order % 2 == 1
    image = _POSITIVE if odd else (-INF, 0.0)
    positive = Monotone(lambda x: scipy.special.polygamma(order, x), 20, _POSITIVE, True, image, decreasing=odd)
    low, high, _kind = positive(lo, hi)
    xp = namespace(lo, hi)
    below = lo <= 0
    low, high = xp.where(below, 0.0 if odd else -INF, low), xp.where(below, INF, high)
    low, high = emptied(lo != lo, low, high)
    return low, high, graded(low, high, defined=lo > 0, common=bounded(lo, hi))


# -- J of integer orders: derivatives are means of sin(t)**k times a cosine (DLMF 10.9.2), so |J'| <= 2/pi, |J''| <= 1/2

_TWO_OVER_PI = 0.6366197723675815
_FARTHEST, _HIGHEST = 1e6, 100.0
"""Argument and order up to which SciPy's error was measured: 4e-14 absolutely; 4e-16 below 30, of orders below 8."""


def _oscillating(
    f: Callable[[Reals], Reals], slope: Callable[[Reals], Reals], lo: Reals, hi: Reals, order: Reals = 0.0
) -> Enclosure:
    """By Taylor's formula around the midpoint, by the ends where the slope keeps its sign."""
    xp = namespace(lo, hi)
    known = (abs(lo) <= _FARTHEST) & (abs(hi) <= _FARTHEST)
    a, b = xp.where(known, lo, 0.0), xp.where(known, hi, 0.0)
    mid = 0.5 * (a + b)
    reach = xp.maximum(sub_up(b, mid), sub_up(mid, a))
    error = ABSOLUTE + 1e-18 * magnitudes(a, b)[1] + 1e-15 * abs(order)
    at_mid, steepness = f(mid), abs(slope(mid))
    run = xp.minimum(
        mul_up(_TWO_OVER_PI, reach),
        add_up(mul_up(steepness + error, reach), mul_up(0.25, mul_up(reach, reach))),
    )
    low, high = sub_down(at_mid, run), add_up(at_mid, run)
    monotone = steepness - error > 0.5 * reach * (1.0 + 1e-15)
    at_a, at_b = f(a), f(b)
    low, high = xp.where(monotone, xp.minimum(at_a, at_b), low), xp.where(monotone, xp.maximum(at_a, at_b), high)
    low = xp.where(known, xp.maximum(sub_down(low, error), -1.0), -1.0)
    high = xp.where(known, xp.minimum(add_up(high, error), 1.0), 1.0)
    low, high = emptied(lo != lo, low, high)
    return low, high, graded(low, high, common=bounded(lo, hi))


@enclosure()
def j0(lo: Reals, hi: Reals) -> Enclosure:
    """j0 over [lo, hi]."""
    return _oscillating(special("j0"), special("j1"), lo, hi)


@enclosure()
def j1(lo: Reals, hi: Reals) -> Enclosure:
    """j1 over [lo, hi]."""
    return _oscillating(special("j1"), lambda x: 0.5 * (special("j0")(x) - special("jv")(2.0, x)), lo, hi)


@enclosure()
def jv(n: Reals, _: Reals, lo: Reals, hi: Reals) -> Enclosure:
    """jv over [lo, hi], of integer orders."""
    if not ((n == np.rint(n)) & (abs(n) <= _HIGHEST)).all():
        raise NoRule(
            f"jv of an Interval is enclosed for integer orders up to {_HIGHEST:g}: nothing bounds others' slopes"
        )
    f = special("jv")
    return _oscillating(lambda x: f(n, x), lambda x: 0.5 * (f(n - 1.0, x) - f(n + 1.0, x)), lo, hi, n)


TABLE["jve"] = jv


@enclosure()
def ive(n: Reals, _: Reals, lo: Reals, hi: Reals) -> Enclosure:
    """ive over [lo, hi], of orders 0 and 1."""
    order = float(n.reshape(-1)[0]) if n.size else 0.0
    if order not in (0.0, 1.0) or not (n == order).all():
        raise NoRule("ive of an Interval is enclosed for orders 0 and 1: of others the extremes are not known")
    return TABLE["i1e" if order else "i0e"](lo, hi)


# -- sin(pi x) / (pi x)

_TROUGH = _extreme(1.4302966531242028, -0.21723362821122166)
_SINC = Monotone(np.sinc, ulps=0, image=(-1.0, 1.0), fixed=((0.0, 1.0),), decreasing=True)
_STEEPEST = 1.3709


@enclosure()
def sinc(lo: Reals, hi: Reals) -> Enclosure:
    """Falling from 0 to the first trough; beyond by the steepest slope, 1.3707, and by 1 / (pi |x|)."""
    xp = namespace(lo, hi)
    least, greatest = magnitudes(lo, hi)
    low, high, _ = _SINC(xp.minimum(least, _TROUGH[0]), xp.minimum(greatest, _TROUGH[0]))
    mid = 0.5 * (lo + hi)
    run = mul_up(_STEEPEST, xp.maximum(sub_up(hi, mid), sub_up(mid, lo)))
    bound = xp.minimum(div_up(1.0, mul_up(PI[0], least)), 1.0)
    far = greatest > _TROUGH[0]
    at_mid = np.sinc(mid)
    low = xp.where(far, xp.fmax(xp.fmax(sub_down(at_mid, run), _TROUGH[2]), -bound), low)
    high = xp.where(far, xp.fmin(xp.fmin(add_up(at_mid, run), 1.0), bound), high)
    low, high = sub_down(low, ABSOLUTE), xp.minimum(add_up(high, ABSOLUTE), 1.0)
    low, high = emptied(lo != lo, low, high)
    return low, high, graded(low, high, common=bounded(lo, hi))


@enclosure()
def cosm1(lo: Reals, hi: Reals) -> Enclosure:
    """-2 sin(x / 2)**2"""
    low, high, _kind = square(*sin(0.5 * lo, 0.5 * hi)[:2])
    return -2.0 * high, -2.0 * low, graded(low, high, common=bounded(lo, hi))


# -- of two operands that vary


@enclosure()
def logaddexp2(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """log2(2**x + 2**y), rising in both; near 0, where the sum cancels, of an absolute error."""
    xp = namespace(a, b, c, d)

    def room(x: Reals, y: Reals) -> Reals:
        return xp.where(bounded(x, y), 1e-15 * xp.maximum(xp.maximum(abs(x), abs(y)), 1.0), 0.0)

    lo = sub_down(next_down(np.logaddexp2(a, c), 4), room(a, c))
    hi = add_up(next_up(np.logaddexp2(b, d), 4), room(b, d))
    return lo, hi, graded(lo, hi)


@enclosure()
def log_ratio(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """log(x / y)"""
    low, high, kind = divide(a, b, c, d)
    lo, hi, other = MONOTONE["log"](low, high)
    return lo, hi, namespace(lo).minimum(kind, other)


@enclosure()
def leg_ratio(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """x / r for |x| <= r."""
    xp = namespace(a, b, c, d)
    lo, hi, _ = divide(a, b, c, d)
    unknown = (c <= 0) & (d >= 0)
    lo = xp.where(unknown, xp.where(a >= 0, 0.0, -1.0), xp.maximum(lo, -1.0))
    hi = xp.where(unknown, xp.where(b <= 0, 0.0, 1.0), xp.minimum(hi, 1.0))
    lo, hi = emptied((a != a) | (c != c), lo, hi)
    return lo, hi, graded(lo, hi, defined=~unknown)


@enclosure()
def rel_entr(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """x log(x / y), falling in y, least in x at y / e. 1.5 floats."""
    xp, f = namespace(a, b, c, d), special("rel_entr")
    x, x2, y, y2 = xp.maximum(a, 0.0), xp.maximum(b, 0.0), xp.maximum(c, 0.0), xp.maximum(d, 0.0)
    place = 0.36787944117144233 * y2
    turns = (next_down(x, 2) <= place) & (place <= next_up(x2, 2))
    lo = next_down(xp.fmin(f(x, y2), f(x2, y2)), 4)
    lo = xp.where(turns, xp.minimum(lo, next_down(-place, 4)), lo)
    hi = next_up(xp.fmax(f(x, y), f(x2, y)), 4)
    lo, hi = emptied((a != a) | (c != c) | (b < 0) | (d < 0) | (d == 0) & (a > 0), lo, hi)
    common = bounded(a, b, c, d) & (c > 0)
    return lo, hi, graded(lo, hi, defined=(a >= 0) & (c > 0), common=common)


@enclosure()
def kl_div(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """x log(x / y) - x + y, convex in both, 0 where they are equal."""
    xp, f = namespace(a, b, c, d), special("kl_div")
    x, x2, y, y2 = xp.maximum(a, 0.0), xp.maximum(b, 0.0), xp.maximum(c, 0.0), xp.maximum(d, 0.0)
    room = 2e-15 * (x2 + y2)
    nearest = xp.where(x > y2, f(x, y2), xp.where(x2 < y, f(x2, y), 0.0))
    _, hi = hull([nearest], corners(f, x, x2, y, y2))
    lo = xp.maximum(sub_down(next_down(nearest, 8), xp.where(room < INF, room, 0.0)), 0.0)
    hi = add_up(next_up(hi, 8), room)
    lo, hi = emptied((a != a) | (c != c) | (b < 0) | (d < 0) | (d == 0) & (a > 0), lo, hi)
    common = bounded(a, b, c, d) & (c > 0)
    return lo, hi, graded(lo, hi, defined=(a >= 0) & (c > 0), common=common)


def _rising_from_zero(at: Callable[[Reals, Reals], Enclosure], a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """A loss: it rises with x >= 0 and with |y|. ``at`` encloses it at points."""
    size = magnitudes(c, d)
    xp = namespace(a, b, c, d)
    lo, hi = at(xp.maximum(a, 0.0), size[0])[0], at(xp.maximum(b, 0.0), size[1])[1]
    lo, hi = emptied((a != a) | (c != c) | (b < 0), lo, hi)
    return lo, hi, graded(lo, hi, defined=a >= 0, common=bounded(a, b, c, d) & (a > 0))


@enclosure()
def huber(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """min(|y|, x) (|y| - min(|y|, x) / 2)"""

    def at(x: Reals, y: Reals) -> Enclosure:
        inner = namespace(x, y).minimum(x, y)
        return multiply(inner, inner, sub_down(y, 0.5 * inner), sub_up(y, 0.5 * inner))

    return _rising_from_zero(at, a, b, c, d)


@enclosure()
def pseudo_huber(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """y**2 / (1 + sqrt(1 + (y / x)**2))"""
    one = np.float64(1.0), np.float64(1.0)

    def at(x: Reals, y: Reals) -> Enclosure:
        root = sqrt(*add(*one, *square(*divide(y, y, x, x)[:2])[:2])[:2])
        lo, hi, kind = divide(*square(y, y)[:2], *add(*one, *root[:2])[:2])
        zero = (x == 0) | (y == 0)
        xp = namespace(lo, hi)
        return xp.where(zero, 0.0, lo), xp.where(zero, 0.0, hi), kind

    return _rising_from_zero(at, a, b, c, d)


@enclosure()
def boxcox(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """log(x) exprel(y log(x)), rising in both."""
    xp = namespace(a, b, c, d)

    def at(x: Reals, y: Reals) -> Enclosure:
        logarithm = MONOTONE["log"](x, x)[:2]
        return multiply(*logarithm, *MONOTONE_OF_ONE["exprel"](*multiply(y, y, *logarithm)[:2])[:2])

    lo, hi = at(xp.maximum(a, 0.0), c)[0], at(xp.maximum(b, 0.0), d)[1]
    lo = xp.where(a <= 0, xp.where(c > 0, negative(*reciprocal(c, c)[:2])[0], -INF), lo)
    lo, hi = emptied((a != a) | (c != c) | (b <= 0), lo, hi)
    return lo, hi, graded(lo, hi, defined=a > 0, common=bounded(a, b, c, d))


@enclosure()
def inv_boxcox(a: Reals, b: Reals, c: Reals, _: Reals) -> Enclosure:
    """(1 + x y)**(1 / y), exp(x) for y = 0."""
    one = np.float64(1.0), np.float64(1.0)
    xp = namespace(a, b, c)
    lo, hi, kind = power(*add(*one, *multiply(a, b, c, c)[:2])[:2], *reciprocal(c, c)[:2])
    limit = MONOTONE["exp"](a, b)
    return (
        xp.where(c == 0, limit[0], lo),
        xp.where(c == 0, limit[1], hi),
        xp.where(c == 0, limit[2], kind).astype(np.int8),
    )


_LARGEST_OF_BETA = 300.0


def _of_beta(name: str, otherwise: tuple[float, float], room: float) -> None:
    """Falling in both operands > 0; 4640 floats, an error of the logarithm of 1e-12, were found up to 300."""
    f = special(name)

    @enclosure(name)
    def enclosed(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
        xp = namespace(a, b, c, d)
        positive = (a > 0) & (c > 0)
        known = positive & (b <= _LARGEST_OF_BETA) & (d <= _LARGEST_OF_BETA)
        known = known & (a >= 1e-6) & (c >= 1e-6)
        lo, hi = padded(f(b, d), f(a, c), 20000)
        lo, hi = xp.where(known, sub_down(lo, room), otherwise[0]), xp.where(known, add_up(hi, room), otherwise[1])
        lo = xp.where(positive, lo, -INF)
        lo, hi = emptied((a != a) | (c != c), lo, hi)
        return lo, hi, graded(lo, hi, defined=positive, common=bounded(a, b, c, d))


_of_beta("beta", _POSITIVE, 0.0)
_of_beta("betaln", (-INF, INF), 1e-11)


@enclosure()
def owens_t(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """Owen's T is even in x, and its magnitude falls with |x|; it rises with y, and is odd there."""
    size = magnitudes(a, b)
    values = corners(special("owens_t"), *size, c, d)
    lo, hi = padded(*hull(values, values), 400)
    lo, hi = sub_down(lo, ABSOLUTE), add_up(hi, ABSOLUTE)
    lo, hi = emptied((a != a) | (c != c), lo, hi)
    return lo, hi, graded(lo, hi, common=bounded(a, b, c, d))


# -- NumPy's

_DEGREE, _RADIAN = _around(np.pi / 180.0), _around(180.0 / np.pi)


@enclosure()
def deg2rad(lo: Reals, hi: Reals) -> Enclosure:
    """x pi / 180"""
    return multiply(lo, hi, *map(np.float64, _DEGREE))


@enclosure()
def rad2deg(lo: Reals, hi: Reals) -> Enclosure:
    """180 x / pi"""
    return multiply(lo, hi, *map(np.float64, _RADIAN))


@enclosure()
def copysign(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """|x| with the sign of y. An end -0.0 of y is negative, +0.0 is not."""
    xp = namespace(a, b, c, d)
    least, greatest = magnitudes(a, b)
    up, down = (d > 0) | (d == 0) & ~np.signbit(d), (c < 0) | np.signbit(c) & (c == 0)
    lo, hi = xp.where(down, -greatest, least), xp.where(up, greatest, -least)
    lo, hi = emptied((a != a) | (c != c), lo, hi)
    return lo, hi, graded(lo, hi, continuous=~(up & down), common=bounded(a, b, c, d) & ((c > 0) | (d < 0)))


@enclosure()
def nextafter(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """The neighbour of x towards y, rising in both."""
    lo, hi = np.nextafter(a, c), np.nextafter(b, d)
    return lo, hi, graded(lo, hi, common=bounded(a, b, c, d))


TABLE |= {
    "gap": subtract,
    "fabs": absolute,
    "float_power": power,
}

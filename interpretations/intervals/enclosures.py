"""Enclosures of the elementwise functions: ends of a box in, ends of the range and what is known of it out.

Every function here takes the ends of each operand in turn, ``f(lo, hi)`` or ``f(lo, hi, lo2, hi2)``, as floats or
float64 arrays that broadcast (NumPy's or CuPy's), and returns ``(lo, hi, kind)`` of their common shape: the range lies
within [lo, hi], and ``kind`` holds `Decoration` levels (int8), elementwise: COM continuous on a bounded box with a
bounded result, DAC continuous, DEF defined, TRV not everywhere defined. `TABLE` has them by name.

The set-based flavour of IEEE 1788-2015: a partial function is evaluated on the part of the box in its domain,
``sqrt([-1, 4]) = [0, 2]``, trv. The empty interval is (NaN, NaN), and NaN at an end propagates.

Ends are the library's values moved outwards by a number of floats granted in the tables to its error. Measured
against mpmath: NumPy 2.4 (AVX512) <= 0.8 ulp, tanh 1.05. glibc's scalar loops have up to 2.3 (V. Innocente and
P. Zimmermann, "Accuracy of mathematical functions", 2024), CUDA's 2: so ``LIBRARY`` is 3. No end is then more than
4 floats outside the exact range of elementwise functions, except

- erf, erfc, ndtr, log_ndtr, expit, logit, cbrt, xlogy, xlog1py: 5; gammaln and digamma of x > 0: 7;
- gammaln and digamma of x < 0 near their zeros, logaddexp near 0: an absolute error of some 1e-15 of their terms;
- sin, cos and tan beyond 1e8, near zeros and poles: see `REDUCTION`;
- remainder and fmod of more than one period, where their jumps are not followed.

Arithmetic, sqrt, square and the step functions are exact.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from interpretations.intervals import points
from interpretations.intervals.decoration import Decoration
from interpretations.intervals.points import namespace, special
from interpretations.intervals.rounding import (
    INF,
    Reals,
    add_down,
    add_up,
    div_down,
    greatest_product,
    greatest_quotient,
    least_product,
    least_quotient,
    mul_down,
    mul_up,
    next_down,
    next_up,
    sqrt_down,
    sqrt_up,
    sub_down,
    sub_up,
    two_product,
    two_sum,
)

Enclosure = tuple[Reals, Reals, Reals]
"""(lo, hi, kind)"""

LIBRARY = 3
PI = (3.141592653589793, 3.1415926535897936)
HALF_PI = (1.5707963267948966, 1.5707963267948968)
LOG_PI = (1.1447298858494002, 1.1447298858494004)

TABLE: dict[str, Callable[..., Enclosure]] = {}
"""Name of the function (NumPy's or SciPy's, and the Array API's where it differs) -> its enclosure."""

ALIASES = {
    "abs": "absolute",
    "fabs": "absolute",
    "round": "rint",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "atan2": "arctan2",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
    "pow": "power",
    "strong_multiply": "multiply",
}
"""The Array API's, SciPy's and the vocabulary's other names. An enclosure multiplies strongly as it is."""


# What an enclosure is made of


BLOCK = 1 << 14
"""Elements at a time: what a function makes on the way then stays in the processor's cache."""


def enclosure(name: str = "", blocks: bool = True) -> Callable[[Callable[..., Enclosure]], Callable[..., Enclosure]]:
    """Enter a function in the table: on scalars of NumPy's, without floating-point warnings.

    ``blocks``: piece by piece on large arrays; does not pay where nothing but the result is made.
    """

    def enter(f: Callable[..., Enclosure]) -> Callable[..., Enclosure]:
        @functools.wraps(f)
        def quiet(*ends: Reals) -> Enclosure:
            ends = tuple(np.float64(x) if isinstance(x, float | int | np.generic) or not x.ndim else x for x in ends)
            with np.errstate(all="ignore"):
                if blocks and any(x.size > 2 * BLOCK for x in ends) and (shape := _common_shape(ends)):
                    return _by_blocks(f, shape, ends)
                lo, hi, kind = f(*ends)
            return lo[()], hi[()], kind[()]

        TABLE[name or f.__name__] = quiet
        return quiet

    return enter


def _common_shape(ends: tuple[Reals, ...]) -> tuple[int, ...]:
    """Of NumPy arrays that are alike, but for scalars among them; else ()."""
    shapes = {x.shape for x in ends if x.ndim} if all(isinstance(x, np.ndarray | np.generic) for x in ends) else ()
    return next(iter(shapes)) if len(shapes) == 1 else ()


def _room(*ends: Reals) -> Any:
    """Both ends of a large result in one array: malloc then keeps the memory for the next, instead of giving back
    two arrays to the system, which clears them anew (4 times the time of an addition)."""
    shape = _common_shape(ends)
    return np.empty((2, *shape)) if math.prod(shape) > 2 * BLOCK else (None, None)


def _by_blocks(f: Callable[..., Enclosure], shape: tuple[int, ...], ends: tuple[Reals, ...]) -> Enclosure:
    flat = [x.reshape(-1) if x.ndim else x for x in ends]
    size = max(x.size for x in flat)
    (lo, hi), kind = np.empty((2, size)), np.empty(size, np.int8)  # one array: see _room
    for start in range(0, size, BLOCK):
        block = slice(start, start + BLOCK)
        lo[block], hi[block], kind[block] = f(*[x[block] if x.ndim else x for x in flat])
    return lo.reshape(shape), hi.reshape(shape), kind.reshape(shape)


def graded(lo: Reals, hi: Reals, defined: Any = None, continuous: Any = None, common: Any = None) -> Reals:
    """Decoration levels of a result, from where the function is known to be defined and continuous.

    ``common`` is where it is continuous on the whole line's terms, not only from inside the box.
    """
    levels = ((common, Decoration.DAC), (continuous, Decoration.DEF), (defined, Decoration.TRV))
    conditions = [(holds, otherwise) for holds, otherwise in levels if holds is not None and not holds.all()]
    xp = namespace(lo)
    if _all_finite(lo, hi):
        kind = xp.full(np.shape(lo), Decoration.COM, np.int8)
    else:
        kind = (xp.isfinite(lo) & xp.isfinite(hi)) + np.int8(Decoration.DAC)
        conditions.append((lo == lo, Decoration.TRV))
    for holds, otherwise in conditions:
        kind = xp.minimum(kind, holds * np.int8(Decoration.COM - otherwise) + np.int8(otherwise))
    return kind


def _all_finite(lo: Reals, hi: Reals) -> bool:
    """Without a temporary array."""
    if not lo.ndim:
        return bool(lo > -INF) and bool(hi < INF)
    return not lo.size or (bool(lo.min() > -INF) and bool(hi.max() < INF))


def _nonnegative(x: Reals) -> bool:
    return not x.size or bool((x.min() if x.ndim else x) >= 0)


def bounded(*ends: Reals) -> Reals:
    """Where all of these are finite."""
    xp = namespace(*ends)
    return functools.reduce(lambda x, y: x & y, map(xp.isfinite, ends))


def hull(lower: list[Reals], upper: list[Reals]) -> tuple[Reals, Reals]:
    """From the least to the greatest; a NaN, which is 0 * inf or inf / inf at a corner, is no candidate."""
    xp = namespace(lower[0], upper[0])
    return functools.reduce(xp.fmin, lower), functools.reduce(xp.fmax, upper)


def corners(f: Callable[[Reals, Reals], Reals], a: Reals, b: Reals, c: Reals, d: Reals) -> list[Reals]:
    """Values at the corners of a box: where f is monotone in each operand, its extremes are among them."""
    return [f(a, c), f(a, d), f(b, c), f(b, d)]


def padded(lo: Reals, hi: Reals, floats: int) -> tuple[Reals, Reals]:
    """Both ends moved outwards. Zero stays zero: each user's function vanishes there exactly or is clipped."""
    return next_down(lo, floats), next_up(hi, floats)


def magnitudes(lo: Reals, hi: Reals) -> tuple[Reals, Reals]:
    """Ends of the absolute values."""
    xp = namespace(lo, hi)
    return xp.maximum(xp.maximum(lo, -hi), 0.0), xp.maximum(-lo, hi)


def emptied(where: Reals, lo: Reals, hi: Reals) -> tuple[Reals, Reals]:
    """Empty there."""
    xp = namespace(lo, hi)
    return xp.where(where, np.nan, lo), xp.where(where, np.nan, hi)


def unsigned_zeros(lo: Reals, hi: Reals) -> tuple[Reals, Reals]:
    """A zero at an end is approached from inside the box: +0 below, -0 above."""
    return lo + 0.0, -(0.0 - hi)


# Arithmetic: exact directed rounding of the extreme corners


@enclosure(blocks=False)
def add(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """[a, b] + [c, d]"""
    first, second = _room(a, b, c, d)
    lo, hi = add_down(a, c, out=first), add_up(b, d, out=second)
    return lo, hi, graded(lo, hi)


@enclosure(blocks=False)
def subtract(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """[a, b] - [c, d]"""
    first, second = _room(a, b, c, d)
    lo, hi = sub_down(a, d, out=first), sub_up(b, c, out=second)
    return lo, hi, graded(lo, hi)


@enclosure()
def multiply(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """[a, b] * [c, d], where 0 * inf is 0: infinity is only a bound of reals."""
    if _nonnegative(a) and _nonnegative(c):
        lo, hi = mul_down(a, c), mul_up(b, d)
    else:
        lo, hi = least_product(a, b, c, d), greatest_product(a, b, c, d)
    if not _all_finite(lo, hi):
        xp = namespace(lo)
        lo, hi = (xp.where(end == end, end, 0.0) for end in (lo, hi))  # zero times all reals
        lo, hi = emptied((a != a) | (c != c), lo, hi)
    return lo, hi, graded(lo, hi)


@enclosure()
def divide(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """[a, b] / [c, d] over the divisors that are not 0."""
    nonzero = (c > 0) | (d < 0)
    if nonzero.all():
        lo, hi = least_quotient(a, b, c, d), greatest_quotient(a, b, c, d)
    else:
        xp = namespace(a, b, c, d)
        c, d = unsigned_zeros(c, d)
        lo, hi = least_quotient(a, b, c, d), greatest_quotient(a, b, c, d)
        split = (c < 0) & (d > 0) & ((a != 0) | (b != 0))
        lo, hi = xp.where(split, -INF, lo), xp.where(split, INF, hi)
        lo, hi = emptied((c == 0) & (d == 0) | (a != a) | (c != c), lo, hi)
    return lo, hi, graded(lo, hi, defined=nonzero)


@enclosure()
def reciprocal(lo: Reals, hi: Reals) -> Enclosure:
    """1 / [lo, hi]"""
    return divide(np.float64(1.0), np.float64(1.0), lo, hi)


@enclosure(blocks=False)
def negative(lo: Reals, hi: Reals) -> Enclosure:
    """-[lo, hi]"""
    return -hi, -lo, graded(lo, hi)


@enclosure(blocks=False)
def positive(lo: Reals, hi: Reals) -> Enclosure:
    """[lo, hi] itself, in storage of its own."""
    return lo.copy(), hi.copy(), graded(lo, hi)


@enclosure()
def absolute(lo: Reals, hi: Reals) -> Enclosure:
    """The absolute values of [lo, hi]."""
    least, greatest = magnitudes(lo, hi)
    return least, greatest, graded(least, greatest)


@enclosure()
def square(lo: Reals, hi: Reals) -> Enclosure:
    """The squares of [lo, hi]; unlike [lo, hi] * [lo, hi] never negative."""
    least, greatest = magnitudes(lo, hi)
    lo, hi = mul_down(least, least), mul_up(greatest, greatest)
    return lo, hi, graded(lo, hi)


@enclosure()
def sqrt(lo: Reals, hi: Reals) -> Enclosure:
    """Square roots of [lo, hi] from 0 on."""
    xp = namespace(lo, hi)
    least, greatest = sqrt_down(xp.maximum(lo, 0.0)), sqrt_up(hi)
    least, greatest = emptied(hi < 0, least, greatest)
    return least, greatest, graded(least, greatest, defined=lo >= 0)


@enclosure(blocks=False)
def maximum(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """The greater of each pair of numbers."""
    xp = namespace(a, b, c, d)
    lo, hi = xp.maximum(a, c), xp.maximum(b, d)
    return lo, hi, graded(lo, hi)


@enclosure(blocks=False)
def minimum(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """The lesser of each pair of numbers."""
    xp = namespace(a, b, c, d)
    lo, hi = xp.minimum(a, c), xp.minimum(b, d)
    return lo, hi, graded(lo, hi)


# Step functions: exact; continuous where constant


def _step(name: str, f: Callable[[Reals], Reals]) -> None:
    """Over [lo, hi]: def where a jump is inside, dac where one is at an end of the box."""

    @enclosure(name)
    def steps(lo: Reals, hi: Reals) -> Enclosure:
        least, greatest = f(lo) + 0.0, f(hi) + 0.0
        beyond = f(next_down(lo)) == f(next_up(hi))
        return least, greatest, graded(least, greatest, continuous=least == greatest, common=beyond)


for _name in ("floor", "ceil", "trunc", "rint", "sign"):
    _step(_name, getattr(np, _name))


@enclosure()
def heaviside(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """0 for x < 0, h for x = 0, 1 for x > 0; [a, b] are the x, [c, d] the h."""
    xp = namespace(a, b, c, d)
    nothing = a + c
    at_zero = (a <= 0) & (b >= 0)
    pieces = (a < 0, 0.0, 0.0), (b > 0, 1.0, 1.0), (at_zero, c, d)
    lo = functools.reduce(xp.fmin, [xp.where(there, low, np.nan) for there, low, _ in pieces])
    hi = functools.reduce(xp.fmax, [xp.where(there, high, np.nan) for there, _, high in pieces])
    lo, hi = emptied((nothing != nothing) | (a != a) | (c != c), lo, hi)
    return lo, hi, graded(lo, hi, continuous=~at_zero | (a == b), common=~at_zero)


def _quotient_floor(a: Reals, b: Reals, c: Reals, d: Reals) -> tuple[Reals, Reals, Reals, Reals]:
    """Least and greatest floor(x / y), where y can be 0, and where the quotients meet no integer."""
    xp = namespace(a, b, c, d)
    lo, hi, _ = divide(a, b, c, d)
    divisor_ends = unsigned_zeros(c, d)
    _, below = hull([a], corners(div_down, a, b, *divisor_ends))  # the greatest quotient, rounded down
    nonzero = (c > 0) | (d < 0)
    # Rounding up may reach an integer that the quotient does not; from 2**52 on, floats are integers.
    greatest = xp.where((abs(hi) < 2.0**52) & nonzero, xp.floor(below), hi)
    least = xp.floor(lo)
    return least, xp.where(greatest < least, least, greatest), nonzero, (lo > least) & (below < least + 1.0)


@enclosure()
def floor_divide(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """floor(x / y)"""
    lo, hi, nonzero, inside = _quotient_floor(a, b, c, d)
    return lo, hi, graded(lo, hi, defined=nonzero, continuous=lo == hi, common=inside)


@enclosure()
def remainder(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """x - y * floor(x / y), of y's sign. Of many periods: from 0 to the greatest y, no more than |x|."""
    xp = namespace(a, b, c, d)
    least, greatest, nonzero, inside = _quotient_floor(a, b, c, d)
    single = (least == greatest) & (abs(least) < 2.0**52)
    lo = xp.where(single, _reduced(add_down, sub_down, mul_up, a, least, xp.where(least > 0, d, c)), -INF)
    hi = xp.where(single, _reduced(add_up, sub_up, mul_down, b, least, xp.where(least > 0, c, d)), INF)
    # Without a jump at 0 the reduced value is x itself; its range is clipped to y's sign and size.
    lo = xp.maximum(lo, xp.minimum(c, 0.0))
    hi = xp.minimum(hi, xp.maximum(d, 0.0))
    hi = xp.where((a >= 0) & (c > 0), xp.minimum(hi, b), hi)
    lo = xp.where((b <= 0) & (d < 0), xp.maximum(lo, a), lo)
    lo, hi = emptied((a != a) | (c != c) | (c == 0) & (d == 0), lo, hi)
    return lo, hi, graded(lo, hi, defined=nonzero, continuous=single, common=inside)


def _reduced(add: Any, sub: Any, mul: Any, x: Reals, n: Reals, y: Reals) -> Reals:
    """x - n * y with one rounding to speak of: cancellation happens in exact sums, where they do not overflow."""
    xp = namespace(x, y)
    p, e = two_product(n, y)
    s, t = two_sum(x, -p)
    exact = add(s, sub(t, e))
    return xp.where(n == 0, x, xp.where(exact == exact, exact, sub(x, mul(n, y))))


@enclosure()
def fmod(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """x - y * trunc(x / y), of x's sign: the remainder of magnitudes, mirrored."""
    xp = namespace(a, b, c, d)
    size = magnitudes(c, d)
    up = remainder(xp.maximum(a, 0.0), xp.maximum(b, 0.0), *size)
    down = remainder(xp.maximum(-b, 0.0), xp.maximum(-a, 0.0), *size)
    lo = xp.where(a < 0, -down[1], up[0])
    hi = xp.where(b > 0, up[1], -down[0])
    return lo, hi, xp.minimum(up[2], down[2])


# Monotone functions: the values at the ends, moved outwards, within the image


@dataclass(frozen=True, slots=True)
class Monotone:
    """A monotone function as its enclosure sees it.

    function: accurate to ``ulps`` floats. domain: its closure. open: whether finite ends of the domain are poles.
    image: closed floats' hull of its values. fixed: (x, f(x)) known exactly, which no padding crosses.
    """

    function: Callable[[Reals], Reals]
    ulps: int = LIBRARY
    domain: tuple[float, float] = (-INF, INF)
    open: bool = False
    image: tuple[float, float] = (-INF, INF)
    fixed: tuple[tuple[float, float], ...] = ()
    decreasing: bool = False

    def __call__(self, lo: Reals, hi: Reals) -> Enclosure:
        xp = namespace(lo, hi)
        (first, last), (inf, sup) = self.domain, self.image
        a, b, nothing, defined = lo, hi, None, None
        if first > -INF:
            a = xp.maximum(lo, first) + 0.0
            nothing, defined = (hi <= first, lo > first) if self.open else (hi < first, lo >= first)
        if last < INF:
            b = xp.minimum(hi, last)
            beyond, within = (lo >= last, hi < last) if self.open else (lo > last, hi <= last)
            nothing = beyond if nothing is None else nothing | beyond
            defined = within if defined is None else defined & within
        left, right = (b, a) if self.decreasing else (a, b)
        low, high = next_down(self.function(left), self.ulps), next_up(self.function(right), self.ulps)
        for x, y in self.fixed:
            low_side, high_side = (left <= x, right >= x) if self.decreasing else (left >= x, right <= x)
            low = xp.maximum(low, xp.where(low_side, y, -INF))
            high = xp.minimum(high, xp.where(high_side, y, INF))
        low, high = xp.maximum(low, inf), xp.minimum(high, sup)
        if nothing is not None:
            low, high = emptied(nothing, low, high)
        return low, high, graded(low, high, defined=defined, common=bounded(lo, hi))


ZERO = ((0.0, 0.0),)
_POSITIVE, _UNIT = (0.0, INF), (-1.0, 1.0)


MONOTONE = {
    "exp": Monotone(np.exp, image=_POSITIVE, fixed=((0.0, 1.0),)),
    "exp2": Monotone(np.exp2, image=_POSITIVE, fixed=((0.0, 1.0), (1.0, 2.0))),
    "expm1": Monotone(np.expm1, image=(-1.0, INF), fixed=ZERO),
    "log": Monotone(np.log, domain=_POSITIVE, open=True, fixed=((1.0, 0.0),)),
    "log2": Monotone(np.log2, domain=_POSITIVE, open=True, fixed=((1.0, 0.0), (2.0, 1.0))),
    "log10": Monotone(np.log10, domain=_POSITIVE, open=True, fixed=((1.0, 0.0), (10.0, 1.0))),
    "log1p": Monotone(np.log1p, domain=(-1.0, INF), open=True, fixed=ZERO),
    "arcsin": Monotone(np.arcsin, domain=_UNIT, image=(-HALF_PI[1], HALF_PI[1]), fixed=ZERO),
    "arccos": Monotone(np.arccos, domain=_UNIT, image=(0.0, PI[1]), fixed=((1.0, 0.0),), decreasing=True),
    "arctan": Monotone(np.arctan, image=(-HALF_PI[1], HALF_PI[1]), fixed=ZERO),
    "sinh": Monotone(np.sinh, fixed=ZERO),
    "tanh": Monotone(np.tanh, ulps=2, image=_UNIT, fixed=ZERO),  # NumPy's own code on every processor
    "arcsinh": Monotone(np.arcsinh, fixed=ZERO),
    "arccosh": Monotone(np.arccosh, domain=(1.0, INF), fixed=((1.0, 0.0),)),
    "arctanh": Monotone(np.arctanh, domain=_UNIT, open=True, fixed=ZERO),
    "cbrt": Monotone(np.cbrt, ulps=4, fixed=(*ZERO, (1.0, 1.0))),  # glibc before 2.41: 3.7 ulp
    "erf": Monotone(special("erf"), image=_UNIT, fixed=ZERO),  # 2.1 ulp
    "erfc": Monotone(points.erfc, image=(0.0, 2.0), fixed=((0.0, 1.0),), decreasing=True),
    "ndtr": Monotone(points.ndtr, image=(0.0, 1.0), fixed=((0.0, 0.5),)),
    "log_ndtr": Monotone(points.log_ndtr, image=(-INF, 0.0)),
    "expit": Monotone(points.expit, image=(0.0, 1.0), fixed=((0.0, 0.5),)),
    "log_expit": Monotone(special("log_expit"), image=(-INF, 0.0)),
    "logit": Monotone(special("logit"), domain=(0.0, 1.0), open=True, fixed=((0.5, 0.0),)),
}
for _name, _function in MONOTONE.items():
    enclosure(_name)(_function)

_COSH = Monotone(np.cosh, image=(1.0, INF), fixed=((0.0, 1.0),))


@enclosure()
def cosh(lo: Reals, hi: Reals) -> Enclosure:
    """cosh increases with the magnitude."""
    return _COSH(*magnitudes(lo, hi))


# Trigonometry: no multiple of pi is counted, so that huge arguments are as good as the library's reduction


REDUCTION = (1e8, 2.0**-90)
"""glibc reduces larger arguments (``__branred``) with an absolute error: 1.6e-28 was found, at the worst cases of
continued fractions, which is 1e5 ulp of a sine of 1e-17."""


def _reduced_arguments(lo: Reals, hi: Reals) -> Reals:
    """Absolute error granted to the reduction of these arguments."""
    xp = namespace(lo, hi)
    huge = magnitudes(lo, hi)[1] > REDUCTION[0]
    return xp.where(huge, REDUCTION[1], 0.0) if huge.any() else 0.0


def _wave(f: Callable[[Reals], Reals], slope: Callable[[Reals], Reals], lo: Reals, hi: Reals) -> Enclosure:
    """sin or cos. An extremum is inside where the slope's sign differs at the ends; two are if it does not and the
    box is wider than pi. Where the library gets a sign wrong, or the width is within rounding of pi, the end is so
    near the extremum that its value and 1 are the same float.
    """
    xp = namespace(lo, hi)
    width = sub_up(hi, lo)
    rising, rises = slope(lo) > 0, slope(hi) > 0
    both = (width >= PI[0]) & (rising == rises) | (width >= 2 * PI[0])
    peak, trough = both | rising & ~rises, both | ~rising & rises
    at_lo, at_hi = f(lo), f(hi)
    low, high = xp.minimum(at_lo, at_hi), xp.maximum(at_lo, at_hi)
    error = _reduced_arguments(lo, hi)
    low = xp.where(low == 0, low, sub_down(next_down(low, LIBRARY), error))  # exactly: sin(0)
    high = xp.where(high == 0, high, add_up(next_up(high, LIBRARY), error))
    low = xp.where(trough, -1.0, xp.maximum(low, -1.0))
    high = xp.where(peak, 1.0, xp.minimum(high, 1.0))
    return low, high, graded(low, high, common=bounded(lo, hi))


@enclosure()
def sin(lo: Reals, hi: Reals) -> Enclosure:
    """sin over [lo, hi]."""
    return _wave(np.sin, np.cos, lo, hi)


@enclosure()
def cos(lo: Reals, hi: Reals) -> Enclosure:
    """cos over [lo, hi]."""
    return _wave(np.cos, lambda x: -np.sin(x), lo, hi)


@enclosure()
def tan(lo: Reals, hi: Reals) -> Enclosure:
    """tan over [lo, hi]: a pole is inside where the cosine's sign changes, or the box is wider than pi."""
    xp = namespace(lo, hi)
    pole = (sub_up(hi, lo) > PI[0]) | ((np.cos(lo) > 0) != (np.cos(hi) > 0))
    at_lo, at_hi = np.tan(lo), np.tan(hi)
    error = _reduced_arguments(lo, hi)
    low = xp.where(at_lo == 0, at_lo, sub_down(next_down(at_lo, LIBRARY), error * (1.0 + at_lo * at_lo)))
    high = xp.where(at_hi == 0, at_hi, add_up(next_up(at_hi, LIBRARY), error * (1.0 + at_hi * at_hi)))
    low, high = xp.where(pole, -INF, low), xp.where(pole, INF, high)
    return low, high, graded(low, high, defined=~pole)


@enclosure()
def arctan2(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """Angle of (x, y) with y in [a, b] and x in [c, d], not at the origin; it jumps across the negative x axis."""
    xp = namespace(a, b, c, d)
    origin = (a <= 0) & (b >= 0) & (c <= 0) & (d >= 0)
    cut = (a < 0) & (b >= 0) & (c < 0)
    touched = (a <= 0) & (b >= 0) & (c < 0)

    def angle(y: Reals, x: Reals) -> Reals:
        return xp.where((y == 0) & (x == 0), np.nan, np.arctan2(y + 0.0, x))

    values = corners(angle, a, b, c, d)
    lo, hi = padded(*hull(values, values), LIBRARY)
    lo = xp.where(a >= 0, xp.maximum(lo, 0.0), lo)
    hi = xp.where((b <= 0) & ((b < 0) | (c >= 0)), xp.minimum(hi, 0.0), hi)
    lo, hi = xp.where(cut, -PI[1], xp.maximum(lo, -PI[1])), xp.where(cut, PI[1], xp.minimum(hi, PI[1]))
    lo, hi = emptied((a != a) | (c != c), lo, hi)
    common = bounded(a, b, c, d) & ~touched
    return lo, hi, graded(lo, hi, defined=~origin, continuous=~cut, common=common)


@enclosure()
def hypot(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """sqrt(x**2 + y**2), between the greater magnitude and the sum of both."""
    xp = namespace(a, b, c, d)
    (x, x2), (y, y2) = magnitudes(a, b), magnitudes(c, d)
    lo, hi = padded(np.hypot(x, y), np.hypot(x2, y2), LIBRARY)
    lo, hi = xp.maximum(lo, xp.maximum(x, y)), xp.minimum(hi, add_up(x2, y2))
    lo, hi = emptied((a != a) | (c != c), lo, hi)  # hypot(inf, nan) is inf
    return lo, hi, graded(lo, hi)


# Powers


_EXACT_POWERS = {0.5: sqrt, 1.0: positive, 2.0: square, -1.0: reciprocal}


@enclosure()
def power(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """x**y of the bases x > 0, of x = 0 where y > 0, and of x < 0 at the integers among the exponents."""
    xp = namespace(a, b, c, d)
    integer = (c == d) & (c == xp.rint(c))
    if bool((c == d).all()) and c.size:
        n = float(c.reshape(-1)[0])
        if n in _EXACT_POWERS and bool((c == n).all()):
            lo, hi, kind = _EXACT_POWERS[n](a, b)
            same = xp.zeros_like(c)
            return lo + same, hi + same, kind + same.astype(np.int8)
    if integer.all():
        return _integer_power(a, b, c)
    if not integer.any():
        return _mixed_power(a, b, c, d)
    pairs = zip(_integer_power(a, b, xp.where(integer, c, 1.0)), _mixed_power(a, b, c, d), strict=True)
    lo, hi, kind = (xp.where(integer, x, y) for x, y in pairs)
    return lo, hi, kind


def _about_one(lo: Reals, hi: Reals, values: tuple[Reals, Reals], c: Reals, d: Reals) -> tuple[Reals, Reals]:
    """Bases and exponents that lie on one side of 1 and of 0 have powers on one side of 1."""
    xp = namespace(lo, hi, c, d)
    low, high = values
    above = (lo >= 1) & (c >= 0) | (hi <= 1) & (d <= 0)
    below = (hi <= 1) & (c >= 0) | (lo >= 1) & (d <= 0)
    low = xp.maximum(low, xp.where(above & (lo >= 0), 1.0, xp.where(lo >= 0, 0.0, -INF)))
    high = xp.minimum(high, xp.where(below & (lo >= 0), 1.0, INF))
    return low, high


def _integer_power(a: Reals, b: Reals, n: Reals) -> Enclosure:
    xp = namespace(a, b, n)
    even, falling = n % 2 == 0, n < 0
    least, greatest = magnitudes(a, b)
    x, y = unsigned_zeros(xp.where(even, least, a), xp.where(even, greatest, b))
    values = [np.power(x, n), np.power(y, n)]
    low, high = _about_one(x, y, padded(*hull(values, values), LIBRARY), n, n)
    high = xp.where((y <= 0) & (n != 0), xp.minimum(high, 0.0), high)
    pole = falling & (a <= 0) & (b >= 0)
    split = pole & (x < 0) & (y > 0)
    low, high = xp.where(split, -INF, low), xp.where(split, INF, high)
    low, high = emptied((a != a) | (n != n) | falling & (a == 0) & (b == 0), low, high)
    return low, high, graded(low, high, defined=~pole, common=bounded(a, b))


def _mixed_power(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """Real powers of the bases x >= 0, and integer powers of the negative ones, which NumPy has too."""
    xp = namespace(a, b, c, d)
    low, high, kind = _real_power(a, b, c, d)
    first, last = xp.ceil(c), xp.floor(d)
    present = (a < 0) & (first <= last)
    if present.any():
        least, greatest, _ = _real_power(xp.maximum(-b, 0.0), xp.maximum(-a, 0.0), first, last)
        odd, even = (first < last) | (first % 2 == 1), (first < last) | (first % 2 == 0)
        low = xp.where(present, xp.fmin(low, xp.where(odd, -greatest, least)), low)
        high = xp.where(present, xp.fmax(high, xp.where(even, greatest, -least)), high)
    return low, high, kind


def _real_power(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    xp = namespace(a, b, c, d)
    x, y = xp.maximum(a, 0.0) + 0.0, b + 0.0
    values = corners(np.power, x, y, c, d)
    low, high = _about_one(x, y, padded(*hull(values, values), LIBRARY), c, d)
    # The powers of 0 alone: 0, and NumPy's 0**0 = 1.
    low = xp.where(y == 0, xp.where(d > 0, 0.0, 1.0), low)
    high = xp.where(y == 0, xp.where((c <= 0) & (d >= 0), 1.0, 0.0), high)
    low, high = emptied((a != a) | (c != c) | (b < 0) | (b == 0) & (d < 0), low, high)
    defined = (a > 0) | (a == 0) & (c > 0)
    return low, high, graded(low, high, defined=defined, common=bounded(a, b, c, d))


def _times_logarithm(name: str, f: Callable[[Reals, Reals], Reals], pole: float) -> None:
    """x log(y) or x log(1 + y), monotone in both; 0 where x = 0, even at the pole of the logarithm.

    Other products of 0 have underflowed, but for a logarithm of exactly 1.
    """

    @enclosure(name)
    def product(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
        xp = namespace(a, b, c, d)

        def moved(step: Any) -> Callable[[Reals, Reals], Reals]:
            return lambda x, y: xp.where((x == 0) | (y == pole + 1.0), 0.0, step(f(x, y), LIBRARY))

        box = a, b, xp.maximum(c, pole), d
        lo, hi = hull(corners(moved(next_down), *box), corners(moved(next_up), *box))
        zero = (a == 0) & (b == 0)
        lo, hi = emptied((a != a) | (c != c) | (d < pole) | (d == pole) & ((a > 0) | (b < 0)), lo, hi)
        common = bounded(a, b, c, d) & (c > pole)
        return lo, hi, graded(lo, hi, defined=(c > pole) | (c == pole) & zero, common=common)


_times_logarithm("xlogy", special("xlogy"), 0.0)
_times_logarithm("xlog1py", special("xlog1py"), -1.0)


@enclosure()
def logaddexp(a: Reals, b: Reals, c: Reals, d: Reals) -> Enclosure:
    """log(exp(x) + exp(y)) = m + log(1 + exp(n - m)), n <= m. Wider than 4 floats where the sum cancels, near 0."""
    xp = namespace(a, b, c, d)

    def end(x: Reals, y: Reals, add: Any, sub: Any, step: Any) -> Reals:
        m = xp.maximum(x, y)
        rest = step(-special("log_expit")(-sub(xp.minimum(x, y), m)), LIBRARY)
        return xp.where(xp.isinf(m), m, add(m, xp.maximum(rest, 0.0)))

    lo, hi = end(a, c, add_down, sub_down, next_down), end(b, d, add_up, sub_up, next_up)
    return lo, hi, graded(lo, hi)


TABLE.update({alias: TABLE[name] for alias, name in ALIASES.items()})

TABLE["stop_gradient"] = TABLE["positive"]

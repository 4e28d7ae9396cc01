"""Interval arithmetic on scalars as compiled code runs it: the enclosures of `enclosures`, each in straight branches.

+ - * / and sqrt are rounded to nearest, then moved to the neighbour where the error, computed without error
(`rounding`), points outwards: the same bits as the eager tier. Functions are C's (glibc: at most 2.3 ulp, cbrt
3.7), moved outwards by `LIBRARY` floats. Nothing here may be reassociated; compiled code never sets Numba's
``fastmath``.

Functions ``(lo, hi) -> (lo, hi, kind)`` or ``(lo, hi, lo2, hi2) -> ...`` stand in `TABLE` by the primitive's name.
"""

import math
from collections.abc import Callable

import numpy as np

from interp.errors import UndecidedError
from interp.rules import on_numbers
from interpretations.intervals.decoration import Decoration
from interpretations.intervals.enclosures import LIBRARY, PI, REDUCTION
from interpretations.intervals.rounding import INF, MAX

Enclosure = tuple[float, float, int]

COM, DAC, DEF, TRV = (int(level) for level in (Decoration.COM, Decoration.DAC, Decoration.DEF, Decoration.TRV))
NAN = math.nan
_SPLITTER = 134217729.0  # 2**27 + 1
_SMALL, _LARGE = 1e-290, 1e290
"""Between these the error of a product is a float, and nothing on the way to it overflows."""
_REDUCED_BEYOND, _REDUCTION = REDUCTION


# -- neighbours


@on_numbers
def next_up(x: float) -> float:
    """The next greater float; inf and NaN stay."""
    if x != x or x == INF:
        return x
    if x == 0.0:
        return 5e-324
    bits = np.float64(x).view(np.int64)
    return np.int64(bits + 1 if x > 0.0 else bits - 1).view(np.float64)


@on_numbers
def next_down(x: float) -> float:
    """The next smaller float; -inf and NaN stay."""
    return -next_up(-x)


@on_numbers
def up(x: float, steps: int) -> float:
    """``steps`` floats up."""
    for _ in range(steps):
        x = next_up(x)
    return x


@on_numbers
def down(x: float, steps: int) -> float:
    """``steps`` floats down."""
    return -up(-x, steps)


# -- directed rounding


@on_numbers
def add_up(x: float, y: float) -> float:
    s = x + y
    if s - s != 0.0:  # infinite or NaN
        return -MAX if s == -INF and x > -INF and y > -INF else s
    e = y - (s - x) if abs(x) >= abs(y) else x - (s - y)
    return next_up(s) if e > 0.0 else s


@on_numbers
def add_down(x: float, y: float) -> float:
    return -add_up(-x, -y)


@on_numbers
def _product_error(p: float, x: float, y: float) -> float:
    """x * y - p without error, for p between `_SMALL` and `_LARGE` (Dekker 1971)."""
    c = _SPLITTER * x
    a = c - (c - x)
    b = x - a
    c = _SPLITTER * y
    d = c - (c - y)
    e = y - d
    return ((a * d - p) + a * e + b * d) + b * e


@on_numbers
def _is_tame(x: float) -> bool:
    return _SMALL < abs(x) < _LARGE


@on_numbers
def mul_up(x: float, y: float) -> float:
    p = x * y
    if _is_tame(p) and abs(x) < _LARGE and abs(y) < _LARGE:
        e = _product_error(p, x, y)
    else:
        if x - x != 0.0 or y - y != 0.0 or x == 0.0 or y == 0.0:
            return p
        if p - p != 0.0:
            return INF if p > 0.0 else -MAX
        m, i = math.frexp(x)
        n, j = math.frexp(y)
        q = m * n
        e = (q - math.ldexp(p, -(i + j))) + _product_error(q, m, n)
    return next_up(p) if e > 0.0 else p


@on_numbers
def mul_down(x: float, y: float) -> float:
    return -mul_up(-x, y)


@on_numbers
def div_up(x: float, y: float) -> float:
    if y == 0.0:
        return NAN if x == 0.0 or x != x else math.copysign(INF, x) * math.copysign(1.0, y)
    q = x / y
    if _is_tame(q) and _is_tame(x) and _is_tame(y):
        p = q * y
        e = (x - p) - _product_error(p, q, y)
        return next_up(q) if (e > 0.0) == (y > 0.0) and e != 0.0 else q
    if x - x != 0.0 or y - y != 0.0 or x == 0.0:
        return q
    if q - q != 0.0:
        return INF if q > 0.0 else -MAX
    m, i = math.frexp(x)
    n, j = math.frexp(y)
    scaled = math.ldexp(q, j - i)
    p = scaled * n
    e = ((m - p) - _product_error(p, scaled, n)) * n if p != 0.0 else m * n
    return next_up(q) if e > 0.0 else q


@on_numbers
def div_down(x: float, y: float) -> float:
    return -div_up(-x, y)


@on_numbers
def _root_error(r: float, x: float) -> float:
    """Of the sign of sqrt(x) - r, for finite x > 0."""
    if _is_tame(x):
        p = r * r
        return (x - p) - _product_error(p, r, r)
    m, i = math.frexp(x)
    odd = i % 2
    scaled = math.ldexp(r, -((i - odd) // 2))
    p = scaled * scaled
    return (math.ldexp(m, odd) - p) - _product_error(p, scaled, scaled)


@on_numbers
def sqrt_up(x: float) -> float:
    if x == 0.0 or x == INF or not x > 0.0:
        return NAN if x < 0.0 else x
    r = math.sqrt(x)
    return next_up(r) if _root_error(r, x) > 0.0 else r


@on_numbers
def sqrt_down(x: float) -> float:
    if x == 0.0 or x == INF or not x > 0.0:
        return NAN if x < 0.0 else x
    r = math.sqrt(x)
    return next_down(r) if _root_error(r, x) < 0.0 else r


# -- decorations


@on_numbers
def graded(lo: float, hi: float, defined: bool, common: bool) -> int:
    """What is known of a result, if the function is continuous wherever it is defined."""
    if lo != lo or not defined:
        return TRV
    return COM if common and -INF < lo and hi < INF else DAC


# -- arithmetic

TABLE: dict[str, Callable[..., Enclosure]] = {}


def _enter(*names: str) -> Callable[[Callable[..., Enclosure]], Callable[..., Enclosure]]:
    def enter(f: Callable[..., Enclosure]) -> Callable[..., Enclosure]:
        on_numbers(f)
        TABLE.update(dict.fromkeys(names, f))
        return f

    return enter


@_enter("add")
def add(a: float, b: float, c: float, d: float) -> Enclosure:
    lo, hi = add_down(a, c), add_up(b, d)
    return lo, hi, graded(lo, hi, True, True)


@_enter("subtract")
def subtract(a: float, b: float, c: float, d: float) -> Enclosure:
    lo, hi = add_down(a, -d), add_up(b, -c)
    return lo, hi, graded(lo, hi, True, True)


@_enter("multiply", "strong_multiply")
def multiply(a: float, b: float, c: float, d: float) -> Enclosure:
    """By the signs of the operands; 0 * inf is 0, for infinity is only a bound of reals."""
    if a != a or c != c:
        return NAN, NAN, TRV
    if a >= 0.0:
        lo = mul_down(a if c >= 0.0 else b, c)
        hi = mul_up(b if d >= 0.0 else a, d)
    elif b <= 0.0:
        lo = mul_down(a if d >= 0.0 else b, d)
        hi = mul_up(b if c >= 0.0 else a, c)
    elif c >= 0.0:
        lo, hi = mul_down(a, d), mul_up(b, d)
    elif d <= 0.0:
        lo, hi = mul_down(b, c), mul_up(a, c)
    else:
        lo, hi = min(mul_down(a, d), mul_down(b, c)), max(mul_up(a, c), mul_up(b, d))
    lo, hi = (lo if lo == lo else 0.0), (hi if hi == hi else 0.0)
    return lo, hi, graded(lo, hi, True, True)


@_enter("divide")
def divide(a: float, b: float, c: float, d: float) -> Enclosure:
    """Over the divisors that are not 0."""
    if a != a or c != c or (c == 0.0 and d == 0.0):
        return NAN, NAN, TRV
    if c > 0.0 or d < 0.0:
        if c > 0.0:
            lo, hi = div_down(a, d if a >= 0.0 else c), div_up(b, c if b >= 0.0 else d)
        else:
            lo, hi = div_down(b, d if b >= 0.0 else c), div_up(a, c if a >= 0.0 else d)
        return lo, hi, graded(lo, hi, True, True)
    if a == 0.0 and b == 0.0:
        return 0.0, 0.0, TRV
    lo, hi = -INF, INF
    if c == 0.0:
        if a >= 0.0:
            lo = div_down(a, d)
        if b <= 0.0:
            hi = div_up(b, d)
    elif d == 0.0:
        if b <= 0.0:
            lo = div_down(b, c)
        if a >= 0.0:
            hi = div_up(a, c)
    return lo, hi, TRV


@_enter("reciprocal")
def reciprocal(a: float, b: float) -> Enclosure:
    return divide(1.0, 1.0, a, b)


@_enter("negative")
def negative(a: float, b: float) -> Enclosure:
    return -b, -a, graded(a, b, True, True)


@_enter("positive")
def positive(a: float, b: float) -> Enclosure:
    return a, b, graded(a, b, True, True)


@_enter("abs")
def absolute(a: float, b: float) -> Enclosure:
    lo, hi = max(a, -b, 0.0), max(-a, b)
    if a != a:
        lo, hi = NAN, NAN
    return lo, hi, graded(lo, hi, True, True)


@_enter("square")
def square(a: float, b: float) -> Enclosure:
    if a != a:
        return NAN, NAN, TRV
    least, greatest = max(a, -b, 0.0), max(-a, b)
    lo, hi = mul_down(least, least), mul_up(greatest, greatest)
    return lo, hi, graded(lo, hi, True, True)


@_enter("sqrt")
def sqrt(a: float, b: float) -> Enclosure:
    """From 0 on."""
    if a != a or b < 0.0:
        return NAN, NAN, TRV
    lo, hi = sqrt_down(max(a, 0.0)), sqrt_up(b)
    return lo, hi, graded(lo, hi, a >= 0.0, True)


@_enter("maximum")
def maximum(a: float, b: float, c: float, d: float) -> Enclosure:
    if a != a or c != c:
        return NAN, NAN, TRV
    lo, hi = max(a, c), max(b, d)
    return lo, hi, graded(lo, hi, True, True)


@_enter("minimum")
def minimum(a: float, b: float, c: float, d: float) -> Enclosure:
    if a != a or c != c:
        return NAN, NAN, TRV
    lo, hi = min(a, c), min(b, d)
    return lo, hi, graded(lo, hi, True, True)


# -- step functions


def _step(name: str, f: Callable[[float], float]) -> None:
    """Over [lo, hi]: def where a jump is inside, dac where one is at an end of the box."""
    on_numbers(f)

    @_enter(name)
    def steps(a: float, b: float) -> Enclosure:
        lo, hi = f(a) + 0.0, f(b) + 0.0
        kind = graded(lo, hi, True, f(next_down(a)) == f(next_up(b)))
        return lo, hi, min(kind, COM if lo == hi else DEF)


def _sign(x: float) -> float:
    return x if x != x else 1.0 if x > 0.0 else -1.0 if x < 0.0 else 0.0


_step("floor", lambda x: np.floor(x))
_step("ceil", lambda x: np.ceil(x))
_step("trunc", lambda x: np.trunc(x))
_step("round", lambda x: np.rint(x))
_step("sign", _sign)


@_enter("heaviside")
def heaviside(a: float, b: float, c: float, d: float) -> Enclosure:
    """0 for x < 0, h for x = 0, 1 for x > 0; [a, b] are the x, [c, d] the h."""
    if a != a or c != c:
        return NAN, NAN, TRV
    lo, hi = INF, -INF
    if a < 0.0:
        lo, hi = min(lo, 0.0), max(hi, 0.0)
    if b > 0.0:
        lo, hi = min(lo, 1.0), max(hi, 1.0)
    at_zero = a <= 0.0 and b >= 0.0
    if at_zero:
        lo, hi = min(lo, c), max(hi, d)
    kind = graded(lo, hi, True, not at_zero)
    return lo, hi, min(kind, COM if not at_zero or a == b else DEF)


# -- monotone functions


def _monotone(
    name: str,
    function: Callable[[float], float],
    *,
    ulps: int = LIBRARY,
    domain: tuple[float, float] = (-INF, INF),
    is_open: bool = False,
    image: tuple[float, float] = (-INF, INF),
    fixed: tuple[float, float] = (NAN, NAN),
    decreasing: bool = False,
) -> Callable[..., Enclosure]:
    """A monotone function accurate to ``ulps`` floats, as `enclosures.Monotone`; ``fixed`` is one (x, f(x))."""
    on_numbers(function)
    (first, last), (inf, sup), (x0, y0) = domain, image, fixed

    @_enter(name)
    def enclose(a: float, b: float) -> Enclosure:
        outside = (b <= first or a >= last) if is_open else (b < first or a > last)
        if a != a or outside:
            return NAN, NAN, TRV
        inside = (a > first and b < last) if is_open else (a >= first and b <= last)
        left, right = max(a, first) + 0.0, min(b, last)
        if decreasing:
            left, right = right, left
        low, high = down(function(left), ulps), up(function(right), ulps)
        if (left <= x0) if decreasing else (left >= x0):
            low = max(low, y0)
        if (right >= x0) if decreasing else (right <= x0):
            high = min(high, y0)
        low, high = max(low, inf), min(high, sup)
        within = inside or (first == -INF and last == INF)
        return low, high, graded(low, high, within, -INF < a and b < INF)

    return enclose


_POSITIVE, _UNIT, _ORIGIN = (0.0, INF), (-1.0, 1.0), (0.0, 0.0)
_HALF_PI = 1.5707963267948968

_monotone("exp", lambda x: math.exp(x), image=_POSITIVE, fixed=(0.0, 1.0))
_monotone("exp2", lambda x: np.exp2(x), image=_POSITIVE, fixed=(0.0, 1.0))
_monotone("expm1", lambda x: math.expm1(x), image=(-1.0, INF), fixed=_ORIGIN)
_monotone("log", lambda x: np.log(x), domain=_POSITIVE, is_open=True, fixed=(1.0, 0.0))
_monotone("log2", lambda x: np.log2(x), domain=_POSITIVE, is_open=True, fixed=(1.0, 0.0))
_monotone("log10", lambda x: np.log10(x), domain=_POSITIVE, is_open=True, fixed=(1.0, 0.0))
_monotone("log1p", lambda x: np.log1p(x), domain=(-1.0, INF), is_open=True, fixed=_ORIGIN)
_monotone("asin", lambda x: np.arcsin(x), domain=_UNIT, image=(-_HALF_PI, _HALF_PI), fixed=_ORIGIN)
_monotone("acos", lambda x: np.arccos(x), domain=_UNIT, image=(0.0, PI[1]), fixed=(1.0, 0.0), decreasing=True)
_monotone("atan", lambda x: np.arctan(x), image=(-_HALF_PI, _HALF_PI), fixed=_ORIGIN)
_monotone("sinh", lambda x: np.sinh(x), fixed=_ORIGIN)
_monotone("tanh", lambda x: np.tanh(x), image=_UNIT, fixed=_ORIGIN)
_monotone("asinh", lambda x: np.arcsinh(x), fixed=_ORIGIN)
_monotone("acosh", lambda x: np.arccosh(x), domain=(1.0, INF), fixed=(1.0, 0.0))
_monotone("atanh", lambda x: np.arctanh(x), domain=_UNIT, is_open=True, fixed=_ORIGIN)
_monotone("cbrt", lambda x: np.cbrt(x), ulps=4, fixed=_ORIGIN)
_monotone("erf", lambda x: math.erf(x), image=_UNIT, fixed=_ORIGIN)
_cosh = _monotone("cosh of a magnitude", lambda x: np.cosh(x), image=(1.0, INF), fixed=(0.0, 1.0))


@_enter("cosh")
def cosh(a: float, b: float) -> Enclosure:
    lo, hi, _ = absolute(a, b)
    return _cosh(lo, hi)


# -- trigonometry


@on_numbers
def _wave(at_a: float, at_b: float, rising: bool, rises: bool, a: float, b: float) -> Enclosure:
    """sin or cos from its values and the signs of its slope at the ends: see `enclosures._wave`."""
    if a != a:
        return NAN, NAN, TRV
    if a == -INF or b == INF:
        return -1.0, 1.0, DAC
    width = add_up(b, -a)
    both = (width >= PI[0] and rising == rises) or width >= 2 * PI[0]
    low, high = min(at_a, at_b), max(at_a, at_b)
    error = _REDUCTION if max(abs(a), abs(b)) > _REDUCED_BEYOND else 0.0
    if low != 0.0:
        low = add_down(down(low, LIBRARY), -error)
    if high != 0.0:
        high = add_up(up(high, LIBRARY), error)
    low = -1.0 if both or (not rising and rises) else max(low, -1.0)
    high = 1.0 if both or (rising and not rises) else min(high, 1.0)
    return low, high, COM


@_enter("sin")
def sin(a: float, b: float) -> Enclosure:
    return _wave(np.sin(a), np.sin(b), np.cos(a) > 0.0, np.cos(b) > 0.0, a, b)


@_enter("cos")
def cos(a: float, b: float) -> Enclosure:
    return _wave(np.cos(a), np.cos(b), np.sin(a) < 0.0, np.sin(b) < 0.0, a, b)


@_enter("tan")
def tan(a: float, b: float) -> Enclosure:
    """A pole is inside where the cosine's sign changes, or the box is wider than pi."""
    if a != a:
        return NAN, NAN, TRV
    if a == -INF or b == INF or add_up(b, -a) > PI[0] or (np.cos(a) > 0.0) != (np.cos(b) > 0.0):
        return -INF, INF, TRV
    low, high = np.tan(a), np.tan(b)
    error = _REDUCTION if max(abs(a), abs(b)) > _REDUCED_BEYOND else 0.0
    if low != 0.0:
        low = add_down(down(low, LIBRARY), -error * (1.0 + low * low))
    if high != 0.0:
        high = add_up(up(high, LIBRARY), error * (1.0 + high * high))
    return low, high, graded(low, high, True, True)


@on_numbers
def _angle(y: float, x: float) -> float:
    return NAN if y == 0.0 and x == 0.0 else math.atan2(y + 0.0, x)


@on_numbers
def smaller(a: float, b: float) -> float:
    """A NaN is no candidate."""
    return b if a != a or b < a else a


@on_numbers
def greater(a: float, b: float) -> float:
    return b if a != a or b > a else a


@_enter("atan2")
def arctan2(a: float, b: float, c: float, d: float) -> Enclosure:
    """Angle of (x, y), y in [a, b] and x in [c, d], not at the origin; it jumps across the negative x axis."""
    if a != a or c != c:
        return NAN, NAN, TRV
    ac, ad, bc, bd = _angle(a, c), _angle(a, d), _angle(b, c), _angle(b, d)
    lo = down(smaller(smaller(ac, ad), smaller(bc, bd)), LIBRARY)
    hi = up(greater(greater(ac, ad), greater(bc, bd)), LIBRARY)
    if a >= 0.0:
        lo = max(lo, 0.0)
    if b < 0.0 or (b == 0.0 and c >= 0.0):
        hi = min(hi, 0.0)
    is_cut = a < 0.0 and b >= 0.0 and c < 0.0
    lo, hi = (-PI[1], PI[1]) if is_cut else (max(lo, -PI[1]), min(hi, PI[1]))
    touched = a <= 0.0 and b >= 0.0 and c < 0.0
    origin = a <= 0.0 and b >= 0.0 and c <= 0.0 and d >= 0.0
    bounded = -INF < a and b < INF and -INF < c and d < INF
    kind = graded(lo, hi, not origin, bounded and not touched)
    return lo, hi, min(kind, DEF if is_cut else COM)


@_enter("hypot")
def hypot(a: float, b: float, c: float, d: float) -> Enclosure:
    """Between the greater magnitude and the sum of both."""
    if a != a or c != c:
        return NAN, NAN, TRV
    x, x2, _ = absolute(a, b)
    y, y2, _ = absolute(c, d)
    lo, hi = down(math.hypot(x, y), LIBRARY), up(math.hypot(x2, y2), LIBRARY)
    lo, hi = max(lo, x, y), min(hi, add_up(x2, y2))
    return lo, hi, graded(lo, hi, True, True)


# -- powers


@on_numbers
def _about_one(lo: float, hi: float, low: float, high: float, c: float, d: float) -> tuple[float, float]:
    """Bases and exponents that lie on one side of 1 and of 0 have powers on one side of 1."""
    if lo >= 0.0:
        low = max(low, 1.0 if (lo >= 1.0 and c >= 0.0) or (hi <= 1.0 and d <= 0.0) else 0.0)
        if (hi <= 1.0 and c >= 0.0) or (lo >= 1.0 and d <= 0.0):
            high = min(high, 1.0)
    return low, high


@on_numbers
def _integer_power(a: float, b: float, n: float) -> Enclosure:
    falling = n < 0.0
    if a != a or n != n or (falling and a == 0.0 and b == 0.0):
        return NAN, NAN, TRV
    x, y = a, b
    if n % 2.0 == 0.0:
        x, y, _ = absolute(a, b)
    x, y = x + 0.0, -(0.0 - y)
    at_x, at_y = np.power(x, n), np.power(y, n)
    low, high = down(smaller(at_x, at_y), LIBRARY), up(greater(at_x, at_y), LIBRARY)
    low, high = _about_one(x, y, low, high, n, n)
    if y <= 0.0 and n != 0.0:
        high = min(high, 0.0)
    pole = falling and a <= 0.0 and b >= 0.0
    if pole and x < 0.0 and y > 0.0:
        low, high = -INF, INF
    return low, high, graded(low, high, not pole, -INF < a and b < INF)


@on_numbers
def _real_power(a: float, b: float, c: float, d: float) -> Enclosure:
    if a != a or c != c or b < 0.0 or (b == 0.0 and d <= 0.0):
        return NAN, NAN, TRV
    x, y = max(a, 0.0) + 0.0, b + 0.0
    p, q, r, s = np.power(x, c), np.power(x, d), np.power(y, c), np.power(y, d)
    low = down(smaller(smaller(p, q), smaller(r, s)), LIBRARY)
    high = up(greater(greater(p, q), greater(r, s)), LIBRARY)
    low, high = _about_one(x, y, low, high, c, d)
    if y == 0.0:
        low, high = 0.0, 0.0
    bounded = -INF < a and b < INF and -INF < c and d < INF
    return low, high, graded(low, high, a > 0.0 or (a == 0.0 and c > 0.0), bounded)


@_enter("power")
def power(a: float, b: float, c: float, d: float) -> Enclosure:
    """x**y of the bases x > 0, of x = 0 where y > 0, and of x < 0 at the integers among the exponents."""
    if c == d:
        if c == 2.0:
            return square(a, b)
        if c == 0.5:
            return sqrt(a, b)
        if c == 1.0:
            return positive(a, b)
        if c == -1.0:
            return reciprocal(a, b)
        if c == np.rint(c):
            return _integer_power(a, b, c)
    low, high, kind = _real_power(a, b, c, d)
    first, last = np.ceil(c), np.floor(d)
    if a < 0.0 and first <= last:
        least, greatest, _ = _real_power(max(-b, 0.0), max(-a, 0.0), first, last)
        odd, even = first < last or first % 2.0 == 1.0, first < last or first % 2.0 == 0.0
        low = smaller(low, -greatest if odd else least)
        high = greater(high, greatest if even else -least)
    return low, high, kind


# -- truth and midpoint


@on_numbers
def decided(a: float, b: float) -> bool:
    """The truth of a number, or an interval of booleans, between these ends."""
    certainly = a > 0.0 or b < 0.0
    if certainly != (a != 0.0 or b != 0.0):
        raise UndecidedError(
            "a branch on this Interval is undecided: the condition holds for some of its points only. "
            "Use np.where, np.maximum or np.abs instead of `if`, or split the box"
        )
    return certainly


@on_numbers
def middle(a: float, b: float) -> float:
    """As `Interval.mid`."""
    if a == b or a != a:
        return a
    if a == -INF and b == INF:
        return 0.0
    return min(max(0.5 * a + 0.5 * b, -MAX), MAX)

"""Enclosures against mpmath: the range is contained, and its ends are met to a few floats."""

import functools
import math
from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mpf

import interp.vocabulary as v
from interp.primitive import PRIMITIVES, Fixed
from interpretations.intervals.decoration import Decoration
from interpretations.intervals.enclosures import BLOCK, REDUCTION, TABLE
from interpretations.intervals.rounding import MAX

COM, DAC, DEF, TRV = Decoration.COM, Decoration.DAC, Decoration.DEF, Decoration.TRV
INF, NAN, TINY = math.inf, math.nan, 5e-324

LINE = [0.0, TINY, 2.0**-1022, 1e-200, 1e-17, 1e-8, 0.25, 0.5, 0.9999, 1.0, 1.5, 2.0, 3.0, 20.0, 1e3, 1e10, 1e300, MAX]
TRIG = [k * math.pi / 2 for k in (1, 2, 3, 7, 1000, 12345678)] + [2.0**60, 6381956970095103.0 * 2.0**797]
"""The last is the double nearest to a multiple of pi / 2 (Muller et al., Handbook of Floating-Point Arithmetic)."""
UNIT = [0.0, TINY, 1e-20, 0.3, 0.5, 0.6, 0.7071, 0.99, 1 - 2.0**-53, 1.0]
ZERO_OF_DIGAMMA = 1.4616321449683622


def _log_ndtr(x):
    return mpmath.log(mpmath.ncdf(x)) if x < 1 else mpmath.log1p(-mpmath.ncdf(-x))


def _both_signs(points):
    return [-x for x in points] + points


# name: (in mpmath, points in the domain, an interval to draw more from)
FUNCTIONS = {
    "exp": (mpmath.exp, _both_signs([0.0, 1e-300, 1e-9, 1.0, 37.0, 700.0, 709.7]), (-745, 709)),
    "exp2": (lambda x: mpf(2) ** x, _both_signs([0.0, 1e-9, 1.0, 10.5, 1000.0]), (-1070, 1023)),
    "expm1": (mpmath.expm1, _both_signs([TINY, 1e-300, 1e-9, 1.0, 37.0, 700.0]), (-40, 700)),
    "log": (mpmath.log, [*LINE[1:], 1 - 2.0**-53, 1 + 2.0**-52], (0, 3)),
    "log2": (lambda x: mpmath.log(x) / mpmath.log(2), [*LINE[1:], 1 - 2.0**-53], (0, 3)),
    "log10": (lambda x: mpmath.log(x) / mpmath.log(10), [*LINE[1:], 1 + 2.0**-52], (0, 3)),
    "log1p": (mpmath.log1p, LINE + [-x for x in UNIT[:-1]], (-1, 2)),
    "sin": (mpmath.sin, _both_signs(LINE + TRIG), (-100, 100)),
    "cos": (mpmath.cos, _both_signs(LINE + TRIG), (-100, 100)),
    "tan": (mpmath.tan, _both_signs(LINE + TRIG), (-100, 100)),
    "arcsin": (mpmath.asin, _both_signs(UNIT), (-1, 1)),
    "arccos": (mpmath.acos, _both_signs(UNIT), (-1, 1)),
    "arctan": (mpmath.atan, _both_signs(LINE), (-5, 5)),
    "sinh": (mpmath.sinh, _both_signs([TINY, 1e-9, 0.1, 1.0, 22.0, 710.0]), (-5, 5)),
    "cosh": (mpmath.cosh, _both_signs([0.0, 1e-9, 0.1, 1.0, 22.0, 710.0]), (-5, 5)),
    "tanh": (mpmath.tanh, _both_signs(LINE[:-3]), (-5, 5)),
    "arcsinh": (mpmath.asinh, _both_signs(LINE), (-5, 5)),
    "arccosh": (mpmath.acosh, [*LINE[9:], 1 + 2.0**-52, 1 + 1e-9], (1, 5)),
    "arctanh": (mpmath.atanh, _both_signs(UNIT[:-1]), (-1, 1)),
    "cbrt": (lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), _both_signs(LINE), (-5, 5)),
    "sqrt": (mpmath.sqrt, LINE, (0, 5)),
    "square": (lambda x: x * x, _both_signs(LINE), (-5, 5)),
    "reciprocal": (lambda x: 1 / x, _both_signs(LINE[1:]), (-5, 5)),
    "erf": (mpmath.erf, _both_signs([TINY, 1e-9, 0.3, 0.8391, 1.0, 3.0, 6.0, 20.0]), (-4, 4)),
    "erfc": (mpmath.erfc, [*_both_signs([1e-9, 0.3, 0.5, 1.0, 3.0, 9.99]), 10.01, 20.0, 26.5], (-3, 26)),
    "expit": (lambda x: 1 / (1 + mpmath.exp(-x)), _both_signs([0.0, 1e-9, 1.0, 30.0, 700.0, 740.0]), (-50, 50)),
    "log_expit": (lambda x: -mpmath.log1p(mpmath.exp(-x)), _both_signs([0.0, 1e-9, 1.0, 30.0, 740.0]), (-50, 50)),
    "logit": (lambda x: mpmath.log(x / (1 - x)), [*UNIT[1:-1], 0.5 + 1e-9], (0, 1)),
    "ndtr": (mpmath.ncdf, [*_both_signs([0.0, 1e-9, 0.70715, 0.7072, 1.0, 5.0]), -20.0, -37.5], (-38, 8)),
    "log_ndtr": (_log_ndtr, [*_both_signs([0.0, 1e-9, 0.7072, 1.0, 5.0, 37.0]), -1e3], (-40, 30)),
    "gammaln": (
        lambda x: mpmath.re(mpmath.loggamma(x)),
        LINE[1:-1] + [1 + s * t for s in (1, -1) for t in (1e-15, 1e-9, 1e-3, 0.26)]
        + [2 + s * t for s in (1, -1) for t in (1e-15, 1e-9, 1e-3)] + [ZERO_OF_DIGAMMA, 1.25, 1.75, 14.6],
        (0, 20),
    ),
    "digamma": (mpmath.digamma, LINE[2:] + [ZERO_OF_DIGAMMA + t for t in (0, -1e-15, 1e-12, 1e-5)], (0, 20)),
}  # fmt: skip
WIDER = {"erf": 5, "erfc": 5, "ndtr": 5, "log_ndtr": 5, "expit": 5, "cbrt": 5, "gammaln": 7, "digamma": 7, "logit": 5}
"""How many floats an end may lie outside the exact range, where it is more than 4."""

# Of two operands: (in mpmath, ranges of x and y)
BINARY = {
    "add": (lambda x, y: x + y, (-9, 9), (-9, 9)),
    "subtract": (lambda x, y: x - y, (-9, 9), (-9, 9)),
    "multiply": (lambda x, y: x * y, (-9, 9), (-9, 9)),
    "divide": (lambda x, y: x / y, (-9, 9), (-9, 9)),
    "power": (lambda x, y: x**y, (0, 9), (-9, 9)),
    "arctan2": (mpmath.atan2, (-9, 9), (-9, 9)),
    "hypot": (mpmath.hypot, (-9, 9), (-9, 9)),
    "logaddexp": (lambda x, y: mpmath.log(mpmath.exp(x) + mpmath.exp(y)), (-9, 9), (-9, 9)),
    "xlogy": (lambda x, y: x * mpmath.log(y), (-9, 9), (0, 9)),
    "xlog1py": (lambda x, y: x * mpmath.log1p(y), (-9, 9), (-1, 9)),
    "maximum": (max, (-9, 9), (-9, 9)),
    "minimum": (min, (-9, 9), (-9, 9)),
    "floor_divide": (lambda x, y: mpmath.floor(x / y), (-9, 9), (-9, 9)),
    "remainder": (lambda x, y: x - y * mpmath.floor(x / y), (-9, 9), (-9, 9)),
    "fmod": (lambda x, y: x - y * mpmath.sign(x / y) * mpmath.floor(abs(x / y)), (-9, 9), (-9, 9)),
    "heaviside": (lambda x, y: y if x == 0 else mpf(x > 0), (-9, 9), (-9, 9)),
}


@pytest.fixture(autouse=True)
def _precision():
    with mpmath.workprec(150):
        yield


def place(x):
    """A float's number on the line; neighbours differ by 1."""
    bits = int(np.float64(x).view(np.int64))
    return bits if bits >= 0 else -(bits & (2**63 - 1))


def neighbours(exact):
    """The floats next below and above a number of mpmath."""
    if abs(exact) > MAX:
        return (MAX, INF) if exact > 0 else (-INF, -MAX)
    nearest = float(exact)
    return (
        nearest if nearest <= exact else math.nextafter(nearest, -INF),
        nearest if nearest >= exact else math.nextafter(nearest, INF),
    )


def drawn(interval, n, seed):
    rng = np.random.default_rng(seed)
    return rng.uniform(*interval, n)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_points(name):
    exact, points, interval = FUNCTIONS[name]
    x = np.concatenate([points, drawn(interval, 200, 1)])
    lo, hi, kind = TABLE[name](x, x)
    assert (kind >= DAC).all()
    for at, low, high in zip(x, lo, hi, strict=True):
        value = exact(mpf(float(at)))
        below, above = neighbours(value)
        assert low <= below and above <= high, at
        if name in ("sin", "cos", "tan") and abs(at) > REDUCTION[0]:
            below, above = (end + sign * 2 * REDUCTION[1] * (1 + value**2) for end, sign in ((below, -1), (above, 1)))
        assert max(place(below) - place(low), place(high) - place(above)) <= WIDER.get(name, 4), at


@pytest.mark.parametrize("name", FUNCTIONS)
def test_boxes_contain_what_is_inside(name):
    exact, points, interval = FUNCTIONS[name]
    ends = np.sort(np.concatenate([points, drawn(interval, 30, 2)]))
    far = drawn(interval, 2 * 30, 3).reshape(2, -1)
    a, b = np.concatenate([[ends[:-1], ends[1:]], np.sort(far, axis=0)], axis=1)
    lo, hi, kind = TABLE[name](a, b)
    rng = np.random.default_rng(4)
    for low, high, first, last, level in zip(lo, hi, a, b, kind, strict=True):
        for t in (0.0, 1.0, *rng.uniform(size=2)):
            x = min(max(first * (1 - t) + last * t, first), last)
            if level == TRV and not mpmath.isfinite(x and exact(mpf(float(x)))):
                continue
            if x == 0 and name == "reciprocal":
                continue
            below, above = neighbours(exact(mpf(float(x))))
            assert low <= below and above <= high, (first, last, x)


@pytest.mark.parametrize("name", BINARY)
def test_boxes_of_two_operands(name):
    exact, *intervals = BINARY[name]
    rng = np.random.default_rng(5)
    x, y = (np.sort(rng.uniform(*interval, (2, 150)), axis=0) for interval in intervals)
    x[1, ::3], y[1, 1::3] = x[0, ::3], y[0, 1::3]
    x[0, ::7] = np.where(x[1, ::7] > 0, 0.0, x[0, ::7])
    y[0, ::5] = np.where(y[1, ::5] > 0, 0.0, y[0, ::5])
    x[:, ::11] = np.rint(x[:, ::11])
    lo, hi, _ = TABLE[name](*x, *y)
    for i in range(x.shape[1]):
        for s, t in [(0, 0), (1, 1), (0, 1), *rng.uniform(size=(2, 2))]:
            p, q = (mpf(float(np.clip(e[0, i] * (1 - u) + e[1, i] * u, e[0, i], e[1, i]))) for e, u in ((x, s), (y, t)))
            try:
                value = exact(p, q)
            except (ZeroDivisionError, ValueError):
                continue
            if not mpmath.isfinite(value) or (name == "arctan2" and p == q == 0) or isinstance(value, mpmath.mpc):
                continue
            below, above = neighbours(value)
            assert lo[i] <= below and above <= hi[i], (x[:, i], y[:, i], p, q)


@pytest.mark.parametrize("name", [n for n in BINARY if n not in ("logaddexp", "heaviside", "floor_divide")])
def test_two_operands_at_points(name):
    exact, *intervals = BINARY[name]
    x, y = (drawn(interval, 200, seed) for seed, interval in enumerate(intervals))
    lo, hi, _ = TABLE[name](x, x, y, y)
    for a, b, low, high in zip(x, y, lo, hi, strict=True):
        below, above = neighbours(exact(mpf(a), mpf(b)))
        assert low <= below and above <= high
        assert max(place(below) - place(low), place(high) - place(above)) <= {"xlogy": 5, "xlog1py": 5}.get(name, 4)


wide = st.floats(-1e4, 1e4) | st.floats(allow_nan=False, allow_infinity=False)
boxes = st.tuples(wide, wide).map(sorted)


@given(x=boxes, y=boxes)
def test_arithmetic_is_the_tightest(x, y):
    def expected(values):
        low, high = min(values), max(values)
        ends = [neighbours(mpf(v.numerator) / v.denominator) for v in (low, high)]
        return ends[0][0], ends[1][1]

    with mpmath.workprec(4400):  # every sum of floats is exact
        (a, b), (c, d) = x, y
        p = [(Fraction(u), Fraction(v)) for u in x for v in y]
        assert TABLE["add"](a, b, c, d)[:2] == expected([Fraction(a) + Fraction(c), Fraction(b) + Fraction(d)])
        assert TABLE["subtract"](a, b, c, d)[:2] == expected([Fraction(a) - Fraction(d), Fraction(b) - Fraction(c)])
        assert TABLE["multiply"](a, b, c, d)[:2] == expected([u * v for u, v in p])
        if c > 0 or d < 0:
            assert TABLE["divide"](a, b, c, d)[:2] == expected([u / v for u, v in p])


@settings(deadline=None)
@given(
    start=st.floats(-1e15, 1e15) | st.floats(-20, 20) | st.integers(-40, 40).map(lambda k: k * math.pi / 2),
    width=st.floats(0, 8) | st.sampled_from([0.0, 1e-9, math.pi, 2 * math.pi, 3.0]),
    name=st.sampled_from(["sin", "cos"]),
)
def test_waves_meet_their_range(start, width, name):
    """The exact range from the extrema counted with 150 bits of pi."""
    end = start + width
    with mpmath.workprec(150):
        f = getattr(mpmath, name)
        shift = mpf(0.5) if name == "sin" else 0
        first, last = (mpf(x) / mpmath.pi - shift for x in (start, end))
        extrema = range(int(mpmath.ceil(first)), int(mpmath.floor(last)) + 1)
        values = [f(mpf(start)), f(mpf(end)), *(mpf((-1) ** k) for k in extrema[:2])]
        low, high = neighbours(min(values))[0], neighbours(max(values))[1]
    lo, hi, _ = TABLE[name](start, end)
    assert lo <= low and high <= hi
    assert place(low) - place(lo) <= 4 and place(hi) - place(high) <= 4


@settings(deadline=None)
@given(
    x=boxes.filter(lambda x: max(map(abs, x)) < 1e6),
    n=st.integers(-9, 9),
    at=st.floats(0, 1),
)
def test_integer_powers(x, n, at):
    a, b = x
    lo, hi, kind = TABLE["power"](a, b, float(n), float(n))
    for value in (a, b, min(max(a + at * (b - a), a), b)):
        if n < 0 and value == 0:
            assert kind == TRV
        elif n >= 0 or value != 0:
            below, above = neighbours(mpf(value) ** n)
            assert lo <= below and above <= hi
    if n > 0 and n % 2 == 0:
        assert lo >= 0


CASES = [
    # name, ends, lo, hi, kind: exact results, and what is known of them
    ("sqrt", (-1.0, 4.0), 0.0, 2.0, TRV),
    ("sqrt", (0.0, 4.0), 0.0, 2.0, COM),
    ("sqrt", (-2.0, -1.0), NAN, NAN, TRV),
    ("log", (-2.0, -1.0), NAN, NAN, TRV),
    ("log", (0.0, 1.0), -INF, 0.0, TRV),
    ("log", (0.0, 0.0), NAN, NAN, TRV),
    ("log", (1.0, INF), 0.0, INF, DAC),
    ("exp", (-INF, 0.0), 0.0, 1.0, DAC),
    ("exp", (0.0, 1000.0), 1.0, INF, DAC),
    ("exp", (NAN, NAN), NAN, NAN, TRV),
    ("tanh", (-INF, INF), -1.0, 1.0, DAC),
    ("cosh", (-1.0, 0.0), 1.0, 1.5430806348152437, COM),
    ("arcsin", (2.0, 3.0), NAN, NAN, TRV),
    ("arctan", (-INF, INF), -1.5707963267948968, 1.5707963267948968, DAC),
    ("arccosh", (0.0, 1.0), 0.0, 0.0, TRV),
    ("add", (1.0, 2.0, NAN, NAN), NAN, NAN, TRV),
    ("add", (1.0, MAX, 0.0, MAX), 1.0, INF, DAC),
    ("multiply", (0.0, 0.0, -INF, INF), 0.0, 0.0, COM),
    ("multiply", (0.0, 1.0, 2.0, INF), 0.0, INF, DAC),
    ("multiply", (NAN, NAN, 0.0, 0.0), NAN, NAN, TRV),
    ("divide", (1.0, 2.0, 0.0, 1.0), 1.0, INF, TRV),
    ("divide", (1.0, 2.0, -1.0, 0.0), -INF, -1.0, TRV),
    ("divide", (1.0, 2.0, -1.0, 1.0), -INF, INF, TRV),
    ("divide", (1.0, 2.0, 0.0, 0.0), NAN, NAN, TRV),
    ("divide", (0.0, 0.0, -1.0, 1.0), 0.0, 0.0, TRV),
    ("divide", (0.0, 0.0, 0.0, 0.0), NAN, NAN, TRV),
    ("divide", (-INF, INF, -INF, INF), -INF, INF, TRV),
    ("reciprocal", (-0.0, INF), 0.0, INF, TRV),
    ("square", (-2.0, 1.0), 0.0, 4.0, COM),
    ("absolute", (-2.0, 1.0), 0.0, 2.0, COM),
    ("sin", (0.0, 0.0), 0.0, 0.0, COM),
    ("sin", (-INF, INF), -1.0, 1.0, DAC),
    ("sin", (2.0**200, 2.0**201), -1.0, 1.0, COM),
    ("tan", (1.0, 2.0), -INF, INF, TRV),
    ("tan", (0.0, INF), -INF, INF, TRV),
    ("floor", (1.1, 1.9), 1.0, 1.0, COM),
    ("floor", (1.0, 1.9), 1.0, 1.0, DAC),
    ("floor", (0.5, 1.5), 0.0, 1.0, DEF),
    ("rint", (0.6, 1.4), 1.0, 1.0, COM),
    ("rint", (0.5, 0.5), 0.0, 0.0, DAC),
    ("sign", (0.0, 0.0), 0.0, 0.0, DAC),
    ("sign", (-1.0, 0.0), -1.0, 0.0, DEF),
    ("heaviside", (-1.0, 0.0, 0.5, 0.5), 0.0, 0.5, DEF),
    ("heaviside", (1.0, 2.0, 0.5, 0.5), 1.0, 1.0, COM),
    ("maximum", (-1.0, 2.0, 0.0, 1.0), 0.0, 2.0, COM),
    ("floor_divide", (4.0, 5.0, 2.0, 2.0), 2.0, 2.0, DAC),
    ("floor_divide", (1.0, 7.0, 2.0, 2.0), 0.0, 3.0, DEF),
    ("floor_divide", (1.0, 7.0, 0.0, 2.0), 0.0, INF, TRV),
    ("remainder", (-1.0, -0.5, 3.0, 3.0), 2.0, 2.5, COM),
    ("remainder", (2.0, 4.0, 3.0, 3.0), 0.0, 3.0, DEF),
    ("fmod", (-4.0, -3.5, 3.0, 3.0), -1.0, -0.5, None),
    ("remainder", (3.0, 4.0, 5.0, INF), 3.0, 4.0, DAC),
    ("remainder", (-4.0, -3.0, 5.0, INF), 0.0, INF, DEF),
    ("fmod", (3.0, 4.0, MAX, INF), 3.0, 4.0, DAC),
    ("power", (-2.0, 3.0, 2.0, 2.0), 0.0, 9.0, COM),
    ("power", (-2.0, 3.0, 0.0, 0.0), 1.0, 1.0, COM),
    ("power", (-2.0, 3.0, -3.0, -3.0), -INF, INF, TRV),
    ("power", (0.0, 0.0, -2.0, -2.0), NAN, NAN, TRV),
    ("power", (0.0, 1.0, 0.5, 1.5), 0.0, 1.0, COM),
    ("power", (0.0, 0.0, -2.0, 3.0), 0.0, 1.0, TRV),  # 0**0 is 1
    ("power", (0.0, 0.0, -2.0, 0.0), 1.0, 1.0, TRV),
    ("power", (0.0, 0.0, 0.5, 1.5), 0.0, 0.0, COM),
    # Of negative bases NumPy's power has the integer exponents: here 1 alone, none, 2 and 3.
    ("power", (-1.0, 1.0, 0.5, 1.5), -1.0, 1.0, TRV),
    ("power", (-1.0, -0.5, 0.5, 1.5), -1.0, -0.5, TRV),
    ("power", (-1.0, -0.5, 0.5, 0.9), NAN, NAN, TRV),
    ("power", (-2.0, -1.0, 2.0, 3.0), -8.0, 8.0, TRV),
    ("arctan2", (-1.0, 1.0, -2.0, -1.0), -3.1415926535897936, 3.1415926535897936, DEF),
    ("arctan2", (0.0, 0.0, 0.0, 0.0), NAN, NAN, TRV),
    ("hypot", (-3.0, 0.0, 0.0, 0.0), 0.0, 3.0, COM),
    ("xlogy", (0.0, 0.0, 0.0, 1.0), 0.0, 0.0, None),
    ("xlogy", (-TINY, -TINY, 1.0, 1.0 + 2.0**-52), -TINY, 0.0, COM),  # underflows
    ("xlog1py", (-1e-300, -1e-300, 1e-100, 1e-99), -TINY, 0.0, COM),
    ("logaddexp", (-INF, 0.0, -INF, -INF), -INF, 0.0, DAC),
    ("digamma", (-1.0, -1.0), NAN, NAN, TRV),
    ("digamma", (-1.5, 0.5), -INF, INF, TRV),
    ("gammaln", (-1.0, -1.0), NAN, NAN, TRV),
    ("gammaln", (1.0, 1.0), 0.0, 0.0, COM),
]


@pytest.mark.parametrize(("name", "ends", "lo", "hi", "kind"), CASES)
def test_case(name, ends, lo, hi, kind):
    got = TABLE[name](*ends)
    near = 0 if name in ("multiply", "divide", "sqrt") else 4
    for end, expected, outwards in zip(got, (lo, hi), (-1, 1), strict=False):
        if math.isfinite(expected) and math.isfinite(end):
            assert 0 <= (place(end) - place(expected)) * outwards <= near
        else:
            assert end == expected or (math.isnan(end) and math.isnan(expected))
    assert kind is None or got[2] == kind
    arrays = TABLE[name](*(np.full((2, 3), x) for x in ends))
    for scalar, array in zip(got, arrays, strict=True):
        assert array.shape == (2, 3) and np.array_equal(array, np.full((2, 3), scalar), equal_nan=True)
        assert array.dtype == np.asarray(scalar).dtype


@pytest.mark.parametrize("name", sorted(TABLE))
def test_large_arrays_broadcasting_and_empty(name):
    primitive = PRIMITIVES.get(name) or getattr(v, name)
    plain = [np.float64(p.shown) for p in primitive.partials if isinstance(p, Fixed) for _ in range(2)]
    two = len(primitive.partials) - len(plain) // 2 == 2
    enclose = (
        functools.partial(TABLE[name], *plain) if name != "inv_boxcox" else lambda lo, hi: TABLE[name](lo, hi, *plain)
    )
    rng = np.random.default_rng(6)
    n = 2 * BLOCK + 5
    ends = np.sort(rng.uniform(-2, 3, (2 if two else 1, 2, n)), axis=1).reshape(-1, n)
    large = enclose(*ends)
    small = enclose(*(x[-9:] for x in ends))
    for whole, part in zip(large, small, strict=True):
        assert np.array_equal(whole[-9:], part, equal_nan=True)
    columns = enclose(*(x[:3, None] for x in ends[:2]), *(x[:2] for x in ends[2:]))
    assert columns[0].shape == columns[2].shape == ((3, 2) if two else (3, 1)) and columns[2].dtype == np.int8
    assert enclose(*(x[:0] for x in ends))[0].shape == (0,)
    assert all(np.isnan(end) for end in enclose(*[NAN, NAN, 1.0, 1.0][: len(ends)])[:2])
    assert all(np.isnan(end) for end in enclose(*[1.0, 1.0, NAN, NAN][-len(ends) :])[:2])


@pytest.mark.parametrize("first", [-0.9, -1.9, -5.9, -40.7])
def test_gamma_below_zero(first):
    x = first + np.linspace(0, 0.6, 25)
    for name, exact in (("digamma", mpmath.digamma), ("gammaln", lambda t: mpmath.re(mpmath.loggamma(t)))):
        for a, b in [*pairwise(x), (x[0], x[-1])]:
            lo, hi, kind = TABLE[name](a, b)
            for t in np.linspace(a, b, 4):
                assert lo <= exact(mpf(float(t))) <= hi
            assert kind == COM
        lo, hi, _ = TABLE[name](x, x)
        assert (hi - lo < 1e-12 * (1 + abs(lo))).all()

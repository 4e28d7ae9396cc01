"""Enclosures of special functions and of further functions of NumPy's against mpmath, at points and over boxes."""

import mpmath
import numpy as np
import pytest
from mpmath import mpf
from test_special import EXACT, INVERSES

import interp.vocabulary as v
from interp.errors import NoRule
from interp.primitive import PRIMITIVES, Elementwise, Fixed
from interpretations import Dual, Interval
from interpretations.intervals.decoration import Decoration
from interpretations.intervals.special import GAPS

WIDE = {
    # where points are drawn from, of each operand that varies, if it is more than the domain of examples
    "erfcx": (-26, 50),
    "dawsn": (-9, 9),
    "erfcinv": (0, 2),
    "erfinv": (-1, 1),
    "ndtri": (0, 1),
    "ndtri_exp": (-50, 0),
    "owens_t": ((-5, 5), (-3, 3)),
    "entr": (0, 4),
    "rel_entr": ((0, 4), (0, 4)),
    "kl_div": ((0, 4), (0, 4)),
    "huber": ((0, 3), (-5, 5)),
    "pseudo_huber": ((0, 3), (-5, 5)),
    "gamma": (0, 30),
    "rgamma": (-5, 30),
    "gammainc": (0, 20),
    "gammaincc": (0, 20),
    "betainc": (0, 1),
    "betaincc": (0, 1),
    "ellipk": (-30, 1),
    "ellipe": (-30, 1),
    "spence": (0, 9),
    "exp1": (0, 30),
    "expi": (0, 50),
    "exprel": (-30, 30),
    "boxcox": ((0, 9), (-3, 3)),
    "jv": (-30, 30),
    "j0": (-30, 30),
    "j1": (-30, 30),
    "i0": (-20, 20),
    "i1": (-20, 20),
    "i0e": (-20, 20),
    "i1e": (-20, 20),
    "sinc": (-6, 6),
    "cosm1": (-9, 9),
    "logaddexp2": ((-9, 9), (-9, 9)),
    "hypot": ((-9, 9), (-9, 9)),
    "ierfcx": (-4, 9),
}
MORE = {
    "copysign": (lambda x, y: abs(x) if y >= 0 else -abs(x), (-2, 2), (-2, 2)),
    "fmax": (max, (-2, 2), (-2, 2)),
    "fmin": (min, (-2, 2), (-2, 2)),
    "fabs": (abs, (-2, 2)),
    "gap": (lambda x, y: x - y, (-2, 2), (-2, 2)),
}
SLOW = ("owens_t", "ierfcx", "gammaincc", "k0", "k1", "k0e", "k1e", "kv", "kve", "expn", "hurwitz_zeta", "spence")
NAMES = [
    name for name in (*EXACT, *MORE) if PRIMITIVES.get(getattr(v, name).name) and getattr(v, name).name not in GAPS
]


def exactly(name):
    return MORE[name][0] if name in MORE else EXACT[name][0]


def ranges(name):
    """Of the operands in turn; None of one that does not vary."""
    primitive = getattr(v, name)
    given = MORE[name][1:] if name in MORE else WIDE.get(name, primitive.domain)
    varying = sum(not isinstance(p, Fixed) for p in primitive.partials)
    of_each = iter([given] * varying if isinstance(given[0], int | float) else given)
    return [None if isinstance(p, Fixed) else next(of_each) for p in primitive.partials]


def checked(name, boxes, points):
    """Boxes contain what mpmath finds at points within; of an inverse the function leads back across the operand."""
    primitive, exact = getattr(v, name), exactly(name)
    out = primitive(*boxes)
    for point in points:
        with mpmath.workdps(60):
            value = mpmath.re(exact(*map(mpf, point)))
            if mpmath.isfinite(value):
                assert mpf(float(out.lo)) <= value <= mpf(float(out.hi)), (boxes, point)
    return out


def shown(name):
    primitive = getattr(v, name)
    return [p.shown if isinstance(p, Fixed) else None for p in primitive.partials]


@pytest.mark.parametrize("name", [n for n in NAMES if n not in INVERSES])
def test_boxes_contain_what_is_inside(name):
    rng = np.random.default_rng(3)
    count = 12 if name in SLOW else 80
    for i in range(count):
        boxes, drawn = [], []
        for fixed, limits in zip(shown(name), ranges(name), strict=True):
            if limits is None:
                boxes.append(fixed)
                drawn.append([float(fixed)] * 3)
                continue
            ends = np.sort(rng.uniform(*limits, 2))
            if i % 3 == 0:
                ends[1] = ends[0] + 1e-3 * (ends[1] - ends[0])
            if i % 5 == 0:
                ends[1] = ends[0]
            boxes.append(Interval(*map(float, ends)))
            drawn.append([float(ends[0]), float(ends[1]), float(np.clip(rng.uniform(*ends), *ends))])
        out = checked(name, boxes, [tuple(d[k] for d in drawn) for k in range(3)])
        if i % 5 == 0 and name not in ("beta", "betaln", "gammaincc", "betaincc"):
            size = max(abs(float(out.lo)), abs(float(out.hi)))
            assert float(out.hi) - float(out.lo) <= 3e-12 * size + 1e-13, boxes


@pytest.mark.parametrize("name", [n for n in INVERSES if n not in GAPS])
def test_inverses(name):
    """The function that is inverted, at the ends of the enclosure, is on either side of the operand."""
    f, primitive = INVERSES[name][0], getattr(v, name)
    (limits,) = ranges(name)
    rises = f(mpf(1.0)) > f(mpf(0.5))
    for x in np.random.default_rng(4).uniform(*limits, 60):
        out = primitive(Interval(float(x), float(x)))
        with mpmath.workdps(40):
            below, above = f(mpf(float(out.lo))), f(mpf(float(out.hi)))
            assert below <= mpf(float(x)) <= above if rises else above <= mpf(float(x)) <= below


POINTS = [
    (name, point) for name, (_, points) in EXACT.items() if name in NAMES and name not in INVERSES for point in points
]


@pytest.mark.parametrize(("name", "point"), POINTS, ids=str)
def test_tails_and_traps(name, point):
    if name in ("jv", "jve", "ive") and point[0] not in (0, 1):
        return
    boxes = [
        x if isinstance(p, Fixed) else Interval(x, x) for p, x in zip(getattr(v, name).partials, point, strict=True)
    ]
    checked(name, boxes, [tuple(map(float, point))])


@pytest.mark.parametrize("name", GAPS)
def test_what_has_no_enclosure_says_why(name):
    primitive = PRIMITIVES[name]
    operands = [p.shown if isinstance(p, Fixed) else Interval(0.3, 0.4) for p in primitive.partials]
    with pytest.raises(NoRule, match=GAPS[name][:20]):
        primitive(*operands)


def test_four_fifths_of_the_primitives_have_an_enclosure():
    elementwise = [p.name for p in PRIMITIVES.values() if isinstance(p, Elementwise) and getattr(v, p.name, None) is p]
    assert len([name for name in elementwise if name in GAPS]) <= 0.1 * len(elementwise)


def test_outside_the_domain():
    assert np.isnan(v.erfinv(Interval(2.0, 3.0)).lo)
    assert v.ndtri(Interval(-1.0, 0.5)).decoration == Decoration.TRV
    assert v.expi(Interval(-1.0, 1.0)).lo == -np.inf and v.expi(Interval(-1.0, 1.0)).decoration == Decoration.TRV
    assert v.gamma(Interval(-0.5, 0.5)).decoration == Decoration.TRV
    assert v.ellipk(Interval(0.5, 2.0)).hi == np.inf
    assert v.copysign(Interval(1.0, 2.0), Interval(-1.0, 1.0)).lo == -2.0
    assert v.copysign(Interval(-1.0, 2.0), 1.0).lo == 0.0
    out = v.fmax(np.sqrt(Interval(-1.0, 4.0)), -5.0)
    assert out.lo == -5.0 and out.hi == 2.0  # where the root is undefined the other counts
    with pytest.raises(NoRule, match="integer orders"):
        v.jv(1.5, Interval(0.3, 0.4))
    with pytest.raises(NoRule, match="orders 0 and 1"):
        v.ive(2, Interval(0.3, 0.4))


def test_derivatives_of_intervals_enclose():
    for f in (v.log_ndtr, v.erfcx, v.j0, v.i0, v.gamma, v.erf, v.ndtri, v.entr):
        box = Interval(0.3, 0.31)
        slope = f(Dual(box, 1.0)).tangent
        for x in (0.3, 0.305, 0.31):
            assert slope.lo <= f(Dual(x, 1.0)).tangent <= slope.hi


def test_orders_are_plain_numbers_and_arrays():
    x = Interval(np.array([0.5, 1.5]), np.array([0.6, 1.6]))
    for name in ("polygamma", "jv", "kv", "iv", "gammainc", "hurwitz_zeta", "expn"):
        order = 2.5 if name in ("hurwitz_zeta", "gammainc") else 2
        out = PRIMITIVES[name](order, x)
        assert out.shape == (2,) and (out.lo <= PRIMITIVES[name](order, x.mid)).all()
    assert v.betainc(1.5, 2.5, Interval(0.3, 0.4)).hi <= 1.0

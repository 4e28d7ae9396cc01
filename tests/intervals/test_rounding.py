"""Directed rounding against exact rational arithmetic, on both engines."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interpretations.intervals import rounding

MAX, TINY, NORMAL = rounding.MAX, 5e-324, 2.0**-1022
CORNERS = [0.0, -0.0, TINY, -TINY, NORMAL, -NORMAL, 1.0, -1.0, 3.0, 0.1, 1e-160, 1e160, 2.0**970, MAX, -MAX]
CORNERS += [math.inf, -math.inf, math.nan, 2.0**-537, 3 * TINY, 2.0**1023]

EXACT = {
    "add": lambda x, y: Fraction(x) + Fraction(y),
    "sub": lambda x, y: Fraction(x) - Fraction(y),
    "mul": lambda x, y: Fraction(x) * Fraction(y),
    "div": lambda x, y: Fraction(x) / Fraction(y),
}
UFUNCS = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "sqrt": np.sqrt}

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
floats = st.floats(width=64) | st.sampled_from(CORNERS) | st.integers(-50, 50).map(float)


def both(name):
    return getattr(rounding, f"{name}_down"), getattr(rounding, f"{name}_up")


def rounded_down(exact):
    """The greatest float not above a Fraction; not inf."""
    try:
        nearest = float(exact)
    except OverflowError:
        return MAX if exact > 0 else -math.inf
    return nearest if Fraction(nearest) <= exact else math.nextafter(nearest, -math.inf)


def same(x, y):
    """Equal bits, or both NaN."""
    x, y = np.asarray(x), np.asarray(y)
    return np.array_equal(np.where(np.isnan(x), 0, x.view(np.int64)), np.where(np.isnan(y), 0, y.view(np.int64)))


@pytest.fixture(params=["hardware", "residual"])
def engine(request, monkeypatch):
    if request.param == "residual":
        monkeypatch.setattr(rounding, "_processor", lambda: None)
    return request.param


def operands(n=20_000, seed=0):
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2**64, n, dtype=np.uint64).view(float)
    spread = np.ldexp(rng.standard_normal(n), rng.integers(-1074, 1024, n))
    near = rng.integers(-20, 20, n).astype(float)
    return np.choose(rng.integers(0, 4, n), [bits, spread, near, rng.choice(CORNERS, n)])


@pytest.mark.parametrize("name", EXACT)
@given(x=floats, y=floats)
def test_scalars_are_the_nearest_floats_on_each_side(name, x, y):
    down, up = (f(x, y) for f in both(name))
    if math.isfinite(x) and math.isfinite(y) and not (name == "div" and y == 0):
        exact = EXACT[name](x, y)
        assert down == rounded_down(exact)
        assert up == -rounded_down(-exact)
    else:
        plain = UFUNCS[name](np.float64(x), np.float64(y))
        assert same(down, plain) and same(up, plain)


@given(x=st.floats(min_value=0, allow_infinity=False) | st.integers(0, 1000).map(lambda n: float(n * n)))
def test_square_roots_bracket(x):
    down, up = rounding.sqrt_down(x), rounding.sqrt_up(x)
    assert Fraction(down) ** 2 <= Fraction(x) <= Fraction(up) ** 2
    assert up == down or (up == math.nextafter(down, math.inf) and Fraction(down) ** 2 != Fraction(x))


def test_square_root_beside_its_domain():
    assert math.isnan(rounding.sqrt_down(-1.0)) and math.isnan(rounding.sqrt_up(math.nan))
    assert rounding.sqrt_up(math.inf) == math.inf and math.copysign(1, rounding.sqrt_down(-0.0)) == -1


@pytest.mark.parametrize("name", UFUNCS)
def test_arrays_have_the_bits_of_scalars(name, engine):
    x, y = operands(3000, 1), operands(3000, 2)
    arguments = (x,) if name == "sqrt" else (x, y)
    for f in both(name):
        one_by_one = [f(*values) for values in zip(*(a.tolist() for a in arguments), strict=True)]
        assert same(f(*arguments), one_by_one)


@pytest.mark.parametrize("name", UFUNCS)
def test_engines_agree(name, monkeypatch):
    arguments = (operands(),) if name == "sqrt" else (operands(), operands(seed=3))
    hardware = [f(*arguments) for f in both(name)]
    monkeypatch.setattr(rounding, "_processor", lambda: None)
    for f, expected in zip(both(name), hardware, strict=True):
        assert same(f(*arguments), expected)


@pytest.mark.parametrize(
    ("f", "x", "y", "expected"),
    [
        ("add_down", MAX, MAX, MAX),
        ("add_up", MAX, MAX, math.inf),
        ("add_up", -MAX, -MAX, -MAX),
        ("add_down", 1.0, -1.0, -0.0),
        ("add_up", 1.0, -1.0, 0.0),
        ("add_up", 1.0, TINY, 1.0 + 2.0**-52),
        ("sub_down", 1.0, TINY, 1.0 - 2.0**-53),
        ("sub_down", 1.0, 1.0, -0.0),
        ("mul_up", TINY, TINY, TINY),
        ("mul_down", TINY, -TINY, -TINY),
        ("mul_down", TINY, TINY, 0.0),
        ("mul_down", 1e200, 1e200, MAX),
        ("mul_up", math.inf, 2.0, math.inf),
        ("mul_up", math.inf, 0.0, math.nan),
        ("div_up", 1.0, math.inf, 0.0),
        ("div_down", 1.0, -0.0, -math.inf),
        ("div_up", 0.0, 0.0, math.nan),
        ("div_up", MAX, 0.5, math.inf),
        ("div_down", MAX, 0.5, MAX),
    ],
)
def test_corner(f, x, y, expected, engine):
    function = getattr(rounding, f)
    assert same(function(x, y), expected)
    assert same(function(np.full(9, x), np.full(9, y)), np.full(9, expected))
    assert same(function(np.full((3, 1), x), y), np.full((3, 1), expected))


def test_the_mode_is_put_back():
    x = np.linspace(0.1, 1, 100)
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        rounding.div_up(x, np.zeros(100))
    assert np.array_equal(x / 3.0, [v / 3.0 for v in x.tolist()])
    assert same(np.float64(1) / 3, 0.3333333333333333)


@pytest.mark.parametrize("name", ["product", "quotient"])
def test_extremes_over_corners(name, engine):
    rng = np.random.default_rng(4)
    a, b, c, d = np.moveaxis(np.sort(rng.standard_normal((200, 2, 2)), -1).reshape(200, 4), -1, 0)
    down, up = both("mul" if name == "product" else "div")
    corners = [(a, c), (a, d), (b, c), (b, d)]
    least, greatest = getattr(rounding, f"least_{name}"), getattr(rounding, f"greatest_{name}")
    assert same(least(a, b, c, d), np.min([down(*p) for p in corners], axis=0))
    assert same(greatest(a, b, c, d), np.max([up(*p) for p in corners], axis=0))
    assert same(greatest(a[0], b[0], c[0], d[0]), greatest(a, b, c, d)[0])


@given(x=floats, steps=st.integers(1, 5))
def test_neighbours(x, steps):
    down = up = x
    for _ in range(steps):
        down, up = math.nextafter(down, -math.inf), math.nextafter(up, math.inf)
    for got in (rounding.next_down(x, steps), rounding.next_down(np.array([x, x]), steps)[1]):
        assert got == down or (math.isnan(x) and math.isnan(got))
    for got in (rounding.next_up(x, steps), rounding.next_up(np.array([x, x]), steps)[0]):
        assert got == up or (math.isnan(x) and math.isnan(got))


def test_exact_transforms():
    rng = np.random.default_rng(5)
    x, y = rng.standard_normal((2, 500)) * 10.0 ** rng.integers(-20, 20, (2, 500))
    for transform, exact in ((rounding.two_sum, EXACT["add"]), (rounding.two_product, EXACT["mul"])):
        high, low = transform(x, y)
        for a, b, h, e in zip(x, y, high, low, strict=True):
            assert Fraction(h) + Fraction(e) == exact(a, b)

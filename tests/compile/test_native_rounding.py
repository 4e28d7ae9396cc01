"""Directed rounding survives the optimiser: compiled intervals have the eager bits, and no flag allows others."""

import math
import re
from fractions import Fraction

import numba
import numpy as np
import pytest

import interp
from interpretations import Interval

MAX, TINY, NORMAL = 1.7976931348623157e308, 5e-324, 2.0**-1022
CORNERS = [0.0, -0.0, TINY, -TINY, 3 * TINY, NORMAL, -NORMAL, 1.0, -1.0, 3.0, 0.1, 1 / 3, 1e-160, 1e160, 2.0**-537]
CORNERS += [2.0**970, 2.0**1023, MAX, -MAX, 1e-290, 1e290, 1 + 2.0**-52, 1 - 2.0**-53]

OPERATIONS = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "sqrt": lambda x, y: np.sqrt(x) + np.sqrt(y),
    "mixed": lambda x, y: (x * y - 0.1) / (x + 3.0) + 1.0 / y,
}
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def bits(x):
    """Ends and decoration; the sign of a zero tells nothing."""
    ends = tuple("nan" if e != e else float(e) + 0.0 for e in (x.lo, x.hi))
    return (*ends, int(x.decoration))


def intervals(n, seed):
    """Boxes of every kind: from random bits, of random sizes, points, with corners and infinite ends."""
    rng = np.random.default_rng(seed)
    wild = rng.integers(0, 2**64, n, dtype=np.uint64).view(float)
    spread = np.ldexp(rng.standard_normal(n), rng.integers(-1074, 1024, n))
    for a, b in zip(wild, spread, strict=True):
        ends = rng.choice([a, b, rng.choice(CORNERS), rng.choice(CORNERS), rng.normal(), math.inf, -math.inf], 2)
        lo, hi = sorted(ends) if np.all(np.isfinite(ends)) or rng.random() < 0.5 else (min(ends), max(ends))
        if rng.random() < 0.3:
            lo = hi
        if not (math.isnan(lo) or math.isnan(hi) or lo == math.inf or hi == -math.inf):
            yield Interval(lo, hi)


@pytest.mark.parametrize("name", OPERATIONS)
def test_eager_bits(name):
    f = OPERATIONS[name]
    compiled = interp.compile(f)
    pairs = list(zip(intervals(600, 1), intervals(600, 2), strict=False))
    assert len(pairs) > 300
    for x, y in pairs:
        assert bits(compiled(x, y)) == bits(f(x, y)), (x, y)


def running_sum(x, steps):
    """Sums that LLVM would reassociate into several accumulators, if it were told that it may."""
    total = x * 0.0
    for i in range(len(steps)):
        total = total + steps[i]
    return total + x


def dot(x, steps):
    total = x * 0.0
    for i in range(len(steps)):
        total += x * steps[i]
    return total


def cancelled(x, steps):
    """(x + s) - s, which algebra would simplify."""
    for i in range(len(steps)):
        x = (x + steps[i]) - steps[i]
    return x


def divided(x, steps):
    """A division by a constant, which would become a product."""
    for _ in range(len(steps)):
        x = x / 3.0 * 3.0
    return x


STEPS = np.ldexp(np.random.default_rng(3).standard_normal(257), np.random.default_rng(4).integers(-60, 60, 257))
LOOPS = (running_sum, dot, cancelled, divided)


@pytest.mark.parametrize("loop", LOOPS)
def test_loops_are_not_reassociated(loop):
    for x in (Interval(0.1, 0.1), Interval(-0.3, 1e5), Interval(1e-300, 2e-300)):
        assert bits(interp.compile(loop)(x, STEPS)) == bits(loop(x, STEPS))


def test_a_sum_is_enclosed_exactly():
    """Against the sum of the fractions."""
    box = interp.compile(running_sum)(Interval(0.1, 0.1), STEPS)
    exact = sum(map(Fraction, STEPS)) + Fraction(0.1)
    assert Fraction(box.lo) <= exact <= Fraction(box.hi) and box.lo < box.hi


@numba.njit(fastmath=True)
def hasty(x, s):
    return (x + s) - s


@numba.njit(fastmath={"reassoc", "nsz"}, error_model="numpy")
def hasty_sum(x, steps):
    total = x
    for i in range(len(steps)):
        total = total + steps[i] * x
    return total


def careless(x, steps):
    for i in range(len(steps)):
        x = hasty(x, steps[i])
    return x + hasty_sum(x, steps)


def carefully(x, steps):
    for i in range(len(steps)):
        x = hasty.py_func(x, steps[i])
    return x + hasty_sum.py_func(x, steps)


def test_fastmath_of_a_callee_does_not_leak():
    for x in (Interval(0.1, 0.1), Interval(-0.3, 1e5)):
        assert bits(interp.compile(careless)(x, STEPS)) == bits(carefully(x, STEPS))
    assert bits(interp.compile(hasty)(Interval(0.1, 0.1), 1e10)) == bits(hasty.py_func(Interval(0.1, 0.1), 1e10))
    assert hasty.targetoptions["fastmath"]  # his own dispatcher stays his


FLAGS = re.compile(r"\bf(?:add|sub|mul|div|neg|cmp|rem) (?:\w+ )*?(fast|reassoc|contract|nnan|ninf|nsz|arcp|afn)\b")


def flags(dispatcher):
    return {flag for text in dispatcher.inspect_llvm().values() for flag in FLAGS.findall(text)}


@pytest.mark.parametrize("f", [running_sum, dot, cancelled, divided, careless])
def test_no_flag_in_the_code(f):
    compiled = interp.compile(f)
    compiled(Interval(0.1, 0.1), STEPS)
    assert "fadd" in "".join(compiled.dispatcher.inspect_llvm().values())
    assert flags(compiled.dispatcher) == set()


def test_the_reading_sees_flags():
    hasty_sum(1.0, STEPS)
    assert "reassoc" in flags(hasty_sum)


@numba.njit(fastmath=True)
def reordered(x, y):
    return (x + y) - x


def test_a_callee_under_fastmath_is_compiled_without():
    """Its author allowed reordering for plain numbers; an enclosure that is reordered encloses nothing."""
    f = interp.compile(lambda x, y: reordered(x, y))
    found = f(Interval(1.0, 1.0), Interval(1e-17, 1e-17))
    assert found.lo <= 1e-17 <= found.hi and found.hi > 1e-17
    assert f(1.0, 1e-17) == 0.0

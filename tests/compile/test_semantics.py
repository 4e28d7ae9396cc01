"""What native code means where Python, NumPy and C differ, as docs/compile.md states it, and variables of two types."""

import math

import numba
import numpy as np
import pytest
from agreement import assert_same
from eagerly import eager

import interp
from interpretations import Dual, Interval, grad, jacfwd

S = Dual(1.5, 1.0)
V = Dual(np.arange(1.0, 4.0), np.ones(3))
W = Dual(np.arange(1.0, 4.0), np.ones((2, 3)))
GREATEST, LEAST = 2**63 - 1, -(2**63)


def wrapped(n):
    """An integer modulo 2**64, as a signed one."""
    return (n - LEAST) % 2**64 + LEAST


INTEGERS = [
    (lambda n, m: n * m, 2**62, 4),
    (lambda n, m: n * m, GREATEST, GREATEST),
    (lambda n, m: n + m, GREATEST, 1),
    (lambda n, m: n - m, LEAST, 1),
    (lambda n, m: n**m, 2, 63),
    (lambda n, m: n**m, 3, 50),
    (lambda n, m: n * 2**63 + m, 3, 1),
    (lambda n, m: -n + m, LEAST, 0),
    (lambda n, m: n // m + 10 * (n % m), -7, 2),
    (lambda n, m: n // m + 10 * (n % m), 7, -2),
    (lambda n, m: n << m, 3, 62),
    (lambda n, m: n >> m, -5, 1),
]


@pytest.mark.parametrize(("f", "n", "m"), INTEGERS)
def test_integers_wrap_around_at_64_bits(f, n, m):
    assert interp.compile(f)(n, m) == wrapped(f(n, m))
    # beside a value too
    assert interp.compile(lambda n, m, x: f(n, m) * x)(n, m, Dual(1.0, 0.0)).value == float(wrapped(f(n, m)))


DIVISIONS = [
    # by zero: of integers 0 as NumPy's, of floats infinite or NaN
    (lambda x, y: x // y, 7, 0, 0),
    (lambda x, y: x % y, 7, 0, 0),
    (lambda x, y: x / y, 7, 0, np.inf),
    (lambda x, y: x / y, -7.0, 0.0, -np.inf),
    (lambda x, y: x / y, 0.0, 0.0, np.nan),
    (lambda x, y: x // y, 7.0, 0.0, np.inf),
    (lambda x, y: x // y, 0.0, 0.0, np.nan),
    (lambda x, y: x % y, 7.0, 0.0, np.nan),
    (lambda x, y: x // y, -7.0, np.inf, -1.0),
    (lambda x, y: x % y, -7.0, 2.0, 1.0),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("f", "x", "y", "expected"), DIVISIONS)
def test_division_by_zero_is_numpys(f, x, y, expected):
    number = np.int64 if type(x) is int else np.float64
    np.testing.assert_equal(float(f(number(x), number(y))), float(expected))
    np.testing.assert_equal(float(interp.compile(f)(x, y)), float(expected))
    if type(x) is float:
        assert_same(interp.compile(f)(Dual(x, 1.0), y), f(Dual(np.float64(x), np.float64(1.0)), np.float64(y)))


def test_functions_of_math_follow_numpy_beyond_their_domain():
    f = interp.compile(lambda x: (math.sqrt(-x), math.log(0.0 * x), math.exp(1e4 * x)))
    np.testing.assert_equal(f(1.0), (np.nan, -np.inf, np.inf))
    assert [part.value for part in f(Dual(1.0, 1.0))][1:] == [-np.inf, np.inf]


def test_counts_of_math_are_integers():
    def f(table, x):
        return table[math.floor(x)] + table[math.ceil(x)] * x, min(2, math.trunc(x))

    table = np.array([1.0, 2.0, 4.0])
    assert_same(interp.compile(f)(table, S), eager(f)(table, S))
    assert isinstance(interp.compile(lambda x: math.floor(x))(Interval(1.5, 2.5)), Interval)


def test_divmod_and_round():
    def f(x):
        return divmod(x, 0.4), np.round(x), np.round(x, 1)

    assert_same(interp.compile(f)(Dual(1.53, 1.0)), f(Dual(1.53, 1.0)))


# -- bounds


def stored(x):
    y = x.copy()
    y[3] = y[0]
    return y


def stored_in_fresh(x):
    a = np.zeros(2)
    for i in range(3):
        a[i] = x[0]
    return a[0]


BEYOND = [lambda x: x[3], lambda x: x[-4], lambda x: x[int(x[2])], stored, stored_in_fresh, lambda x: x[1:][2]]
BEYOND += [lambda x: [x[0], x[1]][2]]


@pytest.mark.parametrize("x", [np.arange(1.0, 4.0), V, W, Dual(V, V)], ids=["float", "Dual", "directions", "nested"])
@pytest.mark.parametrize("f", BEYOND)
def test_beyond_the_bounds(f, x):
    with pytest.raises(IndexError):
        interp.compile(f, boundscheck=True)(x)


# -- one variable, several types


def float_or_value(x, flag):
    y = x if flag > 0 else 2.0
    return y * 3.0


def integer_or_value(x, flag):
    y = 2
    if flag > 0:
        y = x
    return y * 3 + 1


def integer_float_value(x, flag):
    y = 1
    for i in range(3 + flag):
        if i == 0:
            y = y + 1
        elif i == 1:
            y = y * 0.5
        else:
            y = y * x
    return y


def value_or_integer_in_a_loop(x, flag):
    total = 0
    while flag < 3:
        total += x * flag if flag % 2 else 1
        flag += 1
    return total


def boolean_or_value(x, flag):
    y = flag > 0
    if flag == 0:
        y = x
    return y * 2.0


def returned_early(x, flag):
    if flag > 0:
        return 1
    if flag < 0:
        return 0.5
    return x


def matrix_then_values(x, flag):
    m = np.eye(2)
    a = np.zeros((2, 2))
    a[0, 1] = x
    for _ in range(2 + flag):
        m = np.dot(a, m) + 0.5 * m
    return m


def vector_then_values(x, flag):
    v = np.ones(3)
    if flag > 0:
        v = v * x
    v[0] = 2.0
    return v


def added_in_place(x, flag):
    v = np.zeros(3)
    v += np.ones(3) * x if flag > 0 else np.full(3, 0.5)
    return v


def rows_of_lists(x, flag):
    turn = np.array([[x, 1.0], [flag * 1.0, -x]])
    return np.dot(turn, np.ones(2))


UNSTABLE = [float_or_value, integer_or_value, integer_float_value, value_or_integer_in_a_loop, boolean_or_value]
UNSTABLE += [returned_early, matrix_then_values, vector_then_values, added_in_place, rows_of_lists]
VALUES = {"Dual": S, "directions": Dual(1.5, np.ones(3)), "nested": Dual(S, S), "Interval": Interval(1.5, 1.625)}


def as_value(result, like):
    """Eager code returns the plain number of a branch; native code has one type, the value that holds both."""
    return like * 0.0 + result


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("f", UNSTABLE, ids=lambda f: f.__name__)
def test_one_variable_of_several_types(f, kind):
    x = VALUES[kind]
    compiled = interp.compile(f)
    for flag in (1, 0, -1):
        native, expected = compiled(x, flag), eager(f, x)(x, flag)
        if not isinstance(expected, type(x)):
            expected, native = as_value(expected, x), as_value(native, x)
        for name in x.components[:2]:
            assert_same(getattr(native, name), getattr(expected, name))
    assert len(compiled.signatures) == 1


def _changed(x, n):
    x **= n
    return x


INTEGER = 3
VECTOR = np.array([1, 2, 3])
POWERS = [
    (lambda x, n: x**n, (INTEGER, VECTOR)),
    (lambda x, n: pow(x, n), (INTEGER,)),  # which Numba has of numbers alone
    (lambda x, n: np.power(x, n), (INTEGER, VECTOR)),
    (_changed, (INTEGER, VECTOR)),
]


@pytest.mark.parametrize(("power", "bases"), POWERS, ids=["**", "pow", "np.power", "**="])
def test_a_negative_power_of_an_integer_raises_as_numpy_s_does(power, bases):
    """Numba's own is 0, silently."""
    compiled = interp.compile(power)
    for x in bases:
        for n in (0, 1, 4):
            assert np.array_equal(compiled(np.copy(x)[()], n), power(np.copy(x)[()], n))
        with pytest.raises(ValueError, match="an integer to a negative power"):
            compiled(np.copy(x)[()], -1)
    assert compiled(3.0, -1) == 1.0 / 3.0
    if len(bases) > 1:
        with pytest.raises(ValueError, match="an integer to a negative power"):
            compiled(VECTOR.copy(), np.array([1, 0, -2]))


def test_constant_powers_of_integers():
    assert [interp.compile(f)(3) for f in (lambda n: n**0, lambda n: n**2, lambda n: n**5)] == [1, 9, 243]
    with pytest.raises(ValueError, match="an integer to a negative power"):
        interp.compile(lambda n: n**-2)(3)

    def within(x, n):
        return x[0] * n**-1

    for differentiate in (jacfwd, grad):
        with pytest.raises(ValueError, match="an integer to a negative power"):
            differentiate(interp.compile(within))(np.array([1.0, 2.0]), 2)


def test_powers_of_integers_are_numba_s_own_for_everybody_else():
    assert numba.njit(lambda n: n**-1)(2) == 0

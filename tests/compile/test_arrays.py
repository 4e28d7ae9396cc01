"""Arrays of values in native code: what they hold, share and change, as in eager code."""

import numpy as np
import pytest
from agreement import assert_same

import interp
from interpretations import Dual, Interval, Measurement

V = Dual(np.arange(1.0, 4.0), np.array([1.0, -0.5, 2.0]))
W = Dual(np.arange(1.0, 4.0), np.stack([np.ones(3), np.array([0.5, 2.0, -1.0])]))
A = Dual(np.arange(1.0, 10.0).reshape(3, 3), np.arange(9.0).reshape(3, 3) + 0.5)
S = Dual(2.0, 1.0)
PLAIN = np.arange(9.0).reshape(3, 3)


def in_place(x, y):
    x = x.copy()
    alias = x
    x *= 1.0 + y
    return alias


def in_place_on_a_view(a):
    m = a.copy()
    row = m[1]
    row -= 2.0 * m[0]
    row[0] = m[0, 0] * m[2, 1]
    return m


def through_columns(a):
    m = a.copy()
    m[:, 1] += m[:, 0]
    m[0, :] = m[2]
    return m


def slices(x):
    y = x.copy()
    y[1:] = y[:-1] * 2.0
    return y, y[::-1], len(y), y.shape, y.size


CASES = [
    (in_place, (V, V)),
    (in_place, (W, W)),
    (in_place, (V, np.ones(3))),
    (in_place_on_a_view, (A,)),
    (through_columns, (A,)),
    (slices, (V,)),
    (slices, (W,)),
    (lambda x: np.zeros_like(x) + x[0], (V,)),
    (lambda x: (np.sum(x), np.mean(x), np.prod(x), np.max(x), np.min(x)), (V,)),
    (lambda a: np.max(np.abs(a)), (A,)),
    (lambda a, x: (np.dot(a, x), a @ a, np.dot(x, x), np.dot(x, a)), (A, V)),
    (lambda a: np.dot(a, np.ones((3, 3))), (A,)),
    (lambda x, s: (np.where(x > 1.5, x, s), np.clip(x, 1.5, s), np.maximum(x, 2.0)), (V, S)),
    (lambda x: (max(x, 1.0), min(x, x * x)), (S,)),
    (lambda x: x[1:] * x[:-1] + np.sin(x[1]), (V,)),
]


@pytest.mark.parametrize(("f", "args"), CASES)
def test_as_eager_code(f, args):
    assert_same(interp.compile(f, boundscheck=True)(*args), f(*args))


def test_fresh_arrays_hold_what_is_stored():
    def f(x, n):
        a = np.zeros(n)
        for i in range(n):
            a[i] = x * i
        return a

    out = interp.compile(f)(Dual(2.0, np.array([1.0, 3.0])), 4)
    np.testing.assert_array_equal(out.value, 2.0 * np.arange(4))
    np.testing.assert_array_equal(out.tangent, np.array([[1.0], [3.0]]) * np.arange(4))


def test_a_cast_picks_an_index_and_carries_nothing():
    f = interp.compile(lambda table, x: table[int(x), 1] * x)
    out = f(PLAIN, Dual(1.5, 1.0))
    assert (out.value, out.tangent) == (PLAIN[1, 1] * 1.5, PLAIN[1, 1])
    with pytest.raises(interp.errors.CompileError):
        f(PLAIN, Interval(0.5, 1.5))  # its midpoint decides nothing


def test_an_index_out_of_bounds():
    f = interp.compile(lambda x: x[5], boundscheck=True)
    with pytest.raises(IndexError):
        f(V)
    with pytest.raises(IndexError):
        f(np.ones(3))


def test_measurements_are_correlated_through_native_code():
    x, y = Measurement(2.0, 0.1), Measurement(3.0, 0.2)
    out = interp.compile(lambda x, y: (x * y, x - y))(x, y)
    assert out[0].std_dev == pytest.approx((x * y).std_dev) and out[1].std_dev == pytest.approx((x - y).std_dev)
    assert (out[1] + y - x).std_dev == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize("lo", [-1.5, 0.3, 1e-300, 1e300])
def test_intervals_have_the_eager_bits(lo):
    def f(x):
        y = x * x + 1.0
        return x + y, x - 0.1, x * y, x / y, np.sqrt(y), abs(x), -x

    x = Interval(lo, lo + abs(lo) * 1e-3)
    for native, eager in zip(interp.compile(f)(x), f(x), strict=True):
        assert (native.lo, native.hi, native.decoration) == (eager.lo, eager.hi, eager.decoration)


def test_an_undecided_branch_raises():
    f = interp.compile(lambda x: x if x > 1.0 else -x)
    assert f(Interval(2.0, 3.0)).lo == 2.0
    with pytest.raises(interp.errors.UndecidedError):
        f(Interval(0.5, 1.5))

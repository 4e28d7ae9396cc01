"""In-place operators on arrays that share memory mean in native code what they mean in NumPy."""

import numpy as np
import pytest

import interp
from interpretations import Dual

X = np.array([1.5, 2.0, 3.0, 5.0])


def shifted(a):
    a[1:] += a[:-1]


def shifted_back(a):
    a[:-1] -= a[1:]


def mirrored(a):
    a *= a[::-1]


def stretched(a):
    a -= a[1:2]


def every_other(a):
    a[::2] /= a[1:3]


def of_itself(a):
    a += a


def the_mirror_by_the_array(a):
    b = a[::-1]
    b //= a


def remainder(a):
    a[1:] %= a[:-1]


def powers(a):
    a[1:] **= a[:-1]


def expression(a):
    a[1:] += 2.0 * a[:-1]


def two_dimensions(a):
    m = a.reshape(2, 2)
    m += m.T
    m /= m[0]


def nothing(a):
    a[4:] += a[:0]


def by_a_callee(a):
    accumulate(a[1:], a[:-1])


def accumulate(x, y):
    x += y


def added_into(a):
    np.add(a[:-1], a[1:], a[1:])


def negated_into(a):
    np.negative(a[:-1], a[1:])


def multiplied_by_the_mirror(a):
    b = np.multiply(a, a[::-1], a)
    b[0] += 1


def into_another(a):
    b = np.zeros_like(a)
    np.hypot(a, a[::-1], b)
    a += b


CHANGES = [
    added_into, negated_into, multiplied_by_the_mirror, into_another,
    shifted, shifted_back, mirrored, stretched, every_other, of_itself, the_mirror_by_the_array, remainder, powers,
    expression, two_dimensions, nothing, by_a_callee,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", [float, np.float32, int])
def test_arrays(change, dtype):
    x = np.array([2, 3, 4, 7], dtype)
    expected, found = x.copy(), x.copy()
    try:
        change(expected)
    except TypeError:  # NumPy divides no integers in place
        return
    interp.compile(change)(found)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("change", [shifted, mirrored, expression], ids=lambda f: f.__name__)
def test_values(change):
    """Both numbers and tangents: the changes are polynomials, whose differences are exact enough."""
    d = Dual(X.copy(), np.ones(4))
    interp.compile(change)(d)
    low, high, middle = X - 1e-6, X + 1e-6, X.copy()
    for x in (low, high, middle):
        change(x)
    np.testing.assert_allclose(d.value, middle, rtol=1e-15)
    np.testing.assert_allclose(d.tangent, (high - low) / 2e-6, rtol=1e-8)


def test_elements_between_one_another():
    def interleaved(a):
        a[::2] += a[1::2]

    x, y = X.copy(), X.copy()
    interp.compile(interleaved)(x)
    interleaved(y)
    assert np.array_equal(x, y)

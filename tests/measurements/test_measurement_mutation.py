"""Stores and views: `b = a[1:]; b[0] = x` is seen in `a`, coefficients included."""

import copy
import pickle
import threading

import numpy as np
import pytest
import truth
from truth import assert_same

from interp import interpret
from interp.errors import MutationError
from interp.level import MEASUREMENT
from interpretations import grad, jacfwd
from interpretations.measurements import (
    Measurement,
    correlated_measurements,
    covariance_matrix,
    error_components,
    uncertainty,
)


def array(n=4):
    return Measurement(np.arange(1.0, n + 1), 0.1 * np.arange(1.0, n + 1))


STORES = {
    # name: a store into an array of shape (3, 4) of values of any type
    "element": lambda a, y: a.__setitem__((1, 2), y[0]),
    "row": lambda a, y: a.__setitem__(1, y),
    "row of a view": lambda a, y: a[1:].__setitem__(0, y),
    "view of a view": lambda a, y: a[1:][:, ::-1].__setitem__((1, slice(0, 2)), y[:2]),
    "transpose": lambda a, y: a.T.__setitem__(2, y[:3]),
    "ravel": lambda a, y: a.ravel().__setitem__(slice(3, 7), y),
    "flip": lambda a, y: np.flip(a).__setitem__((0, 0), y[3]),
    "zero-dimensional view": lambda a, y: a[1, ...].__setitem__(..., y),
    "reshaped": lambda a, y: a.reshape(2, 6).__setitem__((1, slice(1, 5)), y),
    "broadcast": lambda a, y: a.__setitem__(..., y),
    "scalar": lambda a, y: a.__setitem__((slice(None), 1), y[2]),
    "mask": lambda a, y: a.__setitem__(np.eye(3, 4) > 0, y[:3]),
    "advanced": lambda a, y: a.__setitem__(([0, 2, 0], [1, 1, 3]), y[1:]),
    "repeated": lambda a, y: a.__setitem__(([0, 0, 0, 0], [1, 1, 3, 1]), y),
    "constant": lambda a, y: a[:, 1:3].__setitem__(..., 7.0),
    "with itself": lambda a, y: a.__setitem__(slice(1, None), a[:-1]),
    "in place": lambda a, y: a[1:].__imul__(y),
    "in place, all": lambda a, y: a.__iadd__(a),
    "leading ones": lambda a, y: a.__setitem__(0, y[None]),
}


@pytest.mark.parametrize("store", STORES.values(), ids=STORES)
def test_stores_against_linear_algebra(store):
    """The same stores on nominal numbers and, element by element of the sources, on coefficients."""
    x, y = np.arange(1.0, 13.0).reshape(3, 4), np.array([2.0, 3.0, 5.0, 7.0])
    s, t = np.full((3, 4), 0.1), np.array([0.2, 0.3, 0.4, 0.5])
    a = Measurement(x, s)
    store(a, Measurement(y, t))
    expected = x.copy()
    store(expected, y)
    assert_same(a.nominal_value, expected)
    h = 1e-6
    columns = []
    for k in range(16):
        moved = []
        for sign in (1, -1):
            at_x, at_y = x.copy(), y.copy()
            (at_x.reshape(-1) if k < 12 else at_y)[k % 12] += sign * h
            store(at_x, at_y)
            moved.append(at_x.reshape(-1))
        columns.append((moved[0] - moved[1]) / (2 * h) * np.concatenate([s.reshape(-1), t])[k])
    j = np.stack(columns, axis=1)
    assert_same(covariance_matrix(a), j @ j.T, 1e-8, 1e-8)


def test_views_see_what_is_stored_into_the_array():
    a, x = array(), Measurement(9.0, 0.9)
    b = a[1:]
    c = b[::-1]
    a[2] = x
    assert (b[1] - x).std_dev == 0 and (c[1] - x).std_dev == 0
    b[1] = 0.0
    assert_same(a.std_dev, np.array([0.1, 0.2, 0.0, 0.4]))
    assert_same(c.std_dev, np.array([0.4, 0.0, 0.2]))


def test_copies_do_not_see_stores():
    a = array()
    others = [a * 1.0, a.copy(), copy.copy(a), copy.deepcopy(a), a[[0, 1, 2, 3]], +a]
    a[0] = 0.0
    for other in others:
        assert_same(other.std_dev, array().std_dev)
        assert other.nominal_value[0] == 1.0


def test_the_caller_keeps_his_arrays():
    value, std = np.ones(2), np.ones(2)
    a = Measurement(value, std)
    a[0] = 5.0
    std[1] = 7.0
    assert_same(value, np.ones(2))
    assert_same(a.std_dev, np.array([0.0, 1.0]))


def test_an_array_filled_element_by_element():
    x = array()
    out = np.zeros_like(x)
    for i in range(4):
        out[i] = x[i] * x[3 - i]
    assert np.all((out - x * x[::-1]).std_dev < 1e-15)


def test_refused_stores():
    x = Measurement(1.0, 0.1)
    with pytest.raises(MutationError):
        np.zeros(3)[0:1] += Measurement(np.ones(1), 0.1)
    with pytest.raises((MutationError, TypeError)):
        x[0] = 1.0
    wide = np.broadcast_to(array(), (2, 4))
    with pytest.raises(ValueError, match="read-only"):
        wide[0, 0] = x
    assert_same(wide.std_dev[0], array().std_dev)
    a = array()
    with pytest.raises(ValueError, match=r"broadcast|shape"):
        a[:2] = Measurement(np.ones(3), 0.1)
    assert_same(a.std_dev, array().std_dev)


def test_an_einsum_of_one_operand_is_a_view():
    a = Measurement(np.eye(2), 0.1)
    np.einsum("ij->ji", a)[0, 1] = 5.0
    assert a.nominal_value[1, 0] == 5.0 and a.std_dev[1, 0] == 0.0 and a.std_dev[0, 1] == 0.1


# -- identity of sources


def test_pickled_together_they_stay_correlated():
    x, p = array(), correlated_measurements([1.0, 2.0], [[0.04, 0.01], [0.01, 0.09]])
    y = x[1:] * 2.0
    x2, y2, p2 = pickle.loads(pickle.dumps((x, y, p)))
    assert np.all((y2 - 2.0 * x2[1:]).std_dev == 0)
    assert_same(covariance_matrix(p2), covariance_matrix(p))


def test_pickled_alone_they_are_still_the_same_quantity():
    x = Measurement(1.0, 0.1)
    there = pickle.loads(pickle.dumps(x * 2.0))
    assert (there - 2.0 * x).std_dev == 0


def test_a_pickle_outlives_its_source():
    text = pickle.dumps(Measurement(1.0, 0.1))
    one, two = pickle.loads(text), pickle.loads(text)
    assert (one - two).std_dev == 0 and one.std_dev == 0.1


def test_deep_copies_share_sources():
    x = Measurement(1.0, 0.1)
    assert (copy.deepcopy([x])[0] - x).std_dev == 0


def test_equal_numbers_are_not_the_same_source():
    assert np.isclose((Measurement(1.0, 0.1) - Measurement(1.0, 0.1)).std_dev, 0.1 * np.sqrt(2))


def test_threads():
    shared = array(50)
    found = [None] * 8

    def work(i):
        own = Measurement(float(i), 0.1)
        total = sum((shared[k] * own for k in range(50)), 0.0) - (shared * own).sum()
        found[i] = total.std_dev, len(error_components(total))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(std < 1e-12 and n == 2 for std, n in found)


def test_a_pickle_forgets_the_level_of_its_activation():
    inside = interpret(lambda x: x * x, uncertainty(std=0.1))(3.0).raw
    there = pickle.loads(pickle.dumps(inside))
    assert there.level == MEASUREMENT and (there - inside).std_dev == 0
    assert np.isclose(grad(lambda x: there * x)(2.0).std_dev, 0.6)


def test_stores_inside_a_gradient():
    def bar(x):
        m = Measurement(x, np.array([0.1, 0.2, 0.3]))
        b = m[1:]
        b[0] = m[0] * m[1]
        m[2] *= 1.5
        m.reshape(-1)[2] = b[0] * m[2]
        m += m[::-1].copy()
        return np.sum(m * np.array([1.0, 2.0, 3.0])).std_dev

    x = np.array([1.0, 2.0, 3.0])
    expected = truth.jacobian(bar, (x,), 0)
    assert_same(grad(bar)(x), expected, 1e-8)
    assert_same(jacfwd(bar)(x), expected, 1e-8)

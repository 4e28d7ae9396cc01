"""What a reverse sweep holds, shares and adds to in place: gradients stay right, memory is what is needed."""

import gc
import tracemalloc

import numpy as np
import pytest

from interp import level as levels
from interpretations import custom_vjp, grad, jacrev, jvp, value_and_grad, vjp
from interpretations.sweep import pull_back
from interpretations.tape import Recording, lift

RNG = np.random.default_rng(3)


def differences(f, x, step=1e-6):
    slopes = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = step
        slopes[i] = (f(x + e) - f(x - e)) / (2 * step)
    return slopes


W = RNG.uniform(0.5, 1.5, (3, 4))

SHARED = {
    "x + x": lambda x: np.sum((x + x) * W),
    "x - x": lambda x: np.sum((x - x) * W + x * W),
    "x * x": lambda x: np.sum(np.sin(x * x) * W),
    "x * x, summed at once": lambda x: np.sum(x * x),
    "x * x, summed over rows": lambda x: np.sum(np.sum(x * x, axis=1) ** 3),
    "one cotangent, two readers": lambda x: np.sum((np.sin(x) + np.cos(x)) * W + np.sin(x)),
    "a sum and what is in it": lambda x: np.sum((2.0 * x + np.exp(x)) * (x + 1.0)),
    "broadcast beside whole": lambda x: np.sum((x - np.sum(x, axis=0)) * W * x),
    "broadcast number": lambda x: np.sum(np.exp(x - np.max(x)) * W),
    "whole beside broadcast": lambda x: np.sum((np.sum(x, axis=1)[:, None] - 2.0 * x) * W * x),
    "the same row twice": lambda x: np.sum(np.sin(x[0]) * x[0] + x[0] + x[np.array([0, 0, 2])] * W[:3]),
    "extrema of axes": lambda x: np.sum(np.max(x, axis=0) ** 2) + np.sum(np.min(x, axis=1) * x[:, 0]) + np.max(x),
    "extremum added to what is there": lambda x: np.sum(x * W) + 2.0 * np.max(x) + np.min(x),
    "middle axis of few behind": lambda x: np.sum((np.ones((2, 50, 3, 4)) * x) ** 2),
    "scaled and negated": lambda x: np.sum(-(2.0 * np.sin(x)) * 3.0 - x / 2.0),
    "through views": lambda x: np.sum(np.sin(x[::-1]) * x.T.reshape((3, 4)) + np.flip(x, 1)),
    "broadcast twice": lambda x: np.sum(np.broadcast_to(np.broadcast_to(x[0], (3, 4))[:, None], (3, 2, 4)) ** 2 * 0.5),
    "joined parts": lambda x: np.sum(np.concatenate([np.sin(x), x + x, x]) ** 2),
}


@pytest.mark.parametrize("name", SHARED)
def test_no_cotangent_is_added_into_another(name):
    x = RNG.uniform(0.2, 1.2, (3, 4))
    before = x.copy()
    assert np.allclose(grad(SHARED[name])(x), differences(SHARED[name], x), rtol=1e-6, atol=1e-7)
    assert np.array_equal(x, before)


@pytest.mark.parametrize("name", SHARED)
def test_a_pullback_is_not_used_up_and_leaves_its_cotangent(name):
    x = RNG.uniform(0.2, 1.2, (3, 4))
    ct = np.full((3, 4), 0.5)
    _, pullback = vjp(lambda x: SHARED[name](x) * x + x, x)
    first, second = pullback(ct)[0], pullback(ct)[0]
    assert np.array_equal(first, second) and not np.shares_memory(first, second)
    assert np.all(ct == 0.5) and not np.shares_memory(first, ct)
    first[...] = np.nan
    assert np.array_equal(pullback(ct)[0], second)


@pytest.mark.parametrize("name", SHARED)
def test_rows_of_a_jacobian_side_by_side(name):
    x = RNG.uniform(0.2, 1.2, (3, 4))
    rows = jacrev(lambda x: np.stack([SHARED[name](x), 2.0 * SHARED[name](x[::-1])]))(x)
    expected = [grad(SHARED[name])(x), 2.0 * grad(SHARED[name])(x[::-1])[::-1]]
    assert np.allclose(rows, expected, rtol=1e-9, atol=1e-10)


def test_gradients_of_several_inputs_share_nothing():
    x, y = RNG.random(5), RNG.random(5)
    a, b = grad(lambda x, y: np.sum(x + y), (0, 1))(x, y)
    assert not np.shares_memory(a, b) and a.flags.writeable and b.flags.writeable
    a += 1.0
    assert np.all(b == 1.0)


def test_ties_and_nan_share_as_before():
    assert np.array_equal(grad(np.max)(np.array([1.0, 3.0, 3.0])), [0.0, 0.5, 0.5])
    slopes = grad(lambda x: np.sum(np.max(x, axis=1)))(np.array([[1.0, np.nan], [2.0, 1.0]]))
    assert np.all(np.isnan(slopes[0])) and np.array_equal(slopes[1], [1.0, 0.0])
    assert grad(lambda x: np.max(x))(np.float32([1, 2])).dtype == np.float32


def test_a_constant_changed_between_uses_is_copied_again():
    w = np.array([1.0, 2.0, 3.0])

    def f(x):
        total = np.sum(w * x)
        w[0] = 10.0
        total = total + np.sum(w * x)
        w[...] = 0.0
        return total

    assert np.array_equal(grad(f)(np.ones(3)), [11.0, 4.0, 6.0])


def test_a_matrix_used_many_times_is_copied_once():
    n, times = 200, 50
    matrix = RNG.random((n, n)) / n

    def f(x):
        for _ in range(times):
            x = matrix @ x
        return np.sum(x)

    x = np.ones(n)
    expected = np.linalg.matrix_power(matrix, times).sum(axis=0)
    assert np.allclose(grad(f)(x), expected)
    tracemalloc.start()
    grad(f)(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.5 * matrix.nbytes


def test_memory_is_an_array_for_each_nonlinear_operation():
    def f(x):
        for _ in range(10):
            x = -np.sin(x)
            x = 3.0 * np.tanh(x)[::-1]
            x = np.reshape(np.reshape(np.exp(x), (10, -1)).T, -1) - 0.5
        return np.sum(x)

    x = np.linspace(0.1, 0.9, 10**5)
    grad(f)(x)
    tracemalloc.start()
    grad(f)(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < (30 + 5) * x.nbytes


def test_a_loop_of_100_000_steps():
    def f(x):
        y = x
        for _ in range(100_000):
            y = 0.5 * y + np.sin(x)
        return y

    value, slope = value_and_grad(f)(0.7)
    assert value == pytest.approx(2 * np.sin(0.7)) and slope == pytest.approx(2 * np.cos(0.7))


def test_a_thousand_gradients_leave_nothing():
    slope = grad(lambda x: np.sum(np.sin(x[1:]) * x[:-1]) + np.max(x))
    x = RNG.random(50)
    slope(x)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(1000):
        slope(x)
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert after - before < 50_000


# -- what a rule of one's own hands back, and where the program's arrays lie


@custom_vjp
def with_slopes_of_integers(x):
    return x * 1.0


with_slopes_of_integers.defvjp(lambda x: (x * 1.0, None), lambda residuals, ct: (np.ones(3, int),))
COUNTS = np.array([1, 2, 3])


def _read(y):
    part = y[0] * 0.25
    return np.sum(with_slopes_of_integers(y * COUNTS)) + part


def _stored(y):
    y[0] = y[1] * 0.75
    return np.sum(with_slopes_of_integers(y * COUNTS))


def _sliced(y):
    part = y[:2] * 0.25
    return np.sum(with_slopes_of_integers(y * COUNTS)) + part[0]


@pytest.mark.parametrize("start", [np.sin, lambda x: x * 1.0], ids=["sin", "product"])
@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (_read, [1.25, 2.0, 3.0]),
        (_stored, [0.0, 2.75, 3.0]),
        (_sliced, [1.25, 2.0, 3.0]),
        (lambda y: np.sum(with_slopes_of_integers((y * 1.0) * COUNTS)), [1.0, 2.0, 3.0]),
    ],
    ids=["read", "stored", "sliced", "scaled"],
)
def test_cotangents_of_integers_take_fractions(start, f, expected):
    np.testing.assert_allclose(grad(lambda x: f(start(x)))(np.zeros(3)), expected)


CONTRACTIONS = {
    "matrix and stack": lambda x: np.arange(6.0).reshape(2, 3) @ x,
    "vector and stack": lambda x: np.arange(3.0) @ x,
    "outer product, transposed": lambda x: np.einsum("i,j->ji", x[0, 0], x[1, 0]),
    "dot": lambda x: np.dot(np.arange(6.0).reshape(2, 3), x),
}


@pytest.mark.parametrize("name", CONTRACTIONS)
def test_a_contraction_lies_in_memory_as_numpys(name):
    def f(x):
        z = CONTRACTIONS[name](x)
        z.reshape(-1)[1:] = 0.0
        return np.sum(z)

    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    value, slope = value_and_grad(f)(x)
    assert np.isclose(value, f(x), rtol=1e-13)
    t = np.random.default_rng(1).normal(size=x.shape)
    h = 1e-6
    assert np.isclose(np.sum(slope * t), (f(x + h * t) - f(x - h * t)) / (2 * h), rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("seed", range(20))
def test_elements_in_the_order_of_memory_of_what_is_broadcast(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(map(int, rng.integers(1, 4, rng.integers(1, 5))))
    x = rng.normal(size=shape)
    seen = tuple(int(rng.integers(2, 4)) if n == 1 and rng.random() < 0.5 else n for n in shape)
    axes = rng.permutation(len(shape))

    def f(x):
        return np.ravel(np.broadcast_to(x, seen).transpose(axes), order="K")

    np.testing.assert_array_equal(vjp(f, x)[0], f(x))
    np.testing.assert_array_equal(jvp(f, (x,), (2.0 * x,))[1], 2.0 * f(x))


def test_a_bound_of_a_slice_that_changes_later():
    start = np.array(0)
    _, pullback = vjp(lambda x: np.sum((x * 1.0)[start:][:2]), np.ones(4))
    start += 1
    np.testing.assert_array_equal(pullback(1.0)[0], [1.0, 1.0, 0.0, 0.0])

    def f(x):
        first, total = np.array(0), 0.0
        for _ in range(3):
            total = total + np.sum((x * 1.0)[first:])
            first += 1
        return total

    np.testing.assert_array_equal(grad(f)(np.ones(4)), [1.0, 2.0, 3.0, 3.0])


def test_directions_that_are_one_array_seen_many_times():
    recording = Recording(levels.fresh())
    x = lift(np.array([1.0, 2.0]), recording)
    (found,) = pull_back(recording, [(x * x, np.broadcast_to(1.0, (3, 2)))], [x], 3)
    np.testing.assert_array_equal(found, [[2.0, 4.0]] * 3)

"""What a reverse sweep holds, shares and adds to in place: gradients stay right, memory is what is needed."""

import gc
import tracemalloc

import numpy as np
import pytest

from interpretations import grad, jacrev, value_and_grad, vjp

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

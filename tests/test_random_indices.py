"""Reads and stores at random NumPy indices: every number type against NumPy and the derivative's closed form.

Reading and storing are linear, so the Jacobian applied to the input gives the output back exactly.
"""

import numpy as np
import pytest

from interpretations import Interval, Measurement, jacfwd, jacobian_sparsity, jacrev

RNG = np.random.default_rng(0)


def random_part(n, width):
    """One part of an index for an axis of length n; arrays have a common ``width``."""
    ends = [None if RNG.random() < 0.4 else int(RNG.integers(-n, n + 1)) for _ in range(2)]
    parts = (
        int(RNG.integers(-n, n)),
        slice(*ends, [None, 1, -1, 2, -2][RNG.integers(0, 5)]),
        RNG.integers(-n, n, size=width),
        [int(i) for i in RNG.integers(-n, n, size=width[-1])],
        RNG.random(n) > 0.5,
    )
    return parts[RNG.choice(len(parts), p=[0.2, 0.4, 0.2, 0.1, 0.1])]


def random_index(shape):
    width = [(2,), (2, 3), (1,)][RNG.integers(0, 3)]
    index = [random_part(n, width) for n in shape[: RNG.integers(0, len(shape) + 1)]]
    for extra in (None, Ellipsis):
        if RNG.random() < 0.25:
            index.insert(int(RNG.integers(0, len(index) + 1)), extra)
    return tuple(index)


def cases(count):
    found = []
    while len(found) < count:
        shape = tuple(int(n) for n in RNG.integers(1, 5, RNG.integers(1, 5)))
        index = random_index(shape)
        try:
            np.zeros(shape)[index]
        except IndexError:
            continue
        found.append((shape, index))
    return found


@pytest.mark.parametrize("block", range(6))
def test_reads_and_stores(block):
    for shape, index in cases(60):
        x = RNG.normal(size=shape)
        y = RNG.normal(size=[x[index].shape, (), x[index].shape[-1:]][RNG.integers(0, 3)])
        check_read(x, index)
        check_store(x, y, index)


def check_read(x, index):
    expected = x[index]
    jacobian = jacfwd(lambda x: x[index])(x)
    assert jacobian.shape == expected.shape + x.shape, index
    np.testing.assert_array_equal(jacrev(lambda x: x[index])(x), jacobian)
    np.testing.assert_allclose(np.tensordot(jacobian, x, x.ndim), expected)
    np.testing.assert_allclose(Measurement(x, abs(x))[index].std_dev, abs(expected))
    pattern = jacobian_sparsity(lambda x: x[index], x).toarray()
    np.testing.assert_array_equal(pattern, (jacobian != 0).reshape(pattern.shape))
    np.testing.assert_array_equal(Interval(x, x + 1)[index].hi, expected + 1)


def check_store(x, y, index):
    def stored(x, y):
        a = x * 1
        a[index] = y
        return a

    expected = stored(x, y)
    of_x, of_y = jacfwd(stored, (0, 1))(x, y)
    for forward, reverse in zip((of_x, of_y), jacrev(stored, (0, 1))(x, y), strict=True):
        np.testing.assert_array_equal(forward, reverse)
    both = np.tensordot(of_x, x, x.ndim) + np.tensordot(of_y, y, np.ndim(y))
    np.testing.assert_allclose(both, expected)
    square = of_x.reshape(x.size, x.size)
    measured = stored(Measurement(x, 0.1), y)
    np.testing.assert_allclose(measured.std_dev, 0.1 * np.linalg.norm(square, axis=1).reshape(x.shape))
    np.testing.assert_array_equal(jacobian_sparsity(lambda x: stored(x, y), x).toarray(), square != 0)
    np.testing.assert_array_equal(stored(Interval(x, x + 1), Interval(y, y + 1)).lo, expected)

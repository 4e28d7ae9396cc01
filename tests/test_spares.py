"""Storage of large copies is used again only once nothing looks at it."""

import threading

import numpy as np
import pytest

from interpretations import grad, spares, vjp

ROWS, COLUMNS = 200, 100
assert ROWS * COLUMNS * 8 >= spares.LEAST


@pytest.fixture
def matrix():
    return np.random.default_rng(0).normal(size=(ROWS, COLUMNS))


def test_pullbacks_of_several_recordings_keep_their_own_constants(matrix):
    x, ct = np.ones(COLUMNS), np.ones(ROWS)
    expected, pullbacks = [], []

    def f(x):
        return matrix @ x

    for factor in (2.0, 3.0, 5.0):
        matrix[...] *= factor
        expected.append(matrix.sum(axis=0))
        pullbacks.append(vjp(f, x)[1])
    matrix[...] = np.nan
    for pullback, sums in zip(pullbacks, expected, strict=True):
        np.testing.assert_allclose(pullback(ct)[0], sums, rtol=1e-10)


def test_a_view_keeps_the_storage(matrix):
    copy = spares.copied(matrix)
    row, transposed = copy[1], copy.T
    del copy
    for _ in range(3):
        spares.copied(np.zeros_like(matrix))
    np.testing.assert_array_equal(row, matrix[1])
    np.testing.assert_array_equal(transposed, matrix.T)


def test_storage_is_used_again(matrix):
    def f(x):
        return np.sum((matrix @ x) ** 2)

    grad(f)(np.ones(COLUMNS))
    before = len(spares._blocks)
    for _ in range(5):
        grad(f)(np.ones(COLUMNS))
    assert len(spares._blocks) == before


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [float, np.float32, complex, int, bool])
def test_copies_are_equal_and_laid_out_alike(order, dtype):
    x = np.asarray(np.arange(spares.LEAST * 2).reshape(4, -1) % 3, dtype=dtype, order=order)
    copy = spares.copied(x)
    np.testing.assert_array_equal(copy, x)
    assert copy.strides == x.strides and copy.dtype == x.dtype and not np.shares_memory(copy, x)


def test_no_more_is_kept_than_said():
    held = [spares.copied(np.full(spares.MOST // 32 + n, n, float)) for n in range(12)]
    assert sum(block.nbytes for block in spares._blocks) <= spares.MOST
    assert [copy[-1] for copy in held] == list(range(12))
    too_large = np.zeros(spares.MOST // 8 + 1)
    assert spares.copied(too_large).base is None


def test_threads_share_no_storage(matrix):
    wrong = []

    def work(factor):
        mine = matrix * factor
        for _ in range(50):
            _, pullback = vjp(lambda x: mine @ x, np.ones(COLUMNS))
            if not np.allclose(pullback(np.ones(ROWS))[0], mine.sum(axis=0)):
                wrong.append(factor)

    threads = [threading.Thread(target=work, args=(1.0 + i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_an_exception_halfway_leaves_storage_usable(matrix):
    def f(x):
        y = matrix @ x
        if y[0] != 0.0:
            raise RuntimeError("halfway")
        return y

    with pytest.raises(RuntimeError, match="halfway"):
        grad(f)(np.ones(COLUMNS))
    slope = grad(lambda x: np.sum(matrix @ x))(np.ones(COLUMNS))
    np.testing.assert_allclose(slope, matrix.sum(axis=0), rtol=1e-10)

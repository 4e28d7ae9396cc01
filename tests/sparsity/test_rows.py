"""`PatternRows` in both forms against dense boolean matrices, and trees of unions against Python's sets."""

import pickle

import numpy as np
import pytest

from interp.errors import UnsupportedInput
from interpretations.sparsity import packed, unions
from interpretations.sparsity.packed import PatternRows

SIZES = pytest.mark.parametrize("shape, columns", [((6,), 5), ((2, 3), 64), ((4,), 65), ((0,), 3), ((3, 2), 200)])
pytestmark = pytest.mark.usefixtures("form")


def random_rows(rng, shape, columns):
    dense = rng.random((int(np.prod(shape)), columns)) < rng.choice([0.02, 0.2, 0.9])
    dense[:: rng.integers(1, 4)] = False
    return of_dense(dense, shape), dense


def of_dense(dense, shape):
    return PatternRows(shape, dense.shape[1], np.flatnonzero(dense))


def same(rows, dense, shape):
    assert rows.shape == shape
    np.testing.assert_array_equal(rows.to_csr().toarray(), dense)
    np.testing.assert_array_equal(rows.keys, np.flatnonzero(dense))
    np.testing.assert_array_equal(rows.cols, np.nonzero(dense)[1])
    np.testing.assert_array_equal(rows.starts(), np.cumsum([0, *dense.sum(axis=1)]))
    np.testing.assert_array_equal(rows.filled(), dense.any(axis=1).reshape(shape))
    assert rows.count == dense.sum() and rows.is_empty == (not dense.any())


@SIZES
@pytest.mark.parametrize("seed", range(4))
def test_operations(seed, shape, columns, form):
    rng = np.random.default_rng(seed)
    a, x = random_rows(rng, shape, columns)
    b, y = random_rows(rng, shape, columns)
    n = len(x)
    same(a, x, shape)
    assert form == "by size" or (a.bits is not None) == (form == "bits")
    same(a.joined(b), x | y, shape)
    same(a.joined(a), x, shape)
    same(a.reshaped((n,)), x, (n,))
    same(pickle.loads(pickle.dumps(a)), x, shape)
    mask = rng.random(shape) < 0.5
    same(a.kept(mask), x & mask.reshape(-1, 1), shape)
    same(a.without_last_column(), x[:, :-1], shape)
    same(PatternRows.stacked([a, b, a], columns), np.concatenate([x, y, x]), (3 * n,))
    for index in (rng.integers(-1, max(n, 1), size=(3, 4)), np.arange(n)[1:], np.arange(n)[::-1], np.arange(n)):
        picked = np.concatenate([x, np.zeros((1, columns), bool)])[index.reshape(-1) if n else np.full(index.size, -1)]
        same(a.gather(index if n else np.full(index.shape, -1)), picked, index.shape)
    index = rng.integers(0, 4, size=n)
    added = np.zeros((4, columns), bool)
    np.logical_or.at(added, index, x)
    same(a.scatter(index, (2, 2)), added, (2, 2))
    read, index = rng.integers(0, max(n, 1), size=(2, 20 if n else 0))
    added = np.zeros((max(n, 1), columns), bool)
    np.logical_or.at(added, index, x[read])
    same(a.moved(read, index, (max(n, 1),)), added, (max(n, 1),))
    for axis in range(-len(shape), 0):
        united = np.logical_or.accumulate(x.reshape(*shape, columns), axis=axis - 1).reshape(x.shape)
        same(a.accumulated(axis), united, shape)


def test_unions_are_cut_between_rows(monkeypatch):
    """However few words are held at a time, a row is united as a whole."""
    monkeypatch.setattr(packed, "WORDS_AT_A_TIME", 3)
    rng = np.random.default_rng(0)
    a, x = random_rows(rng, (9,), 70)
    read, index = rng.integers(0, 9, size=(2, 50))
    added = np.zeros((5, 70), bool)
    np.logical_or.at(added, index % 5, x[read])
    same(a.moved(read, index % 5, (5,)), added, (5,))


def test_more_entries_than_integers_count():
    with pytest.raises(UnsupportedInput, match="too large"):
        PatternRows((1 << 40,), 1 << 24, np.empty(0, dtype=np.int64))


@pytest.mark.parametrize("small", [1, 64])
@pytest.mark.parametrize("seed", range(10))
def test_trees_of_unions(seed, small, monkeypatch):
    monkeypatch.setattr(unions, "SMALL", small)
    rng, columns = np.random.default_rng(seed), 40
    rows, sets = [unions.EMPTY], [set()]
    for _ in range(200):
        if rng.random() < 0.3:
            chosen = np.unique(rng.integers(0, columns, size=rng.integers(0, 4)))
            rows.append(int(chosen[0]) if chosen.size == 1 else unions.row_of(chosen))
            sets.append(set(chosen.tolist()))
        else:
            i, j = rng.integers(max(0, len(rows) - 30), len(rows), size=2)
            rows.append(unions.union(rows[i], rows[j]))
            sets.append(sets[i] | sets[j])
        if rng.random() < 0.05:  # resolved on the way, which later unions see
            assert unions.resolved(rows[-1:], columns).cols.tolist() == sorted(sets[-1])
    order = rng.permutation(len(rows))
    found = unions.resolved([rows[i] for i in order], columns)
    assert [part.tolist() for part in np.split(found.cols, found.starts()[1:-1])] == [sorted(sets[i]) for i in order]


def test_long_chains_are_not_recursed_into():
    row = unions.EMPTY
    for i in range(20_000):
        row = unions.union(row, i)
    assert unions.resolved([row], 20_000).count == 20_000

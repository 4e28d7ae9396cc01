"""Colourings: valid by their definitions on random patterns, and as few colours as are known to be possible."""

from itertools import combinations

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from matrices import arrow, banded, compressed, five_points, with_numbers

from interp.errors import InterpError, ShapeError
from interpretations import colour
from interpretations.sparsity.colouring import MODES
from interpretations.sparsity.decompression import by_substitution, direct
from interpretations.sparsity.ordering import ORDERS

JACOBIAN_MODES = [name for name, mode in MODES.items() if not mode.symmetric]
HESSIAN_MODES = [name for name, mode in MODES.items() if mode.symmetric]
ALL_ORDERS = [*ORDERS, "best"]


@st.composite
def patterns(draw, square=False):
    m = draw(st.integers(0, 9))
    n = m if square else draw(st.integers(0, 9))
    cells = draw(st.lists(st.booleans(), min_size=m * n, max_size=m * n))
    pattern = np.array(cells, dtype=bool).reshape(m, n)
    return pattern | pattern.T if square else pattern


# -- the definitions, by brute force


def distinct_in_every_row(pattern, colours):
    return all(len(set(colours[row])) == row.sum() for row in pattern)


def edges_of(pattern):
    return [(i, j) for i, j in zip(*np.nonzero(pattern), strict=True) if i < j]


def has_path_in_two_colours(pattern, colours):
    """A path of four vertices a - b - c - d with the colours of a and c, and of b and d, equal."""
    graph = pattern & ~np.eye(len(pattern), dtype=bool)
    for b, c in edges_of(graph):
        ends = [a for a in np.flatnonzero(graph[b]) if a != c and colours[a] == colours[c]]
        others = [d for d in np.flatnonzero(graph[c]) if d != b and colours[d] == colours[b]]
        if any(a != d for a in ends for d in others):
            return True
    return False


def is_forest(edges, n):
    """As many edges as vertices less components."""
    a, b = np.array(edges, dtype=int).reshape(-1, 2).T
    graph = scipy.sparse.coo_array((np.ones(len(a)), (a, b)), shape=(n, n))
    return len(edges) == n - scipy.sparse.csgraph.connected_components(graph, directed=False)[0]


def adjacent_differ(pattern, colours):
    return all(colours[i] != colours[j] for i, j in edges_of(pattern))


# -- validity


@pytest.mark.parametrize("order", ALL_ORDERS)
@settings(max_examples=60, deadline=None)
@given(pattern=patterns())
def test_columns_and_rows_that_meet_differ(order, pattern):
    found = colour(pattern, "column", order)
    assert distinct_in_every_row(pattern, found.columns)
    assert ((found.columns >= 0) == pattern.any(axis=0)).all()
    found = colour(pattern, "row", order)
    assert distinct_in_every_row(pattern.T, found.rows)
    assert found.column_count == 0


@pytest.mark.parametrize("order", ALL_ORDERS)
@settings(max_examples=60, deadline=None)
@given(pattern=patterns())
def test_every_entry_of_a_bidirectional_colouring_stands_alone_once(order, pattern):
    found = colour(pattern, "bidirectional", order)
    for i, j in zip(*np.nonzero(pattern), strict=True):
        in_row = [k for k in np.flatnonzero(pattern[i]) if found.columns[k] == found.columns[j]]
        in_column = [k for k in np.flatnonzero(pattern[:, j]) if found.rows[k] == found.rows[i]]
        by_column, by_row = found.columns[j] >= 0 and in_row == [j], found.rows[i] >= 0 and in_column == [i]
        assert by_column or by_row
    assert found.count <= min(colour(pattern, "column", order).count, colour(pattern, "row", order).count)


@pytest.mark.parametrize("order", ALL_ORDERS)
@settings(max_examples=60, deadline=None)
@given(pattern=patterns(square=True))
def test_star_colourings_have_no_path_of_four_in_two_colours(order, pattern):
    found = colour(pattern, "star", order)
    assert adjacent_differ(pattern, found.columns)
    assert not has_path_in_two_colours(pattern, found.columns)


@pytest.mark.parametrize("order", ALL_ORDERS)
@settings(max_examples=60, deadline=None)
@given(pattern=patterns(square=True))
def test_acyclic_colourings_have_no_cycle_in_two_colours(order, pattern):
    found = colour(pattern, "acyclic", order)
    assert adjacent_differ(pattern, found.columns)
    for pair in combinations(range(found.count), 2):
        edges = [(i, j) for i, j in edges_of(pattern) if {found.columns[i], found.columns[j]} == set(pair)]
        assert is_forest(edges, len(pattern))


@pytest.mark.parametrize("order", ALL_ORDERS)
@settings(max_examples=60, deadline=None)
@given(pattern=patterns())
def test_acyclic_colourings_of_rows_and_columns_have_no_cycle_in_two_colours(order, pattern):
    found = colour(pattern, "bidirectional acyclic", order)
    m, n = pattern.shape
    for r in range(found.row_count):
        for c in range(found.column_count):
            chosen = pattern & (found.rows == r)[:, None] & (found.columns == c)[None, :]
            assert is_forest([(i, m + j) for i, j in zip(*np.nonzero(chosen), strict=True)], m + n)


@settings(max_examples=150, deadline=None)
@given(pattern=patterns(), seed=st.integers(0, 99), order=st.sampled_from(ALL_ORDERS))
def test_a_matrix_comes_back_from_its_products(pattern, seed, order):
    rng = np.random.default_rng(seed)
    matrix = pattern * rng.normal(size=pattern.shape)
    for mode in JACOBIAN_MODES:
        found = colour(pattern, mode, order)
        np.testing.assert_allclose(found.decompress(compressed(matrix, found)).toarray(), matrix, atol=1e-12)


@settings(max_examples=150, deadline=None)
@given(pattern=patterns(square=True), seed=st.integers(0, 99), order=st.sampled_from(ALL_ORDERS))
def test_a_symmetric_matrix_comes_back_from_its_products(pattern, seed, order):
    matrix = pattern * np.random.default_rng(seed).normal(size=pattern.shape)
    matrix = matrix + matrix.T
    for mode in HESSIAN_MODES:
        found = colour(pattern, mode, order)
        np.testing.assert_allclose(found.decompress(compressed(matrix, found)).toarray(), matrix, atol=1e-12)


# -- how many

BEST = [
    # pattern, then the best for column, row, bidirectional, star, acyclic; None where we know no optimum
    ("diagonal", banded(50, 0, 0), (1, 1, 1, 1, 1)),
    ("tridiagonal", banded(50, 1, 1), (3, 3, 3, 3, 2)),
    ("five diagonals", banded(50, 2, 2), (5, 5, 5, None, 3)),
    ("seven diagonals", banded(60, 3, 3), (7, 7, 7, None, 4)),
    ("upper bidiagonal", banded(50, 0, 1), (2, 2, 2, None, None)),
    ("lopsided band", banded(50, 1, 4), (6, 6, 6, None, None)),
    ("arrow", arrow(50), (50, 50, 3, 2, 2)),
    ("dense", scipy.sparse.csr_array(np.ones((8, 8))), (8, 8, 8, 8, 8)),
    ("dense rows", scipy.sparse.csr_array(np.ones((3, 30))), (30, 3, 3, None, None)),
    ("five-point stencil", five_points(12), (5, 5, 5, None, None)),
    ("zero", scipy.sparse.csr_array((7, 7)), (0, 0, 0, 0, 0)),
    ("empty", scipy.sparse.csr_array(np.zeros((0, 0))), (0, 0, 0, 0, 0)),
    ("blocks", scipy.sparse.csr_array(np.kron(np.eye(6), np.ones((4, 4)))), (4, 4, 4, 4, 4)),
]


@pytest.mark.parametrize(("pattern", "best"), [case[1:] for case in BEST], ids=[case[0] for case in BEST])
def test_number_of_colours_is_the_best_known(pattern, best):
    modes = ("column", "row", "bidirectional", "star", "acyclic")
    found = tuple(
        None if optimum is None else colour(pattern, mode).count for mode, optimum in zip(modes, best, strict=True)
    )
    assert found == best


def test_bands_need_no_more_in_natural_order():
    assert colour(banded(1000, 2, 3), "column", "natural").count == 6
    assert colour(banded(1000, 1, 1), "star", "natural").count == 3


def test_five_point_hessian():
    """On the grid 5 star colours are known (Gebremedhin et al., 2005) and 4 acyclic ones are found."""
    assert colour(five_points(20), "star").count <= 6
    assert colour(five_points(20), "acyclic").count <= 4


def test_a_dense_row_and_a_dense_column_leave_the_band():
    """Column and row colours alone are as many as n; both together are the band's and one more."""
    n = 60
    pattern = banded(n, 1, 1).toarray()
    pattern[7] = 1
    assert colour(pattern, "column").count == n
    assert colour(pattern, "bidirectional").count == 4
    assert colour(pattern.T, "bidirectional").count == 4
    pattern[:, 30] = 1
    assert colour(pattern, "bidirectional").count <= 6


def test_an_order_by_name_is_what_it_says():
    """Smallest last on a star with a tail: the tail's end goes first, so it is coloured last."""
    edges = scipy.sparse.csr_array(
        ([1.0] * 10, [0, 1, 0, 2, 0, 3, 3, 4, 4, 5], range(0, 11, 2)), shape=(5, 6)
    )  # 0 joined to 1, 2, 3; then 3 - 4 - 5
    assert ORDERS["natural"](edges) == [0, 1, 2, 3, 4, 5]
    assert ORDERS["largest first"](edges) == [0, 3, 4, 1, 2, 5]
    assert ORDERS["incidence degree"](edges)[0] == 0
    degree_when_removed, left = [], set(range(6))
    pairs = [{0, 1}, {0, 2}, {0, 3}, {3, 4}, {4, 5}]
    for v in reversed(ORDERS["smallest last"](edges)):
        degrees = {w: sum(w in p and p <= left for p in pairs) for w in left}
        degree_when_removed.append(degrees[v] - min(degrees.values()))
        left.remove(v)
    assert degree_when_removed == [0] * 6


def test_incidence_degree_takes_the_vertex_with_most_taken_neighbours():
    rng = np.random.default_rng(3)
    a, b = np.triu_indices(12, 1)
    kept = rng.random(a.size) < 0.3
    pairs = np.stack([a[kept], b[kept]], axis=1)
    edges = scipy.sparse.csr_array(
        (np.ones(pairs.size), pairs.reshape(-1), np.arange(0, pairs.size + 1, 2)), shape=(len(pairs), 12)
    )
    order = ORDERS["incidence degree"](edges)
    assert sorted(order) == list(range(12))
    taken = {order[0]}
    for v in order[1:]:
        incidence = {w: sum(len(taken & {*p}) for p in pairs.tolist() if w in p) for w in set(range(12)) - taken}
        assert incidence[v] == max(incidence.values())
        taken.add(v)


# -- large, and wrong, patterns


def test_a_hundred_thousand_variables_with_a_dense_row():
    n = 100_000
    found = colour(arrow(n), "bidirectional")
    assert (found.count, found.row_count) in {(3, 1), (3, 2)}
    assert colour(arrow(n), "star").count == colour(arrow(n), "acyclic").count == 2


def test_stored_zeros_of_a_sparse_pattern_count_and_the_pattern_is_not_changed():
    stored = scipy.sparse.csr_array(([0.0, 1.0], ([0, 0], [0, 1])), shape=(1, 2))
    found = colour(stored)
    assert found.count == 2 and found.pattern.nnz == 2 and found.pattern.dtype == bool
    assert stored.data.tolist() == [0.0, 1.0]
    assert found.decompress(np.array([0.0, 5.0])).nnz == 2


def test_duplicate_entries_and_other_formats():
    twice = scipy.sparse.coo_array(([1.0, 1.0, 1.0], ([0, 0, 1], [0, 0, 1])), shape=(2, 2))
    assert colour(twice).pattern.nnz == 2
    assert colour(twice.tocsc()).count == 1


def test_decompression_keeps_the_type_and_shares_nothing():
    found = colour(np.eye(3))
    matrix = found.decompress(np.ones(3, np.float32))
    assert matrix.dtype == np.float32
    matrix.indices[:] = 0
    assert found.decompress(np.ones(3)).indices.tolist() == [0, 1, 2]
    found = colour(banded(6, 1, 1), "acyclic")
    assert found.decompress(np.ones(found.compressed_size, np.float32)).dtype == np.float32


def test_errors_name_what_there_is():
    with pytest.raises(InterpError, match="mode is one of column, row"):
        colour(np.eye(2), "columns")
    with pytest.raises(InterpError, match="order is one of natural"):
        colour(np.eye(2), "column", "random")
    with pytest.raises(InterpError, match="symmetric patterns"):
        colour([[0, 1], [0, 0]], "star")
    with pytest.raises(InterpError, match="symmetric patterns"):
        colour(np.ones((2, 3)), "acyclic")
    with pytest.raises(ShapeError, match="a pattern is a matrix"):
        colour(np.ones(3))
    with pytest.raises(ShapeError, match="compressed derivatives"):
        colour(np.eye(3)).decompress(np.ones(4))


def test_colours_that_determine_nothing_are_refused():
    pattern = colour(np.ones((2, 2))).pattern
    none, same = np.array([-1, -1]), np.array([0, 0])
    with pytest.raises(InterpError, match="do not determine entry"):
        direct(pattern, same, none, False)
    with pytest.raises(InterpError, match="a cycle in two colours"):
        by_substitution(pattern, same, same, False)


def test_numbers_of_a_random_symmetric_matrix_survive_a_long_chain_of_substitutions():
    n = 20_000
    rng = np.random.default_rng(0)
    matrix = scipy.sparse.diags_array([rng.normal(size=n - 1), rng.normal(size=n)], offsets=[1, 0], format="csr")
    matrix = scipy.sparse.csr_array(matrix + matrix.T)
    found = colour(matrix, "acyclic")
    products = (matrix @ found.column_seeds(0, 2).T).T.reshape(-1)
    assert abs(found.decompress(products) - matrix).max() < 1e-10


def test_seeds_cover_each_coloured_column_once():
    found = colour(with_numbers(five_points(5), np.random.default_rng(0)) != 0)
    seeds = found.column_seeds(0, found.column_count)
    assert (seeds.sum(axis=0) == 1).all()
    np.testing.assert_array_equal(seeds[2:4], found.column_seeds(2, 4))

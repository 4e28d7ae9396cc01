"""From compressed derivatives back to a sparse matrix.

A compressed array holds, one after another, the sum of the columns of each column colour (m numbers each) and
the sum of the rows of each row colour (n numbers each). A decompression is set up once from the pattern and the
colours, and gives the matrix' entries in the pattern's order for any compressed array.
"""

from collections.abc import Callable

import numpy as np
import scipy.sparse
from scipy.sparse.csgraph import breadth_first_order, connected_components
from scipy.sparse.linalg import splu

from interp.errors import InterpError

Decompression = Callable[[np.ndarray], np.ndarray]


def coordinates(pattern: scipy.sparse.csr_array) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of each entry, in the pattern's order."""
    rows = np.repeat(np.arange(pattern.shape[0]), np.diff(pattern.indptr))
    return rows, pattern.indices.astype(np.intp)


def direct(pattern: scipy.sparse.csr_array, columns: np.ndarray, rows: np.ndarray, symmetric: bool) -> Decompression:
    """Each entry stands alone in its row's sum of one column colour, or in its column's sum of one row colour.

    Colours of -1 are not summed at all. Of a ``symmetric`` matrix one kind of sums does: ``rows`` are ``columns``.
    Raises `InterpError` if the colours leave an entry that neither sum shows.
    """
    (m, n), (i, j) = pattern.shape, coordinates(pattern)
    by_column = _alone(i, columns[j])
    by_row = _alone(j, rows[i])
    if not (by_column | by_row).all():
        at = int(np.flatnonzero(~(by_column | by_row))[0])
        raise InterpError(f"these colours do not determine entry ({i[at]}, {j[at]}) of the matrix")
    before = 0 if symmetric else m * number(columns)
    source = np.where(by_column, columns[j] * m + i, before + rows[i] * n + j)
    return lambda compressed: compressed[source]


def number(colours: np.ndarray) -> int:
    """How many colours there are; they are counted from 0, and -1 is none."""
    return int(colours.max(initial=-1)) + 1


def _alone(lines: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """For each entry whether it has a colour that no other entry of its line has."""
    of_line = lines * (number(colours) + 1) + colours + 1
    _, inverse, counts = np.unique(of_line, return_inverse=True, return_counts=True)
    return np.asarray((colours >= 0) & (counts[inverse] == 1))


def by_substitution(
    pattern: scipy.sparse.csr_array, columns: np.ndarray, rows: np.ndarray, symmetric: bool
) -> Decompression:
    """Any two colours span a forest: a leaf's sum is its one entry, which is taken off the next sum, and so on.

    The sums that a forest takes part in are a triangular system of zeros and ones, ordered from the leaves to
    the roots; SuperLU keeps it factored. Rounding errors, and NaN, reach other entries of the same tree.
    """
    (m, n), (i, j) = pattern.shape, coordinates(pattern)
    # One node for each sum: of row i over a column colour, of column j over a row colour.
    before = 0 if symmetric else m * number(columns)
    kept = np.flatnonzero(i < j) if symmetric else np.arange(i.size)
    across, down = columns[j[kept]] * m + i[kept], before + rows[i[kept]] * n + j[kept]
    sums, nodes = np.unique(np.concatenate([across, down]), return_inverse=True)
    ends = nodes[: kept.size], nodes[kept.size :]
    parents, order = _rooted(sums.size, *ends)
    # The unknown of a node is its entry shared with its parent; a root has none.
    solved = order[parents[order] < sums.size][::-1]
    unknown = np.full(sums.size + 1, -1)
    unknown[solved] = np.arange(solved.size)
    inner = np.flatnonzero(unknown[parents[solved]] >= 0)
    one_each = np.arange(solved.size)
    triangle = scipy.sparse.csc_array(
        (
            np.ones(solved.size + inner.size),
            (np.concatenate([one_each, unknown[parents[solved]][inner]]), np.concatenate([one_each, inner])),
        ),
        shape=(solved.size, solved.size),
    )
    factors = splu(triangle, permc_spec="NATURAL", diag_pivot_thresh=0.0) if solved.size else None
    place = np.empty(i.size, dtype=np.intp)
    place[kept] = unknown[np.where(parents[ends[0]] == ends[1], *ends)]
    if symmetric:
        place[_transposed(pattern)[kept]] = place[kept]
    on_diagonal = np.flatnonzero(i == j) if symmetric else np.arange(0)
    place[on_diagonal] = solved.size + np.arange(on_diagonal.size)
    diagonal, right_hand_side = columns[i[on_diagonal]] * m + i[on_diagonal], sums[solved]

    def decompress(compressed: np.ndarray) -> np.ndarray:
        known = compressed[right_hand_side]
        entries = known if factors is None else factors.solve(known.astype(float))
        return np.concatenate([entries, compressed[diagonal]])[place].astype(compressed.dtype)

    return decompress


def _rooted(size: int, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The parent of each node of the forest with edges (a, b), ``size`` for roots; and the nodes, parents first."""
    edges = scipy.sparse.csr_array((np.ones(a.size), (a, b)), shape=(size, size))
    trees, labels = connected_components(edges, directed=False)
    if a.size != size - trees:
        raise InterpError("these colours leave a cycle in two colours: no substitution determines the matrix")
    roots = np.unique(labels, return_index=True)[1]
    a, b = np.concatenate([a, np.full(trees, size)]), np.concatenate([b, roots])
    joined = scipy.sparse.csr_array((np.ones(a.size), (a, b)), shape=(size + 1, size + 1))
    order, parents = breadth_first_order(joined, size, directed=False)
    return parents, order[1:]


def _transposed(pattern: scipy.sparse.csr_array) -> np.ndarray:
    """For each entry of a symmetric pattern the position of its mirror image."""
    positions = scipy.sparse.csr_array((np.arange(pattern.nnz), pattern.indices, pattern.indptr), shape=pattern.shape)
    return positions.T.tocsr().sorted_indices().data

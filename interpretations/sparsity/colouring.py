"""Colours for the columns and rows of a sparsity pattern: one derivative a colour determines the whole matrix.

Columns that meet in no row can be differentiated along together. A colouring groups columns (forward mode),
rows (reverse mode) or both, such that every entry of the matrix can be read off the sums.

    mode                    each entry is                                       decompression
    column                  alone in its row among its column's colour          direct
    row                     alone in its column among its row's colour          direct
    bidirectional           one of the two                                      direct
    bidirectional acyclic   in forests, for any column and any row colour       by substitution
    star                    (symmetric) one of the two, columns serve as rows   direct
    acyclic                 (symmetric) in forests, for any two colours         by substitution
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import scipy.sparse

from interp.errors import InterpError, ShapeError
from interpretations.sparsity import greedy
from interpretations.sparsity.decompression import by_substitution, direct, number
from interpretations.sparsity.greedy import neighbours
from interpretations.sparsity.ordering import ORDERS

THRESHOLDS = 32
"""A bidirectional colouring tries at most this many ways to tell dense rows from sparse ones."""

Colours = tuple[np.ndarray, np.ndarray]


class Colouring:
    """Colours of the columns and rows of a pattern, and the way back from compressed derivatives.

    ``columns`` (shape (n,)) and ``rows`` (shape (m,)) count colours from 0; -1 marks what need not be
    differentiated along. Of a symmetric mode ``rows`` are all -1. ``count`` is the number of derivatives that
    one matrix takes, ``len()`` the same. Made by `colour`.
    """

    def __init__(self, pattern: scipy.sparse.csr_array, mode: str, columns: np.ndarray, rows: np.ndarray) -> None:
        self.pattern, self.mode, self.columns, self.rows = pattern, mode, columns, rows
        self.column_count, self.row_count = number(columns), number(rows)
        self._seeds: np.ndarray | None = None
        symmetric = MODES[mode].symmetric
        decompression = by_substitution if MODES[mode].substitutes else direct
        self._entries = decompression(pattern, columns, columns if symmetric else rows, symmetric)

    @property
    def count(self) -> int:
        """Number of colours, of columns and rows together."""
        return self.column_count + self.row_count

    def __len__(self) -> int:
        return self.count

    @property
    def compressed_size(self) -> int:
        """Length of the compressed array: m numbers a column colour, then n numbers a row colour."""
        return self.column_count * self.pattern.shape[0] + self.row_count * self.pattern.shape[1]

    def column_seeds(self, start: int, stop: int, dtype: Any = float) -> np.ndarray:
        """For the column colours from ``start`` to ``stop`` the sum of unit vectors of each: (stop - start, n).

        Those of all colours are kept, and read-only.
        """
        if (start, stop) != (0, self.column_count):
            return _seeds(self.columns, start, stop, dtype)
        if self._seeds is None or self._seeds.dtype != dtype:  # all in one batch, the same at every point
            self._seeds = _seeds(self.columns, start, stop, dtype)
            self._seeds.flags.writeable = False
        return self._seeds

    def row_seeds(self, start: int, stop: int, dtype: Any = float) -> np.ndarray:
        """The same of rows: (stop - start, m)."""
        return _seeds(self.rows, start, stop, dtype)

    def decompress(self, compressed: np.ndarray) -> scipy.sparse.csr_array:
        """The matrix from its products with all seeds, flat: J @ seed a column colour, seed @ J a row colour.

        Every entry of the pattern is stored, zeros included. Raises `ShapeError` for another length.
        """
        if compressed.shape != (self.compressed_size,):
            raise ShapeError(f"compressed derivatives of shape {compressed.shape}, not ({self.compressed_size},)")
        parts = self._entries(compressed), self.pattern.indices.copy(), self.pattern.indptr.copy()
        matrix = scipy.sparse.csr_array(parts, shape=self.pattern.shape)
        matrix.has_canonical_format = True
        return matrix

    def __reduce__(self) -> Any:
        return Colouring, (self.pattern, self.mode, self.columns, self.rows)

    def __repr__(self) -> str:
        m, n = self.pattern.shape
        return f"Colouring({self.mode}, {m}x{n}, {self.column_count} column and {self.row_count} row colours)"


def colour(pattern: Any, mode: str = "column", order: str = "best") -> Colouring:
    """Colour a pattern, so that few derivatives determine all entries of a matrix that has it.

    Parameters
    ----------
    pattern: matrix of shape (m, n), sparse (every stored entry counts) or dense (what is not zero counts).
    mode: "column" for forward mode, "row" for reverse mode, "bidirectional" and "bidirectional acyclic" for both;
        "star" and "acyclic" for a symmetric pattern. The acyclic ones take fewer colours and lose digits.
    order: "natural", "largest first", "smallest last", "incidence degree", or "best": of these in turn, until one
        needs no more colours than the pattern's longest row asks for; the fewest colours are kept.

    Returns a `Colouring`. All modes take time near linear in the entries. Raises `InterpError` for unknown names
    and for an asymmetric pattern in a symmetric mode.

    >>> tridiagonal = np.eye(6) + np.eye(6, k=1) + np.eye(6, k=-1)
    >>> [colour(tridiagonal, mode).count for mode in ("column", "star", "acyclic")]
    [3, 3, 2]
    """
    matrix = structure(pattern)
    if mode not in MODES:
        raise InterpError(f"colour(mode={mode!r}): mode is one of {', '.join(MODES)}")
    if MODES[mode].symmetric:
        refuse_asymmetric(matrix)
    return Colouring(matrix, mode, *MODES[mode].colours(matrix, order))


def structure(pattern: Any) -> scipy.sparse.csr_array:
    """A pattern as a boolean matrix with sorted rows, all of its entries True; in storage of its own."""
    if not scipy.sparse.issparse(pattern):
        pattern = np.asarray(pattern) != 0
        if pattern.ndim != 2:
            raise ShapeError(f"a pattern is a matrix, this has shape {pattern.shape}")
    matrix = scipy.sparse.csr_array(pattern, copy=True)
    matrix.sum_duplicates()
    return scipy.sparse.csr_array(
        (np.ones(matrix.indices.size, dtype=bool), matrix.indices, matrix.indptr), shape=matrix.shape
    )


def refuse_asymmetric(matrix: scipy.sparse.csr_array) -> None:
    """Raise `InterpError` unless a pattern is symmetric."""
    transposed = matrix.T.tocsr() if matrix.shape[0] == matrix.shape[1] else None
    if (
        transposed is None
        or not np.array_equal(transposed.indptr, matrix.indptr)
        or not np.array_equal(transposed.sorted_indices().indices, matrix.indices)
    ):
        raise InterpError("this mode is for symmetric patterns: give pattern + pattern.T, or colour by columns")


def _seeds(colours: np.ndarray, start: int, stop: int, dtype: Any) -> np.ndarray:
    seeds = np.zeros((stop - start, colours.size), dtype=dtype)
    chosen = np.flatnonzero((colours >= start) & (colours < stop))
    seeds[colours[chosen] - start, chosen] = 1
    return seeds


# -- the modes


def _best(order: str, bound: int, cliques: scipy.sparse.csr_array, colours: Callable[[Iterable[int]], Any]) -> Any:
    """Colours by the named order; by "best" the fewest of all orders, which ends where ``bound`` is met."""
    if order == "best":
        found = None
        for name in ORDERS:
            new = colours(ORDERS[name](cliques))
            if found is None or number(new) < number(found):
                found = new
            if number(found) <= bound:
                break
        return found
    if order not in ORDERS:
        raise InterpError(f"colour(order={order!r}): order is one of {', '.join(ORDERS)}, best")
    return colours(ORDERS[order](cliques))


def longest_row(matrix: scipy.sparse.csr_array) -> int:
    """Most entries of a row: its columns all need colours of their own."""
    return int(np.diff(matrix.indptr).max(initial=0))


def column_colours(matrix: scipy.sparse.csr_array, order: str) -> np.ndarray:
    """Colours of columns such that no two that meet in a row agree."""
    columns = neighbours(matrix.T.tocsr())
    return _best(  # type: ignore[no-any-return]
        order, longest_row(matrix), matrix, lambda o: greedy.distinct_in_rows(columns, matrix.shape[0], o)
    )


def _none(size: int) -> np.ndarray:
    return np.full(size, -1, dtype=np.intp)


def _column(matrix: scipy.sparse.csr_array, order: str) -> Colours:
    return column_colours(matrix, order), _none(matrix.shape[0])


def _row(matrix: scipy.sparse.csr_array, order: str) -> Colours:
    return _none(matrix.shape[1]), column_colours(matrix.T.tocsr(), order)


def bidirectional(matrix: scipy.sparse.csr_array, order: str, row_cost: float = 1.0) -> Colours:
    """Dense rows by row colours, the rest by column colours; or dense columns by column colours, the rest by rows.

    How many entries make a row dense is chosen for the least cost; one bound is that no row is, or every one, so
    that neither columns nor rows alone would be cheaper. ``row_cost`` is that of a row colour in column colours.
    """
    transposed = matrix.T.tocsr()
    trials = [(*trial, False) for trial in _splits(matrix, 1.0, row_cost)]
    trials += [(*trial, True) for trial in _splits(transposed, row_cost, 1.0)]
    best, cheapest = (_none(matrix.shape[1]), _none(matrix.shape[0])), np.inf
    for bound, dense, turned in sorted(trials, key=lambda trial: trial[0]):
        if bound >= cheapest:
            break
        sides = _split(transposed if turned else matrix, dense, order)
        columns, rows = sides[::-1] if turned else sides
        cost = number(columns) + row_cost * number(rows)
        if cost < cheapest:
            best, cheapest = (columns, rows), cost
    return best


def _splits(matrix: scipy.sparse.csr_array, cost: float, dense_cost: float) -> list[tuple[float, np.ndarray]]:
    """Ways to call rows dense, each with a bound from below of its cost."""
    lengths = np.diff(matrix.indptr)
    limits = np.unique(np.append(lengths, 0))
    if limits.size > THRESHOLDS:
        limits = limits[np.linspace(0, limits.size - 1, THRESHOLDS).astype(int)]
    found = []
    for limit in limits:
        dense = lengths > limit
        bound = cost * float(limit) + dense_cost * longest_row(matrix[np.flatnonzero(dense)].T.tocsr())
        found.append((bound, dense))
    return found


def _split(matrix: scipy.sparse.csr_array, dense: np.ndarray, order: str) -> Colours:
    sparse_part, dense_part = matrix[np.flatnonzero(~dense)], matrix[np.flatnonzero(dense)]
    rows = _none(matrix.shape[0])
    rows[dense] = column_colours(dense_part.T.tocsr(), order)
    return column_colours(sparse_part, order), rows


def _bidirectional_acyclic(matrix: scipy.sparse.csr_array, order: str) -> Colours:
    m, n = matrix.shape
    both = scipy.sparse.block_array([[None, matrix], [matrix.T, None]], format="csr")
    both = scipy.sparse.csr_array(both.astype(bool), shape=(m + n, m + n))
    colours = _of_graph(both, order, 2, lambda adjacent, o: greedy.acyclic(adjacent, o, apart=False))
    colours = np.where(np.diff(both.indptr) > 0, colours, -1)
    return colours[m:], colours[:m]


def _star(matrix: scipy.sparse.csr_array, order: str) -> Colours:
    off_diagonal = _off_diagonal(matrix)
    degrees = np.diff(off_diagonal.indptr)
    rows, columns = off_diagonal.nonzero()
    has_path = bool(((degrees[rows] > 1) & (degrees[columns] > 1)).any())
    colours = _of_graph(off_diagonal, order, 3 if has_path else 2, greedy.star)
    return _needed(matrix, colours), _none(matrix.shape[0])


def _acyclic(matrix: scipy.sparse.csr_array, order: str) -> Colours:
    colours = _of_graph(_off_diagonal(matrix), order, 2, lambda adjacent, o: greedy.acyclic(adjacent, o, apart=True))
    return _needed(matrix, colours), _none(matrix.shape[0])


def _of_graph(
    graph: scipy.sparse.csr_array,
    order: str,
    bound: int,
    colours: Callable[[list[list[int]], Iterable[int]], np.ndarray],
) -> np.ndarray:
    """Colours of the vertices of a symmetric pattern without diagonal."""
    adjacent = neighbours(graph)
    rows, columns = graph.nonzero()
    edges = np.flatnonzero(rows < columns)
    pairs = np.stack([rows[edges], columns[edges]], axis=1).reshape(-1)
    cliques = scipy.sparse.csr_array(
        (np.ones(pairs.size), pairs, np.arange(0, pairs.size + 1, 2)), shape=(edges.size, graph.shape[0])
    )
    return _best(order, bound if edges.size else 1, cliques, lambda o: colours(adjacent, o))  # type: ignore[no-any-return]


def _off_diagonal(matrix: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    rows, columns = matrix.nonzero()
    kept = rows != columns
    return scipy.sparse.csr_array((np.ones(int(kept.sum())), (rows[kept], columns[kept])), shape=matrix.shape)


def _needed(matrix: scipy.sparse.csr_array, colours: np.ndarray) -> np.ndarray:
    """Colours without those of empty columns."""
    return np.where(np.diff(matrix.indptr) > 0, colours, -1)


class _Mode:
    def __init__(self, colours: Callable[..., Colours], symmetric: bool = False, substitutes: bool = False) -> None:
        self.colours, self.symmetric, self.substitutes = colours, symmetric, substitutes


MODES = {
    "column": _Mode(_column),
    "row": _Mode(_row),
    "bidirectional": _Mode(bidirectional),
    "bidirectional acyclic": _Mode(_bidirectional_acyclic, substitutes=True),
    "star": _Mode(_star, symmetric=True),
    "acyclic": _Mode(_acyclic, symmetric=True, substitutes=True),
}

"""`Storage`: the patterns of one array, shared by all its views, so that stores are seen in each.

Stores of a few elements wait in a dict until rows are wanted for the whole array: a loop that fills an
array element by element, or block by block, costs what it stores. A number is a storage of one element.
"""

from typing import Self

import numpy as np

from interpretations.sparsity.dependence import size_of
from interpretations.sparsity.packed import PatternRows
from interpretations.sparsity.unions import Row, resolved, row_of

FEW = 16
"""Up to this many elements are stored and read one by one."""


class Storage:
    """Rows of an array that may be viewed and changed in place; ``pending`` has newer single rows."""

    __slots__ = ("_bounds", "_pending", "_rows", "columns")
    columns: int
    _rows: PatternRows | None
    """None: the storage of one element, which is pending."""
    _pending: dict[int, Row]
    _bounds: tuple[np.ndarray, np.ndarray] | None
    """Of ``_rows``, once single elements are read: where each starts, and all columns."""

    def __init__(self, rows: PatternRows) -> None:
        self.columns, self._pending, self._bounds = rows.columns, {}, None
        self._rows = rows.reshaped((size_of(rows.shape),))

    @classmethod
    def of_one(cls, row: Row, columns: int) -> Self:
        """The storage of a number."""
        new = object.__new__(cls)
        new.columns, new._rows, new._pending, new._bounds = columns, None, {0: row}, None
        return new

    def rows(self) -> PatternRows:
        """The rows of all elements in C order. The same object until the next store."""
        if self._pending:
            pending, self._pending = self._pending, {}
            rows = resolved(list(pending.values()), self.columns)
            if self._rows is None:
                self._rows = rows
            else:
                self._write(np.fromiter(pending, dtype=np.int64, count=len(pending)), rows)
        return self._rows  # type: ignore[return-value]

    def changes_wait(self, positions: np.ndarray) -> bool:
        """True if the rows at ``positions`` are few, and cheaper to read one by one than after all waiting stores."""
        return bool(self._pending) and positions.size <= FEW

    def few_rows(self, positions: np.ndarray) -> PatternRows:
        """The rows at ``positions``, one by one."""
        return resolved([self.row(p) for p in positions.reshape(-1).tolist()], self.columns).reshaped(positions.shape)

    def row(self, position: int) -> Row:
        """Columns of one element."""
        if position in self._pending:
            return self._pending[position]
        rows = self.rows() if self._rows is None else self._rows
        if rows.shape == (1,):
            return row_of(rows.keys)
        if self._bounds is None:
            self._bounds = rows.starts(), rows.cols
        starts, cols = self._bounds
        start, stop = starts[position : position + 2].tolist()
        return int(cols[start]) if stop - start == 1 else row_of(cols[start:stop])

    def put(self, position: int, row: Row) -> None:
        """Store one element."""
        self._pending[position] = row

    def store(self, positions: np.ndarray, rows: PatternRows) -> None:
        """Store an array of elements; where a position repeats the last one wins, as in NumPy."""
        if positions.size > FEW:
            self._write(positions, rows)
            return
        starts, cols = rows.starts(), rows.cols
        for i, position in enumerate(positions.reshape(-1).tolist()):
            self._pending[position] = row_of(cols[starts[i] : starts[i + 1]])

    def _write(self, positions: np.ndarray, rows: PatternRows) -> None:
        present = self.rows()
        source = np.full(present.shape, -1)
        source[positions.reshape(-1)] = np.arange(positions.size)
        stored = rows.gather(source)
        overwritten = source >= 0
        self._rows = stored if overwritten.all() else present.kept(~overwritten).joined(stored)
        self._bounds = None

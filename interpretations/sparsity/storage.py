"""`Storage`: the patterns of one array, shared by all its views, so that stores are seen in each.

Stores of a few elements wait in a dict until rows are wanted for the whole array: a loop that fills an
array element by element, or block by block, costs what it stores.
"""

import numpy as np

from interp.rows import SparseRows
from interpretations.sparsity.dependence import size_of, stacked

FEW = 16
"""Up to this many elements are stored and read one by one."""


class Storage:
    """Rows of an array that may be viewed and changed in place; ``pending`` has newer single rows."""

    __slots__ = ("_pending", "_rows")

    def __init__(self, rows: SparseRows) -> None:
        self._rows = rows.reshaped((size_of(rows.shape),))
        self._pending: dict[int, np.ndarray] = {}

    @property
    def columns(self) -> int:
        return self._rows.columns

    def rows(self) -> SparseRows:
        """The rows of all elements in C order. The same object until the next store."""
        if self._pending:
            pending, self._pending = self._pending, {}
            parts = [SparseRows((), self.columns, row) for row in pending.values()]
            self._write(np.fromiter(pending, dtype=np.int64, count=len(pending)), stacked(parts, self.columns))
        return self._rows

    def changes_wait(self, positions: np.ndarray) -> bool:
        """True if the rows at ``positions`` are few, and cheaper to read one by one than after all waiting stores."""
        return bool(self._pending) and positions.size <= FEW

    def few_rows(self, positions: np.ndarray) -> SparseRows:
        """The rows at ``positions``, one by one."""
        parts = [SparseRows((), self.columns, self.row(p)) for p in positions.reshape(-1).tolist()]
        return stacked(parts, self.columns).reshaped(positions.shape)

    def row(self, position: int) -> np.ndarray:
        """Columns of one element."""
        row = self._pending.get(position)
        if row is not None:
            return row
        keys, columns = self._rows.keys, self.columns
        start, stop = np.searchsorted(keys, (position * columns, (position + 1) * columns))
        return keys[start:stop] - position * columns

    def put(self, position: int, row: np.ndarray) -> None:
        """Store one element."""
        self._pending[position] = row

    def store(self, positions: np.ndarray, rows: SparseRows) -> None:
        """Store an array of elements; where a position repeats the last one wins, as in NumPy."""
        if positions.size > FEW:
            self._write(positions, rows)
            return
        ends = np.searchsorted(rows.keys, np.arange(positions.size + 1) * self.columns)
        for i, position in enumerate(positions.reshape(-1).tolist()):
            self._pending[position] = rows.keys[ends[i] : ends[i + 1]] - i * self.columns

    def _write(self, positions: np.ndarray, rows: SparseRows) -> None:
        present = self.rows()
        source = np.full(present.shape, -1)
        source[positions.reshape(-1)] = np.arange(positions.size)
        stored = rows.gather(source)
        overwritten = source >= 0
        self._rows = stored if overwritten.all() else present.kept(~overwritten).joined(stored)

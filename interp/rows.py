"""`SparseRows`: a sparse matrix with one row for each element of an array.

It says which inputs each element depends on, and by how much: the pattern of a tracer (no data), the
coefficients of a measurement (data of any payload). Linear maps act on it through the integers that
`interp.linear` gives: a diagonal scales rows, a gather picks them, a scatter adds them up.

Entries are kept as sorted keys ``row * columns + column``, so that unions and look-ups are sorts and
bisections of one integer array, and data may be an array of any number type.
"""

import operator
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import scipy.sparse

from interp.linear import Shape
from interp.vocabulary.creation import zeros
from interp.vocabulary.indexing import index_add
from interp.vocabulary.shape import broadcast_to, concatenate, reshape

Keys = np.ndarray


def _size(shape: Shape) -> int:
    return int(np.prod(shape, dtype=np.int64))


class SparseRows:
    """Rows for the elements of an array of ``shape``, over ``columns`` columns.

    ``keys``: sorted distinct ``row * columns + column`` (int64). ``data``: one number an entry, or
    None for a pattern alone.
    """

    __slots__ = ("columns", "data", "keys", "shape")

    def __init__(self, shape: Shape, columns: int, keys: Keys, data: Any = None) -> None:
        self.shape, self.columns, self.keys, self.data = shape, columns, keys, data

    # -- making

    @classmethod
    def empty(cls, shape: Shape, columns: int) -> Self:
        """No entries: a constant. Of a pattern; coefficients of nothing have no data either."""
        return cls(shape, columns, np.empty(0, dtype=np.int64))

    @classmethod
    def identity(cls, shape: Shape, data: Any = None) -> Self:
        """Element i depends on column i; ``data`` has ``shape``."""
        n = _size(shape)
        return cls(shape, n, np.arange(n, dtype=np.int64) * (n + 1), None if data is None else reshape(data, (n,)))

    @classmethod
    def from_dense(cls, t: Any, shape: Shape) -> Self:
        """Every entry of ``t`` of shape (columns, *shape), a batch of tangents, kept."""
        columns, rows = t.shape[0], _size(shape)
        data = reshape(reshape(t, (columns, rows)).transpose(), (rows * columns,))
        return cls(shape, columns, np.arange(rows * columns, dtype=np.int64), data)

    # -- looking

    @property
    def rows(self) -> np.ndarray:
        return self.keys // max(self.columns, 1)

    @property
    def cols(self) -> np.ndarray:
        return self.keys % max(self.columns, 1)

    @property
    def is_empty(self) -> bool:
        return self.keys.size == 0

    def filled(self) -> np.ndarray:
        """Mask of the elements that have an entry."""
        mask = np.zeros(_size(self.shape), dtype=bool)
        mask[self.rows] = True
        return mask.reshape(self.shape)

    def starts(self) -> np.ndarray:
        """Where the entries of each row start, and where the last ends."""
        return np.searchsorted(self.keys, np.arange(_size(self.shape) + 1, dtype=np.int64) * self.columns)

    def to_csr(self) -> scipy.sparse.csr_array:
        """The pattern as a boolean matrix of shape (elements, columns)."""
        shape = (_size(self.shape), self.columns)
        cols = self.cols
        return scipy.sparse.csr_array((np.ones(cols.size, dtype=bool), cols, self.starts()), shape=shape)

    def to_dense(self) -> Any:
        """Coefficients as a batch of tangents, shape (columns, *shape)."""
        rows = _size(self.shape)
        index = self.cols * rows + self.rows
        flat = index_add(zeros((self.columns * rows,), like=self.data), self.data, (index,))
        return reshape(flat, (self.columns, *self.shape))

    # -- linear maps at work

    def scaled(self, factor: Any, times: Callable[[Any, Any], Any] = operator.mul) -> Self:
        """Each row times its element of ``factor``, which broadcasts against ``shape``.

        ``times`` multiplies a factor and an entry; `strong_multiply` where the factor may be infinite.
        """
        if self.data is None:
            return self
        if getattr(factor, "shape", ()) != ():
            factor = reshape(broadcast_to(factor, self.shape), (-1,))[self.rows]
        return type(self)(self.shape, self.columns, self.keys, times(factor, self.data))

    def kept(self, mask: np.ndarray) -> Self:
        """Only the rows where the boolean ``mask``, which broadcasts against ``shape``, is true."""
        entries = np.flatnonzero(np.broadcast_to(mask, self.shape).reshape(-1)[self.rows])
        return type(self)(self.shape, self.columns, self.keys[entries], self._picked(entries))

    def gather(self, index: np.ndarray) -> Self:
        """Row ``index[i]`` becomes row i; -1 gives an empty row. The result has the shape of ``index``."""
        flat = np.asarray(index).reshape(-1)
        bounds = self.starts()
        if flat.size and flat[0] >= 0 and (flat[1:] - flat[:-1] == 1).all():  # a slice, or all of it in its order
            entries: Any = slice(bounds[flat[0]], bounds[flat[-1] + 1])
            keys = self.keys[entries] - flat[0] * self.columns if flat[0] else self.keys[entries]
            return type(self)(np.shape(index), self.columns, keys, self._picked(entries))
        present = np.flatnonzero(flat >= 0)
        source = flat[present]
        starts = bounds[source]
        counts = bounds[source + 1] - starts
        before = np.cumsum(counts) - counts
        entries = np.repeat(starts - before, counts) + np.arange(int(counts.sum()), dtype=np.int64)
        keys = self.keys[entries] + np.repeat((present - source) * self.columns, counts)
        return type(self)(np.shape(index), self.columns, keys, self._picked(entries))

    def scatter(self, index: np.ndarray, shape: Shape) -> Self:
        """Add row i to row ``index[i]`` of an array of ``shape``."""
        rows = np.asarray(index).reshape(-1)[self.rows]
        return self._collected(shape, self.columns, rows * self.columns + self.cols, self.data)

    def joined(self, other: Self) -> Self:
        """Sum of two matrices of one shape: entries united, data added."""
        if self.keys.size == 0:
            return other
        if other.keys.size == 0:
            return self
        if self.keys is other.keys or np.array_equal(self.keys, other.keys):
            data = None if self.data is None else self.data + other.data
            return type(self)(self.shape, self.columns, self.keys, data)
        keys = np.concatenate([self.keys, other.keys])
        data = None if self.data is None else concatenate([self.data, other.data])
        return self._collected(self.shape, self.columns, keys, data)

    def rebuilt(self, data: Any) -> Self:
        """The same entries with other data."""
        return type(self)(self.shape, self.columns, self.keys, data)

    def reshaped(self, shape: Shape) -> Self:
        """The same rows for an array of another shape with the elements in the same order."""
        return type(self)(shape, self.columns, self.keys, self.data)

    def _picked(self, entries: np.ndarray) -> Any:
        return None if self.data is None else self.data[entries]

    @classmethod
    def _collected(cls, shape: Shape, columns: int, keys: Keys, data: Any) -> Self:
        """Sort keys; entries with one key are united, their data added."""
        # A stable sort merges sorted runs, such as two patterns that are joined, in linear time.
        order = None if data is None else np.argsort(keys, kind="stable")
        ordered = np.sort(keys, kind="stable") if order is None else keys[order]
        fresh = np.ones(ordered.size, dtype=bool)
        np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
        distinct = ordered[fresh]
        if order is None:
            return cls(shape, columns, distinct)
        if distinct.size < keys.size:
            sums = zeros(distinct.shape, like=data)
            return cls(shape, columns, distinct, index_add(sums, data[order], (np.cumsum(fresh) - 1,)))
        return cls(shape, columns, distinct, data[order])

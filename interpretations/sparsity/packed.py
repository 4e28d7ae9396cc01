"""`PatternRows`: `SparseRows` without data, kept as sorted keys while sparse and as packed bits once dense.

An entry costs 64 bits as a key and one as a bit, so of a 64th of all entries on bits are smaller, and a union or
a choice of rows is one pass over words instead of a sort. Small patterns are always bits: there NumPy's overhead by
call counts, and keys need more calls. Measured in ``python -m benchmarks patterns``.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Self

import numpy as np

from interp.errors import UnsupportedInput
from interp.linear import Shape
from interp.rows import Keys, SparseRows

WORD = 64
SMALL = 1 << 18
"""Up to this many bits (32 kB) a pattern is kept as bits, however few are set."""
WORDS_AT_A_TIME = 1 << 20
"""Words of bits picked at a time while they are united."""


def _count(shape: Shape) -> int:
    total = 1
    for n in shape:
        total *= n
    return total


class PatternRows(SparseRows):
    """A pattern: the contract of `SparseRows`, whose methods work on `keys`; those written here know bits too.

    ``bits``: None, or words of shape (elements, words of a row), column c being bit c % 64 of word c // 64.
    """

    __slots__ = ("_keys", "_starts", "bits")

    def __init__(self, shape: Shape, columns: int, keys: Keys, data: None = None) -> None:
        self.shape, self.columns, self.data = shape, columns, None
        if _count(shape) * columns >= 1 << 63:
            raise UnsupportedInput(
                f"a pattern of {_count(shape)} outputs by {columns} inputs is too large: its entries are numbered by "
                "64-bit integers. Trace a part of the outputs or inputs at a time"
            )
        self._starts: np.ndarray | None = None
        self._keys: Keys | None = keys
        self.bits: np.ndarray | None = None
        if _are_bits(_count(shape), columns, keys.size):
            self.bits, self._keys = _packed(keys, _count(shape), columns), None

    @classmethod
    def of_bits(cls, shape: Shape, columns: int, bits: np.ndarray) -> Self:
        """Rows given by bits; ``bits`` is taken over."""
        new = object.__new__(cls)
        new.shape, new.columns, new.data, new._starts = shape, columns, None, None
        new.bits, new._keys = bits, None
        if not _are_bits(len(bits), columns, 0) and not _are_bits(len(bits), columns, new.count):
            new._keys, new.bits = new.keys, None
        return new

    @classmethod
    def stacked(cls, parts: Sequence[Self], columns: int) -> Self:
        """The rows of several arrays, one array after the other."""
        sizes = [_count(rows.shape) for rows in parts]
        if _are_bits(sum(sizes), columns, sum(rows.count for rows in parts)):
            words = [np.empty((0, _words(columns)), dtype=np.uint64)]
            words += [rows.packed() for rows in parts]
            return cls.of_bits((sum(sizes),), columns, np.concatenate(words))
        starts = np.cumsum([0, *sizes]).tolist()
        keys = [rows.keys + start * columns for rows, start in zip(parts, starts, strict=False)]
        return cls((sum(sizes),), columns, np.concatenate(keys))

    def __reduce__(self) -> Any:
        return PatternRows, (self.shape, self.columns, self.keys)

    # -- looking

    def packed(self) -> np.ndarray:
        """The pattern as bits, whatever it is kept as."""
        return _packed(self.keys, _count(self.shape), self.columns) if self.bits is None else self.bits

    @property
    def keys(self) -> Keys:
        if self._keys is not None:
            return self._keys
        flat, width = self._set_bits()
        return flat - flat // width * (width - self.columns)

    @property
    def cols(self) -> np.ndarray:
        if self.bits is None:
            return super().cols
        flat, width = self._set_bits()
        return flat % width

    def _set_bits(self) -> tuple[np.ndarray, int]:
        """Positions of the bits that are set, in order, and how many there are in a row."""
        flat = np.flatnonzero(np.unpackbits(self.bits.view(np.uint8), bitorder="little"))
        return flat, max(1, self.bits.shape[1] * WORD)

    @property
    def count(self) -> int:
        """Number of entries."""
        return self._keys.size if self.bits is None else int(np.bitwise_count(self.bits).sum())

    @property
    def is_empty(self) -> bool:
        return self._keys.size == 0 if self.bits is None else not self.bits.any()

    def starts(self) -> np.ndarray:
        if self._starts is None:
            if self.bits is None:
                self._starts = super().starts()
            else:
                counts = np.bitwise_count(self.bits).sum(axis=1, dtype=np.int64)
                self._starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])
        return self._starts

    def filled(self) -> np.ndarray:
        """Mask of the elements that have an entry."""
        if self.bits is not None:
            return self.bits.any(axis=1).reshape(self.shape)
        return super().filled()

    def without_last_column(self) -> Self:
        """The pattern over all columns but the last."""
        columns = self.columns - 1
        if self.bits is None:
            rows, cols = self.rows, self.cols
            kept = cols != columns
            return type(self)(self.shape, columns, rows[kept] * columns + cols[kept])
        bits = self.bits.copy()
        bits[:, columns // WORD] &= ~np.uint64(1 << columns % WORD)
        return self.of_bits(self.shape, columns, np.ascontiguousarray(bits[:, : _words(columns)]))

    # -- linear maps at work

    def kept(self, mask: np.ndarray) -> Self:
        if self.bits is None:
            return super().kept(mask)
        flat = np.broadcast_to(mask, self.shape).reshape(-1, 1)
        return self.of_bits(self.shape, self.columns, np.where(flat, self.bits, np.uint64(0)))

    def gather(self, index: np.ndarray) -> Self:
        flat = np.asarray(index).reshape(-1)
        if self.bits is None or not self._stay_bits(flat):
            return super().gather(index)
        if flat.size and flat.min() >= 0:
            picked = self.bits.take(flat, axis=0)
        else:
            picked = np.zeros((flat.size, self.bits.shape[1]), dtype=np.uint64)
            present = np.flatnonzero(flat >= 0)
            picked[present] = self.bits.take(flat[present], axis=0)
        return self.of_bits(np.shape(index), self.columns, picked)

    def scatter(self, index: np.ndarray, shape: Shape) -> Self:
        flat = np.asarray(index).reshape(-1)
        if self.bits is None or not _are_bits(_count(shape), self.columns, self.bits.size):
            return super().scatter(index, shape)
        return self.moved(np.arange(flat.size), flat, shape)

    def moved(self, read: np.ndarray, added: np.ndarray, shape: Shape) -> Self:
        """Row ``added[k]`` of an array of ``shape`` unites the rows ``read[k]`` of this one, for all k."""
        if self.bits is None:
            return self.gather(read).scatter(added, shape)
        out = np.zeros((_count(shape), self.bits.shape[1]), dtype=np.uint64)
        if added.size and not (added[1:] >= added[:-1]).all():
            order = np.argsort(added, kind="stable")
            read, added = read[order], added[order]
        heads = np.flatnonzero(np.concatenate([np.ones(min(added.size, 1), dtype=bool), added[1:] != added[:-1]]))
        chunk = max(1, WORDS_AT_A_TIME // max(1, self.bits.shape[1]))
        for start, stop in _groups(heads, added.size, chunk):
            here = heads[(heads >= start) & (heads < stop)]
            picked = self.bits.take(read[start:stop], axis=0)
            out[added[here]] = np.bitwise_or.reduceat(picked, here - start, axis=0)
        return self.of_bits(shape, self.columns, out)

    def accumulated(self, axis: int) -> Self:
        """Each row unites all rows up to its own along a negative ``axis``."""
        n = self.shape[axis]
        if _are_bits(_count(self.shape), self.columns, self.count * (n + 1) // 2):
            bits = self.packed()
            united = np.bitwise_or.accumulate(bits.reshape(*self.shape, bits.shape[1]), axis=axis - 1)
            return self.of_bits(self.shape, self.columns, united.reshape(bits.shape))
        numbers = np.arange(_count(self.shape)).reshape(self.shape)
        later, earlier = np.tril_indices(n)
        read, added = (np.take(numbers, at, axis=axis).reshape(-1) for at in (earlier, later))
        return self.moved(read, added, self.shape)

    def joined(self, other: Self) -> Self:
        if self.bits is None and other.bits is None:
            return super().joined(other)
        if self.bits is other.bits:
            return self
        return self.of_bits(self.shape, self.columns, self.packed() | other.packed())

    def reshaped(self, shape: Shape) -> Self:
        if self.shape == shape:
            return self
        new = object.__new__(type(self))
        new.shape, new.columns, new.data = shape, self.columns, None
        new._keys, new.bits, new._starts = self._keys, self.bits, self._starts
        return new

    def _stay_bits(self, flat: np.ndarray) -> bool:
        """True if rows picked at ``flat`` are no larger than these, or dense enough."""
        if _are_bits(flat.size, self.columns, self.bits.size):
            return True
        starts = self.starts()
        entries = np.diff(starts, append=starts[-1])[flat].sum()  # at -1 the last difference, which is 0
        return _are_bits(flat.size, self.columns, int(entries))


def _words(columns: int) -> int:
    return -(-columns // WORD)


def _are_bits(rows: int, columns: int, entries: int) -> bool:
    return rows * _words(columns) <= max(SMALL // WORD, entries)


def _packed(keys: Keys, rows: int, columns: int) -> np.ndarray:
    """Bits of sorted keys."""
    width = _words(columns) * WORD
    mask = np.zeros(rows * width, dtype=bool)
    mask[keys if width == columns else keys + keys // max(columns, 1) * (width - columns)] = True
    return np.packbits(mask, bitorder="little").view(np.uint64).reshape(rows, width // WORD)


def _groups(heads: np.ndarray, size: int, chunk: int) -> list[tuple[int, int]]:
    """Consecutive stretches of about ``chunk`` items, each from a head to a head: none parts a group."""
    cuts = [0]
    while cuts[-1] < size:
        after = int(np.searchsorted(heads, cuts[-1] + chunk, side="left"))
        end = int(heads[after]) if after < heads.size else size
        cuts.append(end)
    return list(pairwise(cuts))

"""Storage for the large copies that recordings take of constants, used again once no array looks at it.

Fresh memory costs a page fault every 4 kB, which can be many times the copy itself: a gradient that is taken again
and again would pay it each time, for the allocator gives large blocks back to the system. Kept are `MOST` bytes at
most; a block is free when the list below is all that refers to it.
"""

import sys
import threading

import numpy as np

LEAST, MOST = 1 << 17, 1 << 25
"""Bytes of a copy worth the trouble, and of all that is kept."""

_blocks: list[np.ndarray] = []
_lock = threading.Lock()


def copied(x: np.ndarray) -> np.ndarray:
    """A copy of ``x`` in its memory order, which other arrays share memory with only if they are made of it."""
    if not LEAST <= x.nbytes <= MOST or not x.flags.forc or x.dtype.hasobject:
        return x.copy("K")
    with _lock:
        block = _free(x.nbytes)
        out: np.ndarray = np.ndarray(x.shape, x.dtype, block, order="C" if x.flags.c_contiguous else "F")
    out[...] = x
    return out


def _free(size: int) -> np.ndarray:
    """A block of so many bytes that nothing looks at; others that nothing looks at make room for a new one."""
    unused = [i for i in range(len(_blocks)) if sys.getrefcount(_blocks[i]) == 2]  # the list's, and the argument
    for i in unused:
        if _blocks[i].nbytes == size:
            return _blocks[i]
    block = np.empty(size, np.uint8)
    kept = sum(known.nbytes for known in _blocks)
    for i in reversed(unused):
        if kept + size > MOST:
            kept -= _blocks.pop(i).nbytes
    if kept + size <= MOST:
        _blocks.append(block)
    return block

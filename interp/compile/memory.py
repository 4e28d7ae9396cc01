"""Memory that native code grows and a thread owns: what reverse sweeps write forwards and read backwards.

A *region* is two words of the thread's block, start and size in bytes. It outlives an exception halfway, so nothing
leaks, and keeps its memory for the next call, up to `KEPT` bytes. Large regions ask for huge pages: fresh memory
costs a page fault every 4 KiB otherwise, more than what is computed in between.
"""

import ctypes
import sys
import threading
from typing import Any

from llvmlite import ir
from numba.core import cgutils

FIRST = 1 << 16
"""Bytes of a region's first allocation."""
KEPT = 1 << 28
"""Bytes that a region keeps for the next call."""
HUGE = 1 << 21
"""Bytes of a huge page."""
_MADV_HUGEPAGE = 14

BYTE = ir.IntType(8).as_pointer()
WORD = ir.IntType(64)


class Block(threading.local):
    """``words`` 64-bit words a thread, zero at first; ``starts`` are the positions of the starts of regions."""

    def __init__(self, words: int, starts: tuple[int, ...]) -> None:
        self.words = (ctypes.c_int64 * words)()
        self.starts = starts
        self.address = ctypes.addressof(self.words)

    def __del__(self) -> None:
        free = ctypes.CDLL(None).free
        free.argtypes = (ctypes.c_void_p,)
        for start in self.starts:
            free(ctypes.c_void_p(self.words[start]))


def word(builder: Any, words: Any, position: int) -> Any:
    """Address of a word of a block."""
    return builder.gep(words, [WORD(position)])


def called(builder: Any, named: str, returned: Any, *arguments: Any) -> Any:
    """Emit a call of a C function."""
    kind = ir.FunctionType(returned, [a.type for a in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, named), arguments)


def grown(builder: Any, region: Any, least: Any) -> Any:
    """Emit: the start of the region at address ``region``, made to hold ``least`` bytes; null without memory.

    The region at least doubles. A function of its own in every module, for it is called rarely and from many places.
    """
    kind = ir.FunctionType(BYTE, [WORD.as_pointer(), WORD])
    function = cgutils.get_or_insert_function(builder.module, kind, "interp.memory.grown")
    if function.is_declaration:
        function.linkage = "internal"
        function.attributes.add("noinline")
        function.attributes.add("cold")
        _define(function)
    return builder.call(function, [region, least])


def _define(function: Any) -> None:
    region, least = function.args
    builder = ir.IRBuilder(function.append_basic_block())
    old = builder.load(builder.bitcast(region, BYTE.as_pointer()))
    double = builder.shl(builder.load(word(builder, region, 1)), WORD(1))
    size = builder.select(builder.icmp_signed(">", double, least), double, least)
    size = builder.select(builder.icmp_signed(">", size, WORD(FIRST)), size, WORD(FIRST))
    start = called(builder, "realloc", BYTE, old, size)
    with builder.if_then(cgutils.is_null(builder, start)):
        builder.ret(start)
    if sys.platform == "linux":
        with builder.if_then(builder.icmp_signed(">=", size, WORD(2 * HUGE))):
            begin = builder.ptrtoint(start, WORD)
            inner = builder.and_(builder.add(begin, WORD(HUGE - 1)), WORD(-HUGE))
            length = builder.sub(builder.add(begin, size), inner)
            called(builder, "madvise", ir.IntType(32), builder.inttoptr(inner, BYTE), length, ir.IntType(32)(_MADV_HUGEPAGE))
    builder.store(builder.ptrtoint(start, WORD), region)
    builder.store(size, word(builder, region, 1))
    builder.ret(start)


def released(builder: Any, region: Any) -> None:
    """Emit: give the memory of a large region back."""
    size = builder.load(word(builder, region, 1))
    with cgutils.if_unlikely(builder, builder.icmp_signed(">", size, WORD(KEPT))):
        called(builder, "free", ir.VoidType(), builder.load(builder.bitcast(region, BYTE.as_pointer())))
        builder.store(WORD(0), region)
        builder.store(WORD(0), word(builder, region, 1))

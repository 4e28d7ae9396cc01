"""Memory that native code grows and a thread owns: what reverse sweeps write forwards and read backwards.

A *region* is two words of the thread's block, start and size in bytes. It outlives an exception halfway, so nothing
leaks, and keeps its memory for the next call, up to `KEPT` bytes.

On Linux a large region reserves far more addresses than it needs: pages come as they are touched, huge ones where
the system gives them, and growing moves nothing. A reallocation that moves pages breaks the huge ones up; we measured
three times the cost of the recording itself.
"""

import ctypes
import sys
import threading
from typing import Any

from llvmlite import ir
from numba.core import cgutils

FIRST = 1 << 16
"""Bytes of a region's first allocation."""
LARGEST = 24 * 2**31
"""Bytes that a region may grow to: what no larger numbers than 31 bits can count, of 24 bytes each."""
KEPT = 1 << 28
"""Bytes that a region keeps for the next call."""
HUGE = 1 << 21
"""Bytes of a huge page, and of the least region that reserves addresses."""
RESERVES = sys.platform == "linux"
AHEAD = (512, 4)
"""How many times the memory needed is reserved, the second where the system refuses the first."""
_READ_WRITE, _PRIVATE_ANONYMOUS_NORESERVE, _MADV_DONTNEED, _MADV_HUGEPAGE = 0x3, 0x4022, 4, 14
"""Linux's numbers for mmap and madvise."""

BYTE = ir.IntType(8).as_pointer()
WORD = ir.IntType(64)


class _Owned:
    """The words of one thread and the regions among them, which are given back with the thread."""

    def __init__(self, words: int, starts: tuple[int, ...]) -> None:
        self.words = (ctypes.c_int64 * words)()
        self.starts = starts
        self.library = ctypes.CDLL(None)

    def __del__(self) -> None:
        for at in self.starts:
            start, size = ctypes.c_void_p(self.words[at]), ctypes.c_size_t(self.words[at + 1])
            if _is_reserved(self.words[at + 1]):
                self.library.munmap(start, size)
            else:
                self.library.free(start)


class Block(threading.local):
    """``words`` 64-bit words a thread, zero at first; ``starts`` are the positions of the starts of regions."""

    def __init__(self, words: int, starts: tuple[int, ...]) -> None:
        self.owned = _Owned(words, starts)  # of the thread: this object is all threads' and dies with the program
        self.words = self.owned.words
        self.address = ctypes.addressof(self.words)


def _is_reserved(size: Any) -> bool:
    return RESERVES and size >= HUGE


def word(builder: Any, words: Any, position: int) -> Any:
    """Address of a word of a block."""
    return builder.gep(words, [WORD(position)])


def called(builder: Any, named: str, returned: Any, *arguments: Any) -> Any:
    """Emit a call of a C function."""
    kind = ir.FunctionType(returned, [a.type for a in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, named), arguments)


def grown(builder: Any, region: Any, least: Any) -> Any:
    """Emit: the start of the region at address ``region``, made to hold ``least`` bytes; null without memory,
    and for more than `LARGEST`.

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
    old, old_size = _start(builder, region), builder.load(word(builder, region, 1))
    with builder.if_then(builder.icmp_signed(">", least, WORD(LARGEST))):
        builder.ret(BYTE(None))
    size = _greatest(builder, builder.shl(old_size, WORD(1)), least, WORD(FIRST))
    size = _least(builder, size, WORD(LARGEST))
    if RESERVES:
        with builder.if_then(builder.icmp_signed(">=", size, WORD(HUGE))):
            for factor in AHEAD:
                reserved = _least(builder, builder.and_(builder.mul(size, WORD(factor)), WORD(-HUGE)), WORD(LARGEST))
                start = called(
                    builder,
                    "mmap",
                    BYTE,
                    BYTE(None),
                    reserved,
                    *map(_INT, (_READ_WRITE, _PRIVATE_ANONYMOUS_NORESERVE, -1)),
                    WORD(0),
                )
                with builder.if_then(builder.icmp_signed("!=", builder.ptrtoint(start, WORD), WORD(-1))):
                    called(builder, "madvise", _INT, start, reserved, _INT(_MADV_HUGEPAGE))
                    called(builder, "memcpy", BYTE, start, old, old_size)
                    with builder.if_else(builder.icmp_signed(">=", old_size, WORD(HUGE))) as (mapped, allocated):
                        with mapped:
                            called(builder, "munmap", _INT, old, old_size)
                        with allocated:
                            called(builder, "free", ir.VoidType(), old)
                    _set(builder, region, start, reserved)
                    builder.ret(start)
            builder.ret(BYTE(None))
    start = called(builder, "realloc", BYTE, old, size)
    with builder.if_then(cgutils.is_null(builder, start)):
        builder.ret(start)
    _set(builder, region, start, size)
    builder.ret(start)


_INT = ir.IntType(32)


def _greatest(builder: Any, first: Any, *others: Any) -> Any:
    for other in others:
        first = builder.select(builder.icmp_signed(">", first, other), first, other)
    return first


def _least(builder: Any, x: Any, y: Any) -> Any:
    return builder.select(builder.icmp_signed("<", x, y), x, y)


def _start(builder: Any, region: Any) -> Any:
    return builder.load(builder.bitcast(region, BYTE.as_pointer()))


def _set(builder: Any, region: Any, start: Any, size: Any) -> None:
    builder.store(builder.ptrtoint(start, WORD), region)
    builder.store(size, word(builder, region, 1))


def released(builder: Any, region: Any) -> None:
    """Emit: give back what a region has beyond `KEPT` bytes."""
    size = builder.load(word(builder, region, 1))
    with cgutils.if_unlikely(builder, builder.icmp_signed(">", size, WORD(KEPT))):
        if RESERVES:
            beyond = builder.gep(_start(builder, region), [WORD(KEPT)])
            called(builder, "madvise", _INT, beyond, builder.sub(size, WORD(KEPT)), _INT(_MADV_DONTNEED))
        else:
            called(builder, "free", ir.VoidType(), _start(builder, region))
            _set(builder, region, BYTE(None), WORD(0))

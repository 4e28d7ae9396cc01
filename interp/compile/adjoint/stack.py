"""The stack that the forward sweep fills and the reverse sweep empties, in native code.

A stack is a handle of four numbers that `push` and `pop` return anew, so that it stays in registers: the address
of its thread's block, the memory's start, the top, the size. The block (start and size) belongs to the thread,
outlives an exception halfway, and keeps the memory for the next call, up to `KEPT` bytes. Anything native can be
pushed: numbers, values, and arrays, which stay alive until they are popped.
"""

import ctypes
import threading
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import models, register_default
from numba.extending import intrinsic

FIRST = 1 << 16
"""Bytes of a thread's first allocation."""
KEPT = 1 << 28
"""Bytes that a thread keeps for its next call."""

_BYTE = ir.IntType(8).as_pointer()
_WORD = ir.IntType(64)


class StackType(types.Type):
    """Native type of a stack's handle."""

    def __init__(self) -> None:
        super().__init__("adjoint stack")


STACK = StackType()


@register_default(StackType)
class _StackModel(models.StructModel):
    def __init__(self, dmm: Any, fe_type: StackType) -> None:
        members = [("block", types.voidptr), ("start", types.voidptr), ("top", types.int64), ("size", types.int64)]
        super().__init__(dmm, fe_type, members)


class _Thread(threading.local):
    """One block a thread: address and size of its memory, from C's malloc."""

    def __init__(self) -> None:
        self.block = (ctypes.c_int64 * 2)()
        self.address = ctypes.addressof(self.block)

    def __del__(self) -> None:
        free = ctypes.CDLL(None).free
        free.argtypes = (ctypes.c_void_p,)
        free(ctypes.c_void_p(self.block[0]))


_thread = _Thread()


def block() -> int:
    """Address of this thread's block: the first argument of an adjoint."""
    return _thread.address


def _libc(builder: Any, name: str, returned: Any, *arguments: Any) -> Any:
    kinds = [a.type for a in arguments]
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(returned, kinds), name)
    return builder.call(function, arguments)


def _words(builder: Any, block: Any) -> Any:
    return builder.bitcast(block, _WORD.as_pointer())


def _struct(context: Any, builder: Any, value: Any = None) -> Any:
    return cgutils.create_struct_proxy(STACK)(context, builder, value=value)


@intrinsic
def opened(typingctx: Any, address: types.Type) -> Any:
    """The stack of the thread whose block is at ``address``, empty."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        stack = _struct(context, builder)
        stack.block = builder.inttoptr(context.cast(builder, args[0], sig.args[0], types.int64), _BYTE)
        words = _words(builder, stack.block)
        stack.start = builder.inttoptr(builder.load(words), _BYTE)
        stack.size = builder.load(builder.gep(words, [_WORD(1)]))
        stack.top = _WORD(0)
        return stack._getvalue()

    return STACK(address), lower


@intrinsic
def closed(typingctx: Any, stack: types.Type) -> Any:
    """Give large memory back; the stack is done with."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        handle = _struct(context, builder, args[0])
        with cgutils.if_unlikely(builder, builder.icmp_signed(">", handle.size, _WORD(KEPT))):
            _libc(builder, "free", ir.VoidType(), handle.start)
            words = _words(builder, handle.block)
            builder.store(_WORD(0), words)
            builder.store(_WORD(0), builder.gep(words, [_WORD(1)]))
        return context.get_dummy_value()

    return types.none(stack), lower


def _width(context: Any, typ: types.Type) -> int:
    size = context.get_abi_sizeof(context.data_model_manager[typ].get_data_type())
    return (int(size) + 7) // 8 * 8


@intrinsic
def push(typingctx: Any, stack: types.Type, x: types.Type) -> Any:
    """The stack with ``x`` on top."""
    x = types.unliteral(x)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        handle = _struct(context, builder, args[0])
        value = context.cast(builder, args[1], sig.args[1], x)
        width = _WORD(_width(context, x))
        old_start, old_top, old_size = handle.start, handle.top, handle.size
        top = builder.add(old_top, width)
        before = builder.basic_block
        with cgutils.if_unlikely(builder, builder.icmp_signed(">", top, old_size)):
            double = builder.shl(old_size, _WORD(1))
            least = builder.add(top, _WORD(FIRST))
            size = builder.select(builder.icmp_signed(">", double, least), double, least)
            start = _libc(builder, "realloc", _BYTE, old_start, size)
            with cgutils.if_unlikely(builder, cgutils.is_null(builder, start)):
                context.call_conv.return_user_exc(builder, MemoryError, ("no memory for the adjoint's stack",))
            words = _words(builder, handle.block)
            builder.store(builder.ptrtoint(start, _WORD), words)
            builder.store(size, builder.gep(words, [_WORD(1)]))
            grown = builder.basic_block
        starts, sizes = builder.phi(_BYTE), builder.phi(_WORD)
        starts.add_incoming(old_start, before)
        starts.add_incoming(start, grown)
        sizes.add_incoming(old_size, before)
        sizes.add_incoming(size, grown)
        model = context.data_model_manager[x]
        data = model.as_data(builder, value)
        place = builder.bitcast(builder.gep(starts, [old_top]), data.type.as_pointer())
        builder.store(data, place, align=8)
        if context.enable_nrt:
            context.nrt.incref(builder, x, value)
        handle.start, handle.size, handle.top = starts, sizes, top
        return handle._getvalue()

    return STACK(stack, x), lower


@intrinsic
def pop(typingctx: Any, stack: types.Type, like: types.Type) -> Any:
    """``(x, stack)``: what was pushed last, which had the type of ``like``."""
    typ = types.unliteral(like)
    made = types.Tuple((typ, STACK))

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        handle = _struct(context, builder, args[0])
        handle.top = builder.sub(handle.top, _WORD(_width(context, typ)))
        model = context.data_model_manager[typ]
        place = builder.bitcast(builder.gep(handle.start, [handle.top]), model.get_data_type().as_pointer())
        value = model.from_data(builder, builder.load(place, align=8))
        return context.make_tuple(builder, made, [value, handle._getvalue()])

    return made(stack, like), lower

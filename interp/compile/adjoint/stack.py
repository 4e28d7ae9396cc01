"""The stack that the forward sweep fills and the reverse sweep empties, in native code.

A stack is a handle of four numbers that `push` and `pop` return anew, so that it stays in registers: the address
of its thread's block, the memory's start, the top, the size. The block is one region of `memory`. Anything native
can be pushed: numbers, values, and arrays, which stay alive until they are popped.
"""

from typing import Any

from numba.core import cgutils, types
from numba.core.datamodel import models, register_default
from numba.extending import intrinsic

from interp.compile.memory import BYTE, WORD, Block, grown, released, word


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


_thread = Block(2, (0,))


def block() -> int:
    """Address of this thread's block: the first argument of an adjoint."""
    return _thread.address


def _words(builder: Any, block: Any) -> Any:
    return builder.bitcast(block, WORD.as_pointer())


def _struct(context: Any, builder: Any, value: Any = None) -> Any:
    return cgutils.create_struct_proxy(STACK)(context, builder, value=value)


@intrinsic
def opened(typingctx: Any, address: types.Type) -> Any:
    """The stack of the thread whose block is at ``address``, empty."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        stack = _struct(context, builder)
        stack.block = builder.inttoptr(context.cast(builder, args[0], sig.args[0], types.int64), BYTE)
        words = _words(builder, stack.block)
        stack.start = builder.inttoptr(builder.load(words), BYTE)
        stack.size = builder.load(word(builder, words, 1))
        stack.top = WORD(0)
        return stack._getvalue()

    return STACK(address), lower


@intrinsic
def closed(typingctx: Any, stack: types.Type) -> Any:
    """Give large memory back; the stack is done with."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        handle = _struct(context, builder, args[0])
        released(builder, _words(builder, handle.block))
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
        width = WORD(_width(context, x))
        old_start, old_top, old_size = handle.start, handle.top, handle.size
        top = builder.add(old_top, width)
        before = builder.basic_block
        with cgutils.if_unlikely(builder, builder.icmp_signed(">", top, old_size)):
            words = _words(builder, handle.block)
            start = grown(builder, words, top)
            with cgutils.if_unlikely(builder, cgutils.is_null(builder, start)):
                context.call_conv.return_user_exc(builder, MemoryError, ("no memory for the adjoint's stack",))
            size = builder.load(word(builder, words, 1))
            after = builder.basic_block
        starts, sizes = builder.phi(BYTE), builder.phi(WORD)
        starts.add_incoming(old_start, before)
        starts.add_incoming(start, after)
        sizes.add_incoming(old_size, before)
        sizes.add_incoming(size, after)
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
        handle.top = builder.sub(handle.top, WORD(_width(context, typ)))
        model = context.data_model_manager[typ]
        place = builder.bitcast(builder.gep(handle.start, [handle.top]), model.get_data_type().as_pointer())
        value = model.from_data(builder, builder.load(place, align=8))
        return context.make_tuple(builder, made, [value, handle._getvalue()])

    return made(stack, like), lower

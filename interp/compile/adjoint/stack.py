"""The stack that the forward sweep fills and the reverse sweep empties, in native code.

A stack is a handle of four numbers that each operation returns anew, so that it stays in registers: the address
of its thread's block, the memory's start, the top, the size. The block is one region of `memory`. Anything native
can be pushed: numbers, values, and arrays, which stay alive until they are popped.

Numbers and values take `slot_of` bytes at most, so `ensured` makes room for many at once and `place` needs no test. A
loop that does nothing else to the stack has its slots side by side (`put`, `got`), one for each iteration: no handle
is carried from one iteration to the next.
"""

from typing import Any

from numba.core import cgutils, types
from numba.core.datamodel import models, register_default
from numba.extending import intrinsic

from interp.compile.adjoint.access import literals, within_scope
from interp.compile.arrays import joint_type
from interp.compile.memory import BYTE, WORD, Block, grown, released, word
from interp.compile.values import element


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
def slot_of(typingctx: Any, leaves: types.Type) -> Any:
    """Bytes that any number of a program takes whose arguments have these types: what holds an element of each."""
    joined = joint_type(tuple(map(element, leaves)))
    if joined is None:
        return None
    return types.int64(leaves), lambda context, builder, sig, args: WORD(_width(context, joined))


@intrinsic
def ensured(typingctx: Any, stack: types.Type, size: types.Type) -> Any:
    """The stack with room for ``size`` bytes more."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        handle = _struct(context, builder, args[0])
        _ensure(context, builder, handle, context.cast(builder, args[1], sig.args[1], types.int64))
        return handle._getvalue()

    return STACK(stack, size), lower


def _ensure(context: Any, builder: Any, handle: Any, size: Any) -> None:
    """Emit: room for ``size`` bytes above the top of ``handle``, which may then start elsewhere."""
    old_start, old_size = handle.start, handle.size
    top = builder.add(handle.top, size)
    before = builder.basic_block
    with cgutils.if_unlikely(builder, builder.icmp_signed(">", top, old_size)):
        words = _words(builder, handle.block)
        start = grown(builder, words, top)
        with cgutils.if_unlikely(builder, cgutils.is_null(builder, start)):
            context.call_conv.return_user_exc(builder, MemoryError, ("no memory for the adjoint's stack",))
        new_size = builder.load(word(builder, words, 1))
        after = builder.basic_block
    starts, sizes = builder.phi(BYTE), builder.phi(WORD)
    starts.add_incoming(old_start, before)
    starts.add_incoming(start, after)
    sizes.add_incoming(old_size, before)
    sizes.add_incoming(new_size, after)
    handle.start, handle.size = starts, sizes


def _write(context: Any, builder: Any, typ: types.Type, value: Any, address: Any) -> None:
    data = context.data_model_manager[typ].as_data(builder, value)
    builder.store(data, builder.bitcast(address, data.type.as_pointer()), align=8)


def _read(context: Any, builder: Any, typ: types.Type, address: Any) -> Any:
    model = context.data_model_manager[typ]
    place = builder.bitcast(address, model.get_data_type().as_pointer())
    return model.from_data(builder, builder.load(place, align=8))


@intrinsic
def push(typingctx: Any, stack: types.Type, x: types.Type) -> Any:
    """The stack with ``x`` on top, an array: it stays alive."""
    x = types.unliteral(x)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        handle = _struct(context, builder, args[0])
        width = WORD(_width(context, x))
        _ensure(context, builder, handle, width)
        _write(context, builder, x, args[1], builder.gep(handle.start, [handle.top]))
        if context.enable_nrt:
            context.nrt.incref(builder, x, args[1])
        handle.top = builder.add(handle.top, width)
        return handle._getvalue()

    return STACK(stack, x), lower


@intrinsic
def place(typingctx: Any, stack: types.Type, x: types.Type, slot: types.Type) -> Any:
    """The stack with a number or value on top, for which there is room (`ensured`)."""
    x = types.unliteral(x)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        handle = _struct(context, builder, args[0])
        width = _fitting(context, builder, x, args[2])
        value = context.cast(builder, args[1], sig.args[1], x)
        _write(context, builder, x, value, builder.gep(handle.start, [handle.top]))
        handle.top = builder.add(handle.top, width)
        return handle._getvalue()

    return STACK(stack, x, slot), lower


def _fitting(context: Any, builder: Any, x: types.Type, slot: Any) -> Any:
    """Bytes of ``x``; native code raises if it needs more than a slot, a constant to the optimiser."""
    width = WORD(_width(context, x))
    with cgutils.if_unlikely(builder, builder.icmp_signed(">", width, slot)):
        message = f"interp: a slot of the adjoint's stack is too small for {x}; please report this"
        context.call_conv.return_user_exc(builder, AssertionError, (message,))
    return width


@intrinsic
def pop(typingctx: Any, stack: types.Type, like: types.Type) -> Any:
    """``(x, stack)``: what was pushed last, which had the type of ``like``."""
    typ = types.unliteral(like)
    made = types.Tuple((typ, STACK))

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        handle = _struct(context, builder, args[0])
        handle.top = builder.sub(handle.top, WORD(_width(context, typ)))
        value = _read(context, builder, typ, builder.gep(handle.start, [handle.top]))
        return context.make_tuple(builder, made, [value, handle._getvalue()])

    return made(stack, like), lower


# -- slots side by side


@intrinsic
def top_of(typingctx: Any, stack: types.Type) -> Any:
    """Bytes on the stack."""
    return types.int64(stack), lambda context, builder, sig, args: _struct(context, builder, args[0]).top


@intrinsic
def moved(typingctx: Any, stack: types.Type, size: types.Type) -> Any:
    """The stack with its top ``size`` bytes further."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        handle = _struct(context, builder, args[0])
        handle.top = builder.add(handle.top, context.cast(builder, args[1], sig.args[1], types.int64))
        return handle._getvalue()

    return STACK(stack, size), lower


def _address(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """Of a slot, by the stack, the first slot's place and this one's number."""
    base, i, slot = (context.cast(builder, args[k], sig.args[k], types.int64) for k in (1, 2, 3))
    start = builder.gep(_struct(context, builder, args[0]).start, [base])
    return builder.gep(start, [builder.mul(i, slot, flags=["nsw"])])


@intrinsic
def put(
    typingctx: Any, stack: Any, base: Any, i: Any, slot: Any, x: types.Type, scope: types.Type, scopes: types.Type
) -> Any:
    """Write a number or value into slot ``i`` of those at ``base``."""
    x = types.unliteral(x)
    where = literals(scope, scopes)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        _fitting(context, builder, x, context.cast(builder, args[3], sig.args[3], types.int64))
        value = context.cast(builder, args[4], sig.args[4], x)
        with within_scope(builder, *where):
            _write(context, builder, x, value, _address(context, builder, sig, args))
        return context.get_dummy_value()

    return types.none(stack, base, i, slot, x, scope, scopes), lower


@intrinsic
def got(
    typingctx: Any, stack: Any, base: Any, i: Any, slot: Any, like: types.Type, scope: types.Type, scopes: types.Type
) -> Any:
    """What `put` wrote there, of the type of ``like``."""
    typ = types.unliteral(like)
    where = literals(scope, scopes)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        with within_scope(builder, *where):
            return _read(context, builder, typ, _address(context, builder, sig, args))

    return typ(stack, base, i, slot, like, scope, scopes), lower

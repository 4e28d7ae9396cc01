"""Recording a run and sweeping over it backwards: the functions that a recorded program is made of (`generate`).

They are generic in the payload: over floats the sweep is a loop over 24-byte records, over Duals it gives
Hessian-vector products, over the Nodes of another tape it is itself recorded. Of the arguments, ``node`` is any
Node of the tape at hand: it tells types, not numbers.
"""

import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.errors import TypingError
from numba.extending import intrinsic

from interp.compile.arrays import caster, empty_of, native
from interp.compile.crossing import present
from interp.compile.generated import call, function, item, name, tuple_like, tuple_of
from interp.compile.memory import BYTE, WORD, grown, released, word
from interp.compile.rebinding import overloaded
from interp.compile.tape.nodes import COTANGENTS, COUNT, NO_MEMORY, NODES, Node, Record, tape
from interp.compile.values import ValueType, element, is_array, ndim_of
from interp.vocabulary.elementwise import strong_multiply


def node_type(given: tuple[types.Type, ...]) -> ValueType:
    """The type of the Nodes that record a function of these: one rank above them all, and able to hold any of them."""
    from numba.core.registry import cpu_target

    elements = [element(t) for t in given]
    for typ in elements:
        if isinstance(typ, types.Complex) or typ in (types.float32, types.float16):
            raise TypingError(f"a tape holds numbers of double precision, and no {typ}")
    payloads = [t for t in elements if isinstance(t, ValueType | types.Float)]
    payload = cpu_target.typing_context.unify_types(types.float64, *payloads)
    if payload is None:
        raise TypingError(f"no type holds each of {', '.join(map(str, payloads))}")
    return ValueType(Node, max(map(_rank, payloads), default=-1) + 1, (payload, types.int32))


def _rank(typ: types.Type) -> int:
    return max([typ.rank, *map(_rank, typ.components)]) if isinstance(typ, ValueType) else -1


@intrinsic
def witness(typingctx: Any, given: types.Type) -> Any:
    """A Node for arguments and cotangents like these."""
    made = node_type(tuple(given))
    return made(given), lambda context, builder, sig, args: context.get_constant_null(made)


# -- the tape


def _node(typ: types.Type) -> ValueType:
    assert isinstance(typ, ValueType) and typ.cls is Node
    return ValueType(Node, typ.rank, tuple(map(element, typ.components)))


def _with_room(context: Any, builder: Any, region: Any, least: Any) -> None:
    """Emit: make the region hold ``least`` bytes."""
    size = builder.load(word(builder, region, 1))
    with (
        cgutils.if_unlikely(builder, builder.icmp_signed(">", least, size)),
        cgutils.if_unlikely(builder, cgutils.is_null(builder, grown(builder, region, least))),
    ):
        context.call_conv.return_user_exc(builder, MemoryError, (NO_MEMORY,))


@intrinsic
def start(typingctx: Any, node: types.Type, inputs: types.Type) -> Any:
    """Begin a recording whose records 1 to ``inputs`` are inputs."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        words = tape(context, builder, node)
        count = builder.add(args[1], WORD(1))
        _with_room(context, builder, words, builder.mul(count, WORD(Record(context, node.payload).size)))
        builder.store(count, word(builder, words, COUNT))
        return context.get_dummy_value()

    return types.none(node, types.intp), lower


@intrinsic
def recorded(typingctx: Any, node: types.Type) -> Any:
    """How many records there are, record 0 included."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.load(word(builder, tape(context, builder, node), COUNT))

    return types.intp(node), lower


@intrinsic
def records(typingctx: Any, node: types.Type) -> Any:
    """The address of the records, which stays while nothing is recorded."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.load(builder.bitcast(word(builder, tape(context, builder, node), NODES), BYTE.as_pointer()))

    return types.voidptr(node), lower


@intrinsic
def partials(typingctx: Any, node: types.Type, records: types.Type, index: types.Type) -> Any:
    """``(partial, its operand, partial, its operand)`` of a record; operand 0 has no partial."""
    made = types.Tuple((node.payload, types.int32, node.payload, types.int32))

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        record = Record(context, node.payload)
        load = [builder.load(record.place(builder, args[1], args[2], part), align=4) for part in range(4)]
        dx, dy = (record.model.from_data(builder, d) for d in load[:2])
        return context.make_tuple(builder, made, [dx, load[2], dy, load[3]])

    return made(node, types.voidptr, types.intp), lower


@intrinsic
def cotangents(typingctx: Any, node: types.Type) -> Any:
    """The address of memory for a cotangent a record."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        words = tape(context, builder, node)
        region = word(builder, words, COTANGENTS)
        width = context.get_abi_sizeof(context.data_model_manager[node.payload].get_data_type())
        _with_room(context, builder, region, builder.mul(builder.load(word(builder, words, COUNT)), WORD(int(width))))
        return builder.load(builder.bitcast(region, BYTE.as_pointer()))

    return types.voidptr(node), lower


def _cotangent(context: Any, builder: Any, node: Any, held: Any, index: Any) -> Any:
    data = context.data_model_manager[node.payload].get_data_type()
    return builder.gep(builder.bitcast(held, data.as_pointer()), [index])


@intrinsic
def cotangent(typingctx: Any, node: types.Type, held: types.Type, index: types.Type) -> Any:
    """The cotangent of one record."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = builder.load(_cotangent(context, builder, node, args[1], args[2]), align=8)
        return context.data_model_manager[node.payload].from_data(builder, data)

    return node.payload(node, types.voidptr, types.intp), lower


@intrinsic
def put(typingctx: Any, node: types.Type, held: types.Type, index: types.Type, x: types.Type) -> Any:
    """Set the cotangent of one record."""
    if typingctx.can_convert(x, node.payload) is None:
        raise TypingError(f"a cotangent that is a {x} on a tape of {node.payload}")

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.data_model_manager[node.payload].as_data(builder, args[3])
        builder.store(data, _cotangent(context, builder, node, args[1], args[2]), align=8)
        return context.get_dummy_value()

    return types.none(node, types.voidptr, types.intp, node.payload), lower


@intrinsic
def finish(typingctx: Any, node: types.Type) -> Any:
    """Give large memory back: the recording is done with."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        words = tape(context, builder, node)
        for region in (NODES, COTANGENTS):
            released(builder, word(builder, words, region))
        return context.get_dummy_value()

    return types.none(node), lower


# -- inputs


@intrinsic
def _input(typingctx: Any, node: types.Type, x: types.Type, index: types.Type) -> Any:
    """``x`` as the input whose record is ``index``."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        made = cgutils.create_struct_proxy(node)(context, builder)
        made.value = args[1]
        made.index = builder.trunc(args[2], ir.IntType(32))
        return made._getvalue()

    return node(node, node.payload, types.intp), lower


def lifted(node: Any, x: Any, first: Any) -> Any:
    """An argument as inputs from record ``first`` on; an array as an array of its own."""
    raise NotImplementedError("native code only")


@overloaded(lifted)
def _lifted(node: Any, x: Any, first: Any) -> Any:
    if not ndim_of(x):
        return lambda node, x, first: _input(node, x, first)
    empty = native(empty_of(node, ndim_of(x)))

    def elements(node: Any, x: Any, first: Any) -> Any:
        made = empty(x.shape)
        at = first
        for i in np.ndindex(x.shape):
            made[i] = _input(node, x[i], at)
            at += 1
        return made

    return elements


def owned(x: Any) -> Any:
    """An argument that does not vary, in memory of its own: a run must not change what the next one is given."""
    raise NotImplementedError("native code only")


@overloaded(owned)
def _owned(x: Any) -> Any:
    return (lambda x: np.copy(x)) if ndim_of(x) else (lambda x: x)


def length(x: Any) -> int:
    """How many inputs an argument is."""
    raise NotImplementedError("native code only")


@overloaded(length)
def _length(x: Any) -> Any:
    return (lambda x: x.size) if ndim_of(x) else (lambda x: 1)


# -- outputs


def outcome(x: Any) -> Any:
    """What was computed, without its records."""
    raise NotImplementedError("native code only")


@overloaded(outcome)
def _outcome(x: Any) -> Any:
    if isinstance(x, ValueType) and x.cls is Node:
        return lambda x: x.value
    if isinstance(x, types.Optional):
        return lambda x: None if x is None else outcome(present(x))
    if isinstance(x, types.BaseTuple):
        parts = [call("outcome", item(name("x"), i)) for i in range(len(x))]
        namespace: dict[str, Any] = {"outcome": outcome}
        return function(["x"], tuple_like(getattr(x, "instance_class", None), parts, namespace), namespace)
    return lambda x: x


def changed(x: Any, first: Any) -> bool:
    """True if something was stored into an array that was `lifted`."""
    raise NotImplementedError("native code only")


@overloaded(changed)
def _changed(x: Any, first: Any) -> Any:
    if not is_array(x):
        return lambda x, first: False

    def compare(x: Any, first: Any) -> bool:
        at = first
        for i in np.ndindex(x.shape):
            if x.index[i] != at:
                return True
            at += 1
        return False

    return compare


def seed(node: Any, held: Any, x: Any, ct: Any) -> None:
    """Add the cotangent of an output to its records; an empty array stands for zeros."""
    raise NotImplementedError("native code only")


@overloaded(seed)
def _seed(node: Any, held: Any, x: Any, ct: Any) -> Any:
    if isinstance(x, types.BaseTuple):
        parts = [
            call("seed", name("node"), name("held"), item(name("x"), i), item(name("ct"), i)) for i in range(len(x))
        ]
        return function(["node", "held", "x", "ct"], tuple_of(parts), {"seed": seed})
    if isinstance(x, types.Optional):

        def if_present(node: Any, held: Any, x: Any, ct: Any) -> None:
            if x is not None:
                seed(node, held, present(x), ct)

        return if_present
    if not (isinstance(x, ValueType) and x.cls is Node):
        return lambda node, held, x, ct: None
    if not is_array(x):

        def one(node: Any, held: Any, x: Any, ct: Any) -> None:
            put(node, held, x.index, cotangent(node, held, x.index) + ct)

        return one

    def each(node: Any, held: Any, x: Any, ct: Any) -> None:
        if ct.size == 0:
            return
        if ct.shape != x.shape:
            raise ValueError("a cotangent of another shape than its output")
        for i in np.ndindex(x.shape):
            at = x.index[i]
            put(node, held, at, cotangent(node, held, at) + ct[i])

    return each


# -- the sweep


def cleared(node: Any) -> Any:
    """The address of cotangents that are all zero."""
    raise NotImplementedError("native code only")


@overloaded(cleared)
def _cleared(node: Any) -> Any:
    zero = caster(node.payload)

    def clear(node: Any) -> Any:
        held = cotangents(node)
        for i in range(recorded(node)):
            put(node, held, i, zero(0.0))
        return held

    return clear


def is_zero(ct: Any) -> bool:
    """True of a cotangent that moves nothing. Of a payload that carries more than a number: not decided."""
    raise NotImplementedError("native code only")


@overloaded(is_zero)
def _is_zero(ct: Any) -> Any:
    return (lambda ct: False) if isinstance(ct, ValueType) else (lambda ct: ct == 0.0)


def sweeping(times: Any) -> Any:
    """The sweep whose products are ``times``: from the last record down to the inputs."""

    def sweep(node: Any, held: Any, inputs: Any) -> None:
        start = records(node)
        for i in range(recorded(node) - 1, inputs, -1):
            ct = cotangent(node, held, i)
            if not is_zero(ct):
                dx, x, dy, y = partials(node, start, i)
                if x != 0:
                    put(node, held, x, cotangent(node, held, x) + times(dx, ct))
                if y != 0:
                    put(node, held, y, cotangent(node, held, y) + times(dy, ct))

    return sweep


SWEEPS = {False: sweeping(operator.mul), True: sweeping(strong_multiply)}
"""By whether products are strong: a zero partial of an infinite cotangent is then zero, and not NaN."""


def gradient(node: Any, held: Any, x: Any, first: Any) -> Any:
    """Cotangents of an argument that was `lifted`."""
    raise NotImplementedError("native code only")


@overloaded(gradient)
def _gradient(node: Any, held: Any, x: Any, first: Any) -> Any:
    if not ndim_of(x):
        return lambda node, held, x, first: cotangent(node, held, first)
    empty = native(empty_of(node.payload, ndim_of(x)))

    def elements(node: Any, held: Any, x: Any, first: Any) -> Any:
        made = empty(x.shape)
        at = first
        for i in np.ndindex(x.shape):
            made[i] = cotangent(node, held, at)
            at += 1
        return made

    return elements

"""`Node`: a number of native code that is recorded. The type, its one rule, and the memory that nodes are written to.

A Node is a value and the index of its record; index 0 stands for a constant. A record holds two partials, of the
payload's type, and the indices of the two operands they belong to: 24 bytes for floats. An operation whose operands
are all constants records nothing, nor does one that only passes a number on (x + 1.0).

The records of a thread lie in one region of `memory`, found through the thread and not through the values: so a
Node is two words, an array of Nodes two arrays, and a lifted number needs no handle. Nodes of several ranks (a
gradient of a gradient) have a tape each.
"""

import ast
import ctypes
from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.errors import TypingError
from numba.extending import intrinsic

from interp.compile import generated as g
from interp.compile.memory import BYTE, WORD, Block, grown, word
from interp.compile.values import ValueType
from interp.linear import ONE, ZERO
from interp.primitive import Elementwise
from interp.value import Value

RANKS = 8
"""Tapes of one thread, and so ranks of Nodes."""
NO_MEMORY = (
    "no memory for the tape, which holds at most 48 GiB and 2**31 operations: differentiate the program in parts"
)
NODES, COTANGENTS, COUNT, WORDS = 0, 2, 4, 8
"""Words of one tape: two regions, and how many records there are, record 0 included."""

# -- the thread's block, where native code finds it

_pythread = ctypes.pythonapi
_pythread.PyThread_tss_alloc.restype = ctypes.c_void_p
_pythread.PyThread_tss_create.argtypes = (ctypes.c_void_p,)
_pythread.PyThread_tss_set.argtypes = (ctypes.c_void_p, ctypes.c_void_p)

_KEY = _pythread.PyThread_tss_alloc()
_pythread.PyThread_tss_create(_KEY)
llvmlite.binding.add_symbol("interp_tape_key", _KEY)


class _Tapes(Block):
    """The tapes of one thread, at an address that native code asks the thread for."""

    def __init__(self) -> None:
        starts = [rank * WORDS + region for rank in range(RANKS) for region in (NODES, COTANGENTS)]
        super().__init__(RANKS * WORDS, tuple(starts))
        _pythread.PyThread_tss_set(_KEY, self.address)


_thread = _Tapes()


def prepare() -> None:
    """Give this thread its tapes, which native code expects to be there."""
    assert _thread.address


def operations(rank: int = 0) -> int:
    """How many records this thread's last recording at a rank has, its inputs included."""
    return int(_thread.words[rank * WORDS + COUNT]) - 1


def tape(context: Any, builder: Any, node: ValueType) -> Any:
    """Emit: the address of the words of the tape for Nodes of this type.

    The same for a thread at any time, which LLVM is told: it asks once a function, not once a record.
    """
    if node.rank >= RANKS:
        raise TypingError(f"a tape within {RANKS} others")
    kind = ir.FunctionType(BYTE, [BYTE])
    get = cgutils.get_or_insert_function(builder.module, kind, "PyThread_tss_get")
    get.attributes.add("readnone")
    get.attributes.add("nounwind")
    block = builder.call(get, [context.get_c_value(builder, ir.IntType(8), "interp_tape_key")])
    return word(builder, builder.bitcast(block, WORD.as_pointer()), node.rank * WORDS)


# -- records


class Record:
    """Where the parts of one record are, given the payload's type."""

    def __init__(self, context: Any, payload: types.Type) -> None:
        self.model = context.data_model_manager[payload]
        data = self.model.get_data_type()
        self.kind = ir.LiteralStructType([data, data, ir.IntType(32), ir.IntType(32)])
        self.size = int(context.get_abi_sizeof(self.kind))

    def place(self, builder: Any, nodes: Any, index: Any, part: int) -> Any:
        """Address of a part: 0 and 1 are the partials, 2 and 3 the operands."""
        records = builder.bitcast(nodes, self.kind.as_pointer())
        return builder.gep(records, [index, ir.IntType(32)(part)])


def _pushed(context: Any, builder: Any, node: ValueType, partials: list[Any], operands: list[Any]) -> Any:
    """Emit a record; its index, or 0 if all operands are constants."""
    record = Record(context, node.payload)
    before = builder.basic_block
    varies = operands[0] if len(operands) == 1 else builder.or_(*operands)
    with builder.if_then(builder.icmp_signed("!=", varies, varies.type(0))):
        words = tape(context, builder, node)
        count = builder.load(word(builder, words, COUNT))
        after = builder.add(count, WORD(1))
        least = builder.mul(after, WORD(record.size))
        with cgutils.if_unlikely(
            builder, builder.icmp_signed(">", least, builder.load(word(builder, words, NODES + 1)))
        ):
            start = grown(builder, words, least)
            with cgutils.if_unlikely(builder, cgutils.is_null(builder, start)):
                context.call_conv.return_user_exc(builder, MemoryError, (NO_MEMORY,))
        nodes = builder.load(builder.bitcast(words, BYTE.as_pointer()))
        for i, (partial, operand) in enumerate(zip(partials, operands, strict=True)):
            builder.store(record.model.as_data(builder, partial), record.place(builder, nodes, count, i), align=8)
            builder.store(operand, record.place(builder, nodes, count, 2 + i))
        if len(operands) == 1:
            builder.store(varies.type(0), record.place(builder, nodes, count, 3))
        builder.store(after, word(builder, words, COUNT))
        index = builder.trunc(count, varies.type)
        pushed = builder.basic_block
    made = builder.phi(varies.type)
    made.add_incoming(varies.type(0), before)
    made.add_incoming(index, pushed)
    return made


def _is_payload(typingctx: Any, x: types.Type, payload: types.Type) -> bool:
    """True of what can be held as a payload without loss."""
    return not _is_complex(x) and not _is_complex(payload) and typingctx.can_convert(x, payload) is not None


def _is_complex(typ: types.Type) -> bool:
    return isinstance(typ, types.Complex) or (isinstance(typ, ValueType) and any(map(_is_complex, typ.components)))


@intrinsic
def push(typingctx: Any, node: types.Type, partial: types.Type, operand: types.Type) -> Any:
    """Index of a new record of one operand on the tape of ``node``."""
    if not _is_payload(typingctx, partial, node.payload):
        raise TypingError(f"a derivative that is a {partial} on a tape of {node.payload}")

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        partial = context.cast(builder, args[1], sig.args[1], node.payload)
        return _pushed(context, builder, node, [partial], [args[2]])

    return types.int32(node, partial, types.int32), lower


@intrinsic
def push_two(typingctx: Any, node: types.Type, dx: types.Type, x: types.Type, dy: types.Type, y: types.Type) -> Any:
    """Index of a new record of two operands."""
    if not all(_is_payload(typingctx, d, node.payload) for d in (dx, dy)):
        raise TypingError(f"derivatives that are {dx} and {dy} on a tape of {node.payload}")

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        partials = [context.cast(builder, args[i], sig.args[i], node.payload) for i in (1, 3)]
        return _pushed(context, builder, node, partials, [args[2], args[4]])

    return types.int32(node, dx, types.int32, dy, types.int32), lower


@intrinsic
def as_payload(typingctx: Any, x: types.Type, node: types.Type) -> Any:
    """``x`` in the one type that all payloads of a tape have."""
    if not _is_payload(typingctx, x, node.payload):
        raise TypingError(f"a {x} on a tape of {node.payload}")
    return node.payload(x, node), lambda context, builder, sig, args: context.cast(
        builder, args[0], sig.args[0], node.payload
    )


# -- the number type


class Node(Value):
    """A recorded number, in native code alone: eager code has `Tape`."""

    __slots__ = ("index", "level", "value")
    components = ("value", "index")

    def constant(self, payload: Any) -> Any:
        return self.rebuild(payload, np.int32(0))


@Elementwise.rule(Node)
def _elementwise(primitive: Elementwise, active: tuple[bool, ...]) -> Any:
    """``x.rebuild(out, index)``, where a record of the partials has that index; of several operands two at a time."""
    names = primitive.operand_names
    payloads = [g.attribute(g.name(x), "value") if a else g.name(x) for x, a in zip(names, active, strict=True)]
    made = g.call("compose", *payloads)
    composed = [(x, p) for x, p, a in zip(names, primitive.partials, active, strict=True) if a]
    recorded = [(f"d{x}", g.attribute(g.name(x), "index"), p) for x, p in composed if p is not ZERO]
    if not recorded:  # as of floor: what remains is a plain number
        return _function(names, g.item(made, 0), {"compose": primitive.compose(active)})
    node = g.name(composed[0][0])
    outputs: list[ast.expr] = [ast.Name(o, ast.Store()) for o in ("out", *(f"d{x}" for x, _ in composed))]
    body: list[ast.stmt] = [ast.Assign([ast.Tuple(outputs, ast.Store())], made)]
    (partial, index, first), *rest = recorded
    if not rest and first is not ONE:
        index = g.call("push", node, g.name(partial), index)
    before: ast.expr = g.name(partial)
    for other, operand, _ in rest:
        index = g.call("push_two", node, before, index, g.name(other), operand)
        before = ast.Constant(1.0)
    rebuilt = ast.Call(g.attribute(node, "rebuild"), [g.call("as_payload", g.name("out"), node), index], [])
    namespace = {"compose": primitive.compose(active), "push": push, "push_two": push_two, "as_payload": as_payload}
    return _function(names, rebuilt, namespace, body)


def _function(names: Any, returned: ast.expr, namespace: dict[str, Any], body: Any = ()) -> Any:
    return g.function(names, returned, namespace, body, named="recording")

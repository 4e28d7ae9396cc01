"""Basic blocks, and what must be kept for their reversal: a forward analysis to a fixpoint.

The reverse of a block computes the block's values once more, in names of its own, and needs the values that its
variables had before it. A value that some reverse needs is pushed by the block that overwrites it, and popped as
that block's reverse begins; so each reverse finds every variable as its block found it. ``needed`` is the set of
variables whose present value some earlier block's reverse will read; `Content` stands for the elements of an array.
"""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numba.core import types

from interp.compile.adjoint.operations import (
    Attribute,
    Break,
    Buffered,
    For,
    If,
    Let,
    Loop,
    Raise,
    Read,
    Refused,
    Statement,
    Store,
    choose,
    names_in,
    reads,
    walk,
)
from interp.compile.adjoint.table import ALLOCATIONS, SHAPES, draws, is_inactive, partials_of, primitive_of
from interp.primitive import Structural

Needed = frozenset[Any]


class Content(NamedTuple):
    """The elements of all arrays that may share memory with one of this name."""

    of: str


@dataclass(slots=True, eq=False)
class Block:
    """Consecutive operations on numbers, or one allocation."""

    statements: list[Let | Read]
    local: frozenset[str] = frozenset()
    again: list[Let | Read] = field(default_factory=list)
    """Operations that the reverse repeats."""
    uses: frozenset[Any] = frozenset()
    defines: tuple[str, ...] = ()


Node = Block | Store | If | Loop | Break | Raise


class Facts:
    """What is known of a program's variables: types, which carry a derivative, which arrays may be one."""

    def __init__(
        self,
        statements: Sequence[Statement],
        typemap: dict[str, types.Type],
        inputs: Sequence[str],
        outputs: Sequence[str],
    ) -> None:
        self.types = typemap
        self.classes: dict[str, str] = {}
        self.ends = {*inputs, *outputs}
        self.active: set[str] = set(inputs)
        every = list(walk(statements))
        for s in every:
            if isinstance(s, Let) and self.is_array(s.target) and not self._is_fresh(s):
                for operand in s.operands:
                    if isinstance(operand, ast.Name) and self._may_be_one(s.target, operand.id):
                        self._join(s.target, operand)
            elif isinstance(s, Read) and self.is_array(s.target):
                self._join(s.target, ast.Name(s.source))
        size = -1
        while size != len(self.active):
            size = len(self.active)
            for s in every:
                self._spread(s)
            self.active |= self._sharing(self.active)
        self.active &= self._useful(every, outputs) | set(inputs)

    def _sharing(self, names: set[str]) -> set[str]:
        """All arrays that may share memory with one of ``names``."""
        shared = {self.root(v) for v in names if self.is_array(v)}
        return {v for v in self.types if self.is_array(v) and self.root(v) in shared}

    def _useful(self, every: Sequence[Statement], outputs: Sequence[str]) -> set[str]:
        """Variables from which a result is reached."""
        useful = set(outputs)
        size = -1
        while size != len(useful):
            size = len(useful)
            useful |= self._sharing(useful)
            for s in every:
                if isinstance(s, Let | Read) and s.target in useful and s.target in self.active:
                    useful |= set(reads(s))
                elif isinstance(s, Store) and s.array in useful:
                    useful |= set(names_in(s.value))
        return useful

    def is_array(self, name: str) -> bool:
        return isinstance(self.types.get(name), types.Array)

    def is_basic(self, index: ast.expr) -> bool:
        """True of an index of integers, slices, None and ``...``, which gives a view or an element."""
        parts = index.elts if isinstance(index, ast.Tuple) else [index]
        return all(
            isinstance(p, ast.Slice | ast.Constant)
            or (isinstance(p, ast.Name) and isinstance(self.types.get(p.id), _BASIC))
            for p in parts
        )

    def done_once(self, s: Let | Read) -> bool:
        """True of an operation that no reverse repeats, in a block of its own.

        It makes a fresh array, draws, or reads the elements of an array, which may be others by then.
        """
        if isinstance(s, Read) or s.function in SHAPES or isinstance(s.function, Attribute):
            return False
        reads_elements = any(isinstance(a, ast.Name) and self.may_hold_arrays(a.id) for a in s.operands)
        return draws(s.function) or self.is_array(s.target) or reads_elements

    def may_hold_arrays(self, name: str) -> bool:
        """True of an array, a list, and a tuple with one within."""
        return _is_memory(self.types.get(name))

    def _is_fresh(self, s: Let) -> bool:
        """True if an array shares no memory with the operands; what is not known may hand one of them on."""
        primitive = primitive_of(s.function)
        known = primitive is not None and not isinstance(primitive, Structural)
        return known or s.function in ALLOCATIONS or s.function in (np.copy, choose)

    def _may_be_one(self, made: str, operand: str) -> bool:
        """True if two variables are arrays of one type of elements."""
        x, y = self.types.get(made), self.types.get(operand)
        return isinstance(x, types.Array) and isinstance(y, types.Array) and x.dtype == y.dtype

    def is_real(self, name: str) -> bool:
        typ = self.types.get(name)
        return isinstance(typ.dtype if isinstance(typ, types.Array) else typ, types.Float)

    def root(self, name: str) -> str:
        while name in self.classes:
            name = self.classes[name]
        return name

    def _join(self, a: str, b: Any) -> None:
        if isinstance(b, ast.Name):
            x, y = self.root(a), self.root(b.id)
            if x != y:
                self.classes[x] = y

    def is_active(self, atom: Any) -> bool:
        return isinstance(atom, ast.Name) and atom.id in self.active

    def _spread(self, s: Statement) -> None:
        if isinstance(s, Let) and s.target not in self.active:
            moved = any(self.is_active(a) for a in s.operands)
            if moved and self._may_vary(s.target) and not is_inactive(s, self.is_active):
                self.active.add(s.target)
        elif isinstance(s, Read):
            if s.source in self.active and self._may_vary(s.target):
                self.active.add(s.target)
        elif isinstance(s, Store) and self.is_active(s.value):
            if not self.is_real(s.array):
                raise Refused("a real number is stored into an array of integers")
            self.active.add(s.array)

    def _may_vary(self, name: str) -> bool:
        """False of what is known to carry no real number; of what is not known the reversal says that it cannot."""
        return _carries(self.types.get(name))


_BASIC = (types.Integer, types.SliceType, types.NoneType, types.EllipsisType)


def _is_memory(typ: types.Type | None) -> bool:
    if isinstance(typ, types.BaseTuple):
        return any(map(_is_memory, typ))
    return isinstance(typ, types.Buffer | types.List)


def _carries(typ: types.Type | None) -> bool:
    inner = typ.dtype if isinstance(typ, types.Array) else typ
    if isinstance(inner, types.Complex):
        raise Refused("complex numbers")
    if isinstance(inner, types.BaseTuple):
        return any(map(_carries, inner))
    return not isinstance(inner, _INERT)


_INERT = (types.Integer, types.Boolean, types.UnicodeType, types.NoneType, types.RangeType, types.Callable)


def blocks(statements: Sequence[Statement], facts: Facts) -> list[Node]:
    """The program with its operations gathered in blocks; what each block's reverse uses is filled in."""
    places: dict[str, set[int]] = {}
    found: list[Block] = []

    def gathered(body: Sequence[Statement]) -> list[Any]:
        nodes: list[Any] = []
        for s in body:
            if isinstance(s, Let | Read):
                alone = facts.done_once(s)
                last = nodes[-1] if nodes else None
                if alone or not isinstance(last, Block) or facts.done_once(last.statements[0]):
                    nodes.append(Block([]))
                    found.append(nodes[-1])
                nodes[-1].statements.append(s)
            else:
                if isinstance(s, If):
                    s.then, s.orelse = gathered(s.then), gathered(s.orelse)
                elif isinstance(s, Loop):
                    s.head, s.body = gathered(s.head), gathered(s.body)
                elif isinstance(s, Buffered):
                    s.body = gathered(s.body)
                nodes.append(s)
        return nodes

    nodes = gathered(statements)
    for s in walk_nodes(nodes):
        if isinstance(s, Block):
            for operation in s.statements:
                for name in (operation.target, *reads(operation)):
                    places.setdefault(name, set()).add(id(s))
        else:
            for name in (*reads(s), *((s.target,) if isinstance(s, For) else ())):
                places.setdefault(name, set()).add(0)
            if isinstance(s, Loop):
                for name in (s.count, s.exit):
                    places.setdefault(name, set()).add(0)
    for name in facts.ends:
        places.setdefault(name, set()).add(0)
    for block in found:
        _study(block, facts, places)
    return nodes


def walk_nodes(nodes: Sequence[Any]) -> Iterable[Any]:
    for s in nodes:
        yield s
        if isinstance(s, If):
            yield from walk_nodes(s.then)
            yield from walk_nodes(s.orelse)
        elif isinstance(s, Loop):
            yield from walk_nodes(s.head)
            yield from walk_nodes(s.body)
        elif isinstance(s, Buffered):
            yield from walk_nodes(s.body)


def _study(block: Block, facts: Facts, places: dict[str, set[int]]) -> None:
    """Fill in what the reverse of a block repeats and uses."""
    seen: set[str] = set()
    own: set[str] = set()
    for s in block.statements:
        seen.update(reads(s))
        if s.target not in seen and places[s.target] == {id(block)}:
            own.add(s.target)
        seen.add(s.target)
    block.local = frozenset(own)
    block.defines = tuple(dict.fromkeys(s.target for s in block.statements if s.target not in own))
    wanted: set[str] = set()  # going backwards: variables whose value after the statement the reverse reads
    uses: set[Any] = set()
    for s in reversed(block.statements):
        operands, result = _read_by_reverse(s, facts)
        if (result or s.target in wanted) and not facts.done_once(s):
            block.again.insert(0, s)
            operands |= set(reads(s))
            if isinstance(s, Read) and not facts.is_array(s.target):
                uses.add(Content(facts.root(s.source)))
        wanted.discard(s.target)
        wanted |= operands
    block.uses = frozenset(wanted | uses)


def _read_by_reverse(s: Let | Read, facts: Facts) -> tuple[set[str], bool]:
    """Names of operands whose values the reverse of one operation reads, and whether it reads the result."""
    found: set[str] = set()
    result = False
    if s.target not in facts.active or facts.is_array(s.target):
        return found, result
    if isinstance(s, Read):
        return {s.source, *names_in(s.index)}, False
    if s.function is choose:
        return set(names_in(s.operands[0])), False
    for partial, _ in partials_of(s, facts.is_active):
        for name in partial or ():
            if name == "out":
                result = True
            else:
                found |= set(names_in(s.operands["xyz".index(name)]))
    return found, result


class Needs:
    """The analysis: after it, ``pushes`` tells what each block, store and loop saves before it overwrites.

    ``invariant`` are the variables that need not be saved (`invariants`).
    """

    def __init__(self, nodes: Sequence[Any], facts: Facts, invariant: frozenset[str]) -> None:
        self.facts, self.invariant = facts, invariant
        self.pushes: dict[int, list[str]] = {}
        self.saves_element: set[int] = set()
        self.exits: list[set[Any]] = []
        self.flow(nodes, frozenset())

    def flow(self, nodes: Sequence[Any], needed: Needed) -> Needed:
        for s in nodes:
            match s:
                case Block():
                    needed = self._block(s, needed)
                case Store():
                    needed = self._store(s, needed)
                case If():
                    then, orelse = self.flow(s.then, needed), self.flow(s.orelse, needed)
                    needed = then | orelse
                    if s.code is None and (self.reverses(s.then) or self.reverses(s.orelse)):
                        needed |= {s.test}
                case Loop():
                    needed = self._loop(s, needed)
                case Buffered():
                    inner = self.flow(s.body, needed)
                    needed = (inner | {s.like}) - {s.buffer, Content(self.facts.root(s.buffer))}
                case Break():
                    self.exits[-1] |= needed
        return needed

    def _overwrite(self, s: Any, names: Iterable[str], needed: Needed) -> None:
        pushed = self.pushes.setdefault(id(s), [])
        needed = needed - self.invariant
        pushed += [name for name in names if name in needed and name not in pushed]

    def _block(self, s: Block, needed: Needed) -> Needed:
        self._overwrite(s, s.defines, needed | s.uses)
        return (needed | s.uses) - frozenset(s.defines)

    def _store(self, s: Store, needed: Needed) -> Needed:
        facts = self.facts
        content = Content(facts.root(s.array))
        if content in needed:
            self.saves_element.add(id(s))
        if content in needed or s.array in facts.active:
            needed |= {s.array, *names_in(s.index)}
        return needed

    def _loop(self, s: Loop, needed: Needed) -> Needed:
        target = frozenset([s.target]) if isinstance(s, For) else frozenset()
        self._overwrite(s, target, needed)
        head = needed
        self.exits.append(set())
        while True:
            at_test = self.flow(s.head, head - target)
            self.exits[-1] |= at_test if isinstance(s, For) or s.test is not None else set()
            again = head | (self.flow(s.body, at_test) - target)
            if again == head:
                break
            head = again
        kept: set[str] = set()
        if self.reverses([*s.head, *s.body]):
            kept.add(s.count)
            if isinstance(s, For):
                kept |= {*names_in(s.start), *names_in(s.step)}
            leaves_within = any(isinstance(n, If) and n.code and n.code[0] is s for n in walk_nodes(s.body))
            if leaves_within or (s.test is not None and self.reverses(s.head)):
                kept.add(s.exit)
        return (frozenset(self.exits.pop()) | head | kept) - target

    def reverses(self, nodes: Sequence[Any]) -> bool:
        """True if the reverse of the statements may do something."""
        return any(map(self._reverses, nodes))

    def _reverses(self, s: Any) -> bool:
        if self.pushes.get(id(s)):
            return True
        match s:
            case Block():
                return bool(s.again) or any(operation.target in self.facts.active for operation in s.statements)
            case Store():
                return s.array in self.facts.active or id(s) in self.saves_element
            case If():
                return self.reverses([*s.then, *s.orelse])
            case Loop():
                return self.reverses([*s.head, *s.body])
            case Buffered():
                return True
        return False

"""What the forward sweep of an adjoint keeps for the reverse, where on the stack, and how elements are accessed.

A statement keeps the variables that it overwrites and a later reverse reads, and a store the element that was there:
its *places*. A loop over a range whose statements push numbers in every iteration, and nothing else, has its slots side
by side; room for all other numbers is ensured once, up to the next loop. Arrays are pushed one by one.
"""

import ast
import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from numba.core import types

from interp.compile.adjoint import stack as stacks
from interp.compile.adjoint.access import loaded, stored
from interp.compile.adjoint.blocks import Block, Facts, Needs, walk_nodes
from interp.compile.adjoint.operations import Buffered, For, If, Loop, Refused, Store, assign, item, load
from interp.compile.inlining import Writing
from interp.compile.rebinding import KNOWN

STACK = "stack"
BLOCK = "block"
SLOT = "slot"
"""Bytes of a number on the stack."""


@dataclass(frozen=True)
class Place:
    """What is pushed: a variable, or the element of an array at an index."""

    name: str
    index: ast.expr | None = None


@dataclass
class Slots:
    """Slots on the stack for all iterations of a loop; those of one statement lie together, iteration by iteration."""

    base: str
    count: str
    number: str
    each: int = 0
    """Slots an iteration, of all statements."""
    first: dict[int, int] = field(default_factory=dict)
    """By statement: slots an iteration of those before it."""

    @property
    def size(self) -> ast.expr:
        """Bytes of all."""
        return ast.BinOp(ast.BinOp(load(self.count), ast.Mult(), ast.Constant(self.each)), ast.Mult(), load(SLOT))

    def at(self, s: Any, i: int, width: int) -> ast.expr:
        """The number of the slot of the ``i``-th of ``width`` places of a statement, in the present iteration."""
        number: ast.expr = load(self.number)
        if width > 1:
            number = ast.BinOp(number, ast.Mult(), ast.Constant(width))
        if i:
            number = ast.BinOp(number, ast.Add(), ast.Constant(i))
        if self.first[id(s)]:
            before = ast.BinOp(load(self.count), ast.Mult(), ast.Constant(self.first[id(s)]))
            number = ast.BinOp(before, ast.Add(), number)
        return number


def bar(name: str) -> str:
    """The variable that holds the cotangent of a variable."""
    return f"{name}_b"


def copied(node: ast.expr) -> ast.expr:
    """An expression of its own, to be put into another place."""
    return copy.deepcopy(node)


def number_of(s: Loop) -> str:
    """The variable that counts a loop's iterations, from 0."""
    return f"{s.count}_k"


def has_loops(nodes: Sequence[Any]) -> bool:
    """True of statements with a loop among them, which may use up the room on the stack."""
    return any(isinstance(n, Loop | Buffered) for n in walk_nodes(nodes))


def _unpack(targets: list[ast.expr], value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Tuple(targets, ast.Store())], value)


class Saving:
    """Writes pushes and pops, loads and stores, by what `blocks` found."""

    def __init__(self, facts: Facts, needs: Needs, constants: dict[str, Any]) -> None:
        self.facts, self.needs = facts, needs
        self.writing = Writing(constants, KNOWN.__contains__)
        roots = sorted({facts.root(v) for v in facts.types if facts.is_array(v)})
        self.scopes = {root: i for i, root in enumerate(roots)}
        self.slots: dict[int, Slots] = {}
        self.witnesses: dict[int, int] = {}

    def constant(self, value: Any) -> ast.expr:
        return self.writing.constant(getattr(value, "__name__", "constant"), value)

    def call(self, function: Any, *operands: ast.expr) -> ast.expr:
        return ast.Call(self.constant(function), list(operands), [])

    # -- elements of arrays

    def scope(self, array: str, of_cotangents: bool = False) -> list[ast.expr]:
        """The scope of an array, and how many there are: each root's values and cotangents, and the stack."""
        count = len(self.scopes)
        return [ast.Constant(self.scopes[self.facts.root(array)] + count * of_cotangents), ast.Constant(2 * count + 1)]

    def is_element(self, array: str, index: ast.expr) -> bool:
        """True of an index, in the program's own names, of one element."""
        parts = index.elts if isinstance(index, ast.Tuple) else [index]
        typ = self.facts.types.get(array)  # a constant of the program has none
        return isinstance(typ, types.Array) and len(parts) == typ.ndim and all(map(self.is_integer, parts))

    def is_integer(self, part: ast.expr) -> bool:
        if isinstance(part, ast.Constant):
            return type(part.value) is int
        return isinstance(part, ast.Name) and isinstance(self.facts.types.get(part.id), types.Integer)

    def read(self, array: str, named: str, index: ast.expr, written: ast.expr, of_cotangents: bool = False) -> ast.expr:
        """``named[written]``, where the program has ``array[index]``."""
        if not self.is_element(array, index):
            return item(named, written)
        return self.call(loaded, load(named), written, *self.scope(array, of_cotangents))

    def write(
        self, array: str, named: str, index: ast.expr, written: ast.expr, value: ast.expr, of_cotangents: bool = False
    ) -> ast.stmt:
        """``named[written] = value``, where the program has ``array[index]``."""
        if not self.is_element(array, index):
            return ast.Assign([ast.Subscript(load(named), written, ast.Store())], value)
        return ast.Expr(self.call(stored, load(named), written, value, *self.scope(array, of_cotangents)))

    # -- what is saved

    def kept(self, s: Any) -> list["Place"]:
        """What is pushed before a statement: variables, and the element that a store overwrites."""
        places: list[Place] = []
        for name in self.needs.pushes.get(id(s), ()):
            places.append(Place(name))
            if self.facts.is_array(name) and name in self.facts.active:
                places.append(Place(bar(name)))
        if isinstance(s, Store) and id(s) in self.needs.saves_element:
            if not self.is_element(s.array, s.index):
                raise Refused("a store into a slice, whose old elements the adjoint needs")
            places.append(Place(s.array, s.index))
        return places

    def in_a_slot(self, place: "Place") -> bool:
        """True of what takes a slot at most."""
        typ = self.facts.types.get(place.name)
        if place.index is not None and isinstance(typ, types.Array):
            typ = typ.dtype
        return isinstance(typ, types.Float | types.Integer | types.Boolean)

    def room(self, nodes: Sequence[Any]) -> list[ast.stmt]:
        """Room for what is pushed up to the next loop, which may use up what there is."""
        count = self.count_places(nodes)
        size = ast.BinOp(ast.Constant(count), ast.Mult(), load(SLOT))
        return [assign(STACK, self.call(stacks.ensured, load(STACK), size))] if count else []

    def count_places(self, nodes: Sequence[Any]) -> int:
        count = 0
        for s in nodes:
            if id(s) not in self.slots:
                count += sum(map(self.in_a_slot, self.kept(s)))
            if has_loops([s]):
                break
            if isinstance(s, If):
                count += self.count_places(s.then) + self.count_places(s.orelse)
        return count

    def side_by_side(self, s: For) -> "Slots | None":
        """The slots of a loop that pushes numbers in every iteration and nothing else; noted for its statements."""
        pushing = [n for n in walk_nodes(s.body) if self.kept(n)]
        direct = {id(n) for n in s.body}
        simple = all(id(n) in direct and isinstance(n, Block | Store) for n in pushing)
        if not pushing or not simple or not all(self.in_a_slot(p) for n in pushing for p in self.kept(n)):
            return None
        slots = Slots(f"{s.count}_base", s.count, number_of(s))
        for n in pushing:
            slots.first[id(n)] = slots.each
            slots.each += len(self.kept(n))
            self.slots[id(n)] = slots
        self.slots[id(s)] = slots
        return slots

    def saved(self, s: Any) -> list[ast.stmt]:
        """Pushes before a statement overwrites what a reverse needs."""
        done: list[ast.stmt] = []
        slots = self.slots.get(id(s)) if isinstance(s, Block | Store) else None
        places = self.kept(s)
        for i, place in enumerate(places):
            value = load(place.name) if place.index is None else self.element_at(place)
            witness = self.witness(s, place)
            done.append(assign(witness, value))
            if slots is not None:
                slot = [load(slots.base), slots.at(s, i, len(places)), load(SLOT)]
                put = self.call(stacks.put, load(STACK), *slot, load(witness), *self.stack_scope)
                done.append(ast.Expr(put))
            elif self.in_a_slot(place):
                done.append(assign(STACK, self.call(stacks.place, load(STACK), load(witness), load(SLOT))))
            else:
                done.append(assign(STACK, self.call(stacks.push, load(STACK), load(witness))))
        return done

    @property
    def stack_scope(self) -> list[ast.expr]:
        count = 2 * len(self.scopes)
        return [ast.Constant(count), ast.Constant(count + 1)]

    def element_at(self, place: "Place") -> ast.expr:
        assert place.index is not None
        return self.read(place.name, place.name, place.index, copied(place.index))

    def witness(self, s: Any, place: "Place") -> str:
        """A variable of the type of what this statement pushes, which tells native code what to pop.

        Each statement has its own: a variable may be a number in one place of the program and a value in another.
        """
        number = self.witnesses.setdefault(id(s), len(self.witnesses))
        return f"{place.name}_{'held' if place.index is None else 'element'}{number}"

    def restored(self, s: Any) -> list[ast.stmt]:
        """What answers `saved`, in the opposite order."""
        done: list[ast.stmt] = []
        slots = self.slots.get(id(s)) if isinstance(s, Block | Store) else None
        places = self.kept(s)
        for i, place in reversed(list(enumerate(places))):
            witness = load(self.witness(s, place))
            if slots is not None:
                slot = [load(slots.base), slots.at(s, i, len(places)), load(SLOT)]
                got = self.call(stacks.got, load(STACK), *slot, witness, *self.stack_scope)
                done.append(assign("old", got))
            else:
                popped = self.call(stacks.pop, load(STACK), witness)
                done.append(_unpack([ast.Name("old", ast.Store()), ast.Name(STACK, ast.Store())], popped))
            if place.index is None:
                done.append(assign(place.name, load("old")))
            else:
                done.append(self.write(place.name, place.name, place.index, copied(place.index), load("old")))
        return done

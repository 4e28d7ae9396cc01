"""Whole-array operations as loops over elements: after this, an adjoint knows numbers, elements and views only.

``c = a * np.sin(b)`` becomes a fresh array and a loop that stores into it; intermediate arrays that are read once
are not made at all. A store into a slice that its own right-hand side may read goes through a buffer (`Buffered`).
Operands are taken to have equal shapes; where they do not, native code raises `Unequal`, and the adjoint is written
again with loops that stretch axes of length one.
"""

import ast
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numba.core import types

from interp.compile import generated as g
from interp.compile.adjoint.operations import (
    OUT_OF_PLACE,
    Attribute,
    Buffered,
    For,
    If,
    Let,
    Loop,
    Read,
    Refused,
    Statement,
    Store,
    choose,
    load,
    make_tuple,
    move,
    reads,
    walk,
)
from interp.compile.adjoint.table import elementwise_of
from interp.compile.arrays import data_of, full_of, indices_of, native
from interp.compile.directions import Directions, DirectionsArray, as_tuple
from interp.compile.rebinding import overloaded
from interp.compile.values import ValueType, element, ndim_of
from interp.value import has_nan, primal


class Unequal(Exception):
    """Arrays of unequal shapes met in native code that was written for equal ones."""


def agreed(shape: Any, other: Any) -> int:
    """0 if an operand of shape ``other`` fills ``shape`` without stretching; raises `Unequal`."""
    raise NotImplementedError("native code only")


@overloaded(agreed)
def _agreed(shape: Any, other: Any) -> Any:
    missing = len(shape) - len(other)

    def check(shape: Any, other: Any) -> int:
        for axis in range(len(other)):
            if shape[missing + axis] != other[axis]:
                raise Unequal
        return 0

    return check


def stretched(shape: Any, other: Any) -> int:
    """0 if an operand of shape ``other`` fills ``shape`` when it is stretched; ValueError else."""
    raise NotImplementedError("native code only")


@overloaded(stretched)
def _stretched(shape: Any, other: Any) -> Any:
    missing = len(shape) - len(other)

    def check(shape: Any, other: Any) -> int:
        for axis in range(len(other)):
            if other[axis] != 1 and shape[missing + axis] != other[axis]:
                raise ValueError("shapes do not fit in a store")
        return 0

    return check


def joint(shape: Any, other: Any) -> Any:
    """The shape of two operands that broadcast."""
    raise NotImplementedError("native code only")


@overloaded(joint)
def _joint(shape: Any, other: Any) -> Any:
    return lambda shape, other: np.broadcast_shapes(shape, other)


def cleared(x: Any) -> Any:
    """Zeros in an array like ``x``, of values or plain: the first cotangents of an array."""
    raise NotImplementedError("native code only")


@overloaded(cleared)
def _cleared(x: Any) -> Any:
    if isinstance(x, ValueType):
        full = native(full_of(element(x), ndim_of(x)))
        return lambda x: full(x.shape, 0.0)
    return lambda x: np.zeros_like(x)


@overloaded(has_nan)
def _has_nan(x: Any) -> Any:
    if isinstance(x, Directions):
        return lambda x: has_nan(as_tuple(x))
    if isinstance(x, DirectionsArray):
        return lambda x: has_nan(data_of(x))
    if isinstance(x, types.Array) and isinstance(x.dtype, types.Float):
        indices = indices_of(x.ndim)
        element = g.at(g.name("x"), [g.name(i) for i in indices])
        found = ast.BinOp(g.name("found"), ast.BitOr(), ast.Compare(element, [ast.NotEq()], [element]))
        lengths = [g.length(g.name("x"), axis) for axis in range(x.ndim)]
        body = [g.assign("found", ast.Constant(False)), *g.loops(indices, lengths, [g.assign("found", found)])]
        return g.function(["x"], g.name("found"), {}, body, named="has_nan")
    if isinstance(x, types.BaseTuple | ValueType):
        names = x.cls.components if isinstance(x, ValueType) else ()
        parts = [g.attribute(g.name("x"), name) for name in names] or [g.item(g.name("x"), i) for i in range(len(x))]
        tests = [g.call("has_nan", part) for part in parts]
        return g.function(["x"], ast.BoolOp(ast.Or(), [*tests, ast.Constant(False)]), {"has_nan": has_nan})
    return (lambda x: x != x) if isinstance(x, types.Float) else lambda x: False


class Expansion:
    """Rewrites one program; ``types`` gets the new variables' types."""

    def __init__(self, typemap: dict[str, types.Type], root: Callable[[str], str], stretch: bool) -> None:
        self.types, self.root, self.stretch = typemap, root, stretch
        self.uses: Counter[str] = Counter()
        self.defined: Counter[str] = Counter()
        self.count = 0
        self.done: list[Statement] = []
        self.pending: dict[str, Let] = {}

    def program(self, statements: Sequence[Statement], results: Sequence[ast.expr]) -> list[Statement]:
        self.uses.update(r.id for r in results if isinstance(r, ast.Name))
        for s in walk(statements):
            self.uses.update(reads(s))
            if isinstance(s, Let | Read):
                self.defined[s.target] += 1
        return self.sequence(statements)

    # -- statements

    def sequence(self, statements: Sequence[Statement]) -> list[Statement]:
        outer, self.done = self.done, []
        waiting, self.pending = self.pending, {}
        for s in statements:
            self.statement(s)
        self.settle()
        done, self.done, self.pending = self.done, outer, waiting
        return done

    def statement(self, s: Statement) -> None:
        if self.disturbs(s):
            self.settle()
        match s:
            case Let() if self.elementwise(s):
                if self.uses[s.target] == 1 and self.defined[s.target] == 1 and s.function is not np.copy:
                    self.pending[s.target] = s
                else:
                    self.made(s)
            case Let() if s.function in OUT_OF_PLACE and self.ndim(s.target):
                self.updated(s)
            case Let() if self.reduction(s):
                pass
            case Read() if self.at_positions(s):
                self.gathered(s)
            case Let() if s.function is np.reshape and not self.in_order(s.operands[0]):
                raise Refused("a reshape of an array that does not lie in order, which may copy it")
            case Store() if self.ndim_of_place(s):
                self.stored(s)
            case If() | Loop():
                self.settle()
                if isinstance(s, If):
                    s.then, s.orelse = self.sequence(s.then), self.sequence(s.orelse)
                else:
                    s.head, s.body = self.sequence(s.head), self.sequence(s.body)
                self.done.append(s)
            case _:
                if not self.pending.keys().isdisjoint(reads(s)):
                    self.settle()
                self.done.append(s)

    def disturbs(self, s: Statement) -> bool:
        """True if an array that waits, but not for this statement, reads what the statement changes."""
        if not isinstance(s, Let | Read | Store):
            return False
        target = s.array if isinstance(s, Store) else s.target
        in_place = isinstance(s, Store) or (isinstance(s, Let) and s.function in OUT_OF_PLACE)
        changed = self.root(target) if in_place and self.ndim(target) else None
        own = self.waiting(reads(s))
        read = {name for w in self.pending.values() if w.target not in own for name in reads(w)}
        return target in read or target in self.pending or any(self.ndim(v) and self.root(v) == changed for v in read)

    def waiting(self, names: Iterable[str]) -> set[str]:
        """The arrays that wait among ``names``, and those that they read."""
        direct = self.pending.keys() & set(names)
        return direct.union(*(self.waiting(reads(self.pending[name])) for name in direct))

    def settle(self) -> None:
        """Make the arrays whose reader is not known to be a loop."""
        waiting, self.pending = self.pending, {}
        inner = {name for s in waiting.values() for name in reads(s)} & waiting.keys()
        for name, s in waiting.items():
            self.pending = {n: w for n, w in waiting.items() if n in inner}
            if name not in inner:
                self.made(s)
        self.pending = {}

    # -- what kind of operation

    def ndim(self, atom: Any) -> int:
        name = atom.id if isinstance(atom, ast.Name) else atom if isinstance(atom, str) else None
        typ = self.types.get(name) if name is not None else None
        return int(typ.ndim) if isinstance(typ, types.Array) else 0

    def real(self, name: str) -> bool:
        typ = self.types.get(name)
        return isinstance(typ, types.Array) and isinstance(typ.dtype, types.Float)

    def elementwise(self, s: Let) -> bool:
        if not self.real(s.target) or not any(map(self.ndim, s.operands)):
            return False
        return (elementwise_of(s) is not None and s.function not in OUT_OF_PLACE) or s.function in (choose, np.copy)

    def at_positions(self, s: Read | Store) -> bool:
        """True of an index with an array in it."""
        return any(map(self.ndim, _parts(s.index)))

    def in_order(self, array: ast.expr) -> bool:
        """True of an array whose elements lie row after row, which every reshape shows as they are."""
        return isinstance(array, ast.Name) and getattr(self.types.get(array.id), "layout", None) == "C"

    def ndim_of_place(self, s: Store) -> int:
        """Number of axes of what a store fills."""
        if self.at_positions(s):
            raise Refused("a store at an array of positions")
        if not self.real(s.array):
            return 0
        parts = _parts(s.index)
        if any(isinstance(p, ast.Constant) and p.value in (Ellipsis, None) for p in parts):
            return self.ndim(s.array)
        return self.ndim(s.array) - sum(not isinstance(p, ast.Slice) for p in parts)

    # -- small statements

    def fresh(self, kind: str, typ: types.Type) -> str:
        self.count += 1
        name = f"{kind}_{self.count}_l"
        self.types[name] = typ
        return name

    def let(self, typ: types.Type, function: Any, *operands: ast.expr) -> ast.Name:
        name = self.fresh("e", typ)
        self.done.append(Let(name, function, operands))
        return load(name)

    def shape(self, array: str) -> ast.Name:
        return self.let(types.UniTuple(types.intp, self.ndim(array)), Attribute("shape"), load(array))

    def lengths(self, shape: ast.Name) -> list[ast.expr]:
        found: list[ast.expr] = []
        for axis in range(len(self.types[shape.id])):
            name = self.fresh("n", types.intp)
            self.done.append(Read(name, shape.id, ast.Constant(axis)))
            found.append(load(name))
        return found

    def loops(self, lengths: Sequence[ast.expr], body: Callable[[list[ast.expr]], None]) -> None:
        """Nested loops over all indices; ``body`` emits what is done at one of them."""
        outer = self.done
        index = [self.fresh("i", types.intp) for _ in lengths]
        self.done = []
        body([load(i) for i in index])
        inner = self.done
        for i, n in zip(reversed(index), reversed(lengths), strict=True):
            count, leave = self.fresh("n", types.intp), self.fresh("exit", types.intp)
            before = [Let(count, move, (ast.Constant(0),)), Let(leave, move, (ast.Constant(0),))]
            inner = [*before, For([], None, inner, count, leave, i, ast.Constant(0), n, ast.Constant(1))]
        outer += inner
        self.done = outer

    # -- elements of expressions

    def leaves(self, atom: ast.expr) -> list[str]:
        """Arrays that an operand reads, through operations that wait."""
        if not isinstance(atom, ast.Name) or not self.ndim(atom):
            return []
        waiting = self.pending.get(atom.id)
        return [atom.id] if waiting is None else [a for o in waiting.operands for a in self.leaves(o)]

    def element(self, atom: ast.expr, index: list[ast.expr], steps: dict[str, list[ast.expr]]) -> ast.expr:
        """The element of an operand at the place of the result's ``index``."""
        ndim = self.ndim(atom)
        if not ndim:
            return atom
        assert isinstance(atom, ast.Name)
        waiting = self.pending.pop(atom.id, None)
        if waiting is not None:  # read here and nowhere else
            return self.computed(waiting, index[len(index) - ndim :], steps)
        place = index[len(index) - ndim :]
        if atom.id in steps:
            place = [self.let(types.intp, operator.mul, i, k) for i, k in zip(place, steps[atom.id], strict=True)]
        return self.read(atom.id, place)

    def read(self, array: str, place: Sequence[ast.expr]) -> ast.Name:
        typ = self.types[array]
        name = self.fresh("e", typ.dtype)
        self.done.append(Read(name, array, _place(place)))
        return load(name)

    def computed(self, s: Let, index: list[ast.expr], steps: dict[str, list[ast.expr]]) -> ast.expr:
        operands = [self.element(a, index, steps) for a in s.operands]
        function = OUT_OF_PLACE.get(s.function, s.function)
        if function is np.copy:
            return operands[0]
        return self.let(self.types[s.target].dtype, function, *operands)

    def agree(self, shape: ast.Name, arrays: Sequence[str]) -> dict[str, list[ast.expr]]:
        """Check shapes against the result's; where axes may stretch, the step of each operand along each."""
        steps: dict[str, list[ast.expr]] = {}
        for array in dict.fromkeys(arrays):
            own = self.shape(array)
            if not self.stretch:
                self.let(types.intp, agreed, shape, own)
                continue
            steps[array] = [
                self.let(types.intp, int, self.let(types.boolean, operator.ne, n, ast.Constant(1)))
                for n in self.lengths(own)
            ]
        return steps

    def joint_shape(self, arrays: Sequence[str]) -> ast.Name:
        widest = max(arrays, key=self.ndim)
        shape = self.shape(widest)
        if self.stretch:
            for array in dict.fromkeys(arrays):
                if array != widest:
                    shape = self.let(self.types[shape.id], joint, shape, self.shape(array))
        return shape

    # -- whole operations

    def made(self, s: Let) -> None:
        """A fresh array of the results."""
        arrays = [a for o in s.operands for a in self.leaves(o)]
        shape = self.joint_shape(arrays)
        steps = self.agree(shape, arrays)
        made = s.target if s.target not in arrays else self.fresh("a", self.types[s.target])
        self.done.append(Let(made, np.empty, (shape,)))

        def body(index: list[ast.expr]) -> None:
            self.done.append(Store(made, _place(index), self.computed(s, index, steps)))

        self.loops(self.lengths(shape), body)
        if made != s.target:
            self.done.append(Let(s.target, move, (load(made),)))

    def gathered(self, s: Read) -> None:
        """``a[positions]``: a fresh array, made here if it may vary."""
        typ = self.types.get(s.index.id) if isinstance(s.index, ast.Name) else None
        if not isinstance(s.index, ast.Name) or not isinstance(typ, types.Array):
            raise Refused("an array of positions along one of several axes")
        self.settle()
        if typ.ndim != 1 or not isinstance(typ.dtype, types.Integer) or not self.real(s.source):
            self.done.append(Let(s.target, operator.getitem, (load(s.source), s.index)))
            return
        positions, rest = s.index.id, self.lengths(self.shape(s.source))[1:]
        lengths = [*self.lengths(self.shape(positions)), *rest]
        shape = self.let(types.UniTuple(types.intp, len(lengths)), make_tuple, *lengths)
        made = self.fresh("a", self.types[s.target])
        self.done.append(Let(made, np.empty, (shape,)))

        def body(index: list[ast.expr]) -> None:
            place = [self.read(positions, index[:1]), *index[1:]]
            self.done.append(Store(made, _place(index), self.read(s.source, place)))

        self.loops(lengths, body)
        self.done.append(Let(s.target, move, (load(made),)))

    def updated(self, s: Let) -> None:
        """``a += b`` of an array: its elements change."""
        if s.function is operator.imatmul:
            raise Refused("a matrix product in place")
        array = s.operands[0]
        assert isinstance(array, ast.Name)
        others = self.leaves(s.operands[1])
        self.fill(array.id, array.id, s, [array.id, *others], s.operands[1])

    def stored(self, s: Store) -> None:
        """``a[1:-1] = expression``"""
        ndim = self.ndim_of_place(s)
        typ = self.types[s.array]
        view = self.fresh("v", types.Array(typ.dtype, ndim, "A"))
        whole = isinstance(s.index, ast.Constant) and s.index.value is Ellipsis
        self.done.append(Let(view, move, (load(s.array),)) if whole else Read(view, s.array, s.index))
        self.fill(view, s.array, Let(view, move, (s.value,)), self.leaves(s.value), s.value)

    def fill(self, view: str, base: str, s: Let, arrays: Sequence[str], value: ast.expr) -> None:
        """Loop over a view's elements and store; through a buffer if the value may read other parts of it."""
        shape = self.shape(view)
        if any(self.ndim(a) > self.ndim(view) for a in arrays):
            raise Refused("a store of an array with more axes than its place")
        steps = self.agree(shape, [a for a in arrays if a != view])
        if self.stretch:
            for array in dict.fromkeys(arrays):
                self.let(types.intp, stretched, shape, self.shape(array))
        overlaps = any(a != view and self.root(a) == self.root(base) for a in arrays)

        def element(index: list[ast.expr]) -> ast.expr:
            if s.function is move:
                return self.element(value, index, steps)
            return self.computed(s, index, steps)

        if not overlaps:
            self.loops(self.lengths(shape), lambda i: self.done.append(Store(view, _place(i), element(i))))
            return
        buffer = self.fresh("buffer", types.Array(self.types[view].dtype, self.ndim(view), "C"))
        lengths = self.lengths(shape)
        outer, self.done = self.done, []
        self.loops(lengths, lambda i: self.done.append(Store(buffer, _place(i), element(i))))
        self.loops(lengths, lambda i: self.done.append(Store(view, _place(i), self.read(buffer, i))))
        inner, self.done = self.done, outer
        self.done.append(Buffered(buffer, view, inner))

    # -- reductions and products

    def reduction(self, s: Let) -> bool:
        if s.keywords or not any(map(self.ndim, s.operands)) or not all(self.floats(o) for o in s.operands):
            return False
        if s.function in REDUCTIONS and len(s.operands) == 1:
            REDUCTIONS[s.function](self, s)
            return True
        ndims = tuple(map(self.ndim, s.operands))
        letters = _OUTER if s.function is np.outer and ndims == (1, 1) else None
        if s.function in (np.dot, np.matmul, operator.matmul):
            letters = _PRODUCTS.get(ndims)
        if letters is not None:
            self.product(s, letters)
        return letters is not None

    def floats(self, atom: ast.expr) -> bool:
        return isinstance(atom, ast.Name) and self.real(atom.id)

    def settled(self, atom: ast.expr) -> str:
        """The array of an operand, made if it waits."""
        assert isinstance(atom, ast.Name)
        waiting = self.pending.pop(atom.id, None)
        if waiting is not None:
            self.made(waiting)
        return atom.id

    def folded(self, s: Let, start: float, step: Callable[[str, ast.expr], None], finish: Any = None) -> None:
        """A loop over all elements that updates one variable."""
        (operand,) = s.operands
        arrays = self.leaves(operand)
        shape = self.joint_shape(arrays)
        steps = self.agree(shape, arrays)
        total = self.fresh("s", types.float64)
        self.done.append(Let(total, move, (ast.Constant(start),)))
        lengths = self.lengths(shape)
        self.loops(lengths, lambda index: step(total, self.element(operand, index, steps)))
        if finish is None:
            self.done.append(Let(s.target, move, (load(total),)))
        else:
            size = lengths[0]
            for n in lengths[1:]:
                size = self.let(types.intp, operator.mul, size, n)
            self.done.append(Let(s.target, finish, (load(total), size)))

    def accumulate(self, function: Any) -> Callable[[str, ast.expr], None]:
        return lambda total, x: self.done.append(Let(total, function, (load(total), x)))

    def extreme(self, s: Let, beyond: Any) -> None:
        """The greatest (least) element; those that tie share its derivative equally."""
        array = self.settled(s.operands[0])
        shape = self.shape(array)
        lengths = self.lengths(shape)
        best = self.fresh("m", types.float64)
        for n in lengths:
            self.let(types.intp, some, n)
        first = self.read(array, [ast.Constant(0) for _ in lengths])
        self.done.append(Let(best, primal, (first,)))

        def compare(index: list[ast.expr]) -> None:
            x = self.let(types.float64, primal, self.read(array, index))
            better = self.let(types.boolean, beyond, x, load(best))
            nan = self.let(types.boolean, operator.ne, x, x)
            taken = self.let(types.boolean, operator.or_, better, nan)
            self.done.append(Let(best, choose, (taken, x, load(best))))

        total, ties = self.fresh("s", types.float64), self.fresh("s", types.float64)

        def share(index: list[ast.expr]) -> None:
            x = self.read(array, index)
            tie = self.let(types.boolean, operator.eq, self.let(types.float64, primal, x), load(best))
            self.done.append(
                If(
                    tie.id,
                    [
                        Let(total, operator.add, (load(total), x)),
                        Let(ties, operator.add, (load(ties), ast.Constant(1.0))),
                    ],
                    [],
                )
            )

        self.loops(lengths, compare)
        self.done += [Let(v, move, (ast.Constant(0.0),)) for v in (total, ties)]
        self.loops(lengths, share)
        # nothing ties with NaN: all elements then get it as their derivative
        nan = self.let(types.boolean, operator.ne, load(best), load(best))
        outer, self.done = self.done, []
        spoil = self.accumulate(operator.add)
        self.loops(
            lengths, lambda i: spoil(total, self.let(types.float64, operator.mul, load(best), self.read(array, i)))
        )
        spoiling, self.done = self.done, outer
        self.done.append(If(nan.id, spoiling, []))
        self.done.append(Let(s.target, operator.truediv, (load(total), load(ties))))

    def product(self, s: Let, letters: tuple[str, str, str]) -> None:
        """Products of vectors and matrices, as the sums that they are."""
        x, y = (self.settled(o) for o in s.operands)
        length: dict[str, ast.expr] = {}
        for array, indices in ((x, letters[0]), (y, letters[1])):
            for letter, n in zip(indices, self.lengths(self.shape(array)), strict=True):
                if letter in length:
                    self.let(types.intp, same_length, length[letter], n)
                length[letter] = n
        kept = letters[2]
        made = s.target if s.target not in (x, y) else self.fresh("a", self.types[s.target])
        if kept:
            shape = self.let(types.UniTuple(types.intp, len(kept)), make_tuple, *(length[k] for k in kept))
            self.done.append(Let(made, np.empty, (shape,)))
        total = self.fresh("s", types.float64)

        def term(at: dict[str, ast.expr]) -> ast.expr:
            factors = [self.read(a, [at[k] for k in ks]) for a, ks in ((x, letters[0]), (y, letters[1]))]
            return self.let(types.float64, operator.mul, *factors)

        def summed(at: dict[str, ast.expr]) -> ast.expr:
            if "j" not in letters[0]:
                return term(at)
            self.done.append(Let(total, move, (ast.Constant(0.0),)))
            add = self.accumulate(operator.add)
            self.loops([length["j"]], lambda index: add(total, term({**at, "j": index[0]})))
            return load(total)

        def each(index: list[ast.expr]) -> None:
            self.done.append(Store(made, _place(index), summed(dict(zip(kept, index, strict=True)))))

        if kept:
            self.loops([length[k] for k in kept], each)
        if made != s.target or not kept:
            self.done.append(Let(s.target, move, (load(made) if kept else summed({}),)))


_PRODUCTS: dict[tuple[int, ...], tuple[str, str, str]] = {
    (1, 1): ("j", "j", ""),
    (2, 1): ("ij", "j", "i"),
    (1, 2): ("j", "jk", "k"),
    (2, 2): ("ij", "jk", "ik"),
}
_OUTER = ("i", "k", "ik")
"""Indices of the operands and of the result; over j products are summed."""

REDUCTIONS: dict[Any, Callable[[Expansion, Let], None]] = {
    np.sum: lambda e, s: e.folded(s, 0.0, e.accumulate(operator.add)),
    np.mean: lambda e, s: e.folded(s, 0.0, e.accumulate(operator.add), operator.truediv),
    np.prod: lambda e, s: e.folded(s, 1.0, e.accumulate(operator.mul)),
    np.max: lambda e, s: e.extreme(s, operator.gt),
    np.min: lambda e, s: e.extreme(s, operator.lt),
}


def same_length(n: int, m: int) -> int:
    """0, or ValueError where a product's operands do not fit."""
    raise NotImplementedError("native code only")


@overloaded(same_length)
def _same_length(n: Any, m: Any) -> Any:
    def check(n: int, m: int) -> int:
        if n != m:
            raise ValueError("shapes do not fit in a product")
        return 0

    return check


def some(n: int) -> int:
    """0, or ValueError where there is no element of which one could be the greatest."""
    raise NotImplementedError("native code only")


@overloaded(some)
def _some(n: Any) -> Any:
    def check(n: int) -> int:
        if n == 0:
            raise ValueError("the greatest or least element of an empty array")
        return 0

    return check


def _parts(index: ast.expr) -> list[ast.expr]:
    """What an index tells of each axis."""
    return index.elts if isinstance(index, ast.Tuple) else [index]


def _place(index: Sequence[ast.expr]) -> ast.expr:
    return index[0] if len(index) == 1 else ast.Tuple(list(index), ast.Load())

"""Expressions -> operations: each is written down, and gives the operand that holds its value."""

import ast
import builtins
import functools
import operator
import types as python_types
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from interp.compile.adjoint.operations import (
    BINARY,
    COMPARE,
    UNARY,
    Atom,
    Attribute,
    If,
    Let,
    Read,
    Statement,
    Store,
    choose,
    load,
    make_tuple,
    move,
)
from interp.compile.adjoint.writing import Nested, Operand, Scope, Static, Writing, flat
from interp.compile.arguments import is_of_transform
from interp.compile.inlining import definition
from interp.compile.rebinding import KNOWN, LIBRARIES, WRITTEN, plain
from interp.vocabulary import elementwise

METHODS: dict[str, Any] = {
    "sum": np.sum,
    "prod": np.prod,
    "mean": np.mean,
    "max": np.max,
    "min": np.min,
    "copy": np.copy,
    "dot": np.dot,
    "transpose": np.transpose,
    "reshape": np.reshape,
    "ravel": np.ravel,
}
"""Methods that are functions of NumPy by another name."""

ATTRIBUTES = ("shape", "size", "ndim", "T")


class Expressions(Writing):
    """Writes expressions; what a callee's body comes to is for `lowering`."""

    @abstractmethod
    def inlined(
        self,
        tree: Any,
        free: dict[str, Any],
        outer: Scope | None,
        arguments: list[Operand],
        keywords: dict[str, Operand],
        defaults: Sequence[Operand],
        for_effect: bool = False,
    ) -> Operand:
        """Write in the body of a function; what it returns, nothing (an empty tuple) ``for_effect`` alone."""

    def valued(self, node: ast.expr, scope: Scope) -> Atom:
        return self.atom(self.value(node, scope))

    def array(self, node: ast.expr, scope: Scope) -> str:
        return self.named(self.value(node, scope))

    def value(self, node: ast.expr, scope: Scope) -> Operand:
        self.line = getattr(node, "lineno", self.line)
        method = getattr(self, f"of_{type(node).__name__}", None)
        if method is None:
            raise self.refuse(f"the expression `{ast.unparse(node)}` has no adjoint")
        return method(node, scope)

    def of_Constant(self, node: ast.Constant, scope: Scope) -> Operand:
        return Static(node.value) if isinstance(node.value, str) else ast.Constant(node.value)

    def of_Name(self, node: ast.Name, scope: Scope) -> Operand:
        found = scope.find(node.id)
        if found is not None:
            return found
        where: Scope | None = scope
        while where is not None:
            if node.id in where.stored:
                raise self.refuse(f"`{node.id}` is read before it is set")
            where = where.outer
        if node.id in scope.free:
            return self.from_object(scope.free[node.id])
        if hasattr(builtins, node.id):
            return Static(getattr(builtins, node.id))
        raise self.refuse(f"the name `{node.id}` is not defined")

    def of_Tuple(self, node: ast.Tuple, scope: Scope) -> Operand:
        if any(isinstance(e, ast.Starred) for e in node.elts):
            raise self.refuse("a starred element")
        # The parts are read now: a later part may change a variable that an earlier one names only by a walrus.
        return [self.value(e, scope) for e in node.elts]

    def of_NamedExpr(self, node: ast.NamedExpr, scope: Scope) -> Operand:
        value = self.value(node.value, scope)
        self.assign(node.target, value, scope)
        return scope.bound[node.target.id]

    def of_UnaryOp(self, node: ast.UnaryOp, scope: Scope) -> Operand:
        operand = self.atom(self.value(node.operand, scope))
        function = UNARY[type(node.op)]
        if isinstance(operand, ast.Constant) and not isinstance(node.op, ast.Invert):
            return ast.Constant(function(operand.value))
        return self.let(function, operand)

    def of_BinOp(self, node: ast.BinOp, scope: Scope) -> Operand:
        left, right = self.value(node.left, scope), self.value(node.right, scope)
        if isinstance(left, list) and isinstance(right, list) and isinstance(node.op, ast.Add):
            return left + right
        return self.let(BINARY[type(node.op)], self.atom(left), self.atom(right))

    def of_Compare(self, node: ast.Compare, scope: Scope) -> Operand:
        operands = [self.atom(self.value(node.left, scope))]

        def compared(i: int) -> Atom:
            operands.append(self.atom(self.value(node.comparators[i], scope)))
            function = COMPARE.get(type(node.ops[i]))
            if function is None:
                raise self.refuse("`in` has no adjoint")
            return self.let(function, operands[i], operands[i + 1])

        values = [functools.partial(compared, i) for i in range(len(node.ops))]
        return self.conjunction(values, stops=False, assigns=_assigns(node))

    def of_BoolOp(self, node: ast.BoolOp, scope: Scope) -> Operand:
        values = [functools.partial(self.valued, v, scope) for v in node.values]
        return self.conjunction(values, stops=isinstance(node.op, ast.Or), assigns=_assigns(node))

    def conjunction(self, values: Sequence[Callable[[], Atom]], stops: bool, assigns: bool) -> Atom:
        """``and`` (of which False stops the rest) or ``or``: operands without effect are all computed.

        ``assigns``: an operand may set a variable of the program.
        """
        result = values[0]()
        for value in values[1:]:
            found: list[Atom] = []
            rest = self.collected(functools.partial(_append, found, value))
            harmless = not assigns and all(isinstance(s, Let) and s.function in _HARMLESS for s in rest)
            if harmless and _boolean(rest, found[0]):
                self.statements += rest
                if isinstance(result, ast.Constant):
                    result = found[0] if bool(result.value) != stops else result
                else:
                    result = self.let(operator.or_ if stops else operator.and_, result, found[0])
                continue
            target = self.fresh("b")
            self.emit(Let(target, move, (result,)))
            test = self.let(move, result, name="c").id
            go_on = [*rest, Let(target, move, (found[0],))]
            self.emit(If(test, [], go_on) if stops else If(test, go_on, []))
            result = load(target)
        return result

    def of_IfExp(self, node: ast.IfExp, scope: Scope) -> Operand:
        test = self.value(node.test, scope)
        if isinstance(test, ast.Constant):
            return self.value(node.body if test.value else node.orelse, scope)
        return self.chosen(
            self.atom(test), lambda: self.value(node.body, scope), lambda: self.value(node.orelse, scope)
        )

    def chosen(self, test: Atom, then: Callable[[], Operand], orelse: Callable[[], Operand]) -> Operand:
        name = self.let(move, test, name="c").id
        places: list[Operand] = []

        def write(side: Callable[[], Operand]) -> None:
            value = side()
            if isinstance(value, Static | Nested):
                raise self.refuse("a function chosen by a branch")
            if not places:
                places.append(self.variables("e", value) if isinstance(value, list) else load(self.fresh("e")))
            if isinstance(places[0], list) != isinstance(value, list):
                raise self.refuse("a tuple on one path and none on another")
            if isinstance(value, list):
                self.assign_parts(places[0], value)
            else:
                self.move(places[0], value)

        yes = self.collected(lambda: write(then))
        no = self.collected(lambda: write(orelse))
        self.emit(If(name, yes, no))
        return places[0]

    def of_Attribute(self, node: ast.Attribute, scope: Scope) -> Operand:
        base = self.value(node.value, scope)
        if isinstance(base, Static):
            return self.from_object(getattr(base.object, node.attr))
        if node.attr not in ATTRIBUTES or isinstance(base, list):
            raise self.refuse(f"the attribute `{node.attr}`")
        if node.attr == "T":
            return self.let(np.transpose, self.atom(base))
        return self.let(Attribute(node.attr), self.atom(base))

    def of_Subscript(self, node: ast.Subscript, scope: Scope) -> Operand:
        base = self.value(node.value, scope)
        if isinstance(base, list):
            index = self.value(node.slice, scope) if not isinstance(node.slice, ast.Slice) else None
            if (
                isinstance(index, ast.Constant)
                and isinstance(index.value, int)
                and -len(base) <= index.value < len(base)
            ):
                return base[index.value]
            if isinstance(node.slice, ast.Slice):
                bounds = [
                    None if b is None else self.value(b, scope)
                    for b in (node.slice.lower, node.slice.upper, node.slice.step)
                ]
                if all(b is None or isinstance(b, ast.Constant) for b in bounds):
                    return base[slice(*(None if b is None else b.value for b in bounds))]
            if index is not None and not isinstance(index, ast.Constant | list | Static | Nested):
                return self.row(self.columns(base), index)
            raise self.refuse("an element of a tuple at a computed position")
        target = self.fresh("t")
        self.emit(Read(target, self.named(base), self.index(node.slice, scope)))
        return load(target)

    def index(self, node: ast.expr, scope: Scope) -> ast.expr:
        if isinstance(node, ast.Slice):
            return ast.Slice(
                *(None if b is None else self.atom(self.value(b, scope)) for b in (node.lower, node.upper, node.step))
            )
        if isinstance(node, ast.Tuple):
            return ast.Tuple([self.index(e, scope) for e in node.elts], ast.Load())
        value = self.value(node, scope)
        if isinstance(value, list):
            return ast.Tuple([self.atom(v) for v in value], ast.Load())
        atom = self.atom(value)
        # The element's place must not move when the index variable does, before the statement is done.
        return atom

    # -- targets

    def assign(self, target: ast.expr, value: Operand, scope: Scope) -> None:
        if isinstance(target, ast.Name):
            self.bind(scope, target.id, value)
        elif isinstance(target, ast.Tuple | ast.List):
            parts = value if isinstance(value, list) else self.unpacked(value, len(target.elts))
            if len(parts) != len(target.elts) or any(isinstance(t, ast.Starred) for t in target.elts):
                raise self.refuse("an unpacking of another length")
            names = {n.id for t in target.elts for n in ast.walk(t) if isinstance(n, ast.Name)}
            overwritten = {v.id for name in names if isinstance(v := scope.bound.get(name), ast.Name)}
            overwritten |= {p.id for name in names for p in flat([scope.bound.get(name)]) if isinstance(p, ast.Name)}
            held = [
                self.let(move, p, name="h") if isinstance(p, ast.Name) and p.id in overwritten else p for p in parts
            ]
            for t, part in zip(target.elts, held, strict=True):
                self.assign(t, part, scope)
        elif isinstance(target, ast.Subscript):
            array = self.array(target.value, scope)
            self.emit(Store(array, self.index(target.slice, scope), self.atom(value)))
        else:
            raise self.refuse("an assignment to an attribute")

    def unpacked(self, value: Operand, length: int) -> list[Operand]:
        source = self.named(value)
        made = []
        for i in range(length):
            target = self.fresh("t")
            self.emit(Read(target, source, ast.Constant(i)))
            made.append(load(target))
        return made

    # -- calls

    def callee(self, node: ast.expr, scope: Scope) -> Operand:
        """What is called, without emitting anything for methods of values."""
        if isinstance(node, ast.Attribute):
            base = node.value
            while isinstance(base, ast.Attribute):
                base = base.value
            if isinstance(base, ast.Name) and isinstance(found := self.of_Name(base, scope), Static):
                value = found.object
                for attr in _dotted(node)[1:]:
                    value = getattr(value, attr)
                return Static(value)
            return None
        if isinstance(node, ast.Name | ast.Lambda):
            return self.value(node, scope)
        return None

    def of_Lambda(self, node: ast.Lambda, scope: Scope) -> Operand:
        return self.nested(node, scope)

    def nested(self, node: ast.Lambda | ast.FunctionDef, scope: Scope) -> Nested:
        """A function within a function: its defaults are computed now."""
        defaults = self.kept(self.values(node.args.defaults, scope))
        if self.loops and any(isinstance(d, ast.Name) for d in flat(defaults)):
            raise self.refuse("a default that a loop computes")  # each round's function would keep its own
        return Nested(node, scope, tuple(defaults))

    def of_Call(self, node: ast.Call, scope: Scope) -> Operand:
        if any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords):
            raise self.refuse("a call with starred arguments")
        called = self.callee(node.func, scope)
        if called is None:
            if not isinstance(node.func, ast.Attribute) or node.func.attr not in METHODS:
                raise self.refuse(f"the call `{ast.unparse(node.func)}(...)`")
            receiver = self.value(node.func.value, scope)
            return self.applied(METHODS[node.func.attr], [receiver, *self.values(node.args, scope)], node, scope)
        written = self.written_in(node, scope)
        if written:
            return written[0]
        if not isinstance(called, Static):
            raise self.refuse(f"the call `{ast.unparse(node.func)}(...)`")
        function = called.object
        if function is np.array or function is np.asarray:
            return self.array_of(node, scope)
        if function is range or function is enumerate or function is zip:
            raise self.refuse(f"{function.__name__} outside a loop's head")
        return self.applied(function, self.values(node.args, scope), node, scope)

    def written_in(self, node: ast.Call, scope: Scope, for_effect: bool = False) -> list[Operand]:
        """What a call returns whose body is written in here, as a list of one; an empty list for any other call."""
        called = self.callee(node.func, scope)
        function: Any = written_as(plain(called.object)) if isinstance(called, Static) else None
        if not isinstance(called, Nested) and not is_inlined(function):
            return []
        if isinstance(called, Static) and is_of_transform(called.object):
            raise self.refuse(f"a derivative within: `{ast.unparse(node.func)}(...)`")
        arguments = self.values(node.args, scope)
        keywords = {k.arg: self.value(k.value, scope) for k in node.keywords if k.arg}
        if isinstance(called, Nested):
            tree, free, outer, defaults = called.tree, called.scope.free, called.scope, called.defaults
        else:
            tree, free, outer = self.source(function), globals_of(function), None
            defaults = tuple(map(Static, function.__defaults__ or ()))
        return [self.inlined(tree, free, outer, arguments, keywords, defaults, for_effect)]

    def values(self, nodes: Sequence[ast.expr], scope: Scope) -> list[Operand]:
        return [self.value(a, scope) for a in nodes]

    def applied(self, function: Any, operands: list[Operand], node: ast.Call, scope: Scope) -> Operand:
        if function is len and isinstance(operands[0], list):
            return ast.Constant(len(operands[0]))
        if function in (min, max) and len(operands) > 1 and not node.keywords:
            least = self.atom(operands[0])
            for other in map(self.atom, operands[1:]):
                test = self.let(operator.lt if function is min else operator.gt, other, least)
                least = self.chosen(test, functools.partial(move, other), functools.partial(move, least))
            return least
        if function is np.where and len(operands) == 3 and not node.keywords:
            return self.let(choose, *map(self.atom, operands))
        if function is divmod:
            x, y = map(self.atom, operands)
            return [self.let(operator.floordiv, x, y), self.let(operator.mod, x, y)]
        if function is np.ravel and len(operands) == 1:
            operands, function = [*operands, ast.Constant(-1)], np.reshape
        if function is np.reshape and len(operands) > 2:  # the method, of lengths one by one
            operands = [operands[0], operands[1:]]
        if function in (elementwise.clip, np.clip) and len(operands) == 3 and not node.keywords:
            x, low, high = map(self.atom, operands)
            return self.let(np.minimum, self.let(np.maximum, x, low), high)
        by_position = isinstance(function, np.ufunc) and len(operands) > function.nin
        if by_position or any(k.arg == "out" for k in node.keywords):
            raise self.refuse("a call that stores its result into an argument (`out`)")
        keywords = tuple((k.arg, self.atom(self.value(k.value, scope))) for k in node.keywords if k.arg)
        target = self.fresh("t")
        self.emit(Let(target, function, tuple(map(self.atom, operands)), keywords))
        return load(target)

    def array_of(self, node: ast.Call, scope: Scope) -> Operand:
        """``np.array([x, y])``: a fresh array and its stores. ``np.asarray`` of an array is the array itself."""
        if len(node.args) != 1 or node.keywords or not isinstance(node.args[0], ast.List | ast.Tuple):
            value = self.value(node.args[0], scope) if len(node.args) == 1 and not node.keywords else None
            if isinstance(value, ast.Name):
                of_same = isinstance(called := self.callee(node.func, scope), Static) and called.object is np.asarray
                return self.let(move if of_same else np.copy, value)
            raise self.refuse("np.array of something else than a list of numbers")
        rows = [row.elts if isinstance(row, ast.List | ast.Tuple) else row for row in node.args[0].elts]
        nested = [row for row in rows if isinstance(row, list)]
        if nested and (len(nested) < len(rows) or len({len(row) for row in nested}) > 1):
            raise self.refuse("np.array of rows of different lengths")
        shape: ast.expr = ast.Constant(len(rows))
        places: list[tuple[ast.expr, Atom]] = []
        if nested:
            for i, row in enumerate(nested):
                for j, element in enumerate(row):
                    at = ast.Tuple([ast.Constant(i), ast.Constant(j)], ast.Load())
                    places.append((at, self.valued(element, scope)))
            shape = self.let(make_tuple, ast.Constant(len(rows)), ast.Constant(len(nested[0])))
        else:
            places += [(ast.Constant(i), self.valued(x, scope)) for i, x in enumerate(rows) if isinstance(x, ast.expr)]
        whole = all(isinstance(value, ast.Constant) and type(value.value) is int for _, value in places)
        made = self.let(np.zeros, shape, *([self.constant(np.int64)] if places and whole else []), name="a")
        for place, value in places:
            self.emit(Store(made.id, place, value))
        return made

    def source(self, function: Any) -> Any:
        tree = definition(function)
        if tree is None:
            raise self.refuse(f"the source of {getattr(function, '__name__', function)} is not at hand")
        return tree


_HARMLESS = frozenset(
    {
        *COMPARE.values(),
        operator.add,
        operator.sub,
        operator.mul,
        operator.neg,
        operator.not_,
        abs,
        operator.and_,
        operator.or_,
        move,
    }
)
"""Operations of numbers that cannot fail: computed although ``and`` might not need them."""


def _boolean(statements: list[Statement], atom: Atom) -> bool:
    """True if the atom is what a comparison among ``statements`` gave."""
    return any(
        isinstance(s, Let) and isinstance(atom, ast.Name) and s.target == atom.id
        and (s.function in COMPARE.values() or s.function in (operator.not_, operator.and_, operator.or_))
        for s in statements
    )  # fmt: skip


def _assigns(node: ast.expr) -> bool:
    """True if a part of an expression sets a variable."""
    return any(isinstance(n, ast.NamedExpr) for n in ast.walk(node))


def _append(found: list[Atom], value: Callable[[], Atom]) -> None:
    found.append(value())


def written_as(function: Any) -> Any:
    """The function, or what stands for it in native code in plain Python."""
    return WRITTEN.get(function, function) if isinstance(function, python_types.FunctionType) else function


def is_inlined(function: Any) -> bool:
    """True of plain Python functions that are nobody's library."""
    if not isinstance(function, python_types.FunctionType):
        return False
    if function in WRITTEN.values():
        return True
    if function in KNOWN:
        return False
    return (function.__module__ or "").partition(".")[0] not in (*LIBRARIES, "interp")


def globals_of(function: Any) -> dict[str, Any]:
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return {**function.__globals__, **{name: cell.cell_contents for name, cell in cells}}


def _dotted(node: ast.expr) -> list[str]:
    """The names of ``a.b.c``."""
    if isinstance(node, ast.Attribute):
        return [*_dotted(node.value), node.attr]
    assert isinstance(node, ast.Name)
    return [node.id]

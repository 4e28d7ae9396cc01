"""Python source -> single operations. Callees are written in, tuples taken apart; what has no adjoint is refused."""

import ast
import builtins
import copy
import functools
import operator
import types as python_types
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba.core import types

from interp.compile.adjoint.jumps import RESULT, tail_form
from interp.compile.adjoint.operations import (
    BINARY,
    COMPARE,
    IN_PLACE,
    UNARY,
    Atom,
    Attribute,
    Break,
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
    load,
    make_tuple,
    move,
    reads,
    walk,
)
from interp.compile.arguments import is_compiled
from interp.compile.inlining import definition
from interp.compile.rebinding import KNOWN, LIBRARIES
from interp.primitive import Primitive
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
}
"""Methods that are functions of NumPy by another name."""

ATTRIBUTES = ("shape", "size", "ndim", "T")


@dataclass
class Static:
    """An object known while the adjoint is written: a function, a module."""

    object: Any


@dataclass
class Nested:
    """A function defined within a function."""

    tree: Any
    scope: "Scope"


Operand = Any
"""What an expression gives: an atom, a list of operands (a tuple), `Static` or `Nested`."""


@dataclass
class Scope:
    """The variables of one function: its names -> what they stand for."""

    free: dict[str, Any]
    outer: "Scope | None" = None
    bound: dict[str, Operand] = field(default_factory=dict)
    stored: frozenset[str] = frozenset()
    depth: int = 0
    """Branches and loops around the function's first statement."""

    def find(self, name: str) -> Operand | None:
        if name in self.bound:
            return self.bound[name]
        return self.outer.find(name) if self.outer is not None and name not in self.stored else None


@dataclass
class Program:
    """A function lowered: its parameters (variables, by position a tree), statements and results."""

    parameters: list[Operand]
    statements: list[Statement]
    result: Operand
    constants: dict[str, Any]


def lowered(function: python_types.FunctionType, parameters: Sequence[Any]) -> Program:
    """``function`` as operations. ``parameters`` tells of each argument: its native type, a list of such (a
    tuple), or `Static`."""
    return _Lowering().program(function, parameters)


_FOLDED = frozenset({*COMPARE.values(), operator.neg, operator.not_})
"""Operations whose result on constants is one: a branch on it is no branch."""


class _Lowering:
    def __init__(self) -> None:
        self.constants: dict[str, Any] = {}
        self.statements: list[Statement] = []
        self.loops: list[Loop] = []
        self.calls: list[Any] = []
        self.count = 0
        self.line = 0
        self.integers: set[str] = set()
        self.depth = 0

    # -- names

    def fresh(self, name: str) -> str:
        self.count += 1
        return f"{name}_{self.count}"

    def constant(self, value: Any, name: str = "constant") -> ast.expr:
        if value is None or (type(value) in (int, float, bool, complex) and value == value):
            return ast.Constant(value)
        for known, present in self.constants.items():
            if present is value:
                return load(known)
        made = self.fresh(
            getattr(value, "__name__", name) if str(getattr(value, "__name__", "")).isidentifier() else name
        )
        self.constants[made] = value
        return load(made)

    def emit(self, statement: Statement) -> None:
        self.statements.append(statement)

    def let(self, function: Any, *operands: Atom, name: str = "t") -> Any:
        constants = [x.value for x in operands if isinstance(x, ast.Constant)]
        if function in _FOLDED and len(constants) == len(operands):
            return ast.Constant(function(*constants))
        target = self.fresh(name)
        self.emit(Let(target, function, operands))
        return load(target)

    def collected(self, write: Callable[[], Any]) -> list[Statement]:
        """The statements that ``write`` emits, apart."""
        outer, self.statements = self.statements, []
        self.depth += 1
        try:
            write()
            return self.statements
        finally:
            self.statements = outer
            self.depth -= 1

    def refuse(self, what: str) -> Refused:
        return Refused(f"line {self.line}: {what}")

    # -- functions

    def program(self, function: python_types.FunctionType, parameters: Sequence[Any]) -> Program:
        tree = self.source(function)
        names = [p.arg for p in (*tree.args.posonlyargs, *tree.args.args)]

        def variable(name: str, kind: Any) -> Operand:
            if isinstance(kind, Static):
                return kind
            if isinstance(kind, list):
                return [variable(f"{name}_{i}", part) for i, part in enumerate(kind)]
            made = load(self.fresh(name))
            if isinstance(kind, types.Integer):
                self.integers.add(made.id)
            return made

        arguments = [variable(name, kind) for name, kind in zip(names, parameters, strict=False)]
        result = self.inlined(tree, _free(function), None, arguments, {}, function)
        _merge_moves(self.statements, flat([result]))
        return Program(arguments, self.statements, result, self.constants)

    def source(self, function: Any) -> Any:
        tree = definition(function)
        if tree is None:
            raise self.refuse(f"the source of {getattr(function, '__name__', function)} is not at hand")
        return tree

    def inlined(
        self,
        tree: Any,
        free: dict[str, Any],
        outer: Scope | None,
        arguments: list[Operand],
        keywords: dict[str, Operand],
        function: Any,
        for_effect: bool = False,
    ) -> Operand:
        """Write in the body of a function; what it returns, nothing (an empty tuple) ``for_effect`` alone."""
        if tree in self.calls:
            raise Refused(f"{getattr(tree, 'name', 'a lambda')} calls itself")
        if len(self.calls) > 40:
            raise self.refuse("calls are nested too deeply")
        self.calls.append(tree)
        a = tree.args
        if a.vararg or a.kwarg:
            raise self.refuse("a function with starred parameters")
        parameters = [p.arg for p in (*a.posonlyargs, *a.args)]
        scope = Scope(free, outer, depth=self.depth)
        body = [ast.Return(tree.body, lineno=self.line)] if isinstance(tree, ast.Lambda) else tree.body
        scope.stored = frozenset(_stored(body)) | set(parameters)
        given = dict(zip(parameters, arguments, strict=False))
        if len(arguments) > len(parameters):
            raise self.refuse("a call with too many arguments")
        given.update(keywords)
        every = [*parameters, *(p.arg for p in a.kwonlyargs)]
        defaults: dict[str, Any] = {}
        if a.defaults:
            values = function.__defaults__ if isinstance(function, python_types.FunctionType) else None
            for i, name in enumerate(parameters[len(parameters) - len(a.defaults) :]):
                defaults[name] = Static(values[i]) if values else self.value(a.defaults[i], outer or scope)
        for name in every:
            if name not in given and name not in defaults:
                raise self.refuse(f"a call without the argument {name}")
            value = given.get(name, defaults.get(name))
            if (
                isinstance(value, Static)
                and not callable(value.object)
                and not isinstance(value.object, python_types.ModuleType)
            ):
                value = self.from_object(value.object)
            if name in _stored(body):
                self.bind(scope, name, value)
            else:
                scope.bound[name] = value
        if isinstance(tree, ast.Lambda):
            result = self.value(tree.body, scope)
        else:
            self.block(tail_form(body, for_effect), scope)
            result = [] if for_effect else scope.bound.get(RESULT)
            if result is None:
                raise self.refuse("a function that returns nothing")
        self.calls.pop()
        return result

    def from_object(self, value: Any) -> Operand:
        """A constant of the program as an operand."""
        if isinstance(value, tuple | list):
            return [self.from_object(part) for part in value]
        if isinstance(
            value, python_types.FunctionType | python_types.BuiltinFunctionType | python_types.ModuleType | type
        ):
            return Static(value)
        if isinstance(value, Primitive | np.ufunc) or (callable(value) and not isinstance(value, np.generic)):
            return Static(value)
        if isinstance(value, str):
            return Static(value)
        if isinstance(value, np.floating | np.integer | np.bool_):
            value = value.item() if isinstance(value, np.float64 | np.int64 | np.bool_) else value
        return self.constant(value)

    # -- binding names

    def bind(self, scope: Scope, name: str, value: Operand) -> None:
        """``name = value``"""
        present = scope.bound.get(name)
        if isinstance(value, Static | Nested):
            if present is not None and present != value:
                raise self.refuse(f"`{name}` stands for several functions")
            scope.bound[name] = value
            return
        if isinstance(present, Static | Nested):
            raise self.refuse(f"`{name}` stands for a function and for a number")
        if isinstance(value, list):
            if present is None:
                label = name.replace(" ", "_")
                present = scope.bound[name] = self.variables(label, value)
            if not isinstance(present, list):
                raise self.refuse(f"`{name}` is a tuple on one path and none on another")
            self.assign_parts(present, value)
            return
        if isinstance(present, list):
            raise self.refuse(f"`{name}` is a tuple on one path and none on another")
        if present is None or self.depth == scope.depth:  # in straight-line code every value has a name of its own
            present = scope.bound[name] = load(self.fresh(name.replace(" ", "_")))
        self.move(present, value)

    def variables(self, label: str, like: list[Operand]) -> list[Operand]:
        return [
            self.variables(f"{label}_{i}", part)
            if isinstance(part, list)
            else part
            if isinstance(part, Static | Nested)
            else load(self.fresh(f"{label}_{i}"))
            for i, part in enumerate(like)
        ]

    def assign_parts(self, targets: list[Operand], values: list[Operand]) -> None:
        """All values are read before a target is written: ``a, b = b, a``."""
        flat_targets, flat_values = flat(targets), flat(values)
        if len(flat_targets) != len(flat_values):
            raise self.refuse("tuples of different lengths meet in one variable")
        overwritten = {t.id for t in flat_targets if isinstance(t, ast.Name)}
        held = [
            self.let(move, v)
            if isinstance(v, ast.Name) and v.id in overwritten and v.id != getattr(t, "id", None)
            else v
            for t, v in zip(flat_targets, flat_values, strict=True)
        ]
        for target, value in zip(flat_targets, held, strict=True):
            if isinstance(target, Static | Nested):
                if target != value:
                    raise self.refuse("one variable stands for several functions")
            else:
                self.move(target, value)

    def move(self, target: ast.Name, value: Atom) -> None:
        if isinstance(value, ast.Name) and value.id == target.id:
            return
        self.emit(Let(target.id, move, (value,)))

    # -- statements

    def block(self, body: Sequence[ast.stmt], scope: Scope) -> None:
        for s in body:
            self.line = getattr(s, "lineno", self.line)
            method = getattr(self, f"on_{type(s).__name__}", None)
            if method is None:
                raise self.refuse(f"`{type(s).__name__.lower()}` has no adjoint")
            method(s, scope)

    def on_Pass(self, s: ast.Pass, scope: Scope) -> None:
        pass

    def on_Expr(self, s: ast.Expr, scope: Scope) -> None:
        if isinstance(s.value, ast.Call):
            if not self.written_in(s.value, scope, for_effect=True):
                raise self.refuse(f"the call `{ast.unparse(s.value.func)}(...)` for its effect alone")
        elif not isinstance(s.value, ast.Constant):
            self.value(s.value, scope)

    def on_Import(self, s: ast.Import, scope: Scope) -> None:
        import importlib

        for alias in s.names:
            module = importlib.import_module(alias.name if alias.asname else alias.name.partition(".")[0])
            self.bind(scope, alias.asname or alias.name.partition(".")[0], Static(module))

    def on_FunctionDef(self, s: ast.FunctionDef, scope: Scope) -> None:
        if s.decorator_list:
            raise self.refuse("a decorated function within a function")
        self.bind(scope, s.name, Nested(s, scope))

    def on_Assign(self, s: ast.Assign, scope: Scope) -> None:
        value = self.value(s.value, scope)
        for target in s.targets:
            self.assign(target, value, scope)

    def on_AnnAssign(self, s: ast.AnnAssign, scope: Scope) -> None:
        if s.value is not None:
            self.assign(s.target, self.value(s.value, scope), scope)

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

    def on_AugAssign(self, s: ast.AugAssign, scope: Scope) -> None:
        function = BINARY[type(s.op)]
        if isinstance(s.target, ast.Name):
            old = self.value(ast.Name(s.target.id, ast.Load()), scope)
            new = self.atom(self.value(s.value, scope))
            if isinstance(old, ast.Name) and self.is_variable(old) and function in IN_PLACE:
                present = scope.bound.get(s.target.id)
                if isinstance(present, ast.Name):
                    self.emit(Let(present.id, IN_PLACE[function], (present, new)))
                    return
            self.bind(scope, s.target.id, self.let(function, self.atom(old), new))
        elif isinstance(s.target, ast.Subscript):
            array = self.array(s.target.value, scope)
            index = self.index(s.target.slice, scope)
            old_name = self.fresh("t")
            self.emit(Read(old_name, array, index))
            new = self.let(function, load(old_name), self.atom(self.value(s.value, scope)))
            self.emit(Store(array, copy.deepcopy(index), new))
        else:
            raise self.refuse("an assignment to an attribute")

    def on_If(self, s: ast.If, scope: Scope) -> None:
        test = self.value(s.test, scope)
        if isinstance(test, ast.Constant):
            self.block(s.body if test.value else s.orelse, scope)
            return
        name = self.let(move, self.atom(test), name="c").id
        then = self.collected(lambda: self.block(s.body, scope))
        orelse = self.collected(lambda: self.block(s.orelse, scope))
        self.emit(self.branch(name, then, orelse))

    def branch(self, test: str, then: list[Statement], orelse: list[Statement]) -> If:
        made = If(test, then, orelse)
        if self.loops:
            loop = self.loops[-1]
            for side, other in ((then, orelse), (orelse, then)):
                if _leaves(side) and not _leaves(other):
                    self.count += 1
                    side.insert(0, Let(loop.exit, move, (ast.Constant(self.count),)))
                    made.code = (loop, self.count)
        return made

    def on_While(self, s: ast.While, scope: Scope) -> None:
        loop = Loop([], None, [], self.fresh("n"), self.fresh("exit"))
        self.emit(Let(loop.exit, move, (ast.Constant(0),)))
        self.emit(Let(loop.count, move, (ast.Constant(0),)))

        def head() -> None:
            test = self.value(s.test, scope)
            if not (isinstance(test, ast.Constant) and test.value):
                loop.test = self.let(move, self.atom(test), name="c").id

        loop.head = self.collected(head)
        self.loops.append(loop)
        loop.body = self.collected(lambda: self.block(s.body, scope))
        self.loops.pop()
        self.emit(loop)

    def on_For(self, s: ast.For, scope: Scope) -> None:
        loop = For([], None, [], self.fresh("n"), self.fresh("exit"))
        first = self.iteration(s, loop, scope)
        self.emit(Let(loop.exit, move, (ast.Constant(0),)))
        self.emit(Let(loop.count, move, (ast.Constant(0),)))

        def body() -> None:
            first()
            self.block(s.body, scope)

        self.loops.append(loop)
        loop.body = self.collected(body)
        self.loops.pop()
        self.emit(loop)

    def iteration(self, s: ast.For, loop: For, scope: Scope) -> Callable[[], None]:
        """Set the range of a loop; returns what its body begins with."""
        loop.target = self.fresh("i")
        index = load(loop.target)
        iterated = s.iter
        function = self.callee(iterated.func, scope) if isinstance(iterated, ast.Call) else None
        target_function = function.object if isinstance(function, Static) else None
        arguments = iterated.args if isinstance(iterated, ast.Call) else []
        if target_function is range:
            bounds = [self.held(self.atom(self.value(a, scope))) for a in arguments]
            if isinstance(s.target, ast.Name):
                present = scope.bound.setdefault(s.target.id, load(self.fresh(s.target.id)))
                if not isinstance(present, ast.Name):
                    raise self.refuse(f"`{s.target.id}` is a tuple on one path and none on another")
                loop.target = present.id
            loop.start = bounds[0] if len(bounds) > 1 else ast.Constant(0)
            loop.stop = bounds[1] if len(bounds) > 1 else bounds[0]
            loop.step = bounds[2] if len(bounds) > 2 else ast.Constant(1)
            return lambda: None if loop.target != index.id else self.assign(s.target, index, scope)
        if target_function is reversed and isinstance(inner := arguments[0], ast.Call):
            ranged = self.callee(inner.func, scope)
            if isinstance(ranged, Static) and ranged.object is range and len(inner.args) == 1:
                n = self.held(self.atom(self.value(inner.args[0], scope)))
                loop.start, loop.stop, loop.step = (
                    self.let(operator.sub, n, ast.Constant(1), name="r"),
                    ast.Constant(-1),
                    ast.Constant(-1),
                )
                return lambda: self.assign(s.target, index, scope)
        if target_function is enumerate and len(arguments) == 1 and isinstance(s.target, ast.Tuple):
            array = self.array(arguments[0], scope)
            loop.stop = self.let(len, load(array), name="r")

            def numbered() -> None:
                assert isinstance(s.target, ast.Tuple)
                self.assign(s.target.elts[0], index, scope)
                self.assign(s.target.elts[1], self.element(array, index), scope)

            return numbered
        if target_function is zip:
            arrays = [self.array(a, scope) for a in arguments]
            lengths = [self.let(len, load(a), name="r") for a in arrays]
            shortest = lengths[0]
            for n in lengths[1:]:
                shortest = self.let(min, shortest, n, name="r")
            loop.stop = shortest
            return lambda: self.assign(s.target, [self.element(a, index) for a in arrays], scope)
        if isinstance(iterated, ast.Call) and target_function is not None and target_function not in (np.flip,):
            raise self.refuse(f"a loop over {getattr(target_function, '__name__', 'a call')}(...)")
        value = self.value(iterated, scope)
        if isinstance(value, list):
            parts = self.columns(value)
            loop.stop = ast.Constant(len(value))
            return lambda: self.assign(s.target, self.row(parts, index), scope)
        array = self.named(value)
        loop.stop = self.let(len, load(array), name="r")
        return lambda: self.assign(s.target, self.element(array, index), scope)

    def columns(self, rows: list[Operand]) -> Operand:
        """A tuple of numbers as an array that can be read at any position; of equal tuples, a list of such."""
        if rows and all(isinstance(row, list) and len(row) == len(rows[0]) for row in rows):
            return [self.columns([row[i] for row in rows]) for i in range(len(rows[0]))]
        if rows and all(isinstance(x, ast.Constant) and type(x.value) in (int, float) for x in rows):
            return self.constant(np.array([x.value for x in rows]), "table")
        if rows and all(isinstance(x, ast.Name) and self.is_variable(x) for x in rows):
            whole = all(x.id in self.integers for x in rows)
            shape = ast.Constant(len(rows))
            made = self.let(np.zeros, shape, *([self.constant(np.int64)] if whole else []), name="a")
            for i, x in enumerate(rows):
                self.emit(Store(made.id, ast.Constant(i), x))
            return made
        raise self.refuse("a tuple of different kinds of things, read at a computed position")

    def row(self, columns: Operand, index: ast.expr) -> Operand:
        """What stands at one position of a tuple."""
        if isinstance(columns, list):
            return [self.row(column, index) for column in columns]
        return self.element(columns.id, index)

    def held(self, atom: Atom) -> Atom:
        """A bound of a range, in a variable that the loop does not change."""
        return atom if isinstance(atom, ast.Constant) else self.let(move, atom, name="r")

    def element(self, array: str, index: ast.expr) -> ast.Name:
        target = self.fresh("t")
        self.emit(Read(target, array, index))
        return load(target)

    def on_Break(self, s: ast.Break, scope: Scope) -> None:
        self.emit(Break())

    def on_Raise(self, s: ast.Raise, scope: Scope) -> None:
        exception = s.exc
        call = exception if isinstance(exception, ast.Call) else None
        raised = self.callee(call.func if call else exception, scope) if exception is not None else None
        arguments = call.args if call else []
        if not isinstance(raised, Static) or not all(isinstance(a, ast.Constant) for a in arguments):
            raise self.refuse("a raise with a computed message")
        made = ast.Call(self.constant(raised.object), list(arguments), [])
        self.emit(Raise(ast.Raise(made if call else self.constant(raised.object))))

    def on_Assert(self, s: ast.Assert, scope: Scope) -> None:
        message = [s.msg] if s.msg is not None else []
        if not all(isinstance(m, ast.Constant) for m in message):
            raise self.refuse("an assert with a computed message")
        test = self.let(move, self.atom(self.value(s.test, scope)), name="c")
        failed = Raise(ast.Raise(ast.Call(self.constant(AssertionError), list(message), [])))
        self.emit(If(test.id, [], [failed]))

    # -- expressions

    def is_variable(self, atom: Atom) -> bool:
        return isinstance(atom, ast.Name) and atom.id not in self.constants

    def atom(self, value: Operand) -> Atom:
        if isinstance(value, list):
            return self.let(make_tuple, *(self.atom(v) for v in value))
        if isinstance(value, Static):
            return self.constant(value.object)
        if isinstance(value, Nested):
            raise self.refuse("a function within a function, handed on")
        return value

    def valued(self, node: ast.expr, scope: Scope) -> Atom:
        return self.atom(self.value(node, scope))

    def named(self, value: Operand) -> str:
        atom = self.atom(value)
        if not isinstance(atom, ast.Name):
            raise self.refuse("an element of a number")
        return atom.id

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

        return self.conjunction([functools.partial(compared, i) for i in range(len(node.ops))], stops=False)

    def of_BoolOp(self, node: ast.BoolOp, scope: Scope) -> Operand:
        values = [functools.partial(self.valued, v, scope) for v in node.values]
        return self.conjunction(values, stops=isinstance(node.op, ast.Or))

    def conjunction(self, values: Sequence[Callable[[], Atom]], stops: bool) -> Atom:
        """``and`` (of which False stops the rest) or ``or``: operands without effect are all computed."""
        result = values[0]()
        for value in values[1:]:
            found: list[Atom] = []
            rest = self.collected(functools.partial(_append, found, value))
            if all(isinstance(s, Let) and (s.function in _HARMLESS) for s in rest) and _boolean(rest, found[0]):
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
        return Nested(node, scope)

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
        if not isinstance(called, Nested) and not (isinstance(called, Static) and is_inlined(called.object)):
            return []
        arguments = self.values(node.args, scope)
        keywords = {k.arg: self.value(k.value, scope) for k in node.keywords if k.arg}
        if isinstance(called, Nested):
            tree, free, outer, function = called.tree, called.scope.free, called.scope, None
        else:
            function = getattr(called.object, "function", called.object)
            tree, free, outer = self.source(function), _free(function), None
        return [self.inlined(tree, free, outer, arguments, keywords, function, for_effect)]

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
        if function is elementwise.clip or function is np.clip:
            x, low, high = map(self.atom, operands)
            return self.let(np.minimum, self.let(np.maximum, x, low), high)
        keywords = tuple((k.arg, self.atom(self.value(k.value, scope))) for k in node.keywords if k.arg)
        target = self.fresh("t")
        self.emit(Let(target, function, tuple(map(self.atom, operands)), keywords))
        return load(target)

    def array_of(self, node: ast.Call, scope: Scope) -> Operand:
        """``np.array([x, y])``: a fresh array and its stores."""
        if len(node.args) != 1 or node.keywords or not isinstance(node.args[0], ast.List | ast.Tuple):
            value = self.value(node.args[0], scope) if len(node.args) == 1 and not node.keywords else None
            if isinstance(value, ast.Name):
                return self.let(np.copy, value)
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


def _append(found: list[Atom], value: Callable[[], Atom]) -> None:
    found.append(value())


def is_inlined(function: Any) -> bool:
    """True of plain Python functions that are nobody's library."""
    function = function.native_callee if is_compiled(function) else function
    if not isinstance(function, python_types.FunctionType) or function in KNOWN:
        return False
    return (function.__module__ or "").partition(".")[0] not in (*LIBRARIES, "interp")


def _free(function: Any) -> dict[str, Any]:
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return {**function.__globals__, **{name: cell.cell_contents for name, cell in cells}}


def flat(values: Sequence[Operand]) -> list[Operand]:
    return [part for v in values for part in (flat(v) if isinstance(v, list) else [v])]


def _dotted(node: ast.expr) -> list[str]:
    return [*_dotted(node.value), node.attr] if isinstance(node, ast.Attribute) else [node.id]  # type: ignore[attr-defined]


def _stored(body: Sequence[ast.stmt]) -> set[str]:
    """Names that a function's own statements assign."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
            return
        if isinstance(node, ast.Lambda):
            return
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        if isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
        for child in ast.iter_child_nodes(node):
            visit(child)

    for s in body:
        visit(s)
    return found


def _merge_moves(statements: list[Statement], results: list[Operand]) -> None:
    """``t = f(x); y = t`` becomes ``y = f(x)`` where t is read nowhere else."""
    uses: Counter[str] = Counter(r.id for r in results if isinstance(r, ast.Name))
    for s in walk(statements):
        uses.update(reads(s))

    def merge(body: list[Statement]) -> None:
        kept: list[Statement] = []
        for s in body:
            if isinstance(s, If):
                merge(s.then)
                merge(s.orelse)
            elif isinstance(s, Loop):
                merge(s.head)
                merge(s.body)
            last = kept[-1] if kept else None
            if isinstance(s, Let) and s.function is move and isinstance(last, Let | Read):
                (value,) = s.operands
                if isinstance(value, ast.Name) and value.id == last.target and uses[value.id] == 1:
                    last.target = s.target
                    continue
            kept.append(s)
        body[:] = kept

    merge(statements)


def _leaves(side: Sequence[Statement]) -> bool:
    """True if every path through the statements breaks the loop."""
    last = side[-1] if side else None
    if isinstance(last, Break):
        return True
    return isinstance(last, If) and _leaves(last.then) and _leaves(last.orelse)

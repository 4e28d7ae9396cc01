"""Python source -> single operations. Callees are written in, tuples taken apart; what has no adjoint is refused."""

import ast
import copy
import operator
import types as python_types
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba.core import types

from interp.compile.adjoint.expressions import Expressions, globals_of
from interp.compile.adjoint.jumps import RESULT, tail_form
from interp.compile.adjoint.operations import (
    BINARY,
    IN_PLACE,
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
    load,
    move,
    reads,
    walk,
)
from interp.compile.adjoint.writing import Operand, Scope, Static, flat


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


class _Lowering(Expressions):
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
        defaults = list(map(Static, function.__defaults__ or ()))
        result = self.inlined(tree, globals_of(function), None, arguments, {}, defaults)
        _merge_moves(self.statements, flat([result]))
        return Program(arguments, self.statements, result, self.constants)

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
        given = {**dict(zip(parameters[len(parameters) - len(defaults) :], defaults, strict=True)), **given}
        for name in every:
            if name not in given:
                raise self.refuse(f"a call without the argument {name}")
            value = given[name]
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

    # -- statements

    def block(self, body: Sequence[ast.stmt], scope: Scope) -> None:
        for s in body:
            self.line = getattr(s, "lineno", self.line)
            method = getattr(self, f"on_{type(s).__name__}", None)
            if method is None:
                raise self.refuse(f"`{type(s).__name__.lower()}` has no adjoint")
            if _read_before_set(s):
                raise self.refuse("a variable read and then set within one statement")
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
        self.bind(scope, s.name, self.nested(s, scope))

    def on_Assign(self, s: ast.Assign, scope: Scope) -> None:
        value = self.value(s.value, scope)
        if len(s.targets) > 1:
            (value,) = self.kept([value])
        for target in s.targets:
            self.assign(target, value, scope)

    def on_AnnAssign(self, s: ast.AnnAssign, scope: Scope) -> None:
        if s.value is not None:
            self.assign(s.target, self.value(s.value, scope), scope)

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
        if target_function in (enumerate, zip) and isinstance(iterated, ast.Call) and iterated.keywords:
            raise self.refuse(f"{target_function.__name__} with a keyword")
        if target_function is range:
            bounds = [self.held(self.atom(self.value(a, scope))) for a in arguments]
            if isinstance(s.target, ast.Name) and s.target.id not in _stored(s.body):
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
        if target_function is reversed and not isinstance(value := self.value(arguments[0], scope), list):
            array = self.named(value)
            n = self.let(len, load(array), name="r")
            loop.start, loop.stop, loop.step = (
                self.let(operator.sub, n, ast.Constant(1), name="r"),
                ast.Constant(-1),
                ast.Constant(-1),
            )
            return lambda: self.assign(s.target, self.element(array, index), scope)
        if target_function is enumerate and len(arguments) == 1 and isinstance(s.target, ast.Tuple):
            array = self.iterated(arguments[0], s, scope)
            loop.stop = self.let(len, load(array), name="r")

            def numbered() -> None:
                assert isinstance(s.target, ast.Tuple)
                self.assign(s.target.elts[0], index, scope)
                self.assign(s.target.elts[1], self.element(array, index), scope)

            return numbered
        if target_function is zip:
            arrays = [self.iterated(a, s, scope) for a in arguments]
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
        array = self.iterated(iterated, s, scope, value)
        loop.stop = self.let(len, load(array), name="r")
        return lambda: self.assign(s.target, self.element(array, index), scope)

    def iterated(self, node: ast.expr, s: ast.For, scope: Scope, value: Operand = None) -> str:
        """The array that a loop runs over, also when its body gives the name to another."""
        array = self.named(self.value(node, scope) if value is None else value)
        changed = flat([scope.bound.get(name) for name in _stored([s])])
        if any(isinstance(v, ast.Name) and v.id == array for v in changed):
            array = self.named(self.held(load(array)))
        return array

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


def _read_before_set(s: ast.stmt) -> bool:
    """True if an expression of the statement reads a variable that a later part of it sets by ``:=``."""
    own = [c for c in ast.iter_child_nodes(s) if isinstance(c, ast.expr)]
    nodes = [n for e in own for n in ast.walk(e)]
    for setting in nodes:
        if isinstance(setting, ast.NamedExpr):
            if isinstance(s, ast.AugAssign):
                return True
            place = setting.lineno, setting.col_offset
            names = [n for n in nodes if isinstance(n, ast.Name) and n.id == setting.target.id]
            if any((n.lineno, n.col_offset) < place for n in names):
                return True
    return False


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

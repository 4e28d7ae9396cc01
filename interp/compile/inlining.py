"""Rules flattened: one straight-line function of a rule and the small functions that it is made of.

Every function that Numba compiles costs some 30 ms, however small, and a rule calls several: the composition of
value and partials, each partial's formula. Here they are written into the rule's own syntax tree, with
fresh names, and ``compiling`` decides its branches. What cannot be written in (no source, a loop, a branch)
stays a call.
"""

import ast
import builtins
import copy
import functools
import linecache
import types as python_types
from collections.abc import Callable
from typing import Any

_DEPTH = 12


def flattened(function: python_types.FunctionType, keep: Callable[[Any], bool]) -> python_types.FunctionType | None:
    """``function`` with its callees written in, or None if its source is not at hand.

    ``keep`` says which functions stay calls. The free names of the result are its globals.
    """
    tree = definition(function)
    if tree is None or _parameters(tree) is None:
        return None
    body = _straight(tree)
    if body is None:
        return None
    writing = Writing({}, keep)
    parameters = _names(tree)
    returned = writing.expanded(function, tree, body, [ast.Name(p, ast.Load()) for p in parameters], 0)
    arguments = ast.arguments([], [ast.arg(p) for p in parameters], None, [], [], None, [])
    name = function.__name__ if function.__name__.isidentifier() else "rule"
    made = ast.FunctionDef(name, arguments, [*writing.statements, ast.Return(returned)], [], None)
    module = ast.fix_missing_locations(ast.Module([made], []))
    exec(compile(module, f"<{name} of {function.__module__}>", "exec"), writing.namespace)
    return writing.namespace.pop(name)


# -- the source of a function


def definition(function: Any) -> ast.FunctionDef | ast.Lambda | None:
    """The syntax tree of a function or lambda, or of a code object; of generated functions as attached to them."""
    attached = getattr(function, "tree", None)
    if attached is not None:
        return attached
    code = getattr(function, "__code__", function)
    candidates = [
        node
        for node in _definitions(code.co_filename).get(code.co_firstlineno, ())
        if _names(node) == list(code.co_varnames[: code.co_argcount])
    ]
    if len(candidates) > 1:
        spans = [(start, end) for line, _, start, end in code.co_positions() if line and start is not None and end]
        candidates = [node for node in candidates if _spans(node, spans[1:])]
    return candidates[0] if len(candidates) == 1 else None


@functools.cache
def _definitions(filename: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except SyntaxError:
        return found
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
            found.setdefault(first, []).append(node)
    return found


def _spans(node: Any, spans: list[tuple[int, int]]) -> bool:
    """True if all of a lambda's instructions lie within the node's body, on its line."""
    if not isinstance(node, ast.Lambda) or node.lineno != node.body.end_lineno:
        return False
    return all(node.body.col_offset <= start and end <= (node.body.end_col_offset or 0) for start, end in spans)


def _names(node: Any) -> list[str]:
    return [p.arg for p in (*node.args.posonlyargs, *node.args.args)]


def _parameters(node: Any) -> list[str] | None:
    """Names of the parameters; None of a function that can be called with more or fewer arguments."""
    a = node.args
    return None if a.vararg or a.kwarg or a.kwonlyargs or a.defaults else _names(node)


# -- writing callees in


class Writing:
    """Straight-line code that is being written: its statements, and the objects that its free names stand for.

    ``keep`` says which functions stay calls.
    """

    def __init__(self, namespace: dict[str, Any], keep: Callable[[Any], bool]) -> None:
        self.namespace, self.keep = namespace, keep
        self.statements: list[ast.stmt] = []
        self.count = 0

    def inlined(self, function: Any, arguments: list[ast.expr]) -> ast.expr:
        """A call of a small function, written in; as a call where it is not straight-line code."""
        tree = definition(function)
        body = None if tree is None or _parameters(tree) is None else _straight(tree)
        if tree is None or body is None:
            return ast.Call(self.constant("partial", function), arguments, [])
        return self.expanded(function, tree, body, arguments, 0)

    def expanded(
        self, function: Any, tree: Any, body: list[ast.stmt], arguments: list[ast.expr], depth: int
    ) -> ast.expr:
        """Emit the statements of a call; the value it returns."""
        stored = {n.id for s in body for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        local: dict[str, ast.expr] = {}
        for parameter, argument in zip(_parameters(tree) or [], arguments, strict=True):
            if isinstance(argument, ast.Name | ast.Constant) and parameter not in stored:
                local[parameter] = argument
            else:
                local[parameter] = self.assigned(parameter, argument)
        for name in stored:
            local.setdefault(name, ast.Name(self.fresh(name), ast.Load()))
        writer = _Writer(self, function, local, depth)
        for statement in body[:-1]:
            assert isinstance(statement, ast.Assign)
            value = writer.visit(statement.value)
            (target,) = statement.targets
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                for place, part in zip(target.elts, value.elts, strict=True):
                    self.emit(writer.visit(place), part)
            else:
                self.emit(writer.visit(target), value)
        last = body[-1]
        assert isinstance(last, ast.Return) and last.value is not None
        return writer.visit(last.value)

    def fresh(self, name: str) -> str:
        self.count += 1
        return f"{name}_r{self.count}"

    def assigned(self, name: str, value: ast.expr) -> ast.expr:
        made = self.fresh(name)
        self.statements.append(ast.Assign([ast.Name(made, ast.Store())], value))
        return ast.Name(made, ast.Load())

    def emit(self, target: ast.expr, value: ast.expr) -> None:
        self.statements.append(ast.Assign([target], value))

    def constant(self, name: str, value: Any) -> ast.expr:
        """A free name of the result that stands for ``value``."""
        for known, present in self.namespace.items():
            if present is value:
                return ast.Name(known, ast.Load())
        made = self.fresh(name)
        self.namespace[made] = value
        return ast.Name(made, ast.Load())


_SCOPES = (ast.Lambda, ast.FunctionDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.NamedExpr)


def _straight(tree: Any) -> list[ast.stmt] | None:
    """The statements of a function without branches, ending in its return; None if it is not one."""
    if any(isinstance(node, _SCOPES) for node in ast.walk(tree) if node is not tree):
        return None
    tree = copy.deepcopy(tree)  # it is rewritten in place
    if isinstance(tree, ast.Lambda):
        return [ast.Return(tree.body)]
    found: list[ast.stmt] = []
    for statement in _decided(tree.body):
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        found.append(statement)
        if isinstance(statement, ast.Return):
            break
        if not (isinstance(statement, ast.Assign) and len(statement.targets) == 1 and _simple(statement.targets[0])):
            return None
    return found if found and isinstance(found[-1], ast.Return) and found[-1].value is not None else None


def _simple(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) or (
        isinstance(target, ast.Tuple) and all(isinstance(e, ast.Name) for e in target.elts)
    )


def _decided(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements with the branches on ``compiling`` taken."""
    found: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, ast.If) and _asks_compiling(statement.test):
            found += _decided(statement.body)
            if found and isinstance(found[-1], ast.Return):
                break
        else:
            found.append(statement)
    return found


def _asks_compiling(test: ast.expr) -> bool:
    """True of ``compiling`` and of ``compiling or ...``."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        test = test.values[0]
    return isinstance(test, ast.Name) and test.id == "compiling"


class _Writer(ast.NodeTransformer):
    """Rewrites one function's expressions: names renamed, constants bound, calls of small functions written in."""

    def __init__(self, into: Writing, function: Any, local: dict[str, ast.expr], depth: int) -> None:
        self.into, self.local, self.depth = into, local, depth
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        self.free = {**function.__globals__, **{name: cell.cell_contents for name, cell in cells}}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.local:
            renamed = self.local[node.id]
            return ast.Name(renamed.id, node.ctx) if isinstance(renamed, ast.Name) else renamed
        if node.id in self.free:
            value = self.free[node.id]
            if type(value) in (float, int, bool) and not (isinstance(value, float) and value != value):
                return ast.Constant(value)
            return self.into.constant(node.id, value)
        if hasattr(builtins, node.id):
            return node
        raise NameError(node.id)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        function = self.free.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if isinstance(node.func, ast.Name) and node.func.id in self.local:
            function = None
        function = getattr(function, "native", function) if isinstance(function, python_types.FunctionType) else None
        arguments = [self.visit(a) for a in node.args]
        if (
            function is not None
            and not node.keywords
            and self.depth < _DEPTH
            and not any(isinstance(a, ast.Starred) for a in arguments)
            and not self.into.keep(function)
        ):
            tree = definition(function)
            body = None if tree is None or _parameters(tree) is None else _straight(tree)
            if body is not None and len(_parameters(tree) or []) == len(arguments):
                return self.into.expanded(function, tree, body, arguments, self.depth + 1)
        keywords = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        return ast.Call(self.visit(node.func), arguments, keywords)

"""A function's syntax tree in the form in which both sides of a branch can run.

Each block of the function (a branch, the body of a loop, a handler, an operand that might not be evaluated) becomes
a function without arguments of its own, and all of them stand side by side, so that nothing nests. They share the
locals of the function through its closure cells, which `state` saves, rolls back and joins::

    def f(x):                              def f(x):
        if x > 0:                              frame = interp.Frame(...)
            y = 1.0                            def test_1(): return x > 0
        return y               becomes         def then_2(): nonlocal y; y = 1.0
                                               def body_0():
                                                   signal = interp.branch(frame, test_1, then_2, ...)
                                                   if signal is not None: return signal
                                                   return interp.Return(y)
                                               return interp.function(frame, body_0)

A block returns None where the program goes on behind it, or a signal: Return, BREAK, CONTINUE, or DEAD where no path
goes on. A function of plain statements in a row keeps its form.
"""

import ast
from collections.abc import Iterable
from typing import Any

from interp.control.joined.liveness import Liveness
from interp.control.joined.matches import Matches
from interp.control.joined.trees import ask, assign, constant, load, named, no_arguments, offered, placed
from interp.control.source import Function
from interp.errors import NoSource

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
BLOCKS = (ast.If, ast.While, ast.For, ast.Try, ast.With, ast.Assert, ast.IfExp, ast.BoolOp, ast.Nonlocal)
"""What needs blocks, or a frame of cells to save."""
FRAME, SIGNAL, ITEM, YIELDED = "_i_frame", "_i_signal", "_i_item", "_i_yielded"
PARTIAL = {ast.Div: "divide", ast.FloorDiv: "floor_divide", ast.Mod: "modulo", ast.Pow: "power"}
"""Python's operators that raise for some numbers."""
LOOK_UPS = {
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
    ast.Is: "is_",
    ast.IsNot: "is_not",
    ast.In: "in_",
    ast.NotIn: "not_in",
}


def generate(definition: Function, owner: str | None = None) -> ast.FunctionDef:
    """The definition, a method's (of the class ``owner``) or a lambda's too, in joined form.

    Raises `NoSource` for what has none.
    """
    if isinstance(definition, ast.Lambda):
        returned = ast.copy_location(ast.Return(definition.body), definition.body)
        definition = named("_i_lambda", definition.args, [returned], definition)
    made = _Scope(None, Matches().visit(definition), owner=owner).converted()
    made.decorator_list = []
    made.args.defaults = [ast.Constant(None) for _ in made.args.defaults]
    made.args.kw_defaults = [None if d is None else ast.Constant(None) for d in made.args.kw_defaults]
    return made


# -- which names a piece of code binds


class _Bound(ast.NodeVisitor):
    """Names that statements bind in their own scope, and those they declare otherwise."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        self.declared: dict[str, str] = {}

    def of(self, nodes: Iterable[ast.AST]) -> "_Bound":
        for node in nodes:
            self.visit(node)
        return self

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.names[node.id] = None

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.names[node.name] = None
        self.of([*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.names[node.name] = None
        self.of([*node.decorator_list, *node.bases])

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.of([*node.args.defaults, *(d for d in node.args.kw_defaults if d)])

    def _comprehension(self, node: Any) -> None:
        """Its targets are its own; a walrus within binds outside."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.NamedExpr):
                self.names[inner.target.id] = None

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def _imported(self, node: Any) -> None:
        for alias in node.names:
            self.names[(alias.asname or alias.name).partition(".")[0]] = None

    visit_Import = visit_ImportFrom = _imported

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.names[node.name] = None
        self.generic_visit(node)

    def _captured(self, node: Any) -> None:
        if getattr(node, "name", None):
            self.names[node.name] = None
        self.generic_visit(node)

    visit_MatchAs = visit_MatchStar = _captured

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.names[node.rest] = None
        self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> None:
        self.declared.update(dict.fromkeys(node.names, "global"))

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.declared.update(dict.fromkeys(node.names, "nonlocal"))


def _parameters(args: ast.arguments) -> list[str]:
    return [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg) if a]


def _own_nodes(nodes: Iterable[ast.AST]) -> Iterable[ast.AST]:
    """All nodes of a scope, without those of the functions within it."""
    for node in nodes:
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            yield from _own_nodes(ast.iter_child_nodes(node))


class _Scope(ast.NodeTransformer):
    """One function: its blocks, gathered while its statements are converted."""

    def __init__(
        self,
        outer: "_Scope | None",
        definition: ast.FunctionDef,
        comprehension: bool = False,
        owner: str | None = None,
    ) -> None:
        self.outer, self.definition, self.comprehension, self.owner = outer, definition, comprehension, owner
        self.prologue: list[ast.stmt] = []
        self.setters: set[str] = set()
        self.count = 0
        bound = _Bound().of(definition.body)
        self.declared = bound.declared
        if comprehension:  # a walrus within binds outside
            for inner in _own_nodes(definition.body):
                if isinstance(inner, ast.NamedExpr):
                    bound.names.pop(inner.target.id, None)
                    self.declared[inner.target.id] = "nonlocal"
        self.parameters = _parameters(definition.args)
        self.locals = dict.fromkeys(self.parameters) | {n: None for n in bound.names if n not in bound.declared}
        self.yields = any(isinstance(n, ast.Yield | ast.YieldFrom) for n in _own_nodes(definition.body))
        self.liveness = Liveness(definition.body, self.locals)

    def converted(self) -> ast.FunctionDef:
        """The function, its default values and decorators as they were but for the expressions in them."""
        old = self.definition
        body = list(old.body)
        last = body[-1]
        walrus = any(isinstance(n, ast.NamedExpr) for statement in body for n in ast.walk(statement))
        straight = not (self.yields or walrus) and not any(
            isinstance(n, BLOCKS) or (isinstance(n, ast.Return) and n is not last) for n in _own_nodes(body)
        )
        if straight:
            made = [s for statement in body for s in self._plain(statement)]
            head = self._declarations(bound=self.locals, nested=False)
            tail: list[ast.stmt] = made
        else:
            block = self._block("body", body)
            escapes = any(isinstance(n, (*FUNCTIONS, ast.ClassDef)) for n in _own_nodes(body))
            head = [
                *self._unbound(),
                assign(FRAME, ask("Frame", self._cells(), constant(old.name), constant(escapes))),
            ]
            if self.yields:
                head.append(assign(YIELDED, ask("yielded")))
                tail = [ast.Return(ask("generator", load(FRAME), block, load(YIELDED)))]
            else:
                tail = [ast.Return(ask("function", load(FRAME), block))]
        new = named(old.name, self._arguments(old.args), [*head, *self.prologue, *tail], old)
        new.decorator_list = [self._outside(d) for d in old.decorator_list]
        return new

    def _outside(self, expression: Any) -> Any:
        return self.outer.visit(expression) if self.outer else expression

    def _arguments(self, args: ast.arguments) -> ast.arguments:
        return ast.arguments(
            posonlyargs=[ast.arg(a.arg) for a in args.posonlyargs],
            args=[ast.arg(a.arg) for a in args.args],
            vararg=ast.arg(args.vararg.arg) if args.vararg else None,
            kwonlyargs=[ast.arg(a.arg) for a in args.kwonlyargs],
            kw_defaults=[None if d is None else self._outside(d) for d in args.kw_defaults],
            kwarg=ast.arg(args.kwarg.arg) if args.kwarg else None,
            defaults=[self._outside(d) for d in args.defaults],
        )

    def _unbound(self) -> list[ast.stmt]:
        """Makes every local a variable of this function, bound or not."""
        free = [n for n in self.locals if n not in self.parameters]
        declare = self._declarations(bound=self.declared, nested=False)
        return declare + ([ast.If(constant(0), [assign(n, constant(None)) for n in free], [])] if free else [])

    def _cells(self) -> ast.Lambda:
        nonlocals = [n for n, kind in self.declared.items() if kind == "nonlocal"]
        return ast.Lambda(no_arguments(), ast.Tuple([load(n) for n in [*self.locals, *nonlocals]], ast.Load()))

    def _declarations(self, bound: Iterable[str], nested: bool) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for name in bound:
            kind = self.declared.get(name, "nonlocal" if nested else None)
            if kind:
                made.append((ast.Global if kind == "global" else ast.Nonlocal)([name]))
        return made

    # -- blocks

    def _name(self, what: str) -> str:
        self.count += 1
        return f"_i_{what}_{self.count}"

    def _block(self, what: str, statements: list[ast.stmt], first: list[ast.stmt] | None = None, *given: str) -> Any:
        """A block as a function of the prologue; None for no statements."""
        if not statements and not first:
            return constant(None)
        name = self._name(what)
        body = [s for statement in (first or []) + statements for s in self._statement(statement)]
        names = _Bound().of((first or []) + statements).names
        bound = [n for n in names if n in self.locals or n in self.declared]
        head = self._declarations(bound, nested=True)
        at = (statements or first or [self.definition])[0]
        self.prologue.append(named(name, no_arguments(*given), [*head, *body] or [ast.Pass()], at))
        return load(name)

    def _thunk(self, expression: ast.expr, what: str = "operand") -> Any:
        """An expression that may not be evaluated, as a function of the prologue."""
        value = self.visit(expression)
        name = self._name(what)
        self.prologue.append(named(name, no_arguments(), [ast.copy_location(ast.Return(value), value)], expression))
        return load(name)

    def _test(self, test: ast.expr) -> list[Any]:
        """A condition as a thunk, and the locals it reads: what alternatives of them are narrowed by."""
        names = sorted({n.id for n in _own_nodes([test]) if isinstance(n, ast.Name) and n.id in self.locals})
        return [self._thunk(test, "test"), ast.Tuple([constant(n) for n in names], ast.Load()), self._narrowed(test)]

    def _narrowed(self, test: ast.expr) -> Any:
        """(name, operator, thunk of the bound) for each local that a simple comparison bounds."""
        if not (isinstance(test, ast.Compare) and len(test.ops) == 1):
            return constant(None)
        symbol = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}.get(
            type(test.ops[0])
        )
        swapped = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
        left, right = test.left, test.comparators[0]
        if symbol is None:
            return constant(None)
        made: list[ast.expr] = []
        for one, other, op in ((left, right, symbol), (right, left, swapped.get(symbol, symbol))):
            at: ast.expr = constant(None)
            target = one
            if isinstance(one, ast.Subscript) and isinstance(one.slice, ast.Constant):
                target, at = one.value, one.slice
            once = any(isinstance(n, ast.Call | ast.NamedExpr | ast.Yield) for n in ast.walk(other))
            if isinstance(target, ast.Name) and target.id in self.locals and not once:
                parts = [constant(target.id), at, constant(op), self._thunk(other, "bound")]
                made.append(ast.Tuple(parts, ast.Load()))
        return ast.Tuple(made, ast.Load()) if made else constant(None)

    # -- statements

    def _statement(self, node: ast.stmt) -> list[ast.stmt]:
        made = getattr(self, f"_on_{type(node).__name__}", self._plain)(node)
        return [ast.copy_location(s, node) for s in made]

    def _signalling(self, call: ast.expr) -> list[ast.stmt]:
        return [
            assign(SIGNAL, call),
            ast.If(ast.Compare(load(SIGNAL), [ast.IsNot()], [constant(None)]), [ast.Return(load(SIGNAL))], []),
        ]

    def _dead(self, node: ast.stmt, *where: str) -> ast.Constant:
        """The locals that are read no more behind a statement."""
        return constant(self.liveness.dead(node, *where or ("after",)))

    def _dead_of_loop(self, node: ast.While | ast.For) -> Any:
        """The same by how a round of a loop ends, for its barrier."""
        ends = {"continue": "head", "end": "orelse", "break": "after", "go on": "after", "return": "leaves"}
        dead = [self._dead(node, where) for where in ends.values()]
        return ast.Dict([constant(kind) for kind in ends], list(dead))

    def _on_If(self, node: ast.If) -> list[ast.stmt]:
        test = self._test(node.test)
        then, orelse = self._block("then", node.body), self._block("else", node.orelse)
        return self._signalling(ask("branch", load(FRAME), *test, then, orelse, self._dead(node)))

    def _on_Assert(self, node: ast.Assert) -> list[ast.stmt]:
        error = ast.Call(offered("AssertionError"), [node.msg] if node.msg else [], [])
        raising = ast.copy_location(ast.Raise(error, None), node)
        test = self._test(node.test)
        orelse = self._block("else", [raising])
        return self._signalling(ask("branch", load(FRAME), *test, constant(None), orelse, self._dead(node)))

    def _on_While(self, node: ast.While) -> list[ast.stmt]:
        test = self._test(node.test)
        step, orelse = self._block("step", node.body), self._block("else", node.orelse)
        return self._signalling(ask("while_loop", load(FRAME), *test, step, orelse, self._dead_of_loop(node)))

    def _on_For(self, node: ast.For) -> list[ast.stmt]:
        first = ast.copy_location(ast.Assign([node.target], load(ITEM)), node)
        step, orelse = self._block("step", node.body, [first], ITEM), self._block("else", node.orelse)
        iterable = self.visit(node.iter)
        return self._signalling(ask("for_loop", load(FRAME), iterable, step, orelse, self._dead_of_loop(node)))

    def _on_Return(self, node: ast.Return) -> list[ast.stmt]:
        return [ast.Return(ask("Return", self.visit(node.value) if node.value else constant(None)))]

    def _on_Break(self, node: ast.Break) -> list[ast.stmt]:
        return [ast.Return(offered("BREAK"))]

    def _on_Continue(self, node: ast.Continue) -> list[ast.stmt]:
        return [ast.Return(offered("CONTINUE"))]

    def _on_Try(self, node: ast.Try) -> list[ast.stmt]:
        handlers: list[ast.expr] = []
        for handler in node.handlers:
            caught = handler.type and self._thunk(handler.type, "caught")
            stores = [assign(handler.name, load(ITEM))] if handler.name else []
            first: list[ast.stmt] = [ast.copy_location(s, handler) for s in stores]
            block = self._block("handler", handler.body, first, ITEM)
            handlers.append(ast.Tuple([caught or constant(None), block], ast.Load()))
        parts = [self._block(w, s) for w, s in (("try", node.body), ("else", node.orelse), ("finally", node.finalbody))]
        swallows = any(isinstance(n, ast.Return | ast.Break | ast.Continue) for n in _own_nodes(node.finalbody))
        parts.append(constant(swallows))
        dead = self._dead(node, "after", "orelse")
        return self._signalling(ask("try_block", load(FRAME), ast.Tuple(handlers, ast.Load()), *parts, dead))

    def _on_With(self, node: ast.With) -> list[ast.stmt]:
        item, *others = node.items
        inner: list[ast.stmt] = [ast.copy_location(ast.With(others, node.body), node)] if others else node.body
        target = item.optional_vars
        first: list[ast.stmt] = [ast.copy_location(ast.Assign([target], load(ITEM)), node)] if target else []
        block = self._block("with", inner, first, ITEM)
        context = self.visit(item.context_expr)
        return self._signalling(ask("with_block", load(FRAME), context, block, self._dead(node)))

    def _on_Global(self, node: ast.Global) -> list[ast.stmt]:
        return []

    _on_Nonlocal = _on_Global

    def _on_FunctionDef(self, node: ast.FunctionDef) -> list[ast.stmt]:
        return [_Scope(self, node).converted()]

    def _on_ClassDef(self, node: ast.ClassDef) -> list[ast.stmt]:
        body = [
            _Scope(self, s, owner=node.name).converted() if isinstance(s, ast.FunctionDef) else s for s in node.body
        ]
        made = ast.ClassDef(
            name=node.name,
            bases=[self.visit(b) for b in node.bases],
            keywords=node.keywords,
            body=body,
            decorator_list=node.decorator_list,
        )
        made.type_params = []  # type: ignore[attr-defined]
        return [made]

    def _refused(self, node: ast.stmt) -> list[ast.stmt]:
        raise NoSource(f"line {node.lineno}: {type(node).__name__} cannot be converted: write it without async")

    _on_AsyncFunctionDef = _on_AsyncFor = _on_AsyncWith = _refused

    def _on_TryStar(self, node: ast.stmt) -> list[ast.stmt]:
        raise NoSource(f"line {node.lineno}: `except*` cannot be converted: write it with except")

    # -- statements in a row

    def _plain(self, node: ast.stmt) -> list[ast.stmt]:
        """Statements without blocks; a Return here is the last statement of a function."""
        if isinstance(node, ast.Return):
            return [ast.copy_location(ast.Return(self.visit(node.value) if node.value else None), node)]
        made = getattr(self, f"_on_{type(node).__name__}", None)
        if made is not None and made not in (self._on_Return,):
            return [ast.copy_location(s, node) for s in made(node)]
        return [ast.copy_location(self.visit(node), node)]

    def _on_Raise(self, node: ast.Raise) -> list[ast.stmt]:
        error = self.visit(node.exc) if node.exc else constant(None)
        cause = self.visit(node.cause) if node.cause else None
        return [ast.Raise(ask("explicit", error), cause)]

    def _on_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        value = self.visit(node.value)
        if len(node.targets) == 1:
            return self._stored(node.targets[0], value)
        kept = self._name("value")
        stores = [s for target in node.targets for s in self._stored(target, load(kept))]
        return [assign(kept, value), *stores]

    def _on_AnnAssign(self, node: ast.AnnAssign) -> list[ast.stmt]:
        return self._stored(node.target, self.visit(node.value)) if node.value else [ast.Pass()]

    def _stored(self, target: ast.expr, value: Any) -> list[ast.stmt]:
        if isinstance(target, ast.Name):
            if self.declared.get(target.id) == "global":
                return [ast.Expr(ask("store", value, self._globals(), constant(target.id)))]
            return [ast.Assign([target], value)]
        if isinstance(target, ast.Subscript):
            return [ast.Expr(ask("store", value, self.visit(target.value), self._index(target.slice)))]
        if isinstance(target, ast.Attribute):
            return [ast.Expr(ask("store_attribute", value, self.visit(target.value), self._attribute(target.attr)))]
        assert isinstance(target, ast.Tuple | ast.List)
        parts, stores = [], []
        names_only = all(
            isinstance(getattr(part, "value", part) if isinstance(part, ast.Starred) else part, ast.Name)
            for part in target.elts
        )
        for part in target.elts:
            inner = part.value if isinstance(part, ast.Starred) else part
            if names_only:  # else each is stored from left to right: `a[i], i = ...` stores at the old i
                parts.append(part)
                continue
            kept = self._name("part")
            name: ast.expr = ast.Name(kept, ast.Store())
            parts.append(ast.Starred(name, ast.Store()) if isinstance(part, ast.Starred) else name)
            stores += self._stored(inner, load(kept))
        return [ast.Assign([ast.Tuple(parts, ast.Store())], ask("unpack", value)), *stores]

    def _globals(self) -> ast.expr:
        return ast.Call(load("globals"), [], [])

    def _on_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        target, symbol = node.target, constant(type(node.op).__name__)
        if isinstance(target, ast.Name):
            return self._stored(target, ask("in_place", symbol, load(target.id), self.visit(node.value)))
        holder = self._name("holder")
        if isinstance(target, ast.Attribute):
            attribute = self._attribute(target.attr)
            old = ask("getattr", load(holder), attribute)
            changed = ask("in_place", symbol, old, self.visit(node.value))
            return [
                assign(holder, self.visit(target.value)),
                ast.Expr(ask("setattr", load(holder), attribute, changed)),
            ]
        index = self._name("index")
        old = ask("getitem", load(holder), load(index))
        changed = ask("in_place", symbol, old, self.visit(node.value))
        return [
            assign(holder, self.visit(target.value)),
            assign(index, self._index(target.slice)),
            ast.Expr(ask("setitem", load(holder), load(index), changed)),
        ]

    def _on_Delete(self, node: ast.Delete) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for target in node.targets:
            if isinstance(target, ast.Subscript):
                made.append(ast.Expr(ask("delitem", self.visit(target.value), self._index(target.slice))))
            elif isinstance(target, ast.Attribute):
                made.append(ast.Expr(ask("delattr", self.visit(target.value), self._attribute(target.attr))))
            else:
                made.append(ast.Delete([target]))
        return made

    # -- expressions

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        first, *rest = node.values
        name = "and_" if isinstance(node.op, ast.And) else "or_"
        return self._at(ask(name, self.visit(first), *(self._thunk(value) for value in rest)), node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        if isinstance(node.op, ast.Not):
            return self._at(ask("not_", self.visit(node.operand)), node)
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        left, right = self.visit(node.left), self.visit(node.right)
        name = PARTIAL.get(type(node.op))
        return self._at(ask(name, left, right) if name else ast.BinOp(left, node.op, right), node)

    def visit_Compare(self, node: ast.Compare) -> Any:
        left, rest = self.visit(node.left), node.comparators
        if len(rest) > 1:
            names = [constant(type(op).__name__) for op in node.ops]
            pairs = [ast.Tuple([n, self._thunk(c)], ast.Load()) for n, c in zip(names, rest, strict=True)]
            return self._at(ask("chain", left, *pairs), node)
        name = LOOK_UPS.get(type(node.ops[0]))
        right = self.visit(rest[0])
        return self._at(ask(name, left, right) if name else ast.Compare(left, node.ops, [right]), node)

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        test = self._test(node.test)
        return self._at(ask("choose", load(FRAME), *test, self._thunk(node.body), self._thunk(node.orelse)), node)

    def visit_Call(self, node: ast.Call) -> Any:
        if isinstance(node.func, ast.Name) and node.func.id in ("super", "locals", "vars", "eval", "exec"):
            return self._by_name(node)
        made = ast.Call(offered("call"), [self.visit(node.func), *map(self.visit, node.args)], node.keywords)
        made.keywords = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        return self._at(made, node)

    def _by_name(self, node: ast.Call) -> Any:
        """Functions that look at the frame they are called from."""
        assert isinstance(node.func, ast.Name)
        if node.func.id == "super":
            owner: list[ast.expr] = [load("__class__"), load(self._method().parameters[0])]
            return self._at(ast.Call(node.func, node.args or owner, []), node)
        if node.func.id == "vars" and node.args:
            return self.generic_visit(node)
        raise NoSource(f"line {node.lineno}: {node.func.id}() cannot be converted: name the variables that you need")

    def _method(self) -> "_Scope":
        scope = self
        while scope.outer is not None and (scope.comprehension or not scope.parameters):
            scope = scope.outer
        return scope

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        return self._at(ask("getitem", self.visit(node.value), self._index(node.slice)), node)

    def _index(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Slice):
            ends = [self.visit(e) if e else constant(None) for e in (node.lower, node.upper, node.step)]
            return self._at(ask("slice", *ends), node)
        if isinstance(node, ast.Tuple):
            return self._at(ast.Tuple([self._index(e) for e in node.elts], ast.Load()), node)
        return self.visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        return self._at(ask("getattr", self.visit(node.value), self._attribute(node.attr)), node)

    def _attribute(self, name: str) -> ast.Constant:
        """The name of an attribute; within a class a private one (``__x``) with that of the class before it."""
        scope: _Scope | None = self
        while scope is not None and scope.owner is None:
            scope = scope.outer
        private = name.startswith("__") and not name.endswith("__")
        return constant(f"_{scope.owner.lstrip('_')}{name}" if private and scope is not None and scope.owner else name)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> Any:
        """An f-string, part by part: of alternatives each its own text."""
        parts: list[Any] = []
        for part in node.values:
            if not isinstance(part, ast.FormattedValue):
                parts.append(part)
                continue
            spec = self.visit(part.format_spec) if part.format_spec else constant("")
            conversion = constant(chr(part.conversion) if part.conversion > 0 else "")
            parts.append(ask("formatted", self.visit(part.value), conversion, spec))
        return self._at(ask("text", *parts), node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> Any:
        scope = self
        while scope.comprehension and scope.outer is not None:
            scope = scope.outer
        return self._at(ast.Call(load(scope._setter(node.target.id)), [self.visit(node.value)], []), node)

    def _setter(self, name: str) -> str:
        setter = f"_i_set_{name}"
        if setter not in self.setters:
            self.setters.add(setter)
            body = [*self._declarations([name], nested=True), assign(name, load(ITEM)), ast.Return(load(ITEM))]
            self.prologue.append(named(setter, no_arguments(ITEM), body, self.definition))
        return setter

    def _on_Expr(self, node: ast.Expr) -> list[ast.stmt]:
        if isinstance(node.value, ast.Yield):
            return [ast.Expr(self._yielded(node.value))]
        return [ast.Expr(self.visit(node.value))]

    def visit_Yield(self, node: ast.Yield) -> Any:
        raise NoSource(
            f"line {node.lineno}: a generator that is sent values (x = yield) cannot be converted: pass a list in, or "
            "return one"
        )

    def _yielded(self, node: ast.Yield) -> Any:
        value = self.visit(node.value) if node.value else constant(None)
        return self._at(ask("yield_", load(YIELDED), value), node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> Any:
        return self._at(ask("yield_from", load(YIELDED), self.visit(node.value)), node)

    def visit_Lambda(self, node: ast.Lambda) -> Any:
        name = self._name("lambda")
        made = named(name, node.args, [ast.copy_location(ast.Return(node.body), node)], node)
        function = _Scope(self, made).converted()
        defaults, keywords = function.args.defaults, function.args.kw_defaults
        function.args.defaults = [constant(None) for _ in defaults]
        function.args.kw_defaults = [None if d is None else constant(None) for d in keywords]
        self.prologue.append(function)
        keys = [constant(a.arg) for a, d in zip(function.args.kwonlyargs, keywords, strict=True) if d is not None]
        given = ast.Dict(list(keys), [d for d in keywords if d is not None])
        return self._at(ask("lambda_", load(name), ast.Tuple(defaults, ast.Load()), given), node)

    def _comprehension(self, node: Any) -> Any:
        """A function of its own that appends to a list: its filters are branches like others."""
        name, out = self._name("comprehension"), "_i_out"
        elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        element = ast.Tuple(elements, ast.Load()) if len(elements) > 1 else elements[0]
        append = ast.Attribute(load(out), "append", ast.Load())
        body: list[ast.stmt] = [ast.Expr(ast.Call(append, [element], []))]
        for i, part in reversed(list(enumerate(node.generators))):
            for condition in reversed(part.ifs):
                body = [ast.If(condition, body, [])]
            body = [ast.For(part.target, part.iter if i else load(ITEM), body, [])]
        whole = [assign(out, ast.List([], ast.Load())), *body, ast.Return(load(out))]
        made = ast.fix_missing_locations(placed(named(name, no_arguments(ITEM), whole, node), node))
        self.prologue.append(_Scope(self, made, comprehension=True).converted())
        kind = type(node).__name__
        return self._at(ask("comprehension", constant(kind), load(name), self.visit(node.generators[0].iter)), node)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def _at(self, made: Any, node: ast.AST) -> Any:
        return ast.copy_location(made, node)  # the nodes within take it over when the whole is compiled

"""What Numba does not compile, written as what it does: generators in sums, `reversed`, keyword-only arguments.

The function that is compiled is a copy with the same names, globals and lines.
"""

import ast
import copy
import inspect
import types as python_types
from collections.abc import Iterator

from interp.compile.inlining import definition

_CONSUMERS = frozenset({"sum", "min", "max", "sorted", "list"})
"""Builtins that go through all of a sequence: whether it is a list or a generator makes no difference to them."""


_REVERSED = "reversed"
_NONE = object()
"""In place of a default that is not there."""


def translated(f: python_types.FunctionType) -> python_types.FunctionType:
    """A copy of ``f`` in what Numba compiles, or ``f`` itself."""
    code = _rewritten(f) or f.__code__
    defaults = f.__defaults__
    count = code.co_argcount + code.co_kwonlyargcount
    if code.co_kwonlyargcount and not code.co_flags & inspect.CO_VARARGS:  # with *rest they cannot go by position
        present = (_NONE,) * (code.co_argcount - len(defaults or ())) + (defaults or ())
        wanted = code.co_varnames[code.co_argcount : count]
        every = (*present, *((f.__kwdefaults__ or {}).get(name, _NONE) for name in wanted))
        last = [x for x in every if x is not _NONE]
        if _NONE not in every[count - len(last) :]:  # no argument without a default follows one with
            code, defaults = code.replace(co_argcount=count, co_kwonlyargcount=0), tuple(last) or None
    if code is f.__code__:
        return f
    made = python_types.FunctionType(code, f.__globals__, f.__name__, defaults, f.__closure__)
    made.__kwdefaults__ = f.__kwdefaults__ if code.co_kwonlyargcount else None
    made.__qualname__, made.__module__ = f.__qualname__, f.__module__
    return made


def _rewritten(f: python_types.FunctionType) -> python_types.CodeType | None:
    """The code of ``f`` without generators and `reversed`; None if it has none, or the source is not at hand."""
    codes = list(_codes(f.__code__))
    if not any(code.co_name == "<genexpr>" or {_REVERSED, "zip"} & {*code.co_names} for code in codes):
        return None
    tree = definition(f)
    if tree is None:
        return None
    own = {
        *f.__globals__,
        *f.__code__.co_freevars,
        *(v for code in codes for v in (*code.co_varnames, *code.co_cellvars)),
    }
    dialect = _Dialect(own)
    changed = dialect.visit(copy.deepcopy(tree))
    if not dialect.changed:
        return None
    changed.args.defaults, changed.args.kw_defaults = [], [None] * len(changed.args.kwonlyargs)  # those of f stay
    if isinstance(changed, ast.Lambda):
        body: ast.stmt = ast.Expr(changed)
    else:
        changed.decorator_list, changed.returns = [], None
        body = changed
    ast.copy_location(body, tree)
    free = f.__code__.co_freevars
    outer = ast.FunctionDef("outer", ast.arguments([], [ast.arg(v) for v in free], None, [], [], None, []), [body], [])
    module = ast.fix_missing_locations(ast.Module([ast.copy_location(outer, tree)], []))
    compiled = compile(module, f.__code__.co_filename, "exec")
    found = _code_within(compiled, f.__code__.co_name)
    return found if found is not None and found.co_freevars == free else None


def _codes(code: python_types.CodeType) -> Iterator[python_types.CodeType]:
    """The code itself and all within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, python_types.CodeType):
            yield from _codes(constant)


def _code_within(code: python_types.CodeType, name: str) -> python_types.CodeType | None:
    (outer,) = (c for c in code.co_consts if isinstance(c, python_types.CodeType))
    return next((c for c in outer.co_consts if isinstance(c, python_types.CodeType) and c.co_name == name), None)


class _Dialect(ast.NodeTransformer):
    """``own``: names that are the function's own, and no builtins."""

    def __init__(self, own: set[str]) -> None:
        self.own = own
        self.changed = False

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name = node.func.id if isinstance(node.func, ast.Name) and node.func.id not in self.own else ""
        made = self.translation(name, node) if node.args else None
        if made is None:
            return node
        self.changed = True
        return ast.copy_location(made, node)

    def translation(self, name: str, node: ast.Call) -> ast.expr | None:
        """What a call of a builtin is written as; None where it stays."""
        first, *rest = node.args
        if name in _CONSUMERS and isinstance(first, ast.GeneratorExp):
            elements = ast.copy_location(ast.ListComp(first.elt, first.generators), first)
            return ast.Call(node.func, [elements, *rest], node.keywords)
        if name in ("any", "all") and isinstance(first, ast.GeneratorExp):
            return _counted(name, first)
        if name == _REVERSED:
            return _backwards(first)
        loose = [k for k in node.keywords if isinstance(k.value, ast.Constant) and k.value.value is False]
        if name == "zip" and loose:
            return ast.Call(node.func, node.args, [k for k in node.keywords if k not in loose])
        return None


def _counted(name: str, x: ast.GeneratorExp) -> ast.expr:
    """``any`` (``all``) as a count of what holds (does not): what follows the first is looked at in vain."""
    found = x.elt if name == "any" else ast.UnaryOp(ast.Not(), x.elt)
    *outer, last = x.generators
    inner = ast.comprehension(last.target, last.iter, [*last.ifs, found], 0)
    total = ast.Call(ast.Name("sum", ast.Load()), [ast.ListComp(ast.Constant(1), [*outer, inner])], [])
    return ast.Compare(total, [ast.Gt() if name == "any" else ast.Eq()], [ast.Constant(0)])


def _backwards(x: ast.expr) -> ast.expr:
    """``x[::-1]``; of a range of one or two bounds another range, for native ranges have no slices."""
    if not (isinstance(x, ast.Call) and isinstance(x.func, ast.Name) and x.func.id == "range" and len(x.args) < 3):
        return ast.Subscript(x, ast.Slice(None, None, ast.Constant(-1)), ast.Load())
    start, stop = x.args if len(x.args) == 2 else (ast.Constant(0), x.args[0])
    one = ast.Constant(1)
    return ast.Call(x.func, [ast.BinOp(stop, ast.Sub(), one), ast.BinOp(start, ast.Sub(), one), ast.Constant(-1)], [])

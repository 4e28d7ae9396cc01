"""From a function to its syntax tree, and from a changed tree back to a function.

The new function has the old one's globals, closure cells, defaults and names, and its lines are the user's:
tracebacks, debuggers and coverage show the source that was written. Trees are read from `linecache`, so that
notebooks, doctests and sources registered there are found as files are.
"""

import __future__

import ast
import functools
import itertools
import linecache
import operator
import types
from typing import Any

from interp.errors import NoSource

Function = ast.FunctionDef | ast.Lambda
RUNTIME = "__interp__"
"""The free variable through which generated code reaches what its tier offers."""


@functools.lru_cache(maxsize=256)
def _module(filename: str, text: str) -> dict[int, list[Function]]:
    """The functions of a source file by the line at which their code starts."""
    functions: dict[int, list[Function]] = {}
    for node in ast.walk(ast.parse(text, filename)):
        if isinstance(node, ast.FunctionDef):
            line = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            functions.setdefault(line, []).append(node)
        elif isinstance(node, ast.Lambda):
            functions.setdefault(node.lineno, []).append(node)
    return functions


def tree_of(function: types.FunctionType) -> Function:
    """A copy of the definition of a function, to be changed. Raises `NoSource` where there is none, or another one."""
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)
    if not lines:
        raise NoSource(_no_source(function, "its source cannot be read"))
    try:
        candidates = _module(code.co_filename, "".join(lines)).get(code.co_firstlineno, [])
    except SyntaxError:
        raise NoSource(_no_source(function, "its source is no Python file")) from None
    fitting = [node for node in candidates if _fits(node, code)]
    if not fitting:
        raise NoSource(_no_source(function, "its source has changed since it was imported, or was generated"))
    # Of nested lambdas the innermost: its instructions stand within the outer one too.
    copied: Function = _copied(fitting[-1])
    return copied


def _copied(node: Any) -> Any:
    if isinstance(node, list):
        return [_copied(part) for part in node]
    if not isinstance(node, ast.AST):
        return node
    return type(node)(**{name: _copied(part) for name, part in node.__dict__.items()})


def _fits(node: Function, code: types.CodeType) -> bool:
    a = node.args
    names = [arg.arg for arg in (*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg) if arg]
    known = [_unmangled(name) for name in code.co_varnames[: len(names)]]
    if list(map(_unmangled, names)) != known:
        return False
    if isinstance(node, ast.FunctionDef):
        return node.name == code.co_name or code.co_name.endswith(node.name)
    if code.co_name != "<lambda>":
        return False
    # Of several lambdas on a line, the one within whose body all the code's instructions stand.
    body = node.body
    spans = [p for p in code.co_positions() if None not in p and p[2:] != (0, 0)]
    start, end = (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)
    return bool(spans) and all((p[0], p[2]) >= start and (p[1], p[3]) <= end for p in spans)


def _unmangled(name: str) -> str:
    return name[name.index("__") :] if name.startswith("_") and "__" in name[1:] else name


def _no_source(function: Any, why: str) -> str:
    return (
        f"{function.__qualname__} cannot be converted: {why}. Define it in a file, a notebook or a module, "
        "not by exec or eval"
    )


class Template:
    """A changed definition, compiled: it makes the function anew for each closure over the same code."""

    def __init__(self, function: types.FunctionType, definition: Function) -> None:
        original = function.__code__
        inner = _bare(definition)
        body: ast.stmt = inner
        owner = class_of(original)
        if owner:  # private names (self.__x) mean what they mean in the class's own body
            body = ast.ClassDef(name=owner, bases=[], keywords=[], body=[inner], decorator_list=[])
            body.type_params = []  # type: ignore[attr-defined]
        free = dict.fromkeys((*original.co_freevars, RUNTIME))
        # The definition binds no name here: where it names itself, that is the user's global or free variable.
        named = owner or inner.name
        unbound = [] if named in free else [ast.Global([named])]
        factory = ast.FunctionDef(
            name="factory",
            args=ast.arguments(
                posonlyargs=[], args=[ast.arg(name) for name in free], kwonlyargs=[], kw_defaults=[], defaults=[]
            ),
            body=[*unbound, body],
            decorator_list=[],
        )
        factory.type_params = []  # type: ignore[attr-defined]
        for node in (body, factory, *unbound):
            ast.copy_location(node, inner)
        flags = original.co_flags & _FUTURE
        module = ast.fix_missing_locations(ast.Module([factory], []))
        code = compile(module, original.co_filename, "exec", flags, dont_inherit=True)
        for _ in range(3 if owner else 2):
            (code,) = (c for c in code.co_consts if isinstance(c, types.CodeType))
        self.code = _renamed(code, code.co_qualname, original.co_qualname).replace(co_name=original.co_name)

    def function(self, like: types.FunctionType, runtime: Any) -> types.FunctionType:
        """The new function over the closure, globals and defaults of ``like``."""
        cells = dict(zip(like.__code__.co_freevars, like.__closure__ or (), strict=True))
        cells[RUNTIME] = types.CellType(runtime)
        closure = tuple([cells[name] for name in self.code.co_freevars])
        new = types.FunctionType(self.code, like.__globals__, like.__name__, like.__defaults__, closure)
        new.__kwdefaults__ = like.__kwdefaults__
        new.__qualname__, new.__module__, new.__doc__ = like.__qualname__, like.__module__, like.__doc__
        new.__annotations__ = like.__annotations__
        new.__dict__.update(like.__dict__)
        return new


def is_source_of(definition: Function, function: types.FunctionType) -> bool:
    """True if the definition compiles to the code that the function runs; false of a file edited since its import.

    Tools that rewrite code as it is imported (pytest its ``assert``) leave names that no source can have.
    """
    return _alike(Template(function, definition).code, function.__code__)


def _alike(new: types.CodeType, old: types.CodeType) -> bool:
    if any(name.startswith("@") for name in (*old.co_varnames, *old.co_names)):
        return True
    return _words(new) == _words(old)


def _words(code: types.CodeType) -> set[str]:
    """Names and numbers of a code and of what is defined in it."""
    found = {*code.co_names, *code.co_varnames} - {RUNTIME}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= _words(constant)
        elif isinstance(constant, int | float | complex):
            found.add(repr(constant))
    return found


_FUTURE = functools.reduce(operator.or_, (getattr(__future__, n).compiler_flag for n in __future__.all_feature_names))


def _bare(definition: Function) -> ast.FunctionDef:
    """The definition without what was evaluated where it stands: decorators, defaults and annotations."""
    a = definition.args
    positional, either, keyword = (
        [_unannotated(arg) for arg in args] for args in (a.posonlyargs, a.args, a.kwonlyargs)
    )
    arguments = ast.arguments(
        posonlyargs=positional,
        args=either,
        vararg=a.vararg and _unannotated(a.vararg),
        kwonlyargs=keyword,
        kw_defaults=[None] * len(keyword),
        kwarg=a.kwarg and _unannotated(a.kwarg),
        defaults=[],
    )
    if isinstance(definition, ast.Lambda):
        result = ast.copy_location(ast.Return(definition.body), definition.body)
        bare = ast.FunctionDef(name="function", args=arguments, body=[result], decorator_list=[])
    else:
        bare = ast.FunctionDef(name=definition.name, args=arguments, body=definition.body, decorator_list=[])
    bare.type_params = []  # type: ignore[attr-defined]
    return ast.copy_location(bare, definition)


def _unannotated(arg: ast.arg) -> ast.arg:
    return ast.copy_location(ast.arg(arg.arg), arg)


def _renamed(code: types.CodeType, old: str, new: str) -> types.CodeType:
    """The code, and what is defined in it, under the qualified names of the original."""
    qualified = new + code.co_qualname.removeprefix(old)
    consts = tuple(
        _renamed(c, old, new) if isinstance(c, types.CodeType) else qualified if c == code.co_qualname else c
        for c in code.co_consts  # the code of a class has its qualified name as a constant
    )
    return code.replace(co_consts=consts, co_qualname=qualified)


def class_of(code: types.CodeType) -> str:
    """The nearest class in whose body the function stands, at any depth; empty outside of classes."""
    path = code.co_qualname.split(".")
    for name, inside in reversed(list(itertools.pairwise(path))):
        if name != "<locals>" and inside != "<locals>":
            return name
    return ""

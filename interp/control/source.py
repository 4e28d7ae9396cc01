"""From a function to its syntax tree, and from a changed tree back to a function.

The new function has the old one's globals, closure cells, defaults and names, and its lines are the user's:
tracebacks, debuggers and coverage show the source that was written. Trees are read from `linecache`, so that
notebooks, doctests and sources registered there are found as files are.
"""

import ast
import functools
import linecache
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
    copied: Function = _copied(fitting[0])
    return copied


def _copied(node: Any) -> Any:
    if isinstance(node, list):
        return [_copied(part) for part in node]
    if not isinstance(node, ast.AST):
        return node
    new = type(node)()
    for name, part in node.__dict__.items():
        setattr(new, name, _copied(part))
    return new


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
    # Of several lambdas on a line, the one whose body the code's instructions come from.
    body = node.body
    spans = {p for p in code.co_positions() if None not in p}
    start, end = (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)
    return any((p[0], p[2]) == start and (p[1], p[3]) == end for p in spans)


def _unmangled(name: str) -> str:
    return name[name.index("__") :] if name.startswith("_") and "__" in name[1:] else name


def _no_source(function: Any, why: str) -> str:
    return (
        f"{function.__qualname__} cannot be converted: {why}. Define it in a file, a notebook or a module, "
        "not by exec or eval"
    )


class Template:
    """A changed definition, compiled: it makes the function anew for each closure over the same code."""

    def __init__(self, function: types.FunctionType, definition: ast.FunctionDef) -> None:
        original = function.__code__
        self.free = tuple(dict.fromkeys((*original.co_freevars, RUNTIME)))
        definition = _Mangled(_class_of(original)).visit(definition)
        factory = ast.FunctionDef(
            name="factory",
            args=ast.arguments(
                posonlyargs=[], args=[ast.arg(name) for name in self.free], kwonlyargs=[], kw_defaults=[], defaults=[]
            ),
            body=[definition, ast.Return(ast.Name(definition.name, ast.Load()))],
            decorator_list=[],
            type_params=[],
        )
        module = ast.Module([ast.copy_location(factory, definition)], [])
        compiled = compile(ast.fix_missing_locations(module), original.co_filename, "exec", dont_inherit=True)
        (outer,) = _codes(compiled, "factory")
        (code,) = _codes(outer, definition.name)
        self.code = code.replace(co_name=original.co_name, co_qualname=original.co_qualname)

    def function(self, like: types.FunctionType, runtime: Any) -> types.FunctionType:
        """The new function over the closure, globals and defaults of ``like``."""
        cells = dict(zip(like.__code__.co_freevars, like.__closure__ or (), strict=True))
        cells[RUNTIME] = types.CellType(runtime)
        closure = tuple(cells[name] for name in self.code.co_freevars)
        new = types.FunctionType(self.code, like.__globals__, like.__name__, like.__defaults__, closure)
        new.__kwdefaults__ = like.__kwdefaults__
        new.__qualname__, new.__module__, new.__doc__ = like.__qualname__, like.__module__, like.__doc__
        new.__dict__.update(like.__dict__)
        return new


def _codes(code: types.CodeType, name: str) -> list[types.CodeType]:
    return [c for c in code.co_consts if isinstance(c, types.CodeType) and c.co_name == name]


def _class_of(code: types.CodeType) -> str:
    """The class whose body a method stands in, for its private names; empty outside of classes."""
    outer = code.co_qualname.split(".")[:-1]
    return outer[-1].lstrip("_") if outer and outer[-1] != "<locals>" else ""


class _Mangled(ast.NodeTransformer):
    """Private names (``self.__x``) as the class's own body would compile them."""

    def __init__(self, owner: str) -> None:
        self.owner = owner

    def visit(self, node: ast.AST) -> Any:
        return super().visit(node) if self.owner else node

    def _name(self, name: str) -> str:
        private = name.startswith("__") and not name.endswith("__")
        return f"_{self.owner}{name}" if private else name

    def visit_Name(self, node: ast.Name) -> Any:
        return ast.copy_location(ast.Name(self._name(node.id), node.ctx), node)

    def visit_arg(self, node: ast.arg) -> Any:
        return ast.copy_location(ast.arg(self._name(node.arg)), node)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        value = self.visit(node.value)
        return ast.copy_location(ast.Attribute(value, self._name(node.attr), node.ctx), node)

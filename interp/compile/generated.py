"""Pieces of syntax trees, and functions made of them."""

import ast
from collections.abc import Sequence
from typing import Any


def name(of: str) -> ast.expr:
    """The value of a name."""
    return ast.Name(of, ast.Load())


def call(of: str, *arguments: ast.expr) -> ast.expr:
    """``of(*arguments)``"""
    return ast.Call(name(of), list(arguments), [])


def attribute(of: ast.expr, named: str) -> ast.expr:
    """``of.named``"""
    return ast.Attribute(of, named, ast.Load())


def item(of: ast.expr, i: int) -> ast.expr:
    """``of[i]``"""
    return ast.Subscript(of, ast.Constant(i), ast.Load())


def tuple_of(parts: list[ast.expr]) -> ast.expr:
    """``(*parts,)``"""
    return ast.Tuple(parts, ast.Load())


def tuple_like(cls: Any, parts: list[ast.expr], namespace: dict[str, Any]) -> ast.expr:
    """``(*parts,)``, as the named tuple ``cls`` if that is one."""
    if not hasattr(cls, "_fields"):
        return tuple_of(parts)
    key = f"record{len(namespace)}"
    namespace[key] = cls
    return call(key, *parts)


def function(
    parameters: Sequence[str],
    returned: ast.expr,
    namespace: dict[str, Any],
    body: Sequence[ast.stmt] = (),
    named: str = "generated",
) -> Any:
    """A Python function of these parameters: ``body``, then ``return returned``; its globals are ``namespace``."""
    arguments = ast.arguments([], [ast.arg(p) for p in parameters], None, [], [], None, [])
    tree = ast.FunctionDef(named, arguments, [*body, ast.Return(returned)], [], None)
    module = ast.fix_missing_locations(ast.Module([tree], []))
    scope = {"__name__": __name__, **namespace}  # Numba's cache asks for the module by name
    exec(compile(module, f"<{named}>", "exec"), scope)
    scope[named].tree = tree  # the source, for native code
    return scope[named]


def assign(target: str, value: ast.expr) -> ast.stmt:
    """``target = value``"""
    return ast.Assign([ast.Name(target, ast.Store())], value)


def at(of: ast.expr, positions: Sequence[ast.expr]) -> ast.expr:
    """``of[i, j]``"""
    return ast.Subscript(of, positions[0] if len(positions) == 1 else tuple_of(list(positions)), ast.Load())


def put(of: ast.expr, positions: Sequence[ast.expr], value: ast.expr) -> ast.stmt:
    """``of[i, j] = value``"""
    place = ast.Subscript(of, positions[0] if len(positions) == 1 else tuple_of(list(positions)), ast.Store())
    return ast.Assign([place], value)


def length(of: ast.expr, axis: int) -> ast.expr:
    """``of.shape[axis]``"""
    return item(attribute(of, "shape"), axis)


def loops(indices: Sequence[str], lengths: Sequence[ast.expr], body: list[ast.stmt]) -> list[ast.stmt]:
    """``for i in range(n): for j in range(m): body``"""
    for index, n in zip(reversed(indices), reversed(lengths), strict=True):
        body = [ast.For(ast.Name(index, ast.Store()), call("range", n), body, [])]
    return body

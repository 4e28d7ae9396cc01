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
    scope = dict(namespace)
    exec(compile(module, f"<{named}>", "exec"), scope)
    return scope[named]

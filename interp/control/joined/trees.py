"""Small pieces of syntax tree, from which generated code is put together."""

import ast
from typing import Any

from interp.control.source import RUNTIME


def load(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def offered(name: str) -> ast.Attribute:
    return ast.Attribute(load(RUNTIME), name, ast.Load())


def ask(name: str, *args: Any) -> ast.Call:
    return ast.Call(offered(name), list(args), [])


def constant(value: Any) -> ast.Constant:
    return ast.Constant(value)


def assign(name: str, value: Any) -> ast.Assign:
    return ast.Assign([ast.Name(name, ast.Store())], value)


def named(name: str, args: ast.arguments, body: list[Any], at: Any) -> ast.FunctionDef:
    made = ast.FunctionDef(name=name, args=args, body=body, decorator_list=[], returns=None)
    made.type_params = []  # type: ignore[attr-defined]
    return ast.copy_location(made, at)


def no_arguments(*names: str) -> ast.arguments:
    return ast.arguments(posonlyargs=[], args=[ast.arg(n) for n in names], kwonlyargs=[], kw_defaults=[], defaults=[])


def placed(made: Any, node: ast.AST) -> Any:
    """``made``, with the place of ``node`` wherever it has none."""
    for inner in ast.walk(made):
        if isinstance(inner, ast.stmt | ast.expr | ast.arg | ast.keyword) and not hasattr(inner, "lineno"):
            ast.copy_location(inner, node)
    return made

"""The recorded program of a function: run on nodes, swept backwards, one plain Python function of payloads.

As the adjoint, it is compiled like any other function, for whatever payloads arrive.
"""

import ast
import types as python_types
from collections.abc import Callable, Sequence
from typing import Any

from interp.compile import generated as g
from interp.compile.arguments import is_compiled, is_constant, leaves_of
from interp.compile.tape import sweep
from interp.value import shape_of

_PARTS = (
    "changed",
    "cleared",
    "finish",
    "gradient",
    "length",
    "lifted",
    "outcome",
    "owned",
    "seed",
    "start",
    "witness",
)


def recorded(
    function: Callable[..., Any], like: Sequence[Any], varying: Sequence[bool], result: Any, strong: bool
) -> python_types.FunctionType:
    """``(*leaves, *cotangents) -> (result, after, changed, gradients)``.

    ``like`` are arguments of the function, ``varying`` tells which of their leaves get a gradient, ``result`` has the
    structure of the result: nested tuples, None for anything else. ``after`` are the arrays among the leaves as the
    function left them; ``changed`` tells of the varying ones whether it stored into them. The cotangents are those
    of the results and of the varying arrays as they were left; an empty array stands for zeros.
    """
    namespace: dict[str, Any] = {part: getattr(sweep, part) for part in _PARTS}
    namespace |= {"f": function, "sweep": sweep.SWEEPS[strong]}
    leaves = [f"a{i}" for i in range(len(varying))]
    lifted = [f"x{i}" for i in range(len(varying))]
    cotangents: list[str] = []
    waiting = iter(lifted)

    def argument(x: Any) -> ast.expr:
        if isinstance(x, tuple):
            parts = [argument(part) for part in x]
            return g.tuple_like(type(x), parts, namespace)
        if is_constant(x):
            key = f"constant{len(namespace)}"
            namespace[key] = x.native_callee if is_compiled(x) else x
            return g.name(key)
        return g.name(next(waiting))

    def cotangent(x: Any) -> ast.expr:
        if isinstance(x, tuple):
            return g.tuple_of([cotangent(part) for part in x])
        cotangents.append(f"c{len(cotangents)}")
        return g.name(cotangents[-1])

    arguments = [argument(x) for x in like]
    of_result = cotangent(result)
    inputs = [(f"n{i}", f"a{i}", f"x{i}") for i, varies in enumerate(varying) if varies]
    arrays = [i for i, leaf in enumerate(leaves_of(like)) if shape_of(leaf)]
    stored = [i for i in arrays if varying[i]]
    parameters = [*leaves, *cotangents, *(f"s{i}" for i in stored)]
    node, held, first = g.name("node"), g.name("held"), g.name("first")

    body = [
        g.assign("node", g.call("witness", g.tuple_of([g.name(p) for p in parameters]))),
        g.assign("first", ast.Constant(1)),
    ]
    for start, a, _ in inputs:
        body.append(g.assign(start, first))
        body.append(g.assign("first", ast.BinOp(first, ast.Add(), g.call("length", g.name(a)))))
    count = ast.BinOp(first, ast.Sub(), ast.Constant(1))
    body.append(ast.Expr(g.call("start", node, count)))
    for i, varies in enumerate(varying):
        leaf = g.name(f"a{i}")
        argued = g.call("lifted", node, leaf, g.name(f"n{i}")) if varies else g.call("owned", leaf)
        body.append(g.assign(f"x{i}", argued))
    body.append(g.assign("result", g.call("f", *arguments)))
    body.append(g.assign("held", g.call("cleared", node)))
    body.append(ast.Expr(g.call("seed", node, held, g.name("result"), of_result)))
    body += [ast.Expr(g.call("seed", node, held, g.name(f"x{i}"), g.name(f"s{i}"))) for i in stored]
    body.append(ast.Expr(g.call("sweep", node, held, count)))
    gradients = [g.call("gradient", node, held, g.name(a), g.name(start)) for start, a, _ in inputs]
    body.append(g.assign("gradients", g.tuple_of(gradients)))
    body.append(ast.Expr(g.call("finish", node)))
    returned = [
        g.call("outcome", g.name("result")),
        g.tuple_of([g.call("outcome", g.name(f"x{i}")) for i in arrays]),
        g.tuple_of([g.call("changed", g.name(f"x{i}"), g.name(f"n{i}")) for i in stored]),
        g.name("gradients"),
    ]
    name = getattr(function, "__name__", "f")
    named = f"recorded_{name}" if name.isidentifier() else "recorded_lambda"
    made: python_types.FunctionType = g.function(parameters, g.tuple_of(returned), namespace, body, named=named)
    return made

"""Native loops of a scalar function over arrays: the programs of a vectorized function.

Of a scalar function, of the types of its operands and of its result for their elements three programs follow: one
makes the arrays of results, one fills them, and one does both. A result is a number, or a tuple of results.
"""

import ast
from collections.abc import Callable, Sequence
from typing import Any

from numba.core import types

from interp.compile import generated as g
from interp.compile.arrays import elements_of, empty_of, indices_of, joint, joint_shape, native
from interp.compile.values import ndim_of


def arrays(operands: Sequence[types.Type], made: types.Type) -> Any:
    """``f(*operands)``: arrays for the results, in the structure of the result, not filled."""
    ndim, names = max(map(ndim_of, operands)), _names(operands)
    namespace: dict[str, Any] = {"joint": native(joint)}

    def empty(typ: types.Type) -> ast.expr:
        if not isinstance(typ, types.BaseTuple):
            key = f"empty{len(namespace)}"
            namespace[key] = native(empty_of(typ, ndim))
            return g.call(key, g.name("shape"))
        parts = [empty(t) for t in typ]
        return g.tuple_like(getattr(typ, "instance_class", None), parts, namespace)

    shape = g.assign("shape", joint_shape(names, operands))
    return native(g.function(names, empty(made), namespace, [shape], named="arrays"))


def filling(scalar: Any, operands: Sequence[types.Type], made: types.Type) -> Any:
    """``f(outs, *operands)``: stores what ``scalar`` returns for each element into the flat tuple ``outs``."""
    names, indices = _names(operands), indices_of(max(map(ndim_of, operands)))
    outs = [f"out{i}" for i in range(len(results(made)))]
    first = [g.assign(out, g.item(g.name("outs"), i)) for i, out in enumerate(outs)]
    body = [g.assign("result", g.call("scalar", *elements_of(names, operands, indices)))]
    for out, part in zip(outs, parts_of(made, g.name("result")), strict=True):
        body.append(g.put(g.name(out), [g.name(i) for i in indices], part))
    lengths = [g.length(g.name("out0"), axis) for axis in range(len(indices))]
    statements = [*first, *g.loops(indices, lengths, body)]
    return native(g.function(["outs", *names], ast.Constant(None), {"scalar": scalar}, statements, named="filling"))


def loop(scalar: Any, operands: Sequence[types.Type], made: types.Type, names: Sequence[str] = ()) -> Any:
    """``f(*operands)``: the results. ``names``: those of the parameters."""
    names = names or _names(operands)
    namespace = {"arrays": arrays(operands, made), "fill": filling(scalar, operands, made)}
    given = [g.name(x) for x in names]
    statements = [
        g.assign("made", g.call("arrays", *given)),
        ast.Expr(g.call("fill", g.tuple_of(parts_of(made, g.name("made"))), *given)),
    ]
    return g.function(names, g.name("made"), namespace, statements, named="loop")


def callee(name: str, parameters: Sequence[str], typed: Callable[..., Any]) -> tuple[Any, Any]:
    """A function that native code calls, and what chooses its body: of numbers the scalar function, of arrays its loop.

    ``typed(operands)`` gives the scalar function and the type of its result.
    """
    given = [g.name(p) for p in parameters]

    def chosen(*operands: types.Type) -> Any:
        scalar, made = typed(operands)
        if not max(map(ndim_of, operands), default=0):
            return g.function(parameters, g.call("scalar", *given), {"scalar": scalar})
        return loop(scalar, operands, made, parameters)

    stub = g.function(parameters, ast.Constant(None), {}, named=name)
    return stub, g.function(parameters, g.call("chosen", *given), {"chosen": chosen})


def results(made: types.Type) -> list[types.Type]:
    """Types of the numbers in a result."""
    return [t for part in made for t in results(part)] if isinstance(made, types.BaseTuple) else [made]


def parts_of(made: types.Type, at: ast.expr) -> list[ast.expr]:
    """Expressions of the numbers in a result."""
    if not isinstance(made, types.BaseTuple):
        return [at]
    return [found for i, part in enumerate(made) for found in parts_of(part, g.item(at, i))]


def _names(operands: Sequence[types.Type]) -> list[str]:
    return [f"x{i}" for i in range(len(operands))]

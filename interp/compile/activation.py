"""Activations within native code: the level of a transform that native code itself takes.

A native level is a rank, known while types are inferred: one above the ranks of all that the function can see, which
is its arguments and what it captured. So nested derivatives cannot confuse their perturbations, as in the eager tier,
where every activation draws a level above all drawn before. A transform lifts its inputs to values of that level
(`lifting`), runs the function, and takes out of the results what carries it (`carries`).
"""

import ast
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from numba.core import types
from numba.core.datamodel import models, register_default
from numba.extending import intrinsic

from interp.compile import generated as g
from interp.compile.arrays import assembled
from interp.compile.closures import Bound
from interp.compile.values import ValueType
from interp.value import Value

PRODUCTS = "all"
"""Which products of slopes and tangents are strong: no second run can settle a NaN that is met within native code."""


class Level(types.Type):
    """Type of a level of native code's own: its rank."""

    def __init__(self, rank: int) -> None:
        self.rank = rank
        super().__init__(f"level({rank})")


register_default(Level)(models.OpaqueModel)


@intrinsic
def fresh(typingctx: Any, function: types.Type, args: types.Type) -> Any:
    """A level above those of all values that ``function`` can see in a call with these arguments."""
    made = Level(1 + max(_ranks((function, args)), default=-1))
    return made(function, args), lambda context, builder, sig, args: context.get_dummy_value()


def _ranks(seen: Sequence[types.Type]) -> Iterator[int]:
    for typ in seen:
        if isinstance(typ, ValueType):
            yield typ.rank
            yield from _ranks(typ.components)
        elif isinstance(typ, types.BaseTuple):
            yield from _ranks(tuple(typ))
        elif isinstance(typ, Bound):
            yield from _ranks(typ.held)
        elif isinstance(typ, types.Optional):
            yield from _ranks((typ.type,))
        elif isinstance(typ, types.List):
            yield from _ranks((typ.dtype,))


@functools.cache
def lifting(cls: type[Value]) -> Any:
    """Native function ``lift(level, components)``: a value of ``cls`` at that level, of a tuple of components."""

    @intrinsic
    def lift(typingctx: Any, level: types.Type, components: types.Type) -> Any:
        if not isinstance(level, Level) or not isinstance(components, types.BaseTuple):
            return None
        made = ValueType(cls, level.rank, tuple(map(types.unliteral, components)), PRODUCTS)

        def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return assembled(context, builder, made, components, args[1])

        return made(level, components), lower

    return lift


def carries(typ: types.Type, level: Level) -> bool:
    """True of values of that level."""
    return isinstance(typ, ValueType) and typ.rank == level.rank


class Expression:
    """An expression that an overload is writing, and the objects that its free names stand for."""

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {}

    def call(self, function: Any, *arguments: ast.expr) -> ast.expr:
        return g.call(self.named(function), *arguments)

    def named(self, x: Any) -> str:
        key = f"c{len(self.namespace)}"
        self.namespace[key] = x
        return key

    def mapped(self, change: Callable[..., ast.expr], typ: types.Type, *at: ast.expr) -> ast.expr:
        """``change`` of each leaf of nested tuples, and of what lies at the same place in others like it."""
        if not isinstance(typ, types.BaseTuple):
            return change(typ, *at)
        parts = [self.mapped(change, part, *(g.item(x, i) for x in at)) for i, part in enumerate(typ)]
        return g.tuple_like(getattr(typ, "instance_class", None), parts, self.namespace)

    def function(self, parameters: list[str], returned: ast.expr) -> Any:
        return g.function(parameters, returned, self.namespace)

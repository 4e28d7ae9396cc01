"""Native values around values that have no struct: a `Dual` whose number is a `Tape`, as in the gradient of a tangent.

Such a call is made of the function's own components instead: the outer values are taken apart into records, tuples
of their components, native code puts them together around whatever the components have become, and hands records
back. To the values within, that is one more compiled function of numbers and tuples, and when they leave room for
values around others in their turn, it is taken apart again: `Apart.depth` tells the two apart.
"""

import functools
from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any

from numba.core import types

from interp.compile import generated as g
from interp.compile.arguments import mapped, tuple_of, values_in
from interp.compile.arrays import maker
from interp.compile.rebinding import overloaded
from interp.compile.values import ValueType
from interp.value import Value

_TOP, _STEP = 1_000_000, 1_000
"""What was taken apart first is outermost, and has the highest ranks; all are above those of ordinary calls."""


PRODUCTS = "all"
"""Which products are strong: all, for a NaN in what is recorded is not seen here, and no second run can settle it."""


class Apart:
    """How the values of one depth are taken apart and put together; ``_STEP`` levels have room at each."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.ranks = range(_TOP - _STEP * depth, _TOP - _STEP * (depth - 1))
        self._records: dict[tuple[type, int], Any] = {}
        self.put_together, self.take_apart = self._natives()

    def record(self, cls: type[Value], rank: int) -> Any:
        """The class of tuples that stand for values of ``cls`` at ``rank``."""
        if (cls, rank) not in self._records:
            self._records[cls, rank] = namedtuple(cls.__name__, cls.components)
            self._records[cls, rank].stands_for = cls, rank
        return self._records[cls, rank]

    def value_of(self, x: Any) -> tuple[type[Value], int] | None:
        """The class and rank that a record, or a class of records, stands for."""
        stands_for: Any = getattr(x, "stands_for", None)
        return stands_for if stands_for is not None and stands_for[1] in self.ranks else None

    def _type_together(self, typ: types.Type) -> types.Type:
        value = self.value_of(getattr(typ, "instance_class", None))
        return typ if value is None else ValueType(*value, tuple(map(self._type_together, typ)), PRODUCTS)

    def _natives(self) -> tuple[Any, Any]:
        def put_together(x: Any) -> Any:
            raise NotImplementedError("native code only")

        def take_apart(x: Any) -> Any:
            raise NotImplementedError("native code only")

        @overloaded(put_together)
        def _(x: Any) -> Any:
            if not isinstance(x, types.BaseTuple):
                return lambda x: x
            parts = [g.call("inner", g.item(g.name("x"), i)) for i in range(len(x))]
            whole = self._type_together(x)
            if isinstance(whole, ValueType):
                return g.function(
                    ["x"], g.call("make", g.tuple_of(parts)), {"inner": put_together, "make": maker(whole)}
                )
            return _tuple_like(x, parts, put_together)

        @overloaded(take_apart)
        def _(x: Any) -> Any:
            if isinstance(x, ValueType) and x.rank in self.ranks:
                parts = [g.call("inner", g.attribute(g.name("x"), c)) for c in x.cls.components]
                return g.function(
                    ["x"], g.call("record", *parts), {"inner": take_apart, "record": self.record(x.cls, x.rank)}
                )
            if isinstance(x, types.BaseTuple):
                return _tuple_like(x, [g.call("inner", g.item(g.name("x"), i)) for i in range(len(x))], take_apart)
            return lambda x: x

        return put_together, take_apart


@functools.cache
def at_depth(depth: int) -> Apart:
    """The `Apart` of that depth, one for all functions."""
    return Apart(depth)


def _tuple_like(typ: types.BaseTuple, parts: list[Any], inner: Callable[[Any], Any]) -> Any:
    namespace: dict[str, Any] = {"inner": inner}
    return g.function(["x"], g.tuple_like(getattr(typ, "instance_class", None), parts, namespace), namespace)


def of_components(f: Callable[..., Any], arity: int) -> Any:
    """``f`` as a function of records."""
    depth = getattr(f, "depth", -1) + 1
    kind = at_depth(depth)
    names = [f"x{i}" for i in range(arity)]
    result = g.call("f", *(g.call("together", g.name(n)) for n in names))
    namespace = {"f": f, "together": kind.put_together, "apart": kind.take_apart}
    made = g.function(names, g.call("apart", result), namespace, named=getattr(f, "__name__", "f"))
    made.depth = depth
    return made


def through(compiled: Any, args: Sequence[Any], innermost: int) -> Any:
    """Call ``compiled``, made of `of_components`, with the values above level ``innermost`` taken apart."""
    kind = at_depth(compiled.function.depth)
    around = [v for x in args for v in values_in(x) if v.level > innermost]
    ranks = dict(zip(sorted({v.level for v in around}), kind.ranks, strict=False))
    templates = {(type(v), ranks[v.level]): v for v in around}

    def apart(x: Any) -> Any:
        if isinstance(x, Value) and x.level > innermost:
            return kind.record(type(x), ranks[x.level])(*(apart(getattr(x, c)) for c in x.components))
        return x

    def together(x: Any) -> Any:
        if not isinstance(x, tuple):
            return x
        value = kind.value_of(x)
        parts = [together(part) for part in x]
        return tuple_of(parts, x) if value is None else templates[value].rebuild(*parts).leave_native()

    return together(compiled(*(mapped(apart, x) for x in args)))

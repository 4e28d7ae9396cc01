"""Rules that native code cannot take as they are written, unrolled by running them once on symbols.

A rule over ``*operands`` that loops over them, makes linear maps or asks for classes is plain Python, decided by
the types alone. Run on operands whose numbers are `Symbol`s it computes nothing and leaves a straight line of
scalar primitives, which is compiled in its place. Symbols are a backend like any other, so the rules of inner
values unroll with it. What depends on a number's value (a branch, ``float(x)``) cannot be unrolled and raises
`Untraceable`.
"""

import ast
from collections.abc import Callable
from typing import Any

import numpy as np
from numba.core import types

from interp import backends
from interp import level as levels
from interp.compile import generated as g
from interp.compile.directions import Directions, entry_of, of_entries, sum_of_products
from interp.compile.values import ValueType
from interp.errors import InterpError
from interp.primitive import COUNTERPARTS, Elementwise, Predicate, Primitive
from interp.protocols.operators import BINARY, COMPARISONS, UNARY
from interp.value import Value
from interp.vocabulary.creation import held
from interp.vocabulary.shape import where


class Untraceable(InterpError, TypeError):
    """A rule asks for more of a number than its type."""


_UNCHANGED = frozenset({"copy", "broadcast_to", "reshape", "positive", "conj"})
"""Primitives that leave a scalar as it is."""


class Symbol:
    """A number that native code will know: what is done to it is written down."""

    __slots__ = ("expression", "line")

    def __init__(self, expression: ast.expr, line: "Line") -> None:
        self.expression, self.line = expression, line

    def __bool__(self) -> bool:
        raise Untraceable("the rule branches on a number")

    __float__ = __int__ = __complex__ = __index__ = __bool__

    def sum_of_products(self, pairs: list[tuple[Any, Any]]) -> "Symbol":
        """The sum of the products of real numbers, in one statement."""
        factors = [self.line.written(x) for pair in pairs for x in pair]
        return self.line.named("sum_of_products", sum_of_products, [g.tuple_of(factors)])

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return self._counterpart(ufunc, method != "__call__")(*inputs, **kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return self._counterpart(function)(*args, **kwargs)

    def _counterpart(self, function: Any, unknown: bool = False) -> Any:
        if unknown or function not in COUNTERPARTS:
            raise Untraceable(f"{function.__name__} is no primitive")
        return COUNTERPARTS[function]


class Entries:
    """A component whose leading axis holds coefficients (`Value.series`), taken apart: a number or value each."""

    def __init__(self, parts: list[Any]) -> None:
        self.parts = parts

    def __len__(self) -> int:
        return len(self.parts)

    def __iter__(self) -> Any:
        return iter(self.parts)

    def joined(self, parts: list[Any], like: Any) -> "Entries":
        """Such a component of other numbers, or values as ``like``; None stands for zero."""
        return Entries([held(0.0 if part is None else part, like) for part in parts])


class Line:
    """The statements so far, and the names that they use."""

    def __init__(self) -> None:
        self.statements: list[ast.stmt] = []
        self.namespace: dict[str, Any] = {}

    def record(self, primitive: Primitive, *operands: Any, **params: Any) -> Any:
        """A symbol for what the primitive makes of these."""
        if primitive.name in _UNCHANGED:
            return operands[0]
        if params or not (isinstance(primitive, Elementwise | Predicate) or primitive is where):
            raise Untraceable(f"the rule calls {primitive.name}, which has no meaning on one number")
        return self.named(primitive.name, primitive, [self.written(x) for x in operands])

    def named(self, function_name: str, function: Any, arguments: list[ast.expr]) -> Symbol:
        """A name of its own for a call."""
        name = f"s{len(self.statements)}"
        self.namespace[function_name] = function
        self.statements.append(g.assign(name, g.call(function_name, *arguments)))
        return Symbol(g.name(name), self)

    def written(self, x: Any) -> ast.expr:
        """A number as an expression."""
        if isinstance(x, Symbol):
            return x.expression
        if isinstance(x, bool | int | float | np.number | np.bool_):
            return ast.Constant(x.item() if isinstance(x, np.generic) else x)
        raise Untraceable(f"the rule makes a {type(x).__name__} of a number")


def _recording(primitive: Primitive) -> Callable[..., Any]:
    def implementation(*operands: Any, **params: Any) -> Any:
        line = next(x.line for x in operands if isinstance(x, Symbol))
        return line.record(primitive, *operands, **params)

    return implementation


backends.register(
    backends.Backend(
        "native code", rank=9, claims=lambda cls: cls is Symbol, implementation=_recording, namespace=lambda: np
    )
)


def _binary(primitive: Primitive, reflected: bool = False) -> Callable[[Any, Any], Any]:
    def operate(x: Any, y: Any) -> Any:
        if not backends.known(type(y)) or y is None:
            return NotImplemented
        return primitive(y, x) if reflected else primitive(x, y)

    return operate


for _name, _primitive in {**BINARY, **COMPARISONS}.items():
    setattr(Symbol, f"__{_name}__", _binary(_primitive))
    if _name in BINARY or _name in ("and", "or", "xor"):
        setattr(Symbol, f"__r{_name}__", _binary(_primitive, reflected=True))
for _name, _function in UNARY.items():
    setattr(Symbol, f"__{_name}__", lambda x, function=_function: function(x))


def size_of(typ: types.Type) -> int:
    """Number of coefficients that a component of this type holds."""
    if isinstance(typ, ValueType):
        return size_of(typ.payload)
    if not isinstance(typ, Directions):
        raise Untraceable(f"a component of type {typ} holds no series of numbers")
    return typ.size


def traced(function: Callable[..., Any], operands: tuple[types.Type, ...]) -> Callable[..., Any]:
    """``function`` unrolled for scalar operands of these types. Raises `Untraceable`, or what the rule raises."""
    line = Line()
    homes: dict[tuple[type, int], ast.expr] = {}

    def symbolic(typ: types.Type, at: ast.expr) -> Any:
        if not isinstance(typ, ValueType):
            return Symbol(at, line)
        value: Any = object.__new__(typ.cls)
        value.level = (typ.rank + 1) * levels.STRIDE
        homes.setdefault((typ.cls, value.level), at)
        for part, component in zip(typ.cls.components, typ.components, strict=True):
            is_series = part in typ.cls.series
            setattr(value, part, (entries if is_series else symbolic)(component, g.attribute(at, part)))
        return value

    def entries(typ: types.Type, at: ast.expr) -> Entries:
        return Entries([entry(typ, at, i) for i in range(size_of(typ))])

    def entry(typ: types.Type, at: ast.expr, i: int) -> Any:
        if isinstance(typ, ValueType):
            value: Any = object.__new__(typ.cls)
            value.level = (typ.rank + 1) * levels.STRIDE
            for part, component in zip(typ.cls.components, typ.components, strict=True):
                setattr(value, part, entry(component, g.attribute(at, part), i))
            return value
        return line.named("entry_of", entry_of, [at, ast.Constant(i)])

    def joined(parts: list[Any]) -> ast.expr:
        if isinstance(parts[0], Value):
            components = [joined([getattr(x, c) for x in parts]) for c in parts[0].components]
            return ast.Call(g.attribute(home_of(parts[0]), "rebuild"), components, [])
        line.namespace["of_entries"] = of_entries
        return g.call("of_entries", g.tuple_of([written(x) for x in parts]))

    def home_of(x: Value) -> ast.expr:
        home = homes.get((type(x), x.level))
        if home is None:
            raise Untraceable(f"the rule returns a {type(x).__name__} of its own making")
        return home

    def written(x: Any) -> ast.expr:
        if isinstance(x, Entries):
            return joined(x.parts)
        if not isinstance(x, Value):
            return line.written(x)
        return ast.Call(g.attribute(home_of(x), "rebuild"), [written(getattr(x, part)) for part in x.components], [])

    names = [f"x{i}" for i in range(len(operands))]
    result = function(*(symbolic(t, g.name(name)) for t, name in zip(operands, names, strict=True)))
    parts = [written(part) for part in result] if isinstance(result, tuple) else None
    returned = g.tuple_of(parts) if parts is not None else written(result)
    return g.function(names, returned, line.namespace, line.statements, named="traced")

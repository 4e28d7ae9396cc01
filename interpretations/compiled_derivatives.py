"""Derivatives that native code takes itself: what `grad`, `jacfwd`, `jvp` and the others do in a compiled function.

Forward mode, as in the eager tier: the numbers that are differentiated become Duals of a level above everything that
the function can see, one direction each, and what comes back is read. The bodies at the end say so in plain Python;
the words that they use look at native types, tuples within tuples included.
"""

import ast
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numba.core import types

from interp.compile import generated as g
from interp.compile.activation import Level, carries, fresh, value_at
from interp.compile.arrays import caster, data_of, maker
from interp.compile.bundles import Bundle, bundled, entry_at
from interp.compile.closures import bind, refuse
from interp.compile.directions import Directions, DirectionsArray, of_entries
from interp.compile.rebinding import overloaded
from interp.compile.values import ValueType, ndim_of
from interpretations.dual import Dual


class _Writing:
    """An expression of native code in the making: the objects that its free names stand for."""

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


def _leaves(typ: types.Type) -> list[types.Type]:
    return [leaf for part in typ for leaf in _leaves(part)] if isinstance(typ, types.BaseTuple) else [typ]


def _number(typ: types.Type) -> types.Type:
    """The innermost type."""
    while isinstance(typ, ValueType):
        typ = typ.payload
    return typ.dtype if isinstance(typ, types.Array) else types.unliteral(typ)


# -- lifting


def _payload(typ: types.Type) -> types.Type:
    """Type of what varies in place of a leaf of this type: integers become floats."""
    number = _number(typ)
    if isinstance(number, types.Complex):
        raise refuse("derivatives are taken with respect to real inputs: pass the real and the imaginary part")
    if not isinstance(number, types.Integer | types.Boolean | types.Float):
        raise refuse(f"a derivative with respect to a {typ}, which is no number")
    return types.float64 if isinstance(typ, types.Integer | types.Boolean) else typ


def _dual(w: _Writing, level: Level, payload: types.Type, x: ast.expr, of: types.Type, tangent: ast.expr) -> ast.expr:
    """A Dual of ``level``, given the types of its number and of its tangent."""
    made = maker(value_at(level, Dual, (payload, of)))
    return w.call(made, g.tuple_of([w.call(caster(payload), x), tangent]))


def _unit(w: _Writing, payload: types.Type, direction: int, count: int) -> tuple[types.Type, ast.expr]:
    """The tangent of a number that moves in one of several directions, and its type before it."""
    entries: list[ast.expr] = [ast.Constant(float(direction == i)) for i in range(count)]
    if payload == types.float64 and count > 1:
        return Directions(count), w.call(of_entries, g.tuple_of(entries))
    numbers = [w.call(caster(payload), entry) for entry in entries]
    if count == 1:
        return payload, numbers[0]
    return Bundle(payload, count), w.call(bundled, g.tuple_of(numbers))


class _Places:
    """Which arguments are differentiated."""

    def __init__(self, argnums: Any) -> None:
        self.argnums = argnums
        self.single = isinstance(argnums, int)
        if not self.single and not (isinstance(argnums, tuple) and all(isinstance(i, int) for i in argnums)):
            raise refuse(f"argnums={argnums!r}: it is an integer, or a tuple of integers")

    def among(self, args: Sequence[types.Type]) -> list[int]:
        """Their positions."""
        positions = (self.argnums,) if self.single else self.argnums
        if not all(-len(args) <= position < len(args) for position in positions):
            raise refuse(f"argnums={self.argnums}, but the function was called with {len(args)} positional arguments")
        return [position % len(args) for position in positions]


@functools.cache
def _lifting(argnums: Any) -> Any:
    """``lift(level, args)``: the arguments with Duals in place of the numbers that are differentiated."""
    places = _Places(argnums)

    def lift(level: Any, args: Any) -> Any:
        raise NotImplementedError("native code only")

    @overloaded(lift)
    def _(level: Any, args: Any) -> Any:
        w, positions = _Writing(), places.among(args)
        count, direction = sum(len(_leaves(args[i])) for i in positions), iter(range(1000))

        def moved(typ: types.Type, x: ast.expr) -> ast.expr:
            if ndim_of(typ):
                raise refuse(
                    "a derivative with respect to an array has no native code within a compiled function: "
                    "pass a tuple of its elements"
                )
            payload = _payload(typ)
            return _dual(w, level, payload, x, *_unit(w, payload, next(direction), count))

        given = {i: g.item(g.name("args"), i) for i in range(len(args))}
        moving = {i: w.mapped(moved, args[i], given[i]) for i in positions}
        return w.function(["level", "args"], g.tuple_of(list({**given, **moving}.values())))

    return lift


def along(level: Any, primals: Any, tangents: Any) -> Any:
    """``primals`` as Duals with these tangents, nested tuples of the same structure."""
    raise NotImplementedError("native code only")


@overloaded(along)
def _along(level: Any, primals: Any, tangents: Any) -> Any:
    w = _Writing()
    if not isinstance(primals, types.BaseTuple) or not isinstance(tangents, types.BaseTuple):
        raise refuse("jvp(f, primals, tangents): both are tuples with one entry an argument, jvp(f, (x,), (v,))")

    def moved(pair: Any, at: ast.expr, by: ast.expr) -> ast.expr:
        typ, of = pair
        if isinstance(typ, types.BaseTuple) and isinstance(of, types.BaseTuple) and len(typ) == len(of):
            parts = [moved(p, g.item(at, i), g.item(by, i)) for i, p in enumerate(zip(typ, of, strict=True))]
            return g.tuple_like(getattr(typ, "instance_class", None), parts, w.namespace)
        if isinstance(typ, types.BaseTuple) or isinstance(of, types.BaseTuple) or ndim_of(typ) != ndim_of(of):
            raise refuse("the tangents have another structure than the primals")
        if ndim_of(typ):
            raise refuse("`jvp` along an array has no native code within a compiled function: pass tuples of numbers")
        tangent = _payload(of)
        return _dual(w, level, _payload(typ), at, tangent, w.call(caster(tangent), by))

    return w.function(["level", "primals", "tangents"], moved((primals, tangents), g.name("primals"), g.name("tangents")))


# -- reading


def value_of(level: Any, out: Any) -> Any:
    """A result taken out of ``level``."""
    raise NotImplementedError("native code only")


@overloaded(value_of)
def _value_of(level: Any, out: Any) -> Any:
    w = _Writing()

    def value(typ: types.Type, x: ast.expr) -> ast.expr:
        return g.attribute(x, "value") if carries(typ, level) else x

    return w.function(["level", "out"], w.mapped(value, out, g.name("out")))


def tangent_of(level: Any, out: Any) -> Any:
    """The tangent of each number of a result, zero of what does not move."""
    raise NotImplementedError("native code only")


@overloaded(tangent_of)
def _tangent_of(level: Any, out: Any) -> Any:
    w = _Writing()
    return w.function(["level", "out"], w.mapped(lambda t, x: _column(w, level, t, x, 0, 1), out, g.name("out")))


@functools.cache
def _reading(argnums: Any) -> Any:
    """``columns(level, out, args)``: for each number of a result its derivatives, in the structure of the arguments."""
    places = _Places(argnums)

    def columns(level: Any, out: Any, args: Any) -> Any:
        raise NotImplementedError("native code only")

    @overloaded(columns)
    def _(level: Any, out: Any, args: Any) -> Any:
        w, positions = _Writing(), places.among(args)
        count = sum(len(_leaves(args[i])) for i in positions)

        def row(typ: types.Type, x: ast.expr) -> ast.expr:
            direction = iter(range(count))
            parts = [w.mapped(lambda _: _column(w, level, typ, x, next(direction), count), args[i]) for i in positions]
            return parts[0] if places.single else g.tuple_of(parts)

        return w.function(["level", "out", "args"], w.mapped(row, out, g.name("out")))

    return columns


def _column(w: _Writing, level: Level, typ: types.Type, out: ast.expr, direction: int, count: int) -> ast.expr:
    """The derivative of a number, or of an array of them, in one of several directions."""
    _refuse_no_numbers(typ)
    if not carries(typ, level):
        shape = g.call(w.named(np.zeros), g.attribute(out, "shape"))
        return shape if ndim_of(typ) else w.call(caster(_payload(typ)), ast.Constant(0.0))
    tangent = g.attribute(out, "tangent")
    if count == 1:
        return tangent
    if isinstance(typ.component("tangent"), DirectionsArray):
        return g.at(w.call(data_of, tangent), [ast.Constant(...), ast.Constant(direction)])
    return w.call(entry_at, tangent, ast.Constant(direction))


def _refuse_no_numbers(typ: types.Type) -> None:
    number = _number(typ)
    if not isinstance(number, types.Number | types.Boolean):
        raise refuse(f"the function that is differentiated returns a {typ}, which is neither a number nor a tuple of them")


def one_number(out: Any) -> Any:
    """``out``, which has to be one real number."""
    raise NotImplementedError("native code only")


@overloaded(one_number)
def _one_number(out: Any) -> Any:
    if isinstance(out, types.BaseTuple) or ndim_of(out):
        found = "a tuple" if isinstance(out, types.BaseTuple) else "an array"
        raise refuse(f"grad needs a function that returns one number, not {found}: use jacfwd, or sum the output")
    if isinstance(_number(out), types.Complex):
        raise refuse("grad needs a real output, got a complex one: use jacfwd, or take its real and imaginary parts")
    return lambda out: out


# -- the bodies


def value_and_gradient(argnums: Any = 0) -> Callable[..., Any]:
    """Of `interpretations.value_and_grad`."""
    lift, columns = _lifting(argnums), _reading(argnums)

    def body(f: Any, *args: Any) -> Any:
        level = fresh(f, args)
        out = one_number(f(*lift(level, args)))
        return value_of(level, out), columns(level, out, args)

    return body


def gradient(argnums: Any = 0) -> Callable[..., Any]:
    """Of `interpretations.grad`."""
    lift, columns = _lifting(argnums), _reading(argnums)

    def body(f: Any, *args: Any) -> Any:
        level = fresh(f, args)
        return columns(level, one_number(f(*lift(level, args))), args)

    return body


def jacobian(argnums: Any = 0) -> Callable[..., Any]:
    """Of `interpretations.jacfwd` and ``jacrev``."""
    lift, columns = _lifting(argnums), _reading(argnums)

    def body(f: Any, *args: Any) -> Any:
        level = fresh(f, args)
        return columns(level, f(*lift(level, args)), args)

    return body


def hessian(argnums: Any = 0) -> Callable[..., Any]:
    """Of `interpretations.hessian`."""
    outer, inner = jacobian(argnums), gradient(argnums)

    def body(f: Any, *args: Any) -> Any:
        return outer(bind(inner, f), *args)

    return body


def jvp(f: Any, primals: Any, tangents: Any) -> Any:
    """Of `interpretations.jvp`."""
    level = fresh(f, (primals, tangents))
    out = f(*along(level, primals, tangents))
    return value_of(level, out), tangent_of(level, out)

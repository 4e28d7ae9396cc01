"""Derivatives that native code takes itself: what `grad`, `jacfwd`, `jvp` and the others do in a compiled function.

Forward mode, as in the eager tier: the numbers that are differentiated become Duals of a level above everything that
the function can see, one direction each, and what comes back is read. The bodies at the end say so in plain Python;
the words that they use look at native types, tuples within tuples included.
"""

import ast
import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.core.imputils import impl_ret_borrowed, lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic

from interp.compile import generated as g
from interp.compile.activation import Expression, Level, carries, fresh, lifting
from interp.compile.arrays import caster, data_of
from interp.compile.bundles import bundled, entry_at
from interp.compile.closures import Bound, bind, held_by, refuse, unbound
from interp.compile.directions import DirectionsArray, of_entries
from interp.compile.rebinding import KNOWN, OPTIONS, overloaded
from interp.compile.values import ValueType, ndim_of
from interp.errors import ShapeError
from interp.vocabulary.control import stop_gradient
from interpretations.dual import Dual


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


_lift = lifting(Dual)


def _unit(w: Expression, payload: types.Type, direction: int, count: int) -> ast.expr:
    """The tangent of a number that moves in one of several directions."""
    entries: list[ast.expr] = [ast.Constant(float(direction == i)) for i in range(count)]
    if payload == types.float64 and count > 1:
        return w.call(of_entries, g.tuple_of(entries))
    numbers = [w.call(caster(payload), entry) for entry in entries]
    return numbers[0] if count == 1 else w.call(bundled, g.tuple_of(numbers))


def _positions(argnums: Any, args: Sequence[types.Type]) -> list[int]:
    """Of the arguments that are differentiated."""
    positions = argnums if isinstance(argnums, tuple) else (argnums,)
    if not all(isinstance(position, int) for position in positions):
        raise refuse(f"argnums={argnums!r}: it is an integer, or a tuple of integers")
    if not all(-len(args) <= position < len(args) for position in positions):
        raise refuse(f"argnums={argnums}, but the function was called with {len(args)} positional arguments")
    found = [position % len(args) for position in positions]
    if len(set(found)) < len(found):
        raise refuse(f"argnums={argnums} names one of {len(args)} arguments twice")
    return found


@functools.cache
def _lifting(argnums: Any) -> Any:
    """``lift(level, args)``: the arguments with Duals in place of the numbers that are differentiated."""

    def lift(level: Any, args: Any) -> Any:
        raise NotImplementedError("native code only")

    @overloaded(lift)
    def _(level: Any, args: Any) -> Any:
        w, positions = Expression(), _positions(argnums, args)
        count, direction = sum(len(_leaves(args[i])) for i in positions), itertools.count()

        def moved(typ: types.Type, x: ast.expr) -> ast.expr:
            if ndim_of(typ):
                raise refuse(
                    "a derivative with respect to an array in a tuple has no native code within a compiled function: "
                    "pass the array as an argument"
                )
            payload = _payload(typ)
            parts = [w.call(caster(payload), x), _unit(w, payload, next(direction), count)]
            return w.call(_lift, g.name("level"), g.tuple_of(parts))

        given = {i: g.item(g.name("args"), i) for i in range(len(args))}
        moving = {i: w.mapped(moved, args[i], given[i]) for i in positions}
        return w.function(["level", "args"], g.tuple_of(list({**given, **moving}.values())))

    return lift


def varying_copy(x: Any) -> Any:
    """An array of its own, of floats."""
    raise NotImplementedError("native code only")


@overloaded(varying_copy)
def _varying_copy(x: Any) -> Any:
    _payload(x)
    return (lambda x: np.copy(x)) if isinstance(_number(x), types.Float) else lambda x: x * 1.0


def tangent_copy(x: Any, t: Any) -> Any:
    """A copy of the tangent ``t`` of an array ``x``."""
    raise NotImplementedError("native code only")


@overloaded(tangent_copy)
def _tangent_copy(x: Any, t: Any) -> Any:
    def checked(x: Any, t: Any) -> Any:
        if x.shape != t.shape:
            raise ShapeError("a tangent of another shape than its primal")
        return varying_copy(t)

    return checked


def along(level: Any, primals: Any, tangents: Any) -> Any:
    """``primals`` as Duals with these tangents, nested tuples of the same structure."""
    raise NotImplementedError("native code only")


@overloaded(along)
def _along(level: Any, primals: Any, tangents: Any) -> Any:
    w = Expression()
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
            parts = [w.call(varying_copy, at), w.call(tangent_copy, at, by)]
        else:
            parts = [w.call(caster(_payload(typ)), at), w.call(caster(_payload(of)), by)]
        return w.call(_lift, g.name("level"), g.tuple_of(parts))

    return w.function(
        ["level", "primals", "tangents"], moved((primals, tangents), g.name("primals"), g.name("tangents"))
    )


# -- reading


def value_of(level: Any, out: Any) -> Any:
    """A result taken out of ``level``."""
    raise NotImplementedError("native code only")


@overloaded(value_of)
def _value_of(level: Any, out: Any) -> Any:
    w = Expression()

    def value(typ: types.Type, x: ast.expr) -> ast.expr:
        return g.attribute(x, "value") if carries(typ, level) else x

    return w.function(["level", "out"], w.mapped(value, out, g.name("out")))


def tangent_of(level: Any, out: Any) -> Any:
    """The tangent of each number of a result, zero of what does not move."""
    raise NotImplementedError("native code only")


@overloaded(tangent_of)
def _tangent_of(level: Any, out: Any) -> Any:
    w = Expression()
    return w.function(["level", "out"], w.mapped(lambda t, x: _column(w, level, t, x, 0, 1), out, g.name("out")))


@functools.cache
def _reading(argnums: Any) -> Any:
    """``columns(level, out, args)``: for each number of a result its derivatives, in the structure of the arguments."""

    def columns(level: Any, out: Any, args: Any) -> Any:
        raise NotImplementedError("native code only")

    @overloaded(columns)
    def _(level: Any, out: Any, args: Any) -> Any:
        w, positions = Expression(), _positions(argnums, args)
        count = sum(len(_leaves(args[i])) for i in positions)

        def row(typ: types.Type, x: ast.expr) -> ast.expr:
            direction = iter(range(count))
            parts = [w.mapped(lambda _: _column(w, level, typ, x, next(direction), count), args[i]) for i in positions]
            return g.tuple_of(parts) if isinstance(argnums, tuple) else parts[0]

        return w.function(["level", "out", "args"], w.mapped(row, out, g.name("out")))

    return columns


def _column(w: Expression, level: Level, typ: types.Type, out: ast.expr, direction: int, count: int) -> ast.expr:
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
    if isinstance(typ, types.Optional | types.NoneType):
        raise refuse("the function that is differentiated returns None on some path")
    if not isinstance(_number(typ), types.Number | types.Boolean):
        raise refuse(
            f"the function that is differentiated returns a {typ}: it returns numbers, arrays and tuples of them"
        )


def _checked() -> Any:
    """``checked(f, *args)``: the result of a function that has to return one number."""

    def checked(f: Any, *args: Any) -> Any:
        return one_number(f(*args))

    return checked


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


def one_result(out: Any) -> None:
    """Refuse tuples."""
    raise NotImplementedError("native code only")


@overloaded(one_result)
def _one_result(out: Any) -> Any:
    if isinstance(out, types.BaseTuple):
        raise refuse("derivatives of a tuple with respect to an array: take those of each of its parts")
    return lambda out: None


# -- arrays: an element at a time


def own(args: Any) -> Any:
    """The arguments with copies in place of arrays: a function may store into them in every run."""
    raise NotImplementedError("native code only")


@overloaded(own)
def _own(args: Any) -> Any:
    w = Expression()
    return w.function(["args"], _copied(w, args, g.name("args")))


def _copied(w: Expression, typ: types.Type, x: ast.expr) -> ast.expr:
    def copied(typ: types.Type, x: ast.expr) -> ast.expr:
        if isinstance(typ, Bound):
            return w.call(own_function, x)
        return w.call(np.copy, x) if ndim_of(typ) else x

    return w.mapped(copied, typ, x)


def own_function(f: Any) -> Any:
    """``f`` with copies in place of the arrays that it captured: it may store into them in every run."""
    raise NotImplementedError("native code only")


KNOWN.add(own_function)


@infer_global(own_function)
class _OwnFunction(AbstractTemplate):
    """Itself where it captured no arrays: Numba makes something else of a function that another returns."""

    key = own_function

    def generic(self, args: Any, kws: Any) -> Any:
        (f,) = args
        if not _captures_arrays(f):
            return signature(f, f)
        return signature(types.Dispatcher(_copying(f)).get_call_type(self.context, args, {}).return_type, f)


@lower_builtin(own_function, types.Callable)
def _lower_own_function(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    (f,) = sig.args
    if not _captures_arrays(f):
        return impl_ret_borrowed(context, builder, f, args[0])
    copying = types.Dispatcher(_copying(f))
    return context.get_function(copying, copying.get_call_type(context.typing_context, sig.args, {}))(builder, args)


@functools.cache
def _copying(f: Bound) -> Any:
    """Native function that makes one like ``f`` with arrays of its own."""
    w = Expression()
    held = [_copied(w, typ, w.call(held_by(i), g.name("f"))) for i, typ in enumerate(f.held)]
    copying = w.function(["f"], w.call(bind, w.call(unbound, g.name("f")), *held))
    return numba.njit(**OPTIONS)(copying)


def _captures_arrays(f: types.Type) -> bool:
    return isinstance(f, Bound) and any(ndim_of(typ) for typ in _captured(f))


def _captured(f: Bound) -> Iterator[types.Type]:
    for leaf in itertools.chain.from_iterable(map(_leaves, f.held)):
        yield from _captured(leaf) if isinstance(leaf, Bound) else (leaf,)


@functools.cache
def spared(argnums: Any) -> Any:
    """``spare(args)``: copies of the arrays that are differentiated: stores into them are not the caller's."""

    def spare(args: Any) -> Any:
        raise NotImplementedError("native code only")

    @overloaded(spare)
    def _(args: Any) -> Any:
        w, positions = Expression(), _positions(argnums, args)
        given = [g.item(g.name("args"), i) for i in range(len(args))]
        return w.function(
            ["args"],
            g.tuple_of([_copied(w, args[i], x) if i in positions else x for i, x in enumerate(given)]),
        )

    return spare


@functools.cache
def _by_element(position: int) -> Any:
    """``lift(level, args, i)``: the arguments, the array at ``position`` moving along its element ``i``."""

    def lift(level: Any, args: Any, i: Any) -> Any:
        raise NotImplementedError("native code only")

    @overloaded(lift)
    def _(level: Any, args: Any, i: Any) -> Any:
        w = Expression()
        given = [g.item(g.name("args"), k) for k in range(len(args))]
        x = given[position]
        given[position] = w.call(
            _lift, g.name("level"), g.tuple_of([w.call(varying_copy, x), w.call(unit_array, x, g.name("i"))])
        )
        return w.function(["level", "args", "i"], g.tuple_of(given))

    return lift


def unit_array(x: Any, i: Any) -> Any:
    """Zeros like the array ``x``, with 1 at its element ``i``."""
    raise NotImplementedError("native code only")


@overloaded(unit_array)
def _unit_array(x: Any, i: Any) -> Any:
    dtype = np.float32 if _number(x) == types.float32 else np.float64

    def made(x: Any, i: Any) -> Any:
        unit = np.zeros(x.size, dtype)
        unit[i] = 1.0
        return unit.reshape(x.shape)

    return made


def _choice(among: Callable[[types.Type], bool]) -> Any:
    """``choose(x, one, other)``: ``one`` if the type of ``x`` says so."""

    @intrinsic
    def choose(typingctx: Any, x: types.Type, one: types.Type, other: types.Type) -> Any:
        chosen = among(x)
        return (one if chosen else other)(x, one, other), lambda c, b, sig, args: args[1 if chosen else 2]

    return choose


_if_array = _choice(lambda typ: ndim_of(typ) > 0)


def _by_elements(argnums: Any) -> Any:
    """``slopes(f, args)``: derivatives with respect to arguments of which some are arrays."""
    if isinstance(argnums, tuple):
        # all but the last on copies: what the function stores is stored once
        namespace = {f"part{i}": _derivative(argnum) for i, argnum in enumerate(argnums)}
        apart = [g.call("own_function", g.name("f")), g.call("own", g.name("args"))]
        whole = [g.name("f"), g.call("spare", g.name("args"))]
        last = len(argnums) - 1
        parts = [g.call(part, *(whole if i == last else apart)) for i, part in enumerate(namespace)]
        words = {"own_function": own_function, "own": own, "spare": spared(argnums)}
        return g.function(["f", "args"], g.tuple_of(parts), {**namespace, **words}, named="slopes")
    lift, spare = _by_element(argnums), spared(argnums)

    def of_number(f: Any, args: Any, out: Any) -> Any:
        one_result(out)
        level, x = fresh(f, args), args[argnums]
        slopes = np.zeros(x.size)
        for i in range(x.size):
            slopes[i] = tangent_of(level, own_function(f)(*lift(level, own(args), i)))
        return slopes.reshape(x.shape)

    def of_array(f: Any, args: Any, out: Any) -> Any:
        level, x = fresh(f, args), args[argnums]
        slopes = np.zeros((out.size, x.size))
        for i in range(x.size):
            slopes[:, i] = tangent_of(level, own_function(f)(*lift(level, own(args), i))).reshape(out.size)
        return slopes.reshape(out.shape + x.shape)

    def slopes(f: Any, args: Any) -> Any:
        unmoved, before = own_function(f), own(args)
        out = f(*spare(args))
        return _if_array(out, of_array, of_number)(unmoved, before, out)

    return slopes


def _derivative(argnums: Any) -> Any:
    """``derivative(f, args)``, whatever is among the arguments."""
    lift, columns = _lifting(argnums), _reading(argnums)
    choose = _choice(lambda args: any(ndim_of(args[i]) for i in _positions(argnums, args)))
    by_elements = _by_elements(argnums)

    def at_once(f: Any, args: Any) -> Any:
        level = fresh(f, args)
        return columns(level, f(*lift(level, args)), args)

    def derivative(f: Any, args: Any) -> Any:
        return choose(args, by_elements, at_once)(f, args)

    return derivative


# -- the bodies


def jacobian(argnums: Any = 0) -> Callable[..., Any]:
    """Of `interpretations.jacfwd` and ``jacrev``."""
    derivative = _derivative(argnums)

    def body(f: Any, *args: Any) -> Any:
        return derivative(f, args)

    return body


def gradient(argnums: Any = 0) -> Callable[..., Any]:
    """Of `interpretations.grad`."""
    derivative, checked = _derivative(argnums), _checked()

    def body(f: Any, *args: Any) -> Any:
        return derivative(bind(checked, f), args)

    return body


def value_and_gradient(argnums: Any = 0) -> Callable[..., Any]:
    """Of `interpretations.value_and_grad`."""
    lift, columns = _lifting(argnums), _reading(argnums)
    choose = _choice(lambda args: any(ndim_of(args[i]) for i in _positions(argnums, args)))
    by_elements, checked, spare = _by_elements(argnums), _checked(), spared(argnums)

    def at_once(f: Any, args: Any) -> Any:
        level = fresh(f, args)
        out = f(*lift(level, args))
        return value_of(level, out), columns(level, out, args)

    def apart(f: Any, args: Any) -> Any:
        slopes = by_elements(own_function(f), own(args))
        return f(*spare(args)), slopes

    def body(f: Any, *args: Any) -> Any:
        return choose(args, apart, at_once)(bind(checked, f), args)

    return body


def hessian(argnums: Any = 0) -> Callable[..., Any]:
    """Of `interpretations.hessian`."""
    outer, inner = jacobian(argnums), gradient(argnums)

    def body(f: Any, *args: Any) -> Any:
        return outer(bind(inner, f), *args)

    return body


def stopped(x: Any) -> Any:
    """Of `interpretations.stop_gradient`, of a number or array."""
    return stop_gradient(x)


def jvp(f: Any, primals: Any, tangents: Any) -> Any:
    """Of `interpretations.jvp`."""
    level = fresh(f, (primals, tangents))
    out = f(*along(level, primals, tangents))
    return value_of(level, out), tangent_of(level, out)

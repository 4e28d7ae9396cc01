"""The way into native code and back: values are taken apart into numbers and arrays, and put together again.

A call is described by native types, one an argument. Two functions follow from them, both generated as ASTs: the
native *entry*, which takes the leaves of the arguments, makes structs of them and hands back the parts of the
result; and the Python *gate* around it, which finds the leaves and rebuilds values. Levels are renumbered to ranks
on the way in; on the way out a result takes the level of the argument whose rank it has.
"""

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from interp import rules
from interp.compile.arguments import is_compiled, is_constant, values_in
from interp.compile.arrays import data_of, maker
from interp.compile.directions import Directions, DirectionsArray, as_tuple, from_array
from interp.compile.generated import attribute, call, function, item, name, tuple_like, tuple_of
from interp.compile.rebinding import overloaded
from interp.compile.values import ValueType, ndim_of
from interp.errors import CompileError
from interp.value import Value, has_nan, shape_of

Path = tuple[Any, ...]
"""The way to a part of the arguments: position, then component names or positions in tuples."""


class Constant(types.Opaque):
    """A function passed as an argument: part of the version, no leaf."""

    def __init__(self, function: Any) -> None:
        self.function = function
        super().__init__(f"constant({function!r})")


def ranks_of(args: Sequence[Any]) -> dict[int, int]:
    """Levels among the arguments -> ranks from 0."""
    levels = sorted({v.level for x in args for v in values_in(x)})
    return {level: rank for rank, level in enumerate(levels)}


def products_for(args: Sequence[Any]) -> str:
    """Which products are strong (`interp.rules.products`): none where the gate can look for NaN and call again.

    It can if all values know strong zeros and the function can change none of its arguments.
    """
    values = [v for x in args for v in values_in(x)]
    again = values and all(v.strong_zeros for v in values) and not any(map(_may_change, args))
    return "none" if again else "singular"


def _may_change(x: Any) -> bool:
    """True of an argument into which a function may store."""
    if isinstance(x, tuple):
        return any(map(_may_change, x))
    return isinstance(x, np.ndarray | list | dict | set) or (isinstance(x, Value) and bool(x.shape))


def describe(x: Any, ranks: dict[int, int], extra: int = 0) -> types.Type:
    """Native type of an argument. ``extra``: axes of directions in front, as the tangents of a value have them."""
    if isinstance(x, Value):
        ndim = x.ndim - extra
        parts = (getattr(x, name) for name in x.components)
        components = tuple(describe(p, ranks, len(shape_of(p)) - ndim) for p in parts)
        return ValueType(type(x), ranks[x.level], components, rules.products)
    if extra:
        return _directions(x, extra)
    if isinstance(x, np.ndarray) and not x.shape:
        raise CompileError("an array without axes has no native code: pass x[()], the number")
    if isinstance(x, tuple):
        described = [describe(part, ranks) for part in x]
        return types.Tuple(described) if type(x) is tuple else types.NamedTuple(described, type(x))
    if is_constant(x):
        return Constant(x.native_callee if is_compiled(x) else x)
    try:
        return numba.typeof(x)
    except ValueError:
        raise CompileError(f"an argument of class {type(x).__name__} has no native type") from None


def _directions(x: Any, extra: int) -> types.Type:
    if extra > 1 or not isinstance(x, np.ndarray) or x.dtype != np.float64:
        raise CompileError(
            f"a component of type {getattr(x, 'dtype', type(x))} with axes of its own has no native code"
        )
    size, axes = x.shape[0], x.ndim - 1
    return (
        DirectionsArray(types.Array(types.float64, axes + 1, "A", not x.flags.writeable), size)
        if axes
        else Directions(size)
    )


# -- the entry


@intrinsic
def present(typingctx: Any, x: types.Type) -> Any:
    """What an optional result is when it is there."""
    if not isinstance(x, types.Optional):
        return None
    return x.type(x), lambda context, builder, sig, args: context.cast(builder, args[0], x, x.type)


def leave(x: Any) -> Any:
    """What native code hands back of ``x``: its parts, as nested tuples."""
    raise NotImplementedError("native code only")


@overloaded(leave)
def _leave(x: Any) -> Any:
    if isinstance(x, ValueType):
        parts = [call("leave", attribute(name("x"), c)) for c in x.cls.components]
        return function(["x"], tuple_of(parts), {"leave": leave})
    if isinstance(x, Directions):
        return lambda x: as_tuple(x)
    if isinstance(x, DirectionsArray):
        return lambda x: data_of(x)
    if isinstance(x, types.Optional):
        return lambda x: None if x is None else leave(present(x))
    if isinstance(x, types.BaseTuple):
        parts = [call("leave", item(name("x"), i)) for i in range(len(x))]
        return function(["x"], tuple_of(parts), {"leave": leave})
    return lambda x: x


def entry(native: Callable[[Any], Any], f: Any, arguments: Sequence[types.Type], options: dict[str, Any]) -> Any:
    """Native function of the arguments' leaves that calls ``f`` and hands back the parts of its result."""
    names: list[str] = []
    namespace: dict[str, Any] = {"f": f, "leave": leave, "from_array": from_array}

    def assembled(typ: types.Type) -> ast.expr:
        if isinstance(typ, Constant):
            key = f"constant{len(namespace)}"
            namespace[key] = native(typ.function)
            return name(key)
        if isinstance(typ, ValueType):
            key = f"make{len(namespace)}"
            namespace[key] = maker(typ)
            return call(key, tuple_of([assembled(c) for c in typ.components]))
        if isinstance(typ, types.BaseTuple):
            parts = [assembled(t) for t in typ]
            return tuple_like(getattr(typ, "instance_class", None), parts, namespace)
        names.append(f"a{len(names)}")
        leaf = name(names[-1])
        if isinstance(typ, Directions):
            return call("from_array", leaf, ast.Constant(typ.size))
        if isinstance(typ, DirectionsArray):
            key = f"make{len(namespace)}"
            namespace[key] = maker(typ)
            return call(key, leaf)
        return leaf

    result = call("f", *(assembled(t) for t in arguments))
    return numba.njit(**options)(function(names, call("leave", result), namespace))


def leaf_types(arguments: Sequence[types.Type]) -> list[types.Type]:
    """Native types of the entry's arguments."""
    found: list[types.Type] = []
    for typ in arguments:
        if isinstance(typ, ValueType | types.BaseTuple):
            found += leaf_types(typ.components if isinstance(typ, ValueType) else tuple(typ))
        elif isinstance(typ, Directions):
            found.append(types.Array(types.float64, 1, "A", readonly=True))
        elif isinstance(typ, DirectionsArray):
            found.append(typ.array)
        elif not isinstance(typ, Constant):
            found.append(typ)
    return found


def result_type(native: Callable[[Any], Any], f: Any, arguments: Sequence[types.Type]) -> types.Type:
    """What the function returns to the entry."""
    context = cpu_target.typing_context
    given = tuple(context.resolve_value_type(native(t.function)) if isinstance(t, Constant) else t for t in arguments)
    return types.Dispatcher(f).get_call_type(context, given, {}).return_type


# -- the gate


def gate(
    native_entry: Any,
    arguments: Sequence[types.Type],
    result: types.Type,
    settle: Callable[..., Any] | None,
    finished: bool = True,
) -> Callable[..., Any]:
    """Python function of the arguments that calls the entry and rebuilds its result.

    ``settle(*arguments)`` is asked for the result where a tangent comes back NaN, if the call can be made again;
    ``finished`` is False if the result is still to be filled, and so does not leave native code yet.
    """
    names = [f"x{i}" for i in range(len(arguments))]
    namespace: dict[str, Any] = {"entry": native_entry, "array": np.array, "has_nan": has_nan}
    of_rank: dict[int, ast.expr] = {}
    found: list[ast.expr] = []

    def visit(typ: types.Type, at: ast.expr) -> None:
        if isinstance(typ, ValueType):
            of_rank.setdefault(typ.rank, at)
            for part, component in zip(typ.cls.components, typ.components, strict=True):
                visit(component, attribute(at, part))
        elif isinstance(typ, types.BaseTuple):
            for i, part in enumerate(typ):
                visit(part, item(at, i))
        elif isinstance(typ, DirectionsArray):
            found.append(_transposed(at, [*range(1, typ.ndim + 1), 0]))
        elif not isinstance(typ, Constant):
            found.append(at)

    for argument, typ in zip(names, arguments, strict=True):
        visit(typ, name(argument))

    def rebuilt(typ: types.Type, parts: ast.expr) -> ast.expr:
        if isinstance(typ, ValueType):
            components = [rebuilt(c, item(parts, i)) for i, c in enumerate(typ.components)]
            made = ast.Call(attribute(of_rank[typ.rank], "rebuild"), components, [])
            return (
                made
                if typ.cls.leave_native is Value.leave_native or not finished
                else ast.Call(attribute(made, "leave_native"), [], [])
            )
        if isinstance(typ, types.Optional):
            missing = ast.Compare(parts, [ast.Is()], [ast.Constant(None)])
            return ast.IfExp(missing, ast.Constant(None), rebuilt(typ.type, parts))
        if isinstance(typ, Directions):
            return call("array", parts)
        if isinstance(typ, DirectionsArray):
            return _transposed(parts, [typ.ndim, *range(typ.ndim)])
        if isinstance(typ, types.BaseTuple) and _is_rebuilt(typ):
            members = [rebuilt(t, item(parts, i)) for i, t in enumerate(typ)]
            return tuple_like(getattr(typ, "instance_class", None), members, namespace)
        return parts

    handed_back = call("entry", *found)
    if not _is_rebuilt(result):
        return function(names, handed_back, namespace)
    body: list[ast.stmt] = [ast.Assign([ast.Name("parts", ast.Store())], handed_back)]
    spoiled = [] if settle is None or any(map(_has_arrays, arguments)) else list(_spoiled(result, name("parts")))
    if spoiled:
        namespace["settle"] = settle
        body.append(ast.If(_any(spoiled), [ast.Return(call("settle", *map(name, names)))], []))
    return function(names, rebuilt(result, name("parts")), namespace, body)


def _transposed(array: ast.expr, axes: list[int]) -> ast.expr:
    """``array.transpose(*axes)``: directions lead in the eager tier, and come last in native code."""
    return ast.Call(attribute(array, "transpose"), [ast.Constant(axis) for axis in axes], [])


def _spoiled(typ: types.Type, parts: ast.expr) -> Iterator[ast.expr]:
    """Tests for NaN in what may be 0 by a strong product: the components beside a number.

    Where products of singular primitives are strong already, only beside a number that is none of NaN.
    """
    if isinstance(typ, types.Optional):
        tests = list(_spoiled(typ.type, parts))
        if tests:
            present = ast.Compare(parts, [ast.IsNot()], [ast.Constant(None)])
            yield ast.BoolOp(ast.And(), [present, _any(tests)])
    if isinstance(typ, types.BaseTuple):
        for i, part in enumerate(typ):
            yield from _spoiled(part, item(parts, i))
    if isinstance(typ, ValueType) and typ.cls.strong_zeros:
        beside = _any([t for i in range(1, len(typ.components)) for t in _nans(typ.components[i], item(parts, i))])
        if typ.products == "none":
            yield beside
        elif not ndim_of(typ):
            first, number = item(parts, 0), typ.payload
            while isinstance(number, ValueType):
                first, number = item(first, 0), number.payload
            yield ast.BoolOp(ast.And(), [ast.Compare(first, [ast.Eq()], [first]), beside])
        yield from _spoiled(typ.payload, item(parts, 0))


def _nans(typ: types.Type, part: ast.expr) -> Iterator[ast.expr]:
    if isinstance(typ, ValueType):
        for i, component in enumerate(typ.components):
            yield from _nans(component, item(part, i))
    elif isinstance(typ, types.Float | Directions):
        number = call("sum", part) if isinstance(typ, Directions) else part
        yield ast.Compare(number, [ast.NotEq()], [number])
    elif isinstance(typ, types.Array | DirectionsArray):
        yield call("has_nan", part)


def _any(tests: list[ast.expr]) -> ast.expr:
    return ast.BoolOp(ast.Or(), [*tests, ast.Constant(False)])


def _has_arrays(typ: types.Type) -> bool:
    """True of arguments that the function may have changed."""
    if isinstance(typ, types.BaseTuple):
        return any(map(_has_arrays, typ))
    return isinstance(typ, types.Array | types.List) or (isinstance(typ, ValueType) and ndim_of(typ) > 0)


def _is_rebuilt(typ: types.Type) -> bool:
    """True if what the entry hands back, tuples of numbers and arrays, is not the result itself."""
    if isinstance(typ, types.BaseTuple):
        return isinstance(typ, types.BaseNamedTuple) or any(map(_is_rebuilt, typ))
    if isinstance(typ, types.Optional):
        return _is_rebuilt(typ.type)
    return isinstance(typ, ValueType | Directions | DirectionsArray)

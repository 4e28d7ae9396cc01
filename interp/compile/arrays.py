"""Arrays of values in native code: one array a component, as in the eager tier, and loops over elements.

An array of values is a `ValueType` whose components are arrays; tangents in several directions are `DirectionsArray`s.
Reading an element makes a scalar value, storing one writes each component (`elements`), so every scalar rule serves
arrays: elementwise calls are loops with NumPy's broadcasting.
"""

import ast
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic, overload, overload_attribute, overload_method

from interp.compile import generated as g
from interp.compile.directions import Directions, DirectionsArray
from interp.compile.elements import is_full, parts_of
from interp.compile.rebinding import OPTIONS, overloaded
from interp.compile.values import ValueType, array_of, element, is_array, ndim_of


def native(f: Any) -> Any:
    """A helper of this package as a native function."""
    return numba.njit(**OPTIONS)(f)


# -- making


def maker(typ: types.Type) -> Any:
    """Native function of a tuple of components (of the one array, for directions)."""

    @intrinsic
    def make(typingctx: Any, parts: types.Type) -> Any:
        def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            if not isinstance(typ, DirectionsArray):
                return assembled(context, builder, typ, sig.args[0], args[0])
            struct = cgutils.create_struct_proxy(typ)(context, builder)
            struct.data = context.cast(builder, args[0], sig.args[0], typ.array)
            return _held(context, builder, typ, struct)

        return typ(parts), lower

    return make


def assembled(context: Any, builder: Any, typ: ValueType, given: types.BaseTuple, parts: Any) -> Any:
    """Emit: the value of these components, a tuple of types ``given``."""
    struct = cgutils.create_struct_proxy(typ)(context, builder)
    for i, (part, wanted) in enumerate(zip(typ.cls.components, typ.components, strict=True)):
        setattr(struct, part, context.cast(builder, builder.extract_value(parts, i), given[i], wanted))
    return _held(context, builder, typ, struct)


def _held(context: Any, builder: Any, typ: types.Type, struct: Any) -> Any:
    made = struct._getvalue()
    if context.enable_nrt:
        context.nrt.incref(builder, typ, made)
    return made


@intrinsic
def data_of(typingctx: Any, x: types.Type) -> Any:
    """The array of float64 within an array of directions."""
    if not isinstance(x, DirectionsArray):
        return None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = cgutils.create_struct_proxy(x)(context, builder, value=args[0]).data
        context.nrt.incref(builder, x.array, data)
        return data

    return x.array(x), lower


def caster(typ: types.Type) -> Any:
    """Native function that converts to ``typ``."""

    @intrinsic
    def cast(typingctx: Any, x: types.Type) -> Any:
        if typingctx.can_convert(x, typ) is None:
            return None
        return typ(x), lambda context, builder, sig, args: context.cast(builder, args[0], sig.args[0], typ)

    return cast


def empty_of(typ: types.Type, ndim: int) -> Callable[..., Any]:
    """A function of a shape that makes an array for elements of ``typ``, not filled."""
    namespace: dict[str, Any] = {"empty": np.empty}

    def named(x: Any) -> str:
        key = f"c{len(namespace)}"
        namespace[key] = x
        return key

    def made(t: types.Type) -> ast.expr:
        if isinstance(t, ValueType):
            return g.call(named(maker(array_of(t, ndim))), g.tuple_of([made(c) for c in t.components]))
        if isinstance(t, Directions):
            shape = ast.BinOp(g.name("shape"), ast.Add(), g.tuple_of([ast.Constant(t.size)]))
            return g.call(named(maker(array_of(t, ndim))), g.call("empty", shape))
        return g.call("empty", g.name("shape"), g.name(named(np.dtype(str(t)).type)))

    return g.function(["shape"], made(typ), namespace, named="empty_of")


def elements_of(names: Sequence[str], operands: Sequence[types.Type], indices: Sequence[str]) -> list[ast.expr]:
    """Of each operand its element at these indices of the output; operands broadcast."""
    elements: list[ast.expr] = []
    for x, t in zip(names, operands, strict=True):
        n = ndim_of(t)
        positions: list[ast.expr] = []
        for axis, index in enumerate(indices[len(indices) - n :]):
            single = ast.Compare(g.length(g.name(x), axis), [ast.Eq()], [ast.Constant(1)])
            positions.append(ast.IfExp(single, ast.Constant(0), g.name(index)))
        elements.append(g.at(g.name(x), positions) if n else g.name(x))
    return elements


def indices_of(ndim: int) -> list[str]:
    """Names of the indices of that many axes."""
    return [f"i{axis}" for axis in range(ndim)]


def filling(scalar: Any, operands: tuple[types.Type, ...], ndim: int) -> Callable[..., Any]:
    """``f(out, *operands)`` that writes ``scalar(*elements)`` to every element of ``out``; operands broadcast."""
    names, indices = [f"x{i}" for i in range(len(operands))], indices_of(ndim)
    out = g.name("out")
    body = g.put(out, [g.name(i) for i in indices], g.call("scalar", *elements_of(names, operands, indices)))
    lengths = [g.length(out, axis) for axis in range(ndim)]
    statements = g.loops(indices, lengths, [body])
    return g.function(["out", *names], out, {"scalar": scalar}, statements, named="filling")


def joint_shape(names: Sequence[str], operands: Sequence[types.Type]) -> ast.expr:
    """The shape to which operands broadcast, in a namespace that has ``joint``."""
    ndim = max(map(ndim_of, operands))
    shape: list[ast.expr] = []
    for axis in range(ndim):
        lengths = [
            g.length(g.name(x), axis - ndim + ndim_of(t))
            for x, t in zip(names, operands, strict=True)
            if axis >= ndim - ndim_of(t)
        ]
        length = lengths[0]
        for other in lengths[1:]:
            length = g.call("joint", length, other)
        shape.append(length)
    return g.tuple_of(shape)


def looped(scalar: Any, operands: tuple[types.Type, ...], made: types.Type) -> Callable[..., Any]:
    """``f(*operands)``: an array of ``scalar(*elements)``, elements of type ``made``; operands broadcast."""
    ndim = max(map(ndim_of, operands))
    names = [f"x{i}" for i in range(len(operands))]
    namespace = {
        "joint": native(joint),
        "empty": native(empty_of(made, ndim)),
        "fill": native(filling(scalar, operands, ndim)),
    }
    returned = g.call("fill", g.call("empty", joint_shape(names, operands)), *map(g.name, names))
    return g.function(names, returned, namespace, named="looped")


def joint(n: int, m: int) -> int:
    """The common length of two axes."""
    if n == m or m == 1:
        return n
    if n == 1:
        return m
    raise ValueError("operands could not be broadcast together")


def _same(x: Any) -> Any:
    return x


def full_of(typ: types.Type, ndim: int) -> Callable[..., Any]:
    """A function of a shape and a number or value that makes an array filled with it, of elements of ``typ``."""
    empty = native(empty_of(typ, ndim))
    fill = native(filling(caster(typ), (typ,), ndim))
    return lambda shape, x: fill(empty(shape), x)


# -- stores through slices


@overload(operator.setitem, jit_options=OPTIONS, strict=False)
def _store(x: Any, index: Any, y: Any) -> Any:
    if not is_array(x) or is_full(x, index) or not ndim_of(y) <= ndim_of(x):
        return None
    parts = parts_of(index)
    if all(isinstance(p, types.Integer | types.SliceType | types.NoneType | types.EllipsisType) for p in parts):

        def through_view(x: Any, index: Any, y: Any) -> None:
            assign(x[index], y)

        return through_view
    if len(parts) > 1 or not isinstance(parts[0], types.Array) or ndim_of(y) > 1:
        return None  # these pick copies
    if ndim_of(y):
        return _store_one_by_one(x, parts[0])
    if isinstance(parts[0].dtype, types.Boolean) and parts[0].ndim == ndim_of(x):

        def where_true(x: Any, index: Any, y: Any) -> None:
            if index.shape != x.shape:
                raise IndexError("a mask of another shape than the array")
            for i in np.ndindex(x.shape):
                if index[i]:
                    x[i] = y

        return where_true
    if isinstance(parts[0].dtype, types.Integer) and parts[0].ndim == 1 == ndim_of(x):

        def at_positions(x: Any, index: Any, y: Any) -> None:
            for i in index:
                x[i] = y

        return at_positions
    return None


def _store_one_by_one(x: types.Type, index: types.Array) -> Any:
    """``x[index] = y`` of a vector ``y``, at an array of positions or a mask of one axis."""
    if ndim_of(x) != 1 or index.ndim != 1:
        return None
    if isinstance(index.dtype, types.Boolean):

        def where_true(x: Any, index: Any, y: Any) -> None:
            x[np.nonzero(index)[0]] = y

        return where_true

    def at_positions(x: Any, index: Any, y: Any) -> None:
        if len(y) != len(index) and len(y) != 1:
            raise ValueError("could not broadcast the stored array to the number of positions")
        held = np.copy(y)  # the two may share memory
        for i in range(len(index)):
            x[index[i]] = held[i if len(y) > 1 else 0]

    return at_positions if isinstance(index.dtype, types.Integer) else None


def assign(target: Any, source: Any) -> None:
    """``target[...] = source``."""
    raise NotImplementedError("native code only")


@overloaded(assign)
def _assign(target: Any, source: Any) -> Any:
    n, m = ndim_of(target), ndim_of(source)
    fill = native(filling(caster(element(target)), (source,), n))
    if m == 0:

        def each(target: Any, source: Any) -> None:
            fill(target, source)

        return each

    def pairwise(target: Any, source: Any) -> None:
        for axis in range(m):
            if source.shape[axis] != 1 and source.shape[axis] != target.shape[n - m + axis]:
                raise ValueError("could not broadcast the stored array to the shape of the place")
        fill(target, np.copy(source))  # the two may share memory

    return pairwise


def in_place(combined: Any) -> Callable[..., Any]:
    """``x += y`` of arrays: ``combined(x, y)`` stored into ``x``, as its views see."""

    def operate(x: Any, y: Any) -> Any:
        assign(x, combined(x, y))
        return x

    return operate


# -- copies, and arrays like others


@overload_method(ValueType, "copy", jit_options=OPTIONS, strict=False)
@overload(np.copy, jit_options=OPTIONS, strict=False)
def _copy(x: Any) -> Any:
    if not isinstance(x, ValueType):
        return None
    if not is_array(x):
        return _same
    copied = native(looped(native(_same), (x,), element(x)))
    return lambda x: copied(x)


@overload_method(ValueType, "fill", jit_options=OPTIONS, strict=False)
def _fill(x: Any, value: Any) -> Any:
    if not is_array(x) or ndim_of(value):
        return None

    def fill(x: Any, value: Any) -> None:
        assign(x, value)

    return fill


def _like(constant: float) -> Callable[[Any], Any]:
    def chosen(x: Any) -> Any:
        if not is_array(x):
            return None
        full = native(full_of(element(x), ndim_of(x)))
        return lambda x: full(x.shape, constant)

    return chosen


@overload(np.clip, jit_options=OPTIONS, strict=False, target="cpu")
def _clip(a: Any, a_min: Any, a_max: Any) -> Any:
    """As `interp.vocabulary.clip`; of plain arrays and numbers Numba's own business."""
    if not any(isinstance(t, ValueType) for t in (a, a_min, a_max)):
        return None
    if isinstance(a_min, types.NoneType):
        return None if isinstance(a_max, types.NoneType) else lambda a, a_min, a_max: np.minimum(a, a_max)
    if isinstance(a_max, types.NoneType):
        return lambda a, a_min, a_max: np.maximum(a, a_min)
    return lambda a, a_min, a_max: np.minimum(np.maximum(a, a_min), a_max)


# Numba's own bodies take anything as a scalar: one for its processor alone is asked first.
for _function, _constant in ((np.zeros_like, 0.0), (np.empty_like, 0.0), (np.ones_like, 1.0)):
    overload(_function, jit_options=OPTIONS, strict=False, target="cpu")(_like(_constant))


@overload(np.full_like, jit_options=OPTIONS, strict=False)
def _full_like(x: Any, fill_value: Any) -> Any:
    if not (is_array(x) or isinstance(fill_value, ValueType)) or not ndim_of(x) or ndim_of(fill_value):
        return None
    typ = joint_type((element(x), fill_value))
    full = None if typ is None else native(full_of(typ, ndim_of(x)))
    return None if full is None else lambda x, fill_value: full(x.shape, fill_value)


def joint_type(parts: tuple[types.Type, ...]) -> types.Type | None:
    """The type of an element that can hold each of these."""
    from numba.core.registry import cpu_target

    found = cpu_target.typing_context.unify_types(*map(types.unliteral, parts))
    return types.float64 if isinstance(found, types.Integer | types.Boolean) else found


@overload(np.full, jit_options=OPTIONS, strict=False, target="cpu")
def _full(shape: Any, fill_value: Any) -> Any:
    if not isinstance(fill_value, ValueType) or is_array(fill_value):
        return None
    if isinstance(shape, types.Integer):
        vector = native(full_of(fill_value, 1))
        return lambda shape, fill_value: vector((shape,), fill_value)
    full = native(full_of(fill_value, len(shape)))
    return lambda shape, fill_value: full(shape, fill_value)


@overload(np.round, jit_options=OPTIONS, strict=False)
def _round(a: Any, decimals: Any = 0) -> Any:
    """As `interp.vocabulary.round`."""
    if not isinstance(a, ValueType):
        return None
    if decimals == 0 or isinstance(decimals, types.Omitted):
        return lambda a, decimals=0: np.rint(a)
    return lambda a, decimals=0: np.rint(a * 10.0**decimals) / 10.0**decimals


@overload(round, jit_options=OPTIONS, strict=False)
def _builtin_round(number: Any, ndigits: Any = None) -> Any:
    if not isinstance(number, ValueType):
        return None
    if ndigits is None or isinstance(ndigits, types.Omitted | types.NoneType):
        return lambda number, ndigits=None: np.round(number)
    return lambda number, ndigits=None: np.round(number, ndigits)


# -- arrays of several scalars


@overload(np.array, jit_options=OPTIONS, strict=False)
def _matrix(rows: Any) -> Any:
    """Of scalar values in a list of lists, or in a tuple of them."""
    parts = tuple(rows) if isinstance(rows, types.BaseTuple) else (getattr(rows, "dtype", None),)
    if not all(isinstance(p, types.List | types.UniTuple) for p in parts):
        return None
    inner = [p.dtype for p in parts if isinstance(p, types.List | types.UniTuple)]
    typ = joint_type(tuple(inner)) if any(isinstance(t, ValueType) and not ndim_of(t) for t in inner) else None
    if typ is None:
        return None
    empty = native(empty_of(typ, 2))

    def matrix(rows: Any) -> Any:
        made = empty((len(rows), len(rows[0])))
        for i in range(len(rows)):
            if len(rows[i]) != made.shape[1]:
                raise ValueError("rows of different lengths make no matrix")
            for j in range(made.shape[1]):
                made[i, j] = rows[i][j]
        return made

    return matrix


@overload(np.array, jit_options=OPTIONS, strict=False)
@overload(np.stack, jit_options=OPTIONS, strict=False)
def _stack(arrays: Any) -> Any:
    """Of scalars or vectors of values, in a tuple or a list."""
    parts = tuple(arrays) if isinstance(arrays, types.BaseTuple) else (getattr(arrays, "dtype", None),)
    if not any(isinstance(p, ValueType) for p in parts):
        return None
    typ = joint_type(tuple(map(element, parts)))
    if typ is None or len(set(map(ndim_of, parts))) > 1:
        return None
    if is_array(arrays):
        return lambda arrays: np.copy(arrays)
    ndim = ndim_of(parts[0])
    empty = native(empty_of(typ, ndim + 1))
    shape = g.tuple_of(
        [g.call("len", g.name("arrays")), *(g.length(g.item(g.name("arrays"), 0), i) for i in range(ndim))]
    )
    made = g.assign("made", g.call("empty", shape))
    if not isinstance(arrays, types.BaseTuple):
        body = g.put(g.name("made"), [g.name("i")], g.at(g.name("arrays"), [g.name("i")]))
        statements = g.loops(["i"], [g.call("len", g.name("arrays"))], [body])
    else:
        statements = [g.put(g.name("made"), [ast.Constant(i)], g.item(g.name("arrays"), i)) for i in range(len(parts))]
    return g.function(["arrays"], g.name("made"), {"empty": empty}, [made, *statements], named="stack")


@overload(np.concatenate, jit_options=OPTIONS, strict=False)
@overload(np.hstack, jit_options=OPTIONS, strict=False)
def _concatenate(arrays: Any) -> Any:
    """Of vectors in a tuple."""
    if not isinstance(arrays, types.BaseTuple) or not any(map(is_array, arrays)) or {*map(ndim_of, arrays)} != {1}:
        return None
    typ = joint_type(tuple(map(element, arrays)))
    if typ is None:
        return None
    total: ast.expr = ast.Constant(0)
    stores: list[ast.stmt] = []
    for i in range(len(arrays)):
        part = g.item(g.name("arrays"), i)
        end = ast.BinOp(total, ast.Add(), g.call("len", part))
        stores.append(g.put(g.name("made"), [ast.Slice(total, end)], part))
        total = end
    made = g.assign("made", g.call("empty", g.tuple_of([total])))
    empty = native(empty_of(typ, 1))
    return g.function(["arrays"], g.name("made"), {"empty": empty}, [made, *stores], named="concatenate")


# -- views


def _view(name: str, of_array: Callable[..., Any], of_directions: Callable[..., Any], parameters: list[str]) -> Any:
    """A function of NumPy's that rearranges, component by component."""

    def view(x: Any, *args: Any) -> Any:
        raise NotImplementedError("native code only")

    def chosen(x: Any, *args: Any) -> Any:
        if isinstance(x, ValueType):
            rest = [g.name(p) for p in parameters]
            parts = [g.call("view", g.attribute(g.name("x"), c), *rest) for c in x.cls.components]
            returned = ast.Call(g.attribute(g.name("x"), "rebuild"), parts, [])
            return g.function(["x", *parameters], returned, {"view": view}, named=name)
        return of_directions(x, *args) if isinstance(x, DirectionsArray) else of_array

    chooser = g.function(
        ["x", *parameters],
        g.call("chosen", *map(g.name, ["x", *parameters])),
        {"chosen": chosen},
        named=f"choose_{name}",
    )
    overloaded(view)(chooser)
    return view, chooser


def _transposed_directions(x: DirectionsArray) -> Any:
    axes = (*reversed(range(x.ndim)), x.ndim)
    make = maker(DirectionsArray(types.Array(types.float64, x.ndim + 1, "A"), x.size))
    return lambda x: make(np.transpose(data_of(x), axes))


def _reshaped_directions(x: DirectionsArray, shape: types.Type) -> Any:
    size = (x.size,)
    ndim = len(shape) if isinstance(shape, types.BaseTuple) else 1
    make = maker(DirectionsArray(types.Array(types.float64, ndim + 1, "C"), x.size))
    if isinstance(shape, types.BaseTuple):
        return lambda x, shape: make(data_of(x).reshape(shape + size))
    return lambda x, shape: make(data_of(x).reshape((shape, *size)))


_transposed, _ = _view("transposed", lambda x: x.T, _transposed_directions, [])
_reshaped, _ = _view("reshaped", lambda x, shape: x.reshape(shape), _reshaped_directions, ["shape"])


@overload_attribute(ValueType, "T", jit_options=OPTIONS, strict=False)
@overload_method(ValueType, "transpose", jit_options=OPTIONS, strict=False)
@overload(np.transpose, jit_options=OPTIONS, strict=False)
def _transpose(x: Any) -> Any:
    return (lambda x: _transposed(x)) if is_array(x) else None


def is_laid_out(x: types.Type) -> bool:
    """True of arrays whose elements lie row after row, as far as their type tells."""
    if isinstance(x, ValueType):
        return all(map(is_laid_out, x.components))
    return bool((x.array if isinstance(x, DirectionsArray) else x).layout == "C")


def is_transposed(x: types.Type) -> bool:
    """True of matrices whose elements lie column after column: their reshaped form is a copy, as NumPy's."""
    return ndim_of(x) > 1 and isinstance(x, ValueType) and _layout(x.payload) == "F"


def _layout(x: types.Type) -> str:
    return _layout(x.payload) if isinstance(x, ValueType) else str(x.layout)


@overload(np.reshape, jit_options=OPTIONS, strict=False, target="cpu")
def _reshape(x: Any, shape: Any) -> Any:
    if not is_array(x):
        return None
    return (lambda x, shape: _reshaped(np.copy(x), shape)) if is_transposed(x) else lambda x, shape: _reshaped(x, shape)


@overload_method(ValueType, "reshape", jit_options=OPTIONS, strict=False)
def _reshape_method(x: Any, a: Any, b: Any = None, c: Any = None, d: Any = None) -> Any:
    """Of a shape, or of up to four lengths: Numba folds starred arguments of methods another way than it calls them."""
    if not is_array(x):
        return None
    missing = (type(None), types.NoneType, types.Omitted)
    count = 1 + sum(not isinstance(n, missing) for n in (b, c, d))
    return (
        lambda x, a, b=None, c=None, d=None: np.reshape(x, a),
        lambda x, a, b=None, c=None, d=None: np.reshape(x, (a, b)),
        lambda x, a, b=None, c=None, d=None: np.reshape(x, (a, b, c)),
        lambda x, a, b=None, c=None, d=None: np.reshape(x, (a, b, c, d)),
    )[count - 1]


@overload_method(ValueType, "ravel", jit_options=OPTIONS, strict=False)
@overload(np.ravel, jit_options=OPTIONS, strict=False, target="cpu")
def _ravel(x: Any) -> Any:
    if not is_array(x):
        return None
    if is_laid_out(x) or ndim_of(x) == 1:
        return lambda x: _reshaped(x, (x.size,))
    return lambda x: _reshaped(np.copy(x), (x.size,))


@overload_method(ValueType, "flatten", jit_options=OPTIONS, strict=False)
def _flatten(x: Any) -> Any:
    return (lambda x: _reshaped(np.copy(x), (x.size,))) if is_array(x) else None


@overload(np.shape, jit_options=OPTIONS, strict=False)
def _shape(x: Any) -> Any:
    return (lambda x: x.shape) if isinstance(x, ValueType) else None


@overload(np.ndim, jit_options=OPTIONS, strict=False)
def _ndim(x: Any) -> Any:
    return (lambda x: x.ndim) if isinstance(x, ValueType) else None


@overload(np.size, jit_options=OPTIONS, strict=False)
def _size(x: Any) -> Any:
    return (lambda x: x.size) if isinstance(x, ValueType) else None

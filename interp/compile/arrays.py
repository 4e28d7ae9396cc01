"""Arrays of values in native code: one array a component, as in the eager tier, and loops over elements.

An array of values is a `ValueType` whose components are arrays; tangents in several directions are `DirectionsArray`s,
whose last axis holds the directions. Reading an element makes a scalar value, storing one writes each component, so
every scalar rule serves arrays: elementwise calls loop with NumPy's broadcasting, reductions and products
are the loops one would write.
"""

import ast
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numba.core import cgutils, types
from numba.core.datamodel import models, register_default
from numba.extending import intrinsic, overload, overload_attribute, overload_method

from interp.compile.directions import Directions, from_array, into_array
from interp.compile.generated import attribute, call, function, name, tuple_of
from interp.compile.rebinding import OPTIONS
from interp.compile.values import ValueType


class DirectionsArray(types.Type):  # type: ignore[misc]
    """An array of vectors: float64 with the directions on the last axis."""

    def __init__(self, array: types.Array, size: int) -> None:
        self.array, self.size = array, size
        super().__init__(f"directions{size}[{array}]")

    @property
    def key(self) -> Any:
        return self.array, self.size

    @property
    def ndim(self) -> int:
        return int(self.array.ndim) - 1


@register_default(DirectionsArray)
class _DirectionsArrayModel(models.StructModel):  # type: ignore[misc]
    def __init__(self, dmm: Any, fe_type: DirectionsArray) -> None:
        super().__init__(dmm, fe_type, [("data", fe_type.array)])


def ndim_of(typ: types.Type) -> int:
    """Number of axes of a native operand."""
    if isinstance(typ, ValueType):
        return ndim_of(typ.payload)
    return int(typ.ndim) if isinstance(typ, types.Array | DirectionsArray) else 0


def is_array(typ: types.Type) -> bool:
    """True of an array of values."""
    return isinstance(typ, ValueType) and ndim_of(typ) > 0


def element(typ: types.Type) -> types.Type:
    """Type of one element."""
    if isinstance(typ, ValueType):
        return ValueType(typ.cls, typ.rank, tuple(map(element, typ.components)))
    if isinstance(typ, DirectionsArray):
        return Directions(typ.size)
    return typ.dtype if isinstance(typ, types.Array) else typ


def array_of(typ: types.Type, ndim: int) -> types.Type:
    """Type of a fresh array of such elements."""
    if isinstance(typ, ValueType):
        return ValueType(typ.cls, typ.rank, tuple(array_of(c, ndim) for c in typ.components))
    if isinstance(typ, Directions):
        return DirectionsArray(types.Array(types.float64, ndim + 1, "C"), typ.size)
    return types.Array(typ, ndim, "C")


# -- making


def maker(typ: types.Type) -> Any:
    """Native function of a tuple of components (of the one array, for directions)."""

    @intrinsic
    def make(typingctx: Any, parts: types.Type) -> Any:
        def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            struct = cgutils.create_struct_proxy(typ)(context, builder)
            if isinstance(typ, DirectionsArray):
                struct.data = context.cast(builder, args[0], sig.args[0], typ.array)
            else:
                for i, (part, wanted) in enumerate(zip(typ.cls.components, typ.components, strict=True)):
                    value = builder.extract_value(args[0], i)
                    setattr(struct, part, context.cast(builder, value, sig.args[0][i], wanted))
            made = struct._getvalue()
            if context.enable_nrt:
                context.nrt.incref(builder, typ, made)
            return made

        return typ(parts), lower

    return make


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


def zeros_of(typ: types.Type, ndim: int) -> Callable[..., Any]:
    """A function of a shape that makes an array of zeros, which depend on nothing, for elements of ``typ``."""
    namespace: dict[str, Any] = {"zeros": np.zeros}

    def made(t: types.Type) -> ast.expr:
        if isinstance(t, ValueType):
            key = f"make{len(namespace)}"
            namespace[key] = maker(array_of(t, ndim))
            return call(key, tuple_of([made(c) for c in t.components]))
        if isinstance(t, Directions):
            key = f"make{len(namespace)}"
            namespace[key] = maker(array_of(t, ndim))
            return call(key, call("zeros", ast.BinOp(name("shape"), ast.Add(), tuple_of([ast.Constant(t.size)]))))
        namespace[f"dtype_{t}"] = np.dtype(str(t)).type
        return call("zeros", name("shape"), name(f"dtype_{t}"))

    return function(["shape"], made(typ), namespace)


# -- elements and views


def _each_component(x: ValueType, expression: Callable[[ast.expr], ast.expr]) -> list[ast.expr]:
    return [expression(attribute(name("x"), c)) for c in x.cls.components]


@overload(operator.getitem, jit_options=OPTIONS)
def _getitem(x: Any, index: Any) -> Any:
    if is_array(x):
        parts = _each_component(x, lambda c: ast.Subscript(c, name("index"), ast.Load()))
        return function(["x", "index"], ast.Call(attribute(name("x"), "rebuild"), parts, []), {})
    if isinstance(x, DirectionsArray):
        size, rest = x.size, x.ndim - _picked(index)
        if rest == 0:
            return lambda x, index: from_array(data_of(x)[index], size)
        view = types.Array(types.float64, rest + 1, "A")
        make = maker(DirectionsArray(view, size))
        return lambda x, index: make(data_of(x)[index])
    return None


def _picked(index: types.Type) -> int:
    """Axes that an index removes."""
    parts = tuple(index) if isinstance(index, types.BaseTuple) else (index,)
    return sum(isinstance(part, types.Integer) for part in parts)


@overload(operator.setitem, jit_options=OPTIONS)
def _setitem(x: Any, index: Any, y: Any) -> Any:
    if isinstance(x, DirectionsArray):
        if x.ndim == _picked(index):
            size = x.size
            if isinstance(y, Directions):
                def store(x: Any, index: Any, y: Any) -> None:
                    into_array(data_of(x)[index], y)
            else:
                def store(x: Any, index: Any, y: Any) -> None:
                    data_of(x)[index][:] = y
            return store

        def copy_all(x: Any, index: Any, y: Any) -> None:
            data_of(x)[index] = data_of(y)

        return copy_all
    if not is_array(x):
        return None
    to = element(x)
    if ndim_of(x) == _picked(index):
        if y != to:
            cast = caster(to)

            def store_cast(x: Any, index: Any, y: Any) -> None:
                x[index] = cast(y)

            return store_cast
        stores = [
            ast.Assign([ast.Subscript(attribute(name("x"), c), name("index"), ast.Store())], attribute(name("y"), c))
            for c in x.cls.components
        ]
        return function(["x", "index", "y"], ast.Constant(None), {}, stores)

    def fill(x: Any, index: Any, y: Any) -> None:
        assign(x[index], y)

    return fill


def assign(target: Any, source: Any) -> None:
    """``target[...] = source``."""
    raise NotImplementedError("native code only")


@overload(assign, jit_options=OPTIONS)
def _assign(target: Any, source: Any) -> Any:
    n, m = ndim_of(target), ndim_of(source)
    if m == 0:

        def each(target: Any, source: Any) -> None:
            for i in np.ndindex(target.shape):
                target[i] = source

        return each
    if n == m:

        def pairwise(target: Any, source: Any) -> None:
            if target.shape != source.shape:
                raise ValueError("could not broadcast the stored array to the shape of the place")
            kept = source.copy()  # the two may share memory
            for i in np.ndindex(target.shape):
                target[i] = kept[i]

        return pairwise
    return None


def caster(typ: types.Type) -> Any:
    """Native function that converts to ``typ``."""

    @intrinsic
    def cast(typingctx: Any, x: types.Type) -> Any:
        if typingctx.can_convert(x, typ) is None:
            return None
        return typ(x), lambda context, builder, sig, args: context.cast(builder, args[0], sig.args[0], typ)

    return cast


# -- attributes and methods


@overload_attribute(ValueType, "shape", jit_options=OPTIONS)
def _shape(x: Any) -> Any:
    if isinstance(x.payload, ValueType | types.Array):
        return lambda x: x.payload.shape
    return lambda x: ()


@overload_attribute(ValueType, "ndim", jit_options=OPTIONS)
def _ndim(x: Any) -> Any:
    n = ndim_of(x)
    return lambda x: n


@overload_attribute(ValueType, "size", jit_options=OPTIONS)
def _size(x: Any) -> Any:
    return (lambda x: x.payload.size) if is_array(x) else (lambda x: 1)


@overload(len, jit_options=OPTIONS)
def _len(x: Any) -> Any:
    return (lambda x: x.shape[0]) if is_array(x) else None


@overload_method(ValueType, "copy", jit_options=OPTIONS)
@overload(np.copy, jit_options=OPTIONS)
def _copy(x: Any) -> Any:
    if not isinstance(x, ValueType):
        return None
    if not is_array(x):
        return lambda x: x
    zeros = zeros_of(element(x), ndim_of(x))

    def copied(x: Any) -> Any:
        made = zeros(x.shape)
        for i in np.ndindex(x.shape):
            made[i] = x[i]
        return made

    return copied


@overload(np.zeros_like, jit_options=OPTIONS)
@overload(np.empty_like, jit_options=OPTIONS)
def _zeros_like(x: Any) -> Any:
    if not is_array(x):
        return None
    zeros = zeros_of(element(x), ndim_of(x))
    return lambda x: zeros(x.shape)


@overload(np.ones_like, jit_options=OPTIONS)
def _ones_like(x: Any) -> Any:
    if not is_array(x):
        return None

    def ones(x: Any) -> Any:
        made = np.zeros_like(x)
        made[...] = 1.0
        return made

    return ones


# -- elementwise calls


def looped(scalar: Any, operands: tuple[types.Type, ...], made: types.Type) -> Any:
    """A function that applies the native ``scalar`` to every element of operands that broadcast; elements of ``made``."""
    ndim = max(map(ndim_of, operands))
    names = [f"x{i}" for i in range(len(operands))]
    index = [f"i{axis}" for axis in range(ndim)]
    namespace: dict[str, Any] = {"scalar": scalar, "zeros": zeros_of(made, ndim), "joint": _joint, "range": range}
    namespace["zeros"] = _native(namespace["zeros"])
    namespace["joint"] = _native(_joint)
    before: list[ast.stmt] = []
    for axis in range(ndim):
        lengths = [
            ast.Subscript(attribute(name(x), "shape"), ast.Constant(axis - ndim + ndim_of(t) ), ast.Load())
            for x, t in zip(names, operands, strict=True)
            if axis >= ndim - ndim_of(t)
        ]
        joint = lengths[0]
        for other in lengths[1:]:
            joint = call("joint", joint, other)
        before.append(ast.Assign([ast.Name(f"n{axis}", ast.Store())], joint))
    elements: list[ast.expr] = []
    for x, t in zip(names, operands, strict=True):
        if not ndim_of(t):
            elements.append(name(x))
            continue
        at: list[ast.expr] = []
        for axis in range(ndim - ndim_of(t), ndim):
            length = ast.Subscript(attribute(name(x), "shape"), ast.Constant(axis - ndim + ndim_of(t)), ast.Load())
            single = ast.Compare(length, [ast.Eq()], [ast.Constant(1)])
            at.append(ast.IfExp(single, ast.Constant(0), name(index[axis])))
        elements.append(ast.Subscript(name(x), at[0] if len(at) == 1 else tuple_of(at), ast.Load()))
    position = name(index[0]) if ndim == 1 else tuple_of([name(i) for i in index])
    body: list[ast.stmt] = [ast.Assign([ast.Subscript(name("made"), position, ast.Store())], call("scalar", *elements))]
    for axis in reversed(range(ndim)):
        body = [ast.For(ast.Name(index[axis], ast.Store()), call("range", name(f"n{axis}")), body, [])]
    shape = tuple_of([name(f"n{axis}") for axis in range(ndim)])
    before.append(ast.Assign([ast.Name("made", ast.Store())], call("zeros", shape)))
    return function(names, name("made"), namespace, [*before, *body])


def _joint(n: int, m: int) -> int:
    """The common length of two axes."""
    if n == m or m == 1:
        return n
    if n == 1:
        return m
    raise ValueError("operands could not be broadcast together")


def _native(f: Any) -> Any:
    import numba

    return numba.njit(**OPTIONS)(f)


# -- reductions and products


def _of_all(numpy_function: Any, method: str | None, start: float, combine: Any, finish: Any = None) -> None:
    """A reduction over all elements, one after the other."""

    def chosen(x: Any) -> Any:
        if not is_array(x):
            return None
        begin = caster(element(x))

        def reduced(x: Any) -> Any:
            total = begin(start)
            for i in np.ndindex(x.shape):
                total = combine(total, x[i])
            return total if finish is None else finish(total, x.size)

        return reduced

    overload(numpy_function, jit_options=OPTIONS)(chosen)
    if method:
        overload_method(ValueType, method, jit_options=OPTIONS)(chosen)


_of_all(np.sum, "sum", 0.0, operator.add)
_of_all(np.prod, "prod", 1.0, operator.mul)
_of_all(np.mean, "mean", 0.0, operator.add, operator.truediv)


@overload(operator.matmul, jit_options=OPTIONS)
@overload(np.matmul, jit_options=OPTIONS)
@overload(np.dot, jit_options=OPTIONS)
def _dot(x: Any, y: Any) -> Any:
    if not (is_array(x) or is_array(y)):
        return None
    return _PRODUCTS.get((ndim_of(x), ndim_of(y)))


def _vector_vector(x: Any, y: Any) -> Any:
    if x.shape[0] != y.shape[0]:
        raise ValueError("shapes do not fit in a product")
    total = x[0] * y[0]
    for i in range(1, x.shape[0]):
        total = total + x[i] * y[i]
    return total


_PRODUCTS = {(1, 1): _vector_vector}

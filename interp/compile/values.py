"""Number types as native structs, generated from what a `Value` class says of itself.

`ValueType` is the native type of a value: its class, the rank of its level among the levels at hand, and
the types of its components. Everything else is read off the class when native code asks: components are
members of the struct, ``x.rebuild(...)`` makes another, ``x.constant(payload)`` and other methods and properties are
the class's own Python functions, compiled.
"""

import functools
import inspect
import math
import operator
import types as python_types
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import default_manager, models, register_default
from numba.core.errors import TypingError
from numba.core.imputils import impl_ret_borrowed, lower_builtin, lower_cast, lower_getattr_generic
from numba.core.registry import cpu_target
from numba.core.typeconv import Conversion
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_getattr, signature
from numba.extending import overload
from numba.np.arrayobj import make_array

from interp.compile.directions import Directions, DirectionsArray
from interp.compile.rebinding import OPTIONS, native_rule, overloaded
from interp.value import Value, primal

_epoch = 0
"""Counts the changes of rules between compilations."""


def new_epoch() -> None:
    """Native types made from now on are new ones: nothing compiled for the old, by us or by Numba, serves them."""
    global _epoch
    _epoch += 1
    _methods.clear()


class ValueType(types.IterableType):
    """Native type of the values of one class and level, under the rules of one epoch.

    ``rank`` orders the levels of one call, 0 innermost: levels themselves change with every activation,
    and native code must not. ``products``, as `interp.rules.products`, is part of the type because all that is compiled
    for it depends on that.
    """

    def __init__(
        self, cls: type[Value], rank: int, components: tuple[types.Type, ...], products: str = "singular"
    ) -> None:
        self.cls, self.rank, self.components, self.products = cls, rank, components, products
        self.epoch = _epoch
        label = cls.__name__ if products == "singular" else f"{cls.__name__}[{products}]"
        super().__init__(f"{label}@{rank}({', '.join(map(str, components))})")

    def made_of(self, components: tuple[types.Type, ...]) -> "ValueType":
        """The type of such a value with other components."""
        return ValueType(self.cls, self.rank, components, self.products)

    @property
    def key(self) -> Any:
        return self.cls, self.rank, self.components, self.products, self.epoch

    @property
    def mangling_args(self) -> Any:
        return f"{self.cls.__name__}_{self.products}", (*self.components, self.rank, self.epoch)

    @property
    def mutable(self) -> bool:
        """Numba changes arrays in place by ``x += y``, and rebinds the name of anything else."""
        return ndim_of(self) > 0

    @property
    def payload(self) -> types.Type:
        """Type of the component that stands for the number itself."""
        return self.components[0]

    def component(self, name: str) -> types.Type:
        """Type of one component."""
        return self.components[self.cls.components.index(name)]

    @property
    def iterator_type(self) -> types.Type:
        """What a loop over an array of values runs on."""
        if not ndim_of(self):
            raise TypingError(f"iteration over a scalar {self.cls.__name__}")
        return ValueIterator(self)

    def unify(self, typingctx: Any, other: types.Type) -> types.Type | None:
        """The type that holds both: a variable that is a float on one path and a value on another."""
        if isinstance(other, ValueType) and other.rank > self.rank:
            return other.unify(typingctx, self)
        if isinstance(other, ValueType) and other.rank == self.rank:
            if other.cls is not self.cls:
                return None
            pairs = list(zip(self.components, other.components, strict=True))
        elif isinstance(other, ValueType | types.Number | types.Boolean):
            pairs = [(self.components[0], types.float64 if isinstance(other, types.Integer | types.Boolean) else other)]
            pairs += [(c, c) for c in self.components[1:]]
        else:
            return None
        unified = [typingctx.unify_pairs(a, b) for a, b in pairs]
        return None if None in unified else self.made_of(tuple(unified))

    def can_convert_from(self, typingctx: Any, other: types.Type) -> Any:
        if isinstance(other, ValueType) and other.rank == self.rank:
            if other.cls is not self.cls:
                return None
            ways = [typingctx.can_convert(b, a) for a, b in zip(self.components, other.components, strict=True)]
            return None if None in ways else max([*ways, Conversion.promote])
        if isinstance(other, types.Number | types.Boolean) or (isinstance(other, ValueType) and other.rank < self.rank):
            return None if typingctx.can_convert(other, self.payload) is None else Conversion.safe
        return None


class ValueIterator(types.SimpleIteratorType):
    """A position in an array of values."""

    def __init__(self, array: ValueType) -> None:
        self.array = array
        first = element(array) if ndim_of(array) == 1 else row(array)
        super().__init__(f"iterator({array})", first)


@register_default(ValueIterator)
class _IteratorModel(models.StructModel):
    def __init__(self, dmm: Any, fe_type: ValueIterator) -> None:
        super().__init__(dmm, fe_type, [("index", types.EphemeralPointer(types.uintp)), ("array", fe_type.array)])


# -- types of arrays and of their elements


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
        return typ.made_of(tuple(map(element, typ.components)))
    if isinstance(typ, DirectionsArray):
        return Directions(typ.size)
    return typ.dtype if isinstance(typ, types.Array) else typ


def row(typ: types.Type) -> types.Type:
    """Type of the array that an integer picks of one with several axes."""
    if isinstance(typ, ValueType):
        return typ.made_of(tuple(map(row, typ.components)))
    if isinstance(typ, DirectionsArray):
        return DirectionsArray(row(typ.array), typ.size)
    return typ.copy(ndim=typ.ndim - 1, layout=typ.layout if typ.layout == "C" else "A")


def array_of(typ: types.Type, ndim: int) -> types.Type:
    """Type of a fresh array of such elements."""
    if isinstance(typ, ValueType):
        return typ.made_of(tuple(array_of(c, ndim) for c in typ.components))
    if isinstance(typ, Directions):
        return DirectionsArray(types.Array(types.float64, ndim + 1, "C"), typ.size)
    return types.Array(typ, ndim, "C")


@register_default(ValueType)
class _ValueModel(models.StructModel):
    def __init__(self, dmm: Any, fe_type: ValueType) -> None:
        super().__init__(dmm, fe_type, list(zip(fe_type.cls.components, fe_type.components, strict=True)))

    def traverse(self, builder: Any) -> Any:
        """What counts references, and how to get it: without this Numba takes the whole value apart to look for it."""
        return [(typ, functools.partial(builder.extract_value, idx=path)) for typ, path in _counted(self.fe_type)]


def _counted(typ: types.Type) -> Iterator[tuple[types.Type, tuple[int, ...]]]:
    """Types of the parts of a native value that count references, and the ways to them."""
    if isinstance(typ, ValueType):
        parts: tuple[types.Type, ...] = typ.components
    elif isinstance(typ, DirectionsArray):
        parts = (typ.array,)
    elif isinstance(typ, types.Array):
        yield types.MemInfoPointer(types.voidptr), (default_manager[typ].get_field_position("meminfo"),)
        return
    else:
        if default_manager[typ].contains_nrt_meminfo():
            yield typ, ()
        return
    for position, part in enumerate(parts):
        yield from ((found, (position, *path)) for found, path in _counted(part))


# -- attributes: components, level, and what the class defines


class _Rebuild(AbstractTemplate):
    key = ("interp", "rebuild")

    def generic(self, args: Any, kws: Any) -> Any:
        if kws or len(args) != len(self.this.cls.components):
            return None
        components = tuple(_floating(types.unliteral(a)) for a in args)
        return signature(self.this.made_of(components), *args, recvr=self.this)


def _floating(component: types.Type) -> types.Type:
    """Components are made of floats: a literal 0 among them is 0.0. Decorations and the like keep their width."""
    return types.float64 if component in (types.int64, types.uint64) else component


@infer_getattr
class _ValueAttributes(AttributeTemplate):
    key = ValueType

    def generic_resolve(self, typ: ValueType, attr: str) -> types.Type | None:
        if attr in typ.cls.components:
            return typ.component(attr)
        if attr == "level":
            return types.intp
        if attr == "rebuild":
            return types.BoundFunction(_Rebuild, typ)
        if attr == "payload":
            return typ.payload
        if attr == "shape":
            return types.UniTuple(types.intp, ndim_of(typ))
        if attr in ("ndim", "size"):
            return types.intp
        owner = next((c for c in typ.cls.__mro__ if attr in c.__dict__), None)
        if owner is None or (owner is Value and attr != "primal_payload"):
            return None  # what every value has is in `arrays`
        definition = owner.__dict__[attr]
        if isinstance(definition, property) and definition.fget is not None:
            return _method(definition.fget, (typ,)).get_call_type(self.context, (typ,), {}).return_type
        if isinstance(definition, python_types.FunctionType):
            return types.BoundFunction(_bound(definition), typ)
        return None


_methods: dict[Any, Any] = {}
_templates: dict[Any, Any] = {}


def _method(function: Any, operands: tuple[types.Type, ...]) -> types.Dispatcher:
    """The class's function, compiled for ``self`` and arguments of these types."""
    if (function, operands) not in _methods:
        _methods[function, operands] = native_function(function, operands)
    return types.Dispatcher(_methods[function, operands])


def native_function(function: Any, operands: tuple[types.Type, ...]) -> Any:
    """A Python function of the framework or of a number type, as native code: as it is written, or unrolled."""
    from interp.compile.tracing import traced

    written = native_rule(function)
    variadic = function.__code__.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
    failure: Exception | None = None
    if not variadic:
        try:
            if _resolved(written, operands):
                return written
        except Exception as error:  # whatever Numba says of it
            failure = error
    try:
        unrolled = native_rule(traced(function, operands))
        if _resolved(unrolled, operands):
            return unrolled
    except Exception as error:
        raise failure or error from None
    raise failure or TypingError(f"no native code for {function.__qualname__}")


def _resolved(function: Any, operands: tuple[types.Type, ...]) -> bool:
    """True if the function has a native version for these types; what keeps it from one is raised."""
    return types.Dispatcher(function).get_call_type(cpu_target.typing_context, operands, {}) is not None


def _bound(function: Any) -> Any:
    """Template of a method: calls the compiled function with ``self`` in front."""
    if function not in _templates:

        class Method(AbstractTemplate):
            key = ("interp", "method", function)

            def generic(self, args: Any, kws: Any) -> Any:
                if kws:
                    return None
                operands = (self.this, *map(types.unliteral, args))
                sig = _method(function, operands).get_call_type(self.context, operands, {})
                return signature(sig.return_type, *sig.args[1:], recvr=self.this)

        @lower_builtin(Method.key, ValueType, types.VarArg(types.Any))
        def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return call_native(context, builder, _method(function, sig.args), sig, args)

        context_of_lowering()
        _templates[function] = Method
    return _templates[function]


def context_of_lowering() -> Any:
    """Numba's target context, with everything registered until now installed."""
    cpu_target.target_context.refresh()
    return cpu_target.target_context


def call_native(context: Any, builder: Any, method: types.Dispatcher, sig: Any, args: Any) -> Any:
    """Emit a call of a compiled function."""
    resolved = method.get_call_type(context.typing_context, sig.args, {})
    return context.get_function(method, resolved)(builder, args)


@lower_builtin(_Rebuild.key, ValueType, types.VarArg(types.Any))
def _rebuild(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    made = sig.return_type
    parts = zip(args[1:], sig.args[1:], made.components, strict=True)
    cast = [context.cast(builder, value, given, wanted) for value, given, wanted in parts]
    return impl_ret_borrowed(context, builder, made, assembled(context, builder, made, cast))


def assembled(context: Any, builder: Any, typ: types.Type, parts: Iterable[Any]) -> Any:
    """The struct of these members."""
    struct = ir.Constant(context.get_value_type(typ), ir.Undefined)
    for position, part in enumerate(parts):
        struct = builder.insert_value(struct, part, position)
    return struct


def shape(context: Any, builder: Any, typ: types.Type, value: Any) -> list[Any]:
    """Lengths of the axes."""
    if isinstance(typ, ValueType):
        return shape(context, builder, typ.payload, builder.extract_value(value, 0))
    if isinstance(typ, DirectionsArray):
        return shape(context, builder, typ.array, builder.extract_value(value, 0))[:-1]
    if isinstance(typ, types.Array):
        return cgutils.unpack_tuple(builder, make_array(typ)(context, builder, value).shape, typ.ndim)
    return []


@lower_getattr_generic(ValueType)
def _getattr(context: Any, builder: Any, typ: ValueType, value: Any, attr: str) -> Any:
    if attr == "level":
        return context.get_constant(types.intp, typ.rank)
    if attr == "ndim":
        return context.get_constant(types.intp, ndim_of(typ))
    if attr in ("shape", "size"):
        lengths = shape(context, builder, typ, value)
        if attr == "shape":
            return context.make_tuple(builder, types.UniTuple(types.intp, len(lengths)), lengths)
        return functools.reduce(builder.mul, lengths, context.get_constant(types.intp, 1))
    name = typ.cls.components[0] if attr == "payload" else attr
    if name in typ.cls.components:
        part = builder.extract_value(value, typ.cls.components.index(name))
        return impl_ret_borrowed(context, builder, typ.component(name), part)
    getter = inspect.getattr_static(typ.cls, attr).fget
    method = _method(getter, (typ,))
    sig = method.get_call_type(context.typing_context, (typ,), {})
    return call_native(context, builder, method, sig, (value,))


# -- conversion of constants


@lower_cast(types.Any, ValueType)
def _to_value(context: Any, builder: Any, fromty: types.Type, toty: ValueType, val: Any) -> Any:
    """A number, or a value of lower level, as a constant; a value of the same class component by component."""
    if isinstance(fromty, ValueType) and fromty.rank == toty.rank:
        source, given = val, fromty
    else:
        payload = context.cast(builder, val, fromty, toty.payload)
        nothing = context.get_constant_null(toty)
        method = _method(toty.cls.constant, (toty, toty.payload))
        sig = method.get_call_type(context.typing_context, (toty, toty.payload), {})
        source, given = call_native(context, builder, method, sig, (nothing, payload)), sig.return_type
    pairs = enumerate(zip(given.components, toty.components, strict=True))
    parts = [context.cast(builder, builder.extract_value(source, i), old, new) for i, (old, new) in pairs]
    return assembled(context, builder, toty, parts)


# -- truth and stripping


@overload(bool, jit_options=OPTIONS, strict=False)
def _bool(x: Any) -> Any:
    if not isinstance(x, ValueType) or ndim_of(x):
        return None
    if x.cls.__bool__ is not Value.__bool__:
        return lambda x: x.__bool__()
    return lambda x: bool(x.primal_payload())


@overload(operator.not_, jit_options=OPTIONS, strict=False)
def _not(x: Any) -> Any:
    return (lambda x: not bool(x)) if isinstance(x, ValueType) and not ndim_of(x) else None


def follows_primal(typ: types.Type) -> bool:
    """True of numbers that branches may follow: an interval's midpoint decides nothing."""
    if not isinstance(typ, ValueType):
        return not isinstance(typ, types.Array)
    return typ.cls.__bool__ is Value.__bool__ and follows_primal(typ.payload)


@overload(int, jit_options=OPTIONS, strict=False)
def _int(x: Any) -> Any:
    """A cast picks an index, or a count: it carries no derivative."""
    return (lambda x: int(primal(x))) if isinstance(x, ValueType) and follows_primal(x) else None


def _count(function: Any, primitive: Any) -> None:
    """floor, ceil and trunc of the math module, which are integers in Python: an interval's stays one."""

    def body(x: Any) -> Any:
        if not isinstance(x, ValueType) or ndim_of(x):
            return None
        return (lambda x: int(primitive(primal(x)))) if follows_primal(x) else lambda x: primitive(x)

    overload(function, jit_options=OPTIONS, strict=False)(body)


_count(math.floor, np.floor)
_count(math.ceil, np.ceil)
_count(math.trunc, np.trunc)


@overload(divmod, jit_options=OPTIONS, strict=False)
def _divmod(x: Any, y: Any) -> Any:
    if not (isinstance(x, ValueType) or isinstance(y, ValueType)) or ndim_of(x) or ndim_of(y):
        return None
    return lambda x, y: (x // y, x % y)


def _extreme(chosen: Any) -> None:
    """Python's max and min of two or three numbers, some of them values: the first of those that tie."""

    def body(x: Any, y: Any, z: Any = None) -> Any:
        parts = [x, y] if z is None or isinstance(z, types.Omitted | types.NoneType) else [x, y, z]
        if not any(isinstance(p, ValueType) for p in parts) or any(map(ndim_of, parts)):
            return None
        if len(parts) == 2:
            return (lambda x, y, z=None: y if y > x else x) if chosen is max else lambda x, y, z=None: y if y < x else x
        return lambda x, y, z=None: chosen(chosen(x, y), z)

    overload(chosen, jit_options=OPTIONS, strict=False)(body)


_extreme(max)
_extreme(min)


@overloaded(primal)
def _primal(x: Any) -> Any:
    if isinstance(x, ValueType):
        return lambda x: primal(x.primal_payload())
    return lambda x: x

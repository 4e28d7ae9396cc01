"""Several tangent directions as one LLVM vector: what a Dual of k directions carries in native code.

A vector meets numbers and vectors of its length in sums, differences, products and quotients: all that the rules
of `Dual` do to tangents. The optimiser maps it to the processor's registers.
"""

import functools
import operator
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import models, register_default
from numba.core.imputils import lower_builtin, lower_cast
from numba.core.typeconv import Conversion
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

_DOUBLE = ir.DoubleType()


class Directions(types.Type):
    """``size`` float64 side by side."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(f"directions{size}")

    def unify(self, typingctx: Any, other: types.Type) -> types.Type | None:
        return self if isinstance(other, types.Number) else None

    def can_convert_from(self, typingctx: Any, other: types.Type) -> Any:
        return Conversion.safe if isinstance(other, types.Integer | types.Float) else None


class DirectionsArray(types.Type):
    """An array of vectors: float64 with the directions on the last axis."""

    def __init__(self, array: types.Array, size: int) -> None:
        self.array, self.size = array, size
        super().__init__(f"directions{size}[{array}]")

    @property
    def key(self) -> Any:
        return self.array, self.size

    @property
    def ndim(self) -> int:
        """Axes, without that of the directions."""
        return int(self.array.ndim) - 1


@register_default(DirectionsArray)
class _DirectionsArrayModel(models.StructModel):
    def __init__(self, dmm: Any, fe_type: DirectionsArray) -> None:
        super().__init__(dmm, fe_type, [("data", fe_type.array)])


@register_default(Directions)
class _DirectionsModel(models.PrimitiveModel):
    """A vector in registers; in memory an array, which asks for no more alignment than a double."""

    def __init__(self, dmm: Any, fe_type: Directions) -> None:
        super().__init__(dmm, fe_type, ir.VectorType(_DOUBLE, fe_type.size))

    def get_data_type(self) -> Any:
        return ir.ArrayType(_DOUBLE, self.fe_type.size)

    def as_data(self, builder: Any, value: Any) -> Any:
        made = ir.Constant(self.get_data_type(), ir.Undefined)
        for i in range(self.fe_type.size):
            made = builder.insert_value(made, builder.extract_element(value, _lane(i)), i)
        return made

    def from_data(self, builder: Any, value: Any) -> Any:
        made = ir.Constant(self.get_value_type(), ir.Undefined)
        for i in range(self.fe_type.size):
            made = builder.insert_element(made, builder.extract_value(value, i), _lane(i))
        return made


def _lane(i: int) -> Any:
    return ir.Constant(ir.IntType(32), i)


def broadcast(context: Any, builder: Any, value: Any, typ: types.Type, size: int) -> Any:
    """A number in every direction; a vector as it is."""
    if isinstance(typ, Directions):
        return value
    number = context.cast(builder, value, typ, types.float64)
    vector = ir.VectorType(_DOUBLE, size)
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), number, _lane(0))
    return builder.shuffle_vector(
        one, ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), size), [0] * size)
    )


@lower_cast(types.Integer, Directions)
@lower_cast(types.Float, Directions)
def _spread(context: Any, builder: Any, fromty: types.Type, toty: Directions, val: Any) -> Any:
    return broadcast(context, builder, val, fromty, toty.size)


def result_type(args: Any) -> Directions | None:
    """The vector type of an operation, None if it is not one on vectors."""
    vectors = {a for a in args if isinstance(a, Directions)}
    plain = all(isinstance(a, Directions | types.Integer | types.Float) for a in args)
    return next(iter(vectors)) if len(vectors) == 1 and plain else None


class _Operation(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        made = result_type(args)
        return None if made is None else signature(made, *args)


_BINARY = {
    operator.add: "fadd",
    operator.sub: "fsub",
    operator.mul: "fmul",
    operator.truediv: "fdiv",
}


def _lowering(instruction: str) -> Any:
    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        size = sig.return_type.size
        spread = [broadcast(context, builder, v, t, size) for v, t in zip(args, sig.args, strict=True)]
        return getattr(builder, instruction)(*spread)

    return lower


for _operator, _instruction in _BINARY.items():
    infer_global(_operator)(type(f"Directions_{_instruction}", (_Operation,), {"key": _operator}))
    for _pair in ((Directions, Directions), (Directions, types.Number), (types.Number, Directions)):
        lower_builtin(_operator, *_pair)(_lowering(_instruction))

infer_global(operator.neg)(type("Directions_neg", (_Operation,), {"key": operator.neg}))


@lower_builtin(operator.neg, Directions)
def _negate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.fneg(args[0])


@intrinsic
def strongly(typingctx: Any, p: types.Type, t: types.Type) -> Any:
    """``p * t``, with 0 where the product is NaN and a factor is 0."""
    made = result_type((p, t))
    if made is None:
        return None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        a, b = (broadcast(context, builder, v, typ, made.size) for v, typ in zip(args, sig.args, strict=True))
        zero = ir.Constant(a.type, [0.0] * made.size)
        product = builder.fmul(a, b)
        spoiled = builder.fcmp_unordered("uno", product, product)
        nothing = builder.or_(builder.fcmp_ordered("==", a, zero), builder.fcmp_ordered("==", b, zero))
        return builder.select(builder.and_(spoiled, nothing), zero, product)

    return signature(made, p, t), lower


@intrinsic
def nothing(typingctx: Any, like: types.Type) -> Any:
    """Zero in every direction."""
    if not isinstance(like, Directions):
        return None
    return signature(like, like), lambda context, builder, sig, args: context.get_constant_null(like)


@intrinsic
def from_array(typingctx: Any, array: types.Type, size: types.Type) -> Any:
    """The first ``size`` elements of an array of float64 as one vector; ``size`` is a literal."""
    if not isinstance(size, types.IntegerLiteral) or not isinstance(array, types.Array):
        return None
    made = Directions(size.literal_value)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        view = make_array(array)(context, builder, args[0])
        return load(builder, view.data, builder.extract_value(view.strides, 0), made.size)

    return signature(made, array, size), lower


def load(builder: Any, place: Any, stride: Any, size: int) -> Any:
    """The vector of the elements at ``place``, ``stride`` bytes apart; at once where they lie side by side.

    A constant ``stride`` says that they do.
    """
    vector = ir.VectorType(_DOUBLE, size)
    if isinstance(stride, ir.Constant):
        return builder.load(builder.bitcast(place, vector.as_pointer()), align=8)
    slot = cgutils.alloca_once(builder, vector)
    with builder.if_else(_dense(builder, stride)) as (together, apart):
        with together:
            builder.store(builder.load(builder.bitcast(place, vector.as_pointer()), align=8), slot)
        with apart:
            collected = ir.Constant(vector, ir.Undefined)
            for i in range(size):
                element = builder.load(_element(builder, place, stride, i))
                collected = builder.insert_element(collected, element, _lane(i))
            builder.store(collected, slot)
    return builder.load(slot)


def store(builder: Any, vector: Any, place: Any, stride: Any) -> None:
    """Write a vector to elements ``stride`` bytes apart."""
    if isinstance(stride, ir.Constant):
        builder.store(vector, builder.bitcast(place, vector.type.as_pointer()), align=8)
        return
    with builder.if_else(_dense(builder, stride)) as (together, apart):
        with together:
            builder.store(vector, builder.bitcast(place, vector.type.as_pointer()), align=8)
        with apart:
            for i in range(vector.type.count):
                builder.store(builder.extract_element(vector, _lane(i)), _element(builder, place, stride, i))


def _dense(builder: Any, stride: Any) -> Any:
    return builder.icmp_signed("==", stride, ir.Constant(stride.type, 8))


def _element(builder: Any, place: Any, stride: Any, i: int) -> Any:
    start = builder.bitcast(place, ir.IntType(8).as_pointer())
    return builder.bitcast(builder.gep(start, [builder.mul(stride, ir.Constant(stride.type, i))]), _DOUBLE.as_pointer())


@intrinsic
def entry_of(typingctx: Any, vector: types.Type, i: types.Type) -> Any:
    """Entry ``i``, a literal."""
    if not isinstance(vector, Directions) or not isinstance(i, types.IntegerLiteral):
        return None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.extract_element(args[0], _lane(i.literal_value))

    return signature(types.float64, vector, i), lower


@intrinsic
def of_entries(typingctx: Any, entries: types.Type) -> Any:
    """The vector of a tuple of numbers."""
    if not isinstance(entries, types.BaseTuple) or not all(isinstance(t, types.Integer | types.Float) for t in entries):
        return None
    made = Directions(len(entries))

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = ir.Constant(ir.VectorType(_DOUBLE, made.size), ir.Undefined)
        for i, typ in enumerate(entries):
            entry = context.cast(builder, builder.extract_value(args[0], i), typ, types.float64)
            vector = builder.insert_element(vector, entry, _lane(i))
        return vector

    return signature(made, entries), lower


@intrinsic
def sum_of_products(typingctx: Any, factors: types.Type) -> Any:
    """x0 y0 + x1 y1 + ... of a tuple of real numbers x0, y0, x1, y1, ..., from left to right."""
    if not isinstance(factors, types.BaseTuple) or not all(isinstance(t, types.Integer | types.Float) for t in factors):
        return None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        numbers = [
            context.cast(builder, builder.extract_value(args[0], i), typ, types.float64)
            for i, typ in enumerate(factors)
        ]
        terms = [builder.fmul(x, y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
        return functools.reduce(builder.fadd, terms)

    return signature(types.float64, factors), lower


@intrinsic
def as_tuple(typingctx: Any, vector: types.Type) -> Any:
    """The elements as a tuple: how a vector leaves native code."""
    if not isinstance(vector, Directions):
        return None
    made = types.UniTuple(types.float64, vector.size)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        elements = [builder.extract_element(args[0], _lane(i)) for i in range(vector.size)]
        return context.make_tuple(builder, made, elements)

    return signature(made, vector), lower

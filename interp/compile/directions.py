"""Several tangent directions as one LLVM vector: what a Dual of k directions carries in native code.

A vector meets numbers and vectors of its length in sums, differences, products and quotients: all that the rules
of `Dual` do to tangents. The optimiser maps it to the processor's registers.
"""

import operator
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.datamodel import models, register_default
from numba.core.imputils import lower_builtin, lower_cast
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic

_DOUBLE = ir.DoubleType()


class Directions(types.Type):  # type: ignore[misc]
    """``size`` float64 side by side."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(f"directions{size}")

    def unify(self, typingctx: Any, other: types.Type) -> types.Type | None:
        return self if isinstance(other, types.Number) else None

    def can_convert_from(self, typingctx: Any, other: types.Type) -> Any:
        from numba.core.typeconv import Conversion

        return Conversion.safe if isinstance(other, types.Integer | types.Float) else None


@register_default(Directions)
class _DirectionsModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, dmm: Any, fe_type: Directions) -> None:
        super().__init__(dmm, fe_type, ir.VectorType(_DOUBLE, fe_type.size))


def broadcast(context: Any, builder: Any, value: Any, typ: types.Type, size: int) -> Any:
    """A number in every direction; a vector as it is."""
    if isinstance(typ, Directions):
        return value
    number = context.cast(builder, value, typ, types.float64)
    vector = ir.VectorType(_DOUBLE, size)
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
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


class _Operation(AbstractTemplate):  # type: ignore[misc]
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
        from numba.np.arrayobj import make_array

        view = make_array(array)(context, builder, args[0])
        (stride,) = view.strides if isinstance(view.strides, list) else [builder.extract_value(view.strides, 0)]
        vector = ir.Constant(ir.VectorType(_DOUBLE, made.size), ir.Undefined)
        start = builder.bitcast(view.data, ir.IntType(8).as_pointer())
        for i in range(made.size):
            offset = builder.mul(stride, ir.Constant(stride.type, i))
            place = builder.bitcast(builder.gep(start, [offset]), _DOUBLE.as_pointer())
            vector = builder.insert_element(vector, builder.load(place), ir.Constant(ir.IntType(32), i))
        return vector

    return signature(made, array, size), lower


@intrinsic
def into_array(typingctx: Any, array: types.Type, vector: types.Type) -> Any:
    """Store a vector into the first elements of an array of float64."""
    if not isinstance(vector, Directions) or not isinstance(array, types.Array):
        return None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        from numba.np.arrayobj import make_array

        view = make_array(array)(context, builder, args[0])
        stride = builder.extract_value(view.strides, 0)
        start = builder.bitcast(view.data, ir.IntType(8).as_pointer())
        for i in range(vector.size):
            offset = builder.mul(stride, ir.Constant(stride.type, i))
            place = builder.bitcast(builder.gep(start, [offset]), _DOUBLE.as_pointer())
            builder.store(builder.extract_element(args[1], ir.Constant(ir.IntType(32), i)), place)
        return context.get_dummy_value()

    return signature(types.none, array, vector), lower


@intrinsic
def as_tuple(typingctx: Any, vector: types.Type) -> Any:
    """The elements as a tuple: how a vector leaves native code."""
    if not isinstance(vector, Directions):
        return None
    made = types.UniTuple(types.float64, vector.size)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        elements = [
            builder.extract_element(args[0], ir.Constant(ir.IntType(32), i)) for i in range(vector.size)
        ]
        return context.make_tuple(builder, made, elements)

    return signature(made, vector), lower

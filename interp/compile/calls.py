"""Calls in native code: operators, primitives, and the functions of math, NumPy and SciPy that mean them.

One template serves every callable. It asks the same tables as the eager tier (`Primitive.rule_for`), with native
types in place of classes, and compiles the rule that they return.
"""

import math
import operator
from types import FunctionType
from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.core.dispatcher import Dispatcher
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import typeof_impl

from interp import rules
from interp.compile import scalars
from interp.compile.arrays import element, is_array, looped, ndim_of
from interp.compile.directions import Directions
from interp.compile.rebinding import OPTIONS, native_rule
from interp.compile.values import ValueType
from interp.errors import InterpError
from interp.primitive import COUNTERPARTS, PRIMITIVES, Creation, Elementwise, Predicate, Primitive
from interp.protocols.operators import BINARY, COMPARISONS

_rules: dict[Any, Any] = {}
"""Compiled rules by primitive and native operand types."""


def host_class(typ: types.Type) -> type:
    """The Python class that stands for a native type in the tables of rules."""
    typ = types.unliteral(typ)
    if isinstance(typ, ValueType):
        return typ.cls
    for native, host in ((types.Boolean, bool), (types.Integer, int), (types.Float | Directions, float)):
        if isinstance(typ, native):
            return host
    return complex if isinstance(typ, types.Complex) else np.ndarray if isinstance(typ, types.Array) else object


def rule_for(primitive: Primitive, operands: tuple[types.Type, ...]) -> Any:
    """The Python function that computes ``primitive`` on operands of these types: a rule, or plain numbers' body."""
    ranks = [t.rank if isinstance(t, ValueType) else -1 for t in operands]
    top = max(ranks, default=-1)
    if top < 0:
        return scalars.body(primitive, operands)
    active = tuple(rank == top for rank in ranks)
    return primitive.rule_for(tuple(host_class(t) for t in operands), active, native=True)


def callee(context: Any, primitive: Primitive, operands: tuple[types.Type, ...]) -> types.Callable:
    """Native function of `rule_for`: compiled if it is Python's, else as Numba knows it."""
    key = (primitive, operands)
    if key not in _rules:
        rule = rule_for(primitive, operands)
        _rules[key] = native_rule(rule) if isinstance(rule, FunctionType) else rule
    rule = _rules[key]
    return types.Dispatcher(rule) if isinstance(rule, Dispatcher) else context.resolve_value_type(rule)


def elementwise(context: Any, primitive: Primitive, operands: tuple[types.Type, ...]) -> types.Callable | None:
    """The loop over elements for operands among which are arrays of values."""
    if not isinstance(primitive, Elementwise | Predicate | Creation):
        return None
    key = (primitive, operands)
    if key not in _rules:
        elements = tuple(map(element, operands))
        scalar = callee(context, primitive, elements)
        sig = scalar.get_call_type(context, elements, {})
        if sig is None:
            return None
        _rules[key] = numba.njit(**OPTIONS)(looped(_rules[primitive, elements], operands, sig.return_type))
    return types.Dispatcher(_rules[key])


_generation = rules.generation


def forget_older() -> None:
    """Drop the rules compiled before the last change of rules."""
    global _generation
    if _generation != rules.generation:
        _generation = rules.generation
        _rules.clear()


class _Call(AbstractTemplate):  # type: ignore[misc]
    """Calls of one primitive. ``plain``: also on plain numbers, which are Numba's own business under its own names."""

    primitive: Primitive
    plain: bool
    _keys: dict[Any, Any]

    def generic(self, args: Any, kws: Any) -> Any:
        operands = tuple(types.unliteral(a) for a in args)
        if kws or not (self.plain or any(isinstance(a, ValueType) for a in operands)):
            return None
        if not all(isinstance(a, ValueType | types.Number | types.Boolean | Directions | types.Array) for a in operands):
            return None
        try:
            called = (callee if max(map(ndim_of, operands)) == 0 else elementwise)(self.context, self.primitive, operands)
        except InterpError:
            return None
        if called is None:
            return None
        sig = called.get_call_type(self.context, operands, kws)
        if sig is not None:
            self._keys[sig.args] = called.get_impl_key(sig)
        return sig

    def get_impl_key(self, sig: Any) -> Any:
        return self._keys[sig.args]


def _template(function: Any, primitive: Primitive, plain: bool) -> Any:
    return type(
        f"Call_{primitive.name}", (_Call,), {"key": function, "primitive": primitive, "plain": plain, "_keys": {}}
    )


_of_primitive: dict[Primitive, types.Function] = {}


@typeof_impl.register(Primitive)
def _typeof_primitive(primitive: Primitive, context: Any) -> types.Type:
    if primitive not in _of_primitive:
        _of_primitive[primitive] = types.Function(_template(primitive, primitive, plain=True))
    return _of_primitive[primitive]


OPERATORS: dict[Any, Primitive] = {
    **{getattr(operator, name): primitive for name, primitive in BINARY.items()},
    **{getattr(operator, f"i{name}"): primitive for name, primitive in BINARY.items()},
    **{
        getattr(operator, {"and": "and_", "or": "or_"}.get(name, name)): primitive
        for name, primitive in COMPARISONS.items()
    },
    operator.neg: PRIMITIVES["negative"],
    operator.pos: PRIMITIVES["positive"],
    abs: PRIMITIVES["abs"],
}

MATH: dict[Any, str] = {
    getattr(math, name): ours
    for name, ours in {
        **{
            name: name
            for name in "exp expm1 log log2 log10 log1p sqrt sin cos tan sinh cosh tanh hypot fmod erf erfc "
            "floor ceil trunc asin acos atan atan2 asinh acosh atanh exp2 cbrt isnan isinf isfinite".split()
        },
        "fabs": "abs",
        "pow": "power",
        "lgamma": "gammaln",
    }.items()
    if hasattr(math, name)
}


def _register(function: Any, primitive: Primitive, *, plain: bool = False) -> None:
    infer_global(function, types.Function(_template(function, primitive, plain)))


for _function, _primitive in OPERATORS.items():
    _register(_function, _primitive)
for _function, _name in MATH.items():
    _register(_function, PRIMITIVES[_name])
for _function, _found in COUNTERPARTS.items():
    if isinstance(_found, Primitive):
        _register(_function, _found, plain=_function in scalars.FOREIGN)

"""Calls in native code: operators, primitives, and the functions of math, NumPy and SciPy that mean them.

One template serves every callable. It asks the same tables as the eager tier (`Primitive.rule_for`), with native
types in place of classes, and compiles the rule that they return.
"""

import operator
from types import FunctionType
from typing import Any

import numpy as np
from numba.core import types
from numba.core.dispatcher import Dispatcher
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import typeof_impl

from interp import rules
from interp.compile import scalars
from interp.compile.arrays import in_place, looped, native
from interp.compile.bundles import Bundle, by_entries
from interp.compile.directions import Directions
from interp.compile.rebinding import native_rule
from interp.compile.values import ValueType, element, native_function, ndim_of, new_epoch
from interp.errors import InterpError
from interp.primitive import COUNTERPARTS, PRIMITIVES, Elementwise, Predicate, Primitive
from interp.protocols.operators import BINARY, COMPARISONS
from interp.vocabulary.elementwise import multiply, strong_multiply
from interp.vocabulary.shape import where

_rules: dict[Any, Any] = {}
"""Compiled rules by primitive and native operand types."""


def host_class(typ: types.Type) -> type:
    """The Python class that stands for a native type in the tables of rules."""
    typ = types.unliteral(typ)
    if isinstance(typ, ValueType):
        return typ.cls
    for family, host in ((types.Boolean, bool), (types.Integer, int), (types.Float | Directions, float)):
        if isinstance(typ, family):
            return host
    return complex if isinstance(typ, types.Complex) else np.ndarray if isinstance(typ, types.Array) else object


def rule_for(primitive: Primitive, operands: tuple[types.Type, ...]) -> Any:
    """The Python function that computes ``primitive`` on operands of these types: a rule, or plain numbers' body."""
    if any(isinstance(t, Bundle) for t in operands) or {Directions, ValueType} <= set(map(type, operands)):
        return by_entries(primitive, operands)
    ranks = [t.rank if isinstance(t, ValueType) else -1 for t in operands]
    top = max(ranks, default=-1)
    if primitive is where and ranks[0] < 0:
        return scalars.chosen(operands)
    if primitive is where and ranks[0] < top:
        return scalars.chosen_by_value(operands)
    if top < 0:
        return scalars.body(primitive, operands)
    active = tuple(rank == top for rank in ranks)
    return primitive.rule_for(tuple(host_class(t) for t in operands), active, native=True)


def callee(context: Any, primitive: Primitive, operands: tuple[types.Type, ...]) -> types.Callable:
    """Native function of `rule_for`: compiled if it is Python's, else as Numba knows it."""
    rule = compiled_rule(primitive, operands)
    return types.Dispatcher(rule) if isinstance(rule, Dispatcher) else context.resolve_value_type(rule)


def compiled_rule(primitive: Primitive, operands: tuple[types.Type, ...]) -> Any:
    """Numba's dispatcher of a rule that is Python's, else the function that Numba knows."""
    values = [t for t in operands if isinstance(t, ValueType)]
    products = values[0].products if values else rules.products
    if primitive is strong_multiply and products == "none":
        primitive = multiply
    key = (primitive, operands, products)
    if key not in _rules:
        with rules.multiplying(products):
            rule = rule_for(primitive, operands)
            if isinstance(rule, FunctionType):
                rule = native_function(rule, operands) if values else native_rule(rule)
        _rules[key] = rule
    return _rules[key]


def is_elementwise(primitive: Any) -> bool:
    """True of primitives that act on each element; predicates with axes to reduce have a canonical form."""
    return (
        isinstance(primitive, Elementwise)
        or (isinstance(primitive, Predicate) and primitive.canonical is None)
        or primitive is where
    )


def elementwise(
    context: Any, primitive: Primitive, operands: tuple[types.Type, ...], stored: bool = False
) -> types.Callable | None:
    """The loop over elements for operands among which are arrays. ``stored``: into the first of them."""
    if not is_elementwise(primitive):
        return None
    key = (primitive, operands, stored, rules.products)
    if key not in _rules:
        elements = tuple(map(element, operands))
        scalar = callee(context, primitive, elements)
        sig = scalar.get_call_type(context, elements, {})
        if sig is None:
            return None
        apply = compiled_rule(primitive, elements)
        made = native(
            looped(apply if isinstance(apply, Dispatcher) else native_rule(_calling(apply)), operands, sig.return_type)
        )
        _rules[key] = native(in_place(made)) if stored else made
    return types.Dispatcher(_rules[key])


def _calling(function: Any) -> Any:
    """A function that Numba knows, as one of Python's."""
    return lambda *operands: function(*operands)


_generation = rules.generation


def forget_older() -> None:
    """Drop the rules compiled before the last change of rules."""
    global _generation
    if _generation != rules.generation:
        _generation = rules.generation
        _name_counterparts()
        if _rules:
            _rules.clear()
            new_epoch()


refusals: list[InterpError] = []
"""Why primitives had no rule for native operands, latest last: Numba reports only that there is none."""

_OPERAND = (ValueType, types.Number, types.Boolean, Directions, Bundle, types.Array)


class _Call(AbstractTemplate):
    """Calls of one primitive, or of a function of NumPy's or SciPy's that means one.

    ``plain``: also on plain numbers, which are Numba's own business under its own names.
    """

    key: Any
    primitive: Primitive
    plain: bool
    stores: bool
    _keys: dict[Any, Any]

    def generic(self, args: Any, kws: Any) -> Any:
        operands = tuple(types.unliteral(a) for a in args)
        if kws or not operands or not (self.plain or any(isinstance(a, ValueType | Bundle) for a in operands)):
            return None
        if not all(isinstance(a, _OPERAND) for a in operands):
            return None
        try:
            called = self._called(operands)
        except InterpError as error:
            refusals.append(error)
            return None
        if called is None:
            return None
        sig = called.get_call_type(self.context, operands, kws)
        if sig is not None:
            self._keys[sig.args] = called.get_impl_key(sig)
        return sig

    def _called(self, operands: tuple[types.Type, ...]) -> types.Callable | None:
        primitive = COUNTERPARTS.get(type(self).key, self.primitive)  # it may have been declared anew
        if max(map(ndim_of, operands)) == 0:
            return callee(self.context, primitive, operands)
        into = self.stores and ndim_of(operands[0]) > 0
        if into and not isinstance(operands[0], ValueType):
            return None  # a plain array cannot hold values
        return elementwise(self.context, primitive, operands, into)

    def get_impl_key(self, sig: Any) -> Any:
        return self._keys[sig.args]


def _template(function: Any, primitive: Primitive, plain: bool, stores: bool = False) -> Any:
    members = {"key": function, "primitive": primitive, "plain": plain, "stores": stores, "_keys": {}}
    members["metadata"] = {"target": "cpu"}  # asked before Numba's own, of which an operator has some twenty
    return type(f"Call_{primitive.name}", (_Call,), members)


_of_primitive: dict[Primitive, types.Function] = {}


@typeof_impl.register(Primitive)
def _typeof_primitive(primitive: Primitive, context: Any) -> types.Type:
    if primitive not in _of_primitive:
        _of_primitive[primitive] = types.Function(_template(primitive, primitive, plain=True))
    return _of_primitive[primitive]


OPERATORS: dict[Any, Primitive] = {
    **{getattr(operator, name): primitive for name, primitive in BINARY.items()},
    **{
        getattr(operator, {"and": "and_", "or": "or_"}.get(name, name)): primitive
        for name, primitive in COMPARISONS.items()
    },
    operator.neg: PRIMITIVES["negative"],
    operator.pos: PRIMITIVES["positive"],
    operator.invert: PRIMITIVES["logical_not"],
    abs: PRIMITIVES["abs"],
    pow: PRIMITIVES["power"],
}
IN_PLACE: dict[Any, Primitive] = {getattr(operator, f"i{name}"): primitive for name, primitive in BINARY.items()}

for _function, _primitive in OPERATORS.items():
    infer_global(_function, types.Function(_template(_function, _primitive, plain=False)))
for _function, _primitive in IN_PLACE.items():
    infer_global(_function, types.Function(_template(_function, _primitive, plain=False, stores=True)))
_named: set[Any] = set()


def _name_counterparts() -> None:
    """Tell Numba of the functions that mean a primitive, those declared since the last time among them."""
    for function, found in {**COUNTERPARTS, **scalars.MATH}.items():
        if function in scalars.COUNTS:
            continue
        if is_elementwise(found) and function not in _named:
            _named.add(function)
            infer_global(function, types.Function(_template(function, found, plain=False)))


_name_counterparts()

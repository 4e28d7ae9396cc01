"""Python's operators on values: each looks its primitive's rule up itself, in one step."""

from collections.abc import Callable
from typing import Any

from interp import backends
from interp import vocabulary as v
from interp.primitive import Primitive
from interp.value import Holder, Value, carries_joining, primal

BINARY: dict[str, Primitive] = {
    "add": v.add,
    "sub": v.subtract,
    "mul": v.multiply,
    "truediv": v.divide,
    "floordiv": v.floor_divide,
    "mod": v.remainder,
    "pow": v.power,
}
COMPARISONS: dict[str, Primitive] = {
    "eq": v.equal,
    "ne": v.not_equal,
    "lt": v.less,
    "le": v.less_equal,
    "gt": v.greater,
    "ge": v.greater_equal,
}
BITWISE: dict[str, Callable[[Any, Any], Any]] = {
    "and": v.bitwise_and,
    "or": v.bitwise_or,
    "xor": v.bitwise_xor,
    "lshift": v.bitwise_left_shift,
    "rshift": v.bitwise_right_shift,
}
UNARY: dict[str, Any] = {
    "neg": v.negative,
    "pos": v.positive,
    "abs": v.absolute,
    "invert": v.bitwise_invert,
    "floor": v.floor,
    "ceil": v.ceil,
    "trunc": v.trunc,
}


def _forward(primitive: Primitive) -> Callable[[Any, Any], Any]:
    cache = primitive.cache

    def operate(x: Any, y: Any) -> Any:
        rule = cache.get((x.__class__, y.__class__))
        if rule is None:
            rule = _resolve(primitive, (x.__class__, y.__class__), y)
            if rule is None:
                return NotImplemented
        return rule(x, y)

    return operate


def _reflected(primitive: Primitive) -> Callable[[Any, Any], Any]:
    cache = primitive.cache

    def operate(y: Any, x: Any) -> Any:
        rule = cache.get((x.__class__, y.__class__))
        if rule is None:
            rule = _resolve(primitive, (x.__class__, y.__class__), x)
            if rule is None:
                return NotImplemented
        return rule(x, y)

    return operate


def _is_operand(other: Any) -> bool:
    """False where Python should ask the other operand, which is no number to us."""
    return other is not None and (isinstance(other, Value | Holder | list | tuple) or backends.known(type(other)))


def _resolve(primitive: Primitive, key: tuple[type, ...], other: Any) -> Any:
    return primitive.resolve(key) if _is_operand(other) else None


def _by_function(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda x, y: function(x, y) if _is_operand(y) else NotImplemented


def _reflected_function(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda y, x: function(x, y) if _is_operand(x) else NotImplemented


def _in_place(forward: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:

    def operate(x: Any, y: Any) -> Any:
        result = forward(x, y)
        if result is NotImplemented or not x.is_storage:  # a scalar is rebound, as Python's numbers are
            return result
        x[...] = result
        return x

    return operate


def _matmul_in_place(x: Any, y: Any) -> Any:
    x[...] = v.matmul(x, y)
    return x


def _divmod(x: Any, y: Any) -> Any:
    return x // y, x % y


def _round(x: Any, digits: int | None = None) -> Any:
    """Without digits Python rounds to an integer, which carries nothing; where branches join it stays a value."""
    if digits is None and not x.shape and not carries_joining(x):
        return round(primal(x).item() if hasattr(primal(x), "item") else primal(x))
    return v.round(x, digits or 0)


OTHERS: dict[str, Callable[..., Any]] = {
    "matmul": lambda x, y: v.matmul(x, y),
    "imatmul": _matmul_in_place,
    "rmatmul": lambda y, x: v.matmul(x, y),
    "divmod": _divmod,
    "rdivmod": lambda y, x: _divmod(x, y),
    "round": _round,
    "getitem": lambda x, index: v.getitem(x, index),
    "setitem": lambda x, index, y: v.setitem(x, y, index),
}


def attach() -> None:
    """Give `Value` its operators."""
    for name, primitive in BINARY.items():
        setattr(Value, f"__{name}__", _forward(primitive))
        setattr(Value, f"__r{name}__", _reflected(primitive))
        setattr(Value, f"__i{name}__", _in_place(_forward(primitive)))
    for name, primitive in COMPARISONS.items():
        setattr(Value, f"__{name}__", _forward(primitive))
    for name, function in BITWISE.items():
        setattr(Value, f"__{name}__", _by_function(function))
        setattr(Value, f"__r{name}__", _reflected_function(function))
        setattr(Value, f"__i{name}__", _in_place(_by_function(function)))
    for name, function in UNARY.items():
        setattr(Value, f"__{name}__", _unary(function))
    for name, function in OTHERS.items():
        setattr(Value, f"__{name}__", function)


def _unary(function: Any) -> Callable[[Any], Any]:
    return lambda x: function(x)

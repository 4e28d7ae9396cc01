"""Python's own functions on values in converted code: conversions, questions about types, and those that call back.

``float(x)`` is x; ``int(x)`` is the integer of the primal, whose derivative is zero; ``isinstance(x, float)`` and
``type(x)`` answer for what the value stands for. A value that joins branches decides none of these: it raises.
"""

import builtins
import operator
from typing import Any

import numpy as np

from interp.control.calls import payload_type
from interp.control.foreign import register
from interp.control.fresh import Fresh, nested
from interp.errors import StripError, UnsupportedArgument
from interp.value import Value, primal


def decided(x: Any) -> Any:
    """The plain number that control flow follows. Of a value that joins branches, its own error."""
    if joins(x):
        operator.index(x)
    return primal(x)


def joins(x: Any) -> bool:
    """True of a value whose innermost interpretation takes every branch."""
    while isinstance(x, Value):
        if x.joins:
            return True
        x = x.payload
    return False


def scalar(x: Any, call: str) -> Any:
    """A value of one element, without axes."""
    if x.size != 1:
        raise TypeError(f"only arrays of one element can be converted by {call}; this {type(x).__name__} has {x.shape}")
    return x.reshape(()) if x.shape else x


@register(float, np.float64, np.double)
def _float(x: Any = 0.0) -> Any:
    x = scalar(x, "float()")
    if x.dtype.kind == "c":
        raise TypeError("float() argument must be a real number, not a complex value")
    return x * 1.0 if x.dtype.kind in "biu" else x


@register(np.float32, np.float16, np.longdouble)
def _other_float(x: Any) -> Any:
    raise UnsupportedArgument(
        f"a {type(x).__name__} of {x.dtype} keeps its precision: convert the plain input before it is lifted"
    )


@register(int)
def _int(x: Any, *base: Any) -> Any:
    return int(decided(x), *base)


@register(np.int64, np.int32, np.intp)
def _numpy_int(x: Any) -> Any:
    return np.int64(decided(x))


@register(complex, np.complex128)
def _complex(real: Any = 0.0, imag: Any = None) -> Any:
    return real + 0j if imag is None else real + 1j * imag


@register(bool, np.bool_)
def _bool(x: Any = False) -> Any:
    return builtins.bool(x)


@register(np.isscalar, always=True)
def _is_scalar(x: Any) -> bool:
    return not x.is_storage if isinstance(x, Value) else np.isscalar(x)


@register(isinstance, always=True)
def _isinstance(x: Any, classes: Any) -> bool:
    if not isinstance(x, Value | Fresh):
        return isinstance(x, classes)
    return isinstance(x, classes) or _is_of(payload_type(x), classes)


def _is_of(kind: type, classes: Any) -> bool:
    if isinstance(classes, tuple):
        return any(_is_of(kind, cls) for cls in classes)
    return issubclass(kind, classes)


@register(type, always=True)
def _type(x: Any, *rest: Any, **kwargs: Any) -> Any:
    if rest:
        return type(x, *rest, **kwargs)
    return payload_type(x) if isinstance(x, Value | Fresh) else type(x)


@register(callable, always=True)
def _callable(x: Any) -> bool:
    return not isinstance(x, Value | Fresh) and callable(x)


@register(hash)
def _hash(x: Any) -> int:
    if isinstance(x, Value):
        raise StripError(
            f"a {type(x).__name__} as a key of a dict or set would be stripped of what it carries: "
            "use interp.primal(x) as the key, or lists of pairs"
        )
    return hash(x)


@register(Value.item, always=True)
def _item(x: Any, *args: Any) -> Any:
    if not args:
        return scalar(x, "x.item()")
    return x[args] if len(args) > 1 or isinstance(args[0], tuple) else x.reshape(-1)[args[0]]


@register(Value.tolist, always=True)
def _tolist(x: Any) -> Any:
    return nested(x)


@register(float.is_integer)
def _is_integer(x: Any) -> bool:
    return float(decided(x)).is_integer()


@register(range)
def _range(*args: Any) -> Any:
    raise StripError(
        "range() of a value would strip it of what it carries: take a plain count, or int(x), whose derivative is zero"
    )

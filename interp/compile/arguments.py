"""Arguments of a compiled function as a flat list of leaves: tuples are taken apart, functions are left out."""

import types
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from interp.primitive import Primitive
from interp.value import Value


def is_compiled(x: Any) -> bool:
    """True of what `interp.compile` and `interp.vectorize` return."""
    return hasattr(type(x), "native_callee")


def is_constant(x: Any) -> bool:
    """True of a function passed as an argument."""
    return isinstance(x, types.FunctionType | types.BuiltinFunctionType | np.ufunc | Primitive) or is_compiled(x)


def values_in(x: Any) -> Iterator[Value]:
    """The values in an argument, outer ones first."""
    if isinstance(x, Value):
        yield x
        for name in x.components:
            yield from values_in(getattr(x, name))
    elif isinstance(x, tuple):
        for part in x:
            yield from values_in(part)


def leaves_of(args: Sequence[Any]) -> list[Any]:
    """The numbers, arrays and values among arguments."""
    found: list[Any] = []
    for x in args:
        if isinstance(x, tuple):
            found += leaves_of(x)
        elif not is_constant(x):
            found.append(x)
    return found


def replaced(args: Sequence[Any], leaves: Sequence[Any]) -> tuple[Any, ...]:
    """The arguments with other leaves."""
    waiting = iter(leaves)

    def build(x: Any) -> Any:
        if isinstance(x, tuple):
            parts = [build(part) for part in x]
            return type(x)(*parts) if hasattr(x, "_fields") else tuple(parts)
        return x if is_constant(x) else next(waiting)

    return tuple(build(x) for x in args)

"""Arguments of a compiled function as a flat list of leaves: tuples are taken apart, functions are left out."""

import types
from collections.abc import Sequence
from typing import Any

import numpy as np

from interp.primitive import Primitive


def is_compiled(x: Any) -> bool:
    """True of what `interp.compile` returns."""
    return hasattr(x, "dispatcher") and hasattr(x, "function")


def is_constant(x: Any) -> bool:
    """True of a function passed as an argument."""
    return isinstance(x, types.FunctionType | types.BuiltinFunctionType | np.ufunc | Primitive) or is_compiled(x)


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

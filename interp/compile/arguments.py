"""Arguments of a compiled function as a flat list of leaves: tuples are taken apart, functions are left out."""

import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from interp.interpretation import Transformed
from interp.primitive import Primitive
from interp.value import Value


def is_compiled(x: Any) -> bool:
    """True of what `interp.compile` and `interp.vectorize` return."""
    return hasattr(type(x), "native_callee")


def is_of_transform(x: Any) -> bool:
    """True of transforms, of what they made of a function, and of functions that native code replaces by others."""
    return getattr(x, "transforms", False) or hasattr(x, "transformed") or hasattr(x, "native_name")


def is_constant(x: Any) -> bool:
    """True of a function passed as an argument."""
    functions = types.FunctionType | types.BuiltinFunctionType | np.ufunc | Primitive | Transformed
    return isinstance(x, functions) or is_compiled(x)


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


def tuple_of(parts: Iterable[Any], like: tuple[Any, ...]) -> Any:
    """``parts`` as a tuple of the class of ``like``, named or plain."""
    return type(like)(*parts) if hasattr(like, "_fields") else tuple(parts)


def mapped(change: Callable[[Any], Any], x: Any) -> Any:
    """``change`` of each leaf of nested tuples."""
    return tuple_of([mapped(change, part) for part in x], x) if isinstance(x, tuple) else change(x)


def replaced(args: Sequence[Any], leaves: Sequence[Any]) -> tuple[Any, ...]:
    """The arguments with other leaves."""
    waiting = iter(leaves)

    return tuple(mapped(lambda x: x if is_constant(x) else next(waiting), x) for x in args)

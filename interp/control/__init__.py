"""Control flow as dispatch: plain Python, converted from its source where an interpretation needs it.

Number types that follow the primal run a function as it is, but for calls that would strip them and arrays made on the
way. Those that take every branch (``Value.joins``) run it in the joined tier.
"""

from collections.abc import Callable
from typing import Any

from interp.control.foreign import register
from interp.control.path import options
from interp.value import Value


def joins(x: Any) -> bool:
    """True of a value that takes both sides of a branch, or that is around one."""
    while isinstance(x, Value):
        if x.joins:
            return True
        x = x.payload
    return False


def run(f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``f`` on values, in the tier that they need."""
    if any(map(joins, args)) or any(map(joins, kwargs.values())):
        from interp.control import joined

        return joined.run(f, args, kwargs)
    return f(*args, **kwargs)


__all__ = ["options", "register", "run"]

"""Control flow as dispatch: plain Python functions, converted where an interpretation needs it.

`run` calls a user's function for a transform. The *native* tier serves values that follow the primal; the *joined*
tier serves values that take every branch.
"""

from collections.abc import Callable, Iterable
from typing import Any

from interp.control import stores
from interp.control.foreign import register
from interp.control.fresh import unwrap
from interp.control.path import options
from interp.value import Value

__all__ = ["options", "register", "run", "stores"]


def run(f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``f(*args, **kwargs)``, converted in the tier that the values among the arguments ask for."""
    from interp.control import joined
    from interp.control.native import tier

    if any(map(_joins, args)) or any(map(_joins, kwargs.values())):
        return unwrap(joined.run(f, args, kwargs))
    return unwrap(tier.run(f, args, kwargs))


def _joins(x: Any) -> bool:
    """True of a value whose innermost interpretation joins branches, and of containers of one."""
    if isinstance(x, Value):
        while isinstance(x, Value):
            if x.joins:
                return True
            x = x.payload
        return False
    parts: Iterable[Any] = x.values() if isinstance(x, dict) else x if isinstance(x, list | tuple) else ()
    return any(map(_joins, parts))

"""Control flow as dispatch: plain Python functions, converted where an interpretation needs it.

`run` calls a user's function for a transform. The *native* tier serves values that follow the primal; the *joined*
tier serves values that take every branch.
"""

import functools
from collections.abc import Callable
from typing import Any

from interp.control import stores
from interp.control.by_hand import if_, while_
from interp.control.foreign import register
from interp.control.fresh import unwrap
from interp.control.path import options
from interp.value import carries_joining

__all__ = ["if_", "options", "register", "run", "stores", "while_"]


def run(f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``f(*args, **kwargs)``, converted in the tier that the values among the arguments ask for."""
    native, joined = _tiers()
    joining = any(map(carries_joining, args)) or any(map(carries_joining, kwargs.values()))
    return unwrap((joined if joining else native)(f, args, kwargs))


@functools.cache
def _tiers() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """What runs a function in each tier: imported when the first function runs."""
    from interp.control import joined
    from interp.control.native import tier

    return tier.run, joined.run

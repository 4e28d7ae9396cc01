"""What every function made of primitives shares: of plain numbers it is NumPy's own, of fresh arrays what they hold."""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec

from interp import backends
from interp.errors import UnsupportedArgument
from interp.value import Holder, Value, innermost

P = ParamSpec("P")


def composite(numpys: Callable[..., Any]) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Decorator: where no argument is a value, nor a list of any, the function is ``numpys``."""

    def decorate(function: Callable[P, Any]) -> Callable[P, Any]:
        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            args, kwargs = _released(args), {name: _released(x) for name, x in kwargs.items()}
            carrying = any(map(carries, args)) or any(map(carries, kwargs.values()))
            return function(*args, **kwargs) if carrying else numpys(*args, **kwargs)

        return called

    return decorate


def carries(x: Any) -> bool:
    """True of a value, and of a list or tuple of any."""
    return isinstance(x, Value) or (isinstance(x, list | tuple) and any(map(carries, x)))


def _released(x: Any) -> Any:
    """``x``, or what it holds; of a list or tuple of arrays each."""
    if isinstance(x, Holder):
        return x.held
    if isinstance(x, list | tuple) and any(isinstance(part, Holder | list | tuple) for part in x):
        return type(x)(map(_released, x)) if type(x) in (list, tuple) else x
    return x


def no_out(out: Any) -> None:
    """Refuse ``out``; ``np.f(..., out=x)`` by name stores into a value before it comes here."""
    if out is not None:
        raise UnsupportedArgument("out= is not taken here: use the result, or store it, a[...] = result")


def companion(array: Any, like: Any) -> Any:
    """A plain array on the device of ``like``."""
    return backends.namespace(innermost(like)).asarray(array)

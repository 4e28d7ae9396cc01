"""`if_` and `while_`: a branch and a loop as functions, where code cannot be converted: made by `exec`, or in C."""

from collections.abc import Callable
from typing import Any

from interp.value import carries_joining


def if_(condition: Any, then: Callable[..., Any], orelse: Callable[..., Any], *operands: Any) -> Any:
    """``then(*operands) if condition else orelse(*operands)``, for any type of value.

    Where the condition leaves a branch undecided (SparsityTracer, Interval) both run, and what they return and change
    is joined as behind an ``if``. Raises what an ``if`` raises: `UndecidedError` where the two cannot be joined.

    >>> if_(2.0 > 1.0, lambda x: x + 1.0, lambda x: x - 1.0, 5.0)
    6.0
    """
    return _run(_if, condition, then, orelse, *operands)


def while_(condition: Callable[..., Any], step: Callable[..., Any], *state: Any) -> Any:
    """``state = step(*state)`` while ``condition(*state)``; the last state, as a tuple if it has several parts.

    ``step`` returns as many values as it takes: one, or a tuple. Loops that the input decides run to a fixpoint, as
    ``while`` does in converted code.

    >>> while_(lambda x, n: x > 1.0, lambda x, n: (x / 2.0, n + 1), 20.0, 0)
    (0.625, 5)
    """
    return _run(_while, condition, step, *state)


def _if(condition: Any, then: Callable[..., Any], orelse: Callable[..., Any], *operands: Any) -> Any:
    if condition:
        return then(*operands)
    return orelse(*operands)


def _while(condition: Callable[..., Any], step: Callable[..., Any], *state: Any) -> Any:
    while condition(*state):
        state = step(*state) if len(state) != 1 else (step(*state),)
    return state if len(state) != 1 else state[0]


def _run(f: Any, *args: Any) -> Any:
    from interp.control import joined
    from interp.control.native import tier

    if joined.is_running() or any(map(carries_joining, args)):
        return joined.run(joined.converted(f) or f, args, {})
    return f(*(tier.resolve(x) if callable(x) else x for x in args))

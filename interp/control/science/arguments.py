"""What rules do with their arguments: plain numbers for SciPy, results of callbacks as arrays, intervals refused."""

import functools
from typing import Any

from interp import tree
from interp.control.foreign import values_in
from interp.errors import ForeignCall
from interp.value import encloses, primal
from interp.vocabulary.creation import as_operand


def as_tuple(args: Any) -> tuple[Any, ...]:
    """SciPy's ``args``, where one that is no tuple stands for itself."""
    return args if isinstance(args, tuple) else (args,)


def plain(thing: Any) -> Any:
    """A number, or container of numbers, without what they carry."""
    return tree.map(primal, thing)


def as_arrays(out: Any) -> Any:
    """A result of a user's function: a list of values as an array of them; tuples of several results each by itself."""
    if isinstance(out, tuple):
        return tuple(map(as_arrays, out))
    return as_operand(out)


def stripped(f: Any) -> Any:
    """``f`` for SciPy: its results as plain numbers. What is no function (``jac="2-point"``) stays."""
    if not callable(f):
        return f

    @functools.wraps(f)  # curve_fit counts the parameters of its signature
    def call(*args: Any, **kwargs: Any) -> Any:
        out = as_arrays(f(*args, **kwargs))
        if encloses(out):
            refuse_enclosures("A function solved by SciPy,", "Use interval arithmetic of your own", out)
        return plain(out)

    return call


def refuse_enclosures(call: str, remedy: str, *things: Any) -> None:
    """Raise for intervals among what a call is given, where its result could not be enclosed."""
    if any(map(encloses, values_in(things))):
        raise ForeignCall(
            f"{call} of an Interval: what it returns solves the problem at one point of the box, and is no enclosure. "
            f"{remedy}, or pass interp.primal(...) on purpose"
        )

"""The joined tier: all branches that an input could take, in one run.

For number types that leave branches undecided (``Value.joins``: SparsityTracer, Interval). `run` is its door;
`generate` gives a function the form in which both sides of a branch can run, `forks`, `loops` and `blocks` run them,
`state` keeps what they change, and `joining` says what two paths make of a place.
"""

from collections.abc import Callable
from typing import Any

from interp import tree
from interp.control.joined import library
from interp.control.joined import state as states
from interp.control.joined.alternatives import Alternatives, uncertain
from interp.control.joined.calls import call
from interp.control.joined.convert import converted
from interp.control.joined.operations import as_number
from interp.control.joined.selection import Selection
from interp.control.joined.signals import Abandoned
from interp.control.path import PATH
from interp.errors import InterpError, PathError, UndecidedError
from interp.value import Value, shape_of


def run(f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``f`` along all its branches. Within another such run it is a part of that one."""
    state = states.current()
    if is_running():
        witness = state.witness
        try:
            return call(f, *args, **kwargs)
        finally:
            state.witness = witness  # that of this run: the inner one may have been of another level
    around = states.fresh()
    off = PATH.off
    try:
        PATH.off = False
        states.current().running = True
        states.current().witness = next(
            witness for witness in map(_witness, (*args, *kwargs.values())) if witness is not None
        )
        out = result(call(f, *args, **kwargs))
        state = states.current()
        return tree.map(_undefined_somewhere, out) if state.dropped and not state.has_primal else out
    except Abandoned:
        errors = states.current().dropped
        if not errors:
            raise PathError("no path through the function comes to an end") from None
        raise _naming_all(errors) from None
    except Exception as error:
        state = states.current()
        if isinstance(error, InterpError) or not state.dropped or state.has_primal:
            raise
        raise _naming_all([error, *state.dropped])  # noqa: B904 - it is that error
    finally:
        states.restore(around)
        PATH.off = off


def is_running() -> bool:
    """True within such a run."""
    return states.current().running


def _naming_all(errors: list[BaseException]) -> BaseException:
    """The first of the errors in which the paths end, when they all end in one."""
    said = "; ".join(dict.fromkeys(f"{type(e).__name__}: {e}" for e in errors[:5]))
    errors[0].add_note(f"every path through the function raises: {said}")
    return errors[0]


def _witness(x: Any) -> Any:
    """An undecided condition at the level of a value that leaves branches undecided; None of any other."""
    inner: Any = x
    while isinstance(inner, Value) and not inner.joins:
        inner = inner.payload
    return inner.undecided(True) if isinstance(inner, Value) else None  # type: ignore[attr-defined]


def _undefined_somewhere(x: Any) -> Any:
    """A value of a function that raises for some of the inputs; which ones is not known."""
    if not isinstance(x, Value):
        return x
    if x.joins:
        return x.undefined_somewhere()  # type: ignore[attr-defined]
    return x.rebuild(*(_undefined_somewhere(getattr(x, name)) for name in x.components))


def result(out: Any) -> Any:
    """What a function returns to code that knows nothing of paths."""
    if isinstance(out, Alternatives):
        return _number(out)
    if isinstance(out, Selection):
        raise UndecidedError(
            "the function returns x[mask], whose shape depends on the input: return np.where(mask, x, 0), whose shape "
            "does not"
        )
    if type(out) in (list, tuple):
        if uncertain(out):
            raise UndecidedError(
                "the function returns a list whose length depends on a branch that the input decides: return an array "
                "of a fixed shape, with np.where in place of the filter"
            )
        return type(out)(map(result, out))
    if type(out) is dict:
        return {key: result(part) for key, part in out.items()}
    return out


def _number(out: Alternatives) -> Any:
    shapes = {shape_of(value) for value in out.values}
    if len(shapes) > 1:
        raise UndecidedError(
            f"the shape of the output depends on a branch that the input decides, {sorted(shapes)}: "
            "return arrays of one shape"
        )
    try:
        return as_number(out)
    except TypeError:
        kinds = ", ".join(sorted({type(value).__name__ for value in out.values}))
        raise UndecidedError(
            f"the output is {kinds}, by a branch that the input decides: return a number on every path"
        ) from None


__all__ = ["converted", "is_running", "library", "result", "run"]

"""`interpret`: run a plain function once under a stack of interpretations, and read the result.

    result = interpret(f, gradient(), uncertainty(std=s), sparsity())(x)

The first interpretation listed is outermost: its values wrap those of the next. Each is an object
that lifts an input and reads an output; this module knows no more of them than that.
"""

import functools
import importlib
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

from interp import backends, control, tree
from interp import level as levels
from interp.errors import InterpError, MutationError, StripError, UnsupportedOutput
from interp.value import Value, from_table


@runtime_checkable
class Interpretation(Protocol):
    """What a stage of `interpret` has to offer."""

    def lift(self, payload: Any, level: int) -> Any:
        """``payload`` (a number, array or value of an inner stage) as a value of ``level``."""

    def read(self, value: Any, lifted: Any) -> Mapping[str, Any]:
        """What the output says, by name, still in the payload's type; ``"value"`` is the payload itself.

        ``value`` may be no value of this stage: then the output does not depend on the input.
        ``lifted`` is what `lift` returned for the input. Must leave both as they are.
        """


class Result:
    """The output of one interpreted run, read by name.

    ``result.value`` and every name that a stage offers (``gradient``, ``std``, ``bounds``,
    ``sparsity``, ...) are plain numbers, arrays and matrices, however deep the stack (in a run inside
    another transform, values of that one).
    ``result.reading(name)`` keeps the inner stages: ``result.reading("gradient").std`` is the error
    bar of the gradient. ``result.raw`` is the nested value itself.
    """

    def __init__(self, raw: Any, stages: tuple[tuple[Interpretation, Any], ...]) -> None:
        self.raw = raw
        self._stages = stages
        self._read: dict[int, Mapping[str, Any]] = {}

    def _readings(self) -> Iterator[tuple[Mapping[str, Any], tuple[tuple[Interpretation, Any], ...]]]:
        """What each stage reads, and the stages inside it. Each reads once: a Jacobian takes a sweep."""
        value = self.raw
        for i, (stage, lifted) in enumerate(self._stages):
            if i not in self._read:
                self._read[i] = stage.read(value, lifted)
            value = self._read[i]["value"]
            yield self._read[i], self._stages[i + 1 :]

    def _find(self, name: str) -> tuple[Any, tuple[tuple[Interpretation, Any], ...]]:
        value, inner = self.raw, self._stages
        for readings, inner in self._readings():
            if name in readings and name != "value":
                return readings[name], inner
            value = readings["value"]
        if name == "value":
            return value, inner
        raise AttributeError(f"this result has no {name!r}; it has {', '.join(self.names())}")

    def names(self) -> list[str]:
        """The names that can be read, ``value`` first."""
        return list(dict.fromkeys(["value", *(name for readings, _ in self._readings() for name in readings)]))

    def reading(self, name: str) -> "Result":
        """The reading ``name`` as a result of its own, with the stages inside it."""
        raw, inner = self._find(name)
        return Result(_own(raw), inner)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return _plain(*self._find(name))

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.names()]

    def __repr__(self) -> str:
        return f"Result({', '.join(f'{name}={getattr(self, name)!r}' for name in self.names())})"


def _plain(reading: Any, stages: tuple[tuple[Interpretation, Any], ...]) -> Any:
    """Nominal numbers of a reading by ``stages``, in storage of their own.

    What the stages did not make stays: in a run inside ``grad`` the numbers themselves are values of it.
    """
    if isinstance(reading, tuple):
        return tuple(_plain(part, stages) for part in reading)
    while isinstance(reading, Value) and any(_made_by(lifted, reading) for _, lifted in stages):
        reading = reading.primal_payload()
    return _own(reading)


def _own(reading: Any) -> Any:
    """A reading in storage of its own."""
    if isinstance(reading, tuple):
        return tuple(map(_own, reading))
    return reading.copy() if hasattr(reading, "copy") else reading


def _made_by(lifted: Any, value: Value) -> bool:
    """True if a value is of the stage that lifted its input to ``lifted``."""
    return value.level == levels.of(lifted) or (value.correlated and type(value) is type(lifted))


def call(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run a user's function, whose output must be numbers: what is none would be read as a constant."""
    out = run(f, *args, **kwargs)
    check_numbers(out)
    return out


def call_with_aside(f: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[Any, Any]:
    """Run a function that returns ``(output, aux)``: the output must be numbers, what is beside it may be anything."""
    out = run(f, *args, **kwargs)
    if not isinstance(out, tuple) or len(out) != 2:
        raise UnsupportedOutput(
            f"with has_aux=True the function returns a pair (output, aux), not a {type(out).__name__}"
        )
    check_numbers(out[0])
    return out


def run(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run a user's function, converted where that is needed.

    Where NumPy covers an error of ours with one that does not say what to do, say it.
    """
    try:
        return control.run(f, args, kwargs)
    except ValueError as error:
        if not isinstance(error.__cause__, StripError):
            raise
        raise MutationError(
            "a value was stored into a plain array, which cannot hold it: one from outside the function, or made where "
            "no conversion reaches. Work on a copy made in the function (a = np.array(a)), or make the array from a "
            "value (a = np.zeros_like(x); a[0] = x[0])"
        ) from error


def check_numbers(out: Any) -> None:
    """Refuse an output that is no number, array or value, nor a container of them."""
    for leaf in (out,) if isinstance(out, Value) else tree.flatten(out)[0]:
        if not isinstance(leaf, Value):
            _refuse_no_numbers(leaf)


def _refuse_no_numbers(leaf: Any) -> None:
    if not backends.numeric(leaf):
        of = f" of dtype {leaf.dtype}" if hasattr(leaf, "dtype") else ""
        raise UnsupportedOutput(
            f"the function returned a {type(leaf).__name__}{of}, which carries nothing; it must return one number or "
            "array (derivatives: or dicts, lists, tuples and dataclasses of them). np.stack([...]) joins values"
        )


def transform(make: Any = None, *, native: str | None = None) -> Any:
    """Decorator of functions that make a function of a function, as `interpret` does.

    What they return tells its ``original``, and ``transformed(other)`` makes the same of another function: so that
    `interp.compile` can go to the original.

    ``native`` says what the made function does where native code calls it. It is the dotted name of a function, which
    is imported when it is used, of the arguments that follow ``f``, all constants; that function returns another,
    ``body(f, *x)``, which native code compiles in place of ``make(f, *args)(*x)``.
    """
    if make is None:
        return functools.partial(transform, native=native)

    @functools.wraps(make)
    def transforming(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Transformed:
        return Transformed(transforming, make(f, *args, **kwargs), f, args, kwargs)

    transforming.transforms = True  # type: ignore[attr-defined]
    return replaced_natively(native)(transforming) if native else transforming


class Transformed:
    """What a transform made of a function: ``run``. Pickled as the transform, the function and the options."""

    def __init__(
        self,
        transform: Callable[..., "Transformed"],
        run: Any,
        original: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self.run, self.original = run, original
        self._transform, self._options = transform, (args, kwargs)
        self.__name__ = self.__qualname__ = getattr(run, "__name__", "transformed")
        self.__doc__ = getattr(original, "__doc__", None)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.run(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        """What else the transform offers, as the pattern that `sparse_jacobian` found."""
        if name.startswith("__") or name == "run":
            raise AttributeError(name)
        return getattr(self.run, name)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """A method of a class, as a function in its place would be."""
        return self if instance is None else types.MethodType(self, instance)

    def transformed(self, other: Callable[..., Any]) -> "Transformed":
        """The same made of another function."""
        args, kwargs = self._options
        return self._transform(other, *args, **kwargs)

    @property
    def native_body(self) -> Callable[[], Any] | None:
        """What makes the body that native code has; None if there is none."""
        if not hasattr(self._transform, "native_name"):
            return None
        args, kwargs = self._options
        return lambda: replacement_of(self._transform)(*args, **kwargs)

    def __reduce__(self) -> Any:
        args, kwargs = self._options
        return _transform_again, (self._transform, self.original, args, kwargs)

    def __repr__(self) -> str:
        return f"<{self.__name__}>" if isinstance(self.run, types.FunctionType) else repr(self.run)


def _transform_again(transform: Any, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return transform(f, *args, **kwargs)


def replaced_natively(by: str) -> Callable[[Any], Any]:
    """Decorator: native code has the function of that dotted name in place of this one; of a transform, its bodies."""

    def named(function: Any) -> Any:
        function.native_name = by
        return function

    return named


def replacement_of(function: Any) -> Any:
    """What `replaced_natively` names."""
    module, _, name = function.native_name.rpartition(".")
    return getattr(importlib.import_module(module), name)


@transform
def interpret(f: Callable[..., Any], *interpretations: Interpretation) -> Callable[..., Result]:
    """``f`` under a stack of interpretations of its first argument, the first listed outermost.

    Returns a function of ``f``'s arguments that runs ``f`` once and returns a `Result`. The first
    argument is a number, an array or already a value (then a stage may take it as it is); the others
    are passed on as they are. ``f`` must return one number, array or value.

    Raises `InterpError` for a stage without ``lift`` and ``read``, and whatever ``f`` raises.
    """
    for stage in interpretations:
        if isinstance(stage, type) or not isinstance(stage, Interpretation):
            raise InterpError(
                f"interpret takes interpretations such as gradient() or uncertainty(std=0.1), not {stage!r}"
                + ("; call it: add parentheses" if callable(stage) else "")
            )

    def interpreted(x: Any, *args: Any, **kwargs: Any) -> Result:
        value = np.asarray(x) if isinstance(x, list | tuple) else from_table(x)
        stages = []
        for stage in reversed(interpretations):
            value = stage.lift(value, levels.fresh())
            stages.append((stage, value))
        out = call(f, value, *args, **kwargs)
        leaves, _ = tree.flatten(out)
        if len(leaves) != 1 or leaves[0] is not out:
            raise InterpError(
                f"the function returned a {type(out).__name__}; it must return one number or array: "
                "np.stack([...]) joins values"
            )
        if stages and levels.of(out) > stages[-1][1].level:
            raise InterpError(
                f"the function returned a {type(out).__name__} that it made around its input; return one of its "
                "numbers (.std_dev, .value), or add the interpretation as the first stage"
            )
        return Result(out, tuple(reversed(stages)))

    return interpreted

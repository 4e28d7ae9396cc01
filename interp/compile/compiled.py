"""`Compiled`: a function in native code, one version for each set of argument types.

Plain numbers and arrays go straight to Numba's dispatcher; arguments with values among them through a gate of
`crossing`. A value that native code has no struct for (`Tape`, `SparsityTracer`) says itself how it goes through a
compiled function.
"""

import functools
import importlib
import inspect
import time
import warnings
from collections.abc import Callable
from typing import Any

from interp import rules
from interp.compile import algebra as _algebra  # these two register native bodies
from interp.compile import around, calls
from interp.compile import tuples as _tuples
from interp.compile.cache import on_disk
from interp.compile.chunks import agree, first_chunk, has_directions, in_chunks, step_of
from interp.compile.crossing import (
    Constant,
    describe,
    entry,
    gate,
    leaf_types,
    products_for,
    ranks_of,
    result_type,
    values_in,
)
from interp.compile.diagnosis import compile_error
from interp.compile.fresh import Pipeline
from interp.compile.rebinding import MEANING, Native
from interp.compile.versions import OTHER, key_of, nothing, recogniser
from interp.errors import CompileError
from interp.value import Value


class Compiled:
    """What `interp.compile` returns: call it as the function itself.

    ``signatures`` lists the sets of types it was compiled for, ``compile_seconds`` the time that took, ``cache_hits``
    how many of them came from disk, ``reverse`` the way that the last gradient went: "adjoint", "forward" or "tape",
    and why not a better one. ``products`` fixes which products are strong (`interp.rules.products`); by itself a
    function finds out.
    """

    def __init__(self, f: Callable[..., Any], *, products: str | None = None, **options: Any) -> None:
        f = getattr(f, "py_func", f)  # of a function under Numba's decorators: its options may be unsound for values
        functools.update_wrapper(self, f)
        self.__name__: str = getattr(f, "__name__", "f")
        self.function = f
        self.options = options
        self.products = products
        self.stronger: Compiled | None = None
        self.of_components: Compiled | None = None
        self.compile_seconds = 0.0
        self.cache_hits = 0
        self.pullbacks: dict[Any, Any] = {}
        self.reverse: str | None = None
        self._signature = inspect.signature(f)
        kinds = [p.kind for p in self._signature.parameters.values()]
        fixed = not {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.KEYWORD_ONLY}.intersection(kinds)
        self.arity = len(kinds) if fixed else -1
        self._forget()

    def _forget(self) -> None:
        """Start anew: rules have changed since."""
        self.generation = rules.generation
        calls.forget_older()
        self.native = Native({**MEANING, "boundscheck": self.options["boundscheck"], "pipeline_class": Pipeline})
        self.dispatcher = self.native.function(self.function)  # type: ignore[arg-type]
        self.versions: dict[Any, tuple[Callable[..., Any], Any]] = {}
        """By key what is called, and the types it was compiled for: None where nothing was."""
        self.tests: dict[Any, Callable[..., Any]] = {}
        self.latest: Callable[..., Any] = nothing

    @property
    def signatures(self) -> list[tuple[Any, ...]]:
        """Argument types of every version."""
        return [signature for _, signature in self.versions.values() if signature is not None]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not kwargs and len(args) == self.arity and self.generation == rules.generation:
            result = self.latest(*args)
            if result is not OTHER:
                return result
        else:
            args = self._positional(args, kwargs)
        key = key_of(args)
        version = self.versions.get(key)
        if version is None or self.generation != rules.generation:
            return self._first_call(key, args)
        if version[1] is not None:  # native code, at last: ways through it come back with other arguments
            test = self.tests.get(key)
            if test is None:
                test = self.tests[key] = recogniser(args, version[0])
            self.latest = test
        return version[0](*args)

    def _positional(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        if any(p.kind is p.VAR_KEYWORD for p in self._signature.parameters.values()) and bound.kwargs:
            raise CompileError(f"{self.__name__} takes any keywords (**), which have no native code")
        return (*bound.args, *bound.kwargs.values())  # keyword-only ones come last, as in the native copy

    def _first_call(self, key: Any, args: tuple[Any, ...]) -> Any:
        if self.generation != rules.generation:
            self._forget()
        values = [v for x in args for v in values_in(x)]
        foreign = [v for v in values if not v.native]
        if foreign:
            version: Any = self._foreign(values, foreign), None
        elif values and not agree(args):
            return self.plain(*args)  # which says what is wrong with them
        else:
            try:
                step = step_of(args) if values else None
                version = self._compiled_or_split(args) if step is None else self._split(step)
            except CompileError as error:
                if not self.options["fallback"]:
                    self.versions[key] = _refusing(str(error)), None
                    raise
                warnings.warn(f"{error}; it runs as plain Python", stacklevel=3)
                version = self.plain, tuple(map(type, args))
        self.versions[key] = version
        return version[0](*args)

    def _foreign(self, values: list[Value], foreign: list[Value]) -> Callable[..., Any]:
        """How calls go with values that have no struct: through the compiled function in a way of their own."""
        if any(type(v).through_compiled is None for v in foreign):
            return self.plain
        outermost = type(max(foreign, key=lambda v: v.level))
        if max(v.level for v in values) == max(v.level for v in foreign):
            return lambda *args: outermost.through_compiled(self, args)
        return self._around

    def _around(self, *args: Any) -> Any:
        """A call with native values around others that have no struct."""
        innermost = max(v.level for x in args for v in values_in(x) if not v.native)
        if has_directions(args, above=innermost):
            return in_chunks(self, args, 1)
        if self.of_components is None:
            options = {**self.options, "fallback": False}
            self.of_components = Compiled(
                around.of_components(self.function, len(args)), products=around.PRODUCTS, **options
            )
        try:
            return around.through(self.of_components, args, innermost)
        except CompileError:
            if not self.options["fallback"]:
                raise
            return self.plain(*args)

    def _compiled_or_split(self, args: tuple[Any, ...]) -> Any:
        try:
            return self._version(args)
        except CompileError:
            if not has_directions(args):
                raise
            try:  # a rule may take numbers where it takes no vectors
                single = first_chunk(args, 1)
                self.versions[key_of(single)] = self._version(single)
                return self._split(1)
            except CompileError:
                pass
            raise

    def _split(self, step: int) -> Any:
        return lambda *args: in_chunks(self, args, step), f"{step} directions at a time"

    def _settled(self, *args: Any) -> Any:
        """The result by strong products, where an infinite slope may have met a zero: elsewhere they cost too much."""
        if self.stronger is None or self.stronger.generation != rules.generation:
            self.stronger = Compiled(self.function, products="all", **self.options)
        return self.stronger(*args)

    def result_of(self, args: tuple[Any, ...]) -> Any:
        """Native type of the result for plain arguments like these."""
        try:
            return result_type(self.native, self.dispatcher, tuple(describe(x, {}) for x in args))
        except CompileError:
            raise
        except Exception as error:
            raise compile_error(error, self.function, calls.refusals) from None

    def plain(self, *args: Any) -> Any:
        """The function itself, of the positional arguments that native code takes."""
        keyword_only = [p.name for p in self._signature.parameters.values() if p.kind is p.KEYWORD_ONLY]
        positional = len(args) - len(keyword_only)
        return self.function(*args[:positional], **dict(zip(keyword_only, args[positional:], strict=True)))

    def _version(self, args: tuple[Any, ...]) -> tuple[Callable[..., Any], Any]:
        start = time.perf_counter()
        ranks = ranks_of(args)
        calls.refusals.clear()
        with rules.multiplying(self.products or products_for(args)):
            try:
                return self._made(tuple(describe(x, ranks) for x in args), bool(ranks))
            except CompileError:
                raise
            except Exception as error:  # whatever Numba, or a rule asked for native types, says
                raise compile_error(error, self.function, calls.refusals) from None
            finally:
                self.compile_seconds += time.perf_counter() - start

    def _made(self, arguments: tuple[Any, ...], has_values: bool) -> tuple[Callable[..., Any], Any]:
        if not has_values and not any(isinstance(t, Constant) for t in arguments):
            self._compile(self.dispatcher, arguments, arguments, lambda: None)
            return self.dispatcher, arguments
        native_entry = entry(self.native, self.dispatcher, arguments, self.native.options)
        result = functools.partial(result_type, self.native, self.dispatcher, arguments)
        made = self._compile(native_entry, tuple(leaf_types(arguments)), arguments, result)
        native_entry.disable_compile()  # arrays of other layouts are converted
        return gate(native_entry, arguments, made, self._settled if self.products is None else None), arguments

    def _compile(
        self, dispatcher: Any, leaves: tuple[Any, ...], arguments: tuple[Any, ...], result: Callable[[], Any]
    ) -> Any:
        """Compile ``dispatcher`` for these leaves of the arguments, or read it from disk; the type of its result."""
        disk = None
        if self.options["cache"]:
            disk = on_disk(self.__name__, self.dispatcher, arguments, self.options, result)
        without, dispatcher._cache = dispatcher._cache, disk or dispatcher._cache
        try:
            dispatcher.compile(leaves)
        finally:
            dispatcher._cache = without
        if disk is None or not disk.hit:
            return result()
        self.cache_hits += 1
        return disk.returned

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __reduce__(self) -> Any:
        return _restored, (self.function.__module__, self.function.__qualname__, self.options)

    def __repr__(self) -> str:
        return f"<compiled {self.__name__}, {len(self.versions)} versions>"


def _refusing(message: str) -> Callable[..., Any]:
    """In place of a version that cannot be: the next call is not compiled again to find out."""

    def refuse(*args: Any) -> Any:
        raise CompileError(message)

    return refuse


def _restored(module: str, name: str, options: dict[str, Any]) -> Compiled:
    """The compiled function of that name, or the function of that name compiled."""
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found if isinstance(found, Compiled) else Compiled(found, **options)

"""`Compiled`: a function in native code, one version for each set of argument types.

Plain numbers and arrays go straight to Numba's dispatcher; arguments with values among them through a gate of
`crossing`. A value that native code has no struct for (`Tape`, `SparsityTracer`) says itself how it goes through a
compiled function.
"""

import contextlib
import functools
import gc
import importlib
import inspect
import sys
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Sequence
from types import FunctionType
from typing import Any

from numba.core.compiler_lock import global_compiler_lock

from interp import rules
from interp.compile import activation, around, calls
from interp.compile import algebra as _algebra  # these register native bodies
from interp.compile import composites as _composites
from interp.compile import matrices as _matrices
from interp.compile import ordering as _ordering
from interp.compile import rearranging as _rearranging
from interp.compile import statistics as _statistics
from interp.compile import tuples as _tuples
from interp.compile.arguments import values_in
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
)
from interp.compile.diagnosis import compile_error
from interp.compile.fresh import Pipeline
from interp.compile.rebinding import CALLEE, MEANING, Native, program
from interp.compile.tape import nodes as _nodes  # registers its rule: later, it would undo what was compiled before
from interp.compile.versions import OTHER, key_of, nothing, recogniser
from interp.errors import CompileError
from interp.value import Value

_COMPILING = threading.RLock()
"""One version is made at a time: compilation sets which products are strong, and notes refusals, for all threads."""


@contextlib.contextmanager
def compiling() -> Iterator[None]:
    """Types are inferred and native code is made: by one thread, which takes Numba's lock second, always.

    Numba holds another lock while it infers, and takes its compiler's within: whoever infers must have that before.
    """
    with _COMPILING, global_compiler_lock:
        yield


class Compiled:
    """What `interp.compile` returns: call it as the function itself.

    ``signatures`` lists the sets of types it was compiled for, ``compile_seconds`` the time that took, ``cache_hits``
    how many of them came from disk, ``reverse`` the way that the last gradient went: "adjoint", "forward" or "tape",
    and why not a better one. ``products`` fixes which products are strong (`interp.rules.products`); by itself a
    function finds out.
    """

    over_arrays = False
    """True of a function of numbers that runs over arrays of them."""

    def __init__(self, f: Callable[..., Any], *, products: str | None = None, **options: Any) -> None:
        f = getattr(f, "py_func", f)  # of a function under Numba's decorators: its options may be unsound for values
        functools.update_wrapper(self, f)
        self.__name__: str = getattr(f, "__name__", "f")
        self.function = f
        self.options = options
        self.products = products
        self.stronger: Any = None
        self.of_components: Compiled | None = None
        self.parts: tuple[Compiled, ...] = ()
        self.seconds = 0.0
        self.token: str | None = None
        self.cache_hits = 0
        self.pullbacks: dict[Any, Any] = {}
        self.reverse: str | None = None
        self._signature = inspect.signature(f)
        kinds = [p.kind for p in self._signature.parameters.values()]
        fixed = not {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.KEYWORD_ONLY}.intersection(kinds)
        self.arity = len(kinds) if fixed else -1
        self.versions: dict[Any, tuple[Callable[..., Any], Any]] = {}
        """By key what is called, and the types it was compiled for: None where nothing was."""
        self.tests: dict[Any, Callable[..., Any]] = {}
        self.latest: Callable[..., Any] = nothing
        self.generation = -1  # a module may still be about to define what the function calls

    def _forget(self) -> None:
        """Start anew: rules have changed since, or nothing is compiled yet."""
        self.generation = rules.generation
        calls.forget_older()
        options = {**MEANING, **CALLEE, "boundscheck": self.options["boundscheck"], "pipeline_class": Pipeline}
        self.native = Native(options)
        self.dispatcher = self.native.function(self.function)  # type: ignore[arg-type]
        self.versions, self.tests, self.latest = {}, {}, nothing

    @property
    def signatures(self) -> list[tuple[Any, ...]]:
        """Argument types of every version."""
        return [signature for _, signature in self.versions.values() if signature is not None]

    @property
    def compile_seconds(self) -> float:
        """Time that compilation took, of all versions."""
        return self.seconds + sum(part.compile_seconds for part in self.parts)

    @property
    def native_callee(self) -> Any:
        """The function that other native code calls in place of this one."""
        return self.function

    def _program(self, arguments: Sequence[Any]) -> Any:
        """The native function of arguments of these types."""
        return self.dispatcher

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != self.arity:
            args = self.positional(args, kwargs)
        elif self.generation == rules.generation:
            result = self.latest(*args)
            if result is not OTHER:
                return result
        return self.run(*args)

    def run(self, *args: Any) -> Any:
        """A call of every argument by position, keyword-only ones last: as native code takes them."""
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

    def positional(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """Every argument by position, defaults included, keyword-only ones last."""
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        if any(p.kind is p.VAR_KEYWORD for p in self._signature.parameters.values()) and bound.kwargs:
            raise CompileError(f"{self.__name__} takes any keywords (**), which have no native code")
        return (*bound.args, *bound.kwargs.values())  # keyword-only ones come last, as in the native copy

    def _first_call(self, key: Any, args: tuple[Any, ...]) -> Any:
        values = [v for x in args for v in values_in(x)]
        if values and all(v.native for v in values) and not agree(args):
            return self.plain(*args)  # which says what is wrong with them
        return self._made(key, args, values)(*args)

    def _made(self, key: Any, args: tuple[Any, ...], values: list[Value]) -> Callable[..., Any]:
        """The version for arguments like these."""
        with compiling():
            if self.generation != rules.generation:
                self._forget()
            if key not in self.versions:
                self.versions[key] = self._new(args, values)
            return self.versions[key][0]

    def _new(self, args: tuple[Any, ...], values: list[Value]) -> tuple[Callable[..., Any], Any]:
        if not all(v.native for v in values):
            return self._through(values), None
        try:
            step = step_of(args) if values else None
            return self._compiled_or_split(args) if step is None else self._split(step)
        except CompileError as error:
            if not self.options["fallback"]:
                return _refusing(str(error)), None
            warnings.warn(f"{error}; it runs as plain Python", stacklevel=5)
            return self.plain, tuple(map(type, args))

    def _through(self, values: list[Value]) -> Callable[..., Any]:
        """How calls go with values that have no struct: through the compiled function in a way of their own."""
        foreign = [v for v in values if not v.native]
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
            return in_chunks(self.run, args, 1)
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

    def _split(self, step: int) -> tuple[Callable[..., Any], Any]:
        return lambda *args: in_chunks(self.run, args, step), f"{step} directions at a time"

    def _settled(self, *args: Any) -> Any:
        """The result by strong products, where an infinite slope may have met a zero: elsewhere they cost too much."""
        if self.stronger is None or self.stronger.generation != rules.generation:
            self.stronger = type(self)(self.function, products="all", **self.options)
        return self.stronger.run(*args)

    def result_of(self, args: tuple[Any, ...]) -> Any:
        """Native type of the result for plain arguments like these."""
        with compiling():
            if self.generation != rules.generation:
                self._forget()
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
        return self._native_version(args, self._program)

    def _native_version(
        self, args: tuple[Any, ...], callee_of: Callable[..., Any], *, finished: bool = True
    ) -> tuple[Callable[..., Any], Any]:
        """The Python function that calls a native program of these arguments' types, and the types.

        ``finished``: False if what comes back is still to be filled.
        """
        start = time.perf_counter()
        products = self.products or products_for(args)
        try:
            if not self.native.transforms:
                made = self._multiplied(args, callee_of, finished, products)
                if products != "none" or not self.native.transforms:
                    return made
            # It takes derivatives itself: a NaN in them is not seen from outside, and no second run would settle it.
            return self._multiplied(args, callee_of, finished, activation.PRODUCTS)
        finally:
            self.seconds += time.perf_counter() - start

    def _multiplied(
        self, args: tuple[Any, ...], callee_of: Callable[..., Any], finished: bool, products: str
    ) -> tuple[Callable[..., Any], Any]:
        ranks = ranks_of(args)
        calls.refusals.clear()
        with rules.multiplying(products), _no_collection():
            try:
                arguments = tuple(describe(x, ranks) for x in args)
                callee = callee_of(arguments)
                if not ranks and not any(isinstance(t, Constant) for t in arguments):
                    whole = program(callee)
                    self._compile(whole, arguments, arguments, lambda: None)
                    return whole, arguments
                native_entry = program(entry(self.native, callee, arguments, self.native.options))
                result = functools.partial(result_type, self.native, callee, arguments)
                made = self._compile(native_entry, tuple(leaf_types(arguments)), arguments, result)
                native_entry.disable_compile()  # arrays of other layouts are converted
                settle = self._settled if self.products is None and products != "all" else None
                return gate(native_entry, arguments, made, settle, finished), arguments
            except CompileError:
                raise
            except Exception as error:  # whatever Numba, or a rule asked for native types, says
                raise compile_error(error, self.function, calls.refusals) from None

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

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self.token is None:
            self.token = uuid.uuid4().hex
        f = self.function
        if _at(f.__module__, f.__qualname__) is not self:
            return _restored, (type(self), f, self.options, self.token)
        if protocol < 4:  # which finds a function within an object by the object
            return _imported, (f.__module__, f.__qualname__)
        return _restored, (type(self), self.named, self.options, self.token)

    @functools.cached_property
    def named(self) -> FunctionType:
        """The function under a name at which pickle finds it: that of a decorated one stands for this object.

        What no module has under its name (a lambda, a function within another) is the pickler's business: cloudpickle,
        which joblib uses, carries it by value, as everything in ``__main__``; pickle says that it cannot.
        """
        f = self.function
        named = FunctionType(f.__code__, f.__globals__, f.__name__, f.__defaults__, f.__closure__)
        named.__kwdefaults__, named.__module__ = f.__kwdefaults__, f.__module__
        named.__qualname__ = f"{f.__qualname__}.named"
        return named

    def __repr__(self) -> str:
        return f"<compiled {self.__name__}, {len(self.versions)} versions>"


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Compilation makes millions of objects that stay: looking for garbage among them takes a sixth of its time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _refusing(message: str) -> Callable[..., Any]:
    """In place of a version that cannot be: the next call is not compiled again to find out."""

    def refuse(*args: Any) -> Any:
        raise CompileError(message)

    return refuse


_arrived: dict[str, Compiled] = {}
"""Compiled functions that came out of a pickle, by what names the original: it may come many times, as joblib sends
it with every task, and is compiled once."""


def _restored(cls: type[Compiled], f: Callable[..., Any], options: dict[str, Any], token: str) -> Compiled:
    """The compiled function of that name in its module, or the function compiled."""
    if f.__qualname__.endswith(".named"):
        owner = _at(f.__module__, f.__qualname__.removesuffix(".named"))
        if isinstance(owner, Compiled) and owner.named is f:
            return owner
    if token not in _arrived:
        _arrived[token] = cls(f, **options)
        _arrived[token].token = token
    return _arrived[token]


def _imported(module: str, name: str) -> Any:
    """The object that a decorator left under that name."""
    importlib.import_module(module)
    return _at(module, name)


def _at(module: str, name: str) -> Any:
    """What a module that was imported has under a dotted name, or None."""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found

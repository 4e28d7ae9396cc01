"""`Compiled`: a function in native code, one version for each set of argument types.

Plain numbers and arrays go straight to Numba's dispatcher; arguments with values among them through a gate of
`crossing`. A value that native code has no struct for (`Tape`, `SparsityTracer`) says itself how it goes through a
compiled function.
"""

import functools
import importlib
import inspect
import sys
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Hashable, Sequence
from types import CellType, FunctionType
from typing import Any

import numpy as np

from interp import rules
from interp.compile import algebra as _algebra  # registers its native bodies
from interp.compile import calls
from interp.compile.arguments import is_constant, values_in
from interp.compile.chunks import agree, first_chunk, has_directions, in_chunks, step_of
from interp.compile.crossing import (
    Constant,
    describe,
    entry,
    gate,
    leaf_types,
    ranks_of,
    result_type,
)
from interp.compile.diagnosis import compile_error
from interp.compile.fresh import Pipeline
from interp.compile.rebinding import OPTIONS, Native
from interp.errors import CompileError
from interp.value import Value

_PLAIN = frozenset({float, int, bool, complex, np.float64, np.float32, np.int64, np.bool_, str, type(None)})
"""Classes that are native types by themselves."""

_COMPILING = threading.RLock()
"""One version is made at a time: compilation sets what is strong, and notes refusals, for all threads."""


class Compiled:
    """What `interp.compile` returns: call it as the function itself.

    ``signatures`` lists the sets of types it was compiled for, ``compile_seconds`` the time that took, ``reverse``
    the way that the last gradient went: "adjoint", or "forward" and why.
    """

    def __init__(self, f: Callable[..., Any], *, strong: bool = False, **options: Any) -> None:
        functools.update_wrapper(self, f)
        self.__name__: str = getattr(f, "__name__", "f")
        self.function = f
        self.options = options
        self.strong = strong
        self.stronger: Any = None
        self.parts: tuple[Compiled, ...] = ()
        self.seconds = 0.0
        self.token: str | None = None
        self.pullbacks: dict[Any, Any] = {}
        self.reverse: str | None = None
        self._signature = inspect.signature(f)
        kinds = [p.kind for p in self._signature.parameters.values()]
        fixed = not {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.KEYWORD_ONLY}.intersection(kinds)
        self.arity = len(kinds) if fixed else -1
        self.versions: dict[Any, tuple[Callable[..., Any], Any]] = {}
        self.generation = -1  # a module may still be about to define what the function calls

    def _forget(self) -> None:
        """Start anew: rules have changed since, or nothing is compiled yet."""
        self.generation = rules.generation
        calls.forget_older()
        self.native = Native({**OPTIONS, "boundscheck": self.options["boundscheck"], "pipeline_class": Pipeline})
        self.dispatcher = self.native.function(self.function)  # type: ignore[arg-type]
        self.versions = {}

    @property
    def signatures(self) -> list[tuple[Any, ...]]:
        """Argument types of every version."""
        return [signature for _, signature in self.versions.values()]

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
            return self.run(*self._positional(args, kwargs))
        version = self.versions.get(_key(args))  # as in `run`: a call more is a tenth of the crossing
        if version is None or self.generation != rules.generation:
            return self.run(*args)
        return version[0](*args)

    def run(self, *args: Any) -> Any:
        """A call of every argument by position, keyword-only ones last: as native code takes them."""
        key = _key(args)
        version = self.versions.get(key)
        if version is None or self.generation != rules.generation:
            return self._first_call(key, args)
        return version[0](*args)

    def _positional(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        if any(p.kind is p.VAR_KEYWORD for p in self._signature.parameters.values()) and bound.kwargs:
            raise CompileError(f"{self.__name__} takes any keywords (**), which have no native code")
        return (*bound.args, *bound.kwargs.values())  # keyword-only ones come last, as in the native copy

    def _first_call(self, key: Any, args: tuple[Any, ...]) -> Any:
        values = [v for x in args for v in values_in(x)]
        if not all(v.native for v in values):
            return self._through(args, values)
        if values and not agree(args):
            return self.plain(*args)  # which says what is wrong with them
        return self._made(key, args, step_of(args) if values else None)(*args)

    def _made(self, key: Any, args: tuple[Any, ...], step: int | None) -> Callable[..., Any]:
        """The version for arguments like these, which takes ``step`` directions at a time."""
        with _COMPILING:
            if self.generation != rules.generation:
                self._forget()
            if key not in self.versions:
                self.versions[key] = self._compiled_or_split(args) if step is None else self._split(step)
            return self.versions[key][0]

    def _through(self, args: tuple[Any, ...], values: Sequence[Value]) -> Any:
        """A call with values among its arguments that native code has no struct for."""
        outermost = max((v for v in values if not v.native), key=lambda v: v.level)
        is_outer = all(v.level <= outermost.level for v in values)
        through = type(outermost).through_compiled if is_outer else None
        return self.plain(*args) if through is None else through(self, args)

    def _compiled_or_split(self, args: tuple[Any, ...]) -> tuple[Callable[..., Any], Any]:
        try:
            return self._version(args)
        except CompileError as error:
            if has_directions(args):
                try:  # a rule may take numbers where it takes no vectors
                    single = first_chunk(args, 1)
                    self.versions[_key(single)] = self._version(single)
                    return self._split(1)
                except CompileError:
                    pass
            if not self.options["fallback"]:
                raise
            warnings.warn(f"{error}; it runs as plain Python", stacklevel=4)
            return self.plain, tuple(map(type, args))

    def _split(self, step: int) -> tuple[Callable[..., Any], Any]:
        return lambda *args: in_chunks(self.run, args, step), f"{step} directions at a time"

    def _settled(self, native: Any, *args: Any) -> Any:
        """The result by strong products, where an infinite slope may have met a zero: elsewhere they cost too much."""
        if self.strong:
            return native
        if self.stronger is None or self.stronger.generation != rules.generation:
            self.stronger = type(self)(self.function, strong=True, **self.options)
        return self.stronger.run(*args)

    def plain(self, *args: Any) -> Any:
        """The function itself, of the positional arguments that native code takes."""
        keyword_only = [p.name for p in self._signature.parameters.values() if p.kind is p.KEYWORD_ONLY]
        positional = len(args) - len(keyword_only)
        return self.function(*args[:positional], **dict(zip(keyword_only, args[positional:], strict=True)))

    def _version(self, args: tuple[Any, ...]) -> tuple[Callable[..., Any], Any]:
        return self._native_version(args, self._program)

    def _native_version(
        self, args: tuple[Any, ...], program_of: Callable[..., Any], *, finished: bool = True
    ) -> tuple[Callable[..., Any], Any]:
        """The Python function that calls a native program of these arguments' types, and the types.

        ``finished``: False if what comes back is still to be filled.
        """
        start = time.perf_counter()
        ranks = ranks_of(args)
        calls.refusals.clear()
        rules.strong = self.strong
        try:
            arguments = tuple(describe(x, ranks) for x in args)
            program = program_of(arguments)
            if not ranks and not any(isinstance(t, Constant) for t in arguments):
                program.compile(arguments)
                return program, arguments
            native_entry = entry(self.native, program, arguments, self.native.options)
            native_entry.compile(tuple(leaf_types(arguments)))
            made = result_type(self.native, program, arguments)
            return gate(native_entry, arguments, made, self._settled, finished), arguments
        except CompileError:
            raise
        except Exception as error:  # whatever Numba, or a rule asked for native types, says
            raise compile_error(error, self.function, calls.refusals) from None
        finally:
            rules.strong = False
            self.seconds += time.perf_counter() - start

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


def _key(args: tuple[Any, ...]) -> Any:
    """What decides the version: classes, and of values their structure and the order of their levels."""
    key: list[Any] = []
    levels: list[int] = []
    for x in args:
        cls = x.__class__
        key.append(cls if cls in _PLAIN else _structure(x, cls, levels))
    if len(levels) > 1 and min(levels) != max(levels):
        order = sorted(set(levels))
        key += map(order.index, levels)
    return tuple(key)


def _structure(x: Any, cls: type, levels: list[int]) -> Any:
    if issubclass(cls, Value):
        levels.append(x.level)
        parts: list[Any] = [cls]
        for name in cls.components:
            part = getattr(x, name)
            inner = part.__class__
            parts.append(
                inner
                if inner in _PLAIN
                else (*_structure(part, inner, levels), part.shape)
                if inner is np.ndarray
                else _structure(part, inner, levels)
            )
        return tuple(parts)
    if cls is np.ndarray:
        flags = x.flags
        return cls, x.dtype.str, x.ndim, flags.c_contiguous, flags.f_contiguous, flags.writeable
    if issubclass(cls, tuple):
        return (cls, *(c if (c := part.__class__) in _PLAIN else _structure(part, c, levels) for part in x))
    if cls is FunctionType:
        return _function_key(x)
    if is_constant(x):
        return x
    if issubclass(cls, np.generic):
        return cls
    return cls if cls in (list, str, dict, set) else (cls, _by_identity(x))


def _function_key(f: FunctionType) -> Any:
    """Functions made anew by every call, with equal constants, are one."""
    cells = [cell.cell_contents for cell in f.__closure__ or () if cell != _EMPTY]
    constants = (*cells, *(f.__defaults__ or ()))
    if all(c.__class__ in _PLAIN for c in constants):
        return f.__code__, constants, tuple(map(type, constants)), id(f.__globals__)
    return f


_EMPTY = CellType()


def _by_identity(x: Any) -> Any:
    """Other objects: each is its own version."""
    return x if isinstance(x, Hashable) else id(x)

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
from collections.abc import Callable, Hashable
from types import CellType, FunctionType
from typing import Any

import numpy as np

from interp import rules
from interp.compile import algebra as _algebra  # registers its native bodies
from interp.compile import calls
from interp.compile.arguments import is_constant
from interp.compile.chunks import agree, first_chunk, has_directions, in_chunks, step_of
from interp.compile.crossing import (
    Constant,
    describe,
    entry,
    gate,
    leaf_types,
    ranks_of,
    result_type,
    values_in,
)
from interp.compile.diagnosis import compile_error
from interp.compile.fresh import Pipeline
from interp.compile.rebinding import OPTIONS, Native
from interp.compile.tape import nodes as _nodes  # registers its rule: later, it would undo what was compiled before
from interp.errors import CompileError
from interp.value import Value

_PLAIN = frozenset({float, int, bool, complex, np.float64, np.float32, np.int64, np.bool_, str, type(None)})
"""Classes that are native types by themselves."""


class Compiled:
    """What `interp.compile` returns: call it as the function itself.

    ``signatures`` lists the sets of types it was compiled for, ``compile_seconds`` the time that took, ``reverse``
    the way that the last gradient went: "adjoint", "forward" or "tape", and why not a better one.
    """

    def __init__(self, f: Callable[..., Any], *, strong: bool = False, **options: Any) -> None:
        functools.update_wrapper(self, f)
        self.__name__: str = getattr(f, "__name__", "f")
        self.function = f
        self.options = options
        self.strong = strong
        self.stronger: Compiled | None = None
        self.compile_seconds = 0.0
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
        self.native = Native({**OPTIONS, "boundscheck": self.options["boundscheck"], "pipeline_class": Pipeline})
        self.dispatcher = self.native.function(self.function)  # type: ignore[arg-type]
        self.versions: dict[Any, tuple[Callable[..., Any], Any]] = {}

    @property
    def signatures(self) -> list[tuple[Any, ...]]:
        """Argument types of every version."""
        return [signature for _, signature in self.versions.values()]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != self.arity:
            args = self._positional(args, kwargs)
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
        if self.generation != rules.generation:
            self._forget()
        values = [v for x in args for v in values_in(x)]
        foreign = [v for v in values if not v.native]
        if foreign:
            outermost = max(foreign, key=lambda v: v.level)
            is_outer = all(v.level <= outermost.level for v in values)
            through = type(outermost).through_compiled if is_outer else None
            return self.plain(*args) if through is None else through(self, args)
        if values and not agree(args):
            return self.plain(*args)  # which says what is wrong with them
        if values and (step := step_of(args)) is not None:
            version: Any = self._split(step)
        else:
            version = self._compiled_or_split(args)
        self.versions[key] = version
        return version[0](*args)

    def _compiled_or_split(self, args: tuple[Any, ...]) -> Any:
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

    def _split(self, step: int) -> Any:
        return lambda *args: in_chunks(self, args, step), f"{step} directions at a time"

    def _settled(self, native: Any, *args: Any) -> Any:
        """The result by strong products, where an infinite slope may have met a zero: elsewhere they cost too much."""
        if self.strong:
            return native
        if self.stronger is None or self.stronger.generation != rules.generation:
            self.stronger = Compiled(self.function, strong=True, **self.options)
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
        rules.strong = self.strong
        try:
            arguments = tuple(describe(x, ranks) for x in args)
            if not ranks and not any(isinstance(t, Constant) for t in arguments):
                self.dispatcher.compile(arguments)
                return self.dispatcher, arguments
            native_entry = entry(self.native, self.dispatcher, arguments, self.native.options)
            native_entry.compile(tuple(leaf_types(arguments)))
            made = result_type(self.native, self.dispatcher, arguments)
            return gate(native_entry, arguments, made, self._settled), arguments
        except CompileError:
            raise
        except Exception as error:  # whatever Numba, or a rule asked for native types, says
            raise compile_error(error, self.function, calls.refusals) from None
        finally:
            rules.strong = False
            self.compile_seconds += time.perf_counter() - start

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __reduce__(self) -> Any:
        return _restored, (self.function.__module__, self.function.__qualname__, self.options)

    def __repr__(self) -> str:
        return f"<compiled {self.__name__}, {len(self.versions)} versions>"


def _restored(module: str, name: str, options: dict[str, Any]) -> Compiled:
    """The compiled function of that name, or the function of that name compiled."""
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found if isinstance(found, Compiled) else Compiled(found, **options)


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

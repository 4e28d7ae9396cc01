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
from types import FunctionType
from typing import Any

import numpy as np
from numba.core.errors import NumbaError

from interp import rules
from interp.compile import algebra as _algebra  # registers its native bodies
from interp.compile import calls
from interp.compile.crossing import describe, entry, gate, leaf_types, ranks_of, values_in, within
from interp.compile.diagnosis import compile_error
from interp.compile.fresh import Pipeline
from interp.compile.rebinding import OPTIONS, Native
from interp.errors import CompileError
from interp.value import Value

_PLAIN = frozenset({float, int, bool, complex, np.float64, np.float32, np.int64, np.bool_, str, type(None)})
"""Classes that are native types by themselves."""


class Compiled:
    """What `interp.compile` returns: call it as the function itself.

    ``signatures`` lists the sets of types it was compiled for, ``compile_seconds`` the time that took.
    """

    def __init__(self, f: Callable[..., Any], **options: Any) -> None:
        functools.update_wrapper(self, f)
        self.function = f
        self.options = options
        self.compile_seconds = 0.0
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
        if kwargs:
            args = self._positional(args, kwargs)
        key = _key(args)
        version = self.versions.get(key)
        if version is None or self.generation != rules.generation:
            return self._first_call(key, args)
        return version[0](*args)

    def _positional(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        bound = inspect.signature(self.function).bind(*args, **kwargs)
        bound.apply_defaults()
        if bound.kwargs:
            raise CompileError(f"{self.__name__} takes keyword-only arguments, which have no native code")
        return bound.args

    def _first_call(self, key: Any, args: tuple[Any, ...]) -> Any:
        if self.generation != rules.generation:
            self._forget()
        foreign = [v for x in args for v in values_in(x) if not v.native]
        if foreign:
            outermost = max(foreign, key=lambda v: v.level)
            is_outer = all(v.level <= outermost.level for x in args for v in values_in(x))
            through = type(outermost).through_compiled if is_outer else None
            return self.function(*args) if through is None else through(self, args)
        try:
            version = self._version(args)
        except CompileError as error:
            if not self.options["fallback"]:
                raise
            warnings.warn(f"{error}; it runs as plain Python", stacklevel=3)
            version = self.function, tuple(map(type, args))
        self.versions[key] = version
        return version[0](*args)

    def _version(self, args: tuple[Any, ...]) -> tuple[Callable[..., Any], Any]:
        start = time.perf_counter()
        ranks = ranks_of(args)
        arguments = tuple(describe(x, ranks) for x in args)
        try:
            if not ranks and not any(isinstance(x, FunctionType) for x in args):
                self.dispatcher.compile(arguments)
                return self.dispatcher, arguments
            native_entry = entry(self.native, self.dispatcher, arguments, self.native.options)
            leaves = tuple(leaf_types(arguments))
            native_entry.compile(leaves)
            result = self.dispatcher.overloads[within(self.native, arguments)].signature.return_type
            return gate(native_entry, arguments, result), arguments
        except NumbaError as error:
            raise compile_error(error, self.function) from None
        finally:
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
    if cls is tuple:
        return (cls, *(c if (c := part.__class__) in _PLAIN else _structure(part, c, levels) for part in x))
    return x if cls is FunctionType else cls

"""What a call in converted code does: ``f(x)`` there is ``resolve(f)(x)``.

Functions in the tables of `interp.control.foreign` have their rules; Python functions, methods, classes and callable
objects of the user's are converted themselves; those of libraries are if an argument carries a value. NumPy's,
builtins and our own functions are called as they are. All this is the same in every tier; a tier says how it
converts one function, and may have rules of its own.
"""

import dataclasses
import functools
import operator
import os
import sysconfig
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from interp.control.foreign import ALWAYS, CALLERS, FOREIGN, Sealed, refusal
from interp.control.fresh import Fresh, stored, unwrap
from interp.errors import ForeignCall, InterpError, NoRule, StripError
from interp.primitive import COUNTERPARTS, Primitive
from interp.value import Value
from interp.vocabulary.creation import as_operand


class Tier(Protocol):
    """How a tier of conversion treats one Python function."""

    rules: Mapping[Any, Callable[..., Any]]
    """What is called in place of a function in this tier alone, before the tables of all tiers."""

    def function(self, f: types.FunctionType) -> Any:
        """``f`` converted; ``f`` itself if it needs no conversion."""


OURS = frozenset({"interp", "interpretations"})
CALL_BACK = ("interp.numerics", "interpretations.solve")
"""Our modules that run functions of the user's themselves; transforms go through `interp.interpretation.call`."""
UNTOUCHED = frozenset(
    {
        *("numpy", "numba", "llvmlite", "jax", "jaxlib", "torch", "cupy", "dask", "matplotlib", "joblib"),
        *("pytest", "_pytest", "hypothesis", "plum", "logging", "warnings", "threading", "multiprocessing", "asyncio"),
        *("typing", "importlib", "inspect", "re", "abc", "ast", "linecache", "concurrent", "traceback", "io", "os"),
    }
)
"""Packages that are never converted: what they do to values is theirs."""
_LIBRARIES = tuple({os.path.normcase(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "purelib", "platlib")})
_Dispatcher = type(np.sum)
_METHOD = Fresh.__getattr__.__code__
_PLAIN = frozenset({float, int, bool, str, bytes, complex, type(None), np.ndarray, np.float64, np.int64, slice, range})


def module_of(f: Any) -> str:
    """The top package that a function or class belongs to."""
    return (getattr(f, "__module__", None) or "").partition(".")[0]


def is_library(f: types.FunctionType) -> bool:
    """True of a Python function of the standard library or an installed package."""
    filename = f.__code__.co_filename
    return filename.startswith("<frozen") or os.path.normcase(filename).startswith(_LIBRARIES)


class Calls:
    """The choice for one tier. Call it with what would be called; it returns what is called instead."""

    def __init__(self, tier: Tier) -> None:
        self.tier = tier
        self.known: dict[Any, Any] = {}
        """What is called in place of functions without closures, of classes, and of functions built in C."""
        self.closures: dict[types.FunctionType, Any] = {}
        """The same of functions with closures; forgotten after each run, for what they hold may be large."""
        self._by_type: dict[type, Callable[[Any], Any]] = {
            types.MethodType: self._method,
            types.BuiltinFunctionType: self._builtin,
            np.ufunc: self._remembered,
            _Dispatcher: self._remembered,
            functools.partial: self._partial,
        }
        self.resolve = self._resolver()

    def _resolver(self) -> Callable[[Any], Any]:
        known, closures, function, by_type, other = (
            self.known,
            self.closures,
            types.FunctionType,
            self._by_type,
            self._object,
        )
        remembered = self._remembered

        def resolve(f: Any) -> Any:
            kind = type(f)
            if kind is function:
                found = known.get(f) or closures.get(f)
                return remembered(f) if found is None else found
            if kind is type:
                found = known.get(f)
                return remembered(f) if found is None else found
            choose = by_type.get(kind)
            return other(f) if choose is None else choose(f)

        return resolve

    def _remembered(self, f: Any) -> Any:
        found = self.known.get(f)
        if found is None:
            found = self._chosen(f)
            table = self.closures if getattr(f, "__closure__", None) else self.known
            if len(table) > 4096:
                table.clear()
            if getattr(f, "__module__", None) != "interp.control.fresh":
                table[f] = found
        return found

    def rule(self, f: Any) -> Any:
        """What the tables say of a function, class or method of a class; None if nothing."""
        own = self.tier.rules.get(f)
        if own is not None:
            return own
        always = ALWAYS.get(f)
        if always is not None:
            return always
        rule = FOREIGN.get(f)
        return None if rule is None else self._guarded(f, rule)

    def _chosen(self, f: Any) -> Any:
        rule = self.rule(f)
        if rule is not None:
            return rule
        if f in CALLERS:
            return self._calling(f)
        if isinstance(f, type):
            return self._class(f)
        root = module_of(f)
        if isinstance(f, types.FunctionType):
            if root in OURS:
                return self._ours(f)
            if root == "numpy":
                return self._library(f)
            if hasattr(f, "registry") and hasattr(f, "dispatch"):
                return self._single_dispatch(f)
            if is_library(f):
                return f if root in UNTOUCHED else self._library(f)
            return self.tier.function(f)
        if isinstance(f, _Dispatcher):
            return self._numpy(f)
        if isinstance(f, np.ufunc) or root in ("builtins", "operator", "_operator", "itertools", "functools"):
            return f
        return _foreign(f)

    # -- what is not a function by itself

    def _method(self, m: types.MethodType) -> Any:
        f: Any = m.__func__
        found = self.known.get(f)
        if found is None:
            found = self.resolve(f)
        return m if found is f else types.MethodType(found, m.__self__)

    def _builtin(self, f: Any) -> Any:
        owner = f.__self__
        if owner is None or isinstance(owner, types.ModuleType):
            return self._remembered(f)
        method = getattr(type(owner), f.__name__, None)
        try:
            rule = None if method is None else self._builtin_rule(method)
        except TypeError:  # unhashable: no key of the tables
            rule = None
        return f if rule is None else functools.partial(rule, owner)

    def _builtin_rule(self, method: Any) -> Any:
        found = self.known.get(method)
        if found is None:
            found = self.known[method] = self.rule(method) or method
        return None if found is method else found

    def _calling(self, f: Any) -> Any:
        """A function of Python's that calls those it is given: converted, or by their rules."""

        def given(x: Any) -> Any:
            return self.resolve(x) if isinstance(x, _FUNCTIONS) else x

        return lambda *args, **kwargs: f(*map(given, args), **{name: given(x) for name, x in kwargs.items()})

    def _partial(self, f: functools.partial[Any]) -> Any:
        inner = self.resolve(f.func)
        return f if inner is f.func else functools.partial(inner, *f.args, **f.keywords)

    def _object(self, f: Any) -> Any:
        """A callable instance, or a class with a metaclass of its own."""
        if isinstance(f, type):
            return self._remembered(f)
        wrapped = getattr(f, "__wrapped__", None)
        if isinstance(f, functools._lru_cache_wrapper):
            return self._cached(f, wrapped)
        kind = type(f)
        if kind.__module__ == "uarray":  # a function of scipy.fft
            return self._remembered(f)
        if module_of(kind) in OURS:
            return f if isinstance(f, Primitive) else _unwrapping(f)
        if kind.__name__ == "cython_function_or_method":  # a method of NumPy's generators, say
            return self._remembered(f)
        call = next((vars(cls)["__call__"] for cls in kind.__mro__ if "__call__" in vars(cls)), None)
        if isinstance(call, types.FunctionType):
            found = self.resolve(call)
            return f if found is call else types.MethodType(found, f)
        if kind in _BOUND:
            rule = self._builtin_rule(f) if kind in _UNBOUND else None
            return f if rule is None else rule
        return _foreign(f)

    def _cached(self, f: Any, wrapped: Any) -> Any:
        """A function with a cache of results, which would give one value's for another's: bypassed."""

        def call(*args: Any, **kwargs: Any) -> Any:
            if carries(args) or carries(kwargs) or carries(wrapped):
                return self.resolve(wrapped)(*args, **kwargs)
            return f(*unwrap(args), **unwrap(kwargs))

        return call

    def _single_dispatch(self, f: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            return self.resolve(f.dispatch(payload_type(args[0])))(*args, **kwargs)

        return call

    # -- classes

    def _class(self, cls: type) -> Any:
        """A class whose ``__new__`` or ``__init__`` are converted; the class itself if they need not be."""
        if module_of(cls) in OURS:
            return _unwrapping(cls)
        if type(cls).__call__ is not type.__call__ or module_of(cls) in UNTOUCHED:
            return cls
        new, init = _MADE_BY(cls)
        made = self.resolve(new) if isinstance(new, types.FunctionType) else new
        started = self.resolve(init) if isinstance(init, types.FunctionType) else init
        if dataclasses.is_dataclass(cls) and started is init and "__init__" in vars(cls):
            started = self._data_started(cls, init)
        if made is new and started is init:
            return cls

        def construct(*args: Any, **kwargs: Any) -> Any:
            new_object = new(cls) if new is object.__new__ else made(cls, *args, **kwargs)
            if isinstance(new_object, cls):
                of = type(new_object)
                (started if of is cls else self.resolve(_MADE_BY(of)[1]))(new_object, *args, **kwargs)
            return new_object

        return construct

    def _data_started(self, cls: Any, init: Any) -> Any:
        """The generated ``__init__`` of a dataclass, where its ``__post_init__`` is converted."""
        finish = getattr(cls, "__post_init__", None)
        if not isinstance(finish, types.FunctionType) or self.resolve(finish) is finish:
            return init

        def started(new_object: Any, *args: Any, **kwargs: Any) -> None:
            # The generated code calls self.__post_init__, found on the class: on this one it does nothing.
            given: list[Any] = []
            quiet = type(cls.__name__, (cls,), {"__slots__": (), "__post_init__": lambda _, *rest: given.extend(rest)})
            made = quiet(*args, **kwargs)
            for field in dataclasses.fields(cls):
                if hasattr(made, field.name):
                    object.__setattr__(new_object, field.name, getattr(made, field.name))
            self.resolve(finish)(new_object, *given)

        return started

    # -- guards

    def _numpy(self, f: Any) -> Any:
        """A function of NumPy's. Values in lists it takes as an array; without a primitive its code is converted."""
        written = getattr(f, "__wrapped__", f)

        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return f(*args, **kwargs)
            except NoRule as refused:
                if not isinstance(written, types.FunctionType) or f in COUNTERPARTS:
                    raise
                try:
                    return self.tier.function(written)(*args, **kwargs)
                except (AttributeError, TypeError) as error:  # its code asks for what only arrays have
                    raise refused from error
            except (StripError, ValueError, TypeError):
                joined = [as_operand(unwrap(x)) if isinstance(x, list | tuple) and carries(x) else x for x in args]
                if all(a is b for a, b in zip(joined, args, strict=True)):
                    raise
                return call(*joined, **kwargs)

        return call

    def _guarded(self, f: Any, rule: Callable[..., Any]) -> Any:
        """The rule where an argument carries a value, else the function."""

        def call(*args: Any, **kwargs: Any) -> Any:
            for x in args:
                if type(x) not in _PLAIN:
                    if isinstance(x, Value) and len(args) == 1 and not kwargs:
                        return rule(x)
                    break
            else:
                if not kwargs:
                    return f(*args)
            args = tuple([list(x) if isinstance(x, Iterator) else x for x in args])
            if carries(args) or carries(kwargs):
                given = {name: self._answering(x) for name, x in unwrap(kwargs).items()}
                return rule(*map(self._answering, stored(args)), **given)
            return f(*unwrap(args), **unwrap(kwargs))

        return call

    def _answering(self, x: Any) -> Any:
        """A function that a rule will call: converted, and what it returns unwrapped. Anything else as it is."""
        if not isinstance(x, types.FunctionType | types.MethodType | functools.partial):
            return x
        converted = self.resolve(x)

        @functools.wraps(x)
        def call(*args: Any, **kwargs: Any) -> Any:
            return unwrap(converted(*args, **kwargs))

        return call

    def _ours(self, f: types.FunctionType) -> Any:
        if f.__module__ == "interp.control.fresh" or f.__qualname__.partition(".")[0] in _ON_VALUES:
            return f
        if f.__module__.startswith(CALL_BACK):
            return lambda *args, **kwargs: f(*self._callbacks(args), **self._callbacks(kwargs))
        if f.__module__.startswith(("interp.protocols", "interp.value")):
            return f
        return _unwrapping(f)

    def _callbacks(self, args: Any) -> Any:
        """Arguments for code that is not converted: functions among them are, fresh arrays are unwrapped."""
        if isinstance(args, dict):
            return {name: self._callback(x) for name, x in args.items()}
        return [self._callback(x) for x in args]

    def _callback(self, x: Any) -> Any:
        if isinstance(x, types.FunctionType | types.MethodType | functools.partial):
            return self.resolve(x)
        return unwrap(x)

    def _library(self, f: types.FunctionType) -> Any:
        """A function of a library: converted where an argument carries a value."""

        def call(*args: Any, **kwargs: Any) -> Any:
            if not (carries(args) or carries(kwargs)):
                return f(*self._callbacks(args), **self._callbacks(kwargs))
            try:
                return self.tier.function(f)(*args, **kwargs)
            except ForeignCall:
                raise
            except StripError as error:
                raise refusal(f, *args, *kwargs.values()) from error

        return functools.wraps(f)(call)


_FUNCTIONS = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, functools.partial, np.ufunc, _Dispatcher)
_MADE_BY = operator.attrgetter("__new__", "__init__")
_ON_VALUES = frozenset({"Value", "Fresh", "Flat"})
_UNBOUND = frozenset({types.MethodDescriptorType, types.WrapperDescriptorType, types.ClassMethodDescriptorType})
_BOUND = frozenset({types.MethodWrapperType, *_UNBOUND})


def _unwrapping(f: Any) -> Any:
    """Our own functions take what fresh arrays stand for."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return f(*unwrap(args), **unwrap(kwargs))

    return call


def _foreign(f: Any) -> Any:
    """Code that is not Python's: it gets plain arrays, and what it strips is told."""

    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return f(*unwrap(args), **unwrap(kwargs))
        except (ForeignCall, LookupError, StopIteration):
            raise
        except Exception as error:
            # Some code in C raises an error of its own in place of ours: then no Python frame stands between.
            own = error.__traceback__ is None or error.__traceback__.tb_next is None
            stripped = isinstance(error, StripError) or isinstance(error.__cause__, StripError)
            if stripped or (own and not isinstance(error, InterpError) and (carries(args) or carries(kwargs))):
                raise refusal(f, *args, *kwargs.values()) from error
            raise

    return call


def payload_type(x: Any) -> type:
    """The class of what a value stands for: float, a NumPy scalar's, ndarray; of anything else its own."""
    if isinstance(x, Fresh):
        return np.ndarray
    while isinstance(x, Value):
        x = x.payload
    return type(x)


def carries(x: Any, depth: int = 4) -> bool:
    """True if ``x`` is a value, or holds one in its elements, attributes, closure or arguments."""
    kind = type(x)
    if kind in _PLAIN:
        return False
    if isinstance(x, Value):
        return True
    if kind is Fresh:
        return isinstance(x.held, Value)
    if depth == 0:
        return False
    return any(carries(part, depth - 1) for part in _parts(x))


def _parts(x: Any) -> Any:
    if isinstance(x, list | tuple | set | frozenset):
        return x
    if isinstance(x, dict):
        return list(x.values())
    if isinstance(x, types.FunctionType):
        return [*(_content(cell) for cell in x.__closure__ or ()), *(x.__defaults__ or ())]
    if isinstance(x, types.MethodType):
        return (x.__self__, x.__func__)
    if isinstance(x, functools.partial):
        return (x.func, *x.args, *x.keywords.values())
    if isinstance(x, type | types.ModuleType | Sealed) or module_of(type(x)) in UNTOUCHED:
        return ()
    slots = [name for cls in type(x).__mro__ for name in _names(cls.__dict__.get("__slots__", ()))]
    named = [getattr(x, name) for name in slots if not name.startswith("__") and hasattr(x, name)]
    return named + list(vars(x).values()) if hasattr(x, "__dict__") else named


def _names(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return None

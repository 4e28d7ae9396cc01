"""Python functions as native ones: a copy whose plain Python callees are native too.

Numba compiles what is decorated. Here nothing is: the free variables and globals of a *copy* of the function are
rebound to native versions of the plain functions among them, recursively; the function itself, its module and
Numba's view of other people's functions stay as they are.
"""

import sys
import types as python_types
from collections.abc import Callable, Iterator
from typing import Any

import numba
from numba.core import types
from numba.core.dispatcher import Dispatcher
from numba.core.registry import cpu_target
from numba.extending import overload

from interp.compile.arguments import is_compiled, is_of_transform
from interp.compile.dialect import translated
from interp.compile.inlining import flattened
from interp.compile.linking import Linking
from interp.interpretation import replacement_of

LIBRARIES = ("numpy", "cmath", "numba", "builtins", "operator")
"""Modules whose functions Numba or our own templates know: left as they are."""

KNOWN: set[Any] = set()
"""Functions of the framework that have a native body of their own (`overloaded`)."""

REPLACED: dict[Any, Any] = {}
"""Functions that Numba does not know -> the primitives that native code calls in their place (`scalars`)."""

WRITTEN: dict[Any, python_types.FunctionType] = {}
"""Functions of libraries -> plain Python of ours in their place, which adjoints write in."""

MEANING = {"error_model": "numpy", "nogil": True}
"""NumPy's meaning of division by zero; the interpreter's lock is not held in native code."""
CALLEE = {"no_cpython_wrapper": True}
"""Of functions that native code alone calls: nothing to call them from Python is compiled."""
OPTIONS = {**MEANING, **CALLEE, "no_cfunc_wrapper": True, "pipeline_class": Linking}
"""Of the framework's own, which nobody passes around as values either: nothing to call them from C."""


class _Module(python_types.ModuleType):
    """A module as native code sees it: its plain functions are native."""

    def __init__(self, original: python_types.ModuleType, rebind: Callable[[Any], Any]) -> None:
        super().__init__(original.__name__)
        self.__dict__["_original"], self.__dict__["_rebind"] = original, rebind

    def __getattr__(self, name: str) -> Any:
        return self.__dict__["_rebind"](getattr(self.__dict__["_original"], name))


def has_body(f: Any) -> bool:
    """True of a function for which somebody registered native code (`numba.extending.overload`)."""
    context = cpu_target.typing_context
    context.refresh()  # what was registered since the last look
    found = context._lookup_global(f)
    return found is not None and not isinstance(found, types.Dispatcher)  # every function of Numba's is its own type


def plain(x: Any) -> Any:
    """The Python function behind one that `interp.compile` or Numba compiles, any other object itself.

    Of Numba's, the user's own options for plain numbers may be unsound for values, as fastmath is.
    """
    x = x.native_callee if is_compiled(x) else x
    return x.py_func if isinstance(x, Dispatcher) and not has_body(x) else x


class Native:
    """Native versions of functions, made once each, with one set of Numba's options.

    ``rule`` is True for the functions of the framework: their ``compiling`` is True.
    """

    def __init__(self, options: dict[str, Any], *, rule: bool = False) -> None:
        self.options = options
        self.rule = rule
        self.made: dict[Any, Any] = {}
        self.captured: dict[Any, tuple[Any, ...]] = {}
        """What the free variables of functions were when they were made."""
        self.of_ours: set[Any] = set()
        self.transforms = False
        """True once a function takes derivatives itself, or whatever else a transform makes."""

    def __call__(self, x: Any) -> Any:
        """``x`` as native code may use it: plain functions native, everything else as it is."""
        if callable(x) and _hashable(x) and x in REPLACED:
            return REPLACED[x]
        if is_of_transform(x):
            return self.of_transform(x)
        if not (isinstance(x, Dispatcher) and x in self.of_ours):
            x = plain(x)
        if isinstance(x, python_types.FunctionType):
            return x if x in KNOWN or has_body(x) else self.function(x)
        if isinstance(x, python_types.ModuleType):
            family = x.__name__.partition(".")[0]
            if family in LIBRARIES or family == "interp":
                return x
            if x not in self.made:
                self.made[x] = _Module(x, self)
            return self.made[x]
        return x

    def function(self, f: python_types.FunctionType) -> Any:
        """Numba's dispatcher of a copy of ``f``, or of the body that ``f.native`` names."""
        f = getattr(f, "native", f)
        if getattr(f, "on_numbers", False) and self is not _NUMBERS:
            return _NUMBERS.function(f)
        if self.rule:
            f = flattened(f, KNOWN.__contains__) or f
        cells = f.__closure__ or ()
        if f in self.made and _same(self.captured.get(f, ()), cells):
            return self.made[f]
        self.captured[f] = tuple(cell.cell_contents for cell in cells if cell != _EMPTY)
        given, f = f, translated(f)
        # Numba asks for the module by name: its cache, and recursion, which it cannot link where there is none.
        module = f.__module__ if f.__module__ in sys.modules else __name__
        bound = {**f.__globals__, "__name__": module}
        copied = _copy(f, bound, tuple(python_types.CellType() for _ in f.__closure__ or ()))
        copied.__module__ = module
        dispatcher = numba.njit(**self.options)(copied)
        copied.made_by = self
        self.made[given] = dispatcher  # before the callees, for f may call itself
        self.of_ours.add(dispatcher)
        for cell, original in zip(copied.__closure__ or (), f.__closure__ or (), strict=True):
            cell.cell_contents = self(original.cell_contents)
        for name in _names(f.__code__):
            if name in bound:
                bound[name] = self(bound[name])
        if self.rule:
            bound["compiling"] = True
        return dispatcher

    def of_transform(self, x: Any) -> Any:
        """A transform, what it made of a function, or a function that native code replaces by another."""
        self.transforms = True
        if x not in self.made:
            if hasattr(x, "transformed"):
                body = x.native_body
                self.made[x] = Applied(self.function(body()), self(x.original)) if body else MadeAtRunTime()
            elif not hasattr(x, "native_name"):
                self.made[x] = MadeAtRunTime()
            elif getattr(x, "transforms", False):
                self.made[x] = Transform(x, self)
            else:
                self.made[x] = self.function(replacement_of(x))
        return self.made[x]


class MadeAtRunTime:
    """In place of transforms without native bodies, and of what they make: no native code can hold it."""


class Transform:
    """In place of ``grad`` and the like in native code, where they are called when it is compiled (`closures`)."""

    def __init__(self, make: Any, native: Native) -> None:
        self.make, self.native = make, native
        self.type: Any = None
        self.bodies: dict[Any, Any] = {}

    def body(self, f: Any, constants: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Native function ``body(f, *x)`` for these arguments of the transform after the function.

        Each function, ``f`` is its type, has one of its own: while one is compiled another may be needed within.
        """
        key = f, constants, tuple(sorted(named.items()))
        if key not in self.bodies:
            self.bodies[key] = self.native.function(replacement_of(self.make)(*constants, **named))
        return self.bodies[key]


class Applied:
    """In place of what a transform made of a function: its native body, and the native function."""

    def __init__(self, body: Any, f: Any) -> None:
        self.body, self.f = body, f


_EMPTY = python_types.CellType()


def _same(captured: tuple[Any, ...], cells: tuple[python_types.CellType, ...]) -> bool:
    """True if free variables are still what they were."""
    present = [cell.cell_contents for cell in cells if cell != _EMPTY]
    return len(present) == len(captured) and all(x is y for x, y in zip(present, captured, strict=True))


def _hashable(x: Any) -> bool:
    try:
        hash(x)
    except TypeError:
        return False
    return True


_NUMBERS = Native(OPTIONS)
"""Functions of numbers that rules share (`interp.rules.on_numbers`)."""


def _copy(f: Any, names: dict[str, Any], cells: Any) -> Any:
    """The function with other globals and free variables."""
    copied: Any = python_types.FunctionType(f.__code__, names, f.__name__, f.__defaults__, cells)
    copied.__kwdefaults__, copied.__qualname__ = f.__kwdefaults__, f.__qualname__
    copied.__module__ = f.__module__
    if hasattr(f, "made_by"):
        copied.made_by = f.made_by
    return copied


def _names(code: python_types.CodeType) -> Iterator[str]:
    """Global names that a function, or a function within it, uses."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, python_types.CodeType):
            yield from _names(constant)


def overloaded(function: Any) -> Callable[[Any], Any]:
    """Decorator as `numba.extending.overload`, for a function of our own."""
    KNOWN.add(function)
    return overload(function, jit_options=OPTIONS, strict=False)


def native_rule(rule: Any) -> Any:
    """A rule as a native function of its own: one dispatcher for several types would call itself while it compiles."""
    return Native(OPTIONS, rule=True)(rule)


def program(callee: Dispatcher) -> Dispatcher:
    """The same function, for Python to call: a copy, for Numba knows what calls itself by the object."""
    f, options = callee.py_func, {**callee.targetoptions, "no_cpython_wrapper": False, "no_cfunc_wrapper": True}
    copied = _copy(f, f.__globals__, f.__closure__)
    return numba.jit(**options, pipeline_class=callee._compiler.pipeline_class)(copied)

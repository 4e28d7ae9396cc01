"""Plain Python programs run on values as the eager tier runs them, where it has no conversion of control flow yet.

The eager tier takes values through operators and NumPy's functions. What strips them in a program - ``math.sin(x)``,
``int(x)``, ``np.zeros(n)`` that later holds values - is replaced, in a copy of the function and of its callees, by
what it means on values: our vocabulary, the primal, arrays that can hold values like ``like``. Nothing of the
compiled tier is used, so that the two can be compared.
"""

import math
import types

import numpy as np

from interp import vocabulary
from interp.value import Value, primal
from interp.vocabulary.creation import held
from interpretations import Interval

MAKERS = ("zeros", "ones", "empty", "full", "eye")
COUNTS = {"floor": math.floor, "ceil": math.ceil, "trunc": math.trunc}
"""Functions of math whose result is an integer, which carries nothing; of an Interval they are an Interval."""
OURS = {"lgamma": "gammaln", "fabs": "absolute", "pow": "power"}
"""Functions of math -> the name in our vocabulary, where it is another one."""


class Undecidable(TypeError):
    """A box of several numbers is asked for one integer."""


class _Math:
    """The math module for values; of plain numbers itself, for NumPy's functions may differ in the last place."""

    def __getattr__(self, name):
        plain = getattr(math, name)
        if name in COUNTS:
            return lambda x: getattr(vocabulary, name)(x) if _is_box(x) else COUNTS[name](primal(x))
        ours = getattr(vocabulary, OURS.get(name, name), None)
        if not callable(ours):
            return plain

        def either(*xs):
            return (ours if any(isinstance(x, Value) for x in xs) else plain)(*xs)

        return either


class _NumPy:
    """NumPy, whose fresh arrays of floats hold values like ``like``."""

    def __init__(self, like):
        self._like = like

    def __getattr__(self, name):
        function = getattr(np, name)
        if name in MAKERS:
            return lambda *args, **kwargs: (
                self._full(*args) if any(map(_holds_values, args)) else self._held(function(*args, **kwargs))
            )
        if name == "array":
            return lambda x, **kwargs: self._array(x, **kwargs)
        return function

    def _held(self, array):
        return array if self._like is None or array.dtype.kind != "f" else held(array, self._like)

    def _full(self, shape, value):
        return self._held(np.zeros(shape)) + value

    def _array(self, x, **kwargs):
        if _holds_values(x):
            return np.stack([self._array(part) if isinstance(part, list | tuple) else part for part in x])
        return np.array(x, **kwargs) if isinstance(x, Value) else self._held(np.array(x, **kwargs))


def _holds_values(x):
    return isinstance(x, Value) or (isinstance(x, list | tuple) and any(map(_holds_values, x)))


def _is_box(x):
    while isinstance(x, Value):
        if isinstance(x, Interval):
            return True
        x = x.payload
    return False


def _int(x=0):
    if _is_box(x):
        raise Undecidable("an Interval decides no integer")
    return int(primal(x))


def eager(function, like=None):
    """A copy of ``function`` that takes values; ``like`` is one of its values, None where it makes no arrays."""
    if not isinstance(function, types.FunctionType) or function.__module__.startswith(("interp", "numpy", "scipy")):
        return function
    known, numpy_for_values, math_for_values = {}, _NumPy(like), _Math()

    def bound(x):
        if x is math:
            return math_for_values
        if x is np:
            return numpy_for_values
        if isinstance(x, types.FunctionType) and x.__module__ == function.__module__:
            return made(x)
        return x

    def made(f):
        if f not in known:
            scope = {**f.__globals__, "int": _int}
            cells = tuple(types.CellType() for _ in f.__closure__ or ())
            known[f] = types.FunctionType(f.__code__, scope, f.__name__, f.__defaults__, cells or None)
            known[f].__kwdefaults__ = f.__kwdefaults__
            for cell, original in zip(cells, f.__closure__ or (), strict=True):
                cell.cell_contents = bound(original.cell_contents)
            for name in _names(f.__code__):
                if name in f.__globals__:
                    scope[name] = bound(scope[name])
        return known[f]

    return made(function)


def _names(code):
    """Global names that a function, or one within it, uses."""
    inner = [name for c in code.co_consts if isinstance(c, types.CodeType) for name in _names(c)]
    return [*code.co_names, *inner]

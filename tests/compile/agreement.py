"""Compiled against eager: the same types, the same values to 1e-13, whatever the structure of the result."""

import math
import types

import numpy as np

from interp import vocabulary
from interp.value import Value

RTOL = 1e-13


def assert_same(compiled, eager, rtol=RTOL):
    """Equal structure and numbers. NumPy's float64 and Python's float are one type here, as they are to users."""
    if isinstance(eager, tuple | list):
        assert type(compiled) is type(eager) and len(compiled) == len(eager)
        for c, e in zip(compiled, eager, strict=True):
            assert_same(c, e, rtol)
    elif isinstance(eager, Value):
        assert type(compiled) is type(eager), (compiled, eager)
        assert compiled.level == eager.level
        for name in eager.components:
            assert_same(getattr(compiled, name), getattr(eager, name), rtol)
    elif eager is None or isinstance(eager, str):
        assert compiled == eager
    else:
        assert not isinstance(compiled, Value), (compiled, eager)
        assert _kind(compiled) == _kind(eager), (compiled, eager)
        assert np.shape(compiled) == np.shape(eager), (compiled, eager)
        np.testing.assert_allclose(compiled, eager, rtol=rtol, atol=1e-14)


def _kind(x):
    return np.asarray(x).dtype.kind


class _Math:
    """The math module for values: what it lacks in native code's place is our vocabulary."""

    def __getattr__(self, name):
        ours = getattr(vocabulary, {"lgamma": "gammaln", "fabs": "absolute", "pow": "power"}.get(name, name), None)
        found = getattr(math, name)
        return found if ours is None or not callable(found) else ours


def eager(function):
    """The plain function, its math module, and that of its callees, taken for NumPy's: values go through it."""
    if not isinstance(function, types.FunctionType) or function.__module__.startswith(("interp", "numpy", "scipy")):
        return function
    known = {}

    def bound(x):
        if x is math:
            return _Math()
        if isinstance(x, types.FunctionType) and x.__module__ == function.__module__:
            return made(x)
        return x

    def made(f):
        if f not in known:
            scope = dict(f.__globals__)
            known[f] = types.FunctionType(f.__code__, scope, f.__name__, f.__defaults__, f.__closure__)
            known[f].__kwdefaults__ = f.__kwdefaults__
            for name in _names(f.__code__):
                if name in scope:
                    scope[name] = bound(scope[name])
        return known[f]

    return made(function)


def _names(code):
    """Global names that a function, or one within it, uses."""
    inner = [name for c in code.co_consts if isinstance(c, types.CodeType) for name in _names(c)]
    return [*code.co_names, *inner]

"""Foreign calls made by hand, as converted code makes them: ``call(f)(...)`` is the rule registered for ``f``."""

import functools
import types

import numpy as np

from interp.control.foreign import FOREIGN


def call(f):
    """The rule for a function, class, bound method or callable object; KeyError where there is none."""
    if isinstance(f, types.MethodType):
        return functools.partial(FOREIGN[_loaded(f.__func__)], f.__self__)
    bound = getattr(f, "__self__", None)
    if bound is not None and not isinstance(bound, types.ModuleType):
        return functools.partial(FOREIGN[_loaded(getattr(type(bound), f.__name__))], bound)
    if isinstance(f, type | types.FunctionType):
        return FOREIGN[_loaded(f)]
    return functools.partial(FOREIGN[_loaded(type(f).__call__)], f)


def _loaded(f):
    FOREIGN.get(f)
    return f


def slope(f, x, h=1e-3):
    """The gradient of a plain function of an array by central differences of fourth order."""
    x = np.asarray(x, dtype=float)
    found = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[i] = h
        found[i] = (8.0 * (f(x + e) - f(x - e)) - (f(x + 2 * e) - f(x - 2 * e))) / (12.0 * h)
    return found

"""The vocabulary as a namespace whose real floating arrays are `Dual` values: the suite's second module.

Creation functions give a Dual for the types float32 and float64, each with a tangent that is nowhere zero; integers,
truths and complex numbers stay plain arrays. Every other name is the vocabulary's own function; of what it returns it
is checked that a tangent has the shape of its value.

The suite reads numbers by ``float(x)``, ``int(x)`` and ``complex(x)``, which a value refuses. They are given to code of
the suite and of Hypothesis alone: to everyone else, our own functions before all, they raise as ever.
"""

import functools
import sys
from typing import Any

import numpy as np

from interp import level, primal, vocabulary
from interpretations import Dual
from interpretations.dual import make

READERS = ("array_api_tests", "hypothesis")
LEVEL = level.above(0.0)


def dual(x: Any) -> Any:
    """A real floating array as a Dual in the same memory; anything else as it is."""
    if not isinstance(x, np.ndarray | np.generic) or x.dtype.kind != "f":
        return x
    tangent = (1.5 + np.cos(np.arange(x.size))).reshape(x.shape).astype(x.dtype)
    return make(x, tangent if isinstance(x, np.ndarray) else tangent[()], LEVEL)


def checked(out: Any) -> Any:
    """``out``, of which every Dual has a tangent of its own shape and kind."""
    for part in out if isinstance(out, tuple | list) else (out,):
        if isinstance(part, Dual):
            assert np.shape(part.tangent) == part.shape, f"a tangent of shape {np.shape(part.tangent)}: {part!r}"
            assert np.asarray(part.tangent).dtype.kind == part.dtype.kind, f"a tangent of another kind: {part!r}"
    return out


def _then(after: Any, function: Any) -> Any:
    @functools.wraps(function, updated=())
    def called(*args: Any, **kwargs: Any) -> Any:
        return after(function(*args, **kwargs))

    return called


CREATION = ("arange", "empty", "eye", "from_dlpack", "full", "linspace", "ones", "zeros", "asarray", "astype")
LIKE = ("empty_like", "full_like", "ones_like", "zeros_like")


class _Extension:
    """An extension module of the vocabulary, its results checked."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        thing = getattr(self._module, name)
        return _then(checked, thing) if callable(thing) and not isinstance(thing, type) else thing


def __getattr__(name: str) -> Any:
    thing = getattr(vocabulary, name)
    if name in ("linalg", "fft"):
        return _Extension(thing)
    if name.startswith("__") or isinstance(thing, type) or not callable(thing):
        return thing
    return _then(dual if name in CREATION + LIKE else checked, thing)


def _read(number: type) -> Any:
    refused = getattr(Dual, f"__{number.__name__}__")

    def read(self: Dual) -> Any:
        reader = sys._getframe(1).f_globals.get("__name__", "").partition(".")[0]
        return number(primal(self)) if reader in READERS else refused(self)

    return read


for _number in (float, int, complex):
    setattr(Dual, f"__{_number.__name__}__", _read(_number))

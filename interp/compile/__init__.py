"""Native code for unmodified Python functions, for whatever number types arrive. Numba is imported when used."""

import functools
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from interp.errors import CompileError

if TYPE_CHECKING:
    from interp.compile.compiled import Compiled
    from interp.compile.vectorized import Vectorized


def compile(
    f: Callable[..., Any] | None = None, *, fallback: bool = False, boundscheck: bool = False, cache: bool = False
) -> "Compiled | Callable[[Callable[..., Any]], Compiled]":
    """``f`` as native code, for every set of argument types that it is called with.

    Parameters
    ----------
    f: a plain Python function of numbers, arrays, tuples and functions. Its callees are compiled with it.
        Left out, ``compile`` is a decorator with options. Of ``grad(f)`` and other transforms ``f`` is compiled:
        ``compile(grad(f))`` is ``grad(compile(f))``.
    fallback: run what cannot be compiled as plain Python, with a warning, instead of raising `CompileError`.
    boundscheck: raise IndexError for an index out of bounds; without it such an index reads or writes
        whatever is there, as in C.
    cache: keep the native code on disk for other processes, in the folder that the environment's INTERP_CACHE_DIR
        names or else the user's own cache folder. What was compiled from another text, other callees, global constants,
        rules, number types or versions is compiled anew.

    Division by zero gives infinity or NaN, as NumPy's; integers are 64 bits wide and wrap around, as NumPy's.
    Returns a `Compiled`: call it as ``f``, with numbers, arrays and values, or give it to any transform.
    Raises `CompileError` at a call whose types cannot be compiled. Needs Numba: ``pip install interp[compile]``.
    """
    made = _class("compiled", "Compiled", "interp.compile")
    options: Any = {"fallback": fallback, "boundscheck": boundscheck, "cache": cache}
    function: Any = f
    if function is None:
        function = functools.partial(compile, **options)
    elif hasattr(function, "transformed"):
        function = function.transformed(compile(function.original, **options))
    elif not isinstance(function, made):
        function = made(function, **options)
    return function


def vectorize(
    f: Callable[..., Any] | None = None, *, parallel: bool = False, fallback: bool = False, boundscheck: bool = False
) -> "Vectorized | Callable[[Callable[..., Any]], Vectorized]":
    """``f``, a function of numbers, over arrays: a loop in native code with NumPy's broadcasting.

    Parameters
    ----------
    f: a plain Python function of numbers that returns a number, or a tuple of numbers. It may branch and loop for each
        element as it likes. Left out, ``vectorize`` is a decorator with options.
    parallel: share the elements among threads, as many as ``NUMBA_NUM_THREADS`` says (all processors by default).
    fallback, boundscheck: as of `compile`.

    The result takes numbers, arrays and values (`Dual`, `Tape`, `Interval`, ...) of shapes that broadcast, in any
    mixture; lists and tuples of numbers are arrays. Keywords and defaults are those of ``f``; an argument that is
    neither a number nor an array (a function, a string, None) is the same for all elements. It returns an array of
    the broadcast shape, fresh and in C order; of numbers alone, or arrays without axes, a number. A function that
    returns tuples gives tuples of arrays.

    The type of a result is what native code computes for one element: float64 and complex128 as NumPy, integers in
    64 bits, and float32 only where every number that ``f`` computes with is one (its literals are float64).

    Transforms and `interp.compile` take it, and functions in native code may call it. Of values without native code
    each result is one elementwise primitive, whose partials come from a native forward run.

    Raises `ShapeError` (a ValueError) for shapes that do not broadcast, `CompileError` at a call whose types cannot
    be compiled or whose results are no numbers, and whatever ``f`` raises for an element: with threads the error of the
    earliest part of the array that has one.
    """
    options = {"parallel": parallel, "fallback": fallback, "boundscheck": boundscheck, "cache": False}
    made = _class("vectorized", "Vectorized", "interp.vectorize")
    if f is None:
        return lambda f: made(getattr(f, "function", f), **options)
    return made(getattr(f, "function", f), **options)


def _class(module: str, name: str, caller: str) -> Any:
    """A class of this package, which needs Numba."""
    try:
        return getattr(importlib.import_module(f"interp.compile.{module}"), name)
    except ModuleNotFoundError as error:
        if error.name != "numba":
            raise
        raise CompileError(f"{caller} needs Numba: pip install interp[compile]") from None

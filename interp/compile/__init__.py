"""Native code for unmodified Python functions, for whatever number types arrive. Numba is imported when used."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from interp.errors import CompileError

if TYPE_CHECKING:
    from interp.compile.compiled import Compiled


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
    try:
        from interp.compile.compiled import Compiled
    except ModuleNotFoundError as error:
        if error.name != "numba":
            raise
        raise CompileError("interp.compile needs Numba: pip install interp[compile]") from None
    options: Any = {"fallback": fallback, "boundscheck": boundscheck, "cache": cache}
    if f is None:
        return lambda f: compile(f, **options)  # type: ignore[return-value]
    if hasattr(f, "transformed"):
        return f.transformed(compile(f.original, **options))  # type: ignore[attr-defined]
    return f if isinstance(f, Compiled) else Compiled(f, **options)

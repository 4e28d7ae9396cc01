"""NumPy's composites of elementwise functions in native code, on numbers and arrays of values.

Each is the formula of the eager tier's, in functions that native code knows.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import overload, overload_method

from interp.compile.rebinding import OPTIONS
from interp.compile.values import ValueType, is_array
from interp.primitive import PRIMITIVES

Chooser = Callable[..., Any]


def has_values(typ: Any) -> bool:
    """True of a value, an array of values, and a tuple or list with any."""
    if isinstance(typ, types.BaseTuple):
        return any(map(has_values, typ))
    if isinstance(typ, types.List):
        return has_values(typ.dtype)
    return isinstance(typ, ValueType)


def is_missing(typ: Any) -> bool:
    """True of an argument that is None, or was left out."""
    return typ is None or isinstance(typ, types.NoneType) or (isinstance(typ, types.Omitted) and typ.value is None)


def literal(typ: Any) -> Any:
    """The number or string that an argument is known to be when code is compiled; None of any other."""
    if isinstance(typ, types.Literal):
        return typ.literal_value
    if isinstance(typ, types.Omitted):
        return typ.value
    return typ if isinstance(typ, bool | int | float | str) else None


def of_values(*functions: Any, method: str = "", plain: bool = False) -> Callable[[Chooser], Chooser]:
    """Decorator: the body that is chosen is native code of NumPy's functions where an operand is a value.

    ``method``: and of an array's method of that name. ``plain``: also of plain operands, which Numba does not take.
    Asked before Numba's own bodies, of which some take anything.
    """

    def register(choose: Chooser) -> Chooser:
        @functools.wraps(choose)  # whose parameters Numba reads
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not plain and not any(map(has_values, (*args, *kwargs.values()))):
                return None
            return choose(*args, **kwargs)

        for function in functions:
            overload(function, jit_options=OPTIONS, strict=False, target="cpu")(guarded)
        if method:
            overload_method(ValueType, method, jit_options=OPTIONS, strict=False)(choose)
        return choose

    return register


# -- numbers of special kinds

LARGEST = float(np.finfo(np.float64).max)


@of_values(np.nan_to_num)
def _nan_to_num(x: Any, copy: Any = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    high, low = is_missing(posinf), is_missing(neginf)

    def filled(x: Any, copy: Any = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
        numbers = np.where(np.isnan(x), nan, x)
        bounded = np.where(np.isposinf(numbers), LARGEST if high else posinf, numbers)
        return np.where(np.isneginf(bounded), -LARGEST if low else neginf, bounded)

    return filled


@of_values(np.divmod)
def _divmod(x: Any, y: Any) -> Any:
    return lambda x, y: (x // y, x % y)


_gap = PRIMITIVES["gap"]


@of_values(np.modf)
def _modf(x: Any) -> Any:
    def parts(x: Any) -> Any:
        whole = np.trunc(x)
        return _gap(x, whole), whole

    return parts


@of_values(np.real, method="conj")
def _real(x: Any) -> Any:
    return lambda x: x


# -- closeness


@of_values(np.isclose)
def _isclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: Any = False) -> Any:
    def close(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: Any = False) -> Any:
        near = (np.abs(a - b) <= atol + rtol * np.abs(b)) & np.isfinite(b)
        return near | (a == b) | (np.isnan(a) & np.isnan(b) & equal_nan)

    return close


@of_values(np.allclose)
def _allclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: Any = False) -> Any:
    return lambda a, b, rtol=1e-05, atol=1e-08, equal_nan=False: np.all(np.isclose(a, b, rtol, atol, equal_nan))


@of_values(np.array_equal)
def _array_equal(a1: Any, a2: Any) -> Any:
    return lambda a1, a2: a1.shape == a2.shape and bool(np.all(a1 == a2))


# -- methods of arrays


@of_values(method="clip")
def _clip(x: Any, min: Any = None, max: Any = None) -> Any:
    return lambda x, min=None, max=None: np.clip(x, min, max)


@of_values(method="round")
def _round(x: Any, decimals: Any = 0) -> Any:
    return lambda x, decimals=0: np.round(x, decimals)


@of_values(method="astype")
def _astype(x: Any, dtype: Any) -> Any:
    """To float64, which all components are: other types would be other arrays."""
    number = getattr(dtype, "dtype", None)
    innermost = x.payload
    while isinstance(innermost, ValueType):
        innermost = innermost.payload
    same = is_array(x) and number == types.float64 and innermost.dtype == types.float64
    return (lambda x, dtype: np.copy(x)) if same else None

"""Data types: NumPy's own objects, and the Array API's questions about them.

A value has the type of its innermost numbers, so every question is asked of a type, an array or a value alike.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from interp.value import Value, innermost
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.creation import asarray
from interp.vocabulary.inspection import on_device


def _type_of(x: Any) -> Any:
    """The data type of an array or value; a data type as it is."""
    return getattr(x, "dtype", x) if not isinstance(x, type) else x


def _promotable(x: Any) -> Any:
    """``x`` as NumPy's promotion takes it: of a value its type, or the Python number inside, which is weak."""
    if not isinstance(x, Value):
        return x
    number = innermost(x)
    return number if type(number) in (bool, int, float, complex) else x.dtype


def astype(x: Any, dtype: Any, *, copy: bool = True, device: Any = None) -> Any:
    """``x`` with elements of ``dtype``; ``x`` itself if it has them already and ``copy`` is False.

    A value keeps its type: to another one it raises `UnsupportedArgument`.
    """
    x = on_device(asarray(x), device)
    return x.astype(dtype, copy=copy)


def can_cast(from_: Any, to: Any, casting: str = "safe") -> bool:
    """Whether numbers of the type of ``from_``, a data type, array or value, may become ``to`` (NumPy's rules)."""
    return bool(np.can_cast(_type_of(from_), to, casting))  # type: ignore[arg-type]


def result_type(*arrays_and_dtypes: Any) -> Any:
    """The type that arrays, values, types and numbers promote to together. NumPy's rules: Python's numbers are weak."""
    return np.result_type(*map(_promotable, arrays_and_dtypes))


def isdtype(dtype: Any, kind: Any) -> bool:
    """Whether a data type is of a kind (``"bool"``, ``"real floating"``, ...), another type, or one of a tuple."""
    return np.isdtype(dtype, kind)


@dataclass(frozen=True)
class FloatingType:
    """Machine limits of a floating type, as Python's numbers: they widen no array that they meet."""

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: Any


def finfo(type: Any) -> FloatingType:
    """Machine limits of a floating data type, or of that of an array or value; of complex numbers, of their parts."""
    limits = np.finfo(_type_of(type))
    eps, largest, least, normal = (float(x) for x in (limits.eps, limits.max, limits.min, limits.smallest_normal))
    return FloatingType(int(limits.bits), eps, largest, least, normal, limits.dtype)


def iinfo(type: Any) -> Any:
    """Machine limits of an integer data type, or of that of an array or value: NumPy's object."""
    return np.iinfo(_type_of(type))


enter(astype, np.astype, calls=[call((2, 3), np.float64), call((2, 3), np.float64, copy=False)])
enter(can_cast, np.can_cast, differentiable=False)
enter(result_type, np.result_type, differentiable=False)
for _question in (isdtype, finfo, iinfo):
    enter(_question, differentiable=False)

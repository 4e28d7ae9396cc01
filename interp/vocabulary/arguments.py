"""What NumPy's signatures ask beside the operands: ``dtype``, ``out``, ``where``."""

from typing import Any

import numpy as np

from interp.errors import UnsupportedArgument
from interp.value import Value, encloses, shape_of
from interp.vocabulary.creation import held
from interp.vocabulary.shape import where as choose


def refuse_conversion(name: str, x: Any, dtype: Any = None, out: Any = None) -> None:
    """Raise `UnsupportedArgument` for a ``dtype`` that the value ``x`` does not have, and for any ``out``."""
    if out is not None:
        raise UnsupportedArgument(f"{name} of values takes no out=: use the result, or write a[...] = {name}(x)")
    own = getattr(x, "dtype", None)
    if dtype is not None and own is not None and np.dtype(dtype) != own:
        raise UnsupportedArgument(
            f"{name}(dtype={np.dtype(dtype)}) of a {type(x).__name__} of {own}: a value keeps its type. "
            "Convert the plain input before it is lifted"
        )


def only_where(mask: Any, x: Any, otherwise: Any) -> Any:
    """``x`` where ``mask`` holds, which broadcasts to its shape, and ``otherwise`` elsewhere."""
    if mask is True:
        return x
    mask = np.asarray(mask, dtype=bool) if not isinstance(mask, Value) else mask
    if np.broadcast_shapes(shape_of(mask), shape_of(x)) != shape_of(x):
        raise ValueError(f"where= of shape {shape_of(mask)} does not broadcast to the operand's {shape_of(x)}")
    return choose(mask, x, otherwise)


def exactly(x: Any, like: Any) -> Any:
    """Plain numbers at the level of ``like``, if that is made of intervals: what becomes of them is rounded outward."""
    return held(np.asarray(x, dtype=float)[()], like) if encloses(like) and not isinstance(x, Value) else x

"""ndarray's methods and attributes on values, each the vocabulary's function of that name."""

from typing import Any

import numpy as np

from interp import vocabulary as v
from interp.errors import InterpError, NoAttribute, UnsupportedArgument
from interp.value import Value, innermost, is_complex
from interp.vocabulary.inspection import device_of, on_device

REDUCTIONS = ("sum", "mean", "prod", "max", "min", "std", "var", "cumsum", "any", "all", "argmax", "argmin")
SHAPES = ("ravel", "squeeze", "swapaxes", "repeat", "diagonal", "take", "put", "choose", "nonzero")
ORDER = ("argsort", "argpartition", "searchsorted", "cumprod")
OTHERS = ("dot", "clip", "conj", "trace", "round")


def _method(name: str) -> Any:
    function = getattr(v, name)

    def method(x: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return function(x, *args, **kwargs)
        except TypeError as error:
            if isinstance(error, InterpError) or "unexpected keyword" not in str(error):
                raise
            said = str(error).partition("() ")[2]
            raise UnsupportedArgument(f"x.{name} of a {type(x).__name__} {said}") from None

    method.__name__ = name
    method.__doc__ = f"As numpy.ndarray.{name}."
    return method


def _reshape(x: Any, *shape: Any, order: str = "C", copy: bool | None = None) -> Any:
    """As numpy.ndarray.reshape."""
    return v.reshape(x, shape[0] if len(shape) == 1 else shape, order, copy=copy)


def _transpose(x: Any, *axes: Any) -> Any:
    """As numpy.ndarray.transpose."""
    given = axes[0] if len(axes) == 1 and (axes[0] is None or np.ndim(axes[0])) else axes or None
    return v.transpose(x, given)


def _copy(x: Any, order: str = "C") -> Any:
    """As numpy.ndarray.copy."""
    return v.copy(x, order)


def _flatten(x: Any, order: str = "C") -> Any:
    """As numpy.ndarray.flatten: a copy."""
    return v.copy(v.ravel(x, order))


def _compress(x: Any, condition: Any, axis: int | None = None) -> Any:
    """As numpy.ndarray.compress."""
    return v.compress(condition, x, axis)


def _in_place(name: str) -> Any:
    function = _method(name)

    def method(x: Any, *args: Any, **kwargs: Any) -> None:
        x[...] = function(x, *args, **kwargs)

    method.__name__, method.__doc__ = name, f"As numpy.ndarray.{name}: in place."
    return method


def _fill(x: Any, value: Any) -> None:
    """As numpy.ndarray.fill."""
    x[...] = value


def _astype(x: Any, dtype: Any, copy: bool = True) -> Any:
    """As numpy.ndarray.astype, to the type the value already has or to truths; integers would truncate it."""
    if np.dtype(dtype).kind == "b" and x.dtype.kind != "b":
        return v.not_equal(x, 0)
    if np.dtype(dtype) != x.dtype:
        raise UnsupportedArgument(
            f"astype({np.dtype(dtype)}) of a {type(x).__name__} of {x.dtype}: a value keeps its type. "
            "Convert the plain input before it is lifted; to round use np.floor or np.rint"
        )
    return v.copy(x) if copy else x


def _to_device(x: Any, device: Any, *, stream: Any = None) -> Any:
    """As numpy.ndarray.to_device: ``x``, which has to lie there already."""
    return on_device(x, device)


class _Missing:
    """Stands for an attribute of arrays that values lack. (`__getattr__` would slow down all that they have.)"""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, x: Any, cls: type) -> Any:
        raise NoAttribute(
            f"x.{self.name} is not there for a {cls.__name__}: use the methods it has (x.sum, x.reshape, x.T, ...), "
            f"functions of interp.vocabulary, or interp.primal(x).{self.name} if nothing is to flow through it"
        )


def _set_real(x: Any, part: Any) -> None:
    v.real(x)[...] = part


def _set_imag(x: Any, part: Any) -> None:
    if not is_complex(x):
        raise TypeError("array does not have imaginary part to set")
    v.imag(x)[...] = part


def attach() -> None:
    """Give `Value` its array methods."""
    for name in REDUCTIONS + SHAPES + ORDER + OTHERS:
        setattr(Value, name, _method(name))
    for name, function in {
        "reshape": _reshape,
        "transpose": _transpose,
        "copy": _copy,
        "flatten": _flatten,
        "compress": _compress,
        "fill": _fill,
        "sort": _in_place("sort"),
        "partition": _in_place("partition"),
        "astype": _astype,
        "conjugate": _method("conj"),
        "device": property(lambda x: device_of(innermost(x)), doc="Where the numbers lie: 'cpu' of NumPy's arrays."),
        "to_device": _to_device,
        "T": property(lambda x: v.transpose(x), doc="The transpose."),
        "real": property(lambda x: v.real(x), _set_real, doc="The real part, which takes stores."),
        "imag": property(lambda x: v.imag(x), _set_imag, doc="The imaginary part; of complex arrays it takes stores."),
        "mT": property(lambda x: v.matrix_transpose(x), doc="The transpose of the last two axes."),
    }.items():
        setattr(Value, name, function)
    for name in dir(np.ndarray):
        if not name.startswith("_") and not hasattr(Value, name):
            setattr(Value, name, _Missing(name))

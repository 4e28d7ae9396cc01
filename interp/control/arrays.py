"""NumPy's functions that make arrays, in converted code: what they make is fresh, and takes values.

Lists of values are joined into an array value. Arrays from outside stay as they are; ``np.array(a)`` and
``a.copy()`` are fresh.
"""

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from interp import backends
from interp.control.calls import carries
from interp.control.foreign import ALWAYS, register
from interp.control.fresh import fresh, unwrap, wrapped
from interp.errors import UnsupportedArgument
from interp.value import Holder, Value, innermost, primal
from interp.vocabulary.creation import as_operand

MAKERS: tuple[Any, ...] = (
    *(np.zeros, np.empty, np.ones, np.eye, np.identity, np.arange, np.linspace, np.logspace, np.geomspace),
    *(np.tri, np.fromfunction, np.indices, np.vander, np.diag, np.diagflat, np.meshgrid, np.loadtxt),
    *(np.tile, np.repeat, np.concatenate, np.stack, np.hstack, np.vstack, np.column_stack, np.outer),
)
"""Their arrays are nobody else's. (`np.full` and those below look at their arguments first.)"""


def _maker(make: Callable[..., Any]) -> Callable[..., Any]:
    def made(*args: Any, **kwargs: Any) -> Any:
        try:
            out = make(*args, **kwargs)
        except (TypeError, ValueError):
            if not (carries(args) or carries(kwargs)):
                raise
            out = _with_values(make, args, kwargs)
        return (
            fresh(out) if type(out) is np.ndarray and out.dtype.kind in "biufc" and out.base is None else wrapped(out)
        )

    return functools.wraps(make)(made)


def _with_values(make: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Makers that are formulas of their arguments: ends of ranges that are values."""
    formula = _FORMULAS.get(make)
    if formula is not None:
        return formula(*unwrap(args), **unwrap(kwargs))
    if make in SEQUENCES:
        parts = [as_operand(part) for part in unwrap(args[0])]
        flat = [p.reshape(1) if isinstance(p, Value) and not p.shape and make is not np.stack else p for p in parts]
        return make(flat, *args[1:], **kwargs)
    return make(*(as_operand(unwrap(x)) if isinstance(x, list | tuple) and carries(x) else x for x in args), **kwargs)


def _linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True) -> Any:
    return start + (stop - start) * np.linspace(0.0, 1.0, num, endpoint=endpoint)


def _arange(start: Any, stop: Any = None, step: Any = 1) -> Any:
    start, stop = (0, start) if stop is None else (start, stop)
    count = len(np.arange(primal(start), primal(stop), primal(step)))
    return start + step * np.arange(count)


SEQUENCES: tuple[Any, ...] = (np.concatenate, np.stack, np.hstack, np.vstack, np.column_stack)
"""Functions of a sequence of arrays, which joined into one array would be another."""
_FORMULAS: dict[Any, Callable[..., Any]] = {
    np.linspace: _linspace,
    np.arange: _arange,
    np.logspace: lambda start, stop, num=50, endpoint=True, base=10.0: base ** _linspace(start, stop, num, endpoint),
}

for _function in MAKERS:
    ALWAYS[_function] = _maker(_function)


@register(np.fromiter, always=True)
def _from_iterator(items: Any, dtype: Any, count: int = -1) -> Any:
    found = list(items if count < 0 else itertools.islice(items, count))
    return _array(found, dtype)


@register(np.full, always=True)
def _full(shape: Any, fill_value: Any, *args: Any, **kwargs: Any) -> Any:
    fill = unwrap(fill_value)
    if not (isinstance(fill, Value) or carries(fill)):
        made = np.full(shape, fill, *args, **kwargs)
        return fresh(made) if made.dtype.kind in "biufc" else made
    fill = as_operand(fill)
    target = fresh(np.zeros(shape, *args, **(kwargs or {"dtype": fill.dtype})))
    target[...] = fill
    return target


def _like(make: Callable[..., Any]) -> Callable[..., Any]:
    def made(x: Any, *args: Any, **kwargs: Any) -> Any:
        like = unwrap(x)
        inner = like
        if isinstance(like, Value) and not carries_device(like):
            inner = np.asarray(innermost(like))  # in its memory order
            inner = inner if inner.shape == like.shape else np.empty(like.shape, like.dtype)
        if isinstance(like, list | tuple) and carries(like):
            inner = np.asarray(primal(as_operand(like)))
        out = make(inner, *unwrap(args), **unwrap(kwargs))
        return fresh(out) if type(out) is np.ndarray and out.dtype.kind in "biufc" else out

    return functools.wraps(make)(made)


def carries_device(x: Any) -> bool:
    """True of an array outside of NumPy, or a value around one: NumPy's protocols make its companions."""
    return backends.namespace(innermost(x)) is not np


LIKE: tuple[Any, ...] = (np.zeros_like, np.ones_like, np.empty_like)
for _function in LIKE:
    ALWAYS[_function] = _like(_function)


@register(np.full_like, always=True)
def _full_like(x: Any, fill_value: Any, *args: Any, **kwargs: Any) -> Any:
    out = ALWAYS[np.zeros_like](x, *args, **kwargs)
    out[...] = fill_value
    return out


def _array(x: Any, dtype: Any = None, *, copy: Any = True, ndmin: int = 0, **kwargs: Any) -> Any:
    """``np.array``: a fresh copy."""
    out = _converted(np.array, x, dtype, {"ndmin": ndmin, "copy": copy, **kwargs})
    if isinstance(out, Value):
        asked = copy is True or copy is np._CopyMode.ALWAYS
        out = out.copy(kwargs.get("order", "K")) if out.shape and asked else out
        for _ in range(ndmin - out.ndim):
            out = out[None]
    return fresh(out) if _is_array(out) and not (copy is not True and out is x) else out


def _as_array(make: Callable[..., Any]) -> Callable[..., Any]:
    def made(x: Any, dtype: Any = None, *args: Any, **kwargs: Any) -> Any:
        plain = unwrap(x)
        out = _converted(make, x, dtype, kwargs, *args)
        if out is plain and isinstance(x, Holder):
            return x
        if out is plain or (isinstance(plain, np.ndarray | Value) and not isinstance(x, Holder)):
            return out
        return fresh(out) if _is_array(out) else out

    return functools.wraps(make)(made)


def _converted(make: Callable[..., Any], x: Any, dtype: Any, options: dict[str, Any], *args: Any) -> Any:
    plain = unwrap(x)
    if type(plain) is list or type(plain) is tuple:
        plain = as_operand(plain) if carries(plain) else plain
    if not isinstance(plain, Value):
        return make(plain, dtype, *args, **options)
    if dtype is not None and np.dtype(dtype) == object:
        raise UnsupportedArgument("an array of dtype object of values: leave dtype out, values join into one array")
    if dtype is not None and np.dtype(dtype) != plain.dtype:
        plain = plain.astype(dtype)
    order = ORDERS.get(make) or options.get("order", "K")
    flags = getattr(innermost(plain), "flags", {"C": True, "F": True})
    return plain if order not in ("C", "F") or flags[order] else plain.copy(order)


def _of_primals(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: function(*(primal(unwrap(x)) for x in args), **kwargs)


ORDERS: dict[Any, str] = {np.ascontiguousarray: "C", np.asfortranarray: "F"}


def _is_array(x: Any) -> bool:
    if isinstance(x, Value):
        return x.is_storage
    return type(x) is np.ndarray and x.dtype.kind in "biufc"


ALWAYS[np.array] = functools.wraps(np.array)(_array)
CONVERSIONS: tuple[Any, ...] = (np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray)
for _function in CONVERSIONS:
    ALWAYS[_function] = _as_array(_function)
ALWAYS[np.asarray_chkfinite] = ALWAYS[np.asarray]


# -- questions about types, which primals answer

for _function in (np.result_type, np.can_cast, np.common_type, np.iscomplexobj, np.isrealobj, np.min_scalar_type):
    register(_function)(_of_primals(_function))


# -- methods of arrays from outside


@register(np.ndarray.copy, np.ndarray.flatten, np.ndarray.__copy__, always=True)
def _copied(x: Any, order: Any = "C") -> Any:
    return wrapped(np.array(x, order=order)) if type(x) is np.ndarray else x.copy()


@register(np.copy, always=True)
def _copy(x: Any, order: Any = "K", subok: bool = False) -> Any:
    return _array(x, order=order) if not isinstance(unwrap(x), Value) else _array(x)


@register(np.ndarray.flatten, always=True)
def _flattened(x: Any, order: Any = "C") -> Any:
    return wrapped(x.flatten(order))


@register(np.ndarray.astype, always=True)
def _astype(x: Any, dtype: Any, *args: Any, **kwargs: Any) -> Any:
    out = x.astype(dtype, *args, **kwargs)
    return out if out is x else wrapped(out)


@register(np.ndarray.dot)
def _dot(x: Any, y: Any) -> Any:
    return np.dot(x, y)


@register(np.ndarray.fill)
def _fill(x: Any, value: Any) -> None:
    x[...] = value

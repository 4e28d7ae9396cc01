"""NumPy's family that takes a NaN for a number that is missing: each the function of that name of what is there."""

from collections.abc import Callable
from typing import Any

import numpy as np

from interp.errors import UndecidedError
from interp.primitive import negative_axes
from interp.value import Value, is_complex, ndim_of, primal, shape_of
from interp.vocabulary.arguments import exactly, refuse_conversion
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.composites import composite
from interp.vocabulary.creation import as_operand
from interp.vocabulary.elementwise import sqrt
from interp.vocabulary.predicates import all, argmax, argmin, isnan, logical_and, logical_not
from interp.vocabulary.reductions import REPEATED, as_rows, cumprod, cumsum, max, min, prod, sum
from interp.vocabulary.shape import reshape, where
from interp.vocabulary.sorting import sort
from interp.vocabulary.statistics import ENDS, as_fraction, check_quantile, mean, of_percent, var, weighed_quantile

choose = where
"""`where`, in functions with a parameter of that name."""


def _there(x: Any, mask: Any = True) -> Any:
    """Where a number is there, and counts."""
    there = logical_not(isnan(x))
    return there if mask is True else logical_and(there, mask)


def _filled(x: Any, number: float) -> Any:
    return where(isnan(x), number, x)


def _none_there(found: Any, x: Any, axis: Any, keepdims: bool, mask: Any = True) -> Any:
    """``found``, and NaN where no number was there."""
    return where(all(logical_not(_there(x, mask)), axis=axis, keepdims=keepdims), np.nan, found)


def _folding(name: str, function: Callable[..., Any], neutral: float) -> Callable[..., Any]:
    def folded(
        x: Any,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        return function(_filled(as_operand(x), neutral), axis, dtype, out, keepdims, initial, where)

    return _named(folded, name, f"`{function.__name__}` of the elements that are not NaN.")


def _extremum(name: str, function: Callable[..., Any], neutral: float) -> Callable[..., Any]:
    def extreme(
        x: Any, axis: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None, where: Any = True
    ) -> Any:
        x = as_operand(x)
        found = function(_filled(x, neutral), axis, out, keepdims, initial, where)
        return found if initial is not None else _none_there(found, x, axis, keepdims, where)

    return _named(extreme, name, f"`{function.__name__}` of the elements that are not NaN; NaN if all are.")


def _place(name: str, function: Callable[..., Any], neutral: float) -> Callable[..., Any]:
    def placed(x: Any, axis: Any = None, out: Any = None, *, keepdims: bool = False) -> Any:
        x = as_operand(x)
        nothing = all(isnan(x), axis=axis)
        if not isinstance(nothing, Value) and np.any(nothing):
            raise ValueError("All-NaN slice encountered")
        return function(_filled(x, neutral), axis, out, keepdims=keepdims)

    return _named(placed, name, f"`{function.__name__}` of the elements that are not NaN; raises if all are.")


def _running(name: str, function: Callable[..., Any], neutral: float) -> Callable[..., Any]:
    def run(x: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
        return function(_filled(as_operand(x), neutral), axis, dtype, out)

    return _named(run, name, f"`{function.__name__}` in which a NaN changes nothing.")


def _named(function: Callable[..., Any], name: str, doc: str) -> Callable[..., Any]:
    function.__name__, function.__doc__ = name, doc
    return composite(getattr(np, name))(function)


nansum = _folding("nansum", sum, 0.0)
nanprod = _folding("nanprod", prod, 1.0)
nanmax = _extremum("nanmax", max, -np.inf)
nanmin = _extremum("nanmin", min, np.inf)
nanargmax = _place("nanargmax", argmax, -np.inf)
nanargmin = _place("nanargmin", argmin, np.inf)
nancumsum = _running("nancumsum", cumsum, 0.0)
nancumprod = _running("nancumprod", cumprod, 1.0)


@composite(np.nanmean)
def nanmean(
    x: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = True
) -> Any:
    """`mean` of the elements that are not NaN; NaN if all are."""
    x = as_operand(x)
    return mean(x, axis, dtype, out, keepdims, where=_there(x, where))


@composite(np.nanvar)
def nanvar(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Any:
    """`var` of the elements that are not NaN; NaN where they are no more than ``ddof``."""
    x = as_operand(x)
    there = _there(x, where)
    lost = ddof if correction is None else correction
    found = var(x, axis, dtype, out, ddof, keepdims, where=there, mean=mean, correction=correction)
    enough = sum(choose(there, 1.0, 0.0), axis=axis, keepdims=keepdims) > lost
    return choose(enough, found, np.nan)


@composite(np.nanstd)
def nanstd(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Any:
    """The square root of `nanvar`."""
    return sqrt(nanvar(x, axis, dtype, out, ddof, keepdims, where=where, mean=mean, correction=correction))


@composite(np.nanquantile)
def nanquantile(
    x: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """`quantile` of the elements that are not NaN; NaN if all are."""
    x = as_operand(x)
    q = as_fraction(q, x)
    if is_complex(x):
        raise TypeError("a must be an array of real numbers")
    if method in ENDS:
        q = exactly(q, x)
    check_quantile(q, method, weights, out, "nanquantile", "Quantiles must be in the range [0, 1]")
    ordered = sort(as_rows(x, negative_axes(axis, ndim_of(x))), axis=-1)
    if not ordered.shape[-1]:
        none = nanmean(x, axis, keepdims=keepdims)
        return none + reshape(primal(q) * 0.0, shape_of(q) + (1,) * ndim_of(none))
    there = _there(ordered)
    counts = sum(there, axis=-1)
    if isinstance(counts, Value) and not getattr(counts, "has_primal", True):
        raise UndecidedError("nanquantile: which of these intervals are numbers is undecided; split the box")
    # An order that is open reaches every place: so which are weighed does not matter to a tracer.
    counts = np.asarray(primal(counts)).astype(int)
    found = weighed_quantile(_filled(ordered, 0.0), counts, x, q, axis, method, keepdims)
    return _none_there(found, x, axis, keepdims)


@composite(np.nanpercentile)
def nanpercentile(
    x: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """`nanquantile` at ``q`` per cent."""
    x = as_operand(x)
    fraction = of_percent(x, q, method)
    check_quantile(fraction, method, weights, out, "nanpercentile", "Percentiles must be in the range [0, 100]")
    return nanquantile(x, fraction, axis, method=method, keepdims=keepdims)


@composite(np.nanmedian)
def nanmedian(x: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """`median` of the elements that are not NaN; NaN if all are."""
    x = as_operand(x)
    refuse_conversion("nanmedian", x, None, out)
    return nanquantile(x, 0.5, axis, keepdims=keepdims)


# NaN have no derivative to compare with: tests/test_reductions.py has calls with them.
_REDUCED = [call((2, 3)), call((2, 3), axis=1), call(REPEATED, axis=(0, -1), keepdims=True)]
_ALONG = [call((2, 3)), call(REPEATED, axis=1)]
for _function in (nansum, nanprod, nanmax, nanmin, nanmean, nanvar, nanstd, nanmedian):
    enter(_function, getattr(np, _function.__name__), calls=_REDUCED)
for _function in (nancumsum, nancumprod):
    enter(_function, getattr(np, _function.__name__), calls=_ALONG)
for _function in (nanargmax, nanargmin):
    enter(_function, getattr(np, _function.__name__), calls=_ALONG, differentiable=False)
for _function, _scale in ((nanquantile, 1.0), (nanpercentile, 100.0)):
    _at = [0.3 * _scale, 0.8 * _scale]
    enter(
        _function,
        getattr(np, _function.__name__),
        calls=[
            call((2, 3), through=lambda f, x, at=_at: f(x, at[0])),
            call((2, 3), through=lambda f, x, at=_at: f(x, at, axis=1)),
            call(REPEATED, through=lambda f, x, at=_at: f(x, at, axis=(0, -1), keepdims=True, method="hazen")),
            call((3, 4), through=lambda f, x, at=_at: f(x, at, axis=0, method="lower")),
        ],
    )

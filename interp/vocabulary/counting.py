"""What is equal, how often, and in which bin: unique elements, membership, bins and histograms.

Positions and counts carry no derivative; elements and weights do. Where the input decides how many elements there are,
or which bin one falls in, number types that leave comparisons open are refused.
"""

from typing import Any

import numpy as np

from interp.errors import UndecidedError, UnsupportedArgument
from interp.primitive import Predicate
from interp.value import Value, ndim_of, primal, shape_of
from interp.vocabulary.arguments import exactly
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.composites import carries, composite
from interp.vocabulary.creation import as_operand, zeros
from interp.vocabulary.indexing import index_add, take
from interp.vocabulary.predicates import all, greater_equal, less_equal, not_equal
from interp.vocabulary.reductions import max, min, sum
from interp.vocabulary.shape import concatenate, reshape, stack
from interp.vocabulary.sorting import argsort, searchsorted


@composite(np.count_nonzero)
def count_nonzero(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Number of elements over ``axis`` that are not 0."""
    truths = not_equal(as_operand(x), 0)
    if carries(truths):
        return sum(truths, axis=axis, keepdims=keepdims)
    return np.count_nonzero(truths, axis, keepdims=keepdims)


enter(
    count_nonzero,
    np.count_nonzero,
    calls=[call((2, 3)), call((2, 3), axis=1), call((2, 3, 2), axis=(0, -1), keepdims=True)],
    differentiable=False,
)

# -- unique elements


def _numbers(x: Any, what: str) -> Any:
    """The plain numbers of ``x``, if their order holds wherever ``x`` does."""
    if isinstance(x, Value) and isinstance(argsort(x, axis=None), Value):
        raise UndecidedError(
            f"{what} of a {type(x).__name__}: which elements are equal depends on the input, and with them the shape. "
            "Use np.sort, whose shape does not"
        )
    return primal(x)


@composite(np.unique)
def unique(
    x: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    """The distinct elements in order (along ``axis``: subarrays), each the first of its kind; always sorted.

    Positions of the first ones, of each element among them, and their counts are plain, as NumPy returns them.
    """
    x = as_operand(x)
    asked: dict[str, Any] = {"return_inverse": return_inverse, "return_counts": return_counts, "axis": axis}
    found: Any = np.unique(_numbers(x, "unique"), return_index=True, equal_nan=equal_nan, **asked)
    elements = take(x, found[1], axis=axis)
    rest = found[1 if return_index else 2 :]
    return (elements, *rest) if rest else elements


@composite(np.unique_values)
def unique_values(x: Any, /) -> Any:
    """The distinct elements, in the order of NumPy's function; no two NaN are equal."""
    x = as_operand(x)
    plain = _numbers(x, "unique_values")
    first = np.unique(plain, return_index=True, equal_nan=False)[1]
    order = np.argsort(np.unique_values(plain), kind="stable")
    return take(x, first[np.argsort(order)])


@composite(np.unique_counts)
def unique_counts(x: Any, /) -> Any:
    """The distinct elements and how often each is there, as a named tuple; no two NaN are equal."""
    x = as_operand(x)
    return np.unique_counts(_numbers(x, "unique_counts"))._replace(values=unique(x, equal_nan=False))


@composite(np.unique_inverse)
def unique_inverse(x: Any, /) -> Any:
    """The distinct elements and which of them each element is, as a named tuple; no two NaN are equal."""
    x = as_operand(x)
    return np.unique_inverse(_numbers(x, "unique_inverse"))._replace(values=unique(x, equal_nan=False))


@composite(np.unique_all)
def unique_all(x: Any, /) -> Any:
    """All that `unique` returns, as a named tuple; no two NaN are equal."""
    x = as_operand(x)
    return np.unique_all(_numbers(x, "unique_all"))._replace(values=unique(x, equal_nan=False))


_TWICE = np.array([2, 0, 1, 1, 2, 0])
"""Positions that repeat elements."""
enter(
    unique,
    np.unique,
    calls=[
        call((3,), through=lambda f, x: f(x[_TWICE], True, True, True)),
        call((2, 3), through=lambda f, x: f(x[_TWICE % 2], return_counts=True, axis=0)),
        call((2, 3)),
    ],
)
enter(unique_values, np.unique_values, calls=[call((3,), through=lambda f, x: np.sort(f(x[_TWICE]))), call((2, 3))])
for _unique in (unique_counts, unique_inverse, unique_all):
    enter(_unique, getattr(np, _unique.__name__), calls=[call((3,), through=lambda f, x: f(x[_TWICE])), call((2, 3))])


def _members(
    element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False, *, kind: str | None = None
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (as_operand(element), as_operand(test_elements)), {"invert": invert, "kind": kind}


isin = Predicate("isin", np.isin, counterparts=(np.isin,), canonical=_members)
_FEW = np.array([0.3, 0.5])
enter(
    isin,
    np.isin,
    calls=[call((3,), (2, 3)), call((2, 3), through=lambda f, x: f(x, [_FEW[0], 7.0], invert=True))],
    differentiable=False,
)

# -- bins


@composite(np.digitize)
def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """The number of the bin that each element falls in, between edges that rise or fall; plain integers."""
    x, bins = as_operand(x), as_operand(bins)
    if ndim_of(bins) != 1:
        raise ValueError("object of too small depth for desired array" if not ndim_of(bins) else "bins has one axis")
    side = "left" if right else "right"
    if _decided(all(greater_equal(bins[1:], bins[:-1]))):
        return searchsorted(bins, x, side)
    if _decided(all(less_equal(bins[1:], bins[:-1]))):
        return shape_of(bins)[0] - searchsorted(bins[::-1], x, side)
    raise ValueError("bins must be monotonically increasing or decreasing")


def _decided(truth: Any) -> bool:
    if isinstance(truth, Value):
        raise UndecidedError(f"digitize: whether these bins rise is undecided ({type(truth).__name__})")
    return bool(truth)


@composite(np.bincount)
def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """How often each integer is there, or the sums of its ``weights``, which may be a value; at least ``minlength``."""
    if isinstance(x, Value):
        raise UndecidedError(
            f"bincount of a {type(x).__name__}: positions are plain integers, weights may be values. Where the input "
            "decides the position add np.where(position == k, weight, 0) up for each k"
        )
    weights = reshape(as_operand(weights), (-1,))
    length = np.bincount(x, minlength=minlength).size
    if np.shape(x) != shape_of(weights):
        raise ValueError("The weights and list don't have the same length.")
    return _totals(weights * np.float64(1.0), np.asarray(x, dtype=int), length)


def _totals(weights: Any, bins: np.ndarray, length: int) -> Any:
    """Sums of the weights that go to each of ``length`` bins."""
    return index_add(zeros(length, like=primal(weights)), weights, (bins,))


@composite(np.histogram)
def histogram(a: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None) -> Any:
    """Counts of the elements between edges, or sums of their ``weights``, and the edges.

    ``bins``: a number of equal ones over ``range`` (by default from the least to the greatest element, which the edges
    then follow), or edges that rise. ``density``: divided by the widths and the sum. As functions of ``a`` the counts
    are constant between jumps.
    """
    a = as_operand(a)
    if isinstance(bins, str):
        raise UnsupportedArgument(
            "histogram of values: bins is a number or edges; np.histogram_bin_edges(primal(a), ...)"
        )
    if weights is not None and shape_of(as_operand(weights)) != shape_of(a):
        raise ValueError("weights should have the same shape as a.")
    edges = _edges(a, bins, range)
    flat = reshape(a, (-1,))
    # The last bin takes in its upper edge.
    places = searchsorted(edges, flat, "right") - 1 - (flat == edges[-1])
    if isinstance(places, Value):
        raise UndecidedError(
            f"histogram of a {type(places).__name__}: which bin an element falls in depends on the input. Add "
            "np.where(inside, weight, 0) up for each bin"
        )
    length = shape_of(edges)[0] - 1
    inside = (places >= 0) & (places < length)
    if weights is None:
        counts = np.bincount(places[inside], minlength=length)
    else:
        counts = _totals(reshape(as_operand(weights), (-1,))[inside], places[inside], length)
    if density:
        edges = exactly(edges, counts)
        counts = counts / (edges[1:] - edges[:-1]) / sum(counts)
    return counts, edges


def _edges(a: Any, bins: Any, limits: Any) -> Any:
    bins = as_operand(bins)
    if ndim_of(bins) == 1:
        if not np.all(primal(bins[1:]) >= primal(bins[:-1])):
            raise ValueError("`bins` must increase monotonically, when an array")
        return bins
    if limits is None and carries(a) and shape_of(a) and a.size:
        lo, hi = min(a), max(a)
        np.histogram_bin_edges([0.0, 1.0], bins)  # raises for a number of bins that is none
        nominal = primal(lo), primal(hi)
        if not np.all(np.isfinite(nominal)):
            raise ValueError(f"autodetected range of [{nominal[0]}, {nominal[1]}] is not finite")
        if nominal[0] == nominal[1]:
            lo, hi = lo - 0.5, hi + 0.5
    elif carries(limits):
        lo, hi = limits
    else:
        return np.histogram_bin_edges(primal(a), bins, limits)
    step = (hi - lo) / int(bins)
    steps = np.arange(int(bins), dtype=step.dtype) * step + lo
    return concatenate([steps, stack([hi])])


_EDGES = np.array([0.2, 0.3, 0.5, 0.9])
enter(
    digitize,
    np.digitize,
    calls=[
        call((2, 3), through=lambda f, x: f(x, _EDGES)),
        call((2, 3), through=lambda f, x: f(x, _EDGES[::-1], right=True)),
        call((), through=lambda f, x: f(x, _EDGES)),
    ],
    differentiable=False,
)
enter(
    bincount,
    np.bincount,
    calls=[
        call((6,), through=lambda f, weights: f(_TWICE, weights)),
        call((6,), through=lambda f, weights: f(_TWICE, weights=weights, minlength=5)),
    ],
)
_NUMBERS = np.array([0.1, 0.35, 0.2, 0.7, 0.9])
enter(
    histogram,
    np.histogram,
    calls=[
        call((5,), through=lambda f, a: f(a, 3)),
        call((2, 3), through=lambda f, a: f(a, _EDGES)),
        call((5,), (5,), through=lambda f, a, w: f(a, 3, weights=w, density=True)),
        call((5,), through=lambda f, w: f(_NUMBERS, _EDGES, weights=w)),
        call((5,), through=lambda f, w: f(_NUMBERS, 3, (0.0, 0.9), weights=w)),
        call((5,), through=lambda f, a: f(a, 3, (0.2, 1.0), density=True)),
    ],
)

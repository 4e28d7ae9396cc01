"""Order in native code: sorting arrays of values, and where numbers belong among others.

The primal decides, equal elements keep their order, NaN come last: as in the eager tier. Of numbers that branches may
not follow, as intervals, there is no order.
"""

from typing import Any

import numpy as np
from numba.core import types

from interp.compile.algebra import product_type
from interp.compile.arrays import caster, full_of, native
from interp.compile.composites import is_missing, literal, of_values
from interp.compile.values import ValueType, element, follows_primal, is_array, ndim_of
from interp.value import primal


def _has_order(*operands: Any) -> bool:
    return all(follows_primal(element(t)) for t in operands if isinstance(t, ValueType))


@of_values(np.argsort, method="argsort")
def _argsort(a: Any) -> Any:
    if ndim_of(a) != 1 or not _has_order(a):
        return None
    return lambda a: np.argsort(primal(a), kind="mergesort")


@of_values(np.sort)
def _sort(a: Any, axis: Any = -1) -> Any:
    ndim = ndim_of(a)
    if ndim not in (1, 2) or not _has_order(a):
        return None

    def ordered(a: Any, axis: Any = -1) -> Any:
        order = np.argsort(a)
        made = np.empty_like(a)
        for i in range(len(a)):
            made[i] = a[order[i]]
        return made

    def flat(a: Any, axis: Any = -1) -> Any:
        return np.sort(a.flatten())

    def rows(a: Any, axis: Any = -1) -> Any:
        made = np.empty_like(a)
        for i in range(a.shape[0]):
            made[i, :] = np.sort(a[i, :])
        return made

    def columns(a: Any, axis: Any = -1) -> Any:
        made = np.empty_like(a)
        for j in range(a.shape[1]):
            made[:, j] = np.sort(a[:, j])
        return made

    if ndim == 1:
        return ordered
    if is_missing(axis):
        return flat
    return {-1: rows, 1: rows, 0: columns, -2: columns}.get(literal(axis))


@of_values(np.searchsorted)
def _searchsorted(a: Any, v: Any, side: Any = "left") -> Any:
    if not _has_order(a, v) or literal(side) not in ("left", "right"):
        return None
    if literal(side) == "left":
        return lambda a, v, side="left": np.searchsorted(primal(a), primal(v))
    return lambda a, v, side="left": np.searchsorted(primal(a), primal(v), side="right")


@of_values(np.digitize)
def _digitize(x: Any, bins: Any) -> Any:
    """By bins that increase."""
    if not _has_order(x, bins):
        return None
    return lambda x, bins: np.searchsorted(bins, x, side="right")


@of_values(np.interp)
def _interp(x: Any, xp: Any, fp: Any) -> Any:
    """Lines through (xp, fp), constant beyond the ends."""
    if (ndim_of(xp), ndim_of(fp)) != (1, 1) or ndim_of(x) > 1 or not _has_order(x, xp, fp):
        return None
    typ = product_type(product_type(element(x), element(xp)), element(fp))
    cast = caster(typ)

    def between(x: Any, xp: Any, fp: Any) -> Any:
        n = len(xp)
        if n == 0 or len(fp) != n:
            raise ValueError("fp and xp are not of the same length, or empty")
        if primal(x) < primal(xp[0]):
            return cast(fp[0])
        if primal(x) > primal(xp[n - 1]):
            return cast(fp[n - 1])
        if n == 1:
            return cast(fp[0] + 0.0 * x)
        i = min(max(np.searchsorted(primal(xp), primal(x), side="right") - 1, 0), n - 2)
        return cast(fp[i] + (fp[i + 1] - fp[i]) / (xp[i + 1] - xp[i]) * (x - xp[i]))

    if not ndim_of(x):
        return between
    one = native(between)
    full = native(full_of(typ, 1))

    def between_each(x: Any, xp: Any, fp: Any) -> Any:
        made = full((len(x),), 0.0)
        for i in range(len(x)):
            made[i] = one(x[i], xp, fp)
        return made

    return between_each


# -- places in the order


@of_values(np.median)
def _median(a: Any) -> Any:
    if not is_array(a) or not _has_order(a):
        return None
    return lambda a: np.quantile(a, 0.5)


@of_values(np.quantile)
def _quantile(a: Any, q: Any) -> Any:
    """Of all elements at one fraction, by NumPy's "linear"."""
    if not is_array(a) or not _has_order(a) or not isinstance(q, types.Float | types.Integer | float | int):
        return None
    cast = caster(element(a))

    def quantile(a: Any, q: Any) -> Any:
        if not 0.0 <= q <= 1.0:
            raise ValueError("Quantiles must be in the range [0, 1]")
        n = a.size
        if n == 0:
            return cast(np.nan)
        ordered = np.sort(a.flatten())
        if np.isnan(ordered[n - 1]):
            return ordered[n - 1] * np.nan
        position = q * (n - 1)
        below = min(int(position), max(n - 2, 0))
        above = min(below + 1, n - 1)
        beyond = position - below
        return ordered[below] * (1.0 - beyond) + ordered[above] * beyond

    return quantile


@of_values(np.percentile)
def _percentile(a: Any, q: Any) -> Any:
    return lambda a, q: np.quantile(a, q / 100.0)

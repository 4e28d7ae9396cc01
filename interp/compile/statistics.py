"""Sums, products and statistics of arrays of values in native code: those that are formulas of other reductions."""

import operator
from typing import Any

import numpy as np
import scipy.special

from interp.compile.algebra import product_type
from interp.compile.arrays import full_of, native
from interp.compile.composites import is_missing, literal, of_values
from interp.compile.rearranging import in_front
from interp.compile.rebinding import REPLACED, WRITTEN, overloaded
from interp.compile.values import is_array, ndim_of
from interp.value import primal
from interp.vocabulary import exponentials

# -- tests


def _test(function: Any, method: str, stops: bool) -> None:
    """``any``, which stops at the first element that holds, and ``all``, at the first that does not."""

    @of_values(function, method=method)
    def chosen(x: Any) -> Any:
        if not is_array(x):
            return None

        def test(x: Any) -> bool:
            flat = x.flatten()
            for i in range(len(flat)):
                if bool(flat[i] != 0.0) == stops:
                    return stops
            return not stops

        return test


_test(np.any, "any", stops=True)
_test(np.all, "all", stops=False)


# -- ranges


@of_values(np.ptp)
def _ptp(a: Any, axis: Any = None) -> Any:
    return lambda a, axis=None: np.max(a, axis) - np.min(a, axis)


# -- running sums and products


def _running(name: str, combine: Any) -> None:
    @of_values(getattr(np, name), method=name)
    def chosen(x: Any, axis: Any = None) -> Any:
        ndim = ndim_of(x)
        if ndim not in (1, 2):
            return None
        if is_missing(axis):

            def over_all(x: Any, axis: Any = None) -> Any:
                made = x.flatten()
                for i in range(1, len(made)):
                    made[i] = combine(made[i - 1], made[i])
                return made

            return over_all

        def along(x: Any, axis: Any = None) -> Any:
            in_front(axis, 1)
            return running(x)

        def over_axis(x: Any, axis: Any = None) -> Any:
            down, right = (1, 0) if in_front(axis, 2) == 0 else (0, 1)
            made = np.copy(x)
            for i in range(down, x.shape[0]):
                for j in range(right, x.shape[1]):
                    made[i, j] = combine(made[i - down, j - right], made[i, j])
            return made

        running = getattr(np, name)
        return along if ndim == 1 else over_axis


_running("cumsum", operator.add)
_running("cumprod", operator.mul)


# -- differences and integrals


@of_values(np.diff)
def _diff(a: Any, n: Any = 1, axis: Any = -1) -> Any:
    ndim = ndim_of(a)

    def neighbours(a: Any, n: Any = 1, axis: Any = -1) -> Any:
        made = np.copy(a)
        for _ in range(n):
            made = made[1:] - made[:-1]
        return made

    def along(a: Any, n: Any = 1, axis: Any = -1) -> Any:
        made = np.copy(a)
        for _ in range(n):
            made = made[1:, :] - made[:-1, :] if in_front(axis, 2) == 0 else made[:, 1:] - made[:, :-1]
        return made

    return {1: neighbours, 2: along}.get(ndim)


@of_values(np.trapezoid, plain=True)
def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0) -> Any:
    if ndim_of(y) != 1:
        return None
    if is_missing(x):
        return lambda y, x=None, dx=1.0: np.sum((0.5 * dx) * (y[1:] + y[:-1]))
    return lambda y, x=None, dx=1.0: np.sum(0.5 * (x[1:] - x[:-1]) * (y[1:] + y[:-1]))


@of_values(np.gradient, plain=True)
def _gradient(f: Any, dx: Any = 1.0) -> Any:
    """Of a vector at equal distances: central differences, and one-sided ones at the ends."""
    if ndim_of(f) != 1 or ndim_of(dx):
        return None

    def slopes(f: Any, dx: Any = 1.0) -> Any:
        n = len(f)
        if n < 2:
            raise ValueError("gradient: a vector of at least 2 elements is required")
        made = f / dx
        for i in range(1, n - 1):
            made[i] = (f[i + 1] - f[i - 1]) / (2.0 * dx)
        made[0] = (f[1] - f[0]) / dx
        made[n - 1] = (f[n - 1] - f[n - 2]) / dx
        return made

    return slopes


@of_values(np.convolve)
def _convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    if (ndim_of(a), ndim_of(v)) != (1, 1) or literal(mode) not in ("full", "same", "valid"):
        return None

    zeros = native(full_of(product_type(a, v), 1))

    def full(a: Any, v: Any) -> Any:
        if len(a) == 0 or len(v) == 0:
            raise ValueError("convolve: an operand is empty")
        made = zeros((len(a) + len(v) - 1,), 0.0)
        for i in range(len(a)):
            for j in range(len(v)):
                made[i + j] = made[i + j] + a[i] * v[j]
        return made

    full = native(full)
    if literal(mode) == "full":
        return lambda a, v, mode="full": full(a, v)
    if literal(mode) == "valid":

        def valid(a: Any, v: Any, mode: Any = "full") -> Any:
            least, most = min(len(a), len(v)), max(len(a), len(v))
            return np.copy(full(a, v)[least - 1 : most])

        return valid

    def same(a: Any, v: Any, mode: Any = "full") -> Any:
        least, most = min(len(a), len(v)), max(len(a), len(v))
        first = (least - 1) // 2
        return np.copy(full(a, v)[first : first + most])

    return same


@of_values(np.linspace)
def _linspace(start: Any, stop: Any, num: Any = 50) -> Any:
    if ndim_of(start) or ndim_of(stop):
        return None

    def spaced(start: Any, stop: Any, num: Any = 50) -> Any:
        steps = np.arange(num) / max(num - 1, 1)
        made = start + (stop - start) * steps
        if num > 1:
            made[num - 1] = stop
        return made

    return spaced


# -- means


@of_values(np.average)
def _average(a: Any, weights: Any = None) -> Any:
    if is_missing(weights):
        return lambda a, weights=None: np.mean(a)
    if ndim_of(a) != ndim_of(weights):
        return None

    def average(a: Any, weights: Any = None) -> Any:
        if a.shape != weights.shape:
            raise TypeError("Axis must be specified when shapes of a and weights differ.")
        total = np.sum(weights)
        if primal(total) == 0.0:
            raise ZeroDivisionError("Weights sum to zero, can't be normalized")
        return np.sum(a * weights) / total

    return average


# -- where NaN stand for numbers that are missing


def _filled(name: str, of: Any, neutral: float) -> None:
    @of_values(getattr(np, name))
    def chosen(a: Any, axis: Any = None) -> Any:
        return lambda a, axis=None: of(np.where(np.isnan(a), neutral, a), axis)


for _name, _of, _neutral in (
    ("nansum", np.sum, 0.0),
    ("nanprod", np.prod, 1.0),
    ("nancumsum", np.cumsum, 0.0),
    ("nancumprod", np.cumprod, 1.0),
):
    _filled(_name, _of, _neutral)


def _extremum(name: str, of: Any, neutral: float) -> None:
    @of_values(getattr(np, name))
    def chosen(a: Any) -> Any:
        def extreme(a: Any) -> Any:
            there = np.isnan(a)
            return np.where(np.all(there), np.nan, of(np.where(there, neutral, a)))

        return extreme if is_array(a) else None


_extremum("nanmax", np.max, -np.inf)
_extremum("nanmin", np.min, np.inf)


@of_values(np.nanmean)
def _nanmean(a: Any, axis: Any = None) -> Any:
    def mean(a: Any, axis: Any = None) -> Any:
        return np.nansum(a, axis) / np.sum(np.where(np.isnan(a), 0.0, 1.0), axis)

    return mean


@of_values(np.nanvar)
def _nanvar(a: Any, ddof: Any = 0) -> Any:
    def variance(a: Any, ddof: Any = 0) -> Any:
        there = np.isnan(a)
        deviations = np.where(there, 0.0, a - np.nanmean(a))
        count = np.sum(np.where(there, 0.0, 1.0)) - ddof
        return np.where(count > 0.0, np.sum(deviations * deviations) / count, np.nan)

    return variance if is_array(a) else None


@of_values(np.nanstd)
def _nanstd(a: Any, ddof: Any = 0) -> Any:
    return (lambda a, ddof=0: np.sqrt(np.nanvar(a, ddof))) if is_array(a) else None


# -- sums of exponentials: plain Python, which adjoints write in


def logsumexp(a: Any) -> Any:
    """log(sum(exp(a))) over all elements; an infinity is the result by itself."""
    greatest = primal(np.max(a))
    shift = greatest if abs(greatest) < np.inf else 0.0
    return np.log(np.sum(np.exp(a - shift))) + shift


def softmax(x: Any) -> Any:
    """exp(x) as shares of their sum over all elements."""
    terms = np.exp(x - primal(np.max(x)))
    return terms / np.sum(terms)


def log_softmax(x: Any) -> Any:
    """Logarithms of `softmax`."""
    shifted = x - primal(np.max(x))
    return shifted - np.log(np.sum(np.exp(shifted)))


def _written(body: Any, *functions: Any) -> None:
    overloaded(body)(lambda x: body if ndim_of(x) else None)
    REPLACED.update(dict.fromkeys(functions, body))
    WRITTEN.update(dict.fromkeys(functions, body))


_written(logsumexp, scipy.special.logsumexp, exponentials.logsumexp)
_written(softmax, scipy.special.softmax, exponentials.softmax)
_written(log_softmax, scipy.special.log_softmax, exponentials.log_softmax)

"""The standard library's `statistics` on values: means, spreads and lines are formulas; medians choose by order."""

import statistics
from typing import Any

import numpy as np

from interp.control.foreign import register
from interp.errors import ForeignCall
from interp.value import primal, shape_of
from interp.vocabulary import exp, log, mean, sort, sqrt, square, sum
from interp.vocabulary.creation import as_operand


def _data(data: Any, least: int, name: str) -> Any:
    x = as_operand(list(data)) * 1.0
    if shape_of(x)[0] < least:
        raise statistics.StatisticsError(f"{name} requires at least {least} data point{'s' * (least > 1)}")
    return x


@register(statistics.mean)
def _mean(data: Any) -> Any:
    return mean(_data(data, 1, "mean"))


@register(statistics.fmean)
def _fmean(data: Any, weights: Any = None) -> Any:
    x = _data(data, 1, "fmean")
    if weights is None:
        return mean(x)
    w = _data(weights, 1, "fmean")
    return sum(w * x) / sum(w)


@register(statistics.geometric_mean)
def _geometric_mean(data: Any) -> Any:
    return exp(mean(log(_positive(_data(data, 1, "geometric_mean"), "geometric_mean"))))


@register(statistics.harmonic_mean)
def _harmonic_mean(data: Any, weights: Any = None) -> Any:
    x = _positive(_data(data, 1, "harmonic_mean"), "harmonic_mean")
    w = np.ones(shape_of(x)) if weights is None else _data(weights, 1, "harmonic_mean")
    return sum(w) / sum(w / x)


def _positive(x: Any, name: str) -> Any:
    if not np.all(primal(x) > 0):
        raise statistics.StatisticsError(f"{name} of values needs positive numbers")
    return x


def _squares(data: Any, centre: Any, least: int, name: str) -> tuple[Any, int]:
    x = _data(data, least, name)
    return sum(square(x - (mean(x) if centre is None else centre))), shape_of(x)[0]


@register(statistics.variance)
def _variance(data: Any, xbar: Any = None) -> Any:
    total, n = _squares(data, xbar, 2, "variance")
    return total / (n - 1)


@register(statistics.pvariance)
def _pvariance(data: Any, mu: Any = None) -> Any:
    total, n = _squares(data, mu, 1, "pvariance")
    return total / n


@register(statistics.stdev)
def _stdev(data: Any, xbar: Any = None) -> Any:
    return sqrt(_variance(data, xbar))


@register(statistics.pstdev)
def _pstdev(data: Any, mu: Any = None) -> Any:
    return sqrt(_pvariance(data, mu))


# -- two samples


def _centred(x: Any, y: Any, name: str) -> tuple[Any, Any, Any, Any]:
    x, y = _data(x, 2, name), _data(y, 2, name)
    if shape_of(x) != shape_of(y):
        raise statistics.StatisticsError(f"{name} requires that both inputs have same number of data points")
    return x - mean(x), y - mean(y), mean(x), mean(y)


@register(statistics.covariance)
def _covariance(x: Any, y: Any, /) -> Any:
    dx, dy, _, _ = _centred(x, y, "covariance")
    return sum(dx * dy) / (shape_of(dx)[0] - 1)


@register(statistics.correlation)
def _correlation(x: Any, y: Any, /, *, method: str = "linear") -> Any:
    if method != "linear":
        raise ForeignCall(f"statistics.correlation(method={method!r}) on values: ranks carry nothing; use 'linear'")
    dx, dy, _, _ = _centred(x, y, "correlation")
    return sum(dx * dy) / sqrt(sum(square(dx)) * sum(square(dy)))


@register(statistics.linear_regression)
def _linear_regression(x: Any, y: Any, /, *, proportional: bool = False) -> Any:
    if proportional:
        a, b = _data(x, 2, "linear_regression"), _data(y, 2, "linear_regression")
        return statistics.LinearRegression(slope=sum(a * b) / sum(square(a)), intercept=0.0)
    dx, dy, x_mean, y_mean = _centred(x, y, "linear_regression")
    slope = sum(dx * dy) / sum(square(dx))
    return statistics.LinearRegression(slope=slope, intercept=y_mean - slope * x_mean)


# -- order


@register(statistics.median)
def _median(data: Any) -> Any:
    x = sort(_data(data, 1, "median"))
    n = shape_of(x)[0]
    return x[n // 2] if n % 2 else (x[n // 2 - 1] + x[n // 2]) / 2.0


@register(statistics.median_low)
def _median_low(data: Any) -> Any:
    x = sort(_data(data, 1, "median_low"))
    return x[(shape_of(x)[0] - 1) // 2]


@register(statistics.median_high)
def _median_high(data: Any) -> Any:
    x = sort(_data(data, 1, "median_high"))
    return x[shape_of(x)[0] // 2]


@register(statistics.quantiles)
def _quantiles(data: Any, *, n: int = 4, method: str = "exclusive") -> Any:
    x = sort(_data(data, 2, "quantiles"))
    count = shape_of(x)[0]
    found = []
    for i in range(1, n):
        if method == "inclusive":
            j, rest = divmod(i * (count - 1), n)
            low = j
        else:
            j = min(max(i * (count + 1) // n, 1), count - 1)
            rest, low = i * (count + 1) - j * n, j - 1
        found.append((x[low] * (n - rest) + x[min(low + 1, count - 1)] * rest) / n)
    return found

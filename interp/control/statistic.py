"""`statistics` on values: the textbook formulas, with that module's errors for too few data."""

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from interp import vocabulary as v
from interp.control.foreign import register
from interp.value import primal


def _checked(function: Callable[..., Any], *samples: Sequence[Any]) -> None:
    """What the module refuses it refuses here."""
    function(*([float(primal(x)) for x in sample] for sample in samples))


def _mean(data: Sequence[Any]) -> Any:
    return sum(data) / len(data)


def _squares(data: Sequence[Any], centre: Any = None) -> Any:
    centre = _mean(data) if centre is None else centre
    return sum((x - centre) ** 2 for x in data)


@register(statistics.mean, statistics.fmean)
def _average(data: Any, weights: Any = None) -> Any:
    if weights is not None:
        return sum(x * w for x, w in zip(data, weights, strict=True)) / sum(weights)
    _checked(statistics.fmean, data)
    return _mean(data)


@register(statistics.variance)
def _variance(data: Any, xbar: Any = None) -> Any:
    _checked(statistics.variance, data)
    return _squares(data, xbar) / (len(data) - 1)


@register(statistics.pvariance)
def _population_variance(data: Any, mu: Any = None) -> Any:
    _checked(statistics.pvariance, data)
    return _squares(data, mu) / len(data)


@register(statistics.stdev)
def _standard_deviation(data: Any, xbar: Any = None) -> Any:
    return v.sqrt(_variance(data, xbar))


@register(statistics.pstdev)
def _population_deviation(data: Any, mu: Any = None) -> Any:
    return v.sqrt(_population_variance(data, mu))


@register(statistics.median)
def _median(data: Any) -> Any:
    _checked(statistics.median, data)
    ordered, middle = sorted(data), len(data) // 2
    return ordered[middle] if len(data) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


@register(statistics.median_low)
def _median_low(data: Any) -> Any:
    _checked(statistics.median_low, data)
    return sorted(data)[(len(data) - 1) // 2]


@register(statistics.median_high)
def _median_high(data: Any) -> Any:
    _checked(statistics.median_high, data)
    return sorted(data)[len(data) // 2]


@register(statistics.geometric_mean)
def _geometric_mean(data: Any) -> Any:
    _checked(statistics.geometric_mean, data)
    return v.exp(_mean([v.log(x) for x in data]))


@register(statistics.harmonic_mean)
def _harmonic_mean(data: Any, weights: Any = None) -> Any:
    _checked(statistics.harmonic_mean, data)
    weights = [1.0] * len(data) if weights is None else weights
    return sum(weights) / sum(w / x for w, x in zip(weights, data, strict=True))


@register(statistics.covariance)
def _covariance(x: Any, y: Any) -> Any:
    _checked(statistics.covariance, x, y)
    a, b = _mean(x), _mean(y)
    return sum((s - a) * (t - b) for s, t in zip(x, y, strict=True)) / (len(x) - 1)


@register(statistics.correlation)
def _correlation(x: Any, y: Any) -> Any:
    _checked(statistics.correlation, x, y)
    return _covariance(x, y) / (_standard_deviation(x) * _standard_deviation(y))

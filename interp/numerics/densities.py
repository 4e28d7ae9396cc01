"""Standard error distributions of accelerated failure time models, as plain functions of z.

log T = x'b + scale * W; here stand the log density, the log survival function and the quantiles of W.
Stable in both tails: nothing is the logarithm of a difference or of a number that underflows.
Source: Kalbfleisch and Prentice 2002, *The Statistical Analysis of Failure Time Data*, section 2.2.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy.special


class ErrorDistribution(NamedTuple):
    """``log_density(z)`` and ``log_survival(z)`` of W, elementwise; ``quantile(p)`` for 0 < p < 1."""

    log_density: Callable[[Any], Any]
    log_survival: Callable[[Any], Any]
    quantile: Callable[[float], float]


extreme_value = ErrorDistribution(
    log_density=lambda z: z - np.exp(z),
    log_survival=lambda z: -np.exp(z),
    quantile=lambda p: math.log(-math.log1p(-p)),
)
"""Smallest extreme value: T is Weibull with shape 1/scale."""

normal = ErrorDistribution(
    log_density=lambda z: -0.5 * z**2 - 0.5 * math.log(2.0 * math.pi),
    log_survival=lambda z: scipy.special.log_ndtr(-z),
    quantile=lambda p: float(scipy.special.ndtri(p)),
)
"""T is lognormal."""

logistic = ErrorDistribution(
    log_density=lambda z: scipy.special.log_expit(z) + scipy.special.log_expit(-z),
    log_survival=lambda z: scipy.special.log_expit(-z),
    quantile=lambda p: float(scipy.special.logit(p)),
)
"""T is loglogistic."""

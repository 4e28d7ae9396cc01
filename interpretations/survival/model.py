"""Accelerated failure time model, S(t|x) = S0(t exp(-x'b)), written once as a plain NumPy function.

log T = x'b + scale * W with W from `interp.numerics.densities`. Parameters are one vector: the
coefficients b (log days), then log(scale) unless the scale is fixed. Nothing here knows what kind of
numbers the parameters are.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from interp.numerics.densities import ErrorDistribution, extreme_value, logistic, normal
from interpretations.survival.data import Survival

ERRORS: dict[str, tuple[ErrorDistribution, bool]] = {
    # distribution of T: (distribution of W, is the scale estimated)
    "weibull": (extreme_value, True),
    "exponential": (extreme_value, False),
    "lognormal": (normal, True),
    "loglogistic": (logistic, True),
}


def contributions(data: Survival, distribution: str = "weibull") -> Callable[[Any], Any]:
    """Each patient's log-likelihood, shape (n,), as a function of the parameters, shape (p,) or (p + 1,).

    Deaths contribute the log density of T (with its -log t), censored times the log survival.
    """
    errors, scale_is_estimated = ERRORS[distribution]
    log_time = np.log(data.time)
    p = data.design.shape[1]

    def log_likelihoods(parameters: Any) -> Any:
        log_scale = parameters[p] if scale_is_estimated else 0.0
        z = (log_time - data.design @ parameters[:p]) * np.exp(-log_scale)
        return np.where(data.event, errors.log_density(z) - log_scale - log_time, errors.log_survival(z))

    return log_likelihoods


def log_likelihood(data: Survival, distribution: str = "weibull") -> Callable[[Any], Any]:
    """Log-likelihood of all patients as a function of the parameters."""
    each = contributions(data, distribution)

    def total(parameters: Any) -> Any:
        return np.sum(each(parameters))

    return total


def quantile(covariates: np.ndarray, p: float, distribution: str = "weibull") -> Callable[[Any], Any]:
    """Time (in the data's unit) by which a share ``p`` of such patients has died, given the parameters."""
    errors, scale_is_estimated = ERRORS[distribution]
    w = errors.quantile(p)
    n = len(covariates)

    def time(parameters: Any) -> Any:
        scale = np.exp(parameters[n]) if scale_is_estimated else 1.0
        return np.exp(np.sum(covariates * parameters[:n]) + scale * w)

    return time

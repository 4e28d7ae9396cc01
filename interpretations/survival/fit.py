"""Maximum likelihood: SciPy's optimiser driven by our gradient and Hessian."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.optimize

from interpretations.derivatives import grad, hessian
from interpretations.survival.data import Survival
from interpretations.survival.model import ERRORS, log_likelihood

NEWTON_STEPS = 20
DECREMENT = 1e-20
"""Converged when the squared Newton step, in units of standard errors, is below this."""


class NotConverged(RuntimeError):
    """The optimiser did not reach a maximum of the likelihood."""


@dataclass(frozen=True)
class Fit:
    """A fitted model: the last parameter is log(scale) where the scale is estimated."""

    names: list[str]
    parameters: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    gradient: np.ndarray
    iterations: int

    @property
    def standard_errors(self) -> np.ndarray:
        return np.sqrt(np.diag(self.covariance))


def fit(data: Survival, distribution: str = "weibull") -> Fit:
    """Fit by trust-region Newton from least squares on log time, polished by plain Newton steps.

    The covariance is the inverse of the observed information (our Hessian). Raises `NotConverged` if the
    Newton step does not vanish or the information is not positive definite.
    """
    objective = log_likelihood(data, distribution)

    def loss(parameters: Any) -> Any:
        return -objective(parameters)

    slope, curvature = grad(loss), hessian(loss)
    found = scipy.optimize.minimize(
        loss, _start(data, distribution), jac=slope, hess=curvature, method="trust-exact", options={"gtol": 1e-6}
    )
    parameters, polished = _polish(found.x, slope, curvature)
    information = curvature(parameters)
    names = [*data.names, "log(scale)"] if ERRORS[distribution][1] else list(data.names)
    return Fit(
        names=names,
        parameters=parameters,
        covariance=np.linalg.inv(information),
        log_likelihood=float(objective(parameters)),
        gradient=-slope(parameters),
        iterations=int(found.nit) + polished,
    )


def _start(data: Survival, distribution: str) -> np.ndarray:
    log_time = np.log(data.time)
    coefficients, *_ = np.linalg.lstsq(data.design, log_time, rcond=None)
    if not ERRORS[distribution][1]:
        return coefficients
    return np.append(coefficients, np.log(np.std(log_time - data.design @ coefficients)))


def _polish(
    parameters: np.ndarray, slope: Callable[[Any], Any], curvature: Callable[[Any], Any]
) -> tuple[np.ndarray, int]:
    for step in range(NEWTON_STEPS):
        g, h = slope(parameters), curvature(parameters)
        try:
            np.linalg.cholesky(h)
        except np.linalg.LinAlgError:
            raise NotConverged("the information matrix is not positive definite: is the model identified?") from None
        change = np.linalg.solve(h, g)
        if g @ change < DECREMENT:
            return parameters, step
        parameters = parameters - change
    raise NotConverged(f"the Newton step did not vanish in {NEWTON_STEPS} steps: is the model identified?")

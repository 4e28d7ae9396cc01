"""`uncertainty`: error bars as a stage of `interp.interpret`."""

from collections.abc import Mapping
from typing import Any

from interp.errors import InterpError, RefusedStack
from interp.interpretation import Interpretation
from interp.value import shape_of
from interp.vocabulary import copy, zeros
from interpretations.measurements.correlation import correlated_measurements
from interpretations.measurements.measurement import Measurement, holds_measurement, nested


class uncertainty(Interpretation):
    """The output's standard deviation, given that of the input.

    Parameters
    ----------
    std: standard deviation of independent input elements; broadcasts to the input.
    covariance: instead of ``std``, the covariance matrix of the input's n elements, shape (n, n).

    An input that already is a Measurement is taken as it is, correlations included; then neither is
    given. Reads ``std``, of the output's shape and in its unit. Errors as `Measurement` and
    `correlated_measurements`.
    """

    def __init__(self, std: Any = None, covariance: Any = None) -> None:
        if std is not None and covariance is not None:
            raise InterpError("uncertainty(std, covariance): give one of them; a covariance has the variances")
        self.std, self.covariance = std, covariance

    def lift(self, payload: Any, level: int) -> Measurement:
        if isinstance(payload, Measurement):
            if self.std is not None or self.covariance is not None:
                raise RefusedStack(
                    "the input is a Measurement already: uncertainty(), without arguments, takes it as it is"
                )
            return copy(payload) if payload.shape else payload
        if self.covariance is not None:
            lifted = correlated_measurements(payload, self.covariance)
        elif self.std is not None:
            lifted = Measurement(payload, self.std)
        else:
            raise InterpError("uncertainty() needs std= or covariance= for an input that is no Measurement")
        # Above the levels of enclosing transforms: what f closes over of theirs is a constant payload here.
        lifted.level = level
        return lifted

    def read(self, value: Any, lifted: Measurement) -> Mapping[str, Any]:
        if isinstance(value, Measurement):
            return {"value": value.nominal_value, "std": value.std_dev}
        if holds_measurement(value):
            raise nested(value)
        return {"value": value, "std": zeros(shape_of(value), like=value)}

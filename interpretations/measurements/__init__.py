"""Linear uncertainty propagation: `Measurement`, its covariances, and the stage `uncertainty`."""

from interpretations.measurements import compiled as _compiled  # how Measurements go through compiled functions
from interpretations.measurements import rules as _rules
from interpretations.measurements.components import BySource, error_components
from interpretations.measurements.correlation import (
    correlated_measurements,
    correlation_matrix,
    covariance_matrix,
)
from interpretations.measurements.measurement import Measurement
from interpretations.measurements.sources import Source
from interpretations.measurements.stage import uncertainty

__all__ = [
    "BySource",
    "Measurement",
    "Source",
    "correlated_measurements",
    "correlation_matrix",
    "covariance_matrix",
    "error_components",
    "uncertainty",
]

"""Taylor mode: truncated power series, for all derivatives along a curve in one run."""

from interpretations.taylor import rules as _rules  # registers them
from interpretations.taylor.stage import higher_derivatives, jet, taylor
from interpretations.taylor.taylor import Taylor

__all__ = ["Taylor", "higher_derivatives", "jet", "taylor"]

"""Bundled number types and what users call."""

from interpretations import compiled_mapped as _compiled_mapped  # how vectorized functions get their partials
from interpretations import compiled_tape as _compiled_tape  # how Tapes go through compiled functions
from interpretations.custom_rules import checkpoint, custom_jvp, custom_vjp
from interpretations.debug_nans import debug_nans
from interpretations.derivatives import grad, hessian, hvp, jacfwd, jacrev, jvp, value_and_grad, vjp
from interpretations.dual import Dual
from interpretations.implicit import custom_root, stop_gradient
from interpretations.intervals import Interval, bounds, enclose
from interpretations.linearize import linearize
from interpretations.measurements import (
    Measurement,
    correlated_measurements,
    correlation_matrix,
    covariance_matrix,
    error_components,
    uncertainty,
)
from interpretations.sparsity import (
    SparsityTracer,
    colour,
    hessian_sparsity,
    jacobian_sparsity,
    sparse_hessian,
    sparse_jacobian,
    sparsity,
)
from interpretations.stages import gradient, tangent
from interpretations.tape import Tape
from interpretations.taylor import Taylor, higher_derivatives, jet, taylor
from interpretations.vmap import vmap

__all__ = [
    "Dual",
    "Interval",
    "Measurement",
    "SparsityTracer",
    "Tape",
    "Taylor",
    "bounds",
    "checkpoint",
    "colour",
    "correlated_measurements",
    "correlation_matrix",
    "covariance_matrix",
    "custom_jvp",
    "custom_root",
    "custom_vjp",
    "debug_nans",
    "enclose",
    "error_components",
    "grad",
    "gradient",
    "hessian",
    "hessian_sparsity",
    "higher_derivatives",
    "hvp",
    "jacfwd",
    "jacobian_sparsity",
    "jacrev",
    "jet",
    "jvp",
    "linearize",
    "sparse_hessian",
    "sparse_jacobian",
    "sparsity",
    "stop_gradient",
    "tangent",
    "taylor",
    "uncertainty",
    "value_and_grad",
    "vjp",
    "vmap",
]

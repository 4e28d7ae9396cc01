"""Bundled number types and what users call."""

from interpretations.derivatives import grad, hessian, hvp, jacfwd, jacrev, jvp, value_and_grad, vjp
from interpretations.dual import Dual
from interpretations.stages import gradient, tangent
from interpretations.tape import Tape

__all__ = ["Dual", "Tape", "grad", "gradient", "hessian", "hvp", "jacfwd", "jacrev", "jvp", "tangent", "value_and_grad", "vjp"]

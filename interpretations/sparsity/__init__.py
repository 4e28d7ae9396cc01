"""Sparsity patterns: which outputs depend on which inputs, found by running the function once."""

from interpretations.sparsity import rules as _rules  # registers the rules of tracers
from interpretations.sparsity.colouring import Colouring, colour
from interpretations.sparsity.pattern import hessian_sparsity, jacobian_sparsity
from interpretations.sparsity.stage import sparsity
from interpretations.sparsity.tracer import LocalTracer, SparsityTracer
from interpretations.sparsity.transforms import sparse_hessian, sparse_jacobian

__all__ = [
    "Colouring",
    "LocalTracer",
    "SparsityTracer",
    "colour",
    "hessian_sparsity",
    "jacobian_sparsity",
    "sparse_hessian",
    "sparse_jacobian",
    "sparsity",
]

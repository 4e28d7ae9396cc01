"""Sparsity patterns: which outputs depend on which inputs, found by running the function once."""

from interpretations.sparsity import rules as _rules  # registers the rules of tracers
from interpretations.sparsity.pattern import hessian_sparsity, jacobian_sparsity
from interpretations.sparsity.stage import sparsity
from interpretations.sparsity.tracer import LocalTracer, SparsityTracer

__all__ = ["LocalTracer", "SparsityTracer", "hessian_sparsity", "jacobian_sparsity", "sparsity"]

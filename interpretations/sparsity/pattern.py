"""Patterns of derivatives of plain functions: `jacobian_sparsity` and `hessian_sparsity`."""

from collections.abc import Callable
from typing import Any

import scipy.sparse

from interp import level as levels
from interp.errors import InterpError
from interp.interpretation import call
from interp.value import shape_of
from interpretations.derivatives import grad
from interpretations.sparsity.dependence import size_of
from interpretations.sparsity.tracer import SparsityTracer, lift


def jacobian_sparsity(f: Callable[[Any], Any], x: Any, local: bool = False) -> scipy.sparse.csr_array:
    """Which outputs of ``f`` depend on which inputs: a boolean matrix of shape (f(x).size, x.size).

    Arrays are flattened in C order; a scalar output is one row. The pattern is a superset of the
    Jacobian's non-zeros at every input at which ``f`` takes the same shapes, over all its branches (docs/control.md);
    with ``local`` it is that of the Jacobian at ``x``, along the branches taken there. ``f`` runs once.

    Raises `UndecidedError` and `PathError` where two branches cannot be joined, `NoRule` for functions without a
    primitive, and whatever ``f`` raises at ``x``.

    >>> jacobian_sparsity(lambda x: x[1:] - x[:-1], [1.0, 2.0, 4.0]).toarray().astype(int)
    array([[1, 1, 0],
           [0, 1, 1]])
    """
    lifted = lift(x, levels.fresh(), local)
    return pattern_of(call(f, lifted), lifted)


def hessian_sparsity(f: Callable[[Any], Any], x: Any, local: bool = False) -> scipy.sparse.csr_array:
    """Which second derivatives of the scalar function ``f`` can be non-zero: boolean, (x.size, x.size).

    The pattern of the gradient, from one reverse sweep over tracers. Conventions and errors are those of
    `jacobian_sparsity`; `ShapeError` if ``f`` returns no scalar.

    >>> hessian_sparsity(lambda x: x[0] * x[1] + x[2] ** 2, [1.0, 2.0, 3.0]).toarray().astype(int)
    array([[0, 1, 0],
           [1, 0, 0],
           [0, 0, 1]])
    """
    lifted = lift(x, levels.fresh(), local)
    return pattern_of(grad(f)(lifted), lifted)


def pattern_of(out: Any, lifted: SparsityTracer) -> scipy.sparse.csr_array:
    """The pattern of an output by the input ``lifted``; without entries if it does not depend on it."""
    if isinstance(out, SparsityTracer) and out.level == lifted.level:
        return out.sparsity
    if out is None or isinstance(out, list | tuple | dict):
        raise InterpError(
            f"the function returned a {type(out).__name__}, a pattern needs one number or array: "
            "np.stack([...]) and np.concatenate([...]) join values"
        )
    return scipy.sparse.csr_array((size_of(shape_of(out)), lifted.columns - 1), dtype=bool)

"""Off the primal's path tracers carry no values: nothing is computed there, so nothing overflows or divides by zero.

A number that is literal stays what it is. Any other is 0, of its type and shape: a zero that adds nothing where an
adjoint passes through a branch that was not taken.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from interp.control.path import PATH
from interp.rows import SparseRows
from interp.value import Value, shape_of
from interp.vocabulary import where, zeros_like
from interpretations.sparsity.dependence import filled
from interpretations.sparsity.tracer import SparsityTracer


def computed(evaluate: Callable[..., Any], operands: tuple[Any, ...], active: tuple[bool, ...]) -> Any:
    """``evaluate`` of the payloads; off the path of placeholders of them."""
    if not PATH.off:
        return evaluate(*(x.value if is_active else x for x, is_active in zip(operands, active, strict=True)))
    held = [_held(x) if is_active else x for x, is_active in zip(operands, active, strict=True)]
    with np.errstate(all="ignore"):
        try:
            return evaluate(*held)
        except np.linalg.LinAlgError:  # of zeros there is no factorisation; of the identity there is any
            return evaluate(*(_regular(x) if is_active else x for x, is_active in zip(held, active, strict=True)))


def _held(x: SparsityTracer) -> Any:
    value, pattern = x.value, x.pattern
    if isinstance(value, Value):
        return zeros_like(value) if pattern.keys.size else value
    if not shape_of(value):
        return np.asarray(value).dtype.type(0) if pattern.keys.size else np.asarray(value)[()]
    return np.where(filled(pattern), np.zeros((), value.dtype), value)


def _regular(x: Any) -> Any:
    shape = shape_of(x)
    if len(shape) < 2 or isinstance(x, Value):
        return x
    return np.broadcast_to(np.eye(*shape[-2:]), shape)


def without_values(out: Any, pattern: SparseRows, operands: tuple[Any, ...]) -> Any:
    """A result without the numbers that it has off the path; a Python number stays one."""
    if not PATH.off:
        return out
    if isinstance(out, Value):
        return where(filled(pattern), zeros_like(out), out)
    if not shape_of(out):
        plain = all(type(x.value if isinstance(x, SparsityTracer) else x) in (float, int, bool) for x in operands)
        number = np.asarray(out).dtype.type(0) if pattern.keys.size else out
        return number.item() if plain and hasattr(number, "item") else number
    return np.where(filled(pattern), np.zeros((), out.dtype), out)

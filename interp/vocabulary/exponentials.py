"""Sums of exponentials, their logarithms and shares: log-sum-exp and softmax, which do not overflow.

The greatest plain number along the axis is taken out before exp and put back after log: it cancels, so that it may be
any number, and what is computed is the function at every input.
"""

from typing import Any

import numpy as np
import scipy.special

from interp.primitive import negative_axes
from interp.value import ndim_of, primal, shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.composites import composite
from interp.vocabulary.creation import as_operand
from interp.vocabulary.elementwise import absolute, exp, log, sign, strong_multiply
from interp.vocabulary.reductions import REPEATED, sum
from interp.vocabulary.shape import broadcast_to, squeeze


def _greatest(a: Any, axis: Any, b: Any = None) -> Any:
    """The greatest of the plain numbers along the axis, which is kept; 0 where that is not finite."""
    plain = np.real(primal(a))
    if b is not None:
        plain = np.where(np.asarray(primal(b)) == 0, -np.inf, plain)
    top = np.max(plain, axis=axis, keepdims=True, initial=-np.inf)
    return np.where(np.isfinite(top), top, 0.0)


@composite(scipy.special.logsumexp)
def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """log(sum(b * exp(a))) over ``axis`` (all axes if None), as `scipy.special.logsumexp`; -inf of nothing.

    ``b``: weights that broadcast with ``a``. Where their sum is negative, NaN; with ``return_sign`` the logarithm of
    its size, and its sign.
    """
    a = as_operand(a)
    b = None if b is None else as_operand(b)
    if b is not None and np.broadcast_shapes(shape_of(a), shape_of(b)) != shape_of(a):
        a = broadcast_to(a, np.broadcast_shapes(shape_of(a), shape_of(b)))
    shift = _greatest(a, axis, b)
    terms = exp(a - shift)
    # Strongly: a weight of 0 leaves out what is infinite.
    total = sum(terms if b is None else strong_multiply(b, terms), axis=axis, keepdims=keepdims)
    back = shift if keepdims else squeeze(shift, negative_axes(axis, ndim_of(a)))
    return (log(absolute(total)) + back, sign(total)) if return_sign else log(total) + back


@composite(scipy.special.softmax)
def softmax(x: Any, axis: Any = None) -> Any:
    """exp(x) as shares of its sum over ``axis``, as `scipy.special.softmax`."""
    x = as_operand(x)
    top = np.max(np.real(primal(x)), axis=axis, keepdims=True)
    terms = exp(x - top)
    return terms / sum(terms, axis=axis, keepdims=True)


@composite(scipy.special.log_softmax)
def log_softmax(x: Any, axis: Any = None) -> Any:
    """Logarithms of `softmax`, as `scipy.special.log_softmax`."""
    x = as_operand(x)
    shifted = x - _greatest(x, axis)
    return shifted - log(sum(exp(shifted), axis=axis, keepdims=True))


enter(
    logsumexp,
    scipy.special.logsumexp,
    calls=[
        call((2, 3)),
        call((2, 3), axis=1),
        call(REPEATED, axis=(0, -1), keepdims=True),
        call((2, 3), (3,), through=lambda f, a, b: f(a, axis=-1, b=b)),
        call((3,), (2, 3), through=lambda f, a, b: f(a, axis=0, b=b)),
        call((2, 3), (2, 3), through=lambda f, a, b: f(a, axis=0, b=-b, keepdims=True, return_sign=True)),
    ],
)
enter(softmax, scipy.special.softmax, calls=[call((2, 3)), call(REPEATED, axis=1), call(REPEATED, axis=(0, -1))])
enter(
    log_softmax, scipy.special.log_softmax, calls=[call((2, 3)), call(REPEATED, axis=1), call(REPEATED, axis=(0, -1))]
)

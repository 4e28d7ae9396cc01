"""`scipy.special` functions that are written in Python, on values. Its ufuncs are primitives of the vocabulary."""

from typing import Any

import numpy as np
import scipy.special as sp

from interp.control.foreign import register
from interp.errors import ForeignCall
from interp.value import primal
from interp.vocabulary import asarray, exp, gammaln, log, softplus, sum


def _shift(a: Any, axis: Any) -> Any:
    """The greatest plain number along the axis: it cancels, and keeps exp from overflowing."""
    top = np.max(np.asarray(primal(a)), axis=axis, keepdims=True)
    return np.where(np.isfinite(top), top, 0.0)


register(sp.softplus)(softplus)


@register(sp.logsumexp)
def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """As `scipy.special.logsumexp`, with weights ``b`` that leave the sum positive."""
    if return_sign:
        raise ForeignCall("scipy.special.logsumexp with return_sign, on values: sum exp(a - max(a)) * b yourself")
    a = asarray(a)
    shift = _shift(a, axis)
    terms = exp(a - shift)
    total = log(sum(terms if b is None else asarray(b) * terms, axis=axis, keepdims=True)) + shift
    return total if keepdims else sum(total, axis=axis)


@register(sp.softmax)
def softmax(x: Any, axis: Any = None) -> Any:
    """As `scipy.special.softmax`."""
    terms = exp(asarray(x) - _shift(x, axis))
    return terms / sum(terms, axis=axis, keepdims=True)


@register(sp.log_softmax)
def log_softmax(x: Any, axis: Any = None) -> Any:
    """As `scipy.special.log_softmax`."""
    shifted = asarray(x) - _shift(x, axis)
    return shifted - log(sum(exp(shifted), axis=axis, keepdims=True))


@register(sp.multigammaln)
def multigammaln(a: Any, d: int) -> Any:
    """As `scipy.special.multigammaln`: log of the gamma function of ``d`` dimensions."""
    constant = 0.25 * d * (d - 1) * np.log(np.pi)
    return constant + sum(gammaln(asarray(a)[..., None] - 0.5 * np.arange(d)), axis=-1)

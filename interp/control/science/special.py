"""`scipy.special` functions that are written in Python, on values. Its ufuncs are primitives of the vocabulary."""

from typing import Any

import numpy as np
import scipy.special as sp

from interp.control.foreign import register
from interp.vocabulary import gammaln, log_softmax, logsumexp, softmax, softplus, sum
from interp.vocabulary.creation import as_operand

register(sp.logsumexp)(logsumexp)
register(sp.softmax)(softmax)
register(sp.log_softmax)(log_softmax)
register(sp.softplus)(softplus)


@register(sp.multigammaln)
def multigammaln(a: Any, d: int) -> Any:
    """As `scipy.special.multigammaln`: log of the gamma function of ``d`` dimensions."""
    constant = 0.25 * d * (d - 1) * np.log(np.pi)
    return constant + sum(gammaln(as_operand(a)[..., None] - 0.5 * np.arange(d)), axis=-1)

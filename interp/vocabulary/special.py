"""Special functions of SciPy, each beside its partial derivative.

Sources of the formulas: NIST Digital Library of Mathematical Functions, chapters 5 (gamma) and 7 (erf).
"""

import math
from typing import Any

import numpy as np
import scipy.special

from interp.primitive import Elementwise, Fixed
from interp.vocabulary.elementwise import exp, floating, log, log1p, reciprocal, rounded, sign, square, strong_multiply


def _polygamma(n: Any, x: Any) -> Any:
    """SciPy's, which answers in double precision, in the precision of ``x``."""
    out = scipy.special.polygamma(n, x)[()]  # of numbers too it makes an array
    return out.astype(x.dtype)[()] if getattr(x, "dtype", None) == np.float32 else out


erf = Elementwise(
    "erf", scipy.special.erf, dx=lambda x: rounded(2.0 / math.sqrt(math.pi), x) * exp(-square(x)), domain=(-1.5, 1.5)
)
erfc = Elementwise(
    "erfc", scipy.special.erfc, dx=lambda x: rounded(-2.0 / math.sqrt(math.pi), x) * exp(-square(x)), domain=(-1.5, 1.5)
)
gammaln = Elementwise("gammaln", scipy.special.gammaln, dx=lambda x: digamma(x), singular=True, domain=(0.5, 4))
digamma: Elementwise = Elementwise(
    "digamma", scipy.special.digamma, dx=lambda x: polygamma(1, x), singular=True, domain=(0.5, 4)
)
polygamma: Elementwise = Elementwise(
    "polygamma",
    _polygamma,
    dx=Fixed("order"),
    dy=lambda x, y: polygamma(x + 1, y),
    singular=True,
    counterparts=(scipy.special.polygamma,),
    domain=(0.5, 4),
)
expit: Elementwise = Elementwise("expit", scipy.special.expit, dx=lambda x: expit(x) * expit(-x), domain=(-3, 3))
log_expit = Elementwise("log_expit", scipy.special.log_expit, dx=lambda x: expit(-x), domain=(-3, 3))
logit = Elementwise(
    "logit", scipy.special.logit, dx=lambda x: reciprocal(x * (1.0 - x)), singular=True, domain=(0.1, 0.9)
)
ndtr = Elementwise(
    "ndtr",
    scipy.special.ndtr,
    dx=lambda x: rounded(1.0 / math.sqrt(2.0 * math.pi), x) * exp(-0.5 * square(x)),
    domain=(-2, 2),
)
# exp of a difference, not a quotient: in the lower tail both density and distribution underflow.
log_ndtr = Elementwise(
    "log_ndtr",
    scipy.special.log_ndtr,
    dx=lambda out, x: rounded(1.0 / math.sqrt(2.0 * math.pi), x) * exp(-0.5 * square(x) - out),
    singular=True,
    domain=(-2, 2),
)
# Strongly: x = 0 gives 0 whatever y is, as the function itself does.
xlogy = Elementwise(
    "xlogy",
    scipy.special.xlogy,
    dx=lambda y: log(floating(y)),
    dy=lambda x, y: strong_multiply(x, reciprocal(y)),
    singular=True,
    domain=((0.5, 2), (0.5, 2)),
)
xlog1py = Elementwise(
    "xlog1py",
    scipy.special.xlog1py,
    dx=lambda y: log1p(floating(y)),
    dy=lambda x, y: strong_multiply(x, reciprocal(1.0 + y)),
    singular=True,
    domain=((0.5, 2), (0.5, 2)),
)
# -- beta and Bessel functions: DLMF 5.12 and 10.29

beta = Elementwise(
    "beta",
    scipy.special.beta,
    dx=lambda out, x, y: out * (digamma(x) - digamma(x + y)),
    dy=lambda out, x, y: out * (digamma(y) - digamma(x + y)),
    singular=True,
    domain=((0.5, 2), (0.5, 2)),
)


ive: Elementwise = Elementwise(
    "ive",
    scipy.special.ive,
    dx=Fixed("order"),
    dy=lambda out, x, y: 0.5 * (ive(x - 1, y) + ive(x + 1, y)) - sign(y) * out,
    domain=(0.5, 4),
)
i0e = Elementwise("i0e", scipy.special.i0e, dx=lambda out, x: ive(1, x) - sign(x) * out, domain=(0.3, 4))

"""Special functions of SciPy, each beside its partial derivative.

Sources of the formulas: NIST Digital Library of Mathematical Functions, chapters 5 (gamma) and 7 (erf).
"""

import math
from typing import Any

import numpy as np
import scipy.special

from interp.errors import NoRule
from interp.primitive import Elementwise
from interp.vocabulary.elementwise import exp, floating, log, log1p, reciprocal, rounded, sign, square, strong_multiply


def _order_derivative(x: Any) -> Any:
    raise NoRule("polygamma(n, x) has no derivative in its order n: pass n as a plain integer")


def _polygamma(n: Any, x: Any) -> Any:
    """SciPy's, which answers in double precision, in the precision of ``x``."""
    out = scipy.special.polygamma(n, x)
    return out.astype(x.dtype)[()] if getattr(x, "dtype", None) == np.float32 else out


erf = Elementwise("erf", scipy.special.erf, dx=lambda x: rounded(2.0 / math.sqrt(math.pi), x) * exp(-square(x)))
erfc = Elementwise("erfc", scipy.special.erfc, dx=lambda x: rounded(-2.0 / math.sqrt(math.pi), x) * exp(-square(x)))
gammaln = Elementwise("gammaln", scipy.special.gammaln, dx=lambda x: digamma(x), singular=True)
digamma: Elementwise = Elementwise("digamma", scipy.special.digamma, dx=lambda x: polygamma(1, x), singular=True)
polygamma: Elementwise = Elementwise(
    "polygamma",
    _polygamma,
    dx=_order_derivative,
    dy=lambda x, y: polygamma(x + 1, y),
    singular=True,
    counterparts=(scipy.special.polygamma,),
)
expit: Elementwise = Elementwise("expit", scipy.special.expit, dx=lambda x: expit(x) * expit(-x))
log_expit = Elementwise("log_expit", scipy.special.log_expit, dx=lambda x: expit(-x))
logit = Elementwise("logit", scipy.special.logit, dx=lambda x: reciprocal(x * (1.0 - x)), singular=True)
ndtr = Elementwise(
    "ndtr", scipy.special.ndtr, dx=lambda x: rounded(1.0 / math.sqrt(2.0 * math.pi), x) * exp(-0.5 * square(x))
)
# exp of a difference, not a quotient: in the lower tail both density and distribution underflow.
log_ndtr = Elementwise(
    "log_ndtr",
    scipy.special.log_ndtr,
    dx=lambda out, x: rounded(1.0 / math.sqrt(2.0 * math.pi), x) * exp(-0.5 * square(x) - out),
    singular=True,
)
# Strongly: x = 0 gives 0 whatever y is, as the function itself does.
xlogy = Elementwise(
    "xlogy",
    scipy.special.xlogy,
    dx=lambda y: log(floating(y)),
    dy=lambda x, y: strong_multiply(x, reciprocal(y)),
    singular=True,
)
xlog1py = Elementwise(
    "xlog1py",
    scipy.special.xlog1py,
    dx=lambda y: log1p(floating(y)),
    dy=lambda x, y: strong_multiply(x, reciprocal(1.0 + y)),
    singular=True,
)
# -- beta and Bessel functions: DLMF 5.12 and 10.29

beta = Elementwise(
    "beta",
    scipy.special.beta,
    dx=lambda out, x, y: out * (digamma(x) - digamma(x + y)),
    dy=lambda out, x, y: out * (digamma(y) - digamma(x + y)),
    singular=True,
)


def _bessel_order(x: Any) -> Any:
    raise NoRule("ive(n, x) has no derivative in its order n: pass n as a plain number")


ive: Elementwise = Elementwise(
    "ive",
    scipy.special.ive,
    dx=_bessel_order,
    dy=lambda out, x, y: 0.5 * (ive(x - 1, y) + ive(x + 1, y)) - sign(y) * out,
)
i0e = Elementwise("i0e", scipy.special.i0e, dx=lambda out, x: ive(1, x) - sign(x) * out)

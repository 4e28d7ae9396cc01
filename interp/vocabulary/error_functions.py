"""The error function, the normal distribution and their kin, each beside its partial derivative.

Derivatives are written so that nothing cancels in the tails: that of erfcx is a repeated integral of erfc, that of
log_ndtr a reciprocal erfcx, Dawson's a confluent hypergeometric function. Source: DLMF, chapter 7.
"""

import math
from typing import Any

import numpy as np
import scipy.special

from interp.primitive import Elementwise, Fixed
from interp.vocabulary.elementwise import exp, maximum, minimum, reciprocal, rounded, square
from interp.vocabulary.hypergeometric import hyp1f1

ROOT_PI = math.sqrt(math.pi)
BEYOND = 40.0
"""Quantiles of the normal distribution are nearer to 0 for every double."""

erf = Elementwise(
    "erf", scipy.special.erf, dx=lambda x: rounded(2.0 / ROOT_PI, x) * exp(-square(x)), domain=(-1.5, 1.5)
)
erfc = Elementwise(
    "erfc", scipy.special.erfc, dx=lambda x: rounded(-2.0 / ROOT_PI, x) * exp(-square(x)), domain=(-1.5, 1.5)
)
erfinv = Elementwise(
    "erfinv",
    scipy.special.erfinv,
    dx=lambda out: rounded(0.5 * ROOT_PI, out) * exp(square(out)),
    singular=True,
    domain=(-0.9, 0.9),
)
# exp(out**2) is erfcx(out) / x: at x = 1e-300, where out**2 is 690, that does not magnify the error of out.
erfcinv = Elementwise(
    "erfcinv",
    scipy.special.erfcinv,
    dx=lambda out, x: rounded(-0.5 * ROOT_PI, x) * (erfcx(minimum(out, BEYOND)) * reciprocal(x)),
    singular=True,
    domain=(0.1, 1.9),
)

# -- exp(x**2) times the n-th integral of erfc, n >= -1 (DLMF 7.18)

FORWARD = 1.0
"""Up to here the recurrence in n is run upwards, beyond downwards from a ratio of 0 (Gautschi 1961)."""


TERMS = 190
"""Where the downward recurrence starts, beyond n: there its ratios at n and below are exact to rounding."""


def _ierfcx(n: Any, x: Any) -> Any:
    """2 k I_k = I_(k-2) - 2 x I_(k-1), from I_(-1) = 2 / sqrt(pi) and I_0 = erfcx (DLMF 7.18.7)."""
    n = int(n)
    start = erfcx(x)
    before, out = np.full_like(start, 2.0 / ROOT_PI), start
    if n == -1:
        return before[()]
    with np.errstate(all="ignore"):
        for k in range(1, n + 1):
            before, out = out, (before - 2.0 * x * out) / (2.0 * k)
        if not np.any(x > FORWARD):
            return out[()]
        far = np.maximum(x, FORWARD)
        ratio, product = np.zeros_like(far), np.ones_like(far)
        for k in range(n + TERMS, 0, -1):
            ratio = 1.0 / (2.0 * far + 2.0 * (k + 1.0) * ratio)
            if k <= n:
                product = product * ratio
    return np.where(x > FORWARD, product * start, out)[()]


ierfcx: Elementwise = Elementwise(
    "ierfcx",
    _ierfcx,
    dx=Fixed("order"),
    dy=lambda x, y: -2.0 * (x + 1) * ierfcx(x + 1, y),
    singular=True,
    counterparts=(),
    domain=(-2, 4),
)
erfcx: Elementwise = Elementwise(
    "erfcx", scipy.special.erfcx, dx=lambda x: -2.0 * ierfcx(1, x), singular=True, domain=(-2, 4)
)

# -- D(x) = x 1F1(1; 3/2; -x**2), D'(x) = 1F1(1; 1/2; -x**2) (DLMF 7.5.1, 13.3.18)

dawsn = Elementwise(
    "dawsn", scipy.special.dawsn, dx=lambda x: hyp1f1(1.0, 0.5, -square(x)), singular=True, domain=(-2, 2)
)

# -- the normal distribution

ndtr = Elementwise(
    "ndtr",
    scipy.special.ndtr,
    dx=lambda x: rounded(1.0 / math.sqrt(2.0 * math.pi), x) * exp(-0.5 * square(x)),
    domain=(-2, 2),
)
log_ndtr = Elementwise(
    "log_ndtr",
    scipy.special.log_ndtr,
    dx=lambda x: rounded(math.sqrt(2.0 / math.pi), x) * reciprocal(erfcx(rounded(-math.sqrt(0.5), x) * x)),
    singular=True,
    domain=(-2, 2),
)
# The reciprocal density at the quantile is exp(out**2 / 2), written as of erfcinv.
ndtri = Elementwise(
    "ndtri",
    scipy.special.ndtri,
    dx=lambda out, x: (
        rounded(math.sqrt(0.5 * math.pi), x)
        * (erfcx(rounded(-math.sqrt(0.5), x) * maximum(out, -BEYOND)) * reciprocal(x))
    ),
    singular=True,
    domain=(0.1, 0.9),
)
ndtri_exp = Elementwise(
    "ndtri_exp",
    scipy.special.ndtri_exp,
    dx=lambda out: rounded(math.sqrt(0.5 * math.pi), out) * erfcx(rounded(-math.sqrt(0.5), out) * out),
    singular=True,
    domain=(-3, -0.1),
)
owens_t = Elementwise(
    "owens_t",
    scipy.special.owens_t,
    dx=lambda x, y: (
        rounded(-0.5 / math.sqrt(2.0 * math.pi), x) * exp(-0.5 * square(x)) * erf(rounded(math.sqrt(0.5), x) * (x * y))
    ),
    dy=lambda x, y: rounded(0.5 / math.pi, y) * exp(-0.5 * square(x) * (1.0 + square(y))) * reciprocal(1.0 + square(y)),
    domain=((-2, 2), (-2, 2)),
)

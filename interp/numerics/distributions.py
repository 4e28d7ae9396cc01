"""Distributions of probability in standard form, as formulas of the vocabulary: one row each.

``z`` is the variable less location, over scale; then come the shape parameters, in SciPy's order. Formulas hold on the
support. What has no formula in the vocabulary's functions is None. Distribution functions of gamma, chi2
and beta have no derivative by the shape. Source: Johnson, Kotz and Balakrishnan 1994-5,
*Continuous Univariate Distributions*, and SciPy's parameterisation.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from interp.vocabulary import (
    absolute,
    arctan,
    betainc,
    betaln,
    exp,
    expit,
    expm1,
    gammainc,
    gammaincc,
    gammaln,
    log,
    log1p,
    log_expit,
    log_ndtr,
    logit,
    ndtr,
    ndtri,
    square,
    tan,
    where,
    xlog1py,
    xlogy,
)

Formula = Callable[..., Any]
REALS, POSITIVE, UNIT = (-math.inf, math.inf), (0.0, math.inf), (0.0, 1.0)


class Continuous(NamedTuple):
    """Log density, distribution function, its complement and their logarithms, quantile; support and a point of it."""

    log_density: Formula
    cdf: Formula | None = None
    survival: Formula | None = None
    log_cdf: Formula | None = None
    log_survival: Formula | None = None
    quantile: Formula | None = None
    support: tuple[float, float] = REALS
    inside: float = 0.5


_HALF_LOG_TAU = 0.5 * math.log(2.0 * math.pi)


def _t(z: Any, df: Any) -> Any:
    constant = gammaln(0.5 * (df + 1.0)) - gammaln(0.5 * df) - 0.5 * log(math.pi * df)
    return constant - 0.5 * (df + 1.0) * log1p(square(z) / df)


CONTINUOUS: dict[str, Continuous] = {
    "norm": Continuous(
        lambda z: -0.5 * square(z) - _HALF_LOG_TAU,
        cdf=ndtr,
        survival=lambda z: ndtr(-z),
        log_cdf=log_ndtr,
        log_survival=lambda z: log_ndtr(-z),
        quantile=ndtri,
    ),
    "logistic": Continuous(
        lambda z: log_expit(z) + log_expit(-z),
        cdf=expit,
        survival=lambda z: expit(-z),
        log_cdf=log_expit,
        log_survival=lambda z: log_expit(-z),
        quantile=logit,
    ),
    "cauchy": Continuous(
        lambda z: -math.log(math.pi) - log1p(square(z)),
        cdf=lambda z: 0.5 + arctan(z) / math.pi,
        survival=lambda z: 0.5 - arctan(z) / math.pi,
        quantile=lambda q: tan(math.pi * (q - 0.5)),
    ),
    "laplace": Continuous(
        lambda z: -math.log(2.0) - absolute(z),
        cdf=lambda z: where(z > 0, 1.0 - 0.5 * exp(-absolute(z)), 0.5 * exp(-absolute(z))),
        survival=lambda z: where(z > 0, 0.5 * exp(-absolute(z)), 1.0 - 0.5 * exp(-absolute(z))),
        quantile=lambda q: where(q > 0.5, -log(2.0 * (1.0 - q)), log(2.0 * q)),
    ),
    "gumbel_r": Continuous(
        lambda z: -z - exp(-z),
        cdf=lambda z: exp(-exp(-z)),
        survival=lambda z: -expm1(-exp(-z)),
        log_cdf=lambda z: -exp(-z),
        quantile=lambda q: -log(-log(q)),
    ),
    "gumbel_l": Continuous(
        lambda z: z - exp(z),
        cdf=lambda z: -expm1(-exp(z)),
        survival=lambda z: exp(-exp(z)),
        log_survival=lambda z: -exp(z),
        quantile=lambda q: log(-log1p(-q)),
    ),
    "t": Continuous(_t),
    "uniform": Continuous(
        lambda z: 0.0 * z,
        cdf=lambda z: z,
        survival=lambda z: 1.0 - z,
        quantile=lambda q: 1.0 * q,
        support=UNIT,
    ),
    "expon": Continuous(
        lambda z: -z,
        cdf=lambda z: -expm1(-z),
        survival=lambda z: exp(-z),
        log_survival=lambda z: -z,
        quantile=lambda q: -log1p(-q),
        support=POSITIVE,
    ),
    "rayleigh": Continuous(
        lambda z: log(z) - 0.5 * square(z),
        cdf=lambda z: -expm1(-0.5 * square(z)),
        survival=lambda z: exp(-0.5 * square(z)),
        log_survival=lambda z: -0.5 * square(z),
        quantile=lambda q: (-2.0 * log1p(-q)) ** 0.5,
        support=POSITIVE,
    ),
    "weibull_min": Continuous(
        lambda z, c: log(c) + xlogy(c - 1.0, z) - z**c,
        cdf=lambda z, c: -expm1(-(z**c)),
        survival=lambda z, c: exp(-(z**c)),
        log_survival=lambda z, c: -(z**c),
        quantile=lambda q, c: (-log1p(-q)) ** (1.0 / c),
        support=POSITIVE,
    ),
    "lognorm": Continuous(
        lambda z, s: -0.5 * square(log(z) / s) - log(s * z) - _HALF_LOG_TAU,
        cdf=lambda z, s: ndtr(log(z) / s),
        survival=lambda z, s: ndtr(-log(z) / s),
        log_cdf=lambda z, s: log_ndtr(log(z) / s),
        log_survival=lambda z, s: log_ndtr(-log(z) / s),
        quantile=lambda q, s: exp(s * ndtri(q)),
        support=POSITIVE,
    ),
    "gamma": Continuous(
        lambda z, a: xlogy(a - 1.0, z) - z - gammaln(a),
        cdf=lambda z, a: gammainc(a, z),
        survival=lambda z, a: gammaincc(a, z),
        support=POSITIVE,
    ),
    "chi2": Continuous(
        lambda z, df: xlogy(0.5 * df - 1.0, z) - 0.5 * z - gammaln(0.5 * df) - 0.5 * math.log(2.0) * df,
        cdf=lambda z, df: gammainc(0.5 * df, 0.5 * z),
        survival=lambda z, df: gammaincc(0.5 * df, 0.5 * z),
        support=POSITIVE,
    ),
    "invgamma": Continuous(lambda z, a: -(a + 1.0) * log(z) - gammaln(a) - 1.0 / z, support=POSITIVE),
    "beta": Continuous(
        lambda z, a, b: xlogy(a - 1.0, z) + xlog1py(b - 1.0, -z) - betaln(a, b),
        cdf=lambda z, a, b: betainc(a, b, z),
        survival=lambda z, a, b: betainc(b, a, 1.0 - z),
        support=UNIT,
    ),
    "pareto": Continuous(
        lambda z, b: log(b) - (b + 1.0) * log(z),
        cdf=lambda z, b: 1.0 - z**-b,
        survival=lambda z, b: z**-b,
        log_survival=lambda z, b: -b * log(z),
        quantile=lambda q, b: (1.0 - q) ** (-1.0 / b),
        support=(1.0, math.inf),
        inside=1.5,
    ),
}

DISCRETE: dict[str, Formula] = {
    "poisson": lambda k, mu: xlogy(k, mu) - gammaln(k + 1.0) - mu,
    "bernoulli": lambda k, p: xlogy(k, p) + xlog1py(1.0 - k, -p),
    "geom": lambda k, p: xlog1py(k - 1.0, -p) + log(p),
    "binom": lambda k, n, p: (
        gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0) + xlogy(k, p) + xlog1py(n - k, -p)
    ),
    "nbinom": lambda k, n, p: gammaln(k + n) - gammaln(k + 1.0) - gammaln(n) + xlogy(n, p) + xlog1py(k, -p),
}
"""Log probability of the integer ``k``, which is within the support."""

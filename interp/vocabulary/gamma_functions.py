"""The gamma function and its kin: beta and incomplete functions, Hurwitz's zeta function. Source: DLMF 5, 8 and 25.11.

Shape parameters of incomplete functions are no variables, nor is the exponent of zeta. Slopes of beta and betaln are
differences of digamma, which cancel where one operand is much the larger: there they lose its multiple of the other.
Densities of incomplete functions are exponentials of sums: of shapes of 1000 they are accurate to some 1e-12.
"""

import math
from typing import Any

import scipy.special

from interp.errors import NoRule
from interp.primitive import COUNTERPARTS, Elementwise, Fixed
from interp.value import Value
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.elementwise import cos, exp, keeping_precision, rint, rounded, sin, weakly
from interp.vocabulary.logistic import xlog1py, xlogy
from interp.vocabulary.shape import where

gammaln = Elementwise(
    "gammaln",
    scipy.special.gammaln,
    dx=lambda x: digamma(x),
    singular=True,
    counterparts=(scipy.special.gammaln, scipy.special.loggamma),
    domain=(0.5, 4),
)
digamma: Elementwise = Elementwise(
    "digamma", scipy.special.digamma, dx=lambda x: polygamma(1, x), singular=True, domain=(0.5, 4)
)
polygamma: Elementwise = Elementwise(
    "polygamma",
    keeping_precision(scipy.special.polygamma),
    dx=Fixed("order"),
    dy=lambda x, y: polygamma(x + 1, y),
    singular=True,
    counterparts=(scipy.special.polygamma,),
    domain=(0.5, 4),
)
gamma = Elementwise("gamma", scipy.special.gamma, dx=lambda out, x: out * digamma(x), singular=True, domain=(0.5, 4))


def _slope_of_rgamma(out: Any, x: Any) -> Any:
    """Of 1 / gamma; below 1/2 of gamma(1 - x) sin(pi x) / pi, which is regular at the poles of gamma (DLMF 5.5.3)."""
    turn = rounded(math.pi, x) * (x - rint(x))
    cosine, sine = cos(turn), sin(turn) * rounded(1.0 / math.pi, x)
    reflected = cos(math.pi * rint(x)) * gamma(1.0 - x) * (cosine - digamma(1.0 - x) * sine)
    return where(x > 0.5, -out * digamma(x), reflected)


rgamma = Elementwise("rgamma", scipy.special.rgamma, dx=_slope_of_rgamma, singular=True, domain=(0.6, 4))
beta = Elementwise(
    "beta",
    keeping_precision(scipy.special.beta),
    dx=lambda out, x, y: out * (digamma(x) - digamma(x + y)),
    dy=lambda out, x, y: out * (digamma(y) - digamma(x + y)),
    singular=True,
    counterparts=(scipy.special.beta,),
    domain=((0.5, 2), (0.5, 2)),
)
betaln = Elementwise(
    "betaln",
    keeping_precision(scipy.special.betaln),
    dx=lambda x, y: digamma(x) - digamma(x + y),
    dy=lambda x, y: digamma(y) - digamma(x + y),
    singular=True,
    counterparts=(scipy.special.betaln,),
    domain=((0.5, 2), (0.5, 2)),
)

# -- incomplete functions: their slope is the density, that of an inverse function its reciprocal

gammainc = Elementwise(
    "gammainc",
    keeping_precision(scipy.special.gammainc),
    dx=Fixed("shape parameter", 1.5),
    dy=lambda x, y: exp(xlogy(x - 1.0, y) - y - weakly(gammaln(x), x)),
    singular=True,
    counterparts=(scipy.special.gammainc,),
    domain=(0.5, 3),
)
gammaincc = Elementwise(
    "gammaincc",
    keeping_precision(scipy.special.gammaincc),
    dx=Fixed("shape parameter", 1.5),
    dy=lambda x, y: -exp(xlogy(x - 1.0, y) - y - weakly(gammaln(x), x)),
    singular=True,
    counterparts=(scipy.special.gammaincc,),
    domain=(0.5, 3),
)
gammaincinv = Elementwise(
    "gammaincinv",
    keeping_precision(scipy.special.gammaincinv),
    dx=Fixed("shape parameter", 1.5),
    dy=lambda out, x: exp(out - xlogy(x - 1.0, out) + weakly(gammaln(x), x)),
    singular=True,
    counterparts=(scipy.special.gammaincinv,),
    domain=(0.1, 0.9),
)
gammainccinv = Elementwise(
    "gammainccinv",
    keeping_precision(scipy.special.gammainccinv),
    dx=Fixed("shape parameter", 1.5),
    dy=lambda out, x: -exp(out - xlogy(x - 1.0, out) + weakly(gammaln(x), x)),
    singular=True,
    counterparts=(scipy.special.gammainccinv,),
    domain=(0.1, 0.9),
)
betainc = Elementwise(
    "betainc",
    scipy.special.betainc,
    dx=Fixed("shape parameters", 1.5),
    dy=Fixed("shape parameters", 2.5),
    dz=lambda x, y, z: exp(xlogy(x - 1.0, z) + xlog1py(y - 1.0, -z) - weakly(betaln(x, y), x)),
    singular=True,
    domain=(0.1, 0.9),
)
betaincc = Elementwise(
    "betaincc",
    scipy.special.betaincc,
    dx=Fixed("shape parameters", 1.5),
    dy=Fixed("shape parameters", 2.5),
    dz=lambda x, y, z: -exp(xlogy(x - 1.0, z) + xlog1py(y - 1.0, -z) - weakly(betaln(x, y), x)),
    singular=True,
    domain=(0.1, 0.9),
)
betaincinv = Elementwise(
    "betaincinv",
    scipy.special.betaincinv,
    dx=Fixed("shape parameters", 1.5),
    dy=Fixed("shape parameters", 2.5),
    dz=lambda out, x, y: exp(weakly(betaln(x, y), x) - xlogy(x - 1.0, out) - xlog1py(y - 1.0, -out)),
    singular=True,
    domain=(0.1, 0.9),
)
betainccinv = Elementwise(
    "betainccinv",
    scipy.special.betainccinv,
    dx=Fixed("shape parameters", 1.5),
    dy=Fixed("shape parameters", 2.5),
    dz=lambda out, x, y: -exp(weakly(betaln(x, y), x) - xlogy(x - 1.0, out) - xlog1py(y - 1.0, -out)),
    singular=True,
    domain=(0.1, 0.9),
)

# -- zeta(x, q), the sum over k >= 0 of (q + k)**-x

hurwitz_zeta: Elementwise = Elementwise(
    "hurwitz_zeta",
    scipy.special.zeta,
    dx=Fixed("exponent", 2.5),
    dy=lambda x, y: -x * hurwitz_zeta(x + 1.0, y),
    singular=True,
    counterparts=(scipy.special._ufuncs._zeta,),
    domain=(0.5, 4),
)


def zeta(x: Any, q: Any = None) -> Any:
    """As `scipy.special.zeta`: Hurwitz's function of ``q``, whose exponent ``x`` is plain; Riemann's without ``q``."""
    if q is not None:
        return hurwitz_zeta(x, q)
    if isinstance(x, Value):
        raise NoRule("zeta has no derivative by its exponent: pass it as a plain number")
    return scipy.special.zeta(x)


enter(zeta, scipy.special.zeta, calls=[call(2.5, (2, 3), between=((0, 0), (0.5, 4))), call(1.5, (), between=(0.5, 4))])
COUNTERPARTS[scipy.special._ufuncs._riemann_zeta] = zeta

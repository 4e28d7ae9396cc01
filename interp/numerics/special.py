"""Further special functions of SciPy, each beside its partial derivatives, as in `interp.vocabulary.special`.

They have derivatives of every order, and neither an enclosure nor a body in native code. Every partial names ``out``,
which says that an enclosure by the mean value theorem is not to be tried (SciPy states no bound of their errors): an
Interval refuses them.
Orders and shape parameters of some are no variable: a value there is refused. Source of the formulas: NIST Digital
Library of Mathematical Functions, chapters 5, 6, 7, 8, 10.
"""

import math
from typing import ClassVar

import scipy.special

from interp.primitive import Elementwise, Fixed
from interp.vocabulary.elementwise import exp, log, sin, square
from interp.vocabulary.special import digamma, gammaln, xlog1py, xlogy


class Further(Elementwise):
    """An elementwise function that the vocabulary's tables (enclosures, native bodies) do not know."""

    listed: ClassVar[bool] = False


ROOT_PI = math.sqrt(math.pi)

# -- probability

ndtri = Further(
    "ndtri", scipy.special.ndtri, dx=lambda out: math.sqrt(2.0 * math.pi) * exp(0.5 * square(out)), singular=True
)
erfinv = Further("erfinv", scipy.special.erfinv, dx=lambda out: 0.5 * ROOT_PI * exp(square(out)), singular=True)
erfcinv = Further("erfcinv", scipy.special.erfcinv, dx=lambda out: -0.5 * ROOT_PI * exp(square(out)), singular=True)
erfcx = Further("erfcx", scipy.special.erfcx, dx=lambda out, x: 2.0 * (x * out) - 2.0 / ROOT_PI, singular=True)
dawsn = Further("dawsn", scipy.special.dawsn, dx=lambda out, x: 1.0 - 2.0 * (x * out))
entr = Further("entr", scipy.special.entr, dx=lambda out, x: -log(x) - 1.0, singular=True)
rel_entr = Further(
    "rel_entr",
    scipy.special.rel_entr,
    dx=lambda out, x, y: log(x / y) + 1.0,
    dy=lambda out, x, y: -x / y,
    singular=True,
)

# -- gamma functions

gamma = Further("gamma", scipy.special.gamma, dx=lambda out, x: out * digamma(x), singular=True)
rgamma = Further("rgamma", scipy.special.rgamma, dx=lambda out, x: -out * digamma(x), singular=True)
betaln = Further(
    "betaln",
    scipy.special.betaln,
    dx=lambda out, x, y: digamma(x) - digamma(x + y),
    dy=lambda out, x, y: digamma(y) - digamma(x + y),
    singular=True,
)
gammainc = Further(
    "gammainc",
    scipy.special.gammainc,
    dx=Fixed("shape parameter"),
    dy=lambda out, x, y: exp(xlogy(x - 1.0, y) - y - gammaln(x)),
    singular=True,
)
gammaincc = Further(
    "gammaincc",
    scipy.special.gammaincc,
    dx=Fixed("shape parameter"),
    dy=lambda out, x, y: -exp(xlogy(x - 1.0, y) - y - gammaln(x)),
    singular=True,
)
betainc = Further(
    "betainc",
    scipy.special.betainc,
    dx=Fixed("shape parameters"),
    dy=Fixed("shape parameters"),
    dz=lambda out, x, y, z: exp(xlogy(x - 1.0, z) + xlog1py(y - 1.0, -z) - betaln(x, y)),
    singular=True,
)

# -- exponential integrals

exp1 = Further("exp1", scipy.special.exp1, dx=lambda out, x: -exp(-x) / x, singular=True)
expi = Further("expi", scipy.special.expi, dx=lambda out, x: exp(x) / x, singular=True)
cosm1 = Further("cosm1", scipy.special.cosm1, dx=lambda out, x: -sin(x))

# -- Bessel functions, of an order that is plain

jv: Further = Further(
    "jv",
    scipy.special.jv,
    dx=Fixed("order"),
    dy=lambda out, x, y: 0.5 * (jv(x - 1.0, y) - jv(x + 1.0, y)),
)
yv: Further = Further(
    "yv",
    scipy.special.yv,
    dx=Fixed("order"),
    dy=lambda out, x, y: 0.5 * (yv(x - 1.0, y) - yv(x + 1.0, y)),
    singular=True,
)
iv: Further = Further(
    "iv",
    scipy.special.iv,
    dx=Fixed("order"),
    dy=lambda out, x, y: 0.5 * (iv(x - 1.0, y) + iv(x + 1.0, y)),
    singular=True,
)
kv: Further = Further(
    "kv",
    scipy.special.kv,
    dx=Fixed("order"),
    dy=lambda out, x, y: -0.5 * (kv(x - 1.0, y) + kv(x + 1.0, y)),
    singular=True,
)
j0: Further = Further("j0", scipy.special.j0, dx=lambda out, x: -j1(x))
j1: Further = Further("j1", scipy.special.j1, dx=lambda out, x: 0.5 * (j0(x) - jv(2.0, x)))
i0: Further = Further("i0", scipy.special.i0, dx=lambda out, x: i1(x), singular=True)
i1: Further = Further("i1", scipy.special.i1, dx=lambda out, x: 0.5 * (i0(x) + iv(2.0, x)), singular=True)

FUNCTIONS = (
    ndtri,
    erfinv,
    erfcinv,
    erfcx,
    dawsn,
    entr,
    rel_entr,
    gamma,
    rgamma,
    betaln,
    gammainc,
    gammaincc,
    betainc,
    exp1,
    expi,
    cosm1,
    jv,
    yv,
    iv,
    kv,
    j0,
    j1,
    i0,
    i1,
)

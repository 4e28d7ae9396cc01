"""Hypergeometric functions in their argument, and functions whose derivatives they give without cancellation.

Parameters are no variables. Sources: DLMF, chapters 6, 13, 15, 16 and 19.
"""

import math
from typing import Any

import numpy as np
import scipy.special

from interp.primitive import Elementwise, Fixed
from interp.vocabulary.elementwise import exp, keeping_precision, log, power, reciprocal, rounded, sin, square
from interp.vocabulary.logistic import xlogy

hyp0f1: Elementwise = Elementwise(
    "hyp0f1", scipy.special.hyp0f1, dx=Fixed("parameter", 1.5), dy=lambda x, y: hyp0f1(x + 1.0, y) / x, domain=(-2, 2)
)
hyp1f1: Elementwise = Elementwise(
    "hyp1f1",
    scipy.special.hyp1f1,
    dx=Fixed("parameters", 1.5),
    dy=Fixed("parameters", 2.5),
    dz=lambda x, y, z: x / y * hyp1f1(x + 1.0, y + 1.0, z),
    singular=True,
    domain=(-2, 2),
)
hyp2f1: Elementwise = Elementwise(
    "hyp2f1",
    keeping_precision(scipy.special.hyp2f1),
    dx=Fixed("parameters", 0.5),
    dy=Fixed("parameters", 1.5),
    dz=Fixed("parameters", 2.5),
    dw=lambda x, y, z, w: x * y / z * hyp2f1(x + 1.0, y + 1.0, z + 1.0, w),
    singular=True,
    counterparts=(scipy.special.hyp2f1,),
    domain=(-2, 0.8),
)

# -- K = pi/2 2F1(1/2, 1/2; 1; m) and E = pi/2 2F1(-1/2, 1/2; 1; m) (DLMF 19.5.1, 19.5.2)

ellipk = Elementwise(
    "ellipk",
    scipy.special.ellipk,
    dx=lambda x: rounded(math.pi / 8.0, x) * hyp2f1(1.5, 1.5, 2.0, x),
    singular=True,
    domain=(-2, 0.8),
)
ellipe = Elementwise(
    "ellipe",
    scipy.special.ellipe,
    dx=lambda x: rounded(-math.pi / 8.0, x) * hyp2f1(0.5, 1.5, 2.0, x),
    singular=True,
    domain=(-2, 0.8),
)

# -- the dilogarithm: its slope log(z) / (1 - z) is -2F1(1, 1; 2; 1 - z), regular at z = 1 (DLMF 15.4.1, 25.12.2)

spence = Elementwise(
    "spence", scipy.special.spence, dx=lambda x: -hyp2f1(1.0, 1.0, 2.0, 1.0 - x), singular=True, domain=(0.3, 3)
)

# -- exponential integrals

exp1 = Elementwise("exp1", scipy.special.exp1, dx=lambda x: -exp(-x) * reciprocal(x), singular=True, domain=(0.3, 3))
expi = Elementwise("expi", scipy.special.expi, dx=lambda x: exp(x) * reciprocal(x), singular=True, domain=(0.3, 3))


def _expn(n: Any, x: Any) -> Any:
    """SciPy's; of order -m, which derivatives lead to, m! x**(-m-1) Q(m+1, x) (DLMF 8.19.1)."""
    if np.ndim(n) or n >= 0:
        return scipy.special.expn(n, x)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return scipy.special.gamma(1.0 - n) * scipy.special.gammaincc(1.0 - n, x) * np.power(x, n - 1.0)


expn: Elementwise = Elementwise(
    "expn",
    keeping_precision(_expn),
    dx=Fixed("order", 2),
    dy=lambda x, y: -expn(x - 1, y),
    singular=True,
    counterparts=(scipy.special.expn,),
    domain=(0.3, 3),
)
cosm1 = Elementwise("cosm1", scipy.special.cosm1, dx=lambda x: -sin(x), domain=(-2, 2))
# (exp(x) - 1) / x = 1F1(1; 2; x)
exprel = Elementwise(
    "exprel", scipy.special.exprel, dx=lambda x: 0.5 * hyp1f1(2.0, 3.0, x), singular=True, domain=(-2, 2)
)

# -- Box-Cox transformation log(x) exprel(y log(x))

boxcox = Elementwise(
    "boxcox",
    scipy.special.boxcox,
    dx=lambda x, y: power(x, y - 1.0),
    dy=lambda x, y: 0.5 * square(log(x)) * hyp1f1(2.0, 3.0, xlogy(y, x)),
    singular=True,
    domain=((0.5, 2), (-1, 2)),
)
inv_boxcox = Elementwise(
    "inv_boxcox",
    scipy.special.inv_boxcox,
    dx=lambda out, x, y: out * reciprocal(1.0 + x * y),
    dy=Fixed("lambda", 0.5),
    singular=True,
    domain=(-0.5, 2),
)

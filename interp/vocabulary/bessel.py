"""Bessel functions in their argument, each beside its partial derivative. Orders are no variables.

Source: DLMF 10.6, 10.29 and, of exp(-x) I_0(x) = 1F1(1/2; 1; -2 x), 10.39.5. Slopes of the scaled functions kve, ive,
i1e, k0e and k1e are differences of neighbours, which cancel for large x: they are relatively accurate to 2 x times
the precision of floats.
"""

import numpy as np
import scipy.special

from interp.primitive import Elementwise, Fixed
from interp.vocabulary.elementwise import absolute, sign
from interp.vocabulary.hypergeometric import hyp1f1

jv: Elementwise = Elementwise(
    "jv", scipy.special.jv, dx=Fixed("order"), dy=lambda x, y: 0.5 * (jv(x - 1, y) - jv(x + 1, y)), domain=(0.5, 4)
)
yv: Elementwise = Elementwise(
    "yv",
    scipy.special.yv,
    dx=Fixed("order"),
    dy=lambda x, y: 0.5 * (yv(x - 1, y) - yv(x + 1, y)),
    singular=True,
    domain=(0.5, 4),
)
iv: Elementwise = Elementwise(
    "iv",
    scipy.special.iv,
    dx=Fixed("order"),
    dy=lambda x, y: 0.5 * (iv(x - 1, y) + iv(x + 1, y)),
    singular=True,
    domain=(0.5, 4),
)
kv: Elementwise = Elementwise(
    "kv",
    scipy.special.kv,
    dx=Fixed("order"),
    dy=lambda x, y: -0.5 * (kv(x - 1, y) + kv(x + 1, y)),
    singular=True,
    domain=(0.5, 4),
)

# -- of real arguments jve and yve are jv and yv

jve: Elementwise = Elementwise(
    "jve", scipy.special.jve, dx=Fixed("order"), dy=lambda x, y: 0.5 * (jve(x - 1, y) - jve(x + 1, y)), domain=(0.5, 4)
)
yve: Elementwise = Elementwise(
    "yve",
    scipy.special.yve,
    dx=Fixed("order"),
    dy=lambda x, y: 0.5 * (yve(x - 1, y) - yve(x + 1, y)),
    singular=True,
    domain=(0.5, 4),
)
ive: Elementwise = Elementwise(
    "ive",
    scipy.special.ive,
    dx=Fixed("order"),
    dy=lambda out, x, y: 0.5 * (ive(x - 1, y) + ive(x + 1, y)) - sign(y) * out,
    domain=(0.5, 4),
)
kve: Elementwise = Elementwise(
    "kve",
    scipy.special.kve,
    dx=Fixed("order"),
    dy=lambda out, x, y: out - 0.5 * (kve(x - 1, y) + kve(x + 1, y)),
    singular=True,
    domain=(0.5, 4),
)

# -- of orders 0 and 1

j0: Elementwise = Elementwise("j0", scipy.special.j0, dx=lambda x: -j1(x), domain=(0.5, 4))
j1: Elementwise = Elementwise("j1", scipy.special.j1, dx=lambda x: 0.5 * (j0(x) - jv(2, x)), domain=(0.5, 4))
y0: Elementwise = Elementwise("y0", scipy.special.y0, dx=lambda x: -y1(x), singular=True, domain=(0.5, 4))
y1: Elementwise = Elementwise(
    "y1", scipy.special.y1, dx=lambda x: 0.5 * (y0(x) - yv(2, x)), singular=True, domain=(0.5, 4)
)
i0: Elementwise = Elementwise(
    "i0",
    scipy.special.i0,
    dx=lambda x: i1(x),
    singular=True,
    counterparts=(scipy.special.i0, np.i0),
    domain=(0.5, 4),
)
i1: Elementwise = Elementwise(
    "i1", scipy.special.i1, dx=lambda x: 0.5 * (i0(x) + iv(2, x)), singular=True, domain=(0.5, 4)
)
i0e = Elementwise(
    "i0e", scipy.special.i0e, dx=lambda x: -sign(x) * hyp1f1(1.5, 2.0, -2.0 * absolute(x)), domain=(0.3, 4)
)
i1e = Elementwise(
    "i1e", scipy.special.i1e, dx=lambda out, x: 0.5 * (i0e(x) + ive(2, x)) - sign(x) * out, domain=(0.5, 4)
)
k0: Elementwise = Elementwise("k0", scipy.special.k0, dx=lambda x: -k1(x), singular=True, domain=(0.5, 4))
k1: Elementwise = Elementwise(
    "k1", scipy.special.k1, dx=lambda x: -0.5 * (k0(x) + kv(2, x)), singular=True, domain=(0.5, 4)
)
k0e: Elementwise = Elementwise("k0e", scipy.special.k0e, dx=lambda out, x: out - k1e(x), singular=True, domain=(0.5, 4))
k1e: Elementwise = Elementwise(
    "k1e", scipy.special.k1e, dx=lambda out, x: out - 0.5 * (k0e(x) + kve(2, x)), singular=True, domain=(0.5, 4)
)

"""The logistic function, entropies, products with logarithms, and Huber's loss: elementary functions of SciPy's."""

from typing import Any

import scipy.special

from interp.primitive import Elementwise
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.elementwise import (
    absolute,
    floating,
    hypot,
    keeping_precision,
    log,
    log1p,
    log_ratio,
    logaddexp,
    maximum,
    minimum,
    reciprocal,
    square,
    strong_multiply,
)

expit: Elementwise = Elementwise("expit", scipy.special.expit, dx=lambda x: expit(x) * expit(-x), domain=(-3, 3))
log_expit = Elementwise("log_expit", scipy.special.log_expit, dx=lambda x: expit(-x), domain=(-3, 3))
logit = Elementwise(
    "logit", scipy.special.logit, dx=lambda x: reciprocal(x * (1.0 - x)), singular=True, domain=(0.1, 0.9)
)


def softplus(x: Any) -> Any:
    """log(1 + exp(x)), as `scipy.special.softplus`."""
    return logaddexp(x, 0.0)


# Strongly: x = 0 gives 0 whatever y is, as the functions themselves do.
xlogy = Elementwise(
    "xlogy",
    keeping_precision(scipy.special.xlogy),
    dx=lambda y: log(floating(y)),
    dy=lambda x, y: strong_multiply(x, reciprocal(y)),
    singular=True,
    counterparts=(scipy.special.xlogy,),
    domain=((0.5, 2), (0.5, 2)),
)
xlog1py = Elementwise(
    "xlog1py",
    keeping_precision(scipy.special.xlog1py),
    dx=lambda y: log1p(floating(y)),
    dy=lambda x, y: strong_multiply(x, reciprocal(1.0 + y)),
    singular=True,
    counterparts=(scipy.special.xlog1py,),
    domain=((0.5, 2), (0.5, 2)),
)

# -- entropy and its relatives

entr = Elementwise("entr", scipy.special.entr, dx=lambda x: -log(floating(x)) - 1.0, singular=True, domain=(0.5, 2))
rel_entr = Elementwise(
    "rel_entr",
    scipy.special.rel_entr,
    dx=lambda x, y: log_ratio(x, y) + 1.0,
    dy=lambda x, y: -strong_multiply(x, reciprocal(y)),
    singular=True,
    domain=((0.5, 2), (0.5, 2)),
)
kl_div = Elementwise(
    "kl_div",
    scipy.special.kl_div,
    dx=lambda x, y: log_ratio(x, y),
    dy=lambda x, y: (y - x) * reciprocal(y),
    singular=True,
    domain=((0.5, 2), (0.5, 2)),
)

# -- Huber's loss: quadratic up to x, linear beyond

huber = Elementwise(
    "huber",
    scipy.special.huber,
    dx=lambda x, y: maximum(absolute(y) - x, 0.0),
    dy=lambda x, y: maximum(minimum(y, x), -x),
    domain=((0.5, 1), (-0.4, 0.4)),
)
# With u = y / x and s = sqrt(1 + u**2): x**2 (s - 1), whose slope by x is x (s - 1)**2 / s, and s - 1 = u**2 / (1 + s).
pseudo_huber = Elementwise(
    "pseudo_huber",
    scipy.special.pseudo_huber,
    dx=lambda x, y: x * square(square(y / x) * reciprocal(1.0 + hypot(1.0, y / x))) * reciprocal(hypot(1.0, y / x)),
    dy=lambda x, y: y * reciprocal(hypot(1.0, y / x)),
    singular=True,
    domain=((0.5, 2), (-2, 2)),
)

enter(softplus, calls=[call((2, 3), between=(-3, 3)), call((), between=(-3, 3))])

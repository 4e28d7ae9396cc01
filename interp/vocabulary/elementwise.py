"""Elementwise primitives, each beside its partial derivatives: read it as a formula sheet.

``x, y`` are the operands and ``out`` the result. `ONE`, `MINUS_ONE`, `ZERO` are partials that are the
same everywhere. Formulas are written in this vocabulary, so they hold for every payload: the log 2 in
the derivative of exp2 is an interval when the payload is (`rounded`). ``singular`` marks primitives
whose partial may be infinite or NaN where the value is not, or overflow.

Conventions at singular points: |x|' = 0 at 0; maximum and minimum split ties equally; x**0 has
derivative 0 in x, and d(0**y)/dy = 0 for y > 0; hypot' = 0 at the origin.
"""

import math
from typing import Any

import numpy as np

from interp.errors import UnsupportedInput
from interp.linear import MINUS_ONE, ONE, ZERO
from interp.primitive import COUNTERPARTS, Elementwise, Structural
from interp.value import Value, carries, primal
from interp.vocabulary.catalogue import call, enter


def rounded(c: float, like: Any) -> Any:
    """The real number whose nearest double is ``c``, as exactly as the payload ``like`` can say it."""
    return like.rounded_constant(c) if isinstance(like, Value) else c


def floating(x: Any) -> Any:
    """A constant operand for use in a partial: of small integers NumPy's log has half precision."""
    return x * 1.0 if getattr(x, "dtype", None) is not None and x.dtype.kind in "iub" else x


def as_numpy_at_zero(x: Any) -> Any:
    """The base of a power in a partial: at Python's own 0.0 a negative power raises, where NumPy's is infinite."""
    zero = primal(x)
    return x * np.float64(1.0) if type(zero) is float and zero == 0.0 else x


def _real(x: Any) -> Any:
    if isinstance(x, complex) or getattr(getattr(x, "dtype", None), "kind", "f") == "c":
        raise UnsupportedInput(
            "the derivative of abs(z) is not linear over complex numbers: compute with the real and imaginary parts"
        )
    return x


def _reciprocal(x: Any) -> Any:
    """Not NumPy's own, which truncates integers. Python's numbers stay Python's, and so do not widen a float32."""
    out = np.divide(1.0, x)
    return float(out) if type(x) is float or type(x) is int else out


def _strong_multiply(p: Any, t: Any) -> Any:
    """``p * t``, with 0 wherever either factor is 0, even against infinity and NaN."""
    with np.errstate(invalid="ignore", over="ignore"):
        product = p * t
    spoiled = product != product
    if not (spoiled if isinstance(spoiled, bool) else spoiled.any()):
        return product
    return np.where(
        spoiled & ((p == 0) | (t == 0)), product.dtype.type(0) if hasattr(product, "dtype") else 0.0, product
    )[()]


strong_multiply = Elementwise(
    "strong_multiply",
    _strong_multiply,
    dx=lambda y: y,
    dy=lambda x: x,
    singular=True,
    counterparts=(),
    domain=((0.5, 2), (0.5, 2)),
)

# -- arithmetic

add = Elementwise("add", np.add, dx=ONE, dy=ONE, operator="+", domain=((-2, 2), (-2, 2)))
subtract = Elementwise("subtract", np.subtract, dx=ONE, dy=MINUS_ONE, operator="-", domain=((-2, 2), (-2, 2)))
multiply = Elementwise("multiply", np.multiply, dx=lambda y: y, dy=lambda x: x, operator="*", domain=((-2, 2), (-2, 2)))
divide = Elementwise(
    "divide",
    np.divide,
    dx=lambda y: reciprocal(y),
    dy=lambda out, y: -out * reciprocal(y),
    singular=True,
    operator="/",
    domain=((-2, 2), (0.5, 2)),
)
negative = Elementwise("negative", np.negative, dx=MINUS_ONE, operator="-", domain=(-2, 2))
positive = Elementwise("positive", np.positive, dx=ONE, operator="+", domain=(-2, 2))
reciprocal: Elementwise = Elementwise(
    "reciprocal", _reciprocal, dx=lambda out: -out * out, singular=True, counterparts=(np.reciprocal,), domain=(0.5, 2)
)
power: Elementwise = Elementwise(
    "power",
    np.power,
    # Strongly, so that y = 0 gives 0 where x**(y - 1) is infinite, and out = 0 where log(x) is.
    dx=lambda x, y: strong_multiply(y, power(as_numpy_at_zero(x), y - 1.0)),
    dy=lambda out, x: strong_multiply(out, log(floating(x))),
    singular=True,
    operator="**",
    counterparts=(np.power, np.float_power),
    domain=((0.5, 2), (-2, 2)),
)
floor_divide = Elementwise(
    "floor_divide", np.floor_divide, dx=ZERO, dy=ZERO, operator="//", domain=((2.2, 2.4), (0.9, 1.05))
)
remainder = Elementwise(
    "remainder",
    np.remainder,
    dx=ONE,
    dy=lambda x, y: -floor_divide(x, y),
    operator="%",
    domain=((2.2, 2.4), (0.9, 1.05)),
)
fmod = Elementwise("fmod", np.fmod, dx=ONE, dy=lambda x, y: -trunc(x / y), domain=((2.2, 2.4), (0.9, 1.05)))

# -- piecewise constant and piecewise linear

absolute = Elementwise(
    "abs", np.absolute, dx=lambda x: sign(_real(x)), counterparts=(np.absolute, np.fabs), domain=(0.5, 2)
)
sign: Elementwise = Elementwise("sign", np.sign, dx=ZERO, domain=(0.5, 2))
floor = Elementwise("floor", np.floor, dx=ZERO, domain=(0.6, 0.9))
ceil = Elementwise("ceil", np.ceil, dx=ZERO, domain=(0.6, 0.9))
trunc: Elementwise = Elementwise("trunc", np.trunc, dx=ZERO, domain=(0.6, 0.9))
rint = Elementwise("round", np.rint, dx=ZERO, domain=(0.6, 0.9))
# A step of one ulp from x: its slope is 1, and only the sign of y - x matters.
nextafter = Elementwise("nextafter", np.nextafter, dx=ONE, dy=ZERO, domain=((0.6, 0.9), (1.1, 1.4)))
heaviside = Elementwise(
    "heaviside", np.heaviside, dx=ZERO, dy=lambda x: 1.0 - absolute(sign(x)), domain=((0.5, 2), (0.5, 2))
)
maximum = Elementwise(
    "maximum",
    np.maximum,
    dx=lambda x, y: heaviside(x - y, 0.5),
    dy=lambda x, y: heaviside(y - x, 0.5),
    singular=True,
    domain=((-2, 2), (-1.9, 2.1)),
)
minimum = Elementwise(
    "minimum",
    np.minimum,
    dx=lambda x, y: heaviside(y - x, 0.5),
    dy=lambda x, y: heaviside(x - y, 0.5),
    singular=True,
    domain=((-2, 2), (-1.9, 2.1)),
)

# -- powers, exponentials, logarithms

square = Elementwise("square", np.square, dx=lambda x: 2.0 * x, domain=(-2, 2))
sqrt = Elementwise("sqrt", np.sqrt, dx=lambda out: 0.5 * reciprocal(out), singular=True, domain=(0.5, 2))
cbrt = Elementwise("cbrt", np.cbrt, dx=lambda out: reciprocal(3.0 * square(out)), singular=True, domain=(0.5, 2))
exp = Elementwise("exp", np.exp, dx=lambda out: out, singular=True, domain=(-2, 2))
exp2 = Elementwise("exp2", np.exp2, dx=lambda out: out * rounded(math.log(2.0), out), singular=True, domain=(-2, 2))
expm1 = Elementwise("expm1", np.expm1, dx=lambda out: out + 1.0, singular=True, domain=(-1, 1))
log: Elementwise = Elementwise("log", np.log, dx=lambda x: reciprocal(x), singular=True, domain=(0.5, 2))
log2 = Elementwise(
    "log2", np.log2, dx=lambda x: reciprocal(x * rounded(math.log(2.0), x)), singular=True, domain=(0.5, 2)
)
log10 = Elementwise(
    "log10", np.log10, dx=lambda x: reciprocal(x * rounded(math.log(10.0), x)), singular=True, domain=(0.5, 2)
)
log1p = Elementwise("log1p", np.log1p, dx=lambda x: reciprocal(1.0 + x), singular=True, domain=(-0.5, 1))
logaddexp = Elementwise(
    "logaddexp",
    np.logaddexp,
    dx=lambda out, x: exp(x - out),
    dy=lambda out, y: exp(y - out),
    singular=True,
    domain=((-2, 2), (-2, 2)),
)
hypot = Elementwise(
    "hypot",
    np.hypot,
    # Strongly: 0 * (1/0) = 0 at the origin.
    dx=lambda out, x: strong_multiply(x, reciprocal(out)),
    dy=lambda out, y: strong_multiply(y, reciprocal(out)),
    singular=True,
    domain=((0.5, 2), (0.5, 2)),
)

# -- trigonometry

sin = Elementwise("sin", np.sin, dx=lambda x: cos(x), domain=(-3, 3))
cos: Elementwise = Elementwise("cos", np.cos, dx=lambda x: -sin(x), domain=(-3, 3))
tan = Elementwise("tan", np.tan, dx=lambda out: 1.0 + square(out), domain=(-1, 1))
arcsin = Elementwise(
    "asin", np.arcsin, dx=lambda x: reciprocal(sqrt((1.0 - x) * (1.0 + x))), singular=True, domain=(-0.9, 0.9)
)
arccos = Elementwise(
    "acos", np.arccos, dx=lambda x: -reciprocal(sqrt((1.0 - x) * (1.0 + x))), singular=True, domain=(-0.9, 0.9)
)
arctan = Elementwise("atan", np.arctan, dx=lambda x: reciprocal(1.0 + square(x)), domain=(-3, 3))
# Divided twice by the radius, so that the squares of large coordinates do not overflow.
arctan2 = Elementwise(
    "atan2",
    np.arctan2,
    dx=lambda x, y: y / hypot(x, y) / hypot(x, y),
    dy=lambda x, y: -x / hypot(x, y) / hypot(x, y),
    singular=True,
    domain=((0.5, 2), (0.5, 2)),
)
sinh = Elementwise("sinh", np.sinh, dx=lambda x: cosh(x), singular=True, domain=(-2, 2))
cosh: Elementwise = Elementwise("cosh", np.cosh, dx=lambda x: sinh(x), singular=True, domain=(-2, 2))
tanh = Elementwise("tanh", np.tanh, dx=lambda out: (1.0 - out) * (1.0 + out), domain=(-2, 2))
arcsinh = Elementwise("asinh", np.arcsinh, dx=lambda x: reciprocal(hypot(x, 1.0)), domain=(-2, 2))
arccosh = Elementwise(
    "acosh", np.arccosh, dx=lambda x: reciprocal(sqrt((x - 1.0) * (x + 1.0))), singular=True, domain=(1.5, 3)
)
arctanh = Elementwise(
    "atanh", np.arctanh, dx=lambda x: reciprocal((1.0 - x) * (1.0 + x)), singular=True, domain=(-0.8, 0.8)
)

# -- complex conjugation: linear over the reals only, so it is applied to tangents, not multiplied

conj: Structural = Structural(
    "conj",
    np.conjugate,
    adjoint=lambda ct, position, operands, params, batch: conj(ct),
    counterparts=(np.conjugate,),
)


def clip(x: Any, min: Any = None, max: Any = None) -> Any:
    """``x`` limited to [min, max]; a bound of None is open. At a bound the derivative is shared equally."""
    if not carries(x, min, max):
        return np.clip(x, min, max)
    if min is None and max is None:
        return positive(x)
    raised = x if min is None else maximum(x, min)
    return raised if max is None else minimum(raised, max)


def copysign(x: Any, y: Any) -> Any:
    """|x| with the sign of ``y``: a choice between |x| and -|x|, so that its derivative at x = 0 is 0."""
    from interp.vocabulary.predicates import signbit
    from interp.vocabulary.shape import where

    if not carries(x, y):
        return np.copysign(x, y)
    magnitude = absolute(x)
    return where(signbit(y), -magnitude, magnitude)


def round(x: Any, decimals: int = 0) -> Any:
    """``x`` rounded to a number of decimals, halves to even; its derivative is zero."""
    if not carries(x):
        return np.round(x, decimals)
    if decimals == 0:
        return rint(x)
    scale = 10.0**decimals
    return rint(x * scale) / scale


def _clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """`clip` by NumPy's names of the bounds."""
    return clip(x, a_min if min is None else min, a_max if max is None else max)


COUNTERPARTS[np.clip] = _clip
enter(
    clip,
    calls=[
        call((2, 3), 0.4, 0.6),
        call((2, 3), (3,), between=((0.25, 0.85), (0.4, 0.5))),
        call((2, 3), max=0.5),
        call((2, 3)),
    ],
)
enter(copysign, np.copysign, calls=[call((2, 3), (3,), between=(-2, 2)), call((), (2,), between=(-2, 2))])
enter(round, np.round, calls=[call((2, 3)), call((2, 3), decimals=1)])

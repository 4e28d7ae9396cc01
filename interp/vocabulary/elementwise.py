"""Elementwise primitives, each beside its partial derivatives: read it as a formula sheet.

``x, y`` are the operands and ``out`` the result. `ONE`, `MINUS_ONE`, `ZERO` are partials that are the
same everywhere. Formulas are written in this vocabulary, so they hold for every payload: the log 2 in
the derivative of exp2 is an interval when the payload is (`rounded`). ``singular`` marks primitives
whose partial may be infinite or NaN where the value is not, or overflow.

Conventions at singular points: |x|' = 0 at 0; maximum, minimum and logaddexp split ties equally, of infinities too;
x**0 has derivative 0 in x, and d(0**y)/dy = 0 for y > 0; hypot' = 0 at the origin.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from interp.linear import MINUS_ONE, ONE, ZERO
from interp.primitive import COUNTERPARTS, Elementwise, Structural
from interp.value import Value, carries, innermost, is_complex, primal
from interp.vocabulary.catalogue import call, enter


def rounded(c: float, like: Any) -> Any:
    """The real number whose nearest double is ``c``, as exactly as the payload ``like`` can say it."""
    return like.rounded_constant(c) if isinstance(like, Value) else c


def floating(x: Any) -> Any:
    """A constant operand for use in a partial: of small integers NumPy's log has half precision."""
    return x * 1.0 if getattr(x, "dtype", None) is not None and x.dtype.kind in "iub" else x


def weakly(c: Any, like: Any) -> Any:
    """A number computed from the parameter ``like``: of a Python number, one that does not widen a float32 either."""
    return float(c) if type(like) is float or type(like) is int else c


def keeping_precision(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of SciPy's that answers in double precision whatever it is given, in that of its operands."""

    @functools.wraps(function)
    def kept(*operands: Any) -> Any:
        out = function(*operands)[()]  # of numbers too some make arrays
        kinds = {x.dtype for x in operands if hasattr(x, "dtype")}
        return out.astype(np.float32)[()] if kinds == {np.dtype(np.float32)} else out

    return kept


def _beside_one(x: Any) -> Any:
    """sqrt(1 + x**2), of large numbers without overflow."""
    return sqrt(x - 1j) * sqrt(x + 1j) if is_complex(x) else hypot(x, 1.0)


def as_numpy_at_zero(x: Any) -> Any:
    """The base of a power in a partial: at Python's own 0.0 a negative power raises, where NumPy's is infinite."""
    zero = primal(x)
    return x * np.float64(1.0) if type(zero) is float and zero == 0.0 else x


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


def _gap(x: Any, y: Any) -> Any:
    """``x - y``, and 0 of two equal infinities."""
    with np.errstate(invalid="ignore"):
        found = np.subtract(x, y)
    spoiled = found != found
    if not spoiled.any():
        return float(found) if type(x) is float and type(y) is float else found
    return np.where(spoiled & np.equal(x, y), found.dtype.type(0), found)[()]


gap: Elementwise = Elementwise("gap", _gap, dx=ONE, dy=MINUS_ONE, counterparts=(), domain=((-2, 2), (-2, 2)))


def _leg_ratio(x: Any, r: Any) -> Any:
    """``x / r`` of a leg and the hypotenuse: of a triangle without size 0, of an infinite leg its sign."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.divide(x, r)
        spoiled = found != found
        if not spoiled.any():
            return float(found) if type(x) is float and type(r) is float else found
        return np.where(spoiled & ((r == 0) | np.isinf(x)), np.sign(x), found).astype(found.dtype)[()]


leg_ratio: Elementwise = Elementwise(
    "leg_ratio",
    _leg_ratio,
    dx=lambda y: reciprocal(y),
    dy=lambda out, y: -strong_multiply(out, reciprocal(y)),
    singular=True,
    counterparts=(),
    domain=((0.3, 0.5), (0.6, 2)),
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
    counterparts=(np.power,),
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


class Sized(Elementwise):
    """A function of real numbers whose meaning for complex ones, ``of_complex``, is another function."""

    of_complex: Any = None

    def __call__(self, *operands: Any, **params: Any) -> Any:
        if len(operands) == 1 and type(operands[0]) is not float and is_complex(innermost(operands[0])):
            return self.of_complex(operands[0])
        return super().__call__(*operands, **params)


absolute = Sized("abs", np.absolute, dx=lambda x: sign(x), counterparts=(np.absolute, np.fabs), domain=(0.5, 2))
sign: Sized = Sized("sign", np.sign, dx=ZERO, domain=(0.5, 2))
floor = Elementwise("floor", np.floor, dx=ZERO, domain=(0.6, 0.9))
ceil = Elementwise("ceil", np.ceil, dx=ZERO, domain=(0.6, 0.9))
trunc: Elementwise = Elementwise("trunc", np.trunc, dx=ZERO, domain=(0.6, 0.9))
rint = Elementwise("round", np.rint, dx=ZERO, domain=(0.6, 0.9))


def _heaviside(x: Any, at_zero: Any) -> Any:
    """NumPy's. With a half at zero, as slopes share ties, from the sign: NumPy's own loop takes ten times as long."""
    if at_zero.__class__ is float and at_zero == 0.5 and x.__class__ is np.ndarray and x.dtype.kind == "f":
        steps = np.sign(x)
        steps *= 0.5
        steps += 0.5
        return steps
    return np.heaviside(x, at_zero)


heaviside = Elementwise(
    "heaviside",
    _heaviside,
    dx=ZERO,
    dy=lambda x: 1.0 - absolute(sign(x)),
    counterparts=(np.heaviside,),
    domain=((0.5, 2), (0.5, 2)),
)
nextafter = Elementwise("nextafter", np.nextafter, dx=ONE, dy=ZERO, domain=((0.5, 2), (2.5, 3)))
spacing = Elementwise("spacing", np.spacing, dx=ZERO, domain=(0.6, 0.9))
maximum = Elementwise(
    "maximum",
    np.maximum,
    dx=lambda x, y: heaviside(gap(x, y), 0.5),
    dy=lambda x, y: heaviside(gap(y, x), 0.5),
    singular=True,
    domain=((-2, 2), (-1.9, 2.1)),
)
minimum = Elementwise(
    "minimum",
    np.minimum,
    dx=lambda x, y: heaviside(gap(y, x), 0.5),
    dy=lambda x, y: heaviside(gap(x, y), 0.5),
    singular=True,
    domain=((-2, 2), (-1.9, 2.1)),
)

# -- powers, exponentials, logarithms

square = Elementwise("square", np.square, dx=lambda x: 2.0 * x, domain=(-2, 2))
sqrt = Elementwise("sqrt", np.sqrt, dx=lambda out: 0.5 * reciprocal(out), singular=True, domain=(0.5, 2))
cbrt = Elementwise("cbrt", np.cbrt, dx=lambda out: reciprocal(3.0 * square(out)), singular=True, domain=(0.5, 2))
exp = Elementwise("exp", np.exp, dx=lambda out: out, singular=True, domain=(-2, 2))
exp2 = Elementwise("exp2", np.exp2, dx=lambda out: out * rounded(math.log(2.0), out), singular=True, domain=(-2, 2))
expm1 = Elementwise("expm1", np.expm1, dx=lambda x: exp(x), singular=True, domain=(-1, 1))
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
    dx=lambda x, y: reciprocal(1.0 + exp(gap(y, x))),
    dy=lambda x, y: reciprocal(1.0 + exp(gap(x, y))),
    singular=True,
    domain=((-2, 2), (-2, 2)),
)
logaddexp2 = Elementwise(
    "logaddexp2",
    np.logaddexp2,
    dx=lambda x, y: reciprocal(1.0 + exp2(gap(y, x))),
    dy=lambda x, y: reciprocal(1.0 + exp2(gap(x, y))),
    singular=True,
    domain=((-2, 2), (-2, 2)),
)


def _log_ratio(x: Any, y: Any) -> Any:
    """log(x / y): accurate where x is near y, and where their quotient over- or underflows."""
    with np.errstate(all="ignore"):
        quotient = np.divide(x, y)
        near = (quotient > 0.5) & (quotient < 2.0)
        far = np.where((quotient > 1e-300) & (quotient < 1e300), np.log(quotient), np.log(x * 1.0) - np.log(y * 1.0))
        return np.where(near, np.log1p((x - y) / np.where(near, y, 1.0)), far).astype(quotient.dtype)[()]


log_ratio = Elementwise(
    "log_ratio",
    _log_ratio,
    dx=lambda x: reciprocal(x),
    dy=lambda y: -reciprocal(y),
    singular=True,
    counterparts=(),
    domain=((0.5, 2), (0.5, 2)),
)
hypot = Elementwise(
    "hypot",
    np.hypot,
    dx=lambda out, x: leg_ratio(x, out),
    dy=lambda out, y: leg_ratio(y, out),
    singular=True,
    domain=((0.5, 2), (0.5, 2)),
)

# -- trigonometry

sin = Elementwise("sin", np.sin, dx=lambda x: cos(x), domain=(-3, 3))
cos: Elementwise = Elementwise("cos", np.cos, dx=lambda x: -sin(x), domain=(-3, 3))
tan = Elementwise("tan", np.tan, dx=lambda out: 1.0 + square(out), domain=(-1, 1))
arcsin = Elementwise(
    "asin", np.arcsin, dx=lambda x: reciprocal(sqrt(1.0 - x) * sqrt(1.0 + x)), singular=True, domain=(-0.9, 0.9)
)
arccos = Elementwise(
    "acos", np.arccos, dx=lambda x: -reciprocal(sqrt(1.0 - x) * sqrt(1.0 + x)), singular=True, domain=(-0.9, 0.9)
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
arcsinh = Elementwise("asinh", np.arcsinh, dx=lambda x: reciprocal(_beside_one(x)), domain=(-2, 2))
arccosh = Elementwise(
    "acosh", np.arccosh, dx=lambda x: reciprocal(sqrt(x - 1.0) * sqrt(x + 1.0)), singular=True, domain=(1.5, 3)
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


COUNTERPARTS[np.clip] = lambda x, a_min=None, a_max=None, *, min=None, max=None: clip(
    x, a_min if min is None else min, a_max if max is None else max
)
enter(
    clip,
    np.clip,
    calls=[
        call((2, 3), min=0.3, max=0.6),
        call((2, 3), min=0.3),
        call((2, 3), max=0.6),
        call((2, 3), (3,), between=((-2, 2), (-1, 0)), through=lambda f, x, low: f(x, low, low + 1.0)),
        call((3,), through=lambda f, x: f(x, None, None)),
    ],
)

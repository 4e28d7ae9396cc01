"""NumPy's further functions of each element by itself: conversions, signs, parts of numbers, repair of NaN.

What is discrete (a step, an exponent, a sign that is copied) has derivative zero.
"""

import builtins
import math
from typing import Any

import numpy as np

from interp.errors import UnsupportedArgument
from interp.linear import ZERO
from interp.primitive import COUNTERPARTS, Elementwise
from interp.value import Value
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.elementwise import (
    as_numpy_at_zero,
    floating,
    floor_divide,
    gap,
    heaviside,
    log,
    remainder,
    rint,
    rounded,
    sign,
    strong_multiply,
    trunc,
)
from interp.vocabulary.hypergeometric import hyp0f1
from interp.vocabulary.predicates import isnan
from interp.vocabulary.shape import where

DEGREE = math.pi / 180.0
RADIAN = 180.0 / math.pi

fabs = Elementwise("fabs", np.fabs, dx=lambda x: sign(x), domain=(0.5, 2))
copysign: Elementwise = Elementwise(
    "copysign", np.copysign, dx=lambda x, y: sign(x) * copysign(1.0, y), dy=ZERO, domain=((0.5, 2), (-2, -0.5))
)
deg2rad = Elementwise(
    "deg2rad", np.deg2rad, dx=lambda x: rounded(DEGREE, x), counterparts=(np.deg2rad, np.radians), domain=(-200, 200)
)
rad2deg = Elementwise(
    "rad2deg", np.rad2deg, dx=lambda x: rounded(RADIAN, x), counterparts=(np.rad2deg, np.degrees), domain=(-3, 3)
)
float_power: Elementwise = Elementwise(
    "float_power",
    np.float_power,
    dx=lambda x, y: strong_multiply(y, float_power(as_numpy_at_zero(x), y - 1.0)),
    dy=lambda out, x: strong_multiply(out, log(floating(x))),
    singular=True,
    domain=((0.5, 2), (-2, 2)),
)

# -- the greater and the lesser where a NaN is ignored; of two NaN neither counts

fmax = Elementwise(
    "fmax",
    np.fmax,
    dx=lambda x, y: where(isnan(x), 0.0, where(isnan(y), 1.0, heaviside(gap(x, y), 0.5))),
    dy=lambda x, y: where(isnan(y), 0.0, where(isnan(x), 1.0, heaviside(gap(y, x), 0.5))),
    singular=True,
    domain=((-2, 2), (-1.9, 2.1)),
)
fmin = Elementwise(
    "fmin",
    np.fmin,
    dx=lambda x, y: where(isnan(x), 0.0, where(isnan(y), 1.0, heaviside(gap(y, x), 0.5))),
    dy=lambda x, y: where(isnan(y), 0.0, where(isnan(x), 1.0, heaviside(gap(x, y), 0.5))),
    singular=True,
    domain=((-2, 2), (-1.9, 2.1)),
)

# -- sin(pi x) / (pi x) = 0F1(; 3/2; -(pi x / 2)**2), regular at 0 with every derivative (DLMF 10.16.9)

sinc = Elementwise(
    "sinc",
    np.sinc,
    dx=lambda x: rounded(-(math.pi**2) / 3.0, x) * x * hyp0f1(2.5, rounded(-(math.pi**2) / 4.0, x) * x * x),
    counterparts=(np.sinc,),
    domain=(-2.3, 2.3),
)

# -- parts of numbers


def divmod(x: Any, y: Any) -> tuple[Any, Any]:
    """The floor of ``x / y`` and what remains of ``x``."""
    return floor_divide(x, y), remainder(x, y)


def modf(x: Any) -> tuple[Any, Any]:
    """The fractional and the whole part of ``x``, both of its sign; an infinity is whole."""
    x = x * 1.0
    whole = trunc(x)
    return gap(x, whole), whole


def ldexp(x: Any, n: Any) -> Any:
    """``x * 2**n`` for plain integers ``n``, exact; in two steps, for 2**n alone may overflow."""
    if isinstance(n, Value):
        raise UnsupportedArgument("ldexp(x, n) takes plain integers n: x * exp2(n) has a derivative by n")
    if not isinstance(x, Value):
        return np.ldexp(x, n)
    one = np.ones((), x.dtype)
    half = np.floor_divide(n, 2)
    return x * np.ldexp(one, half) * np.ldexp(one, np.subtract(n, half))


def round(x: Any, decimals: int = 0) -> Any:
    """``x`` rounded to a number of decimals, halves to even; its derivative is zero."""
    if not isinstance(x, Value):
        return np.round(x, decimals)
    if decimals == 0:
        return rint(x)
    scale = 10.0 ** builtins.abs(decimals)
    return rint(x * scale) / scale if decimals > 0 else rint(x / scale) * scale


def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """``x`` with NaN replaced by ``nan``, infinities by the largest numbers or by ``posinf`` and ``neginf``.

    What is replaced has derivative zero.
    """
    if not isinstance(x, Value):
        return np.nan_to_num(x, copy, nan, posinf, neginf)
    if not copy:
        raise UnsupportedArgument("nan_to_num(x, copy=False) of a value: write x[...] = np.nan_to_num(x)")
    largest = np.finfo(x.dtype).max
    x = where(isnan(x), nan, x)
    x = where(x == np.inf, largest if posinf is None else posinf, x)
    return where(x == -np.inf, -largest if neginf is None else neginf, x)


enter(divmod, np.divmod, calls=[call((2, 3), (3,), between=((2.2, 2.4), (0.9, 1.05)))])
enter(modf, np.modf, calls=[call((2, 3), between=(1.2, 1.8)), call((), between=(-1.8, -1.2))])
enter(
    ldexp,
    np.ldexp,
    calls=[call((2, 3), 3), call((3,), through=lambda f, x: f(x, np.array([2, -1, 0]))), call((), -1)],
)
enter(
    round,
    np.round,
    np.around,
    calls=[call((2, 3)), call((3,), decimals=1, between=(0.31, 0.34)), call((3,), -1, between=(21, 24))],
)
enter(
    nan_to_num,
    np.nan_to_num,
    calls=[call((2, 3)), call((3,), nan=2.0, posinf=3.0, neginf=4.0)],
)
COUNTERPARTS[np.fix] = trunc

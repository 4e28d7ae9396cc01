"""`math` and `cmath` on values: the vocabulary's functions, with the errors and the answers of Python's own.

Each function of `math` first runs on the primal, so that what it refuses (``math.sqrt(-1.0)``, ``math.log(0.0)``,
``math.exp(1000.0)``) it refuses with its own error.
"""

import cmath
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from interp import vocabulary as v
from interp.control.builtins import decided
from interp.control.foreign import FOREIGN, register
from interp.value import Value, primal

SAME: dict[str, Callable[..., Any]] = {
    "sin": v.sin,
    "cos": v.cos,
    "tan": v.tan,
    "asin": v.arcsin,
    "acos": v.arccos,
    "atan": v.arctan,
    "atan2": v.arctan2,
    "sinh": v.sinh,
    "cosh": v.cosh,
    "tanh": v.tanh,
    "asinh": v.arcsinh,
    "acosh": v.arccosh,
    "atanh": v.arctanh,
    "exp": v.exp,
    "exp2": v.exp2,
    "expm1": v.expm1,
    "log1p": v.log1p,
    "log2": v.log2,
    "log10": v.log10,
    "sqrt": v.sqrt,
    "cbrt": v.cbrt,
    "pow": v.power,
    "fmod": v.fmod,
    "fabs": v.absolute,
    "erf": v.erf,
    "erfc": v.erfc,
    "lgamma": v.gammaln,
    "degrees": v.rad2deg,
    "radians": v.deg2rad,
    "gamma": v.gamma,
    "log": lambda x, base=None: v.log(x) if base is None else v.log(x) / v.log(base),
    "copysign": v.copysign,
    "ldexp": v.ldexp,
    "remainder": lambda x, y: x - y * v.rint(x / y),
    "hypot": lambda *xs: _norm(xs),
    "fma": lambda x, y, z: x * y + z,
}
"""Functions of `math` whose value has a derivative."""

DECIDED = ("floor", "ceil", "trunc", "isnan", "isinf", "isfinite", "isclose", "gcd", "factorial", "comb", "isqrt")
"""Functions of `math` that answer integers and truth values: of the primal, derivative zero."""


def _norm(xs: Iterable[Any]) -> Any:
    total = 0.0
    for x in xs:
        total = v.hypot(total, x)
    return total


def _numbers(args: Iterable[Any]) -> list[Any]:
    return [[primal(part) for part in x] if isinstance(x, list | tuple) else _number(x) for x in args]


def _number(x: Any) -> Any:
    if isinstance(x, Value) and x.size != 1:
        raise TypeError("only length-1 arrays can be converted to Python scalars: use NumPy's function of that name")
    return primal(x)


def _element(x: Any) -> Any:
    return x.reshape(()) if isinstance(x, Value) and x.shape else x


def _checked(function: Callable[..., Any], rule: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        if len(args) == 1 and not getattr(args[0], "shape", ()):
            function(primal(args[0]))
            return rule(args[0])
        function(*_numbers(args))
        return rule(*map(_element, args))

    return call


def _of_primal(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: function(*map(decided, args), **{k: decided(x) for k, x in kwargs.items()})


for _name, _rule in SAME.items():
    if hasattr(math, _name):  # some are newer than Python 3.11
        FOREIGN[getattr(math, _name)] = _checked(getattr(math, _name), _rule)
for _name in DECIDED:
    FOREIGN[getattr(math, _name)] = _of_primal(getattr(math, _name))


@register(math.fsum)
def _fsum(items: Iterable[Any]) -> Any:
    return sum(items, 0.0)


@register(math.dist)
def _dist(p: Iterable[Any], q: Iterable[Any]) -> Any:
    p, q = list(p), list(q)
    if len(p) != len(q):
        raise ValueError("both points must have the same number of dimensions")
    return _norm(a - b for a, b in zip(p, q, strict=True))


@register(math.prod)
def _prod(items: Iterable[Any], *, start: Any = 1) -> Any:
    for x in items:
        start = start * x
    return start


@register(*([math.sumprod] if hasattr(math, "sumprod") else []))
def _sumprod(p: Iterable[Any], q: Iterable[Any]) -> Any:
    return sum(x * y for x, y in zip(p, q, strict=True))


@register(math.modf)
def _modf(x: Any) -> Any:
    whole = float(math.trunc(decided(x)))
    return x - whole, whole


@register(math.frexp)
def _frexp(x: Any) -> Any:
    _, exponent = math.frexp(decided(x))
    return x * 2.0**-exponent, exponent


# -- complex

COMPLEX = ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh")


def _complex_checked(name: str) -> Callable[..., Any]:
    function, rule = getattr(cmath, name), getattr(np, name)

    def call(x: Any) -> Any:
        function(complex(primal(x)))
        return rule(x + 0j)

    return call


for _name in COMPLEX:
    FOREIGN[getattr(cmath, _name)] = _complex_checked(_name)


@register(cmath.rect)
def _rect(r: Any, phi: Any) -> Any:
    return r * (v.cos(phi) + 1j * v.sin(phi))


for _name in ("isnan", "isinf", "isfinite", "isclose"):
    FOREIGN[getattr(cmath, _name)] = _of_primal(getattr(cmath, _name))

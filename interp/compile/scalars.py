"""What primitives compute on plain numbers in native code, and second bodies of the framework's own helpers.

Mostly the implementation itself, which Numba compiles. Stated here is what Numba lacks: SciPy's special functions,
called at the addresses that SciPy exports for Cython, and functions written for arrays.
"""

import ast
import ctypes
import math
import operator
from collections.abc import Callable
from typing import Any

import llvmlite.binding
import numpy as np
import scipy.special
from numba.core import types
from scipy.special import cython_special

from interp.compile import generated as g
from interp.compile.directions import Directions, nothing, strongly
from interp.compile.rebinding import REPLACED, overloaded
from interp.compile.values import ValueType
from interp.errors import NoRule
from interp.primitive import COUNTERPARTS, PRIMITIVES, Creation, Elementwise, Predicate, Primitive
from interp.value import Value, carries
from interp.vocabulary import elementwise, special
from interp.vocabulary.error_functions import FORWARD, TERMS

# -- SciPy's functions


def _exported() -> dict[str, tuple[Any, int]]:
    """The C functions ``double name(double, ...)`` of `scipy.special.cython_special`: their addresses and arities."""
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    name_of = ctypes.pythonapi.PyCapsule_GetName
    name_of.restype, name_of.argtypes = ctypes.c_char_p, (ctypes.py_object,)
    found: dict[str, tuple[Any, int]] = {}
    for symbol, capsule in cython_special.__pyx_capi__.items():
        declared = name_of(capsule).decode()
        kinds = declared.partition("(")[2].rstrip(")").split(", ")
        bare = symbol.split("__pyx_fuse_", 1)[-1].lstrip("0123456789")
        if declared.startswith("double (") and set(kinds[:-1]) == {"double"}:
            found.setdefault(bare, (pointer_of(capsule, declared.encode()), len(kinds) - 1))
    return found


_EXPORTED = _exported()


def _calling(name: str) -> Callable[..., Any]:
    """The exported function of that name as native code calls it."""
    address, arity = _EXPORTED[name]
    exported = f"interp_special_{name}"
    llvmlite.binding.add_symbol(exported, address)
    function = types.ExternalFunction(exported, types.float64(*[types.float64] * arity, types.intc))
    bodies: dict[int, Callable[..., Any]] = {
        1: lambda x: function(float(x), 0),
        2: lambda x, y: function(float(x), float(y), 0),
        3: lambda x, y, z: function(float(x), float(y), float(z), 0),
        4: lambda x, y, z, w: function(float(x), float(y), float(z), float(w), 0),
    }
    return bodies[arity]


_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)


def _hurwitz(s: float, q: float) -> float:
    """sum over k >= 0 of (q + k)**-s: Euler-Maclaurin from q >= 12 on (DLMF 25.11.28). Of q < 0 for integers s."""
    if s == 1.0:
        return np.inf
    if not s > 1.0 or (q < 0.0 and q != math.floor(q) and s != math.floor(s)):
        return np.nan
    total = 0.0
    while q < 12.0:
        if q == 0.0:
            return np.inf
        total += q**-s
        q += 1.0
    total += q ** (1.0 - s) / (s - 1.0) + 0.5 * q**-s
    factor = s * q ** (-s - 1.0) / 2.0
    for j in range(len(_BERNOULLI)):
        total += _BERNOULLI[j] * factor
        factor *= (s + 2 * j + 1) * (s + 2 * j + 2) / ((2 * j + 3) * (2 * j + 4)) / (q * q)
    return total


_digamma = _calling("psi")


def _polygamma(n: float, x: float) -> float:
    """DLMF 5.15.1; n = 0 is digamma."""
    if n == 0:
        return _digamma(x)
    sign = 1.0 if n % 2 else -1.0
    return sign * math.gamma(n + 1.0) * _hurwitz(n + 1.0, x)


_expn_upwards, _gamma, _gammaincc, _erfcx = map(_calling, ("expn", "gamma", "gammaincc", "erfcx"))


def _expn(n: float, x: float) -> float:
    """As `interp.vocabulary.hypergeometric` has it."""
    if n >= 0:
        return _expn_upwards(n, x)
    return _gamma(1.0 - n) * _gammaincc(1.0 - n, x) * x ** (n - 1.0)


def _ierfcx(n: float, x: float) -> float:
    """As `interp.vocabulary.error_functions` has it."""
    before, out = 2.0 / math.sqrt(math.pi), _erfcx(x)
    if n == -1:
        return before
    if not x > FORWARD:
        for k in range(1, int(n) + 1):
            before, out = out, (before - 2.0 * x * out) / (2.0 * k)
        return out
    ratio, product = 0.0, 1.0
    for k in range(int(n) + TERMS, 0, -1):
        ratio = 1.0 / (2.0 * x + 2.0 * (k + 1.0) * ratio)
        if k <= n:
            product *= ratio
    return product * out


def _sinc(x: float) -> float:
    angle = math.pi * x
    return math.sin(angle) / angle if angle != 0.0 else 1.0


def _strong(p: float, t: float) -> float:
    """The implementation of `strong_multiply` on two numbers."""
    product = p * t
    if product == product:
        return product
    return 0.0 if p == 0 or t == 0 else product


def _leg_ratio(x: float, r: float) -> float:
    """The implementation of `leg_ratio` on two numbers."""
    if r == 0.0 and x == 0.0:
        return 0.0
    return math.copysign(1.0, x) if math.isinf(x) and math.isinf(r) else x / r


def _log_ratio(x: float, y: float) -> float:
    """The implementation of `log_ratio` on two numbers."""
    quotient = x / y
    if 0.5 < quotient < 2.0:
        return np.log1p((x - y) / y)
    return np.log(quotient) if 1e-300 < quotient < 1e300 else np.log(x) - np.log(y)


_PRIMITIVES = {p.name for n in special.__all__ if isinstance(p := getattr(special, n), Elementwise)}
SPECIAL = sorted(_PRIMITIVES & _EXPORTED.keys())
"""SciPy's functions that are primitives here, and exported. A body of our own below goes before the exported one."""

BODIES: dict[str, Callable[..., Any]] = {
    **{name: _calling(name) for name in SPECIAL},
    "digamma": _digamma,
    "polygamma": _polygamma,
    "expn": _expn,
    "ierfcx": _ierfcx,
    "hurwitz_zeta": _hurwitz,
    "sinc": _sinc,
    "leg_ratio": _leg_ratio,
    "log_ratio": _log_ratio,
    "gap": lambda x, y: 0.0 if x == y else x - y,
    "isposinf": lambda x: x == np.inf,
    "isneginf": lambda x: x == -np.inf,
    "isreal": lambda x: True,
    "iscomplex": lambda x: False,
    "strong_multiply": _strong,
    "zeros_like": lambda x: 0.0,
    "ones_like": lambda x: 1.0,
    "heaviside": lambda x, y: x if x != x else 0.0 if x < 0 else 1.0 if x > 0 else y,
    "copy": operator.pos,
    "conj": operator.pos,
    "logical_not": operator.not_,
}
"""Bodies on numbers of primitives whose implementation Numba does not take."""

ON_DIRECTIONS: dict[str, Any] = {"strong_multiply": strongly, "zeros_like": nothing}
"""The same on vectors of directions, which arithmetic knows."""

MATH: dict[Any, Primitive] = {
    getattr(math, name): PRIMITIVES[ours]
    for name, ours in {
        **{
            name: name
            for name in [
                "exp",
                "expm1",
                "log",
                "log2",
                "log10",
                "log1p",
                "sqrt",
                "sin",
                "cos",
                "tan",
                "sinh",
                "cosh",
                "tanh",
                "hypot",
                "fmod",
                "erf",
                "erfc",
                "floor",
                "ceil",
                "trunc",
                "asin",
                "acos",
                "atan",
                "atan2",
                "asinh",
                "acosh",
                "atanh",
                "exp2",
                "cbrt",
                "isnan",
                "isinf",
                "isfinite",
            ]
        },
        "fabs": "abs",
        "pow": "power",
        "lgamma": "gammaln",
    }.items()
    if hasattr(math, name)
}
"""Functions of Python's math that mean a primitive."""

COUNTS = frozenset({math.floor, math.ceil, math.trunc})
"""Those of them whose result is an integer: on values their code is in `values`."""

UNKNOWN = {
    **{f: p for f, p in COUNTERPARTS.items() if isinstance(f, np.ufunc) and f.__name__ in dir(scipy.special)},
    **{getattr(math, name): PRIMITIVES[name] for name in ("cbrt", "exp2") if hasattr(math, name)},
}
"""Functions that Numba does not know at all, in our copies of functions replaced by the primitive that they mean."""
REPLACED.update({f: p for f, p in UNKNOWN.items() if isinstance(p, Primitive)})
REPLACED[scipy.special.polygamma] = PRIMITIVES["polygamma"]
REPLACED[scipy.special.zeta] = PRIMITIVES["hurwitz_zeta"]
REPLACED[np.sinc] = PRIMITIVES["sinc"]
REPLACED[np.fix] = PRIMITIVES["trunc"]


def chosen(operands: tuple[types.Type, ...]) -> Any:
    """``x if condition else y`` for numbers and values of these types, at the type that holds both."""
    from interp.compile.arrays import caster, joint_type

    typ = joint_type(operands[1:])
    if typ is None:
        raise NoRule(f"where: no type holds both a {operands[1]} and a {operands[2]}")
    cast = caster(typ)

    def choose(condition: Any, x: Any, y: Any) -> Any:
        return cast(x) if condition else cast(y)

    return choose


def chosen_by_value(operands: tuple[types.Type, ...]) -> Any:
    """``where`` by a condition of lower level than what it chooses from, as an interval of booleans: by components."""
    from interp.compile.arrays import caster, joint_type

    typ = joint_type(operands[1:])
    if not isinstance(typ, ValueType):
        raise NoRule(f"where: no type holds both a {operands[1]} and a {operands[2]}")
    u, v = g.name("u"), g.name("v")
    parts = [g.call("where", g.name("c"), g.attribute(u, part), g.attribute(v, part)) for part in typ.cls.components]
    both = [g.assign("u", g.call("cast", g.name("x"))), g.assign("v", g.call("cast", g.name("y")))]
    namespace = {"cast": caster(typ), "where": PRIMITIVES["where"]}
    return g.function(["c", "x", "y"], ast.Call(g.attribute(u, "rebuild"), parts, []), namespace, both)


_SYMBOLS = {
    ("+", 2): operator.add,
    ("-", 2): operator.sub,
    ("*", 2): operator.mul,
    ("/", 2): operator.truediv,
    ("**", 2): operator.pow,
    ("//", 2): operator.floordiv,
    ("%", 2): operator.mod,
    ("-", 1): operator.neg,
    ("+", 1): operator.pos,
}


def body(primitive: Primitive, operands: tuple[types.Type, ...]) -> Any:
    """What computes ``primitive`` on plain numbers (or directions): a Python function, or one that Numba knows."""
    table = ON_DIRECTIONS if any(isinstance(t, Directions) for t in operands) else BODIES
    own = table.get(primitive.name)
    if own is not None:
        return own
    symbol = (primitive.operator or "") if isinstance(primitive, Elementwise) else ""
    return _SYMBOLS.get((symbol, len(operands)), primitive.implementation)


# -- rules for whole kinds, where the eager ones loop over operands


@Predicate.rule(Value, native=True)
def _predicate(primitive: Predicate, active: tuple[bool, ...]) -> Any:
    return {
        (True,): lambda x: primitive(x.primal_payload()),
        (True, True): lambda x, y: primitive(x.primal_payload(), y.primal_payload()),
        (True, False): lambda x, y: primitive(x.primal_payload(), y),
        (False, True): lambda x, y: primitive(x, y.primal_payload()),
    }.get(active, NotImplemented)


@Creation.rule(Value, native=True)
def _creation(primitive: Creation, active: tuple[bool, ...]) -> Any:
    return lambda x: x.constant(primitive(x.payload))


# -- the framework's helpers


@overloaded(carries)
def _carries(*operands: Any) -> Any:
    found = any(isinstance(x, ValueType) for x in operands)
    return (lambda *operands: True) if found else (lambda *operands: False)


@overloaded(elementwise.rounded)
def _rounded(c: Any, like: Any) -> Any:
    if isinstance(like, ValueType):
        if like.cls.rounded_constant is Value.rounded_constant:
            return lambda c, like: elementwise.rounded(c, like.payload)
        return lambda c, like: like.rounded_constant(c)
    return lambda c, like: c


@overloaded(elementwise._beside_one)
def _beside_one(x: Any) -> Any:
    return lambda x: elementwise.hypot(x, 1.0)


@overloaded(elementwise.floating)
def _floating(x: Any) -> Any:
    if isinstance(x, types.Integer | types.Boolean):
        return lambda x: float(x)
    return lambda x: x


@overloaded(elementwise.weakly)
def _weakly(c: Any, like: Any) -> Any:
    return lambda c, like: c


@overloaded(elementwise.as_numpy_at_zero)
def _as_numpy_at_zero(x: Any) -> Any:
    return lambda x: x

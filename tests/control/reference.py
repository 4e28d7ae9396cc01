"""An independent truth for programs with control flow: a number with its gradient, in ordinary Python.

Imports neither interp nor interpretations. `rebound` gives a program's functions other globals: a ``math`` that takes
these numbers and a ``np`` whose fresh arrays are arrays of objects, which hold them. The program then runs as Python
runs it. `jacobian` is its derivative at a point and `dependences` the union of the derivatives' nonzero entries over
many points: whatever is in it must be in a pattern that holds for every input.
"""

import cmath
import functools
import math
import types
from collections.abc import Callable
from typing import Any

import numpy as np


@functools.total_ordering
class Number:
    """A float and its gradient."""

    def __init__(self, value, gradient):
        self.value, self.gradient = np.float64(value), gradient

    def __add__(self, other):
        y = of(other)
        return Number(self.value + y.value, self.gradient + y.gradient)

    def __mul__(self, other):
        y = of(other)
        return Number(self.value * y.value, self.gradient * y.value + y.gradient * self.value)

    def __truediv__(self, other):
        y = of(other)
        ratio = self.value / y.value
        return Number(ratio, (self.gradient - ratio * y.gradient) / y.value)

    def __pow__(self, other):
        if isinstance(other, Number):
            return exp(other * log(self))
        return chain(self, self.value**other, other * self.value ** (other - 1) if other else 0.0)

    def __rpow__(self, other):
        return exp(self * math.log(other))

    def __neg__(self):
        return Number(-self.value, -self.gradient)

    def __sub__(self, other):
        return self + -of(other)

    def __rsub__(self, other):
        return -self + other

    def __rtruediv__(self, other):
        return of(other) / self

    def __mod__(self, other):
        y = of(other)
        return self - y * float(self.value // y.value)

    def __floordiv__(self, other):
        return self.value // of(other).value

    __radd__, __rmul__ = __add__, __mul__

    def __abs__(self):
        return chain(self, abs(self.value), float(np.sign(self.value)))

    def __pos__(self):
        return self

    def __eq__(self, other):
        return bool(self.value == of(other).value)

    def __lt__(self, other):
        return bool(self.value < of(other).value)

    __hash__ = None

    def __bool__(self):
        return bool(self.value)

    def __int__(self):
        return int(self.value)

    def __float__(self):
        raise TypeError("the reference would lose a gradient: give `namespace` the function that asked")

    def __floor__(self):
        return math.floor(self.value)

    def __ceil__(self):
        return math.ceil(self.value)

    def __format__(self, spec):
        return format(float(self.value), spec)

    def __round__(self, digits=None):
        return round(float(self.value), digits)

    # NumPy calls these on the elements of arrays of objects.
    def sqrt(self):
        return chain(self, np.sqrt(self.value), 0.5 / np.sqrt(self.value))

    def exp(self):
        return chain(self, np.exp(self.value), np.exp(self.value))

    def log(self):
        return chain(self, np.log(self.value), 1.0 / self.value)

    def sin(self):
        return chain(self, np.sin(self.value), np.cos(self.value))

    def cos(self):
        return chain(self, np.cos(self.value), -np.sin(self.value))

    def tanh(self):
        return chain(self, np.tanh(self.value), 1.0 - np.tanh(self.value) ** 2)

    def arctan(self):
        return chain(self, np.arctan(self.value), 1.0 / (1.0 + self.value**2))


def chain(x, value, slope):
    return Number(value, x.gradient * slope)


def of(x):
    return x if isinstance(x, Number) else Number(x, np.zeros(()))


def value_of(x):
    return x.value if isinstance(x, Number) else x


def _elementary(name: str, error: Callable[[float], bool] = lambda x: False) -> Any:
    """``math``'s function, which raises where math does, for numbers with gradients."""
    method = {"atan": "arctan"}.get(name, name)

    def function(x):
        if isinstance(x, Number):
            if error(x.value):
                raise ValueError("math domain error")
            return getattr(x, method)()
        return getattr(math, name)(x)

    return function


exp, log = _elementary("exp"), _elementary("log", lambda x: x <= 0)


def _hypot(*parts):
    return _MATH.sqrt(sum(x * x for x in parts))


_MATH = types.SimpleNamespace(
    **{name: getattr(math, name) for name in ("pi", "e", "inf", "nan", "floor", "ceil", "gcd", "comb", "factorial")},
    **{name: _elementary(name) for name in ("sin", "cos", "tanh", "atan")},
    exp=exp,
    log=log,
    sqrt=_elementary("sqrt", lambda x: x < 0),
    fabs=abs,
    pow=pow,
    hypot=_hypot,
    fsum=sum,
    isfinite=lambda x: math.isfinite(value_of(x)),
    isnan=lambda x: math.isnan(value_of(x)),
    copysign=lambda x, y: abs(x) if math.copysign(1.0, value_of(y)) > 0 else -abs(x),
)


class _ObjectArrays(types.ModuleType):
    """NumPy whose fresh arrays hold objects."""

    def __getattr__(self, name):
        return getattr(np, name)


def _fresh(make):
    def made(*args, **kwargs):
        array = make(*args, **kwargs)
        return array.astype(object) if array.dtype.kind == "f" else array

    return made


_NUMPY = _ObjectArrays("object_arrays")
for _name in ("zeros", "ones", "empty", "full", "eye", "linspace", "arange"):
    setattr(_NUMPY, _name, _fresh(getattr(np, _name)))
for _name in ("zeros_like", "ones_like", "empty_like"):
    setattr(_NUMPY, _name, lambda x, _value=float(_name == "ones_like"): np.full(np.shape(x), _value, object))


def _array(x, *args, **kwargs):
    plain = np.array(x, *args, **kwargs) if isinstance(x, np.ndarray) else np.array(x, dtype=object)
    held = plain.dtype == object and any(isinstance(element, Number) for element in plain.flat)
    if held or isinstance(x, np.ndarray):
        return plain
    numbers = np.array(x, *args, **kwargs)
    return numbers.astype(object) if numbers.dtype.kind == "f" else numbers  # duals may be stored into it later


def _where(condition, a, b):
    a, b = np.broadcast_to(np.asarray(a, object), np.shape(condition)), np.asarray(b, object)
    return np.where(np.asarray(condition, bool), a, b)[()]


def _extreme(choose):
    def extreme(x, *args, **kwargs):
        return choose(np.ravel(x))

    return extreme


def _pairwise(choose):
    return lambda x, y: np.frompyfunc(choose, 2, 1)(x, y)


_NUMPY.array = _NUMPY.asarray = _array
_NUMPY.stack = lambda parts, axis=0: np.stack([np.asarray(part, object) for part in parts], axis)
_NUMPY.where = _where
_NUMPY.max, _NUMPY.min = _extreme(max), _extreme(min)
_NUMPY.maximum, _NUMPY.minimum = _pairwise(max), _pairwise(min)
_NUMPY.abs = _NUMPY.absolute = lambda x: abs(x)
_NUMPY.isnan = lambda x: np.isnan(value_of(x))
_NUMPY.sign = lambda x: np.sign(value_of(x)) if np.ndim(x) == 0 else np.array([np.sign(value_of(y)) for y in x])
_NUMPY.floor = lambda x: np.floor(value_of(x)) if np.ndim(x) == 0 else np.array([np.floor(value_of(y)) for y in x])
_NUMPY.sort = lambda x: np.array(sorted(x), object)
_NUMPY.argsort = lambda x: np.array(sorted(range(len(x)), key=lambda i: value_of(x[i])))
_NUMPY.argmax = lambda x: max(range(len(x)), key=lambda i: value_of(x[i]))
_NUMPY.argmin = lambda x: min(range(len(x)), key=lambda i: value_of(x[i]))
_NUMPY.searchsorted = lambda table, x, *args: np.searchsorted([value_of(t) for t in table], value_of(x), *args)
_NUMPY.sum = lambda x, axis=None: np.sum(np.asarray(x, object), axis=axis)
_NUMPY.isscalar = lambda x: isinstance(x, Number) or np.isscalar(x)


def _payload_type(kind):
    """``kind`` as `isinstance` and calls see it in a program: a float counts numbers with gradients."""

    class Meta(type):
        def __instancecheck__(cls, x):
            return isinstance(x, Number | kind)

    class Payload(metaclass=Meta):
        def __new__(cls, x=0.0):
            return x if isinstance(x, Number) else kind(x)

    return Payload


_BUILTINS = {"float": _payload_type(float)}
_MODULES = {id(math): _MATH, id(np): _NUMPY, id(cmath): cmath}


def rebound(f: Callable[..., Any]) -> Callable[..., Any]:
    """``f`` and the plain functions of its module, with the modules of this file in place of math and NumPy."""
    namespace: dict[str, Any] = dict(_BUILTINS)
    for name, entry in f.__globals__.items():
        namespace[name] = _MODULES.get(id(entry), entry)
    of_the_module = {name: entry for name, entry in f.__globals__.items() if _is_own(entry, f)}
    for name, entry in of_the_module.items():
        namespace[name] = _copied(entry, namespace)
    return _copied(f, namespace)


def _is_own(entry: Any, f: Any) -> bool:
    if isinstance(entry, type):
        return entry.__module__ == f.__module__ and any(isinstance(m, types.FunctionType) for m in vars(entry).values())
    return isinstance(entry, types.FunctionType) and entry.__globals__ is f.__globals__


def _copied(entry: Any, namespace: dict[str, Any]) -> Any:
    if isinstance(entry, type):
        changed = {
            name: _copied(member, namespace) if _has_code(member) else member for name, member in vars(entry).items()
        }
        return type(entry.__name__, entry.__bases__, {k: v for k, v in changed.items() if k not in _OF_CLASSES})
    if isinstance(entry, property):
        return property(_copied(entry.fget, namespace))
    return functools.wraps(entry)(
        _with_defaults(types.FunctionType(entry.__code__, namespace, entry.__name__, None, entry.__closure__), entry)
    )


_OF_CLASSES = {"__dict__", "__weakref__"}


def _has_code(member: Any) -> bool:
    return isinstance(member, types.FunctionType | property)


def _with_defaults(made: types.FunctionType, entry: types.FunctionType) -> types.FunctionType:
    made.__defaults__, made.__kwdefaults__ = entry.__defaults__, entry.__kwdefaults__
    return made


def jacobian(run: Callable[..., Any], x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Value (m,) and Jacobian (m, n) at ``x`` of a program that `rebound` returned."""
    rows = np.eye(x.size)
    lifted = np.empty(x.shape, dtype=object)
    lifted.reshape(-1)[:] = [Number(value, row) for value, row in zip(x.reshape(-1), rows, strict=True)]
    with np.errstate(all="ignore"):
        out = [of(y) for y in np.ravel(np.asarray(run(lifted if x.ndim else lifted[()]), dtype=object))]
    values = np.array([y.value for y in out], dtype=float)
    return values, np.array([np.broadcast_to(y.gradient, x.size) for y in out]).reshape(len(out), x.size)


def dependences(run: Callable[..., Any], points: Any, infeasible: tuple[type[Exception], ...]) -> np.ndarray:
    """The entries (m, n) of the Jacobian that are not zero at one of ``points`` or more.

    A point at which the program raises one of ``infeasible`` says nothing; nor does an entry that is not finite.
    """
    seen: Any = False
    for x in points:
        try:
            _, slopes = jacobian(run, x)
        except infeasible:
            continue
        seen = seen | (np.isfinite(slopes) & (slopes != 0.0))
    return np.asarray(seen)


def samples(x: np.ndarray, count: int, seed: int = 0) -> list[np.ndarray]:
    """Inputs of ``x``'s shape: ``x``, points near and far, and points on a coarse grid, where equality guards hold."""
    rng = np.random.default_rng(seed)
    grid = np.array([-2.0, -1.0, -0.5, 0.0, 0.0, 0.5, 1.0, 2.0])
    points = [x.copy()]
    for i in range(count):
        kind = i % 4
        if kind == 0:
            points.append(x + rng.normal(size=x.shape) * 0.3)
        elif kind == 1:
            points.append(rng.normal(size=x.shape) * rng.choice([0.5, 2.0, 6.0]))
        elif kind == 2:
            points.append(rng.choice(grid, size=x.shape))
        else:
            points.append(np.where(rng.random(x.shape) < 0.5, rng.choice(grid, size=x.shape), x))
    return points

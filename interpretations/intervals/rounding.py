"""Directed rounding: + - * / and sqrt, rounded down or up as IEEE 754 does it, bit for bit.

Every pair ``f_down``, ``f_up`` brackets the real result by the two nearest floats, or by one float twice
where the result is a float: overflow rounds down to the largest float, underflow up to the smallest,
a difference of equal numbers down to -0, infinities and NaN propagate. Two engines give the same bits:

*hardware*, for NumPy arrays: the processor's rounding mode is set around one ufunc call and put back. It
costs one pass a result. The mode belongs to the thread, and no Python code runs while it is set. The
engine is used only after `_processor` saw it agree with the other engine on this machine.

*residual*, for Python scalars, CuPy arrays and all else: round to nearest, compute the sign of (exact - rounded)
without error, step to the neighbour where it points outwards. Sums use Dekker's FastTwoSum, products and
quotients Veltkamp's splitting (T. J. Dekker, Numer. Math. 18, 1971) on significands scaled into
[1/2, 1) by frexp, so that nothing over- or underflows on the way.

Operands are floats (Python's or NumPy's) or float64 arrays that broadcast. Scalars return `numpy.float64`.
``out`` is a place offered for the result of NumPy arrays; the result returned may lie elsewhere.
Floating-point warnings (overflow, 0/0) are NumPy's own: callers silence them, once for many calls, as a warning
is Python code, which would run while the mode is set.
"""

import ctypes
import math
import sys
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

Reals = Any
"""A float, or an array of float64."""

MAX = sys.float_info.max
INF = math.inf

_TO_NEAREST = 0
_MODES = ((0x400, 0x800), (0x800000, 0x400000), (0x100, 0x200))
"""(down, up) as fenv.h has them on x86, on ARM, and in Microsoft's C library. One refuses another's."""
_LIBRARIES = (None, "libm.so.6", "libm.so", "ucrtbase")
_SPLITTER = 134217729.0  # 2**27 + 1
_MAGNITUDE = (1 << 63) - 1
"""All bits of a float but its sign."""
_INFINITY_BITS = 0x7FF << 52


def namespace(*operands: Reals) -> ModuleType:
    """The module that computes on ``operands``: `math` for scalars, `numpy`, or the package of a foreign array."""
    found: ModuleType = math
    for x in operands:
        kind = type(x)
        if kind is np.ndarray:
            found = np if found is math else found
        elif kind is not float and kind is not int and not isinstance(x, np.generic | float | int):
            found = sys.modules[kind.__module__.partition(".")[0]]
    return found


# Engine 1: the residual's sign, without error


def split(x: Reals) -> tuple[Reals, Reals]:
    """Veltkamp: ``x == high + low`` exactly, each of at most 26 bits. Overflows above 2**996."""
    c = _SPLITTER * x
    high = c - (c - x)
    return high, x - high


def two_sum(x: Reals, y: Reals) -> tuple[Reals, Reals]:
    """Knuth: ``x + y == s + e`` exactly, s the rounded sum."""
    s = x + y
    v = s - x
    return s, (x - (s - v)) + (y - v)


def two_product(x: Reals, y: Reals) -> tuple[Reals, Reals]:
    """Dekker: ``x * y == p + e`` exactly, p the rounded product, unless something over- or underflows."""
    p = x * y
    (a, b), (c, d) = split(x), split(y)
    return p, ((a * c - p) + a * d + b * c) + b * d


def _sum_residual(xp: ModuleType, s: Reals, x: Reals, y: Reals) -> Reals:
    if xp is math:
        return y - (s - x) if abs(x) >= abs(y) else x - (s - y)
    x, y = xp.where(abs(x) >= abs(y), x, y), xp.where(abs(x) >= abs(y), y, x)
    return y - (s - x)


def _product_residual(xp: ModuleType, p: Reals, x: Reals, y: Reals) -> Reals:
    (m, i), (n, j) = xp.frexp(x), xp.frexp(y)
    scaled, error = two_product(m, n)
    return (scaled - xp.ldexp(p, -(i + j))) + error


def _quotient_residual(xp: ModuleType, q: Reals, x: Reals, y: Reals) -> Reals:
    (m, i), (n, j) = xp.frexp(x), xp.frexp(y)
    p, error = two_product(xp.ldexp(q, j - i), n)
    return ((m - p) - error) * n


def _root_residual(xp: ModuleType, r: Reals, x: Reals) -> Reals:
    m, i = xp.frexp(x)
    odd = i % 2
    p, error = two_product(*[xp.ldexp(r, -((i - odd) // 2))] * 2)
    return (xp.ldexp(m, odd) - p) - error


def _scalar_quotient(x: float, y: float) -> float:
    if y:
        return x / y
    return math.nan if not x or x != x else math.copysign(INF, x) * math.copysign(1.0, y)


def _scalar_root(x: float) -> float:
    return math.sqrt(x) if x >= 0 else math.nan


# Engine 2: the processor


@cache
def _processor() -> tuple[Callable[[int], int], dict[float, int]] | None:
    """C's fesetround and its codes for down and up; None where it does not work on NumPy's loops."""
    for name in _LIBRARIES:
        try:
            set_mode = ctypes.PyDLL(name).fesetround  # PyDLL: keeps the GIL, so no other thread comes between
        except (OSError, AttributeError):
            continue
        for down, up in _MODES:
            modes = {-INF: down, INF: up}
            if _agrees(set_mode, modes):
                return set_mode, modes
    return None


def _agrees(set_mode: Callable[[int], int], modes: dict[float, int]) -> bool:
    """Whether NumPy's vector, remainder and strided loops obey the mode: compared with the residual engine."""
    x = np.concatenate([np.linspace(0.1, 7.3, 67), [5e-324, 1e-300, 2.0**-1022, MAX, MAX, 0.0]])
    y = np.concatenate([np.linspace(9.7, 0.3, 67), [0.7, 1e-20, 3.0, 1e300, 3.0, 0.1]])
    try:
        with np.errstate(all="ignore"):
            for ufunc, residual, _ in _OPERATIONS:
                for operands in (x, y)[: ufunc.nin], (x[::2], y[::2])[: ufunc.nin]:
                    for direction, mode in modes.items():
                        if set_mode(mode):
                            return False
                        got = ufunc(*operands)
                        set_mode(_TO_NEAREST)
                        if not np.array_equal(got, _stepped(np, ufunc, residual, direction, operands)):
                            return False
    finally:
        set_mode(_TO_NEAREST)
    return True


# The two together


def _stepped(xp: ModuleType, ufunc: Any, residual: Any, direction: float, operands: tuple[Reals, ...]) -> Reals:
    """The residual engine on arrays."""
    nearest = ufunc(*operands)
    if ufunc in _SUMS and direction < 0:
        nearest = -ufunc(*(-x for x in operands))  # only the sign of a zero sum depends on this
    finite = xp.isfinite(operands[0]) & xp.isfinite(operands[-1])
    if ufunc is np.divide:
        finite = finite & (operands[1] != 0)  # a pole, no overflow
    nearest = xp.where(finite, xp.clip(nearest, -MAX, MAX), nearest)
    outwards = residual(xp, nearest, *operands) * direction > 0
    return xp.where(finite & outwards, xp.nextafter(nearest, direction), nearest)


def _directed(ufunc: Any, residual: Any, scalar: Callable[..., float], direction: float) -> Callable[..., Reals]:
    nextafter, isfinite, copysign = math.nextafter, math.isfinite, math.copysign

    def on_scalars(*operands: float) -> float:
        nearest = scalar(*operands)
        if not isfinite(nearest):
            if nearest != nearest or not all(map(isfinite, operands)) or (ufunc is np.divide and not operands[1]):
                return nearest
            nearest = copysign(MAX, nearest)
        sign = residual(math, nearest, *operands) * direction
        if sign > 0:
            return nextafter(nearest, direction)
        if not nearest and direction < 0 and ufunc in _SUMS:
            return -scalar(*(-x for x in operands))
        return nearest

    def rounded(*operands: Reals, out: np.ndarray | None = None) -> Reals:
        xp = namespace(*operands)
        if xp is math:
            return np.float64(on_scalars(*map(float, operands)))
        if xp is np and (processor := _processor()):
            set_mode, modes = processor
            try:
                set_mode(modes[direction])
                return ufunc(*operands, out=out)
            finally:
                set_mode(_TO_NEAREST)
        return _stepped(xp, ufunc, residual, direction, operands)

    return rounded


def _extreme(f: Callable[..., Reals], ufunc: Any, direction: float) -> Callable[..., Reals]:
    """The least of f at the corners of a box rounded down, or the greatest rounded up, in one change of mode.

    A NaN there, which is 0 * inf or inf / inf, is no candidate.
    """
    name = "fmin" if direction < 0 else "fmax"

    def extreme(a: Reals, b: Reals, c: Reals, d: Reals) -> Reals:
        xp = namespace(a, b, c, d)
        if xp is math:
            values = [x for x in (f(a, c), f(a, d), f(b, c), f(b, d)) if x == x]
            return (min if direction < 0 else max)(values, default=np.float64(math.nan))
        choose = getattr(xp, name)
        if xp is np and (processor := _processor()):
            set_mode, modes = processor
            try:
                set_mode(modes[direction])
                best, other = ufunc(a, c), ufunc(a, d)
                choose(best, other, best)
                choose(best, ufunc(b, c, other), best)
                return choose(best, ufunc(b, d, other), best)
            finally:
                set_mode(_TO_NEAREST)
        return choose(choose(f(a, c), f(a, d)), choose(f(b, c), f(b, d)))

    return extreme


_SUMS = (np.add, np.subtract)
_OPERATIONS: tuple[tuple[Any, Any, Callable[..., float]], ...] = (
    (np.add, _sum_residual, lambda x, y: x + y),
    (np.subtract, lambda xp, s, x, y: _sum_residual(xp, s, x, -y), lambda x, y: x - y),
    (np.multiply, _product_residual, lambda x, y: x * y),
    (np.divide, _quotient_residual, _scalar_quotient),
    (np.sqrt, _root_residual, _scalar_root),
)
(
    (add_down, sub_down, mul_down, div_down, sqrt_down),
    (add_up, sub_up, mul_up, div_up, sqrt_up),
) = ([_directed(*operation, direction) for operation in _OPERATIONS] for direction in (-INF, INF))

least_product, greatest_product = _extreme(mul_down, np.multiply, -INF), _extreme(mul_up, np.multiply, INF)
least_quotient, greatest_quotient = _extreme(div_down, np.divide, -INF), _extreme(div_up, np.divide, INF)


# Neighbours. Floats in the order of the line are integers in sign-magnitude notation: a step is an addition.


def next_down(x: Reals, steps: int = 1) -> Reals:
    """The float ``steps`` places below ``x``: -inf stays, inf gives the largest float, NaN stays."""
    return _moved(x, -steps)


def next_up(x: Reals, steps: int = 1) -> Reals:
    """The float ``steps`` places above ``x``: inf stays, -inf gives the least float, NaN stays."""
    return _moved(x, steps)


def _moved(x: Reals, steps: int) -> Reals:
    xp = namespace(x)
    if xp is np and not x.ndim:
        x, xp = x[()], math
    if xp is math:
        for _ in range(abs(steps)):
            x = math.nextafter(x, steps * INF)
        return np.float64(x)
    # Clipped so that adding the steps ends at the infinity.
    last = _from_bits(_INFINITY_BITS - abs(steps))
    bits = (xp.maximum(x, -last) if steps < 0 else xp.minimum(x, last)).view(np.int64)
    sign = bits >> 63
    bits ^= sign & _MAGNITUDE
    bits -= sign  # now in the order of the line, both zeros 0
    bits += steps
    xp.right_shift(bits, 63, out=sign)
    bits += sign
    sign &= _MAGNITUDE
    bits ^= sign
    return bits.view(np.float64)


@cache
def _from_bits(bits: int) -> float:
    return float(np.int64(bits).view(np.float64))

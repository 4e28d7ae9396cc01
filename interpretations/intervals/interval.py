"""`Interval`: a number or array between proven ends, with a decoration that tells how it was reached.

Every rule returns an interval that contains every result of the real function on every point of its
operands (set-based flavour of IEEE 1788-2015). Ends are rounded outward by `rounding`, functions
enclosed by `enclosures`. The decoration is the weakest met on the way: `com` and `dac` mean defined
and continuous on the whole box, `def` defined, `trv` neither is known. Intervals are always innermost.

A comparison that the intervals decide answers plain booleans; one that they leave open is an Interval
of booleans [certainly, possibly]: `np.where` takes the hull of both sides there, `if` raises.
"""

import math
from typing import Any, Self

import numpy as np

from interp import level as levels
from interp.control.path import PATH
from interp.errors import InterpError, RefusedStack, ShapeError, UndecidedError
from interp.rules import compiling
from interp.value import Value, shape_of
from interpretations.intervals.decoration import Decoration
from interpretations.intervals.native import COM as _COM
from interpretations.intervals.native import DAC as _DAC
from interpretations.intervals.native import TRV as _TRV
from interpretations.intervals.native import decided, middle
from interpretations.intervals.rounding import add_down, add_up, sub_up

COM, DAC, DEF, TRV = Decoration.COM, Decoration.DAC, Decoration.DEF, Decoration.TRV


class Interval(Value):
    """The numbers from ``lo`` to ``hi``; of arrays, elementwise.

    Parameters
    ----------
    lo, hi: numbers or arrays that broadcast together, lo <= hi; ``hi`` defaults to ``lo``. They become
        float64: exactly, or outward where float64 cannot say them (integers beyond 2**53, long doubles).
    decoration: a `Decoration` or an array of them, of the ends' shape or a number; by default `com`, or
        `dac` where unbounded.

    Raises `InterpError` where lo > hi, an end is NaN, or an interval would lie at one infinity,
    `ShapeError` where shapes do not fit, and `RefusedStack` for a payload that is itself a value.
    """

    __slots__ = ("decoration", "hi", "level", "lo")
    components = ("lo", "hi", "decoration")
    joins = True
    has_primal = False

    def __init__(self, lo: Any, hi: Any = None, decoration: Any = None) -> None:
        hi = lo if hi is None else hi
        for end in (lo, hi):
            if isinstance(end, Value):
                raise refusal(end)
        lo, hi = _float64(lo, -np.inf), _float64(hi, np.inf)
        if shape_of(lo) != shape_of(hi):
            lo, hi = _broadcast(lo, hi)
        if not np.all((lo <= hi) & (lo < np.inf) & (hi > -np.inf)):
            raise InterpError(
                f"no interval from {lo} to {hi}: ends must be numbers with lo <= hi, not both at one infinity; "
                "for the empty interval use empty(), for all reals entire()"
            )
        self.lo, self.hi, self.level = lo, hi, levels.INTERVAL
        bounded = np.isfinite(lo) & np.isfinite(hi)
        best = _levels(np.where(bounded, COM, DAC))
        self.decoration = best if decoration is None else _levels(np.minimum(best, _checked(decoration, shape_of(lo))))

    @property
    def payload(self) -> Any:
        return self.lo

    def primal_payload(self) -> Any:
        return self.mid

    @property
    def mid(self) -> Any:
        """Midpoint, a finite number in the interval; NaN of the empty interval."""
        if compiling:
            return middle(self.lo * 1.0, self.hi * 1.0)
        lo, hi = self.lo, self.hi
        if is_truth(lo):
            return lo
        with np.errstate(over="ignore", invalid="ignore"):
            half = 0.5 * lo + 0.5 * hi
        big = np.finfo(float).max
        mid = np.where(np.isinf(lo) & np.isinf(hi), 0.0, np.clip(half, -big, big))
        return np.where(lo == hi, lo, mid)[()]

    @property
    def width(self) -> Any:
        """hi - lo, rounded up."""
        with np.errstate(over="ignore"):
            return sub_up(self.hi, self.lo)

    def constant(self, payload: Any) -> Self:
        if compiling:
            return self.rebuild(
                payload * 1.0,
                payload * 1.0,
                np.int8(_COM if abs(payload) < np.inf else _DAC if payload == payload else _TRV),
            )
        return point(payload)  # type: ignore[return-value]

    def leave_native(self) -> Any:
        if not is_truth(self.lo) or not np.all(self.lo == self.hi):
            return self
        return self.lo if shape_of(self.lo) else np.bool_(self.lo)

    def rounded_constant(self, c: float) -> Any:
        if compiling:
            return self.rebuild(np.nextafter(c, -np.inf), np.nextafter(c, np.inf), np.int8(_COM))
        return make(np.nextafter(c, -np.inf), np.nextafter(c, np.inf), COM)

    def __bool__(self) -> bool:
        if compiling:
            return decided(self.lo * 1.0, self.hi * 1.0)
        if self.shape and self.size != 1:
            raise ValueError(f"truth value of an Interval of shape {self.shape}: use np.all or np.any")
        truth = self if is_truth(self.lo) else self != 0
        if not isinstance(truth, Interval):
            return bool(truth)
        if PATH.outcomes is not None:
            return PATH.outcomes.outcome(truth)  # type: ignore[no-any-return]
        raise UndecidedError(
            "a branch on this Interval is undecided: the condition holds for some of its points only. "
            "Use np.where, np.maximum or np.abs instead of `if`, or split the box"
        )

    # -- branches: see `Value.joins`

    def decision(self) -> bool | None:
        """The truth of a condition for all points of the box; None if it holds for some."""
        truth = self if is_truth(self.lo) else self != 0
        if not isinstance(truth, Interval):
            return bool(truth)
        return bool(truth.lo) if bool(truth.lo) == bool(truth.hi) else None

    def primal_truth(self) -> None:
        """No point of the box is the one."""

    def undecided(self, on: bool) -> Self:
        """A condition that holds for some points."""
        return self.rebuild(np.False_, np.True_, np.int8(DEF))

    def unknown(self, number: Any) -> Any:
        """Any number."""
        return make(np.float64(-np.inf), np.float64(np.inf), np.int8(DEF))

    def integer(self) -> Any:
        """``int(x)``: one of the integers in the box, which all may be positions."""
        lo, hi = np.trunc(self.lo), np.trunc(self.hi)
        return int(lo) if lo == hi else make(lo, hi, np.minimum(self.decoration, DEF))

    def covers(self, other: Self) -> bool:
        """True if ``other`` lies within, and is decorated no worse."""
        empty_there = np.isnan(other.lo)
        inside = empty_there | ((self.lo <= other.lo) & (other.hi <= self.hi))
        return bool(np.all(inside) and np.all(self.decoration <= other.decoration))

    def widened(self, later: Self) -> Self:
        """The ends of ``later``, at infinity where they have moved since."""
        lo = np.where(later.lo < self.lo, -np.inf, later.lo)[()]
        hi = np.where(later.hi > self.hi, np.inf, later.hi)[()]
        return self.rebuild(lo, hi, np.minimum(later.decoration, np.int8(DAC)))

    def undefined_somewhere(self) -> Self:
        """The same ends, of a function that raises for a part of the box."""
        return self.rebuild(self.lo, self.hi, np.minimum(self.decoration, np.int8(TRV)))

    def cut(self, symbol: str, bound: Any) -> Any:
        """The part on which ``self symbol bound`` can hold; None where that is no narrower."""
        if is_truth(self.lo) or self.shape or not isinstance(bound, Interval | float | int | np.number):
            return None
        low, high, _ = ends(bound)
        lo = max(self.lo, low) if symbol in (">", ">=", "==") else self.lo
        hi = min(self.hi, high) if symbol in ("<", "<=", "==") else self.hi
        return None if (lo, hi) == (self.lo, self.hi) or not lo <= hi else self.rebuild(lo, hi, self.decoration)

    def __contains__(self, x: Any) -> bool:
        return bool(np.all((self.lo <= x) & (x <= self.hi)))

    def __repr__(self) -> str:
        if self.shape:
            return f"Interval(lo={self.lo!r}, hi={self.hi!r})"
        if is_truth(self.lo):
            return "Interval(undecided)"
        name = Decoration(int(self.decoration)).name.lower()
        return f"Interval({float(self.lo)!r}, {float(self.hi)!r}, {name})"


def make(lo: Any, hi: Any, decoration: Any) -> Interval:
    """An Interval without checks: what rules return. ``decoration`` broadcasts to the shape of ``lo``."""
    new = object.__new__(Interval)
    new.lo, new.hi, new.level = lo, hi, levels.INTERVAL
    shape = shape_of(lo)
    if shape_of(decoration) != shape:
        decoration = np.broadcast_to(decoration, shape).copy()
    new.decoration = decoration
    return new


def point(x: Any) -> Interval:
    """A plain number or array as intervals of no width. A NaN stays NaN, and trivial; an infinity is unbounded."""
    if isinstance(x, Value):
        raise refusal(x)
    if is_truth(x):
        lo, hi = x, x.copy() if shape_of(x) else x
    else:
        lo, hi = _float64(x, -np.inf), _float64(x, np.inf)
    return make(lo, hi, _levels(np.where(np.isfinite(lo), COM, np.where(lo == lo, DAC, TRV))))


def is_truth(end: Any) -> bool:
    """True of the ends of an interval of booleans."""
    return isinstance(end, bool | np.bool) or (hasattr(end, "dtype") and end.dtype.kind == "b")


def refusal(inner: Value) -> RefusedStack:
    """The error for an Interval around another value."""
    kind = type(inner).__name__
    return RefusedStack(
        f"an Interval cannot go around a {kind}: intervals are innermost. Put bounds() last, as in "
        f"interpret(f, gradient(), bounds(...)), or build {kind} around Interval"
    )


def _float64(x: Any, direction: float) -> Any:
    """``x`` in float64 and in storage of its own, rounded to the side of ``direction``, an infinity."""
    if isinstance(x, int) and not isinstance(x, bool):
        return np.float64(_outward(x, direction))
    array = x if hasattr(x, "dtype") else np.asarray(x)
    kind, bits = array.dtype.kind, 8 * array.dtype.itemsize
    if kind not in "fiub":
        raise InterpError(f"an Interval of {array.dtype}: ends are real numbers")
    if kind in "iu" and bits == 64:
        low = array & np.array(0x7FF, array.dtype)  # the rest has 53 bits
        add = add_down if direction < 0 else add_up
        return add((array - low).astype(np.float64), low.astype(np.float64))
    with np.errstate(over="ignore", under="ignore"):
        nearest = array.astype(np.float64)
    if kind == "f" and bits > 64:
        inside = (nearest > array) if direction < 0 else (nearest < array)
        nearest = np.where(inside, np.nextafter(nearest, direction), nearest)
    return nearest if shape_of(array) else np.float64(nearest)


def _outward(n: int, direction: float) -> float:
    """The nearest float to an integer on the side of ``direction``. Python compares the two exactly."""
    try:
        nearest = float(n)
    except OverflowError:
        nearest = np.inf if n > 0 else -np.inf
    inside = nearest > n if direction < 0 else nearest < n
    return math.nextafter(nearest, direction) if inside else nearest


def _broadcast(lo: Any, hi: Any) -> Any:
    try:
        return (x.copy() for x in np.broadcast_arrays(lo, hi))
    except ValueError:
        raise ShapeError(f"no interval from shape {shape_of(lo)} to shape {shape_of(hi)}") from None


def _checked(decoration: Any, shape: tuple[int, ...]) -> Any:
    """A user's decoration: levels, one for all or one for each interval."""
    levels_given = np.asarray(decoration)
    if levels_given.dtype.kind not in "iu" or not np.isin(levels_given, list(Decoration)).all():
        raise InterpError(f"decoration={decoration!r}: give a Decoration, as in Decoration.DAC, or an array of them")
    if levels_given.shape not in ((), shape):
        raise ShapeError(f"decorations of shape {levels_given.shape} for intervals of shape {shape}")
    return levels_given


def _levels(decoration: Any) -> Any:
    return np.asarray(decoration).astype(np.int8)[()]


def weakest(*parts: Any) -> Any:
    """The weakest of several decorations, elementwise."""
    result = parts[0]
    for part in parts[1:]:
        result = np.minimum(result, part)
    return result


def ends(x: Any) -> tuple[Any, Any, Any]:
    """(lo, hi, decoration) of an operand: an Interval, or a plain constant as a point."""
    if not isinstance(x, Interval):
        x = point(x)
    if is_truth(x.lo):
        return x.lo * 1.0, x.hi * 1.0, x.decoration
    if isinstance(x.lo, np.ndarray) and not x.shape:  # x.reshape(()): the enclosures tell numbers from arrays
        return x.lo[()], x.hi[()], x.decoration[()]
    return x.lo, x.hi, x.decoration


def hull(x: Any, y: Any, decoration: Any) -> Interval:
    """The smallest interval around both; an empty side adds nothing."""
    (a, b, _), (c, d, _) = ends(x), ends(y)
    return make(np.fmin(a, c), np.fmax(b, d), decoration)


def empty() -> Interval:
    """The empty interval (ends NaN)."""
    return make(np.float64(np.nan), np.float64(np.nan), np.int8(TRV))


def entire() -> Interval:
    """All real numbers."""
    return Interval(-np.inf, np.inf)

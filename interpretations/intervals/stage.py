"""`bounds`: proven enclosures as a stage of `interp.interpret`, and `enclose`, the tightest we can prove."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from interp.errors import InterpError, RefusedStack, ShapeError
from interp.interpretation import Interpretation
from interp.value import Value, shape_of
from interp.vocabulary import copy
from interpretations.derivatives import jacrev
from interpretations.intervals.decoration import Decoration
from interpretations.intervals.interval import Interval, make, point, refusal
from interpretations.intervals.rounding import add_up, sub_down


class bounds(Interpretation):
    """The output's range over a box of inputs: ``bounds(radius)`` around the input, or ``bounds(lo, hi)``.

    Each argument is a number or has the input's shape; radii are not negative. An input that is already
    an `Interval` is taken as it is by ``bounds()``; of a plain one that is the box of a point. Reads
    ``bounds``, a pair (lo, hi) of the output's shape; ``value`` is the midpoint of the enclosure.
    """

    def __init__(self, lo: Any = None, hi: Any = None) -> None:
        self.takes_intervals = lo is None and hi is None
        self.lo, self.hi = _real(0.0 if lo is None else lo), None if hi is None else _real(hi)
        if hi is None and not np.all(self.lo >= 0):
            raise InterpError(f"bounds({lo}): a radius is not negative; for a box write bounds(lo, hi)")

    def lift(self, payload: Any, level: int) -> Interval:
        if isinstance(payload, Interval):
            if not self.takes_intervals:
                raise RefusedStack("the input is an Interval already: bounds(), without arguments, takes it as it is")
            return copy(payload) if payload.shape else payload
        if isinstance(payload, Value):
            raise refusal(payload)
        for end in (self.lo, self.hi):
            if end is not None and shape_of(end) not in ((), shape_of(payload)):
                raise ShapeError(f"bounds of shape {shape_of(end)} for an input of shape {shape_of(payload)}")
        if self.hi is None:
            exact = point(payload)
            with np.errstate(over="ignore"):
                return Interval(sub_down(exact.lo, self.lo), add_up(exact.hi, self.lo))
        full = np.zeros(shape_of(payload))
        return Interval((self.lo + full)[()], (self.hi + full)[()])

    def read(self, value: Any, lifted: Interval) -> Mapping[str, Any]:
        enclosure = value if isinstance(value, Interval) else point(value)
        return {"value": enclosure.mid, "bounds": (enclosure.lo, enclosure.hi)}


def _real(end: Any) -> Any:
    """An end or radius as a number or an array of floats."""
    array = end if hasattr(end, "dtype") else np.asarray(end)
    if array.dtype.kind not in "biuf":
        raise InterpError(f"bounds({end!r}): ends and radii are real numbers, or arrays of them")
    return array.astype(float) if shape_of(array) else float(array)


def enclose(f: Callable[[Any], Any], box: Interval) -> Interval:
    """An enclosure of the range of ``f`` over ``box``: natural extension and mean value form, intersected.

    ``f`` takes one number or array and returns one. The mean value form f(c) + f'(box) (box - c) is
    quadratically tight in small boxes; it is used where ``f`` is proven continuous on the box
    (decoration `dac` or better), else the natural extension stands alone. Source: Neumaier 1990,
    *Interval Methods for Systems of Equations*, section 2.3.
    """
    natural = f(box)
    if not isinstance(natural, Interval):
        return point(natural)
    if np.any(np.asarray(natural.decoration) < Decoration.DAC):
        return natural
    centre = box.mid
    offset = box - point(centre)
    slopes = jacrev(f)(box)
    axes = tuple(range(-len(box.shape), 0))
    change = (slopes * offset).sum(axis=axes) if axes else slopes * offset
    linear = f(point(centre)) + change
    lo, hi = np.maximum(natural.lo, linear.lo), np.minimum(natural.hi, linear.hi)
    return make(lo, hi, natural.decoration)

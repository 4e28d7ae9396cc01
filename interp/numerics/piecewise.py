"""Piecewise polynomials for every number type: at a value, with coefficients or breakpoints that are values.

The piece is chosen by the plain numbers where comparisons are decided, as they are for types that follow the primal.
Where they are not (an Interval across a breakpoint, a tracer of the pattern at every input) all pieces that a
comparison leaves possible are evaluated, each on the part of the argument that is its own, and joined by ``where``.
"""

from typing import Any, Self

import numpy as np

from interp.value import Value, encloses, ndim_of, operand, primal, shape_of
from interp.vocabulary import (
    clip,
    concatenate,
    cumsum,
    expand_dims,
    getitem,
    greater_equal,
    less,
    less_equal,
    logical_and,
    maximum,
    minimum,
    moveaxis,
    multiply,
    remainder,
    where,
    zeros,
)
from interp.vocabulary.creation import held

Extrapolate = bool | str


class PiecewisePolynomial:
    """On the piece [x[i], x[i+1]) the polynomial sum over j of ``c[j, i] * (t - x[i])**(k - 1 - j)``.

    Parameters
    ----------
    c: coefficients, of shape (k, m, ...), the highest power first, as SciPy's PPoly has them.
    x: breakpoints, of shape (m + 1,), ascending.
    extrapolate: beyond the ends, True goes on with the first and last piece, False gives NaN, "periodic" repeats.
    axis: where the axis of the argument stands in the result: the trailing shape of ``c`` is split there.

    ``c`` and ``x`` may be plain or values. The methods are those of `scipy.interpolate.PPoly`.
    """

    def __init__(self, c: Any, x: Any, extrapolate: Extrapolate | None = None, axis: int = 0) -> None:
        self.c, self.x, self.axis = operand(c), operand(x), axis
        self.extrapolate = True if extrapolate is None else extrapolate
        if not np.all(np.diff(primal(self.x)) >= 0):
            raise ValueError("the breakpoints of a piecewise polynomial at values must be ascending")
        if encloses(self.c):  # differences of breakpoints must be rounded outward as well
            self.x = held(self.x, self.c)

    @classmethod
    def of(cls, spline: Any) -> Self:
        """The same polynomial as a SciPy object with ``c``, ``x``, ``extrapolate`` and ``axis``."""
        return cls(spline.c, spline.x, spline.extrapolate, spline.axis)

    def __call__(self, x: Any, nu: int = 0, extrapolate: Extrapolate | None = None) -> Any:
        """The value, or the derivative of order ``nu``, at ``x`` of any shape."""
        extrapolate = self.extrapolate if extrapolate is None else extrapolate
        x = operand(x) * 1.0
        if encloses(self.c):
            x = held(x, self.c)
        pieces = self.derivative(nu) if nu > 0 else self.antiderivative(-nu) if nu < 0 else self
        out = pieces._evaluated(x, extrapolate)
        return _axis_moved(out, ndim_of(x), self.axis)

    def derivative(self, nu: int = 1) -> Self:
        """The derivative of order ``nu``, a piecewise polynomial itself."""
        if nu < 0:
            return self.antiderivative(-nu)
        c = self.c
        for _ in range(nu):
            powers = np.arange(shape_of(c)[0] - 1.0, 0.0, -1.0)
            c = c[:-1] * powers.reshape((-1, *(1,) * (ndim_of(c) - 1))) if len(powers) else c * 0.0
        return type(self)(c, self.x, self.extrapolate, self.axis)

    def antiderivative(self, nu: int = 1) -> Self:
        """The antiderivative of order ``nu`` that is 0 at the first breakpoint, and continuous."""
        if nu < 0:
            return self.derivative(-nu)
        c = self.c
        for _ in range(nu):
            powers = np.arange(float(shape_of(c)[0]), 0.0, -1.0)
            raised = c / powers.reshape((-1, *(1,) * (ndim_of(c) - 1)))
            widths = _as_column(self.x[1:] - self.x[:-1], ndim_of(c) - 2)
            total = _horner(concatenate([raised, zeros((1, *shape_of(c)[1:]), like=raised)]), widths)
            before = concatenate([zeros((1, *shape_of(c)[2:]), like=total), cumsum(total, axis=0)[:-1]])
            c = concatenate([raised, expand_dims(before, 0)])
        extrapolate = False if self.extrapolate == "periodic" else self.extrapolate
        return type(self)(c, self.x, extrapolate, self.axis)

    def integrate(self, a: Any, b: Any, extrapolate: Extrapolate | None = None) -> Any:
        """The integral from ``a`` to ``b``, numbers or scalar values."""
        extrapolate = self.extrapolate if extrapolate is None else extrapolate
        if extrapolate == "periodic":
            return self._over_periods(b) - self._over_periods(a)
        whole = self.antiderivative()
        return whole(b, extrapolate=extrapolate) - whole(a, extrapolate=extrapolate)

    def _over_periods(self, b: Any) -> Any:
        """The integral from the first breakpoint to ``b``."""
        whole = self.antiderivative()
        first, period = self.x[0], self.x[-1] - self.x[0]
        count = np.floor((b - first) / period)
        return whole(b - count * period, extrapolate=True) + whole(self.x[-1]) * count

    # -- evaluation

    def _evaluated(self, x: Any, extrapolate: Extrapolate) -> Any:
        first, last = self.x[0], self.x[-1]
        if extrapolate == "periodic":
            x = first + remainder(x - first, last - first)
        out = self._at(x)
        if extrapolate is False:
            inside = logical_and(greater_equal(x, first), less_equal(x, last))
            if isinstance(inside, Value) or not np.all(inside):
                out = where(_as_column(inside, ndim_of(self.c) - 2), out, np.nan)
        return out

    def _at(self, x: Any) -> Any:
        knots = self.x
        pieces = shape_of(self.c)[1]
        plain = primal(knots)
        i = np.clip(np.searchsorted(plain[1:-1], primal(x), side="right"), 0, pieces - 1)
        # The ends of the first and last piece are open: they go on.
        decided = [greater_equal(x, knots[i]), less(x, knots[i + 1])] if pieces > 1 else []
        if any(isinstance(answer, Value) for answer in decided):
            return self._joined(x)
        return self._piece(i, x)

    def _piece(self, i: Any, x: Any) -> Any:
        """The polynomials of the pieces ``i`` at ``x``, of one shape."""
        gap = _as_column(x - self.x[i], ndim_of(self.c) - 2)
        return _horner(getitem(self.c, (slice(None), i)), gap)

    def _joined(self, x: Any) -> Any:
        pieces = shape_of(self.c)[1]
        trailing = ndim_of(self.c) - 2
        out = None
        for i in range(pieces):
            own = x if pieces == 1 else minimum(x, self.x[1]) if i == 0 else maximum(x, self.x[i])
            own = clip(x, self.x[i], self.x[i + 1]) if 0 < i < pieces - 1 else own
            beyond = greater_equal(x, self.x[i])
            if out is None:
                out = self._piece(i, own)
                continue
            if not isinstance(beyond, Value) and not np.any(beyond):
                break
            out = where(_as_column(beyond, trailing), self._piece(i, own), out)
        return out


def _horner(c: Any, gap: Any) -> Any:
    total = c[0] + gap * 0.0
    for coefficient in list(c)[1:]:
        total = multiply(total, gap) + coefficient
    return total


def _as_column(x: Any, trailing: int) -> Any:
    """``x`` with unit axes behind, so that it broadcasts against the trailing shape of coefficients."""
    return x.reshape(shape_of(x) + (1,) * trailing) if trailing else x


def _axis_moved(out: Any, points: int, axis: int) -> Any:
    """The axes of the argument, first in ``out``, put at ``axis`` of the trailing shape."""
    if axis == 0 or points == 0:
        return out
    return moveaxis(out, tuple(range(points)), tuple(range(axis, axis + points)))

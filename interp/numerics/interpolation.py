"""Piecewise cubics through points: natural, clamped, not-a-knot and periodic splines, PCHIP, Akima; and lines.

Each scheme is a formula for the slopes at the points, in the vocabulary: positions, ordinates and boundary values may
be of any number type. The formulas and their special cases are SciPy's, so the numbers are too, to rounding.
Sources: de Boor 1978, *A Practical Guide to Splines*, chapter IV (cubic splines); Fritsch and Butland 1984, SIAM J.
Sci. Stat. Comput. 5, 300-304, and Moler 2004, *Numerical Computing with MATLAB*, section 3.6 (PCHIP and its ends);
Akima 1970, J. ACM 17, 589-602.
"""

from typing import Any

import numpy as np

from interp.numerics.piecewise import Extrapolate, PiecewisePolynomial
from interp.value import encloses, ndim_of, primal, shape_of
from interp.vocabulary import (
    absolute,
    broadcast_to,
    concatenate,
    equal,
    expand_dims,
    greater,
    linalg,
    logical_and,
    logical_or,
    max,
    moveaxis,
    not_equal,
    reshape,
    sign,
    square,
    stack,
    sum,
    where,
)
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.composites import composite
from interp.vocabulary.creation import as_operand, held

Boundary = Any
"""Of one end: "not-a-knot", "periodic", or (1 or 2, value) for a derivative."""


def prepared(x: Any, y: Any, axis: int) -> tuple[Any, Any]:
    """Positions (n,), and ordinates with their axis of points first; checked as SciPy checks them."""
    x, y = as_operand(x) * 1.0, as_operand(y) * 1.0
    if ndim_of(x) != 1 or shape_of(x)[0] < 2:
        raise ValueError("`x` must be 1-dimensional with at least 2 elements.")
    y = moveaxis(y, axis, 0)
    if shape_of(y)[0] != shape_of(x)[0]:
        raise ValueError(f"The length of `y` along `axis`={axis} doesn't match the length of `x`")
    if not np.all(np.diff(primal(x)) > 0):
        raise ValueError("`x` must be strictly increasing sequence.")
    return (held(x, y) if encloses(y) else x), y


def hermite(x: Any, y: Any, slopes: Any, extrapolate: Extrapolate | None, axis: int) -> PiecewisePolynomial:
    """The piecewise cubic with these ordinates and slopes at the points, the axis of points first."""
    h = _beside(x[1:] - x[:-1], y)
    chord = (y[1:] - y[:-1]) / h
    bend = (slopes[:-1] + slopes[1:] - 2.0 * chord) / h
    c = stack([bend / h, (chord - slopes[:-1]) / h - bend, slopes[:-1], y[:-1]])
    return PiecewisePolynomial(c, x, extrapolate, axis)


def linear(x: Any, y: Any, extrapolate: Extrapolate | None = True, axis: int = 0) -> PiecewisePolynomial:
    """Straight lines between points, the axis of points first."""
    return PiecewisePolynomial(stack([(y[1:] - y[:-1]) / _beside(x[1:] - x[:-1], y), y[:-1]]), x, extrapolate, axis)


def _beside(x: Any, y: Any) -> Any:
    return reshape(x, shape_of(x) + (1,) * (ndim_of(y) - 1))


@composite(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """NumPy's ``interp``: lines through (xp, fp), held constant (or ``left``, ``right``) beyond the ends."""
    x, xp, fp = (as_operand(part) * 1.0 for part in (x, xp, fp))
    if ndim_of(xp) != 1 or shape_of(xp) != shape_of(fp) or not shape_of(xp)[0]:
        raise ValueError("fp and xp are not of the same length, or empty, or not of one axis")
    if period is not None:
        x, xp = x % period, xp % period
        order = np.argsort(primal(xp))
        xp, fp = xp[order], fp[order]
        xp = concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = concatenate([fp[-1:], fp, fp[:1]])
    if encloses(fp):
        xp = held(xp, fp)
    left = fp[0] if left is None or period is not None else left
    right = fp[-1] if right is None or period is not None else right
    inner = linear(xp, fp)(x) if shape_of(xp)[0] > 1 else fp[0] + 0.0 * x
    return where(x < xp[0], left, where(x > xp[-1], right, inner))


_AT = np.array([0.1, 0.33, 0.5, 0.71, 0.95])
enter(
    interp,
    np.interp,
    calls=[
        call((2, 3), through=lambda f, x: f(x, [0.1, 0.4, 0.9], [1.0, 3.0, 2.0])),
        call((4,), through=lambda f, y: f(_AT, [0.1, 0.4, 0.6, 0.9], y, left=0.0, right=7.0)),
        call((3,), (3,), through=lambda f, p, y: f(_AT, np.sort(p), y)),
        call((), through=lambda f, x: f(x, [0.1, 0.4, 0.9], [1.0, 3.0, 2.0])),
        call((2,), (3,), through=lambda f, x, y: f(x, [0.1, 0.4, 0.9], y, period=1.0)),
    ],
)

# -- slopes


def cubic_slopes(x: Any, y: Any, start: Boundary, end: Boundary) -> Any:
    """Slopes at the points such that the second derivative is continuous."""
    n = shape_of(x)[0]
    flat = reshape(y, (n, -1))
    h = x[1:] - x[:-1]
    chords = (flat[1:] - flat[:-1]) / h[:, None]
    if n == 2:
        start, end = ((1, chords[0]) if isinstance(bc, str) else bc for bc in (start, end))
    if start == "periodic":
        return reshape(_periodic(h, chords), shape_of(y))
    if n == 3 and start == end == "not-a-knot":  # both ends ask the same: the parabola through the points
        slopes = stack([chords[0], (h[0] * chords[1] + h[1] * chords[0]) / (h[0] + h[1]), chords[1]])
        middle = slopes[1]
        return reshape(stack([2.0 * chords[0] - middle, middle, 2.0 * chords[1] - middle]), shape_of(y))
    at = np.eye(n)
    first, right = _end(start, h, chords, at)
    last, left = _end(end, h[::-1], chords[::-1], at[::-1], -1.0)
    inner = h[1:, None] * at[:-2] + 2.0 * (h[:-1] + h[1:])[:, None] * at[1:-1] + h[:-1, None] * at[2:]
    sides = 3.0 * (h[1:, None] * chords[:-1] + h[:-1, None] * chords[1:])
    matrix = concatenate([expand_dims(first, 0), inner, expand_dims(last, 0)])
    return reshape(linalg.solve(matrix, concatenate([expand_dims(right, 0), sides, expand_dims(left, 0)])), shape_of(y))


def _end(bc: Boundary, h: Any, chords: Any, at: Any, outward: float = 1.0) -> tuple[Any, Any]:
    """The row of the matrix, and right-hand side, of one end; steps and chords counted from that end."""
    if isinstance(bc, str):
        if bc != "not-a-knot":
            raise ValueError(f"bc_type={bc} is not allowed.")
        d = h[0] + h[1]
        side = ((h[0] + 2.0 * d) * h[1] * chords[0] + square(h[0]) * chords[1]) / d
        return h[1] * at[0] + d * at[1], side
    order, value = bc
    value = reshape(as_operand(value) * 1.0, (-1,))
    if order == 1:
        return at[0] * 1.0, value + 0.0 * chords[0]
    if order != 2:
        raise ValueError("The specified derivative order must be 1 or 2.")
    return h[0] * (2.0 * at[0] + at[1]), 3.0 * h[0] * chords[0] - (0.5 * outward) * value * square(h[0])


def _periodic(h: Any, chords: Any) -> Any:
    n = shape_of(h)[0]
    if n == 2:
        slope = sum(chords / h[:, None], axis=0) / sum(1.0 / h)
        return broadcast_to(slope, (3, *shape_of(slope)))
    h_before, before = _turned(h), _turned(chords)
    at = np.eye(n)
    ring = h[:, None] * np.roll(at, -1, 1) + 2.0 * (h_before + h)[:, None] * at + h_before[:, None] * np.roll(at, 1, 1)
    slopes = linalg.solve(ring, 3.0 * (h[:, None] * before + h_before[:, None] * chords))
    return concatenate([slopes, slopes[:1]])


def _turned(x: Any) -> Any:
    return concatenate([x[-1:], x[:-1]])


def pchip_slopes(x: Any, y: Any) -> Any:
    """Slopes such that the cubics are monotone where the points are: weighted harmonic means of the chords'."""
    h = _beside(x[1:] - x[:-1], y)
    chords = (y[1:] - y[:-1]) / h
    if shape_of(y)[0] == 2:
        return broadcast_to(chords, shape_of(y))
    before, after = chords[:-1], chords[1:]
    flat = logical_or(not_equal(sign(before), sign(after)), logical_or(equal(before, 0.0), equal(after, 0.0)))
    w_before, w_after = h[:-1] + 2.0 * h[1:], 2.0 * h[:-1] + h[1:]
    # Of the means that are not taken the chords are 1, so that nothing divides by zero.
    mean = (w_before + w_after) / (w_before / where(flat, 1.0, before) + w_after / where(flat, 1.0, after))
    ends = [_pchip_end(h[i], h[j], chords[i], chords[j]) for i, j in ((0, 1), (-1, -2))]
    return concatenate([expand_dims(ends[0], 0), where(flat, 0.0, mean), expand_dims(ends[1], 0)])


def _pchip_end(h0: Any, h1: Any, m0: Any, m1: Any) -> Any:
    d = ((2.0 * h0 + h1) * m0 - h0 * m1) / (h0 + h1)
    steep = logical_and(not_equal(sign(m0), sign(m1)), greater(absolute(d), 3.0 * absolute(m0)))
    return where(not_equal(sign(d), sign(m0)), 0.0, where(steep, 3.0 * m0, d))


def akima_slopes(x: Any, y: Any, method: str = "akima") -> Any:
    """Slopes that are means of neighbouring chords', weighted by how much the chords beyond turn."""
    if method not in ("akima", "makima"):
        raise NotImplementedError(f"`method`={method} is unsupported.")
    chords = (y[1:] - y[:-1]) / _beside(x[1:] - x[:-1], y)
    if shape_of(y)[0] == 2:
        return broadcast_to(chords, shape_of(y))
    left = 2.0 * chords[0] - chords[1]
    right = 2.0 * chords[-1] - chords[-2]
    ends = [2.0 * left - chords[0], left, right, 2.0 * right - chords[-1]]
    first, second, third, fourth = (expand_dims(end, 0) for end in ends)
    m = concatenate([first, second, chords, third, fourth])
    turns = absolute(m[1:] - m[:-1])
    if method == "makima":
        turns = turns + 0.5 * absolute(m[1:] + m[:-1])
    before, after = turns[:-2], turns[2:]
    total = before + after
    defined = greater(total, 1e-9 * max(total))  # elsewhere four chords are in line by twos: any weights would do
    weight = before / where(defined, total, 1.0)
    return where(defined, m[1:-2] + weight * (m[2:-1] - m[1:-2]), 0.5 * (m[3:] + m[:-3]))

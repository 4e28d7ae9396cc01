"""`scipy.interpolate` at values: objects built from plain points and evaluated at a value, or built from values.

Cubic schemes are written in the vocabulary (`interp.numerics.interpolation`). B-splines through given points depend
linearly on the ordinates, and piecewise polynomials linearly on B-spline coefficients: SciPy itself, applied to the
unit vectors, gives both matrices.
"""

import math
from typing import Any

import numpy as np
import scipy.interpolate as si

from interp.control.foreign import refusal, refuse, register
from interp.errors import ForeignCall
from interp.numerics import interpolation
from interp.numerics.interpolation import hermite, prepared
from interp.numerics.piecewise import Extrapolate, PiecewisePolynomial
from interp.value import Value, encloses, ndim_of, primal, shape_of
from interp.vocabulary import broadcast_to, einsum, expand_dims, greater, less, moveaxis, reshape, where
from interp.vocabulary.creation import as_operand


class Spline(PiecewisePolynomial):
    """A B-spline with coefficients that are values: evaluated as the piecewise polynomial that it is.

    ``tck`` are the knots, coefficients (their axis first) and degree, as in SciPy's `BSpline`.
    """

    def __init__(self, t: Any, c: Any, k: int, extrapolate: Extrapolate | None = None, axis: int = 0) -> None:
        _plain("scipy.interpolate.BSpline", "knots", t)
        if encloses(c):
            raise ForeignCall(
                "a B-spline with coefficients that are intervals is not enclosed: its basis is rounded to nearest. "
                "Use CubicSpline, PchipInterpolator or np.interp, which are"
            )
        self.tck = (t, c, k)
        n = len(t) - k - 1
        coefficients = einsum("pms,s...->pm...", _powers(t, np.eye(n), k), c[:n])
        super().__init__(coefficients, t[k : n + 1], extrapolate, axis)

    def derivative(self, nu: int = 1) -> Any:
        return PiecewisePolynomial(self.c, self.x, self.extrapolate, self.axis).derivative(nu)

    def antiderivative(self, nu: int = 1) -> Any:
        return PiecewisePolynomial(self.c, self.x, self.extrapolate, self.axis).antiderivative(nu)


def _powers(t: Any, c: Any, k: int) -> Any:
    """Coefficients of the powers on each piece of the base interval, the highest first."""
    spline = si.BSpline(t, c, k)
    return np.stack([spline(t[k : len(t) - k - 1], nu) / math.factorial(nu) for nu in range(k, -1, -1)])


def _plain(call: str, what: str, x: Any) -> None:
    if isinstance(as_operand(x), Value):
        raise ForeignCall(
            f"{call}: its {what} are a {type(as_operand(x)).__name__}, and no derivative by them is defined. Pass "
            "interp.primal(...) if nothing is to flow through them; CubicSpline, PchipInterpolator, "
            "Akima1DInterpolator and np.interp take positions that are values"
        )


# -- plain objects at values


@register(si.PPoly.__call__)
def _evaluate(spline: Any, x: Any, nu: int = 0, extrapolate: Extrapolate | None = None) -> Any:
    if not isinstance(spline, si.PPoly):
        raise refusal(type(spline).__call__, x)
    return PiecewisePolynomial.of(spline)(as_operand(x), nu, extrapolate)


@register(si.PPoly.integrate)
def _integrate(spline: Any, a: Any, b: Any, extrapolate: Extrapolate | None = None) -> Any:
    return PiecewisePolynomial.of(spline).integrate(a, b, extrapolate)


def _pieces(spline: Any, x: Any) -> PiecewisePolynomial:
    """A plain BSpline as the piecewise polynomial on its base interval."""
    if encloses(x):
        raise ForeignCall(
            "a B-spline at an Interval is not enclosed: convert it first, PPoly.from_spline(spline), whose "
            "coefficients are taken as exact"
        )
    t, c, k = spline.tck
    n = len(t) - k - 1
    return PiecewisePolynomial(_powers(t, c[:n], k), t[k : n + 1], spline.extrapolate, spline.axis)


@register(si.BSpline.__call__)
def _b_spline(spline: Any, x: Any, nu: int = 0, extrapolate: Extrapolate | None = None) -> Any:
    return _pieces(spline, as_operand(x))(as_operand(x), nu, extrapolate)


@register(si.BSpline.integrate)
def _b_integral(spline: Any, a: Any, b: Any, extrapolate: Extrapolate | None = None) -> Any:
    limits = next(x for x in (a, b) if isinstance(x, Value))
    return _pieces(spline, limits).integrate(a, b, extrapolate)


@register(si.splev)
def _splev(x: Any, tck: Any, der: int = 0, ext: int = 0) -> Any:
    if isinstance(tck, Spline):
        return tck(x, der)
    if isinstance(tck, si.BSpline):
        return _b_spline(tck, x, der)
    t, c, k = tck
    return _extended(Spline(t, as_operand(c)[: len(t) - k - 1], k), x, der, ext)


def _extended(spline: PiecewisePolynomial, x: Any, nu: int, ext: int | str) -> Any:
    """FITPACK's ways beyond the ends: go on, zero, raise, hold constant."""
    x = as_operand(x)
    first, last = spline.x[0], spline.x[-1]
    out = spline(x, nu, True)
    if ext in (0, "extrapolate"):
        return out
    if ext in (1, "zeros"):
        return where(less(x, first), 0.0, where(greater(x, last), 0.0, out))
    if ext in (3, "const") and nu == 0:
        return where(less(x, first), spline(first), where(greater(x, last), spline(last), out))
    _within(x, first, last)
    return out


@register(si.UnivariateSpline.__call__)
def _univariate(spline: Any, x: Any, nu: int = 0, ext: Any = None) -> Any:
    t, c, k = spline._eval_args
    pieces = _pieces(si.BSpline(t, c, k), as_operand(x))
    return _extended(pieces, x, nu, spline.ext if ext is None else ext)


# -- built from values


@register(si.PPoly)
def piecewise_polynomial(c: Any, x: Any, extrapolate: Extrapolate | None = None, axis: int = 0) -> PiecewisePolynomial:
    """As `scipy.interpolate.PPoly`, of coefficients or breakpoints that are values."""
    return PiecewisePolynomial(moveaxis(moveaxis(as_operand(c), axis, 0), axis + 1, 1), x, extrapolate, axis)


@register(si.CubicHermiteSpline)
def _cubic_hermite(x: Any, y: Any, dydx: Any, axis: int = 0, extrapolate: Extrapolate | None = None) -> Any:
    (x, y), (_, slopes) = prepared(x, y, axis), prepared(x, dydx, axis)
    return hermite(x, y, slopes, extrapolate, _positive(axis, y))


@register(si.CubicSpline)
def cubic_spline(
    x: Any, y: Any, axis: int = 0, bc_type: Any = "not-a-knot", extrapolate: Extrapolate | None = None
) -> PiecewisePolynomial:
    """As `scipy.interpolate.CubicSpline`; positions, ordinates and boundary derivatives may be values."""
    x, y = prepared(x, y, axis)
    start, end = (bc_type, bc_type) if isinstance(bc_type, str) else bc_type
    zero = np.zeros(shape_of(y)[1:])
    named = {"natural": (2, zero), "clamped": (1, zero)}
    start, end = (named.get(bc, bc) if isinstance(bc, str) else bc for bc in (start, end))
    periodic = [isinstance(bc, str) and bc == "periodic" for bc in (start, end)]
    if any(periodic):
        if not all(periodic):
            raise ValueError("'periodic' `bc_type` is defined for both curve ends")
        if not np.allclose(primal(y[0]), primal(y[-1]), rtol=1e-15, atol=1e-15):
            raise ValueError("The first and last `y` must be identical when bc_type='periodic'.")
        extrapolate = "periodic" if extrapolate is None else extrapolate
    slopes = interpolation.cubic_slopes(x, y, start, end)
    return hermite(x, y, slopes, extrapolate, _positive(axis, y))


@register(si.PchipInterpolator)
def pchip(x: Any, y: Any, axis: int = 0, extrapolate: Extrapolate | None = None) -> PiecewisePolynomial:
    """As `scipy.interpolate.PchipInterpolator`, of positions or ordinates that are values."""
    x, y = prepared(x, y, axis)
    return hermite(x, y, interpolation.pchip_slopes(x, y), extrapolate, _positive(axis, y))


@register(si.Akima1DInterpolator)
def akima(
    x: Any, y: Any, axis: int = 0, *, method: str = "akima", extrapolate: Extrapolate | None = None
) -> PiecewisePolynomial:
    """As `scipy.interpolate.Akima1DInterpolator`, of positions or ordinates that are values."""
    x, y = prepared(x, y, axis)
    extrapolate = False if extrapolate is None else extrapolate
    return hermite(x, y, interpolation.akima_slopes(x, y, method), extrapolate, _positive(axis, y))


def _positive(axis: int, y: Any) -> int:
    return axis % ndim_of(y)


@register(si.BSpline)
def b_spline(t: Any, c: Any, k: int, extrapolate: Extrapolate | None = True, axis: int = 0) -> Spline:
    """As `scipy.interpolate.BSpline`, of coefficients that are values."""
    return Spline(t, moveaxis(as_operand(c), axis, 0), k, extrapolate, _positive(axis, as_operand(c)))


@register(si.make_interp_spline)
def make_interp_spline(
    x: Any, y: Any, k: int = 3, t: Any = None, bc_type: Any = None, axis: int = 0, check_finite: bool = True
) -> Spline:
    """As `scipy.interpolate.make_interp_spline`, of ordinates or boundary derivatives that are values."""
    _plain("scipy.interpolate.make_interp_spline", "positions", x)
    y = moveaxis(as_operand(y) * 1.0, axis, 0)
    n = shape_of(y)[0]
    periodic = isinstance(bc_type, str) and bc_type == "periodic"
    if periodic and not np.allclose(primal(y[0]), primal(y[-1]), atol=1e-15):
        raise ValueError("First and last points does not match while periodic case expected")
    units = np.eye(n)[:, : n - 1] if periodic else np.eye(n)
    if periodic:
        units[-1, 0] = 1.0
    given = [[], []] if bc_type is None or isinstance(bc_type, str) else [_conditions(bc) for bc in bc_type]
    # SciPy is called with the units of the ordinates and of each boundary value in columns.
    columns = units.shape[1] + sum(map(len, given))
    values, start, boundary = [], units.shape[1], []
    for conditions in given:
        pairs = []
        for order, value in conditions:
            unit = np.zeros(columns)
            unit[start] = 1.0
            pairs.append((order, unit))
            values.append(broadcast_to(as_operand(value) * 1.0, shape_of(y)[1:]))
            start += 1
        boundary.append(pairs or None)
    padded = np.concatenate([units, np.zeros((n, columns - units.shape[1]))], axis=1)
    condition = bc_type if bc_type is None or isinstance(bc_type, str) else tuple(boundary)
    found = si.make_interp_spline(x, padded, k, t, condition, 0, check_finite)
    c = einsum("cu,u...->c...", found.c[:, : units.shape[1]], y[: units.shape[1]])
    for column, value in zip(found.c[:, units.shape[1] :].T, values, strict=True):
        c = c + einsum("c,...->c...", column, value)
    return Spline(found.t, c, k, "periodic" if periodic else True, _positive(axis, y))


def _conditions(bc: Any) -> list[tuple[int, Any]]:
    """The derivatives given at one end: "natural" and "clamped" have the value 0."""
    if bc is None:
        return []
    if isinstance(bc, str):
        return [({"clamped": 1, "natural": 2}[bc], 0.0)]
    return [(int(order), value) for order, value in bc]


# -- interp1d

_ORDERS = {"zero": 0, "slinear": 1, "quadratic": 2, "cubic": 3}


class Interpolant:
    """`scipy.interpolate.interp1d` through points that are values, or at a value; its options and attributes."""

    def __init__(
        self,
        x: Any,
        y: Any,
        kind: Any = "linear",
        axis: int = -1,
        copy: bool = True,
        bounds_error: bool | None = None,
        fill_value: Any = np.nan,
        assume_sorted: bool = False,
    ) -> None:
        x, y = as_operand(x) * 1.0, as_operand(y) * 1.0
        self.axis = _positive(axis, y)
        order = np.argsort(primal(x), kind="mergesort")
        self.x, self.y = x[order], moveaxis(y, axis, 0)[order]
        self.extrapolates = isinstance(fill_value, str) and fill_value == "extrapolate"
        if self.extrapolates and bounds_error:
            raise ValueError("Cannot extrapolate and raise at the same time.")
        self.bounds_error = not self.extrapolates if bounds_error is None else bounds_error
        pair = isinstance(fill_value, tuple) and len(fill_value) == 2
        self.fill = (None, None) if self.extrapolates else fill_value if pair else (fill_value, fill_value)
        self.pieces = self._made(kind)
        if kind in ("previous", "next") and self.extrapolates:
            self.extrapolates = False
            self.fill = (np.nan, self.y[-1]) if kind == "previous" else (self.y[0], np.nan)

    def _made(self, kind: Any) -> PiecewisePolynomial:
        x, y = self.x, self.y
        if kind == "linear":
            return interpolation.linear(x, y)
        if kind in ("nearest", "nearest-up", "previous", "next"):
            _plain("scipy.interpolate.interp1d", "positions", x)
            middles = 0.5 * x[1:] + 0.5 * x[:-1]
            # A breakpoint belongs to the piece on its right: one just above it, to the piece on its left.
            inner = {
                "nearest": np.nextafter(middles, np.inf),
                "nearest-up": middles,
                "previous": x[1:],
                "next": np.nextafter(x[:-1], np.inf),
            }[kind]
            return PiecewisePolynomial(expand_dims(y, 0), np.concatenate([x[:1], inner, x[-1:]]))
        k = _ORDERS.get(kind, kind)
        if not isinstance(k, int):
            raise NotImplementedError(f"{kind} is unsupported: Use fitpack routines for other types.")
        return make_interp_spline(x, y, k)

    def __call__(self, x: Any) -> Any:
        x = as_operand(x) * 1.0
        first, last = self.x[0], self.x[-1]
        if self.bounds_error:
            _within(x, first, last)
        out = self.pieces(x, extrapolate=True)
        if not self.extrapolates:
            below, above = (as_operand(fill) for fill in self.fill)
            trailing = (1,) * (ndim_of(self.y) - 1)
            is_below, is_above = (reshape(side, shape_of(x) + trailing) for side in (less(x, first), greater(x, last)))
            out = where(is_below, below, where(is_above, above, out))
        points = ndim_of(x)
        return moveaxis(out, tuple(range(points)), tuple(range(self.axis, self.axis + points))) if points else out


def _within(x: Any, first: Any, last: Any) -> None:
    """As SciPy, raise for what lies outside; of a tracer, at the point that it carries."""
    below, above = less(x, first), greater(x, last)
    outside = [primal(side) if not encloses(x) else side for side in (below, above)]
    if any(isinstance(side, Value) or np.any(side) for side in outside):
        raise ValueError(
            f"A value in x_new is outside of the interpolation range, {primal(first)} to {primal(last)}: "
            "give fill_value, or bounds_error=False"
        )


@register(si.interp1d)
def interp1d(*args: Any, **options: Any) -> Interpolant:
    """As `scipy.interpolate.interp1d`, of ordinates that are values."""
    return Interpolant(*args, **options)


@register(si.interp1d.__call__)
def _interpolate(spline: Any, x: Any) -> Any:
    if not isinstance(spline, si.interp1d):
        raise refusal(type(spline).__call__, x)
    if spline._kind == "spline":
        kind: Any = spline._spline.k
    else:
        kind = spline._kind
    options = {"bounds_error": spline.bounds_error, "fill_value": spline._fill_value_orig}
    if spline._kind in ("previous", "next") and spline._extrapolate:
        options["fill_value"] = "extrapolate"
    return Interpolant(spline.x, spline.y, kind, spline.axis, assume_sorted=True, **options)(x)


refuse(
    si,
    "BPoly BarycentricInterpolator CloughTocher2DInterpolator FloaterHormannInterpolator InterpolatedUnivariateSpline "
    "KroghInterpolator LSQUnivariateSpline LinearNDInterpolator NdPPoly NearestNDInterpolator RBFInterpolator "
    "RectBivariateSpline RegularGridInterpolator SmoothBivariateSpline UnivariateSpline griddata interpn lagrange "
    "make_lsq_spline make_smoothing_spline splprep splrep",
    "CubicSpline, PchipInterpolator, Akima1DInterpolator, make_interp_spline, BSpline, PPoly, interp1d and np.interp "
    "have rules, for one variable",
)

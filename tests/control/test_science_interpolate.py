"""Splines at values and through values, against SciPy on plain numbers, its derivatives, and sampling."""

import numpy as np
import pytest
import scipy.interpolate as si
from foreign_calls import call, slope

from interp import primal
from interp.errors import ForeignCall
from interpretations import (
    Dual,
    Interval,
    Measurement,
    grad,
    hessian,
    jacfwd,
    jacobian_sparsity,
    jacrev,
    taylor,
)

RNG = np.random.default_rng(5)
X = np.array([0.0, 0.4, 0.9, 1.5, 1.8, 2.6, 3.0])
Y = RNG.normal(size=7)
POINTS = np.array([0.1, 0.7, 1.6, 2.25, 2.9])
WEIGHTS = RNG.normal(size=5)

CONDITIONS = {
    "not-a-knot": "not-a-knot",
    "natural": "natural",
    "clamped": "clamped",
    "derivatives": ((1, 0.3), (2, -0.4)),
    "mixed": ("natural", (1, 0.7)),
}
BUILDERS = {
    **{f"cubic {name}": (si.CubicSpline, {"bc_type": bc}) for name, bc in CONDITIONS.items()},
    "pchip": (si.PchipInterpolator, {}),
    "akima": (si.Akima1DInterpolator, {}),
    "makima": (si.Akima1DInterpolator, {"method": "makima"}),
    "make_interp_spline": (si.make_interp_spline, {}),
    "quintic": (si.make_interp_spline, {"k": 5}),
    "clamped b-spline": (si.make_interp_spline, {"bc_type": "clamped"}),
    "b-spline with derivatives": (si.make_interp_spline, {"bc_type": ([(1, 0.3)], [(2, 0.2)])}),
    "interp1d linear": (si.interp1d, {}),
    "interp1d quadratic": (si.interp1d, {"kind": "quadratic"}),
    "interp1d cubic": (si.interp1d, {"kind": "cubic"}),
    "interp1d nearest": (si.interp1d, {"kind": "nearest"}),
    "interp1d previous": (si.interp1d, {"kind": "previous"}),
    "interp1d next": (si.interp1d, {"kind": "next"}),
}
DIFFERENTIABLE = [name for name in BUILDERS if "interp1d" not in name]


@pytest.mark.parametrize("name", BUILDERS)
def test_ordinates_that_are_values(name):
    build, options = BUILDERS[name]

    def plain(y):
        return WEIGHTS @ build(X, y, **options)(POINTS)

    def ours(y):
        return WEIGHTS @ call(build)(X, y, **options)(POINTS)

    expected = slope(plain, Y)
    assert primal(ours(Dual(Y, np.ones(7)))) == pytest.approx(plain(Y), rel=1e-13)
    for derivative in (grad(ours)(Y), jacfwd(ours)(Y)):
        np.testing.assert_allclose(derivative, expected, atol=2e-10)


@pytest.mark.parametrize("name", BUILDERS)
def test_a_plain_spline_at_a_value(name):
    build, options = BUILDERS[name]
    spline = build(X, Y, **options)

    def plain(x):
        return WEIGHTS @ np.sin(spline(x))

    def ours(x):
        return WEIGHTS @ np.sin(call(spline)(x))

    for derivative in (grad(ours)(POINTS), jacfwd(ours)(POINTS)):
        np.testing.assert_allclose(derivative, slope(plain, POINTS, 1e-4), atol=1e-9)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_derivatives_of_any_order_are_the_objects_own(name):
    build, options = BUILDERS[name]
    spline = build(X, Y, **options)
    x = 1.63
    first, second = spline(x, 1), spline(x, 2)
    assert grad(call(spline))(x) == pytest.approx(first, rel=1e-12)
    assert hessian(call(spline))(x) == pytest.approx(second, rel=1e-12)
    assert jacfwd(lambda x: call(spline)(x, 1))(x) == pytest.approx(second, rel=1e-12)


def test_a_knot_has_the_derivative_of_the_piece_on_its_right():
    spline = si.Akima1DInterpolator(X, Y)
    assert grad(lambda x: jacfwd(call(spline))(x))(X[2]) == pytest.approx(spline(X[2], 2), rel=1e-12)


def test_second_derivatives_through_ordinates_and_argument():
    def ours(p):
        return call(si.CubicSpline)(X, np.sin(p * X))(p * 1.1)

    def plain(p):
        return si.CubicSpline(X, np.sin(p * X))(p * 1.1)

    assert hessian(ours)(1.2) == pytest.approx(slope(lambda p: slope(plain, p), 1.2), abs=1e-7)


def test_positions_that_are_values():
    for build in (si.CubicSpline, si.PchipInterpolator, si.Akima1DInterpolator):
        gradient = grad(lambda x, build=build: WEIGHTS @ call(build)(x, Y)(POINTS))(X)
        np.testing.assert_allclose(gradient, slope(lambda x, build=build: WEIGHTS @ build(x, Y)(POINTS), X), atol=1e-8)
    with pytest.raises(ForeignCall, match="positions"):
        grad(lambda x: call(si.make_interp_spline)(x, Y)(0.5))(X)


def test_boundary_derivatives_that_are_values():
    def ours(d):
        return call(si.CubicSpline)(X, Y, bc_type=((1, d[0]), (2, d[1])))(0.2)

    def plain(d):
        return si.CubicSpline(X, Y, bc_type=((1, d[0]), (2, d[1])))(0.2)

    d = np.array([0.3, -0.2])
    np.testing.assert_allclose(grad(ours)(d), slope(plain, d), rtol=1e-9, atol=1e-12)


def test_a_periodic_spline():
    def closed(y):
        return np.concatenate([y, y[:1]])

    for points in (X, X[:4], X[:3]):
        y, x = Y[: len(points) - 1], points
        at = np.array([-0.3, 0.2, 7.7])

        def ours(y, x=x, at=at):
            return np.sum(call(si.CubicSpline)(x, closed(y), bc_type="periodic")(at) * np.array([1.0, 2.0, 3.0]))

        def plain(y, x=x, at=at):
            return np.sum(si.CubicSpline(x, closed(y), bc_type="periodic")(at) * np.array([1.0, 2.0, 3.0]))

        np.testing.assert_allclose(grad(ours)(y), slope(plain, y), atol=1e-9)
    with pytest.raises(ValueError, match="identical"):
        grad(lambda y: call(si.CubicSpline)(X, y, bc_type="periodic")(0.1))(Y)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_ordinates_of_several_axes(axis):
    y = RNG.normal(size=(7, 7, 2)) if axis != -1 else RNG.normal(size=(2, 3, 7))
    at = np.array([[0.3, 1.1, 2.0], [0.4, 2.5, 2.9]])
    for build in (si.CubicSpline, si.PchipInterpolator, si.make_interp_spline, si.interp1d):
        out = call(build)(X, Dual(y, np.ones(y.shape)), axis=axis)(at)
        np.testing.assert_allclose(out.value, build(X, y, axis=axis)(at), atol=1e-12)
        np.testing.assert_allclose(out.tangent, np.ones(out.shape), atol=1e-12)
        plain = build(X, y, axis=axis)
        np.testing.assert_allclose(call(plain)(Dual(at, np.ones(at.shape))).value, plain(at), atol=1e-12)


def test_no_points_give_nothing():
    out = call(si.CubicSpline(X, Y))(Dual(np.zeros(0), np.zeros(0)))
    assert out.shape == (0,)


def test_beyond_the_ends():
    outside = Dual(np.array([-1.0, 1.0, 4.0]), np.ones(3))
    for build in (si.CubicSpline, si.PchipInterpolator):
        for extrapolate in (True, False, "periodic"):
            spline = build(X, Y, extrapolate=extrapolate)
            out = call(spline)(outside)
            np.testing.assert_allclose(out.value, spline(outside.value), atol=1e-12)
            np.testing.assert_allclose(out.tangent[1], spline(1.0, 1), atol=1e-12)
    akima = call(si.Akima1DInterpolator)(X, Dual(Y, np.ones(7)))
    assert np.isnan(akima(4.0).value)
    filled = call(si.interp1d)(X, Dual(Y, np.ones(7)), bounds_error=False, fill_value=(1.0, 2.0))(np.array([-1.0, 9.0]))
    assert filled.value.tolist() == [1.0, 2.0] and filled.tangent.tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="outside"):
        call(si.interp1d(X, Y))(outside)
    beyond = si.interp1d(X, Y, fill_value="extrapolate")
    np.testing.assert_allclose(call(beyond)(outside).value, beyond(outside.value), atol=1e-12)


def test_integrals_and_antiderivatives():
    spline = si.CubicSpline(X, Y)
    gradient = grad(lambda ends: call(spline.integrate)(ends[0], ends[1]))(np.array([0.3, 2.2]))
    np.testing.assert_allclose(gradient, [-spline(0.3), spline(2.2)], rtol=1e-12)
    whole = grad(lambda y: call(si.CubicSpline)(X, y).integrate(0.2, 2.9))(Y)
    np.testing.assert_allclose(whole, slope(lambda y: si.CubicSpline(X, y).integrate(0.2, 2.9), Y), atol=1e-10)
    twice = call(si.CubicSpline)(X, Dual(Y, Y)).antiderivative(2)
    assert twice(1.3).value == pytest.approx(spline.antiderivative(2)(1.3), rel=1e-12)
    basis = si.make_interp_spline(X, Y)
    assert grad(lambda b: call(basis.integrate)(0.1, b))(2.0) == pytest.approx(float(basis(2.0)), rel=1e-12)


def test_splines_of_fitpack():
    univariate = si.UnivariateSpline(X, Y, s=0.5)
    assert grad(call(univariate))(1.1) == pytest.approx(float(univariate(1.1, 1)), rel=1e-11)
    tck = si.splrep(X, Y)
    assert grad(lambda x: call(si.splev)(x, tck))(1.1) == pytest.approx(float(si.splev(1.1, tck, 1)), rel=1e-11)
    assert call(si.splev)(Dual(9.0, 1.0), tck, 0, 1).value == 0.0


def test_numpys_interp():
    xp, fp = X, Y
    gradient = grad(lambda x: WEIGHTS @ np.interp(x, xp, fp))(POINTS)
    np.testing.assert_allclose(gradient, slope(lambda x: WEIGHTS @ np.interp(x, xp, fp), POINTS, 1e-4), atol=1e-9)
    gradient = grad(lambda y: np.interp(0.6, xp, y))(fp)
    np.testing.assert_allclose(gradient, slope(lambda y: np.interp(0.6, xp, y), fp), atol=1e-12)
    at = Dual(np.array([-2.0, 5.0, 7.0]), np.ones(3))
    np.testing.assert_allclose(np.interp(at, xp, fp).value, np.interp(at.value, xp, fp))
    np.testing.assert_allclose(np.interp(at, xp, fp, left=7.0).value, np.interp(at.value, xp, fp, left=7.0))
    np.testing.assert_allclose(np.interp(at, xp, fp, period=3.5).value, np.interp(at.value, xp, fp, period=3.5))


def test_error_bars_go_through():
    std = np.full(7, 0.1)
    out = call(si.CubicSpline)(X, Measurement(Y, std))(1.1)
    gradient = slope(lambda y: si.CubicSpline(X, y)(1.1), Y)
    assert out.std_dev == pytest.approx(0.1 * np.linalg.norm(gradient), rel=1e-9)
    at = call(si.CubicSpline(X, Y))(Measurement(1.1, 0.02))
    assert at.std_dev == pytest.approx(0.02 * abs(si.CubicSpline(X, Y)(1.1, 1)), rel=1e-12)


def test_series_go_through():
    spline = si.CubicSpline(X, Y)
    from interp import interpret

    found = interpret(call(spline), taylor(order=3))(1.1).raw
    np.testing.assert_allclose(found.derivatives, [spline(1.1, k) for k in range(4)], rtol=1e-12)


def test_patterns():
    spline = si.CubicSpline(X, Y)
    assert (jacobian_sparsity(call(spline), POINTS).toarray() == np.eye(5, dtype=bool)).all()
    linear = jacobian_sparsity(lambda y: call(si.interp1d)(X, y)(POINTS), Y).toarray()
    assert (linear.sum(axis=1) == 2).all()  # at plain points the pieces are known
    assert jacobian_sparsity(lambda y: call(si.CubicSpline)(X, y)(POINTS), Y).toarray().all()
    at_traced = jacobian_sparsity(lambda z: call(si.interp1d)(X, z[1:], bounds_error=False)(z[0]), np.append(0.5, Y))
    assert at_traced.toarray().all()  # at a traced point every piece is possible


@pytest.mark.parametrize("build", [si.CubicSpline, si.PchipInterpolator, si.Akima1DInterpolator])
def test_enclosures_at_an_interval(build):
    spline = build(X, Y)
    rng = np.random.default_rng(0)
    for width in (1e-3, 0.3, 2.0):
        lo = rng.uniform(0.0, 3.0 - width, 20)
        box = call(spline)(Interval(lo, lo + width))
        samples = spline(lo + width * np.linspace(0.0, 1.0, 101)[:, None])
        assert (box.lo <= samples.min(axis=0)).all() and (samples.max(axis=0) <= box.hi).all()
    narrow = call(spline)(Interval(1.0, 1.001))
    assert narrow.hi - narrow.lo < 0.05


@pytest.mark.parametrize("build", [si.CubicSpline, si.PchipInterpolator, si.Akima1DInterpolator])
def test_enclosures_through_intervals(build):
    out = call(build)(X, Interval(Y - 0.01, Y + 0.01))(POINTS)
    rng = np.random.default_rng(0)
    for _ in range(50):
        sample = build(X, Y + rng.uniform(-0.01, 0.01, 7))(POINTS)
        assert (out.lo <= sample).all() and (sample <= out.hi).all()
    assert (out.hi - out.lo < 2.0).all()


def test_an_interval_beyond_the_ends_is_not_enclosed_by_what_is_inside():
    out = np.interp(Interval(-1.0, 0.2), X, Y)
    inside = np.interp(np.linspace(-1.0, 0.2, 50), X, Y)
    assert out.lo <= inside.min() and inside.max() <= out.hi
    with pytest.raises(ValueError, match="outside"):
        call(si.interp1d(X, Y))(Interval(-1.0, 0.2))


def test_b_splines_refuse_intervals():
    with pytest.raises(ForeignCall, match="not enclosed"):
        call(si.make_interp_spline(X, Y))(Interval(1.0, 1.1))
    with pytest.raises(ForeignCall, match="not enclosed"):
        call(si.make_interp_spline)(X, Interval(Y, Y + 0.1))


def test_derivatives_are_those_of_both_modes_in_stacks():
    def f(z):
        return np.sum(call(si.PchipInterpolator)(X, z[1:])(np.stack([z[0], 2.0 * z[0]])) ** 2)

    z = np.append(0.7, Y)
    forward, reverse = jacfwd(jacfwd(f))(z), jacrev(grad(f))(z)
    np.testing.assert_allclose(forward, reverse, atol=1e-10)
    np.testing.assert_allclose(hessian(f)(z), forward, atol=1e-10)

"""Vectorized functions: the function itself, element by element, over arrays of every number type."""

import math
import threading
import time
import warnings
from typing import NamedTuple

import numpy as np
import pytest
from agreement import assert_same
from jet import Jet

import interp
from interp import interpret, rules
from interpretations import (
    Dual,
    Interval,
    Measurement,
    covariance_matrix,
    grad,
    gradient,
    hessian,
    hvp,
    jacfwd,
    jacobian_sparsity,
    jacrev,
    jvp,
    sparsity,
    uncertainty,
    vjp,
)

X = np.array([-1.5, -0.2, 0.3, 0.8, 1.7, 2.5])
Y = np.array([0.7, 1.3, -0.4])


def branching(x, y=0.5):
    """Another number of steps, another branch for each element."""
    if x > y:
        return x * y
    while x < 0.0:
        x = x + 0.4
    return np.sin(x) * y + x * x


def slope(x, y):
    """Partial derivatives of `branching`, by hand."""
    if x > y:
        return y, x
    while x < 0.0:
        x = x + 0.4
    return math.cos(x) * y + 2.0 * x, math.sin(x)


def curvature(x, y):
    """Second derivatives xx, xy, yy of `branching`, by hand."""
    if x > y:
        return 0.0, 1.0, 0.0
    while x < 0.0:
        x = x + 0.4
    return 2.0 - math.sin(x) * y, math.cos(x), 0.0


def on_grid(f, x, y):
    """``f`` of each pair: an array of results in front of the grid's axes."""
    return np.moveaxis(np.array([[f(float(a), float(b)) for b in y] for a in x]), (0, 1), (-2, -1))


SERIAL, THREADS = interp.vectorize(branching, boundscheck=True), interp.vectorize(branching, parallel=True)
both = pytest.mark.parametrize("v", [SERIAL, THREADS], ids=["serial", "threads"])


# -- arrays of numbers


@both
@pytest.mark.parametrize(
    ("x", "y"),
    [
        (X, 0.5),
        (X, X[::-1]),
        (X[:, None], Y),
        (0.3, Y),
        (np.outer(X, Y), Y),
        (np.outer(X, Y).T, np.outer(Y, X)),
        (np.asfortranarray(np.outer(X, Y)), np.outer(X, Y)),
        (np.linspace(-2.0, 2.0, 48)[::-2], np.linspace(1.0, 0.0, 24)),
        (np.linspace(-2.0, 2.0, 64).reshape((1, 2) * 3 + (8,)), Y[0]),
        (np.linspace(-2.0, 2.0, 400).reshape(2, 200), np.linspace(-2.0, 2.0, 200)),
        (np.linspace(-2.0, 2.0, 1000), 1.5),
        ([0.1, -2.0], (1.0, 3.0)),
        (np.broadcast_to(0.25, (3, 4)), 1.0),
    ],
)
def test_as_numpys_own_vectorize(v, x, y):
    expected = np.vectorize(branching, otypes=[float])(x, y)
    out = v(x, y)
    assert type(out) is np.ndarray and out.flags.writeable and out.flags.c_contiguous
    np.testing.assert_allclose(out, expected, rtol=1e-14)


@both
def test_numbers_give_a_number(v):
    for x in (0.3, np.float64(0.3), np.array(0.3)):
        out = v(x, 1)
        assert not isinstance(out, np.ndarray) and out == branching(0.3, 1.0)
    out = v(Dual(np.array([0.3, 0.5]), np.array([1.0, 2.0]))[0, ...], 1.0)
    assert (out.shape, out.value) == ((), branching(0.3, 1.0)) and out.tangent == pytest.approx(slope(0.3, 1.0)[0])


@both
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 4)])
def test_nothing_in_nothing_out(v, shape):
    out = v(np.ones(shape), 2.0)
    assert out.shape == shape and out.dtype == np.float64
    out = v(Dual(np.ones(shape), np.ones((2, *shape))), 2.0)
    assert out.value.shape == shape and out.tangent.shape == (2, *shape)
    assert grad(lambda x: np.sum(v(x, 2.0)))(np.ones(shape)).shape == shape


@both
def test_operands_stay_as_they_are(v):
    x = X.copy()
    x.setflags(write=False)
    out = v(x, x)
    assert not np.shares_memory(out, x)
    np.testing.assert_array_equal(x, X)
    identity = interp.vectorize(lambda x: x, parallel=v is THREADS)
    y = Dual(X, np.ones(6))
    z = identity(y)
    z[0] = 7.0
    assert y.value[0] == X[0]


def arithmetic(x, y):
    return x * y + x


@pytest.mark.parametrize(
    ("x", "y", "dtype"),
    [
        (np.float64, np.float64, np.float64),
        (np.float32, np.float32, np.float32),
        (np.float32, np.float64, np.float64),
        (np.float32, float, np.float64),  # of native code a Python number is 64 bits wide
        (np.int64, np.int64, np.int64),
        (np.int64, float, np.float64),
        (np.int32, np.int32, np.int64),  # integers are computed with in 64 bits
        (np.bool_, np.bool_, np.int64),
        (np.int64, np.float32, np.float64),
        (np.complex128, np.float64, np.complex128),
        (np.complex64, np.complex64, np.complex64),
    ],
)
def test_types_of_results(x, y, dtype):
    a = np.array([0, 1, 3, 2]).astype(x)
    b = np.array([2, 1, 0, 1]).astype(y) if y is not float else 2.0
    out = interp.vectorize(arithmetic)(a, b)
    assert out.dtype == dtype
    wide = np.complex128 if np.iscomplexobj(a) else np.float64
    np.testing.assert_array_equal(out, a.astype(wide) * b + a.astype(wide))


def test_predicates_and_integers():
    v = interp.vectorize(lambda x: x > 0.5)
    assert v(X).dtype == np.bool_ and np.array_equal(v(X), X > 0.5)
    assert np.array_equal(v(Interval(X, X + 0.01)), X > 0.5)
    np.testing.assert_array_equal(interp.vectorize(lambda x: x > 0.5, parallel=True)(Interval(X, X + 0.01)), X > 0.5)
    assert np.array_equal(v(Dual(X, X)), X > 0.5)
    assert interp.vectorize(lambda n: n // 2)(np.arange(5)).tolist() == [0, 0, 1, 1, 2]


def test_narrow_scalars_compile_once():
    f = interp.compile(lambda x: x * 2)
    assert [f(np.int32(i)) for i in range(5)] == [0, 2, 4, 6, 8] and len(f.signatures) == 1


# -- arrays of values, against eager code element by element


def directions(k):
    return lambda x: Dual(x, np.stack([np.cos(j + x) for j in range(k)]))


VALUES = {
    "dual": lambda x: Dual(x, np.cos(x)),
    "dual of three directions": directions(3),
    "dual of forty directions": directions(40),
    "dual of dual": lambda x: Dual(Dual(x, np.cos(x)), Dual(np.sin(x), x)),
    "dual of interval": lambda x: Dual(Interval(x, x + 1e-3), np.cos(x)),
    "directions over directions": lambda x: Dual(directions(2)(x), np.stack([x, x * 0.5])),
    "interval": lambda x: Interval(x, x + 1e-3),
    "jet": lambda x: Jet(x, np.cos(x), 0.5 * x),
}


@pytest.mark.parametrize(
    ("v", "kind"),
    [*((SERIAL, kind) for kind in VALUES), (THREADS, "dual of three directions"), (THREADS, "dual of interval")],
)
def test_values_as_eager_code(v, kind):
    for x, y in ((VALUES[kind](X), 0.51), (VALUES[kind](np.tile(X, (3, 1))), Y[:, None]), (X, VALUES[kind](X * 0.5))):
        out = v(x, y)
        assert out.shape == np.broadcast_shapes(x.shape, np.shape(y))
        for i in np.ndindex(out.shape):
            a, b = (np.broadcast_to(z, out.shape)[i] if np.shape(z) else z for z in (x, y))
            assert_same(out[i], branching(a, b))


@both
def test_values_broadcast(v):
    x, y = Dual(X[:, None], np.ones((6, 1))), Dual(Y, 2.0 * np.ones(3))
    out = v(x, y)
    dx, dy = on_grid(slope, X, Y)
    np.testing.assert_allclose(out.value, on_grid(branching, X, Y), rtol=1e-14)
    np.testing.assert_allclose(out.tangent, dx + 2.0 * dy, rtol=1e-13)


def test_different_numbers_of_directions_are_refused():
    with pytest.raises(interp.errors.ShapeError, match="directions"):
        SERIAL(Dual(X, X), Dual(X, np.stack([X, X])))


@both
def test_measurements(v):
    x, y = Measurement(X, 0.1), Measurement(0.9, 0.2)
    out = v(x, y)
    dx, dy = np.array([slope(float(a), 0.9) for a in X]).T
    np.testing.assert_allclose(out.nominal_value, [branching(float(a), 0.9) for a in X], rtol=1e-14)
    cov = np.diag((0.1 * dx) ** 2) + 0.04 * np.outer(dy, dy)  # y is common to all, each x its own
    np.testing.assert_allclose(covariance_matrix([out[i] for i in range(6)]), cov, rtol=1e-12, atol=1e-16)
    assert v(Measurement(0.3, 0.1), 2.0).std_dev == pytest.approx(0.1 * slope(0.3, 2.0)[0])


def test_an_undecided_branch_raises():
    for v in (SERIAL, THREADS):
        with pytest.raises(interp.errors.UndecidedError):
            v(Interval(X, X + 1.0), 0.5)


def test_strong_zeros_as_in_eager_code():
    """sqrt(x * x) at 0: an infinite slope meets a zero."""
    v = interp.vectorize(lambda x: np.sqrt(x * x))
    out = v(Dual(np.array([0.0, 2.0, np.nan]), np.ones(3)))
    np.testing.assert_array_equal(out.tangent, [0.0, 1.0, np.nan])
    np.testing.assert_array_equal(grad(lambda x: np.sum(v(x)))(np.array([0.0, -3.0])), [0.0, -1.0])


def test_nan_stays_where_it_is():
    x = np.array([0.3, np.nan, 0.9])
    out = SERIAL(Dual(x, np.ones(3)), 2.0)
    assert np.isnan(out.value).tolist() == np.isnan(out.tangent).tolist() == [False, True, False]
    assert np.isnan(grad(lambda x: np.sum(SERIAL(x, 2.0)))(x)).tolist() == [False, True, False]


# -- transforms, against derivatives by hand


@both
def test_gradients_of_a_sum(v):
    dx, dy = grad(lambda x, y: np.sum(v(x, y)), (0, 1))(X[:, None], Y)
    of_x, of_y = on_grid(slope, X, Y)
    np.testing.assert_allclose(dx, of_x.sum(1, keepdims=True), rtol=1e-13)
    np.testing.assert_allclose(dy, of_y.sum(0), rtol=1e-13)
    weights = np.linspace(0.5, 1.5, 18).reshape(6, 3)
    assert grad(lambda y: np.sum(weights * v(X[:, None], y)))(0.9) == pytest.approx(
        (weights * on_grid(slope, X, [0.9] * 3)[1]).sum(), rel=1e-13
    )


@both
def test_jacobians(v):
    dx = np.array([slope(float(a), 0.51)[0] for a in X])
    for jacobian in (jacfwd, jacrev):
        np.testing.assert_allclose(jacobian(lambda x: v(x, 0.51))(X), np.diag(dx), rtol=1e-13)
    np.testing.assert_allclose(jvp(lambda x: v(x, 0.51), (X,), (X,))[1], dx * X, rtol=1e-13)
    np.testing.assert_allclose(vjp(lambda x: v(x, 0.51), X)[1](X)[0], dx * X, rtol=1e-13)


def test_second_derivatives():
    def total(z):
        return np.sum(SERIAL(z[:6, None], z[6:]))

    z = np.concatenate([X, Y])
    xx, xy, yy = on_grid(curvature, X, Y)
    expected = np.block([[np.diag(xx.sum(1)), xy], [xy.T, np.diag(yy.sum(0))]])
    np.testing.assert_allclose(hessian(total)(z), expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(jacrev(jacfwd(total))(z), expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(jacrev(grad(total))(z), expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(hvp(total, z, z[::-1]), expected @ z[::-1], rtol=1e-12, atol=1e-14)


def test_third_derivatives_over_tapes():
    cube = interp.vectorize(lambda x, a: a * x**3)

    def total(x):
        return np.sum(cube(x, 2.0))

    np.testing.assert_allclose(jacrev(jacrev(grad(total)))(Y)[0, 0], [12.0, 0.0, 0.0], rtol=1e-13)


def test_three_operands():
    v = interp.vectorize(lambda x, y, z: x * y + np.exp(z) * x if x > 0.0 else z * z)
    x, y, z = np.array([1.0, -1.0]), np.array([2.0, 3.0]), np.array([0.5, 0.25])
    found = grad(lambda *args: np.sum(v(*args)), (0, 1, 2))(x, y, z)
    e = math.exp(0.5)
    np.testing.assert_allclose(found, [[2.0 + e, 0.0], [1.0, 0.0], [e, 0.5]], rtol=1e-14)
    over = jacrev(lambda x, y, z: jacfwd(lambda t: np.sum(v(x * t, y * t, z * t)))(1.0), (0, 1, 2))(x, y, z)
    np.testing.assert_allclose(over[2], [2.5 * e, 1.0], rtol=1e-13)  # of 2 x y + (1 + z) e^z x, and of 2 z^2


def test_a_result_that_does_not_vary():
    v = interp.vectorize(lambda x, y, z: (x + y + z, 3.0, 2 if x > 0.0 else 1))
    x = np.array([1.0, -1.0])
    for d, f in ((3.0, lambda x: v(x, x, x)), (2.0, lambda x: v(x, x, 1.0))):
        assert grad(lambda x, f=f: np.sum(f(x)[1]))(x).tolist() == [0.0, 0.0]
        assert grad(lambda x, f=f: np.sum(f(x)[0] * f(x)[2]))(x).tolist() == [2.0 * d, d]
        assert hessian(lambda x, f=f: np.sum(f(x)[0] * f(x)[2] * x))(x).diagonal().tolist() == [4.0 * d, 2.0 * d]


def test_a_gradient_holds_what_it_was_recorded_with():
    w = np.array([1.0, 2.0, 3.0])
    product = interp.vectorize(lambda x, w: x * w)

    def f(x):
        y = product(x, w)
        w[:] = 0.0
        return np.sum(y)

    assert grad(f)(Y).tolist() == [1.0, 2.0, 3.0]


def test_tape_views_and_stores():
    def f(x):
        y = x.copy()
        y[1:] = SERIAL(y[:-1], 2.0)
        return np.sum(y)

    dx = [1.0 + slope(float(Y[0]), 2.0)[0], slope(float(Y[1]), 2.0)[0], 0.0]
    np.testing.assert_allclose(grad(f)(Y), dx, rtol=1e-14)


def test_interpret():
    result = interpret(lambda x: np.sum(SERIAL(x, 0.51)), gradient(), uncertainty(std=0.1))(X)
    dx = np.array([slope(float(a), 0.51)[0] for a in X])
    np.testing.assert_allclose(result.gradient, dx, rtol=1e-13)
    assert result.std == pytest.approx(0.1 * np.linalg.norm(dx))
    xx = np.array([curvature(float(a), 0.51)[0] for a in X])
    np.testing.assert_allclose(result.reading("gradient").std, 0.1 * abs(xx), rtol=1e-12, atol=1e-16)


def test_patterns_hold_for_every_input():
    """The branch of an element is no matter: its result moves with its own operands at most."""
    pattern = jacobian_sparsity(lambda z: SERIAL(z[:3], z[3]), np.ones(4)).toarray()
    assert pattern.tolist() == [[True, False, False, True], [False, True, False, True], [False, False, True, True]]
    found = interpret(lambda x: SERIAL(x, 0.5)[::-1], sparsity(local=True))(Y).sparsity.toarray()
    assert found.tolist() == np.eye(3, dtype=bool)[::-1].tolist()


def test_a_hundred_activations_compile_once():
    v = interp.vectorize(branching)
    total = grad(lambda x: np.sum(v(x, 0.5)))
    total(X)
    known = len(v.signatures)
    for i in range(100):
        total(X + i)
    assert len(v.signatures) == known and v.compile_seconds > 0.0


def test_changed_rules_compile_anew():
    v = interp.vectorize(branching, parallel=True)
    x = Dual(X, X)
    before = v(x)
    rules.changed()
    assert_same(v(x), before)


# -- arguments


class Pair(NamedTuple):
    total: float
    nested: tuple


@both
def test_tuples_of_results(v):
    def f(x, y):
        return Pair(x + y, (x * y, x > y))

    w = interp.vectorize(f, parallel=v is THREADS)
    out = w(X[:, None], Y)
    assert type(out) is Pair
    np.testing.assert_array_equal(out.total, X[:, None] + Y)
    np.testing.assert_array_equal(out.nested[0], X[:, None] * Y)
    np.testing.assert_array_equal(out.nested[1], X[:, None] > Y)
    out = w(Dual(X, np.ones(6)), 2.0)
    assert out.nested[0].tangent.tolist() == [2.0] * 6 and out.nested[1].dtype == np.bool_
    assert grad(lambda x: np.sum(w(x, 2.0).total * w(x, 2.0).nested[0]))(1.5) == pytest.approx(2 * 2 * 1.5 + 4.0)
    assert w(1.0, 2.0) == Pair(3.0, (2.0, False))


def test_keywords_and_defaults():
    def f(x, y=2.0, *, scale=3.0):
        return (x + y) * scale

    v = interp.vectorize(f)
    np.testing.assert_array_equal(v(X), (X + 2.0) * 3.0)
    np.testing.assert_array_equal(v(y=Y, x=X[:, None], scale=Y), (X[:, None] + Y) * Y)
    np.testing.assert_array_equal(v(X, scale=1.0), X + 2.0)
    assert grad(lambda s: np.sum(v(X, scale=s)))(2.0) == pytest.approx(np.sum(X + 2.0))
    with pytest.raises(TypeError, match="unexpected"):
        v(X, offset=1.0)
    with pytest.raises(TypeError, match="positional"):
        v(X, 2.0, 1.0)


def test_keyword_only_arguments_of_compiled_functions():
    """Through tapes, and many directions, which call it again for some at a time."""

    def f(x, *, scale=3.0):
        return x * x * scale

    g, x = interp.compile(f), Dual(Dual(2.0, np.ones(3)), np.ones(2))
    assert_same(g(x, scale=4.0), f(x, scale=4.0))
    assert grad(lambda s: g(2.0, scale=s))(1.5) == 4.0


def test_functions_are_the_same_for_all_elements():
    def applied(f, x, kind="up"):
        return f(x) if kind == "up" else -f(x)

    w = interp.vectorize(applied)
    np.testing.assert_allclose(w(np.sin, X), np.sin(X), rtol=1e-15)
    np.testing.assert_array_equal(w(lambda x: x * 3.0, X, kind="down"), -X * 3.0)
    np.testing.assert_array_equal(w(interp.compile(lambda x: x * 2.0), X), X * 2.0)
    assert w(lambda x: x * x, Dual(X, np.ones(6))).tangent.tolist() == (2.0 * X).tolist()
    for scale in (2.0, 5.0):
        assert grad(lambda x, s=scale: np.sum(w(lambda t: t * s, x)))(Y).tolist() == [scale] * 3
    assert grad(lambda x: np.sum(w(np.sin, x, "down")))(Y).tolist() == (-np.cos(Y)).tolist()


def test_any_number_of_operands():
    def total(*xs):
        s = 0.0
        for x in xs:
            s += x * x
        return s

    v = interp.vectorize(total)
    np.testing.assert_allclose(v(X[:, None], Y, 2.0), X[:, None] ** 2 + Y**2 + 4.0, rtol=1e-15)
    np.testing.assert_allclose(grad(lambda y: np.sum(v(y, 2.0 * y)))(Y), 10.0 * Y)


def test_as_a_decorator():
    @interp.vectorize
    def plain(x):
        """Twice."""
        return x * 2.0

    @interp.vectorize(parallel=True)
    def shared(x):
        return x * 3.0

    assert (plain.__name__, plain.__doc__) == ("plain", "Twice.")
    assert plain(Y).tolist() == (Y * 2.0).tolist() and shared(Y).tolist() == (Y * 3.0).tolist()
    assert interp.vectorize(interp.compile(branching))(X).tolist() == SERIAL(X).tolist()


def test_within_native_code():
    area = interp.vectorize(lambda x, y: x * y if x > 0.0 else 0.0 * y)
    half = interp.compile(lambda x: 0.5 * x)

    def f(x):
        return np.sum(area(x, 2.0)) + area(x[1], x[0]) + half(x[2])

    g = interp.compile(f)
    x = np.array([3.0, 2.0, -1.0])
    assert g(x) == f(x) == 10.0 + 6.0 - 0.5
    assert grad(g)(x).tolist() == grad(f)(x).tolist() == [4.0, 5.0, 0.5]
    assert interp.compile(lambda h, x: h(x, x))(area, x).tolist() == [9.0, 4.0, 0.0]


# -- errors


@both
def test_shapes_that_do_not_fit(v):
    with pytest.raises(
        interp.errors.ShapeError, match=r"branching: operands of shapes \(6,\), \(3,\) do not broadcast"
    ):
        v(X, Y)
    with pytest.raises(ValueError, match="do not broadcast"):
        v(Dual(X, X), Y)


@both
def test_exceptions_of_an_element(v):
    def checked(x):
        if x > 990.0:
            raise ValueError("too large")
        if x > 400.0:
            raise KeyError("large")
        return x

    w = interp.vectorize(checked, parallel=v is THREADS)
    x = np.arange(1000.0)
    assert w(x[:400]).tolist() == x[:400].tolist()
    for operand in (x, Dual(x, x), np.asfortranarray(np.stack([x, x]))):
        with pytest.raises(KeyError, match="large"):
            w(operand)
    with pytest.raises(ValueError, match="too large"):
        w(x[::-1].copy())
    with pytest.raises(KeyError, match="large"):
        grad(lambda x: np.sum(w(x)))(x)
    assert w(x[:400]).tolist() == x[:400].tolist()  # what was raised leaves nothing behind


@pytest.mark.parametrize(
    "f", [lambda x: None, lambda x: "a", lambda x: (), lambda x: None if x > 0.0 else x, lambda x: np.zeros(3) * x]
)
def test_results_that_no_array_holds(f):
    with pytest.raises(interp.errors.CompileError, match="returns a number, or a tuple of numbers"):
        interp.vectorize(f)(X)


def test_operands_that_no_loop_takes():
    for x in (np.array([1, None]), np.ma.masked_array(X, X > 0), X.astype(object)):
        with pytest.raises(interp.errors.UnsupportedInput):
            SERIAL(x, 1.0)
    with pytest.raises(interp.errors.StripError):
        SERIAL([Dual(1.0, 1.0), 2.0], 1.0)


def test_what_cannot_compile_names_the_line():
    def f(x):
        return [x, {"a": x}["a"]][-1] + eval("x")

    with pytest.raises(interp.errors.CompileError, match=r"test_vectorize\.py"):
        interp.vectorize(f)(X)


@pytest.mark.parametrize("kind", ["float", "dual", "tape"])
def test_fallback_runs_element_by_element(kind):
    def f(x, y):
        kinds = {"wide": x * y, "narrow": x}
        return kinds["wide" if len({1, "a"}) == 2 else "narrow"], x

    v = interp.vectorize(f, fallback=True)
    with pytest.warns(UserWarning, match="runs as plain Python"):
        if kind == "float":
            assert v(X[:, None], Y)[0].tolist() == (X[:, None] * Y).tolist()
        elif kind == "dual":
            assert v(Dual(X, np.ones(6)), 2.0)[0].tangent.tolist() == [2.0] * 6
        else:
            np.testing.assert_allclose(grad(lambda x: np.sum(v(x, Y)[0]))(2.0 * Y), Y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(interp.errors.ShapeError, match="no elements"):
            v(np.ones(0), 1.0)


# -- threads


def slow(x):
    y = x
    for _ in range(2_000_000):
        y = np.sin(y) + x
    return y


def test_the_interpreter_runs_beside_native_code():
    """A held lock would keep this thread from counting while the loop runs."""
    v = interp.vectorize(slow, parallel=True)
    v(np.zeros(1))
    running = threading.Thread(target=v, args=(np.linspace(0.0, 1.0, 16),))
    running.start()
    count = 0
    while running.is_alive():
        time.sleep(0.001)
        count += 1
    assert count > 20


def test_first_calls_from_several_threads():
    v = interp.vectorize(branching, parallel=True)
    operands = [X, Dual(X, X), np.tile(X, (40, 1)), np.asfortranarray(np.tile(X, (40, 1)))] * 2
    found = [None] * len(operands)

    def call(i):
        found[i] = v(operands[i], 0.5)

    started = [threading.Thread(target=call, args=(i,)) for i in range(len(operands))]
    for t in started:
        t.start()
    for t in started:
        t.join()
    for x, out in zip(operands, found, strict=True):
        assert_same(out, SERIAL(x, 0.5))

"""Derivatives that native code takes itself, against closed forms: nested, at singular points, of every payload.

What is eager in one test and native in another must be the same: each program also runs as plain Python.
"""

import math
import pickle
from typing import NamedTuple

import numpy as np
import pytest

import interp
from interp.errors import CompileError, ShapeError
from interp.interpretation import transform
from interpretations import (
    Dual,
    Interval,
    Measurement,
    dual,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacrev,
    jvp,
    value_and_grad,
    vjp,
)


def cube(x):
    return x * x * x


def wave(x, y):
    return x * x * np.sin(y)


slope_of_cube = grad(cube)
slopes_of_wave = grad(wave, (0, 1))
slope_of_compiled = grad(interp.compile(cube))


def agrees(f, args, expected, rtol=1e-14):
    """In native code and as plain Python."""
    np.testing.assert_allclose(interp.compile(f)(*args), expected, rtol=rtol, atol=1e-15)
    np.testing.assert_allclose(f(*args), expected, rtol=rtol, atol=1e-15)


# -- where a derivative may come from


def test_what_a_transform_made_is_a_function_like_others():
    here = jacfwd(wave, 1)
    agrees(lambda x: slope_of_cube(x) + slope_of_compiled(x), (2.0,), 24.0)
    agrees(lambda x, y: here(x, y), (2.0, 0.5), 4.0 * math.cos(0.5))
    agrees(lambda x, y: slopes_of_wave(x, y), (2.0, 0.5), (4.0 * math.sin(0.5), 4.0 * math.cos(0.5)))
    agrees(lambda f, x: f(x) + f(2.0 * x), (slope_of_cube, 1.0), 15.0)


def test_transforms_are_called_in_native_code():
    def newton(a):
        f = lambda x: x * x - a  # noqa: E731
        x = a
        while abs(f(x)) > 1e-14 * a:
            x = x - f(x) / grad(f)(x)
        return x

    agrees(newton, (2.0,), math.sqrt(2.0))
    np.testing.assert_allclose(grad(interp.compile(newton))(2.0), 0.5 / math.sqrt(2.0), rtol=1e-14)

    def minimised(f, x):
        slope = grad(f)
        for _ in range(200):
            x = x - 0.1 * slope(x)
        return x

    agrees(minimised, (lambda x: (x - 3.0) ** 2, 0.0), 3.0)


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x, y: grad(wave)(x, y), 4.0 * math.sin(0.5)),
        (lambda x, y: grad(wave, 1)(x, y), 4.0 * math.cos(0.5)),
        (lambda x, y: grad(wave, argnums=-1)(x, y), 4.0 * math.cos(0.5)),
        (lambda x, y: grad(wave, (1, 0))(x, y), (4.0 * math.cos(0.5), 4.0 * math.sin(0.5))),
        (lambda x, y: grad(wave, (1,))(x, y)[0], 4.0 * math.cos(0.5)),
        (lambda x, y: value_and_grad(wave, 1)(x, y), (4.0 * math.sin(0.5), 4.0 * math.cos(0.5))),
        (lambda x, y: jacfwd(wave, (0, 1))(x, y), (4.0 * math.sin(0.5), 4.0 * math.cos(0.5))),
        (lambda x, y: jacrev(wave, (0, 1))(x, y), (4.0 * math.sin(0.5), 4.0 * math.cos(0.5))),
        (lambda x, y: hessian(wave)(x, y), 2.0 * math.sin(0.5)),
        (
            lambda x, y: hessian(wave, (0, 1))(x, y),
            ((2.0 * math.sin(0.5), 4.0 * math.cos(0.5)), (4.0 * math.cos(0.5), -4.0 * math.sin(0.5))),
        ),
        (lambda x, y: jvp(wave, (x, y), (y, 2)), (4.0 * math.sin(0.5), 2.0 * math.sin(0.5) + 8.0 * math.cos(0.5))),
        (lambda x, y: hvp(cube, x, y), 6.0),
        (lambda x, y: jacfwd(lambda a, b: (a * b, b))(x, y), (0.5, 0.0)),
        (lambda x, y: jacfwd(lambda a, b: (a * b, b), (0, 1))(x, y), ((0.5, 2.0), (0.0, 1.0))),
        (lambda x, y: jacfwd(grad(wave, 0), 1)(x, y), 4.0 * math.cos(0.5)),
        (lambda x, y: grad(grad(grad(cube)))(x), 6.0),
        (lambda x, y: grad(np.sin)(x), math.cos(2.0)),
        (lambda x, y: grad(np.exp)(x), math.exp(2.0)),
    ],
)
def test_every_transform_and_argnums(f, expected):
    native = interp.compile(f)(2.0, 0.5)
    for found in (native, f(2.0, 0.5)):
        np.testing.assert_allclose(np.array(found, float), np.array(expected), rtol=1e-14)


# -- perturbations do not meet


def test_the_classic_confusion():
    """d/dx of x d/dy (x + y) is 1; an inner perturbation taken for the outer makes it 2."""

    def confused(x):
        return grad(lambda x: x * grad(lambda y: x + y)(1.0))(x)

    agrees(confused, (1.0,), 1.0)
    agrees(lambda x: grad(lambda x: x * grad(lambda y: x * y * y)(2.0))(x), (3.0,), 24.0)


def test_one_function_at_two_depths():
    def twice(x):
        return grad(lambda x: cube(x) * grad(cube)(x))(x)  # x**3 3 x**2

    agrees(twice, (1.5,), 15.0 * 1.5**4)
    np.testing.assert_allclose(grad(interp.compile(twice))(1.5), 60.0 * 1.5**3, rtol=1e-14)
    np.testing.assert_allclose(hessian(interp.compile(twice))(1.5), 180.0 * 1.5**2, rtol=1e-14)


@pytest.mark.parametrize("outer", [grad, jacfwd, jacrev])
def test_outer_duals_among_the_other_arguments(outer):
    """x**2 sin y: the mixed derivative through either argument, and both at once."""

    def by_x(x, y):
        return grad(wave, 0)(x, y)

    def by_both(x):
        first, second = grad(wave, (0, 1))(x, 0.5 * x)
        return first * second

    native = interp.compile(by_x)
    np.testing.assert_allclose(outer(native, 1)(2.0, 0.5), 4.0 * math.cos(0.5), rtol=1e-14)
    np.testing.assert_allclose(outer(native, (0, 1))(2.0, 0.5), (2.0 * math.sin(0.5), 4.0 * math.cos(0.5)), rtol=1e-14)
    x, h = 1.0, 0.5
    # 2 x**3 sin h cos h with h = x / 2
    s, c = math.sin(h), math.cos(h)
    expected = 6.0 * x**2 * s * c + x**3 * (c * c - s * s)
    np.testing.assert_allclose(outer(interp.compile(by_both))(x), expected, rtol=1e-14)


@pytest.mark.parametrize("sizes", [(3, 3), (1, 1), (2, 5)])
def test_directions_of_levels_outside_and_within_do_not_meet(sizes):
    """d/dx of x**2 y**3 z, two or three numbers at a time within native code, under two levels of directions."""

    def f(x, y, z):
        a, b = grad(lambda x, y, z: x**2 * y**3 * z, (0, 2))(x, y, z)
        return a * b  # 2 x**3 y**6 z

    inner, outer = (np.linspace(0.5, 2.0, n) for n in sizes)
    x, y, z = 0.7, 0.4, 1.3
    mixed = interp.compile(f)(dual.make(x, inner, 1), dual.make(y, outer, 2), z).tangent.tangent
    expected = 36.0 * x**2 * y**5 * z * np.multiply.outer(inner, outer)
    np.testing.assert_allclose(mixed, expected, rtol=1e-13)


def test_a_loop_around_and_a_loop_within():
    """Heron's iteration for sqrt(a), differentiated within a loop: d sqrt = 1 / (2 sqrt)."""

    def root(a):
        x = a
        while abs(x * x - a) > 1e-14 * a:
            x = 0.5 * (x + a / x)
        return x

    def total(n, a):
        made = 0.0
        for k in range(1, n + 1):
            made += grad(root)(a * k)
        return made

    agrees(total, (3, 2.0), sum(0.5 / math.sqrt(2.0 * k) for k in (1, 2, 3)), rtol=1e-13)
    slope = grad(interp.compile(total), 1)(3, 2.0)
    np.testing.assert_allclose(slope, sum(-0.25 * k / (2.0 * k) ** 1.5 for k in (1, 2, 3)), rtol=1e-12)


# -- captured variables


def test_captured_variables_move_too():
    def f(x, k):
        s = x * k
        power = lambda y: y**3 * s  # noqa: E731
        return grad(power)(x)  # 3 k x**3

    agrees(f, (2.0, 0.5), 12.0)
    for outer in (grad, jacfwd):
        np.testing.assert_allclose(outer(interp.compile(f), (0, 1))(2.0, 0.5), (18.0, 24.0), rtol=1e-14)


def test_a_function_made_anew_by_every_turn_of_a_loop():
    def f(x):
        for i in range(3):
            slope = grad(lambda y: y * y * x + i)  # noqa: B023
            x = x - 0.1 * slope(x)  # x - 0.2 x**2
        return x

    expected = 2.0
    for _ in range(3):
        expected = expected - 0.2 * expected**2
    agrees(f, (2.0,), expected)


def test_a_variable_that_changes_under_the_function_is_refused():
    def changed(x):
        f = lambda y: y * x  # noqa: E731
        slope = grad(f)
        x = 2.0 * x
        return slope(x)

    def later(x, n):
        total = 0.0
        slope = grad(lambda y: y * x)
        for _ in range(n):
            total += slope(x)
            x = x + 1.0
        return total

    for f, args in ((changed, (2.0,)), (later, (2.0, 3))):
        with pytest.raises(CompileError, match=r"`x` changes after a function that captures it .* as an argument"):
            interp.compile(f)(*args)


def test_captured_arrays_and_functions():
    def f(x, weights, g):
        def total(y):
            s = 0.0
            for i in range(len(weights)):
                s += weights[i] * g(y) * x
            return s

        return grad(total)(x)

    weights = np.array([1.0, 2.0, 3.0])
    agrees(f, (0.5, weights, np.sin), 6.0 * math.cos(0.5) * 0.5)
    agrees(f, (0.5, weights, cube), 6.0 * 0.75 * 0.5)


# -- singular points, ties, branches


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: x * np.sqrt(x), 0.0),
        (lambda x: np.sqrt(x * x), 0.0),
        (lambda x: np.sqrt(1.0 + x * x), 0.0),
        (lambda x: abs(x), 0.0),
        (lambda x: np.maximum(x, 0.0), 0.0),
        (lambda x: max(x, 0.0), 0.0),
        (lambda x: np.maximum(x, -x) * 3.0, 0.0),
        (lambda x: x**0, 0.0),
        (lambda x: x**2.0, 0.0),
        (lambda x: np.hypot(x, 0.0), 0.0),
        (lambda x: np.where(x > 0.0, x, 0.0 * np.log(x)), 1.0),
        (lambda x: x if x > 1.0 else x * x, 0.5),
        (lambda x: x if x > 1.0 else x * x, 2.0),
        (lambda x: 1.0 if x > 1.0 else x, 2.0),
        (lambda x: math.floor(x) * x, 1.5),
        (lambda x: x * x, float("nan")),
        (lambda x: np.log(x), 0.0),
        (lambda x: np.sqrt(x), 0.0),
    ],
)
def test_as_eager_gradients_at_singular_points(f, x):
    """Eager reverse mode has closed forms of its own in tests/test_derivatives.py."""
    with np.errstate(all="ignore"):
        expected = grad(f)(x)
    np.testing.assert_equal(interp.compile(lambda x: grad(f)(x))(x), expected)
    np.testing.assert_equal(interp.compile(lambda f, x: jacfwd(f)(x))(f, x), expected)


def test_singular_points_in_closed_form():
    def at_zero(x):
        return (
            grad(lambda x: x * np.sqrt(x))(x),
            grad(lambda x: np.sqrt(x * x))(x),
            grad(lambda x: abs(x))(x),
            grad(lambda x, y: max(x, y), (0, 1))(x, x)[0] + grad(lambda x, y: np.maximum(x, y), (0, 1))(x, x)[1],
            hessian(lambda x: np.sqrt(1.0 + x * x))(x),
        )

    np.testing.assert_equal(interp.compile(at_zero)(0.0), (0.0, 0.0, 0.0, 1.5, 1.0))
    # the same where outer tangents, too, meet infinite slopes: d/dx of grad(x sqrt x) is infinite at 0
    outside = interp.compile(lambda x: x * grad(lambda y: np.sqrt(y * y))(x))
    assert grad(outside)(0.0) == 0.0
    np.testing.assert_equal(outside(Dual(0.0, np.array([1.0, 0.0]))).tangent, [0.0, 0.0])


def test_a_branch_on_a_derivative():
    def f(x):
        return x if grad(cube)(x) > 3.0 else -x

    native = interp.compile(f)
    assert (native(2.0), native(0.5)) == (2.0, -0.5)
    assert (grad(native)(2.0), grad(native)(0.5)) == (1.0, -1.0)


# -- numbers of all kinds


def test_integers_become_floats():
    native = interp.compile(lambda x: grad(cube)(x))
    assert native(2) == 12.0 and type(native(2)) is float
    assert interp.compile(lambda x: grad(lambda y: 3)(x))(1.0) == 0.0
    assert interp.compile(lambda x: grad(lambda y, n: y**n)(x, 3))(2) == 12.0
    assert type(interp.compile(lambda x: grad(lambda y: 3)(x))(2)) is float
    assert interp.compile(lambda x: jvp(cube, (x,), (1,)))(2) == (8.0, 12.0)


def test_one_function_at_several_types():
    native = interp.compile(lambda x: grad(cube)(x))
    assert native(2.0) == native(2) == 12.0
    assert native(Dual(2.0, 1.0)).tangent == 12.0
    assert grad(grad(native))(2.0) == 6.0
    assert native(Interval(1.0, 2.0)).hi >= 12.0
    assert native(2.0) == 12.0


class Point(NamedTuple):
    x: float
    y: float


def test_tuples_of_numbers():
    def norm(p, scale):
        return scale * (p[0] * p[0] + p[1][0] * p[1][1])

    agrees(lambda a, b: grad(norm)((a, (b, 2.0)), 3.0)[1], (1.0, 2.0), (6.0, 6.0))
    agrees(lambda a, b: grad(norm)((a, (b, 2.0)), 3.0)[0], (1.0, 2.0), 6.0)

    def square(p):
        return p.x * p.x * p.y

    native = interp.compile(lambda x, y: grad(square)(Point(x, y)))(2.0, 3.0)
    assert type(native) is Point and native == Point(12.0, 4.0)
    doubled = interp.compile(lambda x: jacfwd(lambda x: (x, (x * x, 1.0)))(x))(3.0)
    assert doubled == (1.0, (6.0, 0.0))


def test_intervals_enclose():
    """The slope of x**3 on [1, 2] is within [3, 12], of x sin x at 0.5 the closed form."""
    native = interp.compile(lambda x: grad(cube)(x))
    found = native(Interval(1.0, 2.0))
    assert 2.99 < found.lo <= 3.0 and 12.0 <= found.hi < 12.01
    product = interp.compile(lambda x, y: grad(lambda x, y: x * math.sin(y), (0, 1))(x, y))
    first, second = product(Interval(0.5, 0.5), Interval(0.25, 0.25))
    assert first.lo <= math.sin(0.25) <= first.hi and first.hi - first.lo < 1e-15
    assert second.lo <= 0.5 * math.cos(0.25) <= second.hi and second.hi - second.lo < 1e-15
    bend = interp.compile(lambda x: hessian(lambda x: x**4)(x))(Interval(1.0, 2.0))
    assert bend.lo <= 12.0 and bend.hi >= 48.0


def test_error_bars():
    """The slope of x**3 at 2 +- 0.1 has the error bar 6 x s."""
    native = interp.compile(lambda x: grad(cube)(x))
    found = native(Measurement(2.0, 0.1))
    assert abs(found.nominal_value - 12.0) < 1e-13 and abs(found.std_dev - 1.2) < 1e-13
    both = interp.compile(lambda x, y: grad(wave, (0, 1))(x, y)[0])(Measurement(2.0, 0.1), Measurement(0.5, 0.2))
    expected = math.hypot(2.0 * math.sin(0.5) * 0.1, 4.0 * math.cos(0.5) * 0.2)
    assert abs(both.std_dev - expected) < 1e-13


def test_single_precision():
    native = interp.compile(lambda x: grad(lambda x: x * x)(x))
    assert native(np.float32(0.1)) == float(np.float32(0.1) + np.float32(0.1)) != 0.2


# -- from outside


def test_every_transform_takes_a_function_that_takes_derivatives():
    """f = x**2 sin' = x**2 cos x by a native derivative; closed forms of f' and f''."""
    native = interp.compile(lambda x: x * x * grad(lambda y: math.sin(y))(x))
    x = 0.7
    slope = 2.0 * x * math.cos(x) - x * x * math.sin(x)
    bend = (2.0 - x * x) * math.cos(x) - 4.0 * x * math.sin(x)
    for found in (grad(native)(x), jacfwd(native)(x), jacrev(native)(x), vjp(native, x)[1](1.0)[0]):
        np.testing.assert_allclose(found, slope, rtol=1e-14)
    for found in (hessian(native)(x), grad(grad(native))(x), jacfwd(grad(native))(x), hvp(native, x, 1.0)):
        np.testing.assert_allclose(found, bend, rtol=1e-13)
    np.testing.assert_allclose(interp.compile(grad(lambda x: x * x * grad(np.sin)(x)))(x), slope, rtol=1e-14)


def test_reverse_mode_of_arrays_around_it():
    """sum of x[i] sin'(x[i]): a derivative within is none of the adjoint's words, and the tape takes it."""

    def f(x):
        total = 0.0
        for i in range(len(x)):
            total += x[i] * grad(math.sin)(x[i])
        return total

    native, x = interp.compile(f), np.linspace(0.1, 2.0, 7)
    np.testing.assert_allclose(grad(native)(x), np.cos(x) - x * np.sin(x), rtol=1e-14)
    assert native.reverse.startswith("tape")
    bend = -2.0 * np.sin(x) - x * np.cos(x)
    np.testing.assert_allclose(hvp(native, x, np.ones(7)), bend, rtol=1e-13)
    np.testing.assert_allclose(jacfwd(native)(x), np.cos(x) - x * np.sin(x), rtol=1e-14)


def test_values_in_arrays_within():
    """A recurrence through an array of Duals, differentiated within native code, in one direction and in two."""

    def polynomial(x, y, n):
        a = np.zeros(n)
        a[0] = x
        for i in range(1, n):
            a[i] = a[i - 1] * x + y
        return np.sum(a)

    def f(x, y):
        return grad(polynomial)(x, y, 3), grad(polynomial, (0, 1))(x, y, 3)

    x, y = 0.5, 2.0  # x + x**2 + y + x**3 + x y + y
    by_x, by_y = 1.0 + 2.0 * x + 3.0 * x * x + y, 2.0 + x
    first, both = interp.compile(f)(x, y)
    np.testing.assert_allclose((first, *both), (by_x, by_x, by_y), rtol=1e-14)
    slope = jacfwd(interp.compile(lambda x, y: grad(polynomial)(x, y, 3)), (0, 1))(x, y)
    np.testing.assert_allclose(slope, (2.0 + 6.0 * x, 1.0), rtol=1e-14)


def test_vectorize_takes_derivatives_too():
    rows = interp.vectorize(lambda x, y: grad(wave)(x, y))
    x, y = np.linspace(0.1, 1.0, 5), np.linspace(0.0, 2.0, 3)[:, None]
    np.testing.assert_allclose(rows(x, y), 2.0 * x * np.sin(y), rtol=1e-14)
    np.testing.assert_allclose(grad(lambda x: np.sum(rows(x, y)))(x), np.sum(2.0 * np.sin(y)) * np.ones(5), rtol=1e-13)


# -- a transform of one's own


def sums_of(count=2):
    """The native body of `sum_of`: f summed over count shifted arguments, and how fast it grows with the shift."""

    def body(f, x):
        total = 0.0
        for k in range(count):
            total += f(x + k)
        return total

    return body


@transform(native=f"{__name__}.sums_of")
def sum_of(f, count=2):
    return lambda x: sum(f(x + k) for k in range(count))


def test_transforms_of_one_s_own_join():
    threefold = sum_of(cube, 3)
    agrees(lambda x: threefold(x), (1.0,), 36.0)
    agrees(lambda x: sum_of(cube)(x) + grad(sum_of(cube, count=3))(x), (1.0,), 9.0 + 42.0)
    agrees(lambda x: sum_of(grad(cube))(x), (1.0,), 15.0)


# -- errors


def test_errors_of_the_function_come_out():
    def f(x):
        if x < 0.0:
            raise ValueError("a negative number")
        return x * x

    native = interp.compile(lambda x: grad(f)(x))
    assert native(3.0) == 6.0
    with pytest.raises(ValueError, match="a negative number"):
        native(-1.0)


def test_indices_are_checked_where_asked():
    def f(x, table):
        return grad(lambda y: y * table[3])(x)

    assert interp.compile(f, boundscheck=True)(2.0, np.arange(4.0)) == 3.0
    with pytest.raises(IndexError):
        interp.compile(f, boundscheck=True)(2.0, np.arange(3.0))


@pytest.mark.parametrize(
    ("f", "args", "message"),
    [
        (lambda x: grad(wave, 2)(x, x), (1.0,), "argnums=2, but the function was called with 2 positional arguments"),
        (lambda x: grad(wave, (0, -2))(x, x), (1.0,), r"argnums=\(0, -2\) names one of 2 arguments twice"),
        (lambda x: grad(wave, "x")(x, x), (1.0,), "argnums='x': it is an integer, or a tuple of integers"),
        (lambda x, n: grad(wave, n)(x, x), (1.0, 1), "an argument of `grad` that is no constant"),
        (lambda x: grad(lambda y: (y, y))(x), (1.0,), "one number, not a tuple: use jacfwd"),
        (lambda x: grad(lambda y: np.array([1.0, 2.0]))(x), (1.0,), "one number, not an array: use jacfwd"),
        (lambda x: grad(lambda y: y * 1j)(x), (1.0,), "grad needs a real output, got a complex one"),
        (lambda x: grad(cube)(x), (1j,), "derivatives are taken with respect to real inputs"),
        (lambda x: grad(x)(x), (1.0,), "`grad` of what is no function that native code knows"),
        (lambda x: grad(cube)(x=x), (1.0,), "takes no keywords: pass all by position"),
        (lambda x: grad(lambda y: None if y > 3.0 else y)(x), (1.0,), "returns None on some path"),
        (lambda x: grad(lambda p: np.sum(p[0]))((np.ones(3), x)), (1.0,), "an array in a tuple"),
        (
            lambda x: hessian(lambda a, k: np.sum(a) * k, (0, 1))(np.ones(3), x),
            (1.0,),
            "take those of each of its parts",
        ),
        (
            lambda x: grad(lambda y: y)(x) if x > 0.0 else (grad(cube) if x > 1.0 else grad(np.sin))(x),
            (1.0,),
            "for one function on one path and for another",
        ),
        (lambda x: jvp(cube, x, x), (1.0,), r"both are tuples with one entry an argument, jvp\(f, \(x,\), \(v,\)\)"),
        (lambda x: jvp(wave, (x, x), (x,)), (1.0,), "the tangents have another structure than the primals"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(f, args, message):
    with pytest.raises(CompileError, match=message) as caught:
        interp.compile(f)(*args)
    assert "test_native_transforms.py" in str(caught.value)


def test_the_fallback_is_plain_python():
    native = interp.compile(lambda x, n: grad(wave, n)(x, x), fallback=True)
    with pytest.warns(UserWarning, match="is no constant"):
        assert abs(native(0.5, 1) - 0.25 * math.cos(0.5)) < 1e-15


# -- between processes


@interp.compile
def decorated(x):
    return slope_of_cube(x) + grad(cube)(x)


def test_pickles():
    assert pickle.loads(pickle.dumps(decorated))(2.0) == 24.0


def test_shape_errors_are_eager_ones_outside():
    with pytest.raises(ShapeError):
        grad(interp.compile(lambda x: (x, slope_of_cube(x))))(1.0)


def test_a_list_of_functions_made_in_a_loop_is_refused():
    """Each would hold another value of what they capture; Python's all see the last."""

    def made(x):
        functions = []
        for i in range(3):
            functions.append(lambda t: t * i)  # noqa: B023
        return functions[0](x)

    with pytest.raises(CompileError, match="a list of functions that capture variables"):
        interp.compile(made)(2.0)


def test_a_list_of_functions_that_capture_is_refused():
    """What it captures may change before a function is taken out of the list."""

    def listed(x):
        z = x

        def f(t):
            return t * z

        both = [f, f]
        if x > 0.0:
            z = 3.0 * x
        return both[0](1.0)

    with pytest.raises(CompileError, match="a list of functions that capture variables"):
        interp.compile(listed)(2.0)

"""Loops over arrays in reverse: what is saved side by side, which memory may be shared, where a loop starts.

Truth is the complex step of the function as plain NumPy; of functions that compare numbers, its differences. Each
gradient must come from the adjoint itself, so that no other way hides an error.
"""

import threading

import numpy as np
import pytest
from array_programs import (
    COMPARING,
    PROGRAMS,
    a_number_in_one_place_and_a_value_in_another,
    a_view_of_another_layout,
    several_at_once,
    stores_in_branches,
    triangles,
    views_of_one_array,
)
from truth import complex_step, jacobian

import interp
from interp.errors import CompileError
from interpretations import Dual, grad, jacfwd

X = np.array([0.7, -1.3, 0.4, 1.9, -0.2, 0.8, 1.1, -0.6])


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradient(f):
    compiled = interp.compile(f)
    assert compiled(X) == pytest.approx(f(X), rel=1e-13)
    found = grad(compiled)(X)
    assert compiled.reverse == "adjoint"
    if f in COMPARING:
        np.testing.assert_allclose(found, jacobian(f, (X,), 0), rtol=1e-8, atol=1e-8)
    else:
        np.testing.assert_allclose(found, complex_step(f, (X,), 0), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "f",
    [
        several_at_once,
        triangles,
        views_of_one_array,
        stores_in_branches,
        a_number_in_one_place_and_a_value_in_another,
        a_view_of_another_layout,
    ],
    ids=lambda f: f.__name__,
)
def test_hessian(f):
    """Values of one and of eight directions in the slots, against differences of the complex step."""
    slope = grad(interp.compile(f))
    found = jacfwd(slope)(X)
    step = 1e-4
    for j in range(len(X)):
        e = np.eye(len(X))[j]
        two, one = (
            (complex_step(f, (X + h * e,), 0) - complex_step(f, (X - h * e,), 0)) / (2 * h) for h in (2 * step, step)
        )
        expected = (4.0 * one - two) / 3.0
        np.testing.assert_allclose(found[j], expected, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(slope(Dual(X, e)).tangent, found[j], rtol=1e-11, atol=1e-11)


def picked_by_a_mask(x):
    return np.sum(x[x > 0.0] ** 3)


def stacked(x):
    return np.sum(np.stack((x, x * x))[1] * x)


def joined(x):
    return np.sum(np.concatenate((x, x * x))[5:10])


def in_order(x):
    return sorted(x)[0] ** 2 + sorted(x)[3]


def stored_at_positions(x):
    a, b = x.copy(), np.ones(8)
    a[np.array([0, 2])] = 2.0
    b[np.array([1, 2])] = 3.0
    return np.sum(a * b * x)


def stored_where_positive(x):
    a = x.copy()
    a[a > 0.5] = 1.0
    return np.sum(a * x)


def stored_by_out(x):
    a = x.copy()
    b = np.multiply(2.0, np.ones(8), out=a)
    return np.sum(a * b * x)


@pytest.mark.parametrize(
    "f",
    [
        picked_by_a_mask,
        stacked,
        joined,
        in_order,
        stored_at_positions,
        stored_where_positive,
    ],
    ids=lambda f: f.__name__,
)
def test_what_the_adjoint_refuses_is_taken_otherwise(f):
    """It once gave zeros for the first four, and for elements at positions."""
    compiled = interp.compile(f)
    np.testing.assert_allclose(grad(compiled)(X), jacobian(f, (X,), 0), rtol=1e-8, atol=1e-8)
    assert compiled.reverse.startswith("tape: ")


def stored_by_position(x):
    """Constants, another in each round."""
    w, c, total = np.arange(1.0, 9.0), np.zeros(8), 0.0
    for k in range(3):
        y = np.multiply(float(k), w, c)
        total = total + np.sum(c * x) + y[0]
    return total


@pytest.mark.parametrize("f", [stored_by_out, stored_by_position], ids=lambda f: f.__name__)
def test_a_result_stored_into_an_argument_is_never_lost(f):
    compiled = interp.compile(f)
    try:
        found = grad(compiled)(X)
    except CompileError:
        return
    np.testing.assert_allclose(found, jacobian(f, (X,), 0), rtol=1e-8)


def products(x, rounds):
    a, total = x.copy(), 0.0
    for _ in range(rounds):
        s = 1.0
        for i in range(len(a)):
            s = s * (1.0 + 0.001 * a[i])
            a[i] = 0.5 * a[i] + 0.1 * s
        total = total + s
        while s > 0.9:
            s = s * 0.5
        total = total * (1.0 + 0.01 * s)
    return total


def by_hand(x, rounds):
    """Tangents of `products` along each axis, as arrays of NumPy."""
    a, da = x.copy(), np.eye(len(x))
    total, dtotal = 0.0, np.zeros(len(x))
    for _ in range(rounds):
        s, ds = 1.0, np.zeros(len(x))
        for i in range(len(a)):
            ds = ds * (1.0 + 0.001 * a[i]) + s * 0.001 * da[i]
            s = s * (1.0 + 0.001 * a[i])
            a[i], da[i] = 0.5 * a[i] + 0.1 * s, 0.5 * da[i] + 0.1 * ds
        total, dtotal = total + s, dtotal + ds
        while s > 0.9:
            s, ds = s * 0.5, ds * 0.5
        total, dtotal = total * (1.0 + 0.01 * s), dtotal * (1.0 + 0.01 * s) + total * 0.01 * ds
    return dtotal


def test_the_stack_moves_while_loops_run():
    """From an empty stack, through all its sizes: 40 MB in slots of inner loops, and others between them."""
    x = np.linspace(-1.0, 1.0, 20)
    expected = by_hand(x, 60_000)
    g = grad(interp.compile(products))
    found = []
    for _ in range(2):
        thread = threading.Thread(target=lambda: found.append(g(x, 60_000)))
        thread.start()
        thread.join()
    for gradient in found:
        np.testing.assert_allclose(gradient, expected, rtol=1e-10)


def one_changes(x, y):
    for i in range(len(x) - 1):
        x[i] = x[i] * y[i + 1]
        x[i] = x[i] * y[i]
    return np.sum(x * y)


def test_arguments_that_share_memory():
    """They do not, once they are values: as in plain Python."""
    for f in (one_changes, lambda x, y: np.sum(x * y * y)):
        found = grad(interp.compile(f), (0, 1))(X, X)
        for i in (0, 1):
            expected = complex_step(lambda x, y, f=f: f(x.astype(complex), y.astype(complex)), (X, X), i)
            np.testing.assert_allclose(found[i], expected, rtol=1e-13, atol=1e-13)


def test_out_of_bounds_is_an_error_where_asked():
    def beyond(x):
        total = 0.0
        for i in range(len(x) + 1):
            total += x[i] ** 2
        return total

    with pytest.raises(IndexError):
        grad(interp.compile(beyond, boundscheck=True))(X)


def test_what_the_adjoint_leaves_to_the_tape():
    def read_before_it_is_set(x):
        y = x[0]
        s = 0.0
        for i in range(3):
            s = s + (y + (y := y * x[i]))
        return s

    compiled = interp.compile(read_before_it_is_set)
    found = grad(compiled)(X)
    assert compiled.reverse.startswith("tape: ")
    np.testing.assert_allclose(found, complex_step(read_before_it_is_set, (X,), 0), rtol=1e-12, atol=1e-12)


def default_of_its_time(x):
    s = x[0]

    def step(y, k=s * 2.0):
        return y * k

    s = s * x[1]
    return step(x[2]) * s


def numbered_from_one(x):
    s = 0.0
    for i, v in enumerate(x, start=1):
        s = s + i * v**2
    for u, v in zip(x, x, strict=True):
        s = s + u * v
    return s


def matrix_in_place(x):
    m = x[:4].copy().reshape(2, 2)
    v = m
    m @= np.ones((2, 2))
    return np.sum(v * v)


def test_right_or_an_error():
    """Numba has no code for these: whatever way their gradients take, none is wrong."""
    for f in (default_of_its_time, numbered_from_one, matrix_in_place):
        try:
            found = grad(interp.compile(f))(X)
        except CompileError:
            continue
        np.testing.assert_allclose(found, complex_step(f, (X,), 0), rtol=1e-12, atol=1e-12)


def stored_beside(x, weights, order):
    s = weights[0] * x[order[0]] ** 2
    weights[0] = weights[0] + 1.0
    for i in range(3):
        order[i] = (order[i] + 1) % 3
        s = s * 0.5 + x[order[i]] * x[i] * weights[i]
    weights[1:] *= 2.0
    return s * weights[1]


def test_stores_into_arguments_that_do_not_vary():
    start = np.array([1.0, 2.0, 3.0]), np.array([0, 2, 1])
    ours, theirs = ([a.copy() for a in start] for _ in range(2))
    compiled = interp.compile(stored_beside)
    found = grad(compiled)(X, *ours)
    assert compiled.reverse == "adjoint"
    stored_beside(X, *theirs)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)
    expected = complex_step(lambda x: stored_beside(x, *(a.copy() for a in start)), (X,), 0)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_shapes_that_do_not_fit():
    def too_short(x):
        a = np.zeros_like(x)
        a[1:] = x[:3] * 2.0
        return np.sum(a)

    def greatest(x):
        return np.max(x * 2.0)

    with pytest.raises(ValueError, match="shapes"):
        grad(interp.compile(too_short))(X)
    with pytest.raises(ValueError, match="empty"):
        grad(interp.compile(greatest))(X[:0])


def test_nan_among_elements():
    spoiled = X.copy()
    spoiled[2] = np.nan

    def f(x):
        return np.max(x * x) + np.sum(x)

    assert np.isnan(grad(interp.compile(f))(spoiled)).all() and np.isnan(grad(f)(spoiled)).all()


def test_an_error_in_the_middle():
    def stops(x, at):
        a, s = x.copy(), 0.0
        for i in range(4):
            a[i] = a[i] * a[i + 1]
            for j in range(i):
                s = s + a[j] * a[i]
                a[j] = s * 0.5
                if i * j == at:
                    raise ValueError("stopped")
        return s

    compiled = interp.compile(stops)
    g = grad(compiled)
    expected = complex_step(lambda x: stops(x, 100), (X,), 0)
    for _ in range(2):
        np.testing.assert_allclose(g(X, 100), expected, rtol=1e-12, atol=1e-12)
        assert compiled.reverse == "adjoint"
        with pytest.raises(ValueError, match="stopped"):
            g(X, 2)

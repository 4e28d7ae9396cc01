"""Loops over arrays in reverse: what is saved side by side, which memory may be shared, where a loop starts.

Truth is the complex step of the function as plain NumPy; of functions that compare numbers, its differences. Each
gradient must come from the adjoint itself, so that no other way hides an error.
"""

import threading

import numpy as np
import pytest
from truth import complex_step, jacobian

import interp
from interpretations import Dual, grad, jacfwd

X = np.array([0.7, -1.3, 0.4, 1.9, -0.2, 0.8, 1.1, -0.6])


def two_buffers_change_places(x):
    u, v = x.copy(), np.zeros_like(x)
    for _ in range(5):
        for i in range(1, len(x) - 1):
            v[i] = u[i] * u[i + 1] - 0.3 * u[i - 1] ** 2
        v[0], v[-1] = u[0] * u[1], u[-1]
        u, v = v, u
    return u[2] * u[3] + u[0] + v[1]


def views_of_one_array(x):
    a = x.copy()
    left, right, back = a[:-1], a[1:], a[::-1]
    for i in range(len(left)):
        left[i] = left[i] * right[i]
        back[i] = back[i] + left[i] * a[i]
    return np.sum(a * a)


def a_view_stored_through_and_the_base_read(x):
    a = np.zeros_like(x)
    b = a[2:]
    for i in range(len(b)):
        b[i] = x[i] * x[i + 1]
        a[i] = a[i] + b[i] ** 2
    return a[0] * a[3] + np.sum(b)


def one_of_two_views(x):
    a = x.copy()
    b = a[:4] if x[0] > 0.0 else a[4:]
    for i in range(4):
        b[i] = b[i] * b[i]
        a[i + 2] = a[i + 2] * b[i]
    return np.sum(a)


def a_row_at_a_time(x):
    m = np.zeros_like(x).reshape(2, 4)
    for i in range(2):
        row = m[i]
        for j in range(4):
            row[j] = x[4 * i + j] ** 2
            m[0, j] = m[0, j] * x[j] + row[j]
    return np.sum(m[0] * m[1])


def transposed(x):
    m = x.copy().reshape(4, 2)
    t = m.T
    for i in range(2):
        for j in range(4):
            t[i, j] = t[i, j] * m[3 - j, i]
    return np.sum(m * m * m)


def flattened(x):
    m = np.zeros((2, 4)) * x[0]
    flat = m.ravel()
    for i in range(8):
        flat[i] = x[i] * x[7 - i]
        m[i // 4, i % 4] = m[i // 4, i % 4] ** 2
    return np.sum(flat * x) + np.sum(np.reshape(m, (4, 2))[:, 1] ** 3) + m.reshape(2, 2, -1)[1, 0, 1]


def a_fresh_array_in_every_round(x):
    u = x
    for _ in range(3):
        v = np.zeros_like(x)
        w = np.zeros_like(x)
        for i in range(len(x)):
            v[i] = u[i] * u[i]
            w[i] = v[i] * x[i]
        u = w
    return np.sum(u)


def downwards(x):
    a = x.copy()
    for i in range(len(a) - 2, -1, -1):
        a[i] = a[i] * a[i + 1] + x[i]
    return a[0]


def in_steps(x):
    a = x.copy()
    for i in range(1, len(a), 3):
        a[i] = a[i] * a[i - 1]
    for i in range(6, 0, -2):
        a[i] = a[i] + a[i - 1] ** 2
    return np.sum(a * a)


def from_the_end(x):
    a = x.copy()
    for i in range(-3, 0):
        a[i] = a[i] * a[i - 1]
    for i in range(-2, 3):
        a[i] = a[i] * a[i]
    return np.sum(a)


def the_index_is_changed(x):
    a = x.copy()
    for i in range(4):
        a[i] = a[i] * x[i + 1]
        i = i + 3
        a[i] = a[i] * a[i - 1]
    return np.sum(a * a)


def the_start_is_changed(x):
    a = x.copy()
    start = 1
    for k in range(3):
        for i in range(start, len(a)):
            a[i] = a[i] * a[i - 1]
            start = 2 + k
    return np.sum(a)


def triangles(x):
    a = x.copy()
    for i in range(len(a)):
        for j in range(i + 1, len(a)):
            a[j] = a[j] * a[i] + 0.5
        for j in range(i):
            a[j] = a[j] * 0.9 + a[i] ** 2
    return np.sum(a)


def no_rounds(x):
    a = x.copy()
    for k in range(3):
        for i in range(k - 1):
            a[i] = a[i] * a[i] * x[k]
    return a[0] + a[1]


def several_at_once(x):
    a, b, s, t = x.copy(), np.zeros_like(x), 1.0, 2.0
    for i in range(len(x)):
        a[i] = a[i] * s
        s = s * x[i] + t
        b[i] = a[i] * a[i] * t
        t = np.sin(s * t)
    return np.sum(a * b) + s * t


def stores_in_branches(x):
    a = x.copy()
    for _ in range(3):
        for i in range(1, len(a)):
            if a[i] > 0.3:
                a[i] = a[i] * a[i - 1]
            elif i % 2 == 0:
                a[i - 1] = a[i] ** 2
                continue
            a[i] = np.cos(a[i])
    return np.sum(a)


def loops_in_branches(x):
    a = x.copy()
    for k in range(4):
        p = a[k] * a[k + 1]
        if k % 2 == 0:
            for i in range(len(a)):
                a[i] = a[i] * p
            p = p * p
        a[k] = a[k] + p * p
    return np.sum(a)


def left_early(x):
    a = x.copy()
    for _ in range(4):
        for i in range(1, len(a)):
            a[i] = a[i] * a[i - 1]
            if a[i] > 1.5:
                break
            a[i - 1] = a[i - 1] ** 2
    return np.sum(a)


def integers_and_flags(x):
    a, n, up = x.copy(), 0, False
    for i in range(len(a)):
        n = (3 * n + i) % 5
        up = n > 2
        a[i] = a[i] ** 2 * (n + 1)
        a[n] = a[n] * a[i] if up else a[n] + a[i]
    return np.sum(a)


def an_array_of_positions(x):
    order = np.array([3, 1, 4, 0, 5, 2, 7, 6])
    same = np.asarray(order)
    a = x.copy()
    for i in range(len(a) - 1):
        same[i], same[i + 1] = same[i + 1], same[i]
        a[order[i]] = a[order[i]] * a[order[i + 1]]
    return np.sum(a * a)


def the_same_view_every_round(x):
    a = x.copy()
    for _ in range(4):
        inner, n = a[1:-1], len(a) - 2
        scale = 1.0 / n
        for i in range(n):
            inner[i] = inner[i] + scale * inner[i] * a[i]
    return np.sum(a)


def another_view_every_round(x):
    a = x.copy()
    for k in range(4):
        part = a[k : k + 3]
        for i in range(len(part)):
            part[i] = part[i] * a[k] + 0.1
    return np.sum(a)


def a_while_around(x):
    a, k = x.copy(), 0
    while np.sum(a * a) > 0.5 and k < 6:
        for i in range(len(a)):
            a[i] = a[i] * 0.8 + 0.01 * a[i - 1]
        k += 1
    return np.sum(a * a * a)


def whole_arrays_between(x):
    a, b = x.copy(), np.ones_like(x)
    for _ in range(3):
        b = a * b
        a[1:] = a[:-1] + b[1:] ** 2
        for i in range(len(a)):
            b[i] = b[i] * a[i]
    return np.sum(b)


PROGRAMS = [
    two_buffers_change_places,
    views_of_one_array,
    a_view_stored_through_and_the_base_read,
    one_of_two_views,
    a_row_at_a_time,
    transposed,
    flattened,
    a_fresh_array_in_every_round,
    downwards,
    in_steps,
    from_the_end,
    the_index_is_changed,
    the_start_is_changed,
    triangles,
    no_rounds,
    several_at_once,
    stores_in_branches,
    loops_in_branches,
    left_early,
    integers_and_flags,
    an_array_of_positions,
    the_same_view_every_round,
    another_view_every_round,
    a_while_around,
    whole_arrays_between,
]
COMPARING = (stores_in_branches, left_early, a_while_around)


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
    "f", [several_at_once, triangles, views_of_one_array, stores_in_branches], ids=lambda f: f.__name__
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

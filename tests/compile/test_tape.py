"""Gradients by the native tape: programs that have no adjoint, and programs that have one with the tape forced."""

import gc
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest
from test_adjoint import SMOOTH, Case, dotted, leaves

import interp
from interp import tree
from interp.compile import reverse
from interp.compile.adjoint.operations import Refused
from interp.compile.tape import nodes
from interpretations import Dual, compiled_gradient, grad, hessian, hvp, jacfwd, jacrev, value_and_grad, vjp


@pytest.fixture
def forced(monkeypatch):
    """Nothing goes forward or through the adjoint."""

    def refuse(*_):
        raise Refused("this test takes the tape")

    monkeypatch.setattr(compiled_gradient, "FEW", -1)
    monkeypatch.setattr(reverse, "pullback", refuse)


# -- what has no adjoint


def weighted_fibonacci(x, n):
    if n < 2:
        return x[n] * x[2]
    return weighted_fibonacci(x, n - 1) + np.sin(x[0]) * weighted_fibonacci(x, n - 2)


def fibonacci(x):
    return weighted_fibonacci(x, 9)


def panels(c, a, b, fa, fm, fb, tolerance):
    m = 0.5 * (a + b)
    left, right = 0.5 * (a + m), 0.5 * (m + b)
    fl, fr = integrand(c, left), integrand(c, right)
    whole = (b - a) / 6.0 * (fa + 4.0 * fm + fb)
    halves = (b - a) / 12.0 * (fa + 4.0 * fl + 2.0 * fm + 4.0 * fr + fb)
    if abs(halves - whole) < 15.0 * tolerance:
        return halves + (halves - whole) / 15.0
    return panels(c, a, m, fa, fl, fm, 0.5 * tolerance) + panels(c, m, b, fm, fr, fb, 0.5 * tolerance)


def integrand(c, t):
    return np.exp(c[0] * t) * np.sqrt(t + c[1])


def quadrature(c):
    b = c[2]
    return panels(c, 0.0 * b, b, integrand(c, 0.0 * b), integrand(c, 0.5 * b), integrand(c, b), 1e-10)


def descend(x, m, n):
    """Ackermann's recursion, with a number that every step moves."""
    if m == 0:
        return x + 1e-3 * np.cos(x), n + 1
    if n == 0:
        return descend(x, m - 1, 1)
    y, k = descend(x, m, n - 1)
    return descend(y, m - 1, k)


def ackermann(x):
    return descend(x[0] * x[1], 2, 6)[0]


def chain(x, n):
    return x if n == 0 else 0.999 * chain(x, n - 1) + 1e-3 * x * x


def deep(x):
    return chain(x[0], 3000) + x[1]


def least_squares(a):
    gram = a.T @ a
    b = np.zeros(gram.shape[0])
    for i in range(len(b)):
        b[i] = a[0, i] * (i + 1.0)
    return np.sum(np.linalg.solve(gram, b)) + np.linalg.det(gram)


def inverse_twice(a):
    gram = a.T @ a
    return np.linalg.norm((np.linalg.inv(gram) @ a[0]) * a[1])


def listed(x):
    collected = []
    for i in range(len(x)):
        if x[i] > 0.3:
            collected.append(x[i] * x[i])
    total = 0.0
    for y in collected:
        total += np.log(y) * collected[0]
    return total


def tried(x):
    total = 0.0
    for i in range(len(x)):
        try:
            if x[i] > 0.6:
                raise ValueError("too large")
            total += x[i] ** 2
        except Exception:
            total += 3.0 * x[i]
    return total * x[0]


def picked(x):
    order = np.array([2, 0, 2, 1])
    taken = x[order]
    return np.sum(taken * taken) * np.sum(x[x > 0.3])


POWERS = (3, 1, 2)


def powers(x):
    total = 0.0
    for i in range(3):
        k = POWERS[i]
        total += x[k] ** k * x[i]
    return total


BY_BOTH = {
    picked: np.array([0.2, 0.5, 0.9]),
    powers: np.array([0.2, 0.5, 0.9, 1.4]),
}
REFUSED = {
    fibonacci: np.array([0.4, 0.7, 1.3]),
    quadrature: np.array([0.5, 0.2, 1.1]),
    ackermann: np.array([0.3, 1.2]),
    deep: np.array([0.3, 0.5]),
    least_squares: np.array([[2.0, 0.3, -0.4], [0.1, 1.5, 0.2], [0.7, -0.2, 1.8], [0.3, 0.9, 0.4]]),
    inverse_twice: np.array([[2.0, 0.3, -0.4], [0.1, 1.5, 0.2], [0.7, -0.2, 1.8], [0.3, 0.9, 0.4]]),
    listed: np.array([0.2, 0.5, 0.9, 1.4]),
    tried: np.array([0.2, 0.5, 0.9, 1.4]),
}


def difference(f, x, h=1e-4):
    """Gradient by central differences of sixth order."""
    found = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[i] = h
        found[i] = (
            45.0 * (f(x + e) - f(x - e)) - 9.0 * (f(x + 2 * e) - f(x - 2 * e)) + f(x + 3 * e) - f(x - 3 * e)
        ) / (60.0 * h)
    return found


def check(f, x):
    g = interp.compile(f, boundscheck=True)
    value, gradient = value_and_grad(g)(x)
    assert g.reverse.startswith("tape: ")
    assert value == pytest.approx(g(x) if f is deep else f(x), rel=1e-13)  # too deep for plain Python
    np.testing.assert_allclose(gradient, jacfwd(g)(x), rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(gradient, difference(g, x), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("f", REFUSED, ids=lambda f: f.__name__)
def test_what_the_adjoint_refuses(f):
    check(f, REFUSED[f])


@pytest.mark.parametrize("f", BY_BOTH, ids=lambda f: f.__name__)
def test_what_it_takes_today(f, forced):
    check(f, BY_BOTH[f])


def test_a_hundred_gradients_compile_once_and_keep_their_memory():
    g = interp.compile(fibonacci)
    x = REFUSED[fibonacci]
    first = grad(g)(x)
    (taped,) = [p for p in g.pullbacks.values() if isinstance(p, reverse.Taped)]
    kept, seconds = list(nodes._thread.words), taped.made[False].compile_seconds
    for k in range(100):
        np.testing.assert_array_equal(grad(g)(x + 0.0), first, err_msg=str(k))
    assert len(taped.made[False].signatures) == 1 and taped.made[False].compile_seconds == seconds
    assert list(nodes._thread.words) == kept


# -- the same programs by both ways


def sampled(program, i):
    """Every tenth program by default, for time."""
    return pytest.param(program, id=program.name, marks=[pytest.mark.every] if i % 10 else [])


@pytest.mark.parametrize("program", [sampled(p, i) for i, p in enumerate(SMOOTH)])
def test_program(program, forced):
    c = Case(program)
    kept = [np.copy(x) for x in c.varying]
    value, pullback = vjp(c.on(c.compiled), *c.varying)
    assert c.compiled.reverse.startswith("tape")
    for got, want in zip(leaves(value), c.out, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-14)
    gradients = leaves(pullback(tree.flatten(value)[1](c.cotangents)))
    difference, error = c.difference()
    size = sum(float(np.sum(np.abs(np.asarray(g) * t))) for g, t in zip(gradients, c.tangents, strict=True))
    assert dotted(gradients, c.tangents) == pytest.approx(difference, rel=1e-6, abs=4 * error + 1e-7 * size + 1e-9)
    assert all(np.array_equal(x, y) for x, y in zip(kept, c.varying, strict=True))


def alternating(x, y):
    """A while loop, a break, views of a fresh array and stores through them."""
    a = np.zeros(len(x) + 2)
    inner = a[1:-1]
    inner[:] = x
    k = 0
    while k < 20:
        a[1:-1] = 0.25 * (a[:-2] + 2.0 * inner + a[2:])
        a[0] += y * inner[k % len(x)]
        if a[0] > 2.0:
            break
        k += 1
    return a[::2], np.sum(a) * y


def test_tape_and_adjoint_agree(monkeypatch):
    x, y = np.linspace(0.2, 0.9, 5), 0.7
    cotangent = (np.array([1.0, -2.0, 0.5, 3.0]), 0.3)
    g = interp.compile(alternating)
    _, pullback = vjp(g, x, y)
    assert g.reverse == "adjoint"
    by_adjoint = pullback(cotangent)
    monkeypatch.setattr(reverse, "pullback", lambda *_: (_ for _ in ()).throw(Refused("forced")))
    _, pullback = vjp(g, x, y)
    assert g.reverse == "tape: forced"
    for got, want in zip(pullback(cotangent), by_adjoint, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12)
    rows = jacrev(lambda x: g(x, y))(x)
    np.testing.assert_allclose(rows[0], jacfwd(lambda x: g(x, y))(x)[0], rtol=1e-11)


# -- stores into arguments


def doubled(a, b):
    a[0] = 2.0 * a[0] * b[1]
    return np.sum(a * b)


def both_ways(forced_f, f, *args):
    """The gradient of a program around the call: what the function left in its arguments counts."""

    def around(h):
        def program(x, y):
            a, b = x * 1.0, y * 1.0
            r = h(a, b)
            return r * r + np.sum(a * a * a) + np.sum(b)

        return program

    return grad(around(forced_f), argnums=(0, 1))(*args), grad(around(f), argnums=(0, 1))(*args)


@pytest.mark.parametrize("first", [0.6, 0.0])
def test_stores_into_arguments(forced, first):
    # at 0 the stored number is the old one, but its derivative is another
    args = np.array([first, 0.4, 0.9]), np.array([0.3, -0.5, 0.8])
    g = interp.compile(doubled)
    got, want = both_ways(g, doubled, *args)
    assert g.reverse.startswith("tape")
    for x, y in zip(got, want, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-13)


@pytest.mark.parametrize("first", [0.6, 0.0])
@pytest.mark.parametrize("way", ["adjoint", "forward"])
def test_stores_into_arguments_another_way(monkeypatch, first, way):
    def refuse(*_):
        raise Refused("forced")

    if way == "forward":
        monkeypatch.setattr(reverse, "pullback", refuse)
        monkeypatch.setattr(reverse, "taped", refuse)
    args = np.array([first, 0.4, 0.9]), np.array([0.3, -0.5, 0.8])
    g = interp.compile(doubled)
    got, want = both_ways(g, doubled, *args)
    assert g.reverse.startswith(way)
    for x, y in zip(got, want, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-13)


def test_a_plain_argument_that_is_stored_into(forced):
    def f(x, work):
        for i in range(len(work)):
            work[i] = i + 1.0
        return np.sum(x * work)

    work = np.zeros(3)
    g = interp.compile(f)
    np.testing.assert_array_equal(grad(lambda x: g(x, work))(np.ones(3)), [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(work, [1.0, 2.0, 3.0])


def test_arguments_that_share_memory(forced):
    def f(a, b):
        a[0] = 2.0 * b[1]
        return b[0] * b[2]

    def twice(h):
        def program(x):
            w = x * 1.0
            return h(w, w)

        return program

    x = np.array([0.3, 0.5, 0.7])
    np.testing.assert_allclose(grad(twice(interp.compile(f)))(x), [0.0, 1.4, 1.0], rtol=1e-15)


# -- singular points


def test_strong_zeros(forced):
    def f(x):
        return x[0] * np.sqrt(x[1]) + np.sqrt(x[1] ** 2) + np.where(x[0] > 0.0, 1.0 / x[0], x[0])

    def norm(x):
        return np.sqrt(x[0] ** 2 + x[1] ** 2)

    np.testing.assert_array_equal(grad(interp.compile(f))(np.zeros(2)), [1.0, 0.0])
    np.testing.assert_array_equal(grad(interp.compile(norm))(np.zeros(2)), [0.0, 0.0])


def test_a_nan_stays_where_it_is(forced):
    def f(x):
        return np.log(x[0]) + x[1] * 3.0

    with np.errstate(invalid="ignore"):
        gradient = grad(interp.compile(f))(np.array([np.nan, 2.0]))
    assert np.isnan(gradient[0]) and gradient[1] == 3.0


def test_ties_are_shared(forced):
    def f(x):
        return np.maximum(x[0], x[1]) + np.max(x) + abs(x[3])

    x = np.array([1.0, 1.0, 1.0, 0.0])
    np.testing.assert_allclose(grad(interp.compile(f))(x), [0.5 + 1 / 3, 0.5 + 1 / 3, 1 / 3, 0.0], rtol=1e-15)


def test_what_does_not_depend(forced):
    def f(x, n):
        if n > 0:
            return 2.5
        return np.floor(x[0]) * 2.0

    g = interp.compile(f)
    assert list(grad(g)(np.array([1.5, 2.0]), 1)) == [0.0, 0.0]
    assert list(grad(g)(np.array([1.5, 2.0]), 0)) == [0.0, 0.0]


def test_records_only_what_varies(forced):
    def f(x):
        total = 0.0
        for i in range(1000):
            total = total + np.floor(x[0]) * i + 1.0
        return x[1] - 1.0 + total * 0.0

    assert list(grad(interp.compile(f))(np.array([1.5, 2.0]))) == [0.0, 1.0]
    assert nodes.operations() == 2  # the inputs


def test_empty_arrays_and_views(forced):
    def f(x, y):
        return np.sum(x) + np.sum(y.T[1]) * 2.0

    gx, gy = grad(interp.compile(f), argnums=(0, 1))(np.zeros(0), np.arange(6.0).reshape(3, 2).T[::-1])
    assert gx.shape == (0,)
    np.testing.assert_array_equal(gy, [[0.0, 2.0, 0.0], [0.0, 2.0, 0.0]])


def test_numbers_no_tape_holds_go_another_way(forced):
    def single(x):
        return np.sum(x * x)

    def complicated(x):
        return abs(np.exp(1j * x[0]) * x[1]) if x[1] > 5.0 else x[0] * x[1]

    g = interp.compile(single)
    gradient = grad(g)(np.array([0.5, 1.5], dtype=np.float32))
    assert g.reverse.startswith("forward") and gradient.dtype == np.float32
    np.testing.assert_array_equal(gradient, [1.0, 3.0])
    h = interp.compile(complicated)
    np.testing.assert_array_equal(grad(h)(np.array([0.5, 1.5])), [1.5, 0.5])
    assert h.reverse.startswith("forward") and "recorded_complicated" in h.reverse


# -- levels


def test_hessian_vector_products():
    g = interp.compile(fibonacci)
    x, v = REFUSED[fibonacci], np.array([0.3, -1.0, 0.5])
    product = hvp(g, x, v)
    assert g.reverse.startswith("tape")
    np.testing.assert_allclose(product, jacfwd(jacfwd(g))(x) @ v, rtol=1e-11)
    np.testing.assert_allclose(hessian(g)(x), jacfwd(jacfwd(g))(x), rtol=1e-11)


def test_gradient_of_a_gradient(forced):
    g = interp.compile(fibonacci)
    x = REFUSED[fibonacci]

    def outer(x):
        return np.sum(grad(g)(x) ** 2)

    expected = 2.0 * jacfwd(jacfwd(g))(x) @ jacfwd(g)(x)
    np.testing.assert_allclose(grad(outer)(x), expected, rtol=1e-11)


def test_a_constant_of_a_lower_level():
    def f(x, y):
        return fibonacci(x) * y

    g = interp.compile(f)
    x = REFUSED[fibonacci]
    mixed = grad(lambda y: np.sum(grad(g)(x, y)))(1.5)
    assert mixed == pytest.approx(np.sum(grad(interp.compile(fibonacci))(x)), rel=1e-13)


def test_payload_of_several_directions():
    g = interp.compile(fibonacci)
    x = REFUSED[fibonacci]
    gradient = grad(g)(Dual(x, np.eye(3)))
    np.testing.assert_allclose(gradient.tangent, jacfwd(jacfwd(g))(x), rtol=1e-11)


# -- threads, exceptions, limits


def test_threads():
    g = interp.compile(fibonacci)
    points = [REFUSED[fibonacci] + 0.05 * k for k in range(8)]
    expected = [grad(g)(x) for x in points]
    found = [None] * len(points)

    def work(k):
        for _ in range(50):
            found[k] = grad(g)(points[k])

    threads = [threading.Thread(target=work, args=(k,)) for k in range(len(points))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    np.testing.assert_array_equal(found, expected)


def test_a_thread_gives_its_memory_back():
    g = interp.compile(fibonacci)
    freed = []

    def work():
        grad(g)(REFUSED[fibonacci])
        weakref.finalize(nodes._thread.owned, freed.append, True)
        assert nodes._thread.words[nodes.NODES] != 0

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    gc.collect()
    assert freed == [True]


def test_an_exception_halfway():
    def f(x, n):
        total = weighted_fibonacci(x, 8)
        if n > 3:
            raise ValueError("too far")
        return total

    g = interp.compile(f)
    x = REFUSED[fibonacci]
    expected = grad(g)(x, 1)
    kept = list(nodes._thread.words[:2])
    for _ in range(20):
        with pytest.raises(ValueError, match="too far"):
            grad(g)(x, 5)
        np.testing.assert_array_equal(grad(g)(x, 1), expected)
    assert list(nodes._thread.words[:2]) == kept


LIMIT = """
import numpy as np
import interp
from interp.compile import memory
from interpretations import grad

memory.LARGEST = 24 * 100

def f(x, n):
    return x[0] if n == 0 else f(x, n - 1) * x[0]

g = interp.compile(f)
print(grad(g)(np.array([1.0, 2.0]), 20))
try:
    grad(g)(np.array([1.0, 2.0]), 200)
except MemoryError as error:
    print(error)
print(grad(g)(np.array([1.0, 2.0]), 30))
"""


def test_more_records_than_an_index_can_number():
    done = subprocess.run([sys.executable, "-c", LIMIT], capture_output=True, text=True, check=True)
    first, said, last = done.stdout.splitlines()
    assert first == "[21.  0.]" and last == "[31.  0.]"
    assert "differentiate the program in parts" in said


def test_large_tapes_give_memory_back():
    """A gradient of millions of operations is right, and what it needs beyond the limit is not kept."""

    def f(x, n):
        total = x[0]
        for _ in range(n):
            total = total * x[1] + x[0]
        return total if n < 0 else chain(x[0] * 0.0, 3) + total

    g = interp.compile(f)
    n = 4_000_000
    gradient = grad(g)(np.array([1.0, 0.5]), n)
    assert g.reverse.startswith("tape")
    np.testing.assert_allclose(gradient, [2.0, 4.0], rtol=1e-13)  # of x0 / (1 - x1)

"""`grad` of a compiled function at plain numbers records nothing; every other argument still goes the long way."""

import gc
import math
import threading

import numpy as np
import pytest

import interp
from interp import interpret
from interp.errors import CompileError, InterpError, ShapeError
from interpretations import Dual, Interval, grad, gradient, jacrev, value_and_grad


def mixed(x, s, scale=2.0):
    total = 0.0
    for i in range(len(x)):
        total += scale * x[i] ** 2 * np.sin(s)
    return total


X, S = np.array([1.0, 2.0, 3.0]), 0.7


@pytest.fixture
def no_recording(monkeypatch):
    def refuse(*args):
        raise AssertionError("a recording was made")

    monkeypatch.setattr("interpretations.derivatives.lift", refuse)


@pytest.mark.usefixtures("no_recording")
@pytest.mark.parametrize(
    ("argnums", "expected"),
    [
        (0, 4.0 * X * math.sin(S)),
        (-2, 28.0 * math.cos(S)),
        (1, 28.0 * math.cos(S)),
        ((1, 0), (28.0 * math.cos(S), 4.0 * X * math.sin(S))),
        ((2, 1), (14.0 * math.sin(S), 28.0 * math.cos(S))),
    ],
)
def test_argnums(argnums, expected):
    value, found = value_and_grad(interp.compile(mixed), argnums)(X, S, 2.0)
    assert value == pytest.approx(28.0 * math.sin(S), rel=1e-15)
    singles = isinstance(argnums, int)
    for got, want in zip([found] if singles else found, [expected] if singles else expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-14)
        assert type(got) is type(want)


@pytest.mark.usefixtures("no_recording")
@pytest.mark.parametrize(("s", "cls"), [(2, float), (np.float64(2.0), np.float64), (2.0, float)])
def test_numbers_of_other_classes(s, cls):
    _, (by_x, by_s) = value_and_grad(interp.compile(mixed), (0, 1))(X, s)
    assert type(by_s) is cls and by_s == pytest.approx(28.0 * math.cos(2.0), rel=1e-15)
    np.testing.assert_allclose(by_x, 4.0 * X * math.sin(2.0), rtol=1e-15)
    slope = grad(interp.compile(cube))(s)
    assert type(slope) is cls and slope == 12.0


@pytest.mark.parametrize("argnums", [3, -4, (0, 3)])
def test_an_argument_that_is_not_there(argnums):
    with pytest.raises(TypeError, match="argnums"):
        grad(interp.compile(mixed), argnums)(X, S, 2.0)


@pytest.mark.parametrize("argnums", [(1, 1), (1, -2)])
def test_an_argument_asked_for_twice(argnums):
    for f in (mixed, interp.compile(mixed)):
        with pytest.raises(TypeError, match="twice"):
            grad(f, argnums)(X, S, 2.0)


def test_keywords_and_defaults():
    g = grad(interp.compile(mixed), 1)
    assert g(X, S) == g(X, S, scale=2.0) == g(X, S, 2.0)


def cube(x):
    return x * x * x


@pytest.mark.parametrize(
    "x", [2, np.float64(2.0), np.float32(2.0), np.array(2.0), True], ids=lambda x: type(x).__name__
)
def test_other_numbers_have_gradients_of_their_own_class(x):
    got, want = grad(interp.compile(cube))(x), grad(cube)(x)
    assert got == want and type(got) is type(want)


def total_of_cubes(x):
    return np.sum(x * x * x)


@pytest.mark.parametrize(
    "x",
    [np.arange(6), np.arange(6, dtype=np.float32), np.zeros(0), np.arange(12.0)[::2], np.ones((2, 3)).T],
    ids=["integers", "float32", "empty", "strided", "transposed"],
)
def test_arrays(x):
    got, want = grad(interp.compile(total_of_cubes))(x), grad(total_of_cubes)(x)
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    assert type(got) is type(want) and getattr(got, "dtype", None) == getattr(want, "dtype", None)


def test_gradients_are_the_callers_own():
    x = np.ones(3)
    g = grad(interp.compile(lambda x: np.sum(x)))
    first = g(x)
    first += 1.0
    assert np.array_equal(g(x), np.ones(3)) and np.array_equal(x, np.ones(3))
    few = grad(interp.compile(lambda x, y: x * y), (0, 1))
    assert few(2.0, 3.0) == few(2.0, 3.0) == (3.0, 2.0)


def stores(x):
    x[0] = x[1] * x[1]
    return x[0] * x[2]


def test_a_function_that_stores_into_its_argument_leaves_the_callers_alone():
    x = np.array([5.0, 2.0, 3.0])
    for _ in range(2):
        assert np.array_equal(grad(interp.compile(stores))(x), [0.0, 12.0, 4.0])
        assert np.array_equal(x, [5.0, 2.0, 3.0])


def into(x, room):
    room[0] = np.sum(x)
    return np.sum(x * x)


@pytest.mark.parametrize("x", [3.0, np.array([3.0])], ids=["number", "array"])
def test_a_store_into_another_argument_says_so(x):
    room = np.zeros(2)
    with pytest.raises((CompileError, InterpError)):
        grad(interp.compile(into))(x, room)
    assert np.array_equal(room, [0.0, 0.0])


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x: 7.0, (2.0,)),
        (lambda x: 7, (2.0,)),
        (lambda x: np.sign(x[0]), (np.array([2.0, 1.0]),)),
        (lambda x: float(len(x)), (np.array([2.0, 1.0]),)),
    ],
    ids=["constant", "integer", "sign", "length"],
)
def test_what_does_not_depend_has_gradient_zero(f, args):
    g = grad(interp.compile(f))
    for _ in range(2):
        assert np.array_equal(g(*args), np.zeros(np.shape(args[0])))


@pytest.mark.parametrize("f", [lambda x: (x, x), lambda x: x * np.ones(2)], ids=["tuple", "array"])
@pytest.mark.parametrize("x", [2.0, np.array([2.0, 3.0])], ids=["number", "array"])
def test_what_is_no_scalar_is_refused(f, x):
    for _ in range(2):
        with pytest.raises(ShapeError):
            grad(interp.compile(f))(x)


def root_times(x):
    return x[0] * np.sqrt(x[0]) + x[1]


def number_root_times(x, y):
    return x * np.sqrt(x) + y


def test_an_infinite_slope_meets_a_zero():
    assert np.array_equal(grad(interp.compile(root_times))(np.array([0.0, 1.0])), [0.0, 1.0])
    assert grad(interp.compile(number_root_times), (0, 1))(0.0, 1.0) == (0.0, 1.0)
    assert grad(interp.compile(number_root_times))(0.0, 1.0) == 0.0


def test_nan_comes_back():
    assert math.isnan(grad(interp.compile(cube))(math.nan))
    got = grad(interp.compile(total_of_cubes))(np.array([1.0, math.nan]))
    assert got[0] == 3.0 and math.isnan(got[1])


def raises_above(x):
    if x[0] > 1.0:
        raise ValueError("too much")
    return x[0] * 2.0


def test_an_exception_is_the_functions_and_the_next_call_is_right():
    g = grad(interp.compile(raises_above))
    for _ in range(2):
        with pytest.raises(ValueError, match="too much"):
            g(np.array([2.0]))
        assert g(np.array([0.5]))[0] == 2.0


def test_values_go_the_long_way():
    g = grad(interp.compile(cube))
    assert g(2.0) == 12.0
    assert g(Dual(2.0, 1.0)).tangent == 12.0
    enclosed = g(Interval(2.0, 2.0))
    assert enclosed.lo <= 12.0 <= enclosed.hi
    assert grad(g)(2.0) == 12.0
    assert grad(grad(g))(2.0) == 6.0
    assert interpret(g, gradient())(2.0).gradient == 12.0


def test_tuples_and_functions_among_the_arguments():
    def applied(x, pair, f):
        return f(x[0]) * pair[0] + pair[1] * x[1]

    g = interp.compile(applied)
    x, pair = np.array([2.0, 3.0]), (4.0, 5.0)
    for _ in range(2):
        np.testing.assert_allclose(grad(g)(x, pair, cube), [48.0, 5.0], rtol=1e-15)
        np.testing.assert_allclose(grad(g, 1)(x, pair, cube), [8.0, 3.0], rtol=1e-15)


@pytest.mark.parametrize(("f", "x"), [(cube, 2.0), (total_of_cubes, X)], ids=["forward", "adjoint"])
def test_reverse_tells_the_way(f, x):
    compiled = interp.compile(f)
    g = grad(compiled)
    for _ in range(2):
        compiled.reverse = None
        g(x)
        assert compiled.reverse == ("forward" if f is cube else "adjoint")


def test_vectorized_functions_keep_their_own_way():
    g = interp.vectorize(lambda x: x * x)
    assert grad(g)(3.0) == 6.0
    assert np.array_equal(grad(lambda x: np.sum(g(x)))(X), 2.0 * X)


def test_in_threads():
    g = grad(interp.compile(total_of_cubes))
    found = {}

    def work(k):
        for _ in range(200):
            found.setdefault(k, []).append(g(np.full(5, float(k))))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(x, np.full(5, 3.0 * k * k)) for k, xs in found.items() for x in xs)


def test_the_same_answer_as_a_recording(monkeypatch):
    rng = np.random.default_rng(0)
    x = rng.normal(size=7)
    direct = value_and_grad(interp.compile(total_of_cubes))(x)
    monkeypatch.setattr("interpretations.derivatives.at_plain_numbers", lambda f, argnums: None)
    recorded = value_and_grad(interp.compile(total_of_cubes))(x)
    assert direct[0] == recorded[0] and np.array_equal(direct[1], recorded[1])


def counted(x, y, calls):
    calls[0] += 1.0
    return np.sum(x * x) * calls[0] + np.sum(y * y) * calls[0]


@pytest.mark.parametrize("transform", [grad, jacrev], ids=["grad", "jacrev"])
def test_each_run_starts_from_what_the_arrays_held(transform):
    x, y = np.array([1.0, 2.0]), np.array([3.0])
    slopes = transform(interp.compile(counted), (0, 1))
    for _ in range(2):
        calls = np.zeros(1)
        by_x, by_y = slopes(x, y, calls)
        assert np.array_equal(by_x, 2.0 * x) and np.array_equal(by_y, 2.0 * y) and calls[0] == 1.0


def of_itself(x, n):
    return x if n == 0 else np.sin(of_itself(x * 1.01, n - 1))


def test_a_refused_adjoint_keeps_nothing():
    slopes = grad(interp.compile(lambda v: of_itself(v[0] * v[1], 3)))
    slopes(np.ones(2))
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(50):
        slopes(np.ones(2))
    gc.collect()
    assert len(gc.get_objects()) < before + 100


def test_first_gradients_in_several_threads():
    def follows(x):
        a = np.zeros(len(x))
        for i in range(1, len(x)):
            a[i] = a[i - 1] * 0.5 + x[i]
        return np.sum(a)

    compiled, found = interp.compile(follows), []
    threads = [threading.Thread(target=lambda: found.append(grad(compiled)(np.ones(3))), daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60.0)
    assert len(found) == 8 and all(np.array_equal(x, [0.0, 1.5, 1.0]) for x in found)


def counts_and_returns_a_constant(x, calls):
    calls[0] += 1.0
    return 7.0


def counts_and_returns_a_square(x, calls):
    calls[0] += 1.0
    return x * x


@pytest.mark.parametrize("f", [counts_and_returns_a_constant, counts_and_returns_a_square], ids=lambda f: f.__name__)
def test_the_function_runs_once_in_every_call(f):
    """Whether its result depends on what varies or not."""
    g, calls = grad(interp.compile(f)), np.zeros(1)
    for n in (1, 2, 3):
        g(2.0, calls)
        assert calls[0] == n


def test_two_kinds_of_arguments_in_turns():
    g = grad(interp.compile(total_of_cubes))
    for _ in range(3):
        assert np.array_equal(g(np.ones(2)), [3.0, 3.0])
        assert np.array_equal(g(np.ones((2, 1))), [[3.0], [3.0]])

"""grad and its kin: arguments and containers, nesting, closures, threads, singular points, running f once."""

import threading
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import truth
from truth import assert_same

import interp.vocabulary as v
from interp import interpret, primal
from interp.errors import InterpError, ShapeError
from interpretations import Dual, grad, gradient, hessian, hvp, jacfwd, jacrev, jvp, tangent, value_and_grad, vjp

FIRST = {"grad": grad, "jacfwd": jacfwd, "jacrev": jacrev}
first = pytest.mark.parametrize("d", FIRST.values(), ids=FIRST.keys())


def derivative(f):
    """Forward mode along the unit direction of a scalar."""
    return lambda x: jvp(f, (x,), (np.float64(1.0),))[1]


SCALAR = {"grad": grad, "jacfwd": jacfwd, "jacrev": jacrev, "jvp": derivative}
scalar_pairs = pytest.mark.parametrize(
    ("outer", "inner"),
    [(a, b) for a in SCALAR.values() for b in SCALAR.values()],
    ids=[f"{a} {b}" for a in SCALAR for b in SCALAR],
)


# -- arguments


@first
def test_argnums(d):
    def f(x, y, z=1.0):
        return x * y**2 * z

    assert d(f)(2.0, 3.0) == 9.0
    assert d(f, 1)(2.0, 3.0) == 12.0
    assert d(f, -1)(2.0, 3.0) == 12.0
    assert d(f, (0, 1))(2.0, 3.0) == (9.0, 12.0)
    assert d(f, (1, 0))(2.0, 3.0) == (12.0, 9.0)
    assert d(f, [1])(2.0, 3.0) == (12.0,)
    assert d(f)(2.0, 3.0, z=2.0) == 18.0
    assert d(f)(2.0, y=3.0) == 9.0
    with pytest.raises(TypeError, match="2 positional arguments"):
        d(f, 2)(2.0, 3.0)


Point = namedtuple("Point", "x y")


@dataclass
class Model:
    weight: Any
    bias: Any


TREES = [
    {"b": np.array([1.0, 2.0]), "a": 3.0},
    OrderedDict(z=1.0, a=np.ones((2, 2))),
    [1.0, np.array([2.0, 3.0])],
    (1.0, (2.0, [3.0])),
    Point(1.0, np.array([2.0, 3.0])),
    Model(np.array([[1.0, 2.0]]), 0.5),
    {"outer": [Point(1.0, None), Model(2.0, {"deep": np.ones(2)})]},
]


def total(tree):
    """Sum of squares of all leaves."""
    from interp.tree import flatten

    return sum(v.sum(leaf * leaf) if np.shape(leaf) else leaf * leaf for leaf in flatten(tree)[0])


@pytest.mark.parametrize("tree", TREES, ids=lambda t: type(t).__name__)
@first
def test_containers_keep_their_structure(d, tree):
    from interp.tree import flatten

    found = d(total)(tree)
    assert type(found) is type(tree)
    leaves, expected = flatten(found)[0], flatten(tree)[0]
    for leaf, x in zip(leaves, expected, strict=True):
        assert_same(leaf, 2.0 * np.asarray(x))
    if isinstance(tree, dict):
        assert list(found) == list(tree)


@pytest.mark.parametrize("tree", TREES, ids=lambda t: type(t).__name__)
def test_containers_in_jvp_and_vjp(tree):
    value, slope = jvp(total, (tree,), (tree,))
    assert slope == pytest.approx(2 * value)
    out, pullback = vjp(total, tree)
    (back,) = pullback(1.0)
    assert out == pytest.approx(value) and type(back) is type(tree)
    assert total(back) == pytest.approx(4 * value)


def test_containers_as_outputs():
    def f(x):
        return {"sum": x.sum(), "pair": (x * 2, x[0])}

    x = np.array([1.0, 2.0])
    for d in (jacfwd, jacrev):
        found = d(f)(x)
        assert_same(found["sum"], np.ones(2))
        assert_same(found["pair"], (2 * np.eye(2), np.array([1.0, 0.0])))
    out, pullback = vjp(f, x)
    assert_same(out["pair"][0], 2 * x)
    assert_same(pullback({"sum": 1.0, "pair": (np.ones(2), 0.0)})[0], np.array([3.0, 3.0]))
    with pytest.raises(ShapeError, match="structure"):
        pullback(1.0)
    with pytest.raises(ShapeError, match="cotangent of shape"):
        pullback({"sum": np.ones(2), "pair": (np.ones(2), 0.0)})


def test_shapes_of_jacobians():
    a, b = np.ones((2, 3)), np.ones(4)
    f = lambda a, b: np.einsum("ij,k->jk", a, b)  # noqa: E731
    for d in (jacfwd, jacrev):
        ja, jb = d(f, (0, 1))(a, b)
        assert ja.shape == (3, 4, 2, 3) and jb.shape == (3, 4, 4)
    assert hessian(lambda a: (a * a).sum())(a).shape == (2, 3, 2, 3)
    cross = hessian(lambda a, b: (a.sum() * b).sum(), (0, 1))(a, b)
    assert cross[0][1].shape == (2, 3, 4) and cross[1][0].shape == (4, 2, 3)


# -- outputs that are no scalar, constants, and dependence on nothing


@pytest.mark.parametrize(
    "f", [lambda x: x, lambda x: (x, x), lambda x: None, lambda x: {"a": x}, lambda x: x.reshape(1, 3)]
)
def test_grad_needs_a_scalar(f):
    with pytest.raises(ShapeError, match="one number"):
        grad(f)(np.ones(3))


NO_NUMBERS = [Model(1.0, 2.0), "text", object(), {1.0}, np.array(["a"]), np.array([1.0, None])]


@pytest.mark.parametrize("out", NO_NUMBERS, ids=["dataclass", "text", "object", "set", "texts", "objects"])
def test_what_is_no_number_has_no_derivative(out):
    """Taking it for a constant would lose the values inside it."""
    refused = [
        lambda f, x: jacfwd(lambda x: (x, f(x)))(x),
        lambda f, x: jacrev(lambda x: (x, f(x)))(x),
        lambda f, x: jvp(lambda x: (x, f(x)), (x,), (x,)),
        lambda f, x: vjp(lambda x: (x, f(x)), x),
    ]
    refused = refused if not isinstance(out, Model) else []
    for run in [*refused, lambda f, x: grad(f)(x), lambda f, x: value_and_grad(f)(x), lambda f, x: hessian(f)(x)]:
        with pytest.raises(InterpError, match="return"):
            run(lambda x: out, 2.0)
    with pytest.raises(InterpError, match="returned"):
        _ = interpret(lambda x: out, gradient())(2.0)


@first
def test_a_constant_has_derivative_zero(d):
    assert d(lambda x: 3.0)(2.0) == 0.0
    assert_same(d(lambda x: 3.0)(np.ones(2)), np.zeros(2))
    assert_same(d(lambda x, y: y.sum(), (0, 1))(np.ones(2), np.ones(3)), (np.zeros(2), np.ones(3)))
    assert d(lambda x: np.floor(x))(2.5) == 0.0


@pytest.mark.parametrize("d", [jacfwd, jacrev])
def test_a_constant_array_has_derivative_zero(d):
    assert_same(d(lambda x: np.ones(2))(np.ones(3)), np.zeros((2, 3)))
    assert_same(d(lambda x: np.stack([x[0], 1.0 * x[0] ** 0]))(np.ones(2)), np.array([[1.0, 0.0], [0.0, 0.0]]))


def test_tangents_of_wrong_shape_or_number():
    f = lambda x, y: x * y  # noqa: E731
    x = np.ones(3)
    for primals, tangents in [
        ((x, x), (x, np.ones(2))),
        ((x, x), (x, 1.0)),
        ((x, x), (x,)),
        ((x, 1.0), (x, x)),
        (({"a": x}, x), ({"a": x, "b": x}, x)),
    ]:
        with pytest.raises(ShapeError):
            jvp(f, primals, tangents)
    with pytest.raises(TypeError, match="tuples"):
        jvp(f, x, x)
    with pytest.raises(ShapeError, match="tangent of shape"):
        Dual(np.ones(3), np.ones(2))
    with pytest.raises(ShapeError, match="directions"):
        Dual(np.ones(3), np.ones(3)) * Dual(np.ones(3), np.eye(3))
    with pytest.raises(ShapeError, match="directions"):
        Dual(np.ones(3), np.eye(3)) + Dual(np.ones(3), np.ones((2, 3)))


# -- f runs once


@pytest.mark.parametrize(
    "run",
    [
        lambda f, x: grad(f)(x),
        lambda f, x: value_and_grad(f)(x),
        lambda f, x: jvp(f, (x,), (x,)),
        lambda f, x: vjp(f, x)[1](1.0),
        lambda f, x: jacfwd(f)(x),
        lambda f, x: jacrev(f)(x),
        lambda f, x: hessian(f)(x),
        lambda f, x: hvp(f, x, x),
        lambda f, x: interpret(f, gradient(), tangent(x))(x).gradient,
        lambda f, x: interpret(f, gradient("reverse"), gradient("reverse"))(x).reading("gradient").gradient,
    ],
)
def test_the_function_runs_once(run):
    calls = []

    def f(x):
        calls.append(x)
        return (x * x).sum()

    run(f, np.array([1.0, 2.0, 3.0]))
    assert len(calls) == 1


def test_value_and_grad_gives_both():
    value, slope = value_and_grad(lambda x: (x**3).sum())(np.array([1.0, 2.0]))
    assert value == 9.0
    assert_same(slope, np.array([3.0, 12.0]))


def test_pullback_of_a_tape_is_not_used_up():
    out, pullback = vjp(lambda x: np.sin(x) * x[0], np.array([1.0, 2.0]))
    rows = [pullback(row)[0] for row in np.eye(2)]
    assert_same(np.stack(rows), jacfwd(lambda x: np.sin(x) * x[0])(np.array([1.0, 2.0])))
    assert_same(out, np.sin([1.0, 2.0]))


# -- nesting, closures, perturbation confusion


@scalar_pairs
def test_second_derivative(outer, inner):
    assert outer(inner(lambda x: x**3 + np.exp(2 * x)))(0.5) == pytest.approx(3.0 + 4 * np.e)


@scalar_pairs
def test_the_classic_of_perturbation_confusion(outer, inner):
    """Siskind and Pearlmutter 2005: d/dx (x * d/dy (x + y)) = 1, not 2."""
    assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(1.0) == 1.0
    assert outer(lambda x: x * inner(lambda y: x * y)(2.0))(3.0) == 6.0


@scalar_pairs
def test_derivative_of_a_derivative_at_a_point_that_moves(outer, inner):
    """d/dx [d/dy x^2 y^3 at y = x] = d/dx 3 x^4 = 12 x^3."""
    assert outer(lambda x: inner(lambda y: x**2 * y**3)(x))(2.0) == pytest.approx(96.0)


@scalar_pairs
def test_a_function_returned_from_a_derivative_keeps_its_variable(outer, inner):
    """Manzyuk et al. 2019, section 4: the derivative of a function-valued function."""

    def s(x):
        return lambda g: lambda y: g(x + y)

    def differentiated(g):
        return lambda y: outer(lambda x: s(x)(g)(y))(0.0)

    assert differentiated(lambda x: inner(lambda y: y**3)(x))(2.0) == pytest.approx(12.0)
    assert differentiated(differentiated(np.exp))(0.7) == pytest.approx(np.exp(0.7))


@scalar_pairs
def test_a_value_stored_away_by_the_inner_function(outer, inner):
    kept = []

    def f(x):
        def g(y):
            kept.append(x * y)
            return y * y * x

        d = inner(g)(3.0)
        return d * x

    assert outer(f)(2.0) == 24.0  # d/dx (2 * 3 * x) * x


def test_a_value_that_outlives_its_derivative_is_still_a_value():
    kept = []
    grad(lambda x: (kept.append(x), x * x)[1])(2.0)
    assert primal(kept[0]) == 2.0
    assert jvp(lambda y: y * kept[0], (3.0,), (1.0,))[1] is not None


def test_three_levels_in_every_mode():
    for a in SCALAR.values():
        for b in SCALAR.values():
            for c in SCALAR.values():
                assert a(b(c(lambda x: x**4 * np.sin(x))))(0.8) == pytest.approx(
                    24 * 0.8 * np.sin(0.8) + 36 * 0.64 * np.cos(0.8) - 12 * 0.8**3 * np.sin(0.8) - 0.8**4 * np.cos(0.8)
                )


@pytest.mark.parametrize("depth", [5, 7])
def test_deep_nesting(depth):
    f = np.exp
    for _ in range(depth):
        f = derivative(f)
    assert f(0.3) == pytest.approx(np.exp(0.3))


def test_mixed_second_derivative_by_closure():
    """d/da of the gradient in x, both arrays, reverse and forward in every order."""
    a, x = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.5, -0.5])
    expected = truth.jacobian(lambda a: (a + a.T) @ x, (a,), 0)
    for outer in (jacfwd, jacrev):
        for inner in (jacfwd, jacrev, grad):
            found = outer(lambda a, inner=inner: inner(lambda x: np.dot(x, a @ x))(x))(a)
            assert_same(found, expected, 1e-9, 1e-9)


def test_hessian_vector_product():
    f = lambda x: np.exp(x[0] * x[1]) + (x**3).sum()  # noqa: E731
    x, w = np.array([0.3, 0.5, 0.7]), np.array([1.0, -2.0, 0.5])
    assert_same(hvp(f, x, w), hessian(f)(x) @ w)
    tree = {"a": x, "b": 2.0}
    found = hvp(lambda p: f(p["a"]) * p["b"], tree, {"a": w, "b": 0.0})
    assert_same(found["a"], 2.0 * hessian(f)(x) @ w)
    assert found["b"] == pytest.approx(grad(f)(x) @ w)


@pytest.mark.parametrize("inner", FIRST.values(), ids=FIRST.keys())
@first
def test_inner_derivatives_can_be_changed_and_share_nothing(d, inner):
    def f(x):
        a, b = inner(lambda a, b: a.sum() * x + b.sum() * x, (0, 1))(x * np.ones(2), x * np.ones(2))
        a[0] = x**3
        return (a + b).sum()

    assert d(f)(2.0) == 15.0  # of x^3 + x + 2 x


def test_gradient_descent_inside_a_differentiated_function():
    """Unrolled optimisation: the derivative of the minimiser of (w - t)^2 after many steps is 1."""

    def solve(t):
        w = 0.0
        for _ in range(60):
            w = w - 0.2 * grad(lambda w: (w - t) ** 2)(w)
        return w

    for d in SCALAR.values():
        assert d(solve)(3.0) == pytest.approx(1.0)


# -- control flow follows the primal


def test_branches_loops_and_recursion():
    def f(x):
        n = 0
        while x < 100:
            x = x * x if x > 3 else x + 1
            n += 1
        return x + n if n else x

    def power(x, n):
        return 1.0 if n == 0 else x * power(x, n - 1)

    for d in SCALAR.values():
        # 2.5 -> 3.5 -> 12.25 -> 150.06
        assert d(f)(2.5) == pytest.approx(4 * 3.5**3)
        assert d(lambda x: power(x, 5))(2.0) == 80.0
        assert d(lambda x: max(x, 1.0) + min(x, 1.0) + abs(x))(2.0) == 2.0
        assert d(lambda x: sum([x, x * x], 0.0))(3.0) == 7.0
        assert d(lambda x: sorted([x, 1.0, 5.0])[1] * 2.0)(3.0) == 2.0


# -- errors in the middle change nothing


@first
def test_an_exception_in_the_function_changes_nothing(d):
    class Stop(Exception):
        pass

    before = np.geterr()

    def f(x):
        y = np.sqrt(x - 10.0) * x
        if d is not None:
            raise Stop
        return y

    for _ in range(3):
        with np.errstate(invalid="ignore"), pytest.raises(Stop):
            d(lambda x: d(f)(x) * x)(2.0)
    assert np.geterr() == before
    assert d(lambda x: x * x)(3.0) == 6.0
    assert d(lambda x: d(lambda y: y**3)(x))(2.0) == 12.0


def test_a_warning_turned_into_an_error_changes_nothing():
    with np.errstate(all="raise"):
        with pytest.raises(FloatingPointError):
            grad(lambda x: np.log(x))(np.float64(-1.0))
        assert grad(lambda x: np.exp(x))(0.0) == 1.0
    assert np.geterr()["divide"] == "warn"


def test_singular_points_do_not_warn(recwarn):
    grad(lambda x: np.sqrt((x * x).sum()))(np.zeros(3))
    grad(lambda x: np.sqrt(x**2))(0.0)
    hessian(lambda x: np.sqrt(1 + x**2))(0.0)
    jacfwd(lambda x: np.abs(x) ** 1.5)(0.0)
    jvp(lambda x: x * np.sqrt(x), (np.zeros(2),), (np.ones(2),))
    assert not [str(w.message) for w in recwarn]


# -- threads


def test_eight_threads_at_once():
    wrong = []

    def work(k):
        x = np.linspace(0.1, 1.0, 5) * (k + 1)

        def f(x):
            a = x * 1
            for i in range(1, 5):
                a[i] = a[i - 1] * x[i] + np.sin(x[0])
            return a[-1] * grad(lambda y: (y * x).sum())(x)[0]

        expected = truth.complex_step(_program_of_threads, (x,), 0)
        for _ in range(15):
            if not np.allclose(grad(f)(x), expected, rtol=1e-10) or not np.allclose(jacfwd(f)(x), expected, rtol=1e-10):
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def _program_of_threads(x):
    a = x * 1
    for i in range(1, 5):
        a[i] = a[i - 1] * x[i] + np.sin(x[0])
    return a[-1] * x[0]


def test_first_calls_of_a_new_primitive_in_eight_threads():
    from interp.primitive import Elementwise

    f = Elementwise("threaded", lambda x: x * x, dx=lambda x: 2.0 * x, counterparts=())
    found, barrier = [], threading.Barrier(8)

    def work():
        barrier.wait()
        found.append((grad(f)(3.0), jacfwd(f)(np.ones(2))[0, 0], hessian(f)(2.0)))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(6.0, 2.0, 2.0)] * 8


# -- results


@first
def test_types_of_results(d):
    f = lambda x: v.sum(x * x) if np.shape(x) else x * x  # noqa: E731
    assert d(f)(np.ones(3, np.float32)).dtype == np.float32
    assert d(f)(np.ones(3)).dtype == np.float64
    assert d(f)(np.ones(3, int)).dtype == np.float64
    assert d(f)(np.float32(2)).dtype == np.float32
    assert np.ndim(d(f)(2)) == 0 and d(f)(2) == 4.0
    assert d(lambda x: v.sum(x * np.float64(2.0)))(np.ones(2, np.float32)).dtype == np.float32
    half = np.float32(0.5)
    for g in (v.mean, v.var, lambda x: x / 3, lambda x: 2.0 ** x[0], lambda x: np.float32(2) ** x[0]):
        out, slope = jvp(g, (np.full(3, half),), (np.ones(3, np.float32),))
        assert out.dtype == slope.dtype == np.float32
    found = d(f)(np.ones(3))
    assert found.flags.writeable and found.flags.owndata
    assert isinstance(found, np.ndarray)


def test_names_and_docstrings_of_results():
    def loss(x):
        return x

    assert grad(loss).__name__ == "grad(loss)" and hessian(loss).__name__ == "hessian(loss)"


# -- conventions at singular points


CONVENTIONS = {
    # name: (f, x, derivative)
    "|x|' at 0": (np.abs, 0.0, 0.0),
    "sqrt(x^2) at 0": (lambda x: np.sqrt(x**2), 0.0, 0.0),
    "sqrt(x*x) at 0": (lambda x: np.sqrt(x * x), 0.0, 0.0),
    "x * sqrt(x) at 0": (lambda x: x * np.sqrt(x), 0.0, 0.0),
    "x . sqrt(x) at 0": (lambda x: np.einsum("...,...->...", x, np.sqrt(x)), 0.0, 0.0),
    "x^0": (lambda x: x**0, 0.0, 0.0),
    "x^0.0": (lambda x: x**0.0, 0.0, 0.0),
    "x^1 at 0": (lambda x: x**1, 0.0, 1.0),
    "x^2 at 0": (lambda x: x**2, 0.0, 0.0),
    "x^2.0 at -3": (lambda x: x**2.0, -3.0, -6.0),
    "x^3 at -2": (lambda x: x**3, -2.0, 12.0),
    "0^y": (lambda y: 0.0**y, 2.0, 0.0),
    "maximum at a tie": (lambda x: np.maximum(x, 0.0), 0.0, 0.5),
    "minimum at a tie": (lambda x: np.minimum(0.0, x), 0.0, 0.5),
    "maximum of x and x": (lambda x: np.maximum(x, x), 2.0, 1.0),
    "maximum away": (lambda x: np.maximum(x, 5.0), 2.0, 0.0),
    "clip at a bound": (lambda x: np.clip(x, 0.0, 1.0), 1.0, 0.5),
    "hypot at 0": (lambda x: np.hypot(x, 0.0), 0.0, 0.0),
    "where, side not taken is NaN": (lambda x: np.where(x > 0, np.sqrt(np.where(x > 0, x, 1.0)), 0.0), -1.0, 0.0),
    "where, side not taken has infinite slope": (lambda x: np.where(x > 0, np.sqrt(x), x * 2.0), 0.0, 2.0),
    "0 * log at 0": (lambda x: v.xlogy(0.0, x), 0.0, 0.0),
    "sign": (np.sign, 0.0, 0.0),
    "x % 1": (lambda x: x % 1.0, 2.5, 1.0),
    "7 % x": (lambda x: 7.0 % x, 2.5, -2.0),
    "x // 1": (lambda x: x // 1.0, 2.5, 0.0),
    "sqrt at 0": (np.sqrt, 0.0, np.inf),
    "cbrt at 0": (np.cbrt, 0.0, np.inf),
    "log at 0 from above": (lambda x: np.log(x + 1e-300), 0.0, 1e300),
    "logaddexp of -inf": (lambda x: np.logaddexp(x, -np.inf), 0.5, 1.0),
    "arctan2 on the axis": (lambda x: np.arctan2(x, 1.0), 0.0, 1.0),
    "arctan2 of large": (lambda x: np.arctan2(x, 1e200), 1e200, 0.5e-200),
    "exp underflowing": (np.exp, -800.0, 0.0),
    "tanh saturated": (np.tanh, 400.0, 0.0),
    "expit saturated": (v.expit, -800.0, 0.0),
    "log_ndtr in the tail": (v.log_ndtr, -40.0, 40.02496884720726),
}


@pytest.mark.parametrize("name", CONVENTIONS)
@pytest.mark.parametrize("d", SCALAR.values(), ids=SCALAR.keys())
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_conventions(d, name):
    f, x, expected = CONVENTIONS[name]
    assert float(d(f)(np.float64(x))) == pytest.approx(expected, rel=1e-12, nan_ok=True)
    arrays = jacfwd if d is not jacrev else jacrev
    assert_same(np.diag(arrays(f)(np.full(2, x))), np.full(2, float(expected)), 1e-12, 0)


@first
def test_extrema_split_ties_equally(d):
    x = np.array([3.0, 1.0, 3.0, 3.0])
    assert_same(d(lambda x: x.max())(x), np.array([1.0, 0.0, 1.0, 1.0]) / 3)
    assert_same(d(lambda x: -np.min(-x))(x), np.array([1.0, 0.0, 1.0, 1.0]) / 3)


@first
def test_norm_at_zero_has_gradient_zero(d):
    assert_same(d(lambda x: np.sqrt((x**2).sum()))(np.zeros(3)), np.zeros(3))
    assert_same(d(lambda x: np.sqrt(np.dot(x, x)))(np.zeros(3)), np.zeros(3))


def test_second_derivative_of_sqrt_one_plus_square_at_zero():
    for outer in SCALAR.values():
        for inner in SCALAR.values():
            assert outer(inner(lambda x: np.sqrt(1 + x**2)))(np.float64(0.0)) == 1.0


@first
def test_products_through_zero(d):
    x = np.array([0.0, 2.0, 3.0])
    assert_same(d(lambda x: x.prod())(x), np.array([6.0, 0.0, 0.0]))
    assert_same(d(lambda x: x.prod())(np.zeros(3)), np.zeros(3))
    assert_same(hessian(lambda x: x.prod())(np.array([0.0, 0.0, 3.0]))[0, 1], np.float64(3.0))


@first
def test_det_of_singular_matrices(d):
    a = np.array([[1.0, 2.0], [2.0, 4.0]])
    assert_same(d(np.linalg.det)(a), np.array([[4.0, -2.0], [-2.0, 1.0]]))
    b = np.diag([0.0, 2.0, 3.0, 4.0])
    expected = np.zeros((4, 4))
    expected[0, 0] = 24.0
    assert_same(d(np.linalg.det)(b), expected)
    assert_same(d(np.linalg.det)(np.zeros((3, 3))), np.zeros((3, 3)))
    assert d(np.linalg.det)(np.zeros((0, 0))).shape == (0, 0)
    assert np.isnan(d(np.linalg.det)(np.full((4, 4), np.nan))).all()
    assert d(np.linalg.det)(np.diag([np.inf, 2.0, 1.0, 1.0]))[0, 0] == 2.0


@first
def test_nan_does_not_spread(d):
    x = np.array([1.0, np.nan, 3.0])
    found = d(lambda x: (x * x).sum())(x)
    assert np.isnan(found[1]) and found[0] == 2.0 and found[2] == 6.0
    found = d(lambda x: np.where(np.isnan(x), 0.0, x * x).sum())(x)
    assert_same(found, np.array([2.0, 0.0, 6.0]))


@pytest.mark.parametrize("missing", [np.nan, np.inf])
@pytest.mark.filterwarnings("error")
@first
def test_a_missing_number_among_the_data_does_not_spread(d, missing):
    data, x = np.array([[missing, 1.0], [2.0, 3.0]]), np.ones(2)
    seen = np.array([False, True])
    assert_same(d(lambda x: np.where(seen, data @ x, 0.0).sum())(x), data[1])
    assert_same(d(lambda x: np.einsum("ij,j,j->i", data, x, x)[1])(x), 2 * data[1])
    assert_same(d(lambda x: (np.where(seen, data @ x, 0.0) ** 2).sum())(x), 10 * data[1])


# -- interpret


def test_interpret_reads_values_and_gradients():
    x = np.array([0.5, 1.5])
    f = lambda x: np.stack([x[0] * x[1], np.exp(x[0])])  # noqa: E731
    for mode in ("auto", "forward", "reverse"):
        result = interpret(f, gradient(mode))(x)
        assert_same(result.value, f(x))
        assert_same(result.gradient, jacfwd(f)(x))
        assert_same(result.gradient, result.gradient)  # reading does not consume the tape
        result.gradient[...] = 0.0
        assert_same(result.gradient, jacfwd(f)(x))
    result = interpret(f, gradient("reverse"), tangent(np.array([1.0, 0.0])))(x)
    assert_same(result.tangent, jacfwd(f)(x)[:, 0])
    assert_same(result.reading("gradient").tangent, jacfwd(jacfwd(f))(x)[..., 0])
    assert result.names() == ["value", "gradient", "tangent"]
    with pytest.raises(AttributeError, match="it has value, gradient, tangent"):
        _ = result.curvature


@pytest.mark.parametrize("stage", [gradient, "gradient", 3, None], ids=["class", "name", "number", "None"])
def test_interpret_wants_interpretations(stage):
    with pytest.raises(InterpError, match="interpretations such as"):
        interpret(np.sin, stage)


@pytest.mark.parametrize("out", [None, {"a": 1}, "text", [1.0]], ids=str)
def test_interpret_wants_one_number_or_array(out):
    with pytest.raises(InterpError, match="returned"):
        interpret(lambda x: out, gradient())(1.0)


def test_interpret_of_a_constant():
    result = interpret(lambda x: 3.0, gradient(), tangent(1.0))(2.0)
    assert result.value == 3.0 and result.gradient == 0.0 and result.tangent == 0.0


def test_interpret_with_wrong_settings():
    with pytest.raises(InterpError, match="mode"):
        gradient("sideways")
    with pytest.raises(ShapeError, match="direction"):
        interpret(np.sin, tangent(np.ones(3)))(np.ones(2))

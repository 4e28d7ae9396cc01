"""Transforms beside the gradient: linearize, rules of one's own, checkpoint, implicit roots, chunks, robustness."""

import copy
import gc
import math
import pickle
import threading
import tracemalloc
from collections import defaultdict, namedtuple
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import pytest
import scipy.optimize
from truth import assert_same

from interp.errors import InterpError, NaNError, NotDifferentiable, ShapeError, UnsupportedInput, UnsupportedOutput
from interpretations import (
    Interval,
    Measurement,
    checkpoint,
    custom_jvp,
    custom_root,
    custom_vjp,
    debug_nans,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian_sparsity,
    jacrev,
    jet,
    jvp,
    linearize,
    stop_gradient,
    value_and_grad,
    vjp,
)

X = np.array([0.3, 0.7, 1.1])
T = np.array([0.1, -0.2, 0.5])


def stores(x):
    """Views, stores, buffers used again after they were recorded, a diagonal set through a view."""
    a = x.copy()
    b = a[1:]
    b[0] = x[2] * x[0]
    c = a * a
    a *= 2
    w = np.outer(a, c)
    w[np.eye(3) > 0] = np.sin(x)
    b += w[0, 1]
    d = np.zeros(4)
    d[:3] = a
    d[3] = d[0] * d[1]
    return {"w": w @ a, "s": np.sum(np.linalg.inv(w + 3 * np.eye(3))), "d": d}


# -- linearize


def test_linearize_is_jvp_without_running_again():
    runs = []

    def f(x):
        runs.append(1)
        return stores(x)

    out, pushforward = linearize(f, X)
    for t in (T, np.ones(3), np.eye(3)[1]):
        expected = jvp(stores, (X,), (t,))[1]
        for name, found in pushforward(t).items():
            assert_same(found, expected[name], 1e-14, 1e-14)
    assert len(runs) == 1
    assert_same(out["w"], stores(X)["w"])


def test_linearize_nests_and_follows_conventions():
    f = lambda x: np.sum(np.sin(x) * x[0])  # noqa: E731
    along = lambda x: linearize(f, x)[1](T)  # noqa: E731
    expected = hessian(f)(X) @ T
    for transform in (grad, jacfwd, jacrev):
        assert_same(transform(along)(X), expected, 1e-13, 1e-13)
    assert linearize(lambda x: np.sqrt(x**2), 0.0)[1](1.0) == 0.0
    assert linearize(lambda x: 3.0, 1.0)[1](1.0) == 0.0
    assert_same(linearize(lambda x, y: x[:, None] * y, X, 2.0)[1](T, 1.0), T[:, None] * 2.0 + X[:, None])
    with pytest.raises(ShapeError):
        linearize(f, X)[1](1.0)


@pytest.mark.parametrize("transform", [jacfwd, jacrev])
def test_chunks_change_nothing(transform):
    f = lambda x, y: {"a": np.cumprod(x) * y, "b": x @ y}  # noqa: E731
    whole = transform(f, (0, 1))(X, T)
    for size in (1, 2, 4, 5, 6, 100):
        part = transform(f, (0, 1), chunk_size=size)(X, T)
        for name in whole:
            for found, expected in zip(part[name], whole[name], strict=True):
                np.testing.assert_array_equal(found, expected)
    with pytest.raises(ValueError, match="chunk_size"):
        transform(f, chunk_size=0)(X, T)


# -- what a function returns beside its output


@dataclass
class Report:
    steps: int
    final: Any


def test_aux_is_taken_out_of_the_run():
    def f(x):
        y = np.sin(x)
        return np.sum(y), Report(3, {"y": y, "name": "run", "none": None})

    gradient, aux = grad(f, has_aux=True)(X)
    assert_same(gradient, np.cos(X))
    assert type(aux) is Report and aux.steps == 3 and aux.final["name"] == "run" and aux.final["none"] is None
    assert type(aux.final["y"]) is np.ndarray
    (value, _), gradient = value_and_grad(f, has_aux=True)(X)
    assert value == np.sum(np.sin(X))
    for transform in (jacfwd, jacrev):
        assert_same(transform(f, has_aux=True)(X)[0], np.cos(X))
    assert_same(jacfwd(f, has_aux=True, chunk_size=2)(X)[1].final["y"], np.sin(X))
    assert_same(hessian(f, has_aux=True)(X)[0], np.diag(-np.sin(X)))
    assert jvp(f, (X,), (T,), has_aux=True)[2].steps == 3
    assert vjp(f, X, has_aux=True)[2].steps == 3
    assert linearize(f, X, has_aux=True)[2].steps == 3
    with pytest.raises(UnsupportedOutput, match="pair"):
        grad(lambda x: x, has_aux=True)(1.0)


# -- containers


Point = namedtuple("Point", "x y")


@dataclass
class Model:
    weights: Any
    bias: Any


def test_containers_in_and_out():
    def f(p):
        return {"out": [p["m"].weights @ p["m"].bias, (p["q"].x * p["q"].y, None)]}

    p = {"m": Model(np.arange(6.0).reshape(2, 3), X), "q": Point(2.0, 3)}
    jacobian = jacrev(f)(p)["out"]
    assert jacobian[0]["m"].weights.shape == (2, 2, 3) and isinstance(jacobian[0]["q"], Point)
    assert jacobian[1][0]["q"] == Point(3.0, 2.0) and jacobian[1][1] is None
    forward = jacfwd(f)(p)["out"]
    assert_same(forward[0]["m"].bias, jacobian[0]["m"].bias)
    out, pullback = vjp(f, p)
    (back,) = pullback({"out": [np.ones(2), (1.0, None)]})
    assert_same(back["m"].weights, np.stack([X, X]))
    assert type(out["out"][1]) is tuple


def test_other_containers_and_indices():
    d = defaultdict(list, a=1.0, b=X)
    found = grad(lambda d: d["a"] * np.sum(d["b"]))(d)
    assert type(found) is defaultdict and found["a"] == np.sum(X)
    assert grad(lambda x, y: x * y, argnums=np.int64(1))(2.0, 3.0) == 2.0


# -- rules of one's own


def rooted():
    @custom_jvp
    def root(x):
        return x**0.5

    @root.defjvp
    def rule(primals, tangents):
        out = root(*primals)
        return out, 0.5 * tangents[0] / out

    return root


def product():
    @custom_vjp
    def f(x, y):
        return np.sin(x) * y

    def fwd(x, y):
        return f(x, y), (np.cos(x), np.sin(x), y)

    def bwd(kept, g):
        c, s, y = kept
        return c * g * y, s * g

    f.defvjp(fwd, bwd)
    return f


def test_custom_jvp_in_both_modes_and_every_order():
    root = rooted()
    assert grad(root)(4.0) == 0.25 and jvp(root, (4.0,), (2.0,)) == (2.0, 0.5)
    for transform in (jacfwd, jacrev):
        assert_same(transform(root)(X), np.diag(0.5 / np.sqrt(X)))
    total = lambda x: np.sum(root(x) * x)  # noqa: E731
    assert_same(hessian(total)(X), np.diag(0.75 / np.sqrt(X)), 1e-14, 1e-14)
    assert_same(jacrev(grad(total))(X), np.diag(0.75 / np.sqrt(X)), 1e-14, 1e-14)
    assert grad(grad(grad(root)))(1.0) == pytest.approx(3 / 8)
    assert jet(root, (1.0,), ((1.0, 0.0, 0.0),))[1] == pytest.approx([0.5, -0.25, 0.375])


def test_custom_vjp_in_both_modes_and_every_order():
    f = product()
    assert grad(f, (0, 1))(0.3, 2.0) == pytest.approx((2 * np.cos(0.3), np.sin(0.3)))
    assert jvp(f, (0.3, 2.0), (1.0, 1.0))[1] == pytest.approx(2 * np.cos(0.3) + np.sin(0.3))
    second = hessian(f, (0, 1))(0.3, 2.0)
    assert second[0] == pytest.approx((-2 * np.sin(0.3), np.cos(0.3))) and second[1][1] == 0.0
    for transform in (jacfwd, jacrev):
        by_x, by_y = transform(f, (0, 1))(X, T)
        assert_same(by_x, np.diag(np.cos(X) * T), 1e-15, 1e-15)
        assert_same(by_y, np.diag(np.sin(X)), 1e-15, 1e-15)
    assert_same(jacfwd(f, chunk_size=2)(X, T), np.diag(np.cos(X) * T), 1e-15, 1e-15)


def test_the_rule_is_what_counts():
    """A deliberately wrong rule shows that it is asked, and not the function."""

    @custom_vjp
    def clipped(x):
        return x * 1.0

    clipped.defvjp(lambda x: (x * 1.0, None), lambda kept, g: (np.clip(g, -1.0, 1.0),))
    assert grad(lambda x: 5.0 * clipped(x))(1.0) == 1.0

    @custom_jvp
    def ten(x):
        return x * x

    ten.defjvps(lambda t, out, x: 10.0 * t)
    assert grad(ten)(3.0) == 10.0 and jvp(ten, (3.0,), (1.0,))[1] == 10.0
    assert Interval(9.0, 9.0).lo <= ten(Interval(3.0, 3.0)).hi  # no derivative: the function itself
    assert ten(Measurement(3.0, 0.1)).std_dev == pytest.approx(1.0)
    assert jacobian_sparsity(ten, X).toarray().any()


def test_rules_of_several_outputs_and_containers():
    @custom_jvp
    def polar(p):
        return {"r": np.hypot(p["x"], p["y"]), "a": np.arctan2(p["y"], p["x"])}

    calls = []

    @polar.defjvp
    def rule(primals, tangents):
        calls.append(1)
        (p,), (t,) = primals, tangents
        out = polar(p)
        r = out["r"]
        return out, {
            "r": (p["x"] * t["x"] + p["y"] * t["y"]) / r,
            "a": (p["x"] * t["y"] - p["y"] * t["x"]) / r**2,
        }

    p = {"x": 3.0, "y": 4.0}
    assert grad(lambda p: polar(p)["r"])(p) == pytest.approx({"x": 0.6, "y": 0.8})
    assert grad(lambda p: polar(p)["a"] * polar(p)["r"])(p)["x"] == pytest.approx(-0.8 + np.arctan2(4, 3) * 0.6)
    assert calls


def test_arguments_that_are_not_differentiated():
    power = custom_jvp(lambda n, x: x**n, nondiff_argnums=(0,))

    @power.defjvp
    def rule(n, primals, tangents):
        return power(n, *primals), n * primals[0] ** (n - 1) * tangents[0]

    assert grad(power, 1)(3, 2.0) == 12.0 and grad(grad(power, 1), 1)(3, 2.0) == 12.0
    apply = custom_vjp(lambda f, x: f(x), nondiff_argnums=(0,))
    apply.defvjp(lambda f, x: (f(x), x), lambda f, x, g: (g * 7.0,))
    assert grad(lambda x: apply(np.sin, x))(1.0) == 7.0
    with pytest.raises(UnsupportedInput, match="nondiff_argnums"):
        grad(power)(3.0, 2.0)


def test_mistakes_in_rules_say_what_to_do():
    alone = custom_jvp(lambda x: x)
    with pytest.raises(InterpError, match="defjvp"):
        grad(alone)(1.0)
    alone.defjvp(lambda p, t: p[0])
    with pytest.raises(ShapeError, match="output, tangent"):
        grad(alone)(1.0)
    alone.defjvp(lambda p, t: (p[0], np.ones(2)))
    with pytest.raises(ShapeError, match="shapes"):
        grad(alone)(1.0)
    back = custom_vjp(lambda x, y: x * y)
    with pytest.raises(InterpError, match="defvjp"):
        grad(back)(1.0, 2.0)
    back.defvjp(lambda x, y: (x * y, None), lambda kept, g: g)
    with pytest.raises(ShapeError, match="tuple of 2"):
        grad(back)(1.0, 2.0)
    back.defvjp(lambda x, y: (x * y, None), lambda kept, g: (np.ones(3), None))
    with pytest.raises(ShapeError, match=r"\(3,\)"):
        grad(back)(1.0, 2.0)
    back.defvjp(lambda x, y: (x * y, None), lambda kept, g: (g, None))
    assert grad(back, (0, 1))(1.0, 2.0) == (1.0, 0.0)
    closes = lambda y: custom_jvp(lambda x: x * y)  # noqa: E731
    with pytest.raises(InterpError, match="closes over"):
        grad(lambda y: closes(y)(y))(2.0)


def test_rules_that_are_not_linear():
    """Clipped gradients: each cotangent by itself, and no forward mode."""
    clipped = custom_vjp(lambda x: x * 1.0)
    clipped.defvjp(lambda x: (x * 1.0, None), lambda kept, g: (np.clip(g, -1.0, 1.0),))
    assert_same(jacrev(lambda x: clipped(x) * 5.0)(X), np.eye(3))
    assert_same(jacrev(lambda x: clipped(x) * 0.5)(X), 0.5 * np.eye(3))
    with pytest.raises(InterpError, match="not linear"):
        jvp(clipped, (X,), (T,))


def test_a_rule_sees_the_cotangents_of_all_outputs_together():
    """Clipping by the norm of two gradients, which is no sum of what each would give alone."""
    both = custom_vjp(lambda x: {"a": x * 1.0, "b": [x * 1.0, 3]})

    def bwd(kept, g):
        scale = 1.0 / np.sqrt(np.sum(g["a"] ** 2) + np.sum(g["b"][0] ** 2))
        return (scale * (g["a"] + g["b"][0]),)

    both.defvjp(lambda x: (both.function(x), None), bwd)

    def f(x):
        out = both(x)
        assert out["b"][1] == 3
        return np.sum(3.0 * out["a"]) + np.sum(4.0 * out["b"][0])

    assert_same(grad(f)(X), np.full(3, 7.0 / np.sqrt(3 * 9 + 3 * 16)), 1e-14, 1e-14)


# -- checkpoint


def segment(p, x):
    y = x.copy()
    y[0] = np.sum(x)
    return {"a": np.tanh(p["w"] @ y + p["b"]), "s": np.sum(x) * p["b"][0]}


def test_checkpoint_changes_no_result():
    p = {"w": np.arange(6.0).reshape(2, 3) / 5, "b": np.ones(2)}
    plain = lambda p, x: (lambda o: np.sum(o["a"] ** 2) + o["s"])(segment(p, x))  # noqa: E731
    again = lambda p, x: (lambda o: np.sum(o["a"] ** 2) + o["s"])(checkpoint(segment)(p, x))  # noqa: E731
    assert_same(grad(again)(p, X)["w"], grad(plain)(p, X)["w"], 1e-14, 1e-14)
    for transform in (grad, jacfwd, hessian, lambda f, i: jacrev(grad(f, i), i)):
        assert_same(transform(again, 1)(p, X), transform(plain, 1)(p, X), 1e-14, 1e-14)
    assert jvp(lambda x: again(p, x), (X,), (T,))[1] == pytest.approx(jvp(lambda x: plain(p, x), (X,), (T,))[1])
    # one that closes over values is recorded as it is
    assert grad(lambda y: checkpoint(lambda x: x * y)(y))(2.0) == 4.0
    assert grad(lambda y: grad(lambda z: checkpoint(lambda q: q * q * y)(z))(y))(2.0) == 8.0


def test_checkpoint_keeps_arguments_alone():
    def long(x):
        for _ in range(50):
            x = np.sin(x) * 1.01
        return x

    def peak(f):
        x = np.linspace(0, 1, 20_000)
        tracemalloc.start()
        grad(lambda x: np.sum(f(f(f(f(x))))))(x)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(checkpoint(long)) < 0.5 * peak(long)


def test_segments_that_run_otherwise_again_say_so():
    buffer = np.ones(3)

    def program(x):
        buffer[:] = 1.0
        y = checkpoint(lambda x: x * buffer)(x)
        buffer[:] = 100.0
        return np.sum(y)

    with pytest.raises(InterpError, match="other numbers"):
        grad(program)(X)

    def stores_into_its_argument(x):
        x[0] = x[1] * 2.0
        return x * x

    with pytest.raises(InterpError, match="copy"):
        grad(lambda x: np.sum(checkpoint(stores_into_its_argument)(x * 1.0)))(X)


# -- stopped gradients, implicit roots


def test_stop_gradient():
    assert grad(lambda x: x * stop_gradient(x))(3.0) == 3.0
    assert grad(grad(lambda x: x * x * stop_gradient(x)))(3.0) == 6.0
    assert jvp(lambda x: x * stop_gradient(x), (3.0,), (1.0,))[1] == 3.0
    assert stop_gradient({"a": [1.0, X]})["a"][1] is not X
    assert stop_gradient(Measurement(1.0, 0.1)).std_dev == 0.1
    assert stop_gradient(Interval(1.0, 2.0)).hi == 2.0
    assert not jacobian_sparsity(lambda x: stop_gradient(x), X).toarray().any()


def cubic(p):
    return custom_root(lambda x: x**3 + p * x - 2.0, 1.0, lambda f, x: scipy.optimize.brentq(f, 0.0, 5.0, xtol=1e-15))


def test_roots_are_differentiated_without_their_solver():
    x = cubic(1.5)
    slope = -x / (3 * x**2 + 1.5)
    assert grad(cubic)(1.5) == pytest.approx(slope, rel=1e-12)
    assert jvp(cubic, (1.5,), (2.0,))[1] == pytest.approx(2 * slope, rel=1e-12)
    second = -(slope * 2 / (3 * x**2 + 1.5)) - 6 * x * slope**2 / (3 * x**2 + 1.5)
    assert grad(grad(cubic))(1.5) == pytest.approx(second, rel=1e-10)
    assert cubic(Measurement(1.5, 0.1)).std_dev == pytest.approx(abs(slope) * 0.1)
    found = jacobian_sparsity(lambda p: np.stack([cubic(p[0]), p[1]]), np.array([1.5, 2.0])).toarray()
    assert found.tolist() == [[True, False], [False, True]]


def test_roots_in_containers_and_by_a_linear_solver():
    def pair(p):
        def f(x):
            return {"a": x["a"] ** 2 - p[0], "b": x["b"] * x["a"] - np.ones(2) * p[1]}

        found = {"a": np.sqrt(2.0), "b": np.ones(2) * 3 / np.sqrt(2.0)}
        return custom_root(f, {"a": 1.0, "b": np.ones(2)}, lambda f, x: found)

    for transform in (jacfwd, jacrev):
        jacobian = transform(pair)(np.array([2.0, 3.0]))
        assert_same(jacobian["a"], np.array([0.5 / np.sqrt(2.0), 0.0]), 1e-14, 1e-14)
        assert_same(jacobian["b"], np.array([[-1.5 * 2**-1.5, 2**-0.5]] * 2), 1e-14, 1e-14)

    def scalar(p):
        solve = lambda f, x: scipy.optimize.brentq(f, 0.0, 5.0, xtol=1e-15)  # noqa: E731
        return custom_root(lambda x: x**3 + p * x - 2.0, 1.0, solve, lambda g, y: y / g(1.0))

    def by_matrix(p):
        solve = lambda f, x: np.array([0.5, 2.0]) ** 0.5 * 1.0  # noqa: E731
        f = lambda x: x**2 - p * np.array([0.5, 2.0])  # noqa: E731
        return custom_root(f, np.ones(2), solve, lambda g, y: np.linalg.solve(jacfwd(g)(y), y))

    assert_same(jacrev(by_matrix)(1.0), 0.5 * np.sqrt([0.5, 2.0]), 1e-14, 1e-14)
    assert_same(jacfwd(jacfwd(by_matrix))(1.0), -0.25 * np.sqrt([0.5, 2.0]), 1e-12, 1e-12)
    assert grad(scalar)(1.5) == pytest.approx(grad(cubic)(1.5), rel=1e-13)
    assert grad(grad(scalar))(1.5) == pytest.approx(grad(grad(cubic))(1.5), rel=1e-10)
    root, aux = custom_root(lambda x: x - 1.0, 0.0, lambda f, x: (1.0, "found"), has_aux=True)
    assert root == 1.0 and aux == "found"


def test_what_is_no_root_says_so():
    with pytest.raises(NotDifferentiable):
        grad(lambda p: custom_root(lambda x: (x - p) ** 2, 0.0, lambda f, x: 1.0))(1.0)
    with pytest.raises(NotDifferentiable):
        grad(lambda p: custom_root(lambda x: x - p, 0.0, lambda f, x: 3.0))(1.0)
    with pytest.raises(ShapeError):
        grad(lambda p: custom_root(lambda x: x - p, 0.0, lambda f, x: np.ones(2)))(1.0)


# -- NaN


def test_debug_nans_names_primitive_and_line():
    def f(x):
        y = x - 2.0
        return np.sum(np.sqrt(y) * 3)  # here

    where = r"sqrt made a NaN of -1.0, at entry \(1,\).*here"
    with pytest.raises(NaNError, match=where), np.errstate(all="ignore"), debug_nans():
        grad(f)(np.array([3.0, 1.0]))
    assert np.isnan(grad(f)(np.array([3.0, 1.0]))).any()  # off again


def test_debug_nans_raises_no_false_alarm():
    with debug_nans(), np.errstate(all="ignore"):
        assert grad(lambda x: np.sqrt(x**2))(0.0) == 0.0
        assert grad(lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0)))(np.array([0.0, 1.0])).tolist() == [0.0, 0.5]
        assert np.isnan(grad(lambda x: x * 2.0 + np.nan)(1.0)) == False  # noqa: E712
        hessian(lambda x: np.linalg.norm(x))(np.zeros(2))


def test_debug_nans_on_the_way_back():
    """Infinite cotangents of opposite sign meet at y, though no number of the program is NaN."""

    def f(x):
        y = x - 1.0
        return np.sqrt(y) - 2.0 * np.sqrt(y * 1.0)

    with np.errstate(all="ignore"):
        assert np.isnan(grad(f)(1.0))
        with pytest.raises(NaNError, match=r"on the way back.*y = x - 1.0|on the way back.*np.sqrt"), debug_nans():
            grad(f)(1.0)


# -- robustness


def test_transformed_functions_pickle():
    for made in (
        grad(np.sin),
        value_and_grad(np.sin),
        jacfwd(np.exp, chunk_size=2),
        hessian(np.cos),
        grad(grad(np.sin)),
    ):
        again = pickle.loads(pickle.dumps(made))
        x = 0.5
        np.testing.assert_array_equal(np.asarray(again(x)), np.asarray(made(x)))
    found = joblib.Parallel(n_jobs=2)(joblib.delayed(grad(lambda x: x**3))(float(i)) for i in range(3))
    assert found == [0.0, 3.0, 12.0]


@custom_jvp
def doubled(x):
    return 2.0 * x


doubled.defjvps(lambda t, out, x: 2.0 * t)


def tripled(x):
    return 3.0 * x


def test_functions_with_rules_pickle():
    assert pickle.loads(pickle.dumps(doubled)) is doubled and copy.deepcopy(doubled) is doubled
    assert pickle.loads(pickle.dumps(grad(doubled)))(1.0) == 2.0
    assert grad(pickle.loads(pickle.dumps(checkpoint(tripled))))(1.0) == 3.0
    again = pickle.loads(pickle.dumps(custom_vjp(tripled)))
    again.defvjp(lambda x: (3.0 * x, None), lambda kept, g: (7.0 * g,))
    assert grad(again)(1.0) == 7.0


class Column:
    """What pandas and polars offer of a column."""

    def __init__(self, x):
        self.x = x

    def to_numpy(self):
        return self.x


def test_columns_of_tables_are_arrays():
    assert_same(grad(lambda x: np.sum(np.sin(x)))(Column(X)), np.cos(X))
    assert_same(jvp(np.sin, (Column(X),), (Column(T),))[1], np.cos(X) * T)
    assert_same(grad(lambda p: np.sum(p["a"] * p["b"]))({"a": Column(X), "b": Column(np.array([1, 2, 3]))})["b"], X)


def test_memory_does_not_grow_over_a_thousand_gradients():
    f = lambda x: np.sum(np.tanh(x @ x.T) * x[:, :1])  # noqa: E731
    x = np.ones((8, 8))
    for _ in range(20):
        grad(f)(x)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(1000):
        grad(f)(x)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 100_000


def test_loops_of_a_hundred_thousand_steps():
    def f(x):
        for _ in range(100_000):
            x = x * 0.99999 + 1e-6
        return x

    assert grad(f)(1.0) == pytest.approx(0.99999**100_000, rel=1e-9)


def test_threads_do_not_meet():
    f = lambda x, n: np.sum(np.sin(x * n) ** 2)  # noqa: E731
    found, errors = {}, []

    def work(n):
        try:
            for _ in range(30):
                found[n] = hessian(f)(X, float(n))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    for n, matrix in found.items():
        assert_same(matrix, np.diag(2.0 * n * n * np.cos(2 * X * n)), 1e-12, 1e-12)


def test_an_exception_leaves_nothing_behind():
    def f(x):
        a = np.zeros(3)
        a[0] = x
        if x > 1.0:
            raise KeyError("too large")
        return a[0] * x

    with pytest.raises(KeyError):
        grad(f)(2.0)
    assert grad(f)(0.5) == 1.0 and hvp(f, 0.5, 1.0) == 2.0


def test_mixed_partials_and_directional_higher_derivatives():
    f = lambda x, y: x**3 * np.sin(y)  # noqa: E731
    mixed = grad(grad(grad(f, 0), 1), 0)(2.0, 0.7)
    assert mixed == pytest.approx(12.0 * np.cos(0.7))
    second = lambda x: jvp(lambda x: jvp(np.sin, (x,), (T,))[1], (x,), (T,))[1]  # noqa: E731
    assert_same(second(X), -np.sin(X) * T**2, 1e-15, 1e-15)
    assert_same(jet(np.sin, (X,), ((T, 0 * T),))[1][1], -np.sin(X) * T**2, 1e-15, 1e-15)


def test_arrays_without_axes_as_storage():
    """Forward mode stores into them; reverse mode says that it does not."""

    def summed(x):
        a = np.zeros(())
        for t in x:
            a += t * t
        return a * x[0]

    expected = np.sum(X**2) * np.eye(3)[0] + 2 * X * X[0]
    assert_same(jacfwd(summed)(X), expected, 1e-14, 1e-14)
    assert jvp(summed, (X,), (T,))[1] == pytest.approx(expected @ T)
    with pytest.raises(InterpError, match="without axes"):
        grad(summed)(X)


def test_segments_whose_second_run_rounds_otherwise():
    m = np.random.default_rng(0).normal(size=(6, 4))
    f = lambda x: np.sum(m.T @ x) + math.lgamma(x[0] + 3.0) + np.linalg.norm(x)  # noqa: E731
    for x in np.random.default_rng(1).normal(size=(20, 6)):
        assert_same(grad(lambda x: checkpoint(f)(x))(x), grad(f)(x), 1e-10, 1e-10)


def test_rounded_numbers_are_positions():
    f = lambda x: x[round(x[0])] * round(x[0]) + round(x[1], 1) * x[1]  # noqa: E731
    x = np.array([1.2, 0.75, 3.0])
    for transform in (grad, jacfwd, jacrev):
        assert_same(transform(f)(x), np.array([0.0, 1.8, 0.0]))

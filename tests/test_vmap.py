"""`vmap` against a loop: every call of the catalogue, batched where it can be, and functions of every kind."""

from collections import namedtuple

import numpy as np
import pytest
from test_catalogue import CALLS, joined

import interp.vocabulary as v
from interp.errors import ShapeError
from interp.interpretation import call as run
from interpretations import Dual, grad, hessian, jacfwd, jvp, vmap
from interpretations.batch import Batch, NeedsElements, batched

every = pytest.mark.parametrize(("entry", "call"), CALLS)


def several(operand, n=3):
    """``n`` operands like this one, none equal, inside the same domain."""
    if isinstance(operand, list):
        return [several(part, n) for part in operand]
    return np.stack([np.asarray(operand) * (1.0 + 0.01 * i) for i in range(n)])


def element(operand, i):
    return [element(part, i) for part in operand] if isinstance(operand, list) else operand[i]


@every
def test_every_call_is_that_of_each_element(entry, call):
    operands = [several(x) for x in call.operands]
    f = lambda *x: joined(call.of(entry.function, *x))  # noqa: E731
    together = vmap(f)(*operands)
    alone = np.stack([f(*(element(x, i) for x in operands)) for i in range(3)])
    np.testing.assert_allclose(together, alone, rtol=1e-12, atol=1e-13)


@every
def test_derivatives_of_each_element(entry, call):
    if not entry.differentiable or any(isinstance(x, list) for x in call.operands):
        return
    operands = [several(x) for x in call.operands]

    def f(*x):
        out = v.sum(joined(call.of(entry.function, *x)))
        return v.real(out) + v.imag(out)

    together = vmap(grad(f))(*operands)
    alone = np.stack([grad(f)(*(element(x, i) for x in operands)) for i in range(3)])
    np.testing.assert_allclose(together, alone, rtol=1e-9, atol=1e-11)


X = np.linspace(0.1, 1.2, 12).reshape(4, 3)


def test_what_is_batched_runs_once():
    runs = []

    def f(x, y):
        runs.append(1)
        a = np.zeros_like(x)
        a[1:] = x[:-1] * y
        a[0] += np.sum(np.sin(x))
        return {"a": a, "b": (x @ x, 2.0)}

    out = vmap(f, in_axes=(0, None))(X, 3.0)
    assert len(runs) == 1
    for i in range(4):
        one = f(X[i].copy(), 3.0)
        np.testing.assert_allclose(out["a"][i], one["a"])
        np.testing.assert_allclose(out["b"][0][i], one["b"][0])
        assert out["b"][1][i] == 2.0


def test_branches_and_loops_run_element_by_element():
    def newton(a):
        x = 1.0
        while abs(x * x - a) > 1e-12:
            x = 0.5 * (x + a / x)
        return x if a < 1.0 else -x

    a = np.array([0.25, 0.81, 4.0])
    np.testing.assert_allclose(vmap(newton)(a), [0.5, 0.9, -2.0])
    np.testing.assert_allclose(vmap(grad(newton))(a), [1.0, 1 / 1.8, -0.25])
    np.testing.assert_allclose(vmap(lambda x: x[np.argmax(x)] * x[0])(X), X[:, 2] * X[:, 0])


def test_axes_of_arguments_and_outputs():
    np.testing.assert_allclose(vmap(lambda x: x * 2.0, in_axes=1, out_axes=1)(X), 2.0 * X)
    np.testing.assert_allclose(vmap(lambda x: x * 2.0, in_axes=1)(X), 2.0 * X.T)
    np.testing.assert_allclose(vmap(lambda x, y: x + y, in_axes=(0, -1))(X, X.T), 2.0 * X)
    P = namedtuple("P", "a b")
    out = vmap(lambda p: P(p["x"] + p["y"], p["y"]), in_axes=({"x": 0, "y": None},), out_axes=P(0, None))(
        {"x": X, "y": np.ones(3)}
    )
    assert isinstance(out, P)
    np.testing.assert_allclose(out.a, X + 1.0)
    np.testing.assert_allclose(out.b, np.ones(3))
    np.testing.assert_allclose(vmap(lambda x, n: x * n)(X, n=2.0 * X), 2.0 * X * X)
    differs = lambda: vmap(lambda x: x, out_axes=None)(X)  # noqa: E731
    branches = lambda: vmap(lambda x: x if x[0] > 0 else -x, out_axes=None)(X)  # noqa: E731
    for bad in (
        differs,
        branches,
        lambda: vmap(np.sin, in_axes=None)(X),
        lambda: vmap(lambda x, y: x, in_axes=0)(X, X[:2]),
    ):
        with pytest.raises(ShapeError):
            bad()
    with pytest.raises(ShapeError, match="in_axes"):
        vmap(lambda x: x, in_axes=(0, 0))(X)


def test_handlers_of_the_program_do_not_see_the_batch():
    def f(x):
        try:
            if x[0] < 0.5:
                raise ValueError
            return x * 1.0
        except Exception:
            return x * 0.0

    np.testing.assert_allclose(vmap(f)(X), np.stack([f(x) for x in X]))


def test_nesting():
    np.testing.assert_allclose(vmap(vmap(lambda x: x * np.cos(x)))(X), X * np.cos(X))
    np.testing.assert_allclose(vmap(lambda x: vmap(lambda y: x @ x * y)(x))(X), (X * X).sum(1)[:, None] * X)
    f = lambda x: np.sum(x**3) * x[0]  # noqa: E731
    np.testing.assert_allclose(vmap(hessian(f))(X), np.stack([hessian(f)(x) for x in X]))
    np.testing.assert_allclose(jacfwd(vmap(f))(X)[1, 1], grad(f)(X[1]))
    np.testing.assert_allclose(jvp(vmap(f), (X,), (X,))[1], [jvp(f, (x,), (x,))[1] for x in X])
    np.testing.assert_allclose(grad(lambda x: np.sum(vmap(f)(x)))(X), np.stack([grad(f)(x) for x in X]))


def test_an_error_of_the_function_comes_through():
    def f(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        vmap(f)(X)


def test_the_callers_array_is_not_changed():
    def f(x):
        x[0] = 7.0
        return x

    kept = X.copy()
    assert (vmap(f)(X)[:, 0] == 7.0).all()
    np.testing.assert_array_equal(X, kept)


def test_numbers_are_no_views():
    def swapped(x):
        a = x * 1.0
        a[0], a[1] = a[1], a[0]
        return a * x

    def kept(x):
        a = x * 1.0
        first, every = a[0], list(a)
        a[:] = 0.0
        total = np.sum(x)
        one = np.reshape(total, (1,))
        one[0] = 3.0
        return first + total + np.stack(every)

    for f in (swapped, kept):
        np.testing.assert_allclose(vmap(f)(X), np.stack([f(x) for x in X]))
        np.testing.assert_allclose(vmap(jacfwd(f))(X), np.stack([jacfwd(f)(x) for x in X]))


def test_one_element_of_a_batch_is_no_number():
    x = batched(X, 10**6)
    assert isinstance(np.sin(x), Batch) and x.shape == (3,)
    with pytest.raises(NeedsElements):
        bool(x[0] > 0.5)
    assert run(np.sin, Dual(1.0, 1.0)).tangent == np.cos(1.0)

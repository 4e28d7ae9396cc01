"""What a tracer means: literals, choices, views, contractions, refusals, and stacks with other types."""

import copy
import pickle

import numpy as np
import pytest
from unconverted import unconverted

from interp import interpret
from interp.errors import InterpError, MutationError, RefusedStack, ShapeError, StripError, UndecidedError
from interp.linear import Formula
from interp.primitive import Differentiable, Elementwise
from interp.value import shape_of
from interp.vocabulary import absolute, reshape
from interpretations import Dual, grad, gradient, jacfwd, tangent
from interpretations.intervals import bounds
from interpretations.measurements import Measurement, uncertainty
from interpretations.sparsity import (
    LocalTracer,
    SparsityTracer,
    hessian_sparsity,
    jacobian_sparsity,
    sparsity,
    storage,
)

pytestmark = pytest.mark.usefixtures("form")
X = np.array([0.3, 1.2, 0.8])


def rows(pattern):
    return [part.tolist() for part in np.split(pattern.indices, pattern.indptr[1:-1])]


def jacobian_rows(f, x=X, local=False):
    return rows(jacobian_sparsity(f, x, local))


# -- literals and what only varies

LITERALS = {
    "zero of the program": (lambda x: 0 * x[0] + x[1], [[1]]),
    "traced zero": (lambda x: np.floor(x[0]) * x[1], [[1]]),
    "held zeros": (lambda x: np.array([1.0, 0.0, 2.0]) * x, [[0], [], [2]]),
    "zeros_like": (lambda x: np.zeros_like(x) * x + x[2], [[2], [2], [2]]),
    "ones_like": (lambda x: np.ones_like(x) * x, [[0], [1], [2]]),
    "zeros rearranged": (lambda x: np.concatenate([np.zeros_like(x)[:2], x[:1]]) * x[1], [[], [], [0, 1]]),
    "zero times zero": (lambda x: (0 * x[0]) * x[1], [[]]),
    "zero divided": (lambda x: np.array([0.0, 1.0, 0.0]) / x, [[], [1], []]),
    "difference": (lambda x: x[0] - x[0], [[0]]),
    "power zero": (lambda x: x**0 * x[0], [[0], [0], [0]]),
    "integer power": (lambda x: x**2, [[0], [1], [2]]),
    "jump": (lambda x: np.arctan2(x[0], 0.0) * x[1], [[1]]),
    "comparison": (lambda x: (x[0] > 1) * x[1], [[1]]),
    "floor division": (lambda x: x[0] // x[1], [[]]),
    "remainder": (lambda x: x[0] % x[1], [[0, 1]]),
    "choice of constants": (lambda x: np.where(x > 1, 0.0, 1.0) * x[0], [[0], [0], [0]]),
    "choice decided": (lambda x: np.where(np.array([True, False, True]), x, x[0]), [[0], [0], [2]]),
    "choice of literals": (lambda x: np.where(np.zeros_like(x) > 1, x, 2.0), [[], [], []]),
    "logical": (lambda x: np.where((x[0] > 0) & (x[1] > 0), x[2], x[0]), [[0, 2]]),
    "position": (lambda x: np.argmax(x) * x[0], [[0]]),
    "sum of literals": (lambda x: np.zeros_like(x).sum() * x[0], [[]]),
    "solve zero": (lambda x: np.linalg.solve(x[:, None] * np.eye(3), np.zeros_like(x)) * x[0], [[], [], []]),
}


@pytest.mark.parametrize("f, expected", LITERALS.values(), ids=LITERALS)
def test_only_zeros_of_the_program_kill(f, expected):
    assert jacobian_rows(f) == expected


LOCAL = {
    "product with zero": (lambda x: np.floor(x[0]) * x[1], [[]]),
    "branch": (lambda x: x[0] if x[1] > 1 else x[2], [[0]]),
    "where": (lambda x: np.where(x > 0.5, x, x[0]), [[0], [1], [2]]),
    "maximum": (lambda x: np.maximum(x, 0.8), [[], [1], [2]]),
    "mask": (lambda x: x[x > 0.5], [[1], [2]]),
    "solve": (lambda x: np.linalg.solve(np.eye(3), x), [[0, 1, 2]] * 3),
}


@pytest.mark.parametrize("f, expected", LOCAL.values(), ids=LOCAL)
def test_at_the_point(f, expected):
    assert jacobian_rows(f, local=True) == expected


# -- contractions

MATRIX = np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 0.0]])
CONTRACTIONS = {
    "matrix of constants": (lambda x: MATRIX @ x, [[0, 2], []]),
    "transposed": (lambda x: x @ MATRIX.T, [[0, 2], []]),
    "literal after zero": (lambda x: (MATRIX @ x) * x[1], [[0, 1, 2], []]),
    "three operands": (lambda x: np.einsum("ij,j,jk->ki", MATRIX, x, np.eye(3))[:, 0], [[0], [], [2]]),
    "inner": (lambda x: x @ x, [[0, 1, 2]]),
    "outer": (lambda x: np.outer(x, np.array([0.0, 1.0])).ravel(), [[], [0], [], [1], [], [2]]),
    "prefixes": (lambda x: np.cumsum(x), [[0], [0, 1], [0, 1, 2]]),
    "prefixes by axis": (lambda x: np.cumsum(np.stack([x, 2 * x]), axis=0).ravel(), [[0], [1], [2]] * 2),
}


@pytest.mark.parametrize("f, expected", CONTRACTIONS.values(), ids=CONTRACTIONS)
def test_contractions(f, expected):
    assert jacobian_rows(f) == expected


def test_systems_of_a_stack_are_apart():
    def f(x):
        return np.linalg.inv(x.reshape(2, 2, 2)).reshape(-1)

    x = np.array([2.0, 0.1, 0.2, 3.0, 1.0, 0.3, 0.1, 2.0])
    assert jacobian_rows(f, x) == [[0, 1, 2, 3]] * 4 + [[4, 5, 6, 7]] * 4


def test_right_hand_sides_are_apart():
    matrix = np.array([[2.0, 1.0], [1.0, 3.0]])
    solved = jacobian_rows(lambda x: np.linalg.solve(matrix, x.reshape(2, 2)).reshape(-1), np.arange(4.0))
    assert solved == [[0, 2], [1, 3], [0, 2], [1, 3]]


# -- stores and views


def test_a_store_into_a_view_is_seen_in_the_base():
    def f(x):
        a = x.copy()
        view = a[1:][::-1]
        view[0] = x[0] * x[1]
        a.reshape(3, 1).T[0, 0] = 7.0
        return a

    assert jacobian_rows(f) == [[], [1], [0, 1]]


def test_a_store_into_the_base_is_seen_in_views():
    def f(x):
        a = np.zeros_like(x)
        tail, last, spread = a[1:], a[..., 2], np.broadcast_to(a, (2, 3))
        a[:] = x[::-1]
        return np.concatenate([tail, np.stack([last * 1.0]), spread[1]])

    assert jacobian_rows(f) == [[1], [0], [0], [2], [1], [0]]


def test_elements_read_before_a_store_keep_their_pattern():
    def f(x):
        a = x * 1.0
        old = a[0]
        a[0] = x[2]
        a[[0, 1, 1]] = np.stack([a[0], x[0], old + a[0]])
        return np.concatenate([a, np.stack([old])])

    assert jacobian_rows(f) == [[2], [0, 2], [2], [0]]


def test_the_callers_array_is_left_alone():
    x = X.copy()

    def f(x):
        x[0] = x[1]
        return x

    assert jacobian_rows(f, x) == [[1], [1], [2]]
    np.testing.assert_array_equal(x, X)


def test_stores_that_would_lose_the_pattern_raise():
    def into_plain(x):
        a = np.zeros(3)
        a += x
        return a

    with pytest.raises(MutationError):
        jacobian_sparsity(unconverted(into_plain), X)
    with pytest.raises(MutationError):
        SparsityTracer(1.0)[...] = 2.0


# -- inputs and outputs


def test_shapes_and_form():
    pattern = jacobian_sparsity(lambda x: x.T, [[1, 2, 3], [4, 5, 6]])
    assert pattern.format == "csr" and pattern.dtype == bool and pattern.has_sorted_indices
    assert rows(pattern) == [[0], [3], [1], [4], [2], [5]]
    assert jacobian_sparsity(lambda x: x * x, 2.0).toarray().tolist() == [[True]]
    assert jacobian_sparsity(lambda x: np.ones((2, 3)), X).shape == (6, 3)
    assert jacobian_sparsity(lambda x: 1.0, X).nnz == 0
    assert jacobian_sparsity(lambda x: x.sum(), np.zeros(0)).shape == (1, 0)
    assert hessian_sparsity(lambda x: x**3, 2.0).toarray().tolist() == [[True]]
    assert hessian_sparsity(lambda x: x[0, 0] * x[1, 1], np.ones((2, 2))).nnz == 2


def test_runs_once():
    calls = []

    def f(x):
        calls.append(1)
        return np.sum(x * x[0])

    jacobian_sparsity(f, X)
    hessian_sparsity(f, X)
    interpret(f, gradient(), sparsity())(X)
    assert len(calls) == 3


def test_copies_and_pickles():
    traced = SparsityTracer(X)[1:] * 2.0
    for twin in (copy.copy(traced), copy.deepcopy(traced), pickle.loads(pickle.dumps(traced))):
        assert rows(twin.sparsity) == [[1], [2]]
        twin[0] = 0.0
        assert rows(traced.sparsity) == [[1], [2]]


REFUSED = {
    "index": (UndecidedError, unconverted(lambda x: [x, 2 * x][x[0]])),
    "length": (UndecidedError, lambda x: np.zeros(x[0])),
    "hash": (UndecidedError, lambda x: {x[0]: x}[x[0]]),
    "mask": (UndecidedError, lambda x: x[x > 1]),
    "float": (StripError, unconverted(lambda x: float(x[0]) * x)),
    "list": (InterpError, lambda x: [x[0], x[1]]),
}


@pytest.mark.parametrize("error, f", REFUSED.values(), ids=REFUSED)
def test_refusals(error, f):
    with pytest.raises(error):
        jacobian_sparsity(f, X)


def test_a_hessian_needs_one_number():
    with pytest.raises(ShapeError):
        hessian_sparsity(lambda x: x, X)


# -- primitives from outside


def test_partials_of_a_new_primitive_are_read():
    def gated_product(x, y, z):
        return x * y * z

    gated = Elementwise(
        "gated_product",
        gated_product,
        dx=lambda y, z: y * z,
        dy=lambda x, z: x * z,
        dz=lambda x, y: x * y,
        counterparts=(),
    )
    gates = np.array([0.0, 1.0, 2.0])
    assert jacobian_rows(lambda x: gated(x, x[0], gates)) == [[], [0, 1], [0, 2]]
    assert jacobian_rows(lambda x: gated(absolute(x), 0.0, x)) == [[], [], []]


def test_a_map_known_by_its_action_alone():
    def derivative(out, operands, params):
        def scaled(t, batch):
            shape = shape_of(t)
            return reshape(reshape(t, (-1, 3)) * np.array([0.0, 1.0, 2.0]), shape)

        return [Formula((3,), (3,), scaled, scaled)]

    weighted = Differentiable("weighted", lambda x: x * np.array([0.0, 1.0, 2.0]), derivative=derivative)
    assert jacobian_rows(weighted) == [[0, 1, 2]] * 3
    assert jacobian_rows(weighted, local=True) == [[], [1], [2]]


# -- stacks


def curve(x):
    y = np.where(x > 0.5, x * x, np.sin(x))
    y[1:] = y[1:] * x[:-1]
    return np.cumsum(y)


def energy(x):
    return np.sum(x[1:] * x[:-1] ** 2) + np.maximum(x[0], 2.0)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("local", [False, True])
def test_pattern_around_derivatives(mode, local):
    result = interpret(curve, sparsity(local), gradient(mode))(X)
    np.testing.assert_allclose(result.gradient, jacfwd(curve)(X))
    np.testing.assert_array_equal(result.value, curve(X))
    assert rows(result.sparsity) == [[0], [0, 1], [0, 1, 2]]


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("local", [False, True])
def test_pattern_of_derivatives(mode, local):
    result = interpret(energy, gradient(mode), sparsity(local))(X)
    np.testing.assert_allclose(result.gradient, grad(energy)(X))
    assert rows(result.sparsity) == [[0, 1, 2]]
    assert rows(result.reading("gradient").sparsity) == [[0, 1], [0, 1, 2], [1]]
    assert rows(hessian_sparsity(energy, X, local)) == [[0, 1], [0, 1, 2], [1]]


def test_pattern_of_one_directional_derivative():
    result = interpret(energy, tangent(np.array([0.0, 0.0, 1.0])), sparsity())(X)
    assert rows(result.reading("tangent").sparsity) == [[1]]


@pytest.mark.parametrize("local", [False, True])
def test_pattern_and_error_bar(local):
    bar = interpret(curve, uncertainty(std=0.1))(X).std
    for stages in ((sparsity(local), uncertainty(std=0.1)), (uncertainty(std=0.1), sparsity(local))):
        result = interpret(curve, *stages)(X)
        np.testing.assert_allclose(result.std, bar)
        assert rows(result.sparsity) == [[0], [0, 1], [0, 1, 2]]
    mean = Measurement(2.0, 0.1)
    assert jacobian_rows(lambda x: (mean - 2.0) * x, local=False) == [[0], [1], [2]]


def test_pattern_on_a_box():
    """A wide box decides neither the condition nor the maximum, a narrow one both."""

    def f(x):
        return np.stack([np.where(x[0] > 0.5, x[1], x[2]), np.maximum(x[0], x[2])])

    for radius, expected in ((0.4, [[1, 2], [0, 2]]), (0.01, [[2], [2]])):
        result = interpret(f, sparsity(local=True), bounds(radius))(X)
        assert rows(result.sparsity) == expected
        assert rows(interpret(f, sparsity(), bounds(radius))(X).sparsity) == [[1, 2], [0, 2]]
        lo, hi = interpret(f, bounds(radius))(X).bounds
        np.testing.assert_array_equal(result.bounds, (lo, hi))
    enclosed = interpret(energy, gradient("reverse"), sparsity(), bounds(0.1))(X)
    assert rows(enclosed.reading("gradient").sparsity) == [[0, 1], [0, 1, 2], [1]]
    lo, hi = enclosed.reading("gradient").bounds
    assert ((lo <= grad(energy)(X)) & (grad(energy)(X) <= hi)).all()
    with pytest.raises(RefusedStack):
        interpret(energy, bounds(0.1), sparsity())(X)


def test_tracers_inside_a_derivative():
    assert jacobian_rows(lambda x: np.stack([grad(energy)(x * 2.0)[2], x[0]])) == [[1], [0]]

    found = []

    def f(y):
        found.append(jacobian_rows(lambda x: np.stack([x[0] * y[0], y[1] * 1.0]), y))
        return y[0] ** 2

    grad(f)(X)
    assert found == [[[0], []]]


def test_by_hand():
    traced = SparsityTracer(Dual(X, np.ones(3))) * 2.0
    assert isinstance(traced.value, Dual) and rows(traced.sparsity) == [[0], [1], [2]]
    with pytest.raises(RefusedStack, match="hessian_sparsity"):
        SparsityTracer(traced)
    with pytest.raises(RefusedStack):
        interpret(energy, sparsity(), gradient(), sparsity())(X)
    assert bool(LocalTracer(2.0) > 1.0)


def test_stores_one_by_one_and_all_at_once_are_the_same(monkeypatch):
    def stores(x):
        rng, out = np.random.default_rng(0), np.zeros_like(x)
        for _ in range(200):
            here, there = rng.integers(0, 24, size=(2, rng.integers(1, 8)))
            out[here] = out[there] * x[: len(here)]
            out[here[0] :][:3] = out[:24][there[0]]
            out.reshape(4, 6)[:, there[0] % 6] += x[:4]
        return out

    x, patterns = np.ones(24), []
    for few in (0, storage.FEW):
        monkeypatch.setattr(storage, "FEW", few)
        patterns.append(jacobian_sparsity(stores, x).toarray())
    np.testing.assert_array_equal(*patterns)
    assert 0 < patterns[0].sum() < patterns[0].size

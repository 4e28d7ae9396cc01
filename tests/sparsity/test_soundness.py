"""A pattern holds every entry that derivatives can have: all of the vocabulary, and random programs."""

import mutation_stories
import numpy as np
import pytest
import scenarios
import scipy.sparse
import truth

import interp.vocabulary as v
from interpretations import hessian, jacfwd
from interpretations.sparsity import hessian_sparsity, jacobian_sparsity

GLOBAL_AND_LOCAL = pytest.mark.parametrize("local", [False, True], ids=["global", "local"])
FUNCTIONS = [
    pytest.param(s.f, s.inputs, i, id=f"{s.name}/{i}") for s in scenarios.SCENARIOS for i in range(len(s.inputs))
] + [pytest.param(story, (mutation_stories.X,), 0, id=story.__name__) for story in mutation_stories.STORIES]
EVERYWHERE = pytest.mark.parametrize("f, inputs, position", FUNCTIONS)


def nonzero(matrix, threshold):
    return (np.abs(matrix) > threshold) | np.isnan(matrix)


@GLOBAL_AND_LOCAL
@EVERYWHERE
def test_jacobian_is_covered(f, inputs, position, local):
    def of_one(x):
        return f(*inputs[:position], x, *inputs[position + 1 :])

    pattern = jacobian_sparsity(of_one, inputs[position], local).toarray()
    jacobian = truth.jacobian(f, inputs, position).reshape(pattern.shape)
    assert not (nonzero(jacobian, 1e-7) & ~pattern).any()


@GLOBAL_AND_LOCAL
@EVERYWHERE
def test_hessian_is_covered_and_symmetric(f, inputs, position, local):
    x = np.asarray(inputs[position], float)[()]
    weights = np.random.default_rng(1).random(np.shape(f(*inputs))) + 0.5

    def scalar(x):
        return np.sum(weights * f(*inputs[:position], x, *inputs[position + 1 :]))

    pattern = hessian_sparsity(scalar, x, local).toarray()
    matrix = np.reshape(hessian(scalar)(x), pattern.shape)
    assert not (nonzero(matrix, 1e-9) & ~pattern).any()
    np.testing.assert_array_equal(pattern, pattern.T)


# -- random straight-line programs, among them stores into views and products with literal zeros

N = 6
HOLED = np.array([0.0, 1.0, 0.0, 2.0, -1.0, 0.0])
MATRIX = np.zeros((N, N))
MATRIX[[1, 1, 2, 3, 3, 4, 5], [0, 3, 2, 1, 5, 0, 4]] = np.arange(1.0, 8.0)
SPARSE = scipy.sparse.csr_array(MATRIX)


def _stored(a, b, write):
    c = a.copy()
    write(c, b)
    return c


def _into_view(c, b):
    inner = c[1:][::-1]
    inner[:2] = b[3:5]
    c[0] = inner[-1]


def _into_grid(c, b):
    c.reshape(2, 3).T[1] = b[:2]
    c[2] = 0.0


def _in_place(c, b):
    c[::2] += b[1::2]
    c[1:] *= c[:-1]


def _scalars(a, b):
    """Element by element, with stores and views of single elements."""
    c, s = np.zeros_like(a), 0.0
    for i in range(N):
        s = 0.5 * s + a[i] * b[N - 1 - i] * HOLED[i]
        c[i] = s if i % 2 else np.maximum(s, b[i])
    c[2, ...] = a[0, ...] * 0
    return c


def _nested_choice(a, b):
    return np.where(a > 0, np.where(b > a, b, 0.0), np.where(HOLED > 0, a * b, 1.0))


def _into_part(c, b):
    c[1:4] *= b[0]
    c[c.shape[0] - 1 :] = 0.0
    c[[0, 0, 2]] = b[:3]


STEPS = [
    lambda a, b: a + b,
    lambda a, b: np.sort(a) + b,
    lambda a, b: np.sort(np.stack([a, b]), axis=0)[1],
    lambda a, b: np.sort(a.reshape(2, 3), axis=-1).reshape(-1) * HOLED,
    lambda a, b: np.argsort(a) * b,
    lambda a, b: np.searchsorted(np.sort(a), b) * a,
    lambda a, b: np.searchsorted(np.array([-0.5, 0.0, 0.5]), a) + b,
    lambda a, b: np.mod(a, 0.7) + np.fmod(b, 0.9),
    lambda a, b: a % (2 + b * b) * HOLED,
    lambda a, b: np.floor(2 * a) % 2.0 * b,
    lambda a, b: np.copysign(a, b),
    lambda a, b: np.clip(a, -0.3, b),
    lambda a, b: np.clip(HOLED, a, a + 1.0),
    lambda a, b: np.rint(4 * a) * HOLED + b,
    lambda a, b: np.cumprod(a * HOLED) + b,
    lambda a, b: np.prod(np.stack([a, HOLED, b]), axis=0),
    lambda a, b: np.prod(np.concatenate([a[:2], 0.0 * b[:1]])) + b,
    lambda a, b: np.cumsum(a.reshape(3, 2), axis=0).reshape(-1) * b,
    lambda a, b: np.diff(a, n=1, axis=0).sum() + HOLED * b,
    lambda a, b: np.convolve(a, np.array([1.0, 0.0, -2.0]), "same"),
    lambda a, b: np.pad(a, (2, 0))[:N] * b,
    lambda a, b: np.roll(a, 2) - np.roll(b, -1),
    lambda a, b: np.linalg.solve(MATRIX + 5 * np.eye(N), a) * HOLED,
    lambda a, b: np.linalg.solve(np.eye(N) * (3 + a * a), b),
    lambda a, b: np.linalg.inv(a[:4].reshape(2, 2) + 3 * np.eye(2))[0, 1] * HOLED + b,
    lambda a, b: np.linalg.det(np.eye(2) * 2 + a[2:].reshape(2, 2)) + b,
    lambda a, b: np.linalg.cholesky(np.eye(2) * 3 + np.outer(a[:2], a[:2])).reshape(-1)[1:3].sum() + b,
    lambda a, b: v.matmul(SPARSE, a) + b @ SPARSE,
    lambda a, b: np.einsum("i,i,j->j", a, HOLED, b),
    lambda a, b: np.einsum("ij,j,j->i", MATRIX, a, b),
    lambda a, b: 0 * a + b,
    lambda a, b: a ** np.array([0.0, 1.0, 2.0, 0.0, 3.0, 0.0]) * b,
    lambda a, b: a[()] * b[...],
    lambda a, b: np.min(a.reshape(2, 3), axis=0)[[0, 1, 2, 0, 1, 2]] + b,
    lambda a, b: np.count_nonzero(np.floor(2 * a)) * b,
    lambda a, b: _nested_choice(a, b),
    lambda a, b: _scalars(a, b),
    lambda a, b: _stored(a, b, _into_part),
    lambda a, b: a * b,
    lambda a, b: a - HOLED * b,
    lambda a, b: a * np.zeros_like(b) + b,
    lambda a, b: np.sin(a),
    lambda a, b: np.floor(3 * a) * b,
    lambda a, b: np.sign(a) + b,
    lambda a, b: a**0 * b,
    lambda a, b: HOLED / (2 + b * b) + a[::-1],
    lambda a, b: np.maximum(a, b),
    lambda a, b: np.clip(a, -0.5, 0.5),
    lambda a, b: np.where(a > b, a, 0.0),
    lambda a, b: np.where(a > 0, 0.0, 1.0) * b,
    lambda a, b: np.where(HOLED > 0, a, b),
    lambda a, b: np.arctan2(a, HOLED),
    lambda a, b: np.concatenate([b[2:], a[:2]]),
    lambda a, b: MATRIX @ a,
    lambda a, b: np.outer(a[:2], b[:3]).reshape(-1),
    lambda a, b: np.einsum("ij,jk->ki", a.reshape(2, 3), MATRIX[:3, :3]).reshape(-1),
    lambda a, b: np.cumsum(a) * HOLED,
    lambda a, b: np.max(a) + b,
    lambda a, b: np.prod(a[:2]) * np.ones_like(b),
    lambda a, b: v.index_add(a, b[:3], ([0, 0, 4],)),
    lambda a, b: a[np.array([5, 0, 0, 3, 2, 1])],
    lambda a, b: a[HOLED != 0].sum() + b,
    lambda a, b: np.heaviside(HOLED, a) + b,
    lambda a, b: _stored(a, b, _into_view),
    lambda a, b: _stored(a, b, _into_grid),
    lambda a, b: _stored(a, b, _in_place),
]


def program(seed):
    """A function of a vector made of six random steps, each of the results of earlier ones."""
    rng = np.random.default_rng(seed)
    steps = [(STEPS[rng.integers(len(STEPS))], *rng.integers(0, k + 1, size=2)) for k in range(6)]

    def run(x):
        made = [x]
        for step, i, j in steps:
            made.append(step(made[i], made[j]))
        return made[-1]

    return run


@pytest.mark.parametrize("block", range(10))
def test_random_programs(block, form):
    for seed in range(30 * block, 30 * block + 30):
        f, rng = program(seed), np.random.default_rng(seed)
        points = rng.uniform(-1, 1, size=(4, N))
        everywhere = jacobian_sparsity(f, points[0]).toarray()
        for x in points:
            entries = jacfwd(f)(x) != 0
            assert not (entries & ~everywhere).any(), seed
            assert not (entries & ~jacobian_sparsity(f, x, local=True).toarray()).any(), seed


@pytest.mark.parametrize("block", range(5))
def test_hessians_of_random_programs(block):
    for seed in range(20 * block, 20 * block + 20):
        f, rng = program(seed), np.random.default_rng(seed)
        weights, x = rng.uniform(0.5, 1.5, size=N), rng.uniform(-1, 1, size=N)

        def scalar(x, f=f, weights=weights):
            return np.sum(weights * f(x) ** 2)

        entries = hessian(scalar)(x) != 0
        assert not (entries & ~hessian_sparsity(scalar, x).toarray()).any(), seed
        assert not (entries & ~hessian_sparsity(scalar, x, local=True).toarray()).any(), seed

"""A pattern holds every entry that derivatives can have: all of the vocabulary, and random programs."""

import mutation_stories
import numpy as np
import pytest
import scenarios
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


STEPS = [
    lambda a, b: a + b,
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

"""Parts that are views and parts that are copies: what is stored into one, in every number type."""

import numpy as np
import pytest
import truth
from truth import assert_same
from unconverted import unconverted

from interp.testing import check_enclosure, check_sparsity
from interpretations import (
    Dual,
    Interval,
    Measurement,
    grad,
    hessian,
    jacfwd,
    jacobian_sparsity,
    jacrev,
)

# -- views: what is stored into a part is seen in the whole

VIEWS = {
    "reshape": lambda a: np.reshape(a, (3, 2)),
    "reshape in Fortran order": lambda a: np.reshape(a.T, (2, 3), order="F"),
    "ravel": np.ravel,
    "ravel in memory order": lambda a: np.ravel(a.T, order="K"),
    "expand_dims": lambda a: np.expand_dims(a, (0, -1)),
    "squeeze": lambda a: np.squeeze(a[:1]),
    "transpose": np.transpose,
    "matrix_transpose": np.matrix_transpose,
    "moveaxis": lambda a: np.moveaxis(a, 0, 1),
    "swapaxes": lambda a: np.swapaxes(a, 0, 1),
    "flip": lambda a: np.flip(a, 1),
    "fliplr": np.fliplr,
    "flipud": np.flipud,
    "rot90": np.rot90,
    "rot90 twice": lambda a: np.rot90(a, 2),
    "rot90 not at all": lambda a: np.rot90(a, 4),
    "atleast_2d": lambda a: np.atleast_2d(a[0]),
    "atleast_3d": np.atleast_3d,
    "atleast_1d of several": lambda a: np.atleast_1d(a, 1.0)[0],
    "split": lambda a: np.split(a, 3, axis=1)[1],
    "array_split": lambda a: np.array_split(a, 2, axis=-1)[0],
    "hsplit": lambda a: np.hsplit(a, [1])[1],
    "vsplit": lambda a: np.vsplit(a, 2)[1],
    "dsplit": lambda a: np.dsplit(a[:, None], 3)[2],
    "unstack": lambda a: np.unstack(a, axis=1)[2],
    "trim_zeros": lambda a: np.trim_zeros(a[0]),
    "broadcast_arrays of one shape": lambda a: np.broadcast_arrays(a, np.ones((2, 3)))[0],
    "meshgrid, not copied": lambda a: np.meshgrid(a[0], np.ones(2), copy=False, sparse=True)[0],
}
COPIES = {
    "tile": lambda a: np.tile(a, 1),
    "tile of one": lambda a: np.tile(a[:1, :1], (1, 3)),
    "repeat": lambda a: np.repeat(a, 1, axis=0),
    "resize": lambda a: np.resize(a, (2, 2)),
    "take": lambda a: np.take(a, 0, axis=0),
    "take_along_axis": lambda a: np.take_along_axis(a, np.array([[0], [0]]), 1),
    "compress": lambda a: np.compress([True, True], a, axis=0),
    "delete": lambda a: np.delete(a, [], axis=0),
    "append": lambda a: np.append(a, np.zeros((0, 3)), axis=0),
    "insert": lambda a: np.insert(a, [], 0.0, axis=0),
    "block": lambda a: np.block(a),
    "tril": lambda a: np.tril(a, 5),
    "pad": lambda a: np.pad(a, 0),
    "choose": lambda a: np.choose([0, 0, 0], [a]),
    "meshgrid": lambda a: np.meshgrid(a[0], np.ones(2), sparse=True)[0],
    "flatten": lambda a: a.flatten(),
    "flatten in Fortran order": lambda a: a.flatten("F"),
    "reshape with a copy": lambda a: np.reshape(a, (3, 2), copy=True),
    "roll": lambda a: np.roll(a, 0, axis=0),
    "vstack": lambda a: np.vstack([a]),
}
X = np.array([[0.3, 0.6, 0.5], [0.2, 0.8, 0.4]])


def stored(part):
    """What a store into a part, and one into the whole, leave in both."""

    def f(x):
        a = x * 1.0
        b = part(a)
        b[..., 0] = 2.0 * x[1, 2]
        a[0] *= x[0, 1]
        b[...] *= 3.0
        a[-1, -1] = 5.0
        return np.concatenate([np.ravel(a * a), np.ravel(np.sin(b))])

    return f


@pytest.mark.parametrize("part", [*VIEWS.values(), *COPIES.values()], ids=[*VIEWS, *COPIES])
def test_stores_are_seen_where_numpy_shows_them(part):
    f = stored(part)
    expected = truth.jacobian(f, (X,), 0)
    for g in (f, unconverted(f)):
        for transform in (jacfwd, jacrev):
            assert_same(transform(g)(X), expected, 1e-8, 1e-8)
        k = 3  # as many directions as columns
        together = g(Dual(X, np.stack([np.cos(i + X) for i in range(k)])))
        assert_same(
            together.tangent, np.stack([np.tensordot(expected, np.cos(i + X), 2) for i in range(k)]), 1e-8, 1e-8
        )
        assert_same(together.value, f(X))
    measured = unconverted(f)(Measurement(X, np.full((2, 3), 0.1)))
    assert_same(measured.std_dev, 0.1 * np.sqrt((expected**2).sum(axis=(1, 2))), 1e-8, 1e-8)
    check_enclosure(unconverted(f), Interval(X - 0.01, X + 0.01), samples=30)
    weights = np.cos(np.arange(f(X).size))

    def scalar(x):
        return np.sum(weights * f(x * x))

    assert_same(hessian(scalar)(X), truth.jacobian(grad(scalar), (X,), 0), 1e-7, 1e-7)


@pytest.mark.parametrize("part", [p for n, p in VIEWS.items() if n != "trim_zeros"] + list(COPIES.values()))
def test_patterns_know_what_is_stored_through_views(part):
    f = stored(part)
    check_sparsity(f, X, jacobian_sparsity(unconverted(f), X), exact=True)
    check_sparsity(f, X, jacobian_sparsity(f, X), exact=True)


@pytest.mark.parametrize(("offset", "shape"), [(0, (3, 3)), (1, (2, 3)), (-1, (3, 3)), (-1, (3, 2))])
def test_a_diagonal_is_a_view_that_here_takes_stores(offset, shape):
    """NumPy's is read-only: a program that stores into it has no meaning of its own to keep."""
    x = np.arange(1.0, 1.0 + shape[0] * shape[1]).reshape(shape) / 7.0

    def by_views(x):
        a = x * 1.0
        d = np.diagonal(a, offset)
        d[...] = d * d
        a *= 2.0
        return np.concatenate([np.ravel(a), d])

    def by_hand(x):
        a = x * 1.0
        i = np.arange(np.diagonal(a, offset).size)
        at = (i + max(-offset, 0), i + max(offset, 0))
        a[at] = a[at] * a[at]
        a *= 2.0
        return np.concatenate([np.ravel(a), a[at]])

    for transform in (jacfwd, jacrev):
        assert_same(transform(unconverted(by_views))(x), truth.jacobian(by_hand, (x,), 0), 1e-8, 1e-8)
    pattern = jacobian_sparsity(unconverted(by_views), x)
    check_sparsity(by_hand, x, pattern, exact=True)


# -- random programs: chains of views and copies, with stores into any of them

STEPS = [
    lambda a, k: np.split(a, [k % (len(a) + 1)], axis=0)[k % 2],
    lambda a, k: np.array_split(a, 2, axis=1)[k % 2],
    lambda a, k: np.rot90(a, k),
    lambda a, k: np.reshape(a, (a.shape[1], a.shape[0]), order="CF"[k % 2]),
    lambda a, k: np.ravel(a, order="CFKA"[k]).reshape(a.shape),
    lambda a, k: np.moveaxis(a, 0, 1),
    lambda a, k: np.flip(a, k % 2),
    lambda a, k: np.atleast_3d(a)[..., 0],
    lambda a, k: np.squeeze(np.expand_dims(a, k % 3), k % 3),
    lambda a, k: np.tile(a, (1, k % 2 + 1)),
    lambda a, k: np.repeat(a, 2, axis=k % 2),
    lambda a, k: np.roll(a, k, k % 2),
    lambda a, k: np.pad(a, ((0, 1), (1, 0)), mode=("edge", "constant", "wrap", "symmetric")[k]),
    lambda a, k: np.tril(a, k - 1),
    lambda a, k: np.take(a, [0, -1], axis=k % 2),
    lambda a, k: np.block([[a], [2.0 * a]]),
    lambda a, k: np.stack(np.unstack(a)[:2], axis=k % 2),
    lambda a, k: np.delete(a, 0, axis=k % 2),
]
WRITES = [
    lambda a, x: a.__setitem__(Ellipsis, a * a),
    lambda a, x: a[0].__imul__(x[0, 0]),
    lambda a, x: a.__setitem__((Ellipsis, -1), x[1, 1] * 2.0),
    lambda a, x: np.put(a, [0, -1], x[0, 1]),
    lambda a, x: np.fill_diagonal(a, x[1]),
    lambda a, x: np.putmask(a, np.arange(a.size).reshape(a.shape) % 2 == 0, x[0]),
    lambda a, x: np.put_along_axis(a, np.zeros((len(a), 1), int), a[:, :1] + x[1, 2], 1),
]


def random_program(seed):
    def f(x):
        rng = np.random.default_rng(seed)
        arrays = [x * 1.0]
        for _ in range(5):
            made = STEPS[rng.integers(len(STEPS))](arrays[rng.integers(len(arrays))], int(rng.integers(4)))
            arrays += [made] if made.size else []
            WRITES[rng.integers(len(WRITES))](arrays[rng.integers(len(arrays))], x)
        return np.concatenate([np.ravel(a) for a in arrays])

    return f


@pytest.mark.parametrize("seed", range(60))
def test_random_programs_of_views_and_stores(seed):
    f = random_program(seed)
    x = np.random.default_rng(seed).uniform(0.3, 0.9, (2, 3))
    expected = truth.jacobian(f, (x,), 0)
    for g in (f, unconverted(f)):
        for transform in (jacfwd, jacrev):
            assert_same(transform(g)(x), expected, 1e-7, 1e-7)
    pattern = jacobian_sparsity(unconverted(f), x).toarray()
    assert not ((np.abs(expected.reshape(pattern.shape)) > 1e-7) & ~pattern).any()
    measured = unconverted(f)(Measurement(x, np.full(x.shape, 0.1)))
    assert_same(measured.std_dev, 0.1 * np.sqrt((expected**2).sum(axis=(1, 2))), 1e-7, 1e-7)
    check_enclosure(unconverted(f), Interval(x - 0.01, x + 0.01), samples=10)

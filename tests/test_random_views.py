"""Random programs of views, copies and stores: what shares memory in NumPy shares it in every number type.

The programs are quadratic forms of linear rearrangements, so central differences are exact but for rounding.
"""

import numpy as np
import pytest

from interp import interpret
from interpretations import bounds, grad, hessian, jacfwd, sparsity, uncertainty

SHAPE = (2, 3, 2)
VIEWS = (
    lambda a: a.T,
    lambda a: a.reshape(-1),
    lambda a: a.reshape(a.shape[0], -1) if a.ndim > 1 else a.reshape(2, -1),
    lambda a: a[::-1],
    lambda a: a * 1.5,
    lambda a: a.copy(),
    lambda a: np.broadcast_to(a, (2, *a.shape)),
    lambda a: np.moveaxis(a, 0, -1),
    lambda a: a + np.asfortranarray(np.ones(a.shape)),
    lambda a: np.asfortranarray(np.full(a.shape, 2.0)) * a,
)


def program(seed):
    def f(x):
        rng = np.random.default_rng(seed)
        arrays = [x * 1.0, x.T * 2.0, np.transpose(x, (2, 0, 1)) + 1.0]
        for _ in range(6):
            made = VIEWS[rng.integers(len(VIEWS))](arrays[rng.integers(len(arrays))])
            if made.ndim < 6:
                arrays.append(made)
            target, source = (arrays[rng.integers(len(arrays))] for _ in range(2))
            to, start = (tuple(int(rng.integers(n)) for n in a.shape) for a in (target, source))
            try:
                target[to] = source[start] * 3.0
            except ValueError as error:  # NumPy's broadcast views are read-only, and so are ours
                assert "read-only" in str(error)
        return sum((a**2 * rng.normal(size=a.shape)).sum() for a in arrays)

    return f


def central_differences(f, x, h=0.5):
    steps = h * np.eye(x.size).reshape(-1, *x.shape)
    return np.array([(f(x + e) - f(x - e)) / (2 * h) for e in steps]).reshape(x.shape)


@pytest.mark.parametrize("block", range(8))
def test_what_shares_memory(block):
    for seed in range(20 * block, 20 * block + 20):
        f, x = program(seed), np.random.default_rng(seed).normal(size=SHAPE)
        expected = central_differences(f, x)
        close = {"rtol": 1e-10, "atol": 1e-10 * abs(expected).max(), "err_msg": f"seed {seed}"}
        np.testing.assert_allclose(grad(f)(x), expected, **close)
        np.testing.assert_allclose(jacfwd(f)(x), expected, **close)
        curvature = hessian(f)(x)
        np.testing.assert_allclose(np.einsum("ijklmn,lmn", curvature, x) + grad(f)(0 * x), expected, **close)
        lo, hi = interpret(f, bounds(1e-9))(x).bounds
        assert lo <= f(x) <= hi, seed
        np.testing.assert_allclose(interpret(f, uncertainty(std=0.1))(x).std, 0.1 * np.sqrt((expected**2).sum()))
        pattern = interpret(f, sparsity())(x).sparsity.toarray().reshape(SHAPE)
        assert pattern[abs(expected) > close["atol"]].all(), seed

"""Patterns whose best number of colours is known, and random matrices that have a given pattern."""

import numpy as np
import scipy.sparse


def banded(n, below, above):
    """Pattern with `below` diagonals under the main one and `above` over it."""
    offsets = range(-below, above + 1)
    return scipy.sparse.diags_array([np.ones(n - abs(k)) for k in offsets], offsets=offsets, format="csr")


def arrow(n):
    """Dense first row and column, and the diagonal."""
    corner = scipy.sparse.csr_array(([1.0] * (2 * n), ([0] * n + [*range(n)], [*range(n)] + [0] * n)), shape=(n, n))
    return scipy.sparse.csr_array(corner + scipy.sparse.eye_array(n))


def five_points(k):
    """Five-point stencil on a k x k grid."""
    line, one = banded(k, 1, 1), scipy.sparse.eye_array(k)
    return scipy.sparse.csr_array(scipy.sparse.kron(one, line) + scipy.sparse.kron(line, one))


def with_numbers(pattern, rng, symmetric=False):
    """A dense matrix of the pattern with entries of no pattern."""
    filled = pattern.toarray() * rng.normal(size=pattern.shape)
    return filled + filled.T if symmetric else filled


def compressed(matrix, colouring):
    """Products of a dense matrix with the seeds of a colouring, as `decompress` takes them."""
    across = colouring.column_seeds(0, colouring.column_count) @ matrix.T
    down = colouring.row_seeds(0, colouring.row_count) @ matrix
    return np.concatenate([across.reshape(-1), down.reshape(-1)])

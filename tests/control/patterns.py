"""How the tests of what a branch means ask for a pattern, and for the error that it ends in."""

import numpy as np
import pytest

from interp.errors import InterpError
from interpretations import jacobian_sparsity

X = np.array([0.4, 1.3, -0.6])


def rows(f, x=X):
    pattern = jacobian_sparsity(f, x)
    return [set(part.tolist()) for part in np.split(pattern.indices, pattern.indptr[1:-1])]


def raised(f, x=X):
    """The error that a pattern ends in; one of our own."""
    with pytest.raises(InterpError) as caught:
        jacobian_sparsity(f, x)
    return caught.value

"""Derivatives without us: finite differences and complex steps of plain NumPy functions."""

from collections.abc import Callable
from typing import Any

import numpy as np

from interp import tree


def jacobian(f: Callable[..., Any], inputs: tuple[Any, ...], position: int, step: float = 1e-3) -> np.ndarray:
    """Central differences, extrapolated twice (Richardson); about 1e-10 relative for smooth ``f``."""
    x = np.asarray(inputs[position], float)
    out = np.asarray(f(*inputs))
    found = np.zeros(out.shape + x.shape)
    for j in np.ndindex(x.shape):

        def moved(h: float, j: Any = j) -> np.ndarray:
            y = x.copy()
            y[j] += h
            return np.asarray(f(*inputs[:position], y[()], *inputs[position + 1 :]))

        first, second, third = ((moved(h) - moved(-h)) / (2 * h) for h in (step, step / 2, step / 4))
        found[(..., *j)] = (16 * (4 * third - second) / 3 - (4 * second - first) / 3) / 15
    return found


def complex_step(f: Callable[..., Any], inputs: tuple[Any, ...], position: int) -> np.ndarray:
    """Jacobian of an analytic ``f`` to rounding: the imaginary part of f(x + ih) / h."""
    x = np.asarray(inputs[position], complex)
    found = np.zeros(np.shape(f(*inputs)) + x.shape)
    for j in np.ndindex(x.shape):
        y = np.copy(x)  # in the memory order of x
        y[j] += 1e-30j
        found[(..., *j)] = np.imag(f(*inputs[:position], y[()], *inputs[position + 1 :])) / 1e-30
    return found


def assert_same(ours: Any, theirs: Any, rtol: float = 1e-12, atol: float = 1e-12) -> None:
    """Trees of equal shapes and close numbers."""
    a, b = tree.flatten(ours)[0], tree.flatten(theirs)[0]
    assert len(a) == len(b)
    for x, y in zip(a, b, strict=True):
        assert np.shape(x) == np.shape(y), f"shapes {np.shape(x)} and {np.shape(y)}"
        np.testing.assert_allclose(x, y, rtol=rtol, atol=atol)

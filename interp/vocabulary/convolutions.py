"""Convolution and correlation of vectors: multiples of one of them, shifted, by the elements of the shorter."""

from typing import Any

import numpy as np

from interp.value import is_complex, ndim_of, primal, shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.composites import composite
from interp.vocabulary.creation import as_operand, zeros
from interp.vocabulary.elementwise import conj
from interp.vocabulary.shape import atleast_1d, concatenate

MODES = ("valid", "same", "full")
"""By NumPy's old numbers of them."""


@composite(np.convolve)
def convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    """Discrete convolution of two vectors, of the length that NumPy gives it in each mode."""
    a, v = _vectors(atleast_1d(as_operand(a)), atleast_1d(as_operand(v)), "convolve")
    if shape_of(v) > shape_of(a):
        a, v = v, a
    return _sliding(a, v[::-1], mode)


@composite(np.correlate)
def correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    """The sums over n of a[n + k] conj(v[n]), of the length that NumPy gives them in each mode."""
    a, v = _vectors(as_operand(a), as_operand(v), "correlate")
    v = conj(v) if is_complex(v) else v
    return _sliding(v, a, mode)[::-1] if shape_of(v) > shape_of(a) else _sliding(a, v, mode)


def _vectors(a: Any, v: Any, name: str) -> tuple[Any, Any]:
    for x, letter in ((a, "a"), (v, "v")):
        if ndim_of(x) != 1:
            raise ValueError(f"{name} takes vectors, {letter} has {ndim_of(x)} axes")
        if not shape_of(x)[0]:
            raise ValueError(f"{letter} cannot be empty")
    return a, v


def _sliding(a: Any, v: Any, mode: Any) -> Any:
    """Sums of products of ``v`` with what it slides over in ``a``, which is no shorter."""
    mode = MODES[mode] if mode in range(3) else mode
    if mode not in MODES:
        raise ValueError(f"mode must be one of 'valid', 'same', or 'full', not {mode!r}")
    (n,), (m,) = shape_of(a), shape_of(v)
    before, length = {"full": (m - 1, n + m - 1), "same": (m - 1 - (m - 1) // 2, n), "valid": (0, n - m + 1)}[mode]
    ends = [zeros(k, like=primal(a)) for k in (before, length + m - 1 - before - n)]
    padded = concatenate([ends[0], a, ends[1]])
    total = v[0] * padded[:length]
    for shift in range(1, m):  # not a matrix of all windows, which takes m times the memory
        total = total + v[shift] * padded[shift : shift + length]
    return total


_LENGTHS = [((5,), (3,)), ((2,), (5,)), ((4,), (4,)), ((6,), (2,)), ((2,), (4,))]
for _function in (convolve, correlate):
    enter(
        _function,
        getattr(np, _function.__name__),
        calls=[call(a, v, mode) for a, v in _LENGTHS for mode in MODES] + [call((3,), (2,))],
    )

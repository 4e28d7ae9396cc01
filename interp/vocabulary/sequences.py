"""What is done to elements in their order along an axis: sorting, differences, running products, padding, convolution.

Sorting follows the numbers, as a choice does: its derivative is the permutation, of equal elements the one that
keeps their order.
"""

from typing import Any

import numpy as np

from interp import backends
from interp.errors import UnsupportedArgument
from interp.linear import Gather
from interp.primitive import COUNTERPARTS, Predicate, Sorting, negative_axis
from interp.value import carries, ndim_of, operand, primal, shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.creation import zeros
from interp.vocabulary.indexing import getitem
from interp.vocabulary.linalg import matmul
from interp.vocabulary.predicates import not_equal
from interp.vocabulary.reductions import products_before, sum
from interp.vocabulary.shape import broadcast_to, concatenate, moveaxis, reshape


def _along(x: Any, axis: int | None = -1, kind: str | None = None) -> tuple[tuple[Any, ...], dict[str, Any]]:
    x = operand(x)
    if axis is None:
        x, axis = reshape(x, (-1,)), -1
    return (x,), {"axis": negative_axis(axis, ndim_of(x)), "kind": kind}


def _sort_maps(out: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> list[Gather]:
    shape, axis = shape_of(operands[0]), params["axis"]
    index = list(np.indices(shape, sparse=True))
    index[axis] = np.argsort(backends.to_host(primal(operands[0])), axis=axis, kind="stable")
    return [Gather(getitem, 0, (shape,), {"index": tuple(index)}, shape)]


sort = Sorting(
    "sort",
    lambda x, axis, kind: np.sort(x, axis=axis, kind=kind),
    counterparts=(np.sort,),
    canonical=_along,
    derivative=_sort_maps,
)
argsort = Predicate(
    "argsort",
    lambda x, axis, kind: np.argsort(x, axis=axis, kind=kind),
    counterparts=(np.argsort,),
    canonical=_along,
)
searchsorted = Predicate(
    "searchsorted",
    np.searchsorted,
    counterparts=(np.searchsorted,),
    canonical=lambda a, v, side="left": ((operand(a), operand(v)), {"side": side}),
)


def count_nonzero(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Number of elements that are not 0."""
    return sum(not_equal(operand(x), 0), axis=axis, keepdims=keepdims)


def diff(x: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours along an axis, ``n`` times; ``prepend`` and ``append`` are joined to its ends before.

    A number at an end stands for one such element along the whole axis.
    """
    x = operand(x)
    if not carries(x, prepend, append):
        given = {name: end for name, end in (("prepend", prepend), ("append", append)) if end is not None}
        return np.diff(x, n, axis, **given)
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n}")
    if n == 0:
        return x
    along = negative_axis(axis, ndim_of(x))
    one = tuple(1 if i == along + ndim_of(x) else length for i, length in enumerate(shape_of(x)))
    parts = [operand(part) for part in (prepend, x, append) if part is not None]
    parts = [part if ndim_of(part) else broadcast_to(part, one) for part in parts]
    x = concatenate(parts, axis=along) if len(parts) > 1 else x
    behind = (slice(None),) * (-along - 1)
    for _ in range(n):
        x = x[(..., slice(1, None), *behind)] - x[(..., slice(None, -1), *behind)]
    return x


def cumprod(x: Any, axis: int | None = None) -> Any:
    """Products of the elements up to each along ``axis`` (None: of all in C order), by doubling."""
    x = operand(x)
    if axis is None:
        x, axis = reshape(x, (-1,)), -1
    rows = moveaxis(x, axis, -1)
    return moveaxis(products_before(rows) * rows, -1, axis)


def pad(x: Any, pad_width: Any, mode: str = "constant", *, constant_values: float = 0.0) -> Any:
    """``x`` with ``pad_width`` elements of one value before and after each axis (NumPy's forms of the width)."""
    if mode != "constant" or ndim_of(constant_values):
        raise UnsupportedArgument("pad: on values mode is 'constant' and constant_values one number; use concatenate")
    x = operand(x)
    for axis, widths in enumerate(np.broadcast_to(pad_width, (ndim_of(x), 2)).tolist()):
        shape = shape_of(x)
        ends = [zeros((*shape[:axis], n, *shape[axis + 1 :]), like=primal(x)) + constant_values for n in widths]
        x = concatenate([ends[0], x, ends[1]], axis=axis)
    return x


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """Discrete convolution of two vectors, of the length that NumPy gives it in each mode."""
    a, v = operand(a), operand(v)
    if ndim_of(a) != 1 or ndim_of(v) != 1 or not (shape_of(a)[0] and shape_of(v)[0]):
        raise ValueError(f"convolve takes two vectors that are not empty, not shapes {shape_of(a)} and {shape_of(v)}")
    if shape_of(v) > shape_of(a):
        a, v = v, a
    (n,), (m,) = shape_of(a), shape_of(v)
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"mode of convolve is 'full', 'same' or 'valid', not {mode!r}")
    before, length = {"full": (m - 1, n + m - 1), "same": (m - 1 - (m - 1) // 2, n), "valid": (0, n - m + 1)}[mode]
    after = length + m - 1 - before - n
    windows = np.arange(length)[:, None] + np.arange(m)
    return matmul(pad(a, (before, after))[windows], v[::-1])


COUNTERPARTS.update({np.count_nonzero: count_nonzero, np.cumprod: cumprod, np.pad: pad})
COUNTERPARTS[np.convolve] = convolve
enter(
    diff,
    np.diff,
    calls=[
        call((2, 3, 2)),
        call((3, 2), n=2, axis=0),
        call((2, 3), (2, 2), (), through=lambda diff, x, before, after: diff(x, prepend=before, append=after)),
        call((2, 3), n=0),
        call((2, 2), n=3),
    ],
)

"""Compressed derivatives: products of a Jacobian or Hessian with the seeds of a colouring, in batches.

Column seeds are tangents of one Dual, several directions at a time; row seeds are cotangents of one recording;
a Hessian's are tangents that a reverse sweep carries along. ``chunk`` limits the directions of a batch, and so
the memory: of every intermediate array a run holds that many copies.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.sparse

from interp import level as levels
from interp.errors import InterpError, RefusedStack, ShapeError, UnsupportedInput
from interp.interpretation import call
from interp.value import Value, primal, shape_of
from interpretations import dual, tape
from interpretations.derivatives import jacobian_columns
from interpretations.sparsity.colouring import Colouring
from interpretations.sparsity.dependence import size_of
from interpretations.sweep import pull_back

FLOATS = 1 << 19
"""A batch has as many directions as fit into so many numbers, 4 MB: about what a processor caches. Measured on a
band of 49 colours: fewer directions cost up to 1.7 times as much, all 49 of 100,000 variables 1.8 times."""


def evaluated(
    f: Callable[[Any], Any], x: Any, colouring: Colouring, chunk: int | None
) -> tuple[scipy.sparse.csr_array, int]:
    """The Jacobian of ``f`` at a plain ``x`` by a colouring of its pattern, and how often ``f`` ran for it."""
    parts, runs = [], 0
    if colouring.column_count:
        for product in along_columns(f, x, colouring, chunk):
            parts.append(product.reshape(-1))
            runs += 1
    if colouring.row_count:
        parts += [product.reshape(-1) for product in along_rows(f, x, colouring, chunk)]
        runs += 1
    dtype = np.dtype(getattr(x, "dtype", float))
    compressed = parts[0] if len(parts) == 1 else np.concatenate([np.zeros(0, dtype), *parts])
    if compressed.dtype.kind != "c":
        compressed = compressed.astype(dtype, copy=False)
    return colouring.decompress(compressed), runs


def batches(colours: int, size: int, chunk: int | None) -> Iterator[tuple[int, int]]:
    """Colours from and to, batch by batch; ``size`` numbers a direction."""
    width = max(1, FLOATS // max(size, 1)) if chunk is None else chunk
    return ((start, min(start + width, colours)) for start in range(0, colours, width))


def along_columns(f: Callable[[Any], Any], x: Any, colouring: Colouring, chunk: int | None) -> Iterator[np.ndarray]:
    """Products with the column seeds, batch by batch: of shape (directions, m).

    ``f`` runs once a batch.
    """
    shape, dtype = shape_of(x), getattr(x, "dtype", float)
    for start, stop in batches(colouring.column_count, size_of(shape), chunk):
        seeds = colouring.column_seeds(start, stop, dtype).reshape((stop - start, *shape))
        level = levels.fresh()
        out = call(f, dual.lift(x, seeds, level))
        refuse_others(out, level, colouring.pattern.shape[0])
        (columns,) = jacobian_columns(out, level, [(stop - start,)])
        yield plain(columns.transpose((-1, *range(columns.ndim - 1)))).reshape(stop - start, -1)


def along_rows(f: Callable[[Any], Any], x: Any, colouring: Colouring, chunk: int | None) -> Iterator[np.ndarray]:
    """The same by row colours: products of shape (directions, n), all from one run of ``f``."""
    recording = tape.Recording(levels.fresh())
    lifted = tape.lift(x, recording)
    out = call(f, lifted)
    refuse_others(out, recording.level, colouring.pattern.shape[0])
    shape, dtype = shape_of(out), np.dtype(getattr(primal(out), "dtype", float))
    if dtype.kind == "c":
        raise UnsupportedInput("a complex output has no derivative in reverse mode: use mode='column'")
    for start, stop in batches(colouring.row_count, max(size_of(shape), lifted.size), chunk):
        product = None
        if isinstance(out, tape.Tape) and out.level == recording.level:
            seeds = colouring.row_seeds(start, stop, dtype).reshape((stop - start, *shape))
            (product,) = pull_back(recording, [(out, seeds)], [lifted], stop - start)
        full = (stop - start, *lifted.shape)
        filled = np.zeros(full) if product is None else np.broadcast_to(plain(product), full)
        yield filled.reshape(stop - start, -1)


def plain(product: Any) -> np.ndarray:
    """A product as a plain array. Raises `RefusedStack` for one that carries more."""
    if isinstance(product, Value):
        raise RefusedStack(
            f"the function depends on a {type(product).__name__} of an outer derivative or interpretation, which a "
            "scipy.sparse matrix cannot hold: use jacfwd, jacrev, hessian or hvp there"
        )
    return np.asarray(product)


def refuse_others(out: Any, level: int, size: int) -> None:
    """Raise unless ``out`` is one array of ``size`` elements, plain or of ``level`` at most."""
    if out is None or isinstance(out, list | tuple | dict):
        raise InterpError(
            f"the function returned a {type(out).__name__}, a sparse derivative needs one number or array: "
            "np.stack([...]) and np.concatenate([...]) join values"
        )
    if levels.of(out) > level:
        raise RefusedStack(
            f"the function returned a {type(out).__name__} that it made around the input: return one of its numbers"
        )
    if size_of(shape_of(out)) != size:
        raise ShapeError(
            f"the function returned {size_of(shape_of(out))} numbers where the pattern has {size} rows: the size of "
            "the output must follow from the shape of the input alone"
        )

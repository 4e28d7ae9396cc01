"""Coefficients of a measurement: how far each element moves with each source, and what maps do to them.

*Blocks* map a `Source` to the derivative of an array of some shape with respect to it, in one of two forms:

- *aligned*: a payload of the array's shape. The source is a number, which moves every element, or has
  the array's shape, and element i moves with element i. Independent arrays never need more.
- *rows*: `SparseRows` over the elements of the source, for everything else.

Blocks and the arrays in them are never changed in place, so they are shared freely. All arithmetic is
the payload's own; that is what makes the error bar of a `Dual` a `Dual`. Linear propagation: JCGM
100:2008 (GUM), section 5; kept by derivative as in Giordano 2016, "Uncertainty propagation with functionally
correlated quantities" (Measurements.jl).
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from interp import backends
from interp.linear import MINUS_ONE, ONE, ZERO, Diagonal, LinearMap, Shape, broadcast
from interp.rows import SparseRows
from interp.value import is_complex, primal, shape_of
from interp.vocabulary import (
    absolute,
    index_add,
    reshape,
    sqrt,
    square,
    strong_multiply,
    transpose,
    where,
    zeros,
)
from interp.vocabulary.linalg.products import EinsumMap
from interpretations.measurements.sources import Source

Blocks = dict[Source, Any]
Times = Callable[[Any, Any], Any]

DENSE_ELEMENTS = 1 << 22
"""Elements of dense coefficients held at a time where a map is known by its application alone."""


def size_of(shape: Shape) -> int:
    """Number of elements of an array of ``shape``."""
    return int(np.prod(shape, dtype=np.int64))


def _index(shape: Shape) -> np.ndarray:
    return np.arange(size_of(shape)).reshape(shape)


def as_rows(c: Any, source: Source, shape: Shape) -> SparseRows:
    """The coefficients of an array of ``shape`` as rows, whatever form they have."""
    if isinstance(c, SparseRows):
        return c
    if source.shape == shape:
        return SparseRows.identity(shape, c)
    return SparseRows(shape, 1, np.arange(size_of(shape), dtype=np.int64), reshape(c, (-1,)))


def _is_column(source: Source, c: Any) -> bool:
    """True for the coefficients of one number as a payload: a tangent like any other."""
    return source.shape == () and not isinstance(c, SparseRows)


# -- sums


def total(first: Blocks, second: Blocks, shape: Shape) -> Blocks:
    """Sum of the blocks of two arrays of ``shape``."""
    if not first or not second:
        return first or second
    result = dict(first)
    for source, c in second.items():
        present = result.get(source)
        result[source] = c if present is None else _sum(present, c, source, shape)
    return result


def _sum(a: Any, b: Any, source: Source, shape: Shape) -> Any:
    sparse = isinstance(a, SparseRows), isinstance(b, SparseRows)
    if not any(sparse):
        return a + b
    if source.shape == () and not all(sparse):
        return _as_column(a) + _as_column(b)
    return as_rows(a, source, shape).joined(as_rows(b, source, shape))


def _as_column(c: Any) -> Any:
    return c.to_dense()[0] if isinstance(c, SparseRows) else c


# -- elementwise factors, rearrangements, sums over axes


def scaled(blocks: Blocks, shape: Shape, factor: Any, out_shape: Shape, times: Times) -> Blocks:
    """Blocks of an array of ``shape`` times a partial; both broadcast to ``out_shape``."""
    if factor is ZERO or not blocks:
        return {}
    found = {}
    for source, c in blocks.items():
        if isinstance(c, SparseRows) or (shape != out_shape and source.shape != ()):
            if shape != out_shape:
                c = _picked(c, source, np.broadcast_to(_index(shape), out_shape), True)
            if factor is not ONE:
                c = c.scaled(-1.0 if factor is MINUS_ONE else factor, times)
        else:
            c = c if factor is ONE else -c if factor is MINUS_ONE else times(factor, c)
            c = c if shape_of(c) == out_shape else broadcast(c, out_shape)
        found[source] = c
    return found


def gathered(blocks: Blocks, shape: Shape, index: np.ndarray) -> Blocks:
    """Blocks of the array whose element i is element ``index[i]`` of one of ``shape``; -1 for a constant."""
    if not blocks:
        return {}
    complete = bool((index >= 0).all())
    same = index.shape == shape and complete and np.array_equal(index, _index(shape))
    if same:
        return blocks
    return {
        source: picked
        for source, c in blocks.items()
        if not isinstance(picked := _picked(c, source, index, complete), SparseRows) or picked.keys.size
    }


def _picked(c: Any, source: Source, index: np.ndarray, complete: bool) -> Any:
    """Coefficients of the elements at ``index``; ``complete`` says that there is no -1 in it."""
    if isinstance(c, SparseRows):
        return c.gather(index)
    flat = reshape(c, (-1,))
    if complete and source.shape == ():
        return flat[index if index.shape else int(index)]
    positions = index.reshape(-1)
    present = np.flatnonzero(positions >= 0)
    chosen = positions[present]
    columns = chosen if source.shape else np.zeros_like(chosen)
    return SparseRows(index.shape, source.size, present * source.size + columns, flat[chosen])


def _scattered(blocks: Blocks, shape: Shape, index: np.ndarray, out_shape: Shape) -> Blocks:
    """Element i is added to element ``index[i]`` of zeros of ``out_shape``; -1 drops it."""
    found = {}
    for source, c in blocks.items():
        rows = as_rows(c, source, shape)
        if (index < 0).any():
            rows = rows.kept(index >= 0)
        found[source] = rows.scatter(index, out_shape)
    return found


def overwritten(blocks: Blocks, shape: Shape, stored: Blocks, stored_shape: Shape, origin: np.ndarray) -> Blocks:
    """Blocks of an array of ``shape`` after a store: element i is ``stored[origin[i]]``, or itself for -1."""
    untouched = origin < 0
    kept = {}
    for source, c in blocks.items() if untouched.any() else ():
        if not isinstance(c, SparseRows):
            kept[source] = where(untouched, c, 0.0)
        elif (rows := c.kept(untouched)).keys.size:
            kept[source] = rows
    return total(kept, gathered(stored, stored_shape, origin), shape)


# -- linear maps


def mapped(blocks: Blocks, linear_map: LinearMap, is_forward: bool = False) -> Blocks:
    """Blocks of the image under a linear map, step by step and sparse wherever the map allows.

    ``is_forward``: adjoints are not used, which of real numbers give the real parts of complex rows alone.
    """
    columns = {s: linear_map.apply(c) for s, c in blocks.items() if _is_column(s, c)}
    rest = {s: c for s, c in blocks.items() if s not in columns}
    for step in linear_map.steps():
        rest = _through(step, rest, is_forward) if rest else rest
    return columns | rest


def _through(step: LinearMap, blocks: Blocks, is_forward: bool) -> Blocks:
    if isinstance(step, Diagonal):
        times = strong_multiply if step.singular else operator.mul
        return scaled(blocks, step.in_shape, step.factor, step.out_shape, times)
    index = step.gather_index()
    if index is not None:
        return gathered(blocks, step.in_shape, index)
    index = step.scatter_index()
    if index is not None:
        return _scattered(blocks, step.in_shape, index, step.out_shape)
    return densely(step, blocks, is_forward)


def densely(step: LinearMap, blocks: Blocks, is_forward: bool = False) -> Blocks:
    """Blocks of the image under a map that does not tell which element moves where."""
    found = {}
    for source, c in blocks.items():
        rows = as_rows(c, source, step.in_shape)
        if isinstance(step, EinsumMap) and (sparse := _contracted(step, rows)) is not None:
            found[source] = sparse
        elif rows.keys.size and size_of(step.out_shape):
            found[source] = _applied(step, rows, is_forward or is_complex(rows.data))
    return found


def _contracted(step: EinsumMap, rows: SparseRows) -> SparseRows | None:
    """An einsum on sparse rows: spread over all its indices, times the other operands, added up.

    None where dense columns take fewer numbers.
    """
    left, output = step.subscripts.split("->")
    terms = left.split(",")
    sizes: dict[str, int] = dict(zip(output, step.out_shape, strict=True))
    for i, (term, x) in enumerate(zip(terms, step.operands, strict=True)):
        sizes.update(zip(term, step.in_shape if i == step.position else shape_of(x), strict=True))
    letters = "".join(sizes)
    full = tuple(sizes.values())
    elements = size_of(step.in_shape)
    entries = rows.keys.size / max(elements, 1) * size_of(full)
    if entries > np.unique(rows.cols).size * (elements + size_of(step.out_shape)):
        return None

    def spread(x: Any, term: str) -> Any:
        """``x`` with the axes of ``term`` laid out along those of all letters."""
        order = [term.index(c) for c in letters if c in term]
        return reshape(transpose(x, order), tuple(sizes[c] if c in term else 1 for c in letters))

    read = np.broadcast_to(spread(_index(step.in_shape), terms[step.position]), full)
    added = np.broadcast_to(spread(_index(step.out_shape), output), full)
    image = rows.gather(read)
    for i, (term, x) in enumerate(zip(terms, step.operands, strict=True)):
        if i != step.position:
            image = image.scaled(spread(x, term))
    return image.scatter(added, step.out_shape)


def _applied(step: LinearMap, rows: SparseRows, is_forward: bool) -> SparseRows:
    """The image of those columns alone that have an entry: forward, or by rows of a map to few elements."""
    columns, compact = nonzero_columns(rows)
    n = size_of(step.out_shape)
    if n < columns.size and not is_forward:
        data = _by_adjoint(step, compact)
        keys = (np.arange(n, dtype=np.int64)[:, None] * rows.columns + columns).reshape(-1)
        return _without_zeros(step.out_shape, rows.columns, keys, data)
    chunk = max(1, DENSE_ELEMENTS // max(1, n + size_of(step.in_shape)))
    image = SparseRows.empty(step.out_shape, rows.columns)
    for start in range(0, columns.size, chunk):
        held = columns[start : start + chunk]
        entries = np.flatnonzero((compact.cols >= start) & (compact.cols < start + chunk))
        keys = compact.rows[entries] * held.size + compact.cols[entries] - start
        t = SparseRows(step.in_shape, held.size, keys, rows.data[entries]).to_dense()
        moved = broadcast(step.apply(t, held.size), (held.size, *step.out_shape))
        part = SparseRows.from_dense(moved, step.out_shape)
        keys = part.rows * rows.columns + held[part.cols]
        image = image.joined(_without_zeros(step.out_shape, rows.columns, keys, part.data))
    return image


def nonzero_columns(rows: SparseRows) -> tuple[np.ndarray, SparseRows]:
    """The columns that have an entry, and the rows over these columns alone."""
    columns, local = np.unique(rows.cols, return_inverse=True)
    return columns, SparseRows(rows.shape, columns.size, rows.rows * columns.size + local, rows.data)


def _by_adjoint(step: LinearMap, rows: SparseRows) -> Any:
    """All rows of the map from one adjoint application, times the rows' entries; flat, by output element."""
    n, columns = size_of(step.out_shape), rows.columns
    seeds = zeros((n, n), like=primal(rows.data))
    seeds[range(n), range(n)] = 1.0
    jacobian = step.apply_adjoint(reshape(seeds, (n, *step.out_shape)), n)
    terms = reshape(jacobian, (n, size_of(step.in_shape)))[:, rows.rows] * rows.data
    sums = index_add(zeros((n, columns), like=terms), terms, (slice(None), rows.cols))
    return reshape(sums, (n * columns,))


def _without_zeros(shape: Shape, columns: int, keys: np.ndarray, data: Any) -> SparseRows:
    """Plain zeros dropped; a zero of another number type may still vary."""
    if isinstance(data, np.ndarray):
        kept = np.flatnonzero(data != 0)
        keys, data = keys[kept], data[kept]
    return SparseRows(shape, columns, keys, data)


# -- standard deviations


def contributions(c: Any, source: Source) -> Any:
    """Coefficients times standard deviations: of each element if aligned, else of each entry of the rows.

    Strongly: a source without uncertainty contributes nothing, even where its coefficient is infinite.
    """
    if not isinstance(c, SparseRows):
        return strong_multiply(c, source.std)
    std = reshape(source.std, (-1,))[c.cols] if source.shape else source.std
    return strong_multiply(c.data, std)


def deviation(blocks: Blocks, shape: Shape, like: Any) -> Any:
    """Standard deviations: the root of the sum of the squared contributions, in shape ``shape``.

    Where they are all 0 its derivative is 0 too. Squares are taken of multiples of a power of two near
    the largest contribution, so that they do not overflow. Source: JCGM 100:2008, equation 10.
    """
    parts = [(c.rows if isinstance(c, SparseRows) else None, contributions(c, s)) for s, c in blocks.items()]
    if not parts:
        return zeros(shape, like=like)
    if len(parts) == 1 and parts[0][0] is None:
        return absolute(parts[0][1])
    unit = _unit(parts, shape)
    variance: Any = 0.0
    for rows, d in parts:
        if unit is not None:
            d = d / (unit if rows is None else unit.reshape(-1)[rows])
        squares = square(d)
        if rows is not None:
            squares = reshape(index_add(zeros((size_of(shape),), like=squares), squares, (rows,)), shape)
        variance = variance + squares
    return sqrt(variance) if unit is None else sqrt(variance) * unit


def _unit(parts: list[tuple[np.ndarray | None, Any]], shape: Shape) -> Any:
    """For each element a power of two near its largest contribution; None where squares are safe."""
    peak = np.zeros(size_of(shape))
    plain = [backends.to_host(primal(d)) for _, d in parts]
    dtype = min((np.dtype(getattr(x, "dtype", float)) for x in plain), key=lambda t: t.itemsize)
    for (rows, _), x in zip(parts, plain, strict=True):
        magnitude = np.abs(np.asarray(x, dtype=float)).reshape(-1)
        if rows is None:
            np.maximum(peak, magnitude, out=peak)
        else:
            np.maximum.at(peak, rows, magnitude)
    range_of = np.finfo(dtype)
    low, high = float(range_of.tiny) ** 0.45, float(range_of.max) ** 0.45
    safe = (peak == 0) | ((peak > low) & (peak < high)) | ~np.isfinite(peak)
    if safe.all():
        return None
    unit = np.where(safe, 1.0, np.ldexp(1.0, np.frexp(peak)[1] - 1)).astype(dtype)
    return backends.namespace(primal(parts[0][1])).asarray(unit.reshape(shape))


def dense(c: Any, source: Source, shape: Shape) -> Any:
    """Coefficients as one payload of shape ``shape`` + source.shape."""
    if source.shape == ():
        return _as_column(c)
    batch = as_rows(c, source, shape).to_dense()
    return reshape(transpose(batch, (*range(1, len(shape) + 1), 0)), shape + source.shape)

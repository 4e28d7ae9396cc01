"""Patterns through linear maps: what the derivative of a primitive does to the rows of its operand.

``exact`` says that the zeros of a map's coefficients count: they belong to the program text, or the
pattern is asked for at one point. Otherwise every coefficient may be non-zero at some input.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.sparse

from interp.linear import Diagonal, LinearMap, Shape
from interp.primitive import Primitive
from interp.vocabulary.linalg import inv, solve, solve_triangular
from interp.vocabulary.linalg.factorisations import CHOLESKY
from interp.vocabulary.linalg.products import EinsumMap
from interp.vocabulary.reductions import cumsum
from interpretations.sparsity.dependence import is_zero, size_of, spread
from interpretations.sparsity.packed import PatternRows


def through(linear_map: LinearMap, rows: PatternRows, exact: bool) -> PatternRows:
    """Rows of the image of an operand with ``rows``, shape ``linear_map.out_shape``."""
    for step in linear_map.steps():
        rows = _through_step(step, rows, exact)
    return rows


def _through_step(step: LinearMap, rows: PatternRows, exact: bool) -> PatternRows:
    if isinstance(step, Diagonal):
        rows = spread(rows, step.out_shape)
        if not exact:
            return rows
        zero = is_zero(step.factor)
        return rows.kept(~zero) if zero.any() else rows
    if isinstance(step, EinsumMap):
        return _through_einsum(step, rows, exact)
    gathered = step.gather_index()
    if gathered is not None:
        return rows.gather(gathered)
    scattered = step.scatter_index()
    if scattered is not None:
        return rows.kept(scattered >= 0).scatter(scattered, step.out_shape)
    return _probed(step, rows) if exact else dense(rows, step.out_shape)


def dense(rows: PatternRows, out_shape: Shape) -> PatternRows:
    """Every output depends on all that any input depends on."""
    return pooled(rows, np.zeros(rows.shape, dtype=int), np.zeros(out_shape, dtype=int))


def _probed(step: LinearMap, rows: PatternRows) -> PatternRows:
    """Coefficients of a map that is known by its action only: its images of the unit vectors."""
    n, m = size_of(step.in_shape), size_of(step.out_shape)
    images = step.apply(np.eye(n).reshape((n, *step.in_shape)), n)
    out = contracted(rows.reshaped((n,)), "i", ~is_zero(images).reshape((n, m)), "io", "o")
    return out.reshaped(step.out_shape)


# -- contractions


def _through_einsum(step: EinsumMap, rows: PatternRows, exact: bool) -> PatternRows:
    left, output = step.subscripts.split("->")
    terms = left.split(",")
    term = terms.pop(step.position)
    others = [x for i, x in enumerate(step.operands) if i != step.position]
    masks = [~is_zero(x) if exact else np.ones(np.shape(x), dtype=bool) for x in others]
    named = term + output
    kept = "".join(dict.fromkeys(c for other in terms for c in other if c in named))
    mask = np.ones(())
    if masks:  # sums of non-negative products: non-zero exactly where some product is
        mask = np.einsum(",".join(terms) + "->" + kept, *(m.astype(float) for m in masks))
    return contracted(rows, term, mask > 0, kept, output)


def contracted(rows: PatternRows, term: str, mask: np.ndarray, mask_term: str, output: str) -> PatternRows:
    """Rows of the two-operand einsum ``term,mask_term->output`` of an operand with ``rows``.

    ``mask`` tells where the other operand is non-zero. Of bits, each of its entries unites rows. Of keys, it is a
    product of two boolean sparse matrices: the mask's, (common, made) by (common, summed) letters, and the
    entries', (common, summed) by (free letters, column).
    """
    sizes = dict(zip(term, rows.shape, strict=True)) | dict(zip(mask_term, mask.shape, strict=True))
    out_shape = tuple(sizes[c] for c in output)
    if rows.is_empty:
        return PatternRows.empty(out_shape, rows.columns)
    common = [c for c in term if c in mask_term and c in output]
    summed = [c for c in term if c in mask_term and c not in output]
    free = [c for c in term if c not in mask_term]
    made = [c for c in mask_term if c not in term]
    where = dict(zip(mask_term, np.nonzero(mask) if mask.shape else (), strict=True))
    if made and mask.all():  # the same for each made letter
        shared = [c for c in mask_term if c in term]
        once = "".join(c for c in output if c not in made)
        full = np.ones([sizes[c] for c in shared], dtype=bool)
        numbers = np.arange(_count(once, sizes)).reshape([1 if c in made else sizes[c] for c in output])
        return contracted(rows, term, full, "".join(shared), once).gather(np.broadcast_to(numbers, out_shape))
    if rows.bits is not None:
        free_at = _unravel(np.arange(_count(free, sizes)), free, sizes)
        at = {c: i[:, None] for c, i in where.items()} | free_at
        pairs = (int(np.count_nonzero(mask)), _count(free, sizes))
        read, added = (np.broadcast_to(_ravel(at, letters, sizes), pairs).reshape(-1) for letters in (term, output))
        return rows.moved(read, added, out_shape)

    at = _unravel(rows.rows, term, sizes)
    distinct, column = np.unique(_ravel(at, free, sizes) * rows.columns + rows.cols, return_inverse=True)
    nonzero = int(np.count_nonzero(mask))
    inner = [*common, *summed]
    entries = _boolean(
        (_ravel(at, inner, sizes, rows.keys.size), column),
        (_count(inner, sizes), distinct.size),
    )
    factors = _boolean(
        (_ravel(where, [*common, *made], sizes, nonzero), _ravel(where, inner, sizes, nonzero)),
        (_count([*common, *made], sizes), _count(inner, sizes)),
    )
    product = (factors @ entries).tocoo()
    free_at, cols = np.divmod(distinct[product.col], rows.columns)
    at = _unravel(product.row.astype(np.int64), [*common, *made], sizes) | _unravel(free_at, free, sizes)
    keys = _ravel(at, output, sizes, product.nnz) * rows.columns + cols
    return PatternRows(out_shape, rows.columns, np.sort(keys))


def _boolean(at: tuple[np.ndarray, np.ndarray], shape: tuple[int, int]) -> scipy.sparse.csr_array:
    return scipy.sparse.csr_array((np.ones(at[0].size, dtype=bool), at), shape=shape)


def _count(letters: Sequence[str], sizes: dict[str, int]) -> int:
    return size_of(tuple(sizes[c] for c in letters))


def _unravel(flat: np.ndarray, letters: Sequence[str], sizes: dict[str, int]) -> dict[str, np.ndarray]:
    at = {}
    for c in reversed(letters):
        flat, at[c] = np.divmod(flat, sizes[c])
    return at


def _ravel(at: dict[str, np.ndarray], letters: Sequence[str], sizes: dict[str, int], count: int = 1) -> np.ndarray:
    flat = np.zeros(count, dtype=np.int64)
    for c in letters:
        flat = flat * sizes[c] + at[c]
    return flat


# -- primitives whose maps are formulas: which elements they tie together


def pooled(rows: PatternRows, group_in: np.ndarray, group_out: np.ndarray) -> PatternRows:
    """Each output depends on all that the inputs of its group depend on; groups are integers from 0."""
    groups = int(max(group_in.max(initial=-1), group_out.max(initial=-1))) + 1
    return rows.scatter(group_in, (groups,)).gather(group_out)


def _prefixes(rows: PatternRows, position: int, params: dict[str, Any], out_shape: Shape) -> PatternRows:
    """Each element of a cumulative sum depends on the elements up to it."""
    return rows.accumulated(params["axis"])


def _systems(rows: PatternRows, position: int, params: dict[str, Any], out_shape: Shape) -> PatternRows:
    """Each system of a stack is dense in its matrix; of the right-hand sides, each in its column."""
    vector = not params.get("columns", True)
    outer = out_shape[:-1] if vector else out_shape[:-2]
    if position == 0:
        return pooled(
            rows,
            _numbered(rows.shape[:-2], rows.shape),
            _numbered(_aligned(rows.shape[:-2], outer), out_shape),
        )
    if vector:
        return dense(rows, out_shape)
    columns = (*outer, 1, out_shape[-1])
    return pooled(rows, _numbered(columns, rows.shape), _numbered(columns, out_shape))


def stacked(rows: PatternRows, position: int, params: dict[str, Any], out_shape: Shape) -> PatternRows:
    """Of stacks of matrices each output is dense in its own matrix, where leading axes say which that is."""
    outer = rows.shape[:-2]
    if out_shape[: len(outer)] != outer:
        return dense(rows, out_shape)
    return pooled(rows, _numbered(outer, rows.shape), _numbered(outer, out_shape))


LARGEST_BY_ENTRY = 32
"""Order of the largest triangular factors whose entries are told apart; of larger ones rows are."""


def _triangular_factor(rows: PatternRows, position: int, params: dict[str, Any], out_shape: Shape) -> PatternRows:
    """L[i, j] of a Cholesky factor depends on the entries of the lower triangle in rows up to j, and row i, up to
    column j."""
    n, outer = out_shape[-1], size_of(out_shape[:-2])
    p, q = np.indices((n, n))
    lower = rows.reshaped((outer, n, n))
    if n <= LARGEST_BY_ENTRY:
        i, j = (at[..., None, None] for at in np.indices((n, n)))
        reached = (q <= p) & (q <= j) & ((p <= j) | (p == i)) & (j <= i)
        return contracted(lower, "bpq", np.moveaxis(reached, (0, 1), (2, 3)), "pqij", "bij").reshaped(out_shape)
    flat = rows.kept(np.broadcast_to(q <= p, rows.shape))
    dense_rows = stacked(flat, position, params, out_shape)
    return dense_rows.kept(np.broadcast_to(q <= p, out_shape))


def _aligned(shape: Shape, outer: Shape) -> Shape:
    return (1,) * (len(outer) - len(shape)) + shape


def _numbered(groups: Shape, shape: Shape) -> np.ndarray:
    """The number of each element's group; groups are blocks along leading axes, or behind unit axes."""
    numbers = np.arange(size_of(groups)).reshape(groups + (1,) * (len(shape) - len(groups)))
    return np.broadcast_to(numbers, shape)


STRUCTURES: dict[Primitive, Callable[[PatternRows, int, dict[str, Any], Shape], PatternRows]] = {
    cumsum: _prefixes,
    solve: _systems,
    solve_triangular: _systems,
    inv: _systems,
    CHOLESKY: _triangular_factor,
}
"""``(rows, position of the operand, parameters, shape of the output) -> rows``, at every input."""

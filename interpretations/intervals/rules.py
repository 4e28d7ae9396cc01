"""The rules of `Interval`, kind by kind.

Elementwise functions come from the table of enclosures; one that is not in it is enclosed by its own
derivative (mean value theorem, or its ends where it is monotone). Sums and products are trees of
outward-rounded operations, so that n terms cost log2(n) roundings.
"""

import itertools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from interp.errors import NoRule, UndecidedError
from interp.linear import drop_axes, keep_shape
from interp.primitive import (
    Contraction,
    Elementwise,
    Fixed,
    Predicate,
    Reduction,
    Solve,
    Sorting,
    Structural,
    Transform,
)
from interp.several import CustomOutput
from interp.value import shape_of
from interp.vocabulary import linalg, reductions, sorting
from interp.vocabulary.creation import copy
from interp.vocabulary.defaults import _structural as rearranged
from interp.vocabulary.elementwise import maximum, minimum
from interp.vocabulary.indexing import index_add
from interp.vocabulary.linalg.systems import triangle
from interp.vocabulary.predicates import isnan
from interp.vocabulary.shape import where
from interpretations.intervals import enclosures
from interpretations.intervals.decoration import Decoration
from interpretations.intervals.interval import Interval, ends, hull, make, point, weakest
from interpretations.intervals.rounding import add_down, add_up
from interpretations.intervals.special import GAPS

COM = np.int8(Decoration.COM)
IGNORING_NAN: dict[str, Callable[[Any, Any], Any]] = {
    # NaN is what is undefined: where an operand may be, the other may be the answer
    "fmax": lambda x, y: where(isnan(x), y, where(isnan(y), x, maximum(x, y))),
    "fmin": lambda x, y: where(isnan(x), y, where(isnan(y), x, minimum(x, y))),
}
ULPS_OF_A_STRANGER = 4
"""Rounding error granted to the implementation of a primitive that is not in the table."""


@Elementwise.rule(Interval)
def _elementwise(primitive: Elementwise, active: tuple[bool, ...]) -> Any:
    if primitive.name in IGNORING_NAN:
        return IGNORING_NAN[primitive.name]
    enclose = enclosures.TABLE.get(primitive.name)
    if primitive.name in GAPS:
        raise NoRule(f"{primitive.name} of an Interval has no enclosure: {GAPS[primitive.name]}")
    if enclose is None:
        return _by_derivative(primitive)

    def rule(*operands: Any) -> Interval:
        parts = [ends(x) for x in operands]
        lo, hi, local = enclose(*(end for lo, hi, _ in parts for end in (lo, hi)))
        return make(lo, hi, weakest(local, *(d for _, _, d in parts)))

    return rule


def _by_derivative(primitive: Elementwise) -> Any:
    """Enclose a function by its values and its declared partials.

    An operand whose partial keeps one sign on the box is put at the end where the function is least (or
    greatest); the others stay at their midpoints, and the mean value theorem bounds what they add.
    """
    if any(not isinstance(p, float) and "out" in p.needs for p in primitive.partials):
        raise NoRule(
            f"{primitive.name} has no enclosure, and a partial given by `out` cannot make one: write it in the "
            f"operands, or register `@{primitive.name}.register` over `def _(x: Interval): ...`"
        )

    def rule(*operands: Any) -> Interval:
        fixed = [isinstance(p, Fixed) for p in primitive.partials]
        parts = [x if plain else make(*ends(x)) for x, plain in zip(operands, fixed, strict=True)]
        boxes = dict(zip(primitive.operand_names, parts, strict=True))
        least, greatest, slack = [], [], point(0.0)
        decoration = weakest(*(box.decoration for box, plain in zip(parts, fixed, strict=True) if not plain))
        for box, partial in zip(parts, primitive.partials, strict=True):
            if isinstance(partial, Fixed):
                least.append(box)
                greatest.append(box)
                continue
            slope = partial if isinstance(partial, float) else partial.formula(*(boxes[name] for name in partial.needs))
            slope_lo, slope_hi, known = ends(slope)
            rising, falling, mid = slope_lo >= 0, slope_hi <= 0, box.mid
            least.append(np.where(rising, box.lo, np.where(falling, box.hi, mid))[()])
            greatest.append(np.where(rising, box.hi, np.where(falling, box.lo, mid))[()])
            run = slope * (box - mid)
            slack = slack + np.where(rising | falling, 0.0, run)
            decoration = weakest(decoration, known)
        low, high = primitive.implementation(*least), primitive.implementation(*greatest)
        for _ in range(ULPS_OF_A_STRANGER):
            low, high = np.nextafter(low, -np.inf), np.nextafter(high, np.inf)
        lo, hi, _ = ends(_add(make(low, high, slack.decoration), slack))
        return make(lo, hi, weakest(enclosures.graded(np.asarray(lo), np.asarray(hi))[()], decoration))

    return rule


# -- predicates: decided for all points of the operands, or an interval of booleans

Ends = tuple[Any, Any]

COMPARISONS: dict[str, Callable[[Any, Any, Any, Any], Ends]] = {
    # name: (a, b), (c, d) -> (certainly, possibly)
    "less": lambda a, b, c, d: (b < c, a < d),
    "less_equal": lambda a, b, c, d: (b <= c, a <= d),
    "greater": lambda a, b, c, d: (a > d, b > c),
    "greater_equal": lambda a, b, c, d: (a >= d, b >= c),
    "equal": lambda a, b, c, d: ((a == b) & (c == d) & (a == c), (a <= d) & (c <= b)),
    "not_equal": lambda a, b, c, d: ((a > d) | (c > b), ~((a == b) & (c == d) & (a == c))),
}
"""Where both operands are defined. NumPy's NaN, where one is not, differs from every number and compares with none."""

TESTS: dict[str, Callable[[Any, Any, Any], Ends]] = {
    # name: (lo, hi, may be undefined) -> (certainly, possibly)
    "isnan": lambda a, b, undefined: (a != a, undefined),
    "isinf": lambda a, b, undefined: (np.isinf(a) & (a == b), np.isinf(a) | np.isinf(b) | undefined),
    "isfinite": lambda a, b, undefined: (np.isfinite(a) & np.isfinite(b) & ~undefined, (a < np.inf) & (b > -np.inf)),
    "isposinf": lambda a, b, undefined: (a == np.inf, (b == np.inf) | undefined),
    "isneginf": lambda a, b, undefined: (b == -np.inf, (a == -np.inf) | undefined),
    "signbit": lambda a, b, undefined: ((b < 0) & ~undefined, (a <= 0) | undefined),  # a zero has either sign
    "isreal": lambda a, b, undefined: (undefined | True, undefined | True),
    "iscomplex": lambda a, b, undefined: (undefined & False, undefined & False),
}


def _undefined(decoration: Any) -> Any:
    """Where an operand may be undefined: NumPy has a NaN there, or an infinity at a pole."""
    return decoration < Decoration.DEF


def _truth(x: Any) -> Ends:
    """(certainly, possibly) of an operand as a condition. NaN counts as true."""
    a, b, decoration = ends(x)
    return (a > 0) | (b < 0), (a != 0) | (b != 0) | _undefined(decoration)


@Predicate.rule(Interval)
def _predicate(primitive: Predicate, active: tuple[bool, ...]) -> Any:
    compare = COMPARISONS.get(primitive.name)
    different = primitive.name == "not_equal"

    def comparison(x: Any, y: Any) -> Any:
        (a, b, p), (c, d, q) = ends(x), ends(y)
        certainly, possibly = compare(a, b, c, d)
        undefined = _undefined(weakest(p, q))
        return _decided(certainly, possibly | undefined) if different else _decided(certainly & ~undefined, possibly)

    def of_truths(*operands: Any, **params: Any) -> Any:
        certainly, possibly = zip(*map(_truth, operands), strict=True)
        return _decided(primitive.implementation(*certainly, **params), primitive.implementation(*possibly, **params))

    def different_truths(x: Any, y: Any) -> Any:
        (x_surely, x_possibly), (y_surely, y_possibly) = _truth(x), _truth(y)
        return _decided(
            (x_surely & ~y_possibly) | (y_surely & ~x_possibly), (x_possibly & ~y_surely) | (y_possibly & ~x_surely)
        )

    def negation(x: Interval) -> Any:
        certainly, possibly = _truth(x)
        return _decided(~possibly, ~certainly)

    def tested(x: Interval) -> Any:
        a, b, decoration = ends(x)
        return _decided(*TESTS[primitive.name](a, b, _undefined(decoration)))

    def position(x: Interval, axis: int | None, keepdims: bool) -> Any:
        largest = primitive.name == "argmax"
        sure, rival = (x.lo, x.hi) if largest else (-x.hi, -x.lo)
        flat = sure.reshape(-1) if axis is None else sure
        others = (rival.reshape(-1) if axis is None else rival).copy()
        index = np.argmax(flat, axis=-1 if axis is None else axis, keepdims=True)
        best = np.take_along_axis(flat, index, axis=-1 if axis is None else axis)
        np.put_along_axis(others, index, -np.inf, axis=-1 if axis is None else axis)
        if not np.all(np.max(others, axis=-1 if axis is None else axis, keepdims=True) < best):
            raise UndecidedError(f"{primitive.name} of these intervals is undecided: they overlap; split the box")
        return primitive.implementation(x.lo if largest else x.hi, axis=axis, keepdims=keepdims)

    def order(x: Interval, axis: int, **params: Any) -> Any:
        a, b, decoration = ends(x)
        index = np.argsort(a, axis=axis, kind="stable")
        low, high = (np.moveaxis(np.take_along_axis(end, index, axis), axis, -1) for end in (a, b))
        apart = high[..., :-1] < low[..., 1:]
        same = (low[..., :-1] == high[..., 1:]) & (high[..., :-1] == low[..., 1:])
        if not np.all(apart | same) or np.any(_undefined(decoration)):
            raise UndecidedError(
                f"{primitive.name} of these intervals is undecided: they overlap; np.sort encloses each place"
            )
        return primitive.implementation(a, axis=axis, **params)

    def place(x: Any, y: Any, side: str) -> Any:
        (a, b, p), (c, d, q) = ends(x), ends(y)
        least, most = primitive.implementation(b, c, side=side), primitive.implementation(a, d, side=side)
        if not np.all(least == most) or np.any(_undefined(p)) or np.any(_undefined(q)):
            raise UndecidedError("searchsorted of these intervals is undecided: an edge lies within one; split the box")
        return least

    if compare is not None:
        return comparison
    if primitive.name in ("argsort", "argpartition"):
        return order
    if primitive.name == "searchsorted":
        return place
    if primitive.name in ("any", "all", "logical_and", "logical_or"):
        return of_truths
    if primitive.name == "logical_xor":
        return different_truths
    if primitive.name == "logical_not":
        return negation
    if primitive.name in TESTS:
        return tested
    if primitive.name in ("argmax", "argmin"):
        return position
    return NotImplemented


def _decided(certainly: Any, possibly: Any) -> Any:
    """Plain booleans if every element is decided, else an interval of booleans: defined, and with a jump."""
    if np.all(certainly == possibly):
        return certainly
    certainly, possibly = np.asarray(certainly)[()], np.asarray(possibly)[()]
    return make(certainly, possibly, np.int8(Decoration.DEF))


# -- rearrangements: each component; where an undecided condition chooses, the hull


@Structural.rule(Interval)
def _structural(primitive: Structural, active: tuple[bool, ...]) -> Any:
    if primitive is where and active[0]:
        return _undecided_where
    return rearranged(primitive, active)


def _undecided_where(condition: Any, x: Any, y: Any) -> Interval:
    yes, possibly = _truth(condition)
    no = ~possibly
    (x_lo, x_hi, p), (y_lo, y_hi, q) = ends(x), ends(y)
    both = hull(make(x_lo, x_hi, p), make(y_lo, y_hi, q), Decoration.DEF)
    lo = np.where(yes, x_lo, np.where(no, y_lo, both.lo))
    hi = np.where(yes, x_hi, np.where(no, y_hi, both.hi))
    # An undecided choice is continuous only by luck.
    chosen = np.where(yes, p, np.where(no, q, np.minimum(weakest(p, q), Decoration.DEF)))
    return make(lo[()], hi[()], chosen.astype(np.int8)[()])


# -- sums and products


def _tree(combine: Callable[[Interval, Interval], Interval], x: Interval, neutral: float) -> Interval:
    """Reduce the last axis by halving it: log2(n) roundings, all vectorised. The result is no view of ``x``."""
    if x.shape[-1] == 0:
        return point(np.full(x.shape[:-1], neutral)[()])
    if x.shape[-1] == 1:
        return copy(x[..., 0])
    while x.shape[-1] > 1:
        n = x.shape[-1]
        half = n // 2
        paired = combine(x[..., :half], x[..., half : 2 * half])
        x = np.concatenate([paired, x[..., 2 * half :]], axis=-1) if n % 2 else paired
    return x[(*(slice(None),) * (len(x.shape) - 1), 0)]


def _rows(x: Interval, axes: tuple[int, ...]) -> Interval:
    """The reduced axes merged into one, last."""
    kept = [a for a in range(-len(x.shape), 0) if a not in axes]
    moved = np.transpose(x, (*kept, *axes)) if x.shape else x
    return moved.reshape((*drop_axes(x.shape, axes), int(np.prod([x.shape[a] for a in axes]))))


def _add(x: Interval, y: Interval) -> Interval:
    """A step of a long sum: `_summed` grades the last one, as an end once infinite stays so."""
    with np.errstate(over="ignore", invalid="ignore"):
        return make(add_down(x.lo, y.lo), add_up(x.hi, y.hi), weakest(x.decoration, y.decoration))


def _summed(x: Interval) -> Interval:
    return make(x.lo, x.hi, weakest(x.decoration, enclosures.graded(x.lo, x.hi)))


def _pick(choose: Any) -> Callable[[Interval, Interval], Interval]:
    return lambda x, y: make(choose(x.lo, y.lo), choose(x.hi, y.hi), weakest(x.decoration, y.decoration))


REDUCTIONS: dict[str, tuple[Callable[[Interval, Interval], Interval], float | None]] = {
    "sum": (_add, 0.0),
    "prod": (operator.mul, 1.0),
    "max": (_pick(np.maximum), None),
    "min": (_pick(np.minimum), None),
}


@Reduction.rule(Interval)
def _reduction(primitive: Reduction, active: tuple[bool, ...]) -> Any:
    if primitive is reductions.cumsum:
        return _running_sum
    if primitive.name not in REDUCTIONS:
        return NotImplemented
    combine, neutral = REDUCTIONS[primitive.name]

    def rule(x: Interval, axis: tuple[int, ...], keepdims: bool) -> Interval:
        if neutral is None and not all(x.shape[a] for a in axis):
            raise ValueError(f"zero-size array to reduction operation {primitive.name} which has no identity")
        out = _tree(combine, _rows(make(*ends(x)), axis), 0.0 if neutral is None else neutral)
        out = _summed(out) if combine is _add else out
        return out.reshape(keep_shape(x.shape, axis)) if keepdims else out

    return rule


def _running_sum(x: Interval, axis: int) -> Interval:
    """Prefix sums by doubling (Hillis and Steele 1986)."""
    sums = np.moveaxis(copy(make(*ends(x))), axis, -1)
    reach = 1
    while reach < sums.shape[-1]:
        later = _add(sums[..., reach:], sums[..., :-reach])
        sums = np.concatenate([sums[..., :reach], later], axis=-1)
        reach *= 2
    return np.moveaxis(_summed(sums), -1, axis)


@Sorting.rule(Interval)
def _sorting(primitive: Sorting, active: tuple[bool, ...]) -> Any:
    """The k-th least of some numbers grows with each of them: its ends are the k-th least of their ends."""

    def rule(x: Interval, axis: int, **params: Any) -> Interval:
        a, b, decoration = ends(x)
        missing = np.isnan(a)
        if np.any(_undefined(decoration) & ~missing):
            raise UndecidedError("sort: an interval may be undefined, which would move the others; narrow the box")
        lo, hi = (primitive.implementation(end, axis=axis, **params) for end in (a, b))
        there = np.min(np.where(missing, COM, decoration), axis=axis, keepdims=True, initial=COM)
        return make(lo, hi, np.where(np.isnan(lo), np.int8(Decoration.TRV), there))

    def refused(x: Interval, **params: Any) -> Any:
        raise UndecidedError("partition of intervals: any may come to most places; np.sort encloses each place")

    return {sorting.sort: rule, sorting.partition: refused}.get(primitive, NotImplemented)


@Contraction.rule(Interval)
def _contraction(primitive: Contraction, active: tuple[bool, ...]) -> Any:
    return {linalg.einsum: _einsum, index_add: _index_add}.get(primitive, NotImplemented)


def _einsum(*operands: Any, subscripts: str) -> Interval:
    """Multiply on the full index space, then sum: sound, if not sparing of memory."""
    left, output = subscripts.split("->")
    terms = left.split(",")
    summed = "".join(dict.fromkeys(c for c in "".join(terms) if c not in output))
    order = output + summed
    product: Any = None
    for term, x in zip(terms, operands, strict=True):
        aligned = np.transpose(x, [term.index(c) for c in order if c in term]) if len(term) > 1 else x
        spread = np.reshape(aligned, [shape_of(x)[term.index(c)] if c in term else 1 for c in order])
        product = spread if product is None else product * spread
    if not isinstance(product, Interval):
        product = point(product)
    return reductions.sum.dispatch(product, axis=tuple(range(-len(summed), 0)), keepdims=False) if summed else product


def _index_add(x: Any, y: Any, index: Any) -> Interval:
    """Add at repeated positions one occurrence at a time, each sum rounded outward."""
    out = make(*(part.copy() for part in ends(x)))
    positions = np.arange(out.size).reshape(out.shape)[index].reshape(-1)
    added = make(*ends(y))
    if added.shape:
        added = added.reshape((-1,))
    order = np.argsort(positions, kind="stable")
    ordered = positions[order]
    starts = np.searchsorted(ordered, ordered)
    occurrence = np.empty_like(order)
    occurrence[order] = np.arange(order.size) - starts
    flat = out.reshape((-1,))
    for k in range(int(occurrence.max(initial=-1)) + 1):
        here = np.flatnonzero(occurrence == k)
        flat[positions[here]] = flat[positions[here]] + (added[here] if added.shape else added)
    return flat.reshape(out.shape)


# -- linear algebra: elimination in interval arithmetic


_OF_A_BOX = "the factorisation of one matrix says nothing of the others in a box"
UNPROVEN = {
    **dict.fromkeys(("qr", "svd", "eigh", "eig", "sqrtm", "logm"), _OF_A_BOX),
    "pinv": "the rank may change within a box. Where it is full, solve(A.T @ A, A.T @ b) encloses least squares",
    "solve_sylvester": f"{_OF_A_BOX}. A solve with the Kronecker sum encloses the solution",
}
"""Why there is no enclosure, by primitive or factorisation."""


@Solve.rule(Interval)
def _solve(primitive: Solve, active: tuple[bool, ...]) -> Any:
    factorisation = primitive.name.partition(".")[0]
    if factorisation in UNPROVEN:
        raise NoRule(f"{factorisation} of an Interval has no enclosure: {UNPROVEN[factorisation]}")
    return LINEAR_ALGEBRA.get(primitive.name, NotImplemented)


@Transform.rule(Interval)
def _transform(primitive: Transform, active: tuple[bool, ...]) -> Any:
    raise NoRule(f"{primitive.name} of an Interval has no enclosure: Fourier transforms are complex, intervals real")


LARGEST_BY_MINORS = 16
"""Order of the largest determinants expanded without a division: the work doubles with each row."""


def _solution(a: Any, b: Any, columns: bool) -> Interval:
    matrices = a if isinstance(a, Interval) else point(a)
    right = b if columns else b[..., None]
    solved = _over_stack(_solved, matrices, right, right.shape[-2:])
    return solved if columns else solved[..., 0]


def _triangular_solution(a: Any, b: Any, columns: bool, lower: bool, unit_diagonal: bool) -> Interval:
    return _solution(triangle(a, lower, unit_diagonal), b, columns)


def _inverse(a: Interval) -> Interval:
    return _over_stack(_solved, a, np.broadcast_to(np.eye(a.shape[-1]), a.shape), a.shape[-2:])


def _determinants(a: Interval) -> Interval:
    return _over_stack(lambda m, _: _determinant(m), a, a, ())


def _over_stack(function: Callable[[Any, Any], Any], a: Any, b: Any, shape: tuple[int, ...]) -> Any:
    """``function``, whose results have this shape, of each matrix of two stacks."""
    outer = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    if not outer:
        return function(a, b)
    if 0 in outer:
        return point(np.zeros(outer + shape))
    a = np.broadcast_to(a, outer + a.shape[-2:])
    b = np.broadcast_to(b, outer + b.shape[-2:])
    results = [function(a[i], b[i]) for i in itertools.product(*map(range, outer))]
    return np.stack(results).reshape(outer + shape)


def _eliminated(m: Interval, n: int) -> tuple[Interval, Interval, int]:
    """Gaussian elimination with partial pivoting of the first ``n`` columns, as far as there are pivots without 0.

    Returns the matrix, of whose columns the part on and above the diagonal counts, the pivots' product, signed, and
    their number.
    """
    m = copy(m)
    determinant: Any = point(1.0)
    for k in range(n):
        sizes = [_mignitude(m[i, k]) for i in range(k, n)]
        pivot = k + int(np.argmax(sizes))
        if sizes[pivot - k] == 0:
            return m, determinant, k
        if pivot != k:
            swapped = list(range(n))
            swapped[k], swapped[pivot] = pivot, k
            m = m[swapped]
            determinant = -determinant
        determinant = determinant * m[k, k]
        for i in range(k + 1, n):
            m[i, k + 1 :] = m[i, k + 1 :] - (m[i, k] / m[k, k]) * m[k, k + 1 :]
    return m, determinant, n


def _solved(a: Interval, b: Any) -> Interval:
    """Solution of a x = b."""
    n = a.shape[-1]
    m, _, pivots = _eliminated(np.concatenate([a, b if isinstance(b, Interval) else point(b)], axis=-1), n)
    if pivots < n:
        raise UndecidedError(
            "these interval matrices may be singular: every pivot contains zero. Narrow the box, or split it"
        )
    solved = copy(m[:, n:])
    for k in range(n - 1, -1, -1):
        right = m[k, n:]
        for j in range(k + 1, n):
            right = right - m[k, j] * solved[j]
        solved[k] = right / m[k, k]
    return solved


def _mignitude(x: Interval) -> float:
    """The least magnitude; NaN of a NaN."""
    return 0.0 if x.lo <= 0 <= x.hi else float(min(abs(x.lo), abs(x.hi)))


def _determinant(a: Interval) -> Any:
    """By elimination, and by minors, which never divide, from where a pivot may vanish."""
    n = a.shape[-1]
    m, determinant, pivots = _eliminated(a, n)
    if pivots == n:
        return determinant
    if n - pivots > LARGEST_BY_MINORS:
        raise UndecidedError(
            f"{n - pivots} pivots of these interval matrices may vanish, too many to expand their determinant. "
            "Narrow the box, or split it"
        )
    return determinant * _by_minors(m[pivots:, pivots:])


def _by_minors(a: Interval) -> Any:
    """Laplace's expansion, in which each minor of the first rows is made once, from those of one row less."""
    n = a.shape[-1]
    position: dict[tuple[int, ...], int] = {(): 0}
    minors: Any = point(np.ones(1))
    for row in range(n):
        chosen = list(itertools.combinations(range(n), row + 1))
        smaller = [[position[columns[:k] + columns[k + 1 :]] for k in range(row + 1)] for columns in chosen]
        signs = (-1.0) ** (row + np.arange(row + 1))
        minors = (a[row][np.array(chosen)] * minors[np.array(smaller)] * signs).sum(axis=-1)
        position = {columns: i for i, columns in enumerate(chosen)}
    return minors[0]


def _cholesky(a: Interval, call: Any) -> Interval:
    """Column by column; the pivots must be certainly positive."""
    columns: list[Any] = []
    n = a.shape[-1]
    for j in range(n):
        rest = a[..., j:, j]
        if columns:
            rows = np.stack([column[..., j:] for column in columns], axis=-1)
            rest = rest - (rows * rows[..., :1, :]).sum(axis=-1)
        pivot = rest[..., :1]
        if not np.all(pivot.lo > 0):
            raise UndecidedError(
                f"these interval matrices may not be positive definite (pivot {j}). Narrow the box, or split it"
            )
        columns.append(np.concatenate([np.zeros((*rest.shape[:-1], j)), rest / np.sqrt(pivot)], axis=-1))
    return np.stack(columns, axis=-1) if columns else a


def _sign_of_determinant(a: Interval, call: Any) -> Any:
    return np.sign(_determinants(a))


def _log_of_determinant(a: Interval, call: Any) -> Any:
    return np.log(np.abs(_determinants(a)))


LINEAR_ALGEBRA: dict[str, Callable[..., Any]] = {
    "solve": _solution,
    "solve_triangular": _triangular_solution,
    "inv": _inverse,
    "det": _determinants,
    "cholesky.L": _cholesky,
    "slogdet.sign": _sign_of_determinant,
    "slogdet.logabsdet": _log_of_determinant,
}


# -- functions with rules of their own: a rule is about derivatives, so the function itself runs


@CustomOutput.rule(Interval)
def _themselves(primitive: Any, active: tuple[bool, ...]) -> Any:
    return lambda *operands, call: call.themselves(*operands)[primitive.position]

"""The rules of tracers: which rows the output of each kind of primitive has.

Everywhere an empty row is a literal and the last column is dependence without derivative, as
`interpretations.sparsity.dependence` explains.
"""

import functools
from typing import Any

import numpy as np

from interp import backends
from interp.errors import MutationError, UndecidedError
from interp.linear import ZERO, keep_shape
from interp.primitive import Assignment, Differentiable, Elementwise, Partial, Predicate, Solve, Sorting, Structural
from interp.value import Value, primal, shape_of
from interp.vocabulary import divide, einsum, multiply, setitem, strong_multiply, where, xlog1py, xlogy
from interp.vocabulary.defaults import _predicate as follows_the_primal
from interp.vocabulary.indexing import getitem, is_element
from interp.vocabulary.linalg import solve
from interpretations.sparsity.dependence import (
    all_varying,
    filled,
    is_zero,
    literal,
    literal_zeros,
    number_row,
    rows_of,
    size_of,
    spread,
    united,
    varying,
)
from interpretations.sparsity.maps import STRUCTURES, dense, pooled, stacked, through
from interpretations.sparsity.packed import PatternRows
from interpretations.sparsity.placeholders import computed, number_without_value, without_values
from interpretations.sparsity.tracer import LocalTracer, SparsityTracer
from interpretations.sparsity.unions import EMPTY, Row, union

Active = tuple[bool, ...]

ABSORBING: dict[Elementwise, tuple[int, ...]] = {
    multiply: (0, 1),
    strong_multiply: (0, 1),
    divide: (0,),
    xlogy: (0,),
    xlog1py: (0,),
}
"""Operands whose zero makes the output zero, whatever the others are."""


def _payloads(operands: tuple[Any, ...], active: Active) -> list[Any]:
    return [x.value if is_active else x for x, is_active in zip(operands, active, strict=True)]


def _first(operands: tuple[Any, ...], active: Active) -> SparsityTracer:
    tracer: SparsityTracer = operands[active.index(True)]
    return tracer


def _all_rows(operands: tuple[Any, ...], active: Active, columns: int) -> list[PatternRows]:
    return [rows_of(x, is_active, columns) for x, is_active in zip(operands, active, strict=True)]


# -- elementwise


@Elementwise.rule(SparsityTracer)
def _elementwise(primitive: Elementwise, active: Active) -> Any:
    evaluate = primitive.compose((False,) * len(active))
    absorbing = ABSORBING.get(primitive, ())

    def rule(*operands: Any) -> SparsityTracer:
        first = _first(operands, active)
        columns = first.columns
        (out,) = computed(evaluate, operands, active)
        shape = shape_of(out)
        if not shape:
            row = _number_row(primitive, operands, active, out)
            return first.number(number_without_value(out, row, operands), row)
        parts = []
        for partial, rows in zip(primitive.partials, _all_rows(operands, active, columns), strict=True):
            if rows.is_empty:
                continue
            if partial is ZERO:
                rows = varying(rows)
            rows = spread(rows, shape)
            if isinstance(partial, Partial) and not absorbing:
                rows = _without_vanishing(rows, _vanishing(primitive, partial, operands, active, out))
            parts.append(rows)
        total = united(parts, shape, columns)
        for position in absorbing:
            zero = literal_zeros(operands[position], active[position])
            if zero is not None:
                total = total.kept(~zero)
        return first.rebuild(without_values(out, total, operands), total)

    return rule


def _number_row(primitive: Elementwise, operands: tuple[Any, ...], active: Active, out: Any) -> Row:
    """The row of a number: what the rule above does to arrays, without arrays."""
    columns = _first(operands, active).columns
    absorbing = ABSORBING.get(primitive, ())
    total = EMPTY
    for partial, x, is_active in zip(primitive.partials, operands, active, strict=True):
        row = number_row(x, is_active, columns)
        if row is EMPTY:
            continue
        if partial is ZERO:
            row = columns - 1
        elif isinstance(partial, Partial) and not absorbing and _may_vanish(primitive, partial, operands, active):
            zero = _vanishing(primitive, partial, operands, active, out)
            row = row if zero is None else columns - 1
        total = union(total, row)
    if total is EMPTY or all(literal_zeros(operands[i], active[i]) is None for i in absorbing):
        return total
    return EMPTY


def _may_vanish(primitive: Elementwise, partial: Partial, operands: tuple[Any, ...], active: Active) -> bool:
    """False, at little cost, of a partial at numbers that all vary or are plain and not 0."""
    follows = "out" in partial.needs or any(
        is_active and name in partial.needs for name, is_active in zip(primitive.operand_names, active, strict=True)
    )
    return not follows or not all(
        x.row is not EMPTY if is_active else isinstance(x, float | int) and x != 0
        for x, is_active in zip(operands, active, strict=True)
    )


def _without_vanishing(rows: PatternRows, zero: np.ndarray | None) -> PatternRows:
    """Where a partial is 0 for every input there is no derivative, but the value may still jump."""
    return rows if zero is None else rows.kept(~zero).joined(varying(rows.kept(zero)))


def _vanishing(
    primitive: Elementwise, partial: Partial, operands: tuple[Any, ...], active: Active, out: Any
) -> np.ndarray | None:
    """Where a partial is 0 at every input, as of x**0; None for nowhere.

    Its formula is evaluated on tracers of *no* inputs, that tell only what is literal: what comes out as
    a literal zero is zero by the constants of the program alone. Those do not ask again, so this ends.
    """
    named = dict(zip(primitive.operand_names, zip(operands, active, strict=True), strict=True))
    needed = [named[name] for name in partial.needs if name != "out"]
    constant = "out" not in partial.needs and not any(isinstance(x, Value) for x, _ in needed)
    first = _first(operands, active)
    if not constant and (first.columns == 1 or all(literal_zeros(x, a) is None for x, a in needed)):
        return None
    opaque = {name: _opaque(x, first) if isinstance(x, Value) else x for name, (x, _) in named.items()}
    opaque["out"] = first.rebuild(out, all_varying(shape_of(out), 1))
    with np.errstate(all="ignore"):
        value = partial.formula(*(opaque[name] for name in partial.needs))
    zero = literal_zeros(value, isinstance(value, SparsityTracer))
    return None if zero is None else np.broadcast_to(zero, shape_of(out))


def _opaque(x: Any, tracer: SparsityTracer) -> SparsityTracer:
    """``x`` as a tracer of no inputs: literal where ``x`` is, varying elsewhere."""
    if not isinstance(x, SparsityTracer) or x.level != tracer.level:
        return tracer.rebuild(x, all_varying(shape_of(x), 1))
    return x.rebuild(x.value, PatternRows(x.shape, 1, np.flatnonzero(filled(x.pattern))))


# -- everything with linear maps


@Differentiable.rule(SparsityTracer)
def _linear(primitive: Differentiable, active: Active) -> Any:
    def rule(*operands: Any, **params: Any) -> SparsityTracer:
        first = _first(operands, active)
        out = computed(functools.partial(primitive.dispatch, **params), operands, active)
        rows = _all_rows(operands, active, first.columns)
        if primitive in STRUCTURES or isinstance(primitive, Solve):
            parts = _tied(primitive, rows, params, shape_of(out))
        else:
            # The coefficients of an einsum are its operands; of other maps only the form is known.
            exact = primitive is einsum
            coefficient = _possible if exact else _nominal
            at = tuple(coefficient(x, is_active) for x, is_active in zip(operands, active, strict=True))
            with np.errstate(all="ignore"):
                maps = primitive.maps(tuple(_carries(r) for r in rows), primal(out), at, params)
            carrying = filter(_carries, rows)
            parts = [
                through(m, r, exact) if m is not None else dense(varying(r), shape_of(out))
                for m, r in zip(maps, carrying, strict=True)
            ]
        total = united(parts, shape_of(out), first.columns)
        zero = literal_zeros(operands[1], active[1]) if primitive is solve else None
        if zero is not None:  # right-hand sides of zeros have solutions of zeros, whatever the matrix
            total = total.kept(~np.all(zero, axis=-2 if params["columns"] else -1, keepdims=True))
        return first.rebuild(without_values(out, total, operands), total)

    return rule


def _carries(rows: PatternRows) -> bool:
    return not rows.is_empty


def _tied(
    primitive: Differentiable, rows: list[PatternRows], params: dict[str, Any], shape: tuple[int, ...]
) -> list[PatternRows]:
    structure = STRUCTURES.get(primitive, stacked)
    return [structure(r, i, params, shape) for i, r in enumerate(rows) if _carries(r)]


def _possible(x: Any, is_active: bool) -> np.ndarray:
    """1 where an operand can be non-zero, 0 where it is a literal zero."""
    zero = literal_zeros(x, is_active)
    return np.ones(shape_of(x)) if zero is None else 1.0 - zero


def _nominal(x: Any, is_active: bool) -> Any:
    return primal(x)


@Elementwise.rule(LocalTracer)
def _elementwise_at_the_point(primitive: Elementwise, active: Active) -> Any:
    composed = primitive.compose(active)

    def rule(*operands: Any) -> SparsityTracer:
        first = _first(operands, active)
        out, *partials = composed(*_payloads(operands, active))
        tracers = [x for x, is_active in zip(operands, active, strict=True) if is_active]
        shape = shape_of(out)
        if not shape:
            row = EMPTY
            for x, partial in zip(tracers, partials, strict=True):
                row = row if is_zero(partial) else union(row, x.row)
            return first.number(out, row)
        parts = []
        for x, partial in zip(tracers, partials, strict=True):
            zero = is_zero(partial)
            rows = spread(x.pattern, shape)
            parts.append(rows.kept(~zero) if zero.any() else rows)
        return first.rebuild(out, united(parts, shape, first.columns))

    return rule


@Differentiable.rule(LocalTracer)
def _at_the_point(primitive: Differentiable, active: Active) -> Any:
    linearised = primitive.linearise(active)

    def rule(*operands: Any, **params: Any) -> SparsityTracer:
        first = _first(operands, active)
        payloads = _payloads(operands, active)
        if primitive in STRUCTURES:
            out = primitive.dispatch(*payloads, **params)
            parts = _tied(primitive, _all_rows(operands, active, first.columns), params, shape_of(out))
        else:
            out, maps = linearised(*payloads, **params)
            tracers = [x for x, is_active in zip(operands, active, strict=True) if is_active]
            parts = [through(m, x.pattern, True) for m, x in zip(maps, tracers, strict=True) if m is not None]
        return first.rebuild(out, united(parts, shape_of(out), first.columns))

    return rule


@Sorting.rule(SparsityTracer)
def _sorting(primitive: Sorting, active: Active) -> Any:
    """Any element of a group may come to any place."""

    def rule(x: SparsityTracer, axis: int, **params: Any) -> SparsityTracer:
        out = primitive.dispatch(x.value, axis=axis, **params)
        groups = keep_shape(x.shape, (axis,))
        numbered = np.broadcast_to(np.arange(size_of(groups)).reshape(groups), x.shape)
        return x.rebuild(out, pooled(x.pattern, numbered, numbered))

    return rule


# -- rearrangements and choices


@Structural.rule(SparsityTracer)
@Structural.rule(LocalTracer)
def _structural(primitive: Structural, active: Active) -> Any:
    def rule(*given: Any, **params: Any) -> Any:
        if primitive is getitem and is_element(params["index"], len(given[0].shape)):
            return given[0].element(primitive.dispatch(given[0].value, **params), params["index"])
        operands = tuple(_at_point(x) if i in primitive.selectors else x for i, x in enumerate(given))
        traced = tuple(a and isinstance(x, SparsityTracer) for x, a in zip(operands, active, strict=True))
        if not any(traced):
            return primitive.dispatch(*operands, **params)
        if any(isinstance(operands[i], Value) for i in primitive.selectors):
            return _choice(primitive, operands, traced)
        first = _first(operands, traced)
        payloads = _payloads(operands, traced)
        out = primitive.dispatch(*payloads, **params)
        moved = np.asarray(primitive.implementation(*_numbers(primitive, payloads), **params)) - 1
        if len(operands) == 1 and _shares_memory(first.value, out):
            return first.view(out, moved)
        rows = _all_rows(operands, traced, first.columns)
        carried = PatternRows.stacked([r for i, r in enumerate(rows) if i not in primitive.selectors], first.columns)
        return first.rebuild(out, carried.gather(moved))

    return rule


def _at_point(selector: Any) -> Any:
    return selector.value if isinstance(selector, LocalTracer) else selector


def _choice(primitive: Structural, operands: tuple[Any, ...], traced: Active) -> SparsityTracer:
    """``where`` with a condition that is a value: both sides, but of a literal condition the chosen one."""
    if primitive is not where:
        raise UndecidedError(
            f"{primitive.name}: what it selects is traced, so no pattern holds at every input: use np.where, "
            "or ask for the pattern at this point alone with local=True"
        )
    first = _first(operands, traced)
    payloads = _payloads(operands, traced)
    out = where.dispatch(*payloads)
    if not shape_of(out):
        return first.number(out, _number_choice(operands, traced, bool(primal(payloads[0])), first.columns))
    taken, of_x, of_y = _numbers(where, payloads)
    condition, *sides = _all_rows(operands, traced, first.columns)
    carried = PatternRows.stacked(sides, first.columns)
    chosen = carried.gather(np.where(taken, of_x, of_y) - 1)
    other = carried.gather(np.where(filled(condition), np.where(taken, of_y, of_x), 0) - 1)
    by_condition = spread(varying(condition), chosen.shape)
    return first.rebuild(out, united([chosen, other, by_condition], chosen.shape, first.columns))


def _number_choice(operands: tuple[Any, ...], traced: Active, taken: bool, columns: int) -> Row:
    """The row of a number chosen: what `_choice` does to arrays, without arrays."""
    condition, x, y = (number_row(z, is_traced, columns) for z, is_traced in zip(operands, traced, strict=True))
    chosen, other = (x, y) if taken else (y, x)
    return chosen if condition is EMPTY else union(union(chosen, other), columns - 1)


def _numbers(primitive: Structural, payloads: list[Any]) -> list[np.ndarray]:
    """All operands' elements numbered from 1, so that zeros that a primitive fills in number nothing."""
    numbers, start = [], 1
    for i, payload in enumerate(payloads):
        if i in primitive.selectors:
            numbers.append(np.asarray(backends.to_host(primal(payload))))
            continue
        shape = shape_of(payload)
        stop = start + size_of(shape)
        numbers.append(np.arange(start, stop).reshape(shape))
        start = stop
    return numbers


def _shares_memory(x: Any, out: Any) -> bool:
    """True if a store into one payload is seen in the other."""
    if isinstance(x, Value) and isinstance(out, Value):
        return any(_shares_memory(getattr(x, name), getattr(out, name)) for name in x.components)
    return hasattr(x, "strides") and hasattr(out, "strides") and bool(np.may_share_memory(x, out))


@Predicate.rule(SparsityTracer)
def _predicate(primitive: Predicate, active: Active) -> Any:
    def rule(*operands: Any, **params: Any) -> Any:
        first = _first(operands, active)
        out = computed(functools.partial(primitive.dispatch, **params), operands, active)
        if all(literal(x, is_active) for x, is_active in zip(operands, active, strict=True)):
            return out  # the same for every input
        if not shape_of(out):
            return first.number(out, first.columns - 1)
        return first.rebuild(out, all_varying(shape_of(out), first.columns))

    return rule


Predicate.rule(LocalTracer)(follows_the_primal)


# -- stores


@Assignment.rule(SparsityTracer)
def _assignment(primitive: Assignment, active: Active) -> Any:
    def rule(x: SparsityTracer, y: Any, index: Any) -> None:
        if not x.is_storage:
            raise MutationError(f"a scalar {type(x).__name__} does not support item assignment")
        setitem.dispatch(x.value, y.value if active[1] else y, index=index)
        if shape_of(y) == () and is_element(index, len(x.shape)):
            x.storage.put(x.position(index), number_row(y, active[1], x.columns))
            return
        rows = rows_of(y, active[1], x.columns)
        positions = x.stored_at(tuple(backends.to_host(part) for part in index))
        if active[1] and y.storage is x.storage and np.array_equal(y.stored_at((...,)), positions):
            return  # `a[1:] += b` ends by storing the view in its own place
        extra = max(0, len(rows.shape) - positions.ndim)  # leading axes of length one, which NumPy drops
        x.storage.store(positions, spread(rows.reshaped(rows.shape[extra:]), positions.shape))

    return rule

"""What a tracer asks of `PatternRows`: patterns with one more column, for dependence without derivative.

A pattern over n inputs has n + 1 columns. Column n of an element says that its value *varies* with the
input although its derivative does not exist or is zero: floor(x), a comparison, a choice by `where`. So an
element with an empty row is *literal*, a constant of the program text, and only a literal zero can make a
product vanish everywhere. Unions, gathers, scatters and contractions of rows keep this without further care.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from interp import backends
from interp.errors import UndecidedError
from interp.linear import Shape
from interp.value import Value, primal, shape_of
from interp.vocabulary import equal
from interpretations.sparsity.packed import PatternRows
from interpretations.sparsity.unions import EMPTY, Row


def size_of(shape: Shape) -> int:
    """Number of elements of an array of ``shape``."""
    return int(np.prod(shape, dtype=np.int64))


def inputs(shape: Shape) -> PatternRows:
    """The pattern of the input itself: element i depends on column i."""
    n = size_of(shape)
    return PatternRows(shape, n + 1, np.arange(n, dtype=np.int64) * (n + 2))


def all_varying(shape: Shape, columns: int) -> PatternRows:
    """Every element varies without derivative."""
    return PatternRows(shape, columns, np.arange(1, size_of(shape) + 1, dtype=np.int64) * columns - 1)


def varying(rows: PatternRows) -> PatternRows:
    """Dependence without derivative wherever ``rows`` has any entry."""
    positions = np.flatnonzero(filled(rows))
    return PatternRows(rows.shape, rows.columns, (positions + 1) * rows.columns - 1)


def filled(rows: PatternRows) -> np.ndarray:
    """Mask of the elements that have an entry: those that are not literal."""
    return rows.filled()


def derivatives(rows: PatternRows) -> PatternRows:
    """The pattern over the inputs alone, without the column of mere variation."""
    return rows.without_last_column()


def spread(rows: PatternRows, shape: Shape) -> PatternRows:
    """Rows broadcast to an array of ``shape``."""
    if rows.shape == shape:
        return rows
    if size_of(rows.shape) == size_of(shape):
        return rows.reshaped(shape)
    return rows.gather(np.broadcast_to(np.arange(size_of(rows.shape)).reshape(rows.shape), shape))


def united(parts: Sequence[PatternRows], shape: Shape, columns: int) -> PatternRows:
    """Union of patterns of one shape; empty of none."""
    total = PatternRows.empty(shape, columns)
    for rows in parts:
        total = total.joined(rows)
    return total


def is_zero(payload: Any) -> np.ndarray:
    """Mask of the elements that are certainly 0; of an interval, those that are [0, 0]."""
    if isinstance(payload, float | int):
        return np.bool_(payload == 0)
    try:
        return np.asarray(backends.to_host(primal(equal(payload, 0))))
    except UndecidedError:
        return np.zeros(shape_of(payload), dtype=bool)


def rows_of(operand: Any, is_active: bool, columns: int) -> PatternRows:
    """An operand's pattern: a tracer's own, empty for a number or array.

    A value of a lower level is a constant to the tracer, but its number is no part of the program text.
    """
    if is_active:
        return operand.pattern  # type: ignore[no-any-return]
    make = all_varying if isinstance(operand, Value) else PatternRows.empty
    return make(shape_of(operand), columns)


def number_row(operand: Any, is_active: bool, columns: int) -> Row:
    """`rows_of` for a number."""
    if is_active:
        return operand.row  # type: ignore[no-any-return]
    return columns - 1 if isinstance(operand, Value) else EMPTY


def literal(operand: Any, is_active: bool) -> bool:
    """True if all of an operand stands in the program text."""
    if not is_active:
        return not isinstance(operand, Value)
    return operand.pattern.is_empty if operand.shape else operand.row is EMPTY


def literal_zeros(operand: Any, is_active: bool) -> np.ndarray | None:
    """Mask of an operand's elements that are 0 in the program text; None if there are none."""
    if isinstance(operand, float | int):
        return None if operand != 0 else np.bool_(True)
    if isinstance(operand, Value) and (not is_active or not (operand.shape or operand.row is EMPTY)):
        return None
    zero = is_zero(operand.value if is_active else operand)
    if is_active and zero.any():
        zero = zero & ~filled(operand.pattern)
    return zero if zero.any() else None

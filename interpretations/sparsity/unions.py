"""`Row`: the pattern of one element as a tree of unions, resolved only when columns are asked for.

A loop over single elements makes one small union an operation. Kept as a tree each costs a list of two, however
many columns it has; resolving all trees at once visits every node once, and hands the columns of a part that has
no other whole on to it, so that a running sum of n elements takes n steps, not n^2.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from interpretations.sparsity.packed import PatternRows

Row = int | frozenset[int] | np.ndarray | list[Any] | None
"""One column, a few, an array of sorted columns, a list of rows (their union), or `EMPTY`. Arrays never change."""

EMPTY = None
"""The row without columns. Every other row has some, resolved or not."""

FEW = 32
"""Up to this many columns are united at once; beyond, unions become trees."""
SMALL = 64
"""Up to this many columns, or a 64th of all, a set is smaller than a mask."""

Columns = set[int] | np.ndarray
"""Columns while they are united: a set of few, a boolean mask of many."""


def union(a: Row, b: Row) -> Row:
    """Columns of both. One of the two itself where it has all of them."""
    if a is EMPTY or a is b:
        return b
    if b is EMPTY:
        return a
    of_a = a if type(a) is frozenset else frozenset((a,)) if type(a) is int else None
    of_b = b if type(b) is frozenset else frozenset((b,)) if type(b) is int else None
    if of_a is None or of_b is None:
        return [a, b]
    both = of_a | of_b
    if len(both) == len(of_a):
        return a
    if len(both) == len(of_b):
        return b
    return both if len(both) <= FEW else [a, b]


def columns_of(row: Row, columns: int) -> set[int] | frozenset[int]:
    """The columns of one row."""
    if type(row) is frozenset:
        return row
    if row is EMPTY:
        return frozenset()
    if type(row) is int:
        return frozenset((row,))
    return set(resolved([row], columns).cols.tolist())


def row_of(columns: np.ndarray) -> Row:
    """The row of sorted distinct columns."""
    if columns.size > FEW:
        return columns
    return frozenset(columns.tolist()) if columns.size else EMPTY


def resolved(rows: Sequence[Row], columns: int) -> PatternRows:
    """Rows of as many elements, over ``columns`` columns. What it finds it leaves in the trees."""
    trees = {id(row): row for row in rows if type(row) is list}
    found = _united(trees.values(), columns)
    for key, tree in trees.items():
        united = found[key]
        tree[:] = sorted(united) if isinstance(united, set) else [np.flatnonzero(united)]
    flat: list[int] = []
    counts, blocks = [], []
    for row in rows:
        parts = row if type(row) is list else () if row is EMPTY else sorted(row) if type(row) is frozenset else (row,)
        if len(parts) == 1 and isinstance(parts[0], np.ndarray):
            blocks += [np.array(flat, dtype=np.int64), parts[0]]
            flat = []
            counts.append(parts[0].size)
        else:
            flat += parts
            counts.append(len(parts))
    cols = np.concatenate([*blocks, np.array(flat, dtype=np.int64)])
    return PatternRows((len(rows),), columns, cols + np.repeat(np.arange(len(rows)) * columns, counts))


def _united(trees: Iterable[list[Any]], columns: int) -> dict[int, Columns]:
    """Columns of each tree by the tree's identity."""
    order, uses = _parts_first(trees)
    found: dict[int, Columns] = {}
    for node in order:
        total: Columns = set()
        for part in node:
            if type(part) is not list:
                _add(total, part)
                continue
            key = id(part)
            uses[key] -= 1
            # What nobody else asks for may grow.
            total = _merged(total, found[key]) if uses[key] else _merged(found.pop(key), total)
            if isinstance(total, set) and len(total) > max(SMALL, columns // 64):
                total = _mask(total, columns)
        found[id(node)] = total
    return found


def _parts_first(trees: Iterable[list[Any]]) -> tuple[list[list[Any]], dict[int, int]]:
    """All nodes, each after its parts, and how often each is asked for: by its wholes, and as a tree given."""
    order: list[list[Any]] = []
    uses: dict[int, int] = {}
    stack: list[list[Any] | None] = list(trees)
    while stack:
        node = stack.pop()
        if node is None:  # all parts of the node below are in order
            order.append(stack.pop())  # type: ignore[arg-type]
            continue
        key = id(node)
        if key in uses:
            uses[key] += 1
            continue
        uses[key] = 1
        stack += (node, None)
        stack += [part for part in node if type(part) is list]
    return order, uses


def _add(total: Columns, leaf: int | frozenset[int] | np.ndarray) -> None:
    if isinstance(total, np.ndarray):
        total[list(leaf) if isinstance(leaf, frozenset) else leaf] = True
    elif isinstance(leaf, np.ndarray):
        total.update(leaf.tolist())
    elif isinstance(leaf, frozenset):
        total |= leaf
    else:
        total.add(leaf)


def _merged(own: Columns, other: Columns) -> Columns:
    """``own`` with the columns of ``other``, which stays as it is."""
    if isinstance(own, set):
        if isinstance(other, set):
            own |= other
            return own
        own, other = other.copy(), own
    if isinstance(other, set):
        own[list(other)] = True
    else:
        own |= other
    return own


def _mask(columns: set[int], count: int) -> np.ndarray:
    mask = np.zeros(count, dtype=bool)
    mask[list(columns)] = True
    return mask

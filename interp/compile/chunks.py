"""Directions that native code does not take at once: many of them, or those of several levels.

Native vectors hold up to `WIDEST` directions, and a vector of vectors has no native type. Such a call is made once
for every few directions of the outermost value, and the results are put together: the same sums in the same order,
so that a result does not depend on it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from interp.compile.arguments import tuple_of, values_in
from interp.errors import CompileError
from interp.value import Value, ndim_of, shape_of
from interp.vocabulary import concatenate, stack

WIDEST = 32
"""Directions in one vector: more make code that is long to compile and no faster."""


def _own_axes(x: Value) -> dict[str, int]:
    """Component -> number of its axes in front of those of the value; those without, or of a series, are left out."""
    ndim = x.ndim
    found = {name: ndim_of(getattr(x, name)) - ndim for name in x.components if name not in x.series}
    return {name: axes for name, axes in found.items() if axes > 0}


def _values(x: Any) -> list[Value]:
    """The outermost values in an argument."""
    if isinstance(x, Value):
        return [x]
    return [v for part in x for v in _values(part)] if isinstance(x, tuple) else []


def _sizes(x: Value, outer: int) -> tuple[Any, ...]:
    """Directions of a value and of those within, behind ``outer`` axes that belong to the values around it."""
    own: list[Any] = []
    ndim = x.ndim - outer
    for name in x.components:
        part = getattr(x, name)
        axes = ndim_of(part) - ndim
        own.append(_sizes(part, axes) if isinstance(part, Value) else _leaf_sizes(part, axes))
    return (type(x), *own)


def _leaf_sizes(x: Any, axes: int) -> tuple[int, ...]:
    """What is no float64 (a decoration, a float32) has no vector type: as a vector of vectors it goes one by one."""
    sizes = shape_of(x)[:axes]
    return sizes if not axes or x.dtype == np.float64 else (*sizes, 1)


def agree(args: Sequence[Any]) -> bool:
    """True if all values of one level and type carry as many directions."""
    by_level: dict[Any, tuple[Any, ...]] = {}
    for x in args:
        for value in _values(x):
            sizes = _sizes(value, 0)
            if by_level.setdefault((value.level, type(value)), sizes) != sizes:
                return False
    return True


def step_of(args: Sequence[Any]) -> int | None:
    """How many directions are taken at a time; None if all can be, or nothing can be split.

    Raises `CompileError` for series of two levels, which would meet in one vector.
    """
    values = [value for x in args for value in _values(x)]
    series = {v.level for x in args for v in values_in(x) if v.series}
    if len(series) > 1:
        raise CompileError("series of two levels meet in this call, and have no native code together")
    levels = {v.level for value in values for v in _with_directions(value)}
    if not levels:
        return None
    if len(levels | series) > 1 or max(_depth(_sizes(value, 0)) for value in values) > 1:
        return 1
    return WIDEST if max(map(_widest, values)) > WIDEST else None


def has_directions(args: Sequence[Any], above: int = 0) -> bool:
    """True if some value of a level ``above`` carries several tangents, which can go one by one."""
    return any(v.level > above for x in args for value in _values(x) for v in _with_directions(value))


def _depth(sizes: Any) -> int:
    """Most axes of directions that one component has."""
    if sizes and isinstance(sizes[0], type):
        return max(map(_depth, sizes[1:]), default=0)
    return len(sizes)


def _widest(x: Value) -> int:
    """Most directions that a value in the stack carries."""
    inner = (getattr(x, name) for name in x.components)
    own = [shape_of(getattr(x, name))[0] for name in _own_axes(x)]
    return max([0, *own, *(_widest(part) for part in inner if isinstance(part, Value))])


def in_chunks(compiled: Callable[..., Any], args: Sequence[Any], step: int) -> Any:
    """Call ``compiled`` for ``step`` directions of the outermost value that has some at a time.

    What the function stores into its arguments is done in each call: the calls work on copies of everything
    but the tangents, and the last leaves its copies in the arguments.
    """
    found = _split_value(args)
    level, cut = found.level, frozenset(_own_axes(found))
    size = shape_of(getattr(found, next(iter(cut))))[0]
    results = []
    for start in range(0, size, step):
        copies: dict[int, Any] = {}
        part = slice(start, start + step) if step > 1 else start
        results.append(compiled(*(_taken(x, level, part, copies) for x in args)))
    for original, copied in copies.values():
        if original.flags.writeable and not np.array_equal(original, copied, equal_nan=True):
            original[...] = copied
    return _joined(results, level, cut, step)


def first_chunk(args: Sequence[Any], step: int) -> tuple[Any, ...]:
    """The arguments of the first of those calls."""
    part = slice(0, step) if step > 1 else 0
    return tuple(_taken(x, _split_value(args).level, part, {}) for x in args)


def _split_value(args: Sequence[Any]) -> Value:
    """The value of the highest level that has directions: those of two levels may not meet in one vector."""
    found = (v for x in args for value in _values(x) for v in _with_directions(value))
    return max(found, key=lambda v: v.level)


def _with_directions(value: Value) -> Iterator[Value]:
    """The values with directions of their own in a stack, down to the first."""
    if _own_axes(value):
        yield value
        return
    for name in value.components:
        inner = getattr(value, name)
        if isinstance(inner, Value):
            yield from _with_directions(inner)


def _taken(x: Any, level: int, part: Any, copies: dict[int, Any]) -> Any:
    """An argument with some of the directions."""
    if isinstance(x, Value):
        cut = _own_axes(x) if x.level == level else {}
        parts = (getattr(x, n)[part] if n in cut else _taken(getattr(x, n), level, part, copies) for n in x.components)
        return x.rebuild(*parts)
    if isinstance(x, tuple):
        return tuple_of([_taken(p, level, part, copies) for p in x], x)
    if isinstance(x, np.ndarray):
        return copies.setdefault(id(x), (x, x.copy()))[1]
    return x


def _joined(results: list[Any], level: int, cut: frozenset[str], step: int) -> Any:
    """One result of those of all chunks."""
    first = results[0]
    if isinstance(first, tuple):
        return tuple_of([_joined(list(same), level, cut, step) for same in zip(*results, strict=True)], first)
    if not isinstance(first, Value):
        return first
    columns = {name: [getattr(r, name) for r in results] for name in first.components}
    if first.level == level:
        join = stack if step == 1 else concatenate
        return first.rebuild(*(join(same) if name in cut else same[0] for name, same in columns.items()))
    return first.rebuild(*(_joined(same, level, cut, step) for same in columns.values()))

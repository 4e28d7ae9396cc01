"""`vmap`: a function of one element over an axis of arrays."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from interp import level as levels
from interp import tree
from interp.errors import NaNError, ShapeError
from interp.interpretation import call, transform
from interp.value import identical, is_array, shape_of
from interp.vocabulary import broadcast_to, copy, moveaxis, stack
from interpretations.arguments import is_at
from interpretations.batch import NeedsElements, batched

Function = Callable[..., Any]


@transform
def vmap(f: Function, in_axes: Any = 0, out_axes: Any = 0) -> Function:
    """``f`` mapped over an axis of its arguments, as in JAX.

    ``in_axes``: the axis of each argument, one for all or one each (a container like the argument gives one to each
    leaf); None: the same for every element. Keyword arguments are mapped over their first axis. ``out_axes``: where the
    axis goes in each output; None for one that is the same for every element.

    ``f`` runs once on all elements together where arrays allow it: arithmetic, elementwise functions, indexing with
    plain indices, reductions, products and linear algebra. Where it branches on an element, uses one as an index or a
    plain number, or meets a function that cannot be batched, it is run on one element after the other, and results are
    stacked; then it has begun once in vain. In the first case random numbers drawn in ``f`` are the same for all.

    Raises `ShapeError` where lengths differ or nothing is mapped.
    """

    def mapped(*args: Any, **kwargs: Any) -> Any:
        flat = [tree.flatten(x) for x in (*args, *kwargs.values())]
        axes = _axes_of_arguments(in_axes, args) + _axes_of_leaves(0, list(kwargs.values()))
        leaves = [np.asarray(x) if isinstance(x, list) else x for found, _ in flat for x in found]
        lengths = {shape_of(x)[axis] for x, axis in zip(leaves, axes, strict=True) if axis is not None}
        if len(lengths) != 1:
            raise ShapeError(
                f"vmap over axes of different lengths {sorted(lengths)}" if lengths else "vmap maps over no argument"
            )
        (n,) = lengths
        if n == 0:
            raise ShapeError("vmap over an axis of length 0: the output's shape is not known")
        moved = [x if axis is None else moveaxis(x, axis, 0) for x, axis in zip(leaves, axes, strict=True)]

        def run(parts: list[Any]) -> Any:
            found, start = [], 0
            for given, build in flat:
                found.append(build(parts[start : start + len(given)]))
                start += len(given)
            return call(f, *found[: len(args)], **dict(zip(kwargs, found[len(args) :], strict=True)))

        together, build = _together(run, moved, axes, n) or _one_by_one(run, moved, axes, n)
        ends = _axes_of_leaves(out_axes, build([0] * len(together)))
        return build([_placed(x, is_same, axis) for (x, is_same), axis in zip(together, ends, strict=True)])

    mapped.__name__ = mapped.__qualname__ = f"vmap({getattr(f, '__name__', 'f')})"
    return mapped


Outputs = tuple[list[tuple[Any, bool]], Function]
"""Each leaf of the output with the axis in front, whether it is the same for every element, and how to rebuild."""


def _together(run: Function, moved: list[Any], axes: list[Any], n: int) -> Outputs | None:
    """One run on all elements; None where that cannot be."""
    level = levels.fresh()
    try:
        out = run([x if axis is None else batched(x, level) for x, axis in zip(moved, axes, strict=True)])
    except NaNError:
        raise
    except (NeedsElements, Exception):
        return None
    leaves, build = tree.flatten(out)
    return [_spread(leaf, level, n) for leaf in leaves], build


def _one_by_one(run: Function, moved: list[Any], axes: list[Any], n: int) -> Outputs:
    runs = [
        tree.flatten(run([x if axis is None else x[i] for x, axis in zip(moved, axes, strict=True)])) for i in range(n)
    ]
    columns = list(zip(*(leaves for leaves, _ in runs), strict=True))
    return [(stack(parts), all(identical(parts[0], part) for part in parts)) for parts in columns], runs[0][1]


def _spread(out: Any, level: int, n: int) -> tuple[Any, bool]:
    """All elements of an output; one that is the same for each is repeated."""
    if is_at(level, out):
        return (copy(out.elements) if is_array(out.elements) else out.elements), False
    return copy(broadcast_to(out, (n, *shape_of(out)))), True


def _placed(x: Any, is_same: bool, axis: int | None) -> Any:
    if axis is None:
        if not is_same:
            raise ShapeError("vmap: out_axes=None for an output that differs from element to element: give it an axis")
        return x[0]
    return x if axis == 0 else moveaxis(x, 0, axis)


def _axes_of_arguments(in_axes: Any, args: Sequence[Any]) -> list[Any]:
    if isinstance(in_axes, list | tuple) and len(in_axes) != len(args):
        raise ShapeError(f"vmap: in_axes has {len(in_axes)} entries for {len(args)} arguments")
    each = list(in_axes) if isinstance(in_axes, list | tuple) else [in_axes] * len(args)
    return [axis for x, given in zip(args, each, strict=True) for axis in _axes_of_leaves(given, x)]


def _axes_of_leaves(given: Any, structure: Any) -> list[Any]:
    """One axis a leaf: a single one for all, or those of a container of the same structure (None is a leaf here)."""
    leaves, _ = tree.flatten(structure)
    if given is None or isinstance(given, int):
        return [given] * len(leaves)
    if isinstance(given, dict) and isinstance(structure, dict):
        parts = [(given[key], part) for key, part in structure.items()]
    elif isinstance(given, list | tuple) and isinstance(structure, list | tuple) and len(given) == len(structure):
        parts = list(zip(given, structure, strict=True))
    else:
        raise ShapeError(f"vmap: axes {given!r} do not fit the structure of {type(structure).__name__}")
    return [axis for sub, part in parts for axis in _axes_of_leaves(sub, part)]

"""`vmap`: a function of one element over an axis of arrays."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from interp import level as levels
from interp import tree
from interp.errors import ShapeError
from interp.interpretation import call, transform
from interp.value import is_array, shape_of
from interp.vocabulary import broadcast_to, copy, moveaxis, stack
from interpretations.arguments import is_at
from interpretations.batch import batched

Function = Callable[..., Any]


@transform
def vmap(f: Function, in_axes: Any = 0, out_axes: Any = 0) -> Function:
    """``f`` mapped over an axis of its arguments, as in JAX.

    ``in_axes``: the axis of each argument, one for all or one each (a container like the argument gives one to each
    leaf); None: the same for every element. ``out_axes``: where the axis goes in each output.

    ``f`` runs once on all elements together where arrays allow it: arithmetic, elementwise functions, indexing with
    plain indices, reductions, products and linear algebra. Where it branches on an element, uses one as an index or a
    plain number, or meets a function that cannot be batched, it is run on one element after the other, and results are
    stacked; then it has begun once in vain. In the first case random numbers drawn in ``f`` are the same for all.

    Raises `ShapeError` where lengths differ or nothing is mapped.
    """

    def mapped(*args: Any, **kwargs: Any) -> Any:
        flat = [tree.flatten(x) for x in args]
        axes = _axes_of_arguments(in_axes, args)
        leaves = [leaf for found, _ in flat for leaf in found]
        lengths = {
            shape_of(np.asarray(x) if not hasattr(x, "shape") else x)[axis]
            for x, axis in zip(leaves, axes, strict=True)
            if axis is not None
        }
        if len(lengths) != 1:
            raise ShapeError(
                f"vmap over axes of different lengths {sorted(lengths)}" if lengths else "vmap maps over no argument"
            )
        (n,) = lengths
        moved = [x if axis is None else moveaxis(x, axis, 0) for x, axis in zip(leaves, axes, strict=True)]

        def rebuilt(parts: list[Any]) -> list[Any]:
            found, start = [], 0
            for given, build in flat:
                found.append(build(parts[start : start + len(given)]))
                start += len(given)
            return found

        level = levels.fresh()
        try:
            lifted = [x if axis is None else batched(x, level) for x, axis in zip(moved, axes, strict=True)]
            out = call(f, *rebuilt(lifted), **kwargs) if n else None
        except Exception:
            out = None
        if out is not None:
            outputs, build = tree.flatten(out)
            together = [_spread(o, level, n) for o in outputs]
        else:
            runs = [
                tree.flatten(
                    call(f, *rebuilt([x if a is None else x[i] for x, a in zip(moved, axes, strict=True)]), **kwargs)
                )
                for i in range(n)
            ]
            if not runs:
                raise ShapeError("vmap over an axis of length 0: the output's shape is not known")
            build = runs[0][1]
            together = [stack(parts) for parts in zip(*(found for found, _ in runs), strict=True)]
        ends = _axes_of_leaves(out_axes, build([0] * len(together)), len(together))
        return build([_placed(x, axis) for x, axis in zip(together, ends, strict=True)])

    mapped.__name__ = mapped.__qualname__ = f"vmap({getattr(f, '__name__', 'f')})"
    return mapped


def _spread(out: Any, level: int, n: int) -> Any:
    """All elements of an output; one that is the same for each is repeated."""
    if is_at(level, out):
        return out.elements if not is_array(out.elements) else copy(out.elements)
    return copy(broadcast_to(out, (n, *shape_of(out))))


def _placed(x: Any, axis: int | None) -> Any:
    if axis is None:
        return x[0]
    return x if axis == 0 else moveaxis(x, 0, axis)


def _axes_of_arguments(in_axes: Any, args: Sequence[Any]) -> list[Any]:
    if isinstance(in_axes, list | tuple) and len(in_axes) != len(args):
        raise ShapeError(f"vmap: in_axes has {len(in_axes)} entries for {len(args)} arguments")
    each = list(in_axes) if isinstance(in_axes, list | tuple) else [in_axes] * len(args)
    return [axis for x, given in zip(args, each, strict=True) for axis in _axes_of_leaves(given, x, None)]


def _axes_of_leaves(given: Any, structure: Any, count: int | None) -> list[Any]:
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
    return [axis for sub, part in parts for axis in _axes_of_leaves(sub, part, None)]

"""Arrays taken apart: into views of their parts, and into what deleting leaves."""

import operator
from itertools import pairwise
from typing import Any

import numpy as np

from interp.primitive import negative_axes, negative_axis
from interp.value import ndim_of, shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.composites import composite
from interp.vocabulary.indexing import along, getitem, plain_index, plain_mask
from interp.vocabulary.shape import in_memory_order, memory_order, moveaxis, ravel


@composite(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Views of the parts between positions along an axis, or of so many parts of lengths that differ by 1 at most."""
    axis = negative_axis(axis, ndim_of(ary))
    n = shape_of(ary)[axis]
    if np.ndim(indices_or_sections):
        cuts = [0, *map(operator.index, indices_or_sections), n]
    else:
        sections = int(indices_or_sections)
        if sections <= 0:
            raise ValueError("number sections must be larger than 0.")
        longer = n % sections
        cuts = [i * (n // sections) + min(i, longer) for i in range(sections + 1)]
    return [ary[along(ary, axis, slice(start, stop))] for start, stop in pairwise(cuts)]


@composite(np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Views of the parts between positions along an axis, or of so many equal parts."""
    if not np.ndim(indices_or_sections):
        n = shape_of(ary)[negative_axis(axis, ndim_of(ary))]
        if indices_or_sections > 0 and n % indices_or_sections:
            raise ValueError("array split does not result in an equal division")
    return array_split(ary, indices_or_sections, axis)


@composite(np.hsplit)
def hsplit(ary: Any, indices_or_sections: Any) -> Any:
    """`split` along the second axis; of a vector along its own."""
    return split(ary, indices_or_sections, _axis_of(ary, 1, "hsplit", 1) if ndim_of(ary) != 1 else 0)


@composite(np.vsplit)
def vsplit(ary: Any, indices_or_sections: Any) -> Any:
    """`split` along the first axis."""
    return split(ary, indices_or_sections, _axis_of(ary, 0, "vsplit", 2))


@composite(np.dsplit)
def dsplit(ary: Any, indices_or_sections: Any) -> Any:
    """`split` along the third axis."""
    return split(ary, indices_or_sections, _axis_of(ary, 2, "dsplit", 3))


def _axis_of(ary: Any, axis: int, name: str, least: int) -> int:
    if ndim_of(ary) < least:
        raise ValueError(f"{name} only works on arrays of {least} or more dimensions")
    return axis


@composite(np.unstack)
def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """Views of the slices along an axis."""
    if ndim_of(x) == 0:
        raise ValueError("Input array must be at least 1-d.")
    return tuple(moveaxis(x, axis, 0))


@composite(np.delete)
def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    """What is left without the positions ``obj``, an integer, slice, list or mask, along an axis (None: a vector's)."""
    x, axis = (ravel(arr), -1) if axis is None else (arr, negative_axis(axis, ndim_of(arr)))
    (obj,) = plain_index((obj,))
    left = getitem(x, along(x, axis, np.delete(np.arange(shape_of(x)[axis]), obj)))
    return left if isinstance(obj, np.ndarray) and obj.ndim else in_memory_order(left, memory_order(x))


@composite(np.trim_zeros)
def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """A view without zeros at the front and back (``trim``) of each axis. Raises `UndecidedError` if they may vary."""
    ends = trim.lower()
    if ends not in ("fb", "bf", "f", "b"):
        raise ValueError(f"unexpected character(s) in `trim`: {trim!r}")
    ndim = ndim_of(filt)
    chosen = negative_axes(axis, ndim)
    places = np.argwhere(plain_mask(filt))
    index = [slice(None)] * ndim
    for i in chosen:
        start, stop = (places[:, i].min(), places[:, i].max() + 1) if len(places) else (0, 0)
        either = not len(places)
        index[i] = slice(start if either or "f" in ends else None, stop if either or "b" in ends else None)
    return filt[tuple(index)]


enter(
    array_split,
    np.array_split,
    calls=[call((5,), 3), call((2, 3, 2), 2, axis=1), call((2, 5), indices_or_sections=[1, -2, 9], axis=-1)],
)
enter(split, np.split, calls=[call((4, 2), 2), call((2, 3), 3, axis=-1), call((5,), indices_or_sections=[2, 3])])
enter(hsplit, np.hsplit, calls=[call((4,), 2), call((2, 4), 2)])
enter(vsplit, np.vsplit, calls=[call((2, 3), 2)])
enter(dsplit, np.dsplit, calls=[call((2, 3, 2), 2)])
enter(unstack, np.unstack, calls=[call((2, 3)), call((2, 3, 2), axis=-1), call((3,))])
enter(
    delete,
    np.delete,
    calls=[
        call((5,), 1),
        call((2, 3), -1, axis=1),
        call((2, 3, 2), obj=[0, 2, 0], axis=-2),
        call((2, 3), obj=slice(1, 5, 2)),
        call((3, 2), obj=[True, False, True], axis=0),
    ],
)
enter(
    trim_zeros,
    np.trim_zeros,
    calls=[
        call((2,), through=lambda f, x: f(np.pad(x, (2, 1)))),
        call((2, 3), through=lambda f, x: f(np.pad(x, ((1, 2), (0, 1))), "f")),
        call((2, 3), through=lambda f, x: f(np.pad(x, 1), "b", axis=-1)),
    ],
)

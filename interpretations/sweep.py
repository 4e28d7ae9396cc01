"""The sweep of reverse mode: cotangents of a recording's inputs, by the adjoints of its entries from last to first.

A sweep reads the recording and never uses it up. Of each cotangent it knows whether the array is its own, so that it
may be added to in place, and whether it is laid out as the cell that it belongs to, so that views of it may be taken.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from interp.linear import ONE, Gather, lead, unbroadcast
from interp.value import Value, has_nan, is_complex, shape_of
from interp.vocabulary import copy, zeros, zeros_like
from interp.vocabulary.creation import held, owned, zeros_beside
from interp.vocabulary.elementwise import strong_multiply
from interp.vocabulary.indexing import getitem
from interp.vocabulary.shape import reshape
from interpretations.tape import (
    Layout,
    Link,
    Read,
    Recording,
    Step,
    Tape,
    View,
    Write,
    last_broadcast,
    seen_once,
    through_view,
)


def pull_back(
    recording: Recording, outputs: list[tuple[Any, Any]], inputs: list[Tape], batch: int | None = None
) -> list[Any]:
    """Cotangents of ``inputs`` given pairs (output, its cotangent); None where nothing depends on an input.

    ``batch`` says that cotangents have a leading axis. Where infinite partials meet zeros the first,
    plain sweep gives NaN; then the sweep is done again with strong zeros, which costs nothing otherwise.
    """
    sweep = pulled_back if inspect is None else inspect
    return sweep(recording, outputs, inputs, batch)


def pulled_back(
    recording: Recording, outputs: list[tuple[Any, Any]], inputs: list[Tape], batch: int | None
) -> list[Any]:
    """`pull_back` itself."""
    with np.errstate(invalid="ignore", over="ignore"):
        cotangents = _sweep(recording, outputs, inputs, batch, strong=False)
        if any(map(has_nan, cotangents)):
            cotangents = _sweep(recording, outputs, inputs, batch, strong=True)
    return cotangents


inspect: Callable[..., list[Any]] | None = None
"""What goes in place of a sweep, and calls it, while `debug_nans` is on."""


def cotangents_down_to(recording: Recording, outputs: list[tuple[Any, Any]], batch: int | None, stop: int) -> list[Any]:
    """The cotangents of all slots after a strong sweep through the entries from the last down to ``stop``."""
    return _sweep(recording, outputs, None, batch, strong=True, stop=stop)


OWNED, LAID_OUT = 1, 2
"""A cotangent's array is the sweep's own, which nobody else holds; it has besides the memory order of the array that
it belongs to."""


class _Buffers:
    """Cotangents by slot; an array is added to in place only once the sweep owns it, viewed once it is laid out."""

    def __init__(self, size: int, batch: int | None) -> None:
        self.of: list[Any] = [None] * size
        self.owned = bytearray(size)
        self.batch = batch

    def add(self, slot: int, ct: Any, own: bool = False) -> bool:
        """Add to a slot's cotangent; True if it now is ``ct`` itself. ``own``: nobody else holds the array ``ct``."""
        present = self.of[slot]
        if present is None:
            self.of[slot] = ct
            self.owned[slot] = OWNED if own else 0
            return True
        if self.owned[slot] and _fits(ct, present):
            np.add(present, ct, out=present)
        elif own and _fits(present, ct):
            self.of[slot] = np.add(present, ct, out=ct)
            self.owned[slot] = OWNED
            return True
        else:
            self.of[slot] = present + ct
            self.owned[slot] = OWNED
        return False

    def add_view(self, layout: Layout, view: View, ct: Any) -> None:
        at = last_broadcast(view)
        if at is not None:  # the copies that a broadcast shows are one element: their cotangents sum
            spread = zeros(lead(self.batch) + tuple(view[at].params["shape"]), like=ct)
            target = through_view(view[at + 1 :], spread, self.batch)
            target += ct
            ct, view = unbroadcast(spread, view[at].shape, self.batch), view[:at]
            return self.add_view(layout, view, ct)
        if not layout.is_complex and seen_once(view):
            for step in reversed(view):
                ct = _undone(step, ct, self.batch)
            self.add(layout.slot, ct)
            return
        target = through_view(view, self.own(layout, ct), self.batch)
        target += ct

    def own(self, layout: Layout, like: Any) -> Any:
        """A cell's cotangent as an array of the sweep's own, laid out as the cell's, that can hold ``like``."""
        slot = layout.slot
        present = self.of[slot]
        wraps = isinstance(like, Value) and not _levels(like) <= _levels(present)
        if layout.is_complex and not (is_complex(like) and is_complex(present)):
            like, wraps = like + 0j, wraps or not is_complex(present)
        if (
            self.owned[slot]
            and not wraps
            and self.batch is None
            and present.__class__ is np.ndarray
            and present.strides == layout.strides
            and present.dtype.kind in "fc"
            and np.result_type(like, present) == present.dtype
        ):
            self.owned[slot] = LAID_OUT
        if present is None or wraps or self.owned[slot] != LAID_OUT:
            fresh = held(zeros_beside(layout, self.batch, like), present)
            if not _levels(present) <= _levels(fresh):  # each has a level that the other lacks
                fresh = fresh + zeros_like(present)
            if present is not None:
                fresh[...] = present
            self.of[slot] = fresh
            self.owned[slot] = LAID_OUT
        return self.of[slot]


def _undone(step: Step, ct: Any, batch: int | None) -> Any:
    """The cotangent of what a rearrangement that shows each element once is made of, perhaps a view of ``ct``."""
    if step.primitive is getitem:
        return reshape(ct, lead(batch) + step.shape)
    return Gather(step.primitive, 0, (step.shape,), step.params, ()).apply_adjoint(ct, batch)


def _fits(x: Any, into: Any) -> bool:
    """True of an array that can be added into another in place."""
    return (
        into.__class__ is np.ndarray is x.__class__
        and into.shape == x.shape
        and (into.dtype == x.dtype or np.can_cast(x.dtype, into.dtype))
    )


def _levels(x: Any) -> set[int]:
    """The levels of a value and of what it is made around."""
    found = set()
    while isinstance(x, Value):
        found.add(x.level)
        x = x.payload
    return found


def _sweep(
    recording: Recording,
    outputs: list[tuple[Any, Any]],
    inputs: list[Tape] | None,
    batch: int | None,
    strong: bool,
    stop: int = 0,
) -> list[Any]:
    entries = recording.entries
    buffers = _Buffers(len(entries), batch)
    of = buffers.of
    times = strong_multiply if strong else None
    for output, ct in outputs:
        if output.chain:
            buffers.add_view(output.cell.layout, output.chain, ct)
        else:
            buffers.add(output.slot, ct)
    for slot in range(len(entries) - 1, stop - 1, -1):
        entry = entries[slot]
        if entry is None:
            continue
        if entry.__class__ is Write:
            _sweep_write(entry, buffers)
            continue
        ct = of[slot]
        if ct is None:
            continue
        of[slot] = None
        if entry.__class__ is Read:
            target = through_view(entry.view, buffers.own(entry.layout, ct), batch)
            index = entry.index if batch is None else (slice(None), *entry.index)
            target[index] = target[index] + ct
        elif entry and entry[0].__class__ is int:
            if len(entry) == 2 and ct.__class__ is np.ndarray:  # the operand has the shape of ct
                parent, partial = entry
                g = ct if partial is ONE else _product(partial, ct, bool(buffers.owned[slot]), times)
                buffers.add(parent, g, bool(buffers.owned[slot]) or g is not ct)
                continue
            if ct.__class__ is np.ndarray or len(entry) % 2:
                _sweep_arrays(entry, ct, bool(buffers.owned[slot]), buffers, times)
                continue
            parent, partial = entry[0], entry[1]
            g = ct if partial is ONE else partial * ct if times is None else times(partial, ct)
            present = of[parent]
            of[parent] = g if present is None else present + g
            if len(entry) == 4:
                parent, partial = entry[2], entry[3]
                g = ct if partial is ONE else partial * ct if times is None else times(partial, ct)
                present = of[parent]
                of[parent] = g if present is None else present + g
        else:
            _sweep_links(entry, ct, bool(buffers.owned[slot]), buffers, strong)
    if inputs is None:
        return of
    return [of[tape.slot] if buffers.owned[tape.slot] else owned(of[tape.slot]) for tape in inputs]


def _sweep_arrays(entry: tuple[Any, ...], ct: Any, own: bool, buffers: _Buffers, times: Any) -> None:
    """As `_sweep_links`, for an elementwise operation: the cotangent of its last operand takes the place of ``ct``."""
    batch = buffers.batch
    shape = shape_of(ct)[len(lead(batch)) :]
    shapes = entry[-1] if len(entry) % 2 else (shape, shape)
    order: tuple[int, ...] = (0,)
    if len(entry) > 3:
        slot, factor = entry[:2]
        if slot == entry[2] and factor is entry[3] and factor.__class__ is np.ndarray is ct.__class__:  # x * x
            if times is None and 0 in ct.strides:  # spread from fewer elements: those are doubled
                spread = [stride == 0 and axis >= len(lead(batch)) for axis, stride in enumerate(ct.strides)]
                few = ct[tuple(slice(1) if is_spread else slice(None) for is_spread in spread)]
                g = _product(factor, few + few, False, None)
            else:
                g = _product(factor, ct, own, times)
                np.add(g, g, out=g)
            buffers.add(slot, g, True)
            return
        # Last an operand that takes ct as it is, or all of it.
        order = (1, 0) if shapes[0] == shape and (factor is ONE or shapes[1] != shape) else (0, 1)
    for i in order:
        slot, factor = entry[2 * i : 2 * i + 2]
        last = own and i == order[-1]
        g = ct
        if shapes[i] != shape and times is None and factor.__class__ is float:
            g = unbroadcast(ct, shapes[i], batch)  # fewer elements after the sum
        if factor is not ONE:
            g = _product(factor, g, last or g is not ct, times)
        if shapes[i] != shape:
            g = unbroadcast(g, shapes[i], batch)
        held_as_it_is = buffers.add(slot, g, last or g is not ct) and g is ct
        own = own and not held_as_it_is


def _product(factor: Any, ct: Any, own: bool, times: Any) -> Any:
    """Factor times cotangent, in the place of the latter where nobody else holds it."""
    if times is not None:
        return times(factor, ct)
    if ct.__class__ is not np.ndarray:
        return factor * ct
    if ct.size > 1 and not any(ct.strides) and factor.__class__ is np.ndarray and factor.shape == ct.shape:
        return factor * ct[(0,) * ct.ndim]  # one number, seen everywhere
    if own and (_fits(factor, ct) or (factor.__class__ is float and ct.dtype.kind in "fc")):
        return np.multiply(factor, ct, out=ct)
    return factor * ct


def _sweep_links(entry: tuple[Link, ...], ct: Any, own: bool, buffers: _Buffers, strong: bool) -> None:
    """Hand the cotangent ``ct`` of an entry to its operands. ``own``: nobody else holds it, so that one may keep it."""
    if len(entry) == 1:
        (link,) = entry
        total = buffers.of[link.slot]
        if (
            not link.view
            and total.__class__ is np.ndarray
            and buffers.owned[link.slot]
            and not isinstance(ct, Value)
            and (getattr(ct, "dtype", None) is total.dtype or np.result_type(ct, total) == total.dtype)
            and link.map.accumulate_adjoint(total, ct, buffers.batch)
        ):
            return
        g = link.map.apply_adjoint(ct, buffers.batch, strong)
        if link.view:
            buffers.add_view(link.layout, link.view, g)
        else:
            buffers.add(link.slot, g, (link.map.keeps_none and _apart(g, ct)) or (own and g is ct))
        return
    images = [link.map.apply_adjoint(ct, buffers.batch, strong) for link in entry]
    fresh = [link.map.keeps_none and _apart(g, ct) for link, g in zip(entry, images, strict=True)]
    own = own and fresh.count(False) == 1
    for link, g, is_fresh in zip(entry, images, fresh, strict=True):
        if link.view:
            buffers.add_view(link.layout, link.view, g)
        else:
            buffers.add(link.slot, g, is_fresh or (own and g is ct))


def _apart(image: Any, ct: Any) -> bool:
    """True of an array in storage of its own, if the map that it comes from keeps none."""
    return image.__class__ is np.ndarray and image is not ct and image.base is None


def _sweep_write(entry: Write, buffers: _Buffers) -> None:
    """A store hands the cotangent of what it stored to the source, and clears it."""
    layout, batch = entry.layout, buffers.batch
    if buffers.of[layout.slot] is None:
        return
    target = through_view(entry.view, buffers.own(layout, buffers.of[layout.slot]), batch)
    shape = shape_of(target)[len(lead(batch)) :]
    index = getitem.with_batch({"index": entry.index}, batch, shape)["index"]
    if entry.y is None:
        target[index] = 0.0
    else:
        ct = copy(target[index])
        target[index] = 0.0  # first: the source may be this same array
        if entry.alive is not None:
            ct = ct * entry.alive
        stored = unbroadcast(ct, _padded(entry.y_shape, ct, batch), batch)
        stored = entry.y.map.apply_adjoint(reshape(stored, lead(batch) + entry.y_shape), batch)
        if entry.y.view:
            buffers.add_view(entry.y.layout, entry.y.view, stored)
        else:
            buffers.add(entry.y.slot, stored)


def _padded(shape: tuple[int, ...], ct: Any, batch: int | None) -> tuple[int, ...]:
    """The stored shape without the leading ones that NumPy drops in a store."""
    ndim = len(shape_of(ct)) - len(lead(batch))
    return shape[max(0, len(shape) - ndim) :]

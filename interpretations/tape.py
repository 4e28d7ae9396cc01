"""`Tape`: reverse mode. Each primitive appends its linear maps to a recording; a sweep applies their adjoints.

The partials are evaluated while recording, so the recording is a linear program: a sweep reads it and
never uses it up. An entry's position is the *slot* of the cotangent of what it made.

Arrays may be changed in place. A changed or viewed array gets a `Cell`: all its views share the cell's
slot and each knows the chain of rearrangements that leads to it, so that reading or writing one
element costs O(1) in both directions: the sweep adds into, or clears, one element of one buffer.
Arrays that a recorded map may hold are never overwritten: the first store after such a use copies.
"""

import weakref
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np

from interp import backends
from interp import level as levels
from interp.backends import to_host
from interp.errors import MutationError, RefusedStack
from interp.linear import ONE, ZERO, Diagonal, Gather, LinearMap, between, lead, unbroadcast
from interp.primitive import Assignment, Differentiable, Elementwise, Structural
from interp.value import Value, has_nan, innermost, is_array, is_complex, primal, shape_of
from interp.vocabulary import copy, setitem, transpose, zeros, zeros_like
from interp.vocabulary.complex_numbers import imaginary_part, real_part
from interp.vocabulary.creation import held, owned, zeros_beside
from interp.vocabulary.elementwise import square, strong_multiply
from interp.vocabulary.indexing import getitem, is_basic, is_element, owned_index
from interp.vocabulary.shape import broadcast_to, diagonal, flip, reshape
from interpretations.dual import SCALARS, real_payload

NUMBERS = SCALARS - {complex, np.complex128}
"""Classes of real numbers, whose partials an entry holds as they are: the adjoint of a complex factor is another."""

_new = object.__new__

View = tuple[tuple[Structural, dict[str, Any]], ...]


class Recording:
    """The linear program of one activation: its level and one entry a slot."""

    __slots__ = ("constants", "entries", "level", "origins")

    def __init__(self, level: int) -> None:
        self.level = level
        self.entries: list[Any] = []
        self.origins: dict[int, tuple[str, str]] | None = None
        """Primitive and line of each slot, while `debug_nans` is on."""
        self.constants: dict[int, tuple[weakref.ref[np.ndarray], np.ndarray]] = {}
        """Arrays of the caller's that maps hold, by identity: what is used again unchanged is copied once."""

    def own(self, constant: Any) -> Any:
        """A constant that a map will hold, apart from what the caller may change later."""
        if not shape_of(constant):
            return constant
        if constant.__class__ is not np.ndarray:
            return copy(constant)
        original, kept = self.constants.get(id(constant), (None, None))
        if kept is None or original is None or original() is not constant or not np.array_equal(kept, constant):
            kept = constant.copy("K")
            self.constants[id(constant)] = weakref.ref(constant), kept
        return kept


class Layout:
    """Shape and memory order of a cell's storage: what a sweep needs to know of it, which holds no array."""

    __slots__ = ("is_complex", "shape", "slot", "strides")
    holds_array = True

    def __init__(self, slot: int, value: Any) -> None:
        self.is_complex = is_complex(value)
        self.slot, self.shape, self.strides = slot, shape_of(value), getattr(innermost(value), "strides", ())


class Cell:
    """Storage of an array that is viewed or changed in place."""

    __slots__ = ("layout", "shared", "slot", "value", "views")

    def __init__(self, slot: int, value: Any) -> None:
        self.slot, self.value, self.layout = slot, value, Layout(slot, value)
        self.shared = True
        """True while a recorded map, or the caller, may hold the storage: a store copies first."""
        self.views: list[weakref.ref[Tape]] = []


class Tape(Value):
    """A number or array whose history is recorded. Made by `lift`, `interpretations.grad` and the like."""

    __slots__ = ("__weakref__", "cell", "level", "recording", "slot", "value", "view")
    components = ("value",)
    recorded = True
    native = False
    value: Any
    recording: Recording
    slot: int
    cell: Cell | None
    view: View

    def __init__(self, *_: Any) -> None:
        raise RefusedStack(
            "a Tape belongs to a recording: use grad(f), vjp(f, x) or interpret(f, gradient()) to make one"
        )

    def __pow__(self, y: Any) -> Any:
        """An array's ``x**2`` is its square, as in NumPy: the derivative is simpler, and cheaper."""
        return square(self) if y.__class__ in (int, float) and y == 2 and self.shape else super().__pow__(y)

    def constant(self, payload: Any) -> Self:
        return record(self.recording, payload, None)  # type: ignore[return-value]

    def rebuild(self, *components: Any) -> Self:
        (payload,) = components
        return record(self.recording, payload, (Link(self, Diagonal(ONE, self.shape, self.shape)),))  # type: ignore[return-value]

    def __copy__(self) -> Self:
        return copy(self)  # type: ignore[no-any-return]

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return copy(self)  # type: ignore[no-any-return]

    def __reduce__(self) -> Any:
        raise RefusedStack("a Tape cannot be pickled while it records: pickle the function, or the gradient it returns")

    def __repr__(self) -> str:
        return f"Tape(value={self.value!r})"


class Link:
    """One operand of an entry: where its cotangent accumulates, and the map from it to the output."""

    __slots__ = ("layout", "map", "slot", "view")

    def __init__(self, tape: Tape, linear_map: LinearMap) -> None:
        self.slot, self.view, self.map = tape.slot, tape.view, linear_map
        self.layout = None if tape.cell is None else tape.cell.layout


class Read:
    """Entry of one element read from an array: ``out = base[index]``."""

    __slots__ = ("index", "layout", "view")

    def __init__(self, layout: Layout, view: View, index: Any) -> None:
        self.layout, self.view, self.index = layout, view, index


class Write:
    """Entry of a store ``base[index] = y``; ``y`` is None for a constant."""

    __slots__ = ("alive", "index", "layout", "view", "y", "y_shape")

    def __init__(self, layout: Layout, view: View, index: Any, y: Any, y_shape: tuple[int, ...], alive: Any) -> None:
        self.layout, self.view, self.index = layout, view, index
        self.y, self.y_shape, self.alive = y, y_shape, alive


def record(recording: Recording, value: Any, entry: Any) -> Tape:
    """Append an entry and return the Tape of what it made."""
    tape = _new(Tape)
    tape.value = value
    tape.slot = len(recording.entries)
    tape.recording = recording
    tape.level = recording.level
    tape.cell = None
    tape.view = ()
    recording.entries.append(entry)
    return tape


def lift(payload: Any, recording: Recording) -> Tape:
    """An input of the recording. Arrays are copied: no store reaches the caller's."""
    return record(recording, owned(real_payload(payload)), None)


# -- rules


@Elementwise.rule(Tape)
def _elementwise(primitive: Elementwise, active: tuple[bool, ...]) -> Any:
    compose = primitive.compose(active)
    partials = [p for p, is_active in zip(primitive.partials, active, strict=True) if is_active]

    if all(p is ZERO for p in partials):
        return lambda *operands: compose(*(x.value if a else x for x, a in zip(operands, active, strict=True)))[0]

    def on_arrays(out: Any, factors: list[Any], operands: tuple[Any, ...], tapes: Sequence[Tape]) -> Tape:
        out = _number_or_array(out)
        out_shape = shape_of(out)
        if len(tapes) <= 2 and out.__class__ is np.ndarray and out.dtype.kind == "f":
            entry: list[Any] = []
            shapes = []
            for x, factor in zip(tapes, factors, strict=True):
                if factor is ZERO or x.view != ():
                    break
                entry += x.slot, _held(factor, operands, active) if shape_of(factor) else factor
                shapes.append(shape_of(x.value))
            else:
                if any(shape != out_shape for shape in shapes):
                    entry.append((*shapes, out_shape))
                return record(tapes[0].recording, out, tuple(entry))
        links = []
        for x, factor in zip(tapes, factors, strict=True):
            if factor is not ZERO:
                kept = _held(factor, operands, active) if shape_of(factor) else factor
                links.append(Link(x, between(x.value, out, Diagonal(kept, shape_of(x.value), out_shape))))
        return record(tapes[0].recording, out, tuple(links))

    if active == (True,):

        def unary(x: Any) -> Tape:
            out, dx = compose(x.value)
            if out.__class__ in NUMBERS and x.view == ():
                return record(x.recording, out, (x.slot, dx))
            return on_arrays(out, [dx], (x,), (x,))

        return unary

    if active == (True, True):

        def both(x: Any, y: Any) -> Tape:
            out, dx, dy = compose(x.value, y.value)
            if out.__class__ in NUMBERS and x.view == () == y.view:
                return record(x.recording, out, (x.slot, dx, y.slot, dy))
            return on_arrays(out, [dx, dy], (x, y), (x, y))

        return both

    if active == (True, False):

        def left(x: Any, y: Any) -> Tape:
            out, dx = compose(x.value, y)
            if out.__class__ in NUMBERS and x.view == ():
                return record(x.recording, out, (x.slot, dx))
            return on_arrays(out, [dx], (x, y), (x,))

        return left

    if active == (False, True):

        def right(x: Any, y: Any) -> Tape:
            out, dy = compose(x, y.value)
            if out.__class__ in NUMBERS and y.view == ():
                return record(y.recording, out, (y.slot, dy))
            return on_arrays(out, [dy], (x, y), (y,))

        return right

    def general(*operands: Any) -> Tape:
        out, *factors = compose(*(x.value if a else x for x, a in zip(operands, active, strict=True)))
        return on_arrays(out, factors, operands, [x for x, a in zip(operands, active, strict=True) if a])

    return general


def _held(factor: Any, operands: tuple[Any, ...], active: tuple[bool, ...]) -> Any:
    """An array of partials as the recording may keep it, where it is one of the operands itself.

    A constant operand the caller may change later, so it is copied; of a tape the next store copies.
    """
    for x, is_active in zip(operands, active, strict=True):
        if is_active and x.value is factor:
            _protect(x)
        elif x is factor:
            return operands[active.index(True)].recording.own(factor)
    return factor


def _number_or_array(out: Any) -> Any:
    """A new result: of no axes a number, which has no storage that a view could share."""
    return out[()] if out.__class__ is np.ndarray and not out.shape else out


def _protect(x: Tape) -> None:
    """Let the next store into the storage of ``x`` copy it first."""
    if x.cell is not None:
        x.cell.shared = True


@Differentiable.rule(Tape)
def _linear(primitive: Differentiable, active: tuple[bool, ...]) -> Any:
    linearised = primitive.linearise(active)

    def rule(*operands: Any, **params: Any) -> Tape:
        tapes = [x for x, is_active in zip(operands, active, strict=True) if is_active]
        own = tapes[0].recording.own
        kept = [x.value if a else own(x) for x, a in zip(operands, active, strict=True)]
        out, maps = linearised(*kept, **params)
        out = _number_or_array(out)
        if any(m is not None and m.holds_operands for m in maps):
            for tape in tapes:
                _protect(tape)
        links = tuple(Link(x, between(x.value, out, m)) for x, m in zip(tapes, maps, strict=True) if m is not None)
        return record(tapes[0].recording, out, links)

    def of_one(x: Any, **params: Any) -> Tape:
        out, (linear_map,) = linearised(x.value, **params)
        out = _number_or_array(out)
        if linear_map is None:
            return record(x.recording, out, ())
        if linear_map.holds_operands:
            _protect(x)
        return record(x.recording, out, (Link(x, between(x.value, out, linear_map)),))

    return of_one if active == (True,) else rule


@Structural.rule(Tape)
def _structural(primitive: Structural, active: tuple[bool, ...]) -> Any:
    carriers = [i for i, is_active in enumerate(active) if is_active and i not in primitive.selectors]

    def rule(*operands: Any, **params: Any) -> Any:
        values = [x.value if is_active else x for x, is_active in zip(operands, active, strict=True)]
        out = primitive.dispatch(*values, **params)
        if not carriers:
            return out
        first = operands[carriers[0]]
        if primitive is getitem:
            params = {"index": owned_index(params["index"])}
        has_storage = shape_of(out) or _shares_memory(first.value, out)
        if primitive in VIEWING and has_storage and VIEWING[primitive](first, out, params):
            return _as_view(first, out, (primitive, params))
        if (
            primitive is getitem
            and params["index"]
            and is_element(params["index"], len(first.shape))
            and _last_broadcast(first.view) is None
        ):
            return record(first.recording, out, Read(_cell_of(first).layout, first.view, params["index"]))
        if not shape_of(out) and is_array(out):
            out = out[()]  # NumPy made an array of a number: a reshape would view it, but not the number's cotangent
        for i in carriers:
            if _shares_memory(values[i], out):
                _protect(operands[i])
        own = first.recording.own
        kept = tuple(own(v) if i in primitive.selectors else shape_of(v) for i, v in enumerate(values))
        shape = shape_of(out)
        links = tuple(
            Link(operands[i], between(values[i], out, Gather(primitive, i, kept, params, shape))) for i in carriers
        )
        return record(first.recording, out, links)

    return rule


def _shares_memory(x: Any, out: Any) -> bool:
    plain, made = innermost(x), innermost(out)
    if not _is_array(plain) or not _is_array(made):
        return False
    return bool(backends.namespace(plain).may_share_memory(plain, made))


def _is_array(x: Any) -> bool:
    return hasattr(x, "flags") and not isinstance(x, np.generic)


def _is_a_view(x: Tape, out: Any, params: dict[str, Any]) -> bool:
    """True if reshape gave a view; it then gives one of the cotangents' buffer too, which is laid out alike."""
    return _shares_memory(x.value, out)


VIEWING: dict[Structural, Callable[[Tape, Any, dict[str, Any]], bool]] = {
    getitem: lambda x, out, params: x.is_storage and is_basic(params["index"]),
    transpose: lambda x, out, params: True,
    flip: lambda x, out, params: True,
    diagonal: lambda x, out, params: True,
    reshape: _is_a_view,
    broadcast_to: lambda x, out, params: bool(x.shape),
    real_part: lambda x, out, params: bool(x.shape),
    imaginary_part: lambda x, out, params: bool(x.shape),
}
"""Structural primitives whose result shares the operand's storage, and when."""


def _last_broadcast(view: View) -> int | None:
    """Position in ``view`` of its last broadcast, past which one element of storage is seen many times."""
    return next((i for i in reversed(range(len(view))) if view[i][0] is broadcast_to), None)


def _cell_of(x: Tape) -> Cell:
    if x.cell is None:
        x.cell = Cell(x.slot, x.value)
        x.cell.views.append(weakref.ref(x))
    return x.cell


def _as_view(x: Tape, value: Any, step: tuple[Structural, dict[str, Any]]) -> Tape:
    cell = _cell_of(x)
    view = _new(Tape)
    view.value, view.slot, view.recording, view.level = value, x.slot, x.recording, x.level
    view.cell, view.view = cell, (*x.view, step)
    cell.views.append(weakref.ref(view))
    return view


def through_view(view: View, array: Any, batch: int | None = None) -> Any:
    """What a view shows of an array like the one that it was taken of, behind ``batch`` directions."""
    for primitive, params in view:
        shape = shape_of(array)[len(lead(batch)) :]
        array = primitive.dispatch(array, **primitive.with_batch(params, batch, shape))
    return array


@Assignment.rule(Tape)
def _assignment(primitive: Assignment, active: tuple[bool, ...]) -> Any:
    def rule(x: Tape, y: Any, index: Any) -> None:
        if not x.is_storage:
            raise MutationError("a scalar Tape does not support item assignment")
        cell = _cell_of(x)
        index = owned_index(index)
        stored = y.value if active[1] else y
        if cell.shared or levels.of(stored) > levels.of(cell.value):
            _unshare(cell, stored)
        setitem.dispatch(x.value, stored, index=index)
        link = Link(y, between(y.value, x.value, Diagonal(ONE, y.shape, y.shape))) if active[1] else None
        x.recording.entries.append(
            Write(cell.layout, x.view, index, link, shape_of(y), None if is_basic(index) else _last_stores(x, index))
        )

    return rule


def _unshare(cell: Cell, stored: Any) -> None:
    """Give the cell storage of its own, able to hold ``stored``, and let every living view look at it."""
    cell.value = held(copy(cell.value), stored)
    cell.shared = False
    living = []
    for reference in cell.views:
        view = reference()
        if view is not None:
            view.value = through_view(view.view, cell.value)
            living.append(reference)
    cell.views = living


def _last_stores(x: Tape, index: Any) -> Any:
    """Mask of the stores that survive where an advanced index repeats: the last one wins. None: all do."""
    flat = np.arange(x.size).reshape(x.shape)[tuple(to_host(part) for part in index)]
    if np.unique(flat).size == flat.size:
        return None
    order = np.arange(flat.size)
    last = np.zeros(x.size, dtype=int)
    last[flat.ravel()] = order
    alive = (last[flat.ravel()] == order).reshape(flat.shape)
    return backends.namespace(primal(x)).asarray(alive)


# -- the sweep


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
        if any(has_nan(ct) for ct in cotangents):
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
        at = _last_broadcast(view)
        if at is not None:  # the copies that a broadcast shows are one element: their cotangents sum
            spread = zeros(lead(self.batch) + tuple(view[at][1]["shape"]), like=ct)
            target = through_view(view[at + 1 :], spread, self.batch)
            target += ct
            before = shape_of(through_view(view[:at], np.broadcast_to(0.0, layout.shape)))
            ct, view = unbroadcast(spread, before, self.batch), view[:at]
            return self.add_view(layout, view, ct)
        target = through_view(view, self.own(layout, ct), self.batch)
        target += ct

    def own(self, layout: Layout, like: Any) -> Any:
        """A cell's cotangent as an array of the sweep's own, laid out as the cell's, that can hold ``like``."""
        slot = layout.slot
        present = self.of[slot]
        wraps = isinstance(like, Value) and not _levels(like) <= _levels(present)
        if layout.is_complex and not (is_complex(like) and is_complex(present)):
            like, wraps = like + 0j, wraps or not is_complex(present)
        if present is None or wraps or self.owned[slot] != LAID_OUT:
            fresh = held(zeros_beside(layout, self.batch, like), present)
            if not _levels(present) <= _levels(fresh):  # each has a level that the other lacks
                fresh = fresh + zeros_like(present)
            if present is not None:
                fresh[...] = present
            self.of[slot] = fresh
            self.owned[slot] = LAID_OUT
        return self.of[slot]


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
        if output.view:
            buffers.add_view(output.cell.layout, output.view, ct)
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
    return [ct if buffers.owned[tape.slot] else owned(ct) for tape, ct in ((tape, of[tape.slot]) for tape in inputs)]


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
                few = ct[tuple(slice(1) if stride == 0 else slice(None) for stride in ct.strides)]
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
    if own and ct.__class__ is np.ndarray and (factor.__class__ is float or _fits(factor, ct)):
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
            and np.result_type(ct, total) == total.dtype
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

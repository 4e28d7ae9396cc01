"""`Tape`: reverse mode. Each primitive appends its linear maps to a recording; a `sweep` applies their adjoints.

The partials are evaluated while recording, so the recording is a linear program. An entry's position is the *slot* of
the cotangent of what it made.

Arrays may be changed in place. A changed or viewed array gets a `Cell`: all its views share the cell's
slot and each knows the chain of rearrangements that leads to it, so that reading or writing one
element costs O(1) in both directions: the sweep adds into, or clears, one element of one buffer.
Arrays that a recorded map may hold are never overwritten: the first store after such a use copies.
"""

import operator
import weakref
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from interp import backends
from interp import level as levels
from interp.backends import to_host
from interp.errors import MutationError, RefusedStack
from interp.linear import ONE, ZERO, Diagonal, Gather, LinearMap, between
from interp.primitive import Assignment, Differentiable, Elementwise, Structural
from interp.value import Value, innermost, is_array, is_complex, primal, shape_of
from interp.vocabulary import copy, setitem, transpose
from interp.vocabulary.complex_numbers import imaginary_part, real_part
from interp.vocabulary.creation import held, owned
from interp.vocabulary.elementwise import square
from interp.vocabulary.indexing import getitem, is_basic, is_element, owned_index
from interp.vocabulary.shape import broadcast_to, diagonal, flip, reshape
from interpretations.dual import SCALARS, real_payload
from interpretations.spares import copied

NUMBERS = SCALARS - {complex, np.complex128}
"""Classes of real numbers, whose partials an entry holds as they are: the adjoint of a complex factor is another."""

_new = object.__new__


class Step(NamedTuple):
    """One rearrangement of an array of ``shape`` whose result shares its storage."""

    primitive: Structural
    params: dict[str, Any]
    shape: tuple[int, ...]


View = tuple[Step, ...]


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
        if constant.__class__ is not np.ndarray:
            return copy(constant) if shape_of(constant) else constant
        original, kept = self.constants.get(id(constant), (None, None))
        if kept is not None and original is not None and original() is constant and _unchanged(kept, constant):
            return kept
        kept = copied(constant)
        self.constants[id(constant)] = weakref.ref(constant), kept
        return kept


class Layout:
    """Shape and memory order of a cell's storage: what a sweep needs to know of it, which holds no array."""

    __slots__ = ("is_complex", "shape", "slot", "strides")

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

    __slots__ = ("__weakref__", "cell", "chain", "level", "recording", "slot", "value")
    components = ("value",)
    recorded = True
    native = False
    value: Any
    recording: Recording
    slot: int
    cell: Cell | None
    chain: View
    """The rearrangements through which it shows its cell's storage; not ``view``, a name of NumPy's."""

    # As `Value` has them, by fewer calls.
    payload = property(operator.attrgetter("value"), doc=Value.payload.__doc__)
    shape = property(lambda self: getattr(self.value, "shape", ()), doc=Value.shape.__doc__)

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
        self.slot, self.view, self.map = tape.slot, tape.chain, linear_map
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
    tape.chain = ()
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
            entry: tuple[Any, ...] = ()
            shapes: tuple[Any, ...] = ()
            for x, factor in zip(tapes, factors, strict=True):
                if factor is ZERO or x.chain:
                    break
                if factor.__class__ is not float and shape_of(factor):
                    factor = _held(factor, operands, active)
                entry += x.slot, factor
                shapes += (x.shape,)
            else:
                if shapes.count(out_shape) < len(shapes):
                    entry += ((*shapes, out_shape),)
                return record(tapes[0].recording, out, entry)
        links = []
        for x, factor in zip(tapes, factors, strict=True):
            if factor is not ZERO:
                kept = _held(factor, operands, active) if shape_of(factor) else factor
                links.append(Link(x, between(x.value, out, Diagonal(kept, shape_of(x.value), out_shape))))
        return record(tapes[0].recording, out, tuple(links))

    if active == (True,):

        def unary(x: Any) -> Tape:
            out, dx = compose(x.value)
            if out.__class__ in NUMBERS and x.chain == ():
                return record(x.recording, out, (x.slot, dx))
            return on_arrays(out, [dx], (x,), (x,))

        return unary

    if active == (True, True):

        def both(x: Any, y: Any) -> Tape:
            out, dx, dy = compose(x.value, y.value)
            if out.__class__ in NUMBERS and x.chain == () == y.chain:
                return record(x.recording, out, (x.slot, dx, y.slot, dy))
            return on_arrays(out, [dx, dy], (x, y), (x, y))

        return both

    if active == (True, False):

        def left(x: Any, y: Any) -> Tape:
            out, dx = compose(x.value, y)
            if out.__class__ in NUMBERS and x.chain == ():
                return record(x.recording, out, (x.slot, dx))
            return on_arrays(out, [dx], (x, y), (x,))

        return left

    if active == (False, True):

        def right(x: Any, y: Any) -> Tape:
            out, dy = compose(x, y.value)
            if out.__class__ in NUMBERS and y.chain == ():
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
        if is_active:
            if x.value is factor:
                _protect(x)
        elif x is factor:
            return operands[active.index(True)].recording.own(factor)
    return factor


def _number_or_array(out: Any) -> Any:
    """A new result: of no axes a number, which has no storage that a view could share."""
    return out[()] if out.__class__ is np.ndarray and not out.shape else out


def _unchanged(kept: np.ndarray, original: np.ndarray) -> bool:
    """True if an array of numbers is still as it was when it was copied."""
    alike = kept.shape == original.shape and kept.dtype == original.dtype
    return alike and bool((kept == original).all())


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
        links, holding = [], False
        for x, linear_map in zip(tapes, maps, strict=True):
            if linear_map is not None:
                links.append(Link(x, between(x.value, out, linear_map)))
                holding = holding or linear_map.holds_operands
        if holding:
            for tape in tapes:
                _protect(tape)
        return record(tapes[0].recording, out, tuple(links))

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
        if primitive is getitem and not is_basic(params["index"]):
            params = {"index": owned_index(params["index"])}
        has_storage = shape_of(out) or _shares_memory(first.value, out)
        if primitive in VIEWING and has_storage and VIEWING[primitive](first, out, params):
            return _as_view(first, out, Step(primitive, params, first.shape))
        if (
            primitive is getitem
            and params["index"]
            and is_element(params["index"], len(first.shape))
            and last_broadcast(first.chain) is None
        ):
            return record(first.recording, out, Read(_cell_of(first).layout, first.chain, params["index"]))
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


def last_broadcast(view: View) -> int | None:
    """Position in ``view`` of its last broadcast, past which one element of storage is seen many times."""
    return next((i for i in reversed(range(len(view))) if view[i].primitive is broadcast_to), None)


def seen_once(view: View) -> bool:
    """True of a view that shows each element of the storage, and once: a cotangent of it is one of the storage."""
    return all(step.primitive in (transpose, reshape, flip) or _shows_all(step) for step in view)


def _shows_all(step: Step) -> bool:
    return step.primitive is getitem and all(
        part is None or part is Ellipsis or part == slice(None) for part in step.params["index"]
    )


def _cell_of(x: Tape) -> Cell:
    if x.cell is None:
        x.cell = Cell(x.slot, x.value)
        x.cell.views.append(weakref.ref(x))
    return x.cell


def _as_view(x: Tape, value: Any, step: Step) -> Tape:
    cell = _cell_of(x)
    view = _new(Tape)
    view.value, view.slot, view.recording, view.level = value, x.slot, x.recording, x.level
    view.cell, view.chain = cell, (*x.chain, step)
    cell.views.append(weakref.ref(view))
    return view


def through_view(view: View, array: Any, batch: int | None = None) -> Any:
    """What a view shows of an array like the one that it was taken of, behind ``batch`` directions."""
    for primitive, params, shape in view:
        array = primitive.dispatch(array, **primitive.with_batch(params, batch, shape))
    return array


@Assignment.rule(Tape)
def _assignment(primitive: Assignment, active: tuple[bool, ...]) -> Any:
    def rule(x: Tape, y: Any, index: Any) -> None:
        if not x.is_storage:
            raise MutationError("a scalar Tape does not support item assignment")
        cell = _cell_of(x)
        if not cell.layout.shape:
            raise MutationError(
                "an array without axes, as np.zeros(()) makes, holds no values in reverse mode: use a number "
                "(a = a + x), or an array of one element"
            )
        index = owned_index(index)
        stored = y.value if active[1] else y
        if cell.shared or levels.of(stored) > levels.of(cell.value):
            _unshare(cell, stored)
        setitem.dispatch(x.value, stored, index=index)
        link = Link(y, between(y.value, x.value, Diagonal(ONE, y.shape, y.shape))) if active[1] else None
        x.recording.entries.append(
            Write(cell.layout, x.chain, index, link, shape_of(y), None if is_basic(index) else _last_stores(x, index))
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
            view.value = through_view(view.chain, cell.value)
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

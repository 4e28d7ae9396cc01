"""The state of a run, kept as a journal of notes: what is about to change is noted first, with its old content.

So a side of a branch is run, saved (the new contents of what it changed), rolled back, and applied again where both
sides meet. Only what changed is ever looked at, never whole objects: a loop that stores one element costs one note.
Nothing is noted while no branch is open.
"""

import itertools
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from types import CellType
from typing import Any

import numpy as np

from interp.control.path import PATH
from interp.value import Holder, innermost, shape_of
from interp.vocabulary import copy

Block = Callable[..., Any] | None
"""A piece of the program: a function without arguments that returns a signal, or None where it came to its end."""


class _Absent:
    """What an unbound local, a missing attribute or key, and a slot beyond the end of a list contain."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()


# -- notes: a place, and how to read and write it


class Place:
    """Something that holds a content. ``key`` tells places apart; ``old`` is the content when it was noted."""

    __slots__ = ("holder", "old", "slot")

    def __init__(self, holder: Any, slot: Any = None) -> None:
        self.holder, self.slot = holder, slot
        self.old = self.read()

    @property
    def key(self) -> Any:
        return (type(self), id(self.holder), self.slot)

    def again(self) -> "Place":
        """The same place, noted now."""
        return type(self)(self.holder, self.slot)

    def read(self) -> Any:
        raise NotImplementedError

    def write(self, content: Any) -> None:
        raise NotImplementedError


class Local(Place):
    """A closure cell: a local of a frame (the slot), or a variable that functions share."""

    __slots__ = ()

    @property
    def key(self) -> Any:
        return (Local, id(self.holder))

    def read(self) -> Any:
        try:
            return self.holder.cell_contents
        except ValueError:
            return ABSENT

    def write(self, content: Any) -> None:
        if content is not ABSENT:
            self.holder.cell_contents = content
        elif self.read() is not ABSENT:
            del self.holder.cell_contents


class Slot(Place):
    """An element of a list; appending writes the slot at its end, removing the last one empties it."""

    __slots__ = ()

    def read(self) -> Any:
        return self.holder[self.slot] if self.slot < len(self.holder) else ABSENT

    def write(self, content: Any) -> None:
        if content is ABSENT:
            del self.holder[self.slot :]
        elif self.slot < len(self.holder):
            self.holder[self.slot] = content
        else:
            self.holder.extend([content] * (self.slot + 1 - len(self.holder)))


class Entry(Place):
    """The entry of a dict at a key."""

    __slots__ = ()

    def read(self) -> Any:
        return self.holder.get(self.slot, ABSENT)

    def write(self, content: Any) -> None:
        # What a class of the user's does beside, it has done.
        kind = dict if hasattr(type(self.holder).__setitem__, "__code__") else type(self.holder)
        if content is ABSENT:
            kind.pop(self.holder, self.slot, None)
        else:
            kind.__setitem__(self.holder, self.slot, content)


class Attribute(Place):
    """An attribute of an object."""

    __slots__ = ()

    def read(self) -> Any:
        return getattr(self.holder, self.slot, ABSENT)

    def write(self, content: Any) -> None:
        if content is not ABSENT:
            setattr(self.holder, self.slot, content)
        elif self.read() is not ABSENT:
            delattr(self.holder, self.slot)


class Whole(Place):
    """All of a list, set or other container, where an operation may change any of it."""

    __slots__ = ()

    def read(self) -> Any:
        kind = next((kind for kind in (dict, set) if isinstance(self.holder, kind)), list)
        return kind(self.holder)

    def write(self, content: Any) -> None:
        if hasattr(self.holder, "clear"):
            self.holder.clear()
        else:
            del self.holder[:]
        (self.holder.extend if hasattr(self.holder, "extend") else self.holder.update)(content)


class Elements(Place):
    """The elements of an array, or of an array value, at an index. The key is where in its storage they are.

    ``owner``: of a view of a fresh array that array, which may come to stand for another; else the array that has the
    memory; None if it is the holder. ``layout``: how it is laid out. ``single``: one element.
    """

    __slots__ = ("key", "layout", "owner", "single")

    def __init__(self, holder: Any, slot: Any = None) -> None:
        self.holder, self.slot = holder, slot
        picked = self._picked()
        self.old = copy(picked) if shape_of(picked) else picked
        memory = innermost(holder.held if isinstance(holder, Holder) else holder)
        owner = holder.root if isinstance(holder, Holder) else _base(memory)
        storage = innermost(owner.held) if isinstance(holder, Holder) else owner
        self.owner = None if owner is holder else owner
        self.layout: tuple[int, ...] = ()
        self.single = False
        where: tuple[Any, ...] = (id(self),)
        if isinstance(memory, np.ndarray) and isinstance(storage, np.ndarray):
            self.layout = _in_items(storage.strides, storage)
            where, self.single = _position(memory, slot, innermost(picked), storage, id(self))
        self.key = (Elements, id(owner), self.layout, *where)  # type: ignore[misc]

    def read(self) -> Any:
        picked = self._picked()
        return copy(picked) if shape_of(picked) else picked

    def _picked(self) -> Any:
        picked = self.holder[self.slot]
        return picked.held if isinstance(picked, Holder) else picked

    def write(self, content: Any) -> None:
        self.holder[self.slot] = content


def _base(memory: Any) -> Any:
    """The array that has the memory of a view."""
    while getattr(memory, "base", None) is not None:
        memory = memory.base
    return memory


def _in_items(strides: tuple[int, ...], storage: np.ndarray) -> tuple[int, ...]:
    size = max(1, storage.itemsize)
    return tuple(stride // size for stride in strides)


def _position(
    memory: np.ndarray, index: Any, picked: Any, storage: np.ndarray, other: int
) -> tuple[tuple[Any, ...], bool]:
    """Where in ``storage`` the elements of ``memory`` at an index are, and whether it is one; ``other``: unknown."""
    parts = index if type(index) is tuple else (index,)
    origin = storage.__array_interface__["data"][0]
    start = (memory.__array_interface__["data"][0] - origin) // max(1, storage.itemsize)
    strides = _in_items(memory.strides, storage)
    if all(type(part) is int for part in parts) and len(parts) == memory.ndim:
        return (start + sum(s * (i % n) for s, i, n in zip(strides, parts, memory.shape, strict=True)),), True
    if isinstance(picked, np.ndarray) and np.may_share_memory(memory, picked):
        start = (picked.__array_interface__["data"][0] - origin) // max(1, storage.itemsize)
        return (start, picked.shape, _in_items(picked.strides, storage)), False
    return (start, memory.shape, strides, *(_described(part, other) for part in parts)), False


def _described(part: Any, other: int) -> Any:
    """What makes a part of an index the same as another."""
    if isinstance(part, np.ndarray) and part.dtype.kind in "iub":
        return part.shape, part.dtype.str, part.tobytes()
    if isinstance(part, slice):
        part = (part.start, part.stop, part.step)
    parts = part if isinstance(part, tuple) else (part,)
    known = all(x is None or x is Ellipsis or isinstance(x, int) for x in parts)
    return part if known else other


def overlapping(places: Iterable[Place]) -> bool:
    """True if two of several places, each of another key, may share contents."""
    singles: dict[int, Any] = {}
    wider: set[int] = set()
    for place in places:
        if isinstance(place, Elements):
            storage, single, layout = place.key[1], place.single, place.layout
        elif isinstance(place, Whole | Slot | Entry):
            storage, single, layout = id(place.holder), not isinstance(place, Whole), ()
        else:
            continue
        if storage in wider or (storage in singles and not (single and singles[storage] == layout)):
            return True
        if single:
            singles[storage] = layout
        else:
            wider.add(storage)
    return False


def _references(place: Place) -> int:
    return sys.getrefcount(place.holder)


_ONE = _references(Slot([], 0))
"""The count of an object to which one place alone refers."""


def _is_used(place: Place, places: int) -> bool:
    """True if something else than ``places`` of the journal refers to what holds a place, or may share its elements."""
    if isinstance(place, Elements) and (not isinstance(place.holder, Holder) or place.holder.is_view):
        return True
    return _references(place) - _ONE >= places


class Saved:
    """The contents of all places that a path has changed since some point, and whether it is the primal's path."""

    __slots__ = ("__weakref__", "contents", "new", "on", "places", "signal")

    def __init__(self, places: dict[Any, Place], contents: dict[Any, Any], on: bool, signal: Any = None) -> None:
        self.places, self.contents, self.on, self.signal = places, contents, on, signal
        self.new: frozenset[int] = frozenset()
        """Ids of the objects that only one of two paths had which met here."""


class Frame:
    """The locals of a running function, as cells. ``escapes``: functions made there may outlive it, and see them.

    ``number`` orders frames by age; ``over`` once nothing can read the cells any more.
    """

    __slots__ = ("_keys", "cells", "escapes", "function", "names", "number", "over")
    numbers = itertools.count()

    def __init__(self, reader: Callable[[], Any], function: str, escapes: bool = False) -> None:
        self.cells: tuple[CellType, ...] = reader.__closure__ or ()
        self.names: tuple[str, ...] = reader.__code__.co_freevars
        self.function, self.escapes, self.over, self.number = function, escapes, False, next(self.numbers)
        self._keys: dict[frozenset[str], frozenset[Any]] = {}

    def leave(self) -> None:
        """The function has returned."""
        self.over = not self.escapes

    def keys(self, names: frozenset[str]) -> frozenset[Any]:
        """The keys of some locals."""
        found = self._keys.get(names)
        if found is None:
            pairs = zip(self.names, self.cells, strict=True)
            found = self._keys[names] = frozenset((Local, id(cell)) for name, cell in pairs if name in names)
        return found

    def cell(self, name: str) -> CellType:
        return self.cells[self.names.index(name)]


class Barrier:
    """Where paths that left a block wait to be joined: a loop, a call, a try, a with.

    ``outcomes``: by kind of signal, the states that wait.
    ``base``: the length of the journal from which their states count.
    ``dead``: by kind of signal, the locals that are read no more where such a path goes on.
    """

    __slots__ = ("base", "catches", "counts_rounds", "dead", "depth", "frame", "kind", "outcomes")

    def __init__(self, kind: str, frame: Frame, depth: int) -> None:
        self.kind, self.frame, self.depth = kind, frame, depth
        self.outcomes: dict[str, list[Saved]] = {}
        self.base: int | None = None
        self.catches: tuple[type[BaseException], ...] = ()
        self.dead: Mapping[str, frozenset[str]] = {}
        self.counts_rounds = False
        """True of a loop of which the rounds run off the path, or undecided, until they are joined."""


class State:
    """One thread's run: journal, frames, barriers and open forks."""

    def __init__(self) -> None:
        self.journal: list[Place] = []
        self.saved: weakref.WeakSet[Saved] = weakref.WeakSet()
        """The states that are kept to go on from."""
        self.frames: list[Frame] = []
        self.barriers: list[Barrier] = []
        self.forks: list[tuple[int, int]] = []
        """For each open fork its place in the journal, and how many barriers stood around it."""
        self.running = False
        """True of the state of a run, within which another one is a part of it."""
        self.waiting = 0
        """How many barriers have outcomes."""
        self.recording = False
        self.witness: Any = None
        """The last undecided condition: what stands for an undecided one at its level."""
        self.alternatives = False
        """True once a name has stood for several values."""
        self.narrowed: list[list[Any]] = []
        """The contents of names that conditions have narrowed, which their branches hold until they are over."""
        self.unjoined_rounds = 0
        """How many rounds of loops have run one by one off the path, or undecided."""
        self.unordered: dict[int, Any] = {}
        """Dicts of which the order of the keys depends on the path, by their ids."""
        self.uncertain = False
        """True once a slot has been there on some paths only."""
        self.handled: BaseException | None = None
        self.dropped: list[BaseException] = []
        """What ended paths that no input can take, or that raise for some."""
        self.calls: list[Any] = []
        """The calls in progress off the primal's path."""

    # -- the journal

    def note(self, place: Place) -> None:
        if self.recording:
            self.journal.append(place)

    def note_locals(self, frame: Frame) -> None:
        self.journal.extend(Local(cell, frame) for cell in frame.cells)

    def save(self, mark: int, signal: Any = None, dead: frozenset[Any] = frozenset()) -> Saved:
        """What has changed since ``mark``, with its contents now, and by which signal the path ended here.

        ``dead``: keys of locals that are read no more, and are unbound from here on.
        """
        places: dict[Any, Place] = {}
        held: dict[int, int] = {}
        for place in self.journal[mark:]:
            if type(place) is not Local:
                held[id(place.holder)] = held.get(id(place.holder), 0) + 1
            elif place.slot.over:
                continue
            places.setdefault(place.key, place)
        if held:
            places = {key: p for key, p in places.items() if type(p) is Local or _is_used(p, held[id(p.holder)])}
        contents = {key: ABSENT if key in dead else place.read() for key, place in places.items()}
        saved = Saved(places, contents, self.on, signal)
        self.saved.add(saved)
        return saved

    def roll_back(self, mark: int) -> None:
        for place in reversed(self.journal[mark:]):
            place.write(place.old)
        del self.journal[mark:]

    def apply(self, saved: Saved) -> None:
        """Go on from a saved state, from where its changes count."""
        for key, place in saved.places.items():
            content = saved.contents[key]
            now = place.again()
            self.journal.append(now)
            if now.old is not content:
                now.write(content)
        self.on = saved.on

    def contents(self, saved: Saved, places: Iterable[Place], mark: int) -> dict[Any, Any]:
        """What ``places`` contain in a saved state, from where the journal is at ``mark``."""
        self.apply(saved)
        found = {place.key: place.read() for place in places}
        self.roll_back(mark)
        return found

    # -- the primal's path

    @property
    def on(self) -> bool:
        return not PATH.off

    @on.setter
    def on(self, on: bool) -> None:
        PATH.off = not on and self.has_primal

    def depths(self) -> tuple[int, int, int]:
        """How much is open, to return to with `cut` when an error has left it."""
        return len(self.barriers), len(self.frames), len(self.forks)

    def cut(self, depths: tuple[int, int, int]) -> None:
        barriers, frames, forks = depths
        self.waiting -= sum(barrier.base is not None for barrier in self.barriers[barriers:])
        del self.barriers[barriers:], self.frames[frames:], self.forks[forks:]

    @property
    def has_primal(self) -> bool:
        """True where one path is the primal's; intervals have none, and all their paths count alike."""
        return bool(self.witness.has_primal)

    # -- forks and barriers

    def open(self) -> tuple[int, list[Local]]:
        """Begin a fork: from here on changes are noted. Returns the mark to roll back to, and notes of the locals.

        Those stand below the mark too: a barrier around may need what they were.
        """
        self.recording = True
        self.forks.append((len(self.journal), len(self.barriers)))
        frame = self.frames[-1] if self.frames else None
        notes = [Local(cell, frame) for cell in frame.cells] if frame is not None else []
        self.journal += notes
        return len(self.journal), notes

    def close(self) -> None:
        self.forks.pop()
        self.settle()

    def settle(self) -> None:
        """Stop noting once nothing is open or waits."""
        if not self.forks and not self.waiting:
            self.recording = False
            self.journal.clear()

    def push(self, kind: str, frame: Frame, dead: Mapping[str, frozenset[str]] | None = None) -> Barrier:
        barrier = Barrier(kind, frame, len(self.barriers))
        barrier.dead = dead or {}
        self.barriers.append(barrier)
        return barrier

    def catching(self, error: type[BaseException]) -> bool:
        """True if a handler around here takes such an error."""
        return any(barrier.catches and issubclass(error, barrier.catches) for barrier in self.barriers)


class _Threads(threading.local):
    def __init__(self) -> None:
        self.state = State()


_THREADS = _Threads()


def current() -> State:
    """The state of this thread's run."""
    return _THREADS.state


def fresh() -> State:
    """A new state for a run that has nothing to do with the one around it; returns the old one."""
    before = _THREADS.state
    _THREADS.state = State()
    return before


def restore(state: State) -> None:
    """Go on with the run around."""
    _THREADS.state = state

"""Which objects belong to one path alone, when two paths meet: those join part by part, all others by reference.

An object *belongs* to a path if places in the state of that path refer to it, none of the other's, and nothing
outside. If one place alone does, no other name can tell an object that it is joined into from it: then it is that
place's *own*, and joins part by part. This is found by counting references. All that
we hold ourselves - waiting states, the journal, what they overwrite - is counted by hand; an object that Python counts
more references of is seen from elsewhere. A reference that we do not know of makes an object count as seen from
elsewhere, which joins less tightly and is never wrong.
"""

import sys
import types
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from interp.control.joined.alternatives import Alternatives, Sometimes
from interp.control.joined.signals import Return
from interp.control.joined.state import ABSENT, Attribute, Elements, Entry, Local, Place, Saved, Slot, State, Whole
from interp.value import Holder, Value

SIMPLE = (
    *(str, bytes, type(None), int, bool, float, complex, np.generic, type, slice, range, type(Ellipsis)),
    *(types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType, type(ABSENT)),
)
"""What has no parts that a program could change."""


class Belongings:
    """``side``: by id of an object, which path it belongs to. ``own``: ids of those that one place refers to.

    ``unused``: ids of those that neither path can reach.
    """

    def __init__(self) -> None:
        self.side: dict[int, int] = {}
        self.own: set[int] = set()
        self.unused: set[int] = set()


NOTHING = Belongings()


def belongings(state: State, a: Saved, b: Saved, thorough: bool = False) -> Belongings:
    """What belongs to each of two states that meet. Everything is rolled back when this is asked.

    ``thorough``: find the unused ones too, where nothing belongs to either.
    """
    if not thorough and not _differ(a, b):
        return NOTHING
    uses = [Counter(id(x) for x in _used(saved) if _has_parts(x)) for saved in (a, b)]
    census = _Census(state, (a, b), uses)
    found = Belongings()
    for key in census.private():
        counts = (uses[0][key], uses[1][key])
        if 0 not in counts or census.shares_elements(census.objects[key]):
            continue
        if counts == (0, 0):
            found.unused.add(key)
            continue
        found.side[key] = 0 if counts[0] else 1
        if sum(counts) == 1:
            found.own.add(key)
    for key, x in census.objects.items():
        if isinstance(x, Holder) and x.is_view:  # goes with the array of which it is a view
            root = id(x.root)
            if root in found.unused:
                found.unused.add(key)
            elif root in found.side:
                found.side[key] = found.side[root]
    return found


def _differ(a: Saved, b: Saved) -> bool:
    """True if a place contains an object with parts in one of two states, and another one in the other."""
    of_b = b.contents
    for key, x in a.contents.items():
        y = of_b.get(key, ABSENT)
        if x is not y and (_has_parts(x) or _has_parts(y)):
            return True
    if any(key not in a.contents and _has_parts(y) for key, y in of_b.items()):
        return True
    return isinstance(a.signal, Return) and (_has_parts(a.signal.value) or _has_parts(b.signal.value))


def _used(saved: Saved) -> Iterator[Any]:
    """What the places of a state contain in it, and the value that it brings."""
    for key, place in saved.places.items():
        if type(place) is not Local or not place.slot.over:
            yield saved.contents[key]
    if saved.signal is not None:
        yield saved.signal.value


def _has_parts(x: Any) -> bool:
    return not isinstance(x, SIMPLE) and not (isinstance(x, Value) and not x.shape)


def _parts(x: Any) -> Iterator[tuple[Any, Any]]:
    """What an object refers to, each with the key of the place that does."""
    if isinstance(x, list):
        yield from (((Slot, id(x), i), part) for i, part in enumerate(x))
    elif isinstance(x, dict):
        yield from (((Entry, id(x), key), part) for key, part in x.items())
    elif isinstance(x, tuple | set | Alternatives):
        values = x.values if isinstance(x, Alternatives) else x
        yield from (((tuple, id(x), i), part) for i, part in enumerate(values))
    elif isinstance(x, Sometimes):
        yield (tuple, id(x), 0), x.content
    elif isinstance(x, Holder):
        yield from (((Holder, id(x), i), part) for i, part in enumerate(x.refers_to()))
    elif not isinstance(x, Value | np.ndarray):
        yield from (((Attribute, id(x), name), part) for name, part in getattr(x, "__dict__", {}).items())


def _references(x: Any) -> int:
    return sys.getrefcount(x)


_ONE = max(_references(x) for x in {0: object()}.values())
"""The count of an object that, beside the loop that asks, one dict alone refers to."""


def _count_arrays(x: Any, arrays: dict[int, Any], uses: Counter[int]) -> None:
    """The arrays that ``x`` is made of and those that they are views of, and how often they refer to each."""
    if isinstance(x, Value):
        for part in x.parts():
            _count_arrays(part, arrays, uses)
    while isinstance(x, np.ndarray):
        uses[id(x)] += 1
        if id(x) in arrays:
            return
        arrays[id(x)] = x
        x = x.base


class _Census:
    """Counts the references to objects that are ours, or those of an object that only we refer to."""

    def __init__(self, state: State, sides: tuple[Saved, Saved], uses: list[Counter[int]]) -> None:
        self.sides, self.uses = sides, uses
        self.known: Counter[int] = Counter()
        self.memory: Counter[int] = Counter()
        """How many places note elements of an array as its owner."""
        self.objects: dict[int, Any] = {}
        self.counted: set[Any] = set()
        """Keys of the places of which the content has been counted."""
        places: dict[int, Place] = {id(place): place for place in state.journal}
        signals: dict[int, Any] = {}
        for saved in state.saved:
            places.update((id(place), place) for place in saved.places.values())
            for content in saved.contents.values():
                self._refer(content)
            signals[id(saved.signal)] = saved.signal
        for signal in signals.values():
            if signal is not None:
                self._refer(signal.value)
        for contents in state.narrowed:
            for content in contents:
                self._refer(content)
        for place in places.values():
            self._refer(place.old)
            if type(place) is not Local:
                self._refer(place.holder)
            if isinstance(place, Elements) and isinstance(place.owner, Holder):
                self._refer(place.owner)
            elif isinstance(place, Elements):
                self.memory[id(place.owner)] += 1
        for saved in sides:  # what is there now, in places of which the content will be another
            for key, place in saved.places.items():
                if key not in self.counted and not isinstance(place, Whole):
                    self.counted.add(key)
                    self._refer(place.read())

    def _refer(self, x: Any) -> None:
        if _has_parts(x):
            self.known[id(x)] += 1
            self.objects[id(x)] = x

    def private(self) -> set[int]:
        """Ids of the objects that nothing else refers to."""
        found: set[int] = set()
        while True:
            known = self.known
            new = [id(x) for x in self.objects.values() if id(x) not in found and _references(x) - _ONE <= known[id(x)]]
            if not new:
                return found
            found.update(new)
            for key in new:
                self._within(self.objects[key])

    def _within(self, x: Any) -> None:
        """Count what an object refers to that only we refer to."""
        for key, part in _parts(x):
            if not _has_parts(part):
                continue
            if key not in self.counted:
                self.counted.add(key)
                self._refer(part)
            for saved, uses in zip(self.sides, self.uses, strict=True):
                if uses[id(x)] and key not in saved.places and (Whole, id(x), None) not in saved.places:
                    uses[id(part)] += 1

    def shares_elements(self, x: Any) -> bool:
        """True of an array that is a view of another, or of which there may be views."""
        if isinstance(x, Holder):
            return x.is_view
        if isinstance(x, np.ndarray):
            return x.base is not None
        if not isinstance(x, Value):
            return False
        if type(x).is_view is not Value.is_view and x.is_view:
            return True
        arrays: dict[int, Any] = {}
        uses: Counter[int] = Counter()
        _count_arrays(x, arrays, uses)
        return any(_references(array) - _ONE > uses[id(array)] + self.memory[id(array)] for array in arrays.values())

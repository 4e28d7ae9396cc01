"""What two paths make of one place where they meet: `join`; and `same`, by which a fixpoint knows that it is one.

Numbers and values of one shape become ``where(undecided, a, b)``: each number type says by its rule of `where` what
that is - united patterns, a hull, a node with two parents. What no number type unites stays `Alternatives`.
"""

import types
from collections.abc import Container, Iterable, Iterator
from typing import Any

import numpy as np

from interp.control.joined.alternatives import Alternatives, Sometimes
from interp.control.joined.ownership import Belongings, belongings
from interp.control.joined.signals import Raised, Return, Signal
from interp.control.joined.state import (
    ABSENT,
    Elements,
    Entry,
    Local,
    Place,
    Saved,
    Slot,
    State,
    Whole,
    current,
    overlapping,
)
from interp.control.path import PATH
from interp.errors import InterpError, UndecidedError
from interp.value import Holder, Value, shape_of
from interp.vocabulary import where

ATOMS = (str, bytes, type(None), int, bool, type, type(Ellipsis), slice, range)
FLOATS = (float, np.floating, complex, np.complexfloating)


def undecided(on: bool | None) -> Any:
    """A condition that the input decides; the primal's answer is ``on``."""
    return current().witness.undecided(bool(on))


def unknown(content: Any) -> Any:
    """A number that may be any other of its kind elsewhere; here it is ``content``."""
    return current().witness.unknown(content)


# -- numbers


def _is_number(x: Any) -> bool:
    return isinstance(x, FLOATS) or (isinstance(x, Value) and not x.shape and x.dtype.kind in "fc")


def _is_integer(x: Any) -> bool:
    return (isinstance(x, int | np.integer) and not isinstance(x, bool)) or (
        isinstance(x, Value) and not x.shape and x.dtype.kind in "iu"
    )


def _counts(x: Any) -> bool:
    """True of an integer, and of a value that an integer has become where it was widened."""
    return _is_integer(x) or (isinstance(x, Value) and not x.shape)


def _is_truth(x: Any) -> bool:
    return isinstance(x, bool | np.bool_) or (isinstance(x, Value) and not x.shape and x.dtype.kind == "b")


def _is_array(x: Any) -> bool:
    return isinstance(x, np.ndarray | Value | Holder) and bool(shape_of(x))


def _identical(a: Any, b: Any) -> bool:
    """Certainly the same content: one object, or equal plain numbers and atoms of one type."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, FLOATS):
        return bool(a == b and np.signbit(a.real) == np.signbit(b.real)) or bool(a != a and b != b)
    if isinstance(a, (*ATOMS, np.integer, np.bool_)):
        return bool(a == b)
    if isinstance(a, np.ndarray):
        return bool(a.shape == b.shape and a.dtype == b.dtype and a.dtype.kind != "O" and a.tobytes() == b.tobytes())
    return False


def _united(a: Any, b: Any, on: bool | None) -> Any:
    """``where`` of two numbers or arrays of one shape; NotImplemented of other things."""
    if _is_number(a) and _is_number(b):
        return where(undecided(on), a, b)
    if (_is_integer(a) and _is_integer(b)) or (_is_truth(a) and _is_truth(b)):
        if isinstance(a, Value) or isinstance(b, Value):
            return where(undecided(on), a, b)
        return NotImplemented
    if _is_array(a) and _is_array(b) and shape_of(a) == shape_of(b):
        return where(undecided(on), a, b)
    return NotImplemented


def _widened(before: Any, joined: Any) -> Any:
    """``joined`` made so wide that it covers whatever ``before`` may grow to."""
    if not isinstance(before, Value) or type(before) is not type(joined):
        return joined
    if type(joined).joins:
        return before.widened(joined)  # type: ignore[attr-defined]
    return joined.rebuild(*(_widened(getattr(before, name), getattr(joined, name)) for name in joined.components))


# -- anything


class Join:
    """Joins the contents of two paths. ``on``: the first is the primal's (False: the second, None: neither)."""

    def __init__(self, on: bool | None, fresh: Container[int] = (), widen: bool = False) -> None:
        self.on, self.fresh, self.widen = on, fresh, widen
        self.made: dict[int, Any] = {}
        self.here = object()

    def _new(self, *objects: Any) -> bool:
        return all(id(x) in self.fresh or id(x) in self.made for x in objects)

    def _make(self, made: Any) -> Any:
        """Keep what has been made, which nothing else can know."""
        self.made[id(made)] = made
        return made

    def __call__(self, a: Any, b: Any) -> Any:
        if _identical(a, b):
            return a
        if a is ABSENT or b is ABSENT:
            # A name that one path leaves unbound: wherever it may be read, the other one was taken.
            return b if a is ABSENT else a
        if isinstance(a, Sometimes) or isinstance(b, Sometimes):
            return self._sometimes(a, b)
        if isinstance(a, Alternatives) or isinstance(b, Alternatives):
            return self._alternatives(a, b)
        if not (_is_array(a) and _is_array(b)) or self._new(a, b):
            united = _united(a, b, self.on)
            if united is not NotImplemented:
                return _widened(a, united) if self.widen else united
        elif isinstance(a, Value) and isinstance(b, Value) and _same_place(a, b):
            return a
        structure = self._structure(a, b)
        return self._alternatives(a, b) if structure is NotImplemented else structure

    def _sometimes(self, a: Any, b: Any) -> Sometimes:
        x, y = (s.content if isinstance(s, Sometimes) else s for s in (a, b))
        there = [s.on if isinstance(s, Sometimes) else True for s in (a, b)]
        on = None if self.on is None else there[0 if self.on else 1]
        repeated = any(isinstance(s, Sometimes) and s.repeated for s in (a, b))
        return Sometimes(self(x, y), on, repeated)

    def _alternatives(self, a: Any, b: Any) -> Any:
        parts = [x if isinstance(x, Alternatives) else Alternatives((x,), 0) for x in (a, b)]
        values: list[Any] = []
        paths: list[set[Any]] = []
        primal = None
        for side, part in enumerate(parts):
            chosen = self.on is not None and self.on == (side == 0)
            for i, value in enumerate(part.values):
                at = self._placed(values, value, chosen and part.primal == i)
                if at == len(paths):
                    paths.append(set())
                paths[at].add(side)
                if chosen and part.primal == i:
                    primal = at
        if len(values) == 1:
            return values[0]
        if (self.widen or len(values) > PATH.options.alternatives) and all(map(_counts, values)):
            known = values[primal] if primal is not None else values[0]
            return unknown_among(values, known)
        if len(values) > PATH.options.alternatives:
            shown = ", ".join(repr(v)[:40] for v in values[:3])
            raise UndecidedError(
                f"a name stands for more than {PATH.options.alternatives} values that cannot be united ({shown}, ...), "
                "one for each way through the branches before; make them numbers of one type, or branch on less"
            )
        current().alternatives = True
        return Alternatives(tuple(values), primal, self.here, tuple(map(frozenset, paths)))

    def _placed(self, values: list[Any], value: Any, chosen: bool) -> int:
        """Unite ``value`` with one of ``values``, or add it; its position."""
        for i, present in enumerate(values):
            if _identical(present, value):
                return i
            join = Join(None if self.on is None else not chosen, self.fresh, self.widen)
            join.made = self.made
            united = NotImplemented
            if not (_is_array(present) or _is_array(value)) or self._new(present, value):
                united = _united(present, value, join.on)
            if united is NotImplemented:
                united = join._structure(present, value)
            if united is not NotImplemented:
                values[i] = self._make(united)
                return i
        values.append(value)
        return len(values) - 1

    def _structure(self, a: Any, b: Any) -> Any:
        """Containers that were made on the way join part by part."""
        if type(a) is not type(b):
            return NotImplemented
        if isinstance(a, tuple) and len(a) == len(b):
            parts = [self(x, y) for x, y in zip(a, b, strict=True)]
            return type(a)(*parts) if hasattr(a, "_fields") else tuple(parts)
        if not self._new(a, b):
            return NotImplemented
        if type(a) is list:
            return self._make(self.slots(a, b))
        if type(a) is dict:
            if [k for k in a if k in b] != [k for k in b if k in a]:
                return NotImplemented  # in another order
            keys = (*a, *(k for k in b if k not in a))
            return self._make({key: self.slot(a.get(key, ABSENT), b.get(key, ABSENT)) for key in keys})
        if type(a) is set and a == b:
            return a
        names = getattr(a, "__dict__", None)
        if names is not None and _made_plainly(type(a)) and not callable(a) and not _has_slots(type(a)):
            made = object.__new__(type(a))  # the old ones are what saved states hold
            for name in (*names, *(n for n in vars(b) if n not in names)):
                vars(made)[name] = self.slot(names.get(name, ABSENT), vars(b).get(name, ABSENT))
            return self._make(made)
        return NotImplemented

    def slot(self, a: Any, b: Any) -> Any:
        """The content of a slot or entry that one side may lack."""
        if a is ABSENT or b is ABSENT:
            if a is b:
                return ABSENT
            kept, side = (b, False) if a is ABSENT else (a, True)
            there = kept.on if isinstance(kept, Sometimes) else True
            on = None if self.on is None else (there if self.on == side else False)
            content = kept.content if isinstance(kept, Sometimes) else kept
            return Sometimes(content, on, isinstance(kept, Sometimes) and kept.repeated)
        return self(a, b)

    def slots(self, a: list[Any], b: list[Any]) -> list[Any]:
        """Two lists, slot by slot. Where they grow without bound the rest becomes one repeated slot, off the primal's
        path: what is there on it keeps its slots."""
        (a, *rest), (b, *more) = _parted(a), _parted(b)
        rest += more
        common = min(len(a), len(b))
        joined = [self.slot(x, y) for x, y in zip(a, b, strict=False)]
        if self.widen:
            rest = [x.content if isinstance(x, Sometimes) else x for x in (*a[common:], *b[common:])] + rest
        else:
            joined += [self.slot(x, ABSENT) for x in a[common:]] + [self.slot(ABSENT, y) for y in b[common:]]
        if rest:
            content = rest[0]
            for x in rest[1:]:
                content = self(content, x)
            joined.append(Sometimes(content, None if self.on is None else False, True))
        return joined


def _parted(slots: list[Any]) -> tuple[Any, ...]:
    """A list without its repeated slot, and the content of that if there is one."""
    return (slots[:-1], slots[-1].content) if grows(slots) else (slots,)


def grows(x: list[Any]) -> bool:
    """True of a list that ends in a repeated slot."""
    return bool(x) and isinstance(x[-1], Sometimes) and x[-1].repeated


def appended(x: list[Any], item: Any) -> None:
    """``x.append(item)``. In a list that ends in a repeated slot it comes among what is there, in whatever order."""
    state = current()
    if not grows(x):
        if state.recording:
            state.note(Slot(x, len(x)))
        list.append(x, item)  # of a class of the user's too
        return
    last, content = x[-1], item.content if isinstance(item, Sometimes) else item
    state.note(Slot(x, len(x) - 1))
    state.note(Slot(x, len(x)))
    x[-1:] = [Sometimes(Join(None)(last.content, content), last.on, True)]
    if state.on and state.has_primal:
        x.insert(len(x) - 1, item if content is not item else Sometimes(item, True))


def extended(x: list[Any], items: Iterable[Any]) -> None:
    """``x.extend(items)``."""
    if grows(x):
        for item in items:
            appended(x, item)
    else:
        current().note(Whole(x))
        x.extend(items)


def _made_plainly(cls: Any) -> bool:
    return cls.__new__ is object.__new__


def _has_slots(cls: type) -> bool:
    return any(vars(base).get("__slots__") for base in cls.__mro__)


def unknown_among(values: list[Any], known: Any) -> Any:
    """An integer of which no more is known than that it may be any of ``values``, and ``known`` here."""
    answer = known if isinstance(known, Value) else unknown(known)
    for value in values:
        if not _identical(value, known):
            answer = where(undecided(True), answer, value)
    return answer


def join_all(answers: Iterable[tuple[Any, bool | None]], fresh: frozenset[int] = frozenset()) -> Any:
    """Join several answers, each with whether it is on the primal's path. ``fresh``: ids of those made for this."""
    (joined, on), *others = answers
    for answer, other_on in others:
        side = None if on is None or other_on is None else True if on else False if other_on else None
        if side is None and (on or other_on):
            side = bool(on)
        joined = Join(side, fresh)(joined, answer)
        fresh = fresh | {id(joined)} if fresh else fresh
        on = on or other_on
    return joined


def _same_place(a: Value, b: Value) -> bool:
    """True if two array values are the same elements of the same storage: `a += x` binds what it has changed."""
    return (
        type(a) is type(b)
        and a.shape == b.shape
        and all(
            (x is y) or (isinstance(x, Value) and isinstance(y, Value) and _same_place(x, y)) or _same_memory(x, y)
            for x, y in zip(a.parts(), b.parts(), strict=True)
        )
    )


def _same_memory(x: Any, y: Any) -> bool:
    return (
        isinstance(x, np.ndarray)
        and isinstance(y, np.ndarray)
        and x.__array_interface__["data"] == y.__array_interface__["data"]
        and x.strides == y.strides
    )


# -- whole states


def merged(state: State, a: Saved, b: Saved, widen: bool = False, fixpoint: bool = False) -> Saved:
    """The state in which two paths meet, saved. The journal is rolled back, and is in that state afterwards.

    ``fixpoint``: leave out what neither path can reach any more, so that it does not look as if it changed for ever.
    """
    mark = len(state.journal)
    found = belongings(state, a, b, fixpoint)
    signal = meet(state, a, b, found, widen)
    saved = state.save(mark, signal)
    saved.new = frozenset(found.side)
    return saved


def meet(state: State, a: Saved, b: Saved, found: Belongings, widen: bool = False) -> Signal | None:
    """Go on where two paths meet, from where they parted; the joined signal. ``found``: what belongs to each."""
    on = True if a.on else False if b.on else None
    join = Join(on, found.own, widen)
    shared: dict[Any, Place] = {}
    for side, saved in enumerate((a, b)):  # what only one side has is as that side left it
        for key, place in saved.places.items():
            owner = None if type(place) is Local else found.side.get(id(place.holder))
            if owner is None:
                if type(place) is Local or id(place.holder) not in found.unused:
                    shared[key] = place
            elif owner == side:
                now = place.again()
                state.journal.append(now)
                now.write(saved.contents[key])
    _remember_other_orders(shared, a, b)
    grown = list(_grown(shared, a, b, widen)) if widen or state.uncertain else []
    if overlapping(shared.values()):
        inner = len(state.journal)
        of_a, of_b = (state.contents(_only(saved, shared), shared.values(), inner) for saved in (a, b))
    else:
        of_a, of_b = ({key: s.contents.get(key, place.old) for key, place in shared.items()} for s in (a, b))
    for place, *sides in grown:
        shared[place.key], of_a[place.key], of_b[place.key] = place, *sides
    signal: Signal | None = a.signal
    if isinstance(signal, Return) and isinstance(b.signal, Return):
        signal = Return(join(signal.value, b.signal.value))
    for key, place in shared.items():
        x, y = of_a[key], of_b[key]
        if type(place) is Local:
            content: Any = x if x is y else join(x, y)
        elif isinstance(place, Whole):
            content = _whole(join, place, x, y)
        elif isinstance(place, Elements):
            content = _elements(join, x, y)
        else:
            content = join.slot(x, y)
        now = place.again()
        state.journal.append(now)
        if now.old is not content:
            now.write(content)
    state.on = a.on or b.on
    if isinstance(signal, Raised) and isinstance(b.signal, Raised) and signal.value is not b.signal.value:
        signal = Raised(_error(join, signal.value, b.signal.value))  # as their attributes are now
    return signal


def _remember_other_orders(shared: dict[Any, Place], a: Saved, b: Saved) -> None:
    """Remember the dicts that got new keys in another order on each side: nothing may depend on their order."""
    entries = {id(p.holder): p.holder for p in shared.values() if type(p) is Entry}
    for key, holder in entries.items():
        orders = []
        for saved in (a, b):
            after = Reader(saved).entries(holder)
            orders.append(list(after))
        common = [[k for k in order if k in other] for order, other in (orders, orders[::-1])]
        if common[0] != common[1]:
            current().unordered[key] = holder


def _grown(shared: dict[Any, Place], a: Saved, b: Saved, widen: bool) -> Iterator[tuple[Place, list[Any], list[Any]]]:
    """The lists that are to be joined as a whole, and what is in them on each side; their slots are taken out.

    Those that end in a repeated slot, and in a widening those that have grown.
    """
    lists = {id(p.holder): p.holder for p in shared.values() if isinstance(p.holder, list)}
    readers = Reader(a), Reader(b)
    for holder in lists.values():
        x, y = (reader.items(holder) for reader in readers)
        if (widen and len(x) != len(y)) or grows(x) or grows(y):
            for key in [key for key, place in shared.items() if place.holder is holder]:
                del shared[key]
            yield Whole(holder), x, y


def _error(join: Join, a: BaseException, b: BaseException) -> BaseException:
    """Two errors of one class as one, with what each carries joined."""
    if len(a.args) != len(b.args):
        raise UndecidedError(
            f"two {type(a).__name__} with different arguments meet at a handler: give them as many each, or classes of "
            "their own"
        )
    made = type(a).__new__(type(a), *a.args)
    made.args = join(a.args, b.args)
    of_a, of_b = ({k: v.content if isinstance(v, Sometimes) else v for k, v in vars(e).items()} for e in (a, b))
    vars(made).update({name: join.slot(of_a.get(name, ABSENT), of_b.get(name, ABSENT)) for name in {**of_a, **of_b}})
    return made


def _elements(join: Join, x: Any, y: Any) -> Any:
    """Contents of array elements: copies, so that they unite whatever they were."""
    if _identical(x, y):
        return x
    united = _united(x, y, join.on)
    if united is NotImplemented:
        united = where(undecided(join.on), x, y)
    return _widened(x, united) if join.widen else united


def _whole(join: Join, place: Place, x: Any, y: Any) -> Any:
    if isinstance(x, list):
        return join.slots(x, y)
    if isinstance(x, dict):
        return {key: join.slot(x.get(key, ABSENT), y.get(key, ABSENT)) for key in dict.fromkeys((*x, *y))}
    if x == y:
        return x
    raise InterpError(
        f"a {type(place.holder).__name__} differs between two branches that the input decides: use a list or a dict"
    )


def _only(saved: Saved, shared: dict[Any, Place]) -> Saved:
    """What a state changes among places."""
    places = {key: place for key, place in saved.places.items() if key in shared}
    return Saved(places, {key: saved.contents[key] for key in places}, saved.on)


# -- fixpoints


class Reader:
    """Reads lists, dicts and objects as they are in a saved state, while everything is rolled back."""

    def __init__(self, saved: Saved | None = None) -> None:
        self.changes: dict[int, list[tuple[Place, Any]]] = {}
        if saved is not None:
            for key, place in saved.places.items():
                self.changes.setdefault(id(place.holder), []).append((place, saved.contents[key]))

    def items(self, x: list[Any]) -> list[Any]:
        """The slots of a list."""
        found = list(x)
        for place, content in self.changes.get(id(x), ()):
            if isinstance(place, Whole):
                found = list(content)
            elif content is ABSENT:
                del found[place.slot :]
            else:
                found[place.slot : place.slot + 1] = [content]
        return found

    def entries(self, x: Any) -> dict[Any, Any]:
        """The entries of a dict, the attributes of an object."""
        found = dict(x) if isinstance(x, dict) else dict(vars(x))
        for place, content in self.changes.get(id(x), ()):
            if isinstance(place, Whole):
                found = dict(content)
            elif content is ABSENT:
                found.pop(place.slot, None)
            else:
                found[place.slot] = content
        return found


LIVE = Reader()


def recorded_numbers(x: Any, reader: Reader = LIVE) -> int:
    """How many numbers in ``x`` are of a type that keeps a record of its operations."""
    x = x.held if isinstance(x, Holder) else x
    inner = x
    while isinstance(inner, Value):
        if inner.recorded:
            return int(max(1, x.size))
        inner = inner.payload
    if isinstance(x, Sometimes):
        return recorded_numbers(x.content, reader)
    if isinstance(x, list):
        return sum(recorded_numbers(part, reader) for part in reader.items(x))
    if isinstance(x, dict):
        return sum(recorded_numbers(part, reader) for part in reader.entries(x).values())
    if isinstance(x, tuple | Alternatives):
        return sum(recorded_numbers(part, reader) for part in (x if isinstance(x, tuple) else x.values))
    names = getattr(x, "__dict__", None)
    if names and not callable(x) and not isinstance(x, Value | types.ModuleType):
        return sum(recorded_numbers(part, reader) for part in reader.entries(x).values())
    return 0


def same(a: Any, b: Any, of_a: Reader = LIVE, of_b: Reader = LIVE) -> bool:
    """True if ``b`` says no more than ``a``: patterns, ends and alternatives, whatever numbers stand for them.

    What is in containers and objects is read by ``of_a`` and ``of_b``.
    """
    if a is not b and (id(a) in of_a.changes or id(b) in of_b.changes) and isinstance(a, Holder | Value | np.ndarray):
        return False  # stored into since: what it contains in its state is not in the object itself
    a, b = (x.held if isinstance(x, Holder) else x for x in (a, b))
    if isinstance(a, Value) and isinstance(b, Value):
        if type(a) is not type(b) or a.shape != b.shape:
            return False
        if a is b:
            return True
        if type(a).joins:
            return a.covers(b)  # type: ignore[attr-defined, no-any-return]
        return all(same(x, y) for x, y in zip(_comparable(a), _comparable(b), strict=True))
    if isinstance(a, Alternatives):
        others = b.values if isinstance(b, Alternatives) else (b,)
        return all(any(same(x, y, of_a, of_b) for x in a.values) for y in others)
    if isinstance(a, Sometimes) and isinstance(b, Sometimes):
        return a.repeated >= b.repeated and same(a.content, b.content, of_a, of_b)
    if type(a) is not type(b):
        return False
    if isinstance(a, list):
        x, y = of_a.items(a), of_b.items(b)
        return len(x) == len(y) and all(same(p, q, of_a, of_b) for p, q in zip(x, y, strict=True))
    if isinstance(a, tuple):
        return len(a) == len(b) and all(same(p, q, of_a, of_b) for p, q in zip(a, b, strict=True))
    if isinstance(a, dict) or (hasattr(a, "__dict__") and not callable(a) and not isinstance(a, types.ModuleType)):
        if a is b and not (id(a) in of_a.changes or id(b) in of_b.changes):
            return True
        left, right = of_a.entries(a), of_b.entries(b)
        return left.keys() == right.keys() and all(same(left[k], right[k], of_a, of_b) for k in left)
    return a is b or _identical(a, b)


def _comparable(x: Value) -> list[Any]:
    return [part for part in (getattr(x, name) for name in x.components) if isinstance(part, Value)]

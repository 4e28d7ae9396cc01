"""Loops: the primal's rounds run one by one; off its path they run so for a while, then to a fixpoint.

At an undecided condition the path that leaves is filed at the loop's barrier, and the other one goes on. A path of
which all that may still come is known already ends: its states have been seen.
"""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from interp.control.joined.alternatives import Alternatives, Sometimes, uncertain
from interp.control.joined.blocks import Generated
from interp.control.joined.forks import (
    alternatives_among,
    decision,
    file,
    file_off,
    fork,
    guarded,
    leave,
    partition,
    primal_truth,
    united,
)
from interp.control.joined.joining import Reader, merged, recorded_numbers, same
from interp.control.joined.narrowing import Narrow
from interp.control.joined.selection import Selection
from interp.control.joined.signals import BREAK, CONTINUE, DEAD, END, GO_ON, Signal
from interp.control.joined.state import Barrier, Block, Frame, Local, Saved, State, current
from interp.control.path import PATH
from interp.errors import PathError, UndecidedError

FEW = 4
"""Rounds that a loop runs unjoined where others have run long."""
MANY = 8
"""Outcomes of one kind that wait at a loop before they are joined."""


Dead = Mapping[str, frozenset[str]]
"""By how a round of a loop ends, the locals that are read no more where it goes on."""


class Loop:
    """A running loop. ``advance`` decides on a further round: None, END or another signal."""

    def __init__(
        self, state: State, frame: Frame, advance: Callable[["Loop"], Signal | None], step: Block, dead: Dead
    ) -> None:
        self.state, self.frame, self.advance, self.step = state, frame, advance, step
        self.barrier: Barrier = state.push("loop", frame, dead)
        self.dead = frame.keys(dead[CONTINUE.kind])
        self.began = next(Frame.numbers)

    def run(self, orelse: Block) -> Signal | None:
        """All rounds, and ``else``."""
        state = self.state
        depths = state.depths()
        try:
            signal = self._rounds()
        except BaseException as error:
            if not self.barrier.outcomes or not isinstance(error, Exception):
                raise
            state.cut(depths)
            raised = error

            def again(_: Signal) -> Signal:
                raise raised

            signal = guarded(state, again, GO_ON)

        def take(signal: Signal) -> Signal:
            if signal is BREAK:
                return GO_ON
            if signal is END:
                return (orelse() if orelse is not None else None) or GO_ON
            return signal

        signal = leave(state, self.barrier, signal, take)
        return None if signal is GO_ON else signal

    def _rounds(self) -> Signal:
        """Rounds one by one, up to the end or until they are joined."""
        state, unjoined = self.state, 0
        allowed = _unjoined_rounds(state)
        advance, step, outcomes = self.advance, self.step, self.barrier.outcomes
        for count in itertools.count():
            signal = advance(self)
            if signal is None and step is not None:
                signal = step()
            if outcomes:
                signal = self._behind_round(signal)
            if signal is not None and signal is not CONTINUE:
                return signal
            if outcomes:
                self._compact()
                if PATH.off or not state.has_primal:
                    unjoined += 1
                    state.unjoined_rounds += 1
                    self.barrier.counts_rounds = True
                    if unjoined > allowed and self.joinable:
                        return self._fixpoint()
            if self.most is not None and count > self.most and state.uncertain:
                raise PathError(
                    f"a loop in {self.frame.function} over a list that grows as it is looped over, in a branch that "
                    "the input decides, ran on and on: loop over a copy, or bound it by a number of rounds"
                )
            if PATH.off and not self.bounded and count > PATH.options.steps:
                raise PathError(
                    f"a loop in {self.frame.function} that this input does not enter ran {count} rounds: "
                    "bound it by a number of rounds"
                )
        raise AssertionError

    most: int | None = None
    """Of a loop over a list how many rounds it may have: those of its length, and some for what it grows by."""
    bounded = False
    """True of loops over something that has a length."""
    joinable = True
    """False of loops over positions, which are never joined and end by themselves."""

    def round(self) -> Signal | None:
        """One round; None where a path is left that goes on with the next."""
        signal = self.advance(self)
        if signal is None and self.step is not None:
            signal = self.step()
        return self._behind_round(signal)

    def _behind_round(self, signal: Signal | None) -> Signal | None:
        """The same where ``signal`` is how the path that is here has ended the round."""
        waiting = self.barrier.outcomes.pop(CONTINUE.kind, None)
        if waiting is None:
            return None if signal is CONTINUE else signal
        if signal is None or signal is CONTINUE:
            file(self.state, CONTINUE)
            waiting += self.barrier.outcomes.pop(CONTINUE.kind)
        elif signal is not DEAD:
            file(self.state, signal)
        assert self.barrier.base is not None
        self.state.roll_back(self.barrier.base)
        self.state.apply(united(self.state, waiting))
        return None

    def _compact(self) -> None:
        """Join what waits in numbers, so that a long loop keeps few states."""
        if all(len(waiting) < MANY for waiting in self.barrier.outcomes.values()):
            return
        state, base = self.state, self.barrier.base
        assert base is not None
        here = state.save(base, dead=self.dead)
        state.roll_back(base)
        for waiting in self.barrier.outcomes.values():
            waiting[:] = [united(state, waiting)]
        state.apply(here)

    def _fixpoint(self) -> Signal:
        """Rounds on joined states, until they say nothing new."""
        state, base = self.state, self.barrier.base
        assert base is not None
        head = state.save(base, dead=self.dead)
        settled = 0
        for count in itertools.count():
            signal = self.round()
            if signal is not None:
                return signal
            after = state.save(base, dead=self.dead)
            state.roll_back(base)
            joined = merged(state, head, after, count >= PATH.options.rounds_before_widening, fixpoint=True)
            state.roll_back(base)
            if self._covers(head, joined):
                settled += 1
                reader = Reader(joined)
                if settled > sum(recorded_numbers(content, reader) for content in joined.contents.values()):
                    return DEAD
            head = joined
            state.apply(head)
            self._compact()
            if count > PATH.options.steps // 100:
                raise PathError(
                    f"a loop in {self.frame.function}, off the input's path, comes to no end: what it carries changes "
                    "in every round. Bound it by a number of rounds"
                )
        raise AssertionError

    def _covers(self, head: Saved, joined: Saved) -> bool:
        """True if nothing that was there before the loop can hold more than at its head."""
        before, after = Reader(head), Reader(joined)
        return all(
            same(head.contents.get(key, place.old), joined.contents[key], before, after)
            for key, place in joined.places.items()
            if (place.slot.number < self.began if isinstance(place, Local) else id(place.holder) not in joined.new)
        )


def _unjoined_rounds(state: State) -> int:
    """How many rounds off the path, or undecided, a loop runs one by one: of loops within such loops each level a
    quarter, and few once there were many in all."""
    within = sum(barrier.counts_rounds for barrier in state.barriers)
    allowed = PATH.options.unjoined_rounds >> 2 * within
    return min(allowed, FEW) if state.unjoined_rounds > PATH.options.steps // 50 else allowed


def while_loop(
    frame: Frame,
    test: Callable[[], Any],
    names: tuple[str, ...],
    narrow: Narrow,
    step: Block,
    orelse: Block,
    dead: Dead,
) -> Signal | None:
    """``while``."""

    def advance(loop: Loop) -> Signal | None:
        state = loop.state
        if state.alternatives:
            split = alternatives_among(frame, names)
            if split:
                return _split(state, test, split)
        condition = test()
        truth = condition if condition is True or condition is False else decision(condition)
        if truth is None:
            return _undecided(state, primal_truth(condition))
        return None if truth else END

    return Loop(current(), frame, advance, step, dead).run(orelse)


def _undecided(state: State, primal: bool | None) -> Signal | None:
    """One path leaves the loop, one goes on."""
    if primal is True:
        file_off(state, END)
    else:
        file(state, END)
        if primal is False:
            state.on = False
    return None


def _split(state: State, test: Callable[[], Any], split: list[tuple[Any, Alternatives]]) -> Signal | None:
    """A condition on names that stand for several values: those that fit go on, the others leave."""
    kept, primal = partition(state, test, split)
    if not kept[True] or not kept[False]:
        return None if kept[True] else END if kept[False] else DEAD
    for answer in (False, True):
        for (cell, _), content in zip(split, kept[answer], strict=True):
            cell.cell_contents = content
        if not answer:
            (file if primal is not True else file_off)(state, END)
            if primal is False:
                state.on = False
    return None


def for_loop(
    frame: Frame, iterable: Any, step: Callable[[Any], Signal | None], orelse: Block, dead: Dead
) -> Signal | None:
    """``for``. The positions of what is iterated are never joined."""
    if isinstance(iterable, Alternatives):
        sides = [(_over(frame, v, step, orelse, dead), i == iterable.primal) for i, v in enumerate(iterable.values)]
        return fork(sides, frame.keys(dead[GO_ON.kind]))
    if isinstance(iterable, UnknownRange):
        return _unknown_range(frame, iterable, step, orelse, dead)
    iterator = iter(slots_of(iterable))
    item: Any = None

    def advance(loop: Loop) -> Signal | None:
        nonlocal item
        if isinstance(item, Sometimes) and item.repeated:
            return _undecided(loop.state, False)
        for item in iterator:
            if isinstance(item, Sometimes) and item.repeated:
                loop.joinable = True
                if next(iterator, None) is not None:
                    raise PathError("a list that grew without bound was extended: keep its parts in lists of their own")
                return advance(loop)
            return None
        return END

    def round() -> Signal | None:
        if not isinstance(item, Sometimes):
            return step(item)
        content, on = item.content, item.on
        if item.repeated:
            return step(content)
        return fork([(lambda: step(content), on is not False), (None, on is not True)])

    loop = Loop(current(), frame, advance, round, dead)
    loop.joinable, loop.bounded = False, hasattr(iterable, "__len__")
    loop.most = 2 * len(iterable) + 32 if type(iterable) is list else None
    return loop.run(orelse)


def _over(frame: Frame, iterable: Any, step: Callable[[Any], Signal | None], orelse: Block, dead: Dead) -> Block:
    return lambda: for_loop(frame, iterable, step, orelse, dead)


class UnknownRange:
    """``range`` of numbers that the input decides."""

    def __init__(self, start: Any, stop: Any, step: Any) -> None:
        self.start, self.stop, self.step = start, stop, step


def _unknown_range(
    frame: Frame, numbers: UnknownRange, step: Callable[[Any], Signal | None], orelse: Block, dead: Dead
) -> Signal | None:
    """A ``while`` over the numbers of the range; off the primal's path they become unknown."""
    at = numbers.start
    if not isinstance(numbers.step, int):
        raise UndecidedError("range() with a step that the input decides: branch on the step first")
    rising = numbers.step > 0

    def advance(loop: Loop) -> Signal | None:
        condition = at < numbers.stop if rising else at > numbers.stop
        truth = decision(condition)
        if truth is None:
            return _undecided(loop.state, primal_truth(condition))
        return None if truth else END

    def round() -> Signal | None:
        nonlocal at
        item = at
        at = at + numbers.step
        return step(item)

    own = Frame(lambda: at, frame.function)
    state = current()
    if state.recording:
        state.note_locals(own)
    shared = Frame(lambda: None, frame.function)
    shared.cells, shared.names = (*frame.cells, *own.cells), (*frame.names, "")
    state.frames.append(shared)
    try:
        return Loop(state, shared, advance, round, dead).run(orelse)
    finally:
        state.frames.remove(shared)


def slots_of(iterable: Any) -> Any:
    """What an iteration goes through: of a dict with entries that are there on some paths only, such slots."""
    kind = type(iterable)
    in_one_order(iterable)
    if isinstance(iterable, dict) and uncertain(iterable.values()):
        return [_entry(k, v, lambda k, v: k) for k, v in iterable.items()]
    if kind in VIEWS:
        entries = iterable.mapping
        if uncertain(entries.values()):
            return [_entry(k, v, VIEWS[kind]) for k, v in entries.items()]
    return iterable.slots() if kind is Generated or kind is Selection else iterable


def in_one_order(x: Any) -> None:
    """Raise for a dict whose keys came in another order on each side of a branch, where the order may matter."""
    unordered = current().unordered
    if unordered and id(x) in unordered:
        raise UndecidedError(
            "a dict whose keys came in another order on each side of a branch is gone through or copied: store them in "
            "one order, or go through a list of the keys"
        )


VIEWS: dict[type, Callable[[Any, Any], Any]] = {
    type({}.keys()): lambda k, v: k,
    type({}.values()): lambda k, v: v,
    type({}.items()): lambda k, v: (k, v),
}


def _entry(key: Any, content: Any, made: Callable[[Any, Any], Any]) -> Any:
    if isinstance(content, Sometimes):
        return Sometimes(made(key, content.content), content.on)
    return made(key, content)

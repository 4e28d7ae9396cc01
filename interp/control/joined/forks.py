"""Forks and barriers: both sides of an undecided branch run, and meet again.

A side that goes on behind the branch joins the other there. A side that leaves by a signal is *filed* at the
innermost barrier - loop, call, try, with - with its state. A barrier joins the outcomes of each kind, consumes its
own and files the others further out.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from interp.control.joined.alternatives import Alternatives, Sometimes
from interp.control.joined.joining import join_all, meet, merged, undecided
from interp.control.joined.narrowing import Narrow, narrowed
from interp.control.joined.ownership import belongings
from interp.control.joined.signals import DEAD, GO_ON, Abandoned, Raised, Return, Signal
from interp.control.joined.state import Barrier, Block, Frame, Saved, State, current
from interp.control.path import PATH
from interp.errors import InterpError, PathError, UndecidedError
from interp.value import Holder, Value

# -- conditions


def decision(condition: Any) -> bool | None:
    """The truth of a condition; None where the input decides it."""
    if condition is True or condition is False:
        return condition
    kind = type(condition)
    if kind is int or kind is float or kind is np.bool_:
        return bool(condition)
    if isinstance(condition, Value):
        inner = condition
        while isinstance(inner, Value) and not inner.joins:
            inner = inner.payload
        if isinstance(inner, Value):
            if inner.shape and inner.size != 1:
                return bool(condition)  # as NumPy, that says which question an array does not answer
            truth: bool | None = inner.decision()  # type: ignore[attr-defined]
            if truth is None:
                current().witness = inner if not inner.shape else inner[(0,) * inner.ndim]
            return truth
    if isinstance(condition, Alternatives):
        truths = {decision(value) for value in condition.values}
        return truths.pop() if len(truths) == 1 else None
    if isinstance(condition, list | dict | deque) and condition and _may_be_empty(condition):
        return None
    own = _own_truth(condition)
    return bool(condition) if own is condition else decision(own)


def _own_truth(condition: Any) -> Any:
    """What ``__bool__`` of a user's class answers, run converted; of anything else itself."""
    method = getattr(type(condition), "__bool__", None)
    if not hasattr(method, "__code__") or isinstance(condition, Value | Holder | Alternatives):
        return condition
    from interp.control.joined.calls import call

    return call(method, condition)


def _may_be_empty(x: Any) -> bool:
    """True of a list or dict that is empty on some paths: every slot is there on some only."""
    return all(isinstance(slot, Sometimes) for slot in (x.values() if isinstance(x, dict) else x))


def primal_truth(condition: Any) -> bool | None:
    """Which way the primal goes at an undecided condition; None if it is not on this path, or there is none."""
    if PATH.off:
        return None
    if isinstance(condition, Alternatives):
        if condition.primal is None:
            return None
        value = condition.values[condition.primal]
        truth = decision(value)
        return primal_truth(value) if truth is None else truth
    if isinstance(condition, list | dict | deque):
        return any(slot.on for slot in (condition.values() if isinstance(condition, dict) else condition))
    inner = _own_truth(condition)
    while not inner.joins:
        inner = inner.payload
    return inner.primal_truth()  # type: ignore[no-any-return]


# -- running one side


def _side(state: State, block: Block, on: bool) -> Signal:
    """Run a block on one path. Errors become signals, or end the path, or are errors of ours."""
    state.on = on
    if block is None:
        return GO_ON
    return guarded(state, lambda _: block() or GO_ON, GO_ON)


def ended_by(state: State, error: BaseException) -> Signal:
    """What an error makes of the path that it ended."""
    if isinstance(error, InterpError) or (state.on and state.has_primal and not state.catching(type(error))):
        raise error
    if state.catching(type(error)):
        return Raised(error if state.on and state.has_primal else without_frames(error))
    if isinstance(error, StopIteration):
        raise PathError(
            "an iterator of the program's ends in a branch that the input decides: use a generator, or loop over "
            "a range with a break"
        )
    if getattr(error, "__interp_explicit__", False) or is_plain(error):
        state.dropped.append(without_frames(error))
        return DEAD
    raise PathError(
        f"a branch that this input does not take raised {type(error).__name__}: {error} ({place_of(error)}). "
        "If no input can get there, say so with an explicit `raise` or `assert`"
    ) from error


def without_frames(error: BaseException) -> BaseException:
    """``error`` with its place as a note in place of its traceback, which would keep alive all that the path made."""
    if error.__traceback__ is not None:
        error.add_note(f"raised in {place_of(error)}")
    error.__traceback__ = error.__context__ = None
    return error


def is_plain(error: BaseException) -> bool:
    """True if a plain operation on wholly concrete operands raised: whatever takes that path raises."""
    return bool(getattr(error, "__interp_plain__", False))


def place_of(error: BaseException) -> str:
    """The line of the user's code that raised."""
    place, traceback = "", error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if "/interp/" not in code.co_filename or not place:
            place = f"{code.co_filename}, line {traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place


# -- filing


def file(state: State, signal: Signal, base: int | None = None) -> None:
    """Let the path that is here wait at the innermost barrier. The journal stays as it is.

    ``base``: from where in the journal the path has been on its own, if not from the outermost fork that is open.
    """
    barrier = state.barriers[-1]
    for mark, depth in state.forks:
        if depth > barrier.depth:
            base = mark if base is None else min(base, mark)
            break
    if barrier.base is None:
        barrier.base = len(state.journal) if base is None else base
        state.recording = True
        state.waiting += 1
        state.note_locals(barrier.frame)
    elif base is not None:
        barrier.base = min(base, barrier.base)
    dead = barrier.frame.keys(barrier.dead.get(signal.kind, frozenset()))
    barrier.outcomes.setdefault(signal.kind, []).append(state.save(barrier.base, signal, dead))


def file_off(state: State, signal: Signal) -> None:
    """File a path that leaves here for other inputs than the primal's."""
    on, state.on = state.on, False
    file(state, signal)
    state.on = on


def united(state: State, waiting: list[Saved]) -> Saved:
    """States that meet as one, from their base, to which everything is rolled back."""
    mark = len(state.journal)
    while len(waiting) > 1:
        waiting[:2] = [merged(state, waiting[0], waiting[1])]
        state.roll_back(mark)
    return waiting[0]


def leave(
    state: State, barrier: Barrier, signal: Signal, take: Callable[[Signal], Signal], here: str = "go on"
) -> Signal:
    """Take a barrier down: ``signal`` is how the path that is here left it.

    ``take`` makes of each signal what it is behind the barrier; where it runs code it does so in that path's state.
    Returns GO_ON if a path goes on that is of the kind ``here``, its signal if that is the only one there is, and
    else DEAD, with all others filed at the next barrier.
    """
    if not barrier.outcomes:
        state.barriers.pop()
        return signal if signal is DEAD else take(signal)
    if signal is not DEAD:
        file(state, signal)
    base = barrier.base
    assert base is not None
    state.roll_back(base)
    before, barrier.outcomes, barrier.catches = barrier.outcomes, {}, ()
    for kind in list(before):
        saved = united(state, before.pop(kind))
        state.apply(saved)
        left = guarded(state, take, saved.signal)
        if left is not DEAD:
            file(state, left)
        state.roll_back(base)
    state.barriers.pop()
    state.waiting -= 1
    outcomes = {kind: united(state, waiting) for kind, waiting in barrier.outcomes.items()}
    return _behind(state, outcomes, base, here)


def guarded(state: State, run: Callable[[Signal], Signal], signal: Signal) -> Signal:
    """``run(signal)``, an error or an abandoned path as a signal too."""
    depths = state.depths()
    try:
        return run(signal)
    except Abandoned:
        state.cut(depths)
        return DEAD
    except Exception as error:
        state.cut(depths)
        return ended_by(state, error)


def _behind(state: State, outcomes: dict[str, Saved], base: int, here: str) -> Signal:
    going = outcomes.pop(here, None)
    if going is None and len(outcomes) == 1:
        (going,) = outcomes.values()
        outcomes = {}
    for saved in outcomes.values():
        state.apply(saved)
        file(state, saved.signal, base)
        state.roll_back(base)
    if going is None:
        state.settle()
        return DEAD
    state.apply(going)
    if outcomes:
        state.note_locals(state.barriers[-1].frame)
    state.settle()
    return going.signal  # type: ignore[no-any-return]


# -- branches


def fork(sides: Iterable[tuple[Block, bool]], dead: frozenset[Any] = frozenset()) -> Signal | None:
    """Run every side (a block, and whether it is on the primal's path) from here, and join those that go on.

    ``dead``: keys of the locals that are read no more behind the fork.
    """
    state = current()
    on, witness = state.on, state.witness
    mark, locals_ = state.open()
    ended: list[Saved] = []
    try:
        for block, side_on in sides:
            state.journal += locals_
            signal = _side(state, block, on and side_on)
            if signal is GO_ON:
                ended.append(state.save(mark, dead=dead))
            elif signal is not DEAD:
                file(state, signal)
            state.roll_back(mark)
            state.on = on
    except BaseException:
        state.forks.pop()
        raise
    state.forks.pop()
    state.witness = witness
    if not ended:
        state.settle()
        return DEAD
    if len(ended) == 2:
        a, b = ended
        meet(state, a, b, belongings(state, a, b))
    else:
        state.apply(united(state, ended))
    state.settle()
    return None


def branch(
    frame: Frame,
    test: Callable[[], Any],
    names: tuple[str, ...],
    narrow: Narrow,
    then: Block,
    orelse: Block,
    dead: frozenset[str] = frozenset(),
) -> Signal | None:
    """``if``. ``dead``: locals that are read no more behind it."""
    state = current()
    if state.alternatives:
        split = alternatives_among(frame, names)
        if split:
            return _narrowed_branch(state, frame, test, split, then, orelse, dead)
    condition = test()
    truth = condition if condition is True or condition is False else decision(condition)
    if truth is not None:
        block = then if truth else orelse
        return block() if block is not None else None
    primal = primal_truth(condition)
    sides = [(then, primal is not False), (orelse, primal is not True)]
    if narrow and not state.has_primal:
        sides = narrowed(frame, narrow, sides)
    return fork(sides, frame.keys(dead))


def alternatives_among(frame: Frame | None, names: Iterable[str]) -> list[tuple[Any, Alternatives]]:
    """The cells of those names that stand for several values."""
    found = []
    for name in names:
        if frame is None or name not in frame.names:
            continue
        cell = frame.cell(name)
        try:
            content = cell.cell_contents
        except ValueError:
            continue
        if isinstance(content, Alternatives):
            found.append((cell, content))
    return found


def partition(
    state: State, test: Callable[[], Any], split: list[tuple[Any, Alternatives]]
) -> tuple[dict[bool, list[Any]], bool | None]:
    """For True and False the contents of the cells of ``split`` with which ``test`` can come out so; the primal's way.

    Each is a list of one content a cell: the alternatives that fit, of each name by itself. Empty where none does.
    """
    fitting: dict[bool, list[list[Any]]] = {True: [[] for _ in split], False: [[] for _ in split]}
    way: bool | None = None
    choices: list[tuple[tuple[int, ...], bool]] = [((), True)]
    for n, (_, content) in enumerate(split):
        choices = [
            ((*at, i), on and i == content.primal)
            for at, on in choices
            for i in range(len(content.values))
            if all(content.goes_with(i, split[m][1], at[m]) for m in range(n))
        ] or [((*at, i), on and i == content.primal) for at, on in choices for i in range(len(content.values))]
        if len(choices) > 16 * PATH.options.alternatives:
            raise UndecidedError(
                f"a condition depends on {len(split)} names that stand for several values each, {len(choices)} cases "
                "and more: branch on fewer of them at once"
            )
    for at, on in choices:
        for (cell, content), i in zip(split, at, strict=True):
            cell.cell_contents = content.values[i]
        condition = guarded(state, lambda _: Return(test()), GO_ON)
        if not isinstance(condition, Return):
            if condition is not DEAD:
                file_off(state, condition)
            continue
        truth = decision(condition.value)
        for answer in (True, False):
            if truth is None or truth is answer:
                for positions, i in zip(fitting[answer], at, strict=True):
                    positions.append(i)
        if on:
            way = primal_truth(condition.value) if truth is None else truth
    for cell, content in split:
        cell.cell_contents = content
    kept = {
        answer: [content.among(set(at)) for (_, content), at in zip(split, positions, strict=True)]
        if positions[0]
        else []
        for answer, positions in fitting.items()
    }
    return kept, None if state.on is False else way


def _narrowed_branch(
    state: State,
    frame: Frame,
    test: Callable[[], Any],
    split: list[tuple[Any, Alternatives]],
    then: Block,
    orelse: Block,
    dead: frozenset[str],
) -> Signal | None:
    """A condition on names that stand for several values: each side keeps those that fit."""
    kept, primal = partition(state, test, split)
    sides: list[tuple[Block, bool]] = []
    for answer, block in ((True, then), (False, orelse)):
        if kept[answer]:
            sides.append((_with(split, kept[answer], block), primal is None or primal is answer))
    if len(sides) == 1:
        (block, _), *_ = sides
        return block() if block is not None else None
    whole = [content for _, content in split]
    held = [whole, whole, *kept.values()]  # twice: ``split`` refers to each too
    state.narrowed += held
    try:
        return fork(sides, frame.keys(dead))
    finally:
        del state.narrowed[-len(held) :]


def _with(split: list[tuple[Any, Alternatives]], contents: list[Any], block: Block) -> Block:
    def run() -> Signal | None:
        for (cell, _), content in zip(split, contents, strict=True):
            cell.cell_contents = content
        return block() if block is not None else None

    return run


def choose(
    frame: Frame,
    test: Callable[[], Any],
    names: tuple[str, ...],
    narrow: Narrow,
    then: Callable[[], Any],
    orelse: Callable[[], Any],
) -> Any:
    """The conditional expression ``a if test else b``."""
    return valued(lambda side: branch(frame, test, names, narrow, side(then), side(orelse)))


def valued(run: Callable[[Callable[[Callable[[], Any]], Block]], Signal | None]) -> Any:
    """The value of whichever thunks ``run`` evaluates, joined if both sides of a fork do."""
    cell = _Cell()

    def side(thunk: Callable[[], Any]) -> Block:
        def block() -> None:
            cell.keep(thunk())

        return block

    if run(side) is DEAD:
        raise Abandoned
    return cell.take()


class _Cell:
    """A local of an expression, in a frame of its own."""

    def __init__(self) -> None:
        value: Any = None

        def keep(new: Any) -> None:
            nonlocal value
            state = current()
            if state.recording:
                state.note_locals(self.frame)
            value = new

        self.frame = Frame(lambda: value, "an expression")
        self.keep = keep

    def take(self) -> Any:
        self.frame.leave()
        return self.frame.cells[0].cell_contents


def and_(value: Any, *operands: Callable[[], Any]) -> Any:
    """``a and b and ...``: what is not reached is not evaluated."""
    for i, operand in enumerate(operands):
        truth = value if value is True or value is False else decision(value)
        if truth is None:
            return _either(value, lambda: and_(operand(), *operands[i + 1 :]), True)  # noqa: B023
        if not truth:
            return value
        value = operand()
    return value


def or_(value: Any, *operands: Callable[[], Any]) -> Any:
    """``a or b or ...``."""
    for i, operand in enumerate(operands):
        truth = value if value is True or value is False else decision(value)
        if truth is None:
            return _either(value, lambda: or_(operand(), *operands[i + 1 :]), False)  # noqa: B023
        if truth:
            return value
        value = operand()
    return value


def _either(value: Any, rest: Callable[[], Any], goes_on: bool) -> Any:
    """The rest where ``value`` is as true as ``goes_on``, else ``value``."""
    primal = primal_truth(value)
    sides = [(rest, primal is not (not goes_on)), (lambda: _known(value, not goes_on), primal is not goes_on)]
    return valued(lambda side: fork([(side(thunk), on) for thunk, on in sides]))


def _known(value: Any, truth: bool) -> Any:
    """An undecided condition where it is known to be ``truth``; of alternatives, those that can be."""
    if isinstance(value, Alternatives):
        kept = [(v, i == value.primal) for i, v in enumerate(value.values) if decision(v) in (truth, None)]
        return join_all([(v, True if on else None) for v, on in kept])
    if isinstance(value, list | dict | deque) and not truth:
        return type(value)()
    return truth if isinstance(value, Value) and value.dtype.kind == "b" else value


def chain(left: Any, *links: tuple[str, Callable[[], Any]]) -> Any:
    """``a < b <= c``: each operand once, and none behind a comparison that fails."""
    from interp.control.joined.operations import COMPARE

    (name, operand), *rest = links
    right = operand()
    answer = COMPARE[name](left, right)
    return and_(answer, lambda: chain(right, *rest)) if rest else answer


def not_(x: Any) -> Any:
    """``not x``."""
    truth = decision(x)
    if truth is not None:
        return not truth
    if isinstance(x, Alternatives):
        return join_all([(not_(v), True if i == x.primal else None) for i, v in enumerate(x.values)])
    if isinstance(x, list | dict | deque):
        return undecided(not primal_truth(x))
    own = _own_truth(x)
    return x == 0 if own is x else not_(own)

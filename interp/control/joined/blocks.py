"""Functions, generators, `try` and `with`: the barriers beside loops."""

import contextlib
import dis
import functools
import itertools
import types
from collections.abc import Callable, Iterable, Iterator
from types import CellType
from typing import Any

import numpy as np

from interp.control.calls import is_library
from interp.control.joined.alternatives import Sometimes
from interp.control.joined.forks import decision, ended_by, leave
from interp.control.joined.signals import DEAD, GO_ON, Abandoned, Raised, Return, Signal
from interp.control.joined.state import Attribute, Barrier, Block, Frame, Local, Slot, State, current
from interp.control.path import PATH
from interp.errors import InterpError, PathError
from interp.value import Holder, Value, primal


def function(frame: Frame, body: Callable[[], Signal | None]) -> Any:
    """A function's body, up to its value on all paths that return."""
    state = current()
    state.frames.append(frame)
    if state.recording:
        state.note_locals(frame)
    barrier = state.push("call", frame)
    signal = _run(state, barrier, body)
    state.frames.pop()
    frame.leave()
    if not barrier.outcomes:
        state.barriers.pop()
    else:
        signal = leave(state, barrier, signal, lambda s: Return(None) if s is GO_ON else s, "return")
    if signal.kind == "return":
        return signal.value
    if signal is GO_ON:
        return None
    if isinstance(signal, Raised):
        raise signal.value
    raise Abandoned


def _run(state: State, barrier: Barrier, body: Block) -> Signal:
    """A block within a barrier. An error leaves it as it came, unless other paths wait there."""
    depths = state.depths()
    frames = state.frames[:]
    try:
        return (body() if body is not None else None) or GO_ON
    except Abandoned:
        state.cut(depths)
        return DEAD
    except Exception as error:
        state.cut(depths)
        state.frames[:] = frames
        if not barrier.outcomes:
            state.barriers.pop()
            if barrier.kind == "call":
                state.frames.pop()
            raise
        return ended_by(state, error)


# -- try and with


def try_block(
    frame: Frame,
    handlers: tuple[tuple[Any, Callable[[Any], Signal | None]], ...],
    body: Block,
    orelse: Block,
    final: Block,
    swallows: bool,
    dead: frozenset[str],
) -> Signal | None:
    """``try``, with its handlers, ``else`` and ``finally``. ``dead``: locals that are read no more behind it.

    ``swallows``: the ``finally`` may leave by a signal of its own, and end an error on its way.
    """
    state = current()
    if final is not None:
        inner = functools.partial(try_block, frame, handlers, body, orelse, None, False, dead)
        return _finally(state, frame, inner if handlers else body, final, swallows)
    barrier = state.push("try", frame, {GO_ON.kind: dead})
    known = [(_classes(caught), handler) for caught, handler in handlers]
    barrier.catches = tuple(c for classes, _ in known for c in classes)
    if any(isinstance(c, type) and issubclass(c, NameError) for c in barrier.catches):
        raise PathError(
            "a handler of NameError or UnboundLocalError: where branches join, a name that one of them binds is bound. "
            "Bind it to None first, and ask for that"
        )
    depths = state.depths()
    try:
        signal = (body() if body is not None else None) or GO_ON
    except Abandoned:
        state.cut(depths)
        signal = DEAD
    except Exception as error:
        state.cut(depths)
        if isinstance(error, barrier.catches) and not isinstance(error, InterpError):
            signal = Raised(error)
        elif not barrier.outcomes:
            state.barriers.pop()
            raise
        else:
            signal = ended_by(state, error)

    def take(signal: Signal) -> Signal:
        if isinstance(signal, Raised):
            for classes, handler in known:
                if isinstance(signal.value, classes):
                    return _handled(state, signal.value, handler)
        if signal is GO_ON and orelse is not None:
            return orelse() or GO_ON
        return signal

    barrier.catches = () if not barrier.outcomes else barrier.catches
    signal = leave(state, barrier, signal, take)
    return None if signal is GO_ON else signal


def _classes(caught: Any) -> tuple[type[BaseException], ...]:
    if caught is None:
        return (Exception,)
    classes = caught()
    return classes if isinstance(classes, tuple) else (classes,)


def _handled(state: State, error: BaseException, handler: Callable[[Any], Signal | None]) -> Signal:
    before, state.handled = state.handled, error
    try:
        return handler(error) or GO_ON
    finally:
        state.handled = before


def _finally(
    state: State, frame: Frame, body: Block, final: Callable[[], Signal | None], swallows: bool
) -> Signal | None:
    barrier = state.push("finally", frame)
    barrier.catches = (Exception,) if swallows else ()
    depths = state.depths()
    try:
        signal = (body() if body is not None else None) or GO_ON
    except Abandoned:
        state.cut(depths)
        signal = DEAD
    except BaseException as error:
        state.cut(depths)
        if not barrier.outcomes or not isinstance(error, Exception):
            state.barriers.pop()
            ending = final()
            if ending is not None:
                return ending
            raise
        signal = ended_by(state, error)

    def take(signal: Signal) -> Signal:
        ending = final()
        if ending is None and swallows and isinstance(signal, Raised):
            return ended_by(state, signal.value)
        return ending or signal

    barrier.catches = () if not barrier.outcomes else barrier.catches
    signal = leave(state, barrier, signal, take)
    return None if signal is GO_ON else signal


def with_block(frame: Frame, context: Any, body: Callable[[Any], Signal | None], dead: frozenset[str]) -> Signal | None:
    """``with``: the context is left once on each path. ``dead``: locals that are read no more behind it."""
    from interp.control.joined.calls import call

    state = current()
    kind = type(context)
    entered = call(kind.__enter__, context)
    barrier = state.push("with", frame, {GO_ON.kind: dead})
    if kind is contextlib.suppress:
        barrier.catches = context._exceptions
    elif may_swallow(context):
        barrier.catches = (Exception,)
    depths = state.depths()
    try:
        signal = body(entered) or GO_ON
    except Abandoned:
        state.cut(depths)
        signal = DEAD
    except Exception as error:
        state.cut(depths)
        if not barrier.outcomes:
            state.barriers.pop()
            swallowed = call(kind.__exit__, context, type(error), error, error.__traceback__)
            if decision(swallowed) is None:
                raise _undecided_exit() from None
            if not swallowed:
                raise
            return None
        signal = ended_by(state, error)
    if barrier.outcomes and isinstance(context, contextlib._GeneratorContextManager) and may_swallow(context):
        raise PathError(
            "a @contextmanager that may take an error is left on several paths, and its generator goes on once only: "
            "write it as a class with __enter__ and __exit__"
        )

    def take(signal: Signal) -> Signal:
        if not isinstance(signal, Raised):
            call(kind.__exit__, context, None, None, None)
            return signal
        error = signal.value
        swallowed = decision(call(kind.__exit__, context, type(error), error, error.__traceback__))
        if swallowed is None:
            raise _undecided_exit()
        return GO_ON if swallowed else ended_by(state, error)  # as it would have without the manager

    signal = leave(state, barrier, signal, take)
    return None if signal is GO_ON else signal


def _undecided_exit() -> PathError:
    return PathError("whether __exit__ takes an error depends on the input: let it return True or False")


def may_swallow(context: Any) -> bool:
    """True of a context manager of the user's that may take an error: its ``__exit__`` returns something."""
    if isinstance(context, contextlib.ExitStack):
        return True
    if isinstance(context, contextlib._GeneratorContextManager):
        body = context.gen.gi_code  # type: ignore[attr-defined]
        return any(line.opname in _HANDLING for line in dis.get_instructions(body))
    leave = type(context).__exit__
    if not isinstance(leave, types.FunctionType) or is_library(leave):
        return False
    returned = [line for line in dis.get_instructions(leave) if line.opname in ("RETURN_VALUE", "RETURN_CONST")]
    known = dis.Bytecode(leave)
    nothing = {i.offset for i in known if i.opname == "RETURN_CONST" and not i.argval}
    before = {b.offset for a, b in itertools.pairwise(known) if a.opname == "LOAD_CONST" and not a.argval}
    return any(line.offset not in nothing | before for line in returned)


_HANDLING = ("CHECK_EXC_MATCH", "CHECK_EG_MATCH", "POP_EXCEPT")
"""Instructions of code that handles errors."""


def explicit(error: Any) -> BaseException:
    """The error of a ``raise``: a branch that ends by it is one that no input is meant to take."""
    if error is None:
        handled = current().handled
        if handled is None:
            return RuntimeError("No active exception to reraise")
        return handled
    made: BaseException = error() if isinstance(error, type) else error
    made.__interp_explicit__ = True  # type: ignore[attr-defined]
    return made


# -- generators


class Generated:
    """What a generator yields, all of it made at once, and how far it has been read.

    ``reads``: the variables that its code sees. Where one of them changes before all is read, Python would have had the
    later items see the change: an error here.
    """

    def __init__(
        self, items: list[Any] | tuple[Any, ...], returned: Any = None, reads: Iterable[CellType] = ()
    ) -> None:
        self.items, self.position, self.returned = items, 0, returned
        self.reads = list(reads)
        self._seen = [_glance(cell) for cell in self.reads]

    def _check(self) -> None:
        for cell, seen in zip(self.reads, self._seen, strict=True):
            if _glance(cell) != seen:
                raise PathError(
                    "what a generator reads is changed before all of it is read: where branches join it runs at once, "
                    "so make a list of it, or change a copy"
                )

    def __iter__(self) -> "Generated":
        return self

    def slots(self) -> Iterator[Any]:
        """What is left, one by one, with slots that are there on some paths only."""
        while self.position < len(self.items):
            yield self.skip()

    def rest(self) -> list[Any]:
        """All that is left, which is behind then."""
        self._check()
        items = list(self.items[self.position :])
        current().note(Attribute(self, "position"))
        self.position = len(self.items)
        return items

    def skip(self) -> Any:
        """The next slot, which is behind then."""
        self._check()
        item = self.items[self.position]
        current().note(Attribute(self, "position"))
        self.position += 1
        return item

    def __next__(self) -> Any:
        if self.position >= len(self.items):
            raise StopIteration(self.returned)
        item = self.skip()
        if isinstance(item, Sometimes):
            raise PathError("a generator that yields on some paths only was read one by one: loop over it with `for`")
        return item

    def send(self, value: Any) -> Any:
        raise InterpError("a generator that is sent values cannot be converted: pass a list in, or return one")

    def close(self) -> None:
        """Nothing is left to run."""


def yielded() -> list[Any]:
    """Where a generator's items are gathered."""
    return []


def yield_(items: list[Any], item: Any) -> None:
    """``yield``."""
    current().note(Slot(items, len(items)))
    items.append(item)
    if len(items) > PATH.options.steps:
        raise PathError(
            f"a generator yielded {len(items)} items and goes on: where branches join it is run to its end at once, "
            "so give it one (for i in range(n)) instead of `while True`"
        )


def yield_from(items: list[Any], iterable: Any) -> Any:
    """``yield from``."""
    rest = iterable if isinstance(iterable, Generated) else iter(iterable)
    if isinstance(rest, Generated):
        for item in rest.rest():
            yield_(items, item)
        return rest.returned
    for item in rest:
        yield_(items, item)
    return None


def generator(frame: Frame, body: Callable[[], Signal | None], items: list[Any]) -> Generated:
    """A generator function's result."""
    return Generated(items, function(frame, body), seen_by(body))


def seen_by(block: Any) -> list[CellType]:
    """The variables that a block of generated code sees, and those blocks that it calls."""
    found: dict[int, CellType] = {}
    waiting = [block]
    while waiting:
        for cell in waiting.pop().__closure__ or ():
            content = Local(cell).read()
            if id(cell) not in found and isinstance(content, types.FunctionType) and content.__name__.startswith("_i_"):
                waiting.append(content)
            found[id(cell)] = cell
    return list(found.values())


def _glance(cell: CellType) -> Any:
    """What tells whether a variable, or what it directly contains, has changed."""
    x = Local(cell).read()
    parts = x if isinstance(x, list) else x.values() if isinstance(x, dict) else None
    held = x.held if isinstance(x, Holder) else x
    if parts is None and isinstance(held, np.ndarray | Value) and held.shape and held.size <= SMALL:
        return id(x), np.array(primal(held)).tobytes()
    if parts is None and type(x).__module__ not in ("builtins", "numpy") and hasattr(x, "__dict__") and not callable(x):
        parts = vars(x).values()
    return (id(x), *map(id, parts)) if parts is not None else id(x)


SMALL = 256
"""Up to this many elements an array that a generator sees is compared with what it was."""

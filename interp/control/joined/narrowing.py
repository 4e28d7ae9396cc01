"""A local that a simple comparison bounds is no wider on each side than that side allows.

For number types without a primal (Interval): in ``if x > 0: ... else: ...`` the first side runs on the part of x above
0. Behind the branch x is again what it was, unless a side has bound it anew.
"""

from collections.abc import Callable
from typing import Any

from interp.control.joined.state import Block, Elements, Frame, Local, current
from interp.value import Holder, Value

Narrow = tuple[tuple[str, Any, str, Callable[[], Any]], ...] | None

OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def narrowed(frame: Frame, narrow: Narrow, sides: list[tuple[Block, bool]]) -> list[tuple[Block, bool]]:
    """The sides, with each local of ``narrow`` (name, index, operator, its bound) cut to fit."""
    assert narrow is not None
    (then, on), (orelse, other_on) = sides
    return [(_cut(frame, narrow, then, False), on), (_cut(frame, narrow, orelse, True), other_on)]


def _cut(frame: Frame, narrow: Any, block: Block, opposite: bool) -> Block:
    def run() -> Any:
        state = current()
        kept = []
        for name, index, symbol, bound in narrow:
            cell = frame.cell(name)
            holder = cell.cell_contents
            if index is not None and not isinstance(holder, Value | Holder):
                continue
            place = Local(cell, frame) if index is None else Elements(holder, index)
            cut = getattr(place.old, "cut", None)
            part = cut(OPPOSITE[symbol] if opposite else symbol, bound()) if cut is not None else None
            if part is None:
                continue
            state.note(place)
            place.write(part)  # of an array in place: other names of it see the same element
            kept.append((place, part))
        mark = len(state.journal)
        signal = block() if block is not None else None
        for place, part in kept:
            if isinstance(place, Elements):
                untouched = not any(isinstance(p, Elements) and p.key[1] == place.key[1] for p in state.journal[mark:])
            else:
                untouched = place.read() is part
            if untouched:
                place.write(place.old)
        return signal

    return run

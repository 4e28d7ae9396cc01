"""`linearize`: the derivative at a point as a function of tangents, from one run of ``f``.

The run is recorded as for reverse mode. A recording is a linear program, so it can be read forward as well: each entry
applies its maps to the tangents of what it was made of.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from interp import tree
from interp.linear import ONE, Diagonal, broadcast
from interp.value import has_nan, is_complex, shape_of
from interp.vocabulary import copy, setitem, strong_multiply, zeros
from interp.vocabulary.creation import held, zeros_beside
from interpretations.arguments import Arguments, is_at, own, taken_out
from interpretations.derivatives import Recorded, checked_tangents
from interpretations.tape import Read, Recording, Tape, View, Write, through_view

Function = Callable[..., Any]


def linearize(f: Function, *primals: Any, has_aux: bool = False) -> Any:
    """``(f(*primals), pushforward)``: a function from tangents of the inputs to the output's, that does not run ``f``.

    Tangents have the structure and shapes of their primals (`ShapeError` otherwise). With ``has_aux`` ``f`` returns
    ``(output, aux)``, and ``aux`` comes third.
    """
    arguments = Arguments(f, tuple(range(len(primals))), primals)
    run = Recorded(f, arguments, {}, has_aux)
    level = run.recording.level
    outputs, rebuild = tree.flatten(run.out)

    def pushforward(*tangents: Any) -> Any:
        moved = push_forward(run.recording, run.inputs, checked_tangents(arguments, tangents), outputs)
        return rebuild(
            [
                own(t, o.value if is_at(level, o) else o) if t is not None else zeros(shape_of(o), like=o)
                for o, t in zip(outputs, moved, strict=True)
            ]
        )

    out = rebuild([taken_out(level, o) for o in outputs])
    return (out, pushforward, run.aside()) if has_aux else (out, pushforward)


linearize.transforms = True  # type: ignore[attr-defined]  # it makes the pushforward at run time


def push_forward(recording: Recording, inputs: list[Tape], tangents: list[Any], outputs: list[Any]) -> list[Any]:
    """Tangents of ``outputs`` given those of ``inputs``; None where an output does not depend on them.

    Infinite partials that meet zeros give NaN; then it is done again with strong zeros, as a reverse sweep is.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        moved = _Program(recording, strong=False).run(inputs, tangents, outputs)
        if any(map(has_nan, moved)):
            moved = _Program(recording, strong=True).run(inputs, tangents, outputs)
    return moved


class _Program:
    """A recording on its way forward: the tangent of each slot, None for zero."""

    def __init__(self, recording: Recording, strong: bool) -> None:
        self.recording, self.strong = recording, strong
        self.of: list[Any] = [None] * len(recording.entries)
        self.writable = bytearray(len(recording.entries))
        """1 while a slot's array is the program's own and nothing else may hold it: a store need not copy it."""

    def run(self, inputs: list[Tape], tangents: list[Any], outputs: list[Any]) -> list[Any]:
        for x, t in zip(inputs, tangents, strict=True):
            self.of[x.slot] = held(t, x.value)
        for slot, entry in enumerate(self.recording.entries):
            if entry is None:
                continue
            if entry.__class__ is Write:
                self._write(entry)
            elif entry.__class__ is Read:
                base = self.of[entry.layout.slot]
                if base is not None:
                    self.of[slot] = through_view(entry.view, base)[entry.index]
            elif entry and entry[0].__class__ is int:
                self.of[slot] = self._combined(entry)
            else:
                self.of[slot] = self._mapped(entry)
        return [self._read(o.slot, o.chain) if is_at(self.recording.level, o) else None for o in outputs]

    def _combined(self, entry: tuple[Any, ...]) -> Any:
        total: Any = None
        shape = entry[-1][-1] if len(entry) % 2 else None
        for slot, partial in zip(entry[: len(entry) // 2 * 2 : 2], entry[1::2], strict=True):
            t = self._read(slot, ())
            if t is not None:
                term = t if partial is ONE else strong_multiply(partial, t) if self.strong else partial * t
                total = term if total is None else total + term
        return total if total is None or shape is None else broadcast(total, shape)

    def _mapped(self, entry: tuple[Any, ...]) -> Any:
        total: Any = None
        for link in entry:
            t = self._read(link.slot, link.view)
            if t is not None:
                for step in link.map.steps():
                    if self.strong and isinstance(step, Diagonal):
                        step = Diagonal(step.factor, step.in_shape, step.out_shape, singular=True)
                    t = step.apply(t)
                total = t if total is None else total + t
        return total

    def _read(self, slot: int, view: View) -> Any:
        """The tangent of an operand, which the caller may hold: a later store copies first."""
        t = self.of[slot]
        if t is None:
            return None
        self.writable[slot] = 0
        return through_view(view, t) if view else t

    def _write(self, entry: Write) -> None:
        layout, slot = entry.layout, entry.layout.slot
        t = None if entry.y is None else self._read(entry.y.slot, entry.y.view)
        if t is None and self.of[slot] is None:
            return
        if self.of[slot] is None:
            self.of[slot] = zeros_beside(layout, None, t + 0j if layout.is_complex else t)
        elif not self.writable[slot] or (layout.is_complex and not is_complex(self.of[slot])):
            laid_out = zeros_beside(layout, None, self.of[slot] + 0j if layout.is_complex else self.of[slot])
            laid_out[...] = self.of[slot]
            self.of[slot] = laid_out
        self.of[slot] = held(self.of[slot], 0.0 if t is None else t)
        self.writable[slot] = 1
        target = through_view(entry.view, self.of[slot])
        stored = 0.0 if t is None else entry.y.map.apply(copy(t) if shape_of(t) else t)
        setitem.dispatch(target, stored, index=entry.index)

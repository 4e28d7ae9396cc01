"""`debug_nans`: the line and the primitive that made the first NaN, in the numbers, in tangents, or on the way back.

While it is on, every rule is wrapped in a look at what comes out. Only what the program itself calls is looked at, not
what rules compute on the way: a zero times an infinity is a NaN that a strong zero replaces.
"""

import contextlib
import linecache
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from interp import primitive as primitives
from interp.errors import NaNError
from interp.primitive import Primitive
from interp.rules import Rule
from interp.value import has_nan, primal, shape_of
from interpretations import sweep
from interpretations.tape import Recording, Tape

_OURS = tuple(str(Path(sys.modules[name].__file__ or "").parent) for name in ("interp", "interpretations"))
_within = threading.local()
_lock = threading.Lock()
_entered = 0


@contextlib.contextmanager
def debug_nans() -> Iterator[None]:
    """Within ``with debug_nans():`` raise `NaNError`, a FloatingPointError, where a NaN is made of numbers without one.

    The error names the primitive, the place of the first NaN, and the line of the program: where its value was
    computed, or for a NaN in a reverse sweep where what made it was recorded. NaN that come in are let through. All
    threads are watched; native code is not.

    >>> import numpy as np
    >>> from interpretations import debug_nans, grad
    >>> with debug_nans():
    ...     grad(lambda x: np.log(x - 2.0))(1.0)
    Traceback (most recent call last):
    ...
    interp.errors.NaNError: log made a NaN of -1.0, at <doctest ...
    """
    global _entered
    with _lock:
        _entered += 1
        primitives.watch(_watched)
        sweep.inspect = _inspected
    try:
        yield
    finally:
        with _lock:
            _entered -= 1
            if not _entered:
                primitives.watch(None)
                sweep.inspect = None


def _watched(primitive: Primitive, rule: Rule) -> Rule:
    def watched(*operands: Any, **params: Any) -> Any:
        if getattr(_within, "a_rule", False):
            return rule(*operands, **params)
        _within.a_rule = True
        try:
            out = rule(*operands, **params)
        finally:
            _within.a_rule = False
        if isinstance(out, Tape):
            origins = out.recording.origins
            if origins is None:
                origins = out.recording.origins = {}
            origins.setdefault(out.slot, (primitive.name, _line()))
        if has_nan(out) and not any(map(has_nan, operands)):
            raise NaNError(_message(primitive, operands, out))
        return out

    return watched


def _message(primitive: Primitive, operands: tuple[Any, ...], out: Any) -> str:
    number = np.asarray(primal(out))
    if number.dtype.kind in "fc" and np.isnan(number).any():
        at = tuple(int(i) for i in np.argwhere(np.isnan(number))[0]) if number.shape else ()
        made = f"{primitive.name} made a NaN of {', '.join(map(_shown, operands, [at] * len(operands)))}"
        return f"{made}{f', at entry {at}' if at else ''}, at {_line()}"
    return f"the derivative of {primitive.name} at {', '.join(map(_shown, operands))} made a NaN, at {_line()}"


def _shown(x: Any, at: tuple[int, ...] = ()) -> str:
    """An operand's number, or that which broadcasts to an entry of the result."""
    x = primal(x)
    shape = shape_of(x)
    if not shape:
        return str(x)
    if len(shape) <= len(at) and all(i < n or n == 1 for i, n in zip(at[len(at) - len(shape) :], shape, strict=True)):
        return str(x[tuple(0 if n == 1 else i for i, n in zip(at[len(at) - len(shape) :], shape, strict=True))])
    return f"an array of shape {shape}"


def _line() -> str:
    """The innermost line that is the program's own."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(_OURS) and "numpy" not in name and not name.startswith("<partials"):
            text = linecache.getline(name, frame.f_lineno).strip()
            return f"{name}:{frame.f_lineno}" + (f": {text}" if text else "")
        frame = frame.f_back
    return "an unknown line"


def _inspected(
    recording: Recording, outputs: list[tuple[Any, Any]], inputs: list[Tape], batch: int | None
) -> list[Any]:
    """A reverse sweep, that raises for the entry whose maps turn cotangents without NaN into a NaN."""
    within, _within.a_rule = getattr(_within, "a_rule", False), True
    try:
        cotangents = sweep.pulled_back(recording, outputs, inputs, batch)
        if any(map(has_nan, cotangents)) and not any(has_nan(ct) for _, ct in outputs):
            name, line = _first_in_sweep(recording, outputs, batch)
            raise NaNError(f"on the way back, the derivative of {name} made a NaN; it was recorded at {line}")
    finally:
        _within.a_rule = within
    return cotangents


def _first_in_sweep(recording: Recording, outputs: list[tuple[Any, Any]], batch: int | None) -> tuple[str, str]:
    """Primitive and line of the first entry on the way back that makes a NaN: by bisection, a sweep a step."""
    first, last = 0, len(recording.entries)  # a sweep down to `first` has a NaN, one down to `last` has none
    while last - first > 1:
        middle = (first + last) // 2
        if any(map(has_nan, sweep.cotangents_down_to(recording, outputs, batch, middle))):
            first = middle
        else:
            last = middle
    return (recording.origins or {}).get(first, ("an operation", "an unknown line"))

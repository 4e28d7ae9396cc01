"""`SparsityTracer`: a number or array that knows which inputs each of its elements depends on.

The payload is computed beside the pattern, but the pattern never follows it: it holds at every input. So a
traced comparison decides nothing (`np.where` takes both sides) and a zero kills a dependence only if it
stands in the program text. `LocalTracer` is the opposite: the pattern at the given point, along its branches.
"""

from typing import Any, NoReturn, Self

import numpy as np
import scipy.sparse

from interp import level as levels
from interp.control.path import PATH
from interp.errors import RefusedStack, UndecidedError
from interp.value import Value, identical, shape_of
from interp.vocabulary.creation import owned
from interpretations.dual import real_payload
from interpretations.sparsity.dependence import all_varying, derivatives, inputs
from interpretations.sparsity.packed import PatternRows
from interpretations.sparsity.storage import Storage
from interpretations.sparsity.unions import EMPTY, Row, columns_of


class SparsityTracer(Value):
    """An input of a traced function, every element depending on itself.

    Parameters
    ----------
    value: number, array or value (Dual, Tape, Measurement, Interval) of any shape; integers become
        floats, arrays are copied.

    A tracer made by hand sits just above its payload's level. Raises `RefusedStack` if the payload
    holds a tracer already. ``bool()``, use as an index and ``hash()`` raise `UndecidedError`.
    """

    __slots__ = ("_gathered", "level", "positions", "storage", "value")
    components = ("value", "pattern")
    native = False
    joins = True
    value: Any
    storage: Storage
    positions: np.ndarray | None
    """Of a view, the position of each element in the storage; None for the whole of it, in order."""

    def __init__(self, value: Any) -> None:
        payload = np.asarray(value) if isinstance(value, list | tuple) else value
        _refuse_nested(payload)
        payload = real_payload(payload)
        self._set(owned(payload), Storage(inputs(shape_of(payload))), None)
        self.level = levels.above(payload)

    def _set(self, value: Any, storage: Storage, positions: np.ndarray | None) -> None:
        self.value, self.storage, self.positions = value, storage, positions
        self._gathered: tuple[PatternRows, PatternRows] | None = None

    def _like(self, value: Any, storage: Storage, positions: np.ndarray | None) -> Self:
        new = object.__new__(type(self))
        new._set(value, storage, positions)
        new.level = self.level
        return new

    def rebuild(self, *components: Any) -> Self:
        value, pattern = components
        return self._like(value, Storage(pattern), None)

    def constant(self, payload: Any) -> Self:
        return self.rebuild(payload, PatternRows.empty(shape_of(payload), self.columns))

    # -- the pattern

    @property
    def columns(self) -> int:
        """Number of input elements, and one: see `interpretations.sparsity.dependence`."""
        return self.storage.columns

    @property
    def pattern(self) -> PatternRows:
        """One row an element, over the elements of the input and the column of mere variation."""
        if self.positions is not None and self.storage.changes_wait(self.positions):
            return self.storage.few_rows(self.positions)
        rows = self.storage.rows()
        if self.positions is None:
            return rows.reshaped(self.shape)
        if self._gathered is None or self._gathered[0] is not rows:
            self._gathered = rows, rows.gather(self.positions)
        return self._gathered[1]

    @property
    def sparsity(self) -> scipy.sparse.csr_array:
        """The pattern of the derivative by the input: boolean, shape (self.size, input.size)."""
        return derivatives(self.pattern).to_csr()

    # -- views

    def view(self, value: Any, moved: np.ndarray) -> Self:
        """A view with payload ``value``; ``moved`` tells for each element its flat position in self."""
        positions = moved if self.positions is None else self.positions.reshape(-1)[moved]
        return self._like(value, self.storage, positions)

    def element(self, value: Any, index: tuple[int, ...]) -> Self:
        """The scalar at ``index``, one integer an axis."""
        return self.number(value, self.storage.row(self.position(index)))

    def number(self, value: Any, row: Row) -> Self:
        """A scalar like this tracer, with a row of its own."""
        return self._like(value, Storage.of_one(row, self.columns), None)

    @property
    def row(self) -> Row:
        """The row of a scalar, unresolved."""
        return self.storage.row(0 if self.positions is None else int(self.positions))

    def position(self, index: tuple[int, ...]) -> int:
        """Position in the storage of the element at ``index``, one integer an axis."""
        if self.positions is not None:
            return int(self.positions[index])
        flat = 0
        for i, n in zip(index, self.shape, strict=True):
            flat = flat * n + int(i) % n
        return flat

    def stored_at(self, index: tuple[Any, ...]) -> np.ndarray:
        """Positions in the storage of the elements that ``index`` selects."""
        positions = np.arange(self.size).reshape(self.shape) if self.positions is None else self.positions
        return np.asarray(positions[index])

    # -- branches: see `Value.joins`

    @property
    def is_view(self) -> bool:
        return self.positions is not None

    @property
    def has_primal(self) -> bool:
        """False over intervals: no path of theirs is the one."""
        inner = _joining(self.value)
        return inner is None or inner.has_primal

    def decision(self) -> bool | None:
        """The truth of a condition that is literal; of any other None."""
        if not self.literal:
            return None
        try:
            return bool(self.value)
        except UndecidedError:
            return None

    @property
    def literal(self) -> bool:
        """True if every element stands in the program text."""
        return self.pattern.is_empty if self.shape else self.row is EMPTY

    def primal_truth(self) -> bool | None:
        """The truth of the condition at the input."""
        try:
            return bool(self.value)
        except UndecidedError:
            return None

    def undecided(self, on: bool) -> Self:
        """A condition that is ``on`` at the input, and may be either elsewhere."""
        inner = _joining(self.value)
        return self.unknown(np.bool_(on) if inner is None else inner.undecided(on))

    def unknown(self, number: Any) -> Self:
        """``number`` at the input, and any other elsewhere."""
        shape = shape_of(number)
        if not shape:
            return self.number(number, self.columns - 1)
        return self.rebuild(number, all_varying(shape, self.columns))

    def integer(self) -> Self:
        """``int(x)``: a position that may be another elsewhere, and that has no derivative."""
        number = np.trunc(self.value) if not isinstance(self.value, Value) else self.value
        return self.number(int(number) if np.isfinite(number) else 0, EMPTY if self.literal else self.columns - 1)

    def covers(self, other: Self) -> bool:
        """True if every dependence of ``other`` is here, and what is literal here is the same there."""
        if not self.shape:
            if self.row is EMPTY:
                return other.row is EMPTY and identical(self.value, other.value)
            return self.row is other.row or (columns_of(self.row, self.columns) >= columns_of(other.row, other.columns))
        mine, theirs = self.pattern, other.pattern
        if not np.isin(theirs.keys, mine.keys, assume_unique=True).all():
            return False
        literal = ~mine.filled()
        return bool(np.array_equal(np.asarray(self.value)[literal], np.asarray(other.value)[literal], equal_nan=True))

    def widened(self, later: Self) -> Self:
        """Patterns grow to no more than all inputs: nothing is to be done."""
        return later

    # -- what only the value could decide

    def __bool__(self) -> bool:
        if PATH.outcomes is not None and self.size == 1:
            return PATH.outcomes.outcome(self)  # type: ignore[no-any-return]
        _undecided("a truth value (if, while, and, or, not)", "use np.where, np.logical_and or np.maximum instead")

    def __index__(self) -> int:
        _undecided("an index or a length", "take it from the shape, or use np.where")

    def __hash__(self) -> int:  # type: ignore[override]
        _undecided("a hash (a key of a dict or set)", "use x.shape or a name as the key")

    # -- copy and print

    def __reduce__(self) -> Any:
        return _restore, (type(self), self.value, self.pattern, self.level)

    def __repr__(self) -> str:
        pattern = self.sparsity
        entries = f"{pattern.nnz} of {pattern.shape[0]}x{pattern.shape[1]} entries"
        return f"{type(self).__name__}(value={self.value!r}, sparsity={entries})"


class LocalTracer(SparsityTracer):
    """A tracer of the pattern at the given point: zeros of partials drop, branches follow the payload."""

    __slots__ = ()
    joins = False
    __bool__ = Value.__bool__
    __index__ = Value.__index__
    __hash__ = Value.__hash__


def lift(payload: Any, level: int, local: bool) -> SparsityTracer:
    """``payload`` as the input of a trace at ``level``."""
    tracer = (LocalTracer if local else SparsityTracer)(payload)
    tracer.level = level
    return tracer


def _restore(cls: type[SparsityTracer], value: Any, pattern: PatternRows, level: int) -> SparsityTracer:
    new = object.__new__(cls)
    new._set(value, Storage(pattern), None)
    new.level = level
    return new


def _joining(payload: Any) -> Any:
    """The value in a payload that leaves branches undecided itself (Interval); None if there is none."""
    while isinstance(payload, Value):
        if payload.joins:
            return payload
        payload = payload.payload
    return None


def _undecided(what: str, instead: str) -> NoReturn:
    raise UndecidedError(
        f"{what} of a SparsityTracer would make the pattern hold along one branch only: {instead}, "
        "or ask for the pattern at this point alone with local=True"
    )


def _refuse_nested(payload: Any) -> None:
    inner = payload
    while isinstance(inner, Value):
        if isinstance(inner, SparsityTracer):
            raise RefusedStack(
                "a SparsityTracer cannot carry a SparsityTracer: one pattern says all. For a Hessian "
                "use hessian_sparsity(f, x), or interpret(f, gradient(), sparsity())"
            )
        inner = inner.payload

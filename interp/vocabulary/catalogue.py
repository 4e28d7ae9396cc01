"""The catalogue: the functions of the vocabulary, each with calls that show it.

A function is entered where it is defined, with what of NumPy's and SciPy's it stands for. Tests of values against
NumPy's own, of derivatives in both modes and to second order, and the table of what each number type supports are all
made from the calls: a function is tested, counted and documented by being entered.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from interp.primitive import COUNTERPARTS, PRIMITIVES, Creation, Elementwise, Fixed, Predicate

Interval = tuple[float, float]
INSIDE: Interval = (0.25, 0.85)
"""Where operands lie unless a call says otherwise: inside nearly every domain, away from most kinks."""


def within(lo: float, hi: float, shape: tuple[int, ...], seed: int = 0) -> Any:
    """Distinct numbers in (lo, hi), none at an end, in no order; a float for shape ()."""
    n = int(np.prod(shape, dtype=int))
    places = (np.random.default_rng(seed).permutation(n) + 0.37 + 0.11 * seed % 0.5) / max(n, 1)
    numbers = (lo + (hi - lo) * places).reshape(shape)
    return numbers if shape else float(numbers[()])


class Call:
    """One call of a function: its operands, which vary, and what is passed beside them. Made by `call`."""

    def __init__(
        self,
        arguments: tuple[Any, ...],
        between: Interval | Sequence[Interval],
        through: Callable[..., Any] | None,
        smooth: bool,
        parameters: dict[str, Any],
    ) -> None:
        self.arguments, self.between, self.through, self.parameters = arguments, between, through, parameters
        self.smooth = smooth

    @functools.cached_property
    def operands(self) -> tuple[Any, ...]:
        """Arrays and numbers, and lists of them: what varies."""
        one = isinstance(self.between[0], int | float)
        ranges: Any = [self.between] * len(self.arguments) if one else self.between
        made = [_operand(x, limits, i) for i, (x, limits) in enumerate(zip(self.arguments, ranges, strict=True))]
        return tuple(x for x in made if x is not None)

    def of(self, function: Callable[..., Any], *operands: Any) -> Any:
        """``function``, ours or NumPy's, called in this way on ``operands``."""
        if self.through is not None:
            return self.through(function, *operands)
        given = iter(operands)
        arguments = (next(given) if isinstance(x, _VARYING) else x for x in self.arguments)
        return function(*arguments, **self.parameters)

    def __repr__(self) -> str:
        shapes = [[np.shape(x) for x in part] if isinstance(part, list) else np.shape(part) for part in self.operands]
        return ", ".join([*map(str, shapes), *(f"{name}={x!r}" for name, x in self.parameters.items())])


def call(
    *arguments: Any,
    between: Interval | Sequence[Interval] = INSIDE,
    through: Callable[..., Any] | None = None,
    smooth: bool = True,
    **parameters: Any,
) -> Call:
    """A call of a function, to be entered with it.

    ``arguments``: a shape stands for an array of numbers in ``between`` (one range, or one an argument), a list of
    shapes for a list of arrays, an array for itself: these vary. Anything else (an integer, a string) is passed as it
    is, and so are ``parameters``. ``through``: ``(function, *operands) -> result`` for calls that are not of this
    form. ``smooth`` is False where the function has no second derivative at the operands.
    """
    return Call(arguments, between, through, smooth, parameters)


_VARYING = (tuple, list, np.ndarray)


def _operand(argument: Any, limits: Interval, seed: int) -> Any:
    if isinstance(argument, list):
        return [_operand(part, limits, seed + 7 * i) for i, part in enumerate(argument)]
    if isinstance(argument, tuple):
        return within(*limits, argument, seed)
    return argument if isinstance(argument, np.ndarray) else None


@dataclass(frozen=True)
class Entry:
    """A function of the vocabulary: its name (``linalg.solve``), itself, what it stands for, and calls of it."""

    name: str
    function: Callable[..., Any]
    counterparts: tuple[Any, ...]
    calls: tuple[Call, ...]
    differentiable: bool

    @property
    def family(self) -> str:
        """The module of the vocabulary that it stands in."""
        module: str = getattr(self.function, "__module__", "")
        return module.rpartition(".")[2]


CATALOGUE: dict[str, Entry] = {}


def enter(
    function: Any, *counterparts: Any, calls: Sequence[Call] = (), name: str = "", differentiable: bool = True
) -> Any:
    """Enter a function: what of NumPy's and SciPy's reaches it, and calls that show it. Returns ``function``.

    ``differentiable`` is False of what answers with positions, truths or counts.
    """
    name = name or function.__name__
    for counterpart in counterparts:
        COUNTERPARTS.setdefault(counterpart, function)
    carries = differentiable and not isinstance(function, Predicate | Creation)
    CATALOGUE[name] = Entry(name, function, counterparts, tuple(calls), carries)
    return function


SHAPES: tuple[Any, ...] = (
    (),
    ((), (3,), (2, 3)),
    (((3,), (2, 3)), ((2, 1), (1, 2)), ((), (2, 2))),
    (((3,), (2, 3), ()),),
)
"""Shapes of the operands of elementwise functions, by their number."""


def elementwise_entry(primitive: Elementwise) -> Entry:
    """The entry of an elementwise primitive: called all over its domain at several ranks."""
    fixed = [p.shown if isinstance(p, Fixed) else None for p in primitive.partials]
    shapes: Any = SHAPES[fixed.count(None)]
    calls = []
    for each in [(shape,) for shape in shapes] if fixed.count(None) == 1 else shapes:
        varying = iter(each)
        calls.append(call(*(next(varying) if n is None else n for n in fixed), between=primitive.domain))
    counterparts = tuple(f for f, ours in COUNTERPARTS.items() if ours is primitive)
    return Entry(primitive.name, primitive, counterparts, tuple(calls), True)


def entries() -> list[Entry]:
    """Everything that is entered, and every elementwise primitive."""
    entered = {id(entry.function) for entry in CATALOGUE.values()}
    found = [p for p in PRIMITIVES.values() if isinstance(p, Elementwise) and id(p) not in entered]
    return [*map(elementwise_entry, found), *CATALOGUE.values()]

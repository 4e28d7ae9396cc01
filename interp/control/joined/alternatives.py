"""`Alternatives`: a name that stands for one of several values which no number type unites.

Small integers, None, strings, functions, older objects, numbers of different types. An operation runs on each and
the answers are joined; `forks` narrows the names of a condition to the alternatives that fit.
"""

import itertools
import operator
from collections.abc import Callable, Iterable
from typing import Any

from interp.control.joined.state import current
from interp.errors import InterpError, UndecidedError


class Alternatives:
    """Several values, of which ``primal`` (a position, or None) is the one on the primal's path.

    ``origin``: where paths met that brought them, and ``paths``: for each value which ones. Two names that one branch
    has set both go together: of two alternatives of one origin only those combine that a path has in common.
    """

    __slots__ = ("origin", "paths", "primal", "values")

    def __init__(
        self,
        values: tuple[Any, ...],
        primal: int | None,
        origin: object = None,
        paths: tuple[frozenset[Any], ...] = (),
    ) -> None:
        self.values, self.primal, self.origin, self.paths = values, primal, origin, paths

    def among(self, positions: set[int]) -> Any:
        """The alternatives at some positions; a single one is a value of its own."""
        at = sorted(positions)
        if len(at) == 1:
            return self.values[at[0]]
        primal = at.index(self.primal) if self.primal in at else None
        paths = tuple(self.paths[i] for i in at) if self.paths else ()
        return Alternatives(tuple(self.values[i] for i in at), primal, self.origin, paths)

    def goes_with(self, i: int, other: "Alternatives", j: int) -> bool:
        """False if no path brings this one's value ``i`` together with the other's value ``j``."""
        return self.origin is None or self.origin is not other.origin or not self.paths[i].isdisjoint(other.paths[j])

    def beside(self, other: "Alternatives", j: int) -> Any:
        """What is left of these where ``other`` has its value ``j``."""
        at = {i for i in range(len(self.values)) if self.goes_with(i, other, j)}
        return self.among(at) if at else self

    def __repr__(self) -> str:
        return f"one of {self.values!r}"

    def __bool__(self) -> bool:
        truths = {bool(v) for v in self.values}
        if len(truths) == 1:
            return truths.pop()
        raise self._undecided("a truth value")

    def __index__(self) -> int:
        raise self._undecided("an index")

    def __hash__(self) -> int:
        raise self._undecided("a hash")

    def __str__(self) -> str:
        raise self._undecided("a text")

    def __format__(self, spec: str) -> str:
        raise self._undecided("a text")

    def __float__(self) -> float:
        raise self._undecided("a number")

    def __iter__(self) -> Any:
        raise self._undecided("a sequence")

    def _undecided(self, what: str) -> UndecidedError:
        return UndecidedError(
            f"{what} is asked of {self!r} in code that is not converted: which one it is depends on a branch that the "
            "input decides. Move the code into a function of your own, or take the value before the branch"
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return mapped(lambda value: getattr(value, name), self)

    def __getitem__(self, index: Any) -> Any:
        return mapped(operator.getitem, self, index)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return mapped(lambda *operands: getattr(ufunc, method)(*operands, **kwargs), *inputs)

    def __array_function__(self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return mapped(lambda *operands: function(*operands, **kwargs), *args)


class Sometimes:
    """The content of a slot or entry that is there on some paths only. ``on``: there on the primal's (None: nobody is).

    ``repeated``: any number of such slots, of a list that grows without bound.
    """

    __slots__ = ("content", "on", "repeated")

    def __init__(self, content: Any, on: bool | None, repeated: bool = False) -> None:
        self.content, self.on, self.repeated = content, on, repeated
        current().uncertain = True

    def __repr__(self) -> str:
        return f"sometimes {self.content!r}"

    def __eq__(self, other: object) -> bool:
        raise UndecidedError(
            "a list or dict is compared of which some slots are there on some paths only: loop over it, or "
            "compare len()"
        )

    __hash__ = None  # type: ignore[assignment]


def uncertain(slots: Iterable[Any]) -> bool:
    """True if some of the slots of a list, or of the contents of a dict, are there on some paths only."""
    return current().uncertain and Sometimes in map(type, slots)


def _combinations(operands: tuple[Any, ...]) -> list[tuple[tuple[Any, ...], bool | None]]:
    """Every choice of one alternative an operand, and whether it is the primal's (None: nobody is)."""
    found: list[tuple[tuple[Any, ...], bool | None]] = []
    several = [x for x in operands if isinstance(x, Alternatives)]
    for at in _positions(several):
        on: bool | None = True
        for x, i in zip(several, at, strict=True):
            on = None if x.primal is None or on is None else on and i == x.primal
        chosen = iter(at)
        found.append((tuple(x.values[next(chosen)] if isinstance(x, Alternatives) else x for x in operands), on))
    return found


def _positions(several: list[Alternatives]) -> list[tuple[int, ...]]:
    """Every choice of one position each that a path has, or every choice if none is known to."""
    every = list(itertools.product(*(range(len(x.values)) for x in several)))
    pairs = list(itertools.combinations(range(len(several)), 2))
    fitting = [at for at in every if all(several[p].goes_with(at[p], several[q], at[q]) for p, q in pairs)]
    return fitting or every


def mapped(function: Callable[..., Any], *operands: Any, makes: bool = False) -> Any:
    """``function`` of each combination of alternatives, the answers joined. For functions without effects.

    ``makes``: its answers are new objects, as those of arithmetic are, so that they can be joined part by part.
    """
    from interp.control.joined.joining import join_all
    from interp.control.joined.operations import each

    several = any(isinstance(x, Alternatives) for x in operands)
    try:
        answers = [(function(*chosen), on) for chosen, on in _combinations(operands)]
    except InterpError:
        raise
    except Exception:
        if not several:
            raise
        return each(function, *operands)  # which of them raises is a matter of each path
    joined = join_all(answers, frozenset(id(answer) for answer, _ in answers) if makes else frozenset())
    given = [x for x in operands if isinstance(x, Alternatives)]
    if not isinstance(joined, Alternatives) or not given or len(answers) != len(given[0].values):
        return joined
    first = given[0]
    if first.origin is None or any(x.origin is not first.origin for x in given):
        return joined
    primal = next((i for i, (_, on) in enumerate(answers) if on), None)
    return Alternatives(tuple(answer for answer, _ in answers), primal, first.origin, first.paths)


def _forward(operation: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, y: mapped(operation, x, y, makes=True)


def _reflected(operation: Callable[..., Any]) -> Callable[..., Any]:
    return lambda y, x: mapped(operation, x, y, makes=True)


def _unary(operation: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: mapped(operation, x, makes=True)


BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift")
for _name in BINARY:
    _operation = getattr(operator, _name if _name not in ("and", "or") else f"{_name}_")
    setattr(Alternatives, f"__{_name}__", _forward(_operation))
    setattr(Alternatives, f"__r{_name}__", _reflected(_operation))
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Alternatives, f"__{_name}__", _forward(getattr(operator, _name)))
for _name in ("neg", "pos", "abs", "invert"):
    setattr(Alternatives, f"__{_name}__", _unary(getattr(operator, _name)))

"""`Alternatives`: a name that stands for one of several values which no number type unites.

Small integers, None, strings, functions, older objects, numbers of different types. An operation runs on each and
the answers are joined; `forks` narrows the names of a condition to the alternatives that fit.
"""

import operator
from collections.abc import Callable, Iterable
from typing import Any

from interp.control.joined.state import current
from interp.errors import UndecidedError


class Alternatives:
    """Several values, of which ``primal`` (a position, or None) is the one on the primal's path."""

    __slots__ = ("primal", "values")

    def __init__(self, values: tuple[Any, ...], primal: int | None) -> None:
        self.values, self.primal = values, primal

    def among(self, positions: set[int]) -> Any:
        """The alternatives at some positions; a single one is a value of its own."""
        at = sorted(positions)
        if len(at) == 1:
            return self.values[at[0]]
        return Alternatives(tuple(self.values[i] for i in at), at.index(self.primal) if self.primal in at else None)

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
    found: list[tuple[tuple[Any, ...], bool | None]] = [((), True)]
    for x in operands:
        if isinstance(x, Alternatives):
            found = [
                ((*chosen, value), None if x.primal is None or on is None else on and i == x.primal)
                for chosen, on in found
                for i, value in enumerate(x.values)
            ]
        else:
            found = [((*chosen, x), on) for chosen, on in found]
    return found


def mapped(function: Callable[..., Any], *operands: Any, makes: bool = False) -> Any:
    """``function`` of each combination of alternatives, the answers joined. For functions without effects.

    ``makes``: its answers are new objects, as those of arithmetic are, so that they can be joined part by part.
    """
    from interp.control.joined.joining import join_all

    answers = [(function(*chosen), on) for chosen, on in _combinations(operands)]
    return join_all(answers, frozenset(id(answer) for answer, _ in answers) if makes else frozenset())


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

"""`Selection`: ``x[mask]`` where the input decides the mask. Its length is not known, so it is kept as array and mask.

Arithmetic goes through to the array; sums, products, means and counts leave out what the mask may leave out; in a
loop each element is there on some paths only, as in a list that was filtered. Storing one back needs its own mask.
"""

import functools
import operator
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np

from interp import vocabulary as xp
from interp.control.joined.alternatives import Sometimes
from interp.control.joined.forks import decision, primal_truth
from interp.control.joined.joining import same
from interp.control.joined.state import current
from interp.errors import UndecidedError
from interp.value import Holder, Value, identical, primal, shape_of


class Selection:
    """The elements of ``full`` where ``mask`` holds, both of one axis."""

    __slots__ = ("full", "mask", "of")
    __hash__ = None  # type: ignore[assignment]
    ndim = 1

    def __init__(self, full: Any, mask: Any, of: Any) -> None:
        self.full, self.mask = full, mask
        self.of = of
        """The index as the program has it: what is selected by the same one goes together."""

    def is_by(self, index: Any) -> bool:
        """True if ``index`` is the mask that this was selected by, and has not been changed since."""
        if index is not self.of:
            return False
        now = xp.reshape(index, (-1,))
        return same(now, self.mask) and same(self.mask, now) and identical(primal(now), primal(self.mask))

    def with_elements(self, full: Any) -> "Selection":
        return Selection(full, self.mask, self.of)

    def slots(self) -> list[Any]:
        """The elements, as slots that are there on some paths only."""
        return list(self._slots())

    def _slots(self) -> Iterator[Any]:
        for i in range(self.full.shape[0]):
            condition = self.mask[i]
            truth = decision(condition)
            if truth is None:
                yield Sometimes(self.full[i], primal_truth(condition))
            elif truth:
                yield self.full[i]

    # -- arithmetic

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            _refused(f"np.{ufunc.__name__}.{method}")
        return elementwise(ufunc, *inputs)

    def __array_function__(self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        reduced = REDUCTIONS.get(function)
        if reduced is None or len(args) != 1 or kwargs:
            _refused(f"np.{function.__name__}")
        return reduced(args[0])

    # -- reductions

    def sum(self) -> Any:
        return self._reduced(np.sum, xp.sum(xp.where(self.mask, self.full, 0.0)))

    def prod(self) -> Any:
        return self._reduced(np.prod, xp.prod(xp.where(self.mask, self.full, 1.0)))

    def mean(self) -> Any:
        return self._reduced(np.mean, self.sum() / xp.sum(xp.where(self.mask, 1.0, 0.0)))

    def dot(self, other: Any) -> Any:
        return elementwise(operator.mul, self, other).sum()

    __matmul__ = dot

    def _reduced(self, function: Callable[[Any], Any], found: Any) -> Any:
        """``found`` with the value that NumPy has of it: sums of fewer terms round otherwise."""
        state = current()
        full = self.full.payload if isinstance(self.full, Value) else self.full
        if isinstance(full, Value) or not isinstance(found, Value) or not (state.on and state.has_primal):
            return found
        exact = function(full[np.asarray(primal(self.mask), dtype=bool)])
        return found.rebuild(exact, *(getattr(found, name) for name in found.components[1:]))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        _refused(f".{name}")

    def __len__(self) -> int:
        _refused("len() outside of converted code")

    def __iter__(self) -> Any:
        _refused("a loop outside of converted code")


def selection(holder: Any, index: Any) -> Selection:
    """``holder[index]`` for an undecided mask of the holder's shape."""
    full = holder.held if isinstance(holder, Holder) else holder
    if shape_of(index) != shape_of(full):
        raise UndecidedError(
            f"a mask of shape {shape_of(index)} that the input decides, of an array of shape {shape_of(full)}: the "
            "shape of x[mask] depends on it. Use np.where(mask, x, 0), whose shape does not"
        )
    return Selection(xp.reshape(xp.copy(full), (-1,)), xp.reshape(xp.copy(index), (-1,)), index)


def elementwise(function: Callable[..., Any], *operands: Any) -> Selection:
    """``function`` of selections by one mask, and of numbers."""
    first = next(x for x in operands if isinstance(x, Selection))
    for x in operands:
        if isinstance(x, Selection) and not (x.is_by(first.of) and first.is_by(first.of)):
            raise UndecidedError(
                "two selections by masks that the input decides are combined: name the mask, m = x > 0, and use it in "
                "both, a[m] * b[m]"
            )
        if not isinstance(x, Selection) and shape_of(x):
            _refused(f"an array of shape {shape_of(x)} beside it")
    with np.errstate(all="ignore"):  # also where the mask leaves out
        return first.with_elements(function(*(x.full if isinstance(x, Selection) else x for x in operands)))


def _refused(what: str) -> NoReturn:
    raise UndecidedError(
        f"{what}: of x[mask] with a mask that the input decides only arithmetic with numbers, sum, prod, mean, max, "
        "min, any, all, len and loops are known. Use np.where(mask, x, 0), whose shape does not depend on the mask"
    )


def _of_slots(function: Callable[[Any], Any]) -> Callable[[Selection], Any]:
    """A reduction that goes by the rule of Python's own for lists."""

    def reduced(x: Selection) -> Any:
        from interp.control.joined.calls import call

        return call(function, x.slots())

    return reduced


for _name, _function in (("max", max), ("min", min), ("any", any), ("all", all)):
    setattr(Selection, _name, _of_slots(_function))
Selection.size = property(_of_slots(len))  # type: ignore[attr-defined]
Selection.shape = property(lambda x: (x.size,))  # type: ignore[attr-defined]

REDUCTIONS: dict[Any, Callable[[Selection], Any]] = {
    getattr(np, name): operator.methodcaller(name) for name in ("sum", "prod", "mean", "max", "min", "any", "all")
} | {np.size: operator.attrgetter("size")}


def _forward(operation: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, y: elementwise(operation, x, y)


def _reflected(operation: Callable[..., Any]) -> Callable[..., Any]:
    return lambda y, x: elementwise(operation, x, y)


def _of_one(x: Selection, operation: Callable[..., Any]) -> Any:
    return elementwise(operation, x)


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
    setattr(Selection, f"__{_name}__", _forward(getattr(operator, _name)))
    setattr(Selection, f"__r{_name}__", _reflected(getattr(operator, _name)))
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Selection, f"__{_name}__", _forward(getattr(operator, _name)))
for _name in ("neg", "pos", "abs"):
    setattr(Selection, f"__{_name}__", functools.partialmethod(_of_one, getattr(operator, _name)))

"""Operations on what a name may hold where branches have joined: reading, storing, comparing, dividing."""

import functools
import operator
from collections import defaultdict, deque
from collections.abc import Callable, MutableMapping, MutableSequence, MutableSet
from typing import Any

import numpy as np

from interp.control.fresh import Flat
from interp.control.joined.alternatives import Alternatives, Sometimes, mapped, uncertain
from interp.control.joined.forks import decision, file, file_off, fork, not_, primal_truth, valued
from interp.control.joined.joining import Join, extended, join_all, undecided
from interp.control.joined.selection import Selection, selection
from interp.control.joined.signals import Raised
from interp.control.joined.state import ABSENT, Elements, Entry, Slot, Whole, current
from interp.control.path import PATH
from interp.errors import InterpError, UndecidedError
from interp.value import Holder, Value, innermost, primal, shape_of
from interp.vocabulary import reshape, where

COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "Lt": operator.lt,
    "LtE": operator.le,
    "Gt": operator.gt,
    "GtE": operator.ge,
    "Eq": lambda x, y: equal(x, y),
    "NotEq": lambda x, y: not_equal(x, y),
    "Is": lambda x, y: is_(x, y),
    "IsNot": lambda x, y: is_not(x, y),
    "In": lambda x, y: in_(x, y),
    "NotIn": lambda x, y: not_in(x, y),
}
IN_PLACE: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.iadd,
    "Sub": operator.isub,
    "Mult": operator.imul,
    "MatMult": operator.imatmul,
    "Div": operator.itruediv,
    "FloorDiv": operator.ifloordiv,
    "Mod": operator.imod,
    "Pow": operator.ipow,
    "BitAnd": operator.iand,
    "BitOr": operator.ior,
    "BitXor": operator.ixor,
    "LShift": operator.ilshift,
    "RShift": operator.irshift,
}
PLAIN = (int, float, str, bool, type(None))


def plain(error: BaseException) -> BaseException:
    """Mark an error of an operation on wholly concrete operands: whoever takes this path gets it."""
    error.__interp_plain__ = True  # type: ignore[attr-defined]
    return error


def concrete(*operands: Any) -> bool:
    """True if nothing in the operands depends on a path or an input."""
    return not any(
        isinstance(x, Value | Alternatives | Sometimes) or (isinstance(x, Holder) and isinstance(x.held, Value))
        for x in operands
    )


def each(function: Callable[..., Any], *operands: Any) -> Any:
    """``function``, that may have effects, of each combination of alternatives: a fork."""
    for i, x in enumerate(operands):
        if isinstance(x, Alternatives):
            before, after = operands[:i], operands[i + 1 :]

            def case(j: int, x: Alternatives = x, before: Any = before, after: Any = after) -> Callable[[], Any]:
                fitting = (y.beside(x, j) if isinstance(y, Alternatives) else y for y in after)
                return functools.partial(each, function, *before, x.values[j], *fitting)

            choices = [(case(j), j == x.primal) for j in range(len(x.values))]
            return valued(lambda side, choices=choices: fork([(side(thunk), on) for thunk, on in choices]))  # type: ignore[misc]
    return function(*operands)


# -- arithmetic that raises


NUMBERS = frozenset({float, int, bool})


def _partial(operation: Callable[[Any, Any], Any], error: type[ArithmeticError]) -> Callable[[Any, Any], Any]:
    def operate(x: Any, y: Any) -> Any:
        if type(x) in NUMBERS and type(y) in NUMBERS:
            try:
                return operation(x, y)
            except ArithmeticError as raised:
                raise plain(raised) from None
        if concrete(x, y):
            try:
                return operation(x, y)
            except Exception as raised:
                raise plain(raised) from None
        if isinstance(x, Alternatives) or isinstance(y, Alternatives):
            return each(operate, x, y)  # which of them raises is a matter of each
        return may_raise(lambda: operation(x, y), error)

    return operate


def may_raise(operation: Callable[[], Any], error: type[Exception] | tuple[type[Exception], ...]) -> Any:
    """An operation on values that raises for some of them: under a handler that takes the error, both happen."""
    state = current()
    if not any(map(state.catching, error if isinstance(error, tuple) else (error,))):
        return operation()
    try:
        result = operation()
    except error as raised:
        if isinstance(raised, InterpError):
            raise
        file(state, Raised(raised))
        state.on = False
        return operation()
    for kind in error if isinstance(error, tuple) else (error,):
        if state.catching(kind):
            file_off(state, Raised(plain(kind("for some inputs"))))  # no path of its own where none takes it
    return result


divide = _partial(operator.truediv, ZeroDivisionError)
floor_divide = _partial(operator.floordiv, ZeroDivisionError)
_modulo = _partial(operator.mod, ZeroDivisionError)


def modulo(x: Any, y: Any) -> Any:
    """``x % y``; of an integer that the input decides, by a small one, each rest that it may leave."""
    if isinstance(x, str) and isinstance(y, tuple):
        return mapped(lambda *parts: x % parts, *y)
    if isinstance(x, Value) and type(y) is int and 0 < y <= PATH.options.alternatives and _is_unknown_integer(x):
        state = current()
        state.alternatives = True
        return Alternatives(tuple(range(y)), int(primal(x)) % y if state.on else None)
    return _modulo(x, y)


def _is_unknown_integer(x: Value) -> bool:
    return not x.shape and x.dtype.kind in "iu" and type(x).joins and x.has_primal and not x.literal  # type: ignore[attr-defined]


power = _partial(operator.pow, ZeroDivisionError)


def in_place(symbol: str, x: Any, y: Any) -> Any:
    """``x += y`` and the like: what it changes is noted first."""
    operation = IN_PLACE[symbol]
    if type(x) is float or type(x) is int:
        if type(y) is float or type(y) is int:
            try:
                return operation(x, y)
            except ArithmeticError as raised:
                raise plain(raised) from None
    elif isinstance(x, Alternatives):
        return each(lambda value: in_place(symbol, value, y), x)
    elif type(x) is list and symbol == "Add":
        extended(x, y.slots() if hasattr(y, "slots") else y)
        return x
    elif current().recording:
        if isinstance(x, np.ndarray | Holder) or (isinstance(x, Value) and x.is_storage):
            current().note(Elements(x, Ellipsis))
        elif isinstance(x, MutableSequence | MutableSet | MutableMapping):
            current().note(Whole(x))
    if symbol in ("Div", "FloorDiv", "Mod", "Pow") and not concrete(x, y):
        return may_raise(lambda: operation(x, y), ZeroDivisionError)
    return operation(x, y)


# -- equality, identity and membership

CONTAINERS = (list, tuple, dict, deque)


def equal(x: Any, y: Any) -> Any:
    """``x == y``; of containers item by item, where their items or lengths depend on the input."""
    if not (isinstance(x, CONTAINERS) and isinstance(y, CONTAINERS)):
        return x == y
    if not x or not y:
        return not_(x) if not y else not_(y)
    if uncertain((*_contents(x), *_contents(y))):
        raise UndecidedError(
            "a list or dict is compared of which some slots are there on some paths only: loop over it, or "
            "compare len()"
        )
    if concrete(*_contents(x), *_contents(y)) and not any(isinstance(z, CONTAINERS) for z in _contents(x)):
        return x == y
    if type(x) is not type(y) or len(x) != len(y):
        return False
    if isinstance(x, dict) and isinstance(y, dict):
        if x.keys() != y.keys():
            return False
        y = [y[k] for k in x]
    answer: Any = True
    for a, b in zip(_contents(x), _contents(y), strict=True):
        answer = _and(answer, equal(a, b))
    return answer


def _contents(x: Any) -> Any:
    return x.values() if isinstance(x, dict) else x


def not_equal(x: Any, y: Any) -> Any:
    """``x != y``."""
    return not_(equal(x, y)) if isinstance(x, CONTAINERS) and isinstance(y, CONTAINERS) else x != y


def is_(x: Any, y: Any) -> Any:
    """``x is y``."""
    if isinstance(x, Alternatives) or isinstance(y, Alternatives):
        return mapped(operator.is_, x, y)
    return x is y


def is_not(x: Any, y: Any) -> Any:
    """``x is not y``."""
    if isinstance(x, Alternatives) or isinstance(y, Alternatives):
        return mapped(operator.is_not, x, y)
    return x is not y


def in_(x: Any, y: Any) -> Any:
    """``x in y``."""
    if isinstance(x, Alternatives) or isinstance(y, Alternatives):
        return mapped(in_, x, y)
    if isinstance(y, dict):
        content = y.get(x)
        return undecided(content.on) if isinstance(content, Sometimes) else x in y
    if isinstance(y, list | tuple) and not (concrete(x, *y)):
        answer: Any = False
        for item in y:
            content, there = (item.content, undecided(item.on)) if isinstance(item, Sometimes) else (item, True)
            same = content is x or equal(content, x)
            answer = _or(answer, _and(there, same))
            if answer is True:
                return True
        return answer
    return x in y


def _and(x: Any, y: Any) -> Any:
    return y if x is True else x if y is True else False if x is False or y is False else np.logical_and(x, y)


def _or(x: Any, y: Any) -> Any:
    return y if x is False else x if y is False else True if x is True or y is True else np.logical_or(x, y)


def not_in(x: Any, y: Any) -> Any:
    """``x not in y``."""
    return not_(in_(x, y))


# -- reading


def getitem(holder: Any, index: Any) -> Any:
    """``holder[index]``."""
    kind = type(holder)
    if type(index) is int and (kind is np.ndarray or kind is tuple):
        try:
            return holder[index]
        except IndexError as raised:
            raise plain(raised) from None
    if isinstance(holder, Alternatives):
        return each(getitem, holder, index)
    if kind is Selection:
        return getitem(holder.slots(), index)
    if type(index) is list and any(map(_open, index)):
        return each(lambda *parts: getitem(holder, list(parts)), *index)
    if isinstance(holder, dict) and isinstance(index, Value):
        raise UndecidedError(
            "a key that the input decides: a dict has no order of its keys to unite over; use a list or array, and the "
            "number as a position"
        )
    if _open(index):
        return _at_open(holder, index)
    if isinstance(holder, Value | Holder):
        return holder[index]  # type: ignore[index]
    if isinstance(holder, list | deque) and not hasattr(kind.__getitem__, "__code__"):
        return _from_list(holder, index)
    if isinstance(holder, dict) and not hasattr(kind.__getitem__, "__code__"):
        return _from_dict(holder, index)
    item = getattr(kind, "__getitem__", None)
    if item is not None and hasattr(item, "__code__"):
        from interp.control.joined.calls import call

        return call(item, holder, index)
    try:
        return holder[index]
    except (LookupError, TypeError) as raised:
        raise plain(raised) from None


def _from_list(holder: list[Any] | deque[Any], index: Any) -> Any:
    if uncertain(holder):
        return _uncertain(holder, index)
    try:
        return holder[index]
    except (LookupError, TypeError) as raised:
        raise plain(raised) from None


def _from_dict(holder: dict[Any, Any], index: Any) -> Any:
    kind: Any = type(holder)
    content = holder.get(index, ABSENT)
    if isinstance(content, Sometimes):
        if not hasattr(kind, "__missing__"):
            return where_there(content, KeyError(index))
        other = kind()  # its own default: a Counter's 0; a defaultdict has a factory for it
        default = holder.default_factory() if isinstance(holder, defaultdict) else other[index]  # type: ignore[misc]
        return Join(content.on if current().on else None)(content.content, default)
    if content is ABSENT and hasattr(kind, "__missing__"):
        current().note(Entry(holder, index))
    try:
        return holder[index]
    except (LookupError, TypeError) as raised:
        raise plain(raised) from None


def where_there(slot: Sometimes, error: BaseException) -> Any:
    """A slot that is there on some paths: those where it is not end here, or in a handler."""
    state = current()
    missing_here = slot.on is False and state.on and state.has_primal
    if not state.catching(type(error)):
        if missing_here:
            raise error
    elif missing_here:  # this path goes to the handler, others go on
        file(state, Raised(error))
        state.on = False
    else:
        file_off(state, Raised(error))
    return slot.content


def _uncertain(holder: list[Any] | deque[Any], index: Any) -> Any:
    """An element of a list in which some slots are there on some paths only: all that can stand at the position."""
    if isinstance(index, slice):
        if index == slice(None):
            return list(holder)
        raise UndecidedError(
            "a slice of a list that is longer on some paths than on others: which elements it takes is not decided; "
            "loop over the list"
        )
    slots = list(reversed(holder)) if index < 0 else holder
    place = -index - 1 if index < 0 else index
    certain = 0
    found: list[tuple[Any, bool | None]] = []
    count: int | None = 0
    for slot in slots:
        some = isinstance(slot, Sometimes)
        content = slot.content if some else slot
        here = (slot.on if some else True) if current().on else None
        if certain <= place:
            found.append((content, (count == place and here is True) if count is not None else None))
        if count is not None:
            count = None if here is None else count + bool(here)
        if not some:
            certain += 1
        if certain > place:
            break
    else:
        if not found:
            raise plain(IndexError("list index out of range"))
        state = current()
        here = None if not (state.on and state.has_primal) else any(on for _, on in found)
        content = _one_of(found)
        return where_there(Sometimes(content, here), IndexError("list index out of range"))
    return _one_of(found)


def _one_of(found: list[tuple[Any, bool | None]], new: bool = False) -> Any:
    primal_first = sorted(found, key=lambda pair: pair[1] is not True)
    joined, on = primal_first[0]
    for content, _ in primal_first[1:]:
        fresh = frozenset((id(joined), id(content))) if new else frozenset()
        joined = Join(True if on else None, fresh)(joined, content)
    return joined


# -- indices that the input decides


def _open(index: Any) -> bool:
    """True of an index with a part that is not decided."""
    if isinstance(index, tuple):
        return any(_open(part) for part in index)
    if isinstance(index, slice):
        return any(_open(part) for part in (index.start, index.stop, index.step))
    return isinstance(index, Alternatives) or (isinstance(index, Value) and _innermost_joins(index))


def _innermost_joins(x: Value) -> bool:
    inner: Any = x
    while isinstance(inner, Value) and not inner.joins:
        inner = inner.payload
    return isinstance(inner, Value)


def _candidates(index: Value, length: int) -> list[tuple[int, Any]]:
    """The positions that an undecided integer can be, each with the condition that it is."""
    found = []
    for i in range(length):
        for position in (i, i - length):
            condition = index == position
            if decision(condition) is not False:
                found.append((position, condition))
    return found


def _at_open(holder: Any, index: Any) -> Any:
    """Every element that an undecided index can pick, joined. Positions out of range are dropped."""
    if isinstance(index, slice) or (isinstance(index, tuple) and any(isinstance(p, slice) and _open(p) for p in index)):
        if any(isinstance(p, Alternatives) for p in _parts(index)):
            return mapped(lambda *ends: getitem(holder, slice(*ends)), *_parts(index))
        raise UndecidedError(
            "a slice with an end that the input decides: the shape of its result is not known; use np.where on the "
            "whole array with a mask of positions"
        )
    if isinstance(index, Alternatives):
        return _in_range(lambda value: getitem(holder, value), index)
    if isinstance(index, tuple):
        for i, part in enumerate(index):
            if _open(part):
                before, after = index[:i], index[i + 1 :]
                if isinstance(part, Alternatives):
                    return _in_range(functools.partial(_at_axis, holder, before, after), part)
                axis = i
                length = holder.shape[axis]
                return _picked(part, length, functools.partial(_at_axis, holder, before, after))
    if _is_mask(index):
        return selection(holder, index)
    if index.shape:
        raise UndecidedError("an array of positions that the input decides: loop over the positions, one at a time")
    return _picked(index, len(holder), lambda j: getitem(holder, j))


def _at_axis(holder: Any, before: tuple[Any, ...], after: tuple[Any, ...], position: Any) -> Any:
    return getitem(holder, (*before, position, *after))


def _parts(index: Any) -> tuple[Any, ...]:
    return (index.start, index.stop, index.step) if isinstance(index, slice) else index


def _in_range(pick: Callable[[Any], Any], index: Alternatives) -> Any:
    """``pick`` of each alternative that is in range; under a handler for the others, they go there."""
    if current().catching(IndexError) or current().catching(KeyError):
        return each(pick, index)
    found: list[tuple[Any, bool | None]] = []
    error: Exception | None = None
    for i, value in enumerate(index.values):
        try:
            found.append((pick(value), True if i == index.primal else None))
        except (LookupError, TypeError) as raised:  # TypeError: None, say, is no index
            if i == index.primal and current().on and current().has_primal:
                raise
            error = raised
    if not found:
        assert error is not None
        raise plain(error)
    return _one_of(found)


def _picked(index: Value, length: int, pick: Callable[[int], Any]) -> Any:
    candidates = _candidates(index, length)
    at = int(primal(index)) if current().on and current().has_primal else None
    if at is not None and not -length <= at < length:
        raise IndexError(f"index {at} is out of bounds for length {length}")
    if not candidates:
        raise plain(IndexError(f"no position that the index can have is within length {length}"))
    if at is not None:
        candidates.sort(key=lambda pair: pair[0] != at)
    elif len({p % length for p, _ in candidates}) > PATH.options.alternatives * 100:
        candidates = [(p, c) for p, c in candidates if p >= 0]
    seen: dict[int, None] = {}
    for position, _ in candidates:
        seen.setdefault(position % length)
    return _one_of([(pick(j), True if at is not None and j == at % length else None) for j in seen])


# -- storing


def setitem(holder: Any, index: Any, value: Any) -> None:
    """``holder[index] = value``."""
    state = current()
    kind = type(holder)
    if isinstance(holder, Alternatives):
        each(lambda one: setitem(one, index, value), holder)
        return
    if isinstance(holder, dict) and isinstance(index, Value):
        raise UndecidedError(
            "a store at a key that the input decides: use a list or array, and the number as a position"
        )
    if type(index) is list and any(map(_open, index)):
        each(lambda *parts: setitem(holder, list(parts), value), *index)
        return
    if _open(index):
        _store_open(holder, index, value)
        return
    if state.recording:
        if kind is list:
            state.note(Slot(holder, index % len(holder)) if isinstance(index, int) and holder else Whole(holder))
        elif isinstance(holder, dict):
            state.note(Entry(holder, index))
        elif isinstance(holder, np.ndarray | Value | Holder):
            state.note(Elements(holder, index))
        elif isinstance(holder, np.flatiter):
            state.note(Elements(holder.base, Ellipsis))
        elif isinstance(holder, Flat):
            state.note(Elements(holder.array, Ellipsis))
        elif isinstance(holder, MutableSequence):
            state.note(Whole(holder))
    if kind is list and state.uncertain and isinstance(index, int) and not _is_certain(holder, index):
        value = _in_place_of(holder, index, value)
    method = getattr(kind, "__setitem__", None)
    if (
        method is not None
        and hasattr(method, "__code__")
        and not isinstance(holder, Value | np.ndarray | Holder | Flat)
    ):
        from interp.control.joined.calls import call

        call(method, holder, index, value)
        return
    if concrete(holder, value) and not isinstance(holder, np.ndarray):
        try:
            holder[index] = value
        except (LookupError, TypeError) as raised:
            raise plain(raised) from None
        return
    if isinstance(value, Alternatives) and not isinstance(holder, list | dict):
        value = as_number(value)
    holder[index] = value


def _is_certain(holder: list[Any], index: int) -> bool:
    """True if a position of a list is the same slot on every path."""
    before = holder[: index + 1] if index >= 0 else holder[index:]
    return not uncertain(before)


def _in_place_of(holder: list[Any], index: int, value: Any) -> Any:
    """What to store in a slot that is there on some paths only, if it is the last one and those before are certain."""
    at = index if index >= 0 else index + len(holder)
    if at != len(holder) - 1 or uncertain(holder[:at]) or index < 0:
        raise UndecidedError(
            "a store into a list that is longer on some paths than on others: which slot it is is open; loop over "
            "the list, and make a new one"
        )
    slot = holder[at]
    where_there(slot, IndexError("list assignment index out of range"))
    return Sometimes(value, slot.on, slot.repeated)


def store(value: Any, holder: Any, index: Any) -> None:
    """``holder[index] = value``, with the value first, as Python evaluates it."""
    setitem(holder, index, value)


# -- text


CONVERSIONS: dict[str, Callable[[Any], str]] = {"r": repr, "s": str, "a": ascii}


def formatted(value: Any, conversion: str, spec: Any) -> Any:
    """What ``{value!conversion:spec}`` is in an f-string."""
    convert = CONVERSIONS.get(conversion)
    return mapped(lambda one, spec: format(one if convert is None else convert(one), spec), value, spec)


def text(*parts: Any) -> Any:
    """The parts of an f-string as one."""
    return mapped(lambda *each: "".join(each), *parts)


def as_number(value: Any) -> Any:
    """Alternatives that are all numbers, or arrays of one shape, of whatever types, as one."""
    if not isinstance(value, Alternatives):
        return value
    # Products are new, so arrays unite too, whoever else has the factors.
    numbers = [(v * 1.0, True if i == value.primal else None) for i, v in enumerate(value.values)]
    return _one_of(numbers, new=True)


def _store_open(holder: Any, index: Any, value: Any) -> None:
    """A store at an undecided position: each position that it can be may get the value."""
    if isinstance(index, Alternatives):
        each(lambda one: setitem(holder, one, value), index)
        return
    if isinstance(index, tuple):
        for i, part in enumerate(index):
            if _open(part):
                if isinstance(part, Alternatives):
                    each(lambda one, i=i: setitem(holder, (*index[:i], one, *index[i + 1 :]), value), part)
                    return
                length = holder.shape[i]
                for j, condition in _weakly(part, length):
                    at = (*index[:i], j, *index[i + 1 :])
                    setitem(holder, at, either(condition, value, getitem(holder, at)))
                return
    if not isinstance(index, slice) and _is_mask(index) and index.shape == holder.shape:
        if isinstance(value, Selection) and value.is_by(index):
            value = reshape(value.full, index.shape)
        if isinstance(value, Selection) or shape_of(value) not in ((), index.shape):
            raise UndecidedError(
                "a store to x[mask] with a mask that the input decides: store a number, or what is selected by the "
                "same mask, m = x > 0; y[m] = 2.0 * x[m]"
            )
        setitem(holder, Ellipsis, where(index, value, holder))
        return
    if isinstance(index, slice) or index.shape or _is_mask(index):
        raise UndecidedError(
            "a store to positions that the input decides: loop over the positions, or use np.where on the whole array"
        )
    for j, condition in _weakly(index, len(holder)):
        setitem(holder, j, either(condition, value, getitem(holder, j)))


def _is_mask(index: Value) -> bool:
    return innermost(index).dtype.kind == "b" if hasattr(innermost(index), "dtype") else isinstance(index, bool)


def _weakly(index: Value, length: int) -> list[tuple[int, Any]]:
    at: dict[int, Any] = {}
    for position, condition in _candidates(index, length):
        j = position % length
        at[j] = _or(at[j], condition) if j in at else condition
    return list(at.items())


def either(condition: Any, value: Any, present: Any) -> Any:
    truth = decision(condition)
    if truth is not None:
        return value if truth else present
    on = primal_truth(condition)
    try:
        return where(condition, value, present)
    except InterpError:
        raise
    except (TypeError, ValueError):
        return Join(on)(value, present)


def delitem(holder: Any, index: Any) -> None:
    """``del holder[index]``."""
    if isinstance(holder, Alternatives) or isinstance(index, Alternatives):
        each(delitem, holder, index)
        return
    if _open(index):
        raise UndecidedError("`del` at a position that the input decides: build a new list of what stays")
    state = current()
    if isinstance(holder, dict):
        state.note(Entry(holder, index))
    elif isinstance(holder, MutableSequence):
        state.note(Whole(holder))
    del holder[index]


def unpack(value: Any) -> Any:
    """What stands on the right of ``a, b = ...``."""
    if isinstance(value, Alternatives):
        parts = [tuple(v) for v in value.values]
        if len({len(p) for p in parts}) > 1:
            raise UndecidedError(f"unpacking {value!r}: the number of parts depends on a branch that the input decides")
        marked = [True if i == value.primal else None for i in range(len(parts))]
        return tuple(join_all(list(zip(column, marked, strict=True))) for column in zip(*parts, strict=True))
    if isinstance(value, list) and uncertain(value):
        raise UndecidedError("unpacking a list that is longer on some paths than on others: loop over it")
    return value


def is_sequence(x: Any, length: int) -> bool:
    """True of a list, tuple or array of that many items: what ``case [a, b]`` asks."""
    return isinstance(x, list | tuple | np.ndarray | Value) and len(x) == length

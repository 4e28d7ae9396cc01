"""Built-in functions and methods where a name may stand for several values, or a list have slots of some paths only."""

import builtins
import functools
import itertools
import math
import operator
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from interp.control.joined.alternatives import Alternatives, Sometimes, mapped, uncertain
from interp.control.joined.attributes import delattribute, getattribute, own_attribute, setattribute
from interp.control.joined.blocks import Generated
from interp.control.joined.forks import decision, fork, not_, primal_truth, valued
from interp.control.joined.joining import Join, extended, same, undecided
from interp.control.joined.loops import VIEWS, UnknownRange, in_one_order, slots_of
from interp.control.joined.operations import (
    IN_PLACE,
    _or,
    concrete,
    delitem,
    divide,
    each,
    either,
    equal,
    floor_divide,
    getitem,
    in_,
    in_place,
    may_raise,
    modulo,
    not_equal,
    plain,
    power,
    setitem,
    where_there,
)
from interp.control.joined.operations import _open as is_open
from interp.control.joined.state import Attribute, Entry, Slot, Whole, current
from interp.control.mathematics import SAME
from interp.control.path import PATH
from interp.errors import PathError, UndecidedError
from interp.value import Value, innermost

RULES: dict[Any, Callable[..., Any]] = {}
METHODS: dict[tuple[type, str], Callable[..., Any]] = {}


def _rule(*functions: Any) -> Callable[[Any], Any]:
    def adding(rule: Any) -> Any:
        for function in functions:
            RULES[function] = rule
        return rule

    return adding


def _method(kind: type, *names: str) -> Callable[[Any], Any]:
    def adding(rule: Any) -> Any:
        for name in names:
            METHODS[kind, name] = rule
        return rule

    return adding


def of_unknown_length(x: Any) -> bool:
    """True of a list or dict with slots that are there on some paths only."""
    return isinstance(x, list | dict | deque) and uncertain(x.values() if isinstance(x, dict) else x)


def settled(x: Any) -> Any:
    """An argument of code that knows nothing of paths. Raises for a list or dict that depends on them."""
    in_one_order(x)
    if of_unknown_length(x.items[x.position :] if isinstance(x, Generated) else x):
        raise UndecidedError(
            "a list whose length depends on a branch that the input decides goes into a function that needs to know "
            "it. Loop over it, use sum, max, min, len, any or all, or np.where on a whole array instead of a filter"
        )
    return x


def has_effects(function: Any) -> bool:
    """True of functions that act outside the program, or draw random numbers."""
    module = getattr(function, "__module__", None) or ""
    owner = type(getattr(function, "__self__", None)).__module__ or ""
    return (
        function in _EFFECTS
        or module.partition(".")[0] in _OUTSIDE
        or module.startswith("numpy.random")
        or owner.startswith(("numpy.random", "random", "_random", "_io"))
    )


_OUTSIDE = {"random", "pathlib", "os", "posix", "shutil", "subprocess", "socket", "tempfile", "urllib", "sqlite3"}
"""Modules of the standard library that act outside the program."""
_EFFECTS = {builtins.print, builtins.open, builtins.input}


def _items(x: Any) -> list[Any]:
    """The slots of something to iterate over; an iterator is used up."""
    return x.rest() if isinstance(x, Generated) else list(slots_of(x))


def _folded(items: list[Any], start: Any, step: Callable[[Any, Any], Any]) -> Any:
    """``step`` over the slots, from ``start``; a slot of some paths only makes the answer either."""
    answer = start
    for item in items:
        if isinstance(item, Sometimes) and item.repeated:
            answer = _folded_for_ever(item.content, answer, step)
        elif isinstance(item, Sometimes):
            answer = _maybe(item.on, step(answer, item.content), answer)
        else:
            answer = step(answer, item)
    return answer


def _folded_for_ever(content: Any, start: Any, step: Callable[[Any, Any], Any]) -> Any:
    """``step`` with the same content any number of times, also none, as it is on the primal's path."""
    answer = start
    for count in itertools.count():
        widen = count >= PATH.options.rounds_before_widening
        wider = Join(None if PATH.off else True, widen=widen)(answer, step(answer, content))
        if same(answer, wider):
            return answer
        if count > PATH.options.steps // 100:
            break
        answer = wider
    raise PathError("a list that grew without bound off the input's path is summed without end: bound its length")


def _maybe(on: bool | None, value: Any, other: Any) -> Any:
    return Join(None if PATH.off else on)(value, other)


@_rule(len)
def length(x: Any) -> Any:
    if isinstance(x, Alternatives):
        return mapped(length, x)
    if not of_unknown_length(x):
        return len(x)
    items = _items(x)
    if any(isinstance(item, Sometimes) and item.repeated for item in items):
        known = sum(1 for item in items if not isinstance(item, Sometimes) or item.on)
        return current().witness.unknown(known)
    return _folded(items, 0, lambda n, _: n + 1)


@_rule(range)
def range_(*ends: Any) -> Any:
    if any(isinstance(e, Value) for e in ends):
        start, stop, step = (0, ends[0], 1) if len(ends) == 1 else (*ends, 1)[:3]
        return UnknownRange(start, stop, step)
    if any(isinstance(e, Alternatives) for e in ends):
        return mapped(range, *ends)
    return range(*ends)


@_rule(sum)
def sum_(x: Any, start: Any = 0) -> Any:
    if isinstance(x, Alternatives):
        return mapped(lambda one: sum_(one, start), x)
    items = _items(x) if isinstance(x, list | dict | deque | Generated) or type(x) in VIEWS else None
    if items is not None and uncertain(items):
        return _folded(items, start, operator.add)
    return sum(x if items is None else items, start)


@_rule(str)
def str_(x: Any = "", *rest: Any) -> Any:
    return mapped(str, x, *rest)


@_rule(hasattr)
def hasattr_(x: Any, name: str) -> Any:
    content = own_attribute(x, name)
    if isinstance(content, Sometimes):
        return undecided(content.on)
    return mapped(lambda one: hasattr(one, name), x)


@_rule(object.__setattr__)
def set_plainly(x: Any, name: str, value: Any) -> None:
    current().note(Attribute(x, name))
    object.__setattr__(x, name, value)


def _extreme(best: Callable[[Any, Any], Any], better: Callable[[Any, Any], Any], function: Any) -> Any:
    def rule(*args: Any, key: Any = None, default: Any = None, **more: Any) -> Any:
        from interp.control.joined.calls import call

        if len(args) == 1 and isinstance(args[0], Alternatives):
            return each(lambda one: rule(one, key=key, default=default), args[0])
        items = _items(args[0]) if len(args) == 1 else list(args)
        if not of_unknown_length(items) and all(concrete(i) for i in items) and key is None:
            if not items and default is not None:
                return default
            try:
                return function(items)
            except (TypeError, ValueError) as error:
                raise plain(error) from None
        if not items:
            if default is not None:
                return default
            raise plain(ValueError(f"{function.__name__}() arg is an empty sequence"))
        rank: Callable[[Any], Any] = (lambda x: x) if key is None else (lambda x: call(key, x))
        if key is None and not of_unknown_length(items):
            answer = items[0]
            for item in items[1:]:
                answer = _pick(best, better, answer, item)
            return answer

        def step(answer: Any, item: Any) -> Any:
            if answer is _NOTHING:
                return item, rank(item)
            score = rank(item)
            condition = better(score, answer[1])
            return either_of(condition, (item, score), answer)

        first = next((i for i, item in enumerate(items) if not isinstance(item, Sometimes)), None)
        if first is None:
            return _of_some(items, step, rank, default, function)
        start = (items[first], rank(items[first]))
        rest = items[:first] + items[first + 1 :]
        return _folded(rest, start, step)[0]

    return rule


_NOTHING = object()


def _of_some(items: list[Any], step: Any, rank: Any, default: Any, function: Any) -> Any:
    """The largest (smallest) of slots that may all be missing: then it is the default, or an error."""
    if default is None:
        empty = ValueError(f"{function.__name__}() arg is an empty sequence")
        where_there(Sometimes(None, any(item.on for item in items)), plain(empty))
    answer: Any = None if default is None else (default, rank(default))
    found = False
    """Whether one of them is there on the primal's path."""
    for item in items:
        one = (item.content, rank(item.content))
        if answer is None:
            answer = one
        else:
            better = one if default is not None and answer[0] is default else step(answer, item.content)
            best = better if default is None else _maybe(found, better, one)
            answer = _maybe(bool(item.on), best, answer)
        found = found or bool(item.on)
    return answer[0]


def _pick(best: Any, better: Any, answer: Any, item: Any) -> Any:
    """The larger (smaller) of two, as Python's max and min choose: the first of equals."""
    condition = better(item, answer)
    return either_of(condition, item, answer)


def either_of(condition: Any, a: Any, b: Any) -> Any:
    """``a if condition else b`` of what is computed already."""
    truth = decision(condition)
    if truth is not None:
        return a if truth else b
    if isinstance(a, tuple):
        return tuple(either_of(condition, x, y) for x, y in zip(a, b, strict=True))
    if isinstance(condition, Alternatives):
        on = condition.primal
        side = None if on is None else bool(condition.values[on])
        return Join(side)(a, b)
    return either(condition, a, b)


_rule(max)(_extreme(np.maximum, operator.gt, max))
_rule(min)(_extreme(np.minimum, operator.lt, min))


@_rule(any)
def any_(x: Any) -> Any:
    return _quantified(_items(x), False, _or)


@_rule(all)
def all_(x: Any) -> Any:
    negated = _quantified([_negated(item) for item in _items(x)], False, _or)
    return not_(negated)


def _negated(item: Any) -> Any:
    return Sometimes(not_(item.content), item.on) if isinstance(item, Sometimes) else not_(item)


def _quantified(items: list[Any], start: bool, step: Callable[[Any, Any], Any]) -> Any:
    answer: Any = start
    for item in items:
        content = item.content if isinstance(item, Sometimes) else item
        truth = decision(content)
        if isinstance(item, Sometimes) and truth is not False:
            here = primal_truth(content) if truth is None else truth
            truth = undecided(bool(item.on and here))
        elif truth is None:
            truth = content
        if truth is True and not isinstance(item, Sometimes):
            return True
        answer = step(answer, truth)
    return answer


RULES[list] = lambda x=(): _items(x) if not isinstance(x, Alternatives) else mapped(list, x)
RULES[tuple] = lambda x=(): tuple(_items(settled(x))) if not isinstance(x, Alternatives) else mapped(tuple, x)


@_rule(enumerate)
def enumerate_(x: Any, start: int = 0) -> Any:
    if isinstance(x, Generated):
        return Generated(list(enumerate_(x.rest(), start)), reads=x.reads)
    items = _items(x)
    if not of_unknown_length(items):
        return enumerate(items, start)
    found, position = [], start
    for item in items:
        if isinstance(item, Sometimes) and item.repeated:
            position = current().witness.unknown(position if isinstance(position, int) else 0)
        pair = (position, item.content if isinstance(item, Sometimes) else item)
        found.append(Sometimes(pair, item.on, item.repeated) if isinstance(item, Sometimes) else pair)
        position = _maybe(item.on, position + 1, position) if isinstance(item, Sometimes) else position + 1
    return found


@_rule(reversed)
def reversed_(x: Any) -> Any:
    return list(reversed(x)) if of_unknown_length(x) else reversed(x)


@_rule(iter)
def iter_(x: Any, *sentinel: Any) -> Any:
    if sentinel:
        return iter(x, *sentinel)
    if isinstance(x, dict) or type(x) in VIEWS:
        return Generated(_items(x))
    return x if isinstance(x, Generated) else Generated(x) if isinstance(x, list | tuple) else iter(x)


@_rule(next)
def next_(iterator: Any, *default: Any) -> Any:
    state = current()
    if isinstance(iterator, Alternatives):
        return each(lambda one: next_(one, *default), iterator)
    if isinstance(iterator, Generated):
        if isinstance(iterator.position, Alternatives):
            return each(lambda position: _next_at(iterator, position, default), iterator.position)
        head = iterator.items[iterator.position : iterator.position + 1]
        if head and isinstance(head[0], Sometimes):
            return _first_of(iterator, head[0], default)
        try:
            return next(iterator, *default)
        except StopIteration as raised:
            raise plain(raised) from None
    if state.recording and not hasattr(iterator, "__code__"):
        raise PathError(
            f"next() of a {type(iterator).__name__} within a branch that the input decides: it cannot be turned back "
            "for the other side. Make a list before the branch, and keep a position in it"
        )
    return next(iterator, *default)


def _next_at(iterator: Generated, position: int, default: tuple[Any, ...]) -> Any:
    """The next item where so many have been read; how many depends on the input."""
    current().note(Attribute(iterator, "position"))
    iterator.position = position
    return next_(iterator, *default)


def _first_of(iterator: Generated, head: Sometimes, default: tuple[Any, ...]) -> Any:
    """The first item of a generator that yields it on some paths only: on the others it is one of those behind."""

    def passed() -> Any:
        iterator.skip()
        return next_(iterator, *default)

    def taken() -> Any:
        if not head.repeated:  # there may be more of the same
            iterator.skip()
        return head.content

    return valued(lambda side: fork([(side(taken), head.on is not False), (side(passed), head.on is not True)]))


@_rule(bool)
def bool_(x: Any = False) -> Any:
    return not_(not_(x))


@_rule(int)
def int_(x: Any = 0, *base: Any) -> Any:
    if base:
        return int(x, *base)
    if isinstance(x, Alternatives):
        return each(int_, x) if current().catching(ValueError) else mapped(int_, x)
    if not isinstance(x, Value):
        try:
            return int(x)
        except (TypeError, ValueError, OverflowError) as error:
            raise plain(error) from None
    inner: Any = x
    while isinstance(inner, Value) and not inner.joins:
        inner = inner.payload
    return inner.integer() if isinstance(inner, Value) else int(x)  # type: ignore[attr-defined]


@_rule(round)
def round_(x: Any, digits: Any = None) -> Any:
    if isinstance(x, Value) and digits is None:
        return int_(np.rint(x))
    return mapped(round, x, digits) if isinstance(x, Alternatives) else round(x, digits)


def _to_integer(function: Any, ours: Any) -> Any:
    """`math.floor` and its like: an integer, which the input decides where its operand does."""

    def rule(x: Any) -> Any:
        if isinstance(x, Alternatives):
            return mapped(rule, x)
        return int_(ours(x)) if isinstance(x, Value) else function(x)

    return rule


for _function, _ours in ((math.floor, np.floor), (math.ceil, np.ceil), (math.trunc, np.trunc)):
    RULES[_function] = _to_integer(_function, _ours)


@_rule(divmod)
def divmod_(x: Any, y: Any) -> Any:
    return floor_divide(x, y), modulo(x, y)


@_rule(sorted)
def sorted_(x: Any, key: Any = None, reverse: bool = False) -> Any:
    """Sorted by comparisons that the input may decide: each position holds what can stand there."""
    from interp.control.joined.calls import call

    items = list(settled(_items(x)))
    ranks = [item if key is None else call(key, item) for item in items]
    if all(_plain_rank(r) for r in ranks):
        order = sorted(range(len(items)), key=lambda i: ranks[i], reverse=reverse)
        return [items[i] for i in order]
    # Exchange neighbours, so that every order of the input comes out; of equals the first stays first.
    pairs = list(zip(ranks, items, strict=True))
    for end in range(len(pairs) - 1, 0, -1):
        for i in range(end):
            a, b = pairs[i], pairs[i + 1]
            swap = b[0] > a[0] if reverse else b[0] < a[0]
            pairs[i], pairs[i + 1] = either_of(swap, b, a), either_of(swap, a, b)
    return [item for _, item in pairs]


def _plain_rank(rank: Any) -> bool:
    return all(map(_plain_rank, rank)) if isinstance(rank, tuple | list) else concrete(rank)


@_method(list, "sort")
def list_sort(x: list[Any], key: Any = None, reverse: bool = False) -> None:
    current().note(Whole(x))
    x[:] = sorted_(list(x), key, reverse)


@_method(list, "pop")
def list_pop(x: list[Any], position: Any = -1) -> Any:
    if is_open(position):
        raise UndecidedError("list.pop at a position that the input decides: keep the list, and a mask of what is left")
    if of_unknown_length(x):
        if position == -1 and not isinstance(x[-1], Sometimes):
            current().note(Whole(x))
            return x.pop()
        raise UndecidedError(
            "list.pop of a list that is longer on some paths than on others: which element it takes is not decided"
        )
    state = current()
    if state.recording:
        state.note(Slot(x, len(x) - 1) if position == -1 and x else Whole(x))
    try:
        return x.pop(position)
    except IndexError as error:
        raise plain(error) from None


@_method(list, "insert")
def list_insert(x: list[Any], position: Any, item: Any) -> None:
    if is_open(position):
        raise UndecidedError(
            "list.insert at a position that the input decides: append the item and sort by a key, or store into an "
            "array at that position"
        )
    current().note(Whole(x))
    x.insert(position, item)


for _name in ("index", "count", "remove"):

    def _search(x: list[Any], *args: Any, _name: str = _name) -> Any:
        if of_unknown_length(x) or any(not concrete(item) for item in (*x, *args)):
            raise UndecidedError(
                f"list.{_name} compares values that the input decides: loop over the list with a comparison"
            )
        if _name == "remove":
            current().note(Whole(x))
        try:
            return getattr(x, _name)(*args)
        except ValueError as error:
            raise plain(error) from None

    METHODS[list, _name] = _search


METHODS[list, "extend"] = lambda x, items: extended(x, _items(items))


for _name in ("pop", "popleft", "appendleft", "extendleft", "rotate", "insert", "remove"):

    def _deque_method(x: Any, *args: Any, _name: str = _name) -> Any:
        if uncertain(x):
            raise UndecidedError(
                f"deque.{_name} of a queue that is longer on some paths than on others: which element it takes or "
                "moves is not decided; keep a list, and a position in it"
            )
        current().note(Whole(x))
        try:
            return getattr(x, _name)(*args)
        except IndexError as error:
            raise plain(error) from None

    METHODS[deque, _name] = _deque_method


@_method(dict, "get")
def dict_get(x: dict[Any, Any], key: Any, default: Any = None) -> Any:
    if isinstance(key, Alternatives):
        return mapped(lambda one: dict_get(x, one, default), key)
    content = x.get(key, default)
    if isinstance(content, Sometimes):
        return Join(None if PATH.off else content.on)(content.content, default)
    return content


@_method(dict, "pop")
def dict_pop(x: dict[Any, Any], key: Any, *default: Any) -> Any:
    current().note(Entry(x, key))
    content = x.pop(key, *default)
    if isinstance(content, Sometimes):
        return _maybe(content.on, content.content, default[0]) if default else where_there(content, KeyError(key))
    return content


@_method(dict, "setdefault")
def dict_setdefault(x: dict[Any, Any], key: Any, default: Any = None) -> Any:
    current().note(Entry(x, key))
    content = x.setdefault(key, default)
    if isinstance(content, Sometimes):
        x[key] = content = Join(content.on)(content.content, default)
    return content


def _mathematical(function: Any, ours: Any) -> Any:
    """A function of `math` on values: its counterpart, which raises as it does where a handler would see it."""

    def rule(*args: Any) -> Any:
        if any(isinstance(x, Alternatives) for x in args):
            return each(rule, *args)
        if not any(isinstance(x, Value) for x in args):
            try:
                return function(*args)
            except (ValueError, OverflowError, TypeError) as raised:
                raise plain(raised) from None

        def operation() -> Any:
            if PATH.off or not current().has_primal:
                return ours(*args)
            # Its own error, where the primal is outside the domain.
            exact = function(*(float(innermost(x)) if isinstance(x, Value) else x for x in args))
            found = ours(*args)
            if not isinstance(found, Value) or isinstance(found.payload, Value):
                return found
            # NumPy's may differ in the last place; the primal is what the program computes.
            return found.rebuild(exact, *(getattr(found, name) for name in found.components[1:]))

        return may_raise(operation, (ValueError, OverflowError))

    return rule


for _name, _same in SAME.items():
    if hasattr(math, _name):
        RULES[getattr(math, _name)] = _mathematical(getattr(math, _name), _same)


# -- attributes and items by function

RULES |= {
    setattr: setattribute,
    delattr: delattribute,
    operator.getitem: getitem,
    operator.setitem: setitem,
    operator.delitem: delitem,
    operator.contains: lambda y, x: in_(x, y),
    operator.eq: equal,
    operator.ne: not_equal,
    operator.not_: not_,
    operator.truediv: divide,
    operator.floordiv: floor_divide,
    operator.mod: modulo,
    operator.pow: power,
}
for _symbol, _operation in IN_PLACE.items():
    RULES[_operation] = functools.partial(in_place, _symbol)


@_rule(getattr)
def getattr_(x: Any, name: str, *default: Any) -> Any:
    if not default:
        return getattribute(x, name)
    content = own_attribute(x, name)
    if isinstance(content, Sometimes):
        return _maybe(content.on, content.content, default[0])
    try:
        return getattribute(x, name)
    except AttributeError:
        return default[0]

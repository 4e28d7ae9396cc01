"""Calls in joined code: functions of the user's are converted when they are called, containers note what they change.

Off the primal's path the calls that are in progress are kept by their arguments, so that a recursion which the input
does not bound ends: where the same call comes again, its answer so far stands for it.
"""

import functools
import inspect
import itertools
import operator
import types
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, MutableSet
from typing import Any

import numpy as np

from interp.control.calls import OURS, Calls, carries, is_library
from interp.control.joined import builtins
from interp.control.joined.alternatives import Alternatives, Sometimes, uncertain
from interp.control.joined.blocks import Generated, seen_by
from interp.control.joined.convert import CONVERTED, converted, is_converted
from interp.control.joined.forced import forced
from interp.control.joined.forks import file_off
from interp.control.joined.joining import Join, appended, recorded_numbers, same
from interp.control.joined.loops import in_one_order
from interp.control.joined.operations import concrete, each, plain, setitem
from interp.control.joined.selection import Selection
from interp.control.joined.signals import Abandoned, Raised
from interp.control.joined.state import Elements, Local, Whole, current
from interp.control.path import PATH
from interp.control.stores import STORES
from interp.errors import InterpError, PathError
from interp.value import Holder, Value


class Joined:
    """What the joined tier does with one Python function."""

    rules: Mapping[Any, Callable[..., Any]] = {}

    def function(self, f: types.FunctionType) -> Any:
        """``f`` in joined form; ``f`` itself where it has no source."""
        return converted(f) or f


CALLS = Calls(Joined())

CHANGING: dict[Any, set[str]] = {
    list: {"extend", "insert", "pop", "remove", "sort", "reverse", "clear", "__setitem__", "__delitem__", "__iadd__"},
    dict: {"update", "pop", "popitem", "setdefault", "clear", "__setitem__", "__delitem__"},
    set: {"add", "discard", "remove", "update", "pop", "clear", "difference_update", "intersection_update"},
}
"""Methods before which the whole of a container is noted. ``append`` notes one slot."""


def call(function: Any, *args: Any, **kwargs: Any) -> Any:
    """``function(*args, **kwargs)``."""
    kind = type(function)
    if kind is types.MethodType:
        function, args = function.__func__, (function.__self__, *args)
        kind = type(function)
    if kind is types.FunctionType:
        if function is call:  # a function of the user's, as it went through code that is not converted
            return call(*args, **kwargs)
        ours = function if id(function.__code__) in CONVERTED else CALLS.resolve(function)
        if type(ours) is types.FunctionType and id(ours.__code__) in CONVERTED:
            return _entered(ours, args, kwargs) if PATH.off else ours(*args, **kwargs)
    elif kind is types.BuiltinFunctionType or kind is types.MethodWrapperType:
        holder = function.__self__
        if type(holder) is list and function.__name__ == "append" and not kwargs:
            return appended(holder, *args)  # alternatives are stored as they are
        if holder is not None and not isinstance(holder, types.ModuleType):
            return _of_container(function, holder, args, kwargs)
    elif kind in _UNBOUND and args and type(function.__objclass__) is type and function.__objclass__ is not object:
        bound = function.__get__(args[0])  # list.append(l, x): as the method of the list
        if getattr(bound, "__self__", None) is args[0] and isinstance(
            args[0], MutableSequence | MutableMapping | MutableSet
        ):
            return call(bound, *args[1:], **kwargs)
    elif kind is Alternatives:
        return each(lambda one: call(one, *args, **kwargs), function)
    elif kind is type or isinstance(function, type):
        return _made(function, args, kwargs)
    elif kind is functools.partial:
        return call(function.func, *function.args, *args, **{**function.keywords, **kwargs})
    elif hasattr(function, "__wrapped__") and hasattr(function, "cache_info"):
        return call(function.__wrapped__, *args, **kwargs)
    elif hasattr(kind, "__call__") and hasattr(kind.__call__, "__code__"):  # noqa: B004
        return call(kind.__call__, function, *args, **kwargs)
    return opaque(function, args, kwargs)


def opaque(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A call of what is not converted: by its rule here, or on each combination of alternatives."""
    if getattr(function, "__name__", "") == "__setitem__" and len(args) == 3 and _module(function) in STORING:
        return setitem(*args)
    rule = builtins.RULES.get(function) if _hashable(function) else None
    if Selection in map(type, args) and getattr(function, "__module__", None) == "builtins":
        args = tuple(x.slots() if type(x) is Selection else x for x in args)
    if rule is not None:
        return rule(*args, **kwargs)
    if any(isinstance(x, Alternatives) for x in args) or any(isinstance(x, Alternatives) for x in kwargs.values()):
        names = list(kwargs)
        n = len(args)
        return each(
            lambda *given: opaque(function, given[:n], dict(zip(names, given[n:], strict=True))),
            *args,
            *kwargs.values(),
        )
    args = tuple(map(builtins.settled, args))
    state = current()
    if (PATH.off or (state.recording and not state.has_primal)) and builtins.has_effects(function):
        raise PathError(
            f"{getattr(function, '__qualname__', function)} was called in a branch that this input does not take: what "
            "it does outside the program cannot be undone. Call it before the branch, or outside of the function"
        )
    if PATH.outcomes is None and _may_branch(function) and any(map(carries, (function, *args, *kwargs.values()))):
        return forced(function, lambda: opaque(function, args, kwargs))
    if current().recording:
        _note_arguments(function, (*args, *kwargs.values()))
    for out in kwargs["out"] if isinstance(kwargs.get("out"), tuple) else (kwargs.get("out"),):
        if out is not None:
            current().note(Elements(out, Ellipsis))
    if state.recording and isinstance(function, np.ufunc):
        for out in args[function.nin :]:
            state.note(Elements(out, Ellipsis))
    elif state.recording and isinstance(function, type(np.sum)):
        at = _out_position(function)
        if at is not None and at < len(args) and args[at] is not None:
            state.note(Elements(args[at], Ellipsis))
    for out in _given_out(function, args) if state.recording else ():
        state.note(Elements(out, Ellipsis))
    if state.catching(np.linalg.LinAlgError) and "linalg" in _module(function) and any(map(_carries, args)):
        file_off(state, Raised(plain(np.linalg.LinAlgError("for some inputs"))))
    given, options = args, kwargs
    if _module(function) != "builtins":  # those ask about a function, others call it
        given, options = tuple(map(_callback, args)), {k: _callback(v) for k, v in kwargs.items()}
    if _hashable(function):
        function = CALLS.resolve(function)
    try:
        return function(*given, **options)
    except InterpError:
        raise
    except Exception as error:
        if not any(_carries(x) or carries(x) for x in (*args, *kwargs.values())):
            plain(error)
        raise


_UNBOUND = (types.MethodDescriptorType, types.WrapperDescriptorType)
STORING = ("interp.control.fresh", "interp.protocols.operators")
"""Where ``__setitem__`` of our own arrays stands."""
PURE = frozenset({"builtins", "math", "cmath", "itertools", "operator", "_operator", "numpy", "scipy", "statistics"})
"""Modules whose functions change none of their arguments, but for those of `stores` and with ``out=``."""


@functools.lru_cache(maxsize=512)
def _out_position(function: Any) -> int | None:
    """At which position a function of NumPy's takes ``out``."""
    try:
        names = list(inspect.signature(function).parameters)
    except ValueError:
        return None
    return names.index("out") if "out" in names else None


OUT_OF_METHODS = {
    **dict.fromkeys(("dot", "max", "min", "any", "all", "argmax", "argmin", "round", "choose", "ptp"), 1),
    **dict.fromkeys(("cumsum", "cumprod", "clip", "take", "compress", "sum", "mean", "prod", "std", "var"), 2),
    "trace": 4,
}
"""At which position, behind the array, its methods take ``out``."""


def _given_out(function: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The array that a method of an array is given by position to store its result into."""
    at = OUT_OF_METHODS.get(getattr(function, "__name__", ""))
    if at is None:
        return ()
    if isinstance(getattr(function, "__self__", None), np.ndarray) or _module(function) == "interp.control.fresh":
        found = args[at : at + 1]
    elif args and isinstance(args[0], Holder | Value) and isinstance(function, types.FunctionType):
        found = args[at + 1 : at + 2]
    else:
        return ()
    return tuple(x for x in found if isinstance(x, np.ndarray | Holder | Value))


def _may_branch(function: Any) -> bool:
    """True of code without source that may ask values for truths."""
    if isinstance(function, types.FunctionType):
        return not is_converted(function) and not _module(function)
    return isinstance(function, types.BuiltinFunctionType) and _module(function) in ("_heapq", "_bisect")


def _module(function: Any) -> str:
    """The module of a library's function, or ours; of the user's own none, whatever `exec` has made it say."""
    if isinstance(function, types.FunctionType) and not is_library(function):
        return function.__module__ if str(function.__module__).partition(".")[0] in OURS else ""
    return str(getattr(function, "__module__", None) or type(getattr(function, "__self__", None)).__module__)


_CHANGING = frozenset({"at", "place", "put", "putmask", "put_along_axis", "copyto", "fill_diagonal", "nditer"})
"""Functions of NumPy's that change an argument."""


def _note_arguments(function: Any, args: tuple[Any, ...]) -> None:
    """What a function that is not converted may change in its arguments."""
    root, _, rest = _module(function).partition(".")
    pure = root in PURE and not rest.startswith("random") and getattr(function, "__name__", "") not in _CHANGING
    changes = type(function) is operator.methodcaller or getattr(function, "__name__", "") in ("iconcat", "setitem")
    if (pure and not changes and not (_hashable(function) and function in STORES)) or root in OURS:
        return
    state = current()
    for x in args:
        if isinstance(x, np.ndarray | Holder) or (isinstance(x, Value) and x.is_storage):
            state.note(Elements(x, Ellipsis))
        elif isinstance(x, MutableSequence | MutableMapping | MutableSet):
            state.note(Whole(x))


def _hashable(x: Any) -> bool:
    return type(x).__hash__ is not None and not isinstance(x, Value | Alternatives)


def _carries(x: Any) -> bool:
    if isinstance(x, list | tuple):
        return any(map(_carries, x))
    return not concrete(x)


def _callback(x: Any) -> Any:
    """A function of the user's handed to code that is not converted: it runs converted when it is called."""
    if isinstance(x, types.FunctionType | types.MethodType) and (
        is_converted(getattr(x, "__func__", x)) or CALLS.resolve(x) is not x
    ):
        return functools.wraps(x)(functools.partial(call, x))
    return x


def _made(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """An object of a class; a user's ``__init__`` runs converted."""
    init = cls.__init__
    plainly = cls.__new__ is object.__new__ and type(cls).__call__ is type.__call__
    if plainly and isinstance(init, types.FunctionType) and (is_converted(init) or is_converted(CALLS.resolve(init))):
        made = cls.__new__(cls)
        call(init, made, *args, **kwargs)
        return made
    return opaque(cls, args, kwargs)


def _of_container(function: Any, holder: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A method of a built-in object."""
    name = function.__name__
    kind: Any = next((kind for kind in CHANGING if isinstance(holder, kind)), type(holder))
    rule = builtins.METHODS.get((kind, name))
    if rule is not None:
        return rule(holder, *args, **kwargs)
    state = current()
    if name in ("copy", "popitem", "keys", "values", "items"):
        in_one_order(holder)
    if kind is list and name == "append":
        return appended(holder, *args)  # alternatives are stored as they are
    if name == "__setitem__" and isinstance(holder, np.ndarray):
        return setitem(holder, *args)
    if any(isinstance(x, Alternatives) for x in args):
        # Each in a fork of its own, which notes what it changes.
        return each(lambda *given: _of_container(function, holder, given, kwargs), *args)
    if name in CHANGING.get(kind, ()) or (kind not in CHANGING and isinstance(holder, MutableSequence)):
        state.note(Whole(holder))
    return opaque(function, args, kwargs)


# -- recursion off the primal's path


class Call:
    """A call in progress: its arguments, and what it has answered so far."""

    __slots__ = ("answer", "arguments", "asked", "code")

    def __init__(self, code: Any, arguments: tuple[Any, ...]) -> None:
        self.code, self.arguments = code, arguments
        self.answer: Any = None
        self.asked: list[tuple[Any, ...]] = []
        """The arguments of calls within that it has answered."""


def _entered(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A call off the path. One that is in progress with these arguments already answers what it has found so far."""
    state = current()
    same_code = [c for c in state.calls if c.code is function.__code__]
    arguments = (*args, *kwargs.values())
    for known in same_code:
        if len(known.arguments) == len(arguments) and all(map(same, known.arguments, arguments)):
            known.asked.append(arguments)
            if known.answer is None:
                raise Abandoned
            return known.answer[0]
    if len(same_code) >= PATH.options.recursion:
        joined = same_code[-1].arguments
        if len(joined) == len(arguments):
            join = Join(None, widen=len(same_code) >= 2 * PATH.options.recursion)
            arguments = tuple(join(x, y) for x, y in zip(joined, arguments, strict=True))
            args, kwargs = arguments[: len(args)], dict(zip(kwargs, arguments[len(args) :], strict=True))
    entry = Call(function.__code__, arguments)
    state.calls.append(entry)
    mark = len(state.journal)
    settled = 0
    try:
        for _ in itertools.count():
            entry.asked = []
            try:
                answer = function(*args, **kwargs)
            except Abandoned:
                if entry.asked and entry.answer is not None:
                    return entry.answer[0]
                raise
            if not entry.asked:
                return answer
            grown = answer if entry.answer is None else Join(None)(entry.answer[0], answer)
            if entry.answer is not None and same(entry.answer[0], grown):
                settled += 1
                if settled > recorded_numbers((*arguments, grown)):
                    return grown
            if len(state.journal) > mark and any(not isinstance(p, Local) for p in state.journal[mark:]):
                raise PathError(
                    f"{function.__qualname__} calls itself without bound, off the input's path, and stores into "
                    "objects from outside it: return the results instead"
                )
            entry.answer = (grown,)
            for inner in entry.asked:  # what the calls within were given goes through the next round
                arguments = tuple(Join(None)(x, y) for x, y in zip(arguments, inner, strict=True))
            args, kwargs = arguments[: len(args)], dict(zip(kwargs, arguments[len(args) :], strict=True))
    finally:
        state.calls.remove(entry)
    raise AssertionError


def lambda_(function: types.FunctionType, defaults: tuple[Any, ...], keywords: dict[str, Any]) -> types.FunctionType:
    """A lambda with its default values, which are evaluated where it stands."""
    made = types.FunctionType(
        function.__code__, function.__globals__, "<lambda>", defaults or None, function.__closure__
    )
    made.__kwdefaults__ = keywords or None
    return made


def comprehension(kind: str, gather: Callable[[Any], list[Any]], iterable: Any) -> Any:
    """The comprehension that ``gather`` runs."""
    items = gather(iterable)
    if kind == "ListComp":
        return items
    if kind == "GeneratorExp":
        return Generated(items, reads=[*seen_by(gather), *(iterable.reads if isinstance(iterable, Generated) else ())])
    if uncertain(items):
        if kind == "DictComp":
            return {
                item.content[0] if isinstance(item, Sometimes) else item[0]: (
                    Sometimes(item.content[1], item.on) if isinstance(item, Sometimes) else item[1]
                )
                for item in items
            }
        raise PathError("a set whose members depend on a branch that the input decides: use a list")
    return dict(items) if kind == "DictComp" else set(items)

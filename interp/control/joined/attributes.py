"""Attributes in joined code: properties run converted, what a branch sets is noted, and may be there on some paths."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from interp.control.joined.alternatives import Alternatives, Sometimes
from interp.control.joined.joining import Join
from interp.control.joined.operations import each, where_there
from interp.control.joined.state import ABSENT, Attribute, Elements, Entry, current
from interp.value import Holder, Value


def getattribute(holder: Any, name: str) -> Any:
    """``holder.name``; a property runs converted."""
    kind = type(holder)
    found = _PROPERTIES.get((kind, name), _UNKNOWN)
    if found is _UNKNOWN:
        found = _property(kind, name)
        if len(_PROPERTIES) > 10_000:
            _PROPERTIES.clear()
        _PROPERTIES[kind, name] = found
    if found is None:
        content = getattr(holder, name)
        if type(content) is Sometimes:
            return where_there(content, AttributeError(f"{kind.__name__!r} object has no attribute {name!r}"))
        return content
    return found(holder)


def own_attribute(holder: Any, name: str) -> Any:
    """What an object itself has under a name, as it is kept: `Sometimes` if on some paths only; else None."""
    return vars(holder).get(name) if hasattr(holder, "__dict__") and not isinstance(holder, Alternatives) else None


def _kept(of: functools.cached_property[Any], name: str) -> Callable[[Any], Any]:
    """A property that is computed once: where that is in a branch, it is so on its path."""

    def read(holder: Any) -> Any:
        kept = vars(holder)
        there = kept.get(name, ABSENT)
        if there is ABSENT or isinstance(there, Sometimes):
            value = _computed(of.func)(holder)
            if isinstance(there, Sometimes):
                value = Join(there.on if current().on else None)(there.content, value)
            current().note(Entry(kept, name))
            kept[name] = value
        return kept[name]

    return read


def _of_each(name: str) -> Callable[[Any], Any]:
    return lambda holder: each(lambda one: getattribute(one, name), holder)


def _changing(name: str) -> Callable[[Any], Any]:
    def looked_up(holder: Any) -> Any:
        current().note(Elements(holder, Ellipsis))
        return getattr(holder, name)

    return looked_up


def _computed(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def value(holder: Any) -> Any:
        from interp.control.joined.calls import call

        return call(function, holder)

    return value


WRITING = frozenset({"fill", "sort", "put", "partition", "itemset", "resize", "byteswap", "setfield"})
"""Methods of arrays that change them: noted when they are looked up."""
_UNKNOWN: Any = object()
_PROPERTIES: dict[tuple[type, str], Any] = {}


def _property(kind: type, name: str) -> Any:
    """How an attribute is read that is more than an attribute: a property of a user's class; None of others."""
    if kind is Alternatives:
        return _of_each(name)
    if name in WRITING and issubclass(kind, np.ndarray | Value | Holder):
        return _changing(name)
    if issubclass(kind, Value):
        return None
    for base in kind.__mro__:
        if name in vars(base):
            found = vars(base)[name]
            if isinstance(found, property) and hasattr(found.fget, "__code__"):
                return _computed(found.fget)  # type: ignore[arg-type]
            return _kept(found, name) if isinstance(found, functools.cached_property) else None
    return None


def setattribute(holder: Any, name: str, value: Any) -> None:
    """``holder.name = value``."""
    if isinstance(holder, Alternatives):
        each(lambda one: setattribute(one, name, value), holder)
        return
    if isinstance(holder, np.ndarray | Value | Holder):
        current().note(Elements(holder, Ellipsis))
        setattr(holder, name, value)
        return
    setter = getattr(type(holder), name, None)
    if isinstance(setter, property) and setter.fset is not None and hasattr(setter.fset, "__code__"):
        from interp.control.joined.calls import call

        call(setter.fset, holder, value)
        return
    if current().recording:
        current().note(Attribute(holder, name))
    setattr(holder, name, value)


def delattribute(holder: Any, name: str) -> None:
    """``del holder.name``."""
    current().note(Attribute(holder, name))
    delattr(holder, name)


def store_attribute(value: Any, holder: Any, name: str) -> None:
    """``holder.name = value``, with the value first."""
    setattribute(holder, name, value)

"""Functions of the standard library that ask functions of the user's for truths, as plain Python.

They are converted when they are called, as the user's own code is, so that what they keep may depend on the input.
"""

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from interp.control.joined import calls
from interp.control.joined.builtins import RULES
from interp.control.joined.convert import converted


def _filter(keeps: Callable[[Any], Any] | None, items: Iterable[Any]) -> Iterator[Any]:
    return (item for item in items if (item if keeps is None else keeps(item)))


def _filterfalse(drops: Callable[[Any], Any] | None, items: Iterable[Any]) -> Iterator[Any]:
    return (item for item in items if not (item if drops is None else drops(item)))


def _takewhile(goes_on: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    for item in items:
        if not goes_on(item):
            break
        yield item


def _dropwhile(waits: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    begun = False
    for item in items:
        if begun or not waits(item):
            begun = True
            yield item


def _map(function: Callable[..., Any], items: Iterable[Any], *others: Iterable[Any]) -> Iterator[Any]:
    if others:
        return (function(*together) for together in zip(items, *others, strict=False))
    return (function(item) for item in items)


def _converted(function: Any) -> Callable[..., Any]:
    return lambda *args: calls.call(converted(function), *args)


RULES[filter] = _converted(_filter)
RULES[map] = _converted(_map)
RULES[itertools.filterfalse] = _converted(_filterfalse)
RULES[itertools.takewhile] = _converted(_takewhile)
RULES[itertools.dropwhile] = _converted(_dropwhile)
RULES[functools.partial] = functools.partial  # `calls.call` calls the function of one

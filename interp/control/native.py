"""The native tier: for values that follow the primal. The user's own code, rewritten only where a look finds a spot.

A function is looked at once a code object, and what needs nothing runs as it is. Functions whose source cannot be
read run as they are, too: what would strip a value there raises.
"""

import functools
import threading
import types
from collections.abc import Callable, Mapping
from typing import Any

from interp.control import arrays, builtins, mathematics
from interp.control.calls import OURS, Calls, is_library, module_of
from interp.control.foreign import FORGET
from interp.control.look import Look, Rewriting, calls_nothing, users_attributes
from interp.control.source import RUNTIME, Template, is_source_of, tree_of
from interp.control.specials import Specials
from interp.errors import NoSource
from interp.value import Value, primal

RULES = (arrays, builtins, mathematics)
"""The modules whose rules the tables of `interp.control.foreign` hold."""


class Native:
    """What the native tier does with one Python function."""

    rules: Mapping[Any, Callable[..., Any]] = {}

    def __init__(self) -> None:
        self._looks: dict[int, tuple[types.CodeType, Template | None]] = {}
        self._in_progress: set[int] = set()
        self._lock = threading.RLock()
        self.calls = Calls(self)
        self.resolve = self.calls.resolve
        self.resolve.get = self._get  # type: ignore[attr-defined]
        self.resolve.printed = printed  # type: ignore[attr-defined]
        specials = Specials(self.resolve)
        for name in ("binary", "augmented", "unary", "item", "iterated", "entered"):
            setattr(self.resolve, name, getattr(specials, name))

        FORGET.append(self._forget)

    def _forget(self) -> None:
        self._looks.clear()
        self.calls.known.clear()
        self.calls.closures.clear()

    def function(self, f: types.FunctionType) -> Any:
        """``f`` converted; ``f`` itself if it needs no conversion or has no source."""
        template = self._template(f)
        return f if template is None else template.function(f, self.resolve)

    def _template(self, f: types.FunctionType) -> Template | None:
        code = f.__code__
        known = self._looks.get(id(code))
        if known is not None:
            return known[1]
        with self._lock:
            if self._looks.get(id(code)) is None:
                look = self._look(f)
                self._looks[id(code)] = code, None if look is None or not look[0].certain else _template(f, *look)
            return self._looks[id(code)][1]

    def _look(self, f: types.FunctionType) -> tuple[Look, Any] | None:
        code = f.__code__
        if RUNTIME in code.co_freevars:
            return None
        attributes = users_attributes(f)
        if not attributes.specials and calls_nothing(code, attributes.properties):
            return None
        try:
            tree = tree_of(f)
        except NoSource:
            return None
        if not is_source_of(tree, f):
            return None
        self._in_progress.add(id(code))
        try:
            return Look(f, tree, self._needs, attributes), tree
        finally:
            self._in_progress.discard(id(code))

    def _needs(self, found: Any) -> bool | None:
        """Whether calls of ``found`` are rewritten; None if only along with others (it is being looked at)."""
        if isinstance(found, types.FunctionType) and module_of(found) not in OURS and not is_library(found):
            if self.calls.rule(found) is not None or hasattr(found, "registry"):
                return True
            known = self._looks.get(id(found.__code__))
            if known is not None:
                return known[1] is not None
            if id(found.__code__) in self._in_progress:
                return None
            look = self._look(found)
            if look is not None and look[0].certain:
                return True
            if look is None or not look[0].possible:
                self._looks[id(found.__code__)] = found.__code__, None
                return False
            return None
        if isinstance(found, types.MethodType):
            return self._needs(found.__func__)
        if isinstance(found, functools.partial):
            return self._needs(found.func)
        if isinstance(found, type) and self._is_own(found):
            made = [getattr(found, name) for name in ("__new__", "__init__", "__post_init__") if hasattr(found, name)]
            answers = [self._needs(m) for m in made if isinstance(m, types.FunctionType)]
            return True if True in answers else None if None in answers else False
        return self.resolve(found) is not found

    def _is_own(self, cls: type) -> bool:
        return self.calls.rule(cls) is None and module_of(cls) not in OURS and type(cls).__call__ is type.__call__

    def _get(self, x: Any, name: str) -> Any:
        """``x.name``, where a class has a property of that name."""
        for cls in type(x).__mro__:
            found = cls.__dict__.get(name)
            if isinstance(found, property) and found.fget is not None:
                return self.resolve(found.fget)(x)
            if isinstance(found, functools.cached_property) and name not in x.__dict__:
                x.__dict__[name] = self.resolve(found.func)(x)
            if found is not None:
                break
        return getattr(x, name)

    def run(self, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call ``f``, converted."""
        try:
            return self.resolve(f)(*args, **kwargs)
        finally:
            self.calls.closures.clear()


def _template(f: types.FunctionType, look: Look, tree: Any) -> Template:
    return Template(f, Rewriting(look.certain | look.possible)(tree))


def printed(x: Any) -> Any:
    """What ``"%f" % x`` prints: of values the number."""
    if isinstance(x, tuple):
        return tuple(map(printed, x))
    return primal(x) if isinstance(x, Value) else x


tier = Native()

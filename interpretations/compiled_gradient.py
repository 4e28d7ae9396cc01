"""Value and gradient of a compiled function at plain numbers: its native code alone, with nothing recorded.

Few numbers go forward, everything else by the adjoint, as in `compiled_tape`; what it decides there for every call is
decided here once for arguments of the same types. Whatever is not plain (values, containers, arrays of integers,
functions that store into their arguments or return no single float, code without an adjoint) is left to the recording.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from interp import level as levels
from interp import rules
from interp.compile.arguments import is_compiled, is_constant, leaves_of, values_in
from interp.compile.versions import OTHER, key_of, nothing, recogniser
from interp.errors import CompileError
from interp.value import shape_of
from interpretations import dual
from interpretations.dual import Dual

FEW = 4
"""Numbers that go forward rather than through the adjoint."""

Found = tuple[Any, list[Any]] | None
"""Value and gradients in the arguments asked for; None where the run must be recorded."""


def at_plain_numbers(f: Any, argnums: tuple[int, ...]) -> Callable[..., Found] | None:
    """What gives value and gradients of ``f`` by native code alone; None if ``f`` is no compiled function."""
    return _AtPlainNumbers(f, argnums) if is_compiled(f) and not f.over_arrays else None


def go_forward(inputs: Sequence[Any]) -> bool:
    """True of what is differentiated in a direction each: a few numbers."""
    return len(inputs) <= FEW and not any(map(shape_of, inputs))


class _AtPlainNumbers:
    def __init__(self, compiled: Any, argnums: tuple[int, ...]) -> None:
        self.compiled, self.argnums = compiled, argnums
        self.generation = -1
        self.versions: dict[Any, Callable[..., Found]] = {}
        self.tests: dict[Any, Callable[..., Any]] = {}
        self.latest: Callable[..., Any] = nothing

    def __reduce__(self) -> Any:
        return at_plain_numbers, (self.compiled, self.argnums)

    def __call__(self, *args: Any, **kwargs: Any) -> Found:
        if kwargs or len(args) != self.compiled.arity:
            if not all(0 <= i < len(args) for i in self.argnums):
                return None
            args = self.compiled.positional(args, kwargs)
        if self.generation != rules.generation:
            self.generation, self.versions, self.tests, self.latest = rules.generation, {}, {}, nothing
        found: Found = self.latest(*args)
        if found is not OTHER:
            return found
        key = key_of(args)
        if key in self.versions:
            self.latest = self.tests[key]
            return self.versions[key](*args)
        version, found = self._first(args)
        self.versions[key], self.tests[key] = version, recogniser(args, version)
        self.latest = self.tests[key]
        return found

    def _first(self, args: tuple[Any, ...]) -> tuple[Callable[..., Found], Found]:
        """The version for arguments like these, and what it gives."""
        asked = [args[i] for i in self.argnums if -len(args) <= i < len(args)]
        if len(asked) < len(self.argnums) or len({i % len(args) for i in self.argnums}) < len(asked):
            return _recorded, None
        if any(True for x in args for _ in values_in(x)) or not all(map(_is_plain, asked)):
            return _recorded, None
        positions = [i % len(args) for i in self.argnums]
        try:
            version = self._forward(args, positions) if go_forward(asked) else self._adjoint(args, positions)
            version = _of_floats(version, args, positions)
            found = version(*args)
        except CompileError:
            found = None
        return (_recorded if found is None else version), found

    def _forward(self, args: tuple[Any, ...], positions: list[int]) -> Callable[..., Found]:
        compiled, run = self.compiled, self.compiled.run
        directions = [1.0] if len(positions) == 1 else list(np.eye(len(positions)))

        def slopes(*args: Any) -> Found:
            level = levels.fresh()
            lifted = list(args)
            for i, direction in zip(positions, directions, strict=True):
                lifted[i] = dual.make(args[i], direction, level)
            out = run(*lifted)
            compiled.reverse = "forward"
            if out.__class__ is Dual and out.level == level and not out.shape:
                return out.value, [out.tangent] if len(positions) == 1 else out.tangent.tolist()
            if out.__class__ in _NUMBERS:  # not recorded for that: the function ran, and may have stored
                return out, [0.0] * len(positions)
            return None

        return slopes

    def _adjoint(self, args: tuple[Any, ...], positions: list[int]) -> Callable[..., Found]:
        from interp.compile.reverse import Refused, pullback

        compiled = self.compiled
        plain = [float(x) if i in positions and not _is_array(x) else x for i, x in enumerate(args)]
        answers = iter([i in positions for i, x in enumerate(args) for _ in leaves_of((x,))])
        try:
            native = pullback(compiled, plain, lambda _: next(answers))
        except Refused:
            return _recorded
        if not native.scalar or native.stored:
            return _recorded
        order = [sorted(positions).index(i) for i in positions]
        flat = not any(isinstance(x, tuple) or is_constant(x) for x in args)

        def gradients(*args: Any) -> Found:
            (value,), found = native(args if flat else leaves_of(args), _ONE)
            compiled.reverse = "adjoint"
            return value, [found[i] for i in order]

        return gradients


_ONE = (1.0,)


def _recorded(*args: Any) -> Found:
    """In place of a version: this run must be recorded."""
    return None


def _is_array(x: Any) -> bool:
    return x.__class__ is np.ndarray


def _is_plain(x: Any) -> bool:
    """True of an integer, a float, and an array with axes whose elements are such."""
    return x.__class__ in _NUMBERS or (_is_array(x) and bool(x.ndim) and x.dtype == np.float64)


_NUMBERS = {float: float, int: float, np.float64: np.float64}
"""Classes of numbers, and those of their gradients."""


def _of_floats(version: Callable[..., Found], args: tuple[Any, ...], positions: list[int]) -> Callable[..., Found]:
    """``version``, which takes floats, of numbers of other classes among those asked for."""
    others = [i for i in positions if args[i].__class__ in _NUMBERS and args[i].__class__ is not float]
    if not others:
        return version
    classes = [_NUMBERS.get(args[i].__class__) for i in positions]

    def converted(*args: Any) -> Found:
        floats = list(args)
        for i in others:
            floats[i] = float(args[i])
        found = version(*floats)
        if found is None:
            return None
        value, gradients = found
        return value, [g if c is None else c(g) for g, c in zip(gradients, classes, strict=True)]

    return converted

"""Reverse mode of a compiled function: its adjoint or its tape in native code, one for each set of argument types.

Both are written as functions of floats (`interp.compile.adjoint`, `interp.compile.tape`) and compiled for whatever
values arrive. Products are plain; where a NaN comes out, all is computed once more with strong products, as the eager
sweep does. Shapes that turn out to broadcast make an adjoint whose loops stretch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numba
import numpy as np
from numba.core import types

from interp import rules
from interp.compile.adjoint import stack
from interp.compile.adjoint.arrays import Unequal
from interp.compile.adjoint.generate import adjoint_of
from interp.compile.adjoint.operations import Refused
from interp.compile.adjoint.writing import Static
from interp.compile.arguments import is_constant, leaves_of, replaced
from interp.compile.compiled import Compiled, compiling
from interp.compile.tape.generate import recorded
from interp.compile.tape.nodes import prepare
from interp.compile.versions import key_of
from interp.value import has_nan, identical, primal, shape_of
from interp.vocabulary import copy


@dataclass
class Run:
    """What running a function once gives.

    ``stored``: what the arrays among the leaves hold afterwards, by position, of those that it stored into.
    ``gradients`` of the varying leaves, where the result is one number.
    """

    result: Any
    stored: dict[int, Any] = field(default_factory=dict)
    gradients: Sequence[Any] | None = None


class Pullback:
    """The adjoint of one function at one set of argument types: ``(leaves, cotangents) -> (results, gradients)``.

    ``scalar``: the one result is a number. ``stored`` are the positions of leaves into which the function stores:
    what they hold afterwards follows the results.
    """

    name = "adjoint"

    def __init__(
        self, function: Any, arguments: Sequence[Any], varying: tuple[int, ...], options: dict[str, Any]
    ) -> None:
        self.function, self.arguments, self.varying, self.options = function, arguments, varying, options
        self.stretch = False
        self.made: dict[bool, Compiled] = {}
        self.scalar, self.stored = self._make(strong=False)

    def _make(self, strong: bool) -> tuple[bool, list[int]]:
        with compiling():
            made = adjoint_of(self.function, self.arguments, self.varying, strong=strong, stretch=self.stretch)
        self.made[strong] = Compiled(made.function, products="all" if strong else "none", **self.options)
        return made.scalar, made.stored

    def _run(self, strong: bool, args: Sequence[Any]) -> Any:
        if strong not in self.made:
            self._make(strong)
        try:
            return self.made[strong](*args)
        except Unequal:
            if self.stretch:
                raise
            self.stretch = True
            self.made.clear()
            return self._run(strong, args)

    def __call__(self, leaves: Sequence[Any], cotangents: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        args = (stack.block(), *leaves, *cotangents)
        results, gradients, spoiled = self._run(False, args)
        if spoiled:
            results, gradients, _ = self._run(True, args)
        return results, gradients

    def run(self, compiled: Compiled, args: Sequence[Any], leaves: Sequence[Any]) -> Run:
        """The function at these leaves of its arguments."""
        if self.scalar:
            (value,), gradients = self(leaves, (1.0,))
            return Run(value, {}, gradients)
        kept = [copy(x) if shape_of(x) else x for x in leaves]
        return Run(compiled.run(*replaced(args, kept)), {i: kept[i] for i in self.stored})

    def gradients(self, leaves: Sequence[Any], run: Run, cotangents: Sequence[Any]) -> Sequence[Any]:
        """Those of the varying leaves, for cotangents of the results and of what was stored."""
        return self(leaves, cotangents)[1]


class Taped:
    """The recorded program of one function at one set of argument types (`interp.compile.tape`)."""

    name = "tape"

    def __init__(self, compiled: Compiled, args: Sequence[Any], varying: Sequence[bool]) -> None:
        leaves = leaves_of(args)
        typ = compiled.result_of(replaced(args, [primal(x) for x in leaves]))
        self.scalar = isinstance(typ, types.Float)
        self.cotangents = _flat_types(typ)
        self.arrays = [i for i, x in enumerate(leaves) if shape_of(x)]
        self.varying = [i for i in self.arrays if varying[i]]
        options = {**compiled.options, "fallback": False}
        self.made = {
            strong: Compiled(recorded(compiled.function, args, varying, _structure(typ), strong), **options)
            for strong in (False, True)
        }

    def _run(self, leaves: Sequence[Any], cotangents: Sequence[Any]) -> Any:
        prepare()
        found = self.made[False](*leaves, *cotangents)
        if any(map(has_nan, found[-1])):
            found = self.made[True](*leaves, *cotangents)
        return found

    def run(self, compiled: Compiled, args: Sequence[Any], leaves: Sequence[Any]) -> Run:
        """The function at these leaves of its arguments."""
        after_of = [_nothing(np.ndim(primal(leaves[i]))) for i in self.varying]
        cotangents = (
            [1.0]
            if self.scalar
            else [_nothing(typ.ndim if isinstance(typ, types.Array) else 0) for typ in self.cotangents]
        )
        result, after, changed, gradients = self._run(leaves, [*cotangents, *after_of])
        stores = dict(zip(self.varying, changed, strict=True))
        stored = {
            i: x
            for i, x in zip(self.arrays, after, strict=True)
            if (stores[i] if i in stores else not identical(x, leaves[i]))
        }
        return Run(result, stored, gradients if self.scalar else None)

    def gradients(self, leaves: Sequence[Any], run: Run, cotangents: Sequence[Any]) -> Sequence[Any]:
        """Those of the varying leaves, for cotangents of the results and of what was stored."""
        count = len(self.cotangents)
        of_stored = dict(zip(run.stored, cotangents[count:], strict=True))
        after = [of_stored[i] if i in of_stored else _nothing(np.ndim(primal(leaves[i]))) for i in self.varying]
        found: Sequence[Any] = self._run(leaves, [*map(_laid_out, cotangents[:count]), *map(_laid_out, after)])[-1]
        return found


def _nothing(ndim: int) -> Any:
    """A cotangent that stands for zeros."""
    return np.zeros((0,) * ndim) if ndim else 0.0


def _laid_out(ct: Any) -> Any:
    """Rows one after the other: each layout would be compiled for itself."""
    return np.ascontiguousarray(ct) if isinstance(ct, np.ndarray) and ct.shape else ct


def _structure(typ: types.Type) -> Any:
    return tuple(map(_structure, typ)) if isinstance(typ, types.BaseTuple) else None


def _flat_types(typ: types.Type) -> list[types.Type]:
    if isinstance(typ, types.Optional) and isinstance(typ.type, types.BaseTuple):
        raise Refused("the function returns a tuple on one path and None on another")
    return [t for part in typ for t in _flat_types(part)] if isinstance(typ, types.BaseTuple) else [typ]


def taped(compiled: Compiled, args: Sequence[Any], varies: Callable[[Any], bool]) -> Taped:
    """The recorded program of a compiled function for arguments like these; ``varies`` as in `pullback`."""
    leaves = leaves_of(args)
    varying = tuple(map(varies, leaves))
    key = "tape", key_of(replaced(args, [primal(x) for x in leaves])), varying, rules.generation
    if key not in compiled.pullbacks:
        compiled.pullbacks[key] = Taped(compiled, args, varying)
    found: Taped = compiled.pullbacks[key]
    return found


def pullback(compiled: Compiled, args: Sequence[Any], varies: Callable[[Any], bool]) -> Pullback:
    """The pullback of a compiled function for arguments like these; ``varies`` tells the leaves to differentiate.

    Raises `Refused` where the adjoint cannot be written.
    """
    leaves = leaves_of(args)
    varying = tuple(i for i, x in enumerate(leaves) if varies(x))
    plain = replaced(args, [primal(x) for x in leaves])
    key = key_of(plain), varying, rules.generation
    found = compiled.pullbacks.get(key)
    if found is None:
        kinds = [_kind(x) for x in plain]
        options = {**compiled.options, "fallback": False}
        try:
            found = Pullback(compiled.function, kinds, varying, options)
        except Refused as refusal:
            found = type(refusal)(*refusal.args)
        compiled.pullbacks[key] = found
    if isinstance(found, Refused):
        raise type(found)(*found.args)  # another one each time: an exception keeps the frames that it went through
    return found


def _kind(x: Any) -> Any:
    """What `adjoint_of` is told of an argument."""
    if type(x) is tuple:
        return [_kind(part) for part in x]
    if is_constant(x):
        return Static(x)
    if isinstance(x, np.ndarray) and not x.shape:
        raise Refused("an array without axes")
    try:
        return numba.typeof(x)
    except ValueError:
        raise Refused(f"an argument of class {type(x).__name__}") from None

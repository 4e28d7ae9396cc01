"""Reverse mode of a compiled function: its adjoint in native code, one for each set of plain argument types.

The adjoint is written on floats (`interp.compile.adjoint`) and compiled for whatever values arrive. Its products are
plain; where a NaN comes out, all is computed once more with strong products, as the eager sweep does. Shapes that
turn out to broadcast make a version whose loops stretch.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np

from interp import rules
from interp.compile.adjoint import stack
from interp.compile.adjoint.arrays import Unequal
from interp.compile.adjoint.generate import adjoint_of
from interp.compile.adjoint.lowering import Static
from interp.compile.adjoint.operations import Refused
from interp.compile.arguments import is_constant, leaves_of, replaced
from interp.compile.compiled import Compiled
from interp.compile.versions import key_of
from interp.value import primal


class Pullback:
    """``(leaves, cotangents) -> (results, gradients)`` of one function at one set of argument types.

    ``scalar``: the one result is a number. ``stored`` are the positions of leaves into which the function stores:
    what they hold afterwards follows the results.
    """

    def __init__(
        self, function: Any, arguments: Sequence[Any], varying: tuple[int, ...], options: dict[str, Any]
    ) -> None:
        self.function, self.arguments, self.varying, self.options = function, arguments, varying, options
        self.stretch = False
        self.made: dict[bool, Compiled] = {}
        self.scalar, self.stored = self._make(strong=False)

    def _make(self, strong: bool) -> tuple[bool, list[int]]:
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
            found = refusal
        compiled.pullbacks[key] = found
    if isinstance(found, Refused):
        raise found
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

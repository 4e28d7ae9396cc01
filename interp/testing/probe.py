"""`Probe`: the smallest forward mode there is, to stack with the number type under test.

One direction, one rule for everything with a derivative, nothing for speed: simple enough to be
believed. It is independent of the bundled `Dual`, which is tested by the same checks.
"""

from typing import Any, Self

import numpy as np

from interp import level as levels
from interp.primitive import Differentiable
from interp.rules import Rule
from interp.value import Value, shape_of
from interp.vocabulary import zeros
from interp.vocabulary.creation import held


class Probe(Value):
    """``value`` and ``tangent``, its derivative along one direction; both of one shape."""

    __slots__ = ("level", "tangent", "value")
    components = ("value", "tangent")
    value: Any
    tangent: Any

    def __init__(self, value: Any, tangent: Any) -> None:
        self.value, self.tangent = value, held(tangent, value)
        self.level = levels.above(value, tangent)

    def constant(self, payload: Any) -> Self:
        return self.rebuild(payload, zeros(shape_of(payload), like=payload))


def direction(shape: tuple[int, ...], seed: int = 0) -> Any:
    """A fixed direction with entries of no pattern, none of them near zero."""
    n = int(np.prod(shape, dtype=int))
    return (1.0 + 0.5 * np.sin(1.0 + seed + 2.3 * np.arange(n))).reshape(shape)[()]


@Differentiable.rule(Probe)
def probe_rule(primitive: Differentiable, active: tuple[bool, ...]) -> Rule:
    """D f(x; t) = sum over the active operands of their linear map applied to their tangent."""
    linearised = primitive.linearise(active)

    def rule(*operands: Any, **params: Any) -> Probe:
        probes = [x for x, is_active in zip(operands, active, strict=True) if is_active]
        out, maps = linearised(*(x.value if a else x for x, a in zip(operands, active, strict=True)), **params)
        terms = [m.apply(x.tangent) for m, x in zip(maps, probes, strict=True) if m is not None]
        tangent = zeros(shape_of(out), like=out) if not terms else sum(terms[1:], terms[0])
        new: Probe = probes[0].rebuild(out, held(tangent, out))
        return new

    return rule

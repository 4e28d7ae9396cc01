"""Functions of several outputs, each a primitive of its own.

An output has its own linear maps, and one that nobody uses costs nothing: no map of it is made, no cotangent of zeros
goes through it. What the outputs share is computed once in a call, by a `Call` that goes with them as a parameter.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from interp.primitive import Differentiable, Primitive, Solve
from interp.value import Value, identical

Outputs = tuple[Any, ...]


class Call:
    """One call: its outputs for the operands at hand, which are payloads of each other as levels are taken off.

    ``compute``: ``(*operands) -> outputs``. ``maps``: ``(position, active, operands, outputs) -> maps`` of one
    output, one for each active operand. ``themselves``: the outputs on values, for types that do not want the maps.
    """

    def __init__(
        self,
        compute: Callable[..., Outputs],
        maps: Callable[..., list[Any]],
        themselves: Callable[..., Outputs] | None = None,
    ) -> None:
        self._compute, self.maps_of, self.themselves = compute, maps, themselves
        self._known: list[tuple[tuple[Any, ...], Outputs]] = []

    def outputs(self, operands: tuple[Any, ...]) -> Outputs:
        """All outputs. Values are told apart by identity, plain numbers by what they are: some rules copy constants."""
        for known, outputs in self._known:
            if all(map(_same, known, operands)):
                return outputs
        outputs = self._compute(*operands)
        self._known.append((operands, outputs))
        return outputs


def _same(x: Any, y: Any) -> bool:
    return x is y or (not (isinstance(x, Value) or isinstance(y, Value)) and type(x) is type(y) and identical(x, y))


class Output:
    """One output of a `Call`, its position: mixed into a kind of primitive."""

    position: int

    def maps(self, active: tuple[bool, ...], out: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> list[Any]:
        call: Call = params["call"]
        return call.maps_of(self.position, active, operands, call.outputs(operands))


class SolveOutput(Output, Solve):
    """An output of a factorisation."""


class CustomOutput(Output, Differentiable):
    """An output of a user's function that has rules of its own."""

    listed: ClassVar[bool] = False


def output(kind: type[Primitive], name: str, position: int) -> Any:
    """The primitive of the output at ``position``."""

    def implementation(*operands: Any, call: Call) -> Any:
        return call.outputs(operands)[position]

    made: Any = kind(name, implementation)
    made.position = position
    return made

"""Differentiation as stages of `interp.interpret`: ``gradient()`` and ``tangent(direction)``."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from interp.errors import InterpError, ShapeError
from interp.interpretation import Interpretation
from interp.value import Value, shape_of
from interp.vocabulary import zeros
from interpretations import derivatives, dual, tape
from interpretations.arguments import real_leaf
from interpretations.dual import Dual
from interpretations.tape import Recording

FORWARD_UP_TO = 8
"""Inputs of at most this many elements are differentiated forward by ``gradient(mode="auto")``."""


class gradient(Interpretation):
    """The derivative of the output with respect to the input, shape out.shape + in.shape.

    ``mode``: "forward" (`Dual` with a direction for each input), "reverse" (`Tape`), or "auto":
    forward for up to 8 input elements. Reads ``gradient``.
    """

    def __init__(self, mode: str = "auto") -> None:
        if mode not in ("auto", "forward", "reverse"):
            raise InterpError(f"gradient(mode={mode!r}): mode is 'auto', 'forward' or 'reverse'")
        self.mode = mode

    def lift(self, payload: Any, level: int) -> Value:
        payload = real_leaf(payload)
        size = int(np.prod(shape_of(payload), dtype=int))
        if self.mode == "forward" or (self.mode == "auto" and size <= FORWARD_UP_TO):
            return derivatives.seed([payload], level)[0]
        return tape.lift(payload, Recording(level))

    def read(self, value: Any, lifted: Any) -> Mapping[str, Any]:
        depends = isinstance(value, Value) and value.level == lifted.level
        payload = value.payload if depends else value
        if isinstance(lifted, Dual):
            (jacobian,) = derivatives.jacobian_columns(value, lifted.level, [lifted.shape])
        else:
            derivatives.refuse_complex_output("gradient in reverse mode", value)
            (jacobian,) = derivatives.jacobian_rows(value, lifted.recording, [lifted])
        return {"value": payload, "gradient": jacobian}


class tangent(Interpretation):
    """The derivative of the output along one ``direction`` of the input's shape. Reads ``tangent``."""

    def __init__(self, direction: Any) -> None:
        self.direction = np.asarray(direction) if isinstance(direction, list | tuple) else direction

    def lift(self, payload: Any, level: int) -> Dual:
        payload = real_leaf(payload)
        if shape_of(self.direction) != shape_of(payload):
            raise ShapeError(
                f"tangent(direction): a direction of shape {shape_of(self.direction)} "
                f"for an input of shape {shape_of(payload)}"
            )
        return dual.lift(payload, real_leaf(self.direction), level)

    def read(self, value: Any, lifted: Dual) -> Mapping[str, Any]:
        if isinstance(value, Value) and value.level == lifted.level:
            return {"value": value.payload, "tangent": value.tangent}  # type: ignore[attr-defined]
        return {"value": value, "tangent": zeros(shape_of(value), like=value)}

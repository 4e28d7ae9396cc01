"""``sparsity()``: the pattern of the output's dependence on the input, as a stage of `interp.interpret`."""

from collections.abc import Mapping
from typing import Any

from interp.interpretation import Interpretation
from interp.value import Value
from interpretations.sparsity.pattern import pattern_of
from interpretations.sparsity.tracer import SparsityTracer, lift


class sparsity(Interpretation):
    """Which outputs depend on which inputs. Reads ``sparsity``: boolean csr_array (output.size, input.size).

    Around it, ``interpret(f, gradient(), sparsity())`` reads the Hessian's pattern as
    ``result.reading("gradient").sparsity``. ``local``: the pattern at the input alone, as in
    `jacobian_sparsity`.
    """

    def __init__(self, local: bool = False) -> None:
        self.local = local

    def lift(self, payload: Any, level: int) -> SparsityTracer:
        return lift(payload, level, self.local)

    def read(self, value: Any, lifted: SparsityTracer) -> Mapping[str, Any]:
        depends = isinstance(value, Value) and value.level == lifted.level
        return {"value": value.payload if depends else value, "sparsity": pattern_of(value, lifted)}

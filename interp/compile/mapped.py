"""A vectorized function as an elementwise primitive, for values that native code has no struct for.

A `Tape` or a `SparsityTracer` asks a primitive for its result and its partials on payloads. Of payloads that are native
both come from native runs: the partials by forward mode, which an interpretation supplies (`Mapped.forward`).
"""

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

from interp.compile.arguments import values_in
from interp.errors import NoRule
from interp.linear import ZERO
from interp.primitive import Elementwise, Partial
from interp.rules import Rule


class Mapped(Elementwise):
    """One result of a vectorized function.

    Parameters
    ----------
    run: the result as a function of ``arity`` numbers, arrays or native values.
    varies: False if it is an integer or a boolean, whose derivative is zero.
    """

    listed: ClassVar[bool] = False
    forward: ClassVar[Callable[..., tuple[Any, list[Any]]] | None] = None
    """``(run, positions, operands) -> (out, partials)``: set by the interpretation that has forward mode."""

    def __init__(self, name: str, run: Callable[..., Any], arity: int, *, varies: bool = True) -> None:
        super(Elementwise, self).__init__(name, run)
        self.operand_names = tuple(f"x{i}" for i in range(arity))
        self.partials = tuple(Partial(self._partial(i)) if varies else ZERO for i in range(arity))
        self.singular, self.operator = True, None

    def __call__(self, *operands: Any, **params: Any) -> Any:
        return self.dispatch(*operands, **params)

    def dispatch(self, *operands: Any, **params: Any) -> Any:
        if _are_native(operands):
            return self.implementation(*operands)
        return super().dispatch(*operands, **params)

    def compose(self, active: tuple[bool, ...]) -> Rule:
        """As of any elementwise primitive; of native payloads one run gives the result and every partial."""
        by_formula = super().compose(active)
        positions = [i for i, is_active in enumerate(active) if is_active]
        if not positions or ZERO in self.partials:
            return by_formula

        def composed(*operands: Any) -> tuple[Any, ...]:
            if not _are_native(operands):
                return by_formula(*operands)
            out, partials = self._forward(positions, operands)
            return (out, *partials)

        return composed

    def _forward(self, positions: list[int], operands: tuple[Any, ...]) -> tuple[Any, list[Any]]:
        forward = type(self).forward
        if forward is None:
            raise NoRule(f"the derivative of {self.name} needs forward mode: import interpretations")
        return forward(self.implementation, positions, operands)

    def _partial(self, i: int) -> Callable[..., Any]:
        """The partial with respect to operand ``i``, again a primitive: made when it is asked for."""
        made: list[Mapped] = []

        def partial(*operands: Any) -> Any:
            if not made:

                def run(*operands: Any) -> Any:
                    return self._forward([i], operands)[1][0]

                made.append(Mapped(f"{self.name}', operand {i}", run, len(self.operand_names)))
            return made[0](*operands)

        names = (inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in self.operand_names)
        partial.__signature__ = inspect.Signature(list(names))  # type: ignore[attr-defined]
        return partial


def _are_native(operands: tuple[Any, ...]) -> bool:
    return all(v.native for x in operands for v in values_in(x))

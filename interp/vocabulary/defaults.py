"""Rules that hold for every number type until it says otherwise.

Predicates follow the primal. Structural primitives rearrange each component, which is right for
types whose components all have the value's shape. Creation makes constants. Stores write each
component. A type with other components (a leading axis of directions, sources) registers its own.
"""

from typing import Any

from interp.errors import MutationError
from interp.primitive import Assignment, Creation, Predicate, Structural
from interp.value import Value
from interp.vocabulary.indexing import setitem


@Predicate.rule(Value)
def _predicate(primitive: Predicate, active: tuple[bool, ...]) -> Any:
    def rule(*operands: Any, **params: Any) -> Any:
        plain = (x.primal_payload() if is_active else x for x, is_active in zip(operands, active, strict=True))
        return primitive.dispatch(*plain, **params)

    return rule


@Structural.rule(Value)
def _structural(primitive: Structural, active: tuple[bool, ...]) -> Any:
    carriers = [i for i, is_active in enumerate(active) if is_active and i not in primitive.selectors]

    def rule(*operands: Any, **params: Any) -> Any:
        chosen = [
            x.primal_payload() if is_active and i in primitive.selectors else x
            for i, (x, is_active) in enumerate(zip(operands, active, strict=True))
        ]
        if not carriers:
            return primitive.dispatch(*chosen, **params)
        first = operands[carriers[0]]
        for i, x in enumerate(chosen):
            if i not in primitive.selectors and not active[i]:
                chosen[i] = first.constant(x)
        parts = (
            primitive.dispatch(
                *(x if i in primitive.selectors else getattr(x, name) for i, x in enumerate(chosen)), **params
            )
            for name in first.components
        )
        return first.rebuild(*parts)

    return rule


@Creation.rule(Value)
def _creation(primitive: Creation, active: tuple[bool, ...]) -> Any:
    def rule(x: Any, **params: Any) -> Any:
        return x.constant(primitive.dispatch(x.payload, **params))

    return rule


@Assignment.rule(Value)
def _assignment(primitive: Assignment, active: tuple[bool, ...]) -> Any:
    def rule(x: Any, y: Any, index: Any) -> None:
        if not x.is_storage:
            raise MutationError(f"a scalar {type(x).__name__} does not support item assignment")
        source = y if active[1] else x.constant(y)
        for name in x.components:
            setitem.dispatch(getattr(x, name), getattr(source, name), index=index)

    return rule

"""`Batch`: all elements of a `vmap` together, as arrays with one more axis in front.

Rules know where that axis goes: axes of primitives are counted from the end, so most need nothing but their operands'
ranks aligned. What asks for one plain number raises, and `vmap` runs the elements one after the other.
"""

from typing import Any, Self

import numpy as np

from interp.errors import MutationError, NoRule
from interp.linear import apply_structural, expand, outline
from interp.primitive import (
    Assignment,
    Contraction,
    Creation,
    Differentiable,
    Elementwise,
    Predicate,
    Reduction,
    Solve,
    Sorting,
    Structural,
    Transform,
)
from interp.several import CustomOutput, SolveOutput
from interp.value import Value, ndim_of, shape_of
from interp.vocabulary import broadcast_to, copy, einsum, index_add, reshape, setitem
from interp.vocabulary.creation import owned
from interp.vocabulary.indexing import getitem
from interp.vocabulary.linalg import solve, solve_triangular
from interp.vocabulary.linalg.products import LETTERS


class NeedsElements(BaseException):
    """A batch was asked for one number. Not an Exception, which the program might handle: `vmap` does."""


class Batch(Value):
    """The elements of a batch along the first axis of an array. Made by `batched`."""

    __slots__ = ("elements", "level")
    components = ("elements",)
    native = False
    elements: Any
    level: int

    @property
    def count(self) -> int:
        """Number of elements in the batch."""
        return shape_of(self.elements)[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one element."""
        return shape_of(self.elements)[1:]

    @property
    def is_storage(self) -> bool:
        return bool(self.shape)

    def constant(self, payload: Any) -> Self:
        return self.rebuild(copy(broadcast_to(payload, (self.count, *shape_of(payload)))))

    def primal_payload(self) -> Any:
        raise NeedsElements("the one number of a batch")

    def __bool__(self) -> bool:
        raise NeedsElements("the truth of a batch")

    def _strip(self, call: str) -> Any:
        raise NeedsElements(call)


def batched(elements: Any, level: int) -> Batch:
    """A batch of the elements along the first axis, in storage of its own."""
    batch: Batch = object.__new__(Batch)
    elements = np.asarray(elements) if isinstance(elements, list | tuple) else elements
    batch.elements, batch.level = owned(elements), level
    return batch


def _first(operands: tuple[Any, ...], active: tuple[bool, ...]) -> Batch:
    batch: Batch = operands[active.index(True)]
    return batch


def _aligned(operands: tuple[Any, ...], active: tuple[bool, ...]) -> list[Any]:
    """Operands whose ranks agree behind the batch's axis; constants broadcast by themselves."""
    count = _first(operands, active).count
    ndim = max(len(x.shape) if a else ndim_of(x) for x, a in zip(operands, active, strict=True))
    return [expand(x.elements, count, len(x.shape), ndim) if a else x for x, a in zip(operands, active, strict=True)]


def _full(operands: tuple[Any, ...], active: tuple[bool, ...]) -> list[Any]:
    """All operands with the batch's axis."""
    count = _first(operands, active).count
    return [x.elements if a else broadcast_to(x, (count, *shape_of(x))) for x, a in zip(operands, active, strict=True)]


@Elementwise.rule(Batch)
def _elementwise(primitive: Elementwise, active: tuple[bool, ...]) -> Any:
    return lambda *operands: _first(operands, active).rebuild(primitive.dispatch(*_aligned(operands, active)))


OVER_AXES = frozenset({"any", "all", "argsort"})
"""Predicates that reduce or go along axes counted from the end."""


@Predicate.rule(Batch)
def _predicate(primitive: Predicate, active: tuple[bool, ...]) -> Any:
    def rule(*operands: Any, **params: Any) -> Any:
        if params and (primitive.name not in OVER_AXES) and params.get("axis") is None:
            raise NoRule(f"{primitive.name} of a batch: loop over its elements")
        given = _full(operands, active) if params else _aligned(operands, active)
        return _first(operands, active).rebuild(primitive.dispatch(*given, **params))

    return rule


@Structural.rule(Batch)
def _structural(primitive: Structural, active: tuple[bool, ...]) -> Any:
    """Operands are rearranged behind the batch's axis; a condition that is a batch broadcasts with the others."""
    selects = any(active[i] for i in primitive.selectors if i < len(active))

    def rule(*operands: Any, **params: Any) -> Any:
        first = _first(operands, active)
        if selects:
            return first.rebuild(primitive.dispatch(*_aligned(operands, active), **params))
        shapes = outline(primitive, operands)
        parts = [None if i in primitive.selectors else x for i, x in enumerate(_full(operands, active))]
        out = first.rebuild(
            apply_structural(primitive, parts, shapes, params, first.count, _rank(primitive, shapes, params))
        )
        # A number is no view, neither into an array nor of one: a store must not reach it.
        return out if out.shape and first.shape else out.rebuild(copy(out.elements))

    return rule


def _rank(primitive: Structural, shapes: tuple[Any, ...], params: dict[str, Any]) -> int:
    """Number of axes of the result for one element; it matters where operands broadcast."""
    if not primitive.broadcasts:
        return 0
    return (
        len(params["shape"])
        if "shape" in params
        else max(ndim_of(s) if hasattr(s, "shape") else len(s) for s in shapes)
    )


@Reduction.rule(Batch)
@Transform.rule(Batch)
@Sorting.rule(Batch)
def _along_axes(primitive: Differentiable, active: tuple[bool, ...]) -> Any:
    return lambda x, **params: x.rebuild(primitive.dispatch(x.elements, **params))


@Contraction.rule(Batch)
def _contraction(primitive: Contraction, active: tuple[bool, ...]) -> Any:
    def contracted(*operands: Any, subscripts: str) -> Any:
        left, output = subscripts.split("->")
        letter = next(c for c in reversed(LETTERS) if c not in subscripts)
        terms = [letter + term if a else term for term, a in zip(left.split(","), active, strict=True)]
        given = [x.elements if a else x for x, a in zip(operands, active, strict=True)]
        out = einsum.dispatch(*given, subscripts=f"{','.join(terms)}->{letter}{output}")
        return _first(operands, active).rebuild(out)

    def added(*operands: Any, index: Any) -> Any:
        first = _first(operands, active)
        at = getitem.with_batch({"index": index}, first.count, operands[0].shape)["index"]
        return first.rebuild(index_add.dispatch(*_full(operands, active), index=at))

    return {einsum: contracted, index_add: added}.get(primitive, NotImplemented)


@Solve.rule(Batch)
def _solve(primitive: Solve, active: tuple[bool, ...]) -> Any:
    if primitive in (solve, solve_triangular):

        def systems(*operands: Any, columns: bool, **params: Any) -> Any:
            first = _first(operands, active)
            a, b = _full(operands, active)
            outer = len(shape_of(a)) - 3
            right = b if columns else reshape(b, (first.count, *(1,) * outer, shape_of(b)[1], 1))
            if not columns and outer:
                right = broadcast_to(right, shape_of(a)[:-2] + shape_of(right)[-2:])
            out = primitive.dispatch(a, right, columns=True, **params)
            return first.rebuild(out if columns else out[..., 0])

        return systems
    return lambda *operands, **params: _first(operands, active).rebuild(
        primitive.dispatch(*_full(operands, active), **params)
    )


@SolveOutput.rule(Batch)
def _factor(primitive: Any, active: tuple[bool, ...]) -> Any:
    return lambda a, call: a.rebuild(call.outputs((a.elements,))[primitive.position])


@CustomOutput.rule(Batch)
def _themselves(primitive: Any, active: tuple[bool, ...]) -> Any:
    return lambda *operands, call: call.themselves(*operands)[primitive.position]


@Creation.rule(Batch)
def _creation(primitive: Creation, active: tuple[bool, ...]) -> Any:
    return lambda x, **params: x.rebuild(primitive.dispatch(x.elements, **params))


@Assignment.rule(Batch)
def _assignment(primitive: Assignment, active: tuple[bool, ...]) -> Any:
    def rule(x: Batch, y: Any, index: Any) -> None:
        if not x.is_storage:
            raise MutationError("a scalar Batch does not support item assignment")
        at = getitem.with_batch({"index": index}, x.count, x.shape)["index"]
        if active[1]:
            target = ndim_of(np.broadcast_to(0.0, x.shape)[index])
            extra = max(len(y.shape) - target, 0)  # leading axes of one, which NumPy drops in a store
            y = reshape(y.elements, (y.count, *y.shape[extra:]))
            y = expand(y, x.count, ndim_of(y) - 1, target)
        setitem.dispatch(x.elements, y, index=at)

    return rule

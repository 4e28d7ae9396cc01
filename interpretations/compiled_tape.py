"""Tapes through a compiled function: one entry a result, whose map is the native pullback.

Few numbers go forward: one native run with a direction each gives the partials. Everything else takes the source
adjoint; where that cannot be written (recursion, say) the directions of all inputs go forward, some at a time.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from interp import level as levels
from interp.compile.arguments import leaves_of, replaced
from interp.errors import CompileError
from interp.linear import Diagonal, Formula
from interp.value import Value, primal, shape_of
from interp.vocabulary import copy, reshape, stack
from interpretations import dual
from interpretations.derivatives import seed
from interpretations.dual import Dual
from interpretations.tape import Link, Tape, record

FEW = 4
"""Numbers that go forward rather than through the adjoint."""


def through_compiled(compiled: Any, args: tuple[Any, ...]) -> Any:
    """Call a compiled function with Tapes, the outermost values, among its arguments."""
    from interp.compile.reverse import Refused, pullback

    leaves = leaves_of(args)
    level = max(x.level for x in leaves if isinstance(x, Tape))
    inputs = [x for x in leaves if _varies(x, level)]
    payloads = [(copy(x.value) if x.shape else x.value) if _varies(x, level) else x for x in leaves]
    if any(isinstance(p, Value) and not p.native and type(p).through_compiled is None for p in payloads):
        return compiled.plain(*args)

    def adjoint() -> Any:
        native = pullback(compiled, replaced(args, payloads), _varying(leaves, level))
        return _backward(compiled, args, native, payloads, leaves, inputs)

    def forward() -> Any:
        return _forward(compiled, args, leaves, inputs)

    few = len(inputs) <= FEW and not any(x.shape for x in inputs)
    first, second = (forward, adjoint) if few else (adjoint, forward)
    try:
        result, way = first(), first.__name__
    except (Refused, CompileError) as refusal:
        try:
            result, way = second(), f"{second.__name__}: {refusal}"
        except Refused:
            raise refusal from None
    compiled.reverse = way
    return result


def _varies(x: Any, level: int) -> bool:
    return isinstance(x, Tape) and x.level == level


def _varying(leaves: list[Any], level: int) -> Callable[[Any], bool]:
    """Tells, asked for one leaf after the other, which of them vary."""
    answers = iter([_varies(x, level) for x in leaves])
    return lambda _: next(answers)


# -- by the adjoint


def _backward(
    compiled: Any, args: tuple[Any, ...], native: Any, payloads: list[Any], leaves: list[Any], inputs: list[Tape]
) -> Any:
    recording = inputs[0].recording
    if native.scalar:
        (value,), gradients = native(payloads, (1.0,))
        return record(recording, value, tuple(map(_gradient, inputs, gradients)))
    kept = [copy(x) if shape_of(x) else x for x in payloads]
    result = compiled.run(*replaced(args, kept))
    outputs = [*_flat(result), *(kept[position] for position in native.stored)]
    seeds = [np.zeros(shape_of(out)) if shape_of(out) else 0.0 for out in outputs]
    made = [
        record(recording, out, _links(native, payloads, seeds, i, inputs)) if _is_real(out) else out
        for i, out in enumerate(outputs)
    ]
    for position, after in zip(native.stored, made[len(made) - len(native.stored) :], strict=True):
        if isinstance(leaves[position], Tape):
            leaves[position][...] = after
        else:
            leaves[position][...] = primal(after)
    return _built(result, iter(made))


class _Pullback:
    """Cotangents of all inputs for those of one of several results; the last are kept, for each input asks for them."""

    def __init__(self, native: Any, payloads: list[Any], seeds: list[Any], position: int) -> None:
        self.native, self.payloads, self.seeds, self.position = native, payloads, seeds, position
        self.ct: Any = None
        self.found: list[Any] = []

    def __call__(self, ct: Any, batch: int | None) -> list[Any]:
        if self.ct is not ct:
            rows = [self.once(ct)] if batch is None else [self.once(ct[i]) for i in range(batch)]
            self.found = list(rows[0]) if batch is None else [stack(column) for column in zip(*rows, strict=True)]
            self.ct = ct
        return self.found

    def once(self, ct: Any) -> Any:
        seeds = [*self.seeds[: self.position], ct, *self.seeds[self.position + 1 :]]
        return self.native(self.payloads, seeds)[1]


def _links(native: Any, payloads: list[Any], seeds: list[Any], position: int, inputs: list[Tape]) -> tuple[Link, ...]:
    """The links of one of several results; one run of the adjoint serves all inputs."""
    pull = _Pullback(native, payloads, seeds, position)

    def link(i: int, x: Tape) -> Link:
        return Link(x, Formula(x.shape, shape_of(seeds[position]), _refused, lambda ct, batch: pull(ct, batch)[i]))

    return tuple(link(i, x) for i, x in enumerate(inputs))


def _gradient(x: Tape, g: Any) -> Link:
    """The link of a number to one input, whose gradient is at hand."""
    if not x.shape:
        return Link(x, Diagonal(g, (), ()))
    ones = (1,) * len(x.shape)

    def backward(ct: Any, batch: int | None) -> Any:
        return g * ct if batch is None else g * reshape(ct, (batch, *ones))

    return Link(x, Formula(x.shape, (), _refused, backward))


def _refused(t: Any, batch: int | None) -> Any:
    raise AssertionError("a recording is swept backwards only")


# -- by forward mode


def _forward(compiled: Any, args: tuple[Any, ...], leaves: list[Any], inputs: list[Tape]) -> Any:
    level, recording = levels.fresh(), inputs[0].recording
    plain = [copy(x.value) if x.shape else x.value for x in inputs]
    lifted = [dual.make(plain[0], 1.0, level)] if len(inputs) == 1 and not inputs[0].shape else seed(plain, level)
    waiting = iter(lifted)
    before = [copy(d.value) if d.shape else d.value for d in lifted]
    result = compiled.run(*replaced(args, [next(waiting) if _is_of(x, inputs) else x for x in leaves]))

    def tape(out: Any) -> Any:
        if not (isinstance(out, Dual) and out.level == level):
            return out
        links, start = [], 0
        for x in inputs:
            size = x.size
            part = out.tangent if out.directions is None else out.tangent[start : start + size]
            start += size
            links.append(_columns(x, part, shape_of(out.value), out.directions is None))
        return record(recording, out.value, tuple(links))

    for x, d, old in zip(inputs, lifted, before, strict=True):
        if x.shape and not _same(d.value, old):
            x[...] = tape(d)
    return _built(result, (tape(out) for out in _flat(result)))


def _columns(x: Tape, columns: Any, out_shape: tuple[int, ...], single: bool) -> Link:
    """The link of a result to one input, given its tangents in the directions of the input's elements."""
    if not x.shape and not out_shape:
        return Link(x, Diagonal(columns if single else columns[0], (), ()))
    axes = tuple(range(-len(out_shape), 0))

    def backward(ct: Any, batch: int | None) -> Any:
        if single:
            product = columns * ct
            return product.sum(axis=axes) if axes else product
        lead = () if batch is None else (batch,)
        product = columns * (reshape(ct, (*lead, 1, *out_shape)) if shape_of(ct) else ct)
        return reshape(product.sum(axis=axes) if axes else product, (*lead, *x.shape))

    return Link(x, Formula(x.shape, out_shape, _refused, backward))


# -- structure


def _is_of(x: Any, inputs: list[Tape]) -> bool:
    return any(x is known for known in inputs)


def _same(x: Any, y: Any) -> bool:
    return bool(np.array_equal(primal(x), primal(y), equal_nan=True))


def _is_real(value: Any) -> bool:
    return np.asarray(primal(value)).dtype.kind == "f"


def _flat(result: Any) -> list[Any]:
    return [part for r in result for part in _flat(r)] if isinstance(result, tuple) else [result]


def _built(like: Any, parts: Any) -> Any:
    """``parts`` in the structure of tuples of ``like``."""
    if not isinstance(like, tuple):
        return next(parts)
    built = [_built(part, parts) for part in like]
    return type(like)(*built) if hasattr(like, "_fields") else tuple(built)


Tape.through_compiled = through_compiled

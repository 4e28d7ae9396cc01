"""Tapes through a compiled function: one entry a result, whose map is the native pullback.

Few numbers go forward: one native run with a direction each gives the partials. Everything else takes the source
adjoint; where that cannot be written (recursion, say) the run is recorded on a native tape, and where that has no
native code either the directions of all inputs go forward, some at a time.
"""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from interp import level as levels
from interp.compile.arguments import leaves_of, mapped, replaced
from interp.errors import CompileError
from interp.linear import Diagonal, Formula
from interp.value import identical, innermost, primal, shape_of
from interp.vocabulary import copy, reshape, stack
from interpretations import dual
from interpretations.compiled_gradient import go_forward
from interpretations.derivatives import seed
from interpretations.dual import Dual
from interpretations.tape import Link, Tape, record


def through_compiled(compiled: Any, args: tuple[Any, ...]) -> Any:
    """Call a compiled function with Tapes, the outermost values, among its arguments."""
    from interp.compile.adjoint.operations import Draws, Refused
    from interp.compile.reverse import pullback, taped

    leaves = leaves_of(args)
    level = max(x.level for x in leaves if isinstance(x, Tape))
    inputs = [x for x in leaves if _varies(x, level)]
    payloads = [(copy(x.value) if x.shape else x.value) if _varies(x, level) else x for x in leaves]

    def backward(native_of: Any) -> Any:
        native = native_of(compiled, replaced(args, payloads), _varying(leaves, level))
        return _backward(compiled, args, native, payloads, leaves, inputs)

    ways = {
        "forward": lambda: _forward(compiled, args, leaves, inputs),
        "adjoint": lambda: backward(pullback),
        "tape": lambda: backward(taped),
    }
    refusals: list[Exception] = []
    for way in ("forward", "adjoint", "tape") if go_forward(inputs) else ("adjoint", "tape", "forward"):
        if way == "tape" and any(isinstance(e, Draws) for e in refusals):
            continue  # it, too, runs anew for every pullback
        try:
            result = ways[way]()
        except _Aliased:
            compiled.reverse = "plain Python: arguments that share memory are stored into"
            return compiled.plain(*args)
        except (Refused, CompileError) as error:
            refusals.append(error)
        else:
            compiled.reverse = f"{way}: {'; '.join(map(str, refusals))}" if refusals else way
            return result
    raise next((e for e in reversed(refusals) if not isinstance(e, Refused)), refusals[0])


class _Aliased(Exception):
    """A store into one argument shows in another: native copies of them would not."""


def _varies(x: Any, level: int) -> bool:
    return isinstance(x, Tape) and x.level == level


def _varying(leaves: list[Any], level: int) -> Callable[[Any], bool]:
    """Tells, asked for one leaf after the other, which of them vary."""
    answers = iter([_varies(x, level) for x in leaves])
    return lambda _: next(answers)


# -- in reverse: by the adjoint or the tape


def _backward(
    compiled: Any, args: tuple[Any, ...], native: Any, payloads: list[Any], leaves: list[Any], inputs: list[Tape]
) -> Any:
    recording = inputs[0].recording
    run = native.run(compiled, args, payloads)
    if run.stored and _share_memory(leaves):
        raise _Aliased
    if run.gradients is not None and not run.stored:
        return record(recording, run.result, tuple(map(_gradient, inputs, run.gradients)))
    results = _flat(run.result)
    outputs = [*results, *run.stored.values()]
    seeds = [np.zeros(shape_of(out)) if shape_of(out) else 0.0 for out in outputs]
    kept = {i: copy(payloads[i]) for i in run.stored}

    def before() -> list[Any]:  # each run of the native code stores again
        return [copy(kept[i]) if i in kept else x for i, x in enumerate(payloads)]

    def made(i: int) -> Any:
        if not _is_real(outputs[i]):
            return outputs[i]
        pull = _Pullback(lambda cotangents: native.gradients(before(), run, cotangents), seeds, i)
        return record(recording, outputs[i], _links(pull, inputs, shape_of(seeds[i])))

    recorded = list(map(made, range(len(outputs))))  # before the stores: their links are to what the arguments were
    for i, position in enumerate(run.stored, len(results)):
        leaf = leaves[position]
        leaf[...] = recorded[i] if _is_of(leaf, inputs) else outputs[i]
    waiting = iter(recorded)
    return mapped(lambda _: next(waiting), run.result)


def _share_memory(leaves: list[Any]) -> bool:
    """True if two arrays among the arguments overlap, as far as their bounds tell."""
    arrays = [x for x in map(innermost, leaves) if isinstance(x, np.ndarray)]
    return any(np.may_share_memory(x, y) for x, y in itertools.combinations(arrays, 2))


class _Pullback:
    """Cotangents of all inputs for those of one of several results; the last are kept, for each input asks for them."""

    def __init__(self, gradients: Callable[[list[Any]], Any], seeds: list[Any], position: int) -> None:
        self.gradients, self.seeds, self.position = gradients, seeds, position
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
        return self.gradients(seeds)


def _links(pull: _Pullback, inputs: list[Tape], out_shape: tuple[int, ...]) -> tuple[Link, ...]:
    """The links of one of several results; one run serves all inputs."""

    def link(i: int, x: Tape) -> Link:
        return Link(x, Formula(x.shape, out_shape, _refused, lambda ct, batch: pull(ct, batch)[i]))

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
    before = [copy(d) if d.shape else d for d in lifted]
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

    stored = [(x, d) for x, d, old in zip(inputs, lifted, before, strict=True) if x.shape and not identical(d, old)]
    if stored and _share_memory(leaves):
        raise _Aliased
    results, after = mapped(tape, result), [tape(d) for _, d in stored]
    for (x, _), made in zip(stored, after, strict=True):
        x[...] = made
    return results


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


def _is_real(value: Any) -> bool:
    return np.asarray(primal(value)).dtype.kind == "f"


def _flat(result: Any) -> list[Any]:
    return [part for r in result for part in _flat(r)] if isinstance(result, tuple) else [result]


Tape.through_compiled = through_compiled

"""`custom_jvp` and `custom_vjp`: functions whose derivative their author states. And `checkpoint`, of their kind.

A function with a rule is a primitive made on the spot: every number type that asks for derivatives gets them from the
rule, in both modes, whichever of the two is given; the other is its transpose. Types that ask for none (Interval) run
the function itself. Rules are plain functions of numbers and arrays, so they nest to any order.
"""

import functools
import inspect
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from interp import backends, control, tree
from interp import level as levels
from interp.control.foreign import values_in
from interp.errors import InterpError, ShapeError, UnsupportedInput
from interp.linear import Formula
from interp.several import Call, CustomOutput, Outputs, output
from interp.value import Value, identical, primal, shape_of
from interp.vocabulary import concatenate, real, reshape, stack, zeros
from interp.vocabulary.creation import owned
from interpretations.arguments import handed
from interpretations.derivatives import jvp, vjp
from interpretations.sweep import pull_back
from interpretations.tape import Recording, Tape, lift

Function = Callable[..., Any]


class Ruled:
    """A function with a rule. Subclasses say `push` and `pull`, of the leaves of its arguments and outputs."""

    __name__: str
    __qualname__: str

    def __init__(self, function: Function, nondiff_argnums: Sequence[int] = ()) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.nondiff_argnums = tuple(nondiff_argnums)
        self.primitive = output(CustomOutput, self.__name__, 0)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs:
            bound = inspect.signature(self.function).bind(*args, **kwargs)
            bound.apply_defaults()
            if bound.kwargs:
                raise TypeError(f"{self.__name__}: a function with a rule takes no keyword-only arguments")
            args = bound.args
        return _Application(self, args).result()

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __reduce__(self) -> Any:
        """By name where that stands for it, as a function; else made again of the function and its rule."""
        module = sys.modules.get(self.__module__)
        if getattr(module, self.__qualname__, None) is self:
            return self.__qualname__
        state = {name: x for name, x in vars(self).items() if name in ("rule", "fwd", "bwd")}
        return _restored, (type(self), self.function, self.nondiff_argnums, state)

    def run(self, args: Sequence[Any]) -> tuple[Any, Any]:
        """The output, and what the rule keeps of the run."""
        return control.run(self.function, tuple(args), {}), None

    def push(self, at: "_Point", tangents: list[Any]) -> Any:
        """The tangent of the output, as one array."""
        raise NotImplementedError

    def pull(self, at: "_Point", cotangent: Any) -> list[Any]:
        """Cotangents of the operands, in the inner product of `interpretations.arguments`."""
        raise NotImplementedError


def _restored(cls: type[Ruled], function: Function, nondiff_argnums: tuple[int, ...], state: dict[str, Any]) -> Ruled:
    made = cls(function, nondiff_argnums)
    vars(made).update(state)
    return made


class _Application:
    """One application of a function with a rule. Its operands are the leaves of the arguments that vary."""

    def __init__(self, ruled: Ruled, args: tuple[Any, ...]) -> None:
        self.ruled, self.args = ruled, args
        self.fixed = {i % len(args) for i in ruled.nondiff_argnums} if args else set()
        for i in sorted(self.fixed):
            if any(isinstance(leaf, Value) for leaf in tree.flatten(args[i])[0]):
                raise UnsupportedInput(
                    f"{ruled.__name__}: argument {i} is one of nondiff_argnums and holds a {type(args[i]).__name__}: "
                    "pass interp.primal(...) of it, or leave it out of nondiff_argnums"
                )
        flat = [tree.flatten(x) for i, x in enumerate(args) if i not in self.fixed]
        self.operands = tuple(leaf for leaves, _ in flat for leaf in leaves)
        self.counts = [len(leaves) for leaves, _ in flat]
        self._builders = [build for _, build in flat]
        self.top = max([levels.of(x) for x in self.operands], default=0)
        self._layout: _Layout | None = None
        self._kept: list[tuple[Outputs, Any]] = []

    def varying(self, leaves: Sequence[Any]) -> list[Any]:
        """Leaves as the arguments that vary."""
        found, start = [], 0
        for build, count in zip(self._builders, self.counts, strict=True):
            found.append(build(list(leaves[start : start + count])))
            start += count
        return found

    def not_varying(self) -> list[Any]:
        return [x for i, x in enumerate(self.args) if i in self.fixed]

    def arguments(self, operands: Sequence[Any]) -> list[Any]:
        """All arguments, with these leaves in those that vary."""
        varying = iter(self.varying(operands))
        return [x if i in self.fixed else next(varying) for i, x in enumerate(self.args)]

    def result(self) -> Any:
        if not any(isinstance(x, Value) for x in self.operands):
            return self.ruled.function(*self.args)
        call = Call(self._compute, self._maps, self._themselves)
        below = tuple(x.payload if isinstance(x, Value) and self._is_top(x) else x for x in self.operands)
        call.outputs(below)  # tells the layout of the output
        return self.unpacked(self.ruled.primitive.dispatch(*self.operands, call=call))

    def _is_top(self, x: Value) -> bool:
        return x.level == self.top or x.correlated

    def _numbers(self, out: Any) -> Outputs:
        """All that varies in an output, as one array, so that a rule sees the cotangents of all of it together."""
        self._layout = _Layout(out)
        return (self._layout.packed(out),)

    def packed(self, out: Any) -> Any:
        """An output, or something of its structure, as one array."""
        assert self._layout is not None
        return self._layout.packed(out)

    def unpacked(self, x: Any) -> Any:
        """An output from one array."""
        assert self._layout is not None
        return self._layout.unpacked(x)

    def _compute(self, *operands: Any) -> Outputs:
        """The outputs at a lower level: of values by the same rule, of plain numbers by the function."""
        if any(isinstance(x, Value) for x in operands):
            return self._numbers(_Application(self.ruled, tuple(self.arguments(operands))).result())
        given = tuple(map(owned, operands))
        out, kept = self.ruled.run(self.arguments(given))
        if not all(map(identical, given, operands)):
            raise InterpError(
                f"{self.ruled.__name__} changes an array that it is given, which whoever passed it would not see: work "
                "on a copy of it"
            )
        leaves = self._numbers(out)
        self._kept.append((leaves, kept))
        hidden = next((x for x in tree.flatten(out)[0] if isinstance(x, Value) and levels.of(x) >= self.top), None)
        if hidden is not None:
            raise InterpError(
                f"{self.ruled.__name__} closes over a {type(hidden).__name__} that its rule cannot see: pass it as an "
                "argument"
            )
        return leaves

    def _themselves(self, *operands: Any) -> Outputs:
        """The outputs by the function itself, for types that have no use for a rule."""
        return self._numbers(control.run(self.ruled.function, tuple(self.arguments(operands)), {}))

    def kept(self, operands: tuple[Any, ...], outputs: Outputs) -> Any:
        """What the rule keeps of the run at these operands, which gave these outputs."""
        known = (kept for leaves, kept in self._kept if leaves is outputs)
        return (
            next(known)
            if any(leaves is outputs for leaves, _ in self._kept)
            else self.ruled.run(self.arguments(operands))[1]
        )

    def _maps(self, position: int, active: tuple[bool, ...], operands: tuple[Any, ...], outputs: Outputs) -> list[Any]:
        at = _Point(self, operands, outputs)
        return [at.map(i) for i, is_active in enumerate(active) if is_active]


class _Layout:
    """How the output of a function lies in one array: a single array or number is itself. Integers do not vary."""

    def __init__(self, out: Any) -> None:
        self.leaves, self.rebuild = tree.flatten(out)
        kinds = [np.asarray(primal(x)).dtype.kind for x in self.leaves]
        self.varying = [i for i, kind in enumerate(kinds) if kind in "fc"]
        self.shapes = [shape_of(x) for x in self.leaves]
        self.complex = [kind == "c" for kind in kinds]

    def packed(self, out: Any) -> Any:
        leaves = tree.flatten(out)[0]
        if len(leaves) != len(self.shapes) or any(shape_of(leaves[i]) != self.shapes[i] for i in self.varying):
            raise ShapeError(
                f"a rule returned shapes {[shape_of(x) for x in leaves]} for an output of shapes {self.shapes}"
            )
        if len(leaves) == 1 == len(self.varying):
            return leaves[0]
        parts = [reshape(leaves[i], (-1,)) if self.shapes[i] else stack([leaves[i]]) for i in self.varying]
        return concatenate(parts) if parts else np.zeros(0)

    def unpacked(self, x: Any) -> Any:
        if len(self.shapes) == 1 == len(self.varying):
            return self.rebuild([x])
        leaves, start = list(self.leaves), 0
        for i in self.varying:
            shape = self.shapes[i]
            part = x[start : start + math.prod(shape)]
            start += math.prod(shape)
            part = reshape(part, shape) if shape else part[0]
            leaves[i] = part if self.complex[i] else real(part)
        return self.rebuild(leaves)


class _Point:
    """Where the maps of one application are taken: the operands and outputs at one level."""

    def __init__(self, application: _Application, operands: tuple[Any, ...], outputs: Outputs) -> None:
        self.application, self.operands, self.outputs = application, operands, outputs
        self._latest: tuple[Any, list[Any]] = (None, [])

    @functools.cached_property
    def kept(self) -> Any:
        return self.application.kept(self.operands, self.outputs)

    @property
    def output(self) -> Any:
        (out,) = self.outputs
        return out

    def map(self, i: int) -> Formula:
        """From the tangent of operand ``i`` to that of the output."""

        def forward(t: Any, batch: int | None) -> Any:
            def along(part: Any) -> list[Any]:
                tangents = [part if j == i else _zero(x) for j, x in enumerate(self.operands)]
                return [self.application.ruled.push(self, tangents)]

            return _each_direction(along, t, batch)[0]

        def backward(ct: Any, batch: int | None) -> Any:
            def against(part: Any) -> list[Any]:
                return self.application.ruled.pull(self, part)

            if self._latest[0] is not ct:  # a cotangent goes back to one operand after the other
                self._latest = ct, _each_direction(against, ct, batch)
            return self._latest[1][i]

        return Formula(shape_of(self.operands[i]), shape_of(self.output), forward, backward)


def _zero(x: Any) -> Any:
    return zeros(shape_of(x), like=x)


def _each_direction(rule: Callable[[Any], list[Any]], t: Any, batch: int | None) -> list[Any]:
    """A rule applied to each direction in ``t``, one after the other: it may branch on it, or clip it."""
    if batch is None:
        return rule(t)
    return [stack(parts) for parts in zip(*(rule(t[i]) for i in range(batch)), strict=True)]


def _transposed(
    linear: Callable[[list[Any]], list[Any]],
    like: Sequence[Any],
    cotangents: list[Any],
    at: Callable[[Any], Any] = _zero,
) -> list[Any]:
    """The adjoint of a linear function of leaves ``like`` these, applied to ``cotangents``; taken anywhere, ``at``."""
    recording = Recording(levels.fresh())
    inputs = [lift(at(x), recording) for x in like]
    pairs = [
        (out, ct)
        for out, ct in zip(linear(list(inputs)), cotangents, strict=True)
        if isinstance(out, Tape) and out.level == recording.level
    ]
    return [_zero(x) if ct is None else ct for x, ct in zip(like, pull_back(recording, pairs, inputs), strict=True)]


def _close(x: Any, y: Any) -> bool:
    """True of numbers that agree to rounding, as far as the largest of them goes."""
    x, y = np.asarray(backends.to_host(x)), np.asarray(backends.to_host(y))
    largest = np.max(np.abs(x[np.isfinite(x)]), initial=0.0)
    rtol = 1e-4 if x.dtype in (np.float32, np.complex64) else 1e-8
    return x.shape == y.shape and bool(np.allclose(x, y, rtol=rtol, atol=rtol * largest, equal_nan=True))


class custom_jvp(Ruled):
    """A function whose derivative along tangents is stated by ``defjvp`` (or ``defjvps``), as in JAX.

    ``rule(primals, tangents) -> (output, tangent of the output)``, linear in the tangents, which are all given: zeros
    where an argument does not move. Reverse mode transposes it. Arguments in ``nondiff_argnums`` are passed to the
    rule first, as they are; they hold no values.

    >>> from interpretations import custom_jvp, grad
    >>> @custom_jvp
    ... def root(x):
    ...     return x**0.5
    >>> @root.defjvp
    ... def rule(primals, tangents):
    ...     out = root(*primals)
    ...     return out, 0.5 * tangents[0] / out
    >>> grad(root)(4.0)
    0.25
    """

    rule: Function | None = None

    def defjvp(self, rule: Function) -> Function:
        """Decorator: state the rule."""
        self.rule = rule
        return rule

    def defjvps(self, *partials: Function | None) -> None:
        """State ``(tangent, output, *primals) -> tangent of the output`` for each argument; None for zero."""

        def rule(*given: Any) -> tuple[Any, Any]:
            *fixed, primals, tangents = given
            out = self(*self._all(fixed, primals))
            total, rebuild = tree.flatten(tree.map(_zero, out))
            for partial, t in zip(partials, tangents, strict=True):
                if partial is not None:
                    terms = tree.flatten(partial(t, out, *primals))[0]
                    total = [a + b for a, b in zip(total, terms, strict=True)]
            return out, rebuild(total)

        self.rule = rule

    def _all(self, fixed: Sequence[Any], primals: Sequence[Any]) -> list[Any]:
        n = len(fixed) + len(primals)
        at, varying, constant = {i % n for i in self.nondiff_argnums}, iter(primals), iter(fixed)
        return [next(constant) if i in at else next(varying) for i in range(n)]

    def push(self, at: _Point, tangents: list[Any]) -> Any:
        if self.rule is None:
            raise InterpError(f"{self.__name__} has no rule yet: state it with @{self.__name__}.defjvp")
        call = at.application
        primals, moved = tuple(call.varying(at.operands)), tuple(call.varying(tangents))
        out = control.run(self.rule, (*call.not_varying(), primals, moved), {})
        if not isinstance(out, tuple | list) or len(out) != 2:
            raise ShapeError(f"the rule of {self.__name__} must return (output, tangent of the output)")
        return call.packed(out[1])

    def pull(self, at: _Point, cotangent: Any) -> list[Any]:
        return _transposed(lambda tangents: [self.push(at, tangents)], at.operands, [cotangent])


class custom_vjp(Ruled):
    """A function whose pullback is stated by ``defvjp(fwd, bwd)``, as in JAX.

    ``fwd(*args) -> (output, residuals)``; ``bwd(residuals, cotangent) -> cotangents`` of the arguments, a tuple, with
    None for zeros. Forward mode, which JAX refuses, applies the transpose of ``bwd``. Arguments in ``nondiff_argnums``
    are passed to ``bwd`` first; they hold no values.
    """

    fwd: Function | None = None
    bwd: Function | None = None

    def defvjp(self, fwd: Function, bwd: Function) -> None:
        """State the rule."""
        self.fwd, self.bwd = fwd, bwd

    def run(self, args: Sequence[Any]) -> tuple[Any, Any]:
        if self.fwd is None:
            raise InterpError(f"{self.__name__} has no rule yet: state it with {self.__name__}.defvjp(fwd, bwd)")
        out = control.run(self.fwd, tuple(args), {})
        if not isinstance(out, tuple | list) or len(out) != 2:
            raise ShapeError(f"fwd of {self.__name__} must return (output, residuals)")
        return out[0], out[1]

    def pull(self, at: _Point, cotangent: Any) -> list[Any]:
        call = at.application
        given = call.unpacked(handed(cotangent))
        pulled = control.run(self.bwd, (*call.not_varying(), at.kept, given), {})
        if not isinstance(pulled, tuple | list) or len(pulled) != len(call.counts):
            raise ShapeError(
                f"bwd of {self.__name__} must return a tuple of {len(call.counts)}, a cotangent for each argument"
            )
        found: list[Any] = []
        for part, count in zip(pulled, call.counts, strict=True):
            leaves = [None] * count if part is None else tree.flatten(part)[0]
            if len(leaves) != count:
                raise ShapeError(f"bwd of {self.__name__} returned a cotangent of another structure than its argument")
            found += leaves
        for x, ct in zip(at.operands, found, strict=True):
            if ct is not None and shape_of(ct) != shape_of(x):
                raise ShapeError(
                    f"bwd of {self.__name__} returned a cotangent of shape {shape_of(ct)} for an argument of shape "
                    f"{shape_of(x)}"
                )
        return [_zero(x) if ct is None else handed(ct) for x, ct in zip(at.operands, found, strict=True)]

    def push(self, at: _Point, tangents: list[Any]) -> Any:
        def pulled(cotangents: list[Any]) -> list[Any]:
            return self.pull(at, *cotangents)

        # A rule that clips or branches on its cotangent has no transpose: it then differs from place to place. Not at
        # zero, where a rule may return at once.
        moved, *elsewhere = (
            _transposed(pulled, at.outputs, tangents, lambda x, place=place: _zero(x) + place)[0]
            for place in (0.01, -0.5, 3.0, -40.0)
        )
        if not all(_close(primal(moved), primal(other)) for other in elsewhere):
            raise InterpError(
                f"{self.__name__}: its bwd is not linear in the cotangent, so there is no forward mode for it: use "
                "reverse mode, or state the rule with custom_jvp"
            )
        return moved


class checkpoint(Ruled):
    """``f`` without a record of what is within it: a reverse sweep runs it once more, and keeps its arguments alone.

    Memory of a chain of n such segments is that of the longest segment and n arguments, for one more run of each. The
    results are those of ``f``. A function that closes over values is run as it is, and recorded.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if next(values_in(self.function), None) is not None:
            return self.function(*args, **kwargs)
        return super().__call__(*args, **kwargs)

    def push(self, at: _Point, tangents: list[Any]) -> Any:
        call = at.application
        again, moved = jvp(self.function, call.varying(at.operands), call.varying(tangents))
        self._check(at, again)
        return call.packed(moved)

    def pull(self, at: _Point, cotangent: Any) -> list[Any]:
        call = at.application
        again, pullback = vjp(self.function, *call.varying(at.operands))
        self._check(at, again)
        cts = tree.flatten(call.unpacked(handed(cotangent)))[0]
        zeros_for_integers = [ct if np.asarray(primal(ct)).dtype.kind in "fc" else 0.0 * ct for ct in cts]
        given = tree.flatten(again)[1](zeros_for_integers)
        return [handed(ct) for ct in tree.flatten(pullback(given))[0]]

    def _check(self, at: _Point, again: Any) -> None:
        """Raise if the second run gave other numbers than the first."""
        # To rounding: values go through other functions than plain numbers do.
        if not _close(primal(at.application.packed(again)), primal(at.output)):
            raise InterpError(
                f"checkpoint({self.__name__}): run again it gave other numbers, so it depends on something that has "
                "changed since (a buffer, a random number): pass that as an argument"
            )

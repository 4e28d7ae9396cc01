"""`Dual`: forward mode. A value and its tangents, pushed through every primitive by its linear map.

Tangents of an array of shape s have shape s (one direction) or (k, *s): k directions on one leading
axis. The rules below are one for elementwise primitives, written for speed on scalars, one for
structural ones, which rearrange the tangents themselves, and one for everything that has linear maps.
"""

import operator
from cmath import isfinite
from typing import Any, Self

import numpy as np

from interp import level as levels
from interp import primal, rules
from interp.errors import MutationError, ShapeError, UnsupportedInput
from interp.linear import MINUS_ONE, ONE, ZERO, apply_structural, broadcast, expand, lead
from interp.primitive import Assignment, Differentiable, Elementwise, Structural
from interp.rules import compiling
from interp.value import Value, from_table, has_nan, innermost, is_array, is_complex, ndim_of, shape_of
from interp.vocabulary import copy, setitem, zeros, zeros_like
from interp.vocabulary.complex_numbers import imaginary_part, real_part
from interp.vocabulary.creation import held, owned, zeros_beside
from interp.vocabulary.elementwise import square, strong_multiply
from interp.vocabulary.indexing import getitem, is_basic
from interp.vocabulary.shape import broadcast_to, diagonal, flip, reshape, transpose

SCALARS = frozenset({float, np.float64, np.float32, complex, np.complex128})
"""Classes of payload that need no alignment of axes. NaN and infinities take the way of arrays, strongly."""

_new = object.__new__


def real_payload(x: Any) -> Any:
    """``x`` as a payload that can vary: integers and booleans become floats, objects are refused."""
    if x.__class__ is float or (x.__class__ is np.ndarray and x.dtype.kind == "f"):
        return x
    x = from_table(x)
    plain = primal(x)
    kind = plain.dtype.kind if hasattr(plain, "dtype") else np.asarray(plain).dtype.kind
    if kind in "fc":
        return x
    if kind in "iub":
        return x * 1.0 if isinstance(x, Value) else float(x) if not shape_of(x) else x.astype(float)
    raise UnsupportedInput(f"an input of type {type(plain).__name__} (dtype kind {kind!r}) is no array of numbers")


class Dual(Value):
    """A number or array with its tangents.

    Parameters
    ----------
    value: number, array or value of shape s; integers become floats.
    tangent: of shape s, or (k, *s) for k directions.

    A Dual made by hand sits just above its payload's level. Raises `ShapeError` for other shapes.
    """

    __slots__ = ("level", "tangent", "value")
    components = ("value", "tangent")
    strong_zeros = True

    def __init__(self, value: Any, tangent: Any) -> None:
        value, tangent = (np.asarray(x) if isinstance(x, list | tuple) else x for x in (value, tangent))
        self.level = levels.above(value, tangent)
        shape, got = shape_of(value), shape_of(tangent)
        if got != shape and got[1:] != shape:
            raise ShapeError(
                f"a tangent of shape {got} for a value of shape {shape}: give it the value's shape, "
                f"or (k, {', '.join(map(str, shape))}) for k directions"
            )
        lifted = lift(real_payload(value), real_payload(tangent), self.level)
        self.value, self.tangent = lifted.value, lifted.tangent

    @property
    def directions(self) -> int | None:
        """Number of directions on the tangents' leading axis; None for one direction without axis."""
        shape = shape_of(self.tangent)
        return shape[0] if len(shape) > ndim_of(self.value) else None

    def rebuild(self, value: Any, tangent: Any) -> Self:  # type: ignore[override]
        dual = _new(Dual)
        dual.value = value
        dual.tangent = tangent
        dual.level = self.level
        return dual  # type: ignore[return-value]

    def __pow__(self, y: Any) -> Any:
        """An array's ``x**2`` is its square, as in NumPy: the derivative is simpler, and cheaper."""
        return square(self) if y.__class__ in (int, float) and y == 2 and self.shape else super().__pow__(y)

    def constant(self, payload: Any) -> Self:
        if compiling:
            return self.rebuild(payload, zeros_like(self.tangent))
        like = payload if isinstance(payload, Value) or is_complex(payload) else self.tangent
        tangent = zeros_beside(payload, self.directions, like)
        if is_array(payload) and not shape_of(tangent):  # storage without axes, and so are its tangents
            tangent = held(np.asarray(zeros((), like=primal(like))), like)
        return make(payload, tangent, self.level)  # type: ignore[return-value]


def lift(value: Any, tangent: Any, level: int) -> Dual:
    """A Dual in storage of its own, so that no store reaches the caller's arrays."""
    return make(owned(value), held(beside(value, tangent), value), level)


def beside(value: Any, tangent: Any) -> Any:
    """A copy of ``tangent`` in the memory order of ``value``: a reshape is a view of both or of none."""
    tangent = _as_complex(tangent, value)
    shape = shape_of(tangent)
    if not shape:
        return tangent
    copied = zeros_beside(value, shape[0] if len(shape) > ndim_of(value) else None, tangent)
    copied[...] = tangent
    return copied


def _as_complex(tangent: Any, value: Any) -> Any:
    """Tangents of an array of complex numbers are complex from the start: a store may bring an imaginary part."""
    return tangent + 0j if is_complex(value) and shape_of(value) and not is_complex(tangent) else tangent


def laid_out(tangent: Any, value: Any) -> Any:
    """``tangent``, new made, in the memory order of ``value``: of a view of the directions NumPy might make a copy."""
    tangent = _as_complex(tangent, value)
    order = getattr(innermost(value), "strides", ())
    if not order or innermost(tangent).strides[-len(order) :] == order:
        return tangent
    return beside(value, tangent)


def make(value: Any, tangent: Any, level: int) -> Dual:
    """A Dual without checks: what rules return."""
    dual = _new(Dual)
    dual.value = value
    dual.tangent = tangent
    dual.level = level
    return dual


def _directions(duals: list[Dual]) -> int | None:
    """The number of directions that all of ``duals`` have."""
    batch = duals[0].directions
    for dual in duals[1:]:
        if dual.directions != batch:
            raise ShapeError(
                f"Duals of {batch or 'one'} and of {dual.directions or 'one'} directions meet: "
                "give every tangent the same leading axis of directions, or none"
            )
    return batch


def _plainly(out: np.ndarray, factors: list[Any], duals: list[Dual]) -> np.ndarray | None:
    """The tangents of several directions where all arrays have one shape, order and type; None where care is needed.

    What `_elementwise` does in general, in as few array operations; a NaN is left to it too.
    """
    dtype, full = out.dtype, shape_of(duals[0].tangent)
    total: np.ndarray | None = None
    owned = multiplied = False
    for factor, dual in zip(factors, duals, strict=True):
        t = dual.tangent
        if t.__class__ is not np.ndarray or t.shape != full or t.dtype != dtype:
            return None
        if factor is ONE:
            term = t
        elif factor is MINUS_ONE:
            term = -t
        elif factor.__class__ is float or (factor.__class__ is np.ndarray and factor.dtype == dtype):
            term, multiplied = factor * t, True
        else:
            return None
        if total is None:
            total, owned = term, factor is not ONE
        elif owned:
            np.add(total, term, out=total)
        else:
            total, owned = total + term, True
    if total is None or not owned or total.strides[1:] != out.strides or (multiplied and has_nan(total)):
        return None
    return total


@Elementwise.rule(Dual)
def _elementwise(primitive: Elementwise, active: tuple[bool, ...]) -> Any:
    partials = [p for p, is_active in zip(primitive.partials, active, strict=True) if is_active]
    times = strong_multiply if primitive.singular or rules.products == "all" else operator.mul
    compose = primitive.compose(active)

    def combined(factors: list[Any], duals: list[Dual], by: Any, batch: int | None, ndim: int) -> Any:
        total: Any = None
        for factor, dual in zip(factors, duals, strict=True):
            if factor is ZERO:
                continue
            t = expand(dual.tangent, batch, ndim_of(dual.value), ndim)
            term = t if factor is ONE else -t if factor is MINUS_ONE else by(factor, t)
            total = term if total is None else total + term
        return total

    def on_arrays(out: Any, factors: list[Any], duals: list[Dual]) -> Dual:
        if out.__class__ is np.ndarray and out.dtype.kind == "f" and shape_of(duals[0].tangent)[1:] == out.shape:
            with np.errstate(invalid="ignore", over="ignore"):
                plain = _plainly(out, factors, duals)
            if plain is not None:
                return make(out, plain, duals[0].level)
        batch = _directions(duals)
        if batch is None:
            with np.errstate(invalid="ignore"):
                total = combined(factors, duals, times, batch, ndim_of(out))
        if batch is not None or has_nan(total):  # a NaN must not reach directions that do not move it
            total = combined(factors, duals, strong_multiply, batch, ndim_of(out))
        full = lead(batch) + shape_of(out)
        if total is None:
            total = zeros(full, like=duals[0].tangent)
        elif shape_of(total) != full:
            total = broadcast(total, full)
        elif factors[0] is ONE and len(duals) == 1:
            total = copy(total)  # the operand's own tangents, which an in-place change must not reach
        return make(out, held(laid_out(total, out), out), duals[0].level)

    if all(p is ZERO for p in partials):  # as of floor: what remains is a constant
        return {
            (True,): lambda x: x.constant(compose(x.value)[0]),
            (True, True): lambda x, y: x.constant(compose(x.value, y.value)[0]),
            (True, False): lambda x, y: x.constant(compose(x.value, y)[0]),
            (False, True): lambda x, y: y.constant(compose(x, y.value)[0]),
        }[active]

    if active == (True,):

        def unary(x: Any) -> Dual:
            out, dx = compose(x.value)
            if compiling:
                return x.rebuild(out, times(dx, x.tangent))
            if out.__class__ in SCALARS and isfinite(out):
                t = times(dx, x.tangent)
                if t == t if t.__class__ in SCALARS else not has_nan(t):
                    return make(out, t, x.level)
            return on_arrays(out, [dx], [x])

        return unary

    if active == (True, True):

        def both(x: Any, y: Any) -> Dual:
            out, dx, dy = compose(x.value, y.value)
            if compiling:
                return x.rebuild(out, times(dx, x.tangent) + times(dy, y.tangent))
            if out.__class__ in SCALARS and isfinite(out):  # `make` written out: the busiest rule of all
                t = times(dx, x.tangent) + times(dy, y.tangent)
                if t == t if t.__class__ in SCALARS else not has_nan(t) and x.directions == y.directions:
                    dual = _new(Dual)
                    dual.value = out
                    dual.tangent = t
                    dual.level = x.level
                    return dual
            return on_arrays(out, [dx, dy], [x, y])

        return both

    if active == (True, False):

        def left(x: Any, y: Any) -> Dual:
            out, dx = compose(x.value, y)
            if compiling:
                return x.rebuild(out, times(dx, x.tangent))
            if out.__class__ in SCALARS and isfinite(out):
                t = times(dx, x.tangent)
                if t == t if t.__class__ in SCALARS else not has_nan(t):
                    return make(out, t, x.level)
            return on_arrays(out, [dx], [x])

        return left

    if active == (False, True):

        def right(x: Any, y: Any) -> Dual:
            out, dy = compose(x, y.value)
            if compiling:
                return y.rebuild(out, times(dy, y.tangent))
            if out.__class__ in SCALARS and isfinite(out):
                t = times(dy, y.tangent)
                if t == t if t.__class__ in SCALARS else not has_nan(t):
                    return make(out, t, y.level)
            return on_arrays(out, [dy], [y])

        return right

    def general(*operands: Any) -> Dual:
        duals = [x for x, is_active in zip(operands, active, strict=True) if is_active]
        out, *factors = compose(*(x.value if a else x for x, a in zip(operands, active, strict=True)))
        return on_arrays(out, factors, duals)

    return general


VIEWING = (transpose, flip, reshape, broadcast_to, diagonal, real_part, imaginary_part)
"""Structural primitives whose result may share the operand's storage, besides reading at a basic index."""


@Structural.rule(Dual)
def _structural(primitive: Structural, active: tuple[bool, ...]) -> Any:
    carriers = [i for i, is_active in enumerate(active) if is_active and i not in primitive.selectors]

    def rule(*operands: Any, **params: Any) -> Any:
        values = [x.value if is_active else x for x, is_active in zip(operands, active, strict=True)]
        out = primitive.dispatch(*values, **params)
        if not carriers:
            return out
        first = operands[carriers[0]]
        batch = _directions([operands[i] for i in carriers])
        parts = [operands[i].tangent if i in carriers else None for i in range(len(operands))]
        shapes = tuple(v if i in primitive.selectors else shape_of(v) for i, v in enumerate(values))
        t = apply_structural(primitive, parts, shapes, params, batch, ndim_of(out))
        if batch is not None and not shape_of(out) and not is_array(out):
            t = copy(t)  # an element is a number, but its directions are a view, which a later store would reach
        elif primitive not in VIEWING and not (primitive is getitem and is_basic(params["index"])):
            t = laid_out(t, out)
        return make(out, held(t, out), first.level)

    return rule


@Differentiable.rule(Dual)
def _linear(primitive: Differentiable, active: tuple[bool, ...]) -> Any:
    linearised = primitive.linearise(active)

    def rule(*operands: Any, **params: Any) -> Dual:
        duals = [x for x, is_active in zip(operands, active, strict=True) if is_active]
        out, maps = linearised(*(x.value if a else x for x, a in zip(operands, active, strict=True)), **params)
        batch = _directions(duals)
        total: Any = None
        for dual, linear_map in zip(duals, maps, strict=True):
            if linear_map is not None:
                term = linear_map.apply(dual.tangent, batch)
                total = term if total is None else total + term
        if total is None:
            total = zeros(lead(batch) + shape_of(out), like=duals[0].tangent)
        return make(out, held(laid_out(total, out), out), duals[0].level)

    return rule


@Assignment.rule(Dual)
def _assignment(primitive: Assignment, active: tuple[bool, ...]) -> Any:
    def rule(x: Dual, y: Any, index: Any) -> None:
        if not x.is_storage:
            raise MutationError("a scalar Dual does not support item assignment")
        batch = _directions([x, y]) if active[1] else x.directions
        value, tangent = (y.value, y.tangent) if active[1] else (y, 0.0)
        if levels.of(value) > levels.of(x.value):
            raise MutationError(
                f"this Dual holds plain numbers and cannot hold a {type(value).__name__} of an outer one: make it "
                "from both (a = y + 0 * x), or collect the elements and use np.stack"
            )
        where = getitem.with_batch({"index": index}, batch, x.shape)["index"]
        setitem.dispatch(x.value, value, index=index)
        if active[1] and batch is not None:
            target, extra = ndim_of(x.value[index]), ndim_of(value)
            if extra > target:  # leading axes of one, which NumPy drops in a store
                tangent = tangent.reshape((batch, *shape_of(value)[extra - target :]))
            else:
                tangent = expand(tangent, batch, extra, target)
        setitem.dispatch(x.tangent, tangent, index=where)

    return rule

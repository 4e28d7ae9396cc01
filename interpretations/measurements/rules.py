"""The rules of `Measurement`: every primitive moves the nominal value, its linear maps the coefficients."""

import operator
from typing import Any

import numpy as np

from interp import backends
from interp.errors import MutationError
from interp.linear import Gather, outline
from interp.primitive import Assignment, Differentiable, Elementwise, Structural
from interp.rows import SparseRows
from interp.value import Value, innermost, is_complex, shape_of
from interp.vocabulary import copy, setitem, strong_multiply
from interp.vocabulary.complex_numbers import imaginary_part, real_part
from interp.vocabulary.control import stop_gradient
from interp.vocabulary.elementwise import conj
from interpretations.measurements import coefficients as co
from interpretations.measurements.measurement import Measurement, View, make


@Elementwise.rule(Measurement)
def _elementwise(primitive: Elementwise, active: tuple[bool, ...]) -> Any:
    compose = primitive.compose(active)
    times = strong_multiply if primitive.singular else operator.mul

    if active == (True, True):

        def both(x: Measurement, y: Measurement) -> Measurement:
            out, dx, dy = compose(x.nominal_value, y.nominal_value)
            shape = shape_of(out)
            of_x = co.scaled(x.coefficients, shape_of(x.nominal_value), dx, shape, times)
            of_y = co.scaled(y.coefficients, shape_of(y.nominal_value), dy, shape, times)
            return make(out, co.total(of_x, of_y, shape), x.level if x.level > y.level else y.level)

        return both

    def rule(*operands: Any) -> Measurement:
        out, *factors = compose(*[x.nominal_value if a else x for x, a in zip(operands, active, strict=True)])
        measurements = [x for x, a in zip(operands, active, strict=True) if a]
        shape = shape_of(out)
        blocks: co.Blocks = {}
        for x, factor in zip(measurements, factors, strict=True):
            blocks = co.total(blocks, co.scaled(x.coefficients, x.shape, factor, shape, times), shape)
        return make(out, blocks, max([x.level for x in measurements]))

    return rule


@stop_gradient.register
def _(x: Measurement):  # type: ignore[no-untyped-def]
    """An error bar is no derivative of the program's: it stays, and what it is made of is stopped."""

    def stopped(c: Any) -> Any:
        return c.rebuilt(stop_gradient(c.data)) if isinstance(c, SparseRows) else stop_gradient(c)

    blocks = {source: stopped(c) for source, c in x.coefficients.items()}
    return make(stop_gradient(x.nominal_value), blocks, x.level)


def _of_complex_numbers(part: Structural) -> None:
    """Real and imaginary parts and conjugates move no element: they are taken of coefficients as of numbers."""

    def taken(x: Measurement) -> Measurement:
        def of(c: Any) -> Any:
            return c.rebuilt(part.dispatch(c.data)) if isinstance(c, SparseRows) else part.dispatch(c)

        out = part.dispatch(x.nominal_value)
        if shares_memory(x.nominal_value, out):  # a store into a part would be one into the whole: refused
            out = copy(out)
            innermost(out).flags.writeable = False
        return make(out, {source: of(c) for source, c in x.coefficients.items()}, x.level)

    taken.__annotations__ = {"x": Measurement}
    part.register(taken)


for _part in (real_part, imaginary_part, conj):
    _of_complex_numbers(_part)


@Structural.rule(Measurement)
def _structural(primitive: Structural, active: tuple[bool, ...]) -> Any:
    carriers = [i for i, is_active in enumerate(active) if is_active and i not in primitive.selectors]

    def rule(*operands: Any, **params: Any) -> Any:
        values = tuple(x.nominal_value if a else x for x, a in zip(operands, active, strict=True))
        out = primitive.dispatch(*values, **params)
        if not carriers:
            return out
        shape = shape_of(out)
        first = operands[carriers[0]]
        level = max([operands[i].level for i in carriers])
        if primitive is copy:
            return make(out, first.coefficients, level)
        # A selector that is itself a value may leave the choice open: it then chooses among coefficients too.
        is_open = any(isinstance(values[i], Value) for i in primitive.selectors)
        blocks: co.Blocks = {}
        shapes = outline(primitive, values)
        for i in carriers:
            x, gather = operands[i], Gather(primitive, i, shapes, params, shape)
            if is_open:
                moved = co.densely(gather, x.coefficients)
            else:
                index = gather.gather_index()
                if len(carriers) == 1 and shares_memory(x.nominal_value, out):
                    return _as_view(x, out, index)
                moved = co.gathered(x.coefficients, x.shape, index)
            blocks = co.total(blocks, moved, shape)
        return make(out, blocks, level)

    return rule


def shares_memory(x: Any, out: Any) -> bool:
    """True if a store into ``out`` is seen in ``x``: views, told by the innermost arrays."""
    plain, made = innermost(x), innermost(out)
    if not hasattr(plain, "strides") or not hasattr(made, "strides") or isinstance(made, np.generic):
        return False
    return bool(backends.namespace(plain).may_share_memory(plain, made))


def _as_view(x: Measurement, out: Any, index: np.ndarray) -> Measurement:
    view = make(out, {}, x.level)
    view.store = x.store
    view.view = View(index if x.view is None else x.view.index.reshape(-1)[index])
    return view


@Differentiable.rule(Measurement)
def _linear(primitive: Differentiable, active: tuple[bool, ...]) -> Any:
    linearised = primitive.linearise(active)

    def rule(*operands: Any, **params: Any) -> Measurement:
        measurements = [x for x, a in zip(operands, active, strict=True) if a]
        values = [x.nominal_value if a else x for x, a in zip(operands, active, strict=True)]
        out, maps = linearised(*values, **params)
        shape = shape_of(out)
        blocks: co.Blocks = {}
        for x, linear_map in zip(measurements, maps, strict=True):
            if linear_map is not None:
                blocks = co.total(blocks, co.mapped(x.coefficients, linear_map, is_complex(out)), shape)
        if any(shares_memory(x.nominal_value, out) for x in measurements):  # as an implementation from outside may
            out = copy(out)
        return make(out, blocks, max([x.level for x in measurements]))

    return rule


@Assignment.rule(Measurement)
def _assignment(primitive: Assignment, active: tuple[bool, ...]) -> Any:
    def rule(x: Measurement, y: Any, index: Any) -> None:
        if not x.is_storage:
            raise MutationError("a scalar Measurement does not support item assignment")
        value, blocks = (y.nominal_value, y.coefficients) if active[1] else (y, {})
        store, shape = x.store, shape_of(value)
        positions = np.arange(x.size).reshape(x.shape)[tuple(backends.to_host(part) for part in index)]
        origin = np.full(co.size_of(store.shape), -1)
        flat = positions if x.view is None else x.view.index.reshape(-1)[positions]
        ndim = np.ndim(positions)
        stored = shape[max(0, len(shape) - ndim) :]  # NumPy drops leading axes of one in a store
        origin[flat] = np.broadcast_to(np.arange(co.size_of(shape)).reshape(stored), np.shape(positions))
        after = co.overwritten(store.blocks, store.shape, blocks, shape, origin.reshape(store.shape))
        setitem.dispatch(x.nominal_value, value, index=index)
        store.blocks = after

    return rule

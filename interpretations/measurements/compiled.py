"""Measurements through a compiled function: linear propagation is forward mode in the sources.

Every element of every source is one direction; the coefficients are the tangents. The compiled function sees Duals of
plain numbers, and what it returns are Measurements of the same sources again.
"""

from typing import Any

import numpy as np

from interp import level as levels
from interp.compile.arguments import mapped
from interp.rows import SparseRows
from interp.value import Value, ndim_of, shape_of
from interpretations.dual import Dual
from interpretations.dual import make as make_dual
from interpretations.measurements import coefficients as co
from interpretations.measurements.measurement import Measurement, make
from interpretations.measurements.sources import Source

MOST = 1 << 12
"""Directions at most: beyond, coefficients of arrays are too many to be kept densely."""


def _measurements(x: Any) -> list[Measurement]:
    if isinstance(x, Measurement):
        return [x]
    return [m for part in x for m in _measurements(part)] if isinstance(x, tuple) else []


def _is_plain(x: Any) -> bool:
    """True of what holds no values but Measurements of plain numbers."""
    if isinstance(x, tuple):
        return all(map(_is_plain, x))
    if isinstance(x, Measurement):
        return not isinstance(x.nominal_value, Value) and not any(
            isinstance(c.data if isinstance(c, SparseRows) else c, Value) for c in x.coefficients.values()
        )
    return not isinstance(x, Value)


def through_compiled(compiled: Any, args: tuple[Any, ...]) -> Any:
    """Call a compiled function with Measurements among its arguments; over other values it runs as plain Python."""
    found = _measurements(args)
    sources = list(dict.fromkeys(source for m in found for source in m.coefficients))
    size = sum(source.size for source in sources)
    if not _is_plain(args) or not 0 < size <= MOST:
        return compiled.plain(*args)
    level, lifted = levels.fresh(), {}

    def lift(x: Any) -> Any:
        if not isinstance(x, Measurement):
            return x
        if id(x) not in lifted:
            value = np.array(x.nominal_value) if x.shape else x.nominal_value
            lifted[id(x)] = x, make_dual(value, _tangents(x, sources, size), level)
        return lifted[id(x)][1]

    def lower(x: Any) -> Any:
        if not isinstance(x, Dual) or x.level != level:
            return x
        return make(x.value, _blocks(x, sources), max(m.level for m in found))

    result = compiled.run(*mapped(lift, args))
    for measurement, dual in lifted.values():
        if measurement.shape and not _unchanged(measurement, dual, sources, size):
            measurement[...] = lower(dual)
    return mapped(lower, result)


def _tangents(m: Measurement, sources: list[Source], size: int) -> Any:
    """The coefficients as tangents of shape (size, *m.shape)."""
    tangents = np.zeros((size, *m.shape))
    start = 0
    for source in sources:
        c = m.coefficients.get(source)
        if c is not None:
            full = np.asarray(co.dense(c, source, m.shape)).reshape((*m.shape, source.size))
            tangents[start : start + source.size] = np.moveaxis(full, -1, 0)
        start += source.size
    return tangents


def _blocks(x: Dual, sources: list[Source]) -> co.Blocks:
    """Tangents as coefficients; a source that moves nothing is left out."""
    blocks: co.Blocks = {}
    start = 0
    shape = shape_of(x.value)
    for source in sources:
        part = np.asarray(x.tangent)[start : start + source.size]
        start += source.size
        if part.any():
            blocks[source] = part[0][()] if not source.shape else SparseRows.from_dense(part, shape)
    return blocks


def _unchanged(m: Measurement, dual: Dual, sources: list[Source], size: int) -> bool:
    same = np.array_equal(m.nominal_value, dual.value, equal_nan=True) and ndim_of(dual.value) == m.ndim
    return same and np.array_equal(_tangents(m, sources, size), dual.tangent, equal_nan=True)


Measurement.native = False
Measurement.through_compiled = through_compiled

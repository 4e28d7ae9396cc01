"""Compiled against eager: the same types, the same values to 1e-13, whatever the structure of the result."""

import numpy as np

from interp.value import Value
from interp.vocabulary.creation import held
from interpretations import Interval, Measurement
from interpretations.measurements import coefficients

RTOL = 1e-13


def assert_same(compiled, eager, rtol=RTOL):
    """Equal structure and numbers. NumPy's float64 and Python's float are one type here, as they are to users."""
    if isinstance(eager, tuple | list):
        assert type(compiled) is type(eager) and len(compiled) == len(eager)
        for c, e in zip(compiled, eager, strict=True):
            assert_same(c, e, rtol)
    elif isinstance(eager, Value):
        assert type(compiled) is type(eager), (compiled, eager)
        assert compiled.level == eager.level
        for name in eager.components:
            assert_same(getattr(compiled, name), getattr(eager, name), rtol)
    elif eager is None or isinstance(eager, str):
        assert compiled == eager
    else:
        assert not isinstance(compiled, Value), (compiled, eager)
        assert _kind(compiled) == _kind(eager), (compiled, eager)
        assert np.shape(compiled) == np.shape(eager), (compiled, eager)
        np.testing.assert_allclose(compiled, eager, rtol=rtol, atol=1e-14)


def _kind(x):
    return np.asarray(x).dtype.kind


def parts(compiled, other, at="result"):
    """(where, number, number) of two results, of which one may be plain where the other is a constant.

    Intervals are handed out whole, and met by numbers where ``other`` ran on points. Structures, types and levels
    are asserted equal; Measurements compare by what each source contributes.
    """
    if isinstance(other, tuple | list):
        assert type(compiled) is type(other) and len(compiled) == len(other), at
        for i, (c, o) in enumerate(zip(compiled, other, strict=True)):
            yield from parts(c, o, f"{at}[{i}]")
    elif isinstance(compiled, Measurement) or isinstance(other, Measurement):
        c, o = (x if isinstance(x, Measurement) else constant(x, compiled, other) for x in (compiled, other))
        yield f"{at}.nominal_value", c.nominal_value, o.nominal_value
        sources = list({*c.coefficients, *o.coefficients})
        if sources:
            yield f"{at}.contributions", contributions(c, sources), contributions(o, sources)
    elif isinstance(compiled, Interval) or isinstance(other, Interval):
        if isinstance(other, Interval) and not isinstance(compiled, Interval):
            compiled = other.constant(compiled)
        yield at, compiled, other
    elif isinstance(compiled, Value) or isinstance(other, Value):
        c, o = (x if isinstance(x, Value) else constant(x, compiled, other) for x in (compiled, other))
        assert type(c) is type(o), at
        for name in c.components:
            yield from parts(getattr(c, name), getattr(o, name), f"{at}.{name}")
    else:
        assert _kind(compiled) == _kind(other) and np.shape(compiled) == np.shape(other), at
        yield at, compiled, other


def constant(plain, *others):
    """A plain result as a constant of the type of the other."""
    return held(plain, next(x for x in others if isinstance(x, Value)))


def contributions(measurement, sources):
    """What every source contributes to the standard deviation of every element, signed: one array, of one unit."""
    found = []
    for source in sources:
        c = measurement.coefficients.get(source)
        shape = (*measurement.shape, *source.shape)
        full = np.zeros(shape) if c is None else coefficients.dense(c, source, measurement.shape)
        found.append(np.ravel(full * source.std))
    return np.concatenate(found)

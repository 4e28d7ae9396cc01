"""Whether numbers are close or equal: formulas of comparisons, so that an Interval may leave them open."""

from typing import Any

import numpy as np

from interp.value import shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.elementwise import absolute
from interp.vocabulary.predicates import all, equal, isfinite, isnan, less_equal, logical_and, logical_or


def _shape(x: Any) -> tuple[int, ...]:
    return np.shape(x) if isinstance(x, list | tuple) else shape_of(x)


def isclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Any:
    """Where |a - b| <= atol + rtol |b|, of equal infinities, and of two NaN if ``equal_nan``."""
    a, b = (np.asarray(x) if isinstance(x, list | tuple) else x for x in (a, b))
    with np.errstate(invalid="ignore"):
        near = logical_and(less_equal(absolute(a - b), atol + rtol * absolute(b)), isfinite(b))
    found = logical_or(near, equal(a, b))
    return logical_or(found, logical_and(isnan(a), isnan(b))) if equal_nan else found


def allclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Any:
    """Whether every element `isclose`."""
    return all(isclose(a, b, rtol, atol, equal_nan))


def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> Any:
    """Whether two arrays have one shape and equal elements."""
    if _shape(a1) != _shape(a2):
        return False
    found = equal(a1, a2)
    return all(logical_or(found, logical_and(isnan(a1), isnan(a2))) if equal_nan else found)


def array_equiv(a1: Any, a2: Any) -> Any:
    """Whether one array broadcasts to the shape of the other, with equal elements."""
    first, second = _shape(a1), _shape(a2)
    try:
        common = np.broadcast_shapes(first, second)
    except ValueError:
        return False
    return all(equal(a1, a2)) if common in (first, second) else False


NEAR = np.array([0.3, 0.5, np.nan, np.inf, -np.inf, 1e-9])


def _beside(f: Any, x: Any, **options: Any) -> Any:
    """Of numbers of every kind and of ``x``, which broadcasts against them."""
    return f(x * 0.0 + NEAR, NEAR * (1.0 + 1e-6), **options)


enter(
    isclose,
    np.isclose,
    calls=[
        call((2, 3), (3,)),
        call((6,), through=_beside),
        call((6,), through=lambda f, x: _beside(f, x, equal_nan=True, rtol=1e-7, atol=1e-12)),
    ],
    differentiable=False,
)
enter(allclose, np.allclose, calls=[call((3,), (3,), rtol=10.0), call((6,), through=_beside)], differentiable=False)
enter(
    array_equal,
    np.array_equal,
    calls=[
        call((3,), through=lambda f, x: f(x, x)),
        call((3,), (2, 3)),
        call((6,), through=lambda f, x: f(x * 0.0 + NEAR, x * 0.0 + NEAR, equal_nan=True)),
    ],
    differentiable=False,
)
enter(
    array_equiv,
    np.array_equiv,
    calls=[call((3,), through=lambda f, x: f(x, x[None])), call((3,), (2, 3)), call((3,), (2,))],
    differentiable=False,
)

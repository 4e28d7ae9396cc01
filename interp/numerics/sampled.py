"""Integrals of functions known at points: the trapezoidal rule, whose ordinates and positions may be of any type."""

from typing import Any

import numpy as np

from interp.value import encloses, ndim_of
from interp.vocabulary import concatenate, cumsum, moveaxis, sum
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.composites import composite
from interp.vocabulary.creation import as_operand


@composite(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral along ``axis`` through points at ``x`` (of one axis, or of the shape of ``y``), or ``dx`` apart."""
    return sum(_strips(as_operand(y), x, dx, axis), axis=axis)


def cumulative_trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1, initial: Any = None) -> Any:
    """The integrals from the first point to each of the others; ``initial=0`` puts a zero in front."""
    if initial is not None and initial != 0:
        raise ValueError("`initial` must be `None` or `0`.")
    total = cumsum(_strips(as_operand(y), x, dx, axis), axis=axis)
    if initial is None:
        return total
    first = moveaxis(moveaxis(total, axis, -1)[..., :1] * 0.0, -1, axis)
    return concatenate([first, total], axis=axis)


def _strips(y: Any, x: Any, dx: Any, axis: int) -> Any:
    y = moveaxis(y, axis, -1)
    if x is not None:
        x = as_operand(x)
        x = x if ndim_of(x) == 1 else moveaxis(x, axis, -1)
        if encloses(y):
            x = x + 0.0 * y  # differences of positions are rounded outward as well
        dx = x[..., 1:] - x[..., :-1]
    return moveaxis(0.5 * dx * (y[..., 1:] + y[..., :-1]), -1, axis)


enter(
    trapezoid,
    np.trapezoid,
    calls=[
        call((2, 3)),
        call((2, 3, 2), dx=0.5, axis=1),
        call((2, 3), (3,)),
        call((3, 2), (3, 2), axis=0),
        call((3,), (), through=lambda f, y, dx: f(y, dx=dx)),
    ],
)

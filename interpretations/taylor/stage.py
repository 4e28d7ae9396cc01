"""What users call: the stage ``taylor(order, direction)``, ``higher_derivatives`` and ``jet``."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from interp import level as levels
from interp import tree
from interp.errors import RefusedStack, ShapeError
from interp.interpretation import Interpretation, call, transform
from interp.value import Value, shape_of
from interp.vocabulary import copy, stack
from interpretations.arguments import real_leaf
from interpretations.taylor.taylor import Taylor, lift, variable


class taylor(Interpretation):
    """The power series of f(x + t ``direction``) in t, to ``order`` > 0.

    ``direction`` has the input's shape; without one it is 1 in every element, which for an elementwise function
    gives each element's own derivatives. Reads ``coefficients`` and ``derivatives``, both of shape
    (order + 1, *out.shape): entry k is the k-th coefficient, or derivative.
    """

    def __init__(self, order: int, direction: Any = None) -> None:
        if order < 1:
            raise ShapeError(f"taylor(order={order}): the order is 1 or more")
        self.order = order
        self.direction = np.asarray(direction) if isinstance(direction, list | tuple) else direction

    def lift(self, payload: Any, level: int) -> Taylor:
        payload = real_leaf(payload)
        direction = 1.0 if self.direction is None else self.direction
        if self.direction is not None and shape_of(direction) != shape_of(payload):
            raise ShapeError(
                f"taylor(direction): a direction of shape {shape_of(direction)} "
                f"for an input of shape {shape_of(payload)}"
            )
        return variable(payload, direction, self.order, level)

    def read(self, value: Any, lifted: Taylor) -> Mapping[str, Any]:
        out = value if isinstance(value, Value) and value.level == lifted.level else lifted.constant(value)
        return {"value": out.payload, "coefficients": out.coefficients, "derivatives": out.derivatives}


@transform
def higher_derivatives(f: Callable[..., Any], order: int, direction: Any = None) -> Callable[..., Any]:
    """f and its derivatives up to ``order`` by its first argument along ``direction``, in one run.

    Returns a function of ``f``'s arguments whose result has shape (order + 1, *out.shape), for each leaf of the
    output: entry k is the k-th derivative of f(x + t direction) at t = 0. Without a direction see `taylor`.
    The cost grows with the square of the order, where nested Duals double with each.

    >>> higher_derivatives(lambda x: x**3, 4)(2.0)
    array([ 8., 12., 12.,  6.,  0.])
    """
    stage = taylor(order, direction)

    def derivatives_of(x: Any, *args: Any, **kwargs: Any) -> Any:
        lifted = stage.lift(np.asarray(x) if isinstance(x, list | tuple) else x, levels.fresh())
        leaves, rebuild = tree.flatten(call(f, lifted, *args, **kwargs))
        return rebuild([stage.read(_own(lifted.level, leaf), lifted)["derivatives"] for leaf in leaves])

    derivatives_of.__name__ = derivatives_of.__qualname__ = f"higher_derivatives({getattr(f, '__name__', 'f')})"
    return derivatives_of


def _own(level: int, x: Any) -> Any:
    if levels.of(x) > level:
        raise RefusedStack(
            f"the function returned a {type(x).__name__} that it made around the input: return one of its numbers, "
            "or stack the types from outside with interpret(f, outer(), inner())"
        )
    return x


def jet(f: Callable[..., Any], primals: Sequence[Any], series: Sequence[Sequence[Any]]) -> tuple[Any, Any]:
    """Derivatives of f along a curve, given the curve's: JAX's ``jet``.

    ``primals``: numbers or arrays, one an argument. ``series``: for each argument a sequence of its first, second,
    ..., K-th derivative by the curve's parameter, each of the argument's shape, as many for each argument.
    Returns ``(value, derivatives)``, for each leaf of the output a list of K. Raises `ShapeError` for other shapes.
    """
    if len(primals) != len(series):
        raise ShapeError(f"{len(primals)} primals but {len(series)} series: give one an argument")
    orders = {len(terms) for terms in series}
    if len(orders) != 1 or 0 in orders:
        raise ShapeError(
            f"series of lengths {sorted(orders)}: give as many derivatives for each argument, at least one"
        )
    level = levels.fresh()
    lifted = [_curve(real_leaf(x), terms, level) for x, terms in zip(primals, series, strict=True)]
    leaves, rebuild = tree.flatten(call(f, *lifted))
    outs = [_own(level, x) for x in leaves]
    outs = [x if isinstance(x, Taylor) and x.level == level else lifted[0].constant(x) for x in outs]
    values = [copy(x.value) if x.shape else x.value for x in outs]
    return rebuild(values), rebuild([list(x.derivatives[1:]) for x in outs])


def _curve(x: Any, terms: Sequence[Any], level: int) -> Taylor:
    higher = []
    for k, term in enumerate(terms, start=1):
        c = real_leaf(np.asarray(term) if isinstance(term, list | tuple) else term)
        if shape_of(c) != shape_of(x):
            raise ShapeError(f"derivative {k} of shape {shape_of(c)} for an input of shape {shape_of(x)}")
        higher.append(c / float(math.factorial(k)))
    return lift(x, stack(higher), level)

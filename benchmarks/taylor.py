"""Taylor mode: compiled against the same loop on floats, eager against nested Duals, which double with each order.

A compiled line has no budget of its own: K coefficients take K + 1 times the memory traffic and some K**2 / 2 of the
multiplications, and the ratio tells what is left of them.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import interp
from benchmarks.compiled import _plain, logistic_map, lorenz, square_roots
from benchmarks.measure import Line
from interpretations import Dual, Taylor

PROGRAMS: list[tuple[Callable[..., float], tuple[float, ...]]] = [
    (logistic_map, (2.9, 0.5)),
    (square_roots, (2.0,)),
    (lorenz, (10.0, 28.0, 8.0 / 3.0)),
]
ORDERS = (4, 8, 16)


def variable(x: Any, order: int) -> Taylor:
    """x + t."""
    higher = np.zeros((order, *np.shape(x)))
    higher[0] = 1.0
    return Taylor(x, higher)


def nested(x: float, order: int) -> Any:
    """The same by Duals of Duals."""
    dual: Any = x
    for _ in range(order):
        dual = Dual(dual, 1.0)
    return dual


def eager(x: Any) -> Any:
    for _ in range(10):
        x = np.sin(x) + x / (1.0 + x * x)
    return x


def measurements() -> Iterator[Line]:
    """Lines of this benchmark."""
    for f, args in PROGRAMS:
        plain, ours = _plain(f), interp.compile(f)

        def reference(plain: Any = plain, args: Any = args) -> Any:
            return plain(*args)

        for order in ORDERS:
            lifted = (variable(args[0], order), *args[1:])
            yield Line(
                f"{f.__name__.replace('_', ' ')}: compiled, order {order} / floats",
                lambda ours=ours, lifted=lifted: ours(*lifted),
                reference,
                None,
            )
    for order in (2, 4, 6):
        x, y = variable(0.7, order), nested(0.7, order)
        yield Line(
            f"eager, scalar, order {order} / nested Duals",
            lambda x=x: eager(x),
            lambda y=y: eager(y),
            1.0 if order > 4 else None,
        )
    for order in (4, 8, 16, 32):
        one, two = variable(0.7, order), variable(0.7, 2 * order)
        yield Line(f"eager, scalar, order {2 * order} / {order}", lambda x=two: eager(x), lambda x=one: eager(x), 4.5)
    array = np.linspace(0.1, 0.9, 10_000)
    for order in (4, 8):
        x = variable(array, order)
        yield Line(f"eager, 10,000 elements, order {order} / floats", lambda x=x: eager(x), lambda: eager(array), None)

"""The rules of `Interval` in compiled code, over the enclosures of `native`. It sees scalars alone."""

from collections.abc import Callable
from typing import Any

import numpy as np

from interp.errors import NoRule
from interp.primitive import Elementwise, Predicate, Structural
from interp.rules import on_numbers
from interp.vocabulary.shape import where
from interpretations.intervals.interval import Interval
from interpretations.intervals.native import DEF, TABLE, greater, smaller


@Elementwise.rule(Interval, native=True)
def _elementwise(primitive: Elementwise, active: tuple[bool, ...]) -> Any:
    enclose = TABLE.get(primitive.name)
    if enclose is None:
        raise NoRule(f"{primitive.name} of an Interval has no native enclosure: run the function as plain Python")

    def unary(x: Any) -> Any:
        lo, hi, kind = enclose(x.lo * 1.0, x.hi * 1.0)
        return x.rebuild(lo, hi, np.int8(min(kind, x.decoration)))

    def both(x: Any, y: Any) -> Any:
        lo, hi, kind = enclose(x.lo * 1.0, x.hi * 1.0, y.lo * 1.0, y.hi * 1.0)
        return x.rebuild(lo, hi, np.int8(min(kind, x.decoration, y.decoration)))

    def left(x: Any, y: Any) -> Any:
        lo, hi, kind = enclose(x.lo * 1.0, x.hi * 1.0, y * 1.0, y * 1.0)
        return x.rebuild(lo, hi, np.int8(min(kind, x.decoration)))

    def right(x: Any, y: Any) -> Any:
        lo, hi, kind = enclose(x * 1.0, x * 1.0, y.lo * 1.0, y.hi * 1.0)
        return y.rebuild(lo, hi, np.int8(min(kind, y.decoration)))

    return {(True,): unary, (True, True): both, (True, False): left, (False, True): right}.get(active, NotImplemented)


COMPARISONS: dict[str, Callable[..., tuple[bool, bool]]] = {
    # name: (a, b), (c, d) -> (certainly, possibly)
    "less": lambda a, b, c, d: (b < c, a < d),
    "less_equal": lambda a, b, c, d: (b <= c, a <= d),
    "greater": lambda a, b, c, d: (a > d, b > c),
    "greater_equal": lambda a, b, c, d: (a >= d, b >= c),
    "equal": lambda a, b, c, d: (a == b and c == d and a == c, a <= d and c <= b),
    "not_equal": lambda a, b, c, d: (a > d or c > b, not (a == b and c == d and a == c)),
    "logical_and": lambda a, b, c, d: (
        (a > 0 or b < 0) and (c > 0 or d < 0),
        (a != 0 or b != 0) and (c != 0 or d != 0),
    ),
    "logical_or": lambda a, b, c, d: (a > 0 or b < 0 or c > 0 or d < 0, a != 0 or b != 0 or c != 0 or d != 0),
}
TESTS: dict[str, Callable[[float, float], tuple[bool, bool]]] = {
    "logical_not": lambda a, b: (not (a != 0 or b != 0), not (a > 0 or b < 0)),
    "isnan": lambda a, b: (a != a and b != b, a != a or b != b),
    "isinf": lambda a, b: (np.isinf(a) and np.isinf(b), np.isinf(a) or np.isinf(b)),
    "isfinite": lambda a, b: (np.isfinite(a) and np.isfinite(b), np.isfinite(a) or np.isfinite(b)),
}
for _function in (*COMPARISONS.values(), *TESTS.values()):
    on_numbers(_function)


@Predicate.rule(Interval, native=True)
def _predicate(primitive: Predicate, active: tuple[bool, ...]) -> Any:
    """An interval of booleans, certainly and possibly: types cannot depend on whether the two agree."""
    compare: Any = COMPARISONS.get(primitive.name) or TESTS.get(primitive.name)
    if compare is None:
        return NotImplemented

    def test(x: Any) -> Any:
        certainly, possibly = compare(x.lo * 1.0, x.hi * 1.0)
        return x.rebuild(certainly, possibly, np.int8(min(DEF, x.decoration)))

    def both(x: Any, y: Any) -> Any:
        certainly, possibly = compare(x.lo * 1.0, x.hi * 1.0, y.lo * 1.0, y.hi * 1.0)
        return x.rebuild(certainly, possibly, np.int8(min(DEF, x.decoration, y.decoration)))

    def left(x: Any, y: Any) -> Any:
        certainly, possibly = compare(x.lo * 1.0, x.hi * 1.0, y * 1.0, y * 1.0)
        return x.rebuild(certainly, possibly, np.int8(min(DEF, x.decoration)))

    def right(x: Any, y: Any) -> Any:
        certainly, possibly = compare(x * 1.0, x * 1.0, y.lo * 1.0, y.hi * 1.0)
        return y.rebuild(certainly, possibly, np.int8(min(DEF, y.decoration)))

    return {(True,): test, (True, True): both, (True, False): left, (False, True): right}[active]


@Structural.rule(Interval, native=True)
def _structural(primitive: Structural, active: tuple[bool, ...]) -> Any:
    if primitive is not where or not active[0]:
        return NotImplemented

    def choose(condition: Any, x: Any, y: Any) -> Any:
        """The hull of both sides where the condition is open."""
        u, v = condition.constant(0.0), condition.constant(0.0)
        u, v = u + x, v + y
        a, b = condition.lo * 1.0, condition.hi * 1.0
        if a > 0.0 or b < 0.0:
            return u
        if not (a != 0.0 or b != 0.0):
            return v
        return u.rebuild(smaller(u.lo, v.lo), greater(u.hi, v.hi), np.int8(min(DEF, u.decoration, v.decoration)))

    return choose

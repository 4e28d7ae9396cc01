"""`Series`: a power series in t whose coefficients are computed one by one, when they are asked for.

Of y = f(x) with x = x(t) the chain rule y' = f'(x) x' gives, coefficient by coefficient,

    k y_k = sum over j = 1..k of g_(k-j) j x_j,    g = f'(x) as a series:

y_k needs g to order k - 1 alone. So the partials of the derivative table are evaluated on series as they stand, and
a partial that leads back to where it came from (of exp to itself, of sin to cos and back) closes a loop instead of
opening a new one, for in one `Run` every expression is made once. The classical recurrences of exp, sin, tanh and
the rest, all quadratic in the order, come out of the table in this way (Griewank and Walther 2008, chapter 13).

`RECURRENCES` states those that have a shorter one of their own; the others need none. Zero coefficients are None.
"""

from collections.abc import Callable
from typing import Any, Self

from interp.linear import MINUS_ONE, ONE, ZERO
from interp.primitive import Elementwise, Partial, Structural
from interp.value import Value, shape_of
from interp.vocabulary import log, negative, reciprocal, square, strong_multiply, zeros

Coefficient = Any
"""A number, array or value of the payload's type, or None for zero."""


class Run:
    """One evaluation: what was made in it, each expression once.

    ``strong``: all products with 0 are 0, as is decided where a plain product came out NaN; the recurrences, which
    divide, are left aside then. ``floats``: the coefficients are Python's floats, several times faster than NumPy's.
    """

    __slots__ = ("floats", "made", "strong")

    def __init__(self, strong: bool, floats: bool = False) -> None:
        self.strong, self.floats = strong, floats
        self.made: dict[Any, Any] = {}


class Series(Value):
    """Coefficients known so far, and ``step(k)`` that computes the next one. Lives within one rule of `Taylor`."""

    __slots__ = ("known", "level", "run", "slopes", "step", "value")
    components = ("value",)

    def __init__(
        self, value: Any, known: list[Coefficient], step: Callable[[int], Coefficient], run: Run, level: int
    ) -> None:
        self.value, self.known, self.step, self.run, self.level = value, known, step, run, level
        self.slopes: list[Coefficient] = [None]

    def __getitem__(self, k: int) -> Coefficient:
        """Coefficient of t**k."""
        known = self.known
        while len(known) <= k:
            known.append(self.step(len(known)))
        return known[k]

    def slope(self, k: int) -> Coefficient:
        """k times coefficient k: what the derivative has before t**(k - 1)."""
        slopes = self.slopes
        while len(slopes) <= k:
            j = len(slopes)
            c = self[j]
            slopes.append(c if c is None or j == 1 else float(j) * c)
        return slopes[k]

    def constant(self, payload: Any) -> Self:
        return Series(payload, [payload], lambda k: None, self.run, self.level)  # type: ignore[return-value]


Pairs = list[tuple[Any, Any]]
"""Factors of the products of a sum."""


def total_of(pairs: Pairs, times: Callable[..., Any] | None = None) -> Coefficient:
    """The sum of the products; None, for zero, of none."""
    if not pairs:
        return None
    at_once = None if times is not None else getattr(pairs[0][0], "sum_of_products", None)
    if at_once is not None and not isinstance(pairs[0][1], Value):
        return at_once(pairs)  # numbers of native code: one statement in place of many
    total: Any = None
    for x, y in pairs:
        term = x * y if times is None else times(x, y)
        total = term if total is None else total + term
    return total


def product(xs: Any, ys: Any, first: int, last: int, k: int, times: Callable[..., Any] | None = None) -> Coefficient:
    """The sum of xs[j] ys[k - j] for j from ``first`` to ``last``."""
    every = ((xs[j], ys[k - j]) for j in range(first, last + 1))
    return total_of([(x, y) for x, y in every if x is not None and y is not None], times)


def chain(g: Series, x: Series, last: int, k: int, times: Callable[..., Any] | None = None) -> Coefficient:
    """The sum of g_(k-j) j x_j for j from 1 to ``last``; to k it is what g x' has before t**(k - 1)."""
    every = ((g[k - j], x.slope(j)) for j in range(1, last + 1))
    return total_of([(a, b) for a, b in every if a is not None and b is not None], times)


# -- recurrences: (out, *operands, k) -> coefficient k of the output, k > 0


def _minus(x: Coefficient, y: Coefficient) -> Coefficient:
    return x if y is None else -y if x is None else x - y


def _scaled(c: Coefficient, by: Any) -> Coefficient:
    return None if c is None else c * by


def _multiply(out: Series, x: Series, y: Series, k: int) -> Coefficient:
    return product(x, y, 0, k, k)


def _square(out: Series, x: Series, k: int) -> Coefficient:
    """Each pair once, and the middle one squared."""
    total = _scaled(product(x, x, 0, (k - 1) // 2, k), 2.0)
    middle = x[k // 2] if k % 2 == 0 else None
    return total if middle is None else square(middle) if total is None else total + square(middle)


def _divide(out: Series, x: Any, y: Series, k: int) -> Coefficient:
    """From out y = x."""
    c = _minus(x[k] if isinstance(x, Series) else None, product(y, out, 1, k, k))
    return None if c is None else c / y[0]


def _reciprocal(out: Series, x: Series, k: int) -> Coefficient:
    c = product(x, out, 1, k, k)
    return None if c is None else -out[0] * c


def _sqrt(out: Series, x: Series, k: int) -> Coefficient:
    """From out**2 = x."""
    rest = _scaled(product(out, out, 1, (k - 1) // 2, k), 2.0)
    if k % 2 == 0 and out[k // 2] is not None:
        middle = square(out[k // 2])
        rest = middle if rest is None else rest + middle
    return _scaled(_minus(x[k], rest), _half_inverse(out))


def _half_inverse(out: Series) -> Any:
    return _once(out, "0.5 / out", lambda: 0.5 * reciprocal(out[0]))


def _log(out: Series, x: Series, k: int) -> Coefficient:
    """From x out' = x'."""
    rest = chain(x, out, k - 1, k)
    return _scaled(_minus(x[k], _scaled(rest, 1.0 / k)), _once(x, "1 / x", lambda: reciprocal(x[0])))


def _real_power(out: Series, x: Series, y: Any, k: int) -> Coefficient:
    """From x out' = y x' out, for a constant y."""
    weighted = [
        (y * float(j) - float(k - j), x[j] * out[k - j])
        for j in range(1, k + 1)
        if x[j] is not None and out[k - j] is not None
    ]
    inverse = _once(x, "1 / x", lambda: reciprocal(x[0]))
    return _scaled(_scaled(total_of(weighted), inverse), 1.0 / k)


def _power(out: Series, x: Any, y: Series, k: int) -> Coefficient:
    """From out = exp(y log x)."""
    exponent = _once(out, "y log x", lambda: y * log(x))
    return _scaled(chain(out, exponent, k, k), 1.0 / k)


def _strong_multiply(out: Series, x: Any, y: Any, k: int) -> Coefficient:
    if isinstance(x, Series) and isinstance(y, Series):
        return product(x, y, 0, k, k, strong_multiply)
    c, factor = (x[k], y) if isinstance(x, Series) else (y[k], x)
    return None if c is None else strong_multiply(factor, c)


def _once(of: Series, what: str, compute: Callable[[], Any]) -> Any:
    """What several coefficients need, computed for the first."""
    key = what, id(of)
    if key not in of.run.made:
        of.run.made[key] = compute()
    return of.run.made[key]


REAL_POWER = "power with a real exponent"

RECURRENCES: dict[tuple[str, tuple[bool, ...]], Callable[..., Coefficient]] = {
    # by the primitive's name and its operands that vary
    ("multiply", (True, True)): _multiply,
    ("square", (True,)): _square,
    ("divide", (True, True)): _divide,
    ("divide", (False, True)): _divide,
    ("reciprocal", (True,)): _reciprocal,
    ("sqrt", (True,)): _sqrt,
    ("log", (True,)): _log,
    ("power", (True, True)): _power,
    (REAL_POWER, (True, False)): _real_power,
}
ALWAYS: dict[tuple[bool, ...], Callable[..., Coefficient]] = {
    active: _strong_multiply for active in ((True, True), (True, False), (False, True))
}
"""Of `strong_multiply`, whose products are strong in every run."""


# -- the rules of series


@Elementwise.rule(Series)
def _elementwise(primitive: Elementwise, active: tuple[bool, ...]) -> Any:
    evaluate = primitive.compose((False,) * len(active))
    positions = [i for i, is_active in enumerate(active) if is_active]
    partials = [primitive.partials[i] for i in positions]
    is_constant = all(p is ZERO for p in partials)
    always = ALWAYS.get(active) if primitive is strong_multiply else None
    recurrence = RECURRENCES.get((primitive.name, active))

    def rule(*operands: Any) -> Any:
        first: Series = operands[positions[0]]
        run = first.run
        key = (primitive, *map(id, operands))
        if key in run.made:
            return run.made[key]
        payloads = [x.value if a else x for x, a in zip(operands, active, strict=True)]
        # What the program itself computes may raise as Python's operators do; a partial at a singular point may not.
        value = primitive.dispatch(*payloads) if run.made else evaluate(*payloads)[0]
        if is_constant:  # as of sign
            return value

        def by_recurrence(k: int) -> Coefficient:
            return chosen(made, *operands, k)  # type: ignore[misc]

        def by_chain_rule(k: int) -> Coefficient:
            if not factors:
                named = dict(zip(primitive.operand_names, operands, strict=True), out=made)
                factors.extend(_factor(p, named) for p in partials)
            total: Any = None
            for i, factor in zip(positions, factors, strict=True):
                term = _term(operands[i], factor, k, times)
                if term is not None:
                    total = term if total is None else total + term
            return total

        chosen = always or (None if run.strong else recurrence)
        times = strong_multiply if run.strong else None
        factors: list[Any] = []
        start = float(value) if run.floats else value
        made = Series(value, [start], by_chain_rule if chosen is None else by_recurrence, run, first.level)
        run.made[key] = made
        if primitive is negative:
            run.made[negative, id(made)] = first  # -(-x) is x itself, and closes the loop of expit
        return made

    return rule


def _factor(partial: Partial | float, named: dict[str, Any]) -> Any:
    """A partial of the table on series: a constant, or a series again."""
    if isinstance(partial, float):
        return partial
    return partial.formula(*(named[name] for name in partial.needs))


def _term(x: Series, factor: Any, k: int, times: Callable[..., Any] | None) -> Coefficient:
    """What one operand adds to coefficient k."""
    if isinstance(factor, Series) and factor.level == x.level:
        total = chain(factor, x, k, k, times)
        return total if total is None or k == 1 else total / float(k)
    c = x[k]
    if c is None or factor is ZERO:
        return None
    if factor is ONE:
        return c
    return -c if factor is MINUS_ONE else factor * c if times is None else times(factor, c)


@Structural.rule(Series)
def _structural(primitive: Structural, active: tuple[bool, ...]) -> Any:
    """Linear: each coefficient for itself. What partials of a user's may need is `where`."""

    def rule(*operands: Any, **params: Any) -> Any:
        chosen = [
            x.value if is_active and i in primitive.selectors else x
            for i, (x, is_active) in enumerate(zip(operands, active, strict=True))
        ]
        carriers = [i for i, x in enumerate(chosen) if isinstance(x, Series) and active[i]]
        if not carriers:
            return primitive.dispatch(*chosen, **params)

        def coefficient(i: int, k: int) -> Any:
            x = chosen[i]
            if i in primitive.selectors or (k == 0 and i not in carriers):
                return x
            c = x[k] if i in carriers else None
            shape = shape_of(x.value if i in carriers else x)
            return zeros(shape, like=chosen[carriers[0]].value) if c is None else c

        def step(k: int) -> Coefficient:
            return primitive.dispatch(*(coefficient(i, k) for i in range(len(chosen))), **params)

        first = chosen[carriers[0]]
        value = step(0)
        return Series(value, [value], step, first.run, first.level)

    return rule

"""The rules of `Taylor`.

What is linear in all that varies moves coefficient by coefficient, as the directions of a Dual do: there the rules of
`Dual` serve, on the same storage. Products are Cauchy products, elementwise functions follow the chain rule
(`series`), solve, inv and det have recurrences. Everything else is integrated: y' = J(x) x' to one order less.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from interp import rules
from interp.backends import to_host
from interp.errors import MutationError
from interp.primitive import Assignment, Contraction, Differentiable, Elementwise, Solve, Structural, Transform
from interp.rules import kind_rule
from interp.value import has_nan, primal, shape_of
from interp.vocabulary import cumsum, einsum, index_add, linalg, positive, power, reciprocal, square, sum
from interp.vocabulary.linalg.products import contract_strongly
from interpretations import dual
from interpretations.dual import Dual
from interpretations.taylor.series import REAL_POWER, Run, Series
from interpretations.taylor.taylor import Taylor, common_order, from_coefficients, make

# -- linear in all that varies: each coefficient for itself, as a direction of a Dual


def _as_directions(factory: Any) -> Any:
    """A rule factory of `Dual` as one of `Taylor`: coefficients are directions."""

    def taylor_factory(primitive: Any, active: tuple[bool, ...]) -> Any:
        rule = factory(primitive, active)

        def moved(*operands: Any, **params: Any) -> Any:
            taylors = [x for x, is_active in zip(operands, active, strict=True) if is_active]
            common_order(taylors)
            out = rule(
                *(
                    dual.make(x.value, x.higher, x.level) if is_active else x
                    for x, is_active in zip(operands, active, strict=True)
                ),
                **params,
            )
            level = taylors[0].level
            return make(out.value, out.tangent, level) if isinstance(out, Dual) and out.level == level else out

        return moved

    return taylor_factory


linear = _as_directions(kind_rule(Differentiable, Dual))
affine = _as_directions(kind_rule(Elementwise, Dual))
Structural.rule(Taylor)(_as_directions(kind_rule(Structural, Dual)))


@Assignment.rule(Taylor)
def _assignment(primitive: Assignment, active: tuple[bool, ...]) -> Any:
    store = _as_directions(kind_rule(Assignment, Dual))(primitive, active)

    def rule(x: Taylor, y: Any, index: Any) -> None:
        if not x.is_storage:
            raise MutationError("a scalar Taylor does not support item assignment")
        store(x, y, index=index)

    return rule


# -- elementwise


def is_affine(primitive: Elementwise, active: tuple[bool, ...]) -> bool:
    """True if no partial by an active operand depends on one: so the table classifies second derivatives."""
    partials = [p for p, is_active in zip(primitive.partials, active, strict=True) if is_active]
    moving = {name for name, is_active in zip(primitive.operand_names, active, strict=True) if is_active}
    return all(isinstance(p, float) or not moving.union({"out"}).intersection(p.needs) for p in partials)


@Elementwise.rule(Taylor, native=True)
def expanded(primitive: Elementwise, active: tuple[bool, ...]) -> Any:
    """By series: in native code also what is affine, for there coefficients are numbers one by one."""
    strong = rules.products == "all"

    def rule(*operands: Any) -> Any:
        taylors = [x for x, is_active in zip(operands, active, strict=True) if is_active]
        order = common_order(taylors)

        def begun(run: Run) -> Any:
            return primitive(*(_series(x, run) if a else x for x, a in zip(operands, active, strict=True)))

        def continued(out: Any) -> list[Any]:
            if not isinstance(out, Series) or out.level != taylors[0].level:  # as of floor: a constant
                return [out] + [None] * order
            return [out.value, *(out[k] for k in range(1, order + 1))]

        out = begun(Run(strong, not strong and all(map(_has_floats, operands, active))))
        with np.errstate(all="ignore"):
            try:
                found = continued(out)
            except ZeroDivisionError:  # of Python's floats, in a recurrence that divides
                found = [None, np.nan]
            if any(map(has_nan, found[1:])):  # a zero has met an infinity: the zero wins
                found = continued(begun(Run(True)))
        return from_coefficients(found, taylors[0])

    return rule


_FLOATS = frozenset({float, int, np.float64})


def _has_floats(x: Any, is_active: bool) -> bool:
    """True of a float, and of a Taylor made of them."""
    if not is_active:
        return type(x) in _FLOATS
    higher = x.higher
    return type(x.value) in _FLOATS and type(higher) is np.ndarray and higher.dtype == np.float64


def _series(x: Taylor, run: Run) -> Series:
    known = [float(x.value), *x.higher.tolist()] if run.floats else [x.value, *x.higher]
    return Series(x.value, known, _beyond, run, x.level)


def _beyond(k: int) -> Any:
    raise IndexError(f"coefficient {k} lies beyond the order of the series")


@Elementwise.rule(Taylor)
def _elementwise(primitive: Elementwise, active: tuple[bool, ...]) -> Any:
    return affine(primitive, active) if is_affine(primitive, active) else expanded(primitive, active)


# -- powers: of whole exponents by products, which are exact at 0 and near it, where the recurrence divides by x

_real_power = Elementwise(
    REAL_POWER,
    power.implementation,
    **{f"d{name}": p.formula for name, p in zip("xy", power.partials, strict=True)},  # type: ignore[union-attr]
    singular=True,
    operator="**",
    counterparts=(),
)


@power.register
def _(x: Taylor, y: float):  # type: ignore[no-untyped-def]
    if abs(y) <= 1024.0 and y == math.floor(y):
        n = abs(int(y))
        if n == 0:
            return x.constant(x.value**y)
        bit = 1
        while 2 * bit <= n:
            bit = 2 * bit
        out = positive(x)
        while bit > 1:
            bit = bit // 2
            out = square(out)
            if n & bit:
                out = out * x
        if y < 0.0:
            out = reciprocal(out)
        return out.rebuild(x.value**y, out.higher)
    return _real_power(x, y)


# -- sums of products


@Contraction.rule(Taylor)
def _contraction(primitive: Contraction, active: tuple[bool, ...]) -> Any:
    if primitive is index_add or active.count(True) == 1:
        return linear(primitive, active)
    if primitive is not einsum:
        return integrated(primitive, active)

    def rule(*operands: Any, subscripts: str) -> Taylor:
        taylors = [x for x, is_active in zip(operands, active, strict=True) if is_active]
        order = common_order(taylors)
        series = [[x.value, *x.higher] for x in taylors]

        def summed(k: int, contract: Callable[..., Any]) -> Any:
            total: Any = None
            for powers in compositions(k, len(series)):
                chosen = iter([c[j] for c, j in zip(series, powers, strict=True)])
                term = contract(*(next(chosen) if a else x for x, a in zip(operands, active, strict=True)))
                total = term if total is None else total + term
            return total

        def plainly(*parts: Any) -> Any:
            return einsum.dispatch(*parts, subscripts=subscripts)

        found = [plainly(*(x.value if a else x for x, a in zip(operands, active, strict=True)))]
        with np.errstate(invalid="ignore", over="ignore"):
            found += [summed(k, plainly) for k in range(1, order + 1)]
            for k in range(1, order + 1):
                if has_nan(found[k]):
                    found[k] = summed(k, lambda *parts: contract_strongly(*parts, subscripts=subscripts))
        return from_coefficients(found, taylors[0])

    return rule


def compositions(total: int, parts: int) -> Any:
    """All ways to write ``total`` as an ordered sum of ``parts`` integers >= 0."""
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in compositions(total - first, parts - 1):
            yield (first, *rest)


# -- linear algebra: a(t) x(t) = b(t), coefficient by coefficient


def _products(a: list[Any], x: list[Any], k: int) -> Any:
    """The sum of a_j @ x_(k-j) for j = 1..k."""
    total = linalg.matmul(a[1], x[k - 1])
    for j in range(2, k + 1):
        total = total + linalg.matmul(a[j], x[k - j])
    return total


def _solved(a: list[Any], b: list[Any], columns: bool) -> list[Any]:
    """a_0 x_k = b_k - sum of a_j x_(k-j), with None for a zero b_k."""
    x = [linalg.solve.dispatch(a[0], b[0], columns=columns)]
    shape = shape_of(x[0])

    def column(c: Any) -> Any:
        return c if columns else c.reshape((*shape_of(c), 1))

    as_columns = [column(x[0])]
    for k in range(1, len(b)):
        products = _products(a, as_columns, k)
        right = -products if b[k] is None else column(b[k]) - products
        as_columns.append(linalg.solve.dispatch(a[0], right, columns=True))
        x.append(as_columns[k].reshape(shape))
    return x


def _inverted(a: list[Any]) -> list[Any]:
    """x_k = -x_0 sum of a_j x_(k-j), from a x = 1."""
    x = [linalg.inv(a[0])]
    for k in range(1, len(a)):
        x.append(-linalg.matmul(x[0], _products(a, x, k)))
    return x


def _determinants(a: list[Any]) -> list[Any]:
    """d' = d tr(inv(a) a'), of matrices that have an inverse (Jacobi's formula)."""
    inverse = _inverted(a[:-1])
    d = [linalg.det(a[0])]
    rates: list[Any] = []
    for k in range(1, len(a)):
        rate: Any = 0.0
        for j in range(1, k + 1):
            rate = rate + float(j) * einsum("...ij,...ji->...", inverse[k - j], a[j])
        rates.append(rate)
        total: Any = 0.0
        for j in range(1, k + 1):
            total = total + d[k - j] * rates[j - 1]
        d.append(total / float(k))
    return d


def _characteristic(a: Taylor) -> Taylor:
    """det without a division by what varies: by Faddeev and LeVerrier, for matrices that may be singular."""
    n = a.shape[-1]
    eye = np.eye(n)
    m: Any = eye
    for k in range(1, n + 1):
        product = linalg.matmul(a, m)
        c = einsum("...ii->...", product) / -float(k)
        m = product + c.reshape((*c.shape, 1, 1)) * eye
    return -c if n % 2 else c


def _has_inverse(a: Any) -> bool:
    nominal = to_host(primal(a))
    return bool(np.isfinite(nominal).all() and np.all(np.linalg.cond(nominal) < 1e12))


@Solve.rule(Taylor)
def _linear_algebra(primitive: Solve, active: tuple[bool, ...]) -> Any:
    def solve(a: Any, b: Any, columns: bool) -> Taylor:
        like = a if not active[1] else b
        right = [b.value, *b.higher] if active[1] else [b] + [None] * a.order
        common_order([a, b] if active[1] else [a])
        return from_coefficients(_solved([a.value, *a.higher], right, columns), like)

    def inv(a: Taylor) -> Taylor:
        return from_coefficients(_inverted([a.value, *a.higher]), a)

    def det(a: Taylor) -> Taylor:
        if _has_inverse(a.value):
            return from_coefficients(_determinants([a.value, *a.higher]), a)
        return a.rebuild(linalg.det(a.value), _characteristic(a).higher)

    if primitive is linalg.solve:
        return solve if active[0] else linear(primitive, active)
    return {linalg.inv: inv, linalg.det: det}.get(primitive) or integrated(primitive, active)


# -- everything else that has linear maps


@Differentiable.rule(Taylor)
def integrated(primitive: Differentiable, active: tuple[bool, ...]) -> Any:
    """y' = J(x) x', where J and x' are series of one order less."""
    if primitive is sum or primitive is cumsum or isinstance(primitive, Transform):
        return linear(primitive, active)
    first_order = linear(primitive, active)
    linearised = primitive.linearise(active)

    def rule(*operands: Any, **params: Any) -> Taylor:
        taylors = [x for x, is_active in zip(operands, active, strict=True) if is_active]
        order, level = common_order(taylors), taylors[0].level
        if order == 1:
            return first_order(*operands, **params)
        lower = (x.truncated(order - 1) if a else x for x, a in zip(operands, active, strict=True))
        out, maps = linearised(*lower, **params)
        value = out.value if _is_at(level, out) else out
        total: Any = None
        for x, linear_map in zip(taylors, maps, strict=True):
            if linear_map is not None:
                term = linear_map.apply(_slope(x))
                total = term if total is None else total + term
        if total is None:
            return taylors[0].constant(value)
        slopes = [total.value, *total.higher] if _is_at(level, total) else [total] + [None] * (order - 1)
        found = [c if c is None else c / float(k + 1) for k, c in enumerate(slopes)]
        return from_coefficients([value, *found], taylors[0])

    return rule


def _is_at(level: int, x: Any) -> bool:
    return isinstance(x, Taylor) and x.level == level


def _slope(x: Taylor) -> Taylor:
    """The derivative by t, of one order less."""
    weights = np.arange(2.0, x.order + 1).reshape((-1,) + (1,) * x.ndim)
    return x.rebuild(x.higher[0], x.higher[1:] * weights)

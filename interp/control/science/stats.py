"""`scipy.stats` distributions at values: formulas by name from `interp.numerics.distributions`.

Densities and distribution functions of the common families, in the variable and in every parameter, also of frozen
distributions. What the table has no formula for (quantiles of the normal, distribution functions of gamma and beta,
moments, fits) is an error that says so.
"""

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import scipy.stats as st

from interp.control.foreign import FOREIGN, register
from interp.errors import ForeignCall
from interp.numerics.distributions import CONTINUOUS, DISCRETE, Continuous
from interp.value import Value, primal
from interp.vocabulary import exp, greater_equal, less_equal, log, where
from interp.vocabulary.creation import as_operand


def _row(distribution: Any, method: str) -> Continuous:
    row = CONTINUOUS.get(distribution.name)
    if row is None:
        _refuse(distribution, method)
    return row


def _refuse(distribution: Any, method: str) -> NoReturn:
    known = ", ".join(sorted([*CONTINUOUS, *DISCRETE]))
    raise ForeignCall(
        f"scipy.stats.{distribution.name}.{method} on values: there is no formula for it. Distributions with formulas: "
        f"{known}; they have pdf (pmf) and logpdf (logpmf), and those with an elementary distribution function cdf, "
        "sf, logcdf, logsf, ppf. Another is registered as a Foreign rule: "
        f"@interp.control.register(scipy.stats.rv_continuous.{method})"
    )


def _placed(distribution: Any, x: Any, args: Any, options: Any) -> tuple[Any, tuple[Any, ...], Any, Any]:
    """The variable in units of the scale, from the location; shapes; scale; and where all parameters are proper."""
    shapes, loc, scale = distribution._parse_args(*args, **options)
    shapes = tuple(as_operand(shape) for shape in shapes)
    proper = (primal(as_operand(scale)) > 0) & distribution._argcheck(*map(primal, shapes))
    return (as_operand(x) - loc) / scale, shapes, as_operand(scale), proper


def _continuous(method: str, formula: Callable[[Continuous], Any], below: float, above: float) -> Callable[..., Any]:
    def rule(distribution: Any, x: Any, *args: Any, **options: Any) -> Any:
        row = _row(distribution, method)
        function = formula(row)
        if function is None:
            _refuse(distribution, method)
        z, shapes, _, proper = _placed(distribution, x, args, options)
        low, high = row.support
        out = function(_inside(z, row), *shapes)
        if np.isfinite(low):
            out = where(greater_equal(z, low), out, below)
        if np.isfinite(high):
            out = where(less_equal(z, high), out, above)
        return out if np.all(proper) else where(proper, out, np.nan)

    return rule


def _inside(z: Any, row: Continuous) -> Any:
    """The variable, and where it is outside of the support a point inside, whose result nobody reads."""
    low, high = row.support
    if np.isfinite(low):
        z = where(greater_equal(z, low), z, row.inside)
    return where(less_equal(z, high), z, row.inside) if np.isfinite(high) else z


def _log_density(distribution: Any, x: Any, *args: Any, **options: Any) -> Any:
    standard = _continuous("logpdf", lambda row: row.log_density, -np.inf, -np.inf)(distribution, x, *args, **options)
    return standard - log(_placed(distribution, x, args, options)[2])


register(st.rv_continuous.logpdf)(_log_density)


@register(st.rv_continuous.pdf)
def _density(distribution: Any, x: Any, *args: Any, **options: Any) -> Any:
    return exp(_log_density(distribution, x, *args, **options))


def _or_log(first: Any, second: Any) -> Any:
    return first if first is not None else None if second is None else lambda *z: log(second(*z))


for _method, _formula, _below, _above in (
    ("cdf", lambda row: row.cdf, 0.0, 1.0),
    ("sf", lambda row: row.survival, 1.0, 0.0),
    ("logcdf", lambda row: _or_log(row.log_cdf, row.cdf), -np.inf, 0.0),
    ("logsf", lambda row: _or_log(row.log_survival, row.survival), 0.0, -np.inf),
):
    register(getattr(st.rv_continuous, _method))(_continuous(_method, _formula, _below, _above))


@register(st.rv_continuous.ppf)
def _quantile(distribution: Any, q: Any, *args: Any, **options: Any) -> Any:
    row = _row(distribution, "ppf")
    if row.quantile is None:
        _refuse(distribution, "ppf")
    shapes, loc, scale = distribution._parse_args(*args, **options)
    q = as_operand(q)
    proper = (primal(as_operand(scale)) > 0) & distribution._argcheck(*map(primal, shapes))
    proper = proper & (primal(q) >= 0) & (primal(q) <= 1)
    out = row.quantile(q, *shapes) * scale + loc
    return out if np.all(proper) else where(proper, out, np.nan)


@register(st.rv_continuous.isf)
def _inverse_survival(distribution: Any, q: Any, *args: Any, **options: Any) -> Any:
    return _quantile(distribution, 1.0 - as_operand(q), *args, **options)


@register(st.rv_discrete.logpmf)
def _log_probability(distribution: Any, k: Any, *args: Any, **options: Any) -> Any:
    formula = DISCRETE.get(distribution.name)
    if formula is None:
        _refuse(distribution, "logpmf")
    if isinstance(as_operand(k), Value):
        raise ForeignCall(f"scipy.stats.{distribution.name}: the integer k carries a value; pass interp.primal(k)")
    shapes, loc, _ = distribution._parse_args(*args, **options)
    plain = tuple(primal(as_operand(shape)) for shape in shapes)
    k = np.asarray(k, dtype=float) - loc
    low, high = distribution._get_support(*plain)
    possible = (k >= low) & (k <= high) & (k == np.floor(k))
    out = formula(np.where(possible, k, low), *map(as_operand, shapes))
    out = out if np.all(possible) else where(possible, out, -np.inf)
    proper = distribution._argcheck(*plain)
    return out if np.all(proper) else where(proper, out, np.nan)


@register(st.rv_discrete.pmf)
def _probability(distribution: Any, k: Any, *args: Any, **options: Any) -> Any:
    return exp(_log_probability(distribution, k, *args, **options))


# -- frozen distributions


class Frozen:
    """A distribution with parameters that are values."""

    def __init__(self, distribution: Any, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        self.dist, self.args, self.kwds = distribution, args, options

    def __getattr__(self, method: str) -> Any:
        if method.startswith("_"):
            raise AttributeError(method)
        rule = FOREIGN.get(getattr(type(self.dist), method, None))
        if rule is None:
            _refuse(self.dist, method)
        return lambda x: rule(self.dist, x, *self.args, **self.kwds)


@register(st.rv_continuous.freeze, st.rv_continuous.__call__)
def freeze(distribution: Any, *args: Any, **options: Any) -> Frozen:
    """The distribution with these parameters, some of which are values."""
    return Frozen(distribution, args, options)


def _of_frozen(method: str) -> Callable[..., Any]:
    """The rule of a method of a plain frozen distribution, called at a value."""
    return lambda frozen, x: getattr(Frozen(frozen.dist, frozen.args, frozen.kwds), method)(x)


for _kind, _methods in (
    (type(st.norm()), ("pdf", "logpdf", "cdf", "sf", "logcdf", "logsf", "ppf", "isf")),
    (type(st.poisson(1.0)), ("pmf", "logpmf")),
):
    for _method in _methods:
        register(getattr(_kind, _method))(_of_frozen(_method))

"""Means, spreads, order statistics and correlations.

Which elements a quantile chooses is decided by their order, as in a sort; how it weighs them, by their number alone.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from interp.errors import UndecidedError, UnsupportedArgument
from interp.linear import keep_shape
from interp.primitive import negative_axes
from interp.value import Value, carries_joining, encloses, is_complex, ndim_of, primal, shape_of
from interp.vocabulary.arguments import exactly, only_where, refuse_conversion
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.complex_numbers import Z, imag, real
from interp.vocabulary.composites import carries, composite
from interp.vocabulary.creation import as_operand, zeros
from interp.vocabulary.elementwise import absolute, clip, conj, maximum, sqrt, square, strong_multiply
from interp.vocabulary.linalg import einsum, matmul
from interp.vocabulary.predicates import equal, isnan
from interp.vocabulary.reductions import MASK, REPEATED, as_rows, sum
from interp.vocabulary.shape import broadcast_to, concatenate, expand_dims, moveaxis, reshape, squeeze, transpose, where
from interp.vocabulary.sorting import sort

# -- means and spreads


@composite(np.mean)
def mean(
    x: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = True
) -> Any:
    """Arithmetic mean over ``axis`` (all axes if None); NaN of nothing."""
    x = as_operand(x)
    refuse_conversion("mean", x, dtype, out)
    return sum(only_where(where, x, 0.0), axis=axis, keepdims=keepdims) / number_of(x, axis, keepdims, where)


@composite(np.var)
def var(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Any:
    """Variance over ``axis`` with divisor N - ``ddof`` (the Array API's ``correction``); of nothing NaN.

    ``mean``: the mean, if it is known, as ``mean(x, axis, keepdims=True)`` gives it.
    """
    x = as_operand(x)
    refuse_conversion("var", x, dtype, out)
    if correction is not None:
        if ddof != 0:
            raise ValueError("ddof and correction can't be provided simultaneously.")
        ddof = correction
    centre = mean_of(x, axis=axis, keepdims=True, where=where) if mean is None else mean
    deviations = x - centre
    squares = _squared_modulus(deviations) if is_complex(deviations) else square(deviations)
    total = sum(only_where(where, squares, 0.0), axis=axis, keepdims=keepdims)
    n = number_of(x, axis, keepdims, where)
    return total / (maximum(n - ddof, 0.0) if shape_of(n) or isinstance(n, Value) else n - ddof if n > ddof else 0.0)


def _squared_modulus(x: Any) -> Any:
    return square(real(x)) + square(imag(x))


mean_of = mean
"""`mean`, where a parameter has its name."""


@composite(np.std)
def std(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Any:
    """Standard deviation: the square root of `var`, which takes the same arguments. Its derivative at 0 is 0."""
    return sqrt(var(x, axis, dtype, out, ddof, keepdims, where=where, mean=mean, correction=correction))


def number_of(x: Any, axis: Any, keepdims: bool = False, mask: Any = True) -> Any:
    """How many elements a reduction over ``axis`` takes in: an integer, of a ``mask`` one for each reduction."""
    shape = shape_of(x)
    if mask is True:
        return math.prod([shape[a] for a in negative_axes(axis, len(shape))])
    ones = zeros(shape, like=primal(x)) + 1.0
    return sum(only_where(mask, ones, 0.0), axis=axis, keepdims=keepdims)


@composite(np.average)
def average(x: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False) -> Any:
    """Weighted mean over ``axis``; ``weights`` of the shape of ``x``, or of that of ``axis`` alone.

    ``returned``: also the sums of the weights. Raises `ZeroDivisionError` where they are zero.
    """
    x = as_operand(x)
    if weights is None:
        found = mean(x, axis, keepdims=keepdims)
        total: Any = zeros(shape_of(found), like=primal(found)) + number_of(x, axis)
        return (found, total) if returned else found
    weights = exactly(_weights_like(x, axis, as_operand(weights)), x)
    total = sum(weights, axis=axis, keepdims=keepdims)
    none = equal(total, 0.0)
    if not isinstance(none, Value) and np.any(none):
        raise ZeroDivisionError("Weights sum to zero, can't be normalized")
    found = sum(x * weights, axis=axis, keepdims=keepdims) / total
    if not returned:
        return found
    return found, total * 1.0 if shape_of(total) == shape_of(found) else broadcast_to(total, shape_of(found))


def _weights_like(x: Any, axis: Any, weights: Any) -> Any:
    """Weights with as many axes as ``x``; checked as NumPy checks them."""
    shape = shape_of(x)
    if shape_of(weights) == shape:
        return weights
    if axis is None:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    axes = tuple(np.lib.array_utils.normalize_axis_tuple(axis, len(shape), argname="axis"))
    if shape_of(weights) != tuple(shape[a] for a in axes):
        raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
    ordered = transpose(weights, np.argsort(axes))
    return reshape(ordered, tuple(n if a in axes else 1 for a, n in enumerate(shape)))


_SPREADS = [
    call((2, 3)),
    call((2, 3), axis=0, ddof=1),
    call(REPEATED, axis=(0, -1), keepdims=True),
    call(REPEATED, axis=-2, correction=0.5),
    call((2, 3), axis=1, where=MASK),
    call((2, 3), axis=1, mean=np.array([[0.4], [0.6]])),
    call((3,), through=lambda f, x: f(Z * x)),
]
enter(
    mean,
    np.mean,
    calls=[
        call((2, 3)),
        call((2, 3), axis=1),
        call(REPEATED, axis=(0, -1), keepdims=True),
        call((2, 3), axis=1, where=MASK),
        call((3,), through=lambda f, x: np.real(f(Z * x))),
    ],
)
enter(var, np.var, calls=_SPREADS)
enter(std, np.std, calls=_SPREADS)
enter(
    average,
    np.average,
    calls=[
        call((2, 3)),
        call((2, 3), 1, (3,)),
        call((2, 3), None, (2, 3), returned=True),
        call(REPEATED, (2, 2), through=lambda f, x, w: f(x, (2, 0), w, returned=True, keepdims=True)),
        call((2, 3), axis=-1, returned=True),
    ],
)

# -- order statistics

ENDS: dict[str, tuple[float, float]] = {
    "linear": (24.0, 24.0),
    "interpolated_inverted_cdf": (0.0, 24.0),
    "hazen": (12.0, 12.0),
    "weibull": (0.0, 0.0),
    "median_unbiased": (8.0, 8.0),
    "normal_unbiased": (9.0, 9.0),
}
"""Methods that interpolate: alpha and beta of Hyndman and Fan 1996, Am. Stat. 50, 361-365, in parts of 24."""

STEPS: dict[str, Callable[[Any], Any]] = {
    "lower": np.floor,
    "higher": np.ceil,
    "nearest": np.rint,
    "midpoint": lambda position: 0.5 * (np.floor(position) + np.ceil(position)),
}
"""Methods that choose, by the position that "linear" has."""


@composite(np.median)
def median(x: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """The middle element in order over ``axis``, or the mean of the two middle ones; NaN where there is a NaN."""
    x = as_operand(x)
    refuse_conversion("median", x, None, out)
    ordered = _ordered(x, axis)
    n = shape_of(ordered)[-1]
    if n == 0:
        return mean(x, axis, keepdims=keepdims)
    middle = ordered[..., n // 2] * 1.0 if n % 2 else 0.5 * (ordered[..., n // 2 - 1] + ordered[..., n // 2])
    found = _spoilt(middle, ordered)
    return reshape(found, keep_shape(shape_of(x), negative_axes(axis, ndim_of(x)))) if keepdims else found


@composite(np.quantile)
def quantile(
    x: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """The element at the fraction ``q`` of the order over ``axis``; the axes of ``q`` come first. NaN where one is.

    ``method``: one of `ENDS` and `STEPS`. ``q`` may be a value, too: between elements the result is a line in it.
    """
    x = as_operand(x)
    q = as_fraction(q, x)
    check_quantile(q, method, weights, out, "quantile", "Quantiles must be in the range [0, 1]")
    if is_complex(x):
        raise TypeError("a must be an array of real numbers")
    if method in ENDS:
        q = exactly(q, x)
    ordered = _ordered(x, axis)
    n = shape_of(ordered)[-1]
    if n == 0:
        raise IndexError("quantile of nothing: index -1 is out of bounds for axis 0 with size 0")
    position = _position(q, n, method)
    if carries_joining(position):
        weighed = _hat(position, n)
        spread = reshape(weighed, shape_of(q) + (1,) * (ndim_of(ordered) - 1) + (n,))
        found = sum(spread * ordered, axis=-1)
    else:
        low, rest = _split(position, x, method)
        high = np.minimum(low + 1, n - 1)
        # Strongly: where nothing is between, the next element may be infinite.
        found = ordered[..., low] * (1.0 - rest) + strong_multiply(ordered[..., high], rest)
        found = moveaxis(found, tuple(range(-ndim_of(q), 0)), tuple(range(ndim_of(q))))
    return _kept(_spoilt(found, ordered), x, q, axis, keepdims)


@composite(np.percentile)
def percentile(
    x: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """`quantile` at ``q`` per cent."""
    x = as_operand(x)
    fraction = of_percent(x, q, method)
    check_quantile(fraction, method, weights, out, "percentile", "Percentiles must be in the range [0, 100]")
    return quantile(x, fraction, axis, method=method, keepdims=keepdims)


def of_percent(x: Any, q: Any, method: str) -> Any:
    """The fraction ``q`` per cent."""
    if isinstance(q, int | float) and not encloses(x):
        return q / 100.0
    return (exactly(as_operand(q), x) if method in ENDS else as_operand(q)) / 100.0


def weighed_quantile(ordered: Any, counts: Any, x: Any, q: Any, axis: Any, method: str, keepdims: bool) -> Any:
    """Quantiles of the first ``counts`` elements of each of the ``ordered`` rows; the rest may be any numbers."""
    n = shape_of(ordered)[-1]
    counts = np.maximum(counts, 1).astype(q.dtype)
    position = _position(reshape(q, shape_of(q) + (1,) * np.ndim(counts)), counts, method)
    if carries_joining(position):
        weights = _hat(position, n)
    else:
        low, rest = _split(position, x, method)
        rest = expand_dims(rest, -1)
        at, places = low[..., None], np.arange(n)
        weights = (places == at) * (1.0 - rest) + (places == np.minimum(at + 1, n - 1)) * rest
    return _kept(sum(strong_multiply(weights, ordered), axis=-1), x, q, axis, keepdims)


def check_quantile(q: Any, method: str, weights: Any, out: Any, name: str, range_error: str) -> None:
    """Raise for what `quantile` does not take, or NumPy does not."""
    refuse_conversion(name, q, None, out)
    if weights is not None or method not in {**ENDS, **STEPS}:
        raise UnsupportedArgument(
            f"{name} of values takes no weights, and method is one of {', '.join({**ENDS, **STEPS})}"
        )
    nominal = np.asarray(primal(q))
    if not np.all((nominal >= 0) & (nominal <= 1)):
        raise ValueError(range_error)


def _ordered(x: Any, axis: Any) -> Any:
    return sort(as_rows(x, negative_axes(axis, ndim_of(x))), axis=-1)


def _position(q: Any, n: Any, method: str) -> Any:
    """Where in the order 0 .. n - 1 the fraction ``q`` lies."""
    if method in STEPS:
        if carries_joining(q):
            raise UndecidedError(f"quantile of method {method!r} jumps with q, which leaves it undecided: use 'linear'")
        return STEPS[method]((n - 1) * primal(q))
    alpha, beta = ENDS[method]
    if method == "linear":
        return (n - 1) * q
    return clip(n * q + (alpha - 24.0 + q * (24.0 - alpha - beta)) / 24.0, 0.0, n - 1.0)


def _split(position: Any, x: Any, method: str) -> tuple[Any, Any]:
    """The place below a position, and how far it lies beyond; halves are exact in the precision of ``x``."""
    below = np.floor(primal(position))
    rest = position - below
    if method in STEPS and getattr(x, "dtype", np.dtype(float)).kind == "f":
        rest = np.asarray(rest, dtype=x.dtype)[()]
    return np.asarray(below).astype(int)[()], rest


def as_fraction(q: Any, x: Any) -> Any:
    """``q`` as NumPy takes it: one of Python's numbers in the precision of ``x``."""
    own = getattr(x, "dtype", np.dtype(float))
    return own.type(q) if isinstance(q, int | float) and own.kind == "f" else as_operand(q)


def _hat(position: Any, n: int) -> Any:
    """The weights of 0 .. n - 1 in what interpolates between neighbours, wherever the position may be."""
    return maximum(0.0, 1.0 - absolute(expand_dims(position, -1) - np.arange(n)))


def _spoilt(found: Any, ordered: Any) -> Any:
    """NaN where a row has one, which a sort puts last; its derivative there is NaN as well."""
    spoilt = isnan(ordered[..., -1])
    if not isinstance(spoilt, Value) and not np.any(spoilt):
        return found
    return found * where(spoilt, np.nan, 1.0)


def _kept(found: Any, x: Any, q: Any, axis: Any, keepdims: bool) -> Any:
    if not keepdims:
        return found
    return reshape(found, shape_of(q) + keep_shape(shape_of(x), negative_axes(axis, ndim_of(x))))


enter(
    median,
    np.median,
    calls=[call((2, 3)), call((2, 3), axis=0), call(REPEATED, axis=(0, -1), keepdims=True), call((5,))],
)
_Q = np.array([[0.0, 0.3], [0.77, 1.0]])
_QUANTILES = [
    call((2, 3), through=lambda f, x: f(x, 0.3)),
    call((2, 3), through=lambda f, x: f(x, _Q, axis=-1)),
    call(REPEATED, through=lambda f, x: f(x, [0.25, 0.6], axis=(0, -1), keepdims=True)),
    call((3, 4), (2,), through=lambda f, x, q: f(x, q, axis=1)),
    call((5,), (), through=lambda f, x, q: f(x, q)),
    *(call((2, 5), through=lambda f, x, m=m: f(x, [0.11, 0.4, 0.9], axis=1, method=m)) for m in [*ENDS, *STEPS]),
]
_PERCENTILES = [
    call((2, 3), through=lambda f, x: f(x, 30)),
    call((2, 3), through=lambda f, x: f(x, 100.0 * _Q, axis=-1, keepdims=True)),
    call((3, 4), (2,), between=((0.25, 0.85), (10.0, 80.0)), through=lambda f, x, q: f(x, q, axis=1)),
]
enter(quantile, np.quantile, calls=_QUANTILES)
enter(percentile, np.percentile, calls=_PERCENTILES)

# -- correlations


@composite(np.cov)
def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """Covariances of variables that are the rows (``rowvar``) or columns of ``m`` and ``y``, as NumPy's.

    ``fweights``: plain integers, how often each observation counts; ``aweights``: its weight, which may be a value.
    """
    if ddof is not None and ddof != int(ddof):
        raise ValueError("ddof must be integer")
    m = as_operand(m)
    refuse_conversion("cov", m, dtype)
    x = _variables(m, rowvar, "m")
    if y is not None:
        x = concatenate([x, _variables(as_operand(y), rowvar, "y")], axis=0)
    if shape_of(x)[0] == 0:
        return x[:, :0]
    n = shape_of(x)[1]
    ddof = int(not bias) if ddof is None else int(ddof)
    frequencies = None if fweights is None else _frequencies(fweights, n)
    if aweights is not None:
        aweights = exactly(_observation_weights(as_operand(aweights), n), x)
    weights = frequencies if aweights is None else aweights if frequencies is None else frequencies * aweights
    if weights is None:
        centred = x - mean(x, axis=1, keepdims=True)
        divisor: Any = n - ddof
        products = matmul(centred, conj(transpose(centred)))
    else:
        total = sum(weights)
        centred = x - expand_dims(sum(x * weights, axis=1) / total, 1)
        lost = 1.0 if aweights is None else sum(weights * aweights) / total
        divisor = total - ddof * lost if ddof else total
        products = matmul(centred * weights, conj(transpose(centred)))
    return squeeze(products / maximum(divisor, 0.0) if isinstance(divisor, Value) else products / max(divisor, 0.0))


def _variables(m: Any, rowvar: bool, name: str) -> Any:
    if ndim_of(m) > 2:
        raise ValueError(f"{name} has more than 2 dimensions")
    if ndim_of(m) < 2:
        return reshape(m, (1, -1))
    return m if rowvar else transpose(m)


def _frequencies(fweights: Any, n: int) -> Any:
    if carries(fweights):
        raise UnsupportedArgument("cov: fweights are plain integers; weights that are values are aweights")
    given = np.asarray(fweights, dtype=float)
    if not np.all(given == np.around(given)):
        raise TypeError("fweights must be integer")
    if np.any(given < 0):
        raise ValueError("fweights cannot be negative")
    return _observation_weights(given, n)


def _observation_weights(weights: Any, n: int) -> Any:
    if ndim_of(weights) > 1:
        raise RuntimeError("cannot handle multidimensional fweights or aweights")
    if shape_of(weights) != (n,):
        raise RuntimeError("incompatible numbers of samples and fweights or aweights")
    if not isinstance(weights, Value) and np.any(weights < 0):
        raise ValueError("aweights cannot be negative")
    return weights


@composite(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """Pearson's coefficients of correlation of the variables of `cov`, in [-1, 1]."""
    c = cov(x, y, rowvar, dtype=dtype)
    if not ndim_of(c):
        return c / c
    variances = real(einsum("ii->i", c))
    spread = sqrt(variances)
    itself = np.eye(shape_of(c)[0], dtype=bool)
    ratios = c / expand_dims(spread, 1) / spread
    # Rounding must not lead out of [-1, 1]; of a variable with itself it is 1, or NaN if that does not vary.
    limited = clip(where(itself, 0.0, real(ratios)), -1.0, 1.0)
    if is_complex(ratios):
        limited = limited + 1j * clip(where(itself, 0.0, imag(ratios)), -1.0, 1.0)
    return where(itself, variances / variances, limited)


_COUNTS, _WEIGHTS = np.array([1, 2, 0, 1]), np.array([0.5, 1.0, 0.25, 2.0])
enter(
    cov,
    np.cov,
    calls=[
        call((3, 4)),
        call((4,)),
        call((2, 4), (4,)),
        call((4, 2), (4, 2), rowvar=False),
        call((3, 4), bias=True),
        call((2, 4), ddof=0, fweights=[1, 2, 0, 1]),
        call((2, 4), (4,), through=lambda f, m, w: f(m, aweights=w)),
        call((2, 4), (4,), through=lambda f, m, w: f(m, fweights=[1, 2, 0, 1], aweights=w, ddof=2)),
    ],
)
enter(corrcoef, np.corrcoef, calls=[call((3, 4)), call((4,), (4,)), call((4, 2), rowvar=False)])

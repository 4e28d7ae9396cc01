"""Reductions, statistics, sorting and search in every number type, and at ties, NaN, nothing, masks and odd types.

The calls are the catalogue's; what they cannot show stands below.
"""

import warnings
from fractions import Fraction

import numpy as np
import pytest
import scipy.special
from test_catalogue import joined
from truth import assert_same, jacobian

import interp.vocabulary as v
from interp.errors import InterpError, NoRule, UndecidedError, UnsupportedArgument
from interp.testing import check_enclosure, check_sparsity
from interp.vocabulary.catalogue import entries
from interpretations import (
    Dual,
    Interval,
    Measurement,
    SparsityTracer,
    grad,
    hessian,
    hessian_sparsity,
    jacfwd,
    jacobian_sparsity,
    jacrev,
    jet,
    jvp,
)

FAMILIES = {
    *("reductions", "statistics", "missing", "sorting", "counting", "differences", "convolutions", "vectors"),
    *("exponentials", "sampled", "interpolation"),
}
ENTRIES = [entry for entry in entries() if entry.family in FAMILIES or entry.name in ("sum", "prod", "max", "min")]
ENTRIES += [e for e in entries() if e.name in ("cumsum", "sort", "partition") and e not in ENTRIES]
CALLS = [pytest.param(e, c, id=f"{e.name}/{i}") for e in ENTRIES if e.differentiable for i, c in enumerate(e.calls)]
every = pytest.mark.parametrize(("entry", "call"), CALLS)
REAL = [c for c in CALLS if "Z" not in getattr(c.values[1].through, "__code__", joined.__code__).co_names]
real = pytest.mark.parametrize(("entry", "call"), REAL)
"""Not those with the complex numbers Z, of which there are no intervals and no error bars."""


def of_one_vector(entry, call):
    """The call as a function of all its operands' elements, and these."""
    shapes = [np.shape(x) for x in call.operands]
    ends = np.cumsum([np.prod(shape, dtype=int) for shape in shapes])

    def f(x):
        parts = [x[end - int(np.prod(s, dtype=int)) : end] for end, s in zip(ends, shapes, strict=True)]
        return joined(call.of(entry.function, *(v.reshape(p, s)[()] for p, s in zip(parts, shapes, strict=True))))

    return f, np.concatenate([np.reshape(x, -1) for x in call.operands])


REFUSED_BY_TRACERS = {
    *("unique", "unique_values", "unique_counts", "unique_inverse", "unique_all"),
    *("histogram", "interp", "trapezoid"),
}
"""Functions some calls of which have no pattern that holds at every input."""


@every
def test_patterns_hold_at_every_input(entry, call):
    f, x = of_one_vector(entry, call)
    try:
        pattern = jacobian_sparsity(f, x)
    except (UndecidedError, NoRule):
        assert entry.name in REFUSED_BY_TRACERS
        return
    rng = np.random.default_rng(0)
    for point in [x, *(x + rng.uniform(-0.2, 0.2, (6, x.size)))]:
        try:
            # Rounded, for sums of other terms are no dependence.
            check_sparsity(lambda x: np.round(f(x), 12), point, pattern, steps=(1e-6, 0.1, -0.15))
        except (ValueError, ZeroDivisionError):  # outside of what NumPy takes
            continue
    np.testing.assert_allclose(SparsityTracer(x).value, x)


@every
def test_hessian_patterns_cover_second_derivatives(entry, call):
    f, x = of_one_vector(entry, call)

    def curved(x):
        y = f(x)
        return v.sum(v.sin(y) * np.cos(np.arange(y.shape[0])))

    try:
        pattern = hessian_sparsity(curved, x).toarray()
    except (UndecidedError, NoRule):
        assert entry.name in REFUSED_BY_TRACERS
        return
    for point in [x, *(x + np.random.default_rng(0).uniform(-0.2, 0.2, (4, x.size)))]:
        with np.errstate(all="ignore"):
            try:
                second = hessian(curved)(point)
            except (ValueError, ZeroDivisionError):
                continue
        assert not np.any((second != 0) & ~np.isnan(second) & ~pattern)


REFUSED_BY_INTERVALS = {
    "partition",
    "interp",
    *(f"unique{name}" for name in ("", *["_values", "_counts", "_inverse", "_all"])),
}


@real
@pytest.mark.parametrize("radius", [1e-9, 0.02, 0.3])
def test_enclosures_hold_at_every_point(entry, call, radius):
    f, x = of_one_vector(entry, call)
    box = Interval(x - radius, x + radius)
    try:
        with np.errstate(all="ignore"):
            found = v.asarray(f(box))
        found = found if isinstance(found, Interval) else Interval(found)
    except (UndecidedError, NoRule):
        assert entry.name in REFUSED_BY_INTERVALS or radius == 0.3 or entry.name in ("histogram", "trapezoid")
        return

    def plainly(x):
        if isinstance(x, Interval):
            return found
        try:
            return np.where(np.isfinite(f(x)), f(x), np.nan)
        except (ValueError, ZeroDivisionError):
            return np.full(found.shape, np.nan)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_enclosure(plainly, box, samples=60, ulps=64)


@every
def test_forward_reverse_and_one_direction_at_a_time_agree(entry, call):
    f, x = of_one_vector(entry, call)
    forward = jacfwd(f)(x)
    assert_same(jacrev(f)(x), forward)
    for i, t in enumerate(np.eye(x.size)):
        assert_same(jvp(f, (x,), (t,))[1], forward[:, i])


@real
def test_error_bars(entry, call):
    f, x = of_one_vector(entry, call)
    std = 0.01 * (1.0 + np.arange(x.size))
    out = f(Measurement(x, std))
    if entry.name == "histogram" and not isinstance(out, Measurement):
        return  # counts between given edges
    assert_same(out.nominal_value, f(x), 1e-12, 1e-13)
    assert_same(out.std_dev, np.sqrt(np.sum((jacfwd(f)(x) * std) ** 2, axis=1)))


@every
def test_second_derivatives_along_a_curve(entry, call):
    f, x = of_one_vector(entry, call)
    t = np.cos(np.arange(x.size))
    _, (first, second) = jet(f, (x,), ((t, 0.0 * t),))
    assert_same(first, jvp(f, (x,), (t,))[1], 1e-10, 1e-10)
    if call.smooth:
        assert_same(second, jvp(lambda x: jvp(f, (x,), (t,))[1], (x,), (t,))[1], 1e-9, 1e-9)
        reverse = jacfwd(lambda x: jacrev(f)(x) @ t)(x) @ t
        assert_same(reverse, second, 1e-9, 1e-9)


KEEPS_SINGLE = sorted({e.name for e in ENTRIES} - {"bincount", "interp"})


@every
def test_single_precision_is_kept(entry, call):
    if any(np.asarray(x).dtype != np.float64 for x in call.operands):
        return
    singles = [np.float32(x) for x in call.operands]
    outs = call.of(entry.function, *(Dual(x, np.ones_like(x)) for x in singles))
    plain = call.of(entry.function, *singles)
    for ours, numpys in zip(*((x if isinstance(x, tuple) else (x,)) for x in (outs, plain)), strict=True):
        if entry.name in KEEPS_SINGLE and isinstance(ours, Dual) and numpys.dtype == np.float32:
            assert ours.dtype == np.float32
            assert np.asarray(ours.tangent).dtype == np.float32


# -- ties


@pytest.mark.parametrize("derivative", [jacfwd, jacrev])
def test_ties_are_shared_equally_by_extrema_and_kept_in_order_by_sorts(derivative):
    x = np.array([1.0, 3.0, 3.0, 2.0])
    assert derivative(v.max)(x).tolist() == [0, 0.5, 0.5, 0]
    assert derivative(v.ptp)(x).tolist() == [-1, 0.5, 0.5, 0]
    assert derivative(v.nanmax)(np.append(x, np.nan)).tolist() == [0, 0.5, 0.5, 0, 0]
    assert derivative(v.sort)(x).tolist() == np.eye(4)[[0, 3, 1, 2]].tolist()
    assert derivative(lambda x: v.sort(x, descending=True))(x).tolist() == np.eye(4)[[1, 2, 3, 0]].tolist()
    assert derivative(v.median)(x).tolist() == [0, 0.5, 0, 0.5]
    assert derivative(lambda x: v.max(x, initial=3.0))(x).tolist() == [0, 0.25, 0.25, 0]
    assert derivative(lambda x: v.unique(x))(x).tolist() == np.eye(4)[[0, 3, 1]].tolist()
    assert derivative(lambda x: v.partition(x, 1))(np.ones(3)).tolist() == np.eye(3).tolist()


@pytest.mark.parametrize("n", [1, 2, 7, 40, 300])
def test_a_partition_is_numpys_own_and_its_derivative_that_permutation(n):
    rng = np.random.default_rng(n)
    for x in (rng.normal(size=n), rng.integers(0, 4, n).astype(float)):
        for kth in (0, n // 2, [0, n - 1]):
            out = np.partition(Dual(x, np.arange(float(n))), kth)
            assert_same(out.value, np.partition(x, kth), 0, 0)
            assert_same(x[out.tangent.astype(int)], out.value, 0, 0)


# -- NaN

HOLES = np.array([[0.3, np.nan, 0.9, 0.5], [0.7, 0.1, 0.4, 0.6], [np.nan, np.nan, 0.2, np.nan]])
MISSING = {
    name: (getattr(v, name), getattr(np, name[3:]))
    for name in ("nansum", "nanprod", "nanmax", "nanmin", "nanmean", "nanvar", "nanstd", "nanmedian")
} | {
    "nanquantile": (lambda x, **kw: v.nanquantile(x, 0.3, **kw), lambda x: np.quantile(x, 0.3)),
    "nanpercentile": (
        lambda x, **kw: v.nanpercentile(x, 80, method="hazen", **kw),
        lambda x: v.percentile(x, 80, method="hazen"),
    ),
}


@pytest.mark.parametrize("name", MISSING)
def test_missing_numbers_are_as_if_they_were_not_there(name):
    ours, plainly = MISSING[name]
    whole = getattr(np, name)
    x = HOLES
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = ours(Dual(x, np.ones_like(x)), axis=1)
        args = {"nanquantile": (0.3,), "nanpercentile": (80,)}.get(name, ())
        method = {"method": "hazen"} if name == "nanpercentile" else {}
        assert_same(found.value, whole(x, *args, axis=1, **method), 1e-14, 1e-15)
    for derivative in (jacfwd, jacrev):
        slopes = derivative(lambda x: ours(x, axis=1))(x)
        for i, row in enumerate(x):
            there = ~np.isnan(row)
            expected = np.zeros_like(x)
            expected[i, there] = jacfwd(plainly)(row[there])
            assert_same(slopes[i], expected)


@pytest.mark.parametrize("name", MISSING)
def test_where_nothing_is_there_numpys_answer_and_no_nan_elsewhere(name):
    x = np.array([[np.nan, np.nan], [0.3, 0.8]])
    ours, _ = MISSING[name]
    args = {"nanquantile": (0.3,), "nanpercentile": (80,)}.get(name, ())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = getattr(np, name)(x, *args, axis=1)[0]
        assert_same(ours(Dual(x, np.ones_like(x)), axis=1).value[0], expected)
        for derivative in (jacfwd, jacrev):
            slopes = derivative(lambda x: ours(x, axis=1))(x)
            assert np.isfinite(slopes[1]).all() and not slopes[1, 0].any() and not slopes[0, 1].any()


def test_running_and_placing_functions_of_missing_numbers():
    d = Dual(HOLES, np.ones_like(HOLES))
    for name in ("nancumsum", "nancumprod"):
        for axis in (None, 0, -1):
            assert_same(getattr(v, name)(d, axis).value, getattr(np, name)(HOLES, axis))
    for name in ("nanargmax", "nanargmin"):
        assert_same(getattr(np, name)(d, axis=1), getattr(np, name)(HOLES, axis=1))
        with pytest.raises(ValueError, match="All-NaN"):
            getattr(np, name)(d * np.nan)


REDUCED = [v.sum, v.prod, v.max, v.min, v.mean, v.var, v.std, v.ptp, v.median, v.logsumexp, v.cumsum, v.cumprod]
REDUCED += [lambda x, axis: v.quantile(x, 0.3, axis=axis), v.softmax, v.log_softmax, v.sort]


@pytest.mark.parametrize("f", REDUCED)
def test_a_nan_spoils_its_own_row_only(f):
    x = np.array([[1.0, np.nan, 2.0], [3.0, 4.0, 5.0]])
    with np.errstate(invalid="ignore"):
        clean, out = f(np.where(np.isnan(x), 1.5, x), axis=1), f(Dual(x, np.ones_like(x)), axis=1)
    assert np.isnan(v.sum(out.value[0])) and np.isfinite(out.value[1]).all()
    assert_same(out.value[1], clean[1])
    for derivative in (jacfwd, jacrev):
        with np.errstate(invalid="ignore"):
            slopes = derivative(lambda x: f(x, axis=1))(x)
        assert np.isfinite(slopes[1]).all() and not slopes[1][..., 0, :].any() and not slopes[0][..., 1, :].any()


# -- infinities


def test_log_sum_exp_at_the_ends():
    cases = [[1000.0, 1001.0], [-1000.0, -1002.0], [-np.inf, 0.5], [-np.inf, -np.inf], [0.0, -750.0]]
    for case in cases:
        x = np.array(case)
        for f, numpys in ((v.logsumexp, scipy.special.logsumexp), (v.log_softmax, scipy.special.log_softmax)):
            with np.errstate(all="ignore"):
                assert_same(f(Dual(x, np.ones(2))).value, numpys(x), 1e-14)
        with np.errstate(all="ignore"):
            shares = scipy.special.softmax(x) if np.isfinite(x).any() else np.zeros(2)
            for derivative in (jacfwd, jacrev):
                assert_same(derivative(v.logsumexp)(x), shares, 1e-13)
            assert_same(hessian(v.logsumexp)(x), np.diag(shares) - np.outer(shares, shares), 1e-12)
    assert v.logsumexp(Dual(np.zeros(0), np.zeros(0))).value == -np.inf
    assert np.isnan(v.logsumexp(Dual(np.array([1.0, np.nan]), np.ones(2))).value)
    assert v.logsumexp(Dual(np.array([1.0, np.inf]), np.ones(2))).value == np.inf


def test_log_sum_exp_with_weights_of_zero_and_of_both_signs():
    a, b = np.array([2.0, np.inf, 3.0]), np.array([1.0, 0.0, 2.0])
    expected = np.log(np.exp(2.0) + 2 * np.exp(3.0))
    assert v.logsumexp(Dual(a, np.ones(3)), b=b).value == pytest.approx(expected)
    slopes = grad(lambda a: v.logsumexp(a, b=b))(a)
    assert_same(slopes, np.array([np.exp(2.0), 0.0, 2 * np.exp(3.0)]) / np.exp(expected))
    logarithm, sign = v.logsumexp(Dual(a[::2], np.ones(2)), b=np.array([1.0, -2.0]), return_sign=True)
    assert sign.value == -1 and logarithm.value == pytest.approx(np.log(2 * np.exp(3.0) - np.exp(2.0)))
    with np.errstate(invalid="ignore"):
        assert np.isnan(v.logsumexp(Dual(a[::2], np.ones(2)), b=np.array([1.0, -2.0])).value)


def test_quantiles_beside_infinities():
    x = np.array([1.0, 2.0, np.inf])
    assert v.quantile(Dual(x, np.ones(3)), 0.5).value == 2.0
    assert v.quantile(Dual(x, np.ones(3)), [0.75, 1.0]).value.tolist() == [np.inf, np.inf]
    assert v.median(Dual(-x, np.ones(3))).value == -2.0
    assert v.nanmedian(Dual(np.append(-x, np.nan), np.ones(4))).value == -2.0


# -- nothing, one, odd types: as NumPy

ODD = [np.zeros(0), np.zeros((0, 3)), np.zeros((2, 0)), np.float64(0.7), np.array([0.4])]
FUNCTIONS = {
    name: getattr(np, name)
    for name in [
        *("sum", "prod", "mean", "var", "std", "max", "min", "ptp", "median", "any", "all", "argmax", "argmin"),
        *("cumsum", "cumprod", "sort", "argsort", "unique", "diff", "ediff1d", "count_nonzero", "average", "nansum"),
        *("nanmean", "nanmax", "nanmedian", "nanvar", "unique_counts", "gradient", "cumulative_sum", "trapezoid"),
    ]
} | {
    "sum along": lambda x: np.sum(x, axis=0),
    "max along": lambda x: np.max(x, axis=-1),
    "max from": lambda x: np.max(x, axis=0, initial=0.5),
    "mean along": lambda x: np.mean(x, axis=-1, keepdims=True),
    "median along": lambda x: np.median(x, axis=0),
    "quantile": lambda x: np.quantile(x, 0.5),
    "quantiles": lambda x: np.quantile(x, [0.5, 0.7], axis=-1),
    "partition": lambda x: np.partition(x, 0),
    "bad axis": lambda x: np.sum(x, axis=5),
    "repeated axis": lambda x: np.sum(x, axis=(0, 0)),
    "ddof": lambda x: np.var(x, ddof=3),
    "both": lambda x: np.std(x, ddof=1, correction=1),
    "masked max": lambda x: np.max(x, where=x > 0.5),
    "masked sum": lambda x: np.sum(x, where=x > 0.5),
    "masked mean": lambda x: np.mean(x, where=x > 0.5),
    "wide mask": lambda x: np.sum(x, where=np.ones((4, 3, 2), bool)),
    "quantile out of range": lambda x: np.quantile(x, 1.5),
    "negative diff": lambda x: np.diff(x, -1),
    "histogram": lambda x: np.histogram(x, 3)[0],
    "bins": lambda x: np.digitize(x, [0.1, 0.4, 0.3]),
    "searchsorted": lambda x: np.searchsorted([0.1, 0.5], x),
    "convolve": lambda x: np.convolve(x, [1.0, 2.0]),
    "correlate": lambda x: np.correlate(x, [1.0, 2.0], "full"),
    "cov": np.cov,
    "weights that sum to nothing": lambda x: np.average(x, weights=np.zeros(np.shape(x))),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("x", ODD, ids=lambda x: str(np.shape(x)))
@pytest.mark.filterwarnings("ignore")
def test_odd_shapes_give_numpys_answer_or_its_error(name, x):
    f = FUNCTIONS[name]
    try:
        expected = f(x)
    except Exception as error:
        kind = type(error)
        with pytest.raises(Exception) as caught:
            f(Dual(x, np.ones_like(x)))
        assert (
            issubclass(caught.type, kind)
            or issubclass(kind, caught.type)
            or (issubclass(caught.type, ValueError) and issubclass(kind, ValueError | IndexError))
        ), f"{caught.value!r} where NumPy has {error!r}"
        return
    found = f(Dual(x, np.ones_like(x)))
    for ours, numpys in zip(
        *((part if isinstance(part, tuple) else (part,)) for part in (found, expected)), strict=True
    ):
        number = ours.value if isinstance(ours, Dual) else ours
        assert np.shape(number) == np.shape(numpys)
        np.testing.assert_allclose(number, numpys, rtol=1e-13)


def test_integers_become_floats():
    x = np.array([[3, 1, 2], [0, 5, 4]])
    for f in (v.mean, v.var, v.median, v.cumprod, v.sort, v.ptp, v.logsumexp, v.nanmean, v.cov):
        assert_same(jacfwd(f)(x), jacfwd(f)(x * 1.0))
    assert v.sum(x).dtype == x.dtype and v.prod(x, axis=0).dtype == x.dtype and v.cumsum(x).dtype == x.dtype


def test_plain_arrays_have_numpys_own_types():
    for dtype in (np.int8, np.float32, np.bool_, np.complex64):
        x = np.array([[1, 0, 1], [1, 1, 0]]).astype(dtype)
        for name in (
            "sum",
            "prod",
            "mean",
            "var",
            "cumsum",
            "cumprod",
            "max",
            "median",
            "sort",
            "count_nonzero",
            "cov",
        ):
            if name == "median" and dtype == np.bool_:
                continue
            ours, numpys = getattr(v, name)(x), getattr(np, name)(x)
            assert np.asarray(ours).dtype == np.asarray(numpys).dtype, (name, dtype)
    assert v.sum(x.real, dtype=np.float64).dtype == np.float64
    out = np.zeros(3)
    assert v.sum(np.ones((2, 3)), axis=0, out=out) is out


# -- arguments


def test_what_is_not_taken_says_what_to_do():
    x = Dual(np.array([1.0, 2.0]), np.ones(2))
    for refused in (
        lambda: np.sum(x, dtype=np.float32),
        lambda: np.mean(x, dtype=int),
        lambda: np.var(x, dtype=complex),
        lambda: np.cumsum(x, dtype=np.float32),
        lambda: x.sum(out=np.zeros(())),
        lambda: np.quantile(x, 0.5, method="inverted_cdf"),
        lambda: np.quantile(x, 0.5, method="inverted_cdf", weights=[1, 2]),
        lambda: np.sort(x, order="f"),
        lambda: np.histogram(x, "auto"),
        lambda: np.cov(x, fweights=x),
        lambda: np.vecdot(x, x, axes=[0, 0]),
    ):
        with pytest.raises(UnsupportedArgument):
            refused()
    assert np.sum(x, dtype=float).value == 3.0 and np.std(x, dtype=np.float64).value == 0.5


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "std", "any", "all"])
def test_masks_leave_elements_out(name):
    f, rng = getattr(np, name), np.random.default_rng(0)
    x = rng.uniform(0.5, 1.0, (2, 3, 2))
    for mask in (x > 0.7, np.array([[True], [False], [True]]), x > 5.0, [True, False]):
        for kwargs in ({}, {"axis": 1}, {"axis": (0, -1), "keepdims": True}):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                expected, found = f(x, where=mask, **kwargs), f(Dual(x, np.ones_like(x)), where=mask, **kwargs)
            np.testing.assert_allclose(getattr(found, "value", found), expected, rtol=1e-13)


def test_masks_and_starts_may_be_values():
    x = np.array([0.3, 0.7, 0.5])
    assert_same(grad(lambda x: np.sum(x * x, where=x > 0.4))(x), np.array([0.0, 1.4, 1.0]))
    assert grad(lambda s: v.sum(np.ones(3), initial=s * s))(2.0) == 4.0
    assert grad(lambda s: v.max(x, initial=s))(2.0) == 1.0
    assert grad(lambda s: v.max(np.zeros(0), initial=s))(2.0) == 1.0
    assert grad(lambda s: v.prod(x, initial=s))(2.0) == pytest.approx(np.prod(x))
    assert jacobian_sparsity(lambda x: np.sum(x, where=x > 0.4), x).toarray().all()
    assert jacobian_sparsity(lambda x: np.mean(x, where=[True, False, True]), x).toarray().tolist() == [[1, 0, 1]]


def test_a_known_mean_is_used():
    x = np.array([[0.3, 0.7, 0.5], [0.1, 0.9, 0.4]])
    known = np.mean(x, axis=1, keepdims=True)
    assert_same(
        jacfwd(lambda x: np.var(x, axis=1, mean=np.mean(x, axis=1, keepdims=True)))(x),
        jacfwd(lambda x: np.var(x, axis=1))(x),
    )
    assert_same(np.std(Dual(x, np.ones_like(x)), axis=1, mean=known).value, np.std(x, axis=1))


def test_methods():
    x = np.array([[0.3, 0.7, 0.5], [0.1, 0.9, 0.4]])
    d = Dual(x, np.ones_like(x))
    assert_same(d.argsort(axis=0), x.argsort(axis=0))
    assert_same(d.argpartition(1, axis=1), x.argpartition(1, axis=1))
    assert_same(d.cumprod(1).value, x.cumprod(1))
    assert_same(d[0, :2].searchsorted(0.5), 1)
    assert_same(d.sum(0, None, None, True).value, x.sum(0, None, None, True))
    assert_same(d.max(1, None, True).value, x.max(1, None, True))
    assert_same(d.argmax(axis=1, keepdims=True), x.argmax(axis=1, keepdims=True))
    assert_same(d.var(1, None, None, 1).value, x.var(1, None, None, 1))


def test_sort_and_partition_in_place():
    x = np.array([[0.3, 0.7, 0.5], [0.1, 0.9, 0.4]])

    def in_place(x):
        y = x.copy()
        view = y[0]
        y.sort(axis=1)
        z = x.copy()
        z.partition(1, axis=1)
        return np.stack([view, z[1]])

    def apart(x):
        return np.stack([np.sort(x, axis=1)[0], np.partition(x, 1, axis=1)[1]])

    for derivative in (jacfwd, jacrev):
        assert_same(derivative(in_place)(x), derivative(apart)(x))
    assert_same(in_place(x), apart(x))


# -- number types that leave an order open


def test_order_statistics_of_intervals_are_tight():
    box = Interval(np.array([0.0, 1.0, 3.0]), np.array([2.5, 1.5, 3.5]))
    for f in (v.sort, v.median, lambda x: v.quantile(x, [0.25, 0.8])):
        found = f(box)
        assert_same(found.lo, f(box.lo), 1e-12)
        assert_same(found.hi, f(box.hi), 1e-12)
    assert v.median(box).decoration == box.decoration.min()
    with pytest.raises(UndecidedError, match="overlap"):
        np.argsort(box)
    with pytest.raises(UndecidedError):
        np.sort(np.sqrt(box - 1.0))
    apart = Interval(np.array([2.0, 1.0, 3.0]), np.array([2.5, 1.5, 3.5]))
    assert np.argsort(apart).tolist() == [1, 0, 2]
    assert np.searchsorted([0.0, 1.9, 2.7], apart).tolist() == [2, 1, 3]
    assert np.unique(apart).lo.tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(UndecidedError):
        np.searchsorted([0.0, 2.2], apart)
    assert_same(jacfwd(v.sort)(np.array([2.0, 1.0])), np.eye(2)[[1, 0]])
    inner = Dual(apart, Interval(np.array([1.0, 0.0, 0.0])))
    assert np.sort(inner).tangent.lo.tolist() == [0.0, 1.0, 0.0]


def test_intervals_that_are_missing():
    x = np.array([0.9, np.nan, 0.5, 0.2])
    box = Interval(np.where(np.isnan(x), 0.0, x) - 0.1, np.where(np.isnan(x), 0.0, x) + 0.1)
    holed = np.where(np.isnan(x), np.nan, box)
    for f in (v.nanmedian, v.nanmax, v.nanmean, v.nansum, v.nanstd, lambda x: v.nanquantile(x, 0.3)):
        found = f(holed)
        assert found.lo <= f(x) <= found.hi and found.hi - found.lo < 1.0
    assert np.isnan(np.sort(holed).lo).tolist() == [False, False, False, True]
    assert np.isnan(np.median(holed).lo)


def test_orders_that_the_input_decides_are_dense_in_their_group():
    x = np.arange(6.0).reshape(2, 3)
    group = np.kron(np.eye(2), np.ones((3, 3))).astype(bool)
    assert_same(jacobian_sparsity(lambda x: np.sort(x, axis=1).reshape(-1), x).toarray(), group)
    assert_same(jacobian_sparsity(lambda x: np.partition(x, 1, axis=1).reshape(-1), x).toarray(), group)
    assert_same(jacobian_sparsity(lambda x: np.median(x, axis=1), x).toarray(), group[[0, 3]])
    assert_same(jacobian_sparsity(lambda x: np.nanmedian(x, axis=1), x).toarray(), group[[0, 3]])
    assert hessian_sparsity(lambda x: np.sum(np.sort(x) ** 3 * np.arange(3.0)), x[0]).toarray().all()
    for f in (np.unique, np.unique_values, np.unique_counts, np.unique_all, np.unique_inverse):
        with pytest.raises(UndecidedError, match="whose shape does not"):
            jacobian_sparsity(lambda x, f=f: joined(f(x)), x)
    with pytest.raises(UndecidedError, match="bin"):
        jacobian_sparsity(lambda x: np.histogram(x, 3)[0] * 1.0, x)
    with pytest.raises(UndecidedError):
        jacobian_sparsity(lambda x: np.bincount(np.digitize(x[0], [1.0, 2.0]), x[1]), x)


def test_quantiles_move_with_their_fraction():
    x = np.array([0.9, 0.1, 0.5, 0.2])
    assert grad(lambda q: v.quantile(x, q))(0.5) == pytest.approx(3 * 0.3)
    assert_same(jacfwd(lambda q: v.quantile(x, q))(np.array([0.1, 0.8])), np.diag([3 * 0.1, 3 * 0.4]), 1e-12)
    assert grad(lambda q: v.quantile(x, q, method="lower"))(0.5) == 0.0
    assert jacobian_sparsity(lambda q: v.quantile(x, q), np.array([0.1, 0.8])).toarray().tolist() == [[1, 0], [0, 1]]
    check_enclosure(lambda q: v.quantile(x, q), Interval(np.array([0.2, 0.5]), np.array([0.6, 0.9])))


def test_edges_of_a_histogram_follow_the_ends():
    a = np.array([0.2, 1.0, 0.5])
    assert_same(jacfwd(lambda a: np.histogram(a, 2)[1])(a), np.array([[1, 0, 0], [0.5, 0.5, 0], [0, 1, 0]]))
    assert_same(np.histogram(Dual(a, np.ones(3)), 2)[0], np.histogram(a, 2)[0])
    assert np.histogram(Dual(np.ones(3), np.ones(3)), 2)[1].value.tolist() == [0.5, 1.0, 1.5]
    with pytest.raises(ValueError, match="not finite"):
        np.histogram(Dual(np.array([1.0, np.nan]), np.ones(2)), 2)


def test_gradients_on_coordinates_that_are_values():
    x, y = np.array([0.0, 0.4, 1.0, 1.1]), np.array([1.0, 3.0, 2.0, 5.0])
    for order in (1, 2):

        def f(x, y, order=order):
            return np.gradient(y, x, edge_order=order)

        for i in (0, 1):
            assert_same(jacfwd(f, i)(x, y), jacobian(f, (x, y), i), 1e-8, 1e-8)


def test_spread_of_nothing_that_varies():
    x = np.full(3, 2.0)
    for derivative in (jacfwd, jacrev):
        assert derivative(v.std)(x).tolist() == [0.0, 0.0, 0.0]
        assert derivative(v.var)(x).tolist() == [0.0, 0.0, 0.0]


def test_every_error_of_ours_is_an_interp_error():
    assert issubclass(UndecidedError, InterpError)


def test_enclosures_hold_the_exact_results_of_plain_weights_and_fractions():
    """Interval points against rational arithmetic: what is made of plain numbers is rounded outward as well."""
    x = np.random.default_rng(0).normal(size=9)
    box = Interval(x)
    exact = [Fraction(float(number)) for number in x]
    ordered = sorted(exact)
    for q in (0.1, 0.3, 0.57, 1 / 3, 0.875, 0.999):
        place = Fraction(q) * 8
        low = int(place)
        expected = ordered[low] + (place - low) * (ordered[min(low + 1, 8)] - ordered[low])
        for found in (v.quantile(box, q), v.nanquantile(box, [q])[0]):
            assert Fraction(float(found.lo)) <= expected <= Fraction(float(found.hi))
            assert found.hi - found.lo < 1e-13
        percent = v.percentile(box, q)
        place = Fraction(q) / 100 * 8
        expected = ordered[0] + place * (ordered[1] - ordered[0])
        assert Fraction(float(percent.lo)) <= expected <= Fraction(float(percent.hi))
    weights = np.random.default_rng(1).uniform(0.1, 1.0, 9)
    heavy = [Fraction(float(number)) for number in weights]
    expected = sum(a * w for a, w in zip(exact, heavy, strict=True)) / sum(heavy)
    found = v.average(box, weights=weights)
    assert Fraction(float(found.lo)) <= expected <= Fraction(float(found.hi))
    places = np.cumsum(weights)
    slopes = v.gradient(box, places)
    first = (exact[1] - exact[0]) / (Fraction(float(places[1])) - Fraction(float(places[0])))
    assert Fraction(float(slopes.lo[0])) <= first <= Fraction(float(slopes.hi[0]))


def test_complex_numbers():
    z = np.array([0.3 + 0.4j, -0.5 - 0.2j, 0.7 - 0.6j])
    d = Dual(z, np.ones(3) + 0j)
    for f in (
        np.var,
        np.std,
        np.mean,
        np.cov,
        np.cumprod,
        lambda z: np.vecdot(z, z),
        lambda z: np.correlate(z, z, "full"),
    ):
        assert_same(f(d).value, f(z))
    pair = np.stack([z, z[::-1] * (1 + 2j)])
    assert_same(np.corrcoef(Dual(pair, pair)).value, np.corrcoef(pair))
    assert_same(v.logsumexp(d).value, scipy.special.logsumexp(z))
    assert_same(jvp(np.var, (z,), (z,))[1], 2 * np.var(z))


def test_ufuncs_reduce_and_accumulate():
    x = np.array([[0.3, 0.7, 0.5], [0.1, 0.9, 0.4]])
    d = Dual(x, np.ones_like(x))
    for ufunc in (np.add, np.multiply, np.maximum, np.minimum):
        assert_same(ufunc.reduce(d, axis=1, initial=0.5).value, ufunc.reduce(x, axis=1, initial=0.5))
        assert_same(ufunc.reduce(d, keepdims=True).value, ufunc.reduce(x, keepdims=True))
    assert_same(np.multiply.accumulate(d, axis=1).value, np.multiply.accumulate(x, axis=1))


def test_a_number_broadcast_to_no_axes_is_that_number():
    def f(x):
        total = np.sum(x)
        return np.stack([1.0 / total, np.broadcast_to(total, ())]) @ np.array([1.0, 2.0])

    x = np.array([0.3, 0.5])
    assert_same(grad(f)(x), jacfwd(f)(x))
    assert_same(grad(f)(x), np.full(2, 2.0 - 1.0 / 0.64))

"""`statistics`, `scipy.stats` and random draws on values, against the plain functions by differences."""

import random
import statistics

import numpy as np
import pytest
import scipy.stats as st
from foreign_calls import call, slope

from interp import primal
from interp.control.science.random import FORMULAS
from interp.errors import ForeignCall, NoRule
from interp.numerics.distributions import CONTINUOUS, DISCRETE
from interpretations import Dual, Interval, Measurement, grad, hessian, jacfwd, jacobian_sparsity

DATA = np.array([0.41, 0.9, 0.23, 0.77, 0.62])
OTHER = [1.0, 2.0, 1.0, 4.0, 3.0]

OF_ONE = [
    statistics.mean,
    statistics.fmean,
    statistics.geometric_mean,
    statistics.harmonic_mean,
    statistics.median,
    statistics.median_low,
    statistics.median_high,
    statistics.variance,
    statistics.pvariance,
    statistics.stdev,
    statistics.pstdev,
]
STATISTICS = {
    **{f.__name__: (lambda g, x, f=f: g(f)(x)) for f in OF_ONE},
    "weighted": lambda g, x: g(statistics.fmean)(x, OTHER),
    "about a centre": lambda g, x: g(statistics.variance)(x, 0.5),
    "quantiles": lambda g, x: sum(g(statistics.quantiles)(x, n=3)),
    "inclusive quantiles": lambda g, x: sum(g(statistics.quantiles)(x, n=3, method="inclusive")),
    "covariance": lambda g, x: g(statistics.covariance)(x, OTHER),
    "correlation": lambda g, x: g(statistics.correlation)(x, OTHER),
    "regression": lambda g, x: sum(g(statistics.linear_regression)(x, OTHER)),
    "proportional": lambda g, x: g(statistics.linear_regression)(x, OTHER, proportional=True).slope,
    "median of an even number": lambda g, x: g(statistics.median)(x[:4]),
}


@pytest.mark.parametrize("name", STATISTICS)
def test_statistics(name):
    f = STATISTICS[name]
    plain = slope(lambda x: f(lambda function: function, x.tolist()), DATA, 1e-3)
    for derivative in (grad(lambda x: f(call, list(x)))(DATA), jacfwd(lambda x: f(call, x))(DATA)):
        np.testing.assert_allclose(derivative, plain, rtol=1e-7, atol=1e-9)
    out = f(call, Measurement(DATA, 0.1 * np.ones(5)))
    assert out.std_dev == pytest.approx(0.1 * np.linalg.norm(plain), rel=1e-7)


def test_medians_where_the_order_is_open():
    assert jacobian_sparsity(lambda x: call(statistics.median)(x), DATA).toarray().all()
    box = call(statistics.median)(Interval(DATA - 0.2, DATA + 0.2))
    rng = np.random.default_rng(0)
    samples = [np.median(DATA + rng.uniform(-0.2, 0.2, 5)) for _ in range(200)]
    assert box.lo <= min(samples) and max(samples) <= box.hi
    assert box.hi - box.lo <= 0.4 + 1e-12  # the median moves by no more than the data


def test_too_few_points():
    with pytest.raises(statistics.StatisticsError):
        call(statistics.stdev)(Dual(np.ones(1), np.ones(1)))


# -- distributions

SHAPES = {
    "t": (3.3,),
    "weibull_min": (1.7,),
    "lognorm": (0.6,),
    "gamma": (2.2,),
    "chi2": (3.1,),
    "invgamma": (2.1,),
    "beta": (2.0, 3.0),
    "pareto": (2.5,),
}
METHODS = ("pdf", "logpdf", "cdf", "sf", "logcdf", "logsf", "ppf", "isf")


def has(name, method):
    row = CONTINUOUS[name]
    return {
        "cdf": row.cdf,
        "logcdf": row.cdf or row.log_cdf,
        "sf": row.survival,
        "logsf": row.survival or row.log_survival,
        "ppf": row.quantile,
        "isf": row.quantile,
    }.get(method, True)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_distributions(name, method):
    distribution = getattr(st, name)
    plain_method, shapes = getattr(distribution, method), SHAPES.get(name, ())
    variable = 0.37 if method in ("ppf", "isf") else 2.1 if name == "pareto" else 0.8
    # Distribution functions of these have no derivative by the shape, which stays plain.
    plain_shapes = shapes if name in ("gamma", "chi2", "beta") and method not in ("pdf", "logpdf") else ()
    at = np.array([variable, *shapes[len(plain_shapes) :], 0.1, 1.3])

    def ours(v):
        return call(plain_method)(v[0], *plain_shapes, *v[1:])

    def plain(v):
        return plain_method(v[0], *plain_shapes, *v[1:])

    if not has(name, method):
        with pytest.raises(ForeignCall, match=name):
            grad(ours)(at)
        return
    np.testing.assert_allclose(grad(ours)(at), slope(plain, at), rtol=1e-8, atol=1e-10)
    assert primal(ours(Dual(at, at))) == pytest.approx(plain(at), rel=1e-13)
    assert hessian(ours)(at)[0, 0] == pytest.approx(slope(lambda x: grad(ours)(np.array([x, *at[1:]]))[0], at[0]), 1e-6)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_beyond_the_support_and_improper_parameters(name):
    distribution, shapes = getattr(st, name), SHAPES.get(name, ())
    at = np.array([-30.0, -1.0, 0.5, 1.5, 40.0])
    for method in ("pdf", "logpdf", "cdf", "sf"):
        if has(name, method):
            with np.errstate(all="ignore"):
                out = call(getattr(distribution, method))(Dual(at, np.ones(5)), *shapes)
                np.testing.assert_allclose(out.value, getattr(distribution, method)(at, *shapes), rtol=1e-11)
                assert not np.isnan(out.tangent).any()
    improper = call(distribution.pdf)(Dual(0.5, 1.0), *shapes, scale=-1.0)
    assert np.isnan(primal(improper))


@pytest.mark.parametrize(
    ("name", "shapes", "k"),
    [
        ("poisson", (2.3,), 3),
        ("bernoulli", (0.3,), 1),
        ("geom", (0.3,), 4),
        ("binom", (7.0, 0.3), 2),
        ("nbinom", (3.0, 0.4), 5),
    ],
)
def test_discrete_distributions(name, shapes, k):
    assert name in DISCRETE
    distribution = getattr(st, name)
    for method in (distribution.pmf, distribution.logpmf):
        found = grad(lambda p, method=method: call(method)(k, *shapes[:-1], p))(shapes[-1])
        expected = slope(lambda p, method=method: method(k, *shapes[:-1], p), shapes[-1])
        assert found == pytest.approx(float(expected), rel=1e-8)
    several = np.array([-1.0, 0.0, 1.0, 2.5])
    out = call(distribution.pmf)(several, *shapes[:-1], Dual(shapes[-1], 1.0))
    np.testing.assert_allclose(out.value, distribution.pmf(several, *shapes), rtol=1e-12)
    with pytest.raises(ForeignCall, match="integer"):
        call(distribution.pmf)(Dual(1.0, 1.0), *shapes)


def test_shapes_that_have_no_derivative_are_refused():
    with pytest.raises(NoRule, match="plain number"):
        call(st.gamma.cdf)(1.0, Dual(2.0, 1.0))


def test_frozen_distributions():
    log_density = lambda mu: -0.5 * ((0.3 - mu) / 2.0) ** 2  # noqa: E731
    assert grad(lambda mu: call(st.norm)(mu, 2.0).logpdf(0.3))(0.5) == pytest.approx(grad(log_density)(0.5), rel=1e-13)
    assert grad(lambda x: call(st.norm(0.1, 2.0).logpdf)(x))(0.5) == pytest.approx(-0.1, rel=1e-13)
    with pytest.raises(ForeignCall, match="entropy"):
        call(st.norm)(Dual(0.0, 1.0)).entropy()


def test_a_likelihood_in_one_call():
    def log_likelihood(p):
        return np.sum(call(st.norm.logpdf)(DATA, p[0], p[1]))

    at = np.array([0.5, 0.3])
    z = (DATA - 0.5) / 0.3
    np.testing.assert_allclose(grad(log_likelihood)(at), [z.sum() / 0.3, (z @ z - 5) / 0.3], rtol=1e-12)
    box = call(st.norm.logpdf)(Interval(0.1, 0.2))
    assert box.lo <= st.norm.logpdf(0.2) and st.norm.logpdf(0.1) <= box.hi


# -- draws

EXPECTED = {
    # derivative of a draw x by its first parameter, given the parameters a, b
    "normal": lambda x, a, b: np.ones_like(x),
    "lognormal": lambda x, a, b: x,
    "uniform": lambda x, a, b: 1.0 - (x - a) / (b - a),
    "exponential": lambda x, a: x / a,
    "logistic": lambda x, a, b: np.ones_like(x),
    "gumbel": lambda x, a, b: np.ones_like(x),
    "laplace": lambda x, a, b: np.ones_like(x),
    "rayleigh": lambda x, a: x / a,
    "weibull": lambda x, a: -x * np.log(x) / a,
    "pareto": lambda x, a: -(1.0 + x) * np.log1p(x) / a,
}


@pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState])
@pytest.mark.parametrize("name", FORMULAS)
def test_draws_are_the_generators_own_and_move_with_their_parameters(name, make):
    parameters = (0.7, 1.9)[: len(FORMULAS[name][2])]
    plain = getattr(make(1), name)(*parameters, size=4)
    drawn = call(getattr(make(1), name))(Dual(parameters[0], 1.0), *parameters[1:], size=4)
    np.testing.assert_allclose(drawn.value, plain, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(drawn.tangent, EXPECTED[name](plain, *parameters), rtol=1e-12)
    one = getattr(make(1), name)(*parameters)
    assert call(getattr(make(1), name))(Dual(parameters[0], 1.0), *parameters[1:]).value == pytest.approx(one)


def test_draws_by_the_global_generator():
    np.random.seed(3)
    plain = np.random.normal(1.0, 2.0, 3)
    np.random.seed(3)
    assert call(np.random.normal)(1.0, Dual(2.0, 1.0), 3).value.tolist() == plain.tolist()
    random.seed(3)
    assert random.gauss(Dual(1.0, 1.0), 2.0).tangent == 1.0  # Python's own is written with operators


def test_parameters_of_several_elements_give_a_draw_each():
    drawn = call(np.random.default_rng(0).normal)(Dual(np.zeros((2, 3)), np.ones((2, 3))), 1.0)
    assert drawn.shape == (2, 3)


def test_draws_that_are_no_function_of_their_parameters_are_refused():
    with pytest.raises(ForeignCall, match="likelihood ratio"):
        call(np.random.default_rng(0).poisson)(Dual(1.0, 1.0))


def test_elements_of_a_value_are_chosen():
    x = Dual(DATA, np.arange(5.0))
    chosen = call(np.random.default_rng(0).choice)(x, 3)
    assert chosen.value.tolist() == np.random.default_rng(0).choice(DATA, 3).tolist()
    shuffled = call(np.random.default_rng(0).permutation)(x)
    assert shuffled.value.tolist() == np.random.default_rng(0).permutation(DATA).tolist()

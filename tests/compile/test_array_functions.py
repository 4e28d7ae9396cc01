"""NumPy's functions of arrays in native code against eager code: values, two orders of derivatives, gradients.

The functions are called several in one program, for compiling takes most of the time. By default some programs run on
Duals of Duals and others in reverse; ``--every`` runs all of them both ways, and on Measurements and Intervals.
"""

import math

import numpy as np
import pytest
import scipy.special
from agreement import assert_same, parts

import interp
from interp.errors import CompileError
from interp.vocabulary.exponentials import log_softmax, logsumexp, softmax
from interpretations import Dual, Interval, Measurement, grad

X = np.array([0.7, -1.3, 2.2, 0.4, -0.6])
GAPS = np.array([0.7, np.nan, 2.2, 0.4, np.nan])
A = np.array([[2.3, 0.4, -0.7], [0.2, 1.9, 0.5], [-0.3, 0.8, 2.6]])
R = np.array([[1.2, 0.3, -0.5], [-0.4, 0.9, 0.8], [0.7, 1.6, 0.1], [0.2, -0.6, 1.1]])
S = 1.37


def composites(x, s):
    return (
        x.clip(-0.5, s),
        s.clip(0.0, 1.0),
        np.clip(x, None, 1.0),
        x.round(1) * x,
        np.nan_to_num(x),
        np.nan_to_num(s, nan=2.0, posinf=s),
        np.sinc(x),
        np.divmod(x, 0.3),
        np.modf(s),
        np.fix(x) * x,
        np.copysign(x, s),
    )


def judged(x):
    return (
        np.isclose(x, 0.7),
        np.allclose(x, x),
        np.array_equal(x, x + 1.0),
        np.isnan(x),
        np.any(x > 2.0),
        np.all(x),
        x.any(),
        np.argmin(x),
        np.count_nonzero(x > 0.0),
    )


def reductions(x):
    return (
        np.ptp(x),
        np.sum(x, axis=0, keepdims=True),
        np.mean(x, keepdims=True),
        np.var(x, ddof=1),
        x.std(ddof=2),
        np.average(x),
        np.average(x, weights=x * x),
        np.linalg.norm(x, 1),
        np.linalg.norm(x, np.inf),
        np.linalg.norm(x, 3),
        np.linalg.norm(x),
        np.trapezoid(x),
        np.trapezoid(x, dx=0.5),
        np.trapezoid(x * x, x),
    )


def along_axes(a):
    return (
        np.sum(a, axis=0, keepdims=True),
        a - np.mean(a, axis=1, keepdims=True),
        np.max(a, axis=1, keepdims=True),
        np.var(a, axis=0),
        np.std(a, axis=1, ddof=1),
        np.var(a),
        np.ptp(a, axis=1),
        np.cumsum(a),
        np.cumsum(a, axis=0),
        np.cumprod(a, axis=-1),
        np.diff(a, axis=0),
        np.diff(a),
        np.linalg.norm(a),
        np.linalg.norm(a, "fro"),
        np.linalg.norm(a, axis=0),
        np.linalg.norm(a, 1),
        np.linalg.norm(a, -np.inf),
    )


def running(x):
    return (
        np.cumprod(x),
        x.cumsum(),
        np.diff(x),
        np.diff(x, n=2),
        np.gradient(x, 0.5),
        np.convolve(x, x[1:4]),
        np.convolve(x, x[1:4], "same"),
        np.convolve(x[1:3], x, "valid"),
        np.linspace(x[0], x[1], 4),
    )


def missing(x):
    return (
        np.nansum(x),
        np.nanprod(x),
        np.nanmean(x),
        np.nanmax(x),
        np.nanmin(x),
        np.nanvar(x),
        np.nanstd(x, ddof=1),
        np.nancumsum(x),
    )


def exponential_sums(a):
    return logsumexp(a), softmax(a), log_softmax(a)


def joined(x, a, s):
    return (
        np.concatenate((x, x[1:3])),
        np.concatenate((a, a[:1] * s)),
        np.concatenate((a, np.ones((3, 2))), axis=1),
        np.stack((x, x * s), axis=1),
        np.vstack((x, x * x)),
        np.hstack((a, a[:, 1:])),
        np.column_stack((x, np.ones(5))),
        np.append(x, s),
        np.append(a, x),
    )


def rearranged(x, a, s):
    return (
        np.reshape(a, (1, 9)),
        a.T.reshape(-1),
        np.ravel(a[:, 1:]),
        np.expand_dims(x, 0),
        np.expand_dims(x, 1),
        np.squeeze(a[:, :1], axis=1),
        np.atleast_1d(s),
        np.atleast_2d(x),
        np.flip(x),
        np.flip(a),
        np.flipud(a),
        np.fliplr(a),
        np.roll(x, 2),
        np.roll(a, -1, axis=1),
        np.roll(a, 4),
        np.swapaxes(a, 0, 1),
        np.broadcast_to(x, (2, 5)),
        np.broadcast_to(s, 3),
    )


def picked(x, a):
    return (
        np.repeat(x, 2),
        a.repeat(np.arange(9)),
        np.tile(x, 2),
        np.diag(x[:2], 1),
        np.diag(a),
        np.diagonal(a, -1),
        np.trace(a),
        a.trace(1),
        np.tril(a),
        np.triu(a, 1),
        np.take(x, -2),
        np.take(a, np.array([0, 7])),
        np.take(a, np.array([2, 0]), axis=1),
        x[x > 0.0],
        a[np.array([0, 2])],
        np.where(x > 0.0, x, 2.0 * x),
    )


def ordered(x, a):
    return (
        np.sort(x),
        np.sort(a),
        np.sort(a, axis=0),
        np.sort(a, axis=None),
        np.median(x),
        np.median(x[:4]),
        np.median(a),
        np.quantile(x, 0.3),
        np.percentile(x, 65.0),
    )


def places(x):
    return np.argsort(x), x.argsort(), np.searchsorted(np.sort(x), 0.5), np.digitize(x, np.array([-1.0, 0.0, 1.0]))


def interpolated(s, x):
    grid = np.arange(5.0)
    at = np.array([-1.0, 0.3, 2.0, 9.0])
    return np.interp(s, grid, x), np.interp(x, grid, grid * grid), np.interp(s, grid + x[0], x), np.interp(at, grid, x)


def factors(a, r):
    return (
        np.linalg.slogdet(a)[1],
        np.linalg.cholesky(a @ a.T),
        np.linalg.qr(r)[0],
        np.linalg.qr(r)[1],
        np.linalg.qr(a)[1],
        np.linalg.qr(r.T)[1],
        np.linalg.pinv(r),
        np.linalg.pinv(r.T),
        np.linalg.matrix_power(a, 3),
        np.linalg.matrix_power(a, -2),
        np.linalg.matrix_power(a, 0) * a,
    )


def products(a, r, x):
    return (
        np.linalg.multi_dot((r, a, a[0])),
        np.linalg.multi_dot((r, a, a)),
        np.vdot(a, a.T),
        np.inner(a, r),
        np.inner(x, x),
        np.tensordot(a, a.T),
        np.tensordot(r, a, axes=1),
        np.cross(a[0], a[1]),
        np.vecdot(x, x),
        np.kron(a, a[:2, :2]),
        np.kron(x, x[:2]),
    )


PROGRAMS = {
    composites: (X, S),
    reductions: (X,),
    along_axes: (A,),
    running: (X,),
    missing: (GAPS,),
    exponential_sums: (R,),
    joined: (X, A, S),
    rearranged: (X, A, S),
    picked: (X, A),
    ordered: (X, A),
    interpolated: (S, X),
    factors: (A, R),
    products: (A, R, X),
}
OF_INTERVALS = (running, joined, rearranged)
"""Programs of what an interval has: no order, no masks, no pivots."""
RTOL = 1e-11


def some(*programs):
    """All programs, of which these run by default."""
    return [pytest.param(p, marks=[] if p in programs else [pytest.mark.every], id=p.__name__) for p in PROGRAMS]


def nested(x, rng):
    """A Dual of Duals in generic position."""

    def directed(x):
        tangent = rng.normal(size=np.shape(x))
        return Dual(x, tangent if np.ndim(x) else float(tangent))

    return Dual(directed(x), directed(rng.normal(size=np.shape(x)) if np.ndim(x) else float(rng.normal())))


def lifted(program, lift):
    rng = np.random.default_rng(4)
    return [lift(x, rng) for x in PROGRAMS[program]]


def total(results):
    """One number that has a part of every element in it."""
    flat = [y for part in results for y in (part if isinstance(part, tuple) else (part,))]
    return sum(np.sum(np.cos(np.arange(np.size(y)) + 1.0).reshape(np.shape(y)) * y) for y in flat)


@pytest.mark.parametrize("program", some(missing, ordered, rearranged, factors))
def test_duals_of_duals(program):
    args = lifted(program, nested)
    assert_same(interp.compile(program)(*args), program(*args), RTOL)


@pytest.mark.parametrize("program", some(reductions, picked))
def test_gradients(program):
    args, compiled = PROGRAMS[program], interp.compile(program)
    positions = tuple(range(len(args)))
    found = grad(lambda *args: total(compiled(*args)), positions)(*args)
    assert_same(found, grad(lambda *args: total(program(*args)), positions)(*args), RTOL)


@pytest.mark.every
@pytest.mark.parametrize("program", [p for p in PROGRAMS if p is not missing], ids=lambda f: f.__name__)
def test_measurements(program):
    args = lifted(program, lambda x, rng: Measurement(x, rng.uniform(0.01, 0.1, np.shape(x)) if np.ndim(x) else 0.1))
    for where, found, expected in parts(interp.compile(program)(*args), program(*args)):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-13, err_msg=where)


@pytest.mark.every
@pytest.mark.parametrize("program", OF_INTERVALS, ids=lambda f: f.__name__)
def test_intervals(program):
    args = lifted(program, lambda x, rng: Interval(x, x + 1e-6))
    for where, found, expected in parts(interp.compile(program)(*args), program(*args)):
        for end in ("lo", "hi"):
            np.testing.assert_allclose(getattr(found, end), getattr(expected, end), rtol=1e-13, err_msg=where)


def test_what_has_no_derivative():
    for program in (judged, places):
        args = (Dual(X, np.ones(5)),)
        assert_same(interp.compile(program)(*args), program(*args))


# -- edge cases


def test_ties_and_nan_come_last_in_order():
    f = interp.compile(lambda x: (np.sort(x), np.argsort(x)))
    x = Dual(np.array([2.0, np.nan, 1.0, 2.0]), np.arange(4.0))
    made, order = f(x)
    np.testing.assert_array_equal(order, [2, 0, 3, 1])
    np.testing.assert_array_equal(made.tangent, [2.0, 0.0, 3.0, 1.0])
    assert math.isnan(interp.compile(np_median)(x).value)


def np_median(x):
    return np.median(x)


def test_functions_of_scipys_by_name():
    f = interp.compile(lambda x: scipy.special.logsumexp(x) * scipy.special.softmax(x)[1])
    expected = scipy.special.logsumexp(X) * scipy.special.softmax(X)[1]
    assert f(X) == pytest.approx(expected, rel=1e-15)
    slopes = grad(f)(X)
    p = scipy.special.softmax(X)
    by_hand = p * p[1] + scipy.special.logsumexp(X) * p[1] * (np.eye(5)[1] - p)
    np.testing.assert_allclose(slopes, by_hand, rtol=1e-13)
    assert f.reverse == "adjoint"


ERRORS = [
    (lambda a: np.linalg.cholesky(-a), np.linalg.LinAlgError),
    (lambda a: np.linalg.pinv(a * 0.0), np.linalg.LinAlgError),
    (lambda a: np.take(a, 9), IndexError),
    (lambda a: np.cumsum(a, axis=2), ValueError),
    (lambda a: np.squeeze(a, axis=0), ValueError),
    (lambda a: np.concatenate((a, a[:, :2])), ValueError),
    (lambda a: np.average(a, weights=a * 0.0), ZeroDivisionError),
]


@pytest.mark.parametrize(("f", "error"), ERRORS)
def test_errors(f, error):
    with pytest.raises(error):
        interp.compile(f)(Dual(A, A))


REFUSED = [
    lambda a: np.linalg.norm(a, 2),
    lambda a: np.linalg.eigh(a)[0],
    lambda a: np.squeeze(a),
    lambda a: np.einsum("ij->i", a),
    lambda a: np.quantile(a, a[0, 0]),
]


@pytest.mark.parametrize("f", REFUSED)
def test_refused(f):
    with pytest.raises(CompileError, match=r"test_array_functions\.py:\d+"):
        interp.compile(f)(Dual(A, A))


def test_intervals_have_no_order():
    with pytest.raises(CompileError):
        interp.compile(lambda x: np.sort(x))(Interval(X, X + 1.0))

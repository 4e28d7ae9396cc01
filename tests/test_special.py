"""Special functions, and elementwise functions at their traps, against mpmath: in the tails, near zeros and poles.

First derivatives in both modes, second ones forward over reverse, and Taylor coefficients to order 4.
"""

import mpmath
import numpy as np
import pytest
import scipy.special
from mpmath import mpf

import interp.vocabulary as v
from interp.errors import NoRule
from interp.primitive import PRIMITIVES, Elementwise, Fixed
from interpretations import Dual, Measurement, grad, hessian, higher_derivatives, jvp

PI = mpmath.pi
TAILS = [-30.0, -8.0, -1.0, 0.0, 1e-8, 0.3, 2.0, 8.0]


def _ierfcx(n, x):
    """By parabolic cylinder functions (DLMF 7.18.11)."""
    return 2 ** (-(n - 1) / mpf(2)) / mpmath.sqrt(PI) * mpmath.exp(x * x / 2) * mpmath.pcfd(-n - 1, x * mpmath.sqrt(2))


def _regularised(a, lo, hi):
    return mpmath.gammainc(a, lo, hi, regularized=True)


# primitive: (mpmath's function, operands that a test varies one by one)
EXACT = {
    # error functions and the normal distribution
    "erf": (mpmath.erf, [(x,) for x in (-6.0, -1.0, 0.0, 1e-9, 0.3, 5.0)]),
    "erfc": (mpmath.erfc, [(x,) for x in (-6.0, -1.0, 0.0, 0.3, 5.0, 20.0, 26.0)]),
    "erfcx": (
        lambda x: mpmath.exp(x * x) * mpmath.erfc(x),
        [(x,) for x in (-20.0, -1.0, 0.0, 0.9, 1.0, 1.1, 5.0, 1e3, 1e8)],
    ),
    "ierfcx": (_ierfcx, [(n, x) for n in (1, 3) for x in (-3.0, 0.0, 0.5, 1.5, 30.0)]),
    "dawsn": (
        lambda x: mpmath.sqrt(PI) / 2 * mpmath.exp(-x * x) * mpmath.erfi(x),
        [(x,) for x in (-3.0, 0.0, 1e-9, 1.0, 10.0, 50.0)],
    ),
    "ndtr": (mpmath.ncdf, [(x,) for x in (-30.0, -8.0, -1.0, 0.0, 0.3, 2.0, 8.0)]),
    "log_ndtr": (
        lambda x: mpmath.log(mpmath.erfc(-x / mpmath.sqrt(2)) / 2),
        [(x,) for x in (-1e4, -300.0, -30.0, -8.0, -1.0, 0.0, 0.3, 2.0, 8.0)],
    ),
    "owens_t": (
        lambda h, a: mpmath.quad(lambda t: mpmath.exp(-h * h * (1 + t * t) / 2) / (1 + t * t), [0, a]) / (2 * PI),
        [(0.7, 0.4), (-2.0, 1.5), (1e-4, 0.5)],
    ),
    # logistic, entropies
    "expit": (lambda x: 1 / (1 + mpmath.exp(-x)), [(x,) for x in (-700.0, -40.0, 0.0, 3.0, 40.0)]),
    "log_expit": (lambda x: -mpmath.log1p(mpmath.exp(-x)), [(x,) for x in (-700.0, -40.0, 0.0, 3.0, 40.0)]),
    "logit": (lambda x: mpmath.log(x / (1 - x)), [(x,) for x in (1e-300, 1e-9, 0.3, 0.999, 1 - 1e-12)]),
    "xlogy": (lambda x, y: x * mpmath.log(y), [(0.7, 1.9), (1e-9, 1e-9), (0.0, 2.0)]),
    "xlog1py": (lambda x, y: x * mpmath.log1p(y), [(0.7, 1.9), (1e-9, 1e-9), (0.7, -0.999999)]),
    "entr": (lambda x: -x * mpmath.log(x), [(x,) for x in (1e-300, 0.1, 0.7, 1.0, 1e9)]),
    "rel_entr": (lambda x, y: x * mpmath.log(x / y), [(0.7, 1.9), (1.0, 1.0 + 1e-9), (1e-200, 1e200), (3e9, 1e-3)]),
    "kl_div": (lambda x, y: x * mpmath.log(x / y) - x + y, [(0.7, 1.9), (1.0, 1.0 + 1e-9), (1e-9, 1e9), (3e9, 1e-3)]),
    "huber": (
        lambda d, r: r * r / 2 if abs(r) <= d else d * (abs(r) - d / 2),
        [(1.3, 0.7), (1.3, 0.0), (1.3, -2.7), (1.3, 1e9)],
    ),
    "pseudo_huber": (
        lambda d, r: d * d * (mpmath.sqrt(1 + (r / d) ** 2) - 1),
        [(1.3, 0.7), (1.3, 1e-6), (1.3, -2.7), (1.3, 1e9)],
    ),
    # gamma functions
    "gamma": (mpmath.gamma, [(x,) for x in (1e-5, 0.3, 1.0, 2.7, 100.5, -0.5, -3.3)]),
    "rgamma": (mpmath.rgamma, [(x,) for x in (0.0, 1e-5, 0.3, 1.0, 2.7, 100.5, -0.5, -1.0, -3.0, -3.3)]),
    "gammaln": (lambda x: mpmath.re(mpmath.loggamma(x)), [(x,) for x in (1e-5, 0.3, 1.0, 2.0, 7.3, 1e10, -0.5, -3.3)]),
    "digamma": (mpmath.digamma, [(x,) for x in (1e-5, 0.3, 1.0, 2.0, 7.3, 1e10, -0.5, -3.3)]),
    "polygamma": (lambda n, x: mpmath.psi(n, x), [(n, x) for n in (0, 1, 2) for x in (1e-5, 0.3, 2.0, 7.3, 1e6)]),
    "beta": (mpmath.beta, [(1.3, 2.7), (0.1, 0.2), (30.0, 2.0), (2.0, 0.01)]),
    "betaln": (lambda x, y: mpmath.log(mpmath.beta(x, y)), [(1.3, 2.7), (0.1, 0.2), (30.0, 2.0), (2.0, 0.01)]),
    "gammainc": (lambda a, x: _regularised(a, 0, x), [(1.7, 2.3), (0.5, 1e-9), (20.0, 60.0), (1.0, 1e-20)]),
    "gammaincc": (lambda a, x: _regularised(a, x, mpmath.inf), [(1.7, 2.3), (0.5, 1e-9), (20.0, 60.0)]),
    "betainc": (
        lambda a, b, x: mpmath.betainc(a, b, 0, x, regularized=True),
        [(1.7, 2.3, 0.4), (0.5, 0.5, 1e-9), (2.0, 3.0, 0.999)],
    ),
    "betaincc": (lambda a, b, x: mpmath.betainc(a, b, x, 1, regularized=True), [(1.7, 2.3, 0.4), (0.5, 0.5, 1e-9)]),
    "hurwitz_zeta": (mpmath.zeta, [(2.5, 0.7), (1.1, 3.0), (4.0, 1e-3), (3.0, 1e3)]),
    # hypergeometric functions, integrals
    "hyp0f1": (mpmath.hyp0f1, [(1.5, 0.7), (2.5, -9.0), (0.5, 30.0)]),
    "hyp1f1": (mpmath.hyp1f1, [(1.5, 2.5, 0.7), (0.5, 1.5, -30.0), (2.0, 3.0, 30.0)]),
    "hyp2f1": (mpmath.hyp2f1, [(0.5, 1.5, 2.5, 0.7), (0.5, 1.5, 2.5, -30.0), (1.0, 1.0, 2.0, 0.9)]),
    "ellipk": (mpmath.ellipk, [(m,) for m in (-100.0, -1.0, 0.0, 1e-9, 0.5, 0.99, 1 - 1e-9)]),
    "ellipe": (mpmath.ellipe, [(m,) for m in (-100.0, -1.0, 0.0, 1e-9, 0.5, 0.99, 1 - 1e-9)]),
    "spence": (lambda z: mpmath.polylog(2, 1 - z), [(z,) for z in (1e-3, 0.5, 0.9999999, 1.0, 1.0000001, 1.7, 30.0)]),
    "exp1": (mpmath.e1, [(x,) for x in (1e-9, 0.7, 30.0, 300.0)]),
    "expi": (mpmath.ei, [(x,) for x in (-30.0, -0.7, -1e-9, 1e-9, 0.7, 30.0)]),
    "expn": (mpmath.expint, [(n, x) for n in (0, 1, 2, 5) for x in (0.01, 0.7, 30.0)]),
    "cosm1": (lambda x: mpmath.cos(x) - 1, [(x,) for x in (0.0, 1e-9, 0.7, 30.0)]),
    "exprel": (lambda x: mpmath.hyp1f1(1, 2, x), [(x,) for x in (-50.0, -1e-9, 0.0, 0.7, 30.0)]),
    "boxcox": (
        lambda x, y: mpmath.log(x) * mpmath.hyp1f1(1, 2, y * mpmath.log(x)),
        [(0.7, 0.3), (1.9, -2.0), (3.0, 0.0), (3.0, 1e-9)],
    ),
    "inv_boxcox": (lambda x, y: (1 + x * y) ** (1 / y), [(0.7, 0.3), (-0.4, 2.0)]),
    # Bessel functions
    "jv": (mpmath.besselj, [(n, x) for n in (0, 1, 1.5, 4) for x in (0.1, 2.3, 12.0)]),
    "yv": (mpmath.bessely, [(n, x) for n in (0, 1, 1.5, 4) for x in (0.1, 2.3, 12.0)]),
    "iv": (mpmath.besseli, [(n, x) for n in (0, 1, 1.5, 4) for x in (0.1, 2.3, 12.0)]),
    "kv": (mpmath.besselk, [(n, x) for n in (0, 1.5) for x in (0.1, 2.3)]),
    "jve": (mpmath.besselj, [(1, 2.3), (1.5, 2.3)]),
    "yve": (mpmath.bessely, [(1, 2.3), (1.5, 2.3)]),
    "ive": (
        lambda n, x: mpmath.exp(-x) * mpmath.besseli(n, x),
        [(n, x) for n in (0, 1, 1.5) for x in (0.1, 2.3, 12.0)],
    ),
    "kve": (lambda n, x: mpmath.exp(x) * mpmath.besselk(n, x), [(n, x) for n in (0, 1, 1.5) for x in (0.1, 2.3, 12.0)]),
    "j0": (lambda x: mpmath.besselj(0, x), [(x,) for x in (0.0, 1e-9, 2.3, -2.3, 30.0)]),
    "j1": (lambda x: mpmath.besselj(1, x), [(x,) for x in (0.0, 1e-9, 2.3, -2.3, 30.0)]),
    "y0": (lambda x: mpmath.bessely(0, x), [(x,) for x in (1e-9, 2.3, 12.0)]),
    "y1": (lambda x: mpmath.bessely(1, x), [(x,) for x in (1e-9, 2.3, 12.0)]),
    "i0": (lambda x: mpmath.besseli(0, x), [(x,) for x in (0.0, 1e-9, 2.3, -2.3, 30.0)]),
    "i1": (lambda x: mpmath.besseli(1, x), [(x,) for x in (0.0, 1e-9, 2.3, -2.3, 30.0)]),
    "k0": (lambda x: mpmath.besselk(0, x), [(x,) for x in (1e-9, 2.3)]),
    "k1": (lambda x: mpmath.besselk(1, x), [(x,) for x in (1e-9, 2.3)]),
    "i0e": (lambda x: mpmath.exp(-abs(x)) * mpmath.besseli(0, x), [(x,) for x in (1e-9, 2.3, -2.3, 30.0, 1e4)]),
    "i1e": (lambda x: mpmath.exp(-abs(x)) * mpmath.besseli(1, x), [(x,) for x in (1e-9, 2.3, -2.3, 30.0)]),
    "k0e": (lambda x: mpmath.exp(x) * mpmath.besselk(0, x), [(x,) for x in (1e-9, 2.3)]),
    "k1e": (lambda x: mpmath.exp(x) * mpmath.besselk(1, x), [(x,) for x in (1e-9, 2.3)]),
    # NumPy's
    "sinc": (lambda x: mpmath.sinc(PI * x), [(x,) for x in (0.0, 1e-20, 1e-9, 1e-4, 0.01, 0.3, 0.7, 1.0, -1.7, 10.3)]),
    "logaddexp": (
        lambda x, y: mpmath.log(mpmath.exp(x) + mpmath.exp(y)),
        [(1.3, 0.7), (-700.0, -745.0), (50.0, -50.0), (2.0, 2.0)],
    ),
    "logaddexp2": (lambda x, y: mpmath.log(2**x + 2**y, 2), [(1.3, 0.7), (-700.0, -745.0), (50.0, -50.0), (2.0, 2.0)]),
    "log_ratio": (lambda x, y: mpmath.log(x / y), [(0.7, 1.9), (1.0, 1.0 + 1e-9), (1e-200, 1e200)]),
    "hypot": (mpmath.hypot, [(3.0, 4.0), (1e-200, 1e-200), (1e200, 1e190), (0.0, 2.0)]),
    "tan": (mpmath.tan, [(x,) for x in (0.0, 1e-9, 1.5, 1.57079, -3.0)]),
    "deg2rad": (lambda x: x * PI / 180, [(37.0,), (-1e9,)]),
    "rad2deg": (lambda x: x * 180 / PI, [(1.3,), (-1e9,)]),
    "float_power": (mpmath.power, [(1.3, 0.7), (0.2, -3.0)]),
    "exp2": (lambda x: mpf(2) ** x, [(-1000.0,), (0.0,), (1000.5,)]),
    "arctan2": (mpmath.atan2, [(1.3, 0.7), (1e200, 1e200), (-1e-3, -5.0)]),
    "arcsin": (mpmath.asin, [(0.3,), (1 - 1e-12,), (-1 + 1e-9,)]),
    "arccosh": (mpmath.acosh, [(1 + 1e-9,), (1e9,)]),
    "arctanh": (mpmath.atanh, [(0.3,), (1 - 1e-12,)]),
    "tanh": (mpmath.tanh, [(0.3,), (-5.0,)]),
}

INVERSES = {
    # inverse: (the function that it inverts, operands of the inverse)
    "erfinv": (mpmath.erf, [(x,) for x in (-0.999999, -0.3, 0.0, 1e-9, 0.9)]),
    "erfcinv": (mpmath.erfc, [(x,) for x in (1e-140, 1e-20, 0.3, 1.0, 1.7, 1.999999)]),
    "ndtri": (mpmath.ncdf, [(x,) for x in (1e-140, 1e-20, 0.3, 0.5, 0.7, 0.999999)]),
    "ndtri_exp": (lambda x: mpmath.log(mpmath.ncdf(x)), [(x,) for x in (-1e3, -30.0, -2.0, -0.7, -0.01)]),
    "gammaincinv": (lambda a, x: _regularised(a, 0, x), [(1.7, 0.3), (0.5, 0.01), (20.0, 0.9)]),
    "gammainccinv": (lambda a, x: _regularised(a, x, mpmath.inf), [(1.7, 0.3), (0.5, 0.01), (20.0, 0.9)]),
    "betaincinv": (lambda a, b, x: mpmath.betainc(a, b, 0, x, regularized=True), [(1.7, 2.3, 0.4), (0.5, 0.5, 0.1)]),
    "betainccinv": (lambda a, b, x: mpmath.betainc(a, b, x, 1, regularized=True), [(1.7, 2.3, 0.4), (0.5, 0.5, 0.1)]),
}


EXACT |= INVERSES


def varying(name):
    """Positions of the operands that have a derivative."""
    return [i for i, p in enumerate(getattr(v, name).partials) if not isinstance(p, Fixed)]


CASES = [(name, point, i) for name, (_, points) in EXACT.items() for point in points for i in varying(name)]


def ours(name, point, i):
    """The function of one operand."""
    f = getattr(v, name)
    return lambda x: f(*point[:i], x, *point[i + 1 :])


def derivatives(name, point, i, order=2):
    """The same in mpmath, from the first derivative on."""
    exactly = list(map(mpf, point))
    x, f = exactly[i], EXACT[name][0]

    def exact(x):
        return mpmath.re(f(*exactly[:i], x, *exactly[i + 1 :]))

    with mpmath.workdps(60):
        if name in INVERSES:
            y = mpf(float(getattr(v, name)(*point)))
            root = mpmath.findroot(
                lambda y: exact(y) - x, (y, y * (1 + mpf(10) ** -12) + mpf(10) ** -30), tol=0, verify=False
            )
            slope, bend = (mpmath.diff(exact, root, k, h=_step(root)) for k in (1, 2))
            return [float(1 / slope), float(-bend / slope**3)]
        return [float(mpmath.diff(exact, x, k, h=_step(x))) for k in range(1, order + 1)]


def _step(x):
    return (abs(x) or mpf(1)) * mpf(10) ** -25


@pytest.mark.parametrize(("name", "point", "i"), CASES, ids=str)
def test_derivatives(name, point, i):
    f, x = ours(name, point, i), point[i]
    first, second = derivatives(name, point, i)
    half_a_float = abs(second * x) * 2.0**-53  # of x, as the first derivative sees it
    for found in (grad(f)(x), jvp(f, (x,), (1.0,))[1]):
        assert found == pytest.approx(first, rel=1e-12, abs=max(half_a_float, 1e-20 * abs(second), 1e-300))
    assert hessian(f)(x) == pytest.approx(second, rel=1e-10, abs=1e-15 * abs(first) + 1e-300)


ALONG_A_CURVE = [
    (name, points[0], i) for name, (_, points) in EXACT.items() for i in varying(name) if name not in INVERSES
]


@pytest.mark.parametrize(("name", "point", "i"), ALONG_A_CURVE, ids=str)
def test_taylor_coefficients(name, point, i):
    if name in ("ierfcx", "owens_t", "yve"):
        return  # mpmath's are slow there
    found = higher_derivatives(ours(name, point, i), 4)(point[i])
    expected = derivatives(name, point, i, 4)
    np.testing.assert_allclose(found[1:], expected, rtol=1e-10, atol=1e-12 * np.max(np.abs(expected)))


@pytest.mark.parametrize("name", sorted({name for name, _, _ in CASES}))
def test_measurements(name):
    point = EXACT[name][1][0]
    i = varying(name)[-1]
    slope = grad(ours(name, point, i))(point[i])
    assert ours(name, point, i)(Measurement(point[i], 0.01)).std_dev == pytest.approx(abs(0.01 * slope), rel=1e-12)


FIXED = [(name, i) for name in EXACT for i, p in enumerate(getattr(v, name).partials) if isinstance(p, Fixed)]


@pytest.mark.parametrize(("name", "i"), FIXED)
def test_orders_and_shapes_are_no_variables(name, i):
    point = EXACT[name][1][0]
    with pytest.raises(NoRule, match="plain number"):
        getattr(v, name)(*point[:i], Dual(float(point[i]), 1.0), *point[i + 1 :])


def test_zeta():
    assert grad(lambda q: scipy.special.zeta(2.5, q))(0.7) == grad(lambda q: v.zeta(2.5, q))(0.7)
    for f in (v.zeta, lambda x: v.zeta(x, 0.7), scipy.special.zeta):
        with pytest.raises(NoRule, match="exponent"):
            f(Dual(2.5, 1.0))
    assert v.zeta(2.0) == scipy.special.zeta(2.0) and v.zeta(2.0, 1.5) == scipy.special.zeta(2.0, 1.5)


# -- singular points: a function of one number, where, and its derivative there

SINGULAR = [
    (lambda x: v.xlogy(x, 0.0), 0.0, -np.inf),
    (lambda y: v.xlogy(0.0, y), 0.0, 0.0),
    (v.entr, 0.0, np.inf),
    (lambda x: v.rel_entr(x, 2.0), 0.0, -np.inf),
    (lambda y: v.rel_entr(0.0, y), 0.0, 0.0),
    (lambda y: v.kl_div(0.0, y), 2.0, 1.0),
    (v.j1, 0.0, 0.5),
    (v.i1, 0.0, 0.5),
    (v.j0, 0.0, 0.0),
    (lambda x: v.jv(1, x), 0.0, 0.5),
    (v.i0e, 0.0, 0.0),
    (v.rgamma, 0.0, 1.0),
    (v.rgamma, -1.0, -1.0),
    (v.rgamma, -4.0, 24.0),
    (v.spence, 1.0, -1.0),
    (v.spence, 0.0, -np.inf),
    (v.ellipk, 1.0, np.inf),
    (v.logit, 0.0, np.inf),
    (v.logit, 1.0, np.inf),
    (v.erfinv, 1.0, np.inf),
    (v.erfcinv, 0.0, -np.inf),
    (v.ndtri, 0.0, np.inf),
    (v.ndtri, 1.0, np.inf),
    (v.ndtri, 1e-300, 2.6973044650426113e298),
    (v.log_ndtr, -1e200, 1e200),
    (v.log_ndtr, 50.0, 0.0),
    (v.erfcx, 1e200, 0.0),
    (lambda x: v.gammainc(1.0, x), 0.0, 1.0),
    (lambda x: v.gammainc(2.0, x), 0.0, 0.0),
    (lambda x: v.gammainc(0.5, x), 0.0, np.inf),
    (lambda x: v.betainc(1.0, 3.0, x), 0.0, 3.0),
    (lambda x: v.betainc(3.0, 1.0, x), 1.0, 3.0),
    (lambda x: v.betainc(0.5, 1.0, x), 0.0, np.inf),
    (lambda x: v.expn(1, x), 0.0, -np.inf),
    (v.exprel, 0.0, 0.5),
    (v.sinc, 0.0, 0.0),
    (v.sinc, 1e-300, -3.289868133696453e-300),
    (lambda x: v.logaddexp(x, -np.inf), -np.inf, 0.5),
    (lambda x: v.logaddexp(x, -np.inf), 2.0, 1.0),
    (lambda x: v.logaddexp(x, 2.0), -np.inf, 0.0),
    (lambda x: v.logaddexp2(x, -np.inf), -np.inf, 0.5),
    (lambda x: v.logaddexp(x, 0.0), 2000.0, 1.0),
    (lambda x: v.maximum(x, -np.inf), -np.inf, 0.5),
    (lambda x: v.hypot(x, 0.0), 0.0, 0.0),
    (lambda x: v.hypot(x, 1.0), np.inf, 1.0),
    (lambda x: v.hypot(x, 1.0), -np.inf, -1.0),
    (lambda x: v.hypot(x, np.inf), 1.0, 0.0),
    (lambda x: v.hypot(x, 0.0), 1e-310, 1.0),
    (lambda x: v.copysign(x, -1.0), 0.0, 0.0),
    (lambda x: v.copysign(x, -1.0), 2.0, -1.0),
    (lambda x: v.copysign(x, -0.0), -2.0, 1.0),
    (lambda x: v.fmax(x, np.nan), 2.0, 1.0),
    (lambda x: v.fmax(np.nan, x), 2.0, 1.0),
    (lambda x: v.fmax(x, 2.0), np.nan, 0.0),
    (lambda x: v.fmin(x, 2.0), 2.0, 0.5),
    (lambda x: v.fmin(x, np.nan), 2.0, 1.0),
    (lambda x: v.nextafter(x, 3.0), 2.0, 1.0),
    (lambda x: v.nextafter(3.0, x), 2.0, 0.0),
    (v.spacing, 2.0, 0.0),
    (v.fix, -2.7, 0.0),
    (v.nan_to_num, np.nan, 0.0),
    (v.nan_to_num, np.inf, 0.0),
    (v.nan_to_num, 2.0, 1.0),
    (lambda x: v.modf(x)[0], -2.25, 1.0),
    (lambda x: v.modf(x)[0], np.inf, 1.0),
    (lambda x: v.divmod(x, 0.7)[1], 2.0, 1.0),
    (lambda y: v.divmod(2.0, y)[1], 0.7, -2.0),
    (lambda x: v.ldexp(x, 1030), 1e-300, 2.0**1023 * 2.0**7),
    (lambda x: x**0, 0.0, 0.0),
    (lambda x: v.float_power(x, 0.0), 0.0, 0.0),
    (lambda y: 0.0**y, 2.0, 0.0),
    (lambda y: v.float_power(0.0, y), 2.0, 0.0),
    (lambda x: x**3.0, -2.0, 12.0),
    (lambda x: v.float_power(x, 3), -2.0, 12.0),
]


@pytest.mark.parametrize(("f", "x", "expected"), SINGULAR)
def test_singular_points(f, x, expected):
    with np.errstate(all="ignore"):
        for found in (grad(f)(x), f(Dual(x, 1.0)).tangent):
            assert found == pytest.approx(expected, rel=1e-12, abs=0.0)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("options", [{}, {"nan": 2.0}, {"posinf": 3.0, "neginf": -4.0}], ids=str)
def test_nan_to_num(kind, options):
    x = np.array([[0.3, np.nan, -1.5], [np.inf, 0.7, -np.inf]], kind)
    out = np.nan_to_num(Dual(x, np.ones_like(x)), **options)
    np.testing.assert_array_equal(out.value, np.nan_to_num(x, **options))
    np.testing.assert_array_equal(out.tangent, np.isfinite(x))
    assert out.dtype == out.tangent.dtype == kind
    back = grad(lambda x: v.sum(v.nan_to_num(x, **options) * np.array(2.0, kind)))(x)
    np.testing.assert_array_equal(back, 2.0 * np.isfinite(x))


# -- single precision, integers, protocols, answers without derivative

SINGLE = [(name, EXACT[name][1][0]) for name in EXACT if name != "hurwitz_zeta"]


@pytest.mark.parametrize(("name", "point"), SINGLE, ids=str)
def test_single_precision_is_kept(name, point):
    primitive = getattr(v, name)
    shown = [p.shown if isinstance(p, Fixed) else None for p in primitive.partials]
    ranges = iter([primitive.domain] * shown.count(None) if np.ndim(primitive.domain) == 1 else primitive.domain)
    operands = [np.full(3, 0.3 * (r := next(ranges))[0] + 0.7 * r[1], np.float32) if n is None else n for n in shown]
    for i in varying(name):
        given = [*operands[:i], Dual(operands[i], np.ones(3, np.float32)), *operands[i + 1 :]]
        out = primitive(*given)
        expected = np.float64 if name == "float_power" else np.float32
        assert out.dtype == expected and np.asarray(out.tangent).dtype == expected


@pytest.mark.parametrize(
    "name", ["erf", "gamma", "jv", "gammainc", "exp1", "i0", "k1", "log_ndtr", "entr", "spence", "dawsn"]
)
def test_integers(name):
    fixed = (2,) if len(getattr(v, name).partials) == 2 else ()
    for kind in (np.int64, np.int8, np.uint8):
        found, expected = (
            grad(lambda x: v.sum(getattr(v, name)(*fixed, x)))(np.array([1, 2, 3], t)) for t in (kind, float)
        )
        np.testing.assert_allclose(found, expected, rtol=1e-15)


@pytest.mark.parametrize("small", [np.int8, np.uint8])
def test_constants_may_be_small_integers(small):
    x, y = np.array([0.5, 0.7]), np.array([2, 3], small)

    def slope(f, y):
        return grad(lambda x: v.sum(f(x, y)))(x)

    for f in (v.xlogy, v.rel_entr, v.kl_div, v.logaddexp, v.float_power, v.copysign, v.beta, v.owens_t):
        np.testing.assert_allclose(slope(f, y), slope(f, y.astype(float)), rtol=1e-15)


def test_bits_follow_integers_and_refuse_floats():
    for name in ("bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift", "gcd", "lcm"):
        np.testing.assert_array_equal(getattr(v, name)(np.array([6, 5]), 3), getattr(np, name)(np.array([6, 5]), 3))
        with pytest.raises(TypeError):
            getattr(np, name)(Dual(6.0, 1.0), 3)
    np.testing.assert_array_equal(v.invert(np.array([6, 5])), ~np.array([6, 5]))
    with pytest.raises(TypeError):
        np.invert(Dual(6.0, 1.0))


def test_functions_of_numpy_reach_ours():
    x = Dual(0.37, 1.0)
    for f in (np.sinc, np.deg2rad, np.radians, np.rad2deg, np.degrees, np.fabs, np.fix, np.spacing, np.i0):
        assert isinstance(f(x), Dual)
    for f in (np.logaddexp2, np.float_power, np.fmax, np.fmin, np.copysign, np.nextafter):
        assert isinstance(f(x, 0.7), Dual)
    fraction, whole = np.modf(x)
    assert fraction.tangent == 1.0 and whole.tangent == 0.0
    quotient, rest = np.divmod(x, 0.25)
    assert quotient.value == 1.0 and rest.tangent == 1.0
    assert np.ldexp(x, 3).tangent == 8.0
    assert bool(np.isposinf(x)) is False and bool(np.isneginf(x)) is False
    assert np.isclose(x, 0.37) and np.allclose(x, 0.37) and not np.array_equal(x, 0.4)


def test_every_special_function_is_compared():
    special = {p.name for p in PRIMITIVES.values() if isinstance(p, Elementwise) and getattr(v.special, p.name, 0) is p}
    assert special <= set(EXACT)

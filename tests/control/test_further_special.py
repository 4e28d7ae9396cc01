"""Further special functions: derivatives of first and second order against mpmath."""

import mpmath
import numpy as np
import pytest
import scipy.special as sp

from interp.errors import NoRule
from interp.numerics.special import FUNCTIONS
from interpretations import Dual, Interval, Measurement, grad, higher_derivatives, jacfwd

EXACT = {
    # name: (mpmath's function, operands; the last one varies unless `EVERY` says that all do)
    "ndtri": (lambda q: mpmath.sqrt(2) * mpmath.erfinv(2 * q - 1), (0.3,)),
    "erfinv": (mpmath.erfinv, (0.3,)),
    "erfcinv": (lambda q: mpmath.erfinv(1 - q), (0.3,)),
    "erfcx": (lambda x: mpmath.exp(x * x) * mpmath.erfc(x), (0.7,)),
    "dawsn": (lambda x: mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(-x * x) * mpmath.erfi(x), (0.7,)),
    "entr": (lambda x: -x * mpmath.log(x), (0.7,)),
    "rel_entr": (lambda x, y: x * mpmath.log(x / y), (0.7, 1.9)),
    "gamma": (mpmath.gamma, (2.7,)),
    "rgamma": (mpmath.rgamma, (2.7,)),
    "betaln": (lambda x, y: mpmath.log(mpmath.beta(x, y)), (1.3, 2.7)),
    "gammainc": (lambda a, x: mpmath.gammainc(a, 0, x, regularized=True), (1.7, 2.3)),
    "gammaincc": (lambda a, x: mpmath.gammainc(a, x, mpmath.inf, regularized=True), (1.7, 2.3)),
    "betainc": (lambda a, b, x: mpmath.betainc(a, b, 0, x, regularized=True), (1.7, 2.3, 0.4)),
    "exp1": (mpmath.e1, (0.7,)),
    "expi": (mpmath.ei, (0.7,)),
    "cosm1": (lambda x: mpmath.cos(x) - 1, (0.7,)),
    "jv": (mpmath.besselj, (1.5, 2.3)),
    "yv": (mpmath.bessely, (1.5, 2.3)),
    "iv": (mpmath.besseli, (1.5, 2.3)),
    "kv": (mpmath.besselk, (1.5, 2.3)),
    "j0": (lambda x: mpmath.besselj(0, x), (2.3,)),
    "j1": (lambda x: mpmath.besselj(1, x), (2.3,)),
    "i0": (lambda x: mpmath.besseli(0, x), (2.3,)),
    "i1": (lambda x: mpmath.besseli(1, x), (2.3,)),
}
EVERY = ("rel_entr", "betaln")


CASES = [
    (name, i)
    for name, (_, operands) in EXACT.items()
    for i in (range(len(operands)) if name in EVERY else [len(operands) - 1])
]


def test_every_function_has_a_case():
    assert {f.name for f in FUNCTIONS} == set(EXACT)


@pytest.mark.parametrize(("name", "varying"), CASES)
def test_derivatives(name, varying):
    exact, operands = EXACT[name]

    def ours(x):
        return getattr(sp, name)(*operands[:varying], x, *operands[varying + 1 :])

    def true(x):
        return exact(*map(mpmath.mpf, operands[:varying]), x, *map(mpmath.mpf, operands[varying + 1 :]))

    x = operands[varying]
    with mpmath.workdps(40):
        expected = [float(mpmath.diff(true, mpmath.mpf(x), k)) for k in range(4)]
    assert grad(ours)(x) == pytest.approx(expected[1], rel=1e-12)
    assert jacfwd(grad(ours))(x) == pytest.approx(expected[2], rel=1e-11)
    np.testing.assert_allclose(higher_derivatives(ours, 3)(x), expected, rtol=1e-10)
    assert ours(Measurement(x, 0.01)).std_dev == pytest.approx(abs(0.01 * expected[1]), rel=1e-12)


@pytest.mark.parametrize("name", ["gammainc", "betainc", "jv", "kv"])
def test_shapes_and_orders_are_no_variables(name):
    with pytest.raises(NoRule, match="plain number"):
        getattr(sp, name)(Dual(1.5, 1.0), *EXACT[name][1][1:])


@pytest.mark.parametrize("name", EXACT)
def test_intervals_are_refused(name):
    operands = EXACT[name][1]
    with pytest.raises(NoRule):
        getattr(sp, name)(*operands[:-1], Interval(operands[-1], operands[-1] + 0.01))


def test_bessels_derivative_at_zero():
    assert grad(sp.j1)(0.0) == 0.5 and grad(sp.i1)(0.0) == 0.5 and grad(sp.j0)(0.0) == 0.0

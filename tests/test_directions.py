"""Several directions at once against one at a time: memory orders, types, singular points; and the square of arrays."""

import numpy as np
import pytest

from interpretations import Dual, grad, jacfwd, jvp

C = np.linspace(0.3, 1.7, 12).reshape(3, 4)
PROGRAMS = {
    "sums and differences": lambda x: x - (1.0 - x) + x,
    "negated": lambda x: -x,
    "the same value twice": lambda x: x + x,
    "copied": lambda x: +x,
    "products": lambda x: (x * x - 2.0 * x) * (x + 1.0),
    "constant arrays": lambda x: C * x - x / C,
    "a constant in Fortran's order": lambda x: np.asfortranarray(C) * x,
    "broadcast": lambda x: x * x[:1] + x[:, :1],
    "transposed": lambda x: (x.T * x.T + 1.0).T * x,
    "views": lambda x: x[:, ::-1] * x[::-1],
    "single precision constants": lambda x: np.float32(0.5) * x + C.astype(np.float32) * x,
    "whole numbers": lambda x: np.arange(12).reshape(3, 4) * x + 3 * x,
    "singular": lambda x: np.sqrt((x - x[1, 1]) ** 2) * x + np.abs(x - x[0, 0]) ** 1.5,
    "squares": lambda x: x**2 + (1.0 - x) ** 2.0,
    "written to": lambda x: written(x),
}


def written(x):
    y = x * x
    z = y + 0.0
    z[1] = x[0] * 3.0
    y[0] += z[1]
    return y * z


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", PROGRAMS)
def test_several_directions_are_each_one_alone(name, dtype, order):
    f = PROGRAMS[name]
    x = np.array(np.sin(np.arange(12.0)).reshape(3, 4) + 1.5, dtype=dtype, order=order)
    for k in (1, 3, 4):
        directions = np.random.default_rng(k).normal(size=(k, 3, 4)).astype(dtype)
        together = f(Dual(x, directions))
        assert together.value.dtype == f(x).dtype and together.tangent.dtype == f(x).dtype
        for tangent, direction in zip(together.tangent, directions, strict=True):
            alone = jvp(f, (x,), (direction,))[1]
            np.testing.assert_allclose(tangent, alone, rtol=1e-5 if dtype == np.float32 else 1e-13, atol=1e-6)


def test_a_nan_stays_in_its_direction():
    x = np.array([0.0, 4.0, np.nan])
    jacobian = jacfwd(lambda x: np.sqrt(x) * x[::-1])(x)
    assert np.isnan(jacobian).tolist() == [[True, False, False], [False, False, False], [True, False, False]]


def test_a_result_does_not_share_its_tangents():
    x = Dual(np.ones(3), np.ones((2, 3)))
    for f in (lambda x: x + 1.0, lambda x: x - 0.0, np.positive, lambda x: 1.0 * x, lambda x: x**2):
        y = f(x)
        y[0] = 5.0
        assert (x.tangent == 1.0).all() and (y.tangent[:, 0] == 0.0).all()


def test_directions_that_do_not_match_are_an_error():
    with pytest.raises(ValueError, match="directions meet"):
        Dual(np.ones(3), np.ones((2, 3))) + Dual(np.ones(3), np.ones((4, 3)))


@pytest.mark.parametrize("exponent", [2, 2.0, np.float64(2.0), np.int64(2), 3, 0.5, True])
def test_powers_are_numpys(exponent):
    x = np.array([0.7, 1.3, 2.0])
    assert (Dual(x, x).value ** exponent == x**exponent).all()
    np.testing.assert_allclose((Dual(x, x) ** exponent).value, x**exponent, rtol=1e-15)
    slope = float(exponent) * x ** (float(exponent) - 1.0)
    np.testing.assert_allclose(grad(lambda x: np.sum(x**exponent))(x), slope, rtol=1e-14)
    np.testing.assert_allclose((Dual(x, np.ones(3)) ** exponent).tangent, slope, rtol=1e-14)


def test_the_square_of_a_number_stays_pythons():
    assert type((Dual(3.0, 1.0) ** 2).value) is float
    with pytest.raises(OverflowError):
        Dual(1e200, 1.0) ** 2

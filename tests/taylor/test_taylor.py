"""`Taylor`: elementwise primitives against mpmath, programs against closed forms, the type against its promises."""

import copy
import math
import pickle

import mpmath
import numpy as np
import pytest
from test_special import EXACT

import interp.vocabulary as v
from interp import interpret
from interp.errors import MixedLevels, MutationError, RefusedStack, ShapeError, UnsupportedInput
from interp.primitive import PRIMITIVES, Elementwise
from interp.testing import check_composition
from interpretations import (
    Dual,
    Interval,
    Tape,
    Taylor,
    bounds,
    grad,
    gradient,
    higher_derivatives,
    jet,
    sparsity,
    taylor,
    uncertainty,
)

ORDER = 8

# -- elementwise primitives


UNARY = {
    # primitive: (the same of mpmath, where)
    "absolute": (abs, -0.7),
    "fabs": (abs, -0.7),
    "arccos": (mpmath.acos, 0.3),
    "arccosh": (mpmath.acosh, 1.7),
    "arcsin": (mpmath.asin, 0.3),
    "arcsinh": (mpmath.asinh, 0.7),
    "arctan": (mpmath.atan, 0.7),
    "arctanh": (mpmath.atanh, 0.3),
    "cbrt": (mpmath.cbrt, 0.7),
    "cos": (mpmath.cos, 0.7),
    "cosh": (mpmath.cosh, 0.7),
    "digamma": (mpmath.digamma, 1.7),
    "erf": (mpmath.erf, 0.7),
    "erfc": (mpmath.erfc, 0.7),
    "exp": (mpmath.exp, 0.7),
    "exp2": (lambda x: mpmath.power(2, x), 0.7),
    "expit": (lambda x: 1 / (1 + mpmath.exp(-x)), 0.7),
    "expm1": (mpmath.expm1, 0.7),
    "gammaln": (mpmath.loggamma, 1.7),
    "i0e": (lambda x: mpmath.exp(-x) * mpmath.besseli(0, x), 0.7),
    "log": (mpmath.log, 0.7),
    "log10": (mpmath.log10, 0.7),
    "log1p": (mpmath.log1p, 0.7),
    "log2": (lambda x: mpmath.log(x, 2), 0.7),
    "log_expit": (lambda x: -mpmath.log(1 + mpmath.exp(-x)), 0.7),
    "log_ndtr": (lambda x: mpmath.log(mpmath.ncdf(x)), 0.7),
    "logit": (lambda x: mpmath.log(x / (1 - x)), 0.3),
    "ndtr": (mpmath.ncdf, 0.7),
    "negative": (lambda x: -x, 0.7),
    "positive": (lambda x: x, 0.7),
    "reciprocal": (lambda x: 1 / x, 0.7),
    "sin": (mpmath.sin, 0.7),
    "sinh": (mpmath.sinh, 0.7),
    "sqrt": (mpmath.sqrt, 0.7),
    "square": (lambda x: x * x, 0.7),
    "tan": (mpmath.tan, 0.7),
    "tanh": (mpmath.tanh, 0.7),
}
BINARY = {
    "copysign": (lambda x, y: x, 1.3, 0.7),
    "fmax": (lambda x, y: x, 1.3, 0.7),
    "fmin": (lambda x, y: y, 1.3, 0.7),
    "add": (lambda x, y: x + y, 1.3, 0.7),
    "arctan2": (mpmath.atan2, 1.3, 0.7),
    "beta": (mpmath.beta, 1.3, 0.7),
    "divide": (lambda x, y: x / y, 1.3, 0.7),
    "fmod": (lambda x, y: x - y, 1.3, 0.9),
    "hypot": (mpmath.hypot, 1.3, 0.7),
    "logaddexp": (lambda x, y: mpmath.log(mpmath.exp(x) + mpmath.exp(y)), 1.3, 0.7),
    "maximum": (lambda x, y: x, 1.3, 0.7),
    "minimum": (lambda x, y: y, 1.3, 0.7),
    "multiply": (lambda x, y: x * y, 1.3, 0.7),
    "power": (mpmath.power, 1.3, 0.7),
    "remainder": (lambda x, y: x - y, 1.3, 0.9),
    "strong_multiply": (lambda x, y: x * y, 1.3, 0.7),
    "subtract": (lambda x, y: x - y, 1.3, 0.7),
    "xlog1py": (lambda x, y: x * mpmath.log1p(y), 1.3, 0.7),
    "xlogy": (lambda x, y: x * mpmath.log(y), 1.3, 0.7),
}
STEPS = ("sign", "floor", "ceil", "trunc", "rint", "spacing")


def of_mpmath(f, x, order=ORDER):
    """Coefficients of f at x from higher precision."""
    with mpmath.workdps(60):
        return np.array([float(c) for c in mpmath.taylor(f, mpmath.mpf(x), order)])


def close(found, expected, rtol=2e-13):
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * np.max(np.abs(expected)))


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one(name):
    reference, x = UNARY[name]
    f = getattr(v, name)
    close(interpret(f, taylor(ORDER))(x).coefficients, of_mpmath(reference, x))
    bent = interpret(lambda t: f(x + 0.3 * np.sin(t)), taylor(ORDER))(0.0).coefficients
    close(bent, of_mpmath(lambda t: reference(x + 0.3 * mpmath.sin(t)), 0.0))


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("active", ["both", "left", "right"])
def test_functions_of_two(name, active):
    reference, x, y = BINARY[name]
    f = getattr(v, name)
    a, b = {"both": (0.3, -0.2), "left": (0.3, 0.0), "right": (0.0, -0.2)}[active]

    def along(t):
        return f(x + a * np.sin(t) if a else x, y + b * np.exp(t) if b else y)

    def expected(t):
        return reference(x + a * mpmath.sin(t) if a else mpmath.mpf(x), y + b * mpmath.exp(t) if b else mpmath.mpf(y))

    close(interpret(along, taylor(ORDER))(0.0).coefficients, of_mpmath(expected, 0.0))


@pytest.mark.parametrize("name", STEPS)
def test_steps_are_constant(name):
    found = interpret(getattr(v, name), taylor(3))(1.7).coefficients
    assert found.tolist() == [getattr(v, name)(1.7), 0.0, 0.0, 0.0]


def test_every_elementwise_primitive_is_compared():
    others = {"heaviside", "floor_divide", "gap", "leg_ratio", "nextafter"}  # below, or through another
    others |= {getattr(v, name).name for name in EXACT}
    compared = {getattr(v, name).name for name in (*UNARY, *BINARY, *STEPS)}
    bundled = {n for n, p in PRIMITIVES.items() if isinstance(p, Elementwise) and getattr(v, n, None) is p}
    assert bundled - compared - others == set()


def test_polygamma_and_heaviside():
    close(
        interpret(lambda x: v.polygamma(2, x), taylor(6))(1.7).coefficients,
        of_mpmath(lambda x: mpmath.psi(2, x), 1.7, 6),
    )
    assert interpret(lambda x: v.heaviside(x, 0.5) * x, taylor(2))(1.5).coefficients.tolist() == [1.5, 1.0, 0.0]


@pytest.mark.parametrize("exponent", [-3, -1, 0, 1, 2, 3, 7, 2.0, 0.5, 2.5, -1.5, np.float64(3.0), np.int64(2)])
@pytest.mark.parametrize("x", [0.7, 2.0])
def test_powers(exponent, x):
    close(interpret(lambda x: x**exponent, taylor(ORDER))(x).coefficients, of_mpmath(lambda x: x ** float(exponent), x))


@pytest.mark.parametrize("x", [0.0, 1e-9, -1e-9])
def test_whole_powers_at_zero_and_near_it(x):
    """The recurrence divides by x: products do not."""
    assert higher_derivatives(lambda x: x**0 + x**0.0, 3)(x).tolist() == [2.0, 0.0, 0.0, 0.0]
    for exponent in (3, 3.0, np.array(3.0)):
        found = interpret(lambda x, n=exponent: (x + x * x) ** n, taylor(6))(x).coefficients
        close(found, of_mpmath(lambda x: (x + x * x) ** 3, x, 6))
    found = interpret(lambda x: x ** np.array([2.0, 0.0, 3.0]), taylor(3))(0.0).coefficients
    assert found.T.tolist() == [[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]]


def nested(f, x, order):
    """Derivatives by Duals of Duals: nothing is shared with Taylor but the table."""
    level, found = Dual(np.float64(x), 1.0), []  # of a float at 0 Python refuses the power in a partial
    for _ in range(order - 1):
        level = Dual(level, 1.0)
    out = f(level)
    for _ in range(order):
        found.append(out)
        out = out.tangent
    found.append(out)
    return [float(v.copy(innermost(x))) for x in found]


def innermost(x):
    return innermost(x.value) if isinstance(x, Dual) else x


SMOOTH = {
    "quotient": lambda x: np.exp(-x * x) / (1.0 + x**2) - np.log(2.0 + np.sin(x)),
    "roots": lambda x: np.sqrt(1.0 + np.tanh(x)) * np.hypot(x, 2.0) ** 1.5,
    "inverse functions": lambda x: np.arctan2(x, 1.0 + x * x) * np.arcsinh(x) + np.arccos(0.3 * x),
    "exponents": lambda x: (1.0 + x) ** x * 2.0**x + x**-2,
    "special": lambda x: v.erf(x) * v.expit(x) - v.gammaln(1.0 + x) + v.log_ndtr(x),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_against_nested_duals(name):
    f = SMOOTH[name]
    close(higher_derivatives(f, 5)(0.8), nested(f, 0.8, 5), 1e-12)


SINGULAR = {
    # at 0, where some partial is infinite or a rule is a convention
    "root of a square": lambda x: np.sqrt(x * x),
    "hypot": lambda x: np.hypot(x, 0.0),
    "root": lambda x: np.sqrt(1.0 * x),
    "root beside a zero": lambda x: np.sqrt(0.0 * x) + x,
    "cube root": lambda x: np.cbrt(x),
    "absolute": lambda x: abs(x) * (1.0 + x),
    "tie": lambda x: np.maximum(x, -x) + np.minimum(2.0 * x, 3.0 * x),
    "real power": lambda x: x**0.5 + x**1.5,
    "one over": lambda x: np.reciprocal(x),
    "log": lambda x: np.log(np.float64(1.0) * x),
    "0**y": lambda y: np.power(0.0, 1.0 + y),
    "x log x": lambda x: v.xlogy(0.0, x),
    "where": lambda x: np.where(x > 0, np.sqrt(x), x * x),
    "infinity": lambda x: np.exp(800.0 + x),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", SINGULAR)
def test_singular_points_follow_the_conventions_of_dual(name):
    f = SINGULAR[name]
    np.testing.assert_array_equal(higher_derivatives(f, 2)(0.0), nested(f, 0.0, 2))
    array = interpret(f, taylor(2))(np.array([0.0, 0.7])).derivatives
    np.testing.assert_array_equal(array[:, 0], nested(f, 0.0, 2))
    np.testing.assert_allclose(array[:, 1], nested(f, 0.7, 2), rtol=1e-14)


def test_nan_stays_where_it_is():
    x = np.array([np.nan, 2.0])
    found = interpret(lambda x: np.sin(x) * x + np.log(x), taylor(3))(x).coefficients
    assert np.isnan(found[0, 0]) and np.isfinite(found[:, 1]).all()


def test_division_by_a_plain_zero_is_as_in_python():
    with pytest.raises(ZeroDivisionError):
        Taylor(1.0, [1.0]) / 0.0
    with pytest.raises(ZeroDivisionError):
        1.0 / Taylor(0.0, [1.0])


# -- programs


def test_a_loop_with_a_branch_in_closed_form():
    def program(x, n=12):
        total, power = 0.0, 1.0
        for k in range(n):
            if k > 0:
                power = power * x / k
            if power < -1e300:
                return x
            total = total + power
        return total

    expected = [sum(0.5 ** (k - j) / math.factorial(k - j) for k in range(j, 12)) for j in range(10)]
    close(higher_derivatives(program, 9)(0.5), expected)


def test_branches_follow_the_primal():
    def f(x):
        return x**3 if x > 1.0 else -x

    assert higher_derivatives(f, 3)(2.0).tolist() == [8.0, 12.0, 12.0, 6.0]
    assert higher_derivatives(f, 3)(0.5).tolist() == [-0.5, -1.0, 0.0, 0.0]


def newton(a):
    x = a
    while abs(x * x - a) > 1e-12 * a:
        x = 0.5 * (x + a / x)
    return 0.5 * (x + a / x)  # one step more, so that all derivatives have converged


def test_derivatives_through_newtons_iteration():
    """Each step doubles the number of derivatives that are right: the last ones need more than the value does."""

    def converged(a):
        x = newton(a)
        for _ in range(4):
            x = 0.5 * (x + a / x)
        return x

    close(higher_derivatives(converged, 8)(2.0), of_mpmath(mpmath.sqrt, 2.0) * [math.factorial(k) for k in range(9)])


def test_high_order():
    found = interpret(lambda x: np.exp(np.sin(x)), taylor(40))(0.3).coefficients
    close(found, of_mpmath(lambda x: mpmath.exp(mpmath.sin(x)), 0.3, 40), 1e-12)


# -- arrays


def random_taylor(rng, shape, order=4):
    return Taylor(rng.uniform(0.5, 1.5, shape), rng.normal(size=(order, *shape)))


def at(x, t):
    """The polynomial at t."""
    total = x.value * 1.0
    for k in range(x.order):
        total = total + x.higher[k] * t ** (k + 1)
    return total


ARRAY = {
    "solve": lambda a, b: np.linalg.solve(a, b[0]),
    "solve columns": np.linalg.solve,
    "solve many": lambda a, b: np.linalg.solve(np.stack([a, a + 1.0]), b[0]),
    "solve constant matrix": lambda a, b: np.linalg.solve(a.shape[0] * np.eye(len(a)) + 1.0, b),
    "solve constant right": lambda a, b: np.linalg.solve(a, np.arange(9.0).reshape(3, 3)) + 0.0 * b,
    "inv": lambda a, b: np.linalg.inv(a) @ b,
    "det": lambda a, b: np.linalg.det(a + 3.0 * np.eye(3)) * b,
    "det of four": lambda a, b: np.linalg.det(
        np.stack([*[np.concatenate([r, r[:1]]) for r in a], np.arange(4.0) + a[0, 0]])
    ),
    "det of singular": lambda a, b: np.linalg.det(np.zeros_like(a[:1, :1]) + a[0, 0] * np.ones((4, 4)) * b[0, 0]),
    "dot": lambda a, b: a @ b,
    "three factors": lambda a, b: np.einsum("ij,jk,ki->i", a, b, a),
    "product": lambda a, b: np.prod(a, axis=0) * b,
    "maximum": lambda a, b: np.max(a * b, axis=1),
    "cumulative sum": lambda a, b: np.cumsum(a * b, axis=0),
    "means": lambda a, b: np.mean(a * b, axis=0) / np.mean(a),
    "broadcast": lambda a, b: a * b[0] / b[:, :1] + np.exp(a[0]),
    "views": lambda a, b: (a.T[::-1] * b).reshape(-1)[[1, 1, 4]],
    "where": lambda a, b: np.where(np.arange(3) > 1, a * b, a),
    "hypot of a vector": lambda a, b: np.sqrt(np.sum(a * a, axis=0)) + b,
}


@pytest.mark.parametrize("name", ARRAY)
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_arrays_against_differences_of_the_polynomial(name, order):
    """The coefficients of f(x(t)) are those of a polynomial fitted to it on a small circle (Cauchy's formula)."""
    f = ARRAY[name]
    rng = np.random.default_rng(3)
    a, b = random_taylor(rng, (3, 3), order), random_taylor(rng, (3, 3), order)
    out = f(a, b)
    n, radius = 64, 0.02
    points = radius * np.exp(2j * np.pi * np.arange(n) / n)
    if name == "maximum":  # not analytic: the entry that is greatest is
        chosen = np.argmax(a.value * b.value, axis=1)
        values = np.array([(at(a, t) * at(b, t))[range(3), chosen] for t in points])
    elif name == "det of singular":
        values = np.zeros((n, *out.shape), complex)
    else:
        values = np.array([f(at(a, t), at(b, t)) for t in points])
    spectrum = np.fft.fft(values, axis=0)[: order + 1] / n
    for k in range(order + 1):
        expected = (spectrum[k] / radius**k).real
        np.testing.assert_allclose(out.coefficients[k], expected, rtol=1e-7, atol=1e-7 * (1 + np.abs(expected).max()))


def test_memory_order_and_views():
    x = Taylor(np.ones((2, 3)).T, np.ones((2, 3, 2)))
    y = x * x
    y.reshape(-1)[0] = 5.0
    assert (y.value[0, 0] == 5.0) == (y.higher[0, 0, 0] == 0.0)
    x[0, 0] = Taylor(7.0, [1.0, 2.0])
    assert x.value[0, 0] == 7.0 and x.higher[:, 0, 0].tolist() == [1.0, 2.0]
    z = x[1]
    z[:] = 0.0
    assert x.value[1].tolist() == [0.0, 0.0] and not x.higher[:, 1].any()
    with pytest.raises(MutationError, match="scalar Taylor"):
        x[0, 0].__setitem__(..., 1.0)


def test_results_share_memory_with_nothing():
    value, higher = np.ones(3), np.ones((2, 3))
    x = Taylor(value, higher)
    y = x + 1.0
    x[:] = 0.0
    assert value.all() and higher.all() and y.higher.all()


def test_float32_stays():
    x = Taylor(np.float32(0.5) * np.ones(3, np.float32), np.ones((4, 3), np.float32))
    for f in (np.sin, np.sqrt, lambda x: x * x / (1 + x), lambda x: x**3, lambda x: np.exp(2.0 * x)):
        assert f(x).value.dtype == f(x).higher.dtype == np.float32


def test_complex_intermediate_numbers():
    found = higher_derivatives(lambda x: np.exp(1j * x) * x, 3)(0.4)
    close(found, [np.exp(0.4j) * (1j**k * 0.4 + k * 1j ** (k - 1)) for k in range(4)])


def test_empty_arrays():
    assert higher_derivatives(lambda x: np.sin(x) * x, 3)(np.zeros(0)).shape == (4, 0)
    assert higher_derivatives(lambda x: np.sum(np.sin(x)), 3)(np.zeros(0)).tolist() == [0.0] * 4


# -- the type


def test_coefficients_and_derivatives():
    x = Taylor(1.0, [2.0, 3.0, 4.0])
    assert x.order == 3
    assert x.coefficients.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert x.derivatives.tolist() == [1.0, 2.0, 6.0, 24.0]
    assert x.truncated(1).coefficients.tolist() == [1.0, 2.0]
    with pytest.raises(ShapeError, match="1 to 3"):
        x.truncated(4)


@pytest.mark.parametrize("higher", [1.0, [], [[1.0]], np.ones((2, 3))])
def test_shapes_are_checked(higher):
    with pytest.raises(ShapeError, match="one entry for each of t"):
        Taylor(1.0, higher)


def test_different_orders_do_not_meet():
    x, y = Taylor(1.0, [1.0, 0.0]), Taylor(1.0, [1.0, 0.0, 0.0])
    for f in (lambda x, y: x * y, lambda x, y: x + y, lambda x, y: np.stack([x, y])):
        with pytest.raises(ShapeError, match="truncated"):
            f(x, y)
    assert (x * y.truncated(2)).order == 2


def test_integers_become_floats_and_objects_are_refused():
    assert Taylor(3, [1, 0]).value == 3.0 and Taylor(3, [1, 0]).higher.dtype == float
    with pytest.raises(UnsupportedInput):
        Taylor("3", ["1"])


def test_copies_and_pickles():
    x = Taylor(np.ones(2), np.ones((3, 2)))
    for y in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert isinstance(y, Taylor) and y.order == 3 and np.array_equal(y.higher, x.higher)


def test_types_at_one_level_do_not_mix():
    with pytest.raises(MixedLevels):
        Taylor(1.0, [1.0]) * Dual(1.0, 1.0)


# -- transforms


def test_along_a_direction():
    x, d = np.array([0.3, 0.5]), np.array([1.0, -2.0])
    found = higher_derivatives(lambda x: np.sin(x[0]) * x[1], 4, direction=d)(x)
    close(found, of_mpmath(lambda t: mpmath.sin(0.3 + t) * (0.5 - 2 * t), 0.0, 4) * [1, 1, 2, 6, 24])
    with pytest.raises(ShapeError, match="direction"):
        higher_derivatives(np.sum, 2, direction=[1.0])(x)
    with pytest.raises(ShapeError, match="order is 1"):
        higher_derivatives(np.sin, 0)


def test_elementwise_without_a_direction():
    x = np.linspace(0.1, 2.0, 7)
    close(higher_derivatives(np.sin, 4)(x), [np.sin(x), np.cos(x), -np.sin(x), -np.cos(x), np.sin(x)])


def test_outputs_in_containers_and_constants():
    found = higher_derivatives(lambda x: {"a": x * x, "b": (1.0, np.ones(2))}, 2)(3.0)
    assert found["a"].tolist() == [9.0, 6.0, 2.0]
    assert found["b"][0].tolist() == [1.0, 0.0, 0.0] and found["b"][1].tolist() == [[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]
    with pytest.raises(RefusedStack):
        higher_derivatives(lambda x: Dual(x, 1.0), 2)(1.0)


def test_jet_as_in_jax():
    """x(t) = 0.5 + t + t**2 / 2 ..., y(t) = 2 - t: the numbers of jax.experimental.jet for x y and sin(x)."""
    value, derivatives = jet(lambda x, y: (x * y, np.sin(x)), (0.5, 2.0), ([1.0, 1.0, 0.0], [-1.0, 0.0, 0.0]))
    assert value[0] == 1.0 and derivatives[0] == [1.5, 0.0, -3.0]
    s, c = np.sin(0.5), np.cos(0.5)
    close(derivatives[1], [c, c - s, -3.0 * s - c])
    with pytest.raises(ShapeError, match="as many"):
        jet(lambda x, y: x, (1.0, 1.0), ([1.0], [1.0, 2.0]))
    with pytest.raises(ShapeError, match="derivative 1"):
        jet(lambda x: x, (np.ones(2),), ([1.0],))


def test_nested_levels_do_not_confuse():
    """d/dx of x times the second derivative by y of x y**3, at y = x: perturbations stay apart."""
    found = higher_derivatives(lambda x: x * higher_derivatives(lambda y: x * y**3, 2)(x)[2], 2)(2.0)
    assert found.tolist() == [6 * 2.0**3, 18 * 2.0**2, 36 * 2.0]


# -- stacks


SERIES = {
    "straight": lambda x: Taylor(x, v.stack([x * 0.0 + 1.0, x * 0.0])),
    "bent": lambda x: Taylor(x, v.stack([x * x, x + 1.0, x * 0.5])),
}
STAGES = {
    "Dual": gradient("forward"),
    "Tape": gradient("reverse"),
    "Measurement": uncertainty(std=0.1),
    "Interval": bounds(),
    "SparsityTracer": sparsity(),
}


@pytest.mark.parametrize("name", SERIES)
def test_composition(name):
    check_composition(Taylor, SERIES[name])


@pytest.mark.parametrize("other", STAGES)
def test_stacked_with_the_bundled_types(other):
    check_composition(Taylor, SERIES["bent"], others=[STAGES[other]])


def test_gradient_of_a_derivative_and_derivative_of_a_gradient():
    def f(x):
        return np.sin(x) * x

    fourth = higher_derivatives(f, 4)(0.7)[4]
    assert abs(grad(lambda x: higher_derivatives(f, 3)(x)[3])(0.7) - fourth) < 1e-13
    assert abs(higher_derivatives(grad(f), 3)(0.7)[3] - fourth) < 1e-13
    tape = interpret(f, gradient("reverse"), taylor(3))(0.7)
    close(tape.reading("gradient").derivatives[3], fourth)


def test_proven_coefficients():
    """Taylor of Interval encloses the coefficients at every point of the box."""
    box = Interval(0.4, 0.5)
    for f, reference in [
        (lambda x: np.exp(np.sin(x)) / (1.0 + x), lambda x: mpmath.exp(mpmath.sin(x)) / (1 + x)),
        (
            lambda x: np.sqrt(x) * np.log(x) + x**3 + np.tanh(x),
            lambda x: mpmath.sqrt(x) * mpmath.log(x) + x**3 + mpmath.tanh(x),
        ),
        (lambda x: v.erf(x) + x**2.5 - np.arctan(x), lambda x: mpmath.erf(x) + x ** mpmath.mpf(2.5) - mpmath.atan(x)),
    ]:
        out = f(Taylor(box, [Interval(1.0, 1.0), *[Interval(0.0, 0.0)] * 5]))
        for x in np.linspace(0.4, 0.5, 11):
            for k, c in enumerate(of_mpmath(reference, x, 6)):
                enclosure = out.value if k == 0 else out.higher[k - 1]
                assert enclosure.lo <= c * (1 + 1e-14 * np.sign(c)) and c * (1 - 1e-14 * np.sign(c)) <= enclosure.hi


def test_an_interval_around_is_refused():
    with pytest.raises(RefusedStack):
        Interval(Taylor(1.0, [1.0]), Taylor(2.0, [1.0]))


def test_a_tape_made_by_hand_is_a_payload():
    assert isinstance(interpret(lambda x: x * x, taylor(2), gradient("reverse"))(1.5).raw.value, Tape)


# -- primitives of users


def test_a_primitive_with_a_branch_in_its_partial():
    """Partials are evaluated on series: `where` among them too."""
    leaky = Elementwise(
        "leaky",
        lambda x: np.where(x > 0, x * x, 0.1 * x)[()],
        dx=lambda x: v.where(x > 0, 2.0 * x, 0.1),
        counterparts=(),
    )
    assert interpret(leaky, taylor(3))(3.0).coefficients.tolist() == [9.0, 6.0, 1.0, 0.0]
    assert interpret(leaky, taylor(3))(np.array([-3.0, 2.0])).coefficients.T.tolist() == [
        [9.0 * 0 - 0.1 * 3.0, 0.1, 0.0, 0.0],
        [4.0, 4.0, 1.0, 0.0],
    ]


def test_a_primitive_whose_partial_doubles_at_each_order():
    """s' = s(x) s(-x) leads to two new expressions an order: each is made once, so 30 orders are no 2**30."""
    made = []
    sigmoid = Elementwise(
        "sigmoid",
        lambda x: made.append(1) or 1.0 / (1.0 + np.exp(-x)),
        dx=lambda x: sigmoid(x) * sigmoid(-x),
        counterparts=(),
    )
    found = interpret(sigmoid, taylor(30))(0.3).coefficients
    close(found, of_mpmath(lambda x: 1 / (1 + mpmath.exp(-x)), 0.3, 30), 1e-12)
    assert len(made) == 2

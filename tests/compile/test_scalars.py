"""Every scalar program in every number type: compiled as eager."""

import functools

import numpy as np
import pytest
from agreement import assert_same
from eagerly import eager
from jet import Jet
from scalar_programs import PROGRAMS, defaults, helper, logistic, square, twice

import interp
from interpretations import Dual, Interval, grad, hessian, jacfwd, jvp

compiled = functools.cache(lambda f: interp.compile(f))


def directions(k):
    return lambda x, i: Dual(x, np.arange(1.0, k + 1) * (i + 0.5))


TYPES = {
    "float": lambda x, i: x,
    "numpy": lambda x, i: np.float64(x),
    "dual": lambda x, i: Dual(x, 1.0 - 0.5 * i),
    "dual3": directions(3),
    "dual dual": lambda x, i: Dual(Dual(x, 1.0 + i), Dual(0.5, 0.25)),
    "dual3 dual": lambda x, i: Dual(Dual(x, 1.0 + i), np.arange(3.0)),
    "dual dual3": lambda x, i: Dual(Dual(x, np.arange(3.0) + i), 1.0),
    "jet": lambda x, i: Jet(x, 1.0 + i, 0.5),
}
SLOW = {"dual dual dual": lambda x, i: Dual(Dual(Dual(x, 1.0), Dual(0.5, 0.0)), Dual(Dual(1.0 + i, 0.0), 0.0))}


def names(x):
    return x if isinstance(x, str) else getattr(x, "__name__", "")


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(("program", "varying", "others"), PROGRAMS, ids=names)
def test_program(program, varying, others, kind):
    values = [TYPES[kind](x, i) for i, x in enumerate(varying)]
    assert_same(compiled(program)(*values, *others), eager(program)(*values, *others))


@pytest.mark.parametrize(("program", "varying", "others"), PROGRAMS[::3], ids=names)
def test_three_levels(program, varying, others):
    values = [SLOW["dual dual dual"](x, i) for i, x in enumerate(varying)]
    assert_same(compiled(program)(*values, *others), eager(program)(*values, *others), 1e-12)


@pytest.mark.parametrize("k", [*range(1, 10), 16, 40])
def test_any_number_of_directions(k):
    x, y = directions(k)(1.3, 0), directions(k)(0.7, 1)

    def f(x, y):
        return np.sin(x * y) / (x - y) + x**3

    assert_same(compiled(f)(x, y), f(x, y))


def test_directions_within_directions():
    x = Dual(Dual(1.5, np.array([1.0, 2.0, 3.0, 4.0])), np.array([1.0, 0.5, 0.25]))

    def f(x):
        return x**3 * np.exp(x), x * x

    assert_same(compiled(f)(x), f(x))


@pytest.mark.parametrize("args", [(1.0, Dual(2.0, 1.0)), (Dual(2.0, 1.0), 1.0), (np.float64(2.0), 3)])
def test_one_argument_varies(args):
    def f(x, y):
        return x * y - x / y

    assert_same(compiled(f)(*args), f(*args))


def test_levels_keep_their_order():
    """An inner and an outer Dual among the arguments, in either order of creation."""
    x, y = Dual(1.5, 1.0), Dual(Dual(0.5, 2.0), 1.0)

    def f(x, y):
        return x * y * y

    assert_same(compiled(f)(x, y), f(x, y))
    assert_same(compiled(f)(y, x), f(y, x))


def test_different_numbers_of_directions_are_refused_as_in_eager_code():
    with pytest.raises(interp.errors.ShapeError, match="directions"):
        compiled(lambda x, y: x + y)(Dual(1.0, 1.0), Dual(1.0, np.ones(3)))


def test_functions_as_arguments():
    x = Dual(1.3, 1.0)
    g = interp.compile(twice)
    assert_same(g(square, x), twice(square, x))
    assert_same(g(lambda t: t * 3.0, x), twice(lambda t: t * 3.0, x))
    assert_same(g(np.sin, x), twice(np.sin, x))
    assert_same(g(interp.compile(square), x), twice(square, x))


def test_functions_made_anew_compile_once():
    g = interp.compile(twice)
    for scale in (2.0, 2.0, 2.0):
        g(lambda t, scale=scale: t * scale, Dual(1.0, 1.0))
    assert len(g.signatures) == 1
    assert g(lambda t, scale=5.0: t * scale, Dual(1.0, 1.0)).value == 25.0


def test_closures_hold_their_constants():
    def scaled(c):
        return interp.compile(lambda x: c * x)

    assert scaled(2.0)(Dual(1.0, 1.0)).tangent == 2.0
    assert scaled(3.0)(Dual(1.0, 1.0)).tangent == 3.0


def test_keywords_and_defaults():
    x = Dual(1.3, 1.0)
    for f, kwargs in [(defaults, {"n": 2}), (defaults, {"scale": 3.0}), (helper, {"shift": 2.0, "scale": 1.0})]:
        assert_same(interp.compile(f)(x, **kwargs), f(x, **kwargs))
    assert_same(interp.compile(defaults)(n=2, x=x), defaults(n=2, x=x))


def test_variadic():
    def f(*xs):
        total = 0.0
        for x in xs:
            total += x
        return total

    assert_same(interp.compile(f)(Dual(1.0, 1.0), Dual(2.0, 0.5)), f(Dual(1.0, 1.0), Dual(2.0, 0.5)))


def test_singular_points_as_the_conventions_say():
    def f(x):
        return np.sqrt(x), abs(x), np.maximum(x, 0.0), x**2.0

    x = Dual(0.0, np.array([0.0, 1.0]))
    assert_same(interp.compile(f)(x), tuple(np.asarray(0) if False else part for part in f(x)))


def test_nan_comes_out_without_spreading():
    x = Dual(np.nan, np.array([0.0, 1.0]))

    def f(x):
        return np.exp(x), np.log(x)

    assert_same(interp.compile(f)(x), f(x))


def test_division_by_zero_is_numpys():
    out = interp.compile(lambda x: 1.0 / x)(Dual(0.0, 1.0))
    assert out.value == np.inf and out.tangent == -np.inf


def test_transforms_take_compiled_functions():
    f = interp.compile(logistic)
    assert np.isclose(jvp(f, (3.2,), (1.0,))[1], jacfwd(logistic)(3.2), rtol=1e-12)
    assert np.isclose(jacfwd(f)(3.2), jacfwd(logistic)(3.2), rtol=1e-12)
    assert np.isclose(jacfwd(jacfwd(f))(3.2), jacfwd(jacfwd(logistic))(3.2), rtol=1e-11)


def test_a_hundred_activations_compile_once():
    f = interp.compile(square)
    for i in range(100):
        assert jacfwd(f)(float(i)) == 2.0 * i
    assert len(f.signatures) == 1


def test_signatures_and_seconds():
    f = interp.compile(square)
    f(1.0), f(Dual(1.0, 1.0)), f(Dual(2.0, 1.0))
    assert len(f.signatures) == 2 and f.compile_seconds > 0.0


def test_interval_in_a_jacobian():
    def f(x):
        return x**3 - x

    lifted = Dual(Interval(1.0, 1.5), np.array([1.0, 2.0]))
    assert_same(interp.compile(f)(lifted), f(lifted))


def test_hessian_and_grad_run():
    assert grad(interp.compile(square))(3.0) == 6.0
    assert hessian(interp.compile(square))(3.0) == 2.0

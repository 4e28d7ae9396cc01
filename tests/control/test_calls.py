"""What calls in converted code do: rules, libraries, callbacks, and errors that say which call would strip what."""

import bisect
import cmath
import functools
import heapq
import math
import operator
import statistics
import struct

import numpy as np
import pytest
import scipy.integrate
import scipy.special
import truth

from interp import control
from interp.control import foreign, native
from interp.control.calls import carries
from interp.control.fresh import fresh
from interp.control.mathematics import DECIDED, SAME
from interp.errors import ForeignCall, StripError, UnsupportedArgument
from interpretations import Dual, grad, hessian, jacfwd, jvp

POINTS = {
    **{name: (0.3,) for name in SAME},
    **{"acosh": (1.7,), "pow": (1.4, 2.3), "atan2": (0.4, -1.2), "fmod": (5.3, 1.7), "remainder": (5.3, 1.7)},
    **{"copysign": (0.4, -2.0), "log": (2.5, 3.0), "hypot": (0.3, -1.2), "fma": (1.1, 2.2, 3.3), "gamma": (-1.4,)},
}


@pytest.mark.parametrize("name", [n for n in SAME if hasattr(math, n) and n not in ("ldexp", "dist")])
def test_functions_of_math(name):
    function, point = getattr(math, name), POINTS[name]
    for i in range(len(point)):

        def f(t, i=i):
            return function(*point[:i], t, *point[i + 1 :])

        expected = truth.jacobian(f, (point[i],), 0)
        value, slope = jvp(f, (point[i],), (1.0,))
        assert slope == pytest.approx(expected, rel=1e-7, abs=1e-9)
        assert grad(f)(point[i]) == pytest.approx(expected, rel=1e-7, abs=1e-9)
        assert value == pytest.approx(f(point[i]), rel=2e-14)
        assert isinstance(value, float)


def test_more_of_math():
    def f(x):
        pieces = math.modf(x)[0] + math.frexp(x)[0] * math.frexp(x)[1] + math.ldexp(x, 3)
        far = math.dist((x, 1.0), (2.0, x)) + math.hypot(x, 1.0, 2 * x)
        return pieces * far + math.fsum(t * x for t in (1.0, 2.0)) + math.prod([x, 2.0, x], start=3.0) + math.gamma(x)

    assert grad(f)(2.7) == pytest.approx(truth.jacobian(f, (2.7,), 0), rel=1e-8)
    assert hessian(f)(2.7) == pytest.approx(truth.jacobian(grad(f), (2.7,), 0), rel=1e-7)


BAD = {
    "sqrt": (-1.0,),
    "log": (0.0,),
    "log1p": (-1.0,),
    "log10": (-3.0,),
    "acos": (1.5,),
    "acosh": (0.5,),
    "atanh": (1.0,),
    "exp": (1000.0,),
    "cosh": (1000.0,),
    "sin": (math.inf,),
    "pow": (-1.0, 0.5),
    "fmod": (1.0, 0.0),
    "gamma": (-1.0,),
    "expm1": (1000.0,),
}


@pytest.mark.parametrize("name", BAD)
def test_errors_of_math_are_its_own(name):
    function, bad = getattr(math, name), BAD[name]
    with pytest.raises((ValueError, OverflowError)) as plain:
        function(*bad)
    for transform in (grad, jacfwd):
        with pytest.raises(plain.type) as caught:
            transform(lambda x: function(x, *bad[1:]))(bad[0])
        assert str(caught.value) == str(plain.value) and caught.type is plain.type


def test_arrays_are_no_arguments_of_math():
    for transform in (jacfwd, lambda f: lambda x: jvp(f, (x,), (x,))):
        with pytest.raises(TypeError, match="length-1"):
            transform(lambda x: math.sin(x))(np.ones(3))
    assert jacfwd(lambda x: math.sin(x))(np.array(0.5)) == pytest.approx(math.cos(0.5))


@pytest.mark.parametrize("name", [n for n in DECIDED if n not in ("gcd", "factorial", "comb", "isqrt", "isclose")])
def test_integer_answers_follow_the_primal(name):
    function, seen = getattr(math, name), []

    def f(x):
        seen.append(function(x))
        return x * seen[-1]

    assert grad(f)(-2.7) == function(-2.7)
    assert type(seen[0]) is type(function(-2.7))


def test_complex_functions():
    def f(x):
        z = cmath.exp(complex(0.0, x)) * cmath.sqrt(-x) + cmath.rect(x, 2 * x) + cmath.log(complex(x, 1.0))
        return z * cmath.cosh(x * 1j)

    assert jacfwd(f)(0.7) == pytest.approx((f(0.7 + 1e-6) - f(0.7 - 1e-6)) / 2e-6, rel=1e-8)
    with pytest.raises(ValueError, match="math domain error"):
        jacfwd(lambda x: cmath.log(x))(0.0)


# -- Python's own functions


def test_conversions_to_numbers():
    def f(x):
        table = np.array([1.0, 3.0, 9.0])
        return float(x) * table[int(x)] + [1, 2, 4][int(x)] * np.float64(x) + round(x) + x.item()

    assert grad(f)(1.6) == 3.0 + 2.0 + 1.0
    with pytest.raises(UnsupportedArgument, match="precision"):
        grad(lambda x: np.float32(x))(1.0)
    with pytest.raises(TypeError, match="one element"):
        grad(lambda x: float(x))(np.ones(2))
    assert grad(lambda x: float(x))(np.ones(1)) == 1.0
    with pytest.raises(TypeError, match="real"):
        jacfwd(lambda x: float(x * 1j))(1.0)


def test_questions_answer_for_the_payload():
    seen = []

    def f(x):
        y = x.sum()
        seen.append((isinstance(x, np.ndarray), isinstance(y, float), isinstance(y, (int, str)), type(x) is np.ndarray))
        seen.append((isinstance(y, np.floating), isinstance(x, (list, np.ndarray)), np.isscalar(y), callable(y)))
        a = np.zeros(2)
        seen.append(
            (isinstance(a, np.ndarray), type(a) is np.ndarray, isinstance(a, float), isinstance(y, float | int))
        )
        return y

    f(np.ones(2))
    expected = list(seen)
    for transform in (grad, hessian):
        seen.clear()
        transform(f)(np.ones(2))
        assert seen == expected


def test_values_are_no_keys():
    with pytest.raises(StripError, match="key"):
        grad(lambda x: hash(x) * x)(1.0)
    with pytest.raises(StripError, match="strip"):
        grad(lambda x: sum(range(x)) * x)(3.0)


# -- foreign code


def test_a_foreign_call_is_named_with_the_rule_to_write():
    with pytest.raises(ForeignCall, match=r"struct\.pack would strip a Dual.*control\.register\(.*struct\.pack\)"):
        jacfwd(lambda x: struct.pack("d", x))(1.0)
    with pytest.raises(ForeignCall, match=r"math\.ulp would strip a Tape"):
        grad(lambda x: math.ulp(x))(1.0)
    assert issubclass(ForeignCall, StripError)


def test_registering_a_rule():
    assert control.register is foreign.register

    with pytest.raises(ForeignCall):
        grad(lambda x: math.ulp(x))(3.0)

    @control.register(math.ulp)
    def _ulp(x):
        return x * x

    try:
        assert grad(lambda x: math.ulp(x))(3.0) == 6.0
        assert jvp(lambda x: x + math.ulp(1.0), (3.0,), (1.0,))[0] == 3.0 + math.ulp(1.0)
    finally:
        del foreign.FOREIGN[math.ulp]
        native.tier.calls.known.pop(math.ulp, None)


class Curve:
    """A library's class with rules for its methods."""

    def __init__(self, k):
        self.k = k

    def __call__(self, x):
        return self.k * float.__pow__(float(x), 2.0)

    def slope(self, x):
        return 2 * self.k * float.__mul__(float(x), 1.0)


def test_rules_for_methods_and_callable_objects():
    curve = Curve(3.0)
    foreign.FOREIGN[Curve.__call__] = lambda self, x: self.k * x**2
    foreign.FOREIGN[Curve.slope] = lambda self, x: 2 * self.k * x
    try:
        assert grad(lambda x: curve(x) + curve.slope(x))(2.0) == 12.0 + 6.0
    finally:
        del foreign.FOREIGN[Curve.__call__], foreign.FOREIGN[Curve.slope]
        native.tier.calls.known.clear()


def test_libraries_written_in_python_are_converted():
    def f(x):
        return scipy.special.softmax(x)[0] * x[1] + scipy.special.log_softmax(x)[1]

    x = np.array([0.3, 1.2, -0.5])
    np.testing.assert_allclose(grad(f)(x), truth.jacobian(f, (x,), 0), rtol=1e-8)


def test_callbacks_of_python_libraries():
    def f(x):
        def rate(t):
            return math.exp(-x * t)

        return scipy.integrate.fixed_quad(lambda t: np.exp(-x * t), 0.0, 1.0, n=8)[0] + functools.reduce(
            lambda a, b: a + rate(b), [1.0, 2.0], 0.0
        )

    assert grad(f)(0.8) == pytest.approx(truth.jacobian(f, (0.8,), 0), rel=1e-8)


def test_plain_arguments_go_to_libraries_as_arrays():
    seen = []

    def f(x):
        a = np.zeros(2)
        a[0] = 2.0
        seen.append(scipy.special.softmax(a))
        seen.append(np.asarray(a))
        return x * scipy.linalg.norm(a)

    assert grad(f)(1.0) == 2.0
    assert not isinstance(seen[0], Dual) and type(seen[1]).__name__ in ("ndarray", "Fresh")


def test_heaps_and_bisection_compare_values():
    def f(x):
        heap = []
        for t in x:
            heapq.heappush(heap, math.sin(t))
        ordered = [heapq.heappop(heap) for _ in range(3)]
        return ordered[0] * bisect.bisect(ordered, ordered[1]) + ordered[2] * 2

    x = np.array([0.9, 0.2, 1.4])
    np.testing.assert_allclose(grad(f)(x), truth.jacobian(f, (x,), 0), rtol=1e-8, atol=1e-9)


def test_caches_are_bypassed_with_values_and_used_without():
    runs = []

    @functools.lru_cache
    def f(t):
        runs.append(type(t))
        return math.exp(t)

    g = grad(lambda x: f(x) * f(2.0))
    assert g(1.0) == g(1.0) == pytest.approx(math.exp(3.0))
    assert len(runs) == 3  # twice with a value, once without


def test_single_dispatch_is_by_what_a_value_stands_for():
    @functools.singledispatch
    def kind(x):
        return 0.0

    @kind.register
    def _(x: float):
        return math.sin(x)

    @kind.register
    def _(x: np.ndarray):
        return math.fsum(x)

    assert grad(lambda x: kind(x))(0.5) == math.cos(0.5)
    np.testing.assert_array_equal(grad(lambda x: kind(x))(np.ones(2)), [1.0, 1.0])


def test_what_carries_a_value():
    x = Dual(1.0, 1.0)
    held = fresh(np.zeros(2))
    assert not carries(held) and not carries([1, "a", {"k": (None, np.ones(2))}]) and not carries(lambda: 3)
    held[0] = x
    for thing in (x, held, [1, (x,)], {"k": x}, lambda y=x: y, functools.partial(math.sin, x)):
        assert carries(thing)


def test_statistics_errors_are_its_own():
    with pytest.raises(statistics.StatisticsError):
        grad(lambda x: statistics.stdev([x]))(1.0)


def test_the_same_function_is_resolved_once():
    def f(x):
        return math.sin(x)

    first = native.tier.resolve(operator.add)
    assert first is operator.add is native.tier.resolve(operator.add)
    assert native.tier.resolve(np.sin) is np.sin
    assert native.tier.resolve(f).__code__ is native.tier.resolve(f).__code__

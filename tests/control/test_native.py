"""Plain Python programs in the native tier: each right in forward, reverse and nested modes, and run once."""

import builtins
import concurrent.futures
import inspect
import math
import pickle
import sys
import traceback

import numpy as np
import pytest
import truth
from control import native_programs
from control.native_programs import PROGRAMS

from interp import compile, interpret
from interp.control import native
from interp.errors import StripError
from interpretations import grad, gradient, hessian, hvp, jacfwd, jvp, taylor, uncertainty

X = np.array([0.7, 1.3, 0.4])
programs = pytest.mark.parametrize("f", PROGRAMS.values(), ids=PROGRAMS)


def _gradient(f):
    return truth.jacobian(f, (X,), 0)


@programs
def test_gradient(f):
    expected = _gradient(f)
    for transform in (grad, jacfwd):
        np.testing.assert_allclose(transform(f)(X), expected, rtol=2e-7, atol=1e-8)


@programs
def test_value_and_one_direction(f):
    direction = np.array([0.3, -1.0, 0.5])
    value, slope = jvp(f, (X,), (direction,))
    np.testing.assert_allclose(value, f(X.copy()), rtol=1e-13)
    np.testing.assert_allclose(slope, _gradient(f) @ direction, rtol=2e-7, atol=1e-8)


@programs
def test_second_derivatives(f):
    expected = truth.jacobian(grad(f), (X,), 0)
    np.testing.assert_allclose(hessian(f)(X), expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(jacfwd(jacfwd(f))(X), expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(jacfwd(grad(f))(X), jacfwd(jacfwd(f))(X), rtol=1e-9, atol=1e-10)


@programs
def test_error_bar(f):
    std = np.array([0.1, 0.2, 0.05])
    got = interpret(f, uncertainty(std=std))(X).std
    np.testing.assert_allclose(got, np.linalg.norm(_gradient(f) * std), rtol=2e-7, atol=1e-9)


@programs
def test_power_series(f):
    direction = np.array([1.0, 0.5, -0.5])
    series = interpret(f, taylor(2, direction))(X)
    slope = jvp(f, (X,), (direction,))[1]
    curvature = jvp(lambda x: jvp(f, (x,), (direction,))[1], (X,), (direction,))[1]
    np.testing.assert_allclose(series.derivatives, [f(X.copy()), slope, curvature], rtol=1e-9, atol=1e-10)


@programs
def test_gradient_with_error_bar(f):
    """A stack of two types: the error bar of each slope is |Hessian row times std|."""
    std = np.array([0.1, 0.2, 0.05])
    result = interpret(f, gradient(), uncertainty(std=std))(X)
    np.testing.assert_allclose(result.gradient, _gradient(f), rtol=2e-7, atol=1e-8)
    expected = np.linalg.norm(hessian(f)(X) * std, axis=-1)
    np.testing.assert_allclose(result.reading("gradient").std, expected, rtol=1e-9, atol=1e-9)


# -- what conversion keeps of a function


def test_a_function_runs_once_in_each_transform():
    runs = []

    def f(x):
        runs.append(1)
        a = np.zeros(2)
        a[0] = x[0]
        return a.sum()

    for transform in (grad, jacfwd, lambda f: lambda x: jvp(f, (x,), (x,))):
        runs.clear()
        transform(f)(X)
        assert len(runs) == 1


def test_globals_are_the_users():
    before = native_programs.COUNT
    grad(PROGRAMS["globals_read_and_written"])(X)
    assert native_programs.COUNT == before + 1


def test_private_names_and_super_at_any_depth():
    class Base:
        def __init__(self, x):
            self.__x = math.sin(x)

        def get(self):
            def deeper():
                return math.exp(self.__x)

            return deeper()

        def __secret(self, t):
            return math.cos(t) * self.__x

        def use(self, t):
            return self.__secret(t)

    class Derived(Base):
        def get(self):
            return super().get() + math.sqrt(self._Base__x)

    def f(x):
        return Derived(x).get() * Derived(x).use(x)

    assert grad(f)(0.7) == pytest.approx(truth.jacobian(f, (0.7,), 0), rel=1e-8)


def f_documented(x: "Undefined", k: int = 2, *, scale=1.0) -> "Undefined":  # noqa: F821
    """What it says."""
    return math.sin(x) * k * scale


def test_what_inspect_sees():
    converted = native.tier.resolve(f_documented)
    assert converted is not f_documented
    assert inspect.signature(converted) == inspect.signature(f_documented)
    for name in ("__name__", "__qualname__", "__doc__", "__module__", "__annotations__", "__defaults__"):
        assert getattr(converted, name) == getattr(f_documented, name)
    assert converted.__code__.co_flags & 0xFF0000 == f_documented.__code__.co_flags & 0xFF0000
    assert inspect.getsourcefile(converted) == __file__
    assert pickle.loads(pickle.dumps(f_documented)) is f_documented and not vars(f_documented)


def test_nested_definitions_keep_their_qualified_names():
    def f(x):
        def inner(t):
            return math.sin(t)

        class Local:
            pass

        names.append((inner.__qualname__, Local.__qualname__, inner.__module__))
        return inner(x)

    names = []
    grad(f)(1.0)
    f(1.0)
    assert names[0] == names[1]


def test_the_future_is_kept():
    from control import with_future

    assert grad(with_future.annotated)(2.0) == pytest.approx(math.cos(2.0))


def test_tracebacks_show_the_users_lines():
    def f(x):
        a = np.zeros(2)
        a[0] = math.sin(x)
        return helper(a)

    def helper(a):
        raise KeyError("mine")  # the line

    with pytest.raises(KeyError, match="mine") as caught:
        grad(f)(1.0)
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert last.filename == __file__ and last.line == 'raise KeyError("mine")  # the line'
    lines = [frame.line for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert "return helper(a)" in lines


def test_a_tracer_sees_the_users_lines():
    lines = set()

    def trace(frame, event, argument):
        if frame.f_code.co_filename == __file__ and event == "line":
            lines.add(frame.f_lineno)
        return trace

    def f(x):
        a = np.zeros(2)
        if x > 0:
            a[0] = math.sin(x)
        else:
            a[0] = 3.0
        return a[0]

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        grad(f)(1.0)
    finally:
        sys.settrace(before)
    start = f.__code__.co_firstlineno
    assert {n - start for n in lines if start <= n <= start + 6} == {1, 2, 3, 6}


def pure_callee(t, n):
    return t if n == 0 else np.exp(-t * t) * pure_callee(t, n - 1)


def pure_caller(x):
    s = 0.0
    for i in range(3):
        s = s + x[i] * pure_callee(x[i], 3)
    return s


def test_what_needs_nothing_runs_as_it_is():
    def pure(x):
        y = x.reshape(-1) * np.arange(3.0)
        w = np.linspace(0.0, 1.0, 3)
        return np.sum(np.sin(y) @ x) + (w * x).sum() + x.copy().sum() + np.where(x > 0, x, np.zeros(3)).sum()

    for f in (pure, pure_callee, pure_caller, lambda x: x * x):
        assert native.tier.resolve(f) is f


def test_functions_without_source_run_as_they_are():
    space = {"np": np, "math": math}
    exec("def plain(x): return np.sin(x)\ndef strips(x): return math.sin(x)", space)
    assert grad(space["plain"])(1.0) == np.cos(1.0)
    with pytest.raises(StripError):
        grad(space["strips"])(1.0)


def test_threads():
    f = PROGRAMS["classes_outside"]
    expected = grad(f)(X)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for got in pool.map(grad(f), [X] * 40):
            np.testing.assert_array_equal(got, expected)


def test_one_look_a_code_object():
    def make(g):
        return lambda x: g(x) * math.sin(x)

    first, second = make(lambda t: math.exp(t)), make(np.cos)
    assert grad(first)(0.5) == pytest.approx(math.exp(0.5) * (math.sin(0.5) + math.cos(0.5)))
    assert grad(second)(0.5) == pytest.approx(math.cos(1.0))
    assert native.tier.resolve(first).__code__ is native.tier.resolve(second).__code__


def test_nested_transforms_of_nested_functions():
    def outer(x):
        a = np.zeros(2)

        def inner(y):
            b = np.zeros(2)
            b[0] = math.sin(y) * x
            b[1] = x
            a[0] = x
            return b.sum() + a[0] * y

        a[1] = grad(inner)(x) * x
        return a.sum()

    # d/dy = cos(y) x + x: outer = x + x (cos(x) x + x)
    expected = 1 + 2 * 0.7 * math.cos(0.7) - 0.49 * math.sin(0.7) + 1.4
    for transform in (grad, jacfwd):
        assert transform(outer)(0.7) == pytest.approx(expected, rel=1e-12)
    assert hvp(lambda x: math.exp(x) * outer(x), 0.7, 1.0) == pytest.approx(
        truth.jacobian(grad(lambda x: math.exp(x) * outer(x)), (0.7,), 0), rel=1e-7
    )


def test_functions_for_compilers_keep_their_code():
    numba = pytest.importorskip("numba")

    def f(x):
        @numba.njit
        def inner(t):
            return math.sin(t)

        return np.sin(x) * inner(1.0)

    assert grad(f)(0.5) == pytest.approx(math.cos(0.5) * math.sin(1.0))

    def g(x):
        def inner(t):
            return math.sin(t)

        return compile(inner)(x) * compile(lambda t: math.exp(t))(x) + inner(x)

    assert grad(g)(0.5) == pytest.approx(truth.jacobian(g, (0.5,), 0), rel=1e-8)
    assert compile(lambda x: math.sin(x))(0.5) == math.sin(0.5)


def test_lambdas_are_told_apart():
    f, g = (lambda t: math.sin(t) if t > 0 else t), (lambda t: (lambda t: math.exp(t))(math.cos(t)))
    assert grad(f)(0.5) == math.cos(0.5)
    assert grad(g)(0.5) == pytest.approx(-math.sin(0.5) * math.exp(math.cos(0.5)))


def test_a_file_edited_since_its_import_is_not_converted(tmp_path):
    path = tmp_path / "edited.py"
    path.write_text("import math\ndef f(x):\n    return math.sin(x)\n")
    space = {}
    exec(builtins.compile(path.read_text(), str(path), "exec"), space)
    path.write_text("import math\ndef f(x):\n    return math.cos(x)\n")
    with pytest.raises(StripError):
        grad(space["f"])(0.5)

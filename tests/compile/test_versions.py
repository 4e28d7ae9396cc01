"""Versions of compiled functions: one for each set of types, and the right one whatever was called before."""

import numpy as np

import interp
from interp import level as levels
from interpretations import Dual, dual, grad


def test_alternating_types_give_each_its_own():
    f = interp.compile(lambda x, y: x * y + y)
    for _ in range(3):
        assert f(2.0, 3.0) == 9.0
        assert f(Dual(2.0, 1.0), 3.0).tangent == 3.0
        assert f(2.0, Dual(3.0, 1.0)).tangent == 3.0
        assert isinstance(f(2, 3), int) and f(2, 3) == 9
        assert f(y=3.0, x=2.0) == 9.0
        np.testing.assert_array_equal(f(Dual(2.0, np.eye(2)[0]), Dual(3.0, np.eye(2)[1])).tangent, [3.0, 3.0])
        np.testing.assert_array_equal(f(Dual(2.0, np.eye(3)[0]), 3.0).tangent, [3.0, 0.0, 0.0])
        assert grad(f)(2.0, 3.0) == 3.0


def test_the_order_of_levels_decides():
    f = interp.compile(lambda x, y: x * x * y)
    inner, outer = levels.fresh(), levels.fresh()
    for low, high in ((inner, outer), (outer, inner), (inner, outer), (inner, inner)):
        x, y = dual.make(2.0, 1.0, low), dual.make(3.0, 1.0, high)
        got, want = f(x, y), x * x * y
        assert got.level == want.level and type(got.value) is type(want.value)
        same = got.tangent == want.tangent
        assert same if isinstance(same, bool) else bool(same)


def test_layouts_and_types_of_arrays():
    f = interp.compile(lambda a: a[0] + a[-1])
    x = np.arange(10.0)
    frozen = x.copy()
    frozen.flags.writeable = False
    for _ in range(2):
        assert f(x) == 9.0 and f(x[::3]) == 9.0 and f(x.astype(np.float32)) == 9.0 and f(frozen) == 9.0
        assert isinstance(f(np.arange(4)), int) and f([1.0, 2.0]) == 3.0 and f([1, 2]) == 3 and f((1.0, 2)) == 3.0


def test_lengths_are_no_part_of_a_version():
    f = interp.compile(lambda x: np.sum(x * x))
    for n in (2, 3, 4):
        x = np.arange(1.0, n + 1)
        assert f(Dual(x, x)).tangent == 2.0 * np.sum(x * x)
    assert len(f.signatures) == 1
    for n in (2, 3):
        np.testing.assert_array_equal(f(Dual(x, np.eye(4)[:n])).tangent, 2.0 * x[:n])
    assert len(f.signatures) == 3


def test_functions_with_other_constants_are_other_versions():
    def made(k):
        def f(x):
            return np.copysign(x, k)

        return f

    def by_keyword(k):
        def f(x, *, k=k):
            return x * k

        return f

    applied = interp.compile(lambda f, x: f(x))
    assert [applied(made(k), 2.0) for k in (0.0, -0.0)] == [2.0, -2.0]
    assert [applied(by_keyword(k), 2.0) for k in (1.0, 3.0)] == [2.0, 6.0]


def test_functions_whose_captured_variables_are_bound_anew():
    apply = interp.compile(lambda f, x: f(x))
    k, table = 1.0, np.ones(2)

    def by_number(x):
        return x * k

    def by_array(x):
        return x * table[0]

    assert apply(by_number, 2.0) == 2.0 and apply(by_array, 2.0) == 2.0
    k, table = 5.0, np.array([7.0, 1.0])
    assert apply(by_number, 2.0) == 10.0 and apply(by_array, 2.0) == 14.0
    k = 1.0
    assert apply(by_number, 2.0) == 2.0

"""Branches of intervals: hulls, narrowed names, widened loops, and the decorations that IEEE 1788 asks for."""

import math

import numpy as np
from control.patterns import rows

from interp import interpret
from interp.errors import UndecidedError
from interpretations import Interval, bounds, enclose, grad, jacrev
from interpretations.intervals import Decoration

BOX = Interval(-1.5, 1.5)


def enclosed(f, lo, hi):
    x = np.array([0.5 * (lo + hi)])
    return interpret(lambda x: f(x[0]), bounds(np.array([lo]), np.array([hi])))(x)


def jump(x):
    return x + 1 if x > 0 else x - 1


def decoration(result):
    return Decoration(int(np.min(np.asarray(result.raw.decoration))))


def test_a_merge_with_a_jump_is_not_continuous():
    """Interval Newton would prove a root of x + 1 if x > 0 else x - 1, which has none."""
    result = enclosed(jump, -1.5, 1.5)
    lo, hi = result.bounds
    assert lo <= -2.5 and hi >= 2.5
    assert decoration(result) < Decoration.DAC
    assert decoration(enclosed(jump, 0.5, 1.5)) == Decoration.COM


def test_enclose_does_not_take_the_mean_value_form_across_a_jump():
    lo, hi = np.nan, np.nan
    try:
        found = enclose(jump, BOX)
        lo, hi = float(found.lo), float(found.hi)
    except UndecidedError:
        return  # an Interval by hand, outside interpret: the caller is told
    assert lo <= -2.5 and hi >= 2.5 and np.min(found.decoration) < Decoration.DAC


def test_a_branch_that_the_box_decides_keeps_its_decoration():
    result = enclosed(lambda x: x * x if x > 0 else -x, 1.0, 2.0)
    assert decoration(result) == Decoration.COM
    np.testing.assert_allclose(result.bounds, (1.0, 4.0), rtol=1e-15)


def test_the_condition_narrows_its_names():
    """Each side is evaluated on its part of the box: the root is defined, and |x| is tight."""
    np.testing.assert_allclose(enclosed(lambda x: x if x > 0 else -x, -1.0, 2.0).bounds, (0.0, 2.0), atol=1e-12)
    lo, hi = enclosed(lambda x: math.sqrt(x) if x >= 0 else 0.0, -1.0, 4.0).bounds
    assert lo <= 0.0 and 2.0 <= hi <= 2.0 + 1e-12
    lo, hi = enclosed(lambda x: 1.0 / x if x > 1.0 else 1.0, 0.0, 2.0).bounds
    assert lo <= 0.5 and 1.0 <= hi <= 1.0 + 1e-12 and lo >= 0.5 - 1e-12


def test_loops_widen_and_stay_an_enclosure():
    def f(x):
        s = x
        n = 0
        while s < 100.0:
            s = s * 1.01 + 0.5
            n += 1
        return s + n

    lo, hi = enclosed(f, 0.0, 1.0).bounds
    for point in np.linspace(0.0, 1.0, 11):
        assert lo <= f(point) <= hi


def test_a_table_under_an_interval_is_the_hull_of_what_it_can_reach():
    table = [1.0, 5.0, 2.0, -7.0]
    lo, hi = enclosed(lambda x: table[int(x)] * 1.0, 0.5, 2.5).bounds
    assert (lo, hi) == (1.0, 5.0)
    np.testing.assert_array_equal(grad(lambda x: table[int(x[0])] * x[1])(np.array([1.5, 3.0])), [0.0, 5.0])
    assert rows(lambda x: table[int(x[0])] * x[1]) == [{1}]
    assert rows(lambda x: x[abs(int(x[0])) % 2], np.array([0.5, 1.0, 2.0])) == [{0, 1}]


def test_derivatives_of_casts_and_tables():
    def f(x):
        table = [x[0], 2.0 * x[1], x[2] * x[2]]
        return table[int(x[1])] * round(x[2])

    x = np.array([0.5, 1.3, 2.1])
    np.testing.assert_allclose(grad(f)(x), [0.0, 4.0, 0.0])
    np.testing.assert_allclose(jacrev(f)(x), [0.0, 4.0, 0.0])
    assert rows(f, x) == [{0, 1, 2}]


def test_a_branch_that_raises_leaves_the_function_undefined_on_a_part_of_the_box():
    def f(x):
        if x < 0.0:
            raise ValueError("below zero")
        return x + 1.0

    out = interpret(f, bounds(-1.0, 2.0))(0.5).raw
    assert Decoration(int(out.decoration)) is Decoration.TRV
    assert out.lo <= 1.0 and out.hi == 3.0

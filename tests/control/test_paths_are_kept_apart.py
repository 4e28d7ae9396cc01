"""What one side of a branch does is not seen by the other, whatever it is done to; nor by runs around it."""

import collections
import heapq
import math
import operator

import numpy as np
import pytest
from control.patterns import rows

from interp import interpret
from interp.control import options
from interp.errors import InterpError
from interpretations import bounds, hessian_sparsity, jacobian_sparsity, sparsity
from interpretations.intervals import Decoration


class Three:
    def __init__(self, a, b, c):
        self.a, self.b, self.c = a, b, c


class Grown(list):
    pass


def copied_into(x):
    a = np.zeros(2)
    if x[0] > 0:
        np.copyto(a, x[1])
    return a[0] + x[2]


def filled(x):
    a = np.zeros(2)
    if x[0] > 0:
        a.fill(x[1])
    return a[0] + x[2]


def computed_into(x):
    a = np.zeros(2)
    if x[0] > 0:
        np.add(a, 1.0, out=a)
    return a[0] * x[1] + x[2]


def sorted_in_place(x):
    a = np.array([x[1], x[2]])
    if x[0] > 0:
        a.sort()
    return a[0]


def queue_of_values(x):
    d = collections.deque([x[0]])
    if x[0] > 0:
        d.append(x[1])
    else:
        d.append(x[2])
    return d[-1]


def queue_of_numbers(x):
    d = collections.deque([0.0])
    if x[0] > 0:
        d.append(5.0)
    return d[-1] * x[1]


def pushed_on_a_heap(x):
    h = [3.0, 5.0]
    if x[0] > 0:
        heapq.heappush(h, 1.0)
    return h[0] * x[1]


def list_of_a_class(x):
    h = Grown([3.0])
    if x[0] > 0:
        h.append(x[2])
    return h[-1] * x[1]


def set_by_name(x):
    s = Three(1.0, 2.0, 3.0)
    if x[0] > 0:
        setattr(s, "a", x[2])  # noqa: B010
    return s.a * x[1]


def set_by_operator(x):
    s = [1.0, 2.0]
    if x[0] > 0:
        operator.setitem(s, 0, x[2])
    return s[0] * x[1]


def updated(x):
    d = {"a": x[0]}
    if x[1] > 0:
        d.update(a=x[2])
    return d["a"]


def counted(x):
    d = collections.Counter()
    if x[0] > 0:
        d["a"] += 2
    return d["a"] * x[2]


def by_default(x):
    d = collections.defaultdict(float)
    if x[0] > 0:
        d["a"] += x[1]
    return d["a"] + x[2]


def named_in_a_comprehension(x):
    last = 0.0
    [0.0 if v < 0 else (last := v) for v in x[:2]]
    return last * x[2]


def none_is_positive(x):
    positive = [v for v in x[:2] if v > 0]
    if not positive:
        return x[2]
    return positive[0]


def equal_to_nothing(x):
    positive = [v for v in x[:2] if v > 0]
    if positive == []:
        return x[2]
    return 1.0


def mean_of_some(x):
    positive = [v for v in x if v > 0]
    return sum(positive) / len(positive) if positive else 7.0 * x[0]


def fresh_is_an_array(x):
    a = np.zeros(2)
    return x[0] if isinstance(a, np.ndarray) and type(a) is np.ndarray else x[1]


def run_within(x):
    c = 1.0
    if x[0] > 0:
        jacobian_sparsity(lambda y: y[0] if y[1] > 0 else y[1], np.ones(2))
        c = 2.0
    return c * x[1]


def long_loop_off_the_path(x):
    s = 0.0
    if x[0] > 0:
        for _ in range(100_001):
            s = s + 1.0
    return s * x[1]


CASES = [
    (copied_into, [{1, 2}]),
    (filled, [{1, 2}]),
    (computed_into, [{1, 2}]),
    (sorted_in_place, [{1, 2}]),
    (queue_of_values, [{1, 2}]),
    (queue_of_numbers, [{1}]),
    (pushed_on_a_heap, [{1}]),
    (list_of_a_class, [{1, 2}]),
    (set_by_name, [{1, 2}]),
    (set_by_operator, [{1, 2}]),
    (updated, [{0, 2}]),
    (counted, [{2}]),
    (by_default, [{1, 2}]),
    (named_in_a_comprehension, [{0, 1, 2}]),
    (none_is_positive, [{0, 1, 2}]),
    (equal_to_nothing, [{2}]),
    (mean_of_some, [{0, 1, 2}]),
    (fresh_is_an_array, [{0}]),
    (run_within, [{1}]),
    (long_loop_off_the_path, [{1}]),
]


@pytest.mark.parametrize("f, pattern", CASES, ids=[f.__name__ for f, _ in CASES])
@pytest.mark.parametrize("x", [(-1.0, 2.0, 3.0), (1.0, -2.0, 3.0), (-1.0, -2.0, -3.0)])
def test_either_side_alone(f, pattern, x):
    result = interpret(f, sparsity())(np.array(x))
    assert rows(f, np.array(x)) == pattern
    assert result.value == f(np.array(x))


# -- fixpoints


@pytest.mark.parametrize("rounds", [0, 64])
def test_objects_made_in_each_round_of_a_loop(rounds):
    def f(x):
        s = Three(x[0], x[1], x[2])
        while abs(s.a) > 10.0:
            s = Three(s.b, s.c, x[3])
        return s.a

    with options(unjoined_rounds=rounds):
        try:
            pattern = rows(f, np.array([1.0, 2.0, 3.0, 4.0]))
        except InterpError as error:
            assert rounds and "more than 24 values" in str(error)
            return
    assert pattern == [{0, 1, 2, 3}]


def register(x):
    """Patterns are all there at the start; a second derivative takes six rounds to come out."""
    a, b, c, d, e, g = [x[0] + x[1] + x[2] + i * np.floor(x[0]) for i in range(1, 7)]
    while x[3] > 0:
        g, e, d, c, b, a = e, d, c, b, a, x[1] * x[2]
    return g


def register_of_calls(x):
    def go(v, a, b, c):
        return go(v, x[1] * x[2], a, b) if v > 0 else c

    t = x[0] + x[1] + x[2]
    return go(x[3], t, t, t)


def long_register(x):
    r = [x[0] + x[1] + x[2] + i * np.floor(x[0]) for i in range(1, 81)]
    while x[3] > 0:
        r = [x[1] * x[2]] + r[:-1]  # noqa: RUF005
    return r[-1]


@pytest.mark.parametrize("rounds", [0, 64])
@pytest.mark.parametrize("f", [register, register_of_calls, long_register])
def test_second_derivatives_that_take_many_rounds(f, rounds):
    with options(unjoined_rounds=rounds):
        try:
            pattern = hessian_sparsity(f, np.array([1.0, 2.0, 3.0, -1.0])).toarray()
        except InterpError as error:
            assert f is long_register and "more than 24 values" in str(error)
            return
    assert pattern[1, 2] and pattern[2, 1]


# -- intervals


def test_a_pattern_over_intervals_carries_the_hull_of_all_paths():
    def f(x):
        k = 1 if x[0] > 0 else 2
        return x[1] if k == 1 else x[2]

    box = bounds(np.array([-1.0, 5.0, 9.0]), np.array([1.0, 6.0, 10.0]))
    lo, hi = interpret(f, sparsity(), box)(np.array([0.0, 5.5, 9.5])).bounds
    assert (lo, hi) == (5.0, 10.0)


def test_a_store_beside_a_narrowed_element_is_kept():
    def f(x):
        a = x * 1.0
        if a[0] > 0:
            a[1] = 5.0
        return a[0] + a[1]

    lo, hi = interpret(f, bounds(1.0))(np.array([0.0, 0.0])).bounds
    assert lo <= -2.0 and hi >= 6.0


@pytest.mark.parametrize("function", [lambda v: math.copysign(1.0, v), lambda v: math.remainder(3.0 * v, 1.0)])
def test_functions_of_math_that_jump_are_enclosed_or_refused(function):
    try:
        out = interpret(lambda x: function(x), bounds(1.0))(0.2).raw
    except InterpError:
        return
    for at in np.linspace(-0.8, 1.2, 81):
        assert out.lo <= function(at) <= out.hi
    assert out.decoration < Decoration.DAC


def test_an_array_that_comes_to_hold_values_within_a_loop_is_one_array():
    """What was noted of it while it was plain is of the same elements as what is noted of it afterwards."""

    def f(x):
        c = np.zeros(2)
        rows = [[1.0], c]
        if x[2] + x[0] > 0.0:
            for _ in range(2):
                rows[1][0] = x[0]
                if rows[1][1] < -0.2:
                    break
        return rows[1][0]

    x = np.array([-0.83, 0.5, 0.6])
    lo, hi = interpret(f, bounds(0.7))(x).bounds
    for point in x + np.random.default_rng(0).uniform(-0.7, 0.7, (200, 3)):
        assert lo <= f(point) <= hi


def test_names_of_one_list_stay_names_of_one_list():
    def f(x):
        if x[0] > 0:
            p = [x[1]]
            q = p
        else:
            p, q = [x[2]], [x[3]]
        p[0] = x[0]
        return q[0]

    for x in (np.array([0.5, 0.3, 0.7, 0.2]), np.array([-0.5, 0.3, 0.7, 0.2])):
        assert rows(f, x) == [{0, 1, 3}] or rows(f, x) == [{0, 3}]
        assert interpret(f, sparsity())(x).value == f(x)

"""Changes of containers and arrays that no assignment shows: each is one side's own, where a branch makes it."""

import collections
import operator

import numpy as np
import pytest
from control.patterns import rows

from interp import interpret
from interp.errors import InterpError
from interpretations import bounds, sparsity


class Doubling(dict):
    def __setitem__(self, key, value):
        super().__setitem__(key, 2.0 * value)


def _iterated(a):
    with np.nditer(a, op_flags=["readwrite"]) as elements:
        for element in elements:
            element[...] = 3.0


def _ones():
    return np.ones(3)


def _list():
    return [1.0, 2.0, 3.0]


CHANGES = {
    "flat": (_ones, lambda a: a.flat.__setitem__(1, 5.0)),
    "place": (_ones, lambda a: np.place(a, np.array([True, False, False]), [4.0])),
    "put_along_axis": (_ones, lambda a: np.put_along_axis(a, np.array([1]), 7.0, 0)),
    "nditer": (_ones, _iterated),
    "fill": (_ones, lambda a: a.fill(2.5)),
    "dot into": (_ones, lambda a: (2.0 * np.eye(3)).dot(np.ones(3), a)),
    "cumsum into": (_ones, lambda a: np.arange(3.0).cumsum(0, None, a)),
    "add into": (_ones, lambda a: np.add(a, a, a)),
    "clip into": (_ones, lambda a: np.clip(a, 0.0, 0.5, a)),
    "methodcaller": (_list, lambda held: operator.methodcaller("append", 4.0)(held)),
    "iconcat": (_list, lambda held: operator.iconcat(held, [4.0])),
    "append of the class": (_list, lambda held: list.append(held, 4.0)),
    "reverse": (_list, lambda held: held.reverse()),
    "queue, left": (lambda: collections.deque(_list()), lambda q: q.appendleft(9.0)),
    "queue, item": (lambda: collections.deque(_list()), lambda q: operator.setitem(q, 0, 9.0)),
    "queue, rotated": (lambda: collections.deque(_list()), lambda q: q.rotate(1)),
    "dict of a class": (lambda: Doubling({0: 1.0, 1: 2.0, 2: 3.0}), lambda d: d.__setitem__(0, 4.0)),
    "ordered": (lambda: collections.OrderedDict({0: 1.0, 1: 2.0, 2: 3.0}), lambda d: d.update({0: 4.0})),
}


@pytest.mark.parametrize("make, change", CHANGES.values(), ids=CHANGES)
def test_what_is_changed_on_one_side_is_so_on_that_side_only(make, change):
    def f(x):
        held = make()
        if x[0] > 0:
            change(held)
        total = 0.0
        for i in range(3):
            total = total + held[i] * x[i]
        return total

    for x in (np.array([1.0, 2.0, 3.0]), np.array([-1.0, 2.0, 3.0])):
        try:
            assert interpret(f, sparsity())(x).value == f(x)
            assert rows(f, x) == [{0, 1, 2}]
        except InterpError as error:
            assert "queue" in str(error) or "list" in str(error)
        for radius in (0.1, 1.5):
            lo, hi = interpret(f, bounds(radius))(x).bounds
            for point in x + np.random.default_rng(0).uniform(-radius, radius, (60, 3)):
                assert lo - 1e-9 <= f(point) <= hi + 1e-9


def test_a_handler_of_unbound_names_is_refused():
    def f(x):
        if x[0] > 0:
            z = x[2]
        try:
            return z
        except UnboundLocalError:
            return x[1]

    with pytest.raises(InterpError, match="None first"):
        rows(f, np.array([1.0, 2.0, 3.0]))

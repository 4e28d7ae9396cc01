"""``x[mask]`` where the input decides the mask: selections, along all the masks that there may be."""

import numpy as np
import pytest
from control.patterns import raised, rows

from interp import interpret
from interp.errors import UndecidedError
from interpretations import bounds, grad, gradient, sparsity

X = np.array([0.5, -0.3, 0.7, 0.2, -1.1])


def sum_of_positive(x):
    return x[x > 0].sum()


def mean_of_large(x):
    return np.mean(x[x > x[1]]) * 2.0


def product(x):
    return np.prod(1.0 + x[x < 0.4])


def largest_exponential(x):
    return np.exp(x[x > -2.0]).max()


def counted(x):
    return len(x[x > 0]) * x[0] + x[x > 0.1].size


def looped(x):
    total = 0.0
    for i, v in enumerate(x[x > 0]):
        total += v * v * (i + 1)
    return total


def logarithms(x):
    return np.sum(np.log(x[x > 0]))


def clipped_in_place(x):
    y = 2.0 * x
    y[y < 0] = 0.0
    return y.sum() + y[0] * y[1]


def stored_by_its_mask(x):
    y = np.zeros(x.size)
    m = x > 0
    y[m] = x[m] * x[0] + 1.0
    return (y * x).sum()


def changed_by_its_mask(x):
    y = x.copy()
    y[y > 0.4] -= x[3]
    return y @ np.arange(1.0, 6.0)


def two_of_one_mask(x):
    m = x > x[4]
    return (x[m] * np.sin(x[m])).sum() - (2.0 / (3.0 + x[m])).sum()


def first_of_them(x):
    return x[x > -5.0][0] * 3.0


def any_and_all(x):
    return x[0] if np.any(x[x > 0] > 0.6) else x[1]


def of_two_axes(x):
    a = np.stack([x, x * x])
    return a[a > 0.1].sum()


def within_a_branch(x):
    s = x[0]
    if x[2] < 0:
        s = x[x > x[3]].sum()
    return s


PROGRAMS = [
    *(sum_of_positive, mean_of_large, product, largest_exponential, counted, looped, logarithms, clipped_in_place),
    *(stored_by_its_mask, changed_by_its_mask, two_of_one_mask, first_of_them, any_and_all, of_two_axes),
    within_a_branch,
]


@pytest.mark.parametrize("f", PROGRAMS)
def test_the_value_carried_is_the_program_s(f):
    assert interpret(f, sparsity())(X).value == f(X)


@pytest.mark.parametrize("f", PROGRAMS)
def test_patterns_hold_at_every_input(f):
    (claimed,) = rows(f, X)
    for point in X + np.random.default_rng(0).uniform(-2.0, 2.0, (200, 5)):
        with np.errstate(all="ignore"):
            try:
                slopes = grad(f)(point)
            except (ValueError, IndexError):  # of an empty selection
                continue
        assert set(np.flatnonzero(slopes)) <= claimed


@pytest.mark.parametrize("radius", [0.01, 0.4, 1.5])
@pytest.mark.parametrize("f", PROGRAMS)
def test_enclosures_hold_at_every_point(f, radius):
    with np.errstate(all="ignore"):
        lo, hi = interpret(f, bounds(radius))(X).bounds
    for point in X + np.random.default_rng(0).uniform(-radius, radius, (200, 5)):
        with np.errstate(all="ignore"):
            try:
                value = f(point)
            except (ValueError, IndexError):
                continue
        slack = 1e-12 * (1.0 + abs(value))
        assert not value < lo - slack and not value > hi + slack, (point, value, lo, hi)


def test_patterns_are_tight_where_the_mask_is():
    assert rows(lambda x: x[x[0] > np.zeros(5)][2:].sum() if False else np.where(x > 0, x, 0.0)[:2], X) == [{0}, {1}]
    assert rows(lambda x: x[np.array([True, False, True, False, False])].sum(), X) == [{0, 2}]


def test_levels_below_go_through():
    result = interpret(sum_of_positive, gradient(), sparsity())(X)
    np.testing.assert_allclose(result.gradient, [1.0, 0.0, 1.0, 1.0, 0.0])


@pytest.mark.parametrize(
    "f, said",
    [
        (lambda x: x[x > 0], "whose shape depends on the input"),
        (lambda x: (x[x > 0] * x[x > 0]).sum(), "name the mask"),
        (lambda x: np.sort(x[x > 0])[0], "np.where"),
        (lambda x: (x[x > 0] * np.arange(3.0)).sum(), "beside it"),
        (lambda x: np.stack([x, x])[:, x > 0].sum(), "np.where"),
    ],
)
def test_what_is_not_known_of_a_selection_says_what_to_do(f, said):
    error = raised(f, X)
    assert isinstance(error, UndecidedError) and said in str(error)


def test_any_and_all_of_a_filtered_list_follow_the_primal_on_its_path():
    def f(x):
        kept = [v > 0.6 for v in x if v > 0.0]
        return (x[0] if any(kept) else x[1]) + (x[2] if all(kept) else x[3])

    assert interpret(f, sparsity())(X).value == f(X)
    assert rows(f, X) == [{0, 1, 2, 3}]

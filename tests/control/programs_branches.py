"""Branches: what a choice between two sides does to values, constants, indices, names and errors."""

import contextlib
import math

import numpy as np
from control.program import Case

# -- the named ones of the meaning of a branch


def constant_that_may_be_zero(x):
    c = 0.0 if x[0] > 0 else 1.0
    return c * x[1]


def index_of_a_branch(x):
    k = 1 if x[0] > 0 else 2
    return x[k]


def removable_singularity(x):
    return x[1] if x[0] == 0 else x[2] / x[0]


def root_or_else(x):
    try:
        return math.sqrt(x[0])
    except ValueError:
        return x[1]


def float_or_integer(x):
    k = 1 if x[0] > 0 else 0.5
    if isinstance(k, int):
        return k * x[1]
    return k * x[2]


def generator_advanced_on_one_side(x):
    def pairs():
        yield 2.0 * x[1]
        yield 3.0 * x[2]

    values = pairs()
    if x[0] > 0:
        next(values)
    return next(values)


def best_so_far(x):
    best = None
    for v in x:
        if best is None or v < best:
            best = v
    return best


def filtered_by_value(x):
    kept = [v for v in x if v > 0.2]
    return sum(kept)


# -- conditions


def three_ways(x):
    if x[0] > 1.0:
        y = x[1] * x[1]
    elif x[0] > 0.0:
        y = x[2] * 3.0
    else:
        y = np.sin(x[3])
    return y


def nested_choice(x):
    return (x[1] if x[0] > 1.0 else 2.0 * x[2]) if x[3] > 0.0 else 1.5


def operands_of_and_or(x):
    return (x[0] > 0 and x[1]) or x[2]


def guard_by_short_circuit(x):
    if x[0] != 0 and x[1] / x[0] > 1.0:
        return x[2] * x[2]
    return x[3]


def or_of_conditions(x):
    if x[0] > 5.0 or not x[1] > 0.0:
        return x[2]
    return x[0] * x[1]


def between(x):
    if -1.0 < x[0] <= 1.0:
        return x[0] * x[1]
    return x[2]


def equal_elements(x):
    """The difference quotient of sin, and its limit."""
    if x[0] == x[1]:
        return math.cos(x[0]) + x[2]
    return (math.sin(x[0]) - math.sin(x[1])) / (x[0] - x[1])


def named_in_the_condition(x):
    if (product := x[0] * x[1]) > 0.5:
        return product
    return x[2] - product


def matched(x):
    match int(x[0] > 0) + int(x[1] > 0):
        case 0:
            return x[2]
        case 1:
            return 2.0 * x[3]
        case _:
            return x[2] * x[3]


def constants_that_agree(x):
    c = 0.0 if x[0] > 0 else 0.0
    return c * x[1] + x[2]


def sign_as_a_number(x):
    sign = 1.0 if x[0] >= 0.0 else -1.0
    return sign * x[0] + sign * x[1]


def condition_as_a_factor(x):
    return (x[0] > 0.5) * x[1] + (x[0] <= 0.5) * x[2]


# -- what is joined: indices, names, functions, several values


def table_of_indices(x):
    places = (0, 3, 1)
    k = 0
    if x[4] > 0:
        k += 1
    if x[5] > 0:
        k += 1
    return x[places[k]]


def index_out_of_range_on_one_side(x):
    k = 1 if x[0] > 0 else 7
    try:
        return x[k]
    except IndexError:
        return x[2] * 2.0


def kind_by_name(x):
    kind = "linear" if x[0] > 0 else "square"
    if kind == "linear":
        return x[1]
    return x[2] * x[2]


def entry_by_name(x):
    kind = "linear" if x[0] > 0 else "square"
    return {"linear": x[1], "square": x[2] * x[2], "cubic": x[3]}[kind]


def function_of_a_branch(x):
    g = math.sin if x[0] > 0 else math.cos
    return g(x[1])


def helper_of_a_branch(x):
    def half(u):
        return 0.5 * u

    def squared(u):
        return u * u + x[2]

    g = half if x[0] > 0 else squared
    return g(x[1])


def none_or_value(x):
    extra = None
    if x[0] > 0:
        extra = x[1]
    if extra is None:
        return x[2]
    return x[2] * extra


def ordered_pair(x):
    a, b = x[0], x[1]
    if a < b:
        a, b = b, a
    return np.array([a, b, x[2]])


def tuple_of_a_branch(x):
    pair = (x[0], 1.0) if x[2] > 0 else (2.0, x[1])
    a, b = pair
    return np.array([a, b])


def optional_update(x):
    y = x[0]
    if x[1] > 0:
        y *= x[2]
        y += 1.0
    return y


def kept_on_neither_side(x):
    """Both sides overwrite: the old value is gone."""
    y = x[0]
    if x[1] > 0:
        y = x[2]
    else:
        y = 2.0
    return y


def count_of_conditions(x):
    count = 0
    for v in x[:3]:
        if v > 0:
            count += 1
    return count * x[3]


def counted_index(x):
    count = 0
    for v in x[:2]:
        if v > 0:
            count += 1
    return x[count]


def number_as_text(x):
    label = f"{x[0]:.3f}"
    scale = 2.0
    del label
    return scale * x[1]


# -- errors


def too_large_to_answer(x):
    if x[0] > 50.0:
        raise OverflowError("too large")
    return x[0] * x[1]


def dead_branch_divides_by_zero(x):
    scale = 2.0
    if x[0] > 10.0:
        scale = 1.0 / (scale - 2.0)
    return scale * x[1]


def asserted(x):
    assert x[0] > -50.0, "of the right size"
    return x[0] + x[1]


def raised_for_control(x):
    try:
        if x[0] > 0:
            raise KeyError("positive")
        y = x[1]
    except KeyError:
        y = x[2] * x[2]
    else:
        y = y + x[3]
    return y


def error_of_a_helper(x):
    def checked(u):
        if u < 0:
            raise ValueError("negative")
        return u * u

    try:
        return checked(x[0]) + x[1]
    except ValueError as error:
        return x[2] + len(str(error))


def finally_adds(x):
    total = [0.0]
    try:
        if x[0] > 0:
            return total[0] + x[1]
        total[0] = x[2]
    finally:
        total[0] += x[3]
    return total[0]


def raised_again(x):
    try:
        try:
            y = math.log(x[0])
        except ValueError:
            raise ArithmeticError("no logarithm") from None
    except ArithmeticError:
        y = x[1]
    return y + x[2]


def suppressed(x):
    y = x[1]
    with contextlib.suppress(ValueError):
        y = math.sqrt(x[0])
    return y


def missing_key(x):
    table = {"a": x[1]}
    key = "a" if x[0] > 0 else "b"
    try:
        return table[key]
    except KeyError:
        return x[2]


def division_of_integers(x):
    k = 0 if x[0] > 0 else 2
    try:
        j = 2 // k
    except ZeroDivisionError:
        j = 3
    return x[j]


FOUR = (0.7, 1.2, -0.6, 0.9)
PROGRAMS = [
    Case(constant_that_may_be_zero, (0.4, 1.3), [{1}], 0.5),
    Case(index_of_a_branch, (0.4, 1.3, -0.6), [{1, 2}], 0.5),
    Case(removable_singularity, (0.0, 1.3, 0.8), [{0, 1, 2}], smooth=False),
    Case(root_or_else, (0.4, 1.3), [{0, 1}], 0.5),
    Case(float_or_integer, (0.4, 1.3, -0.6), [{1, 2}], 0.5),
    Case(generator_advanced_on_one_side, (0.4, 1.3, -0.6), [{1, 2}]),
    Case(best_so_far, (0.4, 1.3, -0.6), [{0, 1, 2}], 0.6),
    Case(filtered_by_value, (0.4, 1.3, -0.6), [{0, 1, 2}], 0.3),
    Case(three_ways, FOUR, [{1, 2, 3}], 0.4),
    Case(nested_choice, FOUR, [{1, 2}], 0.4),
    Case(operands_of_and_or, (0.4, 1.3, -0.6), [{1, 2}], 0.5),
    Case(guard_by_short_circuit, FOUR, [{2, 3}], 0.8),
    Case(or_of_conditions, FOUR, [{0, 1, 2}], 0.3),
    Case(between, (0.7, 1.2, -0.6), [{0, 1, 2}], 0.5),
    Case(equal_elements, (0.7, 0.7, 0.2), [{0, 1, 2}], smooth=False),
    Case(named_in_the_condition, (0.7, 1.2, -0.6), [{0, 1, 2}], 0.3),
    Case(matched, FOUR, [{2, 3}], 0.1),
    Case(constants_that_agree, (0.7, 1.2, -0.6), [{2}], 0.9),
    Case(sign_as_a_number, (-0.3, 1.2), [{0, 1}], 0.5),
    Case(condition_as_a_factor, (0.7, 1.2, -0.6), [{1, 2}], 0.1),
    Case(table_of_indices, (0.1, 0.2, 0.3, 0.4, 0.5, -0.6), [{0, 1, 3}], 0.7),
    Case(index_out_of_range_on_one_side, (-0.4, 1.3, -0.6), [{1, 2}], 0.5),
    Case(kind_by_name, (0.4, 1.3, -0.6), [{1, 2}], 0.5),
    Case(entry_by_name, FOUR, [{1, 2}], 0.8),
    Case(function_of_a_branch, (0.4, 1.3), [{1}], 0.5),
    Case(helper_of_a_branch, (0.4, 1.3, -0.6), [{1, 2}], 0.5),
    Case(none_or_value, (0.4, 1.3, -0.6), [{1, 2}], 0.5),
    Case(ordered_pair, (0.4, 1.3, -0.6), [{0, 1}, {0, 1}, {2}], 0.6),
    Case(tuple_of_a_branch, (0.4, 1.3, -0.6), [{0}, {1}], 0.7),
    Case(optional_update, (0.4, 1.3, -0.6), [{0, 2}], 1.4),
    Case(kept_on_neither_side, (0.4, 1.3, -0.6), [{2}], 1.4),
    Case(count_of_conditions, FOUR, [{3}], 0.8),
    Case(counted_index, (0.7, -0.2, -0.6), [{0, 1, 2}], 0.3),
    Case(number_as_text, (0.7, 1.2), [{1}]),
    Case(too_large_to_answer, (0.7, 1.2), [{0, 1}], 60.0),
    Case(dead_branch_divides_by_zero, (0.7, 1.2), [{1}], 0.5),
    Case(asserted, (0.7, 1.2), [{0, 1}], 60.0),
    Case(raised_for_control, FOUR, [{1, 2, 3}], 0.8),
    Case(error_of_a_helper, (0.7, 1.2, -0.6), [{0, 1, 2}], 0.1),
    Case(finally_adds, FOUR, [{1, 2, 3}], 0.8),
    Case(raised_again, (0.7, 1.2, -0.6), [{0, 1, 2}], 0.8),
    Case(suppressed, (0.7, 1.2), [{0, 1}], 0.8),
    Case(missing_key, (0.7, 1.2, -0.6), [{1, 2}], 0.8),
    Case(division_of_integers, FOUR, [{1, 3}], 0.8),
]

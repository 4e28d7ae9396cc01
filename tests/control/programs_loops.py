"""Loops: whose rounds values decide, counters that index, every exit, recursion, generators and comprehensions."""

import functools
import itertools

import numpy as np
from control.program import Case

PLACES = (0, 2, 4, 1)


def reads_by_a_table_of_places(x):
    i = 0
    s = 0.0
    while i < 4 and s < 1.0:
        s = s + x[PLACES[i]]
        i += 1
    return s


def even_elements(x):
    i = 0
    s = 0.0
    while s < 0.15 and i < 10:
        s = s + x[2 * i]
        i += 1
    return s


def leaves_at_the_first_negative(x):
    total = 0.0
    for v in x:
        if v < 0:
            break
        total = total + v
    return total


def skips_negatives(x):
    total = 0.0
    for v in x[:3]:
        if v < 0:
            continue
        total = total + v * v
    return total


def first_large_or_default(x):
    for i in range(3):
        if x[i] > 1.0:
            found = x[i]
            break
    else:
        found = x[3]
    return found


def returns_from_a_loop(x):
    for i in range(1, 4):
        if x[i] > x[0]:
            return x[i] * x[i]
    return x[0]


def inner_break(x):
    """The inner loop is left, the outer goes on."""
    total = 0.0
    for i in range(2):
        for j in range(3):
            if x[j] < 0:
                break
            total = total + (i + 1) * x[j]
    return total


def while_with_else(x):
    s = x[0]
    n = 0
    while s < 3.0:
        s = s + x[1]
        n += 1
        if n > 5:
            break
    else:
        s = s + x[2]
    return s


def never_entered_off_the_path(x):
    s = x[0]
    while s > 100.0:
        s = s - x[1]
    return s


def endless_but_for_a_return(x):
    s = x[0]
    while True:
        if s > 4.0:
            return s + x[1]
        s = 0.5 * s + 2.5


def moves_along(x):
    """The position depends on values, one step a round."""
    k = 0
    for _ in range(3):
        if x[k] > 0:
            k += 1
    return x[k]


def climbs(x):
    k = 0
    while k < 3 and x[k + 1] > x[k]:
        k += 1
    return x[k]


def shifts_through(x):
    """A value takes five rounds to arrive: more than one round of joins finds it."""
    a, b, c, d, e = 0.0, 0.0, 0.0, 0.0, x[1]
    s = x[0]
    while s < 2.0:
        a, b, c, d = b, c, d, e
        s = s + 0.4
    return a


def thousand_rounds(x):
    s = 0.0
    n = 0
    while s < x[0]:
        s = s + 0.01
        n += 1
    return s + x[1] * n


def two_counters(x):
    i, j = 0, 3
    while i < j:
        if x[i] < x[j]:
            i += 1
        else:
            j -= 1
    return x[i] * 2.0


def gcd_of_floats(x):
    a, b = abs(x[0]), abs(x[1])
    n = 0
    while b > 0.05 and n < 30:
        a, b = b, a % b
        n += 1
    return a + x[2]


def power_by_squaring(x):
    def power(u, n):
        if n == 0:
            return 1.0
        half = power(u, n // 2)
        if n % 2:
            return half * half * u
        return half * half

    return power(x[0], 5) + x[1]


def halves_until_small(x):
    def halved(u, v):
        if abs(u) < 0.1:
            return v
        return halved(0.5 * u, v + u)

    return halved(x[0], x[1])


def mutual_recursion(x):
    def even(u, n):
        return x[1] if n == 0 else odd(u - 1.0, n - 1)

    def odd(u, n):
        if u < 0.0:
            return x[2]
        return x[3] if n == 0 else even(u - 1.0, n - 1)

    return even(x[0], 4)


def generator_to_the_end(x):
    def decreasing():
        v = x[0]
        while v > 0.1:
            yield v
            v = v * 0.5

    return sum(decreasing()) + x[1]


def generator_of_chosen(x):
    return sum(v * v for v in x[:3] if v > 0) + x[3]


def comprehension_with_a_choice(x):
    parts = [v if v > 0 else 0.1 * v for v in x]
    return np.array(parts)


def dictionary_comprehension(x):
    squares = {i: x[i] * x[i] for i in range(4) if i != 2}
    return sum(squares.values())


def nested_comprehension(x):
    rows = [[x[i] * x[j] for j in range(i)] for i in range(3)]
    return sum(sum(row) for row in rows)


def enumerated_and_zipped(x):
    total = 0.0
    for i, (a, b) in enumerate(zip(x[:2], x[2:], strict=True)):
        total = total + i * a * b
    return total


def reversed_horner(x):
    total = 0.0
    for c in reversed(x[1:]):
        total = total * x[0] + c
    return total


def least_and_largest(x):
    return np.array([min(x[0], x[1]), max(x[1], x[2], x[3]), min([x[0], x[3]])])


def sorted_elements(x):
    ordered = sorted([x[0], x[1], x[2]])
    return ordered[1] * x[3]


def sorted_by_distance(x):
    ordered = sorted(x[1:], key=lambda v: abs(v - x[0]))
    return ordered[0]


def any_and_all(x):
    if any(v > 2.0 for v in x):
        return x[0]
    if all(v > 0.0 for v in x):
        return x[1]
    return x[2]


def mapped_and_filtered(x):
    return sum(map(lambda v: v * v, filter(lambda v: v > 0, x[:3])))


def reduced(x):
    return functools.reduce(lambda a, b: a * 0.5 + b if a > b else a - b, [x[0], x[1], x[2]])


def partially_applied(x):
    def scaled(scale, u, shift=0.0):
        return scale * u + shift if u > 0 else shift

    g = functools.partial(scaled, x[0], shift=x[1])
    return g(x[2])


def accumulated(x):
    running = list(itertools.accumulate(x))
    return np.array([running[1], running[3]])


def pairs_of_elements(x):
    total = 0.0
    for a, b in itertools.combinations(x[:3], 2):
        if a > b:
            total = total + a * b
    return total


def takes_while_positive(x):
    total = 0.0
    for v in itertools.takewhile(lambda u: u > 0, x[:3]):
        total = total + v
    return total + x[3]


def drawn_from_an_iterator(x):
    values = iter(x)
    first = next(values)
    second = next(values)
    return first * second + sum(values)


FOUR = (0.7, 1.2, -0.6, 0.9)
EVENS = tuple(0.031 + 0.01 * i for i in range(20))
PROGRAMS = [
    Case(reads_by_a_table_of_places, (0.3, 0.4, 0.2, 0.5, 0.6), [{0, 1, 2, 4}]),
    Case(even_elements, EVENS, [set(range(0, 20, 2))], 0.003),
    Case(leaves_at_the_first_negative, FOUR, [{0, 1, 2, 3}], 0.65, witnesses=((1.0, 1.0, 1.0, 1.0),)),
    Case(skips_negatives, FOUR, [{0, 1, 2}], 0.65),
    Case(first_large_or_default, FOUR, [{0, 1, 2, 3}], 0.25),
    Case(returns_from_a_loop, FOUR, [{0, 1, 2, 3}], 0.55),
    Case(inner_break, FOUR, [{0, 1, 2}], 0.65),
    Case(while_with_else, FOUR, [{0, 1, 2}], 0.1),
    Case(never_entered_off_the_path, FOUR[:2], [{0, 1}], witnesses=((100.5, 1.0),)),
    Case(endless_but_for_a_return, FOUR[:2], [{0, 1}], 0.2),
    Case(moves_along, FOUR, [{0, 1, 2, 3}], 0.1),
    Case(climbs, FOUR, [{0, 1, 2, 3}], 0.3),
    Case(shifts_through, FOUR[:2], [{1}], 0.01, witnesses=((-1.0, 1.0),)),
    Case(thousand_rounds, (0.7049, 1.2), [{1}], 0.001),
    Case(two_counters, FOUR, [{0, 1, 2, 3}], 0.35),
    Case(gcd_of_floats, (0.7071, 1.2345, -0.6), [{0, 1, 2}], 0.001),
    Case(power_by_squaring, FOUR[:2], [{0, 1}]),
    Case(halves_until_small, FOUR[:2], [{0, 1}]),
    Case(mutual_recursion, FOUR, [{1, 2}]),
    Case(generator_to_the_end, FOUR[:2], [{0, 1}], refused="comes to no end"),
    Case(generator_of_chosen, FOUR, [{0, 1, 2, 3}], 0.65),
    Case(comprehension_with_a_choice, FOUR, [{0}, {1}, {2}, {3}], 0.65),
    Case(dictionary_comprehension, FOUR, [{0, 1, 3}]),
    Case(nested_comprehension, FOUR, [{0, 1, 2}]),
    Case(enumerated_and_zipped, FOUR, [{1, 3}]),
    Case(reversed_horner, FOUR, [{0, 1, 2, 3}]),
    Case(least_and_largest, FOUR, [{0, 1}, {1, 2, 3}, {0, 3}], 0.4),
    Case(sorted_elements, FOUR, [{0, 1, 2, 3}], 0.4),
    Case(sorted_by_distance, FOUR, [{1, 2, 3}]),
    Case(any_and_all, FOUR, [{0, 1, 2}], 0.65),
    Case(mapped_and_filtered, FOUR, [{0, 1, 2}], 0.65),
    Case(reduced, FOUR, [{0, 1, 2}], 0.4),
    Case(partially_applied, (0.7, 1.2, 0.6), [{0, 1, 2}], 0.65),
    Case(accumulated, FOUR, [{0, 1}, {0, 1, 2, 3}]),
    Case(pairs_of_elements, FOUR, [{0, 1, 2}], 0.4),
    Case(takes_while_positive, FOUR, [{0, 1, 2, 3}], 0.65),
    Case(drawn_from_an_iterator, FOUR, [{0, 1, 2, 3}]),
]

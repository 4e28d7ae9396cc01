"""State and calls: lists, dictionaries, fresh arrays, views, objects, closures, casts and the library's functions."""

import functools
import math
import statistics
from dataclasses import dataclass, field

import numpy as np
import scipy.special
from control.program import Case

# -- lists and dictionaries


def list_that_may_grow(x):
    values = [x[0]]
    if x[1] > 0:
        values.append(x[2])
    return sum(values)


def last_of_a_list_that_may_grow(x):
    values = [x[0]]
    if x[1] > 0:
        values.append(x[2])
    return values[-1]


def list_that_may_shrink(x):
    values = [x[0], x[1]]
    if x[2] > 0:
        values.pop()
    return values[-1] * len(values)


def stack_machine(x):
    stack = []
    for v in x:
        if v > 0 or len(stack) < 2:
            stack.append(v)
        else:
            a = stack.pop()
            b = stack.pop()
            stack.append(a - b)
    return stack[0] + 2.0 * stack[-1]


def slot_of_a_list(x):
    values = [x[0], x[1], x[2]]
    k = 0 if x[3] > 0 else 1
    values[k] = 5.0 * x[3]
    return values[0] + 2.0 * values[2]


def matrix_of_lists(x):
    rows = [[0.0, 0.0], [0.0, 0.0]]
    for i in range(2):
        for j in range(2):
            if x[i] > x[2 + j]:
                rows[i][j] = x[i] * x[2 + j]
    return rows[0][0] + rows[1][1]


def shared_list(x):
    """Two names of one list; the store is seen by both."""
    a = [x[0], x[1]]
    b = a if x[2] > 0 else [x[1], x[1]]
    b[0] = x[2]
    return a[0]


def optional_entry(x):
    table = {"first": x[0]}
    if x[1] > 0:
        table["second"] = x[2]
    return table.get("second", 0.0) + table["first"]


def entry_in_or_out(x):
    table = {}
    if x[0] > 0:
        table["a"] = x[1]
    if "a" in table:
        return table["a"]
    return x[2]


def counted_by_key(x):
    sums = {}
    for i in range(4):
        key = "up" if x[i] > 0 else "down"
        sums[key] = sums.get(key, 0.0) + x[i]
    return sums.get("down", 0.0)


# -- fresh arrays


def store_on_one_side(x):
    a = np.zeros(3)
    if x[0] > 0:
        a[1] = x[1]
    a[2] = x[2]
    return a


def store_at_a_joined_index(x):
    a = np.ones(3)
    k = 0 if x[0] > 0 else 2
    a[k] = x[1]
    return a


def view_of_a_fresh_array(x):
    a = np.zeros(3)
    b = a[1:]
    if x[0] > 0:
        b[0] = x[1]
    b[1] += x[2]
    return a


def two_dimensions(x):
    a = np.zeros((2, 2))
    for i in range(2):
        row = a[i]
        for j in range(2):
            if i != j or x[i] > 0:
                row[j] = x[i] * x[j]
    return a.ravel()


def floored_in_place(x):
    a = np.zeros(4)
    a[:] = x
    a[a < 0] = 0.0
    return a


def masked_sum(x):
    return x[x > 0.1].sum()


def where_of_values(x):
    return np.where(x[:2] > 0, x[:2], 0.1 * x[2:])


def summed_into_places(x):
    a = np.zeros(2)
    places = [0, 1, 0, 1]
    for i in range(4):
        a[places[i]] += x[i]
    return a


def out_of_an_operation(x):
    a = np.empty(3)
    np.multiply(x[:3], x[3], out=a)
    a[0] = 1.0
    return a


def identity_and_line(x):
    a = np.eye(3)
    a[1, 2] = x[0]
    grid = np.linspace(0.0, 1.0, 3)
    grid[0] = x[1]
    return a @ grid


def array_of_a_branch(x):
    a = np.array([x[0], 0.0, x[1]]) if x[2] > 0 else np.array([x[1], x[3], 0.0])
    return a


# -- objects, closures, arguments


@dataclass
class Particle:
    position: float
    velocity: float
    trail: list = field(default_factory=list)

    @property
    def energy(self):
        return 0.5 * self.velocity * self.velocity + self.position

    def step(self, h):
        self.trail.append(self.position)
        self.position = self.position + h * self.velocity
        if self.position < 0.0:
            self.position = -self.position
            self.velocity = -0.8 * self.velocity


def bouncing_object(x):
    p = Particle(x[0], x[1])
    for _ in range(4):
        p.step(0.25)
    return np.array([p.position, p.energy, p.trail[0]])


class Switch:
    """Hysteresis: on above one threshold, off below another."""

    def __init__(self, low, high):
        self.low, self.high, self.on = low, high, False

    def __call__(self, v):
        if v > self.high:
            self.on = True
        elif v < self.low:
            self.on = False
        return self.on


def hysteresis(x):
    switch = Switch(0.0, 1.0)
    total = 0.0
    for v in x:
        if switch(v):
            total = total + v
    return total


def running_total(x):
    total = 0.0

    def add(v):
        nonlocal total
        if v > 0:
            total = total + v

    for v in x[:3]:
        add(v)
    return total + x[3]


def list_of_closures(x):
    scaled = [lambda u, c=c: c * u for c in x[:2]]
    k = 0 if x[2] > 0 else 1
    return scaled[k](x[3])


def starred_arguments(x):
    def weighted(first, *others, scale=1.0, **named):
        total = first
        for v in others:
            total = total + scale * v if v > 0 else total
        return total + named["shift"]

    return weighted(*x[:3], scale=2.0, shift=x[3])


def changes_its_argument(x):
    def sink(values, k):
        if values[k] > values[k + 1]:
            values[k], values[k + 1] = values[k + 1], values[k]

    values = [x[0], x[1], x[2]]
    sink(values, 0)
    return np.array(values)


def logged(function):
    @functools.wraps(function)
    def wrapper(*args):
        result = function(*args)
        return result if result > -100.0 else -100.0

    return wrapper


@logged
def _ramp(u):
    return u if u > 0 else 0.0


@functools.lru_cache
def _remembered(u):
    return u * u if u > 0 else -u


def wrapped_helper(x):
    return _ramp(x[0]) + _ramp(x[1])


def remembered_helper(x):
    return _remembered(x[0]) + _remembered(x[1])


# -- casts, tables, the library's functions


def table_of_constants(x):
    return (1.0, 3.0, 7.0, 8.0)[int(x[0])] * x[1]


def entry_at_a_cast(x):
    return x[1 + int(abs(x[0]) > 1.0) + int(x[1] > 1.0)]


def rounded_factor(x):
    return round(x[0]) * x[1] + math.floor(x[2]) * x[3]


def interpolated_in_a_table(x):
    heights = (0.0, 1.0, 4.0, 9.0)
    k = min(max(int(x[0]), 0), 2)
    t = x[0] - k
    return heights[k] * (1.0 - t) + heights[k + 1] * t


def functions_of_math(x):
    r = math.hypot(x[0], x[1])
    if r > 1.0:
        return math.log(r) + math.exp(-r)
    return math.sin(r) * math.cos(x[2]) + math.tanh(r)


def float_of_a_value(x):
    y = float(x[0]) * 2.0
    if y > 0.0:
        y = float(x[1])
    return y


def mean_of_the_limited(x):
    limited = [v if v > -1.0 else -1.0 for v in x[:3]]
    return statistics.mean(limited) + x[3]


def error_function(x):
    if x[0] > 0:
        return scipy.special.erf(x[0]) * x[1]
    return scipy.special.erf(x[1])


def quotient_and_remainder(x):
    q, r = divmod(x[0], 0.5)
    return r + q * x[1]


def truncated_power(x):
    return pow(x[0], 3) if x[0] > 0 else abs(x[1]) ** 2


def position_of_the_largest(x):
    k = int(np.argmax(x[:3]))
    return x[k] + (k > 0) * x[3]


FOUR = (0.7, 1.2, -0.6, 0.9)
PROGRAMS = [
    Case(list_that_may_grow, FOUR[:3], [{0, 2}], 1.3),
    Case(last_of_a_list_that_may_grow, FOUR[:3], [{0, 2}], 1.3),
    Case(list_that_may_shrink, FOUR[:3], [{0, 1}], 0.7),
    Case(
        stack_machine,
        FOUR,
        [{0, 1, 2, 3}],
        0.05,
        witnesses=((1.0, 1.0, 1.0, -1.0), (1.0, 1.0, -1.0, -1.0)),
        refused="list.pop",
    ),
    Case(slot_of_a_list, FOUR, [{0, 2, 3}], 1.0),
    Case(matrix_of_lists, FOUR, [{0, 1, 2, 3}], 0.4),
    Case(shared_list, FOUR[:3], [{0, 2}], 0.7),
    Case(optional_entry, FOUR[:3], [{0, 2}], 1.3),
    Case(entry_in_or_out, FOUR[:3], [{1, 2}], 0.8),
    Case(counted_by_key, FOUR, [{0, 1, 2, 3}], 0.65),
    Case(store_on_one_side, FOUR[:3], [set(), {1}, {2}], 0.8),
    Case(store_at_a_joined_index, FOUR[:2], [{1}, set(), {1}], 0.8),
    Case(view_of_a_fresh_array, FOUR[:3], [set(), {1}, {2}], 0.8),
    Case(two_dimensions, FOUR[:2], [{0}, {0, 1}, {0, 1}, {1}], 0.8),
    Case(floored_in_place, FOUR, [{0}, {1}, {2}, {3}], 0.65),
    Case(masked_sum, FOUR, [{0, 1, 2, 3}], 0.2, refused="a mask that the input decides"),
    Case(where_of_values, FOUR, [{0, 2}, {1, 3}], 0.8),
    Case(summed_into_places, FOUR, [{0, 2}, {1, 3}]),
    Case(out_of_an_operation, FOUR, [set(), {1, 3}, {2, 3}], dual=False),
    Case(identity_and_line, FOUR[:2], [{1}, {0}, set()]),
    Case(array_of_a_branch, FOUR, [{0, 1}, {3}, {1}], 0.65),
    Case(bouncing_object, (0.2, -0.7), [{0, 1}, {0, 1}, {0}], 0.02),
    Case(hysteresis, FOUR, [{0, 1, 2, 3}], 0.2),
    Case(running_total, FOUR, [{0, 1, 2, 3}], 0.65),
    Case(list_of_closures, FOUR, [{0, 1, 3}], 0.65),
    Case(starred_arguments, FOUR, [{0, 1, 2, 3}], 0.65),
    Case(changes_its_argument, FOUR[:3], [{0, 1}, {0, 1}, {2}], 0.4),
    Case(wrapped_helper, FOUR[:2], [{0, 1}], 0.8),
    Case(remembered_helper, FOUR[:2], [{0, 1}], 0.8, dual=False),
    Case(table_of_constants, (1.4, 1.2), [{1}], 0.5),
    Case(entry_at_a_cast, FOUR, [{1, 2, 3}], 0.1),
    Case(rounded_factor, (1.4, 1.2, -0.6, 0.9), [{1, 3}], 0.2),
    Case(interpolated_in_a_table, (1.4,), [{0}], 0.5),
    Case(functions_of_math, FOUR[:3], [{0, 1, 2}], 0.05),
    Case(float_of_a_value, FOUR[:2], [{0, 1}], 0.8),
    Case(mean_of_the_limited, (0.5, 1.25, -0.75, 1.0), [{0, 1, 2, 3}], dual=False),
    Case(error_function, FOUR[:2], [{0, 1}], 0.8, dual=False),
    Case(quotient_and_remainder, FOUR[:2], [{0, 1}], 0.1, dual=False),
    Case(truncated_power, FOUR[:2], [{0, 1}], 0.8),
    Case(position_of_the_largest, FOUR, [{0, 1, 2, 3}], 0.3, refused="argmax of these intervals"),
]

"""What loops, recursion and stores mean where values decide them, a test for each sentence of DESIGN section 7."""

import numpy as np
import pytest
from control.patterns import X, raised, rows

from interp import control
from interp.errors import InterpError, PathError, UndecidedError
from interpretations import jacobian_sparsity

# -- loops, generators and recursion


def test_a_while_loop_reads_every_place_that_its_counter_reaches():
    places = [5, 1, 3, 0, 7, 6]

    def f(x):
        i = 0
        s = 0.0
        while i < 6 and s < x[8]:
            s = s + x[places[i]]
            i += 1
        return s

    assert rows(f, np.linspace(0.1, 0.9, 9)) == [{0, 1, 3, 5, 6, 7}]
    assert rows(f, np.zeros(9)) == [{0, 1, 3, 5, 6, 7}]


def test_what_takes_many_rounds_to_arrive_is_found():
    """Ten names in a chain, far beyond the rounds that the primal makes."""

    def f(x):
        chain = [x[1]] + [0.0] * 9
        s = x[0]
        while s < 0.5:
            for k in range(9, 0, -1):
                chain[k] = chain[k - 1]
            s = s + 1.0
        return chain[9] + x[2]

    assert rows(f) == [{1, 2}]


def test_an_endless_generator_that_nothing_decides():
    def counted(x):
        n = 0
        while True:
            yield n * x[0]
            n += 1

    def f(x):
        total = 0.0
        if x[1] < 0:
            for v in counted(x):
                total = total + v
        return total + x[2]

    raised(f)


def test_recursion_is_summarised():
    """No path off the primal's ends it: depth is a matter of values alone."""

    def fall(u, v, k):
        if u < 1e-9:
            return v
        return fall(u - 1.0, v * u, k + 1) if k % 2 else fall(u * 0.5 - 1.0, v + 1.0, k + 1)

    def f(x):
        return fall(x[0], x[1], 0)

    assert rows(f) == [{0, 1}]
    assert rows(f, np.array([7.7, 1.0, 0.0])) == [{0, 1}]


def test_a_range_of_unknown_length_runs_to_the_fixpoint():
    def f(x):
        total = 0.0
        if x[0] < 0:
            for i in range(int(x[1] * 10.0)):
                total = total + x[i % 3]
        return total

    assert rows(f) == [{0, 1, 2}]


def test_growth_without_bound_ends_in_one_repeated_slot():
    def f(x):
        values = []
        s = x[0]
        while s < 1e6:
            values.append(s * x[1])
            s = s + 1.0
            if x[2] > 0:
                break
        return sum(values)

    assert rows(f, np.array([0.4, 1.3, 0.6])) == [{0, 1}]


def test_order_off_the_path_is_dense_in_its_group():
    def f(x):
        if x[0] < 0:
            return np.array([np.sort(x[1:3])[0], x[3 + np.argmax(x[:2]) % 2]])
        return np.array([x[0], x[0]])

    assert rows(f, np.arange(1.0, 7.0)) == [{0, 1, 2}, {0, 3, 4}]


def test_the_number_of_unjoined_rounds_changes_no_pattern_here():
    def f(x):
        k = 0
        s = x[0]
        while s < 4.0 and k < 5:
            s = s + 1.0
            k += 1
        return x[k]

    x = np.linspace(0.1, 0.6, 6)
    expected = rows(f, x)
    assert expected == [{0, 1, 2, 3, 4, 5}]
    for rounds in (0, 1, 2, 5, 64):
        with control.options(unjoined_rounds=rounds):
            assert rows(f, x) == expected


def test_recursion_that_changes_an_older_list():
    """Its result must not be reused where the list is another."""

    def sink(values, k):
        if k > 0 and values[k] < values[k - 1]:
            values[k], values[k - 1] = values[k - 1], values[k]
            sink(values, k - 1)

    def f(x):
        values = [x[0], x[1], x[2]]
        sink(values, 1)
        sink(values, 2)
        return np.stack(values)

    assert rows(f) == [{0, 1, 2}] * 3


# -- state


def test_objects_older_than_the_branch_are_stored_into_weakly():
    def f(x):
        a, b = [x[0]], [x[1]]
        chosen = a if x[2] > 0 else b
        chosen[0] = 5.0 * x[2]
        return np.array([a[0], b[0]])

    assert rows(f) == [{0, 2}, {1, 2}]


def test_pairs_born_in_the_branch_are_joined_by_structure():
    def f(x):
        pair = [x[0], x[1]] if x[2] > 0 else [x[1], 2.0]
        pair[0] = pair[0] * 3.0
        return np.array(pair)

    assert rows(f) == [{0, 1}, {1}]


def test_an_insertion_at_an_undecided_index():
    def f(x):
        values = [x[0], x[1]]
        values.insert(0 if x[2] > 0 else 1, x[2])
        return values[0]

    error = raised(f)
    assert isinstance(error, UndecidedError) and "insert" in str(error)


def test_an_index_out_of_range_on_every_side():
    def f(x):
        k = 7 if x[0] > 0 else 8
        return x[k]

    with pytest.raises(IndexError):
        jacobian_sparsity(f, X)


def test_an_unknown_index_unites_all_entries():
    def f(x):
        if x[0] < 0:
            return x[int(x[1] * 2.0)]
        return x[0]

    assert rows(f) == [{0, 1, 2}]


def test_equal_constants_stay_literal_and_joined_ones_do_not():
    def f(x):
        a = 0.0 if x[0] > 0 else 0.0
        b = 0.0 if x[0] > 0 else -1.0
        return np.array([a * x[1], b * x[1], (b * 0.0) * x[2]])

    assert rows(f) == [set(), {1}, set()]


def test_each_side_is_read_in_its_own_state():
    def f(x):
        a = [x[0]]
        if x[2] > 0:
            a[0] = x[1]
            y = a[0] * 2.0
        else:
            y = a[0] * 3.0
        a[0] = 1.0
        return y

    assert rows(f) == [{0, 1}]


def test_attributes_of_objects_are_joined():
    class Holder:
        def __init__(self, v):
            self.v = v
            self.extra = None

    def f(x):
        holder = Holder(x[0])
        if x[2] > 0:
            holder.v = x[1]
        else:
            holder.extra = x[2]
        extra = holder.extra
        return holder.v if extra is None else holder.v + extra

    assert rows(f) == [{0, 1, 2}]


def test_too_many_alternatives_are_a_clear_error_or_the_right_pattern():
    """Thirty words that a branch each may pick."""
    words = [f"word {k}" for k in range(30)]

    def f(x):
        word = "none"
        for k in range(30):
            if x[k] > 0:
                word = words[k]
        return x[30] if word == "word 3" else x[31]

    try:
        assert rows(f, np.linspace(-1.0, 1.0, 32)) == [{30, 31}]
    except InterpError as error:
        assert "24" in str(error) or "path" in str(error)


def test_a_list_that_grows_under_its_own_loop_is_refused():
    def f(x):
        q = [x[0]]
        for v in q:
            if v > 0 and len(q) < 3:
                q.append(x[1])
        return sum(q)

    error = raised(f)
    assert isinstance(error, PathError) and "grows" in str(error)

"""What a branch means, one test for each sentence of DESIGN section 7, in the stated form: paths and errors.

Programs that have a result everywhere are in the lists of `test_branching_programs`; here are the errors, and how they
read, and what only shows from outside.
"""

import collections
import math
import random
import traceback

import numpy as np
import pytest
from control.patterns import X, raised, rows

from interp import interpret
from interp.errors import InterpError, NoRule, ShapeError, StripError, UndecidedError
from interpretations import Interval, bounds, grad, hessian_sparsity, jacobian_sparsity, sparsity

# -- on and off the primal's path


def test_the_path_of_the_primal_carries_its_value_and_nothing_is_computed_off_it():
    """Off it 1e308 * 1e308 would overflow, and a loop to a billion would take minutes."""

    def f(x):
        y = x[1]
        if x[0] < 0:
            y = y * 1e308 * 1e308
            n = 0
            while n < y:
                n += 1
            y = np.exp(x[2] * 1e4) / (x[0] - x[0])
        return y

    with np.errstate(all="raise"):
        result = interpret(f, sparsity())(X)
    assert result.value == X[1]
    assert rows(f) == [{0, 1, 2}]


def test_a_branch_point_moves_nothing():
    assert rows(lambda x: x[1] if x[0] > 0 else 2.0 * x[1]) == [{1}]
    assert rows(lambda x: 1.0 if x[0] > 0 else 2.0) == [set()]


def test_every_input_has_the_same_pattern():
    def f(x):
        if x[0] > x[1]:
            return x[0] * x[2]
        for v in x:
            if v > 1.0:
                return v
        return 0.0 * x[0]

    for point in ([0.4, 1.3, -0.6], [2.0, 0.0, 1.0], [0.0, 0.0, 0.0]):
        assert rows(f, np.array(point)) == [{0, 1, 2}]


def test_second_derivatives_join_as_well():
    """Of a product on one side and a square on the other; the sum of both sides would have no other entries."""

    def f(x):
        y = x[0] * x[1] if x[2] > 0 else x[2] * x[2]
        while y > 10.0:
            y = y * 0.5
        return y

    for z in (-0.6, 0.6):
        entries = hessian_sparsity(f, np.array([0.4, 1.3, z])).nonzero()
        assert set(zip(*(part.tolist() for part in entries), strict=True)) == {(0, 1), (1, 0), (2, 2)}


def test_f_runs_once():
    calls = []

    def f(x):
        calls.append(1)
        return x[0] if x[1] > 0 else x[2]

    jacobian_sparsity(f, X)
    assert len(calls) == 1


def test_the_callers_array_and_lists_are_left_alone():
    x = X.copy()

    def f(x):
        if x[0] < 0:
            x[1] = 5.0
        else:
            x[2] = x[0]
        return x[1] + x[2]

    assert rows(f, x) == [{0, 1, 2}]
    np.testing.assert_array_equal(x, X)


# -- errors and what they end


def test_an_explicit_raise_makes_a_branch_infeasible():
    def f(x):
        if x[0] < 0:
            y = x[2]
            raise ValueError(f"negative: {y}")
        assert x[1] > 0, "positive"
        return x[1]

    assert rows(f) == [{1}]


def test_a_plain_operation_on_plain_operands_ends_its_path():
    failures = [
        lambda: 1.0 / 0.0,
        lambda: [1.0][3],
        lambda: {}["key"],
        lambda: math.sqrt(-1.0),
        lambda: int("many"),
    ]
    for fail in failures:

        def f(x, fail=fail):
            y = x[1]
            if x[0] < 0:
                y = x[2]
                fail()
            return y

        assert rows(f) == [{1}]


def test_an_error_that_every_path_ends_in_is_raised():
    def f(x):
        if x[0] > 0:
            raise ValueError("above")
        raise ValueError("below")

    for x in (X, -X):
        with pytest.raises(ValueError, match=r"above|below") as caught:
            jacobian_sparsity(f, x)
        assert ("above" if x[0] > 0 else "below") in str(caught.value)
    with pytest.raises((ValueError, InterpError), match="below") as caught:
        interpret(f, bounds(1.0))(X)
    assert "above" in "".join(traceback.format_exception(caught.value))  # neither is the primal's: both are named


def test_the_primal_s_own_error_is_raised():
    def f(x):
        if x[0] > 0:
            raise KeyError("of the program")
        return x[1]

    with pytest.raises(KeyError, match="of the program"):
        jacobian_sparsity(f, X)


def test_any_other_error_off_the_path_names_its_branch():
    def f(x):
        if x[0] < 0:
            return np.linalg.solve(x, x)  # wrong shapes
        return x[1]

    error = raised(f)
    assert not isinstance(error, UndecidedError)
    assert f"line {f.__code__.co_firstlineno + 2}" in str(error) and "branch" in str(error)


def test_an_error_of_a_rule_off_the_path_is_never_dropped():
    def f(x):
        if x[0] < 0:
            return np.linalg.svd(x.reshape(1, 3))[1][0]
        return x[1]

    try:
        assert rows(f) == [{0, 1, 2}]
    except InterpError as error:
        assert isinstance(error, NoRule) or "svd" in str(error)


def test_tracebacks_are_on_the_users_own_lines():
    def f(x):
        y = x[1]
        if x[0] > 0:
            raise OSError("here")
        return y

    with pytest.raises(OSError, match="here") as caught:
        jacobian_sparsity(f, X)
    frames = [frame for frame in traceback.extract_tb(caught.tb) if frame.filename == __file__]
    assert f.__code__.co_firstlineno + 3 in [frame.lineno for frame in frames]


def test_shapes_that_differ_between_branches():
    def f(x):
        if x[0] > 0:
            return np.array([x[0], x[1]])
        return np.array([x[0], x[1], x[2]])

    error = raised(f)
    assert isinstance(error, ShapeError | UndecidedError) and "shape" in str(error)


@pytest.mark.parametrize("which", range(4), ids=["random", "np.random", "print", "write"])
def test_draws_and_output_in_a_branch_that_is_not_taken(which, tmp_path):
    generator = random.Random(1)

    def draws(x):
        if x[0] < 0:
            return x[1] * generator.random()
        return x[1]

    def draws_numpy(x):
        return x[1] * np.random.normal() if x[0] < 0 else x[1]

    def prints(x):
        if x[0] < 0:
            print("negative")
        return x[1]

    def writes(x):
        if x[0] < 0:
            (tmp_path / "file").write_text("negative")
        return x[1]

    raised((draws, draws_numpy, prints, writes)[which])
    assert not list(tmp_path.iterdir())


def test_a_draw_on_the_path_is_the_plain_one():
    def f(x):
        noise = np.random.default_rng(3).normal()
        return x[1] * noise if x[0] > 0 else x[2]

    assert interpret(f, sparsity())(X).value == f(X)
    assert rows(f) == [{1, 2}]


# -- outside converted code


def test_a_truth_value_that_escapes_raises():
    """What conversion cannot see fails safe: code without source."""
    namespace = {}
    exec("def hidden(v):\n    return 1.0 if v > 0 else 2.0", namespace)

    def f(x):
        return hidden(x[0]) * x[1]

    hidden = namespace["hidden"]
    try:
        assert rows(f) == [{1}]  # by running again with the other outcome
    except InterpError as error:
        assert "source" in str(error) or isinstance(error, UndecidedError)
    with pytest.raises(UndecidedError):
        if Interval(-1.0, 1.0) > 0.0:
            pass
    with pytest.raises((UndecidedError, StripError)):
        float(Interval(0.0, 1.0))


# -- what a payload is


def test_questions_about_types_answer_for_the_payload():
    def f(x):
        y = x[0]
        if isinstance(y, (float, np.ndarray)) and np.isscalar(y):
            y = y * x[1]
        if isinstance(x, np.ndarray):
            y = y + np.asarray(x)[2]
        return y

    assert rows(f) == [{0, 1, 2}]
    assert interpret(f, sparsity())(X).value == f(X)
    np.testing.assert_allclose(grad(f)(X), [X[1], X[0], 1.0])


def test_a_join_of_float_and_integer_keeps_both_kinds():
    def f(x):
        k = 2 if x[0] > 0 else 0.5
        if type(k) is int:
            return x[k]
        return k * x[1]

    assert rows(f) == [{1, 2}]
    assert interpret(f, sparsity())(X).value == X[2]


def test_names_that_one_branch_sets_go_together():
    """Else k = 2 would meet k = 3: shapes that no path brings together."""

    def overlap(x):
        k = 2 if x[0] > 1 else 3
        return np.sum(x[:k] * x[-k:])

    def shifted(x):
        k = 2 if x[0] > 1 else 3
        return np.dot(x[:k], x[1 : k + 1])

    def cut(x):
        a, v = np.outer(x, x), x
        if x[0] > 0:
            a, v = a[:2, :2], v[:2]
        return (a @ v).sum()

    def pair(x):
        i, j = 0, 1
        if x[0] > 0:
            i, j = 2, 3
        return np.array([x[i], x[i] if j == 1 else x[j]])

    def pivot(x):
        p, a = 1, x.reshape(2, 2) * 1.0
        if abs(x[2]) < abs(x[0]):
            p = 0
        a[[0, p]] = a[[p, 0]]
        return a[0]

    x = np.array([0.5, 0.3, 0.7, 0.2])
    assert rows(overlap, x) == rows(shifted, x) == rows(cut, x) == [{0, 1, 2, 3}]
    assert rows(pair, x) == [{0, 2}, {0, 2, 3}] or rows(pair, x) == [{0, 2}, {0, 3}]
    assert rows(pivot, x) == [{0, 2}, {1, 3}]
    for f in (overlap, shifted, cut, pair, pivot):
        np.testing.assert_array_equal(interpret(f, sparsity())(x).value, f(x))
        lo, hi = interpret(f, bounds(0.9))(x).bounds
        for point in x + np.random.default_rng(0).uniform(-0.9, 0.9, (100, 4)):
            assert np.all((lo - 1e-12 <= f(point)) & (f(point) <= hi + 1e-12))


def test_what_cannot_be_decided_says_so():
    def keys(x):
        bins = collections.defaultdict(list)
        for v in x:
            bins[int(v)].append(v)
        return sum(bins[0])

    def queue(x):
        q = collections.deque([x[0]])
        if x[1] > 0:
            q.append(x[2])
        return q.popleft()

    def sent(x):
        def running():
            total = 0.0
            while True:
                v = yield total
                total += v

        g = running()
        next(g)
        return g.send(x[0])

    for f in (keys, queue, sent):
        with pytest.raises(InterpError):
            jacobian_sparsity(f, X)


def test_guards_of_captures():
    def f(x):
        match int(x[0]):
            case n if n > 1:
                return x[1] * n
            case _ if x[1] > 0:
                return x[2]
            case _:
                return x[0]

    assert rows(f) == [{0, 1, 2}]


def test_sums_of_a_dict_that_lost_an_entry():
    def f(x):
        d = {i: v * v for i, v in enumerate(x)}
        if x[0] < 1:
            del d[0]
        return sum(d.values())

    assert rows(f) == [{0, 1, 2}]
    assert interpret(f, sparsity())(X).value == f(X)

"""Programs that reach their callees in every way that there is, linked before they are optimised."""

import numpy as np
import pytest
from agreement import assert_same

import interp
from interpretations import Dual

pytest.importorskip("numba")


def double(x):
    return 2.0 * x


def triple_and_one(x):
    return 3.0 * x + 1.0


def chosen_at_run_time(x):
    f = double if x > 1.0 else triple_and_one
    return f(x) + f(x * x)


def even(x, n):
    return x if n == 0 else odd(x * 1.5, n - 1) + 1.0


def odd(x, n):
    return -x if n == 0 else even(np.sin(x), n - 1) * 2.0


def in_a_circle(x):
    return even(x, 3) + odd(x, 2)


def in_a_circle_from_within(x, n=4):
    return x + even(x, n)


def alternating(x, n=3):
    """A circle that the compiled function is part of."""
    return x if n == 0 else 0.5 * returned(np.sin(x), n - 1)


def returned(x, n):
    return x * x if n == 0 else alternating(x + 1.0, n - 1)


def mapped(x):
    total = 0.0 * x
    for y in map(lambda y: y * y + even(y, 2), [x, 2.0 * x]):
        total += y
    return total


def multiples(x, n):
    for i in range(n):
        yield x * i + even(x, 2)


def generated(x):
    total = 0.0 * x
    for y in multiples(x, 4):
        total += y
    return total


PROGRAMS = [chosen_at_run_time, in_a_circle, in_a_circle_from_within, alternating, mapped, generated]


@pytest.mark.filterwarnings("ignore:.*First-class function:Warning")
@pytest.mark.parametrize("x", [0.7, 1.3, Dual(0.7, 1.0), Dual(Dual(1.3, 1.0), 0.5)], ids=repr)
@pytest.mark.parametrize("f", PROGRAMS)
def test_ways_to_a_callee(f, x):
    assert_same(interp.compile(f)(x), f(x))


def key(x):
    return -x + even(x, 3)


def by_key(xs):
    ordered = sorted(list(xs), key=key)
    return ordered[0] + 10.0 * ordered[1] + 100.0 * ordered[2]


def test_called_by_code_of_numba_s_own():
    xs = np.array([1.0, 2.0, 0.5])
    assert interp.compile(by_key)(xs) == by_key(xs)


def refusing(x, n):
    if n < 0:
        raise ValueError("negative", n)
    return x


def twice(x, n):
    return refusing(x, n) + refusing(x, n - 1)


@pytest.mark.parametrize("x", [1.0, Dual(1.0, 1.0)], ids=repr)
def test_an_error_of_a_callee_arrives(x):
    compiled = interp.compile(twice)
    assert interp.primal(compiled(x, 1)) == 2.0
    with pytest.raises(ValueError, match="negative") as caught:
        compiled(x, 0)
    assert caught.value.args == ("negative", -1)


def test_a_callee_is_no_machine_code_by_itself():
    compiled = interp.compile(twice)
    compiled(Dual(1.0, 1.0), 1)
    (version,) = compiled.dispatcher.overloads.values()
    assert version.library.get_pointer_to_function(version.fndesc.llvm_func_name) == 0


def test_a_circle_is_not_kept_on_disk(tmp_path, monkeypatch):
    """Code read back would know no addresses."""
    monkeypatch.setenv("INTERP_CACHE_DIR", str(tmp_path))
    with pytest.warns(UserWarning, match="circle"):
        assert interp.compile(in_a_circle, cache=True)(0.7) == in_a_circle(0.7)
    assert not list(tmp_path.iterdir())

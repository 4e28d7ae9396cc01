"""Constants and small tuples are compiled in: the machine code of a loop over them is straight, as LLVM shows it."""

import math
import re

import numpy as np
import pytest

import interp
from interpretations import Dual, grad


def power(x, n):
    y = 1.0
    for _ in range(n):
        y = y * x
    return y


def squares(v):
    total = 0.0
    for i in range(len(v)):
        total += v[i] * v[i]
    for a in v:
        total += a
    return total


def wave(x, kind):
    if kind == "sine":
        return math.sin(x)
    return power(x, 2)


def constant_argument(x):
    return power(x, 3) + 1.0


def tuple_of_values(x):
    return squares((x, x * x, 2.0 * x))


def mixed_tuple(x):
    return squares((x, 3.0, x * x, 1))


def chosen_by_name(x):
    return wave(x, "sine")


def varying_count(x):
    return power(x, int(x))


STRAIGHT = [
    (constant_argument, lambda x: (x**3 + 1.0, 3.0 * x * x)),
    (
        tuple_of_values,
        lambda x: (5.0 * x**2 + x**4 + 3.0 * x + x * x, 10.0 * x + 4.0 * x**3 + 3.0 + 2.0 * x),
    ),
    (mixed_tuple, lambda x: (2.0 * x**2 + x**4 + x + 14.0, 4.0 * x + 4.0 * x**3 + 1.0)),
    (chosen_by_name, lambda x: (math.sin(x), math.cos(x))),
]


def _blocks(compiled):
    """Basic blocks of the native function of the newest version, optimised; its wrappers for Python are others."""
    version = list(compiled.versions.values())[-1][0]
    version = getattr(version, "__globals__", {}).get("entry", version)
    text = version.inspect_llvm(version.signatures[-1])
    functions = re.findall(r"^define [^\n]*\{\n.*?^\}", text, re.S | re.M)
    (native,) = [f for f in functions if "cpython" not in f.splitlines()[0] and "cfunc" not in f.splitlines()[0]]
    return len(re.findall(r"^[\w.]+:", native, re.M)) - native.count("exit_stub")


@pytest.mark.parametrize(("function", "truth"), STRAIGHT, ids=[f.__name__ for f, _ in STRAIGHT])
def test_loops_over_constants_are_straight_code(function, truth):
    value, slope = truth(1.5)
    compiled = interp.compile(function)
    result = compiled(Dual(1.5, 1.0))
    np.testing.assert_allclose([result.value, result.tangent], [value, slope], rtol=1e-14)
    assert _blocks(compiled) == 1


def test_a_count_that_varies_is_a_loop():
    compiled = interp.compile(varying_count)
    assert compiled(Dual(3.5, 1.0)).tangent == 3 * 3.5**2
    assert _blocks(compiled) > 1


def test_mixed_tuples_are_small_vectors():
    def pick(p, i):
        members = (p[0], 1.0, 2.0 * p[1])
        return members[i] * members[-1]

    x = np.array([3.0, 5.0])
    compiled = interp.compile(pick, boundscheck=True)
    for i, slope in [(0, [10.0, 6.0]), (1, [0.0, 2.0]), (2, [0.0, 40.0]), (-3, [10.0, 6.0])]:
        assert compiled(Dual(x, np.eye(2)), i).tangent.tolist() == slope
        np.testing.assert_allclose(grad(compiled)(x, i), slope)
    with pytest.raises(IndexError):
        compiled(Dual(x, np.eye(2)), 3)

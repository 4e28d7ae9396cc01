"""Eight functions whose control flow depends on their parameters, which TMB records once and gets silently wrong.

The facts are TMB's own list of "things not to do" (tests/data/tmb_donts.json says where from); the functions are
written here as one writes them in plain Python. Values, gradients and Hessians are the functions' own, eager and
compiled, and the patterns those of every input.
"""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from interp import compile, interpret
from interpretations import gradient, hessian_sparsity, jacobian_sparsity, uncertainty
from interpretations.derivatives import grad, hessian, jacrev

CASES = json.loads((Path(__file__).parents[1] / "data" / "tmb_donts.json").read_text())["cases"]
SQUARES = (1.0, 4.0, 9.0, 16.0)
KNOTS = (0.0, 1.0, 2.0, 4.0)
HEIGHTS = (0.0, 2.0, 1.0, 5.0)


def smaller_squared(p):
    x, y = p[0], p[1]
    if x < y:
        return x * x
    return x * x * x


def larger_squared(p):
    larger = p[0]
    if p[1] > larger:
        larger = p[1]
    return larger * larger


def grown_to_ten(p):
    z = p[0]
    while z < 10.0:
        z = z * p[1]
    return z


def newton_square_root(p):
    z = p[0]
    for _ in range(100):
        better = 0.5 * (z + p[0] / z)
        if abs(better - z) < 1e-10:
            break
        z = better
    return z * p[1]


def entry_of_a_table(p):
    return SQUARES[int(p[0])] * p[1]


def absolute_value(p):
    return (p[0] if p[0] > 0.0 else -p[0]) * p[1]


def piecewise_linear(p):
    x = p[0]
    k = 0
    while k < 2 and x > KNOTS[k + 1]:
        k += 1
    slope = (HEIGHTS[k + 1] - HEIGHTS[k]) / (KNOTS[k + 1] - KNOTS[k])
    return HEIGHTS[k] + slope * (x - KNOTS[k])


def factorial(p):
    product = 1.0
    k = 1
    while k <= p[0]:
        product *= k
        k += 1
    return product * p[1]


def growth_hessian(x, y):
    """Of x y**n, with the n rounds that it takes from x to 10."""
    n = math.ceil(math.log(10.0 / x) / math.log(y))
    return [[0.0, n * y ** (n - 1)], [n * y ** (n - 1), n * (n - 1) * x * y ** (n - 2)]]


# case: (function, Hessian at (x, y), global pattern of the gradient's entries, global pattern of the Hessian)
PROGRAMS = {
    "if (x<y)": (smaller_squared, lambda x, y: [[2.0, 0.0], [0.0, 0.0]], {0}, {(0, 0)}),
    "max(x,y)": (larger_squared, lambda x, y: [[0.0, 0.0], [0.0, 2.0]], {0, 1}, {(0, 0), (1, 1)}),
    "while z<10: z*=y": (grown_to_ten, growth_hessian, {0, 1}, {(0, 1), (1, 0), (1, 1)}),
    "Newton sqrt(x) with break": (
        newton_square_root,
        lambda x, y: [[-0.25 * y * x**-1.5, 0.5 / math.sqrt(x)], [0.5 / math.sqrt(x), 0.0]],
        {0, 1},
        {(0, 0), (0, 1), (1, 0)},
    ),
    "integer index from parameter": (entry_of_a_table, lambda x, y: [[0.0, 0.0], [0.0, 0.0]], {1}, set()),
    "abs via ?:": (absolute_value, lambda x, y: [[0.0, -1.0], [-1.0, 0.0]], {0, 1}, {(0, 1), (1, 0)}),
    "interval search + piecewise linear": (piecewise_linear, lambda x, y: [[0.0, 0.0], [0.0, 0.0]], {0}, set()),
    "factorial loop on parameter": (factorial, lambda x, y: [[0.0, 0.0], [0.0, 0.0]], {1}, set()),
}
CONVERTED = {"integer index from parameter"}
"""Programs that strip a value (`int`), which native code refuses."""


def parameters(f):
    return pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])(f)


def program_of(case):
    function, second, _, _ = PROGRAMS[case["case"]]
    return function, np.array(case["eval_at"], float), np.array(second(*case["eval_at"]))


def test_every_case_has_its_program():
    assert [case["case"] for case in CASES] == list(PROGRAMS)
    for case in CASES:
        f, x, _ = program_of(case)
        np.testing.assert_allclose(f(x), case["true_value"], rtol=1e-14)
        assert abs(case["tmb_value"] - case["true_value"]) > 0.1  # what is to be got right


@parameters
def test_value_gradient_and_hessian(case):
    f, x, second = program_of(case)
    for mode in ("forward", "reverse"):
        result = interpret(f, gradient(mode))(x)
        np.testing.assert_allclose(result.value, case["true_value"], rtol=1e-14)
        np.testing.assert_allclose(result.gradient, case["true_grad"], rtol=1e-7, atol=1e-7)
        np.testing.assert_allclose(jacrev(interpreted_gradient(f, mode))(x), second, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(grad(f)(x), case["true_grad"], rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(hessian(f)(x), second, rtol=1e-9, atol=1e-12)


def interpreted_gradient(f, mode):
    return lambda x: interpret(f, gradient(mode))(x).gradient


@parameters
def test_recorded_elsewhere_first(case):
    """The point where TMB recorded its tape leaves nothing behind."""
    f, x, second = program_of(case)
    derivative, curvature = grad(f), hessian(f)
    derivative(np.array(case["tape_at"], float)), curvature(np.array(case["tape_at"], float))
    np.testing.assert_allclose(derivative(x), case["true_grad"], rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(curvature(x), second, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("case", [c for c in CASES if c["case"] not in CONVERTED], ids=lambda case: case["case"])
def test_compiled(case):
    pytest.importorskip("numba")
    f, x, second = program_of(case)
    compiled = compile(f)
    for point in (np.array(case["tape_at"], float), x):
        np.testing.assert_allclose(compiled(point), f(point), rtol=1e-14)
        np.testing.assert_allclose(grad(compiled)(point), grad(f)(point), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(grad(compiled)(x), case["true_grad"], rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(hessian(compiled)(x), second, rtol=1e-9, atol=1e-12)


@parameters
def test_error_bar(case):
    f, x, _ = program_of(case)
    std = np.array([1e-3, 2e-3])
    expected = np.linalg.norm(np.array(case["true_grad"]) * std)
    np.testing.assert_allclose(interpret(f, uncertainty(std=std))(x).std, expected, rtol=1e-6)


@parameters
def test_patterns_hold_for_every_input(case):
    f, first, second = PROGRAMS[case["case"]][0], *PROGRAMS[case["case"]][2:]
    for point in (case["tape_at"], case["eval_at"]):
        x = np.array(point, float)
        assert set(jacobian_sparsity(f, x).nonzero()[1].tolist()) == first
        entries = hessian_sparsity(f, x).nonzero()
        found = set(zip(entries[0].tolist(), entries[1].tolist(), strict=True))
        # Of max(x, y)**2 the mixed entry stays: the square depends on both, whichever max passes on to.
        assert found == second or (case["case"] == "max(x,y)" and found > second)

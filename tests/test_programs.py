"""The list of programs is what it says: on plain numbers, finite, smooth, and with the traits that it names."""

import ast
import collections
import inspect
import math
import textwrap

import numpy as np
import pytest
from programs import PROGRAMS, TRAITS

SMOOTH = [program for program in PROGRAMS if "singular" not in program.traits]


def flat(result):
    """The numbers of a result in one array."""
    parts = result if isinstance(result, tuple) else (result,)
    return np.concatenate([np.ravel(np.asarray(part, dtype=float)) for part in parts])


def along(program, direction, step):
    """The program's numbers with its arguments moved by ``step * direction``."""
    args = list(program.args)
    for i, d in zip(program.argnums, direction, strict=True):
        args[i] = args[i] + step * d
    return flat(program.function(*args))


def directions(program):
    """Two directions of mixed signs, each coordinate moved in proportion to its size."""
    for seed in (1, 2):
        rng = np.random.default_rng(seed)
        yield [
            rng.uniform(-1.0, 1.0, np.shape(program.args[i])) * np.maximum(np.abs(program.args[i]), 0.1)
            if isinstance(program.args[i], np.ndarray)
            else float(rng.uniform(-1.0, 1.0)) * program.args[i]
            for i in program.argnums
        ]


def code_lines(function):
    """Lines of the body that hold code: neither docstring, comment nor blank."""
    source = textwrap.dedent(inspect.getsource(function))
    body = ast.parse(source).body[0].body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    lines = source.splitlines()[body[0].lineno - 1 :]
    return [line for line in lines if line.strip() and not line.strip().startswith("#")]


def code_trees(function, seen):
    """The syntax trees of a function and of the helpers that it names."""
    seen.add(function)
    yield ast.parse(textwrap.dedent(inspect.getsource(function)))
    for name in function.__code__.co_names:
        helper = function.__globals__.get(name)
        if inspect.isfunction(helper) and helper.__name__.startswith("_") and helper not in seen:
            yield from code_trees(helper, seen)


def test_the_list_is_long_and_mostly_from_elsewhere():
    assert len(PROGRAMS) >= 64
    assert len([program for program in PROGRAMS if program.source]) >= 25
    names = collections.Counter(program.name for program in PROGRAMS)
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("program", PROGRAMS, ids=repr)
def test_ten_lines_or_more(program):
    assert len(code_lines(program.function)) >= 10


@pytest.mark.parametrize("program", PROGRAMS, ids=repr)
def test_finite_and_repeatable_without_touching_the_arguments(program):
    before = [np.copy(x) for x in program.args]
    first = flat(program.function(*program.args))
    assert np.all(np.isfinite(first))
    np.testing.assert_array_equal(flat(program.function(*program.args)), first)
    for old, new in zip(before, program.args, strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("program", SMOOTH, ids=repr)
def test_smooth_at_the_arguments(program):
    """Central differences of two steps agree, and with each one-sided difference."""
    here = flat(program.function(*program.args))
    for direction in directions(program):
        slopes = []
        for h in (2e-5, 1e-5):
            ahead, behind = along(program, direction, h), along(program, direction, -h)
            slopes.append((ahead - behind) / (2.0 * h))
            # a kink at the point shows in the one-sided differences alone
            scale = 1.0 + np.abs(slopes[-1]) + np.abs(here)
            assert np.all(np.abs(ahead - 2.0 * here + behind) < 1e-2 * h * scale)
        scale = np.abs(here) + np.abs(slopes[1])
        np.testing.assert_array_less(np.abs(slopes[0] - slopes[1]), 2e-6 * scale + 1e-9)


@pytest.mark.parametrize("program", PROGRAMS, ids=repr)
def test_traits_are_what_the_arguments_and_results_say(program):
    assert program.traits <= TRAITS.keys()
    arrays = any(isinstance(x, np.ndarray) for x in program.args)
    assert program.argnums == tuple(range(len(program.argnums))) and program.argnums
    assert ("array" in program.traits) == arrays
    assert ("scalar" in program.traits) == (not arrays)
    assert ("integer argument" in program.traits) == any(type(x) is int for x in program.args)
    result = program.function(*program.args)
    parts = result if isinstance(result, tuple) else (result,)
    assert ("integer result" in program.traits) == any(isinstance(part, int | np.integer) for part in parts)


@pytest.mark.parametrize("program", PROGRAMS, ids=repr)
def test_traits_are_what_the_source_says(program):
    tree = ast.parse(textwrap.dedent(inspect.getsource(program.function)))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert ("helpers" in program.traits) == any(name.startswith("_") for name in called)
    attributes = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert ("linalg" in program.traits) == ("np.linalg" in attributes)
    assert ("special" in program.traits) == ("scipy.special" in attributes)
    calls = {
        ast.unparse(node.func)
        for function in filter(inspect.isfunction, (program.function, *program.args))
        for part in code_trees(function, set())
        for node in ast.walk(part)
        if isinstance(node, ast.Call)
    }
    assert ("math" in program.traits) == any(name.startswith("math.") for name in calls)
    makers = {"np.zeros", "np.ones", "np.empty", "np.full", "np.eye", "np.array"}
    assert ("fresh" in program.traits) == bool(makers & calls)
    stores = [node for node in ast.walk(tree) if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)]
    if stores:
        assert "stores" in program.traits
    if any(isinstance(node, ast.Slice) for node in ast.walk(tree)):
        assert "slices" in program.traits


def test_every_trait_is_in_use():
    used = frozenset().union(*(program.traits for program in PROGRAMS))
    assert used == TRAITS.keys()


def test_known_values():
    """A few of the programs against the libraries' own functions."""
    by_name = {program.name: program.function for program in PROGRAMS}
    assert by_name["newton_square_root"](2.0)[0] == pytest.approx(math.sqrt(2.0), rel=1e-15)
    assert by_name["error_function"](-0.7) == pytest.approx(math.erf(-0.7), abs=2e-7)
    assert by_name["stirling_log_gamma"](-1.3) == pytest.approx(math.lgamma(-1.3), abs=1e-8)
    assert by_name["lambert_tangent"](0.9, 9)[0] == pytest.approx(math.tan(0.9), rel=1e-12)
    assert by_name["romberg"](0.0, 2.0, 6) == pytest.approx(0.5 * math.sqrt(math.pi) * math.erf(2.0), rel=1e-8)
    matrix = np.array([[2.0, 1.0, 0.3], [0.4, -1.5, 0.8], [0.1, 0.7, 1.2]])
    assert by_name["pivoted_determinant"](matrix) == pytest.approx(np.linalg.det(matrix), rel=1e-13)
    np.testing.assert_allclose(
        by_name["jacobi_eigenvalues"](matrix + matrix.T).sum(), np.trace(matrix + matrix.T), rtol=1e-13
    )
    signal = np.cos(np.arange(8.0) ** 2)
    np.testing.assert_allclose(by_name["fast_fourier_power"](signal), np.abs(np.fft.fft(signal)) ** 2, rtol=1e-12)

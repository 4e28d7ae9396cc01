"""Over a hundred hand-written programs with control flow, each in five types.

Values, derivatives and error bars against an independent dual number and differences of fourth order; patterns sound,
and over all programs together at most 2 % larger than the ideal ones worked out by hand; enclosures against points.
"""

import ast
import contextlib
import inspect
import textwrap
import warnings

import numpy as np
import pytest
from control import (
    programs_branches,
    programs_loops,
    programs_series,
    programs_simulations,
    programs_state,
    programs_tables,
    reference,
)
from control.random_checks import ENDS_A_PATH, options_of_no_unjoined_round, points_of_the_box

from interp import interpret
from interp.errors import InterpError
from interpretations import bounds, gradient, sparsity, uncertainty

CASES = [
    *programs_branches.PROGRAMS,
    *programs_loops.PROGRAMS,
    *programs_state.PROGRAMS,
    *programs_tables.PROGRAMS,
    *programs_series.PROGRAMS,
    *programs_simulations.PROGRAMS,
]
DUAL = [case for case in CASES if case.dual]
ENDS = (*ENDS_A_PATH, OverflowError)
SLACK = 1.02
"""Entries of all patterns together, at most, for one of the ideal."""

every_case = pytest.mark.parametrize("case", CASES, ids=repr)


@pytest.fixture(autouse=True)
def _quiet():
    """Plain NumPy warns where the program at hand divides by zero."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def plain(case, x=None):
    return np.asarray(case.function(case.point if x is None else x), float)


def differences(case):
    """The Jacobian (m, n) by central differences of fourth order."""
    columns = []
    for j in range(len(case.x)):
        h = 1e-3 * min(1.0, case.radius * 0.5)
        moved = [case.point + k * h * (np.arange(len(case.x)) == j) for k in (-2, -1, 1, 2)]
        a, b, c, d = (np.ravel(plain(case, x)) for x in moved)
        columns.append((a - 8.0 * b + 8.0 * c - d) / (12.0 * h))
    return np.stack(columns, axis=1)


def slopes(case):
    """The Jacobian (m, n) that is true."""
    if case.dual:
        return reference.jacobian(reference.rebound(case.function), case.point)[1]
    return differences(case)


# -- the list is what it says


def code_lines(function):
    body = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    first = body.body[1] if ast.get_docstring(body) else body.body[0]
    lines = inspect.getsource(function).splitlines()[first.lineno - 1 :]
    return [line for line in lines if line.strip() and not line.strip().startswith("#")]


def test_the_list_is_long_and_partly_from_elsewhere():
    assert len([case for case in CASES if case.refused]) <= 7
    assert len(CASES) >= 100 and len({repr(case) for case in CASES}) == len(CASES)
    from_elsewhere = [case for case in CASES if case.source]
    assert len(from_elsewhere) >= 30
    short = {repr(case): len(code_lines(case.function)) for case in from_elsewhere}
    assert {name: lines for name, lines in short.items() if lines < 10} == {}


@every_case
def test_ideal_patterns_are_what_inputs_show(case):
    """The patterns by hand against derivatives at many inputs: none is missing, and each is seen at some input."""
    assert plain(case).size == len(case.rows)
    assert max(max(row, default=0) for row in case.rows) < len(case.x)
    if case.dual:
        points = reference.samples(case.point, 400, 1) + [np.array(x) for x in case.witnesses]
        seen = reference.dependences(reference.rebound(case.function), points, ENDS)
    else:
        seen = differences(case) != 0
        assert not (seen & ~case.ideal).any()
        return
    np.testing.assert_array_equal(seen, case.ideal)


@pytest.mark.parametrize("case", [case for case in DUAL if case.smooth], ids=repr)
def test_the_dual_reference_agrees_with_differences(case):
    value, exact = reference.jacobian(reference.rebound(case.function), case.point)
    np.testing.assert_allclose(value, np.ravel(plain(case)), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(differences(case), exact, rtol=1e-6, atol=1e-7)


# -- five types


@every_case
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_gradient(case, mode):
    result = interpret(case.function, gradient(mode))(case.point)
    np.testing.assert_allclose(result.value, plain(case), rtol=1e-14)
    ours = np.reshape(result.gradient, (len(case.rows), len(case.x)))
    tolerance = {"rtol": 1e-10, "atol": 1e-12} if case.dual else {"rtol": 1e-6, "atol": 1e-7}
    np.testing.assert_allclose(ours, slopes(case), **tolerance)


@every_case
def test_error_bar(case):
    std = 0.01 * (1.0 + np.arange(len(case.x)))
    result = interpret(case.function, uncertainty(std=std))(case.point)
    np.testing.assert_allclose(result.value, plain(case), rtol=1e-14)
    expected = np.sqrt((slopes(case) ** 2 * std**2).sum(axis=1))
    tolerance = {"rtol": 1e-10, "atol": 1e-13} if case.dual else {"rtol": 1e-6, "atol": 1e-8}
    np.testing.assert_allclose(np.ravel(result.std), expected, **tolerance)


@contextlib.contextmanager
def _right_or_refused(case):
    """Right, or the error that a case names: then nothing was computed that could be wrong."""
    try:
        yield
    except InterpError as error:
        if not case.refused or case.refused not in str(error):
            raise


def pattern_of(case):
    result = interpret(case.function, sparsity())(case.point)
    np.testing.assert_array_equal(result.value, plain(case))
    return result.sparsity.toarray()


@every_case
def test_pattern_is_sound(case):
    missing = np.zeros(1)
    with _right_or_refused(case):
        missing = case.ideal & ~pattern_of(case)
    assert not missing.any(), np.argwhere(missing).tolist()


@every_case
def test_pattern_is_sound_with_loops_joined_at_once(case):
    missing = np.zeros(1)
    with options_of_no_unjoined_round(), _right_or_refused(case):
        missing = case.ideal & ~pattern_of(case)
    assert not missing.any(), np.argwhere(missing).tolist()


def test_patterns_are_tight():
    """All together: an answer of all ones would be sound, too."""
    ideal, found, wide = 0, 0, {}
    for case in CASES:
        if case.refused:
            continue
        pattern = pattern_of(case)
        ideal, found = ideal + case.ideal.sum(), found + pattern.sum()
        if (pattern & ~case.ideal).any():
            wide[repr(case)] = np.argwhere(pattern & ~case.ideal).tolist()
    assert found <= SLACK * ideal, (int(found), int(ideal), wide)


@every_case
@pytest.mark.parametrize("at_once", [False, True], ids=["default", "joined at once"])
def test_enclosure(case, at_once):
    lo, hi = (np.full(np.shape(plain(case)), end) for end in (-np.inf, np.inf))
    with options_of_no_unjoined_round() if at_once else contextlib.nullcontext(), _right_or_refused(case):
        lo, hi = interpret(case.function, bounds(case.radius))(case.point).bounds
    assert np.shape(lo) == plain(case).shape
    for point in points_of_the_box(case.point - case.radius, case.point + case.radius, 2, 80):
        try:
            value = plain(case, point)
        except ENDS:
            continue
        slack = 1e-12 * (1.0 + np.abs(value))
        inside = (lo - slack <= value) & (value <= hi + slack) | np.isnan(value)
        assert np.all(inside), f"f({point.tolist()}) = {value.tolist()} is outside [{lo}, {hi}]"

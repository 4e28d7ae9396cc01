"""300 random programs (3,000 with --every) in five types: nothing wrong, and at most 0.2 % clear errors."""

import inspect

import numpy as np
import pytest
from control import random_aliases, reference
from control.random_checks import ENDS_A_PATH, problems
from control.random_programs import INPUTS, program

AT_ONCE = 25
"""Seeds that one test runs: some twenty seconds at most."""
REFUSED: set[int] = set()
"""Seeds of programs that end in a clear error; of 3,000 there may be six."""


def _some(first, last):
    return [range(start, start + AT_ONCE) for start in range(first, last, AT_ONCE)]


@pytest.mark.parametrize(
    "seeds", [*_some(0, 300), *(pytest.param(some, marks=pytest.mark.every) for some in _some(300, 3000))], ids=str
)
def test_random_programs_are_right(seeds):
    """In five types, with loops joined late and at once. A clear error counts as wrong, but of a few named seeds."""
    wrong = []
    for seed in seeds:
        chosen = program(seed)
        found = [p for p in problems(chosen) if not (p.clear and seed in REFUSED)]
        wrong += [f"seed {seed}: {p}\n{chosen.source}" for p in found]
    assert not wrong, "\n\n".join([f"{len(wrong)} problems, of which the first:", *wrong[:3]])


@pytest.mark.parametrize(
    "seeds", [*_some(0, 100), *(pytest.param(some, marks=pytest.mark.every) for some in _some(100, 1000))], ids=str
)
def test_programs_that_share_what_they_change_are_right(seeds):
    """Lists, arrays and objects under several names, changed in branches through one. Few may be refused."""
    wrong, refused = [], set()
    for seed in seeds:
        chosen = random_aliases.program(seed)
        for problem in problems(chosen):
            if problem.clear:
                refused.add(seed)
            else:
                wrong.append(f"seed {seed}: {problem}\n{chosen.source}")
    assert not wrong, "\n\n".join([f"{len(wrong)} problems, of which the first:", *wrong[:3]])
    assert len(refused) <= 1, refused


def test_few_programs_are_refused():
    assert len(REFUSED) <= 0.002 * 3000


def test_sources_can_be_inspected():
    chosen = program(7)
    assert inspect.getsource(chosen.function) in chosen.source


def test_programs_do_what_they_are_for():
    """On plain numbers: results, and at inputs of many kinds several branches, so that the checks check something."""
    entries, kinds = [], set()
    for seed in range(60):
        chosen = program(seed)
        assert np.all(np.isfinite(chosen.function(chosen.x))), seed
        run = reference.rebound(chosen.function)
        here = reference.dependences(run, [chosen.x], ENDS_A_PATH)
        everywhere = reference.dependences(run, reference.samples(chosen.x, 40, seed), ENDS_A_PATH)
        entries.append((here.sum(), everywhere.sum(), here.size))
        kinds |= {word for word in WORDS if word in chosen.source}
    here, everywhere, all_of_them = np.sum(entries, axis=0)
    assert here < 0.9 * everywhere and everywhere < 0.7 * all_of_them
    assert kinds == WORDS


WORDS = {
    *("while", "for", "break", "continue", "elif", "else", "try", "except", "finally", "raise", "return", "None"),
    *(
        "nonlocal",
        "append",
        "== 0.0",
        "np.zeros",
        "[1:] +=",
        ".get(",
        " if t > ",
        "raise Infeasible",
        "math.sqrt(-1.0)",
    ),
    *("again", "helper", "math.sqrt(-1.0)", "suppress(", "[k"),
}


def test_the_reference_is_right():
    """Against closed forms, so that it is worth agreeing with."""

    def f(x):
        return np.array([x[0] * x[1] / x[2], np.sin(x[0]) ** 2, abs(x[1]) % 0.7, np.sqrt(x[2]) - x[3]])

    a, b, c, d = 0.3, -1.2, 2.0, 0.7
    values, slopes = reference.jacobian(reference.rebound(f), np.array([a, b, c, d]))
    np.testing.assert_allclose(values, f(np.array([a, b, c, d])), rtol=1e-15)
    expected = [[b / c, a / c, -a * b / c**2, 0], [np.sin(2 * a), 0, 0, 0], [0, -1, 0, 0], [0, 0, 0.5 * c**-0.5, -1]]
    np.testing.assert_allclose(slopes, expected, rtol=1e-14)
    assert reference.samples(np.zeros(INPUTS), 8)[0].shape == (INPUTS,)

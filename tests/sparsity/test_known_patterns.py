"""131 patterns known from elsewhere: every one contained in ours, and how many of ours are tight.

Source of the facts: the test suites of SparseConnectivityTracer.jl, asdex and DifferentiationInterface.jl,
and own cases, each checked against finite differences (tests/data/patterns.json says how to read them).
"""

import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import scipy.special

from interp.errors import InterpError
from interpretations.sparsity import hessian_sparsity, jacobian_sparsity

CASES = json.loads((Path(__file__).parents[1] / "data" / "patterns.json").read_text())["cases"]
TIGHT = 100
"""How many patterns are the exact ones; a change may raise it, never lower it."""
OF_STRAIGHT_LINES = {"NoRule", "UndecidedError", "StripError", "MutationError", "UnsupportedArgument"}
"""Errors that say why a program is not traced yet: missing vocabulary, control flow, fresh plain arrays."""


def found(case):
    """Our pattern as a set of index pairs, or the error of our own that refused the program."""
    namespace = {"math": math, "np": np, "scipy": scipy}
    exec(case["source"], namespace)
    x = np.array(case["x"]) if isinstance(case["x"], list) else case["x"]
    which, scope = case["group"].split("-")
    sparsity = jacobian_sparsity if which == "jacobian" else hessian_sparsity
    try:
        pattern = sparsity(namespace[case["function"]], x, local=scope == "local")
    except InterpError as refusal:
        return refusal
    assert pattern.dtype == bool and pattern.has_sorted_indices
    assert list(pattern.shape) == case["shape"]
    return set(zip(*(part.tolist() for part in pattern.nonzero()), strict=True))


def pairs(entries):
    return {tuple(entry) for entry in entries}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['group']}-{case['name']}")
def test_contains_the_known_pattern(case):
    ours = found(case)
    if isinstance(ours, InterpError):
        assert type(ours).__name__ in OF_STRAIGHT_LINES, ours
        return
    assert pairs(case["nonzero"]) <= ours


def test_tight_count_does_not_fall():
    score = Counter()
    for case in CASES:
        ours = found(case)
        if isinstance(ours, InterpError):
            score[type(ours).__name__] += 1
        elif ours == pairs(case["nonzero"]):
            score["tight"] += 1
        else:
            score["as good" if ours == pairs(case.get("also", [])) else "loose"] += 1
    print(dict(score))
    assert score["tight"] >= TIGHT
    assert set(score) <= {"tight", "as good", "loose", *OF_STRAIGHT_LINES}
    assert score["loose"] == 0

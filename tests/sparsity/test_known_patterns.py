"""131 patterns known from elsewhere: ours contains each, and has no entry more than it or its alternative.

Source of the facts: the test suites of SparseConnectivityTracer.jl, asdex and DifferentiationInterface.jl,
and own cases, each checked against finite differences (tests/data/patterns.json says how to read them).
"""

import json
import linecache
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import scipy.special

from interp.errors import InterpError
from interpretations.sparsity import hessian_sparsity, jacobian_sparsity

CASES = json.loads((Path(__file__).parents[1] / "data" / "patterns.json").read_text())["cases"]
MAY_REFUSE = {case["name"] for case in CASES if case.get("refuse")}
"""Programs of which a clear error is as good as a pattern."""


def found(case):
    """Our pattern as a set of index pairs, or the error of our own that refused the program."""
    namespace = {"math": math, "np": np, "scipy": scipy}
    filename = f"<pattern {case['name']}>"
    linecache.cache[filename] = (len(case["source"]), None, case["source"].splitlines(keepends=True), filename)
    exec(compile(case["source"], filename, "exec"), namespace)
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
def test_is_the_known_pattern(case, form):
    ours = found(case)
    if isinstance(ours, InterpError):
        assert case["name"] in MAY_REFUSE, ours
        return
    assert pairs(case["nonzero"]) <= ours
    assert ours in (pairs(case["nonzero"]), pairs(case.get("also", [])))


def test_every_group_is_here():
    groups = Counter(case["group"] for case in CASES)
    assert groups == {"jacobian-global": 68, "hessian-global": 32, "jacobian-local": 21, "hessian-local": 10}

"""The public suite, where its path is given; and what it cannot see: that a Dual among its arrays keeps a tangent."""

import os
from pathlib import Path

import numpy as np
import pytest

from conformance import duals, suite
from interp.errors import StripError
from interpretations import Dual

PATH = os.environ.get(suite.VARIABLE)
with_suite = pytest.mark.skipif(
    not PATH, reason="INTERP_ARRAY_API_TESTS is not set to a checkout of data-apis/array-api-tests"
)


@with_suite
@pytest.mark.parametrize("name", suite.MODULES)
def test_the_suite_finds_what_is_known(name):
    done = suite.run(Path(PATH).resolve(), name)
    unknown, passed = suite.surprises(done)
    assert not unknown, unknown
    assert not passed, f"listed as failures, and passed: {passed}"
    assert done.count("passed") >= suite.TARGETS[name]


@pytest.mark.parametrize("name", suite.MODULES)
def test_every_known_failure_has_a_reason(name):
    assert all(len(reason) > 20 for reason in suite.known(name).values())


def test_a_path_without_the_suite_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="array-api-tests"):
        suite.run(tmp_path, "plain")


def test_surprises_are_both_kinds(monkeypatch):
    monkeypatch.setattr(suite, "known", lambda name: {"a": "known", "b": "known, mended", "gone": "no longer there"})
    done = suite.Run("plain", {"a": "failed", "b": "passed", "c": "failed"}, {"c": "why"})
    assert suite.surprises(done) == ({"c": "why"}, ["b", "gone"])


def test_real_floating_arrays_are_duals():
    for made in (duals.ones((2, 3)), duals.asarray([1.0, 2.0]), duals.full((), 2.0), duals.linspace(0, 1, 5)):
        assert type(made) is Dual and np.shape(made.tangent) == made.shape and np.all(made.tangent != 0)
    assert type(duals.asarray(1.0, dtype=np.float32).tangent.dtype.type(0)) is np.float32
    for made in (duals.ones(3, dtype=int), duals.zeros(2, dtype=complex), duals.asarray([True])):
        assert isinstance(made, np.ndarray)


def test_numbers_are_given_to_the_suite_alone():
    with pytest.raises(StripError):
        float(duals.asarray(1.0))

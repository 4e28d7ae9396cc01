"""The coverage matrix: as much as is promised, gaps that say why, and a page that tells what is found."""

import coverage_matrix
import pytest

from interp.errors import InterpError


@pytest.fixture(scope="module")
def families():
    return coverage_matrix.matrix()


@pytest.mark.parametrize("kind", coverage_matrix.TYPES)
def test_enough_of_the_vocabulary_is_supported(families, kind):
    assert coverage_matrix.percentage(families, kind) >= coverage_matrix.REQUIRED[kind]


@pytest.mark.parametrize("kind", coverage_matrix.TYPES)
def test_every_gap_is_an_error_that_says_why(families, kind):
    for functions in families.values():
        for name, cells in functions.items():
            error = cells[kind].error
            assert error is None or isinstance(error, InterpError), f"{name} of a {kind}: {error!r}"


def test_the_page_is_up_to_date(families):
    found = coverage_matrix.marks(coverage_matrix.page(families))
    told = coverage_matrix.marks(coverage_matrix.PAGE.read_text())
    assert told == found, "run python tests/coverage_matrix.py"

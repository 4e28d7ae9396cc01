"""Patterns have two forms, and small ones have but one of them: tests may ask for the other."""

import pytest

from interpretations.sparsity import packed


@pytest.fixture(params=["by size", "keys", "bits"])
def form(request, monkeypatch):
    """Patterns are kept as they are by default; all as sorted keys; all as packed bits."""
    if request.param != "by size":
        monkeypatch.setattr(packed, "_are_bits", lambda rows, columns, entries: request.param == "bits")
    return request.param

"""Where a run is: on the primal's path, or on one that this input does not take.

Off the path nothing is computed: a value there is a placeholder, and only what it carries counts. Rules ask `off`.
"""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Options:
    """How far the joined tier goes before it joins, widens or gives up."""

    unjoined_rounds: int = 64
    """Rounds of an undecided loop that run one by one, off the primal's path, before its states are joined."""
    rounds_before_widening: int = 8
    """Joined rounds after which what still grows is taken to be anything."""
    alternatives: int = 24
    """Values that a name may stand for at once when they cannot be united."""
    recursion: int = 6
    """Nested calls off the path, with other arguments each, after which arguments are joined."""
    paths: int = 256
    """Ways through the branches of a function without source, which runs once for each."""
    steps: int = 100_000
    """Rounds and yields off the path after which a loop or generator is taken to be endless."""


class _Path(threading.local):
    off = False
    outcomes: Any = None
    """Where code without source runs once for each way through it: what says which way this one goes."""
    options = Options()


PATH = _Path()


@contextlib.contextmanager
def options(**changes: int) -> Iterator[None]:
    """Other limits for the conversions run within: ``with options(unjoined_rounds=0): ...``."""
    before = PATH.options
    PATH.options = replace(before, **changes)
    try:
        yield
    finally:
        PATH.options = before

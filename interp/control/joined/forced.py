"""Code without source (made by `exec`, built in C): it runs once for each way that its branches can go.

Each run is given the outcomes of its first conditions, takes the primal's outcome of every further one - off the
primal's path True - and notes which it was asked for. Those that went one way only are then gone the other way. The
runs are the sides of one fork, so that what they return and what they change is joined as of any branch.
"""

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

from interp.control.joined.forks import decision, fork, primal_truth, valued
from interp.control.joined.state import Block
from interp.control.path import PATH
from interp.errors import PathError


class _Outcomes:
    """The outcomes of one run's conditions. Within it, ``bool()`` of an undecided value asks `outcome`."""

    def __init__(self, given: tuple[bool, ...]) -> None:
        self.given, self.taken = given, list[bool]()

    def outcome(self, condition: Any) -> bool:
        PATH.outcomes, outside = None, PATH.outcomes  # what decides here asks values for truths itself
        try:
            truth = decision(condition)
            if truth is not None:
                return truth
            at = len(self.taken)
            truth = self.given[at] if at < len(self.given) else primal_truth(condition)
        finally:
            PATH.outcomes = outside
        self.taken.append(truth is not False)
        if at >= PATH.options.paths:
            raise _TooMany
        return self.taken[-1]

    def __enter__(self) -> None:
        self.outside, PATH.outcomes = PATH.outcomes, self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        PATH.outcomes = self.outside


class _TooMany(BaseException):
    """More conditions in one run than there may be runs."""


def forced(function: Callable[..., Any], run_once: Callable[[], Any]) -> Any:
    """``run_once()``, which calls ``function``, along all its branches: no more than ``options.paths`` of them."""

    too_many = PathError(
        f"{getattr(function, '__qualname__', function)} has no source, so it runs once for each way through its "
        f"branches, and there are more than {PATH.options.paths}. Define it in a file, or allow more: "
        "control.options(paths=...)"
    )

    def sides(side: Callable[[Callable[[], Any]], Block]) -> Iterator[tuple[Block, bool]]:
        waiting: list[tuple[bool, ...]] = [()]
        count = 0
        while waiting:
            given = waiting.pop()
            count += 1
            if count > PATH.options.paths:
                raise too_many
            run = _Outcomes(given)

            def all_of_it(run: _Outcomes = run) -> Any:
                try:
                    with run:
                        return run_once()
                except _TooMany:
                    raise too_many from None

            yield side(all_of_it), count == 1
            for at in range(len(given), len(run.taken)):
                waiting.append((*run.taken[:at], not run.taken[at]))

    return valued(lambda side: fork(sides(side)))

"""Random programs as Python source: a seed gives the text, the function, an input and a box around it.

`random_writer` writes one function of an array ``x`` of four elements, and a few helpers, with what control flow can
do to numbers: branches and loops on values, early exits, stores, joined constants and indices, equality guards,
handlers, branches that would fail if they were run. On plain numbers a program returns, or raises `Infeasible`.
`random_checks` says what must hold of one. To look at one seed:

    PYTHONPATH=.:tests python -m control.random_programs 17
"""

import contextlib
import linecache
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from control.random_phrases import INPUTS
from control.random_writer import Writer


class Infeasible(Exception):
    """What the programs raise where their inputs are out of range: such a branch has no result."""


@dataclass(frozen=True)
class RandomProgram:
    seed: int
    source: str
    function: Callable[[Any], Any]
    x: np.ndarray
    radius: np.ndarray


def program(seed: int) -> RandomProgram:
    """The program of a seed: the first that it draws which has a moderate result at its input."""
    rng = np.random.default_rng(seed)
    while True:
        source, x = Writer(rng).module(), rng.uniform(-1.5, 1.5, INPUTS)
        radius = rng.choice([0.01, 0.1, 0.4]) * rng.uniform(0.2, 1.0, INPUTS)
        function = defined(str(seed), source)
        try:
            if np.all(np.abs(function(x)) < 100.0):
                return RandomProgram(seed, source, function, x, radius)
        except (Infeasible, AssertionError, ArithmeticError, ValueError, LookupError):
            pass  # it took a branch that has no result


def defined(name: str, source: str) -> Callable[[Any], Any]:
    """The function of a source, registered where `inspect` and tracebacks look for it."""
    filename = f"<random program {name}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"__name__": f"random_program_{name}", "contextlib": contextlib, "math": math, "np": np}
    namespace["Infeasible"] = Infeasible
    exec(compile(source, filename, "exec"), namespace)
    function: Callable[[Any], Any] = namespace["f"]
    return function


if __name__ == "__main__":
    from control import random_checks, random_programs  # the module as others import it, not as `__main__`

    for argument in sys.argv[1:]:
        chosen = random_programs.program(int(argument))
        print(chosen.source)
        for found in random_checks.problems(chosen):
            print(found)

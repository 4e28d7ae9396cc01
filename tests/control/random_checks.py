"""What must hold of every random program: in five types, and with the rounds of loops joined from the first on.

Truth is plain Python (`reference`): the value is f(x) to the last bit, derivatives are those of a dual number of
twenty lines, patterns contain every derivative that is not zero at one of many inputs, enclosures every value that f
takes at points of the box. A clear error (`InterpError`) is told apart from what is wrong.
"""

import contextlib
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from control import reference
from control.random_programs import Infeasible, RandomProgram

from interp import control, interpret
from interp.errors import InterpError
from interpretations import bounds, jacfwd, jacrev, sparsity

ENDS_A_PATH = (Infeasible, AssertionError, ZeroDivisionError, ValueError, IndexError, KeyError)
"""What a program raises on inputs that have no result."""
SAMPLES = 40


@dataclass(frozen=True)
class Problem:
    clear: bool
    """True of an error of our own, which says what to do; everything else is wrong."""
    what: str

    def __str__(self) -> str:
        return f"{'clear error' if self.clear else 'WRONG'}: {self.what}"


def problems(program: RandomProgram) -> list[Problem]:
    """All that does not hold of a program; empty if it does."""
    found: list[Problem] = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of plain NumPy, at inputs that divide by zero
        for name, check in CHECKS.items():
            try:
                found += [Problem(False, f"{name}: {what}") for what in check(program)]
            except InterpError as error:
                found.append(Problem(True, f"{name}: {type(error).__name__}: {error}"))
            except Exception:
                found.append(Problem(False, f"{name}: {traceback.format_exc(limit=-8)}"))
    return found


def derivatives(program: RandomProgram) -> Iterator[str]:
    value = program.function(program.x)
    plain, slopes = reference.jacobian(reference.rebound(program.function), program.x)
    if not np.allclose(plain, value, rtol=1e-12, atol=1e-12, equal_nan=True):
        yield f"the reference itself has {plain} for {value}"
    known = np.isfinite(slopes)
    for name, derivative in (("jacfwd", jacfwd), ("jacrev", jacrev)):
        ours = np.reshape(derivative(program.function)(program.x), slopes.shape)
        off = np.abs(ours - slopes)[known] > 1e-10 * (1.0 + np.abs(slopes[known]))
        if off.any():
            yield f"{name} is {ours.tolist()}, not {slopes.tolist()}"


def pattern(program: RandomProgram) -> Iterator[str]:
    value = np.asarray(program.function(program.x))
    result = interpret(program.function, sparsity())(program.x)
    if not np.array_equal(result.value, value, equal_nan=True):
        yield f"the value carried is {result.value}, not {value}"
    claimed = result.sparsity.toarray()
    points = reference.samples(program.x, SAMPLES, program.seed)
    seen = reference.dependences(reference.rebound(program.function), points, ENDS_A_PATH)
    missing = np.argwhere(seen & ~claimed)
    if missing.size:
        yield f"the pattern lacks {missing.tolist()}; it is {claimed.astype(int).tolist()}"


def enclosure(program: RandomProgram) -> Iterator[str]:
    lo, hi = (np.asarray(end) for end in interpret(program.function, bounds(program.radius))(program.x).bounds)
    for point in points_of_the_box(program.x - program.radius, program.x + program.radius, program.seed):
        try:
            value = np.asarray(program.function(point))
        except ENDS_A_PATH:
            continue
        slack = 1e-11 * (1.0 + np.abs(value))
        if not np.all((lo - slack <= value) & (value <= hi + slack) | np.isnan(value)):
            yield f"f({point.tolist()}) = {value.tolist()} is outside [{lo.tolist()}, {hi.tolist()}]"
            return


def points_of_the_box(lo: np.ndarray, hi: np.ndarray, seed: int, count: int = SAMPLES) -> Iterator[np.ndarray]:
    """Corners, points inside, and where they are in the box the points that equality guards ask for."""
    rng = np.random.default_rng(seed)
    guarded = np.array([-1.5, -0.5, 0.0, 0.25, 0.5, 1.0, 1.5, 2.0])
    for i in range(count):
        t = rng.integers(2, size=lo.shape) if i % 4 == 0 else rng.random(lo.shape)
        point = np.clip(lo + t * (hi - lo), lo, hi)
        if i % 4 == 1:
            wanted = rng.choice(guarded, lo.shape)
            point = np.where((lo <= wanted) & (wanted <= hi), wanted, point)
        elif i % 4 == 2:
            wanted = rng.permutation(point.reshape(-1)).reshape(lo.shape)
            point = np.where((lo <= wanted) & (wanted <= hi) & (rng.random(lo.shape) < 0.5), wanted, point)
        yield point


def joined_at_once(check: Any) -> Any:
    """The check with loops joined from the first round off the primal's path on."""

    def checked(program: RandomProgram) -> Iterator[str]:
        with options_of_no_unjoined_round():
            yield from check(program)

    return checked


def options_of_no_unjoined_round() -> contextlib.AbstractContextManager[Any]:
    return control.options(unjoined_rounds=0)


CHECKS = {
    "derivatives": derivatives,
    "pattern": pattern,
    "enclosure": enclosure,
    "pattern, joined at once": joined_at_once(pattern),
    "enclosure, joined at once": joined_at_once(enclosure),
}

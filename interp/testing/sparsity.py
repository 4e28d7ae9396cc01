"""`check_sparsity`: does a pattern cover every dependence that perturbations show?"""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse

STEPS = (1e-6, 1e-3, -1e-3, 0.5, -1.0)


def check_sparsity(
    f: Callable[..., Any],
    x: Any,
    pattern: Any,
    *,
    exact: bool = False,
    steps: tuple[float, ...] = STEPS,
    probes: int | None = None,
    seed: int = 0,
) -> None:
    """Check a Jacobian's pattern against plain runs of ``f`` with some of the input moved at a time.

    ``pattern``: a matrix, sparse or dense, of shape (f(x).size, x.size), or a function ``(f, x) -> matrix``
    such as ``jacobian_sparsity``. Every output that changes when inputs move must be in the rows of the pattern
    that those inputs have. A pattern that holds at ``x`` alone is checked with small ``steps``. For a Hessian's
    pattern give the gradient as ``f``.

    Without ``probes`` one input moves at a time, by each of ``steps``: x.size * len(steps) runs, and no dependence
    that a step shows escapes; with ``exact`` every entry must also be seen to matter. For large inputs ``probes`` is a
    number of random groups of inputs (drawn with ``seed``) that move together, each input by one of ``steps``: that
    many runs. Groups are as large as leaves half of the outputs unmoved by the pattern, so a missing entry is shown by
    a probe with about the probability group / (2 x.size); of 200 probes of a pattern with at most 5 entries a row it
    escapes once in a few thousand times. What the pattern says of an output that depends on nearly all inputs is
    tested by small groups alone, that is rarely.

    Raises `AssertionError` with the entry, or with the output and the group.
    """
    point = np.asarray(x, float)
    matrix: Any = pattern(f, x) if callable(pattern) else pattern
    claimed = scipy.sparse.csc_array(matrix if hasattr(matrix, "tocsc") else np.asarray(matrix) != 0, dtype=bool)
    if exact and probes is not None:
        raise TypeError("exact=True moves each input alone: leave probes out")
    with np.errstate(all="ignore"):
        at_x = np.asarray(f(point[()])).reshape(-1)
        if claimed.shape != (at_x.size, point.size):
            raise AssertionError(
                f"a pattern of shape {claimed.shape}, not (f(x).size, x.size) = {at_x.size, point.size}"
            )

        def moves(inputs: Any, by: Any) -> np.ndarray:
            """Which outputs change when ``inputs`` move."""
            moved = point.copy().reshape(-1)
            moved[inputs] += by
            changed = np.asarray(f(moved.reshape(point.shape)[()])).reshape(-1)
            return np.asarray((changed != at_x) & ~(np.isnan(changed) & np.isnan(at_x)))

        if probes is None:
            _one_by_one(claimed, moves, exact, steps)
        else:
            _in_groups(claimed, moves, steps, probes, np.random.default_rng(seed))


def _rows_of(claimed: scipy.sparse.csc_array, inputs: np.ndarray) -> np.ndarray:
    """Mask of the outputs that depend on one of ``inputs``, so the pattern says."""
    reached = np.zeros(claimed.shape[0], dtype=bool)
    reached[claimed[:, inputs].indices] = True
    return reached


def _one_by_one(
    claimed: scipy.sparse.csc_array, moves: Callable[[Any, Any], np.ndarray], exact: bool, steps: tuple[float, ...]
) -> None:
    for column in range(claimed.shape[1]):
        seen = np.zeros(claimed.shape[0], dtype=bool)
        for step in steps:
            seen |= moves(column, step)
        said = _rows_of(claimed, np.array([column]))
        missing, idle = np.flatnonzero(seen & ~said), np.flatnonzero(said & ~seen)
        if missing.size:
            raise AssertionError(f"output {missing[0]} depends on input {column}, which the pattern does not say")
        if exact and idle.size:
            raise AssertionError(f"the pattern says that output {idle[0]} depends on input {column}; no step shows it")


def _in_groups(
    claimed: scipy.sparse.csc_array,
    moves: Callable[[Any, Any], np.ndarray],
    steps: tuple[float, ...],
    probes: int,
    rng: np.random.Generator,
) -> None:
    m, n = claimed.shape
    if n == 0 or m == 0:
        return
    for _ in range(probes):
        shuffled = rng.permutation(n)
        # The first inputs of the shuffle that together reach no more than half of the outputs; one at least.
        group = _reaching_half(claimed, shuffled)
        changed = moves(group, rng.choice(steps, size=group.size))
        missing = np.flatnonzero(changed & ~_rows_of(claimed, group))
        if missing.size:
            some = ", ".join(map(str, np.sort(group)[:5].tolist())) + (", ..." if group.size > 5 else "")
            raise AssertionError(
                f"output {missing[0]} depends on an input among {some} ({group.size} of {n}), which the pattern does "
                "not say"
            )


def _reaching_half(claimed: scipy.sparse.csc_array, shuffled: np.ndarray) -> np.ndarray:
    fits, too_many = 1, shuffled.size + 1
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if 2 * int(_rows_of(claimed, shuffled[:middle]).sum()) <= claimed.shape[0]:
            fits = middle
        else:
            too_many = middle
    return shuffled[:fits]

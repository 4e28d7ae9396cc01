"""`check_sparsity`: does a pattern cover every dependence that perturbations show?"""

from collections.abc import Callable
from typing import Any

import numpy as np

STEPS = (1e-6, 1e-3, -1e-3, 0.5, -1.0)


def check_sparsity(
    f: Callable[..., Any], x: Any, pattern: Any, *, exact: bool = False, steps: tuple[float, ...] = STEPS
) -> None:
    """Check a Jacobian's pattern against plain runs of ``f`` with one input element moved at a time.

    ``pattern``: a matrix, sparse or dense, of shape (f(x).size, x.size), or a function ``(f, x) -> matrix``
    such as ``jacobian_sparsity``. Every output that changes when an input moves by one of ``steps`` must be in
    it; with ``exact`` every entry must also be seen to matter. Raises `AssertionError` with the entry.
    A pattern that holds at ``x`` alone is checked with small ``steps``.
    """
    point = np.asarray(x, float)
    matrix = pattern(f, x) if callable(pattern) else pattern
    claimed = np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix).astype(bool)
    with np.errstate(all="ignore"):
        at_x = np.asarray(f(point[()])).reshape(-1)
        if claimed.shape != (at_x.size, point.size):
            raise AssertionError(
                f"a pattern of shape {claimed.shape}, not (f(x).size, x.size) = {at_x.size, point.size}"
            )
        for column in range(point.size):
            seen = np.zeros(at_x.size, dtype=bool)
            for step in steps:
                moved = point.copy().reshape(-1)
                moved[column] += step
                changed = np.asarray(f(moved.reshape(point.shape)[()])).reshape(-1)
                seen |= (changed != at_x) & ~(np.isnan(changed) & np.isnan(at_x))
            missing, idle = np.flatnonzero(seen & ~claimed[:, column]), np.flatnonzero(claimed[:, column] & ~seen)
            if missing.size:
                raise AssertionError(f"output {missing[0]} depends on input {column}, which the pattern does not say")
            if exact and idle.size:
                raise AssertionError(
                    f"the pattern says that output {idle[0]} depends on input {column}; no step shows it"
                )

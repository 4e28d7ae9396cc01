"""`check_enclosure`: does an enclosure contain what plain arithmetic finds?"""

from collections.abc import Callable
from typing import Any

import numpy as np

from interp.value import shape_of


def check_enclosure(f: Callable[..., Any], *boxes: Any, samples: int = 200, ulps: float = 4.0, seed: int = 0) -> None:
    """Check that ``f`` of enclosures contains ``f`` of points in them.

    ``boxes``: values with ``lo`` and ``hi``, as `Interval` has. ``f`` runs once on them and on ``samples``
    plain points: the corner of all lower ends, that of all upper ends, mixed corners, and points drawn between,
    half of them close to an end. Plain results count as exact up to ``ulps`` units in the last place of the
    result; NaN (a point outside the domain of ``f``) is passed over. Raises `AssertionError` with the point,
    its result and the enclosure.
    """
    enclosure = f(*boxes)
    lo, hi = np.asarray(enclosure.lo, float), np.asarray(enclosure.hi, float)
    rng = np.random.default_rng(seed)
    for i in range(samples):
        point = [_point(box, i, rng) for box in boxes]
        with np.errstate(all="ignore"):
            result = np.asarray(f(*point), float)
        if result.shape != lo.shape:
            raise AssertionError(f"the enclosure has shape {lo.shape}, the result at a point {result.shape}")
        slack = ulps * np.spacing(np.maximum(np.abs(result), np.finfo(float).tiny))
        outside = ~((result >= lo - slack) & (result <= hi + slack)) & ~np.isnan(result)
        if outside.any():
            at = tuple(int(k) for k in np.argwhere(outside)[0])
            raise AssertionError(
                f"f({', '.join(map(repr, point))}) is {float(result[at])!r} at entry {at}, "
                f"outside its enclosure [{float(lo[at])!r}, {float(hi[at])!r}]"
            )


def _point(box: Any, i: int, rng: np.random.Generator) -> Any:
    """The i-th sample: first the ends, then corners, then points inside."""
    shape = shape_of(box)
    lo, hi = (np.clip(np.asarray(end, float), -1e300, 1e300) for end in (box.lo, box.hi))
    if i < 2:
        t = np.full(shape, float(i))
    elif i % 4 == 2:
        t = rng.integers(2, size=shape).astype(float)
    else:
        t = rng.random(shape)
        if i % 2:  # crowd towards the ends
            t = np.where(t < 0.5, t**8, 1.0 - (1.0 - t) ** 8)
    return np.clip(lo + t * (hi - lo), lo, hi)[()]

"""Derivatives without rules: central differences, extrapolated, and complex steps. And how numbers are compared.

Source of the complex step: Squire and Trapp 1998, SIAM Review 40, 110-112.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from interp.value import is_complex, primal

Function = Callable[..., Any]
TINY = 1e-60
"""The complex step: its square vanishes beside any number, so nothing is lost by cancellation."""


def numbers(x: Any) -> np.ndarray:
    """Plain numbers, real or complex, in double precision."""
    return np.asarray(primal(x), complex if is_complex(primal(x)) else float)


def difference(f: Function, point: list[Any], directions: list[Any], step: float = 1e-3) -> np.ndarray:
    """Derivative of ``f`` along ``directions`` by central differences, extrapolated twice (Richardson)."""

    def slope(h: float) -> Any:
        ahead, behind = (
            numbers(f(*(x + s * h * t for x, t in zip(point, directions, strict=True)))) for s in (1.0, -1.0)
        )
        return (ahead - behind) / (2.0 * h)

    first, second, third = slope(step), slope(step / 2), slope(step / 4)
    return np.asarray((16.0 * (4.0 * third - second) / 3.0 - (4.0 * second - first) / 3.0) / 15.0)


def complex_step(f: Function, point: list[Any], directions: list[Any]) -> np.ndarray | None:
    """Derivative of ``f`` along ``directions``, to rounding; None where ``f`` is no analytic function NumPy computes.

    Whether it is one shows in differences along a complex direction.
    """
    if any(is_complex(x) for x in point):
        return None
    turned = np.exp(0.25j * np.pi)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        try:
            stepped = numbers(f(*(x + 1j * TINY * t for x, t in zip(point, directions, strict=True))))
            oblique = difference(f, [x + 0j for x in point], [turned * t for t in directions]) / turned
            straight = difference(f, point, directions)
        except Exception:
            return None
    if not is_complex(stepped) or is_complex(straight) or not np.allclose(oblique, straight, 1e-5, 1e-5):
        return None
    slope = stepped.imag / TINY
    return (
        slope if np.allclose(slope, straight, 1e-5, 1e-5) else None
    )  # iterations mix rounding into the imaginary part


def noise(values: Any) -> float:
    """What rounding of numbers of this size leaves in `difference`."""
    sizes = np.abs(numbers(values))
    return 1e-9 * float(np.max(sizes[np.isfinite(sizes)], initial=0.0))


def compare(
    found: Any,
    expected: Any,
    rtol: float,
    what: str,
    place: Callable[[tuple[int, ...]], str] = str,
    noise: float = 0.0,
) -> None:
    """Raise `AssertionError` if an entry is off by more than ``rtol`` of the largest: the worst entry, and where it is.

    NaN agrees with NaN. ``noise``: an error that is granted besides.
    """
    found, expected = numbers(found), numbers(expected)
    if found.shape != expected.shape:
        raise AssertionError(f"{what}: shape {found.shape} where {expected.shape} is expected")
    finite = np.abs(expected[np.isfinite(expected)])
    scale = max(1.0, float(np.max(finite, initial=0.0)))
    with np.errstate(invalid="ignore"):
        error = np.abs(found - expected)
    error = np.where((found == expected) | (np.isnan(found) & np.isnan(expected)), 0.0, error)
    error = np.where(np.isnan(error), np.inf, error)
    if error.size and np.max(error) > rtol * scale + noise:
        at = tuple(int(i) for i in np.unravel_index(np.argmax(error), error.shape))
        raise AssertionError(f"{what}: {found[at]!r} where {expected[at]!r} is expected, at entry {place(at)}")

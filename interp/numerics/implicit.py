"""Functions given by equations: x(p) with f(x, p) = 0, for every number type and to every order.

A solver finds x at plain numbers. From there Newton's iteration in the arithmetic of the values,

    x <- x - f(x, p) / s,    s the slope of f by x at the plain numbers,

gains an order at each step: the error e of x becomes (1 - f'/s) e + O(e**2), and 1 - f'/s has no part of order zero.
So a stack of d derivatives asks for d steps, a Taylor of order K for K, and no value type needs a rule of its own.
The slope is exact (`interp.numerics.slopes`): an approximate one would leave a part of the error, and no test for it,
for a Tape shows no derivatives to look at. Before that the plain solution is polished by the same iteration, since
derivatives at a point off the root by a tolerance would be off by as much; the number returned stays the solver's.

Source: Griewank and Walther 2008, *Evaluating Derivatives*, section 15.1 (two-phase derivatives of implicit functions).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from interp.errors import NotDifferentiable
from interp.numerics import slopes
from interp.value import Value, primal, shape_of
from interp.vocabulary import linalg, reshape, sum
from interp.vocabulary.creation import as_operand

Function = Callable[[Any], Any]
SolveLinear = Callable[[Any, Any], Any]

POLISHING = 50
"""Most Newton steps at plain numbers: a simple root that a solver returned needs two or three."""


def order(x: Any) -> int:
    """To which order products of what ``x`` carries beside its number do not vanish: 1 a type, K of a series."""
    found = 0
    while isinstance(x, Value):
        found += max([1, *(shape_of(getattr(x, name))[0] for name in x.series)])
        x = x.payload
    return found


def moving(number: Any, x: Any) -> Any:
    """``number`` with all that ``x`` carries beside its own number."""
    return number + (x - primal(x))


def root(f: Function, solution: Any, call: str, solve_linear: SolveLinear | None = None) -> Any:
    """The root of ``f`` at ``solution``, which a solver found at plain numbers, as a value whose number is that one."""
    return moving(np.asarray(solution, dtype=float)[()], near(f, solution, call, solve_linear))


def near(f: Function, solution: Any, call: str, solve_linear: SolveLinear | None = None) -> Any:
    """The root of ``f`` next to ``solution``, to rounding, as a value.

    ``solve_linear(point, r)``: the solution of f'(point) x = r, for slopes too large for a matrix; ``solution`` is then
    taken as it is. ``f`` maps a number to a number, or an array to one of its size, and closes over values; ``call``
    names the call in errors. Raises `NotDifferentiable` where the root is no function of what ``f`` closes over: a
    multiple root, a
    singular Jacobian, a solution that solves nothing.
    """
    solution = np.asarray(solution, dtype=float)[()]
    shape = shape_of(solution)

    def residual(x: Any) -> Any:
        out = as_operand(f(x))
        return out if shape_of(out) == shape else reshape(out, shape)

    nominal, slope = _polished(residual, solution, call) if solve_linear is None else (solution, None)

    def step(r: Any) -> Any:
        if solve_linear is not None:
            return solve_linear(nominal, r)
        return reshape(linalg.solve(slope, reshape(r, (-1,))), shape) if shape else r / slope

    r = residual(nominal)
    # What the residual depends on moves x from the start: a plain 0 would be taken for a zero at every input.
    moved = r - primal(r)
    x = nominal + (sum(moved) if shape else moved)
    done = 0
    while done < order(r):
        r = residual(x)
        x = x - step(r)
        done += 1
    return x


def _polished(f: Function, x: Any, call: str) -> tuple[Any, Any]:
    """The root next to ``x``, and the slope there, all plain."""

    def plain(point: Any) -> Any:
        return np.asarray(primal(f(point)), dtype=float)[()]

    start, r, slope = x, plain(x), _slope(f, x, call)
    for _ in range(POLISHING):
        moved = x - _solved(slope, r)
        after, new = plain(moved), _slope(f, moved, call)
        steady = _alike(slope, new)
        if steady and not _size(after) < _size(r):
            break
        x, r, slope = moved, after, new
    else:
        raise NotDifferentiable(_MULTIPLE.format(call=call))
    if not _size(x - start) <= 0.01 * (1.0 + _size(start)):
        raise NotDifferentiable(f"{call}: the solution {start} has not converged: Newton's iteration leaves it for {x}")
    # Rounding may have made a multiple root look solved: as far off as f's own noise reaches, the slope must last.
    near = np.sqrt(_EPS) * np.abs(x)
    reach = 4.0 * near
    if not np.ndim(x):
        noise = max(_size(plain(x + k * near) - r - k * near * slope) for k in (-4, -3, -2, -1, 1, 2, 3, 4))
        reach = max(reach, 10.0 * noise / abs(slope))
    if not all(_alike(slope, _slope(f, x + side * reach, call)) for side in (-1.0, 1.0)):
        raise NotDifferentiable(_MULTIPLE.format(call=call))
    return x, slope


_EPS = float(np.finfo(float).eps)
_MULTIPLE = (
    "{call}: the solution is a multiple root, or none at all: the slope of the function vanishes with it, so the root "
    "has no derivative. Divide the multiplicity out, or pass interp.primal(...) of the parameters"
)


def _size(r: Any) -> float:
    return float(np.max(np.abs(r), initial=0.0))


def _slope(f: Function, x: Any, call: str) -> Any:
    with np.errstate(all="ignore"):
        slope = np.asarray(primal(slopes.jacobian(f)(x)), dtype=float)
    slope = slope.reshape((x.size, x.size)) if np.ndim(x) else slope[()]
    regular = np.all(np.isfinite(slope)) and (
        np.linalg.cond(slope) < 1.0 / np.finfo(float).eps if np.ndim(slope) and slope.size else np.all(slope != 0.0)
    )
    if not regular:
        raise NotDifferentiable(
            f"{call}: the Jacobian of the function is singular at the solution (a multiple root, or one that is not "
            "isolated), so the solution has no derivative by the parameters"
        )
    return slope


def _solved(slope: Any, r: Any) -> Any:
    return np.linalg.solve(slope, np.ravel(r)).reshape(np.shape(r)) if np.ndim(r) else r / slope


def _alike(slope: Any, other: Any) -> bool:
    """True if a step changed the slope by little: next to a multiple root it falls as the distance does."""
    if np.ndim(slope):
        return bool(np.linalg.norm(np.linalg.solve(slope, other) - np.eye(len(slope)), 2) < 0.1) if slope.size else True
    return bool(abs(other / slope - 1.0) < 0.1)

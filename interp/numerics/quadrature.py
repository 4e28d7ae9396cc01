"""Integrals of functions of one variable for every number type: adaptive Gauss-Kronrod quadrature.

Pieces of the range are integrated by the 21-point rule of Kronrod, whose difference from Gauss's 10-point rule within
it estimates the error, and the worst piece is bisected. The estimate is of all components of a value, tangents as well.
A Tape or Measurement has its number alone, so there the pieces are those that the integrand itself asks for; for their
sake the estimates are held to a thousandth of the tolerances (`MARGIN`), which smooth integrands meet at once.

Rule: Piessens et al. 1983, *QUADPACK*, routine QK21. Breakpoints within the range stay where they are when its ends
move, so an integrand with a jump at a fixed place has the right derivative by the ends.
"""

import heapq
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from interp.errors import NotDifferentiable
from interp.value import Value, primal

_HALF = (
    # node, weight of Kronrod's rule, weight of Gauss's
    (0.995657163025808080735527280689003, 0.011694638867371874278064396062192, 0.0),
    (0.973906528517171720077964012084452, 0.032558162307964727478818972459390, 0.066671344308688137593568809893332),
    (0.930157491355708226001207180059508, 0.054755896574351996031381300244580, 0.0),
    (0.865063366688984510732096688423493, 0.075039674810919952767043140916190, 0.149451349150580593145776339657697),
    (0.780817726586416897063717578345042, 0.093125454583697605535065465083366, 0.0),
    (0.679409568299024406234327365114874, 0.109387158802297641899210590325805, 0.219086362515982043995534934228163),
    (0.562757134668604683339000099272694, 0.123491976262065851077958109831074, 0.0),
    (0.433395394129247190799265943165784, 0.134709217311473325928054001771707, 0.269266719309996355091226921569469),
    (0.294392862701460198131126603103866, 0.142775938577060080797094273138717, 0.0),
    (0.148874338981631210884826001129720, 0.147739104901338491374841515972068, 0.295524224714752870173892994651338),
)
RULE = (*((-x, k, g) for x, k, g in _HALF), (0.0, 0.149445554002916905664936468389821, 0.0), *_HALF[::-1])

LIMIT = 400
"""Most bisections beyond the pieces given: enough to reach an end where the integrand grows as x**-0.9."""

MARGIN, ROUNDINGS = 1e-3, 50.0
"""What part of the tolerances errors are held to, and the roundings below which no estimate is asked to fall."""

Integrand = Callable[[Any], Any]


def integrate(
    f: Integrand, a: Any, b: Any, breaks: Sequence[float], absolute: float, relative: float, call: str
) -> Any:
    """The integral of ``f`` from ``a`` to ``b`` > ``a``, finite numbers or values.

    ``breaks`` are plain points between, in order, where pieces meet at first. Each number of the result is accurate to
    ``max(absolute, relative * |itself|)`` by the estimate; raises `NotDifferentiable`, naming ``call``, where bisection
    does not reach that.
    """
    edges = [a, *breaks, b]
    pieces = [_piece(f, lo, hi) for lo, hi in itertools.pairwise(edges)]
    count = itertools.count()
    heap = [(-np.max(np.abs(_numbers(p[1]))), next(count), p) for p in pieces]
    heapq.heapify(heap)
    precision = getattr(primal(pieces[0][0]), "dtype", np.dtype(float))
    floor = ROUNDINGS * float(np.finfo(precision).eps) if precision.kind == "f" else 0.0
    for _ in range(LIMIT):
        total, errors = _summed([p for _, _, p in heap])
        relative_to = np.abs(_numbers(total, len(errors)))
        if np.all(errors <= np.maximum(MARGIN * absolute, max(MARGIN * relative, floor) * relative_to)):
            return total
        _, _, (_, _, lo, hi) = heapq.heappop(heap)
        middle = 0.5 * (primal(lo) + primal(hi))
        for part in (_piece(f, lo, middle), _piece(f, middle, hi)):
            heapq.heappush(heap, (-np.max(np.abs(_numbers(part[1]))), next(count), part))
    raise NotDifferentiable(
        f"{call}: the integral, or its derivative, does not converge to the tolerance asked for: the integrand, or its "
        "derivative by a parameter, has a singularity. Substitute the variable so that it is smooth, or give points="
    )


def _piece(f: Integrand, lo: Any, hi: Any) -> tuple[Any, Any, Any, Any]:
    """The integral from ``lo`` to ``hi``, its error, and the ends."""
    centre, half = 0.5 * (lo + hi), 0.5 * (hi - lo)
    fine: Any = 0.0
    coarse: Any = 0.0
    for node, kronrod, gauss in RULE:
        y = f(centre + half * node)
        fine = fine + kronrod * y
        if gauss:
            coarse = coarse + gauss * y
    return half * fine, half * (fine - coarse), lo, hi


def _summed(pieces: list[tuple[Any, Any, Any, Any]]) -> tuple[Any, Any]:
    """The sum of the pieces, and of the sizes of their errors, number by number."""
    # In the order of the range, so that the sum does not depend on the heap's.
    pieces = sorted(pieces, key=lambda p: primal(p[2]))
    total = pieces[0][0]
    for piece in pieces[1:]:
        total = total + piece[0]
    errors = [np.abs(_numbers(p[1])) for p in pieces]
    size = max(e.size for e in errors)  # a piece that carries less has no error in what it does not carry
    return total, np.sum([np.pad(e, (0, size - e.size)) for e in errors], axis=0)


def _numbers(x: Any, size: int = 0) -> Any:
    """Every number that ``x`` shows, as one array of ``size`` or more; what is no array of reals shows none."""
    if isinstance(x, Value):
        flat = np.concatenate([_numbers(getattr(x, name)) for name in x.components])
    else:
        kind = np.asarray(x).dtype.kind if isinstance(x, int | float | np.generic | np.ndarray) else "O"
        flat = np.ravel(np.asarray(x, dtype=float)) if kind in "fiu" else np.zeros(0)
    return np.pad(flat, (0, max(0, size - flat.size)))

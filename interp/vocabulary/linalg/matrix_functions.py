"""Functions of square matrices: powers, exponential, logarithm, square root.

Sources: Higham 2005, SIAM J. Matrix Anal. Appl. 26, 1179-1193 (exponential by scaling and squaring with the approximant
[13/13] of Padé); Mathias 1996, SIAM J. Matrix Anal. Appl. 17, 610-620 (the derivative of f is a block of f of a block
matrix); Higham 2008, *Functions of Matrices*, section 3.2 (its adjoint).
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg

from interp.errors import NoRule
from interp.linear import Formula
from interp.primitive import Solve
from interp.value import Value, encloses, operand, primal, shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.creation import zeros_like
from interp.vocabulary.linalg.products import matmul
from interp.vocabulary.linalg.systems import A2, A3, STACK, adjoint_of, inv, solve, square
from interp.vocabulary.shape import broadcast_to, concatenate


def matrix_power(a: Any, n: int) -> Any:
    """``a`` to the integer power ``n``, by repeated squaring; of negative ``n`` the inverse's."""
    a = square("matrix_power", a)
    if not isinstance(a, Value):
        return np.linalg.matrix_power(a, n)
    base, left = (inv(a), -n) if n < 0 else (a, n)
    if left == 0:
        return zeros_like(a) + np.eye(shape_of(a)[-1], dtype=a.dtype)
    out: Any = None
    while left:
        if left & 1:
            out = base if out is None else matmul(out, base)
        left >>= 1
        base = matmul(base, base) if left else base
    return out * 1.0 if n == 1 else out


def multi_dot(arrays: Any) -> Any:
    """The product of several matrices, in the order that takes the fewest multiplications; the ends may be vectors."""
    parts = [operand(x) for x in arrays]
    if len(parts) < 2:
        raise ValueError("Expecting at least two arrays.")
    if not any(isinstance(x, Value) for x in parts):
        return np.linalg.multi_dot(parts)
    sizes = [shape_of(parts[0])[0] if len(shape_of(parts[0])) == 2 else 1, *(shape_of(x)[-1] for x in parts)]
    if len(shape_of(parts[-1])) == 1:
        sizes[-2:] = [shape_of(parts[-1])[0], 1]
    first, last = (len(shape_of(parts[i])) for i in (0, -1))
    parts[0] = parts[0][None, :] if first == 1 else parts[0]
    parts[-1] = parts[-1][:, None] if last == 1 else parts[-1]
    best = _cheapest(sizes)

    def product(i: int, j: int) -> Any:
        return parts[i] if i == j else matmul(product(i, best[i, j]), product(best[i, j] + 1, j))

    out = product(0, len(parts) - 1)
    out = out[0] if first == 1 else out
    return out[..., 0] if last == 1 else out


def _cheapest(sizes: list[int]) -> dict[tuple[int, int], int]:
    """Where to split the product of the matrices i..j (Cormen et al., section 15.2)."""
    n = len(sizes) - 1
    cost = {(i, i): 0 for i in range(n)}
    split = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            costs = [cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j)]
            cost[i, j] = min(costs)
            split[i, j] = i + costs.index(cost[i, j])
    return split


PADE = tuple(
    math.factorial(26 - j) * math.factorial(13) / (math.factorial(26) * math.factorial(j) * math.factorial(13 - j))
    for j in range(14)
)
RADIUS = 2.1
"""Norm below which the approximant and its derivatives are exact to rounding (Higham 2005 has 5.4 for itself alone)."""


def expm(a: Any) -> Any:
    """The exponential of square matrices."""
    a = square("expm", a)
    if not isinstance(a, Value):
        return scipy.linalg.expm(a)
    if encloses(a):
        raise NoRule("expm of intervals has no enclosure: sum the series, with a bound of what is left out")
    n = shape_of(a)[-1]
    nominal = np.asarray(primal(a))
    size = float(np.max(np.linalg.norm(nominal, 1, axis=(-2, -1)), initial=0.0)) if n else 0.0
    halvings = int(np.ceil(np.log2(size / RADIUS))) if np.isfinite(size) and size > RADIUS else 0
    a = a / 2.0**halvings
    powers, even, odd = np.eye(n), PADE[0] * np.eye(n), PADE[1] * np.eye(n)
    squared = matmul(a, a)
    for j in range(2, 14, 2):
        powers = matmul(powers, squared) if j > 2 else squared
        even, odd = even + PADE[j] * powers, odd + PADE[j + 1] * powers
    odd = matmul(a, odd)
    out = solve(even - odd, even + odd)
    for _ in range(halvings):
        out = matmul(out, out)
    return out


def _of_matrices(name: str, function: Callable[[Any], Any]) -> Solve:
    """A primitive function of square matrices, differentiated by itself: f([[a, t], [0, a]]) has df(t) on top right.

    The map is its own transpose in the product tr(x y), so its adjoint conjugates before and after.
    """
    each = np.vectorize(function, signature="(n,n)->(n,n)")

    def derivative(a: Any, t: Any) -> Any:
        n = shape_of(a)[-1]
        a = broadcast_to(a, shape_of(t)) if shape_of(a) != shape_of(t) else a
        above, below = concatenate([a, t], axis=-1), concatenate([t * 0.0, a], axis=-1)
        return primitive(concatenate([above, below], axis=-2))[..., :n, n:]

    def maps(out: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> list[Formula]:
        (a,) = operands
        return [
            Formula(
                shape_of(a),
                shape_of(out),
                lambda t, batch: derivative(a, t),
                lambda ct, batch: adjoint_of(derivative(a, adjoint_of(ct))),
            )
        ]

    primitive = Solve(
        name,
        lambda a: each(a) if a.size else a * 1.0,
        canonical=lambda a: ((square(name, a),), {}),
        derivative=maps,
    )
    return primitive


logm = _of_matrices("logm", scipy.linalg.logm)
sqrtm = _of_matrices("sqrtm", scipy.linalg.sqrtm)

enter(
    matrix_power,
    np.linalg.matrix_power,
    calls=[call(STACK, n=5), call(A2, n=-3), call(A2, n=1), call(A2, through=lambda f, a: f(a, 0) + a)],
)
enter(
    multi_dot,
    np.linalg.multi_dot,
    calls=[call([(2, 3), (3, 2), (2, 3)]), call([(3,), (3, 2), (2,)]), call([(2, 3), (3,)])],
)
enter(expm, scipy.linalg.expm, calls=[call(A3), call(3.0 * STACK)])
enter(logm, scipy.linalg.logm, calls=[call(A2), call(STACK)])
enter(sqrtm, scipy.linalg.sqrtm, calls=[call(A2), call(STACK)])

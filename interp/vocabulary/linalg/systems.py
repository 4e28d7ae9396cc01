"""Systems of linear equations and what is made of them: solve, triangular systems, Sylvester's equation, inv, det.

Source of the differentials: Giles 2008, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation".
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.linalg

from interp import backends
from interp.linear import Formula, LinearMap, lead
from interp.primitive import Solve
from interp.value import ndim_of, operand, primal, shape_of
from interp.vocabulary import reductions
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.linalg.products import LETTERS, EinsumMap, conjugate, matmul
from interp.vocabulary.shape import broadcast_to, reshape, stack, swapaxes, where

Maps = Sequence[LinearMap]


def adjoint_of(a: Any) -> Any:
    """The conjugate transpose of each matrix."""
    return conjugate(swapaxes(a, -1, -2))


def square(name: str, a: Any) -> Any:
    """``a``, checked to be square matrices."""
    a = operand(a)
    if ndim_of(a) < 2 or shape_of(a)[-1] != shape_of(a)[-2]:
        raise np.linalg.LinAlgError(f"{name} needs square matrices, not shape {shape_of(a)}")
    return a


def triangle(a: Any, lower: bool, unit_diagonal: bool = False, strictly: bool = False) -> Any:
    """``a`` with zeros beyond one triangle; ones on the diagonal, or zeros there too."""
    rows, columns = shape_of(a)[-2:]
    xp = backends.namespace(primal(a))
    if lower:
        kept = xp.tri(rows, columns, -1 if strictly else 0, dtype=bool)
    else:
        kept = ~xp.tri(rows, columns, 0 if strictly else -1, dtype=bool)
    a = where(kept, a, 0.0)
    return where(xp.eye(rows, columns, dtype=bool), 1.0, a) if unit_diagonal else a


# -- solve: ``b`` is a vector if it has one axis, else matrices of columns; leading axes broadcast


def _system(name: str, a: Any, b: Any) -> tuple[Any, Any, bool]:
    a, b = square(name, a), operand(b)
    if ndim_of(b) == 1:
        return a, b, False
    outer_shape = np.broadcast_shapes(shape_of(a)[:-2], shape_of(b)[:-2])
    return _broadcast_outer(a, outer_shape), _broadcast_outer(b, outer_shape), True


def _solve(a: Any, b: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    a, b, columns = _system("solve", a, b)
    return (a, b), {"columns": columns}


def _broadcast_outer(x: Any, outer_shape: tuple[int, ...]) -> Any:
    shape = outer_shape + shape_of(x)[-2:]
    return x if shape_of(x) == shape else broadcast_to(x, shape)


def _array_solve(a: Any, b: Any, columns: bool) -> Any:
    return np.linalg.solve(a, b) if columns else np.linalg.solve(a, b[..., None])[..., 0]


def _with_column(x: Any, columns: bool) -> Any:
    return x if columns else reshape(x, (*shape_of(x), 1))


def _solve_maps(out: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> Maps:
    a, b = operands
    return _maps_of_system(out, a, b, params["columns"], solve, lambda c: solve(adjoint_of(a), c), lambda t: t)


def _maps_of_system(
    out: Any,
    a: Any,
    b: Any,
    columns: bool,
    solved_by: Callable[[Any, Any], Any],
    solved_by_adjoint: Callable[[Any], Any],
    read: Callable[[Any], Any],
) -> Maps:
    """The maps of a x = b: dx = solve(a, db - da x). ``read`` keeps the entries of ``a`` that count."""
    x = _with_column(out, columns)

    def solved(right: Any, shape: tuple[int, ...]) -> Any:
        return reshape(solved_by(a, right), shape)

    def forward_a(t: Any, batch: int | None) -> Any:
        return -solved(matmul(read(t), x), lead(batch) + shape_of(out))

    def backward_a(ct: Any, batch: int | None) -> Any:
        shape = lead(batch) + shape_of(x)
        w = reshape(solved_by_adjoint(reshape(ct, shape)), shape)
        full = read(-matmul(w, adjoint_of(x)))
        extra = ndim_of(full) - len(lead(batch)) - ndim_of(a)
        return reductions.sum(full, axis=tuple(range(len(lead(batch)), len(lead(batch)) + extra))) if extra else full

    def forward_b(t: Any, batch: int | None) -> Any:
        # A vector has no leading axes of its own: unit axes keep those of a apart from the directions.
        outer = () if columns else (1,) * (ndim_of(a) - 2)
        right = reshape(t, lead(batch) + outer + shape_of(_with_column(b, columns)))
        return solved(right, lead(batch) + shape_of(out))

    def backward_b(ct: Any, batch: int | None) -> Any:
        right = reshape(ct, lead(batch) + shape_of(x))
        full = reshape(solved_by_adjoint(right), shape_of(right))
        if not columns and ndim_of(a) > 2:
            axes = tuple(range(len(lead(batch)), len(lead(batch)) + ndim_of(a) - 2))
            full = reductions.sum(full, axis=axes)
        return reshape(full, lead(batch) + shape_of(b))

    return [
        Formula(shape_of(a), shape_of(out), forward_a, backward_a),
        Formula(shape_of(b), shape_of(out), forward_b, backward_b),
    ]


# -- triangular systems


def _solve_triangular(
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if trans not in (0, 1, 2, "N", "T", "C"):
        raise ValueError(f"solve_triangular: trans={trans!r} is not one of 0, 1, 2, 'N', 'T', 'C'")
    if trans in (1, 2, "T", "C"):
        a, lower = swapaxes(operand(a), -1, -2), not lower
        a = conjugate(a) if trans in (2, "C") else a
    a, b, columns = _system("solve_triangular", a, b)
    return (a, b), {"columns": columns, "lower": bool(lower), "unit_diagonal": bool(unit_diagonal)}


def _array_solve_triangular(a: Any, b: Any, columns: bool, lower: bool, unit_diagonal: bool) -> Any:
    if not isinstance(a, np.ndarray) or 0 in a.shape + b.shape:
        return _array_solve(triangle(a, lower, unit_diagonal), b, columns)
    right = b if columns else b[..., None]
    x = scipy.linalg.solve_triangular(a, right, lower=lower, unit_diagonal=unit_diagonal, check_finite=False)
    return x if columns else x[..., 0]


def _solve_triangular_maps(out: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> Maps:
    a, b = operands
    lower, unit = params["lower"], params["unit_diagonal"]

    def solved(matrix: Any, right: Any) -> Any:
        return solve_triangular(matrix, right, lower=lower, unit_diagonal=unit)

    def solved_by_adjoint(right: Any) -> Any:
        return solve_triangular(adjoint_of(a), right, lower=not lower, unit_diagonal=unit)

    def read(t: Any) -> Any:
        return triangle(t, lower, strictly=unit)

    return _maps_of_system(out, a, b, params["columns"], solved, solved_by_adjoint, read)


# -- Sylvester's equation a x + x b = q


def _solve_sylvester(a: Any, b: Any, q: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    a, b, q = square("solve_sylvester", a), square("solve_sylvester", b), operand(q)
    outer_shape = np.broadcast_shapes(shape_of(a)[:-2], shape_of(b)[:-2], shape_of(q)[:-2])
    return tuple(_broadcast_outer(x, outer_shape) for x in (a, b, q)), {}


_each_sylvester = np.vectorize(scipy.linalg.solve_sylvester, signature="(m,m),(n,n),(m,n)->(m,n)")


def _array_solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    return _each_sylvester(a, b, q) if q.size else np.zeros(q.shape, np.result_type(a, b, q, np.float32))


def _solve_sylvester_maps(out: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> Maps:
    a, b, q = operands

    def pulled(ct: Any) -> Any:
        return solve_sylvester(adjoint_of(a), adjoint_of(b), ct)

    x = out
    return [
        Formula(
            shape_of(a),
            shape_of(out),
            lambda t, batch: -solve_sylvester(a, b, matmul(t, x)),
            lambda ct, batch: -matmul(pulled(ct), adjoint_of(x)),
        ),
        Formula(
            shape_of(b),
            shape_of(out),
            lambda t, batch: -solve_sylvester(a, b, matmul(x, t)),
            lambda ct, batch: -matmul(adjoint_of(x), pulled(ct)),
        ),
        Formula(shape_of(q), shape_of(out), lambda t, batch: solve_sylvester(a, b, t), lambda ct, batch: pulled(ct)),
    ]


# -- inverse and determinant


def _inv(a: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (square("inv", a),), {}


def _inv_maps(out: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> Maps:
    shape = shape_of(out)
    adjoint = adjoint_of(out)
    return [
        Formula(
            shape,
            shape,
            lambda t, batch: -matmul(matmul(out, t), out),
            lambda ct, batch: -matmul(matmul(adjoint, ct), adjoint),
        )
    ]


def _det(a: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (square("det", a),), {}


def _det_maps(out: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> Maps:
    (a,) = operands
    cofactors = _cofactors(a)
    return [
        EinsumMap(0, (a, cofactors), "...ij,...ij->...".replace("...", LETTERS[10 : 8 + ndim_of(a)]), shape_of(out))
    ]


def _cofactors(a: Any) -> Any:
    """d(det)/da: the cofactor matrix, det * inv; by minors up to 3 x 3 and where ``a`` is singular or not finite."""
    n, nominal = shape_of(a)[-1], backends.to_host(primal(a))
    if n <= 3 or not np.isfinite(nominal).all() or not np.all(np.linalg.cond(nominal) < 1e12):
        return _minors(a, n)
    return reshape(det(a), (*shape_of(a)[:-2], 1, 1)) * swapaxes(inv(a), -1, -2)


def _minors(a: Any, n: int) -> Any:
    if n <= 1:
        return a * 0.0 + 1.0
    rows = []
    for i in range(n):
        others_i = [k for k in range(n) if k != i]
        row = []
        for j in range(n):
            others_j = [k for k in range(n) if k != j]
            minor = a[..., others_i, :][..., :, others_j]
            row.append(det(minor) * (-1.0) ** (i + j))
        rows.append(stack(row, axis=-1))
    return stack(rows, axis=-2)


solve: Solve = Solve("solve", _array_solve, canonical=_solve, derivative=_solve_maps)
solve_triangular: Solve = Solve(
    "solve_triangular", _array_solve_triangular, canonical=_solve_triangular, derivative=_solve_triangular_maps
)
solve_sylvester: Solve = Solve(
    "solve_sylvester", _array_solve_sylvester, canonical=_solve_sylvester, derivative=_solve_sylvester_maps
)
inv: Solve = Solve("inv", np.linalg.inv, canonical=_inv, derivative=_inv_maps)
det: Solve = Solve("det", np.linalg.det, canonical=_det, derivative=_det_maps)

A2, A3 = np.array([[1.3, 0.4], [-0.7, 0.9]]), np.array([[1.9, 0.3, -0.5], [0.2, 1.1, 0.7], [-0.4, 0.6, 1.5]])
STACK = np.stack([A2, A2.T + 0.3, 2.0 * A2])
"""Well-conditioned matrices that calls are shown with."""

enter(
    solve,
    np.linalg.solve,
    calls=[call(A3, (3,)), call(A3, (3, 2)), call(STACK, (2,)), call(STACK, (3, 2, 2)), call(A2, (3, 2, 3))],
)
enter(
    solve_triangular,
    scipy.linalg.solve_triangular,
    calls=[
        call(A3, (3,), lower=True),
        call(A3, (3, 2)),
        call(A3, (3,), lower=True, trans="T"),
        call(A3, (3,), unit_diagonal=True),
        call(STACK, (3, 2, 2), lower=True),
    ],
)
enter(solve_sylvester, scipy.linalg.solve_sylvester, calls=[call(A3, A2 + 3.0 * np.eye(2), (3, 2))])
enter(inv, np.linalg.inv, calls=[call(A3), call(STACK)])
enter(det, np.linalg.det, calls=[call(A2), call(A3), call(STACK), call(np.diag([2.0, 3.0, 4.0, 5.0]) + 0.3)])

"""Norms, factorisations and products of matrices of values in native code, beside those of `algebra`.

Loops over elements as one would write them for floats. Where LAPACK chooses a sign or a rank, the primal is asked.
"""

import ast
from typing import Any

import numpy as np
from numba.core import types

from interp.compile import generated as g
from interp.compile.algebra import product_type, reduced
from interp.compile.arrays import caster, full_of, native
from interp.compile.composites import is_missing, literal, of_values
from interp.compile.rearranging import in_front, zeros_for
from interp.compile.values import element, follows_primal, ndim_of
from interp.value import primal

# -- norms


def _root(square: Any) -> Any:
    """Of a sum of squares: 0 has no derivative, by convention."""
    return square if primal(square) == 0.0 else np.sqrt(square)


root = native(_root)


def _of_vector(x: Any, ord: float) -> Any:
    if ord == 2.0:
        return root(np.sum(np.square(x)))
    if ord == np.inf:
        return np.max(np.abs(x))
    if ord == -np.inf:
        return np.min(np.abs(x))
    if ord == 1.0:
        return np.sum(np.abs(x))
    if ord == 0.0:
        return 0.0 * np.sum(x) + np.sum(np.where(primal(x) != 0.0, 1.0, 0.0))
    return np.sum(np.abs(x) ** ord) ** (1.0 / ord)


of_vector = native(_of_vector)


def _of_matrix(x: Any, ord: float) -> Any:
    axis = 0 if abs(ord) == 1.0 else 1
    sums = np.sum(np.abs(x), axis)
    if abs(ord) != 1.0 and abs(ord) != np.inf:
        raise ValueError("native code has the orders 1, -1, inf, -inf and 'fro' of matrix norms")
    return np.max(sums) if ord > 0.0 else np.min(sums)


of_matrix = native(_of_matrix)

_NUMBER = (types.Integer, types.Float, int, float)


@of_values(np.linalg.norm)
def _norm(x: Any, ord: Any = None, axis: Any = None) -> Any:
    ndim = ndim_of(x)
    if ndim not in (1, 2):
        return None
    plain = is_missing(ord)
    if not is_missing(axis):
        if not isinstance(axis, types.Integer | int) or not (plain or isinstance(ord, _NUMBER)):
            return None
        full = native(full_of(element(x), 1))

        def over_axis(x: Any, ord: Any = None, axis: Any = None) -> Any:
            first = in_front(axis, 2) == 0
            made = full((x.shape[1] if first else x.shape[0],), 0.0)
            for i in range(len(made)):
                made[i] = of_vector(x[:, i] if first else x[i, :], 2.0 if plain else float(ord))
            return made

        def beside(x: Any, ord: Any = None, axis: Any = None) -> Any:
            in_front(axis, 1)
            return of_vector(x, 2.0 if plain else float(ord))

        return beside if ndim == 1 else over_axis
    if plain:
        return lambda x, ord=None, axis=None: root(np.sum(np.square(x)))
    if ndim == 2 and literal(ord) in ("fro", "f"):
        return lambda x, ord=None, axis=None: root(np.sum(np.square(x)))
    if not isinstance(ord, _NUMBER) or (ndim == 2 and not isinstance(ord, types.Float) and literal(ord) not in (1, -1)):
        return None  # Numba asks once more, with the integer itself
    if ndim == 1:
        return lambda x, ord=None, axis=None: of_vector(x, float(ord))
    return lambda x, ord=None, axis=None: of_matrix(x, float(ord))


# -- traces and determinants


@of_values(np.trace, method="trace")
def _trace(a: Any, offset: Any = 0) -> Any:
    if ndim_of(a) != 2:
        return None
    return lambda a, offset=0: np.sum(np.diagonal(a, offset))


@of_values(np.linalg.slogdet)
def _slogdet(a: Any) -> Any:
    if ndim_of(a) != 2:
        return None
    zero = caster(element(a))

    def slogdet(a: Any) -> Any:
        if a.shape[0] != a.shape[1]:
            raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
        rows = np.copy(a)
        sign, _ = reduced(rows)
        total = zero(0.0)
        for k in range(rows.shape[0]):
            sign *= np.sign(primal(rows[k, k]))
            total = total + np.log(np.abs(rows[k, k]))
        return sign, total

    return slogdet if follows_primal(element(a)) else None


# -- factorisations


@of_values(np.linalg.cholesky)
def _cholesky(a: Any) -> Any:
    """By the lower triangle alone."""
    if ndim_of(a) != 2 or not follows_primal(element(a)):
        return None

    def cholesky(a: Any) -> Any:
        n = a.shape[0]
        if a.shape[1] != n:
            raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
        low = zeros_for((n, n), a)
        for j in range(n):
            total = a[j, j]
            for k in range(j):
                total = total - low[j, k] * low[j, k]
            if not primal(total) > 0.0:
                raise np.linalg.LinAlgError("Matrix is not positive definite")
            pivot = np.sqrt(total)
            low[j, j] = pivot
            for i in range(j + 1, n):
                total = a[i, j]
                for k in range(j):
                    total = total - low[i, k] * low[j, k]
                low[i, j] = total / pivot
        return low

    return cholesky


@of_values(np.linalg.qr)
def _qr(a: Any) -> Any:
    """Reduced: Gram-Schmidt, each column twice over, with the signs that LAPACK gives the primal."""
    if ndim_of(a) != 2 or not follows_primal(element(a)):
        return None

    def qr(a: Any) -> Any:
        m, n = a.shape
        count = min(m, n)
        _, upper = np.linalg.qr(np.ascontiguousarray(primal(a)))
        q, r = zeros_for((m, count), a), zeros_for((count, n), a)
        for j in range(count):
            column = np.copy(a[:, j])
            for _ in range(2):
                for k in range(j):
                    share = np.dot(q[:, k], column)
                    r[k, j] = r[k, j] + share
                    for i in range(m):
                        column[i] = column[i] - share * q[i, k]
            length = np.sqrt(np.sum(np.square(column))) * (-1.0 if upper[j, j] < 0.0 else 1.0)
            r[j, j] = length
            for i in range(m):
                q[i, j] = column[i] / length
        for j in range(count, n):
            for k in range(count):
                r[k, j] = np.dot(q[:, k], a[:, j])
        return q, r

    return qr


@of_values(np.linalg.pinv)
def _pinv(a: Any) -> Any:
    """Of matrices of full rank."""
    if ndim_of(a) != 2 or not follows_primal(element(a)):
        return None

    def of_tall(a: Any) -> Any:
        q, r = np.linalg.qr(a)
        return np.linalg.solve(r, q.T)

    of_tall = native(of_tall)

    def inverse(a: Any) -> Any:
        if np.linalg.matrix_rank(np.ascontiguousarray(primal(a))) < min(a.shape[0], a.shape[1]):
            raise np.linalg.LinAlgError("native code has no pseudoinverse of a matrix without full rank")
        if a.shape[0] >= a.shape[1]:
            return np.copy(of_tall(a))
        return np.copy(of_tall(np.copy(a.T)).T)

    return inverse


@of_values(np.linalg.matrix_power)
def _matrix_power(a: Any, n: Any) -> Any:
    if ndim_of(a) != 2 or not isinstance(n, types.Integer | int):
        return None

    def power(a: Any, n: Any) -> Any:
        if a.shape[0] != a.shape[1]:
            raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
        square = np.copy(a) if n >= 0 else np.linalg.inv(a)
        made = zeros_for(a.shape, a)
        for i in range(len(a)):
            made[i, i] = 1.0
        left = abs(n)
        while left > 0:
            if left % 2:
                made = made @ square
            left //= 2
            if left:
                square = square @ square
        return made

    return power


# -- products


@of_values(np.linalg.multi_dot, plain=True)
def _multi_dot(arrays: Any) -> Any:
    """From the left, and from the right where the last is a vector."""
    if not isinstance(arrays, types.BaseTuple) or len(arrays) < 2:
        return None
    parts: list[ast.expr] = [g.item(g.name("arrays"), i) for i in range(len(arrays))]
    if ndim_of(arrays[len(arrays) - 1]) == 1:
        made = parts[-1]
        for part in reversed(parts[:-1]):
            made = g.call("dot", part, made)
    else:
        made = parts[0]
        for part in parts[1:]:
            made = g.call("dot", made, part)
    return g.function(["arrays"], made, {"dot": np.dot}, named="multi_dot")


@of_values(np.vdot)
def _vdot(a: Any, b: Any) -> Any:
    return (lambda a, b: np.dot(a.flatten(), b.flatten())) if ndim_of(a) and ndim_of(b) else None


@of_values(np.vecdot, plain=True)
def _vecdot(x1: Any, x2: Any) -> Any:
    return (lambda x1, x2: np.dot(x1, x2)) if (ndim_of(x1), ndim_of(x2)) == (1, 1) else None


@of_values(np.inner)
def _inner(a: Any, b: Any) -> Any:
    return {
        (1, 1): lambda a, b: np.dot(a, b),
        (2, 1): lambda a, b: np.dot(a, b),
        (1, 2): lambda a, b: np.dot(b, a),
        (2, 2): lambda a, b: np.dot(a, b.T),
    }.get((ndim_of(a), ndim_of(b)))


@of_values(np.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    known = literal(axes)
    if known == 2 and (ndim_of(a), ndim_of(b)) == (2, 2):
        return lambda a, b, axes=2: np.dot(a.flatten(), b.flatten())
    if known == 1 and 0 < ndim_of(a) < 3 and 0 < ndim_of(b) < 3:
        return lambda a, b, axes=2: np.dot(a, b)
    return None


@of_values(np.cross, np.linalg.cross)
def _cross(a: Any, b: Any) -> Any:
    if (ndim_of(a), ndim_of(b)) != (1, 1):
        return None
    full = native(full_of(product_type(a, b), 1))

    def cross(a: Any, b: Any) -> Any:
        if len(a) != 3 or len(b) != 3:
            raise ValueError("native code has the vector product of vectors of 3 elements")
        made = full((3,), 0.0)
        made[0] = a[1] * b[2] - a[2] * b[1]
        made[1] = a[2] * b[0] - a[0] * b[2]
        made[2] = a[0] * b[1] - a[1] * b[0]
        return made

    return cross


@of_values(np.kron)
def _kron(a: Any, b: Any) -> Any:
    ndims = ndim_of(a), ndim_of(b)
    if ndims not in ((1, 1), (2, 2)):
        return None
    if ndims == (1, 1):
        return lambda a, b: np.outer(a, b).flatten()
    full = native(full_of(product_type(a, b), 2))

    def kron(a: Any, b: Any) -> Any:
        n, m = b.shape
        made = full((a.shape[0] * n, a.shape[1] * m), 0.0)
        for i in range(made.shape[0]):
            for j in range(made.shape[1]):
                made[i, j] = a[i // n, j // m] * b[i % n, j % m]
        return made

    return kron

"""The pseudoinverse, and least squares by it.

Source of the differential: Golub and Pereyra 1973, SIAM J. Numer. Anal. 10, 413-432, theorem 4.3: for changes that
leave the rank as it is.
"""

from typing import Any

import numpy as np

from interp.errors import UnsupportedArgument
from interp.linear import Formula
from interp.primitive import Solve
from interp.value import Value, ndim_of, operand, primal, shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.elementwise import absolute, square
from interp.vocabulary.linalg.factorisations import TALL, svdvals
from interp.vocabulary.linalg.norms import matrix_rank
from interp.vocabulary.linalg.products import matmul
from interp.vocabulary.linalg.systems import A3, adjoint_of
from interp.vocabulary.reductions import sum


def _pinv(
    a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if hermitian:
        raise UnsupportedArgument("pinv(hermitian=True) of values: leave it out, which gives the same numbers")
    return (operand(a),), {"rtol": rtol if rcond is None else rcond}


def _pinv_maps(out: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> list[Formula]:
    (a,) = operands
    p, ph = out, adjoint_of(out)

    def missed(x: Any) -> Any:
        """(1 - a p) x: what the columns of ``a`` do not reach."""
        return x - matmul(a, matmul(p, x))

    def lost(x: Any) -> Any:
        """(1 - p a) x: what ``a`` sends to zero."""
        return x - matmul(p, matmul(a, x))

    def forward(t: Any, batch: int | None) -> Any:
        th = adjoint_of(t)
        moved = -matmul(matmul(p, t), p)
        left = matmul(matmul(p, ph), adjoint_of(missed(t)))
        right = matmul(lost(th), matmul(ph, p))
        return moved + left + right

    def backward(ct: Any, batch: int | None) -> Any:
        cth = adjoint_of(ct)
        moved = -matmul(matmul(ph, ct), ph)
        left = matmul(missed(cth), matmul(p, ph))
        right = matmul(matmul(ph, p), adjoint_of(lost(ct)))
        return moved + left + right

    return [Formula(shape_of(a), shape_of(out), forward, backward)]


pinv: Solve = Solve("pinv", lambda a, rtol: np.linalg.pinv(a, rtol=rtol), canonical=_pinv, derivative=_pinv_maps)


def lstsq(a: Any, b: Any, rcond: Any = None) -> tuple[Any, Any, Any, Any]:
    """``(x, residuals, rank, singular values)`` of the least squares problem of one matrix, as `numpy.linalg.lstsq`.

    ``x`` of shape (n,) or (n, k) has the least norm of all solutions; its derivative is for changes of ``a`` that
    leave the rank as it is.
    """
    a, b = operand(a), operand(b)
    if not isinstance(a, Value) and not isinstance(b, Value):
        return np.linalg.lstsq(a, b, rcond)
    if ndim_of(a) != 2:
        raise np.linalg.LinAlgError(f"lstsq takes one matrix of two axes, not shape {shape_of(a)}")
    m, n = shape_of(a)
    if rcond is None:
        rcond = np.finfo(primal(a).dtype).eps * max(m, n)
    x = matmul(pinv(a, rcond), b)
    rank = matrix_rank(a, rtol=rcond)
    if m > n and np.all(primal(rank) == n):
        missing = sum(square(absolute(b - matmul(a, x))), axis=0)
        residuals = missing if ndim_of(b) == 2 else missing[None]
    else:
        residuals = np.zeros(0)
    return x, residuals, rank, svdvals(a)


enter(pinv, np.linalg.pinv, calls=[call(TALL), call(np.stack([TALL.T, TALL[::-1].T])), call(A3)])
enter(
    lstsq,
    np.linalg.lstsq,
    calls=[call(TALL, (3,)), call(TALL.T, (2, 2)), call(TALL, (3, 2), through=lambda f, a, b: f(a, b)[:2])],
)

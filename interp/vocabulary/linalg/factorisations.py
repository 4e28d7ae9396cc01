"""Factorisations: Cholesky, QR, singular values, eigenvalues. Each output has linear maps of its own.

So what an unused output would contribute is never computed: the gradient of sum(eigvalsh(I)) is the identity,
although eigenvectors of equal eigenvalues have no derivative (theirs is NaN there).

As in NumPy, Cholesky and the Hermitian eigenproblem read the lower triangle alone: what stands above it has
derivative zero. Signs of eigenvectors and singular vectors stay what LAPACK made them. Phases of complex ones are
free, and LAPACK may turn them: derivatives are those of vectors that do not turn (v^H dv = 0), so what is made of
them must not depend on phases.

Sources: Murray 2016, arXiv:1602.07527 (Cholesky); Walter and Lehmann 2010, arXiv:1009.6112 (QR, eigenvalues);
Townsend 2016, "Differentiating the singular value decomposition"; Giles 2008 (eigenvalues, singular values).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from interp import backends
from interp.errors import UnsupportedArgument
from interp.linear import Formula
from interp.several import Call, Outputs, SolveOutput, output
from interp.value import Value, is_complex, operand, primal, shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.complex_numbers import imag, real
from interp.vocabulary.linalg.products import conjugate, einsum, matmul
from interp.vocabulary.linalg.systems import A2, A3, STACK, adjoint_of, solve, solve_triangular, square, triangle
from interp.vocabulary.predicates import greater
from interp.vocabulary.shape import concatenate, reshape, where

Moved = Callable[[Any], Any]


class Factorisation:
    """A function of one matrix with several outputs (`interp.several`).

    ``derivatives``: for each output its name and ``(a, *outputs) -> (forward, backward)``, the linear map from
    a tangent of the matrix to the output's and its adjoint; both take leading axes of directions. None for zero.
    """

    def __init__(self, name: str, implementation: Callable[..., Any], **derivatives: Callable[..., Any]) -> None:
        self.implementation = implementation
        self.derivatives = tuple(derivatives.values())
        self.factors = tuple(output(SolveOutput, f"{name}.{factor}", i) for i, factor in enumerate(derivatives))

    def __call__(self, a: Any) -> Outputs:
        if isinstance(a, Value):
            call = Call(self, self._maps)
            return tuple(factor.dispatch(a, call=call) for factor in self.factors)
        return tuple(self.implementation(a))

    def only(self, position: int, a: Any) -> Any:
        """One output alone."""
        return self.factors[position].dispatch(a, call=Call(self, self._maps))

    def _maps(self, position: int, active: tuple[bool, ...], operands: tuple[Any, ...], outputs: Outputs) -> list[Any]:
        (a,) = operands
        moved = self.derivatives[position](a, *outputs)
        if moved is None:
            return [None]
        forward, backward = moved
        out_shape = shape_of(outputs[position])
        return [Formula(shape_of(a), out_shape, lambda t, batch: forward(t), lambda ct, batch: backward(ct))]


def _diagonal(a: Any) -> Any:
    return einsum("...ii->...i", a)


def _eye(n: int, like: Any) -> Any:
    """The identity matrix beside the innermost array of ``like``, in its precision."""
    nominal = primal(like)
    return backends.namespace(nominal).eye(n, dtype=nominal.dtype)


def _hermitian_by_lower(t: Any) -> Any:
    """The Hermitian matrix whose lower triangle is that of ``t``."""
    below = triangle(t, True, strictly=True)
    return below + adjoint_of(below) + _eye(shape_of(t)[-1], t) * real(t)


def _by_lower(s: Any) -> Any:
    """Adjoint of `_hermitian_by_lower`."""
    return triangle(s + adjoint_of(s), True, strictly=True) + _eye(shape_of(s)[-1], s) * real(s)


# -- Cholesky: a = L L^H


def _halved(x: Any) -> Any:
    """The lower triangle with half the diagonal."""
    return triangle(x, True) - _eye(shape_of(x)[-1], x) * (0.5 * x)


def _cholesky_map(a: Any, low: Any) -> tuple[Moved, Moved]:
    up = adjoint_of(low)

    def forward(t: Any) -> Any:
        right = adjoint_of(solve_triangular(low, _hermitian_by_lower(t), lower=True))
        inner = solve_triangular(low, right, lower=True)
        return matmul(low, _halved(adjoint_of(inner)))

    def backward(ct: Any) -> Any:
        inner = _halved(matmul(up, ct))
        left = solve_triangular(up, inner, lower=False)
        return _by_lower(adjoint_of(solve_triangular(up, adjoint_of(left), lower=False)))

    return forward, backward


_cholesky = Factorisation("cholesky", lambda a: (np.linalg.cholesky(a),), L=_cholesky_map)
CHOLESKY = _cholesky.factors[0]


def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """Lower triangular L with L L^H = ``a``, by the lower triangle of ``a`` alone; or upper U with U^H U, by the upper.

    Raises `numpy.linalg.LinAlgError` if ``a`` is not positive definite.
    """
    a = square("cholesky", a)
    return adjoint_of(_cholesky.only(0, adjoint_of(a))) if upper else _cholesky.only(0, a)


# -- QR: a = Q R, of matrices that are not wide


def _rotation(c: Any) -> Any:
    """The skew-Hermitian part by which Q turns: from Q^H dA R^-1."""
    below = triangle(c, True, strictly=True)
    return below - adjoint_of(below) + _phase(c)


def _phase(c: Any) -> Any:
    """The imaginary diagonal; 0 of real matrices."""
    return (_eye(shape_of(c)[-1], c) * imag(c)) * 1j if is_complex(c) else 0.0


def _rotation_adjoint(w: Any) -> Any:
    return triangle(w - adjoint_of(w), True, strictly=True) + _phase(w)


def _over(t: Any, r: Any) -> Any:
    """t R^-1."""
    return adjoint_of(solve_triangular(adjoint_of(r), adjoint_of(t), lower=True))


def _over_adjoint(ct: Any, r: Any) -> Any:
    """ct R^-H."""
    return adjoint_of(solve_triangular(r, adjoint_of(ct), lower=False))


def _q_map(a: Any, q: Any, r: Any) -> tuple[Moved, Moved]:
    def forward(t: Any) -> Any:
        d = _over(t, r)
        c = matmul(adjoint_of(q), d)
        return d + matmul(q, _rotation(c) - c)

    def backward(ct: Any) -> Any:
        w = matmul(adjoint_of(q), ct)
        return _over_adjoint(ct + matmul(q, _rotation_adjoint(w) - w), r)

    return forward, backward


def _r_map(a: Any, q: Any, r: Any) -> tuple[Moved, Moved]:
    def forward(t: Any) -> Any:
        c = matmul(adjoint_of(q), _over(t, r))
        return matmul(c - _rotation(c), r)

    def backward(ct: Any) -> Any:
        w = matmul(ct, adjoint_of(r))
        return _over_adjoint(matmul(q, w - _rotation_adjoint(w)), r)

    return forward, backward


_qr = Factorisation("qr", np.linalg.qr, Q=_q_map, R=_r_map)


class QRResult(NamedTuple):
    """As NumPy's."""

    Q: Any
    R: Any


def qr(a: Any, mode: str = "reduced") -> Any:
    """Q with orthonormal columns and upper triangular R, a = Q R, of matrices whose first min(m, n) columns are
    independent.

    ``mode``: "reduced", "r" (R alone) or "complete" (of values, for matrices that are not tall: of the columns that
    complete Q there are many).
    """
    a = operand(a)
    if not isinstance(a, Value):
        return np.linalg.qr(a, mode)  # type: ignore[call-overload]
    m, n = shape_of(a)[-2:]
    if mode == "complete" and m > n:
        raise UnsupportedArgument(
            "qr(mode='complete') of tall matrices, on values: the columns that complete Q are no function of the "
            "matrix. Use mode='reduced'"
        )
    if mode not in ("reduced", "complete", "r"):
        raise UnsupportedArgument(f"qr(mode={mode!r}) of values: use 'reduced', 'complete' or 'r'")
    if m >= n:
        q, r = _qr(a)
    else:
        q, first = _qr(a[..., :m])
        r = concatenate([first, matmul(adjoint_of(q), a[..., m:])], axis=-1)
    return r if mode == "r" else QRResult(q, r)


# -- Hermitian eigenproblem: a v = w v


def _gaps(w: Any) -> Any:
    """1 / (w_j - w_i), with a diagonal of zeros."""
    n = shape_of(w)[-1]
    difference = w[..., None, :] - w[..., :, None]
    on_diagonal = backends.namespace(primal(w)).eye(n, dtype=bool)
    with np.errstate(divide="ignore"):
        return where(on_diagonal, 0.0, 1.0 / where(on_diagonal, 1.0, difference))


def _within(v: Any, t: Any) -> Any:
    """V^H t V."""
    return matmul(matmul(adjoint_of(v), t), v)


def _around(v: Any, t: Any) -> Any:
    """V t V^H."""
    return matmul(matmul(v, t), adjoint_of(v))


def _eigenvalues_map(a: Any, w: Any, v: Any) -> tuple[Moved, Moved]:
    return (
        lambda t: real(_diagonal(_within(v, _hermitian_by_lower(t)))),
        lambda ct: _by_lower(matmul(v * ct[..., None, :], adjoint_of(v))),
    )


def _eigenvectors_map(a: Any, w: Any, v: Any) -> tuple[Moved, Moved]:
    gaps = _gaps(w)
    return (
        lambda t: matmul(v, gaps * _within(v, _hermitian_by_lower(t))),
        lambda ct: _by_lower(_around(v, gaps * matmul(adjoint_of(v), ct))),
    )


_eigh = Factorisation("eigh", np.linalg.eigh, eigenvalues=_eigenvalues_map, eigenvectors=_eigenvectors_map)


class EighResult(NamedTuple):
    """As NumPy's."""

    eigenvalues: Any
    eigenvectors: Any


def _by_triangle(name: str, a: Any, UPLO: str) -> Any:
    a = square(name, a)
    if UPLO not in ("L", "U", "l", "u"):
        raise ValueError("UPLO argument must be 'L' or 'U'")
    return a if UPLO in ("L", "l") else adjoint_of(a)


def eigh(a: Any, UPLO: str = "L") -> EighResult:
    """Eigenvalues, ascending, and eigenvectors (columns) of Hermitian matrices, by one triangle of ``a``.

    Where eigenvalues are equal, eigenvectors have no derivative: it is NaN.
    """
    return EighResult(*_eigh(_by_triangle("eigh", a, UPLO)))


def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues, ascending, of Hermitian matrices, by one triangle of ``a``."""
    return _eigh.only(0, _by_triangle("eigvalsh", a, UPLO))


# -- singular values: a = U diag(s) V^H


def _scaled(x: Any, s: Any) -> Any:
    """x diag(s)."""
    return x * s[..., None, :]


def _by_squares(s: Any) -> Any:
    """1 / (s_j^2 - s_i^2), with a diagonal of zeros."""
    sums = s[..., None, :] + s[..., :, None]
    on_diagonal = backends.namespace(primal(s)).eye(shape_of(s)[-1], dtype=bool)
    return _gaps(s) / where(on_diagonal, 1.0, sums)


def _singular_values_map(a: Any, u: Any, s: Any, vh: Any) -> tuple[Moved, Moved]:
    """At a singular value of 0 the derivative is 0, as of |x|."""
    positive = greater(s, 0)
    return (
        lambda t: where(positive, real(_diagonal(matmul(matmul(adjoint_of(u), t), adjoint_of(vh)))), 0.0),
        lambda ct: matmul(_scaled(u, where(positive, ct, 0.0)), vh),
    )


def _gauge(x: Any, s: Any) -> Any:
    """i Im(x_ii) / (2 s_i) on the diagonal: how a common phase of two singular vectors is shared. 0 of real ones."""
    return _phase(x) * (0.5 / s)[..., None, :] if is_complex(x) else 0.0


def _outside(q: Any, t: Any) -> Any:
    """The part of ``t`` orthogonal to the columns of ``q``."""
    return t - matmul(q, matmul(adjoint_of(q), t))


def _left_map(a: Any, u: Any, s: Any, vh: Any) -> tuple[Moved, Moved]:
    factors, v = _by_squares(s), adjoint_of(vh)

    def forward(t: Any) -> Any:
        right = matmul(t, v)
        p = matmul(adjoint_of(u), right)
        within = factors * (_scaled(p, s) + adjoint_of(_scaled(p, s))) + _gauge(p, s)
        outside = _outside(u, right) / s[..., None, :] if _is_tall(u) else 0.0
        return matmul(u, within) + outside

    def backward(ct: Any) -> Any:
        w = matmul(adjoint_of(u), ct)
        y = factors * w
        p = _scaled(y + adjoint_of(y), s) + _gauge(w, s)
        full = matmul(u, p)
        full = full + _outside(u, ct) / s[..., None, :] if _is_tall(u) else full
        return matmul(full, vh)

    return forward, backward


def _is_tall(u: Any) -> bool:
    return bool(shape_of(u)[-2] > shape_of(u)[-1])


def _right_map(a: Any, u: Any, s: Any, vh: Any) -> tuple[Moved, Moved]:
    """a^H = V diag(s) U^H: the right vectors are the left ones of a^H, with the opposite share of the phase."""
    forward, backward = _left_map(None, adjoint_of(vh), s, adjoint_of(u))
    return lambda t: adjoint_of(forward(adjoint_of(t))), lambda ct: adjoint_of(backward(adjoint_of(ct)))


_svd = Factorisation(
    "svd", lambda a: np.linalg.svd(a, full_matrices=False), U=_left_map, S=_singular_values_map, Vh=_right_map
)


class SVDResult(NamedTuple):
    """As NumPy's."""

    U: Any
    S: Any
    Vh: Any


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """U, s, V^H with a = U diag(s) V^H, singular values descending; s alone unless ``compute_uv``.

    Of values that are not square ``full_matrices`` must be False: there are many bases of the rest. Where singular
    values are equal, singular vectors have no derivative: it is NaN.
    """
    a = operand(a)
    if not isinstance(a, Value):
        return np.linalg.svd(a, full_matrices, compute_uv, hermitian)  # type: ignore[call-overload]
    if hermitian:
        raise UnsupportedArgument("svd(hermitian=True) of values: use eigh, or hermitian=False")
    if not compute_uv:
        return svdvals(a)
    if full_matrices and shape_of(a)[-1] != shape_of(a)[-2]:
        raise UnsupportedArgument(
            "svd of values that are not square, with full_matrices=True: the vectors that complete the basis are no "
            "function of the matrix. Pass full_matrices=False"
        )
    return SVDResult(*_svd(a))


def svdvals(a: Any) -> Any:
    """Singular values, descending."""
    a = operand(a)
    return _svd.only(1, a) if isinstance(a, Value) else np.linalg.svdvals(a)


# -- general eigenproblem, of matrices with distinct eigenvalues


def _general_values_map(a: Any, w: Any, v: Any) -> tuple[Moved, Moved]:
    left = adjoint_of(v)
    return (
        lambda t: _diagonal(solve(v, matmul(t, v))),
        lambda ct: solve(left, ct[..., :, None] * left),
    )


def _general_vectors_map(a: Any, w: Any, v: Any) -> tuple[Moved, Moved]:
    """Columns keep unit length, and their greatest entry stays real, as LAPACK leaves them."""
    gaps, left = _gaps(w), adjoint_of(v)
    nominal = backends.to_host(primal(v))
    greatest = np.argmax(np.abs(nominal), axis=-2)[..., None, :]
    chosen = backends.namespace(primal(v)).asarray(np.arange(shape_of(v)[-2])[:, None] == greatest)

    def at_greatest(x: Any) -> Any:
        return where(chosen, x, 0.0).sum(axis=-2, keepdims=True)

    pivot = at_greatest(v)

    def held(d: Any) -> Any:
        d = d - v * real((conjugate(v) * d).sum(axis=-2, keepdims=True))
        return d - v * (1j * imag(at_greatest(d) / pivot)) if is_complex(d) else d

    def held_adjoint(c: Any) -> Any:
        if is_complex(c):
            turned = real((conjugate(1j * v) * c).sum(axis=-2, keepdims=True))
            c = c - where(chosen, conjugate(1.0 / pivot) * (1j * turned), 0.0)
        return c - v * real((conjugate(v) * c).sum(axis=-2, keepdims=True))

    return (
        lambda t: held(matmul(v, gaps * solve(v, matmul(t, v)))),
        lambda ct: matmul(solve(left, conjugate(gaps) * matmul(left, held_adjoint(ct))), left),
    )


_eig = Factorisation("eig", np.linalg.eig, eigenvalues=_general_values_map, eigenvectors=_general_vectors_map)


class EigResult(NamedTuple):
    """As NumPy's."""

    eigenvalues: Any
    eigenvectors: Any


def eig(a: Any) -> EigResult:
    """Eigenvalues and eigenvectors (columns, of unit length) of square matrices with distinct eigenvalues.

    Complex where NumPy's are. Where eigenvalues are equal, eigenvectors have no derivative: it is NaN.
    """
    return EigResult(*_eig(square("eig", a)))


def eigvals(a: Any) -> Any:
    """Eigenvalues of square matrices that can be diagonalised; complex where NumPy's are."""
    a = square("eigvals", a)
    return _eig.only(0, a) if isinstance(a, Value) else np.linalg.eigvals(a)


# -- sign and logarithm of the determinant


def _inverse_adjoint(a: Any) -> Any:
    """a^-H: the gradient of log |det a|."""
    return adjoint_of(solve(a, _eye(shape_of(a)[-1], a)))


def _product(a: Any, b: Any) -> Any:
    """The sum of conj(a) b over each matrix."""
    return (conjugate(a) * b).sum(axis=(-2, -1))


def _times_matrix(ct: Any, a: Any) -> Any:
    return a * reshape(ct, (*shape_of(ct), 1, 1))


def _logdet_map(a: Any, sign: Any, logabsdet: Any) -> tuple[Moved, Moved]:
    return (
        lambda t: real(_product(_inverse_adjoint(a), t)),
        lambda ct: _times_matrix(ct, _inverse_adjoint(a)),
    )


def _sign_map(a: Any, sign: Any, logabsdet: Any) -> tuple[Moved, Moved] | None:
    """The phase of complex matrices turns; a sign stays."""
    if not is_complex(a):
        return None
    return (
        lambda t: sign * (1j * imag(_product(_inverse_adjoint(a), t))),
        lambda ct: _times_matrix(1j * real(conjugate(1j * sign) * ct), _inverse_adjoint(a)),
    )


_slogdet = Factorisation("slogdet", np.linalg.slogdet, sign=_sign_map, logabsdet=_logdet_map)


class SlogdetResult(NamedTuple):
    """As NumPy's."""

    sign: Any
    logabsdet: Any


def slogdet(a: Any) -> SlogdetResult:
    """Sign (of complex matrices a phase) and logarithm of the magnitude of the determinant."""
    return SlogdetResult(*_slogdet(square("slogdet", a)))


SYMMETRIC = np.array([[1.9, 0.4, 0.4], [0.4, 3.7, 1.4], [0.4, 1.4, 1.8]])
POSITIVE = np.stack([A2 @ A2.T, A2.T @ A2 + 0.5])
TALL = np.array([[1.2, 0.3], [-0.4, 0.9], [0.7, 1.6]])

enter(cholesky, np.linalg.cholesky, name="linalg.cholesky", calls=[call(SYMMETRIC), call(POSITIVE, upper=True)])
enter(qr, np.linalg.qr, calls=[call(TALL), call(TALL.T), call(A3, mode="r"), call(STACK, mode="complete")])
enter(eigh, np.linalg.eigh, calls=[call(SYMMETRIC), call(POSITIVE, UPLO="U")])
enter(eigvalsh, np.linalg.eigvalsh, calls=[call(SYMMETRIC), call(POSITIVE, UPLO="U")])
enter(
    svd,
    np.linalg.svd,
    calls=[
        call(A3),
        call(TALL, full_matrices=False),
        call(np.stack([TALL.T, TALL.T[::-1] + 0.2]), full_matrices=False),
        call(TALL, compute_uv=False),
    ],
)
enter(svdvals, np.linalg.svdvals, calls=[call(TALL), call(STACK)])
enter(eig, np.linalg.eig, calls=[call(A3, through=lambda f, a: [np.abs(part) for part in f(a)]), call(SYMMETRIC)])
enter(eigvals, np.linalg.eigvals, calls=[call(A2, through=lambda f, a: np.imag(f(a))), call(SYMMETRIC)])
enter(slogdet, np.linalg.slogdet, calls=[call(A3), call(STACK)])

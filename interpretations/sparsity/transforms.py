"""`sparse_jacobian` and `sparse_hessian`: the pattern is found and coloured once, and serves every point."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse

from interp.errors import InterpError, RefusedStack, ShapeError, UnsupportedInput
from interp.interpretation import transform
from interp.value import Value, shape_of
from interpretations.arguments import real_leaf
from interpretations.derivatives import grad, hvp, jvp
from interpretations.sparsity import colouring as colourings
from interpretations.sparsity.colouring import Colouring, colour, refuse_asymmetric, structure
from interpretations.sparsity.dependence import size_of
from interpretations.sparsity.pattern import hessian_sparsity, jacobian_sparsity
from interpretations.sparsity.products import evaluated

ROW_COST = 1.1
"""What a row colour costs in column colours, for mode "auto": as measured the same, but a recording takes memory."""


class SparseDerivative:
    """What `sparse_jacobian` and `sparse_hessian` return: a function of x that gives a ``scipy.sparse.csr_array``.

    The first call finds the pattern and colours it; later ones reuse both until x has another shape. Safe in
    threads.

    Attributes, None before the first call
    ----------
    pattern: boolean csr_array, (f(x).size, x.size).
    colouring: the `Colouring` of it.
    colours: how many colours it has: derivatives taken for one matrix.
    n_evaluations: how often ``f`` has run so far, for the pattern and for derivatives: an int from the start.
    """

    name = "sparse derivative"

    def __init__(self, f: Callable[[Any], Any], mode: str, order: str, chunk: int | None, pattern: Any) -> None:
        if mode != "auto" and mode not in self.modes():
            raise InterpError(f"{self.name}(mode={mode!r}): mode is one of auto, {', '.join(self.modes())}")
        if chunk is not None and not (isinstance(chunk, int | np.integer) and chunk > 0):
            raise InterpError(f"{self.name}(chunk={chunk!r}): chunk is a number of directions, 1 or more, or None")
        self.f, self.mode, self.order, self.chunk = f, mode, order, chunk
        self.n_evaluations = 0
        self._given = None if pattern is None else structure(pattern)
        self._unchecked = False
        self._shape: tuple[int, ...] | None = None
        self._colouring: Colouring | None = None
        self._lock = threading.RLock()
        self.__name__ = self.__qualname__ = f"{self.name}({getattr(f, '__name__', 'f')})"

    @property
    def colouring(self) -> Colouring | None:
        """Colours of the latest pattern, and the way back from compressed derivatives."""
        return self._colouring

    @property
    def pattern(self) -> Any:
        """The latest pattern: boolean, (f(x).size, x.size)."""
        return self._given if self._colouring is None else self._colouring.pattern

    @property
    def colours(self) -> int | None:
        """Number of colours of the latest pattern."""
        return None if self._colouring is None else self._colouring.count

    def prepare(self, x: Any) -> "SparseDerivative":
        """Find and colour the pattern for inputs like ``x``, without a derivative; returns itself."""
        self._prepared(self._input(x))
        return self

    def __call__(self, x: Any) -> scipy.sparse.csr_array:
        x = self._input(x)
        colouring = self._prepared(x)
        matrix, runs = evaluated(self.differentiated, x, colouring, self.chunk)
        with self._lock:
            self.n_evaluations += runs
        if self._unchecked:
            self._refuse_wrong_pattern(x, matrix, colouring)
            self._unchecked = False
        return matrix

    def _input(self, x: Any) -> Any:
        x = np.asarray(x) if isinstance(x, list | tuple) else x
        if isinstance(x, Value):
            raise RefusedStack(
                f"{self.name} of a {type(x).__name__}: a scipy.sparse matrix holds plain numbers. Take the derivative "
                f"of the outer function by {self.instead}"
            )
        if type(x).__module__.partition(".")[0] not in ("numpy", "builtins") or isinstance(x, dict):
            raise UnsupportedInput(f"{self.name} takes one number or NumPy array, not a {type(x).__name__}")
        return real_leaf(x)

    def _prepared(self, x: Any) -> Colouring:
        """The colouring for inputs of the shape of x."""
        with self._lock:
            if self._colouring is not None and self._shape == shape_of(x):
                return self._colouring
            if self._given is None:
                self.n_evaluations += 1
                pattern = self.detected(x)
            else:
                pattern, self._unchecked = self._given, True
                if pattern.shape[1] != size_of(shape_of(x)):
                    raise ShapeError(
                        f"a pattern of shape {pattern.shape} for an input of {size_of(shape_of(x))} numbers"
                    )
            self._colouring, self._shape = self.coloured(pattern), shape_of(x)
            return self._colouring

    def _refuse_wrong_pattern(self, x: Any, matrix: scipy.sparse.csr_array, colouring: Colouring) -> None:
        """Compare a product with one that needs no pattern: what the pattern lacks would be lost, or land elsewhere."""
        n = size_of(shape_of(x))
        v = (1.0 + 0.5 * np.sin(1.0 + 2.3 * np.arange(n))).astype(matrix.dtype if matrix.dtype.kind == "f" else float)
        found = np.asarray(self.product(x, v.reshape(shape_of(x))[()])).reshape(-1)
        with self._lock:
            self.n_evaluations += 1
        ours, scale = matrix @ v, abs(matrix) @ abs(v)
        eps = np.finfo(v.dtype).eps
        steps = n if colourings.MODES[colouring.mode].substitutes else 8
        rounding = eps * steps * np.max(scale[np.isfinite(scale)], initial=0.0)
        limit = np.sqrt(eps) * (scale + np.abs(found)) + rounding
        wrong = np.flatnonzero(np.isfinite(ours) & np.isfinite(found) & (np.abs(ours - found) > limit))
        if wrong.size:
            raise InterpError(
                f"the given pattern lacks an entry in row {wrong[0]}: leave pattern= out, or see "
                "interp.testing.check_sparsity"
            )

    def __reduce__(self) -> Any:
        return type(self), (self.f, self.mode, self.order, self.chunk, self._given)

    def __repr__(self) -> str:
        state = "not called yet" if self._colouring is None else repr(self._colouring)
        return f"<{self.__name__}: {state}>"

    # -- what a Jacobian and a Hessian differ in

    instead = "jacfwd or jacrev"
    differentiated: Callable[[Any], Any]
    """The function whose Jacobian this is."""

    @staticmethod
    def modes() -> list[str]:
        """The colourings that fit."""
        raise NotImplementedError

    def detected(self, x: Any) -> scipy.sparse.csr_array:
        """The pattern, found by a run of ``f``."""
        raise NotImplementedError

    def coloured(self, pattern: scipy.sparse.csr_array) -> Colouring:
        """The pattern's colouring in the mode asked for."""
        raise NotImplementedError

    def product(self, x: Any, v: Any) -> Any:
        """The derivative times ``v``, without a pattern."""
        raise NotImplementedError


class SparseJacobian(SparseDerivative):
    """See `sparse_jacobian`."""

    name = "sparse_jacobian"

    def __init__(self, f: Callable[[Any], Any], mode: str, order: str, chunk: int | None, pattern: Any) -> None:
        super().__init__(f, mode, order, chunk, pattern)
        self.differentiated = f

    @staticmethod
    def modes() -> list[str]:
        return [name for name, mode in colourings.MODES.items() if not mode.symmetric]

    def detected(self, x: Any) -> scipy.sparse.csr_array:
        return structure(jacobian_sparsity(self.f, x))

    def coloured(self, pattern: scipy.sparse.csr_array) -> Colouring:
        if self.mode == "auto":
            columns, rows = colourings.bidirectional(pattern, self.order, ROW_COST)
            return Colouring(pattern, "bidirectional", columns, rows)
        return colour(pattern, self.mode, self.order)

    def product(self, x: Any, v: Any) -> Any:
        return jvp(self.f, (x,), (v,))[1]


class SparseHessian(SparseDerivative):
    """See `sparse_hessian`."""

    name = "sparse_hessian"
    instead = "hessian or hvp"

    def __init__(self, f: Callable[[Any], Any], mode: str, order: str, chunk: int | None, pattern: Any) -> None:
        super().__init__(f, mode, order, chunk, pattern)
        if self._given is not None:
            refuse_asymmetric(self._given)
        self.differentiated = grad(f)

    @staticmethod
    def modes() -> list[str]:
        return [name for name, mode in colourings.MODES.items() if mode.symmetric] + ["column"]

    def detected(self, x: Any) -> scipy.sparse.csr_array:
        pattern = structure(hessian_sparsity(self.f, x))
        return structure(pattern + pattern.T)  # what the tracer says of one triangle holds for the other

    def coloured(self, pattern: scipy.sparse.csr_array) -> Colouring:
        return colour(pattern, "star" if self.mode == "auto" else self.mode, self.order)

    def product(self, x: Any, v: Any) -> Any:
        return hvp(self.f, x, v)


@transform
def sparse_jacobian(
    f: Callable[[Any], Any], *, mode: str = "auto", order: str = "best", chunk: int | None = None, pattern: Any = None
) -> SparseJacobian:
    """Jacobian of ``f`` as a sparse matrix: ``sparse_jacobian(f)(x)`` is a csr_array of shape (f(x).size, x.size).

    Arrays are flattened in C order. The first call finds the pattern that holds at every x of that shape, by one
    run of ``f``, and colours it; a call takes one derivative a colour. What ``f`` captures besides x must stay as
    it is. Every entry of the pattern is stored, zeros included, in the type of x (float32 stays).

    Parameters
    ----------
    mode: "column" (forward), "row" (reverse), "bidirectional", "bidirectional acyclic", or "auto": the cheapest of
        the first three, columns where it is the same. See `colour`, for ``order`` too.
    chunk: directions in one run of ``f``. None: as many as fit into 4 MB.
    pattern: a pattern to use, sparse or dense, (f(x).size, x.size); no detection. The first call compares one
        product with forward mode and raises `InterpError` if the pattern lacks entries that are not 0 at that x.

    Returns a `SparseDerivative`, with ``pattern``, ``colours``, ``n_evaluations`` and ``prepare(x)``. Raises what
    `jacobian_sparsity` does, `UnsupportedInput` for complex x, `RefusedStack` for an x that is a value, `ShapeError`
    for a given pattern of another shape and where the size of f(x) changes.

    >>> jacobian = sparse_jacobian(lambda x: x[1:] * x[:-1])
    >>> jacobian([1.0, 2.0, 4.0]).toarray()
    array([[2., 1., 0.],
           [0., 4., 2.]])
    >>> jacobian.colours
    2
    """
    return SparseJacobian(f, mode, order, chunk, pattern)


@transform
def sparse_hessian(
    f: Callable[[Any], Any], *, mode: str = "auto", order: str = "best", chunk: int | None = None, pattern: Any = None
) -> SparseHessian:
    """Second derivatives of the scalar ``f`` as a sparse matrix, (x.size, x.size), forward over reverse.

    As `sparse_jacobian`, with ``mode`` "star" (what "auto" is: entries are read off, exact and apart), "acyclic"
    (fewer colours; entries are found by substitution, where rounding errors and NaN spread along chains) or
    "column" (no use of symmetry). A given ``pattern`` must be symmetric. `ShapeError` if ``f`` returns no scalar.

    >>> hessian = sparse_hessian(lambda x: np.sum((x[1:] - x[:-1] ** 2) ** 2))
    >>> hessian(np.array([1.0, 2.0, 4.0])).toarray()
    array([[ 4., -4.,  0.],
           [-4., 34., -8.],
           [ 0., -8.,  2.]])
    """
    return SparseHessian(f, mode, order, chunk, pattern)

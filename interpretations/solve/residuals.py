"""`for_least_squares` and `for_root`: the Jacobian of a vector of residuals or equations, sparse where that pays."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse
from scipy.sparse.linalg import LinearOperator, splu

from interp.errors import InterpError
from interp.interpretation import call
from interp.vocabulary.creation import as_operand
from interpretations.derivatives import jacfwd, jacrev
from interpretations.solve.optimise import box, start
from interpretations.sparsity import jacobian_sparsity, sparse_jacobian

SMALL, FULL = 30, 0.25
"""Up to so many unknowns, or with more than this share of entries filled, a Jacobian is handed over dense."""


def chosen(what: str, way: str | None, ways: tuple[str, ...]) -> None:
    """Raise `InterpError` unless ``way`` is None or one of ``ways``."""
    if way is not None and way not in ways:
        raise InterpError(f"{what}: {way!r} is none of {', '.join(map(repr, ways))}, None")


def returning_array(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[[Any], Any]:
    """``f`` with a list of numbers taken for an array, as SciPy does."""
    return lambda x: as_operand(call(f, x, *args, **kwargs))


def is_worth_it(pattern: scipy.sparse.csr_array) -> bool:
    """True if a matrix of that pattern is better kept sparse."""
    m, n = pattern.shape
    return n > SMALL and pattern.nnz <= FULL * m * n


def for_least_squares(
    f: Callable[..., Any],
    x0: Any,
    *,
    method: str = "trf",
    bounds: Any = None,
    jacobian: str | None = None,
    args: tuple[Any, ...] = (),
    kwargs: dict[str, Any] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Arguments of ``scipy.optimize.least_squares``: ``least_squares(**for_least_squares(f, x0))``.

    ``f`` maps an array of shape (n,), ``args`` and ``kwargs`` to m residuals, an array or list. ``options`` (``loss``,
    ``x_scale``, ``xtol``, ...) go to SciPy as they are.

    Parameters
    ----------
    bounds: as SciPy's (a pair of arrays, or ``Bounds``), or an `Interval` of shape (n,).
    jacobian: "sparse" (see `sparse_jacobian`; SciPy then solves with LSMR), "dense", or "pattern": SciPy takes
        differences, and the pattern tells it which (``jac_sparsity``). None: sparse, if there are more than 30
        unknowns and at most a quarter of the entries are filled, and the method is not "lm", which has no use for it.

    Finds the pattern at ``x0`` (one run of ``f``), except for "dense".
    """
    chosen("for_least_squares(jacobian=...)", jacobian, ("sparse", "dense", "pattern"))
    if method == "lm" and jacobian not in (None, "dense"):
        raise InterpError(f"method 'lm' takes a dense Jacobian, not jacobian={jacobian!r}: use 'trf' or 'dogbox'")
    x0, g = start(x0), returning_array(f, *args, **(kwargs or {}))
    further = {name: given for name, given in (("args", args), ("kwargs", kwargs)) if given}
    arguments = {"fun": f, "x0": x0, "method": method, **further, **options}
    if bounds is not None:
        arguments["bounds"] = box(bounds)
    if jacobian == "pattern":
        return {**arguments, "jac_sparsity": jacobian_sparsity(g, x0).astype(np.int8)}
    return {**arguments, "jac": _jacobian(g, x0, jacobian, sparse_fits=method != "lm")}


def _jacobian(g: Callable[[Any], Any], x0: np.ndarray, way: str | None, sparse_fits: bool) -> Callable[..., Any]:
    """The Jacobian as SciPy calls it: with the arguments after x, which ``g`` has already."""
    if way == "dense":
        dense = jacfwd(g) if x0.size <= np.size(g(x0)) else jacrev(g)
        return lambda x, *_, **__: dense(x)
    sparse = sparse_jacobian(g)
    if way == "sparse" or (sparse_fits and is_worth_it(sparse.prepare(x0).pattern)):
        return lambda x, *_, **__: sparse(x)
    return lambda x, *_, **__: sparse(x).toarray()


def for_root(
    f: Callable[..., Any],
    x0: Any,
    *,
    method: str = "hybr",
    args: tuple[Any, ...] = (),
    **options: Any,
) -> dict[str, Any]:
    """Arguments of ``scipy.optimize.root`` for f(x) = 0: ``root(**for_root(f, x0))``.

    ``f`` maps an array of shape (n,) and ``args`` to n numbers, an array or list. The methods "hybr" and "lm" take
    the exact Jacobian, dense. "krylov", for large systems, takes no derivative but a preconditioner: it gets the
    inverse of the sparse Jacobian at ``x0``, factored by SuperLU. ``options`` go to SciPy as they are. Raises
    `InterpError` for methods that use no derivative, and for "krylov" where the Jacobian at ``x0`` is singular.

    >>> from scipy.optimize import root
    >>> root(**for_root(lambda x: [x[0] + x[1] - 3.0, x[0] * x[1] - 2.0], [0.0, 5.0])).x.round(9)
    array([1., 2.])
    """
    x0, g = start(x0), returning_array(f, *args)
    arguments = {"fun": f, "x0": x0, "method": method, **({"args": args} if args else {}), **options}
    if method in ("hybr", "lm"):
        return {**arguments, "jac": _jacobian(g, x0, None, sparse_fits=False)}
    if method != "krylov":
        raise InterpError(f"for_root(method={method!r}): that method uses no derivatives; call root itself")
    own = dict(options.get("options", {}))
    own["jac_options"] = {"inner_M": inverse(sparse_jacobian(g)(x0)), **own.get("jac_options", {})}
    return {**arguments, "options": own}


def inverse(matrix: scipy.sparse.csr_array) -> LinearOperator:
    """The inverse of a sparse matrix by SuperLU. Raises `InterpError` for a singular one."""
    try:
        factors = splu(matrix.tocsc())
    except RuntimeError as error:
        raise InterpError(
            "the Jacobian at x0 is singular, so it is no preconditioner: start elsewhere, or call root itself"
        ) from error
    return LinearOperator(matrix.shape, factors.solve, dtype=float)

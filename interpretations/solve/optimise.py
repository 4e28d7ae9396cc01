"""`for_minimize`: gradient, Hessian and bounds for ``scipy.optimize.minimize``, each method what it takes."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize
import scipy.sparse

from interp.errors import InterpError
from interp.interpretation import call
from interpretations.derivatives import hessian, hvp, value_and_grad
from interpretations.intervals import Interval
from interpretations.sparsity import sparse_hessian

GRADIENT, SPARSE, DENSE, PRODUCTS = "gradient", "sparse", "dense", "products"

TAKES: dict[str, tuple[str, ...]] = {
    "cg": (GRADIENT,),
    "bfgs": (GRADIENT,),
    "l-bfgs-b": (GRADIENT,),
    "tnc": (GRADIENT,),
    "slsqp": (GRADIENT,),
    "newton-cg": (SPARSE, PRODUCTS, DENSE),
    "trust-constr": (SPARSE, PRODUCTS, DENSE),
    "trust-ncg": (PRODUCTS, SPARSE, DENSE),
    "trust-krylov": (PRODUCTS, SPARSE, DENSE),
    "trust-exact": (DENSE, SPARSE),
    "dogleg": (DENSE, SPARSE),
}
"""What a method asks of second derivatives, the form that serves it best first; methods without any are left out."""


def for_minimize(
    f: Callable[[Any], Any],
    x0: Any,
    *,
    method: str | None = None,
    bounds: Any = None,
    hessian: str | None = None,
    args: tuple[Any, ...] = (),
    **options: Any,
) -> dict[str, Any]:
    """Arguments of ``scipy.optimize.minimize`` with exact derivatives: ``minimize(**for_minimize(f, x0))``.

    ``f`` maps an array of shape (n,), and ``args``, to one number. Value and gradient come from one run of it. Methods
    that use second derivatives get them in the form that they take; the rest of ``options`` (``tol``, ``options``,
    ``constraints``, ``callback``) goes to SciPy as it is.

    Parameters
    ----------
    method: as SciPy's; None leaves the choice to it.
    bounds: as SciPy's (``Bounds``, or a pair (lo, hi) an element), or an `Interval` of shape (n,).
    hessian: "sparse" (see `sparse_hessian`), "dense", or "products": Hessian-vector products without a pattern.
        None chooses by the method: sparse for Newton-CG, trust-constr, trust-ncg and trust-krylov (these two take
        products with it), dense for trust-exact and dogleg.

    Raises `InterpError` for a ``hessian`` that the method cannot use, and for methods without derivatives.

    >>> from scipy.optimize import minimize
    >>> f = lambda x: np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)
    >>> minimize(**for_minimize(f, np.zeros(5), method="trust-exact")).x.round(5)
    array([1., 1., 1., 1., 1.])
    """
    if args:
        f = functools.partial(_of_one, f, args)
    arguments = {"fun": value_and_grad(f), "x0": start(x0), "jac": True, **options}
    if method is not None:
        arguments["method"] = method
    if bounds is not None:
        arguments["bounds"] = box(bounds)
    name = "bfgs" if method is None else str(method).lower()
    takes = TAKES.get(name, (GRADIENT, SPARSE, DENSE, PRODUCTS) if callable(method) else ())
    if not takes:
        raise InterpError(f"for_minimize(method={method!r}): that method uses no derivatives; call minimize itself")
    form = _default(takes) if hessian is None else hessian
    if form not in takes:
        ways = [repr(way) for way in takes if way != GRADIENT]
        raise InterpError(
            f"for_minimize(method={method!r}, hessian={hessian!r}): "
            + (f"hessian is {', '.join(ways)} or None there" if ways else "that method uses no second derivatives")
        )
    if form == PRODUCTS:
        arguments["hessp"] = lambda x, p: hvp(f, x, p)
    elif form == DENSE:
        arguments["hess"] = _dense(f)
    elif form == SPARSE and DENSE == takes[0]:
        sparse = sparse_hessian(f)
        arguments["hess"] = lambda x: sparse(x).toarray()
    elif form == SPARSE and PRODUCTS == takes[0]:
        arguments["hessp"] = HessianProducts(sparse_hessian(f))
    elif form == SPARSE:
        arguments["hess"] = sparse_hessian(f)
    return arguments


def _default(takes: tuple[str, ...]) -> str:
    return SPARSE if takes[0] == PRODUCTS else takes[0]


_dense = hessian


def _of_one(f: Callable[..., Any], args: tuple[Any, ...], x: Any) -> Any:
    """``f`` of its first argument, the others given."""
    return call(f, x, *args)


class HessianProducts:
    """``hessp`` by a sparse Hessian that is evaluated once a point, however many products SciPy asks for there."""

    def __init__(self, of: Callable[[Any], scipy.sparse.csr_array]) -> None:
        self.hessian = of
        self._latest: tuple[np.ndarray, scipy.sparse.csr_array] | None = None

    def __call__(self, x: np.ndarray, p: np.ndarray) -> np.ndarray:
        latest = self._latest
        if latest is None or not np.array_equal(latest[0], x):
            latest = self._latest = np.array(x), self.hessian(x)
        return np.asarray(latest[1] @ p)


def start(x0: Any) -> np.ndarray:
    """A starting point in storage of its own, of floats."""
    point: np.ndarray = np.array(x0)
    return point.astype(float) if point.dtype.kind in "iub" else point


def box(bounds: Any) -> Any:
    """SciPy's bounds; of an Interval, its ends."""
    if isinstance(bounds, Interval):
        return scipy.optimize.Bounds(np.atleast_1d(bounds.lo), np.atleast_1d(bounds.hi))
    return bounds

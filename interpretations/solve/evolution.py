"""`for_solve_ivp`: the Jacobian of a right-hand side for the implicit methods of ``scipy.integrate.solve_ivp``."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse

from interp.errors import InterpError
from interp.interpretation import call
from interp.vocabulary.creation import as_operand
from interpretations.solve.optimise import start
from interpretations.solve.residuals import chosen, is_worth_it
from interpretations.sparsity import jacobian_sparsity
from interpretations.sparsity.colouring import Colouring, bidirectional, structure
from interpretations.sparsity.products import evaluated
from interpretations.sparsity.transforms import ROW_COST

IMPLICIT = {"Radau": True, "BDF": True, "LSODA": False}
"""Methods that use a Jacobian, and whether they take a sparse one."""


def for_solve_ivp(
    fun: Callable[..., Any],
    t_span: Any,
    y0: Any,
    *,
    method: str = "BDF",
    jacobian: str | None = None,
    args: tuple[Any, ...] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Arguments of ``scipy.integrate.solve_ivp``: ``solve_ivp(**for_solve_ivp(fun, (0.0, 10.0), y0))``.

    ``fun(t, y, *args)`` returns dy/dt, an array or list. Methods "BDF" and "Radau" get its Jacobian by y as a sparse
    matrix where that pays, "LSODA" a dense one. The pattern is one for every t and y: it is found at the first t and
    ``y0`` in one run of ``fun`` with both traced, so what ``fun`` does with t must be traceable too. ``args`` are
    constants. ``options`` (``t_eval``, ``rtol``, ``events``, ...) go to SciPy as they are.

    Parameters
    ----------
    jacobian: "sparse", "dense", or "pattern": SciPy takes differences, and the pattern tells it which
        (``jac_sparsity``). None: sparse, with more than 30 unknowns and at most a quarter of the entries filled.

    Raises `InterpError` for explicit methods, which use no derivative.
    """
    chosen("for_solve_ivp(jacobian=...)", jacobian, ("sparse", "dense", "pattern"))
    if method not in IMPLICIT:
        raise InterpError(
            f"for_solve_ivp(method={method!r}): implicit methods use derivatives, {', '.join(IMPLICIT)}; "
            "for another call solve_ivp itself"
        )
    if not IMPLICIT[method] and jacobian not in (None, "dense"):
        raise InterpError(f"method {method!r} takes a dense Jacobian, not jacobian={jacobian!r}: use BDF or Radau")
    y0, extra = start(y0), args or ()
    arguments = {"fun": fun, "t_span": t_span, "y0": y0, "method": method, **options}
    if args is not None:
        arguments["args"] = args

    def of_both(both: Any) -> Any:
        return as_operand(call(fun, both[0], both[1:], *extra))

    at_start = np.concatenate([[float(t_span[0])], y0])
    pattern = structure(jacobian_sparsity(of_both, at_start)[:, 1:])
    if jacobian == "pattern":
        return {**arguments, "jac_sparsity": pattern.astype(np.int8)}
    colouring = Colouring(pattern, "bidirectional", *bidirectional(pattern, "best", ROW_COST))

    def sparse(t: float, y: np.ndarray, *extra: Any) -> scipy.sparse.csr_array:
        return evaluated(lambda y: as_operand(call(fun, t, y, *extra)), y, colouring, None)[0]

    if jacobian == "sparse" or (jacobian is None and IMPLICIT[method] and is_worth_it(pattern)):
        return {**arguments, "jac": sparse}
    return {**arguments, "jac": lambda t, y, *extra: sparse(t, y, *extra).toarray()}

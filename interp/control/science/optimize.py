"""`scipy.optimize` on parameters that are values: SciPy solves at plain numbers, the implicit function theorem follows.

A root is defined by f(x, p) = 0, a minimum by its gradient. Where the solution starts (brackets, first guesses) has no
influence on it, and carries nothing.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize as so

from interp.control.foreign import name_of, refuse, register
from interp.control.science.arguments import as_tuple, plain, refuse_enclosures, stripped
from interp.errors import ForeignCall, NotDifferentiable
from interp.numerics import implicit, slopes
from interp.numerics.implicit import moving
from interp.value import primal, shape_of
from interp.vocabulary import linalg, reshape, square, sum, where
from interp.vocabulary.creation import as_operand

Function = Callable[..., Any]


ROOTS = "Use interpretations' interval Newton method (enclose), or bisect with interval arithmetic"


# -- roots of one function


def _bracketing(solver: Function) -> None:
    call = name_of(solver)

    @register(solver)
    def rule(f: Function, a: Any, b: Any, args: Any = (), *rest: Any, **options: Any) -> Any:
        """The root between ``a`` and ``b``, as a function of what ``args`` and the closure of ``f`` carry."""
        args = as_tuple(args)
        refuse_enclosures(call, ROOTS, f, a, b, args)
        found = solver(stripped(f), primal(a), primal(b), plain(args), *rest, **options)
        return _with_root(lambda x: f(x, *args), found, call)


def _with_root(f: Function, found: Any, call: str) -> Any:
    """A solver's root, or (root, report), the root a value."""
    if isinstance(found, tuple):
        root, report = found[0], found[1]
        if not np.all(report.converged):
            raise NotDifferentiable(f"{call} did not converge: its root is no function of the parameters")
        report.root = implicit.root(f, root, call)
        return (report.root, *found[1:])
    return implicit.root(f, found, call)


for _solver in (so.brentq, so.brenth, so.ridder, so.bisect, so.toms748):
    _bracketing(_solver)


@register(so.newton)
def _newton(
    func: Function, x0: Any, fprime: Any = None, args: Any = (), *rest: Any, fprime2: Any = None, **options: Any
) -> Any:
    """Newton's, Halley's or the secant method; an array ``x0`` is one problem an element."""
    args = as_tuple(args)
    refuse_enclosures("scipy.optimize.newton", ROOTS, func, x0, args)
    given = (stripped(func), primal(as_operand(x0)), stripped(fprime), plain(args))
    found = so.newton(*given, *rest, fprime2=stripped(fprime2), **options)
    return _with_root(lambda x: func(x, *args), found, "scipy.optimize.newton")


@register(so.root_scalar)
def _root_scalar(f: Function, args: Any = (), **options: Any) -> Any:
    args = as_tuple(args)
    refuse_enclosures("scipy.optimize.root_scalar", ROOTS, f, args, options)
    several = [name for name in ("fprime", "fprime2") if options.get(name) and not callable(options[name])]
    given = {name: stripped(x) if callable(x) else plain(x) for name, x in options.items()}
    report = so.root_scalar(stripped(f), plain(args), **given)
    if not report.converged:
        raise NotDifferentiable(
            "scipy.optimize.root_scalar did not converge: its root is no function of the parameters"
        )
    first = (lambda x: f(x, *args)[0]) if several else (lambda x: f(x, *args))
    report.root = implicit.root(first, report.root, "scipy.optimize.root_scalar")
    return report


# -- systems


@register(so.fsolve)
def _fsolve(func: Function, x0: Any, args: Any = (), fprime: Any = None, full_output: int = 0, **options: Any) -> Any:
    args = as_tuple(args)
    refuse_enclosures("scipy.optimize.fsolve", ROOTS, func, x0, args)
    x, info, status, message = so.fsolve(
        stripped(func), primal(as_operand(x0)), plain(args), stripped(fprime), 1, **options
    )
    if status != 1:
        raise NotDifferentiable(f"scipy.optimize.fsolve did not converge: {message}")
    x = implicit.root(lambda x: func(x, *args), x, "scipy.optimize.fsolve")
    return (x, info, status, message) if full_output else x


@register(so.root)
def _root(fun: Function, x0: Any, args: Any = (), method: str = "hybr", jac: Any = None, **options: Any) -> Any:
    args = as_tuple(args)
    refuse_enclosures("scipy.optimize.root", ROOTS, fun, x0, args)
    found = so.root(stripped(fun), primal(as_operand(x0)), plain(args), method, stripped(jac), **options)
    if not found.success:
        raise NotDifferentiable(f"scipy.optimize.root did not converge: {found.message}")
    f = (lambda x: fun(x, *args)[0]) if jac is True else (lambda x: fun(x, *args))
    found.x = implicit.root(f, found.x, "scipy.optimize.root")
    for name in ("fjac", "r", "qtf"):  # factors along the way, which carry nothing
        found.pop(name, None)
    return found


@register(so.fixed_point)
def _fixed_point(func: Function, x0: Any, args: Any = (), *rest: Any, **options: Any) -> Any:
    args = as_tuple(args)
    refuse_enclosures("scipy.optimize.fixed_point", ROOTS, func, x0, args)
    x = so.fixed_point(stripped(func), primal(as_operand(x0)), plain(args), *rest, **options)
    return implicit.root(lambda x: as_operand(func(x, *args)) - x, x, "scipy.optimize.fixed_point")


# -- minima

MINIMA = "Use interpretations' verified minimisation (minimise)"


@register(so.minimize)
def _minimize(
    fun: Function,
    x0: Any,
    args: Any = (),
    method: Any = None,
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,
    bounds: Any = None,
    constraints: Any = (),
    **options: Any,
) -> Any:
    """The minimum as a function of the parameters; bounds that hold at it stay held, and may be values."""
    call, args = "scipy.optimize.minimize", as_tuple(args)
    refuse_enclosures(call, MINIMA, fun, x0, args, bounds)
    if constraints is not None and constraints != () and constraints != []:
        raise ForeignCall(
            f"{call} with constraints, on values: the derivative of a constrained minimum is not implemented. Put the "
            "constraints into the variables, use bounds, or solve the conditions of Karush, Kuhn and Tucker with "
            "scipy.optimize.root"
        )
    lower, upper = _bounds(bounds, np.size(primal(as_operand(x0))))
    plain_bounds = None if bounds is None else so.Bounds(primal(lower), primal(upper))
    found = so.minimize(
        stripped(fun),
        primal(as_operand(x0)),
        plain(args),
        method,
        stripped(jac),
        stripped(hess),
        stripped(hessp),
        plain_bounds,
        **options,
    )
    # Status 2 of the quasi-Newton methods: the precision asked for is below rounding; polishing sees to the rest.
    if not found.success and found.status != 2:
        raise NotDifferentiable(f"{call} did not converge: {found.message}")
    objective = (lambda x: fun(x, *args)[0]) if jac is True else (lambda x: fun(x, *args))
    x = _stationary(lambda x: reshape(as_operand(objective(x)), ()), found.x, lower, upper, call)
    found.x, found.fun = moving(found.x, x), moving(found.fun, objective(x))
    found.pop("hess_inv", None)  # an estimate along the way, which carries nothing
    return found


def _bounds(bounds: Any, n: int) -> tuple[Any, Any]:
    if bounds is None:
        return np.full(n, -np.inf), np.full(n, np.inf)
    if isinstance(bounds, so.Bounds):
        return np.broadcast_to(bounds.lb, (n,)), np.broadcast_to(bounds.ub, (n,))
    sides = [
        [default if side is None else side for side, default in zip(pair, (-np.inf, np.inf), strict=True)]
        for pair in bounds
    ]
    return as_operand([lower for lower, _ in sides]), as_operand([upper for _, upper in sides])


def _stationary(f: Function, solution: Any, lower: Any, upper: Any, call: str) -> Any:
    """The minimiser next to ``solution``, to rounding, as a value: gradient zero, or at a bound, in each element."""
    solution = np.asarray(solution, dtype=float)
    at_lower, at_upper = (np.isclose(solution, primal(side), rtol=1e-12, atol=1e-12) for side in (lower, upper))
    held = at_lower | at_upper
    slope = np.asarray(primal(slopes.gradient(f)(solution)), dtype=float)
    scale = 1e-5 * (1.0 + np.max(np.abs(slope), initial=0.0))
    if np.any(held & (np.abs(slope) <= scale)):
        raise NotDifferentiable(
            f"{call}: the minimum lies at a bound that it would not leave if the bound were lifted, so it moves with "
            "the parameters to one side only and has no derivative: drop the bound, or move it"
        )
    fixed = where(at_lower, lower, where(at_upper, upper, 0.0)) if held.any() else np.zeros(solution.shape)
    if held.all():
        return fixed
    free = np.flatnonzero(~held)
    spread = np.eye(solution.size)[:, free]

    def whole(x: Any) -> Any:
        return fixed + spread @ x

    def gradient(x: Any) -> Any:
        return slopes.gradient(lambda y: f(whole(y)))(x)

    return whole(implicit.near(gradient, solution[free], call))


@register(so.minimize_scalar)
def _minimize_scalar(
    fun: Function, bracket: Any = None, bounds: Any = None, args: Any = (), method: Any = None, **options: Any
) -> Any:
    call, args = "scipy.optimize.minimize_scalar", as_tuple(args)
    refuse_enclosures(call, MINIMA, fun, bracket, bounds, args)
    found = so.minimize_scalar(stripped(fun), plain(bracket), plain(bounds), plain(args), method, **options)
    if not found.success:
        raise NotDifferentiable(f"{call} did not converge: {found.message}")
    x = implicit.near(slopes.gradient(lambda x: fun(x, *args)), found.x, call)
    found.x, found.fun = moving(found.x, x), moving(found.fun, fun(x, *args))
    return found


# -- least squares


@register(so.least_squares)
def _least_squares(
    fun: Function,
    x0: Any,
    jac: Any = "2-point",
    bounds: Any = (-np.inf, np.inf),
    *rest: Any,
    loss: Any = "linear",
    args: Any = (),
    kwargs: Any = None,
    **options: Any,
) -> Any:
    call, args, kwargs = "scipy.optimize.least_squares", as_tuple(args), kwargs or {}
    refuse_enclosures(call, MINIMA, fun, x0, bounds, args, kwargs)
    if loss != "linear" or rest:
        raise ForeignCall(
            f"{call} with loss={loss!r} (or options by position) on values: minimise the robust loss itself with "
            "scipy.optimize.minimize"
        )
    n = np.size(primal(as_operand(x0)))
    pair = (bounds.lb, bounds.ub) if isinstance(bounds, so.Bounds) else bounds
    lower, upper = (as_operand(side) + np.zeros(n) for side in pair)
    found = so.least_squares(
        stripped(fun),
        primal(as_operand(x0)),
        stripped(jac),
        (primal(lower), primal(upper)),
        args=plain(args),
        kwargs=plain(kwargs),
        **options,
    )
    if not found.success:
        raise NotDifferentiable(f"{call} did not converge: {found.message}")
    x = _stationary(lambda x: 0.5 * sum(square(as_operand(fun(x, *args, **kwargs)))), found.x, lower, upper, call)
    residuals = as_operand(fun(x, *args, **kwargs))
    found.x, found.fun = moving(found.x, x), moving(found.fun, residuals)
    found.cost = moving(found.cost, 0.5 * sum(square(residuals)))
    found.jac = slopes.jacobian(lambda x: as_operand(fun(x, *args, **kwargs)))(x)
    found.grad = found.jac.T @ residuals
    return found


@register(so.curve_fit)
def _curve_fit(
    f: Function,
    xdata: Any,
    ydata: Any,
    p0: Any = None,
    sigma: Any = None,
    absolute_sigma: bool = False,
    check_finite: Any = None,
    bounds: Any = (-np.inf, np.inf),
    method: Any = None,
    jac: Any = None,
    **options: Any,
) -> Any:
    """``(popt, pcov)`` as functions of the data, of ``sigma`` (one number a point) and of what ``f`` closes over."""
    call = "scipy.optimize.curve_fit"
    refuse_enclosures(call, MINIMA, f, xdata, ydata, sigma, bounds)
    if np.ndim(primal(as_operand(sigma))) == 2 or options.get("full_output"):
        raise ForeignCall(f"{call} with a matrix sigma or full_output, on values: use scipy.optimize.least_squares")
    xdata, ydata, sigma = (x if x is None else as_operand(x) for x in (xdata, ydata, sigma))
    given = (stripped(f), primal(xdata), primal(ydata), plain(p0), primal(sigma), absolute_sigma, check_finite)
    best, covariance = so.curve_fit(*given, plain(bounds), method, stripped(jac), **options)
    lower, upper = (as_operand(side) + np.zeros(best.size) for side in bounds)

    def residuals(p: Any) -> Any:
        r = f(xdata, *p) - ydata
        return r if sigma is None else r / sigma

    p = _stationary(lambda p: 0.5 * sum(square(residuals(p))), best, lower, upper, call)
    slope, r = slopes.jacobian(residuals)(p), residuals(p)
    spread = linalg.inv(slope.T @ slope)
    if not absolute_sigma:
        spread = spread * (sum(square(r)) / (shape_of(r)[0] - best.size))
    return moving(best, p), moving(covariance, spread)


refuse(
    so,
    "basinhopping brute differential_evolution direct dual_annealing fmin fmin_bfgs fmin_cg fmin_cobyla fmin_l_bfgs_b "
    "fmin_ncg fmin_powell fmin_slsqp fmin_tnc fminbound shgo",
    "scipy.optimize.minimize and minimize_scalar have rules; start them from the global solver's result",
)
refuse(so, "leastsq lsq_linear nnls", "scipy.optimize.least_squares has a rule, with bounds as well")
refuse(
    so,
    "isotonic_regression linear_sum_assignment linprog milp quadratic_assignment",
    "Its solution is piecewise constant or jumps: solve with interp.primal(...), and write the value of the objective "
    "at the solution yourself",
)

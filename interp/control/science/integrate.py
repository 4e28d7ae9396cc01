"""`scipy.integrate` on values: integrals, initial value problems, and rules for sampled functions.

SciPy runs at plain numbers first. It chooses the pieces of an integral and the steps of a solution, and its numbers are
the ones returned; the same formulas in the arithmetic of values give what these carry.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.integrate as si

from interp.control.foreign import name_of, refuse, register
from interp.control.science.arguments import as_arrays, as_tuple, refuse_enclosures
from interp.errors import ForeignCall, NotDifferentiable
from interp.numerics import sampled
from interp.numerics.implicit import moving
from interp.numerics.quadrature import integrate
from interp.numerics.runge_kutta import Trajectory
from interp.value import Value, encloses, ndim_of, primal, shape_of
from interp.vocabulary import concatenate, einsum, moveaxis, reshape, square, sum
from interp.vocabulary.creation import as_operand

Function = Callable[..., Any]
INTEGRALS = "Sum f over sub-intervals of the range, which encloses the integral"

# -- integrals


@register(si.quad)
def quad(
    func: Function,
    a: Any,
    b: Any,
    args: Any = (),
    full_output: int = 0,
    epsabs: float = 1.49e-8,
    epsrel: float = 1.49e-8,
    limit: int = 50,
    points: Any = None,
    weight: Any = None,
    **options: Any,
) -> Any:
    """As `scipy.integrate.quad`; limits, ``args`` and what ``func`` closes over may be values."""
    call = "scipy.integrate.quad"
    args = as_tuple(args)
    refuse_enclosures(call, INTEGRALS, func, a, b, args)
    if weight is not None or options.get("complex_func"):
        raise ForeignCall(f"{call} with weight= or complex_func= on values: write the weight into the integrand")

    def f(x: Any) -> Any:
        y = func(x, *args)
        if encloses(y):
            refuse_enclosures(call, INTEGRALS, y)
        return reshape(as_operand(y), ()) if shape_of(y) or isinstance(y, list) else y

    lo, hi = primal(a), primal(b)
    plain = primal(points) if points is not None else None
    found = si.quad(lambda x: float(primal(f(x))), lo, hi, (), 1, epsabs, epsrel, limit, plain)
    number, error, info = found[:3]
    if lo == hi:
        value = (b - a) * f(b) if np.isfinite(lo) else 0.0
    else:
        start, end, sign = (a, b, 1.0) if lo < hi else (b, a, -1.0)
        value = sign * _over(f, start, end, info, epsabs, epsrel, call)
    if not abs(primal(value) - number) <= 10.0 * max(epsabs, epsrel * abs(number), error):
        raise NotDifferentiable(
            f"{call}: the rule in value arithmetic gives {primal(value)}, SciPy {number}: the integrand is singular or "
            "oscillates too fast. Substitute the variable so that it is smooth, or give points="
        )
    value = moving(number, value)
    return (value, error, info, *found[3:]) if full_output else (value, error)


def _over(f: Function, a: Any, b: Any, info: dict[str, Any], absolute: float, relative: float, call: str) -> Any:
    """The integral over SciPy's pieces: those of infinite ranges are of a variable t in (0, 1], x = a + (1 - t)/t."""
    count = info["last"]
    breaks = sorted({float(x) for x in (*info["alist"][:count], *info["blist"][:count])})
    if np.isfinite(primal(a)) and np.isfinite(primal(b)):
        inner = [x for x in breaks if primal(a) < x < primal(b)]
        return integrate(f, a, b, inner, absolute, relative, call)

    def folded(t: Any) -> Any:
        x = (1.0 - t) / t
        if np.isfinite(primal(a)):
            y = f(a + x)
        elif np.isfinite(primal(b)):
            y = f(b - x)
        else:
            y = f(x) + f(-x)
        return y / square(t)

    return integrate(folded, 0.0, 1.0, [x for x in breaks if 0.0 < x < 1.0], absolute, relative, call)


@register(si.nquad)
def nquad(func: Function, ranges: Any, args: Any = (), opts: Any = None, full_output: bool = False) -> Any:
    """As `scipy.integrate.nquad`: an integral within an integral, each by `quad`; the first range is innermost."""
    if opts is not None or full_output:
        raise ForeignCall("scipy.integrate.nquad with opts or full_output, on values: call quad within quad")
    args = args if isinstance(args, tuple) else () if args is None else (args,)
    errors = [0.0]

    def over(depth: int, outer: tuple[Any, ...]) -> Any:
        if depth < 0:
            return func(*outer, *args)
        limits = ranges[depth]
        a, b = limits(*outer, *args) if callable(limits) else limits
        value, error = quad(lambda x: over(depth - 1, (x, *outer)), a, b)
        errors[0] = max(errors[0], error)
        return value

    return over(len(ranges) - 1, ()), errors[0]


def _limit(limit: Any, *variables: Any) -> Any:
    return limit(*variables) if callable(limit) else limit


@register(si.dblquad)
def dblquad(func: Function, a: Any, b: Any, gfun: Any, hfun: Any, args: Any = (), **options: Any) -> Any:
    """As `scipy.integrate.dblquad`: of ``func(y, x)`` for x from a to b, y from gfun(x) to hfun(x)."""
    _default_tolerances("dblquad", options)
    return nquad(func, [lambda x, *_: (_limit(gfun, x), _limit(hfun, x)), (a, b)], args)


@register(si.tplquad)
def tplquad(
    func: Function, a: Any, b: Any, gfun: Any, hfun: Any, qfun: Any, rfun: Any, args: Any = (), **options: Any
) -> Any:
    """As `scipy.integrate.tplquad`: of ``func(z, y, x)``, z from qfun(x, y) to rfun(x, y)."""
    _default_tolerances("tplquad", options)
    inner = [
        lambda y, x, *_: (_limit(qfun, x, y), _limit(rfun, x, y)),
        lambda x, *_: (_limit(gfun, x), _limit(hfun, x)),
    ]
    return nquad(func, [*inner, (a, b)], args)


def _default_tolerances(name: str, options: dict[str, Any]) -> None:
    if any(tolerance != 1.49e-8 for tolerance in options.values()):
        raise ForeignCall(f"scipy.integrate.{name} with tolerances, on values: call quad within quad")


@register(si.fixed_quad)
def fixed_quad(func: Function, a: Any, b: Any, args: Any = (), n: int = 5) -> Any:
    """As `scipy.integrate.fixed_quad`: Gauss's rule of ``n`` points; ``func`` takes an array of points."""
    refuse_enclosures("scipy.integrate.fixed_quad", INTEGRALS, func, a, b, args)
    if not (np.isfinite(primal(a)) and np.isfinite(primal(b))):
        raise ValueError("Gaussian quadrature is only available for finite limits.")
    nodes, weights = np.polynomial.legendre.leggauss(n)
    half = (b - a) / 2.0
    return half * sum(weights * as_operand(func(half * (nodes + 1.0) + a, *args)), axis=-1), None


# -- sampled functions


register(si.trapezoid)(sampled.trapezoid)
register(si.cumulative_trapezoid)(sampled.cumulative_trapezoid)


def _by_weights(rule: Function, y: Any, axis: int, **options: Any) -> Any:
    """A rule that is linear in the ordinates, at positions that are plain: its weights are its results for units."""
    y = moveaxis(as_operand(y), axis, -1)
    refuse_enclosures(name_of(rule), "Use trapezoid, which encloses the sum", y)
    if any(isinstance(option, Value) for option in options.values()):
        raise ForeignCall(
            f"{name_of(rule)} at positions x or dx that are values: its weights are no function of the vocabulary. Use "
            "trapezoid, or integrate a CubicSpline, which both take positions that are values"
        )
    weights = rule(np.eye(shape_of(y)[-1]), axis=-1, **options)
    if np.ndim(weights) == 1:
        return einsum("...i,i->...", y, weights)
    return moveaxis(einsum("...i,ij->...j", y, weights), -1, axis)


@register(si.simpson)
def _simpson(y: Any, x: Any = None, *, dx: Any = 1.0, axis: int = -1) -> Any:
    return _by_weights(si.simpson, y, axis, x=None if x is None else as_operand(x), dx=dx)


@register(si.cumulative_simpson)
def _cumulative_simpson(y: Any, *, x: Any = None, dx: Any = 1.0, axis: int = -1, initial: Any = None) -> Any:
    return _by_weights(si.cumulative_simpson, y, axis, x=None if x is None else as_operand(x), dx=dx, initial=initial)


@register(si.romb)
def _romb(y: Any, dx: Any = 1.0, axis: int = -1, show: bool = False) -> Any:
    return _by_weights(si.romb, y, axis) * dx


# -- initial value problems

EXPLICIT = {"RK23": si.RK23, "RK45": si.RK45, "DOP853": si.DOP853}
SOLUTIONS = "Enclose the solution with a verified method"


def _slope_of(fun: Function, args: tuple[Any, ...], vectorized: bool) -> Function:
    def slope(t: Any, y: Any) -> Any:
        made = fun(t, reshape(y, (-1, 1)) if vectorized else y, *args)
        made = as_operand(list(made) if isinstance(made, tuple) else made)
        refuse_enclosures("scipy.integrate.solve_ivp", SOLUTIONS, made)
        return reshape(made, (-1,)) if vectorized else made

    return slope


@register(si.solve_ivp)
def solve_ivp(
    fun: Function,
    t_span: Any,
    y0: Any,
    method: Any = "RK45",
    t_eval: Any = None,
    dense_output: bool = False,
    events: Any = None,
    vectorized: bool = False,
    args: Any = None,
    **options: Any,
) -> Any:
    """As `scipy.integrate.solve_ivp` by an explicit method; times, state, ``args`` and closure may be values.

    Steps are chosen at plain numbers, by the error of the states alone; derivatives are of the states with the steps
    held. Of ``sol`` of ``dense_output`` the times may be values.
    """
    call, args = "scipy.integrate.solve_ivp", () if args is None else tuple(args)
    refuse_enclosures(call, SOLUTIONS, fun, t_span, y0, args)
    tableau = EXPLICIT.get(method, method)
    if not (isinstance(tableau, type) and issubclass(tableau, tuple(EXPLICIT.values()))):
        raise ForeignCall(
            f"{call} with method={method!r} on values: implicit steps have no rule. Use DOP853 or RK45, with rtol as "
            "loose as the problem allows if it is stiff"
        )
    if events is not None:
        raise ForeignCall(
            f"{call} with events, on values: integrate with dense_output=True, and find the event with "
            "scipy.optimize.brentq on sol"
        )
    t0, t1 = t_span
    y0 = as_arrays(list(y0) if isinstance(y0, tuple) else y0) * 1.0
    slope = _slope_of(fun, args, vectorized)
    plain = {name: primal(option) for name, option in options.items() if name != "jac"}
    found = si.solve_ivp(
        lambda t, y: primal(slope(t, y)), (primal(t0), primal(t1)), primal(y0), method=tableau, **plain
    )
    if not found.success:
        raise NotDifferentiable(f"{call}: {found.message}")
    path = Trajectory(tableau, slope, y0, t0, t1, found.t)
    found.sol = path if dense_output else None
    if t_eval is None:
        found.y = path.states()
        found.t = found.t if not isinstance(t1, Value) else concatenate([found.t[:-1], reshape(t1, (1,))])
        if isinstance(t0, Value):
            found.t = found.t + concatenate([reshape(t0 - primal(t0), (1,)) + np.zeros(1), np.zeros(len(path.steps))])
    else:
        found.t, found.y = t_eval, path(as_operand(t_eval))
    return found


@register(si.odeint)
def odeint(
    func: Function, y0: Any, t: Any, args: Any = (), *, tfirst: bool = False, full_output: int = 0, **options: Any
) -> Any:
    """As `scipy.integrate.odeint`: LSODA's numbers, with what DOP853 at the same tolerances carries."""
    call, args = "scipy.integrate.odeint", as_tuple(args)
    refuse_enclosures(call, SOLUTIONS, func, y0, t, args)
    y0, t = as_operand(y0) * 1.0, as_operand(t) * 1.0
    scalar = ndim_of(y0) == 0
    slope = _slope_of(func if tfirst else lambda t, y, *rest: func(y, t, *rest), args, False)
    out = si.odeint(lambda t, y: primal(slope(t, y)), primal(y0), primal(t), tfirst=True, full_output=1, **options)
    accuracy = {name: options.get(name) or 1.49012e-8 for name in ("rtol", "atol")}
    path = solve_ivp(
        lambda t, y: reshape(slope(t, reshape(y, ()) if scalar else y), (-1,)),
        (t[0], t[-1]),
        reshape(y0, (-1,)),
        "DOP853",
        t,
        **accuracy,
    )
    states = path.y.T
    if not np.allclose(primal(states), out[0], rtol=1e-4, atol=1e-6 + 1e-4 * np.max(np.abs(out[0]))):
        raise NotDifferentiable(
            f"{call}: the explicit method that carries values does not follow the solution: it is stiff, or chaotic. "
            "Tighten rtol and atol"
        )
    states = moving(out[0], states)
    return (states, out[1]) if full_output else states


refuse(
    si,
    "BDF LSODA RK23 RK45 DOP853 Radau complex_ode cubature lebedev_rule ode qmc_quad quad_vec solve_bvp tanhsinh",
    "quad, dblquad, tplquad, nquad, fixed_quad, and solve_ivp by RK23, RK45 or DOP853 have rules",
)

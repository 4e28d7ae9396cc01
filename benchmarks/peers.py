"""The programs of `compiled`, and Lotka-Volterra of `ode`, beside JAX, diffrax and autograd: both timed in turns.

JAX programs are compiled, given arrays of 64-bit floats, waited for, and run on one thread, as ours do
(`jax_programs`). Values and gradients are compared before they are timed. "Side by side" is JAX's program with
its outer loop as a batch, a different program than ours. autograd runs the functions as they stand, with its own
NumPy in place of `math`; arrays, which it cannot store into, without stores.
"""

import functools
import importlib.util
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

import numpy as np

import interp
from benchmarks import compiled, ode
from benchmarks.measure import FreshProcesses, Line, Missing, Once
from interp.compile.reverse import pullback
from interpretations import Dual, jvp, value_and_grad


def measurements() -> Iterator[Line]:
    """The lines of this benchmark, as far as the peers are installed."""
    parts = {("jax",): _beside_jax, ("autograd",): _beside_autograd, ("jax", "diffrax"): _beside_diffrax}
    for needed, lines in parts.items():
        missing = [package for package in needed if importlib.util.find_spec(package) is None]
        if missing:
            yield Missing(f"not installed: {missing[0]} (pip install interp[bench])")
        else:
            yield from lines()


def _programs() -> Iterator[tuple[str, Any, tuple[Any, ...]]]:
    """(name, function, arguments)"""
    x = np.linspace(0.1, 0.9, 1000)
    for f, args in [(f, args) for f, args, *_ in compiled.SCALAR] + [(f, (x,)) for f, _ in compiled.ARRAY]:
        yield f.__name__.replace("_", " "), f, args


def _agree(name: str, ours: Any, theirs: Any) -> None:
    """Raise ArithmeticError if two results differ. The escape of a point near the border magnifies rounding."""
    for x, y in zip(ours, theirs, strict=True):
        if not np.allclose(x, y, rtol=1e-6, atol=1e-6 * float(np.max(np.abs(y)))):
            raise ArithmeticError(f"{name}: ours gives {x}, the peer {y}")


def _adjoint(f: Any, args: tuple[Any, ...]) -> tuple[Any, Callable[[], Any]]:
    """``f`` compiled, and its native adjoint called without the eager envelope of `grad`."""
    ours = interp.compile(f)
    native = pullback(ours, args, lambda _: True)
    return ours, lambda: native(args, (1.0,))


def _beside_jax() -> Iterator[Line]:
    from benchmarks import jax_programs as jax

    for name, f, args in _programs():
        theirs = getattr(jax, f.__name__)
        ours, adjoint = _adjoint(f, args)
        whole = value_and_grad(ours, tuple(range(len(args))))
        forward, reverse = jax.forward(theirs, args), jax.reverse(theirs, args)
        first = args[0]
        if isinstance(first, np.ndarray):
            along = functools.partial(jvp, ours, (first,), (np.ones_like(first),))
            found = along()
        else:
            along = functools.partial(ours, Dual(first, 1.0), *args[1:])
            found = along().value, along().tangent
        _agree(name, found, forward())
        (value,), slopes = adjoint()
        _agree(name, (value, *slopes), (reverse()[0], *reverse()[1]))
        yield Line(f"{name}: floats / JAX", functools.partial(ours, *args), jax.primal(theirs, args), None)
        yield Line(f"{name}: one direction / JAX jvp", along, forward, None)
        yield Line(f"{name}: gradient by the adjoint / JAX reverse", adjoint, reverse, 1.0)
        yield Line(f"{name}: value_and_grad(compile(f)) / JAX reverse", functools.partial(whole, *args), reverse, None)
        if theirs in jax.LANES:
            batch = jax.reverse(jax.LANES[theirs], args)
            _agree(name, (value, *slopes), (batch()[0], *batch()[1]))
            yield Line(f"{name}: gradient by the adjoint / JAX reverse, side by side", adjoint, batch, None)


# -- autograd

_FEWER: dict[Any, dict[str, int]] = {
    compiled.mandelbrot: {"POINTS": 5},
    compiled.lorenz: {"LORENZ_STEPS": 1000},
    compiled.three_bodies: {"BODY_STEPS": 100},
}
"""Rounds of programs that take autograd a minute as they stand."""


def _beside_autograd() -> Iterator[Line]:
    import autograd
    import autograd.numpy as xp

    def recurrence(x: Any) -> Any:
        before = x[0]
        for i in range(1, len(x)):
            before = xp.sin(before) + x[i] * before
        return before

    def rosenbrock(x: Any) -> Any:
        return xp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    def heat(u: Any) -> Any:
        for _ in range(100):
            u = xp.concatenate((u[:1], u[1:-1] + 0.1 * (u[2:] - 2.0 * u[1:-1] + u[:-2]), u[-1:]))
        return xp.dot(u, u)

    rewritten = {f.__name__: f for f in (recurrence, rosenbrock, heat)}

    def changed(f: Any, **names: Any) -> Any:
        """The function with other meanings of its global names."""
        return FunctionType(f.__code__, {**f.__globals__, **names}, f.__name__)

    for name, f, args in _programs():
        rounds = _FEWER.get(f, {})
        _, adjoint = _adjoint(changed(f, **rounds), args)
        theirs = changed(f, math=xp, np=xp, pull=changed(compiled.pull, math=xp), **rounds)
        reverse = autograd.grad(rewritten.get(f.__name__, theirs), tuple(range(len(args))))
        _agree(name, adjoint()[1], reverse(*args))
        said = "".join(f", {n} rounds" for n in rounds.values())
        call = functools.partial(reverse, *args)
        yield Once(f"{name}{said}: gradient by the adjoint / autograd", adjoint, call, None)


# -- diffrax

_OURS = (
    "import numpy, interp\nfrom benchmarks.ode import ours, PARAMS\nfrom interpretations import Dual\n"
    "compiled = interp.compile(ours)",
    "compiled(Dual(PARAMS, numpy.eye(4)), 1e-7)",
)
_DIFFRAX = (
    "from benchmarks.peers import with_diffrax\nfrom benchmarks.ode import PARAMS\ncompiled = with_diffrax()",
    "compiled(PARAMS, 1e-7)",
)


def with_diffrax() -> Callable[[Any, float], Any]:
    """(parameters, tolerance) -> derivatives of the two states at the end, (2, 4), and the states; forward mode.

    The same pair of Dormand and Prince, tolerances and interval as ours; a state as one array, and no bound on the
    steps: each the fastest of what diffrax offers (states as tuples, Tsit5, DirectAdjoint).
    """
    import diffrax

    from benchmarks.jax_programs import jax

    xp = jax.numpy

    def slope(t: Any, y: Any, p: Any) -> Any:
        return xp.stack(ode.lotka_volterra(t, y, p))

    def end(p: Any, tolerance: Any) -> Any:
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(slope),
            diffrax.Dopri5(),
            t0=0.0,
            t1=ode.END,
            dt0=None,
            y0=xp.asarray(ode.START),
            args=p,
            saveat=diffrax.SaveAt(t1=True),
            stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=tolerance),
            adjoint=diffrax.ForwardMode(),
            max_steps=None,
        )
        return solution.ys[0], solution.ys[0]

    compiled = jax.jit(jax.jacfwd(end, has_aux=True))
    return lambda p, tolerance: jax.block_until_ready(compiled(p, tolerance))


def _beside_diffrax() -> Iterator[Line]:
    compiled = interp.compile(ode.ours)
    array = Dual(ode.PARAMS, np.eye(4))
    several = tuple(Dual(x, direction) for x, direction in zip(ode.PARAMS.tolist(), np.eye(4), strict=True))
    theirs = with_diffrax()
    for tolerance in ode.TOLERANCES:
        found, (slopes, _) = compiled(array, tolerance), theirs(ode.PARAMS, tolerance)
        if not np.allclose(found.tangent.T, slopes, rtol=0.0, atol=1000.0 * tolerance):
            raise ArithmeticError(f"Lotka-Volterra at {tolerance:g}: ours gives {found.tangent.T}, diffrax {slopes}")
        for name, p in (("a Dual of an array", array), ("a tuple of Duals", several)):
            yield Line(
                f"Lotka-Volterra at {tolerance:g}, {name} / diffrax forward",
                functools.partial(compiled, p, tolerance),
                functools.partial(theirs, ode.PARAMS, tolerance),
                1.0 / 3.0,
            )
    yield FreshProcesses("Lotka-Volterra: first call / diffrax's", _OURS, _DIFFRAX, 1.0, "perf_counter")

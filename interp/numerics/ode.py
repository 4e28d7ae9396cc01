"""Initial value problems: one adaptive Runge-Kutta 5(4) stepper for every number type, eager and compiled.

The pair is RK5(4)7M of Dormand and Prince 1980, "A family of embedded Runge-Kutta formulae", J. Comput. Appl. Math. 6,
19-26, table 2; the states between steps follow Shampine 1986, "Some practical Runge-Kutta formulas", Math. Comp. 46,
135-150. Starting step and step control: Hairer, Nørsett and Wanner 1993, *Solving Ordinary Differential Equations I*,
sections II.4 and II.6, with SciPy's constants (`solve_ivp` does the same steps).

Steps are chosen by plain numbers: the error's primal against the tolerances. So a derivative is the exact
derivative of the numbers returned with the steps held, and asking for it changes none of them. `rms_of_components` as
``norm`` holds the tangents to the tolerances too.

States and slopes are the rows of one storage, and ``for i in range(n): rows[z, i] = rows[y, i] + ...`` below runs over
*blocks*. In native code the storage is a matrix and a block one element: nothing is allocated in the loop. Eagerly it
is a dictionary and a row one block, the whole array: NumPy's speed, and arrays that nobody changes in place. `storage`,
`blocks_of`, `row` and `assign` tell the two apart; each has a native body (``.native``).

Native code is compiled at the first call, and what stands there once is compiled once. So the stages are a loop over
the tableau, no slower than written out; and rows are told by variables, for a callee would be compiled anew for every
constant among its arguments.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from interp.errors import IntegrationError, ShapeError
from interp.value import Value, primal, shape_of
from interp.vocabulary import copy, stack
from interp.vocabulary.creation import as_operand

# -- the tableau: of each stage the part of the step at which its slope is taken, and the weights of the slopes before

TABLEAU: tuple[tuple[float, tuple[float, ...]], ...] = (
    (0.0, ()),
    (1 / 5, (1 / 5,)),
    (3 / 10, (3 / 40, 9 / 40)),
    (4 / 5, (44 / 45, -56 / 15, 32 / 9)),
    (8 / 9, (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729)),
    (1.0, (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656)),
    (1.0, (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84)),  # the new state
)
ERRORS = (71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40)
"""Weights of the slopes in the new state less the embedded one, of order 4."""

STAGES = len(TABLEAU)

SAFETY, SHRINK, GROW = 0.9, 0.2, 10.0
"""Factors on the step that the error asks for, and the least and greatest change of the step."""


def within(rows: Any, y: Any, first: Any, i: Any, gap: Any, x: Any) -> Any:
    """The state at t + gap, a part x of the step: of order 4, its slope continuous (Shampine 1986; SciPy's RK45)."""
    k1, k3, k4 = rows[first, i], rows[first + 2, i], rows[first + 3, i]
    k5, k6, k7 = rows[first + 4, i], rows[first + 5, i], rows[first + 6, i]
    return rows[y, i] + gap * (
        (1.0 + x * (-8048581381 / 2820520608 + x * (8663915743 / 2820520608 - x * (12715105075 / 11282082432)))) * k1
        + x * (131558114200 / 32700410799 - x * (68118460800 / 10900136933 - x * (87487479700 / 32700410799))) * k3
        + x * (-1754552775 / 470086768 + x * (14199869525 / 1410260304 - x * (10690763975 / 1880347072))) * k4
        + x * (127303824393 / 49829197408 - x * (318862633887 / 49829197408 - x * (701980252875 / 199316789632))) * k5
        + x * (-282668133 / 205662961 + x * (2019193451 / 616988883 - x * (1453857185 / 822651844))) * k6
        + x * (40617522 / 29380423 - x * (110615467 / 29380423 - x * (69997945 / 29380423))) * k7
    )


def _natively(body: Any) -> Callable[[Any], Any]:
    """Decorator: native code runs ``body`` in place of the function."""

    def attach(function: Any) -> Any:
        function.native = body
        return function

    return attach


_NODES = np.array([c for c, _ in TABLEAU])
_WEIGHTS = np.zeros((STAGES + 1, STAGES))
for _stage, _weights in enumerate((*(a for _, a in TABLEAU), ERRORS)):
    _WEIGHTS[_stage, : len(_weights)] = _weights


@_natively(lambda stage: _NODES[stage])
def node(stage: int) -> float:
    """Part of the step at which the slope of a stage is taken."""
    return TABLEAU[stage][0]


def _weighted(rows: Any, first: Any, stage: Any, i: Any) -> Any:
    total = _WEIGHTS[stage, 0] * rows[first, i]
    for k in range(1, stage):
        total = total + _WEIGHTS[stage, k] * rows[first + k, i]
    return total


@_natively(_weighted)
def weighted(rows: Any, first: int, stage: int, i: int) -> Any:
    """A block of the weighted sum of the slopes before a stage; of all, in the error, for the stage after the last."""
    weights = TABLEAU[stage][1] if stage < STAGES else ERRORS
    total = weights[0] * rows[first, i]
    for k in range(1, stage):
        if weights[k] != 0.0:
            total = total + weights[k] * rows[first + k, i]
    return total


# -- what users call


def solve(
    f: Callable[[Any, Any, Any], Any],
    y0: Any,
    t0: Any,
    t1: Any,
    params: Any = (),
    rtol: float = 1e-6,
    atol: float = 1e-9,
    max_steps: int = 100_000,
    first_step: float = 0.0,
    norm: Callable[..., Any] | None = None,
) -> Any:
    """y(t1) of the initial value problem dy/dt = f(t, y, params), y(t0) = y0.

    Parameters
    ----------
    f: function of a time, a state and ``params`` that returns the slope: an array of the state's shape, or a tuple of
        its n elements. It must not change the state that it is given, and may return the same array at every call.
    y0: state, an array (or list) of shape (n,); numbers of any type.
    t0, t1: times; t1 < t0 integrates backwards. The last step ends at t1 exactly. They may be values:
        the derivative with respect to t1 is the slope there.
    params: whatever ``f`` takes third.
    rtol, atol: a step is accepted when the root mean square over the elements of
        ``error / (atol + rtol * max(|y before|, |y after|))`` is at most 1. atol > 0.
    max_steps: most steps tried, those refused included.
    first_step: size of the first step tried; 0 chooses it, with one more call of ``f``.
    norm: ``norm(error, before, after, rtol, atol) -> number``, a step being accepted up to 1; `rms` if None.
        `rms_of_components` asks the same accuracy of tangents.

    Returns an array of shape (n,), with the types of y0, params, t0 and t1 joined.

    Raises `IntegrationError` if the slope at t0 is not finite, if steps become too small to move t (a
    singularity, a jump, or a right-hand side that gives NaN) or too many; `ShapeError` for a state or slope of
    the wrong shape; ValueError for tolerances, times or steps that make no sense.
    """
    end, _ = _integrated(f, y0, t0, t1, None, params, rtol, atol, max_steps, first_step, norm)
    return end


def solve_at(
    f: Callable[[Any, Any, Any], Any],
    y0: Any,
    t0: Any,
    ts: Any,
    params: Any = (),
    rtol: float = 1e-6,
    atol: float = 1e-9,
    max_steps: int = 100_000,
    first_step: float = 0.0,
    norm: Callable[..., Any] | None = None,
) -> Any:
    """y at each of the times ``ts``, from t0 to ts[-1]: an array of shape (len(ts), n). Otherwise as `solve`.

    ``ts`` is an array of one time or more that goes one way from t0, which it may contain. Steps do not
    depend on it but for the end: states within a step are read off the continuous extension, whose error
    over the step, O(h^5), is of the order of the global error.
    """
    times = started(ts)
    if len(times) == 0:
        raise ValueError("ts must hold one time or more")
    _, rows = _integrated(f, y0, t0, times[len(times) - 1], times, params, rtol, atol, max_steps, first_step, norm)
    return kept(rows, len(times))


# -- the stepper


def _integrated(
    f: Any,
    y0: Any,
    t0: Any,
    t1: Any,
    times: Any,
    params: Any,
    rtol: Any,
    atol: Any,
    max_steps: Any,
    first_step: Any,
    norm: Any,
) -> Any:
    """The state at t1, and the storage, whose first rows hold the states at ``times`` (None: none)."""
    t, t1 = instant(t0), instant(t1)
    start, span = primal(t), primal(t1) - primal(t)
    direction = -1.0 if span < 0.0 else 1.0
    _check(span, rtol, atol, first_step)
    count = _number(times, start, span)

    initial = started(y0)
    slope = f(t, initial, params)
    rows = storage(count + STAGES + 3, initial, slope)
    y, z, error, first = count, count + 1, count + 2, count + 3
    n = blocks_of(initial)
    assign(rows, y, initial)
    assign(rows, first, slope)
    if not (_finite(primal(row(rows, y))) and _finite(primal(row(rows, first)))):
        raise IntegrationError("the initial state or its slope is not finite: start where f is defined", start)

    size = first_step
    if size == 0.0 and span != 0.0:
        # Hairer, Nørsett and Wanner, II.4: an Euler step estimates the second derivative
        d0 = _measured(norm, rows, y, y, y, rtol, atol)
        d1 = _measured(norm, rows, first, y, y, rtol, atol)
        trial = min(1e-6 if d0 < 1e-5 or d1 < 1e-5 else 0.01 * d0 / d1, abs(span))
        for i in range(n):
            rows[z, i] = rows[y, i] + direction * trial * rows[first, i]
        assign(rows, first + 1, f(t + direction * trial, row(rows, z), params))
        for i in range(n):
            rows[error, i] = rows[first + 1, i] - rows[first, i]
        d2 = max(d1, _measured(norm, rows, error, y, y, rtol, atol) / trial)
        wanted = max(1e-6, 1e-3 * trial) if d2 <= 1e-15 else (0.01 / d2) ** 0.2
        size = wanted if wanted < 100.0 * trial else 100.0 * trial

    saved, refused = 0, False
    for _ in range(max_steps):
        now = primal(t)
        left = abs(primal(t1) - now)
        last = 1.01 * size >= left
        h = direction * size
        if last:
            size, h = left, t1 - t
        elif size <= 1e-15 * abs(now) or size < 1e-290:
            raise IntegrationError(
                "steps became too small to move t: f has a singularity or a jump there, gives NaN, or is asked for "
                "more accuracy than its numbers carry",
                now,
            )

        for stage in range(1, STAGES):
            for i in range(n):
                rows[z, i] = rows[y, i] + h * weighted(rows, first, stage, i)
            assign(rows, first + stage, f(t + node(stage) * h, row(rows, z), params))
        for i in range(n):
            rows[error, i] = h * weighted(rows, first, stage + 1, i)
        off = _measured(norm, rows, error, y, z, rtol, atol)

        if off <= 1.0:
            reached = t1 if last else t + h
            if times is not None:
                while saved < count and (last or direction * (primal(times[saved]) - primal(reached)) <= 0.0):
                    gap = times[saved] - t
                    x = gap / h if span != 0.0 else gap
                    for i in range(n):
                        rows[saved, i] = within(rows, y, first, i, gap, x)
                    saved += 1
            if last:
                return row(rows, z), rows
            t = reached
            for i in range(n):
                rows[y, i] = rows[z, i]
                rows[first, i] = rows[first + STAGES - 1, i]
            most = 1.0 if refused else GROW
            size *= most if off == 0.0 else min(most, max(SHRINK, SAFETY * off**-0.2))
            refused = False
        else:
            size *= max(SHRINK, SAFETY * off**-0.2) if off < math.inf else SHRINK
            refused = True
    raise IntegrationError("more than max_steps steps: raise it, or the tolerances; f may be stiff", primal(t))


def _check(span: Any, rtol: Any, atol: Any, first_step: Any) -> None:
    if not (rtol >= 0.0 and 0.0 < atol < math.inf):
        raise ValueError("rtol must be at least 0, and atol greater than 0 (it decides where a state crosses 0)")
    if not abs(span) < math.inf:
        raise ValueError("t0 and t1 must be finite")
    if not 0.0 <= first_step < math.inf:
        raise ValueError("first_step must be positive and finite, or 0 to choose it")


def _number(times: Any, start: Any, span: Any) -> Any:
    """Number of the times asked for, which go one way."""
    if times is None:
        return len(())  # 0, but to native code no constant
    ts, before = primal(times), 0.0
    for i in range(len(ts)):
        after = abs(ts[i] - start)
        if not (before <= after <= abs(span) and (ts[i] - start) * span >= 0.0):
            raise ValueError("ts must go one way, from t0 on")
        before = after
    return len(ts)


def _finite(x: Any) -> bool:
    for i in range(len(x)):  # noqa: SIM110 - native code has no generators
        if not abs(x[i]) < math.inf:
            return False
    return True


# -- the error of a step


def _measured(norm: Any, rows: Any, error: Any, before: Any, after: Any, rtol: Any, atol: Any) -> Any:
    e, y, z = row(rows, error), row(rows, before), row(rows, after)
    return rms(e, y, z, rtol, atol) if norm is None else norm(e, y, z, rtol, atol)


def _rms(error: Any, before: Any, after: Any, rtol: Any, atol: Any) -> Any:
    e, b, a = primal(error), primal(before), primal(after)
    total = 0.0
    for i in range(len(e)):
        scaled = abs(e[i]) / (atol + rtol * max(abs(b[i]), abs(a[i])))
        total += scaled * scaled
    return math.sqrt(total / max(len(e), 1))


@_natively(_rms)
def rms(error: Any, before: Any, after: Any, rtol: float, atol: float) -> float:
    """Root mean square of a step's error in units of the tolerances, of primals alone."""
    return _rms_of_arrays(primal(error), primal(before), primal(after), rtol, atol)


def _rms_of_arrays(error: Any, before: Any, after: Any, rtol: float, atol: float) -> float:
    """The greatest, over leading axes, of the root mean square over the last."""
    if error.size == 0:
        return 0.0
    with np.errstate(all="ignore"):  # overflow refuses the step
        scaled = abs(error) / (atol + rtol * np.maximum(abs(before), abs(after)))
        return math.sqrt(np.mean(scaled * scaled, axis=-1).max())


def rms_of_components(error: Any, before: Any, after: Any, rtol: float, atol: float) -> float:
    """The greatest `rms` among the components of the state: its primal, and each direction of tangents.

    Each is held to ``atol + rtol * |itself|``, so steps may become smaller for the derivatives' sake (as the full error
    test of Serban and Hindmarsh 2005, *CVODES*). Of a type that keeps the number alone, as Tape does, `rms`.
    """
    like = np.zeros_like(error) + np.zeros_like(before) + np.zeros_like(after)
    return _greatest(error + like, before + like, after + like, rtol, atol)


def _greatest(error: Any, before: Any, after: Any, rtol: float, atol: float) -> float:
    if not isinstance(error, Value):
        return _rms_of_arrays(error, before, after, rtol, atol)
    found = [
        _greatest(getattr(error, name), getattr(before, name), getattr(after, name), rtol, atol)
        for name in error.components
    ]
    return math.nan if any(x != x for x in found) else max(found)


# -- states, eager and native


@_natively(lambda t: 0.0 + t)
def instant(t: Any) -> Any:
    """A time as a float or value: NumPy's floats are slower than Python's beside values."""
    return 0.0 + t if isinstance(t, Value) else float(t)


@_natively(lambda y0: y0)
def started(y0: Any) -> Any:
    """The initial state, or the times, as an array of floats."""
    y = as_operand(y0)
    if len(shape_of(y)) != 1:
        raise ShapeError(
            f"y0 or ts of shape {shape_of(y)}: give an array of one axis (np.ravel, or [y0] for one number)"
        )
    return y * 1.0


@_natively(lambda state: len(state))
def blocks_of(state: Any) -> int:
    """Number of blocks in a row."""
    return 1


def _storage(count: Any, y: Any, slope: Any) -> Any:
    rows = np.zeros((count, len(y)))
    if count < 0:  # never: what could be stored decides the type of the elements
        rows[0, 0] = y[0]
        rows[0, 0] = slope[0]
    return rows


@_natively(_storage)
def storage(count: int, y: Any, slope: Any) -> Any:
    """Room for ``count`` states like ``y`` that can hold what ``f`` makes of it."""
    return {}


@_natively(lambda rows, k: rows[k])
def row(rows: Any, k: int) -> Any:
    """A row as ``f`` takes it."""
    return rows[k, 0]


def _assign(rows: Any, k: Any, x: Any) -> None:
    if len(x) != rows.shape[1]:
        raise ShapeError("f returned a slope of another length than the state's")
    for i in range(len(x)):
        rows[k, i] = x[i]


@_natively(_assign)
def assign(rows: Any, k: int, x: Any) -> None:
    """A row becomes a copy of the array, or of the tuple of elements, ``x``."""
    made = as_operand(x)
    expected = next(map(shape_of, rows.values()), shape_of(made))  # that of the state, which comes first
    if shape_of(made) != expected:
        raise ShapeError(
            f"f returned a slope of shape {shape_of(made)} for a state of shape {expected}: "
            "return one element for each of the state's"
        )
    rows[k, 0] = copy(made) if made is x else made


@_natively(lambda rows, count: rows[:count])
def kept(rows: Any, count: int) -> Any:
    """The first states, as one array."""
    return stack([rows[k, 0] for k in range(count)])

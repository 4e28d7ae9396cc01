"""Every program of the list in every number type: compiled as eager.

By default every fourth program runs, in one of the types in turn; with ``--every`` all do in all of them.

Tolerance: numbers agree if they differ by less than ``RTOL`` of the greatest of their part, a part being one component
of one result. Ends of intervals may besides differ by a hundredth of the box, for the two tiers add up sums in
different orders, and by all of it around np.linalg, for they eliminate differently; what decides there is containment:
the compiled box holds what the program computes at corners of the box. What is undecided in one tier is undecided, or
refused, in the other.
"""

import fifty_digits
import numpy as np
import pytest
from agreement import parts
from eagerly import Undecidable, eager
from jet import Jet
from programs import PROGRAMS

import interp
from interp.errors import CompileError, UndecidedError
from interp.value import Value
from interpretations import Dual, Interval, Measurement

RTOL = 1e-13
RADIUS = 1e-10
"""Half the width of a box, relative to its middle: far more than the rounding of floats, far less than a branch."""

NO_GAMMA = "math.gamma has no primitive"
NO_ENCLOSURE = "a special function has no native enclosure"
REFUSED = {
    # (program, type): what raises CompileError where eager code has a result, and why
    ("skew_normal_mixture", "Interval"): NO_ENCLOSURE,
    ("skew_normal_mixture", "Dual of Interval"): NO_ENCLOSURE,
    ("probit_ladder", "Interval"): NO_ENCLOSURE,
    ("probit_ladder", "Dual of Interval"): NO_ENCLOSURE,
    ("black_scholes", "Interval"): NO_ENCLOSURE,
    ("black_scholes", "Dual of Interval"): NO_ENCLOSURE,
}
PAIRWISE = "the max of an array is taken in pairs; eagerly each element is compared with the max, an open question"
TIGHTER = {
    # (program, type): where the native box lies within the eager one, and why
    ("mixture_likelihood", "Dual of Interval"): PAIRWISE,
    ("sums_of_arrays", "Dual of Interval"): PAIRWISE,
}
NO_PROGRAM = {"incomplete_gamma_pair": NO_GAMMA}
"""What runs on values in neither tier."""


def along(x, rng):
    """A direction for ``x``."""
    return rng.normal(size=np.shape(x)) if np.ndim(x) else float(rng.normal())


def box(x, rng):
    return Interval(x - RADIUS * np.abs(x), x + RADIUS * np.abs(x))


TYPES = {
    "float": lambda x, rng: x,
    "Dual": lambda x, rng: Dual(x, along(x, rng)),
    "Dual, 4 directions": lambda x, rng: Dual(x, rng.normal(size=(4, *np.shape(x)))),
    "Dual of Dual": lambda x, rng: Dual(Dual(x, along(x, rng)), Dual(along(x, rng), along(x, rng))),
    "Interval": box,
    "Measurement": lambda x, rng: Measurement(x, 0.01 * np.abs(x)),
    "Dual of Interval": lambda x, rng: Dual(box(x, rng), along(x, rng)),
    "Jet": lambda x, rng: Jet(x, along(x, rng), along(x, rng)),
}
AT_A_POINT = {"Interval": "float", "Dual of Interval": "Dual"}
"""The type that runs at single points of the boxes, in the same directions."""

CASES = [
    # by default every fourth program, each in one of the types in turn
    pytest.param(program, kind, marks=[pytest.mark.every] if 5 * i % (4 * len(TYPES)) != turn else [])
    for i, program in enumerate(PROGRAMS)
    for turn, kind in enumerate(TYPES)
    if program.name not in NO_PROGRAM
]


TRUTH = {("conjugate_gradients", "Dual of Dual"): fifty_digits.conjugate_gradients}
"""Where eager and compiled are 1.5 ``RTOL`` apart, each within ``RTOL`` of the program in fifty digits."""


def lifted(program, kind, args):
    """The program's arguments, those that vary lifted; numbers are NumPy's, whose division by zero is native code's."""
    rng = np.random.default_rng(len(program.name))
    return [TYPES[kind](np.float64(x), rng) if i in program.argnums else x for i, x in enumerate(args)]


def run_eagerly(program, values):
    like = values[0].ravel()[0] if np.ndim(values[0]) else values[0]
    like = like if isinstance(like, Value) else None
    return eager(program.function, like)(*(eager(x, like) if callable(x) else x for x in values))


def corners(program, n=3):
    """Arguments at ``n`` corners of the boxes around the program's own."""
    rng = np.random.default_rng(1)
    for _ in range(n):
        yield [
            x + RADIUS * np.abs(x) * rng.choice([-1.0, 1.0], np.shape(x)) if i in program.argnums else x
            for i, x in enumerate(program.args)
        ]


def assert_agrees(compiled, other, share, tighter):
    """``share`` of a box is how far its ends may be apart."""
    for at, got, want in parts(compiled, other):
        if tighter and isinstance(want, Interval):
            slack = RTOL * np.max(np.abs([want.lo, want.hi]))
            assert np.all((want.lo <= got.lo + slack) & (got.hi <= want.hi + slack)), at
        elif isinstance(want, Interval):
            assert np.array_equal(got.decoration, want.decoration), at
            scale = RTOL * np.max(np.abs([want.lo, want.hi])) + share * np.max(want.hi - want.lo)
            np.testing.assert_allclose(got.lo, want.lo, rtol=0.0, atol=scale, err_msg=at)
            np.testing.assert_allclose(got.hi, want.hi, rtol=0.0, atol=scale, err_msg=at)
        else:
            finite = np.abs(np.asarray(want, float)[np.isfinite(want)])
            scale = RTOL * np.max(finite, initial=0.0)
            np.testing.assert_allclose(got, want, rtol=0.0, atol=scale, equal_nan=True, err_msg=at)


def assert_true(compiled, other, truth):
    """Both tiers, Duals of Duals, agree with the truth."""
    for x in (compiled, other):
        got = (x.value.value, x.tangent.value, x.value.tangent, x.tangent.tangent)
        for part, want in zip(got, truth, strict=True):
            np.testing.assert_allclose(part, want, rtol=0.0, atol=RTOL * np.max(np.abs(want)))


def assert_holds(compiled, point):
    """The boxes hold the floats, which are themselves exact to ``RTOL``."""
    for at, got, want in parts(compiled, point):
        lo, hi = (got.lo, got.hi) if isinstance(got, Interval) else (got, got)
        slack = RTOL * np.max(np.abs(want), initial=0.0)
        assert np.all(lo - slack <= want) and np.all(want <= hi + slack), (at, lo, want, hi)


@pytest.mark.parametrize(("program", "kind"), CASES, ids=str)
@pytest.mark.filterwarnings("ignore")
def test_program(program, kind):
    compiled = interp.compile(program.function, boundscheck=True)
    values = lifted(program, kind, program.args)
    try:
        expected = run_eagerly(program, values)
    except (UndecidedError, Undecidable):
        with pytest.raises((UndecidedError, CompileError)):
            compiled(*values)
        return
    if (program.name, kind) in REFUSED:
        with pytest.raises(CompileError):
            compiled(*values)
        return
    result = compiled(*values)
    if (program.name, kind) in TRUTH:
        assert_true(result, expected, fifty_digits.on(TRUTH[program.name, kind], *values))
        return
    share = 1.0 if "linalg" in program.traits else 0.01
    assert_agrees(result, expected, share, tighter=(program.name, kind) in TIGHTER)
    if kind in AT_A_POINT and "singular" not in program.traits:  # a slope at the edge of a domain has no enclosure
        for args in corners(program):
            assert_holds(result, run_eagerly(program, lifted(program, AT_A_POINT[kind], args)))


def test_tables_name_what_there_is():
    names, kinds = zip(*REFUSED, *TIGHTER, *TRUTH, strict=True)
    assert {*names, *NO_PROGRAM} <= {program.name for program in PROGRAMS}
    assert set(kinds) <= set(TYPES)


@pytest.mark.parametrize("name", NO_PROGRAM)
def test_what_has_no_native_code_says_so(name):
    (program,) = [p for p in PROGRAMS if p.name == name]
    values = lifted(program, "Dual", program.args)
    with pytest.raises(CompileError, match="gamma"):
        interp.compile(program.function)(*values)

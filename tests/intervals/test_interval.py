"""The Interval type: rules by kind, decisions, decorations, stores, errors. Rounding has its own tests."""

from fractions import Fraction

import numpy as np
import pytest

from interp.errors import InterpError, RefusedStack, ShapeError, StripError, UndecidedError
from interp.primitive import Elementwise
from interp.vocabulary import expit, index_add
from interpretations import Dual, Interval, bounds, enclose, grad, jacfwd, jacrev
from interpretations.intervals import Decoration, empty, entire
from interpretations.intervals.interval import ends

RNG = np.random.default_rng(1)
MID = RNG.normal(size=(3, 4))
BOX = Interval(MID - 0.05, MID + 0.07)
SAMPLES = [BOX.lo + (BOX.hi - BOX.lo) * RNG.uniform(size=MID.shape) for _ in range(200)] + [BOX.lo, BOX.hi]
COM, DAC, DEF, TRV = Decoration.COM, Decoration.DAC, Decoration.DEF, Decoration.TRV

FUNCTIONS = {
    "sum": lambda x: x.sum(),
    "sum axis": lambda x: np.sum(x, axis=0),
    "sum keepdims": lambda x: np.sum(x, axis=(0, 1), keepdims=True),
    "mean": lambda x: x.mean(axis=1),
    "prod": lambda x: np.prod(x, axis=-1),
    "max": lambda x: x.max(axis=0),
    "min": lambda x: x.min(),
    "var": lambda x: x.var(),
    "cumsum": lambda x: np.cumsum(x, axis=1),
    "cumsum flat": lambda x: np.cumsum(x),
    "matmul": lambda x: x @ x.T,
    "matmul constant": lambda x: np.arange(6.0).reshape(2, 3) @ x,
    "dot vector": lambda x: np.dot(x[0], x[1]),
    "outer": lambda x: np.outer(x[0], x[1]),
    "einsum": lambda x: np.einsum("ij,ij->j", x, x),
    "trace": lambda x: np.trace(x[:, :3]),
    "where decided": lambda x: np.where(np.abs(MID) > 10.0, x, -x),
    "where undecided": lambda x: np.where(x > MID, x * x, x),
    "clip": lambda x: np.clip(x, -0.5, 0.5),
    "abs": lambda x: abs(x) ** 1.5,
    "floor": lambda x: np.floor(x * 3) + x % 1.0,
    "stack": lambda x: np.stack([x[0], 2 * x[1]], axis=1),
    "concatenate": lambda x: np.concatenate([x, x[:1] * 2, np.ones((1, 4))]),
    "reshape": lambda x: x.reshape(2, 6).T[::-1],
    "advanced": lambda x: x[[0, 2, 2], [1, 1, 3]],
    "mask": lambda x: x[MID > 0] * 2,
    "index_add": lambda x: index_add(x[0], x[1], ([0, 0, 1, 3],)),
    "det": lambda x: np.linalg.det(x[:, :3] + 3 * np.eye(3)),
    "det singular": lambda x: np.linalg.det(x[:, :3]),
    "solve": lambda x: np.linalg.solve(x[:, :3] * 0.1 + 3 * np.eye(3), x[:, 3]),
    "inv": lambda x: np.linalg.inv(x[:, :3] * 0.1 + 3 * np.eye(3)),
    "powers": lambda x: x**3 + 2.0**x + (x * x + 1.0) ** x,
    "softmax": lambda x: np.exp(x - x.max()) / np.sum(np.exp(x - x.max())),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_encloses_samples(name):
    f = FUNCTIONS[name]
    enclosure = f(BOX)
    truth = np.array([f(x) for x in SAMPLES])
    slack = 1e-12 * (1 + np.abs(truth).max())  # NumPy's own rounding in the samples
    assert enclosure.shape == truth.shape[1:]
    assert np.all(enclosure.lo <= truth.min(axis=0) + slack)
    assert np.all(truth.max(axis=0) - slack <= enclosure.hi)


@pytest.mark.parametrize(
    "name", ["sum", "matmul", "prod", "max", "where undecided", "cumsum", "solve", "det", "softmax"]
)
@pytest.mark.parametrize("jacobian", [jacfwd, jacrev])
def test_encloses_derivatives(name, jacobian):
    f = FUNCTIONS[name]
    lo, hi, _ = ends(jacobian(f)(BOX))  # a plain array where f is linear
    for x in SAMPLES[:40]:
        slope = jacfwd(f)(x)
        assert np.all((lo - 1e-10 <= slope) & (slope <= hi + 1e-10))


def test_determinants_whose_pivots_may_vanish():
    n = 9
    assert np.linalg.det(Interval(-np.ones((n, n)), np.ones((n, n)))).hi == 362880.0  # 9!
    wide = np.eye(n) * 4 + np.tri(n)
    radius = np.zeros((n, n))
    radius[-3:, -3:] = 5.0  # elimination ends three rows before the last
    found = np.linalg.det(Interval(wide - radius, wide + radius))
    samples = [np.linalg.det(wide + radius * RNG.uniform(-1, 1, (n, n))) for _ in range(100)]
    assert found.lo <= min(samples) and max(samples) <= found.hi and found.decoration == COM
    with pytest.raises(UndecidedError, match="Narrow"):
        np.linalg.det(Interval(-np.ones((20, 20)), np.ones((20, 20))))


@pytest.mark.parametrize("shape", [(0, 0), (2, 0, 0), (0, 2, 2)])
def test_linear_algebra_of_nothing(shape):
    a = np.zeros(shape)
    for f in (np.linalg.det, np.linalg.inv, lambda m: np.linalg.solve(m, np.zeros((*m.shape[:-1], 3)))):
        lo, hi, _ = ends(f(Interval(a)))
        assert lo.shape == f(a).shape and np.array_equal(lo, f(a)) and np.array_equal(hi, f(a))


def test_nan_in_a_system_is_nan_in_its_solution():
    a = Interval(np.eye(2)) * np.array([[np.nan, 1.0], [1.0, 1.0]])
    assert np.isnan(np.linalg.solve(a, np.ones(2))).all() and np.isnan(np.linalg.det(a))


def test_extrema_of_nothing_and_of_no_axis_of_it():
    nothing = Interval(np.zeros((0, 3)))
    assert np.max(nothing, axis=1).shape == (0,) and np.min(nothing, axis=1).shape == (0,)
    with pytest.raises(ValueError, match="identity"):
        np.max(nothing, axis=0)


def test_sum_is_sound_to_the_last_bit():
    for _ in range(50):
        x = RNG.normal(size=101) * 10.0 ** RNG.integers(-15, 15, 101)
        exact = sum(map(Fraction, x.tolist()))
        total = Interval(x).sum()
        assert Fraction(float(total.lo)) <= exact <= Fraction(float(total.hi))


def test_dot_is_sound_to_the_last_bit():
    x, y = RNG.normal(size=(2, 64))
    exact = sum(Fraction(a) * Fraction(b) for a, b in zip(x.tolist(), y.tolist(), strict=True))
    found = Interval(x) @ y
    assert Fraction(float(found.lo)) <= exact <= Fraction(float(found.hi))
    assert found.hi - found.lo < 1e-13


@pytest.mark.parametrize(
    ("f", "box", "decoration"),
    [
        (lambda x: x * x, (1.0, 2.0), COM),
        (lambda x: 1 / x, (1.0, 2.0), COM),
        (lambda x: 1 / x, (-1.0, 2.0), TRV),
        (np.sqrt, (-1.0, 2.0), TRV),
        (np.floor, (0.5, 1.5), DEF),
        (np.floor, (0.25, 0.5), DAC),  # IEEE 1788: continuous on the box, com where constant around it too
        (lambda x: np.where(x > 0, x + 1, x - 1), (-1.5, 1.5), DEF),
        (lambda x: np.where(x > 0, x + 1, x - 1), (0.5, 1.5), COM),
        (lambda x: x + 1.0, (-np.inf, 1.0), DAC),
        (np.exp, (0.0, 1e4), DAC),
    ],
)
def test_decoration(f, box, decoration):
    found = f(Interval(*box)).decoration
    assert found == decoration or (decoration == DAC and found == COM)


def test_decisions():
    x = Interval(1.0, 2.0)
    assert x > 0 and not x > 2.0 and x < 3 and x != 5 and Interval(1.0) == 1.0
    assert isinstance(x > 0, bool | np.bool)
    for undecided in (x > 1.5, x == 1.5, x < Interval(1.5, 1.7), np.logical_not(x > 1.5), (x > 1.5) & True):
        with pytest.raises(UndecidedError, match=r"np\.where"):
            bool(undecided)
    assert not bool((x > 1.5) & False) and bool((x > 1.5) | True)
    assert np.all(x > 0) and not np.any(Interval(np.zeros(3), np.ones(3)) > 2)
    with pytest.raises(UndecidedError):
        bool(np.any(Interval(np.zeros(3), np.ones(3)) > 0.5))
    with pytest.raises(UndecidedError):
        np.argmax(Interval(np.zeros(2), np.ones(2)))
    assert np.argmax(Interval(np.array([0.0, 2.0]), np.array([1.0, 3.0]))) == 1
    with pytest.raises(UndecidedError, match="mask"):
        BOX[BOX > MID]


def test_branch_off_the_box_raises_and_never_follows_the_midpoint():
    with pytest.raises(UndecidedError):
        (lambda x: x if x > 1.0 else -x)(Interval(0.0, 3.0))
    assert (lambda x: x if x > 1.0 else -x)(Interval(2.0, 3.0)).lo == 2.0


def test_stores_and_views():
    a = Interval(np.arange(4.0), np.arange(4.0) + 0.5)
    original = a.lo
    b = a.copy()
    view = b[1:]
    view[0] = a[3] * 2
    b[3] = 7.0
    assert b.lo.tolist() == [0.0, 6.0, 2.0, 7.0] and b.hi.tolist() == [0.5, 7.0, 2.5, 7.0]
    b[0] = np.sqrt(Interval(-1.0, 1.0))
    assert b.decoration[0] == TRV and b.sum().decoration == TRV
    assert original.tolist() == [0.0, 1.0, 2.0, 3.0]
    fresh = np.zeros_like(a)
    fresh[::2] = a[::2]
    assert fresh.hi.tolist() == [0.5, 0.0, 2.5, 0.0]
    fresh += a
    assert fresh.hi.tolist() == [1.0, 1.5, 5.0, 3.5]


def test_lifting_does_not_let_f_change_the_callers_array():
    x = np.ones(3)

    def overwrite(y):
        y[0] = 5.0
        return y

    from interp import interpret

    interpret(overwrite, bounds(0.0))(x)
    box = Interval(x, x)
    box[0] = 9.0
    assert x.tolist() == [1.0, 1.0, 1.0]


def test_numbers_that_are_no_floats():
    assert Interval(1, 2).lo.dtype == float
    assert Interval(np.float32(0.1)).lo == np.float64(np.float32(0.1))
    assert (Interval(1, 2) * np.int64(3)).hi == 6.0
    assert (True * Interval(1, 2)).hi == 2.0


def test_nan_and_empty():
    assert np.isnan((Interval(1.0, 2.0) * np.nan).lo)
    spoiled = Interval(np.array([1.0, 2.0])) * np.array([np.nan, 1.0])
    assert np.isnan(spoiled.lo[0]) and spoiled.lo[1] == 2.0
    assert np.isnan(np.log(Interval(-2.0, -1.0)).lo)
    assert np.isnan((empty() + 1.0).lo) and entire().lo == -np.inf
    nothing = Interval(np.zeros(0))
    assert nothing.sum().lo == 0.0 and nothing.prod().hi == 1.0 and (nothing * 2).shape == (0,)


@pytest.mark.parametrize(
    "ends", [(2.0, 1.0), (np.nan, 1.0), (np.inf, np.inf), (np.array([0.0, 2.0]), np.array([1.0, 1.0]))]
)
def test_invalid_construction_raises(ends):
    with pytest.raises(InterpError, match="lo <= hi"):
        Interval(*ends)


@pytest.mark.parametrize("n", [2**53 + 1, -(2**53) - 1, 2**62 + 1, 10**30, -(10**400), np.int64(2**62 + 1), 7])
def test_integers_beyond_2_to_the_53_are_enclosed(n):
    for x in (Interval(n), Interval(0.0, 0.0) + n):
        assert float(x.lo) <= int(n) <= float(x.hi) and (x.lo == x.hi) == (n == 7)


def test_other_numbers_that_are_no_float64_are_enclosed():
    integers = np.array([2**53 + 1, -(2**62) - 1, 2**63 - 1, -(2**63), 5])
    x = Interval(integers)
    assert all(lo <= n <= hi for lo, n, hi in zip(x.lo, integers.tolist(), x.hi, strict=True))
    assert Interval(np.uint64(2**64 - 1)).hi == 2.0**64
    long = np.nextafter(np.longdouble(1), np.longdouble(2))
    assert Interval(long).lo <= long <= Interval(long).hi


RESULTS_OF_THEIR_OWN = {
    "+x": lambda x: +x,
    "sum": lambda x: x.sum(axis=1),
    "sum of no axis": lambda x: x.sum(axis=()),
    "prod": lambda x: x.prod(axis=1),
    "max": lambda x: x.max(axis=1, keepdims=True),
    "cumsum": lambda x: np.cumsum(x, axis=1),
}


@pytest.mark.parametrize("name", RESULTS_OF_THEIR_OWN)
def test_a_store_into_a_result_leaves_the_operand(name):
    x = Interval(np.ones((3, 1)), np.full((3, 1), 2.0))
    y = RESULTS_OF_THEIR_OWN[name](x)
    y[...] = np.sqrt(Interval(-9.0, 9.0))
    assert np.all(x.lo == 1.0) and np.all(x.hi == 2.0) and np.all(x.decoration == COM)


def test_sums_that_overflow_are_unbounded_and_silent():
    big = Interval(np.full(3, 1e308))
    for total in (big.sum(), big @ np.ones(3), np.cumsum(big)[-1]):
        assert total.hi == np.inf and total.lo <= 3e308 and total.decoration == DAC


def test_no_callers_code_runs_while_the_processor_rounds():
    called = []
    before = np.seterrcall(lambda *_: called.append(1.0 + 2.0**-60 == 1.0 == 1.0 - 2.0**-60))
    wide = Interval(np.full(40, -1.7e308), np.full(40, 1.7e308))
    bump = Elementwise("bump_there", lambda x: 1 / (1 + x**2), dx=lambda x: -2 * x / (1.0 + x**2) ** 2)
    with np.errstate(all="call"):
        assert wide.width.tolist() == [np.inf] * 40
        assert bounds(1e308).lift(np.full(40, 1.7e308), 0).hi[0] == np.inf
        assert (wide.sum() + wide.mean() + (wide @ wide)).hi == np.inf
        assert np.isfinite(bump(Interval(np.full(40, -1.0), np.full(40, 1.0))).hi).all()
    np.seterrcall(before)
    assert called == []


@pytest.mark.parametrize(
    ("predicate", "x"),
    [
        # At -1 NumPy's root is a NaN, which compares with nothing.
        (lambda x: np.sqrt(x) >= 0.0, (-1.0, 4.0)),
        (lambda x: np.sqrt(x) == 0.0, (-1.0, 0.0)),
        (lambda x: np.isnan(np.sqrt(x)), (-1.0, 4.0)),
        (lambda x: np.isfinite(np.log(x)), (0.0, 1.0)),
        (lambda x: np.any(np.sqrt(x)), (-1.0, 0.0)),
        # Unbounded intervals hold finite numbers.
        (np.isfinite, (-np.inf, np.inf)),
        (np.isinf, (-np.inf, np.inf)),
    ],
)
def test_undecided_predicates(predicate, x):
    with pytest.raises(UndecidedError):
        bool(predicate(Interval(*x)))
    chosen = np.where(predicate(Interval(*x)), 1.0, 2.0)
    assert (chosen.lo, chosen.hi, chosen.decoration) == (1.0, 2.0, DEF)


def test_an_infinite_constant_is_not_bounded():
    x = np.zeros_like(Interval(np.ones(2)))
    x[:] = np.array([np.inf, 1.0])
    assert x.decoration.tolist() == [DAC, COM]
    assert np.where(np.array([True, False]), -np.inf, Interval(np.ones(2))).decoration.tolist() == [DAC, COM]


def test_tests_that_are_decided():
    x = Interval(np.array([1.0, 2.0])) * np.array([np.nan, 1.0])
    assert np.isnan(x).tolist() == [True, False] and np.isfinite(x).tolist() == [False, True]
    assert not np.isinf(Interval(1.0, 2.0)) and np.isfinite(Interval(1.0, 2.0)) and not np.isfinite(x - np.inf).any()
    assert np.sqrt(Interval(-1.0, 4.0)) != -1.0


@pytest.mark.parametrize("decoration", ["com", 99, -1, 2.5, np.array([4, 3])])
def test_what_is_no_decoration(decoration):
    with pytest.raises(InterpError, match=r"Decoration\.DAC|decorations of shape"):
        Interval(1.0, 2.0, decoration)


def test_refusals():
    with pytest.raises(ShapeError, match="shape"):
        Interval(np.zeros(3), np.ones(2))
    with pytest.raises(RefusedStack, match="innermost"):
        Interval(Dual(1.0, 1.0), 2.0)
    with pytest.raises(StripError):
        float(Interval(1.0, 2.0))
    with pytest.raises(TypeError):
        hash(Interval(1.0, 2.0))
    with pytest.raises(InterpError, match="radius"):
        bounds(-1.0)
    with pytest.raises(InterpError):
        Interval("a", "b")


def test_a_primitive_not_in_the_table_is_enclosed_by_its_derivative():
    softplus = Elementwise("softplus_here", lambda x: np.logaddexp(0.0, x), dx=lambda x: expit(x))
    bump = Elementwise("bump_here", lambda x: 1 / (1 + x**2), dx=lambda x: -2 * x / (1.0 + x**2) ** 2)
    blend = Elementwise("blend_here", lambda x, y: x * y**2, dx=lambda y: y**2, dy=lambda x, y: 2 * x * y)
    x, y = Interval(-0.3, 0.5), Interval(0.8, 1.1)
    for f, operands in ((softplus, (x,)), (bump, (x,)), (blend, (x, y))):
        enclosure = f(*operands)
        grid = np.meshgrid(*(np.linspace(o.lo, o.hi, 101) for o in operands))
        truth = f.implementation(*grid)
        assert enclosure.lo <= truth.min() and truth.max() <= enclosure.hi
        assert enclosure.hi - enclosure.lo < 5 * np.ptp(truth)
    exact = softplus(x)
    assert exact.hi - exact.lo == pytest.approx(np.logaddexp(0, 0.5) - np.logaddexp(0, -0.3))
    implicit = Elementwise("implicit_here", np.exp, dx=lambda out: out, counterparts=())
    with pytest.raises(InterpError, match="register"):
        implicit(x)


def test_enclose_is_tighter_in_small_boxes_and_natural_where_f_jumps():
    box = Interval(X0 - 1e-3, X0 + 1e-3)

    def f(x):
        return x[0] * x[1] - x[0] * np.sin(x[1])

    natural, tight = f(box), enclose(f, box)
    assert natural.lo <= tight.lo and tight.hi <= natural.hi
    assert tight.hi - tight.lo < 0.7 * (natural.hi - natural.lo)
    samples = [f(X0 + 1e-3 * RNG.uniform(-1, 1, 2)) for _ in range(300)]
    assert tight.lo <= min(samples) and max(samples) <= tight.hi

    def jump(x):
        return np.floor(x[0]) + 0.0 * x[1]

    around = Interval(np.array([0.5, 0.0]), np.array([1.5, 0.0]))
    assert enclose(jump, around).lo <= 0.0 and enclose(jump, around).hi >= 1.0


X0 = np.array([1.2, 2.0])


def test_gradient_of_kinks_holds_every_slope():
    slope = grad(lambda x: abs(x))(Interval(-1.0, 2.0))
    assert slope.lo == -1.0 and slope.hi == 1.0
    slope = grad(lambda x: np.maximum(x, 0.0))(Interval(-1.0, 2.0))
    assert slope.lo == 0.0 and slope.hi == 1.0

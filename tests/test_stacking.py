"""Every cell of the composition table against closed forms and samples: scalars and arrays, two and three deep."""

import numpy as np
import pytest

from interp import interpret
from interp.errors import InterpError, RefusedStack, UnsupportedOutput
from interpretations import (
    Interval,
    Measurement,
    bounds,
    grad,
    gradient,
    hessian,
    jacfwd,
    jacobian_sparsity,
    jacrev,
    jvp,
    sparsity,
    tangent,
    uncertainty,
    vjp,
)

STD = 0.1
RADIUS = 0.05
X = np.array([0.7, 1.3, 0.4])


def f(x):
    return np.sum(np.sin(x[:2]) * x[1:]) + x[0] ** 2 * x[1]


def value(x):
    return np.sin(x[0]) * x[1] + np.sin(x[1]) * x[2] + x[0] ** 2 * x[1]


def slope(x):
    a, b, c = x
    return np.array([np.cos(a) * b + 2 * a * b, np.sin(a) + np.cos(b) * c + a**2, np.sin(b)])


def curvature(x):
    a, b, c = x
    mixed = np.cos(a) + 2 * a
    return np.array([[-np.sin(a) * b + 2 * b, mixed, 0.0], [mixed, -np.sin(b) * c, np.cos(b)], [0.0, np.cos(b), 0.0]])


def spread(x):
    return STD * np.linalg.norm(slope(x))


def spread_slope(x):
    return STD**2 * curvature(x) @ slope(x) / spread(x)


BOX_SAMPLES = X + RADIUS * np.random.default_rng(0).uniform(-1, 1, (500, 3))
GRADIENTS = {"Dual": gradient("forward"), "Tape": gradient("reverse")}
STAGES = {**GRADIENTS, "Measurement": uncertainty(std=STD), "Interval": bounds(RADIUS), "SparsityTracer": sparsity()}
HESSIAN_PATTERN = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 0]], bool)


def contains(found, truth):
    lo, hi = found
    samples = np.array([truth(x) for x in BOX_SAMPLES])
    assert np.all(lo <= samples.min(axis=0)) and np.all(samples.max(axis=0) <= hi)
    assert np.all(hi - lo <= 6 * np.ptp(samples, axis=0) + 1e-9)  # an enclosure, not the whole line


def reading_is(result, inner, of_value, of_slope):
    """Compare what the inner stage says of a quantity with the truth: (value, gradient) functions of x."""
    if inner in GRADIENTS:
        np.testing.assert_allclose(result.gradient, of_slope(X), rtol=1e-12, atol=1e-13)
    elif inner == "Measurement":
        expected = STD * np.linalg.norm(np.atleast_2d(of_slope(X)), axis=-1)
        np.testing.assert_allclose(np.atleast_1d(result.std), expected, rtol=1e-12)
    elif inner == "Interval":
        contains(result.bounds, of_value)
    else:
        expected = np.atleast_2d(of_slope(X)) != 0
        assert np.array_equal(result.sparsity.toarray() & expected, expected)


CELLS = [(outer, inner) for outer in STAGES for inner in STAGES]
REFUSED = {(o, i) for o, i in CELLS if o == "Interval"} | {("SparsityTracer", "SparsityTracer")}
DEFINED = [c for c in CELLS if c not in REFUSED and c != ("Measurement", "Measurement")]


@pytest.mark.parametrize(("outer", "inner"), DEFINED)
def test_cell(outer, inner):
    calls = []

    def counted(x):
        calls.append(1)
        return f(x)

    result = interpret(counted, STAGES[outer], STAGES[inner])(X)
    if inner != "Interval":
        np.testing.assert_allclose(result.value, value(X), rtol=1e-14)
    outer_name = {"Measurement": "std", "SparsityTracer": "sparsity"}.get(outer, "gradient")
    truth = {"gradient": (slope, curvature), "std": (spread, spread_slope)}
    if outer in GRADIENTS:
        np.testing.assert_allclose(
            np.asarray(result.gradient),
            slope(X),
            rtol=0.02 if inner == "Interval" else 1e-12,
            atol=1e-2 if inner == "Interval" else 0,
        )
    if outer == "Measurement" and inner != "Interval":
        assert result.std == pytest.approx(spread(X))
    if outer == "SparsityTracer":
        assert result.sparsity.toarray().all()
    if outer != inner and not {outer, inner} <= set(GRADIENTS):
        reading_is(result, inner, value, slope)
    if outer_name != "sparsity":
        reading_is(result.reading(outer_name), inner, *truth[outer_name])
    assert len(calls) == 1


@pytest.mark.parametrize(("outer", "inner"), sorted(REFUSED - {("Interval", "Interval")}))
def test_refused_cell_names_the_order_that_works(outer, inner):
    with pytest.raises(RefusedStack, match=r"bounds\(\) last|sparsity"):
        interpret(f, STAGES[outer], STAGES[inner])(X)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_hessian_pattern_is_tight(mode):
    result = interpret(f, gradient(mode), sparsity())(X)
    assert np.array_equal(result.reading("gradient").sparsity.toarray(), HESSIAN_PATTERN)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_three_deep(mode):
    result = interpret(f, gradient(mode), uncertainty(std=STD), sparsity())(X)
    assert result.value == pytest.approx(value(X)) and result.std == pytest.approx(spread(X))
    np.testing.assert_allclose(result.gradient, slope(X), rtol=1e-12)
    np.testing.assert_allclose(result.reading("gradient").std, STD * np.linalg.norm(curvature(X), axis=1))
    assert np.array_equal(result.reading("gradient").sparsity.toarray(), HESSIAN_PATTERN)
    assert result.sparsity.toarray().all()
    assert result.names() == ["value", "gradient", "std", "sparsity"]


def test_four_deep_with_bounds_innermost():
    result = interpret(f, gradient(), uncertainty(std=STD), sparsity(), bounds(RADIUS))(X)
    contains(result.bounds, value)
    contains(result.reading("gradient").bounds, slope)
    contains(result.reading("std").bounds, spread)


def test_scalars():
    result = interpret(lambda x: np.exp(x) * x, gradient("reverse"), gradient("forward"), uncertainty(std=STD))(0.5)
    third = np.exp(0.5) * 3.5
    assert result.reading("gradient").reading("gradient").std == pytest.approx(STD * third)
    assert result.std == pytest.approx(STD * np.exp(0.5) * 1.5)


def test_tangent_of_an_error_bar():
    v = np.array([1.0, -0.5, 2.0])
    result = interpret(f, uncertainty(std=STD), tangent(v))(X)
    assert result.reading("std").tangent == pytest.approx(spread_slope(X) @ v)


def test_inputs_that_are_values_already():
    result = interpret(f, gradient(), bounds())(Interval(X - RADIUS, X + RADIUS))
    contains(result.reading("gradient").bounds, slope)
    result = interpret(f, gradient(), uncertainty())(Measurement(X, STD))
    assert result.std == pytest.approx(spread(X))


@pytest.mark.parametrize(("again", "first"), [(uncertainty(0.2), uncertainty(0.1)), (bounds(0.2), bounds(0.1))])
def test_spreads_given_for_inputs_that_have_one_are_refused(again, first):
    with pytest.raises(RefusedStack, match=r"already.*without arguments"):
        interpret(f, again, first)(X)


@pytest.mark.parametrize("wrong", ["a", 1j, [None], {}])
def test_bounds_are_numbers(wrong):
    with pytest.raises(InterpError, match="real numbers"):
        bounds(wrong)


@pytest.mark.parametrize(("stage", "x"), [(bounds(), Interval(X, X + 1)), (uncertainty(), Measurement(X, STD))])
def test_stores_do_not_reach_an_input_that_is_a_value_already(stage, x):
    before = str(x)

    def stores(y):
        y[0] = y[1] * y[2]
        return y

    interpret(stores, stage)(x)
    assert str(x) == before


def objects(x):
    out = np.empty(2, object)
    out[0], out[1] = x[0], x[1]
    return out


RUNS = [lambda f, stage=stage: interpret(f, stage)(X) for stage in STAGES.values()]
RUNS += [lambda f: jacfwd(f)(X), lambda f: jacrev(f)(X), lambda f: jvp(f, (X,), (X,)), lambda f: vjp(f, X)]
RUNS += [lambda f: jacobian_sparsity(f, X)]


@pytest.mark.parametrize("output", [objects, lambda x: (y for y in x), lambda x: {1.0}, lambda x: "1", lambda x: abs])
@pytest.mark.parametrize("run", RUNS)
def test_outputs_that_are_no_numbers_are_no_constants(run, output):
    with pytest.raises(UnsupportedOutput, match="must return one number or array"):
        run(output)


def test_grad_inside_an_interpretation_and_measurements_closed_over():
    m = Measurement(2.0, STD)
    assert grad(lambda x: x**2 * m)(3.0).std_dev == pytest.approx(6.0 * STD)
    assert (grad(lambda x: x * m * m)(3.0) - m * m).std_dev == pytest.approx(0.0, abs=1e-15)
    enclosed = hessian(f)(Interval(X - RADIUS, X + RADIUS))
    contains((enclosed.lo, enclosed.hi), curvature)


@pytest.mark.parametrize("stage", [s for name, s in STAGES.items() if name != "Interval"])
@pytest.mark.parametrize("transform", [jacfwd, jacrev], ids=lambda t: t.__name__)
def test_a_run_inside_a_transform_depends_on_its_input(transform, stage):
    np.testing.assert_allclose(transform(lambda x: interpret(f, stage)(x).value)(X), slope(X))
    if isinstance(stage, gradient):
        np.testing.assert_allclose(transform(lambda x: interpret(f, stage)(x).gradient)(X), curvature(X), atol=1e-15)
    if isinstance(stage, uncertainty):
        np.testing.assert_allclose(transform(lambda x: interpret(f, stage, sparsity())(x).std)(X), spread_slope(X))


def test_result_shares_no_memory_and_raw_is_the_nested_value():
    result = interpret(lambda x: x * 1.0, gradient("forward"))(X)
    result.value[0] = 99.0
    result.gradient[0, 0] = 99.0
    assert result.value[0] == X[0] and result.gradient[0, 0] == 1.0
    assert type(result.raw).__name__ == "Dual"


def test_each_stage_reads_once():
    class Counting(gradient):
        reads = 0

        def read(self, value, lifted):
            self.reads += 1
            return super().read(value, lifted)

    stage = Counting()
    result = interpret(f, stage, uncertainty(std=STD))(X)
    assert repr(result) and result.std > 0 and stage.reads == 1
    result.reading("gradient").raw[...] = 0.0
    np.testing.assert_allclose(result.gradient, slope(X))
    result = interpret(f, sparsity())(X)
    result.sparsity.data[:] = False
    assert result.sparsity.toarray().all()


def test_unknown_reading_lists_what_there_is():
    with pytest.raises(AttributeError, match="value, std"):
        interpret(f, uncertainty(std=STD))(X).gradient  # noqa: B018 - the access is the test

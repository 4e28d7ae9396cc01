"""Every primitive of the vocabulary in forward and reverse mode, against derivatives that are not ours."""

import mpmath
import numpy as np
import pytest
import scipy.special
import truth
from scenarios import BY_NAME, SCENARIOS
from truth import assert_same

import interp.vocabulary as v
from interp.errors import NoRule
from interp.primitive import PRIMITIVES, Differentiable
from interp.vocabulary.catalogue import entries
from interpretations import Dual, grad, hessian, jacfwd, jacrev, jvp

every = pytest.mark.parametrize("scenario", SCENARIOS, ids=repr)


def everything(scenario):
    return tuple(range(len(scenario.inputs)))


def test_every_primitive_has_a_scenario():
    covered = {scenario.primitive for scenario in SCENARIOS}
    names = {name for name in covered if name in PRIMITIVES}
    names |= {
        getattr(v, name).name for name in covered - names if hasattr(v, name) and hasattr(getattr(v, name), "name")
    }
    names |= {entry.name for entry in entries() if entry.calls}  # tests/test_catalogue.py
    bundled = {name for name, p in PRIMITIVES.items() if isinstance(p, Differentiable) and getattr(v, name, None) is p}
    assert bundled <= names, f"no scenario for {sorted(bundled - names)}"


@every
def test_forward_and_reverse_agree_with_finite_differences(scenario):
    forward = jacfwd(scenario.f, everything(scenario))(*scenario.inputs)
    reverse = jacrev(scenario.f, everything(scenario))(*scenario.inputs)
    for i in everything(scenario):
        expected = truth.jacobian(scenario.f, scenario.inputs, i)
        assert_same(forward[i], expected, 1e-8, 1e-8)
        assert_same(reverse[i], expected, 1e-8, 1e-8)


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s.analytic], ids=repr)
def test_complex_step(scenario):
    forward = jacfwd(scenario.f, everything(scenario))(*scenario.inputs)
    for i in everything(scenario):
        assert_same(forward[i], truth.complex_step(scenario.f, scenario.inputs, i))


@every
def test_directions_at_once_are_the_directions_one_at_a_time(scenario):
    """As many directions as each dimension in turn, drawn at random, against one direction a run."""
    dimensions = {n for x in scenario.inputs for n in np.shape(x)} | {1}
    rng = np.random.default_rng(3)
    for k in sorted(dimensions):
        seeds = [rng.normal(size=(k, *np.shape(x))) for x in scenario.inputs]
        together = scenario.f(*(Dual(x, t) for x, t in zip(scenario.inputs, seeds, strict=True)))
        for direction in range(k):
            alone = scenario.f(*(Dual(x, t[direction][()]) for x, t in zip(scenario.inputs, seeds, strict=True)))
            assert_same(together.tangent[direction], alone.tangent)
            assert_same(together.value, alone.value)


@every
def test_one_active_operand_at_a_time(scenario):
    """Rules for x alone, y alone and both must agree: a constant operand has no derivative."""
    whole = jacrev(scenario.f, everything(scenario))(*scenario.inputs)
    for i in everything(scenario):
        assert_same(jacfwd(scenario.f, i)(*scenario.inputs), whole[i])
        assert_same(jacrev(scenario.f, i)(*scenario.inputs), whole[i])


@every
def test_second_derivatives_in_every_order(scenario):
    """Forward over forward, forward over reverse, reverse over forward, reverse over reverse."""
    weights = np.cos(np.arange(np.size(scenario.f(*scenario.inputs)))).reshape(np.shape(scenario.f(*scenario.inputs)))

    def scalar(*inputs):
        out = scenario.f(*inputs)
        return v.sum(out * weights + v.sin(out)) if np.shape(out) else out * weights + v.sin(out)

    for i in everything(scenario):
        expected = truth.jacobian(grad(scalar, i), scenario.inputs, i)
        for outer in (jacfwd, jacrev):
            for inner in (jacfwd, jacrev):
                assert_same(outer(inner(scalar, i), i)(*scenario.inputs), expected, 1e-7, 1e-7)


@pytest.mark.parametrize("transform", [jacfwd, jacrev])
@every
def test_single_precision_is_kept(scenario, transform):
    singles = tuple(np.float32(x)[()] for x in scenario.inputs)
    if np.asarray(scenario.f(*singles)).dtype != np.float32:
        return  # the scenario brings float64 constants of its own
    for found, expected in zip(
        transform(scenario.f, everything(scenario))(*singles),
        transform(scenario.f, everything(scenario))(*scenario.inputs),
        strict=True,
    ):
        assert np.asarray(found).dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-5)
    duals = [Dual(x, np.ones_like(x)) for x in singles]
    out = scenario.f(*duals)
    assert out.dtype == np.float32 and np.asarray(out.tangent).dtype == np.float32


LAYOUTS = {
    "Fortran order": np.asfortranarray,
    "strided": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "reversed": lambda x: np.flip(np.flip(x).copy()),
    "transposed": lambda x: np.ascontiguousarray(x.T).T,
    "read-only": lambda x: _read_only(x.copy()),
}


def _read_only(x):
    x.flags.writeable = False
    return x


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if any(np.ndim(x) for x in s.inputs)], ids=repr)
def test_memory_layout_does_not_matter(scenario, layout):
    laid_out = tuple(LAYOUTS[layout](x) if np.ndim(x) else x for x in scenario.inputs)
    for transform in (jacfwd, jacrev):
        assert_same(
            transform(scenario.f, everything(scenario))(*laid_out),
            transform(scenario.f, everything(scenario))(*scenario.inputs),
        )


@pytest.mark.parametrize("name", sorted({s.primitive for s in SCENARIOS} & set(dir(np)) - {"copy"}))
@pytest.mark.parametrize("transform", [jacfwd, jacrev])
def test_integers_are_promoted(name, transform):
    if name not in {s.name.partition("/")[0] for s in SCENARIOS if s.inputs and s.f is getattr(v, name, None)}:
        return
    f = getattr(v, name)
    count = len(BY_NAME[next(s.name for s in SCENARIOS if s.primitive == name)].inputs)
    integers = (np.array([1, 2, 3]), np.array([2, 1, 2]))[:count]
    floats = tuple(x.astype(float) for x in integers)
    if name in ("arccos", "arcsin", "arctanh"):
        integers, floats = (np.array([0, 0]),), (np.zeros(2),)
    with np.errstate(all="ignore"):
        assert_same(transform(f)(*integers), transform(f)(*floats))
        if np.asarray(f(*integers)).dtype.kind == "f":
            assert_same(f(*integers), f(*floats))


@pytest.mark.parametrize("transform", [jacfwd, jacrev])
@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)], ids=str)
@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * x,
        lambda x: np.exp(x) / 2,
        lambda x: x.sum(),
        lambda x: x.prod(),
        lambda x: x.sum(axis=0),
        lambda x: x.reshape(-1),
        lambda x: x.T,
        lambda x: np.concatenate([x, x]),
        lambda x: x[..., ::-1],
        lambda x: np.dot(x.reshape(-1), x.reshape(-1)),
        lambda x: np.cumsum(x),
        lambda x: np.where(x > 0, x, 0.0),
        lambda x: x @ x.T,
    ],
)
def test_empty_arrays(f, shape, transform):
    x = np.zeros(shape)
    found = transform(f)(x)
    assert found.shape == np.shape(f(x)) + shape and found.size == 0


@pytest.mark.parametrize(
    "name", sorted({s.primitive for s in SCENARIOS if s.f is getattr(v, s.primitive, None)} - {"where", "matmul"})
)
def test_nan_stays_in_its_own_entry(name):
    count = len(next(s.inputs for s in SCENARIOS if s.primitive == name))
    if name in ("conj", "copy", "fmax", "fmin"):
        return
    x = np.array([0.7, np.nan, 0.4])
    inputs = (x, np.array([0.6, 0.5, 0.3]))[:count]
    if name == "arccosh":
        inputs = (x + 1,)
    f = getattr(v, name)
    for transform in (jacfwd, jacrev):
        with np.errstate(invalid="ignore"):
            found = transform(f)(*inputs)
        clean = transform(f)(np.where(np.isnan(inputs[0]), inputs[0][0], inputs[0]), *inputs[1:])
        for i in (0, 2):
            assert_same(found[i], clean[i])
    with np.errstate(invalid="ignore"):
        assert np.isnan(v.sum(f(*inputs)))


def test_nan_stays_in_its_own_reduction():
    x = np.array([[1.0, np.nan, 2.0], [3.0, 4.0, 5.0]])
    for f in (v.sum, v.prod, v.max, v.min, v.mean):
        for transform in (jacfwd, jacrev):
            found = transform(lambda x, f=f: f(x, axis=1))(x)
            assert np.isfinite(found[1]).all(), (f, transform)
            assert_same(found[1, 0], np.zeros(3))
            assert_same(found[0, 1], np.zeros(3))


@pytest.mark.parametrize("transform", [jacfwd, jacrev])
def test_zero_dimensional_arrays_are_numbers(transform):
    for x in (np.array(0.5), np.float64(0.5), 0.5):
        found = transform(lambda x: np.exp(x) * x)(x)
        assert np.shape(found) == () and found == pytest.approx(1.5 * np.exp(0.5))
        found = transform(lambda x: np.stack([x, 2 * x]))(x)
        assert found.tolist() == [1.0, 2.0]
    found = transform(lambda x: x.reshape(()) * 2)(np.array([3.0]))
    assert_same(found, np.array([2.0]))


ARRAYS_OF_A_NUMBER = {
    "broadcast_to": lambda s: np.broadcast_to(s, ()),
    "ellipsis": lambda s: s[...],
    "transpose": lambda s: np.transpose(s),
    "reshape": lambda s: np.reshape(s, ()),
    "squeeze": lambda s: np.squeeze(s),
    "einsum": lambda s: np.einsum("->", s),
}


@pytest.mark.parametrize("transform", [jacfwd, jacrev])
@pytest.mark.parametrize("name", ARRAYS_OF_A_NUMBER)
def test_a_number_that_numpy_makes_an_array_keeps_its_derivative(name, transform):
    """NumPy answers with an array without axes, of which a reshape is a view; the cotangent of a number has none."""
    bent = ARRAYS_OF_A_NUMBER[name]
    for x in (0.5, np.float64(0.5), np.array(0.5)):
        assert_same(transform(lambda x: np.reshape(bent(x), (1,)) @ np.array([3.0]))(x), 3.0)
    assert_same(
        transform(lambda x: np.reshape(bent(x[1]), (1, 1)) * 3.0)(np.array([0.3, 0.6])), np.array([[[0.0, 3.0]]])
    )


def test_results_of_plain_calls_are_plain_numpy():
    x = np.array([[0.3, 0.6], [0.1, 0.2]])
    for name in ("sin", "exp", "sum", "cumsum", "matmul", "concatenate", "max", "zeros_like"):
        ours, theirs = getattr(v, name), getattr(np, name)
        args = ([x, x],) if name == "concatenate" else (x, x) if name == "matmul" else (x,)
        assert type(ours(*args)) is type(theirs(*args))
        assert_same(ours(*args), theirs(*args), 0, 0)


# -- special functions, to the last digits

MPMATH = {
    "erf": (mpmath.erf, [-3.0, -0.5, 0.0, 1e-8, 2.5]),
    "erfc": (mpmath.erfc, [-3.0, 0.0, 2.5, 10.0]),
    "gammaln": (mpmath.loggamma, [0.01, 0.5, 1.0, 2.0, 7.3, 170.5]),
    "digamma": (mpmath.digamma, [0.01, 0.5, 1.0, 2.0, 7.3, 170.5]),
    "expit": (lambda x: 1 / (1 + mpmath.exp(-x)), [-700.0, -40.0, 0.0, 3.0, 40.0]),
    "log_expit": (lambda x: -mpmath.log(1 + mpmath.exp(-x)), [-700.0, -40.0, 0.0, 3.0, 40.0]),
    "logit": (lambda x: mpmath.log(x / (1 - x)), [1e-9, 0.3, 0.5, 0.999]),
    "ndtr": (mpmath.ncdf, [-8.0, -1.0, 0.0, 2.0, 8.0]),
    "log_ndtr": (lambda x: mpmath.log(mpmath.ncdf(x)), [-30.0, -8.0, -1.0, 0.0, 2.0]),
    "log1p": (lambda x: mpmath.log(1 + x), [-0.9, 1e-12, 3.0]),
    "expm1": (lambda x: mpmath.exp(x) - 1, [-30.0, 1e-12, 3.0]),
    "tanh": (mpmath.tanh, [-18.0, -1e-9, 0.5, 15.0]),
    "arcsin": (mpmath.asin, [-0.999999, 0.5, 0.9999999]),
    "arccosh": (mpmath.acosh, [1.0000001, 3.0, 1e8]),
    "cbrt": (lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), [-8.0, -1e-9, 2.0]),
}


@pytest.mark.parametrize(("name", "x"), [(name, x) for name, (_, points) in MPMATH.items() for x in points])
def test_special_functions_against_mpmath(name, x):
    f, exact = getattr(v, name), MPMATH[name][0]
    with mpmath.workdps(60):
        first, second = (float(mpmath.re(mpmath.diff(exact, mpmath.mpf(x), n))) for n in (1, 2))
    assert grad(f)(x) == pytest.approx(first, rel=4e-15 * _condition(name, x), abs=1e-15)
    assert jvp(f, (x,), (1.0,))[1] == pytest.approx(first, rel=4e-15 * _condition(name, x), abs=1e-15)
    assert hessian(f)(x) == pytest.approx(second, rel=1e-12 * _condition(name, x), abs=1e-15)


def _condition(name, x):
    """How far the formula used magnifies rounding; 1 is a few last digits."""
    if name in ("arcsin", "arccosh", "logit"):
        return 10
    if name in ("erf", "erfc", "ndtr", "log_ndtr"):
        return 1 + x * x
    return {"tanh": 1e3 if abs(x) > 5 else 2, "expit": 2, "log_expit": 2}.get(name, 2)


def test_order_of_polygamma_has_no_derivative():
    with pytest.raises(NoRule, match="plain number"):
        grad(lambda n: v.polygamma(n, 2.0))(1.0)


def test_scipys_ufuncs_reach_the_vocabulary():
    for name in ("erf", "gammaln", "digamma", "expit", "xlogy", "log_ndtr"):
        args = (0.3, 0.6)[: 2 if name == "xlogy" else 1]
        assert grad(getattr(scipy.special, name))(*args) == grad(getattr(v, name))(*args)

"""Covariances, components, what a Measurement refuses, how it prints, and facts from elsewhere."""

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.special
from truth import assert_same

from interp.errors import InterpError, NoRule, ShapeError, UnsupportedInput
from interpretations import grad
from interpretations.measurements import (
    Measurement,
    correlated_measurements,
    correlation_matrix,
    covariance_matrix,
    error_components,
)

FACTS = json.loads((Path(__file__).parents[1] / "data" / "measurements.json").read_text())


@pytest.fixture
def names():
    made = {name: Measurement(value, std) for name, (value, std) in FACTS["inputs"].items()}
    return made | {"np": np, "special": scipy.special, "nan": np.nan, "Measurement": Measurement}


def of_kind(*kinds):
    chosen = [fact for fact in FACTS["facts"] if fact["kind"] in kinds]
    return pytest.mark.parametrize("fact", chosen, ids=lambda f: str(f.get("expression", f.get("text", f["kind"]))))


@of_kind("scalar", "array", "correlated")
def test_facts_of_propagation(fact, names):
    if fact["kind"] == "correlated":
        names["p"] = correlated_measurements(fact["values"], fact["covariance"])
    out = eval(fact["expression"], names)
    nominal, std = (out.nominal_value, out.std_dev) if isinstance(out, Measurement) else (out, 0.0)
    tolerance = fact.get("absolute_tolerance", 1e-15)
    np.testing.assert_allclose(nominal, fact["nominal"], 1e-12, max(tolerance, 1e-15))
    np.testing.assert_allclose(std, fact["std"], 1e-12, tolerance)


@of_kind("covariance", "correlation")
def test_facts_of_covariance(fact, names):
    compute = {"covariance": covariance_matrix, "correlation": correlation_matrix}[fact["kind"]]
    found = compute([eval(expression, names) for expression in fact["expressions"]])
    np.testing.assert_allclose(found, fact["matrix"], 1e-12, 1e-15)


@of_kind("component", "derivative")
def test_facts_of_components(fact, names):
    out = eval(fact["expression"], names)
    found = error_components(out) if fact["kind"] == "component" else out.derivatives
    expected = fact.get("components", fact.get("derivatives"))
    assert len(found) == len(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(found[names[name]], value, 1e-12)


@of_kind("comparison")
def test_facts_of_comparison(fact, names):
    assert bool(eval(fact["expression"], names)) == fact["truth"]


@of_kind("format")
def test_facts_of_printing(fact):
    assert str(Measurement(fact["nominal"], fact["std"])) == fact["text"]


# -- covariances


def test_covariance_of_arrays_and_constants():
    x = Measurement(np.array([1.0, 2.0]), [0.1, 0.2])
    y = Measurement(3.0, 0.3)
    j = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0], [3, 0, 1], [0, 3, 2], [1, 1, 0]], float)
    expected = j @ np.diag([0.01, 0.04, 0.09]) @ j.T
    assert_same(covariance_matrix([x, 5.0, x * y, x.sum()]), expected)
    std = np.sqrt(np.diagonal(expected))
    with np.errstate(invalid="ignore"):
        assert_same(correlation_matrix([x, 5.0, x * y, x.sum()]), expected / np.outer(std, std))


def test_covariance_of_constants_is_zero():
    assert_same(covariance_matrix([1.0, np.ones(2)]), np.zeros((3, 3)))
    with pytest.raises(ShapeError):
        covariance_matrix([])


def test_covariance_matrix_comes_back():
    rng = np.random.default_rng(1)
    a = rng.normal(size=(5, 5)) * [1e-6, 1.0, 1e6, 1.0, 1.0]
    c = a.T @ a
    unit = np.sqrt(np.outer(np.diagonal(c), np.diagonal(c)))
    p = correlated_measurements(np.ones(5), c)
    assert_same(covariance_matrix(p) / unit, c / unit)
    assert_same(p.std_dev / np.sqrt(np.diagonal(c)), np.ones(5))
    rank_one = np.outer([1.0, 2.0, 0.0], [1.0, 2.0, 0.0])
    assert_same(covariance_matrix(correlated_measurements(np.zeros(3), rank_one)), rank_one, 1e-12, 1e-7)


def test_covariance_of_a_grid_and_of_a_number():
    c = np.diag([1.0, 2.0, 3.0, 4.0])
    p = correlated_measurements(np.zeros((2, 2)), c)
    assert_same(p.std_dev, np.sqrt(np.array([[1.0, 2.0], [3.0, 4.0]])))
    assert_same(correlated_measurements(1.0, [[0.04]]).std_dev, 0.2)


def test_sensitivity_of_a_covariance():
    def covariance(x):
        m = Measurement(x, np.array([0.1, 0.2]))
        return covariance_matrix([m[0] * m[1], m[0]])[0, 1]

    assert_same(grad(covariance)(np.array([3.0, 4.0])), np.array([0.0, 0.01]))


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1.0, 0.5], [0.4, 1.0]], "symmetric"),
        ([[1.0, 2.0], [2.0, 1.0]], "positive semidefinite"),
        ([[0.0, 0.1], [0.1, 1.0]], "positive semidefinite"),
        ([[-1.0, 0.0], [0.0, 1.0]], "negative variance"),
        ([[np.nan, 0.0], [0.0, 1.0]], "finite"),
        ([1.0, 1.0], "shape"),
        ([[1.0]], "shape"),
    ],
)
def test_refused_covariances(matrix, message):
    with pytest.raises(InterpError, match=message):
        correlated_measurements([1.0, 2.0], matrix)


# -- components


def test_components_of_arrays():
    x, y = Measurement(np.array([1.0, 2.0]), [0.1, 0.2]), Measurement(3.0, 0.3)
    out = x * y
    assert_same(out.derivatives[x], np.diag([3.0, 3.0]))
    assert_same(out.derivatives[y], np.array([1.0, 2.0]))
    components = error_components(out)
    assert_same(components[x], np.diag([0.3, 0.6]))
    assert_same(components[y], np.array([0.3, 0.6]))
    total = np.sum(components[x] ** 2, axis=1) + components[y] ** 2
    assert_same(np.sqrt(total), out.std_dev)
    moved = (x[::-1] * 2.0).derivatives[x.source]
    assert_same(moved, np.array([[0.0, 2.0], [2.0, 0.0]]))
    with pytest.raises(InterpError, match="calculated"):
        out.derivatives[2.0 * x]
    with pytest.raises(KeyError):
        out.derivatives[Measurement(1.0, 0.1)]


# -- refusals and printing


@pytest.mark.parametrize(
    ("value", "std", "error"),
    [
        (1.0, -0.1, InterpError),
        (1.0, np.nan, InterpError),
        (1.0, np.inf, InterpError),
        (np.ones(2), [0.1, -0.1], InterpError),
        (np.ones(2), np.ones(3), ShapeError),
        (1.0, np.ones(3), ShapeError),
        (1j, 0.1, UnsupportedInput),
        ("1.0", 0.1, UnsupportedInput),
        (np.array([1.0, None]), 0.1, UnsupportedInput),
    ],
)
def test_refused_constructions(value, std, error):
    with pytest.raises(error):
        Measurement(value, std)


def test_leaving_the_interpretation_raises():
    x = Measurement(1.0, 0.1)
    for strip in (float, np.asarray, lambda x: np.array([x, x]), hash):
        with pytest.raises(TypeError):
            strip(x)
    with pytest.raises(NoRule):
        np.frexp(x)


def test_printing():
    assert repr(Measurement(3.0, 0.1)) == "Measurement(3.00+/-0.10)"
    assert str(Measurement(np.array([1.0, 20.0]), [0.1, 3.0])) == "[1.00+/-0.10 20.0+/-3.0]"
    assert str(Measurement(5e-324, 5e-324)).endswith("e-324")
    assert str(Measurement(1.0, 99.0)) == "(0.0+/-1.0)e+02"
    assert str(Measurement(9.9996e20, 5e17)) == "(1.0000+/-0.0005)e+21"
    assert str(Measurement(6.62607e-34, 1e-40)) == "(6.6260700+/-0.0000010)e-34"
    assert len(str(Measurement(np.zeros(10_000), 0.1))) < 1000

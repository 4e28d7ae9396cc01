"""The GradBench adapter, played with on small inputs: every answer against a closed form or differences."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.special import multigammaln

pytest.importorskip("numba")

from benchmarks import eager, gradbench, gradbench_eager
from interpretations import grad

ROOT = Path(__file__).parent.parent
RNG = np.random.default_rng(8)


TABLES = {"compiled": gradbench.table_of_ours, "eager": gradbench_eager.table_of_eager}


@pytest.fixture(scope="module", params=TABLES)
def table(request):
    return TABLES[request.param]()


@pytest.fixture(scope="module")
def compiled():
    return gradbench.table_of_ours()


def answer(table, module, function, given):
    """The output of one evaluate message, which has to succeed."""
    message = {"id": 7, "kind": "evaluate", "module": module, "function": function, "input": given}
    (line,) = gradbench.responses([json.dumps(message)], table, "interp")
    response = json.loads(line)
    assert response["id"] == 7 and response["success"], response.get("error")
    assert len(response["timings"]) == (given.get("min_runs", 1) if isinstance(given, dict) else 1)
    assert all(t["name"] == "evaluate" and t["nanoseconds"] > 0 for t in response["timings"])
    return response["output"]


def differences(f, x, step=1e-6):
    """Central differences of a function of a list, of order step**2."""
    x, slopes = np.array(x), []
    for i in range(x.size):
        e = np.zeros_like(x)
        e.flat[i] = step
        slopes.append((f((x + e).tolist()) - f((x - e).tolist())) / (2 * step))
    return np.reshape(slopes, x.shape)


@pytest.mark.parametrize(("module", "tool"), [("gradbench", "interp"), ("gradbench_eager", "interp, eager")])
def test_the_protocol_in_a_process_of_its_own(module, tool):
    lines = [
        {"id": 0, "kind": "start", "eval": "hello"},
        {"id": 1, "kind": "define", "module": "hello"},
        {"id": 2, "kind": "define", "module": "nothing like it"},
        {"id": 3, "kind": "evaluate", "module": "hello", "function": "double", "input": 3.0},
        {"id": 4, "kind": "evaluate", "module": "hello", "function": "triple", "input": 3.0},
        {"id": 5, "kind": "analysis", "of": 3, "valid": True},
    ]
    run = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}"],
        input="".join(json.dumps(line) + "\n" for line in lines),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    start, known, unknown, double, triple, analysis = map(json.loads, run.stdout.splitlines())
    assert start == {"id": 0, "tool": tool}
    assert known == {"id": 1, "success": True} and unknown == {"id": 2, "success": False}
    assert double["output"] == 6.0 and double["success"]
    assert not triple["success"] and "KeyError" in triple["error"]
    assert analysis == {"id": 5}


def test_det(table):
    a = RNG.random((4, 4))
    given = {"A": a.ravel().tolist(), "ell": 4, "min_runs": 2, "min_seconds": 0.0}
    assert answer(table, "det", "primal", given) == pytest.approx(np.linalg.det(a), rel=1e-12)
    cofactors = np.linalg.det(a) * np.linalg.inv(a).T
    assert np.allclose(answer(table, "det", "gradient", given), cofactors.ravel(), rtol=1e-11, atol=1e-13)


def test_llsq(table):
    x = RNG.random(5)
    given = {"x": x.tolist(), "n": 7}
    t = np.linspace(-1.0, 1.0, 7)
    powers = t[:, None] ** np.arange(5)
    gap = np.sign(t) - powers @ x
    assert answer(table, "llsq", "primal", given) == pytest.approx(0.5 * gap @ gap, rel=1e-12)
    assert np.allclose(answer(table, "llsq", "gradient", given), -gap @ powers, rtol=1e-11, atol=1e-13)


def test_lse(table):
    x = 700.0 + RNG.random(6)  # exp(700) ** 2 is infinite
    given = {"x": x.tolist()}
    weights = np.exp(x - 700.0)
    value = 700.0 + np.log(weights.sum())
    assert answer(table, "lse", "primal", given) == pytest.approx(value, rel=1e-14)
    assert np.allclose(answer(table, "lse", "gradient", given), weights / weights.sum(), rtol=1e-12)


def test_ode(table):
    x, s = 2.0 * RNG.random(3), 4
    given = {"x": x.tolist(), "s": s}
    # y[i] = x[0] ... x[i] t**(i + 1) / (i + 1)!, which four stages integrate exactly up to degree 4
    exact = np.cumprod(x) * [2.0, 2.0, 8.0 / 6.0]
    assert np.allclose(answer(table, "ode", "primal", given), exact, rtol=1e-13)
    assert np.allclose(answer(table, "ode", "gradient", given), exact[-1] / x, rtol=1e-12)


def test_kmeans(table):
    points = RNG.random((12, 2))
    centroids = points[-3:] + 0.01
    given = {"points": points.tolist(), "centroids": centroids.tolist()}
    squares = ((points[:, None] - centroids) ** 2).sum(axis=2)
    assert answer(table, "kmeans", "cost", given) == pytest.approx(squares.min(axis=1).sum(), rel=1e-13)
    nearest = squares.argmin(axis=1)
    means = np.array([points[nearest == j].mean(axis=0) for j in range(3)])
    assert np.allclose(answer(table, "kmeans", "dir", given), centroids - means, rtol=1e-11, atol=1e-13)


MODES = ["rr", "ff", "fr", "rf"]


@pytest.mark.parametrize("letters", MODES)
def test_particle(compiled, letters):
    """GradBench's own answer; and the least crossing has no slope, by differences of a simulation on floats."""
    w = answer(compiled, "particle", letters, {"w": 0.0})
    assert w == pytest.approx(0.2071918746486116, rel=1e-13)

    def end(at):
        x, y, u, v = 0.0, 8.0, 0.75, 0.0
        while y + 0.1 * v >= 0.0:
            a, b = differences(lambda q: gradbench.potential(*q, at[0]), [x, y])
            x, y, u, v = x + 0.1 * u, y + 0.1 * v, u - 0.1 * a, v - 0.1 * b
        return (x - y / v * u) ** 2

    assert end([w]) < 1e-8 < end([w + 0.01]) and end([w - 0.01]) > 1e-8


@pytest.mark.parametrize("letters", MODES)
def test_saddle(compiled, letters):
    """GradBench's own answer; the saddle is at 0, and each descent stops within its tolerance of it."""
    found = answer(compiled, "saddle", letters, {"start": [1.0, 1.0]})
    assert found == pytest.approx([8.246324826140356e-06] * 4, rel=1e-10)


def test_the_functions_within_run_as_plain_python_too():
    """From a start near the saddle the optimisers take a few steps; eager reverse and forward mode."""
    for derivative in (*gradbench.MODES.values(), *gradbench_eager.MODES.values()):
        slope = derivative(gradbench.crossing)(0.2, derivative)
        (expected,) = differences(lambda at: gradbench.crossing(at[0], grad), [0.2])
        assert slope == pytest.approx(expected, rel=1e-6)
        found = gradbench.saddle((1e-4, 1e-4), derivative, derivative)
        assert len(found) == 4 and 0.0 < max(map(abs, found)) <= 1e-4


@pytest.mark.parametrize("d", [1, 3])
def test_gmm(table, d):
    k, n, m, gamma = 2, 4, 1, 0.7
    parameters = {
        "alpha": RNG.normal(size=k),
        "mu": RNG.uniform(size=(k, d)),
        "q": RNG.normal(size=(k, d)),
        "l": RNG.normal(size=(k, d * (d - 1) // 2)),
    }
    given = {"d": d, "k": k, "n": n, "m": m, "gamma": gamma, "x": RNG.normal(size=(n, d)).tolist()}

    def objective(**changed):
        parts = {name: np.asarray(x).tolist() for name, x in (parameters | changed).items()}
        return answer(table, "gmm", "objective", given | parts)

    factors = np.zeros((k, d, d))
    columns, rows = np.triu_indices(d, 1)
    factors[:, rows, columns] = parameters["l"]
    factors[:, range(d), range(d)] = np.exp(parameters["q"])
    gaps = np.einsum("kij,knj->kni", factors, np.array(given["x"]) - parameters["mu"][:, None])
    beta = (parameters["alpha"] + parameters["q"].sum(axis=1))[:, None] - 0.5 * (gaps**2).sum(axis=2)
    dof = d + m + 1
    expected = np.log(np.exp(beta).sum(axis=0)).sum() - n * np.log(np.exp(parameters["alpha"]).sum())
    expected += -0.5 * gamma**2 * (factors**2).sum() + m * parameters["q"].sum() - 0.5 * n * d * np.log(2 * np.pi)
    expected += k * (dof * d * np.log(gamma / np.sqrt(2)) - multigammaln(0.5 * dof, d))
    assert objective() == pytest.approx(expected, rel=1e-12)

    slopes = answer(table, "gmm", "jacobian", given | {name: x.tolist() for name, x in parameters.items()})
    for name, x in parameters.items():
        assert np.allclose(slopes[name], differences(lambda v, name=name: objective(**{name: v}), x), atol=1e-6)


def test_the_sweeps_by_hand_are_those_of_the_programs():
    for name, f, by_hand, args, argnums, _ in eager.programs():
        if by_hand is not None and name != "gmm (64, 50)":
            value, *slopes = by_hand(*args)
            assert value == pytest.approx(f(*args), rel=1e-12)
            for ours, theirs in zip(grad(f, argnums)(*args), slopes, strict=True):
                assert np.allclose(ours, theirs, rtol=1e-9, atol=1e-12)

"""The main job: fit a Weibull model to the lung cancer data, and ask its log-likelihood everything.

One plain function of the parameters is fitted with its gradient and Hessian, and then run on other
numbers: error bars, intervals, tracers, and all of them stacked in one pass.
"""

import argparse
from typing import Any

import numpy as np

from interp import interpret
from interpretations import (
    Interval,
    enclose,
    gradient,
    jacobian_sparsity,
    sparsity,
    uncertainty,
)
from interpretations.report import Table, print_json, print_tables
from interpretations.survival.data import Survival, lung
from interpretations.survival.fit import Fit, fit
from interpretations.survival.model import contributions, log_likelihood, quantile

BOX = 0.5
"""Default radius of the parameter box, in standard errors."""
SAMPLES = 2000
"""Points at which the log-likelihood is sampled in the box, its corners besides."""
PATIENT = np.array([1.0, 60.0, 2.0])
"""A woman of 60: intercept, age, sex."""


def run(options: argparse.Namespace) -> None:
    """Fit and print; ``options.json`` chooses the form."""
    facts = analyse(lung())
    if options.json:
        print_json(facts)
    else:
        print_tables(tables(facts))


def analyse(data: Survival) -> dict[str, Any]:
    """Everything the job shows, as plain numbers and arrays by name."""
    fitted = fit(data)
    return {
        "data": {
            "source": "NCCTG lung cancer (R package survival)",
            "patients": len(data.time),
            "deaths": int(data.event.sum()),
        },
        "fit": {
            "names": fitted.names,
            "parameters": fitted.parameters,
            "standard_errors": fitted.standard_errors,
            "gradient": fitted.gradient,
            "log_likelihood": fitted.log_likelihood,
            "scale": np.exp(fitted.parameters[-1]),
            "iterations": fitted.iterations,
        },
        "median": median(fitted),
        "enclosure": enclosure(data, fitted),
        "pattern": pattern(data, fitted),
        "one_pass": one_pass(data, fitted),
    }


def median(fitted: Fit) -> dict[str, Any]:
    """Predicted median survival of one patient, with the error bar that the estimates' covariance gives it."""
    predicted = interpret(quantile(PATIENT, 0.5), uncertainty(covariance=fitted.covariance))(fitted.parameters)
    return {"age": 60, "sex": 2, "days": predicted.value, "std": predicted.std}


def enclosure(data: Survival, fitted: Fit) -> dict[str, Any]:
    """A proven enclosure of the log-likelihood over a box around the estimates, and the range sampled in it."""
    total = log_likelihood(data)
    radius = BOX * fitted.standard_errors
    proven = enclose(total, Interval(fitted.parameters - radius, fitted.parameters + radius))
    rng = np.random.default_rng(0)
    corners = np.stack(np.meshgrid(*[[-1.0, 1.0]] * len(radius)), axis=-1).reshape(-1, len(radius))
    points = np.concatenate([corners, rng.uniform(-1.0, 1.0, (SAMPLES, len(radius)))])
    sampled = [total(fitted.parameters + radius * point) for point in points]
    lo, hi = float(proven.lo), float(proven.hi)
    return {
        "radius": radius,
        "lower": lo,
        "upper": hi,
        "sampled_lower": min(sampled),
        "sampled_upper": max(sampled),
        "width_ratio": (hi - lo) / (max(sampled) - min(sampled)),
    }


def pattern(data: Survival, fitted: Fit) -> dict[str, Any]:
    """Which parameters each patient's contribution depends on, for every value of the parameters."""
    found = jacobian_sparsity(contributions(data), fitted.parameters)
    return {"shape": found.shape, "nonzeros": int(found.nnz), "depends": found.sum(axis=0)}


def one_pass(data: Survival, fitted: Fit) -> dict[str, Any]:
    """Gradient, error bars and pattern from a single run of the log-likelihood."""
    result = interpret(log_likelihood(data), gradient(), uncertainty(covariance=fitted.covariance), sparsity())(
        fitted.parameters
    )
    return {
        "value": result.value,
        "std": result.std,
        "gradient": result.gradient,
        "gradient_std": result.reading("gradient").std,
        "hessian_pattern": result.reading("gradient").sparsity.toarray().astype(int),
    }


def tables(facts: dict[str, Any]) -> list[Table]:
    """The facts as tables."""
    fitted, stacked, box = facts["fit"], facts["one_pass"], facts["enclosure"]
    names = fitted["names"]
    z = fitted["parameters"] / fitted["standard_errors"]
    seen = facts["pattern"]
    return [
        Table(
            "Weibull accelerated failure time model, S(t|x) = S0(t exp(-x'b))",
            ["parameter", "estimate", "std. error", "z", "gradient"],
            zip(names, fitted["parameters"], fitted["standard_errors"], z, fitted["gradient"], strict=True),
            f"{facts['data']['patients']} patients, {facts['data']['deaths']} deaths; scale {fitted['scale']:.6g}; "
            f"log-likelihood {fitted['log_likelihood']:.6f}; {fitted['iterations']} iterations",
        ),
        Table(
            "Predicted median survival (Measurement: error bar from the covariance of the estimates)",
            ["patient", "days", "+-"],
            [["woman of 60", facts["median"]["days"], facts["median"]["std"]]],
        ),
        Table(
            f"Log-likelihood over a box of {BOX:g} standard errors (Interval)",
            ["", "lower", "upper"],
            [
                ["proven", f"{box['lower']:.6f}", f"{box['upper']:.6f}"],
                ["sampled", f"{box['sampled_lower']:.6f}", f"{box['sampled_upper']:.6f}"],
            ],
            f"the proven enclosure is {box['width_ratio']:.2f} times as wide as the sampled range",
        ),
        Table(
            "What the contributions depend on (SparsityTracer)",
            ["parameter", "patients"],
            zip(names, seen["depends"], strict=True),
            f"pattern of shape {seen['shape'][0]} x {seen['shape'][1]}, {seen['nonzeros']} entries",
        ),
        Table(
            "All in one pass: derivatives of Measurements of SparsityTracers",
            ["parameter", "gradient", "std of it", "row of the Hessian's pattern"],
            [
                [name, g, s, " ".join(map(str, row))]
                for name, g, s, row in zip(
                    names, stacked["gradient"], stacked["gradient_std"], stacked["hessian_pattern"], strict=True
                )
            ],
            f"log-likelihood {stacked['value']:.6f} +- {stacked['std']:.3g}",
        ),
    ]

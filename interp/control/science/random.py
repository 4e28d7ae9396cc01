"""`numpy.random` with parameters that are values: a draw of the standard distribution, moved and scaled.

The generator draws at plain numbers, from the same stream as a plain call, so the numbers are the same; the result is
the function of the parameters that gives them (reparameterisation: Kingma and Welling 2014). Distributions that have
no such form (gamma, beta, Poisson, ...) are refused.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from interp.control.foreign import register
from interp.errors import ForeignCall
from interp.value import shape_of
from interp.vocabulary import exp, expm1, sqrt
from interp.vocabulary.creation import as_operand

GENERATORS = (np.random.Generator, np.random.RandomState)

Draw = Callable[[Any, Any], Any]
"""``(generator, size)``: numbers of the standard distribution."""

FORMULAS: dict[str, tuple[Draw, Callable[..., Any], tuple[float | None, ...]]] = {
    # name: (standard draw, formula of the draw and the parameters, defaults of the parameters)
    "normal": (lambda g, size: g.standard_normal(size), lambda z, loc, scale: loc + scale * z, (0.0, 1.0)),
    "lognormal": (lambda g, size: g.standard_normal(size), lambda z, mu, sigma: exp(mu + sigma * z), (0.0, 1.0)),
    "uniform": (lambda g, size: g.random(size), lambda z, low, high: low + (high - low) * z, (0.0, 1.0)),
    "exponential": (lambda g, size: g.standard_exponential(size), lambda z, scale: scale * z, (1.0,)),
    "logistic": (lambda g, size: g.logistic(size=size), lambda z, loc, scale: loc + scale * z, (0.0, 1.0)),
    "gumbel": (lambda g, size: g.gumbel(size=size), lambda z, loc, scale: loc + scale * z, (0.0, 1.0)),
    "laplace": (lambda g, size: g.laplace(size=size), lambda z, loc, scale: loc + scale * z, (0.0, 1.0)),
    "rayleigh": (lambda g, size: g.standard_exponential(size), lambda z, scale: scale * sqrt(2.0 * z), (1.0,)),
    "weibull": (lambda g, size: g.standard_exponential(size), lambda z, a: z ** (1.0 / a), (None,)),
    "pareto": (lambda g, size: g.standard_exponential(size), lambda z, a: expm1(z / a), (None,)),
}

NAMES = {"lognormal": ("mean", "sigma"), "uniform": ("low", "high"), "weibull": ("a",), "pareto": ("a",)}
"""Parameters that are not called loc and scale."""


def _reparameterised(name: str) -> Callable[..., Any]:
    draw, formula, defaults = FORMULAS[name]
    names = NAMES.get(name, ("loc", "scale")[-len(defaults) :])

    def rule(generator: Any, *args: Any, **options: Any) -> Any:
        given = dict(zip((*names, "size"), args, strict=False)) | options
        size = given.pop("size", None)
        parameters = [as_operand(given.pop(key, default)) for key, default in zip(names, defaults, strict=True)]
        if given:
            raise TypeError(f"{name}() got an unexpected argument: {', '.join(given)}")
        if size is None:
            size = np.broadcast_shapes(*map(shape_of, parameters)) or None
        return formula(draw(generator, size), *parameters)

    return rule


REFUSED = (
    "beta",
    "binomial",
    "chisquare",
    "dirichlet",
    "f",
    "gamma",
    "geometric",
    "multinomial",
    "multivariate_normal",
    "negative_binomial",
    "noncentral_chisquare",
    "poisson",
    "power",
    "standard_gamma",
    "standard_t",
    "triangular",
    "vonmises",
    "wald",
    "zipf",
)


def _refusing(name: str) -> Callable[..., Any]:
    def rule(generator: Any, *args: Any, **options: Any) -> Any:
        raise ForeignCall(
            f"numpy.random's {name} with a parameter that is a value: its draws are no function of the parameter that "
            f"could be differentiated. Those of {', '.join(sorted(FORMULAS))} are; or draw with interp.primal(...), "
            "and weight by the likelihood ratio"
        )

    return rule


def _permutation(generator: Any, x: Any, *args: Any, **options: Any) -> Any:
    x = as_operand(x)
    return x[generator.permutation(shape_of(x)[0])]


def _choice(generator: Any, a: Any, size: Any = None, replace: bool = True, p: Any = None, *rest: Any) -> Any:
    """Elements of a value, at positions that are drawn; probabilities must be plain."""
    a = as_operand(a)
    return a[generator.choice(shape_of(a)[0], size, replace, p, *rest)]


for _generator in GENERATORS:
    for _name in FORMULAS:
        register(getattr(_generator, _name))(_reparameterised(_name))
    for _name in REFUSED:
        register(getattr(_generator, _name))(_refusing(_name))
    register(_generator.permutation)(_permutation)
    register(_generator.choice)(_choice)

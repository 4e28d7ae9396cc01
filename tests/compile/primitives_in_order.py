"""Compile primitives one after another in this process and compare each with eager code.

``python primitives_in_order.py TYPE name name ...`` prints one line for each primitive that differs, or that one
tier refuses and the other does not; nothing where all agree. The order of the names is that of compilation: what one
leaves behind in Numba's registries is there for the next.
"""

import sys
import warnings

import numpy as np
from agreement import assert_same, parts

import interp
from interp.errors import CompileError, NoRule
from interp.primitive import PRIMITIVES, Elementwise, Predicate
from interp.testing.cases import CASES
from interpretations import Dual, Interval, Measurement

# Numbers within every domain: of the cases that `check_composition` calls primitives on.
PAYLOAD = next(case for case in CASES if case.name == "add" and case.shapes == ((3,), (3,))).payload()
BEYOND_ONE = {"acosh"}
ORDER = {"polygamma": 1, "ive": 1}
"""The first operand of what takes an order: a plain integer."""


TESTS = ("logical_not", "isnan", "isfinite", "isinf", "signbit")
OVER_ARRAYS = ("any", "all", "argmax", "argmin", "argsort", "argpartition", "lexsort", "isin", "searchsorted")
NAMES = [name for name, p in PRIMITIVES.items() if isinstance(p, Elementwise | Predicate) and name not in OVER_ARRAYS]


def arity(primitive):
    return len(primitive.partials) if isinstance(primitive, Elementwise) else 1 if primitive.name in TESTS else 2


REFUSED = {
    "Interval": (
        *("floor_divide", "remainder", "fmod", "logaddexp", "erfc", "gammaln", "digamma", "expit", "log_expit"),
        *("logit", "ndtr", "log_ndtr", "xlogy", "xlog1py"),
    )
}
"""What has an eager rule and no native one: enclosures that are written for arrays alone."""


def nested(x, rng, depth):
    """A Dual of Duals in generic position: every one of its 2**depth numbers is different."""
    if not depth:
        return float(x)
    return Dual(nested(x, rng, depth - 1), nested(rng.normal(), rng, depth - 1))


TYPES = {
    "Dual of Dual of Dual": lambda x, rng: nested(x, rng, 3),
    "Interval": lambda x, rng: Interval(x, x + 0.01),
    "Measurement": lambda x, rng: Measurement(float(x), 0.01),
    "Dual, 8 directions": lambda x, rng: Dual(float(x), rng.normal(size=8)),
}


def calling(primitive):
    """A function of its own, as a user writes one."""
    return (lambda x: primitive(x)) if arity(primitive) == 1 else lambda x, y: primitive(x, y)


def attempt(f, *args):
    """The result, or the error that says there is none."""
    try:
        return f(*args)
    except (NoRule, CompileError) as error:
        return error


def difference(name, kind):
    """What is wrong with one primitive; "" if nothing is."""
    lift = TYPES[kind]
    primitive, rng = PRIMITIVES[name], np.random.default_rng(len(name))
    shift = 1.0 if name in BEYOND_ONE else 0.0
    operands = [lift(x + shift, rng) for x in PAYLOAD[: arity(primitive)]]
    if name in ORDER:
        operands[0] = ORDER[name]
    native = attempt(interp.compile(calling(primitive)), *operands)
    eager = attempt(calling(primitive), *operands)
    refused = [isinstance(x, Exception) for x in (native, eager)]
    if any(refused) or name in REFUSED.get(kind, ()):
        expected = [name in REFUSED.get(kind, ()) or refused[1], refused[1]]
        return "" if refused == expected else f"native: {native!r}; eager: {eager!r}"
    try:
        if isinstance(eager, Measurement):
            for _, got, want in parts(native, eager):
                np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-15)
        else:
            assert_same(native, eager)
    except AssertionError as error:
        return " ".join(str(error).split()) or "differs"
    return ""


def main(kind, *names):
    warnings.simplefilter("ignore")
    for name in names:
        wrong = difference(name, kind)
        if wrong:
            print(f"{name}: {wrong}")


if __name__ == "__main__":
    main(*sys.argv[1:])

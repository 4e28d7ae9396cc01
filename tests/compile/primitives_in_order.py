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
from interp.primitive import PRIMITIVES, Elementwise, Fixed, Predicate
from interp.vocabulary.catalogue import within
from interpretations import Dual, Interval, Measurement
from interpretations.intervals import native

TESTS = ("logical_not", "isnan", "isfinite", "isinf", "isposinf", "isneginf", "isreal", "iscomplex", "signbit")
OF_INTEGERS = (*(name for name in PRIMITIVES if name.startswith("bitwise")), "gcd", "lcm")
OVER_ARRAYS = ("any", "all", "argmax", "argmin", "argsort", "argpartition", "lexsort", "isin", "searchsorted")
NAMES = [
    name
    for name, p in PRIMITIVES.items()
    if isinstance(p, Elementwise | Predicate) and name not in OVER_ARRAYS + OF_INTEGERS
]


def arity(primitive):
    return len(primitive.partials) if isinstance(primitive, Elementwise) else 1 if primitive.name in TESTS else 2


REFUSED = {
    "Interval": (
        *(n for n in NAMES if isinstance(PRIMITIVES[n], Elementwise) and n not in native.TABLE),
        *("signbit", "isposinf", "isneginf", "isreal", "iscomplex", "logical_xor"),
    )
}
"""What has an eager rule and no native one: enclosures and tests that are written for arrays alone."""


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
    return {
        1: lambda x: primitive(x),
        2: lambda x, y: primitive(x, y),
        3: lambda x, y, z: primitive(x, y, z),
        4: lambda x, y, z, w: primitive(x, y, z, w),
    }[arity(primitive)]


def given(primitive, lift, rng):
    """Operands within the domain: lifted, and plain ones that are no variables."""
    if not isinstance(primitive, Elementwise):
        return [lift(x, rng) for x in within(0.25, 0.85, (arity(primitive),))]
    domain = primitive.domain
    varying = sum(not isinstance(p, Fixed) for p in primitive.partials)
    ranges = iter([domain] * varying if isinstance(domain[0], int | float) else domain)
    return [
        p.shown if isinstance(p, Fixed) else lift(float(within(*next(ranges), (4,), i)[i]), rng)
        for i, p in enumerate(primitive.partials)
    ]


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
    operands = given(primitive, lift, rng)
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

"""Compile primitives one after another in this process and compare each with eager code.

``python primitives_in_order.py TYPE name name ...`` prints one line for each primitive that differs, or that one
tier refuses and the other does not; nothing where all agree. The order of the names is that of compilation: what one
leaves behind in Numba's registries is there for the next.
"""

import sys
import warnings

import numpy as np
from agreement import assert_same

import interp
from interp.errors import CompileError, NoRule
from interp.primitive import PRIMITIVES, Elementwise, Predicate
from interp.testing.cases import CASES
from interpretations import Dual, Interval, Measurement

# Numbers within every domain: of the cases that `check_composition` calls primitives on.
PAYLOAD = next(case for case in CASES if case.name == "add" and case.shapes == ((3,), (3,))).payload()
BEYOND_ONE = {"acosh"}
ORDER = {"polygamma": 1}
"""The first operand of what takes an order: a plain integer."""


def arity(primitive):
    return len(primitive.partials) if isinstance(primitive, Elementwise) else 2 if primitive.name in COMPARISONS else 1


COMPARISONS = ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "logical_and", "logical_or")
NAMES = [
    name
    for name, primitive in PRIMITIVES.items()
    if type(primitive) in (Elementwise, Predicate) and primitive.__class__.__module__.startswith("interp")
]


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


def difference(name, lift):
    """What is wrong with one primitive; "" if nothing is."""
    primitive, rng = PRIMITIVES[name], np.random.default_rng(len(name))
    shift = 1.0 if name in BEYOND_ONE else 0.0
    operands = [lift(x + shift, rng) for x in PAYLOAD[: arity(primitive)]]
    if name in ORDER:
        operands[0] = ORDER[name]
    native = attempt(interp.compile(calling(primitive)), *operands)
    eager = attempt(calling(primitive), *operands)
    if isinstance(native, Exception) or isinstance(eager, Exception):
        both = isinstance(native, Exception) and isinstance(eager, Exception)
        return "" if both else f"native: {native!r}; eager: {eager!r}"
    try:
        assert_same(native, eager)
    except AssertionError as error:
        return " ".join(str(error).split()) or "differs"
    return ""


def main(kind, *names):
    warnings.simplefilter("ignore")
    for name in names:
        wrong = difference(name, TYPES[kind])
        if wrong:
            print(f"{name}: {wrong}")


if __name__ == "__main__":
    main(*sys.argv[1:])

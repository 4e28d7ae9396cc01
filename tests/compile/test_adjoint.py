"""Gradients of compiled programs: values as plain Python, derivatives as differences, forward and reverse alike."""

import functools

import numpy as np
import pytest
from programs import PROGRAMS

import interp
from interp import tree
from interp.errors import CompileError
from interpretations import jvp, vjp

NO_NATIVE_CODE = {"incomplete_gamma_pair": "math.gamma has no primitive"}
"""What raises CompileError today, and why."""

SMOOTH = [p for p in PROGRAMS if "singular" not in p.traits and p.name not in NO_NATIVE_CODE]


def leaves(x):
    return tree.flatten(x)[0]


def dotted(a, b):
    return sum(float(np.sum(np.asarray(x, float) * y)) for x, y in zip(a, b, strict=True))


class Case:
    """A program as a function of what varies, with a direction and cotangents drawn at random."""

    def __init__(self, program):
        rng = np.random.default_rng(len(program.name))
        self.program = program
        self.varying = tuple(program.args[i] for i in program.argnums)
        self.compiled = interp.compile(program.function, boundscheck=True)
        self.out = leaves(self.on(program.function)(*self.varying))
        scale = [np.maximum(np.abs(x), 1e-3) for x in self.varying]
        self.tangents = tuple(
            rng.normal(size=np.shape(x)) * s if np.ndim(x) else float(rng.normal() * s)
            for x, s in zip(self.varying, scale, strict=True)
        )
        self.cotangents = [rng.normal(size=np.shape(o)) if np.ndim(o) else float(rng.normal()) for o in self.out]
        self.cotangents = [
            ct if np.asarray(o).dtype.kind == "f" else ct * 0.0 for ct, o in zip(self.cotangents, self.out, strict=True)
        ]

    def on(self, function):
        def run(*varying):
            waiting = dict(zip(self.program.argnums, varying, strict=True))
            return function(*(waiting.get(i, x) for i, x in enumerate(self.program.args)))

        return run

    def along(self, h):
        moved = [x + h * t for x, t in zip(self.varying, self.tangents, strict=True)]
        return dotted(leaves(self.on(self.program.function)(*moved)), self.cotangents)

    def difference(self):
        """The directional derivative by differences of fourth order, and their error."""
        found = [
            (8 * (self.along(h) - self.along(-h)) - (self.along(2 * h) - self.along(-2 * h))) / (12 * h)
            for h in (3e-6, 1e-6)
        ]
        return found[0], abs(found[0] - found[1])


case = functools.cache(Case)


@pytest.mark.parametrize("program", SMOOTH, ids=lambda p: p.name)
def test_program(program, request):
    c = case(program)
    kept = [np.copy(x) for x in c.varying]
    value, pullback = vjp(c.on(c.compiled), *c.varying)
    for got, want in zip(leaves(value), c.out, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-14)
    build = tree.flatten(value)[1]
    gradients = leaves(pullback(build(c.cotangents)))
    for got, x in zip(gradients, c.varying, strict=True):
        assert np.shape(got) == np.shape(x)
    reverse = dotted(gradients, c.tangents)
    assert all(np.array_equal(x, y) for x, y in zip(kept, c.varying, strict=True))

    difference, error = c.difference()
    size = sum(float(np.sum(np.abs(np.asarray(g) * t))) for g, t in zip(gradients, c.tangents, strict=True))
    assert reverse == pytest.approx(difference, rel=1e-6, abs=4 * error + 1e-7 * size + 1e-9)

    if SMOOTH.index(program) % 3 and not request.config.getoption("--every"):
        return  # the adjoint agrees with differences; natively forward a third of the list, for time
    tangents = leaves(jvp(c.on(c.compiled), c.varying, c.tangents)[1])
    assert reverse == pytest.approx(dotted(tangents, c.cotangents), rel=1e-11, abs=1e-11 * size + 1e-13)


def test_what_has_no_native_code_says_so():
    (program,) = [p for p in PROGRAMS if p.name in NO_NATIVE_CODE]
    c = case(program)
    with pytest.raises(CompileError, match="gamma"):
        vjp(c.on(c.compiled), *c.varying)

"""A rule registered after compilation counts from the next call on, wherever the old one was compiled in."""

import numpy as np
import pytest

import interp
from interp import Value, rules
from interp.level import above
from interp.primitive import Differentiable, Elementwise
from interp.value import shape_of
from interp.vocabulary import multiply, zeros
from interpretations import Dual, grad, jacfwd

SLOPES = {"first": lambda x: 3.0 * x, "second": lambda x: 5.0 * x}


class Marked(Value):
    """A number and a mark; every rule says which mark its results carry."""

    __slots__ = ("level", "mark", "value")
    components = ("value", "mark")

    def __init__(self, value, mark):
        self.value, self.mark, self.level = value, mark, above(value)

    def constant(self, payload):
        return self.rebuild(payload, zeros(shape_of(payload), like=payload))


def marking(mark, kind=Differentiable):
    """Register the rule of a whole kind: results carry ``mark``."""

    @kind.rule(Marked)
    def _(primitive, active):
        def unary(x):
            return x.rebuild(primitive(x.value), mark)

        def both(x, y):
            return x.rebuild(primitive(x.value, y.value), mark)

        def left(x, y):
            return x.rebuild(primitive(x.value, y), mark)

        def right(x, y):
            return y.rebuild(primitive(x, y.value), mark)

        return {(True,): unary, (True, True): both, (True, False): left, (False, True): right}[active]


@pytest.fixture(autouse=True)
def first_rule():
    marking(1.0)


def squared(x):
    return x * x


inner = interp.compile(squared)

CALLS = {
    "an operator": squared,
    "a callee": lambda x: 2.0 * squared(x),
    "a compiled callee": lambda x: 2.0 * inner(x),
    "a function of NumPy's": np.square,
    "a sum": lambda x: np.sum(x),
    "a product of arrays": lambda x: np.dot(x, x),
    "a loop over elements": lambda x: (x * x)[0],
    "an in-place operator": lambda x: _in_place(x),
}


def _in_place(x):
    y = np.zeros(2)
    for i in range(2):
        y[i] += x[i] * x[i]
    return y[0]


@pytest.mark.parametrize("name", CALLS)
def test_a_rule_of_a_kind(name):
    f = CALLS[name]
    x = Marked(np.array([2.0, 3.0]), np.zeros(2)) if name in list(CALLS)[4:] else Marked(2.0, 0.0)
    g = interp.compile(lambda x: f(x))
    assert g(x).mark == 1.0
    marking(2.0)
    assert g(x).mark == 2.0
    assert g(x).mark == 2.0 and len(g.signatures) == 1


def test_a_rule_of_one_primitive_and_a_value_type():
    f = interp.compile(lambda x, y: x * y)
    x, y = Marked(2.0, 0.0), Marked(3.0, 0.0)
    assert f(x, y).mark == 1.0

    @multiply.register
    def _(x: Marked, y: Marked):
        return x.rebuild(x.value * y.value, 7.0)

    try:
        assert (f(x, y).value, f(x, y).mark) == (6.0, 7.0)
    finally:
        multiply.methods.pop()
        multiply.cache.clear()
        rules.changed()
    assert f(x, y).mark == 1.0


def cubed(x):
    return x * x * x


def declared(slope):
    """The primitive ``x**3 / 3``, as one user writes it and another rewrites it: with a derivative of his."""
    return Elementwise("third_of_cube", lambda x: x * x * x / 3.0, dx=slope, counterparts=(cubed,))


RIGHT, WRONG = (lambda x: x * x), (lambda x: 10.0 * x * x)


def test_a_primitive_declared_anew_has_its_new_partial():
    """By its own name, and by that of a function that means it."""
    old = declared(WRONG)
    f = interp.compile(lambda x: np.sin(old(x)) + old(x))
    assert f(Dual(1.0, 1.0)).tangent == pytest.approx(10.0 * (1.0 + np.cos(1 / 3)))
    new = declared(RIGHT)
    g = interp.compile(lambda x: np.sin(new(x)) + new(x))
    assert g(Dual(1.0, 1.0)).tangent == pytest.approx(1.0 + np.cos(1 / 3))
    h = interp.compile(lambda x: cubed(x))
    assert h(Dual(1.0, 1.0)).tangent == pytest.approx(1.0)
    declared(WRONG)
    assert h(Dual(1.0, 1.0)).tangent == pytest.approx(10.0)


def test_gradients_before_and_after():
    """A special rule of Dual's for one primitive, in forward mode, nested, and through the adjoint."""
    halved = Elementwise("halved", lambda x: 0.5 * x, dx=lambda x: 0.5 + 0.0 * x)
    f = interp.compile(lambda x: halved(x) * x)
    derivative = grad(f)
    assert derivative(3.0) == 3.0
    assert jacfwd(grad(f))(3.0) == 1.0

    @halved.register
    def _(x: Dual):
        return x.rebuild(0.5 * x.value, 2.0 * x.tangent)

    assert derivative(3.0) == 1.5 + 2.0 * 3.0
    assert grad(f)(3.0) == 7.5 and f(3.0) == 4.5


def test_pullbacks_are_written_anew():
    """The adjoint has the partials of the table at the time of the call."""
    names = {"primitive": Elementwise("steep", lambda x: x * x, dx=lambda x: 2.0 * x)}

    def loop(x):
        total = 0.0
        for i in range(len(x)):
            total += np.sin(x[i]) * names_of(x[i])
        return total

    def names_of(t):
        return primitive(t)

    primitive = names["primitive"]
    f = interp.compile(loop)
    x = np.linspace(0.1, 0.9, 6)
    before = grad(f)(x)
    assert f.reverse == "adjoint"
    np.testing.assert_allclose(before, np.cos(x) * x**2 + np.sin(x) * 2 * x, rtol=1e-14)
    primitive.partials = (type(primitive.partials[0])(lambda x: 3.0 * x),)
    rules.changed()
    np.testing.assert_allclose(grad(f)(x), np.cos(x) * x**2 + np.sin(x) * 3 * x, rtol=1e-14)

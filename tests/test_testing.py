"""The checks themselves: right types and derivatives pass, each kind of mistake is found and named."""

import re
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from scenarios import SCENARIOS

import interp.vocabulary as v
from interp import Value
from interp.level import above
from interp.linear import ONE, Formula
from interp.primitive import Contraction, Differentiable, Elementwise, Reduction, Structural
from interp.testing import Probe, check_composition, check_derivatives, check_enclosure, check_sparsity
from interp.testing.probe import direction, probe_rule
from interp.value import primal, shape_of
from interpretations import (
    Dual,
    Interval,
    Measurement,
    SparsityTracer,
    Tape,
    bounds,
    gradient,
    sparsity,
    uncertainty,
)
from interpretations.dual import make

EXTENDING = (Path(__file__).parents[1] / "docs" / "extending.md").read_text()


def jet():
    namespace = {}
    exec(re.search(r"```python\n# jet.py\n(.*?)```", EXTENDING, re.S).group(1), namespace)
    return namespace["Jet"]


# -- check_composition


BUNDLED = {
    "Dual": (Dual, gradient("forward")),
    "Tape": (Tape, gradient("reverse")),
    "Measurement": (Measurement, uncertainty(std=0.1)),
    "Interval": (Interval, bounds()),
    "SparsityTracer": (SparsityTracer, sparsity()),
}


@pytest.mark.parametrize("other", BUNDLED)
@pytest.mark.parametrize("name", BUNDLED)
def test_every_cell_of_the_bundled_types(name, other):
    value_type, stage = BUNDLED[name]
    check_composition(value_type, stage, others=[BUNDLED[other][1]])


def test_values_made_by_hand():
    check_composition(Probe, lambda x: Probe(x, x * x))
    check_composition(Dual, lambda x: Dual(x, x * x + 1.0), others=[lambda x: Probe(x, x * 3.0)])
    check_composition(Dual, lambda x: Dual(x, np.stack([x * x, x + 1.0])))
    check_composition(Interval, Interval)


def test_a_type_of_a_stranger_passes():
    Jet = jet()
    check_composition(Jet, lambda x: Jet(x, x * 0.0 + 1.0, x * 0.0))
    check_composition(Jet, lambda x: Jet(x, x * x, x + 1.0), others=[gradient("forward"), gradient("reverse")])


class Copycat(Value):
    """A right type, to be spoilt below one rule at a time."""

    __slots__ = ("level", "tangent", "value")
    components = ("value", "tangent")

    def __init__(self, value, tangent):
        self.value, self.tangent, self.level = value, tangent, above(value, tangent)

    def constant(self, payload):
        return self.rebuild(payload, v.zeros(shape_of(payload), like=payload))

    @classmethod
    def sample(cls, payload):
        return cls(payload, payload * payload + 1.0)


Differentiable.rule(Copycat)(probe_rule)


class NoProductRule(Copycat):
    """d(xy) = x dy."""


@v.multiply.register
def _(x: NoProductRule, y: NoProductRule):
    return x.rebuild(x.value * y.value, x.value * y.tangent)


class WrongNumber(Copycat):
    """A function whose nominal value is off."""


@v.sin.register
def _(x: WrongNumber):
    return x.rebuild(v.sin(x.value) + 1e-6, v.cos(x.value) * x.tangent)


class LosesTheInside(Copycat):
    """Strips the payload of what it carries."""


@Elementwise.rule(LosesTheInside)
def _(primitive, active):
    right = probe_rule(primitive, active)

    def rule(*operands):
        out = right(*operands)
        return out.rebuild(out.value, primal(out.tangent))

    return rule


class ConstantsMove(Copycat):
    """A constant that is none."""

    def constant(self, payload):
        return self.rebuild(payload, v.zeros(shape_of(payload), like=payload) + 1.0)


class ForgetsToRearrange(Copycat):
    """Flips the value and not the tangent."""


@v.flip.register
def _(x: ForgetsToRearrange):
    return x.rebuild(v.flip(x.value), x.tangent)


@Structural.rule(ForgetsToRearrange)
def _(primitive, active):
    right = probe_rule(primitive, active)

    def rule(*operands, **params):
        out = right(*operands, **params)
        return out.rebuild(out.value, operands[0].tangent) if primitive.name == "flip" else out

    return rule


class SumsWrongly(Copycat):
    """The sum's tangent is the mean's."""


@Reduction.rule(SumsWrongly)
def _(primitive, active):
    right = probe_rule(primitive, active)

    def rule(x, **params):
        out = right(x, **params)
        return out.rebuild(out.value, out.tangent / 2.0) if primitive.name == "sum" else out

    return rule


class StoresTheValueOnly(Copycat):
    """x[i] = y leaves the tangent as it was."""


@v.setitem.register
def _(x: StoresTheValueOnly, y: StoresTheValueOnly):
    raise AssertionError("replaced below")


class Untaught(Copycat):
    """Has no rule for contractions."""


@Contraction.rule(Untaught)
def _(primitive, active):
    return NotImplemented


class SharesItsTangent(Copycat):
    """The product of an array with a scalar keeps the array's shape of tangent only."""


@Elementwise.rule(SharesItsTangent)
def _(primitive, active):
    right = probe_rule(primitive, active)

    def rule(*operands):
        out = right(*operands)
        shape = shape_of(out.tangent)
        return out.rebuild(out.value, v.zeros(shape, like=out.tangent) + out.tangent.reshape(-1)[0]) if shape else out

    return rule


class KeepsTheTangentItself(Copycat):
    """x + c has the tangent of x: not a copy, so that a store into one reaches the other."""


@v.add.register
def _(x: KeepsTheTangentItself, y: float):
    return x.rebuild(x.value + y, x.tangent)


class CopiesViews(Copycat):
    """x[::-1] with a tangent of its own, which a store into x does not reach."""


@Structural.rule(CopiesViews)
def _(primitive, active):
    right = probe_rule(primitive, active)

    def rule(*operands, **params):
        out = right(*operands, **params)
        return out.rebuild(out.value, v.copy(out.tangent)) if shape_of(out) else out

    return rule


class MovesWithSteps(Copycat):
    """sign(x) has a derivative."""


@v.sign.register
def _(x: MovesWithSteps):
    return x.rebuild(v.sign(x.value), x.tangent)


WRONG = {
    KeepsTheTangentItself: "add a constant .*then a store into the operands: tangent",
    CopiesViews: "getitem .*then a store into the operands: tangent",
    MovesWithSteps: "sign",
    NoProductRule: "exp.log x|multiply",
    WrongNumber: "sin on .*nominal",
    LosesTheInside: "NoProductRule|LosesTheInside⟨Probe⟩.*derivative of tangent",
    ConstantsMove: "operand 0 plain",
    ForgetsToRearrange: "flip",
    SumsWrongly: "Reduction primitive sum",
    Untaught: "Contraction primitive einsum.*NoRule",
    SharesItsTangent: r"element \(\d+,?.*\) against scalars",
}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda t: t.__name__)
def test_a_wrong_type_fails_and_the_message_says_where(wrong):
    with pytest.raises(AssertionError, match=WRONG[wrong]):
        check_composition(wrong)


def test_copycat_itself_passes_with_its_own_sample():
    check_composition(Copycat)


def test_a_store_that_forgets_a_component_is_found():
    class Forgets(Copycat):
        def __setitem__(self, index, y):
            self.value[index] = primal(y) if not isinstance(y, Copycat) else y.value

    with pytest.raises(AssertionError, match="Assignment primitive setitem"):
        check_composition(Forgets, kinds=["Assignment"])


def test_kinds_without_rules_can_be_left_out():
    check_composition(Untaught, kinds=["Structural", "Elementwise", "Reduction", "Predicate", "Creation", "Assignment"])


def test_perturbations_that_are_confused_are_found():
    class Confused(Copycat):
        """Takes a value of any level for its own."""

    @v.multiply.register
    def _(x: Confused, y: Value):
        return x.rebuild(x.value * y, x.tangent * y + x.value * getattr(y, "tangent", 0.0))

    with pytest.raises(AssertionError):
        check_composition(Confused)


# -- check_derivatives


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if "2x3" not in s.name], ids=repr)
def test_every_scenario_of_the_vocabulary_passes(scenario):
    check_derivatives(scenario.f, *scenario.inputs)


def test_user_functions_and_containers():
    check_derivatives(lambda p: p["a"] * np.exp(p["b"]).sum(), {"a": 1.5, "b": np.array([0.1, 0.2])})
    check_derivatives(lambda x, y: np.sin(x) @ y, np.array([0.1, 0.2]), np.array([0.3, 0.4]))
    check_derivatives(lambda x: 3.0, 1.0)


def test_a_wrong_partial_is_named():
    wrong = Elementwise("wrong_sine", np.sin, dx=lambda x: -v.cos(x), counterparts=())
    with pytest.raises(AssertionError, match=r"wrong_sine, operands of shapes \(3,\), operand 0: the linear map"):
        check_derivatives(lambda x: wrong(x * 2.0).sum(), np.array([0.1, 0.2, 0.3]))


def test_a_wrong_second_derivative_is_found():
    right_once = Elementwise("right_once", np.sin, dx=lambda x: primal_cos(x), counterparts=())
    primal_cos = Elementwise("primal_cos", np.cos, dx=ONE, counterparts=())
    check_derivatives(right_once, 0.3, order=1)
    with pytest.raises(AssertionError, match="primal_cos"):
        check_derivatives(right_once, 0.3)


def test_a_wrong_adjoint_is_named():
    def maps(out, operands, params):
        shape = shape_of(operands[0])
        return [Formula(shape, shape, lambda t, batch: 2.0 * t, lambda ct, batch: 3.0 * ct)]

    doubled = Contraction("doubled", lambda x: 2.0 * x, derivative=maps)
    with pytest.raises(AssertionError, match=r"doubled.*the adjoint"):
        check_derivatives(doubled, np.ones(2))


def test_directions_mistaken_for_data_are_found():
    def maps(out, operands, params):
        shape = shape_of(operands[0])
        return [Formula(shape, (), lambda t, batch: t.sum(), lambda ct, batch: ct + np.zeros(shape))]

    total = Contraction("total", np.sum, derivative=maps)
    with pytest.raises(AssertionError, match="directions at once"):
        check_derivatives(total, np.ones(3))


# -- check_enclosure


class Box(Value):
    """The ends of an interval, rounded to nearest: enough for sums and wrong for the rest."""

    __slots__ = ("hi", "level", "lo")
    components = ("lo", "hi")

    def __init__(self, lo, hi):
        self.lo, self.hi, self.level = lo, hi, 0


@v.square.register
def _(x: Box):
    return Box(x.lo * x.lo, x.hi * x.hi)  # wrong across zero


@v.add.register
def _(x: Box, y: Box):
    return Box(x.lo + y.lo, x.hi + y.hi)


def test_check_enclosure():
    check_enclosure(v.add, Box(-1.0, 2.0), Box(np.array([0.0, 1.0]), np.array([0.5, 1.5])))
    check_enclosure(v.square, Box(1.0, 2.0))
    with pytest.raises(AssertionError, match=r"outside its enclosure \[1\.0, 4\.0\]"):
        check_enclosure(v.square, Box(-1.0, 2.0))


# -- check_sparsity


def test_check_sparsity():
    def f(x):
        return np.stack([x[0] * x[1], x[2] + 0.0 * x[0], np.float64(1.0)])

    right = np.array([[1, 1, 0], [0, 0, 1], [0, 0, 0]])
    check_sparsity(f, np.array([1.0, 2.0, 3.0]), right, exact=True)
    check_sparsity(f, np.array([1.0, 2.0, 3.0]), scipy.sparse.csr_array(right))
    check_sparsity(f, np.array([1.0, 2.0, 3.0]), lambda f, x: np.ones((3, 3)))
    with pytest.raises(AssertionError, match="output 0 depends on input 1"):
        check_sparsity(f, np.array([1.0, 2.0, 3.0]), np.eye(3))
    with pytest.raises(AssertionError, match="no step shows it"):
        check_sparsity(f, np.array([1.0, 2.0, 3.0]), np.ones((3, 3)), exact=True)
    with pytest.raises(AssertionError, match=r"not \(f\(x\).size, x.size\)"):
        check_sparsity(f, np.array([1.0, 2.0, 3.0]), np.eye(2))


def test_a_probe_is_a_dual():
    x = np.array([0.3, 0.7])
    t = direction((2,))
    f = lambda x: np.cumsum(np.exp(x) * x[::-1])  # noqa: E731
    assert np.allclose(f(Probe(x, t)).tangent, f(make(x, t, 1 << 40)).tangent, rtol=1e-15)

"""How a call finds its rule: levels, own methods, kind rules, the cache, and the errors at each step."""

import copy
import pickle

import numpy as np
import pytest

import interp.vocabulary as v
from interp import Primitive, Value, backends
from interp import level as levels
from interp.errors import AmbiguousRule, MixedLevels, NoRule, UnsupportedInput
from interp.level import above
from interp.linear import ONE
from interp.primitive import Differentiable, Elementwise, Lower, Predicate, Structural
from interp.testing.probe import probe_rule
from interp.value import shape_of
from interpretations import Dual, grad, jvp


def number_type(name, rule=True, bases=(Value,)):
    """A new number type of one component, with the rules of a `Probe`."""

    def init(self, value, tangent=1.0):
        self.value, self.tangent, self.level = value, tangent, above(value, tangent)

    def constant(self, payload):
        return self.rebuild(payload, v.zeros(shape_of(payload), like=payload))

    members = {"components": ("value", "tangent"), "__init__": init, "constant": constant}
    cls = type(name, bases, members)
    if rule:
        Differentiable.rule(cls)(probe_rule)
    return cls


def new_primitive(name="novel"):
    return Elementwise(name, lambda x, y: np.add(x, y), dx=ONE, dy=ONE)


# -- the cache


def test_a_call_is_resolved_once_for_its_exact_classes(monkeypatch):
    f = new_primitive()
    resolved = []
    original = Primitive.resolve
    monkeypatch.setattr(Elementwise, "resolve", lambda self, key: resolved.append(key) or original(self, key))
    Mine = number_type("Mine")
    for _ in range(3):
        f(Mine(1.0), 2.0)
        f(Mine(1.0), np.float64(2.0))
    assert [key for key in resolved if Mine in key] == [(Mine, float), (Mine, np.float64)]


def test_operators_use_the_same_cache():
    Mine = number_type("Mine")
    assert (Mine, float) not in v.multiply.cache
    assert (Mine(2.0) * 3.0).value == 6.0
    assert (Mine, float) in v.multiply.cache
    assert (3.0 * Mine(2.0)).tangent == 3.0
    assert (float, Mine) in v.multiply.cache


def test_a_later_method_replaces_a_cached_rule():
    f, Mine = new_primitive(), number_type("Mine")
    assert f(Mine(1.0), 2.0).value == 3.0

    @f.register
    def _(x: Mine, y: float):
        return "own method"

    assert f(Mine(1.0), 2.0) == "own method"
    assert f(2.0, Mine(1.0)).value == 3.0


def test_a_later_kind_rule_replaces_a_cached_rule_and_no_other():
    f, Mine, Other = new_primitive(), number_type("Mine"), number_type("Other")
    f(Mine(1.0), 2.0), f(Other(1.0), 2.0)
    kept = f.cache[Other, float]

    @Elementwise.rule(Mine)
    def _(primitive, active):
        return lambda *operands: (primitive.name, active)

    assert f(Mine(1.0), 2.0) == ("novel", (True, False))
    assert f.cache[Other, float] is kept


def test_a_kind_rule_for_a_base_class_evicts_its_subclasses():
    Base = number_type("Base")
    Derived = number_type("Derived", rule=False, bases=(Base,))
    f = new_primitive()
    assert f(Derived(1.0), 2.0).value == 3.0

    @Elementwise.rule(Base)
    def _(primitive, active):
        return lambda *operands: "new"

    assert f(Derived(1.0), 2.0) == "new"


def test_eviction_reaches_primitives_that_share_a_name():
    first, second, Mine = new_primitive("twins"), new_primitive("twins"), number_type("Mine")
    first(Mine(1.0), 1.0), second(Mine(1.0), 1.0)

    @Elementwise.rule(Mine)
    def _(primitive, active):
        return lambda *operands: "new"

    assert first(Mine(1.0), 1.0) == second(Mine(1.0), 1.0) == "new"


# -- own method, then kind rule, narrower first


def test_the_rule_of_a_narrower_kind_wins():
    Mine = number_type("Mine")

    @Structural.rule(Mine)
    def _(primitive, active):
        return lambda *operands, **params: "structural"

    assert v.flip(Mine(np.ones(2), np.ones(2))) == "structural"
    assert v.exp(Mine(0.0)).value == 1.0


def test_an_own_method_wins_over_kind_rules():
    Mine = number_type("Mine")

    @v.exp.register
    def _(x: Mine):
        return "own exp"

    assert v.exp(Mine(1.0)) == "own exp" == np.exp(Mine(1.0))
    assert v.sin(Mine(0.0)).value == 0.0


def test_a_rule_of_a_subclass_wins_over_its_base():
    Base = number_type("Base")
    Derived = number_type("Derived", rule=False, bases=(Base,))
    f = new_primitive()

    @f.register
    def _(x: Base, y: float):
        return "base"

    @f.register
    def _(x: Derived, y: float):
        return "derived"

    assert f(Derived(1.0), 1.0) == "derived" and f(Base(1.0), 1.0) == "base"


@pytest.mark.parametrize(
    "number",
    [2, 2.0, np.float64(2), np.float32(2), np.float16(2), np.int64(2), np.int8(2), np.uint32(2), True, np.bool_(True)],
    ids=lambda x: type(x).__name__,
)
def test_float_in_an_annotation_takes_every_real_number(number):
    f, Mine = new_primitive(), number_type("Mine")

    @f.register
    def _(x: Mine, y: float):
        return "number"

    @f.register
    def _(x: float, y: Mine):
        return "reflected"

    assert f(Mine(1.0), number) == "number" and f(number, Mine(1.0)) == "reflected"


def test_int_and_float_methods_are_told_apart():
    f, Mine = new_primitive(), number_type("Mine")

    @f.register
    def _(x: Mine, y: float):
        return "float"

    @f.register
    def _(x: Mine, y: int):
        return "int"

    assert [f(Mine(1.0), y) for y in (1, np.int64(1), 1.0, np.float32(1))] == ["int", "int", "float", "float"]


def test_unions_and_arrays_in_annotations():
    f, Mine = new_primitive(), number_type("Mine")

    @f.register
    def _(x: Mine, y: Mine | float):
        return "same or number"

    @f.register
    def _(x: Mine, y: np.ndarray):
        return "array"

    assert f(Mine(1.0), Mine(1.0)) == f(Mine(1.0), 3) == "same or number"
    assert f(Mine(1.0), np.ones(2)) == "array"


# -- levels first


def test_an_own_method_never_sees_a_value_of_another_level():
    f, Mine = new_primitive(), number_type("Mine")
    seen = []

    @f.register
    def _(x: Mine, y: Mine | float):
        seen.append((x, y))
        return x

    out = jvp(lambda t: f(Mine(1.0), t), (2.0,), (1.0,))[1]  # Mine is a constant to the Dual
    assert seen == [(seen[0][0], 2.0)] and not isinstance(seen[0][1], Value)
    assert out == 1.0


def test_a_lower_value_is_a_constant_whatever_its_type():
    inner = Dual(3.0, 1.0)
    outer = Dual(inner, 1.0)
    assert outer.level > inner.level
    product = outer * inner
    assert product.level == outer.level
    assert product.tangent.value == 3.0 and product.tangent.tangent == 1.0
    assert product.value.tangent == 6.0
    assert (inner * outer).tangent.value == 3.0


def test_lower_can_be_asked_for_in_a_method():
    f, Mine = new_primitive(), number_type("Mine")

    @f.register
    def _(x: Mine, y: Lower):
        return "lower"

    inner = Dual(3.0, 1.0)
    assert f(Mine(Dual(1.0, 0.0)), inner) == "lower"


def test_levels_are_looked_at_in_every_operand_of_a_sequence():
    outer, inner = Dual(Dual(np.ones(2), np.ones(2)), np.ones(2)), Dual(np.zeros(2), np.ones(2))
    for joined in (v.concatenate([inner, outer, np.ones(2)]), v.concatenate([outer, inner, np.ones(2)])):
        assert joined.level == outer.level and joined.value.level == inner.level
    chosen = v.where(np.array([True, False]), inner, outer)
    assert chosen.level == outer.level
    product = v.einsum("i,i,i->i", inner, outer, np.ones(2))
    assert product.level == outer.level and np.allclose(primal_of(product), [0.0, 0.0])


def primal_of(x):
    while isinstance(x, Value):
        x = x.value
    return x


def test_the_same_classes_at_other_levels_do_not_reuse_the_rule():
    low, high = Dual(2.0, 1.0), Dual(Dual(3.0, 1.0), 1.0)
    for _ in range(2):
        assert (low * high).tangent.value == 2.0  # d/d(high) = low
        assert (high * low).tangent.value == 2.0
        assert (low * low).tangent == 4.0
        assert (high * high).tangent.value == 6.0


def test_two_types_at_one_level_do_not_mix():
    Mine, Other = number_type("Mine"), number_type("Other")
    with pytest.raises(MixedLevels, match="interpret"):
        Mine(1.0) * Other(2.0)
    with pytest.raises(MixedLevels, match=r"Mine and Other|Other and Mine"):
        v.concatenate([Mine(np.ones(1), np.ones(1)), Other(np.ones(1), np.ones(1))])


def test_fresh_levels_rise():
    first, second = levels.fresh(), levels.fresh()
    assert second > first > levels.MEASUREMENT > levels.INTERVAL > levels.PLAIN
    assert levels.of(3.0) == levels.of(np.ones(2)) == levels.PLAIN


def test_an_attribute_called_level_does_not_make_a_value():
    class Stranger(np.ndarray):
        level = "high"

    assert levels.of(np.ones(2).view(Stranger)) == levels.PLAIN


# -- errors


def test_no_rule_names_the_primitive_the_types_and_the_line_to_add():
    Untaught = number_type("Untaught", rule=False)
    with pytest.raises(NoRule) as caught:
        v.exp(Untaught(1.0))
    message = str(caught.value)
    for part in ("exp(Untaught)", "@exp.register", "def _(x: Untaught)", "@Elementwise.rule(Untaught)", "Dual"):
        assert part in message


@pytest.mark.parametrize("stranger", ["text", object(), {1: 2}, b"x"], ids=lambda x: type(x).__name__)
def test_an_operand_that_is_no_number(stranger):
    with pytest.raises(NoRule, match="neither a value nor a number"):
        v.maximum(Dual(1.0, 1.0), stranger)
    with pytest.raises(NoRule, match="known backend"):
        v.maximum(1.0, stranger)
    with pytest.raises(TypeError):
        Dual(1.0, 1.0) + stranger


def test_ambiguity_is_an_error_that_shows_both():
    f, Mine = new_primitive(), number_type("Mine")

    @f.register
    def _(x: Mine, y: Mine | float):
        return 1

    @f.register
    def _(x: Mine | float, y: Mine):
        return 2

    assert f(Mine(1.0), 2.0) == 1
    with pytest.raises(AmbiguousRule) as caught:
        f(Mine(1.0), Mine(2.0))
    assert str(caught.value).count("Mine") >= 2


def test_annotations_that_classes_cannot_decide_are_refused():
    f, Mine = new_primitive(), number_type("Mine")
    from typing import Literal

    with pytest.raises(UnsupportedInput, match="classes"):

        @f.register
        def _(x: Mine, y: Literal[1]):
            return 1


def test_a_primitive_without_a_derivative_says_so():
    f = Differentiable("opaque", lambda x: x)
    assert f(2.0) == 2.0
    with pytest.raises(NoRule, match="declare one"):
        grad(f)(2.0)


# -- many types


def test_look_up_after_many_registrations():
    """Each type adds a kind rule; no primitive's own table grows with them."""
    before = len(v.multiply.methods)
    types = [number_type(f"Type{i}") for i in range(200)]
    for cls in types:
        assert (cls(2.0) * 3.0).value == 6.0
    assert len(v.multiply.methods) == before


# -- primitives and values as objects


def test_primitives_pickle_copy_and_print():
    assert pickle.loads(pickle.dumps(v.exp)) is v.exp
    assert copy.deepcopy(v.exp) is v.exp
    assert repr(v.exp) == "<Elementwise exp>" and v.exp.__doc__


def test_values_copy_pickle_and_compare():
    x = Dual(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    for y in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert y.level == x.level and y.value.tolist() == [1.0, 2.0] and y.tangent.tolist() == [3.0, 4.0]
        y[0] = 9.0
        assert x.value[0] == 1.0
    assert (x == x.copy()).all()
    with pytest.raises(TypeError, match="unhashable"):
        hash(x)


def test_comparisons_and_predicates_follow_the_primal():
    x = Dual(2.0, 1.0)
    assert x > 1 and 1 < x and x != 3 and x == 2.0 and not x < np.float64(2)
    assert x == Dual(2.0, 5.0)
    assert isinstance(v.less, Predicate) and np.isfinite(x) and not np.isnan(x)
    assert (x == None) is False  # noqa: E711
    assert (x == "text") is False and (x != "text") is True


def test_backend_of_a_class_is_found_again_after_registration():
    class Array:
        shape = ()

    assert not backends.known(Array)
    backends.register(
        backends.Backend(
            "of a test",
            rank=3,
            claims=lambda cls: cls is Array,
            implementation=lambda p: lambda *a: "ours",
            namespace=lambda: np,
        )
    )
    assert backends.known(Array)
    assert v.exp(Array()) == "ours" and v.add(1.0, Array()) == "ours" and v.add(np.ones(2), Array()) == "ours"

"""A number type of a user's own: truncated Taylor series c0 + c1 t + c2 t**2, by rules for whole kinds alone."""

from interp import Value
from interp.level import above
from interp.primitive import Differentiable, Structural
from interp.value import shape_of
from interp.vocabulary import zeros
from interpretations.dual import make


class Jet(Value):
    """Coefficients of a series in t, to the second power."""

    __slots__ = ("c0", "c1", "c2", "level")
    components = ("c0", "c1", "c2")

    def __init__(self, c0, c1, c2):
        self.c0, self.c1, self.c2 = c0, c1, c2
        self.level = above(c0)

    def constant(self, payload):
        zero = zeros(shape_of(payload), like=payload)
        return self.rebuild(payload, zero, zero * 1.0)


@Differentiable.rule(Jet)
def _(primitive, active):
    linearised = primitive.linearise(active)

    def rule(*operands, **params):
        jets = [x for x, is_active in zip(operands, active, strict=True) if is_active]
        # The output moves by J(x) x', where both factors move: a Dual carries each. c2 is half the second derivative.
        moving = [make(x.c0, x.c1, x.level) if a else x for x, a in zip(operands, active, strict=True)]
        out, maps = linearised(*moving, **params)
        slopes = [m.apply(make(x.c1, 2.0 * x.c2, x.level)) for m, x in zip(maps, jets, strict=True) if m is not None]
        if not slopes:
            return jets[0].constant(out.value)
        slope = sum(slopes[1:], slopes[0])
        return jets[0].rebuild(out.value, slope.value, 0.5 * slope.tangent)

    return rule


@Structural.rule(Jet)
def _(primitive, active):
    """Coefficients are rearranged alike; of views each is a view."""

    def rule(*operands, **params):
        jets = [x for x, is_active in zip(operands, active, strict=True) if is_active]

        def rearranged(name):
            parts = [
                getattr(x, name) if is_active else x if name == "c0" or i in primitive.selectors else 0.0 * x
                for i, (x, is_active) in enumerate(zip(operands, active, strict=True))
            ]
            return primitive.dispatch(*parts, **params)

        return jets[0].rebuild(*map(rearranged, Jet.components))

    return rule

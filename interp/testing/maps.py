"""Each primitive's declared derivative, checked where a function meets it: maps, adjoints, several directions."""

from typing import Any

import numpy as np

from interp.primitive import Differentiable
from interp.rules import Rule
from interp.testing.differences import compare, difference, numbers
from interp.testing.probe import Probe, direction, probe_rule
from interp.value import Value, is_complex, shape_of


class Checked(Probe):
    """A `Probe` that checks each primitive's linear maps where it meets plain numbers."""

    __slots__ = ()


@Differentiable.rule(Checked)
def _checked_rule(primitive: Differentiable, active: tuple[bool, ...]) -> Rule:
    compute = probe_rule(primitive, active)

    def rule(*operands: Any, **params: Any) -> Any:
        plain = tuple(x.value if a else x for x, a in zip(operands, active, strict=True))
        if not any(isinstance(x, Value) for x in plain):
            check_maps(primitive, plain, active, params)
        return compute(*operands, **params)

    return rule


def moving(x: Any, seed: int) -> Any:
    """A direction in which ``x`` can move: complex where ``x`` is, large where it is, so that a small step shows."""
    t = direction(shape_of(x), seed) * np.maximum(1.0, np.abs(x))
    return t + 1j * direction(shape_of(x), seed + 20) if is_complex(x) else t


def product(a: Any, b: Any) -> Any:
    """The inner product to which adjoints belong."""
    return np.sum(np.real(np.conj(numbers(a)) * numbers(b)))


def check_maps(
    primitive: Differentiable, operands: tuple[Any, ...], active: tuple[bool, ...], params: dict[str, Any]
) -> None:
    """Compare the linear maps of one call on plain arrays with differences, and with their own adjoints."""
    out, maps = primitive.linearise(active)(*operands, **params)
    positions = [i for i, is_active in enumerate(active) if is_active]
    shapes = ", ".join(str(shape_of(x)) for x in operands)
    for position, linear_map in zip(positions, maps, strict=True):
        where = f"{primitive.name}, operands of shapes {shapes}, operand {position}"
        x = operands[position]

        def moved(y: Any, position: int = position) -> Any:
            parts = (*operands[:position], y, *operands[position + 1 :])
            return primitive.dispatch(*parts, **params)

        t = moving(x, 3)
        differences = difference(moved, [x], [t])
        if linear_map is None:
            compare(np.zeros(shape_of(out)), differences, 1e-6, f"{where}: a derivative declared zero")
            continue
        image = linear_map.apply(t)
        compare(image, differences, 1e-6, f"{where}: the linear map")
        c = moving(out, 5)
        back = linear_map.apply_adjoint(c)
        if shape_of(back) != shape_of(x):
            raise AssertionError(f"{where}: the adjoint gives shape {shape_of(back)}")
        compare(product(t, back), product(image, c), 1e-10, f"{where}: the adjoint, <t, J* c> against <J t, c>")
        for k in sorted({1, *shape_of(x), *shape_of(out)} - {0}):
            ts = np.stack([moving(x, 7 + j) for j in range(k)])
            cs = np.stack([moving(out, 9 + j) for j in range(k)])
            singly = np.stack([np.asarray(linear_map.apply(t[()])) for t in ts])
            compare(linear_map.apply(ts, batch=k), singly, 1e-10, f"{where}: {k} directions at once")
            singly = np.stack([np.asarray(linear_map.apply_adjoint(c[()])) for c in cs])
            found = linear_map.apply_adjoint(cs, batch=k)
            compare(found, singly, 1e-10, f"{where}: the adjoint of {k} directions at once")

"""`check_derivatives`: is what a primitive declares its derivative?"""

from collections.abc import Callable
from typing import Any

import numpy as np

from interp import level as levels
from interp import tree
from interp.primitive import Differentiable
from interp.rules import Rule
from interp.testing.probe import Probe, direction, probe_rule
from interp.value import Value, primal, shape_of


class Checked(Probe):
    """A `Probe` that checks each primitive's linear maps where it meets plain numbers."""

    __slots__ = ()


def check_derivatives(f: Callable[..., Any], *x: Any, order: int = 2, rtol: float = 1e-6) -> None:
    """Check every derivative that ``f`` uses at the point ``x``, a primitive or any function of several.

    ``f`` is run on values of its own forward mode. Each primitive on the way is checked by itself:
    its linear map against central differences of the primitive (Richardson), the map's adjoint by
    <J t, c> = <t, J* c>, and several directions at once against one at a time. So reverse mode is
    checked too: it applies the same adjoints. Then the derivative of the whole of ``f`` along one
    direction is compared with central differences of ``f``, and for ``order`` 2 the second derivative with
    differences of the first, which also checks the derivatives of the partials.

    ``x``: numbers, arrays or containers of them, at which ``f`` is smooth. ``rtol``: relative to the largest
    entry. Raises `AssertionError` naming the primitive, its shapes and both numbers.
    """
    leaves, unflatten = tree.flatten(x)
    point = [np.asarray(leaf, float)[()] for leaf in leaves]
    first, second = ([direction(shape_of(leaf), seed + i) for i, leaf in enumerate(point)] for seed in (0, 10))
    name = getattr(f, "__name__", repr(f))

    def run(*parts: Any) -> Any:
        out = f(*unflatten(list(parts)))
        if isinstance(out, list | tuple | dict):
            raise AssertionError(f"check_derivatives: {name} returns a {type(out).__name__}, not one number or array")
        return out

    def along(parts: list[Any], kind: type[Probe]) -> Any:
        level = levels.fresh()
        return _tangent(run(*(_lifted(kind, p, t, level) for p, t in zip(parts, first, strict=True))), level)

    expected = _difference(run, point, first)
    _compare(along(point, Checked), expected, rtol, f"derivative of {name} along one direction")
    if order > 1:
        inner = levels.fresh()
        nested = [_lifted(Checked, p, t, inner) for p, t in zip(point, second, strict=True)]
        found = _tangent(along(nested, Checked), inner)
        expected = _difference(lambda *parts: along(list(parts), Probe), point, second)
        _compare(found, expected, 10 * rtol, f"second derivative of {name} along two directions")


def _lifted(kind: type[Probe], payload: Any, tangent: Any, level: int) -> Probe:
    probe = kind(payload, tangent)
    probe.level = level
    return probe


def _tangent(out: Any, level: int) -> Any:
    """What ``out`` carries at ``level``; zero if it does not depend on the input."""
    if isinstance(out, Probe) and out.level == level:
        return out.tangent
    return out * 0.0 if isinstance(out, Value) else np.zeros(shape_of(out))


@Differentiable.rule(Checked)
def _checked_rule(primitive: Differentiable, active: tuple[bool, ...]) -> Rule:
    compute = probe_rule(primitive, active)

    def rule(*operands: Any, **params: Any) -> Any:
        plain = tuple(x.value if a else x for x, a in zip(operands, active, strict=True))
        if not any(isinstance(x, Value) for x in plain):
            check_maps(primitive, plain, active, params)
        return compute(*operands, **params)

    return rule


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

        t = direction(shape_of(x), 3)
        differences = _difference(moved, [x], [t])
        if linear_map is None:
            _compare(np.zeros(shape_of(out)), differences, 1e-6, f"{where}: a derivative declared zero")
            continue
        image = linear_map.apply(t)
        _compare(image, differences, 1e-6, f"{where}: the linear map")
        c = direction(shape_of(out), 5)
        back = linear_map.apply_adjoint(c)
        if shape_of(back) != shape_of(x):
            raise AssertionError(f"{where}: the adjoint gives shape {shape_of(back)}")
        _compare(np.sum(t * back), np.sum(image * c), 1e-10, f"{where}: the adjoint, <t, J* c> against <J t, c>")
        for k in sorted({1, *shape_of(x), *shape_of(out)} - {0}):
            ts = np.stack([direction(shape_of(x), 7 + j) for j in range(k)])
            cs = np.stack([direction(shape_of(out), 9 + j) for j in range(k)])
            singly = np.stack([np.asarray(linear_map.apply(t[()])) for t in ts])
            _compare(linear_map.apply(ts, batch=k), singly, 1e-10, f"{where}: {k} directions at once")
            singly = np.stack([np.asarray(linear_map.apply_adjoint(c[()])) for c in cs])
            found = linear_map.apply_adjoint(cs, batch=k)
            _compare(found, singly, 1e-10, f"{where}: the adjoint of {k} directions at once")


def _difference(f: Callable[..., Any], point: list[Any], directions: list[Any], step: float = 1e-3) -> Any:
    """Derivative of ``f`` along ``directions`` by central differences, extrapolated twice (Richardson)."""

    def slope(h: float) -> Any:
        ahead, behind = (
            np.asarray(f(*(x + s * h * t for x, t in zip(point, directions, strict=True))), float) for s in (1.0, -1.0)
        )
        return (ahead - behind) / (2.0 * h)

    first, second, third = slope(step), slope(step / 2), slope(step / 4)
    return (16.0 * (4.0 * third - second) / 3.0 - (4.0 * second - first) / 3.0) / 15.0


def _compare(found: Any, expected: Any, rtol: float, what: str) -> None:
    found, expected = np.asarray(primal(found), float), np.asarray(expected, float)
    if found.shape != expected.shape:
        raise AssertionError(f"{what}: shape {found.shape} where {expected.shape} is expected")
    scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    wrong = ~((np.abs(found - expected) <= rtol * scale) | (np.isnan(found) & np.isnan(expected)))
    if wrong.any():
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise AssertionError(f"{what}: {found[at]!r} where {expected[at]!r} is expected, at entry {at}")

"""`check_derivatives`: are the derivatives of a function what its numbers say, in both modes and to second order?"""

from collections.abc import Callable
from typing import Any

import numpy as np

from interp import interpretation, tree
from interp import level as levels
from interp.numerics import slopes
from interp.testing.differences import compare, complex_step, difference, noise, numbers
from interp.testing.maps import Checked, moving, product
from interp.testing.probe import Probe
from interp.value import is_complex, shape_of
from interp.vocabulary import copy

ENTRIES = 8
"""Inputs of up to so many entries are checked along each entry, larger ones along a few directions."""


def check_derivatives(
    f: Callable[..., Any], *x: Any, order: int = 2, rtol: float = 1e-6, primitives: bool = True
) -> None:
    """Check every derivative that ``f`` uses at the point ``x``, a primitive or any function of several.

    Each primitive on the way is checked by itself: its linear map against central differences of the primitive
    (Richardson), the map's adjoint by <J t, c> = <t, J* c>, and several directions at once against one at a time.
    Then the whole of ``f``: forward mode against differences, and against complex steps where ``f`` is an analytic
    function that NumPy computes; reverse mode against forward mode (<c, J t> = <J* c, t>); and for ``order`` 2 the
    second derivative, forward over forward against differences of the first, and forward over reverse, reverse over
    forward and reverse over reverse against that. Both modes are those of `interpretations`, if it is imported.

    ``x``: numbers, arrays (real or complex) or containers of them, at which ``f`` is smooth; ``f`` returns one or
    several. ``rtol``: relative to the largest entry. ``primitives``: False where ``f`` uses what is smooth only in the
    whole, as phases of eigenvectors that cancel. Raises `AssertionError` naming what is wrong, both numbers, and
    the worst entry: which output moves with which input.
    """
    leaves, unflatten = tree.flatten(x)
    point = [numbers(leaf).copy()[()] for leaf in leaves]
    name = getattr(f, "__name__", repr(f))

    def run(*parts: Any) -> Any:
        given = [x.copy() if isinstance(x, np.ndarray) else x for x in parts]  # f may work in place
        return _joined(interpretation.run(f, *unflatten(given)))

    first, second = ([moving(leaf, seed + i) for i, leaf in enumerate(point)] for seed in (0, 10))
    if primitives:
        _check_each_primitive(run, point, first, second if order > 1 else None)
    if not slopes.provided():
        compare(_by_probe(run, point, first, Probe), difference(run, point, first), rtol, f"derivative of {name}")
        return
    _check_first_order(run, point, rtol, name)
    if order > 1:
        _check_second_order(run, point, first, second, rtol, name)


def _joined(out: Any) -> Any:
    """All numbers of an output as one vector."""
    from interp.vocabulary import concatenate, reshape, stack

    leaves, _ = tree.flatten(out)
    flat = [reshape(leaf, (-1,)) if shape_of(leaf) else stack([leaf]) for leaf in leaves]
    return flat[0] if len(flat) == 1 else concatenate(flat) if flat else np.zeros(0)


def _check_each_primitive(run: Any, point: list[Any], first: list[Any], second: list[Any] | None) -> None:
    """Values of the checks' own forward mode through ``run``: every primitive on the way is checked by itself.

    ``second``: once more around, so that the primitives of which partials are made are checked as well.
    """
    if second is None:
        _by_probe(run, point, first, Checked)
        return
    inner = levels.fresh()
    _by_probe(run, [_lifted(Checked, p, t, inner) for p, t in zip(point, second, strict=True)], first, Checked)


def _by_probe(run: Any, point: list[Any], tangents: list[Any], kind: type[Probe]) -> Any:
    level = levels.fresh()
    out = run(*(_lifted(kind, p, t, level) for p, t in zip(point, tangents, strict=True)))
    return out.tangent if isinstance(out, Probe) and out.level == level else np.zeros(shape_of(out))


def _lifted(kind: type[Probe], payload: Any, tangent: Any, level: int) -> Probe:
    probe = kind(copy(payload) if shape_of(payload) else payload, tangent)  # f may work in place
    probe.level = level
    return probe


def _forward(run: Any, point: list[Any], tangents: list[Any]) -> Any:
    return slopes.jvp(run, tuple(point), tuple(tangents))[1]


def _backward(run: Any, point: list[Any], cotangent: Any) -> list[Any]:
    return list(slopes.vjp(run, *point)[1](cotangent))


def _directions(point: list[Any]) -> list[tuple[list[Any], str]]:
    """Unit directions, each with the entry that it moves; of many entries a few directions that move them all."""
    if sum(np.size(leaf) for leaf in point) > ENTRIES:
        return [([moving(leaf, 30 * s + i) for i, leaf in enumerate(point)], "a direction") for s in range(4)]
    found = []
    for i, leaf in enumerate(point):
        for at in np.ndindex(np.shape(leaf)):
            for unit in (1.0, 1j) if is_complex(leaf) else (1.0,):
                tangents = [np.zeros_like(other) for other in point]
                tangents[i][at] = unit
                where = f"input {i}" + (f", entry {at}" if at else "")
                found.append(([t[()] for t in tangents], where))
    return found


def _check_first_order(run: Any, point: list[Any], rtol: float, name: str) -> None:
    directions = _directions(point)
    if not directions:
        return
    columns = []
    for tangents, _ in directions:
        columns.append(numbers(_forward(run, point, tangents)))
    forward = np.stack(columns, axis=-1) if columns else np.zeros((0, 0))

    def place(at: tuple[int, ...]) -> str:
        return f"{at[0]} of the output by {directions[at[1]][1]}"

    expected = np.stack([difference(run, point, tangents) for tangents, _ in directions], axis=-1)
    granted = noise(run(*point))
    compare(forward, expected, rtol, f"derivative of {name} in forward mode, against differences", place, granted)
    steps = [complex_step(run, point, tangents) for tangents, _ in directions]
    if all(step is not None for step in steps):
        exact = np.stack([step for step in steps if step is not None], axis=-1)
        compare(forward, exact, 1e-9, f"derivative of {name} in forward mode, against complex steps", place)
    out = numbers(run(*point))
    for seed in (1, 2):
        ct = moving(out, seed)
        pulled = _backward(run, point, np.conj(ct))
        found = [sum(product(np.conj(numbers(b)), t) for b, t in zip(pulled, ts, strict=True)) for ts, _ in directions]
        wanted = [product(ct, forward[:, j]) for j in range(len(directions))]
        compare(
            np.array(found),
            np.array(wanted),
            1e-9,
            f"derivative of {name} in reverse mode, against forward mode",
            lambda at: directions[at[0]][1],
        )


def _check_second_order(
    run: Any, point: list[Any], first: list[Any], second: list[Any], rtol: float, name: str
) -> None:
    def slope(*parts: Any) -> Any:
        return _forward(run, list(parts), first)

    what = f"second derivative of {name} along two directions"
    ahead = numbers(_forward(slope, point, second))
    expected = difference(slope, point, second)
    granted = noise(slope(*point))
    compare(ahead, expected, 10 * rtol, f"{what}, forward over forward, against differences", noise=granted)
    ct = moving(numbers(run(*point)), 4)

    def pulled(*parts: Any) -> Any:
        return _joined(_backward(run, list(parts), np.conj(ct)))

    def along(*parts: Any) -> Any:
        """The slope of <ct, f>, by reverse mode."""
        backs = _backward(run, list(parts), np.conj(ct))
        total: Any = 0.0
        for back, t in zip(backs, first, strict=True):
            total = total + (back * t).sum() if shape_of(back) else total + back * t
        return total if not is_complex(total) else total.real

    expected = product(ct, ahead)
    flat = np.concatenate([np.ravel(t) for t in first]) if first else np.zeros(0)
    over_reverse = np.sum(np.real(numbers(_forward(pulled, point, second)) * flat))
    compare(over_reverse, expected, 1e-7, f"{what}, forward over reverse")
    for label, function, seed in (
        ("reverse over forward", slope, np.conj(ct)),
        ("reverse over reverse", along, 1.0),
    ):
        backs = _backward(function, point, seed)
        found = sum(np.sum(np.real(numbers(b) * t)) for b, t in zip(backs, second, strict=True))
        compare(found, expected, 1e-7, f"{what}, {label}")

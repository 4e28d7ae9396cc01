"""`pad`: ends before and after each axis, by mode.

Modes that move elements ask NumPy where to: it pads the positions 0, 1, 2, ... of the axis.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from interp.errors import UnsupportedArgument
from interp.value import ndim_of, operand, primal, shape_of
from interp.vocabulary import reductions, statistics
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.composites import companion, composite
from interp.vocabulary.creation import as_operand, copy, zeros
from interp.vocabulary.indexing import along, take
from interp.vocabulary.shape import broadcast_to, concatenate, in_memory_order, memory_order, where

Widths = tuple[int, int]
Ends = tuple[Any, Any]


@composite(np.pad)
def pad(array: Any, pad_width: Any, mode: str = "constant", **options: Any) -> Any:
    """``array`` with ``pad_width`` elements before and after each axis, in NumPy's forms of the width.

    ``mode``: "constant" (``constant_values``, which may be values), "edge", "reflect" and "symmetric"
    (``reflect_type``), "wrap", "linear_ramp" (``end_values``), "maximum", "minimum" and "mean" (``stat_length``).
    """
    x = operand(array)
    if not isinstance(mode, str) or mode in ("empty", "median"):
        raise UnsupportedArgument(f"pad: mode={mode!r} is not there for values; make the ends, and use concatenate")
    if mode not in MODES:
        raise ValueError(f"mode {mode!r} is not supported")
    ends, option, default = MODES[mode]
    if options.keys() - {option}:
        raise ValueError(f"unsupported keyword arguments for mode {mode!r}: {sorted(options.keys() - {option})}")
    ndim = ndim_of(x)
    pairs = _pairs(options.get(option, default), ndim)
    padded = x
    for i, widths in enumerate(_widths(pad_width, ndim)):
        if any(widths):
            before, after = ends(padded, i - ndim, widths, pairs[i])
            padded = concatenate([before, padded, after], axis=i)
    return copy(x, memory_order(x)) if padded is x else in_memory_order(padded, memory_order(x))


def _widths(pad_width: Any, ndim: int) -> list[Widths]:
    if isinstance(pad_width, dict):
        given: list[Any] = [(0, 0)] * ndim
        for axis, widths in pad_width.items():
            given[axis] = widths if isinstance(widths, tuple) else (widths, widths)
        pad_width = given
    widths = np.asarray(pad_width)
    if widths.dtype.kind != "i":
        raise TypeError("`pad_width` must be of integral type.")
    if (widths < 0).any():
        raise ValueError("index can't contain negative values")
    return [(before, after) for before, after in np.broadcast_to(widths, (ndim, 2)).tolist()]


def _pairs(option: Any, ndim: int) -> list[Ends]:
    """An option before and after each axis, from NumPy's forms: one, a pair, a pair an axis."""
    if option is None or isinstance(option, str):
        return [(option, option)] * ndim
    spread = broadcast_to(as_operand(option), (ndim, 2))
    return [(spread[i, 0], spread[i, 1]) for i in range(ndim)]


def _sized(x: Any, axis: int, n: int) -> tuple[int, ...]:
    shape = list(shape_of(x))
    shape[axis] = n
    return tuple(shape)


def _part(x: Any, axis: int, part: slice) -> Any:
    return x[along(x, axis, part)]


def _constant(x: Any, axis: int, widths: Widths, values: Ends) -> Ends:
    before, after = (
        zeros(_sized(x, axis, n), like=primal(x), dtype=x.dtype) + value.astype(x.dtype)
        for n, value in zip(widths, values, strict=True)
    )
    return before, after


def _moved(mode: str) -> Callable[..., Ends]:
    def ends(x: Any, axis: int, widths: Widths, _: Any) -> Ends:
        n = shape_of(x)[axis]
        places = np.pad(np.arange(n), widths, mode)  # type: ignore[call-overload]
        return take(x, places[: widths[0]], axis), take(x, places[widths[0] + n :], axis)

    return ends


def _reflected(mode: str) -> Callable[..., Ends]:
    """Even, the elements mirrored; odd, what they leave of twice the edge: s x[place] + p x[0] + q x[-1]."""
    even = _moved(mode)

    def ends(x: Any, axis: int, widths: Widths, reflect_type: tuple[str, str]) -> Ends:
        mirrored, n = even(x, axis, widths, None), shape_of(x)[axis]
        if reflect_type[0] != "odd" or n == 1:
            return mirrored
        weights = [np.pad(unit, widths, mode, reflect_type="odd") for unit in np.eye(n, dtype=int)[[0, -1]]]  # type: ignore[call-overload]
        edges = _part(x, axis, slice(0, 1)), _part(x, axis, slice(n - 1, n))
        padded = (slice(widths[0]), slice(widths[0] + n, None))
        before, after = (
            _weighted(x, axis, [weight[part] for weight in weights], (elements, *edges))
            for part, elements in zip(padded, mirrored, strict=True)
        )
        return before, after

    return ends


def _weighted(x: Any, axis: int, weights: list[np.ndarray], parts: tuple[Any, Any, Any]) -> Any:
    """Sum of the parts by integer weights, those of the first such that all sum to 1; nothing comes of a weight 0."""
    terms = []
    for weight, part in zip((1 - weights[0] - weights[1], *weights), parts, strict=True):
        factor = companion(weight.reshape((-1,) + (1,) * (-axis - 1)).astype(x.dtype), x)
        terms.append(where(factor != 0, factor * part, 0))
    mirrored, first, last = terms
    return mirrored + first + last


def _ramps(x: Any, axis: int, widths: Widths, values: Ends) -> Ends:
    before, after = (
        _ramp(x, _part(x, axis, edge), axis, n, value.astype(x.dtype))
        for edge, n, value in zip((slice(0, 1), slice(-1, None)), widths, values, strict=True)
    )
    return before, _part(after, axis, slice(None, None, -1))


def _ramp(x: Any, edge: Any, axis: int, n: int, value: Any) -> Any:
    """``n`` numbers from ``value`` towards ``edge``, evenly spaced."""
    steps = companion(np.arange(n).reshape((-1,) + (1,) * (-axis - 1)).astype(x.dtype), x)
    return (edge - value) / max(n, 1) * steps + value


def _statistic(reduce: Callable[..., Any]) -> Callable[..., Ends]:
    def ends(x: Any, axis: int, widths: Widths, lengths: Ends) -> Ends:
        n = shape_of(x)[axis]
        first, last = (n if length is None else min(int(length), n) for length in lengths)
        parts = _part(x, axis, slice(first)), _part(x, axis, slice(n - last, n))
        before, after = (
            broadcast_to(reduce(part, axis=axis, keepdims=True), _sized(x, axis, m))
            for part, m in zip(parts, widths, strict=True)
        )
        return before, after

    return ends


MODES: dict[str, tuple[Callable[..., Ends], str, Any]] = {
    "constant": (_constant, "constant_values", 0),
    "edge": (_moved("edge"), "", None),
    "wrap": (_moved("wrap"), "", None),
    "reflect": (_reflected("reflect"), "reflect_type", "even"),
    "symmetric": (_reflected("symmetric"), "reflect_type", "even"),
    "linear_ramp": (_ramps, "end_values", 0),
    "maximum": (_statistic(reductions.max), "stat_length", None),
    "minimum": (_statistic(reductions.min), "stat_length", None),
    "mean": (_statistic(statistics.mean), "stat_length", None),
}
"""Mode -> ``(x, axis, widths, options before and after) -> ends``, the name of its option, and its default."""


enter(
    pad,
    np.pad,
    calls=[
        call((2, 3), 1),
        call((2, 3), pad_width=((1, 0), (0, 2)), constant_values=((1.0, 2.0), (3.0, 4.0))),
        call((3,), (2,), through=lambda f, x, y: f(x, (1, 2), constant_values=(y[0], y[1]))),
        call((2, 3), pad_width=(1, 2), mode="edge"),
        call((2, 3), pad_width={-1: (1, 2)}, mode="wrap"),
        call((3,), pad_width=(4, 7), mode="wrap"),
        *(call((2, 3), pad_width=((0, 1), (5, 7)), mode=mode) for mode in ("reflect", "symmetric")),
        *(call((2, 3), pad_width=(6, 7), mode=mode, reflect_type="odd") for mode in ("reflect", "symmetric")),
        call((1, 2), pad_width=2, mode="reflect", reflect_type="odd"),
        call((2, 3), pad_width=((2, 1), (0, 3)), mode="linear_ramp", end_values=(0.5, -1.0)),
        *(call((2, 3), pad_width=2, mode=mode) for mode in ("maximum", "minimum", "mean")),
        call((4, 3), pad_width=((1, 2), (1, 1)), mode="mean", stat_length=((2, 3), (1, 9))),
    ],
)

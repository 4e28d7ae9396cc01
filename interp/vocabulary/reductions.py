"""Sums, products, extrema along axes, and what is made of them.

Ties of max and min share the derivative equally. A NaN gives NaN, in its own reduction only.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from interp.linear import Diagonal, Formula, LinearMap, SumOver, drop_axes, keep_shape
from interp.primitive import Reduction, negative_axes, negative_axis
from interp.value import Value, has_nan, ndim_of, operand, primal, shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.creation import zeros
from interp.vocabulary.elementwise import maximum, sqrt, square
from interp.vocabulary.predicates import equal, isnan
from interp.vocabulary.shape import concatenate, flip, reshape, transpose, where

Maps = Sequence[LinearMap]


def _axes(x: Any, axis: Any = None, *, keepdims: bool = False) -> tuple[tuple[Any, ...], dict[str, Any]]:
    x = operand(x)
    return (x,), {"axis": negative_axes(axis, ndim_of(x)), "keepdims": keepdims}


def _sum_maps(out: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> Maps:
    return [SumOver(shape_of(operands[0]), params["axis"], params["keepdims"])]


def _extremum_maps(out: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> Maps:
    (x,) = operands
    shape, axes, keepdims = shape_of(x), params["axis"], params["keepdims"]
    kept = keep_shape(shape, axes)
    if type(x) is np.ndarray and (places := _single_places(x, out, kept)) is not None:
        return [Chosen(places, x.dtype, shape, axes, keepdims)]
    chosen = equal(x, reshape(out, kept)) * _one(x)
    # At least one element is chosen, which an interval of booleans does not know; of a NaN none is.
    weights = chosen / maximum(sum(chosen, axis=axes, keepdims=True), _one(x))
    weights = where(isnan(reshape(out, kept)), np.nan, weights)
    return [_weighted(weights, shape, axes, keepdims)]


def _weighted(weights: Any, shape: tuple[int, ...], axes: tuple[int, ...], keepdims: bool) -> LinearMap:
    return SumOver(shape, axes, keepdims) @ Diagonal(weights, shape, shape, singular=True)


def _single_places(x: np.ndarray, out: Any, kept: tuple[int, ...]) -> np.ndarray | None:
    """Flat positions in ``x`` of the extrema ``out``, in no order; None unless each is one element and no NaN."""
    if not x.size or not x.ndim:
        return None
    (places,) = (x == np.reshape(out, kept)).reshape(-1).nonzero()
    # Each extremum is an element, unless it is NaN, which equals nothing.
    return places if places.size == np.size(out) and not has_nan(out) else None


class Chosen(LinearMap):
    """Of each reduction over ``axes`` one element, at the flat ``places``."""

    __slots__ = ("axes", "dtype", "keepdims", "places")
    keeps_none, holds_operands = True, False

    def __init__(
        self, places: np.ndarray, dtype: np.dtype, shape: tuple[int, ...], axes: tuple[int, ...], keepdims: bool
    ) -> None:
        self.places, self.dtype, self.axes, self.keepdims = places, dtype, axes, keepdims
        self.in_shape = shape
        self.out_shape = keep_shape(shape, axes) if keepdims else drop_axes(shape, axes)

    def _as_weighted_sum(self) -> LinearMap:
        weights = np.zeros(self.in_shape, dtype=self.dtype)
        weights.reshape(-1)[self.places] = 1.0
        return _weighted(weights, self.in_shape, self.axes, self.keepdims)

    def steps(self) -> tuple[LinearMap, ...]:
        return self._as_weighted_sum().steps()

    def apply(self, t: Any, batch: int | None = None) -> Any:
        return self._as_weighted_sum().apply(t, batch)

    def apply_adjoint(self, ct: Any, batch: int | None = None, strong: bool = False) -> Any:
        if batch is not None or isinstance(ct, Value):
            return self._as_weighted_sum().apply_adjoint(ct, batch, strong)
        image = np.zeros(self.in_shape, dtype=np.result_type(self.dtype, ct))
        self.accumulate_adjoint(image, ct)
        return image

    def accumulate_adjoint(self, total: Any, ct: Any, batch: int | None = None) -> bool:
        if batch is not None or not total.flags.c_contiguous:
            return False
        if self.places.size > 1:
            ndim = len(self.in_shape)
            places = np.unravel_index(self.places, self.in_shape)
            kept = np.reshape(ct, keep_shape(self.in_shape, self.axes))
            ct = kept[tuple(0 if i - ndim in self.axes else at for i, at in enumerate(places))]
        total.reshape(-1)[self.places] += ct
        return True


def _one(x: Any) -> Any:
    """1 in the precision of ``x``."""
    dtype = getattr(x, "dtype", None)
    return dtype.type(1.0) if dtype is not None and dtype.kind == "f" else 1.0


def _prod_maps(out: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> Maps:
    (x,) = operands
    shape, axes = shape_of(x), params["axis"]
    others = _product_of_others(x, shape, axes)
    return [SumOver(shape, axes, params["keepdims"]) @ Diagonal(others, shape, shape, singular=True)]


def _product_of_others(x: Any, shape: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    """For each element the product of all others in its reduction, without dividing: zeros are exact."""
    kept = [a for a in range(-len(shape), 0) if a not in axes]
    order = (*kept, *axes)
    moved = transpose(x, order) if shape else x
    rows = reshape(moved, (*(shape[a] for a in kept), -1))
    others = products_before(rows) * flip(products_before(flip(rows, -1)), -1)
    back = reshape(others, tuple(shape[a] for a in order))
    return transpose(back, np.argsort(order)) if shape else back


def products_before(rows: Any) -> Any:
    """Product of all earlier elements along the last axis, by doubling (Hillis and Steele 1986)."""
    n = shape_of(rows)[-1]
    if n == 0:
        return rows

    def shifted(x: Any, by: int) -> Any:
        ones = zeros((*shape_of(x)[:-1], by), like=primal(x)) + 1.0
        return concatenate([ones, x[..., : n - by]], axis=-1)

    products = shifted(rows, 1)
    reach = 1
    while reach < n:
        products = products * shifted(products, reach)
        reach *= 2
    return products


def _one_axis(x: Any, axis: Any = None) -> tuple[tuple[Any, ...], dict[str, Any]]:
    x = operand(x)
    if axis is None:
        return (reshape(x, (-1,)),), {"axis": -1}
    return (x,), {"axis": negative_axis(axis, ndim_of(x))}


def _cumsum_maps(out: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> Maps:
    shape, axis = shape_of(operands[0]), params["axis"]
    return [
        Formula(
            shape,
            shape,
            lambda t, batch: cumsum(t, axis=axis),
            lambda ct, batch: flip(cumsum(flip(ct, axis), axis=axis), axis),
        )
    ]


sum = Reduction("sum", np.sum, counterparts=(np.sum,), canonical=_axes, derivative=_sum_maps)
prod = Reduction("prod", np.prod, counterparts=(np.prod,), canonical=_axes, derivative=_prod_maps)
max = Reduction("max", np.max, counterparts=(np.max, np.amax), canonical=_axes, derivative=_extremum_maps)
min = Reduction("min", np.min, counterparts=(np.min, np.amin), canonical=_axes, derivative=_extremum_maps)
cumsum = Reduction("cumulative_sum", np.cumsum, counterparts=(np.cumsum,), canonical=_one_axis, derivative=_cumsum_maps)


def mean(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Arithmetic mean over ``axis`` (all axes if None); NaN of nothing."""
    x = operand(x)
    return sum(x, axis=axis, keepdims=keepdims) / _count(x, axis)


def var(x: Any, axis: Any = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    """Variance over ``axis`` with divisor N - ``ddof``."""
    x = operand(x)
    deviations = x - mean(x, axis=axis, keepdims=True)
    return sum(square(deviations), axis=axis, keepdims=keepdims) / (_count(x, axis) - ddof)


def std(x: Any, axis: Any = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    """Standard deviation over ``axis`` with divisor N - ``ddof``."""
    return sqrt(var(x, axis=axis, ddof=ddof, keepdims=keepdims))


def _count(x: Any, axis: Any) -> int:
    shape = shape_of(x)
    return int(np.prod([shape[a] for a in negative_axes(axis, len(shape))], dtype=int))


enter(mean, np.mean, calls=[call((2, 3)), call((2, 3), axis=1), call((2, 3, 2), axis=(0, -1), keepdims=True)])
enter(var, np.var, calls=[call((2, 3)), call((2, 3), axis=0, ddof=1)])
enter(std, np.std, calls=[call((2, 3)), call((2, 3), axis=0, ddof=1, keepdims=True)])

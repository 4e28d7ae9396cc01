"""Sums, products and extrema along axes, and those of all elements up to each.

Ties of max and min share the derivative equally. A NaN gives NaN, in its own reduction only.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from interp.linear import Diagonal, Formula, LinearMap, SumOver, drop_axes, keep_shape, sum_over
from interp.primitive import Elementwise, Reduction, negative_axes, negative_axis
from interp.value import Value, has_nan, ndim_of, primal, shape_of
from interp.vocabulary.arguments import only_where, refuse_conversion
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.composites import composite
from interp.vocabulary.creation import as_operand, zeros
from interp.vocabulary.elementwise import add, maximum, minimum, multiply
from interp.vocabulary.predicates import equal, isnan, of_number
from interp.vocabulary.shape import concatenate, flip, moveaxis, reshape, transpose, where

Maps = Sequence[LinearMap]
Canonical = tuple[tuple[Any, ...], dict[str, Any]]


def _axes(x: Any, axis: Any = None, *, keepdims: bool = False) -> Canonical:
    x = as_operand(x)
    ndim = ndim_of(x)
    return (x,), {"axis": negative_axes(axis if ndim else of_number(axis), ndim), "keepdims": keepdims}


class Fold(Reduction):
    """A reduction by an operation of two elements, which may start from ``initial`` and leave elements out.

    ``neutral``: what changes no result; None if there is no such number: then a reduction of nothing raises, unless
    it starts from somewhere. ``initial`` may be a value; it counts as one operand beside all elements together.
    """

    def __init__(
        self, name: str, implementation: Any, combine: Elementwise, neutral: float | None, **options: Any
    ) -> None:
        super().__init__(name, _reduced(combine.implementation, implementation), canonical=_axes, **options)
        self.combine, self.neutral = combine, neutral
        self.general = composite(implementation)(self._with_type if neutral is not None else self._without_type)

    def signature(self) -> inspect.Signature:
        return inspect.signature(self.general)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if len(args) < 3 and kwargs.keys() <= _OF_AXES:
            return super().__call__(*args, **kwargs)
        return self.general(*args, **kwargs)

    def _with_type(
        self,
        x: Any,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        return self._reduced(x, axis, dtype, out, keepdims, initial, where)

    def _without_type(
        self,
        x: Any,
        axis: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        return self._reduced(x, axis, None, out, keepdims, initial, where)

    def _reduced(self, x: Any, axis: Any, dtype: Any, out: Any, keepdims: bool, initial: Any, mask: Any) -> Any:
        x = as_operand(x)
        refuse_conversion(self.name, x, dtype, out)
        if mask is not True:
            if self.neutral is None and initial is None:
                raise ValueError(
                    f"reduction operation '{self.name}' does not have an identity, "
                    "so to use a where mask one has to specify 'initial'"
                )
            x = only_where(mask, x, initial if self.neutral is None else self.neutral)
        (x,), params = _axes(x, axis, keepdims=keepdims)
        if initial is None:
            return self.dispatch(x, **params)
        shape, axes = shape_of(x), params["axis"]
        if self.neutral is None and not all(shape[a] for a in axes):
            made = keep_shape(shape, axes) if keepdims else drop_axes(shape, axes)
            return zeros(made, like=primal(x)) + initial
        return self.combine(self.dispatch(x, **params), initial)


_OF_AXES = {"axis", "keepdims"}


def _reduced(ufunc: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's function of a ufunc's reductions; of NumPy's own arrays the reduction itself, which is all it calls."""

    def reduced(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        if x.__class__ is np.ndarray:
            return ufunc.reduce(x, axis, None, None, keepdims)
        return function(x, axis=axis, keepdims=keepdims)

    reduced.__doc__ = function.__doc__
    return reduced


def _sum_maps(out: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> Maps:
    return [sum_over(shape_of(operands[0]), params["axis"], params["keepdims"])]


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
    # Each extremum is an element, unless it is NaN, which equals nothing.
    if not out.shape:
        chosen = (x == out).reshape(-1)
        return chosen.argmax(keepdims=True) if np.count_nonzero(chosen) == 1 else None
    (places,) = (x == out.reshape(kept)).reshape(-1).nonzero()
    return places if places.size == out.size and not has_nan(out) else None


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
            ct = kept[tuple(0 if i - ndim in self.axes else at for i, at in enumerate(places))].reshape(-1)
        elif shape_of(ct):
            ct = ct.reshape(-1)
        total.reshape(-1)[self.places] += ct
        return True


def _one(x: Any) -> Any:
    """1 in the precision of ``x``."""
    dtype = getattr(x, "dtype", None)
    return dtype.type(1.0) if dtype is not None and dtype.kind == "f" else 1.0


def _prod_maps(out: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> Maps:
    (x,) = operands
    shape, axes = shape_of(x), params["axis"]
    if x.__class__ is np.ndarray and _divides(x, out):
        others = np.reshape(out, keep_shape(shape, axes)) / x
    else:
        others = _product_of_others(x, shape, axes)
    return [SumOver(shape, axes, params["keepdims"]) @ Diagonal(others, shape, shape, singular=True)]


def _divides(x: np.ndarray, out: Any) -> bool:
    """True if the product of all others is ``out`` by each element, to rounding: no zeros, no under- or overflow."""
    sizes = np.abs(out)
    limits = np.finfo(x.dtype) if x.dtype.kind in "fc" else None
    return limits is not None and bool(x.all() and (sizes > limits.tiny).all() and np.isfinite(out).all())


def _product_of_others(x: Any, shape: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    """For each element the product of all others in its reduction, without dividing: zeros are exact."""
    kept = [a for a in range(-len(shape), 0) if a not in axes]
    order = (*kept, *axes)
    rows = as_rows(x, axes)
    others = products_before(rows) * flip(products_before(flip(rows, -1)), -1)
    back = reshape(others, tuple(shape[a] for a in order))
    return transpose(back, np.argsort(order)) if shape else back


def as_rows(x: Any, axes: tuple[int, ...]) -> Any:
    """``x`` with its negative ``axes`` merged into one, the last."""
    shape = shape_of(x)
    kept = [a for a in range(-len(shape), 0) if a not in axes]
    moved = transpose(x, (*kept, *axes)) if shape else x
    return reshape(moved, (*(shape[a] for a in kept), int(np.prod([shape[a] for a in axes], dtype=int))))


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


sum = Fold("sum", np.sum, add, 0.0, counterparts=(np.sum,), derivative=_sum_maps)
prod = Fold("prod", np.prod, multiply, 1.0, counterparts=(np.prod,), derivative=_prod_maps)
max = Fold("max", np.max, maximum, None, counterparts=(np.max, np.amax), derivative=_extremum_maps)
min = Fold("min", np.min, minimum, None, counterparts=(np.min, np.amin), derivative=_extremum_maps)


@composite(np.ptp)
def ptp(x: Any, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    """Greatest less least element over ``axis``."""
    x = as_operand(x)
    refuse_conversion("ptp", x, None, out)
    return max(x, axis=axis, keepdims=keepdims) - min(x, axis=axis, keepdims=keepdims)


# -- of all elements up to each


def _one_axis(x: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Canonical:
    x = as_operand(x)
    refuse_conversion("cumsum", x, dtype, out)
    if axis is None or not ndim_of(x):
        x, axis = reshape(x, (-1,)), -1 if axis is None else axis
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


class RunningSum(Reduction):
    """Of plain numbers NumPy's own, with its ``dtype`` and ``out``."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if len(args) < 3 and kwargs.keys() <= _OF_AXES:
            return super().__call__(*args, **kwargs)
        return composite(self.implementation)(super().__call__)(*args, **kwargs)


cumsum = RunningSum(
    "cumulative_sum", np.cumsum, counterparts=(np.cumsum,), canonical=_one_axis, derivative=_cumsum_maps
)


@composite(np.cumprod)
def cumprod(x: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
    """Products of the elements up to each along ``axis`` (None: of all in C order), by doubling."""
    x = as_operand(x)
    refuse_conversion("cumprod", x, dtype, out)
    if axis is None:
        x, axis = reshape(x, (-1,)), -1
    rows = moveaxis(x, axis, -1)
    return moveaxis(products_before(rows) * rows, -1, axis)


@composite(np.cumulative_sum)
def cumulative_sum(
    x: Any, /, *, axis: int | None = None, dtype: Any = None, out: Any = None, include_initial: bool = False
) -> Any:
    """The Array API's `cumsum`: ``axis`` may be left out for one axis only; ``include_initial`` puts a 0 in front."""
    return _with_initial(cumsum, 0.0, as_operand(x), axis, dtype, out, include_initial)


@composite(np.cumulative_prod)
def cumulative_prod(
    x: Any, /, *, axis: int | None = None, dtype: Any = None, out: Any = None, include_initial: bool = False
) -> Any:
    """The Array API's `cumprod`: ``axis`` may be left out for one axis only; ``include_initial`` puts a 1 in front."""
    return _with_initial(cumprod, 1.0, as_operand(x), axis, dtype, out, include_initial)


def _with_initial(
    cumulate: Callable[..., Any], first: float, x: Any, axis: int | None, dtype: Any, out: Any, include_initial: bool
) -> Any:
    if axis is None:
        if ndim_of(x) > 1:
            raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
        x, axis = reshape(x, (-1,)), -1
    behind = negative_axis(axis, ndim_of(x))
    made = cumulate(x, axis=behind, dtype=dtype, out=out)
    if not include_initial:
        return made
    shape = shape_of(made)
    one = (*shape[: len(shape) + behind], 1, *shape[len(shape) + behind + 1 :])
    return concatenate([zeros(one, like=primal(made)) + first, made], axis=behind)


REPEATED = (2, 3, 2)
"""A shape in which a length comes twice, so that axes which are mistaken for each other, or for directions, show."""
MASK = np.array([[True, False, True], [True, True, False]])

_FOLDS = ((sum, [np.sum], 0.3), (prod, [np.prod], 0.3), (max, [np.max, np.amax], 0.1), (min, [np.min, np.amin], 0.9))
for _fold, _counterparts, _start in _FOLDS:
    enter(
        _fold,
        *_counterparts,
        calls=[
            call((2, 3)),
            call(REPEATED, axis=-1),
            call(REPEATED, axis=(0, -1), keepdims=True),
            call((2, 3), axis=1, initial=_start),
            call((2, 3), axis=0, initial=_start, where=MASK),
        ],
        name=_fold.name,
    )
enter(ptp, np.ptp, calls=[call((2, 3)), call(REPEATED, axis=1, keepdims=True), call(REPEATED, axis=(0, -1))])
enter(cumsum, np.cumsum, calls=[call((2, 3)), call(REPEATED, axis=1), call(REPEATED, axis=-1)], name="cumsum")
enter(cumprod, np.cumprod, calls=[call((2, 3)), call(REPEATED, axis=0), call(REPEATED, axis=-2)])
for _running, _counterpart in ((cumulative_sum, np.cumulative_sum), (cumulative_prod, np.cumulative_prod)):
    enter(
        _running,
        _counterpart,
        calls=[call((3,)), call((3,), include_initial=True), call(REPEATED, axis=-2, include_initial=True)],
    )

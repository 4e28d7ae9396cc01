"""Order: sorting, partitions, and where in an order something belongs.

Sorting follows the numbers, as a choice does: its derivative is the permutation, of equal elements the one that
keeps their order. Number types that leave the order open say what they know: of intervals the ends of each place, of
a tracer all that may come there.
"""

from typing import Any

import numpy as np

from interp import backends
from interp.errors import UndecidedError, UnsupportedArgument
from interp.linear import Formula, Gather, LinearMap
from interp.primitive import Predicate, Sorting, negative_axis
from interp.value import Value, has_nan, ndim_of, primal, shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.creation import as_operand
from interp.vocabulary.indexing import getitem, take
from interp.vocabulary.predicates import equal
from interp.vocabulary.reductions import REPEATED, sum
from interp.vocabulary.shape import expand_dims, moveaxis, reshape

Canonical = tuple[tuple[Any, ...], dict[str, Any]]


def _axis(x: Any, axis: int | None, order: Any) -> tuple[Any, int]:
    if order is not None:
        raise UnsupportedArgument("order= sorts records by their fields; values are numbers")
    x = as_operand(x)
    return (reshape(x, (-1,)), -1) if axis is None else (x, negative_axis(axis, ndim_of(x)))


def _along(
    x: Any,
    axis: int | None = -1,
    kind: str | None = None,
    order: Any = None,
    *,
    stable: bool | None = None,
    descending: bool = False,
) -> Canonical:
    if kind is not None and stable is not None:
        raise ValueError("`kind` and `stable` parameters can't be provided at the same time. Use only one of them.")
    x, axis = _axis(x, axis, order)
    return (x,), {"axis": axis, "kind": "stable" if stable else kind, "descending": descending}


def _positions(
    x: Any,
    axis: int | None = -1,
    kind: str | None = None,
    order: Any = None,
    *,
    stable: bool | None = None,
    descending: bool = False,
) -> Canonical:
    """Of a number there is one position, where `sort` finds no axis."""
    x = as_operand(x)
    x = x if ndim_of(x) else reshape(x, (-1,))
    return _along(x, axis, kind, order, stable=stable, descending=descending)


def _array_sort(x: Any, axis: int, kind: Any, descending: bool) -> Any:
    ordered = np.sort(x, axis=axis, kind=kind)
    return np.flip(ordered, axis) if descending else ordered


def _array_argsort(x: Any, axis: int, kind: Any, descending: bool) -> Any:
    if not descending:
        return np.argsort(x, axis=axis, kind=kind)
    # Turned before and after, so that equal elements keep their order.
    return np.shape(x)[axis] - 1 - np.flip(np.argsort(np.flip(x, axis), axis=axis, kind=kind), axis)


def _sort_maps(out: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> list[LinearMap]:
    (x,) = operands
    kind = None if _all_differ(out, params["axis"]) else "stable"
    return [_permutation(argsort.dispatch(x, **{**params, "kind": kind}), params["axis"], shape_of(x))]


def _all_differ(ordered: Any, axis: int) -> bool:
    """True of sorted plain numbers without equals: only one order gives them, which NumPy's fastest way finds."""
    if ordered.__class__ is not np.ndarray:
        return False
    along = np.moveaxis(ordered, axis, -1)
    return bool((along[..., 1:] != along[..., :-1]).all()) and not has_nan(ordered)


def _permutation(order: Any, axis: int, shape: tuple[int, ...]) -> LinearMap:
    """The map that takes the elements ``order`` along an axis."""
    if not isinstance(order, Value):
        index: list[Any] = list(np.indices(shape, sparse=True))
        index[axis] = backends.to_host(order)
        return Gather(getitem, 0, (shape,), {"index": tuple(index)}, shape)
    # An order that other inputs may change: sums over all that may come to a place.
    chosen = equal(expand_dims(moveaxis(order, axis, -1), -1), np.arange(shape[axis])) * 1.0

    def forward(t: Any, batch: int | None) -> Any:
        return moveaxis(sum(chosen * expand_dims(moveaxis(t, axis, -1), -2), axis=-1), -1, axis)

    def backward(ct: Any, batch: int | None) -> Any:
        return moveaxis(sum(chosen * expand_dims(moveaxis(ct, axis, -1), -1), axis=-2), -1, axis)

    return Formula(shape, shape, forward, backward)


sort = Sorting("sort", _array_sort, counterparts=(np.sort,), canonical=_along, derivative=_sort_maps)
argsort = Predicate("argsort", _array_argsort, counterparts=(np.argsort,), canonical=_positions)


def _around(x: Any, kth: Any, axis: int | None = -1, kind: str = "introselect", order: Any = None) -> Canonical:
    x, axis = _axis(x, axis, order)
    if isinstance(kth, Value):
        raise UndecidedError("partition: kth is a plain position, or several")
    return (x,), {"axis": axis, "kth": kth}


def _partition_maps(out: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> list[LinearMap]:
    """NumPy's own choice among the partitions is read off its result: the n-th of either in order belong together."""
    (x,), axis = operands, params["axis"]
    like = {"axis": axis, "kind": "stable", "descending": False}
    before, after = argsort.dispatch(x, **like), argsort.dispatch(out, **like)
    if isinstance(before, Value) or isinstance(after, Value):
        return [_permutation(before, axis, shape_of(x))]  # any place for any element: the pattern is the same
    order = np.empty_like(before)
    np.put_along_axis(order, after, before, axis)
    return [_permutation(order, axis, shape_of(x))]


partition = Sorting(
    "partition",
    lambda x, kth, axis: np.partition(x, kth, axis=axis),
    counterparts=(np.partition,),
    canonical=_around,
    derivative=_partition_maps,
)
argpartition = Predicate(
    "argpartition",
    lambda x, kth, axis: np.argpartition(x, kth, axis=axis),
    counterparts=(np.argpartition,),
    canonical=_around,
)


def _keys(keys: Any, axis: int = -1) -> Canonical:
    parts = tuple(as_operand(key) for key in keys)
    if not parts:
        raise TypeError("need sequence of keys with len > 0 in lexsort")
    return parts, {"axis": negative_axis(axis, ndim_of(parts[0])) if ndim_of(parts[0]) else axis}


lexsort = Predicate("lexsort", lambda *keys, axis: np.lexsort(keys, axis), counterparts=(np.lexsort,), canonical=_keys)


def _places(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Canonical:
    a = as_operand(a)
    if ndim_of(a) != 1:
        raise ValueError("searchsorted: the sorted array has one axis")
    return (a if sorter is None else take(a, sorter), as_operand(v)), {"side": side}


searchsorted = Predicate("searchsorted", np.searchsorted, counterparts=(np.searchsorted,), canonical=_places)

enter(
    sort,
    np.sort,
    calls=[call((2, 3)), call((2, 3), axis=None), call(REPEATED, axis=1), call(REPEATED, 0, "stable")],
)
enter(
    argsort,
    np.argsort,
    calls=[call((2, 3)), call((2, 3), axis=None), call(REPEATED, axis=1), call(REPEATED, 0, stable=True)],
    differentiable=False,
)
_PARTS = [call((7,), 3), call((2, 5), through=lambda f, x: f(x, (1, 3))), call(REPEATED, 1, axis=1)]
enter(partition, np.partition, calls=_PARTS)
enter(argpartition, np.argpartition, calls=_PARTS, differentiable=False)
enter(
    lexsort,
    np.lexsort,
    calls=[call((2, 5)), call((4,), (4,), through=lambda f, a, b: f((a, b))), call((2, 3, 2), axis=0)],
    differentiable=False,
)
_SORTED = np.array([0.3, 0.4, 0.4, 0.6, 0.8])
enter(
    searchsorted,
    np.searchsorted,
    calls=[
        call((2, 3), through=lambda f, v: f(_SORTED, v)),
        call((), through=lambda f, v: f(_SORTED, v, side="right")),
        call((4,), (3,), through=lambda f, a, v: f(a, v, "left", np.argsort(primal(a)))),
    ],
    differentiable=False,
)

"""Reductions, products and small linear algebra on arrays of values in native code.

Generic Python, one loop each as one would write it: every number type compiles it through its scalar rules. Maxima
share their derivative among ties as in the eager tier; elimination pivots on the primal.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import overload, overload_method

from interp.compile.arrays import caster, full_of, native
from interp.compile.composites import is_missing
from interp.compile.rebinding import OPTIONS
from interp.compile.values import ValueType, element, is_array, ndim_of
from interp.value import primal
from interp.vocabulary import maximum, minimum

# -- reductions


def _total(x: Any) -> Any:
    total = x[0]
    for i in range(1, len(x)):
        total = total + x[i]
    return total


def _product(x: Any) -> Any:
    total = x[0]
    for i in range(1, len(x)):
        total = total * x[i]
    return total


def _extreme(pick: Any, better: Any) -> Callable[[Any], Any]:
    """The greatest (least) element; of several alike their mean, so that each has its share of the derivative."""

    def extreme(x: Any) -> Any:
        best, ties = x[0], 1
        for i in range(1, len(x)):
            if primal(x[i]) != primal(x[i]) or primal(best) != primal(best):
                best, ties = pick(best, x[i]), 1
            elif better(x[i], best):
                best, ties = x[i], 1
            elif x[i] == best:
                best, ties = best + (x[i] - best) / (ties + 1), ties + 1
        return best

    return extreme


def _folded(pick: Any) -> Callable[[Any], Any]:
    """The same of a type whose comparisons may stay open."""

    def extreme(x: Any) -> Any:
        best = x[0]
        for i in range(1, len(x)):
            best = pick(best, x[i])
        return best

    return extreme


def _is_open(x: types.Type) -> bool:
    """True if elements compare to values, as intervals do."""
    from numba.core.registry import cpu_target

    pair = (element(x), element(x))
    found = cpu_target.typing_context.resolve_function_type(operator.lt, pair, {})
    return found is not None and isinstance(found.return_type, ValueType)


_FLAGS: dict[Any, bool] = {
    False: False,
    True: True,
    **{types.literal(flag): flag for flag in (False, True)},
    **{types.Omitted(flag): flag for flag in (False, True)},
}
"""Booleans known when code is compiled, as Numba and Python hand them over."""


def _keeping(x: types.Type, axis: Any, reduced: Any) -> Any:
    """The reduction with axes of length one where it summed up."""
    ndim = ndim_of(x)
    ones = (1,) * ndim
    if is_missing(axis):
        return lambda x, axis=None, keepdims=False: np.full(ones, reduced(x))

    def beside(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
        return np.full(1, reduced(x, axis))

    def between(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
        made = reduced(x, axis)
        return made.reshape((1, len(made)) if axis == 0 or axis == -2 else (len(made), 1))

    return {1: beside, 2: between}.get(ndim)


def _reduction(
    name: str, functions: tuple[Any, ...], of_vector: Callable[[types.Type], Any], empty: float | None
) -> None:
    """Over all elements, or over one axis of a vector or matrix. ``empty``: the result for no elements, if any.

    ``keepdims`` is a constant of the program, for the number of axes follows.
    """

    def chosen(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
        if not is_array(x) or keepdims not in _FLAGS:
            return None
        if _FLAGS[keepdims]:
            return _keeping(x, axis, getattr(np, name))
        vector = native(of_vector(x))
        begin = caster(element(x))
        if is_missing(axis):

            def reduced(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
                if x.size == 0:
                    if empty is None:
                        raise ValueError("zero-size array to a reduction which has no identity")
                    return begin(empty)
                return vector(x.copy().reshape((x.size,)))

            def reduced_vector(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
                if len(x) == 0:
                    if empty is None:
                        raise ValueError("zero-size array to a reduction which has no identity")
                    return begin(empty)
                return vector(x)

            return reduced_vector if ndim_of(x) == 1 else reduced
        if not isinstance(axis, types.Integer):
            return None
        if ndim_of(x) == 1:

            def along(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
                if axis != 0 and axis != -1:
                    raise ValueError("axis is out of bounds for array of dimension 1")
                if len(x) == 0:
                    if empty is None:
                        raise ValueError("zero-size array to a reduction which has no identity")
                    return begin(empty)
                return vector(x)

            return along
        if ndim_of(x) > 2:
            return None
        full = native(full_of(element(x), 1))
        none = 0.0 if empty is None else empty

        def over_axis(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
            if axis < -2 or axis > 1:
                raise ValueError("axis is out of bounds for array of dimension 2")
            first = axis == 0 or axis == -2
            kept, length = (x.shape[1], x.shape[0]) if first else (x.shape[0], x.shape[1])
            made = full((kept,), none)
            if length == 0:
                if empty is None and kept > 0:
                    raise ValueError("zero-size array to a reduction which has no identity")
                return made
            for i in range(kept):
                made[i] = vector(x[:, i]) if first else vector(x[i, :])
            return made

        return over_axis

    for function in functions:
        overload(function, jit_options=OPTIONS, strict=False)(chosen)
    overload_method(ValueType, name, jit_options=OPTIONS, strict=False)(chosen)


_reduction("sum", (np.sum,), lambda x: _total, 0.0)
_reduction("prod", (np.prod,), lambda x: _product, 1.0)
_reduction("mean", (np.mean,), lambda x: _mean, np.nan)
_reduction("max", (np.max,), lambda x: _folded(maximum) if _is_open(x) else _extreme(maximum, operator.gt), None)
_reduction("min", (np.min,), lambda x: _folded(minimum) if _is_open(x) else _extreme(minimum, operator.lt), None)


def _mean(x: Any) -> Any:
    total = x[0]
    for i in range(1, len(x)):
        total = total + x[i]
    return total / float(len(x))


@overload(np.var, jit_options=OPTIONS, strict=False)
@overload_method(ValueType, "var", jit_options=OPTIONS, strict=False)
def _var(x: Any, axis: Any = None, ddof: Any = 0, keepdims: Any = False) -> Any:
    if not is_array(x) or keepdims not in _FLAGS:
        return None
    begin = caster(element(x))
    keeping = _FLAGS[keepdims]

    def of_all(x: Any, axis: Any = None, ddof: Any = 0, keepdims: Any = False) -> Any:
        if len(x) == 0:
            return begin(np.nan)
        mean = x.mean()
        total = np.square(x[0] - mean)
        for i in range(1, len(x)):
            total = total + np.square(x[i] - mean)
        return total / float(max(len(x) - ddof, 0))

    def of_array(x: Any, axis: Any = None, ddof: Any = 0, keepdims: Any = False) -> Any:
        mean = np.mean(x, axis, keepdims=True)
        count = x.size // max(mean.size, 1)
        return np.sum(np.square(x - mean), axis, keepdims=keeping) / float(max(count - ddof, 0))

    return of_all if ndim_of(x) == 1 and is_missing(axis) and not keeping else of_array


@overload(np.std, jit_options=OPTIONS, strict=False)
@overload_method(ValueType, "std", jit_options=OPTIONS, strict=False)
def _std(x: Any, axis: Any = None, ddof: Any = 0, keepdims: Any = False) -> Any:
    if not is_array(x) or keepdims not in _FLAGS:
        return None
    keeping = _FLAGS[keepdims]
    return lambda x, axis=None, ddof=0, keepdims=False: np.sqrt(np.var(x, axis, ddof=ddof, keepdims=keeping))


def _position(better: Any) -> Callable[[Any], Any]:
    def chosen(x: Any) -> Any:
        if not is_array(x) or ndim_of(x) != 1:
            return None

        def position(x: Any) -> int:
            if len(x) == 0:
                raise ValueError("attempt to get the position of an extreme of an empty sequence")
            best = 0
            for i in range(1, len(x)):
                if primal(x[best]) == primal(x[best]) and (better(x[i], x[best]) or primal(x[i]) != primal(x[i])):
                    best = i
            return best

        return position

    return chosen


for _name, _better in (("argmax", operator.gt), ("argmin", operator.lt)):
    overload(getattr(np, _name), jit_options=OPTIONS, strict=False)(_position(_better))
    overload_method(ValueType, _name, jit_options=OPTIONS, strict=False)(_position(_better))


# -- products


def _inner(x: Any, y: Any) -> Any:
    if len(x) != len(y):
        raise ValueError("shapes do not fit in a product")
    if len(x) == 0:
        return zero_of_product(x, y)
    total = x[0] * y[0]
    for i in range(1, len(x)):
        total = total + x[i] * y[i]
    return total


def zero_of_product(x: Any, y: Any) -> Any:
    """The zero of the type of x[0] * y[0]."""
    raise NotImplementedError("native code only")


@overload(zero_of_product, jit_options=OPTIONS, strict=False)
def _zero_of_product(x: Any, y: Any) -> Any:
    zero = caster(product_type(x, y))
    return lambda x, y: zero(0.0)


def product_type(x: types.Type, y: types.Type) -> types.Type:
    """Type of a sum of products of elements."""
    from numba.core.registry import cpu_target

    context = cpu_target.typing_context
    product = context.resolve_function_type(operator.mul, (element(x), element(y)), {}).return_type
    return context.resolve_function_type(operator.add, (product, product), {}).return_type


def _matrix_vector(zeros: Any) -> Any:
    def product(x: Any, y: Any) -> Any:
        if x.shape[1] != y.shape[0]:
            raise ValueError("shapes do not fit in a product")
        made = zeros((x.shape[0],), 0.0)
        for j in range(x.shape[1]):
            for i in range(x.shape[0]):
                made[i] = made[i] + x[i, j] * y[j]
        return made

    return product


def _vector_matrix(zeros: Any) -> Any:
    def product(x: Any, y: Any) -> Any:
        if x.shape[0] != y.shape[0]:
            raise ValueError("shapes do not fit in a product")
        made = zeros((y.shape[1],), 0.0)
        for i in range(y.shape[0]):
            for j in range(y.shape[1]):
                made[j] = made[j] + x[i] * y[i, j]
        return made

    return product


def _matrix_matrix(zeros: Any) -> Any:
    def product(x: Any, y: Any) -> Any:
        if x.shape[1] != y.shape[0]:
            raise ValueError("shapes do not fit in a product")
        made = zeros((x.shape[0], y.shape[1]), 0.0)
        for i in range(x.shape[0]):
            for k in range(x.shape[1]):
                for j in range(y.shape[1]):
                    made[i, j] = made[i, j] + x[i, k] * y[k, j]
        return made

    return product


_PRODUCTS = {(2, 1): _matrix_vector, (1, 2): _vector_matrix, (2, 2): _matrix_matrix}


@overload(operator.matmul, jit_options=OPTIONS, strict=False)
def _matmul(x: Any, y: Any) -> Any:
    if not (is_array(x) or is_array(y)):
        return None
    axes = ndim_of(x), ndim_of(y)
    if axes == (1, 1):
        return _inner
    made = _PRODUCTS.get(axes)
    return None if made is None else made(native(full_of(product_type(x, y), sum(axes) - 2)))


@overload(np.matmul, jit_options=OPTIONS, strict=False)
def _matmul_by_name(x: Any, y: Any) -> Any:
    return (lambda x, y: x @ y) if is_array(x) or is_array(y) else None


@overload(np.dot, jit_options=OPTIONS, strict=False)
def _dot(x: Any, y: Any) -> Any:
    if not (isinstance(x, ValueType) or isinstance(y, ValueType)):
        return None
    return (lambda x, y: x @ y) if ndim_of(x) and ndim_of(y) else (lambda x, y: x * y)


@overload_method(ValueType, "dot", jit_options=OPTIONS, strict=False)
def _dot_method(x: Any, y: Any) -> Any:
    return lambda x, y: np.dot(x, y)


@overload(np.outer, jit_options=OPTIONS, strict=False)
def _outer(x: Any, y: Any) -> Any:
    if not (is_array(x) or is_array(y)) or (ndim_of(x), ndim_of(y)) != (1, 1):
        return None
    return lambda x, y: x[:, None] * y[None, :]


# -- linear algebra


def _reduced(a: Any) -> Any:
    """Rows of ``a`` brought to echelon form in place, the sign of the exchanges, and which row stands where."""
    n = a.shape[0]
    order = np.arange(n)
    sign = 1.0
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if abs(primal(a[i, k])) > abs(primal(a[best, k])):
                best = i
        if best != k:
            for j in range(n):
                held = a[k, j]
                a[k, j] = a[best, j]
                a[best, j] = held
            order[k], order[best] = order[best], order[k]
            sign = -sign
        if primal(a[k, k]) != 0.0:
            for i in range(k + 1, n):
                factor = a[i, k] / a[k, k]
                a[i, k] = factor
                for j in range(k + 1, n):
                    a[i, j] = a[i, j] - factor * a[k, j]
    return sign, order


reduced = native(_reduced)


@overload(np.linalg.det, jit_options=OPTIONS, strict=False)
def _det(a: Any) -> Any:
    if not is_array(a) or ndim_of(a) != 2:
        return None
    one = caster(element(a))

    def determinant(a: Any) -> Any:
        if a.shape[0] != a.shape[1]:
            raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
        rows = np.copy(a)
        sign, _ = reduced(rows)
        total = one(1.0)
        for k in range(rows.shape[0]):
            total = total * rows[k, k]
        return total * sign

    return determinant


@overload(np.linalg.solve, jit_options=OPTIONS, strict=False)
def _solve(a: Any, b: Any) -> Any:
    if not (is_array(a) or is_array(b)) or ndim_of(a) != 2 or ndim_of(b) not in (1, 2):
        return None
    full = native(full_of(product_type(a, b), ndim_of(b)))
    rows_of = native(full_of(element(a), 2))
    if ndim_of(b) == 2:

        def solved_columns(a: Any, b: Any) -> Any:
            made = full((a.shape[0], b.shape[1]), 0.0)
            for j in range(b.shape[1]):
                made[:, j] = np.linalg.solve(a, b[:, j])
            return made

        return solved_columns

    def solved(a: Any, b: Any) -> Any:
        n = a.shape[0]
        if a.shape[1] != n:
            raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
        if len(b) != n:
            raise ValueError("shapes of the matrix and the right-hand side do not fit")
        rows = rows_of((n, n), 0.0)
        rows[:, :] = a
        _, order = reduced(rows)
        made = full((n,), 0.0)
        for k in range(n):
            if primal(rows[k, k]) == 0.0:
                raise np.linalg.LinAlgError("Singular matrix")
            total = made[k] + b[order[k]]
            for j in range(k):
                total = total - rows[k, j] * made[j]
            made[k] = total
        for k in range(n - 1, -1, -1):
            total = made[k]
            for j in range(k + 1, n):
                total = total - rows[k, j] * made[j]
            made[k] = total / rows[k, k]
        return made

    return solved


@overload(np.linalg.inv, jit_options=OPTIONS, strict=False)
def _inv(a: Any) -> Any:
    if not is_array(a) or ndim_of(a) != 2:
        return None
    return lambda a: np.linalg.solve(a, np.eye(a.shape[0]))

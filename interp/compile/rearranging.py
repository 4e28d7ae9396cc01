"""NumPy's functions that rearrange, join and repeat arrays, for arrays of values in native code.

What follows from the number of axes is chosen when code is compiled. Results that NumPy gives as views are views.
"""

import ast
import operator
from typing import Any

import numpy as np
from numba.core import types

from interp.compile import generated as g
from interp.compile.arrays import assign, empty_of, full_of, joint_type, native
from interp.compile.composites import is_missing, literal, of_values
from interp.compile.rebinding import overloaded
from interp.compile.values import element, is_array, ndim_of


def zeros_for(shape: Any, x: Any) -> Any:
    """Zeros of this shape, a tuple, for elements like those of ``x``."""
    raise NotImplementedError("native code only")


@overloaded(zeros_for)
def _zeros_for(shape: Any, x: Any) -> Any:
    full = native(full_of(element(x), len(shape)))
    return lambda shape, x: full(shape, 0.0)


def checked_axis(axis: int, ndim: int) -> int:
    """The axis counted from the front."""
    if axis < -ndim or axis >= ndim:
        raise ValueError("axis is out of bounds for the array")
    return axis + ndim if axis < 0 else axis


in_front = native(checked_axis)


def literal_axis(axis: Any, ndim: int) -> int | None:
    """The axis from the front, where it is known; None where not, or out of bounds."""
    number = literal(axis)
    return number % ndim if isinstance(number, int) and -ndim <= number < ndim else None


# -- joining


def _parts(arrays: types.Type) -> tuple[types.Type, ...]:
    return tuple(arrays) if isinstance(arrays, types.BaseTuple) else ()


def _joined(arrays: types.Type, ndim: int) -> Any:
    """A function of a tuple of arrays of ``ndim`` axes and of an axis, from the front, along which they are joined."""
    parts = _parts(arrays)
    typ = joint_type(tuple(map(element, parts)))
    if typ is None:
        return None
    empty = native(empty_of(typ, ndim))

    def made_of(first: Any, total: int, axis: int) -> Any:
        return empty((total,))

    def matrix_of(first: Any, total: int, axis: int) -> Any:
        return empty((total, first.shape[1])) if axis == 0 else empty((first.shape[0], total))

    def put(made: Any, part: Any, at: int, axis: int) -> int:
        made[at : at + len(part)] = part
        return at + len(part)

    def put_matrix(made: Any, part: Any, at: int, axis: int) -> int:
        if part.shape[1 - axis] != made.shape[1 - axis]:
            raise ValueError("all the input array dimensions except for the concatenation axis must match exactly")
        if axis == 0:
            made[at : at + part.shape[0], :] = part
        else:
            made[:, at : at + part.shape[1]] = part
        return at + part.shape[axis]

    names = [g.item(g.name("arrays"), i) for i in range(len(parts))]
    total: ast.expr = ast.Constant(0)
    for part in names:
        length = ast.Subscript(g.attribute(part, "shape"), g.name("axis"), ast.Load())
        total = ast.BinOp(total, ast.Add(), length)
    body = [g.assign("made", g.call("made_of", names[0], total, g.name("axis"))), g.assign("at", ast.Constant(0))]
    body += [g.assign("at", g.call("put", g.name("made"), part, g.name("at"), g.name("axis"))) for part in names]
    namespace = {
        "made_of": native(made_of if ndim == 1 else matrix_of),
        "put": native(put if ndim == 1 else put_matrix),
    }
    return native(g.function(["arrays", "axis"], g.name("made"), namespace, body, named="joined"))


def _ndim_of_all(arrays: types.Type) -> int:
    """The number of axes of all parts; 0 if they differ, or are no arrays."""
    found = {*map(ndim_of, _parts(arrays))}
    return found.pop() if len(found) == 1 else 0


@of_values(np.concatenate, np.concat)
def _concatenate(arrays: Any, axis: Any = 0) -> Any:
    ndim = _ndim_of_all(arrays)
    joined = _joined(arrays, ndim) if ndim in (1, 2) else None
    if joined is None:
        return None
    if is_missing(axis):
        return (lambda arrays, axis=0: joined(arrays, 0)) if ndim == 1 else None
    return lambda arrays, axis=0: joined(arrays, in_front(axis, ndim))


@of_values(np.hstack)
def _hstack(tup: Any) -> Any:
    ndim = _ndim_of_all(tup)
    joined = _joined(tup, ndim) if ndim in (1, 2) else None
    return None if joined is None else lambda tup: joined(tup, ndim - 1)


@of_values(np.vstack)
def _vstack(tup: Any) -> Any:
    return {1: lambda tup: np.stack(tup), 2: lambda tup: np.concatenate(tup)}.get(_ndim_of_all(tup))


@of_values(np.column_stack)
def _column_stack(tup: Any) -> Any:
    return {1: lambda tup: np.copy(np.stack(tup).T), 2: lambda tup: np.hstack(tup)}.get(_ndim_of_all(tup))


@of_values(np.stack)
def _stack_along(arrays: Any, axis: Any) -> Any:
    at = literal_axis(axis, 2) if _ndim_of_all(arrays) == 1 else None
    if at is None:
        return None
    return (lambda arrays, axis: np.copy(np.stack(arrays).T)) if at else lambda arrays, axis: np.stack(arrays)


@of_values(np.append)
def _append(arr: Any, values: Any) -> Any:
    return lambda arr, values: np.concatenate((np.atleast_1d(arr).flatten(), np.atleast_1d(values).flatten()))


# -- axes


@of_values(np.expand_dims)
def _expand_dims(a: Any, axis: Any) -> Any:
    ndim = ndim_of(a)
    at = literal_axis(axis, ndim + 1)
    views = {
        (1, 0): lambda a, axis: a[None, :],
        (1, 1): lambda a, axis: a[:, None],
        (2, 0): lambda a, axis: a[None, :, :],
        (2, 1): lambda a, axis: a[:, None, :],
        (2, 2): lambda a, axis: a[:, :, None],
    }
    return views.get((ndim, -1 if at is None else at))


@of_values(np.squeeze, method="squeeze")
def _squeeze(a: Any, axis: Any) -> Any:
    """Along one axis: which axes have length one is not known when code is compiled."""
    ndim = ndim_of(a)
    at = literal_axis(axis, ndim) if ndim else None
    if at is None or ndim > 2:
        return None

    def squeezed(a: Any, axis: Any) -> Any:
        if a.shape[at] != 1:
            raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
        return picked(a)

    picked = native({(1, 0): lambda a: a[0], (2, 0): lambda a: a[0, :], (2, 1): lambda a: a[:, 0]}[ndim, at])
    return squeezed


@of_values(np.atleast_1d)
def _atleast_1d(x: Any) -> Any:
    return (lambda x: x) if ndim_of(x) else lambda x: np.full(1, x)


@of_values(np.atleast_2d)
def _atleast_2d(x: Any) -> Any:
    return {0: lambda x: np.full((1, 1), x), 1: lambda x: x[None, :]}.get(ndim_of(x), lambda x: x)


@of_values(np.swapaxes, method="swapaxes")
def _swapaxes(a: Any, axis1: Any, axis2: Any) -> Any:
    axes = literal_axis(axis1, 2), literal_axis(axis2, 2)
    if ndim_of(a) != 2 or None in axes:
        return None
    return (lambda a, axis1, axis2: a) if axes[0] == axes[1] else lambda a, axis1, axis2: a.T


@of_values(np.moveaxis)
def _moveaxis(a: Any, source: Any, destination: Any) -> Any:
    return _swapaxes(a, source, destination)


@of_values(np.broadcast_to)
def _broadcast_to(array: Any, shape: Any) -> Any:
    """A copy: what NumPy gives is for reading alone."""
    if isinstance(shape, types.Integer):
        return lambda array, shape: np.broadcast_to(array, (shape,))
    if not isinstance(shape, types.BaseTuple) or len(shape) < ndim_of(array):
        return None
    full = native(full_of(element(array), len(shape)))

    def spread(array: Any, shape: Any) -> Any:
        made = full(shape, 0.0)
        assign(made, array)
        return made

    return spread


# -- orders of elements


@of_values(np.flip)
def _flip(m: Any, axis: Any = None) -> Any:
    ndim = ndim_of(m)
    if ndim not in (1, 2):
        return None
    if is_missing(axis):
        return {1: lambda m, axis=None: m[::-1], 2: lambda m, axis=None: m[::-1, ::-1]}[ndim]
    at = literal_axis(axis, ndim)
    views = {
        (1, 0): lambda m, axis=None: m[::-1],
        (2, 0): lambda m, axis=None: m[::-1, :],
        (2, 1): lambda m, axis=None: m[:, ::-1],
    }
    return views.get((ndim, -1 if at is None else at))


@of_values(np.flipud)
def _flipud(m: Any) -> Any:
    return (lambda m: m[::-1]) if is_array(m) else None


@of_values(np.fliplr)
def _fliplr(m: Any) -> Any:
    return (lambda m: m[:, ::-1]) if ndim_of(m) == 2 else None


@of_values(np.roll)
def _roll(a: Any, shift: Any, axis: Any = None) -> Any:
    ndim = ndim_of(a)
    if ndim not in (1, 2) or not isinstance(shift, types.Integer | int):
        return None

    def rolled(a: Any, shift: Any, axis: Any = None) -> Any:
        made = np.empty_like(a)
        for i in range(len(a)):
            made[(i + shift) % len(a)] = a[i]
        return made

    def rolled_flat(a: Any, shift: Any, axis: Any = None) -> Any:
        return np.roll(a.flatten(), shift).reshape(a.shape)

    def rolled_along(a: Any, shift: Any, axis: Any = None) -> Any:
        n, m = a.shape
        down, right = (shift, 0) if in_front(axis, 2) == 0 else (0, shift)
        made = np.empty_like(a)
        for i in range(n):
            for j in range(m):
                made[(i + down) % n, (j + right) % m] = a[i, j]
        return made

    if ndim == 1:
        return rolled
    return rolled_flat if is_missing(axis) else rolled_along


@of_values(np.repeat, method="repeat")
def _repeat(a: Any, repeats: Any) -> Any:
    """Of elements in C order."""
    if not isinstance(repeats, types.Integer | int) and not isinstance(getattr(repeats, "dtype", None), types.Integer):
        return None
    times = native((lambda r, i: r[i]) if ndim_of(repeats) else lambda r, i: r)

    def repeated(a: Any, repeats: Any) -> Any:
        flat = a.flatten()
        total = 0
        for i in range(len(flat)):
            total += times(repeats, i)
        made = zeros_for((total,), flat)
        at = 0
        for i in range(len(flat)):
            for _ in range(times(repeats, i)):
                made[at] = flat[i]
                at += 1
        return made

    return repeated if is_array(a) else None


@of_values(np.tile)
def _tile(A: Any, reps: Any) -> Any:
    if ndim_of(A) != 1 or not isinstance(reps, types.Integer | int):
        return None

    def tiled(A: Any, reps: Any) -> Any:
        made = zeros_for((len(A) * reps,), A)
        for i in range(len(made)):
            made[i] = A[i % len(A)]
        return made

    return tiled


# -- diagonals and triangles


@of_values(np.diagonal, method="diagonal")
def _diagonal(a: Any, offset: Any = 0) -> Any:
    if ndim_of(a) != 2:
        return None

    def diagonal(a: Any, offset: Any = 0) -> Any:
        down, right = max(-offset, 0), max(offset, 0)
        made = zeros_for((max(min(a.shape[0] - down, a.shape[1] - right), 0),), a)
        for i in range(len(made)):
            made[i] = a[i + down, i + right]
        return made

    return diagonal


@of_values(np.diag)
def _diag(v: Any, k: Any = 0) -> Any:
    def matrix(v: Any, k: Any = 0) -> Any:
        n = len(v) + abs(k)
        made = zeros_for((n, n), v)
        for i in range(len(v)):
            made[i + max(-k, 0), i + max(k, 0)] = v[i]
        return made

    return {1: matrix, 2: lambda v, k=0: np.diagonal(v, k)}.get(ndim_of(v))


def _triangle(function: Any, kept: Any) -> None:
    @of_values(function)
    def chosen(m: Any, k: Any = 0) -> Any:
        if ndim_of(m) != 2:
            return None

        def triangle(m: Any, k: Any = 0) -> Any:
            made = zeros_for(m.shape, m)
            for i in range(m.shape[0]):
                for j in range(m.shape[1]):
                    if kept(j - i, k):
                        made[i, j] = m[i, j]
            return made

        return triangle


_triangle(np.tril, operator.le)
_triangle(np.triu, operator.ge)


# -- picking


@of_values(np.take, method="take")
def _take(a: Any, indices: Any, axis: Any = None) -> Any:
    """At positions, from the end where negative, checked."""
    ndim = ndim_of(a)
    if not isinstance(indices, types.Integer) and not isinstance(getattr(indices, "dtype", None), types.Integer):
        return None
    if not is_array(a) or ndim > 2 or ndim_of(indices) > 1:
        return None
    if ndim_of(indices):

        def check(indices: Any, n: int) -> None:
            for i in indices:
                if i < -n or i >= n:
                    raise IndexError("an index is out of bounds for the axis")
    else:

        def check(indices: Any, n: int) -> None:
            if indices < -n or indices >= n:
                raise IndexError("an index is out of bounds for the axis")

    check = native(check)
    flat = is_missing(axis)
    at = 0 if flat else literal_axis(axis, ndim)
    if at is None:
        return None
    picked = native((lambda a, i: a[i]) if flat or at == 0 else lambda a, i: a[:, i])

    def taken(a: Any, indices: Any, axis: Any = None) -> Any:
        rows = laid(a)
        check(indices, rows.shape[at])
        return picked(rows, indices)

    laid = native((lambda a: a.flatten()) if flat and ndim == 2 else lambda a: a)
    return taken

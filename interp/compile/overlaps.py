"""In-place operators on arrays that share memory, with NumPy's meaning, in the functions that we compile.

``a[1:] += a[:-1]`` means the old elements on the right. Numba's own operators read what they have just written; here
the right side is copied where the memory of the two may meet, unless they are the very same elements.
"""

import operator
from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global

from interp.compile.rebinding import OPTIONS, overloaded
from interp.compile.values import call_native


def apart(x: Any, y: Any) -> Any:
    """``y``, or a copy of it if a store into the array ``x`` may change it while it is read."""
    raise NotImplementedError("native code only")


@overloaded(apart)
def _apart(x: Any, y: Any) -> Any:
    if not isinstance(x, types.Array) or not isinstance(y, types.Array):
        return lambda x, y: y
    alike = x.ndim == y.ndim and x.dtype == y.dtype

    def separated(x: Any, y: Any) -> Any:
        if x.size == 0 or y.size == 0:
            return y
        if alike and x.ctypes.data == y.ctypes.data and x.strides == y.strides and x.shape == y.shape:
            return y
        first, last = _bounds(x)
        other_first, other_last = _bounds(y)
        return np.copy(y) if first < other_last and other_first < last else y

    return separated


@numba.njit(**OPTIONS)
def _bounds(x: Any) -> Any:
    """Addresses between which the elements lie."""
    first = last = np.int64(x.ctypes.data)
    for axis in range(x.ndim):
        span = x.strides[axis] * (x.shape[axis] - 1)
        if span < 0:
            first += span
        else:
            last += span
    return first, last + x.itemsize


def _add(x: Any, y: Any) -> Any:
    x += apart(x, y)
    return x


def _subtract(x: Any, y: Any) -> Any:
    x -= apart(x, y)
    return x


def _multiply(x: Any, y: Any) -> Any:
    x *= apart(x, y)
    return x


def _divide(x: Any, y: Any) -> Any:
    x /= apart(x, y)
    return x


def _floor_divide(x: Any, y: Any) -> Any:
    x //= apart(x, y)
    return x


def _remainder(x: Any, y: Any) -> Any:
    x %= apart(x, y)
    return x


def _power(x: Any, y: Any) -> Any:
    x **= apart(x, y)
    return x


_OURS = {
    operator.iadd: _add,
    operator.isub: _subtract,
    operator.imul: _multiply,
    operator.itruediv: _divide,
    operator.ifloordiv: _floor_divide,
    operator.imod: _remainder,
    operator.ipow: _power,
}
"""Numba's operators -> what is put in their place between arrays, with the same types."""


def typed_as_numbas(numbas: dict[Any, Any], x: Any = types.Any, y: Any = types.Any) -> None:
    """Let native code call our functions of two operands of classes ``x`` and ``y``, with the types of Numba's.

    ``numbas``: our functions -> those of Numba's in whose place they are put.
    """

    class Typed(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            return self.context.resolve_function_type(numbas[type(self).key], args, kws)

    for function in numbas:
        infer_global(function, types.Function(type(function.__name__, (Typed,), {"key": function})))
        compiled = numba.njit(**OPTIONS)(function)

        @lower_builtin(function, x, y)
        def lower(context: Any, builder: Any, sig: Any, args: Any, compiled: Any = compiled) -> Any:
            return call_native(context, builder, types.Dispatcher(compiled), sig, args)


typed_as_numbas({ours: theirs for theirs, ours in _OURS.items()}, types.Array, types.Array)


def check_overlaps(state: Any) -> None:
    """Put these in place of Numba's operators between arrays, in a function that has its types."""
    for block in state.func_ir.blocks.values():
        for made in block.find_exprs("inplace_binop"):
            operands = tuple(map(types.unliteral, state.calltypes[made].args))
            if made.fn in _OURS and all(isinstance(t, types.Array) for t in operands):
                signature = state.calltypes.pop(made)
                made.fn = made.immutable_fn = _OURS[made.fn]
                state.calltypes[made] = state.typingctx.resolve_function_type(made.fn, signature.args, {})

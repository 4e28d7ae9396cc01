"""Results stored into arrays that share memory with operands, with NumPy's meaning, in the functions that we compile.

``a[1:] += a[:-1]`` means the old elements on the right, and so does ``np.add(a[:-1], a[1:], a[1:])``. Numba's own code
reads what it has just written; here an operand is copied where its memory may meet that of the result, unless the two
are the very same elements.
"""

import functools
import operator
from typing import Any

import numba
import numpy as np
from numba.core import ir, types
from numba.core.imputils import lower_builtin
from numba.core.ir_utils import mk_unique_var
from numba.core.registry import cpu_target
from numba.core.typing.templates import AbstractTemplate, infer_global

from interp.compile import generated as g
from interp.compile.rebinding import OPTIONS, overloaded
from interp.compile.values import call_native, context_of_lowering


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


def typed_as_numbas(numbas: dict[Any, Any], *operands: Any) -> None:
    """Let native code call our functions of operands of these classes, with the types of Numba's.

    ``numbas``: our functions -> those of Numba's in whose place they are put.
    """

    class Typed(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            return self.context.resolve_function_type(numbas[type(self).key], args, kws)

    for function in numbas:
        infer_global(function, types.Function(type(function.__name__, (Typed,), {"key": function})))
        compiled = numba.njit(**OPTIONS)(function)

        @lower_builtin(function, *operands)
        def lower(context: Any, builder: Any, sig: Any, args: Any, compiled: Any = compiled) -> Any:
            return call_native(context, builder, types.Dispatcher(compiled), sig, args)


typed_as_numbas({ours: theirs for theirs, ours in _OURS.items()}, types.Array, types.Array)


@functools.cache
def _into(ufunc: np.ufunc) -> Any:
    """``ufunc(*operands, out)``."""
    names = [f"x{i}" for i in range(ufunc.nin)]
    operands = [g.call("apart", g.name("out"), g.name(x)) for x in names]
    stored = g.call("ufunc", *operands, g.name("out"))
    made = g.function([*names, "out"], stored, {"apart": apart, "ufunc": ufunc}, named=f"{ufunc.__name__}_into")
    typed_as_numbas({made: ufunc}, *[types.Any] * ufunc.nin, types.Array)
    cpu_target.typing_context.refresh()
    context_of_lowering()
    return made


def check_overlaps(state: Any) -> None:
    """Put these in place of Numba's, in a function that has its types."""
    for block in state.func_ir.blocks.values():
        for made in block.find_exprs("inplace_binop"):
            operands = tuple(map(types.unliteral, state.calltypes[made].args))
            if made.fn in _OURS and all(isinstance(t, types.Array) for t in operands):
                made.fn = made.immutable_fn = _OURS[made.fn]
                _retype(state, made, made.fn)
        for statement in list(block.find_insts(ir.Assign)):
            made = statement.value
            if not isinstance(made, ir.Expr) or made.op != "call":
                continue
            called = getattr(state.typemap[made.func.name], "typing_key", None)
            if not isinstance(called, np.ufunc) or called.nout != 1 or len(made.args) != called.nin + 1:
                continue
            function = ir.Var(statement.target.scope, mk_unique_var("into"), statement.loc)
            held = ir.Global(called.__name__, _into(called), statement.loc)
            block.body.insert(block.body.index(statement), ir.Assign(held, function, statement.loc))
            state.func_ir._definitions[function.name].append(held)
            state.typemap[function.name] = state.typingctx.resolve_value_type(held.value)
            made.func = function
            _retype(state, made, held.value)


def _retype(state: Any, made: Any, function: Any) -> None:
    """Note the signature of a call of ``function``, which has the types of what it replaces."""
    given = tuple(map(types.unliteral, state.calltypes.pop(made).args))
    state.calltypes[made] = state.typingctx.resolve_function_type(function, given, {})

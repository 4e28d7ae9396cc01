"""Powers of integers with NumPy's meaning, in the functions that we compile and in nobody else's.

Numba's own power of two integers is 0 where the exponent is negative, without a word; NumPy raises, and so does this.
"""

import operator
from typing import Any

import numba
import numpy as np
from numba.core import ir, types

from interp.compile.overlaps import apart, typed_as_numbas
from interp.compile.rebinding import OPTIONS, overloaded

_CALLS = (pow, operator.pow, np.power)


def _no_negative(y: Any) -> None:
    raise NotImplementedError("native code only")


@overloaded(_no_negative)
def _native_no_negative(y: Any) -> Any:
    def refuse(is_negative: bool) -> None:
        if is_negative:
            raise ValueError("an integer to a negative power is no integer: make the base a float")

    check = numba.njit(**OPTIONS)(refuse)
    return (lambda y: check(np.any(y < 0))) if isinstance(y, types.Array) else lambda y: check(y < 0)


def _of_integers(x: Any, y: Any) -> Any:
    _no_negative(y)
    return x**y


def _in_place(x: Any, y: Any) -> Any:
    _no_negative(y)
    x **= apart(x, y)
    return x


typed_as_numbas({_of_integers: operator.pow, _in_place: operator.ipow}, types.Any, types.Any)


def check_powers(state: Any) -> None:
    """Put these in place of Numba's powers, in a function that has its types."""
    for block in state.func_ir.blocks.values():
        for statement in block.body:
            made = getattr(statement, "value", None)
            if not isinstance(made, ir.Expr):
                continue
            if made.op in ("binop", "inplace_binop") and made.fn in (operator.pow, operator.ipow):
                power = made
            elif (
                made.op == "call" and len(made.args) == 2 and not made.kws and _is_power(state.typemap[made.func.name])
            ):
                power = ir.Expr.binop(operator.pow, *made.args, made.loc)
            else:
                continue
            operands = tuple(map(types.unliteral, state.calltypes[made].args))
            function = _meant(power, *operands)
            if function is None:
                continue
            power.fn = function
            if power.op == "inplace_binop":
                power.immutable_fn = function
            signature = state.typingctx.resolve_function_type(function, operands, {})
            state.calltypes.pop(made)
            state.calltypes[power] = signature
            statement.value = power


def _is_power(typ: types.Type) -> bool:
    return isinstance(typ, types.Function) and typ.typing_key in _CALLS


def _meant(power: Any, x: types.Type, y: types.Type) -> Any:
    """The function to call; None where Numba's own does what NumPy does."""
    exponent = getattr(power, "static_rhs", ir.UNDEFINED)
    if isinstance(exponent, int) and exponent >= 0:
        return None
    if not (_is_integer(x) and _is_integer(y) and _element(y).signed):
        return None
    return _in_place if power.op == "inplace_binop" and isinstance(x, types.Array) else _of_integers


def _element(typ: types.Type) -> Any:
    return typ.dtype if isinstance(typ, types.Array) else typ


def _is_integer(typ: types.Type) -> bool:
    return isinstance(_element(typ), types.Integer)

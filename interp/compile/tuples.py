"""Tuples of numbers and values as small vectors: an index that varies, or a loop, sees the type that holds all members.

Numba converts the tuple; where it is of constant size its loop is unrolled like any other.
"""

import operator
from typing import Any

from numba.core import types
from numba.core.typing.templates import AbstractTemplate, infer, infer_global, signature

from interp.compile.arrays import joint_type
from interp.compile.values import ValueType, ndim_of


def _vector_of(x: types.Type) -> types.Type | None:
    """The uniform tuple that a mixed one with values becomes; None if there is none."""
    if not isinstance(x, types.Tuple) or not any(isinstance(t, ValueType) and not ndim_of(t) for t in x):
        return None
    joint = joint_type(tuple(x))
    return None if joint is None else types.UniTuple(joint, len(x))


@infer_global(operator.getitem)
class _TupleGetItem(AbstractTemplate):
    key = operator.getitem

    def generic(self, args: Any, kws: Any) -> Any:
        x, index = args
        vector = _vector_of(x)
        if vector is None or not isinstance(index, types.Integer) or isinstance(index, types.IntegerLiteral):
            return None
        return signature(vector.dtype, vector, types.intp)


@infer
class _TupleGetIter(AbstractTemplate):
    key = "getiter"

    def generic(self, args: Any, kws: Any) -> Any:
        vector = _vector_of(args[0])
        return None if vector is None else signature(vector.iterator_type, vector)

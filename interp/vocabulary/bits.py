"""Operations on bits: of integers and booleans, NumPy's own. Of values only truths have them, as conditions.

A value that is a truth (an undecided condition) takes and, or, xor and not; real numbers have no bits, and what an
integer value carries would not pass through its bits.
"""

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any

import numpy as np

from interp.errors import UnsupportedInput
from interp.primitive import Primitive
from interp.value import Holder, Value, carries
from interp.vocabulary.catalogue import enter
from interp.vocabulary.predicates import logical_and, logical_not, logical_or, logical_xor


def _bitwise(name: str, ufunc: np.ufunc, of_truths: Primitive | None) -> Callable[..., Any]:
    def operate(*operands: Any) -> Any:
        if not carries(*operands):
            return ufunc(*operands)
        operands = tuple(x.held if isinstance(x, Holder) else x for x in operands)
        types = [x.dtype if isinstance(x, Value) else np.asarray(x).dtype for x in operands]
        if of_truths is not None and all(dtype.kind == "b" for dtype in types):
            return of_truths(*operands)
        kinds = " and ".join(f"{type(x).__name__} of {dtype}" for x, dtype in zip(operands, types, strict=True))
        raise UnsupportedInput(
            f"{name}({kinds}): only plain integers and truths have bits. Use np.logical_and and its like for "
            "conditions, interp.primal(x) where nothing is to flow through the bits"
        )

    operate.__name__ = operate.__qualname__ = name
    operate.__doc__ = f"As `numpy.{name}`, of integers and booleans; of values that are truths, the logical function."
    names = ("x",) if ufunc.nin == 1 else ("x1", "x2")
    operate.__signature__ = Signature([Parameter(x, Parameter.POSITIONAL_ONLY) for x in names])  # type: ignore[attr-defined]
    return enter(operate, ufunc, differentiable=False)  # type: ignore[no-any-return]


bitwise_and = _bitwise("bitwise_and", np.bitwise_and, logical_and)
bitwise_or = _bitwise("bitwise_or", np.bitwise_or, logical_or)
bitwise_xor = _bitwise("bitwise_xor", np.bitwise_xor, logical_xor)
bitwise_invert = _bitwise("bitwise_invert", np.bitwise_invert, logical_not)
bitwise_left_shift = _bitwise("bitwise_left_shift", np.bitwise_left_shift, None)
bitwise_right_shift = _bitwise("bitwise_right_shift", np.bitwise_right_shift, None)

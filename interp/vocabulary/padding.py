"""Elements put around an array."""

from typing import Any

import numpy as np

from interp.errors import UnsupportedArgument
from interp.value import ndim_of, operand, primal, shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.creation import zeros
from interp.vocabulary.shape import concatenate


def pad(x: Any, pad_width: Any, mode: str = "constant", *, constant_values: float = 0.0) -> Any:
    """``x`` with ``pad_width`` elements of one value before and after each axis (NumPy's forms of the width)."""
    if mode != "constant" or ndim_of(constant_values):
        raise UnsupportedArgument("pad: on values mode is 'constant' and constant_values one number; use concatenate")
    x = operand(x)
    for axis, widths in enumerate(np.broadcast_to(pad_width, (ndim_of(x), 2)).tolist()):
        shape = shape_of(x)
        ends = [zeros((*shape[:axis], n, *shape[axis + 1 :]), like=primal(x)) + constant_values for n in widths]
        x = concatenate([ends[0], x, ends[1]], axis=axis)
    return x


enter(
    pad, np.pad, calls=[call((2, 3), 1), call((2, 3), through=lambda f, x: f(x, ((1, 0), (0, 2)), constant_values=3.0))]
)

"""Python's numbers and NumPy's scalars: computed by the same functions as arrays.

Arithmetic on values reaches Python's own operators (`interp.rules`), so a float divided by zero
raises there as it does in plain Python; functions called by name follow NumPy.
"""

import numbers

import numpy as np

from interp.backends.registry import Backend, register

register(
    Backend(
        "Python numbers",
        rank=0,
        claims=lambda cls: issubclass(cls, numbers.Number | np.generic),
        implementation=lambda primitive: primitive.implementation,
        namespace=lambda: np,
    )
)

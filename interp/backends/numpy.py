"""NumPy arrays: each primitive's own implementation.

Not matrices and masked arrays, whose operators mean something else than NumPy's functions.
"""

import numpy as np

from interp.backends.registry import Backend, register

register(
    Backend(
        "NumPy",
        rank=1,
        claims=lambda cls: issubclass(cls, np.ndarray) and not issubclass(cls, np.matrix | np.ma.MaskedArray),
        implementation=lambda primitive: primitive.implementation,
        namespace=lambda: np,
    )
)

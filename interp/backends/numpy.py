"""NumPy arrays: each primitive's own implementation."""

import numpy as np

from interp.backends.registry import Backend, register

register(
    Backend(
        "NumPy",
        rank=1,
        claims=lambda cls: issubclass(cls, np.ndarray),
        implementation=lambda primitive: primitive.implementation,
        namespace=lambda: np,
    )
)

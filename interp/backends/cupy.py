"""CuPy arrays, by their classes' module, so that CuPy is imported only by those who use it.

CuPy answers NumPy's own protocols, so a primitive's implementation runs on its arrays as it is.
SciPy's ufuncs it does not answer: those are looked up by name in ``cupyx.scipy.special``.
"""

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special

from interp.backends.registry import Backend, register


def _implementation(primitive: Any) -> Callable[..., Any]:
    function: Callable[..., Any] = primitive.implementation
    name = getattr(function, "__name__", primitive.name)
    if isinstance(function, np.ufunc) and getattr(scipy.special, name, None) is function:
        function = getattr(importlib.import_module("cupyx.scipy.special"), name)
    return function


register(
    Backend(
        "CuPy",
        rank=2,
        claims=lambda cls: cls.__module__.partition(".")[0] == "cupy",
        implementation=_implementation,
        namespace=lambda: importlib.import_module("cupy"),
        to_host=lambda x: x.get(),
    )
)

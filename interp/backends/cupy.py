"""CuPy arrays, by their classes' module, so that CuPy is imported only by those who use it.

CuPy answers NumPy's own protocols, so a primitive's implementation runs on its arrays as it is.
SciPy's ufuncs it does not answer: those are looked up by name in ``cupyx.scipy.special``.
"""

import importlib
from collections.abc import Callable
from typing import Any

import scipy.special

from interp.backends.registry import Backend, register


def _read(x: Any, index: Any) -> Any:
    """``x[index]``; of one element a copy, for CuPy answers with a view, which a later store would change."""
    out = x[index]
    return out if out.shape else out.copy()


def _implementation(primitive: Any) -> Callable[..., Any]:
    from interp.primitive import COUNTERPARTS

    name: str = primitive.name
    if name == "getitem":
        return _read
    special = getattr(scipy.special, name, None)
    if special is not None and COUNTERPARTS.get(special) is primitive:
        return getattr(importlib.import_module("cupyx.scipy.special"), name)  # type: ignore[no-any-return]
    function: Callable[..., Any] = primitive.implementation
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

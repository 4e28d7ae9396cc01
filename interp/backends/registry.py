"""The list of backends, and the choice among them by the operands' classes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from interp.errors import NoRule


class Backend:
    """Where arrays of some classes are computed.

    Parameters
    ----------
    name: for messages.
    rank: among the operands' backends the highest rank computes: numbers 0, NumPy 1, devices above.
    claims: ``cls -> bool``.
    implementation: ``primitive -> callable`` taking its canonical operands and parameters.
    namespace: a function that imports and returns the array module (``zeros``, ``asarray``, ...).
    to_host: copies an array of the backend into a NumPy array.
    """

    def __init__(
        self,
        name: str,
        rank: int,
        claims: Callable[[type], bool],
        implementation: Callable[[Any], Callable[..., Any]],
        namespace: Callable[[], Any],
        to_host: Callable[[Any], np.ndarray] = np.asarray,
    ) -> None:
        self.name, self.rank, self.claims = name, rank, claims
        self.implementation, self.namespace, self.to_host = implementation, namespace, to_host


_backends: list[Backend] = []
_by_class: dict[type, Backend | None] = {}


def register(backend: Backend) -> None:
    """Add a backend; classes it claims and nobody claimed before are its own."""
    _backends.append(backend)
    _by_class.clear()


def of(cls: type) -> Backend | None:
    """The backend whose array or number class this is."""
    if cls not in _by_class:
        _by_class[cls] = next((b for b in _backends if b.claims(cls)), None)
    return _by_class[cls]


def known(cls: type) -> bool:
    """True for the number and array classes of some backend, and for None (an open bound)."""
    return of(cls) is not None or cls is type(None)


def numeric(x: Any) -> bool:
    """True of a number or an array of numbers of some backend; not of strings, objects and records."""
    if of(type(x)) is None:
        return False
    kind: str = x.dtype.kind if hasattr(x, "dtype") else np.asarray(x).dtype.kind
    return kind in "biufc"


def rule(primitive: Any, key: tuple[type, ...]) -> Callable[..., Any]:
    """The innermost rule for operands of these classes."""
    found = [of(cls) for cls in key]
    if None in found:
        names = ", ".join(cls.__name__ for cls in key)
        raise NoRule(
            f"{primitive.name}({names}): not numbers or arrays of a known backend "
            f"({', '.join(b.name for b in _backends)}); convert them with np.asarray first"
        )
    return max((b for b in found if b is not None), key=lambda b: b.rank).implementation(primitive)


def namespace(x: Any) -> Any:
    """The array module in which fresh arrays beside the plain number or array ``x`` are made."""
    backend = of(type(x))
    return np if backend is None else backend.namespace()


def to_host(x: Any) -> Any:
    """``x`` as a NumPy array or number."""
    backend = of(type(x))
    return x if backend is None else backend.to_host(x)


def tower(cls: type) -> type:
    """The Python number class that stands for a NumPy scalar class in registered signatures."""
    for numpy_class, number in _TOWER:
        if issubclass(cls, numpy_class):
            return number
    return cls


_TOWER: tuple[tuple[type, type], ...] = (
    (bool, bool),
    (np.bool_, bool),
    (np.integer, int),
    (np.floating, float),
    (np.complexfloating, complex),
)

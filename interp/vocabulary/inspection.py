"""What the namespace says of itself: the Array API's inspection functions (NumPy's answers, where it has one)."""

from typing import Any

import numpy as np

from interp.errors import UnsupportedArgument

API_VERSION = "2025.12"
"""The version of the Array API standard that the vocabulary follows."""
API_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12", API_VERSION)

MAX_DIMENSIONS = 64
"""NumPy's, which has no name for it."""


class NamespaceInfo:
    """Capabilities, devices and data types. Arrays that are no values are NumPy's, so there is one device, the CPU."""

    def capabilities(self) -> dict[str, Any]:
        """Whether masks are indices, whether shapes may depend on data, and how many axes there can be."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": MAX_DIMENSIONS}

    def default_device(self) -> str:
        """Where arrays are made unless one says otherwise."""
        return "cpu"

    def devices(self) -> tuple[str, ...]:
        """Every device that creation functions take."""
        return ("cpu",)

    def default_dtypes(self, *, device: Any = None) -> dict[str, Any]:
        """The type of what is made without one, by kind."""
        return np.__array_namespace_info__().default_dtypes(device=device)  # type: ignore[return-value]

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, Any]:
        """The standard's data types by name; of one kind, or of several in a tuple."""
        return np.__array_namespace_info__().dtypes(device=device, kind=kind)  # type: ignore[no-any-return]


def namespace_info() -> NamespaceInfo:
    """The object that ``xp.__array_namespace_info__()`` gives."""
    return NamespaceInfo()


def array_namespace(api_version: str | None = None) -> Any:
    """The vocabulary, as ``x.__array_namespace__()`` gives it; ValueError for a version that it does not follow."""
    from interp import vocabulary

    if api_version is not None and api_version not in API_VERSIONS:
        raise ValueError(f"api_version {api_version!r}: the vocabulary follows {', '.join(API_VERSIONS)}")
    return vocabulary


def device_of(x: Any) -> Any:
    """Where the numbers of ``x`` lie: of NumPy's arrays and of numbers, "cpu"."""
    return getattr(x, "device", "cpu")


def on_device(x: Any, device: Any) -> Any:
    """``x``, which has to lie on ``device`` already (None: anywhere)."""
    if device is not None and device != device_of(x):
        raise UnsupportedArgument(
            f"device={device!r} of a {type(x).__name__} on {device_of(x)!r}: move the plain input before it is lifted"
        )
    return x

"""`Source`: one independent cause of uncertainty, a number or an array of independent numbers.

Coefficients are kept by source, and results that share one are correlated. A source stays the same
one wherever it goes: through copies, and through pickles to another process and back.
"""

import secrets
import threading
import weakref
from typing import Any, Self

from interp.value import shape_of

_alive: "weakref.WeakValueDictionary[bytes, Source]" = weakref.WeakValueDictionary()
_lock = threading.Lock()


class Source:
    """Independent deviations with mean 0 and standard deviations ``std``, one for each element.

    Compared by identity: the key of `Measurement.derivatives` and `error_components`.
    """

    __slots__ = ("__weakref__", "key", "shape", "size", "std")

    def __init__(self, std: Any, key: bytes | None = None) -> None:
        self.std = std
        self.shape = shape_of(std)
        self.size = 1
        for n in self.shape:
            self.size *= n
        # Random, so that no two processes make the same one, forked ones included.
        self.key = secrets.token_bytes(16) if key is None else key
        _alive[self.key] = self

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> Any:
        return _restored, (self.key, self.std)

    def __repr__(self) -> str:
        return f"<Source {self.key[:3].hex()} of standard deviation {self.std!r}>"


def _restored(key: bytes, std: Any) -> Source:
    """The source of that key if it is alive in this process, else a new one."""
    with _lock:
        return _alive.get(key) or Source(std, key)

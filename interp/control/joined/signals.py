"""How a block ends, other than by going on behind it."""

from typing import Any


class Signal:
    """Leaves a block. ``kind`` says which barrier it is for."""

    __slots__ = ("kind", "value")

    def __init__(self, kind: str, value: Any = None) -> None:
        self.kind, self.value = kind, value

    def __repr__(self) -> str:
        return f"<{self.kind}>"


class Return(Signal):
    """Leaves the function with a value."""

    __slots__ = ()

    def __init__(self, value: Any) -> None:
        self.kind, self.value = "return", value


BREAK = Signal("break")
CONTINUE = Signal("continue")
END = Signal("end")
"""A loop's condition no longer holds."""
GO_ON = Signal("go on")
"""A block came to its end; what a barrier joins of such paths goes on behind it."""
DEAD = Signal("dead")
"""No path goes on from here: each is filed at a barrier, or no input takes it."""


class Abandoned(BaseException):
    """DEAD, from within an expression."""


class Raised(Signal):
    """An error that a handler around takes."""

    __slots__ = ()

    def __init__(self, error: BaseException) -> None:
        self.kind, self.value = f"raise {type(error).__name__}", error

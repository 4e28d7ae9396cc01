"""What a hand-written program with control flow is: a function of one array, an input, and what must hold of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Case:
    """A plain function of an array (n,), its input, and its ideal pattern worked out by hand.

    The function returns one number or an array. No program changes its argument.
    """

    function: Callable[[Any], Any]
    x: tuple[float, ...]
    rows: list[set[int]]
    """For each output, the inputs on which it depends at some input or other: the tightest global pattern."""
    radius: float = 0.05
    """Half the width of the box around ``x`` for the enclosure."""
    source: str = ""
    """The textbook or problem list that it is re-expressed from; empty where it is our own."""
    smooth: bool = True
    """False at a point of an equality guard, where differences say nothing."""
    dual: bool = True
    """False of what the reference's numbers cannot run, which then is checked by differences alone."""
    witnesses: tuple[tuple[float, ...], ...] = ()
    """Inputs that show dependences which random ones hardly ever show."""

    refused: str = ""
    """Words of the clear error that the joined tier may end in; empty of programs that it must run."""

    @property
    def point(self) -> np.ndarray:
        return np.array(self.x)

    @property
    def ideal(self) -> np.ndarray:
        """The ideal pattern as booleans (m, n)."""
        return np.array([[j in row for j in range(len(self.x))] for row in self.rows], dtype=bool)

    def __repr__(self) -> str:
        return self.function.__name__

"""What a program of the list is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

TRAITS = {
    "scalar": "every differentiable argument is one float",
    "array": "some differentiable argument is an array",
    "math": "calls functions of the math module, itself or in a helper",
    "fresh": "makes arrays with np.zeros, ones, empty, full, eye or array, itself or in a helper",
    "stores": "stores into arrays that it made itself",
    "aliasing": "two names or views of one array, and a store through one of them",
    "slices": "reads or writes slices, rows or columns",
    "helpers": "calls other plain functions of its module",
    "function argument": "hands a function to a function, or takes one",
    "closure": "refers to a constant of an enclosing function, or defines a function inside",
    "recursive": "calls itself, or a helper that calls itself",
    "data-dependent": "a condition, index, trip count, or choice by min or max, depends on a differentiable argument",
    "divides": "divisions are a large part of the work",
    "integer argument": "takes an integer",
    "integer result": "returns an integer among its results",
    "linalg": "calls np.linalg",
    "special": "calls scipy.special, which plain Numba cannot compile",
    "singular": "its example arguments are a kink, a tie or another point without a derivative",
}


@dataclass(frozen=True, eq=False)
class Program:
    """A plain function and arguments at which it is smooth, unless it says "singular".

    Floats and arrays of floats among ``args`` are differentiable, and come first; integers and functions follow.
    No program changes its arguments.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    traits: frozenset[str]
    source: str = ""
    """The textbook or problem list that the formulas are from; empty where they are our own."""

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def argnums(self) -> tuple[int, ...]:
        """Positions of the differentiable arguments."""
        return tuple(i for i, x in enumerate(self.args) if isinstance(x, float | np.ndarray))

    def __repr__(self) -> str:
        return self.name


def traits(words: str = "") -> frozenset[str]:
    """``traits("scalar, divides")``: the words between the commas."""
    return frozenset(word.strip() for word in words.split(",") if word.strip())

"""Derivatives that generic algorithms need of the functions they are given: provided from outside, exact.

`interp` knows no interpretation, so whoever has derivatives of plain functions offers them here; `interpretations`
does when it is imported.
"""

from collections.abc import Callable
from typing import Any

from interp.errors import InterpError

Transform = Callable[[Callable[[Any], Any]], Callable[[Any], Any]]

_provided: dict[str, Transform] = {}


def provide(gradient: Transform, jacobian: Transform) -> None:
    """Offer derivatives of functions of one array: of a number as an array, and of shape out.shape + in.shape."""
    _provided.update(gradient=gradient, jacobian=jacobian)


def gradient(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The gradient of a function whose result is one number. What it closes over may be values."""
    return _found("gradient")(f)


def jacobian(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The matrix of first derivatives, of shape out.shape + in.shape. What ``f`` closes over may be values."""
    return _found("jacobian")(f)


def _found(name: str) -> Transform:
    if name not in _provided:
        raise InterpError(
            "a derivative of a function is needed, and no interpretation offers one: import interpretations, or call "
            "interp.numerics.slopes.provide(gradient, jacobian)"
        )
    return _provided[name]

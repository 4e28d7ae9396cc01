"""Derivatives that generic algorithms need of the functions they are given: provided from outside, exact.

`interp` knows no interpretation, so whoever has derivatives of plain functions offers them here; `interpretations`
does when it is imported.
"""

from collections.abc import Callable
from typing import Any

from interp.errors import InterpError

Function = Callable[..., Any]

_offered: dict[str, Function] = {}


def provide(gradient: Function, jacobian: Function, jvp: Function, vjp: Function) -> None:
    """Offer derivatives of plain functions, with the meaning of the functions below."""
    _offered.update(gradient=gradient, jacobian=jacobian, jvp=jvp, vjp=vjp)


def gradient(f: Function) -> Function:
    """The gradient of a function of one array whose result is one number. What it closes over may be values."""
    return _found("gradient")(f)  # type: ignore[no-any-return]


def jacobian(f: Function) -> Function:
    """The matrix of first derivatives, of shape out.shape + in.shape. What ``f`` closes over may be values."""
    return _found("jacobian")(f)  # type: ignore[no-any-return]


def jvp(f: Function, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
    """``(f(*primals), derivative along tangents)``, by forward mode."""
    return _found("jvp")(f, primals, tangents)  # type: ignore[no-any-return]


def vjp(f: Function, *primals: Any) -> tuple[Any, Function]:
    """``(f(*primals), pullback)``, by reverse mode: cotangent -> a tuple of the arguments' cotangents."""
    return _found("vjp")(f, *primals)  # type: ignore[no-any-return]


def offered(name: str) -> bool:
    """True if somebody offers this derivative."""
    return name in _offered


def _found(name: str) -> Function:
    if name not in _offered:
        raise InterpError(
            "a derivative of a function is needed, and no interpretation offers one: import interpretations, or call "
            "interp.numerics.slopes.provide(gradient, jacobian, jvp, vjp)"
        )
    return _offered[name]

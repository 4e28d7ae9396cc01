"""Derivatives that generic algorithms need of the functions they are given: provided from outside, exact.

`interp` knows no interpretation, so whoever has derivatives of plain functions offers them here; `interpretations`
does when it is imported.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from interp.errors import InterpError

Function = Callable[..., Any]
Pair = tuple[Any, Any]


class Offer(NamedTuple):
    """Derivatives of plain functions, with the meaning of the functions below."""

    gradient: Callable[[Function], Function]
    jacobian: Callable[[Function], Function]
    jvp: Callable[[Function, tuple[Any, ...], tuple[Any, ...]], Pair]
    vjp: Callable[..., Pair]


_offer: Offer | None = None


def provide(offer: Offer) -> None:
    """Take these from now on."""
    global _offer
    _offer = offer


def gradient(f: Function) -> Function:
    """The gradient of a function of one array whose result is one number. What it closes over may be values."""
    return _offered().gradient(f)


def jacobian(f: Function) -> Function:
    """The matrix of first derivatives, of shape out.shape + in.shape. What ``f`` closes over may be values."""
    return _offered().jacobian(f)


def jvp(f: Function, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Pair:
    """``(f(*primals), derivative along tangents)``, by forward mode."""
    return _offered().jvp(f, primals, tangents)


def vjp(f: Function, *primals: Any) -> Pair:
    """``(f(*primals), pullback)``, by reverse mode: cotangent -> a tuple of the arguments' cotangents."""
    return _offered().vjp(f, *primals)


def provided() -> bool:
    """True if somebody offers derivatives."""
    return _offer is not None


def _offered() -> Offer:
    if _offer is None:
        raise InterpError(
            "a derivative of a function is needed, and no interpretation offers one: import interpretations, or call "
            "interp.numerics.slopes.provide(Offer(gradient, jacobian, jvp, vjp))"
        )
    return _offer

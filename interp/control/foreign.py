"""What converted code calls in place of functions that would strip a value of what it carries.

One table, by function: `math.sin` has the vocabulary's sine, `scipy.optimize.brentq` the implicit function
theorem. Of a method the key is the class's function (``CubicSpline.integrate``, ``PPoly.__call__``), and the
rule takes the object first.
"""

from collections.abc import Callable
from typing import Any

FOREIGN: dict[Any, Callable[..., Any]] = {}


def register(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: converted code calls the decorated function in place of each of ``functions``.

    It takes their arguments, and is called only where one of them, or something within it (a list, a closure of a
    function), carries a value; plain calls go to the function itself.
    """

    def registering(rule: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            FOREIGN[function] = rule
        return rule

    return registering

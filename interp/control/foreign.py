"""What converted code calls in place of functions that would strip a value of what it carries.

One table, by function: `math.sin` has the vocabulary's sine, `scipy.optimize.brentq` the implicit function
theorem. Of a method the key is the class's function (``CubicSpline.integrate``, ``PPoly.__call__``), and the
rule takes the object first; of a method built in C it is the class's own, too (``numpy.ndarray.copy``).
"""

from collections.abc import Callable
from typing import Any

FOREIGN: dict[Any, Callable[..., Any]] = {}
"""Rules that are called where an argument carries a value."""
ALWAYS: dict[Any, Callable[..., Any]] = {}
"""Rules that are called for plain arguments too: what makes fresh arrays, what answers about types."""


FORGET: list[Callable[[], None]] = []
"""What tiers do when a rule is registered: functions that were converted without it are converted anew."""


def register(*functions: Any, always: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: converted code calls the decorated function in place of each of ``functions``.

    It takes their arguments, and is called only where one of them, or something within it (a list, a closure of a
    function), carries a value; plain calls go to the function itself, unless the rule is to be called ``always``.
    """
    table = ALWAYS if always else FOREIGN

    def registering(rule: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            table[function] = rule
        for forget in FORGET:
            forget()
        return rule

    return registering

"""What converted code calls in place of functions that would strip a value of what it carries.

One table, by function: `math.sin` has the vocabulary's sine, `scipy.optimize.brentq` the implicit function
theorem. Of a method the key is the class's function (``CubicSpline.integrate``, ``PPoly.__call__``), and the
rule takes the object first; of a method built in C it is the class's own, too (``numpy.ndarray.copy``).

Rules for a library stand in a module of their own (`PROVIDERS`), which is imported when one of the library's functions
is first looked up: by then the user has loaded the library.
"""

import dataclasses
import functools
import importlib
import itertools
import types
from collections.abc import Callable, Iterator
from typing import Any

from interp.errors import ForeignCall
from interp.primitive import COUNTERPARTS
from interp.value import Value

Rule = Callable[..., Any]

PROVIDERS: dict[str, str] = {
    "numpy.random": "interp.control.science.random",
    "scipy.fft": "interp.control.science.fft",
    "scipy.integrate": "interp.control.science.integrate",
    "scipy.interpolate": "interp.control.science.interpolate",
    "scipy.linalg": "interp.control.science.linalg",
    "scipy.optimize": "interp.control.science.optimize",
    "scipy.special": "interp.control.science.special",
    "scipy.stats": "interp.control.science.stats",
    "statistics": "interp.control.science.statistics",
}
"""Library -> the module whose import registers the rules for it."""


class Table(dict[Any, Rule]):
    """Rules by function, filled a library at a time: `get` of a library's function loads the rules for it."""

    def get(self, function: Any, default: Any = None) -> Any:
        rule = super().get(function)
        if rule is None:
            module = _module(function)
            library = next((name for name in PROVIDERS if f"{module}.".startswith(f"{name}.")), None)
            if library is None:
                return default
            importlib.import_module(PROVIDERS[library])
            rule = super().get(function) or COUNTERPARTS.get(function, default)
        return rule

    def __missing__(self, function: Any) -> Rule:
        rule: Rule | None = self.get(function)
        if rule is None:
            raise KeyError(function)
        return rule


def _module(function: Any) -> str:
    """Where a function is defined; a method written in C knows its class alone."""
    owner = function if getattr(function, "__module__", None) else getattr(function, "__objclass__", None)
    return getattr(owner, "__module__", None) or ""


FOREIGN: dict[Any, Rule] = Table()
"""Rules that are called where an argument carries a value."""
ALWAYS: dict[Any, Rule] = {}
"""Rules that are called for plain arguments too: what makes fresh arrays, what answers about types."""


FORGET: list[Callable[[], None]] = []
"""What tiers do when a rule is registered: functions that were converted without it are converted anew."""


CALLERS: dict[Any, int | None] = {
    **dict.fromkeys((map, filter, functools.reduce), 0),
    **dict.fromkeys((itertools.starmap, itertools.takewhile, itertools.dropwhile, itertools.filterfalse), 0),
    **dict.fromkeys((itertools.accumulate, itertools.groupby), 1),
    **dict.fromkeys((sorted, min, max), None),
}
"""Functions of Python's that call a function they are given, and the position of that; None: by name only."""


def register(*functions: Any, always: bool = False) -> Callable[[Rule], Rule]:
    """Decorator: converted code calls the decorated function in place of each of ``functions``.

    It takes their arguments, and is called only where one of them, or something within it (a list, a closure of a
    function), carries a value; plain calls go to the function itself, unless the rule is to be called ``always``.
    """
    table = ALWAYS if always else FOREIGN

    def registering(rule: Rule) -> Rule:
        for function in functions:
            table[function] = rule
        for forget in FORGET:
            forget()
        return rule

    return registering


def refuse(library: Any, names: str, instead: str) -> None:
    """Register, for functions of ``library`` that have no rule, an error that says what works ``instead``."""
    for name in names.split():
        function = getattr(library, name)
        # A class is refused where it is made, and its objects where they are called.
        calls = [function.__call__] if isinstance(function, type) and "__call__" in vars(function) else []
        for call in [function, *calls]:
            FOREIGN.setdefault(call, _refusing(call, instead))


def _refusing(function: Any, instead: str) -> Rule:
    def rule(*args: Any, **kwargs: Any) -> Any:
        error = refusal(function, *args, *kwargs.values())
        raise type(error)(f"{error}. {instead}")

    return rule


# -- what a call would lose


class Sealed:
    """A function whose results are plain whatever it closes over, so that no rule need ask for what it carries."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


def values_in(thing: Any) -> Iterator[Value]:
    """Every value that ``thing`` is or holds: in containers, closures, partial functions, attributes of objects."""
    seen: set[int] = set()
    waiting = [thing]
    while waiting:
        x = waiting.pop()
        if isinstance(x, Value):
            yield x
        elif not isinstance(x, _LEAVES) and id(x) not in seen:
            seen.add(id(x))
            waiting += _within(x)


_LEAVES = (Sealed, int, float, complex, str, bytes, type(None), type, types.ModuleType, types.BuiltinFunctionType)


def _within(x: Any) -> list[Any]:
    if isinstance(x, dict):
        return list(x.values())
    if isinstance(x, list | tuple | set | frozenset):
        return list(x)
    if isinstance(x, types.FunctionType):
        cells = [cell for cell in x.__closure__ or () if cell != types.CellType()]
        defaults = [*(x.__defaults__ or ()), *(x.__kwdefaults__ or {}).values()]
        return [cell.cell_contents for cell in cells] + defaults + [getattr(x, "__wrapped__", None)]
    if isinstance(x, types.MethodType):
        return [x.__self__, x.__func__]
    if isinstance(x, functools.partial):
        return [x.func, *x.args, *x.keywords.values()]
    if dataclasses.is_dataclass(x):
        return [getattr(x, field.name) for field in dataclasses.fields(x)]
    return list(getattr(x, "__dict__", {}).values())


def refusal(function: Any, *arguments: Any) -> ForeignCall:
    """The error for a call that would strip the first value among ``arguments``, and that no rule is registered for."""
    name = name_of(function)
    value = next(values_in(arguments), None)
    what = "a value" if value is None else f"a {type(value).__name__} of shape {value.shape}"
    return ForeignCall(
        f"{name} would strip {what} of what it carries. Use NumPy's functions of that meaning, leave it on "
        f"purpose with interp.primal(x), or register a Foreign rule like this: `@interp.control.register({name})` "
        "over `def _(*args, **kwargs): ...`, which takes the same arguments and returns a value"
    )


def name_of(function: Any) -> str:
    """The dotted name that a user would write: the private modules of a package are left out."""
    first, *others = _module(function).split(".")
    public = [first if first == "__main__" else first.lstrip("_"), *(part for part in others if part[0] != "_")]
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return name if public[0] in ("", "builtins") else ".".join([*public, name])

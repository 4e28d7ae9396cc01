"""What converted code calls in place of functions that would strip a value of what it carries.

One table, by function: `math.sin` has the vocabulary's sine, `scipy.optimize.brentq` the implicit function
theorem. Of a method the key is the class's function (``CubicSpline.integrate``, ``PPoly.__call__``), and the
rule takes the object first. Rules for a library stand in a module of their own (`PROVIDERS`), which is imported
when one of the library's functions first meets a value: by then the user has loaded the library.
"""

import dataclasses
import functools
import importlib
import types
from collections.abc import Callable, Iterator
from typing import Any

from interp.errors import ForeignCall
from interp.value import Value

Rule = Callable[..., Any]

FOREIGN: dict[Any, Rule] = {}

PROVIDERS: dict[str, str] = {
    "numpy.random": "interp.control.science.random",
    "scipy.integrate": "interp.control.science.integrate",
    "scipy.interpolate": "interp.control.science.interpolate",
    "scipy.linalg": "interp.control.science.linalg",
    "scipy.optimize": "interp.control.science.optimize",
    "scipy.special": "interp.control.science.special",
    "scipy.stats": "interp.control.science.stats",
    "statistics": "interp.control.science.statistics",
}
"""Library -> the module whose import registers the rules for it."""


def register(*functions: Any) -> Callable[[Rule], Rule]:
    """Decorator: converted code calls the decorated function in place of each of ``functions``.

    It takes their arguments, and is called only where one of them, or something within it (a list, a closure of a
    function), carries a value; plain calls go to the function itself.
    """

    def registering(rule: Rule) -> Rule:
        for function in functions:
            FOREIGN[function] = rule
        return rule

    return registering


def rule_of(function: Any) -> Rule | None:
    """What to call in place of ``function``, with the same arguments; None where nothing is registered.

    ``function`` may be a bound method, or an object that is called: the rule comes with the object bound.
    """
    key, bound = _key(function)
    rule = _registered(key)
    return functools.partial(rule, bound) if rule is not None and bound is not None else rule


def _key(function: Any) -> tuple[Any, Any]:
    """The function as the table knows it, and the object that it is bound to."""
    bound = getattr(function, "__self__", None)
    if isinstance(function, types.MethodType):
        return function.__func__, bound
    if bound is not None and not isinstance(bound, type | types.ModuleType):  # a method written in C
        return getattr(type(bound), getattr(function, "__name__", ""), function), bound
    if not isinstance(function, type | types.FunctionType | types.BuiltinFunctionType) and _registered(function) is None:
        method = getattr(type(function), "__call__", None)
        return (method, function) if isinstance(method, types.FunctionType) else (function, None)
    return function, None


def _registered(key: Any) -> Rule | None:
    try:
        rule = FOREIGN.get(key)
    except TypeError:  # an object without hash
        return None
    if rule is None:
        library = _library(getattr(key, "__module__", None) or "")
        if library is not None:
            importlib.import_module(PROVIDERS[library])
            rule = FOREIGN.get(key)
    return rule


def _library(module: str) -> str | None:
    return next((name for name in PROVIDERS if module == name or module.startswith(name + ".")), None)


# -- what a call would lose


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


_LEAVES = (int, float, complex, str, bytes, type(None), type, types.ModuleType, types.BuiltinFunctionType)


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
    module = name.partition(".")[0]
    return ForeignCall(
        f"{name}(...) would strip {what} of what it carries, and no rule is registered for it. Write it with "
        "functions of NumPy, leave the interpretation on purpose with interp.primal(x), or register a Foreign rule "
        f"like this:\n\n    import {module}\n    from interp.control import foreign\n\n"
        f"    @foreign.register({name})\n    def rule(*args, **kwargs):\n"
        "        ...  # the same result, by functions of NumPy, which take values"
    )


def name_of(function: Any) -> str:
    """The dotted name that a user would write: SciPy's private modules are left out."""
    key, _ = _key(function)
    module = getattr(key, "__module__", None) or type(key).__module__
    public = [part for part in module.split(".") if not part.startswith("_") or part == "__main__"]
    return ".".join([*public, getattr(key, "__qualname__", None) or type(key).__qualname__])

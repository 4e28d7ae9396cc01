"""NumPy's protocols: ``np.f(x)`` and ufuncs of SciPy reach the vocabulary when x is a value."""

from typing import Any

import numpy as np

from interp import vocabulary
from interp.errors import InterpError, MutationError, NoRule, StripError, UnsupportedArgument
from interp.primitive import COUNTERPARTS
from interp.value import Holder, Value
from interp.vocabulary.inspection import array_namespace

REDUCE = {np.add: "sum", np.multiply: "prod", np.maximum: "max", np.minimum: "min"}
SAME_TYPE = frozenset({np.zeros_like, np.ones_like})
REDUCE |= {np.logical_and: "all", np.logical_or: "any"}
PLAIN_NAMES = frozenset({"axis", "keepdims"})
"""Arguments that nothing has to be asked of before they are handed on."""
ACCUMULATE = {np.add: "cumsum", np.multiply: "cumprod"}


def array_ufunc(value: Value, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """``__array_ufunc__``: the primitive of that ufunc; ``out`` may be a value, never a plain array."""
    if method == "__call__" and not kwargs:
        function = COUNTERPARTS.get(ufunc)
        if function is None:
            raise NoRule(_unknown(ufunc))
        try:
            return function(*inputs)
        except ZeroDivisionError:
            # The payload is a Python float, whose own division raises; NumPy's ufuncs answer inf or NaN.
            return function(*(_as_numpy(x) for x in inputs))
    out = kwargs.pop("out", None)
    if out is not None:
        (target,) = out
        if not isinstance(target, Value) and not isinstance(target, Holder):
            raise MutationError(
                f"np.{ufunc.__name__} into a plain array (out= or +=) would lose what {type(value).__name__} carries: "
                "write a = a + x instead of a += x, or make `a` from a value (np.zeros_like(x))"
            )
        target[...] = array_ufunc(value, ufunc, method, *inputs, **kwargs)
        return target
    if method == "__call__" and ufunc.signature is not None and ufunc in COUNTERPARTS:  # of vectors, along an axis
        return _called(COUNTERPARTS[ufunc], ufunc.__name__, value, inputs, kwargs)
    if method == "__call__":
        raise UnsupportedArgument(
            f"np.{ufunc.__name__} on a {type(value).__name__} does not take {', '.join(kwargs)}; "
            "instead of where= use np.where on the result, instead of dtype= convert the plain input"
        )
    if method == "reduce" and ufunc in REDUCE:
        axis = kwargs.pop("axis", 0)
        return getattr(vocabulary, REDUCE[ufunc])(*inputs, axis=axis, **kwargs)
    if method == "accumulate" and ufunc in ACCUMULATE:
        return getattr(vocabulary, ACCUMULATE[ufunc])(*inputs, axis=kwargs.pop("axis", 0), **kwargs)
    if method == "outer":
        x, y = map(vocabulary.asarray, inputs)
        shape = tuple(getattr(x, "shape", ())) + (1,) * len(getattr(y, "shape", ()))
        return array_ufunc(value, ufunc, "__call__", vocabulary.reshape(x, shape), y)
    raise StripError(
        f"np.{ufunc.__name__}.{method} would strip a {type(value).__name__}; "
        "for ufunc.at use interp.vocabulary.index_add(x, y, index), which returns the result"
    )


def _as_numpy(x: Any) -> Any:
    if isinstance(x, Value):
        return x.rebuild(*(_as_numpy(getattr(x, name)) for name in x.components))
    return np.float64(x) if type(x) is float else x


def array_function(value: Value, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``__array_function__``: the vocabulary's counterpart of a NumPy function."""
    for cls in types:
        if issubclass(cls, Holder):
            return NotImplemented  # it hands over what it holds
    ours = COUNTERPARTS.get(function)
    if ours is not None and kwargs.keys() <= PLAIN_NAMES:
        return _called(ours, function.__name__, value, args, kwargs)
    if function is np.copyto:
        raise MutationError(
            f"np.copyto of a {type(value).__name__}: write a[...] = x, `a` made by np.zeros_like(x); "
            "a plain array cannot hold a value, nor can np.full_like(plain, value): write np.zeros_like(plain) + value"
        )
    if ours is None:
        raise NoRule(_unknown(function))
    out = kwargs.pop("out", None)
    if kwargs.get("dtype") is not None and function in SAME_TYPE and np.dtype(kwargs["dtype"]) == value.dtype:
        del kwargs["dtype"]  # what it would be without saying so
    if out is None:
        return _called(ours, function.__name__, value, args, kwargs)
    if not isinstance(out, Value):
        raise MutationError(
            f"np.{function.__name__} with out= a plain array would lose what {type(value).__name__} carries: "
            "drop out= and use the result"
        )
    out[...] = ours(*args, **kwargs)
    return out


def _called(ours: Any, name: str, value: Value, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``ours`` with arguments of NumPy's function of that name, which may be more than it takes."""
    try:
        return ours(*args, **kwargs)
    except InterpError:
        raise
    except TypeError as error:
        if "unexpected keyword" in str(error) or "positional argument" in str(error):
            said = str(error).partition("() ")[2]
            raise UnsupportedArgument(f"np.{name} on a {type(value).__name__} {said}") from None
        raise


def _unknown(function: Any) -> str:
    name = getattr(function, "__name__", str(function))
    module = getattr(function, "__module__", None) or "scipy.special or numpy"
    remedy = f"{name} = Elementwise({name!r}, <function>, dx=<derivative>)" if isinstance(function, np.ufunc) else "as"
    return (
        f"{name} (of {module}) has no primitive yet, so a value cannot pass through it. Write it with functions of "
        f"interp.vocabulary, or add it, {remedy} in docs/extending.md"
    )


def attach() -> None:
    """Give `Value` NumPy's hooks and the Array API's."""
    for name, hook in {
        "__array_ufunc__": array_ufunc,
        "__array_function__": array_function,
        "__array_namespace__": lambda self, *, api_version=None: array_namespace(api_version),
    }.items():
        setattr(Value, name, hook)

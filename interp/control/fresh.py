"""`Fresh`: an array made inside converted code, which accepts values later.

It stands for a plain NumPy array until a value is stored into it; from then on it stands for an array value in
storage of its own, of the type and level of what was stored (``y.constant(plain)``), and of a higher level as soon
as one of that level is stored. Views are chains: each knows its parent and the operation that made it, and repeats
the operation once the storage has become another; so ``b = a[1:]; b[0] = x`` is seen in ``a``, and the reverse.

What is computed from a fresh array is fresh again if it is an array; one element of a plain one is NumPy's scalar.
Where foreign code wants an array (`np.asarray`) it gets the plain one; after a value was stored, `StripError`.
"""

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from interp.errors import MutationError, StripError
from interp.value import Holder, Value, innermost
from interp.vocabulary.creation import as_operand, held, zeros_like

ndarray, float64, int64 = np.ndarray, np.float64, np.int64
_new = object.__new__


STORES: dict[Any, Callable[..., Any]] = {}
"""NumPy's functions that write into their first argument: see `interp.control.stores`."""


class Fresh(Holder):
    """An array, plain or of values, that changes from the one to the other in place."""

    __slots__ = ("__weakref__", "_make", "_now", "_parent", "_root", "_version")
    _now: Any
    _root: "Fresh | None"
    _parent: "Fresh | None"
    _make: Callable[[Any], Any] | None
    _version: int

    __array_priority__ = 1000.0

    @property
    def held(self) -> Any:
        """The array, or value, that this one stands for at the moment."""
        root = self._root
        if root is not None and self._version != root._version:
            self._again(self._parent.held)  # type: ignore[union-attr]
        return self._now

    @property
    def root(self) -> "Fresh":
        return self if self._root is None else self._root

    def refers_to(self) -> "tuple[Fresh, ...]":
        return () if self._root is None else (self._root, self._parent)  # type: ignore[return-value]

    def _again(self, parent: Any) -> None:
        """Make the view anew, of what the parent has become."""
        now = self._make(parent)  # type: ignore[misc]
        if now.size and not _shares(now, parent):
            raise MutationError(
                f"a view of an array that now holds a {type(parent).__name__} would be a copy of it: make the view by "
                "an index, reshape, ravel, .T or np.transpose, or make it after the first value is stored"
            )
        self._now, self._version = now, self._root._version  # type: ignore[union-attr]

    # -- reading

    def __getitem__(self, index: Any) -> Any:
        now = self._now if self._root is None else self.held
        if type(index) is tuple:
            index = tuple([i.held if isinstance(i, Holder) else i for i in index])
        elif isinstance(index, Holder):
            index = index.held
        out = now[index]
        kind = type(out)
        if kind is float64 or kind is int64:
            return out
        if kind is ndarray:
            basic = out.base is not None and (out.base is now or out.base is now.base)
            return _view(self, out, lambda x: x[index]) if basic else _result(self, out, lambda x: x[index])
        if isinstance(out, Value) and out.is_storage:
            return _result(self, out, lambda x: x[index])
        return out

    def __iter__(self) -> Iterator[Any]:
        return iter(self.held) if self.held.ndim == 1 else (self[i] for i in range(len(self.held)))

    def __len__(self) -> int:
        return len(self.held)

    def __bool__(self) -> bool:
        return bool(self.held)

    def __float__(self) -> float:
        return float(self.held)

    def __int__(self) -> int:
        return int(self.held)

    def __complex__(self) -> complex:
        return complex(self.held)

    def __index__(self) -> int:
        return operator.index(self.held)

    def __contains__(self, x: Any) -> bool:
        return bool((self.held == unwrap(x)).any())

    __hash__ = None  # type: ignore[assignment]  # as of NumPy's arrays

    def __repr__(self) -> str:
        return repr(self.held)

    def __str__(self) -> str:
        return str(self.held)

    def __format__(self, spec: str) -> str:
        return format(self.held, spec)

    # -- writing

    def __setitem__(self, index: Any, x: Any) -> None:
        now = self._now if self._root is None else self.held
        if type(x) is float and type(index) is int:
            now[index] = x
            return
        x = as_operand(unwrap(x)) if type(x) is tuple else stored(x)
        if isinstance(x, Value) and not holds(now, x):
            now = self.promote(x)
        if type(index) is not int:
            index = unwrap(index) if type(index) is not list else index
        now[index] = x

    def promote(self, like: Value) -> Any:
        """Make this an array that can hold ``like``; what it holds becomes constant beside it."""
        now = self.held
        _refuse_truncation(now, like)
        root = self if self._root is None else self._root
        if isinstance(root._now, Value):
            root._now = root._now + zeros_like(like.reshape(-1)[0] if like.shape else like)
        else:
            root._now = held(root._now, like)
        root._version += 1
        return self.held

    # -- copies and pickles are of what it stands for

    def __copy__(self) -> "Fresh":
        return fresh(self.held.copy())

    def __deepcopy__(self, memo: dict[int, Any]) -> "Fresh":
        return self.__copy__()

    def __reduce__(self) -> Any:
        return unwrap, (self.held,)

    # -- NumPy's protocols

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        now = self.held
        if isinstance(now, Value):
            return now.__array__(dtype, copy)
        return np.array(now, dtype=dtype, copy=copy)

    @property
    def __array_interface__(self) -> Any:
        raise AttributeError("__array_interface__")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        if method == "at":
            return STORES["at"](ufunc, *inputs)
        if method == "__call__" and out is None and not kwargs:
            made = ufunc(*[x.held if isinstance(x, Holder) else x for x in inputs])
            return fresh(made) if type(made) is ndarray else wrapped(made)
        operands = [stored(x) for x in inputs]
        if out is None:
            return wrapped(getattr(ufunc, method)(*operands, **unwrap(kwargs)))
        results = getattr(ufunc, method)
        if any(isinstance(x, Value) for x in operands) or any(isinstance(unwrap(o), Value) for o in out):
            made = results(*operands, **unwrap(kwargs))
            for target, part in zip(out, made if type(made) is tuple else (made,), strict=True):
                if target is not None:
                    store(target, part)
        else:
            made = results(*operands, out=unwrap(out), **unwrap(kwargs))
        return out[0] if len(out) == 1 else out

    def __array_function__(self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        written = STORES.get(function)
        if written is not None:
            return written(*args, **kwargs)
        out = kwargs.pop("out", None)
        plain, rest = unwrap(args), unwrap(kwargs)
        try:
            made = function(*plain, **rest)
        except (StripError, TypeError, ValueError):
            joined = stored(plain)
            if all(map(operator.is_, joined, plain)):
                raise
            plain = joined
            made = function(*plain, **rest)
        if out is not None:
            store(out, made)
            return out
        operands = {key: x for key, x in (*enumerate(args), *kwargs.items()) if isinstance(x, Fresh)}
        return _result_of(operands, made, lambda place: _of_one(function, plain, rest, place))

    def __getattr__(self, name: str) -> Any:
        """Attributes and methods of the array: what makes views makes them of this one."""
        if name.startswith("__"):
            raise AttributeError(name)
        now = self.held
        found = getattr(now, name)
        if not callable(found):
            return _result(self, found, lambda x: getattr(x, name)) if isinstance(found, ndarray | Value) else found

        def method(*args: Any, **kwargs: Any) -> Any:
            plain, rest = stored(args), unwrap(kwargs)
            out = rest.pop("out", None) if "out" in kwargs else None
            if out is not None:
                store(kwargs["out"], getattr(self.held, name)(*plain, **rest))
                return kwargs["out"]
            made = getattr(self.held, name)(*plain, **rest)
            return _result(self, made, lambda x: getattr(x, name)(*plain, **rest))

        method.__name__ = name
        return method

    @property
    def shape(self) -> tuple[int, ...]:
        """As numpy.ndarray.shape."""
        return self.held.shape  # type: ignore[no-any-return]

    @shape.setter
    def shape(self, shape: Any) -> None:
        raise MutationError("a.shape = ... of an array made in converted code: write a = a.reshape(...)")

    @property
    def ndim(self) -> int:
        """As numpy.ndarray.ndim."""
        return len(self.held.shape)

    @property
    def size(self) -> int:
        """As numpy.ndarray.size."""
        return self.held.size  # type: ignore[no-any-return]

    @property
    def dtype(self) -> Any:
        """As numpy.ndarray.dtype."""
        return self.held.dtype

    @property
    def real(self) -> Any:
        """As numpy.ndarray.real."""
        return self.__getattr__("real")

    @real.setter
    def real(self, x: Any) -> None:
        self.__getattr__("real")[...] = x

    @property
    def imag(self) -> Any:
        """As numpy.ndarray.imag."""
        return self.__getattr__("imag")

    @imag.setter
    def imag(self, x: Any) -> None:
        self.__getattr__("imag")[...] = x

    @property
    def flags(self) -> Any:
        """As numpy.ndarray.flags; of values, of their innermost array."""
        return innermost(self.held).flags

    # -- methods that write

    def fill(self, x: Any) -> None:
        """As numpy.ndarray.fill."""
        self[...] = x

    def sort(self, axis: int = -1, kind: Any = None, order: Any = None) -> None:
        """As numpy.ndarray.sort."""
        now = self.held
        if isinstance(now, Value):
            now[...] = np.sort(now, axis=axis)
        else:
            now.sort(axis=axis, kind=kind, order=order)

    def put(self, indices: Any, x: Any, mode: str = "raise") -> None:
        """As numpy.ndarray.put."""
        if mode != "raise":
            raise MutationError("put into a fresh array takes mode='raise' alone: reduce the indices first")
        positions = np.unravel_index(np.asarray(unwrap(indices)), self.held.shape)
        self[positions] = x

    def view(self, *args: Any, **kwargs: Any) -> Any:
        """As numpy.ndarray.view; of values, without another dtype."""
        if args or kwargs:
            return _result(self, np.asarray(self).view(*args, **kwargs), lambda x: x.view(*args, **kwargs))
        return self[...]

    @property
    def flat(self) -> "Flat":
        """As numpy.ndarray.flat."""
        return Flat(self)

    def copy(self, order: Any = "C") -> "Fresh":
        """As numpy.ndarray.copy."""
        return fresh(self.held.copy(order))

    def item(self, *args: Any) -> Any:
        """As numpy.ndarray.item; of values, the value."""
        now = self.held
        if not isinstance(now, Value):
            return now.item(*args)
        return now.reshape(-1)[args[0] if args else 0] if len(args) < 2 else now[args]

    def tolist(self) -> Any:
        """As numpy.ndarray.tolist; of values, lists of them."""
        now = self.held
        return now.tolist() if not isinstance(now, Value) else nested(now)


class Flat:
    """The elements of a fresh array in C order."""

    __slots__ = ("array",)

    def __init__(self, array: Fresh) -> None:
        self.array = array

    def __len__(self) -> int:
        return int(self.array.held.size)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.array.held.reshape(-1))

    def __getitem__(self, index: Any) -> Any:
        return wrapped(self.array.held.reshape(-1)[unwrap(index)])

    def __setitem__(self, index: Any, x: Any) -> None:
        shape = self.array.held.shape
        where = np.arange(self.array.held.size)[unwrap(index)] if index is not Ellipsis else np.arange(len(self))
        self.array[np.unravel_index(where, shape)] = x

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.array.held.reshape(-1), dtype=dtype, copy=copy)


def fresh(now: Any) -> Fresh:
    """A fresh array that stands for ``now``, an array or value nobody else holds."""
    new = _new(Fresh)
    new._now = now
    new._root = None
    new._version = 0
    return new


def _view(parent: Fresh, now: Any, make: Callable[[Any], Any]) -> Fresh:
    new = _new(Fresh)
    new._now = now
    new._root = root = parent if parent._root is None else parent._root
    new._parent = parent
    new._make = make
    new._version = root._version
    return new


def _result(operand: Fresh, made: Any, make: Callable[[Any], Any]) -> Any:
    """What came of an operation on ``operand``: views of it, arrays of their own, or no array."""
    if type(made) is tuple or type(made) is list:
        parts = [_result(operand, part, _part_of(make, i)) for i, part in enumerate(made)]
        return tuple(parts) if type(made) is tuple else parts
    if (type(made) is ndarray or (isinstance(made, Value) and made.is_storage)) and _shares(made, operand._now):
        return _view(operand, made, make)
    return wrapped(made)


def _result_of(operands: dict[Any, Fresh], made: Any, make: Callable[[Any], Callable[[Any], Any]]) -> Any:
    """What came of a function: each array in it a view of the operand that it shares memory with, or its own."""
    if type(made) is tuple or type(made) is list:
        parts = [
            _result_of(operands, part, lambda place, i=i: _part_of(make(place), i))  # type: ignore[misc]
            for i, part in enumerate(made)
        ]
        return tuple(parts) if type(made) is tuple else parts
    for place, operand in operands.items():
        if _shares(made, operand._now):
            return _result(operand, made, make(place))
    return wrapped(made)


def _of_one(function: Any, args: Any, kwargs: dict[str, Any], place: int | str) -> Callable[[Any], Any]:
    """The call of ``function`` as a function of the one argument at ``place``."""
    if isinstance(place, str):
        return lambda x: function(*args, **{**kwargs, place: x})
    return lambda x: function(*args[:place], x, *args[place + 1 :], **kwargs)


def _part_of(make: Callable[[Any], Any], i: int) -> Callable[[Any], Any]:
    return lambda x: make(x)[i]


def _shares(made: Any, now: Any) -> bool:
    """True if a result, or an array in it, is a view of ``now``."""
    if type(made) is tuple or type(made) is list:
        return any(_shares(part, now) for part in made)
    a, b = innermost(made), innermost(now)
    return isinstance(a, ndarray) and isinstance(b, ndarray) and np.may_share_memory(a, b)


def wrapped(made: Any) -> Any:
    """A result of NumPy's on plain arrays nobody else holds: arrays are fresh."""
    if type(made) is ndarray:
        return fresh(made) if made.dtype.kind in "biufc" and made.flags.writeable else made
    if isinstance(made, Value) and made.is_storage:
        return fresh(made)
    if type(made) is tuple:
        return tuple([wrapped(part) for part in made])
    if type(made) is list:
        return [wrapped(part) for part in made]
    return made


def unwrap(x: Any) -> Any:
    """``x`` with every fresh array in it, at any depth of lists, tuples and dicts, as what it stands for."""
    if isinstance(x, Holder):
        return x.held
    cls = type(x)
    if cls is tuple or cls is list:
        new = [unwrap(part) for part in x]
        return x if all(map(operator.is_, new, x)) else cls(new)
    if cls is dict:
        found = {key: unwrap(part) for key, part in x.items()}
        return x if all(map(operator.is_, found.values(), x.values())) else found
    return x


def stored(x: Any) -> Any:
    """``x`` unwrapped, lists of values as arrays of them: an operand of NumPy's functions, or what is stored."""
    x = unwrap(x)
    if type(x) is list and _has_values(x):
        return as_operand(x)
    if type(x) is tuple:
        return tuple([stored(part) if type(part) is list else part for part in x])
    return x


def _has_values(x: Any) -> bool:
    return any(isinstance(part, Value) or (isinstance(part, list | tuple) and _has_values(part)) for part in x)


def nested(x: Any) -> Any:
    """The elements of an array value as nested lists."""
    return [nested(part) for part in x] if x.shape else x


def holds(now: Any, x: Value) -> bool:
    """True if an array has every level of ``x``."""
    if not isinstance(now, Value):
        return False
    if now.level == x.level and not isinstance(x.payload, Value):
        return True
    return _levels(x) <= _levels(now)


def _levels(x: Any) -> set[int]:
    found = set()
    while isinstance(x, Value):
        found.add(x.level)
        x = x.payload
    return found


def _refuse_truncation(now: Any, like: Value) -> None:
    have, need = now.dtype, like.dtype
    if have.kind in "biu" and need.kind in "fc":
        raise MutationError(
            f"a {type(like).__name__} of {need} stored into an array of {have}, which NumPy would truncate: "
            "make the array with dtype=float"
        )
    if have.kind == "f" and need.kind == "c":
        raise MutationError(
            f"a complex {type(like).__name__} stored into an array of {have}, which cannot hold it: "
            "make the array with dtype=complex"
        )


def store(target: Any, x: Any) -> None:
    """``target[...] = x``, where ``target`` may be an array from outside."""
    if isinstance(target, ndarray) and isinstance(x, Value):
        raise MutationError(outside(x))
    target[...] = x


def outside(x: Value) -> str:
    """Why an array that was not made in converted code holds no value."""
    return (
        f"a {type(x).__name__} was about to be stored into a plain array from outside the function, which cannot hold "
        "it: work on a copy made inside the function (a = np.array(a))"
    )


BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_", "xor", "lshift", "rshift")


def _attach_operators() -> None:
    def binary(op: Callable[[Any, Any], Any]) -> Any:
        def forward(x: Fresh, y: Any) -> Any:
            made = op(x._now if x._root is None else x.held, y.held if isinstance(y, Holder) else stored(y))
            return fresh(made) if type(made) is ndarray else made

        def reflected(x: Fresh, y: Any) -> Any:
            made = op(stored(y), x.held)
            return fresh(made) if type(made) is ndarray else made

        return forward, reflected

    def in_place(op: Callable[[Any, Any], Any]) -> Any:
        def operate(x: Fresh, y: Any) -> Fresh:
            y, now = stored(y), x.held
            if isinstance(y, Value) and not holds(now, y):
                now = x.promote(y)
            if isinstance(now, Value):
                now[...] = op(now, y)
            else:
                op(now, y)
            return x

        return operate

    def reduction(name: str) -> Any:
        def reduced(x: Fresh, *args: Any, **kwargs: Any) -> Any:
            if args or kwargs:
                return x.__getattr__(name)(*args, **kwargs)
            return getattr(x.held, name)()

        reduced.__name__ = name
        return reduced

    for name in (*BINARY, "divmod"):
        bare = name.rstrip("_")
        forward, reflected = binary(getattr(operator, name, divmod))
        setattr(Fresh, f"__{bare}__", forward)
        setattr(Fresh, f"__r{bare}__", reflected)
        if name in BINARY:
            setattr(Fresh, f"__i{bare}__", in_place(getattr(operator, f"i{bare}")))
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        setattr(Fresh, f"__{name}__", binary(getattr(operator, name))[0])
    for name in ("neg", "pos", "abs", "invert"):
        op = getattr(operator, name)
        setattr(Fresh, f"__{name}__", lambda x, op=op: wrapped(op(x.held)))
    for name in ("sum", "mean", "max", "min", "prod", "any", "all", "argmax", "argmin", "std", "var"):
        setattr(Fresh, name, reduction(name))


_attach_operators()

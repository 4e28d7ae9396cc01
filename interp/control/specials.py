"""Special methods of the user's classes in converted code: operators, indexing, iteration, ``with``.

Python calls them itself, unconverted. Where a function can see a class that defines some, its operators call these
functions instead, which find the method as Python does and convert it.
"""

import ast
import operator
import types
from collections.abc import Callable, Iterator
from typing import Any

from interp.value import Holder, Value

OPERATORS: dict[str, tuple[str, str, Callable[[Any, Any], Any]]] = {
    "Add": ("__add__", "__radd__", operator.add),
    "Sub": ("__sub__", "__rsub__", operator.sub),
    "Mult": ("__mul__", "__rmul__", operator.mul),
    "Div": ("__truediv__", "__rtruediv__", operator.truediv),
    "FloorDiv": ("__floordiv__", "__rfloordiv__", operator.floordiv),
    "Mod": ("__mod__", "__rmod__", operator.mod),
    "Pow": ("__pow__", "__rpow__", operator.pow),
    "MatMult": ("__matmul__", "__rmatmul__", operator.matmul),
    "Eq": ("__eq__", "__eq__", operator.eq),
    "NotEq": ("__ne__", "__ne__", operator.ne),
    "Lt": ("__lt__", "__gt__", operator.lt),
    "LtE": ("__le__", "__ge__", operator.le),
    "Gt": ("__gt__", "__lt__", operator.gt),
    "GtE": ("__ge__", "__le__", operator.ge),
}
"""Kinds of syntax nodes: the left operand's method, the right one's, and the function of two values."""
UNARY: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "USub": ("__neg__", operator.neg),
    "UAdd": ("__pos__", operator.pos),
    "Invert": ("__invert__", operator.invert),
}


def methods_of(node: ast.AST) -> tuple[str, ...]:
    """The special methods that a node may call, if it is one that can be rewritten."""
    match node:
        case ast.BinOp(op=op) | ast.Compare(ops=[op]) if type(op).__name__ in OPERATORS:
            return OPERATORS[type(op).__name__][:2]
        case ast.UnaryOp(op=op) if type(op).__name__ in UNARY:
            return UNARY[type(op).__name__][:1]
        case ast.Subscript(slice=index, ctx=ast.Load()) if not any(isinstance(n, ast.Slice) for n in ast.walk(index)):
            return ("__getitem__",)
        case ast.AugAssign(target=ast.Name(), op=op):
            left, right, _ = OPERATORS.get(type(op).__name__, ("", "", None))
            return left, right, _in_place(left)
        case ast.For() | ast.comprehension():
            return "__iter__", "__next__"
        case ast.withitem():
            return ("__enter__", "__exit__")
    return ()


class Specials:
    """What generated code calls, with the tier's ``resolve``."""

    def __init__(self, resolve: Callable[[Any], Any]) -> None:
        self.resolve = resolve

    def _method(self, x: Any, name: str) -> Any:
        """The converted special method of a user's class, or None."""
        if isinstance(x, Value | Holder):
            return None
        found = getattr(type(x), name, None)
        return self.resolve(found) if isinstance(found, types.FunctionType) else None

    def binary(self, kind: str, a: Any, b: Any) -> Any:
        """``a + b`` and the like, and comparisons."""
        left, right, function = OPERATORS[kind]
        turns = [(left, a, b), (right, b, a)]
        if type(b) is not type(a) and issubclass(type(b), type(a)):
            turns.reverse()
        elif type(b) is type(a) and right.startswith("__r"):
            turns.pop()
        found = [self._method(x, name) for name, x, _ in turns]
        if any(method is not None for method in found):
            for (name, x, y), converted in zip(turns, found, strict=True):
                method = getattr(type(x), name, None) if converted is None else converted
                made = NotImplemented if method is None else method(x, y)
                if made is not NotImplemented:
                    return made
        return function(a, b)

    def augmented(self, kind: str, a: Any, b: Any) -> Any:
        """What ``a += b`` and the like bind ``a`` to."""
        name = _in_place(OPERATORS[kind][0])
        method = self._method(a, name)
        if method is not None:
            made = method(a, b)
            if made is not NotImplemented:
                return made
        elif hasattr(type(a), name):
            return getattr(operator, name)(a, b)
        return self.binary(kind, a, b)

    def unary(self, kind: str, x: Any) -> Any:
        """``-x`` and the like."""
        name, function = UNARY[kind]
        method = self._method(x, name)
        return function(x) if method is None else method(x)

    def item(self, x: Any, index: Any) -> Any:
        """``x[index]``."""
        method = self._method(x, "__getitem__")
        return x[index] if method is None else method(x, index)

    def iterated(self, x: Any) -> Any:
        """What a loop over ``x`` runs through."""
        method = self._method(x, "__iter__")
        iterator = x if method is None else method(x)
        step = self._method(iterator, "__next__")
        return iterator if step is None else _steps(step, iterator)

    def entered(self, manager: Any) -> Any:
        """The context manager of a ``with`` statement."""
        enter, leave = self._method(manager, "__enter__"), self._method(manager, "__exit__")
        return manager if enter is None or leave is None else _Scope(manager, enter, leave)


def _in_place(name: str) -> str:
    return f"__i{name[2:]}"


def _steps(step: Callable[[Any], Any], iterator: Any) -> Iterator[Any]:
    while True:
        try:
            found = step(iterator)
        except StopIteration:
            return
        yield found


class _Scope:
    def __init__(self, manager: Any, enter: Any, leave: Any) -> None:
        self.manager, self.enter, self.leave = manager, enter, leave

    def __enter__(self) -> Any:
        return self.enter(self.manager)

    def __exit__(self, *raised: Any) -> Any:
        return self.leave(self.manager, *raised)

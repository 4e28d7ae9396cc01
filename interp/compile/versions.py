"""What tells the versions of a compiled function apart: a key of the arguments, and a quick test for the latest.

A key holds classes, and of values their structure and the order of their levels. Making one takes longer than many a
native function runs, so the version called last has a test written for it, which compares attribute by attribute.
"""

import ast
import itertools
from collections.abc import Callable, Hashable, Iterator
from types import CellType, FunctionType
from typing import Any

import numpy as np

from interp.compile.arguments import is_constant
from interp.compile.generated import attribute, call, function, item, name
from interp.value import Value

PLAIN = frozenset({float, int, bool, complex, np.float64, np.float32, np.int64, np.bool_, str, type(None)})
"""Classes that are native types by themselves."""
LAYOUT = 0x503
"""Bits of an array's flags in its native type: contiguous in C's or Fortran's order, aligned, writable."""
OTHER = object()
"""What a test answers about arguments of another version."""


def key_of(args: tuple[Any, ...]) -> Any:
    """What decides the version."""
    key: list[Any] = []
    levels: list[int] = []
    for x in args:
        cls = x.__class__
        key.append(cls if cls in PLAIN else _structure(x, cls, levels))
    if len(levels) > 1 and min(levels) != max(levels):
        order = sorted(set(levels))
        key += map(order.index, levels)
    return tuple(key)


def _structure(x: Any, cls: type, levels: list[int]) -> Any:
    if issubclass(cls, Value):
        return _value(x, cls, levels, x.ndim)
    if cls is np.ndarray:
        return cls, x.dtype, x.ndim, x.flags.num & LAYOUT
    if issubclass(cls, tuple):
        return (cls, *(c if (c := part.__class__) in PLAIN else _structure(part, c, levels) for part in x))
    if cls is FunctionType:
        return _function_key(x)
    if is_constant(x):
        return x
    if cls is list:  # all elements of a native list are of one type
        return cls, *(c if (c := part.__class__) in PLAIN else _structure(part, c, levels) for part in x[:1])
    if issubclass(cls, np.generic):
        return cls
    return cls if cls in (dict, set) else (cls, _by_identity(x))


def _value(x: Value, cls: type[Value], levels: list[int], ndim: int) -> Any:
    """Of a value its components; ``ndim``: axes of the outermost value around, all others are of directions."""
    levels.append(x.level)
    parts: list[Any] = [cls]
    for component in cls.components:
        part = getattr(x, component)
        inner = part.__class__
        if inner in PLAIN:
            parts.append(inner)
        elif inner is np.ndarray:
            parts += _structure(part, inner, levels), part.shape[: max(part.ndim - ndim, 0)]
        else:
            parts.append(_value(part, inner, levels, ndim) if issubclass(inner, Value) else (inner, _by_identity(part)))
    return tuple(parts)


def _function_key(f: FunctionType) -> Any:
    """Functions made anew by every call, with equal constants, are one."""
    cells = [cell.cell_contents for cell in f.__closure__ or () if cell != _EMPTY]
    named = (f.__kwdefaults__ or {}).items()
    constants = (*cells, *(f.__defaults__ or ()), *(x for _, x in named))
    if all(c.__class__ in PLAIN for c in constants):
        exact = tuple(map(repr, constants))  # 0.0 equals -0.0
        return f.__code__, exact, tuple(map(type, constants)), tuple(k for k, _ in named), id(f.__globals__)
    return (f, *map(id, cells))  # native code keeps what it captured, so that no other object has its place


_EMPTY = CellType()


def _by_identity(x: Any) -> Any:
    """Other objects: each is its own version."""
    return x if isinstance(x, Hashable) else id(x)


def nothing(*args: Any) -> Any:
    """The test before any version was called."""
    return OTHER


def recogniser(args: tuple[Any, ...], version: Callable[..., Any]) -> Callable[..., Any]:
    """Function that calls ``version`` with arguments that have the key of these, and gives `OTHER` for all else."""
    names = [f"x{i}" for i in range(len(args))]
    namespace: dict[str, Any] = {"version": version, "OTHER": OTHER}
    levels: list[tuple[int, ast.expr]] = []
    tests = [test for x, at in zip(args, names, strict=True) for test in _tests(x, name(at), namespace, levels, None)]
    levels.sort(key=lambda pair: pair[0])
    for (level, at), (above, at_above) in itertools.pairwise(levels):
        tests.append(ast.Compare(at, [ast.Eq() if level == above else ast.Lt()], [at_above]))
    if any(test is None for test in tests):
        return nothing
    same = ast.BoolOp(ast.And(), [ast.Constant(True), *tests])  # type: ignore[list-item]
    called = call("version", *map(name, names))
    return function(names, ast.IfExp(same, called, name("OTHER")), namespace, named="recognised")


def _tests(
    x: Any, at: ast.expr, namespace: dict[str, Any], levels: list[tuple[int, ast.expr]], ndim: int | None
) -> Iterator[ast.expr | None]:
    """Tests for an argument like ``x``, each safe after those before it; None where the key itself must tell.

    ``ndim``: axes of the outermost value around ``x``.
    """

    def constant(value: Any) -> ast.expr:
        made = f"c{len(namespace)}"
        namespace[made] = value
        return name(made)

    def equal(part: ast.expr, value: Any) -> ast.expr:
        return ast.Compare(part, [ast.Eq()], [constant(value)])

    cls = x.__class__
    yield ast.Compare(attribute(at, "__class__"), [ast.Is()], [constant(cls)])
    if cls in PLAIN:
        return
    if issubclass(cls, Value):
        levels.append((x.level, attribute(at, "level")))
        for component in cls.components:
            within = x.ndim if ndim is None else ndim
            yield from _tests(getattr(x, component), attribute(at, component), namespace, levels, within)
    elif cls is np.ndarray:
        yield equal(attribute(at, "dtype"), x.dtype)
        yield equal(attribute(at, "ndim"), x.ndim)
        layout = ast.BinOp(attribute(attribute(at, "flags"), "num"), ast.BitAnd(), ast.Constant(LAYOUT))
        yield ast.Compare(layout, [ast.Eq()], [ast.Constant(x.flags.num & LAYOUT)])
        if ndim is not None and x.ndim > ndim:
            sizes = ast.Subscript(attribute(at, "shape"), ast.Slice(None, ast.Constant(x.ndim - ndim)), ast.Load())
            yield equal(sizes, x.shape[: x.ndim - ndim])
    elif issubclass(cls, tuple):
        yield ast.Compare(call("len", at), [ast.Eq()], [ast.Constant(len(x))])
        for i, part in enumerate(x):
            yield from _tests(part, item(at, i), namespace, levels, None)
    else:
        yield None

"""Nested containers of numbers: dict, list, tuple, namedtuple and dataclass, flattened and rebuilt."""

import copy
import dataclasses
import weakref
from collections.abc import Callable
from typing import Any


def _children(tree: Any) -> tuple[list[Any], Callable[[list[Any]], Any]] | None:
    """A container's children in a fixed order, and how to rebuild it; None for a leaf."""
    if isinstance(tree, dict):
        keys = list(tree)
        return [tree[k] for k in keys], lambda new: _dict_like(tree, zip(keys, new, strict=True))
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return list(tree), lambda new: type(tree)(*new)
    if isinstance(tree, list | tuple):
        return list(tree), lambda new: type(tree)(new)
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        names = [field.name for field in dataclasses.fields(tree)]
        return [getattr(tree, n) for n in names], lambda new: dataclasses.replace(
            tree, **dict(zip(names, new, strict=True))
        )
    return None


_leaf_classes: "weakref.WeakSet[type]" = weakref.WeakSet()
"""Classes of leaves met so far: it is the class that decides."""


def _the_leaf(leaves: list[Any]) -> Any:
    return leaves[0]


def _dict_like(tree: dict[Any, Any], items: Any) -> Any:
    """A dict of the class of ``tree``, and with what else it has (a default, an order)."""
    if type(tree) is dict:
        return dict(items)
    new = copy.copy(tree)
    new.update(items)
    return new


def flatten(tree: Any) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    """Leaves of ``tree`` from left to right, and a function that rebuilds it from new leaves.

    ``None`` is an empty container, as in JAX.
    """
    if tree is None:
        return [], lambda leaves: None
    if type(tree) in _leaf_classes:
        return [tree], _the_leaf
    split = _children(tree)
    if split is None:
        _leaf_classes.add(type(tree))
        return [tree], _the_leaf
    children, rebuild = split
    flat = [flatten(child) for child in children]
    counts = [len(leaves) for leaves, _ in flat]

    def unflatten(leaves: list[Any]) -> Any:
        new, start = [], 0
        for (_, build), count in zip(flat, counts, strict=True):
            new.append(build(leaves[start : start + count]))
            start += count
        return rebuild(new)

    return [leaf for leaves, _ in flat for leaf in leaves], unflatten


def map(function: Callable[..., Any], tree: Any) -> Any:
    """``tree`` with ``function`` applied to each leaf."""
    leaves, unflatten = flatten(tree)
    return unflatten([function(leaf) for leaf in leaves])

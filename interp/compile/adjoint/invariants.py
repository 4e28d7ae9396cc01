"""Variables that always have one value: nothing is lost when it is assigned again, so nothing is saved.

A length, a view of an array that is made once, the number of rounds of a loop with constant bounds. Of an array it is
the view that stays the same, not its elements.
"""

import ast
from collections.abc import Iterable, Sequence
from typing import Any

from numba.core import types

from interp.compile.adjoint.blocks import Facts
from interp.compile.adjoint.operations import (
    BINARY,
    COMPARE,
    UNARY,
    Attribute,
    Break,
    Buffered,
    For,
    If,
    Let,
    Loop,
    Read,
    Statement,
    reads,
    walk,
)
from interp.compile.adjoint.table import SHAPES, elementwise_of


def invariants(statements: Sequence[Statement], facts: Facts) -> frozenset[str]:
    """The variables of a program that have one value whenever they have one."""
    once = set(map(id, _outside_loops(statements)))
    every = list(walk(statements))
    made = _assignments(every)
    given = {v for v in facts.types if v not in made}
    found: set[str] = set(given)
    size = -1
    while size != len(found):
        size = len(found)
        for name, (s, *more) in made.items():
            if not more and name not in found and (id(s) in once or _repeats(name, s, found, facts)):
                found.add(name)
    return frozenset(found - given)


def _assignments(every: Sequence[Statement]) -> dict[str, list[Any]]:
    """By variable the statements that assign it; None stands for one that gives it another value each time."""
    made: dict[str, list[Any]] = {}
    whole = {s.count for s in every if isinstance(s, For) and not ends_early(s.body)}  # set by the loop alone
    for s in every:
        if isinstance(s, Let | Read) and s.target not in whole:
            made.setdefault(s.target, []).append(s)
        elif isinstance(s, Loop):
            made.setdefault(s.count, []).append(s if s.count in whole else None)
            made.setdefault(s.exit, []).append(None)
            if isinstance(s, For):
                made.setdefault(s.target, []).append(None)
        elif isinstance(s, Buffered):
            made.setdefault(s.buffer, []).append(None)
    return made


def _repeats(name: str, s: Any, same: set[str], facts: Facts) -> bool:
    """True if a statement gives ``name`` the same value whenever what it reads is the ``same``."""
    if s is None or not same.issuperset(reads(s)):
        return False
    if isinstance(s, For):
        return True
    if isinstance(s, Read):
        return facts.is_array(name) or isinstance(facts.types.get(s.source), types.BaseTuple)
    if s.function in SHAPES or isinstance(s.function, Attribute):
        return True
    if facts.is_array(name):
        return False
    numbers = not any(isinstance(a, ast.Name) and facts.is_array(a.id) for a in s.operands)
    return numbers and (s.function in _ARITHMETIC or elementwise_of(s) is not None)


_ARITHMETIC = frozenset({*BINARY.values(), *UNARY.values(), *COMPARE.values(), min, max, int, float})


def _outside_loops(statements: Sequence[Statement]) -> Iterable[Statement]:
    """Operations that run once at most."""
    for s in statements:
        if isinstance(s, If):
            yield from _outside_loops([*s.then, *s.orelse])
        elif isinstance(s, Let | Read):
            yield s


def ends_early(body: Sequence[Statement]) -> bool:
    """True if a loop's body may end the loop early."""
    inner = [part for s in body if isinstance(s, If) for part in (s.then, s.orelse)]
    return any(isinstance(s, Break) for s in body) or any(map(ends_early, inner))

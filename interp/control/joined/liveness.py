"""Which locals nothing reads any more behind a statement: where paths meet there, those need no join.

A backward pass over the blocks of one function. A name is *live* at a point if some way on from there reads it before
it is bound anew. What a nested function may read is live everywhere, and so is, within a ``try``, what its handlers
read. Names that are not live are unbound where paths meet: a mistake here would be a NameError, not a wrong answer.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

Names = frozenset[str]
NONE: Names = frozenset()
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(frozen=True)
class _Exits:
    """What is live where a block is left otherwise than at its end."""

    leaves: Names = NONE
    """by ``return``, within a ``finally``"""
    raises: Names = NONE
    breaks: Names = NONE
    continues: Names = NONE


@dataclass(frozen=True)
class Live:
    """What is live behind a statement; of loops and ``try`` before its ``else``, and of loops before each round."""

    after: Names
    orelse: Names = NONE
    head: Names = NONE
    leaves: Names = NONE


class Liveness:
    """The live names at each statement of ``body`` that paths may meet behind.

    ``free``: the names that may be unbound, which no other function shares.
    """

    def __init__(self, body: list[ast.stmt], names: Iterable[str]) -> None:
        captured = {name for node in _definitions(body) for name in _read(node)}
        self.free = frozenset(names) - captured
        self.found: dict[ast.stmt, Live] = {}
        self._block(body, NONE, _Exits())

    def dead(self, node: ast.stmt, *where: str) -> Names:
        """Names that are read no more where ``node`` goes on: behind it, or as `Live` names it."""
        live = self.found.get(node)
        return NONE if live is None else self.free.difference(*(getattr(live, at) for at in where))

    def _block(self, body: list[ast.stmt], after: Names, exits: _Exits) -> Names:
        for node in reversed(body):
            after = self._before(node, after, exits) | exits.raises
        return after

    def _before(self, node: ast.stmt, after: Names, exits: _Exits) -> Names:
        """What is live before a statement."""
        match node:
            case ast.If() | ast.Assert():
                self.found[node] = Live(after, leaves=exits.leaves)
                if isinstance(node, ast.Assert):
                    return after | _read(node)
                sides = self._block(node.body, after, exits) | self._block(node.orelse, after, exits)
                return sides | _read(node.test)
            case ast.While():
                return self._loop(node, _read(node.test), NONE, after, exits)
            case ast.For():
                return self._loop(node, NONE, _bound(node.target), after, exits) | _read(node.iter)
            case ast.Try():
                return self._try(node, after, exits)
            case ast.With():
                self.found[node] = Live(after, leaves=exits.leaves)
                within = self._block(node.body, after, replace(exits, raises=exits.raises | after))
                return within.union(*map(_read, node.items))
            case ast.Return():
                return _read(node) | exits.leaves
            case ast.Raise():
                return _read(node)
            case ast.Break():
                return exits.breaks
            case ast.Continue():
                return exits.continues
            case ast.Delete():
                return after | _read(node) | _bound(node)  # what is deleted must be there
            case ast.AugAssign():
                return after | _read(node) | _bound(node.target)
            case ast.Assign() | ast.AnnAssign() | ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.ClassDef():
                return (after - _bound(node)) | _read(node)
        return after | _read(node)

    def _loop(self, node: Any, test: Names, target: Names, after: Names, exits: _Exits) -> Names:
        orelse = self._block(node.orelse, after, exits)
        head = before = test | orelse
        while True:
            within = replace(exits, breaks=after, continues=head)
            head = before | (self._block(node.body, head, within) - target)
            if head == within.continues:
                self.found[node] = Live(after, orelse | after, head, exits.leaves)
                return head

    def _try(self, node: ast.Try, after: Names, exits: _Exits) -> Names:
        if node.finalbody:
            exits = replace(exits, raises=exits.raises | exits.breaks | exits.continues | exits.leaves)
            after = self._block(node.finalbody, after | exits.raises, exits)
            exits = _Exits(after, after | exits.raises, after, after)
        handlers = NONE.union(*(self._block(h.body, after, exits) for h in node.handlers))
        caught = NONE.union(*(_read(h.type) for h in node.handlers if h.type))
        orelse = self._block(node.orelse, after, exits)
        self.found[node] = Live(after, orelse | after, leaves=exits.leaves)
        return self._block(node.body, orelse, replace(exits, raises=exits.raises | handlers | caught))


def _definitions(nodes: Iterable[ast.AST]) -> Iterable[ast.AST]:
    return (inner for node in nodes for inner in ast.walk(node) if isinstance(inner, DEFINITIONS))


def _read(node: ast.AST) -> Names:
    """Every name that a piece of code reads, in nested scopes too."""
    return frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)).union(
        *(n.names for n in ast.walk(node) if isinstance(n, ast.Nonlocal))
    )


def _bound(node: ast.AST) -> Names:
    """The names that a statement or target certainly binds."""
    match node:
        case ast.Name():
            return frozenset([node.id])
        case ast.Tuple() | ast.List():
            return NONE.union(*map(_bound, node.elts))
        case ast.Starred():
            return _bound(node.value)
        case ast.Assign() | ast.Delete():
            return NONE.union(*map(_bound, node.targets))
        case ast.AnnAssign():
            return _bound(node.target) if node.value else NONE
        case ast.FunctionDef() | ast.ClassDef():
            return frozenset([node.name])
        case ast.Import() | ast.ImportFrom():
            return frozenset((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    return NONE

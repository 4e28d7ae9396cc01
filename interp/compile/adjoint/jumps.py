"""Python's jumps brought to the end of their branches: then a branch or a loop is all that a jump is.

After `tail_form` every ``break`` is the last statement of its branch, no ``continue`` and no ``return`` is left:
what followed a branch with a jump stands in the sides that go on, a ``return`` assigns to the name ``return`` and
leaves its loops by ``break``. The name is no identifier, so no program uses it.
"""

import ast
import copy
import itertools
from collections.abc import Sequence
from typing import Any

from interp.compile.adjoint.operations import Refused

RESULT = "return"
"""Variable that a ``return`` assigns."""

_COPIES = 3000
"""Syntax nodes that may be written twice, because both sides of a branch go on to them."""


def tail_form(body: Sequence[ast.stmt], for_effect: bool = False) -> list[ast.stmt]:
    """The statements of a function without jumps but breaks at the end of branches.

    ``for_effect``: what the function returns is of no interest; else all its paths must return something.
    """
    if not for_effect and _falls(body):
        raise Refused("a path through the function ends without return")
    return _Normal(for_effect).sequence(list(body), function=True)


class _Normal:
    def __init__(self, for_effect: bool) -> None:
        self.for_effect = for_effect
        self.copies = _COPIES
        self.flags = itertools.count()

    def sequence(self, statements: list[ast.stmt], function: bool = False) -> list[ast.stmt]:
        done: list[ast.stmt] = []
        for k, s in enumerate(statements):
            rest = statements[k + 1 :]
            if isinstance(s, ast.Return):
                if not function:
                    return [*done, s]
                return [*done, *self.returned(s)]
            if isinstance(s, ast.Break | ast.Continue | ast.Raise):
                return [*done, s]
            if isinstance(s, ast.While | ast.For):
                before, after = self.loop(s)
                done += before
                if after:
                    return done + self.sequence([*after, *rest], function)
            elif isinstance(s, ast.If):
                if rest and (_jumps(s.body) or _jumps(s.orelse)):
                    then_rest = rest if _falls(s.body) else []
                    else_rest = rest if _falls(s.orelse) else []
                    if then_rest and else_rest:
                        self.copies -= sum(1 for r in rest for _ in ast.walk(r))
                        if self.copies < 0:
                            raise Refused("jumps out of nested branches would repeat too much code")
                        else_rest = copy.deepcopy(rest)
                    body = self.sequence(s.body + then_rest, function)
                    orelse = self.sequence(s.orelse + else_rest, function)
                    return [*done, _like(s, ast.If(s.test, body, orelse))]
                done.append(
                    _like(s, ast.If(s.test, self.sequence(s.body, function), self.sequence(s.orelse, function)))
                )
            else:
                done.append(s)
        return done

    def loop(self, s: Any) -> tuple[list[ast.stmt], list[ast.stmt]]:
        """Statements up to and with the loop, and statements that follow it."""
        body = self.sequence(s.body)
        before: list[ast.stmt] = []
        after: list[ast.stmt] = []
        if s.orelse and _breaks(body):
            broke = f"broke {next(self.flags)}"
            before.append(_set(s, broke, False))
            body = _rewritten(body, lambda jump: [_set(jump, broke, True), jump], ast.Break)
            after.append(_like(s, ast.If(ast.UnaryOp(ast.Not(), ast.Name(broke, ast.Load())), s.orelse, [])))
        else:
            after += s.orelse
        if _has(body, ast.Return):
            returned = f"returned {next(self.flags)}"
            before.append(_set(s, returned, False))

            def leave(jump: Any) -> list[ast.stmt]:
                return [*self.returned(jump), _set(jump, returned, True), _like(jump, ast.Break())]

            body = _rewritten(body, leave, ast.Return)
            after.insert(0, _like(s, ast.If(ast.Name(returned, ast.Load()), [_like(s, _Propagated())], [])))
        body = _rewritten(body, lambda jump: [], ast.Continue)
        made: Any = copy.copy(s)
        made.body, made.orelse = body, []
        return [*before, made], after

    def returned(self, s: Any) -> list[ast.stmt]:
        """What a return does before it leaves."""
        if isinstance(s, _Propagated):
            return []
        if self.for_effect:
            return [] if s.value is None else [_like(s, ast.Expr(s.value))]
        if s.value is None:
            raise Refused("a path through the function returns None")
        return [_like(s, ast.Assign([ast.Name(RESULT, ast.Store())], s.value))]


class _Propagated(ast.Return):
    """A return whose value an inner loop has assigned."""

    _fields = ()


def _set(like: ast.stmt, flag: str, value: bool) -> ast.stmt:
    return _like(like, ast.Assign([ast.Name(flag, ast.Store())], ast.Constant(value)))


def _like(old: ast.stmt, new: Any) -> Any:
    return ast.fix_missing_locations(ast.copy_location(new, old))


def _rewritten(body: list[ast.stmt], replace: Any, jump: type) -> list[ast.stmt]:
    """The loop's body with its own jumps of one class replaced."""
    done: list[ast.stmt] = []
    for s in body:
        if isinstance(s, jump):
            done += replace(s)
        elif isinstance(s, ast.If):
            done.append(
                _like(s, ast.If(s.test, _rewritten(s.body, replace, jump), _rewritten(s.orelse, replace, jump)))
            )
        else:
            done.append(s)
    return done


def _has(body: Sequence[ast.stmt], jump: type) -> bool:
    """True if a jump of that class, of the loop's own, is in its body."""
    return any(
        isinstance(s, jump) or (isinstance(s, ast.If) and (_has(s.body, jump) or _has(s.orelse, jump))) for s in body
    )


def _breaks(body: Sequence[ast.stmt]) -> bool:
    return _has(body, ast.Break)


def _jumps(body: Sequence[ast.stmt]) -> bool:
    """True if a statement may jump past the end of ``body``."""
    for s in body:
        if isinstance(s, ast.Return | ast.Break | ast.Continue):
            return True
        if isinstance(s, ast.If) and (_jumps(s.body) or _jumps(s.orelse)):
            return True
        if isinstance(s, ast.While | ast.For) and (_returns(s.body) or _jumps(s.orelse)):
            return True
    return False


def _returns(body: Sequence[ast.stmt]) -> bool:
    for s in body:
        if isinstance(s, ast.Return):
            return True
        if isinstance(s, ast.If) and (_returns(s.body) or _returns(s.orelse)):
            return True
        if isinstance(s, ast.While | ast.For) and (_returns(s.body) or _returns(s.orelse)):
            return True
    return False


def _falls(body: Sequence[ast.stmt]) -> bool:
    """True if control may reach the end of ``body``."""
    for s in body:
        if isinstance(s, ast.Return | ast.Break | ast.Continue | ast.Raise):
            return False
        if isinstance(s, ast.If) and not _falls(s.body) and not _falls(s.orelse):
            return False
        if isinstance(s, ast.While) and isinstance(s.test, ast.Constant) and s.test.value and not _breaks(s.body):
            return False
    return True

"""The small language between Python's syntax and an adjoint: one operation a statement, on named variables.

`lowering` writes it, `arrays` rewrites whole-array operations as loops, `sweeps` reverses it. Operands are *atoms*:
names of variables, names of constants, or literals. A branch, a loop and a store stand by themselves; runs of
`Let` and `Read` between them are the basic blocks.
"""

import ast
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Atom = ast.expr
"""`ast.Name` of a variable or constant, or `ast.Constant`."""


class Refused(Exception):
    """The adjoint of a function is not generated: says why. Another way to its gradient is taken."""


class Draws(Refused):
    """Refused because it would run more than once, and each run would draw other random numbers."""


@dataclass(slots=True)
class Let:
    """``target = function(*operands, **keywords)``"""

    target: str
    function: Any
    operands: tuple[Atom, ...]
    keywords: tuple[tuple[str, Atom], ...] = ()


@dataclass(slots=True)
class Read:
    """``target = source[index]``: an element, or a view."""

    target: str
    source: str
    index: ast.expr


@dataclass(slots=True)
class Store:
    """``array[index] = value``"""

    array: str
    index: ast.expr
    value: Atom


@dataclass(slots=True)
class If:
    """A branch. ``code`` is set where one side leaves the loop: the loop's exit code then tells which was taken."""

    test: str
    then: list["Statement"]
    orelse: list["Statement"]
    code: tuple["Loop", int] | None = None


@dataclass(slots=True)
class Loop:
    """``while True: head; if not test: break; body``. ``test`` None: only a `Break` ends it."""

    head: list["Statement"]
    test: str | None
    body: list["Statement"]
    count: str
    exit: str


@dataclass(slots=True)
class For(Loop):
    """``for target in range(start, stop, step)``: ``head`` is empty."""

    target: str = ""
    start: Atom = field(default_factory=lambda: ast.Constant(0))
    stop: Atom = field(default_factory=lambda: ast.Constant(0))
    step: Atom = field(default_factory=lambda: ast.Constant(1))


@dataclass(slots=True)
class Buffered:
    """A buffer shaped like a view, and statements that fill it and read it; nothing else does."""

    buffer: str
    like: str
    body: list["Statement"]


@dataclass(slots=True)
class Break:
    """Leaves the innermost loop; the last statement of its branch."""


@dataclass(slots=True)
class Raise:
    """The user's own ``raise`` of constants."""

    statement: ast.Raise


Statement = Let | Read | Store | If | Loop | For | Buffered | Break | Raise


# -- functions that have syntax of their own


def move(x: Any) -> Any:
    """The operation of ``y = x``."""
    return x


def make_tuple(*parts: Any) -> Any:
    """The operation of ``(x, y)``."""
    return parts


def choose(condition: Any, x: Any, y: Any) -> Any:
    """The operation of ``x if condition else y``, of numbers at hand."""
    return x if condition else y


@dataclass(frozen=True)
class Attribute:
    """The operation of ``x.name``."""

    name: str


BINARY: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.MatMult: operator.matmul,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}
COMPARE: dict[type, Callable[..., Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
UNARY: dict[type, Callable[..., Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Invert: operator.invert,
}
IN_PLACE = {BINARY[op]: getattr(operator, f"i{name}") for op, name in (
    (ast.Add, "add"), (ast.Sub, "sub"), (ast.Mult, "mul"), (ast.Div, "truediv"), (ast.FloorDiv, "floordiv"),
    (ast.Mod, "mod"), (ast.Pow, "pow"), (ast.MatMult, "matmul"), (ast.BitAnd, "and"), (ast.BitOr, "or"),
    (ast.BitXor, "xor"), (ast.LShift, "lshift"), (ast.RShift, "rshift"),
)}  # fmt: skip
OUT_OF_PLACE = {inplace: plain for plain, inplace in IN_PLACE.items()}

_SYMBOL = {function: op for table in (BINARY, COMPARE, UNARY) for op, function in table.items()}


# -- writing it as Python


def load(name: str) -> ast.Name:
    """The value of a variable."""
    return ast.Name(name, ast.Load())


def assign(target: str, value: ast.expr) -> ast.stmt:
    """``target = value``"""
    return ast.Assign([ast.Name(target, ast.Store())], value)


def expression(
    function: Any,
    operands: Sequence[ast.expr],
    keywords: Sequence[tuple[str, ast.expr]],
    constant: Callable[[Any], ast.expr],
) -> ast.expr:
    """The operation as Python writes it. ``constant`` gives a name for an object."""
    function = OUT_OF_PLACE.get(function, function)
    op = _SYMBOL.get(function)
    if op is not None and not keywords:
        if op in BINARY:
            return ast.BinOp(operands[0], op(), operands[1])
        if op in COMPARE:
            return ast.Compare(operands[0], [op()], [operands[1]])
        return ast.UnaryOp(op(), operands[0])
    if function is move:
        (x,) = operands
        flag = isinstance(x, ast.Constant) and isinstance(x.value, bool)
        return (
            ast.Call(constant(bool), [x], []) if flag else x
        )  # Numba prunes a branch on a constant, in one sweep only
    if function is make_tuple:
        return ast.Tuple(list(operands), ast.Load())
    if function is choose:
        return ast.IfExp(*operands)
    if isinstance(function, Attribute):
        return ast.Attribute(operands[0], function.name, ast.Load())
    return ast.Call(constant(function), list(operands), [ast.keyword(k, v) for k, v in keywords])


def item(source: str, index: ast.expr) -> ast.expr:
    """``source[index]``"""
    return ast.Subscript(load(source), index, ast.Load())


def primal(statements: Sequence[Statement], constant: Callable[[Any], ast.expr]) -> list[ast.stmt]:
    """The program as Python statements, for typing."""
    written: list[ast.stmt] = []
    for s in statements:
        if isinstance(s, Let) and s.function in OUT_OF_PLACE:
            op = _SYMBOL[OUT_OF_PLACE[s.function]]()
            if isinstance(s.operands[0], ast.Name) and s.operands[0].id == s.target:
                written.append(ast.AugAssign(ast.Name(s.target, ast.Store()), op, s.operands[1]))
                continue
        match s:
            case Let():
                function = np.where if s.function is choose else s.function  # of arrays too, here
                written.append(assign(s.target, expression(function, s.operands, s.keywords, constant)))
            case Read():
                written.append(assign(s.target, item(s.source, s.index)))
            case Store():
                place = ast.Subscript(load(s.array), s.index, ast.Store())
                written.append(ast.Assign([place], s.value))
            case If():
                then, orelse = primal(s.then, constant), primal(s.orelse, constant)
                written.append(ast.If(load(s.test), then or [ast.Pass()], orelse))
            case For():
                iterated = ast.Call(constant(range), [s.start, s.stop, s.step], [])
                body = primal(s.body, constant) or [ast.Pass()]
                written.append(ast.For(ast.Name(s.target, ast.Store()), iterated, body, []))
            case Loop():
                body = primal(s.head, constant)
                if s.test is not None:
                    body.append(ast.If(ast.UnaryOp(ast.Not(), load(s.test)), [ast.Break()], []))
                written.append(ast.While(ast.Constant(True), body + primal(s.body, constant), []))
            case Break():
                written.append(ast.Break())
            case Raise():  # it gives no variable a type, and Numba's inference by itself knows no raise
                written.append(ast.Pass())
    return written


def names_in(node: ast.expr) -> Iterator[str]:
    """Names that an expression reads."""
    return (n.id for n in ast.walk(node) if isinstance(n, ast.Name))


def walk(statements: Sequence[Statement]) -> Iterator[Statement]:
    """Every statement, nested ones included."""
    for s in statements:
        yield s
        if isinstance(s, If):
            yield from walk(s.then)
            yield from walk(s.orelse)
        elif isinstance(s, Loop):
            yield from walk(s.head)
            yield from walk(s.body)
        elif isinstance(s, Buffered):
            yield from walk(s.body)


def reads(s: Statement) -> Iterator[str]:
    """Names that the statement itself reads, each as often as it does."""
    match s:
        case Let():
            for operand in (*s.operands, *(v for _, v in s.keywords)):
                yield from names_in(operand)
        case Read():
            yield s.source
            yield from names_in(s.index)
        case Store():
            yield s.array
            yield from names_in(s.index)
            yield from names_in(s.value)
        case If():
            yield s.test
        case Buffered():
            yield s.like
        case For():
            for bound in (s.start, s.stop, s.step):
                yield from names_in(bound)
        case Loop():
            if s.test is not None:
                yield s.test

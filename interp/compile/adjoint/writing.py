"""What lowering writes with: names, single operations, variables that are tuples, elements of arrays."""

import ast
import operator
import types as python_types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from interp.compile.adjoint.operations import (
    COMPARE,
    Atom,
    Let,
    Loop,
    Read,
    Refused,
    Statement,
    Store,
    load,
    make_tuple,
    move,
)
from interp.primitive import Primitive


@dataclass
class Static:
    """An object known while the adjoint is written: a function, a module."""

    object: Any


@dataclass
class Nested:
    """A function defined within a function."""

    tree: Any
    scope: "Scope"
    defaults: tuple["Operand", ...] = ()


Operand = Any
"""What an expression gives: an atom, a list of operands (a tuple), `Static` or `Nested`."""


@dataclass
class Scope:
    """The variables of one function: its names -> what they stand for."""

    free: dict[str, Any]
    outer: "Scope | None" = None
    bound: dict[str, Operand] = field(default_factory=dict)
    stored: frozenset[str] = frozenset()
    depth: int = 0
    """Branches and loops around the function's first statement."""

    def find(self, name: str) -> Operand | None:
        if name in self.bound:
            return self.bound[name]
        return self.outer.find(name) if self.outer is not None and name not in self.stored else None


_FOLDED = frozenset({*COMPARE.values(), operator.neg, operator.not_})
"""Operations whose result on constants is one: a branch on it is no branch."""


class Writing:
    """The program so far."""

    def __init__(self) -> None:
        self.constants: dict[str, Any] = {}
        self.statements: list[Statement] = []
        self.loops: list[Loop] = []
        self.calls: list[Any] = []
        self.count = 0
        self.line = 0
        self.integers: set[str] = set()
        self.depth = 0

    # -- names and operations

    def fresh(self, name: str) -> str:
        self.count += 1
        return f"{name}_{self.count}"

    def constant(self, value: Any, name: str = "constant") -> ast.expr:
        if value is None or (type(value) in (int, float, bool, complex) and value == value):
            return ast.Constant(value)
        for known, present in self.constants.items():
            if present is value:
                return load(known)
        made = self.fresh(
            getattr(value, "__name__", name) if str(getattr(value, "__name__", "")).isidentifier() else name
        )
        self.constants[made] = value
        return load(made)

    def emit(self, statement: Statement) -> None:
        self.statements.append(statement)

    def let(self, function: Any, *operands: Atom, name: str = "t") -> Any:
        constants = [x.value for x in operands if isinstance(x, ast.Constant)]
        if function in _FOLDED and len(constants) == len(operands):
            return ast.Constant(function(*constants))
        target = self.fresh(name)
        self.emit(Let(target, function, operands))
        return load(target)

    def collected(self, write: Callable[[], Any]) -> list[Statement]:
        """The statements that ``write`` emits, apart."""
        outer, self.statements = self.statements, []
        self.depth += 1
        try:
            write()
            return self.statements
        finally:
            self.statements = outer
            self.depth -= 1

    def refuse(self, what: str) -> Refused:
        return Refused(f"line {self.line}: {what}")

    # -- operands as atoms

    def is_variable(self, atom: Atom) -> bool:
        return isinstance(atom, ast.Name) and atom.id not in self.constants

    def atom(self, value: Operand) -> Atom:
        if isinstance(value, list):
            return self.let(make_tuple, *(self.atom(v) for v in value))
        if isinstance(value, Static):
            return self.constant(value.object)
        if isinstance(value, Nested):
            raise self.refuse("a function within a function, handed on")
        return value

    def named(self, value: Operand) -> str:
        atom = self.atom(value)
        if not isinstance(atom, ast.Name):
            raise self.refuse("an element of a number")
        return atom.id

    def from_object(self, value: Any) -> Operand:
        """A constant of the program as an operand."""
        if isinstance(value, tuple | list):
            return [self.from_object(part) for part in value]
        if isinstance(
            value, python_types.FunctionType | python_types.BuiltinFunctionType | python_types.ModuleType | type
        ):
            return Static(value)
        if isinstance(value, Primitive | np.ufunc) or (callable(value) and not isinstance(value, np.generic)):
            return Static(value)
        if isinstance(value, str):
            return Static(value)
        if isinstance(value, np.floating | np.integer | np.bool_):
            value = value.item() if isinstance(value, np.float64 | np.int64 | np.bool_) else value
        return self.constant(value)

    # -- binding names

    def bind(self, scope: Scope, name: str, value: Operand) -> None:
        """``name = value``"""
        present = scope.bound.get(name)
        if isinstance(value, Static | Nested):
            if present is not None and present != value:
                raise self.refuse(f"`{name}` stands for several functions")
            scope.bound[name] = value
            return
        if isinstance(present, Static | Nested):
            raise self.refuse(f"`{name}` stands for a function and for a number")
        if isinstance(value, list):
            if present is None:
                label = name.replace(" ", "_")
                present = scope.bound[name] = self.variables(label, value)
            if not isinstance(present, list):
                raise self.refuse(f"`{name}` is a tuple on one path and none on another")
            self.assign_parts(present, value)
            return
        if isinstance(present, list):
            raise self.refuse(f"`{name}` is a tuple on one path and none on another")
        if present is None or self.depth == scope.depth:  # in straight-line code every value has a name of its own
            present = scope.bound[name] = load(self.fresh(name.replace(" ", "_")))
        self.move(present, value)

    def variables(self, label: str, like: list[Operand]) -> list[Operand]:
        return [
            self.variables(f"{label}_{i}", part)
            if isinstance(part, list)
            else part
            if isinstance(part, Static | Nested)
            else load(self.fresh(f"{label}_{i}"))
            for i, part in enumerate(like)
        ]

    def assign_parts(self, targets: list[Operand], values: list[Operand]) -> None:
        """All values are read before a target is written: ``a, b = b, a``."""
        flat_targets, flat_values = flat(targets), flat(values)
        if len(flat_targets) != len(flat_values):
            raise self.refuse("tuples of different lengths meet in one variable")
        overwritten = {t.id for t in flat_targets if isinstance(t, ast.Name)}
        held = [
            self.let(move, v)
            if isinstance(v, ast.Name) and v.id in overwritten and v.id != getattr(t, "id", None)
            else v
            for t, v in zip(flat_targets, flat_values, strict=True)
        ]
        for target, value in zip(flat_targets, held, strict=True):
            if isinstance(target, Static | Nested):
                if target != value:
                    raise self.refuse("one variable stands for several functions")
            else:
                self.move(target, value)

    def move(self, target: ast.Name, value: Atom) -> None:
        if isinstance(value, ast.Name) and value.id == target.id:
            return
        self.emit(Let(target.id, move, (value,)))

    # -- elements

    def columns(self, rows: list[Operand]) -> Operand:
        """A tuple of numbers as an array that can be read at any position; of equal tuples, a list of such."""
        if rows and all(isinstance(row, list) and len(row) == len(rows[0]) for row in rows):
            return [self.columns([row[i] for row in rows]) for i in range(len(rows[0]))]
        if rows and all(isinstance(x, ast.Constant) and type(x.value) in (int, float) for x in rows):
            return self.constant(np.array([x.value for x in rows]), "table")
        if rows and all(isinstance(x, ast.Name) and self.is_variable(x) for x in rows):
            whole = all(x.id in self.integers for x in rows)
            shape = ast.Constant(len(rows))
            made = self.let(np.zeros, shape, *([self.constant(np.int64)] if whole else []), name="a")
            for i, x in enumerate(rows):
                self.emit(Store(made.id, ast.Constant(i), x))
            return made
        raise self.refuse("a tuple of different kinds of things, read at a computed position")

    def row(self, columns: Operand, index: ast.expr) -> Operand:
        """What stands at one position of a tuple."""
        if isinstance(columns, list):
            return [self.row(column, index) for column in columns]
        return self.element(columns.id, index)

    def held(self, atom: Atom) -> Atom:
        """The atom's value in a variable that nothing else changes: a bound of a range."""
        return atom if isinstance(atom, ast.Constant) else self.let(move, atom, name="r")

    def kept(self, values: Sequence[Operand]) -> list[Operand]:
        """Operands as they are now, whatever their variables become."""
        return [self.kept(v) if isinstance(v, list) else self.now(v) for v in values]

    def now(self, value: Operand) -> Operand:
        return self.held(value) if isinstance(value, ast.Name) and self.is_variable(value) else value

    def element(self, array: str, index: ast.expr) -> ast.Name:
        target = self.fresh("t")
        self.emit(Read(target, array, index))
        return load(target)


def flat(values: Sequence[Operand]) -> list[Operand]:
    return [part for v in values for part in (flat(v) if isinstance(v, list) else [v])]

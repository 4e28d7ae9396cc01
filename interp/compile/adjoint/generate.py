"""From a Python function and the native types of its arguments to its adjoint as a Python function."""

import ast
import types as python_types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numba.core import types

from interp.compile.adjoint.arrays import Expansion
from interp.compile.adjoint.blocks import Facts
from interp.compile.adjoint.lowering import lowered
from interp.compile.adjoint.operations import OUT_OF_PLACE, Draws, Let, Refused, Store, load, walk
from interp.compile.adjoint.sweeps import adjoint
from interp.compile.adjoint.table import draws
from interp.compile.adjoint.typing import inferred
from interp.compile.adjoint.writing import Static, flat


@dataclass
class Adjoint:
    """``function(block, *leaves, *cotangents) -> (results, gradients)``; see `sweeps`.

    ``scalar``: the one result is a real number. ``stored`` are the positions of the leaves into which the function
    stores: what they hold afterwards follows the results.
    """

    function: python_types.FunctionType
    scalar: bool
    stored: list[int]


def adjoint_of(
    function: python_types.FunctionType,
    arguments: Sequence[Any],
    varying: Sequence[int],
    *,
    strong: bool = False,
    stretch: bool = False,
) -> Adjoint:
    """The adjoint of ``function`` for arguments of these native types; a list of them for a tuple, `Static` for a
    function. ``varying`` are the positions of the leaves that get a gradient. Raises `Refused`.

    ``strong``: every product is strong. ``stretch``: arrays may be of unequal shapes that broadcast.
    """
    program = lowered(function, arguments)
    leaves = [atom.id for atom in flat(program.parameters) if isinstance(atom, ast.Name)]
    leaf_types = [typ for typ in flat(arguments) if not isinstance(typ, Static)]
    results = flat([program.result])
    if not all(isinstance(r, ast.Name | ast.Constant) for r in results):
        raise Refused("the function returns a function")
    typemap = inferred(leaves, leaf_types, program.statements, results, program.constants)
    for r in results:
        if isinstance(r, ast.Name) and not _is_number(typemap[r.id]):
            raise Refused(f"the function returns a {typemap[r.id]}")
    if not all(_is_real(leaf_types[i]) for i in varying):
        raise Refused("an input that is no real number")
    inputs = [leaves[i] for i in varying]
    outputs = [r.id for r in results if isinstance(r, ast.Name)]
    aliases = Facts(program.statements, typemap, inputs, outputs)
    names = {_changed(s, typemap) for s in walk(program.statements)} - {None}
    changed = {aliases.root(name) for name in names if name is not None}
    stored = [i for i, leaf in enumerate(leaves) if aliases.is_array(leaf) and aliases.root(leaf) in changed]
    results += [load(leaves[i]) for i in stored]
    scalar = len(results) == 1 and isinstance(results[0], ast.Name) and isinstance(typemap[results[0].id], types.Float)
    if not scalar and any(isinstance(s, Let) and draws(s.function) for s in walk(program.statements)):
        raise Draws("random numbers, which every pullback of several results would draw anew")
    outputs += [leaves[i] for i in stored]  # for what was stored lives on
    carrying = Facts(program.statements, typemap, inputs, outputs).active
    if any(leaves[i] in carrying and i not in varying for i in stored):
        raise Refused("a store of what varies into an array that does not")
    statements = Expansion(typemap, aliases.root, stretch).program(program.statements, results)
    name = f"adjoint_of_{function.__name__}" if function.__name__.isidentifier() else "adjoint_of_lambda"
    made = adjoint(leaves, statements, results, program.constants, typemap, inputs, strong, name)
    return Adjoint(made, scalar, stored)


def _changed(s: Any, typemap: dict[str, types.Type]) -> str | None:
    """The array that a statement changes."""
    if isinstance(s, Store):
        return s.array
    in_place = isinstance(s, Let) and s.function in OUT_OF_PLACE and isinstance(typemap.get(s.target), types.Array)
    return s.target if in_place else None


def _is_real(typ: types.Type) -> bool:
    return isinstance(typ.dtype if isinstance(typ, types.Array) else typ, types.Float)


def _is_number(typ: types.Type) -> bool:
    inner = typ.dtype if isinstance(typ, types.Array) else typ
    return isinstance(inner, types.Float | types.Integer | types.Boolean)

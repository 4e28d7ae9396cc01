"""From a Python function and the native types of its arguments to its adjoint as a Python function."""

import ast
import types as python_types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numba.core import types

from interp.compile.adjoint.arrays import Expansion
from interp.compile.adjoint.blocks import Facts
from interp.compile.adjoint.lowering import Static, flat, lowered
from interp.compile.adjoint.operations import Refused
from interp.compile.adjoint.sweeps import adjoint
from interp.compile.adjoint.typing import inferred


@dataclass
class Adjoint:
    """``function(block, *leaves, *cotangents) -> (results, gradients)``; see `sweeps`.

    ``varying`` are the positions of the leaves that have a gradient, ``result`` the structure of the results: None
    for a leaf, a list for a tuple.
    """

    function: python_types.FunctionType
    varying: list[int]
    result: Any


def adjoint_of(
    function: python_types.FunctionType, arguments: Sequence[Any], *, strong: bool = False, stretch: bool = False
) -> Adjoint:
    """The adjoint of ``function`` for arguments of these native types; a list of them for a tuple, `Static` for a
    function. Raises `Refused`.

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
    varying = [i for i, typ in enumerate(leaf_types) if _is_real(typ)]
    inputs = [leaves[i] for i in varying]
    facts = Facts(program.statements, typemap, inputs, [r.id for r in results if isinstance(r, ast.Name)])
    statements = Expansion(typemap, facts.root, stretch).program(program.statements, results)
    name = f"adjoint_of_{function.__name__}" if function.__name__.isidentifier() else "adjoint_of_lambda"
    made = adjoint(leaves, statements, results, program.constants, typemap, inputs, strong, name)
    return Adjoint(made, varying, structure(program.result))


def structure(result: Any) -> Any:
    """The result's tree of tuples."""
    return [structure(part) for part in result] if isinstance(result, list) else None


def _is_real(typ: types.Type) -> bool:
    return isinstance(typ.dtype if isinstance(typ, types.Array) else typ, types.Float)


def _is_number(typ: types.Type) -> bool:
    inner = typ.dtype if isinstance(typ, types.Array) else typ
    return isinstance(inner, types.Float | types.Integer | types.Boolean)

"""Native types of a program's variables: Numba's inference on floats, without compiling anything."""

import ast
from collections.abc import Hashable, Sequence
from typing import Any

from numba.core import compiler, typed_passes, types
from numba.core.registry import cpu_target

from interp.compile.adjoint.operations import Refused, Statement, primal
from interp.compile.diagnosis import reason
from interp.compile.rebinding import REPLACED


def inferred(
    leaves: Sequence[str],
    leaf_types: Sequence[types.Type],
    statements: Sequence[Statement],
    results: Sequence[ast.expr],
    constants: dict[str, Any],
) -> dict[str, types.Type]:
    """Type of every variable; a variable of several is of the one that holds them all."""
    namespace = {name: REPLACED.get(v, v) if isinstance(v, Hashable) else v for name, v in constants.items()}

    def constant(value: Any) -> ast.expr:
        value = REPLACED.get(value, value) if isinstance(value, Hashable) else value
        for known, present in namespace.items():
            if present is value:
                return ast.Name(known, ast.Load())
        name = f"{getattr(value, '__name__', 'constant')}_{len(namespace)}_c"
        namespace[name] = value
        return ast.Name(name, ast.Load())

    body = [*primal(statements, constant), ast.Return(ast.Tuple(list(results), ast.Load()))]
    arguments = ast.arguments([], [ast.arg(leaf) for leaf in leaves], None, [], [], None, [])
    module = ast.fix_missing_locations(ast.Module([ast.FunctionDef("typed", arguments, body, [], None)], []))
    exec(compile(module, "<typed>", "exec"), namespace)
    context = cpu_target.typing_context
    context.refresh()
    try:
        ir = compiler.run_frontend(namespace["typed"], inline_closures=True)
        found = typed_passes.type_inference_stage(context, cpu_target.target_context, ir, tuple(leaf_types), None)
    except Exception as error:  # Numba's own templates fail in many ways, a store into a read-only array among them
        raise Refused(reason(error)) from error
    return {name: types.unliteral(typ) for name, typ in found.typemap.items()}

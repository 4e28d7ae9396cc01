"""Functions within functions: in native code a function of its own, with the variables that it captures put first.

Numba makes a native function of one that captures constants alone. Here the others are lifted: captured variables
become parameters in front, and the function is `closures.bind` of them. A function so holds the values from when it was
made, Python's the variables themselves: where a variable changes in between, that is refused (`check_captured`).
"""

import ast
import copy
import types as python_types
from collections.abc import Iterator
from typing import Any

from numba.core import ir, types
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.errors import TypingError
from numba.core.ir_utils import build_definitions, dead_code_elimination, mk_unique_var
from numba.core.postproc import PostProcessor

from interp.compile.closures import Bound, bind, refuse
from interp.compile.inlining import definition

_INSTEAD = "pass what it captures as an argument"


@register_pass(mutates_CFG=True, analysis_only=False)
class Lifting(FunctionPass):
    """In place of Numba's `MakeFunctionToJitFunction`."""

    _name = "interp_lifting"

    def __init__(self) -> None:
        FunctionPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        made = False
        for block in state.func_ir.blocks.values():
            for statement in list(block.body):
                value = statement.value if isinstance(statement, ir.Assign) else None
                if isinstance(value, ir.Expr) and value.op == "make_function":
                    position = block.body.index(statement)
                    block.body[position : position + 1] = _lifted(state.func_ir, statement)
                    made = True
        if made:
            state.func_ir._definitions = build_definitions(state.func_ir.blocks)
            dead_code_elimination(state.func_ir)  # annotations, which may be of no native type
            PostProcessor(state.func_ir).run()
        return made


def _lifted(func_ir: Any, statement: Any) -> list[Any]:
    """The statements that make the function native."""
    node, outer, loc = statement.value, func_ir.func_id.func, statement.loc
    constants: dict[str, Any] = {}
    captured: dict[str, Any] = {}
    for name, variable in zip(node.code.co_freevars, _items(func_ir, node.closure), strict=True):
        held = _definition(func_ir, variable)
        if isinstance(held, ir.Const | ir.Global | ir.FreeVar):
            constants[name] = held.value
        elif held is statement.value:
            raise TypingError(f"the function {node.code.co_name} calls itself: define it outside", loc=loc)
        else:
            captured[name] = variable
    defaults = [_definition(func_ir, item) for item in _items(func_ir, node.defaults)]
    if not all(isinstance(d, ir.Const | ir.Global | ir.FreeVar) for d in defaults):
        raise TypingError("a default of a function within a function that is no constant", loc=loc)
    function = _function(node.code, list(captured), {**outer.__globals__, **constants}, outer)
    function.__defaults__ = tuple(d.value for d in defaults) or None
    native = ir.Global(node.code.co_name, outer.made_by.function(function), loc)
    if not captured:
        return [ir.Assign(native, statement.target, loc)]
    scope = statement.target.scope
    lifted, binding = (ir.Var(scope, mk_unique_var(name), loc) for name in ("lifted", "bind"))
    bound = ir.Expr.call(binding, [lifted, *captured.values()], (), loc)
    return [
        ir.Assign(native, lifted, loc),
        ir.Assign(ir.Global("bind", bind, loc), binding, loc),
        ir.Assign(bound, statement.target, loc),
    ]


def _items(func_ir: Any, x: Any) -> list[Any]:
    """The variables that make up the defaults, or the closure, of a function."""
    if isinstance(x, ir.Var | str):
        x = func_ir.get_definition(x)
    return list(x.items if isinstance(x, ir.Expr) else x or ())


def _definition(func_ir: Any, variable: Any) -> Any:
    """What a variable stands for, if it is assigned once."""
    seen = set()
    while isinstance(variable, ir.Var) and variable.name not in seen:
        seen.add(variable.name)
        try:
            variable = func_ir.get_definition(variable)
        except KeyError:
            return variable
    return variable


def _function(code: Any, captured: list[str], scope: dict[str, Any], outer: Any) -> Any:
    """The function of that code, with the captured variables as parameters in front."""
    if not code.co_freevars:
        return python_types.FunctionType(code, scope, code.co_name)
    tree = definition(code)
    if tree is None or tree.args.kwonlyargs or any(isinstance(node, ast.Nonlocal) for node in ast.walk(tree)):
        raise refuse(f"a function that captures `{code.co_freevars[0]}`: {_INSTEAD}")
    tree = copy.deepcopy(tree)
    a = tree.args
    front = [ast.arg(name) for name in captured]
    a.posonlyargs, a.args = [], [*front, *a.posonlyargs, *a.args]
    a.defaults = []
    for parameter in filter(None, [*a.args, a.vararg]):
        parameter.annotation = None
    body: list[ast.stmt] = [ast.Return(tree.body)] if isinstance(tree, ast.Lambda) else tree.body
    name = "lifted" if isinstance(tree, ast.Lambda) else tree.name
    made = ast.FunctionDef(name, a, body, [], None)
    ast.copy_location(made, tree)
    module = ast.fix_missing_locations(ast.Module([made], []))
    namespace: dict[str, Any] = {}
    exec(compile(module, code.co_filename, "exec"), scope, namespace)
    function = namespace[name]
    function.__qualname__, function.__module__ = code.co_qualname, outer.__module__
    function.tree = made
    return function


# -- variables that change


def check_captured(state: Any) -> None:
    """Refuse a function that is used after a variable that it captures has changed."""
    blocks, typemap = state.func_ir.blocks, state.typemap
    made = [
        (label, position, statement)
        for label, block in blocks.items()
        for position, statement in enumerate(block.body)
        if _binds(statement, typemap)
    ]
    for label, position, statement in made:
        made_as = typemap[statement.target.name]
        if any(isinstance(t, types.List) and t.dtype == made_as for t in typemap.values()):
            raise refuse(f"a list of functions that capture variables: {_INSTEAD}")  # from it they come unnamed
        names = {a.unversioned_name for arg in statement.value.args[1:] for a in _sources(state.func_ir, arg)}
        holders = _holders(blocks, typemap, statement.target.name)
        for changed in _used_after_a_change(blocks, (label, position), names, holders):
            raise refuse(
                f"`{changed}` changes after a function that captures it was made, and that is then used: {_INSTEAD}"
            )


def _binds(statement: Any, typemap: Any) -> bool:
    value = statement.value if isinstance(statement, ir.Assign) else None
    if not isinstance(value, ir.Expr) or value.op != "call":
        return False
    function = typemap.get(value.func.name)
    return isinstance(function, types.Function) and function.typing_key is bind


def _sources(func_ir: Any, variable: Any) -> list[Any]:
    """A variable and those that it is a copy of."""
    found = [variable]
    while isinstance(variable, ir.Var):
        try:
            variable = func_ir.get_definition(variable)
        except KeyError:
            break
        if isinstance(variable, ir.Var):
            found.append(variable)
    return found


def _holders(blocks: Any, typemap: Any, first: str) -> set[str]:
    """Variables that hold the function, or one made of it."""
    found, size = {first}, 0
    while len(found) > size:
        size = len(found)
        for block in blocks.values():
            for s in block.body:
                if isinstance(s, ir.Assign) and _holds_functions(typemap[s.target.name]):
                    named = {v.name for v in s.list_vars()} - {s.target.name}
                    if found & named:
                        found.add(s.target.name)
    return found


def _holds_functions(typ: types.Type) -> bool:
    if isinstance(typ, types.BaseTuple):
        return any(map(_holds_functions, typ))
    return isinstance(typ, Bound)


def _used_after_a_change(blocks: Any, start: Any, names: set[str], holders: set[str]) -> Iterator[str]:
    """Captured variables that change on a path from ``start`` to a use of a holder that does not come by it again."""
    waiting: list[tuple[Any, int, str | None]] = [(start[0], start[1] + 1, None)]
    seen: set[Any] = set()
    while waiting:
        label, position, changed = waiting.pop()
        if (label, position, changed is None) in seen:
            continue
        seen.add((label, position, changed is None))
        body = blocks[label].body
        for at in range(position, len(body)):
            s = body[at]
            if (label, at) == start:
                break
            value = s.value if isinstance(s, ir.Assign) else None
            if isinstance(s, ir.Del) or (isinstance(value, ir.Expr) and value.op == "phi"):
                continue
            if changed is not None and holders & {v.name for v in s.list_vars()}:
                yield changed
            if isinstance(s, ir.Assign) and s.target.unversioned_name in names and not s.target.is_temp:
                changed = s.target.unversioned_name
        else:
            waiting += [(target, 0, changed) for target in body[-1].get_targets()]

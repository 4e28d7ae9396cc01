"""Fresh arrays that come to hold values: ``a = np.zeros(n)`` where later ``a[i] = x`` stores a Dual.

Numba types an array by the call that makes it, so the store would not fit. Before a function is typed for good, its
types are inferred as far as they go; every fresh plain array (or list) that receives values, or meets an array of
values where paths join, is made to hold them, its numbers as constants, and the inference runs again, until
nothing changes: a value stored may be typed only after the array is. The last inference, if it leaves nothing open,
is the function's typing.
"""

import contextlib
import inspect
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numba
import numpy as np
from numba.core import ir, typed_passes, types
from numba.core.compiler_machinery import register_pass
from numba.core.ir_utils import mk_unique_var
from numba.core.typed_passes import NopythonTypeInference
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.core.untyped_passes import MakeFunctionToJitFunction

from interp.compile.arrays import caster, full_of, looped, native
from interp.compile.captured import Lifting, check_captured
from interp.compile.closures import refuse
from interp.compile.linking import Linking
from interp.compile.overlaps import check_overlaps
from interp.compile.powers import check_powers
from interp.compile.rebinding import OPTIONS
from interp.compile.values import ValueType, element, ndim_of

MAKERS = frozenset(
    getattr(np, name)
    for name in [
        "zeros",
        "empty",
        "ones",
        "full",
        "zeros_like",
        "empty_like",
        "ones_like",
        "full_like",
        "array",
        "copy",
        "eye",
        "identity",
        "arange",
        "linspace",
        "concatenate",
        "stack",
        "outer",
    ]
)
"""Functions of NumPy's whose result shares memory with nothing."""
METHODS = frozenset({"array.copy", "array.astype", "array.flatten"})
STORES: set[Any] = set()
"""Functions ``(array, index, value)`` that store the value into the array."""
_ROUNDS = 12

Types = dict[str, types.Type]


class _Program:
    """The statements of a function, by what they assign."""

    def __init__(self, func_ir: Any) -> None:
        self.blocks = func_ir.blocks
        self.assigned: dict[str, list[Any]] = {}
        for block in self.blocks.values():
            for statement in block.body:
                if isinstance(statement, ir.Assign):
                    self.assigned.setdefault(statement.target.name, []).append(statement)

    def origins(self, name: str, seen: set[str]) -> Iterator[Any]:
        """The statements that made what the variable holds, through views and joins of paths."""
        if name in seen:
            return
        seen.add(name)
        for statement in self.assigned.get(name, ()):
            made = statement.value
            sources: list[Any] = []
            if isinstance(made, ir.Var):
                sources = [made]
            elif isinstance(made, ir.Expr):
                sources = self._within(made)
            if not sources:
                yield statement
            for source in sources:
                if isinstance(source, ir.Var):
                    yield from self.origins(source.name, seen)

    def _within(self, made: Any) -> list[Any]:
        """The variables whose memory an expression shows."""
        if made.op == "phi":
            return list(made.incoming_values)
        if made.op == "static_getitem":
            tuples = [s.value for s in self.assigned.get(made.value.name, ()) if isinstance(s.value, ir.Expr)]
            if tuples and tuples[0].op == "exhaust_iter":
                tuples = [s.value for s in self.assigned.get(tuples[0].value.name, ()) if isinstance(s.value, ir.Expr)]
            if tuples and tuples[0].op == "build_tuple" and isinstance(made.index, int):
                return [tuples[0].items[made.index]]
        if made.op in ("getitem", "static_getitem", "cast", "getattr", "exhaust_iter"):
            return [made.value]
        if made.op == "inplace_binop":
            return [made.lhs]
        if made.op == "binop" and made.fn.__name__ == "mul":  # [0.0] * n
            lists = [x for x in (made.lhs, made.rhs) if self._is_list(x)]
            return lists
        return []

    def stores(self, made: Any) -> bool:
        """True of a call of one of `STORES`."""
        if made.op != "call":
            return False
        function = self.assigned.get(made.func.name, [None])[0]
        named = function is not None and isinstance(function.value, ir.Global | ir.FreeVar)
        return named and any(function.value.value is known for known in STORES)

    def _is_list(self, x: Any) -> bool:
        return any(getattr(s.value, "op", None) == "build_list" for s in self.assigned.get(x.name, ()))


def _stores(program: _Program, typed: Types) -> Iterator[tuple[str, types.Type]]:
    """(array, what is stored into it) of every store of values into something plain."""
    for block in program.blocks.values():
        for statement in block.body:
            target = value = None
            if isinstance(statement, ir.SetItem | ir.StaticSetItem):
                target, value = statement.target, statement.value
            elif isinstance(statement, ir.Assign) and isinstance(statement.value, ir.Expr):
                made = statement.value
                if made.op == "inplace_binop":
                    target, value = made.lhs, made.rhs
                elif program.stores(made):
                    target, _, value, *_ = made.args
                elif made.op == "call" and len(made.args) == 1:
                    method = typed.get(made.func.name)
                    appended = isinstance(method, types.BoundFunction) and method.typing_key == "list.append"
                    owner = program.assigned.get(made.func.name, [None])[0]
                    if appended and owner is not None:
                        target, value = owner.value.value, made.args[0]
            if target is None or value is None:
                continue
            held, stored = typed.get(target.name), typed.get(value.name)
            if isinstance(stored, ValueType) and isinstance(held, types.Array | types.List | ValueType):
                yield target.name, element(stored)


def _joined(program: _Program, typed: Types) -> Iterator[tuple[str, types.Type]]:
    """(array, value type) of arrays that hold values on one path to a variable and are plain on another."""
    for statements in program.assigned.values():
        for statement in statements:
            made = statement.value
            if not isinstance(made, ir.Expr) or made.op != "phi":
                continue
            incoming = [(x.name, typed.get(x.name)) for x in made.incoming_values if isinstance(x, ir.Var)]
            for name, held in incoming:
                if isinstance(held, types.Array):
                    yield from ((name, element(t)) for _, t in incoming if isinstance(t, ValueType) and ndim_of(t))


def _passed_on(program: _Program, typed: Types) -> Iterator[tuple[str, types.Type]]:
    """(array, value type) of calls that have no type: perhaps the callee stores its other arguments there."""
    for statements in program.assigned.values():
        for statement in statements:
            made = statement.value
            if not isinstance(made, ir.Expr) or made.op != "call" or statement.target.name in typed:
                continue
            if not isinstance(typed.get(made.func.name), types.Dispatcher):
                continue
            given = [(x.name, typed.get(x.name)) for x in made.args]
            for name, held in given:
                if isinstance(held, types.Array):
                    yield from ((name, element(t)) for _, t in given if isinstance(t, ValueType))


def _is_fresh(statement: Any, typed: Types) -> bool:
    made, held = statement.value, typed.get(statement.target.name)
    if not isinstance(made, ir.Expr) or not isinstance(held, types.Array | types.List):
        return False
    if made.op == "build_list":
        return True
    if isinstance(held, types.List) or not isinstance(held.dtype, types.Float):
        return False  # an array of integers cannot be meant to hold what varies
    if made.op in ("binop", "unary"):
        return True
    function = typed.get(made.func.name) if made.op == "call" else None
    if isinstance(function, types.BoundFunction):
        return function.typing_key in METHODS
    return isinstance(function, types.Function) and function.typing_key in MAKERS


@register_pass(mutates_CFG=True, analysis_only=False)
class Typing(NopythonTypeInference):
    """Numba's typing, after fresh plain arrays are made to hold the values that are stored into them."""

    _name = "interp_typing"

    def run_pass(self, state: Any) -> bool:
        code = state.func_id.code
        if code.co_kwonlyargcount and code.co_flags & inspect.CO_VARARGS:  # Numba takes the last of them for it
            raise refuse(f"{code.co_name} takes keyword-only arguments after any number of others (*)")
        found = self._settled(state) if any(map(_holds_values, state.args)) else None
        if found is None or not _is_complete(found):
            super().run_pass(state)
        else:
            state.typemap, state.return_type, state.calltypes = found.typemap, found.return_type, found.calltypes
            state.typing_errors = []
        check_powers(state)
        check_overlaps(state)
        check_captured(state)
        return True

    def _settled(self, state: Any) -> Any:
        """Retype fresh arrays; the inference of the program as it is then, if there is one."""
        program = _Program(state.func_ir)
        if not _may_store(program):
            return None
        lifted: dict[str, types.Type] = {}
        found = None
        for _ in range(_ROUNDS):
            found = _inferred(state)
            typed = _known(found)
            ways = (_wanted(state.typingctx, program, typed, lifted, way) for way in (_stores, _joined, _passed_on))
            wanted = next(filter(None, ways), None)
            if wanted is None:
                break
            found = None
            for statement, typ in wanted:
                lifted[statement.target.name] = typ
                _lift(program, statement, typ, typed)
            program = _Program(state.func_ir)
        if lifted:
            state.func_ir._definitions = numba.core.ir_utils.build_definitions(state.func_ir.blocks)
        return found


def _holds_values(typ: types.Type) -> bool:
    if isinstance(typ, types.BaseTuple):
        return any(map(_holds_values, typ))
    return isinstance(typ, ValueType)


def _may_store(program: _Program) -> bool:
    """True if there is anything like a store or a call that could make one."""
    for block in program.blocks.values():
        for statement in block.body:
            if isinstance(statement, ir.SetItem | ir.StaticSetItem):
                return True
            made = statement.value if isinstance(statement, ir.Assign) else None
            if isinstance(made, ir.Expr) and (
                made.op in ("inplace_binop", "build_list")
                or (made.op == "getattr" and made.attr in _MAKER_NAMES)
                or program.stores(made)
            ):
                return True
    return False


_MAKER_NAMES = frozenset(f.__name__ for f in MAKERS)


def _inferred(state: Any) -> Any:
    """Numba's inference, as far as it gets."""
    with _tried(state.func_ir):
        return typed_passes.type_inference_stage(
            state.typingctx,
            state.targetctx,
            state.func_ir,
            state.args,
            state.return_type,
            state.locals,
            raise_errors=False,
        )


def _known(found: Any) -> Types:
    """The types that could be told."""
    return {name: types.unliteral(t) for name, t in found.typemap.items() if t is not None and not _unknown(t)}


def _is_complete(found: Any) -> bool:
    """True of an inference that left nothing open; what may not be returned is for Numba to say."""
    known = not found.typing_errors and not any(t is None or _unknown(t) for t in found.typemap.values())
    returned = found.return_type
    return known and returned is not None and not isinstance(returned, types.Function | types.Phantom)


class _Tried(AbstractTemplate):
    """An in-place operator that has no type where values go into a plain array: Numba's own raises there."""

    operator: Any

    def generic(self, args: Any, kws: Any) -> Any:
        if isinstance(args[0], types.Array) and any(isinstance(a, ValueType) for a in args):
            return None
        return self.context.resolve_function_type(type(self).operator, args, kws)


_TRIED: dict[Any, Any] = {}
for _name in ("iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow"):

    def _stand_in(x: Any, y: Any) -> Any:
        raise NotImplementedError("typed only")

    _operator = getattr(operator, _name)
    _TRIED[_operator] = _stand_in
    infer_global(
        _stand_in, types.Function(type(f"Tried_{_name}", (_Tried,), {"key": _stand_in, "operator": _operator}))
    )


@contextlib.contextmanager
def _tried(func_ir: Any) -> Iterator[None]:
    """While types are only inferred: in-place operators that may fail."""
    changed = []
    for block in func_ir.blocks.values():
        for expression in block.find_exprs("inplace_binop"):
            if expression.fn in _TRIED:
                changed.append((expression, expression.fn))
                expression.fn = _TRIED[expression.fn]
    try:
        yield
    finally:
        for expression, original in changed:
            expression.fn = original


def _unknown(typ: types.Type) -> bool:
    return isinstance(typ, types.Undefined) or typ is types.unknown or typ is types.undefined


def _wanted(
    context: Any, program: _Program, typed: Types, lifted: dict[str, types.Type], stores: Callable[..., Any]
) -> list[tuple[Any, types.Type]]:
    """(statement, element type) of the fresh arrays that have to hold more than they do."""
    found: dict[str, tuple[Any, types.Type]] = {}
    for name, stored in stores(program, typed):
        for statement in program.origins(name, set()):
            target = statement.target.name
            known = found[target][1] if target in found else lifted.get(target)
            if known is None and not _is_fresh(statement, typed):
                continue
            joint = stored if known is None else context.unify_pairs(known, stored)
            if joint is not None and joint != known:
                found[target] = statement, joint
    return list(found.values())


def _lift(program: _Program, statement: Any, typ: types.Type, typed: Types) -> None:
    """``target = lift(what it was)``, or another ``lift`` where there is one; of zeros and ones, made as such."""
    for block in program.blocks.values():
        if statement not in block.body:
            continue
        position = block.body.index(statement)
        scope, loc = statement.target.scope, statement.loc
        made, held = statement.value, typed[statement.target.name]
        function = ir.Var(scope, mk_unique_var("lift"), loc)
        if made.op == "build_list":
            before = [ir.Assign(ir.Global("lift", native(_casting(typ)), loc), function, loc)]
            items = []
            for x in made.items:
                items.append(ir.Var(scope, mk_unique_var("item"), loc))
                before.append(ir.Assign(ir.Expr.call(function, [x], (), loc), items[-1], loc))
            made = ir.Expr.build_list(items, loc)
            block.body[position : position + 1] = [*before, ir.Assign(made, statement.target, loc)]
            return
        number = _filled_with(made, typed)
        if number is not None:
            shape = made.args[0]
            full = native(_filling(typ, held.ndim, number, isinstance(typed[shape.name], types.Integer)))
            block.body[position : position + 1] = [
                ir.Assign(ir.Global("full", full, loc), function, loc),
                ir.Assign(ir.Expr.call(function, [shape], (), loc), statement.target, loc),
            ]
            return
        plain = ir.Var(scope, mk_unique_var("plain"), loc)
        widened = native(_widening(typ))
        block.body[position : position + 1] = [
            ir.Assign(made, plain, loc),
            ir.Assign(ir.Global("lift", widened, loc), function, loc),
            ir.Assign(ir.Expr.call(function, [plain], (), loc), statement.target, loc),
        ]
        return


_FILLED = {np.zeros: 0.0, np.empty: 0.0, np.ones: 1.0}


def _filled_with(made: Any, typed: Types) -> float | None:
    """What fills the array that a call makes of its shape alone."""
    function = typed.get(made.func.name) if made.op == "call" else None
    if not isinstance(function, types.Function) or len(made.args) != 1 or made.kws or made.vararg is not None:
        return None
    return _FILLED.get(function.typing_key)


def _filling(typ: types.Type, ndim: int, number: float, vector: bool) -> Callable[[Any], Any]:
    """A function of a shape, for a ``vector`` its length, that makes an array of elements ``typ``."""
    full = native(full_of(typ, ndim))
    return (lambda length: full((length,), number)) if vector else lambda shape: full(shape, number)


def _casting(typ: types.Type) -> Callable[[Any], Any]:
    cast = caster(typ)
    return lambda x: cast(x)


_BY_TYPE: dict[types.Type, Any] = {}


def _widening(typ: types.Type) -> Callable[[Any], Any]:
    """A function of an array that makes one of elements ``typ``."""
    if typ not in _BY_TYPE:

        def widen(x: Any) -> Any:
            raise NotImplementedError("native code only")

        overload = numba.extending.overload(widen, jit_options=OPTIONS, strict=False)
        overload(lambda x: looped(caster(typ), (x,), typ) if ndim_of(x) else None)
        _BY_TYPE[typ] = widen
    widen = _BY_TYPE[typ]
    return lambda x: widen(x)


_OURS = {NopythonTypeInference: Typing, MakeFunctionToJitFunction: Lifting}
"""Passes of Numba's -> those in their place."""


class Pipeline(Linking):
    """The same, with fresh arrays retyped and functions within functions lifted."""

    def instead(self, given: Any) -> Any:
        """Passes of our own in place of Numba's."""
        return _OURS.get(given) or super().instead(given)

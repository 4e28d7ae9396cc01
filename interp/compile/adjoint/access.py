"""Elements of the arrays in an adjoint, and what is known of them that native code cannot see by itself.

Arrays of different roots (`blocks.Facts`) share no memory, and neither do cotangents and values. Each access says so in
LLVM's terms: it belongs to the *scope* of its root, and meets no access of another scope. Loops over elements are then
vectorised, without a test at run time for each pair of arrays.
"""

import contextlib
import operator
from collections.abc import Iterator
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.errors import RequireLiteralValue
from numba.extending import intrinsic

from interp.compile.elements import of_arrays
from interp.compile.fresh import STORES


@contextlib.contextmanager
def within_scope(builder: Any, scope: int, scopes: int) -> Iterator[None]:
    """Loads and stores that are emitted in the block belong to ``scope``, one of ``scopes``."""
    last = {block: block.instructions[-1] if block.instructions else None for block in builder.function.blocks}
    yield
    module = builder.module
    domain = module.add_metadata(["interp: arrays of an adjoint"])
    every = [module.add_metadata([f"interp: array {i}", domain]) for i in range(scopes)]
    own = module.add_metadata([every[scope]])
    others = module.add_metadata([s for i, s in enumerate(every) if i != scope])
    for block in builder.function.blocks:
        before = last.get(block)
        for instruction in reversed(block.instructions):
            if instruction is before:
                break
            if isinstance(instruction, ir.LoadInstr | ir.StoreInstr):
                instruction.set_metadata("alias.scope", own)
                instruction.set_metadata("noalias", others)


def literals(*given: types.Type) -> tuple[int, ...]:
    """The numbers that literal types stand for; Numba asks again with literals for a call without."""
    if not all(isinstance(t, types.IntegerLiteral) for t in given):
        raise RequireLiteralValue("scopes are numbers known at compile time")
    return tuple(t.literal_value for t in given)


@intrinsic
def loaded(typingctx: Any, array: Any, index: Any, scope: Any, scopes: Any) -> Any:
    """``array[index]``, one element."""
    where = literals(scope, scopes)
    array, index = types.unliteral(array), types.unliteral(index)
    found = typingctx.resolve_function_type(operator.getitem, (array, index), {})
    if found is None:
        return None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        with within_scope(builder, *where):
            return of_arrays(context, builder, operator.getitem, (array, index), args[:2])

    return found.return_type(array, index, scope, scopes), lower


@intrinsic
def stored(typingctx: Any, array: Any, index: Any, value: Any, scope: Any, scopes: Any) -> Any:
    """``array[index] = value``, one element."""
    where = literals(scope, scopes)
    array, index, value = map(types.unliteral, (array, index, value))
    if typingctx.resolve_function_type(operator.setitem, (array, index, value), {}) is None:
        return None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        with within_scope(builder, *where):
            of_arrays(context, builder, operator.setitem, (array, index, value), args[:3])
        return context.get_dummy_value()

    return types.none(array, index, value, scope, scopes), lower


STORES.add(stored)


@intrinsic
def at_least(typingctx: Any, i: Any, bound: Any) -> Any:
    """``i``, which is known to be ``bound`` or more: an index from 0 on does not count from an array's end."""
    if not isinstance(i, types.Integer) or not isinstance(bound, types.Integer):
        return None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        i, bound = (context.cast(builder, a, t, types.int64) for a, t in zip(args, sig.args, strict=True))
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(1)])
        assume = cgutils.get_or_insert_function(builder.module, kind, "llvm.assume")
        builder.call(assume, [builder.icmp_signed(">=", i, bound)])
        return i

    return types.int64(i, bound), lower

"""Numba's rewriting of array expressions as loops, of plain arrays alone.

Numba takes every call of a ufunc whose result is a plain array for one of plain arrays. ``np.isnan(x)`` of an array of
values makes a plain array of booleans, and is a loop of our own.
"""

from typing import Any

from numba.core import postproc, rewrites, types
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NopythonRewrites
from numba.np.ufunc.array_exprs import RewriteArrayExprs


class OfPlainArrays(RewriteArrayExprs):
    """The same of expressions whose operands are all Numba's own."""

    def _match_array_expr(self, instr: Any, expr: Any, target_name: str) -> None:
        operands = (self.typemap[v.name] for v in expr.list_vars() if v.name in self.typemap)
        if all(typ.is_internal or isinstance(typ, types.Function) for typ in operands):
            super()._match_array_expr(instr, expr, target_name)


@register_pass(mutates_CFG=True, analysis_only=False)
class Rewriting(NopythonRewrites):
    """Numba's rewrites after inference, with that of array expressions replaced."""

    _name = "interp_rewrites"

    def run_pass(self, state: Any) -> bool:
        """As Numba's: references are deleted explicitly while expressions are rewritten."""
        processor = postproc.PostProcessor(state.func_ir)
        processor.run(True)
        _registry().apply("after-inference", state)
        processor.remove_dels()
        return True


def _registry() -> Any:
    made = rewrites.registry.RewriteRegistry()
    for given in rewrites.rewrite_registry.rewrites["after-inference"]:
        made.register("after-inference")(OfPlainArrays if given is RewriteArrayExprs else given)
    return made

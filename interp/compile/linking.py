"""Machine code made once a program: what native code alone calls is linked into what Python calls, and optimised there.

Numba takes each function that it compiles through its whole optimiser and on to machine code, and once more with
every function that calls it: the innermost of a chain of five is optimised five times. Here a function that Python
cannot call keeps the LLVM code that it was lowered to. What Python calls links the code of all that it
reaches; nothing else needs those copies, so that the optimiser may write a function into the one place that calls it.
"""

from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

from llvmlite.binding import Linkage
from numba import _dynfunc
from numba.core.codegen import CodeLibrary, JITCodeLibrary, RuntimeLinker
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_lock import require_global_compiler_lock
from numba.core.compiler_machinery import register_pass
from numba.core.environment import lookup_environment
from numba.core.typed_passes import NativeLowering, NopythonRewrites

from interp.compile.rewrites import Rewriting

ENVIRONMENT = "_ZN08NumbaEnv"
"""How Numba names the variables that point to a function's constants."""
RUNTIME = "NRT_"
"""How it names the functions that count references: it looks for their calls by name."""
ROUNDS = 2
"""Times that a program is optimised: a round ends with counts of references taken out, which opens what they closed."""


class Program(JITCodeLibrary):
    """The code of a function that Python calls, with all that it reaches."""

    def finalize(self) -> None:
        """Numba's own, with what parts reach, and what is linked for this program alone."""
        require_global_compiler_lock()
        self._codegen._check_llvm_bugs()
        self._raise_if_finalized()
        _make_whole(self, self._final_module)
        self._final_module.verify()
        self._finalize_final_module()
        for variable in self._final_module.global_variables:
            environment = lookup_environment(variable.name) if variable.name.startswith(ENVIRONMENT) else None
            if environment is not None:
                self._codegen.set_env(variable.name, environment)


class Part(JITCodeLibrary):
    """The code of a function that native code alone calls: as it was lowered, until a program is made of it.

    ``add_wrapper(library)`` makes the function as C calls it: so native code calls what it has as a value.
    """

    add_wrapper: Callable[[CodeLibrary], None]

    def add_llvm_module(self, ll_module: Any) -> None:
        """Numba's own, without the optimiser."""
        ll_module.data_layout = self._codegen._data_layout
        self._final_module.link_in(ll_module)

    def finalize(self) -> None:
        """Nothing more is added."""
        self._raise_if_finalized()
        self._finalized = True

    def wrapper_module(self) -> Any:
        """The wrapper alone."""
        made = Part(self._codegen, self.name)
        self.add_wrapper(made)
        return made._final_module

    def get_llvm_str(self) -> str:
        """What a program of this function alone would be, to be looked at."""
        module = self._final_module.clone()
        _make_whole(self, module)
        return str(module)

    def _get_module_for_linking(self) -> Any:
        """The function with all that it reaches, for code that Numba compiles in its own way."""
        module = self._final_module.clone()
        _link(self, module)
        for function in module.functions:
            if function.linkage is Linkage.external and not function.is_declaration:
                function.linkage = Linkage.linkonce_odr
        return module


_PARTS: WeakValueDictionary[str, Part] = WeakValueDictionary()
"""Parts by the name of their function."""
_WRAPPED: WeakValueDictionary[str, Part] = WeakValueDictionary()
"""Parts by the name of their wrapper."""


def _make_whole(library: CodeLibrary, module: Any) -> None:
    """Link all that a library reaches into its module, for nobody else, and optimise it."""
    own = {f.name for f in module.functions if not f.is_declaration}
    _link(library, module)
    for function in module.functions:
        name = function.name
        shared = name in own or name.startswith(RUNTIME) or function.linkage is Linkage.weak_odr
        if not shared and not function.is_declaration:
            function.linkage = Linkage.internal
    for _ in range(ROUNDS):
        manager, builder = library.codegen._module_pass_manager()
        manager.run(module, builder)


def _link(library: CodeLibrary, module: Any) -> None:
    """Link all that a library reaches into its module."""
    linked, waiting = {library}, list(library._linking_libraries)
    while waiting:
        called = waiting.pop()
        if called not in linked:
            linked.add(called)
            library._reload_init.update(called._reload_init)
            if isinstance(called, Part):
                module.link_in(called._final_module, preserve=True)
                waiting += called._linking_libraries
            else:
                module.link_in(called._get_module_for_linking(), preserve=True)
        if not waiting:
            named = [_PARTS[name] for name in called_by_address(module) if name in _PARTS]
            waiting = [part for part in named if part not in linked]
    wrappers = [_WRAPPED[f.name] for f in module.functions if f.is_declaration and f.name in _WRAPPED]
    for part in wrappers:
        module.link_in(part.wrapper_module())
    kept = called_by_address(module)
    for function in module.functions:
        if function.name in kept and not function.is_declaration:
            function.linkage = Linkage.weak_odr  # nothing in the module seems to use it


def called_by_address(module: Any) -> set[str]:
    """Names of what is called by an address that is found later, as functions are that call one another in a circle."""
    names = [variable.name for variable in module.global_variables]
    return {name.removeprefix(RuntimeLinker.PREFIX) for name in names if name.startswith(RuntimeLinker.PREFIX)}


@register_pass(mutates_CFG=True, analysis_only=False)
class Lowering(NativeLowering):
    """Numba's lowering, into a part or a program."""

    _name = "interp_lowering"

    def run_pass(self, state: Any) -> bool:
        """Lower the function, and tell Numba how to call it."""
        name, codegen = state.func_id.func_qualname, state.targetctx.codegen()
        if not state.flags.no_cpython_wrapper:
            state.library = Program(codegen, name)
            state.library.enable_object_caching()
            return bool(super().run_pass(state))
        library = state.library = Part(codegen, name)
        is_value = not state.flags.no_cfunc_wrapper
        state.flags.no_compile = state.flags.no_cfunc_wrapper = True
        super().run_pass(state)
        library.finalize()
        lowered, context = state["cr"], state.targetctx
        _PARTS[lowered.fndesc.llvm_func_name] = library
        if is_value:
            _WRAPPED[lowered.fndesc.llvm_cfunc_wrapper_name] = library
            library.add_wrapper = lambda into: context.create_cfunc_wrapper(
                into, lowered.fndesc, lowered.env, lowered.call_helper
            )
        # by this object Numba finds the function; called from Python it would have no code
        key = _dynfunc.make_function(lowered.fndesc.lookup_module(), name, "", 0, lowered.env, (library,))
        context.insert_user_function(key, lowered.fndesc, [library])
        state["cr"] = lowered._replace(cfunc=key)
        return True


_OURS = {NativeLowering: Lowering, NopythonRewrites: Rewriting}
"""Passes of Numba's -> those in their place."""


class Linking(CompilerBase):
    """Numba's compiler, with functions linked before they are optimised."""

    def define_pipelines(self) -> list[Any]:
        """Numba's passes, some replaced by ours."""
        manager = DefaultPassBuilder.define_nopython_pipeline(self.state)
        manager.passes = [(self.instead(p), name) for p, name in manager.passes]
        manager.finalize()
        return [manager]

    def instead(self, given: Any) -> Any:
        """The pass that runs in place of one of Numba's."""
        return _OURS.get(given, given)

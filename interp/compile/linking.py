"""Machine code made once a program: what native code alone calls is linked into what Python calls, and optimised there.

Numba takes each function that it compiles through its whole optimiser and on to machine code, and once more with
every function that calls it: the innermost of a chain of five is optimised five times. Here a function that Python
cannot call keeps the LLVM code that it was lowered to. What Python calls links the code of all that it
reaches; nothing else needs those copies, so that the optimiser may write a function into the one place that calls it.
"""

from collections.abc import Iterator
from typing import Any

from numba import _dynfunc
from numba.core.codegen import CodeLibrary, JITCodeLibrary, RuntimeLinker
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_lock import require_global_compiler_lock
from numba.core.compiler_machinery import register_pass
from numba.core.environment import lookup_environment
from numba.core.typed_passes import NativeLowering

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
        own = {f.name for f in self.get_defined_functions()}
        for library in reached(self):
            self._reload_init.update(library._reload_init)
            self._final_module.link_in(_module(library), preserve=True)
        called_by_address = _waited_for(self._final_module)
        for function in self.get_defined_functions():
            name = function.name
            if name in called_by_address:
                function.linkage = "weak_odr"  # kept, though nothing here seems to use it
            elif name not in own and not name.startswith(RUNTIME):
                function.linkage = "internal"
        self._optimize_final_module()
        self._final_module.verify()
        self._finalize_final_module()
        for variable in self._final_module.global_variables:
            environment = lookup_environment(variable.name) if variable.name.startswith(ENVIRONMENT) else None
            if environment is not None:
                self._codegen.set_env(variable.name, environment)

    def _optimize_final_module(self) -> None:
        for _ in range(ROUNDS):
            manager, builder = self._codegen._module_pass_manager()
            manager.run(self._final_module, builder)


class Part(JITCodeLibrary):
    """The code of a function that native code alone calls: as it was lowered, until a program is made of it."""

    def add_llvm_module(self, ll_module: Any) -> None:
        """Numba's own, without the optimiser."""
        ll_module.data_layout = self._codegen._data_layout
        self._final_module.link_in(ll_module)

    def finalize(self) -> None:
        """Nothing more is added."""
        self._raise_if_finalized()
        self._finalized = True

    def own_module(self) -> Any:
        """The function alone, to be linked into a program."""
        return super()._get_module_for_linking()

    def get_llvm_str(self) -> str:
        """The function with all that it reaches, to be looked at."""
        return str(self._get_module_for_linking())

    def _get_module_for_linking(self) -> Any:
        """The function with all that it reaches, for code that Numba compiles in its own way."""
        module = self.own_module().clone()
        for library in reached(self):
            module.link_in(_module(library), preserve=True)
        for name in _waited_for(module):
            if not module.get_function(name).is_declaration:
                module.get_function(name).linkage = "weak_odr"
        return module


def reached(library: CodeLibrary) -> Iterator[CodeLibrary]:
    """The libraries that one calls, by itself and through parts."""
    seen, waiting = {library}, [library]
    while waiting:
        for called in waiting.pop()._linking_libraries:
            if called not in seen:
                seen.add(called)
                yield called
                if isinstance(called, Part):
                    waiting.append(called)


def _module(library: CodeLibrary) -> Any:
    return library.own_module() if isinstance(library, Part) else library._get_module_for_linking()


def _waited_for(module: Any) -> set[str]:
    """Names of functions that are called by address, as those are that call one another in a circle."""
    prefix = RuntimeLinker.PREFIX
    return {v.name.removeprefix(prefix) for v in module.global_variables if v.name.startswith(prefix)}


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
        state.library = Part(codegen, name)
        state.flags.no_compile = True
        super().run_pass(state)
        state.library.finalize()
        lowered = state["cr"]
        # by this object Numba finds the function; called from Python it would have no code
        key = _dynfunc.make_function(lowered.fndesc.lookup_module(), name, "", 0, lowered.env, (state.library,))
        state.targetctx.insert_user_function(key, lowered.fndesc, [state.library])
        state["cr"] = lowered._replace(cfunc=key)
        return True


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
        return Lowering if given is NativeLowering else given

"""Functions as values of native code: a function with its first arguments, and transforms that make such ones.

``grad(f)`` in native code is a `Bound`: the native body of ``grad``, a function ``body(f, *x)``, with ``f`` in place.
So is a function within a function together with the variables that it captures. A Bound is a struct of what is bound;
the function itself is its type.
"""

import functools
import inspect
from typing import Any

from numba.core import cgutils, types
from numba.core.datamodel import models, register_default
from numba.core.errors import TypingError
from numba.core.imputils import impl_ret_borrowed, lower_builtin, lower_constant
from numba.core.registry import cpu_target
from numba.core.typing.templates import AbstractTemplate, fold_arguments, infer_global, signature
from numba.extending import intrinsic, typeof_impl

from interp.compile.calls import refusals
from interp.compile.rebinding import KNOWN, Applied, Transform
from interp.compile.values import context_of_lowering
from interp.errors import InterpError


def refuse(message: str) -> TypingError:
    """The error to raise while types are inferred; ``message`` is what `CompileError` will say."""
    refusals.append(InterpError(message))
    return TypingError(message)


class Bound(types.Callable):
    """Type of ``function`` (a type, too) whose first arguments are ``held``."""

    def __init__(self, function: types.Callable, held: tuple[types.Type, ...]) -> None:
        self.function, self.held = function, held
        super().__init__(f"bound({function}, {', '.join(map(str, held))})")

    @property
    def key(self) -> Any:
        return self.function, self.held

    def get_call_type(self, context: Any, args: Any, kws: Any) -> Any:
        if kws:
            raise refuse(
                "a function that a transform made, or that captures variables, takes no keywords: pass all by position"
            )
        sig = self.function.get_call_type(context, (*self.held, *args), {})
        return None if sig is None else signature(sig.return_type, *args, recvr=self)

    def get_call_signatures(self) -> Any:
        return self.function.get_call_signatures()

    def get_impl_key(self, sig: Any) -> Any:
        return Bound


@register_default(Bound)
class _BoundModel(models.StructModel):
    def __init__(self, dmm: Any, fe_type: Bound) -> None:
        super().__init__(dmm, fe_type, [(f"held{i}", typ) for i, typ in enumerate(fe_type.held)])


@lower_builtin(Bound, Bound, types.VarArg(types.Any))
def _call(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    bound = sig.args[0]
    struct = cgutils.create_struct_proxy(bound)(context, builder, value=args[0])
    values = [*(getattr(struct, f"held{i}") for i in range(len(bound.held))), *args[1:]]
    given = (*bound.held, *sig.args[1:])
    resolved = bound.function.get_call_type(context.typing_context, given, {})
    if resolved.pysig is not None:

        def normal(index: int, param: Any, at: int) -> Any:
            return context.cast(builder, values[at], given[at], resolved.args[index])

        def default(index: int, param: Any, value: Any) -> Any:
            return context.get_constant_generic(builder, resolved.args[index], value)

        def rest(index: int, param: Any, positions: Any) -> Any:
            typ = resolved.args[index]
            parts = [context.cast(builder, values[at], given[at], t) for at, t in zip(positions, typ, strict=True)]
            return context.make_tuple(builder, typ, parts)

        values = list(fold_arguments(resolved.pysig, tuple(range(len(values))), {}, normal, default, rest))
    return context.get_function(bound.function, resolved)(builder, values)


@typeof_impl.register(Applied)
def _typeof_applied(x: Applied, context: Any) -> types.Type:
    return Bound(types.Dispatcher(x.body), (cpu_target.typing_context.resolve_value_type(x.f),))


@lower_constant(Bound)
def _constant_bound(context: Any, builder: Any, typ: Bound, value: Any) -> Any:
    return context.get_constant_null(typ)  # functions have no memory


def bind(function: Any, *first: Any) -> Any:
    """``function`` with its first arguments in place: ``bind(function, f)(x)`` is ``function(f, x)``."""
    raise NotImplementedError("native code only")


KNOWN.add(bind)


@infer_global(bind)
class _Bind(AbstractTemplate):
    key = bind

    def generic(self, args: Any, kws: Any) -> Any:
        if kws or not args or not isinstance(args[0], types.Callable):
            return None
        held = tuple(map(types.unliteral, args[1:]))
        return signature(Bound(args[0], held), args[0], *held)


@lower_builtin(bind, types.Callable, types.VarArg(types.Any))
def _bind(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return _holding(context, builder, sig.return_type, args[1:])


@intrinsic
def unbound(typingctx: Any, f: types.Type) -> Any:
    """The function whose first arguments are in place."""
    return f.function(f), lambda context, builder, sig, args: context.get_dummy_value()


@functools.cache
def held_by(i: int) -> Any:
    """Native function of a Bound: what it holds in place ``i``."""

    @intrinsic
    def held(typingctx: Any, f: types.Type) -> Any:
        def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            struct = cgutils.create_struct_proxy(f)(context, builder, value=args[0])
            return impl_ret_borrowed(context, builder, sig.return_type, getattr(struct, f"held{i}"))

        return f.held[i](f), lower

    return held


def _holding(context: Any, builder: Any, typ: Bound, held: Any) -> Any:
    struct = cgutils.create_struct_proxy(typ)(context, builder)
    for i, (part, kind) in enumerate(zip(held, typ.held, strict=True)):
        context.nrt.incref(builder, kind, part)
        setattr(struct, f"held{i}", part)
    return struct._getvalue()


# -- transforms


@typeof_impl.register(Transform)
def _typeof_transform(x: Transform, context: Any) -> types.Type:
    if x.type is None:
        x.type = types.Function(_template(x))
    return x.type


def _template(transform: Transform) -> Any:
    """Calls of ``grad`` and the like: typed as the function that they make."""
    name = transform.make.__name__

    class Transforming(AbstractTemplate):
        key = transform
        prefer_literal = True
        refused: TypingError | None = None

        def generic(self, args: Any, kws: Any) -> Any:
            if self.refused is not None:  # once more, without literals, it can only be less clear why
                raise self.refused
            try:
                return self._made(args, kws)
            except TypingError as error:
                self.refused = error
                raise

        def _made(self, args: Any, kws: Any) -> Any:
            if not args or not isinstance(args[0], types.Callable):
                raise refuse(f"`{name}` of what is no function that native code knows")
            constants = tuple(_constant(name, t) for t in args[1:])
            body = transform.body(args[0], constants, {k: _constant(name, t) for k, t in kws.items()})
            sig = signature(Bound(types.Dispatcher(body), (args[0],)), *args, *kws.values())
            names = [*(f"a{i}" for i in range(len(args))), *kws]
            kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
            return sig.replace(pysig=inspect.Signature([inspect.Parameter(n, kind) for n in names]))

    @lower_builtin(transform, types.Callable, types.VarArg(types.Any))
    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _holding(context, builder, sig.return_type, args[:1])

    context_of_lowering()
    return Transforming


def _constant(name: str, typ: types.Type) -> Any:
    """The value that a literal's type tells."""
    if isinstance(typ, types.Literal):
        return typ.literal_value
    if isinstance(typ, types.Omitted):
        return typ.value
    if isinstance(typ, types.BaseTuple):
        return tuple(_constant(name, t) for t in typ)
    raise refuse(f"an argument of `{name}` that is no constant: write numbers or tuples of numbers in its place")

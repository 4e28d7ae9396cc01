"""Elements and views of arrays of values in native code: reading, storing, loops over them.

An index is applied to each component by Numba's own code for arrays, bounds check included; of an array of
directions it picks vectors. A store through anything but integers goes element by element (`arrays.assign`).
"""

import operator
from typing import Any

from numba.core import cgutils, types
from numba.core.imputils import RefType, iternext_impl, lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.np.arrayobj import basic_indexing, make_array

from interp.compile.directions import Directions, DirectionsArray, load, store
from interp.compile.values import ValueIterator, ValueType, element, is_array, ndim_of, shape


def parts_of(index: types.Type) -> tuple[types.Type, ...]:
    """The parts of an index."""
    return tuple(index) if isinstance(index, types.BaseTuple) else (index,)


def is_full(x: types.Type, index: types.Type) -> bool:
    """True of an index that picks one element."""
    parts = parts_of(index)
    return len(parts) == ndim_of(x) and all(isinstance(part, types.Integer) for part in parts)


def _picked(context: Any, x: types.Type, index: types.Type) -> types.Type | None:
    """Type of ``x[index]``; None if there is no code for it."""
    if is_full(x, index):
        return element(x)
    if isinstance(x, ValueType):
        made = [_picked(context, c, index) for c in x.components]
        return None if None in made else x.made_of(tuple(made))
    if isinstance(x, DirectionsArray):
        if types.ellipsis in parts_of(index)[:-1]:
            return None  # what follows would count from the axis of directions
        inner = _picked(context, x.array, index)
        return None if inner is None else DirectionsArray(inner, x.size)
    found = context.resolve_function_type(operator.getitem, (x, index), {})
    return None if found is None else found.return_type


@infer_global(operator.getitem)
class _GetItem(AbstractTemplate):
    key = operator.getitem

    def generic(self, args: Any, kws: Any) -> Any:
        x, index = args
        made = _picked(self.context, x, index) if is_array(x) else None
        return None if made is None else signature(made, x, index)


def of_arrays(context: Any, builder: Any, function: Any, types_: tuple[types.Type, ...], args: Any) -> Any:
    """Emit a call of Numba's own code."""
    callee = context.typing_context.resolve_value_type(function)
    sig = callee.get_call_type(context.typing_context, types_, {})
    cast = [context.cast(builder, a, t, wanted) for a, t, wanted in zip(args, types_, sig.args, strict=True)]
    return context.get_function(callee, sig)(builder, cast)


def _place(context: Any, builder: Any, x: DirectionsArray, value: Any, index: types.Type, at: Any) -> tuple[Any, Any]:
    """Address of a vector, and the bytes between its elements."""
    data = cgutils.create_struct_proxy(x)(context, builder, value=value).data
    array = make_array(x.array)(context, builder, data)
    parts = parts_of(index)
    positions = cgutils.unpack_tuple(builder, at, len(parts)) if isinstance(index, types.BaseTuple) else [at]
    positions = [context.cast(builder, p, t, types.intp) for p, t in zip(positions, parts, strict=True)]
    place, _, (stride,) = basic_indexing(
        context, builder, x.array, array, (types.intp,) * len(parts), positions, boundscheck=context.enable_boundscheck
    )
    return place, stride


def pick(context: Any, builder: Any, x: types.Type, value: Any, index: types.Type, at: Any) -> Any:
    """Emit ``x[index]``: a new reference."""
    if isinstance(x, ValueType):
        made = _picked(context.typing_context, x, index)
        source = cgutils.create_struct_proxy(x)(context, builder, value=value)
        target = cgutils.create_struct_proxy(made)(context, builder)
        for name, component in zip(x.cls.components, x.components, strict=True):
            setattr(target, name, pick(context, builder, component, getattr(source, name), index, at))
        return target._getvalue()
    if not isinstance(x, DirectionsArray):
        return of_arrays(context, builder, operator.getitem, (x, index), (value, at))
    if is_full(x, index):
        return load(builder, *_place(context, builder, x, value, index, at), x.size)
    data = cgutils.create_struct_proxy(x)(context, builder, value=value).data
    made = _picked(context.typing_context, x, index)
    target = cgutils.create_struct_proxy(made)(context, builder)
    target.data = pick(context, builder, x.array, data, index, at)
    return target._getvalue()


@lower_builtin(operator.getitem, ValueType, types.Any)
def _getitem(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return pick(context, builder, sig.args[0], args[0], sig.args[1], args[1])


@infer_global(operator.setitem)
class _SetItem(AbstractTemplate):
    key = operator.setitem

    def generic(self, args: Any, kws: Any) -> Any:
        x, index, y = args
        if not is_array(x) or not is_full(x, index):
            return None
        held = element(x)
        return None if self.context.can_convert(y, held) is None else signature(types.none, x, index, held)


@lower_builtin(operator.setitem, ValueType, types.Any, ValueType)
def _setitem(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    (x, index, y), (target, at, value) = sig.args, args
    _put(context, builder, x, target, index, at, y, value)
    return context.get_dummy_value()


def _put(context: Any, builder: Any, x: Any, target: Any, index: Any, at: Any, y: Any, value: Any) -> None:
    if isinstance(x, ValueType):
        arrays = cgutils.create_struct_proxy(x)(context, builder, value=target)
        parts = cgutils.create_struct_proxy(y)(context, builder, value=value)
        for name, inner, part in zip(x.cls.components, x.components, y.components, strict=True):
            _put(context, builder, inner, getattr(arrays, name), index, at, part, getattr(parts, name))
    elif isinstance(x, DirectionsArray):
        store(builder, value, *_place(context, builder, x, target, index, at))
    else:
        of_arrays(context, builder, operator.setitem, (x, index, y), (target, at, value))


@infer_global(len)
class _Len(AbstractTemplate):
    key = len

    def generic(self, args: Any, kws: Any) -> Any:
        return signature(types.intp, *args) if len(args) == 1 and is_array(args[0]) else None


@lower_builtin(len, ValueType)
def _length(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return shape(context, builder, sig.args[0], args[0])[0]


# -- loops


@lower_builtin("getiter", ValueType)
def _getiter(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    iterator = cgutils.create_struct_proxy(sig.return_type)(context, builder)
    iterator.index = cgutils.alloca_once_value(builder, context.get_constant(types.uintp, 0))
    iterator.array = args[0]
    if context.enable_nrt:
        context.nrt.incref(builder, sig.args[0], args[0])
    return iterator._getvalue()


@lower_builtin("iternext", ValueIterator)
@iternext_impl(RefType.NEW)
def _iternext(context: Any, builder: Any, sig: Any, args: Any, result: Any) -> None:
    (typ,) = sig.args
    iterator = cgutils.create_struct_proxy(typ)(context, builder, value=args[0])
    at = builder.load(iterator.index)
    present = builder.icmp_signed("<", at, shape(context, builder, typ.array, iterator.array)[0])
    result.set_valid(present)
    with builder.if_then(present):
        result.yield_(pick(context, builder, typ.array, iterator.array, types.intp, at))
        builder.store(cgutils.increment_index(builder, at), iterator.index)


__all__ = ["Directions", "is_full", "parts_of", "pick"]

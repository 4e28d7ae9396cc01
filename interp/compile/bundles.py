"""Several tangent directions over values: what a Dual of k directions carries whose payload is a value.

Over numbers directions are one LLVM vector (`directions`). A bundle is as many values side by side, and every
primitive that a rule applies to tangents goes entry by entry, so a bundle meets numbers, values and vectors of its
length. There are bundles of single values only, no arrays of them.
"""

import ast
from typing import Any

from numba.core import cgutils, types
from numba.core.datamodel import models, register_default
from numba.core.imputils import lower_cast
from numba.core.typeconv import Conversion
from numba.extending import intrinsic

from interp.compile import generated as g
from interp.compile.directions import Directions


class Bundle(types.Type):
    """``size`` of ``entry`` side by side."""

    def __init__(self, entry: types.Type, size: int) -> None:
        self.entry, self.size = entry, size
        super().__init__(f"bundle{size}[{entry}]")

    @property
    def key(self) -> Any:
        return self.entry, self.size

    def unify(self, typingctx: Any, other: types.Type) -> types.Type | None:
        entry = typingctx.unify_pairs(self.entry, entry_type(other))
        return None if entry is None or size_of(other) not in (None, self.size) else Bundle(entry, self.size)

    def can_convert_from(self, typingctx: Any, other: types.Type) -> Any:
        if size_of(other) not in (None, self.size) or typingctx.can_convert(entry_type(other), self.entry) is None:
            return None
        return Conversion.safe


def entry_type(typ: types.Type) -> types.Type:
    """Type of one direction; a number or value stands for all."""
    return typ.entry if isinstance(typ, Bundle) else types.float64 if isinstance(typ, Directions) else typ


def size_of(typ: types.Type) -> int | None:
    """Number of directions, None of what is a single number or value."""
    return typ.size if isinstance(typ, Bundle | Directions) else None


@register_default(Bundle)
class _BundleModel(models.StructModel):
    def __init__(self, dmm: Any, fe_type: Bundle) -> None:
        super().__init__(dmm, fe_type, [(f"entry{i}", fe_type.entry) for i in range(fe_type.size)])


def _entry(context: Any, builder: Any, typ: types.Type, value: Any, i: int) -> Any:
    if isinstance(typ, Bundle):
        return getattr(cgutils.create_struct_proxy(typ)(context, builder, value=value), f"entry{i}")
    if isinstance(typ, Directions):
        return builder.extract_element(value, cgutils.int32_t(i))
    return value


@lower_cast(types.Any, Bundle)
def _cast(context: Any, builder: Any, fromty: types.Type, toty: Bundle, val: Any) -> Any:
    struct = cgutils.create_struct_proxy(toty)(context, builder)
    for i in range(toty.size):
        part = _entry(context, builder, fromty, val, i)
        setattr(struct, f"entry{i}", context.cast(builder, part, entry_type(fromty), toty.entry))
    return struct._getvalue()


@intrinsic
def entry_at(typingctx: Any, x: types.Type, i: types.Type) -> Any:
    """Entry ``i``, a literal, of several directions; a number or value has it in all."""
    if not isinstance(i, types.IntegerLiteral):
        return None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _entry(context, builder, x, args[0], i.literal_value)

    return entry_type(x)(x, i), lower


@intrinsic
def bundled(typingctx: Any, parts: types.Type) -> Any:
    """The bundle of a tuple of numbers and values."""
    entry = typingctx.unify_types(*map(types.unliteral, parts))
    if entry is None:
        return None
    made = Bundle(entry, len(parts))

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        struct = cgutils.create_struct_proxy(made)(context, builder)
        for i, typ in enumerate(parts):
            part = context.cast(builder, builder.extract_value(args[0], i), typ, entry)
            setattr(struct, f"entry{i}", part)
        return struct._getvalue()

    return made(parts), lower


def by_entries(primitive: Any, operands: tuple[types.Type, ...]) -> Any:
    """``primitive`` of operands among which are several directions: a function that goes entry by entry."""
    (size,) = {size_of(t) for t in operands} - {None}
    names = [f"x{i}" for i in range(len(operands))]
    parts = [
        g.call("primitive", *(g.call("entry_at", g.name(n), ast.Constant(i)) for n in names)) for i in range(size or 0)
    ]
    namespace = {"primitive": primitive, "entry_at": entry_at, "bundled": bundled}
    return g.function(names, g.call("bundled", g.tuple_of(parts)), namespace)

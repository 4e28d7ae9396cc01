"""What joined code calls: the names that `generate` writes."""

from builtins import AssertionError, slice

from interp.control.joined.attributes import delattribute as delattr
from interp.control.joined.attributes import getattribute as getattr
from interp.control.joined.attributes import setattribute as setattr
from interp.control.joined.attributes import store_attribute
from interp.control.joined.blocks import (
    explicit,
    function,
    generator,
    try_block,
    with_block,
    yield_,
    yield_from,
    yielded,
)
from interp.control.joined.calls import call, comprehension, lambda_
from interp.control.joined.forks import and_, branch, chain, choose, not_, or_
from interp.control.joined.loops import for_loop, while_loop
from interp.control.joined.operations import (
    delitem,
    divide,
    equal,
    floor_divide,
    formatted,
    getitem,
    in_,
    in_place,
    is_,
    is_not,
    is_sequence,
    modulo,
    not_equal,
    not_in,
    power,
    setitem,
    store,
    text,
    unpack,
)
from interp.control.joined.signals import BREAK, CONTINUE, Return
from interp.control.joined.state import Frame

__all__ = [
    "BREAK",
    "CONTINUE",
    "AssertionError",
    "Frame",
    "Return",
    "and_",
    "branch",
    "call",
    "chain",
    "choose",
    "comprehension",
    "delattr",
    "delitem",
    "divide",
    "equal",
    "explicit",
    "floor_divide",
    "for_loop",
    "formatted",
    "function",
    "generator",
    "getattr",
    "getitem",
    "in_",
    "in_place",
    "is_",
    "is_not",
    "is_sequence",
    "lambda_",
    "modulo",
    "not_",
    "not_equal",
    "not_in",
    "or_",
    "power",
    "setattr",
    "setitem",
    "slice",
    "store",
    "store_attribute",
    "text",
    "try_block",
    "unpack",
    "while_loop",
    "with_block",
    "yield_",
    "yield_from",
    "yielded",
]

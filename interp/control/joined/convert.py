"""The joined form of a function, made from its source the first time it is called, and kept by its code object."""

import types
from typing import Any

from interp.control.calls import is_library
from interp.control.joined.generate import generate
from interp.control.source import Template, class_of, is_source_of, tree_of
from interp.errors import NoSource

_TEMPLATES: dict[tuple[types.CodeType, str], Template | None] = {}
"""By code and file: code objects of equal code in two files are equal."""
CONVERTED: set[int] = set()
"""Ids of code objects that are in joined form; the templates keep them alive."""


def is_converted(function: Any) -> bool:
    """True of a function in joined form."""
    return isinstance(function, types.FunctionType) and id(function.__code__) in CONVERTED


def converted(function: types.FunctionType) -> types.FunctionType | None:
    """``function`` in joined form; None of one that runs as it is."""
    code = function.__code__
    if id(code) in CONVERTED:
        return function
    key = code, code.co_filename
    if key in _TEMPLATES:
        template = _TEMPLATES[key]
    else:
        template = _TEMPLATES[key] = _template(function)
    return None if template is None else template.function(function, _runtime())


def _template(function: types.FunctionType) -> Template | None:
    try:
        tree = tree_of(function)
        if not is_source_of(tree, function):
            return None
        template = Template(function, generate(tree, class_of(function.__code__)))
    except NoSource:
        if is_library(function) or function.__code__.co_filename.startswith("<"):
            return None
        raise
    _own(template.code)
    return template


def _own(code: types.CodeType) -> None:
    CONVERTED.add(id(code))
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            _own(constant)


def _runtime() -> Any:
    from interp.control.joined import runtime

    return runtime

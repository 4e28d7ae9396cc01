"""The joined form of a function, made from its source the first time it is called, and kept by its code object."""

import sys
import types
from typing import Any

from interp.control.joined.generate import generate
from interp.control.source import Template, tree_of
from interp.errors import NoSource

_TEMPLATES: dict[types.CodeType, Template | None] = {}
_OURS: set[int] = set()
"""Ids of code objects that are in joined form; the templates keep them alive."""

LEFT_ALONE = ("numpy", "scipy", "interp", "interpretations", "numba", "plum", "builtins", "math", "functools")
"""Packages whose functions take values as they are, or have rules."""
_STANDARD = frozenset(sys.stdlib_module_names) - {"__main__", "this"}


def converted(function: types.FunctionType) -> types.FunctionType | None:
    """``function`` in joined form; None of one that runs as it is."""
    code = function.__code__
    if id(code) in _OURS:
        return function
    if code in _TEMPLATES:
        template = _TEMPLATES[code]
    else:
        template = _TEMPLATES[code] = _template(function)
    return None if template is None else template.function(function, _runtime())


def _template(function: types.FunctionType) -> Template | None:
    package = (function.__module__ or "").partition(".")[0]
    if package in LEFT_ALONE or package in _STANDARD:
        return None
    try:
        template = Template(function, generate(tree_of(function)))
    except NoSource:
        if function.__code__.co_filename.startswith("<"):
            return None
        raise
    _own(template.code)
    return template


def _own(code: types.CodeType) -> None:
    _OURS.add(id(code))
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            _own(constant)


def _runtime() -> Any:
    from interp.control.joined import runtime

    return runtime

"""Numba's page-long errors as one sentence: file, line, the construct, and what is wrong with it."""

import linecache
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from interp.errors import CompileError

_PLACE = re.compile(r'File "([^"]+)", line (\d+)')
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_OURS = Path(__file__).resolve().parents[1]

REASONS: tuple[tuple[str, str], ...] = (
    # what Numba says -> what it means here; the first that fits
    (
        r"Untyped global name '(\w+)'.*<class '[\w.]*\.MadeAtRunTime'>",
        r"`\1` makes a function at run time: take it of the compiled function",
    ),
    (r"Untyped global name '(\w+)'.*", r"the name `\1` stands for something that native code cannot hold"),
    (r"cannot determine Numba type of <class '([^']+)'>", r"an object of class \1 has no native type"),
    (r"Unknown attribute '(\w+)' of type (.*)", r"native \2 has no attribute `\1`"),
    (r"Cannot unify bound\(.*", "a name stands for one function on one path and for another on another"),
    (r"Cannot unify (.*?) and (.*?) for '([\w.$]+)'.*", r"`\3` is a \1 on one path and a \2 on another"),
    (r"No implementation of function (.*?) found for signature.*", r"no native code for \1 on these types"),
    (r"Unsupported context manager.*", "`with` has no native code"),
    (r"Use of unsupported opcode \((\w+)\).*", r"this statement has no native code (\1)"),
    (r"The 'try..except' block.*|.*exception-handling.*", "this form of try/except has no native code"),
    (r"name '(\w+)' is not defined", r"the name `\1` is not defined"),
)


def compile_error(error: Exception, function: Callable[..., Any], refusals: Sequence[Exception] = ()) -> CompileError:
    """The error to raise for what was raised while ``function`` was compiled.

    ``refusals``: what the tables of rules said on the way, which Numba does not report.
    """
    message = _STYLE.sub("", str(error))
    name, line = _place(message, error, function)
    source = linecache.getline(name, line).strip()
    where = f"{name}:{line}" if line else name
    construct = f" `{source}`" if source else ""
    return CompileError(
        f"{where}:{construct} cannot be compiled: {_reason(message, refusals)}. "
        "Write it otherwise, or run it as plain Python with interp.compile(f, fallback=True)"
    )


def reason(error: Exception) -> str:
    """What is wrong, in a few words, of an error of Numba's."""
    return _reason(_STYLE.sub("", str(error)), ())


def _place(message: str, error: Exception, function: Callable[..., Any]) -> tuple[str, int]:
    """The innermost place in code that is neither ours nor a library's."""
    code = getattr(function, "__code__", None)
    file, first = (code.co_filename, code.co_firstlineno) if code else ("<unknown>", 0)
    loc = getattr(error, "loc", None)
    places = [(loc.filename, loc.line)] if loc is not None else []
    places += [(name, int(line)) for name, line in _PLACE.findall(message)]
    for name, line in places:
        matches = name == file or Path(name).name == Path(file).name
        if matches and linecache.getline(file, line):
            return file, line
    users = [p for p in places if "site-packages" not in p[0] and _OURS not in Path(p[0]).resolve().parents]
    return users[-1] if users and linecache.getline(*users[-1]) else (file, first)


def _reason(message: str, refusals: Sequence[Exception]) -> str:
    lines = [line.strip() for line in message.splitlines()]
    if refusals and any(line.startswith("No implementation of function") for line in lines):
        return str(refusals[-1]).rstrip(".")
    for pattern, meaning in REASONS:
        for line in lines:
            found = re.search(pattern, line)
            if found:
                return found.expand(meaning)
    said = [line for line in lines if line and not line.startswith(("Failed in", "File", "-", "During", "["))]
    return said[0].rstrip(".") if said else "Numba gives no reason"

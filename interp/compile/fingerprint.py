"""What native code was made from, as one digest: the key of the disk cache.

`fingerprint` walks a function as the compiler sees it: its code, the constants in it, its defaults and closure, the
globals that it reads, and every function among these, however deep. `rules_in_force` does the same for everything that
dispatch may pick: partials, rules of kinds, methods of single primitives, declarations of number types. So an edited
callee, global, rule or partial is another key; nothing is compared by time stamps.
"""

import dataclasses
import dis
import enum
import functools
import hashlib
import marshal
import platform
import sys
import sysconfig
import types as python_types
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.dispatcher import Dispatcher
from numba.core.registry import cpu_target
from numba.extending import _Intrinsic

import interp
from interp import rules
from interp.compile.rebinding import LIBRARIES, Applied, Transform
from interp.compile.values import ValueType
from interp.interpretation import replacement_of
from interp.primitive import PRIMITIVES, Elementwise, Partial, Primitive
from interp.value import Value


class Unknown(Exception):
    """A constant that no digest stands for; the message names it."""


_INSTALLED = tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib"))


_OURS = str(Path(interp.__file__).parent)
"""The framework, whose text `versions` reads whole."""


def _is_installed(module: str) -> bool:
    return _is_library(module) or module.partition(".")[0] == "interp"


def _is_library(module: str) -> bool:
    """True of modules that are the same in all processes of one installation; not of a user's own ``code.py``."""
    return _is_library_family(module.partition(".")[0])


@functools.cache
def _is_library_family(family: str) -> bool:
    if not (family in LIBRARIES or family in sys.stdlib_module_names or family == "scipy"):
        return False
    file = getattr(sys.modules.get(family), "__file__", None)
    return file is None or any(folder in Path(file).parents for folder in _INSTALLED)


_SCALARS = (type(None), type(...), bool, int, float, complex, str, bytes, range, slice)


class _Walk:
    """Feeds a digest with everything reachable. ``strict``: an object of unknown nature raises instead of being
    represented by its class."""

    def __init__(self, strict: bool) -> None:
        self.digest = hashlib.sha256()
        self.strict = strict
        cpu_target.typing_context.refresh()  # what was registered with Numba since the last look
        self.seen: dict[int, int] = {}
        self.kept: list[Any] = []

    def word(self, *words: Any) -> None:
        """Names, with their lengths, so that no two sequences read alike."""
        for w in words:
            text = w if isinstance(w, bytes) else str(w).encode()
            self.digest.update(b"%d:" % len(text))
            self.digest.update(text)

    def visit(self, x: Any) -> None:
        cls = x.__class__
        if isinstance(x, _SCALARS) and not isinstance(x, enum.Enum):
            self.word(cls.__name__, repr(x))  # -0.0 and 0.0, 1 and True differ
            return
        number = self.seen.get(id(x))
        if number is not None:
            self.word("again", number)
            return
        self.seen[id(x)] = len(self.seen)
        self.kept.append(x)  # an id is good while the object lives
        for kinds, visit in _VISITS:
            if isinstance(x, kinds):
                self.word(visit.__name__)
                visit(self, x)
                return
        self.other(x)

    def every(self, items: Iterable[Any]) -> None:
        listed = list(items)
        self.word(len(listed))
        for item in listed:
            self.visit(item)

    # -- by nature

    def function(self, f: python_types.FunctionType) -> None:
        f = getattr(f, "native", f)
        self.word(f.__qualname__, f.__module__ or "")
        if _is_library(f.__module__ or "") or (f.__closure__ is None and f.__code__.co_filename.startswith(_OURS)):
            return
        self.code(f.__code__)
        self.every((f.__defaults__, f.__kwdefaults__))
        for cell in f.__closure__ or ():
            try:
                self.visit(cell.cell_contents)
            except ValueError:
                self.word("empty")
        for name in _globals_of(f.__code__):
            if name in f.__globals__:
                self.word(name)
                self.reached(f.__globals__[name], f.__code__, name)
        body = cpu_target.typing_context._lookup_global(f)  # of `numba.extending.overload`
        for template in getattr(body, "templates", ()):
            self.visit(getattr(template, "_overload_func", None))

    def reached(self, x: Any, code: python_types.CodeType, name: str) -> None:
        """A global; of a module what the code may take from it."""
        if not isinstance(x, python_types.ModuleType):
            try:
                self.visit(x)
            except Unknown as unknown:
                raise Unknown(f"{name} ({unknown})") from None
            return
        self.word("module", x.__name__, getattr(x, "__version__", ""))
        if _is_installed(x.__name__):
            return
        original = x.__dict__.get("_original", x)
        for attribute in dict.fromkeys(_names_of(code)):
            if attribute in original.__dict__:
                self.word(attribute)
                self.reached(original.__dict__[attribute], code, f"{name}.{attribute}")

    def code(self, code: python_types.CodeType) -> None:
        if _has_sets(code):  # in no order that another process would know
            self.word(code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
            self.word(code.co_argcount, code.co_kwonlyargcount, code.co_flags, code.co_filename, code.co_firstlineno)
            self.every(code.co_consts)
        else:
            self.word(marshal.dumps(code, _WITHOUT_REFERENCES))

    def dispatcher(self, x: Dispatcher) -> None:
        chosen = {k: v for k, v in x.targetoptions.items() if k not in ("pipeline_class", "nopython")}
        self.word(sorted(map(repr, chosen.items())))
        self.visit(x.py_func)

    def transform(self, x: Transform) -> None:
        self.word(x.make.__qualname__)
        self.visit(replacement_of(x.make))

    def transformed(self, x: Applied) -> None:
        self.every((x.body, x.f))

    def compiled(self, x: Any) -> None:
        self.visit(x.function)

    def intrinsic(self, x: Any) -> None:
        self.visit(x._defn)

    def primitive(self, x: Primitive) -> None:
        self.word(type(x).__name__, x.name)

    def partial(self, x: Partial) -> None:
        self.visit(x.formula)

    def applied(self, x: Any) -> None:
        self.every((x.func, x.args, x.keywords))

    def method(self, x: Any) -> None:
        self.every((x.__func__, x.__self__))

    def ufunc(self, x: Any) -> None:
        self.word(x.__name__)

    def builtin(self, x: Any) -> None:
        self.word(getattr(x, "__module__", ""), x.__qualname__)

    def native_type(self, x: types.Type) -> None:
        self.word(str(x))
        if isinstance(x, ValueType):
            self.word(x.rank)
            self.every((x.cls, x.components))
        elif isinstance(x, types.BaseTuple):
            self.every((getattr(x, "instance_class", None), tuple(x)))
        elif hasattr(x, "function"):
            self.visit(x.function)

    def class_(self, x: Any) -> None:
        self.word(x.__module__, x.__qualname__)
        if self.strict and issubclass(x, Value):
            self.word(_declaration(x, rules.generation))
            return
        if issubclass(x, enum.Enum):
            self.every(x)
        elif issubclass(x, tuple):
            self.word(getattr(x, "_fields", ()))
        elif self.strict and not issubclass(x, BaseException) and not _is_installed(x.__module__):
            raise Unknown(f"the class {x.__qualname__}")
        self.every(b for b in x.__bases__ if b is not object)
        if issubclass(x, Value):
            for name, member in x.__dict__.items():
                if isinstance(member, python_types.MemberDescriptorType | python_types.GetSetDescriptorType):
                    continue
                if name not in ("__doc__", "__annotations__", "__abstractmethods__", "_abc_impl", "__dict__"):
                    self.word(name)
                    self.visit(member)

    def wrapped(self, x: Any) -> None:
        self.visit(getattr(x, "__func__", None) or getattr(x, "fget", None))

    def array(self, x: np.ndarray) -> None:
        if x.dtype.hasobject:
            raise Unknown("an array of objects")
        self.word(x.dtype.str, x.shape, x.strides, x.tobytes())

    def number(self, x: Any) -> None:
        self.word(x.dtype.str, x.tobytes())

    def text(self, x: Any) -> None:
        self.word(str(x))

    def dtype(self, x: Any) -> None:
        self.word(x.str)

    def member(self, x: enum.Enum) -> None:
        self.word(type(x).__qualname__, x.name)
        self.visit(x.value)

    def sequence(self, x: Any) -> None:
        self.word(type(x).__qualname__)
        self.every(x)

    def unordered(self, x: Any) -> None:
        digests = []
        for item in x:
            walk = _Walk(self.strict)
            walk.visit(item)
            digests.append(walk.digest.digest())
        self.word(*sorted(digests))

    def mapping(self, x: Any) -> None:
        self.every(x.keys())
        self.every(x.values())

    def module(self, x: python_types.ModuleType) -> None:
        self.word(x.__name__)

    def other(self, x: Any) -> None:
        """A library's own object, a plain record of a user's, or one that nothing is known of."""
        if hasattr(x, "__wrapped__") and callable(x):
            self.visit(x.__wrapped__)
        elif _is_library(getattr(x, "__module__", None) or "") and hasattr(x, "__qualname__"):
            self.word(x.__module__, x.__qualname__)
        elif dataclasses.is_dataclass(x):
            self.every((type(x), *(getattr(x, field.name) for field in dataclasses.fields(x))))
        elif self.strict:
            raise Unknown(f"an object of class {type(x).__name__}")
        else:
            self.word("object", type(x).__module__, type(x).__qualname__)


_VISITS: tuple[tuple[Any, Callable[[_Walk, Any], None]], ...] = (
    (python_types.FunctionType, _Walk.function),
    (python_types.CodeType, _Walk.code),
    (Dispatcher, _Walk.dispatcher),
    (Transform, _Walk.transform),
    (Applied, _Walk.transformed),
    (_Intrinsic, _Walk.intrinsic),
    (Primitive, _Walk.primitive),
    (Partial, _Walk.partial),
    (types.Type, _Walk.native_type),
    (type, _Walk.class_),
    (np.ufunc, _Walk.ufunc),
    (functools.partial, _Walk.applied),
    (python_types.MethodType, _Walk.method),
    ((python_types.BuiltinFunctionType, python_types.WrapperDescriptorType, python_types.MethodDescriptorType),
     _Walk.builtin),
    ((staticmethod, classmethod, property), _Walk.wrapped),
    (np.ndarray, _Walk.array),
    (np.generic, _Walk.number),
    (np.dtype, _Walk.dtype),
    ((ir.Type, ir.Constant), _Walk.text),
    (enum.Enum, _Walk.member),
    ((tuple, list), _Walk.sequence),
    ((set, frozenset), _Walk.unordered),
    ((dict, python_types.MappingProxyType), _Walk.mapping),
    (python_types.ModuleType, _Walk.module),
)  # fmt: skip


_WITHOUT_REFERENCES = 2
"""The last version of marshal whose bytes do not depend on how often an object is referred to."""
_LOAD_GLOBAL, _EXTENDED_ARG = dis.opmap["LOAD_GLOBAL"], dis.opmap["EXTENDED_ARG"]


def _has_sets(code: python_types.CodeType) -> bool:
    return any(
        isinstance(c, frozenset) or (isinstance(c, python_types.CodeType) and _has_sets(c)) for c in code.co_consts
    )


@functools.cache
def _globals_of(code: python_types.CodeType) -> tuple[str, ...]:
    """The names that a function, or one within it, reads as globals."""
    found: dict[str, None] = {}
    extended = 0
    for operation, argument in zip(code.co_code[::2], code.co_code[1::2], strict=True):
        if operation == _LOAD_GLOBAL:  # the lowest bit of its argument is a flag
            found[code.co_names[(extended | argument) >> 1]] = None
        extended = (extended | argument) << 8 if operation == _EXTENDED_ARG else 0
    for constant in code.co_consts:
        if isinstance(constant, python_types.CodeType):
            found.update(dict.fromkeys(_globals_of(constant)))
    return tuple(found)


def _names_of(code: python_types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, python_types.CodeType):
            yield from _names_of(constant)


def fingerprint(*objects: Any) -> bytes:
    """Digest of functions, native types and constants, with everything that they reach. Raises `Unknown`."""
    walk = _Walk(strict=True)
    walk.every(objects)
    return walk.digest.digest()


@functools.cache
def versions() -> bytes:
    """Digest of the programs that make native code, and of the processor that it is made for."""
    walk = _Walk(strict=True)
    for name in ("interp", "numba", "llvmlite", "numpy", "scipy"):
        try:
            walk.word(name, metadata.version(name))
        except metadata.PackageNotFoundError:
            walk.word(name, "not installed")
    walk.word(platform.python_version(), platform.machine(), numba.config.CPU_NAME, numba.config.CPU_FEATURES)
    walk.word(*cpu_target.target_context.codegen().magic_tuple())
    for source in sorted(Path(interp.__file__).parent.rglob("*.py")):
        walk.word(source.name, source.read_bytes())
    return walk.digest.digest()


@functools.cache
def _declaration(value_type: type, generation: int) -> bytes:
    """Digest of a number type: what its class, and the classes that it inherits from, define."""
    walk = _Walk(strict=False)
    walk.visit(value_type)
    return walk.digest.digest()


def rules_in_force() -> bytes:
    """Digest of all that dispatch may pick, once for each generation of rules."""
    return _rules_in_force(rules.generation)


@functools.lru_cache(maxsize=1)
def _rules_in_force(generation: int) -> bytes:
    walk = _Walk(strict=False)
    for table in (rules.KIND_RULES, rules.NATIVE_RULES):
        for (kind, value_type), factory in sorted(table.items(), key=_by_names):
            walk.every((kind.__qualname__, value_type, factory))
    for name, primitive in sorted(PRIMITIVES.items()):
        walk.word(name, type(primitive).__qualname__)
        walk.every((primitive.implementation, *(m.function for m in primitive.methods)))
        if isinstance(primitive, Elementwise):
            walk.every((*primitive.partials, primitive.operator, primitive.singular))
        walk.visit(getattr(primitive, "derivative", None))
    return walk.digest.digest()


def _by_names(entry: Any) -> tuple[str, str, str]:
    (kind, value_type), _ = entry
    return kind.__qualname__, value_type.__module__, value_type.__qualname__

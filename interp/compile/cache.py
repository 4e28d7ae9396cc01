"""Native code kept on disk between processes: `interp.compile(f, cache=True)`.

One file a version, named by the digest of everything that the code was made from (`fingerprint`), so that nothing is
ever out of date: what changed has another name. Numba serialises the code; the file begins with a digest of its
content, and a file that does not fit is a miss. Files that were not used for longest go when the folder grows beyond
`LIMIT` bytes.
"""

import contextlib
import hashlib
import io
import itertools
import os
import pickle
import secrets
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from numba.core.bytecode import FunctionIdentity
from numba.core.caching import CompileResultCacheImpl, NullCache
from numba.core.serialize import dumps
from numba.core.types import Type
from numba.misc.appdirs import AppDirs

from interp import rules
from interp.compile.fingerprint import Unknown, fingerprint, rules_in_force, versions
from interp.compile.linking import called_by_address

LIMIT = 1 << 30
"""Bytes that the folder may take."""

FunctionIdentity._unique_ids = itertools.count(secrets.randbits(60))
"""Numba tells functions of one name apart in machine code by numbers that start at 1 in every process. Code of several
processes is loaded side by side here, so each process numbers from a place of its own."""


def folder() -> Path:
    """Where the files are: the environment's INTERP_CACHE_DIR, else the user's own cache folder."""
    return Path(os.environ.get("INTERP_CACHE_DIR") or AppDirs("interp", False).user_cache_dir)


class OnDisk(NullCache):
    """The disk side of one version: Numba's dispatcher asks it before it compiles, and hands it what it compiled.

    ``result()`` gives the type that the version returns; it is kept with the code. ``hit`` tells where the code came
    from, ``returned`` what type was kept.
    """

    def __init__(self, key: bytes, classes: Sequence[type], result: Callable[[], Type | None]) -> None:
        self.path = folder() / f"{key.hex()}.native"
        self.classes = list(classes)
        self.result = result
        self.hit = False
        self.returned: Type | None = None

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            content = self.path.read_bytes()
        except OSError:
            return None
        digest, data = content[:32], content[32:]
        if hashlib.sha256(data).digest() != digest:
            return None
        target_context.refresh()
        try:
            reduced, returned = pickle.loads(data)
            self.returned = _Reading(io.BytesIO(returned), self.classes).load()
            compiled = CompileResultCacheImpl.rebuild(None, target_context, reduced)
        except Exception as error:  # a class that is no longer there, say
            warnings.warn(f"{self.path} cannot be read ({error}): compiled anew", stacklevel=2)
            return None
        with contextlib.suppress(OSError):
            os.utime(self.path)
        self.hit = True
        return compiled

    def save_overload(self, sig: Any, compiled: Any) -> None:
        if compiled.library.has_dynamic_globals or any(not part.can_cache for part in compiled.lifted):
            _not_kept(compiled.fndesc.qualname, "it refers to memory of this process, such as a large global array")
            return
        if called_by_address(compiled.library._final_module):
            _not_kept(compiled.fndesc.qualname, "it reaches functions that call one another in a circle")
            return
        written = io.BytesIO()
        _Writing(written, self.classes).dump(self.result())
        data = dumps((compiled._reduce(), written.getvalue()))
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.path.parent, suffix=".part", delete=False) as file:
                file.write(hashlib.sha256(data).digest() + data)
            os.replace(file.name, self.path)
            _prune(self.path.parent)
        except OSError as error:
            _not_kept(compiled.fndesc.qualname, str(error))


class _Writing(pickle.Pickler):
    """Classes of the arguments by position: a class of ``__main__`` is another object in every process."""

    def __init__(self, file: Any, classes: list[type]) -> None:
        super().__init__(file)
        self.classes = classes

    def persistent_id(self, obj: Any) -> Any:
        return self.classes.index(obj) if isinstance(obj, type) and obj in self.classes else None


class _Reading(pickle.Unpickler):
    def __init__(self, file: Any, classes: list[type]) -> None:
        super().__init__(file)
        self.classes = classes

    def persistent_load(self, position: Any) -> type:
        return self.classes[position]


def on_disk(
    name: str, function: Any, arguments: Sequence[Type], options: dict[str, Any], result: Callable[[], Type | None]
) -> OnDisk | None:
    """The disk side of ``function`` for arguments of these native types; None, with a warning, where it has none."""
    chosen = sorted((k, v) for k, v in options.items() if k not in ("cache", "fallback"))
    try:
        made_of = fingerprint(function, tuple(arguments), tuple(chosen), rules.products)
    except Unknown as unknown:
        _not_kept(name, f"no digest stands for {unknown}")
        return None
    key = hashlib.sha256(versions() + rules_in_force() + made_of).digest()
    return OnDisk(key, list(dict.fromkeys(_classes(arguments))), result)


def _classes(arguments: Sequence[Type]) -> list[type]:
    """Python classes that the types of arguments name."""
    found: list[type] = []
    for typ in arguments:
        found += [c for c in (getattr(typ, "cls", None), getattr(typ, "instance_class", None)) if c is not None]
        found += _classes(getattr(typ, "components", ()) or (typ.types if hasattr(typ, "types") else ()))
    return found


def _not_kept(name: str, why: str) -> None:
    warnings.warn(f"cache=True: the native code of {name} is not kept on disk: {why}", stacklevel=2)


def _prune(directory: Path) -> None:
    """Remove the files that were not used for longest, while all of them take more than `LIMIT`."""
    entries = [(e.stat().st_mtime, e.stat().st_size, e.path) for e in os.scandir(directory)]
    excess = sum(size for _, size, _ in entries) - LIMIT
    for _, size, path in sorted(entries):
        if excess <= 0:
            return
        with contextlib.suppress(OSError):
            os.unlink(path)
        excess -= size

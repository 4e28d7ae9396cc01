"""Native code from disk: seconds until a function of thirty lines has run in a fresh process, its code kept by another.

The first function of a process pays for Numba's start as well, on both sides; imports are not timed.
"""

import tempfile
from collections.abc import Iterator

from benchmarks.compile_time import others, pendulum
from benchmarks.measure import FirstCall, FreshProcesses, Line, fresh_process

__all__ = ["measurements", "others", "pendulum"]

_FOLDERS = "import os\nos.environ['INTERP_CACHE_DIR'] = os.environ['NUMBA_CACHE_DIR'] = {folder!r}\n"
_IMPORTS = "import numba\nfrom benchmarks.cache import pendulum, others\n"
_OURS = _IMPORTS + "import interp, interp.compile.compiled\nfrom interpretations import Dual, grad\n"
_PLAIN = "numba.njit(error_model='numpy', cache=True)({f})(2.0, 1.5)"
_CALLS = {
    "floats": "interp.compile({f}, cache=True)(2.0, 1.5)",
    "Dual": "interp.compile({f}, cache=True)(Dual(2.0, 1.0), Dual(1.5, 0.5))",
    "gradient": "grad(interp.compile({f}, cache=True), (0, 1))(2.0, 1.5)",
}


def measurements() -> Iterator[Line]:
    """The lines of this benchmark."""
    with tempfile.TemporaryDirectory() as folder:
        ours, plain = (_FOLDERS.format(folder=folder) + imports for imports in (_OURS, _IMPORTS))
        for call in (*_CALLS.values(), _PLAIN):
            for f in ("pendulum", "others"):
                fresh_process(ours, call.format(f=f), "time.perf_counter")
        for what, call in _CALLS.items():
            yield FreshProcesses(
                f"from disk, the first function, {what} / cached @njit on floats",
                (ours, call.format(f="pendulum")),
                (plain, _PLAIN.format(f="pendulum")),
                1.3,
            )
        for what, call in _CALLS.items():
            before, timed = ours + call.format(f="others"), call.format(f="pendulum")

            def seconds(before: str = before, timed: str = timed) -> float:
                return min(fresh_process(before, timed, "time.process_time") for _ in range(3))

            yield FirstCall(f"from disk, the next function, {what}", seconds, 15e-3)

"""What one scalar operation costs: forward, through NumPy's ufunc protocol, recorded, and looked up.

The reference of the first lines is a dual number class of ten lines without levels, nesting or
dispatch. The look-ups are measured with 5 and with 500 number types registered, each with rules of
its own for a whole kind and for one primitive. The import is of a process of its own.
"""

from collections.abc import Callable, Iterator
from operator import add, mul
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.measure import FirstCall, Line, fresh_process
from interp import Value, vocabulary
from interp.level import above, fresh
from interp.primitive import Elementwise, Primitive
from interpretations import Dual
from interpretations.sweep import pull_back
from interpretations.tape import Recording, lift

REPEAT = 1000


class Bare:
    """The ten-line dual number."""

    __slots__ = ("t", "v")

    def __init__(self, v: float, t: float) -> None:
        self.v, self.t = v, t

    def __mul__(self, other: "Bare") -> "Bare":
        return Bare(self.v * other.v, self.v * other.t + self.t * other.v)


def _multiply(x: Any, y: Any) -> Callable[[], None]:
    def run() -> None:
        for _ in range(REPEAT):
            x * y

    return run


def _operate(operator: Callable[[Any, Any], Any], x: Any, y: Any) -> Callable[[], None]:
    def run() -> None:
        for _ in range(REPEAT):
            operator(x, y)

    return run


def _tape() -> None:
    recording = Recording(fresh())
    p = lift(1.001, recording)
    q = p
    for _ in range(REPEAT):
        q = q * p
    pull_back(recording, [(q, 1.0)], [p])


def _register(count: int, *primitives: Primitive) -> list[Any]:
    """``count`` number types with a rule for elementwise primitives, and a method of each given primitive."""
    return [_registered(f"Registered{i}", primitives) for i in range(count)]


def _registered(name: str, primitives: tuple[Primitive, ...]) -> Any:
    def init(self: Any, value: Any) -> None:
        self.value, self.level = value, above(value)

    cls: Any = type(name, (Value,), {"__slots__": ("level", "value"), "components": ("value",), "__init__": init})

    def method(x: Any, y: Any) -> Any:
        return x

    method.__annotations__ = {"x": cls, "y": cls}
    for primitive in primitives:
        primitive.register(method)
    Elementwise.rule(cls)(lambda primitive, active: lambda *xs: cls(primitive(*(x.value for x in xs))))
    return cls


def _first_call(cls: Any) -> float:
    """Seconds of the first product and the first sine of a type nobody used yet."""
    x = cls(1.5)
    start = perf_counter()
    x * x
    np.sin(x)
    return perf_counter() - start


def _import() -> float:
    """Seconds, the best of five: the first may write bytecode."""
    theirs = "import numpy, plum, scipy.linalg, scipy.sparse, scipy.special"
    return min(fresh_process(theirs, "import interp, interpretations", "time.perf_counter") for _ in range(5))


def measurements() -> Iterator[Line]:
    """The lines of this benchmark."""
    x, y = Dual(1.1, 1.0), Dual(1.2, 0.5)
    bare = _multiply(Bare(1.1, 1.0), Bare(1.2, 0.5))
    yield Line("scalar Dual * Dual / bare dual class", _multiply(x, y), bare, 3.0)
    yield Line("np.float64 * Dual / float * Dual", _multiply(np.float64(1.1), x), _multiply(1.1, x), 5.0)
    yield Line("scalar Tape, record and pull back / bare dual class", _tape, bare, 6.0)

    yield FirstCall("import interp, interpretations, beyond NumPy, SciPy and plum", _import, 0.25)

    few = _register(5, vocabulary.add, vocabulary.multiply)
    yield FirstCall("first calls with 5 registered types", lambda: _first_call(few[0]), 0.3)
    many = _register(495, vocabulary.multiply)
    yield FirstCall("first calls with 500 registered types", lambda: _first_call(many[250]), 0.3)
    z = few[1](1.5)
    yield Line("a look-up among 500 registered types / among 5", _operate(mul, z, z), _operate(add, z, z), 1.1)

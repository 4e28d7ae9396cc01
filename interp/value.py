"""`Value`: base of every number type.

A value is a few *components* over one payload: a `Dual` is a value and its tangents, an `Interval`
two ends and a decoration. Of an array it is a structure of arrays, never an object array. A number
type declares `components`, says how a constant becomes one of its values, and registers rules for
kinds of primitives; operators, NumPy's protocols, methods, iteration, copy and pickle come from here.

Operators and methods are attached by `interp.vocabulary`, each beside the primitive it calls.
"""

import copy
import math
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from interp import level as levels
from interp.errors import StripError

_STRIP = (
    "{call} would strip a {kind} of what it carries. Use NumPy's functions on the value (np.sin(x), np.maximum(x, y)), "
    "np.stack([x, y]) instead of np.array([x, y]), and np.zeros_like(x) to make an array that can store values; "
    "interp.primal(x) leaves the interpretation on purpose."
)


_IN_SCIPY = (
    "{call} would strip a {kind} of what it carries. Functions that grad, jvp, interpret and the like run are "
    "converted, and may call it; elsewhere use {ours}, or interp.interpretation.call(f, x)"
)

_SPARSE_PRODUCTS = ("_matmul_dispatch", "_rmatmul_dispatch")
"""SciPy's functions behind ``A @ x`` and ``x @ A`` of a sparse matrix."""


def _unreadable(x: Any) -> np.ndarray:
    """What NumPy makes of an object that it cannot read."""
    out = np.empty((), dtype=object)
    out[()] = x
    return out


def _scipy_function() -> str | None:
    """The function of SciPy's that was called, if one is on the stack: the outermost, by its public name."""
    frame: Any = sys._getframe(2)
    found = None
    while frame is not None:
        parts = str(frame.f_globals.get("__name__", "")).split(".")
        public = len(parts) > 1 and not parts[1].startswith("_")
        if parts[0] == "scipy" and public and not frame.f_code.co_name.startswith(("_", "<", "wrapper")):
            found = f"scipy.{parts[1]}.{frame.f_code.co_name}"
        frame = frame.f_back
    return found


def _counterpart(library: str) -> str:
    """Our function of that name, if there is one."""
    from interp import vocabulary

    name = library.rpartition(".")[2]
    where = next(
        (m for m in (vocabulary, vocabulary.linalg, vocabulary.special, vocabulary.fft) if hasattr(m, name)), None
    )
    return f"{where.__name__}.{name}" if where is not None else "functions of interp.vocabulary"


def shape_of(x: Any) -> tuple[int, ...]:
    """Shape of a payload; ``()`` for a number."""
    return getattr(x, "shape", ())


def operand(x: Any) -> Any:
    """``x`` as NumPy takes it: a list or tuple of numbers is an array."""
    return np.asarray(x) if isinstance(x, (list, tuple)) else x


def ndim_of(x: Any) -> int:
    """Number of axes of a payload; 0 for a number."""
    return len(getattr(x, "shape", ()))


class Value:
    """A number or array that carries more than its value.

    Subclasses define ``components`` (attribute names, the primal-like one first), ``level`` and
    `constant`; they may override `rebuild` when they carry more than components and level.
    """

    __slots__ = ()
    components: ClassVar[tuple[str, ...]] = ()
    correlated: ClassVar[bool] = False
    """True if all values of the type share one level, whatever number it has (Measurement)."""
    strong_zeros: ClassVar[bool] = False
    """True if a component that comes out NaN beside a number may be a zero times an infinity (Dual)."""
    series: ClassVar[tuple[str, ...]] = ()
    """Components whose leading axis holds coefficients that mix, not directions that go each by itself (Taylor)."""
    native: ClassVar[bool] = True
    """False if compiled code has no struct of the components: see ``through_compiled``."""
    through_compiled: ClassVar[Any] = None
    """``(compiled, args) -> result`` for values that are not native; None: such a call runs as plain Python."""
    level: int

    # -- what a number type says of itself

    def constant(self, payload: Any) -> Self:
        """``payload`` as a value of this type and level that depends on nothing."""
        raise NotImplementedError(f"{type(self).__name__} does not define constant(payload)")

    def rebuild(self, *components: Any) -> Self:
        """A value like this one, of the same level, with other components."""
        new: Self = object.__new__(type(self))
        for name, component in zip(self.components, components, strict=True):
            object.__setattr__(new, name, component)
        object.__setattr__(new, "level", self.level)
        return new

    def parts(self) -> Iterator[Any]:
        """Every number, array and value that this one is made of: its components, and what else it keeps."""
        return (getattr(self, name) for name in self.components)

    @property
    def payload(self) -> Any:
        """The component that stands for the number itself."""
        return getattr(self, self.components[0])

    def primal_payload(self) -> Any:
        """The payload that branches follow; `interp.primal` strips through it."""
        return self.payload

    def rounded_constant(self, c: float) -> Any:
        """The real number whose nearest double is ``c``, as exactly as the innermost payload can say it."""
        payload = self.payload
        return payload.rounded_constant(c) if isinstance(payload, Value) else c

    joins: ClassVar[bool] = False
    """True of types that take both sides of a branch that they leave undecided. These also say:

    ``decision()``: the truth of a condition, None where it is undecided; ``primal_truth()``: which way the primal
    goes then, None where there is no primal; ``undecided(on)``: a condition like this one whose primal answer is
    ``on``; ``unknown(number)``: that number, and any other elsewhere; ``covers(other)``: this one says all that
    ``other`` says; ``widened(later)``: this one joined with what it has grown to, so that it
    grows no more; without a primal also ``undefined_somewhere()``: the value of a function
    that raises for some of its inputs.
    """

    recorded: ClassVar[bool] = False
    """True of types whose derivative is read backwards from a record (Tape): what a loop off the primal's path has
    recorded is complete only when it could have carried every number through every other."""

    @property
    def is_view(self) -> bool:
        """True if elements may be shared with another array."""
        return any(getattr(part, "base", None) is not None or getattr(part, "is_view", False) for part in self.parts())

    @property
    def is_storage(self) -> bool:
        """True of an array, which can be changed in place; a number can only be rebound."""
        return bool(self.shape) or is_array(self)

    def leave_native(self) -> Any:
        """What eager code has in place of this value, which native code returned."""
        return self

    # -- array attributes

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes; () of a number."""
        return shape_of(self.payload)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def dtype(self) -> Any:
        """NumPy's type of the innermost numbers."""
        payload = self.payload
        return payload.dtype if hasattr(payload, "dtype") else np.asarray(payload).dtype

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError(f"len() of a scalar {type(self).__name__}")
        return self.shape[0]

    def __iter__(self) -> Iterator[Self]:
        if not self.shape:
            raise TypeError(f"iteration over a scalar {type(self).__name__}")
        return (self[i] for i in range(self.shape[0]))

    # -- operators: attached by interp.protocols from the primitives, declared here for type checkers

    if TYPE_CHECKING:

        def __add__(self, other: Any) -> Any: ...
        def __neg__(self) -> Any: ...
        def __eq__(self, other: object) -> Any: ...
        def __ne__(self, other: object) -> Any: ...
        def __getitem__(self, index: Any) -> Any: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...
        def reshape(self, *shape: Any) -> Any: ...
        def astype(self, dtype: Any) -> Any: ...
        def copy(self, order: str = "C") -> Any: ...

        __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __add__
        __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __matmul__ = __rmatmul__ = __add__
        __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __add__
        __lt__ = __le__ = __gt__ = __ge__ = __add__
        __pos__ = __abs__ = __invert__ = __neg__

    # -- leaving the interpretation: refused, loudly

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(f"truth value of a {type(self).__name__} of shape {self.shape}: use .any() or .all()")
        return bool(self.primal_payload())

    def _strip(self, call: str) -> Any:
        library = _scipy_function()
        if library is not None:
            raise StripError(_IN_SCIPY.format(call=library, kind=type(self).__name__, ours=_counterpart(library)))
        raise StripError(_STRIP.format(call=call, kind=type(self).__name__))

    def __float__(self) -> float:
        return self._strip("float(x), or a function of the math module,")  # type: ignore[no-any-return]

    def __int__(self) -> int:
        return self._strip("int(x)")  # type: ignore[no-any-return]

    def __complex__(self) -> complex:
        return self._strip("complex(x)")  # type: ignore[no-any-return]

    def __index__(self) -> int:
        return self._strip("using x as an index")  # type: ignore[no-any-return]

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        caller = sys._getframe(1)
        module = str(caller.f_globals.get("__name__", ""))
        if caller.f_code.co_name in _SPARSE_PRODUCTS and module.startswith("scipy.sparse."):
            return _unreadable(self)  # SciPy's sparse matrices then leave the product to us
        return self._strip("np.asarray(x), np.array([x, ...]) or a function that calls it")

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: Any = None
    ) -> Any:
        return self._strip("x.__dlpack__, as in from_dlpack(x),")

    def __dlpack_device__(self) -> tuple[int, int]:
        """As of the array of numbers inside."""
        return getattr(innermost(self), "__dlpack_device__", np.zeros(0).__dlpack_device__)()

    def item(self, *args: Any) -> Any:
        return self._strip("x.item()")

    def tolist(self) -> Any:
        return self._strip("x.tolist()")

    __hash__ = None  # type: ignore[assignment]  # == is elementwise on values, so no hash agrees with it

    # -- copy and pickle: components and level are all there is

    def __copy__(self) -> Self:
        return self.rebuild(*(copy.copy(getattr(self, name)) for name in self.components))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.rebuild(*(copy.deepcopy(getattr(self, name), memo) for name in self.components))

    def __reduce__(self) -> Any:
        return _restore, (type(self), self.level, tuple(getattr(self, name) for name in self.components))

    def __format__(self, spec: str) -> str:
        """With a format such as ``.3f`` the number alone; without one, as `str`."""
        return format(primal(self), spec) if spec else str(self)

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.components)
        return f"{type(self).__name__}({inner})"


class Holder:
    """Stands for an array or value, ``held``, which may become another: a fresh array of `interp.control`."""

    __slots__ = ()

    @property
    def held(self) -> Any:
        """The array or value at the moment."""
        raise NotImplementedError

    @property
    def root(self) -> "Holder":
        """The array of which this one is a view, however many lie between; itself if it is none."""
        raise NotImplementedError

    @property
    def is_view(self) -> bool:
        """True if elements are shared with another array."""
        return self.root is not self

    def refers_to(self) -> "tuple[Holder, ...]":
        """The arrays that it refers to, each as often as it does."""
        raise NotImplementedError

    def __setitem__(self, index: Any, x: Any) -> None:
        raise NotImplementedError


def _restore(cls: type[Value], level: int, components: tuple[Any, ...]) -> Value:
    new = object.__new__(cls)
    for name, component in zip(cls.components, components, strict=True):
        object.__setattr__(new, name, component)
    # An activation's level means nothing in another process: there the value is as one made by hand.
    object.__setattr__(new, "level", level if level < levels.STRIDE else levels.above(*components))
    return new


def carries(*operands: Any) -> bool:
    """True if one of the operands is a value, or stands for one: what is plain goes to NumPy's own function."""
    return any(isinstance(x, Value | Holder) for x in operands)


def innermost(x: Any) -> Any:
    """The array of the first component of ``x``, however deep the stack: tells whether values share memory."""
    while isinstance(x, Value):
        x = x.payload
    return x


def carries_joining(x: Any) -> bool:
    """True of a value whose innermost interpretation joins branches, and of a list, tuple or dict of one."""
    if isinstance(x, Value):
        while isinstance(x, Value):
            if x.joins:
                return True
            x = x.payload
        return False
    parts: Iterable[Any] = x.values() if isinstance(x, dict) else x if isinstance(x, list | tuple) else ()
    return any(map(carries_joining, parts))


def encloses(x: Any) -> bool:
    """True if ``x`` is, or is a value around, an interval: what is made of it must hold for all its points."""
    while isinstance(x, Value):
        if x.level == levels.INTERVAL:
            return True
        x = x.payload
    return False


def is_array(x: Any) -> bool:
    """True of an array of NumPy's or a value around one: also of one without axes, as x[0, ...] views an element."""
    return isinstance(innermost(x), np.ndarray)


def from_table(x: Any) -> Any:
    """A column of a table (pandas, polars) as an array; anything else as it is."""
    return x.to_numpy() if hasattr(x, "to_numpy") else x


def is_complex(x: Any) -> bool:
    """True of complex numbers, arrays of them and values around them."""
    dtype = getattr(x, "dtype", None)
    return isinstance(x, complex) if dtype is None else bool(dtype.kind == "c")


def has_nan(x: Any) -> bool:
    """True if a number that ``x`` is made of is NaN; ``x`` may be None, for zero."""
    if isinstance(x, Value):
        return any(map(has_nan, x.parts()))
    if x is None or type(x) is float:
        return x is not None and x != x
    if getattr(x, "dtype", None) is None or x.dtype.kind not in "fc":
        return False
    if x.__class__ is np.ndarray and x.dtype.kind == "f" and x.size:
        least = np.minimum.reduce(x, axis=None)  # which any NaN is: one pass, and nothing made
        return bool(least != least)
    return bool((x != x).any())


def identical(x: Any, y: Any) -> bool:
    """True if two payloads of one type are made of equal numbers, NaN equal to NaN: what is carried included."""
    if isinstance(x, Value):
        return all(map(identical, x.parts(), y.parts()))
    return bool(np.array_equal(x, y, equal_nan=np.asarray(x).dtype.kind in "fc"))


def primal(x: Any) -> Any:
    """The plain number or array inside ``x``, however deep the stack.

    Of an interval, its midpoint. What is no value is returned as it is. Gradients do not flow
    through the result: this is the way to leave an interpretation on purpose.
    """
    while isinstance(x, Value):
        x = x.primal_payload()
    return x

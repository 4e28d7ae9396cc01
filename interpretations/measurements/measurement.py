"""`Measurement`: a number or array with its uncertainty, propagated to first order.

A result keeps its nominal value and the derivative with respect to every independent source it
depends on, so correlations are exact to first order: x - x is 0 ± 0. Standard deviations are formed
when asked for. All measurements of a program share their sources and therefore one level.

An array may be viewed and changed in place: its views share one store of coefficients, and each knows
which elements of the store it shows.
"""

from collections.abc import Iterator
from typing import Any, Self

import numpy as np

from interp import backends
from interp import level as levels
from interp.errors import InterpError, RefusedStack, ShapeError, UnsupportedInput
from interp.rows import SparseRows
from interp.value import Value, is_complex, primal, shape_of
from interp.vocabulary import copy, zeros
from interp.vocabulary.creation import held, owned
from interpretations.dual import real_payload
from interpretations.measurements import coefficients as co
from interpretations.measurements.components import BySource, derivatives
from interpretations.measurements.display import rounded
from interpretations.measurements.sources import Source

_COMPLEX = "a Measurement is real: propagate the real and the imaginary part as two Measurements"

_new = object.__new__


class Store:
    """The coefficients of an array and of all views of it."""

    __slots__ = ("blocks", "shape")

    def __init__(self, blocks: co.Blocks, shape: tuple[int, ...]) -> None:
        self.blocks, self.shape = blocks, shape


class View:
    """Which elements of a store an array shows: flat positions, in the array's shape."""

    __slots__ = ("_seen", "index")

    def __init__(self, index: np.ndarray) -> None:
        self.index = index
        self._seen: tuple[co.Blocks | None, co.Blocks] = (None, {})

    def of(self, store: Store) -> co.Blocks:
        """The coefficients shown, gathered again after each change of the store."""
        blocks = store.blocks
        seen, shown = self._seen
        if seen is not blocks:
            shown = co.gathered(blocks, store.shape, self.index)
            self._seen = blocks, shown
        return shown


class Measurement(Value):
    """A number or array with its standard uncertainty.

    Parameters
    ----------
    value: nominal value; number, array or value of another type, of shape s. Integers become floats;
        arrays are copied.
    std: standard deviation in the unit of ``value``, finite and not negative; broadcasts to s. Each
        element is independent of all others; for correlated ones see `correlated_measurements`.

    Comparisons follow the nominal value. Raises `InterpError` for other standard deviations,
    `ShapeError` where they do not broadcast, `UnsupportedInput` for complex numbers and `RefusedStack`
    around another Measurement: all of them stand at one level.

    >>> x = Measurement(2.0, 0.1)
    >>> print(x * x, x - x)
    4.0+/-0.4 0.0+/-0
    """

    __slots__ = ("level", "nominal_value", "store", "view")
    components = ("nominal_value",)
    correlated = True

    def __init__(self, value: Any, std: Any) -> None:
        value, std = (real(x) for x in (value, std))
        self.nominal_value = owned(value)
        self.level = shared_level(value, std)
        self.store = independent(self.nominal_value, _full_std(std, value))
        self.view: View | None = None

    @property
    def coefficients(self) -> co.Blocks:
        """Derivatives by source, in the forms of `interpretations.measurements.coefficients`."""
        view = self.view
        return self.store.blocks if view is None else view.of(self.store)

    @property
    def std_dev(self) -> Any:
        """Standard deviation, in the shape of the value; a value of the payload's type.

        A complex number, as on the way through a Fourier transform, has none (`UnsupportedInput`): its parts have.
        """
        refuse_complex(self)
        return held(co.deviation(self.coefficients, self.shape, self.nominal_value), self.nominal_value)

    @property
    def derivatives(self) -> BySource:
        """Source -> derivative, shape self.shape + source.shape; ``derivatives[x]`` finds the source of x."""
        return derivatives(self.coefficients, self.shape)

    @property
    def source(self) -> Source:
        """The source this measurement was made with. Raises `InterpError` for a result of calculations."""
        blocks = self.coefficients
        if len(blocks) == 1:
            ((source, c),) = blocks.items()
            aligned = not isinstance(c, SparseRows) and source.shape == self.shape
            if aligned and _equal(c, _one(self.nominal_value)):
                return source
        raise InterpError("this Measurement was calculated: its sources are the keys of .derivatives")

    def parts(self) -> Iterator[Any]:
        yield self.nominal_value
        for c in self.coefficients.values():
            yield c.data if isinstance(c, SparseRows) else c

    def constant(self, payload: Any) -> Self:
        return make(payload, {}, self.level)  # type: ignore[return-value]

    def rebuild(self, *components: Any) -> Self:
        (payload,) = components
        return make(payload, self.coefficients, self.level)  # type: ignore[return-value]

    # Coefficients are never changed in place: a copy shares them, in a store of its own.

    def __copy__(self) -> Self:
        return copy(self)  # type: ignore[no-any-return]

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return copy(self)  # type: ignore[no-any-return]

    def __reduce__(self) -> Any:
        # An activation's level means nothing in another process.
        blocks = self.coefficients
        return make, (self.nominal_value, blocks, shared_level(self.nominal_value, *(s.std for s in blocks)))

    def __str__(self) -> str:
        if is_complex(self.nominal_value):
            return f"({np.real(self)}) + 1j * ({np.imag(self)})"
        both = (backends.to_host(primal(x)) for x in (self.nominal_value, self.std_dev))
        nominal, std = (np.asarray(x, dtype=float) for x in both)
        if not self.shape:
            return rounded(float(nominal), float(std))
        shown = {"int_kind": lambda i: rounded(float(nominal.flat[i]), float(std.flat[i]))}
        return np.array2string(np.arange(self.size).reshape(self.shape), formatter=shown)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        if isinstance(self.nominal_value, Value):
            return f"Measurement({self.nominal_value!r}, std_dev={self.std_dev!r})"
        return f"Measurement({self})"


def make(nominal: Any, blocks: co.Blocks, level: int) -> Measurement:
    """A Measurement of these coefficients: what rules return."""
    if isinstance(nominal, Value) and holds_measurement(nominal):
        raise nested(nominal)
    m = _new(Measurement)
    m.nominal_value = nominal
    m.level = level
    m.store = Store(blocks, shape_of(nominal))
    m.view = None
    return m


def refuse_complex(m: Any) -> None:
    """A complex number has two parts that vary together: no standard deviation. Raises `UnsupportedInput`."""
    if is_complex(m.nominal_value):
        raise UnsupportedInput("a complex number has no standard deviation: take it of x.real, x.imag or abs(x)")


def independent(nominal: Any, std: Any) -> Store:
    """Coefficients of a nominal value that is a source of its own, of standard deviation ``std``.

    Both are of the payload's type, so that every product and sum of them is: an interval's are rounded outward.
    """
    return Store({Source(held(std, nominal)): _one(nominal)}, shape_of(nominal))


def _one(nominal: Any) -> Any:
    """The derivative of a source with respect to itself."""
    shape = shape_of(nominal)
    return held(zeros(shape, like=primal(nominal)) + 1.0 if shape else 1.0, nominal)


def _equal(x: Any, y: Any) -> bool:
    """Whether two payloads are the same in all their components."""
    if isinstance(x, Value) and type(x) is type(y):
        return all(_equal(getattr(x, name), getattr(y, name)) for name in x.components)
    return not isinstance(x, Value) and not isinstance(y, Value) and bool((x == y).all() if shape_of(x) else x == y)


def real(x: Any) -> Any:
    """``x`` as a real floating payload in which no Measurement stands."""
    x = np.asarray(x) if isinstance(x, list | tuple) else x
    if isinstance(x, Value) and holds_measurement(x):
        raise nested(x)
    x = real_payload(x)
    if isinstance(x, complex) or getattr(primal(x), "dtype", np.dtype(float)).kind == "c":
        raise UnsupportedInput(_COMPLEX)
    return x


def _full_std(std: Any, nominal: Any) -> Any:
    """Standard deviations in the shape of ``nominal``, checked, in storage of their own."""
    shape = shape_of(nominal)
    plain = primal(std)
    if not bool(np.all((plain >= 0) & (plain < np.inf))):
        raise InterpError(f"std={plain}: a standard deviation is a finite number and not negative")
    try:
        full = zeros(shape, like=primal(nominal)) + std
    except ValueError:
        full = std
    if shape_of(full) != shape:
        raise ShapeError(f"std of shape {shape_of(std)} for a value of shape {shape}")
    return full


def shared_level(*payloads: Any) -> int:
    """Just above the payload; of plain numbers and intervals the level that all measurements share."""
    inner = max(map(levels.of, payloads))
    return levels.MEASUREMENT if inner <= levels.INTERVAL else levels.above(*payloads)


def holds_measurement(x: Any) -> bool:
    """True of a Measurement and of a value around one."""
    if not isinstance(x, Value):
        return False
    return isinstance(x, Measurement) or any(holds_measurement(getattr(x, name)) for name in x.components)


def nested(x: Value) -> RefusedStack:
    """The error for a Measurement around ``x``, which holds Measurements."""
    return RefusedStack(
        f"a Measurement cannot go around a {type(x).__name__} that holds Measurements: all of them stand "
        "at one level, correlated by their sources. Make the Measurement the input of f, or put "
        "uncertainty() last in interpret(f, gradient(), uncertainty(std))"
    )

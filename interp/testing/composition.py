"""`check_composition`: what every number type must do, seen from outside, alone and stacked.

Nothing is known of the type but how to make one of its values and how to read it, so what is checked
holds for all types:

- the nominal result of a primitive is the primitive of the nominal operands;
- constants stay constants, and a plain operand is a constant;
- an array of values is the values of the array: each element of the result is what the same program
  gives on scalar values, in every component;
- a store is seen in the views that NumPy has, and nowhere else: not in results, not in what was lifted;
- two expressions of one function agree (x * y and exp(log x + log y)), in every component;
- stacked around another type, or inside it, each layer reads what it reads without the other; the
  derivative of each reading along a direction is what `Probe` inside computes;
- operands of different levels do not mix: what is at a lower level is a constant to the higher.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import scipy.sparse

import interp.vocabulary as v
from interp import level as levels
from interp.errors import InterpError, RefusedStack
from interp.interpretation import Interpretation
from interp.testing.cases import CASES, CREATIONS, IDENTITIES, KINDS, PREDICATES, Case
from interp.testing.probe import Probe, direction
from interp.value import Value, primal, shape_of

Lift = Callable[[Any], Value] | Interpretation


def check_composition(
    value_type: type[Value],
    lift: Lift | None = None,
    *,
    others: Iterable[Lift] = (),
    kinds: Iterable[str] = KINDS,
    identities: bool = True,
    rtol: float = 1e-9,
) -> None:
    """Check a number type at ranks 0 to 2, for each kind of primitive, alone, stacked and at two levels.

    Parameters
    ----------
    value_type: the type.
    lift: makes one of its values of a payload (a number, an array or a value of another type) that
        carries something in every component, as a function of the payload, smooth if the type's
        components are: ``lambda x: Jet(x, x * 0 + 1, x * 0)``; or a stage with ``lift`` and ``read`` such as
        ``uncertainty(std=0.1)``. Default: ``value_type.sample``. Of a function the components are
        read, each of the payload's shape behind any further axes; of a stage its readings, whose leading
        axes are the output's.
    others: more types to stack it with, in either order; `Probe` and the type itself always are.
        Cells that raise `RefusedStack` are passed over.
    kinds: the kinds of primitives that the type has rules for.
    identities: False for a type whose components depend on how a function is written (an error bound).
    rtol: relative to the largest number of a reading.

    Raises `AssertionError` that names the primitive, the shapes, the cell, the reading and both numbers.
    """
    check = _Check(value_type, lift or value_type.sample, rtol)  # type: ignore[attr-defined]
    chosen = set(kinds)
    if not chosen <= set(KINDS):
        raise InterpError(f"kinds are {', '.join(KINDS)}, not {chosen - set(KINDS)}")
    cases = [case for case in CASES if case.kind in chosen]
    for case in cases:
        check.alone(case)
        if "Assignment" in chosen:
            check.stores(case)
    if "Predicate" in chosen:
        check.predicates()
    if "Creation" in chosen:
        check.creations()
    if identities:
        for needed, name, left, right in IDENTITIES:
            if set(needed.split()) <= chosen:
                check.identity(name, left, right)
    same = [] if value_type.correlated else [check.stage]
    for other in [_Stage(Probe, lambda x: Probe(x, direction(shape_of(x)))), *map(_stage_of, others), *same]:
        for case in cases:
            check.stacked(case, check.stage, other)
            check.mixed(case, check.stage, other)
            if other is not check.stage:
                check.stacked(case, other, check.stage)
                check.mixed(case, other, check.stage)


# -- how a value is made and read


class _Stage:
    """One way to make and read values: a stage of `interpret`, or a function and the components it sets."""

    def __init__(self, value_type: type[Value] | None, lift: Lift) -> None:
        self.given = lift
        self.is_stage = isinstance(lift, Interpretation)
        self.name = value_type.__name__ if value_type is not None else type(lift).__name__

    def lift(self, payload: Any) -> Any:
        level = levels.fresh()
        if isinstance(self.given, Interpretation):
            return self.given.lift(payload, level)
        value = self.given(payload)
        if not value.correlated and value.level > levels.MEASUREMENT:
            object.__setattr__(value, "level", level)  # as if made by an activation, so that levels can be ordered
        return value

    def read(self, value: Any, lifted: Any) -> dict[str, Any]:
        if isinstance(self.given, Interpretation):
            return dict(self.given.read(value, lifted))
        if not (isinstance(value, Value) and value.level == lifted.level):
            value = lifted.constant(value)
        parts = {name: getattr(value, name) for name in value.components}
        return {"value": value.payload, **{name: part for name, part in parts.items() if _is_number(part)}}

    def element(self, reading: np.ndarray, index: tuple[int, ...]) -> Any:
        """The part of a reading that belongs to one element of the output."""
        where: Any = index if self.is_stage else (..., *index)
        return reading[where]


def _stage_of(lift: Lift) -> _Stage:
    return _Stage(None, lift)


def _is_number(x: Any) -> bool:
    return isinstance(x, Value) or np.asarray(x).dtype.kind in "biufc"


def _parts(reading: Any) -> tuple[Any, ...]:
    """A reading as a tuple: bounds are a pair."""
    return reading if isinstance(reading, tuple) else (reading,)


def _plain(reading: Any, out_shape: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    """Nominal numbers of a reading as dense arrays; of a matrix, one row an element of the output."""
    dense = []
    for part in _parts(reading):
        plain = primal(part)
        if hasattr(plain, "toarray"):
            plain = plain.toarray().reshape((*out_shape, -1))
        dense.append(np.asarray(plain))
    return tuple(dense)


# -- the checks


class _Check:
    def __init__(self, value_type: type[Value], lift: Lift, rtol: float) -> None:
        self.value_type = value_type
        self.stage = _Stage(value_type, lift)
        self.rtol = rtol

    def alone(self, case: Case) -> None:
        """Nominal results, constants, and arrays against their elements."""
        where = f"{self.stage.name}: {case}"
        payload = case.payload()
        plain = case.f(*case.operands(payload))
        x = self._made(where, self.stage, payload)
        operands = _run(where, case.operands, x)
        out = _run(where, case.f, *operands)
        readings = _run(where, self.stage.read, out, x)
        self._same(f"{where}: nominal result", _plain(readings["value"], shape_of(plain)), (np.asarray(plain),))
        self._constants(where, case, plain, x, operands)
        if isinstance(out, Value) and out.shape:
            by_element = case.by_element or case.f
            reference = _run(f"{where}, element by element", by_element, *map(_objects, operands))
            self._elements(where, readings, x, _object_array(reference), shape_of(plain))

    def _constants(self, where: str, case: Case, plain: Any, x: Any, operands: tuple[Any, ...]) -> None:
        payloads = case.operands(case.payload())
        constants = tuple(x.constant(p) for p in payloads)
        out = _run(where, case.f, *constants)
        expected = _run(where, self.stage.read, x.constant(plain), x)
        self._same_readings(f"{where} on constants", self.stage.read(out, x), expected, shape_of(plain))
        for i in range(len(operands)):
            if len(operands) == 1 or (case.kind == "Assignment" and i == 0):
                continue  # a plain array cannot hold a value
            mixed = (*operands[:i], payloads[i], *operands[i + 1 :])
            as_constant = (*operands[:i], constants[i], *operands[i + 1 :])
            found, expected = (self.stage.read(_run(where, case.f, *parts), x) for parts in (mixed, as_constant))
            self._same_readings(f"{where}, operand {i} plain", found, expected, shape_of(plain))

    def _elements(
        self, where: str, readings: Mapping[str, Any], x: Any, reference: np.ndarray, shape: tuple[int, ...]
    ) -> None:
        if reference.shape != shape:
            raise AssertionError(f"{where}: shape {shape} where {reference.shape} is expected")
        whole = {name: _plain(reading, shape) for name, reading in readings.items()}
        for index in np.ndindex(shape):
            single = self.stage.read(reference[index], x)
            for name, parts in whole.items():
                found = tuple(np.asarray(self.stage.element(part, index)) for part in parts)
                self._same(f"{where}, element {index} against scalars: {name}", found, _plain(single[name], ()))

    def stores(self, case: Case) -> None:
        """A later store into the operands is seen in a result that is a view in NumPy, and in no other."""
        where = f"{self.stage.name}: {case}, then a store into the operands"
        payload = case.payload()
        if not shape_of(payload):
            return
        lifted_from = np.copy(payload)
        x = self._made(where, self.stage, lifted_from)
        operands = [_run(where, v.copy, part) for part in _run(where, case.operands, x)]
        out = _run(where, case.f, *operands)
        plain = [np.copy(part) for part in case.operands(payload)]
        is_view = np.may_share_memory(case.f(*plain), plain[0])
        shape = shape_of(case.f(*plain))

        def reading(value: Any) -> dict[str, list[np.ndarray]]:
            found = _run(where, self.stage.read, value, x)
            return {name: [part.copy() for part in _plain(found[name], shape)] for name in found}

        expected = reading(out)
        for part in operands:
            if shape_of(part):
                _run(where, part.__setitem__, ..., 0.5)
        if is_view:
            expected = reading(_run(where, case.f, *operands))
        for name, found in reading(out).items():
            self._same(f"{where}: {name}", found, expected[name])
        if self.stage.is_stage:
            _run(where, x.__setitem__, ..., 0.5)
            self._same(f"{where}: the array that was lifted", (lifted_from,), (np.asarray(payload),))

    def predicates(self) -> None:
        """Comparisons answer for the nominal numbers."""
        for name in PREDICATES:
            for shape in ((), (3,), (2, 3)):
                case = Case("Predicate", name, getattr(v, name), (shape, shape) if name != "isnan" else (shape,))
                where = f"{self.stage.name}: {case}"
                operands = case.operands(self._made(where, self.stage, case.payload()))
                expected = case.f(*case.operands(case.payload()))
                found = primal(_run(where, case.f, *operands))
                self._same(where, (np.asarray(found),), (np.asarray(expected),))

    def creations(self) -> None:
        """What is created like a value is constant, of its shape, and can hold its elements."""
        for name in CREATIONS:
            for shape in ((), (3,), (2, 3)):
                case = Case("Creation", name, getattr(v, name), (shape,))
                where = f"{self.stage.name}: {case}"
                x = self._made(where, self.stage, case.payload())
                out = _run(where, case.f, x)
                expected = self.stage.read(x.constant(case.f(case.payload())), x)
                self._same_readings(where, self.stage.read(out, x), expected, shape)
                if shape:
                    _run(f"{where}, then a store", lambda out, x: out.__setitem__(0, x[0]), out, x)
                    found, expected = self.stage.read(out[0], x), self.stage.read(x[0], x)
                    self._same_readings(f"{where}, then a store", found, expected, shape[1:])

    def identity(self, name: str, left: Callable[..., Any], right: Callable[..., Any]) -> None:
        """Two expressions of one function give the same in every component."""
        for shape in ((), (3,)):
            case = Case("", name, left, (shape, shape))
            if not shape and "dot" in name:
                continue
            where = f"{self.stage.name}: {name} at shape {shape}"
            x = self._made(where, self.stage, case.payload())
            operands = case.operands(x)
            sides = [_run(where, side, *operands) for side in (left, right)]
            found, expected = (self.stage.read(side, x) for side in sides)
            self._same_readings(where, found, expected, shape_of(sides[0]))

    def stacked(self, case: Case, outer: _Stage, inner: _Stage) -> None:
        """``outer`` around ``inner`` reads what each reads alone."""
        where = f"{outer.name}⟨{inner.name}⟩: {case}"
        payload = case.payload()
        try:
            lifted_inner = inner.lift(payload)
            lifted_outer = outer.lift(lifted_inner)
        except RefusedStack:
            return
        if lifted_outer is lifted_inner or (lifted_outer.correlated and type(lifted_outer) is type(lifted_inner)):
            return
        out = _run(where, lambda: case.f(*case.operands(lifted_outer)))
        found = _run(where, outer.read, out, lifted_outer)

        def alone(stage: _Stage, payload: Any) -> dict[str, Any]:
            lifted = stage.lift(payload)
            return stage.read(_run(where, case.f, *case.operands(lifted)), lifted)

        shape = shape_of(case.f(*case.operands(payload)))
        inside = inner.read(found["value"], lifted_inner)
        self._same_readings(f"{where}, read by {inner.name} alone", inside, alone(inner, payload), shape)
        self._nominal(f"{where}, read by {outer.name} alone", found, inner, lifted_inner, alone(outer, payload), shape)
        if inner.given is not outer.given and isinstance(lifted_inner, Probe):
            tangent = lifted_inner.tangent

            def reading(step: float, name: str) -> tuple[np.ndarray, ...]:
                return _plain(alone(outer, payload + step * tangent)[name], shape)

            for name in [name for name in found if name != "value"]:
                self._slopes(f"{where}: derivative of {name}", name, found[name], lifted_inner, reading)

    def _slopes(self, where: str, name: str, found: Any, probe: Any, reading: Callable[..., Any]) -> None:
        """The Probe inside a reading against differences of that reading."""
        parts = [part for part in _parts(found)]
        if any(np.asarray(primal(p)).dtype.kind != "f" for p in parts if not scipy.sparse.issparse(p)):
            return
        if any(scipy.sparse.issparse(p) for p in parts):
            return
        h = 1e-3
        ends = [reading(step, name) for step in (h, -h, h / 2, -h / 2)]
        for part, ahead, behind, near, close in zip(parts, *ends, strict=True):
            slope = (4.0 * (near - close) / h - (ahead - behind) / (2.0 * h)) / 3.0
            at_level = isinstance(part, Value) and part.level == probe.level
            tangent = primal(part.tangent) if at_level else np.zeros(shape_of(part))
            self._same(where, (np.asarray(tangent),), (slope,), rtol=1e-6)

    def _nominal(
        self, where: str, found: dict[str, Any], inner: _Stage, lifted: Any, expected: dict[str, Any], shape: Any
    ) -> None:
        for name, reading in found.items():
            parts = tuple(p if scipy.sparse.issparse(p) else inner.read(p, lifted)["value"] for p in _parts(reading))
            self._same(f"{where}: {name}", _plain(parts, shape), _plain(expected[name], shape))

    def mixed(self, case: Case, first: _Stage, second: _Stage) -> None:
        """The first operand at one level, the second at another: each is a constant to the other."""
        if len(case.shapes) != 2 or case.kind == "Assignment":
            return
        where = f"{case} of a {first.name} and a {second.name} at different levels"
        payloads = case.operands(case.payload())
        made = [stage.lift(p) for stage, p in zip((first, second), payloads, strict=True)]
        if made[0].level == made[1].level or (made[0].correlated and type(made[0]) is type(made[1])):
            return
        low, high = sorted((0, 1), key=lambda i: made[i].level)
        stages = (first, second)
        try:
            out = case.f(*made)
        except RefusedStack:
            return
        except Exception as error:
            raise AssertionError(f"{where}: {type(error).__name__}: {error}") from error
        shape = shape_of(case.f(*payloads))

        def only(i: int) -> dict[str, Any]:
            operands = [made[j] if j == i else payloads[j] for j in (0, 1)]
            return stages[i].read(_run(where, case.f, *operands), made[i])

        found = _run(where, stages[high].read, out, made[high])
        inside = stages[low].read(found["value"], made[low])
        self._same_readings(f"{where}, read by {stages[low].name}", inside, only(low), shape)
        self._nominal(f"{where}, read by {stages[high].name}", found, stages[low], made[low], only(high), shape)

    # -- comparing

    def _made(self, where: str, stage: _Stage, payload: Any) -> Any:
        value = _run(f"{where}: lift", stage.lift, payload)
        if not isinstance(value, self.value_type):
            raise AssertionError(f"lift made a {type(value).__name__}, not a {self.value_type.__name__}")
        return value

    def _same_readings(self, where: str, found: Mapping[str, Any], expected: Mapping[str, Any], shape: Any) -> None:
        for name in expected:
            self._same(f"{where}: {name}", _plain(found[name], shape), _plain(expected[name], shape))

    def _same(self, where: str, found: Any, expected: Any, rtol: float | None = None) -> None:
        rtol = self.rtol if rtol is None else rtol
        for x, y in zip(found, expected, strict=True):
            if x.shape != y.shape:
                raise AssertionError(f"{where}: shape {x.shape} where {y.shape} is expected")
            if y.dtype.kind == "b" or x.dtype.kind == "b":
                wrong = x != y
            else:
                scale = max(1.0, float(np.max(np.abs(y), initial=0.0, where=np.isfinite(y))))
                with np.errstate(invalid="ignore"):
                    wrong = ~((np.abs(x - y) <= rtol * scale) | (x == y) | (np.isnan(x) & np.isnan(y)))
            if wrong.any():
                at = tuple(int(i) for i in np.argwhere(wrong)[0])
                raise AssertionError(f"{where} is {x[at]!r} where {y[at]!r} is expected, at {at}")


def _run(where: str, f: Callable[..., Any], *args: Any) -> Any:
    """Call; an exception of the type under test becomes a failure that says where."""
    try:
        return f(*args)
    except AssertionError:
        raise
    except Exception as error:
        raise AssertionError(f"{where}: {type(error).__name__}: {error}") from error


def _object_array(reference: Any) -> np.ndarray:
    if isinstance(reference, np.ndarray):
        return reference
    out = np.empty(1, object)
    out[0] = reference
    return out.reshape(())


def _objects(x: Any) -> Any:
    """An array of values as an object array of scalar values."""
    if not shape_of(x):
        return _object_array(x)
    out = np.empty(shape_of(x), object)
    for index in np.ndindex(out.shape):
        out[index] = x[index]
    return out

"""The calls that `check_composition` makes: every kind of primitive at ranks 0, 1 and 2, as data.

Operands are taken from one input array, so that a type that lifts one input (a stage of `interpret`)
can be checked with two operands. All entries lie in (0.25, 0.85) and no two are equal: inside every
domain, away from kinks and ties.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import interp.vocabulary as v

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """One primitive, called on operands of the given shapes."""

    kind: str
    name: str
    f: Callable[..., Any]
    shapes: tuple[Shape, ...]
    by_element: Callable[..., Any] | None = None
    """The same on object arrays of scalar values; None where ``f`` itself runs on them."""

    def payload(self) -> Any:
        """The input that holds all operands: one operand as it is, several end to end."""
        n = sum(int(np.prod(shape, dtype=int)) for shape in self.shapes)
        flat = 0.25 + 0.6 * (np.random.default_rng(n).permutation(n) + 0.41) / n
        return flat.reshape(self.shapes[0])[()] if len(self.shapes) == 1 else flat

    def operands(self, x: Any) -> tuple[Any, ...]:
        """The operands inside the input ``x``: plain, or a value."""
        if len(self.shapes) == 1:
            return (x,)
        parts, start = [], 0
        for shape in self.shapes:
            stop = start + int(np.prod(shape, dtype=int))
            parts.append(x[start:stop].reshape(shape) if shape else x[start])
            start = stop
        return tuple(parts)

    def __str__(self) -> str:
        return f"{self.kind} primitive {self.name} on {' and '.join(str(shape) for shape in self.shapes)}"


def elementwise(f: Callable[..., Any]) -> Callable[..., Any]:
    """``f`` applied to each element of object arrays, broadcast together."""

    def loop(*arrays: Any) -> Any:
        broadcast = np.broadcast_arrays(*arrays)
        out = np.empty(broadcast[0].shape, object)
        for index in np.ndindex(out.shape):
            out[index] = f(*(x[index] for x in broadcast))
        return out

    return loop


UNARY = ("negative", "absolute", "exp", "log", "sqrt", "square", "sin", "cos", "tanh", "arctan", "reciprocal")
BINARY = ("add", "subtract", "multiply", "divide", "power", "maximum", "minimum")
ONE: Sequence[tuple[Shape, ...]] = (((),), ((3,),), ((2, 3),))
TWO: Sequence[tuple[Shape, ...]] = (((), ()), ((3,), (3,)), ((2, 3), (3,)), ((), (2, 2)), ((2, 1), (1, 3)))
VECTOR: Sequence[tuple[Shape, ...]] = (((3,),),)
MATRIX: Sequence[tuple[Shape, ...]] = (((2, 3),),)


def _store(index: Any) -> Callable[..., Any]:
    def store(x: Any, y: Any) -> Any:
        out = v.copy(x)
        out[index] = y
        return out

    return store


def _store_through_view(x: Any) -> Any:
    out = v.copy(x)
    view = out[::-1]
    view[0] = x[0] * x[1]
    return out


def _solve_by_cramer(a: Any, b: Any) -> Any:
    d = a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]
    out = np.empty(2, object)
    out[0], out[1] = (b[0] * a[1, 1] - b[1] * a[0, 1]) / d, (b[1] * a[0, 0] - b[0] * a[1, 0]) / d
    return out


def _det_by_minors(a: Any) -> Any:
    return a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]


def _inv_by_minors(a: Any) -> Any:
    d = _det_by_minors(a)
    out = np.empty((2, 2), object)
    out[0, 0], out[0, 1], out[1, 0], out[1, 1] = a[1, 1] / d, -a[0, 1] / d, -a[1, 0] / d, a[0, 0] / d
    return out


def _extremum(pairwise: Callable[..., Any], axis: int) -> Callable[..., Any]:
    """The extremum along an axis of an object array, without asking for the truth of a comparison."""
    return lambda x: functools.reduce(elementwise(pairwise), np.moveaxis(x, axis, 0)[:, ...])


def _einsum(subscripts: str) -> Callable[..., Any]:
    return lambda *operands: v.einsum(subscripts, *operands)


MASK = np.array([[True, False, True], [False, True, True]])

_TABLE: list[tuple[str, str, Callable[..., Any], Sequence[tuple[Shape, ...]], Callable[..., Any] | None]] = [
    # kind, name, call, shapes, the same by elements
    ("Structural", "getitem", lambda x: x[1], [*VECTOR, *MATRIX], None),
    ("Structural", "getitem", lambda x: x[..., ::-1], [*VECTOR, *MATRIX], None),
    ("Structural", "getitem", lambda x: x[[1, 0, 1]], [*VECTOR, *MATRIX], None),
    ("Structural", "getitem", lambda x: x[MASK], MATRIX, None),
    ("Structural", "reshape", lambda x: v.reshape(x, (-1, 1)), ONE[1:], None),
    ("Structural", "permute_dims", lambda x: v.transpose(x), ONE[1:], None),
    ("Structural", "concat", lambda x, y: v.concatenate([x, y], axis=-1), [((3,), (2,)), ((2, 3), (2, 2))], None),
    ("Structural", "concat", lambda x, y: v.stack([x, y]), [((), ()), ((3,), (3,))], None),
    ("Structural", "broadcast_to", lambda x: v.broadcast_to(x, (2, 3)), [((3,),), ((2, 1),)], None),
    ("Structural", "flip", lambda x: v.flip(x), ONE[1:], None),
    ("Structural", "where", lambda x, y: v.where(MASK, x, y), [((2, 3), (3,)), ((), (2, 3))], None),
    ("Structural", "copy", v.copy, ONE[1:], None),
    *(("Elementwise", name, getattr(v, name), ONE, elementwise(getattr(v, name))) for name in UNARY),
    *(("Elementwise", name, getattr(v, name), TWO, elementwise(getattr(v, name))) for name in BINARY),
    ("Elementwise", "add a constant", lambda x: x + 2.5, ONE, None),
    ("Elementwise", "multiply by a constant", lambda x: x * 2.5, ONE, None),
    ("Elementwise", "power with a constant exponent", lambda x: x**3, ONE, elementwise(lambda x: x**3)),
    ("Elementwise", "divide a constant", lambda x: 2.5 / x, ONE, None),
    ("Reduction", "sum", lambda x: v.sum(x), ONE[1:], None),
    ("Reduction", "sum over an axis", lambda x: v.sum(x, axis=0), ONE[1:], None),
    ("Reduction", "sum, axis kept", lambda x: v.sum(x, axis=-1, keepdims=True), ONE[1:], None),
    ("Reduction", "mean", lambda x: v.mean(x, axis=0), ONE[1:], lambda x: np.sum(x, axis=0) / len(x)),
    ("Reduction", "prod", lambda x: v.prod(x, axis=-1), ONE[1:], None),
    ("Reduction", "max", lambda x: v.max(x, axis=-1), ONE[1:], _extremum(v.maximum, -1)),
    ("Reduction", "min", lambda x: v.min(x), ONE[1:], lambda x: _extremum(v.minimum, -1)(x.reshape(-1))),
    ("Reduction", "cumulative_sum", lambda x: v.cumsum(x, axis=0), ONE[1:], None),
    ("Contraction", "einsum (dot)", v.dot, [((3,), (3,)), ((2, 3), (3,)), ((2, 3), (3, 2))], None),
    ("Contraction", "einsum (matmul)", v.matmul, [((3,), (3,)), ((2, 3), (3, 2))], None),
    ("Contraction", "einsum (with itself)", lambda x: v.dot(x, x), VECTOR, None),
    ("Contraction", "einsum (outer)", v.outer, [((2,), (3,))], None),
    ("Contraction", "einsum", _einsum("ij,ij->j"), [((2, 3), (2, 3))], lambda x, y: np.sum(x * y, axis=0)),
    ("Solve", "solve", v.linalg.solve, [((2, 2), (2,))], _solve_by_cramer),
    ("Solve", "inv", v.linalg.inv, [((2, 2),)], _inv_by_minors),
    ("Solve", "det", v.linalg.det, [((2, 2),)], _det_by_minors),
    ("Assignment", "setitem (element)", _store(1), [((3,), ())], lambda x, y: _store(1)(x, y.item())),
    ("Assignment", "setitem (row)", _store(1), [((2, 3), (3,))], None),
    ("Assignment", "setitem (slice)", _store((..., slice(0, 2))), [((3,), ()), ((2, 3), (2,))], None),
    ("Assignment", "setitem (array)", _store([1, 0]), [((3,), (2,)), ((2, 3), (3,))], None),
    ("Assignment", "setitem (through a view)", _store_through_view, ONE[1:2], None),
]

CASES = [Case(kind, name, f, shapes, by_element) for kind, name, f, every, by_element in _TABLE for shapes in every]

PREDICATES = ("less", "greater_equal", "equal", "isnan")
CREATIONS = ("zeros_like", "ones_like")
KINDS = ("Structural", "Elementwise", "Reduction", "Contraction", "Solve", "Assignment", "Predicate", "Creation")

IDENTITIES: list[tuple[str, str, Callable[..., Any], Callable[..., Any]]] = [
    # kinds used, name, two expressions that are the same function with the same dependence on x and y
    ("Elementwise", "x - y = x + (-y)", lambda x, y: x - y, lambda x, y: x + (-y)),
    ("Elementwise", "x * y = exp(log x + log y)", lambda x, y: x * y, lambda x, y: v.exp(v.log(x) + v.log(y))),
    ("Elementwise", "x / y = x * (1 / y)", lambda x, y: x / y, lambda x, y: x * v.reciprocal(y)),
    ("Elementwise", "x ** y = exp(y log x)", lambda x, y: x**y, lambda x, y: v.exp(y * v.log(x))),
    ("Elementwise", "sqrt(x) = x ** 0.5", lambda x, y: v.sqrt(x) * y, lambda x, y: x**0.5 * y),
    ("Elementwise", "square(x) = x * x", lambda x, y: v.square(x) + y, lambda x, y: x * x + y),
    (
        "Elementwise",
        "sin(x + y) = sin x cos y + cos x sin y",
        lambda x, y: v.sin(x + y),
        lambda x, y: v.sin(x) * v.cos(y) + v.cos(x) * v.sin(y),
    ),
    ("Elementwise", "sign(x) y = y where x > 0", lambda x, y: v.sign(x) * y, lambda x, y: y),
    ("Elementwise", "tanh = sinh / cosh", lambda x, y: v.tanh(x) * y, lambda x, y: v.sinh(x) / v.cosh(x) * y),
    ("Elementwise", "logaddexp", v.logaddexp, lambda x, y: v.log(v.exp(x) + v.exp(y))),
    ("Elementwise", "exp(x + y) = exp x exp y", lambda x, y: v.exp(x + y), lambda x, y: v.exp(x) * v.exp(y)),
    ("Elementwise Reduction Contraction", "dot = sum of products", v.dot, lambda x, y: v.sum(x * y)),
    (
        "Elementwise Reduction",
        "prod = exp(sum(log))",
        lambda x, y: v.prod(x) * v.prod(y),
        lambda x, y: v.exp(v.sum(v.log(x)) + v.sum(v.log(y))),
    ),
]

"""Scenarios as data: every differentiable primitive of the vocabulary with inputs at which it is smooth.

A scenario is a function of arrays. The tests run the same list against forward and reverse mode,
finite differences, complex steps, several directions at once, other backends and other layouts.
Shapes are small and repeat on purpose: with as many directions as some dimension, an axis mistaken
for the axis of directions shows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse

import interp.vocabulary as v
from interp.primitive import PRIMITIVES, Elementwise, Fixed


@dataclass(frozen=True)
class Scenario:
    """``f(*inputs)`` and what may be asked of it."""

    name: str
    f: Callable[..., Any]
    inputs: tuple[Any, ...]
    analytic: bool = True
    """True if NumPy computes it on complex numbers too, so that a complex step gives its derivative."""
    second: bool = True
    """False where a second derivative is infinite or there is none to compare with."""

    @property
    def primitive(self) -> str:
        return self.name.partition("/")[0]

    def __repr__(self) -> str:
        return self.name


def _inside(lo: float, hi: float, *shape: int, seed: int = 0) -> np.ndarray:
    """Distinct values in (lo, hi), none at an end, no two equal."""
    n = int(np.prod(shape, dtype=int))
    steps = (np.random.default_rng(seed).permutation(n) + 0.37) / n
    return (lo + (hi - lo) * steps).reshape(shape)


ANALYTIC = frozenset(
    [
        "add",
        "arccos",
        "arccosh",
        "arcsin",
        "arcsinh",
        "arctan",
        "arctanh",
        "cos",
        "cosh",
        "divide",
        "erf",
        "erfc",
        "exp",
        "exp2",
        "expm1",
        "log",
        "log10",
        "log1p",
        "log2",
        "multiply",
        "negative",
        "positive",
        "power",
        "reciprocal",
        "sin",
        "sinh",
        "sqrt",
        "square",
        "subtract",
        "tan",
        "tanh",
    ]
)
"""What NumPy or SciPy computes on complex numbers too."""

OF_ONE = [(), (3,), (2, 3)]
OF_TWO = [((), ()), ((3,), (3,)), ((3,), (2, 3)), ((2, 3), (3,)), ((2, 1), (1, 2)), ((), (2, 3)), ((2, 2), ())]
SPECIAL = {id(getattr(v.special, name)) for name in v.special.__all__}


def _shape_name(*shapes: tuple[int, ...]) -> str:
    return ",".join("x".join(map(str, s)) or "scalar" for s in shapes)


def _elementwise() -> list[Scenario]:
    """Every elementwise primitive in its domain, at several ranks; of the special functions one."""
    found = []
    named = {id(f): name for name, f in reversed(vars(v).items()) if isinstance(f, Elementwise)}
    for primitive in PRIMITIVES.values():
        name = named.get(id(primitive))
        if name is None:
            continue
        shown = [p.shown if isinstance(p, Fixed) else None for p in primitive.partials]
        varying = shown.count(None)
        ranges = [primitive.domain] * varying if isinstance(primitive.domain[0], int | float) else primitive.domain
        shapes = [(shape,) for shape in OF_ONE] if varying == 1 else OF_TWO
        for each in shapes[2:3] if id(primitive) in SPECIAL else shapes:
            inputs = tuple(
                _inside(*r, *shape, seed=i)[()] for i, (r, shape) in enumerate(zip(ranges, each, strict=True))
            )
            f = primitive if varying == len(shown) else _of_what_varies(primitive, shown)
            found.append(Scenario(f"{name}/{_shape_name(*each)}", f, inputs, name in ANALYTIC))
    for name in ("conj", "copy"):
        found += [
            Scenario(f"{name}/{_shape_name(shape)}", getattr(v, name), (_inside(-2, 2, *shape)[()],), name == "copy")
            for shape in OF_ONE
        ]
    for n in (0, 1, 2):
        found.append(Scenario(f"polygamma/{n}", lambda x, n=n: v.polygamma(n, x), (_inside(0.5, 4, 2, 2),), False))
        found.append(Scenario(f"ive/{n}", lambda x, n=n: v.ive(n, x), (_inside(0.5, 4, 2, 2),), False))
    for bounds in ((-1.1, 1.1), (None, 1.1), (-1.1, None)):
        found.append(Scenario(f"clip/{bounds}", lambda x, b=bounds: v.clip(x, *b), (_inside(-2, 2, 2, 3),), False))
    x, lo = _inside(-2, 2, 2, 3), _inside(-1, 0, 3)
    return [*found, Scenario("clip/array", lambda x, lo: v.clip(x, lo, lo + 1.0), (x, lo), False)]


def _of_what_varies(primitive: Elementwise, shown: list[Any]) -> Callable[[Any], Any]:
    """A primitive as a function of the one operand that is not ``shown`` as a plain number."""
    return lambda x: primitive(*(x if n is None else n for n in shown))


M23, M32, M22, M33 = (_inside(-2, 2, *s, seed=i) for i, s in enumerate([(2, 3), (3, 2), (2, 2), (3, 3)]))
V2, V3 = _inside(-2, 2, 2, seed=5), _inside(-2, 2, 3, seed=6)
T = _inside(-2, 2, 2, 3, 2, seed=7)
P23 = _inside(0.5, 2, 2, 3, seed=8)
SPD2 = M22 @ M22.T + np.eye(2)
SPD3 = M33 @ M33.T + np.eye(3)
SPD4 = np.diag([2.0, 3.0, 4.0, 5.0]) + _inside(-0.5, 0.5, 4, 4)
BATCH22 = np.stack([SPD2, SPD2 + 0.3, 2 * SPD2])


def _stored(x: Any, y: Any, index: Any) -> Any:
    out = v.copy(x) * 1.0
    out = out + v.zeros_like(y).sum()  # so that the holder carries whatever y carries
    out[index] = y
    return out


STRUCTURAL = [
    ("reshape/flat", lambda x: v.reshape(x, -1), (M23,)),
    ("reshape/up", lambda x: v.reshape(x, (3, 1, 2)), (M23,)),
    ("permute_dims/T", lambda x: x.T, (M23,)),
    ("permute_dims/three", lambda x: v.transpose(x, (2, 0, 1)), (T,)),
    ("permute_dims/swapaxes", lambda x: v.swapaxes(x, 0, 2), (T,)),
    ("roll/all", lambda x: v.roll(x, 2), (M23,)),
    ("roll/axes", lambda x: v.roll(x, (-1, 4), axis=(0, 1)), (M23,)),
    ("permute_dims/moveaxis", lambda x: v.moveaxis(x, 0, -1), (T,)),
    ("concat/rows", lambda x, y: v.concatenate([x, y], axis=0), (M23, P23)),
    ("concat/columns", lambda x, y: v.concatenate([x, y], axis=1), (M23, M22)),
    ("concat/flat", lambda x, y: v.concatenate([x, y], axis=None), (M23, V2)),
    ("concat/constant", lambda x: v.concatenate([x, np.ones(2), x]), (V2,)),
    ("concat/stack", lambda x, y: v.stack([x, y, x], axis=1), (V2, V2 + 1)),
    ("concat/stack of scalars", lambda x: v.stack([x[0], 1.0, x[1] * x[0]]), (V2,)),
    ("concat/vstack", lambda x, y: v.vstack([x, y]), (V3, M23)),
    ("concat/hstack", lambda x, y: v.hstack([x, y]), (V3, V2)),
    ("concat/column_stack", lambda x, y: v.column_stack([x, y]), (V2, M23)),
    ("broadcast_to/new axis", lambda x: v.broadcast_to(x, (2, 3)), (V3,)),
    ("broadcast_to/old axis", lambda x: v.broadcast_to(x, (2, 3)), (M23[:, :1],)),
    ("broadcast_to/scalar", lambda x: v.broadcast_to(x, (3, 2)), (1.5,)),
    ("flip/all", lambda x: v.flip(x), (M23,)),
    ("flip/axis", lambda x: v.flip(x, axis=0), (M23,)),
    ("sort/flat", lambda x: v.sort(x, axis=None), (M23,)),
    ("sort/0", lambda x: v.sort(x, axis=0) * x, (M23,)),
    ("partition/0", lambda x: v.partition(x, 1, axis=0) * x, (M33,)),
    ("sort/three axes", lambda x: v.sort(x, axis=1), (T,)),
    ("diff/0", lambda x: v.diff(x, axis=0), (M23,)),
    ("diff/twice", lambda x: v.diff(x, 2), (M23,)),
    ("cumprod/0", lambda x: v.cumprod(x, axis=0), (M23,)),
    ("cumprod/zeros", lambda x: v.cumprod(x), (np.array([2.0, 0.0, 3.0, 0.5]),)),
    ("pad/all", lambda x: v.pad(x, ((1, 0), (0, 2)), constant_values=3.0), (M23,)),
    ("convolve/full", v.convolve, (V3, V2)),
    ("convolve/same", lambda x, y: v.convolve(x, y, "same"), (V2, V3)),
    ("convolve/valid", lambda x, y: v.convolve(x, y, mode="valid"), (V3, V2)),
    ("cholesky/3", lambda x: np.linalg.cholesky(x), (SPD3,)),
    ("cholesky/batched", lambda x: np.linalg.cholesky(x), (BATCH22,)),
    ("where/both", lambda x, y: v.where(M23 > 0, x, y), (M23, P23)),
    ("where/broadcast", lambda x, y: v.where(V3 > 0, x, y), (M23[:, :1], V3)),
    ("where/mask of values", lambda x: v.where(x > 0, x * x, 1.0), (M23,)),
    ("where/scalar", lambda x: v.where(True, x, 2 * x), (1.5,)),
    ("getitem/element", lambda x: x[1, 2], (M23,)),
    ("getitem/row", lambda x: x[1], (M23,)),
    ("getitem/column", lambda x: x[:, 1], (M23,)),
    ("getitem/negative step", lambda x: x[::-1, ::-2], (M23,)),
    ("getitem/new axis", lambda x: x[:, None, 1:], (M23,)),
    ("getitem/ellipsis", lambda x: x[..., 0], (T,)),
    ("getitem/repeated", lambda x: x[[0, 1, 0, 0]], (M23,)),
    ("getitem/two arrays", lambda x: x[[0, 1, 1], [2, 0, 2]], (M23,)),
    ("getitem/arrays apart", lambda x: x[[0, 1, 1], :, [1, 0, 1]], (T,)),
    ("getitem/integer and array apart", lambda x: x[0, :, [1, 0, 1]], (T,)),
    ("getitem/array of rank 2", lambda x: x[:, [[0, 1], [2, 2]]], (M23,)),
    ("getitem/mask", lambda x: x[M23 > 0], (M23,)),
    ("getitem/mask of rows", lambda x: x[np.array([False, True])], (M23,)),
    ("getitem/mask of columns", lambda x: x[:, np.array([True, False, True])], (M23,)),
    ("getitem/nothing", lambda x: x[:0], (M23,)),
    ("getitem/take", lambda x: v.take(x, [2, 0, 2], axis=1), (M23,)),
    ("getitem/take flat", lambda x: v.take(x, [[4, 0], [4, 4]]), (M23,)),
    ("copy/squeeze", lambda x: v.squeeze(v.expand_dims(x, (0, 2))), (M23,)),
    ("setitem/element", lambda x, y: _stored(x, y, (1, 2)), (M23, 0.7)),
    ("setitem/row", lambda x, y: _stored(x, y, 0), (M23, V3)),
    ("setitem/broadcast", lambda x, y: _stored(x, y, (slice(None), slice(0, 2))), (M23, V2)),
    ("setitem/column of one", lambda x, y: _stored(x, y, slice(None)), (M23, M23[:, :1])),
    ("setitem/scalar", lambda x, y: _stored(x, y, ...), (M23, 0.7)),
    ("setitem/mask", lambda x, y: _stored(x, y, np.array([True, False])), (M23, V3)),
    ("setitem/repeated", lambda x, y: _stored(x, y, ([0, 1, 0], [1, 1, 1])), (M23, V3)),
    ("setitem/leading ones", lambda x, y: _stored(x, y, 0), (M23, V3[None])),
    ("index_add/repeated", lambda x, y: v.index_add(x, y, [0, 0, 1]), (V2, V3)),
    ("index_add/rows", lambda x, y: v.index_add(x, y, ([1, 1], slice(None))), (M23, P23)),
]

REDUCTIONS = [
    (f"{label}/{axis}", lambda x, f=f, axis=axis: f(x, axis=axis), (P23,))
    for label, f in {
        "sum": v.sum,
        "prod": v.prod,
        "max": v.max,
        "min": v.min,
        "sum/mean": v.mean,
        "sum/var": v.var,
        "sum/std": v.std,
    }.items()
    for axis in (None, 0, 1, (0, 1))
] + [
    ("cumulative_sum/0", lambda x: v.cumsum(x, axis=0), (M23,)),
    ("cumulative_sum/1", lambda x: v.cumsum(x, axis=1), (M23,)),
    ("cumulative_sum/flat", lambda x: v.cumsum(x), (M23,)),
    ("sum/keepdims", lambda x: v.sum(x, axis=0, keepdims=True), (M23,)),
    ("prod/three axes", lambda x: v.prod(x, axis=(0, 2)), (T,)),
    ("prod/zeros", lambda x: v.prod(x), (np.array([0.0, 2.0, 3.0]),)),
    ("max/keepdims", lambda x: v.max(x, axis=1, keepdims=True), (M23,)),
]

CONTRACTIONS = [
    ("einsum/dot", v.dot, (V3, V3 + 1)),
    ("einsum/dot of a matrix", v.dot, (M23, V3)),
    ("einsum/dot of a scalar", v.dot, (1.5, V3)),
    ("einsum/dot with itself", lambda x: v.dot(x, x), (V3,)),
    ("einsum/matmul", v.matmul, (M23, M32)),
    ("einsum/vector times matrix", v.matmul, (V2, M23)),
    ("einsum/batched matmul", v.matmul, (np.stack([M23, P23]), M32)),
    ("einsum/matmul, both batched", v.matmul, (np.stack([M22, SPD2])[:, None], np.stack([M22, SPD2])[None])),
    ("matmul/sparse on the left", lambda x: v.matmul(scipy.sparse.csr_array(M32 * (M32 > 0)), x), (M23,)),
    ("matmul/sparse on the right", lambda x: x @ scipy.sparse.coo_array(M32 * (M32 > 0)), (M23,)),
    ("einsum/outer", v.outer, (V2, V3)),
    ("einsum/inner", v.inner, (M23, V3)),
    ("einsum/vdot", v.vdot, (M23, P23)),
    ("einsum/tensordot", lambda x, y: v.tensordot(x, y, axes=([1], [0])), (M23, M32)),
    ("einsum/trace", v.trace, (M33,)),
    ("einsum/trace of tall matrices", v.trace, (T,)),
    ("einsum/diagonal", lambda x: v.einsum("ii->i", x), (M33,)),
    ("einsum/three", lambda x, y, z: v.einsum("ij,j,jk->ik", x, y, z), (M23, V3, M32)),
    ("einsum/repeated and summed", lambda x, y: v.einsum("iij,j->i", x, y), (np.stack([M22, SPD2]), V2)),
    ("einsum/ellipsis", lambda x, y: v.einsum("...i,i->...", x, y), (M23, V3)),
    ("einsum/implicit", lambda x, y: v.einsum("ij,jk", x, y), (M23, M32)),
    ("einsum/transposed output", lambda x: v.einsum("ij->ji", x), (M23,)),
    ("einsum/lone letter", lambda x, y: v.einsum("ij,k->i", x, y), (M23, V3)),
    ("einsum/twice the same", lambda x: v.einsum("ij,ij->", x, x), (M23,)),
    ("einsum/axis of one", lambda x, y: v.einsum("ij,ij->ij", x, y), (M23[:, :1], M23)),
]

SOLVES = [
    ("solve/vector", v.linalg.solve, (SPD3, V3)),
    ("solve/matrix", v.linalg.solve, (SPD2, M23)),
    ("solve/batched", v.linalg.solve, (BATCH22, np.stack([M22] * 3))),
    ("solve/batched matrix, one right side", v.linalg.solve, (BATCH22, M22)),
    ("solve/one matrix, batched right sides", v.linalg.solve, (SPD2, BATCH22)),
    ("solve/batched matrix, vector", v.linalg.solve, (BATCH22, V2)),
    ("inv/2", v.linalg.inv, (SPD2,)),
    ("inv/batched", v.linalg.inv, (BATCH22,)),
    ("det/1", v.linalg.det, (np.array([[1.5]]),)),
    ("det/2", v.linalg.det, (SPD2,)),
    ("det/3", v.linalg.det, (SPD3,)),
    ("det/4", v.linalg.det, (SPD4,)),
    ("det/batched", v.linalg.det, (BATCH22,)),
]

PIECEWISE = ("where", "sort", "partition", "cholesky", "max", "min", "setitem", "index_add", "einsum/vdot")
REAL = ("sum/var", "sum/std")
"""Real of complex numbers, too."""

SCENARIOS = _elementwise() + [
    Scenario(name, f, inputs, analytic=not name.startswith(PIECEWISE + REAL))
    for name, f, inputs in [*STRUCTURAL, *REDUCTIONS, *CONTRACTIONS, *SOLVES]
]

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
assert len(BY_NAME) == len(SCENARIOS)

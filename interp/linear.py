"""Linear maps: what the derivative of a primitive with respect to one operand *is*.

`Diagonal` (elementwise factor), `Gather` (one operand of a structural primitive), `SumOver` (its
transpose: a sum over axes), `Contraction` (one operand of an einsum), `Formula` (anything given as
a pair of functions), and their `Composed`. Each has ``apply(t)`` and ``apply_adjoint(ct)``, the
conjugate transpose, and takes ``batch=k``: then ``t`` has a leading axis of k directions.

Maps are built of operators and methods of the payload alone, so they act on any number type and
differentiate again. `gather_index` and `scatter_index` tell, in plain integers, which elements
move where: that is all that a sparsity pattern or a sparse coefficient matrix needs to know.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from interp import backends
from interp.value import Value, is_complex, shape_of

if TYPE_CHECKING:
    from interp.primitive import Structural

Shape = tuple[int, ...]

# Factors that are the same everywhere, told by identity: objects of their own, which no literal is. Exact
# floats, for NumPy lets a subclass of float decide the precision of a product with a float32.
ONE, MINUS_ONE, ZERO = float("1"), float("-1"), float("0")


def lead(batch: int | None) -> Shape:
    """The leading axis that a batch of directions adds to a shape."""
    return () if batch is None else (batch,)


def expand(t: Any, batch: int | None, ndim: int, out_ndim: int) -> Any:
    """Put unit axes behind the axis of directions, so that ``t`` broadcasts at rank ``out_ndim``.

    Without it x of shape (3,) times y of shape (2, 3) with two directions goes silently wrong.
    """
    if batch is None or ndim == out_ndim:
        return t
    return t.reshape((batch,) + (1,) * (out_ndim - ndim) + shape_of(t)[1:])


def broadcast(t: Any, shape: Shape) -> Any:
    """``t`` at full ``shape``, in storage of its own where it had to grow."""
    if shape_of(t) == shape:
        return t
    from interp.vocabulary.creation import copy
    from interp.vocabulary.shape import broadcast_to

    return copy(broadcast_to(t, shape))


def unbroadcast(ct: Any, shape: Shape, batch: int | None) -> Any:
    """Sum ``ct`` over the axes along which an operand of ``shape`` was broadcast."""
    full = shape_of(ct)
    if batch is None and shape == () and ct.__class__ is np.ndarray:
        return np.add.reduce(ct, None)
    start = 0 if batch is None else 1
    if full[start:] == shape:
        return ct
    extra = len(full) - start - len(shape)
    axes = [*range(start, start + extra)]
    axes += [start + extra + i for i, n in enumerate(shape) if n == 1 and full[start + extra + i] != 1]
    summed = _summed(ct, axes) if axes else ct
    target = lead(batch) + shape
    return summed if shape_of(summed) == target else summed.reshape(target)


FEW_BEHIND = 64
"""Elements behind the summed axes up to which a product with ones is faster than NumPy's sum, three to thirty times."""


def _summed(ct: Any, axes: list[int]) -> Any:
    """Sum over increasing positive ``axes``."""
    first, last = axes[0], axes[-1]
    shape = shape_of(ct)
    behind = math.prod(shape[last + 1 :])
    if (
        not 1 < behind <= FEW_BEHIND
        or last - first + 1 != len(axes)
        or ct.__class__ is not np.ndarray
        or ct.dtype.kind != "f"
        or not ct.flags.c_contiguous
        or not ct.size
    ):
        return ct.sum(axis=tuple(axes))
    n = math.prod(shape[first : last + 1])
    return np.matmul(np.ones(n, ct.dtype), ct.reshape((-1, n, behind))).reshape(shape[:first] + shape[last + 1 :])


class LinearMap:
    """A linear map between arrays of ``in_shape`` and ``out_shape``."""

    __slots__ = ("in_shape", "out_shape")
    in_shape: Shape
    out_shape: Shape
    keeps_none = False
    """True of a map that keeps no image that it has given: what is no view of the cotangent is the caller's own."""
    holds_operands = True
    """False of a map that holds none of the arrays that it was made of, so that these may be changed."""

    def apply(self, t: Any, batch: int | None = None) -> Any:
        """Image of the tangent ``t``, shape ``in_shape`` (with a leading ``batch`` axis if given).

        In storage of its own, unless the primitive itself answers with a view.
        """
        raise NotImplementedError

    def apply_adjoint(self, ct: Any, batch: int | None = None, strong: bool = False) -> Any:
        """Image of the cotangent ``ct`` under the conjugate transpose.

        ``strong`` makes zeros absorb infinities and NaN in elementwise products.
        """
        raise NotImplementedError

    def accumulate_adjoint(self, total: Any, ct: Any, batch: int | None = None) -> bool:
        """Add the image of ``ct`` to ``total`` in place, where that takes less than all of it; False if it does not."""
        return False

    def adjoint(self) -> "LinearMap":
        return Adjoint(self)

    def __matmul__(self, inner: "LinearMap") -> "LinearMap":
        return Composed(self, inner)

    def steps(self) -> tuple["LinearMap", ...]:
        """The maps this one composes, first applied first."""
        return (self,)

    def gather_index(self) -> np.ndarray | None:
        """For each output element the flat input element it is, -1 for none; None if not a gather."""
        return None

    def scatter_index(self) -> np.ndarray | None:
        """For each input element the flat output element it is added to; None if not a scatter."""
        return None


class Adjoint(LinearMap):
    """The conjugate transpose of a map."""

    __slots__ = ("original",)

    def __init__(self, original: LinearMap) -> None:
        self.original = original
        self.in_shape, self.out_shape = original.out_shape, original.in_shape

    def apply(self, t: Any, batch: int | None = None) -> Any:
        return self.original.apply_adjoint(t, batch)

    def apply_adjoint(self, ct: Any, batch: int | None = None, strong: bool = False) -> Any:
        return self.original.apply(ct, batch)

    def adjoint(self) -> LinearMap:
        return self.original

    def gather_index(self) -> np.ndarray | None:
        return self.original.scatter_index()

    def scatter_index(self) -> np.ndarray | None:
        return self.original.gather_index()


class Composed(LinearMap):
    """``outer @ inner``: apply ``inner`` first."""

    __slots__ = ("inner", "outer")

    def __init__(self, outer: LinearMap, inner: LinearMap) -> None:
        self.outer, self.inner = outer, inner
        self.in_shape, self.out_shape = inner.in_shape, outer.out_shape

    def apply(self, t: Any, batch: int | None = None) -> Any:
        return self.outer.apply(self.inner.apply(t, batch), batch)

    def apply_adjoint(self, ct: Any, batch: int | None = None, strong: bool = False) -> Any:
        return self.inner.apply_adjoint(self.outer.apply_adjoint(ct, batch, strong), batch, strong)

    def steps(self) -> tuple[LinearMap, ...]:
        return self.inner.steps() + self.outer.steps()


class Diagonal(LinearMap):
    """Multiply each element by ``factor``, broadcasting from ``in_shape`` to ``out_shape``.

    A ``singular`` factor multiplies as a strong zero: where the tangent is 0 the result is 0, even
    where the factor is infinite.
    """

    __slots__ = ("factor", "singular")
    keeps_none = True

    def __init__(self, factor: Any, in_shape: Shape, out_shape: Shape, singular: bool = False) -> None:
        self.factor, self.singular = factor, singular
        self.in_shape, self.out_shape = in_shape, out_shape

    def apply(self, t: Any, batch: int | None = None) -> Any:
        from interp.vocabulary.creation import copy

        aligned = expand(t, batch, len(self.in_shape), len(self.out_shape))
        image = broadcast(self._times(aligned, self.singular), lead(batch) + self.out_shape)
        # Not the tangent itself, which a later store into the operand would change.
        return copy(image) if image is aligned and shape_of(image) else image

    def apply_adjoint(self, ct: Any, batch: int | None = None, strong: bool = False) -> Any:
        factor = self.factor
        if factor is ONE or factor is MINUS_ONE or (factor.__class__ is float and not strong):
            return self._times(unbroadcast(ct, self.in_shape, batch), False)  # fewer elements after the sum
        return unbroadcast(self._times(ct, strong, conjugate=True), self.in_shape, batch)

    def _times(self, t: Any, strong: bool, conjugate: bool = False) -> Any:
        factor = self.factor
        if factor is ONE:
            return t
        if factor is MINUS_ONE:
            return -t
        if conjugate and is_complex(factor):
            from interp.vocabulary.elementwise import conj

            factor = conj(factor)
        if not strong:
            return factor * t
        from interp.vocabulary.elementwise import strong_multiply

        return strong_multiply(factor, t)


class Embedding(LinearMap):
    """Real numbers as complex ones. Of a cotangent the real part comes back: what is real cannot move otherwise."""

    __slots__ = ()

    def __init__(self, shape: Shape) -> None:
        self.in_shape = self.out_shape = shape

    def apply(self, t: Any, batch: int | None = None) -> Any:
        return t

    def apply_adjoint(self, ct: Any, batch: int | None = None, strong: bool = False) -> Any:
        from interp.vocabulary.complex_numbers import real

        return real(ct)

    def gather_index(self) -> np.ndarray:
        return np.arange(math.prod(self.in_shape)).reshape(self.in_shape)


def between(x: Any, out: Any, linear_map: LinearMap) -> LinearMap:
    """``linear_map`` from ``x`` to ``out``, that hands a real operand of a complex output the real part."""
    return linear_map @ Embedding(shape_of(x)) if is_complex(out) and not is_complex(x) else linear_map


def outline(primitive: "Structural", operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a `Gather` needs to know of all operands: of selectors the content, of the rest the shape."""
    return tuple(x if i in primitive.selectors else shape_of(x) for i, x in enumerate(operands))


class Gather(LinearMap):
    """One operand of a structural primitive: the others contribute zeros.

    ``operands`` is their `outline`, one for all maps of a call: with one each, joining n parts would take n^2.
    """

    __slots__ = ("operands", "params", "position", "primitive")
    keeps_none = True

    def __init__(
        self,
        primitive: "Structural",
        position: int,
        operands: tuple[Any, ...],
        params: dict[str, Any],
        out_shape: Shape,
    ) -> None:
        self.primitive, self.position, self.params = primitive, position, params
        self.operands = operands
        self.in_shape, self.out_shape = operands[position], out_shape

    def apply(self, t: Any, batch: int | None = None) -> Any:
        parts = [t if i == self.position else None for i in range(len(self.operands))]
        return apply_structural(self.primitive, parts, self.operands, self.params, batch, len(self.out_shape))

    def apply_adjoint(self, ct: Any, batch: int | None = None, strong: bool = False) -> Any:
        adjoint = self.primitive.adjoint
        if adjoint is not None:
            return adjoint(ct, self.position, self.operands, self.params, batch)
        return scatter(ct, self.gather_index(), self.in_shape, batch)

    def accumulate_adjoint(self, total: Any, ct: Any, batch: int | None = None) -> bool:
        add = self.primitive.accumulate
        return add is not None and add(total, ct, self.operands, self.params, batch)

    def gather_index(self) -> np.ndarray:
        indices: list[Any] = []
        for i, operand in enumerate(self.operands):
            if i in self.primitive.selectors:
                from interp.backends import to_host
                from interp.value import primal

                indices.append(to_host(primal(operand)))
            elif i == self.position:
                indices.append(np.arange(int(np.prod(operand, dtype=int))).reshape(operand))
            else:
                indices.append(np.full(operand, -1))
        return np.asarray(self.primitive.implementation(*indices, **self.params))


def apply_structural(
    primitive: "Structural",
    parts: list[Any],
    operands: tuple[Any, ...],
    params: dict[str, Any],
    batch: int | None,
    out_ndim: int,
) -> Any:
    """Apply a structural primitive to the tangents of its operands; a part of None is zero.

    ``operands`` holds the operands' shapes, and selectors as they are.
    """
    from interp.vocabulary.creation import zeros

    like = next(t for t in parts if t is not None)
    tangents = []
    for i, (part, operand) in enumerate(zip(parts, operands, strict=True)):
        if i in primitive.selectors:
            tangents.append(operand)
            continue
        t = zeros(lead(batch) + operand, like=like) if part is None else part
        tangents.append(expand(t, batch, len(operand), out_ndim) if primitive.broadcasts else t)
    return primitive.dispatch(*tangents, **primitive.with_batch(params, batch, operands[-1]))


def scatter(ct: Any, index: Any, shape: Shape, batch: int | None) -> Any:
    """Add each element of ``ct`` to element ``index`` of zeros of ``shape``; -1 drops it."""
    from interp.vocabulary.creation import zeros
    from interp.vocabulary.indexing import index_add

    size = int(np.prod(shape, dtype=int))
    flat = index.reshape(-1)
    kept = np.flatnonzero(flat >= 0)
    contributions = ct.reshape((*lead(batch), flat.size)) if shape_of(ct) else _vector(ct)
    if kept.size != flat.size:
        contributions = contributions[..., kept]
    target = zeros((*lead(batch), size), like=ct)
    return index_add(target, contributions, (..., flat[kept])).reshape((*lead(batch), *shape))


def _vector(scalar: Any) -> Any:
    from interp.vocabulary.shape import reshape

    return reshape(scalar, (1,))


class SumOver(LinearMap):
    """Sum over negative ``axes``: the transpose of a broadcast."""

    __slots__ = ("axes", "keepdims")
    holds_operands = False

    def __init__(self, in_shape: Shape, axes: tuple[int, ...], keepdims: bool) -> None:
        self.axes, self.keepdims = axes, keepdims
        self.in_shape = in_shape
        kept = keep_shape(in_shape, axes)
        self.out_shape = kept if keepdims else drop_axes(in_shape, axes)

    def apply(self, t: Any, batch: int | None = None) -> Any:
        return t.sum(axis=self.axes, keepdims=self.keepdims) if hasattr(t, "sum") else t  # Python's numbers

    def apply_adjoint(self, ct: Any, batch: int | None = None, strong: bool = False) -> Any:
        from interp.vocabulary.shape import broadcast_to, reshape

        if batch is None and not isinstance(ct, Value):
            return _spread(ct, self.in_shape, self.axes)
        if shape_of(ct):
            ct = reshape.dispatch(ct, shape=lead(batch) + keep_shape(self.in_shape, self.axes))
        return broadcast_to.dispatch(ct, shape=lead(batch) + self.in_shape)

    def scatter_index(self) -> np.ndarray:
        kept = keep_shape(self.in_shape, self.axes)
        index = np.arange(int(np.prod(kept, dtype=int))).reshape(kept)
        return np.broadcast_to(index, self.in_shape)


def _spread(ct: Any, shape: Shape, axes: tuple[int, ...]) -> Any:
    """A plain ``ct`` seen along the negative ``axes`` too: a view that takes no stores."""
    if shape_of(ct) or ct.__class__ not in (float, np.float64) or not shape:
        module = backends.namespace(ct)
        return module.broadcast_to(module.reshape(ct, keep_shape(shape, axes)), shape)
    seen = np.ndarray(shape, np.float64, np.array(ct), 0, (0,) * len(shape))
    seen.flags.writeable = False
    return seen


@lru_cache(maxsize=4096)
def sum_over(shape: Shape, axes: tuple[int, ...], keepdims: bool) -> SumOver:
    """That map, made once: a loop sums arrays of the same shape again and again."""
    return SumOver(shape, axes, keepdims)


@lru_cache(maxsize=4096)
def keep_shape(shape: Shape, axes: tuple[int, ...]) -> Shape:
    """``shape`` with the negative ``axes`` set to 1."""
    return tuple(1 if i - len(shape) in axes else n for i, n in enumerate(shape))


@lru_cache(maxsize=4096)
def drop_axes(shape: Shape, axes: tuple[int, ...]) -> Shape:
    """``shape`` without the negative ``axes``."""
    return tuple(n for i, n in enumerate(shape) if i - len(shape) not in axes)


class Formula(LinearMap):
    """A map given by two functions ``(t, batch) -> image``, one the adjoint of the other."""

    __slots__ = ("backward", "forward")

    def __init__(
        self,
        in_shape: Shape,
        out_shape: Shape,
        forward: Callable[[Any, int | None], Any],
        backward: Callable[[Any, int | None], Any],
    ) -> None:
        self.in_shape, self.out_shape = in_shape, out_shape
        self.forward, self.backward = forward, backward

    def apply(self, t: Any, batch: int | None = None) -> Any:
        return self.forward(t, batch)

    def apply_adjoint(self, ct: Any, batch: int | None = None, strong: bool = False) -> Any:
        return self.backward(ct, batch)

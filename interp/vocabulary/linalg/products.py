"""Contractions, all as one einsum.

Every product (dot, matmul, outer, tensordot, trace) is an `einsum`, whose derivative with respect to
an operand is again an einsum: there is one contraction to get right and one to make fast.
"""

import operator
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.sparse

from interp import backends
from interp.linear import LinearMap
from interp.primitive import Contraction, negative_axis
from interp.value import Value, has_nan, ndim_of, operand, primal, shape_of
from interp.vocabulary import reductions
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.creation import zeros
from interp.vocabulary.elementwise import conj
from interp.vocabulary.indexing import index_add
from interp.vocabulary.predicates import isfinite, logical_not
from interp.vocabulary.shape import diagonal, moveaxis, reshape, transpose, where

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXY"


# -- einsum


def _einsum(subscripts: str, *operands: Any, optimize: Any = None) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Canonical form: explicit output, no ellipsis, no repeated and no lone letter in an operand."""
    if not isinstance(subscripts, str):
        raise TypeError("einsum takes its subscripts as a string, as in einsum('ij,j->i', a, b)")
    operands = tuple([operand(x) for x in operands])
    canonical = _taking_them_as_they_are(subscripts, tuple([shape_of(x) for x in operands]))
    return (operands, {"subscripts": canonical}) if canonical is not None else _simplified(subscripts, operands)


@lru_cache(maxsize=4096)
def _taking_them_as_they_are(subscripts: str, shapes: tuple[tuple[int, ...], ...]) -> str | None:
    """The canonical subscripts of a contraction that leaves operands of these shapes alone; None of any other."""
    stand_ins = tuple([np.broadcast_to(0.0, shape) for shape in shapes])
    operands, params = _simplified(subscripts, stand_ins)
    untouched = len(operands) == len(stand_ins) and all(x is y for x, y in zip(operands, stand_ins, strict=True))
    return params["subscripts"] if untouched else None


def _simplified(subscripts: str, operands: tuple[Any, ...]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The operands of the canonical form and its parameters."""
    terms, output = _parse(subscripts.replace(" ", ""), tuple(ndim_of(x) for x in operands))
    sizes: dict[str, int] = {}
    for term, x in zip(terms, operands, strict=True):
        for letter, n in zip(term, shape_of(x), strict=True):
            if sizes.setdefault(letter, n) == 1:
                sizes[letter] = n
            elif n not in (1, sizes[letter]):
                raise ValueError(f"einsum {subscripts!r}: index {letter!r} has sizes {sizes[letter]} and {n}")
    unknown = [letter for letter in output if letter not in sizes]
    if unknown or len(set(output)) < len(output):
        raise ValueError(f"einsum {subscripts!r}: each output index must be one of the operands', once")
    simple = [_simplify(term, x, sizes) for term, x in zip(terms, operands, strict=True)]
    held = set("".join(term for term, _ in simple))
    missing = [letter for letter in output if letter not in held]
    if missing:  # sizes of one: every operand had it dropped
        ones = backends.namespace(primal(operands[0])).ones((1,) * len(missing), dtype=np.int8)
        simple.append(("".join(missing), ones))
    simple = _sum_lone_letters(simple, output)
    params = {"subscripts": ",".join(term for term, _ in simple) + "->" + output}
    return tuple(x for _, x in simple), params


def _parse(subscripts: str, ndims: tuple[int, ...]) -> tuple[list[str], str]:
    left, arrow, output = subscripts.partition("->")
    terms = left.split(",")
    if len(terms) != len(ndims):
        raise ValueError(f"einsum {subscripts!r} names {len(terms)} operands, got {len(ndims)}")
    free = [letter for letter in reversed(LETTERS) if letter not in subscripts]
    spans = [ndim - len(term.replace("...", "")) for term, ndim in zip(terms, ndims, strict=True)]
    if any(span < 0 or (span > 0 and "..." not in term) for term, span in zip(terms, spans, strict=True)):
        raise ValueError(f"einsum {subscripts!r} does not fit operands with {ndims} axes")
    widest = "".join(free[: max(spans, default=0)])
    terms = [t.replace("...", widest[len(widest) - span :]) for t, span in zip(terms, spans, strict=True)]
    if arrow:
        return terms, output.replace("...", widest)
    once = sorted(c for c in set("".join(terms)) if "".join(terms).count(c) == 1 and c not in widest)
    return terms, widest + "".join(once)


def _simplify(term: str, x: Any, sizes: dict[str, int]) -> tuple[str, Any]:
    """Take diagonals of repeated letters; drop axes of length one that broadcast."""
    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            first, second = term.index(letter), term.rindex(letter)
            moved = _to_front(x, first, second)
            if shape_of(x)[first] != shape_of(x)[second]:
                raise ValueError(f"einsum: index {letter!r} of one operand has two sizes, shape {shape_of(x)}")
            x = diagonal.dispatch(moved, behind=ndim_of(moved) - 2)
            rest = term[:first] + term[first + 1 : second] + term[second + 1 :]
            term = letter + rest
    keep = [i for i, letter in enumerate(term) if shape_of(x)[i] == sizes[letter]]
    if len(keep) < len(term):
        x = reshape(x, tuple(shape_of(x)[i] for i in keep))
        term = "".join(term[i] for i in keep)
    return term, x


def _to_front(x: Any, first: int, second: int) -> Any:
    return transpose(x, (first, second, *(i for i in range(ndim_of(x)) if i not in (first, second))))


def _sum_lone_letters(simple: list[tuple[str, Any]], output: str) -> list[tuple[str, Any]]:
    """Sum axes that no other operand and no output names."""
    summed = []
    for i, (term, x) in enumerate(simple):
        elsewhere = output + "".join(other for j, (other, _) in enumerate(simple) if j != i)
        lone = tuple(k - len(term) for k, letter in enumerate(term) if letter not in elsewhere)
        if lone:
            x = reductions.sum(x, axis=lone)
            term = "".join(letter for letter in term if letter in elsewhere)
        summed.append((term, x))
    return summed


@lru_cache(maxsize=4096)
def _plan(subscripts: str) -> tuple[Any, ...] | None:
    """How to do a contraction of two operands as one product; None if it is not of that form.

    Orders of axes, None where they stay; numbers of axes that both have, of rows and of sums; and the function that
    takes the operands so, None where axes have to be merged or added for matmul.
    """
    left, output = subscripts.split("->")
    terms = left.split(",")
    if len(terms) != 2 or len(set(output)) != len(output):
        return None
    a, b = terms
    batch = [c for c in a if c in b and c in output]
    inner = [c for c in a if c in b and c not in output]
    free_a, free_b = [c for c in a if c not in b], [c for c in b if c not in a]
    order_a = tuple(a.index(c) for c in [*batch, *free_a, *inner])
    order_b = tuple(b.index(c) for c in [*batch, *inner, *free_b])
    made = [*batch, *free_a, *free_b]
    orders = order_a, order_b, tuple(made.index(c) for c in output)
    moved = [None if order == tuple(range(len(order))) else order for order in orders]
    single = len(inner) == 1 and len(free_a) == len(free_b) == 1
    vectors = len(inner) == 1 and not batch and len(free_a) <= 1 and len(free_b) <= 1
    how: Any = operator.matmul if single or vectors else None
    if not inner and ((not free_a and not free_b) or (not batch and (not free_a or not free_b))):
        how = operator.mul  # a number with what it meets
    return *moved, len(batch), len(free_a), len(inner), how


def _contract(*operands: Any, subscripts: str) -> Any:
    plan = _plan(subscripts)
    if plan is None:
        return np.einsum(subscripts, *operands, optimize=True)
    order_a, order_b, order_out, batch, free_a, inner, how = plan
    a, b = operands
    a = a if order_a is None else a.transpose(order_a)
    b = b if order_b is None else b.transpose(order_b)
    if how is not None:
        product = how(a, b)
        return product if order_out is None else product.transpose(order_out).copy("C")
    outer, rows, summed = a.shape[:batch], a.shape[batch : batch + free_a], a.shape[batch + free_a :]
    columns = b.shape[batch + inner :]
    n = int(np.prod(summed, dtype=int))
    left = a.reshape((*outer, int(np.prod(rows, dtype=int)), n))
    right = b.reshape((*outer, n, int(np.prod(columns, dtype=int))))
    product = (left @ right).reshape(outer + rows + columns)
    return (product if order_out is None else product.transpose(order_out).copy("C"))[()]


class EinsumMap(LinearMap):
    """The contraction as a function of the operand at ``position``, the others held."""

    __slots__ = ("operands", "position", "subscripts")
    keeps_none = True

    def __init__(self, position: int, operands: tuple[Any, ...], subscripts: str, out_shape: tuple[int, ...]) -> None:
        self.position, self.operands, self.subscripts = position, operands, subscripts
        self.in_shape, self.out_shape = shape_of(operands[position]), out_shape

    def apply(self, t: Any, batch: int | None = None) -> Any:
        left, output = self.subscripts.split("->")
        terms = left.split(",")
        directions = self._directions(batch)
        terms[self.position] = directions + terms[self.position]
        output = directions + output
        operands = [t if i == self.position else x for i, x in enumerate(self.operands)]
        subscripts = ",".join(terms) + "->" + output
        with np.errstate(invalid="ignore"):
            image = einsum.dispatch(*operands, subscripts=subscripts)
            return contract_strongly(*operands, subscripts=subscripts) if has_nan(image) else image

    def apply_adjoint(self, ct: Any, batch: int | None = None, strong: bool = False) -> Any:
        others = [conjugate(x) for i, x in enumerate(self.operands) if i != self.position]
        subscripts = _adjoint_subscripts(self.subscripts, self.position, self._directions(batch))
        contract = contract_strongly if strong else einsum.dispatch
        return contract(ct, *others, subscripts=subscripts)

    def _directions(self, batch: int | None) -> str:
        """A letter for the axis of directions that the subscripts leave free."""
        return "" if batch is None else next(c for c in reversed(LETTERS) if c not in self.subscripts)


@lru_cache(maxsize=4096)
def _adjoint_subscripts(subscripts: str, position: int, directions: str) -> str:
    """Of the contraction of the output's cotangent with the other operands that gives the cotangent of this one."""
    left, output = subscripts.split("->")
    terms = left.split(",")
    target = terms.pop(position)
    return ",".join([directions + output, *terms]) + "->" + directions + target


def contract_strongly(*operands: Any, subscripts: str) -> Any:
    """The contraction with zeros that absorb infinities and NaN: the norm's gradient at 0 is 0.

    Where every number that is not finite meets a zero, the finite ones decide.
    """
    spoilt = [logical_not(isfinite(x)) for x in operands]
    present = [(x != 0) * 1.0 for x in operands]
    met: Any = 0.0
    for i, where_spoilt in enumerate(spoilt):
        met = met + einsum.dispatch(*present[:i], where_spoilt * 1.0, *present[i + 1 :], subscripts=subscripts)
    finite = [where(is_spoilt, 0.0, x) for is_spoilt, x in zip(spoilt, operands, strict=True)]
    return where(
        met == 0, einsum.dispatch(*finite, subscripts=subscripts), einsum.dispatch(*operands, subscripts=subscripts)
    )


def conjugate(x: Any) -> Any:
    """The complex conjugate; of real numbers ``x`` itself."""
    return conj(x) if getattr(x, "dtype", None) is not None and x.dtype.kind == "c" else x


def _einsum_maps(out: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> Sequence[LinearMap]:
    return [EinsumMap(i, operands, params["subscripts"], shape_of(out)) for i in range(len(operands))]


class Einsum(Contraction):
    """Of one operand nothing is left to sum: a rearrangement of axes, and as in NumPy a view."""

    def dispatch(self, *operands: Any, **params: Any) -> Any:
        if len(operands) > 1:
            return super().dispatch(*operands, **params)
        term, output = params["subscripts"].split("->")
        return transpose(operands[0], tuple(term.index(letter) for letter in output))


einsum = Einsum("einsum", _contract, counterparts=(np.einsum,), canonical=_einsum, derivative=_einsum_maps)


# -- products by their usual names


def dot(x: Any, y: Any) -> Any:
    """NumPy's dot: last axis of ``x`` with the last but one of ``y``; a product if one is a scalar."""
    x, y = operand(x), operand(y)
    nx, ny = ndim_of(x), ndim_of(y)
    if nx == 0 or ny == 0:
        return x * y
    a = LETTERS[:nx]
    b = LETTERS[nx : nx + ny]
    b = b[:-1] + a[-1] if ny == 1 else b[:-2] + a[-1] + b[-1]
    output = a[:-1] + b.replace(a[-1], "")
    _check_inner(x, -1, y, -1 if ny == 1 else -2, "dot")
    return einsum(f"{a},{b}->{output}", x, y)


def matmul(x: Any, y: Any) -> Any:
    """Matrix product with leading axes broadcast; a vector is a row on the left, a column on the right.

    One operand may be a scipy.sparse matrix. SciPy's own ``A @ x`` would strip a value ``x``: write ``x @ A.T``.
    """
    if _is_sparse(x):
        return _sparse_product(x, operand(y), "matmul")
    if _is_sparse(y):
        return transpose(_sparse_product(y.T, transpose(operand(x)), "matmul"))
    x, y = operand(x), operand(y)
    nx, ny = ndim_of(x), ndim_of(y)
    if nx == 0 or ny == 0:
        raise ValueError("matmul: an operand is a scalar; use *")
    _check_inner(x, -1, y, -1 if ny == 1 else -2, "matmul")
    if min(nx, ny) == 1 or (nx == ny and shape_of(x)[:-2] == shape_of(y)[:-2]):
        return einsum.dispatch(x, y, subscripts=_canonical_matmul(nx, ny))
    return einsum("...hi,...ij->...hj", x, y)


@lru_cache(maxsize=64)
def _canonical_matmul(nx: int, ny: int) -> str:
    """The canonical einsum of a matrix product in which nothing broadcasts."""
    outer = LETTERS[-(max(nx, ny) - 2) :] if max(nx, ny) > 2 else ""
    if nx == 1 or ny == 1:
        left, right = "i" if nx == 1 else f"{outer}hi", "i" if ny == 1 else f"{outer}ij"
        return f"{left},{right}->{outer}{left[-2:-1]}{right[len(outer) + 1 :]}"
    return f"{outer}hi,{outer}ij->{outer}hj"


def _check_inner(x: Any, axis_x: int, y: Any, axis_y: int, name: str) -> None:
    if shape_of(x)[axis_x] != shape_of(y)[axis_y]:
        raise ValueError(f"{name}: shapes {shape_of(x)} and {shape_of(y)} do not fit")


def _is_sparse(x: Any) -> bool:
    return x.__class__ is not np.ndarray and not isinstance(x, Value) and bool(scipy.sparse.issparse(x))


def _sparse_product(matrix: Any, x: Any, name: str) -> Any:
    """A sparse matrix times a vector or the columns of a matrix: its entries times what they meet, added up by row."""
    if ndim_of(x) not in (1, 2) or matrix.shape[1] != shape_of(x)[0]:
        raise ValueError(f"{name}: shapes {matrix.shape} (sparse) and {shape_of(x)} do not fit")
    entries = matrix.tocoo()
    data = backends.namespace(primal(x)).asarray(entries.data.reshape((-1,) + (1,) * (ndim_of(x) - 1)))
    total = zeros((matrix.shape[0], *shape_of(x)[1:]), like=primal(x))
    return index_add(total, data * x[entries.col], (entries.row,))


def outer(x: Any, y: Any) -> Any:
    """All products of the elements of two arrays, flattened."""
    return einsum("i,j->ij", reshape(x, (-1,)), reshape(y, (-1,)))


def inner(x: Any, y: Any) -> Any:
    """Sum of products over the last axes."""
    x, y = operand(x), operand(y)
    nx, ny = ndim_of(x), ndim_of(y)
    if nx == 0 or ny == 0:
        return x * y
    _check_inner(x, -1, y, -1, "inner")
    a, b = LETTERS[: nx - 1], LETTERS[nx : nx + ny - 1]
    return einsum(f"{a}z,{b}z->{a}{b}", x, y)


def vdot(x: Any, y: Any) -> Any:
    """Sum of the products of conj(x) and y, flattened."""
    return einsum("i,i->", conjugate(reshape(x, (-1,))), reshape(y, (-1,)))


def tensordot(x: Any, y: Any, axes: Any = 2) -> Any:
    """Sum of products over given axes of each operand."""
    x, y = operand(x), operand(y)
    nx, ny = ndim_of(x), ndim_of(y)
    if isinstance(axes, int):
        first, second = list(range(nx - axes, nx)), list(range(axes))
    else:
        first, second = ([a] if isinstance(a, int) else list(a) for a in axes)
    a, b = list(LETTERS[:nx]), list(LETTERS[nx : nx + ny])
    for i, j in zip(first, second, strict=True):
        b[j] = a[i]
    contracted = {a[i] for i in first}
    output = [c for c in [*a, *b] if c not in contracted]
    return einsum(f"{''.join(a)},{''.join(b)}->{''.join(output)}", x, y)


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Sum of a diagonal of the axes ``axis1`` and ``axis2``, the main one or that ``offset`` above it."""
    x = operand(x)
    rows, columns = negative_axis(axis1, ndim_of(x)), negative_axis(axis2, ndim_of(x))
    x = moveaxis(x, (rows, columns), (0, 1))[max(-offset, 0) :, max(offset, 0) :]
    n = min(shape_of(x)[:2])
    return einsum("ii...->...", x[:n, :n])


enter(dot, np.dot, calls=[call((3,), (3,)), call((2, 3), (3,)), call((2, 3), (2, 3, 2)), call((), (3,))])
enter(matmul, np.matmul, calls=[call((3,), (3,)), call((2, 3), (3, 2)), call((2, 2, 3), (3, 2)), call((2,), (3, 2, 3))])
enter(outer, np.outer, calls=[call((2,), (3,)), call((2, 2), (3,))])
enter(inner, np.inner, calls=[call((3,), (3,)), call((2, 3), (2, 3)), call((), (3,))])
enter(vdot, np.vdot, calls=[call((3,), (3,)), call((2, 3), (2, 3))])
enter(
    tensordot,
    np.tensordot,
    calls=[call((2, 3), (3, 2), axes=1), call((2, 3, 2), (3, 2), axes=([1, 2], [0, 1])), call((2,), (3,), axes=0)],
)
enter(trace, np.trace, calls=[call((3, 3)), call((2, 3, 2), axis1=-1, axis2=0), call((3, 3), offset=-1)])
enter(
    einsum,
    calls=[
        call("ij,jk->ik", (2, 3), (3, 2)),
        call("ij,ij", (2, 3), (2, 3)),
        call("ii->i", (3, 3)),
        call("iij,j->i", (2, 2, 3), (3,)),
        call("...i,i...->...", (2, 3), (3, 2)),
        call("ij,j,jk->ik", (2, 3), (3,), (3, 2)),
        call("a,b,c,d->", (2,), (3,), (2,), (3,)),
        call("ij,kj->j", (2, 3), (2, 3)),
    ],
)

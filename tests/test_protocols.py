"""One function called in four ways; and bad input, which is right or an error that says what to do."""

import math
import re

import numpy as np
import pytest
import scipy.sparse
import scipy.special
from truth import assert_same
from unconverted import unconverted

import interp.vocabulary as v
from interp import primal
from interp.errors import (
    InterpError,
    MixedLevels,
    MutationError,
    NoAttribute,
    NoRule,
    ShapeError,
    StripError,
    UndecidedError,
    UnsupportedArgument,
    UnsupportedInput,
)
from interpretations import Dual, grad, hessian, jacfwd, jacrev, jvp, vjp

X = np.array([[0.3, 0.6, 0.5], [0.2, 0.8, 0.4]])
Y = np.array([0.7, 0.45, 0.9])
SQUARE = np.array([[2.0, 0.3], [0.1, 1.5]])
ROOT = np.sqrt(np.diag([2.0, 3.0]))

# -- np.f, scipy.special.f, x.method(), interp.vocabulary: the same

ELEMENTWISE = [
    "abs",
    "exp",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "sqrt",
    "square",
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
    "arctanh",
    "sign",
    "floor",
    "ceil",
    "trunc",
    "rint",
    "negative",
    "positive",
    "reciprocal",
    "cbrt",
    "exp2",
    "fabs",
    "conjugate",
    "round",
]
ALIASES = {"fabs": "abs", "conjugate": "conj"}
BINARY = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "true_divide",
    "power",
    "float_power",
    "floor_divide",
    "remainder",
    "mod",
    "fmod",
    "maximum",
    "minimum",
    "logaddexp",
    "hypot",
    "arctan2",
    "heaviside",
]
BINARY_ALIASES = {"true_divide": "divide", "mod": "remainder", "float_power": "power"}
SPECIAL = ["erf", "erfc", "gammaln", "digamma", "psi", "expit", "log_expit", "logit", "ndtr", "log_ndtr"]
SPECIAL_ALIASES = {"psi": "digamma"}

CALLS = [
    *((f"np.{n}", getattr(np, n), getattr(v, ALIASES.get(n, n)), (X,)) for n in ELEMENTWISE),
    *((f"np.{n}", getattr(np, n), getattr(v, BINARY_ALIASES.get(n, n)), (X, Y)) for n in BINARY),
    *((f"special.{n}", getattr(scipy.special, n), getattr(v, SPECIAL_ALIASES.get(n, n)), (X,)) for n in SPECIAL),
    ("special.xlogy", scipy.special.xlogy, v.xlogy, (X, Y)),
    ("special.xlog1py", scipy.special.xlog1py, v.xlog1py, (X, Y)),
    *(
        (f"np.{n}", getattr(np, n), getattr(v, n), (X,))
        for n in ["sum", "prod", "max", "min", "mean", "var", "std", "cumsum", "ravel", "squeeze"]
    ),
    *(
        (f"x.{n}", lambda x, n=n: getattr(x, n)(), getattr(v, n), (X,))
        for n in [
            "sum",
            "prod",
            "max",
            "min",
            "mean",
            "var",
            "std",
            "cumsum",
            "ravel",
            "squeeze",
            "copy",
            "conj",
            "round",
        ]
    ),
    ("x.sum(axis)", lambda x: x.sum(1), lambda x: v.sum(x, axis=1), (X,)),
    ("x.sum(axis, keepdims)", lambda x: x.sum(axis=0, keepdims=True), lambda x: v.sum(x, axis=0, keepdims=True), (X,)),
    ("np.add.reduce", np.add.reduce, lambda x: v.sum(x, axis=0), (X,)),
    ("np.multiply.reduce", lambda x: np.multiply.reduce(x, axis=1), lambda x: v.prod(x, axis=1), (X,)),
    ("np.maximum.reduce", lambda x: np.maximum.reduce(x, axis=None), v.max, (X,)),
    ("np.add.accumulate", np.add.accumulate, lambda x: v.cumsum(x, axis=0), (X,)),
    ("np.multiply.outer", np.multiply.outer, lambda x, y: x[..., None] * y, (X, Y)),
    ("np.subtract.outer", np.subtract.outer, lambda x, y: x[..., None] - y, (X, Y)),
    ("x.clip", lambda x: x.clip(0.35, 0.55), lambda x: v.clip(x, 0.35, 0.55), (X,)),
    ("np.clip", lambda x: np.clip(x, 0.35, None), lambda x: v.clip(x, 0.35), (X,)),
    ("np.clip by name", lambda x: np.clip(x, a_min=0.35, a_max=0.55), lambda x: v.clip(x, 0.35, 0.55), (X,)),
    ("x.dot", lambda x, y: x.dot(y), v.dot, (X, Y)),
    ("x @ y", lambda x, y: x @ y, v.matmul, (X, Y)),
    ("np.dot", np.dot, v.dot, (X, Y)),
    ("np.matmul", np.matmul, v.matmul, (X, Y)),
    ("np.einsum", lambda x, y: np.einsum("ij,j", x, y), v.dot, (X, Y)),
    ("np.einsum, optimize", lambda x, y: np.einsum("ij,j->i", x, y, optimize=True), v.dot, (X, Y)),
    ("np.outer", np.outer, v.outer, (X, Y)),
    ("np.inner", np.inner, v.inner, (X, Y)),
    ("np.vdot", np.vdot, v.vdot, (Y, Y)),
    ("np.tensordot", lambda x, y: np.tensordot(x, y, 1), v.dot, (X, Y)),
    ("np.trace", np.trace, v.trace, (SQUARE,)),
    ("x.trace", lambda x: x.trace(), v.trace, (SQUARE,)),
    ("np.linalg.det", np.linalg.det, v.linalg.det, (SQUARE,)),
    ("np.linalg.inv", np.linalg.inv, v.linalg.inv, (SQUARE,)),
    ("np.linalg.solve", np.linalg.solve, v.linalg.solve, (SQUARE, Y[:2])),
    ("x.T", lambda x: x.T, v.transpose, (X,)),
    ("x.mT", lambda x: x.mT, v.transpose, (X,)),
    ("x.transpose", lambda x: x.transpose(1, 0), v.transpose, (X,)),
    ("x.transpose of a tuple", lambda x: x.transpose((1, 0)), v.transpose, (X,)),
    ("x.swapaxes", lambda x: x.swapaxes(0, 1), v.transpose, (X,)),
    ("np.transpose", np.transpose, v.transpose, (X,)),
    ("np.swapaxes", lambda x: np.swapaxes(x, 0, 1), v.transpose, (X,)),
    ("np.moveaxis", lambda x: np.moveaxis(x, 0, 1), v.transpose, (X,)),
    ("x.reshape", lambda x: x.reshape(3, 2), lambda x: v.reshape(x, (3, 2)), (X,)),
    ("x.reshape of a tuple", lambda x: x.reshape((3, -1)), lambda x: v.reshape(x, (3, 2)), (X,)),
    ("np.reshape", lambda x: np.reshape(x, (3, 2)), lambda x: v.reshape(x, (3, 2)), (X,)),
    ("x.reshape in Fortran order", lambda x: x.reshape(3, 2, order="F"), lambda x: v.reshape(x.T, (2, 3)).T, (X,)),
    ("x.flatten", lambda x: x.flatten(), v.ravel, (X,)),
    ("x.flatten in Fortran order", lambda x: x.flatten("F"), lambda x: v.ravel(x.T), (X,)),
    ("x.repeat", lambda x: x.repeat(2, axis=1), lambda x: v.repeat(x, 2, axis=1), (X,)),
    ("x.diagonal", lambda x: x.diagonal(1), lambda x: v.stack([x[0, 1], x[1, 2]]), (X,)),
    ("x.compress", lambda x: x.compress([True, False, True], axis=1), lambda x: x[:, [0, 2]], (X,)),
    ("x.nonzero", lambda x: x[(x > 0.5).nonzero()], lambda x: x[X > 0.5], (X,)),
    ("x.nonzero of a value", lambda x: x[x.nonzero()], v.ravel, (X,)),
    ("x.take", lambda x: x.take([2, 0], axis=1), lambda x: v.take(x, [2, 0], 1), (X,)),
    ("np.take", lambda x: np.take(x, [4, 0]), lambda x: v.take(x, [4, 0]), (X,)),
    ("np.concatenate", lambda x, y: np.concatenate([x[0], y]), lambda x, y: v.concatenate([x[0], y]), (X, Y)),
    ("np.stack", lambda x, y: np.stack((x[0], y), axis=-1), lambda x, y: v.stack([x[0], y], axis=1), (X, Y)),
    ("np.vstack", lambda x, y: np.vstack([x, y]), lambda x, y: v.vstack([x, y]), (X, Y)),
    ("np.hstack", lambda x, y: np.hstack([x[0], y]), lambda x, y: v.hstack([x[0], y]), (X, Y)),
    ("np.column_stack", lambda x, y: np.column_stack([x.T, y]), lambda x, y: v.column_stack([x.T, y]), (X, Y)),
    ("np.where", lambda x, y: np.where(X > 0.45, x, y), lambda x, y: v.where(X > 0.45, x, y), (X, Y)),
    ("np.flip", np.flip, v.flip, (X,)),
    ("np.sort", lambda x: np.sort(x, axis=0), lambda x: v.sort(x, axis=0), (X,)),
    ("np.argsort", lambda x: x[np.argsort(x[:, 0])], lambda x: x[np.argsort(X[:, 0])], (X,)),
    ("np.searchsorted", lambda x: x * np.searchsorted(x[0], 0.5), lambda x: x * np.searchsorted(X[0], 0.5), (X,)),
    ("np.count_nonzero", lambda x: x * np.count_nonzero(x), lambda x: x * 6, (X,)),
    ("np.diff", lambda x: np.diff(x, axis=0), lambda x: x[1:] - x[:-1], (X,)),
    ("np.cumprod", lambda y: np.cumprod(y), lambda y: v.stack([y[0], y[0] * y[1], y[0] * y[1] * y[2]]), (Y,)),
    ("np.pad", lambda y: np.pad(y, (1, 2)), lambda y: v.concatenate([[0.0], y, [0.0, 0.0]]), (Y,)),
    ("np.convolve", lambda y: np.convolve(y, [1.0, 2.0], "valid"), lambda y: y[1:] + 2.0 * y[:-1], (Y,)),
    ("np.copysign", lambda x: np.copysign(x, -1.0), lambda x: -v.absolute(x), (X,)),
    ("np.linalg.cholesky", lambda y: np.linalg.cholesky(ROOT**2 * y[0]), lambda y: v.sqrt(y[0]) * ROOT, (Y,)),
    ("np.roll", lambda x: np.roll(x, -4), lambda x: v.roll(x, -4), (X,)),
    ("np.broadcast_to", lambda y: np.broadcast_to(y, (2, 3)), lambda y: v.broadcast_to(y, (2, 3)), (Y,)),
    ("np.expand_dims", lambda x: np.expand_dims(x, 1), lambda x: v.expand_dims(x, 1), (X,)),
    ("np.atleast_1d", np.atleast_1d, v.atleast_1d, (X,)),
    ("np.copy", np.copy, v.copy, (X,)),
    ("x.astype", lambda x: x.astype(float), v.copy, (X,)),
    ("zeros_like", lambda x: np.zeros_like(x) + x, v.positive, (X,)),
    ("ones_like", lambda x: np.ones_like(x) * x, v.positive, (X,)),
    ("full_like", lambda x: np.full_like(x, 2.5) * x, lambda x: x * 2.5, (X,)),
    ("full_like of a value", lambda x, y: np.full_like(x, y[0]), lambda x, y: v.zeros_like(x) + y[0], (X, Y)),
    ("lists as operands", lambda x: x * [1.0, 2.0, 3.0], lambda x: x * np.array([1.0, 2.0, 3.0]), (X,)),
    ("lists on the left", lambda x: [1.0, 2.0, 3.0] - x, lambda x: np.array([1.0, 2.0, 3.0]) - x, (X,)),
    ("dot with a list", lambda x: np.dot(x, [1.0, 2.0, 3.0]), lambda x: v.dot(x, np.array([1.0, 2.0, 3.0])), (X,)),
    ("inner with a list", lambda x: np.inner([1.0, 2.0, 3.0], x), lambda x: v.dot(x, np.array([1.0, 2.0, 3.0])), (X,)),
    ("matmul with a list", lambda x: x @ [1.0, 2.0, 3.0], lambda x: v.dot(x, np.array([1.0, 2.0, 3.0])), (X,)),
    (
        "stack with a list",
        lambda y: np.stack([[1.0, 2.0, 3.0], y]),
        lambda y: v.stack([np.array([1.0, 2.0, 3.0]), y]),
        (Y,),
    ),
    ("out=", lambda x, y: np.multiply(x, y, out=np.zeros_like(x)), v.multiply, (X, Y)),
    ("divmod", lambda x, y: np.stack(divmod(x, y)), lambda x, y: v.stack([x // y, x % y]), (X, Y)),
    ("round()", lambda x: round(x[0, 0], 1) + x, lambda x: x + v.round(x[0, 0], 1), (X,)),
    ("np.round", lambda x: np.round(x, 1) + x, lambda x: x + v.round(x, 1), (X,)),
]


@pytest.mark.parametrize(("name", "theirs", "ours", "inputs"), CALLS, ids=[c[0] for c in CALLS])
def test_every_way_to_call_gives_the_same(name, theirs, ours, inputs):
    everything = tuple(range(len(inputs)))
    expected = theirs(*inputs)
    for transform in (jacfwd, jacrev):
        assert_same(transform(theirs, everything)(*inputs), transform(ours, everything)(*inputs), 1e-14, 1e-14)
    assert_same(vjp(theirs, *inputs)[0], expected, 1e-14, 1e-14)
    assert_same(ours(*inputs), expected, 1e-14, 1e-14)


def test_the_namespace_of_a_value_is_the_vocabulary():
    seen = []

    def f(x):
        xp = x.__array_namespace__()
        seen.append(xp)
        return xp.sum(xp.exp(x)) + xp.pi * xp.max(xp.abs(x))

    grad(f)(Y)
    assert seen == [v]
    assert v.permute_dims is v.transpose and v.concat is v.concatenate and v.acos is v.arccos and v.pow is v.power


def test_array_attributes():
    x = Dual(X, np.ones_like(X))
    assert (x.shape, x.ndim, x.size, len(x), x.dtype) == ((2, 3), 2, 6, 2, np.float64)
    assert np.shape(x) == (2, 3) and np.ndim(x) == 2 and np.size(x) == 6 and np.size(x, 1) == 3
    assert [row.shape for row in x] == [(3,), (3,)]
    first, _ = x
    assert_same(first.value, X[0])
    scalar = Dual(1.0, 1.0)
    assert scalar.shape == () and scalar.size == 1 and scalar.dtype == np.float64
    for call in (len, iter, list):
        with pytest.raises(TypeError, match="scalar"):
            call(scalar)


def test_numbers_of_every_kind_on_either_side():
    for number in (2, 2.0, True, np.float64(2), np.float32(2), np.int32(2), np.uint8(2), np.array(2.0), np.array(2)):
        for transform in (jacfwd, jacrev):
            assert transform(lambda x, n=number: n * x + x / n - (n - x) * (x**n) + n**x)(1.5) == pytest.approx(
                transform(lambda x, n=float(number): n * x + x / n - (n - x) * (x**n) + n**x)(1.5)
            )


@pytest.mark.parametrize("transform", [jacfwd, jacrev])
def test_integer_arrays_beside_values_are_not_truncated(transform):
    k = np.array([1, 2, 3])
    assert_same(transform(lambda x: k * x)(0.5), k * 1.0)
    assert_same(transform(lambda x: k**x)(2.0), np.log(k) * k**2)
    assert_same(transform(lambda x: x**k)(2.0), k * 2.0 ** (k - 1))
    assert_same(transform(lambda x: x**-k)(2.0), -k * 2.0 ** (-k - 1.0))
    assert_same(transform(lambda x: k / x)(2.0), -k / 4.0)
    assert_same(transform(lambda x: v.full_like(k, 0.25 * x))(2.0), np.full(3, 0.25))
    assert_same(transform(lambda x: np.reciprocal(x) * k)(2), -k / 4.0)


def test_integer_powers_keep_their_type_where_numpy_does():
    assert grad(lambda x: x**3)(-2.0) == 12.0
    assert grad(lambda x: x**-1)(-2.0) == -0.25
    assert hessian(lambda x: x**2)(-2) == 2.0


# -- bad input: what raises, and what the message names


def on_tape(f, x=Y):
    return lambda: grad(unconverted(f))(x)


def on_dual(f, x=Y):
    return lambda: jvp(unconverted(f), (x,), (np.ones_like(x),))


def both(error, words, f, x=Y):
    return [(error, words, on_tape(f, x)), (error, words, on_dual(f, x))]


def store_in_plain(x):
    a = np.zeros(3)
    a[1] = x[0]
    return a.sum()


def store_slice_in_plain(x):
    a = np.zeros(3)
    a[:2] = x[:2]
    return a.sum()


def add_to_plain(x):
    a = np.zeros(3)
    a += x
    return a.sum()


def multiply_plain(x):
    a = np.ones(3)
    a *= x[0]
    return a.sum()


BAD = [
    (UnsupportedArgument, "use concatenate", lambda: jacfwd(lambda y: np.pad(y, 1, mode="median"))(Y)),
    # leaving through a conversion
    *both(StripError, "np.sin|primal", lambda x: float(x[0])),
    *both(StripError, "np.sin|primal", lambda x: math.sin(x[0])),
    *both(StripError, "np.sin|primal", lambda x: math.sqrt(x[0]) + x[1]),
    *both(StripError, "primal", lambda x: int(x[0])),
    *both(StripError, "primal", lambda x: complex(x[0])),
    *both(StripError, "primal", lambda x: x[0].item()),
    *both(StripError, "primal", lambda x: x.tolist()),
    *both(StripError, "np.stack", lambda x: np.asarray(x).sum()),
    *both(StripError, "np.stack", lambda x: np.array(x).sum()),
    *both(StripError, "np.stack", lambda x: np.array([x[0], x[1]]).sum()),
    *both(StripError, "np.stack", lambda x: np.asarray([x[0], 1.0]).sum()),
    *both(StripError, "np.stack", lambda x: np.asarray([x, x]).sum()),
    *both(StripError, "np.stack", lambda x: x * [x[0], 1.0, 2.0]),
    *both(StripError, "np.stack", lambda x: np.mean([x[0], x[1]])),
    *both(StripError, "np.stack|index_add", lambda x: np.add.at(np.zeros(3), [0, 1, 2], x)),
    *both(StripError, "primal", lambda x: [1, 2, 3][x[0]]),
    *both(StripError, "primal", lambda x: range(x[0])),
    *both(StripError, "primal", lambda x: np.zeros(3)[x[0]]),
    *both(StripError, "index with", lambda x: x[x[0]]),
    *both(UndecidedError, "np.where", lambda x: x[_mask_of_values(x)]),
    # into plain arrays
    *both(MutationError, r"zeros_like", store_in_plain),
    *both(InterpError, r"zeros_like|np.stack", store_slice_in_plain),
    *both(MutationError, r"a = a \+ x", add_to_plain),
    *both(MutationError, r"a = a \+ x", multiply_plain),
    *both(MutationError, "out=", lambda x: np.add(x, x, out=np.zeros(3))),
    *both(MutationError, "out=", lambda x: np.sum(x, out=np.zeros(()))),
    *both(MutationError, "zeros_like", lambda x: np.copyto(np.zeros(3), x)),
    *both(MutationError, "zeros_like", lambda x: np.full_like(np.zeros(3), x[0])),
    *both(MutationError, "item assignment", lambda x: x[0].__setitem__((), 1.0)),
    # arguments that values do not take
    *both(UnsupportedArgument, "np.where", lambda x: np.multiply(x, x, where=x.__gt__(0.5))),
    *both(UnsupportedArgument, "dtype", lambda x: np.multiply(x, x, dtype=np.float32)),
    *both(UnsupportedArgument, "keeps its type", lambda x: np.sum(x, dtype=np.float32)),
    *both(UnsupportedArgument, "keeps its type", lambda x: x.mean(dtype=np.float32)),
    *both(UnsupportedArgument, "order", lambda x: np.zeros_like(x, order="F").sum()),
    *both(UnsupportedArgument, "astype", lambda x: x.astype(int)),
    *both(UnsupportedArgument, "keeps its type", lambda x: np.concatenate([x, x], dtype=np.float32)),
    *both(UnsupportedArgument, "out=", lambda x: x.take([0], out=np.zeros(1))),
    *both(UnsupportedArgument, "converted to int", lambda x: np.insert([1, 2, 3], 0, x[0])),
    # attributes of arrays that values do not have
    *both(NoAttribute, "primal", lambda x: x.flat),
    *both(NoAttribute, "primal", lambda x: x.byteswap()),
    *both(NoAttribute, "primal", lambda x: x.view()),
    # functions without a primitive
    *both(NoRule, "add it", lambda x: np.unwrap(x)),
    *both(NoRule, "add it", lambda x: scipy.special.ellipkinc(x, 0.5)),
    *both(NoRule, "add it", lambda x: np.frexp(x)),
    # objects
    *both(UnsupportedInput, "dtype object", lambda x: x * np.array([1, None, 3], object)),
    *both(UnsupportedInput, "dtype object", lambda x: np.array([1, None, 3], object) * x),
    *both(UnsupportedInput, "dtype object", lambda x: np.maximum(np.array([1, None, 3], object), x)),
    # arrays of NumPy's that compute otherwise
    *both(InterpError, "asarray", lambda x: x * np.asmatrix(np.eye(3))),
    *both(InterpError, "asarray", lambda x: x * np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0])),
    (NoRule, "asarray", lambda: grad(lambda x: np.sum(x * x))(np.asmatrix(np.eye(2)))),
    (NoRule, "asarray", lambda: jacfwd(np.sum)(np.ma.array([1.0, 2.0], mask=[0, 1]))),
    (UnsupportedInput, "no array of numbers", lambda: grad(lambda x: x.sum())(np.array([1.0, None]))),
    (UnsupportedInput, "no array of numbers", lambda: grad(lambda x: x.sum())(np.array([1, 2], object))),
    (UnsupportedInput, "no array of numbers", lambda: grad(lambda x: x)("text")),
    (UnsupportedInput, "no array of numbers", lambda: jacfwd(lambda x: x)(np.array(["a"]))),
    (UnsupportedInput, "no array of numbers", lambda: Dual("a", 1.0)),
    (UnsupportedInput, "real", lambda: grad(lambda x: x * x)(1j)),
    # shapes
    (ShapeError, "one number", lambda: grad(lambda x: x)(Y)),
    (ShapeError, "tangent of shape", lambda: jvp(np.sin, (Y,), (np.ones(2),))),
    (ShapeError, "tangent of shape", lambda: Dual(Y, np.ones(2))),
    (ShapeError, "cotangent", lambda: vjp(np.sin, Y)[1](np.ones(2))),
    # levels
    (MixedLevels, "interpret", lambda: _two_types_at_one_level()),
]


def _mask_of_values(x):
    """A mask that is itself a value of booleans."""
    mask = x.copy() if False else x
    return (
        mask.rebuild(*(np.asarray(primal(x)) > 0.5 for _ in mask.components))
        if hasattr(x, "tangent")
        else _taped_mask(x)
    )


def _taped_mask(x):
    from interpretations.tape import record

    return record(x.recording, primal(x) > 0.5, None)


def _two_types_at_one_level():
    from interp.testing import Probe

    return Dual(1.0, 1.0) * Probe(2.0, 1.0)


@pytest.mark.parametrize(("error", "words", "call"), BAD)
def test_bad_input_raises_an_error_that_says_what_to_do(error, words, call):
    with pytest.raises(error, match=words) as caught:
        call()
    assert isinstance(caught.value, InterpError)
    assert caught.type.__module__ == "interp.errors"


def test_every_message_of_a_strip_names_the_way_out():
    with pytest.raises(StripError) as caught:
        grad(unconverted(lambda x: np.array([x, x]).sum()))(1.0)
    assert re.search(r"np\.stack\(\[x, y\]\)", str(caught.value)) and "primal" in str(caught.value)


NUMPYS = [
    (ValueError, "cannot be empty", lambda: jacfwd(lambda y: np.convolve(y[:0], y))(Y)),
    (np.linalg.LinAlgError, "not positive definite", lambda: jacfwd(np.linalg.cholesky)(-SQUARE)),
    (ValueError, "do not fit", lambda: jacfwd(lambda y: y[:2] @ scipy.sparse.eye_array(3))(Y)),
]
"""What NumPy refuses too, by the same class of error."""


@pytest.mark.parametrize(("error", "words", "call"), NUMPYS)
def test_what_numpy_refuses(error, words, call):
    with pytest.raises(error, match=words):
        call()


# -- input that is unusual and right


@pytest.mark.parametrize("transform", [jacfwd, jacrev])
def test_unusual_input_that_is_right(transform):
    assert transform(lambda x: x * x)(3) == 6.0
    assert transform(lambda x: x * x)(np.int64(3)) == 6.0
    assert transform(lambda x: x / 2)(3) == 0.5
    assert transform(lambda x: x * 1.0)(True) == 1.0
    assert_same(transform(lambda x: x / 2)(np.array([1, 2])), np.eye(2) / 2)
    assert_same(transform(lambda x: np.where(x > 1, x, 0))(np.array([1, 2])), np.diag([0.0, 1.0]))
    assert transform(lambda x: x.sum())(np.zeros((0, 2))).shape == (0, 2)
    assert np.isnan(transform(lambda x: x * np.nan)(1.0))
    assert np.isnan(transform(lambda x: x * x)(np.nan))
    assert_same(transform(lambda x: x @ x)(np.array([1.0, 2.0])), np.array([2.0, 4.0]))
    assert_same(transform(lambda x: x * 2)(np.array([1.0, 2.0], dtype=">f8")), 2 * np.eye(2))
    assert transform(lambda x: x * 2)(np.array([1.0], dtype=np.float16)).dtype == np.float16


def test_plain_lists_are_containers_as_in_jax():
    assert grad(lambda p: p[0] * p[1])([2.0, 3.0]) == [3.0, 2.0]


def test_boolean_results_of_predicates_are_plain():
    def f(x):
        assert isinstance(x > 0.5, np.ndarray) and (x > 0.5).dtype == bool
        assert isinstance(x[0] > 0.5, bool | np.bool_)
        assert np.any(x > 0.5) and not np.all(x > 0.5) and not np.isnan(x).any()
        assert x.argmax() == 2 and np.argmin(x) == 1
        return x[x > 0.5].sum() + x[x.argmax()]

    for transform in (grad, jacfwd, jacrev):
        assert_same(transform(f)(Y), np.array([1.0, 0.0, 2.0]))


def test_truth_of_an_array_is_ambiguous():
    for transform in (grad, jacfwd):
        with pytest.raises(ValueError, match=r"any\(\) or .all\(\)"):
            transform(lambda x: x.sum() if x else 0.0)(Y)


def test_numpy_errors_stay_numpys():
    """Mistakes that have nothing to do with values raise what NumPy raises."""
    for f, error in [
        (lambda x: x.reshape(2, 2), ValueError),
        (lambda x: x[5], IndexError),
        (lambda x: x[0, 0], IndexError),
        (lambda x: x + np.ones(2), ValueError),
        (lambda x: x.sum(axis=3), np.exceptions.AxisError),
        (lambda x: x @ np.ones(2), ValueError),
        (lambda x: np.concatenate([x, np.ones((2, 2))]), ValueError),
        (lambda x: np.linalg.solve(np.zeros((3, 3)), x), np.linalg.LinAlgError),
        (lambda x: np.stack([x, x[:2]]), ValueError),
        (lambda x: x.__setitem__(0, x), ValueError),
        (lambda x: x.squeeze(0), ValueError),
        (lambda x: x.transpose(0, 1), ValueError),
    ]:
        with pytest.raises(error):
            f(Y)
        for transform in (jacfwd, jacrev):
            with pytest.raises(error) as caught:
                transform(f)(Y)
            assert not isinstance(caught.value, InterpError) or issubclass(caught.type, error)


@pytest.mark.parametrize("subscripts", ["i,j->k", "i,j->ii", "i,j,k->i", "ij,j->i", "i,i"])
def test_einsum_refuses_what_numpy_refuses(subscripts):
    x = np.arange(3.0)
    other = np.arange(4.0)
    with pytest.raises(ValueError):
        np.einsum(subscripts, x, other)
    with pytest.raises(ValueError, match="einsum"):
        grad(lambda x: np.sum(np.einsum(subscripts, x, other)))(x)


def test_einsum_of_random_subscripts_is_numpys_and_differentiates_in_both_modes():
    random, rng = np.random.default_rng(7), np.random.default_rng(0)
    compared = 0
    for _ in range(400):
        size = dict(zip("abcd", random.integers(1, 4, 4), strict=True))
        terms = ["".join(random.choice(list("abcd"), random.integers(0, 4))) for _ in range(random.integers(1, 4))]
        letters = sorted(set("".join(terms)))
        output = "".join(random.permutation(letters)[: random.integers(0, len(letters) + 1)])
        subscripts = ",".join("..." + t for t in terms) + "->..." + output
        operands = []
        for term in terms:
            broadcast = set(random.choice(list("abcd"), random.integers(0, 2)))  # letters of length one here
            outer = [(), (3,), (2, 1)][random.integers(0, 3)]
            operands.append(rng.normal(size=(*outer, *(1 if c in broadcast else size[c] for c in term))))
        try:
            expected = np.einsum(subscripts, *operands)
        except ValueError:
            continue
        compared += 1
        np.testing.assert_allclose(v.einsum(subscripts, *operands), expected, atol=1e-12)
        i = int(random.integers(0, len(operands)))

        def of_one(x, i=i, operands=operands, subscripts=subscripts):
            return np.einsum(subscripts, *(x if j == i else o for j, o in enumerate(operands)))

        forward = jacfwd(of_one)(operands[i])
        np.testing.assert_allclose(jacrev(of_one)(operands[i]), forward, atol=1e-12)
        # Linear in each operand, so the derivative applied to it gives the product back.
        np.testing.assert_allclose(np.tensordot(forward, operands[i], operands[i].ndim), expected, atol=1e-12)
    assert compared > 300

"""Shapes, joins, parts, selections: each call that the catalogue shows, in every number type; errors and corners."""

import numpy as np
import pytest
import truth
from truth import assert_same
from unconverted import unconverted

from interp import primal
from interp.errors import InterpError, MutationError, StripError, UndecidedError
from interp.testing import check_enclosure, check_sparsity
from interp.vocabulary.catalogue import entries
from interpretations import (
    Dual,
    Interval,
    Measurement,
    SparsityTracer,
    grad,
    hessian,
    hessian_sparsity,
    jacfwd,
    jacobian_sparsity,
    jacrev,
    jvp,
)
from interpretations.taylor import jet

FAMILIES = ("shape", "indexing", "joining", "splitting", "repeating", "padding", "triangles", "selecting")
SHOWN = [
    pytest.param(entry, call, id=f"{entry.name}/{i}")
    for entry in entries()
    if entry.family in FAMILIES or entry.name in ("permute_dims", "reshape", "flip", "broadcast_to", "concat", "where")
    for i, call in enumerate(entry.calls)
]
every = pytest.mark.parametrize(("entry", "call"), SHOWN)
both_modes = pytest.mark.parametrize("transform", [jacfwd, jacrev])
X = np.array([[0.3, 0.6, 0.5], [0.2, 0.8, 0.4]])


def outputs(out):
    return list(out) if isinstance(out, tuple | list) else [out]


def flat(out):
    """All numbers of one output or several, as one vector."""
    return np.concatenate([np.reshape(part, -1) for part in outputs(out)]) if len(outputs(out)) else np.zeros(0)


def as_one_vector(call):
    """The operands of a call as one vector, and what makes them of it."""
    leaves = [x for operand in call.operands for x in (operand if isinstance(operand, list) else [operand])]
    vector = np.concatenate([np.ravel(x) for x in leaves])

    def operands(z):
        start, made = 0, []
        for operand in call.operands:
            parts = []
            for x in operand if isinstance(operand, list) else [operand]:
                part = z[start : start + np.size(x)]
                parts.append(np.reshape(part, np.shape(x)) if np.shape(x) else part[0])
                start += np.size(x)
            made.append(parts if isinstance(operand, list) else parts[0])
        return made

    return vector, operands


def numpys(entry):
    """NumPy's function: on plain arrays the truth, on values ours."""
    return entry.counterparts[0]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@every
def test_shapes_and_types_are_numpys(entry, call, dtype):
    def typed(x):
        return [typed(part) for part in x] if isinstance(x, list) else np.asarray(x, dtype)[()]

    if call.parameters.get("dtype") is float:
        dtype = np.float64
    plain = [typed(x) for x in call.operands]
    lifted = [[Dual(p, p) for p in x] if isinstance(x, list) else Dual(x, x) for x in plain]
    expected, found = outputs(call.of(numpys(entry), *plain)), outputs(call.of(numpys(entry), *lifted))
    own = outputs(call.of(entry.function, *plain))
    assert len(found) == len(expected) == len(own)
    for ours, theirs, same in zip(found, expected, own, strict=True):
        assert ours.shape == np.shape(theirs) == np.shape(same)
        assert primal(ours).dtype == theirs.dtype == same.dtype and type(same) is type(theirs)
        np.testing.assert_array_equal(same, theirs)
        eps = 4 * np.finfo(dtype).eps
        np.testing.assert_allclose(primal(ours), theirs, rtol=eps, atol=eps * np.max(np.abs(theirs), initial=0.0))
        if isinstance(ours, Dual) and entry.name != "select":
            assert ours.tangent.dtype == theirs.dtype


@every
def test_jacobians_in_both_modes_are_finite_differences_of_numpys(entry, call):
    vector, operands = as_one_vector(call)

    def f(z):
        return flat(call.of(numpys(entry), *operands(z)))

    expected = truth.jacobian(f, (vector,), 0)
    if not entry.differentiable:
        expected = np.zeros(expected.shape)
    for transform in (jacfwd, jacrev):
        assert_same(transform(unconverted(f))(vector), expected, 1e-8, 1e-8)
        assert_same(transform(f)(vector), expected, 1e-8, 1e-8)


@every
def test_directions_at_once_are_the_directions_one_at_a_time(entry, call):
    if not entry.differentiable:
        return
    rng = np.random.default_rng(5)
    leaves = [x for operand in call.operands for x in (operand if isinstance(operand, list) else [operand])]
    for k in sorted({n for x in leaves for n in np.shape(x)} | {1}):
        seeds = [rng.normal(size=(k, *np.shape(x))) for x in leaves]

        def lifted(direction, seeds=seeds):
            given = iter(
                [Dual(x, (t if direction is None else t[direction][()])) for x, t in zip(leaves, seeds, strict=True)]
            )
            return [[next(given) for _ in x] if isinstance(x, list) else next(given) for x in call.operands]

        together = outputs(call.of(numpys(entry), *lifted(None)))
        for direction in range(k):
            alone = outputs(call.of(numpys(entry), *lifted(direction)))
            for a, b in zip(together, alone, strict=True):
                assert_same(a.tangent[direction], b.tangent)


@every
def test_second_derivatives_in_every_order(entry, call):
    if not (entry.differentiable and call.smooth):
        return
    vector, operands = as_one_vector(call)

    def scalar(z):
        out = flat(call.of(numpys(entry), *operands(z * z)))
        return np.sum(np.cos(np.arange(out.size)) * out + np.sin(out))

    expected = truth.jacobian(grad(unconverted(scalar)), (vector,), 0)
    for outer in (jacfwd, jacrev):
        for inner in (jacfwd, jacrev):
            assert_same(outer(inner(unconverted(scalar)))(vector), expected, 1e-7, 1e-7)


@every
def test_measurements_propagate_the_jacobian(entry, call):
    if not entry.differentiable:
        return
    vector, operands = as_one_vector(call)
    std = 0.01 + 0.001 * np.arange(vector.size)

    def f(z):
        return flat(call.of(numpys(entry), *operands(z)))

    jacobian = truth.jacobian(f, (vector,), 0)
    found = f(Measurement(vector, std))
    assert_same(found.nominal_value, f(vector))
    assert_same(found.std_dev, np.sqrt((jacobian**2) @ std**2), 1e-8, 1e-8)


@every
def test_intervals_enclose_or_say_that_they_are_undecided(entry, call):
    if not entry.differentiable:
        return
    vector, operands = as_one_vector(call)

    def f(z):
        return flat(call.of(numpys(entry), *operands(z)))

    for radius in (1e-9, 0.2):
        box = Interval(vector - radius, vector + radius)
        try:
            check_enclosure(f, box, samples=40)
        except UndecidedError:
            assert entry.name in ("compress", "extract") and radius == 0.2


@every
def test_patterns_are_what_perturbations_show(entry, call):
    vector, operands = as_one_vector(call)

    def f(z):
        return flat(call.of(numpys(entry), *operands(z)))

    if entry.name in POSITIONS or call is CONDITION_ON_VALUES.get(entry.name):
        with pytest.raises(UndecidedError):
            jacobian_sparsity(unconverted(f), vector)
        return
    for g in (unconverted(f), f):
        pattern = jacobian_sparsity(g, vector)
        if entry.name in ("where", "select"):  # what a condition depends on moves nothing, at almost every point
            points = np.random.default_rng(2).uniform(0.25, 0.85, (30, vector.size))
            union = np.any([truth.jacobian(f, (z,), 0, 1e-6) != 0 for z in points], axis=0)
            np.testing.assert_array_equal(pattern.toarray(), union)
        else:
            check_sparsity(f, vector, pattern, exact="stat" not in str(call) and "imum" not in str(call))


POSITIONS = ("nonzero", "argwhere", "flatnonzero", "extract", "trim_zeros")
CONDITION_ON_VALUES = {entry.name: entry.calls[-1] for entry in entries() if entry.name == "compress"}


@every
def test_first_coefficients_of_taylor_are_forward_mode(entry, call):
    if not entry.differentiable:
        return
    vector, operands = as_one_vector(call)
    direction = np.cos(np.arange(vector.size))

    def f(z):
        return flat(call.of(numpys(entry), *operands(z)))

    value, series = jet(f, (vector,), ((direction, np.zeros(vector.size)),))
    expected = jvp(f, (vector,), (direction,))
    assert_same((value, series[0]), expected)


# -- errors: of NumPy's class wherever NumPy raises

Q = np.arange(1.0, 5.0)
REFUSED = {
    "reshape, size": lambda x: np.reshape(x, (4, 2)),
    "reshape, order": lambda x: np.reshape(x, (3, 2), order="K"),
    "reshape, no copy": lambda x: np.reshape(x.T, 6, copy=False),
    "reshape, two unknown": lambda x: x.reshape(-1, -1),
    "ravel, order": lambda x: np.ravel(x, order="Q"),
    "expand_dims, repeated": lambda x: np.expand_dims(x, (0, 0)),
    "expand_dims, range": lambda x: np.expand_dims(x, 3),
    "squeeze, length": lambda x: np.squeeze(x, 0),
    "squeeze, range": lambda x: np.squeeze(x, 2),
    "transpose, no permutation": lambda x: np.transpose(x, (0, 0)),
    "transpose, range": lambda x: np.transpose(x, (0, 2)),
    "matrix_transpose, vector": lambda x: np.matrix_transpose(x[0]),
    "mT, vector": lambda x: x[0].mT,
    "moveaxis, repeated": lambda x: np.moveaxis(x, (0, 0), (0, 1)),
    "moveaxis, lengths": lambda x: np.moveaxis(x, (0, 1), 0),
    "swapaxes, range": lambda x: np.swapaxes(x, 0, 2),
    "rollaxis, range": lambda x: np.rollaxis(x, 0, 4),
    "flip, range": lambda x: np.flip(x, 2),
    "flip, repeated": lambda x: np.flip(x, (0, 0)),
    "fliplr, vector": lambda x: np.fliplr(x[0]),
    "rot90, axes": lambda x: np.rot90(x, axes=(0, 0)),
    "rot90, three axes": lambda x: np.rot90(x, axes=(0, 1, 2)),
    "roll, range": lambda x: np.roll(x, 1, axis=2),
    "roll, table": lambda x: np.roll(x, [[1]], axis=0),
    "broadcast_to": lambda x: np.broadcast_to(x, (3, 2)),
    "broadcast_arrays": lambda x: np.broadcast_arrays(x, np.ones(2)),
    "concatenate, nothing": lambda x: np.concatenate([x[:0]][1:]),
    "concatenate, shapes": lambda x: np.concatenate([x, np.ones((2, 2))]),
    "concatenate, ranks": lambda x: np.concatenate([x, np.ones(3)]),
    "concatenate, numbers": lambda x: np.concatenate([x[0, 0], x[0, 1]]),
    "concatenate, range": lambda x: np.concatenate([x, x], axis=2),
    "concatenate, casting": lambda x: np.concatenate([x, x], dtype=int),
    "stack, shapes": lambda x: np.stack([x, x[0]]),
    "stack, range": lambda x: np.stack([x, x], axis=3),
    "vstack, shapes": lambda x: np.vstack([x, np.ones(2)]),
    "hstack, ranks": lambda x: np.hstack([x, np.ones(2)]),
    "block, depths": lambda x: np.block([[x], x]),
    "block, tuple": lambda x: np.block([[x], (x,)]),
    "block, empty": lambda x: np.block([[x], []]),
    "append, ranks": lambda x: np.append(x, np.ones(3), axis=0),
    "insert, range": lambda x: np.insert(x, 3, 1.0, axis=0),
    "insert, shapes": lambda x: np.insert(x, [0, 1], np.ones(2), axis=0),
    "delete, range": lambda x: np.delete(x, 6),
    "split, unequal": lambda x: np.split(x, 2, axis=1),
    "split, none": lambda x: np.array_split(x, 0),
    "split, range": lambda x: np.split(x, 1, axis=2),
    "hsplit, number": lambda x: np.hsplit(x[0, ..., 0], 1),
    "vsplit, vector": lambda x: np.vsplit(x[0], 1),
    "dsplit, matrix": lambda x: np.dsplit(x, 1),
    "unstack, number": lambda x: np.unstack(x[0, ..., 0]),
    "tile, negative": lambda x: np.tile(x, -1),
    "repeat, negative": lambda x: np.repeat(x, -1),
    "repeat, lengths": lambda x: np.repeat(x, [1, 2], axis=1),
    "repeat, range": lambda x: np.repeat(x, 2, axis=2),
    "resize, negative": lambda x: np.resize(x, (-1, 2)),
    "meshgrid, indexing": lambda x: np.meshgrid(x[0], x[1], indexing="yx"),
    "pad, negative": lambda x: np.pad(x, -1),
    "pad, fraction": lambda x: np.pad(x, 0.5),
    "pad, widths": lambda x: np.pad(x, ((1, 2, 3), (4, 5, 6))),
    "pad, mode": lambda x: np.pad(x, 1, mode="nonsense"),
    "pad, option": lambda x: np.pad(x, 1, mode="edge", constant_values=1.0),
    "pad, empty": lambda x: np.pad(x[:, :0], 1, mode="edge"),
    "diag, cube": lambda x: np.diag(x[None]),
    "diagonal, vector": lambda x: np.diagonal(x[0]),
    "diagonal, axes": lambda x: np.diagonal(x, 0, 1, 1),
    "fill_diagonal, vector": lambda x: np.fill_diagonal(x[0] * 1.0, 1.0),
    "fill_diagonal, cuboid": lambda x: np.fill_diagonal(x[None] * 1.0, 1.0),
    "take, range": lambda x: np.take(x, [6]),
    "take, text": lambda x: np.take(x, 1j),
    "take, mode": lambda x: np.take(x, [0], mode="nonsense"),
    "take, of nothing": lambda x: np.take(x[:0], [0], axis=0, mode="wrap"),
    "take_along_axis, ranks": lambda x: np.take_along_axis(x, np.array([0]), 0),
    "take_along_axis, mask": lambda x: np.take_along_axis(x, np.ones((2, 3), bool), 0),
    "take_along_axis, range": lambda x: np.take_along_axis(x, np.array([[3]]), 1),
    "put_along_axis, ranks": lambda x: np.put_along_axis(x * 1.0, np.array([0]), 1.0, 0),
    "put, range": lambda x: np.put(x * 1.0, 6, 1.0),
    "putmask, sizes": lambda x: np.putmask(x * 1.0, [True, False], 1.0),
    "place, nothing": lambda x: np.place(x * 1.0, x > 0.0, []),
    "select, lengths": lambda x: np.select([x > 0.5], [x, x]),
    "select, nothing": lambda x: np.select([], [], x),
    "select, numbers": lambda x: np.select([np.ones(3)], [x]),
    "choose, range": lambda x: np.choose([0, 2, 1], [x, x]),
    "choose, negative": lambda x: np.choose([0, -1, 1], [x, x]),
    "choose, shapes": lambda x: np.choose([0, 0], [x]),
    "compress, matrix": lambda x: np.compress([[True], [False]], x, axis=0),
    "compress, long": lambda x: np.compress([False, False, True], x, axis=0),
    "extract, long": lambda x: np.extract([0] * 6 + [1], x),
    "nonzero, number": lambda x: np.nonzero(x[0, 0]),
    "where, one side": lambda x: np.where(x > 0.5, x),
    "trim_zeros": lambda x: np.trim_zeros(x, "middle"),
    "trim_zeros, range": lambda x: np.trim_zeros(x, axis=2),
    "choose, fraction": lambda x: np.choose(x, [x, x]),
    "split, fraction": lambda x: np.array_split(x, [0.5]),
    "tile, fraction": lambda x: np.tile(x, (1.5, 2)),
    "x[i], range": lambda x: x[2],
    "x[i, j, k]": lambda x: x[0, 0, 0],
    "x[mask], sizes": lambda x: x[np.array([True, False, True])],
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_what_numpy_refuses_raises_its_class_of_error(call):
    with pytest.raises(Exception) as caught:
        call(X)
    assert not isinstance(caught.value, InterpError)
    lifted = [Dual(X, X), Measurement(X, X), SparsityTracer(X)]
    calls = [lambda x=x: call(x) for x in lifted] + [lambda: jacrev(unconverted(lambda x: call(x)))(X)]
    for each in calls:
        with pytest.raises(caught.type) as ours:
            each()
        assert not isinstance(ours.value, InterpError) or isinstance(ours.value, UndecidedError | TypeError)


# -- empty arrays, arrays without axes, integers beside values

CORNERS = {
    "tile by 0": lambda x: np.tile(x, (2, 0)),
    "tile of nothing": lambda x: np.tile(x[:0], 2),
    "repeat by 0": lambda x: np.repeat(x, 0, axis=1),
    "repeat of nothing": lambda x: np.repeat(x[:, :0], 2, axis=0),
    "repeat by no counts": lambda x: np.repeat(x[:0], [], axis=0) if isinstance(x, np.ndarray) else x[:0],
    "resize to nothing": lambda x: np.resize(x, (0, 2)),
    "resize of nothing": lambda x: np.resize(x[:0], (2, 2)),
    "roll of nothing": lambda x: np.roll(x[:0], 1, axis=0),
    "pad of nothing": lambda x: np.pad(x[:0], ((1, 1), (0, 2)), constant_values=3),
    "edges of a line": lambda x: np.pad(x[:0], ((0, 0), (1, 2)), mode="edge"),
    "flip of nothing": lambda x: np.flip(x[:, :0]),
    "concatenate with nothing": lambda x: np.concatenate([x[:0], x, np.ones((0, 3))]),
    "concatenate integers": lambda x: np.concatenate([x, [[1, 2, 3]]]),
    "stack integers": lambda x: np.stack([x[0], [1, 2, 3]], axis=1),
    "append an integer": lambda x: np.append(x, 3),
    "insert integers": lambda x: np.insert(x, [0, 3], [7, 8]),
    "where with an integer": lambda x: np.where(x > 0.55, x, 2),
    "select integers": lambda x: np.select([x > 0.55, x > 0.25], [3, x], 7),
    "select with an integer default": lambda x: np.select([x > 0.55, x > 0.35], [x, 2 * x]),
    "choose among integers": lambda x: np.choose([[0, 1, 0]], [[1, 2, 3], x]),
    "kron with integers": lambda x: np.kron(np.array([[1, 2]]), x),
    "kron with a list": lambda x: np.kron([1, 2], x[0]),
    "tril of more": lambda x: np.tril(x, -7),
    "triu of nothing": lambda x: np.triu(x[:0]),
    "diag of nothing": lambda x: np.diag(x[0, :0], 1),
    "diagonal beyond": lambda x: np.diagonal(x, -3),
    "split with nothing": lambda x: np.concatenate(np.array_split(x, 5, axis=1), axis=1),
    "split backwards": lambda x: np.concatenate(np.split(x, [2, 1], axis=1), axis=1),
    "delete everything": lambda x: np.delete(x, slice(None), axis=1),
    "delete nothing": lambda x: np.delete(x, [], axis=1),
    "compress everything away": lambda x: np.compress([False], x, axis=1),
    "take by fractions": lambda x: np.take(x, [0.5, 1.9]),
    "take by an empty list": lambda x: np.take(x, []),
    "split in a fraction": lambda x: np.array_split(x, 2.9, axis=1)[1],
    "roll by a fraction": lambda x: np.roll(x, 1.9),
    "take nothing": lambda x: np.take(x, np.zeros((0, 2), int), axis=1),
    "take by booleans": lambda x: np.take(x, [True, False]),
    "take from an element": lambda x: np.take(x[0, 0], [0, 0]),
    "take one of a vector": lambda x: np.take(x[0], 1),
    "take one of a matrix": lambda x: np.take(x, 4),
    "an element as an array": lambda x: np.atleast_1d(x[0, ..., 0]),
    "an element in a block": lambda x: np.block([x[0, 0], 1, x[1]]),
    "an element repeated": lambda x: np.repeat(x[0, 0], 3),
    "an element squeezed": lambda x: np.squeeze(x[:1, :1]),
    "an element transposed": lambda x: np.transpose(x[0, ..., 0]),
    "an element broadcast": lambda x: np.broadcast_to(x[0, 0], (2, 0, 3)),
    "an element padded": lambda x: np.pad(x[0, ..., 0], 1),
    "meshgrid of integers": lambda x: np.stack(np.meshgrid(x[0], [1, 2])),
    "meshgrid of nothing": lambda x: np.stack(np.meshgrid(x[0, :0], [1, 2])),
    "stack rows of an array": lambda x: np.stack(x, axis=1),
    "vstack an array": lambda x: np.vstack(x),
    "concatenate an array": lambda x: np.concatenate(x),
    "unstack": lambda x: np.unstack(x)[1],
    "ix_": lambda x: x[np.ix_([1, 0], [2, 0])],
    "new axes": lambda x: x[None, ..., None, 1],
    "mask of rows": lambda x: x[[True, False]],
    "nonzero": lambda x: x[np.nonzero(x > 0.45)],
    "where of a condition": lambda x: x[np.where(x > 0.45)],
    "flatnonzero": lambda x: np.ravel(x)[np.flatnonzero(x)],
    "argwhere of a number": lambda x: x * len(np.argwhere(x[0, 0])),
    "tril_indices_from": lambda x: x[np.tril_indices_from(x, -1)],
    "diag_indices_from": lambda x: x[:, :2][np.diag_indices_from(x[:, :2])],
}


@pytest.mark.parametrize("call", CORNERS.values(), ids=CORNERS)
def test_corners_are_numpys(call):
    expected = call(X)
    for lifted in (Dual(X, X), Dual(X, np.stack([X, X, X])), Measurement(X, X)):
        found = call(lifted)
        assert np.shape(found) == np.shape(expected) and found.dtype == expected.dtype
        np.testing.assert_array_equal(primal(found), expected)
    single = X.astype(np.float32)
    assert primal(call(Dual(single, single))).dtype == call(single).dtype
    jacobian = truth.jacobian(call, (X,), 0)
    for transform in (jacfwd, jacrev):
        assert_same(transform(unconverted(lambda x: call(x)))(X), jacobian, 1e-8, 1e-8)
        assert_same(transform(call)(X), jacobian, 1e-8, 1e-8)


def test_complex_numbers_are_joined_and_moved():
    z, t = X[0] + 1j * X[1], np.cos(X[0]) - 2j * X[1]

    def f(z):
        return np.tril(np.kron(np.pad(np.diag(z), (1, 0), mode="edge"), [[1j], [2.0]]), -1).T.ravel("F")

    found = f(Dual(z, t))
    assert_same((found.value, found.tangent), (f(z), f(t)))

    def real(x):
        return np.sum(np.abs(f(np.roll(x[0] + 1j * x[1], 1)) + 1.0) ** 2 * np.arange(32.0))

    expected = truth.jacobian(real, (X,), 0)
    for transform in (jacfwd, jacrev):
        assert_same(transform(real)(X), expected, 1e-8, 1e-8)


@both_modes
def test_not_a_number_stays_where_it_is(transform):
    """Zeros that a triangle, a pad or a choice puts beside a NaN carry nothing of it."""
    x = np.array([[np.nan, 1.0], [2.0, 3.0]])
    for f in (
        lambda x: np.triu(x, 1) + np.tril(x, -1),
        lambda x: np.diag(x[1]),
        lambda x: np.select([np.array([[False, True], [True, True]])], [x]),
        lambda x: np.choose([[1, 0], [0, 0]], [x, 7.0]),
        lambda x: np.pad(x[0], (0, 1), mode="reflect", reflect_type="odd")[1:2],
    ):
        out, tangent = jvp(f, (x,), (np.ones((2, 2)),))
        assert np.isfinite(out).all() and np.isfinite(tangent).all()
        assert np.isfinite(transform(lambda x, f=f: np.sqrt(np.abs(f(x)) + 1.0))(x)).all()


# -- what values decide, and what they leave open


def test_conditions_unite_both_sides():
    x = np.array([0.3, 0.6, 0.5])

    def selected(x):
        return np.select([x > 0.4, x < 0.2], [x[::-1], x[0] * x], default=x[2])

    def chosen(x):
        return np.choose(x > 0.4, [x * x[0], x[::-1]])

    for f, rows in ((selected, [[1, 0, 1], [1, 1, 1], [1, 0, 1]]), (chosen, [[1, 0, 1], [1, 1, 0], [1, 0, 1]])):
        np.testing.assert_array_equal(jacobian_sparsity(unconverted(f), x).toarray(), np.array(rows, bool))
        check_enclosure(unconverted(f), Interval(x - 0.25, x + 0.25))
        local = jacobian_sparsity(unconverted(f), x, local=True).toarray()
        np.testing.assert_array_equal(local, truth.jacobian(f, (x,), 0) != 0)


UNDECIDED = {
    "nonzero": np.nonzero,
    "argwhere": np.argwhere,
    "flatnonzero": np.flatnonzero,
    "nonzero of a comparison": lambda x: np.nonzero(x > 0.5),
    "where": lambda x: np.where(x > 0.5),
    "compress": lambda x: np.compress(x > 0.5, x),
    "extract": lambda x: np.extract(x > 0.5, x),
    "extract from a plain array": lambda x: np.extract(x, np.ones(3)),
    "trim_zeros": lambda x: np.trim_zeros(x),
    "place": lambda x: np.place(x * 1.0, x > 0.5, [1.0]),
    "delete": lambda x: np.delete(x, x > 0.5),
    "insert": lambda x: np.insert(x, x > 0.5, 1.0),
    "x[mask]": lambda x: x[x > 0.5],
}


@pytest.mark.parametrize("call", UNDECIDED.values(), ids=UNDECIDED)
def test_shapes_that_the_input_decides_are_refused(call):
    x = np.array([0.3, 0.6, 0.5])
    for value in (SparsityTracer(x), Interval(x - 0.7, x + 0.1)):
        with pytest.raises(UndecidedError, match=r"np\.where"):
            call(value)
    for value in (Dual(x, x), Measurement(x, x)):  # these follow the numbers
        assert_same(primal_of(call(value)), primal_of(call(x)))


def primal_of(out):
    return tuple(map(primal, out)) if isinstance(out, tuple) else primal(out)


def test_masks_of_stores_may_be_undecided():
    x = np.array([0.3, 0.6, 0.5])

    def f(x):
        a = x * 1.0
        np.putmask(a, a > 0.4, 2.0 * x[::-1])
        return a

    assert_same(jacrev(f)(x), truth.jacobian(f, (x,), 0), 1e-8, 1e-8)
    expected = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]], bool)
    np.testing.assert_array_equal(jacobian_sparsity(unconverted(f), x).toarray(), expected)
    check_enclosure(unconverted(f), Interval(x - 0.25, x + 0.25))


def test_values_are_no_positions():
    x = np.array([0.3, 0.6, 0.5])
    for call in (
        lambda x: np.take(np.ones(3), x),
        lambda x: x.take(x),
        lambda x: np.take_along_axis(x, x, 0),
        lambda x: np.repeat(x, x),
        lambda x: np.delete(x, x[0]),
        lambda x: np.insert(x, x[0], 1.0),
        lambda x: np.array_split(x, x[0]),
        lambda x: np.tile(x, x[0]),
    ):
        for value in (Dual(x, x), SparsityTracer(x)):
            with pytest.raises(InterpError):
                call(value)


def test_stores_into_plain_arrays_are_refused():
    x = Dual(Q, Q)
    for call in (
        lambda: np.put(np.ones(4), [0], x),
        lambda: np.putmask(np.ones(4), [True] * 4, x),
        lambda: np.put_along_axis(np.ones(4), np.array([0]), x[:1], 0),
    ):
        with pytest.raises(MutationError):
            call()
    with pytest.raises(StripError):
        np.fill_diagonal(np.eye(2), x[0])
    with pytest.raises(MutationError):
        np.take(x, [0], out=np.ones(1))


def test_out_may_be_a_value():
    def f(x):
        a = np.zeros_like(x)
        np.concatenate([x[1:], x[:1] ** 2], out=a)
        np.take(a * x, [2, 0, 1], out=a)
        return a

    x = np.array([0.3, 0.6, 0.5])
    for transform in (jacfwd, jacrev):
        assert_same(
            transform(unconverted(f))(x),
            truth.jacobian(lambda x: (np.r_[x[1:], x[:1] ** 2] * x)[[2, 0, 1]], (x,), 0),
            1e-8,
            1e-8,
        )


def test_few_primitives_whatever_the_size():
    """Joins and selections are one gather, sum or choice: no loop over elements, in either sweep."""
    from interpretations.tape import Recording, lift

    for n in (4, 400):
        x = np.linspace(0.1, 0.9, n)
        for call in (
            lambda x: np.tile(x, 3),
            lambda x: np.repeat(x, 3),
            lambda x: np.repeat(x, np.arange(x.size)),
            lambda x: np.pad(x, 2, mode="reflect", reflect_type="odd"),
            lambda x: np.diag(x, 1),
            lambda x: np.choose(np.arange(x.size) % 3, [x, x * x, 1.0]),
            lambda x: np.insert(x, [0, 1], x[:2]),
            lambda x: np.take_along_axis(x, np.arange(x.size), 0),
            lambda x: np.roll(x, 3),
            lambda x: np.kron(x, x),
        ):
            recording = Recording(1 << 40)
            call(lift(x, recording))
            assert len(recording.entries) < 30


OPEN = {
    "take": lambda x: np.take(x, np.argmax(x, axis=1), axis=0),
    "take a table": lambda x: np.take(x, np.argsort(x, axis=0)[:, :2], axis=-1),
    "take one": lambda x: np.take(x, np.argmin(x[0]), axis=1),
    "take of all": lambda x: np.take(x, np.argmax(x)),
    "take_along_axis, rows": lambda x: np.take_along_axis(x, np.argsort(x, axis=1), axis=1),
    "take_along_axis, columns": lambda x: np.take_along_axis(x, np.argsort(x, axis=0)[:2], axis=0),
    "take_along_axis of all": lambda x: np.take_along_axis(x, np.argsort(x, axis=None), axis=None),
    "take_along_axis of a cube": lambda x: np.take_along_axis(x[:, None], np.argmax(x, axis=1)[:, None, None], axis=-1),
    "choose": lambda x: np.choose(np.argmax(x, axis=0), [x[0], x[1], x[2]]),
}


@pytest.mark.parametrize("f", OPEN.values(), ids=OPEN)
def test_positions_that_the_input_decides_may_be_any(f):
    x = np.array([[0.3, 0.6, 0.5], [0.2, 0.8, 0.4], [0.7, 0.1, 0.9]])
    carried = f(SparsityTracer(x))
    np.testing.assert_array_equal(primal(carried), f(x))
    rng = np.random.default_rng(3)
    union = np.any([truth.jacobian(f, (rng.permutation(9).reshape(3, 3) / 9.0,), 0) for _ in range(200)], axis=0)
    for g in (unconverted(lambda x: f(x)), f):
        assert not (union.reshape(-1, 9) & ~jacobian_sparsity(g, x).toarray()).any()
    np.testing.assert_array_equal(jacobian_sparsity(f, x).toarray(), union.reshape(-1, 9))

    def scalar(x):
        return np.sum(f(x) ** 2 * x[0, 0])

    assert not ((hessian(scalar)(x).reshape(9, 9) != 0) & ~hessian_sparsity(scalar, x).toarray()).any()
    assert_same(jacobian_sparsity(f, x, local=True).toarray(), truth.jacobian(f, (x,), 0).reshape(-1, 9) > 1e-8)


def test_too_many_open_positions_are_refused():
    x = np.linspace(0.0, 1.0, 1 << 13)
    with pytest.raises(UndecidedError, match=r"np\.sort"):
        jacobian_sparsity(lambda x: np.take_along_axis(x, np.argsort(x), 0), x)

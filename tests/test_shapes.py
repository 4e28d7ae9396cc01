"""Shapes, joins, parts, selections: every call that the catalogue shows, in every number type; views, stores, errors."""

import numpy as np
import pytest
import truth
from truth import assert_same
from unconverted import unconverted

import interp.vocabulary as v
from interp import primal
from interp.errors import InterpError, MutationError, StripError, UndecidedError, UnsupportedArgument
from interp.testing import check_enclosure, check_sparsity
from interp.vocabulary.catalogue import entries
from interpretations import (
    Dual,
    Interval,
    Measurement,
    SparsityTracer,
    grad,
    hessian,
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


# -- views: what is stored into a part is seen in the whole

VIEWS = {
    "reshape": lambda a: np.reshape(a, (3, 2)),
    "reshape in Fortran order": lambda a: np.reshape(a.T, (2, 3), order="F"),
    "ravel": np.ravel,
    "ravel in memory order": lambda a: np.ravel(a.T, order="K"),
    "expand_dims": lambda a: np.expand_dims(a, (0, -1)),
    "squeeze": lambda a: np.squeeze(a[:1]),
    "transpose": np.transpose,
    "matrix_transpose": np.matrix_transpose,
    "moveaxis": lambda a: np.moveaxis(a, 0, 1),
    "swapaxes": lambda a: np.swapaxes(a, 0, 1),
    "flip": lambda a: np.flip(a, 1),
    "fliplr": np.fliplr,
    "flipud": np.flipud,
    "rot90": np.rot90,
    "rot90 twice": lambda a: np.rot90(a, 2),
    "rot90 not at all": lambda a: np.rot90(a, 4),
    "atleast_2d": lambda a: np.atleast_2d(a[0]),
    "atleast_3d": np.atleast_3d,
    "atleast_1d of several": lambda a: np.atleast_1d(a, 1.0)[0],
    "split": lambda a: np.split(a, 3, axis=1)[1],
    "array_split": lambda a: np.array_split(a, 2, axis=-1)[0],
    "hsplit": lambda a: np.hsplit(a, [1])[1],
    "vsplit": lambda a: np.vsplit(a, 2)[1],
    "dsplit": lambda a: np.dsplit(a[:, None], 3)[2],
    "unstack": lambda a: np.unstack(a, axis=1)[2],
    "trim_zeros": lambda a: np.trim_zeros(a[0]),
    "broadcast_arrays of one shape": lambda a: np.broadcast_arrays(a, np.ones((2, 3)))[0],
    "meshgrid, not copied": lambda a: np.meshgrid(a[0], np.ones(2), copy=False, sparse=True)[0],
}
COPIES = {
    "tile": lambda a: np.tile(a, 1),
    "tile of one": lambda a: np.tile(a[:1, :1], (1, 3)),
    "repeat": lambda a: np.repeat(a, 1, axis=0),
    "resize": lambda a: np.resize(a, (2, 2)),
    "take": lambda a: np.take(a, 0, axis=0),
    "take_along_axis": lambda a: np.take_along_axis(a, np.array([[0], [0]]), 1),
    "compress": lambda a: np.compress([True, True], a, axis=0),
    "delete": lambda a: np.delete(a, [], axis=0),
    "append": lambda a: np.append(a, np.zeros((0, 3)), axis=0),
    "insert": lambda a: np.insert(a, [], 0.0, axis=0),
    "block": lambda a: np.block(a),
    "tril": lambda a: np.tril(a, 5),
    "pad": lambda a: np.pad(a, 0),
    "choose": lambda a: np.choose([0, 0, 0], [a]),
    "meshgrid": lambda a: np.meshgrid(a[0], np.ones(2), sparse=True)[0],
    "flatten": lambda a: a.flatten(),
    "flatten in Fortran order": lambda a: a.flatten("F"),
    "reshape with a copy": lambda a: np.reshape(a, (3, 2), copy=True),
    "roll": lambda a: np.roll(a, 0, axis=0),
    "vstack": lambda a: np.vstack([a]),
}
X = np.array([[0.3, 0.6, 0.5], [0.2, 0.8, 0.4]])


def stored(part):
    """What a store into a part, and one into the whole, leave in both."""

    def f(x):
        a = x * 1.0
        b = part(a)
        b[..., 0] = 2.0 * x[1, 2]
        a[0] *= x[0, 1]
        b[...] *= 3.0
        a[-1, -1] = 5.0
        return np.concatenate([np.ravel(a * a), np.ravel(np.sin(b))])

    return f


@pytest.mark.parametrize("part", [*VIEWS.values(), *COPIES.values()], ids=[*VIEWS, *COPIES])
def test_stores_are_seen_where_numpy_shows_them(part):
    f = stored(part)
    expected = truth.jacobian(f, (X,), 0)
    for g in (f, unconverted(f)):
        for transform in (jacfwd, jacrev):
            assert_same(transform(g)(X), expected, 1e-8, 1e-8)
        k = 3  # as many directions as columns
        together = g(Dual(X, np.stack([np.cos(i + X) for i in range(k)])))
        assert_same(
            together.tangent, np.stack([np.tensordot(expected, np.cos(i + X), 2) for i in range(k)]), 1e-8, 1e-8
        )
        assert_same(together.value, f(X))
    measured = unconverted(f)(Measurement(X, np.full((2, 3), 0.1)))
    assert_same(measured.std_dev, 0.1 * np.sqrt((expected**2).sum(axis=(1, 2))), 1e-8, 1e-8)
    check_enclosure(unconverted(f), Interval(X - 0.01, X + 0.01), samples=30)
    weights = np.cos(np.arange(f(X).size))

    def scalar(x):
        return np.sum(weights * f(x * x))

    assert_same(hessian(scalar)(X), truth.jacobian(grad(scalar), (X,), 0), 1e-7, 1e-7)


@pytest.mark.parametrize("part", [p for n, p in VIEWS.items() if n != "trim_zeros"] + list(COPIES.values()))
def test_patterns_know_what_is_stored_through_views(part):
    f = stored(part)
    check_sparsity(f, X, jacobian_sparsity(unconverted(f), X), exact=True)
    check_sparsity(f, X, jacobian_sparsity(f, X), exact=True)


@pytest.mark.parametrize(("offset", "shape"), [(0, (3, 3)), (1, (2, 3)), (-1, (3, 3)), (-1, (3, 2))])
def test_a_diagonal_is_a_view_that_here_takes_stores(offset, shape):
    """NumPy's is read-only: a program that stores into it has no meaning of its own to keep."""
    x = np.arange(1.0, 1.0 + shape[0] * shape[1]).reshape(shape) / 7.0

    def by_views(x):
        a = x * 1.0
        d = np.diagonal(a, offset)
        d[...] = d * d
        a *= 2.0
        return np.concatenate([np.ravel(a), d])

    def by_hand(x):
        a = x * 1.0
        i = np.arange(np.diagonal(a, offset).size)
        at = (i + max(-offset, 0), i + max(offset, 0))
        a[at] = a[at] * a[at]
        a *= 2.0
        return np.concatenate([np.ravel(a), a[at]])

    for transform in (jacfwd, jacrev):
        assert_same(transform(unconverted(by_views))(x), truth.jacobian(by_hand, (x,), 0), 1e-8, 1e-8)
    pattern = jacobian_sparsity(unconverted(by_views), x)
    check_sparsity(by_hand, x, pattern, exact=True)

"""Arrays made inside converted code: plain NumPy until a value is stored, and right afterwards."""

import copy
import pickle

import numpy as np
import pytest
import truth

from interp.control.fresh import Fresh, fresh, unwrap
from interp.errors import InterpError, MutationError, StripError
from interpretations import Dual, Measurement, grad, hessian, jacfwd, jacrev, jvp

X = np.array([0.7, 1.3, 0.4])


def dual(value=2.0):
    return Dual(value, 1.0)


# -- a plain one is an ndarray in all but name

A = np.arange(6.0).reshape(2, 3)
READINGS = {
    "len": len,
    "element": lambda a: a[1, 2],
    "row": lambda a: a[0],
    "slice": lambda a: a[:, 1:],
    "mask": lambda a: a[a > 2],
    "picked": lambda a: a[[0, 1], [2, 0]],
    "new axis": lambda a: a[None, ..., 0],
    "shape": lambda a: (a.shape, a.ndim, a.size, a.dtype, a.nbytes, a.strides),
    "transpose": lambda a: a.T,
    "reshape": lambda a: a.reshape(3, 2),
    "ravel": lambda a: a.ravel(),
    "methods": lambda a: (a.sum(), a.mean(axis=0), a.max(), a.argmax(), a.cumsum(), a.std(), a.any(), a.round()),
    "more methods": lambda a: (
        a.tolist(),
        a.item(3),
        a.astype(int),
        a.copy(),
        a.flatten(),
        a.nonzero(),
        a.searchsorted,
    ),
    "iteration": lambda a: [row.tolist() for row in a],
    "flat": lambda a: list(a.flat),
    "arithmetic": lambda a: (a + 1, 2 - a, a * a, a / 3, a // 2, a % 2, a**2, 2**a, -a, +a, abs(-a), divmod(a, 2)),
    "products": lambda a: (a @ a.T, [1, 2] @ a, np.dot(a, [1, 2, 3]), np.outer(a, a), np.einsum("ij->j", a)),
    "comparisons": lambda a: (a == 1, a != 1, a < 2, a <= 2, a > 2, a >= 2, 2 < a, a == a),
    "ufuncs": lambda a: (
        np.sin(a),
        np.add(a, a),
        np.maximum(a, 2),
        np.add.reduce(a),
        np.add.outer(a, a),
        np.divmod(a, 2),
    ),
    "functions": lambda a: (np.sum(a), np.where(a > 1, a, 0), np.concatenate([a, a]), np.sort(a), np.linalg.norm(a)),
    "more functions": lambda a: (
        np.shape(a),
        np.ndim(a),
        np.size(a),
        np.size(a, 1),
        np.copy(a),
        np.diff(a),
        np.interp(1.5, a[0], a[1]),
    ),
    "beside arrays": lambda a: (
        np.ones(3) + a,
        np.ones((2, 3)) @ a.T,
        np.ones(3) < a,
        np.asarray(a),
        np.array(a, dtype=int),
    ),
    "texts": lambda a: (repr(a), str(a), f"{a}", f"{a[0, 0]:.2f}"),
    "numbers": lambda a: (float(a[0, 0, ...]), int(a[0, 0]), complex(a[0, 1]), bool(a[:1, 0]), bool(np.all(a))),
    "index": lambda a: (list("abc")[a.astype(int)[0, 1]], np.arange(9)[a.astype(int)], range(int(a[1, 0]))),
    "membership": lambda a: (3.0 in a, 30.0 in a),
    "complex": lambda a: ((a * 1j).real, (a * 1j).imag, (a * 1j).conj()),
}


@pytest.mark.parametrize("read", READINGS.values(), ids=READINGS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_reading_a_plain_one_is_reading_an_array(read):
    expected = read(A.copy())
    got = unwrap(read(fresh(A.copy())))
    _same(got, expected)


def _same(got, expected):
    if isinstance(expected, tuple | list):
        assert len(got) == len(expected)
        for g, e in zip(got, expected, strict=True):
            _same(g, e)
    elif callable(expected):
        assert callable(got)
    else:
        assert type(unwrap(got)) is type(expected)
        np.testing.assert_array_equal(unwrap(got), expected)


WRITINGS = {
    "element": lambda a, x: a.__setitem__((0, 1), x),
    "row": lambda a, x: a.__setitem__(1, x),
    "slice": lambda a, x: a.__setitem__((slice(None), slice(None, None, 2)), x),
    "mask": lambda a, x: a.__setitem__(a > 2, x),
    "list": lambda a, x: a.__setitem__(([0, 1], [1, 2]), x),
    "everything": lambda a, x: a.__setitem__(Ellipsis, x),
    "view": lambda a, x: a[0].__setitem__(slice(1, None), x),
    "view of a view": lambda a, x: a.T[1:].__setitem__((0, 1), x),
    "flat view": lambda a, x: a.reshape(-1).__setitem__(slice(1, 5, 3), x),
    "ravel": lambda a, x: a.ravel().__setitem__(4, x),
    "swapped": lambda a, x: np.swapaxes(a, 0, 1).__setitem__((2, 0), x),
    "viewed": lambda a, x: a.view().__setitem__((1, 1), x),
    "squeezed": lambda a, x: a[None].squeeze().__setitem__((1, 1), x),
    "diagonal": lambda a, x: np.fill_diagonal(a, x),
    "flat": lambda a, x: a.flat.__setitem__([1, 3], x),
    "fill": lambda a, x: a.fill(x),
    "put": lambda a, x: a.put([0, 5], x),
    "np.put": lambda a, x: np.put(a, [0, 5], x),
    "copyto": lambda a, x: np.copyto(a, x),
    "copyto where": lambda a, x: np.copyto(a, x, where=a > 2),
    "np.put, wrapped": lambda a, x: np.put(a, [7, -8], x, mode="wrap"),
    "putmask": lambda a, x: np.putmask(a, a > 2, x),
    "place": lambda a, x: np.place(a, a > 2, [x]),
    "put_along_axis": lambda a, x: np.put_along_axis(a, np.array([[2], [0]]), x, 1),
    "diagonal of a view": lambda a, x: np.fill_diagonal(a.T, [x, 1.0]),
    "diagonal, wrapped": lambda a, x: np.fill_diagonal(a.reshape(6, 1), x, wrap=True),
    "out": lambda a, x: np.multiply(a, x, out=a),
    "out of a view": lambda a, x: np.add(a[0], x, out=a[1]),
    "out of a function": lambda a, x: np.cumsum(a[0] * x, out=a[1]),
    "out of a method": lambda a, x: np.sum(a * x, axis=0, out=a[0]),
    "+=": lambda a, x: a.__iadd__(x),
    "-= in a view": lambda a, x: a[0].__isub__(x),
    "*=": lambda a, x: a.__imul__(x),
    "/=": lambda a, x: a.__itruediv__(x),
    "**=": lambda a, x: a.__ipow__(x),
    "add.at": lambda a, x: np.add.at(a, ([0, 0, 1], [1, 1, 2]), x),
    "subtract.at": lambda a, x: np.subtract.at(a, 1, x),
    "overlapping": lambda a, x: (a.__setitem__((0, 0), x), a.reshape(-1).__setitem__(slice(1, 6), a.reshape(-1)[:5])),
    "sort": lambda a, x: (a.__setitem__((0, 0), x), a.sort(), a.sort(axis=0)),
    "twice": lambda a, x: (a.__setitem__((0, 0), x), a.__setitem__((0, 1), a[0, 0] * x), a.__setitem__((0, 0), 0.5)),
}
writings = pytest.mark.parametrize("write", WRITINGS.values(), ids=WRITINGS)


@writings
def test_writing_plain_numbers(write):
    expected, got = A.copy(), fresh(A.copy())
    write(expected, 2.5)
    write(got, 2.5)
    assert type(got.held) is np.ndarray
    np.testing.assert_array_equal(got.held, expected)


def _program(write):
    def program(t):
        a = np.array(A)
        b = a[:, 1:]
        write(a, t * t)
        b[1, 1] *= t
        weights = np.cos(np.arange(6.0)).reshape(2, 3)
        return (unwrap(a) * weights).sum() + (unwrap(b) ** 2).sum()

    return program


@writings
@pytest.mark.filterwarnings("ignore:invalid value")
def test_writing_values(write):
    """Views made before the store see it, and stores through views are seen."""
    program = _program(write)
    slope = truth.jacobian(program, (1.6,), 0)
    for transform in (grad, jacfwd):
        assert transform(program)(1.6) == pytest.approx(slope, rel=1e-8)
    assert jvp(program, (1.6,), (1.0,))[0] == pytest.approx(program(1.6), rel=1e-13)
    second = truth.jacobian(grad(program), (1.6,), 0)
    for twice in (hessian, lambda f: jacrev(jacrev(f)), lambda f: jacfwd(jacfwd(f)), lambda f: grad(jacfwd(f))):
        assert twice(program)(1.6) == pytest.approx(second, rel=1e-7)


# -- becoming an array of values


def test_it_becomes_a_value_when_one_is_stored_and_not_before():
    a = fresh(np.zeros(3))
    a[0] = 1.0
    assert type(a.held) is np.ndarray and type(a[0]) is np.float64
    a[1] = dual()
    assert isinstance(a.held, Dual) and isinstance(a[0], Dual)
    np.testing.assert_array_equal(a.held.value, [1.0, 2.0, 0.0])
    np.testing.assert_array_equal(a.held.tangent, [0.0, 1.0, 0.0])
    with pytest.raises(StripError):
        np.asarray(a)


def test_a_value_of_a_higher_level_makes_it_a_higher_one():
    def outer(x):
        a = np.zeros(3)
        view = a[1:]
        a[0] = x

        def inner(y):
            view[0] = y * x
            return (a * a).sum()

        return grad(inner)(3.0 * x)

    assert grad(outer)(0.5) == pytest.approx(truth.jacobian(lambda x: 2 * 3.0 * x * x * x, (0.5,), 0), rel=1e-8)


def test_values_of_a_lower_level_are_stored_beside_higher_ones():
    def outer(x):
        def inner(y):
            a = np.zeros(2)
            a[0] = y
            a[1] = x * y
            return (a * a).sum()

        return jacfwd(inner)(3.0)

    for transform in (grad, jacfwd):
        assert transform(outer)(0.5) == pytest.approx(2 * 2 * 0.5 * 3.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, complex])
def test_types_are_kept(dtype):
    a = fresh(np.zeros(2, dtype))
    a[0] = dual()
    assert a.dtype == dtype


@pytest.mark.parametrize("dtype", [int, bool, np.uint8])
def test_integer_arrays_would_truncate(dtype):
    a = fresh(np.zeros(2, dtype))
    for store in (lambda: a.__setitem__(0, dual()), lambda: a.__iadd__(dual()), lambda: np.copyto(a, dual())):
        with pytest.raises(MutationError, match="dtype=float"):
            store()
    a[0] = 1.7
    assert a[0] == np.array(1.7).astype(dtype)


@pytest.mark.parametrize(
    "view",
    [
        lambda a: np.split(a, 3, axis=1)[1],
        lambda a: np.unstack(a, axis=1)[2],
        lambda a: np.atleast_1d(np.ones(3), a)[1],
        lambda a: np.transpose(a=a),
        lambda a: np.broadcast_arrays(a, a)[0],
        lambda a: np.rot90(a),
        lambda a: np.ravel(a.T, order="F"),
    ],
)
def test_views_by_functions_take_values(view):
    def f(x):
        a = np.zeros((2, 3))
        b = view(a)
        b[...] = x
        a[0] *= x
        return np.sum(a) + np.sum(b**2)

    slope = truth.jacobian(f, (1.6,), 0)
    for transform in (grad, jacfwd):
        assert transform(f)(1.6) == pytest.approx(slope, rel=1e-8)


def test_views_that_values_cannot_make_are_refused():
    """Never a copy in place of a view: the store would be lost."""

    def f(x):
        a = np.zeros((2, 3))
        np.lib.stride_tricks.sliding_window_view(a, 2, axis=1, writeable=True)[0, 0] = x
        return a.sum()

    with pytest.raises(InterpError):
        grad(f)(1.0)


def test_complex_values_in_real_arrays():
    with pytest.raises(MutationError, match="dtype=complex"):
        fresh(np.zeros(2))[0] = dual() * 1j


def test_arrays_from_outside_take_no_values():
    outside = np.zeros(3)

    def stores(x):
        outside[0] = x
        return outside.sum()

    def adds(x):
        a = outside
        a += x
        return a.sum()

    def through_a_function(x):
        np.cumsum(np.array([x, x, x]), out=outside)
        return x

    for f in (stores, adds, through_a_function):
        for transform in (grad, jacfwd):
            with pytest.raises(InterpError, match=r"np\.array\(a\)|a = a \+ x|out="):
                transform(f)(1.0)
    assert not outside.any()


def test_copies_of_arrays_from_outside_do():
    outside = np.arange(3.0)

    def f(x):
        total = 0.0
        for a in (np.array(outside), outside.copy(), np.copy(outside), outside.astype(float), outside.flatten()):
            a[1] = x
            total = total + a @ a
        return total

    assert grad(f)(3.0) == jacfwd(f)(3.0) == 30.0
    assert outside[1] == 1.0


# -- leaving the function


def test_outputs_are_unwrapped_at_any_depth():
    def f(x):
        a, b = np.zeros(2), np.ones(2)
        a[0] = x
        return {"a": a, "b": [b, (a[:1], b[1:])], "n": a[0]}

    values, tangents = jvp(f, (2.0,), (1.0,))
    assert not any(isinstance(leaf, Fresh) for leaf in (values["a"], values["b"][0], values["b"][1][0]))
    np.testing.assert_array_equal(values["a"], [2.0, 0.0])
    np.testing.assert_array_equal(tangents["a"], [1.0, 0.0])
    np.testing.assert_array_equal(tangents["b"][0], [0.0, 0.0])


def test_copies_and_pickles():
    a = fresh(np.arange(3.0))
    for b in (copy.copy(a), copy.deepcopy(a), a.copy()):
        b[0] = 5.0
        assert isinstance(b, Fresh) and a[0] == 0.0
    assert type(pickle.loads(pickle.dumps(a))) is np.ndarray


def test_measurements_in_fresh_arrays_stay_correlated():
    m = Measurement(2.0, 0.1)
    a = fresh(np.zeros(2))
    a[0], a[1] = m, -m
    assert a.sum().std_dev == 0.0


def test_random_stores_and_views():
    """Programs of stores through chains of views, against the same on a plain array (by finite differences)."""
    for seed in range(60):

        def program(t, seed=seed):
            rng = np.random.default_rng(seed)
            pool = [np.array(A)]
            for _ in range(10):
                a = pool[rng.integers(len(pool))]
                match rng.integers(6):
                    case 0:
                        pool.append(a.T)
                    case 1:
                        pool.append(a[::-1])
                    case 2:
                        pool.append(a.reshape(-1))
                    case 3 if a.ndim and len(a) > 1:
                        pool.append(a[1:])
                    case 4:
                        a[tuple(rng.integers(n) for n in a.shape)] = t * rng.normal()
                    case _:
                        a *= t * rng.normal()
            return sum((unwrap(a) * np.cos(np.arange(a.size)).reshape(a.shape)).sum() for a in pool)

        assert jacfwd(program)(1.3) == pytest.approx(truth.jacobian(program, (1.3,), 0), rel=1e-6, abs=1e-6)
        assert grad(program)(1.3) == pytest.approx(jacfwd(program)(1.3), rel=1e-10, abs=1e-10)

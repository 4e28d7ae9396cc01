"""`sparse_jacobian` and `sparse_hessian`: the dense derivatives' numbers, found with few runs of the function."""

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.sparse
import truth
from matrices import banded

from interp import interpret
from interp.errors import InterpError, RefusedStack, ShapeError, UnsupportedInput
from interp.testing import check_sparsity
from interpretations import Dual, grad, hessian, jacfwd, jacrev, sparse_hessian, sparse_jacobian, uncertainty
from interpretations.sparsity.colouring import MODES

X = np.linspace(-0.9, 1.1, 12)


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def differences(x):
    return x[1:] * np.sin(x[:-1])


def arrowhead(x):
    """A dense first row and column."""
    return np.concatenate([np.sum(np.exp(x)).reshape(1), x[1:] ** 2 * x[0]])


def grid(x):
    """Neighbours on a grid, of and to two axes."""
    return x[1:, 1:] * x[:-1, 1:] ** 2 - np.exp(x[1:, :-1])


JACOBIANS = [
    ("band", differences, X),
    ("arrow", arrowhead, X),
    ("elementwise", np.exp, X),
    ("dense", lambda x: np.cumsum(np.outer(x, x)), X[:4]),
    ("two axes", grid, np.arange(20.0).reshape(4, 5) / 10),
    ("to more axes", lambda x: np.stack([x, x[::-1]]) * x, X[:3]),
    ("scalar output", lambda x: np.sum(x[2:4] ** 3), X),
    ("scalar input", lambda x: np.stack([np.sin(x), x * x]), 0.7),
    ("scalar to scalar", np.cos, 0.7),
    ("constant", lambda x: np.ones(3), X),
    ("partly constant", lambda x: np.stack([x[0] * x[1], np.float64(2.0), x[3]]), X),
    ("empty input", lambda x: np.ones(3), np.zeros(0)),
    ("empty output", lambda x: x[:0], X),
    ("a gradient", grad(rosenbrock), X),
]
JACOBIAN_MODES = ["auto", *(name for name, mode in MODES.items() if not mode.symmetric)]


@pytest.mark.parametrize("mode", JACOBIAN_MODES)
@pytest.mark.parametrize(("f", "x"), [case[1:] for case in JACOBIANS], ids=[case[0] for case in JACOBIANS])
def test_jacobian_is_the_dense_one(mode, f, x):
    size, out = np.size(x), np.size(f(np.asarray(x)[()]))
    found = sparse_jacobian(f, mode=mode)(x)
    assert isinstance(found, scipy.sparse.csr_array)
    assert found.shape == (out, size)
    np.testing.assert_allclose(found.toarray(), np.reshape(jacfwd(f)(x), (out, size)), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("mode", JACOBIAN_MODES)
def test_jacobian_against_complex_steps(mode):
    expected = truth.complex_step(differences, (X,), 0)
    np.testing.assert_allclose(sparse_jacobian(differences, mode=mode)(X).toarray(), expected, rtol=1e-13, atol=1e-13)


HESSIANS = [
    ("rosenbrock", rosenbrock, X),
    ("separable", lambda x: np.sum(np.exp(x)), X),
    ("arrow", lambda x: x[0] * np.sum(x[1:] ** 3), X),
    ("dense", lambda x: np.sum(x) ** 3, X),
    ("two axes", lambda x: np.sum(grid(x) ** 2), np.arange(12.0).reshape(3, 4) / 10),
    ("scalar", lambda x: x**3, 0.7),
    ("linear", lambda x: np.sum(3.0 * x), X),
    ("constant", lambda x: 3.0, X),
    ("empty", lambda x: np.sum(x**2), np.zeros(0)),
    ("one variable unused", lambda x: x[0] * x[2] ** 2, X),
]


@pytest.mark.parametrize("mode", ["auto", "star", "acyclic", "column"])
@pytest.mark.parametrize(("f", "x"), [case[1:] for case in HESSIANS], ids=[case[0] for case in HESSIANS])
def test_hessian_is_the_dense_one(mode, f, x):
    found = sparse_hessian(f, mode=mode)(x)
    n = np.size(x)
    assert found.shape == (n, n)
    np.testing.assert_allclose(found.toarray(), np.reshape(hessian(f)(x), (n, n)), rtol=1e-12, atol=1e-11)


def rosenbrock_hessian(x):
    """By hand."""
    diagonal = np.append(1200.0 * x[:-1] ** 2 - 400.0 * x[1:] + 2.0, 0.0)
    diagonal[1:] += 200.0
    return scipy.sparse.diags_array([-400.0 * x[:-1], diagonal, -400.0 * x[:-1]], offsets=[-1, 0, 1])


@pytest.mark.parametrize(("mode", "colours"), [("star", 3), ("acyclic", 2), ("column", 3)])
def test_hessian_of_a_long_chain(mode, colours):
    x = np.sin(np.arange(10_000.0))
    found = sparse_hessian(rosenbrock, mode=mode)
    assert abs(found(x) - rosenbrock_hessian(x)).max() < 1e-9
    assert found.colours == colours


# -- how often f runs


def counted(f):
    def g(x):
        g.runs += 1
        return f(x)

    g.runs = 0
    return g


def test_pattern_and_colours_are_found_once():
    f = counted(differences)
    jacobian = sparse_jacobian(f)
    assert (jacobian.pattern, jacobian.colours, jacobian.n_evaluations) == (None, None, 0)
    for point in range(1, 4):
        jacobian(X + point)
        assert f.runs == jacobian.n_evaluations == 1 + point
    assert jacobian.colours == 2
    pattern = jacobian.pattern
    jacobian(X[:5])
    assert jacobian.pattern.shape == (4, 5) != pattern.shape
    assert f.runs == jacobian.n_evaluations == 6
    jacobian(X[:5])
    assert f.runs == 7


def test_a_chunk_limits_the_directions_of_a_run():
    directions = []

    def f(x):
        directions.append(x.tangent.shape[0] if isinstance(x, Dual) else 0)
        return np.cumsum(x)

    jacobian = sparse_jacobian(f, mode="column", chunk=5)
    jacobian(X)
    assert directions == [0, 5, 5, 2]
    assert jacobian.n_evaluations == 4
    by_rows = sparse_jacobian(f, mode="row", chunk=5)
    by_rows(X)
    assert by_rows.n_evaluations == 2  # one recording, three sweeps


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
@pytest.mark.parametrize("mode", JACOBIAN_MODES)
def test_the_result_does_not_depend_on_chunks(mode, chunk):
    found = sparse_jacobian(arrowhead, mode=mode, chunk=chunk)(X)
    np.testing.assert_allclose(found.toarray(), sparse_jacobian(arrowhead, mode=mode)(X).toarray(), rtol=1e-15)
    if mode == "auto":
        by_chunks = sparse_hessian(rosenbrock, chunk=chunk)(X)
        np.testing.assert_allclose(by_chunks.toarray(), sparse_hessian(rosenbrock)(X).toarray(), rtol=1e-15)


def test_auto_takes_the_cheaper_mode():
    def prepared(f):
        found = sparse_jacobian(f).prepare(X)
        assert found.n_evaluations == 1
        return found.colouring.column_count, found.colouring.row_count

    assert prepared(differences) == (2, 0)
    assert prepared(lambda x: np.sum(x**2)) == (0, 1)
    assert prepared(lambda x: np.stack([x[0], x[0] ** 2, x[0] ** 3, x[0] ** 4])) == (1, 0)
    columns, rows = prepared(arrowhead)
    assert columns + rows == 3 and columns and rows


def test_threads_share_one_detection():
    f = counted(differences)
    jacobian = sparse_jacobian(f)
    barrier = threading.Barrier(8)

    def work(i):
        barrier.wait()
        return jacobian(X + i)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(8)))
    assert jacobian.n_evaluations == 9
    for i, matrix in enumerate(found):
        np.testing.assert_allclose(matrix.toarray(), jacfwd(differences)(X + i), rtol=1e-15)


def test_threads_of_different_shapes():
    jacobian = sparse_jacobian(differences)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: jacobian(X[: 2 + i % 5]), range(40)))
    for i, matrix in enumerate(found):
        np.testing.assert_allclose(matrix.toarray(), jacfwd(differences)(X[: 2 + i % 5]), rtol=1e-15)


def test_results_are_writable_and_share_nothing():
    jacobian = sparse_jacobian(differences)
    first = jacobian(X)
    first.data[:] = 0.0
    first.indices[:] = 0
    np.testing.assert_allclose(jacobian(X).toarray(), jacfwd(differences)(X), rtol=1e-15)


# -- types of input


def test_structural_zeros_are_stored():
    found = sparse_jacobian(lambda x: x**2)(np.array([0.0, 1.0]))
    assert found.nnz == 2 and found.data.tolist() == [0.0, 2.0]
    assert found.has_sorted_indices


def test_types_follow_the_input():
    assert sparse_jacobian(differences)(X.astype(np.float32)).dtype == np.float32
    assert sparse_hessian(rosenbrock)(X.astype(np.float32)).dtype == np.float32
    assert sparse_hessian(rosenbrock, mode="acyclic")(X.astype(np.float32)).dtype == np.float32
    assert sparse_jacobian(lambda x: x**2)(np.arange(3)).data.tolist() == [0.0, 2.0, 4.0]
    assert sparse_jacobian(lambda x: x**2)([1, 2]).data.tolist() == [2.0, 4.0]
    assert sparse_jacobian(lambda x: x**2)(3).toarray().tolist() == [[6.0]]


def test_arrays_in_fortran_order_and_views():
    x = np.asfortranarray(np.arange(20.0).reshape(4, 5) / 7)
    expected = sparse_jacobian(grid)(np.ascontiguousarray(x)).toarray()
    np.testing.assert_allclose(sparse_jacobian(grid)(x).toarray(), expected, rtol=1e-15)
    np.testing.assert_allclose(sparse_jacobian(grid)(x[::-1][::-1]).toarray(), expected, rtol=1e-15)


def test_the_callers_array_is_left_alone():
    def f(x):
        y = x * 1.0
        y[0] = y[1] ** 2
        x[2] = 7.0
        return x * y

    x = X.copy()
    sparse_jacobian(f)(x)
    assert (x == X).all()


def test_nan_stays_where_it_is():
    x = X.copy()
    x[5] = np.nan
    for mode in ("column", "row", "auto"):
        found = sparse_jacobian(differences, mode=mode)(x).toarray()
        expected = jacfwd(differences)(np.where(np.isnan(x), 1.0, x))
        expected[4, 4] = expected[5, 5] = expected[5, 6] = np.nan
        np.testing.assert_allclose(found, expected)
    found = sparse_hessian(rosenbrock)(x)
    touched = np.isnan(found.toarray()).any(axis=0)
    assert touched[5] and not touched[:4].any() and not touched[8:].any()


def test_singular_points_agree_with_the_dense_derivative():
    f = lambda x: np.sqrt(x[1:] ** 2) + np.abs(x[:-1])  # noqa: E731
    x = np.array([0.0, 1.0, 0.0, 0.0])
    np.testing.assert_array_equal(sparse_jacobian(f)(x).toarray(), jacfwd(f)(x))


def test_complex_numbers():
    with pytest.raises(UnsupportedInput, match="real inputs"):
        sparse_jacobian(differences)(X + 1j)
    f = lambda x: x * np.exp(1j * x)  # noqa: E731
    found = sparse_jacobian(f, mode="column")(X)
    assert found.dtype == complex
    np.testing.assert_allclose(found.toarray(), np.diag((1 + 1j * X) * np.exp(1j * X)), rtol=1e-13, atol=1e-15)
    with pytest.raises(UnsupportedInput, match="mode='column'"):
        sparse_jacobian(f, mode="row")(X)


def test_what_is_no_array_is_refused():
    with pytest.raises(UnsupportedInput, match="one number or NumPy array, not a dict"):
        sparse_jacobian(lambda x: x["a"])({"a": 1.0})
    with pytest.raises(UnsupportedInput):
        sparse_jacobian(lambda x: x)(np.array(["a"]))
    with pytest.raises(InterpError, match=r"np\.stack"):
        sparse_jacobian(lambda x: [x[0], x[1]])(X)
    with pytest.raises(InterpError, match=r"np\.stack"):
        sparse_jacobian(lambda x: [x[0], x[1]], pattern=np.ones((2, 12)))(X)
    with pytest.raises(ShapeError, match="one number"):
        sparse_hessian(lambda x: x**2)(X)


def test_wrong_options_are_errors_at_once():
    with pytest.raises(InterpError, match="mode is one of auto, column, row, bidirectional"):
        sparse_jacobian(differences, mode="star")
    with pytest.raises(InterpError, match="mode is one of auto, star, acyclic, column"):
        sparse_hessian(rosenbrock, mode="row")
    with pytest.raises(InterpError, match="chunk is a number of directions"):
        sparse_jacobian(differences, chunk=0)
    with pytest.raises(InterpError, match="order is one of"):
        sparse_jacobian(differences, mode="column", order="alphabetical")(X)


# -- nested


def test_inside_another_derivative_an_error_says_what_to_use():
    with pytest.raises(RefusedStack, match="jacfwd or jacrev"):
        grad(lambda x: np.sum(sparse_jacobian(differences)(x).data))(X)
    with pytest.raises(RefusedStack, match="hessian or hvp"):
        jacfwd(lambda x: sparse_hessian(rosenbrock)(x).data)(X)

    def closed_over(a):
        return np.sum(sparse_jacobian(lambda x: a * x**2, pattern=np.eye(12))(X).data)

    with pytest.raises(RefusedStack, match="outer derivative"):
        grad(closed_over)(2.0)
    with pytest.raises(RefusedStack):
        interpret(lambda x: sparse_jacobian(differences)(x), uncertainty(std=0.1))(X)


def test_derivatives_inside_the_function_are_differentiated():
    force = grad(rosenbrock)
    np.testing.assert_allclose(sparse_jacobian(force)(X).toarray(), sparse_hessian(rosenbrock)(X).toarray(), rtol=1e-13)
    energy = lambda x: np.sum(force(x) ** 2)  # noqa: E731
    np.testing.assert_allclose(sparse_hessian(energy)(X).toarray(), hessian(energy)(X), rtol=1e-11, atol=1e-7)


# -- patterns given


@pytest.mark.parametrize("pattern", [banded(12, 1, 1), banded(12, 1, 1).toarray(), np.ones((12, 12))])
def test_a_given_pattern_is_used(pattern):
    f = counted(rosenbrock)
    found = sparse_hessian(f, pattern=pattern)
    assert found.pattern.nnz == np.count_nonzero(pattern if isinstance(pattern, np.ndarray) else pattern.toarray())
    np.testing.assert_allclose(found(X).toarray(), hessian(rosenbrock)(X), rtol=1e-12, atol=1e-10)
    assert f.runs == found.n_evaluations == 2  # one batch, and the comparison at the first call
    found(X)
    assert f.runs == found.n_evaluations == 3


def test_a_given_pattern_of_another_shape_is_refused():
    with pytest.raises(ShapeError, match="an input of 12 numbers"):
        sparse_jacobian(differences, pattern=np.ones((11, 11)))(X)
    with pytest.raises(ShapeError, match="11 numbers where the pattern has 12 rows"):
        sparse_jacobian(differences, pattern=np.ones((12, 12)))(X)
    with pytest.raises(InterpError, match="symmetric"):
        sparse_hessian(rosenbrock, pattern=banded(12, 0, 1))


def test_a_given_pattern_that_lacks_entries_is_refused_at_the_first_call():
    with pytest.raises(InterpError, match="lacks an entry in row"):
        sparse_jacobian(differences, pattern=np.eye(11, 12))(X)
    with pytest.raises(InterpError, match="lacks an entry in row"):
        sparse_hessian(rosenbrock, pattern=np.eye(12))(X)
    with pytest.raises(InterpError, match="lacks an entry in row"):
        sparse_jacobian(differences, pattern=np.zeros((11, 12)))(X)
    prepared = sparse_jacobian(differences, pattern=np.eye(11, 12)).prepare(X)
    for _ in range(2):
        with pytest.raises(InterpError, match="lacks an entry in row"):
            prepared(X)


def test_a_missing_entry_beside_much_larger_ones_is_seen():
    f = lambda x: np.concatenate([1e12 * x[:2] ** 2, x[2:] * x[:-2]])  # noqa: E731
    pattern = sparse_jacobian(f).prepare(X).pattern.toarray()
    sparse_jacobian(f, pattern=pattern)(X)
    pattern[7, 7] = False
    with pytest.raises(InterpError, match="lacks an entry in row 7"):
        sparse_jacobian(f, pattern=pattern, mode="row")(X)


def test_the_comparison_bears_rounding():
    """Terms of 1e10 that cancel, and a long chain of substitutions."""
    f = lambda x: np.sum((1e10 + x[1:] - x[:-1] ** 2 - 1e10) ** 2)  # noqa: E731
    for mode in ("star", "acyclic"):
        x = np.sin(np.arange(3000.0))
        sparse_hessian(f, pattern=banded(3000, 1, 1), mode=mode)(x)
        sparse_hessian(f, pattern=banded(3000, 1, 1), mode=mode)(x.astype(np.float32))


def test_a_size_of_the_output_that_changes_is_an_error():
    n = [3]
    jacobian = sparse_jacobian(lambda x: x[: n[0]])
    jacobian(X)
    n[0] = 4
    with pytest.raises(ShapeError, match="4 numbers where the pattern has 3 rows"):
        jacobian(X)


def test_check_sparsity_finds_a_missing_entry_of_a_large_pattern():
    n = 10_000
    x = np.sin(np.arange(float(n)))
    gradient = grad(rosenbrock)
    right = sparse_hessian(rosenbrock).prepare(x).pattern
    check_sparsity(gradient, x, right, probes=40)
    wrong = right.tolil()
    wrong[5000, 5001] = False
    wrong = scipy.sparse.csr_array(wrong)
    wrong.eliminate_zeros()
    with pytest.raises(AssertionError, match="output 5000 depends on an input among"):
        check_sparsity(gradient, x, wrong, probes=200)
    with pytest.raises(AssertionError, match=r"which the pattern does not say"):
        check_sparsity(differences, X, np.eye(11, 12), probes=20)


def test_check_sparsity_by_groups_of_small_and_odd_patterns():
    check_sparsity(lambda x: np.sum(x**2).reshape(1), X, np.ones((1, 12)), probes=5)
    check_sparsity(lambda x: x[:0], X, np.zeros((0, 12)), probes=5)
    check_sparsity(lambda x: np.ones(2), np.zeros(0), np.zeros((2, 0)), probes=5)
    check_sparsity(lambda x: x**2, 3.0, [[1]], probes=5)
    with pytest.raises(AssertionError, match=r"not \(f\(x\).size, x.size\)"):
        check_sparsity(differences, X, np.eye(12), probes=5)
    with pytest.raises(TypeError, match="leave probes out"):
        check_sparsity(differences, X, np.eye(11, 12), probes=5, exact=True)


# -- as objects


def test_they_pickle_and_say_what_they_are():
    jacobian = sparse_jacobian(differences)
    assert repr(jacobian) == "<sparse_jacobian(differences): not called yet>"
    assert "0 column and 0 row colours" in repr(sparse_jacobian(lambda x: np.ones(2)).prepare(X))
    matrix = jacobian(X)
    assert "11x12, 2 column and 0 row colours" in repr(jacobian)
    other = pickle.loads(pickle.dumps(jacobian))
    assert other.pattern is None
    assert (other(X) != matrix).nnz == 0


def test_of_a_function_with_jacrev_inside():
    f = lambda x: np.sum(jacrev(lambda y: y[1:] * y[:-1] ** 2)(x), axis=0)  # noqa: E731
    np.testing.assert_allclose(sparse_jacobian(f)(X).toarray(), jacfwd(f)(X), rtol=1e-13, atol=1e-13)

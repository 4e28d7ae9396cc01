"""The Array API's own functions on values: data types, creation, inspection, devices and bits."""

import numpy as np
import pytest

import interp.vocabulary as v
from interp.errors import InterpError, StripError, UnsupportedArgument, UnsupportedInput
from interpretations import Dual, Interval, grad, jacfwd, jacobian_sparsity, jacrev

X = Dual(np.array([0.3, 0.6, 0.9]), np.array([1.0, 2.0, 3.0]))
SINGLE = Dual(np.array([0.3, 0.6], np.float32), np.array([1.0, 2.0], np.float32))


def test_plain_arrays_give_numpys_own():
    assert type(v.asarray(3.0)) is np.ndarray and v.asarray(3).dtype == int
    a = np.arange(3.0)
    assert v.asarray(a) is a and v.asarray(a, copy=True) is not a
    assert v.asarray([[1, 2]], dtype=v.float32).dtype == np.float32
    with pytest.raises(ValueError):
        v.asarray([1.0], copy=False)
    assert v.full_like(np.array([1, 2]), 0.5).tolist() == [0, 0]  # as NumPy truncates
    assert v.zeros((), dtype=v.int8).dtype == np.int8 and v.zeros(()).shape == ()
    assert v.round(np.array([1, 2])).dtype == int and v.clip(np.array([1, 9]), 2, 5).tolist() == [2, 5]
    for name in ("float32", "int8", "uint64", "complex64", "bool"):
        assert v.empty(2, dtype=getattr(v, name)).dtype == np.dtype(name)


def test_values_keep_their_type_and_share_what_numpy_shares():
    assert v.asarray(X) is X and v.asarray(X, dtype=float) is X
    copied = v.asarray(X, copy=True)
    copied[0] = 5.0
    assert X.value[0] == 0.3
    joined = v.asarray([[X[0], 1.0], [2.0, X[2]]])
    assert joined.shape == (2, 2) and joined.tangent.tolist() == [[1.0, 0.0], [0.0, 3.0]]
    with pytest.raises(ValueError):
        v.asarray([X[0], X[1]], copy=False)
    for refused in (np.float32, int, complex):
        with pytest.raises(UnsupportedArgument):
            v.asarray(X, dtype=refused)
        with pytest.raises(UnsupportedArgument):
            v.astype(X, refused)
    assert v.astype(Dual(np.array([0.0, 0.5, np.nan]), np.ones(3)), bool).tolist() == [False, True, True]


def test_arrays_like_a_value():
    for made, number in ((v.zeros_like(X), 0), (v.ones_like(X), 1), (v.full_like(X, 7), 7), (v.empty_like(X), None)):
        assert type(made) is Dual and made.shape == (3,) and not made.tangent.any()
        assert number is None or (made.value == number).all()
        made[1] = X[2]
        assert made.tangent[1] == 3.0
    assert type(v.zeros_like(X, dtype=int)) is np.ndarray and v.ones_like(X, dtype=bool).all()
    assert v.zeros_like(X, shape=(2, 2)).shape == (2, 2)
    assert v.full_like(SINGLE, 0.1).dtype == np.float32 and v.full_like(SINGLE, np.float64(0.1)).dtype == np.float32
    assert v.full_like(np.ones(2, int), X[0]).value.tolist() == [0.3, 0.3]
    with pytest.raises(UnsupportedArgument, match="order"):
        v.ones_like(X, order="F")


@pytest.mark.parametrize("transform", [jacfwd, jacrev])
def test_linspace_and_full_have_derivatives(transform):
    steps = np.linspace(0.0, 1.0, 4)
    found = transform(lambda x: np.linspace(x[0], x[1], 4))(np.array([2.0, 5.0]))
    np.testing.assert_allclose(found, np.stack([1 - steps, steps], axis=1), atol=1e-15)
    assert transform(lambda x: v.full((2, 2), x))(3.0).tolist() == [[1.0, 1.0], [1.0, 1.0]]
    found = transform(lambda x: np.linspace(x, 1.0, 3, axis=1))(np.array([0.0, 0.5]))
    assert found.shape == (2, 3, 2) and found[0, :, 0].tolist() == [1.0, 0.5, 0.0]


def test_linspace_at_the_edges():
    x = np.float32(0.1)
    single = v.linspace(Dual(x, np.float32(1)), Dual(np.float32(0.7), np.float32(0)), 7)
    np.testing.assert_allclose(single.value, np.linspace(x, np.float32(0.7), 7), rtol=1e-6)
    assert single.value[-1] == np.float32(0.7) and v.linspace(X, 1.0, 0).shape == (0, 3)
    assert v.linspace(0.0, Dual(np.inf, 1.0), 2).value.tolist()[1] == np.inf
    _, step = v.linspace(X[0], 1.0, 1, retstep=True)
    assert np.isnan(step.value)
    with pytest.raises(ValueError, match="non-negative"):
        v.linspace(X, 1.0, -1)
    with pytest.raises(UnsupportedArgument):
        v.linspace(X, 1.0, 3, dtype=int)


def test_types_are_asked_of_types_arrays_and_values_alike():
    for asked in (np.float32, "float32", np.ones(2, np.float32), SINGLE):
        info = v.finfo(asked)
        assert info.dtype == np.float32 and type(info.eps) is float and info.max == float(np.finfo(np.float32).max)
    assert v.finfo(np.complex64).dtype == np.float32 and v.iinfo(np.ones(1, np.int8)).max == 127
    assert v.result_type(SINGLE, np.float64) == np.float64 == np.result_type(SINGLE, np.float64)
    assert v.result_type(np.float32, Dual(1.0, 1.0)) == np.float32  # a Python number is weak
    assert v.can_cast(SINGLE, np.float64) and not v.can_cast(X, np.float32) and v.isdtype(X.dtype, "real floating")


def test_truths_have_bits_and_other_values_have_none():
    undecided = Interval(np.array([-1.0, 1.0]), np.array([1.0, 2.0])) > 0.0
    assert not isinstance(undecided, np.ndarray)
    assert (undecided & False).tolist() == [False, False] and (True | undecided).all() and (~undecided).shape == (2,)
    flags = undecided
    seen = flags[:1]
    flags &= np.array([False, True])
    assert not np.any(seen)  # in place, as views see
    for bad in (lambda: X & True, lambda: True | X, lambda: X ^ X, lambda: ~X, lambda: X << 1, lambda: 1 >> X):
        with pytest.raises(UnsupportedInput, match="bits"):
            bad()
    with pytest.raises(UnsupportedInput, match="bits"):
        jacobian_sparsity(lambda x: np.floor(x) & 3, np.ones(2))
    assert (np.array([6]) & 3).tolist() == v.bitwise_and(np.array([6]), 3).tolist() == [2]


def test_the_namespace_of_a_value():
    assert X.__array_namespace__() is v and X.__array_namespace__(api_version="2023.12") is v
    with pytest.raises(ValueError, match=r"2019\.12"):
        X.__array_namespace__(api_version="2019.12")
    info = v.__array_namespace_info__()
    assert info.devices() == ("cpu",) and info.default_dtypes()["real floating"] == np.float64
    assert set(info.dtypes(kind="complex floating")) == {"complex64", "complex128"}


def test_devices():
    assert X.device == X[0].device == Dual(1.0, 1.0).device == "cpu" and X.to_device("cpu") is X
    for bad in (lambda: X.to_device("gpu"), lambda: v.zeros_like(X, device="gpu"), lambda: v.asarray(X, device="gpu")):
        with pytest.raises(InterpError, match="gpu"):
            bad()


def test_a_value_is_not_exported():
    assert X.__dlpack_device__() == np.ones(1).__dlpack_device__()
    with pytest.raises(StripError):
        v.from_dlpack(X)


def test_ends_of_differences():
    x = np.array([1.0, 4.0, 9.0])
    found = grad(lambda x: np.diff(x, prepend=x[0], append=0.0) @ np.array([1.0, 2.0, 3.0, 4.0]))(x)
    assert found.tolist() == [-2.0, -1.0, -1.0]
    assert v.diff(np.array([True, False])).tolist() == np.diff(np.array([True, False])).tolist()
    with pytest.raises(ValueError):
        v.diff(X, n=-1)
    with pytest.raises(ValueError):
        v.diff(X[0])

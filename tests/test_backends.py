"""Arrays of another library as payloads: a stand-in with CuPy's protocol surface, and CuPy itself on a GPU.

The stand-in wraps an ndarray and behaves as CuPy does: ufuncs and functions through NumPy's protocols,
never together with a NumPy array, no implicit copy to the host, SciPy's functions only from a module of its
own, 0-d arrays where NumPy gives scalars. What runs on it never left "the device" by accident.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.special
from mutation_stories import STORIES, X
from scenarios import SCENARIOS
from truth import assert_same

import interp.vocabulary as v
from interp import backends, primal, tree
from interp.errors import InterpError
from interp.primitive import COUNTERPARTS
from interpretations import Dual, grad, hessian, hvp, jacfwd, jacrev, jvp, value_and_grad, vjp


class Device(np.lib.mixins.NDArrayOperatorsMixin):
    """An array that is not NumPy's."""

    def __init__(self, array):
        self._array = np.asarray(array)

    # -- as cupy.ndarray

    shape = property(lambda self: self._array.shape)
    ndim = property(lambda self: self._array.ndim)
    size = property(lambda self: self._array.size)
    dtype = property(lambda self: self._array.dtype)
    T = property(lambda self: Device(self._array.T))
    flags = property(lambda self: self._array.flags)
    strides = property(lambda self: self._array.strides)

    def get(self):
        return self._array.copy()

    def __array__(self, dtype=None, copy=None):
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()`")

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
        if any(not isinstance(x, Device | np.ndarray | np.generic | int | float | complex) for x in inputs):
            return NotImplemented
        if method != "__call__" or ufunc.signature is not None:
            return NotImplemented
        if getattr(scipy.special, ufunc.__name__, None) is ufunc:
            raise TypeError(f"{ufunc.__name__} is not for this array: see its own special functions")
        if out is not None:
            kwargs["out"] = tuple(_inside(x) for x in out)
        return _outside(getattr(ufunc, method)(*(_inside(x) for x in inputs), **kwargs))

    def __array_function__(self, function, types, args, kwargs):
        if not all(issubclass(t, Device | np.ndarray) for t in types):
            return NotImplemented
        return _outside(function(*tree.map(_inside, args), **tree.map(_inside, kwargs)))

    def __getitem__(self, index):
        return _outside(self._array[_plain_index(index)])

    def __setitem__(self, index, y):
        self._array[_plain_index(index)] = _inside(y)

    def __len__(self):
        return len(self._array)

    def __matmul__(self, other):
        return _outside(self._array @ _inside(other))

    def __bool__(self):
        return bool(self._array)

    def __float__(self):
        return float(self._array)

    def __int__(self):
        return int(self._array)

    def reshape(self, *shape):
        return Device(self._array.reshape(*shape))

    def transpose(self, *axes):
        return Device(self._array.transpose(*axes))

    def copy(self, order="C"):
        return Device(self._array.copy(order))

    def astype(self, dtype, copy=True):
        return Device(self._array.astype(dtype, copy=copy))

    def sum(self, axis=None, dtype=None, out=None, keepdims=False):
        return Device(self._array.sum(axis=axis, dtype=dtype, keepdims=keepdims))

    def any(self, axis=None):
        return Device(self._array.any(axis=axis))

    def all(self, axis=None):
        return Device(self._array.all(axis=axis))

    def __repr__(self):
        return f"Device({self._array!r})"


def _inside(x):
    if isinstance(x, Device):
        return x._array
    if isinstance(x, np.ndarray):
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    return x


def _outside(x):
    if isinstance(x, np.ndarray | np.generic):
        return Device(x)
    return type(x)(_outside(part) for part in x) if isinstance(x, tuple | list) else x


def _plain_index(index):
    """CuPy takes integers, slices, lists, its own arrays and NumPy's as indices."""
    parts = index if isinstance(index, tuple) else (index,)
    return tuple(part._array if isinstance(part, Device) else part for part in parts)


def _add_at(x, index, y):
    np.add.at(x._array, _plain_index(index), _inside(y))


class Namespace:
    """The stand-in's array module."""

    add = SimpleNamespace(at=_add_at)

    @staticmethod
    def may_share_memory(x, y):
        return np.may_share_memory(_inside(x), _inside(y))

    @staticmethod
    def zeros(shape, dtype=float):
        return Device(np.zeros(shape, dtype))

    @staticmethod
    def ones(shape, dtype=float):
        return Device(np.ones(shape, dtype))

    @staticmethod
    def tri(*args, **kwargs):
        return Device(np.tri(*args, **kwargs))

    @staticmethod
    def eye(*args, **kwargs):
        return Device(np.eye(*args, **kwargs))

    @staticmethod
    def reshape(x, shape):
        return Device(np.reshape(_inside(x), shape))

    @staticmethod
    def broadcast_to(x, shape):
        return Device(np.broadcast_to(_inside(x), shape))

    @staticmethod
    def asarray(x, dtype=None):
        return x if isinstance(x, Device) else Device(np.asarray(x, dtype))


def _implementation(primitive):
    if primitive.name == "getitem":
        return lambda x, index: x[index] if x[index].shape else x[index].copy()
    special = getattr(scipy.special, primitive.name, None)
    if special is None or COUNTERPARTS.get(special) is not primitive:
        return primitive.implementation
    return lambda *xs: _outside(special(*(_inside(x) for x in xs)))


backends.register(
    backends.Backend(
        "stand-in for CuPy",
        rank=2,
        claims=lambda cls: cls is Device,
        implementation=_implementation,
        namespace=lambda: Namespace,
        to_host=lambda x: x.get(),
    )
)


def cuda_device():
    """CuPy and a device to run it on, or the reason why not."""
    try:
        import cupy

        return cupy if cupy.cuda.runtime.getDeviceCount() > 0 else None
    except Exception:
        return None


class OfStandIn:
    """Moves test data to the stand-in and back."""

    name = "stand-in"
    array = Device

    @staticmethod
    def to(x):
        return Device(np.array(x)) if isinstance(x, np.ndarray) else x


class OfCuPy:
    """Moves test data to the GPU and back."""

    name = "cupy"

    @staticmethod
    def to(x):
        cupy = cuda_device()
        if cupy is None:
            pytest.skip("no CUDA device")
        return cupy.asarray(x) if isinstance(x, np.ndarray) else x


def on_host(x):
    return tree.map(lambda leaf: leaf.get() if hasattr(leaf, "get") else leaf, x)


device = pytest.mark.parametrize(
    "where", [OfStandIn, pytest.param(OfCuPy, marks=pytest.mark.gpu)], ids=lambda w: w.name
)

# Scenarios whose function is made of its operands alone: NumPy masks and constants beside device arrays are
# refused by CuPy itself.
CLOSES_OVER_NUMPY = (
    "where/",
    "concat/constant",
    "concat/stack of scalars",
    "setitem/mask",
    "getitem/mask",
)
PORTABLE = [s for s in SCENARIOS if not s.name.startswith(CLOSES_OVER_NUMPY)]


def test_the_stand_in_refuses_what_cupy_refuses():
    x = Device(np.ones(3))
    for mistake in (
        lambda: np.asarray(x),
        lambda: x + np.ones(3),
        lambda: np.concatenate([x, np.ones(3)]),
        lambda: scipy.special.erf(x),
        lambda: x.__setitem__(0, np.ones(1)),
    ):
        with pytest.raises(TypeError):
            mistake()
    assert isinstance(np.sin(x), Device) and isinstance(x.sum(), Device) and isinstance(np.dot(x, x), Device)


@device
@pytest.mark.parametrize("scenario", PORTABLE, ids=repr)
def test_scenarios_on_the_device(scenario, where):
    inputs = tuple(where.to(x) for x in scenario.inputs)
    everything = tuple(range(len(inputs)))
    for transform in (jacfwd, jacrev):
        found = transform(scenario.f, everything)(*inputs)
        for x, leaf in zip(inputs, found, strict=True):
            if not isinstance(x, float):
                assert not isinstance(leaf, np.ndarray), "the result left the device"
        assert_same(on_host(found), transform(scenario.f, everything)(*scenario.inputs))
    assert_same(on_host(scenario.f(*inputs)), scenario.f(*scenario.inputs))


@device
def test_transforms_on_the_device(where):
    host = np.array([0.3, 0.7, 0.5])
    x = where.to(host)

    def f(x):
        a = x * 1
        a[1:] = a[:-1] * x[1:]
        a[0] *= 2.0
        b = a[::-1]
        b[0] = x[0] ** 2
        return v.sum(a * v.exp(x)) + x[0] * a[-1]

    for run in (
        lambda x: grad(f)(x),
        lambda x: value_and_grad(f)(x),
        lambda x: hessian(f)(x),
        lambda x: hvp(f, x, x),
        lambda x: jvp(f, (x,), (x,)),
        lambda x: vjp(f, x)[1](1.0),
        lambda x: jacrev(jacrev(f))(x),
        lambda x: jacfwd(lambda y: y[0] * grad(f)(y))(x),
        lambda x: grad(lambda p: (p["a"] * x).sum() * p["b"])({"a": x, "b": 2.0}),
    ):
        assert_same(on_host(run(x)), run(host))


@device
def test_an_element_read_is_a_value_not_a_view(where):
    """On a device x[0] is a 0-d view; a later store must not change what was read."""

    def f(x):
        a = x * 1
        first = a[0]
        a[0] = 5.0 * x[1]
        return first * a[0]

    host = np.array([2.0, 3.0])
    for transform in (grad, jacfwd, jacrev):
        assert_same(on_host(transform(f)(where.to(host))), np.array([15.0, 10.0]))
    out = f(Dual(where.to(host), where.to(np.ones(2))))
    assert float(primal(out)) == 30.0 and float(out.tangent) == 25.0


# Stories that bring masks and constants of NumPy's, or ask for a repeated index to be stored in order, which
# CuPy leaves open.
NOT_PORTABLE = ("mask", "without_axes", "constant", "repeated", "index_of_store", "negative_and_positive")


@device
@pytest.mark.parametrize("story", [f for f in STORIES if not any(word in f.__name__ for word in NOT_PORTABLE)])
def test_stories_of_mutation_on_the_device(story, where):
    x = where.to(X.copy())
    for transform in (jacfwd, jacrev):
        assert_same(on_host(transform(story)(x)), transform(story)(X))
    assert_same(on_host(x), X, 0, 0)


@device
def test_masks_on_the_device(where):
    host = np.array([0.3, -0.7, 0.5])

    def f(x):
        return v.sum(v.where(x > 0, x * x, 0.0)) + v.sum(x[x > 0] ** 3) + v.max(x)

    for transform in (grad, jacfwd, jacrev):
        assert_same(on_host(transform(f)(where.to(host))), transform(f)(host))


@device
def test_single_precision_on_the_device(where):
    x = where.to(np.array([0.3, 0.7], np.float32))
    for f in (lambda x: v.sum(v.exp(x) * x), lambda x: v.max(x) * v.prod(x), lambda x: v.dot(x, x)):
        for transform in (grad, jacfwd, jacrev):
            assert transform(f)(x).dtype == np.float32


@device
def test_a_value_and_a_host_array_do_not_mix_silently(where):
    x = where.to(np.ones(3))
    for transform in (grad, jacfwd):
        with pytest.raises((TypeError, InterpError)):
            transform(lambda x: v.sum(x * np.ones(3)))(x)


def test_numbers_of_backends():
    assert backends.namespace(3.0) is np and backends.namespace(np.ones(2)) is np
    assert backends.namespace(Device(1.0)) is Namespace
    assert backends.known(float) and backends.known(np.float32) and backends.known(Device) and not backends.known(str)
    assert isinstance(backends.to_host(Device(np.ones(2))), np.ndarray)

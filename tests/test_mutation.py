"""Arrays changed in place: every story gives what plain NumPy gives, and its derivative, in both modes."""

import numpy as np
import pytest
import truth
from mutation_stories import STORIES, X
from truth import assert_same
from unconverted import unconverted

import interp.vocabulary as v
from interp import interpret, primal
from interp.errors import InterpError, MutationError
from interpretations import (
    Dual,
    bounds,
    grad,
    gradient,
    hessian,
    jacfwd,
    jacrev,
    sparsity,
    uncertainty,
    value_and_grad,
    vjp,
)
from interpretations.tape import Recording, lift

stories = pytest.mark.parametrize("story", STORIES, ids=lambda f: f.__name__)


def _complex_jacobian(f, x):
    return truth.complex_step(lambda x: f(np.copy(x)), (x,), 0)


@stories
@pytest.mark.parametrize("layout", ["C", "F"])
@pytest.mark.parametrize("transform", [jacfwd, jacrev])
def test_story(story, transform, layout):
    x = np.array(X, order=layout)
    before = x.copy()
    assert_same(transform(story)(x), _complex_jacobian(story, x))
    np.testing.assert_array_equal(x, before, "the caller's array was changed")


@stories
def test_story_computes_what_numpy_computes(story):
    expected = story(X.copy())
    out, _ = vjp(story, X)
    assert_same(out, expected)
    assert_same(primal(story(Dual(X.copy(), np.ones_like(X)))), expected)


@stories
def test_second_derivatives_of_a_story(story):
    def scalar(x):
        y = story(x)
        return (y * y * y).sum()

    expected = truth.jacobian(grad(lambda x: scalar(x.copy())), (X,), 0)
    for outer in (jacfwd, jacrev):
        for inner in (jacfwd, jacrev):
            assert_same(outer(inner(scalar))(X), expected, 1e-7, 1e-7)


@stories
def test_one_direction_a_run(story):
    """Without an axis of directions stores take another path: the directional derivative agrees."""
    direction = np.cos(np.arange(6.0)).reshape(2, 3)
    out = story(Dual(X.copy(), direction))
    assert_same(out.tangent, np.einsum("...ij,ij->...", _complex_jacobian(story, X), direction))


@stories
def test_pullback_can_be_called_twice(story):
    out, pullback = vjp(story, X)
    cotangent = np.sin(np.arange(out.size, dtype=float)).reshape(out.shape)
    first, second = pullback(cotangent), pullback(cotangent)
    assert_same(first, second, 0, 0)
    assert_same(first[0], np.tensordot(cotangent, _complex_jacobian(story, X), axes=cotangent.ndim))


def test_the_callers_array_without_axes_is_not_changed():
    def f(x):
        x += 1.0
        x *= 2.0
        return x * x

    x = np.array(2.0)
    assert grad(f)(x) == jacfwd(f)(x) == 24.0 and hessian(f)(x) == grad(grad(f))(x) == 8.0
    for stage in (uncertainty(std=0.1), bounds(0.1), sparsity(), sparsity(local=True)):
        assert interpret(f, gradient(), stage)(x).gradient == 24.0
    assert x == 2.0


# -- programs drawn at random


def random_program(seed):
    """A program of views, stores and arithmetic on a pool of arrays; polynomial in its input."""

    def program(x):
        rng = np.random.default_rng(seed)
        pool = [x * 1, x.copy(), np.zeros_like(x), x]

        def pick(shape=None):
            found = [a for a in pool if np.ndim(a) and (shape is None or np.shape(a) == shape)]
            return found[rng.integers(len(found))] if found else None

        for _ in range(12):
            a = pick()
            shape = np.shape(a)
            size = int(np.prod(shape))
            kind = rng.integers(12)
            if kind == 0:
                pool.append(a[::-1])
            elif kind == 1:
                pool.append(a.T)
            elif kind == 2:
                pool.append(a.reshape(-1))
            elif kind == 3:
                pool.append(a[..., 1:] if shape[-1] > 1 else a[..., None, :])
            elif kind == 4:
                pool.append(a[rng.integers(shape[0])] if len(shape) > 1 else a[::2])
            elif kind == 5:
                b = pick(shape)
                a[...] = b * 0.5 if rng.integers(2) else b
            elif kind == 6:
                b = pick(shape)
                a *= b * 0.5
            elif kind == 7:
                i, j = (tuple(int(rng.integers(n)) for n in shape) for _ in range(2))
                a[i] = a[j] * 0.7
            elif kind == 8:
                flat = a.reshape(-1)
                index = rng.integers(size, size=3)
                flat[index] = flat[rng.integers(size, size=3)]
                pool.append(flat)
            elif kind == 9:
                mask = rng.integers(2, size=shape).astype(bool)
                b = pick(shape)
                a[mask] = b[mask] * 0.9
            elif kind == 10:
                b = pick(shape)
                pool.append(a * b * 0.3 + b)
            else:
                a[shape[0] // 2 :] += a[: shape[0] - shape[0] // 2]
        return sum((k + 1.0) * (a * a).sum() for k, a in enumerate(pool))

    return program


@pytest.mark.parametrize("block", range(12))
def test_random_programs(block):
    for seed in range(block * 50, block * 50 + 50):
        program = random_program(seed)
        value = program(X.copy())
        expected = _complex_jacobian(program, X)
        if not np.isfinite(expected).all() or abs(value) > 1e12:
            continue
        got, gradient = value_and_grad(program)(X)
        assert got == pytest.approx(value, rel=1e-12), f"value of program {seed}"
        scale = np.abs(expected).max()
        np.testing.assert_allclose(
            gradient, expected, rtol=1e-9, atol=1e-12 * scale, err_msg=f"reverse, program {seed}"
        )
        np.testing.assert_allclose(
            jacfwd(program)(X), expected, rtol=1e-9, atol=1e-12 * scale, err_msg=f"forward, program {seed}"
        )


@pytest.mark.parametrize("transform", [jacfwd, jacrev])
def test_overlap_that_numpy_gets_wrong(transform):
    """NumPy does not guard a[::2] = a[:3] along one axis; ours reads before it writes, value and derivative."""

    def f(x):
        a = x * 1
        a[::2] = a[:3]
        return a

    x = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert vjp(f, x)[0].tolist() == [1.0, 2.0, 2.0, 4.0, 3.0, 6.0]
    assert_same(transform(f)(x), np.eye(6)[[0, 1, 1, 3, 2, 5]])


# -- what cannot hold a value says so


def test_plain_arrays_do_not_take_values_where_conversion_does_not_reach():
    def rebinds(x):
        a = np.ones(3)
        a += x
        return a.sum()

    def stores(x):
        a = np.ones(3)
        a[0] = x[0]
        return a.sum()

    def stores_slice(x):
        a = np.ones(3)
        a[:] = x
        return a.sum()

    def stores_through_out(x):
        a = np.ones(3)
        np.add(x, x, out=a)
        return a.sum()

    for f in (rebinds, stores, stores_slice, stores_through_out):
        for transform in (grad, jacfwd):
            with pytest.raises(InterpError, match=r"zeros_like|out=|np.stack"):
                transform(unconverted(f))(np.array([1.0, 2.0, 3.0]))


def test_scalars_are_rebound_not_changed():
    def f(x):
        y = x
        y += 1
        y *= x
        return y * x

    assert grad(f)(2.0) == 3 * 4.0 + 2 * 2.0
    assert jacfwd(f)(2.0) == 16.0
    for transform in (grad, jacfwd):
        with pytest.raises(MutationError):
            transform(lambda x: x.__setitem__((), 1.0))(2.0)


def test_a_value_of_a_higher_level_cannot_be_stored_in_an_outer_array():
    def outer(x):
        a = x * 1

        def inner(y):
            a[0] = y
            return a.sum()

        return grad(inner)(2.0)

    with pytest.raises(MutationError, match="made outside"):
        grad(outer)(np.array([1.0, 2.0]))


def test_closed_over_values_can_be_stored_in_an_inner_array():
    def outer(x):
        def inner(y):
            a = y * 1
            a[0] = x[0] * y[1]
            return (a * a).sum()

        return grad(inner)(np.array([3.0, 4.0])).sum()

    # d/dx of d/dy0 + d/dy1 of (x y1)^2 + y1^2
    assert_same(grad(outer)(np.array([2.0, 5.0])), np.array([2 * 2 * 2.0 * 4.0, 0.0]))


def test_caller_may_change_his_array_between_run_and_pullback():
    x, w = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    _, pullback = vjp(lambda x: x * w, x)
    w *= 100
    x *= 100
    assert_same(pullback(np.ones(2))[0], np.array([3.0, 4.0]))
    _, pullback = vjp(lambda x: x * x, x)
    x[:] = 0
    assert_same(pullback(np.ones(2))[0], np.array([200.0, 400.0]))


def test_a_dual_made_by_hand_does_not_change_its_makers_arrays():
    x, t = np.ones(3), np.ones(3)
    dual = Dual(x, t)
    dual[0] = 5.0
    assert_same((x, t), (np.ones(3), np.ones(3)), 0, 0)


def test_closed_over_values_in_a_dual_array_are_refused_with_a_remedy():
    def outer(x):
        def inner(y):
            a = y * 1
            a[0] = x * y[0]
            return a.sum()

        return jacfwd(inner)(np.ones(2)).sum()

    with pytest.raises(MutationError, match=r"a = y \+ 0 \* x"):
        jacfwd(outer)(2.0)

    def remedied(x):
        def inner(y):
            a = y + 0 * x
            a[0] = x * y[0]
            return a.sum()

        return jacfwd(inner)(np.ones(2)).sum()

    assert jacfwd(remedied)(2.0) == 1.0 == grad(remedied)(2.0)


@pytest.mark.parametrize("transform", [jacfwd, jacrev])
def test_a_number_read_as_an_array(transform):
    for x in (np.array(3.0), np.float64(3.0), 3.0):
        assert transform(lambda x: x[()] * x[...])(x) == 6.0
        assert_same(transform(lambda x: x[None] * 2)(x), np.array([2.0]))


def test_result_shares_no_memory_with_anything():
    x = np.array([1.0, 2.0, 3.0])
    w = np.array([4.0, 5.0, 6.0])
    functions = [lambda x: x.sum(), lambda x: (w * x).sum(), lambda x: x[0], lambda x: x.mean(), lambda x: np.dot(w, x)]
    for f in functions:
        for transform in (grad, jacfwd, jacrev):
            g = transform(f)(x)
            assert g.flags.writeable and not np.may_share_memory(g, x) and not np.may_share_memory(g, w)
            expected = g.copy()
            g[...] = -1.0
            assert_same(transform(f)(x), expected)
    for f in (lambda x: x, lambda x: w * x, lambda x: x[::-1], lambda x: x.reshape(3, 1)):
        out, pullback = vjp(f, x)
        assert not np.may_share_memory(out, x)
        (g,) = pullback(np.ones(out.shape))
        g[...] = 7.0
        (again,) = pullback(np.ones(out.shape))
        assert not (again == 7.0).any()


def test_gradients_of_two_arguments_are_two_arrays():
    a, b = grad(lambda x, y: (x + y).sum(), (0, 1))(np.ones(3), np.ones(3))
    a[0] = 5.0
    assert b[0] == 1.0 and not np.may_share_memory(a, b)


def test_cotangent_given_by_the_caller_is_not_changed():
    ct = np.ones(3)
    _, pullback = vjp(lambda x: (x + x[0]) * 1.0, np.ones(3))
    pullback(ct)
    assert_same(ct, np.ones(3), 0, 0)

    def stores(x):
        a = x * 1
        a[0] = 0.0
        return a

    for f in (stores, lambda x: x, lambda x: x[:]):
        _, pullback = vjp(f, np.ones(3))
        (g,) = pullback(ct)
        g[...] = 9.0
        assert_same(ct, np.ones(3), 0, 0)


# -- the cost of one element does not grow with the array


def _element_program(n, steps):
    def f(x):
        a = x * 1
        s = 0.0
        for i in range(1, steps):
            a[i] = a[i - 1] * 0.5
            s = s + a[i]
        return s

    return f


def test_entries_of_the_recording_do_not_grow_with_the_array():
    counts = []
    for n in (100, 100_000):
        recording = Recording(level=1 << 40)
        _element_program(n, 20)(lift(np.ones(n), recording))
        counts.append(len(recording.entries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("transform", [jacfwd, grad])
def test_bytes_allocated_for_elements_do_not_grow_with_their_number(transform):
    """Each read and write touches its element: dense pullbacks would allocate an array each."""
    import tracemalloc

    n = 20_000
    x = np.ones(n)

    def peak(steps):
        program = _element_program(n, steps)
        f = transform(program) if transform is grad else lambda x: program(Dual(x, np.ones(n)))
        tracemalloc.start()
        f(x)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    few, many = peak(5), peak(105)
    assert many - few < 4 * 8 * n  # 100 further elements cost less than four arrays


def test_sweep_allocates_one_buffer_for_many_reads(monkeypatch):
    made = []
    from interpretations import sweep

    original = sweep.zeros_beside
    monkeypatch.setattr(sweep, "zeros_beside", lambda *a, **k: made.append(1) or original(*a, **k))
    n = 1000
    grad(lambda x: sum(x[i] * x[n - 1 - i] for i in range(100)))(np.ones(n))
    assert len(made) == 1


def test_setitem_by_name():
    def f(x):
        a = x * 1
        v.setitem(a, x[0] * 2, 1)
        return a

    assert_same(jacrev(f)(np.ones(2)), np.array([[1.0, 0.0], [2.0, 0.0]]))
    assert_same(hessian(lambda x: (f(x) ** 2).sum())(np.ones(2)), np.array([[10.0, 0.0], [0.0, 0.0]]))


def test_joining_many_parts_is_linear_work():
    """The maps of one call share what they know of all its operands: with a copy each they would take n^2."""
    recording = Recording(10**9)
    x = lift(np.ones(50), recording)
    np.stack([element * 2.0 for element in x])
    joined = next(entry for entry in reversed(recording.entries) if len(entry) == 50)
    assert len({id(link.map.operands) for link in joined}) == len({id(link.map.params) for link in joined}) == 1

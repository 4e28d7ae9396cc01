"""Programs that change arrays in place, as data: each takes a 2 x 3 array and returns one array.

All are polynomials, so that a complex step through plain NumPy gives their exact derivative.
"""

import numpy as np

from interp import primal

X = np.array([[0.5, 1.5, -0.7], [1.1, 0.3, 2.1]])


def fresh(x):
    """An array of the program's own that can hold what ``x`` is."""
    return np.zeros_like(x)


def store_element(x):
    a = x * 2
    a[0, 1] = x[1, 1] * x[0, 0]
    return a * a


def store_row(x):
    a = x * x
    a[1] = x[0] * 3
    return a * x


def store_constant(x):
    a = x * x
    a[:, 1] = 7.0
    return a * x


def store_into_copy(x):
    a = x.copy()
    a[0] = x[1]
    return a * x


def store_into_input(x):
    x[0] = x[1] * x[1]
    return x * x


def store_broadcast(x):
    a = fresh(x)
    a[...] = x[0]
    return a * x


def store_scalar_everywhere(x):
    a = fresh(x)
    a[...] = x[0, 0] * x[1, 1]
    return a * x


def store_twice(x):
    a = fresh(x)
    a[0, 0] = x[0, 0]
    a[0, 0] = x[1, 2] * a[0, 0]
    return a


def overwritten_before_use(x):
    a = x * 1
    a[...] = x * x
    a[...] = 3.0
    return a * x


def view_written_seen_in_base(x):
    a = x * 1
    b = a[1:]
    b[0, 0] = x[0, 0] ** 2
    return a


def base_written_seen_in_view(x):
    a = x * 1
    b = a[:, ::2]
    a[0] = x[1] ** 2
    return b * b


def view_of_view(x):
    a = x * 1
    b = a[1]
    c = b[1:]
    c[0] = x[0, 0] * x[0, 1]
    return a * a


def reversed_view(x):
    a = x * 1
    a[::-1, ::-1][0, 0] = x[0, 0] * 5
    a[:, ::-1][0] = a[1] * 2
    return a


def transposed_view(x):
    a = x * 1
    t = a.T
    t[0] = x[:, 2] * x[:, 1]
    return a * t.T


def reshaped_view(x):
    a = x * 1
    flat = a.reshape(-1)
    flat[1:3] = x[1, 1:] * x[0, 0]
    return a * a


def reshaped_copy_of_transposed(x):
    a = x * 1
    flat = a.T.reshape(-1)  # a copy, as in NumPy: the store does not reach a
    flat[0] = 100.0
    return a * a + flat.sum()


def flipped_view(x):
    a = x * 1
    np.flip(a)[0, 0] = x[0, 0] ** 3
    return a


def swapped_axes_view(x):
    a = x * 1
    np.swapaxes(a, 0, 1)[1] = x[:, 0] ** 2
    return a


def new_axis_view(x):
    a = x * 1
    a[:, None, :][0, 0, 1] = x[1, 1] ** 2
    return a


def raveled_view(x):
    a = x * 1
    a.ravel()[4] = x[0, 0] ** 2
    return a


def squeezed_view(x):
    a = x.reshape(1, 2, 3) * 1
    a.squeeze()[1, 1] = x[0, 0] ** 2
    return a


def flattened_copy(x):
    a = x * 1
    a.flatten()[0] = 50.0
    return a * a


def advanced_copy(x):
    a = x * 1
    a[[0, 1]][0] = 50.0
    return a * a


def view_of_advanced_copy(x):
    a = x[[1, 0]]
    b = a.reshape(-1)
    a[0] = x[0] * 2
    b[5] = x[1, 1]
    return a * b.reshape(2, 3)


def view_of_zeros_like_transposed(x):
    a = np.zeros_like(x.T)
    a[...] = 2 * x.T
    b = a.reshape(-1)
    a[0, 1] = x[1, 1] * 3
    return b * x.reshape(-1)


def ravel_of_reversed_is_a_copy(x):
    a = x * 2
    flat, column = a[::-1, ::-1].ravel(), a[:, 1].ravel()
    a[0] = 1.0
    return flat[:2] * column


def einsum_views(x):
    a = np.einsum("ij,kj->ik", x, x)
    np.einsum("ii->i", a)[:] = x[:, 0]  # as NumPy's documentation sets a diagonal
    b = x * 2
    np.einsum("ij->ji", b)[0] = x[:, 1] * 3
    return a @ b


def view_without_axes(x):
    a, c = x * 2, x * 3
    element, other = a[0, 0, ...], np.squeeze(a[1:, 2:])
    a[0, 0] = x[1, 1] * 3
    other += x[0, 1]
    c[0, 0, ...][...] = element * other
    return a * element + c


def clip_without_bounds_is_a_copy(x):
    a = x * 2
    b = np.clip(a, None, None)
    a[0] = 1.0
    return b * x


def view_before_and_after(x):
    a = x * 1
    b = a[0]
    before = b * b
    a[0, 1] = x[1, 1] ** 2
    return before + b * b


def swap_rows(x):
    a = x * x
    a[0], a[1] = a[1].copy(), a[0].copy()
    return a * x


def swap_rows_without_copy(x):
    a = x * x
    a[0], a[1] = a[1], a[0]  # the first store changes what the second reads, as in NumPy
    return a * x


def overlap_forward(x):
    a = x.reshape(-1) * 1
    a[1:] = a[:-1]
    return a * a


def overlap_backward(x):
    a = x.reshape(-1) * 1
    a[:-1] = a[1:] * 2
    return a * a


def overlap_reversed(x):
    a = x.reshape(-1) * 1
    a[:] = a[::-1]
    return a * x.reshape(-1)


def element_read_then_overwritten(x):
    a = x * 1
    first = a[0, 0]
    a[0, 0] = x[1, 1] ** 2
    return a * first


def stored_into_itself(x):
    a = x * 1
    a[...] = a
    a[:, :] = a * 1
    return a * a


def overlap_transposed(x):
    a = x[:, :2] * 1
    a[...] = a.T
    return a * x[:, :2]


def overlap_advanced(x):
    a = x.reshape(-1) * 1
    a[[0, 1, 2]] = a[[3, 0, 1]]
    return a * a


def repeated_index_last_wins(x):
    a = x * 1
    a[[0, 1, 0], [1, 1, 1]] = x[1] * x[0]
    return a


def repeated_index_constant(x):
    a = x * x
    a[[0, 0]] = np.ones((2, 3))
    return a


def repeated_rows(x):
    a = x * 1
    a[[1, 1]] = x * x
    return a


def repeated_index_broadcast(x):
    a = x * 1
    a[[0, 0, 1]] = x[0] * x[1]
    return a


def negative_and_positive_index(x):
    a = x.reshape(-1) * 1
    a[[5, -1]] = x[0, :2] ** 2
    return a


def mask_store(x):
    a = x * 1
    mask = primal(x).real > 1
    a[mask] = (x * x)[mask]
    return a * x


def mask_store_constant(x):
    a = x * x
    a[primal(x).real < 1] = 0.0
    return a


def mask_store_scalar(x):
    a = x * 1
    a[primal(x).real > 1] = x[0, 0] ** 2
    return a


def mask_of_rows(x):
    a = x * 1
    a[np.array([False, True])] = x[0] ** 2
    return a


def store_with_leading_ones(x):
    a = x * 1
    a[0] = (x[1] ** 2)[None]
    return a


def add_through_view(x):
    a = x * 1
    b = a[0]
    b += x[1] ** 2
    return a


def operators_in_place(x):
    a = x * 1
    a += x
    a *= x
    a -= x[0]
    a /= 2.0
    a **= 2
    return a


def in_place_on_element(x):
    a = x * 1
    a[0, 0] += x[1, 1]
    a[0, 0] *= x[1, 2]
    return a


def in_place_on_slice(x):
    a = x * 1
    a[:, 1:] *= x[:, :2]
    return a


def in_place_on_mask(x):
    a = x * 1
    a[primal(x).real > 1] *= x[0, 0]
    return a


def in_place_on_repeated_index(x):
    a = x.reshape(-1) * 1
    a[[0, 0, 1]] += x[0]  # NumPy adds once to each, the last one
    return a


def in_place_with_itself(x):
    a = x * 1
    a *= a
    a += a.copy()
    a[0] *= a[1]
    return a


def in_place_with_view_of_itself(x):
    a = x * 1
    a += a[::-1]
    return a


def used_before_change(x):
    a = x * 1
    b = a * x  # the product remembers a as it was
    a[...] = 0.0
    return b + a


def used_before_change_by_both(x):
    a = x * 1
    b = a * a
    a *= x
    return b * a


def used_in_contraction_before_change(x):
    a = x * 1
    c = a @ x.T
    a[0] = 0.0
    return c * a.sum()


def used_in_solve_like_sum(x):
    a = x * 1
    s = (a * x).sum(axis=0)
    a[...] = x**2
    return s * a


def constant_array_changed_after_use(x):
    w = np.array([1.0, 2.0, 3.0])
    y = w * x
    w *= 2
    return y * w


def constant_of_matmul_changed_after_use(x):
    w = np.array([1.0, 2.0, 3.0])
    y = x @ w
    w *= 2
    return y * w[0]


def constant_of_where_changed_after_use(x):
    mask = np.array([True, False, True])
    y = np.where(mask, x * x, x)
    mask[:] = False
    return y


def constant_of_concatenate_changed_after_use(x):
    w = np.ones(3)
    y = np.concatenate([x[0], w]) * 2
    w *= 5
    return y


def index_changed_after_use(x):
    i = np.array([0, 2, 1])
    y = x[:, i] * x
    i[:] = 0
    return y


def index_of_store_changed_after_use(x):
    a = x * 1
    i = np.array([0, 2])
    a[:, i] = x[:, :2] ** 2
    i[:] = 1
    return a


def stored_constant_changed_after_use(x):
    a = x * x
    w = np.array([1.0, 2.0, 3.0])
    a[0] = w
    w *= 100
    return a * x


def built_in_a_loop(x):
    a = fresh(x).reshape(-1)
    flat = x.reshape(-1)
    a[0] = flat[0]
    for i in range(1, 6):
        a[i] = a[i - 1] * 0.5 + flat[i] * a[0]
    return a


def recurrence_on_rows(x):
    a = fresh(x)
    a[0] = x[0]
    a[1] = a[0] * x[1] + a[0, ::-1]
    return a


def zeros_like_of_integers_keeps_floats(x):
    a = np.full_like(x, 0)
    a[0, 0] = x[0, 0] * 0.5
    return a


def filled(x):
    a = x * 1
    a[0].fill(x[1, 1])
    return a


def iteration_gives_views(x):
    a = x * 1
    for row in a:
        row[0] = row[1] * row[2]
    return a


def output_is_a_view(x):
    a = x * 1
    b = a[:, 1:]
    a[0, 1] = x[0, 0] ** 2
    return b


def view_alive_while_base_rebound(x):
    a = x * x
    b = a[0]
    a = x * 3
    b[0] = x[1, 1]
    return a + b


def deleted_views(x):
    a = x * 1
    for i in range(3):
        b = a[:, i]
        b *= x[:, 0]
        del b
    return a


def sum_of_changed(x):
    a = x * 1
    a[0, 0] = a.sum()
    a[1, 1] = a.sum()
    return a


def out_argument(x):
    a = fresh(x)
    np.multiply(x, x, out=a)
    return a * x


def take_and_put_back(x):
    a = x * 1
    column = a[:, 1]
    saved = column.copy()
    column[...] = 0.0
    return a + saved[:, None]


STORIES = [f for f in list(globals().values()) if callable(f) and getattr(f, "__module__", "") == __name__]
STORIES = [f for f in STORIES if f is not fresh]

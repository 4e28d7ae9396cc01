"""Loops over arrays that ask much of a reversal: aliases and views, names bound anew, stores, early exits.

`PROGRAMS` have an adjoint; of those that compare numbers the truth is differences, of all others the complex step.
"""

import numba
import numpy as np


def two_buffers_change_places(x):
    u, v = x.copy(), np.zeros_like(x)
    for _ in range(5):
        for i in range(1, len(x) - 1):
            v[i] = u[i] * u[i + 1] - 0.3 * u[i - 1] ** 2
        v[0], v[-1] = u[0] * u[1], u[-1]
        u, v = v, u
    return u[2] * u[3] + u[0] + v[1]


def views_of_one_array(x):
    a = x.copy()
    left, right, back = a[:-1], a[1:], a[::-1]
    for i in range(len(left)):
        left[i] = left[i] * right[i]
        back[i] = back[i] + left[i] * a[i]
    return np.sum(a * a)


def a_view_stored_through_and_the_base_read(x):
    a = np.zeros_like(x)
    b = a[2:]
    for i in range(len(b)):
        b[i] = x[i] * x[i + 1]
        a[i] = a[i] + b[i] ** 2
    return a[0] * a[3] + np.sum(b)


def one_of_two_views(x):
    a = x.copy()
    b = a[:4] if x[0] > 0.0 else a[4:]
    for i in range(4):
        b[i] = b[i] * b[i]
        a[i + 2] = a[i + 2] * b[i]
    return np.sum(a)


def a_row_at_a_time(x):
    m = np.zeros_like(x).reshape(2, 4)
    for i in range(2):
        row = m[i]
        for j in range(4):
            row[j] = x[4 * i + j] ** 2
            m[0, j] = m[0, j] * x[j] + row[j]
    return np.sum(m[0] * m[1])


def transposed(x):
    m = x.copy().reshape(4, 2)
    t = m.T
    for i in range(2):
        for j in range(4):
            t[i, j] = t[i, j] * m[3 - j, i]
    return np.sum(m * m * m)


def flattened(x):
    m = np.zeros((2, 4)) * x[0]
    flat = m.ravel()
    for i in range(8):
        flat[i] = x[i] * x[7 - i]
        m[i // 4, i % 4] = m[i // 4, i % 4] ** 2
    return np.sum(flat * x) + np.sum(np.reshape(m, (4, 2))[:, 1] ** 3) + m.reshape(2, 2, -1)[1, 0, 1]


def a_fresh_array_in_every_round(x):
    u = x
    for _ in range(3):
        v = np.zeros_like(x)
        w = np.zeros_like(x)
        for i in range(len(x)):
            v[i] = u[i] * u[i]
            w[i] = v[i] * x[i]
        u = w
    return np.sum(u)


def downwards(x):
    a = x.copy()
    for i in range(len(a) - 2, -1, -1):
        a[i] = a[i] * a[i + 1] + x[i]
    return a[0]


def in_steps(x):
    a = x.copy()
    for i in range(1, len(a), 3):
        a[i] = a[i] * a[i - 1]
    for i in range(6, 0, -2):
        a[i] = a[i] + a[i - 1] ** 2
    return np.sum(a * a)


def from_the_end(x):
    a = x.copy()
    for i in range(-3, 0):
        a[i] = a[i] * a[i - 1]
    for i in range(-2, 3):
        a[i] = a[i] * a[i]
    return np.sum(a)


def the_index_is_changed(x):
    a = x.copy()
    for i in range(4):
        a[i] = a[i] * x[i + 1]
        i = i + 3
        a[i] = a[i] * a[i - 1]
    return np.sum(a * a)


def the_start_is_changed(x):
    a = x.copy()
    start = 1
    for k in range(3):
        for i in range(start, len(a)):
            a[i] = a[i] * a[i - 1]
            start = 2 + k
    return np.sum(a)


def triangles(x):
    a = x.copy()
    for i in range(len(a)):
        for j in range(i + 1, len(a)):
            a[j] = a[j] * a[i] + 0.5
        for j in range(i):
            a[j] = a[j] * 0.9 + a[i] ** 2
    return np.sum(a)


def no_rounds(x):
    a = x.copy()
    for k in range(3):
        for i in range(k - 1):
            a[i] = a[i] * a[i] * x[k]
    return a[0] + a[1]


def several_at_once(x):
    a, b, s, t = x.copy(), np.zeros_like(x), 1.0, 2.0
    for i in range(len(x)):
        a[i] = a[i] * s
        s = s * x[i] + t
        b[i] = a[i] * a[i] * t
        t = np.sin(s * t)
    return np.sum(a * b) + s * t


def stores_in_branches(x):
    a = x.copy()
    for _ in range(3):
        for i in range(1, len(a)):
            if a[i] > 0.3:
                a[i] = a[i] * a[i - 1]
            elif i % 2 == 0:
                a[i - 1] = a[i] ** 2
                continue
            a[i] = np.cos(a[i])
    return np.sum(a)


def loops_in_branches(x):
    a = x.copy()
    for k in range(4):
        p = a[k] * a[k + 1]
        if k % 2 == 0:
            for i in range(len(a)):
                a[i] = a[i] * p
            p = p * p
        a[k] = a[k] + p * p
    return np.sum(a)


def left_early(x):
    a = x.copy()
    for _ in range(4):
        for i in range(1, len(a)):
            a[i] = a[i] * a[i - 1]
            if a[i] > 1.5:
                break
            a[i - 1] = a[i - 1] ** 2
    return np.sum(a)


def integers_and_flags(x):
    a, n, up = x.copy(), 0, False
    for i in range(len(a)):
        n = (3 * n + i) % 5
        up = n > 2
        a[i] = a[i] ** 2 * (n + 1)
        a[n] = a[n] * a[i] if up else a[n] + a[i]
    return np.sum(a)


def an_array_of_positions(x):
    order = np.array([3, 1, 4, 0, 5, 2, 7, 6])
    same = np.asarray(order)
    a = x.copy()
    for i in range(len(a) - 1):
        same[i], same[i + 1] = same[i + 1], same[i]
        a[order[i]] = a[order[i]] * a[order[i + 1]]
    return np.sum(a * a)


def the_same_view_every_round(x):
    a = x.copy()
    for _ in range(4):
        inner, n = a[1:-1], len(a) - 2
        scale = 1.0 / n
        for i in range(n):
            inner[i] = inner[i] + scale * inner[i] * a[i]
    return np.sum(a)


def another_view_every_round(x):
    a = x.copy()
    for k in range(4):
        part = a[k : k + 3]
        for i in range(len(part)):
            part[i] = part[i] * a[k] + 0.1
    return np.sum(a)


def a_while_around(x):
    a, k = x.copy(), 0
    while np.sum(a * a) > 0.5 and k < 6:
        for i in range(len(a)):
            a[i] = a[i] * 0.8 + 0.01 * a[i - 1]
        k += 1
    return np.sum(a * a * a)


def whole_arrays_between(x):
    a, b = x.copy(), np.ones_like(x)
    for _ in range(3):
        b = a * b
        a[1:] = a[:-1] + b[1:] ** 2
        for i in range(len(a)):
            b[i] = b[i] * a[i]
    return np.sum(b)


def a_loop_over_an_array_that_gets_another_name(x):
    a, s = x.copy(), 0.0
    for v in a:
        a = a * 0.5
        s = s + v * v
    for u, v in zip(a, x):  # noqa: B905
        a, x = x, a
        s = s + u * v * v
    return s + a[0]


def an_expression_before_its_operand_changes(x):
    a, s, scale = x.copy(), 0.0, 0.5
    for k in range(3):
        b, c, d = a * x, x * scale, a * 2.0
        a += 1.0
        scale = scale * x[k]
        s = s + np.sum(b) * np.sum(c)
        b = a * x
        a[1:] = 0.3 * d[:-1]
        s = s + np.sum(b)
        b = a * x
        a = a + 1.0
        s = s + np.sum(b)
    return s


def a_product_before_its_operand_changes(x):
    m, v, s = x.reshape(2, 4)[:, :2] * 1.0, x[:2] * 1.0, 0.0
    for _ in range(2):
        b = v * 2.0
        v = m @ v
        s = s + np.sum(b)
    return s + v[0]


def elements_at_positions(x):
    m, at, s = x.reshape(4, 2) * 1.0, np.array([2, 0, 2]), 0.0
    for k in range(2):
        b = m[at]
        m = m * 0.5
        at[k] = at[k + 1]
        b[0, 1] = b[1, 0] * b[0, 1]
        s = s + np.sum(b * b) + m[0, 0] + np.sum(x[at] ** 2)
    return s


def positions_at_positions(x):
    order, turn, s = np.array([2, 0, 1, 4, 3, 5]), np.array([1, 2, 0, 3, 4, 5]), 1.0
    for k in range(3):
        q = order[turn]
        order[k] = order[k + 1]
        s = s * 0.5 + np.sin(x[q[k]]) * s * x[q[k + 1]]
        turn = q
    for i in order[order > 1]:
        s = s * x[i]
    return s


def a_constant_in_a_variable_that_varies(x):
    w, s = np.ones(8), 0.0
    for i in range(3):
        t = w[i]
        t = t * x[i]
        n = len(x)
        n = n * x[i + 1]
        k = x.shape[0]
        k = k * x[i + 2]
        s = s + t * n * k
    return s


def integers_in_place(x):
    n, s = np.array([1, 2, 3]), 0.0
    m = n
    m ^= 1
    m <<= 1
    for i in range(3):
        s += x[i] ** 2 * n[i]
    return s


def several_targets(x):
    a, b, s = x[0], x[1], 0.0
    for _ in range(3):
        (a, b) = c = (b, a)
        s = s + c[0] * c[1] ** 2 * a
    return s


def all_elements_by_an_ellipsis(x):
    a = np.empty_like(x)
    a[...] = x * x
    a[:] = a[::-1] * x
    return np.sum(a * a)


def a_number_in_one_place_and_a_value_in_another(x):
    total, a = 0.0, np.ones(8)
    for k in range(4):
        s = 0.5
        if k > 1:
            s = s + 1.0
        s = s * x[k]
        if k > 0:
            total = total + s * s * x[1] + s**3
        b = np.ones(8)
        if k > 2:
            b = a
        a = b * a * x
    return total + np.sum(a)


def a_view_of_another_layout(x):
    a, s = x.copy(), 1.0
    for k in range(4):
        v = a[:3] if k == 1 else a[::-2]
        v[0] = v[1] * v[0] + s
        s = s * v[-1]
        if k > 1:
            v = a[1:4]
            v[0] = np.sin(v[2] * v[0])
        s = s + v[1] * v[0]
    return s + np.sum(a * a)


def set_only_where_needed(x):
    y, s = x[0], 0.0
    for i in range(3):
        if x[i] > 0.5 and (y := y * 2.0) > 1.0:
            s = s + y * x[i]
    return s + y


def chosen_by_comparisons(x):
    a, s = x.copy(), 0.0
    for k in range(3):
        m = a > 0.3
        b = np.where(m, a * x, np.sin(a))
        a = np.where(x < 1.0, b, a * 0.5)
        a[k] = a[k] * b[k + 1]
        s = s + np.sum(np.where(m, b, 0.0))
    return s + np.sum(a)


def an_error_that_is_not_raised(x):
    s = 1.0
    for v in x:
        if s > 100.0:
            raise ValueError("too large")
        s = s * v + 0.5
    return s


def picked_by_positions(x):
    return np.sum(x[np.array([0, 2])] ** 2)


def constant_flags(x):
    flag, other, total = True, False, 0.0
    for i in range(len(x)):
        if flag:
            total = total + x[i] ** 2
        if other:
            total = total * x[i]
        other = i == 3
    return total if flag else -total


def a_position_among_constants_that_change(x):
    w, total = np.array([1.0, 3.0, 2.0]), 0.0
    for i in range(3):
        k = np.argmax(w)
        total += (i + 1.0) * x[k] ** 2
        w[k] = -1.0
    return total


def what_is_made_of_constants_that_change(x):
    w, n, total = np.array([1.0, 3.0, 2.0]), np.array([1, 3, 2]), 0.0
    for i in range(3):
        total += np.linalg.norm(w) * x[i] ** 2 + np.sum(n) * x[i + 1]
        total += np.median(w) * x[i] + np.searchsorted(w, 2.5) * x[i + 2]
        w[i], n[i] = 5.0, 0
    return total


@numba.njit
def raised(w, i):
    w[i] += 1.0
    return w[i]


def a_function_of_numbas_that_stores(x):
    w, total = np.array([1.0, 3.0, 2.0]), 0.0
    for i in range(3):
        total += w[0] * x[i] ** 2
        total += raised(w, 0) * x[i]
    return total


PROGRAMS = [
    a_function_of_numbas_that_stores,
    a_position_among_constants_that_change,
    what_is_made_of_constants_that_change,
    constant_flags,
    picked_by_positions,
    two_buffers_change_places,
    views_of_one_array,
    a_view_stored_through_and_the_base_read,
    one_of_two_views,
    a_row_at_a_time,
    transposed,
    flattened,
    a_fresh_array_in_every_round,
    downwards,
    in_steps,
    from_the_end,
    the_index_is_changed,
    the_start_is_changed,
    triangles,
    no_rounds,
    several_at_once,
    stores_in_branches,
    loops_in_branches,
    left_early,
    integers_and_flags,
    an_array_of_positions,
    the_same_view_every_round,
    another_view_every_round,
    a_while_around,
    whole_arrays_between,
    a_loop_over_an_array_that_gets_another_name,
    an_expression_before_its_operand_changes,
    a_product_before_its_operand_changes,
    elements_at_positions,
    positions_at_positions,
    a_constant_in_a_variable_that_varies,
    integers_in_place,
    several_targets,
    all_elements_by_an_ellipsis,
    a_number_in_one_place_and_a_value_in_another,
    a_view_of_another_layout,
    set_only_where_needed,
    chosen_by_comparisons,
    an_error_that_is_not_raised,
]
COMPARING = (
    stores_in_branches,
    left_early,
    a_while_around,
    set_only_where_needed,
    chosen_by_comparisons,
    an_error_that_is_not_raised,
)

"""Stencils on grids, and arrays that share memory."""

import numpy as np

from programs.program import Program, traits


def heat_explicit(u, ratio, steps):
    """The right side is read whole before the slice is written."""
    u = u.copy()
    total = 0.0
    for k in range(steps):
        u[1:-1] = u[1:-1] + ratio * (u[2:] - 2.0 * u[1:-1] + u[:-2])
        u[0] = 0.0
        if k % 3 == 2:
            u[-1] = u[-2]
        else:
            u[-1] = 1
        total += u[2]
    return total, np.sum(u * u)


def burgers_upwind(u, ratio, steps):
    """The side that a difference takes depends on the sign of what it transports."""
    n = len(u)
    old = u.copy()
    for _ in range(steps):
        new = np.zeros(n)
        for i in range(n):
            left = old[i - 1] if i > 0 else old[n - 1]
            right = old[i + 1] if i < n - 1 else old[0]
            if old[i] > 0.0:
                new[i] = old[i] - ratio * old[i] * (old[i] - left)
            else:
                new[i] = old[i] - ratio * old[i] * (right - old[i])
        old = new
    return old


def wave_equation(u, speed, steps):
    # three arrays change names; the oldest is overwritten
    n = len(u)
    before = u.copy()
    now = u.copy()
    after = np.zeros(n)
    energy = 0.0
    for _ in range(steps):
        for i in range(1, n - 1):
            after[i] = 2.0 * now[i] - before[i] + speed * speed * (now[i + 1] - 2.0 * now[i] + now[i - 1])
        before, now, after = now, after, before
        energy += (now[1] - before[1]) ** 2
        after[0] = 7.0
    return energy, now[n // 2]


def laplace_gauss_seidel(edge, tolerance, sweeps):
    """In place on a square: each point reads two neighbours already new and two still old."""
    n = len(edge)
    u = np.zeros((n, n))
    u[0, :] = edge
    u[:, -1] = edge[::-1]
    done = 0
    for _ in range(sweeps):
        change = 0.0
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                new = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1])
                change += abs(new - u[i, j])
                u[i, j] = new
        done += 1
        if change < tolerance:
            break
    return u[1, 1], u[n - 2, n - 2], done


def gray_scott(u, v, feed, kill, steps):
    """Two species on a ring, in whole arrays built of pieces."""
    n = len(u)
    a = u.copy()
    b = v.copy()
    for _ in range(steps):
        la = -2.0 * a
        lb = -2.0 * b
        la[1:] += a[:-1]
        la[:-1] += a[1:]
        la[0] += a[n - 1]
        la[n - 1] += a[0]
        lb[1:] += b[:-1]
        lb[:-1] += b[1:]
        reaction = a * b * b
        a = a + 0.2 * la - reaction + feed * (1.0 - a)
        b = b + 0.1 * lb + reaction - (feed + kill) * b
    return np.dot(a, b)


def crank_nicolson(u, ratio, steps):
    """A tridiagonal solve at each step: the same two work arrays every time."""
    n = len(u)
    x = u.copy()
    c = np.zeros(n)
    d = np.zeros(n)
    for _ in range(steps):
        for i in range(n):
            left = x[i - 1] if i > 0 else 0.0
            right = x[i + 1] if i < n - 1 else 0.0
            d[i] = x[i] + 0.5 * ratio * (left - 2.0 * x[i] + right)
            pivot = 1.0 + ratio
            if i > 0:
                pivot += 0.5 * ratio * c[i - 1]
                d[i] += 0.5 * ratio * d[i - 1]
            c[i] = -0.5 * ratio / pivot
            d[i] /= pivot
        x[n - 1] = d[n - 1]
        for i in range(n - 2, -1, -1):
            x[i] = d[i] - c[i] * x[i + 1]
    return x


def second_name(x):
    """One array, two names: a store through one is read through the other, before and after."""
    a = np.sin(x)
    b = a
    first = a[0] * b[1]
    b[0] = x[1] * x[1]
    second = a[0] * b[1]
    a[1] = b[0] + x[0]
    b = a.copy()
    b[0] = 100.0
    third = a[0] * b[1]
    a = b
    a[2] *= 2.0
    return first + second * third + b[2]


def shifted_views(x):
    """Views that overlap: the loop writes through one what it reads through the other."""
    a = x * 1.0
    head = a[:-1]
    tail = a[1:]
    for i in range(len(head)):
        # this is a[i + 1] = a[i + 1] + a[i] / 2: a running sum
        tail[i] += 0.5 * head[i]
    middle = tail[1:-1]
    middle[0] = a[0] * a[1]
    middle[-1] *= 3.0
    total = 0.0
    for i in range(len(a)):
        total += a[i] * (i + 1)
    return total, head[2], tail[1]


def _scale_in_place(a, factor, start):
    for i in range(start, len(a)):
        a[i] *= factor
        if i > start + 2:
            return i
    return -1


def callee_stores(x, factor):
    """Helpers change the array that they are given, through a view as well, and say where they stopped."""
    a = x.copy()
    b = a[2:]
    stopped = _scale_in_place(a, factor, 0)
    total = a[1]
    stopped += _scale_in_place(b, a[0], 1)
    total += a[3] * b[0]
    for k in range(2):
        if a[k] > 0.5:
            stopped += _scale_in_place(a[1:4], 1.0 + a[k], k)
    total += np.sum(a)
    return total, stopped


def row_views(a):
    """Rows of a matrix by name: an elimination that writes to the matrix through them."""
    m = a.copy()
    n = m.shape[0]
    for i in range(n - 1):
        pivot = m[i]
        for j in range(i + 1, n):
            row = m[j]
            factor = row[i] / pivot[i]
            row -= factor * pivot
            row[i] = factor
    product = 1.0
    for i in range(n):
        product *= m[i, i]
    return product, m[n - 1, 0]


def overwritten_thrice(x):
    """The same places hold three generations of values, each used once more after it is overwritten elsewhere."""
    n = len(x)
    a = np.ones(n)
    kept = 0.0
    for generation in range(3):
        for i in range(n):
            if generation % 2 == 0:
                a[i] = a[i] * x[i]
            else:
                a[i] = a[n - 1 - i] + x[i]
        kept += a[generation] * a[n - 1]
    a[:] = 2.0
    a[1] = kept
    return a[0] * a[1] * a[2]


def scatter_and_gather(values, weights, modulus):
    """Sums into bins by an index that repeats, then out of them again by another one."""
    bins = np.zeros(modulus)
    for i in range(len(values)):
        bins[(i * i + 1) % modulus] += values[i] * weights[i]
    order = np.array([2, 0, 1, 2, 0])
    total = 0.0
    product = 1.0
    for k in order:
        if bins[k] == 0.0:
            continue
        total += bins[k]
        product *= 1.0 + bins[k] * total
    return product


def saturated_game(grid, steps):
    """A smooth game of life on a torus: nested loops over neighbours, with skipped centre."""
    n, m = grid.shape
    now = grid.copy()
    for _ in range(steps):
        new = np.empty_like(now)
        for i in range(n):
            for j in range(m):
                neighbours = 0.0
                for di in range(-1, 2):
                    for dj in range(-1, 2):
                        if di == 0 and dj == 0:
                            continue
                        neighbours += now[(i + di) % n, (j + dj) % m]
                new[i, j] = 0.5 * now[i, j] + 0.5 * np.tanh(3.0 - abs(neighbours - 3.0))
        now = new
    return np.sum(now * now)


def sums_of_arrays(x, y):
    """Whole arrays in a loop: broadcasting, reductions, a mask by `where`, and in-place operators."""
    a = np.exp(-x)
    total = 0.0
    for k in range(4):
        a *= 1.0 + 0.1 * y
        a = a + np.where(x > 0.5, x * k, y)
        if np.sum(a) > 40.0:
            a = a / 2.0
        total += np.dot(a, x) / (k + 1)
    table = np.zeros((2, len(x)))
    table[0] = a
    table[1] = x - y
    return total + np.sum(table[0] * table[1]) + np.max(a) - np.mean(x)


LINE = np.array([0.3, 0.9, 1.4, -0.6, 0.2, 0.75])

PROGRAMS = [
    Program(
        heat_explicit,
        (LINE, 0.3, 7),
        traits("array, stores, slices, integer argument"),
        "LeVeque, Finite Difference Methods 9: heat equation",
    ),
    Program(
        burgers_upwind,
        (LINE, 0.2, 5),
        traits("array, fresh, stores, data-dependent, integer argument"),
        "LeVeque, Finite Volume Methods 11: Burgers' equation",
    ),
    Program(
        wave_equation,
        (LINE, 0.7, 6),
        traits("array, fresh, stores, aliasing, integer argument"),
        "Courant, Friedrichs & Lewy 1928: wave equation",
    ),
    Program(
        laplace_gauss_seidel,
        (np.array([0.0, 0.6, 1.3, 0.8, 0.2]), 1e-6, 40),
        traits("array, fresh, stores, slices, data-dependent, integer argument, integer result"),
        "LeVeque, Finite Difference Methods 4: Gauss-Seidel",
    ),
    Program(
        gray_scott,
        (np.array([1.0, 0.6, 0.5, 0.9]), np.array([0.0, 0.3, 0.25, 0.05]), 0.04, 0.06, 5),
        traits("array, stores, slices, integer argument"),
        "Pearson 1993: Gray-Scott model",
    ),
    Program(
        crank_nicolson,
        (LINE, 0.8, 3),
        traits("array, fresh, stores, divides, integer argument"),
        "Press et al., Numerical Recipes 20.2: Crank-Nicolson",
    ),
    Program(second_name, (LINE,), traits("array, stores, aliasing")),
    Program(shifted_views, (LINE,), traits("array, stores, slices, aliasing")),
    Program(
        callee_stores,
        (LINE, 1.3),
        traits("array, stores, slices, aliasing, helpers, data-dependent, integer result"),
    ),
    Program(
        row_views,
        (np.array([[2.0, 0.4, -0.7], [0.9, 1.8, 0.3], [-0.5, 0.6, 2.4]]),),
        traits("array, stores, slices, aliasing, divides"),
    ),
    Program(overwritten_thrice, (LINE,), traits("array, fresh, stores, slices")),
    Program(
        scatter_and_gather,
        (LINE, np.array([1.0, 0.5, -0.4, 0.8, 1.2, 0.3]), 4),
        traits("array, fresh, stores, data-dependent, integer argument"),
    ),
    Program(saturated_game, (LINE.reshape(2, 3) + 1.0, 2), traits("array, stores, integer argument")),
    Program(sums_of_arrays, (LINE, 0.4), traits("array, fresh, stores, slices, data-dependent")),
]

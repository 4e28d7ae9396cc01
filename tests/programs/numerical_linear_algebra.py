"""Small linear algebra by hand, and two programs that call np.linalg."""

import math

import numpy as np

from programs.program import Program, traits


def cholesky_likelihood(a, b):
    """log det(a) + bᵀ a⁻¹ b of a positive definite matrix."""
    n = len(b)
    L = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = a[i, j]
            for k in range(j):
                s -= L[i, k] * L[j, k]
            if i == j:
                if s <= 0.0:
                    return math.inf
                L[i, i] = np.sqrt(s)
            else:
                L[i, j] = s / L[j, j]
    y = b.copy()
    total = 0.0
    for i in range(n):
        for k in range(i):
            y[i] -= L[i, k] * y[k]
        y[i] /= L[i, i]
        total += y[i] * y[i] + 2.0 * np.log(L[i, i])
    return total


def pivoted_determinant(a):
    """Gauss with the largest pivot: rows change places, the sign with them."""
    u = a.copy()
    n = u.shape[0]
    determinant = 1.0
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if abs(u[i, k]) > abs(u[best, k]):
                best = i
        if u[best, k] == 0.0:
            return 0.0
        if best != k:
            for j in range(n):
                u[k, j], u[best, j] = u[best, j], u[k, j]
            determinant = -determinant
        determinant *= u[k, k]
        for i in range(k + 1, n):
            factor = u[i, k] / u[k, k]
            u[i, k:] -= factor * u[k, k:]
    return determinant


def thomas_solve(lower, diagonal, upper, right):
    n = len(diagonal)
    c = np.zeros(n)
    d = np.zeros(n)
    c[0] = upper[0] / diagonal[0]
    d[0] = right[0] / diagonal[0]
    for i in range(1, n):
        pivot = diagonal[i] - lower[i - 1] * c[i - 1]
        if i < n - 1:
            c[i] = upper[i] / pivot
        d[i] = (right[i] - lower[i - 1] * d[i - 1]) / pivot
    for i in range(n - 2, -1, -1):
        d[i] -= c[i] * d[i + 1]
    return d


def _minor_expansion(a, row, columns, n):
    # `columns` has a bit for every column still free
    if row == n:
        return 1.0
    total = 0.0
    sign = 1.0
    for j in range(n):
        if columns >> j & 1:
            total += sign * a[row, j] * _minor_expansion(a, row + 1, columns ^ (1 << j), n)
            sign = -sign
    return total


def determinant_by_minors(a, order):
    """Of the leading blocks: recursion that branches n times."""
    n = a.shape[0]
    total = 0.0
    largest = 0.0
    for m in range(order, n + 1):
        minor = _minor_expansion(a, 0, (1 << m) - 1, m)
        if abs(minor) > largest:
            largest = abs(minor)
        total += minor / m
    if largest == 0.0:
        return 0.0, 0.0
    return total, largest


def power_iteration(a, start, steps):
    v = start / np.sqrt(np.dot(start, start))
    eigenvalue = 0.0
    for k in range(steps):
        w = np.dot(a, v)
        eigenvalue = np.dot(v, w)
        norm = np.sqrt(np.sum(w * w))
        if norm < 1e-12:
            return eigenvalue, 0.0
        v = w / norm
        if k > 2 and norm > 1e3:
            break
    return eigenvalue, v[0]


def jacobi_eigenvalues(a):
    """Cyclic rotations, in place, until the off-diagonal is small; then the diagonal."""
    m = a.copy()
    n = m.shape[0]
    off = 1.0
    while off > 1e-9:
        for p in range(n - 1):
            for q in range(p + 1, n):
                if abs(m[p, q]) < 1e-14:
                    continue
                theta = (m[q, q] - m[p, p]) / (2.0 * m[p, q])
                t = (1.0 if theta >= 0.0 else -1.0) / (abs(theta) + np.sqrt(theta * theta + 1.0))
                c = 1.0 / np.sqrt(t * t + 1.0)
                s = t * c
                for k in range(n):
                    m[k, p], m[k, q] = c * m[k, p] - s * m[k, q], s * m[k, p] + c * m[k, q]
                for k in range(n):
                    m[p, k], m[q, k] = c * m[p, k] - s * m[q, k], s * m[p, k] + c * m[q, k]
        off = 0.0
        for p in range(n - 1):
            off += np.sum(m[p, p + 1 :] ** 2)
    eigenvalues = np.zeros(n)
    for k in range(n):
        eigenvalues[k] = m[k, k]
    return eigenvalues


def conjugate_gradients(a, b):
    n = len(b)
    x = np.zeros(n)
    r = b.copy()
    p = r.copy()
    square = np.dot(r, r)
    for _ in range(n):
        ap = np.dot(a, p)
        step = square / np.dot(p, ap)
        x += step * p
        r -= step * ap
        new_square = np.dot(r, r)
        if new_square < 1e-18:
            break
        p = r + new_square / square * p
        square = new_square
    return x


def gram_schmidt(a):
    """Modified, on the columns of one array, through views of them."""
    q = a.copy()
    n = q.shape[1]
    volume = 1.0
    for j in range(n):
        column = q[:, j]
        norm = np.sqrt(np.sum(column * column))
        volume *= norm
        # a store through the view is a store into q
        column /= norm
        for k in range(j + 1, n):
            q[:, k] -= np.dot(column, q[:, k]) * column
    return volume, q[0, 0] * q[1, 1] - q[0, 1] * q[1, 0]


def householder_least_squares(a, b):
    r = a.copy()
    y = b.copy()
    m, n = r.shape
    for k in range(n):
        v = r[k:, k].copy()
        length = np.sqrt(np.sum(v * v))
        if v[0] < 0.0:
            length = -length
        v[0] += length
        scale = 2.0 / np.sum(v * v)
        for j in range(k, n):
            r[k:, j] -= scale * np.sum(v * r[k:, j]) * v
        y[k:] -= scale * np.sum(v * y[k:]) * v
    x = np.zeros(n)
    for k in range(n - 1, -1, -1):
        x[k] = (y[k] - np.sum(r[k, k + 1 :] * x[k + 1 :])) / r[k, k]
    residual = 0.0
    for i in range(n, m):
        residual += y[i] ** 2
    return x[0], x[1], residual


def successive_over_relaxation(a, b, relaxation):
    # each sweep reads elements of x of this sweep and of the last one
    n = len(b)
    x = np.zeros(n)
    change = 1.0
    sweeps = 0
    while change > 1e-9:
        change = 0.0
        for i in range(n):
            s = b[i]
            for j in range(n):
                if j != i:
                    s -= a[i, j] * x[j]
            update = relaxation * (s / a[i, i] - x[i])
            change += abs(update)
            x[i] += update
        sweeps += 1
        if sweeps == 100:
            break
    return x


def matrix_exponential(a):
    """Scaled by a power of two that the data decide, a short series, then squared."""
    n = a.shape[0]
    norm = np.max(np.abs(a))
    halvings = 0
    while norm > 0.1:
        norm *= 0.5
        halvings += 1
    small = a / 2.0**halvings
    term = np.eye(n)
    total = np.eye(n)
    for k in range(1, 9):
        term = np.dot(term, small) / k
        total = total + term
    for _ in range(halvings):
        total = np.dot(total, total)
    return total


def faddeev_leverrier(a):
    """The characteristic polynomial: a matrix overwritten n times, its diagonal shifted in place."""
    n = a.shape[0]
    coefficients = np.ones(n + 1)
    m = np.zeros((n, n))
    for k in range(1, n + 1):
        m = np.dot(a, m)
        for i in range(n):
            m[i, i] += coefficients[n - k + 1]
        trace = 0.0
        product = np.dot(a, m)
        for i in range(n):
            trace += product[i, i]
        coefficients[n - k] = -trace / k
    return coefficients


def newton_system(x, tolerance):
    """Newton for two circles' intersection, with np.linalg.solve at each trip."""
    p = x.copy()
    J = np.zeros((2, 2))
    r = np.zeros(2)
    size = 1.0
    while size > 1e-9:
        r[0] = p[0] ** 2 + p[1] ** 2 - 4.0
        r[1] = (p[0] - tolerance) ** 2 + p[1] ** 2 - 3.0
        J[0, :] = 2.0 * p
        J[1, 0] = 2.0 * (p[0] - tolerance)
        J[1, 1] = 2.0 * p[1]
        step = np.linalg.solve(J, r)
        p = p - step
        size = np.sum(step * step)
    return p[0], p[1]


def gaussian_process(x, y, length):
    """Evidence of a small Gaussian process: a matrix filled by symmetry, then np.linalg."""
    n = len(x)
    k = np.zeros((n, n))
    for i in range(n):
        k[i, i] = 1.1
        for j in range(i):
            z = (x[i] - x[j]) / length
            k[i, j] = np.exp(-0.5 * z * z)
            k[j, i] = k[i, j]
    weights = np.linalg.solve(k, y)
    evidence = -0.5 * np.dot(y, weights)
    evidence -= 0.5 * np.log(np.linalg.det(k))
    return evidence - 0.5 * n * math.log(2.0 * math.pi)


SPD = np.array([[4.0, 1.2, -0.5, 0.3], [1.2, 3.5, 0.7, -0.2], [-0.5, 0.7, 2.9, 0.6], [0.3, -0.2, 0.6, 5.1]])
GENERAL = np.array([[0.4, 2.1, -0.7, 1.3], [1.9, -0.3, 0.8, 0.2], [-1.1, 0.6, 2.4, -0.9], [0.7, 1.5, 0.1, 1.2]])
B = np.array([1.0, -0.4, 0.7, 1.6])
TALL = np.array([[1.0, 0.2], [1.1, 0.9], [0.8, 1.7], [1.3, 2.4]])

PROGRAMS = [
    Program(
        cholesky_likelihood,
        (SPD, B),
        traits("array, fresh, stores, data-dependent, divides"),
        "Golub & Van Loan, Matrix Computations 4.2: Cholesky",
    ),
    Program(
        pivoted_determinant,
        (GENERAL,),
        traits("array, stores, slices, data-dependent, divides"),
        "Golub & Van Loan, Matrix Computations 3.4: Gauss with partial pivoting",
    ),
    Program(
        thomas_solve,
        (np.array([0.7, -0.4, 0.9]), np.array([3.0, 2.5, 4.0, 3.2]), np.array([1.0, 0.6, -0.8]), B),
        traits("array, fresh, stores, divides"),
        "Press et al., Numerical Recipes 2.4: tridiagonal systems",
    ),
    Program(
        determinant_by_minors,
        (GENERAL, 2),
        traits("array, recursive, helpers, data-dependent, integer argument"),
        "GradBench: det (from cmpad)",
    ),
    Program(
        power_iteration,
        (SPD, B, 12),
        traits("array, data-dependent, integer argument"),
        "Golub & Van Loan, Matrix Computations 7.3: power method",
    ),
    Program(
        jacobi_eigenvalues,
        (SPD,),
        traits("array, fresh, stores, slices, data-dependent, divides"),
        "Golub & Van Loan, Matrix Computations 8.5: Jacobi's method",
    ),
    Program(
        conjugate_gradients,
        (SPD, B),
        traits("array, fresh, stores, data-dependent"),
        "Hestenes & Stiefel 1952: conjugate gradients",
    ),
    Program(
        gram_schmidt,
        (TALL,),
        traits("array, stores, slices, aliasing"),
        "Golub & Van Loan, Matrix Computations 5.2: modified Gram-Schmidt",
    ),
    Program(
        householder_least_squares,
        (TALL, B),
        traits("array, fresh, stores, slices, data-dependent"),
        "Golub & Van Loan, Matrix Computations 5.3: Householder least squares",
    ),
    Program(
        successive_over_relaxation,
        (SPD, B, 1.1),
        traits("array, fresh, stores, data-dependent, divides"),
        "Young 1950: successive over-relaxation",
    ),
    Program(
        matrix_exponential,
        (0.3 * GENERAL,),
        traits("array, fresh, data-dependent"),
        "Moler & Van Loan 2003: scaling and squaring",
    ),
    Program(
        faddeev_leverrier,
        (GENERAL,),
        traits("array, fresh, stores"),
        "Gantmacher, The Theory of Matrices IV.5: Faddeev's method",
    ),
    Program(newton_system, (np.array([1.0, 2.0]), 1.5), traits("array, fresh, stores, slices, linalg, data-dependent")),
    Program(
        gaussian_process,
        (np.array([0.0, 0.6, 1.1, 2.0]), B, 0.8),
        traits("array, math, fresh, stores, linalg, divides"),
        "Rasmussen & Williams, Gaussian Processes for Machine Learning 2.2",
    ),
]

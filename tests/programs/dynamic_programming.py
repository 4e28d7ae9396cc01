"""Tables filled in order, with sums, soft minima and true maxima."""

import math

import numpy as np

from programs.program import Program, traits


def forward_algorithm(transition, emission, start):
    """Likelihood of a hidden Markov chain, scaled at each observation."""
    observations = (0, 1, 1, 0, 1)
    alpha = start * emission[:, observations[0]]
    scale = np.sum(alpha)
    alpha = alpha / scale
    total = np.log(scale)
    for t in range(1, len(observations)):
        alpha = np.dot(alpha, transition) * emission[:, observations[t]]
        scale = np.sum(alpha)
        if scale <= 0.0:
            return -math.inf
        alpha = alpha / scale
        total += np.log(scale)
    return total


def viterbi(transition, emission, start):
    """The best path's log probability, and its states as the digits of one integer."""
    observations = (0, 1, 1, 0, 1)
    n = len(start)
    length = len(observations)
    score = np.log(start) + np.log(emission[:, observations[0]])
    back = np.zeros((length, n), dtype=np.int64)
    for t in range(1, length):
        new = np.zeros(n)
        for j in range(n):
            best = 0
            for i in range(1, n):
                if score[i] + np.log(transition[i, j]) > score[best] + np.log(transition[best, j]):
                    best = i
            back[t, j] = best
            new[j] = score[best] + np.log(transition[best, j]) + np.log(emission[j, observations[t]])
        score = new
    state = np.argmax(score)
    value = score[state]
    code = state
    for t in range(length - 1, 0, -1):
        state = back[t, state]
        code = code * n + state
    return value, code


def soft_time_warping(a, b, gamma):
    n, m = len(a), len(b)
    table = np.full((n + 1, m + 1), 1e6)
    table[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            p = table[i - 1, j - 1]
            q = table[i - 1, j]
            r = table[i, j - 1]
            least = min(p, min(q, r))
            s = np.exp((least - p) / gamma) + np.exp((least - q) / gamma) + np.exp((least - r) / gamma)
            table[i, j] = (a[i - 1] - b[j - 1]) ** 2 + least - gamma * np.log(s)
    return table[n, m]


def time_warping_in_a_row(a, b):
    """The true minimum, with one row instead of a table: the diagonal is kept in a scalar."""
    m = len(b)
    row = np.full(m + 1, 1e6)
    row[0] = 0.0
    for x in a:
        diagonal = row[0]
        row[0] = 1e6
        for j in range(1, m + 1):
            above = row[j]
            cheapest = min(diagonal, min(above, row[j - 1]))
            row[j] = cheapest + abs(x - b[j - 1])
            diagonal = above
    return row[m]


def matrix_chain(sizes):
    """Cost of the best bracketing, for sizes that need not be integers."""
    n = len(sizes) - 1
    cost = np.zeros((n, n))
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            best = math.inf
            for k in range(i, j):
                trial = cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1]
                if trial < best:
                    best = trial
            cost[i, j] = best
    return cost[0, n - 1]


def shortest_paths(weights):
    """Bellman and Ford on a full graph; stops when a round changes nothing."""
    n = weights.shape[0]
    distance = np.full(n, 1e9)
    distance[0] = 0.0
    rounds = 0
    while True:
        changed = False
        for i in range(n):
            for j in range(n):
                if i == j:
                    continue
                through = distance[i] + weights[i, j]
                if through < distance[j]:
                    distance[j] = through
                    changed = True
        rounds += 1
        if not changed or rounds > n:
            break
    return distance


def local_alignment(a, b, gap):
    """Smith and Waterman for series: a cell is never below zero, the best cell is the score."""
    n, m = len(a), len(b)
    h = np.zeros((n + 1, m + 1))
    best = 0.0
    at = 0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            match = h[i - 1, j - 1] + 1.0 - abs(a[i - 1] - b[j - 1])
            cell = max(match, max(h[i - 1, j], h[i, j - 1]) - gap)
            if cell <= 0.0:
                continue
            h[i, j] = cell
            if cell > best:
                best = cell
                at = i * (m + 1) + j
    return best, at


def knapsack(values, capacity):
    """Whole weights, real values: the row runs downwards, so that no item is taken twice."""
    weights = (2, 3, 4, 5)
    best = np.zeros(capacity + 1)
    for i in range(len(weights)):
        for c in range(capacity, weights[i] - 1, -1):
            taken = best[c - weights[i]] + values[i]
            if taken > best[c]:
                best[c] = taken
    total = 0.0
    for c in range(0, capacity + 1, 2):
        total += best[c] / (1.0 + c)
    return best[capacity], total


def optimal_stopping(reward, discount, chance):
    """Value iteration on a line until nothing moves, each sweep into the other of two arrays."""
    n = len(reward)
    old = np.zeros(n)
    new = np.zeros(n)
    gap = 1.0
    while gap > 1e-8:
        gap = 0.0
        for s in range(n):
            up = old[s + 1] if s < n - 1 else old[s]
            down = old[s - 1] if s > 0 else old[s]
            wait = discount * (chance * up + (1.0 - chance) * down)
            new[s] = reward[s] if reward[s] > wait else wait
            gap = max(gap, abs(new[s] - old[s]))
        # the two names change arrays
        old, new = new, old
    return old


def _catalan_sum(x, n):
    if n <= 1:
        return 1.0
    total = 0.0
    for k in range(n):
        total += _catalan_sum(x, k) * x * _catalan_sum(x, n - 1 - k)
    return total


def catalan_polynomial(x, y, n):
    """Recursion within a loop; a weight that differs in each branch."""
    total = 0.0
    for k in range(n):
        # a float in one branch, an integer in the other
        if k % 2 == 0:
            weight = y
            total += 0.5
        else:
            weight = 1
        total += weight * _catalan_sum(x, k)
        if total > 1e6:
            return total, k
    total /= n
    return total, n


TRANSITION = np.array([[0.7, 0.2, 0.1], [0.15, 0.6, 0.25], [0.3, 0.25, 0.45]])
EMISSION = np.array([[0.9, 0.1], [0.35, 0.65], [0.2, 0.8]])
START = np.array([0.5, 0.3, 0.2])
A = np.array([0.1, 0.9, 1.7, 1.2, 0.35])
B = np.array([0.2, 1.45, 1.6, 0.6])

PROGRAMS = [
    Program(
        forward_algorithm,
        (TRANSITION, EMISSION, START),
        traits("array, slices, data-dependent"),
        "Rabiner 1989: forward algorithm",
    ),
    Program(
        viterbi,
        (TRANSITION, EMISSION, START),
        traits("array, fresh, stores, slices, data-dependent, integer result"),
        "Rabiner 1989: Viterbi algorithm",
    ),
    Program(
        soft_time_warping,
        (A, B, 0.5),
        traits("array, fresh, stores, data-dependent, divides"),
        "Cuturi & Blondel 2017: soft-DTW",
    ),
    Program(
        time_warping_in_a_row,
        (A, B),
        traits("array, fresh, stores, data-dependent"),
        "Sakoe & Chiba 1978: dynamic time warping",
    ),
    Program(
        matrix_chain,
        (np.array([3.0, 7.5, 1.2, 4.0, 2.3]),),
        traits("array, fresh, stores, data-dependent"),
        "Cormen et al., Introduction to Algorithms 15.2: matrix chain",
    ),
    Program(
        shortest_paths,
        (np.array([[0.0, 4.0, 1.1, 9.0], [2.0, 0.0, 0.7, 3.3], [6.0, 2.2, 0.0, 7.1], [1.0, 1.0, 1.0, 0.0]]),),
        traits("array, fresh, stores, data-dependent"),
        "Cormen et al., Introduction to Algorithms 24.1: Bellman-Ford",
    ),
    Program(
        local_alignment,
        (A, B, 0.4),
        traits("array, fresh, stores, data-dependent, integer result"),
        "Smith & Waterman 1981",
    ),
    Program(
        knapsack,
        (np.array([3.1, 4.3, 5.2, 6.6]), 9),
        traits("array, fresh, stores, data-dependent, integer argument"),
        "Cormen et al., Introduction to Algorithms 16.2: knapsack",
    ),
    Program(
        optimal_stopping,
        (np.array([0.1, 0.9, 0.2, 0.5, 1.4]), 0.8, 0.55),
        traits("array, fresh, stores, aliasing, data-dependent"),
        "Bertsekas, Dynamic Programming and Optimal Control 3.4: optimal stopping",
    ),
    Program(
        catalan_polynomial,
        (0.7, 1.3, 6),
        traits("scalar, recursive, helpers, data-dependent, integer argument, integer result"),
        "Graham, Knuth & Patashnik, Concrete Mathematics 7.5: Catalan's recurrence",
    ),
]

"""From textbooks: searching, sorting, dynamic programming, elimination and other programs over tables."""

import math

import numpy as np
from control.program import Case

INFINITE = 1e9


def piecewise_tax(x):
    """Progressive rates between brackets; a credit that fades out."""
    brackets = (0.0, 1.0, 2.5, 4.0)
    rates = (0.1, 0.2, 0.3, 0.45)
    income = x[0] - x[1]
    if income <= 0.0:
        return 0.0 * income
    due = 0.0
    for k in range(4):
        top = brackets[k + 1] if k < 3 else math.inf
        if income > top:
            due = due + rates[k] * (top - brackets[k])
        else:
            due = due + rates[k] * (income - brackets[k])
            break
    credit = x[2] if income < 1.5 else x[2] * max(0.0, 2.0 - income) * 2.0
    return due - credit


def insertion_sort(x):
    a = [v for v in x]
    for i in range(1, len(a)):
        v = a[i]
        j = i - 1
        while j >= 0 and a[j] > v:
            a[j + 1] = a[j]
            j -= 1
        a[j + 1] = v
    weighted = 0.0
    for i in range(len(a)):
        weighted = weighted + (i + 1) * a[i]
    return weighted


def quickselect(x):
    """The second smallest by partitions around a pivot."""
    values = [x[0], x[1], x[2], x[3]]
    k = 1
    while len(values) > 1:
        pivot = values[0]
        below = [v for v in values[1:] if v < pivot]
        above = [v for v in values[1:] if v >= pivot]
        if k < len(below):
            values = below
        elif k == len(below):
            return pivot
        else:
            k = k - len(below) - 1
            values = above
    return values[0]


def binary_search_in_a_table(x):
    """Linear interpolation at x[0] between heights that are inputs."""
    knots = (0.0, 0.5, 1.0, 2.0)
    lo, hi = 0, 3
    while hi - lo > 1:
        mid = (lo + hi) // 2
        if x[0] < knots[mid]:
            hi = mid
        else:
            lo = mid
    t = (x[0] - knots[lo]) / (knots[hi] - knots[lo])
    return (1.0 - t) * x[1 + lo] + t * x[1 + hi]


def knapsack(x):
    """The greatest value of items of fixed weights within a capacity."""
    weights = (2, 3, 4)
    capacity = 6
    best = [0.0] * (capacity + 1)
    for item in range(3):
        w = weights[item]
        for c in range(capacity, w - 1, -1):
            candidate = best[c - w] + x[item]
            if candidate > best[c]:
                best[c] = candidate
    return best[capacity]


def viterbi(x):
    """The best score of a path through two states, with its number of changes."""
    stay, change = x[0], x[1]
    score = [x[2], x[3]]
    changes = [0, 0]
    for emission in ((0.4, -0.3), (-0.2, 0.5), (0.1, 0.3)):
        new, counts = [], []
        for to in range(2):
            kept = score[to] + stay
            moved = score[1 - to] + change
            if kept >= moved:
                new.append(kept + emission[to])
                counts.append(changes[to])
            else:
                new.append(moved + emission[to])
                counts.append(changes[1 - to] + 1)
        score, changes = new, counts
    if score[0] > score[1]:
        return score[0] * (1.0 + 0.1 * changes[0])
    return score[1] * (1.0 + 0.1 * changes[1])


def dynamic_time_warping(x):
    a, b = x[:3], x[3:]
    cost = [[INFINITE] * 3 for _ in range(4)]
    cost[0][0] = 0.0
    for i in range(1, 4):
        for j in range(1, 3):
            gap = (a[i - 1] - b[j - 1]) ** 2
            before = cost[i - 1][j - 1]
            if cost[i - 1][j] < before:
                before = cost[i - 1][j]
            if cost[i][j - 1] < before:
                before = cost[i][j - 1]
            cost[i][j] = gap + before
    return cost[3][2]


def local_alignment(x):
    """Smith and Waterman: scores of match, mismatch and gap are inputs."""
    match, mismatch, gap = x[0], x[1], x[2]
    first, second = "GATC", "ATTC"
    table = np.zeros((5, 5))
    best = 0.0
    for i in range(1, 5):
        for j in range(1, 5):
            score = match if first[i - 1] == second[j - 1] else mismatch
            here = table[i - 1, j - 1] + score
            for other in (table[i - 1, j] + gap, table[i, j - 1] + gap, 0.0):
                if other > here:
                    here = other
            table[i, j] = here
            if here > best:
                best = here
    return best


def edit_distance(x):
    """The cost of turning one word into another by inserting, deleting and replacing, x[0], x[1] and x[2] each."""
    first, second = "kite", "sit"
    row = [j * x[0] for j in range(len(second) + 1)]
    for i in range(1, len(first) + 1):
        above_left, row[0] = row[0], i * x[1]
        for j in range(1, len(second) + 1):
            if first[i - 1] == second[j - 1]:
                cost = above_left
            else:
                cost = min(above_left + x[2], row[j] + x[1], row[j - 1] + x[0])
            above_left, row[j] = row[j], cost
    return row[-1]


def shortest_path(x):
    """Dijkstra over five nodes, lengths of the edges being the inputs."""
    edges = {0: ((1, 0), (2, 1)), 1: ((3, 2),), 2: ((1, 3), (3, 4)), 3: ((4, 5),), 4: ()}
    distance = [0.0, INFINITE, INFINITE, INFINITE, INFINITE]
    done = [False] * 5
    for _ in range(5):
        nearest = None
        for k in range(5):
            if not done[k] and (nearest is None or distance[k] < distance[nearest]):
                nearest = k
        done[nearest] = True
        for to, edge in edges[nearest]:
            through = distance[nearest] + abs(x[edge])
            if through < distance[to]:
                distance[to] = through
    return distance[4]


def pivoted_elimination(x):
    """Solve a 2 by 2 system with row exchanges."""
    a = [[x[0], x[1]], [x[2], x[3]]]
    b = [x[4], x[5]]
    if abs(a[1][0]) > abs(a[0][0]):
        a[0], a[1] = a[1], a[0]
        b[0], b[1] = b[1], b[0]
    factor = a[1][0] / a[0][0]
    a[1][1] = a[1][1] - factor * a[0][1]
    b[1] = b[1] - factor * b[0]
    second = b[1] / a[1][1]
    first = (b[0] - a[0][1] * second) / a[0][0]
    return np.array([first, second])


def simplex_pivoting(x):
    """Maximise x[0] u + x[1] v within u <= 4, v <= 6, 3 u + 2 v <= 18, by Dantzig's rule."""
    rows = [[1.0, 0.0, 1.0, 0.0, 0.0, 4.0], [0.0, 2.0, 0.0, 1.0, 0.0, 12.0], [3.0, 2.0, 0.0, 0.0, 1.0, 18.0]]
    cost = [-x[0], -x[1], 0.0, 0.0, 0.0, 0.0]
    for _ in range(4):
        column = 0 if cost[0] <= cost[1] else 1
        if cost[column] >= 0.0:
            break
        row, least = None, None
        for i in range(3):
            if rows[i][column] > 1e-9:
                ratio = rows[i][5] / rows[i][column]
                if least is None or ratio < least:
                    row, least = i, ratio
        if row is None:
            break
        scale = rows[row][column]
        pivot = [entry / scale for entry in rows[row]]
        rows[row] = pivot
        for i in range(3):
            if i != row:
                factor = rows[i][column]
                rows[i] = [a - factor * p for a, p in zip(rows[i], pivot, strict=True)]
        factor = cost[column]
        cost = [c - factor * p for c, p in zip(cost, pivot, strict=True)]
    return cost[5]


def upper_hull_area(x):
    """The area under the upper hull of points at 0, 1, 2, 3 with the inputs as heights (Andrew's chain)."""
    hull = []
    for i in range(4):
        point = (float(i), x[i])
        while len(hull) >= 2:
            (x0, y0), (x1, y1) = hull[-2], hull[-1]
            if (x1 - x0) * (point[1] - y0) - (y1 - y0) * (point[0] - x0) < 0.0:
                break
            hull.pop()
        hull.append(point)
    area = 0.0
    for k in range(len(hull) - 1):
        (x0, y0), (x1, y1) = hull[k], hull[k + 1]
        area = area + 0.5 * (x1 - x0) * (y0 + y1)
    return area


def run_lengths(x):
    """Runs of one sign: the sum of the mean of each run that is two or longer."""
    total = 0.0
    start = 0
    n = len(x)
    while start < n:
        stop = start + 1
        run = x[start]
        while stop < n and (x[stop] > 0) == (x[start] > 0):
            run = run + x[stop]
            stop += 1
        if stop - start >= 2:
            total = total + run / (stop - start)
        start = stop
    return total


def largest_subarray(x):
    """Kadane: the greatest sum of consecutive elements, and what it starts with."""
    best = None
    current = 0.0
    start = 0
    first = 0
    for i in range(len(x)):
        if current <= 0.0:
            current = x[i]
            start = i
        else:
            current = current + x[i]
        if best is None or current > best:
            best = current
            first = start
    return np.array([best, x[first]])


def merged_and_weighted(x):
    """Merge two sorted halves; the result weighted by position."""
    left = [x[0], x[1]] if x[0] <= x[1] else [x[1], x[0]]
    right = [x[2], x[3]] if x[2] <= x[3] else [x[3], x[2]]
    i = j = 0
    total = 0.0
    for position in range(4):
        if j >= 2 or (i < 2 and left[i] <= right[j]):
            taken = left[i]
            i += 1
        else:
            taken = right[j]
            j += 1
        total = total + position * taken
    return total


def soft_life_step(x):
    """One step of a game of life with weights on a ring: a cell lives on with one or two live neighbours."""
    n = len(x)
    after = np.zeros(n)
    for i in range(n):
        left, right = x[i - 1], x[(i + 1) % n]
        live = 0
        if left > 0.5:
            live += 1
        if right > 0.5:
            live += 1
        if live == 2:
            after[i] = 0.5 * (left + right)
        elif live == 1 and x[i] > 0.5:
            after[i] = x[i] * x[i]
        else:
            after[i] = 0.0
    return after


FOUR = (0.7, 1.2, -0.6, 0.9)
ALL4 = {0, 1, 2, 3}
PROGRAMS = [
    Case(piecewise_tax, (3.1, 0.4, 0.3), [{0, 1, 2}], 0.3, "US Tax Policy Center's marginal rates"),
    Case(insertion_sort, FOUR, [ALL4], 0.4, "Cormen et al., Introduction to Algorithms, 2.1"),
    Case(quickselect, FOUR, [ALL4], 0.1, "Hoare, Algorithm 65: Find", refused="a slice of a list"),
    Case(binary_search_in_a_table, (0.7, 1.2, -0.6, 0.9, 0.4), [{0, 1, 2, 3, 4}], 0.4, "Knuth, TAOCP 3, 6.2.1"),
    Case(knapsack, (0.7, 1.2, 0.9), [{0, 1, 2}], 0.4, "Bellman, Dynamic Programming"),
    Case(viterbi, FOUR, [ALL4], 0.1, "Rabiner 1989, section III B"),
    Case(dynamic_time_warping, (0.7, 1.2, -0.6, 0.9, -0.5), [set(range(5))], 0.1, "Sakoe and Chiba 1978"),
    Case(local_alignment, (1.0, -0.6, -0.45), [{0, 1, 2}], 0.1, "Smith and Waterman 1981"),
    Case(edit_distance, (1.0, 1.1, 0.8), [{0, 1, 2}], 0.2, "Wagner and Fischer 1974"),
    Case(shortest_path, (0.7, 1.2, 0.6, 0.3, 0.9, 0.5), [set(range(6))], 0.1, "Dijkstra 1959"),
    Case(pivoted_elimination, (0.7, 1.2, -1.6, 0.9, 0.5, 1.0), [set(range(6))] * 2, 0.05, "Golub and Van Loan, 3.4"),
    Case(simplex_pivoting, (3.0, 5.0), [{0, 1}], 0.1, "Hillier and Lieberman: Wyndor Glass"),
    Case(upper_hull_area, FOUR, [ALL4], 0.1, "Andrew 1979", refused="list.pop"),
    Case(run_lengths, FOUR, [ALL4], 0.1, "Rosetta Code: run-length encoding"),
    Case(largest_subarray, FOUR, [ALL4, ALL4], 0.1, "Bentley, Programming Pearls, column 8"),
    Case(merged_and_weighted, FOUR, [ALL4], 0.4, "Knuth, TAOCP 3, 5.2.4"),
    Case(soft_life_step, (0.7, 1.2, 0.1, 0.9), [{3, 0, 1}, {0, 1, 2}, {1, 2, 3}, {2, 3, 0}], 0.1, "Gardner 1970"),
]

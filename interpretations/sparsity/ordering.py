"""Orders in which a greedy colouring takes the vertices.

The graph is given as overlapping cliques: for columns each row of the matrix is one, for a symmetric matrix
each edge. The degree of a vertex counts its neighbours once a clique that both share, which needs no list of
all neighbours. Sources of the orders: Welsh and Powell (1967) largest first, Matula and Beck (1983) smallest
last, Coleman and Moré (1983) incidence degree.
"""

from collections.abc import Callable

import numpy as np
import scipy.sparse

from interpretations.sparsity.greedy import neighbours

LONG = 256
"""Cliques of more vertices are left out of the dynamic orders: they hold most vertices, and move all alike."""


def natural(cliques: scipy.sparse.csr_array) -> list[int]:
    """As they come."""
    return list(range(cliques.shape[1]))


def largest_first(cliques: scipy.sparse.csr_array) -> list[int]:
    """By falling degree."""
    return np.argsort(-_degrees(cliques), kind="stable").tolist()  # type: ignore[no-any-return]


def smallest_last(cliques: scipy.sparse.csr_array) -> list[int]:
    """Last the vertex of smallest degree; before it that of smallest degree in what remains; and so on."""
    short = _short(cliques)
    return _picked(short, _degrees(short), smallest=True)[::-1]


def incidence_degree(cliques: scipy.sparse.csr_array) -> list[int]:
    """Next the vertex with most neighbours among those taken already; the first has the largest degree."""
    short = _short(cliques)
    degrees = np.zeros(cliques.shape[1], dtype=np.intp)
    if degrees.size:
        degrees[np.argmax(_degrees(cliques))] = 1
    return _picked(short, degrees, smallest=False)


ORDERS: dict[str, Callable[[scipy.sparse.csr_array], list[int]]] = {
    "natural": natural,
    "largest first": largest_first,
    "smallest last": smallest_last,
    "incidence degree": incidence_degree,
}


def _degrees(cliques: scipy.sparse.csr_array) -> np.ndarray:
    others = np.diff(cliques.indptr) - 1
    weights = np.repeat(others, np.diff(cliques.indptr))
    return np.bincount(cliques.indices, weights, minlength=cliques.shape[1]).astype(np.intp)


def _short(cliques: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    return cliques[np.flatnonzero(np.diff(cliques.indptr) <= LONG)]


def _picked(cliques: scipy.sparse.csr_array, degrees: np.ndarray, smallest: bool) -> list[int]:
    """Vertices picked one by one, by smallest or largest degree; a pick moves the degrees of its neighbours."""
    members, containing, degree = neighbours(cliques), neighbours(cliques.T.tocsr()), degrees.tolist()
    step = -1 if smallest else 1
    sizes = np.bincount(cliques.indices, np.repeat(np.diff(cliques.indptr), np.diff(cliques.indptr)), len(degree))
    buckets: list[list[int]] = [[] for _ in range(int(sizes.max(initial=0)) + 2)]
    for v in reversed(range(len(degree))):
        buckets[degree[v]].append(v)
    picked: list[int] = []
    waiting = [True] * len(degree)
    at = 0 if smallest else len(buckets) - 1
    while len(picked) < len(degree):
        while not buckets[at]:
            at -= step
        v = buckets[at].pop()
        if not waiting[v] or degree[v] != at:
            continue  # an entry that a newer one replaced
        waiting[v] = False
        picked.append(v)
        for clique in containing[v]:
            for w in members[clique]:
                if waiting[w]:
                    degree[w] += step
                    buckets[degree[w]].append(w)
                    if (degree[w] - at) * step > 0:
                        at = degree[w]
    return picked

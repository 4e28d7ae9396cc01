"""Greedy colouring in a given order: the smallest colour that nothing seen so far forbids.

A set of colours is a Python integer, a bit a colour: unions over a row cost one machine word for each 64
colours, and the smallest colour not in a set is its lowest zero bit. So each of the three algorithms takes
time linear in the entries of the pattern, dense rows included, without compiled code.

Sources: Gebremedhin, Manne and Pothen, "What color is your Jacobian?", SIAM Review 47 (2005), for distance-2
colouring; Gebremedhin, Tarafdar, Manne and Pothen, "New acyclic and star coloring algorithms with application
to computing Hessians", SIAM J. Sci. Comput. 29 (2007), for the other two.
"""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import scipy.sparse


def neighbours(matrix: scipy.sparse.csr_array) -> list[list[int]]:
    """The columns of each row, as lists: what loops in plain Python read fastest."""
    ends, indices = matrix.indptr.tolist(), matrix.indices.tolist()
    return [indices[start:stop] for start, stop in pairwise(ends)]


def distinct_in_rows(columns: list[list[int]], n_rows: int, order: Iterable[int]) -> np.ndarray:
    """Colours of columns such that no two of one row agree; -1 for columns without entries.

    ``columns[j]`` are the rows of column j. Each row remembers the colours it has seen.
    """
    seen = [0] * n_rows
    colours = [-1] * len(columns)
    for j in order:
        rows = columns[j]
        if not rows:
            continue
        forbidden = 0
        for i in rows:
            forbidden |= seen[i]
        colour = ~forbidden & (forbidden + 1)
        for i in rows:
            seen[i] |= colour
        colours[j] = colour.bit_length() - 1
    return np.array(colours, dtype=np.intp)


def star(adjacent: list[list[int]], order: Iterable[int]) -> np.ndarray:
    """Colours of the vertices of a graph such that any two colours span stars only (no path of four vertices).

    A vertex is the *hub* for those of its neighbours that share a colour, its *spokes*. A new vertex v must not
    take the colour of a neighbour; nor that of the hub of a neighbour, for then v - neighbour - hub - other spoke
    is a path in two colours; nor, next to two neighbours of one colour, a colour next to either.
    """
    n = len(adjacent)
    colours = [0] * n  # as bits; 0 while uncoloured
    near = [0] * n  # colours next to each vertex
    hubs = [0] * n  # colours of the vertices that it is a spoke of
    only: dict[tuple[int, int], int] = {}  # (vertex, colour): its one neighbour of that colour, -1 for several
    for v in order:
        coloured = [w for w in adjacent[v] if colours[w]]
        once = twice = forbidden = 0
        for w in coloured:
            twice |= once & colours[w]
            once |= colours[w]
            forbidden |= hubs[w]
        forbidden |= once
        if twice:
            for w in coloured:
                if twice & colours[w]:
                    forbidden |= near[w]
        colour = ~forbidden & (forbidden + 1)
        colours[v] = colour
        near[v] = once
        for w in coloured:
            of_w = colours[w]
            near[w] |= colour
            if twice & of_w:
                hubs[w] |= colour
                only[v, of_w] = -1
            else:
                only[v, of_w] = w
            first = only.get((w, colour))
            if first is None:
                only[w, colour] = v
            else:
                hubs[v] |= of_w
                if first >= 0:
                    hubs[first] |= of_w
                    only[w, colour] = -1
    return np.array([colour.bit_length() - 1 for colour in colours], dtype=np.intp)


def acyclic(adjacent: list[list[int]], order: Iterable[int], apart: bool) -> np.ndarray:
    """Colours of the vertices of a graph such that any two colours span trees only (no cycle).

    With ``apart`` neighbours have different colours too. Without, the graph is bipartite and each side has
    colours of its own. The trees in two colours are kept as disjoint sets; the tree that holds the edges of w to
    neighbours of colour c is found by (w, c). Next to two neighbours that one tree of their colour and c joins
    already, c would close a cycle.
    """
    colours = [-1] * len(adjacent)
    trees: list[dict[int, int]] = [{} for _ in adjacent]  # of each vertex: colour -> element of `parents`
    parents: list[int] = []

    def root(element: int) -> int:
        while parents[element] != element:
            parents[element] = element = parents[parents[element]]
        return element

    for v in order:
        groups: dict[int, list[int]] = {}
        for w in adjacent[v]:
            if colours[w] >= 0:
                groups.setdefault(colours[w], []).append(w)
        forbidden = 0
        for of_group, group in groups.items():
            if apart:
                forbidden |= 1 << of_group
            if len(group) > 1:
                met = set()
                for w in group:
                    for colour, element in trees[w].items():
                        tree = root(element)
                        if tree in met:
                            forbidden |= 1 << colour
                        met.add(tree)
        chosen = (~forbidden & (forbidden + 1)).bit_length() - 1
        colours[v] = chosen
        for of_group, group in groups.items():
            joined = len(parents)
            parents.append(joined)
            trees[v][of_group] = joined
            for w in group:
                element = trees[w].setdefault(chosen, joined)
                parents[root(element)] = root(joined)
    return np.array(colours, dtype=np.intp)

"""The bits kinds as MIPs.

QUBO: one column a variable and one a product, bounded on the side that its cost pulls at (McCormick 1976),
with the triangle rows of the Boolean quadric polytope that such one-sided products allow (Padberg 1989),
where they are few. Maximum cut is its QUBO with the vertex of most edges fixed, by symmetry.
Independent set: at most one of each clique, cliques covering every edge (Nemhauser & Sigismondi 1992).
"""

from collections.abc import Callable
from itertools import combinations

import numpy as np

from problems.optimisation.forms.mip import FREE, Ints, Mip
from problems.optimisation.forms.rows import ConstraintRows, at_most
from problems.optimisation.model.models import IndependentSet, MaxCut, Qubo, sign
from problems.optimisation.model.points import Point

MOST_TRIANGLES = 20_000
"""More triangle rows than this slow every solver down more than they help."""
MOST_EXTRA_CLIQUES = 3_000
"""Up to so many edges each grows a clique of its own, even where another covers it: a tighter MIP."""


def qubo_mip(model: Qubo) -> Mip:
    """Linearises a QUBO."""
    to_cost = sign(model)
    linear = to_cost * np.asarray(model.linear, dtype=np.int64)
    triples = np.asarray(model.quadratic, dtype=np.int64).reshape(-1, 3)
    n = len(linear)

    def point_of(x: Ints) -> Point:
        return np.asarray(x[:n], dtype=np.int32)

    def vector_of(point: Point) -> Ints:
        return _with_products(np.asarray(point, dtype=np.int64), triples)

    cost = np.concatenate([linear, to_cost * triples[:, 2]])
    rows = _product_rows(n, triples[:, :2], cost[n:])
    return _binary(cost, to_cost * model.offset, rows, point_of, vector_of)


def max_cut_mip(model: MaxCut) -> Mip:
    """Linearises a maximum cut: an edge is cut where x_u + x_v - 2 x_u x_v = 1."""
    triples = np.asarray(model.edges, dtype=np.int64).reshape(-1, 3)
    degree = np.bincount(triples[:, :2].ravel(), minlength=model.vertices)
    still = int(degree.argmax())
    linear = np.zeros(model.vertices, dtype=np.int64)
    np.add.at(linear, triples[:, 0], -triples[:, 2])
    np.add.at(linear, triples[:, 1], -triples[:, 2])
    free = triples[(triples[:, :2] != still).all(axis=1)]
    free[:, :2] -= free[:, :2] > still
    n = model.vertices - 1

    def point_of(x: Ints) -> Point:
        return np.insert(np.asarray(x[:n], dtype=np.int32), still, 0).astype(np.int32)

    def vector_of(point: Point) -> Ints:
        sides = np.asarray(point, dtype=np.int64) ^ int(point[still])
        return _with_products(np.delete(sides, still), free)

    cost = np.concatenate([np.delete(linear, still), 2 * free[:, 2]])
    return _binary(cost, 0, _product_rows(n, free[:, :2], cost[n:]), point_of, vector_of)


def independent_set_mip(model: IndependentSet) -> Mip:
    """At most one vertex of each clique."""
    rows = ConstraintRows()
    for clique in cliques(model):
        at_most(rows, clique, 1)

    def point_of(x: Ints) -> Point:
        return np.asarray(x, dtype=np.int32)

    def vector_of(point: Point) -> Ints:
        return np.asarray(point, dtype=np.int64)

    return _binary(np.full(model.vertices, -1, dtype=np.int64), 0, rows, point_of, vector_of)


def cliques(model: IndependentSet) -> list[tuple[int, ...]]:
    """Maximal cliques that cover every edge, each once: grown greedily by most common neighbours."""
    near: list[set[int]] = [set() for _ in range(model.vertices)]
    for u, v in model.edges:
        near[u].add(v)
        near[v].add(u)
    each = len(model.edges) <= MOST_EXTRA_CLIQUES
    covered: set[tuple[int, int]] = set()
    found: dict[tuple[int, ...], None] = {}
    for u, v in model.edges:
        if each or (u, v) not in covered:
            clique = _grown(near, u, v)
            found[clique] = None
            covered.update(combinations(clique, 2))
    return list(found)


def _grown(near: list[set[int]], u: int, v: int) -> tuple[int, ...]:
    clique, open_ = [u, v], near[u] & near[v]
    while open_:
        best = min(open_, key=lambda w: (-len(near[w] & open_), w))
        clique.append(best)
        open_ = open_ & near[best]
    return tuple(sorted(clique))


def _with_products(bits: Ints, triples: Ints) -> Ints:
    return np.concatenate([bits, bits[triples[:, 0]] * bits[triples[:, 1]]])


def _product_rows(n: int, pairs: Ints, cost: Ints) -> ConstraintRows:
    """Rows that hold product k (column n + k) above x_i x_j where it costs, below where it pays."""
    rows = ConstraintRows()
    for k, ((i, j), dear) in enumerate(zip(pairs.tolist(), (cost > 0).tolist(), strict=True)):
        if dear:
            rows.add([i, j, n + k], [1, 1, -1], -FREE, 1)
        else:
            rows.add([n + k, i], [1, -1], -FREE, 0)
            rows.add([n + k, j], [1, -1], -FREE, 0)
    _triangle_rows(rows, n, pairs, cost)
    return rows


def _triangle_rows(rows: ConstraintRows, n: int, pairs: Ints, cost: Ints) -> None:
    """Adds x_i + x_j + x_k - y_ij - y_ik - y_jk ≤ 1 and y_ij + y_ik - y_jk ≤ x_i, where the signs allow."""
    product = {(i, j): n + k for k, (i, j) in enumerate(pairs.tolist())}
    near: list[set[int]] = [set() for _ in range(n)]
    for i, j in product:
        near[i].add(j)
    made = 0
    for (i, j), first in product.items():
        for k in sorted(near[i] & near[j]):
            if k < j:
                continue
            made += 1
            if made > MOST_TRIANGLES:
                return
            opposite = {k: first, j: product[i, k], i: product[j, k]}
            dear = [corner for corner, column in opposite.items() if cost[column - n] > 0]
            if len(dear) == 3:
                rows.add([i, j, k, *opposite.values()], [1, 1, 1, -1, -1, -1], -FREE, 1)
            elif len(dear) == 1:
                (corner,) = dear
                others = [column for key, column in opposite.items() if key != corner]
                rows.add([*others, opposite[corner], corner], [1, 1, -1, -1], -FREE, 0)


def _binary(
    cost: Ints,
    offset: int,
    rows: ConstraintRows,
    point_of: Callable[[Ints], Point],
    vector_of: Callable[[Point], Ints],
) -> Mip:
    lower, upper = rows.limits()
    top = np.ones(len(cost), dtype=np.int64)
    return Mip(cost, offset, rows.matrix(len(cost)), lower, upper, top, point_of, vector_of)

"""Random instances of the bits kinds, like those that the field measures itself by.

QUBO as in Beasley (1998), "Heuristic algorithms for the unconstrained binary quadratic programming problem".
Graphs for maximum cut as G. Rinaldi's `rudy` made the G-set: random graphs (G1, with signs G6), toroidal
grids with weights ±1 (G11), unions of two nearly maximal planar graphs (G14). Heavy-hex instances have edges
only where a device has a coupler.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from problems.optimisation.generate.lattices import Pairs, heavy_hex
from problems.optimisation.model.models import IndependentSet, MaxCut, Qubo

BEASLEY_MAGNITUDE = 100
BEASLEY_DENSITY = 0.1
SIGNS = (-1, 1)
RANDOM_DENSITY = 0.06
PLANAR_DENSITY = 0.99


def qubo(
    variables: int, seed: int, density: float = BEASLEY_DENSITY, magnitude: int = BEASLEY_MAGNITUDE
) -> Qubo:
    """Maximise xᵀQx, Q symmetric, entries uniform integers in ±magnitude, a share `density` of them not 0."""
    rng = np.random.default_rng([seed, variables, 2])
    rows, columns = np.triu_indices(variables, 1)
    chosen = rng.random(len(rows)) < density
    entries = rng.integers(-magnitude, magnitude + 1, int(chosen.sum()))
    diagonal = np.where(
        rng.random(variables) < density, rng.integers(-magnitude, magnitude + 1, variables), 0
    )
    quadratic = zip(rows[chosen].tolist(), columns[chosen].tolist(), (2 * entries).tolist(), strict=True)
    return Qubo(linear=tuple(diagonal.tolist()), quadratic=tuple(each for each in quadratic if each[2]))


def random_cut(
    vertices: int, seed: int, density: float = RANDOM_DENSITY, weights: Sequence[int] = (1,)
) -> MaxCut:
    """A random graph; every pair is an edge with probability `density`, its weight one of `weights`."""
    rng = np.random.default_rng([seed, vertices, 3])
    return coupled_cut(vertices, _random_pairs(vertices, density, rng).tolist(), rng, weights)


def toroidal_cut(rows: int, columns: int, seed: int, weights: Sequence[int] = SIGNS) -> MaxCut:
    """A grid that wraps around both ways; three or more rows and columns."""
    rng = np.random.default_rng([seed, rows, columns, 4])
    here = np.arange(rows * columns).reshape(rows, columns)
    right = np.stack([here, np.roll(here, -1, axis=1)], axis=-1).reshape(-1, 2)
    down = np.stack([here, np.roll(here, -1, axis=0)], axis=-1).reshape(-1, 2)
    return coupled_cut(rows * columns, np.concatenate([right, down]).tolist(), rng, weights)


def planar_union_cut(vertices: int, seed: int, layers: int = 2, density: float = PLANAR_DENSITY) -> MaxCut:
    """A union of planar graphs on the same four or more vertices, weights 1.

    Each is the Delaunay triangulation of random points, less a share 1 - density of its edges.
    """
    rng = np.random.default_rng([seed, vertices, 5])
    pairs: set[tuple[int, int]] = set()
    for _ in range(layers):
        planar = _triangulated(vertices, rng)
        pairs.update(pair for pair in planar if rng.random() < density)
    return coupled_cut(vertices, pairs, rng, (1,))


def heavy_hex_cut(rows: int, columns: int, seed: int, weights: Sequence[int] = SIGNS) -> MaxCut:
    """A vertex for every qubit of a heavy-hex lattice, an edge for every coupler."""
    vertices, pairs = heavy_hex(rows, columns)
    return coupled_cut(vertices, pairs, np.random.default_rng([seed, rows, columns, 6]), weights)


def heavy_hex_qubo(rows: int, columns: int, seed: int, magnitude: int = BEASLEY_MAGNITUDE) -> Qubo:
    """A variable for every qubit of a heavy-hex lattice, a product for every coupler."""
    vertices, pairs = heavy_hex(rows, columns)
    return coupled_qubo(vertices, pairs, np.random.default_rng([seed, rows, columns, 7]), magnitude)


def coupled_cut(
    vertices: int, pairs: Iterable[Sequence[int]], rng: np.random.Generator, weights: Sequence[int] = SIGNS
) -> MaxCut:
    """A cut on a given list of couplers (from 0, either way round), a random weight for each.

    Args:
        vertices: how many, isolated ones included.
        pairs: the couplers, for instance a device's coupling map.
        rng: of the weights.
        weights: what they are drawn from, none of them 0.
    """
    ordered = _ordered(pairs)
    drawn = rng.choice(np.asarray(weights), len(ordered)).tolist()
    return MaxCut(vertices=vertices, edges=tuple((u, v, w) for (u, v), w in zip(ordered, drawn, strict=True)))


def coupled_qubo(
    variables: int,
    pairs: Iterable[Sequence[int]],
    rng: np.random.Generator,
    magnitude: int = BEASLEY_MAGNITUDE,
) -> Qubo:
    """Maximise a QUBO with products on a given list of couplers alone, coefficients within ±magnitude."""
    ordered = _ordered(pairs)
    linear = rng.integers(-magnitude, magnitude + 1, variables).tolist()
    size = rng.integers(1, magnitude + 1, len(ordered)) * rng.choice(SIGNS, len(ordered))
    quadratic = tuple((u, v, q) for (u, v), q in zip(ordered, size.tolist(), strict=True))
    return Qubo(linear=tuple(linear), quadratic=quadratic)


def random_independent_set(vertices: int, seed: int, density: float = 0.1) -> IndependentSet:
    """A random graph; every pair is an edge with probability `density`."""
    rng = np.random.default_rng([seed, vertices, 8])
    return IndependentSet(
        vertices=vertices, edges=tuple(_ordered(_random_pairs(vertices, density, rng).tolist()))
    )


def _random_pairs(vertices: int, density: float, rng: np.random.Generator) -> NDArray[np.int64]:
    pairs = np.stack(np.triu_indices(vertices, 1), axis=-1)
    return np.asarray(pairs[rng.random(len(pairs)) < density], dtype=np.int64)


def _triangulated(vertices: int, rng: np.random.Generator) -> Pairs:
    from scipy.spatial import Delaunay

    corners = Delaunay(rng.random((vertices, 2))).simplices
    sides = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]])
    return _ordered(sides.tolist())


def _ordered(pairs: Iterable[Sequence[int]]) -> Pairs:
    """Each pair once, the lesser vertex first, in order."""
    return sorted({(min(int(u), int(v)), max(int(u), int(v))) for u, v in pairs})

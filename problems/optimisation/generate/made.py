"""The instance that a problem file asks to be generated."""

from typing import Any

from problems.optimisation.generate import graphs
from problems.optimisation.generate.clinic import clinic
from problems.optimisation.generate.ward import ward
from problems.optimisation.model.models import MaxCut, Model
from problems.optimisation.spec.spec import (
    GeneratedClinic,
    GeneratedCut,
    GeneratedQubo,
    GeneratedSet,
    GeneratedWard,
    Seeded,
)


def make(wanted: Seeded, seed: int) -> Model:
    """Returns the instance; `seed` where the shape has none of its own."""
    chosen = seed if wanted.seed is None else wanted.seed
    if isinstance(wanted, GeneratedQubo):
        return graphs.qubo(wanted.variables, chosen, wanted.density, wanted.magnitude)
    if isinstance(wanted, GeneratedCut):
        return _cut(wanted, chosen)
    if isinstance(wanted, GeneratedSet):
        return graphs.random_independent_set(wanted.vertices, chosen, wanted.density)
    shape: dict[str, Any] = wanted.model_dump(exclude={"seed", "patients"})
    if isinstance(wanted, GeneratedWard):
        return ward(wanted.patients, chosen, **shape)
    assert isinstance(wanted, GeneratedClinic)
    return clinic(wanted.patients, chosen, **shape)


def _cut(wanted: GeneratedCut, seed: int) -> MaxCut:
    vertices, rows, columns = wanted.vertices or 0, wanted.rows or 0, wanted.columns or 0
    if wanted.graph == "random":
        return graphs.random_cut(vertices, seed, wanted.density or graphs.RANDOM_DENSITY)
    if wanted.graph == "planar_union":
        return graphs.planar_union_cut(vertices, seed, density=wanted.density or graphs.PLANAR_DENSITY)
    if wanted.graph == "toroidal":
        return graphs.toroidal_cut(rows, columns, seed)
    return graphs.heavy_hex_cut(rows, columns, seed)

"""The semidefinite engine against enumeration, literature and the verifier."""

import pytest

from problems.optimisation.engines.base import Unsuitable
from problems.optimisation.engines.semidefinite import Semidefinite
from problems.optimisation.generate.graphs import heavy_hex_cut, qubo
from problems.optimisation.model.models import IndependentSet, MaxCut, Model
from problems.optimisation.proofs.verify import verify
from tests.problems.optimisation.engines.incumbent_twin import BoardTwin, run
from tests.problems.optimisation.forms import small
from tests.problems.optimisation.shared_data import shared_data


def proven(model: Model, incumbent: BoardTwin) -> list[int]:
    """The bounds that the verifier finds in the board's proofs."""
    verdicts = [verify(model, proof) for proof in incumbent.proofs]
    assert [verdict.bound for verdict in verdicts] == [proof.bound for proof in incumbent.proofs], verdicts
    return [proof.bound for proof in incumbent.proofs]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kind", ["qubo", "max_cut", "independent_set"])
def test_bounds_hold_on_instances_small_enough_to_try_everything(kind: str, seed: int) -> None:
    model = small.instance(kind, seed)
    incumbent = BoardTwin(model)
    run(Semidefinite(model, seed), incumbent)
    least = small.least(model)
    assert least is not None
    assert not incumbent.faults
    bounds = proven(model, incumbent)
    assert bounds == sorted(bounds)
    assert bounds[-1] <= least
    assert incumbent.cost == least


@pytest.mark.parametrize(
    ("name", "bound"),
    # the basic relaxation has 12083.20 and 3191.57: Helmberg & Rendl 2000, SIAM J. Optim. 10, 673
    [("g1", -12083), ("g14", -3191)],
)
def test_graphs_of_the_g_set_have_the_bound_of_the_literature(name: str, bound: int) -> None:
    lines = shared_data(f"max_cut/{name}.rud").read_text().split()
    ends = zip(lines[2::3], lines[3::3], lines[4::3], strict=True)
    edges = sorted((int(u) - 1, int(v) - 1, int(w)) for u, v, w in ends)
    model = MaxCut(vertices=int(lines[0]), edges=tuple(edges))
    incumbent = BoardTwin(
        model, 200.0, lambda incumbent: incumbent.bound is not None and incumbent.bound >= bound
    )
    run(Semidefinite(model, 1), incumbent, slices=10_000)
    assert incumbent.bound == bound
    assert proven(model, incumbent)[-1] == bound


def test_low_rank_serves_what_is_too_large_for_interior_points() -> None:
    model = heavy_hex_cut(13, 25, 1)
    assert model.size > 300
    incumbent = BoardTwin(model, 100.0, lambda incumbent: len(incumbent.proofs) == 4)
    engine = Semidefinite(model, 1)
    run(engine, incumbent, slices=1000)
    assert "low_rank" in engine.notes()
    assert not incumbent.faults
    proven(model, incumbent)
    # hardly any cycles: the relaxation is nearly exact there
    assert incumbent.bound is not None
    assert incumbent.cost is not None
    assert incumbent.bound > 1.3 * incumbent.cost


def test_a_matrix_too_large_to_factorise_still_has_a_bound() -> None:
    edges = tuple((i, i + 1, 1) for i in range(6001))
    model = MaxCut(vertices=6002, edges=edges)
    incumbent = BoardTwin(model)
    run(Semidefinite(model, 1), incumbent)
    (bound,) = proven(model, incumbent)
    assert -6600 - 12 <= bound <= -6001


def test_the_same_seed_gives_the_same_proofs_and_points() -> None:
    model = qubo(25, 3)
    boards = [BoardTwin(model), BoardTwin(model)]
    for incumbent in boards:
        run(Semidefinite(model, 7), incumbent, effort_s=0.05)
    assert boards[0].proofs == boards[1].proofs
    assert boards[0].offers == boards[1].offers


def test_instances_that_it_cannot_treat_are_unsuitable() -> None:
    with pytest.raises(Unsuitable, match="triage"):
        Semidefinite(small.instance("triage", 1), 1)
    with pytest.raises(Unsuitable, match="depend"):
        Semidefinite(IndependentSet(vertices=3, edges=()), 1)

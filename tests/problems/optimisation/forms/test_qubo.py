"""Penalised QUBOs against trying every setting of all their bits."""

import numpy as np
import pytest
from numpy.typing import NDArray

from problems.optimisation.forms.packing import Packing, ResourceUse, square
from problems.optimisation.forms.qubo import MOST_BITS, Penalised, TooLarge, assembled, to_qubo
from problems.optimisation.model.models import (
    Appointments,
    Claimant,
    Clinician,
    IndependentSet,
    Model,
    Patient,
    Place,
    Qubo,
    Room,
    Triage,
)
from problems.optimisation.model.points import cost
from tests.problems.optimisation.forms import small

MOST_TRIED = 17
Bits = NDArray[np.int64]


def _all_bits(n: int) -> Bits:
    assert n <= MOST_TRIED, f"{n} bits are too many to try"
    return np.asarray((np.arange(2**n)[:, None] >> np.arange(n)) & 1, dtype=np.int64)


def _energies(qubo: Qubo, bits: Bits) -> Bits:
    i, j, q = np.array(qubo.quadratic, dtype=np.int64).reshape(-1, 3).T
    matrix = np.zeros((qubo.size, qubo.size), dtype=np.int64)
    matrix[i, j] = q
    quadratic = np.einsum("bi,bi->b", bits @ matrix, bits)
    return np.asarray(bits @ np.array(qubo.linear) + quadratic + qubo.offset, dtype=np.int64)


def _lowest(qubo: Qubo) -> tuple[int, list[Bits]]:
    bits = _all_bits(qubo.size)
    energy = _energies(qubo, bits)
    return int(energy.min()), list(bits[energy == energy.min()])


def _ward(seed: int) -> Triage:
    rng = np.random.default_rng(seed)
    patients = tuple(
        Claimant(
            id=f"p{k}",
            benefit=int(rng.integers(1, 6)),
            uses=(1, int(rng.integers(0, 4))),
            cohort=("", "m", "f")[rng.integers(3)],
            required=bool(k == 0 and rng.random() < 0.6),
        )
        for k in range(4)
    )
    places = tuple(
        Place(id=f"w{k}", capacity=(int(rng.integers(1, 4)), 4), quality=int(rng.choice([1, 2])))
        for k in range(2)
    )
    return Triage(capacities=("beds", "hours"), patients=patients, places=places)


def _clinic(seed: int) -> Appointments:
    rng = np.random.default_rng(seed)
    patients = tuple(
        Patient(
            id=f"p{k}",
            urgency=int(rng.integers(1, 4)),
            duration=int(rng.integers(1, 3)),
            skills=(("a",), ())[rng.integers(2)],
            latest=4,
            required=bool(k == 1 and rng.random() < 0.6),
        )
        for k in range(3)
    )
    return Appointments(
        opens="2026-03-02T08:00",
        slot_min=15,
        slots=4,
        refusal=4,
        scale=4,
        patients=patients,
        clinicians=(
            Clinician(id="c0", skills=("a",), shifts=((0, 3),)),
            Clinician(id="c1", shifts=((1, 3),)),
        ),
        rooms=(Room(id="r0", shifts=((0, 4),)),),
    )


def _models() -> list[Model]:
    rng = np.random.default_rng(7)
    graphs = [IndependentSet(vertices=9, edges=small.edges(rng, 9, d)) for d in (0.2, 0.4, 0.7)]
    plain = [small.instance(kind, seed) for kind in ("qubo", "max_cut") for seed in range(4)]
    packed = [make(seed) for make in (_ward, _clinic) for seed in range(25)]
    fit = [m for m in packed if small.least(m) is not None and to_qubo(m).qubo.size <= MOST_TRIED]
    return [*graphs, *plain, *fit]


@pytest.fixture(scope="module")
def models() -> list[Model]:
    return _models()


def test_the_least_energy_is_the_least_cost_and_is_reached_by_best_answers_alone(models: list[Model]) -> None:
    assert {model.kind for model in models} == set(small.KINDS)
    assert len(models) > 35
    for model in models:
        found = to_qubo(model)
        energy, best = _lowest(found.qubo)
        assert energy == small.least(model)
        for bits in best:
            point = found.point_of(bits.astype(np.int32))
            assert point is not None
            assert cost(model, point) == energy


@pytest.mark.parametrize("kind", ["independent_set", "triage", "appointments"])
def test_half_the_weights_are_too_little_somewhere(models: list[Model], kind: str) -> None:
    def broken(model: Model) -> bool:
        found = to_qubo(model)
        half = tuple(type(p)(p.constraint, p.weight // 2, p.unit) for p in found.penalties)
        n = found.qubo.size
        unpenalised = {key: value for key, value in _form(found).items() if value}
        energy, best = _lowest(assembled(n, unpenalised, half))
        return energy < (small.least(model) or 0) or any(
            found.point_of(bits.astype(np.int32)) is None for bits in best
        )

    assert any(broken(model) for model in models if model.kind == kind)


def _form(found: Penalised) -> dict[tuple[int, ...], int]:
    """The QUBO less its penalties: the cost."""
    form: dict[tuple[int, ...], int] = {(): found.qubo.offset}
    form |= {(i,): value for i, value in enumerate(found.qubo.linear)}
    form |= {(i, j): q for i, j, q in found.qubo.quadratic}
    for penalty in found.penalties:
        for key, value in penalty.unit.items():
            form[key] = form.get(key, 0) - penalty.weight * value
    return form


def test_weights_can_be_checked_by_hand() -> None:
    """Benefits 5, 3 and 2 in a capacity of two: the least of three that are too many is worth 2."""
    uses = {0: 1, 1: 1, 2: 1}
    packing = Packing(0, (5, 3, 2), (0, 1, 2), capacities=(ResourceUse("beds", uses, 2),))
    (penalty,) = packing.penalties()
    assert penalty.weight == 3
    assert max(bit for key in penalty.unit for bit in key) == 4  # two slack bits, 1 and 1


def test_a_required_owner_is_worth_more_than_anything_gained_without_them() -> None:
    """Owner 0 has items worth 4 and 1, owner 1 one worth 6: 6 + (4 - 1) could be gained."""
    packing = Packing(0, (4, 1, 6), (0, 0, 1), required=frozenset({0}), excluded=((0, 2), (1, 2)))
    assert packing.beyond == 10
    assert packing.exclusion(0, 2) == 7


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 7, 8, 12])
def test_slack_reaches_the_whole_range_and_no_more(limit: int) -> None:
    form = square({0: 1}, limit, 1)
    weights = [value // 2 for key, value in form.items() if len(key) == 2 and key[0] == 0]
    sums = {sum(w for k, w in enumerate(weights) if pick >> k & 1) for pick in range(2 ** len(weights))}
    assert sums == set(range(limit + 1))


def test_a_large_clinic_is_refused_with_its_size() -> None:
    many = tuple(Patient(id=f"p{k}", urgency=1, duration=1, latest=40) for k in range(60))
    model = _clinic(0).model_copy(
        update={
            "patients": many,
            "slots": 40,
            "refusal": 40,
            "clinicians": (Clinician(id="c", shifts=((0, 40),)),),
            "rooms": (Room(id="r", shifts=((0, 40),)),),
        }
    )
    with pytest.raises(TooLarge, match=f"2400 bits before slack, at most {MOST_BITS}"):
        to_qubo(model)

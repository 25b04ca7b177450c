"""Small instances of all kinds, their optima by enumeration, honest proofs of bounds made the slow way."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from problems.optimisation.checking.check import check
from problems.optimisation.forms.compile import compile_mip
from problems.optimisation.forms.mip import FREE, Mip
from problems.optimisation.forms.spins import SpinForm, spin_form
from problems.optimisation.model.models import (
    Appointments,
    Claimant,
    Clinician,
    IndependentSet,
    MaxCut,
    Model,
    Patient,
    Place,
    Qubo,
    Room,
    Sense,
    Triage,
    sign,
)
from problems.optimisation.proofs.mip_dual import ExactDual, rounded_up, strongest_dual
from problems.optimisation.proofs.model import Proof, pack
from problems.optimisation.proofs.semidefinite import strongest_spins

SHIFT = 20
Floats = NDArray[np.float64]
Solution = dict[str, Any]


DEPTH = 2
"""Branches that every tree has on its way, needed or not, so that there are some to damage."""


def _qubo(seed: int, sense: Sense) -> Qubo:
    rng = np.random.default_rng(seed)
    pairs = tuple(
        (i, j, int(rng.integers(1, 30)) * int(rng.choice([-1, 1]))) for i in range(7) for j in range(i + 1, 7)
    )
    linear = tuple(int(value) for value in rng.integers(-9, 10, 7))
    return Qubo(sense=sense, linear=linear, quadratic=pairs, offset=5, scale=2)


# Two cycles of five vertices: at most 2 of each, and linear relaxations say 2.5.
SET_EDGES = ((0, 1), (0, 4), (1, 2), (2, 3), (3, 4), (5, 6), (5, 9), (6, 7), (7, 8), (8, 9))

_PATIENTS = (
    Patient(id="p1", urgency=3, duration=3, latest=8, required=True),
    Patient(id="p2", urgency=2, duration=2, skills=("ecg",), earliest=1, latest=8),
    Patient(id="p3", urgency=1, duration=2, equipment=("bed",), latest=6),
)
_PLACES = (
    Place(id="North", capacity=(2, 5), offers=("oxygen",)),
    Place(id="South", capacity=(1, 4), quality=80),
)
MODELS: dict[str, Model] = {
    "qubo_min": _qubo(1, Sense.MINIMISE),
    "qubo_max": _qubo(2, Sense.MAXIMISE),
    # Complete, so that the triangles keep every relaxation from being tight.
    "max_cut": MaxCut(
        vertices=7, edges=tuple((i, j, 1 + (3 * i + 5 * j) % 7) for i in range(7) for j in range(i + 1, 7))
    ),
    "independent_set": IndependentSet(vertices=10, edges=SET_EDGES, labels=tuple("abcdefghij")),
    "appointments": Appointments(
        opens="2026-11-23T08:00",
        slot_min=15,
        slots=8,
        refusal=8,
        scale=4,
        patients=_PATIENTS,
        clinicians=(
            Clinician(id="Chen", skills=("ecg",), shifts=((0, 3), (4, 8))),
            Clinician(id="Haddad", shifts=((0, 4),)),
        ),
        rooms=(Room(id="r1", equipment=("bed",), shifts=((0, 8),)), Room(id="r2", shifts=((2, 7),))),
    ),
    "triage": Triage(
        capacities=("beds", "hours"),
        patients=(
            Claimant(id="a", benefit=5, uses=(1, 3), cohort="flu"),
            Claimant(id="b", benefit=4, uses=(1, 2), cohort="covid"),
            Claimant(id="c", benefit=3, uses=(1, 2), needs=("oxygen",)),
            Claimant(id="d", benefit=2, uses=(1, 1), required=True),
            Claimant(id="e", benefit=6, uses=(1, 4)),
        ),
        places=_PLACES,
    ),
}
TWINS: dict[str, Model] = {
    "qubo_min": _qubo(3, Sense.MINIMISE),
    "qubo_max": _qubo(4, Sense.MAXIMISE),
    "max_cut": MaxCut(
        vertices=7, edges=tuple((i, j, 1 + (5 * i + 2 * j) % 6) for i in range(7) for j in range(i + 1, 7))
    ),
    "independent_set": IndependentSet(
        vertices=10, edges=tuple((k, k + 5) for k in range(5)) + tuple((k, k + 1) for k in range(5, 9))
    ),
    "appointments": MODELS["appointments"].model_copy(
        update={
            "patients": tuple(
                patient.model_copy(update={"urgency": urgency})
                for patient, urgency in zip(_PATIENTS, (1, 5, 4), strict=True)
            )
        }
    ),
    "triage": MODELS["triage"].model_copy(
        update={
            "places": tuple(
                p.model_copy(update={"quality": q}) for p, q in zip(_PLACES, (70, 95), strict=True)
            )
        }
    ),
}
"""Instances of the same shapes with other numbers."""
MODELS_AND_TWINS = MODELS | {f"{name} twin": model for name, model in TWINS.items()}
BITS = ("qubo_min", "qubo_max", "max_cut", "independent_set")


def solutions(model: Model) -> Iterator[Solution]:
    """Every answer that could be sent, feasible or not."""
    if isinstance(model, Qubo | MaxCut):
        yield from ({"bits": "".join(bits)} for bits in product("01", repeat=model.size))
    elif isinstance(model, IndependentSet):
        names = model.labels or tuple(str(k + 1) for k in range(model.vertices))
        for bits in product((0, 1), repeat=model.vertices):
            yield {"vertices": [name for name, bit in zip(names, bits, strict=True) if bit]}
    elif isinstance(model, Triage):
        ids = [patient.id for patient in model.patients]
        for where in product([None, *(place.id for place in model.places)], repeat=len(ids)):
            yield {"placements": {who: place for who, place in zip(ids, where, strict=True) if place}}
    else:
        yield from ({"appointments": list(filter(None, each))} for each in product(*_visits(model)))


def _visits(model: Appointments) -> list[list[dict[str, Any] | None]]:
    return [
        [
            None,
            *(
                {"patient": patient.id, "clinician": clinician.id, "room": room.id, "start": start}
                for clinician in model.clinicians
                for room in model.rooms
                for start in range(patient.earliest, patient.latest - patient.duration + 1)
            ),
        ]
        for patient in model.patients
    ]


def best(model: Model) -> tuple[int, Solution]:
    """The least cost and an answer that has it, by trying all."""
    found: tuple[int, Solution] | None = None
    for solution in solutions(model):
        objective = check(model, solution).objective
        if objective is not None and (found is None or sign(model) * objective < found[0]):
            found = sign(model) * objective, solution
    assert found is not None
    return found


@lru_cache
def optimum(name: str) -> tuple[int, Solution]:
    return best(MODELS_AND_TWINS[name])


def worse(name: str) -> tuple[int, Solution]:
    """A feasible answer that is not the best."""
    model, (least, _) = MODELS_AND_TWINS[name], optimum(name)
    for solution in solutions(model):
        objective = check(model, solution).objective
        if objective is not None and sign(model) * objective > least:
            return sign(model) * objective, solution
    raise AssertionError(f"{name} has one answer only")


def candidate(model: Model, cost: int, solution: Solution, proofs: list[Proof]) -> Candidate:
    bound = max((proof.bound for proof in proofs), default=None)
    values = {
        "kind": model.kind,
        "solution": solution,
        "objective": sign(model) * cost,
        "bound": None if bound is None else sign(model) * bound,
        "engine": "enumeration",
    }
    return Candidate(values, {"proofs": Blob(pack(proofs))})


def integral(values: Floats) -> list[int]:
    return [round(value * 2**SHIFT) for value in values.tolist()]


def linear_duals(mip: Mip, low: Floats, high: Floats) -> Floats | None:
    """Multipliers of the rows at the optimum of the relaxation over a box; None where there is none."""
    up, down = mip.upper != FREE, mip.lower != -FREE
    rows = mip.matrix.toarray()
    found: Any = linprog(
        mip.cost.astype(float),
        A_ub=np.vstack([rows[up], -rows[down]]),
        b_ub=np.concatenate([mip.upper[up], -mip.lower[down]]),
        bounds=np.column_stack([low, high]).tolist(),
        method="highs-ds",
    )
    return _spread(mip, found.ineqlin.marginals) if found.status == 0 else None


def ray(mip: Mip, low: Floats, high: Floats) -> Floats:
    """Multipliers that show a box to hold no answer: the duals of the least total violation."""
    up, down = mip.upper != FREE, mip.lower != -FREE
    rows = mip.matrix.toarray()
    sides = np.vstack([rows[up], -rows[down]])
    found: Any = linprog(
        np.concatenate([np.zeros(mip.columns), np.ones(len(sides))]),
        A_ub=np.hstack([sides, -np.eye(len(sides))]),
        b_ub=np.concatenate([mip.upper[up], -mip.lower[down]]),
        bounds=[*np.column_stack([low, high]).tolist(), *[(0.0, None)] * len(sides)],
        method="highs-ds",
    )
    return _spread(mip, found.ineqlin.marginals)


def _spread(mip: Mip, marginals: Floats) -> Floats:
    up, down = mip.upper != FREE, mip.lower != -FREE
    duals = np.zeros(mip.rows)
    duals[up] += marginals[: up.sum()]
    duals[down] -= marginals[up.sum() :]
    return duals


@lru_cache
def dual_proof(name: str) -> Proof:
    mip = compile_mip(MODELS_AND_TWINS[name])
    duals = linear_duals(mip, np.zeros(mip.columns), mip.top.astype(float))
    assert duals is not None
    whole = integral(duals)
    bound = strongest_dual(mip, whole, SHIFT)
    return Proof("mip_dual", bound, {"shift": SHIFT, "duals": whole})


def eigenvalue_shift(form: SpinForm) -> list[int]:
    """The diagonal that the least eigenvalue allows, a little less."""
    matrix = form.matrix()
    if not len(matrix):
        return []
    least = float(np.linalg.eigvalsh(matrix.astype(float))[0])
    return [int(np.floor(least * 2**SHIFT)) - 1] * len(matrix)


@lru_cache
def semidefinite_proof(name: str) -> Proof:
    """The eigenvalue bound; with one triangle of multiplier 0, so that there is one to damage."""
    form = spin_form(MODELS_AND_TWINS[name])  # type: ignore[arg-type]
    diagonal = eigenvalue_shift(form)
    triangles = [[0, 1, 2, 1, -1, -1, 0]]
    bound = strongest_spins(form, diagonal, triangles, SHIFT)
    assert bound is not None
    return Proof("semidefinite", bound, {"shift": SHIFT, "diagonal": diagonal, "triangles": triangles})


@lru_cache
def spin_tree_proof(name: str) -> Proof:
    """Branches until the eigenvalue bound reaches the optimum, or every bit is fixed."""
    form, (least, _) = spin_form(MODELS_AND_TWINS[name]), optimum(name)  # type: ignore[arg-type]
    nodes: list[dict[str, Any]] = []

    def grow(fixed: dict[int, int]) -> int:
        number, left = len(nodes), form.fix(fixed)
        nodes.append({})
        free = next((k for k in range(form.size) if k not in fixed), None)
        diagonal = eigenvalue_shift(left)
        if free is None:
            nodes[number] = {"value": left.constant // 4}
        elif len(fixed) >= DEPTH and (strongest_spins(left, diagonal, [], SHIFT) or least - 1) >= least:
            nodes[number] = {"diagonal": diagonal, "triangles": []}
        elif not fixed and form.symmetric:
            nodes[number] = {"mirror": free, "child": grow({free: 0})}
        else:
            nodes[number] = {"branch": free, "children": [grow(fixed | {free: bit}) for bit in (0, 1)]}
        return number

    grow({})
    return Proof("tree", least, {"form": "spins", "shift": SHIFT, "nodes": nodes})


@lru_cache
def mip_tree_proof(name: str) -> Proof:
    """Branches on the columns in order, until linear duals reach the optimum, or a ray shows emptiness."""
    mip, (least, _) = compile_mip(MODELS_AND_TWINS[name]), optimum(name)
    exact = ExactDual(mip)
    nodes: list[dict[str, Any]] = []

    def grow(low: Any, high: Any, depth: int) -> int:
        number = len(nodes)
        nodes.append({})
        duals = linear_duals(mip, low, high)
        if duals is None:
            nodes[number] = {"ray": integral(ray(mip, low, high))}
            return number
        whole = integral(duals)
        if depth >= DEPTH and rounded_up(exact.weigh(whole, SHIFT, low, high), SHIFT) >= least:
            nodes[number] = {"duals": whole}
            return number
        column = int(np.flatnonzero(low < high)[0])
        below, above = high.copy(), low.copy()
        below[column], above[column] = low[column], low[column] + 1
        children = [grow(low, below, depth + 1), grow(above, high, depth + 1)]
        nodes[number] = {"branch": column, "at": int(low[column]), "children": children}
        return number

    grow(np.zeros_like(mip.top), mip.top.copy(), 0)
    return Proof("tree", least, {"form": "mip", "shift": SHIFT, "nodes": nodes})


@lru_cache
def mip_cuts_proof(name: str) -> Proof:
    """The same tree, of answers below the best one, with a row more that no leaf needs."""
    mip, tree = compile_mip(MODELS_AND_TWINS[name]), mip_tree_proof(name)
    row = int(np.flatnonzero(mip.upper != FREE)[0])
    nodes = [
        {field: [*value, 0] if field in ("duals", "ray") else value for field, value in node.items()}
        for node in tree.data["nodes"]
    ]
    steps = [{"divisor": 2, "rows": [[row, 1]], "up": []}]
    data = {"shift": SHIFT, "cutoff": tree.bound - 1, "steps": steps, "nodes": nodes}
    return Proof("mip_cuts", tree.bound, data)


def second_proof(name: str, engine: str) -> Proof:
    return Proof("second_engine", optimum(name)[0], {"engine": engine})


PROOFS: dict[str, Callable[[str], Proof]] = {
    "dual": dual_proof,
    "semidefinite": semidefinite_proof,
    "spin_tree": spin_tree_proof,
    "mip_tree": mip_tree_proof,
    "mip_cuts": mip_cuts_proof,
    "cp_sat": lambda name: second_proof(name, "cp_sat"),
    "highs": lambda name: second_proof(name, "highs"),
}
CASES = [
    (name, kind)
    for name in MODELS
    for kind in PROOFS
    if name in BITS or kind not in ("semidefinite", "spin_tree")
]


def honest(name: str, kind: str) -> Candidate:
    """The best answer of an instance, with one honest proof."""
    cost, solution = optimum(name)
    return candidate(MODELS_AND_TWINS[name], cost, solution, [PROOFS[kind](name)])

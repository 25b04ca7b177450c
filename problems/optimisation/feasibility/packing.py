"""Can these patients be seen, or placed, together? CP-SAT says, with an effort that speed does not change.

Clinicians (rooms) who offer the same at the same times count as one of a larger capacity: appointments of
which at most k overlap can be shared out among k of them, one after the other.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from problems.optimisation.model.models import Appointments, Patient, Triage


@dataclass(frozen=True)
class PackingResult:
    """What was found.

    Attributes:
        fits: whether those who must be seen can be; None where the effort did not suffice to tell.
        kept: who is seen in the found schedule, by place in the model.
        core: where those who must be seen cannot be, some of them who cannot be either.
        spent: effort, in CP-SAT's deterministic seconds.
    """

    fits: bool | None
    kept: frozenset[int] = frozenset()
    core: frozenset[int] = frozenset()
    spent: float = 0.0


def seat(
    model: Appointments | Triage, among: Sequence[int], must: frozenset[int], effort: float
) -> PackingResult:
    """Seats all of `must` and as many of `among` as it finds.

    Args:
        model: a clinic or a ward.
        among: places of patients in the model, `must` among them.
        must: those without whom it does not count.
        effort: CP-SAT's deterministic seconds.
    """
    from ortools.sat.python import cp_model

    solver_model = cp_model.CpModel()
    present = {p: solver_model.new_bool_var("") for p in among}
    if isinstance(model, Appointments):
        _appointments(solver_model, model, present)
    else:
        _placements(solver_model, model, present)
    solver_model.add_assumptions([present[p] for p in sorted(must)])
    if len(must) < len(among):
        solver_model.maximize(sum(present[p] for p in among if p not in must))
    solver = quiet_solver(effort)
    status = solver.solve(solver_model)
    spent = float(solver.response_proto.deterministic_time)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        kept = frozenset(p for p in among if solver.boolean_value(present[p]))
        return PackingResult(True, kept, spent=spent)
    if status != cp_model.INFEASIBLE:
        return PackingResult(None, spent=spent)
    found = set(solver.sufficient_assumptions_for_infeasibility())
    core = frozenset(p for p in must if present[p].index in found)
    return PackingResult(False, core=core or must, spent=spent)


def quiet_solver(effort: float) -> Any:
    """CP-SAT with one worker, which does the same on every machine; effort in its deterministic seconds."""
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = effort
    return solver


def _appointments(solver_model: Any, model: Appointments, present: dict[int, Any]) -> None:
    starts = {
        p: solver_model.new_int_var(patient.earliest, patient.latest - patient.duration, "")
        for p, patient in ((p, model.patients[p]) for p in present)
    }
    _share(solver_model, model, present, starts, "skills")
    _share(solver_model, model, present, starts, "equipment")


def _share(
    solver_model: Any, model: Appointments, present: dict[int, Any], starts: dict[int, Any], offers: str
) -> None:
    """Everybody who is present has exactly one clinician (`skills`) or one room (`equipment`)."""
    resources = model.clinicians if offers == "skills" else model.rooms
    groups = Counter((getattr(each, offers), each.shifts) for each in resources)
    chosen: dict[int, list[Any]] = {p: [] for p in present}
    for (offered, shifts), count in groups.items():
        intervals = []
        for p, start in starts.items():
            patient = model.patients[p]
            able = set(getattr(patient, offers)) <= set(offered)
            here = _within(solver_model, patient, shifts, start) if able else None
            if here is not None:
                chosen[p].append(here)
                size = patient.duration
                intervals.append(solver_model.new_optional_fixed_size_interval_var(start, size, here, ""))
        solver_model.add_cumulative(intervals, [1] * len(intervals), count)
    for p, literals in chosen.items():
        solver_model.add(sum(literals) == present[p])


def _within(solver_model: Any, patient: Patient, shifts: Sequence[tuple[int, int]], start: Any) -> Any:
    """A literal that says: treated here, within one shift; None where no shift has the time."""
    from ortools.sat.python import cp_model

    spans = [
        [max(first, patient.earliest), min(last, patient.latest) - patient.duration] for first, last in shifts
    ]
    possible = [span for span in spans if span[0] <= span[1]]
    if not possible:
        return None
    here = solver_model.new_bool_var("")
    domain = cp_model.Domain.from_intervals(possible)
    solver_model.add_linear_expression_in_domain(start, domain).only_enforce_if(here)
    return here


def _placements(solver_model: Any, model: Triage, present: dict[int, Any]) -> None:
    chosen: dict[int, list[Any]] = {p: [] for p in present}
    for place in model.places:
        here = {
            p: solver_model.new_bool_var("")
            for p in present
            if set(model.patients[p].needs) <= set(place.offers)
        }
        for p, literal in here.items():
            chosen[p].append(literal)
        for k, most in enumerate(place.capacity):
            solver_model.add(sum(model.patients[p].uses[k] * literal for p, literal in here.items()) <= most)
        _apart(solver_model, model, here)
    for p, literals in chosen.items():
        solver_model.add(sum(literals) == present[p])


def _apart(solver_model: Any, model: Triage, here: dict[int, Any]) -> None:
    """At most one cohort in a place."""
    cohorts: dict[str, Any] = {}
    for p, literal in here.items():
        cohort = model.patients[p].cohort
        if cohort:
            solver_model.add_implication(literal, cohorts.setdefault(cohort, solver_model.new_bool_var("")))
    solver_model.add_at_most_one(cohorts.values())

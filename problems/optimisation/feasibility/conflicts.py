"""A smallest set of required patients who cannot all be seen, or placed.

Smallest by implicit hitting sets (Ignatiev, Previti, Liffiton & Marques-Silva 2015, "Smallest MUS extraction
with minimal hitting set dualization", CP 2015): every set of patients that can be seen together leaves out
others, of whom a conflict must contain one. A smallest set that hits all left-out sets found so far either is
a conflict, then none is smaller, or can be seen, and gives another left-out set. Where the effort does not
suffice, patients are left out one after the other as long as the rest still conflicts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from problems.optimisation.feasibility.reasons import why
from problems.optimisation.feasibility.seats import Answer, seat
from problems.optimisation.feasibility.words import listed
from problems.optimisation.models import Appointments, Claimant, Patient, Triage

CHECK_EFFORT, SMALLEST_EFFORT, DELETION_EFFORT, STEP_EFFORT = 12.0, 8.0, 8.0, 2.0
"""Of the first question, of both searches and of one question in them, in CP-SAT's deterministic seconds;
one is about a second of an ordinary core."""
MOST_ROUNDS = 200


@dataclass(frozen=True)
class Conflict:
    """Required patients who cannot all be treated or placed.

    Attributes:
        patients: their ids; none where there is no conflict, or it is not known.
        sentence: one line on it; empty where there is no conflict.
    """

    patients: tuple[str, ...] = ()
    sentence: str = ""


@dataclass
class _Search:
    """Asks about subsets of the required patients, within an effort."""

    model: Appointments | Triage
    required: tuple[int, ...]
    left: float = field(default=0.0)

    def ask(self, among: Sequence[int], must: frozenset[int]) -> Answer:
        if self.left <= 0:
            return Answer(None, frozenset(), 0.0)
        answer = seat(self.model, among, must, min(self.left, STEP_EFFORT))
        self.left -= max(answer.spent, 1e-3)
        return answer


def conflict(model: Appointments | Triage) -> Conflict:
    """Returns a smallest set of required patients who cannot all be seen (placed), if there is one.

    Where that cannot be told within the effort, there are no patients and the sentence says so.
    """
    patients: Sequence[Patient | Claimant] = model.patients
    required = tuple(k for k, patient in enumerate(patients) if patient.required)
    first = seat(model, required, frozenset(required), CHECK_EFFORT)
    verb = "seen" if isinstance(model, Appointments) else "placed"
    if first.fits:
        return Conflict()
    if first.fits is None:
        who = f"all {len(required)} required patients"
        return Conflict((), f"whether {who} can be {verb} together was not settled beforehand")
    chosen, claim = _smallest(_Search(model, required, SMALLEST_EFFORT))
    if not chosen:
        chosen, claim = _irreducible(_Search(model, required, DELETION_EFFORT))
    names = tuple(model.patients[k].id for k in chosen)
    together = f"{listed(names, most=None)} must be {verb} (required) and cannot all be"
    if len(names) == 1:
        together = f"{names[0]} must be {verb} (required) and cannot be"
    return Conflict(names, f"{together}: {why(model, chosen)}. {claim}; relax a demand or leave one optional")


def _smallest(search: _Search) -> tuple[tuple[int, ...], str]:
    """Returns the patients of a smallest conflict, none where the effort does not suffice."""
    left_out: list[frozenset[int]] = []
    for _ in range(MOST_ROUNDS):
        hitting = _hitting_set(search.required, left_out)
        if hitting is None:
            break
        answer = search.ask(search.required, hitting)
        if answer.fits is False:
            return tuple(sorted(hitting)), "No smaller set of required patients is in conflict"
        if answer.fits is None:
            break
        left_out.append(frozenset(search.required) - answer.kept)
    return (), ""


def _hitting_set(items: Sequence[int], sets: Sequence[frozenset[int]]) -> frozenset[int] | None:
    """A smallest set with a member of every one of `sets`; None where that takes too long."""
    from ortools.sat.python import cp_model

    programme = cp_model.CpModel()
    taken = {item: programme.new_bool_var("") for item in items}
    for each in sets:
        programme.add_bool_or([taken[item] for item in sorted(each)])
    programme.minimize(sum(taken.values()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = STEP_EFFORT
    if solver.solve(programme) != cp_model.OPTIMAL:
        return None
    return frozenset(item for item in items if solver.boolean_value(taken[item]))


def _irreducible(search: _Search) -> tuple[tuple[int, ...], str]:
    """Leaves patients out as long as the rest conflicts."""
    current, certain = list(search.required), True
    for patient in search.required:
        rest = [each for each in current if each != patient]
        fits = search.ask(rest, frozenset(rest)).fits
        if fits is False:
            current = rest
        certain &= fits is not None
    claim = (
        "Without any one of them the others can be" if certain else "A part of them may be in conflict too"
    )
    return tuple(current), claim

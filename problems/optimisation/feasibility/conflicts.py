"""A smallest set of required patients who cannot all be seen, or placed.

CP-SAT names patients who are in conflict; they are left out one after the other as long as the rest still is.
What is left is irreducible. Whether it is smallest is settled by implicit hitting sets (Ignatiev, Previti,
Liffiton & Marques-Silva 2015, "Smallest MUS extraction with minimal hitting set dualization", CP 2015): every
set of patients that can be seen together leaves out others, of whom a conflict must contain one. A smallest
set that hits all left-out sets found so far either is a conflict, then none is smaller, or can be seen, and
gives another left-out set.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from escalation.text.wording import listed
from problems.optimisation.feasibility.packing import PackingResult, quiet_solver, seat
from problems.optimisation.feasibility.reasons import why
from problems.optimisation.model.models import Appointments, Claimant, Patient, Triage

CHECK_EFFORT, CONFLICT_EFFORT, STEP_EFFORT, ASKING_EFFORT = 3.0, 0.5, 0.1, 0.02
"""Of the first question, of each of the two searches, of one question in them, and what asking takes at
least; in CP-SAT's deterministic seconds, some seconds of an ordinary core each."""
LEAST = 2
"""Patients of a conflict, as each can be seen alone."""


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
    left: float

    def ask(self, among: Sequence[int], must: frozenset[int]) -> PackingResult:
        if self.left <= 0:
            return PackingResult(None)
        answer = seat(self.model, among, must, min(self.left, STEP_EFFORT))
        self.left -= answer.spent + ASKING_EFFORT
        return answer


def conflict(model: Appointments | Triage) -> Conflict:
    """Returns a smallest set of required patients who cannot all be seen (placed), if there is one.

    Each of them can be alone: see `problems.optimisation.feasibility.treatable`.

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
    chosen, certain = _irreducible(_Search(model, CONFLICT_EFFORT), first.core)
    smallest = _smallest(
        _Search(model, CONFLICT_EFFORT), required, len(chosen) if certain else len(chosen) + 1
    )
    claim = (
        f"Without any one of them the others can be {verb}"
        if certain
        else "Some of them may be in conflict alone"
    )
    if smallest is not None:
        chosen, claim = smallest or chosen, "No smaller set of required patients is in conflict"
    names = tuple(model.patients[k].id for k in chosen)
    together = f"{listed(names, most=None)} must be {verb} (required) and cannot all be"
    if len(names) == 1:
        together = f"{names[0]} must be {verb} (required) and cannot be"
    return Conflict(names, f"{together}: {why(model, chosen)}. {claim}; relax a demand or leave one optional")


def _irreducible(search: _Search, core: frozenset[int]) -> tuple[tuple[int, ...], bool]:
    """Leaves patients out as long as the rest conflicts; returns it, and whether all of it is needed."""
    current, certain = core, True
    for patient in sorted(core, key=lambda k: (_takes(search.model, k), k)):
        if patient not in current:
            continue
        rest = current - {patient}
        answer = search.ask(sorted(rest), rest)
        if answer.fits is False:
            current = answer.core
        certain &= answer.fits is not None
    return tuple(sorted(current)), certain


def _takes(model: Appointments | Triage, index: int) -> int:
    """Those who take little are left out first: fewer who take much are then in conflict."""
    if isinstance(model, Appointments):
        return model.patients[index].duration
    return sum(model.patients[index].uses)


def _smallest(search: _Search, required: Sequence[int], known: int) -> tuple[int, ...] | None:
    """Looks for a conflict of fewer than `known` patients.

    Returns:
        A smallest one; nobody where there is none so small; None where the effort does not suffice.
    """
    if known <= LEAST:
        return ()
    left_out: list[frozenset[int]] = []
    while (hitting := _hitting_set(required, left_out)) is not None:
        if len(hitting) >= known:
            return ()
        answer = search.ask(required, hitting)
        if answer.fits is False:
            return tuple(sorted(hitting))
        if answer.fits is None:
            return None
        left_out.append(frozenset(required) - answer.kept)
    return None


def _hitting_set(items: Sequence[int], sets: Sequence[frozenset[int]]) -> frozenset[int] | None:
    """A smallest set with a member of every one of `sets`; None where that takes too long."""
    from ortools.sat.python import cp_model

    solver_model = cp_model.CpModel()
    taken = {item: solver_model.new_bool_var("") for item in items}
    for each in sets:
        solver_model.add_bool_or([taken[item] for item in sorted(each)])
    solver_model.minimize(sum(taken.values()))
    solver = quiet_solver(STEP_EFFORT)
    if solver.solve(solver_model) != cp_model.OPTIMAL:
        return None
    return frozenset(item for item in items if solver.boolean_value(taken[item]))

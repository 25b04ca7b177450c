"""A verified answer in words and as files: who is treated or placed and who is not, what was chosen."""

from collections.abc import Mapping, Sequence

from escalation.model.attempt import Attempt, Candidate
from escalation.ports.families import Answer
from problems.optimisation.model.metrics import stated
from problems.optimisation.model.models import Appointments, Model, SpinModel, Triage
from problems.optimisation.model.points import Point, cost, decode
from problems.optimisation.report.exports import exports, verified_at
from problems.optimisation.report.gantt import untreated
from problems.optimisation.report.load_chart import unplaced

MOST_NAMES = 20
NAMES: Mapping[str, str] = {"appointments": "schedule", "triage": "placements"}
"""What the files of a kind are called; `answer` is any other's."""


def answer(model: Model, attempt: Attempt, candidate: Candidate) -> Answer:
    """Returns the words, those left out first to be said, and the files of `exports`."""
    point = decode(model, candidate.values["solution"])
    files = exports(model, point, NAMES.get(model.kind, "answer"), verified_at(attempt))
    return Answer(words(model, point), {file.name: file.data for file in files})


def words(model: Model, point: Point) -> tuple[str, ...]:
    """One line on what was done for whom or chosen, and one on what it is worth."""
    cost_units = cost(model, point)
    worth = stated(model, cost_units)
    if isinstance(model, Appointments):
        left = [patient.id for patient in untreated(model, point)]
        return _served("treated", model.size, left), f"weighted waiting {worth} hours"
    if isinstance(model, Triage):
        left = [patient.id for patient in unplaced(model, point)]
        return _served("placed", model.size, left), f"benefit {worth}"
    return _chosen(model, int(point.sum()), worth)


def _served(what: str, patients: int, left: Sequence[str]) -> str:
    line = f"{patients - len(left)} of {patients} patients {what}"
    if not left:
        return line
    more = len(left) - MOST_NAMES
    return f"{line}; not {what}: {', '.join(left[:MOST_NAMES])}{f' and {more} more' if more > 0 else ''}"


def _chosen(model: SpinModel, ones: int, worth: str) -> tuple[str, ...]:
    if model.kind == "independent_set":
        return (f"an independent set of {ones} of {model.size} vertices",)
    if model.kind == "max_cut":
        return (f"a cut of weight {worth}: {ones} vertices on one side, {model.size - ones} on the other",)
    return (f"objective {worth}: {ones} of {model.size} variables are 1",)

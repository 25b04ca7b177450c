"""An optimisation in plain sentences: what is asked, who is treated or placed and who is not, what helps."""

from collections.abc import Mapping, Sequence

from escalation.model.attempt import Attempt, Candidate
from escalation.model.certificate import CertificateStatus
from escalation.model.problem import Target
from escalation.ports.families import Answer
from escalation.text.svg import PAGE_PX
from escalation.text.wording import counted
from problems.optimisation.loading.instance import OptimisationInstance
from problems.optimisation.model.metrics import stated
from problems.optimisation.model.models import Appointments, MaxCut, Model, Qubo, Sense, SpinModel, Triage
from problems.optimisation.model.points import Point, cost, decode
from problems.optimisation.report import gantt, graph_drawing, load_chart, timeline
from problems.optimisation.report.exports import exports, verified_at
from problems.optimisation.report.gantt import untreated
from problems.optimisation.report.load_chart import unplaced
from problems.optimisation.report.proven import rests_on, what_would_help
from problems.optimisation.report.waiting import waiting

MOST_NAMES = 20
NAMES: Mapping[str, str] = {"appointments": "schedule", "triage": "placements"}
"""What the files of a kind are called; `answer` is any other's."""
_FILE_WORDS: Mapping[str, Mapping[str, str]] = {
    "appointments": {
        "schedule.csv": "who is treated when, by whom and where, as a table",
        "schedule.ics": "the same for a calendar",
    },
    "triage": {"placements.csv": "who is placed where, as a table"},
    "qubo": {"answer.csv": "the value of each variable, as a table"},
    "max_cut": {"answer.csv": "the side of each vertex, as a table"},
    "independent_set": {"answer.csv": "which vertices are chosen, as a table"},
}


def asked(model: Model) -> str:
    """`Schedule 300 patients with 8 clinicians in 6 rooms`."""
    if isinstance(model, Appointments):
        people = counted(len(model.clinicians), "clinician", "clinicians")
        rooms = counted(len(model.rooms), "room", "rooms")
        return f"Schedule {counted(model.size, 'patient', 'patients')} with {people} in {rooms}"
    if isinstance(model, Triage):
        places = counted(len(model.places), "place", "places")
        return f"Place {counted(model.size, 'patient', 'patients')} in {places}"
    if isinstance(model, Qubo):
        aim = "least" if model.sense is Sense.MINIMISE else "largest"
        return f"Set {counted(model.size, 'variable', 'variables')} so that the objective is {aim}"
    size = f"{counted(model.size, 'vertex', 'vertices')} and {counted(len(model.edges), 'edge', 'edges')}"
    if isinstance(model, MaxCut):
        return f"Cut a graph of {size} in two so that the edges between weigh most"
    return f"Choose as many vertices without a common edge as can be, in a graph of {size}"


def answer(instance: OptimisationInstance, target: Target, attempt: Attempt, candidate: Candidate) -> Answer:
    """Returns the words, what is proven, what to do next, and the files of `exports`."""
    model, found = instance.model, attempt.certificate
    assert found is not None
    point = decode(model, candidate.values["solution"])
    files = exports(model, point, NAMES.get(model.kind, "answer"), verified_at(attempt))
    missed = found.status is not CertificateStatus.CERTIFIED
    helps = (what_would_help(model, target, found, instance.search_s),) if missed else ()
    made = {file.name: file.data for file in files}
    drawn = _picture(model, point, candidate)
    return Answer(words(model, point), rests_on(model, found), helps, made, _FILE_WORDS[model.kind], drawn)


def _picture(model: Model, point: Point, candidate: Candidate) -> str:
    """The first day, the first capacity, the graph; of what is too large to be drawn how the search went.

    It is no wider than the page, so that all of it is seen at once; the evidence has it with every label.
    """
    if isinstance(model, Appointments):
        return gantt.charts(model, point, "answer", PAGE_PX)[0]
    if isinstance(model, Triage):
        return load_chart.charts(model, point, "answer", PAGE_PX)[0]
    return graph_drawing.drawing(model, point, "answer") or timeline.drawn(model, candidate.notes, "answer")


def words(model: Model, point: Point) -> tuple[str, ...]:
    """What was done for whom or chosen, of a schedule who waits and who is busy, and what it is worth."""
    cost_units = cost(model, point)
    worth = stated(model, cost_units)
    if isinstance(model, Appointments):
        left = [patient.id for patient in untreated(model, point)]
        return _served("treated", model.size, left), *waiting(model, point), f"weighted waiting {worth} hours"
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

"""Schedules, triage, cuts and the like as a flow whose parameters are a form in the Prefect UI."""

from enum import StrEnum
from typing import Any

from prefect import flow
from pydantic import Field

from escalation.engine.opening import DEFAULT_POLICY
from escalation.inputs.validation import parse
from escalation.model.amounts import Caps
from escalation.model.case import Outcome
from escalation.model.errors import BadInput
from escalation.model.frozen import Frozen
from escalation.model.problem import DataClass
from flows.driver import run_case
from flows.ending import bad_input
from flows.naming import run_name

SEARCH_S = 20.0


class Kind(StrEnum):
    """A clinic's appointments, places on a ward, or a mathematical problem from a file."""

    APPOINTMENTS = "appointments"
    TRIAGE = "triage"
    QUBO = "qubo"
    MAX_CUT = "max_cut"
    INDEPENDENT_SET = "independent_set"


class Measure(StrEnum):
    """gap: how far from the best possible, as a share; absolute_gap: as a number; objective: its value."""

    GAP = "gap"
    ABSOLUTE_GAP = "absolute_gap"
    OBJECTIVE = "objective"


class AppointmentsForm(Frozen):
    """Fill in for the kind appointments alone: two tables of yours, or a number of patients to try it out."""

    patients: str | None = Field(
        None, title="Patients' CSV file", description="Its path on the machine of the worker."
    )
    resources: str | None = Field(
        None,
        title="Shifts' CSV file",
        description="Shifts of clinicians and rooms; its path on the machine of the worker.",
    )
    opens: str | None = Field(
        None, title="First slot", description="Needed with tables: for instance 2026-11-23T08:00."
    )
    slot_min: int | None = Field(None, title="Minutes of a slot", description="With tables; 15 unless given.")
    refusal_h: float | None = Field(
        None,
        title="Hours that a refusal counts as",
        description="With tables: hours of waiting that not being treated counts as.",
    )
    generate_patients: int | None = Field(
        None,
        title="Patients to make up",
        description="Instead of tables: the size of a clinic that is made up, to try it out (20, say).",
    )

    def instance(self) -> dict[str, Any]:
        """What was filled in, as the family reads it."""
        return _stated(self, "patients")


class TriageForm(Frozen):
    """Fill in for the kind triage alone: two tables of yours, or a number of patients to try it out."""

    patients: str | None = Field(
        None, title="Patients' CSV file", description="Its path on the machine of the worker."
    )
    places: str | None = Field(
        None, title="Places' CSV file", description="Its path on the machine of the worker."
    )
    generate_patients: int | None = Field(
        None,
        title="Patients to make up",
        description="Instead of tables: the size of a ward that is made up, to try it out (20, say).",
    )

    def instance(self) -> dict[str, Any]:
        """What was filled in, as the family reads it."""
        return _stated(self, "patients")


class FileForm(Frozen):
    """Fill in for the kinds qubo, max_cut and independent_set alone."""

    file: str | None = Field(
        None,
        description="Path on the worker. qubo: OR-Library, or dimod's .bqm, .json, .coo; max_cut: rudy; "
        "independent_set: DIMACS.",
    )
    number: int | None = Field(None, description="Which instance of an OR-Library file, from 1.")

    def instance(self) -> dict[str, Any]:
        """What was filled in, as the family reads it."""
        return _stated(self)


class TargetForm(Frozen):
    """The goal: how good the answer must be proven to be. Give one of the two values."""

    metric: Measure = Measure.GAP
    at_most: float | None = Field(
        None,
        description="For gap (0.05 is 5 % from the best), absolute_gap, or an objective that is minimised.",
        json_schema_extra={"default": 0.05},  # of the form alone
    )
    at_least: float | None = Field(
        None, description="For an objective that is maximised; then choose None above."
    )


def _stated(form: Frozen, size: str = "") -> dict[str, Any]:
    """The filled-in fields; `generate_SIZE` becomes the generator's field `SIZE`."""
    given = {name: value for name, value in form.to_json().items() if value is not None}
    made = given.pop(f"generate_{size}", None)
    return given if made is None else given | {"generate": {size: made}}


def _problem(parameters: dict[str, Any]) -> dict[str, Any]:
    names = ("kind", "appointments", "triage", "file", "target", "search_s", "budget", "data_class", "seed")
    return stated(**{name: parameters[name] for name in names})


# The parameters are checked by `stated`, which says in one line what is wrong with them.
@flow(flow_run_name=run_name(_problem), validate_parameters=False, persist_result=False)
def optimise(  # noqa: PLR0917 (fields of a form)
    kind: Kind,
    target: TargetForm,
    appointments: AppointmentsForm = AppointmentsForm(),  # noqa: B008 (frozen)
    triage: TriageForm = TriageForm(),  # noqa: B008 (frozen)
    file: FileForm = FileForm(),  # noqa: B008 (frozen)
    search_s: float = SEARCH_S,
    budget: Caps = Caps(),  # noqa: B008 (frozen)
    data_class: DataClass = DataClass.IDENTIFIABLE,
    seed: int = 0,
    policy: str = DEFAULT_POLICY,
    case_id: str | None = None,
    approval_wait_s: float | None = None,
) -> Outcome:
    """Finds the best answer it can, and proves how far from the best any answer can be.

    Args:
        kind: what is to be solved; then fill in the part of that name, or file for the others.
        target: the goal: how near to the best possible the answer must be proven to be.
        appointments: for the kind appointments alone: your two tables, or a clinic that is made up.
        triage: for the kind triage alone: your two tables, or a ward that is made up.
        file: for qubo, max_cut and independent_set alone: the file.
        search_s: seconds of elapsed time that each tier may search.
        budget: what the case may spend; an empty field is unlimited.
        data_class: public, deidentified or identifiable; decides whether data may leave the site.
        seed: from which all chance is derived.
        policy: the name of a policy that ships, or a policy file.
        case_id: an unfinished case to take up again; default: a new one.
        approval_wait_s: seconds that the run pauses with a form where a person must approve; default: an hour
            in a deployment, else 0: the case is held, and `tierwise approve` answers.

    Raises:
        BadInput: with one clear line.
    """
    try:
        problem = stated(kind, appointments, triage, file, target, search_s, budget, data_class, seed)
    except BadInput as error:
        return bad_input(error)
    return run_case(problem, policy, case_id, None, approval_wait_s)


def stated(  # noqa: PLR0917 (fields of a form)
    kind: Any,
    appointments: Any,
    triage: Any,
    file: Any,
    target: Any,
    search_s: Any,
    budget: Any,
    data_class: Any,
    seed: Any,
) -> dict[str, Any]:
    """The problem that a filled-in form states, as plain data.

    Raises:
        BadInput: with one clear line, also where a part is filled in that the kind does not use.
    """
    parts = {
        "appointments": parse(AppointmentsForm, appointments, "appointments").instance(),
        "triage": parse(TriageForm, triage, "triage").instance(),
        "file": parse(FileForm, file, "file").instance(),
    }
    own = str(kind) if str(kind) in parts else "file"
    for name, filled in parts.items():
        if filled and name != own:
            raise BadInput(f"{name}: expected an empty part for kind {kind}, which reads {own}; got {filled}")
    return {
        "family": "optimisation",
        "instance": {"kind": str(kind), "search_s": search_s, **parts[own]},
        "target": parse(TargetForm, target, "target").to_json(),
        "budget": parse(Caps, budget, "budget").to_json(),
        "data_class": str(data_class),
        "seed": seed,
    }

"""What the flow of this family asks for: a kind, the part that belongs to it, and the goal."""

from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from escalation.model.errors import BadInput
from escalation.model.frozen import Frozen
from escalation.ports.forms import Form, shown
from problems.optimisation.spec.spec import DEFAULT_SEARCH_S


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


EXAMPLE = {"generate_patients": 20}
"""What the page shows filled in, to try it out."""


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


class OptimisationTarget(Frozen):
    """The goal: how good the answer must be proven to be. Give one of the two values."""

    metric: Measure = Measure.GAP
    at_most: float | None = Field(
        None,
        description="For gap (0.05 is 5 % from the best), absolute_gap, or an objective that is minimised.",
        json_schema_extra=shown(0.05),
    )
    at_least: float | None = Field(
        None, description="For an objective that is maximised; then choose None above."
    )


class OptimisationForm(Form):
    """Finds the best answer it can, and proves how far from the best any answer can be."""

    left_out: ClassVar = {
        "generate": "of what is made up, the page asks for the size alone",
        **dict.fromkeys(("linear", "quadratic", "vertices", "edges"), "data of that size belong into a file"),
        **dict.fromkeys(("offset", "sense", "decimals"), "for coefficients that a problem file writes out"),
    }

    kind: Kind = Field(
        description="what is to be solved; then fill in the part of that name, or file for the others.",
        json_schema_extra=shown("appointments"),
    )
    target: OptimisationTarget = Field(
        description="the goal: how near to the best possible the answer must be proven to be."
    )
    appointments: AppointmentsForm = Field(
        AppointmentsForm(),
        description="for the kind appointments alone: your two tables, or a clinic that is made up.",
        json_schema_extra=shown(EXAMPLE),
    )
    triage: TriageForm = Field(
        TriageForm(),
        description="for the kind triage alone: your two tables, or a ward that is made up.",
    )
    file: FileForm = Field(FileForm(), description="for qubo, max_cut and independent_set alone: the file.")
    search_s: float = Field(
        DEFAULT_SEARCH_S,
        ge=0.5,
        le=3600,
        description="seconds of elapsed time that each tier may search.",
    )

    def instance(self) -> dict[str, Any]:
        """What was filled in, as the family reads it.

        Raises:
            BadInput: where a part is filled in that the kind does not use; the example, untouched, is none.
        """
        parts = {name: getattr(self, name).instance() for name in ("appointments", "triage", "file")}
        kind = str(self.kind)
        own = kind if kind in parts else "file"
        for name, filled in parts.items():
            if filled and name != own and filled != AppointmentsForm(**EXAMPLE).instance():
                raise BadInput(
                    f"{name}: expected an empty part for kind {kind}, which reads {own}; got {filled}"
                )
        return {"kind": kind, "search_s": self.search_s, **parts[own]}


def _stated(form: Frozen, size: str = "") -> dict[str, Any]:
    """The filled-in fields; `generate_SIZE` becomes the generator's field `SIZE`."""
    given = {name: value for name, value in form.to_json().items() if value is not None}
    made = given.pop(f"generate_{size}", None)
    return given if made is None else given | {"generate": {size: made}}

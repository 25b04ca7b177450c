"""What the flow of this family asks for: what is to be planned or solved, and the goal."""

from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from escalation.ports.forms import FILES, Form, Part, shown
from escalation.ports.pages import Tab
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


_APPOINTMENTS, _WARD = {"kind": [Kind.APPOINTMENTS]}, {"kind": [Kind.TRIAGE]}


class WorkForm(Part):
    """A clinic or a ward of your own, one that is made up, or a mathematical problem."""

    tabs: ClassVar = (
        Tab("Example clinic", ("kind", "generate_patients"), choices=_APPOINTMENTS),
        Tab(
            "Your clinic",
            ("kind", "patients", "resources", "opens"),
            ("slot_min", "refusal_h"),
            choices=_APPOINTMENTS,
        ),
        Tab("Example ward", ("kind", "generate_patients"), choices=_WARD),
        Tab("Your ward", ("kind", "patients", "places"), choices=_WARD),
        Tab(
            "Mathematical file",
            ("kind", "file"),
            ("number",),
            {"kind": [Kind.QUBO, Kind.MAX_CUT, Kind.INDEPENDENT_SET]},
        ),
    )

    kind: Kind = Field(
        title="Kind",
        description="appointments: who is seen when, by whom, where. triage: who gets which place on a ward. "
        "qubo, max_cut, independent_set: bits to choose, a graph to cut, vertices to pick.",
        json_schema_extra=shown("appointments"),
    )
    generate_patients: int | None = Field(
        None,
        ge=1,
        title="Patients to make up",
        description="How many; up to 40 take seconds.",
        json_schema_extra=shown(20),
    )
    patients: str | None = Field(None, title="Patients' CSV file", description=FILES)
    resources: str | None = Field(
        None, title="Shifts' CSV file", description="The shifts of clinicians and rooms; given the same way."
    )
    places: str | None = Field(
        None, title="Places' CSV file", description="The places of the ward; given the same way."
    )
    opens: str | None = Field(
        None, title="First slot", description="Date and time, as 2026-11-23T08:00; times are counted from it."
    )
    slot_min: int | None = Field(
        None, ge=1, le=60, title="Minutes of a slot", description="A divisor of 60; 15 where it is empty."
    )
    refusal_h: float | None = Field(
        None,
        gt=0,
        le=100_000,
        title="Hours that a refusal counts as",
        description="Hours of waiting that not being treated counts as; from the first slot to the end of "
        "the last shift where it is empty.",
    )
    file: str | None = Field(
        None,
        title="File",
        description=f"{FILES} qubo: OR-Library, or dimod's .bqm, .json, .coo; max_cut: rudy; "
        "independent_set: DIMACS.",
    )
    number: int | None = Field(
        None, ge=1, title="Number in the file", description="Of a file of OR-Library with several, from 1."
    )

    def instance(self) -> dict[str, Any]:
        """What was filled in; `generate_patients` is the size of the instance that is made."""
        found = super().instance()
        if (size := found.pop("generate_patients", None)) is not None:
            found["generate"] = {"patients": size}
        return found


class OptimisationTarget(Part):
    """How good the answer must be proven to be."""

    tabs: ClassVar = (
        Tab(
            "Near the best possible",
            ("at_most",),
            ("metric",),
            {"metric": [Measure.GAP, Measure.ABSOLUTE_GAP]},
        ),
        Tab("A value to stay below", ("at_most",), ("metric",), {"metric": [Measure.OBJECTIVE]}),
        Tab("A value to reach", ("at_least",), ("metric",), {"metric": [Measure.OBJECTIVE]}),
    )

    at_most: float | None = Field(
        None,
        title="At most",
        description="How far from the best possible the answer may be, proven: 0.05 is 5 % for gap. For "
        "objective: its value, where it is minimised.",
        json_schema_extra=shown(0.05),
    )
    at_least: float | None = Field(
        None, title="At least", description="The value of the objective, where it is maximised."
    )
    metric: Measure = Field(
        Measure.GAP,
        title="Measured by",
        description="gap: as a share of the value. absolute_gap: as a number. objective: the value itself.",
    )


class OptimisationForm(Form):
    """Finds the best plan or answer that it can, and proves how far from the best any can be."""

    left_out: ClassVar = {
        "generate": "of what is made up, the page asks for the size alone",
        **dict.fromkeys(("linear", "quadratic", "vertices", "edges"), "data of that size belong into a file"),
        **dict.fromkeys(("offset", "sense", "decimals"), "for coefficients that a problem file writes out"),
    }

    work: WorkForm = Field(title="What is to be solved", description="Choose one of the ways.")
    target: OptimisationTarget = Field(
        title="The goal", description="How good the answer must be proven to be, or there is no answer."
    )
    search_s: float = Field(
        DEFAULT_SEARCH_S,
        ge=0.5,
        le=3600,
        title="Seconds to search",
        description="Of elapsed time, for each tier.",
    )

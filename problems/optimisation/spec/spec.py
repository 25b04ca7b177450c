"""What a problem file may say about an instance; anything else is refused with one clear line.

Paths are relative to the problem file's folder. Exactly one source is given: a file (or a pair of tables),
the data themselves, or `generate` with the shape of a random instance, whose seed is the problem's unless it
has its own. Every source says which further fields it takes: one that would have no effect is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from escalation.inputs.document import shown
from escalation.inputs.validation import parse
from escalation.model.errors import BadInput
from escalation.model.frozen import Frozen
from escalation.text.nearest import did_you_mean
from problems.optimisation.model.models import KINDS, Sense
from problems.optimisation.spec.shapes import ClinicShape, WardShape

MOST_VARIABLES = 100_000
MOST_DRAWN = 5_000
"""Variables of a random instance for each of whose pairs a number is drawn."""
MOST_PAIRS = 2_500_000
"""Of a random instance, as many as a file may have lines: more take minutes and gigabytes to draw."""
MOST_DECIMALS = 12
DEFAULT_SEARCH_S = 20.0
YEARS = 1900, 2999
"""Of a plan's begin: Python's calendar ends with the year 9999, which a plan of weeks must not reach."""

Number = int | float
Decimals = Annotated[int, Field(ge=0, le=MOST_DECIMALS)]
SELF_CONTAINED = (".bqm", ".json")
"""Files of dimod's that hold everything of a model, its offset too; `.coo` cannot hold one."""


@dataclass(frozen=True)
class InstanceSource:
    """Where an instance comes from.

    Attributes:
        fields: those that make it; the first of them names it.
        takes: the further fields that have an effect beside them; any other is refused.
        name: for complaints.
    """

    fields: tuple[str, ...]
    takes: tuple[str, ...] = ()
    name: str = ""


class InstanceSpec(Frozen):
    """Fields that every kind has, whatever its source."""

    search_s: float = Field(
        DEFAULT_SEARCH_S, ge=0.5, le=3600, description="Seconds of elapsed time that a tier may search."
    )

    def sources(self) -> tuple[InstanceSource, ...]:
        """The alternatives."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _one_source(self) -> "InstanceSpec":
        given = [each for each in self.sources() if any(self._says(name) for name in each.fields)]
        if len(given) != 1:
            got = " and ".join(each.fields[0] for each in given) or "none of them"
            wanted = ", ".join(" with ".join(each.fields) for each in self.sources())
            raise ValueError(f"expected exactly one source of: {wanted}; got {got}")
        source = given[0]
        for name in type(self).model_fields:
            known = name in ("kind", "search_s", *source.fields, *source.takes)
            if name in self.model_fields_set and self._says(name) and not known:
                beside = source.name or source.fields[0]
                raise ValueError(f"{name}: would have no effect beside {beside}; remove it")
        return self

    def _says(self, name: str) -> bool:
        return getattr(self, name) is not None


class Seeded(Frozen):
    """Fields that every generated instance has."""

    seed: int | None = Field(None, ge=0, description="The problem's seed unless given.")


def _refuse_too_many(variables: int, density: float) -> None:
    pairs = int(variables * (variables - 1) / 2 * density)
    if pairs > MOST_PAIRS:
        raise ValueError(f"expected at most {MOST_PAIRS} pairs, got about {pairs}: lower density or size")


class GeneratedQubo(Seeded):
    """A random QUBO as Beasley made them; `problems.optimisation.generate.graphs.qubo`."""

    variables: int = Field(ge=2, le=MOST_DRAWN, description="How many.")
    density: float = Field(0.1, gt=0, le=1, description="Share of the entries that are not 0.")
    magnitude: int = Field(100, ge=1, le=10**6, description="Entries lie between this and its negative.")

    @model_validator(mode="after")
    def _drawn(self) -> "GeneratedQubo":
        _refuse_too_many(self.variables, self.density)
        return self


class GeneratedCut(Seeded):
    """A random graph to cut; `problems.optimisation.generate.graphs`."""

    graph: Literal["random", "toroidal", "planar_union", "heavy_hex"] = Field(
        description="As G1 to G5 of the G-set, as G11, as G14, or as a device's couplers."
    )
    vertices: int | None = Field(None, ge=4, le=MOST_VARIABLES, description="Of random and planar_union.")
    rows: int | None = Field(None, ge=3, le=1000, description="Of toroidal and heavy_hex.")
    columns: int | None = Field(None, ge=4, le=1000, description="Of toroidal and heavy_hex.")
    density: float | None = Field(None, gt=0, le=1, description="Of random (0.06) and planar_union (0.99).")

    @model_validator(mode="after")
    def _fitting(self) -> "GeneratedCut":
        free = self.graph in ("random", "planar_union")
        wanted = ("vertices",) if free else ("rows", "columns")
        other = ("rows", "columns") if free else ("vertices", "density")
        if any(getattr(self, name) is None for name in wanted):
            raise ValueError(f"a {self.graph} graph needs {' and '.join(wanted)}")
        given = [name for name in other if getattr(self, name) is not None]
        if given:
            raise ValueError(f"a {self.graph} graph has no {given[0]}; remove it")
        most = MOST_DRAWN if self.graph == "random" else MOST_VARIABLES
        vertices = self.vertices or (self.rows or 0) * (self.columns or 0)
        if vertices > most:
            raise ValueError(f"a {self.graph} graph has at most {most} vertices, got {vertices}")
        if self.graph == "random":
            _refuse_too_many(vertices, self.density or 0.0)
        return self


class GeneratedSet(Seeded):
    """A random graph; `problems.optimisation.generate.graphs.random_independent_set`."""

    vertices: int = Field(ge=2, le=MOST_DRAWN, description="How many.")
    density: float = Field(0.1, gt=0, le=1, description="Chance of each pair to be an edge.")

    @model_validator(mode="after")
    def _drawn(self) -> "GeneratedSet":
        _refuse_too_many(self.vertices, self.density)
        return self


class GeneratedClinic(Seeded, ClinicShape):
    """A random clinic; `problems.optimisation.generate.clinic`."""

    patients: int = Field(ge=1, le=5000, description="How many.")


class GeneratedWard(Seeded, WardShape):
    """A random ward; `problems.optimisation.generate.ward`."""

    patients: int = Field(ge=1, le=5000, description="How many.")


class QuboSpec(InstanceSpec):
    """A QUBO: a file of OR-Library's or dimod's, or the coefficients themselves.

    Variables count from 1. The objective is Σ linear_i x_i + Σ q x_i x_j + offset; a pair is written once. In
    OR-Library's files xᵀQx is maximised; dimod's models are minimised unless `sense` says otherwise.
    """

    kind: Literal["qubo"] = Field("qubo", description="Says which of the kinds it is.")
    file: str | None = Field(None, description="OR-Library's format, or dimod's .bqm, .json or .coo.")
    number: int | None = Field(None, ge=1, description="Which of an OR-Library file's instances, from 1.")
    linear: tuple[Number, ...] | None = Field(
        None, max_length=MOST_VARIABLES, description="Instead of a file: one coefficient a variable."
    )
    quadratic: tuple[tuple[int, int, Number], ...] | None = Field(None, description="Triples i, j, q.")
    offset: Number = Field(
        0, description="Added to every value; refused beside files that hold their own (.bqm, .json)."
    )
    sense: Sense | None = Field(None, description="maximise or minimise; needed where the data stand here.")
    decimals: Decimals = Field(0, description="Decimals of the numbers; costs are integers of that unit.")
    generate: GeneratedQubo | None = Field(None, description="Instead of data: a random instance.")

    def sources(self) -> tuple[InstanceSource, ...]:
        return (
            self._file(),
            InstanceSource(("linear", "quadratic"), ("offset", "sense", "decimals")),
            InstanceSource(("generate",)),
        )

    def _file(self) -> InstanceSource:
        suffix = PurePath(self.file or "").suffix.lower()
        if suffix in SELF_CONTAINED:
            return InstanceSource(("file",), ("sense", "decimals"), f"a {suffix} file")
        if suffix == ".coo":
            return InstanceSource(("file",), ("sense", "decimals", "offset"), "a .coo file")
        return InstanceSource(("file",), ("sense", "decimals", "offset", "number"))


class MaxCutSpec(InstanceSpec):
    """A graph whose vertices are to be divided: a file in rudy's format (the G-set's), or the edges."""

    kind: Literal["max_cut"] = Field("max_cut", description="Says which of the kinds it is.")
    file: str | None = Field(
        None, description="`n m`, then m lines `i j weight`; the weight may be left out."
    )
    vertices: int | None = Field(
        None, ge=1, le=MOST_VARIABLES, description="Instead of a file: how many there are."
    )
    edges: tuple[tuple[int, int] | tuple[int, int, Number], ...] | None = Field(
        None, description="Pairs or triples u, v, weight; from 1; without a weight it is 1."
    )
    decimals: Decimals = Field(0, description="Decimals of the numbers; costs are integers of that unit.")
    generate: GeneratedCut | None = Field(None, description="Instead of data: a random instance.")

    def sources(self) -> tuple[InstanceSource, ...]:
        return (
            InstanceSource(("file",), ("decimals",)),
            InstanceSource(("vertices", "edges"), ("decimals",)),
            InstanceSource(("generate",)),
        )


class IndependentSetSpec(InstanceSpec):
    """A graph in DIMACS format, or its edges."""

    kind: Literal["independent_set"] = Field("independent_set", description="Says which of the kinds it is.")
    file: str | None = Field(None, description="`p edge n m` or `p col n m`, then m lines `e i j`.")
    vertices: int | None = Field(
        None, ge=1, le=MOST_VARIABLES, description="Instead of a file: how many there are."
    )
    edges: tuple[tuple[int, int], ...] | None = Field(None, description="Pairs of vertices, from 1.")
    generate: GeneratedSet | None = Field(None, description="Instead of data: a random instance.")

    def sources(self) -> tuple[InstanceSource, ...]:
        return InstanceSource(("file",)), InstanceSource(("vertices", "edges")), InstanceSource(("generate",))


def _moment(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError("expected a date and time such as 2026-11-23T08:00") from None
    if not isinstance(value, datetime) or value.tzinfo or value.second or value.microsecond:
        raise ValueError("expected a local date and time to the minute, without a zone: 2026-11-23T08:00")
    if not YEARS[0] <= value.year <= YEARS[1]:
        raise ValueError(f"expected a year from {YEARS[0]} to {YEARS[1]}")
    return value


Moment = Annotated[datetime, BeforeValidator(_moment)]


class AppointmentsSpec(InstanceSpec):
    """A clinic's patients and resources as two tables; `problems.optimisation.readers.clinic_tables`."""

    kind: Literal["appointments"] = Field("appointments", description="Says which of the kinds it is.")
    patients: str | None = Field(None, description="CSV file with the patients.")
    resources: str | None = Field(None, description="CSV file with the shifts of clinicians and rooms.")
    opens: Moment | None = Field(None, description="Date and time of the first slot; HH:MM is of that day.")
    slot_min: int | None = Field(None, description="Minutes of a slot, a divisor of 60; 15 unless given.")
    refusal_h: float | None = Field(
        None,
        gt=0,
        le=100_000,
        description="Hours of waiting that not being treated counts as; at least, and by default, the time "
        "from `opens` to the end of the last shift.",
    )
    generate: GeneratedClinic | None = Field(None, description="Instead of data: a random instance.")

    def sources(self) -> tuple[InstanceSource, ...]:
        tables = InstanceSource(("patients", "resources"), ("opens", "slot_min", "refusal_h"))
        return tables, InstanceSource(("generate",))

    @model_validator(mode="after")
    def _complete(self) -> "AppointmentsSpec":
        if self.generate is not None:
            return self
        missing = [name for name in ("patients", "resources", "opens") if getattr(self, name) is None]
        if missing:
            raise ValueError(f"{missing[0]}: expected, but missing; tables need patients, resources, opens")
        if self.slot_min is not None and (self.slot_min < 1 or 60 % self.slot_min):
            raise ValueError(f"slot_min: expected a divisor of 60, got {self.slot_min}")
        return self


class TriageSpec(InstanceSpec):
    """Patients and places as two tables; `problems.optimisation.readers.ward_tables`."""

    kind: Literal["triage"] = Field("triage", description="Says which of the kinds it is.")
    patients: str | None = Field(None, description="CSV file with the patients.")
    places: str | None = Field(None, description="CSV file with the places.")
    generate: GeneratedWard | None = Field(None, description="Instead of data: a random instance.")

    def sources(self) -> tuple[InstanceSource, ...]:
        return InstanceSource(("patients", "places")), InstanceSource(("generate",))

    @model_validator(mode="after")
    def _complete(self) -> "TriageSpec":
        missing = [name for name in ("patients", "places") if getattr(self, name) is None]
        if self.generate is None and missing:
            raise ValueError(f"{missing[0]}: expected, but missing; tables are a pair")
        return self


Spec = QuboSpec | MaxCutSpec | IndependentSetSpec | AppointmentsSpec | TriageSpec
_SPECS: Mapping[str, type[Spec]] = {
    "qubo": QuboSpec,
    "max_cut": MaxCutSpec,
    "independent_set": IndependentSetSpec,
    "appointments": AppointmentsSpec,
    "triage": TriageSpec,
}


def parse_spec(instance: Mapping[str, Any]) -> Spec:
    """Checks what a problem file says under `instance`.

    Raises:
        BadInput: on an unknown kind or field, a wrong type, or not exactly one source.
    """
    kind = instance.get("kind")
    if not isinstance(kind, str) or kind not in _SPECS:
        got = "none" if kind is None else shown(kind, quoted=True)
        raise BadInput(
            f"instance.kind: expected one of {', '.join(KINDS)}, got {got}{did_you_mean(kind or '', KINDS)}"
        )
    return parse(_SPECS[kind], dict(instance), "instance")

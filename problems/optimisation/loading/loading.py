"""From what a problem file says to a checked instance."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from escalation.model.errors import BadInput
from problems.optimisation.feasibility.demands import refuse_impossible
from problems.optimisation.generate.made import make
from problems.optimisation.loading.instance import OptimisationInstance
from problems.optimisation.model.models import Appointments, Triage
from problems.optimisation.readers.binary_models import SUFFIXES, read_binary_model
from problems.optimisation.readers.clinic_tables import read_clinic
from problems.optimisation.readers.graphs import read_cut, read_independent_set
from problems.optimisation.readers.numbers import refuse_overflow
from problems.optimisation.readers.quadratic import read_inline, read_or_library
from problems.optimisation.readers.read import Read
from problems.optimisation.readers.ward_tables import read_ward
from problems.optimisation.spec.spec import (
    AppointmentsSpec,
    IndependentSetSpec,
    MaxCutSpec,
    QuboSpec,
    Spec,
    parse_spec,
)

MOST_PAIRS = 5_000_000


def load(instance: Mapping[str, Any], seed: int, folder: Path) -> OptimisationInstance:
    """Reads or generates the instance and checks that its demands can be met.

    Args:
        instance: what the problem file says.
        seed: of the problem; a generated instance uses it unless it has its own.
        folder: where relative paths start.

    Raises:
        BadInput: one line on what is wrong with it, with file and line where there is one; a patient whom
            nobody can treat, or a smallest set of demands that contradict each other.
    """
    spec = parse_spec(instance)
    read = _generated(spec, seed) if spec.generate is not None else _read(spec, folder)
    remarks = read.remarks
    if isinstance(read.model, Appointments | Triage):
        _refuse_too_many(read.model)
        remarks = (*remarks, *refuse_impossible(read.model, read.where))
    return OptimisationInstance(read.model, spec.search_s, read.source, remarks)


def _refuse_too_many(model: Appointments | Triage) -> None:
    """Every patient is held against every resource; raises `BadInput` where that would take minutes."""
    if isinstance(model, Appointments):
        what, count = "clinicians and rooms", len(model.clinicians) + len(model.rooms)
    else:
        what, count = "places", len(model.places)
    if model.size * count > MOST_PAIRS:
        raise BadInput(
            f"instance: expected at most {MOST_PAIRS} pairs of a patient and one of the {what}, got "
            f"{model.size} times {count}: divide the instance"
        )


def _generated(spec: Spec, seed: int) -> Read:
    assert spec.generate is not None
    model = make(spec.generate, seed)
    if not isinstance(model, Appointments | Triage) and not _coefficients(model):
        raise BadInput("instance.generate: expected a graph with edges, got none: raise density or size")
    stated = spec.generate.model_dump(mode="json", exclude_none=True)
    return Read(model, {"generate": {**stated, "seed": stated.get("seed", seed)}})


def _coefficients(model: Any) -> bool:
    return bool(getattr(model, "edges", None) or getattr(model, "quadratic", None))


def _read(spec: Spec, folder: Path) -> Read:
    if isinstance(spec, QuboSpec):
        return _quadratic(spec, folder)
    if isinstance(spec, MaxCutSpec):
        return read_cut(spec, folder)
    if isinstance(spec, IndependentSetSpec):
        return read_independent_set(spec, folder)
    if isinstance(spec, AppointmentsSpec):
        read = read_clinic(spec, folder)
        assert isinstance(read.model, Appointments)
        worst = (patient.weight * read.model.refusal for patient in read.model.patients)
        refuse_overflow(worst, "instance.refusal_h")
        return read
    return read_ward(spec, folder)


def _quadratic(spec: QuboSpec, folder: Path) -> Read:
    if spec.file is None:
        return read_inline(spec)
    path = folder / spec.file
    if path.suffix.lower() in SUFFIXES:
        return read_binary_model(spec, path)
    return read_or_library(spec, path)

"""An instance in a few words, for lists and titles."""

from collections.abc import Mapping
from typing import Any

from problems.optimisation.model.models import Appointments, Model, Qubo, Triage


def about(model: Model, source: Mapping[str, Any]) -> str:
    """Says the kind, where it comes from and how large it is.

    Args:
        model: one of the five kinds.
        source: as the readers state it: `file`, a pair of tables, or `generate`; anything else is inline.
    """
    return f"{model.kind.replace('_', ' ')}: {_origin(source)}, {_size(model)}"


def _origin(source: Mapping[str, Any]) -> str:
    if "generate" in source:
        return f"generated from seed {source['generate'].get('seed')}"
    if "file" in source:
        number = f" number {source['number']}" if "number" in source else ""
        return f"{source['file']}{number}"
    files = [str(each["file"]) for each in source.values() if isinstance(each, Mapping) and "file" in each]
    return " and ".join(files) or "written in the problem file"


def _size(model: Model) -> str:
    if isinstance(model, Appointments):
        people, rooms = len(model.clinicians), len(model.rooms)
        return f"{model.size} patients, {people} clinicians, {rooms} rooms"
    if isinstance(model, Triage):
        return f"{model.size} patients, {len(model.places)} places"
    if isinstance(model, Qubo):
        return f"{model.size} variables, {len(model.quadratic)} products"
    return f"{model.size} vertices, {len(model.edges)} edges"

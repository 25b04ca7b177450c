"""What a problem file may say of collision events."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from escalation.model.errors import BadInput
from problems.prediction.stated.spec import TaskSpec, checked
from toolbox.tables.raw_files import Value

Paths = str | tuple[str, ...]


class EventsSpec(TaskSpec):
    """Events in one set of files with a column of classes, or signal and background in files of their own.

    Files end with `.root`, `.csv`, `.parquet` or `.xlsx`; several stand for one, below each other. Relative
    paths start at the problem file's folder. Events are taken as they are: select before.
    """

    events: Paths | None = Field(None, description="Path of a file with all events, or of several.")
    signal: Paths | None = Field(None, description="Path of a file with signal events, or of several.")
    background: Paths | None = Field(
        None, description="Path of a file with background events, or of several."
    )
    tree: str | None = Field(
        None, description="Name of the tree in ROOT files; may be left out where there is one."
    )
    branches: tuple[str, ...] = Field(
        (), description="Branches of the tree that are read; all of them where nothing is said."
    )
    target: str | None = Field(None, description="Column with the class, of `events`.")
    group: str | None = Field(
        None, description="Column whose rows of equal value stay together: pairs of one event, a run."
    )
    time: str | None = Field(None, description="Column by which the latest rows are the sealed ones.")
    weight: str | None = Field(
        None,
        description="Column with the weight of an event, above 0, by which fits, figures and bounds count "
        "it; no feature. For ams the sums over signal and background are the events expected.",
    )
    drop: tuple[str, ...] = Field((), description="Columns that are no features.")
    categorical: tuple[str, ...] = Field((), description="Columns of numbers that are codes, not amounts.")
    na_values: tuple[Value, ...] = Field(
        (), description="Further values that mean a missing one: -999; numbers however they are spelt."
    )


def parse(instance: Mapping[str, Any]) -> EventsSpec:
    """Returns the statement.

    Raises:
        BadInput: on an unknown field, a wrong type, and on fields that do not go together.
    """
    spec = checked(EventsSpec, instance)
    if spec.events is not None and spec.background is not None:
        raise BadInput("instance: background would have no effect: `events` has all of them")
    if spec.events is not None and spec.target is None:
        raise BadInput("instance: target: expected the column that tells signal from background")
    if spec.signal is not None:
        if spec.background is None:
            raise BadInput("instance: background: expected the path of the background events beside `signal`")
        for name in ("target", "positive"):
            if name in spec.model_fields_set:
                raise BadInput(f"instance: {name} would have no effect: each file says what its events are")
    if not any(path.lower().endswith(".root") for path in paths(spec)):
        for name in ("tree", "branches"):
            if name in spec.model_fields_set:
                raise BadInput(f"instance: {name} would have no effect: no file ends with .root")
    return spec


def paths(spec: EventsSpec) -> list[str]:
    """All files, in order."""
    given = (spec.events, spec.signal, spec.background)
    return [path for each in given if each for path in ([each] if isinstance(each, str) else each)]

"""A table and a few options as a problem, without a problem file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from escalation.model.errors import BadInput
from escalation.ports.registry import families

ENDINGS = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".pq": "parquet"}
"""By a file's ending, the field of an instance that names it."""
METRIC = "roc_auc"


@dataclass(frozen=True)
class TableAsked:
    """What the options say; None and empty lists are not said.

    Attributes:
        columns: fields of the instance.
        goal: fields of the target.
        rest: fields of the problem.
    """

    columns: Mapping[str, Any] = field(default_factory=dict)
    goal: Mapping[str, Any] = field(default_factory=dict)
    rest: Mapping[str, Any] = field(default_factory=dict)

    def problem(self, path: Path) -> dict[str, Any]:
        """The problem that the options state for a table.

        Raises:
            BadInput: where the column to predict or the value to reach is missing.
        """
        columns, goal = _said(self.columns), _said(self.goal)
        if "target" not in columns:
            raise BadInput(
                f"{path}: expected --target with the column to predict; `tierwise inspect {path}` shows them"
            )
        if not {"at_least", "at_most"} & set(goal):
            raise BadInput(f"{path}: expected --at-least (or --at-most) with the value to reach, such as 0.8")
        return {
            "family": next(name for name, each in families().items() if each.inspect),
            "instance": {ENDINGS[path.suffix.lower()]: str(path), **columns},
            "target": {"metric": METRIC, **goal},
            **_said(self.rest),
        }

    def refuse(self) -> None:
        """Raises `BadInput` where something is said, and no table is there that it is about."""
        said = [name for part in (self.columns, self.goal, self.rest) for name in _said(part)]
        if said:
            name = {"na_values": "na"}.get(said[0], said[0]).replace("_", "-")
            raise BadInput(f"--{name}: expected with a table (.csv, .parquet); a problem file says it itself")


def is_table(path: Path) -> bool:
    """Whether a file is a table by its name."""
    return path.suffix.lower() in ENDINGS


def _said(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value not in (None, [], ())}

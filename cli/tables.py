"""A table and a few options as a problem, without a problem file."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from escalation.engine.opening import parse_problem
from escalation.model.complaints import collected, mended
from escalation.model.errors import BadInput
from escalation.ports.inspection import Inspection
from escalation.ports.registry import families, family, resolve
from escalation.text.commands import hint

ENDINGS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "excel",
    ".xlsm": "excel",
}
"""By a file's ending, the field of an instance that names it."""
METRIC = "roc_auc"
ROUNDS = 5
"""How often options are mended: a column that is mended may show what was hidden by it."""
USUAL = {"at_least": 0.8}
"""What is asked where nobody said it, in a command to paste."""


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
                f"{path}: expected --target with the column to predict", mends={"target": _outcome(path)}
            )
        if not {"at_least", "at_most"} & set(goal):
            raise BadInput(f"{path}: expected --at-least (or --at-most) with the value to reach, such as 0.8")
        return {
            "family": next(name for name, each in families().items() if each.inspect),
            "instance": {ENDINGS[path.suffix.lower()]: str(path), **columns},
            "target": {"metric": METRIC, **goal},
            **_said(self.rest),
        }

    def command(self, path: Path, *more: str) -> str:
        """The command that asks this of a table, to paste into a shell."""
        said = [*_said(self.columns).items(), *_said(self.goal).items(), *_said(self.rest).items()]
        return hint("solve", path, *(word for name, value in said for word in _words(name, value)), *more)

    def mended(self, path: Path) -> "TableAsked | None":
        """The same, with all that is wrong put right; None where that is not known, or nothing is wrong."""
        asked = self if {"at_least", "at_most"} & {*_said(self.goal)} else self._with_goal()
        for _ in range(ROUNDS):
            with collected() as found:
                problem = parse_problem(asked.problem(path))
                known = family(problem.family)
                known.check_target(problem.target)
                known.load(problem.instance, problem.seed, Path.cwd())
            if not found:
                return asked if asked != self else None
            columns = {**asked.columns, **mended(asked.columns, found)}
            if columns == asked.columns or any(not each.mends for each in found):
                return None
            asked = replace(asked, columns=columns)
        return None

    def _with_goal(self) -> "TableAsked":
        return replace(self, goal={**self.goal, **USUAL})

    def refuse(self) -> None:
        """Raises `BadInput` where something is said, and no table is there that it is about."""
        said = [name for part in (self.columns, self.goal, self.rest) for name in _said(part)]
        if said:
            raise BadInput(
                f"{_option(said[0])}: expected with a table (.csv, .xlsx, …); a problem file says it itself"
            )


def is_table(path: Path) -> bool:
    """Whether a file is a table by its name."""
    return path.suffix.lower() in ENDINGS


def _said(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value not in (None, [], ())}


def as_asked(problem: Mapping[str, Any]) -> TableAsked:
    """What options have to say so that a table is asked what a problem file asks of it."""
    columns = {name: value for name, value in problem["instance"].items() if name not in ENDINGS.values()}
    goal = {name: value for name, value in problem["target"].items() if (name, value) != ("metric", METRIC)}
    return TableAsked(columns, goal)


def _outcome(path: Path) -> str | None:
    """The column that is likely the one to predict."""
    inspect = resolve(next(each.inspect for each in families().values() if each.inspect))
    found: Inspection = inspect(path, Path.cwd(), {})
    return None if found.problem is None else str(found.problem["instance"]["target"])


def _option(name: str) -> str:
    return f"--{ {'na_values': 'na'}.get(name, name).replace('_', '-') }"


def _words(name: str, value: Any) -> list[str]:
    values = map(str, value if isinstance(value, list | tuple) else [value])
    option = _option(name)
    return [word for each in values for word in ([f"{option}={each}"] if each[:1] == "-" else [option, each])]

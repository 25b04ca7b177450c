"""A table before anything is asked of it: profile, everything that is wrong, a problem file that loads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from escalation.model.complaints import collected, mended
from escalation.model.errors import BadInput
from escalation.ports.inspection import ColumnProfile, Inspection
from escalation.text.wording import counted, listed
from problems.prediction.guessing import follow_up, is_amount, known_afterwards, levels, outcome, zero_or_one
from problems.prediction.loading import load_rows
from problems.prediction.sources.source import parse_spec
from problems.prediction.sources.table.reading import read_raw
from problems.prediction.sources.table.spec import FileSpec
from problems.prediction.tables.column_types import LOOKS_MISSING
from problems.prediction.tables.instance import TableInstance
from problems.prediction.tables.returning import comes_back, line
from problems.prediction.tables.suspicions import far_off
from problems.prediction.tasks.classes import likely_positive
from toolbox.tables.any_file import field_of
from toolbox.tables.missing import is_missing
from toolbox.tables.numbers import canonical, read
from toolbox.tables.profile import profiles
from toolbox.tables.raw import Numbers, RawTable

ROUNDS = 5
"""How often what was proposed is tried: a column that is mended may show what was hidden by it."""

FEW_CLASSES = 10
"""Different numbers up to which a column is likelier to hold classes than amounts."""

GOALS = {
    "binary": ("roc_auc", 0.8),
    "multiclass": ("accuracy", 0.8),
    "ordinal": ("weighted_kappa", 0.6),
    "regression": ("rank_correlation", 0.5),
    "time_to_event": ("concordance", 0.7),
}
"""What to begin with, by task."""

TASK_NOTE = "a guess; levels in order are `ordinal`, times to an event `time_to_event`"
TASK_NOTES = {
    "time_to_event": "a guess; `binary` asks whether, not when: then the outcome is the event, and the time "
    "goes under drop",
    "ordinal": "a guess; classes without an order are `multiclass`",
}
"""What is said behind a task that was guessed."""


@dataclass
class _Proposal:
    """What a problem file says under `instance`, mended until it loads or nothing more is known."""

    instance: dict[str, Any]
    seed: int = 1
    complaints: list[BadInput] = field(default_factory=list)
    loaded: TableInstance | None = None

    def settle(self, folder: Path) -> None:
        """Loads it, mends what a program can, and loads it again."""
        for _ in range(ROUNDS):
            with collected() as found:
                self.loaded = load_rows(self.instance, self.seed, folder)
            self.complaints += [
                each for each in found if not any(str(each) == str(known) for known in self.complaints)
            ]
            better = {**self.instance, **mended(self.instance, found)}
            if not found or better == self.instance or any(not each.mends for each in found):
                return
            self.instance = better


def inspect(path: Path, folder: Path, wish: Mapping[str, Any]) -> Inspection:
    """Looks at a table as `tierwise inspect` shows it.

    Args:
        path: of a CSV, Parquet or Excel file, as the person named it.
        folder: where it starts from.
        wish: fields of the instance that are known already, such as `target`.

    Raises:
        BadInput: when the file cannot be read, or has no column that `wish` names.
    """
    source = source_of(path)
    _, spec = parse_spec({**source, "target": "?", **wish})
    assert isinstance(spec, FileSpec)
    with collected() as unreadable:
        table = read_raw(spec, folder)
    if len(unreadable) == 1:
        raise unreadable[0]
    if unreadable:
        return Inspection(f"{path}: cannot be read as a table", problems=tuple(map(str, unreadable)))
    columns = profiles(table)
    about = (
        f"{path}: {counted(len(table), 'row', 'rows')}, {counted(len(columns), 'column', 'columns')}"
        f"{_written(table)}"
    )
    marks = sentinels(table)
    warnings = [*table.remarks, *_marked(marks)]
    target = wish.get("target") or _guess(table, columns)
    if target is None:
        nothing = "no column is whole and has two different values or more: there is nothing to predict"
        return Inspection(about, columns, (f"{nothing}; say which with --target",), tuple(warnings))
    asked = _asked(table, str(target), columns)
    proposal = _Proposal({**source, "target": target, **asked, **wish})
    proposal.settle(folder)
    if proposal.loaded is not None:
        known = {*warnings}
        told = (each for each in proposal.loaded.remarks if "occurs" not in each or "far from" not in each)
        warnings += [each for each in told if each not in known]
    return Inspection(
        about,
        columns,
        tuple(map(str, proposal.complaints)),
        tuple(warnings),
        _problem(proposal) if proposal.loaded is not None else None,
        _notes(proposal, marks, wish, columns, table),
    )


def source_of(path: Path) -> dict[str, str]:
    """The field of an instance that names this file."""
    return {field_of(path): str(path)}


def sentinels(table: RawTable) -> dict[str, list[tuple[float, int]]]:
    """Values of each column that may mean missing, with their counts: -9 among ages."""
    numeric = {name: numbers for name in table.columns if (numbers := _numbers(table, name)) is not None}
    return {name: marks for name, numbers in numeric.items() if (marks := far_off(numbers))}


def _numbers(table: RawTable, name: str) -> Numbers | None:
    """A column's numbers; None where a value is none."""
    values = table.columns[name]
    if isinstance(values, np.ndarray):
        return values
    plain = read(values, table.where, table.decimal, commas=table.commas).plain
    if any(number is None and text is not None for number, text in zip(plain, values, strict=True)):
        return None
    return np.array([np.nan if number is None else float(number) for number in plain])


def _marked(marks: Mapping[str, list[tuple[float, int]]]) -> list[str]:
    return [
        f"column {name!r}: {canonical(value)} occurs {count} times, far from all other values: "
        "if it means missing, add it to na_values"
        for name, found in marks.items()
        for value, count in found
    ]


def _written(table: RawTable) -> str:
    delimiter = table.source.get("delimiter")
    names = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
    return f", divided by {names[delimiter]}" if delimiter in names else ""


def two_valued(columns: Sequence[ColumnProfile]) -> list[str]:
    """Columns that could be a target."""
    return [each.name for each in columns if each.distinct == 2 and not each.missing]


def _classes(table: RawTable, target: str) -> list[str]:
    values = table.columns.get(target, [])
    return [canonical(value, table.decimal) for value in values if not is_missing(value)]


def _asked(table: RawTable, target: str, columns: Sequence[ColumnProfile]) -> dict[str, Any]:
    """What is likely asked of a column: the class to predict, one of several, a level, a number, a time."""
    texts = _classes(table, target)
    distinct = len(set(texts))
    if distinct == 2:
        return {"positive": likely_positive(texts)}
    if (event := _event_of(table, target, columns)) is not None:
        later = known_afterwards(columns, (target, event))
        return {"task": "time_to_event", "event": event, **({"drop": later} if later else {})}
    if distinct > FEW_CLASSES and _numbers(table, target) is not None:
        return {"task": "regression"}
    return dict(levels(target, set(texts)) or {"task": "multiclass"}) if distinct > 2 else {}


def _event_of(table: RawTable, target: str, columns: Sequence[ColumnProfile]) -> str | None:
    """The column of events where the target holds the times of a follow-up."""
    found = follow_up(columns, [target])
    numbers = _numbers(table, target) if found else None
    if found is None or numbers is None or not is_amount(numbers):
        return None
    return found[1] if zero_or_one(_classes(table, found[1])) else None


def _guess(table: RawTable, columns: Sequence[ColumnProfile]) -> str | None:
    """The times of a follow-up where there is one, else the column that is likely the outcome."""
    numeric = [each.name for each in columns if _numbers(table, each.name) is not None]
    found = follow_up(columns, numeric)
    if found and _event_of(table, found[0], columns):
        return found[0]
    return outcome(columns)


def _problem(proposal: _Proposal) -> dict[str, Any]:
    metric, limit = GOALS[proposal.instance.get("task", "binary")]
    return {
        "family": "prediction",
        "instance": proposal.instance,
        "target": {"metric": metric, "at_least": limit},
        "data_class": "identifiable",
        "seed": proposal.seed,
    }


def _notes(
    proposal: _Proposal,
    marks: Mapping[str, list[tuple[float, int]]],
    wish: Mapping[str, Any],
    columns: Sequence[ColumnProfile],
    table: RawTable,
) -> dict[str, str]:
    notes = {}
    target = proposal.instance["target"]
    others = [name for name in two_valued(columns) if name != target]
    if "target" not in wish:
        notes["target"] = f"a guess; it could be {listed(others, 'or')}" if others else "a guess"
    if "task" in proposal.instance and "task" not in wish:
        notes["task"] = TASK_NOTES.get(proposal.instance["task"], TASK_NOTE)
    if "event" in proposal.instance and "event" not in wish:
        notes["event"] = "a guess: 1 where it happened at that time, 0 where the row was last seen without it"
    if "horizon" in proposal.instance and "horizon" not in wish:
        notes["horizon"] = "a guess: until when enough rows were seen"
    if (
        proposal.instance.get("task") == "time_to_event"
        and "drop" in proposal.instance
        and "drop" not in wish
    ):
        notes["drop"] = "a guess: names, and what is known only afterwards"
    if "order" in proposal.instance and "order" not in wish:
        notes["order"] = "a guess: lowest first"
    classes = sorted({*_classes(table, target)} - {str(proposal.instance.get("positive"))})
    if "positive" not in wish and len(classes) == 1:
        notes["positive"] = f"a guess; the other class is {classes[0]}"
    numbers = sorted({canonical(value) for found in marks.values() for value, _ in found}, key=float)
    texts = _texts_for_missing(table, proposal.instance)
    aside = []
    if numbers or texts:
        named = listed([*marks, *(name for name in texts if name not in marks)])
        spelt = sorted({text for found in texts.values() for text in found})
        values = [*proposal.instance.get("na_values", []), *map(_number, numbers), *spelt]
        aside.append(f"{line('na_values', values)}  # if these mean missing, in {named}")
    taken = {proposal.instance.get(role) for role in ("target", "group", "time")}
    again = [name for name, values in table.columns.items() if _comes_back(table, name, values)]
    if "group" not in proposal.instance:
        aside += [_grouped(name, proposal.instance) for name in again if name not in taken]
    return {**notes, "": "\n".join(aside)} if aside else notes


def _comes_back(table: RawTable, name: str, values: Any) -> bool:
    """Whether it names somebody who has several rows; amounts that are written as texts are amounts."""
    numbers = _numbers(table, name)
    return bool(comes_back(name, values if numbers is None else numbers))


def _grouped(name: str, instance: Mapping[str, Any]) -> str:
    """The line by which rows of one patient stay together; what is a group cannot be dropped as well."""
    rest = ", not under drop" if name in instance.get("drop", []) else ""
    return f"{line('group', name)}  # if it names patients who have several rows{rest}"


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _texts_for_missing(table: RawTable, instance: Mapping[str, Any]) -> dict[str, set[str]]:
    """Texts of each feature that usually mean missing, and are levels like any other."""
    known = {instance["target"], *instance.get("drop", [])}
    found = {
        name: {text for text in values if text is not None and text.lower() in LOOKS_MISSING}
        for name, values in table.columns.items()
        if name not in known and not isinstance(values, np.ndarray)
    }
    left = {name: texts - {*instance.get("na_values", [])} for name, texts in found.items()}
    return {name: texts for name, texts in left.items() if texts}

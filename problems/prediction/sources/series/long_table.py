"""Recordings from a table: a row a value (person, time, channel, value), or a row a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from escalation.model.errors import BadInput
from escalation.text.wording import counted, listed
from problems.prediction.sources.series.recordings import Recording, Recordings, Signal
from toolbox.arrays.types import Floats, Index
from toolbox.tables.any_file import read_any
from toolbox.tables.as_numbers import check_column, numbers_of, present_texts, times_of
from toolbox.tables.raw import RawTable
from toolbox.tables.raw_files import Value

MOST_CHANNELS = 200


@dataclass(frozen=True)
class LongColumns:
    """Which column is what; either `channel` and `value`, or `channels`."""

    person: str
    at: str
    channel: str | None = None
    value: str | None = None
    channels: tuple[str, ...] = ()


def read_long(path: Path, columns: LongColumns, na_values: Sequence[Value]) -> tuple[Recordings, RawTable]:
    """Returns the recordings, one a person, and the table they come from.

    Raises:
        BadInput: naming file and row: a column is missing, a value is no number, a person or a time is
            missing, or a channel has two values at one time.
    """
    table = read_any(path, na_values)
    file = path.name
    named = [
        ("person", columns.person),
        ("at", columns.at),
        *(("channels", each) for each in columns.channels),
    ]
    named += [(role, name) for role in ("channel", "value") if (name := getattr(columns, role))]
    for role, name in named:
        check_column(table, str(name), role, file)
    people = present_texts(table, columns.person, "person", file)
    times, dated = times_of(table, columns.at, "at", file)
    if np.isnan(times).any():
        place = table.where[int(np.flatnonzero(np.isnan(times))[0])]
        raise BadInput(f"{file}, {place}: at column {columns.at!r}: expected a time, got a missing one")
    names, values = _values(table, columns, file)
    each = _recordings(table, file, people, times, values)
    source = {**table.source, "people": len(each)}
    lost = len(set(people)) - len(each)
    said = [f"{counted(lost, 'person', 'persons')} left out: nothing was measured of them"] if lost else []
    return Recordings(each, tuple(names), dated, source, (*table.remarks, *said)), table


Rows = tuple[Index, Floats]
"""Rows of the table, and a channel's value in each of them."""


def _values(table: RawTable, columns: LongColumns, file: str) -> tuple[list[str], dict[str, Rows]]:
    every = np.arange(len(table))
    if columns.channels:
        of = {name: (every, numbers_of(table, name, "channels", file)) for name in columns.channels}
        return list(columns.channels), of
    channels = np.array(present_texts(table, str(columns.channel), "channel", file), dtype=object)
    numbers = numbers_of(table, str(columns.value), "value", file)
    names = sorted(set(channels))
    if len(names) > MOST_CHANNELS:
        raise BadInput(
            f"{file}: channel column {columns.channel!r}: expected at most {MOST_CHANNELS} channels, got "
            f"{len(names)} ({listed(names, most=4)})"
        )
    rows = {name: np.flatnonzero(channels == name) for name in names}
    return names, {name: (rows[name], numbers[rows[name]]) for name in names}


def _recordings(
    table: RawTable, file: str, people: list[str], times: Floats, values: dict[str, Rows]
) -> list[Recording]:
    names = list(dict.fromkeys(people))
    number = {name: place for place, name in enumerate(names)}
    of = np.array([number[name] for name in people])
    signals: list[dict[str, Signal]] = [{} for _ in names]
    for channel, (rows, numbers) in values.items():
        order = np.lexsort((times[rows], of[rows]))
        sorted_rows, sorted_numbers = rows[order], numbers[order]
        who, when = of[sorted_rows], times[sorted_rows]
        if twice := _twice(who, when):
            first, second = sorted(table.where[sorted_rows[at]] for at in twice)
            raise BadInput(
                f"{file}, {second}: channel {channel!r} of person {names[who[twice[0]]]!r} has a value at "
                "this time "
                f"already in {first}: expected one value a person, channel and time"
            )
        ends = np.searchsorted(who, np.arange(len(names) + 1))
        for place in range(len(names)):
            part = slice(ends[place], ends[place + 1])
            signals[place][channel] = Signal(when[part], sorted_numbers[part])
    return [
        Recording(name, f"person {name}", found, key=name)
        for name, found in zip(names, signals, strict=True)
        if any(np.any(~np.isnan(signal.values)) for signal in found.values())
    ]


def _twice(who: Index, when: Floats) -> tuple[int, int] | None:
    """The first two neighbouring places of one person and time, where there are any."""
    found = np.flatnonzero((np.diff(who) == 0) & (np.diff(when) == 0))
    return (int(found[0]), int(found[0]) + 1) if len(found) else None

"""What is known of each person beside the series: the outcome, and what does not change with time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from escalation.model.errors import BadInput
from escalation.text.wording import counted, listed
from problems.prediction.sources.series.recordings import Recording, Recordings
from problems.prediction.sources.series.spec import SeriesSpec
from problems.prediction.sources.series.windows import Followed
from toolbox.tables.any_file import read_any
from toolbox.tables.as_numbers import check_column, present_texts, texts_of, times_of
from toolbox.tables.numbers import canonical
from toolbox.tables.raw import RawTable

FILE = "file"
_HAPPENED = {"1": True, "0": False, "true": True, "false": False, "yes": True, "no": False}


@dataclass(frozen=True)
class KnownPeople:
    """By a recording's key, where it has one.

    Attributes:
        place: the row of the table that speaks of it.
        table: the columns.
        source: of a table of its own.
        remarks: who is left out.
    """

    place: Mapping[str, int]
    table: RawTable
    source: Mapping[str, object] | None = None
    remarks: tuple[str, ...] = ()


def read_people(
    spec: SeriesSpec, folder: Path, found: Recordings, table: RawTable | None
) -> tuple[Recordings, KnownPeople]:
    """Returns the recordings of whom something is known, and what that is.

    Raises:
        BadInput: naming file and row: a person stands there twice, rows of one person differ, or a value is
            missing.
    """
    if spec.people is None:
        assert table is not None
        return found, _from_series(spec, found, table)
    known = read_any(folder / spec.people, spec.na_values)
    file = Path(spec.people).name
    by = FILE if spec.edf is not None else str(spec.person)
    check_column(known, by, "person" if spec.edf is None else "file", file)
    for role, name in _named(spec):
        check_column(known, name, role, file)
    keys = present_texts(known, by, "person", file)
    place: dict[str, int] = {}
    for row, key in enumerate(keys):
        if key in place:
            raise BadInput(
                f"{file}, {known.where[row]}: {key!r} stands in {known.where[place[key]]} already: "
                "expected one "
                "row a person"
            )
        place[key] = row
    kept = [each for each in found.each if each.key in place]
    _refuse_none(kept, found, keys, file)
    if spec.edf is not None and spec.person is not None:
        whose = present_texts(known, spec.person, "person", file)
        kept = [_of_person(each, whose[place[each.key]]) for each in kept]
    remarks = _left_out(len(found.each) - len(kept), len(place) - len(kept), file)
    people = KnownPeople(place, known, dict(known.source), (*known.remarks, *remarks))
    return replace(found, each=kept), people


def static_of_new(
    spec: SeriesSpec, folder: Path, found: Recordings, table: RawTable | None
) -> KnownPeople | None:
    """What does not change with time of new people, of whom no outcome is known; None where nothing is asked.

    Raises:
        BadInput: when a column, or somebody's row, is missing.
    """
    if not spec.static:
        return None
    unknown = {"target": None, "event": None} | ({"person": None} if spec.edf is not None else {})
    own = spec.model_copy(update=unknown)
    if own.people is None and table is None:
        raise BadInput(
            "expected a table of people with what the model learnt of them: list the files in a YAML file, "
            "this one under `people`"
        )
    kept, people = read_people(own, folder, found, table)
    if len(kept.each) < len(found.each):
        lacking = [one.key for one in found.each if one.key not in people.place]
        raise BadInput(
            f"{spec.people}: expected a row for each of the series, got none for {listed(lacking)}"
        )
    return people


def _named(spec: SeriesSpec) -> list[tuple[str, str]]:
    named = [("target", spec.target), ("event", spec.event), *(("static", each) for each in spec.static)]
    if spec.edf is not None:
        named.append(("person", spec.person))
    return [(role, name) for role, name in named if name is not None]


def _of_person(one: Recording, person: str) -> Recording:
    return replace(one, person=person)


def _refuse_none(kept: Sequence[Recording], found: Recordings, keys: Sequence[str], file: str) -> None:
    if not kept:
        raise BadInput(
            f"{file}: expected a row for each of {listed([each.key for each in found.each], most=4)}, got "
            "rows "
            f"for {listed(keys, most=4)}: names must be spelt alike"
        )


def _left_out(unknown: int, unmeasured: int, file: str) -> list[str]:
    found = []
    if unknown:
        found.append(
            f"{counted(unknown, 'recording is', 'recordings are')} left out: {file} has no row for them"
        )
    if unmeasured:
        found.append(f"{counted(unmeasured, 'row', 'rows')} of {file} left out: nothing was measured of them")
    return found


def _from_series(spec: SeriesSpec, found: Recordings, table: RawTable) -> KnownPeople:
    """Columns of the series' own table, which must be equal in all rows of a person."""
    file = Path(str(spec.series)).name
    people = texts_of(table, str(spec.person))
    place: dict[str, int] = {}
    for row, person in enumerate(people):
        place.setdefault(str(person), row)
    for role, name in _named(spec):
        check_column(table, name, role, file)
        texts = texts_of(table, name)
        for row, (text, person) in enumerate(zip(texts, people, strict=True)):
            first = place[str(person)]
            if text != texts[first]:
                raise BadInput(
                    f"{file}, {table.where[row]}: {role} column {name!r} is {text!r}, but {texts[first]!r} "
                    "in "
                    f"{table.where[first]} of the same person: expected one value a person"
                )
    return KnownPeople(place, table)


def followed(spec: SeriesSpec, people: KnownPeople, found: Recordings, seconds: float) -> dict[str, Followed]:
    """Until when each was followed, on the clock of the recordings, and whether the event then came.

    Args:
        spec: which columns say so.
        people: the table.
        found: the recordings, their times in the user's unit.
        seconds: of that unit, where times are dates.

    Raises:
        BadInput: naming the row: a time or a flag is missing or none, or an end lies before the first value.
    """
    file = Path(str(spec.people or spec.series)).name
    table, name, flag = people.table, str(spec.target), str(spec.event)
    until, dated = times_of(table, name, "target", file)
    if dated != found.dated:
        wanted = (
            "a date, as the times of the series are"
            if found.dated
            else "a number, as the times of the series"
        )
        raise BadInput(f"{file}: target column {name!r}: expected {wanted}")
    until = until / seconds if dated else until
    texts = present_texts(table, flag, "event", file)
    result = {}
    for one in found.each:
        row = people.place[one.key]
        where = f"{file}, {table.where[row]}"
        if np.isnan(until[row]):
            raise BadInput(f"{where}: target column {name!r}: expected a time, got a missing value")
        if until[row] < one.span[0]:
            raise BadInput(
                f"{where}: target column {name!r}: expected an end after the first value, got one before"
            )
        result[one.key] = Followed(float(until[row]), _happened(spec, texts[row], where, table.decimal))
    return result


def _happened(spec: SeriesSpec, text: str, where: str, decimal: str) -> bool:
    if spec.positive is not None:
        return canonical(text, decimal) == canonical(spec.positive, decimal)
    found = _HAPPENED.get(canonical(text, decimal).lower())
    if found is None:
        raise BadInput(
            f"{where}: event column {spec.event!r}: expected 1 or 0, got {text!r}: name the value that "
            "means it "
            "happened as `positive`"
        )
    return found


def static_columns(spec: SeriesSpec, people: KnownPeople, keys: Sequence[str]) -> dict[str, list[str | None]]:
    """The static columns as texts, a value a row."""
    place = [people.place[key] for key in keys]
    found = {}
    for name in spec.static:
        texts = texts_of(people.table, name)
        found[name] = [texts[row] for row in place]
    return found


def classes(spec: SeriesSpec, people: KnownPeople, keys: Sequence[str]) -> list[str | None]:
    """The class of each row's person; refused where one is missing.

    Raises:
        BadInput: naming the row of the table.
    """
    texts = texts_of(people.table, str(spec.target))
    file = Path(str(spec.people or spec.series)).name
    for key in dict.fromkeys(keys):
        if texts[people.place[key]] is None:
            place = people.table.where[people.place[key]]
            raise BadInput(
                f"{file}, {place}: target column {spec.target!r}: expected a class, got a missing value: "
                "remove the row"
            )
    return [texts[people.place[key]] for key in keys]

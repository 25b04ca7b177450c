"""Appointments from two CSV files, `patients` and `resources`.

How the files are written: see `problems.optimisation.readers.tables`. Times are `HH:MM`, meaning the day of
the problem file's `opens` (24:00 is its end), or a date and time, `2026-11-24T09:30`; local, without a zone,
to the minute. Slots have `slot_min` minutes: what does not fall on their edges is rounded inwards (an
appointment takes whole slots; a shift that starts within a slot starts with the next one), and the number of
such times is remarked on.

Patients, one line each:

- `id` (needed): a name that no other patient has
- `urgency` (needed): 1 (routine) to 5 (most urgent); a step up doubles what an hour of waiting weighs
- `duration_min` (needed): minutes that the appointment takes, at least 1
- `skills`: what the clinician must be able to do, all of them, divided by `;`
- `equipment`: what the room must have, all of it, divided by `;`
- `earliest`: when the patient can first be seen, and waiting begins; blank: when all opens
- `latest`: when the appointment must have ended; blank: the end of the last shift
- `required`: yes, where the patient must be seen, however late; blank or no: may be turned away

Resources, one line a shift:

- `id` (needed): the clinician's or room's name; several lines are several shifts
- `type` (needed): clinician or room
- `offers`: skills of a clinician, equipment of a room, divided by `;`; the same on all lines of one id
- `from` (needed): when the shift starts
- `to` (needed): when it ends; after its start

Shifts of one id do not overlap. An appointment lies within one line's shift of its clinician and one of its
room; where one shift ends as the next starts, they stay two.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from escalation.model.complaints import apart, settle, so_far, wrong
from escalation.model.errors import BadInput
from problems.optimisation.model.models import Appointments, Clinician, Patient, Room, Span
from problems.optimisation.readers.pairs import counted
from problems.optimisation.readers.read import Read
from problems.optimisation.readers.tables import each_apart, read_tables, refuse_two_spellings
from problems.optimisation.readers.times import TimeReader
from problems.optimisation.spec.spec import AppointmentsSpec
from toolbox.tables.rows import Row, Table

PATIENT_COLUMNS = ("id", "urgency", "duration_min"), ("skills", "equipment", "earliest", "latest", "required")
RESOURCE_COLUMNS = ("id", "type", "from", "to"), ("offers",)
TYPES = ("clinician", "room")
DEFAULT_SLOT_MIN = 15
LONGEST_MIN = 7 * 24 * 60
MOST_SLOTS = 2**31
"""Where a shift could not be read, no time is too late."""


@dataclass
class _Resource:
    """A clinician or a room with the shifts that were read so far, each with its place."""

    kind: str
    offers: tuple[str, ...]
    shifts: dict[Span, str]

    @property
    def spans(self) -> tuple[Span, ...]:
        """The shifts in order."""
        return tuple(sorted(self.shifts))


def read_clinic(spec: AppointmentsSpec, folder: Path) -> Read:
    """Reads the pair of tables.

    Raises:
        BadInput: on anything malformed, with file, line and column.
    """
    assert spec.patients is not None
    assert spec.resources is not None
    assert spec.opens is not None
    clock = TimeReader(spec.opens, spec.slot_min or DEFAULT_SLOT_MIN)
    since = so_far()
    people, shifts = read_tables(folder / spec.patients, folder / spec.resources)
    if not all([people.check(*PATIENT_COLUMNS), shifts.check(*RESOURCE_COLUMNS)]):
        settle(since)
    for column, offered in (("skills", "clinician"), ("equipment", "room")):
        offers = [(row, "offers") for row in shifts.rows if row.text("type").lower() == offered]
        refuse_two_spellings([*((row, column) for row in people.rows), *offers])
    for table in (people, shifts):
        refuse_two_spellings((row, "id") for row in table.rows)
    resources = _resources(shifts, clock)
    if not wrong(since):
        _refuse_none(resources, shifts)
    ends = [last for each in resources.values() for _, last in each.shifts]
    slots = MOST_SLOTS if wrong(since) else max(ends)
    rows = people.once("id")
    patients = each_apart(rows.values(), lambda row: _patient(row, clock, slots))
    settle(since)
    model = Appointments(
        opens=f"{spec.opens:%Y-%m-%dT%H:%M}",
        slot_min=clock.slot_min,
        slots=slots,
        refusal=_refusal(spec, clock, slots),
        scale=60 // clock.slot_min,
        patients=patients,
        clinicians=tuple(
            Clinician(id=name, skills=each.offers, shifts=each.spans)
            for name, each in _of(resources, "clinician")
        ),
        rooms=tuple(
            Room(id=name, equipment=each.offers, shifts=each.spans) for name, each in _of(resources, "room")
        ),
    )
    source = {"patients": people.file.source, "resources": shifts.file.source}
    return Read(model, source, _remarks(clock), {name: row.where for name, row in rows.items()})


def _resources(table: Table, clock: TimeReader) -> dict[str, _Resource]:
    found: dict[str, _Resource] = {}
    each_apart(table.rows, lambda row: _add_line(found, row, clock))
    return found


def _add_line(found: dict[str, _Resource], row: Row, clock: TimeReader) -> None:
    kind = row.text("type").lower()
    if kind not in TYPES:
        raise row.complain("type", "expected clinician or room", row.text("type"))
    name, offers = row.name("id"), row.names("offers")
    known = found.setdefault(name, _Resource(kind, offers, {}))
    if known.kind != kind:
        raise row.complain("type", f"expected {known.kind} as on the other lines of {name}", kind)
    if known.offers != offers:
        same = f"expected the same on all lines of {name}, {';'.join(known.offers)!r}"
        raise row.complain("offers", same, row.text("offers"))
    _add_shift(known.shifts, _shift(row, clock), row, name)


def _shift(row: Row, clock: TimeReader) -> Span:
    span = clock.first(row, "from"), clock.last(row, "to")
    if span[1] <= span[0]:
        least = f"expected a time {clock.slot_min} minutes or more after the start, {row.text('from')}"
        raise row.complain("to", least, row.text("to"))
    return span


def _add_shift(shifts: dict[Span, str], span: Span, row: Row, name: str) -> None:
    for other, where in shifts.items():
        if span[0] < other[1] and other[0] < span[1]:
            raise BadInput(f"{row.where}: this shift of {name} overlaps the one at {where}: merge them")
    shifts[span] = row.where


def _refusal(spec: AppointmentsSpec, clock: TimeReader, slots: int) -> int:
    if spec.refusal_h is None:
        return slots
    refusal = -int(-spec.refusal_h * 60 // clock.slot_min)
    if refusal < slots:
        least = slots * clock.slot_min / 60
        raise BadInput(
            f"instance.refusal_h: expected at least {least:g}, the hours to the end of the last shift "
            f"(waiting is never worse than being turned away), got {spec.refusal_h:g}"
        )
    return refusal


def _patient(row: Row, clock: TimeReader, slots: int) -> Patient:
    name, urgency, required = row.name("id"), row.whole("urgency", 1, 5), row.flag("required")
    minutes = row.whole("duration_min", 1, LONGEST_MIN)
    clock.rounded += minutes % clock.slot_min > 0
    earliest = clock.first(row, "earliest") if row.text("earliest") else 0
    latest = clock.last(row, "latest") if row.text("latest") else slots
    if row.text("latest") and latest <= earliest:
        after = f"expected a time after earliest, {row.text('earliest') or 'when all opens'}"
        raise row.complain("latest", after, row.text("latest"))
    if earliest >= slots:
        raise row.complain("earliest", "expected a time before the last shift ends", row.text("earliest"))
    return Patient(
        id=name,
        urgency=urgency,
        duration=-(-minutes // clock.slot_min),
        skills=row.names("skills"),
        equipment=row.names("equipment"),
        earliest=earliest,
        latest=min(latest, slots),
        required=required,
    )


def _of(resources: Mapping[str, _Resource], kind: str) -> list[tuple[str, _Resource]]:
    return [(name, each) for name, each in resources.items() if each.kind == kind]


def _refuse_none(resources: Mapping[str, _Resource], table: Table) -> None:
    for kind in TYPES:
        if not _of(resources, kind):
            with apart():
                raise BadInput(f"{table.file.path}: expected at least one {kind}, got none")


def _remarks(clock: TimeReader) -> tuple[str, ...]:
    if not clock.rounded:
        return ()
    times = counted(clock.rounded, "time or duration is", "times and durations are")
    return (f"{times} not on the edge of a slot of {clock.slot_min} minutes: rounded inwards",)

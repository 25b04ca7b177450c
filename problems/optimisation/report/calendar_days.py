"""Slots as a reader's time: the days of a schedule, and the local time of a slot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from problems.optimisation.model.models import Appointments, Clinician, Room, Span


@dataclass(frozen=True)
class Day:
    """The part of one day that is worth showing.

    Attributes:
        date: local.
        first: slot with which the first shift of the day begins.
        last: slot after the end of its last one.
    """

    date: date
    first: int
    last: int


def time_of(model: Appointments, slot: int) -> datetime:
    """Local time, without a zone, at which a slot begins."""
    return datetime.fromisoformat(model.opens) + timedelta(minutes=slot * model.slot_min)


def days(model: Appointments) -> list[Day]:
    """The days on which somebody is at work or a room is open, each from the first to the last open slot.

    A slot belongs to the day in which it begins.
    """
    open_when: list[Clinician | Room] = [*model.clinicians, *model.rooms]
    shifts = [shift for each in open_when for shift in each.shifts]
    found = []
    for first, last in _midnights(model):
        parts = [part for shift in shifts if (part := overlap(shift, (first, last)))]
        if parts:
            begin, end = min(part[0] for part in parts), max(part[1] for part in parts)
            found.append(Day(time_of(model, first).date(), begin, end))
    return found


def overlap(one: Span, other: Span) -> Span | None:
    """The slots that both have; None where they have none."""
    first, last = max(one[0], other[0]), min(one[1], other[1])
    return (first, last) if first < last else None


def gaps(shifts: Sequence[Span], within: Span) -> list[Span]:
    """The slots of `within` that no shift has; the shifts are in order."""
    found, at = [], within[0]
    for first, last in shifts:
        if closed := overlap((at, first), within):
            found.append(closed)
        at = max(at, last)
    if closed := overlap((at, within[1]), within):
        found.append(closed)
    return found


def _midnights(model: Appointments) -> list[Span]:
    """Slots of each day."""
    spans, first = [], 0
    while first < model.slots:
        last = first + 1
        while last < model.slots and time_of(model, last).date() == time_of(model, first).date():
            last += 1
        spans.append((first, last))
        first = last
    return spans

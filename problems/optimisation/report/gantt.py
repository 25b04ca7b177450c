"""A schedule as Gantt charts, one a day: rows are clinicians, then rooms; bars are patients.

Urgency is told by the digit in front of the patient as well as by colour; the colours grow darker with it
(five classes of YlOrRd of Brewer & Harrower 2003, safe for colour-blind readers).
"""

from dataclasses import dataclass

from escalation.text.svg import LINE, MOST_PAGE_PX, PAPER, Drawing, fitting, names_px, unit_px, width_px
from problems.optimisation.model.models import Appointments, Clinician, Patient, Room
from problems.optimisation.model.points import Point
from problems.optimisation.report.calendar_days import Day, days, gaps, overlap, time_of

URGENCY_COLOURS = ("#ffffb2", "#fecc5c", "#fd8d3c", "#f03b20", "#bd0026")
URGENCY_INKS = ("#000000", "#000000", "#000000", "#000000", "#ffffff")
ROW_PX, BAR_PX = 20, 16


@dataclass(frozen=True)
class Booked:
    """A patient's appointment; `clinician` and `room` are places in the instance."""

    patient: Patient
    clinician: int
    room: int
    start: int

    @property
    def end(self) -> int:
        """The slot after its last."""
        return self.start + self.patient.duration


def booked(model: Appointments, point: Point) -> list[Booked]:
    """The appointments of a point, by start, then room."""
    rows = zip(model.patients, point.tolist(), strict=True)
    found = [Booked(patient, c, r, start) for patient, (c, r, start) in rows if c >= 0]
    return sorted(found, key=lambda each: (each.start, each.room))


def untreated(model: Appointments, point: Point) -> list[Patient]:
    """Those without an appointment, the most urgent first."""
    left = [patient for patient, row in zip(model.patients, point.tolist(), strict=True) if row[0] < 0]
    return sorted(left, key=lambda patient: -patient.urgency)


def charts(model: Appointments, point: Point, name: str, most_px: float = MOST_PAGE_PX) -> list[str]:
    """Returns an SVG a day on which somebody is at work; `name` makes their ids differ from others'."""
    appointments = booked(model, point)
    return [
        _Chart(model, day, f"{name}-day-{number}", appointments, most_px).svg()
        for number, day in enumerate(days(model))
    ]


def _label(patient: Patient) -> str:
    return f"{patient.urgency} {patient.id}"


class _Chart:
    """One day."""

    rooms_lower_px = 8
    """What parts the rooms from the clinicians."""

    def __init__(
        self, model: Appointments, day: Day, name: str, appointments: list[Booked], most_px: float
    ) -> None:
        self.model, self.day = model, day
        self.today = [each for each in appointments if overlap((each.start, each.end), self._span)]
        self.rows: list[Clinician | Room] = [*model.clinicians, *model.rooms]
        self.left = names_px(row.id for row in self.rows)
        slots, beside = day.last - day.first, self.left + 8
        labels = [(_label(each.patient), self._length(each)) for each in self.today]
        self.slot_px = unit_px(slots, beside, labels, most_px)
        self.width = beside + slots * self.slot_px
        self.top = 38
        self.bottom = self.top + ROW_PX * len(self.rows) + self.rooms_lower_px
        self.page = Drawing(name, self.width, self.bottom + 26)

    def svg(self) -> str:
        """Draws the day's part of the appointments."""
        self._grid()
        for number, row in enumerate(self.rows):
            self._row(number, row)
        for each in self.today:
            self._bar(each.clinician, each)
            self._bar(len(self.model.clinicians) + each.room, each)
        self._legend()
        title = f"Schedule of {self.day.date:%A, %d %B %Y}: {len(self.today)} appointments"
        about = (
            "Rows are clinicians, then rooms; a bar is a patient, its digit the urgency; hatched is closed."
        )
        return self.page.svg(title, about)

    @property
    def _span(self) -> tuple[int, int]:
        return self.day.first, self.day.last

    def _length(self, each: Booked) -> int:
        """Slots of the day that an appointment takes."""
        first, last = overlap((each.start, each.end), self._span) or (0, 0)
        return last - first

    def _x(self, slot: int) -> float:
        return round(self.left + (slot - self.day.first) * self.slot_px, 2)

    def _y(self, number: int) -> float:
        return (
            self.top + ROW_PX * number + (self.rooms_lower_px if number >= len(self.model.clinicians) else 0)
        )

    def _grid(self) -> None:
        self.page.text(4, 14, f"{self.day.date:%A, %d %B %Y}")
        said_until = 0.0
        for slot in range(self.day.first, self.day.last + 1):
            time = time_of(self.model, slot)
            x = self._x(slot)
            edge = slot in self._span
            if (time.minute == 0 or edge) and x - said_until >= 6:
                self.page.line(x, self.top - 4, x, self.bottom)
                at = min(x, self.width - width_px("00:00") / 2)
                self.page.text(at, self.top - 8, f"{time:%H:%M}", anchor="middle")
                said_until = x + width_px("00:00")

    def _row(self, number: int, row: Clinician | Room) -> None:
        y = self._y(number)
        self.page.text(4, y + 14, fitting(row.id, self.left - 8))
        for first, last in gaps(row.shifts, self._span):
            self.page.hatched(self._x(first), y, self._x(last) - self._x(first), ROW_PX - 2)

    def _bar(self, number: int, each: Booked) -> None:
        part = overlap((each.start, each.end), self._span)
        assert part is not None
        x, y = self._x(part[0]), self._y(number) + (ROW_PX - 2 - BAR_PX) / 2
        width = self._x(part[1]) - x
        patient = each.patient
        colour, ink = URGENCY_COLOURS[patient.urgency - 1], URGENCY_INKS[patient.urgency - 1]
        times = f"{time_of(self.model, each.start):%H:%M} to {time_of(self.model, each.end):%H:%M}"
        where = f"{self.model.clinicians[each.clinician].id}, {self.model.rooms[each.room].id}"
        said = f"{patient.id}, urgency {patient.urgency}, {times}, {where}"
        self.page.box(x + 0.5, y, max(width - 1, 1), BAR_PX, colour, title=said, line=LINE)
        whole = fitting(_label(patient), width - 4)
        label = whole if len(whole) > 3 else fitting(str(patient.urgency), width - 4)
        if label:
            self.page.text(x + 3, y + 12, label, ink)

    def _legend(self) -> None:
        x, y = 4.0, self.bottom + 8  # from the edge, so that a telephone shows all of it
        for urgency, colour in enumerate(URGENCY_COLOURS, 1):
            self.page.box(x, y, 14, 14, colour, line=LINE)
            self.page.text(x + 7, y + 11, str(urgency), URGENCY_INKS[urgency - 1], "middle")
            said = {1: "routine", 5: "most urgent"}.get(urgency, "")
            self.page.text(x + 18, y + 11, said)
            x += 30 + width_px(said)
        self.page.box(x, y, 14, 14, PAPER, line=LINE)
        self.page.hatched(x, y, 14, 14)
        self.page.text(x + 18, y + 11, "closed")

"""Triage from two CSV files, `patients` and `places`.

How the files are written: see `problems.optimisation.readers.tables`. What is scarce is named by columns of
one's own, the same in both files, in whole numbers: `beds`, `nurse_hours`, `monitors`, …. Every column that
is not in the lists below is such a capacity.

Patients, one line each:

- `id` (needed): a name that no other patient has
- `urgency` (or benefit): 1 (routine) to 5 (most urgent); being placed is worth 1, 2, 4, 8 or 16
- `benefit` (or urgency): what being placed is worth, a whole number of at least 1
- `needs`: what the place must offer, all of it, divided by `;`
- `cohort`: patients of different cohorts (infections) never share a place; blank: goes with anybody
- `required`: yes, where the patient must be placed; blank or no: may be left out
- the capacities (needed): how much of it the patient takes; blank: 0

Places, one line each:

- `id` (needed): a name that no other place has
- `offers`: what is there, divided by `;`
- `quality`: per cent of its worth that being placed here has, 1 to 100; blank: 100
- the capacities (needed): how much of it there is; blank: 0
"""

from pathlib import Path

from escalation.model.complaints import apart, settle, so_far
from problems.optimisation.model.models import URGENCY_WEIGHT, Claimant, Names, Place, Triage
from problems.optimisation.readers.numbers import refuse_overflow
from problems.optimisation.readers.read import Read
from problems.optimisation.readers.tables import each_apart, read_tables, refuse_two_spellings
from problems.optimisation.spec.spec import TriageSpec
from toolbox.tables.rows import Row, Table

PATIENT_COLUMNS = ("id", "urgency", "benefit", "needs", "cohort", "required")
PLACE_COLUMNS = ("id", "offers", "quality")
MOST_BENEFIT = 10**9
MOST_CAPACITY = 10**9


def read_ward(spec: TriageSpec, folder: Path) -> Read:
    """Reads the pair of tables.

    Raises:
        BadInput: on anything malformed, with file, line and column.
    """
    assert spec.patients is not None
    assert spec.places is not None
    since = so_far()
    people, wards = read_tables(folder / spec.patients, folder / spec.places)
    with apart():
        worth = _worth(people)
    capacities = _capacities(people, wards)
    settle(since)
    needs = [(row, "needs") for row in people.rows]
    refuse_two_spellings([*needs, *((row, "offers") for row in wards.rows)])
    for table, column in ((people, "cohort"), (people, "id"), (wards, "id")):
        refuse_two_spellings((row, column) for row in table.rows)
    rows = people.once("id")
    patients = each_apart(rows.values(), lambda row: _patient(row, worth, capacities))
    places = each_apart(wards.once("id").values(), lambda row: _place(row, capacities))
    settle(since)
    model = Triage(capacities=capacities, patients=patients, places=places)
    refuse_overflow((patient.benefit * Triage.scale for patient in model.patients), str(people.file.path))
    source = {"patients": people.file.source, "places": wards.file.source}
    return Read(model, source, (), {name: row.where for name, row in rows.items()})


def _capacities(people: Table, wards: Table) -> Names:
    """The columns that both tables have beside their own."""
    taken = tuple(name for name in people.header if name not in PATIENT_COLUMNS)
    there = tuple(name for name in wards.header if name not in PLACE_COLUMNS)
    for table, own, others, other in ((people, taken, there, wards), (wards, there, taken, people)):
        for name in own:
            if name not in others:
                with apart():
                    raise table.file.complain(
                        1, f"unknown column {name!r}: a capacity must be in {other.file.path} too; correct it"
                    )
    if not there:
        raise wards.file.complain(1, "expected at least one capacity in both tables, for instance beds")
    people.check(("id", *there), PATIENT_COLUMNS[1:])
    wards.check(("id", *there), PLACE_COLUMNS[1:])
    return there


def _worth(people: Table) -> str:
    found = [name for name in ("urgency", "benefit") if name in people.header]
    if len(found) != 1:
        got = " and ".join(found) or "none"
        raise people.file.complain(1, f"expected one of the columns urgency and benefit, got {got}")
    return found[0]


def _patient(row: Row, worth: str, capacities: Names) -> Claimant:
    if worth == "urgency":
        benefit = URGENCY_WEIGHT[row.whole("urgency", 1, 5) - 1]
    else:
        benefit = row.whole("benefit", 1, MOST_BENEFIT)
    cohort = row.text("cohort")
    return Claimant(
        id=row.name("id"),
        benefit=benefit,
        needs=row.names("needs"),
        uses=tuple(row.whole(name, 0, MOST_CAPACITY, blank=0) for name in capacities),
        cohort=row.name("cohort") if cohort else "",
        required=row.flag("required"),
    )


def _place(row: Row, capacities: Names) -> Place:
    return Place(
        id=row.name("id"),
        offers=row.names("offers"),
        capacity=tuple(row.whole(name, 0, MOST_CAPACITY, blank=0) for name in capacities),
        quality=row.whole("quality", 1, 100, blank=100),
    )

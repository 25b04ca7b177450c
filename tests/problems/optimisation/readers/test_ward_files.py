"""Wards from tables: capacities by columns of one's own, and every refusal with file, line and column."""

from collections.abc import Callable
from pathlib import Path

import pytest

from escalation.model.errors import BadInput
from problems.optimisation.model.models import Claimant, Place, Triage
from problems.optimisation.readers.read import Read
from problems.optimisation.readers.ward_tables import read_ward
from problems.optimisation.spec.spec import TriageSpec

PATIENTS = "id,urgency,needs,cohort,required,beds,hours\na,5,oxygen,flu,yes,1,6\nb,1,,,,1,\n"
PLACES = "id,offers,quality,hours,beds\nicu,oxygen,,24,2\nbay,,80,12,4\n"
ReadPair = Callable[..., Read]


@pytest.fixture
def pair(tmp_path: Path) -> ReadPair:
    def read(patients: str = PATIENTS, places: str = PLACES) -> Read:
        (tmp_path / "p.csv").write_text(patients)
        (tmp_path / "w.csv").write_text(places)
        return read_ward(TriageSpec(patients="p.csv", places="w.csv"), tmp_path)

    return read


def test_a_ward_is_read(pair: ReadPair) -> None:
    read = pair()
    assert read.model == Triage(
        capacities=("hours", "beds"),
        patients=(
            Claimant(id="a", benefit=16, needs=("oxygen",), uses=(6, 1), cohort="flu", required=True),
            Claimant(id="b", benefit=1, uses=(0, 1)),
        ),
        places=(
            Place(id="icu", offers=("oxygen",), capacity=(24, 2)),
            Place(id="bay", capacity=(12, 4), quality=80),
        ),
    )
    assert read.where["a"].endswith("p.csv, line 2")


def test_benefit_may_stand_for_urgency(pair: ReadPair) -> None:
    model = pair("id,benefit,beds\na,37,1\n", "id,beds\nw,1\n").model
    assert isinstance(model, Triage)
    assert model.patients[0].benefit == 37


@pytest.mark.parametrize(
    ("patients", "places", "message"),
    [
        (
            "id,urgency,beds\na,7,1\n",
            "id,beds\nw,1\n",
            "p.csv, line 2, column urgency: value: expected a whole",
        ),
        (
            "id,benefit,beds\na,0,1\n",
            "id,beds\nw,1\n",
            "p.csv, line 2, column benefit: value: expected a whole",
        ),
        (
            "id,benefit,beds\na,1,-1\n",
            "id,beds\nw,1\n",
            "p.csv, line 2, column beds: value: expected a whole",
        ),
        (
            "id,benefit,beds\na,1,0.5\n",
            "id,beds\nw,1\n",
            "p.csv, line 2, column beds: value: expected a whole",
        ),
        ("id,benefit,beds\na,1,1\n", "id,beds,quality\nw,1,0\n", "w.csv, line 2, column quality: value: exp"),
        (
            "id,benefit,beds\na,1,1\na,1,1\n",
            "id,beds\nw,1\n",
            "p.csv, line 3, column id: expected each id once",
        ),
        (
            "id,benefit,beds\na,1,1\n",
            "id,beds\nw,1\nw,1\n",
            "w.csv, line 3, column id: expected each id once",
        ),
        (
            "id,benefit,beds,cohrt\na,1,1,x\n",
            "id,beds\nw,1\n",
            "p.csv, line 1: unknown column 'cohrt': a cap",
        ),
        (
            "id,benefit,beds\na,1,1\n",
            "id,beds,hours\nw,1,2\n",
            "w.csv, line 1: unknown column 'hours': a cap",
        ),
        ("id,benefit\na,1\n", "id,offers\nw,x\n", "w.csv, line 1: expected at least one capacity in both"),
        ("id,beds\na,1\n", "id,beds\nw,1\n", "expected one of the columns urgency and benefit, got none"),
        (
            "id,urgency,benefit,beds\na,1,1,1\n",
            "id,beds\nw,1\n",
            "expected one of the columns urgency and benefit, got urgency and benefit",
        ),
        ("benefit,beds\n1,1\n", "id,beds\nw,1\n", "p.csv, line 1: expected a column 'id'"),
        (
            "id,benefit,beds\n" + "".join(f"p{k},1000000000,1\n" for k in range(11_260)),
            "id,beds\nw,1\n",
            "p.csv: weights overflow",
        ),
    ],
)
def test_a_malformed_ward_is_one_clear_line(pair: ReadPair, patients: str, places: str, message: str) -> None:
    with pytest.raises(BadInput) as error:
        pair(patients, places)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_one_cohort_spelt_in_two_ways_is_refused(pair: ReadPair) -> None:
    with pytest.raises(BadInput, match="column cohort: expected one spelling of 1, as '1' at"):
        pair("id,urgency,cohort,beds\na,1,1,1\nb,1,1.0,1\n", "id,beds\nw,2\n")
    with pytest.raises(BadInput, match="column offers: expected one spelling of 3, as '3' at"):
        pair("id,urgency,needs,beds\na,1,3,1\n", "id,offers,beds\nw,x;03,2\n")


def test_capacities_are_one_column_in_either_normal_form(pair: ReadPair) -> None:
    model = pair("id,urgency,lits_réa\na,1,1\n", "id,lits_re\u0301a\nw,2.0\n").model
    assert isinstance(model, Triage)
    assert (model.capacities, model.places[0].capacity) == (("lits_réa",), (2,))


def test_tables_of_any_length_are_refused_while_they_are_read(pair: ReadPair) -> None:
    with pytest.raises(BadInput, match="line 20002: expected at most 20000 rows, got more"):
        pair("id,urgency,beds\n" + "".join(f"p{k},1,1\n" for k in range(20_005)))
    with pytest.raises(BadInput, match="expected at most 8 MiB, got a larger file"):
        pair("id,urgency,beds\n" + "p" * 2**23)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_other_programs_write_above_the_header_is_skipped(pair: ReadPair, end: str) -> None:
    """`sep=` is a spreadsheet's, and decides even where another mark divides the header more often."""
    above = end.join(["# exported, by, hand", "", '"sep=|"', "# again", ""])
    assert pair(above + PATIENTS.replace(",", "|").replace("\n", end)).model == pair().model
    with pytest.raises(BadInput, match=r"p\.csv, line 6, column urgency: value: expected"):
        pair(above + f"id|urgency|beds{end}a|9|1{end}", "id,beds\nw,1\n")
    with pytest.raises(BadInput, match="expected a header line, got comments alone"):
        pair("# nothing\n")

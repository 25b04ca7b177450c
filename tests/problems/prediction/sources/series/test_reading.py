"""Series in tables become rows; what is wrong with them is one line with file and row."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escalation.model.errors import BadInput
from problems.prediction.sources.series.parsing import parse
from problems.prediction.sources.series.reading import read

VISITS = """who,day,pulse,heat,sex,followed,died
a,0,60,36.5,f,400,yes
a,90,70,,f,400,yes
a,300,80,37.5,f,400,yes
b,0,50,36.0,m,200,no
b,30,55,36.2,m,200,no
"""
WIDE = {"series": "v.csv", "person": "who", "at": "day", "channels": ["pulse", "heat"]}
HORIZON = WIDE | {"target": "followed", "event": "died", "step": "each", "horizon": 150, "static": ["sex"]}


def rows(tmp_path: Path, text: str, instance: Any) -> Any:
    (tmp_path / "v.csv").write_text(text)
    return read(parse(instance), tmp_path, 1)


def test_a_row_a_visit_with_the_event_within_a_horizon(tmp_path: Path) -> None:
    table, columns = rows(tmp_path, VISITS, HORIZON)
    # a dies at 400: of its visits 300 alone is within 150 days; b is followed to 200, so 30 + 150 was seen
    assert table.columns["event within 150"] == ["no", "no", "yes", "no", "no"]
    assert (columns.target, columns.positive, columns.group) == ("event within 150", "yes", "person")
    assert table.columns["person"] == ["a", "a", "a", "b", "b"]
    assert table.columns["sex"] == ["f", "f", "f", "m", "m"]
    np.testing.assert_array_equal(table.columns["pulse: last"], [60, 70, 80, 50, 55])
    np.testing.assert_array_equal(table.columns["pulse: mean"], [60, 65, 70, 50, 52.5])
    np.testing.assert_array_equal(table.columns["heat: last"], [36.5, 36.5, 37.5, 36.0, 36.2])
    np.testing.assert_array_equal(table.columns["heat: since last"], [0, 90, 0, 0, 0])
    np.testing.assert_array_equal(table.columns["watched"], [0, 90, 300, 0, 30])
    assert table.where[4] == "person b, window until 30"


def test_nothing_after_a_windows_end_changes_its_row(tmp_path: Path) -> None:
    now = rows(tmp_path, VISITS, HORIZON)[0]
    later = rows(tmp_path, VISITS.replace("a,300,80,37.5", "a,300,999,12"), HORIZON)[0]
    for name in ("pulse: mean", "heat: max", "pulse: slope"):
        np.testing.assert_array_equal(np.delete(now.columns[name], 2), np.delete(later.columns[name], 2))
    assert now.columns["pulse: max"][2] != later.columns["pulse: max"][2]


def test_censored_windows_are_told_and_get_no_label(tmp_path: Path) -> None:
    table, _ = rows(tmp_path, VISITS, HORIZON | {"horizon": 190})
    assert table.columns["event within 190"] == ["no", "no", "yes", "no"]
    assert any(said.startswith("1 window is censored (1 persons)") for said in table.remarks)


def test_a_long_table_and_a_wide_one_give_the_same_rows(tmp_path: Path) -> None:
    long = ["who,day,what,value"]
    for line in VISITS.splitlines()[1:]:
        who, day, pulse, heat, *_ = line.split(",")
        long += [f"{who},{day},pulse,{pulse}"] + ([f"{who},{day},heat,{heat}"] if heat else [])
    (tmp_path / "people.csv").write_text("who,sex,followed,died\na,f,400,yes\nb,m,200,no\n")
    of_long = {"channel": "what", "value": "value", "people": "people.csv"}
    said = {name: value for name, value in HORIZON.items() if name != "channels"}
    one = rows(tmp_path, "\n".join([long[0], *sorted(long[1:])]) + "\n", said | of_long)[0]
    two = rows(tmp_path, VISITS, HORIZON)[0]
    assert one.columns["event within 150"] == two.columns["event within 150"]
    np.testing.assert_allclose(one.columns["heat: slope"], two.columns["heat: slope"])


def test_a_row_a_person_has_the_persons_class(tmp_path: Path) -> None:
    table, columns = rows(tmp_path, VISITS, WIDE | {"target": "died"})
    assert table.columns["died"] == ["yes", "no"]
    np.testing.assert_array_equal(table.columns["pulse: max"], [80, 55])
    assert columns.group == "person"


def test_dates_are_counted_in_the_stated_unit(tmp_path: Path) -> None:
    text = "who,at,pulse,until,ill\n" + "".join(
        f"{who},2026-01-0{1 + hour // 24} {hour % 24:02}:00,{hour * (1 + (who == 'b'))},"
        f"2026-01-02 12:00,{who == 'a'}\n"
        for who in "ab"
        for hour in (0, 12, 24)
    )
    instance: dict[str, Any] = {"series": "v.csv", "person": "who", "at": "at", "channels": ["pulse"]}
    instance |= {"target": "until", "event": "ill", "step": "each", "horizon": 24, "unit": "h"}
    table, _ = rows(tmp_path, text, instance)
    assert table.columns["event within 24 h"] == ["no", "yes", "yes", "no", "no"]
    np.testing.assert_allclose(table.columns["pulse: slope"], [np.nan, 1, 1, np.nan, 2])  # an hour


def test_irregular_times_are_said_and_a_stated_grid_makes_them_regular(tmp_path: Path) -> None:
    plain, _ = rows(tmp_path, VISITS, WIDE | {"target": "died"})
    assert "pulse: autocorrelation" not in plain.columns
    assert any("times are irregular" in said for said in plain.remarks)
    gridded, _ = rows(tmp_path, VISITS, WIDE | {"target": "died", "every": 10})
    assert "pulse: autocorrelation" in gridded.columns
    assert any("3 gaps of more than five times" in said for said in gridded.remarks)


def test_convolutions_are_a_block_of_their_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    text = "who,at,x,ill\n" + "".join(
        f"{who},{at},{rng.normal():.3f},{who % 2}\n" for who in range(4) for at in range(20)
    )
    instance = {"series": "v.csv", "person": "who", "at": "at", "channels": ["x"], "target": "ill"}
    table, _ = rows(tmp_path, text, instance | {"convolutions": 84})
    assert table.blocks is not None
    assert set(table.blocks) == {"convolutions"}
    assert set(table.blocks["convolutions"]) < set(table.columns)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("a,90,70", "a,0,70"),
            "v.csv, line 3: channel 'pulse' of person 'a' has a value at this time already",
        ),
        (("a,90,70", "a,90,fast"), "v.csv, line 3: channels column 'pulse': expected a number, got 'fast'"),
        (("a,90,70", ",90,70"), "v.csv, line 3: person column 'who': expected a value, got a missing one"),
        (("a,90,70", "a,,70"), "v.csv, line 3: at column 'day': expected a time, got a missing one"),
        (("a,90,70,,f,400", "a,90,70,,f,500"), "v.csv, line 3: target column 'followed' is '500', but '400'"),
        (("yes", "perhaps"), "v.csv, line 2: event column 'died': expected 1 or 0, got 'perhaps'"),
        (("who,day", "name,day"), "v.csv: person column 'who' is missing"),
    ],
)
def test_what_is_wrong_with_a_table_is_one_line_with_its_row(
    change: tuple[str, str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput) as error:
        rows(tmp_path, VISITS.replace(*change), HORIZON)
    assert said in str(error.value)


def test_people_of_whom_nothing_is_known_are_counted(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("who,ill\nb,1\nc,0\n")
    table, _ = rows(tmp_path, VISITS, WIDE | {"people": "people.csv", "target": "ill"})
    assert table.columns["person"] == ["b"]
    assert {"1 recording is left out: people.csv has no row for them"} <= set(table.remarks)
    assert {"1 row of people.csv left out: nothing was measured of them"} <= set(table.remarks)


def test_names_that_are_spelt_differently_everywhere_are_refused(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("who,ill\nA,1\nB,0\n")
    with pytest.raises(BadInput, match="names must be spelt alike"):
        rows(tmp_path, VISITS, WIDE | {"people": "people.csv", "target": "ill"})


@pytest.mark.parametrize(
    ("instance", "said"),
    [
        (WIDE | {"target": "followed", "event": "died"}, "event: expected `horizon` beside it"),
        (WIDE | {"target": "died", "horizon": 5, "step": "each"}, "horizon: expected `event`"),
        (
            WIDE | {"target": "died", "channel": "what"},
            "channel: expected `channel` and `value`, or `channels`",
        ),
        (WIDE | {"target": "died", "step": 0}, "step: expected a distance above 0"),
        (WIDE | {"target": "died", "latest": True}, "latest would have no effect"),
        (WIDE | {"target": "died", "unit": "h"}, "unit would have no effect"),
        ({"ts": "a.ts", "target": "x"}, "target would have no effect"),
        ({"edf": "a.edf", "annotations": {"W": "w"}}, "annotations: expected `window` beside it"),
    ],
)
def test_fields_that_do_not_go_together_are_refused(instance: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as error:
        rows(tmp_path, VISITS, instance)
    assert said in str(error.value)


def test_times_with_and_without_a_zone_in_one_column_are_refused_with_both(tmp_path: Path) -> None:
    text = "who,day,pulse,ill\na,2026-01-01T00:00,60,1\na,2026-01-01T01:00Z,61,1\n"
    instance = {"series": "v.csv", "person": "who", "at": "day", "channels": ["pulse"], "target": "ill"}
    with pytest.raises(BadInput, match=r"a zone in all times or in none") as error:
        rows(tmp_path, text, instance)
    assert "'2026-01-01T01:00Z' (line 3) and '2026-01-01T00:00' (line 2)" in str(error.value)


def test_a_grid_finer_than_memory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"every: expected at most 10,000,000 samples a row, got 3e\+11"):
        rows(tmp_path, VISITS, WIDE | {"target": "sex", "every": 1e-9})

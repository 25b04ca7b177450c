"""The day's part of the matrix's covering array: real processes, real SIGKILL, IBM's own client over HTTP."""

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.fault_matrix import cells, placements, points, pool, table
from bench.fault_matrix.forking import in_a_process
from bench.fault_matrix.verdict import MAY_ASK, judge
from practice.faults import ALL

LANES = 3
"""Cells at a time, which wait most of theirs."""
LIMIT_S = 1500.0
"""For a machine that does a dozen other things; alone it takes about a tenth of it."""


@pytest.fixture(scope="module")
def played(today: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    pool.run([*cells.turn(today), *cells.turn_of_ladders(today)], LANES, found.append)
    return found


@pytest.fixture
def rows(played: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of the single pieces of paid work."""
    return [row for row in played if not row["whole"]]


@pytest.fixture
def climbed(played: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of the whole cases."""
    return [row for row in played if row["whole"]]


@pytest.mark.timeout(LIMIT_S)
def test_wherever_a_process_dies_under_whatever_fault_the_work_is_paid_once_and_nothing_is_lost_or_hangs(
    rows: list[dict[str, Any]], today: int
) -> None:
    assert {row["cell"] for row in rows} == {cell.name for cell in cells.turn(today)}
    assert {row["cell"]: row["why"] for row in rows if row["outcome"] == "broken"} == {}
    asked = {row["cell"]: row["books"]["reason"] for row in rows if row["outcome"] == "person"}
    assert {cell: why for cell, why in asked.items() if not any(name in cell for name in MAY_ASK)} == {}


@pytest.mark.timeout(LIMIT_S)
def test_a_process_is_really_killed_at_every_point_that_it_gets_to(rows: list[dict[str, Any]]) -> None:
    lived = [row for row in rows if row["kills"] < len(points.BY_NAME[row["point"]].deaths)]
    # of these the fault is a refusal, or asks a person: no process gets as far as its point
    assert {row["cell"] for row in lived if row["books"]["state"] not in ("refused", "parked")} == set()
    assert len(rows) - len(lived) >= 20


@pytest.mark.timeout(LIMIT_S)
def test_every_fault_of_the_service_really_strikes(rows: list[dict[str, Any]]) -> None:
    of_the_service = {fault.name for fault in ALL}
    assert [row["cell"] for row in rows if row["fault"] in of_the_service and not row["fired"]] == []


@pytest.mark.timeout(LIMIT_S)
def test_a_whole_case_that_is_killed_anywhere_under_any_fault_is_taken_up_to_its_end_and_pays_once(
    climbed: list[dict[str, Any]], today: int
) -> None:
    assert {row["cell"]: row["why"] for row in climbed if row["outcome"] == "broken"} == {}
    assert {row["cell"] for row in climbed if row["kills"]} == {
        cell.name for cell in cells.turn_of_ladders(today)
    }


def test_all_turns_have_every_point_and_every_fault_of_whole_ladders() -> None:
    played = [cell for number in range(cells.TURNS) for cell in cells.turn_of_ladders(number)]
    assert len(played) == len({cell.name for cell in played}) == len(cells.some_ladders())
    assert {cell.point for cell in played} == set(points.ON_THE_WAY)
    assert {cell.placement.name for cell in played} == {each.name for each in placements.ON_LADDERS}


def test_whole_ladders_meet_every_point_under_every_fault_of_theirs() -> None:
    found = {(cell.point and cell.point.name, cell.placement.name) for cell in cells.full() if cell.whole}
    assert {(at.name, of.name) for at in points.ON_THE_WAY for of in placements.ON_LADDERS} <= found


@pytest.mark.parametrize(
    ("name", "errors", "outcome"),
    [
        ("usage_nan always at metrics", ("open: no seconds",), "person"),
        ("usage_nan always at metrics", (), "broken"),
        ("usage_nan at metrics", ("open: no seconds",), "broken"),
    ],
)
def test_a_bill_stays_open_only_where_the_service_never_tells_it_and_that_is_said(
    name: str, errors: tuple[str, ...], outcome: str
) -> None:
    row = {**_row(state="settled"), "errors": errors}
    assert judge(placements.BY_NAME[name], row)["outcome"] == outcome


@pytest.mark.parametrize(
    ("case", "state", "fault", "outcome"),
    [
        ("abstained", "done", "none", "kept"),
        ("held", "done", "none", "broken"),
        ("held", "parked", "none", "person"),
        ("failed", "done", "none", "broken"),
        ("abstained", "nothing", "none", "broken"),
    ],
)
def test_a_whole_case_ends_by_itself_or_asks_a_person(
    case: str, state: str, fault: str, outcome: str
) -> None:
    row = _row(state=state)
    row["books"]["case"], row["whole"] = case, True
    placement = next(each for each in placements.PRINCIPAL if each.fault == fault)
    assert judge(placement, row)["outcome"] == outcome


def test_every_fault_of_the_service_is_in_the_matrix_and_in_one_class() -> None:
    names = [name for group in placements.CLASSES.values() for name in group]
    assert len(names) == len(set(names))
    assert {fault.name for fault in ALL} <= set(names)
    assert {each.fault for each in placements.PRINCIPAL} == set(names)


def test_the_full_matrix_has_every_point_under_every_fault_and_more_than_a_thousand_cells() -> None:
    found = {(cell.point and cell.point.name, cell.placement.fault) for cell in cells.full()}
    assert {(point.name, fault.name) for point in points.POINTS for fault in ALL} <= found
    assert len({cell.name for cell in cells.full()}) == len(cells.full()) > 1000
    assert len(points.POINTS) >= 14


def test_the_subset_covers_all_pairs_of_point_class_taker_and_of_fault_and_taker() -> None:
    found = {pair for cell in cells.subset() for pair in cells.pairs(cell)}
    names = [point.name for point in points.POINTS]
    assert {(name, group) for name in names for group in placements.CLASSES} <= found
    for each in (*names, *placements.CLASSES, *placements.CLASS_OF):
        assert {(each, by) for by in cells.BOTH} <= found


def test_each_turn_has_every_point_and_every_class_and_all_turns_have_the_whole_array() -> None:
    turns = [cells.turn(number) for number in range(cells.TURNS)]
    for turn in turns:
        assert {cell.point for cell in turn} == set(points.POINTS)
        met = Counter(placements.CLASS_OF[cell.placement.fault] for cell in turn)
        assert min(met[group] for group in placements.CLASSES) >= len(points.POINTS) // cells.TURNS
    played = [cell.name for turn in turns for cell in turn]
    assert len(played) == len(set(played))
    assert set(played) == {cell.name for cell in cells.subset()}
    assert {cell.placement.fault for turn in turns for cell in turn} == set(placements.CLASS_OF)
    assert len(cells.subset()) >= len(points.POINTS) * len(placements.CLASSES)


def _row(**changes: Any) -> dict[str, Any]:
    totals = {"accepted": 1, "paid": 1, "completed": 1, "charged_s": 2.0}
    books = {"state": "done", "bits": True, "billed_s": 2.0, "reason": "", "result": "done"}
    for name, value in changes.items():
        (totals if name in totals else books if name in books else {})[name] = value
    return {"totals": totals, "books": books, "hangs": changes.get("hangs", 0), "errors": ()}


@pytest.mark.parametrize(
    ("changes", "fault", "outcome"),
    [
        ({}, "none", "kept"),
        ({"accepted": 2, "paid": 2}, "none", "broken"),
        ({"accepted": 2}, "none", "broken"),
        ({"paid": 0}, "none", "broken"),
        ({"bits": False}, "none", "broken"),
        ({"billed_s": 1.9}, "none", "broken"),
        ({"hangs": 1}, "none", "broken"),
        ({"state": "fetched"}, "none", "broken"),
        ({"state": "parked", "bits": False, "completed": 0}, "none", "person"),
        ({"state": "refused", "accepted": 0, "paid": 0, "completed": 0, "bits": False}, "quota", "kept"),
        ({"state": "refused", "accepted": 0, "paid": 0, "completed": 0, "bits": False}, "none", "broken"),
        ({"state": "refused", "bits": False}, "quota", "broken"),
        ({}, "refused by a person", "broken"),
        ({"paid": 0, "charged_s": 0.0, "billed_s": 0.0, "bits": False, "completed": 0}, "job_fails", "kept"),
        ({"accepted": 2, "paid": 2}, "list_lag_beyond_settling", "violated"),
    ],
)
def test_a_cell_is_judged_by_account_and_books(changes: dict[str, Any], fault: str, outcome: str) -> None:
    placement = next(each for each in placements.PRINCIPAL if each.fault == fault)
    assert judge(placement, _row(**changes))["outcome"] == outcome


def test_rows_are_kept_by_cell_and_one_that_was_cut_off_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    lines = [json.dumps({"cell": "a", "n": 1}), json.dumps({"cell": "a", "n": 2}), '{"cell": "b", "n"']
    path.write_text("\n".join(lines))
    assert pool.kept(path) == {"a": {"cell": "a", "n": 2}}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    before = threading.active_count()
    yield tmp_path
    assert threading.active_count() == before


def test_a_forked_process_that_is_killed_hangs_or_answers_is_told_apart(folder: Path) -> None:
    def suicide() -> dict[str, Any]:
        os.kill(os.getpid(), signal.SIGKILL)
        return {}

    def hang() -> dict[str, Any]:
        signal.pause()
        return {}

    def fail() -> dict[str, Any]:
        raise ValueError("no")

    assert in_a_process(suicide, folder, 60).killed
    assert in_a_process(hang, folder, 0.2).hung
    assert in_a_process(lambda: {"x": 1}, folder, 60).said == {"x": 1}
    assert in_a_process(fail, folder, 60).said == {"ended": "raised", "error": "ValueError: no"}


class _Ledger:
    def move(self, row: str, target: str) -> str:
        return f"{row} is {target}"

    def amend(self, row: str, **changes: Any) -> str:
        return row


@pytest.mark.parametrize(
    ("point", "dies"),
    [
        (None, False),
        (points.BY_NAME["after FENCED is recorded"], False),
        (points.BY_NAME["after SUBMITTED is recorded"], True),
        (points.BY_NAME["POST answered, answer unrecorded"], True),
        (points.BY_NAME["after the closing is recorded, in doubt"], True),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_a_process_dies_at_its_point_and_at_no_other(
    folder: Path, point: points.Point | None, dies: bool
) -> None:
    def cell_process() -> dict[str, Any]:
        ledger = points.KillPoints(point).wrap("ledger", _Ledger())
        ledger.amend("row", batch_closed_at=1.0)
        return {"said": ledger.move("row", "submitted")}

    end = in_a_process(cell_process, folder, 60)
    assert end.killed is dies
    assert end.said == (None if dies else {"said": "row is submitted"})


def test_the_page_counts_what_was_accepted_charged_lost_and_broken() -> None:
    kept: dict[str, Any] = {
        "placement": "none",
        "point": None,
        "fault": "none",
        "violates": None,
        "kills": 0,
        "cell": "a",
    }
    kept |= {"accepted": 1, "charged": 1, "lost": 0, "hung": 0, "recovery_s": None, "outcome": "kept"}
    kept |= {"books": {"state": "done", "reason": "", "incidents": []}, "why": []}
    broken = {**kept, "cell": "b", "kills": 1, "accepted": 2, "charged": 2, "outcome": "broken"}
    broken |= {"why": ["2 jobs accepted, 2 charged"], "recovery_s": 1.5}
    peer = {"client": "plain", "placement": "none", "accepted": 3, "charged": 3, "lost": True, "hung": 0}
    said = table.page([kept, broken], 7, "a machine", [peer])
    assert "2 of 7 cells, 1 of them" in said
    assert "| none | 2 | 1 | 0 | 1 | 1 | 1 | 1 | 0 | 0 | 0 | 1 | 1.5 (1.5 at most) |" in said
    assert "- `b`: 2 jobs accepted, 2 charged" in said
    assert "| none | 1 / 1 | 3 / 3 lost |" in said

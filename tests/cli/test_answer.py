"""What the answer is, where a person or a program looks; worked out by hand for a clinic of two seats."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.model.case import Outcome
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
from escalation.ports import registry
from problems.toy.family import Toy
from records.runtime import open_runtime
from records.views.certificates import certificate_page

Call = Callable[..., Any]
POLICY = """\
policy: little
summary: for tests
tiers: [hpc]
backends: {local_call: local, mpi_program: mpi, circuit_batch: aer}
"""
# Two hours for three patients of an hour each: the least urgent is turned away.
PATIENTS = "id,urgency,duration_min\nMüller,3,60\nK-007,1,60\nK-008,4,60\n"
RESOURCES = "id,type,from,to\nDr Chen,clinician,08:00,10:00\nRoom 1,room,08:00,10:00\n"
LINE = "2 of 3 patients treated; not treated: K-007"
# K-008 first, who weighs 8 a slot, then Müller with four slots of waiting at 4; K-007 eight at 1, in hours
WORTH = "weighted waiting 6 hours"
# who is treated has the whole of Dr Chen's two hours; K-008 does not wait, Müller waits for an hour
WAITING = (
    "the most urgent (1 patient of urgency 4): no waiting; "
    "all who are treated: 30 min of waiting on average, 60 min at most"
)
BUSY = "busiest is Dr Chen, with patients 100 % of the time at work"


@pytest.fixture
def solved(home: Path, tmp_path: Path) -> Outcome:
    (tmp_path / "patients.csv").write_text(PATIENTS, encoding="utf-8")
    (tmp_path / "resources.csv").write_text(RESOURCES, encoding="utf-8")
    problem = Problem(
        family="optimisation",
        instance={
            "kind": "appointments", "patients": "patients.csv", "resources": "resources.csv",
            "opens": "2026-11-23T08:00", "slot_min": 15, "search_s": 10,
        },
        target=Target(metric="gap", at_most=0.05),
        seed=4,
    )  # fmt: skip
    with open_runtime() as runtime:
        return solve(runtime, prepare(problem, parse_policy(POLICY), "c", tmp_path))


def test_who_is_turned_away_is_said_everywhere_and_the_schedule_can_be_read_by_a_program(
    solved: Outcome, home: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (solved.status, solved.answer) == ("accepted", (LINE, WAITING, BUSY, WORTH))
    assert set(solved.files) == {"proofs", "schedule.csv", "schedule.ics"}
    assert f"**{LINE}**" in certificate_page(solved).replace("\\", "")
    report = Path(str(solved.record)).read_text(encoding="utf-8")
    assert f'<p class="lead">{LINE}.</p>' in report
    # a proof has no α, and the tolerance is the target's
    assert "α" not in report + certificate_page(solved)
    # below the functions that modules take by name: one first imported now would keep a changed one
    monkeypatch.setattr(registry, "_families", lambda: pytest.fail("the family was asked again"))
    assert f"The answer: {LINE}; {WAITING}; {BUSY}; {WORTH}." in " ".join(call("explain", "c").out.split())
    panel = call("show", "c").out
    assert "schedule.csv, who is treated when, by whom and where" in " ".join(panel.replace("│", "").split())
    assert "proofs" not in panel  # for who verifies the case, not for who asked
    assert LINE in panel
    assert WORTH in panel
    assert json.loads(call("show", "c", "--json").out)["answer"] == [LINE, WAITING, BUSY, WORTH]

    folder = tmp_path / "out" / "monday"
    said = call("show", "c", "--files", str(folder))
    assert (said.code, said.err) == (0, "")
    assert [line.split(" (")[0] for line in said.out.splitlines()] == [
        str(folder / name) for name in ("schedule.csv", "schedule.ics", "proofs")
    ]
    assert "bytes): who is treated when, by whom and where, as a table\n" in said.out
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    data = (folder / "schedule.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert [(row["patient"], row["start"]) for row in rows] == [
        ("K-008", "2026-11-23T08:00"), ("Müller", "2026-11-23T09:00"), ("K-007", ""),
    ]  # fmt: skip

    (folder / "schedule.ics").unlink()
    (folder / "proofs").unlink()
    again = call("show", "c", "--files", str(folder))
    assert (again.code, again.out, again.err.count("\n")) == (2, "", 1)
    assert "schedule.csv: is there already" in again.err
    assert [path.name for path in folder.iterdir()] == ["schedule.csv"]


def toy(case_id: str, least: float) -> Outcome:
    problem = Problem(
        family="toy", instance={"numbers": [3, 1, 9]}, target=Target(metric="number", at_least=least)
    )
    with open_runtime() as runtime:
        return solve(runtime, prepare(problem, parse_policy(POLICY), case_id))


def test_of_a_best_effort_the_same_is_said_as_what_it_is(home: Path, call: Call) -> None:
    assert toy("c", 10).answer == ("9, number 3 of 3 in the list",)
    assert "The best effort, not accepted: 9, number 3 of 3 in the list." in call("explain", "c").out


def test_the_sentences_about_a_case_are_kept_with_its_outcome(home: Path) -> None:
    found = toy("c", 9).told
    assert found is not None
    assert (found.asked, found.answer) == (
        "Find a number of at least 9 among 3",
        "9, number 3 of 3 in the list",
    )
    assert found.rests_on == "Number 3 was looked up in the list"
    assert found.cost.endswith("; nothing to pay")
    with open_runtime() as runtime:
        assert Outcome.model_validate(runtime.ledger.case("c").outcome).told == found


def test_a_case_without_files_a_file_in_the_way_and_a_lost_store_are_one_line(
    home: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy("c", 9)
    none = call("show", "c", "--files", str(tmp_path / "out"))
    assert (none.code, none.out) == (2, "")
    assert "case c has no files" in none.err
    assert not (tmp_path / "out").exists()

    def answer(*_: Any) -> Any:
        from escalation.ports.families import Answer

        return Answer(("nine",), "it was looked up", files={"nine.txt": b"9"}, file_words={"nine.txt": "it"})

    monkeypatch.setattr(Toy, "answer", answer)
    toy("d", 9)
    (tmp_path / "taken").write_text("a file")
    taken = call("show", "d", "--files", str(tmp_path / "taken"))
    assert (taken.code, taken.out, taken.err.count("\n")) == (2, "", 1)
    shown = call("show", "d", "--files", str(tmp_path / "out"), "--json")
    assert json.loads(shown.out)["case_id"] == "d"
    assert str(tmp_path / "out" / "nine.txt") in shown.err
    assert (tmp_path / "out" / "nine.txt").read_bytes() == b"9"
    shutil.rmtree(home / "store")
    lost = call("show", "d", "--files", str(tmp_path / "other"))
    assert (lost.out, lost.err.count("\n")) == ("", 1)
    assert lost.code != 0
    assert not (tmp_path / "other").exists()


def test_an_answer_that_the_family_cannot_say_stands(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(*_: Any) -> Any:
        raise KeyError("nothing")

    monkeypatch.setattr(Toy, "answer", answer)
    found = toy("c", 9)
    assert (found.status, found.value) == ("accepted", 9)
    assert found.answer == ("the family could not put the answer into words: KeyError: 'nothing'",)

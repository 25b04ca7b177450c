"""`tierwise replay` says in words and in JSON what came out otherwise, and ends with a code of its own."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
from records.recheck.report import CheckResult
from records.recheck.worker import checked
from records.runtime import open_runtime
from records.store.files import FileStore
from tests.records.retention.conftest import age

Call = Callable[..., Any]
POLICY = """\
policy: little
summary: for tests
tiers: [ai]
backends: {local_call: local, mpi_program: mpi, circuit_batch: aer}
"""


@pytest.fixture
def solved(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIERWISE_TRACKING", "off")
    problem = Problem(
        family="toy",
        instance={"numbers": [3, 1, 9]},
        target=Target(metric="number", at_least=3),
        seed=4,
        data_class="public",
    )
    with open_runtime() as runtime:
        assert solve(runtime, prepare(problem, parse_policy(POLICY), "c")).status == "accepted"
    return home


def test_a_case_that_comes_out_the_same_and_one_that_was_changed(solved: Path, call: Call) -> None:
    said = call("replay", "c")
    assert (said.code, said.err) == (0, "")
    assert (
        "accepted, as recorded: 2 decisions, 1 attempt, 2 pieces of work from their stored results"
        in said.out
    )
    with sqlite3.connect(solved / "ledger.db") as connection:
        for name in ("value", "estimate"):
            connection.execute(
                f"UPDATE attempts SET attempt = replace(attempt, '\"{name}\":3.0', '\"{name}\":2.5')"
            )
    said = call("replay", "c")
    assert said.code == 5
    lines = said.out.splitlines()
    at = lines.index("DIFFERENT certificate of attempt 0, value")
    assert lines[at + 1 : at + 4] == [
        "  recorded 2.5",
        "  replayed 3.0",
        "1 more difference after it; --all shows all",
    ]
    assert any(line.startswith("LEDGER ") for line in lines)
    assert "DIFFERENT certificate of attempt 0, estimate" in call("replay", "c", "--all").out
    report = json.loads(call("replay", "c", "--json").out)
    assert [each["step"] for each in report["differences"]] == ["certificate of attempt 0"] * 2


def test_an_unknown_case_is_a_line(solved: Path, call: Call) -> None:
    said = call("replay", "nobody")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: expected the id of a case in this ledger, got 'nobody'")


def test_an_export_is_verified_first_and_named_with_a_slash(
    solved: Path, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site.pem").write_text(call("keys", "make").out)
    monkeypatch.chdir(tmp_path)
    for name in ("c", "d"):
        assert call("export", "c", "--out", name).code == 0
    assert "export" not in call("replay", "c").out
    said = call("replay", "./c", "--key", "site.pem")
    assert (said.code, said.err) == (0, "")
    assert "the decisions asked for no facts\n" in said.out
    assert said.out.splitlines()[-1].startswith("export c, as signed with key ")
    meant = call("replay", "d")
    assert meant.code == 2
    assert meant.err.endswith("; the export in this folder is ./d\n")
    (tmp_path / "c/data/outcome.json").write_text("{}")
    said = call("replay", "./c")
    assert (said.code, said.err) == (5, "")
    assert said.out.startswith("EXPORT ")
    assert json.loads(call("replay", "./c", "--json").out)["findings"] != []


def test_a_sample_of_ended_cases_is_verified_again_a_line_each(solved: Path, call: Call) -> None:
    said = call("replay", "--sample", "3")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[:2] == ["as recorded c", "of 1 ended case 1 as recorded"]
    with sqlite3.connect(solved / "ledger.db") as connection:
        connection.execute("UPDATE attempts SET attempt = replace(attempt, '\"value\":3.0', '\"value\":2.5')")
    said = call("replay", "--sample", "3")
    assert said.code == 5
    assert said.out.startswith(
        "comes out otherwise c: certificate of attempt 0, value; tierwise replay c --all\n"
    )
    said = call("replay", "--sample", "3", "--json")
    assert said.code == 5
    [case] = json.loads(said.out)["checked"]
    assert (case["case_id"], case["result"]) == ("c", "comes out otherwise")


@pytest.mark.parametrize("more", [["c"], ["--recompute"], ["--all"]])
def test_a_sample_is_of_cases_that_nobody_names(solved: Path, call: Call, more: list[str]) -> None:
    said = call("replay", "--sample", "3", *more)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: --sample chooses the cases by itself: expected no CASE")


def test_neither_a_case_nor_a_sample_is_a_line(solved: Path, call: Call) -> None:
    said = call("replay")
    assert (said.code, said.err) == (
        2, "error: expected the id of a case, the path of an export, or --sample N\n"
    )  # fmt: skip


def test_a_case_whose_files_were_pruned_is_left_out_of_a_sample_and_that_is_said(
    solved: Path, call: Call
) -> None:
    age(FileStore(solved / "store"))
    assert call("prune", "--older-than", "0.0000001", "--yes").code == 0
    said = call("replay", "--sample", "3")
    assert (said.code, said.err, said.out) == (
        0,
        "",
        "no case that is over can be driven again; 1 case left out, whose files were pruned\n",
    )
    found = checked("c")  # where it is pruned after the sample was drawn
    assert found["result"] == CheckResult.PRUNED
    assert "work" in found["why"]
    assert "1 ended case cannot be verified again: files were pruned" in call("overview").out

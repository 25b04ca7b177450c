"""`tierwise ledger`: a line for whatever does not fit, also where who changed it owns the whole database."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.inputs.settings import Settings
from escalation.model.amounts import Caps
from escalation.model.submission import Limit, Period
from escalation.policy.policy import parse_policy
from escalation.ports.configuration import settings
from records.runtime import open_records, open_runtime
from records.signing.keys import make_key
from tests.records.tracking.test_silence import AI_ALONE, PROBLEM

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a key, two cases, and their runs in MLflow; `before` has its ledger after the first."""
    home = tmp_path_factory.mktemp("site")
    configured = Settings(home=home)
    make_key(configured)
    for number, case_id in enumerate(("a", "b")):
        with open_runtime(configured) as runtime:
            solve(runtime, prepare(PROBLEM, parse_policy(AI_ALONE), case_id=case_id))
        if number == 0:
            shutil.copy(home / "ledger.db", home / "before")
    return home


@pytest.fixture
def home(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of it that the commands use."""
    made = tmp_path / "home"
    shutil.copytree(site, made)
    monkeypatch.setenv("TIERWISE_HOME", str(made))
    settings.cache_clear()
    yield made
    settings.cache_clear()


def cut(home: Path) -> None:
    """Puts the ledger back as it was before its last case: in the database all fits."""
    for file in home.glob("ledger.db*"):
        file.unlink()
    shutil.copy(home / "before", home / "ledger.db")


def test_what_nobody_touched_has_no_findings(call: Call, home: Path) -> None:
    done = call("ledger", "check")
    assert (done.code, done.err) == (0, "")
    assert done.out.strip().endswith(": all as the ledger says")
    assert "2 MLflow runs" in done.out
    assert call("ledger", "check", "--json").out == ""


def test_a_ledger_that_was_put_back_in_secret_is_missed_by_mlflow_and_by_the_home(
    call: Call, home: Path
) -> None:
    cut(home)
    with open_records() as (ledger, _):
        assert ledger.findings() == ()
    done = call("ledger", "check", "--json")
    found = [json.loads(line)["finding"] for line in done.out.splitlines()]
    assert done.code == 1
    assert any("of case b is of this ledger, which has no such case" in line for line in found)
    assert any("was signed" in line and "(MLflow's run" in line for line in found)
    assert any("is older than this home, or was rewritten" in line for line in found)


def test_solving_on_an_older_ledger_says_so_once_and_the_others_work_goes_on(
    call: Call, home: Path, tmp_path: Path
) -> None:
    problem, policy = tmp_path / "p.json", tmp_path / "ai.yaml"
    problem.write_text(PROBLEM.model_dump_json(exclude_none=True))
    policy.write_text(AI_ALONE)
    solving = "solve", str(problem), "--policy", str(policy), "--engine", "plain"
    first = call(*solving)
    assert (first.code, "older than" in first.err) == (0, False)
    cut(home)
    for _ in range(2):  # what is written on top heals nothing
        done = call(*solving)
        assert done.code == 0
        assert done.err.count("the ledger is older than this home") == 1


@pytest.mark.parametrize(
    ("cell", "row"),
    [
        (("attempts", "attempt"), "attempts b/0"),
        (("cases", "info"), "cases b"),
        (("cases", "status"), "cases b"),
    ],
)
def test_what_this_program_never_writes_is_named_beside_all_else(
    call: Call, home: Path, cell: tuple[str, str], row: str
) -> None:
    table, column = cell
    with closing(sqlite3.connect(home / "ledger.db")) as database, database:
        database.execute(f"UPDATE {table} SET {column} = '[1]' WHERE case_id = 'b'")
        database.execute("UPDATE cases SET closed_at = 'never' WHERE case_id = 'a'")
    done = call("ledger", "check")
    assert (done.code, done.err) == (1, "")
    assert f"the row {row} cannot be read: it holds what this program never writes" in done.out
    assert "expected the row cases a to have SHA-256" in done.out


def test_a_case_that_is_not_as_it_was_sealed_is_shown_with_a_warning_and_never_signed(
    call: Call, home: Path, tmp_path: Path
) -> None:
    asked = [("show", "b"), ("show", "b", "--json"), ("explain", "b"), ("report", "b"), ("cases",)]
    assert [call(*each).err for each in asked] == [""] * len(asked)
    with closing(sqlite3.connect(home / "ledger.db")) as database, database:
        database.execute("UPDATE attempts SET attempt = attempt || ' ' WHERE case_id = 'b'")
    for each in asked:
        done = call(*each)
        assert done.code == 1
        assert "b" in done.out
        assert done.err.startswith("LEDGER expected the row attempts b/0 to have SHA-256 ")
        assert done.err.count("\n") == 1
    assert call("report", "b", "--out", str(tmp_path / "b.html")).code == 1
    assert "The record of this case is not as it was sealed" in (tmp_path / "b.html").read_text()
    assert call("report", "a", "--out", str(tmp_path / "a.html")).code == 0
    assert "not as it was sealed" not in (tmp_path / "a.html").read_text()
    assert call("explain", "a").err == ""
    refused = call("export", "b", "--out", str(tmp_path / "out"))
    assert (refused.code, refused.out, refused.err.count("\n")) == (1, "", 1)
    assert "expected the row attempts b/0 to have SHA-256 " in refused.err
    assert not (tmp_path / "out").exists()
    assert call("export", "a", "--out", str(tmp_path / "out")).code == 0


@pytest.mark.parametrize("value", ["{", "[1]", '{"case_id": 3}'])
def test_a_case_that_cannot_be_read_is_named_and_the_others_are_listed(
    call: Call, home: Path, value: str
) -> None:
    with closing(sqlite3.connect(home / "ledger.db")) as database, database:
        database.execute("UPDATE cases SET outcome = ? WHERE case_id = 'b'", (value,))
    done = call("cases")
    assert done.code == 1
    assert "a" in done.out.split()
    assert "b" not in done.out.split()
    assert "LEDGER the row cases b cannot be read: it holds what this program never writes\n" in done.err
    for command in ("show", "explain", "report"):
        done = call(command, "b")
        assert done.code == 1
        assert "the row cases b cannot be read" in done.err
        assert "unexpected" not in done.err


@pytest.mark.parametrize("left", ["MLflow", "the home"])
def test_one_witness_is_enough(call: Call, home: Path, left: str) -> None:
    cut(home)
    if left == "MLflow":
        shutil.rmtree(home / "signed-heads")
    else:
        for file in home.glob("mlflow.db*"):
            file.unlink()
    done = call("ledger", "check")
    assert done.code == 1
    assert "or was rewritten" in done.out or "or rewritten" in done.out
    assert call("ledger", "check").out == done.out  # no check signs, or keeps, what it found wrong


def test_a_back_up_that_was_put_back_with_the_sites_key_is_no_finding(
    call: Call, home: Path, tmp_path: Path
) -> None:
    assert call("backup", str(tmp_path / "copies")).code == 0
    with open_records() as (ledger, _):
        ledger.set_limit(Limit(project="p", period=Period.DAY, caps=Caps(usd=1)))
    for file in home.glob("ledger.db*"):
        file.unlink()
    assert call("restore", str(tmp_path / "copies")).code == 0
    done = call("ledger", "check")
    assert (done.code, done.out.count("\n")) == (0, 1)


def test_a_head_of_another_key_is_found_unless_its_public_half_is_given(
    call: Call, home: Path, tmp_path: Path
) -> None:
    old = call("keys", "show").out
    (home / "signing-key.pem").rename(tmp_path / "old.pem")
    make_key(settings())
    shutil.rmtree(home / "signed-heads")
    done = call("ledger", "check")
    assert done.code == 1
    assert "which is not known here" in done.out
    (tmp_path / "public.pem").write_text(old)
    assert call("ledger", "check", "--key", str(tmp_path / "public.pem")).code == 0
    wrong = call("ledger", "check", "--key", str(home / "before"))
    assert (wrong.code, wrong.out, wrong.err.count("\n")) == (2, "", 1)


def test_a_changed_row_is_a_line(call: Call, home: Path) -> None:
    with closing(sqlite3.connect(home / "ledger.db")) as connection, connection:
        connection.execute("UPDATE cases SET opened_at = '2020' WHERE case_id = 'a'")
    done = call("ledger", "check")
    assert done.code == 1
    assert "expected the row cases a to have SHA-256" in done.out
    assert "1 finding" in done.out


def test_the_view_is_made_anew_elsewhere_and_none_over_another(
    call: Call, home: Path, tmp_path: Path
) -> None:
    done = call("ledger", "rebuild-mlflow", "--into", f"sqlite:///{tmp_path}/new/mlflow.db")
    assert (done.code, done.out) == (0, f"2 cases in sqlite:///{tmp_path}/new/mlflow.db\n")
    assert (tmp_path / "new" / "artifacts" / "toy").is_dir()
    again = call("ledger", "rebuild-mlflow")
    assert (again.code, again.out) == (2, "")
    assert "expected an MLflow without runs of this project" in again.err

"""`tierwise prune` lists, does it when told, keeps what is under hold; every command says what is gone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.inputs.settings import Settings
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
from escalation.ports.configuration import settings
from records.runtime import open_runtime
from records.store.files import FileStore
from tests.records.retention.conftest import age

Call = Callable[..., Any]
POLICY = """\
policy: little
summary: for tests
tiers: [quantum]
backends: {local_call: local, mpi_program: mpi, circuit_batch: aer}
"""
OLD = ("--older-than", "0.0000001")


@pytest.fixture
def solved(home: Path) -> Path:
    """A home with the case c, three days ago, shown in MLflow."""
    _solve("c")
    age(FileStore(home / "store"))
    return home


@pytest.fixture
def plain(home: Path) -> Path:
    """A home with the cases c and d, three days ago, which MLflow does not show."""
    _solve("c", "d", tracking=0.0)
    age(FileStore(home / "store"))
    return home


def _solve(*case_ids: str, tracking: float = 1.0) -> None:
    with open_runtime(settings().model_copy(update={"tracking": tracking})) as runtime:
        for seed, case_id in enumerate(case_ids, 4):
            problem = Problem(
                family="toy",
                instance={"numbers": [3, 1, 9, 2], "reach": 1},
                target=Target(metric="number", at_least=3),
                seed=seed,
                data_class="public",
            )
            assert solve(runtime, prepare(problem, parse_policy(POLICY), case_id)).status == "accepted"


def _mlflow_files(home: Path) -> set[str]:
    return {path.name for path in (home / "artifacts").rglob("*") if path.is_file()}


def test_it_lists_first_and_then_takes_bytes_copies_and_files_of_mlflow(solved: Path, call: Call) -> None:
    before = len(list(FileStore(solved / "store").digests()))
    said = call("prune", *OLD)
    assert (said.code, said.err) == (0, "")
    first, *_, last = said.out.splitlines()
    assert first.startswith("case c, ended 20")
    assert "(as was asked for, --older-than)" in first
    assert last.endswith("would be given up; --yes does it")
    assert len(list(FileStore(solved / "store").digests())) == before
    assert (solved / "reports" / "c.html").exists()
    assert {"report.html", "bits-0.npy", "certificate.json"} <= _mlflow_files(solved)
    done = call("prune", *OLD, "--yes", "--json")
    found = json.loads(done.out)
    assert (done.code, found["done"], found["files"], found["notes"]) == (0, True, before, [])
    assert list(FileStore(solved / "store").digests()) == []
    assert not (solved / "reports" / "c.html").exists()
    left = _mlflow_files(solved)
    assert not {"report.html", "bits-0.npy"} & left
    assert {"certificate.json", "attempt.json", "problem.json", "outcome.json"} <= left
    checked = call("ledger", "check")
    assert checked.code == 0
    assert f"{before} files pruned by the site's rules, " in checked.out
    assert checked.out.endswith(": all as the ledger says\n")
    assert (
        call("prune", *OLD, "--yes").out.splitlines()[-1] == "no files (0 bytes) were given up, of no cases"
    )


def test_every_command_says_what_is_gone_and_none_that_the_case_is_amiss(
    solved: Path, call: Call, tmp_path: Path
) -> None:
    assert call("keys", "make").code == 0
    assert call("prune", *OLD, "--yes").code == 0
    for command in ("show", "explain"):
        said = call(command, "c")
        assert (said.code, "LEDGER" in said.err) == (0, False)
        assert " pruned on 20" in said.out
    assert "pruned on 20" in call("show", "c", "--json").err
    gone = call("report", "c")
    assert gone.code == 3
    assert gone.err.startswith("error: the report of case c is not there any more: the bytes with SHA-256 ")
    assert call("report", "c", "--out", str(tmp_path / "r.html")).code == 3
    assert not (tmp_path / "r.html").exists()
    replayed = call("replay", "c")
    assert replayed.code == 3
    assert "not there any more work: " in replayed.out
    assert "accepted, as recorded; whether it comes out again cannot be told any more" in replayed.out
    assert json.loads(call("replay", "c", "--json").out)["pruned"]
    out = tmp_path / "e.zip"
    assert call("export", "c", "--out", str(out)).code == 0
    verified = call("verify", str(out))
    assert verified.code == 0
    assert "cannot be looked at any more" in verified.out
    assert call("verify", str(out), "--mlflow", "site").code == 0
    assert call("replay", str(out)).code == 3
    assert call("backup", str(tmp_path / "backups")).code == 0
    assert call("ledger", "rebuild-mlflow", "--into", f"sqlite:///{tmp_path / 'new' / 'mlflow.db'}").code == 0


def test_a_case_under_legal_hold_is_kept_and_says_so(plain: Path, call: Call) -> None:
    held = call("prune", "--hold", "c", "--because", "inquiry 12")
    assert held.code == 0
    assert held.out.startswith("case c is under a legal hold")
    said = call("prune", *OLD, "--yes")
    assert "kept: case c: legal hold since " in said.out
    assert ": inquiry 12" in said.out
    assert call("replay", "c").code == 0
    assert call("replay", "d").code == 3
    assert "legal hold since " in call("show", "c").out
    assert call("prune", "--release", "c", "--because", "it is over").code == 0
    assert call("prune", *OLD, "--yes").code == 0
    assert call("replay", "c").code == 3


def test_a_class_without_a_stated_period_is_kept_whatever_is_asked_for(
    home: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_runtime(settings().model_copy(update={"tracking": 0.0})) as runtime:
        problem = Problem(
            family="toy",
            instance={"numbers": [3, 1]},
            target=Target(metric="number", at_least=3),
            data_class="identifiable",
        )
        solve(runtime, prepare(problem, parse_policy(POLICY.replace("quantum", "ai")), "c"))
    age(FileStore(home / "store"))
    before = set(FileStore(home / "store").digests())
    monkeypatch.setenv("TIERWISE_RETENTION_DAYS", "public=365")
    settings.cache_clear()
    said = call("prune", *OLD, "--yes")
    assert (said.code, said.err) == (0, "")
    assert "kept: case c: no period is stated for identifiable data (TIERWISE_RETENTION_DAYS)" in said.out
    assert set(FileStore(home / "store").digests()) == before
    monkeypatch.delenv("TIERWISE_RETENTION_DAYS")
    settings.cache_clear()
    assert "(as was asked for, --older-than)" in call("prune", *OLD).out


SAID: tuple[tuple[tuple[str, ...], str], ...] = (
    ((), "error: expected for how long cases are kept: set TIERWISE_RETENTION_DAYS"),
    (("--yes",), "error: expected for how long cases are kept"),
    (("--older-than", "0"), "error: --older-than: expected days, more than 0 and at most 36525, got 0"),
    (("--older-than", "nan"), "error: --older-than: expected days, more than 0 and at most 36525, got nan"),
    (("--hold", "c"), "error: --because: expected why, in at most 500 characters"),
    (("--hold", "c", "--because", "x" * 501), "error: --because: expected why"),
    (("--hold", "nobody", "--because", "x"), "error: there is no case 'nobody'"),
    (("--release", "c", "--because", "x"), "error: case c has no legal hold"),
    (("--hold", "c", "--release", "d", "--because", "x"), "error: expected --hold or --release alone"),
    (("--hold", "c", "--because", "x", "--yes"), "error: expected --hold or --release alone"),
    (("--older-than", "9", "--because", "x"), "error: --because: expected with --hold or --release"),
)


def test_what_cannot_be_meant_is_one_line_and_changes_nothing(home: Path, call: Call) -> None:
    with open_runtime(settings().model_copy(update={"tracking": 0.0})) as runtime:
        problem = Problem(
            family="toy", instance={"numbers": [3, 1]}, target=Target(metric="number", at_least=3)
        )
        solve(runtime, prepare(problem, parse_policy(POLICY.replace("quantum", "ai")), "c"))
        before = runtime.ledger.events("c")
        for arguments, said in SAID:
            got = call("prune", *arguments)
            assert (got.code, got.out) == (2, "")
            assert got.err.startswith(said)
            assert len(got.err.splitlines()) == 1
        assert runtime.ledger.events("c") == before


@pytest.mark.parametrize(
    ("stated", "means"),
    [
        ("2192", {"public": 2192.0, "deidentified": 2192.0, "identifiable": 2192.0}),
        ("public=365, identifiable = 2192.5", {"public": 365.0, "identifiable": 2192.5}),
        ("", {}),
    ],
)
def test_the_setting_is_one_number_or_one_a_class(
    monkeypatch: pytest.MonkeyPatch, stated: str, means: dict[str, float]
) -> None:
    monkeypatch.setenv("TIERWISE_RETENTION_DAYS", stated)
    assert Settings().retention_days == means


@pytest.mark.parametrize(
    "stated", ["0", "-1", "nan", "six years", "public", "public=1,public=2", "secret=9", "1,2"]
)
def test_a_setting_that_says_no_period_is_refused(
    home: Path, call: Call, monkeypatch: pytest.MonkeyPatch, stated: str
) -> None:
    monkeypatch.setenv("TIERWISE_RETENTION_DAYS", stated)
    settings.cache_clear()
    said = call("prune")
    assert said.code == 2
    assert said.err.startswith("error: setting TIERWISE_RETENTION_DAYS: ")


def test_a_home_whose_store_another_ledger_used_is_refused(
    plain: Path, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TIERWISE_LEDGER_URL", f"sqlite:///{tmp_path / 'other.db'}")
    settings.cache_clear()
    said = call("prune", *OLD, "--yes")
    assert said.code == 2
    assert "which has a ledger.db of its own" in said.err
    (plain / "ledger.db").rename(tmp_path / "away.db")
    said = call("prune", *OLD, "--yes")
    assert said.code == 2
    assert "expected a store of this ledger alone" in said.err
    assert len(list(FileStore(plain / "store").digests())) > 0


def test_a_pruning_that_is_under_way_is_not_joined(plain: Path, call: Call) -> None:
    from records.retention.pruning import alone

    with alone(plain):
        said = call("prune", *OLD, "--yes")
    assert (said.code, said.err) == (
        2,
        "error: a pruning is under way in this home: wait for its end\n",
    )

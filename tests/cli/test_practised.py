"""The whole submission at the command line: the real client, a practice service, one of its answers lost."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import practice
from escalation.ports.configuration import settings
from practice import FaultRule, Practice

pytestmark = pytest.mark.timeout(600)
Call = Callable[..., Any]
POLICY = """\
policy: hurried
summary: The quantum tier alone, on a practice service, and nobody waits for long.
tiers: [quantum]
backends: {circuit_batch: ibm_runtime:practice_boston}
approvals:
  - id: paid_work
    tier: quantum
    because: A person decides on money.
    unless: {fact: quote.usd, at_most: 0 USD}
submission: {wait_s: 1}
"""
PROBLEM = {
    "family": "toy",
    "instance": {"numbers": [3, 1, 4, 1, 5, 9, 2, 6]},
    "target": {"metric": "number", "at_least": 99},
    "budget": {"qpu_s": 60, "usd": 50},
    "data_class": "public",
    "policy": "hurried.yaml",
}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Practice]:
    with practice.running(practice.PracticeSettings(hold=True)) as found:
        for name, value in {"IBM_URL": found.url, "USD_PER_QPU_S": "1.6", "SETTLE_S": "3"}.items():
            monkeypatch.setenv(f"TIERWISE_{name}", value)
        monkeypatch.setenv("TIERWISE_POLL_S", "0.2")
        yield found


@pytest.fixture
def solve(tmp_path: Path, service: Practice, call: Call) -> Callable[[], Any]:
    (tmp_path / "hurried.yaml").write_text(POLICY)
    (tmp_path / "problem.yaml").write_text(json.dumps(PROBLEM))
    args = ("solve", str(tmp_path / "problem.yaml"), "--engine", "plain", "--case", "c", "--json")
    return lambda: call(*args)


def until_abstained(call: Call) -> None:
    """Has the case gone on with, until the job has run and is billed."""
    for _ in range(100):
        done = call("reconcile", "--go-on")
        assert done.code == 0, done.err
        if "c is abstained" in done.out:
            return
    pytest.fail(f"the case was not gone on with: {done.out}")


def test_held_approved_sent_once_waited_for_and_billed(
    service: Practice, solve: Callable[[], Any], call: Call
) -> None:
    held = solve()
    assert held.code == 4, held.err
    assert "tierwise approve c" in json.loads(held.out)["paused"]
    assert service.control.totals()["posts"] == 0
    asked = json.loads(call("approve", "--list", "--json").out)
    assert (asked["shown"]["device"], asked["shown"]["shots"]) == ("ibm_runtime:practice_boston", 16)
    assert "practice money, nobody is charged" in call("approve", "--list").out
    assert call("approve", "c", "--yes", "--by", "anna").code == 0

    service.control.inject(FaultRule("jobs.post", "http_503_after"))
    waiting = solve()
    assert waiting.code == 5, waiting.err
    job = json.loads(call("jobs", "--json").out)
    assert (job["state"], job["sends"], job["tag"].partition("-")[0]) == ("submitted", 1, "tierwise")

    service.control.release()
    until_abstained(call)
    totals = service.control.totals()
    assert (totals["posts"], totals["accepted"], totals["paid"]) == (1, 1, 1)

    spending = json.loads(call("budget", "--json").out)
    assert {each["spent"]["usd"] for each in spending["scopes"]} == {0.0}
    assert {each["spent"]["usd"] for each in spending["practice"]} == {totals["charged_s"] * 1.6}
    (work,) = spending["submissions"]
    assert (work["state"], work["charged"]["qpu_s"]) == ("done", totals["charged_s"])
    for command in (("budget",), ("jobs", "--all"), ("explain", "c")):
        assert "ractice money, nobody is charged" in call(*command).out, command
    told = call("explain", "c").out
    for part in ("anna approved it", job["job_id"], "a practice service: not evidence from hardware"):
        assert part in told


def test_a_job_sent_after_the_back_up_is_found_and_not_paid_again(
    service: Practice,
    solve: Callable[[], Any],
    call: Call,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def approved() -> None:
        assert solve().code == 4
        assert call("approve", "c", "--yes", "--by", "anna").code == 0

    backups = str(tmp_path / "backups")
    assert call("backup", backups).code == 0  # which knows nothing of the case
    approved()
    assert solve().code == 5
    assert service.control.totals()["posts"] == 1

    monkeypatch.setenv("TIERWISE_HOME", str(tmp_path / "anew"))
    settings.cache_clear()
    restored = call("restore", backups)
    assert (restored.code, restored.err) == (0, "")
    approved()  # it is stated again, under its name
    waiting = solve()
    assert waiting.code == 5, waiting.err
    service.control.release()
    until_abstained(call)
    totals = service.control.totals()
    assert (totals["posts"], totals["accepted"], totals["paid"]) == (1, 1, 1)
    (work,) = json.loads(call("budget", "--json").out)["submissions"]
    assert (work["state"], work["charged"]["qpu_s"]) == ("done", totals["charged_s"])
    assert "sent after the back-up" in call("jobs", "--all").out


@pytest.fixture
def posts(
    service: Practice, solve: Callable[[], Any], call: Call, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], int]:
    """A case that was held, approved and paid; the ledger as it was before the approval is in its place."""
    monkeypatch.setenv("TIERWISE_SETTLE_S", "0.1")
    assert call("keys", "make").code == 0
    assert solve().code == 4
    copy = home / "ledger.db.old"
    with closing(sqlite3.connect(home / "ledger.db")) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    assert call("approve", "c", "--yes", "--by", "anna").code == 0
    assert solve().code == 5
    service.control.release()
    until_abstained(call)
    for name in ("ledger.db-wal", "ledger.db-shm"):
        (home / name).unlink(missing_ok=True)
    copy.replace(home / "ledger.db")
    return lambda: service.control.totals()["posts"]


def test_nothing_is_paid_for_again_on_an_older_ledger_whatever_becomes_of_the_home(
    posts: Callable[[], int], solve: Callable[[], Any], call: Call, home: Path, tmp_path: Path
) -> None:  # fmt: skip
    heads, key = home / "signed-heads", home / "signing-key.pem"
    [copy] = [path for path in heads.glob("*.json") if not path.name.endswith(".keys.json")]
    kept = {path: path.read_bytes() for path in (*heads.glob("*.json"), key)}

    def damaged() -> None:
        sound = copy.read_bytes()
        place = sound.index(b'"sig": "') + 12
        other = b"B" if sound[place : place + 1] == b"A" else b"A"  # base64 still
        copy.write_bytes(sound[:place] + other + sound[place + 1 :])

    def without_home() -> None:
        for path in heads.glob("*.json"):
            path.unlink()

    def without_home_and_key() -> None:
        without_home()
        key.unlink()

    def another_key() -> None:
        key.rename(tmp_path / "old.pem")
        settings.cache_clear()
        assert call("keys", "make").code == 0

    wrong: dict[str, Callable[[], Any]] = {
        "older than this home": lambda: None,
        "did not sign this envelope": damaged,
        "is damaged": lambda: copy.write_bytes(b""),
        "is gone": copy.unlink,
        "or was rewritten": another_key,
        "older than MLflow": without_home,
        "not known here": without_home_and_key,
    }
    for place, (said, do) in enumerate(wrong.items()):
        for path, data in kept.items():
            path.unlink(missing_ok=True)
            path.write_bytes(data)
            path.chmod(0o600)
        do()
        assert place or call("approve", "c", "--yes", "--by", "anna").code == 0
        tried = solve()
        assert (tried.code, posts()) == (1, 1)
        assert said in tried.err
        assert "nothing is spent on it" in tried.err
        checked = call("ledger", "check")
        assert checked.code == 1
        assert said in checked.out or "the ledger was cut, or rewritten" in checked.out

"""The whole submission at the command line: the real client, a practice service, one of its answers lost."""

import json
from collections.abc import Callable, Iterator
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

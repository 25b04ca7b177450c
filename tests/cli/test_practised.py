"""The whole submission at the command line: the real client, a practice service, one of its answers lost."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import practice
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
    for _ in range(100):  # the job has to run first
        done = call("reconcile", "--go-on")
        assert done.code == 0, done.err
        if "c is abstained" in done.out:
            break
    assert "c is abstained" in done.out
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

"""The five-minute script, as it is, against practice services that keep the contract and that do not."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import practice
from backends.ibm_runtime.settings import IbmSettings
from bench.live_contract.command import run
from escalation.inputs.settings import Settings
from escalation.model.errors import BadInput
from practice import FaultRule, Practice

DEVICE = "practice_boston"
HELD = {"hold": True}
"""Jobs stay queued, so that all of them are cancelled before they run."""
Check = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def service() -> Iterator[Practice]:
    with practice.running() as found:
        yield found


@pytest.fixture
def known(service: Practice, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, settle_s=60, poll_s=0.05).having(
        IbmSettings(ibm_url=service.url, usd_per_qpu_s=1.6)
    )


@pytest.fixture
def check(known: Settings, capsys: pytest.CaptureFixture[str]) -> Check:
    """Runs the script; returns what it found by question, and whether all of it holds."""

    def call(settle_s: float = known.settle_s) -> dict[str, Any]:
        patient = known.model_copy(update={"settle_s": settle_s})
        code = run(DEVICE, patient, sure=True, watch_s=0.1, as_json=True)
        found = {each["question"]: each for each in json.loads(capsys.readouterr().out)["findings"]}
        assert (code == 0) == all(each["holds"] for each in found.values())
        return found

    return call


def test_a_service_that_keeps_the_contract_passes_and_nothing_is_paid(
    service: Practice, check: Check
) -> None:
    service.control.reset(**HELD)
    found = check()
    assert {question: each["holds"] for question, each in found.items() if not each["holds"]} == {}
    assert len(found) == 6
    totals = service.control.totals()
    assert (totals["charged_s"], totals["paid"]) == (0, 0)
    assert totals["posts"] <= 6


def test_a_closed_batch_that_accepts_is_found_out_and_its_jobs_are_cancelled(
    service: Practice, check: Check
) -> None:
    service.control.reset(**HELD, closed_batch_accepts=True)
    found = check()
    violated = [question for question, each in found.items() if not each["holds"]]
    assert "a closed batch rejects a late POST" in violated
    assert "a closed batch rejects a POST that was on its way" in violated
    assert service.control.totals()["paid"] == 0


def test_a_listing_that_lags_beyond_the_settling_time_is_found_out(service: Practice, check: Check) -> None:
    service.control.reset(FaultRule("jobs.post", "list_lag_beyond_settling"), **HELD)
    assert check(settle_s=0.5)["listing lag is below the settling time"]["holds"] is False


@pytest.mark.parametrize("typed", ["n\n", "\n"])
def test_nothing_is_sent_before_somebody_says_yes(
    service: Practice,
    known: Settings,
    typed: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    service.control.reset(**HELD)
    stdin = io.StringIO(typed)
    monkeypatch.setattr(stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stdin", stdin)
    assert run(DEVICE, known, sure=False, watch_s=0.1, as_json=False) == 1
    # a shot costs 2 s and a delay of 0.25 ms, so the cap is 4 s; at most 6 jobs, 1.6 USD a second
    assert "at most 24 s = 38.40 USD" in capsys.readouterr().out
    assert service.control.totals()["posts"] == 0


def test_without_a_terminal_it_asks_for_yes(service: Practice, known: Settings) -> None:
    service.control.reset(**HELD)
    with pytest.raises(BadInput, match="say --yes"):
        run(DEVICE, known, sure=False, watch_s=0.1, as_json=False)
    assert service.control.totals()["posts"] == 0

"""A store that is away for a while costs a case the time, and nothing else."""

import os
import signal
from pathlib import Path

import pytest

from escalation.engine.drive import solve
from escalation.engine.listening import Silent
from escalation.engine.opening import prepare
from escalation.inputs.settings import Settings
from escalation.model.case import CaseStatus
from escalation.model.decision import Decision
from escalation.policy.policy import parse_policy
from records.runtime import open_runtime
from records.store import bucket
from records.store.refusals import StoreAway
from tests.records.s3 import S3
from tests.records.tracking.test_silence import AI_ALONE, PROBLEM


class Halting(Silent):
    """Halts the store's service once the case is decided on; the next put meets silence."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def decided(self, decision: Decision) -> None:
        os.kill(self.pid, signal.SIGSTOP)


def test_a_case_whose_result_could_not_be_kept_is_interrupted_and_goes_on_when_the_store_is_back(
    s3: str, s3_server: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = prepare(PROBLEM, parse_policy(AI_ALONE), case_id="c")
    for bound, seconds in {"SILENT_S": 0.3, "RETRY_S": 0, "RETRIES": 0}.items():
        monkeypatch.setattr(bucket, bound, seconds)
    site = Settings(home=tmp_path, store_url=s3, tracking=0)
    with open_runtime(site) as runtime:
        try:
            with pytest.raises(StoreAway, match=r"cannot write to the store .* does not answer in time"):
                solve(runtime, case, Halting(s3_server.process.pid))
            assert runtime.ledger.case("c").status is CaseStatus.INTERRUPTED
        finally:
            os.kill(s3_server.process.pid, signal.SIGCONT)
    monkeypatch.undo()
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    with open_runtime(site) as runtime:
        outcome = solve(runtime, case)
        assert outcome.status is CaseStatus.ACCEPTED
        assert runtime.ledger.digests() <= set(runtime.store.digests())  # type: ignore[attr-defined]
        assert len(outcome.attempts) == 1

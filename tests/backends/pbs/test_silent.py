"""A batch system that is away when work is sent: the work waits, says for what, and is not lost sight of."""

from pathlib import Path

import pytest

from backends.pbs.backend import PbsBackend
from escalation.inputs.settings import Settings
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from tests.backends.pbs.conftest import FakePbs

AWAY = "cannot connect to server pbs (errno=111)"


def test_new_work_waits_for_a_batch_system_that_is_away(
    pbs: FakePbs, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for command in ("qsub", "qstat", "pbsnodes"):
        pbs.says_instead(command, f"{command}: {AWAY}")
    backend = PbsBackend(Settings(home=tmp_path), "workq")
    handle = backend.submit(LocalCall("escalation.testing.samples:double", {"x": 2}), tmp_path / "w", "tw-a")
    progress = backend.wait(handle, 0)
    assert (progress.state, progress.message) == (
        JobState.QUEUED,
        f"the batch system does not answer: qstat: {AWAY}",
    )
    for command in ("qsub", "qstat", "pbsnodes"):
        pbs.works_again(command)
    progress = backend.wait(handle, 60)
    assert (progress.state, progress.message) == (
        JobState.FAULT,
        "lost: it never started, and nobody knew of it for 3 s",
    )
    followed = [each for each in caplog.records if each.name == "backends.batch.joblist"]
    assert [record.getMessage() for record in followed] == [
        f"pbs: the batch system does not answer: qstat: {AWAY}; jobs are waited for",
        "pbs: the batch system answers again",
    ]

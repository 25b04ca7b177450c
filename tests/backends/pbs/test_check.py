"""What the doctor finds of PBS, which has no way to try a job without sending it."""

from pathlib import Path

import pytest

from backends.batch.check import check
from backends.pbs.devices import devices
from backends.pbs.pbs import Pbs
from backends.pbs.settings import PbsSettings
from escalation.inputs.settings import Settings
from tests.backends.pbs.conftest import FakePbs


def test_the_doctor_says_which_queues_answer(pbs: FakePbs, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    system = Pbs(settings.of(PbsSettings).site)
    assert check(system, settings) == (
        True,
        f"answers; queues workq, short; jobs' files go to {tmp_path}/scratch; "
        "whether a job is taken shows when one is sent",
    )
    assert pbs.jobs() == []
    pbs.says_instead("pbsnodes", "pbsnodes: cannot connect to server head (errno=111)")
    assert check(system, settings) == (
        False,
        "pbsnodes does not answer: pbsnodes: cannot connect to server head (errno=111)",
    )


def test_a_machine_without_pbs_is_no_failure_and_no_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    settings = Settings(home=tmp_path)
    system = Pbs(settings.of(PbsSettings).site)
    assert check(system, settings) == (True, "not here: there is no pbsnodes on PATH")
    assert devices() == ()

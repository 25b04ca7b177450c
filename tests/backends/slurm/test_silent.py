"""What is said of Slurm's commands where they fail: a short line, and no failure where Slurm is not used."""

from pathlib import Path

import pytest

from backends.batch.check import check
from backends.slurm.backend import SlurmBackend
from backends.slurm.devices import devices, kind_of
from backends.slurm.settings import SlurmSettings
from backends.slurm.slurm import Slurm
from escalation.inputs.settings import Settings
from escalation.model.errors import BackendError
from escalation.model.kinds.local_call import LocalCall

SINFO = """#!/bin/sh
echo "sinfo: error: resolve_ctls_from_dns_srv: res_nsearch error: Unknown host" >&2
echo "sinfo: error: fetch_config: DNS SRV lookup failed" >&2
echo "sinfo: fatal: Could not establish a configuration source" >&2
exit 1
"""
LINE = "sinfo: fatal: Could not establish a configuration source"


@pytest.fixture(autouse=True)
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sinfo", "squeue"):
        (tmp_path / name).write_text(SINFO)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("SLURM_CONF", raising=False)


def test_where_nothing_says_that_slurm_is_used_its_commands_alone_fail_no_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path)
    slurm = Slurm(settings.of(SlurmSettings).site)
    assert check(slurm, settings) == (True, f"not configured here: {LINE}")
    monkeypatch.setenv("SLURM_CONF", str(tmp_path / "slurm.conf"))
    assert check(slurm, settings) == (False, f"sinfo does not answer: {LINE}")


def test_the_list_of_devices_says_that_it_does_not_answer() -> None:
    assert [(each.name, each.trouble) for each in devices()] == [
        ("slurm", f"the batch system does not answer: {LINE}")
    ]


def test_a_controller_that_is_silent_is_asked_once_whoever_asks_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("backends.batch.commands.PATIENCE_S", 0.2)
    monkeypatch.setattr("backends.batch.commands._slow", set())  # of what other tests made slow
    said = "Unable to contact slurm controller (connect failure)"
    (tmp_path / "sinfo").write_text(
        f"#!/bin/sh\necho asked >> {tmp_path}/asked\nsleep 2\necho '{said}' >&2; exit 1"
    )
    backend = SlurmBackend(Settings(home=tmp_path), "main")
    kind_of("main")
    assert (backend.available(), backend.queue_s()) == (None, None)
    assert [each.trouble for each in devices()] == [f"the batch system does not answer: {said}"]
    assert backend.estimate(LocalCall("escalation.testing.samples:double")).amounts.usd == 0
    assert (tmp_path / "asked").read_text() == "asked\n"
    assert [record.getMessage() for record in caplog.records] == [
        "the batch system has not answered sinfo for 0.2 s, and is waited for, 30 s at most"
    ]


def test_a_configuration_that_is_not_there_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_CONF", str(tmp_path / "slurm.conf"))
    work = LocalCall("escalation.testing.samples:double")
    with pytest.raises(BackendError, match=LINE) as found:
        SlurmBackend(Settings(home=tmp_path)).submit(work, tmp_path / "work", "tw-a")
    assert (found.value.retry, (tmp_path / "work").exists()) == (False, False)

"""What is said of Slurm's commands where they fail: a short line, and no failure where Slurm is not used."""

from pathlib import Path

import pytest

from backends.batch.check import check
from backends.slurm.devices import devices
from backends.slurm.settings import SlurmSettings
from backends.slurm.slurm import Slurm
from escalation.inputs.settings import Settings

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
    assert [(each.name, each.note) for each in devices()] == [
        ("slurm", f"the batch system does not answer: {LINE}")
    ]

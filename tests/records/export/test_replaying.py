"""A case is replayed from its export alone, and what is gone from it is named in a line."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from escalation.model.errors import BadInput
from escalation.ports.configuration import with_ranks
from records.export.exporting import export
from records.named import ExportChanged
from records.replaying import replayed
from tests.records.export.conftest import CASES, SCAN, Site

OVER = [case_id for case_id in CASES if case_id not in ("failed", "held")]


@pytest.mark.parametrize("case_id", OVER)
def test_a_case_of_every_ending_is_replayed_from_its_export_alone(
    site: Site, tmp_path: Path, case_id: str
) -> None:
    name = "out.zip" if case_id in OVER[:2] else "out"
    export(site.ledger, site.store, site.settings, case_id, tmp_path / name)
    report = replayed(str(tmp_path / name))
    assert (report.same, report.differences, report.ledger) == (True, (), "")
    assert (report.case_id, report.attempts) == (case_id, len(site.ledger.attempts(case_id)))


@pytest.mark.parametrize("case_id", ["failed", "held"])
def test_the_export_of_a_case_that_is_not_over_is_a_line(site: Site, tmp_path: Path, case_id: str) -> None:
    export(site.ledger, site.store, site.settings, case_id, tmp_path / "out")
    with pytest.raises(BadInput, match=f"case {case_id} is {case_id}: only a case that is over can be"):
        replayed(str(tmp_path / "out"))


def test_results_that_are_gone_from_an_export_are_named_in_a_line(site: Site, tmp_path: Path) -> None:
    export(site.ledger, site.store, site.settings, "simulated", tmp_path / "out")
    (done,) = site.ledger.works("simulated", 0)
    (bits,) = {blob.digest for blob in done.result.files.values()}
    (file,) = tmp_path.joinpath("out").rglob(bits)
    file.unlink()
    with pytest.raises(ExportChanged, match="out is not what was exported: ") as found:
        replayed(str(tmp_path / "out"))
    assert bits in str(found.value)
    assert "\n" not in str(found.value)


def test_a_path_that_is_no_export_is_a_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="expected an export"):
        replayed(str(tmp_path))


def test_a_case_that_was_opened_after_a_checkpoint_is_replayed_from_its_export(
    make_site: Callable[..., Site], tmp_path: Path
) -> None:
    one = make_site()
    one.solve("first")
    one.ledger.make_checkpoint()
    one.solve("later")
    one.ledger.make_checkpoint()
    one.solve("last")
    for case_id in ("later", "last"):
        export(one.ledger, one.store, one.settings, case_id, tmp_path / case_id)
        report = replayed(str(tmp_path / case_id))
        assert (report.same, report.case_id, report.ledger) == (True, case_id, "")
        assert report.source.startswith(f"export {tmp_path / case_id}, as signed with key ")


@pytest.mark.parametrize("change", ["outcome", "problem", "signature"])
def test_an_export_that_was_changed_is_not_replayed(site: Site, tmp_path: Path, change: str) -> None:
    export(site.ledger, site.store, site.settings, "accepted", tmp_path / "out")
    if change == "outcome":
        path = tmp_path / "out/data/outcome.json"
        path.write_text(path.read_text().replace("accepted", "refused"))
    elif change == "problem":
        (tmp_path / "out/data/problem.json").unlink()
    else:
        (tmp_path / "out/signature/statement.sig").write_bytes(b"")
    with pytest.raises(ExportChanged) as found:
        replayed(str(tmp_path / "out"))
    assert change in " ".join(found.value.findings)
    assert found.value.exit_code == 5


def test_an_export_is_replayed_only_as_signed_with_the_key_that_is_given(
    make_site: Callable[..., Site], site: Site, tmp_path: Path
) -> None:
    export(site.ledger, site.store, site.settings, "accepted", tmp_path / "out")
    said = replayed(str(tmp_path / "out"), key=site.key.public).source
    assert said.endswith(f"signed with key {site.key.public.key_id[:12]}, that was given")
    with pytest.raises(ExportChanged, match="signature: is not that of key"):
        replayed(str(tmp_path / "out"), key=make_site().key.public)


COMMANDS = ("sbatch", "sinfo", "squeue", "sacct", "scontrol", "srun", "qsub", "qstat", "pbsnodes")


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that has a line for each command of a batch system that was run."""
    calls, folder = tmp_path / "calls", tmp_path / "bin"
    folder.mkdir()
    calls.touch()
    for name in COMMANDS:
        (folder / name).write_text(f"#!/bin/sh\necho {name} >> {calls}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return calls


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("mpi_program: slurm", "what an export names is not sent to a batch system"),
        ("mpi_program: pbs", "what an export names is not sent to a batch system"),
        ("mpi_program: mpi", ""),
    ],
)
def test_nothing_is_sent_to_a_batch_system_because_an_export_names_it(
    make_site: Callable[..., Site], tmp_path: Path, asked: Path, named: str, said: str
) -> None:
    one, name = make_site(), named.split()[1]
    if name != "mpi":
        one.runtime._backends[name] = one.runtime.backend("mpi")
    assert one.solve("c", SCAN.replace("mpi_program: mpi", named)).tier == "hpc"
    export(one.ledger, one.store, one.settings, "c", tmp_path / "out")
    report = replayed(str(tmp_path / "out"), recompute=True)
    assert report.same
    assert (report.run_again > 0) == (said == "")
    assert all(said in line for line in report.not_run_again)
    assert len(report.not_run_again) == (0 if said == "" else report.works)
    assert asked.read_text() == ""


def test_work_of_an_export_that_wants_more_cores_than_there_are_is_not_run(
    make_site: Callable[..., Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = make_site()
    with with_ranks(5):
        assert one.solve("c", SCAN).tier == "hpc"
    export(one.ledger, one.store, one.settings, "c", tmp_path / "out")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    report = replayed(str(tmp_path / "out"), recompute=True)
    assert (report.same, report.run_again) == (True, 0)
    assert all("its work wants 5 processor cores, there are 4" in line for line in report.not_run_again)

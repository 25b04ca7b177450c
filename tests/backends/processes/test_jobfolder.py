"""The folder that jobs live in: what is written comes back, and a result exists once."""

import tempfile
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.processes.guard import descendants
from backends.processes.jobfolder import FolderReport, JobFolder, write_once
from escalation.model.amounts import Amounts
from escalation.model.blob import Blob
from escalation.model.errors import BackendError
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.report import CHECKPOINT, Report
from escalation.model.result import RawResult

FILES = st.dictionaries(st.text(), st.binary(max_size=64), max_size=4)


@given(inputs=FILES, outputs=FILES)
def test_bytes_come_back_under_any_name(inputs: dict[str, bytes], outputs: dict[str, bytes]) -> None:
    def blobs(files: dict[str, bytes]) -> dict[str, Blob]:
        return {name: Blob(data) for name, data in files.items()}

    with tempfile.TemporaryDirectory() as folder:
        job = JobFolder(Path(folder))
        job.create(LocalCall("m:f", inputs=blobs(inputs)))
        assert job.inputs() == inputs
        result = RawResult(JobState.DONE, {"x": 1}, blobs(outputs), usage=Amounts(wall_s=1.0))
        assert job.publish(result)
        assert job.result() == result


def test_the_first_result_stands(tmp_path: Path) -> None:
    job = JobFolder(tmp_path)
    job.create(LocalCall("m:f"))
    assert job.finished() is None
    with pytest.raises(BackendError, match="no result yet"):
        job.result()
    assert job.publish(RawResult(JobState.DONE))
    assert not job.publish(RawResult(JobState.FAILED, error="too late"))
    assert job.finished() is JobState.DONE


def test_what_is_printed_after_a_result_was_read_changes_it_for_nobody(tmp_path: Path) -> None:
    job = JobFolder(tmp_path)
    job.create(LocalCall("m:f"))
    job.publish(RawResult(JobState.DONE, evidence={"map": Blob(b"a map")}))
    job.log.write_bytes(b"done\n")
    first = job.result()
    with job.log.open("ab") as log:
        log.write(b"mpiexec: all ranks have ended\n")
    (tmp_path / "log-rank-1.txt").write_bytes(b"late\n")
    assert job.result() == JobFolder(tmp_path).result() == first
    assert first.evidence == {"map": Blob(b"a map"), "log": Blob(b"done\n")}


def test_writing_once_leaves_nothing_beside_the_file(tmp_path: Path) -> None:
    assert write_once(tmp_path / "a", b"1")
    assert not write_once(tmp_path / "a", b"2")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"1"


def test_a_changed_input_is_noticed(tmp_path: Path) -> None:
    job = JobFolder(tmp_path)
    job.create(LocalCall("m:f", inputs={"a": Blob(b"right")}))
    (tmp_path / "inputs" / Blob(b"right").digest).write_bytes(b"wrong")
    with pytest.raises(ValueError, match="expected bytes with SHA-256"):
        job.inputs()


def test_progress_is_throttled_but_its_end_is_always_told(tmp_path: Path) -> None:
    job = JobFolder(tmp_path)
    report = FolderReport(job, every_s=1e9)
    for fraction in (0.1, 0.2):
        report(fraction, "going")
    assert job.progress() == (0.1, "going")
    report(1.7, "over")
    assert job.progress() == (1.0, "over")


@pytest.mark.parametrize("kernel_says", [True, False])
def test_descendants_are_those_that_psutil_finds(kernel_says: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not kernel_says:
        monkeypatch.setattr("backends.processes.guard._children", lambda pid: None)
    sleepers = [psutil.Popen(["sh", "-c", "sleep 60 & wait"]) for _ in range(2)]
    try:
        while any(not each.children() for each in sleepers):
            pass
        expected = {each.pid for each in psutil.Process().children(recursive=True)}
        assert set(descendants(psutil.Process().pid)) == expected
    finally:
        for each in sleepers:
            for child in each.children():
                child.kill()
            each.wait()


def test_a_checkpoint_is_kept_whole_and_the_last_one_counts(tmp_path: Path) -> None:
    report = FolderReport(JobFolder(tmp_path))
    assert report.saved() is None
    report.save(b"1")
    report.save(b"\x002")
    assert FolderReport(JobFolder(tmp_path)).saved() == b"\x002"
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]
    assert Report().saved() is None

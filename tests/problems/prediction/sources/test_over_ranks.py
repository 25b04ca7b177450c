"""Features over MPI ranks: what the ranks make are the numbers that are made here, and they are kept."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escalation.engine.ahead import ProgramsOn, load_with_programs
from escalation.model.errors import BadInput, TierwiseError
from escalation.ports import configuration
from escalation.ports.ahead import programs_run_by
from problems.prediction.sources import making, over_ranks
from problems.prediction.sources.images import reading
from problems.prediction.sources.making import FeatureWork, make_features

HERE = "tests.problems.prediction.sources.row_functions"
TEXTS = ["", "a", "bc", "def", "ghij", "klmno", "ü"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: Any) -> Iterator[Path]:
    """A home of its own, as whoever is asked for the settings has it."""
    monkeypatch.setenv("TIERWISE_HOME", str(tmp_path / "home"))
    configuration.settings.cache_clear()
    yield tmp_path / "home"
    configuration.settings.cache_clear()


@pytest.fixture
def programs(home: Path) -> Iterator[ProgramsOn]:
    on_mpi = ProgramsOn("mpi", lambda line: None)
    yield on_mpi
    on_mpi.close()


def test_ranks_make_what_is_made_here_and_later_readings_find_it(
    home: Path, programs: ProgramsOn, monkeypatch: Any
) -> None:
    monkeypatch.setattr(making, "MOST_BYTES", 20)  # several programs
    rows = np.random.default_rng(0).normal(size=(9, 3))
    rows[0] = -0.0
    work = FeatureWork(f"{HERE}:signs")
    with programs_run_by(programs):
        over = make_features(work, rows, chunk_rows=2)
    assert programs.done == 4
    monkeypatch.setattr(over_ranks, "make", None)
    monkeypatch.setattr(making, "make", None)  # nothing is made any more
    again = make_features(work, rows, chunk_rows=2)
    assert again.tobytes() == over.tobytes() == (-rows).tobytes()
    assert list((home / "scratch" / "ahead").iterdir()) == []


def test_what_is_wrong_with_a_row_is_said_as_it_is_here(programs: ProgramsOn) -> None:
    with programs_run_by(programs), pytest.raises(BadInput, match="row 3: expected something else"):
        make_features(FeatureWork(f"{HERE}:refuses", params={"unless": os.getpid()}), TEXTS, chunk_rows=3)


def test_ranks_that_die_end_the_reading_with_one_line(programs: ProgramsOn, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    mark.write_text(str(os.getpid()))
    dies = FeatureWork(f"{HERE}:dies", params={"mark": str(mark), "always": True})
    with programs_run_by(programs), pytest.raises(TierwiseError, match=r"over_ranks:run on mpi ended"):
        make_features(dies, TEXTS, chunk_rows=3)


def test_a_machine_that_runs_no_mpi_programs_is_refused(home: Path) -> None:
    with pytest.raises(BadInput, match="local: expected a machine that runs MPI programs"):
        ProgramsOn("local", lambda line: None)


def test_the_pictures_of_a_problem_are_made_ahead_and_the_problem_finds_them(
    home: Path, programs: ProgramsOn, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(reading, "CHUNK_PICTURES", 30)
    random = np.random.default_rng(1)
    pictures = random.integers(0, 255, (90, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "scans.npz", images=pictures, label=random.integers(0, 2, 90))
    problem = tmp_path / "scans.yaml"
    problem.write_text(
        "family: prediction\ninstance: {npz: scans.npz, positive: '1'}\n"
        "target: {metric: roc_auc, at_least: 0.6}\n"
    )
    load_with_programs(problem, programs)
    assert programs.done == 1
    load_with_programs(problem, programs)
    assert programs.done == 1


def test_bad_input_names_the_problem_file_once(programs: ProgramsOn, tmp_path: Path) -> None:
    problem = tmp_path / "scans.yaml"
    problem.write_text(
        "family: prediction\ninstance: {npz: scans.npz, positive: '1', colour: red}\n"
        "target: {metric: roc_auc, at_least: 0.6}\n"
    )
    with pytest.raises(BadInput) as refused:
        load_with_programs(problem, programs)
    assert str(refused.value).startswith(f"{problem}: instance: unknown field 'colour', expected one of ")
    assert str(refused.value).count(str(problem)) == 1


class Interrupted:
    """A batch system, taking a job when whoever submits it is stopped: nobody has its handle."""

    name, kind, scratch = "batch", "classical", None

    def __init__(self) -> None:
        self.cancelled: list[Any] = []

    def submit(self, work: Any, folder: Path, tag: str) -> Any:
        self.planned = {"folder": str(folder.resolve()), "tag": tag}
        raise KeyboardInterrupt

    def cancel(self, handle: Any) -> None:
        self.cancelled.append(handle)

    def nothing(self, *given: Any) -> Any: ...

    find = wait = result = estimate = calibration = available = queue_s = nothing

    def close(self) -> None: ...


def test_a_job_whose_submission_is_interrupted_is_cancelled(programs: ProgramsOn, home: Path) -> None:
    programs.close()
    programs._backend = batch = Interrupted()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        programs(over_ranks.program_of("m:f", {}, {"chunk-0": b"T[]"}, 0.1))
    assert batch.cancelled == [batch.planned]
    assert list((home / "scratch" / "ahead").iterdir()) == []

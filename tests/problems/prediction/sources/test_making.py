"""Features as work: the same numbers from any number of processes, made once, and no process left behind."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escalation.model.errors import BadInput, MachineFault
from problems.prediction.sources import making
from problems.prediction.sources.chunks import dump, load
from problems.prediction.sources.made_before import MadeBefore
from problems.prediction.sources.making import FeatureWork, make_features

HERE = "tests.problems.prediction.sources.row_functions"
TEXTS = ["", "a", "bc", "def", "ghij", "klmno", "ü"]
LENGTHS = [[0], [1], [2], [3], [4], [5], [1]]


@pytest.fixture
def home(tmp_path: Any, monkeypatch: Any) -> Any:
    monkeypatch.setattr(making, "settings", lambda: type("Of", (), {"home": tmp_path / "home"}))
    return tmp_path / "home"


@pytest.fixture
def two_processes(monkeypatch: Any, home: Any) -> None:
    monkeypatch.setattr(making, "WORTH_S", 0.0)
    monkeypatch.setattr(making, "mpi_ranks", lambda: 2)


def work(name: str = "lengths", **params: Any) -> FeatureWork:
    return FeatureWork(f"{HERE}:{name}", params=params)


def asked(log: Path) -> list[tuple[int, int]]:
    """The process and the number of rows of each call."""
    return [(int(a), int(b)) for a, b in map(str.split, log.read_text().splitlines())] if log.exists() else []


@pytest.mark.parametrize(
    "rows",
    [
        TEXTS,
        [text.encode() for text in TEXTS],
        [np.zeros((3, 2), dtype=np.uint16), np.ones(5), np.array("one")],
        np.arange(12, dtype=np.float32).reshape(4, 3),
    ],
)
def test_rows_are_the_same_after_a_journey_as_bytes(rows: Any) -> None:
    there = load(dump(rows))
    assert type(there) is type(rows)
    assert all(np.array_equal(a, b) and type(a) is type(b) for a, b in zip(there, rows, strict=True))
    assert dump(there) == dump(rows)


def test_rows_divided_otherwise_are_other_bytes() -> None:
    assert dump([b"ab", b"c"]) != dump([b"a", b"bc"])
    with pytest.raises(TypeError, match="expected rows as one array"):
        dump(["a", b"a"])  # type: ignore[arg-type]


def test_what_was_made_is_found_again_and_a_damaged_file_is_made_anew(home: Any, tmp_path: Any) -> None:
    log = tmp_path / "log"
    for _ in range(2):
        assert make_features(work(log=str(log)), TEXTS, chunk_rows=3).tolist() == LENGTHS
    assert asked(log) == [(os.getpid(), rows) for rows in (3, 3, 1)]
    files = sorted((home / "store-features").glob("??/*"))
    assert len(files) == 3
    files[0].write_bytes(files[0].read_bytes()[:-1] + b"\1")
    files[1].write_bytes(b"")
    assert make_features(work(log=str(log)), TEXTS, chunk_rows=3).tolist() == LENGTHS
    assert len(asked(log)) == 5
    make_features(work(log=str(log), times=2), TEXTS[:3], chunk_rows=3)
    assert len(asked(log)) == 6, "other parameters are other work"
    make_features(FeatureWork(f"{HERE}:lengths", 2, {"log": str(log)}), TEXTS[:3], chunk_rows=3)
    assert len(asked(log)) == 7, "another version is other work"


def test_the_oldest_go_where_too_much_is_kept(tmp_path: Any) -> None:
    kept = MadeBefore(tmp_path, most_bytes=1000)
    for age, name in enumerate(("aa1", "bb2", "cc3")):
        kept.put(name, np.zeros((40, 1)))
        os.utime(tmp_path / "store-features" / name[:2] / name, (age, age))
    assert kept.get("aa1", 40) is not None  # and was used last by that
    kept.trim()
    assert [kept.get(name, 40) is not None for name in ("aa1", "bb2", "cc3")] == [True, False, False]
    assert kept.get("aa1", 41) is None, "an array of other rows is no answer"


def test_processes_share_the_chunks_and_are_gone_afterwards(two_processes: None, tmp_path: Any) -> None:
    log, told = tmp_path / "log", list[str]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "SILENT_S", 0.0)
        made = make_features(work(log=str(log)), TEXTS, what="lengths", chunk_rows=1, tell=told.append)
    assert made.tolist() == LENGTHS
    others = {process for process, _ in asked(log)} - {os.getpid()}
    assert 1 <= len(others) <= 2
    assert not any(Path(f"/proc/{process}").exists() for process in others)
    assert told[0] == "lengths: 1 of 7 rows, 14%"
    assert told[-1] == "lengths: 7 rows, done"


def test_stopping_it_leaves_no_process(two_processes: None, tmp_path: Any, monkeypatch: Any) -> None:
    log, lines = tmp_path / "log", list[str]()
    monkeypatch.setattr(making, "SILENT_S", 0.0)

    def stop(line: str) -> None:
        lines.append(line)
        if len(lines) == 2:  # the first chunk is made here
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_features(work(log=str(log)), TEXTS, chunk_rows=1, tell=stop)
    others = {process for process, _ in asked(log)} - {os.getpid()}
    assert others
    assert not any(Path(f"/proc/{process}").exists() for process in others)


def test_a_process_that_dies_is_replaced_once(two_processes: None, tmp_path: Any) -> None:
    mark = tmp_path / "mark"
    mark.write_text(str(os.getpid()))
    assert make_features(work("dies", mark=str(mark)), TEXTS, chunk_rows=3).tolist() == LENGTHS
    assert Path(f"{mark}.died").exists()
    with pytest.raises(MachineFault, match="2 in a row"):
        make_features(work("dies", mark=str(mark), always=True), TEXTS, chunk_rows=2)


def test_what_is_wrong_with_rows_is_said_as_it_was(two_processes: None) -> None:
    with pytest.raises(BadInput, match=r"^row 3: expected something else$"):
        make_features(work("refuses", unless=os.getpid()), TEXTS, chunk_rows=3)
    with pytest.raises(ValueError, match="float64 array of two dimensions"):
        make_features(work("flat"), TEXTS)

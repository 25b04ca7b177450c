"""Whatever a user names as a file: what is none, or has no end, is one line, and nobody waits."""

import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from escalation.engine.opening import read_problem
from escalation.inputs import user_files
from escalation.inputs.problem_lists import problem_sources
from escalation.model.errors import BadInput, PolicyError
from escalation.policy.policy import load_policy
from problems.optimisation.loading.loading import load
from toolbox.tables.raw_files import read_csv, read_parquet

MOST = 1000


def refusal(path: Path) -> str:
    with pytest.raises(BadInput) as error:
        user_files.read_bytes(path, MOST)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_file_is_read_up_to_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * MOST)
    assert user_files.read_bytes(path, MOST) == b"x" * MOST
    link = tmp_path / "link"
    link.symlink_to(path)
    assert user_files.read_bytes(link, MOST) == b"x" * MOST
    path.write_bytes(b"x" * (MOST + 1))
    assert "expected at most 1000 bytes, got a larger file" in refusal(path)


def test_a_sparse_file_of_a_terabyte_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    path.touch()
    os.truncate(path, 2**40)
    assert "got a larger file" in refusal(path)


def test_a_file_that_lies_about_its_size_is_cut_off() -> None:
    """Files of /proc say 0."""
    assert Path("/proc/self/smaps").stat().st_size == 0
    assert "got a larger file" in refusal(Path("/proc/self/smaps"))


def test_what_is_no_regular_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(tmp_path)  # a socket's path is short
        listening.bind("socket")
        assert "cannot be read: No such device or address" in refusal(tmp_path / "socket")
    assert "expected a regular file, got a pipe" in refusal(tmp_path / "pipe")
    assert "expected a regular file, got a folder" in refusal(tmp_path)
    for device in ("/dev/zero", "/dev/null", "/dev/urandom", "/dev/full"):
        assert refusal(Path(device)) == f"{device}: expected a regular file, got a device"


def test_names_that_no_file_can_have_are_one_line(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert "cannot be read: Too many levels of symbolic links" in refusal(loop)
    assert "cannot be read: File name too long" in refusal(tmp_path / ("x" * 5000))
    assert "embedded null byte" in refusal(Path("a\0b"))
    assert refusal(tmp_path / "a\nb\x1b[31m").endswith(r"a\nb\x1b[31m: no such file")


def test_every_reader_of_a_named_file_goes_through_it(tmp_path: Path) -> None:
    """A pipe that nobody writes to: a reader that opens it by itself waits for ever."""
    pipes = {name: tmp_path / name for name in ("p.yaml", "p.csv", "p.parquet", "p.coo", "p.bqm", "p.json")}
    for pipe in pipes.values():
        os.mkfifo(pipe)
    qubo = {"kind": "qubo"}
    tables = {"kind": "appointments", "resources": "p.csv", "opens": "2026-11-23T08:00"}
    readers: tuple[Callable[[], object], ...] = (
        lambda: read_problem(pipes["p.yaml"]),
        lambda: load_policy(pipes["p.yaml"]),
        lambda: read_csv(pipes["p.csv"]),
        lambda: read_parquet(pipes["p.parquet"]),
        *(partial(load, {**qubo, "file": name}, 1, tmp_path) for name in pipes),
        lambda: load({"kind": "max_cut", "file": "p.csv"}, 1, tmp_path),
        lambda: load({"kind": "independent_set", "file": "p.csv"}, 1, tmp_path),
        lambda: load({**tables, "patients": "p.csv"}, 1, tmp_path),
        lambda: load({"kind": "triage", "patients": "p.csv", "places": "p.csv"}, 1, tmp_path),
    )
    for read in readers:
        with pytest.raises((BadInput, PolicyError), match="expected a regular file, got a pipe"):
            read()


def test_a_policy_with_a_name_that_no_file_can_have_is_unknown() -> None:
    for name in ("x" * 5000, "a\0b", "/dev/zero"):
        with pytest.raises(PolicyError, match="unknown policy") as error:
            load_policy(name)
        assert len(str(error.value)) < 400


def test_a_link_that_leads_nowhere_is_said_to_be_one(tmp_path: Path) -> None:
    link = tmp_path / "problem.yaml"
    link.symlink_to("/nowhere/problem.yaml")
    with pytest.raises(BadInput, match=r"problem\.yaml: a link to /nowhere/problem\.yaml: no such file$"):
        user_files.read_text(link)


def test_a_link_to_no_folder_is_no_batch(tmp_path: Path) -> None:
    (tmp_path / "folder").symlink_to("/nowhere")
    with pytest.raises(BadInput, match=r"got a link to /nowhere, which is not there$"):
        problem_sources(["folder"], tmp_path)


def test_the_names_below_a_folder_are_those_of_files_that_are_not_hidden(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/1.png", "a.png", ".hidden/3.png", "b/.4.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    assert user_files.names_below(tmp_path) == ("a.png", "b/1.png", "b/2.png")
    with pytest.raises(BadInput, match=r"a\.png: expected a folder, got a file"):
        user_files.names_below(tmp_path / "a.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(user_files, "MOST_FILES", 1)
        with pytest.raises(BadInput, match="expected at most 1 files below it, got more"):
            user_files.names_below(tmp_path)

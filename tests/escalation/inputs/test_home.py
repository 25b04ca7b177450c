"""The records are their user's alone, whatever the umask and whatever an earlier version left."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from escalation.inputs.home import close_to_others
from escalation.inputs.settings import ROOT
from escalation.inputs.surroundings import private_files
from escalation.model.errors import BadInput

PROBLEM = """\
family: toy
instance: {numbers: [3, 1, 4, 1, 5, 9, 2, 6], reach: 3}
target: {metric: number, at_least: 9}
data_class: public
seed: 1
"""
SOLVE = [sys.executable, "-m", "tierwise", "solve"]
# A notebook that calls the flow's code without the command line.
LIBRARY = """\
import sys
from pathlib import Path
from records.runtime import open_runtime
with open_runtime() as runtime:
    runtime.store.put(b"x")
Path(sys.argv[1]).write_text("a file of the notebook's own")
"""


def open_to_others(folder: Path) -> list[str]:
    """What somebody else has a right on; a link has no mode of its own."""
    found = [folder, *folder.rglob("*")]
    return [str(path) for path in found if not path.is_symlink() and path.lstat().st_mode & 0o077]


def run(command: list[str], home: Path, umask: int = 0) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "TIERWISE_HOME": str(home)}
    return subprocess.run(
        command, cwd=ROOT, env=env, umask=umask, capture_output=True, text=True, check=False, timeout=240
    )


def test_everything_a_case_leaves_is_its_users_alone_under_an_open_umask(tmp_path: Path) -> None:
    (tmp_path / "problem.yaml").write_text(PROBLEM)
    home = tmp_path / "home"
    done = run([*SOLVE, str(tmp_path / "problem.yaml"), "--engine", "plain"], home)
    assert done.returncode == 0, done.stderr
    kept = {path.name for path in home.iterdir()}
    assert {"ledger.db", "mlflow.db", "store", "reports", "artifacts"} <= kept
    assert open_to_others(home) == []


def test_a_program_that_opens_the_records_keeps_its_own_umask(tmp_path: Path) -> None:
    done = run([sys.executable, "-c", LIBRARY, str(tmp_path / "own")], tmp_path / "home", umask=0o022)
    assert done.returncode == 0, done.stderr
    assert open_to_others(tmp_path / "home") == []
    assert stat.S_IMODE((tmp_path / "own").stat().st_mode) == 0o644


def test_blocks_that_overlap_stay_private_to_the_end_of_the_last(tmp_path: Path) -> None:
    def made(name: str) -> int:
        (tmp_path / name).touch()
        return stat.S_IMODE((tmp_path / name).stat().st_mode)

    before, first, second = made("before"), private_files(), private_files()
    first.__enter__()
    second.__enter__()
    assert made("both") == 0o600
    first.__exit__(None, None, None)
    assert made("second") == 0o600
    second.__exit__(None, None, None)
    assert made("after") == before


def test_what_an_earlier_version_left_open_is_closed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "store" / "ab").mkdir(parents=True)
    (home / "store" / "ab" / "bytes").write_text("x")
    (home / "ledger.db-wal").write_text("x")
    for path in (home, home / "store", home / "store" / "ab"):
        path.chmod(0o755)
    for path in (home / "store" / "ab" / "bytes", home / "ledger.db-wal"):
        path.chmod(0o664)
    assert close_to_others(home) == 5
    assert open_to_others(home) == []
    assert close_to_others(home, thorough=True) == 0


def test_a_folder_that_holds_other_things_is_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "paper.tex").write_text("x")
    (tmp_path / "paper.tex").chmod(0o644)
    (tmp_path / "ledger.db").write_text("x")
    (tmp_path / "store").symlink_to("/etc")
    close_to_others(tmp_path)
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("", "paper.tex", "ledger.db")}
    assert modes == {"": 0o755, "paper.tex": 0o644, "ledger.db": 0o600}
    assert stat.S_IMODE(Path("/etc").stat().st_mode) == 0o755


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can act as another user")
def test_a_home_of_somebody_elses_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    with pytest.raises(BadInput, match=r"belongs to user 0, you are 65534: set TIERWISE_HOME"):
        close_to_others(tmp_path)

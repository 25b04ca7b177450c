"""What commands print: nothing repaints it, nothing in a table is cut, every failure is one line."""

import errno
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy.exc import OperationalError

from cli.failure import in_one_line
from cli.terminal import plain, show_table, terminal
from escalation.inputs.settings import ROOT
from escalation.model.errors import BadInput

EVIL = "\x1b[2K\x1b[1A\x9b2J [red]ACCEPTED[/] \u202eDETPECCA\nACCEPTED :smile:"
SHOWN = r"\x1b[2K\x1b[1A\x9b2J [red]ACCEPTED[/] \u202eDETPECCA\nACCEPTED :smile:"


def console(width: int, *, tty: bool) -> Console:
    made = terminal()
    made.file, made.width = io.StringIO(), width
    made._force_terminal = tty
    made.no_color = True
    return made


def written(made: Console) -> str:
    assert isinstance(made.file, io.StringIO)
    return made.file.getvalue()


def test_data_within_markup_is_shown_as_it_is() -> None:
    made = console(200, tty=False)
    made.print(f"[bold]because[/] {plain(EVIL)}")
    assert written(made) == f"because {SHOWN}\n"


def test_what_forgot_to_be_made_plain_does_not_reach_the_terminal_either() -> None:
    made = console(200, tty=False)
    made.print("because \x1b[2K\u202e")
    assert written(made) == "because \\x1b[2K\\u202e\n"


HEADER = ("device", "kind", "note")
ROWS = [
    ("ibm_runtime:fake_strasbourg", "calibrated rehearsal", "2 two-qubit gates disabled"),
    ("mpi", "", ""),
]


def test_a_pipe_gets_every_column_whole() -> None:
    made = console(20, tty=False)
    show_table(made, HEADER, ROWS, spare=("note",))
    assert written(made).splitlines()[1] == "  ".join(ROWS[0])


def test_a_narrow_terminal_goes_without_spare_columns_and_says_so() -> None:
    made = console(52, tty=True)
    show_table(made, HEADER, ROWS, spare=("note", "kind"))
    lines = written(made).splitlines()
    assert lines[1] == "ibm_runtime:fake_strasbourg  calibrated rehearsal"
    assert lines[-1] == "no room here for: note"


def test_a_terminal_too_narrow_for_the_names_still_shows_all_of_them() -> None:
    made = console(10, tty=True)
    show_table(made, HEADER, ROWS, spare=("note", "kind"))
    assert "ibm_runtime:fake_strasbourg" in written(made)


@pytest.mark.parametrize(
    ("width", "row"),
    [
        (80, "a-case-of-a-name  held  optimisation: 40 patients, 6 clinicians"),
        (60, "a-case-of-a-name  held  optimisation: 40 patients, 6 …"),
        (48, "a-case-of-a-name  held  optimisation: 40 …"),
        (46, "a-case-of-a-name  held"),
    ],
)
def test_sentences_are_shortened_at_a_word_before_a_column_goes(width: int, row: str) -> None:
    made = console(width, tty=True)
    rows = [("a-case-of-a-name", "held", "optimisation: 40 patients, 6 clinicians")]
    show_table(made, ("case", "is", "about"), rows, spare=("about",), prose=True)
    lines = written(made).splitlines()
    assert (lines[1], max(map(len, lines)) <= width) == (row, True)


def test_cells_are_data() -> None:
    made = console(300, tty=False)
    show_table(made, ("name",), [(EVIL,)])
    assert written(made).splitlines() == ["name", SHOWN]


@pytest.mark.parametrize(
    ("error", "line", "code"),
    [
        (BadInput("expected a\x1b[2K, got b"), r"expected a\x1b[2K, got b", 2),
        (OSError(errno.EACCES, "Permission denied", "/x/y"), "/x/y: Permission denied", 1),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), "/x: No space left on device; free", 1),
        (OSError(errno.EBADF, "Bad file descriptor"), "the output cannot be written: Bad", 1),
        (OperationalError("x", {}, Exception("database or disk is full")), "disk is full; free", 1),
        (OperationalError("x", {}, Exception("no such column: x\nmore")), "no such column: x; look", 1),
    ],
)  # fmt: skip
def test_what_went_wrong_is_one_line(error: Exception, line: str, code: int) -> None:
    said, exit_code = in_one_line(error)
    assert line in said
    assert "\n" not in said
    assert exit_code == code


def test_the_traceback_of_an_unexpected_error_is_kept_for_its_owner_alone() -> None:
    try:
        raise KeyError("surprise")
    except KeyError as error:
        said, code = in_one_line(error)
    file = Path(said.rpartition(" ")[2])
    try:
        assert code == 1
        assert said.startswith("unexpected KeyError: 'surprise'; please report it with ")
        assert 'raise KeyError("surprise")' in file.read_text()
        assert file.stat().st_mode & 0o077 == 0
    finally:
        file.unlink()


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def shell(tmp_path: Path) -> Run:
    """Runs a line of shell in which $TIERWISE is the command line."""

    def run(line: str, **more: str) -> subprocess.CompletedProcess[str]:
        env = {
            **os.environ,
            "TIERWISE_HOME": str(tmp_path / "home"),
            "TIERWISE_TRACKING": "off",
            "TIERWISE": f"{sys.executable} -m tierwise",
        }
        return subprocess.run(
            ["/bin/bash", "-c", line], cwd=ROOT, env={**env, **more}, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip

    return run


def test_output_that_cannot_be_written_is_said_in_one_line(shell: Run) -> None:
    full = shell("$TIERWISE devices > /dev/full")
    assert (full.returncode, full.stderr.count("\n")) == (1, 1)
    assert full.stderr.startswith("error: No space left on device; free some space")
    closed = shell("$TIERWISE devices --json >&-")
    assert (closed.returncode, closed.stderr) == (
        1, "error: the output cannot be written: Bad file descriptor\n",
    )  # fmt: skip


def test_a_reader_who_goes_away_is_no_error_to_tell(shell: Run) -> None:
    done = shell("$TIERWISE devices --json | head -n 1")
    assert json.loads(done.stdout)["name"] == "aer"
    assert done.stderr == ""


def test_a_database_of_another_program_is_refused_and_left_as_it_is(shell: Run, tmp_path: Path) -> None:
    import sqlite3

    (tmp_path / "home").mkdir()
    for table in ("cases", "chain"):
        file = tmp_path / "home" / "ledger.db"
        file.unlink(missing_ok=True)
        with sqlite3.connect(file) as connection:
            connection.execute(f"create table {table} (id integer, note text)")
        done = shell("$TIERWISE cases")
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert f"got one that has a table `{table}` and no ledger" in done.stderr
        with sqlite3.connect(file) as connection:
            names = [name for (name,) in connection.execute("select name from sqlite_master")]
        assert names == [table]


def test_a_policy_cannot_repaint_what_a_case_says_of_itself(shell: Run, tmp_path: Path) -> None:
    evil = json.dumps(EVIL)  # a YAML string with escapes
    policy = tmp_path / "evil.yaml"
    policy.write_text(
        f"policy: {evil}\nsummary: {evil}\ntiers: [hpc]\n"
        "backends: {local_call: local, mpi_program: mpi, circuit_batch: aer}\n"
        f"gates: [{{id: shut, tier: hpc, because: {evil}, when: {{fact: toy.length, at_most: 1}}}}]\n"
        f"tests: [{{name: {evil}, tier: hpc, facts: {{toy.length: 0}}, expect: open}}]\n"
    )
    problem = tmp_path / "toy.yaml"
    problem.write_text(
        "family: toy\ninstance: {numbers: [3, 1]}\ntarget: {metric: number, at_least: 9}\n"
        "data_class: public\n"
    )
    done = shell(
        f"$TIERWISE policy check {policy}; "
        f"$TIERWISE solve --engine plain --policy {policy} {problem} --case c; "
        "$TIERWISE explain c",
        COLUMNS="400",
    )
    assert done.stdout.count(SHOWN) >= 4
    assert not [char for char in done.stdout if char in "\x1b\x9b\u202e"]
    assert not [line for line in done.stdout.splitlines() if line.startswith("ACCEPTED")]

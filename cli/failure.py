"""Messages of failed commands: one line on standard error, and an exit code."""

import errno
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from escalation.inputs.temporary import remove_all
from escalation.model.errors import TierwiseError
from escalation.text.visible import visible

RECORDED = "what was done is on record: `tierwise cases` lists it, `solve --case` goes on"
DRIVING = ("solve", "batch", "reconcile")
"""Commands that go up the ladders of cases."""
FULL = f"free some space; {RECORDED}"


def guarded(command: Callable[[], object]) -> None:
    """Runs a command to its end; whatever goes wrong is one line and an exit code, never a traceback.

    Raises:
        SystemExit: with the command's exit code, or that of what went wrong.
    """
    _occupy_closed_streams()
    code: int | str | None = 0
    try:
        try:
            with _told_to_end():
                command()
        except SystemExit as end:
            code = end.code
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output has gone, as `head` does: nobody to tell
        code = 1
        _forget_output()
    except Exception as error:
        line, code = in_one_line(error)
        _forget_output()
        _say(f"error: {line}")
    sys.exit(code)


@contextmanager
def _told_to_end() -> Iterator[None]:
    """Has SIGTERM end the process as ever, but not without a line. Jobs that outlive it are left alone."""

    ours = os.getpid()
    how = f"; {RECORDED}" if {*sys.argv[1:2]} & {*DRIVING} else ""

    def say_so(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        if os.getpid() == ours:  # and not one that was forked from it
            with suppress(OSError):  # whatever was being written to the stream: not through it
                os.write(2, f"ended by {signal.Signals(number).name}{how}\n".encode())
            remove_all()
        os.kill(os.getpid(), number)

    before = signal.signal(signal.SIGTERM, say_so)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def in_one_line(error: Exception) -> tuple[str, int]:
    """What went wrong and what to do, on one line, and the exit code."""
    if isinstance(error, TierwiseError):
        return visible(str(error)), error.exit_code
    reason = str(getattr(error, "orig", None) or error).strip().split("\n", 1)[0]
    if isinstance(error, OSError):
        return visible(_of_the_system(error)), 1
    if type(error).__module__.startswith(("sqlalchemy.", "sqlite3", "psycopg")):
        full = "is full" in reason or "No space left" in reason
        advice = FULL if full else "look at it with `tierwise doctor`"
        return visible(f"the ledger or MLflow's database cannot be used: {reason}; {advice}"), 1
    where = _keep(error)
    return visible(f"unexpected {type(error).__name__}: {reason}; please report it with {where}"), 1


def _of_the_system(error: OSError) -> str:
    reason = error.strerror or str(error)
    place = f"{error.filename}: " if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{place}{reason}; {FULL}"
    if not error.filename and error.errno in (errno.EBADF, errno.EIO):
        return f"the output cannot be written: {reason}"
    return f"{place}{reason}"


def _keep(error: Exception) -> str:
    """Writes the traceback to a file that only this user can read; says where."""
    text = "".join(traceback.format_exception(error))
    try:
        handle, name = tempfile.mkstemp(prefix="tierwise-error-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"its place, {Path(last.filename).name}:{last.lineno}"
    return name


def _occupy_closed_streams() -> None:
    """Opens what the caller closed (`>&-`), so that no file of ours takes its number and is written into."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            # for reading: what is written then fails, and is said, instead of being lost
            taken = os.open(os.devnull, os.O_RDONLY)
            if taken != number:
                os.dup2(taken, number)
                os.close(taken)
            setattr(sys, name, os.fdopen(number, mode, closefd=False))


def _forget_output() -> None:
    """Lets what could not be written go, or Python tries again at its end and complains."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _say(line: str) -> None:
    try:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)

"""What it means that an MPI world ended in the middle of a program, from what its launcher and guard say."""

import re
import signal
from collections.abc import Mapping
from typing import Any

from backends.processes.calls import UNWRITTEN
from backends.processes.jobfolder import JobFolder
from escalation.model.job_state import JobState
from escalation.text.rounding import seconds

LOST = "lost: the process that started it is gone, and its ranks with it"
Ending = tuple[JobState, str]

OWN_TROUBLE = 126
"""From here on exit codes are no program's: a shell's for what cannot be run or was killed, Hydra's 255."""

_HYDRA = "YOUR APPLICATION TERMINATED WITH THE EXIT STRING: "
_SIGNALLED = re.compile(
    r"^.*(?:\(signal \d+\)|exited on signal \d+|: (?:Killed|Terminated|Segmentation fault|Bus error|Aborted)"
    r"(?: \(core dumped\))?$|[Oo]ut [Oo]f [Mm]emory|oom.kill).*$",
    re.MULTILINE,
)
"""A rank that died of a signal, in the words of Hydra (MPICH), OpenMPI and srun."""


def signalled(output: str) -> str | None:
    """The line in which the launcher says that a rank died of a signal; None where there is none."""
    match = _SIGNALLED.search(output)
    return " ".join(match[0].removeprefix(_HYDRA).split()) if match else None


def exited(ended: Mapping[str, Any] | None, output: str, begun: bool) -> Ending:
    """Whose doing it was that a world ended without a word of its ranks.

    Args:
        ended: what the guard says, see `guard.py`; None where nobody was left to say.
        said: what the launcher printed.
        begun: whether a rank had begun with the program.
    """
    death = signalled(output)
    if ended is None or ended["reason"] != "exited":
        return JobState.FAULT, LOST
    if death is not None:
        return JobState.FAULT, f"a rank died: {death}"
    code = ended["returncode"]
    if code is None or code < 0 or code >= OWN_TROUBLE:
        how = "was killed" if code is None or code < 0 else f"ended with exit code {code}"
        return JobState.FAULT, f"the MPI launcher {how}{last_line(output)}"
    if not begun:
        return JobState.FAULT, f"no rank could be started, exit code {code}{last_line(output)}"
    if code == UNWRITTEN:
        return JobState.FAULT, "a rank could not write its result"
    return JobState.FAILED, f"a rank ended by itself, with exit code {code} and without a result"


def worker_died(code: int) -> Ending:
    """What an exit code says; of a signal N it is -N or 128 + N."""
    number = -code if code < 0 else code - 128
    if number > 0:
        return JobState.FAULT, f"the worker process was killed by {signal.Signals(number).name}"
    if code == UNWRITTEN:
        return JobState.FAULT, "the worker process could not write its result"
    return (
        JobState.FAILED,
        f"the worker process ended by itself with exit code {code}, in the middle of the call",
    )


def late(limit_s: float, output: str, begun: bool) -> Ending:
    """Whose doing it was that the time was up: the program's, unless none of it had begun."""
    if not begun:
        return JobState.FAULT, f"no rank was started within {seconds(limit_s)} s{last_line(output)}"
    return JobState.TIMED_OUT, f"stopped after {seconds(limit_s)} s, its time limit"


def begun(folder: JobFolder) -> bool:
    """Whether any rank has begun: each prints to a file of its own."""
    return any(folder.path.glob("log-rank-*.txt"))


def last_line(output: str) -> str:
    """The launcher's own last words, after a colon."""
    last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "")
    return f": {last}" if last else ""

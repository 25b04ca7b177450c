"""Where a piece of work stands."""

from enum import StrEnum


class JobState(StrEnum):
    """Where a piece of work stands, in order; the last five are final.

    FAILED is the program's own doing: it raised, or ended by itself. FAULT is the machine's: killed by a
    signal that was not ours (out of memory, a lost node, a crash), a launcher or worker that vanished, a
    full disk, a torn result. It says nothing about the method, and settles nothing.
    """

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    FAULT = "fault"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen."""
        return self not in (JobState.QUEUED, JobState.RUNNING)

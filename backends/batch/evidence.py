"""What is known of a job that has left no result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backends.batch.jobs import Accounted, JobEnd, JobSeen
from escalation.model.result import RawResult


@dataclass(frozen=True)
class Evidence:
    """What is known of a job without a result.

    Attributes:
        sent: whether a submission was about to be made.
        claimed: whether a job has started with the work.
        begun: whether the work itself has begun.
        cancelled: whether we asked for its end.
        guard: how all processes ended, see `guard.py`; None where they have not.
        ranks: the same of each rank.
        failure: what a rank said of its failure.
        output: what script and launcher printed.
        answered: whether the list of jobs could be had.
        seen: the job in it.
        accounted: what the accounting says.
        missing_s: seconds for which the list has not had it, though it could be had.
        quiet_s: seconds since the job last gave a sign of life in its folder.
        settle_s: for how long nobody may know of a job.
        lag_s: how late the shared file system may be.
        limit_s: the time limit of the work.
        start_s: what it may take to begin.
        memory_mb: what it asked for.
        ranked: whether it is a program of ranks.
        word: why the list could not be had.
    """

    sent: bool
    claimed: bool
    begun: bool
    cancelled: bool
    guard: Mapping[str, Any] | None
    ranks: Sequence[Mapping[str, Any]]
    failure: RawResult | None
    output: str
    answered: bool
    seen: JobSeen | None
    accounted: Accounted | None
    missing_s: float
    quiet_s: float
    settle_s: float
    lag_s: float
    limit_s: float
    start_s: float
    memory_mb: int
    ranked: bool
    word: str = ""

    @property
    def end(self) -> tuple[JobEnd, str] | None:
        """How the batch system says that it ended, and why."""
        if self.accounted is not None:
            return self.accounted.end, self.accounted.reason
        if self.seen is not None and self.seen.end is not None:
            return self.seen.end, self.seen.reason
        return None

    @property
    def peak_mb(self) -> float:
        """What its processes held at most, as far as their guards saw; the largest process of each counts."""
        guards = self.ranks or ([self.guard] if self.guard is not None else [])
        return sum(float(each.get("peak_kb", 0)) for each in guards) / 1024

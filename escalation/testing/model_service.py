"""A service that charges, in memory: the obvious twin of a real one, for tests of the submission.

Faults are scripted by verb: each call takes the next word from the verb's list.

| word | what the call does |
|---|---|
| `ok` | what it should |
| `before` | fails before anything is done, as a lost connection does |
| `after` | does it, and the answer is lost |
| `late` | (send) fails; the service accepts the job at the next listing but one, if it takes it then |
| `unsent` | (send) nothing leaves this machine |
| `later` | (send) is told to come back, without accepting |
| `never` | is refused for good, without accepting |
| `taken later` | (send) accepts, and answers as `later` does |
| `taken never` | (send) accepts, and answers as `never` does |
| `nonsense` | answers something that is no answer |
| `garbage` | (fetch) returns a text that is cut off |
| `down` | fails, and so does every later call of the verb |
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import inf

from escalation.model.calibration import Calibration
from escalation.model.errors import BackendError
from escalation.model.job_state import JobState
from escalation.model.submission import RemoteJob
from escalation.ports.paid import Declined, InDoubt

CHARGE_S = 3.0
"""Seconds that every job is charged."""
CALIBRATION = Calibration(device="model", num_qubits=1, repetition_delay_s=2.5e-4)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class Slot(StrEnum):
    """What names a POST, by which the service keeps another one apart from it."""

    BATCH = "batch"
    KEY = "key"
    ID = "id"


@dataclass
class ModelService:
    """The world outside: what survives when the calling process dies.

    Attributes:
        faults: by verb, what its next calls do.
        jobs: accepted, in order.
        batches: by id, whether a batch takes jobs.
        polls_to_run: times that a job is asked after before it is done.
        lag: listings that do not show a job yet.
        usage_pending: times that usage is asked for before it is final.
        retry_after_s: when a POST that is declined for now may come again.
        keys: by key, the job that the first POST under it made, and when.
        key_lifetime_s: for which a key is remembered.
        keeps_promise: whether it keeps a second job out, as the strategy assumes.
        now: the service's clock, in seconds.
        calibration: of the device, now.
    """

    faults: dict[str, list[str]] = field(default_factory=dict)
    jobs: dict[str, RemoteJob] = field(default_factory=dict)
    batches: dict[str, bool] = field(default_factory=dict)
    polls_to_run: int = 1
    lag: int = 0
    usage_pending: int = 0
    keys: dict[str, tuple[str, float]] = field(default_factory=dict)
    key_lifetime_s: float = 86400.0
    keeps_promise: bool = True
    now: Callable[[], float] = time.monotonic
    quota_s: float | None = None
    retry_after_s: float | None = 0.01
    calibration: Calibration = field(default_factory=lambda: CALIBRATION)
    calls: list[str] = field(default_factory=list)
    _late: list[tuple[int, Sequence[str], Slot, str]] = field(default_factory=list)
    _unlisted: dict[str, int] = field(default_factory=dict)
    _polls: dict[str, int] = field(default_factory=dict)
    _usages: dict[str, int] = field(default_factory=dict)

    def word(self, verb: str) -> str:
        """Notes the call, and takes the next word of the verb's script."""
        self.calls.append(verb)
        script = self.faults.get(verb, [])
        if script[:1] == ["down"]:
            return "down"
        return script.pop(0) if script else "ok"

    def accept(self, tags: Sequence[str], batch: str | None = None, job_id: str | None = None) -> RemoteJob:
        """Registers a job."""
        number = len(self.jobs)
        made = RemoteJob(
            job_id=job_id or f"job-{number}",
            state=JobState.QUEUED,
            created_at=EPOCH + timedelta(seconds=number),
            batch=batch,
            tags=tuple(tags),
        )
        self.jobs[made.job_id] = made
        self._unlisted[made.job_id] = self.lag
        return made

    def post(self, tags: Sequence[str], slot: Slot, name: str) -> RemoteJob:
        """Takes a POST as the slot says, or raises; where it breaks its promise, it always takes it."""
        takes = {Slot.BATCH: self._into_batch, Slot.KEY: self._under_key, Slot.ID: self._with_id}
        return takes[slot](tags, name)

    def _into_batch(self, tags: Sequence[str], batch: str) -> RemoteJob:
        if self.keeps_promise and not self.batches.get(batch, False):
            raise Declined(f"batch {batch} is closed", retry=False)
        return self.accept(tags, batch)

    def _under_key(self, tags: Sequence[str], key: str) -> RemoteJob:
        job_id, since_s = self.keys.get(key, ("", -inf))
        if self.keeps_promise and self.now() - since_s < self.key_lifetime_s:
            return self.jobs[job_id]
        made = self.accept(tags)
        self.keys[key] = (made.job_id, self.now())
        return made

    def _with_id(self, tags: Sequence[str], job_id: str) -> RemoteJob:
        if job_id not in self.jobs:
            return self.accept(tags, job_id=job_id)
        if self.keeps_promise:
            raise InDoubt(f"there is a job {job_id}")
        return self.accept(tags, job_id=f"{job_id}-{len(self.jobs)}")

    def post_late(self, tags: Sequence[str], slot: Slot, name: str) -> None:
        """A POST that is still on its way when its sender has given up."""
        self._late.append((1, tags, slot, name))

    def listed(self) -> list[RemoteJob]:
        """What a listing shows now; late POSTs arrive with time."""
        late, self._late = self._late, []
        for left, tags, slot, name in late:
            if left:
                self._late.append((left - 1, tags, slot, name))
            else:
                with suppress(BackendError):
                    self.post(tags, slot, name)
        shown = [job for name, job in self.jobs.items() if self._unlisted[name] <= 0]
        self._unlisted = {name: left - 1 for name, left in self._unlisted.items()}
        return shown

    def poll(self, job_id: str) -> RemoteJob:
        """Asks after a job, which moves it on."""
        job = self.jobs[job_id]
        self._polls[job_id] = self._polls.get(job_id, 0) + 1
        if not job.state.final and self._polls[job_id] > self.polls_to_run:
            self.jobs[job_id] = job.model_copy(update={"state": JobState.DONE, "started_at": EPOCH})
        return self.jobs[job_id]

    def usage(self, job_id: str) -> float | None:
        """Seconds charged: every job that was not cancelled while it was queued."""
        self._usages[job_id] = self._usages.get(job_id, 0) + 1
        if self._usages[job_id] <= self.usage_pending:
            return None
        return 0.0 if self.jobs[job_id].state is JobState.CANCELLED else CHARGE_S

    @property
    def paid(self) -> list[str]:
        """The jobs that are or will be charged."""
        return [name for name, job in self.jobs.items() if job.state is not JobState.CANCELLED]

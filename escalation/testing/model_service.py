"""A service that charges, in memory: the obvious twin of a real one, for tests of the submission.

Faults are scripted by verb: each call takes the next word from the verb's list.

| word | what the call does |
|---|---|
| `ok` | what it should |
| `before` | fails before anything is done, as a lost connection does |
| `after` | does it, and the answer is lost |
| `late` | (send) fails; the service accepts the job at the next listing but one, unless the batch is closed |
| `unsent` | (send) nothing leaves this machine |
| `later` | (send) is told to come back, without accepting |
| `never` | is refused for good, without accepting |
| `taken later` | (send) accepts, and answers as `later` does |
| `taken never` | (send) accepts, and answers as `never` does |
| `nonsense` | answers something that is no answer |
| `garbage` | (fetch) returns a text that is cut off |
| `down` | fails, and so does every later call of the verb |
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from escalation.model.amounts import Amounts, Bounds
from escalation.model.blob import Blob
from escalation.model.calibration import Calibration, DeviceKind
from escalation.model.errors import BackendError
from escalation.model.identity import canonical_json
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.model.submission import Payload, Price, RemoteJob
from escalation.model.work import Work
from escalation.ports.paid import Declined, InDoubt, Malformed, NotSent, Unreadable

BITS = 3
"""Width of the register that the model measures."""
CHARGE_S = 3.0
"""Seconds that every job is charged."""
CALIBRATION = Calibration(device="model", num_qubits=1, repetition_delay_s=2.5e-4)
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


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
        obeys_fences: whether a closed batch rejects a POST: the assumption that the protocol rests on.
        calibration: of the device, now.
    """

    faults: dict[str, list[str]] = field(default_factory=dict)
    jobs: dict[str, RemoteJob] = field(default_factory=dict)
    batches: dict[str, bool] = field(default_factory=dict)
    polls_to_run: int = 1
    lag: int = 0
    usage_pending: int = 0
    obeys_fences: bool = True
    quota_s: float | None = None
    retry_after_s: float | None = 0.01
    calibration: Calibration = field(default_factory=lambda: CALIBRATION)
    calls: list[str] = field(default_factory=list)
    _late: list[tuple[int, RemoteJob]] = field(default_factory=list)
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

    def accept(self, tags: Sequence[str], batch: str) -> RemoteJob:
        """Registers a job."""
        number = len(self.jobs)
        made = RemoteJob(
            job_id=f"job-{number}",
            state=JobState.QUEUED,
            created_at=_EPOCH + timedelta(seconds=number),
            batch=batch,
            tags=tuple(tags),
        )
        self.jobs[made.job_id] = made
        self._unlisted[made.job_id] = self.lag
        return made

    def post(self, tags: Sequence[str], batch: str) -> RemoteJob:
        """Accepts a POST if its batch is open; raises `Declined` where it is not."""
        if self.obeys_fences and not self.batches.get(batch, False):
            raise Declined(f"batch {batch} is closed", retry=False)
        return self.accept(tags, batch)

    def post_late(self, tags: Sequence[str], batch: str) -> None:
        """A POST that is still on its way when its sender has given up."""
        self._late.append((1, RemoteJob(job_id="", state=JobState.QUEUED, batch=batch, tags=tuple(tags))))

    def listed(self) -> list[RemoteJob]:
        """What a listing shows now; late POSTs arrive with time."""
        for left, job in list(self._late):
            self._late.remove((left, job))
            if left:
                self._late.append((left - 1, job))
            elif self.batches.get(job.batch or "", False) or not self.obeys_fences:
                self.accept(job.tags, job.batch or "")
        shown = [job for name, job in self.jobs.items() if self._unlisted[name] <= 0]
        self._unlisted = {name: left - 1 for name, left in self._unlisted.items()}
        return shown

    def poll(self, job_id: str) -> RemoteJob:
        """Asks after a job, which moves it on."""
        job = self.jobs[job_id]
        self._polls[job_id] = self._polls.get(job_id, 0) + 1
        if not job.state.final and self._polls[job_id] > self.polls_to_run:
            self.jobs[job_id] = job.model_copy(update={"state": JobState.DONE, "started_at": _EPOCH})
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


class ModelBackend:
    """`escalation.ports.paid.PaidBackend` on a `ModelService`."""

    name = "model"
    kind = DeviceKind.PRACTICE

    def __init__(self, service: ModelService, usd_per_s: float = 1.6) -> None:
        self.service = service
        self.usd_per_s = usd_per_s

    def estimate(self, work: Work) -> Quote:
        price, asked = self.price(work), work.demand()
        return Quote(
            amounts=Bounds(qpu_s=price.expected.qpu_s, usd=price.expected.usd),
            circuits=asked.circuits,
            shots=asked.shots,
        )

    def calibration(self) -> Calibration | None:
        return self.service.calibration

    def available(self) -> bool | None:
        return True

    def queue_s(self) -> float | None:
        return 0.0

    def close(self) -> None: ...

    def at(self, frozen: Mapping[str, Any]) -> "ModelBackend | None":
        return None

    def price(self, work: Work) -> Price:
        self._safe("price")
        return Price(
            expected=Amounts(qpu_s=2.0, usd=self.usd(2.0)),
            cap=Amounts(qpu_s=4.0, usd=self.usd(4.0)),
            queue_s=0.0,
        )

    def repriced(self, price: Price) -> Price:
        return price.at(self.usd(1.0))

    def freeze(self, work: Work, tag: str, price: Price) -> Payload:
        self._safe("freeze")
        body = {"work": work.digest, "tags": [tag], "cost": price.cap.qpu_s}
        asked = work.demand()
        return Payload(Blob(canonical_json(body)), self.name, circuits=asked.circuits, shots=asked.shots)

    def quota_left(self) -> tuple[float | None, str]:
        self._safe("quota")
        return self.service.quota_s, "of the model's plan"

    def open_batch(self) -> str:
        word = self._safe("open_batch", losing=True)
        made = f"batch-{len(self.service.batches)}"
        self.service.batches[made] = True
        if word == "after":
            raise BackendError("the answer was lost", retry=True)
        return made

    def close_batch(self, batch: str) -> bool:
        word = self._safe("close_batch", losing=True)
        self.service.batches[batch] = False
        if word == "after":
            raise BackendError("the answer was lost", retry=True)
        return True

    def send(self, payload: Payload, batch: str) -> RemoteJob:
        word, tags = self.service.word("send"), json.loads(payload.body.data)["tags"]
        if word == "unsent":
            raise NotSent("connection refused", retry=True)
        if word.startswith("taken"):
            self.service.post(tags, batch)
        if word.endswith("later"):
            raise Declined("too many requests", retry=True, after_s=self.service.retry_after_s)
        if word.endswith("never"):
            raise Declined("bad request", retry=False)
        if word in ("before", "down"):
            raise InDoubt("connection reset")
        if word == "late":
            self.service.post_late(tags, batch)
            raise InDoubt("no answer")
        job = self.service.post(tags, batch)
        if word == "after":
            raise InDoubt("the answer was lost")
        return job

    def find(self, tag: str, batches: Sequence[str]) -> tuple[RemoteJob, ...]:
        self._safe("find")
        mine = [job for job in self.service.listed() if tag in job.tags or job.batch in batches]
        return tuple(sorted(mine, key=lambda job: (job.created_at or _EPOCH, job.job_id)))

    def look(self, job_id: str) -> RemoteJob:
        self._safe("look")
        if job_id not in self.service.jobs:
            raise BackendError(f"no such job {job_id}")
        return self.service.poll(job_id)

    def fetch(self, job: RemoteJob) -> bytes:
        word = self._safe("fetch", losing=True)
        text = canonical_json({"job": job.job_id, "state": str(job.state)})
        return text[:-1] if word == "garbage" else text

    def read(self, work: Work, payload: Payload, job: RemoteJob, raw: bytes) -> RawResult:
        try:
            said = json.loads(raw)
        except ValueError:
            raise Unreadable(f"expected JSON, got {len(raw)} bytes that end early") from None
        if job.state is not JobState.DONE:
            return RawResult(job.state, error=job.reason or f"the job ended {job.state}")
        if isinstance(work, CircuitBatch):
            return _counted(work)
        return RawResult(JobState.DONE, values={"job": said["job"]})

    def usage_qpu_s(self, job_id: str) -> float | None:
        self._safe("usage")
        return self.service.usage(job_id)

    def calibration_for(self, job: RemoteJob) -> Calibration | None:
        self._safe("calibration_for")
        return self.service.calibration

    def fidelity(self, work: Work, found: Calibration) -> float | None:
        layers = found.layer_fidelity
        return layers[0].fidelity if layers else 1.0

    def cancel_job(self, job_id: str) -> None:
        self._safe("cancel_job")
        job = self.service.jobs[job_id]
        if not job.state.final:
            self.service.jobs[job_id] = job.model_copy(
                update={"state": JobState.CANCELLED, "reason": "cancelled on request"}
            )

    def usd(self, qpu_s: float) -> float:
        return qpu_s * self.usd_per_s

    def evidence(self, job_id: str) -> Mapping[str, Blob]:
        return {}

    def facts_of(self, job: RemoteJob) -> Mapping[str, Any]:
        return {"device": self.name, "kind": str(self.kind)}

    def _safe(self, verb: str, *, losing: bool = False) -> str:
        word = self.service.word(verb)
        if word in ("before", "down") or (word == "after" and not losing):
            raise BackendError(f"{verb}: connection reset", retry=True)
        if word == "never":
            raise BackendError(f"{verb}: refused", retry=False)
        if word == "nonsense":
            raise Malformed(f"{verb}: expected an answer, got nonsense")
        return word


def _counted(work: CircuitBatch) -> RawResult:
    """Samples that count up from 0 in every parameter set, laid out as `CircuitBatch` says."""
    values, files = [], {}
    for number, pub in enumerate(work.pubs):
        sets = pub.sets
        shots = np.arange(pub.shots, dtype=np.uint8).reshape(1, -1, 1) % 2**BITS
        stream = io.BytesIO()
        np.save(stream, np.repeat(shots, sets, axis=0))
        values.append({"sets": sets, "shots": pub.shots, "bits": BITS})
        files[f"bits-{number}.npy"] = Blob(stream.getvalue())
    return RawResult(JobState.DONE, {"pubs": values}, files)

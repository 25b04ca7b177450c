"""Machines that charge, at the service in memory: one for each way to have a job exactly once."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
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
from escalation.model.resources import Capacity
from escalation.model.result import RawResult
from escalation.model.submission import Payload, Price, RemoteJob
from escalation.model.work import Work
from escalation.ports.exactly_once import ChosenId, ClientToken, Fence
from escalation.ports.paid import Declined, InDoubt, Malformed, NotSent, Unreadable
from escalation.testing.model_service import EPOCH, ModelService, Slot

BITS = 3
"""Width of the register that the model measures."""


class ModelMachine:
    """What every paid machine has, on a `ModelService`: all but how a job is made exactly once."""

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

    def at(self, frozen: Mapping[str, Any]) -> None:
        return None

    def price(self, work: Work) -> Price:
        self._safe("price")
        Capacity().check(self.name, work.resources)
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

    def find(self, tag: str, batches: Sequence[str]) -> tuple[RemoteJob, ...]:
        self._safe("find")
        mine = [job for job in self.service.listed() if tag in job.tags or job.batch in batches]
        return tuple(sorted(mine, key=lambda job: (job.created_at or EPOCH, job.job_id)))

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
            return RawResult(job.state, error=" ".join(job.reason.split()) or f"the job ended {job.state}")
        if isinstance(work, CircuitBatch):
            return _counted(work)
        return RawResult(JobState.DONE, values={"job": said["job"]})

    def usage_qpu_s(self, job_id: str) -> float | None:
        self._safe("usage")
        return self.service.usage(job_id)

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

    def _send(
        self, payload: Payload, slot: Slot, name: str, may_leave: Callable[[], bool] = lambda: True
    ) -> RemoteJob:
        word, tags = self.service.word("send"), json.loads(payload.body.data)["tags"]
        if word == "unsent" or not may_leave():
            raise NotSent("connection refused", retry=True)
        if word.startswith("taken"):
            self.service.post(tags, slot, name)
        if word.endswith("later"):
            raise Declined("too many requests", retry=True, after_s=self.service.retry_after_s)
        if word.endswith("never"):
            raise Declined("bad request", retry=False)
        if word in ("before", "down"):
            raise InDoubt("connection reset")
        if word == "late":
            self.service.post_late(tags, slot, name)
            raise InDoubt("no answer")
        job = self.service.post(tags, slot, name)
        if word == "after":
            raise InDoubt("the answer was lost")
        return job

    def _safe(self, verb: str, *, losing: bool = False) -> str:
        word = self.service.word(verb)
        if word in ("before", "down") or (word == "after" and not losing):
            raise BackendError(f"{verb}: connection reset", retry=True)
        if word == "never":
            raise BackendError(f"{verb}: refused", retry=False)
        if word == "nonsense":
            raise Malformed(f"{verb}: expected an answer, got nonsense")
        return word


class _Qubits(ModelMachine):
    """What a machine with qubits tells beside."""

    def calibration_for(self, job: RemoteJob) -> Calibration | None:
        self._safe("calibration_for")
        return self.service.calibration

    def fidelity(self, work: Work, calibration: Calibration) -> float | None:
        layers = calibration.layer_fidelity
        return layers[0].fidelity if layers else 1.0


class ModelBackend(_Qubits):
    """`escalation.ports.paid.FencedBackend` on a `ModelService`."""

    exactly_once = Fence()

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
        return self._send(payload, Slot.BATCH, batch)


class TokenBackend(_Qubits):
    """`escalation.ports.paid.KeyedBackend` on a `ModelService` that remembers keys."""

    @property
    def exactly_once(self) -> ClientToken:
        return ClientToken(lifetime_s=self.service.key_lifetime_s)

    def send(self, payload: Payload, key: str, may_leave: Callable[[], bool]) -> RemoteJob:
        return self._send(payload, Slot.KEY, key, may_leave)


class ChosenIdBackend(ModelMachine):
    """`escalation.ports.paid.KeyedBackend` on a `ModelService` that takes our ids; it has no qubits."""

    exactly_once = ChosenId()

    def calibration(self) -> None:
        return None

    def send(self, payload: Payload, key: str, may_leave: Callable[[], bool]) -> RemoteJob:
        return self._send(payload, Slot.ID, f"job-{key}", may_leave)


STRATEGIES: Mapping[str, Callable[[ModelService], ModelBackend | TokenBackend | ChosenIdBackend]] = {
    "fence": ModelBackend,
    "client token": TokenBackend,
    "chosen id": ChosenIdBackend,
}
"""A machine for each way to have a job exactly once."""


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

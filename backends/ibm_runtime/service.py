"""IBM Quantum's service, or a practice service, as a backend that charges: each verb is one exchange."""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from backends.circuits.versions import versions
from backends.ibm_runtime import jobs, pricing, rest
from backends.ibm_runtime.account import find_account
from backends.ibm_runtime.descriptor import DESCRIPTOR
from backends.ibm_runtime.documents import identity
from backends.ibm_runtime.machine import TIMEOUT_S, ServiceMachine, circuits_of, put
from backends.ibm_runtime.settings import IbmSettings
from escalation.inputs.settings import Settings
from escalation.model.blob import Blob
from escalation.model.calibration import Calibration
from escalation.model.errors import BackendError, BadInput, TierwiseError
from escalation.model.identity import canonical_json
from escalation.model.job_state import JobState
from escalation.model.result import RawResult
from escalation.model.submission import Payload, Price, RemoteJob
from escalation.model.work import Work
from escalation.ports.exactly_once import Fence
from escalation.ports.paid import Malformed, NotSent

PAGE = 50
"""Jobs a listing asks for at once."""
LISTING_S = 300.0
"""Seconds for the whole of a listing."""


class ServiceBackend(ServiceMachine):
    """A device of the service, and what can be bought there."""

    exactly_once = Fence()

    def __init__(self, settings: Settings, device: str, timeout_s: tuple[float, float] = TIMEOUT_S) -> None:
        super().__init__(settings, device, timeout_s)
        self._frozen: dict[str, Any] = {}
        self._final: dict[str, Mapping[str, Any]] = {}
        self._others: dict[str, ServiceBackend] = {}

    def at(self, frozen: Mapping[str, Any]) -> "ServiceBackend | None":
        """The device for the instance that a payload was frozen for; None where that is ours."""
        account = frozen.get("account")
        instance = account.get("instance") if isinstance(account, Mapping) else None
        if not instance or instance == self._instance():
            return None
        with self._lock:
            if instance not in self._others:
                own = self.settings.of(IbmSettings).model_copy(update={"ibm_instance": str(instance)})
                self._others[instance] = ServiceBackend(
                    self.settings.having(own), self.device, self._timeout_s
                )
            return self._others[instance]

    def close(self) -> None:
        """Lets go of the sockets; safe to call twice."""
        with self._lock:
            others, self._others = self._others, {}
        for connection in others.values():
            connection.close()
        super().close()

    def _instance(self) -> str | None:
        """The instance that would pay now; None where none is known."""
        try:
            return find_account(self.settings, self.device).instance
        except BadInput:
            return None

    # before anything is sent

    def price(self, work: Work) -> Price:
        """Prices the work by the documented formula; the cap is what the service is told to stop it at."""
        device = self._device()
        calibration, queue_s = device.recent(), None
        sent = self._sent(work, calibration)
        with suppress(TierwiseError):
            queue_s = device.recent_queue_s()
        own = self.settings.of(IbmSettings)
        return pricing.price(calibration, sent, own.usd_per_qpu_s, own.ibm_cap_factor, queue_s)

    def repriced(self, price: Price) -> Price:
        """The same seconds at the price in the settings; where none is set, as it was priced."""
        return pricing.repriced(price, self.settings.of(IbmSettings).usd_per_qpu_s)

    def freeze(self, work: Work, tag: str, price: Price) -> Payload:
        """Makes the request's exact bytes with the client's own sampler; nothing is sent."""
        from backends.ibm_runtime import payload

        device = self._device()
        calibration = device.recent()
        sent = self._sent(work, calibration)
        batch = circuits_of(work)
        options = payload.client_options(batch, tag, price.cap.qpu_s)
        with self._lock:
            frozen = payload.freeze(device, batch, sent, calibration, options)
        self._freeze_circuits(batch, calibration)
        return frozen

    def quota_left(self) -> tuple[float | None, str]:
        """Asks what the instance's plan leaves."""
        return jobs.left_s(self._document(rest.usage(), "the instance's usage"))

    # one job, once

    def open_batch(self) -> str:
        """Opens a batch with the client's `Batch`."""
        from qiskit_ibm_runtime import Batch

        device = self._device()
        backend = device.backend
        batch = device.connection.call(lambda: Batch(backend).session_id)
        return identity(batch, f"{self.name}: a new batch")

    def close_batch(self, batch: str) -> bool:
        """Closes the batch, and asks back."""
        self._link().answer(rest.close_batch(batch))
        document = self._document(rest.batch(batch), f"batch {batch}")
        return document.get("id") in (None, batch) and document.get("accepting_jobs") is False

    def send(self, payload: Payload, batch: str) -> RemoteJob:
        """POSTs the frozen bytes into the batch, once.

        Raises:
            escalation.ports.paid.NotSent: nothing left this machine.
            escalation.ports.paid.Answered: no job is known of it, and there may be one.
        """
        from backends.ibm_runtime.outcomes import job_id
        from backends.ibm_runtime.payload import post
        from backends.ibm_runtime.transport import PostPermit

        if payload.device != self.device:
            raise NotSent(f"expected a payload for {self.device}, got {payload.device}", retry=False)
        connection = self._ready()
        pays = payload.account.get("instance", connection.account.instance)
        if pays != connection.account.instance:
            difference = f"expected the account that was approved, {pays}, got {connection.account.instance}"
            raise NotSent(difference, retry=False)
        permit = PostPermit(payload.body.data, payload.digest, batch)
        done = connection.post(permit, lambda: post(connection, payload, batch))
        tags = tuple(json.loads(payload.body.data)["tags"])
        return RemoteJob(job_id=str(job_id(done)), state=JobState.QUEUED, batch=batch, tags=tags)

    # afterwards

    def find(self, tag: str, batches: Sequence[str]) -> tuple[RemoteJob, ...]:
        """Lists to the end by tag, and by each batch."""
        listed = self._listed({"tags": tag})
        for batch in batches:
            listed += self._listed({"session_id": batch})
        return jobs.ours(listed, tag, batches)

    def look(self, job_id: str) -> RemoteJob:
        """Asks after a job."""
        return jobs.remote_job(self._document(rest.job(job_id), f"job {job_id}"), job_id)

    def fetch(self, job: RemoteJob) -> bytes:
        """Gets a final job's result text as it came; of a job without one, its record."""
        done = job.state is JobState.DONE
        return bytes(self._link().answer(rest.results(job.job_id) if done else rest.job(job.job_id)))

    def read(self, work: Work, payload: Payload, job: RemoteJob, raw: bytes) -> RawResult:
        """Decodes a raw text without asking anybody."""
        from backends.ibm_runtime.results import decode_result

        return decode_result(circuits_of(work), payload, job, raw, self.kind)

    def usage_qpu_s(self, job_id: str) -> float | None:
        """Asks what was charged; None while it is pending."""
        return jobs.charged_s(self._metrics(job_id))

    def calibration_for(self, job: RemoteJob) -> Calibration | None:
        """Asks for the calibration when the job began to run; None where nobody knows when, or which."""
        try:
            began = job.started_at or jobs.began(self._final_metrics(job.job_id))
            calibration: Calibration | None = None if began is None else self._device().calibration_at(began)
        except BackendError as error:
            if error.retry:
                raise
            return None
        return calibration

    def fidelity(self, work: Work, calibration: Calibration) -> float | None:
        """Expected fidelity of the circuits that were frozen, under this calibration.

        The circuits are those that this process froze; where it froze none, those that the calibration which
        is asked about first gives.
        """
        with self._lock:
            sent = self._frozen.get(work.digest)
        return pricing.fidelity(
            calibration, sent if sent is not None else self._freeze_circuits(work, calibration)
        )

    def cancel_job(self, job_id: str) -> None:
        """Asks the service to stop a job; one that is final is left as it is (409)."""
        connection = self._link()
        try:
            connection.answer(rest.cancel(job_id))
        except BackendError:
            if not connection.exchanges or connection.exchanges[-1].status != 409:
                raise

    def evidence(self, job_id: str) -> Mapping[str, Blob]:
        """Metrics and logs of a job, as far as they are to be had."""
        blobs: dict[str, Blob] = {}
        with suppress(BackendError):
            blobs["metrics.json"] = Blob(canonical_json(dict(self._final_metrics(job_id))))
        with suppress(BackendError):
            connection = self._link()
            logs = connection.answer(rest.logs(job_id)).decode(errors="replace")
            blobs["logs.txt"] = Blob(connection.clean_lines(logs).encode())
        return blobs

    def facts_of(self, job: RemoteJob) -> Mapping[str, Any]:
        """Where a job ran: service, instance, batch, versions."""
        account = self._link().account
        return {
            "service": account.service,
            "instance": account.instance,
            "job": job.job_id,
            "batch": job.batch,
            "created_at": None if job.created_at is None else job.created_at.isoformat(),
            "versions": versions(*DESCRIPTOR.packages),
        }

    def _ready(self) -> Any:
        """The connection; what keeps it from coming about keeps a job from being sent, too."""
        try:
            return self._device().connection
        except (BackendError, BadInput) as error:
            message, retry = str(error), error.retry
        raise NotSent(f"nothing was sent: {message}", retry=retry)

    def _freeze_circuits(self, work: Work, calibration: Calibration) -> Any:
        """Remembers the circuits that a calibration gives, for questions about drift."""
        sent = self._sent(work, calibration)
        with self._lock:
            put(self._frozen, work.digest, sent)
        return sent

    def _listed(self, wanted: Mapping[str, str]) -> list[RemoteJob]:
        """Lists to the end, within `LISTING_S`."""
        until = time.monotonic() + LISTING_S

        def ask(skip: int) -> Mapping[str, Any]:
            if time.monotonic() > until:
                raise Malformed(f"the service's list of jobs did not end within {LISTING_S:g} s")
            return self._document(rest.jobs(wanted, PAGE, skip), "a list of jobs")

        return jobs.all_listed(ask, PAGE)

    def _metrics(self, job_id: str) -> Mapping[str, Any]:
        """Asks for times and charge; what is final is kept for who wants to know more than the charge."""
        metrics = self._document(rest.metrics(job_id), f"the metrics of job {job_id}")
        with suppress(Malformed), self._lock:
            self._final.pop(job_id, None)
            if jobs.charged_s(metrics) is not None:
                put(self._final, job_id, metrics)
        return metrics

    def _final_metrics(self, job_id: str) -> Mapping[str, Any]:
        """The metrics with the charge that was final when it was last asked for; asks where it was not."""
        with self._lock:
            known = self._final.get(job_id)
        return self._metrics(job_id) if known is None else known

    def _document(self, request: rest.Request, what: str) -> Mapping[str, Any]:
        document: Mapping[str, Any] = self._link().document(request, what)
        return document

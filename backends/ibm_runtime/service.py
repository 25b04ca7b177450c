"""IBM Quantum's service, or a practice service, as a backend that charges: each verb is one exchange."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from backends.circuit_versions import versions
from backends.ibm_runtime import jobs, pricing
from backends.ibm_runtime.account import find_account
from backends.ibm_runtime.machine import TIMEOUT_S, ServiceMachine, circuits_of, put
from escalation.calibration import Calibration
from escalation.errors import BackendError, BadInput
from escalation.handoff.model import Payload, Price, RemoteJob
from escalation.handoff.service import NotAccepted
from escalation.identity import canonical_json
from escalation.settings import Settings
from escalation.work import Blob, JobState, RawResult, Work

PAGE = 50
"""Jobs a listing asks for at once."""


class ServiceBackend(ServiceMachine):
    """A device of the service, and what can be bought there."""

    def __init__(self, settings: Settings, device: str, timeout_s: tuple[float, float] = TIMEOUT_S) -> None:
        super().__init__(settings, device, timeout_s)
        self._frozen: dict[str, Any] = {}

    # before anything is sent

    def price(self, work: Work) -> Price:
        """Prices the work by the documented formula; the cap is what the service is told to stop it at."""
        found = self._device().recent()
        sent = self._sent(work, found)
        factor = self.settings.ibm_cap_factor
        return pricing.price(found, sent, self.settings.usd_per_qpu_s, factor, self.queue_s())

    def freeze(self, work: Work, tag: str, price: Price) -> Payload:
        """Makes the request's exact bytes with the client's own sampler; nothing is sent."""
        from backends.ibm_runtime import payload

        live = self._device()
        found = live.recent()
        sent = self._sent(work, found)
        batch = circuits_of(work)
        options = payload.sampler_options(batch, tag, price.cap_qpu_s)
        with self._lock:
            frozen = payload.freeze(live, batch, sent, found, options)
        self._freeze_circuits(batch, found)
        return frozen

    def quota_left(self) -> tuple[float | None, str]:
        """Asks what the instance's plan leaves."""
        return jobs.left_s(self._ask(lambda client: client.cloud_usage()))

    # one job, once

    def open_fence(self) -> str:
        """Opens a batch with the client's `Batch`."""
        from qiskit_ibm_runtime import Batch

        live = self._device()
        backend = live.backend
        fence = live.connection.call(lambda: Batch(backend).session_id)
        if not fence:
            raise BackendError(f"{self.name}: the service opened a batch and told no id", retry=True)
        return str(fence)

    def close_fence(self, fence: str) -> bool:
        """Closes the batch, and asks back: the client takes a 404 on closing for success."""
        connection = self._device().connection
        connection.call(lambda: connection.client.close_session(fence))
        return self._ask(lambda client: client.session_details(fence)).get("accepting_jobs") is False

    def send(self, payload: Payload, fence: str) -> RemoteJob:
        """POSTs the frozen bytes into the fence, once.

        Raises:
            escalation.handoff.service.NotAccepted: the service definitely has no job of it.
            escalation.handoff.service.InDoubt: it may have one.
        """
        from backends.ibm_runtime.payload import post
        from backends.ibm_runtime.transport import Order
        from backends.ibm_runtime.verdict import job_id

        if payload.device != self.device:
            raise NotAccepted(f"expected a payload for {self.device}, got {payload.device}", retry=False)
        connection = self._ready()
        order = Order(payload.body.data, payload.digest, fence)
        done = connection.post(order, lambda: post(connection, payload, fence))
        tags = tuple(json.loads(payload.body.data)["tags"])
        return RemoteJob(job_id=str(job_id(done)), state=JobState.QUEUED, fence=fence, tags=tags)

    # afterwards

    def find(self, tag: str, fences: Sequence[str]) -> tuple[RemoteJob, ...]:
        """Lists to the end by tag, and by each fence."""
        listed = [*self._listed(job_tags=[tag])]
        for fence in fences:
            listed += self._listed(session_id=fence)
        return jobs.ours(listed, tag, fences)

    def look(self, job_id: str) -> RemoteJob:
        """Asks after a job."""
        return jobs.remote_job(self._ask(lambda client: client.job_get(job_id)))

    def fetch(self, job_id: str) -> bytes:
        """Gets a final job's result text as it came; of a job without one, its record."""
        job, connection = self.look(job_id), self._device().connection
        if job.state is JobState.DONE:
            connection.call(lambda: connection.client.job_results(job_id))
        elif not job.state.final:
            raise BackendError(f"job {job_id} is not final, it is {job.state}", retry=True)
        return bytes(connection.exchanges[-1].body)

    def read(self, work: Work, payload: Payload, job: RemoteJob, raw: bytes) -> RawResult:
        """Decodes a raw text without asking anybody."""
        from backends.ibm_runtime.reading import read

        return read(circuits_of(work), payload, job, raw, self.kind)

    def usage_qpu_s(self, job_id: str) -> float | None:
        """Asks what was charged; None while it is pending."""
        return jobs.charged_s(self._metrics(job_id))

    def calibration_for(self, job: RemoteJob) -> Calibration | None:
        """Asks for the calibration when the job began to run; None where nobody knows when, or which."""
        try:
            began = job.started_at or jobs.moment(
                (self._metrics(job.job_id).get("timestamps") or {}).get("running")
            )
            found: Calibration | None = None if began is None else self._device().calibration_at(began)
        except BackendError as error:
            if error.retry:
                raise
            return None
        return found

    def fidelity(self, work: Work, found: Calibration) -> float | None:
        """Expected fidelity of the circuits that were frozen, under this calibration.

        The circuits are those that this process froze; where it froze none, those that the calibration which
        is asked about first gives.
        """
        with self._lock:
            sent = self._frozen.get(work.digest)
        return pricing.fidelity(found, sent if sent is not None else self._freeze_circuits(work, found))

    def cancel_job(self, job_id: str) -> None:
        """Asks the service to stop a job; one that is final is left as it is (409)."""
        live = self._device()
        try:
            live.connection.call(lambda: live.connection.client.job_cancel(job_id))
        except BackendError:
            if live.connection.exchanges[-1].status != 409:
                raise

    def usd(self, qpu_s: float) -> float:
        """What that many seconds cost at the price in the settings.

        Raises:
            escalation.errors.BackendError: when there is none.
        """
        return qpu_s * pricing.known(self.settings.usd_per_qpu_s)

    def evidence(self, job_id: str) -> Mapping[str, Blob]:
        """Metrics and logs of a job, as far as they are to be had."""
        found: dict[str, Blob] = {}
        with suppress(BackendError):
            found["metrics.json"] = Blob(canonical_json(dict(self._metrics(job_id))))
        with suppress(BackendError):
            connection = self._device().connection
            said = connection.call(lambda: connection.client.job_logs(job_id))
            found["logs.txt"] = Blob(connection.clean_lines(said).encode())
        return found

    def facts_of(self, job: RemoteJob) -> Mapping[str, Any]:
        """Where a job ran: service, instance, batch, versions."""
        with self._lock:
            live = self._live
        account = find_account(self.settings, self.device) if live is None else live.connection.account
        return {
            "service": account.service,
            "instance": account.instance,
            "job": job.job_id,
            "batch": job.fence,
            "created_at": None if job.created_at is None else job.created_at.isoformat(),
            "versions": versions(),
        }

    def _ready(self) -> Any:
        """The connection; what keeps it from coming about keeps a job from being sent, too."""
        try:
            return self._device().connection
        except (BackendError, BadInput) as error:
            said, retry = str(error), error.retry
        raise NotAccepted(f"nothing was sent: {said}", retry=retry)

    def _freeze_circuits(self, work: Work, found: Calibration) -> Any:
        """Remembers the circuits that a calibration gives, for questions about drift."""
        sent = self._sent(work, found)
        with self._lock:
            put(self._frozen, work.digest, sent)
        return sent

    def _listed(self, **wanted: Any) -> list[RemoteJob]:
        """Lists to the end, oldest first, so that jobs that come meanwhile are not missed."""
        found: list[RemoteJob] = []
        while True:
            page = self._page(len(found), wanted)
            rows, total = jobs.listed(page), page.get("count")
            found += rows
            if not rows or (isinstance(total, int) and len(found) >= total):
                return found

    def _page(self, skip: int, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._ask(lambda client: client.jobs_get(limit=PAGE, skip=skip, descending=False, **wanted))

    def _metrics(self, job_id: str) -> Mapping[str, Any]:
        return self._ask(lambda client: client.job_metadata(job_id))

"""The jobs since the reset, and how they get from queued to their end."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from practice import devices, execution
from practice.clock import PracticeClock, stamp
from practice.devices import PracticeDevice
from practice.errors import Refusal, unknown
from practice.noise import JobPlace
from practice.records import RAN_TOO_LONG, JobStatus, ServiceJob
from practice.settings import LABEL, PracticeSettings
from practice.worker import SimulationWorker

RUN_WAIT_S = 10.0
"""How long a status call waits for a job that runs, so that most calls never see it running."""


class JobStore:
    """Keeps jobs and devices; every method may be called from any thread.

    Jobs advance when somebody looks at them, so a test decides when a job leaves the queue.
    """

    def __init__(self, settings: PracticeSettings, worker: SimulationWorker) -> None:
        self.settings = settings
        self.clock = PracticeClock()
        self.devices: dict[str, PracticeDevice] = devices.make(settings, self.clock.now())
        self.jobs: dict[str, ServiceJob] = {}
        self.changed = threading.Condition(threading.RLock())
        self.closed = False
        self._worker = worker

    def accept(self, job: ServiceJob) -> ServiceJob:
        """Takes a job on, and starts it where nothing keeps it queued."""
        with self.changed:
            self.jobs[job.id] = job
            if job.story.downs_device:
                self.set_up(job.backend, False)
            if job.story.retires_device:
                self.retire(job.backend)
            return self.advance(job.id)

    def get(self, job_id: str) -> ServiceJob:
        """The job as it stands.

        Raises:
            practice.errors.Refusal: 404.
        """
        with self.changed:
            if job_id not in self.jobs or self.jobs[job_id].deleted:
                raise unknown("job", job_id)
            return self.jobs[job_id]

    def change(self, job_id: str, **changes: Any) -> ServiceJob:
        """Replaces fields of a job."""
        with self.changed:
            job = self.jobs[job_id] = replace(self.get(job_id), **changes)
            self.changed.notify_all()
            return job

    def poll(self, job_id: str) -> ServiceJob:
        """Counts a status call, and returns the job as it then stands."""
        with self.changed:
            job = self.get(job_id)
            self.change(job_id, polls=job.polls + 1)
            job = self.advance(job_id)
            self.changed.wait_for(lambda: self._settled(job_id), RUN_WAIT_S)
            return self.get(job_id)

    def _settled(self, job_id: str) -> bool:
        return self.closed or job_id not in self.jobs or self.jobs[job_id].state is not JobStatus.RUNNING

    def advance(self, job_id: str) -> ServiceJob:
        """Moves the job on as far as its story lets it."""
        with self.changed:
            job = self.get(job_id)
            if job.state is not JobStatus.QUEUED or self._waits(job):
                return job
            story = job.story
            if story.downs_device:
                self.set_up(job.backend, True)
            if story.cancelled:
                return self._end(
                    job, JobStatus.CANCELLED, reason=story.cancelled, cancelled_while_queued=True
                )
            return self._start(job)

    def _waits(self, job: ServiceJob) -> bool:
        story = job.story
        early = story.not_before is not None and self.clock.now() < story.not_before
        down = not self.devices[job.backend].up and not story.downs_device
        return story.held or early or down or (job.polls <= story.queue_polls and story.queue_polls > 0)

    def _start(self, job: ServiceJob) -> ServiceJob:
        if job.story.drift is not None:
            self.drift(job.backend, job.story.drift)
        version = self.devices[job.backend].latest
        job = self.change(
            job.id, state=JobStatus.RUNNING, started=self.clock.now(), calibration=version.id, ran=True
        )
        if job.story.fails:
            return self._end(job, JobStatus.FAILED, reason=job.story.fails)
        self._worker.put(self._task(job, version.factor))
        return job

    def _task(self, job: ServiceJob, factor: float) -> Callable[[], None]:
        settings = self.settings
        place = JobPlace(
            job.backend,
            factor,
            settings.noise,
            settings.seed,
            settings.max_qubits,
            devices.repetition_delay_s(job.backend),
        )

        def task() -> None:
            if self.closed:
                return
            try:
                ran = execution.run(job.body, job.program, place)
            except Exception as error:  # whatever a client may send
                self._failed(job, f"{type(error).__name__}: {error}")
            else:
                self._ran(job, ran)

        return task

    def _failed(self, job: ServiceJob, reason: str) -> None:
        with self.changed:
            if self.jobs.get(job.id, job).state is JobStatus.RUNNING:
                self._end(job, JobStatus.FAILED, reason=" ".join(reason.split()))

    def _ran(self, job: ServiceJob, ran: execution.Ran) -> None:
        with self.changed:
            now = self.clock.now()
            text = execution.finish(ran, stamp(job.started) or "", stamp(now) or "", LABEL)
            known = {"executions": ran.executions, "charged_s": ran.seconds}
            if job.id not in self.jobs:
                return
            if self.jobs[job.id].state is not JobStatus.RUNNING:  # cancelled while it ran: paid all the same
                self.change(job.id, **known)
            elif job.story.too_long or (job.cost_s is not None and ran.seconds > job.cost_s):
                known["charged_s"] = min(ran.seconds, job.cost_s or ran.seconds)
                reason = f"ran longer than the maximum execution time of {job.cost_s} s (practice)"
                self._end(job, JobStatus.CANCELLED, reason=reason, reason_code=RAN_TOO_LONG, **known)
            else:
                self._end(job, JobStatus.COMPLETED, result=text, **known)

    def _end(self, job: ServiceJob, state: JobStatus, **known: Any) -> ServiceJob:
        return self.change(job.id, state=state, finished=self.clock.now(), **known)

    def cancel(self, job_id: str) -> None:
        """Cancels a queued or running job; the latter is charged all the same.

        Raises:
            practice.errors.Refusal: 404, or 409 when the job is final.
        """
        with self.changed:
            job = self.get(job_id)
            if job.state.final:
                raise Refusal(409, "conflict", f"job {job_id} is {job.state.value} already")
            if job.story.downs_device:
                self.set_up(job.backend, True)
            queued = job.state is JobStatus.QUEUED
            self._end(
                job, JobStatus.CANCELLED, reason="cancelled by its owner", cancelled_while_queued=queued
            )

    def delete(self, job_id: str) -> None:
        """Forgets a final job.

        Raises:
            practice.errors.Refusal: 404, or 409 when the job is not final.
        """
        with self.changed:
            if not self.get(job_id).state.final:
                raise Refusal(409, "conflict", f"job {job_id} is not final yet")
            self.change(job_id, deleted=True)

    def release(self, job_id: str | None = None) -> None:
        """Lets a job, or all, leave the queue."""
        with self.changed:
            for job in list(self.jobs.values()):
                if job_id in (None, job.id) and job.state is JobStatus.QUEUED:
                    story = replace(job.story, queue_polls=0, not_before=None, held=False)
                    self.change(job.id, story=story)
                    self.advance(job.id)

    def drift(self, device: str, factor: float) -> PracticeDevice:
        """Multiplies the device's errors from now on."""
        with self.changed:
            drifted = self.devices[device] = self._known(device).drifted(factor, self.clock.now())
            return drifted

    def set_up(self, device: str, up: bool) -> None:
        """Takes a device down, or up again."""
        with self.changed:
            self.devices[device] = replace(self._known(device), up=up)

    def retire(self, device: str) -> None:
        """Takes a device away for good; jobs that it has still run."""
        with self.changed:
            self.devices[device] = replace(self._known(device), retired=True)

    def device(self, name: str) -> PracticeDevice:
        """The device, as users may know it.

        Raises:
            practice.errors.Refusal: 404, also where it is retired.
        """
        device = self._known(name)
        if device.retired:
            raise unknown("device", name)
        return device

    def _known(self, name: str) -> PracticeDevice:
        if name not in self.devices:
            raise unknown("device", name)
        return self.devices[name]

    def queued(self, device: str) -> int:
        """How many jobs wait for a device."""
        with self.changed:
            return sum(job.backend == device and job.state is JobStatus.QUEUED for job in self.jobs.values())

    def charged_s(self) -> float:
        """The cost of all jobs, had it been money."""
        with self.changed:
            return sum(job.charged_s for job in self.jobs.values())

    def idle(self) -> bool:
        """Whether no job runs just now."""
        return self.closed or all(job.state is not JobStatus.RUNNING for job in self.jobs.values())

    def close(self) -> None:
        """Nothing more happens in this book."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()


def new_id(kind: str) -> str:
    """An id that says what it is."""
    return f"practice-{kind}-{secrets.token_hex(6)}"

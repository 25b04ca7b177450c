"""The practice service itself: batches, submissions, late ones, lists, usage; no HTTP."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from practice.account import Log, account, digest
from practice.errors import Refusal, unknown
from practice.job_store import JobStore, new_id
from practice.records import JobStatus, ServiceJob, ServiceSession, Story
from practice.script import FiredFault, Script
from practice.settings import PracticeSettings
from practice.worker import SimulationWorker

SETTLE_S = 30.0
"""How long the account waits for jobs that run just now."""


@dataclass(frozen=True)
class Late:
    """A submission that will be accepted only later.

    Attributes:
        entry: its number in the log.
        lists: it waits until so many lists have been answered.
        at: it waits until then.
        ignores_fence: whether it is accepted even into a closed batch.
        armed: whether its own call has been answered.
    """

    entry: int
    body: bytes
    lists: int
    at: datetime
    ignores_fence: bool
    armed: bool = False


class PracticeService:
    """Everything since the last reset; a reset makes a new one."""

    def __init__(self, settings: PracticeSettings, worker: SimulationWorker) -> None:
        self.settings = settings
        self.job_store = JobStore(settings, worker)
        self.clock = self.job_store.clock
        self.script = Script()
        self.log = Log()
        self.sessions: dict[str, ServiceSession] = {}
        self.late: list[Late] = []
        self.lists = 0
        self.lock = self.job_store.changed
        self._revoked: set[str] = set()

    def takes(self, token: str) -> bool:
        """Whether an access token is good enough: any is that has not been revoked."""
        return token != "" and token not in self._revoked

    def revoke(self, token: str) -> None:
        """Takes a token no more."""
        self._revoked.add(token)

    def submit(self, body: bytes, entry: int, fired: FiredFault | None) -> ServiceJob:
        """Takes a submission on.

        Raises:
            practice.errors.Refusal: 400 for what is no job, 404 for an unknown device or session, 409 for a
                closed batch or a used-up quota.
        """
        return self._accept(body, entry, story(self.settings, self.clock.now(), fired), "accepted")

    def submit_late(self, body: bytes, entry: int, fired: FiredFault) -> None:
        """Keeps a submission for later."""
        params = fired.params
        at = self.clock.now() + timedelta(seconds=params["after_s"])
        with self.lock:
            due = self.lists + params["after_lists"]
            ignores = fired.fault.violates is not None
            self.late.append(Late(entry, body, due, at, ignores))
        self.log.note(entry, outcome="late")

    def _accept(
        self, body: bytes, entry: int, story: Story, outcome: str, ignores_fence: bool = False
    ) -> ServiceJob:
        data = self._read(body, entry)
        with self.lock:
            self._check(data, ignores_fence or self.settings.closed_batch_accepts)
            job = ServiceJob(
                id=new_id("job"),
                body=body,
                digest=digest(body),
                program=data["program_id"],
                backend=data["backend"],
                created=self.clock.now(),
                story=story,
                tags=tuple(data.get("tags") or ()),
                session=data.get("session_id"),
                cost_s=data.get("cost"),
                private=bool(data.get("private")),
                listed_from=self.lists + story.hidden_lists,
            )
            self.log.note(entry, outcome=outcome, job=job.id)
            return self.job_store.accept(job)

    def _read(self, body: bytes, entry: int) -> dict[str, Any]:
        try:
            data = json.loads(body)
            known = {"program": data["program_id"], "backend": data["backend"]}
        except (ValueError, KeyError, TypeError) as error:
            raise Refusal(400, "bad_request", f"expected a job, got {type(error).__name__} {error}") from None
        session, tags = data.get("session_id"), tuple(data.get("tags") or ())
        self.log.note(entry, session=session, tags=tags, cost_s=data.get("cost"), **known)
        return dict(data)

    def _check(self, data: Mapping[str, Any], ignores_fence: bool) -> None:
        self.job_store.device(data["backend"])
        session = data.get("session_id")
        if session is not None and not self.session(session).accepting and not ignores_fence:
            raise Refusal(409, "session_closed", f"session {session} is closed and accepts no jobs")
        if self.job_store.charged_s() >= self.settings.usage_limit_s:
            raise quota()

    def settle_late(self) -> None:
        """Accepts the late submissions that are due."""
        with self.lock:
            now = self.clock.now()
            due = [late for late in self.late if late.armed and self.lists >= late.lists and now >= late.at]
            self.late = [late for late in self.late if late not in due]
            for late in due:
                self._settle(late)

    def _settle(self, late: Late) -> None:
        late_story = story(self.settings, self.clock.now(), None)
        try:
            self._accept(late.body, late.entry, late_story, "accepted late", late.ignores_fence)
        except Refusal:
            self.log.note(late.entry, outcome="refused late")

    def answered(self, entry: int, listed: bool) -> None:
        """Is told that a call has been answered, or that its client has gone."""
        with self.lock:
            self.lists += listed
            self.late = [replace(late, armed=True) if late.entry == entry else late for late in self.late]
        self.settle_late()

    def open_session(self, data: Mapping[str, Any]) -> ServiceSession:
        """Opens a batch or a session."""
        self.job_store.device(str(data.get("backend")))
        mode = data.get("mode") or "dedicated"
        with self.lock:
            session = ServiceSession(
                new_id(mode), data["backend"], mode, self.clock.now(), data.get("max_ttl")
            )
            self.sessions[session.id] = session
            return session

    def session(self, session_id: str) -> ServiceSession:
        """The session.

        Raises:
            practice.errors.Refusal: 404.
        """
        if session_id not in self.sessions:
            raise unknown("session", session_id)
        return self.sessions[session_id]

    def session_json(self, session_id: str) -> dict[str, Any]:
        """The session as `GET sessions/ID` shows it; closed when it accepts nothing and is empty."""
        with self.lock:
            session = self.session(session_id)
            jobs = [job for job in self.job_store.jobs.values() if job.session == session_id]
            busy = any(not job.state.final for job in jobs)
            state = (
                ("active" if busy else "closed") if not session.accepting else "active" if jobs else "open"
            )
            return session.to_json(state, sum(job.charged_s for job in jobs))

    def close_session(self, session_id: str) -> None:
        """Has it accept no more jobs; those in it go on."""
        with self.lock:
            session = self.session(session_id)
            closed = session.closed or self.clock.now()
            self.sessions[session_id] = replace(session, accepting=False, closed=closed)

    def cancel_session(self, session_id: str) -> None:
        """Closes it, and cancels what is still queued in it."""
        self.close_session(session_id)
        with self.lock:
            for job in list(self.job_store.jobs.values()):
                if job.session == session_id and job.state is JobStatus.QUEUED:
                    self.job_store.cancel(job.id)

    def listed(self) -> list[ServiceJob]:
        """The jobs that a list shows now, oldest first."""
        with self.lock:
            now = self.clock.now()
            for job_id in list(self.job_store.jobs):
                self.job_store.advance(job_id) if not self.job_store.jobs[job_id].deleted else None
            return [
                job
                for job in self.job_store.jobs.values()
                if not job.deleted
                and self.lists >= job.listed_from
                and (job.story.hidden_until is None or now >= job.story.hidden_until)
            ]

    def usage(self) -> dict[str, Any]:
        """What the instance has used, and may use."""
        used, limit = self.job_store.charged_s(), self.settings.usage_limit_s
        return {
            "instance_id": "practice",
            "plan_id": "practice",
            "usage_consumed_seconds": used,
            "usage_limit_seconds": limit,
            "usage_remaining_seconds": max(0.0, limit - used),
            "usage_limit_reached": used >= limit,
        }

    def account(self) -> dict[str, Any]:
        """The exact account, see `practice.account`; waits for jobs that run just now."""
        with self.lock:
            self.lock.wait_for(self.job_store.idle, SETTLE_S)
            sessions = [self.session_json(session_id) for session_id in self.sessions]
            return account(self.log, self.job_store.jobs.values(), sessions)

    def close(self) -> None:
        """Nothing more happens here."""
        self.job_store.close()

    def release(self, job_id: str | None = None) -> None:
        """Lets a job, or all, leave the queue; and takes on, or refuses, the late submissions."""
        with self.lock:
            self.late = [replace(late, lists=0, at=self.clock.now()) for late in self.late]
        self.settle_late()
        self.job_store.release(job_id)


def quota() -> Refusal:
    """The refusal of a job beyond the instance's limit."""
    return Refusal(409, "quota_exceeded", "the instance has used up its seconds (practice)")


def story(settings: PracticeSettings, now: datetime, fired: FiredFault | None) -> Story:
    """What is to become of a job under the settings, and under the fault that strikes it, if any."""
    base = Story(
        queue_polls=settings.queue_polls,
        not_before=now + timedelta(seconds=settings.queue_s) if settings.queue_s else None,
        held=settings.hold,
        usage_pending_calls=settings.usage_pending_calls,
    )
    if fired is None:
        return base
    params = dict(fired.params)
    polls = max(settings.queue_polls, params.get("polls", 0))
    changes: dict[str, dict[str, Any]] = {
        "list_lag": _hidden(params, now),
        "list_lag_beyond_settling": _hidden(params, now),
        "drift_while_queued": {"drift": params.get("factor"), "queue_polls": polls},
        "device_down": {"downs_device": True, "queue_polls": polls},
        "device_retired": {"retires_device": True},
        "job_fails": {"fails": params.get("reason"), "queue_polls": polls},
        "job_cancelled_by_operator": {"cancelled": params.get("reason"), "queue_polls": polls},
        "job_ran_too_long": {"too_long": True, "queue_polls": polls},
    }
    return replace(base, **changes.get(fired.fault.name, {}))


def _hidden(params: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    seconds = params.get("seconds", 0.0)
    until = now + timedelta(seconds=seconds) if seconds else None
    return {"hidden_lists": params.get("lists", 0), "hidden_until": until}

"""Takes requests to the service of the moment: log, fault, effect, answer. No sockets."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from practice import api, replies
from practice.account import digest, without_secrets
from practice.calls import Delivery, FaultStage, ServiceCall
from practice.clock import stamp
from practice.errors import Refusal, unknown
from practice.records import JobStatus
from practice.replies import Reply
from practice.script import FiredFault
from practice.service import PracticeService
from practice.settings import PracticeSettings
from practice.worker import SimulationWorker

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class PendingAnswer:
    """An answer, and what to tell the service about it."""

    reply: Reply
    service: PracticeService
    entry: int
    call: ServiceCall | None = None
    names: tuple[str, ...] = ()

    def started(self) -> None:
        """Notes the answer as sent: before it is, so that nobody who has it finds the account behind."""
        whole = self.reply.delivery is Delivery.WHOLE
        good = whole and self.reply.status == 200 and not self.reply.spoilt
        known = self.reply.delivery not in (Delivery.RESET, Delivery.SILENT, Delivery.TRUNCATED)
        self.service.log.note(
            self.entry, status=self.reply.status if known else None, delivery=self.reply.delivery.value
        )
        if good and self.call is ServiceCall.RESULTS:
            self._deliver(1)
        self.service.answered(self.entry, listed=good and self.call is ServiceCall.JOBS_LIST)

    def lost(self) -> None:
        """Takes back what was noted: the client had gone."""
        self.service.log.note(self.entry, delivery="left")
        good = self.reply.delivery is Delivery.WHOLE and self.reply.status == 200 and not self.reply.spoilt
        if good and self.call is ServiceCall.RESULTS:
            self._deliver(-1)

    def _deliver(self, number: int) -> None:
        with self.service.lock:
            job = self.service.job_store.jobs[self.names[0]]
            if job.state is JobStatus.COMPLETED:
                self.service.job_store.change(job.id, delivered=job.delivered + number)


class Host:
    """Holds the service, replaced at each reset, and what keeps answers back."""

    def __init__(self, settings: PracticeSettings) -> None:
        self.initial = settings
        self.worker = SimulationWorker()
        self.service = PracticeService(settings, self.worker)
        self.stopping = threading.Event()
        self._held = threading.Event()

    def reset(self, changes: dict[str, Any]) -> None:
        """Starts from nothing: new jobs, account, script and clock; the initial settings, changed."""
        settings = self.initial.changed(changes)
        old, self.service = self.service, PracticeService(settings, self.worker)
        old.close()
        self.release_answers()

    @property
    def held(self) -> threading.Event:
        """Set when the answers that are held back just now are released."""
        return self._held

    def release_answers(self) -> None:
        """Ends the wait of every request that is left without an answer."""
        held, self._held = self._held, threading.Event()
        held.set()

    def close(self) -> None:
        """Ends everything."""
        self.stopping.set()
        self.release_answers()
        self.service.close()
        self.worker.close()

    def answer(self, method: str, target: str, headers: Headers, body: bytes) -> PendingAnswer:
        """Does what a request asks for, or what a fault makes of it."""
        service, parts = self.service, urlsplit(target)
        route = api.route(method, parts.path)
        call = None if route is None else route[0]
        secret = call is ServiceCall.TOKEN
        entry = service.log.open(
            at=stamp(service.clock.now()),
            call=None if call is None else call.value,
            method=method,
            target=target,
            digest=digest(body) if body and not secret else None,
            bytes=len(body),
            headers=without_secrets(headers),
        )
        if route is None:
            return PendingAnswer(replies.refused(unknown("call", f"{method} {parts.path}")), service, entry)
        service.settle_late()
        _, handler, names = route
        fired = service.script.take(route[0])
        if fired is not None:
            service.log.note(entry, fault=fired.fault.name)
        token = _header(headers, "authorization")
        port = _header(headers, "host").rpartition(":")[2]
        request = api.Request(names, api.query(parts.query), body, entry, target, port, token, fired)
        allowed = secret or service.takes(token)
        reply = _reply(service, handler, request) if allowed else _unauthorised()
        return PendingAnswer(reply, service, entry, route[0], names)


def _header(headers: Headers, wanted: str) -> str:
    return next((value for name, value in headers if name.lower() == wanted), "")


def _unauthorised() -> Reply:
    return replies.refused(Refusal(401, "unauthorized", "expected an access token"))


def _reply(service: PracticeService, handler: api.Handler, request: api.Request) -> Reply:
    fired = request.fired
    if fired is None:
        return _effect(service, handler, request)
    if fired.fault.stage is FaultStage.BEFORE:
        service.log.note(request.entry, outcome="lost")
        if fired.fault.name == "token_expired":
            service.revoke(request.token)
        return _fault_reply(request, fired)
    if fired.fault.name.startswith("late_registration"):
        service.submit_late(request.body, request.entry, fired)
        return _fault_reply(request, fired)
    if fired.fault.name == "list_repeats":
        request = replace(request, query={**request.query, "offset": ["0"]})
    return _changed(_effect(service, handler, request), request, fired)


def _fault_reply(request: api.Request, fired: FiredFault) -> Reply:
    return replies.fault_reply(fired, request.target, request.port)


def _changed(reply: Reply, request: api.Request, fired: FiredFault) -> Reply:
    """What a fault makes of the call's own answer; a refusal stays what it is."""
    if reply.status >= 400:
        return reply
    if fired.fault.stage is FaultStage.BODY:
        return replies.spoil(reply, fired)
    if fired.fault.stage is FaultStage.AFTER or fired.params.get("answer", "right") != "right":
        return _fault_reply(request, fired)
    return reply


def _effect(service: PracticeService, handler: api.Handler, request: api.Request) -> Reply:
    try:
        return handler(service, request)
    except Refusal as error:
        service.log.note(request.entry, outcome="refused")
        return replies.refused(error)
    except Exception as error:  # an answer is better than a dead connection; `bug` is never right
        service.log.note(request.entry, outcome="bug")
        return replies.refused(Refusal(500, "practice_bug", f"{type(error).__name__}: {error}"))

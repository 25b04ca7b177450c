"""The questions to the service, one function each, and the cleaning up after them."""

import io
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import numpy as np

from backends.ibm_runtime.service import ServiceBackend
from bench.live_contract.gate import HELD_S, held_back
from escalation.model.amounts import Amounts
from escalation.model.blob import Blob
from escalation.model.errors import BackendError
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.submission import Payload, Price, RemoteJob
from escalation.ports.paid import Answered, Declined, NotSent

COIN = "OPENQASM 3.0;\nbit[1] meas;\nqubit[1] q;\nmeas[0] = measure q[0];\n"
TAG_LENGTHS = (33, 64, 86, 128, 256)
"""33 is ours: `tierwise-` and 24 digits."""
NOBODY = "tierwise-nobody"
"""A tag that no job has: a listing by it and by a batch is one by the batch."""
LISTED = 2
RACES_S = (0.0, 0.1)
"""Seconds by which the closing comes after the start of the POST."""
ROOM_S = 1.0


@dataclass(frozen=True)
class ContractFinding:
    """Answer of the service to one question.

    Attributes:
        question: which.
        holds: whether the service does what the submission rests on.
        said: what was seen, in words.
        measured: in numbers.
    """

    question: str
    holds: bool
    said: str
    measured: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Race:
    """A batch that was closed against a POST: when, and the job that the POST was answered with."""

    batch: str
    closed_at: float
    job_id: str | None = None


class Contract:
    """Asks one device's service; remembers every job and batch, to clean up."""

    def __init__(self, backend: ServiceBackend, settle_s: float, watch_s: float, poll_s: float) -> None:
        self.backend = backend
        self.settle_s, self.watch_s, self.poll_s = settle_s, watch_s, poll_s
        none = io.BytesIO()
        np.save(none, np.zeros((1, 0)))
        self.work = CircuitBatch((Pub(COIN, Blob(none.getvalue()), (), 1),))
        found = backend.price(self.work)
        cap_s = float(ceil(found.expected.qpu_s + ROOM_S))
        self.price = found.model_copy(update={"cap": Amounts(qpu_s=cap_s, usd=found.usd_for(cap_s))})
        self.jobs: dict[str, str] = {}
        self.batches: list[str] = []
        self.tags: list[str] = []

    @property
    def posts(self) -> int:
        """How many jobs are POSTed at most."""
        return LISTED + 2 + len(RACES_S)

    def most(self) -> Price:
        """Cap on the cost of all of it."""
        return Price(expected=self.price.expected.times(self.posts), cap=self.price.cap.times(self.posts))

    def ask(self) -> Iterator[ContractFinding]:
        """Asks everything, cheapest first."""
        batch = self.batch()
        listed = [self.listed_after(batch) for _ in range(LISTED)]
        yield self.tags_kept()
        yield self.lag(listed)
        closed = self.closed(batch)
        yield closed
        yield self.refused("a closed batch rejects a late POST", lambda: self.post(batch))
        yield self.in_flight()
        yield self.raced()

    def batch(self) -> str:
        """Opens a batch."""
        made = self.backend.open_batch()
        self.batches.append(made)
        return made

    def post(self, batch: str) -> RemoteJob:
        """POSTs one job into a batch, under a tag of its own."""
        payload = self.frozen()
        return self.sent(self.backend.send(payload, batch))

    def frozen(self) -> Payload:
        """A request under a new tag."""
        tag = f"tierwise-{secrets.token_hex(12)}"
        self.tags.append(tag)
        return self.backend.freeze(self.work, tag, self.price)

    def sent(self, job: RemoteJob) -> RemoteJob:
        """Remembers an accepted job."""
        self.jobs[job.job_id] = job.tags[0]
        return job

    def listed_after(self, batch: str) -> tuple[float | None, float | None]:
        """POSTs, and measures the seconds until the job is listed by tag and by batch; then cancels it."""
        payload, tag = self.frozen(), self.tags[-1]
        with suppress(Answered):  # the listing tells
            self.sent(self.backend.send(payload, batch))
        start = time.monotonic()
        by_tag = self.seen(start, lambda: self.has(tag, tag, ()))
        by_batch = self.seen(start, lambda: self.has(tag, NOBODY, (batch,)))
        for job in self.backend.find(tag, ()):
            self.cancel(job.job_id)
        return by_tag, by_batch

    def has(self, tag: str, asked: str, batches: tuple[str, ...]) -> bool:
        """Whether a listing, by tag or by batch, shows the job of that tag."""
        return any(tag in each.tags for each in self.backend.find(asked, batches))

    def seen(self, start: float, look: Callable[[], bool]) -> float | None:
        """Seconds until something is seen; None when it is not within twice the settling time."""
        while not look():
            if time.monotonic() - start > 2 * self.settle_s + self.poll_s:
                return None
            time.sleep(self.poll_s)
        return time.monotonic() - start

    def tags_kept(self) -> ContractFinding:
        """Puts longer and longer tags on a job that there is, which costs nothing, and reads them back."""
        question = "tags come back as they were given"
        if not self.jobs:
            return ContractFinding(question, False, "no POST was answered with a job")
        job_id, ours = next(iter(self.jobs.items()))
        whole = self.backend.look(job_id).tags == (ours,)
        kept = [length for length in TAG_LENGTHS if self.keeps(job_id, ours, length)]
        said = f"a tag of {len(ours)} characters came back {'whole' if whole else 'changed'}; "
        said += f"lengths that came back whole: {', '.join(map(str, kept)) or 'none'}"
        return ContractFinding(question, whole, said, {"lengths": kept})

    def keeps(self, job_id: str, ours: str, length: int) -> bool:
        """Whether a tag of that length is taken and comes back whole, beside ours."""
        tag = ours.ljust(length, "x")[:length]
        connection = self.backend._device().connection
        try:
            connection.call(lambda: connection.client.update_tags(job_id, [ours, tag]))
            return tag in self.backend.look(job_id).tags
        except BackendError:
            return False

    def lag(self, found: list[tuple[float | None, float | None]]) -> ContractFinding:
        """Compares the slowest listing with the settling time."""
        times = [each for pair in found for each in pair]
        worst = None if None in times else max(each for each in times if each is not None)
        holds = worst is not None and worst < self.settle_s
        slowest = (
            "not within twice the settling time" if worst is None else f"after {worst:.2f} s at the latest"
        )
        said = f"{len(found)} jobs were listed {slowest}; the settling time is {self.settle_s:g} s"
        return ContractFinding("listing lag is below the settling time", holds, said, {"worst_s": worst})

    def closed(self, batch: str) -> ContractFinding:
        """Closes a batch, and asks whether it says so."""
        closed = self.backend.close_batch(batch)
        said = "the service says so when asked" if closed else "the service does not say so when asked"
        return ContractFinding("a batch that was closed says that it is", closed, said)

    def refused(self, question: str, act: Callable[[], RemoteJob]) -> ContractFinding:
        """Expects a definite no."""
        try:
            job = act()
        except (NotSent, Declined) as error:
            return ContractFinding(question, True, f"refused: {error}")
        except Answered as error:
            return ContractFinding(question, False, f"no clear answer: {error}")
        self.cancel(job.job_id)
        return ContractFinding(question, False, f"it was accepted as job {job.job_id}, and cancelled")

    def in_flight(self) -> ContractFinding:
        """Closes a batch between the headers and the body of a POST."""
        batch, payload = self.batch(), self.frozen()

        def act() -> RemoteJob:
            with held_back() as gate:
                thread, outcome = self.in_thread(payload, batch)
                gate.started.wait(HELD_S)
                self.backend.close_batch(batch)
                gate.go.set()
                thread.join()
            return outcome()

        return self.refused("a closed batch rejects a POST that was on its way", act)

    def raced(self) -> ContractFinding:
        """Closes batches against POSTs that run freely, then watches for jobs that appear afterwards."""
        races = [self.race(after_s) for after_s in RACES_S]
        seen = {race.job_id for race in races if race.job_id is not None}
        late = self.watch(races, seen)
        holds = all(each < self.settle_s for each in late)
        said = f"{len(seen)} of {len(races)} POSTs were accepted; "
        said += f"jobs first seen in a listing: {len(late)}, {max(late, default=0.0):.2f} s after the closing"
        return ContractFinding(
            "nothing appears in a closed batch after the settling time", holds, said, {"late_s": late}
        )

    def race(self, after_s: float) -> Race:
        """Starts a POST, and closes its batch so many seconds later."""
        batch, payload = self.batch(), self.frozen()
        thread, outcome = self.in_thread(payload, batch)
        thread.join(after_s)
        self.backend.close_batch(batch)
        closed_at = time.monotonic()
        thread.join()
        with suppress(BackendError):
            return Race(batch, closed_at, outcome().job_id)
        return Race(batch, closed_at)

    def watch(self, races: list[Race], seen: set[str]) -> list[float]:
        """Cancels what is listed in the batches; seconds after the closing at which new jobs were seen."""
        late: list[float] = []
        until = time.monotonic() + self.watch_s
        while True:
            for race in races:
                for job in self.backend.find(NOBODY, (race.batch,)):
                    self.cancel(job.job_id)
                    if job.job_id not in seen:
                        seen.add(job.job_id)
                        late.append(time.monotonic() - race.closed_at)
            if time.monotonic() >= until:
                return late
            time.sleep(self.poll_s)

    def in_thread(self, payload: Payload, batch: str) -> tuple[threading.Thread, Callable[[], RemoteJob]]:
        """Starts a POST; returns its thread, and a function that returns or raises what became of it."""
        ends: list[RemoteJob | BaseException] = []

        def post() -> None:
            try:
                ends.append(self.sent(self.backend.send(payload, batch)))
            except BaseException as error:
                ends.append(error)

        def outcome() -> RemoteJob:
            [end] = ends
            if isinstance(end, BaseException):
                raise end
            return end

        thread = threading.Thread(target=post, name="contract-post", daemon=True)
        thread.start()
        return thread, outcome

    def cancel(self, job_id: str) -> None:
        """Cancels a job; one that is final is left."""
        with suppress(BackendError):
            self.backend.cancel_job(job_id)

    def clean_up(self) -> list[str]:
        """Cancels every job of this run, closes every batch; returns the jobs that are not final."""
        found = set(self.jobs)
        for tag in self.tags:
            with suppress(BackendError):
                found |= {job.job_id for job in self.backend.find(tag, ())}
        for job_id in found:
            self.cancel(job_id)
        for batch in self.batches:
            with suppress(BackendError):
                self.backend.close_batch(batch)
        left = []
        for job_id in sorted(found):
            with suppress(BackendError):
                if self.backend.look(job_id).state.final:
                    continue
            left.append(job_id)
        return left

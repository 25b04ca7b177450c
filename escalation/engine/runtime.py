"""The parts that carry the ladder's steps out, held together for as long as cases are driven."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from escalation.engine.case import Case
from escalation.engine.stop import Stop
from escalation.inputs.settings import Settings
from escalation.model.attempt import Done
from escalation.model.case import Outcome
from escalation.model.clock import Instant
from escalation.model.elapsed import Elapsed, Stopwatch
from escalation.model.errors import CaseConflict
from escalation.ports.families import Section
from escalation.ports.ledger.ledger import Ledger
from escalation.ports.machines import Machine, charges
from escalation.ports.registry import backend_descriptor
from escalation.ports.store import Store
from escalation.ports.tracker import Tracker
from escalation.submission.paid_work import PaidWork
from escalation.text.moments import moment

_log = logging.getLogger(__name__)


class WorkDone(NamedTuple):
    """The work that a case had carried out, read only where a report shows it.

    Attributes:
        works: from an attempt's number to its settled work, with what came back.
        store: holds the calibrations that the work names.
    """

    works: Callable[[int], Sequence[Done]]
    store: Store


class Recorded(NamedTuple):
    """A case as the ledger has it when its report is written.

    Attributes:
        opened_at: ISO 8601.
        events: the case's own, in order.
        key: id of the key by which heads of the chain are signed; None where the site has none.
    """

    opened_at: str
    events: Sequence[Mapping[str, Any]] = ()
    key: str | None = None

    def decided_at(self, number: int) -> str:
        """When the decision of that number was recorded; "" where that is not known."""
        found = [str(event["at"]) for event in self.events if event["kind"] == "decision.added"]
        return moment(found[number], seconds=True) if number < len(found) else ""

    @property
    def sealed(self) -> str:
        """Where the case's chain stood, and which key signs how it ends."""
        if not self.events:
            return "not known"
        last = self.events[-1]
        signed = f"signed by key {self.key} as the case closes" if self.key else "not signed: no key here"
        return f"event {last['number']}, {last['hash']}; the chain's end is {signed}"


class Render(Protocol):
    """Makes the HTML report of a case."""

    def __call__(
        self,
        case: Case,
        outcome: Outcome,
        sections: Sequence[Section],
        recorded: Recorded,
        paid: Sequence[PaidWork],
        *,
        ran: WorkDone,
        picture: str,
    ) -> bytes:
        """Returns UTF-8 bytes.

        Args:
            case: what was asked.
            outcome: what came of it.
            sections: the family's part.
            recorded: the case's history.
            paid: what a service charges for.
            ran: the work that was carried out.
            picture: SVG of the answer; empty where there is none.
        """


@dataclass
class Runtime:
    """The parts that carry steps out.

    Attributes:
        settings: where and how much.
        ledger: the truth.
        store: the bytes.
        tracker: the view.
        render: makes the HTML report.
        clock: seconds since the epoch; facts that depend on the time ask it once and are recorded.
        instant: the clock that durations are taken from, since nobody can set it.
        stop: ends what runs; set when the runtime closes.
    """

    settings: Settings
    ledger: Ledger
    store: Store
    tracker: Tracker
    render: Render
    clock: Callable[[], float] = time.time
    instant: Callable[[], Instant] = Instant.now
    stop: Stop = field(default_factory=Stop)
    _backends: dict[str, Machine] = field(default_factory=dict)
    _watches: dict[str, Stopwatch] = field(default_factory=dict)
    _named: list[tuple[Ledger, str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def backend(self, spec: str) -> Machine:
        """The backend of that name, made once."""
        with self._lock:
            if spec not in self._backends:
                descriptor, device = backend_descriptor(spec)
                self._backends[spec] = descriptor.open(self.settings, device)
            return self._backends[spec]

    @property
    def ledger_name(self) -> str:
        """The ledger's own name; asked for once it has a case, since what is empty may yet be put back."""
        with self._lock:  # shared by all that are `alone`: one question a process, not one a case
            if not self._named or self._named[0][0] is not self.ledger:
                self._named[:] = [(self.ledger, self.ledger.name())]
            return self._named[0][1]

    def charges(self, spec: str) -> bool:
        """Whether nodes or cores of that backend have a price; of one that cannot be opened nobody knows."""
        try:
            return charges(self.backend(spec))
        except Exception:  # whoever sends work there is told
            return False

    def alone(self) -> "Runtime":
        """The same parts for one case, with a stop of its own."""
        return replace(self, stop=self.stop.child())

    def watch(self, case: Case, before: Elapsed) -> Stopwatch:
        """Starts the case's stopwatch, on top of the time that earlier stretches noted."""
        self._watches[case.case_id] = Stopwatch(case.begun_s, before)
        return self._watches[case.case_id]

    def unwatch(self, case_id: str) -> None:
        """Forgets the case's stopwatch: this runtime may see many cases."""
        self._watches.pop(case_id, None)

    def elapsed(self, case_id: str) -> Elapsed | None:
        """The elapsed time of a case that this runtime drives; None of others."""
        watch = self._watches.get(case_id)
        return None if watch is None else watch.read()

    def close(self) -> None:
        """Ends processes and connections; safe to call twice."""
        with ExitStack() as last_first:  # one that fails to close must not keep the others open
            last_first.callback(self.ledger.close)
            last_first.callback(self.tracker.close)
            last_first.callback(self.close_backends)

    def close_backends(self) -> None:
        """Ends what runs, and every process; nothing more can be solved."""
        self.stop.set()
        with ExitStack() as last_first:
            for backend in self._backends.values():
                last_first.callback(backend.close)
            self._backends.clear()

    @contextmanager
    def heartbeat(self, case_id: str) -> Iterator[None]:
        """Renews the case's lease until the block ends."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(self.settings.case_lease_s / 3):
                try:
                    self.ledger.heartbeat(case_id, self.elapsed(case_id))
                except CaseConflict:  # somebody took the case over: nothing more may be done in its name
                    self.stop.leave()
                    return
                except Exception as error:  # a busy or absent database: the next beat may get through
                    _log.debug("case %s: its lease was not renewed: %s", case_id, error)

        thread = threading.Thread(target=beat, name=f"lease-{case_id}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def scratch_of(scratch: Path, ledger: str, case_id: str) -> Path:
    """Where files of a case's work are, in a folder that ledgers with cases of the same id may share."""
    return scratch / ledger[:8] / case_id
